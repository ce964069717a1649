#include <alloquy/engine/person_bytes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "../support/facts.hpp"
#include "../support/random.hpp"

namespace model = alloquy::model;
using namespace alloquy::engine;
using alloquy::OrganisationId;
using alloquy::PersonId;
using alloquy::support::minute;
using Bytes = std::vector<std::byte>;

namespace {

template <class Symbols>
Bytes written(const model::Person& person, const Symbols& symbols) {
    Bytes bytes;
    ByteWriter out{[&](std::span<const std::byte> chunk) { bytes.insert(bytes.end(), chunk.begin(), chunk.end()); }};
    write_person(out, person, symbols);
    out.flush();
    return bytes;
}

model::Person read(const Bytes& bytes, PersonId id) {
    bool given = false;
    ByteReader in{[&] {
        const auto all = given ? std::span<const std::byte>{} : std::span{bytes};
        given = true;
        return all;
    }};
    return read_person(in, id);
}

model::Person random_person(std::uint64_t seed, model::Symbols& symbols) {
    const auto facts = alloquy::support::random_facts(
        seed, symbols, {2, 80}, [](std::size_t i) { return PersonId{static_cast<std::int64_t>(i) + 1}; });
    model::Person person{PersonId{1}};
    for (const model::Fact& fact : alloquy::support::facts_of(person.id, facts, symbols)) {
        model::apply(person, fact, symbols);
    }
    return person;
}

}  // namespace

TEST_SUITE("engine/person_bytes") {
    TEST_CASE("a person comes back as it was written") {
        for (std::uint64_t seed = 0; seed < 50; ++seed) {
            model::Symbols symbols;
            const model::Person person = random_person(seed, symbols);
            REQUIRE(person.roles.size() + person.consents.size() + person.dialogues.size() > 3);
            REQUIRE(read(written(person, SymbolsAsNumbers{}), PersonId{1}) == person);
        }
        CHECK(read(written(model::Person{PersonId{1}}, SymbolsAsNumbers{}), PersonId{9}) == model::Person{PersonId{9}});
    }

    TEST_CASE("every kind of attribute comes back") {
        model::Symbols symbols;
        model::Person person{PersonId{1}};
        for (const model::AttributeValue& value :
             {model::AttributeValue{}, model::AttributeValue{true}, model::AttributeValue{false},
              model::AttributeValue{-1.5}, model::AttributeValue{alloquy::time::Day::from_ymd(1999, 12, 31)},
              model::AttributeValue{std::string{"north"}}}) {
            person.attributes.push_back(
                {symbols.attributes.intern("a" + std::to_string(person.attributes.size())), value});
        }
        CHECK(read(written(person, SymbolsAsNumbers{}), PersonId{1}) == person);
    }

    TEST_CASE("as text, the order in which words arrived does not show") {
        model::Symbols forward;
        const model::Person person = random_person(5, forward);
        model::Symbols backward;
        for (const char* word : {"study", "money", "hobby", "fees", "post", "portal", "phone", "coaches", "south"}) {
            (void)backward.topics.intern(word);
            (void)backward.purposes.intern(word);
            (void)backward.channels.intern(word);
            (void)backward.teams.intern(word);
            (void)backward.sites.intern(word);
        }
        (void)backward.programmes.intern("logistics");
        (void)backward.attributes.intern("since");
        const model::Person same = random_person(5, backward);
        const auto person_key = [](PersonId id) { return static_cast<std::uint64_t>(id.value()); };
        const auto organisation_key = [](OrganisationId id) { return static_cast<std::uint64_t>(id.value()); };
        CHECK(written(person, SymbolsAsText{forward, person_key, organisation_key}) ==
              written(same, SymbolsAsText{backward, person_key, organisation_key}));
        CHECK(written(person, SymbolsAsNumbers{}) != written(same, SymbolsAsNumbers{}));
    }

    TEST_CASE("as text, people and organisations stand by their outside keys") {
        model::Symbols symbols;
        model::Person person{PersonId{1}};
        person.relations = {{model::RelationKind::works_at, OrganisationId{4}, minute(1), {}},
                            {model::RelationKind::sibling_of, PersonId{5}, minute(1), {}}};
        const auto with = [&](std::uint64_t organisation, std::uint64_t other) {
            return written(person, SymbolsAsText{symbols, [=](PersonId) { return other; },
                                                 [=](OrganisationId) { return organisation; }});
        };
        CHECK(with(1, 2) == with(1, 2));
        CHECK(with(1, 2) != with(3, 2));
        CHECK(with(1, 2) != with(1, 3));
    }

    TEST_CASE("bytes that end too early are no person") {
        model::Symbols symbols;
        const Bytes bytes = written(random_person(3, symbols), SymbolsAsNumbers{});
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            REQUIRE_THROWS_AS(
                (void)read({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}, PersonId{1}),
                alloquy::ParseError);
        }
    }

    TEST_CASE("a day that does not exist is damage like any other") {
        model::Symbols symbols;
        model::Person person{PersonId{1}};
        person.attributes = {
            {symbols.attributes.intern("since"), alloquy::time::Day::from_unix_days(0x11223344 % 2'000'000)}};
        Bytes bytes = written(person, SymbolsAsNumbers{});
        // The four bytes of the day, wherever they stand, become 0x7FFFFFFF: beyond the year 9999.
        const std::int32_t day = 0x11223344 % 2'000'000;
        Bytes needle(4);
        std::memcpy(needle.data(), &day, 4);
        const auto found = std::search(bytes.begin(), bytes.end(), needle.begin(), needle.end());
        REQUIRE(found != bytes.end());
        std::fill_n(found, 3, std::byte{0xFF});
        *(found + 3) = std::byte{0x7F};
        CHECK_THROWS_AS((void)read(bytes, PersonId{1}), alloquy::ParseError);
    }

    TEST_CASE("enumerators and symbols that cannot be are refused") {
        model::Person person{PersonId{1}};
        person.roles = {{static_cast<model::RoleKind>(8), {}, {}, minute(1), {}}};
        CHECK_THROWS_AS((void)read(written(person, SymbolsAsNumbers{}), PersonId{1}), alloquy::ParseError);
        person.roles = {{model::RoleKind::student, model::Programme{0}, {}, minute(1), {}}};
        CHECK_THROWS_AS((void)read(written(person, SymbolsAsNumbers{}), PersonId{1}), alloquy::ParseError);
        person.roles.clear();
        person.dialogues = {{alloquy::DialogueId{1}, static_cast<model::DialogueStep>(6), minute(1), minute(1)}};
        CHECK_THROWS_AS((void)read(written(person, SymbolsAsNumbers{}), PersonId{1}), alloquy::ParseError);
    }
}
