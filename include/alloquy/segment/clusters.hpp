#pragma once

/// \file
/// Clusters: k-means over partly known values, and three measures of it: silhouette, dip, Jaccard.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/parallel.hpp>
#include <alloquy/score/random.hpp>
#include <alloquy/score/row_chunks.hpp>
#include <alloquy/segment/people_table.hpp>

namespace alloquy::segment {

/// The dip: how far a sample is from having one mode. The largest distance between its distribution function and the
/// nearest one with a single mode.
///
/// \param ascending  Sorted, finite; equal values may repeat. An atom may be the mode.
/// \return           In [0, 1/4]; 0 for none, one or only equal values. Two far apart groups of shares p <= q give
///                   about p / 2.
/// \throws InvalidArgument  if the values are not in order (NaN is not).
/// \par Cost    O(n), a few rounds.
/// \par Source  J. A. Hartigan, P. M. Hartigan, "The dip test of unimodality", Annals of Statistics 13 (1985),
///              pp. 70-84; P. M. Hartigan, algorithm AS 217, Applied Statistics 34 (1985), pp. 320-325.
[[nodiscard]] inline double dip(std::span<const double> ascending) {
    const std::size_t n = ascending.size();
    // Corners of the distribution function: it rises at value[i] from below[i] to above[i].
    std::vector<double> value;
    std::vector<double> below;
    std::vector<double> above;
    for (std::size_t i = 0; i < n; ++i) {
        if (!(i == 0 || ascending[i - 1] <= ascending[i]) || !detail::is_known(ascending[i])) {
            throw InvalidArgument{"dip: ascending must be sorted and known, position " + std::to_string(i)};
        }
        if (i > 0 && ascending[i] == ascending[i - 1]) {
            above.back() += 1;
        } else {
            value.push_back(ascending[i]);
            below.push_back(static_cast<double>(i));
            above.push_back(static_cast<double>(i + 1));
        }
    }
    if (value.size() < 2) return 0;

    // Corners of the greatest convex function under `y` from low to high (sign 1), or the least concave over it (-1).
    const auto hull = [&](const std::vector<double>& y, std::size_t low, std::size_t high, double sign) {
        std::vector<std::size_t> corners;
        for (std::size_t i = low; i <= high; ++i) {
            while (corners.size() >= 2) {
                const std::size_t a = corners[corners.size() - 2];
                const std::size_t b = corners.back();
                const double turn = (y[b] - y[a]) * (value[i] - value[b]) - (y[i] - y[b]) * (value[b] - value[a]);
                if (sign * turn < 0) break;  // b lies beyond the line from a to i
                corners.pop_back();
            }
            corners.push_back(i);
        }
        return corners;
    };
    const auto on_line = [&](const std::vector<double>& y, std::size_t a, std::size_t b, double at) {
        return a == b ? y[a] : y[a] + (at - value[a]) * (y[b] - y[a]) / (value[b] - value[a]);
    };

    std::size_t low = 0;
    std::size_t high = value.size() - 1;
    double largest = 1;  // twice the dip, in people; one person's step can never be smoothed away
    while (low < high) {
        const std::vector<std::size_t> convex = hull(below, low, high, 1);
        const std::vector<std::size_t> concave = hull(above, low, high, -1);
        // The largest distance between both functions lies at a corner of one of them.
        double distance = 0;
        std::size_t left = low;    // corner of the convex one at or before that place
        std::size_t right = high;  // corner of the concave one at or behind it
        std::size_t on_convex = 0;
        std::size_t on_concave = 0;
        while (on_convex < convex.size() || on_concave < concave.size()) {
            const std::size_t c = on_convex < convex.size() ? convex[on_convex] : high + 1;
            const std::size_t v = on_concave < concave.size() ? concave[on_concave] : high + 1;
            const std::size_t at = std::min(c, v);
            if (c == at) ++on_convex;
            if (v == at) ++on_concave;
            const std::size_t c0 = convex[on_convex - 1];
            const std::size_t c1 = c == at ? c0 : convex[on_convex];
            const std::size_t v0 = concave[on_concave - 1];
            const std::size_t v1 = v == at ? v0 : concave[on_concave];
            const double between = on_line(above, v0, v1, value[at]) - on_line(below, c0, c1, value[at]);
            if (between > distance) {
                distance = between;
                left = c0;
                right = v1;
            }
        }
        if (distance <= largest) break;
        // How far the function leaves the convex one left of there, and the concave one right of there. The ends
        // themselves may be the mode, where a step is free; if they are not, the next round counts them.
        for (std::size_t k = 0; k + 1 < convex.size() && convex[k] < left; ++k) {
            for (std::size_t i = convex[k]; i <= convex[k + 1] && i < left; ++i) {
                largest = std::max(largest, above[i] - on_line(below, convex[k], convex[k + 1], value[i]));
            }
        }
        for (std::size_t k = concave.size() - 1; k > 0 && concave[k] > right; --k) {
            for (std::size_t i = std::max(concave[k - 1], right + 1); i <= concave[k]; ++i) {
                largest = std::max(largest, on_line(above, concave[k - 1], concave[k], value[i]) - below[i]);
            }
        }
        if (left == low && right == high) break;
        if (left > right) break;  // the modal interval is a point
        low = left;
        high = right;
    }
    return largest / (2 * static_cast<double>(n));
}

/// Jaccard's coefficient of two sets: the size of what both hold by the size of what one of them holds.
/// \param a, b  For each member of the whole, whether the set holds it. Shapes equal.
/// \return      In [0, 1]; 1 for two empty sets.
/// \throws InvalidArgument  if the shapes differ.
[[nodiscard]] inline double jaccard(const std::vector<bool>& a, const std::vector<bool>& b) {
    if (a.size() != b.size()) {
        throw InvalidArgument{"jaccard: b must have " + std::to_string(a.size()) + " members, got " +
                              std::to_string(b.size())};
    }
    std::size_t both = 0;
    std::size_t either = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        both += a[i] && b[i] ? 1U : 0U;
        either += a[i] || b[i] ? 1U : 0U;
    }
    return either == 0 ? 1 : static_cast<double>(both) / static_cast<double>(either);
}

namespace detail {

/// Points of which some coordinates are unknown; field by field, padded to whole blocks.
class Points {
public:
    static constexpr std::size_t block = 64;

    Points(std::size_t count, std::size_t fields)
        : count_{count},
          fields_{fields},
          stride_{(count + block - 1) / block * block},
          values_(stride_ * fields, 0.0),
          known_(stride_ * fields, 0.0) {}

    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] std::size_t fields() const noexcept { return fields_; }
    [[nodiscard]] std::size_t blocks() const noexcept { return stride_ / block; }
    /// Pointer to the values of a field; 0 where unknown.
    [[nodiscard]] const double* values(std::size_t field) const noexcept { return values_.data() + field * stride_; }
    /// Pointer to 1 where the field is known and 0 where not.
    [[nodiscard]] const double* known(std::size_t field) const noexcept { return known_.data() + field * stride_; }
    void set(std::size_t point, std::size_t field, double value) noexcept {
        values_[field * stride_ + point] = is_known(value) ? value : 0;
        known_[field * stride_ + point] = is_known(value) ? 1 : 0;
    }
    /// Some of the points, in this order.
    [[nodiscard]] Points subset(const std::vector<std::uint32_t>& chosen) const {
        Points part{chosen.size(), fields_};
        for (std::size_t field = 0; field < fields_; ++field) {
            for (std::size_t i = 0; i < chosen.size(); ++i) {
                part.values_[field * part.stride_ + i] = values(field)[chosen[i]];
                part.known_[field * part.stride_ + i] = known(field)[chosen[i]];
            }
        }
        return part;
    }
    /// Squared distances of a block of points to a place, over the fields that are known.
    /// \param place  Shape (fields).
    void squared_distances(std::size_t of_block, const double* place, std::array<double, block>& out) const noexcept {
        out.fill(0.0);
        for (std::size_t field = 0; field < fields_; ++field) {
            const double* const v = values(field) + of_block * block;
            const double* const k = known(field) + of_block * block;
            const double at = place[field];
            for (std::size_t i = 0; i < block; ++i) {
                const double difference = (v[i] - at) * k[i];
                out[i] += difference * difference;
            }
        }
    }

private:
    std::size_t count_;
    std::size_t fields_;
    std::size_t stride_;
    std::vector<double> values_;
    std::vector<double> known_;
};

/// A partition of points by their nearest centre.
struct Partition {
    std::vector<double> centres;             ///< Shape (count, fields).
    std::vector<std::uint32_t> assignments;  ///< Shape (points).
    double loss = 0;                         ///< Sum of squared distances to the own centre.
    std::size_t count = 0;                   ///< 0: fewer different points than centres were asked for.
};

/// Gives each point its nearest centre, of several the first.
/// \return  The sum of squared distances. nearest: shape (points).
inline double assign_nearest(const Points& points, const std::vector<double>& centres,
                             std::vector<std::uint32_t>& assignments, std::vector<double>& nearest) {
    const std::size_t count = centres.size() / points.fields();
    double loss = 0;
    std::array<double, Points::block> found{};
    std::array<double, Points::block> least{};
    std::array<std::uint32_t, Points::block> owner{};
    for (std::size_t b = 0; b < points.blocks(); ++b) {
        least.fill(std::numeric_limits<double>::infinity());
        for (std::size_t c = 0; c < count; ++c) {
            points.squared_distances(b, centres.data() + c * points.fields(), found);
            for (std::size_t i = 0; i < Points::block; ++i) {
                const bool is_nearer = found[i] < least[i];
                owner[i] = is_nearer ? static_cast<std::uint32_t>(c) : owner[i];
                least[i] = is_nearer ? found[i] : least[i];
            }
        }
        const std::size_t end = std::min(points.count(), (b + 1) * Points::block);
        for (std::size_t point = b * Points::block; point < end; ++point) {
            assignments[point] = owner[point % Points::block];
            nearest[point] = least[point % Points::block];
            loss += nearest[point];
        }
    }
    return loss;
}

/// Means over what is known in each cluster; where nothing is, over all points.
inline void move_centres(const Points& points, const std::vector<std::uint32_t>& assignments, std::size_t count,
                         std::vector<double>& centres) {
    std::vector<double> sums(count);
    std::vector<double> weights(count);
    for (std::size_t field = 0; field < points.fields(); ++field) {
        std::fill(sums.begin(), sums.end(), 0.0);
        std::fill(weights.begin(), weights.end(), 0.0);
        const double* const values = points.values(field);
        const double* const known = points.known(field);
        for (std::size_t i = 0; i < points.count(); ++i) {
            sums[assignments[i]] += values[i];  // 0 where unknown
            weights[assignments[i]] += known[i];
        }
        double sum = 0;
        double weight = 0;
        for (std::size_t c = 0; c < count; ++c) {
            sum += sums[c];
            weight += weights[c];
        }
        for (std::size_t c = 0; c < count; ++c) {
            centres[c * points.fields() + field] =
                weights[c] > 0 ? sums[c] / weights[c] : (weight > 0 ? sum / weight : 0.0);
        }
    }
}

inline void place_centre(const Points& points, std::size_t point, std::size_t centre, std::vector<double>& centres) {
    for (std::size_t field = 0; field < points.fields(); ++field) {
        if (points.known(field)[point] != 0) {
            centres[centre * points.fields() + field] = points.values(field)[point];
        }
    }
}

/// Squared distances to the nearest centre once there is a further one. Shape (points). Returns their sum.
inline double approach(const Points& points, const double* place, const std::vector<double>& nearest,
                       std::vector<double>& nearer) {
    std::array<double, Points::block> found{};
    double sum = 0;
    for (std::size_t b = 0; b < points.blocks(); ++b) {
        points.squared_distances(b, place, found);
        const std::size_t end = std::min(points.count(), (b + 1) * Points::block);
        for (std::size_t i = b * Points::block; i < end; ++i) {
            nearer[i] = std::min(nearest[i], found[i % Points::block]);
            sum += nearer[i];
        }
    }
    return sum;
}

/// k-means: centres with a small sum of squared distances over the known fields.
///
/// Each start draws centres by k-means++ (each time the best of some draws) and moves them (Lloyd) until no point
/// changes, at most 100 times; the start with the least sum counts, of equal ones the first. A cluster that loses all
/// points takes the farthest point. An unknown field of a drawn centre takes the mean of all. \param stream  Of
/// score::random_bits(): one for each call under one seed. \par Cost    O(starts rounds points count fields). \par
/// Source  S. P. Lloyd, IEEE Trans. Inf. Theory 28 (1982), pp. 129-137; D. Arthur, S. Vassilvitskii,
///              "k-means++: the advantages of careful seeding", SODA 2007; partly known points: J. T. Chi, E. C. Chi,
///              R. G. Baraniuk, "k-POD: a method for k-means clustering of missing data", American Statistician 70
///              (2016), pp. 91-99.
[[nodiscard]] inline Partition k_means(const Points& points, std::size_t count, std::size_t starts, std::uint64_t seed,
                                       std::uint64_t stream) {
    constexpr std::size_t most_rounds = 100;
    Partition best;
    const std::size_t n = points.count();
    if (n < count || count == 0) return best;
    std::vector<double> mean(points.fields());
    move_centres(points, std::vector<std::uint32_t>(n, 0), 1, mean);
    std::vector<double> place(points.fields());
    std::vector<double> nearest(n);
    std::vector<double> nearer(n);
    std::vector<double> nearest_then(n);
    std::size_t draws = 2;  // 2 + log2(count), as scikit-learn does with the natural logarithm
    for (std::size_t left = count; left > 1; left /= 2) ++draws;
    for (std::size_t start = 0; start < starts; ++start) {
        Partition now;
        now.count = count;
        for (std::size_t c = 0; c < count; ++c) now.centres.insert(now.centres.end(), mean.begin(), mean.end());
        now.assignments.assign(n, 0);
        std::uint64_t counter = static_cast<std::uint64_t>(start) << 32U;
        place_centre(points, score::random_below(seed, stream, counter++, n), 0, now.centres);
        std::fill(nearest.begin(), nearest.end(), std::numeric_limits<double>::infinity());
        double total = approach(points, now.centres.data(), nearest, nearest);
        for (std::size_t c = 1; c < count; ++c) {
            if (!(total > 0)) return best;  // fewer different points than centres
            double least = std::numeric_limits<double>::infinity();
            std::size_t chosen = 0;
            for (std::size_t draw = 0; draw < draws; ++draw) {
                double left = score::random_fraction(seed, stream, counter++) * total;
                std::size_t drawn = 0;
                for (std::size_t i = 0; i < n; ++i) {
                    if (nearest[i] <= 0) continue;
                    drawn = i;
                    left -= nearest[i];
                    if (left < 0) break;
                }
                std::copy(mean.begin(), mean.end(), place.begin());
                place_centre(points, drawn, 0, place);
                const double then = approach(points, place.data(), nearest, nearer);
                if (then >= least) continue;
                least = then;
                chosen = drawn;
                std::swap(nearest_then, nearer);
            }
            place_centre(points, chosen, c, now.centres);
            std::swap(nearest, nearest_then);
            total = least;
        }
        std::vector<std::uint32_t> before;
        for (std::size_t round = 0; round < most_rounds; ++round) {
            now.loss = assign_nearest(points, now.centres, now.assignments, nearest);
            std::vector<std::size_t> sizes(count);
            for (const std::uint32_t owner : now.assignments) ++sizes[owner];
            for (std::size_t c = 0; c < count; ++c) {
                if (sizes[c] > 0) continue;
                const auto farthest =
                    static_cast<std::size_t>(std::max_element(nearest.begin(), nearest.end()) - nearest.begin());
                --sizes[now.assignments[farthest]];
                now.assignments[farthest] = static_cast<std::uint32_t>(c);
                nearest[farthest] = 0;
                sizes[c] = 1;
            }
            if (now.assignments == before) break;
            before = now.assignments;
            move_centres(points, now.assignments, count, now.centres);
        }
        now.loss = assign_nearest(points, now.centres, now.assignments, nearest);
        if (best.count == 0 || now.loss < best.loss) best = std::move(now);
    }
    return best;
}

/// Average silhouette width of several partitions of the same points. Shape (partitions).
///
/// A point's width is (b - a) / max(a, b): a the mean distance to the others of its cluster, b the least mean distance
/// to another cluster; 0 for a cluster of one. Distances of partly known points are Euclidean over the fields known of
/// both, scaled up to all fields (J. K. Dixon, IEEE Trans. SMC 9 (1979), pp. 617-621); two people with no field in
/// common have no distance and are left out.
/// \param partitions  Each with count >= 2, of these points or of more that begin with them.
/// \par Cost    O(points^2 (fields + partitions)).
/// \par Source  P. J. Rousseeuw, "Silhouettes", J. Comput. Appl. Math. 20 (1987), pp. 53-65.
[[nodiscard]] inline std::vector<double> average_silhouettes(const Points& points,
                                                             const std::vector<const Partition*>& partitions,
                                                             unsigned threads) {
    const std::size_t n = points.count();
    const score::detail::RowChunks chunks{n, 64};
    std::vector<double> sums(chunks.count() * partitions.size());
    const auto all_fields = static_cast<double>(points.fields());
    score::detail::for_each_chunk(chunks, threads, [&](std::size_t chunk) {
        std::vector<double> distances(points.blocks() * Points::block);
        std::vector<double> common(distances.size());
        std::vector<double> place(points.fields());
        std::vector<double> total;
        std::vector<double> people;
        for (std::size_t i = chunks.begin(chunk); i < chunks.end(chunk); ++i) {
            for (std::size_t b = 0; b < points.blocks(); ++b) {
                double* const out = distances.data() + b * Points::block;
                double* const shared = common.data() + b * Points::block;
                std::fill(out, out + Points::block, 0.0);
                std::fill(shared, shared + Points::block, 0.0);
                for (std::size_t field = 0; field < points.fields(); ++field) {
                    const double own = points.known(field)[i];
                    const double at = points.values(field)[i];
                    const double* const v = points.values(field) + b * Points::block;
                    const double* const k = points.known(field) + b * Points::block;
                    for (std::size_t j = 0; j < Points::block; ++j) {
                        const double both = own * k[j];
                        const double difference = (v[j] - at) * both;
                        out[j] += difference * difference;
                        shared[j] += both;
                    }
                }
                for (std::size_t j = 0; j < Points::block; ++j) {
                    out[j] = shared[j] > 0 ? std::sqrt(out[j] * (all_fields / shared[j])) : 0.0;
                    shared[j] = shared[j] > 0 ? 1.0 : 0.0;
                }
            }
            common[i] = 0;  // not with itself
            for (std::size_t p = 0; p < partitions.size(); ++p) {
                const Partition& partition = *partitions[p];
                total.assign(partition.count, 0.0);
                people.assign(partition.count, 0.0);
                for (std::size_t j = 0; j < n; ++j) {
                    total[partition.assignments[j]] += distances[j];
                    people[partition.assignments[j]] += common[j];
                }
                const std::uint32_t own = partition.assignments[i];
                if (people[own] <= 0) continue;  // alone: 0
                const double within = total[own] / people[own];
                double between = std::numeric_limits<double>::infinity();
                for (std::size_t c = 0; c < partition.count; ++c) {
                    if (c != own && people[c] > 0) between = std::min(between, total[c] / people[c]);
                }
                if (between == std::numeric_limits<double>::infinity()) continue;
                const double larger = std::max(within, between);
                if (larger > 0) sums[chunk * partitions.size() + p] += (between - within) / larger;
            }
        }
    });
    std::vector<double> averages(partitions.size());
    for (std::size_t chunk = 0; chunk < chunks.count(); ++chunk) {
        for (std::size_t p = 0; p < partitions.size(); ++p) averages[p] += sums[chunk * partitions.size() + p];
    }
    for (double& average : averages) average /= static_cast<double>(n);
    return averages;
}

}  // namespace detail

}  // namespace alloquy::segment
