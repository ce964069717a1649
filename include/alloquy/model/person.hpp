#pragma once

/// \file
/// Person: everything that a person's facts other than interactions say, as a fold over them, and views by role.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include <alloquy/id.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::model {

/// The last word of a person about one purpose (and channel).
struct ConsentState {
    Purpose purpose;
    std::optional<Channel> channel{};
    bool given = false;                          ///< Consent stands.
    bool objected = false;                       ///< An objection stands.
    std::optional<time::Instant> objected_at{};  ///< Of the last statement about objection; nothing if there is none.
    std::optional<time::Instant> given_at{};     ///< Of the last statement about consent; nothing if there is none.
    time::Instant changed_at;                    ///< Of the last statement.
    std::string text_version{};

    friend bool operator==(const ConsentState&, const ConsentState&) = default;
};

/// A relation that stands or stood.
struct Relation {
    RelationKind kind;
    RelationEnd other;
    time::Instant start;
    std::optional<time::Instant> end_exclusive{};

    friend bool operator==(const Relation&, const Relation&) = default;
};

/// A result with its day.
struct DatedResult {
    Assessment assessment;
    double fraction;
    time::Instant at;

    friend bool operator==(const DatedResult&, const DatedResult&) = default;
};

/// What one person's facts other than interactions amount to. Lists are in the order in which entries first appear in
/// the facts. A plain value: the engine folds it, everyone else reads.
struct Person {
    PersonId id;
    std::string language{};  ///< BCP 47 tag; empty where unknown.
    std::string zone{};      ///< IANA name; empty where unknown.
    std::vector<Role> roles{};
    std::vector<Attribute> attributes{};  ///< Other than language and zone.
    std::vector<ConsentState> consents{};
    std::vector<Relation> relations{};
    std::vector<Dialogue> dialogues{};
    std::vector<Enrolment> enrolments{};
    std::vector<Obligation> obligations{};
    std::vector<DatedResult> results{};
    std::optional<time::Instant> latest_at{};  ///< Of the facts folded so far.

    friend bool operator==(const Person&, const Person&) = default;
};

namespace detail {

template <class Entry, class Same>
Entry* find_entry(std::vector<Entry>& entries, Same&& same) {
    // The latest entry that fits: an ended role or relation may begin again as a new entry.
    const auto found = std::find_if(entries.rbegin(), entries.rend(), same);
    return found == entries.rend() ? nullptr : &*found;
}

inline void apply(Person& person, const RoleChange& change, time::Instant at) {
    Role* const role = find_entry(person.roles, [&](const Role& r) {
        return r.kind == change.kind && r.programme == change.programme && r.site == change.site;
    });
    const bool running = role != nullptr && !role->end_exclusive;
    if (change.ended) {
        if (running) {
            role->end_exclusive = at;
        } else if (role == nullptr) {
            // An end without a beginning: the role is known to be over, its start is not.
            person.roles.push_back({change.kind, change.programme, change.site, at, at});
        }
    } else if (!running && !(role != nullptr && role->end_exclusive == at)) {
        // A beginning at the instant of an end is over with it: the keys of two facts must not decide who is a student.
        person.roles.push_back({change.kind, change.programme, change.site, at, std::nullopt});
    }
}

inline void apply(Person& person, const AttributeStatement& statement, const Symbols& symbols) {
    for (const Attribute& attribute : statement.attributes) {
        const std::string& name = symbols.attributes.text(attribute.name);
        if (name == language_attribute || name == zone_attribute) {
            const auto* const text = std::get_if<std::string>(&attribute.value);
            (name == language_attribute ? person.language : person.zone) = text == nullptr ? std::string{} : *text;
            continue;
        }
        Attribute* const known =
            find_entry(person.attributes, [&](const Attribute& a) { return a.name == attribute.name; });
        if (known != nullptr) {
            known->value = attribute.value;
        } else {
            person.attributes.push_back(attribute);
        }
    }
}

inline void apply(Person& person, const ConsentStatement& statement, time::Instant at) {
    ConsentState* state = find_entry(person.consents, [&](const ConsentState& c) {
        return c.purpose == statement.purpose && c.channel == statement.channel;
    });
    if (state == nullptr) {
        person.consents.push_back({statement.purpose, statement.channel, false, false, {}, {}, at, {}});
        state = &person.consents.back();
    }
    state->changed_at = at;
    // Of two statements at one instant the one that says no wins, whatever their keys: sources with days instead of
    // times make such ties.
    switch (statement.decision) {
        case ConsentDecision::given:
            if (state->given_at == at && !state->given) return;
            [[fallthrough]];
        case ConsentDecision::withdrawn:
            state->given = statement.decision == ConsentDecision::given;
            state->given_at = at;
            state->text_version = statement.text_version;
            break;
        case ConsentDecision::objection_withdrawn:
            if (state->objected_at == at && state->objected) return;
            [[fallthrough]];
        case ConsentDecision::objected:
            state->objected = statement.decision == ConsentDecision::objected;
            state->objected_at = at;
            break;
    }
}

inline void apply(Person& person, const RelationChange& change, time::Instant at) {
    Relation* const relation = find_entry(
        person.relations, [&](const Relation& r) { return r.kind == change.kind && r.other == change.other; });
    const bool running = relation != nullptr && !relation->end_exclusive;
    if (change.ended) {
        if (running) relation->end_exclusive = at;
    } else if (!running) {
        person.relations.push_back({change.kind, change.other, at, std::nullopt});
    }
}

inline void apply(Person& person, const DialogueChange& change, time::Instant at) {
    Dialogue* dialogue = find_entry(person.dialogues, [&](const Dialogue& d) { return d.id == change.dialogue; });
    if (dialogue == nullptr) {
        person.dialogues.push_back({change.dialogue, change.step, at, at, {}, {}, {}, 0});
        dialogue = &person.dialogues.back();
    }
    dialogue->step = change.step;
    dialogue->changed_at = at;
    if (change.team) dialogue->team = change.team;
    if (change.topic) dialogue->topic = change.topic;
    if (change.tone) dialogue->tone = change.tone;
    if (change.step == DialogueStep::reopened) ++dialogue->times_reopened;
}

inline void apply(Person& person, const EnrolmentChange& change, time::Instant at) {
    Enrolment* const enrolment =
        find_entry(person.enrolments, [&](const Enrolment& e) { return e.programme == change.programme; });
    if (enrolment == nullptr) {
        person.enrolments.push_back({change.programme, change.status, at});
    } else {
        enrolment->status = change.status;
        enrolment->changed_at = at;
    }
}

inline void apply(Person& person, const ObligationChange& change, time::Instant at) {
    Obligation* obligation = find_entry(
        person.obligations, [&](const Obligation& o) { return o.kind == change.kind && o.item == change.item; });
    if (obligation == nullptr) {
        person.obligations.push_back({change.kind, change.item, change.step, change.due, at, change.weight});
        return;
    }
    obligation->step = change.step;
    obligation->changed_at = at;
    if (change.due) obligation->due = change.due;
    if (change.weight) obligation->weight = change.weight;
}

}  // namespace detail

/// Folds one fact into a person. Interactions change nothing here.
///
/// \param fact  Of this person, not before the facts that were folded already in the order (at, source, key).
inline void apply(Person& person, const Fact& fact, const Symbols& symbols) {
    std::visit(
        [&](const auto& content) {
            using Content = std::decay_t<decltype(content)>;
            if constexpr (std::is_same_v<Content, Interaction>) {
                return;
            } else {
                person.latest_at = fact.at;
                if constexpr (std::is_same_v<Content, AttributeStatement>) {
                    detail::apply(person, content, symbols);
                } else if constexpr (std::is_same_v<Content, Result>) {
                    person.results.push_back({content.assessment, content.fraction, fact.at});
                } else {
                    detail::apply(person, content, fact.at);
                }
            }
        },
        fact.content);
}

/// The kinds of role that are current at an instant.
[[nodiscard]] inline RoleSet current_roles(const Person& person, time::Instant now) noexcept {
    RoleSet kinds;
    for (const Role& role : person.roles) {
        if (role.is_current(now)) kinds.insert(role.kind);
    }
    return kinds;
}

/// The value of an attribute, or nothing where none was stated.
[[nodiscard]] inline const AttributeValue* attribute(const Person& person, AttributeName name) noexcept {
    for (const Attribute& entry : person.attributes) {
        if (entry.name == name) return &entry.value;
    }
    return nullptr;
}

/// A person seen in one current role: `Student`, `Prospect` … Refers to the Person, which must outlive it.
template <RoleKind kind>
class RoleView {
public:
    /// The view, or nothing if the person has no such role at `now`. With several of the kind, `role()` is the one
    /// that started last.
    [[nodiscard]] static std::optional<RoleView> of(const Person& person, time::Instant now) noexcept {
        const Role* latest = nullptr;
        for (const Role& role : person.roles) {
            if (role.kind == kind && role.is_current(now) && (latest == nullptr || role.start > latest->start)) {
                latest = &role;
            }
        }
        return latest == nullptr ? std::nullopt : std::optional{RoleView{person, *latest}};
    }
    [[nodiscard]] const Person& person() const noexcept { return *person_; }
    [[nodiscard]] const Role& role() const noexcept { return *role_; }
    [[nodiscard]] std::optional<Programme> programme() const noexcept { return role_->programme; }
    [[nodiscard]] std::optional<Site> site() const noexcept { return role_->site; }
    /// How long the role has been running.
    [[nodiscard]] time::Duration age(time::Instant now) const noexcept { return now - role_->start; }

private:
    RoleView(const Person& person, const Role& role) noexcept : person_{&person}, role_{&role} {}
    const Person* person_;
    const Role* role_;
};

using Prospect = RoleView<RoleKind::prospect>;
using Applicant = RoleView<RoleKind::applicant>;
using Student = RoleView<RoleKind::student>;
using Alumnus = RoleView<RoleKind::alumnus>;
using Guardian = RoleView<RoleKind::guardian>;
using EmployerContact = RoleView<RoleKind::employer_contact>;
using Partner = RoleView<RoleKind::partner>;
using StaffMember = RoleView<RoleKind::staff>;

}  // namespace alloquy::model
