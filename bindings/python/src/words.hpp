#pragma once

/// \file
/// Columns of text from Python: keys, and words as codes into a short list of names.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <alloquy/error.hpp>

#include "arrays.hpp"

namespace alloquy::python {

/// The elements of a list, tuple, NumPy array or pandas Series as a tuple of our own, which no other thread changes.
[[nodiscard]] inline py::tuple elements(const py::object& object, const std::string& name) {
    if (py::isinstance<py::str>(object) || !py::hasattr(object, "__iter__")) {
        throw InvalidArgument{name + ": a list or array expected"};
    }
    // tolist makes Python objects of a whole array at once.
    if (py::hasattr(object, "tolist")) return py::tuple{object.attr("tolist")()};
    return py::tuple{object};
}

[[nodiscard]] inline std::string_view utf8(py::handle text) {
    Py_ssize_t size = 0;
    const char* const data = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
    if (data == nullptr) throw py::error_already_set{};
    return {data, static_cast<std::size_t>(size)};
}

/// Keys that may be personal.
struct KeyColumn {
    py::tuple owner;                 // of the texts, where they are Python's
    std::vector<std::string> texts;  // of the texts, where they were numbers
    std::vector<std::string_view> keys;
};

/// Takes texts, or an int64 array whose numbers stand as decimal text.
/// \throws InvalidArgument  naming the argument, if it is anything else.
[[nodiscard]] inline KeyColumn key_column(const py::object& object, const std::string& name) {
    KeyColumn column;
    const py::object dtype = py::getattr(object, "dtype", py::none{});
    if (!dtype.is_none() && py::hasattr(dtype, "kind") && dtype.attr("kind").cast<std::string>() == "i") {
        for (const std::int64_t number : int64_column(object, name).values) {
            column.texts.push_back(std::to_string(number));
        }
        column.keys.assign(column.texts.begin(), column.texts.end());
        return column;
    }
    column.owner = elements(object, name);
    column.keys.reserve(column.owner.size());
    for (const py::handle key : column.owner) {
        if (!PyUnicode_Check(key.ptr())) throw InvalidArgument{name + ": str expected for every key"};
        column.keys.push_back(utf8(key));
    }
    return column;
}

/// Words of a column: row i has names[codes[i]], or none where the code is negative.
struct WordColumn {
    std::vector<std::string> names;
    std::vector<std::int64_t> codes;
};

/// True for what stands for "unknown" in a list or table: None, NaN, pandas' NA.
[[nodiscard]] inline bool is_missing(py::handle element) {
    if (element.is_none()) return true;
    if (PyFloat_Check(element.ptr())) return std::isnan(PyFloat_AS_DOUBLE(element.ptr()));
    return std::string_view{Py_TYPE(element.ptr())->tp_name}.ends_with("NAType");
}

namespace detail {

/// The text of a word: a str, or an enumerator by its name. Nothing where it is missing.
inline std::optional<std::string> word_of(py::handle element, const std::string& name) {
    if (PyUnicode_Check(element.ptr())) return std::string{utf8(element)};
    if (is_missing(element)) return std::nullopt;
    if (py::hasattr(element, "__members__") && py::hasattr(element, "name")) {
        return element.attr("name").cast<std::string>();
    }
    throw InvalidArgument{name + ": str expected for every word"};
}

inline std::vector<std::int64_t> codes_of(const py::object& object, std::size_t names, const std::string& name) {
    const py::array array = py::module_::import("numpy").attr("asarray")(object);
    const auto kind = array.attr("dtype").attr("kind").cast<std::string>();
    if (array.ndim() != 1 || (kind != "i" && kind != "u")) {
        throw InvalidArgument{name + ": codes: a one-dimensional array of integers expected"};
    }
    const py::array_t<std::int64_t> wide{py::reinterpret_borrow<py::object>(array.attr("astype")("int64"))};
    std::vector<std::int64_t> codes(wide.data(), wide.data() + wide.size());
    for (const std::int64_t code : codes) {
        if (kind == "u" && code < 0) throw InvalidArgument{name + ": a code of 2^63 or more has no name"};
        if (code >= static_cast<std::int64_t>(names)) {
            throw InvalidArgument{name + ": code " + std::to_string(code) + " has no name"};
        }
    }
    return codes;
}

}  // namespace detail

/// Takes one word for all rows, a pandas categorical, a pair (integer codes, names), or a list or array of words; None,
/// NaN and negative codes stand for no word.
/// \throws InvalidArgument  naming the argument, if it is anything else or of another length.
[[nodiscard]] inline WordColumn word_column(const py::object& object, std::size_t rows, const std::string& name) {
    WordColumn column;
    const auto take_names = [&](const py::object& names) {
        for (const py::handle each : elements(names, name)) {
            column.names.push_back(detail::word_of(each, name).value_or(std::string{}));
        }
    };
    // A Series of categories has them under `cat`.
    const py::object categorical = py::getattr(object, "cat", object);
    if (PyUnicode_Check(object.ptr()) || py::hasattr(object, "__members__")) {
        column.names.push_back(detail::word_of(object, name).value_or(std::string{}));
        column.codes.assign(rows, 0);
    } else if (py::hasattr(categorical, "codes") && py::hasattr(categorical, "categories")) {
        take_names(categorical.attr("categories"));
        column.codes = detail::codes_of(categorical.attr("codes"), column.names.size(), name);
    } else if (py::isinstance<py::tuple>(object) && py::len(object) == 2 &&
               !PyUnicode_Check(py::object{object[py::int_{0}]}.ptr())) {
        take_names(object[py::int_{1}]);
        column.codes = detail::codes_of(object[py::int_{0}], column.names.size(), name);
    } else {
        std::unordered_map<std::string, std::int64_t> numbers;
        const py::tuple words = elements(object, name);
        column.codes.reserve(words.size());
        for (const py::handle element : words) {
            std::optional<std::string> word = detail::word_of(element, name);
            if (!word) {
                column.codes.push_back(-1);
                continue;
            }
            const auto [entry, is_new] =
                numbers.try_emplace(std::move(*word), static_cast<std::int64_t>(column.names.size()));
            if (is_new) column.names.push_back(entry->first);
            column.codes.push_back(entry->second);
        }
    }
    if (column.codes.size() != rows) {
        throw InvalidArgument{name + ": " + std::to_string(rows) + " elements expected, got " +
                              std::to_string(column.codes.size())};
    }
    return column;
}

}  // namespace alloquy::python
