#pragma once

/// \file
/// Model: a learned probability, of dropping out or of answering a call, with evidence and parts.

#include <cstddef>
#include <cstdint>
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
    double evidence;     ///< Observations that would tell as much: see Model::predict(); 0 where nothing was learned.

    friend bool operator==(const Prediction&, const Prediction&) = default;
};

/// What is said where nothing was learned.
/// \param prior  In (0, 1), which the caller sees to.
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
    /// True if an input is read as text.
    /// \param input  Position among inputs(), which the caller sees to; so for code().
    [[nodiscard]] bool is_text(std::size_t input) const noexcept { return encoder_.is_text(input); }
    /// A text as predict() takes it.
    [[nodiscard]] double code(std::size_t input, std::string_view text) const { return encoder_.code(input, text); }
    /// Examples that it learned from, as far as they are not forgotten.
    [[nodiscard]] double examples() const noexcept {
        return std::visit([](const auto& c) { return example_count(c); }, coefficients_);
    }

    /// Probability and evidence of one person.
    ///
    /// The evidence is score::evidence() times the share of the inputs() that are in a state which the training rows
    /// had seen: see FeatureEncoder::encode(). It is 0 if none is. An input in any other state counts as the mean, so
    /// without this share the model would seem surest of those of whom it can say least.
    /// \param values  Shape (inputs().size()): numbers, code() of texts, NaN where missing.
    /// \throws InvalidArgument  if there are not as many values as inputs, or a text's value is no code().
    /// \par Cost    That of the evidence: O(columns * stored values) learned in bulk, O(stored values) learned online.
    [[nodiscard]] Prediction predict(std::span<const double> values) const {
        FeatureEncoder::Row row;
        encoder_.encode(values, row);
        return encoded_prediction(row);
    }
    /// The probability of predict(values) alone, with the same bits, for many people one after the other.
    /// \param scratch  Overwritten. What it holds before does not matter; keeping it spares allocations.
    /// \throws InvalidArgument  as predict(values).
    /// \par Cost    O(stored values).
    [[nodiscard]] double probability(std::span<const double> values, FeatureEncoder::Row& scratch) const {
        encoder_.encode(values, scratch);
        const FeatureRow entries{scratch.columns, scratch.values};
        return std::visit([&](const auto& c) { return apply(calibration_, encoded_log_odds(c, entries)); },
                          coefficients_);
    }
    /// Probability and evidence of columns. The row does not tell what inputs it was made of, so the evidence is
    /// score::evidence(), with no regard to states that training had not seen.
    /// \param row  As encoder() gives it.
    /// \throws InvalidArgument  if its columns are not ascending or not the encoder's, or a value is not finite.
    [[nodiscard]] Prediction predict(const FeatureRow& row) const {
        return std::visit(
            [&](const auto& c) {
                const double log_odds = score::log_odds(c, row);
                return Prediction{apply(calibration_, log_odds), detail::evidence_at(log_odds, c, row)};
            },
            coefficients_);
    }
    /// Probabilities of many, shape (table.rows), with the same bits as one by one.
    /// \throws InvalidArgument  as FeatureEncoder::encode().
    /// \par Cost    O(values of the table).
    [[nodiscard]] std::vector<double> predict(const FeatureTable& table) const {
        const FeatureMatrix matrix = encoder_.encode(table);
        std::vector<double> probabilities;
        probabilities.reserve(matrix.rows());
        std::visit(
            [&](const auto& c) {
                for (std::size_t row = 0; row < matrix.rows(); ++row) {
                    probabilities.push_back(apply(calibration_, encoded_log_odds(c, matrix.row(row))));
                }
            },
            coefficients_);
        return probabilities;
    }

    /// Evidence of many as predict(values) tells it, shape (table.rows), with the same bits as one by one.
    /// \throws InvalidArgument  as FeatureEncoder::encode().
    /// \par Cost    That of predict(values) for each row.
    [[nodiscard]] std::vector<double> evidence(const FeatureTable& table) const {
        std::vector<double> all;
        all.reserve(table.rows);
        encoder_.encode_each(table,
                             [&](const FeatureEncoder::Row& row) { all.push_back(encoded_prediction(row).evidence); });
        return all;
    }

    /// The log-odds, before calibration, as parts that add up to them exactly: the base, one for each column that is
    /// not 0 (value = the column's, weight = its coefficient), and "<input> never seen so in training" for each input
    /// in a state that the training rows had not seen (value 1, weight 0, contribution 0). Evidence as in predict().
    /// \param name    Of the explanation.
    /// \param values  As for predict().
    /// \throws InvalidArgument  as predict().
    [[nodiscard]] Explanation explain(std::string name, std::span<const double> values) const {
        FeatureEncoder::Row row;
        encoder_.encode(values, row);
        const FeatureRow entries{row.columns, row.values};
        return std::visit(
            [&](const auto& c) {
                const double log_odds = encoded_log_odds(c, entries);
                Explanation explanation{std::move(name), log_odds, encoded_evidence(log_odds, c, row), {}};
                explanation.parts.push_back({"base", 1, intercept_of(c), intercept_of(c)});
                const std::vector<double> each = score::contributions(c, entries);
                for (std::size_t i = 0; i < each.size(); ++i) {
                    explanation.parts.push_back(
                        {encoder_.column_names()[row.columns[i]], row.values[i], each_of(c)[row.columns[i]], each[i]});
                }
                for (const std::uint32_t input : row.unseen) {
                    explanation.parts.push_back({inputs()[input] + " never seen so in training", 1, 0, 0});
                }
                return explanation;
            },
            coefficients_);
    }

    friend bool operator==(const Model&, const Model&) = default;

private:
    static std::size_t column_count(const LogisticModel& model) noexcept { return model.coefficients.size(); }
    static std::size_t column_count(const OnlineLogistic& model) noexcept { return model.columns(); }
    static double example_count(const LogisticModel& model) noexcept { return model.weight; }
    static double example_count(const OnlineLogistic& model) noexcept { return model.weight(); }
    static double intercept_of(const LogisticModel& model) noexcept { return model.intercept; }
    static double intercept_of(const OnlineLogistic& model) noexcept { return model.intercept(); }
    static std::span<const double> each_of(const LogisticModel& model) noexcept { return model.coefficients; }
    static std::span<const double> each_of(const OnlineLogistic& model) noexcept { return model.coefficients(); }
    /// log_odds() of a row that the encoder made, so that its columns and values need no check.
    template <class Learned>
    static double encoded_log_odds(const Learned& model, const FeatureRow& row) {
        const double sum = detail::sum_log_odds(intercept_of(model), each_of(model).data(), row);
        if (!(sum == sum)) throw InvalidArgument{"Model: the coefficients must be finite"};
        return sum;
    }
    /// Evidence of a row that the encoder made, times the share of the inputs that training had seen so.
    template <class Learned>
    [[nodiscard]] double encoded_evidence(double log_odds, const Learned& model, const FeatureEncoder::Row& row) const {
        const double of_columns = detail::evidence_at(log_odds, model, {row.columns, row.values});
        if (row.unseen.empty()) return of_columns;
        const std::size_t seen = inputs().size() - row.unseen.size();
        return of_columns * (static_cast<double>(seen) / static_cast<double>(inputs().size()));
    }
    [[nodiscard]] Prediction encoded_prediction(const FeatureEncoder::Row& row) const {
        return std::visit(
            [&](const auto& c) {
                const double log_odds = encoded_log_odds(c, {row.columns, row.values});
                return Prediction{apply(calibration_, log_odds), encoded_evidence(log_odds, c, row)};
            },
            coefficients_);
    }

    FeatureEncoder encoder_;
    Coefficients coefficients_;
    Calibration calibration_;
};

}  // namespace alloquy::score
