#pragma once

/// \file
/// Fields of a playbook: what conditions may read of a person, told from the policy alone.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/engine/columns.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/score/engagement.hpp>
#include <alloquy/score/lifecycle.hpp>
#include <alloquy/score/model_config.hpp>
#include <alloquy/segment/catalogue.hpp>

namespace alloquy::engine {

/// What a column that every engine has does while no fact comes in.
[[nodiscard]] constexpr segment::Motion motion_of(Column column) noexcept {
    using segment::Motion;
    switch (column) {
        case Column::engagement:
            return Motion::falling;
        case Column::days_since_own_act:
        case Column::days_in_role:
        case Column::days_since_two_way:
        case Column::days_overdue:
            return Motion::ageing;
        case Column::days_to_obligation:
            return Motion::nearing;
        case Column::missed_obligations:
        case Column::credit_earned:
            return Motion::jumps;
        case Column::open_complaints:
        case Column::open_obligations:
        case Column::late_obligations:
        case Column::fulfilled_obligations:
        case Column::earliness:
        case Column::results:
        case Column::result_mean:
        case Column::result_least:
        case Column::result_last:
        case Column::result_trend:
        case Column::enrolments:
            return Motion::steady;
        default:
            return Motion::hourly;
    }
}

/// The fields of the standard Engine of a playbook, in the order of BasicEngine::fields(): the columns, then the text
/// inputs. Signals that a host links of its own are not among them. Where names of the playbook stand twice, so do
/// fields.
/// \par Cost  O(size of the result).
[[nodiscard]] inline std::vector<segment::Field> field_list(const Playbook& playbook) {
    using segment::FieldType;
    using segment::Motion;
    std::vector<segment::Field> all;
    const auto add = [&](std::string name, Motion motion) {
        all.push_back({std::move(name), FieldType::number, motion});
    };
    for (std::size_t i = 0; i < column_names.size(); ++i) {
        add(std::string{column_names[i]}, motion_of(static_cast<Column>(i)));
    }
    for (const score::HalfLife& half_life : playbook.engagement.half_lives) {
        add("engagement:" + half_life.name, Motion::falling);
    }
    // The last slot is that of the remaining names.
    const auto add_shares = [&](const char* prefix, const std::vector<std::string>& names, std::size_t slots) {
        for (std::size_t i = 0; i < std::min(names.size(), slots - 1); ++i) {
            if (!names[i].empty()) add(prefix + names[i], Motion::steady);
        }
        add(std::string{prefix} + "other", Motion::steady);
    };
    add_shares("channel:", playbook.channels, score::Engagement::channel_slots);
    add_shares("topic:", playbook.topics, score::Engagement::topic_slots);
    for (const score::LifecycleConfig& lifecycle : playbook.lifecycles) {
        add("active:" + lifecycle.name, Motion::hourly);
        add("expected:" + lifecycle.name, Motion::hourly);
    }
    for (const score::ModelConfig& model : playbook.models) add("model:" + model.name, Motion::hourly);
    for (const std::string& name : playbook.columns) {
        if (!name.starts_with(segment::attribute_prefix)) add(name, Motion::steady);
    }
    // Those of the role end with it; language and zone are stated.
    constexpr std::size_t of_role = 3;
    for (std::size_t i = 0; i < text_inputs.size(); ++i) {
        all.push_back({std::string{text_inputs[i]}, FieldType::text, i < of_role ? Motion::jumps : Motion::steady});
    }
    return all;
}

/// field_list() as the catalogue against which conditions are parsed; equal to fields() of the standard Engine.
/// \throws InvalidArgument  if a field has no name or stands twice.
/// \par Cost  O(n log n) in the number of fields.
[[nodiscard]] inline segment::Catalogue fields_of(const Playbook& playbook) {
    return segment::Catalogue{field_list(playbook)};
}

}  // namespace alloquy::engine
