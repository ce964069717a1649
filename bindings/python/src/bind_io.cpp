#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pybind11/pybind11.h>

#include <alloquy/io/holiday_files.hpp>
#include <alloquy/io/import.hpp>
#include <alloquy/io/playbook.hpp>
#include <alloquy/io/zone_files.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "reports.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

constexpr auto read_playbook_doc = R"doc(Reads a playbook from JSON.

name : what error texts call it. Raises ParseError with every problem found, each with line, JSON pointer and what was
expected.

>>> alloquy.read_playbook('{"name": "small", "channels": ["email"]}', "small.json").name
'small'
)doc";
constexpr auto read_mapping_doc = R"doc(Reads a mapping: what the columns of one kind of CSV file mean.

name : what error texts call it. Raises ParseError with every problem found.
)doc";
constexpr auto parse_holidays_doc = R"doc(Reads holidays from text in the CSV form of the OpenHolidays project.

Bad rows are in the issues of the result. Raises ParseError if the header is not as it must be.
)doc";
constexpr auto report_doc = R"doc(What became of a file, or of columns.

people : int64 array, ascending: whom the facts of accepted rows are about, new facts or not.
)doc";

struct HolidayFile {
    std::string country;
    std::vector<time::Holiday> holidays;
    std::vector<RowIssue> issues;
    friend bool operator==(const HolidayFile&, const HolidayFile&) = default;
};
HolidayFile comparable(io::HolidayFile file) {
    return {std::move(file.country), std::move(file.holidays), std::move(file.issues)};
}

void bind_report(py::module_& module) {
    using io::ImportReport;
    bind_value<Progress>(module, "Progress", "How far a file has been read.",
                         field("consumed_bytes", &Progress::consumed_bytes, "Bytes taken out of the file so far."),
                         field("total_bytes", &Progress::total_bytes, "Size of the file; None where unknown."));
    bind_value<ImportProgress>(module, "ImportProgress", "How far an import is.",
                               field("bytes", &ImportProgress::bytes, "Of the file as it lies on disk."),
                               field("rows", &ImportProgress::rows, "Rows read so far, refused ones included."));
    const auto number = [](py::class_<ImportReport>& type, const char* name, std::uint64_t ImportReport::*member,
                           const char* doc) { type.def_readonly(name, member, doc); };
    py::class_<ImportReport> type{module, "ImportReport", report_doc};
    number(type, "rows_read", &ImportReport::rows_read, "Data rows, refused ones included.");
    number(type, "rows_refused", &ImportReport::rows_refused, "Rows of which nothing went in.");
    number(type, "facts_entered", &ImportReport::facts_entered, "In the journal now and not before.");
    number(type, "facts_already_there", &ImportReport::facts_already_there, "The same fact was there.");
    number(type, "facts_in_conflict", &ImportReport::facts_in_conflict,
           "Another fact has the person, source and key; it stays.");
    number(type, "organisations_entered", &ImportReport::organisations_entered, "Not in the journal before.");
    number(type, "organisations_already_there", &ImportReport::organisations_already_there, "In it before.");
    number(type, "issue_count", &ImportReport::issue_count, "Issues found, kept or not.");
    type.def_property_readonly(
            "issues", [](const ImportReport& self) { return to_python(self.issues); },
            "Tuple of RowIssue by line; the first max_issues that were found.")
        .def_property_readonly(
            "people",
            [](const ImportReport& self) {
                std::vector<std::int64_t> ids;
                ids.reserve(self.people.size());
                for (const PersonId id : self.people) ids.push_back(id.value());
                return to_array(std::move(ids));
            },
            "int64 array of person ids, ascending.")
        .def(
            "__eq__", [](const ImportReport& self, const ImportReport& other) { return self == other; },
            py::arg("other"), py::is_operator())
        .def("__hash__",
             [](const ImportReport& self) {
                 return py::hash(py::make_tuple(self.rows_read, self.facts_entered, self.issue_count));
             })
        .def("__repr__", [](const ImportReport& self) {
            return "ImportReport(rows_read=" + std::to_string(self.rows_read) +
                   ", rows_refused=" + std::to_string(self.rows_refused) +
                   ", facts_entered=" + std::to_string(self.facts_entered) +
                   ", facts_already_there=" + std::to_string(self.facts_already_there) +
                   ", facts_in_conflict=" + std::to_string(self.facts_in_conflict) +
                   ", issue_count=" + std::to_string(self.issue_count) + ")";
        });
}

}  // namespace

void bind_io(py::module_& module) {
    const py::call_guard<py::gil_scoped_release> without_gil;
    module.def("read_playbook", &io::read_playbook, py::arg("json_text"), py::arg("name"), read_playbook_doc,
               without_gil);
    module.def("read_playbook_file", &io::read_playbook_file, py::arg("path"),
               "The same from a file, plain or gzip. Raises NotFound if there is no such file.", without_gil);
    module.def("write_playbook", &io::write_playbook, py::arg("playbook"),
               "The JSON document of a playbook, indented, every value written out.", without_gil);
    py::class_<io::ImportMapping>{module, "ImportMapping", "What the columns of one kind of file mean."}
        .def_property_readonly("source", &io::ImportMapping::source, "The source that its facts carry.")
        .def_property_readonly("name", &io::ImportMapping::name, "What error texts call it.")
        .def("__repr__", [](const io::ImportMapping& self) { return "ImportMapping('" + self.name() + "')"; });
    module.def("read_mapping", &io::read_mapping, py::arg("json_text"), py::arg("name"), read_mapping_doc, without_gil);
    module.def("read_mapping_file", &io::read_mapping_file, py::arg("path"),
               "The same from a file, plain or gzip. Raises NotFound if there is no such file.", without_gil);
    bind_report(module);
    module.def("read_zone", &io::read_zone, py::arg("name"), py::arg("directory") = "/usr/share/zoneinfo",
               "Reads one IANA time zone, such as \"Europe/Amsterdam\". Raises NotFound if there is none.",
               without_gil);
    module.def("find_zone", &io::find_zone, py::arg("name"), py::arg("directory") = "/usr/share/zoneinfo",
               "The same for a name that may be wrong: None where there is no such zone.", without_gil);
    bind_value<HolidayFile>(module, "HolidayFile", "What a file of holidays holds.",
                            field("country", &HolidayFile::country, "ISO 3166-1 alpha-2, of all rows."),
                            field("holidays", &HolidayFile::holidays, "The good rows, in the order of the file."),
                            field("issues", &HolidayFile::issues, "The bad rows."));
    module.def(
        "parse_holidays", [](std::string_view text) { return comparable(io::parse_holidays(text)); }, py::arg("text"),
        parse_holidays_doc, without_gil);
    module.def(
        "read_holidays", [](const std::filesystem::path& path) { return comparable(io::read_holidays(path)); },
        py::arg("path"), "The same from a file. Raises NotFound if there is no such file.", without_gil);
}

}  // namespace alloquy::python
