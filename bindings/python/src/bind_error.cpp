#include <cstddef>
#include <exception>
#include <string>
#include <vector>

#include <pybind11/pybind11.h>

#include <alloquy/error.hpp>

#include "bindings.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

constexpr auto error_doc = "Root of all exceptions of this library; catch this one to catch them all. A RuntimeError.";
constexpr auto invalid_argument_doc =
    "The caller broke a documented precondition. The text names the argument. Also a ValueError.";
constexpr auto not_found_doc = "Something that the caller named does not exist. Also a LookupError.";
constexpr auto parse_error_doc = R"doc(A text (playbook, mapping, zone data) is not in its format. Also a ValueError.

issues : tuple of ParseIssue, every problem found, in order of place.
line : line of the first problem; 0 where the format has no lines.
)doc";
constexpr auto store_error_doc =
    R"doc(The journal file could not be read or written. Nothing that was acknowledged is lost.

extended_code : SQLite's extended result code; 0 where SQLite was not the cause.
)doc";
constexpr auto parse_issue_doc = "One problem in a text and its place. In C++: ParseError::Issue.";
constexpr auto row_issue_doc = "One bad row of an import. Returned in a list, never raised: the other rows go in.";

/// A comparable copy of ParseError::Issue.
struct ParseIssue {
    std::size_t line;
    std::string pointer;
    std::string message;
    friend bool operator==(const ParseIssue&, const ParseIssue&) = default;
};

/// The exception classes; owned by the Python module, which outlives every call into it.
struct ErrorTypes {
    py::handle error, invalid_argument, not_found, parse_error, store_error;
};
ErrorTypes& error_types() {
    static ErrorTypes types;
    return types;
}

py::object make_type(py::module_& module, const char* name, const char* doc, const py::tuple& bases) {
    const std::string full = std::string{"alloquy."} + name;
    const auto type =
        py::reinterpret_steal<py::object>(PyErr_NewExceptionWithDoc(full.c_str(), doc, bases.ptr(), nullptr));
    if (!type) throw py::error_already_set{};
    module.attr(name) = type;
    return type;
}

void raise(py::handle type, const char* text) {
    PyErr_SetString(type.ptr(), text);
}

void translate(std::exception_ptr pointer) {
    const ErrorTypes& types = error_types();
    try {
        if (pointer) std::rethrow_exception(pointer);
    } catch (const ParseError& error) {
        py::object exception = py::reinterpret_borrow<py::object>(types.parse_error)(error.what());
        std::vector<ParseIssue> issues;
        for (const ParseError::Issue& issue : error.issues()) {
            issues.push_back({issue.line, issue.pointer, issue.message});
        }
        exception.attr("issues") = to_python(issues);
        exception.attr("line") = error.line();
        PyErr_SetObject(types.parse_error.ptr(), exception.ptr());
    } catch (const StoreError& error) {
        py::object exception = py::reinterpret_borrow<py::object>(types.store_error)(error.what());
        exception.attr("extended_code") = error.extended_code();
        PyErr_SetObject(types.store_error.ptr(), exception.ptr());
    } catch (const InvalidArgument& error) {
        raise(types.invalid_argument, error.what());
    } catch (const NotFound& error) {
        raise(types.not_found, error.what());
    } catch (const Error& error) {
        raise(types.error, error.what());
    }
}

}  // namespace

void bind_error(py::module_& module) {
    const auto builtin = [](PyObject* type) { return py::reinterpret_borrow<py::object>(type); };
    ErrorTypes& types = error_types();
    const py::object error = make_type(module, "Error", error_doc, py::make_tuple(builtin(PyExc_RuntimeError)));
    types.error = error;
    types.invalid_argument =
        make_type(module, "InvalidArgument", invalid_argument_doc, py::make_tuple(error, builtin(PyExc_ValueError)));
    types.not_found = make_type(module, "NotFound", not_found_doc, py::make_tuple(error, builtin(PyExc_LookupError)));
    types.parse_error =
        make_type(module, "ParseError", parse_error_doc, py::make_tuple(error, builtin(PyExc_ValueError)));
    types.store_error = make_type(module, "StoreError", store_error_doc, py::make_tuple(error));
    bind_value<ParseIssue>(
        module, "ParseIssue", parse_issue_doc,
        field("line", &ParseIssue::line, "1-based line in the text; 0 where the format has no lines."),
        field("pointer", &ParseIssue::pointer, "JSON pointer (RFC 6901) of the value; empty where there is none."),
        field("message", &ParseIssue::message, "What is wrong and what was expected."));
    bind_value<RowIssue>(
        module, "RowIssue", row_issue_doc,
        field("line", &RowIssue::line, "1-based line in the file, header line included."),
        field("column", &RowIssue::column, "Column name as in the header line; empty where the whole row is wrong."),
        field("message", &RowIssue::message, "What is wrong; never the value of a personal field."));
    py::register_exception_translator(&translate);
}

}  // namespace alloquy::python
