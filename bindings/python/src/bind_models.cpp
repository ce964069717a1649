#include <cstddef>
#include <cstdint>
#include <memory>
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
#include "models.hpp"
#include "rows.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

using score::Calibration;
using score::FeatureEncoder;
using score::FeatureMatrix;
using score::FeatureTable;
using score::LogisticModel;
using score::Model;
using score::ModelConfig;
using score::OnlineLogistic;
using score::OutcomeConfig;
using score::Prediction;

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

The base, one part for each column that is not 0 (value = the column's, weight = its coefficient), and "<input> never seen
so in training" for each input in a state that the training rows had not seen, which adds 0. Evidence as Model.evidence.

row : position in the table. name : of the Explanation.
)doc";
constexpr auto train_doc = R"doc(Learns a Model from examples.

config : ModelConfig. table : FeatureTable, one row for each example; for online learning in the order of learning.
outcomes : bool, uint8 or int64 array of 0 and 1, shape (table.rows).
groups : what must not be torn apart by cross-fitting, such as students: int64 or uint64 array or texts, shape
    (table.rows), or None: each row by itself.
threads : in [1, 1024]. The model has the same bits for any number.
Raises InvalidArgument naming the argument: too little data, all outcomes equal, an input that is missing or not finite,
a feature that is inconsistent, fewer groups than folds; and Error if learning does not converge.
)doc";
constexpr auto learn_on_doc = R"doc(Goes on learning online from further examples, in their order; returns a new Model.

The encoder stays as it is: levels that are new to it count as other, numbers beyond its range as its ends.
Raises InvalidArgument if the model was learned in bulk, or the examples do not fit it.
)doc";
constexpr auto prequential_doc = R"doc(What an online model says of each row before it learns from it.

The honest record of a model in use. The model itself stays as it is; OnlineLogistic.updated gives the one afterwards.
Without instants row by row, as if each outcome were known before the next row is asked. With instants in their order:
when a row is asked, the model has learned from the rows of earlier instants whose outcome was known by then, and from
no other, in the order in which outcomes become known.

matrix : FeatureMatrix with the model's columns. outcomes : bool, uint8 or int64 array of 0 and 1, shape (rows).
instants_ms, outcome_known_at_ms : int64 arrays, when each row is asked and from when on its outcome can be known, ms
    since 1970-01-01T00:00:00Z; shape (rows), any order. Or None, both.
Returns a float64 array of probabilities, shape (rows), in the order of the rows.
Raises InvalidArgument if a shape differs, an outcome is not 0 or 1, or is known before its row's instant.
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
        field("penalty", &ModelConfig::penalty,
              "Adds penalty / 2 * sum of squared coefficients to the loss; in [1e-9, 1e9).", defaults.penalty),
        field("half_life", &ModelConfig::half_life,
              "Online: examples after which one counts half; 0 = never, else in [1, 1e12].", defaults.half_life),
        field("calibration", &ModelConfig::calibration, "A CalibrationKind; by cross-fitting, of bulk models.",
              defaults.calibration),
        field("folds", &ModelConfig::folds, "Of cross-fitting, 2 to 100.", defaults.folds),
        field("least_rows", &ModelConfig::least_rows,
              "With fewer examples nothing is learned, and the prior stands; >= 2.", defaults.least_rows),
        field("prior", &ModelConfig::prior,
              "Probability while nothing is learned, in [1e-9, 1 - 1e-9]; its evidence is 0.", defaults.prior));
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
void bind_model_class(py::module_& module) {
    bind_value<Prediction>(
        module, "Prediction", "A probability and how much it rests on.",
        field("probability", &Prediction::probability, "In [0, 1]."),
        field("evidence", &Prediction::evidence, "Observations that would tell as much; 0 where nothing was learned."));
    module.def(
        "prior_prediction",
        [](double prior) {
            if (!(prior > 0 && prior < 1)) {
                throw InvalidArgument{"prior_prediction: prior must be in (0, 1), got " +
                                      std::string{py::str(py::float_{prior})}};
            }
            return score::prior_prediction(prior);
        },
        py::arg("prior"),
        "What is said where nothing was learned, a Prediction with evidence 0.\n\nprior : in (0, 1). Raises "
        "InvalidArgument if it is not.");
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
                return to_array(released([&] { return self.evidence(table); }));
            },
            py::arg("table"),
            "Observations that would tell as much as each probability, a float64 array, shape (table.rows).\n\nTimes "
            "the "
            "share of the inputs that are in a state which training had seen: not missing where none was missing, no "
            "text that was never met where there is no column for rare ones. 0 if none is.")
        .def(
            "explain",
            [](const Model& self, const FeatureTable& table, std::int64_t row, std::string name) {
                return self.explain(std::move(name), input_values(self, table, position(row, table.rows, "row")));
            },
            py::arg("table"), py::arg("row"), py::arg("name") = "model", explain_doc)
        .def(
            "__eq__", [](const Model& self, const Model& other) { return self == other; }, py::arg("other"),
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
        [](const OnlineLogistic& model, const FeatureMatrix& matrix, const py::object& outcomes,
           const py::object& instants_ms, const py::object& outcome_known_at_ms) {
            const std::vector<std::uint8_t> truth = outcome_column(outcomes, "outcomes");
            const std::vector<time::Instant> instants = instant_column(instants_ms, "instants_ms");
            const std::vector<time::Instant> known_at = instant_column(outcome_known_at_ms, "outcome_known_at_ms");
            return to_array(released([&] {
                OnlineLogistic learning = model;
                return score::prequential(learning, matrix, truth, instants, known_at);
            }));
        },
        py::arg("model"), py::arg("matrix"), py::arg("outcomes"), py::arg("instants_ms") = py::none(),
        py::arg("outcome_known_at_ms") = py::none(), prequential_doc);
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

py::bytes bytes_of(const Model& model) {
    const std::vector<std::byte> bytes =
        engine::to_bytes(engine::ModelContent{model, {}, time::Instant::earliest(), 0});
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
Model model_of(std::string_view bytes) {
    return engine::model_from_bytes(std::as_bytes(std::span{bytes.data(), bytes.size()})).model;
}

void bind_models(py::module_& module) {
    bind_model_config(module);
    bind_model_class(module);
    bind_training(module);
}

}  // namespace alloquy::python
