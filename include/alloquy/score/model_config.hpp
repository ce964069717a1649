#pragma once

/// \file
/// ModelConfig: the policy of one learned model: what it foretells, of whom, from which features.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <alloquy/model/names.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/score/calibration.hpp>
#include <alloquy/score/features.hpp>

namespace alloquy::score {

/// How a model takes up examples.
enum class Learning : std::uint8_t {
    bulk,    ///< All at once, by maximum likelihood with a penalty.
    online,  ///< One by one in the order in which their outcomes came into the journal; fit for drift.
};

/// What a model foretells.
enum class OutcomeKind : std::uint8_t {
    enrolment,  ///< How an enrolment ends, seen from given instants.
    response,   ///< Whether a contact is answered within reachability's window, seen from the contact.
};

/// What counts as outcome 1 and as outcome 0.
struct OutcomeConfig {
    OutcomeKind kind = OutcomeKind::enrolment;
    std::vector<std::string> programmes{};  ///< Only people who study one of these at the instant; any if empty.
    std::vector<model::EnrolmentStatus> positive{model::EnrolmentStatus::failed, model::EnrolmentStatus::withdrawn};
    std::vector<model::EnrolmentStatus> negative{model::EnrolmentStatus::passed};
    std::vector<std::string> channels{};  ///< Of responses: contacts by these; any contact channel if empty.
    std::vector<std::string> actions{};   ///< Of responses: contacts that carried out these; any if empty.

    friend bool operator==(const OutcomeConfig&, const OutcomeConfig&) = default;
};

/// Policy of one model. Its probability is the column `model:<name>`.
struct ModelConfig {
    std::string name;
    OutcomeConfig outcome{};
    model::RoleSet roles = student();  ///< People who have one of these roles at the instant.
    std::vector<FeatureConfig> features{};
    Learning learning = Learning::bulk;
    /// Text input that tells which examples must stay together in cross-fitting and evaluation, such as
    /// "attribute:student" where one human is several people; the person where empty.
    std::string group{};
    double penalty = 1;    ///< Adds penalty / 2 * sum of squared coefficients to the loss; in [1e-9, 1e9).
    double half_life = 0;  ///< Online: examples after which one counts half; 0 = never, else in [1, 1e12].
    CalibrationKind calibration = CalibrationKind::platt;  ///< By cross-fitting; of bulk models.
    std::uint32_t folds = 5;                               ///< Of cross-fitting, 2 to 100.
    std::uint32_t least_rows = 50;  ///< With fewer examples nothing is learned, and the prior stands; >= 2.
    double prior = 0.5;             ///< Probability while nothing is learned, in [1e-9, 1 - 1e-9]; its evidence is 0.

    [[nodiscard]] static model::RoleSet student() {
        model::RoleSet roles;
        roles.insert(model::RoleKind::student);
        return roles;
    }
    friend bool operator==(const ModelConfig&, const ModelConfig&) = default;
};

}  // namespace alloquy::score

template <>
struct alloquy::model::EnumNames<alloquy::score::CalibrationKind> {
    static constexpr std::array<std::string_view, 3> values{"none", "platt", "isotonic"};
};
template <>
struct alloquy::model::EnumNames<alloquy::score::Learning> {
    static constexpr std::array<std::string_view, 2> values{"bulk", "online"};
};
template <>
struct alloquy::model::EnumNames<alloquy::score::OutcomeKind> {
    static constexpr std::array<std::string_view, 2> values{"enrolment", "response"};
};
