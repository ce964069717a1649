#pragma once

/// \file
/// bind_value: makes an immutable Python class of a plain struct, with constructor, properties, ==, hash, repr, pickle.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <pybind11/pybind11.h>

#include <alloquy/model/names.hpp>

#include "casters.hpp"

namespace alloquy::python {

/// One member of a struct as a property and a constructor argument.
template <class T, class M>
struct Field {
    using Struct = T;
    using Member = M;
    const char* name;
    M T::*member;
    const char* doc;
    bool is_personal = false;

    [[nodiscard]] py::arg argument() const { return py::arg{name}; }
    /// Not shown by repr.
    [[nodiscard]] Field hidden() const {
        Field copy = *this;
        copy.is_personal = true;
        return copy;
    }
};

/// The same with a default value.
template <class T, class M>
struct OptionalField : Field<T, M> {
    M value;

    [[nodiscard]] py::arg_v argument() const { return py::arg{this->name} = value; }
    [[nodiscard]] OptionalField hidden() const {
        OptionalField copy = *this;
        copy.is_personal = true;
        return copy;
    }
};

template <class T, class M>
[[nodiscard]] Field<T, M> field(const char* name, M T::*member, const char* doc) {
    return {name, member, doc};
}
template <class T, class M>
[[nodiscard]] OptionalField<T, M> field(const char* name, M T::*member, const char* doc,
                                        std::type_identity_t<M> value) {
    return {{name, member, doc}, std::move(value)};
}

/// A list becomes a tuple, which nobody can change.
template <class M>
[[nodiscard]] py::object to_python(const M& member) {
    return py::cast(member);
}
template <class E>
[[nodiscard]] py::object to_python(const std::vector<E>& list) {
    py::tuple result{list.size()};
    for (std::size_t i = 0; i < list.size(); ++i) result[i] = py::cast(list[i]);
    return py::object{result};
}
template <class E, std::size_t n>
[[nodiscard]] py::object to_python(const std::array<E, n>& list) {
    if constexpr (std::is_same_v<E, std::byte>) {
        return py::cast(list);
    } else {
        py::tuple result{n};
        for (std::size_t i = 0; i < n; ++i) result[i] = py::cast(list[i]);
        return py::object{result};
    }
}

/// A dict stands for itself in a hash as its sorted items.
[[nodiscard]] inline py::object hashable(py::object object) {
    if (!py::isinstance<py::dict>(object)) return object;
    py::list items{object.attr("items")()};
    items.attr("sort")();
    return py::tuple{items};
}

template <class T, class... Fields>
py::class_<T> bind_value(py::module_& module, const char* name, const char* doc, const Fields&... fields) {
    py::class_<T> type{module, name, doc};
    type.def(py::init([](typename Fields::Member... values) { return T{std::move(values)...}; }), fields.argument()...);
    (type.def_property_readonly(
         fields.name, [member = fields.member](const T& self) { return to_python(self.*member); }, fields.doc),
     ...);
    type.def(
        "__eq__", [](const T& self, const T& other) { return self == other; }, py::arg("other"), py::is_operator());
    type.def("__hash__", [all = std::tuple{fields.member...}](const T& self) {
        return std::apply(
            [&](auto... members) { return py::hash(py::make_tuple(hashable(to_python(self.*members))...)); }, all);
    });
    type.def("__repr__", [name = std::string{name}, all = std::tuple{fields...}](const T& self) {
        std::string text = name + '(';
        std::string_view separator;
        const auto put = [&](const auto& field) {
            text += separator;
            text += field.name;
            text += '=';
            text += field.is_personal ? std::string{"..."} : std::string{py::repr(to_python(self.*field.member))};
            separator = ", ";
        };
        std::apply([&](const auto&... each) { (put(each), ...); }, all);
        return text + ')';
    });
    type.def("__reduce__", [all = std::tuple{fields.member...}](const py::object& self) {
        const T& value = self.cast<const T&>();
        return std::apply(
            [&](auto... members) {
                return py::make_tuple(py::type::of(self), py::make_tuple(to_python(value.*members)...));
            },
            all);
    });
    return type;
}

/// An enumeration whose names stand in model::EnumNames.
template <class Enum>
py::enum_<Enum> bind_enum(py::module_& module, const char* name, const char* doc) {
    py::enum_<Enum> type{module, name, doc};
    for (std::size_t i = 0; i < model::enum_size<Enum>; ++i) {
        type.value(std::string{model::EnumNames<Enum>::values[i]}.c_str(), static_cast<Enum>(i));
    }
    return type;
}

}  // namespace alloquy::python
