#pragma once

/// \file
/// TypicalSubject: a persona as conditions see it.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/engine/typical_person.hpp>
#include <alloquy/id.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/segment/calendar.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/evaluate.hpp>
#include <alloquy/segment/persona.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::engine {

/// A TypicalPerson as conditions see it: it has its fields, a current role, and no facts, relations or consents, so
/// that whoever asks for these gets what holds of somebody of whom they are unknown.
class TypicalSubject {
public:
    /// \param typical, symbols, calendar  Must outlive this.
    /// \param segments  Finds whether the typical person is in another segment.
    TypicalSubject(const TypicalPerson& typical, const model::Symbols& symbols,
                   const segment::SegmentCalendar& calendar, time::Instant now,
                   const std::map<std::string, bool, std::less<>>& segments)
        : typical_{&typical}, symbols_{&symbols}, calendar_{&calendar}, segments_{&segments}, now_{now} {
        person_.language = typical.language;
        if (typical.role) person_.roles.push_back({*typical.role, {}, {}, now, {}});
        constexpr std::string_view prefix = segment::attribute_prefix;
        for (const segment::PersonaField& field : typical.profile.fields) {
            if (!field.name.starts_with(prefix) || !field.typical) continue;
            if (const auto word = symbols.attributes.find(std::string_view{field.name}.substr(prefix.size()))) {
                person_.attributes.push_back({*word, *field.typical});
            }
        }
    }
    [[nodiscard]] time::Instant now() const noexcept { return now_; }
    [[nodiscard]] model::AttributeValue value(const std::string& name) const {
        if (name == "role") {
            if (!typical_->role) return {};
            return std::string{model::name_of(*typical_->role)};
        }
        if (name == "language" && !typical_->language.empty()) return typical_->language;
        for (const segment::PersonaField& field : typical_->profile.fields) {
            if (field.name == name && field.typical) return *field.typical;
        }
        return {};
    }
    [[nodiscard]] const model::Person& person() const noexcept { return person_; }
    [[nodiscard]] const model::Symbols& symbols() const noexcept { return *symbols_; }
    [[nodiscard]] const segment::SegmentCalendar& calendar() const noexcept { return *calendar_; }
    [[nodiscard]] std::uint64_t key() const noexcept { return 0; }
    [[nodiscard]] std::span<const segment::SeenFact> facts() const noexcept { return {}; }
    [[nodiscard]] bool is_in_segment(const std::string& name) const {
        const auto found = segments_->find(name);
        return found != segments_->end() && found->second;
    }
    [[nodiscard]] std::vector<segment::Turn> turns(const std::string&) const { return {}; }
    [[nodiscard]] std::optional<TypicalSubject> other(PersonId) const { return std::nullopt; }
    [[nodiscard]] const model::Organisation* organisation(OrganisationId) const noexcept { return nullptr; }

private:
    const TypicalPerson* typical_;
    const model::Symbols* symbols_;
    const segment::SegmentCalendar* calendar_;
    const std::map<std::string, bool, std::less<>>* segments_;
    time::Instant now_;
    model::Person person_{PersonId{0}};
};

}  // namespace alloquy::engine
