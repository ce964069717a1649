#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <pybind11/pybind11.h>

#include <alloquy/engine/examples.hpp>
#include <alloquy/institution.hpp>
#include <alloquy/score/features.hpp>
#include <alloquy/score/model.hpp>
#include <alloquy/store/hash.hpp>
#include <alloquy/store/journal.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "bulk.hpp"
#include "host.hpp"
#include "named.hpp"
#include "plan.hpp"
#include "reports.hpp"
#include "scores.hpp"
#include "segments.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

constexpr auto institution_doc = R"doc(Journal, engine and playbook of one institution in one object.

All methods may be called from several threads at once, and let go of Python's lock while they work. Use it in a
`with` statement, or call close, so that the file is free at a known moment.

>>> playbook = alloquy.read_playbook('{"name": "small", "channels": ["email"]}', "small.json")
>>> now = alloquy.Instant.from_iso("2026-03-01T09:00:00Z")
>>> with alloquy.Institution.in_memory(playbook, now) as institution:
...     person = institution.person("crm", "4711", now)
...     entry = institution.record(alloquy.Fact(person, now, now, "crm", "a", alloquy.Interaction(
...         "email", alloquy.Act.replied, alloquy.Direction.inbound)))
...     fraction = institution.engagement(person, now).fraction
>>> entry, fraction > 0
(<Entry.entered: 0>, True)
)doc";
constexpr auto open_doc = R"doc(Opens the journal file, or makes it, and loads the newest snapshot that fits.

now : when the playbook came into force, if the journal does not know it yet.
threads : for bulk work, >= 1; results are the same for any number.
Raises StoreError if the file cannot be opened, is in use by another process or is of a newer library, and
InvalidArgument if the playbook is inconsistent.
)doc";
constexpr auto record_doc =
    R"doc(Records one fact, or several in one commit; returns after they are on disk and the scores know them.

facts : a Fact, or a list of them.
Returns an Entry for a Fact, a list of Entry for a list.
Raises InvalidArgument if a fact is malformed or its person does not exist; none of them enters then.
)doc";
constexpr auto import_csv_doc = R"doc(Imports a CSV file, plain or gzip; the scores know it at the next question.

now : known_at of facts whose mapping states none, and first mention of new people.
on_progress : called with an ImportProgress every few thousand rows and at the end; what it raises ends the import.
lookup_directory : where the mapping's lookup files are; the folder of the file if None.
max_issues : longest list of issues; more are counted but not kept.
Returns an ImportReport. What was committed before an exception stays; importing again enters the rest.
)doc";
constexpr auto record_interactions_doc =
    R"doc(Records many interactions out of columns of one length n; the scores know them at the next question.

person_ids, at_ms, known_at_ms, quantities : int64 arrays, shape (n); instants in ms since 1970-01-01T00:00:00Z.
    known_at_ms is at_ms if None, quantities are 1.
channels, acts, directions, topics, languages, purposes, actions, teams : words: one str (or enumerator) for all rows, a
    pandas categorical, a pair (integer codes, names), or a list or array of str. None, NaN and codes below 0 stand for
    no word.
keys : list or array of str, or an int64 array: the source's own name of each row, unique for a person.
source : one str.
Returns an ImportReport; `line` of its issues is the 1-based row, `column` the name of the argument. A row that is not
as it must be is refused, and the others go in. The same rows again change nothing.
Raises InvalidArgument, naming the argument, if a column has another type or length; nothing is converted silently.
)doc";
constexpr auto plan_doc = R"doc(One action for each person at most, within the minutes that staff have.

capacity : dict from pool name to minutes; a pool that is not named has the playbook's minutes.
Raises InvalidArgument if facts are known later than now, or the capacity is wrong.
)doc";
constexpr auto as_of_doc =
    R"doc(The state as it was known at an instant, as a View: only facts with known_at <= instant.

Answers questions about that instant or later. Costs a scan of the journal.
)doc";
constexpr auto columns_doc =
    R"doc(What actions and models may ask of everybody: a dict from column name to float64 array.

Element i belongs to person_ids()[i]; NaN stands for unknown. First the names of alloquy.column_names; then, by name,
`engagement:<half-life>`, `channel:<name>`, `topic:<name>`, `active:<lifecycle>`, `expected:<lifecycle>`,
`model:<name>`, the host's own columns, and the attributes that actions ask for.
)doc";
constexpr auto explain_now_doc =
    R"doc(Every score of one person as parts that add up to it exactly, a list of Explanation.

Engagement, the response by each contact channel (`response:<channel>`), urgency, and of each learned model the
log-odds before calibration (`log_odds:<name>`; calibration turns these into the column `model:<name>`). Raises as
engagement, and InvalidArgument if a model in use was learned after now.
)doc";
constexpr auto scores_doc = R"doc(Standard scores of everybody: a dict from name to float64 array.

Engagement, its trend and momentum, `response:<channel>` of each contact channel, `best_hour` of the week, urgency,
`active:<lifecycle>` and `expected:<lifecycle>` of each fitted lifecycle, and `model:<name>` of each learned model.
Element i belongs to person_ids()[i]; NaN stands for unknown. Raises InvalidArgument as engagement, or if a model or
lifecycle in use was learned after now.
)doc";
constexpr auto predict_doc = R"doc(Probability by a model of the playbook, a Prediction.

While nothing was learned, the playbook's prior with evidence 0. Raises as engagement, and InvalidArgument if there is
no such model or it was learned after now.
)doc";
constexpr auto feature_table_doc =
    R"doc(Inputs of models for some people at one instant, a FeatureTable with one row for each.

features : FeatureConfigs, whose inputs the table gets.
people : int64 array of person ids; everybody, in the order of person_ids(), if None.
Raises NotFound if somebody is not there, and InvalidArgument if facts about one of them became known after now (the
guard against leakage), or an input is unknown or asked for both as number and as text.
)doc";
constexpr auto set_column_doc =
    R"doc(Fills a column that the playbook names with values of the host's own model or measure.

Not kept: fill it again after opening. See also use_model.

people : int64 array of person ids, each once. values : float64 array of the same shape, finite or NaN = unknown;
everybody else's value is unknown.
known_at : when the host could know them: a question about an earlier instant is refused.
Raises NotFound if somebody is not there, and InvalidArgument if the playbook names no such column, a shape or value is
wrong, or somebody stands twice.
)doc";
constexpr auto examples_doc = R"doc(What a model of the playbook may learn from, an ExampleSet.

In an order that depends on the facts alone. Costs a scan of the journal and a fold of each example's past.

instants : list of Instant, ascending, from which the past is seen (outcome `enrolment`); empty for `response`.
now : windows of responses that end later are open.
Raises InvalidArgument if there is no such model, the instants do not suit its outcome, or a feature cannot be learned
from.
)doc";
constexpr auto learn_doc =
    R"doc(Learns a model of the playbook from all facts, keeps it as its next version, and uses it.

It becomes the column `model:<name>`. An online model goes on from its last version with the examples whose outcome came
into the journal since.

instants : as in examples. now : when it is made; views as of an earlier instant do not use it.
Returns a LearnedModel. Raises InvalidArgument as examples, and if there is too little to learn from.
)doc";
constexpr auto relearns_doc = R"doc(Learns a kept version again from the facts that it was learned from.

True if the bytes are the same: the model is a fold over the journal. Raises NotFound if there is no such version, and
InvalidArgument if it was learned under another playbook.
)doc";
constexpr auto fit_lifecycle_doc = R"doc(Fits a lifecycle of the playbook to everybody's counts, keeps and uses it.

It fills the columns `active:<name>` and `expected:<name>`. Returns a BgNbdFit or BgBbFit. Raises InvalidArgument if
there is no such lifecycle or too little data.
)doc";
constexpr auto state_hash_doc = R"doc(Hash of the whole state, 32 bytes.

Equal for equal sets of facts and equal playbooks, whatever the order of arrival, the number of threads or the compiler.
)doc";
constexpr auto view_doc =
    R"doc(The state as it was known at an instant. Keeps its institution, and does not follow it.)doc";
constexpr auto engagement_doc = R"doc(How much somebody deals with the institution of late, an EngagementScore.

Raises NotFound if there is no such person, and InvalidArgument if facts are there that became known after now.
)doc";

template <class T>
using Class = py::class_<T, std::shared_ptr<T>>;

/// How questions reach the engine: the institution itself, or the engine of a view.
template <class Question>
auto ask(Host& self, const Question& question) {
    return self.shared([&](Institution& institution) { return question(institution, institution); });
}
template <class Question>
auto ask(View& self, const Question& question) {
    // The view uses the words of the journal, which must be open and not be growing.
    return self.host->shared([&](Institution& institution) { return question(institution, self.engine); });
}
/// The same for scans over the engine, which nothing may change meanwhile.
template <class Question>
auto scan(Host& self, const Question& question) {
    return self.exclusive([&](Institution& institution) { return question(institution.engine()); });
}
template <class Question>
auto scan(View& self, const Question& question) {
    return self.host->shared([&](Institution&) { return question(std::as_const(self.engine)); });
}
const Host& host_of(const Host& self) {
    return self;
}
const Host& host_of(const View& self) {
    return *self.host;
}

std::vector<std::int64_t> ids_of(const Institution::Engine& engine) {
    std::vector<std::int64_t> ids;
    ids.reserve(engine.size());
    for (std::uint32_t row = 0; row < engine.size(); ++row) ids.push_back(engine.person(row).id.value());
    return ids;
}

std::vector<std::vector<double>> columns_of(const Institution::Engine& engine, time::Instant now) {
    engine.check_now(now);
    const std::size_t count = engine.columns().size();
    std::vector<std::vector<double>> columns(count, std::vector<double>(engine.size()));
    std::vector<std::optional<double>> values(count);
    for (std::uint32_t row = 0; row < engine.size(); ++row) {
        engine.column_values(row, now, values);
        for (std::size_t c = 0; c < count; ++c) {
            columns[c][row] = values[c].value_or(std::numeric_limits<double>::quiet_NaN());
        }
    }
    return columns;
}

score::FeatureTable table_of(const Institution::Engine& engine, std::span<const score::FeatureConfig> features,
                             time::Instant now, const std::optional<std::vector<std::int64_t>>& people) {
    std::vector<std::uint32_t> rows;
    if (people) {
        for (const std::int64_t person : *people) rows.push_back(engine.row(PersonId{person}));
    } else {
        for (std::uint32_t row = 0; row < engine.size(); ++row) rows.push_back(row);
    }
    return engine.feature_table(rows, features, now);
}

void set_column(Institution& institution, const std::string& name, std::span<const std::int64_t> people,
                std::span<const double> values, time::Instant known_at) {
    std::vector<PersonId> ids;
    for (const std::int64_t person : people) ids.emplace_back(person);
    institution.set_column(name, ids, values, known_at);
}
void set_column(Institution::Engine& engine, const std::string& name, std::span<const std::int64_t> people,
                std::span<const double> values, time::Instant known_at) {
    std::vector<std::uint32_t> rows;
    for (const std::int64_t person : people) rows.push_back(engine.row(PersonId{person}));
    engine.set_column(name, rows, values, known_at);
}

/// The questions that an institution and a view both answer.
template <class T>
void add_questions(Class<T>& type) {
    type.def(
            "engagement",
            [](T& self, PersonId person, time::Instant now) {
                return ask(self, [&](Institution&, auto& source) { return owned(source.engagement(person, now)); });
            },
            py::arg("person"), py::arg("now"), engagement_doc)
        .def(
            "reachability",
            [](T& self, PersonId person, time::Instant now) {
                return ask(self, [&](Institution&, auto& source) { return owned(source.reachability(person, now)); });
            },
            py::arg("person"), py::arg("now"),
            "By which channel and at which hours somebody answers, a ReachabilityScore. Raises as engagement.")
        .def(
            "profile",
            [](T& self, PersonId person) {
                return ask(self, [&](Institution& institution, auto& source) {
                    const Naming naming{institution.symbols()};
                    if constexpr (std::is_same_v<T, View>) {
                        return naming(source.person(source.row(person)));
                    } else {
                        return naming(source.profile(person));
                    }
                });
            },
            py::arg("person"), "What is known of one person besides interactions, a Person. Raises NotFound.")
        .def(
            "next",
            [](T& self, PersonId person, time::Instant now) {
                return ask(self, [&](Institution&, auto& source) { return source.next(person, now); });
            },
            py::arg("person"), py::arg("now"),
            "The next dialogue action of one person, with the whole account of why. Raises as engagement.")
        .def(
            "plan",
            [](T& self, time::Instant now, std::map<std::string, double> capacity) {
                const decide::Capacity minutes{std::move(capacity)};
                const Host& host = host_of(self);
                return Plan{ask(self,
                                [&](Institution&, auto& source) {
                                    if constexpr (std::is_same_v<T, View>) {
                                        return source.plan(now, minutes, host.threads());
                                    } else {
                                        return source.plan(now, minutes);
                                    }
                                }),
                            host.playbook()};
            },
            py::arg("now"), py::arg("capacity") = std::map<std::string, double>{}, plan_doc)
        .def(
            "explain",
            [](T& self, PersonId person, const Plan& plan) {
                return ask(self, [&](Institution&, auto& source) { return source.explain(person, plan.plan); });
            },
            py::arg("person"), py::arg("plan"), "The account of one person's place in a plan, a Decision.")
        .def(
            "explain",
            [](T& self, PersonId person, time::Instant now) {
                return ask(self, [&](Institution&, auto& source) { return source.explain(person, now); });
            },
            py::arg("person"), py::arg("now"), explain_now_doc)
        .def(
            "predict",
            [](T& self, PersonId person, const std::string& model, time::Instant now) {
                return ask(self, [&](Institution&, auto& source) { return source.predict(person, model, now); });
            },
            py::arg("person"), py::arg("model"), py::arg("now"), predict_doc)
        .def(
            "column",
            [](T& self, PersonId person, const std::string& name, time::Instant now) {
                return scan(self, [&](const Institution::Engine& engine) { return engine.column(person, name, now); });
            },
            py::arg("person"), py::arg("name"), py::arg("now"),
            "One column of one person, a float, or None where it is unknown. Raises as engagement.")
        .def(
            "person_ids", [](T& self) { return to_array(scan(self, ids_of)); },
            "The ids of everybody, an int64 array, in the order of the other arrays.")
        .def(
            "engagement_fractions",
            [](T& self, time::Instant now) {
                return to_array(
                    scan(self, [&](const Institution::Engine& engine) { return engine.engagement_fractions(now); }));
            },
            py::arg("now"), "Engagement of everybody, a float64 array in [0, 1]; element i is person_ids()[i].")
        .def(
            "columns",
            [](T& self, time::Instant now) {
                std::vector<std::string> names;
                auto columns = scan(self, [&](const Institution::Engine& engine) {
                    names.assign(engine.columns().begin(), engine.columns().end());
                    return columns_of(engine, now);
                });
                py::dict result;
                for (std::size_t c = 0; c < names.size(); ++c) {
                    result[py::str{names[c]}] = to_array(std::move(columns[c]));
                }
                return result;
            },
            py::arg("now"), columns_doc)
        .def(
            "scores",
            [](T& self, time::Instant now) {
                engine::ScoreTable table = ask(self, [&](Institution&, auto& source) {
                    if constexpr (std::is_same_v<T, View>) {
                        return source.scores(now, host_of(self).threads());
                    } else {
                        return source.scores(now);
                    }
                });
                py::dict result;
                for (std::size_t c = 0; c < table.names.size(); ++c) {
                    result[py::str{table.names[c]}] = to_array(std::move(table.columns[c]));
                }
                return result;
            },
            py::arg("now"), scores_doc)
        .def(
            "hour_counts",
            [](T& self) {
                const score::HourCounts counts =
                    scan(self, [](const Institution::Engine& engine) { return engine.hour_counts(); });
                return to_array(std::vector<std::int64_t>(counts.begin(), counts.end()));
            },
            "Own acts of everybody by hour of the week, 0 = Monday 0:00, an int64 array, shape (168).")
        .def(
            "feature_table",
            [](T& self, const std::vector<score::FeatureConfig>& features, time::Instant now,
               const py::object& people) {
                std::optional<std::vector<std::int64_t>> ids;
                if (!people.is_none()) {
                    const Int64Column column = int64_column(people, "people");
                    ids.emplace(column.values.begin(), column.values.end());
                }
                return scan(self, [&](const Institution::Engine& engine) {
                    return std::make_shared<score::FeatureTable>(table_of(engine, features, now, ids));
                });
            },
            py::arg("features"), py::arg("now"), py::arg("people") = py::none(), feature_table_doc)
        .def(
            "set_column",
            [](T& self, const std::string& name, const py::object& people, const py::object& values,
               time::Instant known_at) {
                const Int64Column ids = int64_column(people, "people");
                const Float64Column numbers = float64_column(values, "values");
                if constexpr (std::is_same_v<T, View>) {
                    self.host->exclusive(
                        [&](Institution&) { set_column(self.engine, name, ids.values, numbers.values, known_at); });
                } else {
                    self.exclusive([&](Institution& institution) {
                        set_column(institution, name, ids.values, numbers.values, known_at);
                    });
                }
            },
            py::arg("name"), py::arg("people"), py::arg("values"), py::arg("known_at"), set_column_doc)
        .def(
            "model",
            [](T& self, const std::string& name) {
                return scan(self, [&](const Institution::Engine& engine) {
                    const score::Model* const model = engine.model(name);
                    return model == nullptr ? nullptr : std::make_shared<score::Model>(*model);
                });
            },
            py::arg("name"), "The Model in use, or None where none was learned.")
        .def(
            "model_version",
            [](T& self, const std::string& name) {
                return scan(self, [&](const Institution::Engine& engine) { return engine.model_version(name); });
            },
            py::arg("name"), "Number of the version in use; 0 where none was learned or it is not kept.")
        .def(
            "lifecycle",
            [](T& self, const std::string& name) {
                return scan(self, [&](const Institution::Engine& engine) { return engine.lifecycle(name); });
            },
            py::arg("name"), "The BgNbdParameters or BgBbParameters in use, or None before a fit.")
        .def(
            "state_hash",
            [](T& self) {
                return ask(self, [&](Institution& institution, auto& source) {
                    if constexpr (std::is_same_v<T, View>) {
                        return institution.state_hash(source);
                    } else {
                        return source.state_hash();
                    }
                });
            },
            state_hash_doc);
}

InstitutionOptions options_of(unsigned threads) {
    InstitutionOptions options;
    options.threads = threads;
    return options;
}

std::vector<store::Entry> record(Host& self, const std::vector<Fact>& facts) {
    std::vector<model::Fact> known;
    bool is_complete = true;
    self.shared([&](Institution& institution) {
        for (const Fact& fact : facts) {
            std::optional<model::Fact> found = find_model(fact, institution.symbols());
            is_complete = is_complete && found.has_value();
            if (!is_complete) return;
            known.push_back(std::move(*found));
        }
    });
    if (!is_complete) {
        self.exclusive([&](Institution& institution) {
            known.clear();
            for (const Fact& fact : facts) known.push_back(intern_model(fact, institution.symbols()));
        });
    }
    return self.shared(
        [&](Institution& institution) { return institution.record(std::span<const model::Fact>{known}); });
}

py::object record_any(Host& self, const py::object& facts) {
    if (py::isinstance<Fact>(facts)) return py::cast(record(self, {facts.cast<Fact>()}).front());
    std::vector<Fact> list;
    if (!py::isinstance<py::iterable>(facts)) throw InvalidArgument{"record: facts: a Fact or a list of them expected"};
    for (const py::handle fact : facts) {
        if (!py::isinstance<Fact>(fact)) throw InvalidArgument{"record: facts: a Fact or a list of them expected"};
        list.push_back(fact.cast<Fact>());
    }
    return py::cast(record(self, list));
}

/// Lets Ctrl-C through. Takes Python's lock.
void check_signals() {
    const py::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set{};
}

io::ImportReport import_csv(Host& self, const io::ImportMapping& mapping, const std::filesystem::path& file,
                            time::Instant now, const py::object& on_progress,
                            std::optional<std::filesystem::path> lookup_directory, std::size_t max_issues) {
    io::ImportOptions options{now};
    options.lookup_directory = std::move(lookup_directory);
    options.max_issues = max_issues;
    options.on_progress = [&](const io::ImportProgress& progress) {
        const py::gil_scoped_acquire acquire;
        if (PyErr_CheckSignals() != 0) throw py::error_already_set{};
        if (!on_progress.is_none()) on_progress(comparable(progress));
    };
    return self.exclusive_with_callbacks(
        [&](Institution& institution) { return institution.import_csv(mapping, file, options); });
}

io::ImportReport record_interactions(Host& self, const py::object& person_ids, const py::object& at_ms,
                                     const py::object& channels, const py::object& acts, const py::object& directions,
                                     const std::string& source, const py::object& keys, const py::object& known_at_ms,
                                     const py::object& topics, const py::object& languages, const py::object& purposes,
                                     const py::object& actions, const py::object& teams, const py::object& quantities,
                                     std::size_t max_issues) {
    const Int64Column people = int64_column(person_ids, "person_ids");
    const std::size_t rows = people.values.size();
    const auto numbers = [&](const py::object& object, const char* name) {
        Int64Column column = int64_column(object, name);
        if (column.values.size() != rows) {
            throw InvalidArgument{std::string{name} + ": " + std::to_string(rows) + " elements expected, got " +
                                  std::to_string(column.values.size())};
        }
        return column;
    };
    const Int64Column at = numbers(at_ms, "at_ms");
    const Int64Column known_at = known_at_ms.is_none() ? at : numbers(known_at_ms, "known_at_ms");
    const Int64Column quantity = quantities.is_none() ? Int64Column{} : numbers(quantities, "quantities");
    const KeyColumn key = key_column(keys, "keys");
    if (key.keys.size() != rows) {
        throw InvalidArgument{"keys: " + std::to_string(rows) + " elements expected, got " +
                              std::to_string(key.keys.size())};
    }
    const auto words = [&](const py::object& object, const char* name) {
        return object.is_none() ? WordColumn{} : word_column(object, rows, name);
    };
    const InteractionColumns columns{people.values,
                                     at.values,
                                     known_at.values,
                                     quantity.values,
                                     &key.keys,
                                     source,
                                     words(channels, "channels"),
                                     words(acts, "acts"),
                                     words(directions, "directions"),
                                     words(topics, "topics"),
                                     words(languages, "languages"),
                                     words(purposes, "purposes"),
                                     words(actions, "actions"),
                                     words(teams, "teams")};
    return self.exclusive_with_callbacks([&](Institution& institution) {
        const InteractionRows table{columns, institution.symbols()};
        return record_rows(institution, table, rows, max_issues, [](std::size_t) { check_signals(); });
    });
}

}  // namespace

void bind_institution(py::module_& module) {
    bind_value<LearnedModel>(
        module, "LearnedModel", "A model that was learned and kept.",
        field("name", &LearnedModel::name, "Of the model."),
        field("version", &LearnedModel::version, "In the journal; 1, 2, ... without gaps."),
        field("seq", &LearnedModel::seq, "All facts up to here were learned from."),
        field("examples", &LearnedModel::examples, "Learned from; of an online model those that were new."),
        field("positives", &LearnedModel::positives, "Of these, with outcome 1."));
    Class<View> view{module, "View", view_doc};
    view.def_property_readonly(
        "instant", [](const View& self) { return self.instant; }, "What it knows: facts known by then.");
    add_questions(view);
    view.def("__repr__", [](const View& self) { return "View('" + to_iso(self.instant) + "')"; });

    bind_segment_handle(module);
    bind_typical_person(module);
    Class<Host> type{module, "Institution", institution_doc};
    type.def_static(
            "open",
            [](const std::filesystem::path& path, engine::Playbook playbook, time::Instant now, unsigned threads) {
                const py::gil_scoped_release release;
                return std::make_shared<Host>(Institution::open(path, std::move(playbook), now, options_of(threads)),
                                              threads);
            },
            py::arg("path"), py::arg("playbook"), py::arg("now"), py::arg("threads") = 2, open_doc)
        .def_static(
            "in_memory",
            [](engine::Playbook playbook, time::Instant now, unsigned threads) {
                const py::gil_scoped_release release;
                return std::make_shared<Host>(Institution::in_memory(std::move(playbook), now, options_of(threads)),
                                              threads);
            },
            py::arg("playbook"), py::arg("now"), py::arg("threads") = 2,
            "The same in memory, for tests and small programs: nothing survives the object.")
        .def("close", &Host::close, "Closes the file; afterwards only is_closed answers. In C++: the destructor.")
        .def_property_readonly("is_closed", &Host::is_closed, "True after close.")
        .def("__enter__", [](const py::object& self) { return self; })
        .def(
            "__exit__", [](Host& self, const py::object&, const py::object&, const py::object&) { self.close(); },
            py::arg("exception_type"), py::arg("exception"), py::arg("traceback"))
        .def(
            "person",
            [](Host& self, const std::string& system, const PersonalText& key, time::Instant now) {
                const bool is_known = self.shared(
                    [&](Institution& institution) { return institution.symbols().sources.find(system).has_value(); });
                const auto get = [&](Institution& institution) { return institution.person(system, key.text, now); };
                return is_known ? self.shared(get) : self.exclusive(get);
            },
            py::arg("system"), py::arg("key"), py::arg("now"),
            "The PersonId of an external key, made where there is none. For many keys see Journal.people.")
        .def(
            "find_person",
            [](Host& self, const std::string& system, const PersonalText& key) {
                return self.shared([&](Institution& institution) { return institution.find_person(system, key.text); });
            },
            py::arg("system"), py::arg("key"), "The PersonId of an external key, or None.")
        .def("record", &record_any, py::arg("facts"), record_doc)
        .def("import_csv", &import_csv, py::arg("mapping"), py::arg("file"), py::arg("now"),
             py::arg("on_progress") = py::none(), py::arg("lookup_directory") = py::none(),
             py::arg("max_issues") = 10'000, import_csv_doc)
        .def("record_interactions", &record_interactions, py::arg("person_ids"), py::arg("at_ms"), py::arg("channels"),
             py::arg("acts"), py::arg("directions"), py::arg("source"), py::arg("keys"),
             py::arg("known_at_ms") = py::none(), py::arg("topics") = py::none(), py::arg("languages") = py::none(),
             py::arg("purposes") = py::none(), py::arg("actions") = py::none(), py::arg("teams") = py::none(),
             py::arg("quantities") = py::none(), py::arg("max_issues") = 10'000, record_interactions_doc);
    add_questions(type);
    add_segments(type);
    type.def(
            "as_of",
            [](const std::shared_ptr<Host>& self, time::Instant instant) {
                return self->shared([&](Institution& institution) {
                    return std::make_shared<View>(View{self, institution.as_of(instant), instant});
                });
            },
            py::arg("instant"), as_of_doc)
        .def(
            "examples",
            [](Host& self, const std::string& model, const std::vector<time::Instant>& instants, time::Instant now) {
                return self.exclusive([&](Institution& institution) {
                    return std::make_shared<engine::ExampleSet>(institution.examples(model, instants, now));
                });
            },
            py::arg("model"), py::arg("instants"), py::arg("now"), examples_doc)
        .def(
            "learn",
            [](Host& self, const std::string& model, const std::vector<time::Instant>& instants, time::Instant now) {
                return self.exclusive(
                    [&](Institution& institution) { return institution.learn(model, instants, now); });
            },
            py::arg("model"), py::arg("instants"), py::arg("now"), learn_doc)
        .def(
            "relearns_equally",
            [](Host& self, const std::string& model, std::uint32_t version) {
                return self.exclusive(
                    [&](Institution& institution) { return institution.relearns_equally(model, version); });
            },
            py::arg("model"), py::arg("version"), relearns_doc)
        .def(
            "model_versions",
            [](Host& self) {
                return self.shared([](Institution& institution) { return institution.model_versions(); });
            },
            "Kept versions of all models and lifecycles (as `lifecycle:<name>`), a list of ModelSummary.")
        .def(
            "model_refusal",
            [](Host& self, const std::string& name) {
                return self.shared([&](Institution& institution) { return institution.model_refusal(name); });
            },
            py::arg("name"),
            "Why the newest kept version of a model, or of a lifecycle (as `lifecycle:<name>`), was not put into use\n"
            "at opening: it was learned under another policy; the text names the part that differs. Empty if the\n"
            "newest is in use, or there is none. Learning anew mends it.\n\n"
            ":raises InvalidArgument: if the playbook has no such model.")
        .def(
            "fit_lifecycle",
            [](Host& self, const std::string& name, time::Instant now) {
                return self.exclusive([&](Institution& institution) { return institution.fit_lifecycle(name, now); });
            },
            py::arg("name"), py::arg("now"), fit_lifecycle_doc)
        .def(
            "save_snapshot",
            [](Host& self) { self.exclusive([](Institution& institution) { institution.save_snapshot(); }); },
            "Saves the engine's state, so that the next opening need not fold all facts.")
        .def_property_readonly(
            "snapshot_refusal",
            [](Host& self) {
                return self.shared(
                    [](Institution& institution) { return std::string{institution.snapshot_refusal()}; });
            },
            "Why the snapshot was not used at opening; empty if it was, or if there was none.")
        .def_property_readonly(
            "journal", [](const std::shared_ptr<Host>& self) { return JournalHandle{self}; }, "The Journal.")
        .def_property_readonly(
            "playbook", [](const Host& self) { return *self.playbook(); }, "The Playbook.")
        .def_property_readonly(
            "playbook_hash",
            [](Host& self) {
                return self.shared([](Institution& institution) { return store::Hash{institution.playbook_hash()}; });
            },
            "Hash of the playbook, 32 bytes.")
        .def("__repr__", [](Host& self) {
            if (self.is_closed()) return std::string{"Institution(closed)"};
            return "Institution('" + self.playbook()->name + "')";
        });
}

}  // namespace alloquy::python
