#pragma once

/// \file
/// What the larger examples share: arguments, a progress bar, tables. No part of the library.

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/io/import.hpp>

namespace examples {

/// Arguments of the form `--name value`.
class Arguments {
public:
    Arguments(int count, char** values, std::vector<std::string> known) {
        for (int i = 1; i < count; i += 2) {
            const std::string name = values[i];
            if (std::find(known.begin(), known.end(), name) == known.end() || i + 1 == count) {
                std::string usage = "unknown argument or missing value: " + name + "; known:";
                for (const std::string& each : known) usage += " " + each;
                throw alloquy::InvalidArgument{usage};
            }
            values_[name] = values[i + 1];
        }
    }
    [[nodiscard]] std::string text(const std::string& name, const std::string& otherwise) const {
        const auto found = values_.find(name);
        return found == values_.end() ? otherwise : found->second;
    }
    [[nodiscard]] int number(const std::string& name, int otherwise) const {
        const auto found = values_.find(name);
        if (found == values_.end()) return otherwise;
        try {
            std::size_t used = 0;
            const int value = std::stoi(found->second, &used);
            if (used == found->second.size()) return value;
        } catch (const std::logic_error&) {  // not a number, or too large a one: said below
        }
        throw alloquy::InvalidArgument{name + " takes a whole number, got '" + found->second + "'"};
    }

private:
    std::map<std::string, std::string> values_;
};

/// A bar on standard error, where that is a terminal; silent elsewhere.
class ProgressBar {
public:
    explicit ProgressBar(std::string label) : label_{std::move(label)}, shown_{isatty(STDERR_FILENO) != 0} {}
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ~ProgressBar() {
        if (shown_) std::fprintf(stderr, "\r\033[K");
    }
    void show(const alloquy::io::ImportProgress& progress) const {
        if (!shown_) return;
        constexpr int width = 40;
        const std::uint64_t total = progress.bytes.total_bytes.value_or(0);
        const int done = total == 0 ? 0 : static_cast<int>(progress.bytes.consumed_bytes * width / total);
        std::fprintf(stderr, "\r%-24s [%s%s] %llu rows", label_.c_str(),
                     std::string(static_cast<std::size_t>(done), '#').c_str(),
                     std::string(static_cast<std::size_t>(width - done), '.').c_str(),
                     static_cast<unsigned long long>(progress.rows));
        std::fflush(stderr);
    }

private:
    std::string label_;
    bool shown_;
};

/// Prints what became of an imported file, and each refused row with its reason.
inline void print(const std::string& file, const alloquy::io::ImportReport& report) {
    std::printf("%-40s %9llu rows %9llu facts %7llu known already %6llu refused\n", file.c_str(),
                static_cast<unsigned long long>(report.rows_read),
                static_cast<unsigned long long>(report.facts_entered),
                static_cast<unsigned long long>(report.facts_already_there),
                static_cast<unsigned long long>(report.rows_refused));
    for (const alloquy::RowIssue& issue : report.issues) {
        std::printf("    line %zu%s%s: %s\n", issue.line, issue.column.empty() ? "" : ", column ", issue.column.c_str(),
                    issue.message.c_str());
    }
}

}  // namespace examples
