#pragma once

/// \file
/// Examples: what models learn from, told by the facts: what was known of a person at an instant, and what came of it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/engine/engine.hpp>
#include <alloquy/error.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/score/features.hpp>
#include <alloquy/score/model_config.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::engine {

/// Examples of one model. All lists have one entry for each example.
struct ExampleSet {
    score::FeatureTable table{};  ///< Inputs, from facts that were known before the instant alone.
    std::vector<PersonId> people{};
    std::vector<time::Instant> instants{};    ///< Seen from here.
    std::vector<std::uint8_t> outcomes{};     ///< 0 or 1, told by facts that became known at the instant or later.
    std::vector<std::uint64_t> groups{};      ///< Equal numbers belong together in folds: see ModelConfig::group.
    std::vector<std::uint64_t> learned_at{};  ///< Place in the journal of the fact that told the outcome.
    std::vector<time::Instant>
        settled_at{};  ///< Learned from once `now` lies after this: the end of a response's window.

    [[nodiscard]] std::size_t size() const noexcept { return people.size(); }

    /// Adds the examples of another set of the same model.
    void append(const ExampleSet& other) {
        if (other.size() == 0) return;
        if (size() == 0) {
            *this = other;
            return;
        }
        for (std::size_t i = 0; i < table.inputs.size(); ++i) {
            auto& input = table.inputs[i];
            std::vector<double> codes;
            for (const std::string& level : other.table.inputs[i].levels) {
                const auto found = std::find(input.levels.begin(), input.levels.end(), level);
                codes.push_back(static_cast<double>(found - input.levels.begin()));
                if (found == input.levels.end()) input.levels.push_back(level);
            }
            for (const double value : other.table.inputs[i].values) {
                input.values.push_back(input.is_text && value == value ? codes[static_cast<std::size_t>(value)]
                                                                       : value);
            }
        }
        table.rows += other.table.rows;
        const auto add = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
        add(people, other.people);
        add(instants, other.instants);
        add(outcomes, other.outcomes);
        add(groups, other.groups);
        add(learned_at, other.learned_at);
        add(settled_at, other.settled_at);
    }
    /// The given examples, in the given order.
    [[nodiscard]] ExampleSet select(std::span<const std::uint32_t> which) const {
        ExampleSet part{table.select(which), {}, {}, {}, {}, {}, {}};
        for (const std::uint32_t i : which) {
            part.people.push_back(people[i]);
            part.instants.push_back(instants[i]);
            part.outcomes.push_back(outcomes[i]);
            part.groups.push_back(groups[i]);
            part.learned_at.push_back(learned_at[i]);
            part.settled_at.push_back(settled_at[i]);
        }
        return part;
    }
};

/// Finds the examples of one model in one person's facts after another.
///
/// An example sees only facts with known_at before its instant. Outcome `enrolment`: for each of the caller's instants
/// at which the person has one of the model's roles (in one of its programmes), the last statement about the end of
/// that enrolment; none where it was known already, or is not known yet. Outcome `response`: for each contact of the
/// kind asked for, seen from the contact, whether it was answered within reachability's window and before the next
/// contact by that channel; none while the window runs, answered or not, or the last days would teach answers alone.
template <class Engine>
class ExampleFinder {
public:
    /// \param scratch   An engine of its own, with nobody in it and all words of the facts; used and emptied. Must
    ///                  outlive the finder.
    /// \throws InvalidArgument  if a feature reads what has no history of its own: another model, a host's column, or a
    ///                          fitted lifecycle; or if an input is unknown.
    ExampleFinder(Engine& scratch, const score::ModelConfig& config, const model::Symbols& symbols)
        : scratch_{&scratch}, config_{&config}, symbols_{&symbols}, builder_{scratch.table_builder(config.features)} {
        scratch_->clear();
        scratch_->add_person(PersonId{0}, 0);
        if (!config.group.empty()) static_cast<void>(scratch.text_of(0, config.group, time::Instant::earliest()));
        for (const score::FeatureConfig& feature : config.features) {
            const std::string_view input = feature.input;
            const auto& host = scratch.playbook().columns;
            if (input.starts_with("model:") || input.starts_with("active:") || input.starts_with("expected:") ||
                std::find(host.begin(), host.end(), input) != host.end()) {
                throw InvalidArgument{"model '" + config.name + "': input '" + feature.input +
                                      "' has no history to learn from"};
            }
        }
    }

    /// \param tie_key   The person's: groups examples where the model names no other group.
    /// \param facts     All of the person's in their order (at, source text, key).
    /// \param seqs      Their places in the journal. Shape (facts).
    /// \param instants  Ascending; of outcome `enrolment` alone.
    /// \param now       Windows of responses that end later are still open.
    void add(PersonId person, std::uint64_t tie_key, std::span<const model::Fact> facts,
             std::span<const std::uint64_t> seqs, std::span<const time::Instant> instants, time::Instant now) {
        if (config_->outcome.kind == score::OutcomeKind::enrolment) {
            for (const time::Instant instant : instants) add_enrolment(person, tie_key, facts, seqs, instant);
        } else {
            add_responses(person, tie_key, facts, seqs, now);
        }
    }

    /// What was found since the last call, in the order of adding.
    [[nodiscard]] ExampleSet take() {
        ExampleSet found = std::exchange(found_, {});
        found.table = std::exchange(builder_, scratch_->table_builder(config_->features)).table;
        return found;
    }

private:
    /// Folds what was known before an instant.
    void look_back(std::span<const model::Fact> facts, time::Instant instant) {
        known_.clear();
        for (const model::Fact& fact : facts) {
            if (fact.known_at < instant) known_.push_back(fact);
        }
        scratch_->refold(0, known_);
    }
    void add_example(PersonId person, std::uint64_t tie_key, time::Instant instant, bool outcome, std::uint64_t seq,
                     time::Instant settled_at) {
        // Throws if the state knows a fact from the instant or later: the leakage guard.
        scratch_->add_to_table(0, instant, builder_);
        found_.people.push_back(person);
        found_.instants.push_back(instant);
        found_.outcomes.push_back(outcome ? 1 : 0);
        const std::optional<std::string> group =
            config_->group.empty() ? std::nullopt : scratch_->text_of(0, config_->group, instant);
        found_.groups.push_back(group ? hash(*group) : tie_key);
        found_.learned_at.push_back(seq);
        found_.settled_at.push_back(settled_at);
    }

    void add_enrolment(PersonId person, std::uint64_t tie_key, std::span<const model::Fact> facts,
                       std::span<const std::uint64_t> seqs, time::Instant instant) {
        // The outcome first: without one there is nothing to fold.
        if (std::none_of(facts.begin(), facts.end(), [&](const model::Fact& fact) {
                const auto* const change = std::get_if<model::EnrolmentChange>(&fact.content);
                return change != nullptr && ends(change->status) && fact.known_at >= instant;
            })) {
            return;
        }
        look_back(facts, instant);
        const model::Role* const role = role_at(scratch_->person(0), instant);
        if (role == nullptr) return;
        std::optional<bool> outcome;
        std::uint64_t seq = 0;
        bool ended = false;  // as known before the instant; who began again since then has not
        for (std::size_t i = 0; i < facts.size(); ++i) {
            const auto* const change = std::get_if<model::EnrolmentChange>(&facts[i].content);
            if (change == nullptr || (role->programme && change->programme != *role->programme)) continue;
            if (facts[i].known_at < instant) {
                ended = ends(change->status);
                continue;
            }
            if (!ends(change->status)) continue;
            outcome = contains(config_->outcome.positive, change->status);
            seq = seqs[i];
        }
        if (outcome && !ended) add_example(person, tie_key, instant, *outcome, seq, time::Instant::earliest());
    }

    void add_responses(PersonId person, std::uint64_t tie_key, std::span<const model::Fact> facts,
                       std::span<const std::uint64_t> seqs, time::Instant now) {
        const time::Duration window = scratch_->playbook().reachability.response_window;
        for (std::size_t i = 0; i < facts.size(); ++i) {
            const auto* const contact = std::get_if<model::Interaction>(&facts[i].content);
            if (contact == nullptr || !score::Reachability::is_attempt(contact->act, contact->direction)) continue;
            if (!is_asked_for(*contact)) continue;
            std::optional<bool> answered;
            std::uint64_t seq = seqs[i];
            for (std::size_t j = i + 1; j < facts.size() && !answered; ++j) {
                if (facts[j].at - facts[i].at > window) break;
                const auto* const later = std::get_if<model::Interaction>(&facts[j].content);
                if (later == nullptr || later->channel != contact->channel) continue;
                if (score::Reachability::is_attempt(later->act, later->direction)) {
                    answered = false;
                } else if (score::Reachability::is_own_act(later->act, later->direction)) {
                    answered = true;
                } else {
                    continue;
                }
                seq = std::max(seq, seqs[j]);
            }
            if (now - facts[i].at <= window) continue;
            const time::Instant instant = facts[i].at;
            look_back(facts, instant);
            if (!config_->roles.intersects(model::current_roles(scratch_->person(0), instant))) continue;
            if (!config_->outcome.programmes.empty() && role_at(scratch_->person(0), instant) == nullptr) continue;
            add_example(person, tie_key, instant, answered.value_or(false), seq, instant + window);
        }
    }

    template <class List, class Value>
    static bool contains(const List& list, const Value& value) {
        return std::find(list.begin(), list.end(), value) != list.end();
    }
    [[nodiscard]] bool ends(model::EnrolmentStatus status) const {
        return contains(config_->outcome.positive, status) || contains(config_->outcome.negative, status);
    }
    [[nodiscard]] bool is_asked_for(const model::Interaction& contact) const {
        const auto& wanted = config_->outcome;
        const std::string& channel = symbols_->channels.text(contact.channel);
        const auto& channels = wanted.channels.empty() ? scratch_->playbook().reachability.channels : wanted.channels;
        if (!contains(channels, channel)) return false;
        return wanted.actions.empty() ||
               (contact.action && contains(wanted.actions, symbols_->actions.text(*contact.action)));
    }
    /// The role that puts a person in scope: of several the one that started last.
    [[nodiscard]] const model::Role* role_at(const model::Person& person, time::Instant instant) const {
        const model::Role* best = nullptr;
        for (const model::Role& role : person.roles) {
            model::RoleSet kind;
            kind.insert(role.kind);
            if (!role.is_current(instant) || !config_->roles.intersects(kind)) continue;
            const auto& programmes = config_->outcome.programmes;
            if (!programmes.empty() &&
                (!role.programme || !contains(programmes, symbols_->programmes.text(*role.programme)))) {
                continue;
            }
            if (best == nullptr || role.start > best->start) best = &role;
        }
        return best;
    }
    /// FNV-1a, 64 bits (Fowler, Noll, Vo; IETF draft-eastlake-fnv).
    static std::uint64_t hash(std::string_view text) noexcept {
        std::uint64_t hash = 0xCBF29CE484222325;
        for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
        return hash;
    }

    Engine* scratch_;
    const score::ModelConfig* config_;
    const model::Symbols* symbols_;
    typename Engine::TableBuilder builder_;
    ExampleSet found_;
    std::vector<model::Fact> known_;
};

}  // namespace alloquy::engine
