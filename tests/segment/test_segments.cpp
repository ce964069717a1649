#include <alloquy/segment/segments.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/parse.hpp>

using alloquy::InvalidArgument;
using alloquy::segment::Catalogue;
using alloquy::segment::FieldType;
using alloquy::segment::parse;
using alloquy::segment::SegmentConfig;
using alloquy::segment::Segments;
using alloquy::segment::segments_named;
using Configs = std::vector<SegmentConfig>;
using Names = std::vector<std::string>;

namespace {

const Catalogue catalogue{{{"engagement", FieldType::number}}};

Names in_order(const Configs& configs) {
    const Segments segments{configs, catalogue};
    Names names;
    for (const std::size_t segment : segments.in_order()) names.push_back(segments.name(segment));
    return names;
}
std::string refusal(const Configs& configs) {
    try {
        const Segments segments{configs, catalogue};
    } catch (const InvalidArgument& error) {
        return error.what();
    }
    return {};
}
bool tells(const std::string& refusal, std::string_view part) {
    return refusal.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("segment/segments") {
    TEST_CASE("segments are found by name, with their conditions") {
        const Segments segments{{{"quiet", "engagement < 0.2"}, {"everybody", "true"}}, catalogue};
        REQUIRE(segments.size() == 2);
        CHECK(segments.find("quiet") == 0);
        CHECK(segments.find("everybody") == 1);
        CHECK_FALSE(segments.find("nobody"));
        CHECK(segments.condition(0) == parse("engagement < 0.2", catalogue));
        CHECK(Segments{{}, catalogue}.size() == 0);
    }

    TEST_CASE("each comes after those that it rests on, wherever these are named") {
        CHECK(in_order({{"a", "in segment \"b\" and in segment \"c\""}, {"b", "true"}, {"c", "in segment \"b\""}}) ==
              Names{"b", "c", "a"});
        CHECK(in_order({{"a", "not (engagement < 1 or not in segment \"b\")"}, {"b", "true"}}) == Names{"b", "a"});
        CHECK(in_order({{"a", "true"}, {"b", "true"}, {"c", "true"}}) == Names{"a", "b", "c"});
    }

    TEST_CASE("what asks about earlier membership or another person's rests on that segment") {
        CHECK(in_order({{"a", "was in segment \"b\""}, {"b", "entered segment \"c\" in last 1 day"}, {"c", "true"}}) ==
              Names{"c", "b", "a"});
        CHECK(in_order({{"a", "relation to person where in segment \"b\""}, {"b", "true"}}) == Names{"b", "a"});
        CHECK(tells(refusal({{"a", "left segment \"b\""}, {"b", "in segment \"a\" for 2 days"}}), "'a' -> 'b' -> 'a'"));
        CHECK(tells(refusal({{"a", "relation to person where in segment \"a\""}}), "'a'"));
    }

    TEST_CASE("names that a condition mentions, each once, in their order") {
        CHECK(segments_named(parse("in segment \"b\" or not (in segment \"a\" and in segment \"b\")", catalogue)) ==
              Names{"b", "a"});
        CHECK(segments_named(parse("engagement < 1", catalogue)).empty());
        CHECK(segments_named(
                  parse("was in segment \"c\" in last 3 days or entered segment \"a\" or left segment \"b\" or "
                        "in segment \"c\" for 2 days",
                        catalogue)) == Names{"c", "a", "b"});
        CHECK(segments_named(parse("relation guardian_of to person where (engagement < 1 and not in segment \"a\")",
                                   catalogue)) == Names{"a"});
    }

    TEST_CASE("a circle is refused with its path, and without what leads to it") {
        CHECK(tells(refusal({{"a", "in segment \"a\""}}), "'a' -> 'a'"));
        const std::string text = refusal({{"start", "in segment \"x\""},
                                          {"x", "not in segment \"y\""},
                                          {"y", "true and in segment \"z\""},
                                          {"z", "engagement > 1 or in segment \"x\""}});
        CHECK(tells(text, "in a circle: 'x' -> 'y' -> 'z' -> 'x'"));
        CHECK_FALSE(tells(text, "start"));
    }

    TEST_CASE("what is wrong is told with the segment's name") {
        CHECK(tells(refusal({{"", "true"}}), "needs a name"));
        CHECK(tells(refusal({{"a", "true"}, {"a", "false"}}), "'a' stands twice"));
        CHECK(tells(refusal({{"ok", "true"}, {"late", "engagement >\n"}}), "segment 'late'"));
        CHECK(tells(refusal({{"late", "true and\n  engagment > 1"}}), "line 2: column 3"));
        CHECK(tells(refusal({{"a", "in segment \"quite\""}, {"quiet", "true"}}), "did you mean \"quiet\"?"));
        CHECK(tells(refusal({{"a", "in segment \"nowhere\""}}), "segment 'a': there is no segment \"nowhere\""));
    }
}
