#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pybind11/pybind11.h>

#include <alloquy/model/organisation.hpp>
#include <alloquy/store/hash.hpp>
#include <alloquy/store/journal.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "host.hpp"
#include "named.hpp"
#include "value.hpp"
#include "words.hpp"

namespace alloquy::python {

namespace {

constexpr auto journal_doc = R"doc(All facts of one institution in one SQLite file. Got from Institution.journal.)doc";
constexpr auto people_doc = R"doc(The people of many external keys of one system, made on first mention, in one commit.

keys : list or array of str, or an int64 array.
Returns an int64 array, shape (n): element i is the id of the person with keys[i].
)doc";
constexpr auto verify_doc = R"doc(Recomputes each commitment, the chain and the bounds of its blocks.

Of facts and of changes of membership. Returns a list of AuditIssue; empty where nothing is wrong. About 2 microseconds
a fact or change.
)doc";
constexpr auto chain_head_doc = R"doc(Hash of the last block, 32 bytes; all zero for an empty journal.

Whoever keeps it elsewhere can tell later that nothing up to here was changed.
)doc";

struct ExternalKey {
    std::string system;
    std::string key;
    friend bool operator==(const ExternalKey&, const ExternalKey&) = default;
};

void bind_journal(py::module_& module) {
    const auto journal = [](const JournalHandle& self, const auto& question) {
        return self.host->shared([&](Institution& institution) { return question(institution.journal()); });
    };
    py::class_<JournalHandle>{module, "Journal", journal_doc}
        .def_property_readonly(
            "last_seq",
            [=](const JournalHandle& self) {
                return journal(self, [](const store::Journal& j) { return j.last_seq(); });
            },
            "Number of the last fact on disk; 0 where there is none.")
        .def_property_readonly(
            "fact_count",
            [=](const JournalHandle& self) {
                return journal(self, [](const store::Journal& j) { return j.fact_count(); });
            },
            "Facts on disk, erased ones not counted.")
        .def_property_readonly(
            "person_count",
            [=](const JournalHandle& self) {
                return journal(self, [](const store::Journal& j) { return j.person_count(); });
            },
            "How many people there are; their ids are 1 to person_count.")
        .def(
            "people",
            [](const JournalHandle& self, const std::string& system, const py::object& keys, time::Instant now) {
                const KeyColumn column = key_column(keys, "keys");
                return to_array(self.host->exclusive([&](Institution& institution) {
                    std::vector<std::int64_t> ids;
                    ids.reserve(column.keys.size());
                    for (const PersonId id : institution.people(system, column.keys, now)) {
                        ids.push_back(id.value());
                    }
                    return ids;
                }));
            },
            py::arg("system"), py::arg("keys"), py::arg("now"), people_doc)
        .def(
            "link_key",
            [](const JournalHandle& self, PersonId person, const std::string& system, const PersonalText& key) {
                self.host->exclusive([&](Institution& institution) { institution.link_key(person, system, key.text); });
            },
            py::arg("person"), py::arg("system"), py::arg("key"), "Gives a person one more external key.")
        .def(
            "keys_of",
            [](const JournalHandle& self, PersonId person) {
                return self.host->shared([&](Institution& institution) {
                    std::vector<ExternalKey> result;
                    for (store::ExternalKey& key : institution.journal().keys_of(person)) {
                        result.push_back({institution.symbols().sources.text(key.system), std::move(key.key)});
                    }
                    return result;
                });
            },
            py::arg("person"), "All external keys of a person, by (system, key). Personal.")
        .def(
            "organisation",
            [](const JournalHandle& self, const std::string& system, const std::string& key,
               model::OrganisationKind kind, const std::string& name) {
                return self.host->exclusive(
                    [&](Institution& institution) { return institution.organisation(system, key, kind, name); });
            },
            py::arg("system"), py::arg("key"), py::arg("kind"), py::arg("name"),
            "The OrganisationId of an external key, made on first mention; kind and name of the first mention stay.")
        .def(
            "organisation",
            [=](const JournalHandle& self, OrganisationId id) {
                return journal(self, [&](const store::Journal& j) { return j.organisation(id); });
            },
            py::arg("id"), "The Organisation, or None.")
        .def(
            "find_organisation",
            [](const JournalHandle& self, const std::string& system, const std::string& key) {
                return self.host->shared([&](Institution& institution) -> std::optional<OrganisationId> {
                    const auto source = institution.symbols().sources.find(system);
                    if (!source) return std::nullopt;
                    return institution.journal().find_organisation(*source, key);
                });
            },
            py::arg("system"), py::arg("key"), "The OrganisationId of an external key, or None.")
        .def(
            "facts_of",
            [](const JournalHandle& self, PersonId person) {
                return self.host->shared([&](Institution& institution) {
                    const Naming naming{institution.symbols()};
                    std::vector<Fact> facts;
                    for (const model::Fact& fact : institution.journal().facts_of(person)) {
                        facts.push_back(naming(fact));
                    }
                    return facts;
                });
            },
            py::arg("person"), "All facts about a person, by (at, source, key); empty for an unknown person.")
        .def(
            "segment_versions",
            [=](const JournalHandle& self) {
                return journal(self, [](const store::Journal& j) { return j.segment_versions(); });
            },
            "All versions of all segments, a list of SegmentVersion by (name, version).")
        .def(
            "verify",
            [=](const JournalHandle& self) {
                return journal(self, [](const store::Journal& j) { return j.verify(); });
            },
            verify_doc)
        .def(
            "integrity_check",
            [=](const JournalHandle& self) {
                return journal(self, [](const store::Journal& j) { return j.integrity_check(); });
            },
            "SQLite's own check of the file's structure: a list of str, empty where all is well.")
        .def(
            "chain_head",
            [=](const JournalHandle& self) {
                return journal(self, [](const store::Journal& j) { return j.chain_head(); });
            },
            chain_head_doc)
        .def(
            "checkpoint",
            [](const JournalHandle& self) {
                self.host->shared([](Institution& institution) { institution.checkpoint(); });
            },
            "Moves all that is in the write-ahead log into the file and empties the log.")
        .def(
            "backup",
            [=](const JournalHandle& self, const std::filesystem::path& path) {
                journal(self, [&](const store::Journal& j) { j.backup(path); });
            },
            py::arg("path"), "Copies the journal, as of now, into a new file. Raises StoreError if there is one.");
}

}  // namespace

void bind_store(py::module_& module) {
    py::enum_<store::Entry>{module, "Entry", "What became of a fact that was given to a journal."}
        .value("entered", store::Entry::entered, "It is on disk now and was not before.")
        .value("already_there", store::Entry::already_there, "The same fact was there; nothing changed.")
        .value("conflict", store::Entry::conflict, "Another fact has its person, source and key; nothing changed.");
    bind_value<store::AuditIssue>(module, "AuditIssue", "Something that an audit found.",
                                  field("seq", &store::AuditIssue::seq,
                                        "The fact, or the first fact of the block; 0 where it is about segments."),
                                  field("message", &store::AuditIssue::message, "What is wrong; no personal data."));
    using store::ModelSummary;
    bind_value<ModelSummary>(
        module, "ModelSummary", "One version of a learned model, without its bytes. Later facts never change it.",
        field("name", &ModelSummary::name, "Of the model; `lifecycle:<name>` of a lifecycle."),
        field("version", &ModelSummary::version, "1, 2, ... of this name, without gaps."),
        field("seq", &ModelSummary::seq, "All facts up to here were learned from."),
        field("made_at", &ModelSummary::made_at, "When."),
        field("playbook", &ModelSummary::playbook, "Hash of the playbook under which it was learned, 32 bytes."),
        field("hash", &ModelSummary::hash, "Of its bytes, 32 bytes; equal models have equal hashes."));
    bind_value<ExternalKey>(module, "ExternalKey", "One name of a person in one system. Personal.",
                            field("system", &ExternalKey::system, "Name of the system."),
                            field("key", &ExternalKey::key, "The key. Personal.").hidden());
    bind_journal(module);
}

}  // namespace alloquy::python
