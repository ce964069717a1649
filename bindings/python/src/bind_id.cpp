#include <cstdint>
#include <string>

#include <pybind11/operators.h>
#include <pybind11/pybind11.h>

#include <alloquy/id.hpp>

#include "bindings.hpp"
#include "casters.hpp"

namespace alloquy::python {

namespace {

constexpr auto person_id_doc = R"doc(Identity of one person; given by the journal, in order of first mention.

>>> alloquy.PersonId(7) < alloquy.PersonId(8)
True
>>> alloquy.PersonId(7) == alloquy.OrganisationId(7)
False
)doc";

template <class Id>
void bind(py::module_& module, const char* name, const char* doc) {
    py::class_<Id>{module, name, doc}
        .def(py::init<std::int64_t>(), py::arg("value"))
        .def_property_readonly("value", &Id::value, "The number, an int of 64 bits.")
        .def(py::self == py::self, py::arg("other"))
        .def(py::self < py::self, py::arg("other"))
        .def(py::self <= py::self, py::arg("other"))
        .def(py::self > py::self, py::arg("other"))
        .def(py::self >= py::self, py::arg("other"))
        .def("__hash__", [](Id id) { return py::hash(py::int_{id.value()}); })
        .def("__repr__", [name = std::string{name}](Id id) { return name + '(' + std::to_string(id.value()) + ')'; })
        .def("__reduce__", [](const py::object& self) {
            return py::make_tuple(py::type::of(self), py::make_tuple(self.cast<Id>().value()));
        });
}

}  // namespace

void bind_id(py::module_& module) {
    bind<PersonId>(module, "PersonId", person_id_doc);
    bind<OrganisationId>(module, "OrganisationId",
                         "Identity of one organisation; given by the journal, in order of first mention.");
    bind<DialogueId>(module, "DialogueId",
                     "Identity of one dialogue; given by the host's dialogue system, unique in one institution.");
}

}  // namespace alloquy::python
