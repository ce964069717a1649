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

/// A column of 64-bit integers that Python owns.
struct Int64Column {
    py::array_t<std::int64_t> array;  // keeps the memory
    std::span<const std::int64_t> values;
};

/// Takes an int64 array, a pandas Series of int64 or the like. Nothing is converted; only what is not contiguous is
/// copied.
/// \throws InvalidArgument  naming the argument, if it has another type or shape.
[[nodiscard]] inline Int64Column int64_column(const py::object& object, const std::string& name) {
    const py::array array = py::module_::import("numpy").attr("asarray")(object);
    if (array.ndim() != 1) throw InvalidArgument{name + ": a one-dimensional array expected"};
    // Asked of Python itself: the layout of a dtype differs between NumPy 1 and 2.
    const py::object dtype = array.attr("dtype");
    const bool is_int64 = dtype.equal(py::str{"int64"});
    if (!is_int64 && array.size() != 0) {
        throw InvalidArgument{name + ": dtype int64 expected, got " + std::string{py::str(dtype)}};
    }
    Int64Column column{py::array_t<std::int64_t, py::array::c_style>::ensure(array), {}};
    if (!column.array) throw py::error_already_set{};
    column.values = {column.array.data(), static_cast<std::size_t>(column.array.size())};
    return column;
}

}  // namespace alloquy::python
