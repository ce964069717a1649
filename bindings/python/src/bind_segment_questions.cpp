#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pybind11/pybind11.h>

#include <alloquy/engine/typical_person.hpp>
#include <alloquy/error.hpp>
#include <alloquy/followed_segments.hpp>
#include <alloquy/institution.hpp>
#include <alloquy/io/segment_json.hpp>
#include <alloquy/nearest_name.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/evaluate.hpp>
#include <alloquy/segment/explanation.hpp>
#include <alloquy/segment/parse.hpp>
#include <alloquy/segment/people_table.hpp>
#include <alloquy/segment/persona.hpp>
#include <alloquy/segment/segments.hpp>
#include <alloquy/segment/text.hpp>
#include <alloquy/store/journal.hpp>

#include "arrays.hpp"
#include "casters.hpp"
#include "host.hpp"
#include "rows.hpp"
#include "segments.hpp"

namespace alloquy::python {

namespace {

constexpr auto segment_doc =
    R"doc(One segment of an institution: of its playbook, or of a condition made up on the spot.

Got from Institution.segment. Keeps its institution; each question is answered afresh.

>>> playbook = alloquy.read_playbook('{"name": "small", "channels": ["email"]}', "small.json")
>>> now = alloquy.Instant.from_iso("2026-03-01T09:00:00Z")
>>> with alloquy.Institution.in_memory(playbook, now) as institution:
...     person = institution.person("crm", "4711", now)
...     entry = institution.record(alloquy.Fact(person, now, now, "crm", "a",
...                                             alloquy.RoleChange(alloquy.RoleKind.student)))
...     students = institution.segment("role student")
...     members = students.members(now)
...     why = students.explain(person, now)
>>> members
array([1])
>>> print(why)
member
[x] role student
smallest change: role student no longer holds
)doc";
constexpr auto make_segment_doc = R"doc(A Segment to ask.

name_or_condition : name of a segment of the playbook; else a condition in the segment language, or a Condition.
parameters : values for the condition's `$names`, a dict from name (without $) to bool, number, str, Day or date.
Raises ParseError if the condition is wrong (line, column and what was expected), and InvalidArgument if a segment that
it names is not there, a parameter is missing or one too many, or parameters come with a name.
)doc";
constexpr auto members_doc = R"doc(Everybody in it, an int64 array of person ids, shape (n), in the order of people.

Contiguous and its own owner: pyarrow.array(...) and pandas take it without a copy.

now : of a segment of the playbook, an instant that has passed (as it is known now) or a later one (as it will be if no
fact comes in); of a condition, not before the latest fact became known.
Raises InvalidArgument if now is too early, or a zone that the condition names is not there. A segment of the playbook
costs a look at everybody's state; a condition is evaluated for everybody, with a scan of the journal where it reaches
further back than the playbook's segments or looks at words.
)doc";
constexpr auto people_fields_doc = R"doc(People with the values of fields: (int64 array of person ids, PeopleTable).

What discover, look_alikes and persona ask for; row i of the table is person i of the array.

fields : names of number fields, or attributes as `attribute:<name>` (true is 1; days and texts are unknown).
people : int64 array of person ids; None for everybody of whom something is known.
Raises NotFound if a person is not there, and InvalidArgument if a field is not there or a text, or now is before the
latest fact became known. Costs a look at each person and field.
)doc";
constexpr auto typical_person_doc = R"doc(A typical profile of some people, a TypicalPerson.

Medians of the fields, and the role and language that more than half have.

people : int64 array of person ids, at least least_people of them: a profile of few is personal data.
fields : as in people_fields.
Raises InvalidArgument for too few people, and as people_fields.
)doc";
constexpr auto list_doc = R"doc(Puts people on a list: `on list "<name>"` holds from now on.

Recorded as facts of a source: the attribute `list:<name>` becomes True.

list : name of the list, not empty.
people : int64 array of person ids.
source, key : where it comes from, and the name of this listing there; the same one enters once.
Raises InvalidArgument if a person is not there or a name is empty.
)doc";
constexpr auto explain_doc = R"doc(Why a person is in it or not, and which single change would turn it.

Returns a MembershipExplanation. Raises NotFound if there is no such person, and InvalidArgument if now is before the
latest fact became known. Costs the condition once for each of its tests.
)doc";
constexpr auto flow_doc = R"doc(How many entered and left in each stretch of time, by what is known now.

edges : list of n + 1 Instant, ascending, n >= 1: stretches are [edges[i], edges[i + 1]). Not after what has passed; see
Institution.advance.
Returns a dict of int64 arrays, shape (n), ready for pandas.DataFrame(...): from_ms and to_ms (ms since
1970-01-01T00:00:00Z), entered, left (turns within) and members (just before the end).
Raises InvalidArgument if there is no such segment in the playbook (only those are followed), or the edges are not
ascending.
)doc";
constexpr auto changes_doc = R"doc(Changes of membership, a dict of NumPy arrays of one length, in the order of number.

Ready for pandas.DataFrame(...) and pyarrow.table(...): number (int64; 1, 2, ...), person (int64 id), segment, version
(int64, of the segment), step ("entered" or "left"), retracted (bool: this step, recorded earlier, did not happen),
at_ms and known_at_ms (int64, ms since 1970-01-01T00:00:00Z; `.view("datetime64[ms]")` for dates), cause ("fact", "time"
or "edit"). Texts are NumPy str arrays. What each means stands with MembershipRecord.
)doc";
constexpr auto after_doc = R"doc(
after : only changes behind this number; 0: from the first on.
most : at most so many; None: all.
)doc";
constexpr auto sizes_doc = R"doc(Size of each segment of the playbook, and how much it shares with each other one.

Returns a dict, in the playbook's order of n segments: name (NumPy str array), members (int64 array, shape (n)) and
shared (list of n int64 arrays, shape (n): shared[i][j] people are in both i and j; np.array(...) makes the matrix).
Costs a look at everybody's state.
)doc";
constexpr auto intersections_doc = R"doc(How many people are in exactly which segments: the rows of an UpSet table.

Returns a dict, the largest row first, then by the playbook's order: segments (list of tuples of str; the empty one is of
people in none) and members (int64 array). Lex et al. 2014, "UpSet: Visualization of Intersecting Sets", IEEE TVCG
20(12).
)doc";
constexpr auto advance_doc = R"doc(Lets time pass: who enters or leaves a segment by then does so at the very instant.

That becomes a record; see membership_changes. Recording a fact does the same up to its known_at. An earlier instant
than that of the last call changes nothing.
)doc";
constexpr auto listener_doc =
    R"doc(Calls a listener with each MembershipRecord from here on, in order, when it is on disk.

listener : a callable; None ends that. One at a time: the new one replaces the old.

It is called at the end of the call of this object that brought the change (record, advance, close, any question that
lets facts be folded), in that call's thread, or in another that is telling already; never twice at the same time. It
may ask the institution. What it raises is raised by that call, whose work is done by then and whose result is lost:
record's facts are on disk. The changes behind it wait for the next call. What came while nobody listened is in
membership_changes; close forgets the listener.
)doc";

constexpr std::size_t all_of_them = std::numeric_limits<std::size_t>::max();

/// A segment of the playbook, or of a condition.
struct Segment {
    std::shared_ptr<Host> host;
    std::optional<std::string> name;
    segment::Condition condition;  // its parameters have values
    std::string text;              // of the condition
};

segment::Value parameter_value(py::handle value, const std::string& name) {
    if (const std::optional<bool> truth = truth_of(value)) return *truth;
    if (py::isinstance<time::Day>(value)) return value.cast<time::Day>();
    if (is_date(value)) return day_of(value);
    if (PyUnicode_Check(value.ptr())) return value.cast<std::string>();
    if (PyNumber_Check(value.ptr()) == 0) {
        throw InvalidArgument{"parameters: $" + name + ": bool, a number, str, Day or date expected"};
    }
    return float64_scalar(py::reinterpret_borrow<py::object>(value), "parameters: $" + name);
}
segment::Parameters parameters_of(const py::object& given) {
    segment::Parameters parameters;
    if (given.is_none()) return parameters;
    if (!py::isinstance<py::dict>(given)) throw InvalidArgument{"parameters: a dict from name to value expected"};
    for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(given)) {
        if (!PyUnicode_Check(key.ptr())) throw InvalidArgument{"parameters: names must be str"};
        const auto name = key.cast<std::string>();
        parameters.insert_or_assign(name, parameter_value(value, name));
    }
    return parameters;
}

/// The text of a condition in the segment language, out of str or Condition.
std::string condition_text(const py::object& given, const char* argument) {
    if (py::isinstance<segment::Condition>(given)) return segment::to_text(given.cast<const segment::Condition&>());
    if (PyUnicode_Check(given.ptr())) return given.cast<std::string>();
    throw InvalidArgument{std::string{argument} + ": str or Condition expected"};
}

std::vector<std::string_view> names_of(const engine::Playbook& playbook) {
    std::vector<std::string_view> names;
    for (const segment::SegmentConfig& config : playbook.segments) names.emplace_back(config.name);
    return names;
}
void expect_segment(const std::string& name, std::span<const std::string_view> known) {
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    throw InvalidArgument{"there is no segment \"" + name + '"' + did_you_mean(name, known)};
}
/// A condition of nobody's playbook, ready to ask.
Segment of_condition(const std::shared_ptr<Host>& host, const std::string& text,
                     const segment::Parameters& parameters) {
    const std::vector<std::string_view> known = names_of(*host->playbook());
    return host->shared([&](Institution& institution) {
        segment::Condition condition = [&] {
            try {
                return segment::parse(text, institution.fields());
            } catch (const ParseError&) {
                if (nearest_name(text, known)) expect_segment(text, known);  // a misspelt name
                throw;
            }
        }();
        for (const std::string& named : segment::segments_named(condition)) expect_segment(named, known);
        condition = segment::with_parameters(condition, parameters);
        std::string canonical = segment::to_text(condition);
        return Segment{host, std::nullopt, std::move(condition), std::move(canonical)};
    });
}
Segment make_segment(const std::shared_ptr<Host>& host, const py::object& name_or_condition,
                     const py::object& parameters) {
    const std::string text = condition_text(name_or_condition, "name_or_condition");
    const segment::Parameters values = parameters_of(parameters);
    const std::vector<segment::SegmentConfig>& configs = host->playbook()->segments;
    const auto config = py::isinstance<segment::Condition>(name_or_condition)
                            ? configs.end()
                            : std::find_if(configs.begin(), configs.end(),
                                           [&](const segment::SegmentConfig& each) { return each.name == text; });
    if (config == configs.end()) return of_condition(host, text, values);
    if (!values.empty()) throw InvalidArgument{"parameters: a segment of the playbook has none"};
    Segment found = of_condition(host, config->condition, {});
    found.name = config->name;
    return found;
}

std::vector<std::int64_t> ids_of(const std::vector<PersonId>& people) {
    std::vector<std::int64_t> ids;
    ids.reserve(people.size());
    for (const PersonId person : people) ids.push_back(person.value());
    return ids;
}
std::vector<PersonId> members_of(const Segment& self, time::Instant now) {
    return self.host->shared([&](Institution& institution) {
        return self.name ? institution.members(*self.name, now) : institution.members_where(self.text, now);
    });
}
std::vector<std::int64_t> member_ids(const Segment& self, time::Instant now) {
    return self.host->shared([&](Institution& institution) {
        return ids_of(self.name ? institution.members(*self.name, now) : institution.members_where(self.text, now));
    });
}

/// Changes of membership, column by column.
class ChangeColumns {
public:
    void add(const store::MembershipRecord& record) {
        numbers_.push_back(static_cast<std::int64_t>(record.number));
        people_.push_back(record.person.value());
        const auto [entry, is_new] = places_.try_emplace(record.segment, static_cast<std::int64_t>(names_.size()));
        if (is_new) names_.push_back(record.segment);
        segments_.push_back(entry->second);
        versions_.push_back(record.version);
        steps_.push_back(static_cast<std::int64_t>(record.step));
        retracted_.push_back(record.retracted ? 1 : 0);
        at_.push_back(record.at.unix_ms());
        known_at_.push_back(record.known_at.unix_ms());
        causes_.push_back(static_cast<std::int64_t>(record.cause));
    }
    [[nodiscard]] std::size_t size() const noexcept { return numbers_.size(); }
    /// Needs Python's lock.
    [[nodiscard]] py::dict take() && {
        py::dict result;
        result["number"] = to_array(std::move(numbers_));
        result["person"] = to_array(std::move(people_));
        result["segment"] = texts_at(names_, std::move(segments_));
        result["version"] = to_array(std::move(versions_));
        result["step"] = texts_at({"entered", "left"}, std::move(steps_));
        result["retracted"] = to_array(std::move(retracted_)).attr("view")("bool");
        result["at_ms"] = to_array(std::move(at_));
        result["known_at_ms"] = to_array(std::move(known_at_));
        result["cause"] = texts_at({"fact", "time", "edit"}, std::move(causes_));
        return result;
    }

private:
    std::vector<std::int64_t> numbers_, people_, segments_, versions_, steps_, at_, known_at_, causes_;
    std::vector<std::uint8_t> retracted_;
    std::vector<std::string> names_;
    std::map<std::string, std::int64_t, std::less<>> places_;
};

/// \param name  Only of this segment; of all without it.
py::dict changes_after(Host& host, std::uint64_t after, std::optional<std::size_t> most,
                       const std::optional<std::string>& name) {
    constexpr std::size_t block = 16'384;  // records of one reading: few in memory, and others get their turn
    ChangeColumns columns;
    const std::size_t wanted = most.value_or(all_of_them);
    while (columns.size() < wanted) {
        const std::size_t ask = name ? block : std::min(block, wanted - columns.size());
        const std::size_t got = host.shared([&](Institution& institution) {
            const std::vector<store::MembershipRecord> records = institution.membership_changes(after, ask);
            for (const store::MembershipRecord& record : records) {
                after = record.number;
                if ((!name || record.segment == *name) && columns.size() < wanted) columns.add(record);
            }
            return records.size();
        });
        if (got < ask) break;
    }
    return std::move(columns).take();
}

py::dict flow_of(Host& host, const std::string& name, const std::vector<time::Instant>& edges) {
    std::vector<std::int64_t> from, to, entered, left, members;
    host.shared([&](Institution& institution) {
        for (const SegmentFlow& stretch : institution.segment_flow(name, edges)) {
            from.push_back(stretch.from.unix_ms());
            to.push_back(stretch.to.unix_ms());
            entered.push_back(static_cast<std::int64_t>(stretch.entered));
            left.push_back(static_cast<std::int64_t>(stretch.left));
            members.push_back(static_cast<std::int64_t>(stretch.members));
        }
    });
    py::dict result;
    result["from_ms"] = to_array(std::move(from));
    result["to_ms"] = to_array(std::move(to));
    result["entered"] = to_array(std::move(entered));
    result["left"] = to_array(std::move(left));
    result["members"] = to_array(std::move(members));
    return result;
}

const std::string& name_of(const Segment& self, const char* question) {
    if (self.name) return *self.name;
    throw InvalidArgument{std::string{question} + ": only segments of the playbook are followed, not a condition"};
}

}  // namespace

namespace {

/// Ids out of an array; none for None.
std::vector<PersonId> people_in(const py::object& people) {
    std::vector<PersonId> whom;
    if (people.is_none()) return whom;
    const Int64Column ids = int64_column(people, "people");
    for (const std::int64_t id : ids.values) whom.emplace_back(id);
    return whom;
}

}  // namespace

void bind_segment_handle(py::module_& module) {
    static const std::string segment_changes_doc =
        std::string{changes_doc} + after_doc + "Raises InvalidArgument for a condition, which is not followed.\n";
    py::class_<Segment>{module, "Segment", segment_doc}
        .def_readonly("name", &Segment::name, "Its name in the playbook; None for a condition.")
        .def_property_readonly(
            "condition", [](const Segment& self) { return self.text; },
            "Its condition as canonical text in the segment language, a str; parameters have their values.")
        .def(
            "to_json", [](const Segment& self) { return io::condition_to_json(self.condition); },
            "Its condition as JSON; see condition_to_json.")
        .def(
            "members", [](const Segment& self, time::Instant now) { return to_array(member_ids(self, now)); },
            py::arg("now"), members_doc)
        .def(
            "size", [](const Segment& self, time::Instant now) { return members_of(self, now).size(); }, py::arg("now"),
            "How many are in it. Raises and costs as members.")
        .def(
            "contains",
            [](const Segment& self, PersonId person, time::Instant now) {
                return self.host->shared([&](Institution& institution) {
                    if (self.name) return institution.is_member(person, *self.name, now);
                    return institution.explain_where(person, self.text, now).is_member;
                });
            },
            py::arg("person"), py::arg("now"),
            "Whether a person is in it. Raises NotFound if there is no such person, and InvalidArgument as members.")
        .def(
            "explain",
            [](const Segment& self, PersonId person, time::Instant now) {
                return self.host->shared([&](Institution& institution) {
                    return self.name ? institution.explain_membership(person, *self.name, now)
                                     : institution.explain_where(person, self.text, now);
                });
            },
            py::arg("person"), py::arg("now"), explain_doc)
        .def(
            "flow",
            [](const Segment& self, const std::vector<time::Instant>& edges) {
                return flow_of(*self.host, name_of(self, "flow"), edges);
            },
            py::arg("edges"), flow_doc)
        .def(
            "changes",
            [](const Segment& self, std::uint64_t after, std::optional<std::size_t> most) {
                return changes_after(*self.host, after, most, name_of(self, "changes"));
            },
            py::arg("after") = 0, py::arg("most") = py::none(), segment_changes_doc.c_str())
        .def("__repr__", [](const Segment& self) {
            return "Segment(" + std::string{py::repr(py::str{self.name.value_or(self.text)})} + ")";
        });
}

void add_segments(py::class_<Host, std::shared_ptr<Host>>& type) {
    static const std::string membership_changes_doc = std::string{changes_doc} + after_doc;
    static const std::string of_person_doc =
        "One person's changes of membership, in their order; none for an unknown person.\n\n" +
        std::string{"A dict of NumPy arrays, with the keys that membership_changes has."};
    type.def(
            "segment",
            [](const std::shared_ptr<Host>& self, const py::object& name_or_condition, const py::object& parameters) {
                return make_segment(self, name_or_condition, parameters);
            },
            py::arg("name_or_condition"), py::arg("parameters") = py::none(), make_segment_doc)
        .def_property_readonly(
            "segments",
            [](const Host& self) {
                std::vector<std::string> names;
                for (const segment::SegmentConfig& config : self.playbook()->segments) names.push_back(config.name);
                return names;
            },
            "Names of the playbook's segments, a list of str in the playbook's order.")
        .def_property_readonly(
            "fields", [](Host& self) { return self.shared([](Institution& each) { return each.fields(); }); },
            "What conditions may read as the segment language names it, a Catalogue; besides these `attribute:<name>`.")
        .def(
            "advance",
            [](Host& self, time::Instant now) { self.shared([&](Institution& each) { each.advance(now); }); },
            py::arg("now"), advance_doc)
        .def(
            "members",
            [](Host& self, const std::string& segment, time::Instant now) {
                return to_array(self.shared([&](Institution& each) { return ids_of(each.members(segment, now)); }));
            },
            py::arg("segment"), py::arg("now"),
            "As Segment.members, of a segment of the playbook by its name. Raises InvalidArgument if there is none.")
        .def(
            "is_member",
            [](Host& self, PersonId person, const std::string& segment, time::Instant now) {
                return self.shared([&](Institution& each) { return each.is_member(person, segment, now); });
            },
            py::arg("person"), py::arg("segment"), py::arg("now"),
            "As Segment.contains. Raises NotFound and InvalidArgument if there is no such person or segment.")
        .def(
            "members_where",
            [](Host& self, const py::object& condition, time::Instant now, const py::object& parameters) {
                const std::string text = condition_text(condition, "condition");
                const segment::Parameters values = parameters_of(parameters);
                return to_array(self.shared(
                    [&](Institution& institution) { return ids_of(institution.members_where(text, now, values)); }));
            },
            py::arg("condition"), py::arg("now"), py::arg("parameters") = py::none(),
            "As Segment.members, of a condition: str in the segment language or a Condition. parameters and what is\n"
            "raised are those of Institution.segment.")
        .def(
            "explain_membership",
            [](Host& self, PersonId person, const std::string& segment, time::Instant now) {
                return self.shared([&](Institution& each) { return each.explain_membership(person, segment, now); });
            },
            py::arg("person"), py::arg("segment"), py::arg("now"),
            "As Segment.explain, of a segment of the playbook by its name. Raises InvalidArgument if there is none.")
        .def(
            "explain_where",
            [](Host& self, PersonId person, const py::object& condition, time::Instant now,
               const py::object& parameters) {
                const std::string text = condition_text(condition, "condition");
                const segment::Parameters values = parameters_of(parameters);
                return self.shared(
                    [&](Institution& institution) { return institution.explain_where(person, text, now, values); });
            },
            py::arg("person"), py::arg("condition"), py::arg("now"), py::arg("parameters") = py::none(),
            "As Segment.explain, of a condition: str in the segment language or a Condition. parameters and what is\n"
            "raised are those of Institution.segment.")
        .def(
            "segment_sizes",
            [](Host& self, time::Instant now) {
                const std::vector<SegmentSize> sizes =
                    self.shared([&](Institution& institution) { return institution.segment_sizes(now); });
                std::vector<std::string> names;
                std::vector<std::int64_t> members, places;
                py::list shared;
                for (const SegmentSize& size : sizes) {
                    places.push_back(static_cast<std::int64_t>(names.size()));
                    names.push_back(size.name);
                    members.push_back(static_cast<std::int64_t>(size.members));
                    shared.append(to_wide_array<std::int64_t>(std::span{size.shared}));
                }
                py::dict result;
                result["name"] = texts_at(names, std::move(places));
                result["members"] = to_array(std::move(members));
                result["shared"] = shared;
                return result;
            },
            py::arg("now"), sizes_doc)
        .def(
            "segment_intersections",
            [](Host& self, time::Instant now) {
                const std::vector<SegmentIntersection> table =
                    self.shared([&](Institution& institution) { return institution.segment_intersections(now); });
                py::list segments;
                std::vector<std::int64_t> members;
                for (const SegmentIntersection& row : table) {
                    py::tuple names{row.segments.size()};
                    for (std::size_t i = 0; i < row.segments.size(); ++i) names[i] = py::str{row.segments[i]};
                    segments.append(names);
                    members.push_back(static_cast<std::int64_t>(row.members));
                }
                py::dict result;
                result["segments"] = segments;
                result["members"] = to_array(std::move(members));
                return result;
            },
            py::arg("now"), intersections_doc)
        .def(
            "segment_flow",
            [](Host& self, const std::string& segment, const std::vector<time::Instant>& edges) {
                return flow_of(self, segment, edges);
            },
            py::arg("segment"), py::arg("edges"), flow_doc)
        .def(
            "membership_changes",
            [](Host& self, std::uint64_t after, std::optional<std::size_t> most) {
                return changes_after(self, after, most, std::nullopt);
            },
            py::arg("after") = 0, py::arg("most") = py::none(), membership_changes_doc.c_str())
        .def(
            "membership_changes_of",
            [](Host& self, PersonId person) {
                ChangeColumns columns;
                self.shared([&](Institution& institution) {
                    for (const store::MembershipRecord& record : institution.membership_changes_of(person)) {
                        columns.add(record);
                    }
                });
                return std::move(columns).take();
            },
            py::arg("person"), of_person_doc.c_str())
        .def("on_membership_change", &Host::on_membership_change, py::arg("listener"), listener_doc)
        .def(
            "people_fields",
            [](Host& self, const std::vector<std::string>& fields, time::Instant now, const py::object& people) {
                const std::vector<PersonId> whom = people_in(people);
                Institution::PeopleFields found =
                    self.shared([&](Institution& institution) { return institution.people_fields(fields, now, whom); });
                return py::make_tuple(to_array(ids_of(found.people)),
                                      std::make_shared<segment::PeopleTable>(std::move(found.table)));
            },
            py::arg("fields"), py::arg("now"), py::arg("people") = py::none(), people_fields_doc)
        .def(
            "typical_person",
            [](Host& self, const py::object& people, const std::vector<std::string>& fields, time::Instant now,
               std::size_t least_people) {
                const std::vector<PersonId> whom = people_in(people);
                return self.shared([&](Institution& institution) {
                    return institution.typical_person(whom, fields, now, {least_people});
                });
            },
            py::arg("people"), py::arg("fields"), py::arg("now"),
            py::arg("least_people") = segment::PersonaOptions{}.least_people, typical_person_doc)
        .def(
            "segments_of",
            [](Host& self, const engine::TypicalPerson& typical, time::Instant now) {
                return self.shared([&](Institution& institution) { return institution.segments_of(typical, now); });
            },
            py::arg("typical"), py::arg("now"),
            "The segments that a TypicalPerson would be in, a list of names in the playbook's order.")
        .def(
            "next_for_typical",
            [](Host& self, const engine::TypicalPerson& typical, time::Instant now) {
                return self.shared([&](Institution& institution) { return institution.next(typical, now); });
            },
            py::arg("typical"), py::arg("now"),
            "The next dialogue action for a TypicalPerson, a Decision with the whole account: as if somebody had its\n"
            "numbers, role and language, a known zone, no contacts, and had said nothing about consent.")
        .def(
            "add_to_list",
            [](Host& self, const std::string& list, const py::object& people, const std::string& source,
               const std::string& key, time::Instant now) {
                const std::vector<PersonId> whom = people_in(people);
                self.exclusive(
                    [&](Institution& institution) { institution.add_to_list(list, whom, source, key, now); });
            },
            py::arg("list"), py::arg("people"), py::arg("source"), py::arg("key"), py::arg("now"), list_doc)
        .def(
            "remove_from_list",
            [](Host& self, const std::string& list, const py::object& people, const std::string& source,
               const std::string& key, time::Instant now) {
                const std::vector<PersonId> whom = people_in(people);
                self.exclusive(
                    [&](Institution& institution) { institution.remove_from_list(list, whom, source, key, now); });
            },
            py::arg("list"), py::arg("people"), py::arg("source"), py::arg("key"), py::arg("now"),
            "Takes people off a list. As add_to_list.");
}

void bind_typical_person(py::module_& module) {
    py::class_<engine::TypicalPerson>{
        module, "TypicalPerson",
        "What is typical of a group, and of no real person: from Institution.typical_person. It can be asked what a\n"
        "real person is asked."}
        .def_property_readonly(
            "profile", [](const engine::TypicalPerson& self) { return self.profile; },
            "Numbers field by field, a Persona.")
        .def_property_readonly(
            "role", [](const engine::TypicalPerson& self) { return self.role; },
            "The kind of the primary role that more than half have, or None.")
        .def_property_readonly(
            "language", [](const engine::TypicalPerson& self) { return self.language; },
            "The language that more than half have; empty where there is none.");
}

}  // namespace alloquy::python
