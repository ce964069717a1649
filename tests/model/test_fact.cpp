#include <alloquy/model/fact.hpp>

#include <variant>

#include <doctest/doctest.h>

#include "../support/facts.hpp"

namespace model = alloquy::model;
using alloquy::OrganisationId;
using alloquy::PersonId;
using alloquy::support::make_fact;
using alloquy::support::minute;

TEST_SUITE("model/fact") {
    TEST_CASE("the numbers of contents that journals store stay as they are") {
        static_assert(std::variant_size_v<model::FactContent> == model::fact_content_names.size());
        static_assert(std::is_same_v<std::variant_alternative_t<0, model::FactContent>, model::Interaction>);
        static_assert(std::is_same_v<std::variant_alternative_t<1, model::FactContent>, model::RoleChange>);
        static_assert(std::is_same_v<std::variant_alternative_t<2, model::FactContent>, model::AttributeStatement>);
        static_assert(std::is_same_v<std::variant_alternative_t<3, model::FactContent>, model::ConsentStatement>);
        static_assert(std::is_same_v<std::variant_alternative_t<4, model::FactContent>, model::RelationChange>);
        static_assert(std::is_same_v<std::variant_alternative_t<5, model::FactContent>, model::DialogueChange>);
        static_assert(std::is_same_v<std::variant_alternative_t<6, model::FactContent>, model::EnrolmentChange>);
        static_assert(std::is_same_v<std::variant_alternative_t<7, model::FactContent>, model::Result>);
        static_assert(std::is_same_v<std::variant_alternative_t<8, model::FactContent>, model::ObligationChange>);
        CHECK(model::fact_content_names[4] == "relation");
        CHECK(model::fact_content_names[8] == "obligation");
    }

    TEST_CASE("a relation with a person has a mirror under the same source, key and times") {
        model::Symbols symbols;
        model::Fact fact = make_fact(symbols, PersonId{1}, minute(5), "r1",
                                     model::RelationChange{model::RelationKind::guardian_of, PersonId{2}, true}, "crm");
        fact.known_at = minute(9);
        const auto mirror = model::mirrored(fact);
        REQUIRE(mirror);
        CHECK(mirror->person == PersonId{2});
        CHECK(mirror->at == minute(5));
        CHECK(mirror->known_at == minute(9));
        CHECK(mirror->source == fact.source);
        CHECK(mirror->key == "r1");
        CHECK(std::get<model::RelationChange>(mirror->content) ==
              model::RelationChange{model::RelationKind::ward_of, PersonId{1}, true});
        CHECK(model::mirrored(*mirror) == fact);
    }

    TEST_CASE("relations with organisations and all other facts have none") {
        model::Symbols symbols;
        CHECK_FALSE(
            model::mirrored(make_fact(symbols, PersonId{1}, minute(5), "r1",
                                      model::RelationChange{model::RelationKind::works_at, OrganisationId{2}, false})));
        CHECK_FALSE(model::mirrored(make_fact(symbols, PersonId{1}, minute(5), "r2",
                                              model::RoleChange{model::RoleKind::student, {}, {}, false})));
    }
}
