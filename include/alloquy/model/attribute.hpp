#pragma once

/// \file
/// Attribute: a named, typed value of a person, such as a region or a birth year.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <alloquy/model/symbols.hpp>
#include <alloquy/time/day.hpp>

namespace alloquy::model {

/// A value; std::monostate states that there is none (any more).
using AttributeValue = std::variant<std::monostate, bool, double, time::Day, std::string>;

struct Attribute {
    AttributeName name;
    AttributeValue value;

    friend bool operator==(const Attribute&, const Attribute&) = default;
};

/// Attributes as a source states them at one instant; each replaces the earlier value of its name.
struct AttributeStatement {
    std::vector<Attribute> attributes;

    friend bool operator==(const AttributeStatement&, const AttributeStatement&) = default;
};

/// Names with a meaning to the library: the person's language (BCP 47) and time zone (IANA name).
inline constexpr std::string_view language_attribute = "language";
inline constexpr std::string_view zone_attribute = "zone";

}  // namespace alloquy::model
