#pragma once

/// \file
/// Interaction: one contact between a person and the institution, on any channel, in either direction.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <alloquy/id.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/symbols.hpp>

namespace alloquy::model {

/// What was done. Numbers are stored in journals: only ever append.
enum class Act : std::uint8_t {
    sent,       ///< A message left.
    delivered,  ///< The channel confirmed arrival.
    bounced,    ///< The channel could not deliver.
    opened,     ///< A message was opened (weak evidence: mail programs open by themselves).
    clicked,    ///< A link or a page of a learning platform was used.
    replied,    ///< A message was answered.
    visited,    ///< A web page, a desk or a building was visited.
    submitted,  ///< A form, an application or an assignment was handed in.
    called,     ///< A call was placed (by whom: Direction).
    answered,   ///< A placed call was taken.
    missed,     ///< A placed call was not taken.
    attended,   ///< Somebody was at an event, a lecture or an appointment.
    absent,     ///< Somebody was expected and did not come.
    posted,     ///< A public or community message was written.
    mentioned,  ///< The institution was mentioned in public.
    donated,    ///< A gift was made.
};
template <>
struct EnumNames<Act> {
    static constexpr std::array<std::string_view, 16> values{
        "sent",   "delivered", "bounced", "opened",   "clicked", "replied", "visited",   "submitted",
        "called", "answered",  "missed",  "attended", "absent",  "posted",  "mentioned", "donated"};
};

/// Seen from the institution. Numbers are stored in journals.
enum class Direction : std::uint8_t {
    inbound,   ///< From the person: an own act.
    outbound,  ///< From the institution to the person.
};
template <>
struct EnumNames<Direction> {
    static constexpr std::array<std::string_view, 2> values{"inbound", "outbound"};
};

/// Who acted. Numbers are stored in journals.
enum class ActorKind : std::uint8_t { person, staff, team, bot };
template <>
struct EnumNames<ActorKind> {
    static constexpr std::array<std::string_view, 4> values{"person", "staff", "team", "bot"};
};

/// Tone of a message. Steers triage and the silence of marketing; never enters a score about a person.
enum class Tone : std::uint8_t { neutral, question, complaint, compliment };
template <>
struct EnumNames<Tone> {
    static constexpr std::array<std::string_view, 4> values{"neutral", "question", "complaint", "compliment"};
};

/// One contact. When it was, with whom and where it was learned stand in the Fact around it.
struct Interaction {
    Channel channel;
    Act act;
    Direction direction;
    std::optional<Topic> topic{};
    std::optional<Language> language{};
    ActorKind actor = ActorKind::person;
    std::optional<Team> team{};            ///< The team that acted or was addressed.
    std::optional<DialogueId> dialogue{};  ///< The dialogue that it belongs to.
    std::optional<Purpose> purpose{};      ///< For outbound contacts: what the contact served.
    std::optional<ActionName> action{};    ///< For outbound contacts: the action that was carried out.
    std::uint32_t quantity = 1;            ///< How often in one row, such as clicks on one page; >= 1.
    std::optional<Tone> tone{};
    std::string text{};  ///< The person's or staff's words; may be empty. Personal.

    friend bool operator==(const Interaction&, const Interaction&) = default;
};

}  // namespace alloquy::model
