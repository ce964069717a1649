#include <alloquy/score/bg_bb.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"
#include "support.hpp"

// Numbers marked "mpmath" were made by these functions (python3, mpmath 1.3, mp.dps = 50, arguments as mpf of the given
// doubles), printed with repr(float(v)):
//   B = lambda p, q: loggamma(p) + loggamma(q) - loggamma(p + q)
//   likelihood = log(exp(B(al+x,be+n-x) - B(al,be) + B(ga,de+n) - B(ga,de))
//                + sum(exp(B(al+x,be+i-x) - B(al,be) + B(ga+1,de+i) - B(ga,de)) for i in range(t, n)))
//                (for large n by the ratio of consecutive terms)
//   alive      = exp(B(al+x,be+n-x) - B(al,be) + B(ga,de+n+m) - B(ga,de) - likelihood), m occasions ahead
//   expected   = alive(m=0) * (al+x)/(al+be+n) * sum(exp(B(ga,de+n+j) - B(ga,de+n)) for j in range(1, m+1))
//   new person = al/(al+be) * de/(ga-1) * (1 - exp(loggamma(ga+de) - loggamma(ga+de+n) + loggamma(1+de+n)
//                - loggamma(1+de))), eq. (8)
//   count      = binomial(n,x) * exp(B(al+x,be+n-x) - B(al,be) + B(ga,de+n) - B(ga,de))
//                + sum(binomial(i,x) * exp(B(al+x,be+i-x) - B(al,be) + B(ga+1,de+i) - B(ga,de)) for i in range(x, n))
// The fit marked so was made by Newton's method on the sum of `likelihood` over the file, with central differences of
// step 1e-10 in the logarithms of the parameters.
namespace {

using namespace alloquy::score;
using alloquy::support::contains;
using alloquy::support::refusal;
using alloquy::support::relative_error;

constexpr BgBbParameters published{1.204, 0.750, 0.657, 2.783};
/// Of the vignette BTYD-walkthrough of CRAN's BTYD 2.4.3.
constexpr BgBbParameters btyd{1.203528, 0.7497260, 0.6567808, 2.783796};
/// Where the likelihood of the donations is highest, mpmath.
constexpr BgBbParameters best{1.20352235160191, 0.749716358172939, 0.656718208441832, 2.78344223257738};

struct Columns {
    std::vector<std::uint32_t> taken{};
    std::vector<std::uint32_t> last{};
    std::vector<std::uint32_t> offered{};
    std::vector<double> weights{};

    void add(std::uint32_t x, std::uint32_t t, std::uint32_t n) {
        taken.push_back(x);
        last.push_back(t);
        offered.push_back(n);
    }
    [[nodiscard]] OccasionRecords rows() const { return {taken, last, offered, weights}; }
    [[nodiscard]] OccasionRecord row(std::size_t i) const { return {taken[i], last[i], offered[i]}; }
    [[nodiscard]] std::size_t size() const { return taken.size(); }
};

std::optional<Columns> donations() {
    std::optional<std::ifstream> file = alloquy::support::real_data("donations-bgbb", "donations.csv");
    if (!file) return std::nullopt;
    std::string line;
    REQUIRE(std::getline(*file, line));  // names of the columns
    Columns columns;
    while (std::getline(*file, line)) {
        unsigned x = 0;
        unsigned t = 0;
        unsigned n = 0;
        double weight = 0;
        REQUIRE(std::sscanf(line.c_str(), "%u,%u,%u,%lf", &x, &t, &n, &weight) == 4);
        columns.add(x, t, n);
        columns.weights.push_back(weight);
    }
    REQUIRE(columns.size() == 22);
    return columns;
}

/// A Beta(a, b) variable for whole a and b: the a-th smallest of a + b - 1 uniform ones (DLMF 8.17.5).
double beta(alloquy::support::Random& random, std::size_t a, std::size_t b) {
    std::vector<double> draws(a + b - 1);
    for (double& draw : draws) draw = random.fraction();
    std::sort(draws.begin(), draws.end());
    return draws[a - 1];
}

/// People as the model has them, for parameters in whole numbers.
Columns simulate(const std::array<std::size_t, 4>& truth, std::size_t people, std::uint32_t occasions,
                 std::uint64_t seed) {
    alloquy::support::Random random{seed};
    Columns columns;
    for (std::size_t i = 0; i < people; ++i) {
        const double takes = beta(random, truth[0], truth[1]);
        const double stops = beta(random, truth[2], truth[3]);
        const auto n = static_cast<std::uint32_t>(occasions - random.below(3));
        std::uint32_t taken = 0;
        std::uint32_t last = 0;
        for (std::uint32_t occasion = 1; occasion <= n && random.fraction() >= stops; ++occasion) {
            if (random.fraction() >= takes) continue;
            ++taken;
            last = occasion;
        }
        columns.add(taken, last, n);
    }
    return columns;
}

}  // namespace

TEST_SUITE("score/bg_bb") {
    // ---- the likelihood ----

    TEST_CASE("likelihood, activity and expectation of one person agree with mpmath, also over a million occasions") {
        struct Row {
            BgBbParameters parameters;
            OccasionRecord person;
            double log_likelihood;
            double active;  // at the last occasion
            double next;    // at the next
            double expected;
        };
        constexpr BgBbParameters rare{2.0, 30.0, 1.0, 50.0};
        constexpr BgBbParameters beside_pole{0.5, 0.5, 1.0000001, 3.0};
        for (const Row& row :
             {Row{published,
                  {0U, 0U, 6U},
                  -1.1672624726738938,
                  0.11609661329298467,
                  0.10801658416867418,
                  0.072802877475043},
              Row{published,
                  {2U, 4U, 6U},
                  -5.195697601042647,
                  0.6336118933319035,
                  0.5895141164336979,
                  1.0573489419096804},
              Row{published, {6U, 6U, 6U}, -2.1822484476182997, 1.0, 0.9304025423728813, 3.7521156075998148},
              Row{published,
                  {3U, 10U, 60U},
                  -10.530663790483214,
                  0.0011112495429627157,
                  0.00109974117364168,
                  0.0003657050030881843},
              Row{published,
                  {500000U, 999990U, 1000000U},
                  -693162.4087011446,
                  0.9986574998903002,
                  0.9986568437745797,
                  2.4966399623405326},
              Row{published,
                  {1000000U, 1000000U, 1000000U},
                  -18.737757597651907,
                  1.0,
                  0.9999993430022601,
                  4.999986395070392},
              Row{rare, {0U, 0U, 6U}, -0.3336959363234276, 0.8703280983067058, 0.855059184301325, 0.2175129500399464},
              Row{rare,
                  {3U, 10U, 60U},
                  -10.48673851731286,
                  0.06515208933817276,
                  0.0645651335783694,
                  0.01723704464775103},
              Row{beside_pole,
                  {2U, 4U, 6U},
                  -5.515849882127725,
                  0.5664739619165369,
                  0.5098265606266176,
                  0.769463140180134}}) {
            CAPTURE(row.person.taken);
            CHECK(relative_error(log_likelihood(row.parameters, row.person), row.log_likelihood) <= 1e-13);
            CHECK(relative_error(p_active(row.parameters, row.person, 0), row.active) <= 1e-13);
            CHECK(relative_error(p_active(row.parameters, row.person), row.next) <= 1e-13);
            CHECK(relative_error(expected_interactions(row.parameters, row.person, 5), row.expected) <= 1e-13);
        }
        // A hundred thousand factors round a little each.
        const OccasionRecord silent{0, 0, 100'000};
        CHECK(relative_error(log_likelihood(published, silent), -1.2473120478718946) <= 1e-11);
        CHECK(relative_error(p_active(published, silent), 2.600898114458827e-09) <= 1e-11);
        CHECK(relative_error(expected_interactions(rare, silent, 5), 1.7748122216549233e-14) <= 1e-11);
        CHECK(relative_error(log_likelihood(published, OccasionRecord{1, 1, 100'000}), -2.34881500727952) <= 1e-11);
    }

    TEST_CASE("likelihoods of all rows of taken and missed occasions sum to one") {
        // Each of the 2^n rows has a count and a last occasion; there are C(t - 1, x - 1) rows of each.
        for (const BgBbParameters& p : {published, BgBbParameters{2, 30, 1, 50}, BgBbParameters{0.1, 0.2, 5, 0.3}}) {
            constexpr std::uint32_t n = 10;
            double sum = std::exp(log_likelihood(p, OccasionRecord{0, 0, n}));
            for (std::uint32_t t = 1; t <= n; ++t) {
                double rows = 1;
                for (std::uint32_t x = 1; x <= t; ++x) {
                    sum += rows * std::exp(log_likelihood(p, OccasionRecord{x, t, n}));
                    rows = rows * (t - x) / x;
                }
            }
            CHECK(sum == doctest::Approx(1).epsilon(1e-13));
        }
    }

    TEST_CASE("derivatives agree with differences of the likelihood, for few occasions and for many") {
        for (const std::uint32_t occasions : {7U, 90U}) {
            Columns people = simulate({2, 1, 1, 5}, 300, occasions, 5);
            for (std::size_t i = 0; i < people.size(); ++i) {
                people.weights.push_back(static_cast<double>(i % 4) * 0.75);
            }
            for (const bool weighted : {false, true}) {
                OccasionRecords rows = people.rows();
                if (!weighted) rows.weights = {};
                const detail::BgBbLikelihood likelihood{rows, 1};
                const std::array<double, 4> at{1.7, 0.8, 1.2, 4.0};
                const detail::Curvature here = likelihood.at(at);
                double sum = 0;
                for (std::size_t i = 0; i < people.size(); ++i) {
                    sum += (weighted ? people.weights[i] : 1.0) *
                           log_likelihood(BgBbParameters{at[0], at[1], at[2], at[3]}, people.row(i));
                }
                CHECK(here.value == doctest::Approx(sum).epsilon(1e-12));
                for (std::size_t i = 0; i < 4; ++i) {
                    const double h = 1e-5 * at[i];
                    std::array<double, 4> low = at;
                    std::array<double, 4> high = at;
                    low[i] -= h;
                    high[i] += h;
                    const detail::Curvature below = likelihood.at(low);
                    const detail::Curvature above = likelihood.at(high);
                    CHECK((above.value - below.value) / (2 * h) == doctest::Approx(here.gradient[i]).epsilon(1e-6));
                    for (std::size_t j = 0; j < 4; ++j) {
                        CHECK((above.gradient[j] - below.gradient[j]) / (2 * h) ==
                              doctest::Approx(here.hessian[i][j]).epsilon(1e-6));
                        CHECK(here.hessian[i][j] == here.hessian[j][i]);
                    }
                }
            }
        }
    }

    TEST_CASE("a weight is that many equal people") {
        const Columns people = simulate({2, 1, 1, 5}, 300, 8, 6);
        Columns repeated;
        Columns weighted = people;
        for (std::size_t i = 0; i < people.size(); ++i) {
            const std::size_t times = i % 3;
            weighted.weights.push_back(static_cast<double>(times));
            for (std::size_t k = 0; k < times; ++k) {
                repeated.add(people.taken[i], people.last[i], people.offered[i]);
            }
        }
        // Whole weights sum exactly, so that not a bit differs.
        CHECK(log_likelihood(published, weighted.rows()) == log_likelihood(published, repeated.rows()));
        CHECK(fit_bg_bb(weighted.rows()).parameters == fit_bg_bb(repeated.rows()).parameters);
        CHECK(fit_bg_bb(weighted.rows()).people == 300);
    }

    // ---- the fit ----

    TEST_CASE("the donations give the paper's parameters, and those of mpmath to nine digits") {
        const auto people = donations();
        if (!people) return;
        const BgBbFit fit = fit_bg_bb(people->rows());
        // The paper's table 4: alpha 1.204, beta 0.750, gamma 0.657, delta 2.783; LL -33225.58 (SOURCE.md beside the
        // data).
        CHECK(std::abs(fit.parameters.alpha - 1.204) <= 0.0005);
        CHECK(std::abs(fit.parameters.beta - 0.750) <= 0.0005);
        CHECK(std::abs(fit.parameters.gamma - 0.657) <= 0.0005);
        CHECK(std::abs(fit.parameters.delta - 2.783) <= 0.0005);
        CHECK(fit.parameters.alpha == doctest::Approx(best.alpha).epsilon(1e-9));
        CHECK(fit.parameters.beta == doctest::Approx(best.beta).epsilon(1e-9));
        CHECK(fit.parameters.gamma == doctest::Approx(best.gamma).epsilon(1e-9));
        CHECK(fit.parameters.delta == doctest::Approx(best.delta).epsilon(1e-9));
        CHECK(std::abs(fit.log_likelihood - -33225.58) <= 0.005);
        CHECK(fit.log_likelihood == doctest::Approx(-33225.581274347).epsilon(1e-13));
        CHECK(fit.people == 11'104);
    }

    TEST_CASE("standard errors of the donations agree with differences in mpmath and with lifetimes") {
        const auto people = donations();
        if (!people) return;
        const BgBbFit fit = fit_bg_bb(people->rows());
        const std::array exact{0.06939136238888, 0.02944771666039, 0.05100985895641, 0.3208190030433};
        // lifetimes 0.11.3, BetaGeoBetaBinomFitter().fit(...).standard_errors_.
        const std::array peer{0.069391, 0.029448, 0.051010, 0.320819};
        for (std::size_t i = 0; i < 4; ++i) {
            CAPTURE(i);
            CHECK(relative_error(fit.standard_errors[i], exact[i]) <= 1e-8);
            CHECK(std::abs(fit.standard_errors[i] - peer[i]) <= 1e-6);
        }
        CHECK(relative_error(fit.covariance[0][1], 0.001813892224329) <= 1e-8);
        CHECK(relative_error(fit.covariance[3][2], 0.01579294291337) <= 1e-8);
    }

    TEST_CASE("a penalty moves the parameters to where its slope is that of the likelihood") {
        const auto people = donations();
        if (!people) return;
        BgBbOptions options;
        options.penalty = 0.01;
        const BgBbFit fit = fit_bg_bb(people->rows(), options);
        const detail::Curvature at = detail::BgBbLikelihood{people->rows(), 1}.at(
            {fit.parameters.alpha, fit.parameters.beta, fit.parameters.gamma, fit.parameters.delta});
        CHECK(at.gradient[0] == doctest::Approx(2 * 0.01 * 11104 * fit.parameters.alpha).epsilon(1e-6));
        CHECK(at.gradient[3] == doctest::Approx(2 * 0.01 * 11104 * fit.parameters.delta).epsilon(1e-6));
        CHECK(fit.log_likelihood == doctest::Approx(at.value).epsilon(1e-13));
        CHECK(fit.log_likelihood < -33225.6);
        CHECK(fit.parameters.delta < 2.7);
    }

    TEST_CASE("the parameters that people were made with are found again within three standard errors") {
        for (const std::array<std::size_t, 4>& truth :
             {std::array<std::size_t, 4>{1, 1, 1, 3}, {2, 3, 1, 6}, {1, 4, 2, 9}}) {
            const Columns people = simulate(truth, 40'000, 15, 12);
            const BgBbFit fit = fit_bg_bb(people.rows());
            const std::array found{fit.parameters.alpha, fit.parameters.beta, fit.parameters.gamma,
                                   fit.parameters.delta};
            for (std::size_t i = 0; i < 4; ++i) {
                CAPTURE(i);
                CHECK(std::abs(found[i] - static_cast<double>(truth[i])) <= 3 * fit.standard_errors[i]);
                CHECK(fit.standard_errors[i] < 0.5 * static_cast<double>(truth[i]));
            }
        }
    }

    TEST_CASE("results have the same bits for any number of threads") {
        for (const std::uint32_t occasions : {8U, 70U}) {
            Columns people = simulate({2, 3, 1, 6}, 9001, occasions, 9);
            for (std::size_t i = 0; i < people.size(); ++i) {
                people.weights.push_back(1 + static_cast<double>(i % 5) * 0.3);
            }
            const BgBbFit fit = fit_bg_bb(people.rows());
            for (const unsigned threads : {2U, 7U}) {
                BgBbOptions options;
                options.threads = threads;
                const BgBbFit again = fit_bg_bb(people.rows(), options);
                CHECK(again.parameters == fit.parameters);
                CHECK(again.log_likelihood == fit.log_likelihood);
                CHECK(again.covariance == fit.covariance);
                CHECK(log_likelihood(published, people.rows(), threads) == log_likelihood(published, people.rows()));
                CHECK(p_active(published, people.rows(), 3, threads) == p_active(published, people.rows(), 3));
                CHECK(expected_interactions(published, people.rows(), 5, threads) ==
                      expected_interactions(published, people.rows(), 5));
            }
        }
    }

    TEST_CASE("the order of the rows changes nothing") {
        const Columns people = simulate({2, 3, 1, 6}, 2000, 80, 21);
        std::vector<std::size_t> order(people.size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        alloquy::support::Random{22}.shuffle(order);
        Columns shuffled;
        for (const std::size_t i : order) shuffled.add(people.taken[i], people.last[i], people.offered[i]);
        CHECK(fit_bg_bb(shuffled.rows()).parameters == fit_bg_bb(people.rows()).parameters);
    }

    TEST_CASE("too little data are told so, each for its reason") {
        const auto reason = [](const Columns& people) { return refusal([&] { (void)fit_bg_bb(people.rows()); }); };
        Columns one;
        one.add(2, 3, 6);
        CHECK(contains(reason(one), "at least 2 people"));
        CHECK(contains(reason({}), "at least 2 people"));
        Columns silent;
        for (int i = 0; i < 50; ++i) silent.add(0, 0, 6);
        CHECK(contains(reason(silent), "nobody took an occasion"));
        Columns brief;
        for (std::uint32_t i = 0; i < 60; ++i) brief.add(i % 3, i % 3, 2);
        CHECK(contains(reason(brief), "at least 3 occasions"));
        Columns equal;  // all alike: the distributions shrink to points
        for (int i = 0; i < 50; ++i) equal.add(2, 4, 6);
        CHECK(contains(reason(equal), "too little data"));
        CHECK(contains(reason(equal), "no maximum"));
        Columns eager;  // all took everything
        for (int i = 0; i < 50; ++i) eager.add(6, 6, 6);
        CHECK(contains(reason(eager), "no maximum"));
        Columns weightless = simulate({1, 1, 1, 3}, 100, 8, 2);
        weightless.weights.assign(100, 0.0);
        CHECK(contains(reason(weightless), "at least 2 people"));
    }

    TEST_CASE("a search that may not go on says so") {
        const Columns people = simulate({2, 3, 1, 6}, 500, 10, 14);
        BgBbOptions options;
        options.max_iterations = 1;
        CHECK_THROWS_WITH_AS((void)fit_bg_bb(people.rows(), options), "fit_bg_bb: no convergence after 1 iterations",
                             alloquy::Error);
    }

    TEST_CASE("impossible rows and arguments out of range are the caller's mistake") {
        constexpr double nan = std::numeric_limits<double>::quiet_NaN();
        for (const OccasionRecord& bad : {OccasionRecord{3, 2, 6}, OccasionRecord{2, 7, 6}, OccasionRecord{0, 1, 6},
                                          OccasionRecord{1, 0, 6}, OccasionRecord{1, 1, 1'000'001}}) {
            Columns people = simulate({1, 1, 1, 3}, 20, 8, 15);
            people.add(bad.taken, bad.last, bad.offered);
            CHECK(contains(refusal([&] { (void)fit_bg_bb(people.rows()); }), "row 20 needs"));
            CHECK(contains(refusal([&] { (void)p_active(published, people.rows()); }), "row 20 needs"));
            CHECK_THROWS_AS((void)expected_interactions(published, people.rows(), 1), alloquy::InvalidArgument);
            CHECK_THROWS_AS((void)log_likelihood(published, people.rows()), alloquy::InvalidArgument);
            CHECK_THROWS_AS((void)log_likelihood(published, bad), alloquy::InvalidArgument);
            CHECK_THROWS_AS((void)p_active(published, bad), alloquy::InvalidArgument);
            CHECK_THROWS_AS((void)expected_interactions(published, bad, 1), alloquy::InvalidArgument);
        }
        for (const double bad : {0.0, -1.0, nan, std::numeric_limits<double>::infinity()}) {
            for (int which = 0; which < 4; ++which) {
                BgBbParameters p = published;
                (which == 0 ? p.alpha : which == 1 ? p.beta : which == 2 ? p.gamma : p.delta) = bad;
                CHECK_THROWS_AS((void)p_active(p, OccasionRecord{2, 3, 6}), alloquy::InvalidArgument);
                CHECK_THROWS_AS((void)expected_interactions(p, 2U), alloquy::InvalidArgument);
                CHECK_THROWS_AS((void)probability_of_count(p, 2, 6), alloquy::InvalidArgument);
                CHECK_THROWS_AS(check(p), alloquy::InvalidArgument);
            }
        }
        CHECK_THROWS_AS((void)expected_interactions(published, 1'000'001U), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)p_active(published, OccasionRecord{2, 3, 6}, 1'000'001), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)probability_of_count(published, 2, 1'000'001), alloquy::InvalidArgument);
        Columns people = simulate({1, 1, 1, 3}, 50, 8, 16);
        CHECK_THROWS_AS((void)p_active(published, people.rows(), 1, 0), alloquy::InvalidArgument);
        BgBbOptions options;
        options.penalty = nan;
        CHECK_THROWS_AS((void)fit_bg_bb(people.rows(), options), alloquy::InvalidArgument);
        options = {};
        options.tolerance = 1;
        CHECK_THROWS_AS((void)fit_bg_bb(people.rows(), options), alloquy::InvalidArgument);
        options = {};
        options.max_iterations = 0;
        CHECK_THROWS_AS((void)fit_bg_bb(people.rows(), options), alloquy::InvalidArgument);
        people.weights.assign(50, 1.0);
        people.weights[7] = nan;
        CHECK(contains(refusal([&] { (void)fit_bg_bb(people.rows()); }), "weight 7"));
        people.weights.pop_back();
        CHECK(contains(refusal([&] { (void)fit_bg_bb(people.rows()); }), "same length"));
    }

    // ---- what is told of a person ----

    TEST_CASE("probability of being active in 2002 is that of the paper's table") {
        // Table 6, as the tests of lifetimes have it: six occasions, 1996 to 2001; 2002 is the next.
        CHECK(std::abs(p_active(best, OccasionRecord{0, 0, 6}) - 0.11) <= 0.005);
        CHECK(std::abs(p_active(best, OccasionRecord{2, 4, 6}) - 0.59) <= 0.005);
        CHECK(std::abs(p_active(best, OccasionRecord{6, 6, 6}) - 0.93) <= 0.005);
    }

    TEST_CASE("who took the last occasion was active then, and silence and time ahead only lower the odds") {
        alloquy::support::Random random{17};
        for (int round = 0; round < 2000; ++round) {
            const BgBbParameters p{0.05 + 3 * random.fraction(), 0.05 + 3 * random.fraction(),
                                   0.05 + 3 * random.fraction(), 0.05 + 3 * random.fraction()};
            const auto n = static_cast<std::uint32_t>(2 + random.below(40));
            const auto x = static_cast<std::uint32_t>(1 + random.below(n - 1));
            const auto t = static_cast<std::uint32_t>(x + random.below(n - x));
            const OccasionRecord person{x, t, n};
            const double active = p_active(p, person, 0);
            CHECK(active >= 0);
            CHECK(active <= 1);
            CHECK(p_active(p, OccasionRecord{x, n, n}, 0) == 1);
            CHECK(active <= p_active(p, OccasionRecord{x, t + 1, n}, 0));
            CHECK(p_active(p, OccasionRecord{x, t, n + 1}, 0) < active);
            CHECK(p_active(p, person, 1) < active);
            CHECK(p_active(p, person, 7) < p_active(p, person, 6));
            CHECK(expected_interactions(p, person, 1) < p_active(p, person, 1));
        }
    }

    TEST_CASE(
        "expected gifts of all donors, of a new one, of a silent and of a faithful one are those of the sources") {
        // BTYD-walkthrough, at its own fit.
        CHECK(std::abs(expected_interactions(btyd, 10U) - 3.179805) <= 1e-6);
        CHECK(std::abs(expected_interactions(btyd, OccasionRecord{0, 0, 6}, 10) - 0.1302169) <= 5e-7);
        CHECK(std::abs(expected_interactions(btyd, OccasionRecord{4, 5, 6}, 10) - 3.627858) <= 1e-5);
        const auto people = donations();
        if (!people) return;
        // Hardie's spreadsheet, as the tests of lifetimes have it: 12,884.2 gifts in the next five years.
        const std::vector<double> expected = expected_interactions(best, people->rows(), 5);
        double sum = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) sum += people->weights[i] * expected[i];
        CHECK(std::abs(sum - 12884.2) <= 0.1);
    }

    TEST_CASE("expected occasions of a new person agree with the closed form, up to a million and at its pole") {
        struct Row {
            BgBbParameters parameters;
            std::uint32_t occasions;
            double exact;  // mpmath
        };
        for (const Row& row : {Row{published, 10, 3.1788543264922886}, Row{published, 1000, 31.20307682341468},
                               Row{{2.0, 30.0, 1.5, 50.0}, 10, 0.5375068089883874},
                               Row{{2.0, 30.0, 1.5, 50.0}, 1000, 4.8764294534025305}}) {
            CHECK(relative_error(expected_interactions(row.parameters, row.occasions), row.exact) <= 1e-12);
        }
        CHECK(relative_error(expected_interactions(published, 1'000'000U), 381.6135124890329) <= 1e-10);
        CHECK(relative_error(expected_interactions({2.0, 30.0, 1.5, 50.0}, 1'000'000U), 6.205476463270251) <= 1e-10);
        // gamma = 1: the sum of delta / (delta + j).
        CHECK(expected_interactions({3.0, 1.0, 1.0, 2.0}, 3U) == doctest::Approx(0.75 * (2.0 / 3 + 2.0 / 4 + 2.0 / 5)));
        CHECK(expected_interactions(published, 0U) == 0);
        CHECK(expected_interactions(published, OccasionRecord{0, 0, 0}, 10) ==
              doctest::Approx(expected_interactions(published, 10U)).epsilon(1e-14));
    }

    TEST_CASE("what is told of many has the same bits as what is told of each") {
        const Columns people = simulate({2, 3, 1, 6}, 5000, 12, 20);
        for (const std::uint32_t ahead : {0U, 1U, 30U}) {
            const std::vector<double> active = p_active(published, people.rows(), ahead);
            const std::vector<double> expected = expected_interactions(published, people.rows(), ahead);
            REQUIRE(active.size() == people.size());
            bool equal = true;
            for (std::size_t i = 0; i < people.size(); ++i) {
                equal = equal && active[i] == p_active(published, people.row(i), ahead) &&
                        expected[i] == expected_interactions(published, people.row(i), ahead);
            }
            CHECK(equal);
        }
        CHECK(p_active(published, OccasionRecords{}).empty());
        CHECK(log_likelihood(published, OccasionRecords{}) == 0);
    }

    // ---- how many occasions ----

    TEST_CASE("as many donors are expected to give never, and each year, as in the spreadsheet") {
        // Hardie's spreadsheet, as the tests of lifetimes have it.
        CHECK(std::abs(11104 * probability_of_count(best, 0, 6) - 3454.9) <= 0.05);
        CHECK(std::abs(11104 * probability_of_count(best, 6, 6) - 1253.1) <= 0.05);
    }

    TEST_CASE("probabilities of counts agree with mpmath, also where the first terms vanish") {
        struct Row {
            BgBbParameters parameters;
            std::uint32_t count;
            std::uint32_t occasions;
            double exact;
        };
        constexpr BgBbParameters alike{400.0, 600.0, 0.5, 2000.0};
        for (const Row& row :
             {Row{published, 0U, 6U, 0.3112177432638494}, Row{published, 3U, 6U, 0.10026311502480369},
              Row{published, 6U, 6U, 0.11278764820774684}, Row{published, 5U, 60U, 0.03474961029842275},
              Row{published, 700U, 2000U, 2.0051689978647996e-05}, Row{alike, 0U, 6U, 0.04764765403340638},
              Row{alike, 6U, 6U, 0.0041823348157306916}, Row{alike, 5U, 60U, 0.0006193254053842282},
              Row{alike, 700U, 2000U, 0.00046121199320428894},
              Row{{4000.0, 6000.0, 0.5, 2000.0}, 700U, 2000U, 0.0002450775574143952}}) {
            CAPTURE(row.count);
            CAPTURE(row.occasions);
            CHECK(relative_error(probability_of_count(row.parameters, row.count, row.occasions), row.exact) <= 1e-11);
        }
    }

    TEST_CASE("probabilities of counts sum to one, and their mean is the expected number") {
        for (const std::uint32_t n : {0U, 1U, 6U, 200U}) {
            double sum = 0;
            double mean = 0;
            for (std::uint32_t x = 0; x <= n; ++x) {
                const double probability = probability_of_count(published, x, n);
                sum += probability;
                mean += x * probability;
            }
            CAPTURE(n);
            CHECK(sum == doctest::Approx(1).epsilon(1e-12));
            CHECK(mean == doctest::Approx(expected_interactions(published, n)).epsilon(1e-11));
            CHECK(probability_of_count(published, n + 1, n) == 0);
        }
    }
}
