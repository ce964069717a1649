#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <alloquy/error.hpp>
#include <alloquy/score/calibration.hpp>
#include <alloquy/score/feature_matrix.hpp>
#include <alloquy/score/features.hpp>
#include <alloquy/score/logistic.hpp>
#include <alloquy/score/model.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "models.hpp"
#include "rows.hpp"
#include "tables.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

using score::CoefficientSign;
using score::FeatureConfig;
using score::FeatureEncoder;
using score::FeatureMatrix;
using score::FeatureTable;

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

names, signs : as for the constructor. data : float64 array, the stored values, row by row. indices : int64 or int32
array, the column of each, ascending within a row. indptr : int64 or int32 array, shape (rows + 1): where each row
begins. Raises InvalidArgument as the constructor.

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

/// Row numbers of a table.
std::vector<std::uint32_t> table_rows(const py::object& rows, std::size_t count) {
    std::vector<std::uint32_t> which = count_column(rows, "rows");
    for (const std::uint32_t row : which) static_cast<void>(position(row, count, "rows"));
    return which;
}

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
    const std::vector<std::uint32_t> columns =
        detail::narrowed<std::uint32_t>(index_column(indices, "indices").values, detail::largest_uint32, "indices");
    const Int64Column starts = index_column(indptr, "indptr");
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
        const std::int64_t end = starts.values[r + 1];
        if (end < first || end > stored) throw InvalidArgument{"indptr: must not fall"};
        const auto from = static_cast<std::size_t>(first);
        const auto size = static_cast<std::size_t>(end - first);
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

score::Model carrier(const FeatureEncoder& encoder) {
    score::LogisticModel coefficients;
    coefficients.coefficients.assign(encoder.columns(), 0.0);
    return score::Model{encoder, std::move(coefficients), score::Calibration{}};
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

}  // namespace

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

}  // namespace alloquy::python
