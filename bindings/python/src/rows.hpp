#pragma once

/// \file
/// What models and their evaluation take of many rows: counts, outcomes, groups, row numbers, optional columns, and
/// arguments that are one number or an array.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <alloquy/error.hpp>
#include <alloquy/time/instant.hpp>

#include "arrays.hpp"
#include "words.hpp"

namespace alloquy::python {

/// Runs work without Python's lock.
template <class Work>
auto released(const Work& work) {
    const py::gil_scoped_release release;
    return work();
}

namespace detail {

/// Whole numbers in [0, most] as a narrower type.
template <class Narrow>
[[nodiscard]] std::vector<Narrow> narrowed(std::span<const std::int64_t> values, std::int64_t most,
                                           const std::string& name) {
    std::vector<Narrow> result;
    result.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i] < 0 || values[i] > most) {
            throw InvalidArgument{name + ": in [0, " + std::to_string(most) + "] expected, got " +
                                  std::to_string(values[i]) + " in row " + std::to_string(i)};
        }
        result.push_back(static_cast<Narrow>(values[i]));
    }
    return result;
}

inline constexpr std::int64_t largest_uint32 = std::numeric_limits<std::uint32_t>::max();

}  // namespace detail

/// Takes an int64 array of instants, ms since 1970-01-01T00:00:00Z; none where it is None.
/// \throws InvalidArgument  naming the argument, if it has another type or shape, or a number is no instant.
[[nodiscard]] inline std::vector<time::Instant> instant_column(const py::object& object, const std::string& name) {
    std::vector<time::Instant> instants;
    if (object.is_none()) return instants;
    const Int64Column column = int64_column(object, name);
    instants.reserve(column.values.size());
    for (const std::int64_t ms : column.values) {
        if (ms < time::Instant::min_unix_ms || ms > time::Instant::max_unix_ms) {
            throw InvalidArgument{name + ": ms of the years 1 to 9999 expected, got " + std::to_string(ms)};
        }
        instants.push_back(time::Instant::from_unix_ms(ms));
    }
    return instants;
}

/// Takes an int64 array of numbers that fit 32 bits: counts, rows, folds.
/// \throws InvalidArgument  naming the argument, if it has another type or shape, or a number does not fit.
[[nodiscard]] inline std::vector<std::uint32_t> count_column(const py::object& object, const std::string& name) {
    return detail::narrowed<std::uint32_t>(int64_column(object, name).values, detail::largest_uint32, name);
}

/// Takes an array of bool, uint8 or int64. What the numbers may be is for the function that is called to say.
/// \throws InvalidArgument  naming the argument, if it has another type or shape, or a number does not fit 8 bits.
[[nodiscard]] inline std::vector<std::uint8_t> outcome_column(const py::object& object, const std::string& name) {
    const py::array array = detail::as_array(object, name, 1);
    const py::object dtype = detail::dtype_of(array);
    if (dtype.equal(py::str{"bool"}) || dtype.equal(py::str{"uint8"})) {
        const py::array_t<std::uint8_t, py::array::c_style> bytes{
            py::reinterpret_borrow<py::object>(array.attr("astype")("uint8"))};
        return {bytes.data(), bytes.data() + bytes.size()};
    }
    if (!dtype.equal(py::str{"int64"}) && array.size() != 0) {
        detail::refuse_dtype(dtype, name, "bool, uint8 or int64");
    }
    return detail::narrowed<std::uint8_t>(int64_column(object, name).values, 255, name);
}

/// Takes an int64 or uint64 array, or texts in any of the forms of word_column; texts are numbered in the order in
/// which they turn up. None stands for no groups. Negative numbers stand for themselves plus 2^64.
/// \throws InvalidArgument  naming the argument, if it is anything else or a group is missing.
[[nodiscard]] inline std::vector<std::uint64_t> group_column(const py::object& object, const std::string& name) {
    if (object.is_none()) return {};
    const bool has_categories =
        py::hasattr(py::getattr(object, "cat", object), "categories") || py::isinstance<py::str>(object);
    if (!has_categories) {
        const py::array array = detail::as_array(object, name, 1);
        const py::object dtype = detail::dtype_of(array);
        const std::string kind = detail::kind_of(dtype);
        if (dtype.equal(py::str{"uint64"})) {
            const py::array_t<std::uint64_t, py::array::c_style> numbers{
                py::reinterpret_borrow<py::object>(array.attr("astype")("uint64"))};
            return {numbers.data(), numbers.data() + numbers.size()};
        }
        if (kind != "U" && kind != "O" && kind != "T") {  // T: NumPy's own variable-width text
            if (!dtype.equal(py::str{"int64"}) && array.size() != 0) {
                detail::refuse_dtype(dtype, name, "int64, uint64 or text");
            }
            const Int64Column numbers = int64_column(object, name);
            return {numbers.values.begin(), numbers.values.end()};
        }
    }
    const WordColumn words = word_column(object, py::len(object), name);
    std::vector<std::optional<std::uint64_t>> number_of(words.names.size());
    std::vector<std::uint64_t> groups;
    groups.reserve(words.codes.size());
    std::uint64_t next = 0;
    for (std::size_t row = 0; row < words.codes.size(); ++row) {
        if (words.codes[row] < 0) throw InvalidArgument{name + ": row " + std::to_string(row) + " has no group"};
        std::optional<std::uint64_t>& number = number_of[static_cast<std::size_t>(words.codes[row])];
        if (!number) number = next++;
        groups.push_back(*number);
    }
    return groups;
}

/// A float64 column, or none where Python gave None.
[[nodiscard]] inline Float64Column optional_float64_column(const py::object& object, const std::string& name) {
    return object.is_none() ? Float64Column{} : float64_column(object, name);
}

/// True for one number, as opposed to an array or list.
[[nodiscard]] inline bool is_scalar(const py::object& object) {
    return py::module_::import("numpy").attr("ndim")(object).cast<int>() == 0;
}

namespace detail {

/// The kind of a NumPy scalar's type, such as "f"; "" for what has none.
[[nodiscard]] inline std::string scalar_kind(py::handle object) {
    const py::object dtype = py::getattr(object, "dtype", py::none{});
    return py::hasattr(dtype, "kind") ? kind_of(dtype) : std::string{};
}

}  // namespace detail

/// The truth value that an object is, Python's or NumPy's; nothing where it is something else.
[[nodiscard]] inline std::optional<bool> truth_of(py::handle object) {
    if (PyBool_Check(object.ptr())) return object.ptr() == Py_True;
    if (detail::scalar_kind(object) != "b" || object.attr("ndim").cast<int>() != 0) return std::nullopt;
    return PyObject_IsTrue(object.ptr()) == 1;
}

/// One number, where the caller asked is_scalar(). NumPy's own numbers as float64_column() takes them.
/// \throws InvalidArgument  naming the argument, if it is no number or would be rounded.
[[nodiscard]] inline double float64_scalar(const py::object& object, const std::string& name) {
    if (PyFloat_Check(object.ptr())) return PyFloat_AS_DOUBLE(object.ptr());
    if (!detail::scalar_kind(object).empty()) return detail::float64_numbers(object, name, 0).values.front();
    const bool is_number = PyNumber_Check(object.ptr()) != 0 && !PyBool_Check(object.ptr());
    if (!is_number) throw InvalidArgument{name + ": a number or an array expected"};
    if (PyIndex_Check(object.ptr()) != 0) {
        const py::object whole = py::reinterpret_steal<py::object>(PyNumber_Index(object.ptr()));
        if (!whole) throw py::error_already_set{};
        int overflow = 0;
        const long long number = PyLong_AsLongLongAndOverflow(whole.ptr(), &overflow);
        if (overflow != 0 || number > detail::largest_exact || number < -detail::largest_exact) {
            throw InvalidArgument{name + ": a whole number beyond +-2^53 is not exact as float64"};
        }
        return static_cast<double>(number);
    }
    const double number = PyFloat_AsDouble(object.ptr());
    if (number == -1.0 && PyErr_Occurred() != nullptr) {
        PyErr_Clear();
        throw InvalidArgument{name + ": a number or an array expected"};
    }
    return number;
}
[[nodiscard]] inline std::uint32_t count_scalar(const py::object& object, const std::string& name) {
    const std::string kind = detail::scalar_kind(object);
    const bool is_whole =
        kind.empty() ? PyIndex_Check(object.ptr()) != 0 && !PyBool_Check(object.ptr()) : kind == "i" || kind == "u";
    if (!is_whole) {
        throw InvalidArgument{name + ": a whole number or an int64 array expected"};
    }
    const py::object whole = py::reinterpret_steal<py::object>(PyNumber_Index(object.ptr()));
    if (!whole) throw py::error_already_set{};
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(whole.ptr(), &overflow);
    if (overflow != 0 || number < 0 || number > detail::largest_uint32) {
        throw InvalidArgument{name + ": in [0, 4294967295] expected"};
    }
    return static_cast<std::uint32_t>(number);
}

/// An argument that is one number or an array: read by the rows that the arrays have.
class Numbers {
public:
    Numbers(const py::object& object, const std::string& name) : is_scalar_{is_scalar(object)} {
        if (is_scalar_) {
            repeated_.assign(1, float64_scalar(object, name));
        } else {
            column_ = float64_column(object, name);
        }
    }
    [[nodiscard]] bool is_scalar_value() const noexcept { return is_scalar_; }
    [[nodiscard]] double scalar() const { return repeated_.front(); }
    [[nodiscard]] std::size_t size() const noexcept { return column_.values.size(); }
    /// \param rows  How often a scalar is repeated.
    [[nodiscard]] std::span<const double> values(std::size_t rows) {
        if (!is_scalar_) return column_.values;
        repeated_.assign(rows, repeated_.front());
        return repeated_;
    }

private:
    bool is_scalar_;
    Float64Column column_{};
    std::vector<double> repeated_{};
};
/// The same of counts.
class Counts {
public:
    Counts(const py::object& object, const std::string& name) : is_scalar_{is_scalar(object)} {
        if (is_scalar_) {
            counts_.assign(1, count_scalar(object, name));
        } else {
            counts_ = count_column(object, name);
        }
    }
    [[nodiscard]] bool is_scalar_value() const noexcept { return is_scalar_; }
    [[nodiscard]] std::uint32_t scalar() const { return counts_.front(); }
    [[nodiscard]] std::size_t size() const noexcept { return counts_.size(); }
    [[nodiscard]] std::span<const std::uint32_t> values(std::size_t rows) {
        if (is_scalar_) counts_.assign(rows, counts_.front());
        return counts_;
    }

private:
    bool is_scalar_;
    std::vector<std::uint32_t> counts_{};
};

/// The number of rows of arguments, or nothing where all of them are one number each.
template <class... Arguments>
[[nodiscard]] std::optional<std::size_t> common_rows(const Arguments&... arguments) {
    std::optional<std::size_t> rows;
    const auto look = [&](const auto& argument) {
        if (!argument.is_scalar_value() && !rows) rows = argument.size();
    };
    (look(arguments), ...);
    return rows;
}

}  // namespace alloquy::python
