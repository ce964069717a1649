#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <alloquy/engine/model_bytes.hpp>
#include <alloquy/error.hpp>
#include <alloquy/score/calibration.hpp>
#include <alloquy/score/feature_matrix.hpp>
#include <alloquy/score/features.hpp>
#include <alloquy/score/folds.hpp>
#include <alloquy/score/logistic.hpp>
#include <alloquy/score/model.hpp>
#include <alloquy/score/model_config.hpp>
#include <alloquy/score/online_logistic.hpp>
#include <alloquy/score/training.hpp>
#include <alloquy/time/instant.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "rows.hpp"
#include "tables.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

using score::Calibration;
using score::CoefficientSign;
using score::FeatureConfig;
using score::FeatureEncoder;
using score::FeatureMatrix;
using score::FeatureTable;
using score::LogisticModel;
using score::LogisticOptions;
using score::Model;
using score::ModelConfig;
using score::OnlineLogistic;
using score::OnlineLogisticState;
using score::OutcomeConfig;
using score::Prediction;

constexpr auto feature_config_doc = R"doc(One feature: how an input turns into columns of a FeatureMatrix.

A missing input gives the column `<name> missing`, where the training rows had one.

>>> alloquy.FeatureConfig("age", "attribute:age", alloquy.Encoding.bins, edges=[18, 25]).edges
(18.0, 25.0)
)doc";
constexpr auto special_category_doc =
    R"doc(True for attributes whose name says that they are a special category of personal data (GDPR, article 9).

No model sees them unless its feature names a reason. Only the name is looked at.

>>> alloquy.is_special_category("disability"), alloquy.is_special_category("region")
(True, False)
)doc";
constexpr auto table_doc = R"doc(Inputs of many people by column, before encoding.

inputs : a dict from name to column, or a pandas DataFrame. A column is a float64 array (whole numbers, narrower floats
and truth values do as well, where they are exact), a list or array of str, a list of numbers, or a pandas categorical.
None, NaN and NA are missing.
Raises InvalidArgument, naming the column, if it is anything else or of another length.

>>> table = alloquy.FeatureTable({"age": [17.0, None, 31.0], "job": ["cook", "nurse", None]})
>>> table.rows, table.names, table["age"]
(3, ('age', 'job'), array([17., nan, 31.]))
)doc";
constexpr auto encoder_doc = R"doc(Turns inputs into columns, with what was learned from the training rows.

Means, ranges, edges and levels; it never sees an outcome. Got from FeatureEncoder.fit; may be pickled.

>>> table = alloquy.FeatureTable({"job": ["cook", "nurse", "cook"]})
>>> job = alloquy.FeatureConfig(input="job", encoding=alloquy.Encoding.levels, least_rows=1)
>>> encoder = alloquy.FeatureEncoder.fit([job], table)
>>> encoder.column_names
('job=cook', 'job=nurse')
>>> encoder.encode(table).dense()
array([[1., 0.],
       [0., 1.],
       [1., 0.]])
)doc";
constexpr auto fit_encoder_doc = R"doc(Learns from training rows.

features : FeatureConfigs. table : FeatureTable with their inputs.
Raises InvalidArgument if there are no rows, a feature is inconsistent, an input is not there or of the wrong type, or a
special category lacks its reason; the text names the feature.
)doc";
constexpr auto matrix_doc = R"doc(Encoded features of many people, sparse by row, with a name for each column.

names : one str per column. values : float64 array, shape (rows, columns), finite; zeros are not stored.
signs : one CoefficientSign per column, or none: then every coefficient is free.
The intercept is no column. Raises InvalidArgument if a shape or value is out of range; the text names the column.

>>> matrix = alloquy.FeatureMatrix(["a", "b"], [[1.0, 0.0], [0.0, 2.0]])
>>> matrix.shape, matrix.stored
((2, 2), 2)
)doc";
constexpr auto from_csr_doc = R"doc(A matrix from compressed sparse rows, as SciPy has them.

names, signs : as for the constructor. data : float64 array, the stored values, row by row. indices : int64 array, the
column of each, ascending within a row. indptr : int64 array, shape (rows + 1): where each row begins.

>>> alloquy.FeatureMatrix.from_csr(["a", "b"], [1.0, 2.0], [0, 1], [0, 1, 2]).dense()
array([[1., 0.],
       [0., 2.]])
)doc";
constexpr auto csr_doc = R"doc(The matrix as (data, indices, indptr): float64, int64 and int64 arrays.

scipy.sparse.csr_matrix(matrix.csr(), shape=matrix.shape) takes them as they are.
)doc";
constexpr auto row_doc = R"doc(The features of one person that are not 0.

columns : int64 array, ascending, each once. values : float64 array of the same length, finite.
)doc";
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
constexpr auto outcome_config_doc = "What counts as outcome 1 and as outcome 0.";
constexpr auto model_config_doc = R"doc(Policy of one model. Its probability is the column `model:<name>`.

roles : frozenset of RoleKind, people who have one of these at the instant.

>>> alloquy.ModelConfig("dropout").calibration
<CalibrationKind.platt: 1>
)doc";
constexpr auto model_doc = R"doc(A learned model: encoder, coefficients and calibration. A plain value; may be pickled.

Got from train. coefficients : LogisticModel or OnlineLogistic for the encoder's columns.

>>> table = alloquy.FeatureTable({"x": [0.0, 1.0, 2.0, 3.0]})
>>> config = alloquy.ModelConfig("m", features=[alloquy.FeatureConfig(input="x")], least_rows=2,
...                              calibration=alloquy.CalibrationKind.none)
>>> model = alloquy.train(config, table, [0, 1, 0, 1])
>>> list(model.coefficients), model.predict(table).round(2)
(['x'], array([0.35, 0.45, 0.55, 0.65]))
>>> explanation = model.explain(table, 3)
>>> explanation.value == sum(part.contribution for part in explanation.parts)
True
)doc";
constexpr auto explain_doc = R"doc(The log-odds of one row, before calibration, as parts that add up to them exactly.

The base, and one part for each column that is not 0: value = the column's, weight = its coefficient.

row : position in the table. name : of the Explanation.
)doc";
constexpr auto train_doc = R"doc(Learns a Model from examples.

config : ModelConfig. table : FeatureTable, one row for each example; for online learning in the order of learning.
outcomes : bool, uint8 or int64 array of 0 and 1, shape (table.rows).
groups : what must not be torn apart by cross-fitting, such as students: int64 or uint64 array or texts, shape
    (table.rows), or None: each row by itself.
threads : >= 1. The model has the same bits for any number.
Raises InvalidArgument naming the argument: too little data, all outcomes equal, an input that is missing or not finite,
a feature that is inconsistent; and Error if learning does not converge.
)doc";
constexpr auto learn_on_doc = R"doc(Goes on learning online from further examples, in their order; returns a new Model.

The encoder stays as it is: levels that are new to it count as other, numbers beyond its range as its ends.
Raises InvalidArgument if the model was learned in bulk, or the examples do not fit it.
)doc";
constexpr auto prequential_doc = R"doc(What an online model says of each row before it learns from it, row by row.

The honest record of a model in use. The model itself stays as it is; OnlineLogistic.updated gives the one afterwards.

matrix : FeatureMatrix with the model's columns. outcomes : bool, uint8 or int64 array of 0 and 1, shape (rows).
Returns a float64 array of probabilities, shape (rows). Raises InvalidArgument if the outcomes do not fit.
Source: A. P. Dawid, "Statistical theory: the prequential approach", JRSS A 147 (1984), pp. 278-292.

>>> matrix = alloquy.FeatureMatrix(["x"], [[1.0], [1.0], [1.0]])
>>> alloquy.prequential(alloquy.OnlineLogistic(1), matrix, [1, 1, 1]).round(2)
array([0.5 , 0.85, 0.9 ])
)doc";
constexpr auto cross_validate_doc = R"doc(Probabilities of rows by models that did not see them.

For each Split, learned on its train rows with their own encoder, means, edges and calibration.

splits : Splits; see fold_splits and time_splits. The other arguments as train.
Returns a float64 array, shape (table.rows); NaN for a row that no split tests. Where several do, the last one counts.
Raises InvalidArgument as train, naming the split.
)doc";

py::tuple names_of(const std::vector<std::string>& names) {
    return py::tuple{to_python(names)};
}
std::vector<CoefficientSign> signs_of(const py::object& signs) {
    std::vector<CoefficientSign> all;
    for (const py::handle sign : signs) all.push_back(sign.cast<CoefficientSign>());
    return all;
}
/// Position in a list of `size`.
std::size_t position(std::int64_t index, std::size_t size, const char* name) {
    if (index < 0 || static_cast<std::uint64_t>(index) >= size) {
        throw InvalidArgument{std::string{name} + ": in [0, " + std::to_string(size) + ") expected, got " +
                              std::to_string(index)};
    }
    return static_cast<std::size_t>(index);
}
/// Row numbers of a table.
std::vector<std::uint32_t> table_rows(const py::object& rows, std::size_t count) {
    std::vector<std::uint32_t> which = count_column(rows, "rows");
    for (const std::uint32_t row : which) static_cast<void>(position(row, count, "rows"));
    return which;
}

// Features ---------------------------------------------------------------------------------------------------------

/// One row that owns its numbers; C++ has a view.
struct FeatureRow {
    std::vector<std::uint32_t> columns;
    std::vector<double> values;

    [[nodiscard]] score::FeatureRow view() const noexcept { return {columns, values}; }
    friend bool operator==(const FeatureRow&, const FeatureRow&) = default;
};

FeatureRow feature_row(const py::object& columns, const py::object& values) {
    const Float64Column numbers = float64_column(values, "values");
    FeatureRow row{count_column(columns, "columns"), {numbers.values.begin(), numbers.values.end()}};
    if (row.columns.size() != row.values.size())
        throw InvalidArgument{"FeatureRow: as many values as columns expected"};
    for (std::size_t i = 0; i < row.columns.size(); ++i) {
        if (i > 0 && row.columns[i] <= row.columns[i - 1]) {
            throw InvalidArgument{"FeatureRow: columns must be ascending, each once"};
        }
        if (!(row.values[i] - row.values[i] == 0)) throw InvalidArgument{"FeatureRow: values must be finite"};
    }
    return row;
}

std::shared_ptr<FeatureMatrix> dense_matrix(std::vector<std::string> names, const py::object& values,
                                            const py::object& signs) {
    const Float64Column cells = float64_matrix(values, "values");
    const std::size_t columns = names.size();
    if (static_cast<std::size_t>(cells.array.shape(1)) != columns) {
        throw InvalidArgument{"FeatureMatrix: values: " + std::to_string(columns) + " columns expected, got " +
                              std::to_string(cells.array.shape(1))};
    }
    const auto rows = static_cast<std::size_t>(cells.array.shape(0));
    auto matrix = std::make_shared<FeatureMatrix>(std::move(names), signs_of(signs));
    released([&] {
        FeatureRow row;
        for (std::size_t r = 0; r < rows; ++r) {
            row.columns.clear();
            row.values.clear();
            for (std::size_t c = 0; c < columns; ++c) {
                const double value = cells.values[r * columns + c];
                if (value == 0) continue;
                row.columns.push_back(static_cast<std::uint32_t>(c));
                row.values.push_back(value);
            }
            matrix->add_row(row.view());
        }
        return 0;
    });
    return matrix;
}

std::shared_ptr<FeatureMatrix> csr_matrix(std::vector<std::string> names, const py::object& data,
                                          const py::object& indices, const py::object& indptr,
                                          const py::object& signs) {
    const Float64Column values = float64_column(data, "data");
    const std::vector<std::uint32_t> columns = count_column(indices, "indices");
    const Int64Column starts = int64_column(indptr, "indptr");
    if (columns.size() != values.values.size()) {
        throw InvalidArgument{"indices: " + std::to_string(values.values.size()) + " elements expected, got " +
                              std::to_string(columns.size())};
    }
    const auto stored = static_cast<std::int64_t>(columns.size());
    if (starts.values.empty() || starts.values.front() != 0 || starts.values.back() != stored) {
        throw InvalidArgument{"indptr: must begin with 0 and end with the number of stored values"};
    }
    auto matrix = std::make_shared<FeatureMatrix>(std::move(names), signs_of(signs));
    for (std::size_t r = 0; r + 1 < starts.values.size(); ++r) {
        const std::int64_t first = starts.values[r];
        const std::int64_t count = starts.values[r + 1] - first;
        if (count < 0 || first + count > stored) throw InvalidArgument{"indptr: must not fall"};
        const auto from = static_cast<std::size_t>(first);
        const auto size = static_cast<std::size_t>(count);
        matrix->add_row({std::span{columns}.subspan(from, size), values.values.subspan(from, size)});
    }
    return matrix;
}

py::tuple csr_of(const FeatureMatrix& matrix) {
    std::vector<double> data;
    std::vector<std::int64_t> indices;
    std::vector<std::int64_t> indptr{0};
    released([&] {
        for (std::size_t r = 0; r < matrix.rows(); ++r) {
            const score::FeatureRow row = matrix.row(r);
            data.insert(data.end(), row.values.begin(), row.values.end());
            indices.insert(indices.end(), row.columns.begin(), row.columns.end());
            indptr.push_back(static_cast<std::int64_t>(data.size()));
        }
        return 0;
    });
    return py::make_tuple(to_array(std::move(data)), to_array(std::move(indices)), to_array(std::move(indptr)));
}

void bind_table(py::module_& module) {
    py::class_<FeatureTable, std::shared_ptr<FeatureTable>>{module, "FeatureTable", table_doc}
        .def(py::init([](const py::object& inputs) { return feature_table(inputs); }), py::arg("inputs"))
        .def_readonly("rows", &FeatureTable::rows, "How many people.")
        .def_property_readonly(
            "names",
            [](const FeatureTable& self) {
                std::vector<std::string> names;
                for (const FeatureTable::Input& input : self.inputs) names.push_back(input.name);
                return names_of(names);
            },
            "Of the inputs, a tuple of str.")
        .def(
            "is_text", [](const FeatureTable& self, const std::string& name) { return self.input(name).is_text; },
            py::arg("name"), "True for an input of texts. Raises InvalidArgument if there is no such input.")
        .def(
            "select",
            [](const FeatureTable& self, const py::object& rows) {
                const std::vector<std::uint32_t> which = table_rows(rows, self.rows);
                return released([&] { return self.select(which); });
            },
            py::arg("rows"), "The given rows (int64 array), in the given order, as a FeatureTable.")
        .def(
            "to_arrays",
            [](const FeatureTable& self) {
                py::dict arrays;
                for (const FeatureTable::Input& input : self.inputs) arrays[py::str{input.name}] = input_array(input);
                return arrays;
            },
            "All inputs as a dict of arrays, ready for pandas.DataFrame(...).")
        .def(
            "__getitem__",
            [](const FeatureTable& self, const std::string& name) { return input_array(self.input(name)); },
            py::arg("name"), "One input: a float64 array, NaN = missing; of texts an object array of str and None.")
        .def(
            "__contains__",
            [](const FeatureTable& self, const std::string& name) {
                for (const FeatureTable::Input& input : self.inputs) {
                    if (input.name == name) return true;
                }
                return false;
            },
            py::arg("name"))
        .def("__len__", [](const FeatureTable& self) { return self.rows; })
        .def("__repr__", [](const FeatureTable& self) {
            std::string text = "FeatureTable(" + std::to_string(self.rows) + " rows";
            for (const FeatureTable::Input& input : self.inputs) {
                text += (&input == self.inputs.data() ? ": " : ", ") + input.name;
            }
            return text + ")";
        });
}

/// An encoder alone travels as a model whose coefficients are 0.
py::bytes bytes_of(const Model& model) {
    const std::vector<std::byte> bytes =
        engine::to_bytes(engine::ModelContent{model, {}, time::Instant::earliest(), 0});
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
Model model_of(std::string_view bytes) {
    return engine::model_from_bytes(std::as_bytes(std::span{bytes.data(), bytes.size()})).model;
}
Model carrier(const FeatureEncoder& encoder) {
    LogisticModel coefficients;
    coefficients.coefficients.assign(encoder.columns(), 0.0);
    return Model{encoder, std::move(coefficients), Calibration{}};
}

void bind_encoder(py::module_& module) {
    using Feature = FeatureEncoder::Feature;
    const auto list = [](const auto& values) { return to_python(values); };
    py::class_<Feature>{module, "FeatureEncoderFeature",
                        "One feature with what was learned from the training rows. In C++: FeatureEncoder::Feature."}
        .def_property_readonly(
            "config", [](const Feature& self) { return self.config; }, "The FeatureConfig; its name is never empty.")
        .def_readonly("is_text", &Feature::is_text, "True if its input is a text.")
        .def_readonly("has_missing", &Feature::has_missing, "The training rows had missing values.")
        .def_readonly("mean", &Feature::mean, "Of linear and log, after the logarithm.")
        .def_readonly("scale", &Feature::scale, "1 / standard deviation; 0 for a constant.")
        .def_readonly("least", &Feature::least, "Range of the training rows.")
        .def_readonly("most", &Feature::most, "Range of the training rows.")
        .def_property_readonly(
            "edges", [=](const Feature& self) { return list(self.edges); }, "Of bins and steps, a tuple of float.")
        .def_property_readonly(
            "levels", [=](const Feature& self) { return list(self.levels); },
            "A tuple of str, ascending, without the rare ones.")
        .def_readonly("has_other", &Feature::has_other, "Rare levels were there.")
        .def_readonly("first", &Feature::first, "First column.")
        .def_readonly("count", &Feature::count, "Columns.")
        .def(
            "__eq__", [](const Feature& self, const Feature& other) { return self == other; }, py::arg("other"),
            py::is_operator())
        .def("__hash__",
             [](const Feature& self) { return py::hash(py::make_tuple(self.config.name, self.first, self.count)); })
        .def("__repr__", [](const Feature& self) {
            return "FeatureEncoderFeature('" + self.config.name + "', " + std::to_string(self.count) + " columns)";
        });
    py::class_<FeatureEncoder>{module, "FeatureEncoder", encoder_doc}
        .def_static(
            "fit",
            [](const std::vector<FeatureConfig>& features, const FeatureTable& table) {
                return released([&] { return FeatureEncoder::fit(features, table); });
            },
            py::arg("features"), py::arg("table"), fit_encoder_doc)
        .def_property_readonly(
            "inputs", [](const FeatureEncoder& self) { return names_of(self.inputs()); },
            "Names of the inputs that are read, a tuple of str.")
        .def_property_readonly(
            "features", [](const FeatureEncoder& self) { return to_python(self.features()); },
            "Tuple of FeatureEncoderFeature.")
        .def_property_readonly(
            "column_names", [](const FeatureEncoder& self) { return names_of(self.column_names()); }, "A tuple of str.")
        .def_property_readonly("columns", &FeatureEncoder::columns, "How many.")
        .def(
            "feature_of",
            [](const FeatureEncoder& self, std::int64_t column) {
                return self.feature_of(static_cast<std::uint32_t>(position(column, self.columns(), "column")));
            },
            py::arg("column"), "The feature that a column belongs to, as a position among `features`.")
        .def(
            "is_text",
            [](const FeatureEncoder& self, std::int64_t input) {
                return self.is_text(position(input, self.inputs().size(), "input"));
            },
            py::arg("input"), "True if an input is read as text, by its position among `inputs`.")
        .def(
            "encode",
            [](const FeatureEncoder& self, const FeatureTable& table) {
                return std::make_shared<FeatureMatrix>(released([&] { return self.encode(table); }));
            },
            py::arg("table"),
            "A FeatureMatrix. Raises InvalidArgument if the table lacks an input or has it in the wrong type.")
        .def(
            "__eq__", [](const FeatureEncoder& self, const FeatureEncoder& other) { return self == other; },
            py::arg("other"), py::is_operator())
        .def("__hash__", [](const FeatureEncoder& self) { return py::hash(names_of(self.column_names())); })
        .def("__repr__",
             [](const FeatureEncoder& self) {
                 return "FeatureEncoder(" + std::to_string(self.features().size()) + " features, " +
                        std::to_string(self.columns()) + " columns)";
             })
        .def(py::pickle([](const FeatureEncoder& self) { return bytes_of(carrier(self)); },
                        [](const py::bytes& bytes) { return model_of(std::string_view{bytes}).encoder(); }));
}

void bind_matrix(py::module_& module) {
    py::class_<FeatureRow>{module, "FeatureRow", row_doc}
        .def(py::init(&feature_row), py::arg("columns"), py::arg("values"))
        .def_property_readonly(
            "columns", [](const FeatureRow& self) { return to_wide_array<std::int64_t, std::uint32_t>(self.columns); },
            "int64 array.")
        .def_property_readonly(
            "values", [](const FeatureRow& self) { return to_array(self.values); }, "float64 array.")
        .def(
            "__eq__", [](const FeatureRow& self, const FeatureRow& other) { return self == other; }, py::arg("other"),
            py::is_operator())
        .def("__hash__",
             [](const FeatureRow& self) {
                 return py::hash(py::make_tuple(to_python(self.columns), to_python(self.values)));
             })
        .def("__repr__",
             [](const FeatureRow& self) {
                 return "FeatureRow(columns=" + std::string{py::repr(py::cast(self.columns))} +
                        ", values=" + std::string{py::repr(py::cast(self.values))} + ")";
             })
        .def("__reduce__", [](const py::object& self) {
            return py::make_tuple(py::type::of(self), py::make_tuple(self.attr("columns"), self.attr("values")));
        });
    py::class_<FeatureMatrix, std::shared_ptr<FeatureMatrix>>{module, "FeatureMatrix", matrix_doc}
        .def(py::init(&dense_matrix), py::arg("names"), py::arg("values"), py::arg("signs") = py::tuple{})
        .def_static("from_csr", &csr_matrix, py::arg("names"), py::arg("data"), py::arg("indices"), py::arg("indptr"),
                    py::arg("signs") = py::tuple{}, from_csr_doc)
        .def_property_readonly("rows", &FeatureMatrix::rows, "How many people.")
        .def_property_readonly("columns", &FeatureMatrix::columns, "How many.")
        .def_property_readonly(
            "shape", [](const FeatureMatrix& self) { return py::make_tuple(self.rows(), self.columns()); },
            "(rows, columns).")
        .def_property_readonly(
            "names", [](const FeatureMatrix& self) { return names_of(self.names()); },
            "Of the columns, a tuple of str.")
        .def_property_readonly(
            "signs", [](const FeatureMatrix& self) { return to_python(self.signs()); },
            "Tuple of CoefficientSign, one per column.")
        .def_property_readonly("stored", &FeatureMatrix::stored, "Values that are stored.")
        .def(
            "row",
            [](const FeatureMatrix& self, std::int64_t index) {
                const score::FeatureRow row = self.row(position(index, self.rows(), "index"));
                return FeatureRow{{row.columns.begin(), row.columns.end()}, {row.values.begin(), row.values.end()}};
            },
            py::arg("index"), "One row, a FeatureRow.")
        .def(
            "dense",
            [](const FeatureMatrix& self) {
                return to_matrix(released([&] { return self.dense(); }), self.rows(), self.columns());
            },
            "All values, a float64 array, shape (rows, columns).")
        .def("csr", &csr_of, csr_doc)
        .def("__repr__", [](const FeatureMatrix& self) {
            return "FeatureMatrix(" + std::to_string(self.rows()) + " rows, " + std::to_string(self.columns()) +
                   " columns, " + std::to_string(self.stored()) + " values stored)";
        });
}

void bind_features(py::module_& module) {
    bind_enum<score::Encoding>(module, "Encoding", "How an input turns into columns of a FeatureMatrix.");
    bind_enum<score::Monotone>(
        module, "Monotone",
        "Whether a higher value of a feature may only raise or only lower the log-odds. For linear, log and steps.");
    py::enum_<CoefficientSign>{module, "CoefficientSign", "What a model may do with a column."}
        .value("free", CoefficientSign::free)
        .value("not_negative", CoefficientSign::not_negative)
        .value("not_positive", CoefficientSign::not_positive);
    const FeatureConfig defaults;
    bind_value<FeatureConfig>(
        module, "FeatureConfig", feature_config_doc,
        field("name", &FeatureConfig::name, "Unique; the input's name where empty. A cross needs one.", defaults.name),
        field("input", &FeatureConfig::input, "Name of an input, such as \"attribute:region\"; empty for a cross.",
              defaults.input),
        field("encoding", &FeatureConfig::encoding, "An Encoding.", defaults.encoding),
        field("edges", &FeatureConfig::edges, "Of bins and steps, ascending. Empty: quantiles of the training rows.",
              defaults.edges),
        field("quantiles", &FeatureConfig::quantiles, "Number of bins where there are no edges, 2 to 100.",
              defaults.quantiles),
        field("monotone", &FeatureConfig::monotone, "A Monotone.", defaults.monotone),
        field("least_rows", &FeatureConfig::least_rows, "A level or crossed column with fewer training rows is rare.",
              defaults.least_rows),
        field("of", &FeatureConfig::of, "The two features that are crossed; both stand before it.", defaults.of),
        field("reason", &FeatureConfig::reason, "Why a special category of personal data may be used.",
              defaults.reason));
    module.def("is_special_category", &score::is_special_category, py::arg("attribute"), special_category_doc);
    bind_table(module);
    bind_matrix(module);
    bind_encoder(module);
}

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

void bind_logistic(py::module_& module) {
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

// Models -----------------------------------------------------------------------------------------------------------

void bind_model_config(py::module_& module) {
    bind_enum<score::Learning>(module, "Learning", "How a model takes up examples: all at once, or one by one.");
    bind_enum<score::OutcomeKind>(module, "OutcomeKind", "What a model foretells.");
    const OutcomeConfig outcome;
    bind_value<OutcomeConfig>(
        module, "OutcomeConfig", outcome_config_doc,
        field("kind", &OutcomeConfig::kind, "How an enrolment ends, or whether a contact is answered.", outcome.kind),
        field("programmes", &OutcomeConfig::programmes,
              "Only people who study one of these at the instant; any if empty.", outcome.programmes),
        field("positive", &OutcomeConfig::positive, "Of enrolments: EnrolmentStatus that are outcome 1.",
              outcome.positive),
        field("negative", &OutcomeConfig::negative, "Of enrolments: EnrolmentStatus that are outcome 0.",
              outcome.negative),
        field("channels", &OutcomeConfig::channels, "Of responses: contacts by these; any contact channel if empty.",
              outcome.channels),
        field("actions", &OutcomeConfig::actions, "Of responses: contacts that carried out these; any if empty.",
              outcome.actions));
    const ModelConfig defaults{};
    bind_value<ModelConfig>(
        module, "ModelConfig", model_config_doc, field("name", &ModelConfig::name, "Name."),
        field("outcome", &ModelConfig::outcome, "The OutcomeConfig.", defaults.outcome),
        field("roles", &ModelConfig::roles, "frozenset of RoleKind.", defaults.roles),
        field("features", &ModelConfig::features, "Tuple of FeatureConfig.", defaults.features),
        field("learning", &ModelConfig::learning, "A Learning.", defaults.learning),
        field("group", &ModelConfig::group,
              "Text input that tells which examples must stay together; the person where empty.", defaults.group),
        field("penalty", &ModelConfig::penalty, "Adds penalty / 2 * sum of squared coefficients to the loss; > 0.",
              defaults.penalty),
        field("half_life", &ModelConfig::half_life,
              "Online: examples after which one counts half; 0 = never, else in [1, 1e12].", defaults.half_life),
        field("calibration", &ModelConfig::calibration, "A CalibrationKind; by cross-fitting, of bulk models.",
              defaults.calibration),
        field("folds", &ModelConfig::folds, "Of cross-fitting, 2 to 100.", defaults.folds),
        field("least_rows", &ModelConfig::least_rows, "With fewer examples nothing is learned; >= 2.",
              defaults.least_rows),
        field("prior", &ModelConfig::prior, "Probability while nothing is learned, in (0, 1).", defaults.prior));
}

/// Inputs of one row as Model::explain takes them.
std::vector<double> input_values(const Model& model, const FeatureTable& table, std::size_t row) {
    std::vector<double> values;
    for (std::size_t i = 0; i < model.inputs().size(); ++i) {
        const FeatureTable::Input& input = table.input(model.inputs()[i]);
        if (input.is_text != model.is_text(i)) {
            throw InvalidArgument{"Model: input '" + input.name + "' must be " +
                                  (model.is_text(i) ? "text" : "a number")};
        }
        const double value = input.values[row];
        const bool is_known_text = input.is_text && value == value;
        values.push_back(is_known_text ? model.code(i, input.levels[static_cast<std::size_t>(value)]) : value);
    }
    return values;
}

std::vector<double> evidence_of(const Model& model, const FeatureTable& table) {
    const FeatureMatrix matrix = model.encoder().encode(table);
    std::vector<double> evidence;
    evidence.reserve(matrix.rows());
    for (std::size_t row = 0; row < matrix.rows(); ++row) evidence.push_back(model.predict(matrix.row(row)).evidence);
    return evidence;
}

double intercept_of(const Model& model) {
    return std::visit(
        [](const auto& learned) {
            if constexpr (requires { learned.intercept(); }) {
                return learned.intercept();
            } else {
                return learned.intercept;
            }
        },
        model.coefficients());
}
py::dict coefficients_of(const Model& model) {
    py::dict all;
    std::visit(
        [&](const auto& learned) {
            const auto each = [&] {
                if constexpr (requires { learned.coefficients(); }) {
                    return learned.coefficients();
                } else {
                    return std::span<const double>{learned.coefficients};
                }
            }();
            for (std::size_t i = 0; i < each.size(); ++i) {
                all[py::str{model.encoder().column_names()[i]}] = py::float_{each[i]};
            }
        },
        model.coefficients());
    return all;
}
bool equal(const Model& a, const Model& b) {
    if (!(a.encoder() == b.encoder()) || !(a.calibration() == b.calibration())) return false;
    const auto* const bulk = std::get_if<LogisticModel>(&a.coefficients());
    const auto* const other = std::get_if<LogisticModel>(&b.coefficients());
    if (bulk != nullptr || other != nullptr) return bulk != nullptr && other != nullptr && *bulk == *other;
    return equal(std::get<OnlineLogistic>(a.coefficients()), std::get<OnlineLogistic>(b.coefficients()));
}

void bind_model_class(py::module_& module) {
    bind_value<Prediction>(
        module, "Prediction", "A probability and how much it rests on.",
        field("probability", &Prediction::probability, "In [0, 1]."),
        field("evidence", &Prediction::evidence, "Observations that would tell as much; 0 where nothing was learned."));
    module.def("prior_prediction", &score::prior_prediction, py::arg("prior"),
               "What is said where nothing was learned, a Prediction.");
    py::class_<Model, std::shared_ptr<Model>>{module, "Model", model_doc}
        .def(py::init([](const FeatureEncoder& encoder, const Model::Coefficients& coefficients,
                         const Calibration& calibration) {
                 return std::make_shared<Model>(encoder, coefficients, calibration);
             }),
             py::arg("encoder"), py::arg("coefficients"), py::arg("calibration") = Calibration{})
        .def_property_readonly(
            "encoder", [](const Model& self) { return self.encoder(); }, "The FeatureEncoder.")
        .def_property_readonly("coefficients", &coefficients_of,
                               "Dict from column name to coefficient, without the intercept.")
        .def_property_readonly("intercept", &intercept_of, "Log-odds of a row whose columns are all 0.")
        .def_property_readonly(
            "learned", [](const Model& self) { return self.coefficients(); },
            "The LogisticModel or OnlineLogistic. In C++: coefficients().")
        .def_property_readonly(
            "calibration", [](const Model& self) { return self.calibration(); }, "The Calibration.")
        .def_property_readonly(
            "inputs", [](const Model& self) { return names_of(self.inputs()); }, "Names of the inputs, a tuple of str.")
        .def_property_readonly("examples", &Model::examples,
                               "Examples that it learned from, as far as they are not forgotten.")
        .def(
            "predict",
            [](const Model& self, const FeatureTable& table) {
                return to_array(released([&] { return self.predict(table); }));
            },
            py::arg("table"), "Probabilities of many, a float64 array, shape (table.rows).")
        .def(
            "evidence",
            [](const Model& self, const FeatureTable& table) {
                return to_array(released([&] { return evidence_of(self, table); }));
            },
            py::arg("table"), "Observations that would tell as much as each probability, a float64 array.")
        .def(
            "explain",
            [](const Model& self, const FeatureTable& table, std::int64_t row, std::string name) {
                return self.explain(std::move(name), input_values(self, table, position(row, table.rows, "row")));
            },
            py::arg("table"), py::arg("row"), py::arg("name") = "model", explain_doc)
        .def(
            "__eq__", [](const Model& self, const Model& other) { return equal(self, other); }, py::arg("other"),
            py::is_operator())
        .def("__hash__",
             [](const Model& self) {
                 return py::hash(py::make_tuple(names_of(self.encoder().column_names()), intercept_of(self)));
             })
        .def("__repr__",
             [](const Model& self) {
                 return "Model(" + std::to_string(self.encoder().columns()) + " columns, " +
                        std::string{py::repr(py::cast(self.calibration()))} + ", learned from " +
                        std::string{py::str(py::float_{self.examples()})} + " examples)";
             })
        .def(py::pickle(
            [](const Model& self) { return bytes_of(self); },
            [](const py::bytes& bytes) { return std::make_shared<Model>(model_of(std::string_view{bytes})); }));
}

void bind_training(py::module_& module) {
    module.def(
        "train",
        [](const ModelConfig& config, const FeatureTable& table, const py::object& outcomes, const py::object& groups,
           unsigned threads) {
            const std::vector<std::uint8_t> truth = outcome_column(outcomes, "outcomes");
            const std::vector<std::uint64_t> numbers = group_column(groups, "groups");
            return std::make_shared<Model>(
                released([&] { return score::train(config, table, truth, numbers, threads); }));
        },
        py::arg("config"), py::arg("table"), py::arg("outcomes"), py::arg("groups") = py::none(),
        py::arg("threads") = 1, train_doc);
    module.def(
        "learn_on",
        [](const Model& model, const FeatureTable& table, const py::object& outcomes) {
            const std::vector<std::uint8_t> truth = outcome_column(outcomes, "outcomes");
            return std::make_shared<Model>(released([&] { return score::learn_on(model, table, truth); }));
        },
        py::arg("model"), py::arg("table"), py::arg("outcomes"), learn_on_doc);
    module.def(
        "prequential",
        [](const OnlineLogistic& model, const FeatureMatrix& matrix, const py::object& outcomes) {
            const std::vector<std::uint8_t> truth = outcome_column(outcomes, "outcomes");
            return to_array(released([&] {
                OnlineLogistic learning = model;
                return score::prequential(learning, matrix, truth);
            }));
        },
        py::arg("model"), py::arg("matrix"), py::arg("outcomes"), prequential_doc);
    module.def(
        "cross_validate",
        [](const ModelConfig& config, const FeatureTable& table, const py::object& outcomes,
           const std::vector<score::Split>& splits, const py::object& groups, unsigned threads) {
            const std::vector<std::uint8_t> truth = outcome_column(outcomes, "outcomes");
            const std::vector<std::uint64_t> numbers = group_column(groups, "groups");
            for (const score::Split& split : splits) {
                for (const std::uint32_t row : split.test) static_cast<void>(position(row, table.rows, "splits: row"));
            }
            return to_array(
                released([&] { return score::cross_validate(config, table, truth, splits, numbers, threads); }));
        },
        py::arg("config"), py::arg("table"), py::arg("outcomes"), py::arg("splits"), py::arg("groups") = py::none(),
        py::arg("threads") = 1, cross_validate_doc);
}

}  // namespace

void bind_models(py::module_& module) {
    bind_features(module);
    bind_logistic(module);
    bind_calibration(module);
    bind_model_config(module);
    bind_model_class(module);
    bind_training(module);
}

}  // namespace alloquy::python
