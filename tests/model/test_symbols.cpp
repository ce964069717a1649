#include <alloquy/model/symbols.hpp>

#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

using alloquy::model::Channel;
using alloquy::model::Symbols;
using alloquy::model::Topic;

TEST_SUITE("model/symbols") {
    // Symbols of different kinds do not mix and have no order.
    static_assert(!std::is_convertible_v<Channel, Topic>);
    static_assert(!std::is_convertible_v<int, Channel>);
    static_assert(!std::is_same_v<Channel, Topic>);

    TEST_CASE("a word keeps its number, and numbers count from 1 in order of first mention") {
        Symbols symbols;
        const Channel mail = symbols.channels.intern("mail");
        const Channel phone = symbols.channels.intern("phone");
        CHECK(mail.number() == 1);
        CHECK(phone.number() == 2);
        CHECK(symbols.channels.intern("mail") == mail);
        CHECK(symbols.channels.size() == 2);
        CHECK(symbols.channels.text(phone) == "phone");
        CHECK(symbols.channels.texts() == std::vector<std::string>{"mail", "phone"});
        CHECK(symbols.topics.intern("phone").number() == 1);  // each kind has its own
    }

    TEST_CASE("a word that was never met is not found, and finding makes none") {
        Symbols symbols;
        CHECK_FALSE(symbols.channels.find("mail"));
        CHECK(symbols.channels.size() == 0);
        const Channel mail = symbols.channels.intern("mail");
        CHECK(symbols.channels.find("mail") == mail);
        CHECK_FALSE(symbols.channels.find("Mail"));
    }

    TEST_CASE("a name has 1 to 255 bytes") {
        Symbols symbols;
        CHECK_THROWS_AS(symbols.channels.intern(""), alloquy::InvalidArgument);
        CHECK_THROWS_AS(symbols.channels.intern(std::string(256, 'x')), alloquy::InvalidArgument);
        CHECK(symbols.channels.intern(std::string(255, 'x')).number() == 1);
    }

    TEST_CASE("65,535 words of a kind are the most; those that are there stay") {
        Symbols symbols;
        for (int i = 1; i <= 65'535; ++i) REQUIRE(symbols.topics.intern(std::to_string(i)).number() == i);
        CHECK_THROWS_AS(symbols.topics.intern("one more"), alloquy::InvalidArgument);
        CHECK(symbols.topics.intern("65535").number() == 65'535);
        CHECK(symbols.topics.size() == 65'535);
        CHECK(symbols.topics.text(Topic{65'535}) == "65535");
    }

    TEST_CASE("a symbol of another vocabulary is refused") {
        Symbols symbols;
        (void)symbols.channels.intern("mail");
        CHECK_THROWS_AS((void)symbols.channels.text(Channel{2}), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)symbols.channels.text(Channel{0}), alloquy::InvalidArgument);
    }

    TEST_CASE("all vocabularies are visited once, in the fixed order of stored files") {
        Symbols symbols;
        (void)symbols.sources.intern("0");
        (void)symbols.channels.intern("1");
        (void)symbols.topics.intern("2");
        (void)symbols.languages.intern("3");
        (void)symbols.purposes.intern("4");
        (void)symbols.programmes.intern("5");
        (void)symbols.sites.intern("6");
        (void)symbols.teams.intern("7");
        (void)symbols.actions.intern("8");
        (void)symbols.attributes.intern("9");
        (void)symbols.obligations.intern("10");
        (void)symbols.assessments.intern("11");
        int next = 0;
        Symbols::for_each(symbols, [&](int index, const auto& vocabulary) {
            CHECK(index == next++);
            CHECK(vocabulary.texts() == std::vector<std::string>{std::to_string(index)});
        });
        CHECK(next == 12);
    }
}
