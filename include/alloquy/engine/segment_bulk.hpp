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
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/engine/people_columns.hpp>
#include <alloquy/engine/segment_view.hpp>
#include <alloquy/error.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/parallel.hpp>
#include <alloquy/prefetch.hpp>
#include <alloquy/segment/calendar.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/fact_kinds.hpp>
#include <alloquy/segment/leaf_tests.hpp>
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
    /// \param columns  Of this engine; gains what the questions look at often. Answers do not depend on it. Two
    /// questions
    ///                 must not use it at the same time.
    SegmentBulk(const segment::Program& program, const SegmentContext<Engine>& context,
                std::span<const SegmentPerson> people, std::span<const std::uint64_t> masks, std::size_t words,
                PeopleColumns& columns)
        : program_{&program}, context_{&context}, people_{people}, masks_{masks}, words_{words}, columns_{&columns} {}

    /// \param places     Of the conditions, each after those that it names among them.
    /// \param segments   The number that each place has as a segment, for conditions that name it; empty where none
    ///                   does.
    /// \param threads    >= 1; the answers are the same for any number.
    /// \return Shape (places).
    /// \throws InvalidArgument  if threads is 0.
    /// \par Cost  One walk over everybody's kept facts for up to 64 different counts (further ones each walk by
    /// themselves), and a look-up for each person and test of a column.
    [[nodiscard]] std::vector<RowBits> ask(std::span<const std::uint32_t> places,
                                           std::span<const std::uint32_t> segments, time::Instant now,
                                           unsigned threads) {
        now_ms_ = now.unix_ms();
        const std::uint32_t rows = context_->engine->size();
        std::vector<RowBits> answers(places.size(), RowBits((std::size_t{rows} + 63) / 64, 0));
        prepare(places, threads);
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

    /// A count, or the newest fact, that one walk over a person's facts finds together with others.
    struct Counter {
        std::uint32_t filter;
        segment::KeptFact from;  ///< The first that counts, of any kind.
        bool newest;
        friend bool operator==(const Counter&, const Counter&) = default;
    };
    static constexpr std::size_t max_counters = 64;
    static constexpr std::uint32_t no_counter = 0xFFFF'FFFF;
    /// Not a multiple of 4,096 bytes, so that counters of one row do not fight for one place in the cache.
    static constexpr std::size_t stride = chunk + 16;

    /// A test of a part of people, answered for each value of its column.
    struct Coded {
        const PeopleColumn* column = nullptr;
        std::vector<std::uint8_t> holds{};  // by code
    };

    void prepare(std::span<const std::uint32_t> places, unsigned threads) {
        std::vector<bool> used(program_->leaves().size(), false);
        for (const std::uint32_t place : places) mark(program_->root(place), used);
        prepare_counters(used);
        prepare_columns(used, threads);
    }
    /// Finds the counts among the leaves that are asked for.
    void prepare_counters(const std::vector<bool>& used) {
        const auto& leaves = program_->leaves();
        counter_of_.assign(leaves.size(), no_counter);
        counters_.clear();
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            if (!used[i]) continue;
            const std::optional<segment::KeptFact> from = counts_from(leaves[i]);
            if (!from) continue;
            const Counter counter{leaves[i].filters[0], *from, asks_for_newest(leaves[i])};
            const auto found = std::find(counters_.begin(), counters_.end(), counter);
            if (found == counters_.end() && counters_.size() == max_counters) continue;
            counter_of_[i] = static_cast<std::uint32_t>(found - counters_.begin());
            if (found == counters_.end()) counters_.push_back(counter);
        }
        // Newest start first, so that those whose window ends drop off one by one.
        std::vector<std::uint32_t> order(counters_.size());
        for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
        std::stable_sort(order.begin(), order.end(),
                         [&](std::uint32_t a, std::uint32_t b) { return counters_[a].from > counters_[b].from; });
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
        all_newest_ = 0;
        counts_end_ = 0;
        for (std::size_t i = 0; i < counters_.size(); ++i) {
            if (counters_[i].newest) {
                all_newest_ |= std::uint64_t{1} << i;
            } else {
                counts_end_ = i + 1;
            }
        }
        const segment::FactKinds& kinds = program_->kinds();
        lane_words_ = counters_.size() <= 32 ? 4 : 8;
        lanes_.assign(kinds.size() * lane_words_, 0);
        newest_.assign(kinds.size(), 0);
        for (std::uint32_t kind = 0; kind < kinds.size(); ++kind) {
            for (std::size_t i = 0; i < counters_.size(); ++i) {
                if (!kinds.passes(kind, counters_[i].filter)) continue;
                if (counters_[i].newest) {
                    newest_[kind] |= std::uint64_t{1} << i;
                } else {
                    lanes_[kind * lane_words_ + i / 8] |= std::uint64_t{1} << i % 8 * 8;
                }
            }
        }
    }
    /// Finds the tests of parts of people among them, and answers those that have a column.
    void prepare_columns(const std::vector<bool>& used, unsigned threads) {
        const auto& leaves = program_->leaves();
        coded_.assign(leaves.size(), {});
        std::vector<PeopleColumns::Wanted> wanted;
        const auto for_each_test = [&](const auto& use) {
            for (std::size_t i = 0; i < leaves.size(); ++i) {
                if (!used[i]) continue;
                with_person_test(leaves[i], [&](const std::optional<PeopleColumns::Wanted>& part, const auto& holds) {
                    if (part) use(i, *part, holds);
                });
            }
        };
        for_each_test([&](std::size_t, const PeopleColumns::Wanted& part, const auto&) { wanted.push_back(part); });
        const Engine& engine = *context_->engine;
        columns_->need(engine, wanted, time::Instant::from_unix_ms(now_ms_), threads);
        for_each_test([&](std::size_t i, const PeopleColumns::Wanted& part, const auto& holds) {
            const PeopleColumn* const column = columns_->find_column(part, time::Instant::from_unix_ms(now_ms_));
            if (column == nullptr) return;
            coded_[i] = {column, column->ask(engine.symbols().attributes.find(part.attribute), holds)};
        });
        // Rows whose role has become another since the column was made.
        turned_.clear();
        for (const Coded& coded : coded_) {
            if (coded.column == nullptr || coded.column->part() != PeoplePart::roles) continue;
            turned_.assign((std::size_t{engine.size()} + 63) / 64, 0);
            coded.column->for_each_turned(
                now_ms_, [&](std::uint32_t row) { turned_[row / 64] |= std::uint64_t{1} << row % 64; });
            break;
        }
    }
    /// Calls `use` for a leaf that looks at what a person is alone: with the part of people that it looks at, and the
    /// test as a function of a model::Person. Nothing instead of the part where it looks at more than one.
    /// \return False for others.
    template <class Use>
    bool with_person_test(const segment::Program::Leaf& leaf, const Use& use) const {
        using Wanted = PeopleColumns::Wanted;
        const model::Symbols& symbols = context_->engine->symbols();
        const time::Instant now = time::Instant::from_unix_ms(now_ms_);
        return std::visit(
            [&](const auto& test) {
                using Test = std::decay_t<decltype(test)>;
                if constexpr (segment::detail::is_value_test<Test>) {
                    const auto holds_of = [&](const model::AttributeValue& value, const model::Person& person) {
                        const auto day = [&](const segment::RelativeDay& relative) {
                            const auto today = program_->calendar().today(relative.zone, person.zone, now_ms_);
                            return segment::moved(today.day, relative.amount, relative.unit);
                        };
                        return segment::detail::test_value(test, value, day, leaf.expression.get());
                    };
                    if (!leaf.attribute.empty()) {
                        std::optional<Wanted> part{Wanted{PeoplePart::attribute, leaf.attribute}};
                        if (looks_at_own_zone(test)) part.reset();
                        use(part, [&](const model::Person& person) {
                            const model::AttributeValue* const value =
                                segment::Program::attribute_of(leaf, person, symbols);
                            return value != nullptr && holds_of(*value, person);
                        });
                        return true;
                    }
                    if (const auto* const roles = std::get_if<segment::RoleCount>(&test.of)) {
                        use(std::optional<Wanted>{Wanted{PeoplePart::roles}}, [&](const model::Person& person) {
                            const auto count =
                                static_cast<double>(segment::detail::count_roles(roles->of, person, now, symbols));
                            return segment::detail::with_number_test(test,
                                                                     [&](const auto& holds) { return holds(count); });
                        });
                        return true;
                    }
                    const auto* const name = std::get_if<std::string>(&test.of);
                    if (!leaf.field || name == nullptr || (*name != "language" && *name != "zone")) return false;
                    const bool is_language = *name == "language";
                    use(std::optional<Wanted>{Wanted{is_language ? PeoplePart::language : PeoplePart::zone}},
                        [&](const model::Person& person) {
                            const std::string& text = is_language ? person.language : person.zone;
                            return !text.empty() && holds_of(text, person);
                        });
                    return true;
                } else if constexpr (std::is_same_v<Test, segment::HasRole>) {
                    use(std::optional<Wanted>{Wanted{PeoplePart::roles}}, [&](const model::Person& person) {
                        return segment::detail::count_roles(test, person, now, symbols) > 0;
                    });
                    return true;
                } else if constexpr (std::is_same_v<Test, segment::OnList>) {
                    use(std::optional<Wanted>{Wanted{PeoplePart::attribute, segment::list_attribute(test.name)}},
                        [&](const model::Person& person) { return segment::detail::on_list(test, person, symbols); });
                    return true;
                } else if constexpr (std::is_same_v<Test, segment::Stated> ||
                                     std::is_same_v<Test, segment::HasDialogue> ||
                                     std::is_same_v<Test, segment::HasEnrolment>) {
                    constexpr PeoplePart part = std::is_same_v<Test, segment::Stated>        ? PeoplePart::consents
                                                : std::is_same_v<Test, segment::HasDialogue> ? PeoplePart::dialogues
                                                                                             : PeoplePart::enrolments;
                    use(std::optional<Wanted>{Wanted{part}},
                        [&](const model::Person& person) { return segment::detail::holds_of(test, person, symbols); });
                    return true;
                } else {
                    return false;
                }
            },
            leaf.condition.node);
    }
    template <class Test>
    [[nodiscard]] static bool looks_at_own_zone(const Test& test) {
        bool own = false;
        segment::detail::for_each_value(test, [&](const segment::Value& value) {
            const auto* const day = std::get_if<segment::RelativeDay>(&value);
            own = own || (day != nullptr && day->zone == segment::own_zone);
        });
        return own;
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
    /// The first fact in the window of a count that the common walk can make, or nothing.
    [[nodiscard]] std::optional<segment::KeptFact> counts_from(const segment::Program::Leaf& leaf) const {
        return std::visit(
            [&](const auto& test) -> std::optional<segment::KeptFact> {
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
                    // An empty window lies behind every fact.
                    if (window.from_ms > now_ms_) {
                        return segment::KeptFact{segment::never_ms, segment::KeptFact::max_kinds - 1};
                    }
                    const segment::KeptFact from{window.from_ms, 0};
                    // Facts are kept up to 2248 alone.
                    if (from.at_ms() < window.from_ms) return std::nullopt;
                    return from;
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
              counted_values_(bulk.counters_.size() * stride) {
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
              counted_values_{std::move(other.counted_values_)} {
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
            changed_known_ = false;
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
            if (bulk_->counter_of_[number] != no_counter) {
                count();
                test_numbers(leaf, bits, counted_values_.data() + bulk_->counter_of_[number] * stride);
            } else if (is_number(leaf)) {
                test_numbers(leaf, bits, column(*leaf.field, leaf.motion).data());
            } else if (const auto* const in = std::get_if<segment::InSegment>(&leaf.condition.node);
                       in != nullptr && in->test == segment::MembershipTest::now) {
                const auto found = std::find_if(segments_.begin(), segments_.end(),
                                                [&](const auto& entry) { return entry.first == *leaf.segment; });
                if (found != segments_.end()) {
                    bits = found->second;
                } else {
                    fill(bits, [&](std::size_t i) { return is_member(first_ + i, *leaf.segment); });
                }
            } else if (!test_people(leaf, number, bits)) {
                fill(bits, [&](std::size_t i) {
                    cache_.reset();
                    const auto row = static_cast<std::uint32_t>(first_ + i);
                    const View view{context_, row, bulk_->now_ms_, kept(row), mask(row)};
                    return bulk_->program_->ask_leaf(leaf, view, false).holds;
                });
            }
            return bits;
        }
        /// Sets the bits of the rows of which something holds.
        template <class Holds>
        void fill(Bits& bits, const Holds& holds) const {
            std::array<std::uint8_t, 64> flags{};
            for (std::size_t word = 0; word * 64 < rows(); ++word) {
                const std::size_t count = std::min<std::size_t>(64, rows() - word * 64);
                for (std::size_t i = 0; i < count; ++i) flags[i] = holds(word * 64 + i) ? 1 : 0;
                for (std::size_t i = count; i < 64; ++i) flags[i] = 0;
                bits[word] = packed(flags);
            }
        }
        /// One bit for each flag, which is 0 or 1.
        [[nodiscard]] static std::uint64_t packed(const std::array<std::uint8_t, 64>& flags) noexcept {
            std::uint64_t bits = 0;
            if constexpr (std::endian::native == std::endian::little) {
                // The product gathers the lowest bit of each byte in its highest one.
                const auto words = std::bit_cast<std::array<std::uint64_t, 8>>(flags);
                for (std::size_t i = 0; i < 8; ++i) bits |= words[i] * 0x0102040810204080U >> 56U << i * 8;
            } else {
                for (std::size_t i = 0; i < 64; ++i) bits |= std::uint64_t{flags[i]} << i;
            }
            return bits;
        }
        /// Tests that look at what a person is alone: attributes, roles, consents and the like.
        /// \return False for others.
        [[nodiscard]] bool test_people(const segment::Program::Leaf& leaf, std::size_t number, Bits& bits) {
            return bulk_->with_person_test(leaf, [&](const auto&, const auto& holds) {
                const auto ask = [&](std::size_t i) {
                    return holds(context_.engine->person(static_cast<std::uint32_t>(first_ + i)));
                };
                const Coded& coded = bulk_->coded_[number];
                if (coded.column == nullptr) {
                    fill(bits, ask);
                    return;
                }
                const std::span<const std::uint32_t> codes = coded.column->codes();
                const std::uint8_t* const of_code = coded.holds.data();
                const std::uint32_t* const own = codes.data() + std::min<std::size_t>(first_, codes.size());
                if (end_ <= codes.size()) {
                    fill(bits, [&](std::size_t i) { return of_code[own[i]] != 0; });
                } else {
                    fill(bits, [&](std::size_t i) { return first_ + i < codes.size() && of_code[own[i]] != 0; });
                }
                const bool is_role = coded.column->part() == PeoplePart::roles;
                for (std::size_t word = 0; word * 64 < rows(); ++word) {
                    std::uint64_t anew = changed()[word];
                    if (is_role) anew |= bulk_->turned_[first_ / 64 + word];
                    for (; anew != 0; anew &= anew - 1) {
                        const std::size_t i = word * 64 + static_cast<std::size_t>(std::countr_zero(anew));
                        const std::uint64_t bit = std::uint64_t{1} << i % 64;
                        bits[word] = ask(i) ? bits[word] | bit : bits[word] & ~bit;
                    }
                }
            });
        }
        /// The rows of whom columns do not know how they are.
        [[nodiscard]] const Bits& changed() {
            if (!changed_known_) {
                changed_.fill(0);
                const std::span<const std::uint32_t> seen = bulk_->columns_->seen();
                const std::span<const std::uint32_t> versions = context_.engine->person_versions();
                fill(changed_, [&](std::size_t i) {
                    const std::size_t row = first_ + i;
                    return row >= seen.size() || seen[row] != versions[row];
                });
                changed_known_ = true;
            }
            return changed_;
        }
        [[nodiscard]] bool is_number(const segment::Program::Leaf& leaf) const {
            if (!leaf.field || std::holds_alternative<segment::Anniversary>(leaf.condition.node)) return false;
            return bulk_->program_->catalogue().fields()[*leaf.field].type == segment::FieldType::number;
        }
        /// Tests a number of each row; NaN is missing.
        void test_numbers(const segment::Program::Leaf& leaf, Bits& bits, const double* numbers) const {
            std::visit(
                [&](const auto& test) {
                    if constexpr (segment::detail::is_value_test<std::decay_t<decltype(test)>>) {
                        segment::detail::with_number_test(test, [&](const auto& holds) {
                            fill(bits, [&](std::size_t i) { return holds(numbers[i]); });
                        });
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
        /// Fills the counts, and the days since the newest facts, of every counter: shape (counters, stride).
        void count() {
            if (counted_) return;
            counted_ = true;
            if (bulk_->lane_words_ == 4) {
                count_by<4>();
            } else {
                count_by<8>();
            }
        }
        static constexpr std::uint32_t ahead = 16;  // people
        /// Counts in bytes, eight counters to a word, from the newest fact back; a counter is read off where its window
        /// ends.
        template <std::size_t words>
        void count_by() {
            const std::vector<Counter>& counters = bulk_->counters_;
            const std::uint64_t* const lanes = bulk_->lanes_.data();
            const std::uint64_t* const newest = bulk_->newest_.data();
            const segment::KeptFact after{bulk_->now_ms_, segment::KeptFact::max_kinds - 1};
            std::array<double, max_counters> before{};  // what no longer fits into the bytes
            for (std::uint32_t row = 0; row < rows(); ++row) {
                // Everybody's facts lie somewhere else; waiting for them costs more than counting.
                if (row + ahead < rows()) prefetch_end(kept(first_ + row + ahead).facts, 6);
                const std::vector<segment::KeptFact>& facts = kept(first_ + row).facts;
                double* const values = counted_values_.data() + row;
                std::size_t f = facts.size();
                while (f > 0 && facts[f - 1] > after) --f;
                std::array<std::uint64_t, words> sums{};
                std::uint64_t open = bulk_->all_newest_;
                for (std::uint64_t each = open; each != 0; each &= each - 1) {
                    values[static_cast<std::size_t>(std::countr_zero(each)) * stride] =
                        std::numeric_limits<double>::quiet_NaN();
                }
                bool overflows = false;
                std::size_t room = 255;
                for (std::size_t next = 0; next < counters.size();) {
                    const segment::KeptFact floor = counters[next].from;
                    // Nothing but newest facts is left, and they are found.
                    if (next >= bulk_->counts_end_ && (open >> next) == 0) break;
                    for (; f > 0 && facts[f - 1] >= floor; --f) {
                        const std::uint32_t kind = facts[f - 1].kind();
                        for (std::size_t word = 0; word < words; ++word) sums[word] += lanes[kind * words + word];
                        if (const std::uint64_t first = newest[kind] & open; first != 0) {
                            note_newest(values, first, facts[f - 1].at_ms());
                            open &= ~first;
                            if (next >= bulk_->counts_end_ && (open >> next) == 0) break;
                        }
                        if (--room == 0) {
                            for (std::size_t i = 0; i < counters.size(); ++i) {
                                before[i] = (overflows ? before[i] : 0) + byte_of(sums, i);
                            }
                            sums.fill(0);
                            overflows = true;
                            room = 255;
                        }
                    }
                    for (; next < counters.size() && counters[next].from == floor; ++next) {
                        if (!counters[next].newest) {
                            values[next * stride] = byte_of(sums, next) + (overflows ? before[next] : 0);
                        }
                        open &= ~(std::uint64_t{1} << next);
                    }
                }
            }
        }
        template <std::size_t words>
        [[nodiscard]] static double byte_of(const std::array<std::uint64_t, words>& lanes, std::size_t i) noexcept {
            return static_cast<double>(static_cast<std::int32_t>(lanes[i / 8] >> i % 8 * 8 & 0xFFU));
        }
        void note_newest(double* values, std::uint64_t counters, std::int64_t at_ms) const noexcept {
            for (; counters != 0; counters &= counters - 1) {
                values[static_cast<std::size_t>(std::countr_zero(counters)) * stride] =
                    static_cast<double>(bulk_->now_ms_ - at_ms) / 86'400'000.0;
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
        std::vector<double> counted_values_;
        bool counted_ = false;
        Bits changed_{};
        bool changed_known_ = false;
        std::vector<std::pair<std::uint32_t, Bits>> segments_;
    };

    const segment::Program* program_;
    const SegmentContext<Engine>* context_;
    std::span<const SegmentPerson> people_;
    std::span<const std::uint64_t> masks_;
    std::size_t words_;
    PeopleColumns* columns_;
    std::int64_t now_ms_ = 0;
    std::vector<Counter> counters_;          // newest start first
    std::vector<std::uint32_t> counter_of_;  // by leaf
    std::uint64_t all_newest_ = 0;           // the counters of newest facts
    std::size_t counts_end_ = 0;             // behind the last counter of numbers
    std::size_t lane_words_ = 4;
    std::vector<std::uint64_t> lanes_;   // by kind and word: 1 in the byte of each counter of numbers that counts it
    std::vector<std::uint64_t> newest_;  // by kind: the counters of newest facts that look at it
    std::vector<Coded> coded_;           // by leaf
    std::vector<std::uint64_t> turned_;  // rows with another role than in the column
};

}  // namespace alloquy::engine
