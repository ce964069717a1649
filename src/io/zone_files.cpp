#include <alloquy/io/zone_files.hpp>

#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <ios>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/time/zone.hpp>

namespace alloquy::io {

namespace {

/// Real files have a few kB; the bound keeps a wrong path from filling the memory.
constexpr std::size_t max_bytes = 1U << 20U;
constexpr std::size_t max_name_length = 255;

[[nodiscard]] bool is_zone_name(std::string_view name) {
    if (name.empty() || name.size() > max_name_length) return false;
    bool at_start = true;  // of a part between slashes
    for (const char c : name) {
        const bool is_alphanumeric = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (c == '/') {
            if (at_start) return false;
            at_start = true;
        } else if (is_alphanumeric || (!at_start && (c == '_' || c == '-' || c == '+'))) {
            at_start = false;
        } else {
            return false;
        }
    }
    return !at_start;
}

/// Text that may hold anything, made safe for one line of an error message.
[[nodiscard]] std::string printable(std::string_view text) {
    std::string result;
    for (const char c : text.substr(0, max_name_length)) result += c >= ' ' && c <= '~' ? c : '?';
    return result;
}

}  // namespace

time::Zone read_zone(std::string_view name, const std::filesystem::path& directory) {
    if (!is_zone_name(name)) {
        throw InvalidArgument{"read_zone: \"" + printable(name) +
                              "\" is not the name of a time zone: expected parts of letters, digits, '_', '-' and "
                              "'+', joined by '/'"};
    }
    const std::filesystem::path path = directory / std::filesystem::path{name};
    std::error_code status_error;
    if (!std::filesystem::is_regular_file(path, status_error)) {
        throw NotFound{"read_zone: no time zone \"" + std::string{name} + "\" in " + directory.string() +
                       "; the zones are in the package tzdata (and old names in tzdata-legacy)"};
    }
    std::ifstream file{path, std::ios::binary};
    if (!file) throw Error{"read_zone: cannot open " + path.string()};
    std::vector<char> bytes(max_bytes + 1);
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (file.bad()) throw Error{"read_zone: cannot read " + path.string()};
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    if (bytes.size() > max_bytes) {
        throw ParseError{"time zone " + std::string{name} + ": not a valid TZif file",
                         {{0, "", "the file is larger than 1 MiB"}}};
    }
    return time::Zone::from_tzif(std::string{name}, std::as_bytes(std::span{bytes}));
}

std::optional<time::Zone> find_zone(std::string_view name, const std::filesystem::path& directory) {
    std::error_code status_error;
    if (!std::filesystem::is_directory(directory, status_error)) {
        throw NotFound{"find_zone: no time zones in " + directory.string() + "; they are in the package tzdata"};
    }
    // Files that stand beside the zones but depend on the machine or mean "not set".
    if (name == "localtime" || name == "posixrules" || name == "Factory") return std::nullopt;
    if (!is_zone_name(name)) return std::nullopt;
    const std::filesystem::path path = directory / std::filesystem::path{name};
    if (!std::filesystem::is_regular_file(path, status_error)) return std::nullopt;
    // Tables such as "leapseconds" lie in the same folder: what does not begin as a zone is none.
    std::array<char, 4> magic{};
    std::ifstream{path, std::ios::binary}.read(magic.data(), magic.size());
    if (std::string_view{magic.data(), magic.size()} != "TZif") return std::nullopt;
    return read_zone(name, directory);
}

}  // namespace alloquy::io
