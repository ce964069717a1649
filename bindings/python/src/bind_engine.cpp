#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <pybind11/pybind11.h>

#include <alloquy/engine/columns.hpp>
#include <alloquy/engine/examples.hpp>
#include <alloquy/engine/fields.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/store/hash.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "rows.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

constexpr auto playbook_doc = R"doc(Everything that is policy and nothing that is data, as one plain value.

Read from JSON by read_playbook, or built of its parts.

>>> alloquy.Playbook("small", channels=("email",)).channels
('email',)
)doc";
constexpr auto hash_doc = R"doc(Hash of a playbook's canonical bytes, 32 bytes: stands in every decision.

In C++: store::hash_bytes(engine::canonical_bytes(playbook)).
)doc";

constexpr auto fields_of_doc = R"doc(The fields that conditions of a playbook may read, a Catalogue for parse_condition.

Raises InvalidArgument if a field has no name or stands twice.
)doc";

constexpr auto examples_doc =
    R"doc(Examples of one model: what was known of a person at an instant, and what came of it.

All arrays have one element for each example. Got from Institution.examples.
)doc";

template <std::size_t n>
py::tuple names_of(const std::array<std::string_view, n>& names) {
    py::tuple all{n};
    for (std::size_t i = 0; i < n; ++i) all[i] = py::str{std::string{names[i]}};
    return all;
}

void bind_examples(py::module_& module) {
    using engine::ExampleSet;
    using Set = std::shared_ptr<ExampleSet>;
    py::class_<ExampleSet, Set>{module, "ExampleSet", examples_doc}
        .def_property_readonly(
            "table",
            [](const Set& self) {
                return std::shared_ptr<score::FeatureTable>{self, &self->table};
            },
            "The FeatureTable: inputs, from facts that were known before the instant alone.")
        .def_property_readonly(
            "people",
            [](const ExampleSet& self) {
                std::vector<std::int64_t> ids;
                for (const PersonId person : self.people) ids.push_back(person.value());
                return to_array(std::move(ids));
            },
            "int64 array of person ids.")
        .def_property_readonly(
            "instants", [](const ExampleSet& self) { return to_python(self.instants); },
            "Seen from here, a tuple of Instant.")
        .def_property_readonly(
            "instants_ms",
            [](const ExampleSet& self) {
                std::vector<std::int64_t> instants;
                for (const time::Instant instant : self.instants) instants.push_back(instant.unix_ms());
                return to_array(std::move(instants));
            },
            "The same as an int64 array, ms since 1970-01-01T00:00:00Z, as time_splits takes it.")
        .def_property_readonly(
            "outcomes", [](const ExampleSet& self) { return to_array(self.outcomes); },
            "uint8 array of 0 and 1, told by facts that became known at the instant or later.")
        .def_property_readonly(
            "groups", [](const ExampleSet& self) { return to_array(self.groups); },
            "uint64 array: equal numbers belong together in folds; see ModelConfig.group.")
        .def_property_readonly(
            "grouped", [](const ExampleSet& self) { return to_array(self.grouped); },
            "uint8 array: 1 where the model's group input told the group, 0 where the person is a group alone.")
        .def_property_readonly(
            "learned_at", [](const ExampleSet& self) { return to_array(self.learned_at); },
            "uint64 array: place in the journal of the fact that told the outcome.")
        .def_property_readonly(
            "outcome_known_at", [](const ExampleSet& self) { return to_python(self.outcome_known_at); },
            "When the outcome could be known, a tuple of Instant: of the fact that told it, or the end of a response's "
            "window.")
        .def_property_readonly(
            "outcome_known_at_ms",
            [](const ExampleSet& self) {
                std::vector<std::int64_t> instants;
                for (const time::Instant instant : self.outcome_known_at) instants.push_back(instant.unix_ms());
                return to_array(std::move(instants));
            },
            "The same as an int64 array, ms since 1970-01-01T00:00:00Z, as time_splits takes it.")
        .def(
            "select",
            [](const ExampleSet& self, const py::object& rows) {
                const std::vector<std::uint32_t> which = count_column(rows, "rows");
                for (const std::uint32_t row : which) {
                    if (row >= self.size()) {
                        throw InvalidArgument{"rows: in [0, " + std::to_string(self.size()) + ") expected, got " +
                                              std::to_string(row)};
                    }
                }
                return std::make_shared<ExampleSet>(released([&] { return self.select(which); }));
            },
            py::arg("rows"), "The given examples (int64 array), in the given order, as an ExampleSet.")
        .def("__len__", &ExampleSet::size)
        .def("__repr__", [](const ExampleSet& self) {
            std::size_t positives = 0;
            for (const std::uint8_t outcome : self.outcomes) positives += outcome;
            return "ExampleSet(" + std::to_string(self.size()) + " examples, " + std::to_string(positives) +
                   " with outcome 1)";
        });
}

}  // namespace

void bind_engine(py::module_& module) {
    using engine::Playbook;
    bind_value<Playbook>(
        module, "Playbook", playbook_doc, field("name", &Playbook::name, "Its name.", std::string{}),
        field("channels", &Playbook::channels, "Names; at most 31.", {}),
        field("topics", &Playbook::topics, "Names; at most 255.", {}),
        field("engagement", &Playbook::engagement, "Policy of the engagement score.", score::EngagementConfig{}),
        field("reachability", &Playbook::reachability, "Policy of reachability.", score::ReachabilityConfig{}),
        field("lifecycles", &Playbook::lifecycles, "Tuple of LifecycleConfig; at most 4.", {}),
        field("urgency", &Playbook::urgency, "Policy of urgency.", score::UrgencyConfig{}),
        field("models", &Playbook::models, "Tuple of ModelConfig.", {}),
        field("columns", &Playbook::columns,
              "Names of columns that the host fills, such as its own model's; for actions, no model learns from them.",
              {}),
        field("actions", &Playbook::actions, "Policy about actions.", decide::ActionPolicy{}),
        field("zone", &Playbook::zone, "The institution's IANA time zone, for days and weeks of conditions.",
              std::string{"UTC"}),
        field("academic_years", &Playbook::academic_years,
              "Tuple of AcademicYear: terms and years, for windows such as \"in this term\".", {}),
        field("segments", &Playbook::segments, "Tuple of SegmentConfig.", {}));
    module.def(
        "playbook_hash", [](const Playbook& playbook) { return store::hash_bytes(engine::canonical_bytes(playbook)); },
        py::arg("playbook"), hash_doc);
    module.def("fields_of", &engine::fields_of, py::arg("playbook"), fields_of_doc);
    module.attr("column_names") = names_of(engine::column_names);
    module.attr("text_inputs") = names_of(engine::text_inputs);
    bind_examples(module);
}

}  // namespace alloquy::python
