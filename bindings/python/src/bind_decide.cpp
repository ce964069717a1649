#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <alloquy/decide/action.hpp>
#include <alloquy/decide/decider.hpp>
#include <alloquy/decide/decision.hpp>
#include <alloquy/decide/plan.hpp>
#include <alloquy/decide/text.hpp>
#include <alloquy/engine/columns.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/error.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/store/hash.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "plan.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

using decide::Action;
using decide::ActionPolicy;
using decide::Assignment;
using decide::Candidate;
using decide::ColumnRange;
using decide::ColumnValue;
using decide::ContactCap;
using decide::Decision;
using decide::Pool;
using decide::PoolUse;
using decide::PriorityFactors;
using decide::PurposeRule;
using decide::Rejection;
using decide::ValueCurve;
using decide::Variant;

constexpr auto action_doc = R"doc(A dialogue action.

roles : frozenset of RoleKind, for people who have one of them now. gap : a timedelta; not again within this time.
)doc";
constexpr auto decision_doc = R"doc(The next dialogue action of one person, or none, with the whole account of why.

Positions of actions and variants are those of the playbook: playbook.actions.actions[candidate.action]. to_text puts
the account into words.
)doc";
constexpr auto plan_doc =
    R"doc(Who gets which action now: one action for each person at most, highest priority first.)doc";
constexpr auto to_arrays_doc =
    R"doc(The assignments as a dict of NumPy arrays of one length, ready for pandas.DataFrame(...).

person (int64), action, variant (int64 position), channel, language, executor, pool ("" without), minutes, priority,
propensity, value, lever (float64). Texts are NumPy str arrays. Highest priority first.
)doc";
constexpr auto to_text_doc = R"doc(A decision, candidate or rejection in words, in English. Names no person.

playbook : the one that the decision was made by; not needed for a rejection.
In C++ the second argument is the Decider.
)doc";

void bind_policy(py::module_& module) {
    bind_enum<decide::ExecutorKind>(module, "ExecutorKind", "Who carries an action out.");
    bind_enum<decide::Rule>(module, "Rule", "Why an action was not chosen; the rules are tried in this order.");
    bind_value<PurposeRule>(module, "PurposeRule", "What personal data are used for, with its legal basis.",
                            field("name", &PurposeRule::name, "Name."),
                            field("basis", &PurposeRule::basis, "Legal basis that allows it."));
    bind_value<Pool>(module, "Pool", "A supply of staff minutes for one planning period.",
                     field("name", &Pool::name, "Name."),
                     field("minutes", &Pool::minutes, "Available when the caller of `plan` says nothing else; >= 0."));
    bind_value<Variant>(
        module, "Variant", "One way to carry out an action: by which channel, in which language, by whom.",
        field("channel", &Variant::channel, "Channel."),
        field("language", &Variant::language, "BCP 47 tag; must be the person's own."),
        field("executor", &Variant::executor, "Team, bot or self-service.", decide::ExecutorKind::bot),
        field("pool", &Variant::pool, "Pool that pays the minutes; for a team.", std::string{}),
        field("minutes", &Variant::minutes, "Staff minutes it takes; > 0 for a team.", 0.0),
        field("message", &Variant::message, "A template's name or its text, for the host.", std::string{}));
    bind_value<ColumnRange>(module, "ColumnRange", "A condition on a column: from_ <= value < below.",
                            field("column", &ColumnRange::column, "Name of the column."),
                            field("from_", &ColumnRange::from, "Lower bound or None. `from` in C++.", std::nullopt),
                            field("below", &ColumnRange::below, "Upper bound, exclusive, or None.", std::nullopt));
    bind_value<ValueCurve::Point>(module, "ValueCurvePoint", "A point of a ValueCurve. In C++: ValueCurve::Point.",
                                  field("at", &ValueCurve::Point::at, "Value of the column."),
                                  field("euros", &ValueCurve::Point::euros, "Worth there, >= 0."));
    bind_value<ValueCurve>(
        module, "ValueCurve", "What an action is worth: a constant, or a broken line over one column.",
        field("column", &ValueCurve::column, "Empty: one point, whose euros count for everybody."),
        field("points", &ValueCurve::points, "Ascending in `at`; linear in between, constant outside."));
    const Action defaults;
    bind_value<Action>(
        module, "Action", action_doc, field("name", &Action::name, "Name."),
        field("purpose", &Action::purpose, "What the data are used for."),
        field("roles", &Action::roles, "frozenset of RoleKind.", defaults.roles),
        field("programmes", &Action::programmes, "Only for roles in one of these programmes; every one if empty.",
              defaults.programmes),
        field("conditions", &Action::conditions, "All must hold.", defaults.conditions),
        field("value", &Action::value, "Euros if it succeeds.", defaults.value),
        field("propensity", &Action::propensity, "Probability that an answered contact succeeds.", defaults.propensity),
        field("lever", &Action::lever, "The institution's own weight on this action, >= 0.", defaults.lever),
        field("gap", &Action::gap, "timedelta or None.", defaults.gap),
        field("variants", &Action::variants, "Ways to carry it out.", defaults.variants));
    bind_value<ContactCap>(
        module, "ContactCap", "At most `most` contacts in the window before now (now - window, now].",
        field("name", &ContactCap::name, "Name."),
        field("channel", &ContactCap::channel, "Counts, and holds for, this channel only.", std::nullopt),
        field("purpose", &ContactCap::purpose, "Counts, and holds for, this purpose only.", std::nullopt),
        field("most", &ContactCap::most, "Number of contacts.", ContactCap{}.most),
        field("window", &ContactCap::window, "A timedelta.", ContactCap{}.window));
    bind_value<ActionPolicy>(module, "ActionPolicy", "All policy about actions.",
                             field("purposes", &ActionPolicy::purposes, "Tuple of PurposeRule.", {}),
                             field("pools", &ActionPolicy::pools, "Tuple of Pool.", {}),
                             field("caps", &ActionPolicy::caps, "Tuple of ContactCap.", {}),
                             field("actions", &ActionPolicy::actions, "Tuple of Action.", {}));
}

void bind_decision(py::module_& module) {
    bind_value<PriorityFactors>(
        module, "PriorityFactors", "The factors of a priority; their product, in this order, is the priority.",
        field("propensity", &PriorityFactors::propensity, "In [0, 1]: answered, times the action's own."),
        field("value", &PriorityFactors::value, "Euros, >= 0."),
        field("lever", &PriorityFactors::lever, "No unit, >= 0."))
        .def_property_readonly("priority", &PriorityFactors::priority, "The product, euros expected.");
    bind_value<Candidate>(module, "Candidate", "One action that passed all rules, with the best variant of it.",
                          field("action", &Candidate::action, "Position in playbook.actions.actions."),
                          field("variant", &Candidate::variant, "Position in the action's variants."),
                          field("factors", &Candidate::factors, "What the priority is made of."),
                          field("priority", &Candidate::priority, "Euros expected."));
    bind_value<Rejection>(
        module, "Rejection", "One action that was not chosen.",
        field("action", &Rejection::action, "Position in playbook.actions.actions."),
        field("rule", &Rejection::rule, "The first that failed, for the variant that got furthest."),
        field("detail", &Rejection::detail, "What failed, by name; empty where the rule says it all."),
        field("found", &Rejection::found, "The value that failed, or None.", std::nullopt));
    bind_value<ColumnValue>(module, "ColumnValue", "The value of a column at the time of a decision.",
                            field("name", &ColumnValue::name, "Name of the column."),
                            field("value", &ColumnValue::value, "None where unknown."));
    bind_value<Decision>(module, "Decision", decision_doc, field("person", &Decision::person, "Whom it is about."),
                         field("now", &Decision::now, "When it was made."),
                         field("playbook", &Decision::playbook, "Hash of the playbook, 32 bytes."),
                         field("chosen", &Decision::chosen, "The Candidate, or None."),
                         field("weighed", &Decision::weighed, "All that passed the rules, highest priority first."),
                         field("rejections", &Decision::rejections, "Every other action, in the playbook's order."),
                         field("columns", &Decision::columns, "What was known of the person."));
}

py::dict to_arrays(const Plan& self) {
    const auto& actions = self.playbook->actions.actions;
    // One entry for each variant of the playbook, so that a text is made once.
    std::vector<std::size_t> first_variant;
    std::vector<std::string> names, channels, languages, executors, pools;
    std::vector<double> variant_minutes;
    for (const Action& action : actions) {
        first_variant.push_back(names.size());
        for (const Variant& variant : action.variants) {
            names.push_back(action.name);
            channels.push_back(variant.channel);
            languages.push_back(variant.language);
            executors.emplace_back(model::name_of(variant.executor));
            pools.push_back(variant.pool);
            variant_minutes.push_back(variant.minutes);
        }
    }
    std::vector<std::int64_t> people, positions, variants;
    std::vector<double> minutes, priorities, propensities, values, levers;
    for (const Assignment& assignment : self.plan.assignments) {
        const Candidate& candidate = assignment.candidate;
        const std::size_t position = first_variant[candidate.action] + candidate.variant;
        people.push_back(assignment.person.value());
        positions.push_back(static_cast<std::int64_t>(position));
        variants.push_back(candidate.variant);
        minutes.push_back(variant_minutes[position]);
        priorities.push_back(candidate.priority);
        propensities.push_back(candidate.factors.propensity);
        values.push_back(candidate.factors.value);
        levers.push_back(candidate.factors.lever);
    }
    py::dict result;
    result["person"] = to_array(std::move(people));
    result["action"] = texts_at(names, positions);
    result["variant"] = to_array(std::move(variants));
    result["channel"] = texts_at(channels, positions);
    result["language"] = texts_at(languages, positions);
    result["executor"] = texts_at(executors, positions);
    result["pool"] = texts_at(pools, positions);
    result["minutes"] = to_array(std::move(minutes));
    result["priority"] = to_array(std::move(priorities));
    result["propensity"] = to_array(std::move(propensities));
    result["value"] = to_array(std::move(values));
    result["lever"] = to_array(std::move(levers));
    return result;
}

void bind_plan(py::module_& module) {
    bind_value<Assignment>(module, "Assignment", "One person's action in a plan.",
                           field("person", &Assignment::person, "Who."),
                           field("candidate", &Assignment::candidate, "Which action."));
    bind_value<PoolUse>(
        module, "PoolUse", "What a pool had and gave.", field("name", &PoolUse::name, "Name."),
        field("available", &PoolUse::available, "Minutes."), field("used", &PoolUse::used, "Minutes."),
        field("assignments", &PoolUse::assignments, "How many it paid for."),
        field("displaced", &PoolUse::displaced, "People whose best action was refused for lack of these minutes."));
    py::class_<Plan>{module, "Plan", plan_doc}
        .def_property_readonly(
            "now", [](const Plan& self) { return self.plan.now; }, "When it was made.")
        .def_property_readonly(
            "playbook", [](const Plan& self) { return self.plan.playbook; }, "Hash of the playbook, 32 bytes.")
        .def_property_readonly(
            "assignments", [](const Plan& self) { return to_python(self.plan.assignments); },
            "Tuple of Assignment, highest priority first; to_arrays is cheaper for many.")
        .def_property_readonly(
            "pools", [](const Plan& self) { return to_python(self.plan.pools); }, "Tuple of PoolUse.")
        .def_property_readonly(
            "people", [](const Plan& self) { return self.plan.people; }, "How many were considered.")
        .def_property_readonly(
            "with_candidates", [](const Plan& self) { return self.plan.with_candidates; },
            "How many had at least one possible action.")
        .def("__len__", [](const Plan& self) { return self.plan.assignments.size(); })
        .def("to_arrays", &to_arrays, to_arrays_doc)
        .def(
            "__eq__", [](const Plan& self, const Plan& other) { return self == other; }, py::arg("other"),
            py::is_operator())
        .def("__hash__",
             [](const Plan& self) {
                 return py::hash(py::make_tuple(self.plan.now, self.plan.playbook, self.plan.assignments.size()));
             })
        .def("__repr__", [](const Plan& self) {
            return "Plan(now='" + to_iso(self.plan.now) + "', " + std::to_string(self.plan.assignments.size()) +
                   " assignments of " + std::to_string(self.plan.people) + " people)";
        });
}

}  // namespace

void bind_decide(py::module_& module) {
    bind_policy(module);
    bind_decision(module);
    bind_plan(module);
}

void bind_text(py::module_& module) {
    module.def(
        "to_text", [](const Rejection& rejection) { return decide::to_text(rejection); }, py::arg("rejection"),
        "What a rule says about an action that was not chosen, in English.");
    module.def(
        "to_text",
        [](const Candidate& candidate, const engine::Playbook& playbook) {
            return decide::to_text(candidate, playbook.actions);
        },
        py::arg("candidate"), py::arg("playbook"), "The factors of a candidate in one line, in English.");
    module.def(
        "to_text",
        [](const Decision& decision, const engine::Playbook& playbook) {
            if (store::hash_bytes(engine::canonical_bytes(playbook)) != decision.playbook) {
                throw InvalidArgument{"to_text: the decision is of another playbook"};
            }
            return decide::to_text(decision, playbook.actions);
        },
        py::arg("decision"), py::arg("playbook"), to_text_doc);
}

}  // namespace alloquy::python
