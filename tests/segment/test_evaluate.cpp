#include <alloquy/segment/evaluate.hpp>

#include <algorithm>
#include <array>
#include <bitset>
#include <chrono>
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

#include "../support/facts.hpp"
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

/// A subject that is nothing but data.
struct Person {
    Instant instant = at("2026-09-01T00:00Z");
    std::map<std::string, AttributeValue> values{};
    std::vector<model::Role> held{};
    std::vector<Stated> standing{};
    std::set<std::string> segments{};
    std::uint64_t number = 0;

    [[nodiscard]] Instant now() const { return instant; }
    [[nodiscard]] AttributeValue value(const std::string& name) const {
        const auto found = values.find(name);
        return found == values.end() ? AttributeValue{} : found->second;
    }
    [[nodiscard]] std::span<const model::Role> roles() const { return held; }
    [[nodiscard]] std::string_view programme_name(model::Programme programme) const {
        return programmes.at(programme.number() - 1U);
    }
    [[nodiscard]] std::string_view site_name(model::Site site) const { return sites.at(site.number() - 1U); }
    [[nodiscard]] bool has_stated(const Stated& stated) const {
        return std::find(standing.begin(), standing.end(), stated) != standing.end();
    }
    [[nodiscard]] std::uint64_t key() const { return number; }
    [[nodiscard]] bool is_in_segment(const std::string& name) const { return segments.contains(name); }
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
    person.held.push_back(std::move(role));
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
                return ordered(leaf.field, leaf.value, kept.at(static_cast<std::size_t>(leaf.relation)));
            }
            case 4: {
                const auto& leaf = std::get<Between>(condition.node);
                return ordered(leaf.field, leaf.from, "+0") & ordered(leaf.field, leaf.to, "-0");
            }
            case 5: {
                Set set;
                const auto& leaf = std::get<OneOf>(condition.node);
                for (const Value& value : leaf.values) set |= ordered(leaf.field, value, "0e");
                return set;
            }
            case 6:
                return matching(std::get<TextMatch>(condition.node));
            case 7:
                return each([&](const Person& p) { return !cell(p, std::get<IsKnown>(condition.node).field).empty(); });
            case 8:
                return in_role(std::get<HasRole>(condition.node));
            case 9: {
                const auto& leaf = std::get<Stated>(condition.node);
                return each(
                    [&](const Person& p) { return std::count(p.standing.begin(), p.standing.end(), leaf) > 0; });
            }
            case 10: {
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
    static std::string cell(const Person& person, const std::string& field) {
        const auto found = person.values.find(field);
        return found == person.values.end() ? std::string{} : cell_of(found->second);
    }
    [[nodiscard]] Set ordered(const std::string& field, const Value& against, std::string_view kept) const {
        return each([&](const Person& p) {
            constexpr std::string_view signs = "-0+ue!";
            const int order = order_of(cell(p, field), cell_of(against));
            return kept.find(signs[static_cast<std::size_t>(order + 1)]) != std::string_view::npos;
        });
    }
    [[nodiscard]] Set matching(const TextMatch& leaf) const {
        const std::string part = cell_of(leaf.text).substr(1);
        return each([&](const Person& p) {
            const std::string found = cell(p, leaf.field);
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
            for (const model::Role& role : p.held) {
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
            person.held.push_back(role);
        }
        person.instant = instant();
        for (std::size_t n = random_.below(3); n > 0; --n) person.standing.push_back(stated());
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
                if constexpr (std::is_same_v<std::decay_t<decltype(v)>, Parameter>) {
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
        person.held[0].end_exclusive.reset();
        check_at(end, true, false, true);
        check_at(Instant::latest(), true, false, true);
        // A role without length never runs; it is over as soon as it begins.
        person.held[0].end_exclusive = start;
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
        person.held.push_back(
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
        person.standing = {{false, "news", {}}, {true, "fees", "sms"}};
        person.segments = {"quiet"};
        CHECK(is_true("consent to \"news\"", person));
        CHECK_FALSE(is_true("objection to \"news\"", person));
        CHECK_FALSE(is_true("consent to \"news\" by \"sms\"", person));
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
