// Segments followed live, asked in bulk, and told by a plain evaluation of all facts, on random segments, facts and
// instants. The number of cases and the first seed come from ALLOQUY_SEGMENT_CASES and ALLOQUY_SEGMENT_SEED; where the
// number is given, a hash of all turns is printed, which is to be the same for every compiler and optimisation. A case
// that fails is made smaller before it is shown.

#include <alloquy/engine/segment_keeper.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/fnv_1a.hpp>
#include <alloquy/segment/text.hpp>

#include "../segment/random_condition.hpp"
#include "../support/facts.hpp"
#include "../support/segment_reference.hpp"

namespace model = alloquy::model;
namespace segment = alloquy::segment;
namespace decide = alloquy::decide;
namespace time_ = alloquy::time;
using namespace alloquy::engine;
using namespace std::string_view_literals;
using alloquy::DialogueId;
using alloquy::OrganisationId;
using alloquy::PersonId;
using alloquy::support::Random;
using alloquy::support::SegmentReference;
using alloquy::time::Day;
using alloquy::time::Instant;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;

namespace {

// What all cases share. -----------------------------------------------------------------------------------------------

/// A zone of a POSIX rule: a TZif file (RFC 9636) of version 2 with one local time type and the rule as its footer.
time_::Zone rule_zone(std::string name, const std::string& rule) {
    std::string bytes;
    for (int block = 0; block < 2; ++block) {
        bytes += "TZif2" + std::string(15, '\0');
        // No isutcnt, isstdcnt, leapcnt and timecnt; typecnt 1; charcnt 4.
        for (const char count : {'\0', '\0', '\0', '\0', '\1', '\4'}) bytes += std::string(3, '\0') + count;
        bytes += std::string(6, '\0') + std::string("AAA\0", 4);
    }
    bytes += "\n" + rule + "\n";
    const auto view = std::as_bytes(std::span{bytes});
    return time_::Zone::from_tzif(std::move(name), view);
}
/// Test/Summer sets its clocks forward on 29 March 2026 at 01:00 UTC; Test/Midnight skips the first hour of 4 April.
std::optional<time_::Zone> find_property_zone(std::string_view name) {
    static const time_::Zone summer = rule_zone("Test/Summer", "CET-1CEST,M3.5.0,M10.5.0/3");
    static const time_::Zone midnight = rule_zone("Test/Midnight", "AAA4BBB,94/0,M10.1.0/0");
    if (name == "Test/Summer") return summer;
    if (name == "Test/Midnight") return midnight;
    return alloquy::support::find_test_zone(name);
}

const Instant first_instant = alloquy::support::at("2026-03-02T00:00Z");
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t span_ms = 50 * day_ms;  // of the facts
const Instant last_instant = first_instant + milliseconds{span_ms} + days{75};

segment::SegmentCalendar make_calendar() {
    const auto range = [](int from_month, int from_day, int to_month, int to_day) {
        return time_::Range<Day>{Day::from_ymd(2026, from_month, from_day), Day::from_ymd(2026, to_month, to_day)};
    };
    time_::AcademicYear year{"a year", {Day::from_ymd(2025, 9, 1), Day::from_ymd(2026, 5, 4)}, {}, {}, {}};
    year.terms = {{
                      "first",
                      range(3, 5, 3, 24),
                  },
                  {"second", range(4, 1, 4, 21)}};
    return {find_property_zone, "Test/Summer", time_::AcademicCalendar{{{year}, {}}}};
}
const model::Organisation* find_organisation(OrganisationId id) {
    static const std::array<model::Organisation, 2> all{
        model::Organisation{OrganisationId{1}, model::OrganisationKind::employer, "Harbour"},
        model::Organisation{OrganisationId{2}, model::OrganisationKind::school, "Hill"}};
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.id == id; });
    return found == all.end() ? nullptr : &*found;
}
Engine make_property_engine(model::Symbols& symbols) {
    Playbook playbook = alloquy::support::test_playbook();
    playbook.lifecycles = {{"acts",
                            alloquy::score::LifecycleModel::bg_nbd,
                            {model::Act::replied, model::Act::visited, model::Act::clicked}}};
    constexpr decide::PlaybookHash hash{std::byte{1}};
    Engine engine = make_engine(std::move(playbook), hash, symbols, find_property_zone);
    engine.set_lifecycle("acts", alloquy::score::BgNbdParameters{0.25, 4, 0.8, 2.5});
    return engine;
}

// Words that facts use and conditions ask for. ------------------------------------------------------------------------

constexpr std::array channels{"mail"sv, "phone"sv, "portal"sv, "pigeon"sv};
constexpr std::array topics{"admission"sv, "money"sv, "study"sv, "sports"sv};
constexpr std::array purposes{"marketing"sv, "guidance"sv};
constexpr std::array programmes{"nursing"sv, "logistics"sv};
constexpr std::array sites{"north"sv, "south"sv};
constexpr std::array teams{"desk"sv, "coaches"sv};
constexpr std::array actions{"open day"sv, "coach call"sv};
constexpr std::array duties{"fee"sv, "intake"sv};
constexpr std::array assessments{"exam"sv, "essay"sv};
constexpr std::array languages{"nl"sv, "en"sv};
constexpr std::array zones{"Test/Summer"sv, "Test/Midnight"sv, "Test/East"sv, "Test/West"sv};
constexpr std::array sayings{"please help"sv, "the fee, again"sv, "thanks"sv, "Help! 42"sv};
constexpr std::array draws{"trial"sv, "panel"sv};
/// Lengths of windows, of waits and of what is added to the instants of facts.
constexpr std::array<std::int64_t, 16> lengths{
    1,          2,          1000,       60'000,      3'600'000,   5'400'000,   21'600'000,     day_ms, 36 * 3'600'000,
    2 * day_ms, 3 * day_ms, 7 * day_ms, 14 * day_ms, 30 * day_ms, 60 * day_ms, 11 * day_ms + 1};

template <class Words>
std::string pick(Random& random, const Words& words) {
    return std::string{words[random.below(words.size())]};
}

// Facts. --------------------------------------------------------------------------------------------------------------

/// A fact and, of a relation between people, its mirror: what is told together.
using Telling = std::vector<model::Fact>;

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

// Conditions. ---------------------------------------------------------------------------------------------------------

std::string decimal(double number) {
    std::array<char, 40> digits{};
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr};
}

/// Texts one after another, made in that order: `+` leaves it to the compiler which of its sides is made first.
std::string joined(std::initializer_list<std::string> parts) {
    std::string all;
    for (const std::string& part : parts) all += part;
    return all;
}

/// Conditions in the segment language that the facts above make hold now and then.
class ConditionWriter {
public:
    /// \param sample  A value of a field of somebody at some instant, for thresholds that are crossed; may be missing.
    ConditionWriter(Random& random, const segment::Catalogue& catalogue,
                    std::function<std::optional<double>(const std::string& field)> sample)
        : random_{&random}, catalogue_{&catalogue}, sample_{std::move(sample)} {}

    std::string condition(int depth) {
        if (depth == 0 || random_->chance(30)) return leaf(depth);
        if (random_->chance(20)) return "not (" + condition(depth - 1) + ")";
        const char* const between = random_->chance(50) ? ") and (" : ") or (";
        std::string text = "(" + condition(depth - 1);
        for (std::size_t n = 1 + random_->below(2); n > 0; --n) text += between + condition(depth - 1);
        return text + ")";
    }
    /// Names that `in segment` may use from here on.
    void add_segment(std::string name, bool relates) { segments_.emplace_back(std::move(name), relates); }
    std::vector<std::int64_t> used_ms{};  ///< Lengths of the windows and waits written.
    bool asks_for_relations = false;      ///< Whether something written since it was last false does.

private:
    template <class Words>
    std::string word(const Words& words) {
        return '"' + pick(*random_, words) + '"';
    }
    template <class Enum>
    std::string name_of() {
        return std::string{model::name_of(static_cast<Enum>(random_->below(model::enum_size<Enum>)))};
    }
    std::string duration() {
        const std::int64_t ms = lengths[random_->below(lengths.size())];
        used_ms.push_back(ms);
        return std::to_string(ms) + " milliseconds";
    }
    std::string zone() {
        switch (random_->below(4)) {
            case 0:
                return " in own zone";
            case 1:
                return " in zone " + word(zones);
            default:
                return {};
        }
    }
    std::string day() { return to_iso(Day::from_ymd(2026, 3, 2) + static_cast<int>(random_->below(55))); }
    std::string window() {
        constexpr std::array units{"day"sv, "week"sv, "month"sv, "quarter"sv, "year"sv, "term"sv, "academic year"sv};
        switch (random_->below(10)) {
            case 0:
                return {};
            case 1:
                return joined({" since ", day(), zone()});
            case 2: {
                std::string a = day();
                std::string b = day();
                if (b < a) std::swap(a, b);
                return " from " + a + " to " + b + zone();
            }
            case 3:
            case 4:
                return joined({" in this ", pick(*random_, units), zone()});
            case 5:
                return joined({" in previous ", pick(*random_, units), zone()});
            default:
                return " in last " + duration();
        }
    }
    std::string relation() {
        constexpr std::array relations{"<"sv, "<="sv, ">"sv, ">="sv, ">="sv, "="sv, "!="sv};
        return ' ' + pick(*random_, relations) + ' ';
    }
    /// A test of a number near a value.
    std::string near(double value) {
        switch (random_->below(8)) {
            case 0:
                return " between " + decimal(value) + " and " + decimal(value + random_->fraction() * 2);
            case 1:
                return " in (" + decimal(value) + ", " + decimal(value + 1) + ")";
            case 2:
                return " is known";
            default:
                return relation() + decimal(value);
        }
    }
    std::string text_test(std::string_view value) {
        const std::string quoted = '"' + std::string{value} + '"';
        switch (random_->below(8)) {
            case 0:
                return " != " + quoted;
            case 1:
                return " in (" + quoted + ", \"other\")";
            case 2:
                return " contains \"" + std::string{value.substr(1, 2)} + '"';
            case 3:
                return " starts with \"" + std::string{value.substr(0, 1)} + '"';
            case 4:
                return " like \"%" + std::string{value.substr(value.size() - 1)} + '"';
            case 5:
                return random_->chance(50) ? " is known" : " is unknown";
            default:
                return " = " + quoted;
        }
    }
    std::string kind() { return name_of<segment::FactKind>(); }
    std::string fact_test(const std::string& kind) {
        const auto of = [&](const char* field, const auto& words) { return field + text_test(pick(*random_, words)); };
        if (kind == "interactions") {
            switch (random_->below(14)) {
                case 0:
                case 1:
                    return of("channel", channels);
                case 2:
                    return "act = \"" + name_of<model::Act>() + '"';
                case 3:
                    return "act in (\"sent\", \"replied\")";
                case 4:
                case 5:
                    return "direction = \"inbound\"";
                case 6:
                    return of("topic", topics);
                case 7:
                    return of("team", teams);
                case 8:
                    return of("purpose", purposes);
                case 9:
                    return of("action", actions);
                case 10:
                    return "tone = \"" + name_of<model::Tone>() + '"';
                case 11:
                    return random_->chance(50) ? of("language", languages)
                                               : "actor = \"" + name_of<model::ActorKind>() + '"';
                case 12: {
                    constexpr std::array tests{"text contains \"help\""sv, "text matches \"[0-9]+\""sv,
                                               "text like \"%fee%\""sv, "text is known"sv, "text starts with \"t\""sv};
                    return pick(*random_, tests);
                }
                default:
                    return "quantity" + near(static_cast<double>(random_->between(1, 6)));
            }
        }
        if (kind == "results") {
            return random_->chance(50) ? of("assessment", assessments)
                                       : "fraction" + near(static_cast<double>(random_->between(1, 9)) / 10);
        }
        if (kind == "obligations") {
            switch (random_->below(3)) {
                case 0:
                    return of("kind", duties);
                case 1:
                    return "step = \"" + name_of<model::ObligationStep>() + '"';
                default:
                    return "weight" + near(static_cast<double>(random_->between(1, 40)));
            }
        }
        if (kind == "dialogues") {
            switch (random_->below(3)) {
                case 0:
                    return of("topic", topics);
                case 1:
                    return of("team", teams);
                default:
                    return "step = \"" + name_of<model::DialogueStep>() + '"';
            }
        }
        if (kind == "enrolments") {
            return random_->chance(50) ? of("programme", programmes)
                                       : "status = \"" + name_of<model::EnrolmentStatus>() + '"';
        }
        return random_->chance(50) ? of("channel", channels)
                                   : "decision = \"" + name_of<model::ConsentDecision>() + '"';
    }
    std::string where(const std::string& kind) {
        if (random_->chance(40)) return {};
        switch (random_->below(4)) {
            case 0:
                return joined({" where (", fact_test(kind), " and ", fact_test(kind), ")"});
            case 1:
                return joined({" where (", fact_test(kind), " or not ", fact_test(kind), ")"});
            default:
                return " where " + fact_test(kind);
        }
    }
    std::string number_field(const std::string& kind) {
        if (kind == "interactions") return "quantity";
        if (kind == "results") return "fraction";
        return kind == "obligations" ? "weight" : "";
    }
    std::string counted() {
        const std::string of = random_->chance(60) ? "interactions" : kind();
        const std::string facts = joined({of, where(of), window()});
        const std::string field = number_field(of);
        constexpr std::array functions{"sum"sv, "mean"sv, "least"sv, "greatest"sv, "first"sv, "last"sv};
        constexpr std::array text_fields{"channel"sv, "assessment"sv, "kind"sv, "step"sv, "programme"sv, "purpose"sv};
        const std::string text_field{
            text_fields[static_cast<std::size_t>(std::find(kinds.begin(), kinds.end(), of) - kinds.begin())]};
        const auto small = [&] { return static_cast<double>(random_->between(0, 4)); };
        switch (random_->below(10)) {
            case 0:
            case 1:
            case 2:
                return "count of " + facts + near(small());
            case 3:
                return (random_->chance(50) ? "no " : "some ") + facts;
            case 4:
                return "days since first of " + facts + near(age());
            case 5:
                return "days since last of " + facts + near(age());
            case 6:
                return "distinct " + text_field + " of " + facts + near(small());
            case 7:
                return joined({(random_->chance(50)   ? "most frequent "
                                : random_->chance(50) ? "last "
                                                      : "first "),
                               text_field, " of ", facts, text_test(some_value(of))});
            default: {
                if (field.empty()) return "count of " + facts + near(small());
                const double most = field == "quantity" ? 6 : field == "fraction" ? 1 : 40;
                return joined({pick(*random_, functions), " ", field, " of ", facts,
                               near(random_->chance(50) ? static_cast<double>(random_->between(1, 9)) / 10 * most
                                                        : static_cast<double>(random_->between(1, 12)))});
            }
        }
    }
    static constexpr std::array kinds{"interactions"sv, "results"sv,    "obligations"sv,
                                      "dialogues"sv,    "enrolments"sv, "consents"sv};
    /// A text of the field that counted() takes of facts of a kind.
    std::string some_value(const std::string& kind) {
        if (kind == "interactions") return pick(*random_, channels);
        if (kind == "results") return pick(*random_, assessments);
        if (kind == "obligations") return pick(*random_, duties);
        if (kind == "dialogues") return name_of<model::DialogueStep>();
        if (kind == "enrolments") return pick(*random_, programmes);
        return pick(*random_, purposes);
    }
    /// Days; some of them whole milliseconds that no round number of days gives.
    double age() {
        const std::int64_t ms = lengths[random_->below(lengths.size())];
        used_ms.push_back(ms);
        return static_cast<double>(ms) / static_cast<double>(day_ms);
    }
    std::string set_test() {
        const std::string of = random_->chance(50) ? "interactions" : kind();
        std::string field = "channel";
        std::string a = some_value(of);
        const std::string b = some_value(of);
        if (of == "results") field = "assessment";
        if (of == "obligations") field = "kind";
        if (of == "dialogues") field = "step";
        if (of == "enrolments") field = "programme";
        if (of == "consents") field = "purpose";
        return joined({"values of ", field, " of ", of, where(of), window(), " has ", name_of<segment::SetRelation>(),
                       " (\"", a, "\", \"", b, "\")"});
    }
    std::string sequence() {
        std::string text = "sequence (";
        const std::size_t steps = 2 + random_->below(2);
        for (std::size_t i = 0; i < steps; ++i) {
            const std::string of = random_->chance(75) ? "interactions" : kind();
            if (i > 0) text += " then ";
            if (i + 1 == steps && random_->chance(50)) text += "no ";
            text += of + where(of);
            if (i > 0 && random_->chance(70)) text += " within " + duration();
        }
        return text + ")" + window();
    }
    std::string period() {
        constexpr std::array periods{""sv, "former "sv, "ever "sv};
        return pick(*random_, periods);
    }
    std::string role() {
        constexpr std::array roles{""sv, " prospect"sv, " applicant"sv, " student"sv, " alumnus"sv};
        return joined({pick(*random_, roles), (random_->chance(25) ? " of " + word(programmes) : ""),
                       (random_->chance(15) ? " at " + word(sites) : "")});
    }
    std::string related(int depth) {
        asks_for_relations = true;
        constexpr std::array relations{""sv, " guardian_of"sv, " ward_of"sv, " mentor_of"sv, " mentored_by"sv};
        if (random_->chance(25)) {
            constexpr std::array ends{""sv, " \"Harbour\""sv, " of kind school"sv, " (\"Harbour\", \"Hill\")"sv};
            return joined({period(), "relation works_at to organisation", pick(*random_, ends)});
        }
        std::string text = joined({period(), "relation", pick(*random_, relations), " to person"});
        if (!is_other_ && random_->chance(75)) {
            is_other_ = true;
            text += " where (" + condition(std::min(depth, 1)) + ")";
            is_other_ = false;
        }
        return text;
    }
    std::string obligation() {
        constexpr std::array states{"open"sv, "open"sv, "overdue"sv, "fulfilled"sv, "waived"sv};
        const std::string state = pick(*random_, states);
        return joined({state, " obligation", (random_->chance(30) ? " " + word(duties) : ""),
                       (state == "open" && random_->chance(60) ? " due within " + duration() : "")});
    }
    std::string relative_day() {
        constexpr std::array shifts{""sv, " - 3 days"sv, " + 1 week"sv};
        return joined({"today", pick(*random_, shifts), zone()});
    }
    std::string attribute() {
        switch (random_->below(8)) {
            case 0:
                return joined(
                    {"anniversary of attribute:birthday",
                     (random_->chance(40) ? " today" : " in next " + std::to_string(2 + random_->below(20)) + " days"),
                     zone()});
            case 1:
                return joined({"attribute:visit between ", relative_day(), " and ", relative_day()});
            case 2:
            case 3:
                return joined({"attribute:visit", relation(), relative_day()});
            case 4:
                return joined({"attribute:visit", relation(), day()});
            case 5:
                return "attribute:credits" + near(static_cast<double>(random_->between(0, 5)));
            case 6:
                return "attribute:city" + text_test(random_->chance(50) ? "Zwolle" : "Hoorn");
            default:
                return "on list \"open day\"";
        }
    }
    std::string column() {
        const std::vector<segment::Field>& fields = catalogue_->fields();
        // The score that falls and the ages are the hardest.
        const std::size_t place = random_->chance(40) ? random_->below(10) : random_->below(fields.size());
        const segment::Field& field = fields[place];
        const std::string name = quoted_name(field.name);
        if (field.type == segment::FieldType::text) {
            if (field.name == "role") return name + text_test(name_of<model::RoleKind>());
            if (field.name == "programme") return name + text_test(pick(*random_, programmes));
            if (field.name == "site") return name + text_test(pick(*random_, sites));
            return name + text_test(field.name == "zone" ? pick(*random_, zones) : pick(*random_, languages));
        }
        constexpr std::array engagements{0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.9};
        if (field.name == "engagement" && random_->chance(50)) {
            return name + near(engagements[random_->below(engagements.size())]);
        }
        const bool is_age = field.motion == segment::Motion::ageing || field.motion == segment::Motion::nearing;
        if (is_age && random_->chance(50)) return name + near(age());
        const std::optional<double> found = sample_(field.name);
        if (!found) return name + near(static_cast<double>(random_->between(0, 2)));
        switch (random_->below(3)) {
            case 0:
                return name + near(*found);
            case 1:
                return name + near(*found * (0.2 + random_->fraction()));
            default:
                return name + near(*found * 0.9);
        }
    }
    static std::string quoted_name(const std::string& name) {
        const std::size_t colon = name.find(':');
        if (colon == std::string::npos) return name;
        return name.substr(0, colon) + ":\"" + name.substr(colon + 1) + '"';
    }
    std::string in_segment() {
        std::vector<std::string> names;
        for (const auto& [name, relations] : segments_) {
            if (!relations || !is_other_) names.push_back(name);
        }
        if (names.empty()) return "some interactions" + window();
        const std::size_t which = random_->below(names.size());
        const std::string name = '"' + names[which] + '"';
        asks_for_relations = asks_for_relations || segments_relate(names[which]);
        switch (random_->below(6)) {
            case 0:
                return "was in segment " + name + window();
            case 1:
                return "entered segment " + name + window();
            case 2:
                return "left segment " + name + window();
            case 3:
                return "in segment " + name + " for " + duration();
            default:
                return "in segment " + name;
        }
    }
    bool segments_relate(const std::string& name) const {
        return std::any_of(segments_.begin(), segments_.end(),
                           [&](const auto& each) { return each.first == name && each.second; });
    }
    std::string leaf(int depth) {
        switch (random_->below(30)) {
            case 0:
            case 1:
            case 2:
            case 3:
            case 4:
            case 5:
                return counted();
            case 6:
                return set_test();
            case 7:
            case 8:
                return sequence();
            case 9:
                return joined({period(), "role", role()});
            case 10:
                return joined({"count of ", period(), "roles", role(), near(1)});
            case 11:
            case 12:
                return is_other_ ? counted() : related(depth);
            case 13:
            case 14:
                return obligation();
            case 15:
                return joined({std::string{random_->chance(70) ? "open" : "closed"}, " dialogue",
                               (random_->chance(40) ? " about " + word(topics) : ""),
                               (random_->chance(30) ? " with " + word(teams) : ""),
                               (random_->chance(30) ? " of tone " + name_of<model::Tone>() : "")});
            case 16:
                return joined({"enrolment with status ", name_of<model::EnrolmentStatus>(),
                               (random_->chance(40) ? " of " + word(programmes) : "")});
            case 17:
                return joined({std::string{random_->chance(60) ? "consent" : "objection"}, " to ", word(purposes),
                               (random_->chance(50) ? " by " + word(channels) : "")});
            case 18:
                return joined({"random ", std::to_string(20 + random_->below(60)), " % of ", word(draws)});
            case 19:
            case 20:
                return attribute();
            case 21:
            case 22:
                return in_segment();
            default:
                return column();
        }
    }

    Random* random_;
    const segment::Catalogue* catalogue_;
    std::function<std::optional<double>(const std::string& field)> sample_;
    std::vector<std::pair<std::string, bool>> segments_;
    bool is_other_ = false;  // within the condition of a related person
};

// One case. -----------------------------------------------------------------------------------------------------------

struct NamedCondition {
    std::string name;
    segment::Condition condition;
};
struct Case {
    std::shared_ptr<model::Symbols> symbols{};
    std::vector<Telling> tellings{};  ///< In the order of arrival.
    std::vector<NamedCondition> segments{};
    std::vector<std::int64_t> lengths_ms{};  ///< Instants so long after facts are looked at.
    std::uint64_t seed = 0;

    [[nodiscard]] std::vector<model::Fact> facts() const {
        std::vector<model::Fact> all;
        for (const Telling& telling : tellings) all.insert(all.end(), telling.begin(), telling.end());
        return all;
    }
    [[nodiscard]] std::vector<segment::SegmentConfig> configs() const {
        std::vector<segment::SegmentConfig> all;
        for (const NamedCondition& each : segments) all.push_back({each.name, to_text(each.condition)});
        return all;
    }
    [[nodiscard]] std::map<std::string, segment::Condition> by_name() const {
        std::map<std::string, segment::Condition> all;
        for (const NamedCondition& each : segments) all.emplace(each.name, each.condition);
        return all;
    }
};

void sort_by_arrival(std::vector<Telling>& tellings) {
    std::stable_sort(tellings.begin(), tellings.end(),
                     [](const Telling& a, const Telling& b) { return a[0].known_at < b[0].known_at; });
}

/// How often a condition turns between instants after the facts of somebody.
std::size_t turns_seen(SegmentReference& reference, const Case& about, const segment::Condition& condition,
                       Random& random) {
    const PersonId person = about.tellings[random.below(about.tellings.size())][0].person;
    std::vector<Instant> looks;
    for (const Telling& telling : about.tellings) {
        if (telling[0].person != person || looks.size() >= 16) continue;
        looks.push_back(telling[0].at);
        looks.push_back(telling[0].at + milliseconds{random.between(0, 3 * day_ms)});
    }
    std::sort(looks.begin(), looks.end());
    std::size_t turns = 0;
    bool was = false;
    for (const Instant at : looks) {
        reference.go_to(at);
        const bool is = reference.holds(person, condition);
        if (is != was) ++turns;
        was = is;
    }
    return turns;
}
Case random_case(std::uint64_t seed) {
    Random random{seed};
    Case made{std::make_shared<model::Symbols>(), {}, {}, {}, seed};
    const std::size_t people = 1 + random.below(4);
    const std::size_t facts = random.chance(30) ? 2 + random.below(12) : people * (8 + random.below(24));
    FactMaker maker{random, *made.symbols, people};
    for (std::size_t i = 0; i < facts; ++i) made.tellings.push_back(maker.make());
    sort_by_arrival(made.tellings);
    const segment::SegmentCalendar calendar = make_calendar();
    SegmentReference reference{make_property_engine(*made.symbols),
                               made.facts(),
                               {},
                               calendar,
                               nullptr,
                               first_instant,
                               [](PersonId, const std::string&) { return std::vector<segment::Turn>{}; }};
    const segment::Catalogue catalogue = make_property_engine(*made.symbols).fields();
    const auto sample = [&](const std::string& field) -> std::optional<double> {
        const model::Fact& fact = made.tellings[random.below(made.tellings.size())][0];
        reference.go_to(fact.at + milliseconds{random.between(0, 3 * day_ms)});
        const model::AttributeValue value = reference.value(fact.person, field);
        const auto* const number = std::get_if<double>(&value);
        return number == nullptr ? std::nullopt : std::optional{*number};
    };
    ConditionWriter writer{random, catalogue, sample};
    alloquy::support::RandomConditionOptions options{&catalogue};
    options.attributes = {"credits", "birthday", "visit", "city", "list:open day"};
    for (const auto& words :
         {std::span<const std::string_view>{channels}, std::span<const std::string_view>{topics},
          std::span<const std::string_view>{purposes}, std::span<const std::string_view>{programmes},
          std::span<const std::string_view>{duties}, std::span<const std::string_view>{teams}}) {
        options.names.insert(options.names.end(), words.begin(), words.end());
    }
    options.names.emplace_back("open day");
    options.zones = {zones.begin(), zones.end()};
    options.texts = options.names;
    for (const auto word : {"inbound", "sent", "replied", "opened", "student", "exam", "nl"})
        options.texts.emplace_back(word);
    options.numbers = {0, 0.02, 0.1, 0.5, 1, 2, 3, 7};
    for (int day = 0; day < 50; day += 7) options.days.push_back(Day::from_ymd(2026, 3, 3) + day);
    options.durations_ms = {lengths.begin(), lengths.end()};
    options.with_parameters = false;
    const std::size_t segments = 3 + random.below(6);
    for (std::size_t i = 0; i < segments; ++i) {
        const std::string name{static_cast<char>('a' + static_cast<char>(i))};
        const int depth = random.chance(40) ? 0 : static_cast<int>(random.below(4));
        // Of some conditions the first that holds now and then.
        for (int tries = 0; tries < 20; ++tries) {
            NamedCondition next{name, {}};
            writer.asks_for_relations = false;
            if (random.chance(25)) {
                options.with_relations = random.chance(30);
                options.with_segments = !options.segments.empty();
                next.condition = alloquy::support::random_condition(random, depth, options);
                writer.asks_for_relations = options.with_relations;
            } else {
                next.condition = segment::parse(writer.condition(depth), catalogue);
            }
            const bool is_lively = turns_seen(reference, made, next.condition, random) >= 2;
            if (!is_lively && tries < 19 && random.chance(95)) continue;
            reference.add(name, next.condition);
            made.segments.push_back(std::move(next));
            break;
        }
        writer.add_segment(name, writer.asks_for_relations);
        if (!writer.asks_for_relations) options.segments.push_back(name);
    }
    random.shuffle(made.segments);  // a segment may name a later one
    made.lengths_ms = std::move(writer.used_ms);
    std::sort(made.lengths_ms.begin(), made.lengths_ms.end());
    made.lengths_ms.erase(std::unique(made.lengths_ms.begin(), made.lengths_ms.end()), made.lengths_ms.end());
    return made;
}

/// The same facts, known at other instants and so in another order.
Case in_another_order(const Case& about) {
    Case other = about;
    Random random{about.seed ^ 0x07DE7};
    FactMaker maker{random, *other.symbols, 1};
    for (Telling& telling : other.tellings) {
        const bool is_period = std::holds_alternative<model::RoleChange>(telling[0].content) ||
                               std::holds_alternative<model::RelationChange>(telling[0].content);
        const Instant known = maker.known(telling[0].at, is_period);
        for (model::Fact& fact : telling) fact.known_at = known;
    }
    random.shuffle(other.tellings);
    sort_by_arrival(other.tellings);
    return other;
}

// What is compared. ---------------------------------------------------------------------------------------------------

/// An engine with its segments, fed fact by fact.
struct Live {
    Live(const Case& about, Instant from, const std::vector<Telling>& before = {})
        : symbols{about.symbols.get()},
          engine{make_property_engine(*symbols)},
          keeper{engine, about.configs(), make_calendar(), [this] { return make_property_engine(*symbols); },
                 find_organisation} {
        for (const Telling& telling : before) {
            for (const model::Fact& fact : telling) {
                put(fact);
                engine.observe(fact, history());
            }
        }
        for (const auto& [person, own] : facts) keeper.refold(engine.row(person), own);
        keeper.begin(engine, from, std::vector<Instant>(about.segments.size(), from));
        take();
    }
    void put(const model::Fact& fact) {
        engine.add_person(fact.person, alloquy::support::test_key(fact.person));
        auto& own = facts[fact.person];
        own.push_back(fact);
        alloquy::support::sort_canonical(own, *symbols);
    }
    History history() {
        return [this](PersonId id) { return facts[id]; };
    }
    void tell(const Telling& telling) {
        for (const model::Fact& fact : telling) {
            keeper.advance(engine, fact.known_at);
            put(fact);
            engine.observe(fact, history());
            keeper.observe(engine, fact, history());
        }
        take();
    }
    void take() {
        for (MembershipChange& change : keeper.take_changes()) changes.push_back(change);
    }
    /// The turns of one segment.
    std::vector<segment::Turn> turns(PersonId person, std::uint32_t segment) const {
        std::vector<segment::Turn> all;
        const auto row = engine.find_row(person);
        if (!row) return all;
        for (const segment::PackedTurn& turn : keeper.turns(*row)) {
            if (turn.segment() == segment) all.push_back({Instant::from_unix_ms(turn.at_ms()), turn.entered()});
        }
        return all;
    }
    std::map<PersonId, std::vector<segment::PackedTurn>> all_turns() const {
        std::map<PersonId, std::vector<segment::PackedTurn>> all;
        for (const auto& [person, own] : facts) {
            const auto turns = keeper.turns(engine.row(person));
            all[person] = {turns.begin(), turns.end()};
        }
        return all;
    }

    model::Symbols* symbols;
    std::map<PersonId, std::vector<model::Fact>> facts{};
    Engine engine;
    SegmentKeeper<Engine> keeper;
    std::vector<MembershipChange> changes{};
};

/// Instants at which something may turn, and some others; ascending, not after `end`.
std::vector<Instant> instants_of_interest(const Case& about, const Live& live, Instant from, Instant end,
                                          std::size_t most) {
    Random random{about.seed ^ 0x5EED};
    std::vector<Instant> often;
    const auto around = [](std::vector<Instant>& all, Instant at) {
        for (const int by : {-1, 0, 1}) all.push_back(at + milliseconds{by});
    };
    for (const Telling& telling : about.tellings) {
        const Instant at = telling[0].at;
        around(often, at);
        for (const std::int64_t length : about.lengths_ms) around(often, at + milliseconds{length});
        around(often, at - milliseconds{(at - first_instant).count() % 3'600'000} + hours{1});
        if (const auto* const duty = std::get_if<model::ObligationChange>(&telling[0].content); duty && duty->due) {
            around(often, *duty->due);
        }
    }
    for (int i = 0; i < 30; ++i) {
        often.push_back(first_instant + milliseconds{random.between(0, (last_instant - first_instant).count())});
    }
    for (int i = 0; i < 12; ++i) {
        around(often, first_instant + hours{random.between(0, 24 * 70)});
        around(often, find_property_zone(pick(random, zones))
                          ->start_of_day(Day::from_ymd(2026, 3, 3) + static_cast<int>(random.below(60))));
    }
    random.shuffle(often);
    if (often.size() > most) often.resize(most, first_instant);
    often.push_back(from);
    often.push_back(from - milliseconds{1});
    often.push_back(end);
    for (const auto& [person, turns] : live.all_turns()) {
        for (const segment::PackedTurn& turn : turns) {
            often.push_back(Instant::from_unix_ms(turn.at_ms()));
            often.push_back(Instant::from_unix_ms(turn.at_ms() - 1));
        }
    }
    std::erase_if(often, [&](Instant at) { return at > end; });
    std::sort(often.begin(), often.end());
    often.erase(std::unique(often.begin(), often.end()), often.end());
    return often;
}

/// The first disagreement in words.
using Complaint = std::optional<std::string>;

std::string describe_turns(const std::vector<segment::Turn>& turns) {
    std::string text;
    for (const segment::Turn& turn : turns) text += (turn.entered ? " +" : " -") + to_iso(turn.at);
    return text.empty() ? " none" : text;
}

/// Membership by the turns, and by the masks at the clock, against the reference.
Complaint compare_with_reference(const Case& about, Live& live, Instant from, std::size_t most_instants,
                                 std::span<const Telling> told) {
    const Instant end = live.keeper.clock();
    std::vector<model::Fact> facts;
    for (const Telling& telling : told) facts.insert(facts.end(), telling.begin(), telling.end());
    const segment::SegmentCalendar calendar = make_calendar();
    std::map<std::string, std::uint32_t> places;
    for (std::uint32_t i = 0; i < about.segments.size(); ++i) places[about.segments[i].name] = i;
    SegmentReference reference{
        make_property_engine(*about.symbols),
        facts,
        about.by_name(),
        calendar,
        find_organisation,
        from,
        [&](PersonId person, const std::string& name) { return live.turns(person, places.at(name)); }};
    for (const Instant at : instants_of_interest(about, live, from, end, most_instants)) {
        reference.go_to(at);
        for (const auto& [person, own] : live.facts) {
            const std::uint32_t row = live.engine.row(person);
            // Those that others rest on go first, so that what is told is the cause.
            for (const std::size_t place : live.keeper.segments().in_order()) {
                const auto segment = static_cast<std::uint32_t>(place);
                const std::string& name = about.segments[place].name;
                const bool expected = reference.is_in(person, name);
                const bool by_turns = live.keeper.was_member(row, segment, at);
                if (by_turns != expected) {
                    return "segment " + name + ", person " + std::to_string(person.value()) + " at " + to_iso(at) +
                           ": live " + (by_turns ? "in" : "out") + ", reference " + (expected ? "in" : "out") +
                           "; live turns" + describe_turns(live.turns(person, segment));
                }
                if (at == end && live.keeper.is_member(row, segment) != expected) {
                    return "segment " + name + ": the mask differs from the turns at the clock";
                }
            }
        }
    }
    return {};
}

Complaint compare_bulk(const Case& about, Live& live) {
    for (const unsigned threads : {1U, 2U, 7U}) {
        const std::vector<RowBits> bulk = live.keeper.rebuild(live.engine, live.keeper.clock(), threads);
        for (std::uint32_t row = 0; row < live.engine.size(); ++row) {
            for (std::uint32_t segment = 0; segment < about.segments.size(); ++segment) {
                const bool in_bulk = (bulk[segment][row / 64] >> row % 64 & 1U) != 0;
                if (in_bulk == live.keeper.is_member(row, segment)) continue;
                return "segment " + about.segments[segment].name + ", person " +
                       std::to_string(live.engine.person(row).id.value()) + " at the clock " +
                       to_iso(live.keeper.clock()) + ": bulk " + (in_bulk ? "in" : "out") + " with " +
                       std::to_string(threads) + " threads, live " + (in_bulk ? "out" : "in");
            }
        }
    }
    return {};
}

/// The changes handed out add up to the turns; none is known before it is so, nor before the change handed out before.
Complaint compare_changes(const Case& about, const Live& live) {
    std::map<std::tuple<PersonId, std::uint32_t, Instant, bool>, int> asserted;
    const auto describe = [&](PersonId person, std::uint32_t segment, Instant at, bool entered) {
        return "segment " + about.segments[segment].name + ", person " + std::to_string(person.value()) +
               (entered ? " entered " : " left ") + to_iso(at);
    };
    for (std::size_t i = 0; i < live.changes.size(); ++i) {
        const MembershipChange& change = live.changes[i];
        const std::string about_it = describe(change.person, change.segment, change.at, change.entered);
        if (change.known_at < change.at) return about_it + ": known at " + to_iso(change.known_at) + ", before it";
        if (i > 0 && change.known_at < live.changes[i - 1].known_at) return about_it + ": known_at falls";
        int& times = asserted[{change.person, change.segment, change.at, change.entered}];
        times += change.retracted ? -1 : 1;
        if (times < 0 || times > 1) return about_it + (times < 0 ? ": retracted unasserted" : ": asserted twice");
    }
    for (const auto& [person, turns] : live.all_turns()) {
        for (const segment::PackedTurn& turn : turns) {
            --asserted[{person, turn.segment(), Instant::from_unix_ms(turn.at_ms()), turn.entered()}];
        }
    }
    for (const auto& [key, times] : asserted) {
        if (times == 0) continue;
        return std::apply(describe, key) + (times > 0 ? ": handed out, but no turn" : ": a turn, not handed out");
    }
    return {};
}

Complaint compare_turns(const Case& about, const Live& a, const Live& b, const std::string& what) {
    for (const auto& [person, own] : a.facts) {
        for (std::uint32_t segment = 0; segment < about.segments.size(); ++segment) {
            const auto left = a.turns(person, segment);
            const auto right = b.turns(person, segment);
            if (left == right) continue;
            return what + ": segment " + about.segments[segment].name + ", person " + std::to_string(person.value()) +
                   ": turns" + describe_turns(left) + " | " + describe_turns(right);
        }
    }
    return {};
}

/// Which checks a case goes through.
struct Checks {
    std::size_t most_instants = 150;
    bool prefixes = false;
    std::uint64_t* hash = nullptr;
};

Complaint complaint_about(const Case& about, const Checks& checks) {
    // In one go, with a look at the reference after each fact where there are few.
    Live live{about, first_instant};
    for (std::size_t i = 0; i < about.tellings.size(); ++i) {
        live.tell(about.tellings[i]);
        if (!checks.prefixes) continue;
        const auto told = std::span{about.tellings}.first(i + 1);
        if (auto found = compare_with_reference(about, live, first_instant, checks.most_instants / 4, told)) {
            return "after fact " + std::to_string(i + 1) + ": " + *found;
        }
        if (auto found = compare_bulk(about, live)) return "after fact " + std::to_string(i + 1) + ": " + *found;
        if (auto found = compare_changes(about, live)) return "after fact " + std::to_string(i + 1) + ": " + *found;
    }
    live.keeper.advance(live.engine, last_instant);
    live.take();
    if (auto found = compare_with_reference(about, live, first_instant, checks.most_instants, about.tellings)) {
        return found;
    }
    if (auto found = compare_bulk(about, live)) return found;
    if (auto found = compare_changes(about, live)) return found;

    // In small steps.
    Random random{about.seed ^ 0x57E9};
    Live steps{about, first_instant};
    const auto step_to = [&](Instant end) {
        while (steps.keeper.clock() < end) {
            const auto left = (end - steps.keeper.clock()).count();
            const auto by =
                random.chance(30) ? random.between(1, std::min<std::int64_t>(left, 5000)) : random.between(1, left);
            steps.keeper.advance(steps.engine, steps.keeper.clock() + milliseconds{by});
            if (random.chance(50)) steps.take();
        }
        steps.take();
    };
    for (const Telling& telling : about.tellings) {
        step_to(telling[0].known_at);
        steps.tell(telling);
    }
    step_to(last_instant);
    if (steps.changes != live.changes) {
        if (auto found = compare_turns(about, live, steps, "one step | many")) return found;
        return "the changes of one big step and of many small ones differ";
    }

    const Case other = in_another_order(about);
    Live late{other, first_instant};
    for (const Telling& telling : other.tellings) late.tell(telling);
    late.keeper.advance(late.engine, last_instant);
    late.take();
    if (auto found = compare_turns(about, live, late, "one order | another")) return found;
    if (auto found = compare_changes(about, late)) return "another order: " + *found;

    // Begun in the middle, with what is known by then.
    const Instant middle = first_instant + milliseconds{random.between(0, span_ms)};
    const auto first_later = std::find_if(about.tellings.begin(), about.tellings.end(),
                                          [&](const Telling& telling) { return telling[0].known_at > middle; });
    Live begun{about, middle, {about.tellings.begin(), first_later}};
    for (auto telling = first_later; telling != about.tellings.end(); ++telling) begun.tell(*telling);
    begun.keeper.advance(begun.engine, last_instant);
    begun.take();
    if (auto found = compare_with_reference(about, begun, middle, checks.most_instants / 4, about.tellings)) {
        return "begun at " + to_iso(middle) + ": " + *found;
    }
    if (auto found = compare_bulk(about, begun)) return "begun in the middle: " + *found;
    if (auto found = compare_changes(about, begun)) return "begun in the middle: " + *found;

    if (checks.hash != nullptr) {
        for (const MembershipChange& change : live.changes) {
            const std::string text = std::to_string(change.person.value()) + ' ' + std::to_string(change.segment) +
                                     (change.entered ? '+' : '-') + (change.retracted ? '!' : ' ') + to_iso(change.at) +
                                     to_iso(change.known_at) + std::to_string(static_cast<int>(change.cause));
            *checks.hash = *checks.hash * 1'099'511'628'211U ^ alloquy::fnv_1a(text);
        }
    }
    return {};
}

// Smaller cases of the same fault. ------------------------------------------------------------------------------------

Complaint quiet_complaint_about(const Case& about, const Checks& checks) {
    try {
        return complaint_about(about, checks);
    } catch (const alloquy::Error&) {
        return {};  // something that was taken away is needed
    }
}
/// Conditions that say less.
std::vector<segment::Condition> simpler(const segment::Condition& condition) {
    std::vector<segment::Condition> all;
    if (!(condition == segment::Condition{segment::All{}}) && !(condition == segment::Condition{segment::Any{}})) {
        all.push_back({segment::All{}});
        all.push_back({segment::Any{}});
    }
    std::visit(
        [&](const auto& node) {
            using Node = std::decay_t<decltype(node)>;
            if constexpr (std::is_same_v<Node, segment::All> || std::is_same_v<Node, segment::Any>) {
                for (std::size_t i = 0; i < node.of.size(); ++i) {
                    all.push_back(node.of[i]);
                    if (node.of.size() > 2) {
                        Node fewer = node;
                        fewer.of.erase(fewer.of.begin() + static_cast<std::ptrdiff_t>(i));
                        all.push_back({std::move(fewer)});
                    }
                    for (segment::Condition& less : simpler(node.of[i])) {
                        Node changed = node;
                        changed.of[i] = std::move(less);
                        all.push_back({std::move(changed)});
                    }
                }
            } else if constexpr (std::is_same_v<Node, segment::Not>) {
                all.push_back(*node.of);
                for (segment::Condition& less : simpler(*node.of)) all.push_back({segment::Not{std::move(less)}});
            } else if constexpr (std::is_same_v<Node, segment::Sequence>) {
                for (std::size_t i = 0; i < node.steps.size(); ++i) {
                    Node changed = node;
                    if (node.steps.size() > 2) {
                        changed.steps.erase(changed.steps.begin() + static_cast<std::ptrdiff_t>(i));
                        all.push_back({changed});
                    }
                    if (node.steps[i].where) {
                        changed = node;
                        changed.steps[i].where.reset();
                        all.push_back({changed});
                    }
                }
            } else if constexpr (std::is_same_v<Node, segment::Related>) {
                if (node.person) {
                    for (segment::Condition& less : simpler(**node.person)) {
                        Node changed = node;
                        changed.person = segment::SubCondition{std::move(less)};
                        all.push_back({std::move(changed)});
                    }
                }
            } else if constexpr (segment::detail::is_value_test<Node>) {
                if (const auto* const of = std::get_if<segment::Aggregate>(&node.of); of && of->where) {
                    Node changed = node;
                    std::get<segment::Aggregate>(changed.of).where.reset();
                    all.push_back({std::move(changed)});
                }
            } else if constexpr (std::is_same_v<Node, segment::SetTest>) {
                if (node.where) {
                    Node changed = node;
                    changed.where.reset();
                    all.push_back({std::move(changed)});
                }
            }
        },
        condition.node);
    return all;
}
Case made_smaller(Case about, const Checks& checks) {
    const auto try_it = [&](Case smaller) {
        if (!quiet_complaint_about(smaller, checks)) return false;
        about = std::move(smaller);
        return true;
    };
    for (bool again = true; again;) {
        again = false;
        for (std::size_t i = about.segments.size(); i-- > 0;) {
            Case smaller = about;
            smaller.segments.erase(smaller.segments.begin() + static_cast<std::ptrdiff_t>(i));
            again = try_it(std::move(smaller)) || again;
        }
        for (std::size_t size = std::max<std::size_t>(1, about.tellings.size() / 2);; size /= 2) {
            for (std::size_t i = 0; i + size <= about.tellings.size();) {
                Case smaller = about;
                const auto first = smaller.tellings.begin() + static_cast<std::ptrdiff_t>(i);
                smaller.tellings.erase(first, first + static_cast<std::ptrdiff_t>(size));
                if (try_it(std::move(smaller))) {
                    again = true;
                } else {
                    i += size;
                }
            }
            if (size == 1) break;
        }
        for (std::size_t i = 0; i < about.segments.size(); ++i) {
            for (segment::Condition& less : simpler(about.segments[i].condition)) {
                Case smaller = about;
                smaller.segments[i].condition = std::move(less);
                if (try_it(std::move(smaller))) {
                    again = true;
                    break;
                }
            }
        }
    }
    return about;
}

std::string describe(const model::AttributeValue& value) {
    if (const auto* const truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
    if (const auto* const number = std::get_if<double>(&value)) return decimal(*number);
    if (const auto* const day = std::get_if<Day>(&value)) return to_iso(*day);
    if (const auto* const text = std::get_if<std::string>(&value)) return *text;
    return "-";
}
std::string describe(const model::Fact& fact, const model::Symbols& symbols) {
    std::string text = "person " + std::to_string(fact.person.value()) + " at " + to_iso(fact.at) + " known " +
                       to_iso(fact.known_at) + " " + symbols.sources.text(fact.source) + "/" + fact.key + " " +
                       std::string{model::fact_content_names[fact.content.index()]};
    if (const auto content = segment::fact_content(fact.content, symbols)) {
        for (const model::AttributeValue& value : content->values) text += " " + describe(value);
    }
    if (const auto* const role = std::get_if<model::RoleChange>(&fact.content)) {
        text += " " + std::string{model::name_of(role->kind)} + (role->ended ? " ended" : "") +
                (role->programme ? " of " + symbols.programmes.text(*role->programme) : "") +
                (role->site ? " at " + symbols.sites.text(*role->site) : "");
    } else if (const auto* const relation = std::get_if<model::RelationChange>(&fact.content)) {
        const auto* const person = std::get_if<PersonId>(&relation->other);
        text += " " + std::string{model::name_of(relation->kind)} + (relation->ended ? " ended" : "") +
                (person ? " person " + std::to_string(person->value()) : " an organisation");
    } else if (const auto* const duty = std::get_if<model::ObligationChange>(&fact.content)) {
        text += " item " + duty->item + (duty->due ? " due " + to_iso(*duty->due) : "");
    } else if (const auto* const said = std::get_if<model::AttributeStatement>(&fact.content)) {
        for (const model::Attribute& each : said->attributes) {
            text += " " + symbols.attributes.text(each.name) + "=" + describe(each.value);
        }
    }
    return text;
}
std::string describe(const Case& about) {
    std::string text = "seed " + std::to_string(about.seed) + "\n";
    for (const segment::SegmentConfig& each : about.configs()) text += "  " + each.name + ": " + each.condition + "\n";
    for (const Telling& telling : about.tellings) text += "  " + describe(telling[0], *about.symbols) + "\n";
    return text;
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

TEST_SUITE("engine/segments_property") {
    TEST_CASE("live, bulk and a plain evaluation of all facts agree about random segments, to the millisecond") {
        // Under the sanitizers a case takes a second.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        constexpr std::uint64_t usual = 100;
#else
        constexpr std::uint64_t usual = 500;
#endif
        const std::uint64_t cases = number_from("ALLOQUY_SEGMENT_CASES", usual);
        const std::uint64_t first = number_from("ALLOQUY_SEGMENT_SEED", 1);
        std::uint64_t hash = 0;
        std::uint64_t hash_of_cases = 0;  // to tell other answers from other questions
        std::size_t failures = 0;
        for (std::uint64_t seed = first; seed < first + cases && failures < 3; ++seed) {
            const Case about = random_case(seed);
            Checks checks;
            checks.prefixes = about.tellings.size() <= 14;
            checks.hash = &hash;
            hash_of_cases = hash_of_cases * 1'099'511'628'211U ^ alloquy::fnv_1a(describe(about));
            if (const Complaint found = complaint_about(about, checks)) {
                ++failures;
                // Of two orders the one that is at fault itself says more.
                const Case other = in_another_order(about);
                const bool is_other = found->starts_with("one order") && quiet_complaint_about(other, checks);
                const Case small = made_smaller(is_other ? other : about, checks);
                const Complaint left = complaint_about(small, checks);
                FAIL_CHECK(*left << "\n" << describe(small) << "(at first: " << *found << ")");
            }
        }
        if (std::getenv("ALLOQUY_SEGMENT_CASES") != nullptr) {
            MESSAGE("hash of all cases: " << hash_of_cases << ", of all changes: " << hash);
        }
    }
}
