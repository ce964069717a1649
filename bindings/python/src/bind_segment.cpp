#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <pybind11/pybind11.h>

#include <alloquy/io/segment_json.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/explanation.hpp>
#include <alloquy/segment/parse.hpp>
#include <alloquy/segment/segment_config.hpp>
#include <alloquy/segment/segments.hpp>
#include <alloquy/segment/text.hpp>
#include <alloquy/store/journal.hpp>
#include <alloquy/time/instant.hpp>

#include "bindings.hpp"
#include "casters.hpp"
#include "rows.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

constexpr auto condition_doc =
    R"doc(What puts a person into a segment. Immutable; str() is its text in the segment language.

Got from parse_condition or condition_from_json. Equal conditions have equal texts.
)doc";
constexpr auto parse_doc = R"doc(Reads a condition in the segment language. In C++: segment::parse.

fields : the Catalogue of fields that there are; see fields_of and Institution.fields.
Returns a Condition. Raises ParseError with line and column, what was expected, and the nearest name where one is
misspelt. Costs O(length), and that of the patterns.

>>> fields = alloquy.Catalogue([alloquy.Field("visits", alloquy.FieldType.number)])
>>> condition = alloquy.parse_condition("visits >= 3 and not visits > 9", fields)
>>> str(condition)
'visits >= 3 and not visits > 9'
>>> alloquy.condition_to_json(condition)
'{"all":[{"field":"visits","at_least":3},{"not":{"field":"visits","greater":9}}]}'
)doc";
constexpr auto to_json_doc = R"doc(A condition as JSON, on one line without spaces.

The format is described by condition.schema.json. Equal conditions give equal texts.
)doc";
constexpr auto from_json_doc = R"doc(Reads that form; what condition_to_json gave reads back equal.

fields : the Catalogue of fields that there are.
Returns a Condition. Raises ParseError with every problem found, each with line, JSON pointer and what was expected.
)doc";
constexpr auto catalogue_doc = R"doc(The named, typed fields that conditions may read, in their order.

Besides them there is `attribute:<name>` for any name. Raises InvalidArgument if a name is empty or stands twice.
)doc";
constexpr auto membership_doc = R"doc(Why somebody is in a segment or not, and which single change would turn it.

str() writes it as an indented tree: [x] before what holds, [ ] before what does not, what was found of the person, and
the smallest change. The values are personal.
)doc";
constexpr auto explained_doc = R"doc(A condition with what was found of one person; a tree.)doc";

/// The shortest number that reads back equal, or the text in quotes.
std::string shown(const model::AttributeValue& value) {
    if (const auto* const flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* const number = std::get_if<double>(&value)) {
        std::string text{py::repr(py::float_{*number})};
        if (text.ends_with(".0")) text.resize(text.size() - 2);
        return text;
    }
    if (const auto* const day = std::get_if<time::Day>(&value)) return to_iso(*day);
    if (const auto* const text = std::get_if<std::string>(&value)) {
        std::string quoted = "\"";
        for (const char c : *text) quoted += static_cast<unsigned char>(c) < 0x20U ? ' ' : c;
        return quoted + '"';
    }
    return {};
}

/// What stands behind a test: the value that was found, where there is one to show, and when the test may turn.
std::string remark(const model::AttributeValue& found, const char* turns, const std::optional<time::Instant>& at) {
    std::string text;
    if (!std::holds_alternative<std::monostate>(found)) text = "found " + shown(found);
    if (at) text += (text.empty() ? "" : "; ") + std::string{turns} + to_iso(*at);
    return text.empty() ? text : "  (" + text + ')';
}

void write(const segment::ExplainedCondition& condition, std::size_t depth, std::string& text) {
    text.append(4 * depth, ' ');
    text += condition.holds ? "[x] " : "[ ] ";
    text += condition.text;
    text += remark(condition.found, "stands until ", condition.stands_until);
    text += '\n';
    for (const segment::ExplainedCondition& part : condition.parts) write(part, depth + 1, text);
}

std::string to_text(const segment::MembershipExplanation& why) {
    std::string text = why.is_member ? "member\n" : "not a member\n";
    write(why.condition, 0, text);
    if (why.changes.empty()) return text + "no single change would turn it";
    const segment::SingleChange& least = why.changes.front();
    text += "smallest change: " + least.test + (least.holds ? " no longer holds" : " holds");
    return text + remark(least.found, "may turn by itself at ", least.by_itself_at);
}

void bind_conditions(py::module_& module) {
    using segment::Condition;
    const py::call_guard<py::gil_scoped_release> without_gil;
    bind_enum<segment::FieldType>(module, "FieldType",
                                  "What a field's values are; `any` of an attribute, as it was stated.");
    py::enum_<segment::Motion>{module, "Motion", "What the value of a field does while no fact comes in."}
        .value("steady", segment::Motion::steady, "Nothing.")
        .value("jumps", segment::Motion::jumps, "Changes at instants that are known beforehand; steady between them.")
        .value("ageing", segment::Motion::ageing, "Rises by 1 a day, between such instants.")
        .value("nearing", segment::Motion::nearing, "Falls by 1 a day, likewise.")
        .value("falling", segment::Motion::falling, "Falls towards 0, at most as fast as its half-life.")
        .value("hourly", segment::Motion::hourly,
               "Moves in other ways: conditions see it as of the start of the hour (UTC), or of the latest fact.");
    bind_value<segment::Field>(
        module, "Field", "One field that conditions may read. In C++: segment::Field.",
        field("name", &segment::Field::name, "As conditions name it."),
        field("type", &segment::Field::type, "What its values are."),
        field("motion", &segment::Field::motion, "What it does while no fact comes in.", segment::Motion::steady));
    py::class_<segment::Catalogue>{module, "Catalogue", catalogue_doc}
        .def(py::init<std::vector<segment::Field>>(), py::arg("fields"))
        .def_property_readonly(
            "fields", [](const segment::Catalogue& self) { return to_python(self.fields()); }, "A tuple of Field.")
        .def(
            "type_of", [](const segment::Catalogue& self, const std::string& name) { return self.type_of(name); },
            py::arg("name"), "The FieldType of a field or attribute, or None where there is none.")
        .def("__repr__", [](const segment::Catalogue& self) {
            return "Catalogue(" + std::to_string(self.fields().size()) + " fields)";
        });
    py::class_<Condition>{module, "Condition", condition_doc}
        .def(
            "__eq__", [](const Condition& self, const Condition& other) { return self == other; }, py::arg("other"),
            py::is_operator())
        .def("__hash__", [](const Condition& self) { return py::hash(py::str{segment::to_text(self)}); })
        .def("__str__", [](const Condition& self) { return segment::to_text(self); })
        .def("__repr__", [](const Condition& self) {
            return "Condition(" + std::string{py::repr(py::str{segment::to_text(self)})} + ")";
        });
    module.def(
        "parse_condition",
        [](const std::string& text, const segment::Catalogue& fields) { return segment::parse(text, fields); },
        py::arg("text"), py::arg("fields"), parse_doc, without_gil);
    module.def("condition_to_json", &io::condition_to_json, py::arg("condition"), to_json_doc, without_gil);
    module.def(
        "condition_from_json",
        [](const std::string& json, const segment::Catalogue& fields) { return io::condition_from_json(json, fields); },
        py::arg("json"), py::arg("fields"), from_json_doc, without_gil);
    module.def("segments_named", &segment::segments_named, py::arg("condition"),
               "The names of segments in a Condition, each once, in the order of first mention: a list of str.");
    module.def(
        "to_text", [](const Condition& condition) { return segment::to_text(condition); }, py::arg("condition"),
        "The text of a Condition in the segment language; parse_condition reads it back equal.");
    bind_value<segment::SegmentConfig>(
        module, "SegmentConfig", "Policy of one segment.",
        field("name", &segment::SegmentConfig::name, "As in `in segment \"name\"`."),
        field("condition", &segment::SegmentConfig::condition, "In the segment language; without parameters."));
}

void bind_memberships(py::module_& module) {
    using store::MembershipCause;
    using store::MembershipRecord;
    using store::MembershipStep;
    using store::SegmentVersion;
    py::enum_<MembershipStep>{module, "MembershipStep", "What a person did to a segment."}
        .value("entered", MembershipStep::entered)
        .value("left", MembershipStep::left);
    py::enum_<MembershipCause>{module, "MembershipCause", "Why a membership changed."}
        .value("fact", MembershipCause::fact, "A fact became known.")
        .value("time", MembershipCause::time, "Time passed, and the condition turned by itself.")
        .value("edit", MembershipCause::edit, "The condition, or one that it rests on, was changed.");
    bind_value<MembershipRecord>(
        module, "MembershipRecord", "One change of membership, or the correction of an earlier one. Never rewritten.",
        field("number", &MembershipRecord::number, "1, 2, ... in the order of recording, without gaps."),
        field("person", &MembershipRecord::person, "A PersonId."),
        field("segment", &MembershipRecord::segment, "Name of the segment."),
        field("version", &MembershipRecord::version, "Of the segment; see Journal.segment_versions."),
        field("step", &MembershipRecord::step, "What the person did."),
        field("retracted", &MembershipRecord::retracted,
              "True: a late fact showed that this step at this instant, recorded earlier, did not happen."),
        field("at", &MembershipRecord::at, "When the condition turned, to the millisecond."),
        field("known_at", &MembershipRecord::known_at, "When that became known."),
        field("cause", &MembershipRecord::cause, "Why."));
    bind_value<SegmentVersion>(
        module, "SegmentVersion", "One version of a segment: its condition from an instant on. Never rewritten.",
        field("name", &SegmentVersion::name, "Of the segment."),
        field("version", &SegmentVersion::version, "1, 2, ... of this name, without gaps."),
        field("condition", &SegmentVersion::condition, "In canonical text; empty where the segment was taken out."),
        field("in_force", &SegmentVersion::in_force, "From then on."));
}

void bind_explanations(py::module_& module) {
    using segment::ExplainedCondition;
    using segment::MembershipExplanation;
    using segment::SingleChange;
    py::class_<ExplainedCondition>{module, "ExplainedCondition", explained_doc}
        .def_readonly("text", &ExplainedCondition::text, "In the segment language.")
        .def_readonly("holds", &ExplainedCondition::holds, "Of the person, at the instant of the question.")
        .def_readonly("found", &ExplainedCondition::found,
                      "The value that a test looked at; None where there is none. Personal.")
        .def_readonly("stands_until", &ExplainedCondition::stands_until,
                      "When it may turn by time alone, at the earliest; None: never.")
        .def_property_readonly(
            "parts", [](const ExplainedCondition& self) { return to_python(self.parts); },
            "Tuple of ExplainedCondition: of `and`, `or` and `not`, and of a segment that it names.")
        .def("__str__",
             [](const ExplainedCondition& self) {
                 std::string text;
                 write(self, 0, text);
                 text.pop_back();
                 return text;
             })
        .def("__repr__", [](const ExplainedCondition& self) {
            return "ExplainedCondition(" + std::string{py::repr(py::str{self.text})} +
                   (self.holds ? ", holds=True)" : ", holds=False)");
        });
    py::class_<SingleChange>{module, "SingleChange", "A single test that, were it to turn, would turn the whole."}
        .def_readonly("test", &SingleChange::test, "In the segment language.")
        .def_readonly("holds", &SingleChange::holds, "As it stands; the other way round it would turn the whole.")
        .def_readonly("found", &SingleChange::found,
                      "The value that the test looked at; None where there is none. Personal.")
        .def_readonly("distance", &SingleChange::distance,
                      "How far the found number is from the nearest number that it is compared with,\n"
                      "|a - b| / (|a| + |b|), in [0, 1]; 1 for what is no number or missing.")
        .def_readonly("by_itself_at", &SingleChange::by_itself_at,
                      "When it may turn by time alone, at the earliest; None: never.")
        .def("__repr__", [](const SingleChange& self) {
            return "SingleChange(" + std::string{py::repr(py::str{self.test})} +
                   ", distance=" + std::string{py::repr(py::float_{self.distance})} + ")";
        });
    py::class_<MembershipExplanation>{module, "MembershipExplanation", membership_doc}
        .def_readonly("is_member", &MembershipExplanation::is_member, "Whether the whole condition holds.")
        .def_readonly("condition", &MembershipExplanation::condition, "The tree, an ExplainedCondition.")
        .def_property_readonly(
            "changes", [](const MembershipExplanation& self) { return to_python(self.changes); },
            "Tuple of SingleChange: every single test that would turn it, the smallest distance first, then in the\n"
            "order of the condition. Empty where no single one does.")
        .def("__str__", &to_text)
        .def("__repr__", [](const MembershipExplanation& self) {
            return std::string{"MembershipExplanation(is_member="} + (self.is_member ? "True" : "False") + ", " +
                   std::to_string(self.changes.size()) + " changes)";
        });
}

}  // namespace

void bind_segment(py::module_& module) {
    bind_conditions(module);
    bind_memberships(module);
    bind_explanations(module);
}

}  // namespace alloquy::python
