#pragma once

/// \file
/// Rules: a few readable comparisons that reproduce a given set of people, and how well they do.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/parallel.hpp>
#include <alloquy/score/row_chunks.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/people_table.hpp>

namespace alloquy::segment {

/// One comparison of a rule. Of an unknown value the comparison does not hold, and its negation does.
struct RuleTest {
    std::size_t field = 0;                   ///< Position among the table's fields.
    Relation relation = Relation::at_least;  ///< `at_least` or `less`.
    double threshold = 0;
    bool is_negated = false;  ///< `not field >= threshold`: less, or unknown.

    friend bool operator==(const RuleTest&, const RuleTest&) = default;
};

/// A rule holds of whom one of its boxes holds, and a box of whom all its tests hold.
struct Rule {
    std::vector<std::vector<RuleTest>> boxes;  ///< One or two, each with one test or more; empty: of nobody.

    [[nodiscard]] std::size_t tests() const noexcept {
        std::size_t count = 0;
        for (const auto& box : boxes) count += box.size();
        return count;
    }
    friend bool operator==(const Rule&, const Rule&) = default;
};

/// How well a rule reproduces a set of people. Counts of people.
struct RuleQuality {
    std::size_t true_positives = 0;   ///< In the set, and the rule holds.
    std::size_t false_positives = 0;  ///< Not in the set, but the rule holds.
    std::size_t false_negatives = 0;  ///< In the set, but the rule does not hold.
    std::size_t true_negatives = 0;

    /// Share of the set among whom the rule holds of; 0 if it holds of nobody.
    [[nodiscard]] double precision() const noexcept { return share(true_positives, true_positives + false_positives); }
    /// Share of the set of which the rule holds; 0 for an empty set.
    [[nodiscard]] double recall() const noexcept { return share(true_positives, true_positives + false_negatives); }
    /// Harmonic mean of both (C. J. van Rijsbergen, "Information retrieval", 1979, chapter 7); 0 if both are.
    [[nodiscard]] double f1() const noexcept {
        return share(2 * true_positives, 2 * true_positives + false_positives + false_negatives);
    }
    /// Share of all people about whom the rule is right; 0 for no people.
    [[nodiscard]] double accuracy() const noexcept {
        return share(true_positives + true_negatives,
                     true_positives + false_positives + false_negatives + true_negatives);
    }
    friend bool operator==(const RuleQuality&, const RuleQuality&) = default;

private:
    [[nodiscard]] static double share(std::size_t part, std::size_t whole) noexcept {
        return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
    }
};

/// How a rule is looked for.
struct RuleOptions {
    std::size_t most_tests = 4;  ///< In [1, 8].
    double test_price = 0.01;    ///< F1 that one more comparison must bring, in [0, 1].
};

/// Whether a test holds of a value; NaN is unknown.
[[nodiscard]] inline bool holds(const RuleTest& test, double value) noexcept {
    const bool stands = test.relation == Relation::less ? value < test.threshold : value >= test.threshold;
    return stands != test.is_negated;
}

/// Whether a rule holds of a row of the table. The row is there, and so are the fields.
[[nodiscard]] inline bool holds(const Rule& rule, const PeopleTable& table, std::size_t row) noexcept {
    return std::any_of(rule.boxes.begin(), rule.boxes.end(), [&](const auto& box) {
        return std::all_of(box.begin(), box.end(),
                           [&](const RuleTest& test) { return holds(test, table.columns[test.field][row]); });
    });
}

/// The rule in the language of segments.
/// \param fields  Of the table that it was found in.
/// \throws InvalidArgument  if a test's field is not there, or its relation is another than `less` and `at_least`.
[[nodiscard]] inline Condition to_condition(const Rule& rule, const std::vector<std::string>& fields) {
    Any any;
    for (const auto& box : rule.boxes) {
        All all;
        for (const RuleTest& test : box) {
            if (test.field >= fields.size()) {
                throw InvalidArgument{"to_condition: fields must hold field " + std::to_string(test.field)};
            }
            if (test.relation != Relation::less && test.relation != Relation::at_least) {
                throw InvalidArgument{"to_condition: rule must use < and >= only"};
            }
            Condition comparison{Comparison{fields[test.field], test.relation, Value{test.threshold}}};
            all.of.push_back(test.is_negated ? Condition{Not{std::move(comparison)}} : std::move(comparison));
        }
        any.of.push_back(all.of.size() == 1 ? std::move(all.of.front()) : Condition{std::move(all)});
    }
    return any.of.size() == 1 ? std::move(any.of.front()) : Condition{std::move(any)};
}

/// Counts how a rule does on all rows.
/// \param wanted  wanted(row): whether the row belongs to the set; called from several threads at once.
/// \par Cost    O(rows tests).
template <class Wanted>
[[nodiscard]] RuleQuality quality_of(const Rule& rule, const PeopleTable& table, const Wanted& wanted,
                                     unsigned threads = 1) {
    detail::expect_threads("quality_of", threads);
    const score::detail::RowChunks chunks{table.rows(), std::size_t{1} << 15U};
    std::vector<RuleQuality> parts(chunks.count());
    score::detail::for_each_chunk(chunks, threads, [&](std::size_t chunk) {
        RuleQuality part;
        for (std::size_t row = chunks.begin(chunk); row < chunks.end(chunk); ++row) {
            const bool is_wanted = wanted(row);
            if (holds(rule, table, row)) {
                ++(is_wanted ? part.true_positives : part.false_positives);
            } else {
                ++(is_wanted ? part.false_negatives : part.true_negatives);
            }
        }
        parts[chunk] = part;
    });
    RuleQuality sum;
    for (const RuleQuality& part : parts) {
        sum.true_positives += part.true_positives;
        sum.false_positives += part.false_positives;
        sum.false_negatives += part.false_negatives;
        sum.true_negatives += part.true_negatives;
    }
    return sum;
}

namespace detail {

/// Looks for rules among some people. The thresholds are the same for all sets of people.
class RuleFinder {
public:
    /// \param rows  The people to learn from, in an order that does not depend on the table's.
    RuleFinder(const PeopleTable& table, const std::vector<std::uint32_t>& rows, unsigned threads)
        : people_{rows.size()}, thresholds_(table.fields.size()), bins_(table.fields.size()) {
        has_unknown_.resize(table.fields.size());
        run_tasks(table.fields.size(), threads, [&](std::size_t field, unsigned) {
            const std::vector<double>& column = table.columns[field];
            thresholds_[field] = thresholds_of(known_values(column, rows));
            bins_[field].reserve(rows.size());
            for (const std::uint32_t row : rows) {
                const double value = column[row];
                const auto bin = std::upper_bound(thresholds_[field].begin(), thresholds_[field].end(), value);
                bins_[field].push_back(is_known(value) ? static_cast<std::uint8_t>(bin - thresholds_[field].begin())
                                                       : unknown);
                if (!is_known(value)) has_unknown_[field] = 1;
            }
        });
    }

    /// The rule with the highest F1 less the price of its tests that the search meets.
    ///
    /// A box grows by one test at a time, the best `beam` boxes of each size going on; a second box for whom the first
    /// leaves out is looked for with the tests that are left.
    /// \param wanted  Shape (rows): whether each belongs to the set.
    [[nodiscard]] Rule find(const std::vector<bool>& wanted, const RuleOptions& options) const {
        const auto positives = static_cast<std::size_t>(std::count(wanted.begin(), wanted.end(), true));
        const std::vector<Box> firsts = grow(wanted, std::vector<bool>(people_), {}, positives, options.most_tests);
        std::vector<Box> best;
        double best_worth = -std::numeric_limits<double>::infinity();
        const auto offer = [&](std::vector<Box> boxes) {
            const double worth = worth_of(boxes, options);
            if (worth <= best_worth) return;
            best_worth = worth;
            best = std::move(boxes);
        };
        for (const Box& first : firsts) {
            offer({first});
            const std::size_t left = options.most_tests - first.tests.size();
            for (const Box& second : grow(wanted, covered(first.tests), first.counts, positives, left)) {
                offer({first, second});
            }
        }
        Rule rule;
        for (const Box& box : best) {
            std::vector<RuleTest> tests;
            for (const Test& test : box.tests) {
                tests.push_back({test.field, test.is_less ? Relation::less : Relation::at_least,
                                 thresholds_[test.field][test.threshold], test.is_negated});
            }
            rule.boxes.push_back(std::move(tests));
        }
        return rule;
    }

private:
    static constexpr std::uint8_t unknown = 255;
    static constexpr std::size_t most_thresholds = 128;
    static constexpr std::size_t beam = 4;

    struct Test {
        std::size_t field;
        std::size_t threshold;
        bool is_less;
        bool is_negated;

        friend auto operator<=>(const Test&, const Test&) = default;
    };
    struct Counts {
        std::size_t hits = 0;    ///< Of the set.
        std::size_t misses = 0;  ///< Not of it.
    };
    struct Box {
        std::vector<Test> tests;  ///< Ascending.
        Counts counts{};          ///< Of whom this box or the one before it holds.
        double f1 = 0;
    };

    /// Readable numbers, each between two neighbours of about 128 quantiles.
    [[nodiscard]] static std::vector<double> thresholds_of(std::vector<double> known) {
        std::vector<double> thresholds;
        if (known.empty()) return thresholds;
        std::sort(known.begin(), known.end());
        double low = known.front();
        for (std::size_t i = 1; i <= most_thresholds; ++i) {
            const double high = known[(known.size() - 1) * i / most_thresholds];
            if (!(high > low)) continue;
            const double threshold = readable_between(low, high);
            if (thresholds.empty() || threshold > thresholds.back()) thresholds.push_back(threshold);
            low = high;
        }
        return thresholds;
    }

    [[nodiscard]] bool holds_of(const Test& test, std::size_t person) const noexcept {
        const std::uint8_t bin = bins_[test.field][person];
        const bool stands = bin != unknown && (bin <= test.threshold) == test.is_less;
        return stands != test.is_negated;
    }
    [[nodiscard]] std::vector<bool> covered(const std::vector<Test>& tests) const {
        std::vector<bool> found(people_);
        for (std::size_t i = 0; i < people_; ++i) {
            found[i] = std::all_of(tests.begin(), tests.end(), [&](const Test& test) { return holds_of(test, i); });
        }
        return found;
    }
    [[nodiscard]] static double f1_of(const Counts& counts, std::size_t positives) noexcept {
        const std::size_t sum = counts.hits + counts.misses + positives;
        return sum == 0 ? 0 : 2 * static_cast<double>(counts.hits) / static_cast<double>(sum);
    }
    [[nodiscard]] static double worth_of(const std::vector<Box>& boxes, const RuleOptions& options) noexcept {
        std::size_t tests = 0;
        for (const Box& box : boxes) tests += box.tests.size();
        return boxes.back().f1 - options.test_price * static_cast<double>(tests);
    }

    /// The best box of each size from 1 to `most`.
    /// \param taken   People of whom an earlier box holds, and their counts.
    [[nodiscard]] std::vector<Box> grow(const std::vector<bool>& wanted, const std::vector<bool>& taken, Counts counts,
                                        std::size_t positives, std::size_t most) const {
        std::vector<Box> best;
        std::vector<Box> boxes{Box{}};
        for (std::size_t size = 1; size <= most; ++size) {
            std::vector<Box> grown;
            for (const Box& box : boxes) extend(box, wanted, taken, counts, positives, grown);
            std::sort(grown.begin(), grown.end(),
                      [](const Box& a, const Box& b) { return a.f1 != b.f1 ? a.f1 > b.f1 : a.tests < b.tests; });
            const auto is_same = [](const Box& a, const Box& b) { return a.tests == b.tests; };
            grown.erase(std::unique(grown.begin(), grown.end(), is_same), grown.end());
            if (grown.size() > beam) grown.resize(beam);
            if (grown.empty()) break;
            best.push_back(grown.front());
            boxes = std::move(grown);
        }
        return best;
    }

    /// Adds the best boxes with one more test to `grown`: of each field and form the best threshold.
    void extend(const Box& box, const std::vector<bool>& wanted, const std::vector<bool>& taken, Counts counts,
                std::size_t positives, std::vector<Box>& grown) const {
        std::vector<std::uint32_t> people;
        std::vector<bool> inside = covered(box.tests);
        for (std::size_t i = 0; i < people_; ++i) {
            if (inside[i] && !taken[i]) people.push_back(static_cast<std::uint32_t>(i));
        }
        for (std::size_t field = 0; field < bins_.size(); ++field) {
            const std::size_t cuts = thresholds_[field].size();
            if (cuts == 0) continue;
            std::array<std::array<std::size_t, 256>, 2> in_bin{};
            for (const std::uint32_t person : people) ++in_bin[wanted[person] ? 1 : 0][bins_[field][person]];
            Counts all;  // known ones
            for (std::size_t bin = 0; bin <= cuts; ++bin) {
                all.hits += in_bin[1][bin];
                all.misses += in_bin[0][bin];
            }
            const Counts nobody_knows{in_bin[1][unknown], in_bin[0][unknown]};
            std::array<Box, 4> found;
            Counts less;
            for (std::size_t cut = 0; cut < cuts; ++cut) {
                less.hits += in_bin[1][cut];
                less.misses += in_bin[0][cut];
                for (std::size_t form = 0; form < (has_unknown_[field] != 0 ? 4U : 2U); ++form) {
                    const bool is_low = form % 2 == 0;  // who lies below the threshold
                    const bool is_negated = form >= 2;  // and who is unknown
                    Counts now = counts;
                    now.hits += is_low ? less.hits : all.hits - less.hits;
                    now.misses += is_low ? less.misses : all.misses - less.misses;
                    if (is_negated) {
                        now.hits += nobody_knows.hits;
                        now.misses += nobody_knows.misses;
                    }
                    const double f1 = f1_of(now, positives);
                    if (f1 <= found[form].f1) continue;
                    found[form].f1 = f1;
                    found[form].counts = now;
                    found[form].tests = {{field, cut, is_low != is_negated, is_negated}};
                }
            }
            for (Box& one : found) {
                if (one.tests.empty()) continue;
                const Test test = one.tests.front();
                if (std::find(box.tests.begin(), box.tests.end(), test) != box.tests.end()) continue;
                one.tests = box.tests;
                one.tests.insert(std::upper_bound(one.tests.begin(), one.tests.end(), test), test);
                grown.push_back(std::move(one));
            }
        }
    }

    std::size_t people_;
    std::vector<std::vector<double>> thresholds_;
    std::vector<std::vector<std::uint8_t>> bins_;  ///< Shape (fields)(people): how many thresholds are <= the value.
    std::vector<std::uint8_t> has_unknown_;
};

}  // namespace detail

}  // namespace alloquy::segment
