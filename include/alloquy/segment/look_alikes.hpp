#pragma once

/// \file
/// Look-alikes: the people who are most like some examples, with what they share.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/parallel.hpp>
#include <alloquy/score/row_chunks.hpp>
#include <alloquy/segment/people_table.hpp>

namespace alloquy::segment {

/// Which fields count for likeness.
enum class LikenessWeights : std::uint8_t {
    distinctive,  ///< Those in which the examples differ from everybody, by how far they do.
    equal,        ///< All that are not constant, equally: Gower's own.
};

/// How look-alikes are looked for.
struct LookAlikeOptions {
    std::size_t most = 100;  ///< People, >= 1.
    LikenessWeights weights = LikenessWeights::distinctive;
    double least_known = 0.5;  ///< Share of the weights that must be on fields known of a person, in [0, 1].
    /// A field's range runs from this quantile to the opposite one, in [0, 0.25]; 0: from least to most, as Gower's.
    double range_tail = 0.025;
};

/// A field that counts for likeness, and how the examples stand in it.
struct LikenessField {
    std::size_t field = 0;     ///< Position among the table's fields.
    double weight = 0;         ///< In (0, 1].
    double low = 0;            ///< 10 % quantile of the examples.
    double high = 0;           ///< 90 % quantile of the examples.
    std::size_t examples = 0;  ///< Examples of whom it is known.

    friend bool operator==(const LikenessField&, const LikenessField&) = default;
};

/// What somebody shares with the examples: a value between low and high.
struct SharedField {
    std::size_t field = 0;  ///< Position among the table's fields.
    double value = 0;       ///< Of the person.
    double low = 0;         ///< As in LikenessField.
    double high = 0;

    friend bool operator==(const SharedField&, const SharedField&) = default;
};

/// Somebody who is like the examples.
struct LookAlike {
    std::uint32_t row = 0;
    double similarity = 0;              ///< In [0, 1].
    std::vector<SharedField> shared{};  ///< In the order of likeness_fields().

    friend bool operator==(const LookAlike&, const LookAlike&) = default;
};

namespace detail {

/// Kolmogorov-Smirnov distance of the examples from everybody: the largest distance of their distribution functions.
/// Both ascending and not empty.
[[nodiscard]] inline double largest_distance(const std::vector<double>& examples,
                                             const std::vector<double>& everybody) {
    double largest = 0;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < examples.size() && j < everybody.size()) {
        const double at = std::min(examples[i], everybody[j]);
        while (i < examples.size() && examples[i] <= at) ++i;
        while (j < everybody.size() && everybody[j] <= at) ++j;
        largest = std::max(largest, std::fabs(static_cast<double>(i) / static_cast<double>(examples.size()) -
                                              static_cast<double>(j) / static_cast<double>(everybody.size())));
    }
    return largest;
}

/// Distance that n draws from everybody exceed by chance in 5 of 100 cases.
/// M. A. Stephens, "Use of the Kolmogorov-Smirnov, Cramer-von Mises and related statistics without extensive tables",
/// JRSS B 32 (1970), pp. 115-122; exact for n = 1.
[[nodiscard]] inline double distance_by_chance(std::size_t n) noexcept {
    if (n == 1) return 0.975;
    const double root = std::sqrt(static_cast<double>(n));
    return 1.358 / (root + 0.12 + 0.11 / root);
}

/// One field, ready to compare people with the examples.
class FieldLikeness {
public:
    /// \param examples  Known values, ascending, not empty.
    FieldLikeness(LikenessField what, std::vector<double> examples, double width)
        : what_{what}, width_{width}, examples_{std::move(examples)} {
        // Sums of distances from the least example: sums of large values would cancel.
        sums_.push_back(0);
        for (const double example : examples_) sums_.push_back(sums_.back() + (example - examples_.front()));
    }
    [[nodiscard]] const LikenessField& what() const noexcept { return what_; }
    /// Mean over the examples of 1 - distance / width, no term below 0.
    [[nodiscard]] double similarity(double value) const noexcept {
        const auto place = [&](auto at) { return static_cast<std::size_t>(at - examples_.begin()); };
        const std::size_t from = place(std::lower_bound(examples_.begin(), examples_.end(), value - width_));
        const std::size_t at = place(std::lower_bound(examples_.begin(), examples_.end(), value));
        const std::size_t to = place(std::upper_bound(examples_.begin(), examples_.end(), value + width_));
        const double own = value - examples_.front();
        const double below = static_cast<double>(at - from) * own - (sums_[at] - sums_[from]);
        const double above = (sums_[to] - sums_[at]) - static_cast<double>(to - at) * own;
        const double near = static_cast<double>(to - from) - (below + above) / width_;
        return std::clamp(near / static_cast<double>(examples_.size()), 0.0, 1.0);
    }

private:
    LikenessField what_;
    double width_;
    std::vector<double> examples_;
    std::vector<double> sums_;
};

[[nodiscard]] inline std::vector<FieldLikeness> field_likenesses(const PeopleTable& table,
                                                                 const std::vector<std::uint32_t>& examples,
                                                                 const LookAlikeOptions& options, unsigned threads) {
    constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
    expect_count("look_alikes", "most", options.most, 1, any);
    expect_fraction("look_alikes", "least_known", options.least_known, 0, 1);
    expect_fraction("look_alikes", "range_tail", options.range_tail, 0, 0.25);
    expect_threads("look_alikes", threads);
    table.check();
    if (examples.empty()) throw InvalidArgument{"look_alikes: examples must not be empty"};
    expect_rows_of("look_alikes", "examples", table, examples);

    std::vector<std::vector<FieldLikeness>> of_field(table.fields.size());
    run_tasks(table.fields.size(), threads, [&](std::size_t field, unsigned) {
        std::vector<double> everybody = known_values(table.columns[field]);
        std::vector<double> known = known_values(table.columns[field], examples);
        if (known.empty()) return;
        std::sort(everybody.begin(), everybody.end());
        const FieldRange range = range_of(everybody, options.range_tail);
        if (!(range.width > 0)) return;
        std::sort(known.begin(), known.end());
        double weight = 1;
        if (options.weights == LikenessWeights::distinctive) {
            weight = largest_distance(known, everybody);
            if (weight <= distance_by_chance(known.size())) return;
        }
        std::vector<double> values = known;
        const LikenessField what{field, weight, quantile_of(values, 0.1), quantile_of(values, 0.9), known.size()};
        of_field[field].emplace_back(what, std::move(known), range.width);
    });
    std::vector<FieldLikeness> fields;
    for (auto& found : of_field) {
        for (auto& one : found) fields.push_back(std::move(one));
    }
    std::stable_sort(fields.begin(), fields.end(),
                     [](const FieldLikeness& a, const FieldLikeness& b) { return a.what().weight > b.what().weight; });
    return fields;
}

}  // namespace detail

/// The fields that look_alikes() compares, the weightiest first, then in the table's order. Parameters as there.
[[nodiscard]] inline std::vector<LikenessField> likeness_fields(const PeopleTable& table,
                                                                const std::vector<std::uint32_t>& examples,
                                                                const LookAlikeOptions& options = {},
                                                                unsigned threads = 1) {
    std::vector<LikenessField> found;
    for (const auto& field : detail::field_likenesses(table, examples, options, threads)) found.push_back(field.what());
    return found;
}

/// The people who are most like the examples and not among them.
///
/// Similarity in one field is the mean over the examples of 1 - |difference| / range, no term below 0. The whole is
/// the mean over the fields known of the person, by weight. A field's weight is the Kolmogorov-Smirnov distance of the
/// examples from everybody, 0 where so many people drawn by chance are as far apart in 5 of 100 cases. So nobody is
/// like the examples where nothing tells them from everybody, and the result is then empty. A few examples must stand
/// out far to tell anything: with 1 the outermost 2.5 %, with 5 a distance of 0.56.
///
/// Likeness is a mean: where the examples are of several kinds, call once for each kind.
/// \param examples  Rows of the table, at least one, none twice. Any order.
/// \param threads   >= 1.
/// \return          At most options.most, by similarity, of equal ones by key.
/// \throws InvalidArgument  if the table, examples or an option is out of range, or threads is 0.
/// \par Cost    O(rows log rows fields).
/// \par Source  J. C. Gower, "A general coefficient of similarity and some of its properties", Biometrics 27 (1971),
///              pp. 857-871: quantitative variables, with weights.
[[nodiscard]] inline std::vector<LookAlike> look_alikes(const PeopleTable& table,
                                                        const std::vector<std::uint32_t>& examples,
                                                        const LookAlikeOptions& options = {}, unsigned threads = 1) {
    const std::vector<detail::FieldLikeness> fields = detail::field_likenesses(table, examples, options, threads);
    std::vector<LookAlike> found;
    if (fields.empty()) return found;
    double all_weights = 0;
    for (const auto& field : fields) all_weights += field.what().weight;
    std::vector<bool> is_example(table.rows());
    for (const std::uint32_t row : examples) is_example[row] = true;

    constexpr double left_out = -1;
    std::vector<double> similarities(table.rows(), left_out);
    score::detail::for_each_chunk(score::detail::RowChunks{table.rows()}, threads, [&](std::size_t chunk) {
        const score::detail::RowChunks chunks{table.rows()};
        for (std::size_t row = chunks.begin(chunk); row < chunks.end(chunk); ++row) {
            if (is_example[row]) continue;
            double sum = 0;
            double weights = 0;
            for (const auto& field : fields) {
                const double value = table.columns[field.what().field][row];
                if (!detail::is_known(value)) continue;
                sum += field.what().weight * field.similarity(value);
                weights += field.what().weight;
            }
            if (weights > 0 && weights >= options.least_known * all_weights) {
                similarities[row] = std::min(1.0, sum / weights);
            }
        }
    });
    std::vector<std::uint32_t> order;
    for (std::uint32_t row = 0; row < table.rows(); ++row) {
        if (similarities[row] != left_out) order.push_back(row);
    }
    const std::size_t size = std::min(options.most, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(size), order.end(),
                      [&](std::uint32_t a, std::uint32_t b) {
                          if (similarities[a] != similarities[b]) return similarities[a] > similarities[b];
                          return table.keys[a] < table.keys[b];
                      });
    for (std::size_t i = 0; i < size; ++i) {
        LookAlike one{order[i], similarities[order[i]]};
        for (const auto& field : fields) {
            const LikenessField& what = field.what();
            const double value = table.columns[what.field][one.row];
            if (value >= what.low && value <= what.high) one.shared.push_back({what.field, value, what.low, what.high});
        }
        found.push_back(std::move(one));
    }
    return found;
}

}  // namespace alloquy::segment
