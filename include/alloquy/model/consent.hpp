#pragma once

/// \file
/// Consent and objection per purpose and channel, and the legal bases that decide which of them counts.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <alloquy/model/names.hpp>
#include <alloquy/model/symbols.hpp>

namespace alloquy::model {

/// Legal basis of a purpose (GDPR, Regulation (EU) 2016/679, art. 6(1) a-f).
enum class LegalBasis : std::uint8_t {
    consent,
    contract,
    legal_obligation,
    vital_interests,
    public_task,
    legitimate_interests,
};
template <>
struct EnumNames<LegalBasis> {
    static constexpr std::array<std::string_view, 6> values{"consent",         "contract",    "legal_obligation",
                                                            "vital_interests", "public_task", "legitimate_interests"};
};

/// Whether an objection stops a purpose: art. 21(1) GDPR gives the right for public task and legitimate interests.
[[nodiscard]] constexpr bool can_be_objected_to(LegalBasis basis) noexcept {
    return basis == LegalBasis::public_task || basis == LegalBasis::legitimate_interests;
}

/// What a person said about one purpose. Numbers are stored in journals.
enum class ConsentDecision : std::uint8_t { given, withdrawn, objected, objection_withdrawn };
template <>
struct EnumNames<ConsentDecision> {
    static constexpr std::array<std::string_view, 4> values{"given", "withdrawn", "objected", "objection_withdrawn"};
};

/// One statement of a person about one purpose.
struct ConsentStatement {
    Purpose purpose;
    std::optional<Channel> channel{};  ///< Only for this channel; without it, for every channel.
    ConsentDecision decision;
    std::string text_version{};  ///< Which wording the person saw; may be empty.

    friend bool operator==(const ConsentStatement&, const ConsentStatement&) = default;
};

}  // namespace alloquy::model
