#pragma once

/// \file
/// Engine: the state of everybody in memory; folds facts, answers questions, saves and restores itself.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/decide/decider.hpp>
#include <alloquy/decide/plan.hpp>
#include <alloquy/engine/bytes.hpp>
#include <alloquy/engine/columns.hpp>
#include <alloquy/engine/huge_pages.hpp>
#include <alloquy/engine/person_bytes.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/error.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/score/engagement.hpp>
#include <alloquy/score/event.hpp>
#include <alloquy/score/reachability.hpp>
#include <alloquy/score/signal.hpp>
#include <alloquy/time/zone.hpp>

namespace alloquy::engine {

/// Finds a time zone by its IANA name; nothing where there is none. The core reads no files: a host passes
/// io::find_zone, or a table of its own.
using ZoneSource = std::function<std::optional<time::Zone>(std::string_view name)>;

/// All facts of one person in their order (at, source text, key), the one just observed among them.
using History = std::function<std::vector<model::Fact>(PersonId person)>;

/// A signal that offers one number per person as a column under its own name.
template <class S>
concept ColumnSignal = score::Signal<S> &&
    requires(const S& signal, const typename S::State& state, time::Instant now) {
    { signal.column(state, now) } -> std::same_as<std::optional<double>>;
};

/// The state of a whole population as a fold over facts, for the given signals.
///
/// Every answer is a function of the set of facts, the playbook and `now`: not of the order of arrival, the number of
/// threads or the compiler. Questions are const and may run on several threads at once; folding may not run beside
/// anything else, except that `refold` may run for different people at once.
template <score::Signal... Signals>
class BasicEngine {
    static_assert((std::is_same_v<Signals, score::Engagement> || ...) &&
                      (std::is_same_v<Signals, score::Reachability> || ...),
                  "the columns and the decisions rest on Engagement and Reachability");

public:
    /// \param playbook  The policy.
    /// \param hash      Hash of its canonical bytes, as decisions shall carry it.
    /// \param symbols   Vocabularies of the facts to come; gains the playbook's names. Must outlive the engine.
    /// \param zones     Finds people's time zones.
    /// \param signals   One object of each type.
    /// \throws InvalidArgument  if the playbook is inconsistent; the text names the entry.
    BasicEngine(Playbook playbook, const decide::PlaybookHash& hash, model::Symbols& symbols, ZoneSource zones,
                Signals... signals)
        : playbook_{std::move(playbook)},
          hash_{hash},
          symbols_{&symbols},
          zone_source_{std::move(zones)},
          signals_{std::move(signals)...},
          columns_{all_columns()},
          decider_{playbook_.actions, playbook_.channels, columns_, symbols} {
        number_channels();
        for (const decide::Action& action : playbook_.actions.actions) {
            for (const decide::Variant& variant : action.variants) {
                const auto& channels = playbook_.reachability.channels;
                if (std::find(channels.begin(), channels.end(), variant.channel) == channels.end()) {
                    throw InvalidArgument{"Playbook: action '" + action.name + "' uses channel '" + variant.channel +
                                          "', which is not among the channels of reachability"};
                }
            }
        }
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (std::count(columns_.begin(), columns_.end(), columns_[i]) > 1) {
                throw InvalidArgument{"Engine: two columns are called '" + std::string{columns_[i]} + "'"};
            }
        }
    }

    [[nodiscard]] const Playbook& playbook() const noexcept { return playbook_; }
    [[nodiscard]] const decide::PlaybookHash& playbook_hash() const noexcept { return hash_; }
    [[nodiscard]] const decide::Decider& decider() const noexcept { return decider_; }
    [[nodiscard]] std::span<const std::string_view> columns() const noexcept { return columns_; }
    template <class S>
    [[nodiscard]] const S& signal() const noexcept {
        return std::get<S>(signals_);
    }

    // People ---------------------------------------------------------------------------------------------------

    /// Number of people; rows are 0 to size() - 1.
    [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(people_.size()); }

    /// Adds a person without facts, or finds the one with this id.
    /// \param tie_key  Orders people whose priorities are equal, and people in the digest; must be a function of what
    ///                 identifies the person outside, not of the order of arrival.
    /// \return The row.
    std::uint32_t add_person(PersonId person, std::uint64_t tie_key) {
        const auto [entry, added] = rows_.try_emplace(person.value(), size());
        if (added) {
            people_.push_back(model::Person{person});
            tie_keys_.push_back(tie_key);
            zone_of_.push_back(no_zone);
            contacts_.emplace_back();
            known_ms_.push_back(never);
            std::apply([&](auto&... states) { (states.emplace_back(), ...); }, states_);
        } else {
            tie_keys_[entry->second] = tie_key;
        }
        return entry->second;
    }
    [[nodiscard]] std::optional<std::uint32_t> find_row(PersonId person) const noexcept {
        const auto found = rows_.find(person.value());
        return found == rows_.end() ? std::nullopt : std::optional{found->second};
    }
    /// \throws NotFound  if the engine has no such person.
    [[nodiscard]] std::uint32_t row(PersonId person) const {
        const std::optional<std::uint32_t> found = find_row(person);
        if (!found) throw NotFound{"Engine: no person with id " + std::to_string(person.value())};
        return *found;
    }
    [[nodiscard]] const model::Person& person(std::uint32_t row) const noexcept { return people_[row]; }
    [[nodiscard]] std::span<const decide::Contact> contacts(std::uint32_t row) const noexcept { return contacts_[row]; }
    template <class S>
    [[nodiscard]] const typename S::State& state(std::uint32_t row) const noexcept {
        return states<S>()[row];
    }

    // Folding --------------------------------------------------------------------------------------------------

    /// Folds one fact as it comes in. A fact that is older than others of its person refolds that person.
    /// \throws NotFound  if the person was not added.
    void observe(const model::Fact& fact, const History& history) {
        const std::uint32_t row = this->row(fact.person);
        set_known_until(row, fact.known_at);
        bool late = false;
        if (const auto* interaction = std::get_if<model::Interaction>(&fact.content)) {
            add_contact(row, fact, *interaction);
            const score::Event event = to_event(row, fact, *interaction);
            std::apply(
                [&](const auto&... signal) { ((late |= observe_one(signal, row, event, score::Order::arrival)), ...); },
                signals_);
        } else {
            model::Person& person = people_[row];
            // Two facts at one instant have an order of their own (source, key), so a tie counts as late.
            late = person.latest_at && fact.at <= *person.latest_at;
            if (!late) {
                const std::string zone_before = person.zone;
                model::apply(person, fact, *symbols_);
                if (person.zone != zone_before) {
                    zone_of_[row] = zone_number(person.zone);
                    late = true;  // the hours of earlier acts are the new zone's
                }
            }
        }
        if (late) refold(row, history(fact.person));
    }

    /// Rebuilds one person from all facts. Different rows may be rebuilt on different threads at once.
    /// \param facts  All of the person's, in their order (at, source text, key).
    void refold(std::uint32_t row, std::span<const model::Fact> facts) {
        model::Person fresh{people_[row].id};
        for (const model::Fact& fact : facts) model::apply(fresh, fact, *symbols_);
        people_[row] = std::move(fresh);
        known_ms_[row] = never;
        for (const model::Fact& fact : facts) known_ms_[row] = std::max(known_ms_[row], fact.known_at.unix_ms());
        zone_of_[row] = zone_number(people_[row].zone);
        contacts_[row].clear();
        std::apply([&](auto&... states) { ((states[row] = {}), ...); }, states_);
        for (const model::Fact& fact : facts) {
            const auto* interaction = std::get_if<model::Interaction>(&fact.content);
            if (interaction == nullptr) continue;
            add_contact(row, fact, *interaction);
            const score::Event event = to_event(row, fact, *interaction);
            std::apply(
                [&](const auto&... signal) {
                    (static_cast<void>(observe_one(signal, row, event, score::Order::canonical)), ...);
                },
                signals_);
        }
    }
    /// Folds events into the signals alone, fast: for bulk loads by hosts that keep people and contacts elsewhere.
    ///
    /// \param events   Any order; rows below size().
    /// \param threads  >= 1; each takes a share of the rows. The result is the same for any number.
    /// \return Rows that a signal wants refolded, ascending: their events came out of order.
    /// \throws InvalidArgument  if a row is not there or threads is 0.
    /// \par Cost  About 16 ns an event and core if sorted by row, 30 ns in order of arrival (tests/bench fold).
    [[nodiscard]] std::vector<std::uint32_t> fold(std::span<const score::Event> events, unsigned threads = 1) {
        if (threads == 0) throw InvalidArgument{"Engine::fold: threads must be >= 1"};
        std::uint32_t last_row = 0;
        std::int64_t latest_ms = never;
        bool by_row = true;
        for (const score::Event& event : events) {
            by_row = by_row && event.person >= last_row;
            last_row = std::max(last_row, event.person);
            latest_ms = std::max(latest_ms, event.at_ms);
        }
        if (!events.empty() && last_row >= size()) {
            throw InvalidArgument{"Engine::fold: no row " + std::to_string(last_row)};
        }
        bulk_known_ms_ = std::max(bulk_known_ms_, latest_ms);
        std::vector<std::vector<std::uint32_t>> late(threads);
        // Sorted events are cut between people; others are picked out by each thread.
        const auto cut = [&](unsigned t) {
            std::size_t at = events.size() * t / threads;
            while (at > 0 && at < events.size() && events[at].person == events[at - 1].person) ++at;
            return at;
        };
        run(threads, [&](unsigned t) {
            if (by_row) {
                const std::size_t first = cut(t);
                const std::size_t end = std::max(first, cut(t + 1));
                const auto blocks = std::make_unique<Blocks>();
                fold_in_blocks<false>(events.subspan(first, end - first), *blocks, late[t]);
            } else if (threads == 1) {
                fold_all(events, late[0]);
            } else {
                const auto first = static_cast<std::uint32_t>(std::uint64_t{size()} * t / threads);
                const auto end = static_cast<std::uint32_t>(std::uint64_t{size()} * (t + 1) / threads);
                fold_rows(events, first, end, late[t]);
            }
        });
        std::vector<std::uint32_t> rows;
        for (const auto& part : late) rows.insert(rows.end(), part.begin(), part.end());
        std::sort(rows.begin(), rows.end());
        rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
        return rows;
    }

    /// An interaction as the signals see it.
    [[nodiscard]] score::Event to_event(std::uint32_t row, const model::Fact& fact,
                                        const model::Interaction& interaction) const noexcept {
        const std::int64_t at_ms = fact.at.unix_ms();
        std::uint8_t hour = score::Event::no_hour;
        if (zone_of_[row] != no_zone) {
            const std::int64_t local_s =
                at_ms / 1000 - (at_ms % 1000 < 0 ? 1 : 0) + (*zones_)[zone_of_[row]].offset_seconds_at(at_ms);
            const std::int64_t second = local_s % 86'400;
            hour = static_cast<std::uint8_t>((second < 0 ? second + 86'400 : second) / 3600);
        }
        return {at_ms,
                row,
                static_cast<std::uint16_t>(std::min<std::uint32_t>(interaction.quantity, 65'535)),
                number_of(channel_numbers_, interaction.channel.number()),
                interaction.topic ? number_of(topic_numbers_, interaction.topic->number()) : std::uint8_t{0},
                interaction.act,
                interaction.direction,
                hour};
    }

    // Questions ------------------------------------------------------------------------------------------------

    /// No fact that was folded became known later than this; nothing where none was folded.
    /// \par Cost  O(people).
    [[nodiscard]] std::optional<time::Instant> known_until() const {
        std::int64_t latest = bulk_known_ms_;
        for (const std::int64_t known : known_ms_) latest = std::max(latest, known);
        if (latest == never) return std::nullopt;
        return time::Instant::from_unix_ms(latest);
    }
    /// \throws InvalidArgument  if facts about this person became known after `now`: the answer would know the future.
    ///                          Facts about others do not matter.
    void check_now(std::uint32_t row, time::Instant now) const {
        const std::int64_t latest = std::max(bulk_known_ms_, known_ms_[row]);
        if (now.unix_ms() < latest) refuse_now(now, time::Instant::from_unix_ms(latest));
    }
    /// \throws InvalidArgument  if facts about anybody became known after `now`.
    void check_now(time::Instant now) const {
        const std::optional<time::Instant> latest = known_until();
        if (latest && now < *latest) refuse_now(now, *latest);
    }

    /// The value of a signal for one person.
    /// \throws NotFound, InvalidArgument  as row() and check_now().
    template <class S>
    [[nodiscard]] auto value(PersonId person, time::Instant now) const {
        const std::uint32_t row = this->row(person);
        check_now(row, now);
        return signal<S>().value(states<S>()[row], now);
    }

    /// Engagement fractions of everybody, by row.
    [[nodiscard]] std::vector<double> engagement_fractions(time::Instant now) const {
        check_now(now);
        const auto& engagement = signal<score::Engagement>();
        std::vector<double> fractions;
        fractions.reserve(size());
        for (const auto& state : states<score::Engagement>()) fractions.push_back(engagement.fraction(state, now));
        return fractions;
    }

    /// The columns of one person, in the order of columns().
    void column_values(std::uint32_t row, time::Instant now, std::span<std::optional<double>> values) const noexcept {
        const model::Person& person = people_[row];
        const auto& state = states<score::Engagement>()[row];
        const auto& engagement = signal<score::Engagement>();
        const auto set = [&](Column column, std::optional<double> value) {
            values[static_cast<std::size_t>(column)] = value;
        };
        set(Column::engagement, engagement.fraction(state, now));
        set(Column::engagement_trend, engagement.trend(state, now));
        set(Column::days_since_own_act,
            state.events == 0 ? std::nullopt : std::optional{days(now.unix_ms() - state.latest_ms)});
        const model::Role* const role = model::primary_role(person.roles, now);
        set(Column::days_in_role, role == nullptr ? std::nullopt : std::optional{days((now - role->start).count())});
        std::optional<double> next_deadline;
        std::optional<double> overdue;
        for (const model::Obligation& obligation : person.obligations) {
            if (!obligation.is_open() || !obligation.due) continue;
            const double left = days((*obligation.due - now).count());
            if (left >= 0) {
                next_deadline = next_deadline ? std::min(*next_deadline, left) : left;
            } else {
                overdue = overdue ? std::max(*overdue, -left) : -left;
            }
        }
        set(Column::days_to_obligation, next_deadline);
        set(Column::days_overdue, overdue);
        double complaints = 0;
        for (const model::Dialogue& dialogue : person.dialogues) {
            complaints += dialogue.is_open() && dialogue.tone == model::Tone::complaint ? 1 : 0;
        }
        set(Column::open_complaints, complaints);
        std::size_t next = column_names.size();
        std::apply([&](const auto&... signal) { (own_column(signal, row, now, values, next), ...); }, signals_);
    }

    /// Engagement of one person with its parts.
    /// \throws NotFound, InvalidArgument  as row() and check_now().
    [[nodiscard]] score::EngagementScore engagement(PersonId person, time::Instant now) const {
        return value<score::Engagement>(person, now);
    }
    /// How to reach one person.
    /// \throws NotFound, InvalidArgument  as row() and check_now().
    [[nodiscard]] score::ReachabilityScore reachability(PersonId person, time::Instant now) const {
        return value<score::Reachability>(person, now);
    }

    /// The next dialogue action of one person by itself, without regard to other people's claims on staff minutes.
    /// \throws NotFound, InvalidArgument  as row() and check_now().
    [[nodiscard]] decide::Decision next(PersonId person, time::Instant now) const {
        const std::uint32_t row = this->row(person);
        check_now(row, now);
        Working working{columns_.size()};
        return decider_.decide(subject(row, now, working), now, hash_);
    }

    /// One action for each person at most, within the pools' minutes.
    /// \param threads  >= 1; the plan is the same for any number.
    /// \throws InvalidArgument  as check_now() and decide::arbitrate().
    [[nodiscard]] decide::Plan plan(time::Instant now, const decide::Capacity& capacity = {},
                                    unsigned threads = 1) const {
        check_now(now);
        if (threads == 0) throw InvalidArgument{"Engine::plan: threads must be >= 1"};
        std::vector<std::vector<decide::Offer>> parts(threads);
        const auto work = [&](unsigned t) {
            Working working{columns_.size()};
            const auto first = static_cast<std::uint32_t>(std::uint64_t{size()} * t / threads);
            const auto end = static_cast<std::uint32_t>(std::uint64_t{size()} * (t + 1) / threads);
            for (std::uint32_t row = first; row < end; ++row) {
                decider_.offers(subject(row, now, working), now, [&](const decide::Candidate& candidate) {
                    parts[t].push_back({candidate, people_[row].id, tie_keys_[row], row});
                });
            }
        };
        run(threads, work);
        std::vector<decide::Offer> offers;
        for (auto& part : parts) offers.insert(offers.end(), part.begin(), part.end());
        return decide::arbitrate(decider_, offers, size(), capacity, now, hash_);
    }

    /// The account of one person's place in a plan: as next(), but chosen is what the plan says, and candidates that
    /// the plan could not serve carry the rule `capacity`.
    /// \param plan  Made from the same facts; the account speaks of its instant.
    /// \throws NotFound         as row().
    /// \throws InvalidArgument  as check_now(), if the plan is of another playbook, or if facts that came in since the
    ///                          plan, though known before it, make its action impossible.
    [[nodiscard]] decide::Decision explain(PersonId person, const decide::Plan& plan) const {
        const std::uint32_t row = this->row(person);
        check_now(row, plan.now);
        if (plan.playbook != hash_) throw InvalidArgument{"Engine::explain: the plan is of another playbook"};
        const auto assignment =
            std::find_if(plan.assignments.begin(), plan.assignments.end(),
                         [&](const decide::Assignment& candidate) { return candidate.person == person; });
        Working working{columns_.size()};
        return decider_.explain(
            subject(row, plan.now, working), plan.now, hash_,
            assignment == plan.assignments.end() ? std::nullopt : std::optional{assignment->candidate});
    }

    // Saving ---------------------------------------------------------------------------------------------------

    /// What a snapshot must agree on before its bytes may be read: format, playbook, signals and their versions.
    [[nodiscard]] std::vector<std::byte> snapshot_header() const {
        std::vector<std::byte> bytes;
        ByteWriter out{
            [&](std::span<const std::byte> chunk) { bytes.insert(bytes.end(), chunk.begin(), chunk.end()); }};
        out.text("alloquy snapshot 1");
        out.raw(hash_.data(), hash_.size());
        const auto stamp = [&](const auto& signal) {
            using S = std::decay_t<decltype(signal)>;
            out.text(S::name);
            out.number(std::uint32_t{S::version});
            out.number(static_cast<std::uint32_t>(sizeof(typename S::State)));
            if constexpr (requires { signal.parameters(); }) {
                out.list(signal.parameters(), [&](double parameter) { out.number(parameter); });
            }
        };
        std::apply([&](const auto&... signal) { (stamp(signal), ...); }, signals_);
        out.flush();
        return bytes;
    }

    /// Writes the whole state. Symbols stand as numbers, so the bytes belong to the file of these symbols.
    void save(ByteWriter& out) const {
        out.number(bulk_known_ms_);
        out.number(size());
        for (std::uint32_t row = 0; row < size(); ++row) {
            out.number(people_[row].id.value());
            out.number(tie_keys_[row]);
            out.number(known_ms_[row]);
            write_person(out, people_[row], SymbolsAsNumbers{});
            write_contacts(out, row);
        }
        write_states(out);
        out.flush();
    }

    /// Replaces the whole state by one that `save` wrote under an equal snapshot_header(). The bytes must be those:
    /// what is no state at all is refused, but only a hash beside them (store::Journal keeps one per chunk) tells a
    /// flipped bit in a number.
    /// \throws ParseError  if the bytes are damaged; the engine is then empty.
    void restore(ByteReader& in) {
        clear();
        try {
            bulk_known_ms_ = read_known(in);
            const auto count = in.number<std::uint32_t>();
            for (std::uint32_t i = 0; i < count; ++i) {
                const PersonId id{in.number<std::int64_t>()};
                const auto tie_key = in.number<std::uint64_t>();
                const std::uint32_t row = add_person(id, tie_key);
                if (row != i) ByteReader::fail("a person stands twice");
                known_ms_[row] = read_known(in);
                people_[row] = read_person(in, id);
                zone_of_[row] = zone_number(people_[row].zone);
                contacts_[row] = in.list([&] {
                    const time::Instant at = in.instant();
                    const auto channel = in.number<std::uint8_t>();
                    const auto purpose = in.number<std::uint16_t>();
                    return decide::Contact{at, channel, purpose, in.number<std::uint16_t>()};
                });
            }
            std::apply([&](auto&... states) { (in.raw(states.data(), states.size() * sizeof states[0]), ...); },
                       states_);
            in.expect_end();
        } catch (...) {
            clear();
            throw;
        }
    }

    /// Writes the state in a form that does not depend on the order in which people and words arrived: people by tie
    /// key, symbols as text. Equal bytes for equal sets of facts under equal playbooks.
    /// \param organisation_key  A number that identifies an organisation outside, whatever its id.
    template <class OrganisationKey>
    void write_canonical(ByteWriter& out, const OrganisationKey& organisation_key) const {
        std::vector<std::uint32_t> order(size());
        for (std::uint32_t row = 0; row < size(); ++row) order[row] = row;
        std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
            return std::pair{tie_keys_[a], people_[a].id} < std::pair{tie_keys_[b], people_[b].id};
        });
        const auto person_key = [&](PersonId person) {
            const std::optional<std::uint32_t> row = find_row(person);
            return row ? tie_keys_[*row] : 0;
        };
        out.number(size());
        for (const std::uint32_t row : order) {
            out.number(tie_keys_[row]);
            write_person(out, people_[row], SymbolsAsText{*symbols_, person_key, organisation_key});
            write_contacts(out, row);
            std::apply([&](const auto&... states) { (out.raw(&states[row], sizeof states[row]), ...); }, states_);
        }
        out.flush();
    }

    /// Forgets everybody.
    void clear() {
        rows_.clear();
        people_.clear();
        tie_keys_.clear();
        zone_of_.clear();
        contacts_.clear();
        known_ms_.clear();
        std::apply([](auto&... states) { (states.clear(), ...); }, states_);
        bulk_known_ms_ = never;
    }

    /// Bytes of signal state per person.
    static constexpr std::size_t state_bytes_per_person = (sizeof(typename Signals::State) + ...);

private:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();
    static constexpr std::uint16_t no_zone = 0;
    static constexpr std::size_t prefetch_ahead = 24;
    static constexpr std::size_t fold_chunk = std::size_t{1} << 22U;  // events; 96 MiB when brought together
    static constexpr std::uint32_t rows_per_group = 2048;             // half a mebibyte of state
    template <class S>
    using States = std::vector<typename S::State, HugePageAllocator<typename S::State>>;

    /// Buffers for one person's questions.
    struct Working {
        explicit Working(std::size_t columns) : values(columns) { response.fill(1); }
        std::vector<std::optional<double>> values;
        std::array<double, score::max_channels + 1> response{};
    };

    void set_known_until(std::uint32_t row, time::Instant known_at) noexcept {
        known_ms_[row] = std::max(known_ms_[row], known_at.unix_ms());
    }
    [[noreturn]] static void refuse_now(time::Instant now, time::Instant latest) {
        throw InvalidArgument{"Engine: now must not lie before the latest fact became known (" + to_iso(latest) +
                              "), got " + to_iso(now) + "; ask a view as of that instant"};
    }
    static std::int64_t read_known(ByteReader& in) {
        const auto known = in.number<std::int64_t>();
        if (known != never && (known < time::Instant::min_unix_ms || known > time::Instant::max_unix_ms)) {
            ByteReader::fail("an instant out of range");
        }
        return known;
    }

    static double days(std::int64_t ms) noexcept { return static_cast<double>(ms) / 86'400'000.0; }

    template <class Work>
    static void run(unsigned threads, const Work& work) {
        std::vector<std::thread> workers;
        for (unsigned t = 1; t < threads; ++t) workers.emplace_back(work, t);
        work(0U);
        for (std::thread& worker : workers) worker.join();
    }

    static std::vector<std::string_view> all_columns() {
        std::vector<std::string_view> names{column_names.begin(), column_names.end()};
        const auto add = [&]<class S>(std::type_identity<S>) {
            if constexpr (ColumnSignal<S>) names.push_back(S::name);
        };
        (add(std::type_identity<Signals>{}), ...);
        return names;
    }
    template <class S>
    void own_column(const S& signal, std::uint32_t row, time::Instant now, std::span<std::optional<double>> values,
                    std::size_t& next) const {
        if constexpr (ColumnSignal<S>) values[next++] = signal.column(states<S>()[row], now);
    }

    template <class S>
    [[nodiscard]] States<S>& states() noexcept {
        return std::get<States<S>>(states_);
    }
    template <class S>
    [[nodiscard]] const States<S>& states() const noexcept {
        return std::get<States<S>>(states_);
    }

    void number_channels() {
        const auto fill = [](auto& vocabulary, const std::vector<std::string>& names, std::size_t most,
                             std::vector<std::uint8_t>& numbers, const char* what) {
            if (names.size() > most) {
                throw InvalidArgument{std::string{"Playbook: at most "} + std::to_string(most) + " " + what};
            }
            for (std::size_t i = 0; i < names.size(); ++i) {
                const std::size_t symbol = vocabulary.intern(names[i]).number();
                if (numbers.size() <= symbol) numbers.resize(symbol + 1, 0);
                if (numbers[symbol] != 0) {
                    throw InvalidArgument{std::string{"Playbook: "} + what + ": '" + names[i] + "' stands twice"};
                }
                numbers[symbol] = static_cast<std::uint8_t>(i + 1);
            }
        };
        fill(symbols_->channels, playbook_.channels, score::max_channels, channel_numbers_, "channels");
        fill(symbols_->topics, playbook_.topics, score::max_topics, topic_numbers_, "topics");
    }
    /// Words that came after the playbook's are not in the playbook.
    static std::uint8_t number_of(const std::vector<std::uint8_t>& numbers, std::size_t symbol) noexcept {
        return symbol < numbers.size() ? numbers[symbol] : std::uint8_t{0};
    }

    /// Zones of people that several threads may look up and load at once. Entries never move.
    class ZoneTable {
    public:
        ZoneTable() { zones_.reserve(most); }
        [[nodiscard]] const time::Zone& operator[](std::uint16_t number) const noexcept {
            return zones_[number - 1U].second;
        }
        /// 1-based number of a zone, loaded on first use; no_zone where it cannot be found: nobody is contacted on a
        /// guess.
        [[nodiscard]] std::uint16_t number(const std::string& name, const ZoneSource& source) {
            if (name.empty()) return no_zone;
            const std::lock_guard lock{mutex_};
            for (std::size_t i = 0; i < zones_.size(); ++i) {
                if (zones_[i].first == name) return static_cast<std::uint16_t>(i + 1);
            }
            if (!source || unknown_.contains(name) || zones_.size() == most) return no_zone;
            std::optional<time::Zone> zone = source(name);
            if (!zone) {
                unknown_.insert(name);
                return no_zone;
            }
            zones_.emplace_back(name, std::move(*zone));
            return static_cast<std::uint16_t>(zones_.size());
        }

    private:
        static constexpr std::size_t most = 2048;  // IANA has about 600 names
        std::mutex mutex_;
        std::vector<std::pair<std::string, time::Zone>> zones_;
        std::set<std::string> unknown_;
    };
    [[nodiscard]] std::uint16_t zone_number(const std::string& name) { return zones_->number(name, zone_source_); }

    void add_contact(std::uint32_t row, const model::Fact& fact, const model::Interaction& interaction) {
        if (interaction.direction != model::Direction::outbound) return;
        if (interaction.act != model::Act::sent && interaction.act != model::Act::called) return;
        const std::uint16_t action =
            interaction.action ? decider_.action_number(symbols_->actions.text(*interaction.action)) : std::uint16_t{0};
        std::uint16_t purpose = interaction.purpose
                                    ? decider_.purpose_number(symbols_->purposes.text(*interaction.purpose))
                                    : std::uint16_t{0};
        if (purpose == 0 && action != 0) purpose = decider_.purpose_of_action(action);
        const decide::Contact contact{fact.at, number_of(channel_numbers_, interaction.channel.number()), purpose,
                                      action};
        auto& contacts = contacts_[row];
        contacts.insert(std::upper_bound(contacts.begin(), contacts.end(), contact), contact);
        // No rule looks further back than the longest window before now, and now is never before the newest contact.
        const std::int64_t oldest = contacts.back().at.unix_ms() - decider_.longest_window().count();
        const auto first = std::find_if(contacts.begin(), contacts.end(),
                                        [&](const decide::Contact& c) { return c.at.unix_ms() > oldest; });
        contacts.erase(contacts.begin(), first);
    }

    /// \return True if the person must be refolded.
    template <class S>
    [[nodiscard]] bool observe_one(const S& signal, std::uint32_t row, const score::Event& event, score::Order order) {
        return signal.observe(states<S>()[row], event, order) == score::Observed::late;
    }

    template <class S, bool in_blocks = score::BlockSignal<S>>
    struct BlockOf {
        struct Nothing {};
        using type = Nothing;
    };
    template <class S>
    struct BlockOf<S, true> {
        using type = typename S::Block;
    };
    using Blocks = std::tuple<typename BlockOf<Signals>::type...>;

    template <class S>
    void prepare(const S& signal, std::span<const score::Event> events, Blocks& blocks) const {
        if constexpr (score::BlockSignal<S>) signal.prepare(events, std::get<typename S::Block>(blocks));
    }
    template <class S>
    bool observe_in_block(const S& signal, const score::Event& event, const Blocks& blocks, std::size_t index) {
        auto& state = states<S>()[event.person];
        if constexpr (score::BlockSignal<S>) {
            return signal.observe(state, event, score::Order::arrival, std::get<typename S::Block>(blocks), index) ==
                   score::Observed::late;
        } else {
            return signal.observe(state, event, score::Order::arrival) == score::Observed::late;
        }
    }
    template <class S>
    void prefetch(const S& signal, const score::Event& event) const noexcept {
        const auto& state = states<S>()[event.person];
        if constexpr (requires { signal.prefetch(state, event); }) {
            signal.prefetch(state, event);
        } else {
            const auto* const bytes = reinterpret_cast<const char*>(&state);
            for (std::size_t line = 0; line < sizeof state; line += 64) __builtin_prefetch(bytes + line, 1);
        }
    }
    void prefetch_all(const score::Event& event) const noexcept {
        std::apply([&](const auto&... signal) { (prefetch(signal, event), ...); }, signals_);
    }
    /// \tparam scattered  The events jump about among people: ask for their states ahead.
    template <bool scattered>
    void fold_block(std::span<const score::Event> events, std::span<const score::Event> after, Blocks& blocks,
                    std::vector<std::uint32_t>& late) {
        std::apply([&](const auto&... signal) { (prepare(signal, events, blocks), ...); }, signals_);
        for (std::size_t i = 0; i < events.size(); ++i) {
            if constexpr (scattered) {
                const std::size_t ahead = i + prefetch_ahead;
                if (ahead < events.size()) {
                    prefetch_all(events[ahead]);
                } else if (ahead - events.size() < after.size()) {
                    prefetch_all(after[ahead - events.size()]);
                }
            }
            bool is_late = false;
            std::apply(
                [&](const auto&... signal) { ((is_late |= observe_in_block(signal, events[i], blocks, i)), ...); },
                signals_);
            if (is_late) late.push_back(events[i].person);
        }
    }
    template <bool scattered>
    void fold_in_blocks(std::span<const score::Event> events, Blocks& blocks, std::vector<std::uint32_t>& late) {
        for (std::size_t first = 0; first < events.size(); first += score::block_size) {
            const std::size_t count = std::min(score::block_size, events.size() - first);
            fold_block<scattered>(events.subspan(first, count), events.subspan(first + count), blocks, late);
        }
    }
    using Events = std::vector<score::Event, HugePageAllocator<score::Event>>;
    /// Room to bring events together: by groups of neighbouring rows, then one group by rows.
    struct Gathered {
        Events by_group;
        Events by_row;
    };
    /// Folds at most fold_chunk events. Where they jump about among more people than a cache holds, they are first
    /// brought together by person, each person's in the order in which they came: what is folded is the same, and the
    /// states stream through the cache in their order instead of being fetched one by one.
    void fold_chunk_of(std::span<const score::Event> events, Blocks& blocks, Gathered& gathered,
                       std::vector<std::uint32_t>& late) {
        std::size_t jumps = 0;
        for (std::size_t i = 1; i < events.size(); ++i) jumps += events[i].person != events[i - 1].person ? 1 : 0;
        const std::size_t groups = size() / rows_per_group + 1;
        if (jumps < events.size() / 4 || groups < 16 || events.size() < size()) {
            fold_in_blocks<true>(events, blocks, late);
            return;
        }
        std::vector<std::size_t> next(groups + 1, 0);
        for (const score::Event& event : events) ++next[event.person / rows_per_group + 1];
        for (std::size_t group = 0; group < groups; ++group) next[group + 1] += next[group];
        gathered.by_group.resize(events.size());
        for (const score::Event& event : events) gathered.by_group[next[event.person / rows_per_group]++] = event;
        // Now next[group] is the end of a group.
        std::vector<std::uint32_t> place(rows_per_group + 1);
        for (std::size_t group = 0; group < groups; ++group) {
            const std::size_t first = group == 0 ? 0 : next[group - 1];
            const std::span<const score::Event> own{gathered.by_group.data() + first, next[group] - first};
            std::fill(place.begin(), place.end(), 0U);
            for (const score::Event& event : own) ++place[event.person % rows_per_group + 1];
            for (std::size_t row = 0; row < rows_per_group; ++row) place[row + 1] += place[row];
            gathered.by_row.resize(std::max(gathered.by_row.size(), own.size()));
            for (const score::Event& event : own) gathered.by_row[place[event.person % rows_per_group]++] = event;
            fold_in_blocks<false>(std::span<const score::Event>{gathered.by_row.data(), own.size()}, blocks, late);
        }
    }
    void fold_all(std::span<const score::Event> events, std::vector<std::uint32_t>& late) {
        const auto blocks = std::make_unique<Blocks>();
        Gathered gathered;
        for (std::size_t first = 0; first < events.size(); first += fold_chunk) {
            fold_chunk_of(events.subspan(first, std::min(fold_chunk, events.size() - first)), *blocks, gathered, late);
        }
    }
    void fold_rows(std::span<const score::Event> events, std::uint32_t first, std::uint32_t end,
                   std::vector<std::uint32_t>& late) {
        const auto blocks = std::make_unique<Blocks>();
        Gathered gathered;
        Events own;
        own.reserve(std::min(fold_chunk, events.size()));
        for (const score::Event& event : events) {
            if (event.person < first || event.person >= end) continue;
            own.push_back(event);
            if (own.size() == fold_chunk) {
                fold_chunk_of(own, *blocks, gathered, late);
                own.clear();
            }
        }
        fold_chunk_of(own, *blocks, gathered, late);
    }

    [[nodiscard]] decide::Subject subject(std::uint32_t row, time::Instant now, Working& working) const {
        const model::Person& person = people_[row];
        column_values(row, now, working.values);
        const auto& reachability = signal<score::Reachability>();
        for (std::size_t channel = 1; channel <= playbook_.channels.size(); ++channel) {
            if (const std::optional<std::size_t> slot = reachability.slot_of(static_cast<std::uint8_t>(channel))) {
                working.response[channel] =
                    reachability.estimate(states<score::Reachability>()[row], *slot, now).probability;
            }
        }
        return {person.id,       model::current_roles(person, now),
                person.language, zone_of_[row] != no_zone,
                person.consents, contacts_[row],
                working.values,  working.response,
                person.roles};
    }

    void write_contacts(ByteWriter& out, std::uint32_t row) const {
        out.list(contacts_[row], [&](const decide::Contact& contact) {
            out.instant(contact.at);
            out.number(contact.channel);
            out.number(contact.purpose);
            out.number(contact.action);
        });
    }
    void write_states(ByteWriter& out) const {
        std::apply([&](const auto&... states) { (out.raw(states.data(), states.size() * sizeof states[0]), ...); },
                   states_);
    }

    Playbook playbook_;
    decide::PlaybookHash hash_;
    model::Symbols* symbols_;
    ZoneSource zone_source_;
    std::tuple<Signals...> signals_;
    std::vector<std::string_view> columns_;
    decide::Decider decider_;
    std::vector<std::uint8_t> channel_numbers_;  // by symbol number
    std::vector<std::uint8_t> topic_numbers_;
    std::unique_ptr<ZoneTable> zones_ = std::make_unique<ZoneTable>();

    std::unordered_map<std::int64_t, std::uint32_t> rows_;  // looked up, never walked
    std::vector<model::Person> people_;
    std::vector<std::uint64_t> tie_keys_;
    std::vector<std::uint16_t> zone_of_;  // 1-based position in zones_, no_zone where unknown
    std::vector<std::vector<decide::Contact>> contacts_;
    std::tuple<States<Signals>...> states_;
    std::vector<std::int64_t> known_ms_;  // latest known_at of a person's facts, never without any
    std::int64_t bulk_known_ms_ = never;  // latest instant of events that came without facts
};

/// The engine with the standard signals.
using Engine = BasicEngine<score::Engagement, score::Reachability>;

/// An engine with the standard signals, configured by the playbook.
[[nodiscard]] inline Engine make_engine(Playbook playbook, const decide::PlaybookHash& hash, model::Symbols& symbols,
                                        ZoneSource zones) {
    score::Engagement engagement{playbook.engagement, playbook.channels, playbook.topics};
    score::Reachability reachability{playbook.reachability, playbook.channels};
    return Engine{std::move(playbook), hash, symbols, std::move(zones), std::move(engagement), std::move(reachability)};
}

}  // namespace alloquy::engine
