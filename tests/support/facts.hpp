#pragma once

/// \file
/// Builders for test people: facts, a playbook that uses every field, and random facts of all kinds.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <alloquy/engine/playbook.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>
#include <alloquy/time/zone.hpp>

#include "instants.hpp"
#include "random.hpp"

namespace alloquy::support {

[[nodiscard]] inline model::Fact make_fact(model::Symbols& symbols, PersonId person, time::Instant when,
                                           std::string key, model::FactContent content,
                                           std::string_view source = "register") {
    return {person, when, when, symbols.sources.intern(source), std::move(key), std::move(content)};
}

/// Sorts by (at, source text, key), the order of one person's facts.
inline void sort_canonical(std::vector<model::Fact>& facts, const model::Symbols& symbols) {
    std::sort(facts.begin(), facts.end(), [&](const model::Fact& a, const model::Fact& b) {
        return std::tie(a.at, symbols.sources.text(a.source), a.key) <
               std::tie(b.at, symbols.sources.text(b.source), b.key);
    });
}

/// The facts of one person among `facts`, in their order.
[[nodiscard]] inline std::vector<model::Fact> facts_of(PersonId person, const std::vector<model::Fact>& facts,
                                                       const model::Symbols& symbols) {
    std::vector<model::Fact> own;
    for (const model::Fact& fact : facts) {
        if (fact.person == person) own.push_back(fact);
    }
    sort_canonical(own, symbols);
    return own;
}

/// Two zones that are there, without a file; any other name is not.
[[nodiscard]] inline std::optional<time::Zone> find_test_zone(std::string_view name) {
    if (name == "Test/East") return time::Zone::fixed("Test/East", 19'800);  // +05:30
    if (name == "Test/West") return time::Zone::fixed("Test/West", -28'800);
    return std::nullopt;
}

/// A policy in which every optional field is set somewhere.
[[nodiscard]] inline engine::Playbook test_playbook() {
    using decide::ExecutorKind;
    using model::LegalBasis;
    engine::Playbook playbook;
    playbook.name = "test college";
    playbook.channels = {"mail", "phone", "portal", "post"};
    playbook.topics = {"admission", "money", "study"};
    playbook.engagement.channels = {{"phone", 1.5}, {"portal", 0.5}};
    playbook.engagement.topics = {{"study", 2}};
    playbook.reachability.channels = {"mail", "phone", "portal"};
    playbook.reachability.priors = {{"mail", {2, 6}}};
    playbook.reachability.response_window = std::chrono::hours{72};
    decide::ActionPolicy& policy = playbook.actions;
    policy.purposes = {{"marketing", LegalBasis::consent},
                       {"guidance", LegalBasis::public_task},
                       {"relations", LegalBasis::legitimate_interests},
                       {"fees", LegalBasis::contract}};
    policy.pools = {{"desk", 30}, {"coaches", 45}};
    policy.caps = {{"mail a week", "mail", std::nullopt, 2, std::chrono::days{7}},
                   {"marketing a month", std::nullopt, "marketing", 1, std::chrono::days{30}},
                   {"all a day", std::nullopt, std::nullopt, 3, std::chrono::days{1}}};
    model::RoleSet learners;
    learners.insert(model::RoleKind::student);
    learners.insert(model::RoleKind::applicant);
    model::RoleSet everybody = learners;
    everybody.insert(model::RoleKind::prospect);
    everybody.insert(model::RoleKind::alumnus);
    everybody.insert(model::RoleKind::staff);
    everybody.insert(model::RoleKind::guardian);
    const auto add = [&](std::string name, std::string purpose, model::RoleSet roles) -> decide::Action& {
        decide::Action& action = policy.actions.emplace_back();
        action.name = std::move(name);
        action.purpose = std::move(purpose);
        action.roles = roles;
        return action;
    };
    policy.actions.reserve(4);  // references into it are used below
    decide::Action& open_day = add("open day", "marketing", everybody);
    open_day.value = {{}, {{0, 40}}};
    open_day.propensity = 0.3;
    open_day.gap = std::chrono::days{14};
    open_day.variants = {{"mail", "nl", ExecutorKind::bot, {}, 0, "open-day"},
                         {"mail", "en", ExecutorKind::bot, {}, 0, "open-day"}};
    decide::Action& coach_call = add("coach call", "guidance", learners);
    coach_call.conditions = {{"engagement", std::nullopt, 0.6}};
    coach_call.value = {"engagement", {{0, 120}, {0.5, 60}}};
    coach_call.propensity = 0.5;
    coach_call.lever = 1.25;
    coach_call.variants = {{"phone", "nl", ExecutorKind::team, "coaches", 15, "call"},
                           {"phone", "en", ExecutorKind::team, "coaches", 20, "call"}};
    decide::Action& reminder = add("fee reminder", "fees", learners);
    reminder.conditions = {{"days_to_obligation", -30, 14}};
    reminder.value = {{}, {{0, 55}}};
    reminder.propensity = 0.8;
    reminder.gap = std::chrono::days{3};
    reminder.variants = {{"mail", "nl", ExecutorKind::bot, {}, 0, "fee"},
                         {"portal", "en", ExecutorKind::self_service, {}, 0, "fee"},
                         {"phone", "en", ExecutorKind::team, "desk", 6, "fee"}};
    decide::Action& touch = add("keep in touch", "relations", everybody);
    touch.conditions = {{"open_complaints", std::nullopt, 1}};
    touch.value = {{}, {{0, 10}}};
    touch.gap = std::chrono::days{2};
    touch.variants = {{"mail", "nl", ExecutorKind::bot, {}, 0, "touch"},
                      {"portal", "en", ExecutorKind::bot, {}, 0, "touch"}};
    return playbook;
}

/// What a random population may look like.
struct PopulationShape {
    std::size_t people = 12;
    std::size_t facts_per_person = 60;
    std::int64_t minutes = 60 * 24 * 60;  ///< All facts lie in so many minutes from minute(0).
    std::int64_t grid = 30;               ///< On multiples of so many minutes, so that ties are frequent.
};

/// Random facts of all kinds about people 0, 1 …, each under its own (source, key); relations between people come
/// with their mirror. Depends on the seed alone: symbols enter as text, people by `id_of`.
[[nodiscard]] inline std::vector<model::Fact> random_facts(std::uint64_t seed, model::Symbols& symbols,
                                                           const PopulationShape& shape,
                                                           const std::function<PersonId(std::size_t)>& id_of) {
    using namespace std::string_view_literals;
    Random random{seed};
    std::vector<model::Fact> facts;
    const auto pick = [&](const auto& words) { return words[random.below(words.size())]; };
    constexpr std::array channels{"mail"sv, "mail"sv, "phone"sv, "portal"sv, "post"sv, "pigeon"sv};  // not all known
    constexpr std::array topics{"admission"sv, "money"sv, "study"sv, "sports"sv};
    constexpr std::array purposes{"marketing"sv, "guidance"sv, "relations"sv, "fees"sv, "hobby"sv};
    constexpr std::array actions{"open day"sv, "coach call"sv, "fee reminder"sv, "keep in touch"sv, "old action"sv};
    constexpr std::array sources{"register"sv, "mailer"sv, "a-portal"sv};
    constexpr std::array zones{"Test/East"sv, "Test/East"sv, "Test/West"sv, "Test/Lost"sv, ""sv};
    constexpr std::array languages{"nl"sv, "en"sv, "en-GB"sv, "fr"sv, ""sv};
    constexpr std::array programmes{"nursing"sv, "logistics"sv};
    std::size_t number = 0;
    for (std::size_t p = 0; p < shape.people; ++p) {
        for (std::size_t i = 0; i < shape.facts_per_person; ++i) {
            const time::Instant when =
                minute(static_cast<std::int64_t>(random.below(static_cast<std::size_t>(shape.minutes / shape.grid))) *
                       shape.grid);
            model::Fact fact{id_of(p),
                             when,
                             when + std::chrono::minutes{random.between(0, 90)},
                             symbols.sources.intern(pick(sources)),
                             "k" + std::to_string((++number * 7919) % 100'003),  // keys do not follow the order made
                             model::Result{symbols.assessments.intern("exam"), random.fraction()}};
            const auto at_most = [&](std::size_t percent, auto&& make) {
                return random.chance(percent) ? std::optional{make()} : std::nullopt;
            };
            const auto channel = [&] { return symbols.channels.intern(pick(channels)); };
            const auto topic = [&] { return symbols.topics.intern(pick(topics)); };
            const auto purpose = [&] { return symbols.purposes.intern(pick(purposes)); };
            const auto action = [&] { return symbols.actions.intern(pick(actions)); };
            const auto team = [&] { return symbols.teams.intern(random.chance(50) ? "desk" : "coaches"); };
            const auto programme = [&] { return symbols.programmes.intern(pick(programmes)); };
            const auto site = [&] { return symbols.sites.intern(random.chance(50) ? "north" : "south"); };
            switch (const std::size_t kind = random.below(100); kind / 5) {
                case 0:
                case 1:
                    fact.content = model::RoleChange{static_cast<model::RoleKind>(random.below(8)),
                                                     at_most(40, programme), at_most(20, site), random.chance(30)};
                    break;
                case 2: {
                    model::AttributeStatement statement;
                    if (random.chance(60)) {
                        statement.attributes.push_back(
                            {symbols.attributes.intern("language"), std::string{pick(languages)}});
                    }
                    if (random.chance(50)) {
                        statement.attributes.push_back({symbols.attributes.intern("zone"), std::string{pick(zones)}});
                    }
                    if (random.chance(50)) {
                        statement.attributes.push_back({symbols.attributes.intern("credits"), random.fraction() * 60});
                    }
                    if (random.chance(20)) statement.attributes.push_back({symbols.attributes.intern("credits"), {}});
                    if (random.chance(30)) {
                        statement.attributes.push_back({symbols.attributes.intern("local"), random.chance(50)});
                        statement.attributes.push_back(
                            {symbols.attributes.intern("since"), time::Day::from_unix_days(random.between(0, 20'000))});
                    }
                    fact.content = std::move(statement);
                    break;
                }
                case 3:
                case 4:
                    fact.content = model::ConsentStatement{purpose(), at_most(40, channel),
                                                           static_cast<model::ConsentDecision>(random.below(4)),
                                                           random.chance(50) ? "v1" : "v2"};
                    break;
                case 5:
                    if (random.chance(50)) {
                        fact.content = model::RelationChange{static_cast<model::RelationKind>(random.below(10)),
                                                             OrganisationId{random.between(1, 3)}, random.chance(40)};
                    } else {
                        fact.content = model::RelationChange{
                            static_cast<model::RelationKind>(random.below(10)),
                            id_of((p + 1 + random.below(shape.people - 1)) % shape.people), random.chance(40)};
                    }
                    break;
                case 6:
                    fact.content = model::DialogueChange{
                        DialogueId{static_cast<std::int64_t>(p * 10 + random.below(3))},
                        static_cast<model::DialogueStep>(random.below(6)), at_most(50, team), at_most(50, topic),
                        at_most(50, [&] { return static_cast<model::Tone>(random.below(4)); })};
                    break;
                case 7:
                    fact.content =
                        model::EnrolmentChange{programme(), static_cast<model::EnrolmentStatus>(random.below(7))};
                    break;
                case 8:
                    fact.content = model::ObligationChange{
                        symbols.obligations.intern("fee"), random.chance(50) ? "a" : "b",
                        static_cast<model::ObligationStep>(random.below(3)),
                        at_most(60, [&] { return minute(random.between(0, shape.minutes + 20'000)); })};
                    break;
                case 9:
                    break;  // the result that it is already
                default: {
                    model::Interaction interaction{
                        channel(), static_cast<model::Act>(random.below(16)),
                        random.chance(40) ? model::Direction::outbound : model::Direction::inbound};
                    if (interaction.direction == model::Direction::outbound && random.chance(70)) {
                        interaction.act = random.chance(70) ? model::Act::sent : model::Act::called;
                    }
                    interaction.topic = at_most(60, topic);
                    interaction.purpose = at_most(50, purpose);
                    interaction.action = at_most(50, action);
                    interaction.quantity = static_cast<std::uint32_t>(random.between(1, 12));
                    fact.content = interaction;
                }
            }
            if (std::optional<model::Fact> mirror = model::mirrored(fact)) facts.push_back(*std::move(mirror));
            facts.push_back(std::move(fact));
        }
    }
    return facts;
}

}  // namespace alloquy::support
