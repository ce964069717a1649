#pragma once

/// \file
/// FeatureMatrix: encoded features of many people, sparse by row, with a name for each column.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>

namespace alloquy::score {

/// The features of one person that are not 0. Refers to the caller's data.
struct FeatureRow {
    std::span<const std::uint32_t> columns;  ///< Ascending, each once.
    std::span<const double> values;          ///< Same length; finite.
};

/// What a model may do with a column.
enum class CoefficientSign : std::uint8_t { free, not_negative, not_positive };

/// Rows of features. Shape (rows(), columns()). What is not stored is 0. The intercept is no column.
class FeatureMatrix {
public:
    FeatureMatrix() = default;
    /// \param names  One per column.
    /// \param signs  One per column, or none: then every coefficient is free.
    /// \throws InvalidArgument  if the lengths differ.
    explicit FeatureMatrix(std::vector<std::string> names, std::vector<CoefficientSign> signs = {})
        : names_{std::move(names)}, signs_{std::move(signs)} {
        if (signs_.empty()) signs_.assign(names_.size(), CoefficientSign::free);
        if (signs_.size() != names_.size()) {
            throw InvalidArgument{"FeatureMatrix: " + std::to_string(names_.size()) + " signs expected, got " +
                                  std::to_string(signs_.size())};
        }
    }

    [[nodiscard]] std::size_t rows() const noexcept { return starts_.size() - 1; }
    [[nodiscard]] std::size_t columns() const noexcept { return names_.size(); }
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
    [[nodiscard]] const std::vector<CoefficientSign>& signs() const noexcept { return signs_; }
    /// \param index  Below rows(), which the caller sees to.
    [[nodiscard]] FeatureRow row(std::size_t index) const noexcept {
        const std::size_t first = starts_[index];
        const std::size_t count = starts_[index + 1] - first;
        return {{columns_.data() + first, count}, {values_.data() + first, count}};
    }
    /// Values stored.
    [[nodiscard]] std::size_t stored() const noexcept { return values_.size(); }

    /// Adds one row.
    /// \throws InvalidArgument  if the columns are not ascending or not there, or a value is not finite: the text names
    ///                          the column.
    void add_row(const FeatureRow& row) {
        if (row.columns.size() != row.values.size()) {
            throw InvalidArgument{"FeatureMatrix: as many values as columns expected"};
        }
        for (std::size_t i = 0; i < row.columns.size(); ++i) {
            if (row.columns[i] >= names_.size() || (i > 0 && row.columns[i] <= row.columns[i - 1])) {
                throw InvalidArgument{"FeatureMatrix: columns must be ascending and below " +
                                      std::to_string(names_.size())};
            }
            if (!(row.values[i] - row.values[i] == 0)) {  // NaN and infinities fail
                throw InvalidArgument{"FeatureMatrix: '" + names_[row.columns[i]] + "' must be finite"};
            }
        }
        columns_.insert(columns_.end(), row.columns.begin(), row.columns.end());
        values_.insert(values_.end(), row.values.begin(), row.values.end());
        starts_.push_back(values_.size());
    }

    /// All values, row by row. Shape (rows() * columns()).
    [[nodiscard]] std::vector<double> dense() const {
        std::vector<double> values(rows() * columns(), 0.0);
        for (std::size_t r = 0; r < rows(); ++r) {
            const FeatureRow stored_row = row(r);
            for (std::size_t i = 0; i < stored_row.columns.size(); ++i) {
                values[r * columns() + stored_row.columns[i]] = stored_row.values[i];
            }
        }
        return values;
    }

private:
    std::vector<std::string> names_;
    std::vector<CoefficientSign> signs_;
    std::vector<std::size_t> starts_{0};
    std::vector<std::uint32_t> columns_;
    std::vector<double> values_;
};

}  // namespace alloquy::score
