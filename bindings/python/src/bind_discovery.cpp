#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <pybind11/pybind11.h>

#include <alloquy/error.hpp>
#include <alloquy/segment/discovery.hpp>
#include <alloquy/segment/look_alikes.hpp>
#include <alloquy/segment/people_table.hpp>
#include <alloquy/segment/persona.hpp>
#include <alloquy/segment/rules.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "casters.hpp"
#include "rows.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

constexpr auto table_doc = R"doc(Numbers about people, column by column, for discover, look_alikes and persona.

columns : a dict from field to float64 array, shape (rows), as Institution.columns gives it, or a pandas DataFrame;
    whole numbers and narrower floats where they are exact. Names are those of the segment language, such as
    `engagement` and `attribute:age`. NaN: unknown.
keys : int64 or uint64 array, shape (rows), all different: identifies the person outside. Results do not depend on the
    order of rows.
Copies the columns. Raises InvalidArgument if shapes differ, a name is empty or comes twice, a value is beyond 1e300, or
a key comes twice.

>>> table = alloquy.PeopleTable({"visits": [1.0, 2.0, 9.0]}, np.array([11, 12, 13]))
>>> table
PeopleTable(3 rows, 1 fields)
)doc";
constexpr auto discover_doc =
    R"doc(Finds groups of people who belong together, each with a rule in the segment language that reproduces it.

k-means on scaled columns, on a sample that keys and seed choose; of the numbers of groups that are separated (a valley
between any two, by Hartigan's dip) and stable (people drawn anew give them again), the one with the largest average
silhouette. If none is, there are no groups. The result is the same for any order of rows, number of threads, and
compiler. The whole account stands in C++: segment::discover.

least, most : fewest and most groups, 2 <= least <= most <= 64.
least_people : no group may have fewer, >= 1. A group of few is personal data.
sample : people that are clustered, >= 20. rule_sample : that rules are learned from, >= 20.
starts : of k-means, in [1, 1000]. resamples : for the stability, in [10, 100000].
least_separation : depth of the valley between any two groups, in [0, 1]; 0 turns the test off.
least_stability : mean Jaccard coefficient of every group, in [0, 1].
most_tests : comparisons of a rule, in [1, 8]. test_price : F1 that one more must bring, in [0, 1].
seed : same seed and same people, same bits. threads : >= 1.
Returns a Discovery. Raises InvalidArgument if an argument is out of range. Lets go of Python's lock.
)doc";
constexpr auto look_alikes_doc = R"doc(The people who are most like the examples and not among them.

Gower's similarity (Biometrics 27, 1971), with weights by how far the examples stand out; the whole account stands in
C++: segment::look_alikes. Likeness is a mean: where the examples are of several kinds, call once for each kind.

examples : int64 array of rows of the table, at least one, none twice.
most : people, >= 1. weights : which fields count. least_known : share of the weights that must be on fields known of a
person, in [0, 1]. range_tail : a field's range runs from this quantile to the opposite one, in [0, 0.25]. threads : >= 1.
Returns a list of LookAlike, by similarity, of equal ones by key; empty where nothing tells the examples from everybody.
Raises InvalidArgument if an argument is out of range. Costs O(rows log rows fields). Lets go of Python's lock.
)doc";
constexpr auto likeness_fields_doc = R"doc(The fields that look_alikes compares, a list of LikenessField.

The weightiest first, then in the table's order. Arguments and what is raised are those of look_alikes.
)doc";
constexpr auto persona_doc =
    R"doc(A typical profile of some people: the median of each field, with quartiles and the share of whom it is known.

Copied from nobody: each field is counted on its own, and rounded to the shortest number within a fiftieth of the
distance between the quartiles.

rows : int64 array of rows of the table, none twice.
least_people : fewest people, and fewest of whom a field must be known for it to be told, >= 2.
Returns a Persona. Raises InvalidArgument if there are fewer rows, or an argument is out of range.
)doc";
constexpr auto rule_doc = R"doc(A rule holds of whom one of its boxes holds, and a box of whom all its tests hold.

In C++: segment::Rule.
)doc";

using segment::PeopleTable;
using Table = std::shared_ptr<PeopleTable>;

std::vector<std::uint64_t> table_keys(const py::object& object) {
    const py::array array = detail::as_array(object, "keys", 1);
    if (detail::dtype_of(array).equal(py::str{"uint64"})) {
        const py::array_t<std::uint64_t, py::array::c_style> numbers{
            py::reinterpret_borrow<py::object>(array.attr("astype")("uint64"))};
        return {numbers.data(), numbers.data() + numbers.size()};
    }
    const Int64Column numbers = int64_column(object, "keys");
    return {numbers.values.begin(), numbers.values.end()};
}

Table make_table(const py::object& columns, const py::object& keys) {
    const bool is_frame = py::hasattr(columns, "columns") && py::hasattr(columns, "__getitem__");
    if (!is_frame && !py::hasattr(columns, "keys")) {
        throw InvalidArgument{"PeopleTable: columns: a dict of arrays or a DataFrame expected"};
    }
    auto table = std::make_shared<PeopleTable>();
    for (const py::handle key : is_frame ? py::object{columns.attr("columns")} : py::object{columns.attr("keys")()}) {
        if (!PyUnicode_Check(key.ptr())) throw InvalidArgument{"PeopleTable: columns: names must be str"};
        const auto name = key.cast<std::string>();
        const Float64Column column = float64_column(columns[key], name);
        table->fields.push_back(name);
        table->columns.emplace_back(column.values.begin(), column.values.end());
    }
    table->keys = table_keys(keys);
    released([&] { table->check(); });
    return table;
}

void bind_table(py::module_& module) {
    py::class_<PeopleTable, Table>{module, "PeopleTable", table_doc}
        .def(py::init(&make_table), py::arg("columns"), py::arg("keys"))
        .def_property_readonly(
            "fields", [](const PeopleTable& self) { return to_python(self.fields); }, "Their names, a tuple of str.")
        .def_property_readonly(
            "columns",
            [](const PeopleTable& self) {
                py::dict result;
                for (std::size_t i = 0; i < self.fields.size(); ++i) {
                    result[py::str{self.fields[i]}] = to_array(self.columns[i]);
                }
                return result;
            },
            "A dict from field to float64 array, shape (rows); copies.")
        .def_property_readonly(
            "keys", [](const PeopleTable& self) { return to_array(self.keys); }, "uint64 array, shape (rows); a copy.")
        .def("__len__", &PeopleTable::rows)
        .def("__repr__", [](const PeopleTable& self) {
            return "PeopleTable(" + std::to_string(self.rows()) + " rows, " + std::to_string(self.fields.size()) +
                   " fields)";
        });
}

py::tuple boxes_of(const segment::Rule& rule) {
    py::tuple boxes{rule.boxes.size()};
    for (std::size_t i = 0; i < rule.boxes.size(); ++i) boxes[i] = to_python(rule.boxes[i]);
    return boxes;
}

void bind_rules(py::module_& module) {
    using segment::RuleQuality;
    using segment::RuleTest;
    py::enum_<segment::Relation>{module, "SegmentRelation",
                                 "How two values stand to each other. In C++: "
                                 "segment::Relation."}
        .value("equal", segment::Relation::equal)
        .value("less", segment::Relation::less)
        .value("at_most", segment::Relation::at_most)
        .value("greater", segment::Relation::greater)
        .value("at_least", segment::Relation::at_least);
    bind_value<RuleTest>(
        module, "RuleTest",
        "One comparison of a rule. Of an unknown value the comparison does not hold, and its negation does.",
        field("field", &RuleTest::field, "Position among the table's fields."),
        field("relation", &RuleTest::relation, "at_least or less.", segment::Relation::at_least),
        field("threshold", &RuleTest::threshold, "What the value is compared with.", 0.0),
        field("is_negated", &RuleTest::is_negated, "`not field >= threshold`: less, or unknown.", false));
    py::class_<segment::Rule>{module, "SegmentRule", rule_doc}
        .def(py::init([](std::vector<std::vector<RuleTest>> boxes) { return segment::Rule{std::move(boxes)}; }),
             py::arg("boxes"))
        .def_property_readonly("boxes", &boxes_of, "Tuple of tuples of RuleTest; empty: it holds of nobody.")
        .def_property_readonly("tests", &segment::Rule::tests, "How many comparisons it has.")
        .def(
            "__eq__", [](const segment::Rule& self, const segment::Rule& other) { return self == other; },
            py::arg("other"), py::is_operator())
        .def("__hash__", [](const segment::Rule& self) { return py::hash(boxes_of(self)); })
        .def("__repr__", [](const segment::Rule& self) {
            return "SegmentRule(boxes=" + std::string{py::repr(boxes_of(self))} + ")";
        });
    bind_value<RuleQuality>(
        module, "RuleQuality", "How well a rule reproduces a set of people. Counts of people.",
        field("true_positives", &RuleQuality::true_positives, "In the set, and the rule holds."),
        field("false_positives", &RuleQuality::false_positives, "Not in the set, but the rule holds."),
        field("false_negatives", &RuleQuality::false_negatives, "In the set, but the rule does not hold."),
        field("true_negatives", &RuleQuality::true_negatives, "Neither."))
        .def_property_readonly("precision", &RuleQuality::precision,
                               "Share of the set among whom the rule holds of; 0 if it holds of nobody.")
        .def_property_readonly("recall", &RuleQuality::recall,
                               "Share of the set of which the rule holds; 0 for an empty set.")
        .def_property_readonly("f1", &RuleQuality::f1, "Harmonic mean of precision and recall; 0 if both are.")
        .def_property_readonly("accuracy", &RuleQuality::accuracy,
                               "Share of all people about whom the rule is right; 0 for no people.");
    module.def("to_condition", &segment::to_condition, py::arg("rule"), py::arg("fields"),
               "A SegmentRule as a Condition. fields: names of the table's fields, a list of str.\n"
               "Raises InvalidArgument if a test's field is not there, or its relation is not less or at_least.");
}

void bind_groups(py::module_& module) {
    using segment::CountTrial;
    using segment::Discovery;
    using segment::Distinction;
    using segment::FoundGroup;
    using segment::Stability;
    py::enum_<Stability>{module, "Stability", "What a mean Jaccard coefficient says of a group (Hennig 2007)."}
        .value("untrusted", Stability::untrusted, "Below 0.6; at 0.5 or less it dissolves.")
        .value("pattern", Stability::pattern, "From 0.6: there is something, but who belongs to it is doubtful.")
        .value("stable", Stability::stable, "From 0.75.")
        .value("highly_stable", Stability::highly_stable, "From 0.85.");
    module.def("stability_of", &segment::stability_of, py::arg("mean_jaccard"),
               "The Stability that a mean Jaccard coefficient in [0, 1] stands for.");
    bind_value<Distinction>(module, "Distinction", "How a field tells a group from everybody else.",
                            field("field", &Distinction::field, "Position among the table's fields."),
                            field("difference", &Distinction::difference,
                                  "Mean of the group less mean of the rest, in pooled standard deviations."),
                            field("median", &Distinction::median, "Of the group, in the field's own unit."),
                            field("rest_median", &Distinction::rest_median, "Of everybody else."));
    bind_value<FoundGroup>(
        module, "FoundGroup", "One group that was found.", field("people", &FoundGroup::people, "Of the whole table."),
        field("share", &FoundGroup::share, "Of those with a known field."),
        field("stability", &FoundGroup::stability, "Mean Jaccard coefficient, in [0, 1]; see stability_of."),
        field("recovered", &FoundGroup::recovered, "Share of resamples with a coefficient >= 0.75."),
        field("dissolved", &FoundGroup::dissolved, "Share of resamples with a coefficient <= 0.5."),
        field("rule", &FoundGroup::rule, "As written in the condition, a SegmentRule."),
        field("quality", &FoundGroup::quality, "Of the rule, on all rows."),
        field("condition", &FoundGroup::condition, "The rule in the segment language, a Condition."),
        field("distinctions", &FoundGroup::distinctions, "Tuple of Distinction, the largest difference first."));
    py::enum_<CountTrial::Outcome>{module, "CountTrialOutcome",
                                   "What became of a number of groups. In C++: CountTrial::Outcome."}
        .value("chosen", CountTrial::Outcome::chosen)
        .value("not_separated", CountTrial::Outcome::not_separated, "Between two of the groups is no valley.")
        .value("not_stable", CountTrial::Outcome::not_stable, "A group does not come back when people are drawn anew.")
        .value("too_few_people", CountTrial::Outcome::too_few_people, "Of a group, or in all.")
        .value("less_silhouette", CountTrial::Outcome::less_silhouette, "Another number has more.");
    bind_value<CountTrial>(
        module, "CountTrial", "What became of one number of groups.", field("count", &CountTrial::count, "Of groups."),
        field("outcome", &CountTrial::outcome, "What became of it."),
        field("silhouette", &CountTrial::silhouette, "Average width, in [-1, 1]; 0 where there were too few people."),
        field("separation", &CountTrial::separation, "Depth of the shallowest valley, in [0, 1]."),
        field("least_stability", &CountTrial::least_stability, "Of its groups; 0 where it was not measured."));
    py::class_<Discovery, std::shared_ptr<Discovery>>{module, "Discovery", "Groups of people, or none."}
        .def_property_readonly(
            "groups", [](const Discovery& self) { return to_python(self.groups); },
            "Tuple of FoundGroup, the largest first. Empty: there are no groups, all are of one kind.")
        .def_property_readonly(
            "group_of",
            [](const Discovery& self) {
                std::vector<std::int64_t> places;
                places.reserve(self.group_of.size());
                for (const std::uint32_t group : self.group_of) {
                    places.push_back(group == Discovery::no_group ? -1 : static_cast<std::int64_t>(group));
                }
                return to_array(std::move(places));
            },
            "int64 array, shape (rows): position among groups, or -1 for who is in none (in C++: no_group).")
        .def_property_readonly(
            "trials", [](const Discovery& self) { return to_python(self.trials); },
            "Tuple of CountTrial, for each number of groups, ascending.")
        .def_property_readonly(
            "idle_fields", [](const Discovery& self) { return to_python(self.idle_fields); },
            "Positions of fields that were left out: constant, or unknown of everybody. A tuple of int.")
        .def_readonly("sampled", &Discovery::sampled, "People that were clustered.")
        .def("__repr__", [](const Discovery& self) {
            return "Discovery(" + std::to_string(self.groups.size()) + " groups, " +
                   std::to_string(self.group_of.size()) + " rows)";
        });
    const segment::DiscoveryOptions defaults;
    module.def(
        "discover",
        [](const Table& table, std::size_t least, std::size_t most, std::size_t least_people, std::size_t sample,
           std::size_t rule_sample, std::size_t starts, std::size_t resamples, double least_separation,
           double least_stability, std::size_t most_tests, double test_price, std::uint64_t seed, unsigned threads) {
            segment::DiscoveryOptions options;
            options.least = least;
            options.most = most;
            options.least_people = least_people;
            options.sample = sample;
            options.rule_sample = rule_sample;
            options.starts = starts;
            options.resamples = resamples;
            options.least_separation = least_separation;
            options.least_stability = least_stability;
            options.rule.most_tests = most_tests;
            options.rule.test_price = test_price;
            options.seed = seed;
            return std::make_shared<Discovery>(released([&] { return segment::discover(*table, options, threads); }));
        },
        py::arg("table"), py::arg("least") = defaults.least, py::arg("most") = defaults.most,
        py::arg("least_people") = defaults.least_people, py::arg("sample") = defaults.sample,
        py::arg("rule_sample") = defaults.rule_sample, py::arg("starts") = defaults.starts,
        py::arg("resamples") = defaults.resamples, py::arg("least_separation") = defaults.least_separation,
        py::arg("least_stability") = defaults.least_stability, py::arg("most_tests") = defaults.rule.most_tests,
        py::arg("test_price") = defaults.rule.test_price, py::arg("seed") = defaults.seed, py::arg("threads") = 1,
        discover_doc);
}

void bind_look_alikes(py::module_& module) {
    using segment::LikenessField;
    using segment::LikenessWeights;
    using segment::LookAlike;
    using segment::LookAlikeOptions;
    using segment::SharedField;
    py::enum_<LikenessWeights>{module, "LikenessWeights", "Which fields count for likeness."}
        .value("distinctive", LikenessWeights::distinctive,
               "Those in which the examples differ from everybody, by how far they do.")
        .value("equal", LikenessWeights::equal, "All that are not constant, equally: Gower's own.");
    bind_value<LikenessField>(module, "LikenessField", "A field that counts for likeness.",
                              field("field", &LikenessField::field, "Position among the table's fields."),
                              field("weight", &LikenessField::weight, "In (0, 1]."),
                              field("low", &LikenessField::low, "10 % quantile of the examples."),
                              field("high", &LikenessField::high, "90 % quantile of the examples."),
                              field("examples", &LikenessField::examples, "Examples of whom it is known."));
    bind_value<SharedField>(module, "SharedField",
                            "What somebody shares with the examples: a value between low and high.",
                            field("field", &SharedField::field, "Position among the table's fields."),
                            field("value", &SharedField::value, "Of the person. Personal.").hidden(),
                            field("low", &SharedField::low, "10 % quantile of the examples."),
                            field("high", &SharedField::high, "90 % quantile of the examples."));
    bind_value<LookAlike>(
        module, "LookAlike", "Somebody who is like the examples.", field("row", &LookAlike::row, "Of the table."),
        field("similarity", &LookAlike::similarity, "In [0, 1]."),
        field("shared", &LookAlike::shared, "Tuple of SharedField, in the order of likeness_fields."));
    const auto options_of = [](std::size_t most, LikenessWeights weights, double least_known, double range_tail) {
        LookAlikeOptions options;
        options.most = most;
        options.weights = weights;
        options.least_known = least_known;
        options.range_tail = range_tail;
        return options;
    };
    const LookAlikeOptions defaults;
    module.def(
        "look_alikes",
        [options_of](const Table& table, const py::object& examples, std::size_t most, LikenessWeights weights,
                     double least_known, double range_tail, unsigned threads) {
            const std::vector<std::uint32_t> rows = count_column(examples, "examples");
            const LookAlikeOptions options = options_of(most, weights, least_known, range_tail);
            return released([&] { return segment::look_alikes(*table, rows, options, threads); });
        },
        py::arg("table"), py::arg("examples"), py::arg("most") = defaults.most, py::arg("weights") = defaults.weights,
        py::arg("least_known") = defaults.least_known, py::arg("range_tail") = defaults.range_tail,
        py::arg("threads") = 1, look_alikes_doc);
    module.def(
        "likeness_fields",
        [options_of](const Table& table, const py::object& examples, std::size_t most, LikenessWeights weights,
                     double least_known, double range_tail, unsigned threads) {
            const std::vector<std::uint32_t> rows = count_column(examples, "examples");
            const LookAlikeOptions options = options_of(most, weights, least_known, range_tail);
            return released([&] { return segment::likeness_fields(*table, rows, options, threads); });
        },
        py::arg("table"), py::arg("examples"), py::arg("most") = defaults.most, py::arg("weights") = defaults.weights,
        py::arg("least_known") = defaults.least_known, py::arg("range_tail") = defaults.range_tail,
        py::arg("threads") = 1, likeness_fields_doc);
}

void bind_persona(py::module_& module) {
    using segment::Persona;
    using segment::PersonaField;
    bind_value<PersonaField>(
        module, "PersonaField", "One field of a persona, in the field's own unit. Rounded; see persona.",
        field("name", &PersonaField::name, "Of the field."),
        field("known", &PersonaField::known, "Share of the people of whom it is known, in [0, 1]."),
        field("typical", &PersonaField::typical, "Median; None where it is known of less than half of them.",
              std::nullopt),
        field("lower_quartile", &PersonaField::lower_quartile, "None where it is known of too few.", std::nullopt),
        field("upper_quartile", &PersonaField::upper_quartile, "Likewise.", std::nullopt));
    bind_value<Persona>(module, "Persona", "A typical profile of some people.",
                        field("people", &Persona::people, "That it was made of."),
                        field("fields", &Persona::fields, "Tuple of PersonaField, in the table's order."))
        .def("value", &Persona::value, py::arg("field"),
             "The typical value of a field, or None where it is unknown. Raises NotFound if there is no such field.");
    const segment::PersonaOptions defaults;
    module.def(
        "persona",
        [](const Table& table, const py::object& rows, std::size_t least_people) {
            const std::vector<std::uint32_t> which = count_column(rows, "rows");
            segment::PersonaOptions options;
            options.least_people = least_people;
            return released([&] { return segment::persona(*table, which, options); });
        },
        py::arg("table"), py::arg("rows"), py::arg("least_people") = defaults.least_people, persona_doc);
}

}  // namespace

void bind_discovery(py::module_& module) {
    bind_table(module);
    bind_rules(module);
    bind_groups(module);
    bind_look_alikes(module);
    bind_persona(module);
}

}  // namespace alloquy::python
