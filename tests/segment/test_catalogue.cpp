#include <alloquy/segment/catalogue.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/segment/condition.hpp>

using alloquy::InvalidArgument;
using alloquy::segment::Catalogue;
using alloquy::segment::fact_field_type;
using alloquy::segment::fact_fields;
using alloquy::segment::FactKind;
using alloquy::segment::Field;
using alloquy::segment::FieldType;
using alloquy::segment::Motion;

TEST_SUITE("segment/catalogue") {
    TEST_CASE("fields keep their order and are found by their whole name") {
        const Catalogue catalogue{{{"score", FieldType::number}, {"city", FieldType::text}, {"a b", FieldType::any}}};
        CHECK(catalogue.fields() ==
              std::vector<Field>{{"score", FieldType::number}, {"city", FieldType::text}, {"a b", FieldType::any}});
        CHECK(catalogue.find("score") == 0U);
        CHECK(catalogue.find("a b") == 2U);
        CHECK_FALSE(catalogue.find("scor").has_value());
        CHECK_FALSE(catalogue.find("score ").has_value());
        CHECK_FALSE(catalogue.find("Score").has_value());
        CHECK_FALSE(catalogue.find("").has_value());
        CHECK(catalogue.type_of("city") == FieldType::text);
        CHECK_FALSE(catalogue.type_of("town").has_value());
    }

    TEST_CASE("there is an attribute of any name that is not empty, without a place among the fields") {
        const Catalogue none{{}};
        CHECK(none.fields().empty());
        CHECK(none.type_of("attribute:region") == FieldType::any);
        CHECK(none.type_of("attribute:a:b") == FieldType::any);
        CHECK(none.type_of("attribute: ") == FieldType::any);
        CHECK_FALSE(none.find("attribute:region").has_value());
        CHECK_FALSE(none.type_of("attribute:").has_value());
        CHECK_FALSE(none.type_of("attribute").has_value());
        CHECK_FALSE(none.type_of("attributes:region").has_value());
        CHECK_FALSE(none.type_of("my attribute:region").has_value());
    }

    TEST_CASE("a field may be named like an attribute and then keeps its own type") {
        const Catalogue catalogue{{{"attribute:region", FieldType::text}}};
        CHECK(catalogue.type_of("attribute:region") == FieldType::text);
        CHECK(catalogue.find("attribute:region") == 0U);
        CHECK(catalogue.type_of("attribute:other") == FieldType::any);
    }

    TEST_CASE("facts of each kind have their own fields, texts and numbers, and none moves by itself") {
        CHECK(fact_fields(FactKind::results) ==
              std::vector<Field>{{"assessment", FieldType::text}, {"fraction", FieldType::number}});
        CHECK(fact_field_type(FactKind::interactions, "quantity") == FieldType::number);
        CHECK(fact_field_type(FactKind::interactions, "text") == FieldType::text);
        CHECK(fact_field_type(FactKind::obligations, "weight") == FieldType::number);
        CHECK(fact_field_type(FactKind::dialogues, "tone") == FieldType::text);
        CHECK(fact_field_type(FactKind::enrolments, "status") == FieldType::text);
        CHECK(fact_field_type(FactKind::consents, "decision") == FieldType::text);
        CHECK_FALSE(fact_field_type(FactKind::results, "quantity").has_value());
        CHECK_FALSE(fact_field_type(FactKind::interactions, "Quantity").has_value());
        CHECK_FALSE(fact_field_type(FactKind::interactions, "attribute:region").has_value());
        for (const FactKind kind : {FactKind::interactions, FactKind::results, FactKind::obligations,
                                    FactKind::dialogues, FactKind::enrolments, FactKind::consents}) {
            // A catalogue refuses names that are empty or stand twice.
            CHECK(Catalogue{fact_fields(kind)}.fields() == fact_fields(kind));
            for (const Field& field : fact_fields(kind)) {
                CHECK(field.motion == Motion::steady);
                CHECK(field.type != FieldType::any);
            }
        }
    }

    TEST_CASE("a name that is empty or stands twice is refused") {
        CHECK_THROWS_AS((Catalogue{{{"", FieldType::number}}}), InvalidArgument);
        CHECK_THROWS_AS((Catalogue{{{"a", FieldType::number}, {"b", FieldType::text}, {"a", FieldType::text}}}),
                        InvalidArgument);
        CHECK_NOTHROW((Catalogue{{{"a", FieldType::number}, {"A", FieldType::number}}}));
    }

    TEST_CASE("a copy finds its own fields when the first one is gone") {
        Catalogue copy{{}};
        {
            const Catalogue first{{{std::string(100, 'x'), FieldType::number}}};
            copy = first;
        }
        CHECK(copy.find(std::string(100, 'x')) == 0U);
    }
}
