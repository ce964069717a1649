#pragma once

/// \file
/// Conversions between Python's own types and the library's: dates, times, hashes, role sets, attribute values.
/// Included by every file of the bindings, so that all of them convert alike.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <alloquy/error.hpp>
#include <alloquy/id.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/relation.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::python {

namespace py = pybind11;

/// A text that may be personal. Its conversion throws by itself: pybind11's own TypeError would print all arguments.
struct PersonalText {
    std::string text;
};

/// The types of the datetime module. Looked up each time: module tables are cheap, and nothing outlives Python.
[[nodiscard]] inline py::object datetime_type(const char* name) {
    return py::module_::import("datetime").attr(name);
}

/// Milliseconds of a timedelta.
/// \throws InvalidArgument  if it holds a part of a millisecond.
[[nodiscard]] inline std::int64_t timedelta_ms(py::handle delta) {
    const auto days = delta.attr("days").cast<std::int64_t>();
    const auto seconds = delta.attr("seconds").cast<std::int64_t>();
    const auto microseconds = delta.attr("microseconds").cast<std::int64_t>();
    if (microseconds % 1000 != 0) throw InvalidArgument{"timedelta: whole milliseconds expected"};
    return (days * 86'400 + seconds) * 1000 + microseconds / 1000;
}

[[nodiscard]] inline py::object to_timedelta(std::int64_t ms) {
    // Whole days apart: a number of milliseconds may be longer than what timedelta takes as one.
    return datetime_type("timedelta")(py::arg("days") = ms / 86'400'000, py::arg("milliseconds") = ms % 86'400'000);
}

/// The instant of an aware datetime; what is beyond the millisecond is cut, towards the past.
/// \throws InvalidArgument  if it is naive: without a zone it names no instant.
[[nodiscard]] inline time::Instant instant_of(py::handle datetime) {
    if (datetime.attr("utcoffset")().is_none()) {
        throw InvalidArgument{"datetime: an aware datetime expected (with tzinfo), got a naive one"};
    }
    const py::object utc = datetime_type("timezone").attr("utc");
    const py::object epoch = datetime_type("datetime")(1970, 1, 1, py::arg("tzinfo") = utc);
    const py::object since = datetime.attr("__sub__")(epoch);
    const auto days = since.attr("days").cast<std::int64_t>();
    const auto seconds = since.attr("seconds").cast<std::int64_t>();
    const auto microseconds = since.attr("microseconds").cast<std::int64_t>();  // never negative
    return time::Instant::from_unix_ms((days * 86'400 + seconds) * 1000 + microseconds / 1000);
}

[[nodiscard]] inline bool is_datetime(py::handle object) {
    return py::isinstance(object, datetime_type("datetime"));
}
[[nodiscard]] inline bool is_date(py::handle object) {
    return py::isinstance(object, datetime_type("date")) && !is_datetime(object);
}

/// The day of a datetime.date.
[[nodiscard]] inline time::Day day_of(py::handle date) {
    return time::Day::from_ymd(date.attr("year").cast<int>(), date.attr("month").cast<int>(),
                               date.attr("day").cast<int>());
}

}  // namespace alloquy::python

namespace pybind11::detail {

/// Takes Instant or an aware datetime.
template <>
struct type_caster<alloquy::time::Instant> : type_caster_base<alloquy::time::Instant> {
    bool load(handle source, bool convert) {
        if (type_caster_base::load(source, false)) return value != nullptr;
        if (!convert || !source || !alloquy::python::is_datetime(source)) return false;
        converted_ = alloquy::python::instant_of(source);
        value = &*converted_;
        return true;
    }

private:
    std::optional<alloquy::time::Instant> converted_;
};

/// Takes Day or a datetime.date; a datetime is no day.
template <>
struct type_caster<alloquy::time::Day> : type_caster_base<alloquy::time::Day> {
    bool load(handle source, bool convert) {
        if (type_caster_base::load(source, false)) return value != nullptr;
        if (!convert || !source || !alloquy::python::is_date(source)) return false;
        converted_ = alloquy::python::day_of(source);
        value = &*converted_;
        return true;
    }

private:
    std::optional<alloquy::time::Day> converted_;
};

template <>
struct type_caster<alloquy::time::Duration> {
    PYBIND11_TYPE_CASTER(alloquy::time::Duration, const_name("datetime.timedelta"));
    bool load(handle source, bool) {
        if (!source || !isinstance(source, alloquy::python::datetime_type("timedelta"))) return false;
        value = alloquy::time::Duration{alloquy::python::timedelta_ms(source)};
        return true;
    }
    static handle cast(alloquy::time::Duration duration, return_value_policy, handle) {
        return alloquy::python::to_timedelta(duration.count()).release();
    }
};

/// A hash is 32 bytes.
template <>
struct type_caster<std::array<std::byte, 32>> {
    using Hash = std::array<std::byte, 32>;
    PYBIND11_TYPE_CASTER(Hash, const_name("bytes"));
    bool load(handle source, bool) {
        if (!source || !PyBytes_Check(source.ptr()) || PyBytes_GET_SIZE(source.ptr()) != 32) return false;
        const char* const bytes = PyBytes_AS_STRING(source.ptr());
        for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<std::byte>(bytes[i]);
        return true;
    }
    static handle cast(const Hash& hash, return_value_policy, handle) {
        return bytes{reinterpret_cast<const char*>(hash.data()), hash.size()}.release();
    }
};

/// A set of roles is a frozenset of RoleKind; any iterable of RoleKind is taken.
template <>
struct type_caster<alloquy::model::RoleSet> {
    using RoleSet = alloquy::model::RoleSet;
    PYBIND11_TYPE_CASTER(RoleSet, const_name("FrozenSet[RoleKind]"));
    bool load(handle source, bool) {
        if (!source || !isinstance<iterable>(source) || isinstance<str>(source)) return false;
        value = {};
        for (const handle element : source) {
            if (!isinstance<alloquy::model::RoleKind>(element)) return false;
            value.insert(element.cast<alloquy::model::RoleKind>());
        }
        return true;
    }
    static handle cast(RoleSet roles, return_value_policy, handle) {
        list kinds;
        for (std::size_t i = 0; i < alloquy::model::enum_size<alloquy::model::RoleKind>; ++i) {
            const auto kind = static_cast<alloquy::model::RoleKind>(i);
            if (roles.contains(kind)) kinds.append(pybind11::cast(kind));
        }
        return handle{PyFrozenSet_New(kinds.ptr())};
    }
};

/// None, bool, a number, a date or str. A number is never taken for a bool, nor an integer rounded.
template <>
struct type_caster<alloquy::model::AttributeValue> {
    using AttributeValue = alloquy::model::AttributeValue;
    PYBIND11_TYPE_CASTER(AttributeValue, const_name("Union[None, bool, float, datetime.date, str]"));
    bool load(handle source, bool) {
        if (!source) return false;
        if (source.is_none()) {
            value = std::monostate{};
        } else if (PyBool_Check(source.ptr())) {
            value = source.cast<bool>();
        } else if (PyFloat_Check(source.ptr())) {
            value = source.cast<double>();
        } else if (PyLong_Check(source.ptr())) {
            constexpr long long exact = 9'007'199'254'740'992;  // 2^53: every integer up to here is a double
            int overflow = 0;
            const long long number = PyLong_AsLongLongAndOverflow(source.ptr(), &overflow);
            if (overflow != 0 || number > exact || number < -exact) {
                throw alloquy::InvalidArgument{"Attribute: value: an integer within +-2^53 expected"};
            }
            value = static_cast<double>(number);
        } else if (isinstance<alloquy::time::Day>(source)) {
            value = source.cast<alloquy::time::Day>();
        } else if (alloquy::python::is_date(source)) {
            value = alloquy::python::day_of(source);
        } else if (PyUnicode_Check(source.ptr())) {
            value = source.cast<std::string>();
        } else {
            throw alloquy::InvalidArgument{"Attribute: value: None, bool, int, float, date or str expected"};
        }
        return true;
    }
    static handle cast(const AttributeValue& attribute, return_value_policy, handle) {
        if (const auto* const flag = std::get_if<bool>(&attribute)) return pybind11::bool_{*flag}.release();
        if (const auto* const number = std::get_if<double>(&attribute)) return pybind11::float_{*number}.release();
        if (const auto* const day = std::get_if<alloquy::time::Day>(&attribute)) return pybind11::cast(*day).release();
        if (const auto* const text = std::get_if<std::string>(&attribute)) return str{*text}.release();
        return none{}.release();
    }
};

/// PersonId or OrganisationId. Written out, as neither has a default value for pybind11's own caster to begin with.
template <>
struct type_caster<alloquy::model::RelationEnd> {
    using RelationEnd = alloquy::model::RelationEnd;
    static constexpr auto name = const_name("Union[PersonId, OrganisationId]");
    template <class T>
    using cast_op_type = movable_cast_op_type<T>;

    bool load(handle source, bool) {
        if (!source) return false;
        if (isinstance<alloquy::PersonId>(source)) {
            end_ = source.cast<alloquy::PersonId>();
        } else if (isinstance<alloquy::OrganisationId>(source)) {
            end_ = source.cast<alloquy::OrganisationId>();
        } else {
            return false;
        }
        return true;
    }
    static handle cast(const RelationEnd& end, return_value_policy, handle) {
        return std::visit([](auto id) { return pybind11::cast(id).release(); }, end);
    }
    operator RelationEnd*() { return &end_; }
    operator RelationEnd&() { return end_; }
    operator RelationEnd&&() && { return std::move(end_); }

private:
    RelationEnd end_{alloquy::PersonId{0}};
};

template <>
struct type_caster<alloquy::python::PersonalText> {
    PYBIND11_TYPE_CASTER(alloquy::python::PersonalText, const_name("str"));
    bool load(handle source, bool) {
        if (!source || !PyUnicode_Check(source.ptr())) {
            throw alloquy::InvalidArgument{"key or text: str expected"};
        }
        value.text = source.cast<std::string>();
        return true;
    }
    static handle cast(const alloquy::python::PersonalText& personal, return_value_policy, handle) {
        return str{personal.text}.release();
    }
};

}  // namespace pybind11::detail
