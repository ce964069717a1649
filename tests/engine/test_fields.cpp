#include <alloquy/engine/fields.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/decide/decision.hpp>
#include <alloquy/engine/columns.hpp>
#include <alloquy/engine/engine.hpp>
#include <alloquy/error.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/score/lifecycle.hpp>
#include <alloquy/score/model_config.hpp>
#include <alloquy/segment/catalogue.hpp>

#include "../support/facts.hpp"

using alloquy::InvalidArgument;
using alloquy::engine::Column;
using alloquy::engine::field_list;
using alloquy::engine::fields_of;
using alloquy::engine::motion_of;
using alloquy::engine::Playbook;
using alloquy::segment::Field;
using alloquy::segment::FieldType;
using alloquy::segment::Motion;
using alloquy::support::test_playbook;

namespace {

/// A named value: GCC 12 takes a member of a temporary one for uninitialised.
Playbook empty_playbook() {
    Playbook playbook;
    return playbook;
}

/// The test playbook with everything that gives fields.
Playbook playbook_with_fields() {
    using namespace alloquy::score;
    Playbook playbook = test_playbook();
    playbook.lifecycles = {{"visits", LifecycleModel::bg_nbd, {alloquy::model::Act::visited}},
                           {"giving", LifecycleModel::bg_bb, {alloquy::model::Act::donated}}};
    FeatureConfig age;
    age.input = "attribute:age";
    ModelConfig dropout{"dropout"};
    dropout.features = {age};
    ModelConfig answers{"answers"};
    answers.features = {age};
    playbook.models = {dropout, answers};
    playbook.columns = {"host score", "credits"};
    return playbook;
}
std::vector<Field> fields_of_engine(const Playbook& playbook) {
    alloquy::model::Symbols symbols;
    return alloquy::engine::make_engine(playbook, alloquy::decide::PlaybookHash{}, symbols,
                                        alloquy::support::find_test_zone)
        .fields()
        .fields();
}

}  // namespace

TEST_SUITE("engine/fields") {
    TEST_CASE("the playbook tells the fields of the standard engine: names, order, types and motions") {
        Playbook playbook = playbook_with_fields();
        CHECK(fields_of(playbook).fields() == fields_of_engine(playbook));
        // An attribute that actions ask for is a column of the engine, but no field.
        playbook.actions.actions[0].conditions = {{"attribute:age", 18, {}}};
        CHECK(fields_of(playbook).fields() == fields_of_engine(playbook));
        // More names than have a column of their own.
        for (int i = 0; i < 20; ++i) playbook.channels.push_back("c" + std::to_string(i));
        for (int i = 0; i < 40; ++i) playbook.topics.push_back("t" + std::to_string(i));
        CHECK(fields_of(playbook).fields() == fields_of_engine(playbook));
        CHECK(fields_of(empty_playbook()).fields() == fields_of_engine(empty_playbook()));
    }

    TEST_CASE("after the fixed columns come those that the playbook names, and the text inputs") {
        std::vector<std::string> names;
        for (const Field& field : field_list(playbook_with_fields())) names.push_back(field.name);
        names.erase(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(alloquy::engine::column_names.size()));
        // In the order that columns.hpp tells; half-lives are EngagementConfig's defaults.
        CHECK(names == std::vector<std::string>{"engagement:this week",
                                                "engagement:this month",
                                                "engagement:this half-year",
                                                "channel:mail",
                                                "channel:phone",
                                                "channel:portal",
                                                "channel:post",
                                                "channel:other",
                                                "topic:admission",
                                                "topic:money",
                                                "topic:study",
                                                "topic:other",
                                                "active:visits",
                                                "expected:visits",
                                                "active:giving",
                                                "expected:giving",
                                                "model:dropout",
                                                "model:answers",
                                                "host score",
                                                "credits",
                                                "role",
                                                "programme",
                                                "site",
                                                "language",
                                                "zone"});
    }

    TEST_CASE("days rise or fall by one a day, counts of facts stand still") {
        CHECK(motion_of(Column::days_since_own_act) == Motion::ageing);
        CHECK(motion_of(Column::days_to_obligation) == Motion::nearing);
        CHECK(motion_of(Column::results) == Motion::steady);
        CHECK(motion_of(Column::missed_obligations) == Motion::jumps);
        CHECK(motion_of(Column::engagement) == Motion::falling);
        CHECK(motion_of(Column::engagement_trend) == Motion::hourly);
    }

    TEST_CASE("a name that stands twice is no catalogue") {
        Playbook playbook;
        playbook.columns = {"credits", "credits"};
        CHECK_THROWS_AS((void)fields_of(playbook), InvalidArgument);
        playbook.columns = {"role"};
        CHECK_THROWS_AS((void)fields_of(playbook), InvalidArgument);
        playbook.columns = {""};
        CHECK_THROWS_AS((void)fields_of(playbook), InvalidArgument);
        CHECK(field_list(playbook).size() == field_list(empty_playbook()).size() + 1);
    }
}
