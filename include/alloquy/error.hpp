#pragma once

/// \file
/// Errors: exceptions for calls, values for rows of an import.

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace alloquy {

/// Root of all exceptions of this library; catch this one to catch them all.
///
/// Texts name ids, lines and columns, never a person's words, name or address.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The caller broke a documented precondition. The text names the argument and its value.
class InvalidArgument : public Error {
public:
    using Error::Error;
};

/// Something that the caller named does not exist.
class NotFound : public Error {
public:
    using Error::Error;
};

/// A text (playbook, mapping, zone data) is not in its format. Holds every problem found, in order of place.
class ParseError : public Error {
public:
    /// One problem and its place.
    struct Issue {
        std::size_t line;     ///< 1-based line in the text; 0 where the format has no lines (binary data).
        std::string pointer;  ///< JSON pointer (RFC 6901) of the value; empty where there is none.
        std::string message;  ///< What is wrong and what was expected.
    };

    /// \param what    Names the text (a file name, say), without its content.
    /// \param issues  At least one.
    ParseError(const std::string& what, std::vector<Issue> issues)
        : Error{compose(what, issues)}, issues_{std::move(issues)} {}

    [[nodiscard]] const std::vector<Issue>& issues() const noexcept { return issues_; }
    /// Line of the first problem.
    [[nodiscard]] std::size_t line() const noexcept { return issues_.empty() ? 0 : issues_.front().line; }

private:
    static std::string compose(const std::string& what, const std::vector<Issue>& issues) {
        std::string text = what;
        for (const Issue& issue : issues) {
            text += "\n  ";
            if (issue.line != 0) text += "line " + std::to_string(issue.line) + ": ";
            if (!issue.pointer.empty()) text += issue.pointer + ": ";
            text += issue.message;
        }
        return text;
    }
    std::vector<Issue> issues_;
};

/// The journal file could not be read or written. Nothing that was acknowledged is lost.
class StoreError : public Error {
public:
    /// \param extended_code  SQLite's extended result code; 0 where SQLite was not the cause.
    StoreError(const std::string& what, int extended_code) : Error{what}, extended_code_{extended_code} {}
    [[nodiscard]] int extended_code() const noexcept { return extended_code_; }

private:
    int extended_code_;
};

/// One bad row of an import. Returned in a list, never thrown: the other rows go in.
struct RowIssue {
    std::size_t line;     ///< 1-based line in the file, header line included.
    std::string column;   ///< Column name as in the header line; empty where the row as a whole is wrong.
    std::string message;  ///< What is wrong and what was expected; never the value of a personal field.

    friend bool operator==(const RowIssue&, const RowIssue&) = default;
};

}  // namespace alloquy
