#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pybind11/pybind11.h>

#include <alloquy/model/consent.hpp>
#include <alloquy/model/dialogue.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/model/relation.hpp>
#include <alloquy/model/role.hpp>

#include "bindings.hpp"
#include "named.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

constexpr auto fact_doc = R"doc(One thing that happened to or was said by one person.

Identity is (person, source, key): a fact enters a journal once; the same key with other content is a conflict. Words
(source, channel, topic ...) are plain strings; Institution.record gives them their place in the vocabularies.

>>> at = alloquy.Instant.from_iso("2026-03-01T09:00:00Z")
>>> fact = alloquy.Fact(alloquy.PersonId(1), at, at, "crm", "mail-1",
...                     alloquy.Interaction("email", alloquy.Act.replied, alloquy.Direction.inbound))
>>> fact.content.act
<Act.replied: 5>
)doc";
constexpr auto interaction_doc =
    "One contact. When it was, with whom and where it was learned stand in the Fact around it.";
constexpr auto statement_doc =
    R"doc(Attributes as a source states them at one instant; each replaces the earlier value of its name.

attributes : a dict from name to value, or an iterable of Attribute. A value is None (there is none any more), bool,
    float, datetime.date or str. "language" (BCP 47) and "zone" (IANA name) have a meaning to the library.

>>> alloquy.AttributeStatement({"language": "nl"}).attributes[0].name
'language'
)doc";
constexpr auto person_doc = R"doc(What one person's facts other than interactions amount to.

Lists are in the order in which entries first appear in the facts.
)doc";

void bind_enums(py::module_& module) {
    bind_enum<model::Act>(module, "Act", "What was done in an interaction.");
    bind_enum<model::Direction>(module, "Direction", "Seen from the institution: inbound is the person's own act.");
    bind_enum<model::ActorKind>(module, "ActorKind", "Who acted.");
    bind_enum<model::Tone>(module, "Tone", "Tone of a message; never enters a score about a person.");
    bind_enum<model::RoleKind>(module, "RoleKind", "What somebody is to the institution.");
    bind_enum<model::LegalBasis>(module, "LegalBasis", "Legal basis of a purpose (GDPR, art. 6(1) a-f).");
    bind_enum<model::ConsentDecision>(module, "ConsentDecision", "What a person said about one purpose.");
    bind_enum<model::RelationKind>(module, "RelationKind", "\"The person of the fact is <kind> the other one.\"");
    bind_enum<model::DialogueStep>(module, "DialogueStep", "Where a dialogue stands; only `confirmed` closes it.");
    bind_enum<model::EnrolmentStatus>(module, "EnrolmentStatus", "Where somebody stands in a programme.");
    bind_enum<model::ObligationStep>(module, "ObligationStep", "What became of a duty.");
    bind_enum<model::OrganisationKind>(module, "OrganisationKind", "Kinds of organisation.");
    module.def("can_be_objected_to", &model::can_be_objected_to, py::arg("basis"),
               "Whether an objection stops a purpose: GDPR, art. 21(1).");
    module.def("inverse", &model::inverse, py::arg("kind"), "How the same relation reads from the other side.");
    module.def("primary_rank", &model::primary_rank, py::arg("kind"),
               "Rank of a role when the primary one is chosen; lower goes first.");
}

void bind_contents(py::module_& module) {
    bind_value<Interaction>(
        module, "Interaction", interaction_doc,
        field("channel", &Interaction::channel, "E-mail, phone, learning platform ..."),
        field("act", &Interaction::act, "What was done."),
        field("direction", &Interaction::direction, "By the person or by the institution."),
        field("topic", &Interaction::topic, "What it was about.", std::nullopt),
        field("language", &Interaction::language, "BCP 47 tag.", std::nullopt),
        field("actor", &Interaction::actor, "Who acted.", model::ActorKind::person),
        field("team", &Interaction::team, "The team that acted or was addressed.", std::nullopt),
        field("dialogue", &Interaction::dialogue, "The dialogue that it belongs to.", std::nullopt),
        field("purpose", &Interaction::purpose, "Outbound: what the contact served.", std::nullopt),
        field("action", &Interaction::action, "Outbound: the action that was carried out.", std::nullopt),
        field("quantity", &Interaction::quantity, "How often in one row, such as clicks on one page; >= 1.", 1U),
        field("tone", &Interaction::tone, "Tone of the message.", std::nullopt),
        field("text", &Interaction::text, "The person's or staff's words; may be empty. Personal.", std::string{})
            .hidden());
    bind_value<RoleChange>(module, "RoleChange", "A role begins or ends at the instant of the fact around it.",
                           field("kind", &RoleChange::kind, "Which role."),
                           field("programme", &RoleChange::programme, "In which programme.", std::nullopt),
                           field("site", &RoleChange::site, "At which campus or location.", std::nullopt),
                           field("ended", &RoleChange::ended, "True if it ends.", false));
    bind_value<Attribute>(module, "Attribute", "A named, typed value of a person.",
                          field("name", &Attribute::name, "Name of the attribute."),
                          field("value", &Attribute::value, "None, bool, float, Day or str. Personal.").hidden());
    py::class_<AttributeStatement> statement{module, "AttributeStatement", statement_doc};
    statement
        .def(py::init([](const py::object& attributes) {
                 AttributeStatement result;
                 if (py::isinstance<py::dict>(attributes)) {
                     for (const auto& [name, value] : py::reinterpret_borrow<py::dict>(attributes)) {
                         if (!py::isinstance<py::str>(name)) {
                             throw InvalidArgument{"AttributeStatement: attributes: names must be str"};
                         }
                         result.attributes.push_back({name.cast<std::string>(), value.cast<model::AttributeValue>()});
                     }
                     return result;
                 }
                 for (const py::handle attribute : attributes) {
                     if (!py::isinstance<Attribute>(attribute)) {
                         throw InvalidArgument{
                             "AttributeStatement: attributes: a dict or an iterable of Attribute "
                             "expected"};
                     }
                     result.attributes.push_back(attribute.cast<Attribute>());
                 }
                 return result;
             }),
             py::arg("attributes"))
        .def_property_readonly(
            "attributes", [](const AttributeStatement& self) { return to_python(self.attributes); },
            "Tuple of Attribute.")
        .def(
            "__eq__", [](const AttributeStatement& self, const AttributeStatement& other) { return self == other; },
            py::arg("other"), py::is_operator())
        .def("__hash__", [](const AttributeStatement& self) { return py::hash(to_python(self.attributes)); })
        .def("__repr__",
             [](const AttributeStatement& self) {
                 return "AttributeStatement(attributes=" + std::string{py::repr(to_python(self.attributes))} + ")";
             })
        .def("__reduce__", [](const py::object& self) {
            return py::make_tuple(py::type::of(self),
                                  py::make_tuple(to_python(self.cast<const AttributeStatement&>().attributes)));
        });
    bind_value<ConsentStatement>(
        module, "ConsentStatement", "One statement of a person about one purpose.",
        field("purpose", &ConsentStatement::purpose, "What the data are used for."),
        field("decision", &ConsentStatement::decision, "What the person said."),
        field("channel", &ConsentStatement::channel, "Only for this channel; None = for every channel.", std::nullopt),
        field("text_version", &ConsentStatement::text_version, "Which wording the person saw.", std::string{}));
    bind_value<RelationChange>(module, "RelationChange",
                               "A relation begins or ends; the journal keeps its inverse about the other person.",
                               field("kind", &RelationChange::kind, "What the person of the fact is to the other one."),
                               field("other", &RelationChange::other, "PersonId or OrganisationId."),
                               field("ended", &RelationChange::ended, "True if it ends.", false));
    bind_value<DialogueChange>(
        module, "DialogueChange", "A step of a dialogue at the instant of the fact around it.",
        field("dialogue", &DialogueChange::dialogue, "Which dialogue."),
        field("step", &DialogueChange::step, "Where it stands from here on."),
        field("team", &DialogueChange::team, "Owner from here on; kept where None.", std::nullopt),
        field("topic", &DialogueChange::topic, "Kept from earlier steps where None.", std::nullopt),
        field("tone", &DialogueChange::tone, "Kept from earlier steps where None.", std::nullopt));
    bind_value<EnrolmentChange>(module, "EnrolmentChange", "Standing in one programme from here on.",
                                field("programme", &EnrolmentChange::programme, "Which programme."),
                                field("status", &EnrolmentChange::status, "Where the person stands in it."));
    bind_value<Result>(module, "Result", "Result of one assessment.",
                       field("assessment", &Result::assessment, "Which examination or assignment."),
                       field("fraction", &Result::fraction, "0 = nothing right, 1 = full marks."));
    bind_value<ObligationChange>(
        module, "ObligationChange", "A duty of a person with a deadline is opened or closed.",
        field("kind", &ObligationChange::kind, "An unpaid fee, a missing document ..."),
        field("step", &ObligationChange::step, "Opened, fulfilled or waived."),
        field("item", &ObligationChange::item, "Tells several of one kind apart; may be empty. Personal.",
              std::string{})
            .hidden(),
        field("due", &ObligationChange::due, "Deadline; kept from the opening where None.", std::nullopt),
        field("weight", &ObligationChange::weight,
              "How much of a grade hangs on it, in [0, 1e9], in any unit, such as percent; kept likewise. None for a "
              "duty that gives no result; else `item` is the name of the assessment. No journal takes another weight.",
              std::nullopt));
    bind_value<Fact>(module, "Fact", fact_doc, field("person", &Fact::person, "Whom it is about."),
                     field("at", &Fact::at, "When it happened."),
                     field("known_at", &Fact::known_at, "When the institution could know it."),
                     field("source", &Fact::source, "Which system it came from."),
                     field("key", &Fact::key, "The source's own name of it, 1 to 512 bytes. May be personal.").hidden(),
                     field("content", &Fact::content, "What it says."));
}

void bind_person(py::module_& module) {
    bind_value<Role>(module, "Role", "One role with its half-open period.", field("kind", &Role::kind, "Which role."),
                     field("programme", &Role::programme, "In which programme, or None."),
                     field("site", &Role::site, "At which campus or location, or None."),
                     field("start", &Role::start, "When it began."),
                     field("end_exclusive", &Role::end_exclusive, "When it ended; None = open-ended."))
        .def("is_current", &Role::is_current, py::arg("now"), "True if start <= now < end_exclusive.");
    bind_value<ConsentState>(
        module, "ConsentState", "The last word of a person about one purpose (and channel).",
        field("purpose", &ConsentState::purpose, "What the data are used for."),
        field("channel", &ConsentState::channel, "Only for this channel; None = for every one."),
        field("given", &ConsentState::given, "Consent stands."),
        field("objected", &ConsentState::objected, "An objection stands."),
        field("objected_at", &ConsentState::objected_at, "Of the last statement about objection, or None."),
        field("given_at", &ConsentState::given_at, "Of the last statement about consent, or None."),
        field("changed_at", &ConsentState::changed_at, "Of the last statement."),
        field("text_version", &ConsentState::text_version, "Which wording the person saw."));
    bind_value<Relation>(module, "Relation", "A relation that stands or stood.",
                         field("kind", &Relation::kind, "What this person is to the other one."),
                         field("other", &Relation::other, "PersonId or OrganisationId."),
                         field("start", &Relation::start, "When it began."),
                         field("end_exclusive", &Relation::end_exclusive, "When it ended, or None."));
    bind_value<Dialogue>(module, "Dialogue", "State of one dialogue.", field("id", &Dialogue::id, "Which dialogue."),
                         field("step", &Dialogue::step, "Where it stands."),
                         field("opened_at", &Dialogue::opened_at, "Of the first step."),
                         field("changed_at", &Dialogue::changed_at, "Of the last step."),
                         field("team", &Dialogue::team, "Owner, or None."),
                         field("topic", &Dialogue::topic, "What it is about, or None."),
                         field("tone", &Dialogue::tone, "Its tone, or None."),
                         field("times_reopened", &Dialogue::times_reopened, "How often it was not solved after all."))
        .def_property_readonly("is_open", &Dialogue::is_open, "Solved is still open: only the person closes it.");
    bind_value<Enrolment>(module, "Enrolment", "State of one enrolment.",
                          field("programme", &Enrolment::programme, "Which programme."),
                          field("status", &Enrolment::status, "Where the person stands in it."),
                          field("changed_at", &Enrolment::changed_at, "Since when."));
    bind_value<Obligation>(
        module, "Obligation", "State of one duty.",
        field("kind", &Obligation::kind, "An unpaid fee, a missing document ..."),
        field("item", &Obligation::item, "Tells several of one kind apart. Personal.").hidden(),
        field("step", &Obligation::step, "What became of it."), field("due", &Obligation::due, "Deadline, or None."),
        field("changed_at", &Obligation::changed_at, "Of the last step."),
        field("weight", &Obligation::weight, "How much of a grade hangs on it, in [0, 1e9], or None.", std::nullopt))
        .def_property_readonly("is_open", &Obligation::is_open, "True if it is neither fulfilled nor waived.");
    bind_value<DatedResult>(module, "DatedResult", "A result with its instant.",
                            field("assessment", &DatedResult::assessment, "Which examination or assignment."),
                            field("fraction", &DatedResult::fraction, "0 = nothing right, 1 = full marks."),
                            field("at", &DatedResult::at, "When."));
    bind_value<Person>(
        module, "Person", person_doc, field("id", &Person::id, "Who."),
        field("language", &Person::language, "BCP 47 tag; empty where unknown.").hidden(),
        field("zone", &Person::zone, "IANA name; empty where unknown.").hidden(),
        field("roles", &Person::roles, "Tuple of Role.").hidden(),
        field("attributes", &Person::attributes, "Tuple of Attribute, without language and zone.").hidden(),
        field("consents", &Person::consents, "Tuple of ConsentState.").hidden(),
        field("relations", &Person::relations, "Tuple of Relation.").hidden(),
        field("dialogues", &Person::dialogues, "Tuple of Dialogue.").hidden(),
        field("enrolments", &Person::enrolments, "Tuple of Enrolment.").hidden(),
        field("obligations", &Person::obligations, "Tuple of Obligation.").hidden(),
        field("results", &Person::results, "Tuple of DatedResult.").hidden(),
        field("latest_at", &Person::latest_at, "Of the facts so far, or None.").hidden());
    module.def(
        "current_roles",
        [](const Person& person, time::Instant now) {
            model::RoleSet kinds;
            for (const Role& role : person.roles) {
                if (role.is_current(now)) kinds.insert(role.kind);
            }
            return kinds;
        },
        py::arg("person"), py::arg("now"),
        "The kinds of role that are current at an instant, a frozenset of RoleKind.");
    module.def(
        "primary_role",
        [](const std::vector<Role>& roles, time::Instant now) -> std::optional<Role> {
            std::vector<model::Role> plain;
            for (const Role& role : roles) plain.push_back({role.kind, {}, {}, role.start, role.end_exclusive});
            const model::Role* const best = model::primary_role(plain, now);
            if (best == nullptr) return std::nullopt;
            return roles[static_cast<std::size_t>(best - plain.data())];
        },
        py::arg("roles"), py::arg("now"), "The one primary role at an instant; None if no role is current.");
    module.def(
        "attribute",
        [](const Person& person, std::string_view name) -> std::optional<model::AttributeValue> {
            for (const Attribute& entry : person.attributes) {
                if (entry.name == name) return entry.value;
            }
            return std::nullopt;
        },
        py::arg("person"), py::arg("name"), "The value of an attribute, or None where none was stated.");
    bind_value<model::Organisation>(module, "Organisation", "An organisation that people have relations with.",
                                    field("id", &model::Organisation::id, "Which organisation."),
                                    field("kind", &model::Organisation::kind, "Its kind."),
                                    field("name", &model::Organisation::name, "Its name."));
}

}  // namespace

void bind_model(py::module_& module) {
    bind_enums(module);
    bind_contents(module);
    bind_person(module);
}

}  // namespace alloquy::python
