// Random conditions asked of a crowd by holds() and by a second evaluator, which makes a set of persons for each
// condition and joins the sets by bit operations.

#include <alloquy/segment/evaluate.hpp>

#include <algorithm>
#include <array>
#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/model/person.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/text.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>

#include "../support/random.hpp"
#include "evaluate_support.hpp"

using namespace alloquy::segment;
using namespace evaluate_test;
using alloquy::support::Random;
using model::RoleKind;
using std::chrono::milliseconds;

namespace {

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

}  // namespace

TEST_SUITE("segment/evaluate_table") {
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
}
