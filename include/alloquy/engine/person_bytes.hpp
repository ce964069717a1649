#pragma once

/// \file
/// The byte form of a Person: with symbols as numbers for snapshots, as text for digests.

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/engine/bytes.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/person.hpp>

namespace alloquy::engine {

/// Writes symbols and people as their numbers: short, for bytes that stay with their file.
struct SymbolsAsNumbers {
    template <class Tag>
    void operator()(ByteWriter& out, model::Symbol<Tag> symbol) const {
        out.number(symbol.number());
    }
    void operator()(ByteWriter& out, PersonId person) const { out.number(person.value()); }
    void operator()(ByteWriter& out, OrganisationId organisation) const { out.number(organisation.value()); }
};

/// Writes symbols as text and people by a key from outside: the same bytes whatever arrived first.
template <class PersonKey, class OrganisationKey>
struct SymbolsAsText {
    const model::Symbols& symbols;
    PersonKey person_key;
    OrganisationKey organisation_key;

    void operator()(ByteWriter& out, model::Channel s) const { out.text(symbols.channels.text(s)); }
    void operator()(ByteWriter& out, model::Topic s) const { out.text(symbols.topics.text(s)); }
    void operator()(ByteWriter& out, model::Purpose s) const { out.text(symbols.purposes.text(s)); }
    void operator()(ByteWriter& out, model::Programme s) const { out.text(symbols.programmes.text(s)); }
    void operator()(ByteWriter& out, model::Site s) const { out.text(symbols.sites.text(s)); }
    void operator()(ByteWriter& out, model::Team s) const { out.text(symbols.teams.text(s)); }
    void operator()(ByteWriter& out, model::AttributeName s) const { out.text(symbols.attributes.text(s)); }
    void operator()(ByteWriter& out, model::ObligationKind s) const { out.text(symbols.obligations.text(s)); }
    void operator()(ByteWriter& out, model::Assessment s) const { out.text(symbols.assessments.text(s)); }
    void operator()(ByteWriter& out, PersonId person) const { out.number(person_key(person)); }
    void operator()(ByteWriter& out, OrganisationId organisation) const { out.number(organisation_key(organisation)); }
};
template <class PersonKey, class OrganisationKey>
SymbolsAsText(const model::Symbols&, PersonKey, OrganisationKey) -> SymbolsAsText<PersonKey, OrganisationKey>;

/// Writes everything but the id.
template <class Symbols>
void write_person(ByteWriter& out, const model::Person& person, const Symbols& symbol) {
    const auto write_symbol = [&](const auto& value) { symbol(out, value); };
    const auto instant = [&](time::Instant value) { out.instant(value); };
    out.text(person.language);
    out.text(person.zone);
    out.list(person.roles, [&](const model::Role& role) {
        out.number(role.kind);
        out.optional(role.programme, write_symbol);
        out.optional(role.site, write_symbol);
        instant(role.start);
        out.optional(role.end_exclusive, instant);
    });
    out.list(person.attributes, [&](const model::Attribute& attribute) {
        write_symbol(attribute.name);
        out.number(static_cast<std::uint8_t>(attribute.value.index()));
        std::visit(
            [&](const auto& value) {
                using Value = std::decay_t<decltype(value)>;
                if constexpr (std::is_same_v<Value, bool>) {
                    out.number(static_cast<std::uint8_t>(value ? 1 : 0));
                } else if constexpr (std::is_same_v<Value, double>) {
                    out.number(value);
                } else if constexpr (std::is_same_v<Value, time::Day>) {
                    out.number(value.unix_days());
                } else if constexpr (std::is_same_v<Value, std::string>) {
                    out.text(value);
                }
            },
            attribute.value);
    });
    out.list(person.consents, [&](const model::ConsentState& consent) {
        write_symbol(consent.purpose);
        out.optional(consent.channel, write_symbol);
        out.number(static_cast<std::uint8_t>((consent.given ? 1 : 0) | (consent.objected ? 2 : 0)));
        out.optional(consent.objected_at, instant);
        out.optional(consent.given_at, instant);
        instant(consent.changed_at);
        out.text(consent.text_version);
    });
    out.list(person.relations, [&](const model::Relation& relation) {
        out.number(relation.kind);
        out.number(static_cast<std::uint8_t>(relation.other.index()));
        std::visit(write_symbol, relation.other);
        instant(relation.start);
        out.optional(relation.end_exclusive, instant);
    });
    out.list(person.dialogues, [&](const model::Dialogue& dialogue) {
        out.number(dialogue.id.value());
        out.number(dialogue.step);
        instant(dialogue.opened_at);
        instant(dialogue.changed_at);
        out.optional(dialogue.team, write_symbol);
        out.optional(dialogue.topic, write_symbol);
        out.optional(dialogue.tone, [&](model::Tone tone) { out.number(tone); });
        out.number(dialogue.times_reopened);
    });
    out.list(person.enrolments, [&](const model::Enrolment& enrolment) {
        write_symbol(enrolment.programme);
        out.number(enrolment.status);
        instant(enrolment.changed_at);
    });
    out.list(person.obligations, [&](const model::Obligation& obligation) {
        write_symbol(obligation.kind);
        out.text(obligation.item);
        out.number(obligation.step);
        out.optional(obligation.due, instant);
        instant(obligation.changed_at);
        out.optional(obligation.weight, [&](double weight) { out.number(weight); });
    });
    out.list(person.results, [&](const model::DatedResult& result) {
        write_symbol(result.assessment);
        out.number(result.fraction);
        instant(result.at);
    });
    out.optional(person.latest_at, instant);
}

/// Reads what write_person wrote with SymbolsAsNumbers.
/// \throws ParseError  if the bytes are no Person.
[[nodiscard]] inline model::Person read_person(ByteReader& in, PersonId id) {
    const auto instant = [&] { return in.instant(); };
    const auto symbol = [&]<class Symbol>(std::type_identity<Symbol>) {
        const auto number = in.number<std::uint16_t>();
        if (number == 0) ByteReader::fail("a symbol without number");
        return Symbol{number};
    };
    const auto optional_symbol = [&]<class Symbol>(std::type_identity<Symbol> type) {
        return in.optional([&] { return symbol(type); });
    };
    const auto enumerator = [&]<class Enum>(std::type_identity<Enum>) {
        const auto value = in.number<Enum>();
        if (static_cast<std::size_t>(value) >= model::enum_size<Enum>) ByteReader::fail("an unknown enumerator");
        return value;
    };
    using std::type_identity;
    model::Person person{id};
    person.language = in.text();
    person.zone = in.text();
    person.roles = in.list([&] {
        const auto kind = enumerator(type_identity<model::RoleKind>{});
        const auto programme = optional_symbol(type_identity<model::Programme>{});
        const auto site = optional_symbol(type_identity<model::Site>{});
        const time::Instant start = in.instant();
        return model::Role{kind, programme, site, start, in.optional(instant)};
    });
    person.attributes = in.list([&] {
        const auto name = symbol(type_identity<model::AttributeName>{});
        model::AttributeValue value;
        switch (in.number<std::uint8_t>()) {
            case 0:
                break;
            case 1:
                value = in.number<std::uint8_t>() != 0;
                break;
            case 2:
                value = in.number<double>();
                break;
            case 3: {
                const auto days = in.number<std::int32_t>();
                if (days < time::Day::min_unix_days || days > time::Day::max_unix_days) {
                    ByteReader::fail("a day out of range");
                }
                value = time::Day::from_unix_days(days);
                break;
            }
            case 4:
                value = in.text();
                break;
            default:
                ByteReader::fail("an unknown type of attribute");
        }
        return model::Attribute{name, std::move(value)};
    });
    person.consents = in.list([&] {
        const auto purpose = symbol(type_identity<model::Purpose>{});
        const auto channel = optional_symbol(type_identity<model::Channel>{});
        const auto flags = in.number<std::uint8_t>();
        const auto objected_at = in.optional(instant);
        const auto given_at = in.optional(instant);
        const time::Instant changed_at = in.instant();
        return model::ConsentState{purpose,     channel,  (flags & 1U) != 0, (flags & 2U) != 0,
                                   objected_at, given_at, changed_at,        in.text()};
    });
    person.relations = in.list([&] {
        const auto kind = enumerator(type_identity<model::RelationKind>{});
        const bool to_person = in.number<std::uint8_t>() == 0;
        const auto number = in.number<std::int64_t>();
        const model::RelationEnd other =
            to_person ? model::RelationEnd{PersonId{number}} : model::RelationEnd{OrganisationId{number}};
        const time::Instant start = in.instant();
        return model::Relation{kind, other, start, in.optional(instant)};
    });
    person.dialogues = in.list([&] {
        const DialogueId dialogue{in.number<std::int64_t>()};
        const auto step = enumerator(type_identity<model::DialogueStep>{});
        const time::Instant opened_at = in.instant();
        const time::Instant changed_at = in.instant();
        const auto team = optional_symbol(type_identity<model::Team>{});
        const auto topic = optional_symbol(type_identity<model::Topic>{});
        const auto tone = in.optional([&] { return enumerator(type_identity<model::Tone>{}); });
        return model::Dialogue{dialogue, step, opened_at, changed_at, team, topic, tone, in.number<std::uint32_t>()};
    });
    person.enrolments = in.list([&] {
        const auto programme = symbol(type_identity<model::Programme>{});
        const auto status = enumerator(type_identity<model::EnrolmentStatus>{});
        return model::Enrolment{programme, status, in.instant()};
    });
    person.obligations = in.list([&] {
        const auto kind = symbol(type_identity<model::ObligationKind>{});
        std::string item = in.text();
        const auto step = enumerator(type_identity<model::ObligationStep>{});
        const auto due = in.optional(instant);
        const time::Instant changed_at = in.instant();
        return model::Obligation{kind, std::move(item), step,
                                 due,  changed_at,      in.optional([&] { return in.number<double>(); })};
    });
    person.results = in.list([&] {
        const auto assessment = symbol(type_identity<model::Assessment>{});
        const auto fraction = in.number<double>();
        return model::DatedResult{assessment, fraction, in.instant()};
    });
    person.latest_at = in.optional(instant);
    return person;
}

}  // namespace alloquy::engine
