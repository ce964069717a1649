#include <alloquy/segment/text.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"

using namespace alloquy::segment;
using alloquy::model::RoleKind;
using alloquy::support::Random;
using alloquy::time::Day;

namespace {

const Catalogue catalogue{{{"engagement", FieldType::number},
                           {"visits", FieldType::number},
                           {"city", FieldType::text},
                           {"role", FieldType::text},
                           {"segment", FieldType::number},
                           {"in", FieldType::number},
                           {"of", FieldType::text},
                           {"random", FieldType::any},
                           {"response:e mail", FieldType::number},
                           {"response:in", FieldType::number},
                           {"not:x", FieldType::number},
                           {"a:b:c", FieldType::text},
                           {":start", FieldType::number},
                           {"end:", FieldType::number},
                           {"9 lives", FieldType::number},
                           {"\u00fcber", FieldType::any},
                           {"quote \" slash \\ tab \t line \n", FieldType::any}}};

Condition known(std::string field) {
    return {IsKnown{std::move(field)}};
}
Condition negation(Condition of) {
    return {Not{std::move(of)}};
}
Condition all(std::vector<Condition> of) {
    return {All{std::move(of)}};
}
Condition any(std::vector<Condition> of) {
    return {Any{std::move(of)}};
}
std::string text_of(Value value) {
    return to_text({Comparison{"x", Relation::equal, std::move(value)}});
}

/// Conditions as parse() makes them, of every form.
class Maker {
public:
    explicit Maker(std::uint64_t seed) : random_{seed} {}

    Condition condition(int depth) {
        if (depth == 0 || random_.chance(25)) return leaf();
        switch (random_.below(3)) {
            case 0:
                return negation(condition(depth - 1));
            case 1:
                return all(some(depth));
            default:
                return any(some(depth));
        }
    }

private:
    std::vector<Condition> some(int depth) {
        std::vector<Condition> of;
        for (std::size_t n = 2 + random_.below(3); n > 0; --n) of.push_back(condition(depth - 1));
        return of;
    }
    Condition leaf() {
        switch (random_.below(11)) {
            case 0:
                return all({});
            case 1:
                return any({});
            case 2:
                return known(field().first);
            case 3:
                return {HasRole{static_cast<RolePeriod>(random_.below(3)), kind(), names(), names()}};
            case 4:
                return {Stated{random_.chance(50), name(),
                               random_.chance(50) ? std::optional{name()} : std::optional<std::string>{}}};
            case 5:
                return random_part();
            case 6:
                return {InSegment{name()}};
            default:
                return test();
        }
    }
    Condition test() {
        const auto [name, type] = field();
        switch (random_.below(4)) {
            case 0: {
                constexpr std::array relations{Relation::equal, Relation::less, Relation::at_most, Relation::greater,
                                               Relation::at_least};
                const Relation relation = type == FieldType::text ? Relation::equal : relations[random_.below(5)];
                return {Comparison{name, relation, value(type, relation != Relation::equal)}};
            }
            case 1:
                if (type != FieldType::text) return {Between{name, value(type, true), value(type, true)}};
                [[fallthrough]];
            case 2:
                if (type != FieldType::number) {
                    return {TextMatch{name, static_cast<TextTest>(random_.below(3)), value(FieldType::text, false)}};
                }
                [[fallthrough]];
            default: {
                OneOf one_of{name, {}};
                for (std::size_t n = 1 + random_.below(4); n > 0; --n) one_of.values.push_back(value(type, false));
                return {std::move(one_of)};
            }
        }
    }
    Condition random_part() {
        const double below = random_.chance(30) ? 100 : 100 * (1 - random_.fraction());
        const double from = random_.chance(50) ? 0 : below * random_.fraction();
        return {RandomPart{from, below, name()}};
    }
    std::pair<std::string, FieldType> field() {
        if (random_.chance(20)) return {"attribute:" + name(), FieldType::any};
        const Field& found = catalogue.fields()[random_.below(catalogue.fields().size())];
        return {found.name, found.type};
    }
    Value value(FieldType type, bool has_order) {
        if (random_.chance(15)) return Parameter{parameter()};
        if (type == FieldType::number) return number();
        if (type == FieldType::text) return random_.chance(10) ? std::string{} : name();
        switch (random_.below(has_order ? 2 : 4)) {
            case 0:
                return number();
            case 1:
                return Day::from_unix_days(random_.between(Day::min_unix_days, Day::max_unix_days));
            case 2:
                return random_.chance(50);
            default:
                return name();
        }
    }
    double number() {
        switch (random_.below(5)) {
            case 0:
                return static_cast<double>(random_.between(-20, 20));
            case 1:
                return static_cast<double>(random_.between(-9999, 9999)) / 100;
            case 2:
                return random_.fraction();
            case 3:
                return static_cast<double>(random_.between(-9'007'199'254'740'992, 9'007'199'254'740'992));
            default: {  // any bits that are a finite number
                double number = 0;
                do {
                    const std::uint64_t bits = random_.bits();
                    std::memcpy(&number, &bits, sizeof number);
                } while (!(number - number == 0));
                return number;
            }
        }
    }
    std::string parameter() {
        constexpr std::array<std::string_view, 5> parameters{"limit", "and", "_", "9", "a_B9"};
        return std::string{parameters[random_.below(parameters.size())]};
    }
    /// Not empty; any bytes, those with a meaning more often.
    std::string name() {
        constexpr std::array<std::string_view, 24> pieces{
            "a", "Z",   "_",  "7",  " ", "\"", "\\", "\n",     "\t",     "\r",         "#",
            ":", "%",   "in", "or", "(", ")",  "$",  "\u00e9", "\u20ac", "\U0001F600", std::string_view{"\0", 1},
            "n", "role"};
        std::string name;
        for (std::size_t n = 1 + random_.below(6); n > 0; --n) name += pieces[random_.below(pieces.size())];
        return name;
    }
    std::vector<std::string> names() {
        std::vector<std::string> names;
        if (random_.chance(50)) return names;
        for (std::size_t n = 1 + random_.below(3); n > 0; --n) names.push_back(name());
        return names;
    }
    std::optional<RoleKind> kind() {
        if (random_.chance(30)) return {};
        return static_cast<RoleKind>(random_.below(alloquy::model::enum_size<RoleKind>));
    }

    Random random_;
};

}  // namespace

TEST_SUITE("segment/text") {
    TEST_CASE("brackets stand only where the tree would read back as another one") {
        const Condition a = known("a");
        const Condition b = known("b");
        const Condition c = known("c");
        CHECK(to_text(a) == "a is known");
        CHECK(to_text(all({a, b, c})) == "a is known and b is known and c is known");
        CHECK(to_text(any({a, b, c})) == "a is known or b is known or c is known");
        CHECK(to_text(any({all({a, b}), c})) == "a is known and b is known or c is known");
        CHECK(to_text(all({any({a, b}), c})) == "(a is known or b is known) and c is known");
        CHECK(to_text(all({a, any({b, c})})) == "a is known and (b is known or c is known)");
        CHECK(to_text(all({all({a, b}), c})) == "(a is known and b is known) and c is known");
        CHECK(to_text(any({a, any({b, c})})) == "a is known or (b is known or c is known)");
        CHECK(to_text(negation(all({a, b}))) == "not (a is known and b is known)");
        CHECK(to_text(negation(any({a, b}))) == "not (a is known or b is known)");
        CHECK(to_text(all({negation(all({a, b})), c})) == "not (a is known and b is known) and c is known");
        CHECK(to_text(negation(negation(any({a, b})))) == "not not (a is known or b is known)");
        CHECK(to_text(any({negation({InSegment{"q"}}), {HasRole{}}})) == "not in segment \"q\" or role");
        CHECK(to_text(all({})) == "true");
        CHECK(to_text(any({})) == "false");
        CHECK(to_text(negation(all({}))) == "not true");
        CHECK(to_text(all({any({}), negation(any({}))})) == "false and not false");
    }

    TEST_CASE("a Not takes the short form of its test where there is one") {
        CHECK(to_text(negation(known("a"))) == "a is unknown");
        CHECK(to_text(negation(negation(known("a")))) == "not a is unknown");
        CHECK(to_text(negation({Comparison{"a", Relation::equal, 1.0}})) == "a != 1");
        CHECK(to_text(negation({Comparison{"a", Relation::less, 1.0}})) == "not a < 1");
        CHECK(to_text(negation(negation({Comparison{"a", Relation::equal, 1.0}}))) == "not a != 1");
        CHECK(to_text(negation({Between{"a", 1.0, 2.0}})) == "a not between 1 and 2");
        CHECK(to_text(negation({OneOf{"a", {1.0, 2.0}}})) == "a not in (1, 2)");
        CHECK(to_text(negation({TextMatch{"a", TextTest::starts_with, "x"}})) == "a not starts with \"x\"");
        CHECK(to_text(negation({HasRole{}})) == "not role");
        CHECK(to_text(negation({Stated{false, "news", {}}})) == "not consent to \"news\"");
        CHECK(to_text(negation({RandomPart{0, 5, "p"}})) == "not random 5 % of \"p\"");
    }

    TEST_CASE("each leaf has one text") {
        CHECK(to_text({Comparison{"a", Relation::less, 1.0}}) == "a < 1");
        CHECK(to_text({Comparison{"a", Relation::at_most, 1.0}}) == "a <= 1");
        CHECK(to_text({Comparison{"a", Relation::greater, 1.0}}) == "a > 1");
        CHECK(to_text({Comparison{"a", Relation::at_least, 1.0}}) == "a >= 1");
        CHECK(to_text({Comparison{"a", Relation::equal, 1.0}}) == "a = 1");
        CHECK(to_text({Between{"a", 1.0, Parameter{"p"}}}) == "a between 1 and $p");
        CHECK(to_text({OneOf{"a", {std::string{"x"}}}}) == "a in (\"x\")");
        CHECK(to_text({TextMatch{"a", TextTest::contains, "x"}}) == "a contains \"x\"");
        CHECK(to_text({TextMatch{"a", TextTest::ends_with, Parameter{"p"}}}) == "a ends with $p");
        CHECK(to_text({HasRole{RolePeriod::former, RoleKind::student, {"nursing"}, {"Zwolle", "Ede"}}}) ==
              "former role student of \"nursing\" at (\"Zwolle\", \"Ede\")");
        CHECK(to_text({HasRole{RolePeriod::ever, {}, {}, {"Ede"}}}) == "ever role at \"Ede\"");
        CHECK(to_text({HasRole{RolePeriod::current, RoleKind::employer_contact, {}, {}}}) == "role employer_contact");
        CHECK(to_text({Stated{true, "news", "sms"}}) == "objection to \"news\" by \"sms\"");
        CHECK(to_text({RandomPart{0, 10, "p"}}) == "random 10 % of \"p\"");
        CHECK(to_text({RandomPart{10, 33.5, "p"}}) == "random 10 % to 33.5 % of \"p\"");
        CHECK(to_text({InSegment{"quiet"}}) == "in segment \"quiet\"");
    }

    TEST_CASE("texts escape quotes, backslashes, line ends and tabs, and nothing else") {
        CHECK(text_of("") == "x = \"\"");
        CHECK(text_of("a\"b") == R"(x = "a\"b")");
        CHECK(text_of("a\\b") == R"(x = "a\\b")");
        CHECK(text_of("\\\"") == R"(x = "\\\"")");
        CHECK(text_of("a\nb\tc") == R"(x = "a\nb\tc")");
        CHECK(text_of("D\u00fcren # %") == "x = \"D\u00fcren # %\"");
        CHECK(to_text({InSegment{"a\"\n"}}) == R"(in segment "a\"\n")");
        CHECK(to_text({HasRole{RolePeriod::current, {}, {"a\\"}, {}}}) == R"(role of "a\\")");
    }

    TEST_CASE("numbers have their shortest form, and zero has no sign") {
        CHECK(text_of(0.0) == "x = 0");
        CHECK(text_of(-0.0) == "x = 0");
        CHECK(text_of(0.1) == "x = 0.1");
        CHECK(text_of(-2.5) == "x = -2.5");
        CHECK(text_of(0.1 + 0.2) == "x = 0.30000000000000004");  // the textbook sum, IEEE 754
        CHECK(text_of(2026.0) == "x = 2026");
        CHECK(text_of(1e21) == "x = 1e+21");
        CHECK(text_of(5e-324) == "x = 5e-324");
        CHECK(text_of(std::numeric_limits<double>::max()) == "x = 1.7976931348623157e+308");
        CHECK(to_text(parse("visits between -0 and 30 %", catalogue)) == "visits between 0 and 0.3");
        CHECK(to_text(parse("random -0 % to 1e1 % of \"p\"", catalogue)) == "random 10 % of \"p\"");
    }

    TEST_CASE("days, truths and parameters are written as they are read") {
        CHECK(text_of(Day::from_ymd(2026, 9, 1)) == "x = 2026-09-01");
        CHECK(text_of(Day::from_ymd(1, 1, 1)) == "x = 0001-01-01");
        CHECK(text_of(true) == "x = true");
        CHECK(text_of(false) == "x = false");
        CHECK(text_of(Parameter{"p"}) == "x = $p");
    }

    TEST_CASE("names of fields have quotes only where they need them") {
        CHECK(to_text(known("a_B9")) == "a_B9 is known");
        CHECK(to_text(known("e mail")) == "\"e mail\" is known");
        CHECK(to_text(known("9lives")) == "\"9lives\" is known");
        CHECK(to_text(known("\u00fcber")) == "\"\u00fcber\" is known");
        CHECK(to_text(known("in")) == "\"in\" is known");
        CHECK(to_text(known("role")) == "role is known");
        CHECK(to_text(known("segment")) == "segment is known");
        CHECK(to_text(known("attribute:region")) == "attribute:region is known");
        CHECK(to_text(known("attribute:in")) == "attribute:in is known");
        CHECK(to_text(known("response:e mail")) == "response:\"e mail\" is known");
        CHECK(to_text(known("not:x")) == "\"not\":x is known");
        CHECK(to_text(known("a:b:c")) == "a:\"b:c\" is known");
        CHECK(to_text(known(":a")) == "\":a\" is known");
        CHECK(to_text(known("a:")) == "\"a:\" is known");
        CHECK(to_text(known("a\"b")) == R"("a\"b" is known)");
    }

    TEST_CASE("spelling does not matter: equal conditions have one text") {
        const std::string text = "not (engagement < 0.3 or city in (\"a\", \"b\")) and visits != 2";
        for (const std::string_view other :
             {"not(engagement<30%or city in(\"a\",\"b\"))and visits!=2",
              "# remark\nnot ((engagement < 3e-1) or (city in (\"a\" , \"b\")))\nand not (visits = +2.0)",
              "(not (\"engagement\" < 0.30 or (city in (\"a\", \"b\"))) and (visits != 2))"}) {
            CHECK(to_text(parse(other, catalogue)) == text);
        }
    }

    TEST_CASE("a field whose first part is the word role reads back") {
        const Catalogue one{{{"role:x", FieldType::number}}};
        for (const Condition& condition : {known("role:x"), Condition{Comparison{"role:x", Relation::less, 1.0}},
                                           negation({OneOf{"role:x", {1.0}}})}) {
            CHECK(parse(to_text(condition), one) == condition);
        }
    }

    TEST_CASE("any condition that parse() can make reads back equal, and its text as the same text") {
        for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
            CAPTURE(seed);
            const Condition condition = Maker{seed}.condition(static_cast<int>(seed % 6));
            const std::string text = to_text(condition);
            CAPTURE(text);
            CHECK(text.find('\n') == std::string::npos);
            const Condition again = parse(text, catalogue);
            CHECK(again == condition);
            CHECK(to_text(again) == text);
        }
    }

    TEST_CASE("the deepest conditions that parse() takes read back") {
        for (const std::string& unit : {std::string{"not "}, std::string{"true and (false or ("}}) {
            std::optional<Condition> deepest;
            for (std::size_t times = 1; times <= 200; ++times) {
                std::string text;
                for (std::size_t i = 0; i < times; ++i) text += unit;
                text += "visits < 1";
                if (unit.back() == '(') text += std::string(2 * times, ')');
                try {
                    deepest = parse(text, catalogue);
                } catch (const alloquy::ParseError&) {
                    break;
                }
            }
            REQUIRE(deepest.has_value());
            CHECK(parse(to_text(*deepest), catalogue) == *deepest);
        }
    }
}
