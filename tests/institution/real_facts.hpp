#pragma once

/// \file
/// Real facts for tests of the facade: OULAD rows cut to a size, read through the mappings of the examples.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <alloquy/institution.hpp>
#include <alloquy/io/byte_source.hpp>
#include <alloquy/io/import.hpp>
#include <alloquy/io/playbook.hpp>

namespace support {

/// A folder that goes away with the object.
class TemporaryFolder {
public:
    explicit TemporaryFolder(const std::string& name) {
        std::random_device device;  // the name alone is random; nothing that is tested depends on it
        path_ = std::filesystem::temp_directory_path() / ("alloquy_" + name + "_" + std::to_string(device()));
        std::filesystem::create_directories(path_);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

[[nodiscard]] inline std::filesystem::path source_folder() {
    const char* const folder = std::getenv("ALLOQUY_SOURCE");
    return folder == nullptr ? std::filesystem::path{"."} : std::filesystem::path{folder};
}
[[nodiscard]] inline std::optional<std::filesystem::path> oulad_folder() {
    const char* const data = std::getenv("ALLOQUY_DATA");
    const std::filesystem::path folder =
        (data == nullptr ? source_folder() / "../shared/data" : std::filesystem::path{data}) / "oulad";
    return std::filesystem::exists(folder / "studentInfo.csv.gz") ? std::optional{folder} : std::nullopt;
}

/// Copies the header and the first `rows` rows of a file without line breaks in fields.
inline void cut(const std::filesystem::path& from, const std::filesystem::path& to, std::size_t rows) {
    const auto source = alloquy::io::open_file(from);
    std::ofstream out{to, std::ios::binary};
    std::vector<char> buffer(1U << 16U);
    for (std::size_t lines = 0; lines <= rows;) {
        const std::size_t count = source->read(buffer);
        if (count == 0) break;
        for (std::size_t i = 0; i < count && lines <= rows; ++i) {
            out.put(buffer[i]);
            if (buffer[i] == '\n') ++lines;
        }
    }
}

/// What one OULAD table is called.
struct Table {
    const char* mapping;
    const char* file;
    std::size_t rows;  ///< That are read here.
};

/// The head of the OULAD files: nearly all of one presentation.
[[nodiscard]] inline std::vector<Table> oulad_head(std::size_t clicks) {
    return {{"student_info", "studentInfo.csv.gz", 383},
            {"student_registration", "studentRegistration.csv.gz", 383},
            {"student_assessment", "studentAssessment.csv.gz", 1500},
            {"student_vle", "studentVle-first-1048575-rows.txt.gz", clicks}};
}

[[nodiscard]] inline alloquy::time::Instant after_oulad() {
    return alloquy::time::utc_start(alloquy::time::Day::from_ymd(2015, 1, 1));
}

inline void import_head(alloquy::Institution& university, const std::filesystem::path& oulad,
                        const std::filesystem::path& work, std::size_t clicks) {
    for (const Table& table : oulad_head(clicks)) {
        const std::filesystem::path file = work / (std::string{table.mapping} + ".csv");
        cut(oulad / table.file, file, table.rows);
        alloquy::io::ImportOptions options{after_oulad()};
        options.lookup_directory = oulad;
        const auto mapping = alloquy::io::read_mapping_file(source_folder() / "examples/mappings/oulad" /
                                                            (std::string{table.mapping} + ".json"));
        (void)university.import_csv(mapping, file, options);
    }
}

[[nodiscard]] inline alloquy::engine::Playbook oulad_playbook() {
    return alloquy::io::read_playbook_file(source_folder() / "examples/playbooks/oulad.json");
}

/// A fact together with the outside key of its person, free of the numbers of one journal.
struct PortableFact {
    std::string person_key;
    alloquy::model::Fact fact;
};

/// A fact of one institution in the words and people of another.
[[nodiscard]] inline alloquy::model::Fact translate(const alloquy::model::Fact& fact, alloquy::PersonId person,
                                                    const alloquy::model::Symbols& from, alloquy::model::Symbols& to) {
    using namespace alloquy::model;
    const auto word = [](const auto& source, auto& target, auto symbol) { return target.intern(source.text(symbol)); };
    const auto maybe = [&](const auto& source, auto& target, auto& symbol) {
        if (symbol) symbol = word(source, target, *symbol);
    };
    Fact result = fact;
    result.person = person;
    result.source = word(from.sources, to.sources, fact.source);
    if (auto* interaction = std::get_if<Interaction>(&result.content)) {
        interaction->channel = word(from.channels, to.channels, interaction->channel);
        maybe(from.topics, to.topics, interaction->topic);
        maybe(from.languages, to.languages, interaction->language);
        maybe(from.teams, to.teams, interaction->team);
        maybe(from.purposes, to.purposes, interaction->purpose);
        maybe(from.actions, to.actions, interaction->action);
    } else if (auto* role = std::get_if<RoleChange>(&result.content)) {
        maybe(from.programmes, to.programmes, role->programme);
        maybe(from.sites, to.sites, role->site);
    } else if (auto* statement = std::get_if<AttributeStatement>(&result.content)) {
        for (Attribute& attribute : statement->attributes) {
            attribute.name = word(from.attributes, to.attributes, attribute.name);
        }
    } else if (auto* enrolment = std::get_if<EnrolmentChange>(&result.content)) {
        enrolment->programme = word(from.programmes, to.programmes, enrolment->programme);
    } else if (auto* mark = std::get_if<Result>(&result.content)) {
        mark->assessment = word(from.assessments, to.assessments, mark->assessment);
    } else if (auto* obligation = std::get_if<ObligationChange>(&result.content)) {
        obligation->kind = word(from.obligations, to.obligations, obligation->kind);
    } else {
        throw alloquy::InvalidArgument{"translate: OULAD has no facts of this kind"};
    }
    return result;
}

}  // namespace support
