#pragma once

/// \file
/// Conditions asked of everybody at once, column by column: the same answers as SegmentKeeper's, without their
/// instants.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/engine/segment_view.hpp>
#include <alloquy/error.hpp>
#include <alloquy/parallel.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/fact_kinds.hpp>
#include <alloquy/segment/program.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::engine {

/// Answers of everybody: bit `row % 64` of word `row / 64`.
using RowBits = std::vector<std::uint64_t>;

/// Asks conditions of a Program of everybody at one instant.
template <class Engine>
class SegmentBulk {
public:
    /// \param program  Of this engine's fields.
    /// \param context  As the program's views need it; its cache is not used.
    /// \param people   What is kept of everybody, by row; rows beyond it have no facts.
    /// \param masks    By row and word: who is in which segment at the instant, for segments that are not asked for
    ///                 themselves; may be empty where none is named.
    SegmentBulk(const segment::Program& program, const SegmentContext<Engine>& context,
                std::span<const SegmentPerson> people, std::span<const std::uint64_t> masks, std::size_t words)
        : program_{&program}, context_{&context}, people_{people}, masks_{masks}, words_{words} {}

    /// \param places     Of the conditions, each after those that it names among them.
    /// \param segments   The number that each place has as a segment, for conditions that name it; empty where none
    ///                   does.
    /// \param threads    >= 1; the answers are the same for any number.
    /// \return Shape (places).
    [[nodiscard]] std::vector<RowBits> ask(std::span<const std::uint32_t> places,
                                           std::span<const std::uint32_t> segments, time::Instant now,
                                           unsigned threads) {
        now_ms_ = now.unix_ms();
        const std::uint32_t rows = context_->engine->size();
        std::vector<RowBits> answers(places.size(), RowBits((std::size_t{rows} + 63) / 64, 0));
        prepare(places);
        std::vector<Working> working;
        for (unsigned thread = 0; thread < threads; ++thread) working.emplace_back(*this);
        run_tasks((rows + chunk - 1) / chunk, threads, [&](std::size_t task, unsigned thread) {
            const auto first = static_cast<std::uint32_t>(task * chunk);
            working[thread].begin(first, std::min(rows, first + chunk));
            for (std::size_t i = 0; i < places.size(); ++i) {
                const Bits bits = working[thread].known(working[thread].node(program_->root(places[i])));
                if (i < segments.size()) working[thread].note(segments[i], bits);
                std::copy_n(bits.begin(), (working[thread].rows() + 63) / 64,
                            answers[i].begin() + static_cast<std::ptrdiff_t>(first / 64));
            }
        });
        return answers;
    }

private:
    static constexpr std::uint32_t chunk = 1024;
    using Bits = std::array<std::uint64_t, chunk / 64>;
    using View = SegmentView<Engine>;

    /// Counts, and the newest facts, that one walk over a person's facts finds together.
    struct Counter {
        std::uint32_t filter;
        std::int64_t from_ms;
        friend bool operator==(const Counter&, const Counter&) = default;
    };
    static constexpr std::size_t max_counters = 64;
    static constexpr std::uint32_t no_counter = 0xFFFF'FFFF;

    /// Finds the leaves that are asked for, and the counts among them.
    void prepare(std::span<const std::uint32_t> places) {
        const auto& leaves = program_->leaves();
        counter_of_.assign(leaves.size(), no_counter);
        counters_.clear();
        std::vector<bool> used(leaves.size(), false);
        for (const std::uint32_t place : places) mark(program_->root(place), used);
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            if (!used[i]) continue;
            const std::optional<std::int64_t> from = counts_from(leaves[i]);
            if (!from) continue;
            const Counter counter{leaves[i].filters[0], *from};
            const auto found = std::find(counters_.begin(), counters_.end(), counter);
            if (found == counters_.end() && counters_.size() == max_counters) continue;
            counter_of_[i] = static_cast<std::uint32_t>(found - counters_.begin());
            if (found == counters_.end()) counters_.push_back(counter);
        }
        // Newest start first, so that those whose window ends drop off one by one.
        std::vector<std::uint32_t> order(counters_.size());
        for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
        std::stable_sort(order.begin(), order.end(),
                         [&](std::uint32_t a, std::uint32_t b) { return counters_[a].from_ms > counters_[b].from_ms; });
        std::vector<std::uint32_t> place(order.size());
        std::vector<Counter> sorted;
        for (std::uint32_t i = 0; i < order.size(); ++i) {
            place[order[i]] = i;
            sorted.push_back(counters_[order[i]]);
        }
        counters_ = std::move(sorted);
        for (std::uint32_t& counter : counter_of_) {
            if (counter != no_counter) counter = place[counter];
        }
        newest_ = 0;
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            if (counter_of_[i] != no_counter && asks_for_newest(leaves[i]))
                newest_ |= std::uint64_t{1} << counter_of_[i];
        }
        const segment::FactKinds& kinds = program_->kinds();
        counted_.assign(kinds.size(), 0);
        for (std::uint32_t kind = 0; kind < kinds.size(); ++kind) {
            for (std::size_t i = 0; i < counters_.size(); ++i) {
                if (kinds.passes(kind, counters_[i].filter)) counted_[kind] |= std::uint64_t{1} << i;
            }
        }
    }
    /// Whether a leaf with a counter asks for the newest fact instead of the number of facts.
    [[nodiscard]] static bool asks_for_newest(const segment::Program::Leaf& leaf) {
        return std::visit(
            [](const auto& test) {
                if constexpr (segment::detail::is_value_test<std::decay_t<decltype(test)>>) {
                    const auto* const aggregate = std::get_if<segment::Aggregate>(&test.of);
                    return aggregate != nullptr && aggregate->function == segment::Function::days_since_last;
                }
                return false;
            },
            leaf.condition.node);
    }
    void mark(std::uint32_t number, std::vector<bool>& used) const {
        const segment::Program::Node& node = program_->node(number);
        if (node.op == segment::Program::Op::leaf) {
            used[node.first] = true;
        } else {
            for (const std::uint32_t child : program_->children(node)) mark(child, used);
        }
    }
    /// The start of the window of a count that the common walk can make, or nothing.
    [[nodiscard]] std::optional<std::int64_t> counts_from(const segment::Program::Leaf& leaf) const {
        return std::visit(
            [&](const auto& test) -> std::optional<std::int64_t> {
                if constexpr (segment::detail::is_value_test<std::decay_t<decltype(test)>>) {
                    const auto* const aggregate = std::get_if<segment::Aggregate>(&test.of);
                    if (aggregate == nullptr || (aggregate->function != segment::Function::count &&
                                                 aggregate->function != segment::Function::days_since_last)) {
                        return std::nullopt;
                    }
                    const bool own = std::visit(
                        [](const auto& window) {
                            if constexpr (requires { window.zone; }) return window.zone == segment::own_zone;
                            return false;
                        },
                        aggregate->window);
                    if (own) return std::nullopt;
                    const segment::WindowAt window = program_->calendar().window_at(aggregate->window, {}, now_ms_);
                    if (window.to_ms <= now_ms_) return std::nullopt;
                    return window.from_ms;
                }
                return std::nullopt;
            },
            leaf.condition.node);
    }

    /// The buffers of one thread.
    class Working {
    public:
        explicit Working(const SegmentBulk& bulk)
            : bulk_{&bulk},
              cache_{bulk.context_->column_fields},
              context_{*bulk.context_},
              leaves_(bulk.program_->leaves().size()),
              known_(bulk.program_->leaves().size(), 0),
              columns_(bulk.context_->column_fields),
              columns_known_(bulk.context_->column_fields, 0),
              counts_(bulk.counters_.size() * chunk),
              newest_(bulk.newest_ != 0 ? bulk.counters_.size() * chunk : 0) {
            context_.cache = &cache_;
        }
        Working(const Working&) = delete;
        Working(Working&& other) noexcept
            : bulk_{other.bulk_},
              cache_{std::move(other.cache_)},
              context_{std::move(other.context_)},
              leaves_{std::move(other.leaves_)},
              known_{std::move(other.known_)},
              columns_{std::move(other.columns_)},
              columns_known_{std::move(other.columns_known_)},
              counts_{std::move(other.counts_)},
              newest_{std::move(other.newest_)} {
            context_.cache = &cache_;
        }
        Working& operator=(const Working&) = delete;
        Working& operator=(Working&&) = delete;
        ~Working() = default;

        void begin(std::uint32_t first, std::uint32_t end) {
            first_ = first;
            end_ = end;
            ++epoch_;
            segments_.clear();
            counted_ = false;
            begun_.fill(0);
            for (std::size_t i = 0; i < rows(); ++i) {
                if (kept(first + i).first_ms <= bulk_->now_ms_) begun_[i / 64] |= std::uint64_t{1} << i % 64;
            }
        }
        [[nodiscard]] std::size_t rows() const noexcept { return end_ - first_; }
        void note(std::uint32_t segment, const Bits& bits) { segments_.emplace_back(segment, bits); }
        [[nodiscard]] Bits node(std::uint32_t number) {
            using Op = segment::Program::Op;
            const segment::Program::Node& node = bulk_->program_->node(number);
            Bits bits{};
            switch (node.op) {
                case Op::leaf:
                    return leaf(node.first);
                case Op::negation:
                    bits = this->node(bulk_->program_->children(node)[0]);
                    for (std::uint64_t& word : bits) word = ~word;
                    clear_beyond(bits);
                    return bits;
                case Op::all:
                    bits.fill(~std::uint64_t{0});
                    clear_beyond(bits);
                    for (const std::uint32_t child : bulk_->program_->children(node)) {
                        const Bits other = this->node(child);
                        for (std::size_t i = 0; i < bits.size(); ++i) bits[i] &= other[i];
                    }
                    return bits;
                case Op::any:
                    for (const std::uint32_t child : bulk_->program_->children(node)) {
                        const Bits other = this->node(child);
                        for (std::size_t i = 0; i < bits.size(); ++i) bits[i] |= other[i];
                    }
                    return bits;
            }
            return bits;
        }

        /// Without those of whom nothing is known at the instant.
        [[nodiscard]] Bits known(Bits bits) const noexcept {
            for (std::size_t i = 0; i < bits.size(); ++i) bits[i] &= begun_[i];
            return bits;
        }

    private:
        void clear_beyond(Bits& bits) const noexcept {
            for (std::size_t i = rows(); i < chunk; ++i) bits[i / 64] &= ~(std::uint64_t{1} << i % 64);
        }
        [[nodiscard]] const Bits& leaf(std::uint32_t number) {
            if (known_[number] == epoch_) return leaves_[number];
            const segment::Program::Leaf& leaf = bulk_->program_->leaves()[number];
            known_[number] = epoch_;
            Bits& bits = leaves_[number];
            bits.fill(0);
            const auto set = [&](std::size_t i, bool holds) {
                bits[i / 64] |= std::uint64_t{holds ? 1U : 0U} << i % 64;
            };
            if (bulk_->counter_of_[number] != no_counter) {
                count();
                const std::size_t place = bulk_->counter_of_[number] * chunk;
                const std::uint32_t* const counts = counts_.data() + place;
                if (asks_for_newest(leaf)) {
                    const std::int64_t* const newest = newest_.data() + place;
                    test_numbers(leaf, set, [&](std::size_t i) {
                        return counts[i] == 0 ? std::numeric_limits<double>::quiet_NaN()
                                              : static_cast<double>(bulk_->now_ms_ - newest[i]) / 86'400'000.0;
                    });
                } else {
                    test_numbers(leaf, set, [&](std::size_t i) { return static_cast<double>(counts[i]); });
                }
            } else if (is_number(leaf)) {
                const std::vector<double>& column = this->column(*leaf.field, leaf.motion);
                test_numbers(leaf, set, [&](std::size_t i) { return column[i]; });
            } else if (const auto* const in = std::get_if<segment::InSegment>(&leaf.condition.node);
                       in != nullptr && in->test == segment::MembershipTest::now) {
                const auto found = std::find_if(segments_.begin(), segments_.end(),
                                                [&](const auto& entry) { return entry.first == *leaf.segment; });
                if (found != segments_.end()) {
                    bits = found->second;
                } else {
                    for (std::size_t i = 0; i < rows(); ++i) set(i, is_member(first_ + i, *leaf.segment));
                }
            } else if (!test_people(leaf, set)) {
                for (std::uint32_t i = 0; i < rows(); ++i) {
                    cache_.reset();
                    const View view{context_, first_ + i, bulk_->now_ms_, kept(first_ + i), mask(first_ + i)};
                    set(i, bulk_->program_->ask_leaf(leaf, view, false).holds);
                }
            }
            return bits;
        }
        /// Tests that look at what a person is alone: attributes, roles, consents and the like.
        /// \return False for others.
        template <class Set>
        [[nodiscard]] bool test_people(const segment::Program::Leaf& leaf, const Set& set) const {
            const Engine& engine = *context_.engine;
            const model::Symbols& symbols = engine.symbols();
            const time::Instant now = time::Instant::from_unix_ms(bulk_->now_ms_);
            const auto each = [&](const auto& holds) {
                for (std::uint32_t i = 0; i < rows(); ++i) set(i, holds(engine.person(first_ + i)));
                return true;
            };
            return std::visit(
                [&](const auto& test) {
                    using Test = std::decay_t<decltype(test)>;
                    if constexpr (segment::detail::is_value_test<Test>) {
                        if (leaf.attribute.empty()) return false;
                        return each([&](const model::Person& person) {
                            const model::AttributeValue* const value =
                                segment::Program::attribute_of(leaf, person, symbols);
                            if (value == nullptr) return false;
                            const auto day = [&](const segment::RelativeDay& relative) {
                                const auto today =
                                    bulk_->program_->calendar().today(relative.zone, person.zone, bulk_->now_ms_);
                                return segment::moved(today.day, relative.amount, relative.unit);
                            };
                            return segment::detail::test_value(test, *value, day, leaf.expression.get());
                        });
                    } else if constexpr (std::is_same_v<Test, segment::HasRole>) {
                        return each([&](const model::Person& person) {
                            return std::any_of(person.roles.begin(), person.roles.end(), [&](const model::Role& role) {
                                return segment::detail::fits(test, role, now, symbols);
                            });
                        });
                    } else if constexpr (std::is_same_v<Test, segment::Stated> ||
                                         std::is_same_v<Test, segment::HasDialogue> ||
                                         std::is_same_v<Test, segment::HasEnrolment>) {
                        return each([&](const model::Person& person) {
                            return segment::detail::holds_of(test, person, symbols);
                        });
                    } else {
                        return false;
                    }
                },
                leaf.condition.node);
        }
        [[nodiscard]] bool is_number(const segment::Program::Leaf& leaf) const {
            if (!leaf.field || std::holds_alternative<segment::Anniversary>(leaf.condition.node)) return false;
            return bulk_->program_->catalogue().fields()[*leaf.field].type == segment::FieldType::number;
        }
        /// Tests a number of each row; NaN is missing.
        template <class Set, class Number>
        void test_numbers(const segment::Program::Leaf& leaf, const Set& set, const Number& number) const {
            std::visit(
                [&](const auto& test) {
                    if constexpr (segment::detail::is_value_test<std::decay_t<decltype(test)>>) {
                        for (std::size_t i = 0; i < rows(); ++i) set(i, segment::detail::test_number(test, number(i)));
                    }
                },
                leaf.condition.node);
        }
        [[nodiscard]] const std::vector<double>& column(std::size_t field, segment::Motion motion) {
            std::vector<double>& values = columns_[field];
            if (columns_known_[field] == epoch_) return values;
            columns_known_[field] = epoch_;
            values.resize(chunk);
            const time::Instant now = time::Instant::from_unix_ms(bulk_->now_ms_);
            for (std::uint32_t i = 0; i < rows(); ++i) {
                time::Instant at = now;
                if (motion == segment::Motion::hourly) {
                    at = time::Instant::from_unix_ms(segment::sample_ms(bulk_->now_ms_, kept(first_ + i).latest_ms));
                }
                values[i] = context_.engine->field_number(first_ + i, field, at)
                                .value_or(std::numeric_limits<double>::quiet_NaN());
            }
            return values;
        }
        /// Fills the counts and the newest facts of every counter, shape (counters, chunk).
        void count() {
            if (counted_) return;
            counted_ = true;
            std::fill(counts_.begin(), counts_.end(), 0U);
            const std::vector<Counter>& counters = bulk_->counters_;
            const std::uint64_t all =
                counters.size() == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << counters.size()) - 1;
            for (std::uint32_t i = 0; i < rows(); ++i) {
                const std::vector<segment::KeptFact>& facts = kept(first_ + i).facts;
                std::size_t next = 0;  // the first counter whose window has not ended
                std::uint64_t open = all;
                std::uint64_t seen = 0;
                for (std::size_t f = facts.size(); f-- > 0;) {
                    const std::int64_t at_ms = facts[f].at_ms();
                    while (next < counters.size() && at_ms < counters[next].from_ms) {
                        open &= open - 1;
                        ++next;
                    }
                    if (open == 0) break;
                    if (at_ms > bulk_->now_ms_) continue;
                    const std::uint64_t all_hits = bulk_->counted_[facts[f].kind()] & open;
                    for (std::uint64_t hits = all_hits; hits != 0; hits &= hits - 1) {
                        ++counts_[static_cast<std::size_t>(std::countr_zero(hits)) * chunk + i];
                    }
                    for (std::uint64_t first = all_hits & ~seen & bulk_->newest_; first != 0; first &= first - 1) {
                        newest_[static_cast<std::size_t>(std::countr_zero(first)) * chunk + i] = at_ms;
                    }
                    seen |= all_hits;
                }
            }
        }
        [[nodiscard]] const SegmentPerson& kept(std::size_t row) const noexcept {
            static const SegmentPerson nobody{};
            return row < bulk_->people_.size() ? bulk_->people_[row] : nobody;
        }
        [[nodiscard]] const std::uint64_t* mask(std::size_t row) const noexcept {
            const std::size_t at = row * bulk_->words_;
            return bulk_->words_ > 0 && at + bulk_->words_ <= bulk_->masks_.size() ? bulk_->masks_.data() + at
                                                                                   : nullptr;
        }
        [[nodiscard]] bool is_member(std::size_t row, std::uint32_t segment) const noexcept {
            const std::uint64_t* const words = mask(row);
            return words != nullptr && (words[segment / 64] >> segment % 64 & 1U) != 0;
        }

        const SegmentBulk* bulk_;
        ColumnCache cache_;
        SegmentContext<Engine> context_;
        std::uint32_t first_ = 0;
        std::uint32_t end_ = 0;
        std::uint64_t epoch_ = 0;
        Bits begun_{};
        std::vector<Bits> leaves_;
        std::vector<std::uint64_t> known_;
        std::vector<std::vector<double>> columns_;
        std::vector<std::uint64_t> columns_known_;
        std::vector<std::uint32_t> counts_;
        std::vector<std::int64_t> newest_;
        bool counted_ = false;
        std::vector<std::pair<std::uint32_t, Bits>> segments_;
    };

    const segment::Program* program_;
    const SegmentContext<Engine>* context_;
    std::span<const SegmentPerson> people_;
    std::span<const std::uint64_t> masks_;
    std::size_t words_;
    std::int64_t now_ms_ = 0;
    std::uint64_t newest_ = 0;               // counters that are asked for the newest fact
    std::vector<Counter> counters_;          // newest start first
    std::vector<std::uint32_t> counter_of_;  // by leaf
    std::vector<std::uint64_t> counted_;     // by kind: which counters
};

}  // namespace alloquy::engine
