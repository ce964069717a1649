#pragma once

/// \file
/// BG/NBD expectation: how many repeats active people with one count are still to have, by a series or an integral.
///
/// "The paper" is that of bg_nbd.hpp. Results have the same bits for any compiler.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <alloquy/score/elementary.hpp>
#include <alloquy/score/special.hpp>

namespace alloquy::score::detail {

/// The expected number of repeats of active people with one count, as an integral over the probability p to drop out:
/// E[(1 - (1 + p tau)^-shape) / p], p being Beta(a, b). All terms are positive, so it is safe for any parameters, and
/// slow.
///
/// The trapezoidal rule in the log-odds of p, which converges exponentially; its step follows the width of the Beta
/// distribution. The ends, where p shape tau or 1 - p is below 1e-16 of what matters, are geometric series. The points
/// depend on the count alone.
/// \par Cost  60 to 500 points, each a logarithm and an exponential; three times that to prepare.
class ExpectationIntegral {
public:
    /// \param longest  tau is at most this.
    ExpectationIntegral(double shape, double a, double b, double longest) : shape_{shape} {
        const double step = 6.2831853071795865 / (26.0 + 9.0 * std::sqrt(a / (a + b) * b));
        const double mean = a / (a + b);
        const double rest = b / (a + b);
        const double start = log(a / b);
        const double lowest = -38.0 - log(std::max({1.0, b, longest, shape * longest}));
        const double highest = 38.0 + log(std::max({1.0, a, shape}));
        double weights = 0;
        for (const double side : {1.0, -1.0}) {
            double last_log_weight = 0;  // that at the mean, the largest
            for (int j = side > 0 ? 0 : 1;; ++j) {
                const double y = side * j * step;  // log-odds, from those of the mean
                // log of p^a (1 - p)^b over its value at the mean, without the difference of two large numbers.
                const double log_weight = a < b ? a * y - (a + b) * log1p(mean * expm1(std::min(y, 690.0)))
                                                : -b * y - (a + b) * log1p(rest * expm1(std::min(-y, 690.0)));
                double weight = exp(log_weight);
                const double odds = exp(std::min(std::max(start + y, -690.0), 690.0));
                const double p = odds / (1.0 + odds);
                const bool is_end = side > 0 ? start + y > highest : start + y < lowest;
                // From an end on all weights fall by the same factor, and what they weigh stays what it is.
                if (is_end) weight += weight / expm1(std::min(700.0, (side > 0 ? b : a) * step));
                weights += weight;
                points_.push_back({p, weight / p});
                // The logarithm of the weight is concave, so further weights fall at least as fast as this one fell.
                // What they weigh falls with p, but p times it does not.
                const double fall = expm1(std::min(700.0, last_log_weight - log_weight));
                if (is_end || weight * std::max(1.0, mean / p) <= 1e-19 * weights * fall) break;
                last_log_weight = log_weight;
            }
        }
        for (Point& point : points_) point.weight_over_p /= weights;
    }
    [[nodiscard]] double value(double tau) const noexcept {
        double sum = 0;
        for (const Point& point : points_) {
            const double y = -shape_ * log1p(point.p * tau);
            sum += point.weight_over_p * (y > -0.5 ? -y * expm1_over(y) : 1.0 - exp(y));
        }
        return sum;
    }

private:
    struct Point {
        double p;
        double weight_over_p;
    };
    double shape_;
    std::vector<Point> points_{};
};

/// The expected number of repeats of active people with one count, at any tau = horizon / (alpha + age).
///
/// With R = r + x and z = tau / (1 + tau), eq. (9) and (10) of the paper hold Gauss' 2F1(R, b + x; a + b + x - 1; z),
/// which overflows for large x, and a difference that loses its digits for small z, for a near 1 and for a + b near 1.
/// Two equal forms have neither fault:
///   (C / (a - 1)) (1 - (1 - z)^(a - 1)) - P (1 - z)^(a - 1) (integral from 0 to z of 2F1(P + 1, a; C + 1; w) dw),
///   R (integral from 0 to tau of 2F1(R + 1, a; C + 1; -s) ds),
/// with C = a + b + x - 1 and P = a + b - 1 - r. Each integral is a power series in
/// zeta = (1 - sqrt(1 - z)) / (1 + sqrt(1 - z)), which maps all tau >= 0 to [0, 1) and the two singular points to the
/// unit circle: 25 terms do for tau = 2, 60 for tau = 10. The coefficients depend on the count alone.
///
/// The first form is used while P log(1 + tau) >= -6, (a - 1) log(1 + tau) <= 6 and |C| <= 30 R, the second while
/// |C| > 4 R, a log(1 + tau) <= 4 and (r - b) log(1 + tau) <= 4, else and for zeta >= 15 / 16 the integral above: where
/// rates hardly differ between people (large r), or drop-out does (large a), or the horizon is 1000 times alpha + age.
class ActiveExpectation {
public:
    /// \param r, a, b  Parameters of the model, which the caller has checked.
    ActiveExpectation(double r, double a, double b, std::uint32_t repeats)
        : shape_{r + static_cast<double>(repeats)},
          a_{a},
          minus_one_{a - 1.0},
          b_{b + static_cast<double>(repeats)},
          c_{a + b - 1.0 + static_cast<double>(repeats)},
          p_{a + b - 1.0 - r},
          r_minus_b_{r - b},
          rising_{r + 1.0 + static_cast<double>(repeats), a, a + b + static_cast<double>(repeats), 1.0},
          falling_{a + b - r, a, a + b + static_cast<double>(repeats), -1.0} {}

    /// Makes value() possible for every tau in [from, to].
    void prepare(double from, double to) {
        const unsigned first = Place{from}.band;
        const unsigned last = Place{to}.band;
        const Form first_form = form(log1p(from));
        const Form last_form = form(log1p(to));
        if (first_form == Form::by_tau) rising_.prepare(last);
        if (last_form == Form::by_z || (first_form != last_form && first_form == Form::by_tau)) falling_.prepare(last);
        if (first_form == Form::by_z) falling_.prepare(last);
        bool is_covered = last_form != Form::integral;
        for (unsigned band = first; band <= last && is_covered; ++band) {
            is_covered = (first_form != Form::by_tau || rising_.covers(band)) &&
                         (last_form == Form::by_tau || falling_.covers(band));
        }
        if (is_covered) return;
        if (from <= near && !near_) near_.emplace(shape_, a_, b_, near);
        if (to > near && !far_) far_.emplace(shape_, a_, b_, 1e200);
    }
    /// Relative error below 1e-12. prepare() was called with a range that holds tau >= 0.
    [[nodiscard]] double value(double tau) const noexcept {
        if (!(tau > 0)) return 0;
        const Place place{tau};
        const double log_growth = log1p(tau);
        const Form chosen = form(log_growth);
        if (chosen == Form::by_tau && rising_.covers(place.band)) {
            return shape_ * (place.zeta * rising_.sum(place.zeta, place.band));
        }
        if (chosen == Form::by_z && falling_.covers(place.band)) {
            const double y = -minus_one_ * log_growth;
            double power = 0;
            double front = 0;
            if (y > -0.5 && y < 0.5) {
                const double over = expm1_over(y);
                power = 1.0 + y * over;
                front = log_growth * over;
            } else {
                power = exp(y);
                front = (1.0 - power) / minus_one_;
            }
            return c_ * front - p_ * power * (place.zeta * falling_.sum(place.zeta, place.band));
        }
        return tau <= near ? near_->value(tau) : far_->value(tau);
    }

private:
    enum class Form : std::uint8_t { by_z, by_tau, integral };
    static constexpr unsigned bands = 15;  // of zeta, each 1/16 wide
    static constexpr double near = 1e4;    // the points for tau beyond reach farther

    struct Place {
        explicit Place(double tau) noexcept {
            const double rest = 1.0 / (1.0 + tau);
            const double root = 1.0 + std::sqrt(rest);
            zeta = tau * rest / (root * root);
            band = static_cast<unsigned>(zeta * 16.0);
        }
        double zeta = 0;
        unsigned band = 0;
    };

    /// Coefficients of one of the integrals, divided by zeta, and how many each band needs for 2^-57 of the sum.
    class Series {
    public:
        /// The integrand is 2F1(alpha, beta; gamma; -sign * w), w being tau for sign 1 and z for sign -1.
        Series(double alpha, double beta, double gamma, double sign) noexcept
            : product_{4.0 * alpha * beta},
              gamma_{gamma},
              slope_{2.0 + 3.0 * (gamma - 1.0) - 4.0 * (alpha + beta)},
              sign_{sign} {}

        void prepare(unsigned band) {
            for (; ready_ <= band && ready_ < bands; ++ready_) length_[ready_] = length_for(ready_);
        }
        [[nodiscard]] bool covers(unsigned band) const noexcept { return band < ready_ && length_[band] != 0; }
        [[nodiscard]] double sum(double zeta, unsigned band) const noexcept {
            // Four interleaved sums, so that a step does not wait for the one before.
            const double square = zeta * zeta;
            const double fourth = square * square;
            double s0 = 0;
            double s1 = 0;
            double s2 = 0;
            double s3 = 0;
            for (std::size_t i = length_[band]; i > 0; i -= 4) {
                s0 = s0 * fourth + terms_[i - 4];
                s1 = s1 * fourth + terms_[i - 3];
                s2 = s2 * fourth + terms_[i - 2];
                s3 = s3 * fourth + terms_[i - 1];
            }
            return (s0 + s1 * zeta) + (s2 + s3 * zeta) * square;
        }

    private:
        static constexpr std::size_t longest = 2000;

        /// A multiple of 4 terms; 0 where too many would be needed, or one is no number.
        [[nodiscard]] std::uint16_t length_for(unsigned band) {
            const double zeta = static_cast<double>(band + 1) / 16.0;
            double power = 1;
            double sum = 0;
            int small = 0;
            for (std::size_t i = 0; i < longest; ++i) {
                if (i == terms_.size()) extend();
                const double term = terms_[i] * power;
                sum += term;
                power *= zeta;
                const double scale = std::min(1.0, sum < 0 ? -sum : sum) * (1.0 - zeta) * 0x1p-57;
                small = term <= scale && -term <= scale ? small + 1 : 0;
                if (small >= 4 && i % 4 == 3) return static_cast<std::uint16_t>(i + 1);
            }
            return 0;
        }
        /// The integrand's coefficients g obey a recurrence of four terms, from the hypergeometric equation in zeta;
        /// those of zeta d/dzeta of the integral, h, follow from d tau / d zeta = 4 (1 + zeta) / (1 - zeta)^3.
        void extend() {
            const auto n = static_cast<double>(terms_.size());
            if (terms_.empty()) {
                g_ = {1, 0, 0};
            } else {
                const double m1 = n - 1;
                const double m2 = n - 2;
                const double m3 = n - 3;
                const double next = sign_ * ((m1 * m1 + slope_ * m1 - product_) * g_[0]) +
                                    (m2 * m2 - slope_ * m2 - product_) * g_[1] -
                                    sign_ * ((m3 * m3 - (gamma_ - 1.0) * m3) * g_[2]);
                g_ = {next / (n * (m1 + gamma_)), g_[0], g_[1]};
            }
            const double h = 4.0 * (g_[0] + sign_ * g_[1]) + sign_ * (3.0 * h_[0]) - 3.0 * h_[1] + sign_ * h_[2];
            h_ = {h, h_[0], h_[1]};
            terms_.push_back(h / (n + 1.0));
        }

        double product_;
        double gamma_;
        double slope_;
        double sign_;
        std::array<double, 3> g_{};
        std::array<double, 3> h_{};
        std::vector<double> terms_{};
        std::array<std::uint16_t, bands> length_{};
        unsigned ready_ = 0;
    };

    [[nodiscard]] Form form(double log_growth) const noexcept {
        const double size = c_ < 0 ? -c_ : c_;
        if (size > 4.0 * shape_ && a_ * log_growth <= 4.0 && r_minus_b_ * log_growth <= 4.0) return Form::by_tau;
        if (p_ * log_growth >= -6.0 && minus_one_ * log_growth <= 6.0 && size <= 30.0 * shape_) return Form::by_z;
        return Form::integral;
    }

    double shape_;
    double a_;
    double minus_one_;
    double b_;
    double c_;
    double p_;
    double r_minus_b_;
    Series rising_;
    Series falling_;
    std::optional<ExpectationIntegral> near_{};
    std::optional<ExpectationIntegral> far_{};
};

}  // namespace alloquy::score::detail
