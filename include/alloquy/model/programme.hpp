#pragma once

/// \file
/// Enrolment in a programme, results of assessments, and obligations: what a person's study asks and gives.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <alloquy/model/names.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::model {

/// Where somebody stands in a programme. Numbers are stored in journals: only ever append.
enum class EnrolmentStatus : std::uint8_t { applied, admitted, enrolled, interrupted, passed, failed, withdrawn };
template <>
struct EnumNames<EnrolmentStatus> {
    static constexpr std::array<std::string_view, 7> values{"applied", "admitted", "enrolled", "interrupted",
                                                            "passed",  "failed",   "withdrawn"};
};

/// Standing in one programme from the instant of the fact around it.
struct EnrolmentChange {
    Programme programme;
    EnrolmentStatus status;

    friend bool operator==(const EnrolmentChange&, const EnrolmentChange&) = default;
};

/// State of one enrolment.
struct Enrolment {
    Programme programme;
    EnrolmentStatus status;
    time::Instant changed_at;

    friend bool operator==(const Enrolment&, const Enrolment&) = default;
};

/// Result of one assessment.
struct Result {
    Assessment assessment;
    double fraction;  ///< 0 = nothing right, 1 = full marks.

    friend bool operator==(const Result&, const Result&) = default;
};

/// What became of a duty. Numbers are stored in journals.
enum class ObligationStep : std::uint8_t { opened, fulfilled, waived };
template <>
struct EnumNames<ObligationStep> {
    static constexpr std::array<std::string_view, 3> values{"opened", "fulfilled", "waived"};
};

/// A duty of a person with a deadline (a fee, a document, an intake appointment) is opened or closed.
struct ObligationChange {
    ObligationKind kind;
    std::string item{};  ///< Tells several of one kind apart (invoice number); may be empty. Personal.
    ObligationStep step;
    std::optional<time::Instant> due{};  ///< Deadline; kept from the opening where a later step has none.
    /// How much of a grade hangs on it, in [0, 1e9], in any unit, such as percent; kept likewise. Nothing for a duty
    /// that gives no result; else `item` is the name of the assessment.
    std::optional<double> weight{};

    friend bool operator==(const ObligationChange&, const ObligationChange&) = default;
};

/// State of one duty.
struct Obligation {
    ObligationKind kind;
    std::string item{};
    ObligationStep step;
    std::optional<time::Instant> due{};
    time::Instant changed_at;
    std::optional<double> weight{};

    [[nodiscard]] bool is_open() const noexcept { return step == ObligationStep::opened; }
    friend bool operator==(const Obligation&, const Obligation&) = default;
};

}  // namespace alloquy::model
