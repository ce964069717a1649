#pragma once

/// \file
/// Engine: the state of everybody in memory; folds facts, answers questions, saves and restores itself.

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
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
#include <alloquy/engine/fields.hpp>
#include <alloquy/engine/huge_pages.hpp>
#include <alloquy/engine/person_bytes.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/engine/typical_person.hpp>
#include <alloquy/error.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/parallel.hpp>
#include <alloquy/score/bg_bb.hpp>
#include <alloquy/score/bg_nbd.hpp>
#include <alloquy/score/engagement.hpp>
#include <alloquy/score/event.hpp>
#include <alloquy/score/explanation.hpp>
#include <alloquy/score/features.hpp>
#include <alloquy/score/lifecycle.hpp>
#include <alloquy/score/model.hpp>
#include <alloquy/score/reachability.hpp>
#include <alloquy/score/signal.hpp>
#include <alloquy/score/urgency.hpp>
#include <alloquy/segment/catalogue.hpp>
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

/// Standard scores of everybody at one instant, by column. NaN = unknown.
struct ScoreTable {
    std::vector<std::string> names;  ///< As in BasicEngine::columns(), and `response:<channel>` and `best_hour`.
    std::vector<std::vector<double>> columns;  ///< Shape (names), each (rows); element i belongs to row i.
};

/// What was fitted for one lifecycle.
using LifecycleParameters = std::variant<score::BgNbdParameters, score::BgBbParameters>;

/// The state of a whole population as a fold over facts, for the given signals.
///
/// Every answer is a function of the set of facts, the playbook and `now`: not of the order of arrival, the number of
/// threads or the compiler. Questions are const and may run on several threads at once; folding may not run beside
/// anything else, except that `refold` may run for different people at once.
template <score::Signal... Signals>
class BasicEngine {
    static_assert((std::is_same_v<Signals, score::Engagement> || ...) &&
                      (std::is_same_v<Signals, score::Reachability> || ...) &&
                      (std::is_same_v<Signals, score::Lifecycle> || ...),
                  "the columns and the decisions rest on Engagement, Reachability and Lifecycle");

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
          urgency_{playbook_.urgency, symbols},
          columns_{catalogue()},
          asked_{columns_that_are_asked_for()},
          decider_{playbook_.actions, playbook_.channels, names_of(asked_), symbols} {
        number_channels();
        for (const score::ModelConfig& config : playbook_.models) {
            if (config.name.starts_with("lifecycle:")) {
                throw InvalidArgument{"Playbook: model '" + config.name +
                                      "': names that begin with 'lifecycle:' are those of kept lifecycles"};
            }
            note_attribute(config.group);
            for (const score::FeatureConfig& feature : config.features) note_attribute(feature.input);
        }
        lifecycle_parameters_.resize(playbook_.lifecycles.size());
        fitted_at_.resize(playbook_.lifecycles.size(), time::Instant::earliest());
        models_.resize(playbook_.models.size());
        host_columns_.resize(playbook_.columns.size());
        for (const decide::Action& action : playbook_.actions.actions) {
            for (const decide::Variant& variant : action.variants) {
                const auto& channels = playbook_.reachability.channels;
                if (std::find(channels.begin(), channels.end(), variant.channel) == channels.end()) {
                    throw InvalidArgument{"Playbook: action '" + action.name + "' uses channel '" + variant.channel +
                                          "', which is not among the channels of reachability"};
                }
            }
        }
        for (const ColumnSource& column : columns_) {
            if (std::count_if(columns_.begin(), columns_.end(),
                              [&](const ColumnSource& other) { return other.name == column.name; }) > 1) {
                throw InvalidArgument{"Engine: two columns are called '" + column.name + "'"};
            }
            column_names_.push_back(column.name);
        }
    }

    [[nodiscard]] const Playbook& playbook() const noexcept { return playbook_; }
    [[nodiscard]] const decide::PlaybookHash& playbook_hash() const noexcept { return hash_; }
    [[nodiscard]] const decide::Decider& decider() const noexcept { return decider_; }
    /// Names of all columns; see engine::Column.
    [[nodiscard]] std::span<const std::string> columns() const noexcept { return column_names_; }
    [[nodiscard]] const score::Urgency& urgency() const noexcept { return urgency_; }
    template <class S>
    [[nodiscard]] const S& signal() const noexcept {
        return std::get<S>(signals_);
    }

    /// Where an input of a model comes from.
    struct InputSource {
        enum class Kind : std::uint8_t {
            column,
            number_attribute,
            text_attribute,
            role,
            programme,
            site,
            language,
            zone
        };
        Kind kind;
        std::uint16_t index;  ///< Of the column, or the symbol's number of the attribute.
    };

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
            if (versions_.size() < people_.size()) versions_.push_back(0);
            ++versions_[entry->second];
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
    /// By row: changes whenever person() changes, so that a reader of this engine can tell what it has seen. Within one
    /// engine equal only for an equal person, until 2^32 changes. Good until somebody is added or all are forgotten.
    [[nodiscard]] std::span<const std::uint32_t> person_versions() const noexcept {
        return {versions_.data(), people_.size()};
    }
    /// What identifies the person outside, as a number; see add_person().
    [[nodiscard]] std::uint64_t tie_key(std::uint32_t row) const noexcept { return tie_keys_[row]; }
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
            const auto hours_before = states<score::Reachability>()[row].hours;
            std::apply(
                [&](const auto&... signal) { ((late |= observe_one(signal, row, event, score::Order::arrival)), ...); },
                signals_);
            count_hours(hours_before, states<score::Reachability>()[row].hours);
        } else {
            model::Person& person = people_[row];
            // Two facts at one instant have an order of their own (source, key), so a tie counts as late.
            late = person.latest_at && fact.at <= *person.latest_at;
            if (!late) {
                const std::string zone_before = person.zone;
                ++versions_[row];
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
        if (fresh != people_[row]) ++versions_[row];
        people_[row] = std::move(fresh);
        known_ms_[row] = never;
        for (const model::Fact& fact : facts) known_ms_[row] = std::max(known_ms_[row], fact.known_at.unix_ms());
        note_known(known_ms_[row]);
        zone_of_[row] = zone_number(people_[row].zone);
        contacts_[row].clear();
        const auto hours_before = states<score::Reachability>()[row].hours;
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
        count_hours(hours_before, states<score::Reachability>()[row].hours);
    }
    /// Folds events into the signals alone, fast: for bulk loads by hosts that keep people and contacts elsewhere.
    ///
    /// \param events   Any order; rows below size().
    /// \param threads  >= 1; each takes a share of the rows. The result is the same for any number.
    /// \return Rows that a signal wants refolded, ascending: their events came out of order.
    /// \throws InvalidArgument  if a row is not there or threads is 0.
    /// \par Cost  Per event and core what tests/bench fold prints.
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
        note_known(latest_ms);
        // The group's hours: of few people by what changes, else all anew.
        std::vector<std::uint32_t> touched;
        std::vector<Hours> hours_before;
        if (events.size() < size() / 8) {
            for (const score::Event& event : events) touched.push_back(event.person);
            std::sort(touched.begin(), touched.end());
            touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
            for (const std::uint32_t row : touched) hours_before.push_back(states<score::Reachability>()[row].hours);
        }
        std::vector<std::vector<std::uint32_t>> late(threads);
        // Sorted events are cut between people; others are picked out by each thread.
        const auto cut = [&](unsigned t) {
            std::size_t at = events.size() * t / threads;
            while (at > 0 && at < events.size() && events[at].person == events[at - 1].person) ++at;
            return at;
        };
        run_in_threads(threads, [&](unsigned t) {
            if (by_row) {
                const std::size_t first = cut(t);
                const std::size_t end = std::max(first, cut(t + 1));
                fold_in_order<false>(events.subspan(first, end - first), late[t]);
            } else if (threads == 1) {
                fold_all(events, late[0]);
            } else {
                const auto first = static_cast<std::uint32_t>(std::uint64_t{size()} * t / threads);
                const auto end = static_cast<std::uint32_t>(std::uint64_t{size()} * (t + 1) / threads);
                fold_rows(events, first, end, late[t]);
            }
        });
        if (touched.empty()) {
            count_all_hours();
        } else {
            for (std::size_t i = 0; i < touched.size(); ++i) {
                count_hours(hours_before[i], states<score::Reachability>()[touched[i]].hours);
            }
        }
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
        const auto [day, hour] = local_time(row, at_ms);
        return {at_ms,
                row,
                day,
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
    /// No fact about this person that was folded became known later than this; nothing where none was folded.
    [[nodiscard]] std::optional<time::Instant> known_until(std::uint32_t row) const {
        const std::int64_t latest = std::max(bulk_known_ms_, known_ms_[row]);
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
    void column_values(std::uint32_t row, time::Instant now, std::span<std::optional<double>> values) const {
        PersonView view{*this, row, now};
        for (std::size_t i = 0; i < columns_.size(); ++i) values[i] = column_value(view, columns_[i]);
    }
    /// One column of one person.
    /// \throws InvalidArgument  if there is no such column; NotFound and InvalidArgument as row() and check_now().
    [[nodiscard]] std::optional<double> column(PersonId person, std::string_view name, time::Instant now) const {
        const std::uint32_t row = this->row(person);
        check_now(row, now);
        PersonView view{*this, row, now};
        return column_value(view, columns_[column_number(name)]);
    }

    /// Engagement of one person with its parts.
    /// \throws NotFound, InvalidArgument  as row() and check_now().
    [[nodiscard]] score::EngagementScore engagement(PersonId person, time::Instant now) const {
        return value<score::Engagement>(person, now);
    }
    /// How to reach one person. The group for the best hours is everybody, so facts about others matter as well.
    /// \throws NotFound         as row().
    /// \throws InvalidArgument  if facts about anybody became known after `now`.
    [[nodiscard]] score::ReachabilityScore reachability(PersonId person, time::Instant now) const {
        const std::uint32_t row = this->row(person);
        if (now.unix_ms() < newest_known_ms_->load(std::memory_order_relaxed)) check_now(now);
        return signal<score::Reachability>().value(states<score::Reachability>()[row], now, hour_counts());
    }
    /// Own acts of everybody by hour of the week; each person's count in an hour stops at 255.
    [[nodiscard]] score::HourCounts hour_counts() const noexcept {
        score::HourCounts counts{};
        for (std::size_t hour = 0; hour < counts.size(); ++hour) {
            counts[hour] = (*hours_)[hour].load(std::memory_order_relaxed);
        }
        return counts;
    }

    /// Every score of one person as parts that add up to it exactly: engagement, the response by each contact channel
    /// (`response:<channel>`), urgency, and of each learned model the log-odds before calibration (`log_odds:<name>`;
    /// calibration turns these into the column `model:<name>`).
    /// \throws NotFound, InvalidArgument  as row() and check_now().
    [[nodiscard]] std::vector<score::Explanation> explain(PersonId person, time::Instant now) const {
        const std::uint32_t row = this->row(person);
        check_now(row, now);
        std::vector<score::Explanation> all;
        all.push_back(signal<score::Engagement>().explain(states<score::Engagement>()[row], now));
        const auto& reachability = signal<score::Reachability>();
        for (std::size_t slot = 0; slot < reachability.channels().size(); ++slot) {
            all.push_back(reachability.explain(states<score::Reachability>()[row], slot, now));
        }
        all.push_back(urgency_.explain(people_[row].obligations, now, *symbols_));
        PersonView view{*this, row, now};
        for (std::size_t i = 0; i < models_.size(); ++i) {
            if (!models_[i]) continue;
            check_learned(i, now);
            std::vector<double> inputs;
            input_values(view, *models_[i], inputs);
            all.push_back(models_[i]->model.explain("log_odds:" + playbook_.models[i].name, inputs));
        }
        return all;
    }

    /// Standard scores of everybody at one instant: engagement, its trend and momentum, the response by each contact
    /// channel, the best hour of the week, activity and expectation of each fitted lifecycle, urgency, and the
    /// probability by each learned model.
    /// \param threads  >= 1; the result is the same for any number.
    /// \throws InvalidArgument  as check_now(), and if threads is 0.
    [[nodiscard]] ScoreTable scores(time::Instant now, unsigned threads = 1) const;

    // Fields of segments ---------------------------------------------------------------------------------------

    /// What conditions may read: every column, by its number, then the text inputs; besides them `attribute:<name>`.
    [[nodiscard]] segment::Catalogue fields() const;
    /// A column of one person as it is, or as it will be at a later instant if no fact comes in. Unknown before the
    /// model, lifecycle or host's column that gives it was there.
    /// \param field  Below columns().size(), which the caller sees to; `row` below size().
    [[nodiscard]] std::optional<double> field_number(std::uint32_t row, std::size_t field, time::Instant at) const {
        if (at.unix_ms() < learned_ms(columns_[field])) return std::nullopt;
        PersonView view{*this, row, at};
        return column_value(view, columns_[field]);
    }
    /// A text input of one person; `field` as in fields().
    [[nodiscard]] std::optional<std::string> field_text(std::uint32_t row, std::size_t field, time::Instant at) const {
        using Kind = typename InputSource::Kind;
        constexpr std::array kinds{Kind::role, Kind::programme, Kind::site, Kind::language, Kind::zone};
        return input_text(PersonView{*this, row, at}, {kinds[field - column_fields()], 0});
    }
    /// Number of fields that are columns: all but the attributes that actions ask for, which come last.
    [[nodiscard]] std::size_t column_fields() const noexcept {
        return static_cast<std::size_t>(std::count_if(columns_.begin(), columns_.end(), [](const ColumnSource& column) {
            return column.kind != ColumnSource::Kind::attribute;
        }));
    }
    /// Shortest half-life of a field that falls, in days.
    [[nodiscard]] double field_half_life_days(std::size_t field) const {
        const auto half_lives = signal<score::Engagement>().half_lives();
        if (columns_[field].kind == ColumnSource::Kind::memory) return half_lives[columns_[field].index].days;
        double least = half_lives[0].days;
        for (const score::HalfLife& half_life : half_lives) least = std::min(least, half_life.days);
        return least;
    }
    /// Whether a field jumps when a role begins or ends; others that jump do so at deadlines.
    [[nodiscard]] bool is_role_field(std::size_t field) const noexcept {
        return columns_[field].kind == ColumnSource::Kind::fixed &&
               static_cast<Column>(columns_[field].index) == Column::days_in_role;
    }
    /// Whether a field is a host's column, which belongs to a row of this engine alone.
    [[nodiscard]] bool is_host_field(std::size_t field) const noexcept {
        return field < columns_.size() && columns_[field].kind == ColumnSource::Kind::host;
    }
    /// Since when the field gives what it gives: when its model was learned, its lifecycle fitted or its values known;
    /// nothing for what facts alone give.
    [[nodiscard]] std::optional<time::Instant> field_learned_at(std::size_t field) const {
        if (field >= columns_.size()) return std::nullopt;
        const std::int64_t learned = learned_ms(columns_[field]);
        return learned == never ? std::nullopt : std::optional{time::Instant::from_unix_ms(learned)};
    }
    /// Takes over models and fitted lifecycles of another engine of the same playbook.
    void copy_learned(const BasicEngine& from) {
        models_ = from.models_;
        lifecycle_parameters_ = from.lifecycle_parameters_;
        fitted_at_ = from.fitted_at_;
    }
    [[nodiscard]] const model::Symbols& symbols() const noexcept { return *symbols_; }
    /// The interaction that an event of fold() stands for, as far as it tells.
    /// \param event  With a channel of the playbook.
    [[nodiscard]] model::Interaction interaction_of(const score::Event& event) const {
        model::Interaction interaction{*symbols_->channels.find(playbook_.channels[event.channel - 1U]), event.act,
                                       event.direction};
        if (event.topic > 0) interaction.topic = symbols_->topics.find(playbook_.topics[event.topic - 1U]);
        interaction.quantity = event.quantity;
        return interaction;
    }

    // Models ---------------------------------------------------------------------------------------------------

    /// Inputs of models for some people at one instant, one row for each.
    /// \param rows     Each below size().
    /// \param configs  Features, whose inputs the table gets.
    /// \throws InvalidArgument  as add_to_table() and table_builder(), and if a row is not there.
    [[nodiscard]] score::FeatureTable feature_table(std::span<const std::uint32_t> rows,
                                                    std::span<const score::FeatureConfig> configs,
                                                    time::Instant now) const {
        TableBuilder builder = table_builder(configs);
        for (const std::uint32_t row : rows) {
            if (row >= size()) throw InvalidArgument{"Engine::feature_table: no row " + std::to_string(row)};
            add_to_table(row, now, builder);
        }
        return std::move(builder.table);
    }
    /// A table that grows row by row.
    struct TableBuilder {
        score::FeatureTable table{};
        std::vector<InputSource> sources{};
        std::vector<std::map<std::string, std::size_t, std::less<>>> levels{};
    };
    /// \throws InvalidArgument  if an input is unknown or is asked for as number and as text.
    [[nodiscard]] TableBuilder table_builder(std::span<const score::FeatureConfig> configs) const {
        TableBuilder builder{empty_table(configs), {}, {}};
        for (const auto& input : builder.table.inputs) {
            builder.sources.push_back(input_source(input.name, input.is_text));
        }
        builder.levels.resize(builder.table.inputs.size());
        return builder;
    }
    /// What became known at `now` itself counts, as when a model is asked. Examples to learn from are stricter: see
    /// ExampleFinder.
    /// \throws InvalidArgument  if facts about the person became known after `now`, or an attribute that is asked for
    /// is
    ///                          there with a value of another kind.
    void add_to_table(std::uint32_t row, time::Instant now, TableBuilder& builder) const {
        check_now(row, now);
        PersonView view{*this, row, now};
        for (std::size_t i = 0; i < builder.sources.size(); ++i) {
            auto& input = builder.table.inputs[i];
            check_kind(view, builder.sources[i], input.name);
            if (!is_text(builder.sources[i])) {
                input.values.push_back(input_number(view, builder.sources[i]));
            } else if (const std::optional<std::string> text = input_text(view, builder.sources[i])) {
                const auto [level, added] = builder.levels[i].try_emplace(*text, input.levels.size());
                if (added) input.levels.push_back(*text);
                input.values.push_back(static_cast<double>(level->second));
            } else {
                input.values.push_back(std::numeric_limits<double>::quiet_NaN());
            }
        }
        ++builder.table.rows;
    }
    /// The text of a text input of one person, or nothing where it is missing; of an attribute that is a number or a
    /// day, its decimal form.
    /// \throws InvalidArgument  if there is no such input, or as check_now().
    [[nodiscard]] std::optional<std::string> text_of(std::uint32_t row, const std::string& input,
                                                     time::Instant now) const {
        check_now(row, now);
        const PersonView view{*this, row, now};
        const InputSource source = input_source(input, true);
        if (source.kind == InputSource::Kind::text_attribute) {
            const model::AttributeValue* const value =
                model::attribute(view.person(), model::AttributeName{source.index});
            if (value != nullptr) {
                if (const auto* const number = std::get_if<double>(value)) return decimal(*number);
                if (const auto* const day = std::get_if<time::Day>(value)) return std::to_string(day->unix_days());
            }
        }
        return input_text(view, source);
    }

    /// Puts a learned model into use as the column `model:<name>`.
    /// \param version  Its number in the journal, for explanations; 0 where it is not kept.
    /// \param made_at  A question about an earlier instant is refused: the model may know what came after it.
    /// \throws InvalidArgument  if the playbook has no such model, or an input of it is unknown.
    void set_model(std::string_view name, score::Model model, std::uint32_t version = 0,
                   time::Instant made_at = time::Instant::earliest()) {
        ActiveModel active{std::move(model), version, made_at, {}};
        for (std::size_t i = 0; i < active.model.inputs().size(); ++i) {
            note_attribute(active.model.inputs()[i]);
            active.inputs.push_back(input_source(active.model.inputs()[i], active.model.is_text(i)));
            if (active.inputs.back().kind == InputSource::Kind::column &&
                columns_[active.inputs.back().index].kind == ColumnSource::Kind::model) {
                throw InvalidArgument{"Engine: model '" + std::string{name} + "' must not read a model"};
            }
        }
        models_[model_number(name)] = std::move(active);
    }
    /// The model in use, or nothing where none was learned.
    [[nodiscard]] const score::Model* model(std::string_view name) const {
        const auto& active = models_[model_number(name)];
        return active ? &active->model : nullptr;
    }
    /// Its version; 0 where none was learned or it is not kept.
    [[nodiscard]] std::uint32_t model_version(std::string_view name) const {
        const auto& active = models_[model_number(name)];
        return active ? active->version : 0;
    }
    /// Probability by a model with its evidence; of a model that was not learned, the playbook's prior with evidence 0.
    /// \throws NotFound, InvalidArgument  as row() and check_now(), and if there is no such model.
    [[nodiscard]] score::Prediction predict(PersonId person, std::string_view name, time::Instant now) const {
        const std::uint32_t row = this->row(person);
        check_now(row, now);
        const std::size_t number = model_number(name);
        PersonView view{*this, row, now};
        return predict(view, number);
    }

    /// Fits a lifecycle to everybody's counts. Does not put it into use: set_lifecycle() does.
    /// \throws InvalidArgument  as check_now(), if there is no such lifecycle, or as score::fit_bg_nbd() and
    ///                          score::fit_bg_bb(), such as for too little data.
    [[nodiscard]] std::variant<score::BgNbdFit, score::BgBbFit> fit_lifecycle(std::string_view name, time::Instant now,
                                                                              unsigned threads = 1) const;
    /// Puts fitted parameters into use as the columns `active:<name>` and `expected:<name>`.
    /// \param made_at  As set_model().
    /// \throws InvalidArgument  if there is no such lifecycle, it is of the other kind, or a parameter is out of range.
    void set_lifecycle(std::string_view name, const LifecycleParameters& parameters,
                       time::Instant made_at = time::Instant::earliest()) {
        const std::size_t number = lifecycle_number(name);
        if (parameters.index() != static_cast<std::size_t>(playbook_.lifecycles[number].model)) {
            throw InvalidArgument{"Engine: lifecycle '" + std::string{name} + "' is of the other kind"};
        }
        std::visit([](const auto& each) { score::check(each); },
                   parameters);  // InvalidArgument if out of range
        lifecycle_parameters_[number] = parameters;
        fitted_at_[number] = made_at;
    }
    /// The parameters in use, or nothing before a fit.
    [[nodiscard]] const std::optional<LifecycleParameters>& lifecycle(std::string_view name) const {
        return lifecycle_parameters_[lifecycle_number(name)];
    }

    /// Puts values of a host's own model or measure into a column that the playbook names.
    /// \param rows      Each below size(), once; everybody else's value is unknown.
    /// \param values    Shape (rows), NaN = unknown.
    /// \param known_at  When the host could know them: a question about an earlier instant is refused, so that no model
    ///                  learns from the future.
    /// \throws InvalidArgument  if the playbook names no such column, the lengths differ, or a row is not there or
    /// twice.
    void set_column(std::string_view name, std::span<const std::uint32_t> rows, std::span<const double> values,
                    time::Instant known_at) {
        const std::size_t number = host_column_number(name);
        if (rows.size() != values.size()) throw InvalidArgument{"Engine::set_column: as many values as rows expected"};
        HostColumn column{std::vector<double>(size(), std::numeric_limits<double>::quiet_NaN()), known_at.unix_ms()};
        std::vector<bool> seen(size(), false);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (rows[i] >= size() || seen[rows[i]]) {
                throw InvalidArgument{"Engine::set_column: row " + std::to_string(rows[i]) + " is not there or twice"};
            }
            seen[rows[i]] = true;
            if (values[i] - values[i] != 0 && values[i] == values[i]) {
                throw InvalidArgument{"Engine::set_column: '" + std::string{name} + "' must be finite or NaN"};
            }
            column.values[rows[i]] = values[i];
        }
        host_columns_[number] = std::move(column);
    }

    /// The next dialogue action of one person by itself, without regard to other people's claims on staff minutes.
    /// \throws NotFound, InvalidArgument  as row() and check_now().
    [[nodiscard]] decide::Decision next(PersonId person, time::Instant now) const {
        const std::uint32_t row = this->row(person);
        check_now(row, now);
        Working working{asked_.size()};
        return decider_.decide(subject(row, now, working), now, hash_);
    }

    /// The next dialogue action for a persona, with the whole account: as if somebody had its numbers, role and
    /// language, a known zone, no contacts, and had said nothing about consent.
    [[nodiscard]] decide::Decision next(const TypicalPerson& typical, time::Instant now) const {
        Working working{asked_.size()};
        for (std::size_t i = 0; i < asked_.size(); ++i) {
            const std::string& name = columns_[asked_[i]].name;
            working.values[i].reset();
            for (const segment::PersonaField& field : typical.profile.fields) {
                if (field.name == name) working.values[i] = field.typical;
            }
        }
        model::RoleSet roles;
        if (typical.role) roles.insert(*typical.role);
        return decider_.decide(
            {PersonId{0}, roles, typical.language, true, {}, {}, working.values, working.response, {}}, now, hash_);
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
            Working working{asked_.size()};
            const auto first = static_cast<std::uint32_t>(std::uint64_t{size()} * t / threads);
            const auto end = static_cast<std::uint32_t>(std::uint64_t{size()} * (t + 1) / threads);
            for (std::uint32_t row = first; row < end; ++row) {
                decider_.offers(subject(row, now, working), now, [&](const decide::Candidate& candidate) {
                    parts[t].push_back({candidate, people_[row].id, tie_keys_[row], row});
                });
            }
        };
        run_in_threads(threads, work);
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
        Working working{asked_.size()};
        return decider_.explain(
            subject(row, plan.now, working), plan.now, hash_,
            assignment == plan.assignments.end() ? std::nullopt : std::optional{assignment->candidate});
    }

    /// Takes over one person's value of a host's column from another engine of the same playbook, as far as it was
    /// known at `now`.
    /// \throws InvalidArgument  if the playbook names no such column.
    void copy_column(std::string_view name, const BasicEngine& from, PersonId person, time::Instant now) {
        const std::size_t number = host_column_number(name);
        const std::optional<HostColumn>& column = from.host_columns_[number];
        const std::optional<std::uint32_t> there = from.find_row(person);
        if (!column || column->known_ms > now.unix_ms() || !there || *there >= column->values.size()) return;
        const std::uint32_t here = add_person(person, from.tie_keys_[*there]);
        HostColumn& own = host_columns_[number] ? *host_columns_[number]
                                                : host_columns_[number].emplace(HostColumn{{}, column->known_ms});
        if (own.values.size() <= here) own.values.resize(here + 1, std::numeric_limits<double>::quiet_NaN());
        own.values[here] = column->values[*there];
    }

    /// The same of everybody whom this engine has.
    void copy_columns(const BasicEngine& from, time::Instant now) {
        for (const std::string& name : playbook_.columns) {
            for (std::uint32_t row = 0; row < size(); ++row) copy_column(name, from, people_[row].id, now);
        }
    }

    // Saving ---------------------------------------------------------------------------------------------------

    /// What a snapshot must agree on before its bytes may be read: format, playbook, signals and their versions.
    [[nodiscard]] std::vector<std::byte> snapshot_header() const {
        std::vector<std::byte> bytes;
        ByteWriter out{
            [&](std::span<const std::byte> chunk) { bytes.insert(bytes.end(), chunk.begin(), chunk.end()); }};
        out.text("alloquy snapshot 2");
        out.raw(hash_.data(), hash_.size());
        write_signals(out);
        out.flush();
        return bytes;
    }

    /// What the meaning of a model of the playbook rests on; see engine::policy_of.
    /// \throws InvalidArgument  if there is no such model.
    [[nodiscard]] std::vector<PolicyPart> model_policy(std::string_view name) const {
        std::vector<PolicyPart> policy = policy_of(playbook_, playbook_.models[model_number(name)]);
        PolicyPart signals{"signals", {}};
        ByteWriter out{[&](std::span<const std::byte> chunk) {
            signals.bytes.insert(signals.bytes.end(), chunk.begin(), chunk.end());
        }};
        write_signals(out);
        out.flush();
        policy.push_back(std::move(signals));
        return policy;
    }
    /// What the meaning of a lifecycle's parameters rests on.
    /// \throws InvalidArgument  if there is no such lifecycle.
    [[nodiscard]] std::vector<PolicyPart> lifecycle_policy(std::string_view name) const {
        return policy_of(playbook_.lifecycles[lifecycle_number(name)]);
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
            note_known(bulk_known_ms_);
            const auto count = in.number<std::uint32_t>();
            for (std::uint32_t i = 0; i < count; ++i) {
                const PersonId id{in.number<std::int64_t>()};
                const auto tie_key = in.number<std::uint64_t>();
                const std::uint32_t row = add_person(id, tie_key);
                if (row != i) ByteReader::fail("a person stands twice");
                known_ms_[row] = read_known(in);
                note_known(known_ms_[row]);
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
            count_all_hours();
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
        const std::vector<std::uint32_t> order = rows_by_tie_key();
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
        count_all_hours();
        for (auto& column : host_columns_) column.reset();
        bulk_known_ms_ = never;
        newest_known_ms_->store(never, std::memory_order_relaxed);
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
        note_known(known_at.unix_ms());
    }
    /// Several threads may refold at once.
    void note_known(std::int64_t known_ms) noexcept {
        std::int64_t newest = newest_known_ms_->load(std::memory_order_relaxed);
        while (newest < known_ms &&
               !newest_known_ms_->compare_exchange_weak(newest, known_ms, std::memory_order_relaxed)) {
        }
    }
    [[noreturn]] static void refuse_now(time::Instant now, time::Instant latest) {
        throw InvalidArgument{"Engine: now must not lie before the latest fact became known (" + to_iso(latest) +
                              "), got " + to_iso(now) + "; ask a view as of that instant"};
    }
    [[noreturn]] static void refuse_later(const std::string& what, time::Instant made_at, time::Instant now) {
        throw InvalidArgument{"Engine: " + what + " at " + to_iso(made_at) + ", after " + to_iso(now) +
                              "; ask a view as of that instant"};
    }
    static std::int64_t read_known(ByteReader& in) {
        const auto known = in.number<std::int64_t>();
        if (known != never && (known < time::Instant::min_unix_ms || known > time::Instant::max_unix_ms)) {
            ByteReader::fail("an instant out of range");
        }
        return known;
    }

    static double days(std::int64_t ms) noexcept { return static_cast<double>(ms) / 86'400'000.0; }
    static std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept { return a / b - (a % b < 0 ? 1 : 0); }

    /// The civil day in a person's zone and the hour of the week. Where clocks are set back across midnight the day
    /// does not go back with them, so that a person's days never fall.
    [[nodiscard]] std::pair<std::int32_t, std::uint8_t> local_time(std::uint32_t row,
                                                                   std::int64_t at_ms) const noexcept {
        constexpr std::int64_t day_ms = 86'400'000;
        constexpr std::int64_t hour_ms = 3'600'000;
        if (zone_of_[row] == no_zone)
            return {static_cast<std::int32_t>(floor_div(at_ms, day_ms)), score::Event::no_hour};
        const time::Zone& zone = (*zones_)[zone_of_[row]];
        const std::int64_t offset_ms = std::int64_t{zone.offset_seconds_at(at_ms)} * 1000;
        std::int64_t day = floor_div(at_ms + offset_ms, day_ms);
        const std::int64_t hours = floor_div(at_ms + offset_ms, hour_ms) + 72;  // since Monday, 1969-12-29
        if (std::int64_t{zone.offset_seconds_at(at_ms - day_ms)} * 1000 > offset_ms &&
            at_ms - day_ms >= time::Instant::min_unix_ms) {
            const auto change = zone.next_change(time::Instant::from_unix_ms(at_ms - day_ms));
            if (change && change->unix_ms() <= at_ms) {
                const std::int64_t before_ms = change->unix_ms() - 1;
                day = std::max(day,
                               floor_div(before_ms + std::int64_t{zone.offset_seconds_at(before_ms)} * 1000, day_ms));
            }
        }
        return {static_cast<std::int32_t>(day), static_cast<std::uint8_t>(hours - floor_div(hours, 168) * 168)};
    }

    /// Where the value of a column comes from.
    struct ColumnSource {
        enum class Kind : std::uint8_t {
            fixed,
            memory,
            channel,
            topic,
            active,
            expected,
            model,
            signal,
            host,
            attribute
        };
        std::string name;
        Kind kind;
        std::uint16_t index;  ///< Within its kind; the symbol's number of an attribute.
    };
    struct ActiveModel {
        score::Model model;
        std::uint32_t version;
        time::Instant made_at;
        std::vector<InputSource> inputs;
    };
    struct HostColumn {
        std::vector<double> values;  // by row; people who were added later have none
        std::int64_t known_ms;
    };
    /// One person at one instant, with what several columns share.
    struct PersonView {
        const BasicEngine& engine;
        std::uint32_t row;
        time::Instant now;
        std::optional<score::ObligationCounts> obligations{};

        [[nodiscard]] const model::Person& person() const noexcept { return engine.people_[row]; }
        [[nodiscard]] const score::ObligationCounts& counts() {
            if (!obligations) obligations = score::count_obligations(person().obligations, now);
            return *obligations;
        }
    };
    static constexpr std::string_view attribute_prefix = "attribute:";
    /// Gives an attribute a number before a fact uses it, so that an input finds it when one does.
    void note_attribute(std::string_view input) {
        if (input.starts_with(attribute_prefix)) symbols_->attributes.intern(input.substr(attribute_prefix.size()));
    }

    [[nodiscard]] std::vector<ColumnSource> catalogue() const {
        using Kind = typename ColumnSource::Kind;
        std::vector<ColumnSource> all;
        const auto add = [&](std::string column, Kind kind, std::size_t index) {
            all.push_back({std::move(column), kind, static_cast<std::uint16_t>(index)});
        };
        for (std::size_t i = 0; i < column_names.size(); ++i) add(std::string{column_names[i]}, Kind::fixed, i);
        const auto& engagement = signal<score::Engagement>();
        for (std::size_t h = 0; h < engagement.half_lives().size(); ++h) {
            add("engagement:" + engagement.half_lives()[h].name, Kind::memory, h);
        }
        const auto add_slots = [&](const char* prefix, std::span<const std::string> names, Kind kind) {
            for (std::size_t slot = 0; slot < names.size(); ++slot) {
                if (!names[slot].empty()) add(prefix + names[slot], kind, slot);
            }
        };
        add_slots("channel:", engagement.channel_names(), Kind::channel);
        add_slots("topic:", engagement.topic_names(), Kind::topic);
        for (std::size_t i = 0; i < playbook_.lifecycles.size(); ++i) {
            add("active:" + playbook_.lifecycles[i].name, Kind::active, i);
            add("expected:" + playbook_.lifecycles[i].name, Kind::expected, i);
        }
        for (std::size_t i = 0; i < playbook_.models.size(); ++i) {
            add("model:" + playbook_.models[i].name, Kind::model, i);
        }
        std::size_t own = 0;
        const auto add_own = [&]<class S>(std::type_identity<S>) {
            if constexpr (ColumnSignal<S>) add(std::string{S::name}, Kind::signal, own++);
        };
        (add_own(std::type_identity<Signals>{}), ...);
        for (std::size_t i = 0; i < playbook_.columns.size(); ++i) add(playbook_.columns[i], Kind::host, i);
        // Attributes that actions ask for; models find theirs by themselves.
        for_each_asked_column([&](const std::string& name) {
            if (!name.starts_with(attribute_prefix)) return;
            if (std::any_of(all.begin(), all.end(), [&](const ColumnSource& c) { return c.name == name; })) return;
            add(name, Kind::attribute,
                symbols_->attributes.intern(std::string_view{name}.substr(attribute_prefix.size())).number());
        });
        return all;
    }
    template <class Visit>
    void for_each_asked_column(Visit&& visit) const {
        for (const decide::Action& action : playbook_.actions.actions) {
            for (const decide::ColumnRange& range : action.conditions) visit(range.column);
            if (!action.value.column.empty()) visit(action.value.column);
        }
    }
    /// What the decider sees: the first columns, and whatever else the actions ask for.
    [[nodiscard]] std::vector<std::uint16_t> columns_that_are_asked_for() const {
        std::vector<std::uint16_t> asked;
        for (std::uint16_t i = 0; i < decision_columns; ++i) asked.push_back(i);
        for_each_asked_column([&](const std::string& name) {
            for (std::size_t i = decision_columns; i < columns_.size(); ++i) {
                if (columns_[i].name == name) asked.push_back(static_cast<std::uint16_t>(i));
            }
        });
        std::sort(asked.begin(), asked.end());
        asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
        return asked;
    }
    [[nodiscard]] std::vector<std::string_view> names_of(std::span<const std::uint16_t> columns) const {
        std::vector<std::string_view> names;
        for (const std::uint16_t column : columns) names.push_back(columns_[column].name);
        return names;
    }
    [[nodiscard]] std::size_t column_number(std::string_view name) const { return number_in(columns_, name, "column"); }
    [[nodiscard]] std::size_t model_number(std::string_view name) const {
        return number_in(playbook_.models, name, "model");
    }
    [[nodiscard]] std::size_t lifecycle_number(std::string_view name) const {
        return number_in(playbook_.lifecycles, name, "lifecycle");
    }
    [[nodiscard]] std::size_t host_column_number(std::string_view name) const {
        const auto found = std::find(playbook_.columns.begin(), playbook_.columns.end(), name);
        if (found == playbook_.columns.end()) {
            throw InvalidArgument{"Engine: the playbook names no host column '" + std::string{name} + "'"};
        }
        return static_cast<std::size_t>(found - playbook_.columns.begin());
    }
    template <class List>
    [[nodiscard]] static std::size_t number_in(const List& list, std::string_view name, const char* what) {
        const auto found =
            std::find_if(list.begin(), list.end(), [&](const auto& entry) { return entry.name == name; });
        if (found == list.end()) {
            throw InvalidArgument{std::string{"Engine: no "} + what + " '" + std::string{name} + "'"};
        }
        return static_cast<std::size_t>(found - list.begin());
    }

    [[nodiscard]] std::optional<double> column_value(PersonView& view, const ColumnSource& column) const {
        using Kind = typename ColumnSource::Kind;
        const auto& engagement = signal<score::Engagement>();
        const auto& state = states<score::Engagement>()[view.row];
        switch (column.kind) {
            case Kind::fixed:
                return fixed_column(view, static_cast<Column>(column.index));
            case Kind::memory:
                return engagement.decayed_weight(state, column.index, view.now);
            case Kind::channel:
                return engagement.channel_share(state, column.index);
            case Kind::topic:
                return engagement.topic_share(state, column.index);
            case Kind::active:
                return lifecycle_value(view, column.index, false);
            case Kind::expected:
                return lifecycle_value(view, column.index, true);
            case Kind::model:
                return predict(view, column.index).probability;
            case Kind::signal: {
                std::optional<double> value;
                std::size_t own = 0;
                const auto look = [&]<class S>(const S& signal) {
                    if constexpr (ColumnSignal<S>) {
                        if (own++ == column.index) value = signal.column(states<S>()[view.row], view.now);
                    }
                };
                std::apply([&](const auto&... signal) { (look(signal), ...); }, signals_);
                return value;
            }
            case Kind::host: {
                const std::optional<HostColumn>& host = host_columns_[column.index];
                if (!host) return std::nullopt;
                if (host->known_ms > view.now.unix_ms()) {
                    throw InvalidArgument{"Engine: host column '" + column.name + "' became known after " +
                                          to_iso(view.now)};
                }
                if (view.row >= host->values.size() || host->values[view.row] != host->values[view.row]) {
                    return std::nullopt;
                }
                return host->values[view.row];
            }
            case Kind::attribute:
                return attribute_number(view, model::AttributeName{column.index});
        }
        return std::nullopt;
    }
    [[nodiscard]] std::optional<double> fixed_column(PersonView& view, Column column) const {
        const model::Person& person = view.person();
        const time::Instant now = view.now;
        const auto& engagement = signal<score::Engagement>();
        const auto& state = states<score::Engagement>()[view.row];
        const auto& reachability = signal<score::Reachability>();
        const auto& contact = states<score::Reachability>()[view.row];
        const auto count = [](std::size_t n) { return std::optional{static_cast<double>(n)}; };
        switch (column) {
            case Column::engagement:
                return engagement.fraction(state, now);
            case Column::engagement_trend:
                return engagement.trend(state, now);
            case Column::days_since_own_act:
                return state.events == 0 ? std::nullopt : std::optional{days(now.unix_ms() - state.latest_ms)};
            case Column::days_in_role: {
                const model::Role* const role = model::primary_role(person.roles, now);
                return role == nullptr ? std::nullopt : std::optional{days((now - role->start).count())};
            }
            case Column::days_to_obligation:
            case Column::days_overdue: {
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
                return column == Column::days_overdue ? overdue : next_deadline;
            }
            case Column::open_complaints:
                return count(static_cast<std::size_t>(std::count_if(
                    person.dialogues.begin(), person.dialogues.end(), [](const model::Dialogue& dialogue) {
                        return dialogue.is_open() && dialogue.tone == model::Tone::complaint;
                    })));
            case Column::engagement_momentum:
                return engagement.momentum(state, now);
            case Column::active_days_7:
                return count(engagement.active_days(state, now, 7));
            case Column::active_days_14:
                return count(engagement.active_days(state, now, 14));
            case Column::active_days_28:
                return count(engagement.active_days(state, now, 28));
            case Column::active_days_128:
                return count(engagement.active_days(state, now, 128));
            case Column::topics_used:
                return count(engagement.topics_used(state));
            case Column::days_since_two_way:
                return contact.two_way_ms == score::Reachability::never
                           ? std::nullopt
                           : std::optional{days(now.unix_ms() - contact.two_way_ms)};
            case Column::response: {
                std::optional<double> best;
                for (std::size_t slot = 0; slot < reachability.channels().size(); ++slot) {
                    const double probability = reachability.estimate(contact, slot, now).probability;
                    best = best ? std::max(*best, probability) : probability;
                }
                return best;
            }
            case Column::urgency:
                return urgency_.value(person.obligations, now);
            case Column::open_obligations:
                return count(view.counts().open);
            case Column::missed_obligations:
                return count(view.counts().missed);
            case Column::late_obligations:
                return count(view.counts().late);
            case Column::fulfilled_obligations:
                return count(std::size_t{view.counts().late} + view.counts().in_time);
            case Column::earliness:
                return view.counts().with_deadline == 0 ? std::nullopt : std::optional{view.counts().earliness};
            case Column::results:
                return count(person.results.size());
            case Column::result_mean: {
                double sum = 0;
                for (const model::DatedResult& result : person.results) sum += result.fraction;
                if (person.results.empty()) return std::nullopt;
                return sum / static_cast<double>(person.results.size());
            }
            case Column::result_least: {
                std::optional<double> least;
                for (const model::DatedResult& result : person.results) {
                    least = least ? std::min(*least, result.fraction) : result.fraction;
                }
                return least;
            }
            case Column::result_last:
                return person.results.empty() ? std::nullopt : std::optional{person.results.back().fraction};
            case Column::result_trend:
                if (person.results.empty()) return std::nullopt;
                return person.results.back().fraction - person.results.front().fraction;
            case Column::credit_earned:
                return score::credit_earned(person, *symbols_, now);
            case Column::enrolments:
                return count(person.enrolments.size());
        }
        return std::nullopt;
    }
    /// When what gives a column came into use; never for what facts alone give.
    [[nodiscard]] std::int64_t learned_ms(const ColumnSource& column) const {
        using Kind = typename ColumnSource::Kind;
        switch (column.kind) {
            case Kind::active:
            case Kind::expected:
                return lifecycle_parameters_[column.index] ? fitted_at_[column.index].unix_ms() : never;
            case Kind::model:
                return models_[column.index] ? models_[column.index]->made_at.unix_ms() : never;
            case Kind::host:
                return host_columns_[column.index] ? host_columns_[column.index]->known_ms : never;
            default:
                return never;
        }
    }
    void check_fitted(std::size_t index, time::Instant now) const {
        if (now < fitted_at_[index]) {
            refuse_later("lifecycle '" + playbook_.lifecycles[index].name + "' was fitted", fitted_at_[index], now);
        }
    }
    void check_learned(std::size_t number, time::Instant now) const {
        if (now < models_[number]->made_at) {
            refuse_later("model '" + playbook_.models[number].name + "' was learned", models_[number]->made_at, now);
        }
    }
    [[nodiscard]] std::optional<double> lifecycle_value(const PersonView& view, std::size_t index,
                                                        bool expected) const {
        const std::optional<LifecycleParameters>& fitted = lifecycle_parameters_[index];
        if (!fitted) return std::nullopt;
        check_fitted(index, view.now);
        const auto& lifecycle = signal<score::Lifecycle>();
        const auto& state = states<score::Lifecycle>()[view.row];
        const double horizon = lifecycle.configs()[index].horizon;
        if (const auto* const bg_nbd = std::get_if<score::BgNbdParameters>(&*fitted)) {
            const auto found = lifecycle.recurrence(state, index, view.now);
            if (!found) return std::nullopt;
            return expected ? score::expected_interactions(*bg_nbd, *found, horizon) : score::p_active(*bg_nbd, *found);
        }
        const auto found = lifecycle.opportunities(state, index, view.now);
        if (!found) return std::nullopt;
        const auto& bg_bb = std::get<score::BgBbParameters>(*fitted);
        return expected ? score::expected_interactions(bg_bb, *found, static_cast<std::uint32_t>(horizon))
                        : score::p_active(bg_bb, *found);
    }
    /// Activity and expectation of a fitted lifecycle for rows [first, end). NaN where somebody never acted.
    void lifecycle_values(std::size_t index, std::uint32_t first, std::uint32_t end, time::Instant now,
                          std::vector<double>& active, std::vector<double>& expected) const {
        check_fitted(index, now);
        const auto* const bg_nbd = std::get_if<score::BgNbdParameters>(&*lifecycle_parameters_[index]);
        if (bg_nbd == nullptr) {
            constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
            for (std::uint32_t row = first; row < end; ++row) {
                const PersonView view{*this, row, now};
                active[row] = lifecycle_value(view, index, false).value_or(unknown);
                expected[row] = lifecycle_value(view, index, true).value_or(unknown);
            }
            return;
        }
        const auto& lifecycle = signal<score::Lifecycle>();
        std::vector<std::uint32_t> rows;
        std::vector<std::uint32_t> repeats;
        std::vector<double> recency;
        std::vector<double> age;
        for (std::uint32_t row = first; row < end; ++row) {
            const auto found = lifecycle.recurrence(states<score::Lifecycle>()[row], index, now);
            active[row] = expected[row] = std::numeric_limits<double>::quiet_NaN();
            if (!found) continue;
            rows.push_back(row);
            repeats.push_back(found->repeats);
            recency.push_back(found->recency);
            age.push_back(found->age);
        }
        const score::Recurrences people{repeats, recency, age};
        const std::vector<double> found_active = score::p_active(*bg_nbd, people);
        const std::vector<double> found_expected =
            score::expected_interactions(*bg_nbd, people, lifecycle.configs()[index].horizon);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            active[rows[i]] = found_active[i];
            expected[rows[i]] = found_expected[i];
        }
    }
    [[nodiscard]] static std::optional<double> attribute_number(const PersonView& view, model::AttributeName name) {
        const model::AttributeValue* const value = model::attribute(view.person(), name);
        if (value == nullptr) return std::nullopt;
        if (const auto* const number = std::get_if<double>(value)) return *number;
        if (const auto* const truth = std::get_if<bool>(value)) return *truth ? 1.0 : 0.0;
        if (const auto* const day = std::get_if<time::Day>(value)) {
            return days(view.now.unix_ms()) - static_cast<double>(day->unix_days());
        }
        return std::nullopt;
    }

    /// \throws InvalidArgument  if there is no such input.
    [[nodiscard]] InputSource input_source(const std::string& name, bool is_text) const {
        using Kind = typename InputSource::Kind;
        if (name.starts_with(attribute_prefix)) {
            // A word that no fact has used yet is nobody's attribute: 0 is no symbol's number.
            const auto symbol = symbols_->attributes.find(std::string_view{name}.substr(attribute_prefix.size()));
            return {is_text ? Kind::text_attribute : Kind::number_attribute,
                    symbol ? symbol->number() : std::uint16_t{0}};
        }
        if (is_text) {
            constexpr std::array kinds{Kind::role, Kind::programme, Kind::site, Kind::language, Kind::zone};
            for (std::size_t i = 0; i < text_inputs.size(); ++i) {
                if (text_inputs[i] == name) return {kinds[i], 0};
            }
            throw InvalidArgument{"Engine: there is no text input '" + name + "'"};
        }
        return {Kind::column, static_cast<std::uint16_t>(column_number(name))};
    }
    /// The text of an input, or nothing where it is missing.
    [[nodiscard]] std::optional<std::string> input_text(const PersonView& view, InputSource source) const {
        using Kind = typename InputSource::Kind;
        const model::Person& person = view.person();
        const model::Role* const role = model::primary_role(person.roles, view.now);
        const auto unless_empty = [](const std::string& text) {
            return text.empty() ? std::nullopt : std::optional{text};
        };
        switch (source.kind) {
            case Kind::role:
                return role == nullptr ? std::nullopt : std::optional{std::string{model::name_of(role->kind)}};
            case Kind::programme:
                if (role == nullptr || !role->programme) return std::nullopt;
                return symbols_->programmes.text(*role->programme);
            case Kind::site:
                if (role == nullptr || !role->site) return std::nullopt;
                return symbols_->sites.text(*role->site);
            case Kind::language:
                return unless_empty(person.language);
            case Kind::zone:
                return unless_empty(person.zone);
            default:
                break;
        }
        const model::AttributeValue* const value = model::attribute(person, model::AttributeName{source.index});
        if (value == nullptr) return std::nullopt;
        if (const auto* const text = std::get_if<std::string>(value)) return unless_empty(*text);
        if (const auto* const truth = std::get_if<bool>(value)) return std::string{*truth ? "true" : "false"};
        return std::nullopt;
    }
    /// The number of an input, NaN where it is missing.
    [[nodiscard]] double input_number(PersonView& view, InputSource source) const {
        const std::optional<double> value = source.kind == InputSource::Kind::column
                                                ? column_value(view, columns_[source.index])
                                                : attribute_number(view, model::AttributeName{source.index});
        return value.value_or(std::numeric_limits<double>::quiet_NaN());
    }
    /// The shortest decimal form that reads back as the same number.
    [[nodiscard]] static std::string decimal(double number) {
        std::array<char, 32> text{};
        const auto end = std::to_chars(text.data(), text.data() + text.size(), number + 0.0).ptr;
        return {text.data(), end};
    }
    /// An attribute of another kind than its feature reads is no missing one: the feature is wrong, or the data are.
    void check_kind(const PersonView& view, InputSource source, const std::string& name) const {
        if (source.kind != InputSource::Kind::number_attribute && source.kind != InputSource::Kind::text_attribute) {
            return;
        }
        const model::AttributeValue* const value = model::attribute(view.person(), model::AttributeName{source.index});
        if (value == nullptr || std::holds_alternative<std::monostate>(*value)) return;
        const bool wants_text = source.kind == InputSource::Kind::text_attribute;
        const bool is_text = std::holds_alternative<std::string>(*value);
        if (wants_text ? is_text || std::holds_alternative<bool>(*value) : !is_text) return;
        throw InvalidArgument{"Engine: input '" + name + "' of person " + std::to_string(view.person().id.value()) +
                              ": a " + (wants_text ? "text" : "number") + " expected, the attribute is a " +
                              (wants_text ? "number or a day" : "text")};
    }
    [[nodiscard]] static bool is_text(InputSource source) noexcept {
        return source.kind != InputSource::Kind::column && source.kind != InputSource::Kind::number_attribute;
    }
    /// Inputs as score::Model::predict takes them.
    void input_values(PersonView& view, const ActiveModel& active, std::vector<double>& values) const {
        values.clear();
        for (std::size_t i = 0; i < active.inputs.size(); ++i) {
            if (!is_text(active.inputs[i])) {
                values.push_back(input_number(view, active.inputs[i]));
            } else if (const std::optional<std::string> text = input_text(view, active.inputs[i])) {
                values.push_back(active.model.code(i, *text));
            } else {
                values.push_back(std::numeric_limits<double>::quiet_NaN());
            }
        }
    }
    [[nodiscard]] score::Prediction predict(PersonView& view, std::size_t model_number) const {
        const std::optional<ActiveModel>& active = models_[model_number];
        if (!active) return score::prior_prediction(playbook_.models[model_number].prior);
        check_learned(model_number, view.now);
        std::vector<double> values;
        input_values(view, *active, values);
        return active->model.predict(values);
    }

    /// A table without rows that has every input of the features once.
    [[nodiscard]] static score::FeatureTable empty_table(std::span<const score::FeatureConfig> configs) {
        score::FeatureTable table;
        for (const score::FeatureConfig& config : configs) {
            if (config.encoding == score::Encoding::cross) continue;
            const bool is_text = config.encoding == score::Encoding::levels;
            const auto found = std::find_if(table.inputs.begin(), table.inputs.end(),
                                            [&](const auto& input) { return input.name == config.input; });
            if (found == table.inputs.end()) {
                table.inputs.push_back({config.input, is_text, {}, {}});
            } else if (found->is_text != is_text) {
                throw InvalidArgument{"Engine: input '" + config.input + "' is asked for as number and as text"};
            }
        }
        return table;
    }
    [[nodiscard]] std::vector<std::uint32_t> rows_by_tie_key() const {
        std::vector<std::uint32_t> order(size());
        for (std::uint32_t row = 0; row < size(); ++row) order[row] = row;
        std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
            return std::pair{tie_keys_[a], people_[a].id} < std::pair{tie_keys_[b], people_[b].id};
        });
        return order;
    }
    using HourTotals = std::array<std::atomic<std::uint64_t>, score::hours_per_week>;
    using Hours = std::array<std::uint8_t, score::hours_per_week>;
    /// Keeps the group's hours in step with one person's. Sums commute, so threads may come in any order.
    void count_hours(const Hours& before, const Hours& after) noexcept {
        if (before == after) return;
        for (std::size_t hour = 0; hour < after.size(); ++hour) {
            if (before[hour] == after[hour]) continue;
            const auto change = static_cast<std::uint64_t>(std::int64_t{after[hour]} - before[hour]);
            (*hours_)[hour].fetch_add(change, std::memory_order_relaxed);
        }
    }
    void count_all_hours() noexcept {
        std::array<std::uint64_t, score::hours_per_week> totals{};
        for (const auto& state : states<score::Reachability>()) {
            for (std::size_t hour = 0; hour < totals.size(); ++hour) totals[hour] += state.hours[hour];
        }
        for (std::size_t hour = 0; hour < totals.size(); ++hour) {
            (*hours_)[hour].store(totals[hour], std::memory_order_relaxed);
        }
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
    void fold_in_order(std::span<const score::Event> events, std::vector<std::uint32_t>& late) {
        for (std::size_t i = 0; i < events.size(); ++i) {
            if constexpr (scattered) {
                if (i + prefetch_ahead < events.size()) prefetch_all(events[i + prefetch_ahead]);
            }
            const score::Event& event = events[i];
            bool is_late = false;
            std::apply(
                [&](const auto&... signal) {
                    ((is_late |= observe_one(signal, event.person, event, score::Order::arrival)), ...);
                },
                signals_);
            if (is_late) late.push_back(event.person);
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
    void fold_chunk_of(std::span<const score::Event> events, Gathered& gathered, std::vector<std::uint32_t>& late) {
        std::size_t jumps = 0;
        for (std::size_t i = 1; i < events.size(); ++i) jumps += events[i].person != events[i - 1].person ? 1 : 0;
        const std::size_t groups = size() / rows_per_group + 1;
        if (jumps < events.size() / 4 || groups < 16 || events.size() < size()) {
            fold_in_order<true>(events, late);
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
            fold_in_order<false>(std::span<const score::Event>{gathered.by_row.data(), own.size()}, late);
        }
    }
    void fold_all(std::span<const score::Event> events, std::vector<std::uint32_t>& late) {
        Gathered gathered;
        for (std::size_t first = 0; first < events.size(); first += fold_chunk) {
            fold_chunk_of(events.subspan(first, std::min(fold_chunk, events.size() - first)), gathered, late);
        }
    }
    void fold_rows(std::span<const score::Event> events, std::uint32_t first, std::uint32_t end,
                   std::vector<std::uint32_t>& late) {
        Gathered gathered;
        Events own;
        own.reserve(std::min(fold_chunk, events.size()));
        for (const score::Event& event : events) {
            if (event.person < first || event.person >= end) continue;
            own.push_back(event);
            if (own.size() == fold_chunk) {
                fold_chunk_of(own, gathered, late);
                own.clear();
            }
        }
        fold_chunk_of(own, gathered, late);
    }

    [[nodiscard]] decide::Subject subject(std::uint32_t row, time::Instant now, Working& working) const {
        const model::Person& person = people_[row];
        PersonView view{*this, row, now};
        for (std::size_t i = 0; i < asked_.size(); ++i) working.values[i] = column_value(view, columns_[asked_[i]]);
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
    /// The signals with their versions and parameters.
    void write_signals(ByteWriter& out) const {
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
    score::Urgency urgency_;
    std::vector<ColumnSource> columns_;
    std::vector<std::uint16_t> asked_;  // columns that decisions look at, ascending
    decide::Decider decider_;
    std::vector<std::string> column_names_;
    std::vector<std::uint8_t> channel_numbers_;  // by symbol number
    std::vector<std::uint8_t> topic_numbers_;
    std::unique_ptr<ZoneTable> zones_ = std::make_unique<ZoneTable>();

    std::unordered_map<std::int64_t, std::uint32_t> rows_;  // looked up, never walked
    std::vector<model::Person> people_;
    std::vector<std::uint32_t> versions_;  // see person_versions(); goes on where people are forgotten
    std::vector<std::uint64_t> tie_keys_;
    std::vector<std::uint16_t> zone_of_;  // 1-based position in zones_, no_zone where unknown
    std::vector<std::vector<decide::Contact>> contacts_;
    std::tuple<States<Signals>...> states_;
    std::vector<std::int64_t> known_ms_;  // latest known_at of a person's facts, never without any
    std::unique_ptr<HourTotals> hours_ = std::make_unique<HourTotals>();
    std::vector<std::optional<ActiveModel>> models_;                        // as in the playbook
    std::vector<std::optional<LifecycleParameters>> lifecycle_parameters_;  // likewise
    std::vector<time::Instant> fitted_at_;                                  // likewise
    std::vector<std::optional<HostColumn>> host_columns_;                   // likewise
    std::int64_t bulk_known_ms_ = never;  // latest instant of events that came without facts
    // At least the latest of both: what is not after it need not be looked up.
    std::unique_ptr<std::atomic<std::int64_t>> newest_known_ms_ = std::make_unique<std::atomic<std::int64_t>>(never);
};

template <score::Signal... Signals>
ScoreTable BasicEngine<Signals...>::scores(time::Instant now, unsigned threads) const {
    check_now(now);
    if (threads == 0) throw InvalidArgument{"Engine::scores: threads must be >= 1"};
    const auto& engagement = signal<score::Engagement>();
    const auto& reachability = signal<score::Reachability>();
    const std::size_t channels = reachability.channels().size();
    ScoreTable table;
    table.names = {"engagement", "engagement_trend", "engagement_momentum"};
    for (const std::string& channel : reachability.channels()) table.names.push_back("response:" + channel);
    table.names.insert(table.names.end(), {"best_hour", "urgency"});
    const std::size_t first_lifecycle = table.names.size();
    std::vector<std::size_t> fitted;
    for (std::size_t i = 0; i < lifecycle_parameters_.size(); ++i) {
        if (!lifecycle_parameters_[i]) continue;
        fitted.push_back(i);
        table.names.push_back("active:" + playbook_.lifecycles[i].name);
        table.names.push_back("expected:" + playbook_.lifecycles[i].name);
    }
    const std::size_t first_model = table.names.size();
    std::vector<std::size_t> learned;
    for (std::size_t i = 0; i < models_.size(); ++i) {
        if (!models_[i]) continue;
        check_learned(i, now);
        learned.push_back(i);
        table.names.push_back("model:" + playbook_.models[i].name);
    }
    constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    table.columns.assign(table.names.size(), std::vector<double>(size()));
    const score::HourCounts group = hour_counts();

    // In fixed chunks, so that each chunk's arrays stay in the cache; what a chunk gives depends on nothing else.
    constexpr std::uint32_t chunk = 1024;
    std::vector<std::vector<double>> inputs(threads);
    std::vector<score::FeatureEncoder::Row> encoded(threads);
    run_tasks((size() + chunk - 1) / chunk, threads, [&](std::size_t task, unsigned thread) {
        const std::uint32_t first = static_cast<std::uint32_t>(task) * chunk;
        const std::uint32_t end = std::min(size(), first + chunk);
        for (std::uint32_t row = first; row < end; ++row) {
            const auto& state = states<score::Engagement>()[row];
            engagement.scores(state, now, table.columns[0][row], table.columns[1][row], table.columns[2][row]);
            const auto& contact = states<score::Reachability>()[row];
            for (std::size_t slot = 0; slot < channels; ++slot) {
                table.columns[3 + slot][row] = reachability.probability(contact, slot, now);
            }
            const std::optional<int> hour = reachability.best_hour(contact, group);
            table.columns[3 + channels][row] = hour ? static_cast<double>(*hour) : unknown;
            table.columns[4 + channels][row] =
                people_[row].obligations.empty() ? 0.0 : urgency_.value(people_[row].obligations, now);
        }
        for (std::size_t k = 0; k < fitted.size(); ++k) {
            lifecycle_values(fitted[k], first, end, now, table.columns[first_lifecycle + 2 * k],
                             table.columns[first_lifecycle + 2 * k + 1]);
        }
        for (std::size_t k = 0; k < learned.size(); ++k) {
            const ActiveModel& active = *models_[learned[k]];
            for (std::uint32_t row = first; row < end; ++row) {
                PersonView view{*this, row, now};
                input_values(view, active, inputs[thread]);
                table.columns[first_model + k][row] = active.model.probability(inputs[thread], encoded[thread]);
            }
        }
    });
    return table;
}

template <score::Signal... Signals>
segment::Catalogue BasicEngine<Signals...>::fields() const {
    using Kind = typename ColumnSource::Kind;
    using segment::Motion;
    std::vector<segment::Field> all;
    for (const ColumnSource& column : columns_) {
        Motion motion = Motion::hourly;
        if (column.kind == Kind::fixed) motion = motion_of(static_cast<Column>(column.index));
        if (column.kind == Kind::memory) motion = Motion::falling;
        if (column.kind == Kind::host || column.kind == Kind::channel || column.kind == Kind::topic) {
            motion = Motion::steady;
        }
        if (column.name.starts_with(attribute_prefix)) continue;  // last, and read as attributes
        all.push_back({column.name, segment::FieldType::number, motion});
    }
    for (std::size_t i = 0; i < text_inputs.size(); ++i) {
        all.push_back({std::string{text_inputs[i]}, segment::FieldType::text, i < 3 ? Motion::jumps : Motion::steady});
    }
    return segment::Catalogue{std::move(all)};
}

template <score::Signal... Signals>
std::variant<score::BgNbdFit, score::BgBbFit> BasicEngine<Signals...>::fit_lifecycle(std::string_view name,
                                                                                     time::Instant now,
                                                                                     unsigned threads) const {
    check_now(now);
    const std::size_t index = lifecycle_number(name);
    const auto& lifecycle = signal<score::Lifecycle>();
    if (playbook_.lifecycles[index].model == score::LifecycleModel::bg_nbd) {
        std::vector<std::uint32_t> repeats;
        std::vector<double> recency;
        std::vector<double> age;
        // By tie key, so that the sums do not depend on the order of arrival.
        for (const std::uint32_t row : rows_by_tie_key()) {
            const auto found = lifecycle.recurrence(states<score::Lifecycle>()[row], index, now);
            if (!found) continue;
            repeats.push_back(found->repeats);
            recency.push_back(found->recency);
            age.push_back(found->age);
        }
        score::BgNbdOptions options;
        options.threads = threads;
        options.penalty = playbook_.lifecycles[index].penalty;
        return score::fit_bg_nbd({repeats, recency, age}, options);
    }
    // Equal people together: there are few different counts.
    std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, double> cells;
    for (const auto& state : states<score::Lifecycle>()) {
        const auto found = lifecycle.whole_opportunities(state, index, now);
        if (found) cells[{found->taken, found->last, found->offered}] += 1;
    }
    std::vector<std::uint32_t> taken;
    std::vector<std::uint32_t> last;
    std::vector<std::uint32_t> offered;
    std::vector<double> weights;
    for (const auto& [cell, people] : cells) {
        taken.push_back(std::get<0>(cell));
        last.push_back(std::get<1>(cell));
        offered.push_back(std::get<2>(cell));
        weights.push_back(people);
    }
    score::BgBbOptions options;
    options.threads = threads;
    options.penalty = playbook_.lifecycles[index].penalty;
    return score::fit_bg_bb({taken, last, offered, weights}, options);
}

/// The engine with the standard signals.
using Engine = BasicEngine<score::Engagement, score::Reachability, score::Lifecycle>;

/// An engine with the standard signals, configured by the playbook.
[[nodiscard]] inline Engine make_engine(Playbook playbook, const decide::PlaybookHash& hash, model::Symbols& symbols,
                                        ZoneSource zones) {
    score::Engagement engagement{playbook.engagement, playbook.channels, playbook.topics};
    score::Reachability reachability{playbook.reachability, playbook.channels};
    score::Lifecycle lifecycle{playbook.lifecycles, playbook.channels, playbook.topics};
    return Engine{std::move(playbook), hash, symbols, std::move(zones), std::move(engagement), std::move(reachability),
                  std::move(lifecycle)};
}

}  // namespace alloquy::engine
