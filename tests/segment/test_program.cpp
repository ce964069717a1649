#include <alloquy/segment/program.hpp>

#include <algorithm>
#include <cmath>
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

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/id.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/segment/calendar.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/evaluate.hpp>
#include <alloquy/segment/fact_kinds.hpp>
#include <alloquy/segment/parse.hpp>
#include <alloquy/time/academic_calendar.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>

#include "../support/calendars.hpp"
#include "../support/instants.hpp"
#include "../support/random.hpp"

namespace model = alloquy::model;
using namespace alloquy::segment;
using alloquy::InvalidArgument;
using alloquy::PersonId;
using alloquy::support::at;
using alloquy::support::day;
using alloquy::support::days;
using alloquy::support::find_central_zone;
using alloquy::support::Random;
using alloquy::time::Day;
using alloquy::time::Instant;
using model::AttributeValue;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;

std::int64_t ms(std::string_view iso) {
    return at(iso).unix_ms();
}

const Catalogue catalogue{{{"steady", FieldType::number, Motion::steady},
                           {"jump", FieldType::number, Motion::jumps},
                           {"age", FieldType::number, Motion::ageing},
                           {"near", FieldType::number, Motion::nearing},
                           {"fall", FieldType::number, Motion::falling},
                           {"hour", FieldType::number, Motion::hourly},
                           {"city", FieldType::text, Motion::steady}}};

const SegmentCalendar& central() {
    static const SegmentCalendar calendar{find_central_zone, "Test/Central",
                                          alloquy::time::AcademicCalendar{{{{"2025-2026",
                                                                             days("2025-09-01", "2026-07-11"),
                                                                             {{"1", days("2025-09-01", "2026-01-31")},
                                                                              {"2", days("2026-02-09", "2026-03-28")},
                                                                              {"3", days("2026-03-30", "2026-07-11")}},
                                                                             {},
                                                                             {}}},
                                                                           {}}}};
    return calendar;
}

/// One person as plain data. Numbers are functions of the instant; facts after an instant are left out by the views.
struct World {
    model::Person state{PersonId{1}};
    std::optional<double> steady{};
    std::vector<std::pair<std::int64_t, double>> jumps{};   ///< The value from an instant on, ascending.
    std::vector<std::int64_t> ages{};                       ///< Days since the latest of these instants, ascending.
    std::vector<std::int64_t> nears{};                      ///< Days to the next of these instants, ascending.
    std::optional<std::pair<std::int64_t, double>> fall{};  ///< Value at an instant; it halves once a day.
    bool has_hour = false;
    AttributeValue city{};
    std::vector<std::pair<std::int64_t, model::FactContent>> facts{};  ///< Ascending.
    std::map<std::string, std::vector<Turn>> turns{};
    std::vector<World> others{};
    std::vector<model::Organisation> organisations{};
    const model::Symbols* symbols = nullptr;
    // Made of the facts by prepare().
    std::vector<SeenFact> seen{};
    std::vector<KeptFact> kept{};

    void prepare(FactKinds& kinds) {
        seen.clear();
        kept.clear();
        for (const auto& [at_ms, content] : facts) {
            seen.push_back({Instant::from_unix_ms(at_ms), *fact_content(content, *symbols)});
            kept.emplace_back(at_ms, *kinds.kind_of(content));
        }
        std::sort(kept.begin(), kept.end());
        for (World& other : others) {
            other.symbols = symbols;
            other.prepare(kinds);
        }
    }
    [[nodiscard]] std::optional<double> number(std::size_t field, std::int64_t at_ms) const {
        switch (field) {
            case 0:
                return steady;
            case 1: {
                std::optional<double> value;
                for (const auto& [from, each] : jumps) {
                    if (from <= at_ms) value = each;
                }
                return value;
            }
            case 2: {
                std::optional<double> value;
                for (const std::int64_t from : ages) {
                    if (from <= at_ms) value = static_cast<double>(at_ms - from) / static_cast<double>(day_ms);
                }
                return value;
            }
            case 3:
                for (const std::int64_t to : nears) {
                    if (at_ms <= to) return static_cast<double>(to - at_ms) / static_cast<double>(day_ms);
                }
                return std::nullopt;
            case 4:
                if (!fall) return std::nullopt;
                return fall->second *
                       std::exp2(-static_cast<double>(at_ms - fall->first) / static_cast<double>(day_ms));
            case 5:
                // Whatever: another number every ten minutes.
                if (!has_hour) return std::nullopt;
                return static_cast<double>(at_ms / 600'000 % 7);
            default:
                return std::nullopt;
        }
    }
    [[nodiscard]] std::int64_t next_jump(std::size_t field, std::int64_t now_ms) const {
        std::int64_t next = never_ms;
        const auto note = [&](std::int64_t at_ms) {
            if (at_ms > now_ms) next = std::min(next, at_ms);
        };
        if (field == 1) {
            for (const auto& jump : jumps) note(jump.first);
        }
        if (field == 2) {
            for (const std::int64_t from : ages) note(from);
        }
        if (field == 3) {
            for (const std::int64_t to : nears) note(to + 1);
        }
        return next;
    }
    [[nodiscard]] std::size_t count_until(std::int64_t at_ms) const {
        std::size_t count = 0;
        while (count < seen.size() && seen[count].at.unix_ms() <= at_ms) ++count;
        return count;
    }
    [[nodiscard]] const World* other(PersonId id) const {
        for (const World& each : others) {
            if (each.state.id == id) return &each;
        }
        return nullptr;
    }
    [[nodiscard]] const model::Organisation* organisation(alloquy::OrganisationId id) const {
        for (const model::Organisation& each : organisations) {
            if (each.id == id) return &each;
        }
        return nullptr;
    }
};

const std::vector<std::string> segment_names{"a", "b"};

/// A person at one instant who has the facts and changes of membership up to another one, for holds().
struct Snapshot {
    const World* world;
    std::int64_t now;
    std::int64_t known;
    std::vector<SeenFact> seen;

    Snapshot(const World& of, std::int64_t now_ms, std::int64_t known_ms)
        : world{&of},
          now{now_ms},
          known{std::min(now_ms, known_ms)},
          seen(of.seen.begin(), of.seen.begin() + static_cast<std::ptrdiff_t>(of.count_until(known))) {}
    [[nodiscard]] Instant now_() const { return Instant::from_unix_ms(now); }
};
struct Seen : Snapshot {
    using Snapshot::Snapshot;
    [[nodiscard]] Instant now() const { return now_(); }
    [[nodiscard]] AttributeValue value(const std::string& name) const {
        if (const auto field = catalogue.find(name)) {
            if (*field == 6) return world->city;
            std::int64_t at_ms = Snapshot::now;
            if (*field == 5) {
                // As Motion::hourly says: as of the start of the hour, or of the latest fact where that is later.
                at_ms -= at_ms % hour_ms;
                if (!seen.empty()) at_ms = std::max(at_ms, seen.back().at.unix_ms());
            }
            const std::optional<double> number = world->number(*field, at_ms);
            return number ? AttributeValue{*number} : AttributeValue{};
        }
        const auto word = world->symbols->attributes.find(std::string_view{name}.substr(attribute_prefix.size()));
        const AttributeValue* const value = word ? model::attribute(world->state, *word) : nullptr;
        return value == nullptr ? AttributeValue{} : *value;
    }
    [[nodiscard]] const model::Person& person() const { return world->state; }
    [[nodiscard]] const model::Symbols& symbols() const { return *world->symbols; }
    [[nodiscard]] const SegmentCalendar& calendar() const { return central(); }
    [[nodiscard]] std::uint64_t key() const { return 42; }
    [[nodiscard]] std::span<const SeenFact> facts() const { return seen; }
    [[nodiscard]] std::vector<Turn> turns(const std::string& name) const {
        const auto found = world->turns.find(name);
        std::vector<Turn> turns = found == world->turns.end() ? std::vector<Turn>{} : found->second;
        std::erase_if(turns, [&](const Turn& turn) { return turn.at.unix_ms() > known; });
        return turns;
    }
    [[nodiscard]] bool is_in_segment(const std::string& name) const {
        const std::vector<Turn> all = turns(name);
        return !all.empty() && all.back().entered;
    }
    [[nodiscard]] std::optional<Seen> other(PersonId id) const {
        const World* const found = world->other(id);
        return found == nullptr ? std::nullopt : std::optional{Seen{*found, Snapshot::now, known}};
    }
    [[nodiscard]] const model::Organisation* organisation(alloquy::OrganisationId id) const {
        return world->organisation(id);
    }
};
static_assert(Subject<Seen>);

/// The same person for a Program.
struct Live {
    const World* world;
    std::int64_t now;
    std::int64_t known;
    std::int64_t followed;  ///< Changes of membership up to here are known beforehand.
    std::vector<PackedTurn> packed{};

    Live(const World& of, std::int64_t now_ms, std::int64_t known_ms)
        : world{&of}, now{now_ms}, known{std::min(now_ms, known_ms)}, followed{known_ms} {
        for (std::uint32_t segment = 0; segment < segment_names.size(); ++segment) {
            const auto found = of.turns.find(segment_names[segment]);
            if (found == of.turns.end()) continue;
            for (const Turn& turn : found->second) {
                if (turn.at.unix_ms() <= known) packed.emplace_back(turn.at.unix_ms(), segment, turn.entered);
            }
        }
        std::sort(packed.begin(), packed.end());
    }
    [[nodiscard]] std::int64_t now_ms() const { return now; }
    [[nodiscard]] const model::Person& person() const { return world->state; }
    [[nodiscard]] const model::Symbols& symbols() const { return *world->symbols; }
    [[nodiscard]] std::uint64_t key() const { return 42; }
    [[nodiscard]] std::optional<double> number(std::size_t field, std::int64_t at_ms) const {
        return world->number(field, at_ms);
    }
    [[nodiscard]] AttributeValue text(std::size_t) const { return world->city; }
    [[nodiscard]] std::int64_t next_jump(std::size_t field) const { return world->next_jump(field, now); }
    [[nodiscard]] double half_life_days(std::size_t) const { return 1; }
    [[nodiscard]] std::int64_t latest_fact_ms() const {
        const std::size_t count = world->count_until(known);
        return count == 0 ? always_ms : world->seen[count - 1].at.unix_ms();
    }
    [[nodiscard]] std::span<const KeptFact> facts() const {
        return std::span{world->kept}.first(world->count_until(known));
    }
    [[nodiscard]] bool is_member(std::uint32_t segment) const {
        return Seen{*world, now, known}.is_in_segment(segment_names.at(segment));
    }
    [[nodiscard]] std::span<const PackedTurn> turns() const { return packed; }
    [[nodiscard]] std::int64_t next_turn(std::uint32_t segment) const {
        const auto found = world->turns.find(segment_names.at(segment));
        if (found == world->turns.end()) return never_ms;
        for (const Turn& turn : found->second) {
            const std::int64_t at_ms = turn.at.unix_ms();
            if (at_ms > now && at_ms <= followed) return at_ms;
        }
        return never_ms;
    }
    [[nodiscard]] const model::Organisation* organisation(alloquy::OrganisationId id) const {
        return world->organisation(id);
    }
    [[nodiscard]] std::optional<Live> other(PersonId id) const {
        const World* const found = world->other(id);
        return found == nullptr ? std::nullopt : std::optional{Live{*found, now, followed}};
    }
};
static_assert(LivePerson<Live>);

std::optional<std::uint32_t> find_segment(std::string_view name) {
    for (std::uint32_t i = 0; i < segment_names.size(); ++i) {
        if (segment_names[i] == name) return i;
    }
    return std::nullopt;
}

/// A person, and a program for what is asked about them.
struct Asked {
    model::Symbols symbols{};
    World world{};
    FactKinds kinds{symbols};
    Program program{catalogue, kinds, central(), find_segment};

    Asked() { world.symbols = &symbols; }
    Asked(const Asked&) = delete;
    Asked& operator=(const Asked&) = delete;

    void visit(std::string_view when, std::string_view channel = "mail", std::uint32_t quantity = 1) {
        model::Interaction fact{symbols.channels.intern(channel), model::Act::visited, model::Direction::inbound};
        fact.quantity = quantity;
        world.facts.emplace_back(ms(when), fact);
    }
    void act(std::string_view when, model::Act act) {
        world.facts.emplace_back(ms(when),
                                 model::Interaction{symbols.channels.intern("mail"), act, model::Direction::outbound});
    }
    std::uint32_t add(std::string_view text) { return program.add(parse(text, catalogue)); }
    /// The answer at an instant, with all facts up to it.
    Verdict ask(std::string_view text, std::int64_t now_ms, bool precise = true) {
        const std::uint32_t place = add(text);
        world.prepare(kinds);
        return program.ask(place, Live{world, now_ms, now_ms}, precise);
    }
    Verdict ask(std::string_view text, std::string_view now, bool precise = true) {
        return ask(text, ms(now), precise);
    }
};

/// Somebody to whom everything that conditions ask about happens, around a change of the clocks.
void fill(Asked& asked) {
    using model::RoleKind;
    World& world = asked.world;
    model::Symbols& symbols = asked.symbols;
    const Instant long_ago = at("2020-01-01T00:00Z");
    world.steady = 3;
    world.jumps = {{ms("2026-03-27T10:00Z"), 1}, {ms("2026-03-28T10:00Z"), 5}, {ms("2026-03-30T10:00Z"), 2}};
    world.ages = {ms("2026-03-27T06:00Z"), ms("2026-03-30T06:00Z")};
    world.nears = {ms("2026-03-28T06:00Z"), ms("2026-04-01T06:00Z")};
    world.fall = {{ms("2026-03-27T00:00Z"), 0.8}};
    world.has_hour = true;
    world.city = std::string{"Ede"};
    asked.visit("2026-03-27T01:00Z", "mail", 1);
    asked.visit("2026-03-27T12:30Z", "phone", 4);
    asked.act("2026-03-28T00:00Z", model::Act::sent);
    asked.visit("2026-03-28T00:00Z", "mail", 2);
    asked.act("2026-03-28T12:00Z", model::Act::replied);
    asked.act("2026-03-29T00:15Z", model::Act::sent);
    asked.visit("2026-03-29T23:00Z", "phone", 1);
    world.facts.emplace_back(ms("2026-03-30T08:00Z"), model::Result{symbols.assessments.intern("exam"), 0.5});
    world.state.zone = "Test/East";
    world.state.roles = {
        {RoleKind::student, symbols.programmes.intern("law"), {}, at("2026-03-28T09:00Z"), at("2026-03-30T09:00Z")},
        {RoleKind::staff, {}, {}, long_ago, at("2026-03-29T09:00Z")}};
    world.state.attributes = {{symbols.attributes.intern("born"), day("2000-03-29")},
                              {symbols.attributes.intern("on"), day("2026-03-30")},
                              {symbols.attributes.intern("list:open day"), true}};
    world.state.relations = {
        {model::RelationKind::guardian_of, PersonId{2}, at("2026-03-28T09:00Z"), at("2026-03-30T12:00Z")},
        {model::RelationKind::works_at, alloquy::OrganisationId{1}, at("2026-03-29T01:00Z"), {}}};
    world.state.obligations = {
        {symbols.obligations.intern("fee"), "", model::ObligationStep::opened, at("2026-03-29T10:00Z"), long_ago, {}}};
    world.state.dialogues = {{alloquy::DialogueId{1},
                              model::DialogueStep::pending,
                              long_ago,
                              long_ago,
                              {},
                              symbols.topics.intern("housing"),
                              model::Tone::complaint,
                              0}};
    world.state.enrolments = {{symbols.programmes.intern("law"), model::EnrolmentStatus::enrolled, long_ago}};
    world.state.consents = {{symbols.purposes.intern("news"), {}, true, false, {}, long_ago, long_ago, {}}};
    world.organisations = {{alloquy::OrganisationId{1}, model::OrganisationKind::employer, "Mill"}};
    world.turns["a"] = {
        {at("2026-03-27T08:00Z"), true}, {at("2026-03-28T08:00Z"), false}, {at("2026-03-29T08:00Z"), true}};
    World child;
    child.state.id = PersonId{2};
    child.state.roles = {{RoleKind::student, {}, {}, long_ago, at("2026-03-29T15:00Z")}};
    child.ages = {ms("2026-03-28T18:00Z")};
    child.facts = {{ms("2026-03-28T21:00Z"), model::Interaction{symbols.channels.intern("mail"), model::Act::visited,
                                                                model::Direction::inbound}}};
    child.turns["b"] = {{at("2026-03-28T11:00Z"), true}};
    world.others = {child};
}

/// Conditions over all of what fill() makes.
const std::vector<std::string> conditions{
    "true",
    "false",
    "steady = 3",
    "steady > 3",
    "city = \"Ede\"",
    "city starts with \"e\"",
    "jump > 1",
    "jump = 5",
    "not jump < 3",
    "jump is known",
    "jump between 2 and 5",
    "jump in (1, 2)",
    "age >= 1",
    "age > 1",
    "age = 1",
    "age < 0.5",
    "age <= 0.5",
    "age between 0.25 and 1.5",
    "age is known",
    "not age > 2",
    "near <= 1",
    "near < 1",
    "near = 2",
    "near >= 0.5",
    "near > 0",
    "near between 0.25 and 0.75",
    "near is unknown",
    "fall < 0.2",
    "fall <= 0.2",
    "fall > 0.1",
    "fall >= 0.4",
    "fall between 0.1 and 0.3",
    "fall in (0.4, 0.2)",
    "fall is known",
    "hour > 3",
    "hour = 0",
    "hour between 1 and 4",
    "attribute:on = today",
    "attribute:on > today in own zone",
    "attribute:on = today + 1 day",
    "attribute:on between today and today + 1 day",
    "attribute:on in (today - 1 day, today + 2 days)",
    "not attribute:on >= today in zone \"UTC\"",
    "attribute:none is known",
    "count of interactions >= 2",
    "count of interactions in last 1 day >= 2",
    "count of interactions in last 1 hour = 1",
    "no interactions in last 12 hours",
    "some interactions where channel = \"phone\" in last 1 day",
    "sum quantity of interactions in last 1 day >= 4",
    "mean quantity of interactions in last 36 hours > 1.5",
    "least quantity of interactions in last 1 day = 1",
    "greatest quantity of interactions in last 1 day > 1",
    "first channel of interactions in last 1 day = \"mail\"",
    "last channel of interactions in last 1 day = \"phone\"",
    "distinct channel of interactions in last 1 day = 2",
    "most frequent channel of interactions in last 1 day = \"mail\"",
    "first quantity of interactions where act = \"visited\" in last 2 days > 1",
    "days since last of interactions > 0.5",
    "days since last of interactions >= 0.5",
    "days since last of interactions = 0.25",
    "days since first of interactions > 1",
    "days since first of interactions in last 1 day > 0.5",
    "days since last of interactions in last 12 hours is known",
    "days since last of interactions where channel = \"phone\" between 0.5 and 1",
    "some interactions in this day",
    "some interactions in this day in own zone",
    "count of interactions in previous day >= 2",
    "some interactions in this week",
    "count of interactions in previous week > 3",
    "some interactions in this month",
    "some interactions in this term",
    "some interactions in previous term",
    "some interactions in this academic year",
    "some interactions from 2026-03-29 to 2026-03-29",
    "count of interactions to 2026-03-28 >= 4",
    "some results since 2026-03-30",
    "mean fraction of results in last 1 day = 0.5",
    "values of channel of interactions in last 1 day has all of (\"mail\", \"phone\")",
    "values of channel of interactions in last 1 day has any of (\"phone\")",
    "values of channel of interactions in last 1 day has none of (\"phone\")",
    "values of channel of interactions in last 1 day has only (\"mail\")",
    "values of channel of interactions in this day has only (\"mail\", \"fax\")",
    "anniversary of attribute:born today",
    "anniversary of attribute:born in next 2 days in own zone",
    "anniversary of attribute:on in next 1 day",
    "sequence (interactions where act = \"sent\" then interactions where act = \"replied\")",
    "sequence (interactions where act = \"sent\" then interactions where act = \"replied\" within 12 hours)",
    "sequence (interactions where act = \"sent\" then interactions where act = \"replied\" within 11 hours)",
    "sequence (interactions where act = \"sent\" then interactions where act = \"replied\") in last 1 day",
    "sequence (interactions where act = \"sent\" then no interactions where act = \"replied\")",
    "sequence (interactions where act = \"sent\" then no interactions where act = \"replied\" within 11 hours)",
    "sequence (interactions where act = \"sent\" then no interactions where act = \"replied\" within 12 hours)",
    "sequence (interactions where act = \"sent\" then no interactions within 12 hours) in last 1 day",
    "sequence (interactions then interactions then no interactions within 6 hours) in this day",
    "role student",
    "former role student of \"law\"",
    "ever role",
    "count of current roles = 2",
    "count of former roles >= 1",
    "relation guardian_of to person",
    "former relation guardian_of to person",
    "relation guardian_of to person where role student",
    "relation guardian_of to person where (age > 0.5 and role student)",
    "relation guardian_of to person where no interactions in last 6 hours",
    "relation guardian_of to person where not in segment \"b\"",
    "relation to organisation \"Mill\"",
    "open obligation",
    "overdue obligation",
    "open obligation due within 12 hours",
    "fulfilled obligation",
    "open dialogue about \"housing\" of tone complaint",
    "closed dialogue",
    "enrolment with status enrolled of \"law\"",
    "consent to \"news\" by \"mail\"",
    "objection to \"news\"",
    "random 50 % of \"x\"",
    "on list \"open day\"",
    "in segment \"a\"",
    "not in segment \"a\"",
    "in segment \"a\" for 12 hours",
    "was in segment \"a\"",
    "was in segment \"a\" in last 1 day",
    "was in segment \"a\" in this day",
    "was in segment \"a\" in previous day",
    "was in segment \"a\" from 2026-03-29 to 2026-03-29",
    "entered segment \"a\" in last 1 day",
    "left segment \"a\" in last 1 day",
    "entered segment \"a\" in this day",
    "left segment \"a\" in previous day",
    "role student and some interactions in last 1 day",
    "role student or age > 1 or fall < 0.1",
    "not (role student and near < 1) and (jump > 1 or in segment \"a\")",
    "some interactions in last 1 day and not some interactions where channel = \"phone\" in last 1 day"};

/// Instants at which an answer may turn, 1 ms before and after them, and some others; within four days.
std::vector<std::int64_t> instants_of(const World& world) {
    const std::int64_t first = ms("2026-03-27T00:00Z");
    const std::int64_t last = ms("2026-03-31T12:00Z");
    std::set<std::int64_t> events;
    for (std::int64_t hour = first; hour <= last; hour += hour_ms / 2) events.insert(hour);
    const auto add = [&](std::int64_t at_ms) {
        for (const std::int64_t after :
             {std::int64_t{0}, hour_ms, 6 * hour_ms, 11 * hour_ms, 12 * hour_ms, day_ms, 36 * hour_ms, 2 * day_ms}) {
            events.insert(at_ms + after);
            events.insert(at_ms - after);
        }
    };
    const auto add_world = [&](const World& of) {
        for (const auto& fact : of.facts) add(fact.first);
        for (const auto& jump : of.jumps) add(jump.first);
        for (const std::int64_t each : of.ages) add(each);
        for (const std::int64_t each : of.nears) add(each);
        for (const model::Role& role : of.state.roles) {
            add(role.start.unix_ms());
            if (role.end_exclusive) add(role.end_exclusive->unix_ms());
        }
        for (const model::Relation& relation : of.state.relations) {
            add(relation.start.unix_ms());
            if (relation.end_exclusive) add(relation.end_exclusive->unix_ms());
        }
        for (const model::Obligation& duty : of.state.obligations) add(duty.due->unix_ms());
        for (const auto& turns : of.turns) {
            for (const Turn& turn : turns.second) add(turn.at.unix_ms());
        }
    };
    add_world(world);
    for (const World& other : world.others) add_world(other);
    std::set<std::int64_t> all;
    for (const std::int64_t event : events) {
        for (const std::int64_t at_ms : {event - 2, event - 1, event, event + 1, event + 2}) {
            if (at_ms >= first && at_ms <= last) all.insert(at_ms);
        }
    }
    return {all.begin(), all.end()};
}

}  // namespace

TEST_SUITE("segment/program") {
    TEST_CASE("the answers are those of holds(), and stand as long as is told if no fact comes in") {
        Asked asked;
        std::vector<Condition> trees;
        for (const std::string& text : conditions) {
            trees.push_back(parse(text, catalogue));
            REQUIRE(asked.program.add(trees.back()) == trees.size() - 1);
        }
        fill(asked);
        asked.world.prepare(asked.kinds);
        const World& world = asked.world;
        const std::vector<std::int64_t> instants = instants_of(world);
        REQUIRE(instants.size() > 500);
        Random random{1};
        std::size_t turning = 0;
        for (std::uint32_t place = 0; place < trees.size(); ++place) {
            const std::string& text = conditions[place];
            CAPTURE(text);
            bool before = false;
            for (std::size_t i = 0; i < instants.size(); ++i) {
                const std::int64_t now = instants[i];
                CAPTURE(now);
                const Verdict verdict = asked.program.ask(place, Live{world, now, now});
                const bool expected = holds(trees[place], Seen{world, now, now});
                REQUIRE(verdict.holds == expected);
                REQUIRE(verdict.until_ms > now);
                turning += i > 0 && expected != before ? 1 : 0;
                before = expected;
                // An answer that is not sought to the millisecond is the same and does not stand longer.
                const Verdict rough = asked.program.ask(place, Live{world, now, now}, false);
                REQUIRE(rough.holds == expected);
                REQUIRE(rough.until_ms > now);
                REQUIRE(rough.until_ms <= verdict.until_ms);
                if (i % 4 != 0) continue;
                const auto end = std::lower_bound(instants.begin(), instants.end(), verdict.until_ms);
                std::vector<std::int64_t> later;
                if (verdict.until_ms <= instants.back()) later.push_back(verdict.until_ms - 1);
                for (int n = 0; n < 6; ++n) {
                    const auto left = static_cast<std::size_t>(end - instants.begin()) - i;
                    later.push_back(instants[i + random.below(left)]);
                }
                for (const std::int64_t then : later) {
                    CAPTURE(then);
                    REQUIRE(holds(trees[place], Seen{world, then, now}) == expected);
                }
            }
        }
        CHECK(turning > conditions.size());  // or nothing was seen
    }

    TEST_CASE("asking again when an answer may turn finds every turn without a fact") {
        // All facts are known from the start; windows, ages and deadlines go on without one.
        Asked asked;
        std::vector<Condition> trees;
        for (const std::string& text : conditions) {
            trees.push_back(parse(text, catalogue));
            (void)asked.program.add(trees.back());
        }
        fill(asked);
        asked.world.prepare(asked.kinds);
        const World& world = asked.world;
        const std::int64_t start = ms("2026-03-30T08:00Z");
        const std::int64_t end = ms("2026-04-02T12:00Z");
        for (const bool precise : {true, false}) {
            for (std::uint32_t place = 0; place < trees.size(); ++place) {
                const std::string& text = conditions[place];
                CAPTURE(text);
                std::int64_t now = start;
                std::size_t steps = 0;
                while (now < end) {
                    const Verdict verdict = asked.program.ask(place, Live{world, now, start}, precise);
                    REQUIRE(verdict.until_ms > now);
                    const std::int64_t until = std::min(verdict.until_ms, end);
                    for (const std::int64_t then : {now, now + 1, now + (until - now) / 3, until - 2, until - 1}) {
                        if (then < now || then >= until) continue;
                        REQUIRE(holds(trees[place], Seen{world, then, start}) == verdict.holds);
                    }
                    now = verdict.until_ms;
                    REQUIRE(++steps < 1000);
                }
            }
        }
    }

    TEST_CASE("a rolling window turns when the oldest fact in it leaves") {
        Asked asked;
        asked.visit("2026-03-01T00:00Z");
        asked.visit("2026-03-01T10:00Z", "phone");
        const std::int64_t out = ms("2026-03-02T00:00Z");
        const std::string two = "count of interactions in last 1 day >= 2";
        CHECK(asked.ask(two, "2026-03-01T09:59:59.999Z") == Verdict{false, out});
        CHECK(asked.ask(two, "2026-03-01T10:00Z") == Verdict{true, out});
        CHECK(asked.ask(two, "2026-03-01T23:59:59.999Z") == Verdict{true, out});
        CHECK(asked.ask(two, "2026-03-02T00:00Z") == Verdict{false, ms("2026-03-02T10:00Z")});
        CHECK(asked.ask(two, "2026-03-02T10:00Z") == Verdict{false, never_ms});
        CHECK(asked.ask("some interactions where channel = \"phone\" in last 1 day", "2026-03-01T12:00Z") ==
              Verdict{true, ms("2026-03-02T10:00Z")});
        CHECK(asked.ask("some interactions", "2026-03-01T12:00Z") == Verdict{true, never_ms});
        // The last one stays longest.
        CHECK(asked.ask("days since last of interactions in last 1 day is known", "2026-03-01T12:00Z") ==
              Verdict{true, ms("2026-03-02T10:00Z")});
    }

    TEST_CASE("a number of days turns at the very millisecond") {
        Asked asked;
        const std::int64_t base = ms("2026-03-01T00:00Z");
        asked.visit("2026-03-01T00:00Z");
        asked.world.ages = {base};
        asked.world.nears = {base + 10 * day_ms};
        for (const std::string number :
             {"age", "days since last of interactions", "days since first of interactions"}) {
            CAPTURE(number);
            const std::int64_t three = base + 3 * day_ms;
            CHECK(asked.ask(number + " >= 3", base) == Verdict{false, three});
            CHECK(asked.ask(number + " >= 3", three - 1) == Verdict{false, three});
            CHECK(asked.ask(number + " >= 3", three).holds);
            CHECK(asked.ask(number + " >= 3", three + 1) == Verdict{true, never_ms});
            CHECK(asked.ask(number + " > 3", three) == Verdict{false, three + 1});
            CHECK(asked.ask(number + " = 3", three) == Verdict{true, three + 1});
            CHECK(asked.ask(number + " = 3", three + 1) == Verdict{false, never_ms});
            CHECK(asked.ask(number + " between 3 and 5", three - 1) == Verdict{false, three});
            CHECK(asked.ask(number + " between 3 and 5", three + 1) == Verdict{true, base + 5 * day_ms});
            CHECK(asked.ask(number + " between 3 and 5", base + 5 * day_ms) == Verdict{true, base + 5 * day_ms + 1});
            // 0.1 days are 8,640,000 ms, 1/3 of a day is none of them: the first instant at which it is reached.
            CHECK(asked.ask(number + " >= 0.1", base) == Verdict{false, base + 8'640'000});
            CHECK(asked.ask(number + " >= 0.3333333333", base) == Verdict{false, base + 28'800'000});
            CHECK(asked.ask(number + " >= 0.3333333334", base) == Verdict{false, base + 28'800'001});
        }
        const std::int64_t target = base + 10 * day_ms;
        CHECK(asked.ask("near <= 7", base) == Verdict{false, base + 3 * day_ms});
        CHECK(asked.ask("near <= 7", base + 3 * day_ms - 1) == Verdict{false, base + 3 * day_ms});
        CHECK(asked.ask("near < 7", base + 3 * day_ms) == Verdict{false, base + 3 * day_ms + 1});
        CHECK(asked.ask("near < 7", base + 3 * day_ms + 1) == Verdict{true, target + 1});
        CHECK(asked.ask("near >= 0", target) == Verdict{true, target + 1});
        CHECK(asked.ask("near >= 0", target + 1) == Verdict{false, never_ms});
    }

    TEST_CASE("a number that jumps turns at its jumps, one that moves hourly at the hour") {
        Asked asked;
        asked.world.jumps = {{1000, 1}, {2000, 5}, {2500, 5}};
        CHECK(asked.ask("jump > 1", 0) == Verdict{false, 1000});
        CHECK(asked.ask("jump > 1", 1000) == Verdict{false, 2000});
        CHECK(asked.ask("jump > 1", 1999) == Verdict{false, 2000});
        CHECK(asked.ask("jump > 1", 2000) == Verdict{true, 2500});
        CHECK(asked.ask("jump > 1", 2500) == Verdict{true, never_ms});
        asked.world.has_hour = true;
        // 11:00 is 66 tens of minutes after the start of the day 0 of the count: 66 % 7 = 3.
        CHECK(asked.ask("hour = 3", 11 * hour_ms) == Verdict{true, 12 * hour_ms});
        CHECK(asked.ask("hour = 3", 12 * hour_ms - 1) == Verdict{true, 12 * hour_ms});
        CHECK(asked.ask("hour = 3", 12 * hour_ms) == Verdict{false, 13 * hour_ms});
        // A fact at 11:30 shows the number of then: 69 % 7 = 6.
        asked.world.facts.emplace_back(11 * hour_ms + hour_ms / 2,
                                       model::Result{asked.symbols.assessments.intern("x"), 1});
        CHECK(asked.ask("hour = 6", 11 * hour_ms + hour_ms / 2) == Verdict{true, 12 * hour_ms});
        CHECK(asked.ask("hour = 6", 12 * hour_ms - 1) == Verdict{true, 12 * hour_ms});
        CHECK(asked.ask("steady > 1", 0) == Verdict{false, never_ms});
        CHECK(asked.ask("city = \"Ede\"", 0) == Verdict{false, never_ms});
    }

    TEST_CASE("a falling number turns at the very millisecond where that is asked for, and never later") {
        Asked asked;
        const std::int64_t base = ms("2026-03-01T00:00Z");
        asked.world.fall = {{base, 0.8}};
        // 0.8 is 4 times 0.2, to the last bit: two half-lives of a day.
        const std::int64_t two = base + 2 * day_ms;
        CHECK(asked.ask("fall <= 0.2", base) == Verdict{false, two});
        CHECK(asked.ask("fall <= 0.2", two - 1) == Verdict{false, two});
        CHECK(asked.ask("fall > 0.2", base) == Verdict{true, two});
        CHECK(asked.ask("fall <= 0.2", two).holds);
        CHECK(asked.ask("fall < 0.2", two) == Verdict{false, two + 1});
        CHECK(asked.ask("fall = 0.2", two) == Verdict{true, two + 1});
        CHECK(asked.ask("fall < 0.2", two + 1) == Verdict{true, never_ms});
        CHECK(asked.ask("fall < 0.9", base) == Verdict{true, never_ms});
        CHECK(asked.ask("fall < -1", base) == Verdict{false, never_ms});
        for (const double bound : {0.79999, 0.5, 0.3, 0.123456789, 0.01, 1e-3, 1e-6}) {
            CAPTURE(bound);
            const Condition below{Comparison{std::string{"fall"}, Relation::less, bound}};
            const std::uint32_t place = asked.program.add(below);
            asked.world.prepare(asked.kinds);
            // From now on in the fake's own numbers: the first millisecond at or below the bound, by halving.
            for (const std::int64_t now : {base, base + 12'345, base + hour_ms}) {
                if (!(*asked.world.number(4, now) > bound)) continue;
                std::int64_t above = now;
                std::int64_t reached = now + 40 * day_ms;
                while (reached - above > 1) {
                    const std::int64_t middle = above + (reached - above) / 2;
                    (*asked.world.number(4, middle) > bound ? above : reached) = middle;
                }
                const Verdict exact = asked.program.ask(place, Live{asked.world, now, now}, true);
                CHECK(exact == Verdict{false, reached});
                const Verdict rough = asked.program.ask(place, Live{asked.world, now, now}, false);
                CHECK_FALSE(rough.holds);
                CHECK(rough.until_ms > now);
                CHECK(rough.until_ms <= reached);
            }
        }
        // The fewer half-lives a number needs than its shortest one tells, the longer it takes: told early, found
        // exactly.
        asked.world.fall = {{base, 1e-9}};  // below what scores are rounded by
        CHECK(asked.ask("fall <= 0.00000000025", base) == Verdict{false, two});
        const Verdict rough = asked.ask("fall <= 0.00000000025", base, false);
        CHECK(rough.until_ms > base);
        CHECK(rough.until_ms <= two);
        asked.world.fall.reset();
        CHECK(asked.ask("fall <= 0.2", base) == Verdict{false, never_ms});
    }

    TEST_CASE("calendar windows and days turn when the clock on the wall says so") {
        // Starts of days by Python's zoneinfo, Europe/Amsterdam; the clocks change on Sunday 2026-03-29.
        Asked asked;
        asked.visit("2026-03-28T23:00Z");
        const std::string_view now = "2026-03-29T12:00Z";
        CHECK(asked.ask("some interactions in this day", now) == Verdict{true, ms("2026-03-29T22:00Z")});
        CHECK(asked.ask("some interactions in previous day", now) == Verdict{false, ms("2026-03-29T22:00Z")});
        CHECK(asked.ask("some interactions in previous day", "2026-03-29T22:00Z") ==
              Verdict{true, ms("2026-03-30T22:00Z")});
        CHECK(asked.ask("some interactions in this week", now) == Verdict{true, ms("2026-03-29T22:00Z")});
        CHECK(asked.ask("some interactions in this month", now) == Verdict{true, ms("2026-03-31T22:00Z")});
        CHECK(asked.ask("some interactions in this quarter", now) == Verdict{true, ms("2026-03-31T22:00Z")});
        CHECK(asked.ask("some interactions in this year", now) == Verdict{true, ms("2026-12-31T23:00Z")});
        CHECK(asked.ask("some interactions in this day in zone \"UTC\"", now) ==
              Verdict{false, ms("2026-03-30T00:00Z")});
        // 2026-03-28 and -29 lie between two terms.
        CHECK(asked.ask("some interactions in this term", now) == Verdict{false, ms("2026-03-29T22:00Z")});
        CHECK(asked.ask("some interactions in previous term", now) == Verdict{false, ms("2026-03-29T22:00Z")});
        CHECK(asked.ask("some interactions in this academic year", now) == Verdict{true, ms("2026-07-10T22:00Z")});
        CHECK(asked.ask("some interactions from 2026-03-29 to 2026-03-29", now) == Verdict{true, never_ms});
        asked.world.state.attributes = {{asked.symbols.attributes.intern("on"), day("2026-03-29")}};
        CHECK(asked.ask("attribute:on = today", now) == Verdict{true, ms("2026-03-29T22:00Z")});
        CHECK(asked.ask("anniversary of attribute:on today", now) == Verdict{true, ms("2026-03-29T22:00Z")});
        asked.world.state.zone = "Test/East";
        CHECK(asked.ask("attribute:on = today in own zone", now) == Verdict{true, ms("2026-03-29T18:30Z")});
        CHECK(asked.ask("some interactions in this day in own zone", now) == Verdict{true, ms("2026-03-29T18:30Z")});
    }

    TEST_CASE("roles, deadlines, relations, sequences and memberships tell their next turn") {
        Asked asked;
        fill(asked);
        const std::int64_t due = ms("2026-03-29T10:00Z");
        CHECK(asked.ask("overdue obligation", due - 5) == Verdict{false, due});
        CHECK(asked.ask("overdue obligation", due) == Verdict{false, due + 1});
        CHECK(asked.ask("overdue obligation", due + 1) == Verdict{true, never_ms});
        CHECK(asked.ask("open obligation due within 12 hours", due - day_ms) == Verdict{false, due - 12 * hour_ms});
        const Verdict near_due = asked.ask("open obligation due within 12 hours", due - hour_ms);
        CHECK(near_due.holds);
        CHECK(near_due.until_ms <= due + 1);
        CHECK(asked.ask("open obligation", due) == Verdict{true, never_ms});
        CHECK(asked.ask("role student", "2026-03-28T09:00Z") == Verdict{true, ms("2026-03-29T09:00Z")});
        CHECK(asked.ask("role student", "2026-03-29T09:00Z") == Verdict{true, ms("2026-03-30T09:00Z")});
        CHECK(asked.ask("role student", "2026-03-30T09:00Z") == Verdict{false, never_ms});
        CHECK(asked.ask("count of current roles = 1", "2026-03-28T00:00Z") == Verdict{true, ms("2026-03-28T09:00Z")});
        CHECK(asked.ask("relation guardian_of to person", "2026-03-29T02:00Z") ==
              Verdict{true, ms("2026-03-30T12:00Z")});
        CHECK(asked.ask("relation guardian_of to person where role student", "2026-03-29T02:00Z") ==
              Verdict{true, ms("2026-03-29T15:00Z")});
        // Sent at 2026-03-29T00:15Z and not answered.
        const std::string silent =
            "sequence (interactions where act = \"sent\" then no interactions where act = \"replied\" within 12 hours)";
        CHECK(asked.ask(silent, "2026-03-29T00:15Z") == Verdict{false, ms("2026-03-29T12:15Z")});
        CHECK(asked.ask(silent, "2026-03-29T12:15Z") == Verdict{true, never_ms});
        CHECK(asked.ask("in segment \"a\" for 12 hours", "2026-03-29T08:00Z") ==
              Verdict{false, ms("2026-03-29T20:00Z")});
        CHECK(asked.ask("in segment \"a\" for 12 hours", "2026-03-29T20:00Z") == Verdict{true, never_ms});
        CHECK(asked.ask("in segment \"a\" for 12 hours", "2026-03-29T07:59Z") == Verdict{false, never_ms});
        CHECK(asked.ask("left segment \"a\" in last 1 hour", "2026-03-28T08:00Z") ==
              Verdict{true, ms("2026-03-28T09:00Z")});
        // The last millisecond in the segment is 07:59:59.999.
        CHECK(asked.ask("was in segment \"a\" in last 1 hour", "2026-03-28T08:00Z") ==
              Verdict{true, ms("2026-03-28T08:59:59.999Z")});
        CHECK(asked.ask("was in segment \"a\" from 2026-03-31", "2026-03-30T08:00Z") ==
              Verdict{false, ms("2026-03-30T22:00Z")});
    }

    TEST_CASE("a change of membership that is known beforehand ends an answer") {
        Asked asked;
        fill(asked);
        const std::uint32_t place = asked.add("relation guardian_of to person where not in segment \"b\"");
        asked.world.prepare(asked.kinds);
        // The child enters at 11:00; who is followed further knows it at 10:00.
        const std::int64_t ten = ms("2026-03-28T10:00Z");
        CHECK(asked.program.ask(place, Live{asked.world, ten, ten + 2 * hour_ms}) == Verdict{true, ten + hour_ms});
        const Verdict unknown = asked.program.ask(place, Live{asked.world, ten, ten});
        CHECK(unknown.holds);
        CHECK(unknown.until_ms > ten + hour_ms);
        CHECK_FALSE(asked.program.ask(place, Live{asked.world, ten + hour_ms, ten + hour_ms}).holds);
    }

    TEST_CASE("one part that decides is enough for how long an answer stands") {
        Asked asked;
        asked.world.jumps = {{1000, 1}, {2000, 5}};
        asked.world.steady = 3;
        CHECK(asked.ask("jump > 1 and steady > 3", 0) == Verdict{false, 1000});
        CHECK(asked.ask("steady > 3 and jump > 1", 0) == Verdict{false, never_ms});
        CHECK(asked.ask("steady = 3 or jump > 1", 0) == Verdict{true, never_ms});
        CHECK(asked.ask("steady > 3 or jump > 1", 1000) == Verdict{false, 2000});
        CHECK(asked.ask("steady = 3 and jump = 1", 1000) == Verdict{true, 2000});
        CHECK(asked.ask("not jump = 1", 1000) == Verdict{false, 2000});
        CHECK(asked.ask("true", 0) == Verdict{true, never_ms});
        CHECK(asked.ask("false", 0) == Verdict{false, never_ms});
    }

    TEST_CASE("a condition that cannot be asked is refused") {
        Asked asked;
        const auto refuses = [&](const Condition& condition) {
            CHECK_THROWS_AS((void)asked.program.add(condition), InvalidArgument);
        };
        refuses({Comparison{std::string{"none"}, Relation::less, 1.0}});
        refuses({IsKnown{std::string{"attribute:"}}});
        refuses({Anniversary{"none", 1, {}}});
        refuses({InSegment{"nowhere"}});
        refuses({Not{Condition{InSegment{"nowhere", MembershipTest::was}}}});
        refuses(parse("steady < $p", catalogue));
        refuses(parse("steady between 1 and $p", catalogue));
        refuses(parse("steady in (1, $p)", catalogue));
        refuses(parse("count of interactions > $p", catalogue));
        refuses(parse("some interactions in this day in zone \"Test/Nowhere\"", catalogue));
        refuses(parse("some interactions from 2026-01-01 in zone \"Test/Nowhere\"", catalogue));
        refuses(parse("attribute:on = today in zone \"Test/Nowhere\"", catalogue));
        refuses(parse("anniversary of attribute:on today in zone \"Test/Nowhere\"", catalogue));
        refuses(parse("was in segment \"a\" in this day in zone \"Test/Nowhere\"", catalogue));
        refuses(
            {Comparison{Aggregate{Function::sum, "none", FactKind::interactions, {}, Ever{}}, Relation::less, 1.0}});
        refuses({SetTest{"text", FactKind::interactions, {}, Ever{}, SetRelation::any_of, {"a"}}});
        CHECK(asked.add("steady < 1") == 0);
        CHECK(asked.add("steady < 1") == 1);
        CHECK(asked.program.size() == 2);
    }

    TEST_CASE("what a program reads is told") {
        const auto horizon = [](std::string_view text) {
            Asked asked;
            (void)asked.add(text);
            return asked.program.horizon_ms();
        };
        CHECK(horizon("steady > 1") == 0);
        CHECK(horizon("some interactions in last 30 days") == 30 * day_ms);
        CHECK(horizon("some interactions in last 30 days or some results in last 2 days") == 30 * day_ms);
        CHECK(horizon("some interactions") == never_ms);
        CHECK(horizon("some interactions to 2026-01-01") == never_ms);
        CHECK(horizon("some interactions in this term") == never_ms);
        // At least the longest such unit; a year and the one before it may have 731 days and an hour more or less.
        CHECK(horizon("some interactions in previous year") >= 731 * day_ms + hour_ms);
        CHECK(horizon("some interactions in previous year") < never_ms);
        CHECK(horizon("some interactions in this quarter") >= 92 * day_ms + hour_ms);
        CHECK(horizon("some interactions in this day") >= day_ms + hour_ms);
        CHECK(horizon("sequence (interactions then results) in last 9 days") == 9 * day_ms);
        CHECK(horizon("sequence (interactions then results)") == never_ms);
        CHECK(horizon("values of channel of interactions in last 3 days has only (\"a\")") == 3 * day_ms);
        CHECK(horizon("relation to person where some interactions in last 4 days") == 4 * day_ms);

        Asked asked;
        (void)asked.add("steady > 1");
        CHECK_FALSE(asked.program.reads_text());
        CHECK_FALSE(asked.program.reads_relations());
        CHECK_FALSE(asked.program.reads_turns());
        CHECK(asked.program.reads_field(0));
        CHECK_FALSE(asked.program.reads_field(1));
        (void)asked.add("some interactions where text contains \"pay\"");
        CHECK(asked.program.reads_text());
        (void)asked.add("not (true and in segment \"b\")");
        CHECK_FALSE(asked.program.reads_turns());
        CHECK(asked.program.segments_of(2) == std::vector<std::uint32_t>{1});
        CHECK(asked.program.segments_of_others().empty());
        (void)asked.add("relation to person where (in segment \"a\" or age > 3)");
        CHECK(asked.program.reads_relations());
        CHECK(asked.program.reads_field(2));
        CHECK(asked.program.segments_of_others() == std::vector<std::uint32_t>{0});
        (void)asked.add("entered segment \"b\" in last 1 day");
        CHECK(asked.program.reads_turns());
        const std::uint32_t phone = asked.add("some interactions where channel = \"phone\" in last 1 day");
        const std::uint32_t role = asked.add("role student");
        const std::uint32_t number = asked.add("role student or near > 1");
        asked.visit("2026-01-01T00:00Z", "mail");
        asked.visit("2026-01-02T00:00Z", "phone");
        asked.world.prepare(asked.kinds);
        CHECK_FALSE(asked.program.touches(asked.world.kept[0].kind(), phone));
        CHECK(asked.program.touches(asked.world.kept[1].kind(), phone));
        CHECK_FALSE(asked.program.touches(asked.world.kept[1].kind(), role));
        CHECK(asked.program.touches(asked.world.kept[0].kind(), number));
    }

    TEST_CASE("a packed change is ordered by instant, segment, and left before entered") {
        CHECK(sizeof(PackedTurn) == 8);
        CHECK(PackedTurn{0, 1, false} < PackedTurn{0, 1, true});
        CHECK(PackedTurn{0, 1, true} < PackedTurn{0, 2, false});
        CHECK(PackedTurn{0, PackedTurn::max_segments - 1, true} < PackedTurn{1, 0, false});
        CHECK(PackedTurn{-1, 5, true} < PackedTurn{0, 0, false});
        for (const std::int64_t at_ms :
             {Instant::min_unix_ms, std::int64_t{-1}, std::int64_t{0}, Instant::max_unix_ms}) {
            for (const std::uint32_t segment : {0U, 1U, PackedTurn::max_segments - 1}) {
                for (const bool entered : {false, true}) {
                    const PackedTurn turn{at_ms, segment, entered};
                    CHECK(turn.at_ms() == at_ms);
                    CHECK(turn.segment() == segment);
                    CHECK(turn.entered() == entered);
                }
            }
        }
    }

    TEST_CASE("an hourly number is read at the start of the hour, or at a later fact") {
        CHECK(sample_ms(0, always_ms) == 0);
        CHECK(sample_ms(hour_ms - 1, always_ms) == 0);
        CHECK(sample_ms(hour_ms, always_ms) == hour_ms);
        CHECK(sample_ms(-1, always_ms) == -hour_ms);
        CHECK(sample_ms(-hour_ms, always_ms) == -hour_ms);
        CHECK(sample_ms(hour_ms + 10, hour_ms + 5) == hour_ms + 5);
        CHECK(sample_ms(hour_ms + 10, hour_ms + 10) == hour_ms + 10);
        CHECK(sample_ms(hour_ms + 10, hour_ms - 5) == hour_ms);
        CHECK(sample_ms(hour_ms + 10, hour_ms + 20) == hour_ms + 10);  // a fact to come
    }
}
