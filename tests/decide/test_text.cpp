#include <alloquy/decide/text.hpp>

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/decide/decider.hpp>

#include "../support/facts.hpp"

using namespace alloquy::decide;
using alloquy::PersonId;
using alloquy::support::minute;
using detail::fixed;

namespace {

ActionPolicy policy_of_two() {
    ActionPolicy policy;
    policy.purposes = {{"fees", alloquy::model::LegalBasis::contract}};
    policy.pools = {{"desk", 30}};
    Action remind{"remind", "fees"};
    remind.roles.insert(alloquy::model::RoleKind::student);
    remind.value = {{}, {{0, 50}}};
    remind.variants = {{"mail", "nl"}};
    Action call = remind;
    call.name = "call";
    call.lever = 1.5;
    call.variants = {{"phone", "nl", ExecutorKind::team, "desk", 15}};
    policy.actions = {remind, call};
    return policy;
}

}  // namespace

TEST_SUITE("decide/text") {
    TEST_CASE("decimals have the digits asked for and round half away from zero") {
        CHECK(fixed(0, 2) == "0.00");
        CHECK(fixed(0.125, 2) == "0.13");
        CHECK(fixed(-0.125, 2) == "-0.13");
        CHECK(fixed(2.5, 0) == "3");
        CHECK(fixed(-2.5, 0) == "-3");
        CHECK(fixed(1.0625, 3) == "1.063");
        CHECK(fixed(7.04, 2) == "7.04");
        CHECK(fixed(1234567.5, 1) == "1234567.5");
        CHECK(fixed(0.999, 2) == "1.00");
        CHECK(fixed(-0.001, 2) == "0.00");  // no minus before nothing
        CHECK(fixed(-0.0, 0) == "0");
        CHECK(fixed(9e12, 2) == "9000000000000.00");
    }

    TEST_CASE("numbers beyond what can be written plainly are named so") {
        CHECK(fixed(1e15, 0) == "beyond 1e15");
        CHECK(fixed(std::numeric_limits<double>::infinity(), 2) == "beyond 1e15");
        CHECK(fixed(std::numeric_limits<double>::quiet_NaN(), 2) == "beyond 1e15");
    }

    TEST_CASE("each rule has words of its own") {
        std::vector<std::string> texts;
        for (int rule = 0; rule < 12; ++rule) {
            const std::string text = to_text(Rejection{0, static_cast<Rule>(rule), "X", 2.5});
            CHECK_FALSE(text.empty());
            for (const std::string& other : texts) CHECK(text != other);
            texts.push_back(text);
        }
        CHECK(to_text(Rejection{0, Rule::condition, "engagement", 0.75}) ==
              "engagement is 0.75, outside the action's range");
        CHECK(to_text(Rejection{0, Rule::unknown_value, "days_in_role", {}}) == "days_in_role is not known");
        CHECK(to_text(Rejection{0, Rule::contact_cap, "weekly", 3}) == "the cap 'weekly' is reached (3 contacts)");
        CHECK(to_text(Rejection{0, Rule::legal_basis, "ads", {}}) ==
              "no legal basis for ads: no consent, or an objection");
        CHECK(to_text(Rejection{0, Rule::capacity, "desk", 9.5}) ==
              "the minutes of desk go to others with a higher priority");
        CHECK(to_text(Rejection{0, Rule::outranked, "call", 9.5}) == "worth 9.50 euros, less than call");
    }

    TEST_CASE("a decision tells choice, knowledge and rejections, and names no person") {
        alloquy::model::Symbols symbols;
        const std::vector<std::string> channels{"mail", "phone"};
        const std::vector<std::string_view> columns{"engagement", "days_in_role"};
        const Decider decider{policy_of_two(), channels, columns, symbols};
        alloquy::model::RoleSet roles;
        roles.insert(alloquy::model::RoleKind::student);
        const std::vector<std::optional<double>> values{0.25, std::nullopt};
        const std::vector<double> response{1, 1, 0.8};
        const Subject subject{PersonId{4711}, roles, "nl", true, {}, {}, values, response};
        const Decision decision = decider.decide(subject, minute(0), PlaybookHash{});
        // 0.8 * 50 * 1.5 = 60 euros against 50.
        CHECK(to_text(decision, decider.policy()) ==
              "chosen: call by phone in nl by desk (15 min): expected 60.00 euros = 0.800 propensity x 50.00 euros x "
              "1.50 lever\n"
              "known: engagement 0.25; days_in_role unknown\n"
              "not remind (outranked): worth 50.00 euros, less than call");
        CHECK(to_text(decision.weighed[1], decider.policy()) ==
              "remind by mail in nl by bot: expected 50.00 euros = 1.000 propensity x 50.00 euros");
        CHECK(to_text(decision, decider.policy()).find("4711") == std::string::npos);
        Subject silent = subject;
        silent.zone_known = false;
        CHECK(to_text(decider.decide(silent, minute(0), PlaybookHash{}), decider.policy())
                  .starts_with("no action\nknown:"));
    }
}
