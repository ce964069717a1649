#include <alloquy/score/logistic.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"
#include "support.hpp"

using alloquy::score::CoefficientSign;
using alloquy::score::FeatureMatrix;
using alloquy::score::FeatureRow;
using alloquy::score::fit_logistic;
using alloquy::score::LogisticModel;
using alloquy::score::LogisticOptions;
using alloquy::support::contains;
using alloquy::support::Random;
using alloquy::support::refusal;

namespace {

struct Data {
    FeatureMatrix matrix;
    std::vector<std::uint8_t> outcomes{};
    std::vector<double> weights{};  // empty: 1 each
};

LogisticOptions penalised(double penalty, unsigned threads = 1) {
    LogisticOptions options;
    options.penalty = penalty;
    options.threads = threads;
    return options;
}

LogisticModel fit(const Data& data, double penalty = 1, unsigned threads = 1) {
    return fit_logistic(data.matrix, data.outcomes, data.weights, penalised(penalty, threads));
}

/// Adds the values that are not 0.
void add_dense(FeatureMatrix& matrix, const std::vector<double>& values) {
    std::vector<std::uint32_t> columns;
    std::vector<double> stored;
    for (std::size_t j = 0; j < values.size(); ++j) {
        if (values[j] == 0) continue;
        columns.push_back(static_cast<std::uint32_t>(j));
        stored.push_back(values[j]);
    }
    matrix.add_row({columns, stored});
}

std::vector<std::string> numbered(std::size_t columns) {
    std::vector<std::string> names;
    for (std::size_t j = 0; j < columns; ++j) names.push_back("c" + std::to_string(j));
    return names;
}

Data dense_data(const std::vector<std::vector<double>>& rows, const std::vector<std::uint8_t>& outcomes,
                const std::vector<CoefficientSign>& signs = {}) {
    Data data{FeatureMatrix{numbered(rows.front().size()), signs}, outcomes};
    for (const std::vector<double>& row : rows) add_dense(data.matrix, row);
    return data;
}

// The data that scikit-learn's figures below were made on; column 4 is the sum of columns 0 and 2.
//   X[i] = [((37*i)%101)/50-1, ((53*i+11)%97)/48-1, i%3==0, i%7==0, X[i,0]+X[i,2], 0.5*(i%5)]   for i < 240
//   y[i] = ((31*i*i+17*i+7)%103)/103 < 0.35+0.25*X[i,0]+0.2*X[i,2];   w[i] = 0.5*(i%4)
Data reference_data(bool with_sum, bool weighted, const std::vector<CoefficientSign>& signs = {}) {
    Data data{FeatureMatrix{numbered(with_sum ? 6 : 5), signs}};
    for (int i = 0; i < 240; ++i) {
        const double x0 = ((37 * i) % 101) / 50.0 - 1;
        const double x1 = ((53 * i + 11) % 97) / 48.0 - 1;
        const double x2 = i % 3 == 0 ? 1 : 0;
        const double x3 = i % 7 == 0 ? 1 : 0;
        const double x5 = 0.5 * (i % 5);
        if (with_sum) {
            add_dense(data.matrix, {x0, x1, x2, x3, x0 + x2, x5});
        } else {
            add_dense(data.matrix, {x0, x1, x2, x3, x5});
        }
        data.outcomes.push_back(((31 * i * i + 17 * i + 7) % 103) / 103.0 < 0.35 + 0.25 * x0 + 0.2 * x2 ? 1 : 0);
        if (weighted) data.weights.push_back(0.5 * (i % 4));
    }
    return data;
}

double weight_of(const Data& data, std::size_t row) {
    return data.weights.empty() ? 1.0 : data.weights[row];
}

/// Gradient and Hessian of the penalised loss in long double; position 0 is the intercept.
struct Curvature {
    std::vector<long double> gradient;
    std::vector<std::vector<long double>> hessian;
};
Curvature curvature_at(const Data& data, const LogisticModel& model, double penalty, bool with_hessian = true) {
    const std::size_t size = model.coefficients.size() + 1;
    Curvature curvature{std::vector<long double>(size, 0.0L), {}};
    curvature.hessian.assign(size, std::vector<long double>(with_hessian ? size : 1, 0.0L));
    for (std::size_t r = 0; r < data.matrix.rows(); ++r) {
        const FeatureRow row = data.matrix.row(r);
        std::vector<std::size_t> positions{0};
        std::vector<long double> values{1.0L};
        long double log_odds = model.intercept;
        for (std::size_t i = 0; i < row.columns.size(); ++i) {
            positions.push_back(row.columns[i] + 1);
            values.push_back(row.values[i]);
            log_odds += static_cast<long double>(model.coefficients[row.columns[i]]) * row.values[i];
        }
        const long double p = 1 / (1 + std::exp(-log_odds));
        const long double weight = weight_of(data, r);
        for (std::size_t a = 0; a < positions.size(); ++a) {
            curvature.gradient[positions[a]] += weight * (p - data.outcomes[r]) * values[a];
            const long double s = weight * p * (1 - p) * values[a];
            if (with_hessian) {
                for (std::size_t b = 0; b < positions.size(); ++b) {
                    curvature.hessian[positions[a]][positions[b]] += s * values[b];
                }
            } else {
                curvature.hessian[positions[a]][0] += s * values[a];  // the diagonal alone
            }
        }
    }
    for (std::size_t j = 1; j < size; ++j) {
        curvature.gradient[j] += static_cast<long double>(penalty) * model.coefficients[j - 1];
        curvature.hessian[j][with_hessian ? j : 0] += penalty;
    }
    return curvature;
}

/// Largest violation of the conditions of Karush, Kuhn and Tucker, each divided by `scale(position)`.
double worst_violation(const Data& data, const LogisticModel& model, const Curvature& curvature,
                       const std::function<double(std::size_t)>& scale) {
    double worst = std::abs(static_cast<double>(curvature.gradient[0])) / scale(0);
    for (std::size_t j = 0; j < model.coefficients.size(); ++j) {
        const auto gradient = static_cast<double>(curvature.gradient[j + 1]);
        const CoefficientSign sign = data.matrix.signs()[j];
        const double inwards = sign == CoefficientSign::not_negative ? 1 : -1;
        double violation = std::abs(gradient);
        if (sign != CoefficientSign::free) {
            REQUIRE(inwards * model.coefficients[j] >= 0);
            // At 0 the loss may rise inwards, but not fall.
            if (model.coefficients[j] == 0) violation = std::max(0.0, -inwards * gradient);
        }
        worst = std::max(worst, violation / scale(j + 1));
    }
    return worst;
}
double worst_gradient(const Data& data, const LogisticModel& model, double penalty) {
    return worst_violation(data, model, curvature_at(data, model, penalty, false), [](std::size_t) { return 1.0; });
}

/// Gauss and Jordan, for small positive definite matrices.
std::vector<std::vector<long double>> inverse(std::vector<std::vector<long double>> a) {
    const std::size_t n = a.size();
    std::vector<std::vector<long double>> b(n, std::vector<long double>(n, 0.0L));
    for (std::size_t i = 0; i < n; ++i) b[i][i] = 1;
    for (std::size_t c = 0; c < n; ++c) {
        const long double pivot = a[c][c];
        for (std::size_t k = 0; k < n; ++k) {
            a[c][k] /= pivot;
            b[c][k] /= pivot;
        }
        for (std::size_t r = 0; r < n; ++r) {
            if (r == c) continue;
            const long double factor = a[r][c];
            for (std::size_t k = 0; k < n; ++k) {
                a[r][k] -= factor * a[c][k];
                b[r][k] -= factor * b[c][k];
            }
        }
    }
    return b;
}

/// 5,000 rows of 300 columns: measured values, their doubles, sums of others, rare, constant and common flags.
Data nasty_data(std::uint64_t seed, bool with_signs) {
    constexpr std::size_t rows = 5000;
    constexpr std::size_t columns = 300;
    Random random{seed};
    std::vector<CoefficientSign> signs(columns, CoefficientSign::free);
    if (with_signs) {
        for (CoefficientSign& sign : signs) sign = static_cast<CoefficientSign>(random.below(3));
    }
    Data data{FeatureMatrix{numbered(columns), signs}};
    for (std::size_t i = 0; i < rows; ++i) {
        std::vector<double> x(columns, 0.0);
        double log_odds = -1;
        for (std::size_t j = 0; j < columns; ++j) {
            const std::size_t kind = j % 6;
            if (kind == 0) x[j] = random.fraction() * 4 - 2;
            if (kind == 1) x[j] = x[j - 1];
            if (kind == 2) x[j] = x[j - 1] / 2 + (j > 6 ? x[j - 6] : 0.0) + 1;
            if (kind == 3) x[j] = i == j * 7 || i == j * 7 + 1 ? 1 : 0;
            if (kind == 4) x[j] = 3;
            if (kind == 5) x[j] = random.chance(30) ? 1 : 0;
            if (kind == 0 || kind == 5) log_odds += (static_cast<double>(j % 5) - 2) * 0.1 * x[j];
        }
        add_dense(data.matrix, x);
        data.outcomes.push_back(random.fraction() < 1 / (1 + std::exp(-log_odds)) ? 1 : 0);
    }
    return data;
}

/// Random rows of about half the columns.
Data random_rows(std::uint64_t seed, std::size_t rows, std::size_t columns,
                 const std::vector<CoefficientSign>& signs = {}) {
    Random random{seed};
    Data data{FeatureMatrix{numbered(columns), signs}};
    for (std::size_t i = 0; i < rows; ++i) {
        std::vector<double> x(columns, 0.0);
        double log_odds = -0.5;
        for (std::size_t j = 0; j < columns; ++j) {
            if (random.chance(50)) x[j] = random.fraction() * 2 - 0.5;
            log_odds += (j % 2 == 0 ? 0.8 : -0.6) * x[j];
        }
        add_dense(data.matrix, x);
        data.outcomes.push_back(random.fraction() < 1 / (1 + std::exp(-log_odds)) ? 1 : 0);
        data.weights.push_back(1 + static_cast<double>(random.below(3)));
    }
    return data;
}

}  // namespace

TEST_SUITE("score/logistic") {
    // The references need more digits than a double; x87 and quadruple formats have them.
    static_assert(std::numeric_limits<long double>::digits >= 64);

    TEST_CASE("without columns the model is the base rate, with the evidence of all rows but one") {
        // 3 of 10: log-odds log(3 / 7); variance 1 / (n p q) = 1 / 2.1; p q / ((p q)^2 v) - 1 = n - 1.
        Data data{FeatureMatrix{std::vector<std::string>{}}};
        for (std::uint8_t i = 0; i < 10; ++i) {
            data.matrix.add_row({});
            data.outcomes.push_back(i < 3 ? 1 : 0);
        }
        const LogisticModel model = fit(data);
        CHECK(model.intercept == doctest::Approx(std::log(3.0 / 7)).epsilon(1e-11));
        CHECK(model.coefficients.empty());
        CHECK(model.rows == 10);
        CHECK(model.positives == 3);
        CHECK(model.weight == 10);
        CHECK(model.log_likelihood == doctest::Approx(3 * std::log(0.3) + 7 * std::log(0.7)).epsilon(1e-12));
        CHECK(probability(model, {}) == doctest::Approx(0.3).epsilon(1e-11));
        CHECK(variance_of_log_odds(model, {}) == doctest::Approx(1 / 2.1).epsilon(1e-11));
        CHECK(evidence(model, {}) == doctest::Approx(9).epsilon(1e-10));
    }

    TEST_CASE("coefficients are those of scikit-learn") {
        // scikit-learn 1.9.1 on reference_data(): LogisticRegression(C=1/penalty, solver='newton-cholesky', tol=1e-12)
        // (C=np.inf for penalty 0) .fit(X, y, sample_weight=w or None); intercept_[0], coef_[0].
        struct Golden {
            double penalty;
            bool with_sum;
            bool weighted;
            double intercept;
            std::vector<double> coefficients;
        };
        for (const Golden& golden : {Golden{1,
                                            true,
                                            false,
                                            -0.7939948028608308,
                                            {0.2491474826139506, -0.16090015852295303, 0.5060539535811911,
                                             0.20499274669102976, 0.7552014361951414, -0.03534951034481394}},
                                     Golden{0.01,
                                            true,
                                            false,
                                            -0.8160205275963875,
                                            {0.24837362928459852, -0.1723173795799147, 0.5307560586941587,
                                             0.23865808641452835, 0.7791296879786044, -0.03660634427329686}},
                                     Golden{100,
                                            true,
                                            false,
                                            -0.44493117644225244,
                                            {0.1115018122331498, -0.019001603752757078, 0.11259018663983127,
                                             0.013659897937802628, 0.22409199887298106, -0.010063273476818737}},
                                     Golden{1,
                                            true,
                                            true,
                                            -1.1973652667698698,
                                            {0.2738253735268602, -0.2634986130039339, 0.5818985942897866,
                                             0.00013076680006165816, 0.8557239678166482, 0.2940993876307345}},
                                     Golden{0,
                                            false,
                                            false,
                                            -0.8162613390563612,
                                            {1.0277453447666953, -0.17244082399995594, 1.3104048356129214,
                                             0.239055675702318, -0.03661961627492527}},
                                     Golden{0,
                                            false,
                                            true,
                                            -1.2537477307162976,
                                            {1.171455606430162, -0.2947038285550888, 1.5228193609288505,
                                             -0.0009454167302269094, 0.31635673331186726}}}) {
            CAPTURE(golden.penalty);
            CAPTURE(golden.weighted);
            const Data data = reference_data(golden.with_sum, golden.weighted);
            const LogisticModel model = fit(data, golden.penalty);
            CHECK(std::abs(model.intercept - golden.intercept) < 1e-9);
            for (std::size_t j = 0; j < golden.coefficients.size(); ++j) {
                CAPTURE(j);
                CHECK(std::abs(model.coefficients[j] - golden.coefficients[j]) < 1e-9);
            }
        }
    }

    TEST_CASE("the gradient vanishes at the optimum") {
        for (const double penalty : {0.0, 1e-6, 0.1, 1.0, 30.0}) {
            for (const bool weighted : {false, true}) {
                CAPTURE(penalty);
                CAPTURE(weighted);
                const Data data = reference_data(penalty > 0, weighted);
                CHECK(worst_gradient(data, fit(data, penalty), penalty) < 1e-8);
            }
        }
    }

    TEST_CASE("the log-likelihood is that of the outcomes, without the penalty") {
        const Data data = reference_data(true, true);
        const LogisticModel model = fit(data);
        long double sum = 0;
        for (std::size_t r = 0; r < data.matrix.rows(); ++r) {
            const auto p = static_cast<long double>(probability(model, data.matrix.row(r)));
            sum += data.weights[r] * std::log(data.outcomes[r] == 1 ? p : 1 - p);
        }
        CHECK(model.log_likelihood == doctest::Approx(static_cast<double>(sum)).epsilon(1e-10));
        CHECK(model.rows == 180);  // every fourth has weight 0
        CHECK(model.weight == 180);
        CHECK(model.iterations >= 3);
        CHECK(model.iterations <= 8);
    }

    TEST_CASE("separated outcomes have the finite optimum that the penalty sets") {
        // Newton's method in 60 decimal digits (Python's decimal), to a step below 1e-50.
        const std::vector<std::vector<double>> rows{{-2, 1}, {-1, 0}, {-1, 3}, {1, 1}, {2, 0}, {4, -1}};
        const Data data = dense_data(rows, {0, 0, 0, 1, 1, 1});
        struct Golden {
            double penalty;
            double intercept;
            double first;
            double second;
        };
        for (const Golden& golden : {Golden{1, -0.13544020855456848, 1.1003197621176015, -0.1914912550467943},
                                     Golden{1e-3, -0.11919447510215356, 6.110312891932363, -0.1999263278141871},
                                     Golden{1e-6, -0.10457201800088534, 12.316153363165247, -0.21383483758838828},
                                     Golden{1e-9, -0.09888108530280873, 18.80083634950923, -0.2194436015786863}}) {
            CAPTURE(golden.penalty);
            const LogisticModel model = fit(data, golden.penalty);
            CHECK(std::abs(model.intercept - golden.intercept) < 1e-8);
            CHECK(std::abs(model.coefficients[0] - golden.first) < 1e-8);
            CHECK(std::abs(model.coefficients[1] - golden.second) < 1e-8);
        }
    }

    TEST_CASE("separated outcomes without a penalty are refused, not answered with a huge number") {
        const Data clean = dense_data({{-2, 1}, {-1, 0}, {-1, 3}, {1, 1}, {2, 0}, {4, -1}}, {0, 0, 0, 1, 1, 1});
        // Only a flag separates: all of its rows are positive, the others overlap.
        const Data flag =
            dense_data({{0, 1}, {0, 2}, {0, 3}, {0, 1.5}, {1, 1}, {1, 2}, {1, 0.5}}, {0, 1, 0, 1, 1, 1, 1});
        // Touching at one point: quasi-separation.
        const Data touching = dense_data({{-2}, {-1}, {0}, {0}, {1}, {2}}, {0, 0, 0, 1, 1, 1});
        for (const Data* data : {&clean, &flag, &touching}) {
            const std::string text = refusal([&] { (void)fit(*data, 0); });
            CHECK(contains(text, "penalty must be > 0"));
            CHECK(contains(text, "separate"));
            CHECK_NOTHROW((void)fit(*data, 1e-6));
        }
    }

    TEST_CASE("rows far out do not pass for separation") {
        // The fourth row's log-odds are about 1e4 and certain; the others overlap.
        const Data data = dense_data({{-1}, {0}, {1}, {20'000}, {2}, {3}}, {0, 1, 0, 1, 1, 0});
        const LogisticModel model = fit(data, 0);
        CHECK(worst_gradient(data, model, 0) < 1e-8);
        CHECK(model.coefficients[0] > 0);
    }

    TEST_CASE("columns that depend on each other need a penalty, which shares alike") {
        const Data data = reference_data(true, false);
        CHECK(contains(refusal([&] { (void)fit(data, 0); }), "column 'c4' depends linearly"));

        Data twins = dense_data({{1, 1}, {2, 2}, {3, 3}, {4, 4}, {0, 0}}, {0, 1, 0, 1, 0});
        CHECK(contains(refusal([&] { (void)fit(twins, 0); }), "column 'c1' depends linearly"));
        // Also where their signs would keep both at 0: whether columns depend on each other is no matter of outcomes.
        const Data held = dense_data({{1, 1}, {2, 2}, {3, 3}, {4, 4}, {0, 0}}, {0, 1, 0, 1, 0},
                                     {CoefficientSign::not_positive, CoefficientSign::not_positive});
        CHECK(contains(refusal([&] { (void)fit(held, 0); }), "column 'c1' depends linearly"));
        const LogisticModel model = fit(twins);
        CHECK(model.coefficients[0] == doctest::Approx(model.coefficients[1]).epsilon(1e-12));
        CHECK(worst_gradient(twins, model, 1) < 1e-8);
    }

    TEST_CASE("a column with one value everywhere, and one without values, get the coefficient 0") {
        const Data data = dense_data({{1, 3, 0}, {2, 3, 0}, {3, 3, 0}, {4, 3, 0}, {0, 3, 0}}, {0, 1, 0, 1, 0});
        const LogisticModel model = fit(data, 0.5);
        CHECK(std::abs(model.coefficients[1]) < 1e-12);
        CHECK(model.coefficients[2] == 0);
        CHECK(worst_gradient(data, model, 0.5) < 1e-8);
        // Who has a feature that nobody had: its variance is the prior's, 1 / penalty, on top.
        const std::array<std::uint32_t, 2> columns{1, 2};
        const std::array<double, 2> values{3, 1};
        const double usual = variance_of_log_odds(model, {std::span{columns}.first(1), std::span{values}.first(1)});
        CHECK(variance_of_log_odds(model, {columns, values}) == doctest::Approx(usual + 1 / 0.5).epsilon(1e-12));

        const Data constant = dense_data({{1, 3}, {2, 3}, {3, 3}, {4, 3}, {0, 3}}, {0, 1, 0, 1, 0});
        CHECK(contains(refusal([&] { (void)fit(constant, 0); }), "penalty must be > 0: column 'c1'"));
        const Data unseen = dense_data({{1, 0}, {2, 0}, {0, 0}}, {0, 1, 1});
        CHECK(contains(refusal([&] { (void)fit(unseen, 0); }), "penalty must be > 0: column 'c1'"));
    }

    TEST_CASE("the optimum holds with 300 columns of which half depend on others") {
        for (const bool with_signs : {false, true}) {
            const Data data = nasty_data(11, with_signs);
            for (const double penalty : {1e-6, 1.0, 100.0}) {
                CAPTURE(with_signs);
                CAPTURE(penalty);
                const LogisticModel model = fit(data, penalty);
                const Curvature curvature = curvature_at(data, model, penalty, false);
                // In standard errors of each coefficient alone.
                CHECK(worst_violation(data, model, curvature, [&](std::size_t j) {
                          return std::sqrt(static_cast<double>(curvature.hessian[j][0]));
                      }) < 1e-9);
                const auto held = std::count(model.coefficients.begin(), model.coefficients.end(), 0.0);
                CHECK((with_signs ? held > 50 : held < 5));
            }
        }
    }

    TEST_CASE("signs hold, and the optimum is the best of all choices of coefficients held at 0") {
        // Brute force: of the free fits without some of the columns that keep the signs, the best is the optimum, as
        // the loss is convex.
        Random random{3};
        for (std::uint64_t seed = 1; seed <= 12; ++seed) {
            CAPTURE(seed);
            constexpr std::size_t columns = 6;
            std::vector<CoefficientSign> signs;
            for (std::size_t j = 0; j < columns; ++j) signs.push_back(static_cast<CoefficientSign>(random.below(3)));
            const Data data = random_rows(seed, 60, columns, signs);
            const double penalty = seed % 2 == 0 ? 0.3 : 3.0;
            const auto loss_of = [&](const LogisticModel& model) {
                double squares = 0;
                for (const double w : model.coefficients) squares += w * w;
                return penalty / 2 * squares - model.log_likelihood;
            };
            double best = std::numeric_limits<double>::infinity();
            std::vector<double> best_coefficients;
            for (unsigned kept = 0; kept < 1U << columns; ++kept) {
                Data part{FeatureMatrix{numbered(columns)}, data.outcomes, data.weights};
                const std::vector<double> dense = data.matrix.dense();
                for (std::size_t r = 0; r < data.matrix.rows(); ++r) {
                    std::vector<double> x{dense.begin() + static_cast<std::ptrdiff_t>(r * columns),
                                          dense.begin() + static_cast<std::ptrdiff_t>((r + 1) * columns)};
                    for (std::size_t j = 0; j < columns; ++j) {
                        if ((kept >> j & 1U) == 0) x[j] = 0;
                    }
                    add_dense(part.matrix, x);
                }
                const LogisticModel model = fit(part, penalty);
                bool allowed = true;
                for (std::size_t j = 0; j < columns; ++j) {
                    allowed = allowed && !(signs[j] == CoefficientSign::not_negative && model.coefficients[j] < 0) &&
                              !(signs[j] == CoefficientSign::not_positive && model.coefficients[j] > 0);
                }
                if (!allowed || loss_of(model) >= best) continue;
                best = loss_of(model);
                best_coefficients = model.coefficients;
            }
            const LogisticModel model = fit(data, penalty);
            CHECK(loss_of(model) == doctest::Approx(best).epsilon(1e-12));
            for (std::size_t j = 0; j < columns; ++j) {
                CHECK(std::abs(model.coefficients[j] - best_coefficients[j]) < 1e-8);
            }
            CHECK(worst_gradient(data, model, penalty) < 1e-8);
        }
    }

    TEST_CASE("a coefficient held at 0 by its sign counts as known") {
        // Free, it would be clearly negative.
        Data data = dense_data({{1, 3}, {2, 2}, {3, 1}, {4, 0.5}, {0, 4}, {2, 1}}, {0, 1, 0, 1, 0, 1},
                               {CoefficientSign::free, CoefficientSign::not_negative});
        const LogisticModel model = fit(data, 0.1);
        REQUIRE(model.coefficients[1] == 0);
        const std::array<std::uint32_t, 1> column{1};
        const std::array<double, 1> value{5};
        CHECK(variance_of_log_odds(model, {column, value}) == variance_of_log_odds(model, {}));
        CHECK(contributions(model, {column, value}) == std::vector<double>{0});
    }

    TEST_CASE("the result has the same bits for any number of threads") {
        for (const std::size_t columns : {7U, 300U}) {
            const Data data = columns == 7 ? random_rows(5, 5000, 7) : nasty_data(4, true);
            const LogisticModel model = fit(data, 0.5);
            const std::vector<double> probabilities = predict(model, data.matrix);
            const std::vector<double> worth = predict_evidence(model, data.matrix);
            for (const unsigned threads : {2U, 3U, 8U}) {
                CAPTURE(threads);
                CHECK((fit(data, 0.5, threads) == model));
                CHECK(predict(model, data.matrix, threads) == probabilities);
                CHECK(predict_evidence(model, data.matrix, threads) == worth);
                CHECK(predict_log_odds(model, data.matrix, threads) == predict_log_odds(model, data.matrix));
            }
        }
    }

    TEST_CASE("more threads than rows or columns do no harm") {
        const Data data = reference_data(false, false);
        CHECK((fit(data, 1, 1024) == fit(data, 1)));
        CHECK(predict(fit(data), data.matrix, 1024) == predict(fit(data), data.matrix));
    }

    TEST_CASE("a stored 0 is as good as none, and full rows as good as sparse ones") {
        Data full{FeatureMatrix{numbered(3)}};
        Data sparse{FeatureMatrix{numbered(4)}};  // one more column, so that no row is full
        Random random{8};
        for (int i = 0; i < 200; ++i) {
            const std::array<double, 3> x{random.fraction(), random.chance(40) ? 0.0 : random.fraction() - 0.5, 1.5};
            constexpr std::array<std::uint32_t, 3> columns{0, 1, 2};
            full.matrix.add_row({columns, x});
            add_dense(sparse.matrix, {x[0], x[1], x[2], 0});
            full.outcomes.push_back(random.fraction() < x[0] ? 1 : 0);
        }
        sparse.outcomes = full.outcomes;
        const LogisticModel a = fit(full);
        const LogisticModel b = fit(sparse);
        CHECK(a.intercept == b.intercept);
        for (std::size_t j = 0; j < 3; ++j) CHECK(a.coefficients[j] == b.coefficients[j]);
    }

    TEST_CASE("a weight is a number of equal rows") {
        Data weighted = reference_data(false, false);
        Data repeated{FeatureMatrix{numbered(5)}};
        for (std::size_t r = 0; r < weighted.matrix.rows(); ++r) {
            weighted.weights.push_back(static_cast<double>(r % 3));
            for (std::size_t k = 0; k < r % 3; ++k) {
                repeated.matrix.add_row(weighted.matrix.row(r));
                repeated.outcomes.push_back(weighted.outcomes[r]);
            }
        }
        const LogisticModel a = fit(weighted);
        const LogisticModel b = fit(repeated);
        CHECK(std::abs(a.intercept - b.intercept) < 1e-11);
        for (std::size_t j = 0; j < 5; ++j) CHECK(std::abs(a.coefficients[j] - b.coefficients[j]) < 1e-11);
        CHECK(a.log_likelihood == doctest::Approx(b.log_likelihood).epsilon(1e-12));
        CHECK(a.weight == b.weight);
        CHECK(a.rows == 160);
        CHECK(b.rows == 240);
    }

    TEST_CASE("a row of weight 0 leaves no trace, whatever its values") {
        Data data = reference_data(false, false);
        data.weights.assign(240, 1.0);
        const LogisticModel expected = fit(data);
        add_dense(data.matrix, {1e300, -1e300, 1, 0, 1e-300});
        data.outcomes.push_back(1);
        data.weights.push_back(0);
        CHECK((fit(data) == expected));
    }

    TEST_CASE("log-odds are the intercept and the contributions exactly, in any order") {
        const Data data = random_rows(9, 400, 12);
        const LogisticModel model = fit(data, 0.01);
        Random random{10};
        for (std::size_t r = 0; r < data.matrix.rows(); ++r) {
            const FeatureRow row = data.matrix.row(r);
            std::vector<double> parts = contributions(model, row);
            REQUIRE(parts.size() == row.columns.size());
            for (std::size_t i = 0; i < parts.size(); ++i) {
                REQUIRE(std::abs(parts[i] - model.coefficients[row.columns[i]] * row.values[i]) <= 0x1p-41);
                REQUIRE(parts[i] * 0x1p40 == std::nearbyint(parts[i] * 0x1p40));
            }
            parts.push_back(model.intercept);
            for (int k = 0; k < 3; ++k) {
                random.shuffle(parts);
                double sum = 0;
                for (const double part : parts) sum += part;
                REQUIRE(sum == log_odds(model, row));
            }
        }
    }

    TEST_CASE("contributions are multiples of 2^-40 at any size") {
        Random random{12};
        for (int i = 0; i < 200'000; ++i) {
            const double x = std::ldexp(random.fraction() * 2 - 1, static_cast<int>(random.between(-45, 60)));
            const double cut = alloquy::score::detail::cut_log_odds(x);
            REQUIRE(std::abs(cut - x) <= 0x1p-41);
            REQUIRE(std::ldexp(cut, 40) == std::nearbyint(std::ldexp(cut, 40)));
        }
        for (const double edge : {2048.0, 4096.0, 6144.0, 8192.0}) {
            for (const double x : {edge, -edge, std::nextafter(edge, 0.0), -std::nextafter(edge, 0.0)}) {
                CHECK(std::abs(alloquy::score::detail::cut_log_odds(x) - x) <= 0x1p-41);
            }
        }
        CHECK(alloquy::score::detail::cut_log_odds(1e308) == 1e300);
        CHECK(alloquy::score::detail::cut_log_odds(-1e308) == -1e300);
    }

    TEST_CASE("variance is x' H^-1 x, and evidence follows from it") {
        for (const double penalty : {0.01, 2.0}) {
            const Data data = reference_data(true, true);
            const LogisticModel model = fit(data, penalty);
            const auto covariance = inverse(curvature_at(data, model, penalty).hessian);
            const std::vector<double> worth = predict_evidence(model, data.matrix);
            for (std::size_t r = 0; r < data.matrix.rows(); r += 7) {
                const FeatureRow row = data.matrix.row(r);
                std::vector<long double> x(covariance.size(), 0.0L);
                x[0] = 1;
                for (std::size_t i = 0; i < row.columns.size(); ++i) x[row.columns[i] + 1] = row.values[i];
                long double v = 0;
                for (std::size_t i = 0; i < x.size(); ++i) {
                    for (std::size_t j = 0; j < x.size(); ++j) v += x[i] * covariance[i][j] * x[j];
                }
                CHECK(variance_of_log_odds(model, row) == doctest::Approx(static_cast<double>(v)).epsilon(1e-8));
                const long double p = probability(model, row);
                const long double variance_of_p = p * (1 - p) * p * (1 - p) * v;
                const auto expected = static_cast<double>(p * (1 - p) / variance_of_p - 1);
                CHECK(evidence(model, row) == doctest::Approx(expected).epsilon(1e-7));
                CHECK(worth[r] == evidence(model, row));
            }
        }
    }

    TEST_CASE("evidence is 0 where nothing is known, and never above the weight of all rows") {
        const Data data = reference_data(false, true);
        const LogisticModel model = fit(data);
        const std::array<std::uint32_t, 1> column{0};
        for (const double x : {1.0, 30.0, 300.0, 1e6, -1e6, 1e150}) {
            CAPTURE(x);
            const std::array<double, 1> value{x};
            const double worth = evidence(model, {column, value});
            CHECK(worth >= 0);
            CHECK(worth <= model.weight);
        }
        // A row so unlike the others that its probability is a guess, though not near 0 or 1.
        LogisticModel unsure = model;
        std::fill(unsure.coefficients.begin(), unsure.coefficients.end(), 0.0);
        const std::array<double, 1> far{1000};
        CHECK(evidence(unsure, {column, far}) == 0);
    }

    TEST_CASE("predictions are those of single rows, bit by bit") {
        const Data data = random_rows(21, 3000, 9);
        const LogisticModel model = fit(data);
        const std::vector<double> probabilities = predict(model, data.matrix);
        const std::vector<double> scores = predict_log_odds(model, data.matrix);
        REQUIRE(probabilities.size() == 3000);
        for (std::size_t r = 0; r < 3000; ++r) {
            const FeatureRow row = data.matrix.row(r);
            REQUIRE(scores[r] == log_odds(model, row));
            REQUIRE(probabilities[r] == probability(model, row));
            REQUIRE(probabilities[r] == alloquy::score::logistic(scores[r]));
        }
        CHECK(predict(model, FeatureMatrix{numbered(9)}).empty());
    }

    TEST_CASE("a prior model gives its probability to everybody and has no evidence") {
        const LogisticModel model = alloquy::score::prior_model(0.125, 3);
        const std::array<std::uint32_t, 2> columns{0, 2};
        const std::array<double, 2> values{5, -4};
        CHECK(probability(model, {columns, values}) == doctest::Approx(0.125).epsilon(1e-12));
        CHECK(evidence(model, {columns, values}) == 0);
        CHECK(variance_of_log_odds(model, {}) == std::numeric_limits<double>::infinity());
        CHECK(contributions(model, {columns, values}) == std::vector<double>{0, 0});
        CHECK(model.rows == 0);
        for (const double bad : {0.0, 1.0, -0.5, std::numeric_limits<double>::quiet_NaN()}) {
            CHECK(contains(refusal([&] { (void)alloquy::score::prior_model(bad, 3); }), "probability"));
        }
        CHECK(contains(refusal([&] { (void)alloquy::score::prior_model(0.5, 4097); }), "columns"));
    }

    TEST_CASE("outcomes of one kind teach no model") {
        for (const std::uint8_t only : {std::uint8_t{0}, std::uint8_t{1}}) {
            const Data data = dense_data({{1}, {2}, {3}}, {only, only, only});
            const std::string text = refusal([&] { (void)fit(data); });
            CHECK(contains(text, "outcomes must hold both 0 and 1"));
            CHECK(contains(text, only == 0 ? "all are 0" : "all are 1"));
        }
        Data weightless = dense_data({{1}, {2}, {3}}, {0, 0, 1});
        weightless.weights = {1, 1, 0};
        CHECK(contains(refusal([&] { (void)fit(weightless); }), "all are 0"));
        CHECK(contains(refusal([&] { (void)fit(Data{FeatureMatrix{numbered(2)}}); }), "there are no rows"));
    }

    TEST_CASE("bad arguments are refused by name") {
        const Data good = dense_data({{1}, {2}, {3}, {0.5}}, {0, 1, 0, 1});
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const auto with = [&](const std::function<void(Data&, LogisticOptions&)>& change) {
            Data data = good;
            LogisticOptions options;
            change(data, options);
            return refusal([&] { (void)fit_logistic(data.matrix, data.outcomes, data.weights, options); });
        };
        CHECK(with([](Data&, LogisticOptions&) {}).empty());
        CHECK(contains(with([](Data& d, LogisticOptions&) { d.outcomes.pop_back(); }), "4 outcomes expected, got 3"));
        CHECK(contains(with([](Data& d, LogisticOptions&) { d.outcomes[2] = 2; }), "outcomes[2]"));
        CHECK(contains(with([](Data& d, LogisticOptions&) { d.weights = {1, 1, 1}; }), "weights"));
        for (const double bad : {nan, -1.0, 1e-13, 1e13, std::numeric_limits<double>::infinity()}) {
            CHECK(contains(with([&](Data& d, LogisticOptions&) { d.weights = {1, bad, 1, 1}; }), "weights[1]"));
        }
        for (const double bad : {nan, -1.0, std::numeric_limits<double>::infinity()}) {
            CHECK(contains(with([&](Data&, LogisticOptions& o) { o.penalty = bad; }), "penalty"));
        }
        for (const double bad : {nan, 0.0, -1.0, 0.1}) {
            CHECK(contains(with([&](Data&, LogisticOptions& o) { o.tolerance = bad; }), "tolerance"));
        }
        CHECK(contains(with([](Data&, LogisticOptions& o) { o.max_iterations = 0; }), "max_iterations"));
        CHECK(contains(with([](Data&, LogisticOptions& o) { o.threads = 0; }), "threads"));
        CHECK(contains(with([](Data&, LogisticOptions& o) { o.threads = 1025; }), "threads"));
        CHECK(contains(with([](Data& d, LogisticOptions&) { d.matrix = FeatureMatrix{numbered(4097)}; }), "columns"));
        const Data huge = dense_data({{1}, {1e200}, {3}, {0.5}}, {0, 1, 0, 1});
        CHECK(contains(refusal([&] { (void)fit(huge); }), "column 'c0' are too large"));
    }

    TEST_CASE("too few iterations are an error, not half a model") {
        const Data data = reference_data(true, false);
        LogisticOptions options;
        options.max_iterations = 1;
        CHECK_THROWS_WITH_AS((void)fit_logistic(data.matrix, data.outcomes, {}, options),
                             doctest::Contains("max_iterations = 1"), alloquy::Error);
    }

    TEST_CASE("4096 columns are learned from") {
        Data data{FeatureMatrix{numbered(4096)}};
        for (std::uint32_t i = 0; i < 30; ++i) {
            const std::array<std::uint32_t, 2> columns{i, 4095};
            const std::array<double, 2> values{1, i % 3 == 0 ? 1.0 : -1.0};
            data.matrix.add_row({columns, values});
            data.outcomes.push_back(i % 2 == 0 ? 1 : 0);
        }
        const LogisticModel model = fit(data, 2);
        CHECK(worst_gradient(data, model, 2) < 1e-8);
        CHECK(std::count(model.coefficients.begin(), model.coefficients.end(), 0.0) == 4096 - 31);
    }

    TEST_CASE("a row or matrix that does not fit the model is refused") {
        const Data data = reference_data(false, false);
        LogisticModel model = fit(data);
        const std::array<std::uint32_t, 2> columns{0, 5};
        const std::array<double, 2> values{1, std::numeric_limits<double>::quiet_NaN()};
        const FeatureRow beyond{columns, values};
        const FeatureRow uneven{std::span{columns}.first(1), values};
        const FeatureRow not_finite{std::span{columns}.first(1), std::span{values}.last(1)};
        for (const FeatureRow& row : {beyond, uneven, not_finite}) {
            CHECK_FALSE(refusal([&] { (void)log_odds(model, row); }).empty());
            CHECK_FALSE(refusal([&] { (void)probability(model, row); }).empty());
            CHECK_FALSE(refusal([&] { (void)contributions(model, row); }).empty());
            CHECK_FALSE(refusal([&] { (void)evidence(model, row); }).empty());
        }
        CHECK(contains(refusal([&] { (void)log_odds(model, beyond); }), "below the model's 5, got 5"));
        CHECK(contains(refusal([&] { (void)log_odds(model, uneven); }), "got 2 for 1"));
        // A column out of range before one in range would be read, one that stands twice counted twice.
        const std::array<double, 3> ones{1, 1, 1};
        struct Bad {
            std::array<std::uint32_t, 3> columns;
            const char* named;
        };
        for (const Bad& bad : {Bad{{4'000'000'000U, 1, 2}, "below the model's 5, got 4000000000"},
                               Bad{{0, 4'000'000'000U, 2}, "below the model's 5, got 4000000000"},
                               Bad{{1, 0, 2}, "ascending"}, Bad{{0, 2, 2}, "ascending"}}) {
            const FeatureRow row{bad.columns, ones};
            CAPTURE(bad.columns[0]);
            CHECK(contains(refusal([&] { (void)log_odds(model, row); }), bad.named));
            CHECK(contains(refusal([&] { (void)contributions(model, row); }), bad.named));
            CHECK(contains(refusal([&] { (void)variance_of_log_odds(model, row); }), bad.named));
            CHECK(contains(refusal([&] { (void)evidence(model, row); }), bad.named));
        }
        const FeatureMatrix other{numbered(4)};
        CHECK(contains(refusal([&] { (void)predict(model, other); }), "5 columns expected"));
        CHECK(contains(refusal([&] { (void)predict_log_odds(model, other); }), "5 columns expected"));
        CHECK(contains(refusal([&] { (void)predict_evidence(model, other); }), "5 columns expected"));
        CHECK(contains(refusal([&] { (void)predict(model, data.matrix, 0); }), "threads"));
        model.covariance_factor.pop_back();
        CHECK(contains(refusal([&] { (void)variance_of_log_odds(model, {}); }), "covariance_factor"));
        CHECK(contains(refusal([&] { (void)predict_evidence(model, data.matrix); }), "covariance_factor"));
    }
}
