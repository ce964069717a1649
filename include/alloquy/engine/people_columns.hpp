#pragma once

/// \file
/// PeopleColumns: what conditions ask of people beside their facts over time, as one number for each different value,
/// so that a test looks at each value once instead of at each person.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/id.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/parallel.hpp>
#include <alloquy/segment/calendar.hpp>
#include <alloquy/segment/leaf_tests.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::engine {

/// What of a person a column holds.
enum class PeoplePart : std::uint8_t { roles, consents, dialogues, enrolments, language, zone, attribute };

/// One part of everybody.
///
/// Values are reduced to what tests of that part alone can tell apart: of a role whether it is to come, runs or is
/// over, of statements about consent their order. People who differ in more share a value.
class PeopleColumn {
public:
    /// \param attribute  Name of the attribute; empty for other parts.
    PeopleColumn(PeoplePart part, std::string attribute) : part_{part}, attribute_{std::move(attribute)} {}

    [[nodiscard]] PeoplePart part() const noexcept { return part_; }
    [[nodiscard]] const std::string& attribute() const noexcept { return attribute_; }
    /// By row: which of the values.
    [[nodiscard]] std::span<const std::uint32_t> codes() const noexcept { return codes_; }
    /// Number of different values.
    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }

    /// Whether the values of most people are those of an instant.
    [[nodiscard]] bool stands_at(std::int64_t now_ms) const noexcept {
        if (part_ != PeoplePart::roles) return true;
        if (now_ms < made_ms_) return false;
        const auto turned = static_cast<std::size_t>(
            std::partition_point(turns_.begin(), turns_.end(), [&](const Turn& turn) { return turn.at_ms <= now_ms; }) -
            turns_.begin());
        return turned <= codes_.size() / 64;
    }
    /// Calls use(row) for those whose value is no longer that of an instant at which the column stands.
    template <class Use>
    void for_each_turned(std::int64_t now_ms, const Use& use) const {
        for (const Turn& turn : turns_) {
            if (turn.at_ms > now_ms) return;
            use(turn.row);
        }
    }

    /// Takes the part of everybody as it is.
    /// \param now  Roles are taken as of it.
    /// \return False, and the column is empty, where there are so many different values that nothing would be gained.
    /// \par Cost  About 100 ns a person.
    template <class Engine>
    [[nodiscard]] bool make(const Engine& engine, time::Instant now) {
        const std::size_t most = std::max<std::size_t>(64, engine.size() / 64);
        codes_.assign(engine.size(), 0);
        values_.clear();
        turns_.clear();
        made_ms_ = now.unix_ms();
        const auto word = engine.symbols().attributes.find(attribute_);
        std::unordered_map<std::string, std::uint32_t> numbers;  // looked up, never walked
        std::string key;
        for (std::uint32_t row = 0; row < engine.size(); ++row) {
            const model::Person& person = engine.person(row);
            const model::AttributeValue* const value = word ? model::attribute(person, *word) : nullptr;
            key.clear();
            append_key(key, person, value, now);
            const auto [entry, added] = numbers.try_emplace(key, static_cast<std::uint32_t>(values_.size()));
            if (added) values_.push_back(value_of(person, value, now));
            if (values_.size() > most) {
                *this = PeopleColumn{part_, attribute_};
                return false;
            }
            codes_[row] = entry->second;
            if (part_ != PeoplePart::roles) continue;
            const std::int64_t end_ms = segment::detail::next_boundary(person.roles, made_ms_);
            if (end_ms != segment::never_ms) turns_.push_back({end_ms, row});
        }
        std::sort(turns_.begin(), turns_.end());
        return true;
    }
    /// Asks a test of each value.
    /// \param word   Of the attribute, where the column is of one.
    /// \param holds  Takes a model::Person who has that part alone.
    /// \return By code.
    template <class Holds>
    [[nodiscard]] std::vector<std::uint8_t> ask(std::optional<model::AttributeName> word, const Holds& holds) const {
        std::vector<std::uint8_t> answers;
        answers.reserve(values_.size());
        model::Person person{PersonId{0}};
        for (const Value& value : values_) {
            std::visit(
                [&](const auto& part) {
                    using Part = std::decay_t<decltype(part)>;
                    if constexpr (std::is_same_v<Part, std::vector<model::Role>>) {
                        person.roles = part;
                    } else if constexpr (std::is_same_v<Part, std::vector<model::ConsentState>>) {
                        person.consents = part;
                    } else if constexpr (std::is_same_v<Part, std::vector<model::Dialogue>>) {
                        person.dialogues = part;
                    } else if constexpr (std::is_same_v<Part, std::vector<model::Enrolment>>) {
                        person.enrolments = part;
                    } else if constexpr (std::is_same_v<Part, std::string>) {
                        (part_ == PeoplePart::language ? person.language : person.zone) = part;
                    } else {
                        person.attributes.clear();
                        if (part && word) person.attributes.push_back({*word, *part});
                    }
                },
                value);
            answers.push_back(holds(person) ? 1 : 0);
        }
        return answers;
    }
    /// Bytes held, but for the texts and lists of values.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return codes_.capacity() * sizeof codes_[0] + values_.capacity() * sizeof(Value) +
               turns_.capacity() * sizeof(Turn);
    }

private:
    using Value = std::variant<std::vector<model::Role>, std::vector<model::ConsentState>, std::vector<model::Dialogue>,
                               std::vector<model::Enrolment>, std::string, std::optional<model::AttributeValue>>;
    /// Of a role, which becomes another then.
    struct Turn {
        std::int64_t at_ms;
        std::uint32_t row;
        friend auto operator<=>(const Turn&, const Turn&) = default;
    };

    static time::Instant instant(std::int64_t unix_ms) { return time::Instant::from_unix_ms(unix_ms); }
    /// A role with instants that say no more than whether it is to come, runs or is over.
    static model::Role reduced(const model::Role& role, time::Instant now) {
        model::Role own{role.kind, role.programme, role.site, time::Instant::earliest(), std::nullopt};
        if (role.start > now) own.start = instant(time::Instant::max_unix_ms);
        if (role.end_exclusive && *role.end_exclusive <= now) own.end_exclusive = time::Instant::earliest();
        return own;
    }
    /// Statements about consent with instants that keep their order alone.
    static std::vector<model::ConsentState> reduced(const std::vector<model::ConsentState>& consents) {
        std::vector<model::ConsentState> own;
        for (const model::ConsentState& state : consents) {
            const auto earlier = std::count_if(consents.begin(), consents.end(), [&](const model::ConsentState& other) {
                return other.given_at && state.given_at && *other.given_at < *state.given_at;
            });
            own.push_back({state.purpose,
                           state.channel,
                           state.given,
                           state.objected,
                           {},
                           state.given_at ? std::optional{instant(earlier)} : std::nullopt,
                           instant(0),
                           {}});
        }
        return own;
    }
    static void append(std::string& key, std::uint64_t number) {
        for (unsigned shift = 0; shift < 64; shift += 8) key += static_cast<char>(number >> shift & 0xFFU);
    }
    template <class Symbol>
    static void append_word(std::string& key, const std::optional<Symbol>& symbol) {
        append(key, symbol ? symbol->number() : 0U);
    }
    void append_key(std::string& key, const model::Person& person, const model::AttributeValue* value,
                    time::Instant now) const {
        switch (part_) {
            case PeoplePart::roles:
                for (const model::Role& each : person.roles) {
                    const model::Role role = reduced(each, now);
                    append(key, static_cast<std::uint64_t>(role.kind) << 2U | (role.start > now ? 2U : 0U) |
                                    (role.end_exclusive ? 1U : 0U));
                    append_word(key, role.programme);
                    append_word(key, role.site);
                }
                return;
            case PeoplePart::consents:
                for (const model::ConsentState& state : reduced(person.consents)) {
                    append(key, std::uint64_t{state.purpose.number()} << 2U | (state.given ? 2U : 0U) |
                                    (state.objected ? 1U : 0U));
                    append_word(key, state.channel);
                    append(key, state.given_at ? static_cast<std::uint64_t>(state.given_at->unix_ms()) + 1 : 0);
                }
                return;
            case PeoplePart::dialogues:
                for (const model::Dialogue& each : person.dialogues) {
                    append(key, static_cast<std::uint64_t>(each.step) << 8U |
                                    (each.tone ? static_cast<std::uint64_t>(*each.tone) + 1 : 0));
                    append_word(key, each.topic);
                    append_word(key, each.team);
                }
                return;
            case PeoplePart::enrolments:
                for (const model::Enrolment& each : person.enrolments) {
                    append(key, std::uint64_t{each.programme.number()} << 8U | static_cast<std::uint64_t>(each.status));
                }
                return;
            case PeoplePart::language:
                key = person.language;
                return;
            case PeoplePart::zone:
                key = person.zone;
                return;
            case PeoplePart::attribute:
                if (value == nullptr) return;
                key += static_cast<char>(value->index());
                std::visit(
                    [&](const auto& held) {
                        using Held = std::decay_t<decltype(held)>;
                        if constexpr (std::is_same_v<Held, std::string>) {
                            key += held;
                        } else if constexpr (std::is_same_v<Held, double>) {
                            append(key, std::bit_cast<std::uint64_t>(held));
                        } else if constexpr (std::is_same_v<Held, time::Day>) {
                            append(key, static_cast<std::uint64_t>(std::int64_t{held.unix_days()}));
                        } else if constexpr (std::is_same_v<Held, bool>) {
                            append(key, held ? 1 : 0);
                        }
                    },
                    *value);
                return;
        }
    }
    [[nodiscard]] Value value_of(const model::Person& person, const model::AttributeValue* value,
                                 time::Instant now) const {
        switch (part_) {
            case PeoplePart::roles: {
                std::vector<model::Role> roles;
                for (const model::Role& role : person.roles) roles.push_back(reduced(role, now));
                return roles;
            }
            case PeoplePart::consents:
                return reduced(person.consents);
            case PeoplePart::dialogues: {
                std::vector<model::Dialogue> dialogues;
                for (const model::Dialogue& each : person.dialogues) {
                    dialogues.push_back(
                        {DialogueId{0}, each.step, instant(0), instant(0), each.team, each.topic, each.tone, 0});
                }
                return dialogues;
            }
            case PeoplePart::enrolments: {
                std::vector<model::Enrolment> enrolments;
                for (const model::Enrolment& each : person.enrolments) {
                    enrolments.push_back({each.programme, each.status, instant(0)});
                }
                return enrolments;
            }
            case PeoplePart::language:
                return person.language;
            case PeoplePart::zone:
                return person.zone;
            case PeoplePart::attribute:
                break;
        }
        return value == nullptr ? std::optional<model::AttributeValue>{} : std::optional{*value};
    }

    PeoplePart part_;
    std::string attribute_;
    std::vector<std::uint32_t> codes_;
    std::vector<Value> values_;
    std::vector<Turn> turns_;  // ascending
    std::int64_t made_ms_ = 0;
};

/// The columns that questions have asked for more than once, of one engine. They are made anew when many people have
/// changed; who has changed since is told apart, so that no answer depends on them.
///
/// At most max_columns are kept; those go first that were asked for longest ago.
class PeopleColumns {
public:
    /// A part of people that a test looks at.
    struct Wanted {
        PeoplePart part;
        std::string attribute{};  ///< Its name; empty for other parts.
        friend bool operator==(const Wanted&, const Wanted&) = default;
    };
    static constexpr std::size_t max_columns = 64;

    /// Makes ready what a question needs: a column at the second test that looks at its part. Pointers to columns are
    /// void after it.
    /// \param wanted   By test; twice where two tests look at one part. Attributes that no fact has named have no
    ///                 column.
    /// \param threads  >= 1.
    /// \throws InvalidArgument  if threads is 0. Whatever else is thrown (memory), what is made stays right.
    /// \par Cost  A look at each person's version; 100 ns for each person and column that is made.
    template <class Engine>
    void need(const Engine& engine, std::span<const Wanted> wanted, time::Instant now, unsigned threads) {
        if (wanted.empty()) return;
        const std::span<const std::uint32_t> versions = engine.person_versions();
        if (seen_.size() > versions.size() || changed(versions) > versions.size() / 64) {
            entries_.clear();
            seen_.assign(versions.begin(), versions.end());
        }
        ++questions_;
        for (const Wanted& each : wanted) {
            if (each.part == PeoplePart::attribute && !engine.symbols().attributes.find(each.attribute)) continue;
            Entry* entry = find(each);
            if (entry == nullptr) entry = &entries_.emplace_back(Entry{each});
            ++entry->asked;
            entry->question = questions_;
        }
        std::vector<Entry*> make;
        for (Entry& entry : entries_) {
            if (entry.question != questions_ || entry.asked < 2 || entry.has_too_many) continue;
            if (!entry.column) {
                make.push_back(&entry);
            } else if (entry.column->stands_at(now.unix_ms())) {
                entry.misses = 0;
            } else if (++entry.misses == 2) {  // who asks about two instants in turn keeps the first
                make.push_back(&entry);
            }
        }
        run_tasks(make.size(), threads, [&](std::size_t task, unsigned) {
            Entry& entry = *make[task];
            entry.column.reset();
            entry.misses = 0;
            PeopleColumn column{entry.wanted.part, entry.wanted.attribute};
            entry.has_too_many = !column.make(engine, now);
            if (!entry.has_too_many) entry.column = std::move(column);
        });
        while (entries_.size() > max_columns) {
            const auto oldest = std::min_element(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
                return a.question < b.question;
            });
            if (oldest->question == questions_) break;
            entries_.erase(oldest);
        }
    }
    /// The column of a part at an instant for which need() was called; null where each person is to be asked.
    [[nodiscard]] const PeopleColumn* find_column(const Wanted& wanted, time::Instant now) const noexcept {
        for (const Entry& entry : entries_) {
            if (entry.wanted == wanted) {
                return entry.column && entry.column->stands_at(now.unix_ms()) ? &*entry.column : nullptr;
            }
        }
        return nullptr;
    }
    /// By row: what Engine::person_versions() was; columns know as many rows or more. Good until need().
    [[nodiscard]] std::span<const std::uint32_t> seen() const noexcept { return seen_; }
    /// Bytes held, but for the texts and lists of values.
    [[nodiscard]] std::size_t bytes() const noexcept {
        std::size_t all = seen_.capacity() * sizeof seen_[0] + entries_.capacity() * sizeof(Entry);
        for (const Entry& entry : entries_) all += entry.column ? entry.column->bytes() : 0;
        return all;
    }

private:
    struct Entry {
        Wanted wanted;
        std::size_t asked = 0;
        std::uint64_t question = 0;  // the last one that asked
        int misses = 0;              // questions in a row about instants at which the column does not stand
        bool has_too_many = false;   // different values
        std::optional<PeopleColumn> column{};
    };
    [[nodiscard]] std::size_t changed(std::span<const std::uint32_t> versions) const noexcept {
        std::size_t count = versions.size() - seen_.size();
        for (std::size_t row = 0; row < seen_.size(); ++row) count += versions[row] != seen_[row] ? 1 : 0;
        return count;
    }
    [[nodiscard]] Entry* find(const Wanted& wanted) noexcept {
        const auto found =
            std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.wanted == wanted; });
        return found == entries_.end() ? nullptr : &*found;
    }

    std::vector<Entry> entries_;
    std::vector<std::uint32_t> seen_;
    std::uint64_t questions_ = 0;
};

}  // namespace alloquy::engine
