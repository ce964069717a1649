#include <alloquy/segment/catalogue.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

using alloquy::InvalidArgument;
using alloquy::segment::Catalogue;
using alloquy::segment::Field;
using alloquy::segment::FieldType;

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
