#include <alloquy/model/consent.hpp>

#include <doctest/doctest.h>

using alloquy::model::can_be_objected_to;
using alloquy::model::LegalBasis;

TEST_SUITE("model/consent") {
    TEST_CASE("the right to object is that of art. 21(1) GDPR: points (e) and (f) of art. 6(1)") {
        CHECK_FALSE(can_be_objected_to(LegalBasis::consent));           // (a)
        CHECK_FALSE(can_be_objected_to(LegalBasis::contract));          // (b)
        CHECK_FALSE(can_be_objected_to(LegalBasis::legal_obligation));  // (c)
        CHECK_FALSE(can_be_objected_to(LegalBasis::vital_interests));   // (d)
        CHECK(can_be_objected_to(LegalBasis::public_task));             // (e)
        CHECK(can_be_objected_to(LegalBasis::legitimate_interests));    // (f)
    }
}
