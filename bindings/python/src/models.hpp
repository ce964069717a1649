#pragma once

/// \file
/// What the bindings of features, of logistic models and of whole models share.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <pybind11/pybind11.h>

#include <alloquy/error.hpp>
#include <alloquy/score/feature_matrix.hpp>
#include <alloquy/score/model.hpp>

#include "value.hpp"

namespace alloquy::python {

[[nodiscard]] inline py::tuple names_of(const std::vector<std::string>& names) {
    return py::tuple{to_python(names)};
}
/// \throws InvalidArgument  if an element is no CoefficientSign.
[[nodiscard]] inline std::vector<score::CoefficientSign> signs_of(const py::object& signs) {
    std::vector<score::CoefficientSign> all;
    for (const py::handle sign : signs) {
        if (!py::isinstance<score::CoefficientSign>(sign)) {
            throw InvalidArgument{"signs: CoefficientSign expected for each column"};
        }
        all.push_back(sign.cast<score::CoefficientSign>());
    }
    return all;
}
/// Position in a list of `size`.
/// \throws InvalidArgument  with the name, if there is no such position.
[[nodiscard]] inline std::size_t position(std::int64_t index, std::size_t size, const char* name) {
    if (index < 0 || static_cast<std::uint64_t>(index) >= size) {
        throw InvalidArgument{std::string{name} + ": in [0, " + std::to_string(size) + ") expected, got " +
                              std::to_string(index)};
    }
    return static_cast<std::size_t>(index);
}

/// One row that owns its numbers; C++ has a view.
struct FeatureRow {
    std::vector<std::uint32_t> columns;
    std::vector<double> values;

    [[nodiscard]] score::FeatureRow view() const noexcept { return {columns, values}; }
    friend bool operator==(const FeatureRow&, const FeatureRow&) = default;
};

/// A model as it is pickled. An encoder alone travels as a model whose coefficients are 0.
[[nodiscard]] py::bytes bytes_of(const score::Model& model);
/// \throws Error  if bytes_of() did not give these bytes.
[[nodiscard]] score::Model model_of(std::string_view bytes);

}  // namespace alloquy::python
