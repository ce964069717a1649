#pragma once

/// \file
/// Model: a learned probability, of dropping out or of answering a call, with evidence and parts.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/score/calibration.hpp>
#include <alloquy/score/explanation.hpp>
#include <alloquy/score/features.hpp>
#include <alloquy/score/logistic.hpp>
#include <alloquy/score/online_logistic.hpp>

namespace alloquy::score {

/// A probability and how much it rests on.
struct Prediction {
    double probability;  ///< In [0, 1].
    double evidence;     ///< Observations that would tell as much: see score::evidence(); 0 where nothing was learned.

    friend bool operator==(const Prediction&, const Prediction&) = default;
};

/// What is said where nothing was learned.
[[nodiscard]] inline Prediction prior_prediction(double prior) noexcept {
    return {prior, 0};
}

/// A learned model: what turns inputs into columns, the coefficients, and the calibration. A plain value.
class Model {
public:
    using Coefficients = std::variant<LogisticModel, OnlineLogistic>;

    /// \throws InvalidArgument  if the coefficients do not fit the encoder's columns.
    Model(FeatureEncoder encoder, Coefficients coefficients, Calibration calibration)
        : encoder_{std::move(encoder)}, coefficients_{std::move(coefficients)}, calibration_{std::move(calibration)} {
        const std::size_t columns = std::visit([](const auto& c) { return column_count(c); }, coefficients_);
        if (columns != encoder_.columns()) {
            throw InvalidArgument{"Model: " + std::to_string(encoder_.columns()) + " coefficients expected, got " +
                                  std::to_string(columns)};
        }
    }

    [[nodiscard]] const FeatureEncoder& encoder() const noexcept { return encoder_; }
    [[nodiscard]] const Coefficients& coefficients() const noexcept { return coefficients_; }
    [[nodiscard]] const Calibration& calibration() const noexcept { return calibration_; }
    /// Names of the inputs, in the order of predict()'s argument.
    [[nodiscard]] const std::vector<std::string>& inputs() const noexcept { return encoder_.inputs(); }
    [[nodiscard]] bool is_text(std::size_t input) const noexcept { return encoder_.is_text(input); }
    /// A text as predict() takes it.
    [[nodiscard]] double code(std::size_t input, std::string_view text) const { return encoder_.code(input, text); }
    /// Examples that it learned from, as far as they are not forgotten.
    [[nodiscard]] double examples() const noexcept {
        return std::visit([](const auto& c) { return example_count(c); }, coefficients_);
    }

    /// \param values  Shape (inputs()): numbers, code() of texts, NaN where missing.
    [[nodiscard]] Prediction predict(std::span<const double> values) const {
        FeatureEncoder::Row row;
        encoder_.encode(values, row);
        return predict(FeatureRow{row.columns, row.values});
    }
    [[nodiscard]] Prediction predict(const FeatureRow& row) const {
        return std::visit(
            [&](const auto& c) {
                return Prediction{apply(calibration_, score::log_odds(c, row)), score::evidence(c, row)};
            },
            coefficients_);
    }
    /// Probabilities of many, shape (table.rows).
    [[nodiscard]] std::vector<double> predict(const FeatureTable& table) const {
        const FeatureMatrix matrix = encoder_.encode(table);
        std::vector<double> probabilities;
        probabilities.reserve(matrix.rows());
        for (std::size_t row = 0; row < matrix.rows(); ++row) {
            probabilities.push_back(
                std::visit([&](const auto& c) { return apply(calibration_, score::log_odds(c, matrix.row(row))); },
                           coefficients_));
        }
        return probabilities;
    }

    /// The log-odds, before calibration, as parts that add up to them exactly: the base, and one for each column that
    /// is not 0 (value = the column's, weight = its coefficient).
    [[nodiscard]] Explanation explain(std::string name, std::span<const double> values) const {
        FeatureEncoder::Row row;
        encoder_.encode(values, row);
        const FeatureRow entries{row.columns, row.values};
        return std::visit(
            [&](const auto& c) {
                Explanation explanation{std::move(name), score::log_odds(c, entries), score::evidence(c, entries), {}};
                explanation.parts.push_back({"base", 1, intercept_of(c), intercept_of(c)});
                const std::vector<double> each = score::contributions(c, entries);
                for (std::size_t i = 0; i < each.size(); ++i) {
                    explanation.parts.push_back({encoder_.column_names()[row.columns[i]], row.values[i],
                                                 coefficient_of(c, row.columns[i]), each[i]});
                }
                return explanation;
            },
            coefficients_);
    }

    friend bool operator==(const Model& a, const Model& b) {
        if (!(a.encoder_ == b.encoder_ && a.calibration_ == b.calibration_)) return false;
        if (const auto* const bulk = std::get_if<LogisticModel>(&a.coefficients_)) {
            const auto* const other = std::get_if<LogisticModel>(&b.coefficients_);
            return other != nullptr && *bulk == *other;
        }
        const auto& online = std::get<OnlineLogistic>(a.coefficients_);
        const auto* const other = std::get_if<OnlineLogistic>(&b.coefficients_);
        return other != nullptr && online.state() == other->state() && online.options() == other->options() &&
               online.signs() == other->signs();
    }

private:
    static std::size_t column_count(const LogisticModel& model) noexcept { return model.coefficients.size(); }
    static std::size_t column_count(const OnlineLogistic& model) noexcept { return model.columns(); }
    static double example_count(const LogisticModel& model) noexcept { return model.weight; }
    static double example_count(const OnlineLogistic& model) noexcept { return model.weight(); }
    static double intercept_of(const LogisticModel& model) noexcept { return model.intercept; }
    static double intercept_of(const OnlineLogistic& model) noexcept { return model.intercept(); }
    static double coefficient_of(const LogisticModel& model, std::uint32_t column) noexcept {
        return model.coefficients[column];
    }
    static double coefficient_of(const OnlineLogistic& model, std::uint32_t column) noexcept {
        return model.coefficients()[column];
    }

    FeatureEncoder encoder_;
    Coefficients coefficients_;
    Calibration calibration_;
};

}  // namespace alloquy::score
