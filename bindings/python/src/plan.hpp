#pragma once

/// \file
/// Plan as Python holds it: beside the plan the playbook that names its actions.

#include <memory>

#include <alloquy/decide/plan.hpp>
#include <alloquy/engine/playbook.hpp>

namespace alloquy::python {

struct Plan {
    decide::Plan plan;
    std::shared_ptr<const engine::Playbook> playbook;
    friend bool operator==(const Plan& a, const Plan& b) { return a.plan == b.plan; }
};

}  // namespace alloquy::python
