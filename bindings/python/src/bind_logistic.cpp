#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <alloquy/score/calibration.hpp>
#include <alloquy/score/feature_matrix.hpp>
#include <alloquy/score/folds.hpp>
#include <alloquy/score/logistic.hpp>
#include <alloquy/score/model_config.hpp>
#include <alloquy/score/online_logistic.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "models.hpp"
#include "rows.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

using score::Calibration;
using score::FeatureMatrix;
using score::LogisticModel;
using score::LogisticOptions;
using score::OnlineLogistic;
using score::OnlineLogisticState;

constexpr auto logistic_model_doc = R"doc(A learned logistic model. A plain value.

covariance_factor : lower triangular R with R'R = covariance of (intercept, coefficients), row by row, shape
((columns + 1)(columns + 2) / 2); empty for a model that has seen no data.

>>> matrix = alloquy.FeatureMatrix(["x"], [[0.0], [1.0], [2.0], [3.0]])
>>> model = alloquy.fit_logistic(matrix, [0, 1, 0, 1])
>>> alloquy.predict(model, matrix).round(3)
array([0.336, 0.444, 0.556, 0.664])
)doc";
constexpr auto fit_logistic_doc = R"doc(Learns a logistic model with a ridge penalty.

Minimises the sum over rows of weight * log(1 + exp(-+ (b + w x))) + penalty / 2 * |w|^2, the sign being - where the
outcome is 1. Columns whose sign is not free keep theirs. Same bits for any number of threads and compiler.

matrix : FeatureMatrix, shape (n, p), p <= 4096. outcomes : bool, uint8 or int64 array of 0 and 1, shape (n); both must
occur. weights : float64 array, shape (n), each 0 or in [1e-12, 1e12], or None: each row counts 1.
penalty : >= 0; equal to 1 / C in scikit-learn. The intercept is free. max_iterations : Newton steps, >= 1.
tolerance : in (0, 1e-3]; ends when a step moved the coefficients by no more than this many standard errors.
threads : in [1, 1024].
Returns a LogisticModel.
Raises InvalidArgument naming the argument; with penalty = 0 also if the columns depend linearly on each other or
separate the outcomes. Raises Error if max_iterations were not enough. Per iteration O(n k^2 + p^3 / 3) for k stored
values a row. Source: P. McCullagh, J. A. Nelder, "Generalized Linear Models", 2nd ed. 1989, section 4.4.
)doc";
constexpr auto prior_model_doc = R"doc(A LogisticModel that knows a base rate and has seen no data: its evidence is 0.

probability : in (0, 1), given to every row. columns : number of coefficients, all 0; at most 4096.

>>> alloquy.prior_model(0.5, 2).intercept
0.0
)doc";
constexpr auto log_odds_doc = R"doc(Log-odds of outcome 1: the intercept and all contributions, exactly.

model : LogisticModel or OnlineLogistic. row : FeatureRow.
Raises InvalidArgument if the row has a column that the model has not.
)doc";
constexpr auto contributions_doc = R"doc(What each stored value adds to the log-odds: coefficient * value.

Each is the nearest multiple of 2^-40, so that intercept + contributions == log_odds exactly, in any order.
Returns a float64 array in the row's order.
)doc";
constexpr auto variance_doc = R"doc(Variance of a row's log-odds; infinite for a LogisticModel that has seen no data.

Source: C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, section 4.5.
)doc";
constexpr auto evidence_doc = R"doc(Observations that the probability of a row is worth: p (1 - p) / Var(p) - 1.

In [0, weight of all that was learned from]; 0 for a model that has seen no data.
)doc";
constexpr auto predict_log_odds_doc = R"doc(log_odds of every row of a matrix, a float64 array, shape (rows).

model : LogisticModel or OnlineLogistic. threads : in [1, 1024]; same bits for any number.
Raises InvalidArgument if the matrix has not the model's columns.
)doc";
constexpr auto predict_doc = R"doc(Probability of outcome 1 of every row of a matrix, a float64 array in [0, 1].

Arguments and errors as predict_log_odds.
)doc";
constexpr auto online_doc = R"doc(A logistic model that learns one row at a time, and can forget.

The posterior is one normal distribution per coefficient. The state is a function of the options and of the rows in
their order, bit by bit.

columns : number of columns; or state : an OnlineLogisticState, to go on from.
penalty : prior precision of each coefficient, in [1e-9, 1e9]. intercept_penalty : likewise of the intercept.
probability : prior mean of the intercept, in [1e-9, 1 - 1e-9].
half_life : rows after which what a row taught counts half; 0 = nothing is forgotten, else in [1, 1e12].
signs : one CoefficientSign per column, or none: then every coefficient is free.
Raises InvalidArgument if an option is out of range or the state cannot be that of such a model.
Source: O. Chapelle, L. Li, "An Empirical Evaluation of Thompson Sampling", NIPS 2011, algorithm 3.

>>> matrix = alloquy.FeatureMatrix(["x"], [[1.0], [-1.0]])
>>> model = alloquy.OnlineLogistic(1).updated(matrix, [1, 0])
>>> model.weight, alloquy.predict(model, matrix).round(2)
(2.0, array([0.6 , 0.37]))
)doc";
constexpr auto updated_doc = R"doc(The model after further rows, in their order. In C++: update, in place.

matrix : FeatureMatrix with the model's columns. outcomes : bool, uint8 or int64 array of 0 and 1, shape (rows).
weights : float64 array, shape (rows), each 0 (nothing changes) or in [1e-12, 1e12], or None: 1.
Raises InvalidArgument if a shape or value is out of range.
)doc";
constexpr auto state_doc = R"doc(Everything that an OnlineLogistic has learned; a plain value, to be stored.

A new row counts `unit`, which grows by 2^(1 / half_life) a row; a precision is prior + information / unit.
)doc";
constexpr auto calibration_doc =
    R"doc(A map from log-odds to a probability that never falls as the log-odds rise.

Calibration() takes the log-odds at their word: 1 / (1 + e^-x). See also fit_platt and fit_isotonic.

>>> alloquy.apply(alloquy.Calibration.platt(slope=2, offset=0), [0.0, 1.0]).round(3)
array([0.5  , 0.881])
)doc";
constexpr auto isotonic_doc = R"doc(The probability at each threshold, straight lines between them.

thresholds : log-odds, float64 array, at least one; finite, each above the one before.
probabilities : float64 array of the same shape, in [0, 1], none below the one before.
)doc";
constexpr auto apply_doc = R"doc(The calibrated probability of log-odds, in [0, 1].

log_odds : a number or a float64 array, finite. Returns a float, or a float64 array. In C++ the latter is apply_to_all.
Raises InvalidArgument if log_odds is NaN or infinite.
)doc";
constexpr auto fit_platt_doc = R"doc(Platt scaling: slope >= 0 and offset of the greatest likelihood. For few rows.

scores : log-odds of rows that the model was not learned from (see cross_fitted_log_odds), float64 array, shape (n).
outcomes : bool, uint8 or int64 array of 0 and 1, shape (n); both must occur. weights : float64 array, shape (n), each 0
or in [1e-12, 1e12], or None.
Returns a Calibration. Raises InvalidArgument naming the argument.
Source: J. Platt, "Probabilistic outputs for support vector machines", Advances in Large Margin Classifiers, 1999.
)doc";
constexpr auto fit_isotonic_doc = R"doc(Isotonic regression: probabilities that never fall with the score, nearest to
the outcomes in squares. Needs some thousand rows; may give probabilities of exactly 0 or 1.

Arguments and errors as fit_platt.
Source: M. Ayer et al., Ann. Math. Statist. 26 (1955), pp. 641-647.

>>> alloquy.fit_isotonic([0.0, 1.0, 2.0, 3.0], [0, 1, 0, 1]).probabilities
array([0. , 0.5, 0.5, 1. ])
)doc";
constexpr auto cross_fitted_doc = R"doc(Log-odds of each row by a model that was learned without the row's fold.

Honest scores, to learn a calibration from.

folds : int64 array, shape (n), numbers in [0, 2^32), at least two different ones. Rows of one person belong together.
matrix, outcomes, weights, penalty, max_iterations, tolerance, threads : as for fit_logistic.
Returns a float64 array, shape (n).
Raises InvalidArgument as fit_logistic, or if the rows outside a fold have one outcome only.
Source: M. Stone, JRSS B 36 (1974), pp. 111-147.
)doc";

// Logistic models --------------------------------------------------------------------------------------------------

bool equal(const OnlineLogistic& a, const OnlineLogistic& b) {
    return a.options() == b.options() && a.signs() == b.signs() && a.state() == b.state();
}

void bind_logistic_model(py::module_& module) {
    py::class_<LogisticModel>{module, "LogisticModel", logistic_model_doc}
        .def(py::init([](double intercept, const py::object& coefficients, const py::object& covariance_factor,
                         double log_likelihood, double weight, std::size_t rows, std::size_t positives,
                         std::size_t iterations) {
                 const Float64Column each = float64_column(coefficients, "coefficients");
                 const Float64Column factor = float64_column(covariance_factor, "covariance_factor");
                 return LogisticModel{intercept,
                                      {each.values.begin(), each.values.end()},
                                      {factor.values.begin(), factor.values.end()},
                                      log_likelihood,
                                      weight,
                                      rows,
                                      positives,
                                      iterations};
             }),
             py::arg("intercept"), py::arg("coefficients"), py::arg("covariance_factor") = py::tuple{},
             py::arg("log_likelihood") = 0.0, py::arg("weight") = 0.0, py::arg("rows") = 0, py::arg("positives") = 0,
             py::arg("iterations") = 0)
        .def_readonly("intercept", &LogisticModel::intercept, "Log-odds of a row without stored values.")
        .def_property_readonly(
            "coefficients", [](const LogisticModel& self) { return to_array(self.coefficients); },
            "Log-odds per unit of a column's value, float64 array, shape (columns).")
        .def_property_readonly(
            "covariance_factor", [](const LogisticModel& self) { return to_array(self.covariance_factor); },
            "float64 array; see the class.")
        .def_readonly("log_likelihood", &LogisticModel::log_likelihood, "Without the penalty; <= 0.")
        .def_readonly("weight", &LogisticModel::weight, "Sum of the rows' weights.")
        .def_readonly("rows", &LogisticModel::rows, "Rows with a weight above 0.")
        .def_readonly("positives", &LogisticModel::positives, "Of these, rows with outcome 1.")
        .def_readonly("iterations", &LogisticModel::iterations, "Newton steps taken.")
        .def(
            "__eq__", [](const LogisticModel& self, const LogisticModel& other) { return self == other; },
            py::arg("other"), py::is_operator())
        .def("__hash__",
             [](const LogisticModel& self) {
                 return py::hash(py::make_tuple(self.intercept, to_python(self.coefficients), self.rows));
             })
        .def("__repr__",
             [](const LogisticModel& self) {
                 return "LogisticModel(" + std::to_string(self.coefficients.size()) + " coefficients, learned from " +
                        std::to_string(self.rows) + " rows)";
             })
        .def("__reduce__", [](const py::object& self) {
            return py::make_tuple(
                py::type::of(self),
                py::make_tuple(self.attr("intercept"), self.attr("coefficients"), self.attr("covariance_factor"),
                               self.attr("log_likelihood"), self.attr("weight"), self.attr("rows"),
                               self.attr("positives"), self.attr("iterations")));
        });
}

OnlineLogistic updated(const OnlineLogistic& self, const FeatureMatrix& matrix, const py::object& outcomes,
                       const py::object& weights) {
    const std::vector<std::uint8_t> truth = outcome_column(outcomes, "outcomes");
    const Float64Column weight = optional_float64_column(weights, "weights");
    score::detail::require_columns("OnlineLogistic", self.columns(), matrix);
    static_cast<void>(score::detail::weigh_outcomes("OnlineLogistic", matrix.rows(), truth, weight.values));
    return released([&] {
        OnlineLogistic model = self;
        for (std::size_t row = 0; row < matrix.rows(); ++row) {
            model.update(matrix.row(row), truth[row] != 0, weight.values.empty() ? 1.0 : weight.values[row]);
        }
        return model;
    });
}

void bind_online_logistic(py::module_& module) {
    using State = OnlineLogisticState;
    py::class_<State>{module, "OnlineLogisticState", state_doc}
        .def(py::init([](double intercept, double intercept_information, const py::object& coefficients,
                         const py::object& information, double unit, double weight, std::uint64_t updates) {
                 const Float64Column each = float64_column(coefficients, "coefficients");
                 const Float64Column known = float64_column(information, "information");
                 return State{intercept,
                              intercept_information,
                              {each.values.begin(), each.values.end()},
                              {known.values.begin(), known.values.end()},
                              unit,
                              weight,
                              updates};
             }),
             py::arg("intercept"), py::arg("intercept_information"), py::arg("coefficients"), py::arg("information"),
             py::arg("unit"), py::arg("weight"), py::arg("updates"))
        .def_readonly("intercept", &State::intercept, "Posterior mean, log-odds.")
        .def_readonly("intercept_information", &State::intercept_information, "In multiples of unit, >= 0.")
        .def_property_readonly(
            "coefficients", [](const State& self) { return to_array(self.coefficients); },
            "Posterior means, float64 array, shape (columns).")
        .def_property_readonly(
            "information", [](const State& self) { return to_array(self.information); },
            "In multiples of unit, >= 0; float64 array, shape (columns).")
        .def_readonly("unit", &State::unit, "Weight of one row at present, in [1, 2^500].")
        .def_readonly("weight", &State::weight, "Sum of the rows' weights, in multiples of unit.")
        .def_readonly("updates", &State::updates, "Rows learned from.")
        .def(
            "__eq__", [](const State& self, const State& other) { return self == other; }, py::arg("other"),
            py::is_operator())
        .def("__hash__",
             [](const State& self) {
                 return py::hash(py::make_tuple(self.intercept, to_python(self.coefficients), self.updates));
             })
        .def("__repr__",
             [](const State& self) {
                 return "OnlineLogisticState(" + std::to_string(self.coefficients.size()) + " coefficients, " +
                        std::to_string(self.updates) + " updates)";
             })
        .def("__reduce__", [](const py::object& self) {
            return py::make_tuple(
                py::type::of(self),
                py::make_tuple(self.attr("intercept"), self.attr("intercept_information"), self.attr("coefficients"),
                               self.attr("information"), self.attr("unit"), self.attr("weight"), self.attr("updates")));
        });
    const score::OnlineLogisticOptions defaults;
    py::class_<OnlineLogistic>{module, "OnlineLogistic", online_doc}
        .def(py::init([](std::size_t columns, double penalty, double intercept_penalty, double probability,
                         double half_life, const py::object& signs) {
                 return OnlineLogistic{columns, {penalty, intercept_penalty, probability, half_life}, signs_of(signs)};
             }),
             py::arg("columns"), py::arg("penalty") = defaults.penalty,
             py::arg("intercept_penalty") = defaults.intercept_penalty, py::arg("probability") = defaults.probability,
             py::arg("half_life") = defaults.half_life, py::arg("signs") = py::tuple{})
        .def(py::init([](const State& state, double penalty, double intercept_penalty, double probability,
                         double half_life, const py::object& signs) {
                 return OnlineLogistic{state, {penalty, intercept_penalty, probability, half_life}, signs_of(signs)};
             }),
             py::arg("state"), py::arg("penalty") = defaults.penalty,
             py::arg("intercept_penalty") = defaults.intercept_penalty, py::arg("probability") = defaults.probability,
             py::arg("half_life") = defaults.half_life, py::arg("signs") = py::tuple{})
        .def("updated", &updated, py::arg("matrix"), py::arg("outcomes"), py::arg("weights") = py::none(), updated_doc)
        .def_property_readonly("columns", &OnlineLogistic::columns, "How many.")
        .def_property_readonly(
            "penalty", [](const OnlineLogistic& self) { return self.options().penalty; },
            "Prior precision of each coefficient.")
        .def_property_readonly(
            "intercept_penalty", [](const OnlineLogistic& self) { return self.options().intercept_penalty; },
            "Prior precision of the intercept.")
        .def_property_readonly(
            "probability", [](const OnlineLogistic& self) { return self.options().probability; },
            "Prior mean of the intercept, as a probability.")
        .def_property_readonly(
            "half_life", [](const OnlineLogistic& self) { return self.options().half_life; },
            "Rows after which what a row taught counts half; 0 = never.")
        .def_property_readonly(
            "signs", [](const OnlineLogistic& self) { return to_python(self.signs()); },
            "Tuple of CoefficientSign, one per column.")
        .def_property_readonly(
            "state", [](const OnlineLogistic& self) { return self.state(); }, "The OnlineLogisticState.")
        .def_property_readonly("intercept", &OnlineLogistic::intercept, "Log-odds of a row without stored values.")
        .def_property_readonly(
            "coefficients", [](const OnlineLogistic& self) { return to_array(self.state().coefficients); },
            "Posterior means, float64 array, shape (columns).")
        .def_property_readonly("weight", &OnlineLogistic::weight,
                               "Sum of the weights of all rows, as far as they are not forgotten.")
        .def_property_readonly("intercept_variance", &OnlineLogistic::intercept_variance,
                               "Posterior variance of the intercept.")
        .def(
            "variance",
            [](const OnlineLogistic& self, std::int64_t column) {
                return self.variance(position(column, self.columns(), "column"));
            },
            py::arg("column"), "Posterior variance of a coefficient.")
        .def(
            "__eq__", [](const OnlineLogistic& self, const OnlineLogistic& other) { return equal(self, other); },
            py::arg("other"), py::is_operator())
        .def("__hash__",
             [](const OnlineLogistic& self) {
                 return py::hash(py::make_tuple(self.intercept(), to_python(self.state().coefficients)));
             })
        .def("__repr__",
             [](const OnlineLogistic& self) {
                 return "OnlineLogistic(" + std::to_string(self.columns()) + " columns, " +
                        std::to_string(self.state().updates) + " updates)";
             })
        .def("__reduce__", [](const py::object& self) {
            return py::make_tuple(
                py::type::of(self),
                py::make_tuple(self.attr("state"), self.attr("penalty"), self.attr("intercept_penalty"),
                               self.attr("probability"), self.attr("half_life"), self.attr("signs")));
        });
}

/// What both kinds of models answer.
template <class M>
void bind_questions(py::module_& module) {
    module.def(
        "log_odds", [](const M& model, const FeatureRow& row) { return score::log_odds(model, row.view()); },
        py::arg("model"), py::arg("row"), log_odds_doc);
    module.def(
        "probability", [](const M& model, const FeatureRow& row) { return score::probability(model, row.view()); },
        py::arg("model"), py::arg("row"), "Probability of outcome 1, in [0, 1]. Arguments and errors as log_odds.");
    module.def(
        "contributions",
        [](const M& model, const FeatureRow& row) { return to_array(score::contributions(model, row.view())); },
        py::arg("model"), py::arg("row"), contributions_doc);
    module.def(
        "variance_of_log_odds",
        [](const M& model, const FeatureRow& row) { return score::variance_of_log_odds(model, row.view()); },
        py::arg("model"), py::arg("row"), variance_doc);
    module.def(
        "evidence", [](const M& model, const FeatureRow& row) { return score::evidence(model, row.view()); },
        py::arg("model"), py::arg("row"), evidence_doc);
    module.def(
        "predict_log_odds",
        [](const M& model, const FeatureMatrix& matrix, unsigned threads) {
            return to_array(released([&] { return score::predict_log_odds(model, matrix, threads); }));
        },
        py::arg("model"), py::arg("matrix"), py::arg("threads") = 1, predict_log_odds_doc);
    module.def(
        "predict",
        [](const M& model, const FeatureMatrix& matrix, unsigned threads) {
            return to_array(released([&] { return score::predict(model, matrix, threads); }));
        },
        py::arg("model"), py::arg("matrix"), py::arg("threads") = 1, predict_doc);
}

void bind_logistic_models(py::module_& module) {
    bind_logistic_model(module);
    bind_online_logistic(module);
    const LogisticOptions defaults;
    module.attr("max_logistic_columns") = score::max_logistic_columns;
    module.def(
        "fit_logistic",
        [](const FeatureMatrix& matrix, const py::object& outcomes, const py::object& weights, double penalty,
           std::size_t max_iterations, double tolerance, unsigned threads) {
            const std::vector<std::uint8_t> truth = outcome_column(outcomes, "outcomes");
            const Float64Column weight = optional_float64_column(weights, "weights");
            return released([&] {
                return score::fit_logistic(matrix, truth, weight.values, {penalty, max_iterations, tolerance, threads});
            });
        },
        py::arg("matrix"), py::arg("outcomes"), py::arg("weights") = py::none(), py::arg("penalty") = defaults.penalty,
        py::arg("max_iterations") = defaults.max_iterations, py::arg("tolerance") = defaults.tolerance,
        py::arg("threads") = defaults.threads, fit_logistic_doc);
    module.def("prior_model", &score::prior_model, py::arg("probability"), py::arg("columns"), prior_model_doc);
    bind_questions<LogisticModel>(module);
    bind_questions<OnlineLogistic>(module);
    module.def(
        "predict_evidence",
        [](const LogisticModel& model, const FeatureMatrix& matrix, unsigned threads) {
            return to_array(released([&] { return score::predict_evidence(model, matrix, threads); }));
        },
        py::arg("model"), py::arg("matrix"), py::arg("threads") = 1,
        "evidence of every row of a matrix, a float64 array, shape (rows). Of a LogisticModel.");
}

// Calibration ------------------------------------------------------------------------------------------------------

Calibration calibration_of(const py::tuple& state) {
    const auto numbers = [&](std::size_t i) { return state[i].cast<std::vector<double>>(); };
    switch (state[0].cast<score::CalibrationKind>()) {
        case score::CalibrationKind::platt:
            return Calibration::platt(state[1].cast<double>(), state[2].cast<double>());
        case score::CalibrationKind::isotonic:
            return Calibration::isotonic(numbers(3), numbers(4));
        case score::CalibrationKind::none:
            break;
    }
    return {};
}

void bind_calibration(py::module_& module) {
    bind_enum<score::CalibrationKind>(module, "CalibrationKind", "How log-odds become probabilities.");
    py::class_<Calibration>{module, "Calibration", calibration_doc}
        .def(py::init<>())
        .def_static("platt", &Calibration::platt, py::arg("slope"), py::arg("offset"),
                    "1 / (1 + e^-(slope x + offset)); slope in [0, 1e100], offset in [-1e100, 1e100].")
        .def_static(
            "isotonic",
            [](const py::object& thresholds, const py::object& probabilities) {
                const Float64Column x = float64_column(thresholds, "thresholds");
                const Float64Column y = float64_column(probabilities, "probabilities");
                return Calibration::isotonic({x.values.begin(), x.values.end()}, {y.values.begin(), y.values.end()});
            },
            py::arg("thresholds"), py::arg("probabilities"), isotonic_doc)
        .def_property_readonly("kind", &Calibration::kind, "A CalibrationKind.")
        .def_property_readonly("slope", &Calibration::slope, "Of platt; else 1.")
        .def_property_readonly("offset", &Calibration::offset, "Of platt; else 0.")
        .def_property_readonly(
            "thresholds", [](const Calibration& self) { return to_array(self.thresholds()); },
            "Of isotonic, a float64 array.")
        .def_property_readonly(
            "probabilities", [](const Calibration& self) { return to_array(self.probabilities()); },
            "Of isotonic, a float64 array.")
        .def(
            "__eq__", [](const Calibration& self, const Calibration& other) { return self == other; }, py::arg("other"),
            py::is_operator())
        .def("__hash__",
             [](const Calibration& self) {
                 return py::hash(py::make_tuple(self.slope(), self.offset(), to_python(self.thresholds()),
                                                to_python(self.probabilities())));
             })
        .def("__repr__",
             [](const Calibration& self) {
                 const auto number = [](double value) { return std::string{py::str(py::float_{value})}; };
                 switch (self.kind()) {
                     case score::CalibrationKind::platt:
                         return "Calibration.platt(slope=" + number(self.slope()) +
                                ", offset=" + number(self.offset()) + ")";
                     case score::CalibrationKind::isotonic:
                         return "Calibration.isotonic(" + std::to_string(self.thresholds().size()) + " thresholds)";
                     case score::CalibrationKind::none:
                         break;
                 }
                 return std::string{"Calibration()"};
             })
        .def(py::pickle(
            [](const Calibration& self) {
                return py::make_tuple(self.kind(), self.slope(), self.offset(), to_python(self.thresholds()),
                                      to_python(self.probabilities()));
            },
            &calibration_of));
    module.def(
        "apply",
        [](const Calibration& calibration, const py::object& log_odds) -> py::object {
            const Numbers numbers{log_odds, "log_odds"};
            if (numbers.is_scalar_value()) return py::float_{score::apply(calibration, numbers.scalar())};
            const Float64Column column = float64_column(log_odds, "log_odds");
            return to_array(released([&] { return score::apply_to_all(calibration, column.values); }));
        },
        py::arg("calibration"), py::arg("log_odds"), apply_doc);
    const auto fit = [&](const char* name, auto learn, const char* doc) {
        module.def(
            name,
            [=](const py::object& scores, const py::object& outcomes, const py::object& weights) {
                const Float64Column log_odds = float64_column(scores, "scores");
                const std::vector<std::uint8_t> truth = outcome_column(outcomes, "outcomes");
                const Float64Column weight = optional_float64_column(weights, "weights");
                return released([&] { return learn(log_odds.values, truth, weight.values); });
            },
            py::arg("scores"), py::arg("outcomes"), py::arg("weights") = py::none(), doc);
    };
    fit("fit_platt", &score::fit_platt, fit_platt_doc);
    fit("fit_isotonic", &score::fit_isotonic, fit_isotonic_doc);
    const LogisticOptions defaults;
    module.def(
        "cross_fitted_log_odds",
        [](const FeatureMatrix& matrix, const py::object& outcomes, const py::object& folds, const py::object& weights,
           double penalty, std::size_t max_iterations, double tolerance, unsigned threads) {
            const std::vector<std::uint8_t> truth = outcome_column(outcomes, "outcomes");
            const std::vector<std::uint32_t> numbers = count_column(folds, "folds");
            const Float64Column weight = optional_float64_column(weights, "weights");
            return to_array(released([&] {
                return score::cross_fitted_log_odds(matrix, truth, weight.values, numbers,
                                                    {penalty, max_iterations, tolerance, threads});
            }));
        },
        py::arg("matrix"), py::arg("outcomes"), py::arg("folds"), py::arg("weights") = py::none(),
        py::arg("penalty") = defaults.penalty, py::arg("max_iterations") = defaults.max_iterations,
        py::arg("tolerance") = defaults.tolerance, py::arg("threads") = defaults.threads, cross_fitted_doc);
}

}  // namespace

void bind_logistic(py::module_& module) {
    bind_logistic_models(module);
    bind_calibration(module);
}

}  // namespace alloquy::python
