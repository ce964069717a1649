#include <alloquy/model/relation.hpp>

#include <cstddef>
#include <utility>

#include <doctest/doctest.h>

#include <alloquy/model/names.hpp>

using alloquy::model::inverse;
using alloquy::model::RelationKind;

TEST_SUITE("model/relation") {
    TEST_CASE("each relation reads the other way round from the other side") {
        using enum RelationKind;
        for (const auto& [kind, other] : {std::pair{guardian_of, ward_of},
                                          {mentor_of, mentored_by},
                                          {supervisor_of, supervised_by},
                                          {employs, works_at},
                                          {partner_of, partner_of},
                                          {sibling_of, sibling_of}}) {
            CHECK(inverse(kind) == other);
            CHECK(inverse(other) == kind);
        }
    }

    TEST_CASE("the inverse of the inverse is the relation itself") {
        for (std::size_t i = 0; i < alloquy::model::enum_size<RelationKind>; ++i) {
            const auto kind = static_cast<RelationKind>(i);
            CHECK(inverse(inverse(kind)) == kind);
        }
    }
}
