#pragma once

/// \file
/// FeatureTable out of a dict of columns or a DataFrame, and its columns as NumPy arrays.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <alloquy/error.hpp>
#include <alloquy/score/features.hpp>

#include "arrays.hpp"
#include "rows.hpp"
#include "words.hpp"

namespace alloquy::python {

namespace detail {

using TableInput = score::FeatureTable::Input;
inline constexpr double missing = std::numeric_limits<double>::quiet_NaN();

[[nodiscard]] inline TableInput text_input(const py::object& object, const std::string& name) {
    WordColumn words = word_column(object, py::len(object), name);
    TableInput input{name, true, {}, std::move(words.names)};
    input.values.reserve(words.codes.size());
    for (const std::int64_t code : words.codes) input.values.push_back(code < 0 ? missing : static_cast<double>(code));
    return input;
}

/// Of Python objects: texts where there is one, else numbers.
[[nodiscard]] inline TableInput input_of_elements(const py::object& object, const std::string& name) {
    const py::tuple all = elements(object, name);
    for (const py::handle element : all) {
        if (PyUnicode_Check(element.ptr())) return text_input(all, name);
    }
    TableInput input{name, false, {}, {}};
    input.values.reserve(all.size());
    for (const py::handle element : all) {
        if (is_missing(element)) {
            input.values.push_back(missing);
        } else if (const std::optional<bool> truth = truth_of(element)) {
            input.values.push_back(*truth ? 1.0 : 0.0);
        } else {
            input.values.push_back(float64_scalar(py::reinterpret_borrow<py::object>(element), name));
        }
    }
    return input;
}

/// Of a column whose type of elements is known to be a number.
[[nodiscard]] inline TableInput number_input(const py::object& array, const std::string& name, bool is_bool) {
    const Float64Column column = float64_column(is_bool ? array.attr("astype")("uint8") : array, name);
    return {name, false, {column.values.begin(), column.values.end()}, {}};
}

[[nodiscard]] inline TableInput table_input(const py::object& object, const std::string& name) {
    const py::object categorical = py::getattr(object, "cat", object);
    if (py::hasattr(categorical, "codes") && py::hasattr(categorical, "categories")) return text_input(object, name);
    const py::object dtype = py::getattr(object, "dtype", py::none{});
    if (dtype.is_none() || !py::hasattr(dtype, "kind")) return input_of_elements(object, name);
    const std::string kind = kind_of(dtype);
    const bool is_number = kind == "f" || kind == "i" || kind == "u" || kind == "b";
    if (is_number && py::isinstance(dtype, py::module_::import("numpy").attr("dtype"))) {
        return number_input(py::module_::import("numpy").attr("asarray")(object), name, kind == "b");
    }
    if (is_number && py::hasattr(object, "isna") && py::hasattr(dtype, "numpy_dtype")) {
        // A column of pandas that holds NA beside whole numbers or truth values.
        const py::object gaps = object.attr("isna")();
        const py::object filled =
            object.attr("fillna")(kind == "b" ? py::object{py::bool_{false}} : py::object{py::int_{0}});
        TableInput input =
            number_input(filled.attr("to_numpy")(py::arg("dtype") = dtype.attr("numpy_dtype")), name, kind == "b");
        const std::vector<std::uint8_t> is_gap = outcome_column(gaps.attr("to_numpy")(py::arg("dtype") = "bool"), name);
        for (std::size_t i = 0; i < is_gap.size(); ++i) {
            if (is_gap[i] != 0) input.values[i] = missing;
        }
        return input;
    }
    if (kind != "O" && kind != "U" && kind != "T" && !is_number) {
        throw InvalidArgument{name + ": numbers or text expected, got " + std::string{py::str(dtype)}};
    }
    return input_of_elements(object, name);
}

}  // namespace detail

/// Takes a dict from name to column, or a DataFrame. A column is an array of numbers or truth values, a categorical, a
/// list of numbers or of str, or the like; None, NaN and NA are missing.
/// \throws InvalidArgument  naming the column, if it is anything else or of another length.
[[nodiscard]] inline score::FeatureTable feature_table(const py::object& inputs) {
    const bool is_frame = py::hasattr(inputs, "columns") && py::hasattr(inputs, "__getitem__");
    if (!is_frame && !py::hasattr(inputs, "keys")) {
        throw InvalidArgument{"FeatureTable: inputs: a dict of columns or a DataFrame expected"};
    }
    score::FeatureTable table;
    for (const py::handle key : is_frame ? py::object{inputs.attr("columns")} : py::object{inputs.attr("keys")()}) {
        if (!PyUnicode_Check(key.ptr())) throw InvalidArgument{"FeatureTable: inputs: names must be str"};
        const auto name = key.cast<std::string>();
        const py::object column = inputs[key];
        if (py::hasattr(column, "ndim") && column.attr("ndim").cast<int>() != 1) {
            throw InvalidArgument{name + ": a one-dimensional column expected"};
        }
        table.inputs.push_back(detail::table_input(column, name));
        const std::size_t rows = table.inputs.back().values.size();
        if (table.inputs.size() == 1) table.rows = rows;
        if (rows != table.rows) {
            throw InvalidArgument{name + ": " + std::to_string(table.rows) + " elements expected, got " +
                                  std::to_string(rows)};
        }
    }
    return table;
}

/// One input as a float64 array, or as an object array of str and None.
[[nodiscard]] inline py::object input_array(const score::FeatureTable::Input& input) {
    if (!input.is_text) return to_array(input.values);
    std::vector<py::object> texts;
    for (const std::string& level : input.levels) texts.push_back(py::str{level});
    py::list all{input.values.size()};
    for (std::size_t i = 0; i < input.values.size(); ++i) {
        const double value = input.values[i];
        all[i] = std::isnan(value) ? py::object{py::none{}} : texts[static_cast<std::size_t>(value)];
    }
    return py::module_::import("numpy").attr("array")(all, py::arg("dtype") = "object");
}

}  // namespace alloquy::python
