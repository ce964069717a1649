#pragma once

/// \file
/// Role: what somebody is to the institution, where and for which period; one person has several at once.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <alloquy/model/names.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::model {

/// Kinds of role. Numbers are stored in journals: only ever append.
enum class RoleKind : std::uint8_t {
    prospect,
    applicant,
    student,
    alumnus,
    guardian,
    employer_contact,
    partner,
    staff,
};
template <>
struct EnumNames<RoleKind> {
    static constexpr std::array<std::string_view, 8> values{"prospect", "applicant",        "student", "alumnus",
                                                            "guardian", "employer_contact", "partner", "staff"};
};

/// One role with its half-open period.
struct Role {
    RoleKind kind;
    std::optional<Programme> programme{};
    std::optional<Site> site{};
    time::Instant start;
    std::optional<time::Instant> end_exclusive{};  ///< Open-ended without it.

    [[nodiscard]] bool is_current(time::Instant now) const noexcept {
        return start <= now && (!end_exclusive || now < *end_exclusive);
    }
    friend bool operator==(const Role&, const Role&) = default;
};

/// A role begins or ends at the instant of the fact around it.
struct RoleChange {
    RoleKind kind;
    std::optional<Programme> programme{};
    std::optional<Site> site{};
    bool ended = false;

    friend bool operator==(const RoleChange&, const RoleChange&) = default;
};

/// Rank of a kind when one primary role is chosen; lower goes first. A student who also works for the institution
/// is spoken to as a student; whoever studies is no longer a mere applicant or prospect.
[[nodiscard]] constexpr int primary_rank(RoleKind kind) noexcept {
    constexpr std::array ranks{/*prospect*/ 7, /*applicant*/ 1,        /*student*/ 0, /*alumnus*/ 3,
                               /*guardian*/ 4, /*employer_contact*/ 5, /*partner*/ 6, /*staff*/ 2};
    return ranks[static_cast<std::size_t>(kind)];
}

/// The one primary role at an instant: among the current roles the one with the lowest primary_rank, then the latest
/// start, then the one that stands first in `roles`. Nothing if no role is current.
[[nodiscard]] inline const Role* primary_role(std::span<const Role> roles, time::Instant now) noexcept {
    const Role* best = nullptr;
    for (const Role& role : roles) {
        if (!role.is_current(now)) continue;
        if (best == nullptr || primary_rank(role.kind) < primary_rank(best->kind) ||
            (role.kind == best->kind && role.start > best->start)) {
            best = &role;
        }
    }
    return best;
}

/// Set of role kinds, as one bit each.
class RoleSet {
public:
    constexpr RoleSet() noexcept = default;
    constexpr void insert(RoleKind kind) noexcept { bits_ = static_cast<std::uint16_t>(bits_ | bit(kind)); }
    [[nodiscard]] constexpr bool contains(RoleKind kind) const noexcept { return (bits_ & bit(kind)) != 0; }
    [[nodiscard]] constexpr bool is_empty() const noexcept { return bits_ == 0; }
    [[nodiscard]] constexpr bool intersects(RoleSet other) const noexcept { return (bits_ & other.bits_) != 0; }
    [[nodiscard]] constexpr std::uint16_t bits() const noexcept { return bits_; }
    friend constexpr bool operator==(RoleSet, RoleSet) = default;

private:
    static constexpr unsigned bit(RoleKind kind) noexcept { return 1U << static_cast<unsigned>(kind); }
    std::uint16_t bits_ = 0;
};

}  // namespace alloquy::model
