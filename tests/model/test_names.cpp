#include <alloquy/model/names.hpp>

#include <cstddef>
#include <set>
#include <string_view>

#include <doctest/doctest.h>

#include <alloquy/decide/action.hpp>
#include <alloquy/decide/decision.hpp>
#include <alloquy/model/consent.hpp>
#include <alloquy/model/dialogue.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/model/relation.hpp>
#include <alloquy/model/role.hpp>

namespace model = alloquy::model;

TEST_SUITE("model/names") {
    TEST_CASE_TEMPLATE("every enumerator has a name of its own that leads back to it", Enum, model::Act,
                       model::Direction, model::ActorKind, model::Tone, model::LegalBasis, model::ConsentDecision,
                       model::DialogueStep, model::OrganisationKind, model::EnrolmentStatus, model::ObligationStep,
                       model::RelationKind, model::RoleKind, alloquy::decide::ExecutorKind, alloquy::decide::Rule) {
        std::set<std::string_view> names;
        for (std::size_t i = 0; i < model::enum_size<Enum>; ++i) {
            const auto value = static_cast<Enum>(i);
            const std::string_view name = model::name_of(value);
            CHECK_FALSE(name.empty());
            CHECK(names.insert(name).second);
            CHECK(model::from_name<Enum>(name) == value);
        }
        CHECK_FALSE(model::from_name<Enum>(""));
        CHECK_FALSE(model::from_name<Enum>("no such name"));
    }

    TEST_CASE("names are the enumerators' own, in their order") {
        // Spelled out: stored journals and playbooks rely on both.
        CHECK(model::name_of(model::Act::sent) == "sent");
        CHECK(model::name_of(model::Act::opened) == "opened");
        CHECK(model::name_of(model::Act::submitted) == "submitted");
        CHECK(model::name_of(model::Act::absent) == "absent");
        CHECK(model::name_of(model::Act::donated) == "donated");
        CHECK(model::name_of(model::Direction::outbound) == "outbound");
        CHECK(model::name_of(model::ActorKind::bot) == "bot");
        CHECK(model::name_of(model::Tone::complaint) == "complaint");
        CHECK(model::name_of(model::LegalBasis::public_task) == "public_task");
        CHECK(model::name_of(model::ConsentDecision::objected) == "objected");
        CHECK(model::name_of(model::DialogueStep::confirmed) == "confirmed");
        CHECK(model::name_of(model::EnrolmentStatus::interrupted) == "interrupted");
        CHECK(model::name_of(model::ObligationStep::waived) == "waived");
        CHECK(model::name_of(model::RelationKind::supervised_by) == "supervised_by");
        CHECK(model::name_of(model::RoleKind::employer_contact) == "employer_contact");
        CHECK(model::name_of(alloquy::decide::ExecutorKind::self_service) == "self_service");
        CHECK(model::name_of(alloquy::decide::Rule::unknown_value) == "unknown_value");
        CHECK(model::name_of(alloquy::decide::Rule::outranked) == "outranked");
    }

    TEST_CASE("stored numbers stay as they are") {
        // The last enumerator of each stored enumeration; a number that moved would misread every journal.
        CHECK(static_cast<int>(model::Act::donated) == 15);
        CHECK(static_cast<int>(model::Direction::outbound) == 1);
        CHECK(static_cast<int>(model::ActorKind::bot) == 3);
        CHECK(static_cast<int>(model::Tone::compliment) == 3);
        CHECK(static_cast<int>(model::ConsentDecision::objection_withdrawn) == 3);
        CHECK(static_cast<int>(model::DialogueStep::reopened) == 5);
        CHECK(static_cast<int>(model::EnrolmentStatus::withdrawn) == 6);
        CHECK(static_cast<int>(model::ObligationStep::waived) == 2);
        CHECK(static_cast<int>(model::RelationKind::sibling_of) == 9);
        CHECK(static_cast<int>(model::RoleKind::staff) == 7);
        CHECK(static_cast<int>(model::OrganisationKind::other) == 5);
    }
}
