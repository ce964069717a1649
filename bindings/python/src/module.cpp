#include <string>

#include <pybind11/pybind11.h>

#include <alloquy/version.hpp>

#include "bindings.hpp"

// The order is that of dependence: a default value or a signature names only types that are there already.
PYBIND11_MODULE(_core, module) {
    module.doc() = "Dialogues of an institution: remember, score, decide, explain. The compiled part of alloquy.";
    module.attr("__version__") = std::string{alloquy::version_text};
    alloquy::python::bind_error(module);
    alloquy::python::bind_id(module);
    alloquy::python::bind_time(module);
    alloquy::python::bind_model(module);
    alloquy::python::bind_score(module);
    alloquy::python::bind_lifecycle(module);
    alloquy::python::bind_evaluation(module);
    alloquy::python::bind_features(module);
    alloquy::python::bind_logistic(module);
    alloquy::python::bind_models(module);
    alloquy::python::bind_segment(module);
    alloquy::python::bind_discovery(module);
    alloquy::python::bind_decide(module);
    alloquy::python::bind_engine(module);
    alloquy::python::bind_text(module);
    alloquy::python::bind_store(module);
    alloquy::python::bind_io(module);
    alloquy::python::bind_institution(module);
}
