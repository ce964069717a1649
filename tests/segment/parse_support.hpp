#pragma once

/// \file
/// What the tests of parse() share: a catalogue, conditions by hand, and the place of an error.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/parse.hpp>

namespace parse_test {

namespace segment = alloquy::segment;
using alloquy::ParseError;

inline const segment::Catalogue catalogue{{{"engagement", segment::FieldType::number},
                                           {"visits", segment::FieldType::number},
                                           {"city", segment::FieldType::text},
                                           {"role", segment::FieldType::text},
                                           {"response:e mail", segment::FieldType::number},
                                           {"response:sms", segment::FieldType::number},
                                           {"a host's \"column\"", segment::FieldType::number},
                                           {"in", segment::FieldType::number},
                                           {"not", segment::FieldType::text},
                                           {"at", segment::FieldType::number},
                                           {"segment", segment::FieldType::number},
                                           {"student", segment::FieldType::number},
                                           {"any of it", segment::FieldType::any}}};

inline segment::Condition read(std::string_view text) {
    return segment::parse(text, catalogue);
}
inline segment::Condition number_test(std::string field, segment::Relation relation, double number) {
    return {segment::Comparison{std::move(field), relation, number}};
}
/// `engagement = <number>`, the leaf of most trees.
inline segment::Condition is(double number) {
    return number_test("engagement", segment::Relation::equal, number);
}
inline segment::Condition equal(std::string field, segment::Value value) {
    return {segment::Comparison{std::move(field), segment::Relation::equal, std::move(value)}};
}
inline segment::Condition negation(segment::Condition of) {
    return {segment::Not{std::move(of)}};
}
inline segment::Condition role(segment::HasRole role) {
    return {std::move(role)};
}

struct Complaint {
    std::size_t line = 0;
    std::string message{};
};
/// The one issue of a text that must not parse; line 0 if it does.
inline Complaint complaint(std::string_view text) {
    try {
        (void)read(text);
    } catch (const ParseError& error) {
        if (error.issues().size() != 1 || !error.issues()[0].pointer.empty()) return {0, "not one plain issue"};
        return {error.issues()[0].line, error.issues()[0].message};
    }
    return {0, "a condition"};
}
inline void complains_at(std::string_view text, std::size_t line, std::size_t column, std::string_view about = {}) {
    const Complaint found = complaint(text);
    CAPTURE(text);
    CAPTURE(found.line);
    CAPTURE(found.message);
    const bool fits = found.line == line && found.message.starts_with("column " + std::to_string(column) + ": ") &&
                      found.message.find(about) != std::string::npos;
    CHECK(fits);
}
inline std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

}  // namespace parse_test
