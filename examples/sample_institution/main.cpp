// EXAMPLE sample_institution: a made-up Dutch college as CSV files, so that no example or test needs outside data.
// SHOWS   the files' layout; see README.md beside this file    BEFORE  all other examples
// NEEDS   a folder to write into                               PRINTS  rows per file
#include <charconv>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "generator.hpp"

namespace {

constexpr const char* usage =
    "usage: sample_institution OUT_DIR [--people 5000] [--years 2] [--seed 1] [--end 2026-09-01]\n";

template <class Integer>
std::optional<Integer> to_number(std::string_view text) {
    Integer value{};
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return value;
}

template <class Value>
bool assign(Value& target, const std::optional<Value>& value) {
    if (value) target = *value;
    return value.has_value();
}

/// Reads the value of one option into `options`; false if the name or the value is not one.
bool read_option(sample::Options& options, std::string_view name, std::string_view value) {
    if (name == "--people") return assign(options.people, to_number<std::uint32_t>(value));
    if (name == "--years") return assign(options.years, to_number<int>(value));
    if (name == "--seed") return assign(options.seed, to_number<std::uint64_t>(value));
    if (name == "--end") return assign(options.end_exclusive, alloquy::time::Day::from_iso(value));
    return false;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc < 2 || argc % 2 != 0 || std::string_view{argv[1]}.substr(0, 2) == "--") {
            std::fputs(usage, stderr);
            return EXIT_FAILURE;
        }
        sample::Options options;
        for (int i = 2; i < argc; i += 2) {
            if (!read_option(options, argv[i], argv[i + 1])) {
                std::fprintf(stderr, "error: cannot read %s %s\n%s", argv[i], argv[i + 1], usage);
                return EXIT_FAILURE;
            }
        }
        const sample::Counts counts = sample::generate(options, argv[1]);
        std::printf("%-18s %9s %8s %7s %7s\n", "file", "rows", "doubles", "broken", "late");
        for (std::size_t i = 0; i < counts.size(); ++i) {
            std::printf("%-18s %9" PRIu64 " %8" PRIu64 " %7" PRIu64 " %7" PRIu64 "\n",
                        std::string{sample::file_names[i]}.c_str(), counts[i].rows, counts[i].doubles, counts[i].broken,
                        counts[i].late);
        }
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
