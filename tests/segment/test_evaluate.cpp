#include <alloquy/segment/evaluate.hpp>

#include <algorithm>
#include <array>
#include <bitset>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
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

#include <alloquy/id.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/segment/calendar.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/parse.hpp>
#include <alloquy/segment/text.hpp>
#include <alloquy/time/academic_calendar.hpp>
#include <alloquy/time/zone.hpp>

#include "../support/instants.hpp"
#include "../support/random.hpp"

namespace model = alloquy::model;
namespace segment = alloquy::segment;
using namespace alloquy::segment;
using alloquy::InvalidArgument;
using alloquy::support::at;
using alloquy::support::Random;
using alloquy::time::Day;
using alloquy::time::Instant;
using model::AttributeValue;
using model::RoleKind;
using std::chrono::milliseconds;

namespace {

const std::array<std::string, 3> programmes{"nursing", "law", "music"};
const std::array<std::string, 3> sites{"Zwolle", "Ede", "Goes"};

/// The words of all test people; the three programmes and sites have the numbers 1 to 3.
model::Symbols& words() {
    static model::Symbols symbols = [] {
        model::Symbols made;
        for (const std::string& each : programmes) (void)made.programmes.intern(each);
        for (const std::string& each : sites) (void)made.sites.intern(each);
        return made;
    }();
    return symbols;
}
const SegmentCalendar& utc_calendar() {
    static const SegmentCalendar calendar;
    return calendar;
}

/// A subject that is nothing but data.
struct Person {
    Instant instant = at("2026-09-01T00:00Z");
    std::map<std::string, AttributeValue> values{};
    model::Person state{alloquy::PersonId{1}};
    std::vector<SeenFact> seen{};  ///< From the oldest to the newest; those after the instant are left out.
    std::set<std::string> segments{};
    std::map<std::string, std::vector<Turn>> changes{};
    std::uint64_t number = 0;
    const SegmentCalendar* clock = &utc_calendar();
    std::vector<Person> others{};
    std::vector<model::Organisation> organisations{};

    [[nodiscard]] Instant now() const { return instant; }
    [[nodiscard]] AttributeValue value(const std::string& name) const {
        const auto found = values.find(name);
        return found == values.end() ? AttributeValue{} : found->second;
    }
    [[nodiscard]] const model::Person& person() const { return state; }
    [[nodiscard]] const model::Symbols& symbols() const { return words(); }
    [[nodiscard]] const SegmentCalendar& calendar() const { return *clock; }
    [[nodiscard]] std::uint64_t key() const { return number; }
    [[nodiscard]] std::span<const SeenFact> facts() const {
        std::size_t count = 0;
        while (count < seen.size() && seen[count].at <= instant) ++count;
        return std::span{seen}.first(count);
    }
    [[nodiscard]] bool is_in_segment(const std::string& name) const { return segments.contains(name); }
    [[nodiscard]] std::vector<Turn> turns(const std::string& name) const {
        const auto found = changes.find(name);
        if (found == changes.end()) return {};
        std::vector<Turn> so_far = found->second;
        std::erase_if(so_far, [&](const Turn& turn) { return turn.at > instant; });
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
static_assert(Subject<Person>);

const Catalogue catalogue{{{"score", FieldType::number},
                           {"visits", FieldType::number},
                           {"city", FieldType::text},
                           {"thing", FieldType::any}}};

bool is_true(std::string_view text, const Person& person) {
    return holds(parse(text, catalogue), person);
}
Person with(std::string field, AttributeValue value) {
    Person person;
    person.values.emplace(std::move(field), std::move(value));
    return person;
}
Person with(model::Role role) {
    Person person;
    person.state.roles.push_back(std::move(role));
    return person;
}
constexpr model::Programme programme(std::uint16_t number) {
    return model::Programme{number};
}
constexpr model::Site site(std::uint16_t number) {
    return model::Site{number};
}

// ---------------------------------------------------------------------------------------------------------------------
// The second evaluator: a table of everybody, one set of persons for each condition, joined by bit operations.

constexpr std::size_t crowd = 64;
using Set = std::bitset<crowd>;

/// One cell, type and value in one text: "n3", "tEde", "d2026-09-01", "b1"; empty where it is missing.
std::string cell_of(const AttributeValue& value) {
    switch (value.index()) {
        case 1:
            return std::get<bool>(value) ? "b1" : "b0";
        case 2:
            return 'n' + std::to_string(static_cast<int>(std::get<double>(value)));
        case 3:
            return 'd' + to_iso(std::get<Day>(value));
        case 4:
            return 't' + std::get<std::string>(value);
        default:
            return {};
    }
}
std::string cell_of(const Value& value) {
    switch (value.index()) {
        case 0:
            return std::get<bool>(value) ? "b1" : "b0";
        case 1:
            return 'n' + std::to_string(static_cast<int>(std::get<double>(value)));
        case 2:
            return 't' + std::get<std::string>(value);
        case 3:
            return 'd' + to_iso(std::get<Day>(value));
        default:
            return "$";
    }
}
/// -1, 0 or 1; of one type without order 2 if unequal and 3 if equal; 4 for cells that nothing relates.
int order_of(const std::string& a, const std::string& b) {
    if (a.empty() || b.empty() || a[0] != b[0]) return 4;
    if (a[0] == 'n') {
        const int difference = std::stoi(a.substr(1)) - std::stoi(b.substr(1));
        return difference < 0 ? -1 : difference > 0 ? 1 : 0;
    }
    const int sign = a.compare(b);
    if (a[0] == 'd') return sign < 0 ? -1 : sign > 0 ? 1 : 0;  // ISO days sort as text
    return sign == 0 ? 3 : 2;
}

/// Philox4x32-10 and FNV-1a once more, written from their papers (see the cases of draw()).
double draw_again(std::uint64_t key, const std::string& name) {
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

class Table {
public:
    explicit Table(const std::vector<Person>& people) : people_{&people} {}

    [[nodiscard]] Set who(const Condition& condition) const {
        switch (condition.node.index()) {
            case 0: {
                Set set = Set{}.set();
                for (const Condition& each : std::get<All>(condition.node).of) set &= who(each);
                return set;
            }
            case 1: {
                Set set;
                for (const Condition& each : std::get<Any>(condition.node).of) set |= who(each);
                return set;
            }
            case 2:
                return ~who(*std::get<Not>(condition.node).of);
            case 3: {
                const auto& leaf = std::get<Comparison>(condition.node);
                constexpr std::array<std::string_view, 5> kept{"0e", "-", "-0", "+", "+0"};
                return ordered(leaf.of, leaf.value, kept.at(static_cast<std::size_t>(leaf.relation)));
            }
            case 4: {
                const auto& leaf = std::get<Between>(condition.node);
                return ordered(leaf.of, leaf.from, "+0") & ordered(leaf.of, leaf.to, "-0");
            }
            case 5: {
                Set set;
                const auto& leaf = std::get<OneOf>(condition.node);
                for (const Value& value : leaf.values) set |= ordered(leaf.of, value, "0e");
                return set;
            }
            case 6:
                return matching(std::get<TextMatch>(condition.node));
            case 7:
                return each([&](const Person& p) { return !cell(p, std::get<IsKnown>(condition.node).of).empty(); });
            case 11:
                return in_role(std::get<HasRole>(condition.node));
            case 16:
                return stated(std::get<Stated>(condition.node));
            case 17: {
                const auto& leaf = std::get<RandomPart>(condition.node);
                return each([&](const Person& p) { return draw_again(p.number, leaf.name) < leaf.below; }) &
                       ~each([&](const Person& p) { return draw_again(p.number, leaf.name) < leaf.from; });
            }
            default: {
                const auto& leaf = std::get<InSegment>(condition.node);
                return each([&](const Person& p) { return p.segments.count(leaf.name) == 1; });
            }
        }
    }

private:
    template <class Test>
    [[nodiscard]] Set each(const Test& test) const {
        Set set;
        for (std::size_t i = 0; i < crowd; ++i) set.set(i, test((*people_)[i]));
        return set;
    }
    static std::string cell(const Person& person, const Operand& of) {
        const auto found = person.values.find(std::get<std::string>(of));
        return found == person.values.end() ? std::string{} : cell_of(found->second);
    }
    [[nodiscard]] Set ordered(const Operand& of, const Value& against, std::string_view kept) const {
        return each([&](const Person& p) {
            constexpr std::string_view signs = "-0+ue!";
            const int order = order_of(cell(p, of), cell_of(against));
            return kept.find(signs[static_cast<std::size_t>(order + 1)]) != std::string_view::npos;
        });
    }
    [[nodiscard]] Set matching(const TextMatch& leaf) const {
        const std::string part = cell_of(leaf.text).substr(1);
        return each([&](const Person& p) {
            const std::string found = cell(p, leaf.of);
            if (found.empty() || found[0] != 't') return false;
            const std::string text = found.substr(1);
            for (std::size_t start = 0; start + part.size() <= text.size(); ++start) {
                const bool at_start = start == 0;
                const bool at_end = start + part.size() == text.size();
                const bool counts = leaf.test == TextTest::contains ||
                                    (leaf.test == TextTest::starts_with && at_start) ||
                                    (leaf.test == TextTest::ends_with && at_end);
                if (counts && text.substr(start, part.size()) == part) return true;
            }
            return false;
        });
    }
    [[nodiscard]] Set in_role(const HasRole& leaf) const {
        return each([&](const Person& p) {
            std::size_t found = 0;
            for (const model::Role& role : p.state.roles) {
                const std::int64_t now = p.instant.unix_ms();
                const std::int64_t start = role.start.unix_ms();
                const std::int64_t end = role.end_exclusive ? role.end_exclusive->unix_ms() : Instant::max_unix_ms + 1;
                if (leaf.period == RolePeriod::current && !(start <= now && now < end)) continue;
                if (leaf.period == RolePeriod::former && !(start <= now && end <= now)) continue;
                if (leaf.period == RolePeriod::ever && start > now) continue;
                if (leaf.kind && name_of(*leaf.kind) != name_of(role.kind)) continue;
                const std::string in = role.programme ? programmes.at(role.programme->number() - 1U) : std::string{};
                const std::string where = role.site ? sites.at(role.site->number() - 1U) : std::string{};
                if (!leaf.programmes.empty() && std::count(leaf.programmes.begin(), leaf.programmes.end(), in) == 0) {
                    continue;
                }
                if (!leaf.sites.empty() && std::count(leaf.sites.begin(), leaf.sites.end(), where) == 0) continue;
                ++found;
            }
            return found > 0;
        });
    }

    /// One statement after the other in the order of their instants, what says no last: the last one decides.
    [[nodiscard]] Set stated(const Stated& leaf) const {
        return each([&](const Person& p) {
            std::vector<std::pair<std::int64_t, bool>> statements;
            bool objects = false;
            for (const model::ConsentState& state : p.state.consents) {
                const bool covers =
                    !state.channel || (leaf.channel && words().channels.text(*state.channel) == *leaf.channel);
                if (words().purposes.text(state.purpose) != leaf.purpose || !covers) continue;
                objects = objects || state.objected;
                if (state.given_at) statements.emplace_back(state.given_at->unix_ms(), !state.given);
            }
            if (leaf.is_objection) return objects;
            std::sort(statements.begin(), statements.end());
            return !statements.empty() && !statements.back().second;
        });
    }

    const std::vector<Person>* people_;
};

/// Few values, so that every test meets what it holds of and what not.
class Maker {
public:
    explicit Maker(std::uint64_t seed) : random_{seed} {}

    Person person() {
        Person person;
        for (const std::string field : {"score", "visits", "city", "thing", "attribute:a"}) {
            if (random_.chance(75)) person.values[field] = found();
        }
        for (std::size_t n = random_.below(4); n > 0; --n) {
            model::Role role{static_cast<RoleKind>(random_.below(3)), {}, {}, instant(), {}};
            if (random_.chance(60)) role.programme = programme(number(3));
            if (random_.chance(60)) role.site = site(number(3));
            if (random_.chance(60)) role.end_exclusive = role.start + milliseconds{random_.between(0, 3)};
            person.state.roles.push_back(role);
        }
        person.instant = instant();
        for (std::size_t n = random_.below(5); n > 0; --n) add_statement(person);
        for (std::size_t n = random_.below(3); n > 0; --n) person.segments.insert(word());
        person.number = random_.chance(50) ? random_.below(100) : random_.bits();
        return person;
    }
    Condition condition(int depth) {
        if (depth == 0 || random_.chance(20)) return leaf();
        std::vector<Condition> of;
        switch (random_.below(4)) {
            case 0:
                return {Not{condition(depth - 1)}};
            case 1:
                for (std::size_t n = random_.below(4); n > 0; --n) of.push_back(condition(depth - 1));
                return {All{std::move(of)}};
            case 2:
                for (std::size_t n = random_.below(4); n > 0; --n) of.push_back(condition(depth - 1));
                return {Any{std::move(of)}};
            default:
                return leaf();
        }
    }

private:
    std::uint16_t number(std::size_t of) { return static_cast<std::uint16_t>(1 + random_.below(of)); }
    Instant instant() { return at("2026-09-01T00:00Z") + milliseconds{random_.between(0, 5)}; }
    std::string word() {
        constexpr std::array<std::string_view, 7> words{"", "a", "b", "ab", "ba", "aba", "A"};
        return std::string{words[random_.below(words.size())]};
    }
    std::string field() {
        constexpr std::array<std::string_view, 6> fields{"score", "visits", "city", "thing", "attribute:a", "none"};
        return std::string{fields[random_.below(fields.size())]};
    }
    AttributeValue found() {
        return std::visit(
            [](const auto& v) -> AttributeValue {
                using V = std::decay_t<decltype(v)>;
                if constexpr (std::is_same_v<V, Parameter> || std::is_same_v<V, RelativeDay>) {
                    return {};
                } else {
                    return v;
                }
            },
            random_.chance(5) ? Value{Parameter{}} : value());
    }
    Value value() {
        switch (random_.below(5)) {
            case 0:
                return random_.chance(50);
            case 1:
                return word();
            case 2:
                return Day::from_unix_days(random_.between(-2, 2));
            default:
                return static_cast<double>(random_.between(-2, 2));
        }
    }
    /// A state as model::apply() makes it of statements at some of a few instants.
    void add_statement(Person& person) {
        const Stated about = stated();
        std::optional<model::Channel> channel;
        if (about.channel) channel = words().channels.intern(*about.channel);
        const model::Purpose purpose = words().purposes.intern(about.purpose);
        for (const model::ConsentState& state : person.state.consents) {
            if (state.purpose == purpose && state.channel == channel) return;
        }
        model::ConsentState state{purpose, channel, false, false, {}, {}, instant(), {}};
        if (random_.chance(80)) {
            state.given_at = instant();
            state.given = random_.chance(60);
        }
        if (random_.chance(50)) {
            state.objected_at = instant();
            state.objected = random_.chance(60);
        }
        person.state.consents.push_back(state);
    }
    Stated stated() {
        return {random_.chance(50), random_.chance(50) ? "news" : "fees",
                random_.chance(50) ? std::optional<std::string>{"sms"} : std::nullopt};
    }
    Condition leaf() {
        switch (random_.below(9)) {
            case 0: {
                OneOf one_of{field(), {}};
                for (std::size_t n = 1 + random_.below(3); n > 0; --n) one_of.values.push_back(value());
                return {std::move(one_of)};
            }
            case 1:
                return {Between{field(), value(), value()}};
            case 2:
                return {TextMatch{field(), static_cast<TextTest>(random_.below(3)), word()}};
            case 3:
                return {IsKnown{field()}};
            case 4: {
                HasRole role{static_cast<RolePeriod>(random_.below(3))};
                if (random_.chance(50)) role.kind = static_cast<RoleKind>(random_.below(3));
                if (random_.chance(30)) role.programmes = {programmes[random_.below(3)], programmes[random_.below(3)]};
                if (random_.chance(30)) role.sites = {sites[random_.below(3)]};
                return {std::move(role)};
            }
            case 5:
                return {stated()};
            case 6: {
                const auto from = static_cast<double>(random_.below(80));
                return {RandomPart{from, from + 1 + static_cast<double>(random_.below(20)), word()}};
            }
            case 7:
                return {InSegment{word()}};
            default:
                return {Comparison{field(), static_cast<Relation>(random_.below(5)), value()}};
        }
    }

    Random random_;
};

/// Key of a person, as a hash of the external key; the names are made up by counting.
std::uint64_t key_of(int i) {
    return alloquy::fnv_1a("person " + std::to_string(i));
}

// ---------------------------------------------------------------------------------------------------------------------
// Facts, zones and calendars by hand.

/// A fact with the named values; the other fields are missing.
SeenFact fact(std::string_view when, FactKind kind,
              const std::vector<std::pair<std::string, AttributeValue>>& named = {}) {
    FactContent content{kind, std::vector<AttributeValue>(fact_fields(kind).size())};
    for (const auto& [name, value] : named) {
        const std::vector<Field> fields = fact_fields(kind);
        const auto found =
            std::find_if(fields.begin(), fields.end(), [&wanted = name](const Field& f) { return f.name == wanted; });
        content.values.at(static_cast<std::size_t>(found - fields.begin())) = value;
    }
    return {at(when), std::move(content)};
}
SeenFact contact(std::string_view when, const std::vector<std::pair<std::string, AttributeValue>>& named = {}) {
    return fact(when, FactKind::interactions, named);
}
SeenFact act(Instant when, std::string_view what) {
    SeenFact made = contact("2026-01-01T00:00Z", {{"act", std::string{what}}});
    made.at = when;
    return made;
}
SeenFact result(std::string_view when, AttributeValue fraction) {
    return fact(when, FactKind::results, {{"assessment", "exam"}, {"fraction", std::move(fraction)}});
}
Person with_facts(std::vector<SeenFact> facts) {
    Person person;
    person.seen = std::move(facts);
    return person;
}
bool is_true_at(std::string_view text, Person person, Instant now) {
    person.instant = now;
    return is_true(text, person);
}

/// "Test/Central": the rule of Europe/Amsterdam since 1996, without a transition before it. Summer time runs from
/// 01:00 UTC on the last Sunday of March to 01:00 UTC on that of October.
std::optional<alloquy::time::Zone> find_zone(std::string_view name) {
    using namespace std::string_literals;
    using alloquy::time::Zone;
    if (name == "Test/East") return Zone::fixed("Test/East", 19'800);  // +05:30
    if (name != "Test/Central") return std::nullopt;
    // RFC 9636: header with counts isut, isstd, leap, time, type 1, char 4; one type of +3600 s named "CET".
    const std::string header =
        "TZif2"s + std::string(15, '\0') + std::string(16, '\0') + "\0\0\0\1\0\0\0\4"s + "\0\0\x0E\x10\0\0"s + "CET\0"s;
    const std::string file = header + header + "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
    return Zone::from_tzif("Test/Central", std::as_bytes(std::span{file}));
}
Day day(std::string_view iso) {
    return Day::from_iso(iso).value();
}
alloquy::time::Range<Day> days(std::string_view first, std::string_view end) {
    return alloquy::time::Range<Day>{day(first), day(end)};
}
/// The institution is in Test/Central; two academic years with a summer, and terms with a gap, between them.
const SegmentCalendar& central_calendar() {
    static const SegmentCalendar calendar{
        find_zone, "Test/Central",
        alloquy::time::AcademicCalendar{
            {{{"2025-2026",
               days("2025-09-01", "2026-07-11"),
               {{"1", days("2025-09-01", "2026-01-31")}, {"2", days("2026-02-09", "2026-07-11")}},
               {},
               {}},
              {"2026-2027", days("2026-08-31", "2027-07-10"), {{"1", days("2026-08-31", "2027-01-30")}}, {}, {}}},
             {}}}};
    return calendar;
}
Person central() {
    Person person;
    person.clock = &central_calendar();
    return person;
}

/// Of a window: [from, to) and the instant of the question.
struct WindowCase {
    std::string text;
    std::string now;
    std::string from;
    std::string to;
};
/// A fact counts from `from` on and before `to`, to the millisecond; nothing after the question does.
void check_window(const WindowCase& each, Person person) {
    const std::string& text = each.text;
    const std::string& now_text = each.now;
    CAPTURE(text);
    CAPTURE(now_text);
    person.instant = at(each.now);
    const Instant from = at(each.from);
    const Instant to = at(each.to);
    const milliseconds ms{1};
    for (const Instant when : {from - ms, from, from + ms, person.instant, to - ms, to, to + ms}) {
        person.seen = {act(when, "visited")};
        const bool counts = from <= when && when < to && when <= person.instant;
        CAPTURE(to_iso(when));
        CHECK(is_true("some interactions " + text, person) == counts);
        CHECK(is_true("no interactions " + text, person) == !counts);
    }
}

}  // namespace

TEST_SUITE("segment/evaluate") {
    TEST_CASE("numbers are compared as numbers") {
        const Person person = with("score", 0.5);
        const std::vector<std::tuple<std::string, bool, bool, bool>> relations{
            // against less, equal, more
            {"=", false, true, false}, {"!=", true, false, true}, {"<", false, false, true},
            {"<=", false, true, true}, {">", true, false, false}, {">=", true, true, false},
        };
        for (const auto& [relation, less, equal, more] : relations) {
            const std::string& sign = relation;
            CAPTURE(sign);
            CHECK(is_true("score " + sign + " 0.25", person) == less);
            CHECK(is_true("score " + sign + " 50 %", person) == equal);
            CHECK(is_true("score " + sign + " 0.75", person) == more);
        }
        CHECK(is_true("score = 0", with("score", -0.0)));
        CHECK(is_true("score = -0", with("score", 0.0)));
        CHECK_FALSE(is_true("score < 0", with("score", -0.0)));
        CHECK(is_true("score < 5e-324", with("score", 0.0)));
    }

    TEST_CASE("days have an order; texts and truths are equal or not, byte by byte") {
        const Person born = with("attribute:born", Day::from_ymd(2006, 8, 31));
        CHECK(is_true("attribute:born < 2006-09-01", born));
        CHECK(is_true("attribute:born = 2006-08-31", born));
        CHECK_FALSE(is_true("attribute:born > 2006-08-31", born));
        CHECK(is_true("attribute:born between 2006-08-31 and 2006-08-31", born));
        CHECK_FALSE(is_true("attribute:born between 2006-09-01 and 2007-08-31", born));
        const Person ede = with("city", "Ede");
        CHECK(is_true("city = \"Ede\"", ede));
        CHECK_FALSE(is_true("city = \"ede\"", ede));
        CHECK_FALSE(is_true("city = \"Ede \"", ede));
        CHECK(is_true("city != \"ede\"", ede));
        // The same letter as one code point and as two is not the same bytes.
        CHECK_FALSE(is_true("city = \"\u00e9\"", with("city", "e\u0301")));
        const Person fresh = with("attribute:new", true);
        CHECK(is_true("attribute:new = true", fresh));
        CHECK_FALSE(is_true("attribute:new = false", fresh));
        CHECK(is_true("attribute:new != false", fresh));
        for (const Relation relation : {Relation::less, Relation::at_most, Relation::greater, Relation::at_least}) {
            CHECK_FALSE(holds({Comparison{"city", relation, "Ede"}}, ede));
            CHECK_FALSE(holds({Comparison{"attribute:new", relation, true}}, fresh));
            CHECK_FALSE(holds({Comparison{"attribute:new", relation, false}}, fresh));
        }
    }

    TEST_CASE("no test of what is missing holds, and not turns that round") {
        const Person nobody;
        const Person stated_missing = with("score", std::monostate{});
        for (const std::string test : {"score = 1", "score < 1", "score <= 1", "score > 1", "score >= 1",
                                       "score between -9e9 and 9e9", "score in (1, 2)", "city contains \"\"",
                                       "city starts with \"\"", "city ends with \"\"", "score is known"}) {
            CAPTURE(test);
            CHECK_FALSE(is_true(test, nobody));
            CHECK_FALSE(is_true(test, stated_missing));
            CHECK(is_true("not " + test, nobody));
            CHECK(is_true("not " + test, stated_missing));
            CHECK_FALSE(is_true("not not " + test, nobody));
        }
        for (const std::string test : {"score != 1", "score not between 1 and 2", "score not in (1)",
                                       "city not contains \"x\"", "score is unknown"}) {
            CAPTURE(test);
            CHECK(is_true(test, nobody));
            CHECK_FALSE(is_true("not " + test, nobody));
        }
        CHECK_FALSE(is_true("score != 1 and score is known", nobody));
    }

    TEST_CASE("no test of a value of another type holds, and not turns that round") {
        const std::vector<std::pair<AttributeValue, std::string>> values{
            {true, "true"}, {1.0, "1"}, {Day::from_ymd(2026, 1, 1), "2026-01-01"}, {std::string{"1"}, "\"1\""}};
        for (const auto& value : values) {
            const std::string& own = value.second;
            const Person person = with("thing", value.first);
            for (const auto& against : values) {
                const std::string& text = against.second;
                CAPTURE(own);
                CAPTURE(text);
                const bool same = own == text;
                CHECK(is_true("thing = " + text, person) == same);
                CHECK(is_true("thing != " + text, person) == !same);
                CHECK(is_true("thing in (" + text + ", " + text + ')', person) == same);
                if (text == "true" || text[0] == '"') continue;
                CHECK(is_true("thing <= " + text, person) == same);
                CHECK(is_true("thing >= " + text, person) == same);
                CHECK(is_true("thing between " + text + " and " + text, person) == same);
                CHECK_FALSE(is_true("thing < " + text, person));
                CHECK(is_true("not thing < " + text, person));
            }
            CHECK(is_true("thing is known", person));
            CHECK(is_true("thing contains \"1\"", person) == (own == "\"1\""));
        }
        // Both ends must be of the value's type.
        CHECK_FALSE(is_true("thing between 0 and 2026-01-01", with("thing", 1.0)));
    }

    TEST_CASE("between includes both ends and nothing when they are the wrong way round") {
        for (const auto& each : {std::pair{1.999, false}, std::pair{2.0, true}, std::pair{3.0, true},
                                 std::pair{5.0, true}, std::pair{5.001, false}}) {
            const double number = each.first;
            const bool inside = each.second;
            CAPTURE(number);
            CHECK(is_true("score between 2 and 5", with("score", number)) == inside);
            CHECK(is_true("score not between 2 and 5", with("score", number)) == !inside);
            CHECK_FALSE(is_true("score between 5 and 2", with("score", number)));
        }
    }

    TEST_CASE("a text test looks at bytes, case included, and every text holds the empty one") {
        const Person person = with("city", "Den Haag");
        CHECK(is_true("city contains \"n H\"", person));
        CHECK(is_true("city contains \"Den Haag\"", person));
        CHECK_FALSE(is_true("city contains \"n h\"", person));
        CHECK_FALSE(is_true("city contains \"Den Haag \"", person));
        CHECK(is_true("city starts with \"Den\"", person));
        CHECK_FALSE(is_true("city starts with \"Haag\"", person));
        CHECK(is_true("city ends with \"Haag\"", person));
        CHECK_FALSE(is_true("city ends with \"Den\"", person));
        for (const std::string test : {"contains", "starts with", "ends with"}) {
            CHECK(is_true("city " + test + " \"\"", person));
            CHECK(is_true("city " + test + " \"\"", with("city", std::string{})));
            CHECK_FALSE(is_true("city " + test + " \"x\"", with("city", std::string{})));
        }
        CHECK(is_true("city = \"\"", with("city", std::string{})));
        CHECK(is_true("city is known", with("city", std::string{})));
    }

    TEST_CASE("and of nothing holds, or of nothing does not") {
        CHECK(holds({All{}}, Person{}));
        CHECK_FALSE(holds({Any{}}, Person{}));
        CHECK_FALSE(is_true("not true", Person{}));
        CHECK_FALSE(is_true("true and false", Person{}));
        CHECK(is_true("false or true", Person{}));
        CHECK(is_true("true or true and false", Person{}));
        CHECK_FALSE(is_true("(true or true) and false", Person{}));
    }

    TEST_CASE("a role runs from its start up to, but not at, its end") {
        const Instant start = at("2025-09-01T00:00Z");
        const Instant end = at("2026-09-01T00:00Z");
        Person person = with(model::Role{RoleKind::student, {}, {}, start, end});
        const auto check_at = [&](Instant now, bool current, bool former, bool ever) {
            person.instant = now;
            CHECK(is_true("role student", person) == current);
            CHECK(is_true("current role student", person) == current);
            CHECK(is_true("role", person) == current);
            CHECK(is_true("former role student", person) == former);
            CHECK(is_true("ever role student", person) == ever);
            CHECK_FALSE(is_true("ever role staff", person));
        };
        check_at(start - milliseconds{1}, false, false, false);
        check_at(start, true, false, true);
        check_at(start + milliseconds{1}, true, false, true);
        check_at(end - milliseconds{1}, true, false, true);
        check_at(end, false, true, true);
        check_at(end + milliseconds{1}, false, true, true);
        person.state.roles[0].end_exclusive.reset();
        check_at(end, true, false, true);
        check_at(Instant::latest(), true, false, true);
        // A role without length never runs; it is over as soon as it begins.
        person.state.roles[0].end_exclusive = start;
        check_at(start - milliseconds{1}, false, false, false);
        check_at(start, false, true, true);
        CHECK_FALSE(is_true("ever role", Person{}));
    }

    TEST_CASE("programme, site, kind and period are those of one role") {
        Person person = with(model::Role{RoleKind::student, programme(1), site(1), at("2025-09-01T00:00Z"), {}});
        CHECK(is_true("role of \"nursing\"", person));
        CHECK(is_true("role of (\"law\", \"nursing\")", person));
        CHECK_FALSE(is_true("role of \"law\"", person));
        CHECK_FALSE(is_true("role of \"Nursing\"", person));
        CHECK(is_true("role student of \"nursing\" at \"Zwolle\"", person));
        CHECK_FALSE(is_true("role student of \"nursing\" at \"Ede\"", person));
        CHECK_FALSE(is_true("role staff at \"Zwolle\"", person));
        CHECK_FALSE(is_true("role of \"unheard of\"", person));
        person.state.roles.push_back(
            {RoleKind::staff, programme(2), site(2), at("2020-01-01T00:00Z"), at("2021-01-01T00:00Z")});
        CHECK_FALSE(is_true("role staff", person));
        CHECK(is_true("former role staff of \"law\" at \"Ede\"", person));
        CHECK_FALSE(is_true("ever role student of \"law\"", person));
        CHECK_FALSE(is_true("ever role of \"nursing\" at \"Ede\"", person));
        CHECK_FALSE(is_true("former role student", person));
        // A role that has no programme or site is of none.
        const Person bare = with(model::Role{RoleKind::prospect, {}, {}, at("2025-09-01T00:00Z"), {}});
        CHECK(is_true("role prospect", bare));
        CHECK_FALSE(is_true("role of \"nursing\"", bare));
        CHECK_FALSE(is_true("role at \"Zwolle\"", bare));
    }

    TEST_CASE("consents and segments are what the subject says") {
        Person person;
        const Instant then = at("2026-01-01T00:00Z");
        const model::Channel sms = words().channels.intern("sms");
        person.state.consents = {{words().purposes.intern("news"), {}, true, false, {}, then, then, {}},
                                 {words().purposes.intern("fees"), sms, false, true, then, {}, then, {}}};
        person.segments = {"quiet"};
        CHECK(is_true("consent to \"news\"", person));
        CHECK_FALSE(is_true("objection to \"news\"", person));
        CHECK(is_true("consent to \"news\" by \"sms\"", person));  // what is said of every channel covers each
        CHECK_FALSE(is_true("consent to \"fees\"", person));
        CHECK(is_true("objection to \"fees\" by \"sms\"", person));
        CHECK_FALSE(is_true("objection to \"fees\"", person));
        CHECK(is_true("in segment \"quiet\"", person));
        CHECK_FALSE(is_true("in segment \"loud\"", person));
        CHECK(is_true("not in segment \"loud\"", person));
    }

    TEST_CASE("any condition holds of whom a table of everybody says") {
        std::size_t held = 0;
        for (std::uint64_t seed = 1; seed <= 150; ++seed) {
            CAPTURE(seed);
            Maker maker{seed};
            std::vector<Person> people;
            for (std::size_t i = 0; i < crowd; ++i) people.push_back(maker.person());
            const Table table{people};
            for (int tree = 0; tree < 60; ++tree) {
                const Condition condition = maker.condition(tree % 5);
                const Set expected = table.who(condition);
                Set found;
                for (std::size_t i = 0; i < crowd; ++i) found.set(i, holds(condition, people[i]));
                CAPTURE(to_text(condition));
                CHECK(found == expected);
                held += found.count();
            }
        }
        const std::size_t all = 150 * 60 * crowd;
        CHECK(held > all / 5);
        CHECK(held < all * 4 / 5);
    }

    TEST_CASE("a parameter without a value is the caller's mistake") {
        const Person person = with("score", 1.0);
        for (const std::string text :
             {"score < $p", "score = $p", "score between $p and 2", "score between 0 and $p", "score in ($p)",
              "score in (0, $p)", "city contains $p", "not score > $p", "true and (false or score > $p)"}) {
            CAPTURE(text);
            CHECK_THROWS_AS((void)is_true(text, person), InvalidArgument);
            CHECK_THROWS_AS((void)segment::with_parameters(parse(text, catalogue), {}), InvalidArgument);
            CHECK_THROWS_AS((void)segment::with_parameters(parse(text, catalogue), {{"P", 1.0}}), InvalidArgument);
        }
        CHECK_THROWS_AS((void)is_true("score < $p", Person{}), InvalidArgument);
    }

    TEST_CASE("with_parameters() puts values wherever a parameter may stand and leaves the rest") {
        const Parameters ab{{"a", 1.0}, {"b", 2.0}};
        const std::vector<std::pair<std::string, std::string>> bound{
            {"score < $a and visits >= $b", "score < 1 and visits >= 2"},
            {"score between $a and $b", "score between 1 and 2"},
            {"score not between $b and $a", "score not between 2 and 1"},
            {"score in ($a, 7, $b, $a)", "score in (1, 7, 2, 1)"},
            {"not (score = $a or not not (visits != $b and true))",
             "not (score = 1 or not not (visits != 2 and true))"},
            {"thing = $a or attribute:x not in ($b)", "thing = 1 or attribute:x not in (2)"}};
        for (const auto& each : bound) {
            const auto& [given, expected] = each;
            const std::string& text = given;
            CAPTURE(text);
            const Condition condition = parse(text, catalogue);
            const Condition before = condition;
            CHECK(segment::with_parameters(condition, ab) == parse(expected, catalogue));
            CHECK(condition == before);
        }
        CHECK(segment::with_parameters(parse("city starts with $t or city = $t", catalogue), {{"t", "a\"b"}}) ==
              parse(R"(city starts with "a\"b" or city = "a\"b")", catalogue));
        CHECK(segment::with_parameters(parse("thing = $d or thing = $t", catalogue),
                                       {{"d", Day::from_ymd(2026, 9, 1)}, {"t", true}}) ==
              parse("thing = 2026-09-01 or thing = true", catalogue));
        const Condition plain = parse("score < 1 and role student and not random 5 % of \"p\"", catalogue);
        CHECK(segment::with_parameters(plain, {}) == plain);
    }

    TEST_CASE("with_parameters() refuses what is given for no parameter, and parameters as values") {
        const Condition condition = parse("score < $a or city = \"$b\"", catalogue);
        CHECK_THROWS_AS((void)segment::with_parameters(condition, {{"a", 1.0}, {"b", 2.0}}), InvalidArgument);
        CHECK_THROWS_AS((void)segment::with_parameters(condition, {{"a", 1.0}, {"$a", 2.0}}), InvalidArgument);
        CHECK_THROWS_AS((void)segment::with_parameters({All{}}, {{"a", 1.0}}), InvalidArgument);
        CHECK_THROWS_AS((void)segment::with_parameters(condition, {{"a", Parameter{"b"}}}), InvalidArgument);
        CHECK_THROWS_AS((void)segment::with_parameters(condition, {{"a", Parameter{"a"}}}), InvalidArgument);
        try {
            (void)segment::with_parameters(parse("score < $a and visits < $b", catalogue), {{"a", 1.0}});
            CHECK_MESSAGE(false, "no error");
        } catch (const InvalidArgument& error) {
            CHECK(std::string_view{error.what()}.find("$b") != std::string_view::npos);
        }
    }

    TEST_CASE("a bound value of another type makes no test hold") {
        const Person person = with("score", 1.0);
        CHECK_FALSE(holds(segment::with_parameters(parse("score >= $a", catalogue), {{"a", "0"}}), person));
        CHECK_FALSE(
            holds(segment::with_parameters(parse("city contains $a", catalogue), {{"a", 1.0}}), with("city", "1")));
    }

    // Windows ---------------------------------------------------------------------------------------------------------

    TEST_CASE("a rolling window leaves out what happened exactly so long ago") {
        const Instant then = at("2026-03-29T00:30Z");
        const Person person = with_facts({act(then, "visited")});
        const auto in_last = [&](const std::string& length, std::int64_t after_ms) {
            return is_true_at("some interactions in last " + length, person, then + milliseconds{after_ms});
        };
        CHECK_FALSE(in_last("1 second", -1));
        CHECK(in_last("1 second", 0));
        CHECK(in_last("1 second", 999));
        CHECK_FALSE(in_last("1 second", 1000));
        CHECK(in_last("1 millisecond", 0));
        CHECK_FALSE(in_last("1 millisecond", 1));
        // A day is 24 hours, whatever the clocks on the wall do.
        CHECK(in_last("1 day", 86'399'999));
        CHECK_FALSE(in_last("1 day", 86'400'000));
        CHECK(in_last("2 weeks", 1'209'599'999));
        CHECK_FALSE(in_last("2 weeks", 1'209'600'000));
        // A window may reach back beyond the first instant.
        Person early = with_facts({act(Instant::earliest(), "visited")});
        early.instant = Instant::earliest() + milliseconds{5};
        CHECK(is_true("some interactions in last 36525 days", early));
    }

    TEST_CASE("a day range holds both its days, by the clock that it names") {
        // Python: datetime(y, m, d, tzinfo=ZoneInfo("Europe/Amsterdam")).astimezone(timezone.utc). 2026-03-29 has 23
        // hours and 2026-10-25 has 25.
        const std::string later = "2026-12-31T12:00Z";
        for (const WindowCase& each : std::vector<WindowCase>{
                 {"from 2026-03-29 to 2026-03-29", later, "2026-03-28T23:00Z", "2026-03-29T22:00Z"},
                 {"from 2026-10-25 to 2026-10-25", later, "2026-10-24T22:00Z", "2026-10-25T23:00Z"},
                 {"from 2026-03-01 to 2026-03-31", later, "2026-02-28T23:00Z", "2026-03-31T22:00Z"},
                 {"from 2026-03-29 to 2026-03-29", "2026-03-29T10:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z"},
                 {"from 2026-03-29 to 2026-03-29 in zone \"UTC\"", later, "2026-03-29T00:00Z", "2026-03-30T00:00Z"},
                 {"from 2026-03-29 to 2026-03-29 in zone \"Test/East\"", later, "2026-03-28T18:30Z",
                  "2026-03-29T18:30Z"}}) {
            check_window(each, central());
        }
        Person person = central();
        person.instant = at(later);
        person.seen = {contact("2026-03-28T22:59:59.999Z"), contact("2026-03-28T23:00Z"),
                       contact("2026-03-29T21:59:59.999Z"), contact("2026-03-29T22:00Z")};
        CHECK(is_true("count of interactions from 2026-03-29 = 3", person));
        CHECK(is_true("count of interactions since 2026-03-29 = 3", person));
        CHECK(is_true("count of interactions to 2026-03-29 = 3", person));
        CHECK(is_true("count of interactions to 2026-03-28 = 1", person));
        CHECK(is_true("count of interactions since 2027-01-01 = 0", person));
        CHECK(is_true("count of interactions from 0001-01-02 to 9999-12-31 in zone \"Test/East\" = 4", person));
    }

    TEST_CASE("the own zone is the person's, or the institution's where that is unknown") {
        Person person = central();
        const std::string window = "from 2026-03-29 to 2026-03-29 in own zone";
        const std::string later = "2026-12-31T12:00Z";
        person.state.zone = "Test/East";
        check_window({window, later, "2026-03-28T18:30Z", "2026-03-29T18:30Z"}, person);
        // A zone that nobody names stays the institution's.
        check_window({"from 2026-03-29 to 2026-03-29", later, "2026-03-28T23:00Z", "2026-03-29T22:00Z"}, person);
        for (const std::string unknown : {"", "Nowhere/Land"}) {
            person.state.zone = unknown;
            check_window({window, later, "2026-03-28T23:00Z", "2026-03-29T22:00Z"}, person);
        }
    }

    TEST_CASE("this day, week, month, quarter and year begin by the clock on the wall, across a change of it") {
        // Python, as above; 2026-03-29 and 2026-10-25 are Sundays.
        for (const WindowCase& each : std::vector<WindowCase>{
                 {"in this day", "2026-03-28T23:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z"},
                 {"in this day", "2026-03-29T21:59:59.999Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z"},
                 {"in this day", "2026-03-29T22:00Z", "2026-03-29T22:00Z", "2026-03-30T22:00Z"},
                 {"in previous day", "2026-03-29T22:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z"},
                 {"in previous day", "2026-03-29T21:59:59.999Z", "2026-03-27T23:00Z", "2026-03-28T23:00Z"},
                 {"in this day", "2026-10-25T22:59:59.999Z", "2026-10-24T22:00Z", "2026-10-25T23:00Z"},
                 {"in previous day", "2026-10-25T23:00Z", "2026-10-24T22:00Z", "2026-10-25T23:00Z"},
                 {"in this week", "2026-03-29T21:59:59.999Z", "2026-03-22T23:00Z", "2026-03-29T22:00Z"},
                 {"in this week", "2026-03-29T22:00Z", "2026-03-29T22:00Z", "2026-04-05T22:00Z"},
                 {"in previous week", "2026-03-29T22:00Z", "2026-03-22T23:00Z", "2026-03-29T22:00Z"},
                 {"in previous week", "2026-04-05T21:59:59.999Z", "2026-03-22T23:00Z", "2026-03-29T22:00Z"},
                 {"in this month", "2026-03-31T21:59:59.999Z", "2026-02-28T23:00Z", "2026-03-31T22:00Z"},
                 {"in this month", "2026-03-31T22:00Z", "2026-03-31T22:00Z", "2026-04-30T22:00Z"},
                 {"in previous month", "2026-03-31T22:00Z", "2026-02-28T23:00Z", "2026-03-31T22:00Z"},
                 {"in previous month", "2026-01-15T12:00Z", "2025-11-30T23:00Z", "2025-12-31T23:00Z"},
                 {"in this quarter", "2026-03-31T21:59:59.999Z", "2025-12-31T23:00Z", "2026-03-31T22:00Z"},
                 {"in this quarter", "2026-03-31T22:00Z", "2026-03-31T22:00Z", "2026-06-30T22:00Z"},
                 {"in this quarter", "2026-12-31T22:59:59.999Z", "2026-09-30T22:00Z", "2026-12-31T23:00Z"},
                 {"in previous quarter", "2026-03-31T22:00Z", "2025-12-31T23:00Z", "2026-03-31T22:00Z"},
                 {"in previous quarter", "2026-01-01T00:00Z", "2025-09-30T22:00Z", "2025-12-31T23:00Z"},
                 {"in this year", "2026-12-31T22:59:59.999Z", "2025-12-31T23:00Z", "2026-12-31T23:00Z"},
                 {"in this year", "2026-12-31T23:00Z", "2026-12-31T23:00Z", "2027-12-31T23:00Z"},
                 {"in previous year", "2026-07-01T00:00Z", "2024-12-31T23:00Z", "2025-12-31T23:00Z"},
                 {"since the start of this month", "2026-03-31T21:59:59.999Z", "2026-02-28T23:00Z",
                  "2026-03-31T22:00Z"},
                 {"in this month in zone \"UTC\"", "2026-03-31T22:00Z", "2026-03-01T00:00Z", "2026-04-01T00:00Z"},
                 {"in this day in zone \"Test/East\"", "2026-03-29T18:29:59.999Z", "2026-03-28T18:30Z",
                  "2026-03-29T18:30Z"}}) {
            check_window(each, central());
        }
        Person abroad = central();
        abroad.state.zone = "Test/East";
        check_window({"in this day in own zone", "2026-03-29T18:30Z", "2026-03-29T18:30Z", "2026-03-30T18:30Z"},
                     abroad);
    }

    TEST_CASE("a term is told by the academic calendar; outside every term there is no this term") {
        // Starts of days as above. Terms: 2025-09-01 to 2026-01-30, 2026-02-09 to 2026-07-10, 2026-08-31 to 2027-01-29.
        const std::string one = "2025-08-31T22:00Z";
        const std::string one_end = "2026-01-30T23:00Z";
        const std::string two = "2026-02-08T23:00Z";
        const std::string two_end = "2026-07-10T22:00Z";
        const std::string three = "2026-08-30T22:00Z";
        const std::string three_end = "2027-01-29T23:00Z";
        for (const WindowCase& each : std::vector<WindowCase>{
                 {"in this term", one, one, one_end},
                 {"in this term", "2026-01-30T22:59:59.999Z", one, one_end},
                 {"in this term", two, two, two_end},
                 {"in this term", "2026-07-10T21:59:59.999Z", two, two_end},
                 {"in previous term", two, one, one_end},
                 {"in previous term", "2026-07-10T21:59:59.999Z", one, one_end},
                 // Between terms the previous one is the last that began.
                 {"in previous term", one_end, one, one_end},
                 {"in previous term", "2026-02-08T22:59:59.999Z", one, one_end},
                 {"in previous term", two_end, two, two_end},
                 {"in previous term", three, two, two_end},
                 {"in previous term", "2035-01-01T00:00Z", three, three_end},
                 {"in this academic year", one_end, one, two_end},
                 {"in this academic year", "2026-07-10T21:59:59.999Z", one, two_end},
                 {"in this academic year", three, three, "2027-07-09T22:00Z"},
                 {"in previous academic year", two_end, one, two_end},
                 {"in previous academic year", three, one, two_end},
                 {"in previous academic year", "2035-01-01T00:00Z", three, "2027-07-09T22:00Z"},
                 {"since the start of this term", two, two, two_end},
                 {"in this term in zone \"UTC\"", "2026-02-09T00:00Z", "2026-02-09T00:00Z", "2026-07-11T00:00Z"}}) {
            check_window(each, central());
        }
        Person person = central();
        person.seen = {contact("2020-01-01T00:00Z"), contact("2025-10-01T00:00Z"), contact("2026-02-01T00:00Z")};
        const auto nothing = [&](const std::string& window, std::string_view now) {
            CAPTURE(window);
            CAPTURE(now);
            CHECK(is_true_at("no interactions " + window, person, at(now)));
        };
        nothing("in this term", one_end);
        nothing("in this term", "2026-02-08T22:59:59.999Z");
        nothing("in this term", two_end);
        nothing("in this term", "2035-01-01T00:00Z");
        nothing("in this term", "2025-08-31T21:59:59.999Z");
        nothing("in previous term", "2025-08-31T21:59:59.999Z");
        nothing("in previous term", one);
        nothing("in this academic year", two_end);
        nothing("in previous academic year", one);
        nothing("in previous academic year", "2026-07-10T21:59:59.999Z");
        CHECK(is_true_at("count of interactions in previous term = 1", person, at(two)));
        Person without;  // its calendar has no terms
        without.seen = person.seen;
        CHECK(is_true("no interactions in this term", without));
        CHECK(is_true("no interactions in previous academic year", without));
    }

    // Aggregates ------------------------------------------------------------------------------------------------------

    TEST_CASE("numbers of facts: sum, mean, least, greatest, first, last and distinct of the values that there are") {
        const Person person = with_facts(
            {result("2026-01-01T00:00Z", 0.5), result("2026-01-02T00:00Z", 0.75), result("2026-01-02T00:00Z", 0.25),
             result("2026-01-03T00:00Z", std::monostate{}), result("2026-01-04T00:00Z", 0.5)});
        CHECK(is_true("count of results = 5", person));
        CHECK(is_true("sum fraction of results = 2", person));
        CHECK(is_true("mean fraction of results = 0.5", person));
        CHECK(is_true("least fraction of results = 0.25", person));
        CHECK(is_true("greatest fraction of results = 0.75", person));
        CHECK(is_true("first fraction of results = 0.5", person));
        CHECK(is_true("last fraction of results = 0.5", person));
        CHECK(is_true("distinct fraction of results = 3", person));
        // Of several at one instant the first is the least and the last the greatest.
        CHECK(is_true("first fraction of results from 2026-01-02 = 0.25", person));
        CHECK(is_true("last fraction of results to 2026-01-03 = 0.75", person));
        CHECK(is_true("mean fraction of results from 2026-01-02 to 2026-01-03 = 0.5", person));
        // A fact without a value is a fact, and has none.
        CHECK(is_true("count of results from 2026-01-03 to 2026-01-03 = 1", person));
        CHECK(is_true("sum fraction of results from 2026-01-03 to 2026-01-03 = 0", person));
        CHECK(is_true("distinct fraction of results from 2026-01-03 to 2026-01-03 = 0", person));
        for (const std::string name : {"mean", "least", "greatest", "first", "last"}) {
            CAPTURE(name);
            const std::string operand = name + " fraction of results from 2026-01-03 to 2026-01-03";
            CHECK(is_true(operand + " is unknown", person));
            CHECK_FALSE(is_true(operand + " <= 1", person));
            CHECK(is_true("not " + operand + " <= 1", person));
        }
        // Other kinds are other facts.
        CHECK(is_true("count of interactions = 0", person));
        CHECK(is_true("sum quantity of interactions = 0", person));
        CHECK(is_true("count of obligations = 0 and count of dialogues = 0 and count of enrolments = 0", person));
    }

    TEST_CASE("of nothing a count, a sum and a number of values are 0, all else is missing") {
        const Person nobody;
        for (const std::string zero : {"count of interactions", "sum quantity of interactions",
                                       "distinct channel of interactions", "distinct fraction of results"}) {
            CAPTURE(zero);
            CHECK(is_true(zero + " = 0", nobody));
            CHECK(is_true(zero + " is known", nobody));
        }
        CHECK(is_true("no interactions and not some interactions", nobody));
        for (const std::string missing :
             {"mean quantity of interactions", "least quantity of interactions", "greatest quantity of interactions",
              "first quantity of interactions", "last quantity of interactions", "days since first of interactions",
              "days since last of interactions"}) {
            CAPTURE(missing);
            CHECK(is_true(missing + " is unknown", nobody));
            CHECK_FALSE(is_true(missing + " >= 0", nobody));
            CHECK_FALSE(is_true(missing + " < 1", nobody));
            CHECK_FALSE(is_true(missing + " between -9e9 and 9e9", nobody));
            CHECK_FALSE(is_true(missing + " in (0, 1)", nobody));
            CHECK(is_true("not " + missing + " >= 0", nobody));
            CHECK(is_true(missing + " != 0", nobody));
        }
        for (const std::string missing :
             {"first topic of interactions", "last topic of interactions", "most frequent topic of interactions"}) {
            CAPTURE(missing);
            CHECK(is_true(missing + " is unknown", nobody));
            CHECK_FALSE(is_true(missing + " contains \"\"", nobody));
            CHECK(is_true(missing + " != \"a\"", nobody));
        }
    }

    TEST_CASE("a sum is added by instant and, at one instant, by value") {
        // In doubles 1e16 + 1 is 1e16. By instant 1e16 - 1e16 + 1 is 1; at one instant -1e16 comes before 1.
        const Person by_instant = with_facts(
            {result("2026-01-01T00:00Z", 1e16), result("2026-01-02T00:00Z", -1e16), result("2026-01-03T00:00Z", 1.0)});
        CHECK(is_true("sum fraction of results = 1", by_instant));
        const Person late = with_facts(
            {result("2026-01-01T00:00Z", 1.0), result("2026-01-02T00:00Z", 1e16), result("2026-01-03T00:00Z", -1e16)});
        CHECK(is_true("sum fraction of results = 0", late));
        for (const bool turned : {false, true}) {
            CAPTURE(turned);
            Person tie = with_facts({result("2026-01-01T00:00Z", 1e16), result("2026-01-02T00:00Z", 1.0),
                                     result("2026-01-02T00:00Z", -1e16)});
            if (turned) std::swap(tie.seen[1], tie.seen[2]);
            CHECK(is_true("sum fraction of results = 1", tie));
            CHECK(is_true("mean fraction of results between 0.333 and 0.334", tie));
            CHECK(is_true("first fraction of results from 2026-01-02 = -10000000000000000", tie));
            CHECK(is_true("last fraction of results = 1", tie));
        }
    }

    TEST_CASE("texts of facts: first, last, distinct and most frequent, ties told byte by byte") {
        const auto topic = [](std::string_view when, std::string_view word) {
            return contact(when, {{"topic", std::string{word}}});
        };
        for (const bool turned : {false, true}) {
            CAPTURE(turned);
            Person person = with_facts({contact("2026-01-01T00:00Z"), topic("2026-01-02T00:00Z", "b"),
                                        topic("2026-01-02T00:00Z", "a"), topic("2026-01-03T00:00Z", "c"),
                                        topic("2026-01-04T00:00Z", "Z"), topic("2026-01-04T00:00Z", "b"),
                                        contact("2026-01-05T00:00Z")});
            if (turned) {
                std::swap(person.seen[1], person.seen[2]);
                std::swap(person.seen[4], person.seen[5]);
            }
            CHECK(is_true("first topic of interactions = \"a\"", person));
            CHECK(is_true("last topic of interactions = \"b\"", person));  // 'Z' is before 'b'
            CHECK(is_true("distinct topic of interactions = 4", person));
            CHECK(is_true("most frequent topic of interactions = \"b\"", person));
            CHECK(is_true("most frequent topic of interactions to 2026-01-04 = \"b\"", person));
            CHECK(is_true("most frequent topic of interactions to 2026-01-03 = \"a\"", person));
            CHECK(is_true("most frequent topic of interactions from 2026-01-03 = \"Z\"", person));
            CHECK(is_true("first topic of interactions starts with \"a\"", person));
            CHECK(is_true("last topic of interactions in (\"x\", \"b\")", person));
            CHECK_FALSE(is_true("last topic of interactions in (\"x\", \"Z\")", person));
            CHECK(is_true("count of interactions = 7", person));
            CHECK(is_true("first topic of interactions to 2026-01-01 is unknown", person));
        }
    }

    TEST_CASE("days since the first and the last fact are of 24 hours, with their parts") {
        const Person person = with_facts({contact("2026-08-30T00:00Z", {{"channel", "email"}}),
                                          contact("2026-08-31T12:00Z", {{"channel", "phone"}})});
        CHECK(is_true("days since first of interactions = 2", person));
        CHECK(is_true("days since last of interactions = 0.5", person));
        CHECK(is_true("days since last of interactions where channel = \"email\" = 2", person));
        CHECK(is_true("days since first of interactions in last 1 day = 0.5", person));
        CHECK(is_true("days since first of interactions in last 1 hour is unknown", person));
        CHECK(is_true_at("days since last of interactions = 0", person, at("2026-08-31T12:00Z")));
        CHECK(is_true_at("days since last of interactions > 0", person, at("2026-08-31T12:00:00.001Z")));
        // The fact after the question is not there yet.
        CHECK(is_true_at("days since last of interactions = 1.25", person, at("2026-08-31T06:00Z")));
    }

    // Filters and sets ------------------------------------------------------------------------------------------------

    TEST_CASE("a filter lets through the facts of which it holds, missing values as everywhere") {
        const Person person =
            with_facts({contact("2026-01-01T00:00Z", {{"channel", "email"}, {"topic", "money"}, {"quantity", 1.0}}),
                        contact("2026-01-02T00:00Z",
                                {{"channel", "email"}, {"quantity", 3.0}, {"text", "Wanneer moet ik betalen?"}}),
                        contact("2026-01-03T00:00Z", {{"channel", "phone"}, {"topic", "housing"}, {"quantity", 2.0}}),
                        contact("2026-01-04T00:00Z", {{"topic", "money"}, {"text", "50 % off_now"}})});
        const auto count = [&](const std::string& where, int expected) {
            CAPTURE(where);
            CHECK(is_true("count of interactions where " + where + " = " + std::to_string(expected), person));
        };
        count("channel = \"email\"", 2);
        count("channel = \"fax\"", 0);
        count("(channel = \"email\" and topic = \"money\")", 1);
        count("(channel = \"phone\" or topic = \"money\")", 3);
        count("channel != \"email\"", 2);
        count("not channel = \"email\"", 2);
        count("(channel != \"email\" and channel is known)", 1);
        count("topic is known", 3);
        count("topic is unknown", 1);
        count("quantity >= 2", 2);
        count("quantity between 1 and 2", 2);
        count("not quantity >= 2", 2);
        count("quantity in (1, 3)", 2);
        count("channel in (\"email\", \"phone\")", 3);
        count("channel not in (\"email\", \"phone\")", 1);
        count("topic contains \"ous\"", 1);
        count("topic starts with \"mon\"", 2);
        count("topic ends with \"g\"", 1);
        count("topic like \"h%g\"", 1);
        count("topic like \"_oney\"", 2);
        count("topic like \"oney\"", 0);
        count("topic matches \"^(money|housing)$\"", 3);
        count("topic matches \"o[nu]\"", 3);
        count("text contains \"betalen\"", 1);
        count("text contains \"Betalen\"", 0);
        count("text is known", 2);
        count("not text contains \"betalen\"", 3);
        count("text like \"50 \\\\% off\\\\_now\"", 1);
        count("text like \"%\\\\_%\"", 1);
        count("text ends with \"?\"", 1);
        count("text matches \"[0-9]+ %\"", 1);
        count("true", 4);
        count("false", 0);
        CHECK(is_true("sum quantity of interactions where channel = \"email\" = 4", person));
        CHECK(is_true("sum quantity of interactions where channel = \"email\" from 2026-01-02 = 3", person));
        CHECK(is_true("some interactions where channel = \"phone\" from 2026-01-03 to 2026-01-03", person));
        CHECK(is_true("no interactions where channel = \"phone\" from 2026-01-04", person));
    }

    TEST_CASE("a set of values found stands to the set asked for in four ways") {
        const Person person = with_facts({contact("2026-01-01T00:00Z", {{"channel", "email"}, {"quantity", 1.0}}),
                                          contact("2026-01-02T00:00Z", {{"channel", "phone"}, {"quantity", 2.0}}),
                                          contact("2026-01-03T00:00Z", {{"channel", "email"}, {"quantity", 1.0}}),
                                          contact("2026-01-04T00:00Z")});
        const auto has = [&](const std::string& test, const std::string& window = "") {
            return is_true("values of channel of interactions " + window + " has " + test, person);
        };
        CHECK(has("any of (\"email\", \"fax\")"));
        CHECK_FALSE(has("any of (\"fax\", \"Email\")"));
        CHECK(has("all of (\"email\", \"phone\")"));
        CHECK(has("all of (\"email\", \"email\")"));
        CHECK_FALSE(has("all of (\"email\", \"phone\", \"fax\")"));
        CHECK(has("none of (\"fax\")"));
        CHECK_FALSE(has("none of (\"fax\", \"phone\")"));
        CHECK(has("only (\"phone\", \"email\")"));
        CHECK(has("only (\"phone\", \"email\", \"fax\")"));
        CHECK_FALSE(has("only (\"email\")"));
        CHECK(has("only (\"email\")", "from 2026-01-03"));
        CHECK(has("only (\"email\")", "where quantity = 1"));
        CHECK_FALSE(has("any of (\"phone\")", "where quantity = 1"));
        // Nothing is found: no facts, or none with a value.
        for (const std::string window : {"from 2026-01-05", "from 2026-01-04", "where channel = \"fax\""}) {
            CAPTURE(window);
            CHECK_FALSE(has("any of (\"email\")", window));
            CHECK_FALSE(has("all of (\"email\")", window));
            CHECK(has("none of (\"email\")", window));
            CHECK_FALSE(has("only (\"email\")", window));
        }
        CHECK(is_true("values of quantity of interactions has all of (1, 2)", person));
        CHECK(is_true("values of quantity of interactions has only (1, 2)", person));
        CHECK_FALSE(is_true("values of quantity of interactions has any of (3)", person));
    }

    TEST_CASE("facts of every kind are counted by their own fields") {
        const Person person = with_facts(
            {fact("2026-01-01T00:00Z", FactKind::obligations, {{"kind", "fee"}, {"step", "opened"}, {"weight", 10.0}}),
             fact("2026-01-02T00:00Z", FactKind::dialogues, {{"step", "opened"}, {"topic", "housing"}}),
             fact("2026-01-03T00:00Z", FactKind::enrolments, {{"programme", "law"}, {"status", "enrolled"}}),
             fact("2026-01-04T00:00Z", FactKind::consents, {{"purpose", "news"}, {"decision", "withdrawn"}}),
             fact("2026-01-05T00:00Z", FactKind::obligations, {{"kind", "fee"}, {"step", "fulfilled"}})});
        CHECK(is_true("count of obligations where step = \"opened\" = 1", person));
        CHECK(is_true("sum weight of obligations where kind = \"fee\" = 10", person));
        CHECK(is_true("last step of obligations = \"fulfilled\"", person));
        CHECK(is_true("some dialogues where (topic = \"housing\" and team is unknown)", person));
        CHECK(is_true("first status of enrolments = \"enrolled\"", person));
        CHECK(is_true("values of decision of consents has only (\"withdrawn\", \"objected\")", person));
        CHECK(is_true("no interactions and no results", person));
        CHECK(is_true("sequence (enrolments then consents then obligations where step = \"fulfilled\")", person));
        CHECK_FALSE(is_true("sequence (enrolments then dialogues)", person));
    }

    // Sequences -------------------------------------------------------------------------------------------------------

    TEST_CASE("each step of a sequence is strictly later than the one before it and at most its within after it") {
        const Instant t = at("2026-06-01T12:00Z");
        const auto after = [&](std::int64_t ms, std::string_view what) { return act(t + milliseconds{ms}, what); };
        const auto found = [](const std::string& steps, std::vector<SeenFact> facts) {
            return is_true("sequence (" + steps + ")", with_facts(std::move(facts)));
        };
        const std::string two = "interactions where act = \"sent\" then interactions where act = \"replied\"";
        CHECK(found(two, {after(0, "sent"), after(1, "replied")}));
        CHECK_FALSE(found(two, {after(0, "sent"), after(0, "replied")}));
        CHECK_FALSE(found(two, {after(0, "replied"), after(1, "sent")}));
        CHECK_FALSE(found(two, {after(0, "sent")}));
        CHECK_FALSE(found(two, {after(0, "replied")}));
        CHECK_FALSE(found(two, {}));
        CHECK(found(two, {after(0, "sent"), after(0, "replied"), after(86'400'000'000, "opened")}) == false);
        // What is at one instant has no order: the later of two replies will do.
        CHECK(found(two, {after(0, "replied"), after(0, "sent"), after(2, "replied")}));
        const std::string within = two + " within 1 second";
        CHECK(found(within, {after(0, "sent"), after(1000, "replied")}));
        CHECK_FALSE(found(within, {after(0, "sent"), after(1001, "replied")}));
        CHECK(found(within, {after(0, "sent"), after(10, "sent"), after(1010, "replied")}));
        CHECK(found(within, {after(0, "sent"), after(1, "replied"), after(10, "sent")}));
        CHECK_FALSE(found(within, {after(0, "sent"), after(1001, "replied"), after(1002, "sent")}));
        // The same fact does not serve for two steps.
        CHECK_FALSE(found("interactions then interactions", {after(0, "sent")}));
        CHECK_FALSE(found("interactions then interactions", {after(0, "sent"), after(0, "sent")}));
        CHECK(found("interactions then interactions", {after(0, "sent"), after(1, "sent")}));
    }

    TEST_CASE("any choice of facts for the steps of a sequence will do") {
        const Instant t = at("2026-06-01T12:00Z");
        const auto after = [&](std::int64_t ms, std::string_view what) { return act(t + milliseconds{ms}, what); };
        const std::string three =
            "sequence (interactions where act = \"sent\" then interactions where act = \"opened\" within 5 "
            "milliseconds then interactions where act = \"replied\" within 5 milliseconds)";
        // The first opening is too early for the reply, the second is not.
        CHECK(is_true(three,
                      with_facts({after(0, "sent"), after(3, "opened"), after(5, "opened"), after(10, "replied")})));
        // The second opening is too late for the sending.
        CHECK_FALSE(is_true(
            three, with_facts({after(0, "sent"), after(3, "opened"), after(6, "opened"), after(10, "replied")})));
        // A second sending saves it.
        CHECK(is_true(three, with_facts({after(0, "sent"), after(1, "sent"), after(3, "opened"), after(6, "opened"),
                                         after(10, "replied")})));
        // A later opening may follow a later sending alone and still not reach.
        CHECK_FALSE(is_true(three, with_facts({after(0, "sent"), after(5, "opened"), after(20, "sent"),
                                               after(26, "opened"), after(30, "replied")})));
        const std::string eight =
            "sequence (interactions then interactions then interactions then interactions then interactions then "
            "interactions then interactions then interactions)";
        std::vector<SeenFact> facts;
        for (int i = 0; i < 7; ++i) facts.push_back(after(i, "sent"));
        CHECK_FALSE(is_true(eight, with_facts(facts)));
        facts.push_back(after(6, "sent"));
        CHECK_FALSE(is_true(eight, with_facts(facts)));
        facts.push_back(after(7, "sent"));
        CHECK(is_true(eight, with_facts(facts)));
    }

    TEST_CASE("the window of a sequence is that of its first step alone") {
        Person person = with_facts({act(at("2026-06-01T00:00Z"), "sent"), act(at("2026-06-10T00:00Z"), "replied")});
        const std::string steps =
            "sequence (interactions where act = \"sent\" then interactions where act = \"replied\") ";
        CHECK(is_true(steps + "from 2026-06-01 to 2026-06-01", person));
        CHECK_FALSE(is_true(steps + "from 2026-06-02", person));
        CHECK(is_true(steps + "to 2026-06-05", person));
        CHECK(is_true_at(steps + "in last 10 days", person, at("2026-06-10T23:59:59.999Z")));
        CHECK_FALSE(is_true_at(steps + "in last 10 days", person, at("2026-06-11T00:00Z")));
        CHECK_FALSE(is_true_at(steps, person, at("2026-06-09T23:59:59.999Z")));
        const std::string silent =
            "sequence (interactions where act = \"sent\" then no interactions where act = \"opened\" within 2 days) ";
        CHECK(is_true_at(silent + "in last 10 days", person, at("2026-06-10T23:59:59.999Z")));
        CHECK_FALSE(is_true_at(silent + "in last 10 days", person, at("2026-06-11T00:00Z")));
    }

    TEST_CASE("a last step that is absent holds without within where none has come up to now") {
        const Instant t = at("2026-06-01T12:00Z");
        const auto after = [&](std::int64_t ms, std::string_view what) { return act(t + milliseconds{ms}, what); };
        const std::string none =
            "sequence (interactions where act = \"sent\" then no interactions where act = \"replied\")";
        const Person person = with_facts({after(0, "sent"), after(5, "replied"), after(10, "sent")});
        CHECK_FALSE(is_true_at(none, person, t - milliseconds{1}));
        CHECK(is_true_at(none, person, t));
        CHECK(is_true_at(none, person, t + milliseconds{4}));
        CHECK_FALSE(is_true_at(none, person, t + milliseconds{5}));
        CHECK_FALSE(is_true_at(none, person, t + milliseconds{9}));
        CHECK(is_true_at(none, person, t + milliseconds{10}));
        // A reply at the very instant is not after it.
        CHECK(is_true(none, with_facts({after(0, "replied"), after(0, "sent")})));
        CHECK_FALSE(is_true(none, with_facts({after(0, "replied"), after(0, "sent"), after(1, "replied")})));
        CHECK_FALSE(is_true(none, Person{}));
    }

    TEST_CASE("a last step that is absent within a time holds once that time is over") {
        const Instant t = at("2026-06-01T12:00Z");
        const auto after = [&](std::int64_t ms, std::string_view what) { return act(t + milliseconds{ms}, what); };
        const std::string none =
            "sequence (interactions where act = \"sent\" then no interactions where act = \"replied\" within 1 second)";
        const auto silent_at = [&](std::int64_t ms, const Person& person) {
            return is_true_at(none, person, t + milliseconds{ms});
        };
        const Person quiet = with_facts({after(0, "sent")});
        CHECK_FALSE(silent_at(0, quiet));
        CHECK_FALSE(silent_at(999, quiet));
        CHECK(silent_at(1000, quiet));  // facts at the instant are there, so nothing of the stretch is open
        CHECK(silent_at(1001, quiet));
        CHECK(silent_at(1'000'000, quiet));
        // (at, at + within]: the end belongs to it, the beginning does not.
        const Person at_end = with_facts({after(0, "sent"), after(1000, "replied")});
        CHECK_FALSE(silent_at(1000, at_end));
        CHECK_FALSE(silent_at(1001, at_end));
        CHECK_FALSE(silent_at(1'000'000, at_end));
        const Person too_late = with_facts({after(0, "sent"), after(1001, "replied")});
        CHECK(silent_at(1001, too_late));
        CHECK(silent_at(2000, too_late));
        const Person same = with_facts({after(0, "sent"), after(0, "replied")});
        CHECK(silent_at(1001, same));
        const Person soon = with_facts({after(0, "sent"), after(1, "replied")});
        CHECK_FALSE(silent_at(5000, soon));
        // One sending without a reply is enough.
        const Person second = with_facts({after(0, "sent"), after(1, "replied"), after(2000, "sent")});
        CHECK_FALSE(silent_at(2999, second));
        CHECK(silent_at(3001, second));
        const Person first = with_facts({after(0, "sent"), after(2000, "sent"), after(2001, "replied")});
        CHECK(silent_at(1001, first));
        CHECK(silent_at(9000, first));
        // The absent step counts from the step before it, of any choice of the others.
        const std::string chain =
            "sequence (results then interactions where act = \"sent\" then no interactions where act = \"replied\" "
            "within 1 second)";
        Person person = with_facts(
            {after(0, "sent"), result("2026-06-01T12:00:05Z", 1.0), after(6000, "sent"), after(7000, "replied")});
        CHECK_FALSE(is_true_at(chain, person, t + milliseconds{8000}));
        person.seen.push_back(after(8000, "sent"));
        CHECK(is_true_at(chain, person, t + milliseconds{9001}));
    }

    // State of the person ---------------------------------------------------------------------------------------------

    TEST_CASE("roles are counted by kind, programme, site and period") {
        Person person = with(model::Role{RoleKind::student, programme(1), site(1), at("2025-09-01T00:00Z"), {}});
        person.state.roles.push_back({RoleKind::student, programme(2), site(1), at("2025-09-01T00:00Z"), {}});
        person.state.roles.push_back(
            {RoleKind::student, programme(1), {}, at("2020-09-01T00:00Z"), at("2021-09-01T00:00Z")});
        person.state.roles.push_back({RoleKind::staff, {}, {}, at("2027-01-01T00:00Z"), {}});
        CHECK(is_true("count of roles = 2", person));
        CHECK(is_true("count of current roles student = 2", person));
        CHECK(is_true("count of current role student of \"nursing\" = 1", person));
        CHECK(is_true("count of former roles student = 1", person));
        CHECK(is_true("count of ever roles = 3", person));
        CHECK(is_true("count of ever roles of \"nursing\" between 2 and 2", person));
        CHECK(is_true("count of current roles at (\"Zwolle\", \"Ede\") in (2, 3)", person));
        CHECK(is_true("count of current roles staff = 0", person));
        CHECK(is_true("count of current roles staff is known", person));
        CHECK(is_true("count of ever roles = 0", Person{}));
        CHECK(is_true_at("count of current roles = 1", person, at("2021-08-31T23:59:59.999Z")));
        CHECK(is_true_at("count of current roles = 0", person, at("2021-09-01T00:00Z")));
    }

    TEST_CASE("a relation to a person runs like a role, and its condition is asked of the other one") {
        using model::RelationKind;
        const Instant start = at("2026-03-01T00:00Z");
        const Instant end = at("2026-06-01T00:00Z");
        Person child = with(model::Role{RoleKind::student, programme(1), {}, start, end});
        child.state.id = alloquy::PersonId{2};
        child.values["score"] = 0.25;
        child.segments = {"quiet"};
        child.seen = {contact("2026-04-01T00:00Z")};
        Person person;
        person.others = {child};
        person.state.relations = {{RelationKind::guardian_of, alloquy::PersonId{2}, start, end}};
        const auto check_at = [&](Instant now, bool current, bool former, bool ever) {
            CAPTURE(to_iso(now));
            CHECK(is_true_at("relation to person", person, now) == current);
            CHECK(is_true_at("relation guardian_of to person", person, now) == current);
            CHECK(is_true_at("former relation guardian_of to person", person, now) == former);
            CHECK(is_true_at("ever relation guardian_of to person", person, now) == ever);
            CHECK_FALSE(is_true_at("ever relation ward_of to person", person, now));
            CHECK_FALSE(is_true_at("ever relation to organisation", person, now));
        };
        check_at(start - milliseconds{1}, false, false, false);
        check_at(start, true, false, true);
        check_at(end - milliseconds{1}, true, false, true);
        check_at(end, false, true, true);
        const Instant during = at("2026-04-02T00:00Z");
        const auto of_child = [&](const std::string& condition) {
            return is_true_at("relation guardian_of to person where (" + condition + ')', person, during);
        };
        CHECK(of_child("true"));
        CHECK_FALSE(of_child("false"));
        CHECK(of_child("role student of \"nursing\""));
        CHECK_FALSE(of_child("role student of \"law\""));
        CHECK(of_child("score < 0.3"));
        CHECK_FALSE(of_child("visits < 0.3"));
        CHECK(of_child("not visits < 0.3"));
        CHECK(of_child("in segment \"quiet\""));
        CHECK(of_child("some interactions in last 2 days"));
        CHECK_FALSE(of_child("some interactions in last 1 day"));
        // The guardian's own state is not the child's.
        person.values["visits"] = 0.1;
        CHECK_FALSE(of_child("visits < 0.3"));
        // At the end the child's role is over as well as the relation.
        CHECK(is_true_at("former relation guardian_of to person where former role student", person, end));
        CHECK_FALSE(is_true_at("former relation guardian_of to person where role student", person, end));
        // Nobody knows what holds of somebody who is not there.
        person.state.relations[0].other = alloquy::PersonId{7};
        CHECK_FALSE(of_child("score < 0.3"));
        CHECK_FALSE(of_child("not score < 0.3"));
    }

    TEST_CASE("kind, period and condition are those of one relation") {
        using model::RelationKind;
        Person first;
        first.state.id = alloquy::PersonId{2};
        first.values["score"] = 1.0;
        Person second = first;
        second.state.id = alloquy::PersonId{3};
        second.values["score"] = 2.0;
        Person person;
        person.others = {first, second};
        const Instant then = at("2020-01-01T00:00Z");
        const Instant over = at("2021-01-01T00:00Z");
        person.state.relations = {{RelationKind::mentor_of, alloquy::PersonId{2}, then, {}},
                                  {RelationKind::sibling_of, alloquy::PersonId{3}, then, {}},
                                  {RelationKind::mentor_of, alloquy::PersonId{3}, then, over}};
        CHECK(is_true("relation mentor_of to person where score = 1", person));
        CHECK_FALSE(is_true("relation mentor_of to person where score = 2", person));
        CHECK(is_true("relation sibling_of to person where score = 2", person));
        CHECK(is_true("former relation mentor_of to person where score = 2", person));
        CHECK_FALSE(is_true("former relation mentor_of to person where score = 1", person));
        CHECK(is_true("ever relation mentor_of to person where score = 2", person));
        CHECK(is_true("relation to person where score = 2", person));
        CHECK_FALSE(is_true("former relation sibling_of to person", person));
        CHECK_FALSE(is_true("relation to person where score = 3", person));
    }

    TEST_CASE("a relation to an organisation by its name and kind") {
        using model::OrganisationKind;
        using model::RelationKind;
        const Instant then = at("2020-01-01T00:00Z");
        Person person;
        person.organisations = {{alloquy::OrganisationId{1}, OrganisationKind::employer, "Mill"},
                                {alloquy::OrganisationId{2}, OrganisationKind::school, "Lyceum"}};
        person.state.relations = {
            {RelationKind::works_at, alloquy::OrganisationId{1}, then, {}},
            {RelationKind::partner_of, alloquy::OrganisationId{2}, then, at("2021-01-01T00:00Z")}};
        CHECK(is_true("relation to organisation", person));
        CHECK(is_true("relation works_at to organisation", person));
        CHECK(is_true("relation works_at to organisation \"Mill\"", person));
        CHECK(is_true("relation works_at to organisation (\"Lyceum\", \"Mill\")", person));
        CHECK(is_true("relation works_at to organisation \"Mill\" of kind employer", person));
        CHECK(is_true("relation to organisation of kind employer", person));
        CHECK_FALSE(is_true("relation works_at to organisation \"mill\"", person));
        CHECK_FALSE(is_true("relation works_at to organisation \"Lyceum\"", person));
        CHECK_FALSE(is_true("relation works_at to organisation \"Mill\" of kind school", person));
        CHECK_FALSE(is_true("relation employs to organisation", person));
        CHECK_FALSE(is_true("relation to organisation of kind school", person));
        CHECK(is_true("former relation to organisation of kind school", person));
        CHECK(is_true("former relation partner_of to organisation \"Lyceum\"", person));
        CHECK_FALSE(is_true("former relation to organisation \"Mill\"", person));
        CHECK(is_true("ever relation to organisation \"Lyceum\"", person));
        CHECK_FALSE(is_true("ever relation to person", person));
        // An organisation of which nothing is known has no such name or kind.
        person.organisations.clear();
        CHECK_FALSE(is_true("relation works_at to organisation \"Mill\"", person));
        CHECK_FALSE(is_true("relation works_at to organisation of kind employer", person));
    }

    TEST_CASE("a duty is overdue when its deadline has passed, and due within while it lies ahead") {
        using model::ObligationStep;
        const Instant due = at("2026-06-01T00:00Z");
        const Instant then = at("2026-01-01T00:00Z");
        Person person;
        person.state.obligations = {{words().obligations.intern("fee"), "a", ObligationStep::opened, due, then, {}}};
        const auto check_at = [&](std::int64_t ms, bool overdue, bool within) {
            CAPTURE(ms);
            const Instant now = due + milliseconds{ms};
            CHECK(is_true_at("open obligation", person, now));
            CHECK(is_true_at("open obligation \"fee\"", person, now));
            CHECK_FALSE(is_true_at("open obligation \"intake\"", person, now));
            CHECK(is_true_at("overdue obligation", person, now) == overdue);
            CHECK(is_true_at("overdue obligation (\"intake\", \"fee\")", person, now) == overdue);
            CHECK(is_true_at("open obligation due within 1 hour", person, now) == within);
            CHECK_FALSE(is_true_at("open obligation \"intake\" due within 1 hour", person, now));
            CHECK_FALSE(is_true_at("fulfilled obligation", person, now));
            CHECK_FALSE(is_true_at("waived obligation", person, now));
        };
        check_at(-3'600'001, false, false);
        check_at(-3'600'000, false, true);
        check_at(-1, false, true);
        check_at(0, false, true);
        check_at(1, true, false);
        person.state.obligations[0].due.reset();
        check_at(0, false, false);
        check_at(1, false, false);
        person.state.obligations[0] = {
            words().obligations.intern("fee"), "a", ObligationStep::fulfilled, due, then, {}};
        person.state.obligations.push_back(
            {words().obligations.intern("intake"), "", ObligationStep::waived, due, then, {}});
        for (const Instant now : {then, due, due + milliseconds{1}}) {
            CHECK_FALSE(is_true_at("open obligation", person, now));
            CHECK_FALSE(is_true_at("overdue obligation", person, now));
            CHECK_FALSE(is_true_at("open obligation due within 365 days", person, now));
            CHECK(is_true_at("fulfilled obligation \"fee\"", person, now));
            CHECK(is_true_at("waived obligation \"intake\"", person, now));
            CHECK_FALSE(is_true_at("fulfilled obligation \"intake\"", person, now));
            CHECK_FALSE(is_true_at("waived obligation \"fee\"", person, now));
        }
    }

    TEST_CASE("a dialogue is open until the person confirms; topic, team and tone are those of one") {
        using model::DialogueStep;
        using model::Tone;
        const Instant then = at("2026-01-01T00:00Z");
        const model::Team desk = words().teams.intern("desk");
        const model::Topic housing = words().topics.intern("housing");
        const model::Topic money = words().topics.intern("money");
        Person person;
        for (const DialogueStep step : {DialogueStep::opened, DialogueStep::assigned, DialogueStep::pending,
                                        DialogueStep::solved, DialogueStep::confirmed, DialogueStep::reopened}) {
            CAPTURE(name_of(step));
            person.state.dialogues = {{alloquy::DialogueId{1}, step, then, then, {}, {}, {}, 0}};
            const bool is_open = step != DialogueStep::confirmed;
            CHECK(is_true("open dialogue", person) == is_open);
            CHECK(is_true("closed dialogue", person) == !is_open);
            CHECK_FALSE(is_true("open dialogue about \"housing\"", person));
            CHECK_FALSE(is_true("open dialogue of tone neutral", person));
        }
        person.state.dialogues = {
            {alloquy::DialogueId{1}, DialogueStep::assigned, then, then, desk, housing, Tone::complaint, 0},
            {alloquy::DialogueId{2}, DialogueStep::confirmed, then, then, {}, money, Tone::question, 1}};
        CHECK(is_true("open dialogue about \"housing\" with \"desk\" of tone complaint", person));
        CHECK(is_true("open dialogue about (\"money\", \"housing\") of tone (question, complaint)", person));
        CHECK_FALSE(is_true("open dialogue about \"money\"", person));
        CHECK_FALSE(is_true("open dialogue about \"housing\" of tone question", person));
        CHECK_FALSE(is_true("open dialogue with \"dean\"", person));
        CHECK(is_true("closed dialogue about \"money\" of tone question", person));
        CHECK_FALSE(is_true("closed dialogue with \"desk\"", person));
        CHECK_FALSE(is_true("closed dialogue about \"housing\"", person));
        CHECK_FALSE(is_true("open dialogue", Person{}));
        CHECK_FALSE(is_true("closed dialogue", Person{}));
    }

    TEST_CASE("an enrolment by status and programme") {
        using model::EnrolmentStatus;
        const Instant then = at("2026-01-01T00:00Z");
        Person person;
        person.state.enrolments = {{programme(1), EnrolmentStatus::enrolled, then},
                                   {programme(2), EnrolmentStatus::interrupted, then}};
        CHECK(is_true("enrolment", person));
        CHECK(is_true("enrolment with status enrolled", person));
        CHECK(is_true("enrolment with status (\"passed\", \"interrupted\")", person));
        CHECK(is_true("enrolment of \"nursing\"", person));
        CHECK(is_true("enrolment with status enrolled of \"nursing\"", person));
        CHECK_FALSE(is_true("enrolment with status enrolled of \"law\"", person));
        CHECK(is_true("enrolment with status enrolled of (\"law\", \"nursing\")", person));
        CHECK_FALSE(is_true("enrolment of \"music\"", person));
        CHECK_FALSE(is_true("enrolment with status withdrawn", person));
        CHECK_FALSE(is_true("enrolment", Person{}));
    }

    TEST_CASE(
        "consent is that of the latest statement that covers the channel, and at one instant the one that says no") {
        const model::Purpose news = words().purposes.intern("news");
        const model::Channel sms = words().channels.intern("sms");
        const model::Channel mail = words().channels.intern("mail");
        const Instant early = at("2026-01-01T00:00Z");
        const Instant late = early + milliseconds{1};
        const auto stated = [&](std::optional<model::Channel> channel, bool given, Instant when) {
            return model::ConsentState{news, channel, given, false, {}, when, when, {}};
        };
        const auto check = [&](std::vector<model::ConsentState> consents, bool every, bool by_sms, bool by_mail) {
            Person person;
            person.state.consents = std::move(consents);
            CHECK(is_true("consent to \"news\"", person) == every);
            CHECK(is_true("consent to \"news\" by \"sms\"", person) == by_sms);
            CHECK(is_true("consent to \"news\" by \"mail\"", person) == by_mail);
            CHECK_FALSE(is_true("consent to \"fees\" by \"sms\"", person));
            CHECK_FALSE(is_true("objection to \"news\" by \"sms\"", person));
        };
        check({}, false, false, false);
        check({stated({}, true, early)}, true, true, true);
        check({stated({}, false, early)}, false, false, false);
        check({stated(sms, true, early)}, false, true, false);
        check({stated({}, true, early), stated(sms, false, late)}, true, false, true);
        check({stated({}, true, late), stated(sms, false, early)}, true, true, true);
        check({stated({}, false, late), stated(sms, true, early)}, false, false, false);
        check({stated({}, false, early), stated(sms, true, late)}, false, true, false);
        check({stated({}, true, early), stated(sms, false, early)}, true, false, true);
        check({stated(sms, false, early), stated({}, true, early)}, true, false, true);
        check({stated({}, false, early), stated(sms, true, early)}, false, false, false);
        check({stated(sms, true, early), stated({}, false, early)}, false, false, false);
        check({stated(mail, false, late), stated({}, true, early), stated(sms, true, early)}, true, true, false);
        // A later word about objection is none about consent.
        model::ConsentState objection_withdrawn{news, sms, false, false, late, {}, late, {}};
        check({stated({}, true, early), objection_withdrawn}, true, true, true);
    }

    TEST_CASE("an objection stands for its channel, or for every one") {
        const model::Purpose news = words().purposes.intern("news");
        const model::Channel sms = words().channels.intern("sms");
        const Instant then = at("2026-01-01T00:00Z");
        const auto objects = [&](std::optional<model::Channel> channel) {
            return model::ConsentState{news, channel, false, true, then, {}, then, {}};
        };
        Person person;
        CHECK_FALSE(is_true("objection to \"news\"", person));
        person.state.consents = {objects(sms)};
        CHECK_FALSE(is_true("objection to \"news\"", person));
        CHECK(is_true("objection to \"news\" by \"sms\"", person));
        CHECK_FALSE(is_true("objection to \"news\" by \"mail\"", person));
        CHECK_FALSE(is_true("objection to \"fees\" by \"sms\"", person));
        person.state.consents = {objects({})};
        CHECK(is_true("objection to \"news\"", person));
        CHECK(is_true("objection to \"news\" by \"sms\"", person));
        CHECK(is_true("objection to \"news\" by \"mail\"", person));
        CHECK_FALSE(is_true("consent to \"news\" by \"sms\"", person));
        CHECK(is_true("not consent to \"news\"", person));
    }

    // Days ------------------------------------------------------------------------------------------------------------

    TEST_CASE("an anniversary falls on today or the days after it") {
        const std::string born = "anniversary of attribute:born ";
        const auto of = [&](std::string_view birthday, std::string_view today, const std::string& when) {
            return is_true_at(born + when, with("attribute:born", day(birthday)),
                              alloquy::time::utc_start(day(today)) + milliseconds{1});
        };
        CHECK(of("2006-08-31", "2026-08-31", "today"));
        CHECK_FALSE(of("2006-08-31", "2026-08-30", "today"));
        CHECK_FALSE(of("2006-08-31", "2026-09-01", "today"));
        CHECK(of("2006-08-31", "2026-08-31", "in next 1 day"));
        CHECK(of("2006-08-31", "2026-08-25", "in next 7 days"));
        CHECK_FALSE(of("2006-08-31", "2026-08-24", "in next 7 days"));
        CHECK(of("2006-01-02", "2026-12-28", "in next 6 days"));
        CHECK_FALSE(of("2006-01-02", "2026-12-28", "in next 5 days"));
        // 29 February is 28 February in other years.
        CHECK(of("2004-02-29", "2026-02-28", "today"));
        CHECK_FALSE(of("2004-02-29", "2026-03-01", "today"));
        CHECK(of("2004-02-29", "2028-02-29", "today"));
        CHECK_FALSE(of("2004-02-29", "2028-02-28", "today"));
        CHECK(of("2004-02-29", "2028-02-28", "in next 2 days"));
        CHECK(of("2004-02-29", "2100-02-28", "today"));  // no leap year
        CHECK(of("2004-02-29", "2026-12-31", "in next 60 days"));
        CHECK_FALSE(of("2004-02-29", "2026-12-31", "in next 59 days"));
        CHECK(of("2004-02-28", "2028-02-28", "today"));
        CHECK_FALSE(of("2004-02-28", "2028-02-29", "today"));
        // The longest way is from 29 February to that day of the next leap year's year before: 365 days and today.
        CHECK(of("2006-03-01", "2027-03-02", "in next 366 days"));
        CHECK_FALSE(of("2006-03-01", "2027-03-02", "in next 365 days"));
        CHECK(of("2006-03-01", "2026-03-02", "in next 365 days"));
        // The day itself is the first.
        CHECK(of("2026-08-31", "2026-08-31", "today"));
        CHECK_FALSE(of("2026-08-31", "2025-08-31", "today"));
        CHECK_FALSE(of("2026-08-31", "2025-08-31", "in next 365 days"));
        CHECK(of("2026-08-31", "2025-08-31", "in next 366 days"));
        CHECK(of("2026-08-31", "2026-08-30", "in next 2 days"));
        // What is no day has none.
        for (const AttributeValue& value : {AttributeValue{}, AttributeValue{true}, AttributeValue{20.0},
                                            AttributeValue{std::string{"2006-08-31"}}}) {
            CHECK_FALSE(is_true(born + "in next 366 days", with("attribute:born", value)));
            CHECK(is_true("not " + born + "in next 366 days", with("attribute:born", value)));
        }
        CHECK_FALSE(is_true(born + "in next 366 days", Person{}));
    }

    TEST_CASE("the day of an anniversary and today are told by the clock that is named") {
        Person person = central();
        person.values["attribute:born"] = day("2006-03-29");
        const std::string born = "anniversary of attribute:born today";
        for (const auto& [zone, first, end] : std::vector<std::tuple<std::string, std::string, std::string>>{
                 {"", "2026-03-28T23:00Z", "2026-03-29T22:00Z"},
                 {" in own zone", "2026-03-28T18:30Z", "2026-03-29T18:30Z"},
                 {" in zone \"UTC\"", "2026-03-29T00:00Z", "2026-03-30T00:00Z"}}) {
            person.state.zone = "Test/East";
            const std::string text = born + zone;
            CAPTURE(text);
            CHECK_FALSE(is_true_at(text, person, at(first) - milliseconds{1}));
            CHECK(is_true_at(text, person, at(first)));
            CHECK(is_true_at(text, person, at(end) - milliseconds{1}));
            CHECK_FALSE(is_true_at(text, person, at(end)));
        }
    }

    TEST_CASE("a day counted from today moves by units of the calendar, to the last day of a shorter month") {
        const auto is = [&](std::string_view today, const std::string& relative, std::string_view expected) {
            CAPTURE(today);
            CAPTURE(relative);
            const Person person = with("attribute:on", day(expected));
            CHECK(is_true_at("attribute:on = " + relative, person, alloquy::time::utc_start(day(today))));
            const Person before = with("attribute:on", day(expected) - 1);
            CHECK(is_true_at("attribute:on < " + relative, before, alloquy::time::utc_start(day(today))));
            CHECK_FALSE(is_true_at("attribute:on = " + relative, before, alloquy::time::utc_start(day(today))));
        };
        is("2026-03-31", "today", "2026-03-31");
        is("2026-03-31", "today + 0 days", "2026-03-31");
        is("2026-03-31", "today - 30 days", "2026-03-01");
        is("2026-02-28", "today + 1 day", "2026-03-01");
        is("2028-02-28", "today + 1 day", "2028-02-29");
        is("2026-03-31", "today - 2 weeks", "2026-03-17");
        is("2026-03-31", "today - 1 month", "2026-02-28");
        is("2028-03-31", "today - 1 month", "2028-02-29");
        is("2026-01-31", "today + 1 month", "2026-02-28");
        is("2026-01-31", "today + 2 months", "2026-03-31");
        is("2026-01-31", "today + 3 months", "2026-04-30");
        is("2026-01-15", "today - 1 month", "2025-12-15");
        is("2026-12-15", "today + 1 month", "2027-01-15");
        is("2026-11-30", "today + 1 quarter", "2027-02-28");
        is("2026-05-31", "today - 1 quarter", "2026-02-28");
        is("2028-02-29", "today + 1 year", "2029-02-28");
        is("2028-02-29", "today - 4 years", "2024-02-29");
        is("2026-02-28", "today + 2 years", "2028-02-28");
        const Person person = with("attribute:on", day("2026-03-15"));
        const Instant now = at("2026-03-31T12:00Z");
        CHECK(is_true_at("attribute:on between today - 1 month and today", person, now));
        CHECK_FALSE(is_true_at("attribute:on between today - 2 weeks and today", person, now));
        CHECK(is_true_at("attribute:on in (today, today - 16 days)", person, now));
        CHECK(is_true_at("attribute:on != today", person, now));
        CHECK_FALSE(is_true_at("attribute:on <= today", with("attribute:on", 1.0), now));
        CHECK_FALSE(is_true_at("attribute:on <= today", Person{}, now));
        CHECK(is_true_at("not attribute:on <= today", Person{}, now));
    }

    TEST_CASE("today is told by the clock that is named") {
        Person person = central();
        person.values["attribute:on"] = day("2026-03-29");
        person.state.zone = "Test/East";
        CHECK_FALSE(is_true_at("attribute:on = today", person, at("2026-03-28T22:59:59.999Z")));
        CHECK(is_true_at("attribute:on = today", person, at("2026-03-28T23:00Z")));
        CHECK(is_true_at("attribute:on = today", person, at("2026-03-29T21:59:59.999Z")));
        CHECK_FALSE(is_true_at("attribute:on = today", person, at("2026-03-29T22:00Z")));
        CHECK_FALSE(is_true_at("attribute:on = today in own zone", person, at("2026-03-28T18:29:59.999Z")));
        CHECK(is_true_at("attribute:on = today in own zone", person, at("2026-03-28T18:30Z")));
        CHECK(is_true_at("attribute:on = today + 1 day in zone \"UTC\"", person, at("2026-03-28T23:59:59.999Z")));
    }

    // Lists, segments, parameters -------------------------------------------------------------------------------------

    TEST_CASE("on a list is whose attribute of that name is true") {
        const std::string field = "list:open day";
        const auto on = [&](const AttributeValue& value) {
            Person person = with("attribute:" + field, value);
            person.state.attributes = {{words().attributes.intern(field), value}};
            return is_true("on list \"open day\"", person);
        };
        CHECK(on(true));
        CHECK_FALSE(on(false));
        CHECK_FALSE(on(std::monostate{}));
        CHECK_FALSE(on(1.0));
        CHECK_FALSE(on(std::string{"true"}));
        CHECK_FALSE(is_true("on list \"open day\"", Person{}));
        CHECK_FALSE(is_true("on list \"unheard of\"", Person{}));
        Person person;
        person.state.attributes = {{words().attributes.intern("open day"), true}};
        CHECK_FALSE(is_true("on list \"open day\"", person));
    }

    TEST_CASE("was in a segment: at some instant of the window") {
        const Instant in = at("2026-06-10T00:00Z");
        const Instant out = at("2026-06-20T00:00Z");
        Person person;
        person.changes["a"] = {{in, true}, {out, false}};
        const auto was_at = [&](const std::string& window, Instant now) {
            return is_true_at("was in segment \"a\" " + window, person, now);
        };
        const milliseconds ms{1};
        CHECK_FALSE(was_at("", in - ms));
        CHECK(was_at("", in));
        CHECK(was_at("", out));
        CHECK(was_at("", Instant::latest()));
        CHECK_FALSE(was_at("in last 1 day", in - ms));
        CHECK(was_at("in last 1 day", in));
        CHECK(was_at("in last 1 day", at("2026-06-15T00:00Z")));  // it began long before the window
        // The last instant in the segment is 1 ms before the change; (now - 1 day, now] holds it until 2 ms before
        // a day after the change.
        CHECK(was_at("in last 1 day", out + milliseconds{86'400'000 - 2}));
        CHECK_FALSE(was_at("in last 1 day", out + milliseconds{86'400'000 - 1}));
        CHECK(was_at("from 2026-06-10 to 2026-06-10", Instant::latest()));
        CHECK(was_at("from 2026-06-19 to 2026-06-19", Instant::latest()));
        CHECK_FALSE(was_at("from 2026-06-20 to 2026-06-30", Instant::latest()));
        CHECK_FALSE(was_at("from 2026-06-01 to 2026-06-09", Instant::latest()));
        CHECK(was_at("from 2026-06-01 to 2026-06-30", Instant::latest()));
        CHECK_FALSE(was_at("from 2026-07-01", at("2026-06-15T00:00Z")));  // a window to come has no instant yet
        CHECK_FALSE(is_true("was in segment \"b\"", person));
    }

    TEST_CASE("entered and left a segment: a change in the window") {
        const Instant in = at("2026-06-10T00:00Z");
        const Instant out = at("2026-06-20T00:00Z");
        Person person;
        person.changes["a"] = {{in, true}, {out, false}};
        const auto check_at = [&](Instant now, bool entered, bool left) {
            CAPTURE(to_iso(now));
            CHECK(is_true_at("entered segment \"a\" in last 7 days", person, now) == entered);
            CHECK(is_true_at("left segment \"a\" in last 7 days", person, now) == left);
            CHECK_FALSE(is_true_at("entered segment \"b\" in last 7 days", person, now));
        };
        const milliseconds ms{1};
        const milliseconds week{7 * 86'400'000};
        check_at(in - ms, false, false);
        check_at(in, true, false);
        check_at(in + week - ms, true, false);
        check_at(in + week, false, false);
        check_at(out - ms, false, false);
        check_at(out, false, true);
        check_at(out + week - ms, false, true);
        check_at(out + week, false, false);
        CHECK(is_true_at("entered segment \"a\"", person, Instant::latest()));
        CHECK(is_true_at("left segment \"a\"", person, Instant::latest()));
        CHECK_FALSE(is_true_at("left segment \"a\"", person, out - ms));
        CHECK(is_true_at("entered segment \"a\" from 2026-06-10 to 2026-06-10", person, out));
        CHECK_FALSE(is_true_at("entered segment \"a\" from 2026-06-11", person, out));
        CHECK(is_true_at("left segment \"a\" in this month", person, at("2026-06-30T23:59:59.999Z")));
        CHECK(is_true_at("left segment \"a\" in previous month", person, at("2026-07-01T00:00Z")));
    }

    TEST_CASE("in a segment for so long: without a break") {
        const Instant in = at("2026-06-10T00:00Z");
        Person person;
        person.changes["a"] = {{at("2026-05-01T00:00Z"), true}, {in - milliseconds{1}, false}, {in, true}};
        person.segments = {"a"};
        const std::string text = "in segment \"a\" for 14 days";
        CHECK_FALSE(is_true_at(text, person, in));
        CHECK_FALSE(is_true_at(text, person, at("2026-06-23T23:59:59.999Z")));
        CHECK(is_true_at(text, person, at("2026-06-24T00:00Z")));
        CHECK(is_true_at(text, person, at("2026-12-24T00:00Z")));
        CHECK_FALSE(is_true_at("in segment \"b\" for 14 days", person, at("2026-12-24T00:00Z")));
        // Who is out of it is not in it, however long it was.
        person.changes["a"].push_back({at("2026-08-01T00:00Z"), false});
        person.segments.clear();
        CHECK_FALSE(is_true_at(text, person, at("2026-08-01T00:00Z")));
    }

    TEST_CASE("with_parameters() reaches every nested place") {
        const Parameters values{{"n", 2.0}, {"t", "money"}, {"u", "phone"}};
        const std::vector<std::pair<std::string, std::string>> bound{
            {"count of interactions where topic = $t >= $n and visits = 1 or city = $u",
             "count of interactions where topic = \"money\" >= 2 and visits = 1 or city = \"phone\""},
            {"sum quantity of interactions where (topic in ($t, $u) and not quantity between 1 and $n) < 3",
             "sum quantity of interactions where (topic in (\"money\", \"phone\") and not quantity between 1 and 2) < "
             "3"},
            {"most frequent topic of interactions where text contains $u in ($t) or score in ($n)",
             "most frequent topic of interactions where text contains \"phone\" in (\"money\") or score in (2)"},
            {"count of ever roles student between $n and 3 and city in ($t, $u)",
             "count of ever roles student between 2 and 3 and city in (\"money\", \"phone\")"},
            {"values of topic of interactions where quantity > $n in last 3 days has only ($t, \"x\", $u)",
             "values of topic of interactions where quantity > 2 in last 3 days has only (\"money\", \"x\", "
             "\"phone\")"},
            {"sequence (interactions where topic = $t then results then no interactions where (quantity < $n or "
             "channel = $u) within 2 days) in last 9 days",
             "sequence (interactions where topic = \"money\" then results then no interactions where (quantity < 2 or "
             "channel = \"phone\") within 2 days) in last 9 days"},
            {"relation guardian_of to person where (score < $n and not (city = $t or count of interactions where "
             "channel = $u = 0))",
             "relation guardian_of to person where (score < 2 and not (city = \"money\" or count of interactions where "
             "channel = \"phone\" = 0))"},
            {"some interactions where topic = $t and city starts with $u and score > $n",
             "some interactions where topic = \"money\" and city starts with \"phone\" and score > 2"},
            {"first topic of interactions contains $t or last topic of interactions like $u or visits != $n",
             "first topic of interactions contains \"money\" or last topic of interactions like \"phone\" or visits "
             "!= 2"}};
        for (const auto& each : bound) {
            const std::string& text = each.first;
            CAPTURE(text);
            const Condition condition = parse(text, catalogue);
            CHECK(segment::with_parameters(condition, values) == parse(each.second, catalogue));
            for (const std::string missing : {"n", "t", "u"}) {
                Parameters fewer = values;
                fewer.erase(missing);
                CHECK_THROWS_AS((void)segment::with_parameters(condition, fewer), InvalidArgument);
            }
            Parameters more = values;
            more["more"] = 1.0;
            CHECK_THROWS_AS((void)segment::with_parameters(condition, more), InvalidArgument);
        }
        const Parameters relative{{"d", RelativeDay{-2, CalendarUnit::week, {}}}};
        CHECK(segment::with_parameters(parse("attribute:on > $d", catalogue), relative) ==
              parse("attribute:on > today - 2 weeks", catalogue));
        for (const double number : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
            CHECK_THROWS_AS((void)segment::with_parameters(parse("score < $n", catalogue), {{"n", number}}),
                            InvalidArgument);
        }
    }

    TEST_CASE("a parameter without a value is met in every nested place") {
        Person other;
        other.state.id = alloquy::PersonId{2};
        Person person = with_facts({contact("2026-01-01T00:00Z", {{"topic", "a"}, {"text", "b"}}),
                                    contact("2026-01-02T00:00Z", {{"topic", "a"}, {"text", "b"}})});
        person.others = {other};
        person.state.relations = {{model::RelationKind::mentor_of, alloquy::PersonId{2}, at("2026-01-01T00:00Z"), {}}};
        for (const std::string text :
             {"count of interactions > $p", "count of interactions where topic = $p > 1",
              "count of interactions where text contains $p > 1", "count of ever roles < $p",
              "some interactions where not topic = $p", "values of topic of interactions has any of ($p)",
              "values of topic of interactions has only ($p, \"a\")",
              "values of topic of interactions where topic = $p has none of (\"a\")",
              "sequence (interactions where topic = $p then interactions)",
              "sequence (interactions then interactions where topic = $p)",
              "sequence (interactions then no interactions where topic = $p)",
              "relation mentor_of to person where score < $p"}) {
            CAPTURE(text);
            CHECK_THROWS_AS((void)is_true(text, person), InvalidArgument);
        }
    }
}

TEST_SUITE("segment/draw") {
    TEST_CASE("a name is hashed by FNV-1a with 64 bits") {
        // draft-eastlake-fnv, test vectors of the appendix: "", "a", "foobar".
        CHECK(alloquy::fnv_1a("") == 0xCBF29CE484222325U);
        CHECK(alloquy::fnv_1a("a") == 0xAF63DC4C8601EC8CU);
        CHECK(alloquy::fnv_1a("foobar") == 0x85944171F73967E8U);
        CHECK(alloquy::fnv_1a("bar", alloquy::fnv_1a("foo")) == alloquy::fnv_1a("foobar"));
        // Of the bytes 08 07 06 05 04 03 02 01, by a separate Python implementation; a number's bytes go lowest first.
        CHECK(alloquy::fnv_1a_number(0x0102030405060708, alloquy::fnv_1a("")) == 0x0C6D4496E17859D5U);
        CHECK(alloquy::fnv_1a_number(0x6261, alloquy::fnv_1a("")) ==
              alloquy::fnv_1a(std::string_view{"ab\0\0\0\0\0\0", 8}));
    }

    TEST_CASE("draws are the numbers that Philox4x32-10 and FNV-1a give") {
        // A separate implementation of both in Python, checked against the vectors of Random123 (kat_vectors,
        // philox4x32 10: counter and key 0 give 6627e8d5 e169c58d bc57ac4c 9b00dbd8) and of draft-eastlake-fnv:
        // 100 * (the upper 53 bits of words 0 and 1) / 2^53; key of Philox: the hash of the name; counter: 0, 0 and the
        // lower 63 bits of the person's key.
        CHECK(draw(0, "") == 0x1.cbefbb7c8c1bep+5);
        CHECK(draw(0, "pilot") == 0x1.5c1a4e6d90d31p+6);
        CHECK(draw(1, "pilot") == 0x1.fee021d3dd09ap+5);
        CHECK(draw(0x123456789ABCDEF, "pilot") == 0x1.4baea5a770bd4p+5);
        CHECK(draw(0xFFFFFFFFFFFFFFFF, "pilot") == 0x1.3b25ba22f2eddp+6);
        CHECK(draw(42, "Gruppe \u00c4") == 0x1.acaa33586f7d1p+3);
        CHECK(draw(alloquy::fnv_1a("s1234567"), "letter a/b") == 0x1.30f4d10f10462p+4);
        for (int i = 0; i < 1000; ++i) CHECK(draw(key_of(i), "pilot") == draw_again(key_of(i), "pilot"));
    }

    TEST_CASE("a part holds its lower bound but not its upper one") {
        Person person;
        person.number = 1;
        const double at = draw(1, "pilot");
        CHECK(holds({RandomPart{at, 100, "pilot"}}, person));
        CHECK_FALSE(holds({RandomPart{0, at, "pilot"}}, person));
        CHECK(holds({RandomPart{0, 100, "pilot"}}, person));
        person.instant = Instant::latest();
        CHECK(holds({RandomPart{at, 100, "pilot"}}, person));
    }

    TEST_CASE("parts of one name that do not overlap share nobody and together hold everybody") {
        const std::vector<Condition> parts{parse("random 10 % of \"pilot\"", catalogue),
                                           parse("random 10 % to 33.3 % of \"pilot\"", catalogue),
                                           parse("random 33.3 % to 33.4 % of \"pilot\"", catalogue),
                                           parse("random 33.4 % to 100 % of \"pilot\"", catalogue)};
        Person person;
        for (int i = 0; i < 20'000; ++i) {
            person.number = key_of(i);
            const auto count =
                std::count_if(parts.begin(), parts.end(), [&](const Condition& part) { return holds(part, person); });
            REQUIRE(count == 1);
        }
    }

    TEST_CASE("a part has about its share of everybody, of running numbers as of hashes") {
        // Binomial with n = 20,000: the standard deviation of a part of 10 % is 42 persons, of 25 % it is 61. Five of
        // them are allowed.
        for (const std::string name : {"pilot", "control", "", "x"}) {
            for (const bool hashed : {true, false}) {
                CAPTURE(name);
                CAPTURE(hashed);
                int first = 0;
                int second = 0;
                for (int i = 0; i < 20'000; ++i) {
                    const double at = draw(hashed ? key_of(i) : static_cast<std::uint64_t>(i), name);
                    REQUIRE(at >= 0);
                    REQUIRE(at < 100);
                    first += at < 10 ? 1 : 0;
                    second += at >= 10 && at < 35 ? 1 : 0;
                }
                CHECK(std::abs(first - 2000) < 5 * 42);
                CHECK(std::abs(second - 5000) < 5 * 61);
            }
        }
    }

    TEST_CASE("draws of two names are independent") {
        // A table of 10 by 10 cells, 200 persons expected in each: chi-squared with 99 degrees of freedom has mean 99
        // and standard deviation sqrt(198) = 14.1. Five of them are allowed.
        for (const auto& names : {std::pair{"pilot", "control"}, std::pair{"a", "b"}, std::pair{"a", "aa"}}) {
            const std::string one = names.first;
            const std::string other = names.second;
            CAPTURE(one);
            std::array<std::array<int, 10>, 10> cells{};
            for (int i = 0; i < 20'000; ++i) {
                const auto row = static_cast<std::size_t>(draw(key_of(i), one) / 10);
                const auto column = static_cast<std::size_t>(draw(key_of(i), other) / 10);
                ++cells.at(row).at(column);
            }
            double squares = 0;
            for (const auto& row : cells) {
                for (const int count : row) squares += (count - 200) * (count - 200) / 200.0;
            }
            CHECK(squares < 99 + 5 * 14.1);
            CHECK(squares > 99 - 5 * 14.1);
        }
    }
}
