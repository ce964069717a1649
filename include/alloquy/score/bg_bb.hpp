#pragma once

/// \file
/// BG/BB: from which of a row of occasions somebody took, whether they are still active and what is to be expected.
///
/// The model, for things that can be done once per occasion (a yearly gift, an open day): before each occasion an
/// active person drops out for good with an own probability; who is active then takes the occasion with another own
/// probability. Probabilities to take are Beta(alpha, beta), to drop out Beta(gamma, delta), independent over people.
/// What brought the person in is not an occasion.
///
/// Source of all formulas: P. Fader, B. Hardie, J. Shang, "Customer-base analysis in a discrete-time noncontractual
/// setting", Marketing Science 29(6), 2010, pp. 1086-1108. Sums are taken relative to their first or largest term, so
/// that large counts neither overflow nor vanish. Results have the same bits for any compiler and number of threads.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/score/distinct_counts.hpp>
#include <alloquy/score/elementary.hpp>
#include <alloquy/score/maximise.hpp>
#include <alloquy/score/row_chunks.hpp>
#include <alloquy/score/special.hpp>

namespace alloquy::score {

/// Parameters of the BG/BB model, each in [1e-10, 1e10].
struct BgBbParameters {
    double alpha;  ///< Beta distribution of the probability to take an occasion; its mean is alpha / (alpha + beta).
    double beta;   ///< The same.
    double gamma;  ///< Beta distribution of the probability to drop out before an occasion.
    double delta;  ///< The same.

    friend bool operator==(const BgBbParameters&, const BgBbParameters&) = default;
};

/// Most occasions that a record or a question may have.
inline constexpr std::uint32_t most_occasions = 1'000'000;

/// What the model needs of one person.
struct OccasionRecord {
    std::uint32_t taken;    ///< x: occasions taken, at most `last`.
    std::uint32_t last;     ///< t_x: number of the last one taken, counted from 1; 0 if there is none.
    std::uint32_t offered;  ///< n: occasions that there were, in [last, 1e6].

    friend bool operator==(const OccasionRecord&, const OccasionRecord&) = default;
};

/// Many people, column by column. The spans are the caller's and must outlive the call.
struct OccasionRecords {
    std::span<const std::uint32_t> taken;    ///< Shape (n).
    std::span<const std::uint32_t> last;     ///< Shape (n).
    std::span<const std::uint32_t> offered;  ///< Shape (n).
    /// Shape (n) or empty: how many equal people row i stands for, finite and >= 0. Only a likelihood and a fit look at
    /// it; what is told of each row holds for one person.
    std::span<const double> weights = {};
};

/// What fit_bg_bb() may do.
struct BgBbOptions {
    /// >= 0: this times the sum of the squared parameters is taken from the mean log-likelihood of a person.
    double penalty = 0;
    unsigned max_iterations = 200;  ///< >= 1; 6 to 12 are usual.
    /// In (0, 0.01]: done when the next step would change no parameter by more than this fraction.
    double tolerance = 1e-9;
    unsigned threads = 1;  ///< >= 1; the result is the same for any number.
};

/// A fitted model.
struct BgBbFit {
    BgBbParameters parameters;
    double log_likelihood;  ///< Of all people, without the penalty.
    /// Of alpha, beta, gamma and delta: from the observed information (with the penalty, if there is one) in the
    /// logarithms of the parameters, by the delta method.
    std::array<double, 4> standard_errors;
    std::array<std::array<double, 4>, 4> covariance;  ///< Of alpha, beta, gamma and delta.
    unsigned iterations;
    double people;  ///< Sum of the weights.
};

/// Refuses parameters out of range: what functions of this header do first.
/// \throws InvalidArgument  naming the first one, if one is not in [1e-10, 1e10].
inline void check(const BgBbParameters& parameters) {
    for (const auto& [value, name] : {std::pair{parameters.alpha, "alpha"},
                                      {parameters.beta, "beta"},
                                      {parameters.gamma, "gamma"},
                                      {parameters.delta, "delta"}}) {
        if (value >= 1e-10 && value <= 1e10) continue;  // NaN is not
        throw InvalidArgument{std::string{"BgBbParameters: "} + name + " must be in [1e-10, 1e10], got " +
                              std::to_string(value)};
    }
}

namespace detail {

using score::check;  // of the parameters

[[nodiscard]] inline bool is_possible(const OccasionRecord& person) noexcept {
    return person.taken <= person.last && person.last <= person.offered && person.offered <= most_occasions &&
           (person.taken > 0 || person.last == 0);
}

inline constexpr const char* possible_record =
    "needs taken <= last <= offered <= 1000000, and last = 0 where taken = 0";

inline void check(const OccasionRecord& person, const char* function) {
    if (!is_possible(person)) throw InvalidArgument{std::string{function} + ": " + possible_record};
}

inline void check(const OccasionRecords& people, unsigned threads, const char* function) {
    const std::size_t count = people.taken.size();
    if (people.last.size() != count || people.offered.size() != count ||
        (!people.weights.empty() && people.weights.size() != count)) {
        throw InvalidArgument{std::string{function} + ": taken, last, offered and weights must have the same length"};
    }
    if (threads == 0) throw InvalidArgument{std::string{function} + ": threads must be >= 1"};
    for (std::size_t i = 0; i < count; ++i) {
        if (is_possible(OccasionRecord{people.taken[i], people.last[i], people.offered[i]})) continue;
        throw InvalidArgument{std::string{function} + ": row " + std::to_string(i) + " " + possible_record};
    }
    for (std::size_t i = 0; i < people.weights.size(); ++i) {
        if (people.weights[i] >= 0 && people.weights[i] <= 1e100) continue;
        throw InvalidArgument{std::string{function} + ": weight " + std::to_string(i) + " must be in [0, 1e100]"};
    }
}

inline void check_occasions(std::uint32_t occasions, const char* function, const char* what) {
    if (occasions <= most_occasions) return;
    throw InvalidArgument{std::string{function} + ": " + what + " must be at most 1000000, got " +
                          std::to_string(occasions)};
}

/// The likelihood of a record as a sum over the last occasion s before which the person was active: the term of
/// s = last is 1, all others are relative to it.
struct OccasionSum {
    double all;     ///< Of s from last to n.
    double active;  ///< The term of s = n: active at the last occasion there was.
};
[[nodiscard]] inline OccasionSum occasion_sum(const BgBbParameters& parameters, const OccasionRecord& person) noexcept {
    const auto [alpha, beta, gamma, delta] = parameters;
    const double not_taken = beta - static_cast<double>(person.taken);
    double term = 1;
    double gone = 0;
    for (std::uint32_t s = person.last; s < person.offered; ++s) {
        const auto at = static_cast<double>(s);
        gone += term;
        term *= (not_taken + at) * (delta + at) / ((alpha + beta + at) * (gamma + delta + 1.0 + at));
    }
    const double active = term * ((gamma + delta + static_cast<double>(person.offered)) / gamma);
    return {gone + active, active};
}

/// Probability of being active at the last occasion there was.
[[nodiscard]] inline double active_at_last(const BgBbParameters& parameters, const OccasionRecord& person) noexcept {
    const OccasionSum sum = occasion_sum(parameters, person);
    return sum.active / sum.all;
}

/// Mean probability of taking an occasion, of somebody who was active at all occasions there were.
[[nodiscard]] inline double mean_to_take(const BgBbParameters& parameters, const OccasionRecord& person) noexcept {
    return (parameters.alpha + static_cast<double>(person.taken)) /
           (parameters.alpha + parameters.beta + static_cast<double>(person.offered));
}

/// Probabilities that somebody active at occasion n is active at occasions n + 1 to n + ahead.
struct StillActive {
    double last = 1;
    double sum = 0;
};
[[nodiscard]] inline StillActive still_active(const BgBbParameters& parameters, std::uint32_t offered,
                                              std::uint32_t ahead) noexcept {
    StillActive still;
    for (std::uint32_t j = 0; j < ahead; ++j) {
        const double at = parameters.delta + (static_cast<double>(offered) + static_cast<double>(j));
        still.last *= at / (parameters.gamma + at);
        still.sum += still.last;
    }
    return still;
}

/// tell(probability of being active at the last occasion, record, what follows) of each row.
template <class Tell>
[[nodiscard]] std::vector<double> of_each(const BgBbParameters& parameters, const OccasionRecords& people,
                                          std::uint32_t ahead, unsigned threads, const Tell& tell) {
    const DistinctCounts offered{people.offered};
    std::vector<StillActive> still;
    still.reserve(offered.values().size());
    for (const std::uint32_t n : offered.values()) still.push_back(still_active(parameters, n, ahead));
    std::vector<double> result(people.taken.size());
    const RowChunks chunks{result.size()};
    for_each_chunk(chunks, threads, [&](std::size_t chunk) {
        for (std::size_t i = chunks.begin(chunk); i < chunks.end(chunk); ++i) {
            const OccasionRecord person{people.taken[i], people.last[i], people.offered[i]};
            result[i] = tell(active_at_last(parameters, person), person, still[offered.number_of(person.offered)]);
        }
    });
    return result;
}

/// The log-likelihood of many people with its derivatives, prepared for many parameters: equal records are counted
/// once.
class BgBbLikelihood {
public:
    BgBbLikelihood(const OccasionRecords& people, unsigned threads) : threads_{threads} {
        for (const std::uint32_t offered : people.offered) most_ = std::max(most_, offered);
        const auto weight_of = [&](std::size_t i) { return people.weights.empty() ? 1.0 : people.weights[i]; };
        const std::size_t side = std::size_t{most_} + 1;
        // Both ways give the records in the same order, and sum the weights of equal ones in the caller's order.
        if (most_ < 64) {
            std::vector<double> weights(side * side * side);
            for (std::size_t i = 0; i < people.taken.size(); ++i) {
                weights[(people.offered[i] * side + people.taken[i]) * side + people.last[i]] += weight_of(i);
            }
            for (std::size_t at = 0; at < weights.size(); ++at) {
                add(at / side / side, at / side % side, at % side, weights[at]);
            }
        } else {
            std::vector<std::pair<std::uint64_t, double>> keys;
            keys.reserve(people.taken.size());
            for (std::size_t i = 0; i < people.taken.size(); ++i) {
                keys.emplace_back((std::uint64_t{people.offered[i]} << 40U) | (std::uint64_t{people.taken[i]} << 20U) |
                                      people.last[i],
                                  weight_of(i));
            }
            std::stable_sort(keys.begin(), keys.end(),
                             [](const auto& one, const auto& other) { return one.first < other.first; });
            for (std::size_t i = 0; i < keys.size();) {
                const std::uint64_t key = keys[i].first;
                double weight = 0;
                for (; i < keys.size() && keys[i].first == key; ++i) weight += keys[i].second;
                add(key >> 40U, (key >> 20U) & 0xFFFFFU, key & 0xFFFFFU, weight);
            }
        }
        for (const Cell& cell : cells_) {
            people_ += cell.weight;
            taken_ += cell.weight * static_cast<double>(cell.taken);
        }
    }

    [[nodiscard]] std::uint32_t most_offered() const noexcept { return most_; }
    [[nodiscard]] double people() const noexcept { return people_; }
    [[nodiscard]] double taken() const noexcept { return taken_; }

    /// Log-likelihood and derivatives, by alpha, beta, gamma and delta.
    [[nodiscard]] Curvature at(const std::array<double, 4>& parameters) const {
        const auto [alpha, beta, gamma, delta] = parameters;
        const Steps by_alpha = steps_from(alpha);
        const Steps by_beta = steps_from(beta);
        const Steps by_both = steps_from(alpha + beta);
        const Steps by_delta = steps_from(delta);
        const Steps by_gamma_delta = steps_from(gamma + delta);
        const Tables tables{by_alpha, by_beta, by_both, by_delta, by_gamma_delta, 1.0 / gamma, log(gamma)};
        const RowChunks chunks{cells_.size(), cells_per_chunk};
        std::vector<Curvature> parts(chunks.count());
        for_each_chunk(chunks, threads_, [&](std::size_t chunk) {
            std::vector<double> logs;
            for (std::size_t i = chunks.begin(chunk); i < chunks.end(chunk); ++i) {
                add_cell(cells_[i], tables, logs, parts[chunk]);
            }
        });
        Curvature sum;
        for (const Curvature& part : parts) {
            sum.value += part.value;
            for (std::size_t i = 0; i < 4; ++i) {
                sum.gradient[i] += part.gradient[i];
                for (std::size_t j = i; j < 4; ++j) sum.hessian[i][j] += part.hessian[i][j];
            }
        }
        for (std::size_t i = 0; i < 4; ++i) {
            for (std::size_t j = 0; j < i; ++j) sum.hessian[i][j] = sum.hessian[j][i];
        }
        return sum;
    }

private:
    static constexpr std::size_t cells_per_chunk = 256;

    struct Cell {
        std::uint32_t taken;
        std::uint32_t last;
        std::uint32_t offered;
        double weight;
    };
    /// log Gamma(base + k) - log Gamma(base), and its derivatives by base, for k = 0, 1, ...
    struct Step {
        double value;
        double first;
        double second;
    };
    using Steps = std::vector<Step>;
    struct Tables {
        const Steps& alpha;
        const Steps& beta;
        const Steps& both;
        const Steps& delta;
        const Steps& gamma_delta;
        double inverse_gamma;
        double log_gamma;
    };

    void add(std::uint64_t offered, std::uint64_t taken, std::uint64_t last, double weight) {
        if (weight == 0) return;
        cells_.push_back({static_cast<std::uint32_t>(taken), static_cast<std::uint32_t>(last),
                          static_cast<std::uint32_t>(offered), weight});
    }
    [[nodiscard]] Steps steps_from(double base) const {
        Steps steps(std::size_t{most_} + 1);
        Step sum{0, 0, 0};
        for (std::size_t k = 0; k < steps.size(); ++k) {
            steps[k] = sum;
            const double factor = base + static_cast<double>(k);
            const double inverse = 1.0 / factor;
            sum.value += log(factor);
            sum.first += inverse;
            sum.second -= inverse * inverse;
        }
        return steps;
    }

    /// Adds one cell: the logarithm of a sum, whose derivatives are mixtures of those of its terms.
    static void add_cell(const Cell& cell, const Tables& tables, std::vector<double>& logs, Curvature& sum) {
        const std::size_t x = cell.taken;
        const std::size_t n = cell.offered;
        logs.clear();
        double largest = -std::numeric_limits<double>::infinity();
        for (std::size_t s = cell.last; s <= n; ++s) {
            double value = tables.beta[s - x].value - tables.both[s].value + tables.delta[s].value;
            // B(gamma + 1, delta + s) where the person dropped out before occasion s + 1, B(gamma, delta + n) else.
            if (s < n) {
                value += tables.log_gamma - tables.gamma_delta[s + 1].value;
            } else {
                value -= tables.gamma_delta[s].value;
            }
            logs.push_back(value);
            largest = std::max(largest, value);
        }
        double total = 0;
        for (double& value : logs) {
            value = exp(value - largest);
            total += value;
        }
        const double inverse_total = 1.0 / total;
        std::array<double, 4> mean{};
        std::array<double, 10> square{};  // upper triangle, row by row
        for (std::size_t s = cell.last; s <= n; ++s) {
            const double share = logs[s - cell.last] * inverse_total;
            const bool is_gone = s < n;
            const Step& both = tables.both[s];
            const Step& end = tables.gamma_delta[is_gone ? s + 1 : s];
            const std::array<double, 4> first{tables.alpha[x].first - both.first, tables.beta[s - x].first - both.first,
                                              (is_gone ? tables.inverse_gamma : 0.0) - end.first,
                                              tables.delta[s].first - end.first};
            const double gone_second = is_gone ? tables.inverse_gamma * tables.inverse_gamma : 0.0;
            for (std::size_t i = 0; i < 4; ++i) mean[i] += share * first[i];
            square[0] += share * (first[0] * first[0] + tables.alpha[x].second - both.second);
            square[1] += share * (first[0] * first[1] - both.second);
            square[2] += share * (first[0] * first[2]);
            square[3] += share * (first[0] * first[3]);
            square[4] += share * (first[1] * first[1] + tables.beta[s - x].second - both.second);
            square[5] += share * (first[1] * first[2]);
            square[6] += share * (first[1] * first[3]);
            square[7] += share * (first[2] * first[2] - gone_second - end.second);
            square[8] += share * (first[2] * first[3] - end.second);
            square[9] += share * (first[3] * first[3] + tables.delta[s].second - end.second);
        }
        sum.value += cell.weight * (tables.alpha[x].value + largest + log(total));
        std::size_t at = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            sum.gradient[i] += cell.weight * mean[i];
            for (std::size_t j = i; j < 4; ++j) {
                sum.hessian[i][j] += cell.weight * (square[at] - mean[i] * mean[j]);
                ++at;
            }
        }
    }

    std::vector<Cell> cells_{};
    unsigned threads_;
    std::uint32_t most_ = 0;
    double people_ = 0;
    double taken_ = 0;
};

}  // namespace detail

/// Log-likelihood of one person: the logarithm of the probability of one row of taken and missed occasions with this
/// count and last one.
///
/// \throws InvalidArgument  if a parameter or the record is out of range.
/// \par Cost    O(offered - last).
/// \par Source  Eq. (5) of the paper.
[[nodiscard]] inline double log_likelihood(const BgBbParameters& parameters, const OccasionRecord& person) {
    detail::check(parameters);
    detail::check(person, "log_likelihood");
    const auto [alpha, beta, gamma, delta] = parameters;
    const auto x = static_cast<double>(person.taken);
    const auto last = static_cast<double>(person.last);
    const double first = (log_beta(alpha + x, beta + (last - x)) - log_beta(alpha, beta)) +
                         (log_beta(gamma + 1.0, delta + last) - log_beta(gamma, delta));
    return first + log(detail::occasion_sum(parameters, person).all);
}

/// Log-likelihood of many people, each times its weight.
///
/// \param threads  >= 1; the sum has the same bits for any number.
/// \return  0 for no people.
/// \throws InvalidArgument  if a parameter or a row is out of range, or the lengths differ.
/// \par Cost  Equal records are counted once: some ns per row where there are fewer than 64 occasions, a sort else, and
///            some 40 ns for each occasion from the last one taken, for each distinct record.
[[nodiscard]] inline double log_likelihood(const BgBbParameters& parameters, const OccasionRecords& people,
                                           unsigned threads = 1) {
    detail::check(parameters);
    detail::check(people, threads, "log_likelihood");
    return detail::BgBbLikelihood{people, threads}
        .at({parameters.alpha, parameters.beta, parameters.gamma, parameters.delta})
        .value;
}

/// The parameters under which what was seen is most likely.
///
/// Newton's method in the logarithms of the parameters with exact first and second derivatives, damped where need be.
/// Few data can have several local maxima: it takes the highest that it finds from alpha = beta = gamma = 1, delta = 3;
/// from 1/2 for all; from 1/10 for all; and from alpha = beta = delta = 3, gamma = 3/10.
///
/// \param people   At least 2 (sum of the weights); somebody had at least 3 occasions.
/// \throws InvalidArgument  if a row or an option is out of range, the lengths differ, or there are too little data:
///                          nobody took an occasion, or a likelihood without a maximum (a parameter goes to 0 or grows
///                          without end, as it does where people do not differ, or nobody drops out).
/// \throws Error            without convergence after max_iterations.
/// \par Cost    Some 30 times that of log_likelihood() over the distinct records.
/// \par Source  Eq. (5) of the paper.
[[nodiscard]] inline BgBbFit fit_bg_bb(const OccasionRecords& people, const BgBbOptions& options = {}) {
    detail::check(people, options.threads, "fit_bg_bb");
    detail::check_options("fit_bg_bb", options.penalty, options.tolerance, options.max_iterations);
    const detail::BgBbLikelihood likelihood{people, options.threads};
    if (!(likelihood.people() >= 2)) throw InvalidArgument{"fit_bg_bb: too little data: needs at least 2 people"};
    if (!(likelihood.taken() > 0)) {
        throw InvalidArgument{"fit_bg_bb: too little data: nobody took an occasion, so the likelihood has no maximum"};
    }
    if (likelihood.most_offered() < 3) {
        throw InvalidArgument{"fit_bg_bb: too little data: four parameters need people with at least 3 occasions"};
    }
    const double penalty = options.penalty * likelihood.people();
    const detail::Search search{
        "fit_bg_bb", {"alpha", "beta", "gamma", "delta"}, options.max_iterations, options.tolerance};
    const std::array<std::array<double, 4>, 4> starts{
        {{1.0, 1.0, 1.0, 3.0}, {0.5, 0.5, 0.5, 0.5}, {0.1, 0.1, 0.1, 0.1}, {3.0, 3.0, 0.3, 3.0}}};
    const detail::Maximum found = detail::maximise(search, starts, true, [&](const std::array<double, 4>& p) {
        detail::Curvature sum = likelihood.at(p);
        for (std::size_t i = 0; i < 4; ++i) {
            sum.value -= penalty * p[i] * p[i];
            sum.gradient[i] -= 2 * penalty * p[i];
            sum.hessian[i][i] -= 2 * penalty;
        }
        return sum;
    });
    BgBbFit fit{{found.parameters[0], found.parameters[1], found.parameters[2], found.parameters[3]},
                found.at.value,
                {},
                found.covariance,
                found.iterations,
                likelihood.people()};
    for (std::size_t i = 0; i < 4; ++i) {
        fit.log_likelihood += penalty * found.parameters[i] * found.parameters[i];
        fit.standard_errors[i] = std::sqrt(fit.covariance[i][i]);
    }
    return fit;
}

/// Probability that somebody is active at occasion offered + ahead.
///
/// \param ahead  In [0, 1e6]. 1 asks for the next occasion, as the paper's P(alive at n + 1) does, and counts the
///               drop-out that may come before it; 0 asks for the last occasion that there was.
/// \return       In [0, 1].
/// \throws InvalidArgument  if a parameter, the record or `ahead` is out of range.
/// \par Cost     O(offered - last + ahead).
/// \par Source   Eq. (11) and (A10) of the paper.
[[nodiscard]] inline double p_active(const BgBbParameters& parameters, const OccasionRecord& person,
                                     std::uint32_t ahead = 1) {
    detail::check(parameters);
    detail::check(person, "p_active");
    detail::check_occasions(ahead, "p_active", "ahead");
    return detail::active_at_last(parameters, person) * detail::still_active(parameters, person.offered, ahead).last;
}

/// The same of many people.
///
/// \param threads  >= 1.
/// \return  Shape (n); result[i] belongs to row i and has the same bits as the call for one person.
/// \throws InvalidArgument  as for one person, naming the row; if the lengths differ, or threads is 0.
[[nodiscard]] inline std::vector<double> p_active(const BgBbParameters& parameters, const OccasionRecords& people,
                                                  std::uint32_t ahead = 1, unsigned threads = 1) {
    detail::check(parameters);
    detail::check(people, threads, "p_active");
    detail::check_occasions(ahead, "p_active", "ahead");
    return detail::of_each(
        parameters, people, ahead, threads,
        [](double active, const OccasionRecord&, const detail::StillActive& still) { return active * still.last; });
}

/// Expected number of occasions that a new person takes.
///
/// \param occasions  At most 1e6.
/// \return           >= 0. Relative error below 1e-14 for 10 occasions, 1e-10 for 1e6.
/// \throws InvalidArgument  if a parameter or the number is out of range.
/// \par Cost    O(occasions).
/// \par Source  Eq. (8) of the paper, as the sum over occasions of which it is the closed form; the latter divides by
///              gamma - 1.
[[nodiscard]] inline double expected_interactions(const BgBbParameters& parameters, std::uint32_t occasions) {
    detail::check(parameters);
    detail::check_occasions(occasions, "expected_interactions", "occasions");
    return parameters.alpha / (parameters.alpha + parameters.beta) * detail::still_active(parameters, 0, occasions).sum;
}

/// Expected number of the next occasions that somebody takes.
///
/// \param ahead  At most 1e6 occasions.
/// \return       >= 0. Relative error below 1e-14 for 10 occasions, 1e-10 for 1e6.
/// \throws InvalidArgument  if a parameter, the record or `ahead` is out of range.
/// \par Cost    O(offered - last + ahead).
/// \par Source  Eq. (13) of the paper, as a sum as above.
[[nodiscard]] inline double expected_interactions(const BgBbParameters& parameters, const OccasionRecord& person,
                                                  std::uint32_t ahead) {
    detail::check(parameters);
    detail::check(person, "expected_interactions");
    detail::check_occasions(ahead, "expected_interactions", "ahead");
    return detail::active_at_last(parameters, person) * detail::mean_to_take(parameters, person) *
           detail::still_active(parameters, person.offered, ahead).sum;
}

/// The same of many people.
///
/// \param threads  >= 1.
/// \return  Shape (n); result[i] belongs to row i and has the same bits as the call for one person.
/// \throws InvalidArgument  as for one person, naming the row; if the lengths differ, or threads is 0.
/// \par Cost  5 ns for each occasion from the last one taken, per person, and O(ahead) for each distinct `offered`.
[[nodiscard]] inline std::vector<double> expected_interactions(const BgBbParameters& parameters,
                                                               const OccasionRecords& people, std::uint32_t ahead,
                                                               unsigned threads = 1) {
    detail::check(parameters);
    detail::check(people, threads, "expected_interactions");
    detail::check_occasions(ahead, "expected_interactions", "ahead");
    return detail::of_each(parameters, people, ahead, threads,
                           [&](double active, const OccasionRecord& person, const detail::StillActive& still) {
                               return active * detail::mean_to_take(parameters, person) * still.sum;
                           });
}

/// Probability that a new person takes exactly `count` of the first occasions.
///
/// \param occasions  At most 1e6.
/// \return           In [0, 1]; 0 for more than `occasions`; the sum over all counts is 1. Times a number of people,
///                   how many of them are expected to.
/// \throws InvalidArgument  if a parameter or the number is out of range.
/// \par Cost    O(occasions - count).
/// \par Source  Eq. (7) of the paper.
[[nodiscard]] inline double probability_of_count(const BgBbParameters& parameters, std::uint32_t count,
                                                 std::uint32_t occasions) {
    detail::check(parameters);
    detail::check_occasions(occasions, "probability_of_count", "occasions");
    if (count > occasions) return 0;
    const auto [alpha, beta, gamma, delta] = parameters;
    const auto x = static_cast<double>(count);
    double log_first = (log_beta(alpha + x, beta) - log_beta(alpha, beta)) +
                       (log_beta(gamma + 1.0, delta + x) - log_beta(gamma, delta));
    // Over the occasions s before which the person was last active; all terms relative to that of s = count.
    double term = 1;
    double sum = 0;
    for (std::uint32_t s = count; s < occasions; ++s) {
        const auto at = static_cast<double>(s);
        sum += term;
        term *= (at + 1.0) / (at + 1.0 - x) *
                ((beta - x + at) * (delta + at) / ((alpha + beta + at) * (gamma + delta + 1.0 + at)));
        if (term > 1e200) {
            term *= 1e-200;
            sum *= 1e-200;
            log_first += 460.51701859880914;  // log(1e200)
        }
    }
    sum += term * ((gamma + delta + static_cast<double>(occasions)) / gamma);
    return exp(log_first + log(sum));
}

}  // namespace alloquy::score
