#pragma once

/// \file
/// NumPy arrays out of vectors without a copy, and into spans with a check instead of a conversion.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>

#include <alloquy/error.hpp>

#include "casters.hpp"

namespace alloquy::python {

/// Hands a vector over to NumPy; the array owns it.
template <class T>
[[nodiscard]] py::array_t<T> to_array(std::vector<T> values) {
    auto owner = std::make_unique<std::vector<T>>(std::move(values));
    const auto size = static_cast<py::ssize_t>(owner->size());
    T* const data = owner->data();
    const py::capsule capsule{owner.release(), [](void* pointer) { delete static_cast<std::vector<T>*>(pointer); }};
    // With its strides: pybind11 2.10 would take them from where NumPy 2 keeps something else.
    return py::array_t<T>{{size}, {static_cast<py::ssize_t>(sizeof(T))}, data, capsule};
}

/// The same with two dimensions, row by row.
/// \param values  Shape (rows * columns).
template <class T>
[[nodiscard]] py::array_t<T> to_matrix(std::vector<T> values, std::size_t rows, std::size_t columns) {
    auto owner = std::make_unique<std::vector<T>>(std::move(values));
    const auto step = static_cast<py::ssize_t>(sizeof(T));
    const auto width = static_cast<py::ssize_t>(columns);
    T* const data = owner->data();
    const py::capsule capsule{owner.release(), [](void* pointer) { delete static_cast<std::vector<T>*>(pointer); }};
    return py::array_t<T>{{static_cast<py::ssize_t>(rows), width}, {width * step, step}, data, capsule};
}

/// Numbers of a narrower type as an int64 or float64 array.
template <class Wide, class Narrow>
[[nodiscard]] py::array_t<Wide> to_wide_array(std::span<const Narrow> values) {
    return to_array(std::vector<Wide>(values.begin(), values.end()));
}

/// Text by position in a short list, as a NumPy str array.
/// \param positions  Each below the length of the list.
[[nodiscard]] inline py::object texts_at(const std::vector<std::string>& names, std::vector<std::int64_t> positions) {
    const py::module_ numpy = py::module_::import("numpy");
    if (names.empty()) return numpy.attr("array")(py::list{}, py::arg("dtype") = "U1");
    return numpy.attr("array")(py::cast(names), py::arg("dtype") = "str").attr("take")(to_array(std::move(positions)));
}

/// A column of numbers that Python owns.
template <class T>
struct Column {
    py::array_t<T> array;  // keeps the memory
    std::span<const T> values;
};
using Int64Column = Column<std::int64_t>;
using Float64Column = Column<double>;

namespace detail {

[[nodiscard]] inline py::array as_array(const py::object& object, const std::string& name, py::ssize_t dimensions) {
    const py::array array = py::module_::import("numpy").attr("asarray")(object);
    if (array.ndim() != dimensions) {
        if (dimensions == 0) throw InvalidArgument{name + ": one number expected"};
        throw InvalidArgument{name + ": a " + (dimensions == 1 ? "one" : "two") + "-dimensional array expected"};
    }
    return array;
}
/// Asked of Python itself: the layout of a dtype differs between NumPy 1 and 2.
[[nodiscard]] inline py::object dtype_of(const py::array& array) {
    return array.attr("dtype");
}
[[nodiscard]] inline std::string kind_of(const py::object& dtype) {
    return dtype.attr("kind").cast<std::string>();
}
[[noreturn]] inline void refuse_dtype(const py::object& dtype, const std::string& name, const std::string& expected) {
    throw InvalidArgument{name + ": dtype " + expected + " expected, got " + std::string{py::str(dtype)}};
}

inline constexpr std::int64_t largest_exact = 9'007'199'254'740'992;  // 2^53: every integer up to here is a double

/// An array with the same values as float64.
/// \throws InvalidArgument  naming the argument, if they are no numbers or would be rounded.
[[nodiscard]] inline py::array_t<double> widened(const py::array& array, const std::string& name) {
    const py::object dtype = dtype_of(array);
    const std::string kind = kind_of(dtype);
    const auto bytes = dtype.attr("itemsize").cast<int>();
    const auto refuse_rounding = [&] {
        throw InvalidArgument{name + ": a whole number beyond +-2^53 is not exact as float64"};
    };
    const auto converted = [&](const char* type) {
        return py::reinterpret_borrow<py::object>(array.attr("astype")(type));
    };
    if (kind == "i" || kind == "u") {
        if (bytes == 8 && kind == "i") {
            const py::array_t<std::int64_t, py::array::c_style> whole{converted("int64")};
            for (const std::int64_t number : std::span{whole.data(), static_cast<std::size_t>(whole.size())}) {
                if (number > largest_exact || number < -largest_exact) refuse_rounding();
            }
        } else if (bytes == 8) {
            const py::array_t<std::uint64_t, py::array::c_style> whole{converted("uint64")};
            for (const std::uint64_t number : std::span{whole.data(), static_cast<std::size_t>(whole.size())}) {
                if (number > static_cast<std::uint64_t>(largest_exact)) refuse_rounding();
            }
        }
    } else if (kind != "f" || bytes > 8) {
        refuse_dtype(dtype, name, "float64");
    }
    py::array_t<double, py::array::c_style> wide{converted("float64")};
    return py::array_t<double>{std::move(wide)};
}

[[nodiscard]] inline Float64Column float64_numbers(const py::object& object, const std::string& name,
                                                   py::ssize_t dimensions) {
    const py::array array = as_array(object, name, dimensions);
    Float64Column column{dtype_of(array).equal(py::str{"float64"})
                             ? py::array_t<double>{py::array_t<double, py::array::c_style>::ensure(array)}
                             : widened(array, name),
                         {}};
    if (!column.array) throw py::error_already_set{};
    column.values = {column.array.data(), static_cast<std::size_t>(column.array.size())};
    return column;
}

}  // namespace detail

/// Takes an int64 array, a pandas Series of int64 or the like. Nothing is converted; only what is not contiguous is
/// copied.
/// \throws InvalidArgument  naming the argument, if it has another type or shape.
[[nodiscard]] inline Int64Column int64_column(const py::object& object, const std::string& name) {
    const py::array array = detail::as_array(object, name, 1);
    const py::object dtype = detail::dtype_of(array);
    const bool is_int64 = dtype.equal(py::str{"int64"});
    if (!is_int64) {
        if (array.size() != 0) detail::refuse_dtype(dtype, name, "int64");
        return {to_array(std::vector<std::int64_t>{}), {}};  // an empty list has no type
    }
    Int64Column column{py::array_t<std::int64_t, py::array::c_style>::ensure(array), {}};
    if (!column.array) throw py::error_already_set{};
    column.values = {column.array.data(), static_cast<std::size_t>(column.array.size())};
    return column;
}

/// The same of int64 or int32, which SciPy's indices are.
[[nodiscard]] inline Int64Column index_column(const py::object& object, const std::string& name) {
    const py::array array = detail::as_array(object, name, 1);
    const py::object dtype = detail::dtype_of(array);
    if (dtype.equal(py::str{"int32"})) return int64_column(array.attr("astype")("int64"), name);
    if (!dtype.equal(py::str{"int64"}) && array.size() != 0) detail::refuse_dtype(dtype, name, "int64 or int32");
    return int64_column(array, name);
}

/// Takes a float64 array, a pandas Series of float64 or the like; narrower floats and whole numbers where they are
/// exact as float64. What is float64 and contiguous is not copied.
/// \throws InvalidArgument  naming the argument, if it has another type or shape, or would be rounded.
[[nodiscard]] inline Float64Column float64_column(const py::object& object, const std::string& name) {
    return detail::float64_numbers(object, name, 1);
}
/// The same with two dimensions. Shape (rows, columns), row by row.
[[nodiscard]] inline Float64Column float64_matrix(const py::object& object, const std::string& name) {
    return detail::float64_numbers(object, name, 2);
}

}  // namespace alloquy::python
