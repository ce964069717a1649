#pragma once

/// \file
/// BG/NBD: from how often and how recently somebody was in contact, whether they still are and what is to be expected.
///
/// The model: while active, a person comes back as a Poisson process with an own rate; after each time the person drops
/// out for good with an own probability. Rates are Gamma(r, rate alpha), probabilities Beta(a, b) over people. The time
/// of the first contact starts a person's clock and is not counted; "repeats" are the contacts after it.
///
/// Source of all formulas: P. Fader, B. Hardie, K. L. Lee, "Counting your customers the easy way: an alternative to the
/// Pareto/NBD model", Marketing Science 24(2), 2005, pp. 275-284. Everything is computed in logarithms, so that large
/// counts neither overflow nor vanish. Results have the same bits for any compiler and number of threads.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/parallel.hpp>
#include <alloquy/score/bg_nbd_expectation.hpp>
#include <alloquy/score/distinct_counts.hpp>
#include <alloquy/score/elementary.hpp>
#include <alloquy/score/maximise.hpp>
#include <alloquy/score/row_chunks.hpp>
#include <alloquy/score/special.hpp>

namespace alloquy::score {

/// Parameters of the BG/NBD model.
struct BgNbdParameters {
    double r;      ///< Shape of the rates' Gamma distribution, in [1e-10, 1e10].
    double alpha;  ///< Its rate, in the caller's unit of time, in [1e-100, 1e100]; r / alpha is the mean rate.
    double a;      ///< Beta distribution of the probability to drop out, in [1e-10, 1e10]; its mean is a / (a + b).
    double b;      ///< The same.

    friend bool operator==(const BgNbdParameters&, const BgNbdParameters&) = default;
};

/// What the model needs of one person. Times are in one unit of the caller's choice, from the person's first contact.
struct Recurrence {
    std::uint32_t repeats;  ///< x: contacts after the first.
    double recency;         ///< t_x: time of the last of them, in (0, age]; 0 if there is none.
    double age;             ///< T: time over which the person was observed, in [0, 1e100].

    friend bool operator==(const Recurrence&, const Recurrence&) = default;
};

/// Many people, column by column. The spans are the caller's and must outlive the call.
struct Recurrences {
    std::span<const std::uint32_t> repeats;  ///< Shape (n).
    std::span<const double> recency;         ///< Shape (n).
    std::span<const double> age;             ///< Shape (n).
    /// Shape (n) or empty: how many equal people row i stands for, finite and >= 0. Only a likelihood and a fit look at
    /// it; what is told of each row holds for one person.
    std::span<const double> weights = {};
};

/// What fit_bg_nbd() may do.
struct BgNbdOptions {
    /// >= 0: this times r^2 + (alpha / longest age)^2 + a^2 + b^2 is taken from the mean log-likelihood of a person.
    double penalty = 0;
    unsigned max_iterations = 200;  ///< >= 1; 6 to 12 are usual.
    /// In (0, 0.01]: done when the next step would change no parameter by more than this fraction.
    double tolerance = 1e-9;
    unsigned threads = 1;  ///< >= 1; the result is the same for any number.
};

/// A fitted model.
struct BgNbdFit {
    BgNbdParameters parameters;
    double log_likelihood;  ///< Of all people, without the penalty.
    /// Of r, alpha, a and b, in their own units: from the observed information (with the penalty, if there is one) in
    /// the logarithms of the parameters, by the delta method.
    std::array<double, 4> standard_errors;
    std::array<std::array<double, 4>, 4> covariance;  ///< Of r, alpha, a and b.
    unsigned iterations;
    double people;  ///< Sum of the weights.
};

/// Refuses parameters out of range: what functions of this header do first.
/// \throws InvalidArgument  naming the first one, if r, a or b is not in [1e-10, 1e10], or alpha not in [1e-100,
/// 1e100].
inline void check(const BgNbdParameters& parameters) {
    for (const auto& [value, name] : {std::pair{parameters.r, "r"}, {parameters.a, "a"}, {parameters.b, "b"}}) {
        if (value >= 1e-10 && value <= 1e10) continue;
        throw InvalidArgument{std::string{"BgNbdParameters: "} + name + " must be in [1e-10, 1e10], got " +
                              std::to_string(value)};
    }
    if (!(parameters.alpha >= 1e-100 && parameters.alpha <= 1e100)) {
        throw InvalidArgument{"BgNbdParameters: alpha must be in [1e-100, 1e100], got " +
                              std::to_string(parameters.alpha)};
    }
}

namespace detail {

using score::check;  // of the parameters

[[nodiscard]] inline bool is_possible(const Recurrence& person) noexcept {
    if (!(person.age >= 0 && person.age <= 1e100)) return false;
    return person.repeats == 0 ? person.recency == 0 : person.recency > 0 && person.recency <= person.age;
}

inline constexpr const char* possible_recurrence =
    "needs age in [0, 1e100], recency in (0, age] where repeats > 0, and recency = 0 where repeats = 0";

inline void check(const Recurrence& person, const char* function) {
    if (!is_possible(person)) throw InvalidArgument{std::string{function} + ": " + possible_recurrence};
}

inline void check(const Recurrences& people, unsigned threads, const char* function) {
    const std::size_t count = people.repeats.size();
    if (people.recency.size() != count || people.age.size() != count ||
        (!people.weights.empty() && people.weights.size() != count)) {
        throw InvalidArgument{std::string{function} + ": repeats, recency, age and weights must have the same length"};
    }
    if (threads == 0) throw InvalidArgument{std::string{function} + ": threads must be >= 1"};
    for (std::size_t i = 0; i < count; ++i) {
        if (is_possible(Recurrence{people.repeats[i], people.recency[i], people.age[i]})) continue;
        throw InvalidArgument{std::string{function} + ": row " + std::to_string(i) + " " + possible_recurrence};
    }
    for (std::size_t i = 0; i < people.weights.size(); ++i) {
        if (people.weights[i] >= 0 && people.weights[i] <= 1e100) continue;
        throw InvalidArgument{std::string{function} + ": weight " + std::to_string(i) + " must be in [0, 1e100]"};
    }
}

inline void check_time(double time, const char* function, const char* what) {
    if (time >= 0 && time <= 1e100) return;  // NaN is not
    throw InvalidArgument{std::string{function} + ": " + what + " must be in [0, 1e100], got " + std::to_string(time)};
}

/// The log-likelihood of many people with its derivatives, prepared for many parameters.
///
/// What depends on the count alone is computed once for each distinct count. The rest of a person who came back takes
/// two logarithms and one exponential; of one who did not, a sixteenth of a logarithm. Times are divided by a power of
/// two, which is exact, so that the longest age is in [1, 2).
class BgNbdLikelihood {
public:
    BgNbdLikelihood(const Recurrences& people, unsigned threads)
        : counts_{people.repeats}, weight_of_count_(counts_.values().size()), threads_{threads} {
        for (const double age : people.age) longest_age_ = std::max(longest_age_, age);
        if (longest_age_ >= shortest_age) exponent_ = std::ilogb(longest_age_);
        const double scale = std::ldexp(1.0, -exponent_);
        const bool is_weighted = !people.weights.empty();
        for (std::size_t i = 0; i < people.repeats.size(); ++i) {
            const std::uint32_t repeats = people.repeats[i];
            const std::uint32_t number = counts_.number_of(repeats);
            const double weight = is_weighted ? people.weights[i] : 1.0;
            weight_of_count_[number] += weight;
            total_age_ += weight * (people.age[i] * scale);
            if (repeats == 0) {
                silent_age_.push_back(people.age[i] * scale);
                if (is_weighted) silent_weight_.push_back(weight);
            } else {
                returned_.push_back(
                    {static_cast<double>(repeats), people.recency[i] * scale, people.age[i] * scale, number});
                if (is_weighted) returned_weight_.push_back(weight);
            }
        }
        for (std::size_t number = 0; number < weight_of_count_.size(); ++number) {
            people_ += weight_of_count_[number];
            repeats_ += weight_of_count_[number] * static_cast<double>(counts_.values()[number]);
        }
    }

    [[nodiscard]] double people() const noexcept { return people_; }
    [[nodiscard]] double repeats() const noexcept { return repeats_; }
    /// In the unit used here, as alpha in at().
    [[nodiscard]] double total_age() const noexcept { return total_age_; }
    [[nodiscard]] double longest_age() const noexcept { return std::ldexp(longest_age_, -exponent_); }
    /// How many of the caller's units of time are one here.
    [[nodiscard]] double unit() const noexcept { return std::ldexp(1.0, exponent_); }

    /// Log-likelihood and derivatives, by r, alpha (in the unit used here), a and b.
    [[nodiscard]] Curvature at(const std::array<double, 4>& parameters) const {
        const double r = parameters[0];  // no structured binding: Clang before 16 does not capture one
        const double alpha = parameters[1];
        std::vector<CountTerms> terms(weight_of_count_.size());
        Curvature sum = of_counts(parameters, terms);
        const std::size_t silent_chunks = RowChunks{silent_age_.size()}.count();
        std::vector<Sums> parts(silent_chunks + RowChunks{returned_.size()}.count());
        run_tasks(parts.size(), threads_, [&](std::size_t chunk, unsigned) {
            if (chunk < silent_chunks) {
                parts[chunk] =
                    silent_weight_.empty() ? of_silent<false>(chunk, r, alpha) : of_silent<true>(chunk, r, alpha);
            } else {
                parts[chunk] = returned_weight_.empty() ? of_returned<false>(chunk - silent_chunks, r, alpha, terms)
                                                        : of_returned<true>(chunk - silent_chunks, r, alpha, terms);
            }
        });
        Sums all;
        for (const Sums& part : parts) all.add(part);
        const double inverse_a = 1.0 / parameters[2];
        sum.value += all.value - repeats_ * log(alpha) - repeats_ * (static_cast<double>(exponent_) * ln2);
        sum.gradient[0] += all.r;
        sum.gradient[1] += all.alpha + people_ * r / alpha;
        sum.gradient[2] += all.dropped * inverse_a;
        sum.gradient[3] -= all.dropped_c;
        auto& h = sum.hessian;
        h[0][0] += all.r_r;
        h[0][1] += all.r_alpha + people_ / alpha;
        h[0][2] += all.mixed_r * inverse_a;
        h[0][3] -= all.mixed_r_c;
        h[1][1] += all.alpha_alpha - people_ * r / (alpha * alpha);
        h[1][2] += all.mixed_alpha * inverse_a;
        h[1][3] -= all.mixed_alpha_c;
        h[2][2] += (all.mixed - all.dropped) * inverse_a * inverse_a;
        h[2][3] -= all.mixed_c * inverse_a;
        h[3][3] += all.dropped_cc + all.mixed_cc;
        for (std::size_t i = 0; i < 4; ++i) {
            for (std::size_t j = 0; j < i; ++j) h[i][j] = h[j][i];
        }
        return sum;
    }

private:
    static constexpr double ln2 = 0.69314718055994531;
    static constexpr double shortest_age = 1e-100;  // shorter ones are not scaled

    /// Somebody with at least one repeat.
    struct Returned {
        double repeats;
        double recency;
        double age;
        std::uint32_t number;  ///< Of the count.
    };
    /// Of a count x >= 1: c = 1 / (b + x - 1) and log a + log c.
    struct CountTerms {
        double log_ratio;
        double c;
    };
    /// Sums over people: the last factor of the likelihood is e^u + e^v, where v belongs to having dropped out at the
    /// recency, with the posterior probability q; its derivatives are mixtures of those of u and v.
    struct Sums {
        double value = 0;
        double r = 0;
        double alpha = 0;
        double dropped = 0;     ///< Of q.
        double dropped_c = 0;   ///< Of q c.
        double dropped_cc = 0;  ///< Of q c^2.
        double r_r = 0;
        double r_alpha = 0;
        double alpha_alpha = 0;
        double mixed = 0;          ///< Of q (1 - q).
        double mixed_c = 0;        ///< The same times c.
        double mixed_cc = 0;       ///< Times c^2.
        double mixed_r = 0;        ///< Times d(v - u)/dr.
        double mixed_r_c = 0;      ///< Times c as well.
        double mixed_alpha = 0;    ///< Times d(v - u)/dalpha.
        double mixed_alpha_c = 0;  ///< Times c as well.

        void add(const Sums& other) noexcept {
            value += other.value;
            r += other.r;
            alpha += other.alpha;
            dropped += other.dropped;
            dropped_c += other.dropped_c;
            dropped_cc += other.dropped_cc;
            r_r += other.r_r;
            r_alpha += other.r_alpha;
            alpha_alpha += other.alpha_alpha;
            mixed += other.mixed;
            mixed_c += other.mixed_c;
            mixed_cc += other.mixed_cc;
            mixed_r += other.mixed_r;
            mixed_r_c += other.mixed_r_c;
            mixed_alpha += other.mixed_alpha;
            mixed_alpha_c += other.mixed_alpha_c;
        }
    };

    /// The factors that depend on the count alone: Gamma(r + x) / Gamma(r) and B(a, b + x) / B(a, b).
    [[nodiscard]] Curvature of_counts(const std::array<double, 4>& parameters, std::vector<CountTerms>& terms) const {
        const auto [r, alpha, a, b] = parameters;
        const double log_a = log(a);
        Curvature sum;
        for (std::size_t number = 0; number < terms.size(); ++number) {
            const auto x = static_cast<double>(counts_.values()[number]);
            if (x == 0) continue;
            const double weight = weight_of_count_[number];
            terms[number] = {log_a - log(b + (x - 1)), 1.0 / (b + (x - 1))};
            const Rise by_r = rise(r, x);
            const Rise by_b = rise(b, x);
            const Rise by_both = rise(a + b, x);
            sum.value += weight * (by_r.value + (x <= 32 ? by_b.value - by_both.value : log_beta_ratio(a, b, x)));
            sum.gradient[0] += weight * by_r.first;
            sum.gradient[2] -= weight * by_both.first;
            sum.gradient[3] += weight * (by_b.first - by_both.first);
            sum.hessian[0][0] += weight * by_r.second;
            sum.hessian[2][2] -= weight * by_both.second;
            sum.hessian[2][3] -= weight * by_both.second;
            sum.hessian[3][3] += weight * (by_b.second - by_both.second);
        }
        return sum;
    }

    /// People without a repeat: u = -r log(1 + T / alpha), and nothing else.
    template <bool weighted>
    [[nodiscard]] Sums of_silent(std::size_t chunk, double r, double alpha) const noexcept {
        const RowChunks chunks{silent_age_.size()};
        const double inverse_alpha = 1.0 / alpha;
        double logs = 0;
        double inverses = 0;
        double squares = 0;
        double product = 1;  // of at most 16 factors, each below 1e201
        for (std::size_t i = chunks.begin(chunk); i < chunks.end(chunk); ++i) {
            const double sum = alpha + silent_age_[i];
            const double inverse = 1.0 / sum;
            if constexpr (weighted) {
                const double weight = silent_weight_[i];
                logs += weight * log(sum * inverse_alpha);
                inverses += weight * inverse;
                squares += weight * (inverse * inverse);
            } else {
                product *= sum * inverse_alpha;
                inverses += inverse;
                squares += inverse * inverse;
                if (i % 16 == 15 || product > 1e100) {
                    logs += log(product);
                    product = 1;
                }
            }
        }
        if constexpr (!weighted) logs += log(product);
        Sums sums;
        sums.value = -r * logs;
        sums.r = -logs;
        sums.alpha = -r * inverses;
        sums.r_alpha = -inverses;
        sums.alpha_alpha = r * squares;
        return sums;
    }

    template <bool weighted>
    [[nodiscard]] Sums of_returned(std::size_t chunk, double r, double alpha,
                                   const std::vector<CountTerms>& terms) const noexcept {
        const RowChunks chunks{returned_.size()};
        const double inverse_alpha = 1.0 / alpha;
        Sums sums;
        double product = 1;  // of at most 64 factors in [1, 2]
        for (std::size_t i = chunks.begin(chunk); i < chunks.end(chunk); ++i) {
            const Returned& person = returned_[i];
            const CountTerms& term = terms[person.number];
            const double shape = r + person.repeats;
            const double at_age = 1.0 / (alpha + person.age);
            const double at_recency = 1.0 / (alpha + person.recency);
            const double log_age = log((alpha + person.age) * inverse_alpha);
            const double d_r = log((alpha + person.age) * at_recency);  // of v - u
            const double d_alpha = shape * (at_age - at_recency);
            const double d = term.log_ratio + shape * d_r;
            const double e = exp(d < 0 ? d : -d);
            const double share = 1.0 / (1.0 + e);
            const double q = d < 0 ? e * share : share;
            double mixed = e * share * share;
            double w = 1;
            if constexpr (weighted) {
                w = returned_weight_[i];
                sums.value += w * log1p(e);
                mixed *= w;
            } else {
                product *= 1.0 + e;
                if (i % 64 == 63) {
                    sums.value += log(product);
                    product = 1;
                }
            }
            const double wq = w * q;
            const double inverse = at_age + q * (at_recency - at_age);
            sums.value += w * ((d < 0 ? 0.0 : d) - shape * log_age);
            sums.r += w * (q * d_r - log_age);
            sums.alpha -= w * (shape * inverse);
            sums.dropped += wq;
            sums.dropped_c += wq * term.c;
            sums.dropped_cc += wq * (term.c * term.c);
            sums.r_r += mixed * (d_r * d_r);
            sums.r_alpha += mixed * (d_r * d_alpha) - w * inverse;
            sums.alpha_alpha += mixed * (d_alpha * d_alpha) +
                                w * (shape * (at_age * at_age + q * (at_recency * at_recency - at_age * at_age)));
            sums.mixed += mixed;
            sums.mixed_c += mixed * term.c;
            sums.mixed_cc += mixed * (term.c * term.c);
            sums.mixed_r += mixed * d_r;
            sums.mixed_r_c += mixed * d_r * term.c;
            sums.mixed_alpha += mixed * d_alpha;
            sums.mixed_alpha_c += mixed * d_alpha * term.c;
        }
        if constexpr (!weighted) sums.value += log(product);
        return sums;
    }

    DistinctCounts counts_;
    std::vector<double> weight_of_count_;
    std::vector<double> silent_age_{};
    std::vector<double> silent_weight_{};
    std::vector<Returned> returned_{};
    std::vector<double> returned_weight_{};
    unsigned threads_;
    double longest_age_ = 0;
    int exponent_ = 0;
    double people_ = 0;
    double repeats_ = 0;
    double total_age_ = 0;
};

/// log of the odds of having dropped out; the person came back at least once.
[[nodiscard]] inline double log_odds_of_dropping(const BgNbdParameters& parameters, double repeats, double recency,
                                                 double age, double log_ratio) noexcept {
    return log_ratio + (parameters.r + repeats) * log1p((age - recency) / (parameters.alpha + recency));
}

/// log(a / (b + x - 1)).
[[nodiscard]] inline double log_ratio_of(const BgNbdParameters& parameters, double repeats) noexcept {
    return log(parameters.a / (parameters.b + (repeats - 1)));
}

}  // namespace detail

/// Log-likelihood of one person: the logarithm of the density of the times of all repeats.
///
/// \return  Relative error below 1e-12 (of the largest term where terms cancel).
/// \throws InvalidArgument  if a parameter or the person is out of range.
/// \par Source  Eq. (6) of the paper.
[[nodiscard]] inline double log_likelihood(const BgNbdParameters& parameters, const Recurrence& person) {
    detail::check(parameters);
    detail::check(person, "log_likelihood");
    const auto x = static_cast<double>(person.repeats);
    const double silent = -parameters.r * log1p(person.age / parameters.alpha);
    if (person.repeats == 0) return silent;
    const double d =
        detail::log_odds_of_dropping(parameters, x, person.recency, person.age, detail::log_ratio_of(parameters, x));
    return log_gamma_ratio(parameters.r, x) - x * log(parameters.alpha + person.age) + silent +
           log_beta_ratio(parameters.a, parameters.b, x) + log1p_exp(d);
}

/// Log-likelihood of many people, each times its weight.
///
/// \param threads  >= 1; the sum has the same bits for any number.
/// \return  0 for no people.
/// \throws InvalidArgument  if a parameter or a row is out of range, or the lengths differ.
/// \par Cost  About 50 ns for a person who came back, a tenth of it for one who did not.
[[nodiscard]] inline double log_likelihood(const BgNbdParameters& parameters, const Recurrences& people,
                                           unsigned threads = 1) {
    detail::check(parameters);
    detail::check(people, threads, "log_likelihood");
    const detail::BgNbdLikelihood likelihood{people, threads};
    return likelihood.at({parameters.r, parameters.alpha / likelihood.unit(), parameters.a, parameters.b}).value;
}

/// The parameters under which what was seen is most likely.
///
/// Newton's method in the logarithms of the parameters with exact first and second derivatives, damped where need be.
/// It starts at r = a = 1, b = 2 and the alpha at which the mean rate r / alpha is the repeats per time observed;
/// should a parameter run off from there, at r = a = b = 1/2 and half that alpha, then at r = a = b = 1/10 and alpha a
/// tenth of the longest age. A parameter has run off where it leaves [1e-6, 1e6], alpha in units near the longest age.
///
/// \param people   At least 2 (sum of the weights), with at least one repeat among them.
/// \throws InvalidArgument  if a row or an option is out of range, the lengths differ, or there are too little data: no
///                          repeat at all, or a likelihood without a maximum (a parameter falls to 0 or grows without
///                          end, as it does where people do not differ, or nobody drops out; where one grows, a penalty
///                          may give a maximum).
/// \throws Error            without convergence after max_iterations.
/// \par Cost    Some 6 to 12 passes over all people, 45 ns each for those who came back and 5 ns for the others.
/// \par Source  Eq. (6) and (7) of the paper.
[[nodiscard]] inline BgNbdFit fit_bg_nbd(const Recurrences& people, const BgNbdOptions& options = {}) {
    detail::check(people, options.threads, "fit_bg_nbd");
    detail::check_options("fit_bg_nbd", options.penalty, options.tolerance, options.max_iterations);
    const detail::BgNbdLikelihood likelihood{people, options.threads};
    if (!(likelihood.people() >= 2)) throw InvalidArgument{"fit_bg_nbd: too little data: needs at least 2 people"};
    if (!(likelihood.repeats() > 0)) {
        throw InvalidArgument{"fit_bg_nbd: too little data: nobody came back, so the likelihood has no maximum"};
    }
    const double penalty = options.penalty * likelihood.people();
    const double inverse_age = 1.0 / likelihood.longest_age();
    const std::array<double, 4> scales{1.0, inverse_age, 1.0, 1.0};
    const auto penalty_at = [&](const std::array<double, 4>& p, detail::Curvature& sum) {
        for (std::size_t i = 0; i < 4; ++i) {
            const double factor = penalty * scales[i] * scales[i];
            sum.value -= factor * p[i] * p[i];
            sum.gradient[i] -= 2 * factor * p[i];
            sum.hessian[i][i] -= 2 * factor;
        }
    };
    const detail::Search search{"fit_bg_nbd", {"r", "alpha", "a", "b"}, options.max_iterations, options.tolerance};
    const double time_per_repeat = likelihood.total_age() / likelihood.repeats();
    const std::array<std::array<double, 4>, 3> starts{{{1.0, time_per_repeat, 1.0, 2.0},
                                                       {0.5, 0.5 * time_per_repeat, 0.5, 0.5},
                                                       {0.1, 0.1 * likelihood.longest_age(), 0.1, 0.1}}};
    const detail::Maximum found = detail::maximise(search, starts, false, [&](const std::array<double, 4>& p) {
        detail::Curvature sum = likelihood.at(p);
        if (penalty > 0) penalty_at(p, sum);
        return sum;
    });
    detail::Curvature without{};
    if (penalty > 0) penalty_at(found.parameters, without);
    const std::array<double, 4> units{1.0, likelihood.unit(), 1.0, 1.0};
    BgNbdFit fit{{found.parameters[0], found.parameters[1] * units[1], found.parameters[2], found.parameters[3]},
                 found.at.value - without.value,
                 {},
                 found.covariance,
                 found.iterations,
                 likelihood.people()};
    for (std::size_t i = 0; i < 4; ++i) {
        for (std::size_t j = 0; j < 4; ++j) fit.covariance[i][j] *= units[i] * units[j];
        fit.standard_errors[i] = std::sqrt(fit.covariance[i][i]);
    }
    return fit;
}

/// Probability that somebody is still active at the end of the time observed.
///
/// \return  In [0, 1]; 1 without repeats, as nobody drops out before the first.
/// \throws InvalidArgument  if a parameter or the person is out of range.
/// \par Source  P. Fader, B. Hardie, K. L. Lee, "Computing P(alive) using the BG/NBD model" (2008), brucehardie.com/
///              notes/021; the denominator of eq. (10) of the paper.
[[nodiscard]] inline double p_active(const BgNbdParameters& parameters, const Recurrence& person) {
    detail::check(parameters);
    detail::check(person, "p_active");
    if (person.repeats == 0) return 1;
    const auto x = static_cast<double>(person.repeats);
    return logistic(
        -detail::log_odds_of_dropping(parameters, x, person.recency, person.age, detail::log_ratio_of(parameters, x)));
}

/// The same of many people.
///
/// \param threads  >= 1.
/// \return  Shape (n); result[i] belongs to row i and has the same bits as the call for one person.
/// \throws InvalidArgument  as for one person, naming the row; if the lengths differ, or threads is 0.
/// \par Cost  Some 40 ns per person.
[[nodiscard]] inline std::vector<double> p_active(const BgNbdParameters& parameters, const Recurrences& people,
                                                  unsigned threads = 1) {
    detail::check(parameters);
    detail::check(people, threads, "p_active");
    const detail::DistinctCounts counts{people.repeats};
    std::vector<double> log_ratios;
    for (const std::uint32_t count : counts.values()) {
        log_ratios.push_back(count == 0 ? 0.0 : detail::log_ratio_of(parameters, static_cast<double>(count)));
    }
    std::vector<double> result(people.repeats.size(), 1.0);
    const detail::RowChunks chunks{result.size()};
    detail::for_each_chunk(chunks, threads, [&](std::size_t chunk) {
        for (std::size_t i = chunks.begin(chunk); i < chunks.end(chunk); ++i) {
            const std::uint32_t repeats = people.repeats[i];
            if (repeats == 0) continue;
            result[i] =
                logistic(-detail::log_odds_of_dropping(parameters, static_cast<double>(repeats), people.recency[i],
                                                       people.age[i], log_ratios[counts.number_of(repeats)]));
        }
    });
    return result;
}

/// Expected number of repeats of a new person up to a time after the first contact.
///
/// \param time  In the unit of alpha, in [0, 1e100].
/// \return      >= 0, relative error below 1e-12.
/// \throws InvalidArgument  if a parameter or the time is out of range.
/// \par Source  Eq. (9) of the paper; computed as detail::ActiveExpectation says.
[[nodiscard]] inline double expected_interactions(const BgNbdParameters& parameters, double time) {
    detail::check(parameters);
    detail::check_time(time, "expected_interactions", "time");
    const double tau = time / parameters.alpha;
    detail::ActiveExpectation expectation{parameters.r, parameters.a, parameters.b, 0};
    expectation.prepare(tau, tau);
    return expectation.value(tau);
}

/// Expected number of repeats of somebody within a time that begins at the end of the time observed.
///
/// \param horizon  In the unit of alpha, in [0, 1e100].
/// \return         >= 0, relative error below 1e-12, for any parameters and counts.
/// \throws InvalidArgument  if a parameter, the person or the horizon is out of range.
/// \par Source  Eq. (10) of the paper; computed as detail::ActiveExpectation says, times p_active().
[[nodiscard]] inline double expected_interactions(const BgNbdParameters& parameters, const Recurrence& person,
                                                  double horizon) {
    detail::check(person, "expected_interactions");
    const double active = p_active(parameters, person);
    detail::check_time(horizon, "expected_interactions", "horizon");
    const double tau = horizon / (parameters.alpha + person.age);
    detail::ActiveExpectation expectation{parameters.r, parameters.a, parameters.b, person.repeats};
    expectation.prepare(tau, tau);
    return active * expectation.value(tau);
}

/// The same of many people over one horizon.
///
/// \param threads  >= 1.
/// \return  Shape (n); result[i] belongs to row i and has the same bits as the call for one person.
/// \throws InvalidArgument  as for one person, naming the row; if the lengths differ, or threads is 0.
/// \par Cost  Some 70 to 100 ns per person while the horizon is below ten times alpha + age, 250 ns to 200 times, plus
///            1 us for each distinct count; 2 to 15 us per person beyond and for the parameters that
///            detail::ActiveExpectation names, plus 30 us for each distinct count.
[[nodiscard]] inline std::vector<double> expected_interactions(const BgNbdParameters& parameters,
                                                               const Recurrences& people, double horizon,
                                                               unsigned threads = 1) {
    detail::check(parameters);
    detail::check(people, threads, "expected_interactions");
    detail::check_time(horizon, "expected_interactions", "horizon");
    const detail::DistinctCounts counts{people.repeats};
    struct Entry {
        double youngest = std::numeric_limits<double>::infinity();
        double oldest = 0;
        double log_ratio = 0;
    };
    std::vector<Entry> entries(counts.values().size());
    for (std::size_t i = 0; i < people.repeats.size(); ++i) {
        Entry& entry = entries[counts.number_of(people.repeats[i])];
        entry.youngest = std::min(entry.youngest, people.age[i]);
        entry.oldest = std::max(entry.oldest, people.age[i]);
    }
    std::vector<detail::ActiveExpectation> expectations;
    expectations.reserve(entries.size());
    for (std::size_t number = 0; number < entries.size(); ++number) {
        const std::uint32_t count = counts.values()[number];
        Entry& entry = entries[number];
        if (count > 0) entry.log_ratio = detail::log_ratio_of(parameters, static_cast<double>(count));
        expectations.emplace_back(parameters.r, parameters.a, parameters.b, count);
        expectations.back().prepare(horizon / (parameters.alpha + entry.oldest),
                                    horizon / (parameters.alpha + entry.youngest));
    }
    std::vector<double> result(people.repeats.size());
    const detail::RowChunks chunks{result.size()};
    detail::for_each_chunk(chunks, threads, [&](std::size_t chunk) {
        for (std::size_t i = chunks.begin(chunk); i < chunks.end(chunk); ++i) {
            const std::uint32_t repeats = people.repeats[i];
            const std::uint32_t number = counts.number_of(repeats);
            double active = 1;
            if (repeats > 0) {
                active =
                    logistic(-detail::log_odds_of_dropping(parameters, static_cast<double>(repeats), people.recency[i],
                                                           people.age[i], entries[number].log_ratio));
            }
            result[i] = active * expectations[number].value(horizon / (parameters.alpha + people.age[i]));
        }
    });
    return result;
}

/// Probability that a new person has exactly `count` repeats up to a time after the first contact.
///
/// \param time  In the unit of alpha, in [0, 1e100].
/// \return      In [0, 1]; the sum over all counts is 1. Relative error below 1e-10 where the result is above 1e-290.
/// \throws InvalidArgument  if a parameter or the time is out of range.
/// \par Cost    As incomplete_beta().
/// \par Source  Eq. (8) of the paper; its sum is one minus a regularised incomplete beta function (DLMF 8.17.5).
[[nodiscard]] inline double probability_of_count(const BgNbdParameters& parameters, std::uint32_t count, double time) {
    detail::check(parameters);
    detail::check_time(time, "probability_of_count", "time");
    const auto [r, alpha, a, b] = parameters;
    const double log_rest = -log1p(time / alpha);
    if (count == 0) return exp(r * log_rest);
    if (time < 1e-200 * alpha) return 0;  // below 1e-190 at most
    const auto n = static_cast<double>(count);
    const double log_z = -log1p(alpha / time);
    const double log_stay = log_beta_ratio(a, b, n);
    const double log_exactly = log_gamma_ratio(n + 1.0, r - 1.0) - log_gamma(r) + r * log_rest + n * log_z;
    const double at_least = incomplete_beta(n, r, time / (alpha + time), alpha / (alpha + time));
    return exp(log_stay) * (exp(log_exactly) + a / (b + (n - 1.0)) * at_least);
}

}  // namespace alloquy::score
