#pragma once

/// \file
/// FactMaker: random facts of every kind about a few people, many of them at instants at which segments turn.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/id.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>

#include "random.hpp"
#include "segment_case_world.hpp"

namespace segment_cases {

using alloquy::DialogueId;
using alloquy::PersonId;
using std::chrono::hours;

/// A fact and, of a relation between people, its mirror: what is told together.
using Telling = std::vector<model::Fact>;

/// Facts one after another, in no order of time.
class FactMaker {
public:
    FactMaker(Random& random, model::Symbols& symbols, std::size_t people)
        : random_{&random}, symbols_{&symbols}, people_{people} {}

    Telling make() {
        const PersonId person{static_cast<std::int64_t>(1 + random_->below(people_))};
        const Instant at = instant();
        model::Fact fact{person,
                         at,
                         at,
                         symbols_->sources.intern(random_->chance(50) ? "register" : "a-portal"),
                         "k" + std::to_string(++made_ * 7919 % 1009),
                         content(person)};
        const bool is_period = std::holds_alternative<model::RoleChange>(fact.content) ||
                               std::holds_alternative<model::RelationChange>(fact.content);
        fact.known_at = known(at, is_period);
        instants_.push_back(at);
        Telling telling{fact};
        if (auto mirror = model::mirrored(fact)) telling.push_back(*std::move(mirror));
        return telling;
    }
    /// When a fact of that instant may become known.
    Instant known(Instant at, bool is_period) {
        const auto by = [&](std::int64_t most_ms) { return milliseconds{random_->between(0, most_ms)}; };
        if (is_period && random_->chance(30)) return std::max(first_instant, at - by(20 * day_ms));
        switch (random_->below(4)) {
            case 0:
                return at + by(2 * 3'600'000);
            case 1:
                return at + by(20 * day_ms);
            default:
                return at;
        }
    }

private:
    Instant instant() {
        const auto within = [](Instant at) {
            return std::clamp(at, first_instant, first_instant + milliseconds{span_ms});
        };
        const std::size_t way = random_->below(10);
        if (way < 3) return first_instant + hours{random_->between(0, span_ms / 3'600'000)};
        if (way == 3 && !instants_.empty()) return pick_instant();
        const milliseconds nearby{random_->between(-1, 1)};
        if (way == 4 && !instants_.empty()) {
            const Instant before = pick_instant();
            return within(before + milliseconds{lengths[random_->below(lengths.size())]} + nearby);
        }
        if (way == 5) {
            const Day day = Day::from_ymd(2026, 3, 3) + static_cast<int>(random_->below(50));
            return within(find_property_zone(pick(*random_, zones))->start_of_day(day) + nearby);
        }
        return first_instant + milliseconds{random_->between(0, span_ms)};
    }
    Instant pick_instant() { return instants_[random_->below(instants_.size())]; }
    template <class Make>
    auto maybe(std::size_t percent, const Make& make) {
        return random_->chance(percent) ? std::optional{make()} : std::nullopt;
    }

    model::FactContent content(PersonId person) {
        const auto channel = [&] { return symbols_->channels.intern(pick(*random_, channels)); };
        const auto topic = [&] { return symbols_->topics.intern(pick(*random_, topics)); };
        const auto team = [&] { return symbols_->teams.intern(pick(*random_, teams)); };
        const auto purpose = [&] { return symbols_->purposes.intern(pick(*random_, purposes)); };
        const auto programme = [&] { return symbols_->programmes.intern(pick(*random_, programmes)); };
        const auto site = [&] { return symbols_->sites.intern(pick(*random_, sites)); };
        const auto tone = [&] { return static_cast<model::Tone>(random_->below(4)); };
        switch (random_->below(20)) {
            case 0:
            case 1:
                return model::RoleChange{static_cast<model::RoleKind>(random_->below(4)), maybe(40, programme),
                                         maybe(20, site), random_->chance(35)};
            case 2:
            case 3:
                return attributes();
            case 4:
                return model::ConsentStatement{purpose(), maybe(40, channel),
                                               static_cast<model::ConsentDecision>(random_->below(4)), "v1"};
            case 5:
            case 6: {
                if (random_->chance(30) || people_ == 1) {
                    return model::RelationChange{model::RelationKind::works_at, OrganisationId{random_->between(1, 3)},
                                                 random_->chance(35)};
                }
                const auto other = static_cast<std::size_t>(person.value()) + random_->below(people_ - 1);
                return model::RelationChange{static_cast<model::RelationKind>(random_->below(4)),
                                             PersonId{static_cast<std::int64_t>(other % people_ + 1)},
                                             random_->chance(35)};
            }
            case 7:
                return model::DialogueChange{DialogueId{person.value() * 10 + random_->between(0, 1)},
                                             static_cast<model::DialogueStep>(random_->below(6)), maybe(50, team),
                                             maybe(50, topic), maybe(50, tone)};
            case 8:
                return model::EnrolmentChange{programme(), static_cast<model::EnrolmentStatus>(random_->below(7))};
            case 9:
            case 10:
                return model::ObligationChange{
                    symbols_->obligations.intern(pick(*random_, duties)), random_->chance(70) ? "a" : "b",
                    random_->chance(60) ? model::ObligationStep::opened
                                        : static_cast<model::ObligationStep>(random_->below(3)),
                    maybe(80,
                          [&] {
                              const Instant due = instant();
                              return due + days{random_->between(0, 10)};
                          }),
                    maybe(40, [&] { return static_cast<double>(random_->between(1, 40)); })};
            case 11:
            case 12:
                return model::Result{symbols_->assessments.intern(pick(*random_, assessments)),
                                     static_cast<double>(random_->between(0, 10)) / 10};
            default:
                break;
        }
        model::Interaction said{channel(), static_cast<model::Act>(random_->below(16)),
                                random_->chance(30) ? model::Direction::outbound : model::Direction::inbound};
        if (said.direction == model::Direction::outbound && random_->chance(70)) said.act = model::Act::sent;
        if (said.direction == model::Direction::inbound && random_->chance(30)) said.act = model::Act::replied;
        said.topic = maybe(60, topic);
        said.language = maybe(20, [&] { return symbols_->languages.intern(pick(*random_, languages)); });
        said.actor = static_cast<model::ActorKind>(random_->below(4));
        said.team = maybe(20, team);
        said.purpose = maybe(30, purpose);
        said.action = maybe(30, [&] { return symbols_->actions.intern(pick(*random_, actions)); });
        said.quantity = static_cast<std::uint32_t>(random_->between(1, 6));
        said.tone = maybe(30, tone);
        if (random_->chance(40)) said.text = pick(*random_, sayings);
        return said;
    }
    model::AttributeStatement attributes() {
        model::AttributeStatement statement;
        const auto add = [&](std::string_view name, model::AttributeValue value) {
            statement.attributes.push_back({symbols_->attributes.intern(name), std::move(value)});
        };
        if (random_->chance(50)) add("zone", random_->chance(80) ? pick(*random_, zones) : std::string{"Test/Lost"});
        if (random_->chance(30)) add("language", pick(*random_, languages));
        if (random_->chance(40)) {
            add("credits", random_->chance(80) ? model::AttributeValue{static_cast<double>(random_->between(0, 5))}
                                               : model::AttributeValue{});
        }
        if (random_->chance(40)) {
            const int year = random_->chance(70) ? 2000 : 2026;
            const auto month = static_cast<int>(random_->between(3, 4));
            add("birthday", Day::from_ymd(year, month, static_cast<int>(random_->between(1, 30))));
        }
        if (random_->chance(30)) add("visit", Day::from_ymd(2026, 3, 2) + static_cast<int>(random_->below(60)));
        if (random_->chance(30)) add("list:open day", random_->chance(60));
        if (random_->chance(20)) add("city", random_->chance(50) ? std::string{"Zwolle"} : std::string{"Hoorn"});
        return statement;
    }

    Random* random_;
    model::Symbols* symbols_;
    std::size_t people_;
    std::size_t made_ = 0;
    std::vector<Instant> instants_;
};

}  // namespace segment_cases
