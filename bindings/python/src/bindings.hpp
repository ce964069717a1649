#pragma once

/// \file
/// One function for each module of the library; each adds that module's names to the Python module.

#include <pybind11/pybind11.h>

namespace alloquy::python {

void bind_error(pybind11::module_& module);
void bind_id(pybind11::module_& module);
void bind_time(pybind11::module_& module);
void bind_model(pybind11::module_& module);
void bind_score(pybind11::module_& module);
void bind_lifecycle(pybind11::module_& module);   ///< Of score: how dealings come about and end.
void bind_evaluation(pybind11::module_& module);  ///< Of score: folds, and how good models are.
void bind_features(pybind11::module_& module);    ///< Of score: tables, encoders and matrices of features.
void bind_logistic(pybind11::module_& module);    ///< Of score: logistic models and their calibration.
void bind_models(pybind11::module_& module);      ///< Of score: models with their policy, and how they are learned.
void bind_segment(pybind11::module_& module);
void bind_discovery(pybind11::module_& module);  ///< Of segment: groups, look-alikes and personas out of a table.
void bind_decide(pybind11::module_& module);
void bind_engine(pybind11::module_& module);
void bind_text(pybind11::module_& module);  ///< Of decide, but its signatures name the engine's Playbook.
void bind_store(pybind11::module_& module);
void bind_io(pybind11::module_& module);
void bind_institution(pybind11::module_& module);

}  // namespace alloquy::python
