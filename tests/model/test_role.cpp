#include <alloquy/model/role.hpp>

#include <algorithm>
#include <array>
#include <vector>

#include <doctest/doctest.h>

#include "../support/facts.hpp"

using alloquy::model::primary_rank;
using alloquy::model::primary_role;
using alloquy::model::Role;
using alloquy::model::RoleKind;
using alloquy::model::RoleSet;
using alloquy::support::at;

namespace {
Role role(RoleKind kind, const char* start, const char* end = nullptr) {
    Role made{kind, {}, {}, at(start), {}};
    if (end != nullptr) made.end_exclusive = at(end);
    return made;
}
}  // namespace

TEST_SUITE("model/role") {
    TEST_CASE("a period holds its start but not its end") {
        const Role r = role(RoleKind::student, "2025-09-01T00:00Z", "2026-09-01T00:00Z");
        CHECK_FALSE(r.is_current(at("2025-08-31T23:59:59.999Z")));
        CHECK(r.is_current(at("2025-09-01T00:00Z")));
        CHECK(r.is_current(at("2026-08-31T23:59:59.999Z")));
        CHECK_FALSE(r.is_current(at("2026-09-01T00:00Z")));
        CHECK(role(RoleKind::staff, "2020-01-01T00:00Z").is_current(at("2099-01-01T00:00Z")));
        const Role empty = role(RoleKind::student, "2025-09-01T00:00Z", "2025-09-01T00:00Z");
        CHECK_FALSE(empty.is_current(at("2025-09-01T00:00Z")));
    }

    TEST_CASE("all kinds have ranks of their own, a student first and a prospect last") {
        std::vector<int> ranks;
        for (int kind = 0; kind < 8; ++kind) ranks.push_back(primary_rank(static_cast<RoleKind>(kind)));
        std::sort(ranks.begin(), ranks.end());
        CHECK(ranks == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7});
        // A student who also works for the institution is spoken to as a student; whoever studies is no longer a mere
        // applicant or prospect.
        CHECK(primary_rank(RoleKind::student) < primary_rank(RoleKind::staff));
        CHECK(primary_rank(RoleKind::student) < primary_rank(RoleKind::applicant));
        CHECK(primary_rank(RoleKind::applicant) < primary_rank(RoleKind::prospect));
    }

    TEST_CASE("the primary role is the current one with the lowest rank, then the latest start, then the first") {
        const auto now = at("2026-03-01T00:00Z");
        const std::vector<Role> roles{
            role(RoleKind::prospect, "2026-02-01T00:00Z"),
            role(RoleKind::student, "2024-09-01T00:00Z", "2025-07-01T00:00Z"),  // over
            role(RoleKind::staff, "2020-01-01T00:00Z"),
            role(RoleKind::applicant, "2026-05-01T00:00Z"),  // not yet
            role(RoleKind::alumnus, "2025-07-01T00:00Z"),
        };
        CHECK(primary_role(roles, now) == &roles[2]);
        const std::vector<Role> students{
            role(RoleKind::alumnus, "2026-01-02T00:00Z"), role(RoleKind::student, "2025-09-01T00:00Z"),
            role(RoleKind::student, "2026-02-01T00:00Z"), role(RoleKind::student, "2026-02-01T00:00Z"),
            role(RoleKind::student, "2025-02-01T00:00Z")};
        CHECK(primary_role(students, now) == &students[2]);
    }

    TEST_CASE("whoever has no current role has no primary one") {
        CHECK(primary_role({}, at("2026-03-01T00:00Z")) == nullptr);
        const std::array over{role(RoleKind::student, "2024-09-01T00:00Z", "2025-07-01T00:00Z")};
        CHECK(primary_role(over, at("2026-03-01T00:00Z")) == nullptr);
    }

    TEST_CASE("a set of kinds holds what was put in and nothing else") {
        RoleSet set;
        CHECK(set.is_empty());
        set.insert(RoleKind::prospect);
        set.insert(RoleKind::staff);
        set.insert(RoleKind::staff);
        for (int kind = 0; kind < 8; ++kind) {
            const auto value = static_cast<RoleKind>(kind);
            CHECK(set.contains(value) == (value == RoleKind::prospect || value == RoleKind::staff));
        }
        CHECK(set.bits() == 0b1000'0001);
        RoleSet other;
        other.insert(RoleKind::student);
        CHECK_FALSE(set.intersects(other));
        other.insert(RoleKind::staff);
        CHECK(set.intersects(other));
        CHECK_FALSE(set.intersects(RoleSet{}));
        CHECK(set != other);
    }
}
