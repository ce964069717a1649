#pragma once

/// \file
/// Discovery: finds groups of people who belong together, or says that there are none.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/parallel.hpp>
#include <alloquy/score/row_chunks.hpp>
#include <alloquy/segment/clusters.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/people_table.hpp>
#include <alloquy/segment/rules.hpp>

namespace alloquy::segment {

/// How groups are looked for.
struct DiscoveryOptions {
    std::size_t least = 2;          ///< Fewest groups, in [2, most].
    std::size_t most = 10;          ///< Most groups, at most 64.
    std::size_t least_people = 10;  ///< No group may have fewer people, >= 1. A group of few is personal data.
    /// People that are clustered, >= 20; everybody else goes to the nearest centre. A group needs some 25 of them to be
    /// told from chance.
    std::size_t sample = 4000;
    std::size_t rule_sample = 16000;  ///< People that rules are learned from, >= 20; they are judged by everybody.
    std::size_t starts = 4;           ///< Starts of k-means, in [1, 1000].
    std::size_t resamples = 100;      ///< For the stability, in [10, 100,000].
    /// Least depth of the valley between any two groups, in [0, 1]: 0 no valley, 1 nobody between. 0 turns the test
    /// off: a continuum may then be cut into parts. 0.1 is that of two equal normal groups 3.3 standard deviations
    /// apart, 0.3 of 5.
    double least_separation = 0.1;
    double least_stability = 0.6;  ///< Every group must have this, in [0, 1].
    RuleOptions rule{};
    std::uint64_t seed = 0;  ///< Same seed and same people, same bits.
};

/// What a mean Jaccard coefficient says of a group.
///
/// \par Source  C. Hennig, "Cluster-wise assessment of cluster stability", Comput. Stat. Data Anal. 52 (2007),
///              pp. 258-271, and the manual of his `clusterboot` (R package fpc).
enum class Stability : std::uint8_t {
    untrusted,      ///< Below 0.6: not to be trusted; at 0.5 or less it dissolves.
    pattern,        ///< From 0.6: there is something, but who belongs to it is doubtful.
    stable,         ///< From 0.75.
    highly_stable,  ///< From 0.85.
};
[[nodiscard]] constexpr Stability stability_of(double mean_jaccard) noexcept {
    if (mean_jaccard >= 0.85) return Stability::highly_stable;
    if (mean_jaccard >= 0.75) return Stability::stable;
    return mean_jaccard >= 0.6 ? Stability::pattern : Stability::untrusted;
}

/// How a field tells a group from everybody else. Of the clustered sample.
struct Distinction {
    std::size_t field = 0;  ///< Position among the table's fields.
    /// Mean of the group less mean of the rest, in pooled standard deviations (J. Cohen, "Statistical power analysis",
    /// 1988, p. 67: 0.2 small, 0.5 medium, 0.8 large). Of values cut off at the ends of the range; see discover().
    double difference = 0;
    double median = 0;       ///< Of the group, in the field's own unit.
    double rest_median = 0;  ///< Of everybody else.

    friend bool operator==(const Distinction&, const Distinction&) = default;
};

/// One group that was found.
struct FoundGroup {
    std::size_t people = 0;  ///< Of the whole table.
    double share = 0;        ///< Of those with a known field.
    double stability = 0;    ///< Mean Jaccard coefficient over the resamples, in [0, 1]; see stability_of().
    double recovered = 0;    ///< Share of resamples with a coefficient >= 0.75.
    double dissolved = 0;    ///< Share of resamples with a coefficient <= 0.5.
    Rule rule{};             ///< As written in the condition.
    RuleQuality quality{};   ///< Of the rule, on all rows.
    Condition condition{};   ///< The rule in the language.
    std::vector<Distinction> distinctions{};  ///< The largest difference first; fields known on both sides.

    friend bool operator==(const FoundGroup&, const FoundGroup&) = default;
};

/// What became of one number of groups.
struct CountTrial {
    enum class Outcome : std::uint8_t {
        chosen,
        not_separated,    ///< Between two of the groups is no valley.
        not_stable,       ///< A group does not come back when people are drawn anew.
        too_few_people,   ///< Of a group, or in all.
        less_silhouette,  ///< Another number was accepted that has more.
    };
    std::size_t count = 0;
    Outcome outcome = Outcome::too_few_people;
    double silhouette = 0;       ///< Average width, in [-1, 1]; 0 where there were too few people.
    double separation = 0;       ///< Depth of the shallowest valley, in [0, 1].
    double least_stability = 0;  ///< Of its groups; 0 where it was not measured.

    friend bool operator==(const CountTrial&, const CountTrial&) = default;
};

/// Groups of people, or none.
struct Discovery {
    static constexpr std::uint32_t no_group = 0xFFFF'FFFFU;

    std::vector<FoundGroup> groups;        ///< The largest first. Empty: there are no groups, all are of one kind.
    std::vector<std::uint32_t> group_of;   ///< Shape (rows): position among groups, or no_group.
    std::vector<CountTrial> trials;        ///< For each number of groups, ascending.
    std::vector<std::size_t> idle_fields;  ///< Fields that were left out: constant, or unknown of everybody.
    std::size_t sampled = 0;               ///< People that were clustered.

    friend bool operator==(const Discovery&, const Discovery&) = default;
};

namespace detail {

/// Rows as points: values less the low end of the field's range, in widths of the range, cut off half a width beyond.
class ScaledFields {
public:
    ScaledFields(const PeopleTable& table, unsigned threads) : table_{&table} {
        const std::vector<FieldRange> ranges = ranges_of(table, 0.025, threads);
        for (std::size_t field = 0; field < ranges.size(); ++field) {
            if (!(ranges[field].width > 0)) continue;
            fields_.push_back(field);
            ranges_.push_back(ranges[field]);
        }
    }
    /// Positions in the table of the fields that are used.
    [[nodiscard]] const std::vector<std::size_t>& fields() const noexcept { return fields_; }
    [[nodiscard]] double value(std::size_t used, std::size_t row) const noexcept {
        const double value = (table_->columns[fields_[used]][row] - ranges_[used].low) / ranges_[used].width;
        return is_known(value) ? std::clamp(value, -0.5, 1.5) : value;
    }
    [[nodiscard]] bool has_known(std::size_t row) const noexcept {
        return std::any_of(fields_.begin(), fields_.end(),
                           [&](std::size_t field) { return is_known(table_->columns[field][row]); });
    }
    template <class Rows>
    [[nodiscard]] Points points(const Rows& rows) const {
        Points points{rows.size(), fields_.size()};
        for (std::size_t used = 0; used < fields_.size(); ++used) {
            for (std::size_t i = 0; i < rows.size(); ++i) points.set(i, used, value(used, rows[i]));
        }
        return points;
    }

private:
    const PeopleTable* table_;
    std::vector<std::size_t> fields_;
    std::vector<FieldRange> ranges_;
};

/// Points and the partition that was found among other points, of the same people's kind.
struct JudgedHalf {
    Points points;
    Partition partition;
};

/// Depth of the valley between two groups on the line through their centres: the dip of both by half the share of the
/// smaller one, which is about the dip of groups with nobody between. The mean of both halves; 0 where in one of them
/// the dip is less than in 90 of 100 cases of chance, so that both exceed it by chance in 1 of 100.
[[nodiscard]] inline double valley(const std::array<JudgedHalf, 2>& halves, std::uint32_t a, std::uint32_t b) {
    // The 90 % point of the dip of n uniform numbers is at most this, and less than 6 % lower from n = 10 on: fitted to
    // M. Maechler's table in the R package diptest, n from 4 to 72,000.
    const auto by_chance = [](double n) { return 0.505 / (std::sqrt(n) + 0.5); };
    double depth = 0;
    std::vector<double> along;
    for (const auto& [points, partition] : halves) {
        const double* const from = partition.centres.data() + a * points.fields();
        const double* const to = partition.centres.data() + b * points.fields();
        along.clear();  // 0 at the centre of a, 1 at that of b
        std::size_t of_a = 0;
        for (std::size_t i = 0; i < points.count(); ++i) {
            const std::uint32_t owner = partition.assignments[i];
            if (owner != a && owner != b) continue;
            double product = 0;
            double length = 0;
            for (std::size_t field = 0; field < points.fields(); ++field) {
                if (points.known(field)[i] == 0) continue;
                const double step = to[field] - from[field];
                product += (points.values(field)[i] - from[field]) * step;
                length += step * step;
            }
            if (!(length > 0)) continue;
            along.push_back(product / length);
            of_a += owner == a ? 1U : 0U;
        }
        const std::size_t smaller = std::min(of_a, along.size() - of_a);
        if (smaller == 0) return 0;
        std::sort(along.begin(), along.end());
        const double found = dip(along);
        const auto people = static_cast<double>(along.size());
        if (found <= by_chance(people)) return 0;
        depth += std::min(1.0, 2 * found * people / static_cast<double>(smaller)) / 2;
    }
    return depth;
}

/// The points with values of a scale spread over its steps: each value moves by up to half the way to its nearest
/// neighbour. A scale from 1 to 5 has gaps between its steps that are no valleys. Fields with two values stay: these
/// are two kinds of people.
[[nodiscard]] inline Points spread_steps(const Points& points, std::uint64_t seed) {
    Points spread = points;
    for (std::size_t field = 0; field < points.fields(); ++field) {
        const double* const values = points.values(field);
        std::vector<double> distinct;
        for (std::size_t i = 0; i < points.count(); ++i) {
            if (points.known(field)[i] != 0) distinct.push_back(values[i]);
        }
        std::sort(distinct.begin(), distinct.end());
        distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
        if (distinct.size() < 3) continue;
        for (std::size_t i = 0; i < points.count(); ++i) {
            if (points.known(field)[i] == 0) continue;
            const auto at = std::lower_bound(distinct.begin(), distinct.end(), values[i]);
            double gap = std::numeric_limits<double>::infinity();
            if (at != distinct.begin()) gap = std::min(gap, *at - *(at - 1));
            if (at + 1 != distinct.end()) gap = std::min(gap, *(at + 1) - *at);
            spread.set(i, field, values[i] + gap * (score::random_fraction(seed, spread_stream | field, i) - 0.5));
        }
    }
    return spread;
}

/// The shallowest valley between any two groups. Each half of the points is judged by the centres of the other half:
/// along a line that was chosen to part them, even points of one kind show a valley. 0 where the halves do not have
/// the groups of the whole.
[[nodiscard]] inline double least_valley(const Points& points, const Partition& whole, std::size_t starts,
                                         std::uint64_t seed) {
    const std::size_t count = whole.count;
    const std::size_t fields = points.fields();
    std::array<std::vector<std::uint32_t>, 2> chosen;
    for (std::size_t i = 0; i < points.count(); ++i) chosen[i % 2].push_back(static_cast<std::uint32_t>(i));
    std::array<JudgedHalf, 2> halves{JudgedHalf{points.subset(chosen[0]), {}},
                                     JudgedHalf{points.subset(chosen[1]), {}}};
    for (std::size_t half = 0; half < 2; ++half) {
        const std::uint64_t stream = cluster_stream | 0x8000'0000U | (half << 16U) | count;
        const Partition learned = k_means(halves[1 - half].points, count, starts, seed, stream);
        if (learned.count == 0) return 0;
        // In the order of the whole's groups: of each, the centre that is nearest.
        Partition& judging = halves[half].partition;
        std::vector<bool> is_taken(count);
        for (std::size_t c = 0; c < count; ++c) {
            double least = std::numeric_limits<double>::infinity();
            std::size_t nearest = 0;
            for (std::size_t other = 0; other < count; ++other) {
                double distance = 0;
                for (std::size_t field = 0; field < fields; ++field) {
                    const double off = learned.centres[other * fields + field] - whole.centres[c * fields + field];
                    distance += off * off;
                }
                if (distance >= least) continue;
                least = distance;
                nearest = other;
            }
            if (is_taken[nearest]) return 0;
            is_taken[nearest] = true;
            const auto at = learned.centres.begin() + static_cast<std::ptrdiff_t>(nearest * fields);
            judging.centres.insert(judging.centres.end(), at, at + static_cast<std::ptrdiff_t>(fields));
        }
        judging.count = count;
        judging.assignments.resize(halves[half].points.count());
        std::vector<double> distances(judging.assignments.size());
        assign_nearest(halves[half].points, judging.centres, judging.assignments, distances);
    }
    double least = 1;
    for (std::uint32_t a = 0; a < count; ++a) {
        for (std::uint32_t b = a + 1; b < count && least > 0; ++b) least = std::min(least, valley(halves, a, b));
    }
    return least;
}

/// Adds Jaccard coefficients of each cluster with the most similar one of each resample, until there are `resamples`.
/// Shape of found: (resamples, count).
///
/// A resample draws as many points as there are, with replacement, and uses each drawn one once, as Hennig's
/// `clusterboot` does unless told otherwise; clusters are compared among the drawn points.
inline void add_jaccards(const Points& points, const Partition& partition, std::size_t resamples, std::size_t starts,
                         std::uint64_t seed, unsigned threads, std::vector<double>& found) {
    const std::size_t count = partition.count;
    const std::size_t first = found.size() / count;
    found.resize(resamples * count);
    run_tasks(resamples - first, threads, [&](std::size_t task, unsigned) {
        const std::size_t resample = first + task;
        const std::uint64_t stream = resample_stream | (count << 24U) | resample;
        std::vector<bool> is_drawn(points.count());
        for (std::size_t i = 0; i < points.count(); ++i) {
            is_drawn[score::random_below(seed, stream, (std::uint64_t{1} << 63U) | i, points.count())] = true;
        }
        std::vector<std::uint32_t> drawn;
        for (std::size_t i = 0; i < points.count(); ++i) {
            if (is_drawn[i]) drawn.push_back(static_cast<std::uint32_t>(i));
        }
        const Partition again = k_means(points.subset(drawn), count, starts, seed, stream);
        if (again.count == 0) return;  // fewer different points than clusters: all dissolved
        std::vector<std::size_t> both(count * count);
        std::vector<std::size_t> old_size(count);
        std::vector<std::size_t> new_size(count);
        for (std::size_t i = 0; i < drawn.size(); ++i) {
            const std::uint32_t a = partition.assignments[drawn[i]];
            const std::uint32_t b = again.assignments[i];
            ++both[a * count + b];
            ++old_size[a];
            ++new_size[b];
        }
        for (std::size_t a = 0; a < count; ++a) {
            for (std::size_t b = 0; b < count; ++b) {
                const std::size_t shared = both[a * count + b];
                const std::size_t either = old_size[a] + new_size[b] - shared;
                if (either == 0) continue;
                const double similar = static_cast<double>(shared) / static_cast<double>(either);
                found[resample * count + a] = std::max(found[resample * count + a], similar);
            }
        }
    });
}

/// \param jaccards  Shape (resamples, count).
[[nodiscard]] inline std::vector<FoundGroup> stabilities(const std::vector<double>& jaccards, std::size_t count) {
    std::vector<FoundGroup> groups(count);
    for (std::size_t i = 0; i < jaccards.size(); ++i) {
        FoundGroup& group = groups[i % count];
        group.stability += jaccards[i];
        group.recovered += jaccards[i] >= 0.75 ? 1 : 0;
        group.dissolved += jaccards[i] <= 0.5 ? 1 : 0;
    }
    const auto resamples = static_cast<double>(jaccards.size() / count);
    for (FoundGroup& group : groups) {
        group.stability /= resamples;
        group.recovered /= resamples;
        group.dissolved /= resamples;
    }
    return groups;
}

/// Groups of all rows by their nearest centre.
[[nodiscard]] inline std::vector<std::uint32_t> assign_rows(const PeopleTable& table, const ScaledFields& scaled,
                                                            const std::vector<double>& centres, unsigned threads) {
    std::vector<std::uint32_t> group_of(table.rows(), Discovery::no_group);
    const score::detail::RowChunks chunks{table.rows()};
    score::detail::for_each_chunk(chunks, threads, [&](std::size_t chunk) {
        std::vector<std::uint32_t> rows(chunks.end(chunk) - chunks.begin(chunk));
        std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(chunks.begin(chunk)));
        std::vector<std::uint32_t> owners(rows.size());
        std::vector<double> nearest(rows.size());
        assign_nearest(scaled.points(rows), centres, owners, nearest);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (scaled.has_known(rows[i])) group_of[rows[i]] = owners[i];
        }
    });
    return group_of;
}

[[nodiscard]] inline std::vector<Distinction> distinctions_of(const PeopleTable& table, const ScaledFields& scaled,
                                                              const std::vector<std::uint32_t>& rows,
                                                              const std::vector<std::uint32_t>& group_of,
                                                              std::uint32_t group) {
    std::vector<Distinction> found;
    for (std::size_t used = 0; used < scaled.fields().size(); ++used) {
        const std::size_t field = scaled.fields()[used];
        std::array<std::vector<double>, 2> raw;  // the rest, the group
        std::array<double, 2> sum{};
        std::array<double, 2> squares{};
        for (const std::uint32_t row : rows) {
            const double value = table.columns[field][row];
            if (!is_known(value)) continue;
            const std::size_t side = group_of[row] == group ? 1 : 0;
            raw[side].push_back(value);
            sum[side] += scaled.value(used, row);
        }
        const std::array<double, 2> people{static_cast<double>(raw[0].size()), static_cast<double>(raw[1].size())};
        if (raw[0].empty() || raw[1].empty() || people[0] + people[1] < 3) continue;
        for (const std::uint32_t row : rows) {
            const std::size_t side = group_of[row] == group ? 1 : 0;
            const double value = scaled.value(used, row);
            if (!is_known(value)) continue;
            const double off = value - sum[side] / people[side];
            squares[side] += off * off;
        }
        const double pooled = std::sqrt((squares[0] + squares[1]) / (people[0] + people[1] - 2));
        const double apart = sum[1] / people[1] - sum[0] / people[0];
        // Both sides constant: as far apart as can be told without a spread.
        constexpr double least_spread = 1e-6;
        found.push_back(
            {field, apart / std::max(pooled, least_spread), quantile_of(raw[1], 0.5), quantile_of(raw[0], 0.5)});
    }
    std::sort(found.begin(), found.end(), [](const Distinction& a, const Distinction& b) {
        const double x = std::fabs(a.difference);
        const double y = std::fabs(b.difference);
        return x != y ? x > y : a.field < b.field;
    });
    return found;
}

inline void expect_options(const DiscoveryOptions& options) {
    constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
    expect_count("discover", "most", options.most, 2, 64);
    expect_count("discover", "least", options.least, 2, options.most);
    expect_count("discover", "least_people", options.least_people, 1, any);
    expect_count("discover", "sample", options.sample, 20, any);
    expect_count("discover", "rule_sample", options.rule_sample, 20, any);
    expect_count("discover", "starts", options.starts, 1, 1000);
    expect_count("discover", "resamples", options.resamples, 10, 100'000);
    expect_count("discover", "rule.most_tests", options.rule.most_tests, 1, 8);
    expect_fraction("discover", "least_separation", options.least_separation, 0, 1);
    expect_fraction("discover", "least_stability", options.least_stability, 0, 1);
    expect_fraction("discover", "rule.test_price", options.rule.test_price, 0, 1);
}

}  // namespace detail

/// Finds groups of people who belong together, each with a rule in the language that reproduces it.
///
/// Scale: each field less its 2.5 % quantile, by the width from there to its 97.5 % quantile (the whole range where
/// that is 0), cut off half a width beyond; ranges keep clusters best (G. W. Milligan, M. C. Cooper, J. Classification
/// 5 (1988), pp. 181-204), quantiles keep out stray values. A field that is constant or unknown of everybody is left
/// out. Unknown values count in no distance and no mean; who has no known field is in no group.
///
/// Groups: k-means on a sample that keys and seed choose; everybody then goes to the nearest centre. Of the numbers
/// from least to most that pass two tests, that with the largest average silhouette (of at most 2,000 people) is
/// chosen, of equal ones the smallest. If none passes, there are no groups.
/// - Separated: on the line between any two centres their people have a valley. The dip is significant at 1 %, and
///   at least least_separation of what it would be with nobody between. Each half of the sample is judged by
///   centres that come from the other half. Values of a scale with three steps or more are spread over its steps for
///   this.
/// - Stable: people are drawn anew and clustered again; each group comes back with a mean Jaccard coefficient of at
///   least least_stability. What is 0.1 below that after 20 resamples is given up.
///
/// Rules: boxes of comparisons found by a beam search for F1 less a price for each comparison, as the patient rule
/// induction of J. H. Friedman, N. I. Fisher, Statistics and Computing 9 (1999), pp. 123-143, but growing. Thresholds
/// are the shortest decimal numbers between neighbours of 128 quantiles. The quality is that of the rule as written,
/// counted on all rows with the language's rule for missing values.
///
/// The result is the same for any order of rows, number of threads, and compiler.
/// \param table    As PeopleTable::check() wants it. Need not have rows.
/// \param threads  >= 1.
/// \throws InvalidArgument  if the table or an option is out of range, or threads is 0.
/// \par Cost    O(most^2 starts sample fields + min(sample, 2000)^2 (fields + most) + resamples starts most sample
/// fields +
///              rows (most + fields)).
/// \par Source  k_means(), average_silhouettes(), dip(); A. Kalogeratos, A. Likas, "Dip-means", NIPS 2012, for the dip
///              as a test of clusters; Hennig 2007, see Stability.
[[nodiscard]] inline Discovery discover(const PeopleTable& table, const DiscoveryOptions& options = {},
                                        unsigned threads = 1) {
    detail::expect_options(options);
    detail::expect_threads("discover", threads);
    table.check();

    Discovery result;
    result.group_of.assign(table.rows(), Discovery::no_group);
    const detail::ScaledFields scaled{table, threads};
    for (std::size_t field = 0, used = 0; field < table.fields.size(); ++field) {
        if (used < scaled.fields().size() && scaled.fields()[used] == field) {
            ++used;
        } else {
            result.idle_fields.push_back(field);
        }
    }
    std::vector<std::uint32_t> candidates;
    for (std::uint32_t row = 0; row < table.rows(); ++row) {
        if (scaled.has_known(row)) candidates.push_back(row);
    }
    const std::vector<std::uint32_t> learned =
        detail::keyed_sample(table, candidates, std::max(options.sample, options.rule_sample), options.seed);
    const std::vector<std::uint32_t> rows(
        learned.begin(), learned.begin() + static_cast<std::ptrdiff_t>(std::min(options.sample, learned.size())));
    result.sampled = rows.size();
    const detail::Points points = scaled.points(rows);

    // Partitions and valleys, the costliest first.
    for (std::size_t count = options.least; count <= options.most; ++count) {
        result.trials.push_back({});
        result.trials.back().count = count;
    }
    const std::size_t counts = result.trials.size();
    const detail::Points spread = detail::spread_steps(points, options.seed);
    std::vector<detail::Partition> partitions(counts);
    run_tasks(counts, threads, [&](std::size_t task, unsigned) {
        const std::size_t at = counts - 1 - task;
        CountTrial& trial = result.trials[at];
        if (candidates.size() < trial.count * options.least_people) return;
        partitions[at] =
            detail::k_means(points, trial.count, options.starts, options.seed, detail::cluster_stream | trial.count);
        if (partitions[at].count == 0) return;
        trial.separation = detail::least_valley(spread, partitions[at], options.starts, options.seed);
    });
    std::vector<const detail::Partition*> found;
    std::vector<std::size_t> trial_of;
    for (std::size_t trial = 0; trial < counts; ++trial) {
        if (partitions[trial].count == 0) continue;
        found.push_back(&partitions[trial]);
        trial_of.push_back(trial);
    }
    // All pairs of people: of so many at most, the first of a random order.
    constexpr std::size_t most_paired = 2000;
    std::vector<std::uint32_t> paired(std::min(most_paired, points.count()));
    std::iota(paired.begin(), paired.end(), 0U);
    const std::vector<double> silhouettes = detail::average_silhouettes(points.subset(paired), found, threads);
    for (std::size_t i = 0; i < found.size(); ++i) result.trials[trial_of[i]].silhouette = silhouettes[i];
    std::stable_sort(trial_of.begin(), trial_of.end(), [&](std::size_t a, std::size_t b) {
        return result.trials[a].silhouette > result.trials[b].silhouette;
    });

    using Outcome = CountTrial::Outcome;
    bool is_chosen = false;
    for (const std::size_t at : trial_of) {
        CountTrial& trial = result.trials[at];
        const detail::Partition& partition = partitions[at];
        if (trial.separation < options.least_separation) {
            trial.outcome = Outcome::not_separated;
            continue;
        }
        if (is_chosen) {
            trial.outcome = Outcome::less_silhouette;
            continue;
        }
        // What is far from stable after some resamples needs no more.
        constexpr std::size_t some = 20;
        constexpr double far = 0.1;
        std::vector<double> jaccards;
        std::vector<FoundGroup> groups;
        for (const std::size_t resamples : {std::min(some, options.resamples), options.resamples}) {
            detail::add_jaccards(points, partition, resamples, options.starts, options.seed, threads, jaccards);
            groups = detail::stabilities(jaccards, trial.count);
            trial.least_stability = 1;
            for (const FoundGroup& group : groups) {
                trial.least_stability = std::min(trial.least_stability, group.stability);
            }
            if (trial.least_stability < options.least_stability - far) break;
        }
        if (trial.least_stability < options.least_stability) {
            trial.outcome = Outcome::not_stable;
            continue;
        }
        std::vector<std::uint32_t> group_of = detail::assign_rows(table, scaled, partition.centres, threads);
        for (const std::uint32_t group : group_of) {
            if (group != Discovery::no_group) ++groups[group].people;
        }
        const auto has_few = [&](const FoundGroup& group) { return group.people < options.least_people; };
        if (std::any_of(groups.begin(), groups.end(), has_few)) {
            trial.outcome = Outcome::too_few_people;
            continue;
        }
        // The largest first, of equal ones that whose centre comes first.
        std::vector<std::uint32_t> order(trial.count);
        std::iota(order.begin(), order.end(), 0U);
        const auto centre = [&](std::uint32_t c) {
            return partition.centres.begin() + c * static_cast<std::ptrdiff_t>(points.fields());
        };
        std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
            if (groups[a].people != groups[b].people) return groups[a].people > groups[b].people;
            return std::lexicographical_compare(centre(a), centre(a + 1), centre(b), centre(b + 1));
        });
        std::vector<std::uint32_t> place(trial.count);
        for (std::uint32_t i = 0; i < order.size(); ++i) {
            place[order[i]] = i;
            result.groups.push_back(groups[order[i]]);
        }
        for (std::uint32_t& group : group_of) {
            if (group != Discovery::no_group) group = place[group];
        }
        result.group_of = std::move(group_of);
        trial.outcome = Outcome::chosen;
        is_chosen = true;
    }
    if (!is_chosen) return result;

    const std::vector<std::uint32_t> rule_rows(
        learned.begin(), learned.begin() + static_cast<std::ptrdiff_t>(std::min(options.rule_sample, learned.size())));
    const detail::RuleFinder finder{table, rule_rows, threads};
    run_tasks(result.groups.size(), threads, [&](std::size_t task, unsigned) {
        const auto number = static_cast<std::uint32_t>(task);
        FoundGroup& group = result.groups[task];
        std::vector<bool> wanted;
        for (const std::uint32_t row : rule_rows) wanted.push_back(result.group_of[row] == number);
        group.share = static_cast<double>(group.people) / static_cast<double>(candidates.size());
        group.rule = finder.find(wanted, options.rule);
        group.quality = quality_of(group.rule, table, [&](std::size_t row) { return result.group_of[row] == number; });
        group.condition = to_condition(group.rule, table.fields);
        group.distinctions = detail::distinctions_of(table, scaled, rows, result.group_of, number);
    });
    return result;
}

}  // namespace alloquy::segment
