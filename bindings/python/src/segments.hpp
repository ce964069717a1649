#pragma once

/// \file
/// What an institution answers about segments: the class Segment, and methods of the class of institutions.

#include <memory>

#include <pybind11/pybind11.h>

#include "host.hpp"

namespace alloquy::python {

/// Adds the class Segment. bind_segment() came before.
void bind_segment_handle(pybind11::module_& module);
/// TypicalPerson.
void bind_typical_person(pybind11::module_& module);
/// Adds the methods about segments to the class of institutions, after the class Segment.
void add_segments(pybind11::class_<Host, std::shared_ptr<Host>>& type);

}  // namespace alloquy::python
