#pragma once

/// \file
/// What the tests of holds() share: a person that is nothing but data, and facts by hand.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/id.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/segment/calendar.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/evaluate.hpp>
#include <alloquy/segment/fact_kinds.hpp>
#include <alloquy/segment/parse.hpp>
#include <alloquy/time/instant.hpp>

#include "../support/calendars.hpp"
#include "../support/instants.hpp"

namespace evaluate_test {

namespace model = alloquy::model;
namespace segment = alloquy::segment;
using alloquy::InvalidArgument;
using alloquy::support::at;
using alloquy::support::day;
using alloquy::time::Day;
using alloquy::time::Instant;
using model::AttributeValue;
using segment::SeenFact;

inline const std::array<std::string, 3> programmes{"nursing", "law", "music"};
inline const std::array<std::string, 3> sites{"Zwolle", "Ede", "Goes"};

/// The words of all test people; the three programmes and sites have the numbers 1 to 3.
inline model::Symbols& words() {
    static model::Symbols symbols = [] {
        model::Symbols made;
        for (const std::string& each : programmes) (void)made.programmes.intern(each);
        for (const std::string& each : sites) (void)made.sites.intern(each);
        return made;
    }();
    return symbols;
}
inline const segment::SegmentCalendar& utc_calendar() {
    static const segment::SegmentCalendar calendar;
    return calendar;
}
/// The institution is in Test/Central.
inline const segment::SegmentCalendar& central_calendar() {
    static const segment::SegmentCalendar calendar{alloquy::support::find_central_zone, "Test/Central",
                                                   alloquy::support::two_academic_years()};
    return calendar;
}

/// A subject that is nothing but data.
struct Person {
    Instant instant = at("2026-09-01T00:00Z");
    std::map<std::string, AttributeValue> values{};
    model::Person state{alloquy::PersonId{1}};
    std::vector<SeenFact> seen{};  ///< From the oldest to the newest; those after the instant are left out.
    std::set<std::string> segments{};
    std::map<std::string, std::vector<segment::Turn>> changes{};
    std::uint64_t number = 0;
    const segment::SegmentCalendar* clock = &utc_calendar();
    std::vector<Person> others{};
    std::vector<model::Organisation> organisations{};

    [[nodiscard]] Instant now() const { return instant; }
    [[nodiscard]] AttributeValue value(const std::string& name) const {
        const auto found = values.find(name);
        return found == values.end() ? AttributeValue{} : found->second;
    }
    [[nodiscard]] const model::Person& person() const { return state; }
    [[nodiscard]] const model::Symbols& symbols() const { return words(); }
    [[nodiscard]] const segment::SegmentCalendar& calendar() const { return *clock; }
    [[nodiscard]] std::uint64_t key() const { return number; }
    [[nodiscard]] std::span<const SeenFact> facts() const {
        std::size_t count = 0;
        while (count < seen.size() && seen[count].at <= instant) ++count;
        return std::span{seen}.first(count);
    }
    [[nodiscard]] bool is_in_segment(const std::string& name) const { return segments.contains(name); }
    [[nodiscard]] std::vector<segment::Turn> turns(const std::string& name) const {
        const auto found = changes.find(name);
        if (found == changes.end()) return {};
        std::vector<segment::Turn> so_far = found->second;
        std::erase_if(so_far, [&](const segment::Turn& turn) { return turn.at > instant; });
        return so_far;
    }
    [[nodiscard]] std::optional<Person> other(alloquy::PersonId id) const {
        for (const Person& each : others) {
            if (each.state.id != id) continue;
            Person found = each;
            found.instant = instant;
            return found;
        }
        return std::nullopt;
    }
    [[nodiscard]] const model::Organisation* organisation(alloquy::OrganisationId id) const {
        for (const model::Organisation& each : organisations) {
            if (each.id == id) return &each;
        }
        return nullptr;
    }
};
static_assert(segment::Subject<Person>);

inline const segment::Catalogue catalogue{{{"score", segment::FieldType::number},
                                           {"visits", segment::FieldType::number},
                                           {"city", segment::FieldType::text},
                                           {"thing", segment::FieldType::any}}};

inline bool is_true(std::string_view text, const Person& person) {
    return segment::holds(segment::parse(text, catalogue), person);
}
inline bool is_true_at(std::string_view text, Person person, Instant now) {
    person.instant = now;
    return is_true(text, person);
}
inline Person with(std::string field, AttributeValue value) {
    Person person;
    person.values.emplace(std::move(field), std::move(value));
    return person;
}
inline Person with(model::Role role) {
    Person person;
    person.state.roles.push_back(std::move(role));
    return person;
}
inline Person with_facts(std::vector<SeenFact> facts) {
    Person person;
    person.seen = std::move(facts);
    return person;
}
/// Somebody of the institution in Test/Central.
inline Person central() {
    Person person;
    person.clock = &central_calendar();
    return person;
}
constexpr model::Programme programme(std::uint16_t number) {
    return model::Programme{number};
}
constexpr model::Site site(std::uint16_t number) {
    return model::Site{number};
}

/// A fact with the named values; the other fields are missing.
inline SeenFact fact(std::string_view when, segment::FactKind kind,
                     const std::vector<std::pair<std::string, AttributeValue>>& named = {}) {
    segment::FactContent content{kind, std::vector<AttributeValue>(segment::fact_fields(kind).size())};
    for (const auto& [name, value] : named) {
        const std::vector<segment::Field> fields = segment::fact_fields(kind);
        const auto found = std::find_if(fields.begin(), fields.end(),
                                        [&wanted = name](const segment::Field& f) { return f.name == wanted; });
        content.values.at(static_cast<std::size_t>(found - fields.begin())) = value;
    }
    return {at(when), std::move(content)};
}
inline SeenFact contact(std::string_view when, const std::vector<std::pair<std::string, AttributeValue>>& named = {}) {
    return fact(when, segment::FactKind::interactions, named);
}
inline SeenFact act(Instant when, std::string_view what) {
    SeenFact made = contact("2026-01-01T00:00Z", {{"act", std::string{what}}});
    made.at = when;
    return made;
}
inline SeenFact result(std::string_view when, AttributeValue fraction) {
    return fact(when, segment::FactKind::results, {{"assessment", "exam"}, {"fraction", std::move(fraction)}});
}

/// Philox4x32-10 and FNV-1a once more, written from their papers (see the cases of draw()).
inline double draw_again(std::uint64_t key, const std::string& name) {
    std::uint64_t seed = 14695981039346656037U;
    for (const char c : name) {
        seed ^= static_cast<std::uint8_t>(c);
        seed *= 1099511628211U;
    }
    std::uint32_t x0 = 0;
    std::uint32_t x1 = 0;
    auto x2 = static_cast<std::uint32_t>(key % 4294967296U);
    auto x3 = static_cast<std::uint32_t>((key / 4294967296U) % 2147483648U);
    auto k0 = static_cast<std::uint32_t>(seed % 4294967296U);
    auto k1 = static_cast<std::uint32_t>(seed / 4294967296U);
    for (int round = 1; round <= 10; ++round) {
        const std::uint64_t p0 = 3528531795U * std::uint64_t{x0};
        const std::uint64_t p1 = 3449720151U * std::uint64_t{x2};
        x0 = static_cast<std::uint32_t>(p1 / 4294967296U) ^ x1 ^ k0;
        x1 = static_cast<std::uint32_t>(p1 % 4294967296U);
        x2 = static_cast<std::uint32_t>(p0 / 4294967296U) ^ x3 ^ k1;
        x3 = static_cast<std::uint32_t>(p0 % 4294967296U);
        k0 += 2654435769U;
        k1 += 3144134277U;
    }
    const std::uint64_t bits = std::uint64_t{x1} * 4294967296U + x0;
    return 100 * (static_cast<double>(bits / 2048) / 9007199254740992.0);
}

}  // namespace evaluate_test
