#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>

#include "../../src/io/positioned_json.hpp"

namespace {

using alloquy::ParseError;
using alloquy::io::Checker;
using alloquy::io::Cursor;
using alloquy::io::PositionedJson;
using alloquy::io::TextPosition;

static_assert(!std::is_copy_constructible_v<Cursor>);  // two copies would each miss what the other was asked for

std::vector<ParseError::Issue> issues_of(std::string_view text, std::size_t max_depth = 64) {
    try {
        (void)PositionedJson::parse(text, "test.json", max_depth);
    } catch (const ParseError& error) {
        return error.issues();
    }
    return {};
}

/// "line pointer: message" of each issue, one a line.
std::string report(const Checker& checker) {
    std::string text;
    for (const ParseError::Issue& issue : checker.issues()) {
        text += std::to_string(issue.line) + ' ' + issue.pointer + ": " + issue.message + '\n';
    }
    return text;
}

PositionedJson parse(std::string_view text) {
    return PositionedJson::parse(text, "test.json");
}

enum class Channel { email, phone, chat };

}  // namespace

TEST_SUITE("io/positioned_json") {
    // ---- places ----

    TEST_CASE("each value and key has the line and column in which it begins") {
        const PositionedJson document = parse(
            "\n"                            // 1
            "{ \"a\" : 1 ,\n"               // 2
            "  \"b\":\n"                    // 3
            "     [ true, null,\n"          // 4
            "  {\"c\\\"d\" : \"x\"}, -1\n"  // 5
            "  ], \"e\":{}\n"               // 6
            "}\n");
        // Counted by hand in the text above.
        CHECK(document.position_of("") == TextPosition{2, 1});
        CHECK(document.position_of("/a") == TextPosition{2, 9});
        CHECK(document.key_position_of("/a") == TextPosition{2, 3});
        CHECK(document.position_of("/b") == TextPosition{4, 6});
        CHECK(document.key_position_of("/b") == TextPosition{3, 3});
        CHECK(document.position_of("/b/0") == TextPosition{4, 8});
        CHECK(document.position_of("/b/1") == TextPosition{4, 14});
        CHECK(document.position_of("/b/2") == TextPosition{5, 3});
        CHECK(document.position_of("/b/2/c\"d") == TextPosition{5, 13});
        CHECK(document.position_of("/b/3") == TextPosition{5, 19});
        CHECK(document.position_of("/e") == TextPosition{6, 10});
        CHECK(document.line_of("/b/3") == 5);
        CHECK(document.value() == nlohmann::json::parse(R"({"a":1,"b":[true,null,{"c\"d":"x"},-1],"e":{}})"));
        CHECK_THROWS_AS((void)document.position_of("/nothing"), alloquy::NotFound);
    }

    TEST_CASE("LF, CRLF and CR give the same lines") {
        for (const std::string end : {"\n", "\r\n", "\r"}) {
            CAPTURE(end.size());
            const PositionedJson document = parse("[1," + end + end + "2" + end + "]");
            CHECK(document.position_of("/1") == TextPosition{3, 1});
        }
    }

    TEST_CASE("columns count code points, and a byte order mark is no column") {
        const PositionedJson document = parse("\xef\xbb\xbf[\"\u00e9\U0001f600\", 1]");
        CHECK(document.position_of("/0") == TextPosition{1, 2});
        CHECK(document.position_of("/1") == TextPosition{1, 8});
    }

    TEST_CASE("keys are escaped in pointers as RFC 6901 says") {
        // RFC 6901, section 5: its document and pointers.
        const PositionedJson document = parse(R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"m~n":8})");
        for (const std::string pointer : {"", "/foo", "/foo/0", "/", "/a~1b", "/c%d", "/m~0n"}) {
            CAPTURE(pointer);
            CHECK(document.line_of(pointer) == 1);
            CHECK_NOTHROW((void)document.value().at(nlohmann::json::json_pointer{pointer}));
        }
    }

    TEST_CASE("a document may be one value") {
        CHECK(parse(" 4").position_of("") == TextPosition{1, 2});
        CHECK(parse("\"x\"").value() == "x");
    }

    // ---- what is refused ----

    TEST_CASE("a syntax error has its line and says what was expected") {
        const auto missing_colon = issues_of("{\n  \"a\" 1\n}");
        REQUIRE(missing_colon.size() == 1);
        CHECK(missing_colon[0].line == 2);
        CHECK(missing_colon[0].message.find("expected ':'") != std::string::npos);

        const auto missing_comma = issues_of("[\n1\n2\n]");
        REQUIRE(missing_comma.size() == 1);
        CHECK(missing_comma[0].line == 3);
        CHECK(missing_comma[0].message.find("expected ']'") != std::string::npos);

        CHECK(issues_of("{\"a\": 1,\n}").at(0).line == 2);
        CHECK(issues_of("{\"a\": 1\n").at(0).message.find("unexpected end of input") != std::string::npos);
        CHECK(issues_of("\n\n[1] x").at(0).line == 3);
        CHECK(issues_of("").size() == 1);
        CHECK(issues_of("[\n\"a\nb\"]").at(0).line == 2);
    }

    TEST_CASE("only strict JSON in UTF-8 is read") {
        for (const std::string_view text : {"[1] // note", "/* note */ 1", "[1,]", "{'a':1}", "{a:1}", "[01]", "[NaN]",
                                            "[1e999]", "[\"\xe9\"]", "[\"\\ud800\"]", "[+1]", "[.5]"}) {
            CAPTURE(text);
            CHECK(issues_of(text).size() == 1);
        }
    }

    TEST_CASE("an error does not repeat the text") {
        CHECK(issues_of("{\"name\": \"secret words\" 1}").at(0).message.find("secret") == std::string::npos);
        CHECK(issues_of("[\"secret words").at(0).message.find("secret") == std::string::npos);
    }

    TEST_CASE("doubled keys are all reported, with both lines") {
        const auto issues = issues_of("{\"a\":{\"b\":1,\n\"b\":2},\n\n\"a\":{\"b\":3},\n\"c\":0}");
        REQUIRE(issues.size() == 2);
        CHECK(issues[0].line == 2);
        CHECK(issues[0].pointer == "/a/b");
        CHECK(issues[0].message.find("first in line 1") != std::string::npos);
        CHECK(issues[1].line == 4);
        CHECK(issues[1].pointer == "/a");
        CHECK(issues[1].message.find("first in line 1") != std::string::npos);
    }

    TEST_CASE("nesting over the limit is refused, at the limit it is read") {
        const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
        CHECK(issues_of(nested(64)).empty());
        REQUIRE(issues_of(nested(65)).size() == 1);
        CHECK(issues_of(nested(65))[0].message.find("at most 64") != std::string::npos);
        CHECK(issues_of(std::string(1'000'000, '[')).size() == 1);
        CHECK(issues_of("{\"a\":[{}]}", 3).empty());
        CHECK(issues_of("{\"a\":[{}]}", 2).size() == 1);
        CHECK_THROWS_AS((void)PositionedJson::parse("1", "x", 0), alloquy::InvalidArgument);
    }

    // ---- Cursor ----

    TEST_CASE("a good config is read without a problem") {
        Checker checker{parse(R"({"name":"x","share":0.5,"days":7,"whole":4.0,"on":true,"channel":"phone",
            "topics":["a","b"],"weights":[1,2.5],"actions":[{"id":1},{"id":2}],"texts":{"nl":"ja","en":"yes"},"team":"b"})")};
        Cursor root = checker.root();
        CHECK(root.string("name") == "x");
        CHECK(root.number("share", {.min = 0, .max = 1}) == 0.5);
        CHECK(root.integer("days", {.min = 1}) == 7);
        CHECK(root.integer("whole") == 4);
        CHECK(root.boolean("on"));
        CHECK(root.enumeration<Channel>("channel", {{"email", Channel::email}, {"phone", Channel::phone}}) ==
              Channel::phone);
        CHECK(root.strings("topics") == std::vector<std::string>{"a", "b"});
        CHECK(root.numbers("weights") == std::vector<double>{1, 2.5});
        std::vector<std::int64_t> ids;
        Cursor actions = root.array("actions");
        CHECK(actions.size() == 2);
        for (Cursor action : actions) {
            ids.push_back(action.integer("id"));
            action.finish();
        }
        CHECK(ids == std::vector<std::int64_t>{1, 2});
        std::string texts;
        Cursor map = root.object("texts");
        for (const auto& [language, text] : map.members()) texts += language + '=' + text.as_string() + ' ';
        map.finish();
        CHECK(texts == "en=yes nl=ja ");
        const std::vector<std::string> teams{"a", "b"};
        CHECK(root.reference("team", "team", teams) == 1);
        root.finish();
        CHECK_FALSE(checker.has_problems());
        CHECK_NOTHROW(checker.throw_if_any("x"));
    }

    TEST_CASE("what may be missing gives the fallback or nothing, without a problem") {
        Checker checker{parse(R"({"there":3})")};
        Cursor root = checker.root();
        CHECK(root.string_or("a", "f") == "f");
        CHECK(root.number_or("a", 1.5) == 1.5);
        CHECK(root.integer_or("a", 9) == 9);
        CHECK(root.boolean_or("a", true));
        CHECK(root.enumeration_or("a", Channel::chat, {{"email", Channel::email}}) == Channel::chat);
        CHECK_FALSE(root.optional_string("a").has_value());
        CHECK_FALSE(root.optional_number("a").has_value());
        CHECK(root.optional_integer("there") == 3);
        CHECK_FALSE(root.optional_boolean("a").has_value());
        CHECK_FALSE(root.optional_enumeration<Channel>("a", {{"email", Channel::email}}).has_value());
        CHECK(root.optional_strings("a").empty());
        CHECK_FALSE(root.optional_object("a").is_there());
        CHECK_FALSE(root.optional_member("a").is_there());
        CHECK(root.optional_array("a").size() == 0);
        CHECK_FALSE(root.optional_reference("a", "team", {}).has_value());
        CHECK_FALSE(root.has("a"));
        CHECK(root.has("there"));
        root.finish();
        CHECK(report(checker).empty());
    }

    TEST_CASE("all problems come at once, in the order of their lines, and each says what was expected and found") {
        Checker checker{
            parse("{\n"
                  "\"name\": 5,\n"
                  "\"share\": 1.5,\n"
                  "\"days\": 0,\n"
                  "\"half\": 2.5,\n"
                  "\"on\": \"yes\",\n"
                  "\"channel\": \"emial\",\n"
                  "\"list\": {},\n"
                  "\"texts\": [],\n"
                  "\"topics\": [\"a\", null, 3],\n"
                  "\"team\": \"webcaer\",\n"
                  "\"extra\": 1\n"
                  "}")};
        Cursor root = checker.root();
        const std::vector<std::string> teams{"webcare", "registry"};
        CHECK_FALSE(root.reference("team", "team", teams).has_value());
        CHECK(root.string("name").empty());
        CHECK(root.number("share", {.min = 0, .max = 1}) == 0);
        CHECK(root.integer("days", {.min = 1, .max = 31}) == 1);
        CHECK(root.integer("half", {.max = -2}) == -2);
        CHECK_FALSE(root.boolean("on"));
        CHECK(root.enumeration<Channel>("channel", {{"phone", Channel::phone}, {"email", Channel::email}}) ==
              Channel::phone);
        CHECK(root.array("list").size() == 0);
        CHECK_FALSE(root.object("texts").is_there());
        CHECK(root.strings("topics") == std::vector<std::string>{"a"});
        CHECK(root.string("missing").empty());
        root.finish();
        CHECK(report(checker) ==
              "1 : expected the key \"missing\", got none\n"
              "2 /name: expected a text, got 5\n"
              "3 /share: expected a number from 0 to 1, got 1.5\n"
              "4 /days: expected an integer from 1 to 31, got 0\n"
              "5 /half: expected an integer <= -2, got 2.5\n"
              "6 /on: expected true or false, got the text \"yes\"\n"
              "7 /channel: expected one of \"phone\", \"email\", got the text \"emial\"; did you mean \"email\"?\n"
              "8 /list: expected an array, got an object\n"
              "9 /texts: expected an object, got an array\n"
              "10 /topics/1: expected a text, got null\n"
              "10 /topics/2: expected a text, got 3\n"
              "11 /team: expected the name of a team, got the text \"webcaer\"; did you mean \"webcare\"?\n"
              "12 /extra: unknown key \"extra\"\n");
        try {
            checker.throw_if_any("playbook.json");
            FAIL("did not throw");
        } catch (const ParseError& error) {
            CHECK(error.issues().size() == 13);
            CHECK(error.line() == 1);
            CHECK(std::string_view{error.what()}.starts_with("playbook.json\n"));
        }
    }

    TEST_CASE("an unknown key is placed at the key and names the nearest one that is missing") {
        Checker checker{parse("{\"nmae\":\n1, \"channels\": 2, \"wholly_other\": 3,\n\"chanels\": 4}")};
        Cursor root = checker.root();
        (void)root.optional_string("name");
        (void)root.integer("channels");
        root.finish();
        CHECK(report(checker) ==
              "1 /nmae: unknown key \"nmae\"; did you mean \"name\"?\n"
              "2 /wholly_other: unknown key \"wholly_other\"\n"
              "3 /chanels: unknown key \"chanels\"\n");
    }

    TEST_CASE("one mistake gives one problem: what is below a wrong value stays silent") {
        Checker checker{parse("{\"action\": 3, \"list\": [1]}")};
        Cursor root = checker.root();
        Cursor action = root.object("action");
        CHECK_FALSE(action.is_there());
        CHECK(action.string("name").empty());
        CHECK(action.number("x", {.min = 2}) == 2);
        for (Cursor inner : action.array("inner")) CHECK(inner.is_there());
        CHECK(action.members().empty());
        action.problem("never said");
        action.problem("name", "never said");
        action.finish();
        CHECK(action.pointer() == "/action");
        CHECK(action.object("deeper").pointer() == "/action");
        CHECK(action.line() == 1);
        for (Cursor element : root.array("list")) {
            (void)element.string("a");
            (void)element.string("b");
            element.finish();
        }
        root.finish();
        CHECK(report(checker) ==
              "1 /action: expected an object, got 3\n"
              "1 /list/0: expected an object, got 1\n");
    }

    TEST_CASE("a value of several possible kinds can be looked at first") {
        Checker checker{parse(R"({"quiet":{"from":"21:00"},"b":[1,"x",true]})")};
        Cursor root = checker.root();
        Cursor quiet = root.member("quiet");
        CHECK(quiet.is_object());
        CHECK_FALSE(quiet.is_string());
        std::string kinds;
        for (Cursor element : root.member("b")) {
            kinds += element.is_number() ? 'n' : element.is_string() ? 's' : element.is_boolean() ? 'b' : '?';
        }
        CHECK(kinds == "nsb");
        for (Cursor element : quiet) CHECK(element.is_there());
        CHECK(report(checker) == "1 /quiet: expected an array, got an object\n");
    }

    TEST_CASE("the caller's own problems are placed like the others") {
        Checker checker{parse("{\n\"from\": 5,\n\"to\": 3}")};
        Cursor root = checker.root();
        root.problem("to", "expected at least the value of from, 5, got 3");
        root.problem("gone", "expected one of from and until");
        root.problem("whole");
        CHECK(report(checker) ==
              "1 : expected one of from and until\n"
              "1 : whole\n"
              "3 /to: expected at least the value of from, 5, got 3\n");
    }

    TEST_CASE("integers keep all 64 bits, and what does not fit is refused") {
        Checker checker{parse(R"([9223372036854775807,-9223372036854775808,9223372036854775808,1e300,1e3])")};
        std::vector<std::int64_t> read;
        for (Cursor element : checker.root()) read.push_back(element.as_integer());
        CHECK(read == std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max(),
                                                std::numeric_limits<std::int64_t>::min(), 0, 0, 1000});
        CHECK(checker.issues().size() == 2);
    }

    TEST_CASE("the nearest name allows more edits in longer names and prefers the first of equals") {
        // Distances counted by hand.
        using Names = std::vector<std::string_view>;
        using alloquy::nearest_name;
        CHECK(nearest_name("emial", Names{"phone", "email"}) == "email");        // one swap
        CHECK_FALSE(nearest_name("emal", Names{"mail_", "phone"}).has_value());  // two edits, short name
        CHECK(nearest_name("chanell", Names{"channel"}) == "channel");           // one added, one dropped
        CHECK(nearest_name("ab", Names{"ac", "ad"}) == "ac");
        CHECK_FALSE(nearest_name("a", Names{"b"}).has_value());  // nothing in common
        CHECK_FALSE(nearest_name("x", Names{}).has_value());
        CHECK_FALSE(nearest_name(std::string(100'000, 'a'), Names{"aaaa"}).has_value());
    }

    TEST_CASE("a long text found is shortened in the message, at a whole code point") {
        std::string text;
        for (int i = 0; i < 100; ++i) text += "\u00e9";
        Checker checker{parse("{\"a\":\"x" + text + "\"}")};
        CHECK(checker.root().number("a") == 0);
        CHECK(checker.issues().at(0).message == "expected a number, got the text \"x" + text.substr(0, 58) + "...\"");
    }
}
