#pragma once

/// \file
/// Examples: what models learn from, told by the facts: what was known of a person at an instant, and what came of it.

#include <algorithm>
#include <bit>
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
#include <alloquy/fnv_1a.hpp>
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
    std::vector<time::Instant> instants{};  ///< Seen from here.
    std::vector<std::uint8_t> outcomes{};   ///< 0 or 1, told by facts that became known at the instant or later.
    std::vector<std::uint64_t> groups{};    ///< Equal numbers belong together in folds: see ModelConfig::group.
    std::vector<std::uint8_t> grouped{};    ///< 1 where that input told the group, 0 where the person is a group alone.
    std::vector<std::uint64_t> learned_at{};  ///< Place in the journal of the fact that told the outcome.
    /// When the outcome could be known: of the fact that told it, or the end of a response's window.
    std::vector<time::Instant> outcome_known_at{};

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
        add(grouped, other.grouped);
        add(learned_at, other.learned_at);
        add(outcome_known_at, other.outcome_known_at);
    }
    /// True if a comes before b by group, instant, outcome and inputs: an order that does not depend on the numbers of
    /// people. Where neither does, the two are alike in all that is learned from.
    [[nodiscard]] bool precedes(std::uint32_t a, std::uint32_t b) const {
        const auto place = [&](std::uint32_t i) { return std::tuple{groups[i], instants[i], outcomes[i]}; };
        if (place(a) != place(b)) return place(a) < place(b);
        for (const auto& input : table.inputs) {
            const double x = input.values[a];
            const double y = input.values[b];
            if (x == y || (x != x && y != y)) continue;
            if (x != x || y != y) return x != x;
            if (!input.is_text) return x < y;
            return input.levels[static_cast<std::size_t>(x)] < input.levels[static_cast<std::size_t>(y)];
        }
        return false;
    }
    /// Gives everybody who is a group alone a number that depends on nothing but what is learned from: neither the
    /// order of arrival nor a key that is linked later changes the folds. People who are alike in all of it get
    /// different numbers, and which of them gets which does not matter.
    void number_people() {
        std::map<PersonId, std::uint64_t> contents;
        for (std::uint32_t i = 0; i < size(); ++i) {
            if (grouped[i] != 0) continue;
            auto& content = contents.try_emplace(people[i], fnv_1a({})).first->second;
            content = fnv_1a_number(static_cast<std::uint64_t>(instants[i].unix_ms()), content);
            content = fnv_1a_number(outcomes[i], content);
            for (const auto& input : table.inputs) {
                const double value = input.values[i];
                if (value != value) {
                    content = fnv_1a("missing", content);
                } else if (input.is_text) {
                    content = fnv_1a(input.levels[static_cast<std::size_t>(value)], content);
                } else {
                    content = fnv_1a_number(std::bit_cast<std::uint64_t>(value + 0.0), content);
                }
            }
        }
        std::map<std::uint64_t, std::uint64_t> alike;
        for (auto& entry : contents) entry.second = fnv_1a_number(alike[entry.second]++, entry.second);
        for (std::uint32_t i = 0; i < size(); ++i) {
            if (grouped[i] == 0) groups[i] = contents.at(people[i]);
        }
    }
    /// The given examples, in the given order.
    [[nodiscard]] ExampleSet select(std::span<const std::uint32_t> which) const {
        ExampleSet part{table.select(which)};
        for (const std::uint32_t i : which) {
            part.people.push_back(people[i]);
            part.instants.push_back(instants[i]);
            part.outcomes.push_back(outcomes[i]);
            part.groups.push_back(groups[i]);
            part.grouped.push_back(grouped[i]);
            part.learned_at.push_back(learned_at[i]);
            part.outcome_known_at.push_back(outcome_known_at[i]);
        }
        return part;
    }
};

/// Finds the examples of one model in one person's facts after another.
///
/// An example sees only facts with known_at before its instant; its outcome is told by what became known at the instant
/// or later, up to `now`. (A model that is asked sees what became known at that very instant as well: with facts that
/// become known by the day, ask at the instants from which it learned less a millisecond.) Outcome `enrolment`: for
/// each of the caller's instants at which the person has one of the model's roles (in one of its programmes), the last
/// statement about the end of that enrolment; none where it was known already, or is not known yet. Outcome `response`:
/// for each contact of the kind asked for, seen from the contact, whether it was answered within reachability's window
/// and before the next contact by that channel; none while the window runs, answered or not, or the last days would
/// teach answers alone.
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

    /// \param facts     All of the person's in their order (at, source text, key).
    /// \param seqs      Their places in the journal. Shape (facts).
    /// \param instants  Ascending; of outcome `enrolment` alone.
    /// \param now       What became known later is not there yet, and windows of responses that end later are open.
    void add(PersonId person, std::span<const model::Fact> facts, std::span<const std::uint64_t> seqs,
             std::span<const time::Instant> instants, time::Instant now) {
        there_.clear();
        there_seqs_.clear();
        for (std::size_t i = 0; i < facts.size(); ++i) {
            if (facts[i].known_at > now) continue;
            there_.push_back(facts[i]);
            there_seqs_.push_back(seqs[i]);
        }
        person_ = person;
        if (config_->outcome.kind == score::OutcomeKind::enrolment) {
            for (const time::Instant instant : instants) add_enrolment(there_, there_seqs_, instant);
        } else {
            add_responses(there_, there_seqs_, now);
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
    void add_example(time::Instant instant, bool outcome, std::uint64_t seq, time::Instant outcome_known_at) {
        // The leakage guard: whatever came before, no example is made of a state that knows the instant or later.
        if (scratch_->known_until(0) >= instant) {
            throw InvalidArgument{"model '" + config_->name + "': an example of " + to_iso(instant) +
                                  " would know what became known then or later"};
        }
        scratch_->add_to_table(0, instant, builder_);
        found_.people.push_back(person_);
        found_.instants.push_back(instant);
        found_.outcomes.push_back(outcome ? 1 : 0);
        const std::optional<std::string> group =
            config_->group.empty() ? std::nullopt : scratch_->text_of(0, config_->group, instant);
        found_.grouped.push_back(group ? 1 : 0);
        found_.groups.push_back(group ? fnv_1a(*group) : static_cast<std::uint64_t>(person_.value()));
        found_.learned_at.push_back(seq);
        found_.outcome_known_at.push_back(outcome_known_at);
    }

    void add_enrolment(std::span<const model::Fact> facts, std::span<const std::uint64_t> seqs, time::Instant instant) {
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
        time::Instant known_at = instant;
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
            known_at = facts[i].known_at;
        }
        if (outcome && !ended) add_example(instant, *outcome, seq, known_at);
    }

    void add_responses(std::span<const model::Fact> facts, std::span<const std::uint64_t> seqs, time::Instant now) {
        const auto& reachability = scratch_->template signal<score::Reachability>();
        for (std::size_t i = 0; i < facts.size(); ++i) {
            const auto* const contact = std::get_if<model::Interaction>(&facts[i].content);
            if (contact == nullptr || !score::Reachability::is_attempt(contact->act, contact->direction)) continue;
            if (!is_asked_for(*contact)) continue;
            std::optional<bool> answered;
            std::uint64_t seq = seqs[i];
            time::Instant known_at = std::max(reachability.window_end(facts[i].at), facts[i].known_at);
            if (now < known_at) continue;
            for (std::size_t j = i + 1; j < facts.size() && !answered; ++j) {
                if (!reachability.is_within_window(facts[i].at, facts[j].at)) break;
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
                known_at = std::max(known_at, facts[j].known_at);
            }
            const time::Instant instant = facts[i].at;
            look_back(facts, instant);
            if (!config_->roles.intersects(model::current_roles(scratch_->person(0), instant))) continue;
            if (!config_->outcome.programmes.empty() && role_at(scratch_->person(0), instant) == nullptr) continue;
            add_example(instant, answered.value_or(false), seq, known_at);
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
    Engine* scratch_;
    const score::ModelConfig* config_;
    const model::Symbols* symbols_;
    typename Engine::TableBuilder builder_;
    ExampleSet found_;
    std::vector<model::Fact> known_;
    std::vector<model::Fact> there_;
    std::vector<std::uint64_t> there_seqs_;
    PersonId person_{0};  // of the facts under way
};

}  // namespace alloquy::engine
