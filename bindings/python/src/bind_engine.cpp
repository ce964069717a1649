#include <memory>
#include <string>
#include <string_view>

#include <pybind11/pybind11.h>

#include <alloquy/engine/columns.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/store/hash.hpp>

#include "bindings.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

constexpr auto playbook_doc = R"doc(Everything that is policy and nothing that is data, as one plain value.

Read from JSON by read_playbook, or built of its parts.

>>> alloquy.Playbook("small", channels=("email",)).channels
('email',)
)doc";
constexpr auto hash_doc = R"doc(Hash of a playbook's canonical bytes, 32 bytes: stands in every decision.

In C++: store::hash_bytes(engine::canonical_bytes(playbook)).
)doc";

}  // namespace

void bind_engine(py::module_& module) {
    using engine::Playbook;
    bind_value<Playbook>(
        module, "Playbook", playbook_doc, field("name", &Playbook::name, "Its name.", std::string{}),
        field("channels", &Playbook::channels, "Names; at most 31.", {}),
        field("topics", &Playbook::topics, "Names; at most 255.", {}),
        field("engagement", &Playbook::engagement, "Policy of the engagement score.", score::EngagementConfig{}),
        field("reachability", &Playbook::reachability, "Policy of reachability.", score::ReachabilityConfig{}),
        field("actions", &Playbook::actions, "Policy about actions.", decide::ActionPolicy{}));
    module.def(
        "playbook_hash", [](const Playbook& playbook) { return store::hash_bytes(engine::canonical_bytes(playbook)); },
        py::arg("playbook"), hash_doc);
    py::tuple names{engine::column_names.size()};
    for (std::size_t i = 0; i < names.size(); ++i) names[i] = py::str{std::string{engine::column_names[i]}};
    module.attr("column_names") = names;
}

}  // namespace alloquy::python
