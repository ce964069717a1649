#include <alloquy/segment/fact_kinds.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/id.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/segment/calendar.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>

#include "../support/instants.hpp"

namespace model = alloquy::model;
using namespace alloquy::segment;
using alloquy::InvalidArgument;
using model::AttributeValue;

namespace {

constexpr AttributeValue missing{};

struct Words {
    model::Symbols symbols;
    model::Channel mail = symbols.channels.intern("mail");
    model::Channel phone = symbols.channels.intern("phone");
    model::Topic money = symbols.topics.intern("money");
    model::Topic housing = symbols.topics.intern("housing");
    model::Language dutch = symbols.languages.intern("nl");
    model::Team desk = symbols.teams.intern("desk");
    model::Purpose guidance = symbols.purposes.intern("guidance");
    model::ActionName call = symbols.actions.intern("coach call");
    model::Assessment exam = symbols.assessments.intern("exam");
    model::ObligationKind fee = symbols.obligations.intern("fee");
    model::Programme law = symbols.programmes.intern("law");
};

Condition is(std::string field, Value value) {
    return {Comparison{std::move(field), Relation::equal, std::move(value)}};
}
Condition says(std::string part, TextTest test = TextTest::contains) {
    return {TextMatch{std::string{"text"}, test, std::move(part)}};
}
FactFilter interactions(Condition where) {
    return {FactKind::interactions, std::move(where)};
}

}  // namespace

TEST_SUITE("segment/fact_kinds") {
    TEST_CASE("a kept fact is ordered by its instant, then by the number of what it says") {
        CHECK(sizeof(KeptFact) == 8);
        CHECK(KeptFact{1, 0} > KeptFact{0, KeptFact::max_kinds - 1});
        CHECK(KeptFact{0, 2} > KeptFact{0, 1});
        CHECK(KeptFact{-1, 5} < KeptFact{0, 0});
        CHECK(KeptFact{-2, 5} < KeptFact{-1, 0});
        CHECK(KeptFact{7, 3} == KeptFact{7, 3});
        for (const std::int64_t at_ms : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1'767'225'600'123}}) {
            for (const std::uint32_t kind : {0U, 1U, KeptFact::max_kinds - 1}) {
                CHECK(KeptFact{at_ms, kind}.at_ms() == at_ms);
                CHECK(KeptFact{at_ms, kind}.kind() == kind);
            }
        }
    }

    TEST_CASE("instants are kept to the millisecond from 1691 to 2248 and held at these ends") {
        // 2^43 ms before 1970 is 1691-04-06T08:49:37.792Z, 2^43 - 1 ms after it 2248-09-26T15:10:22.207Z: Python's
        // datetime arithmetic.
        const std::int64_t first = alloquy::support::at("1691-04-06T08:49:37.792Z").unix_ms();
        const std::int64_t last = alloquy::support::at("2248-09-26T15:10:22.207Z").unix_ms();
        for (const std::int64_t at_ms : {first, first + 1, last - 1, last}) {
            CHECK(KeptFact{at_ms, 9}.at_ms() == at_ms);
        }
        CHECK(KeptFact{first - 1, 9}.at_ms() == first);
        CHECK(KeptFact{last + 1, 9}.at_ms() == last);
        CHECK(KeptFact{alloquy::time::Instant::min_unix_ms, 9}.at_ms() == first);
        CHECK(KeptFact{alloquy::time::Instant::max_unix_ms, 9}.at_ms() == last);
        CHECK(KeptFact{alloquy::time::Instant::max_unix_ms, 9}.kind() == 9);
        CHECK(KeptFact{alloquy::segment::always_ms, 9}.at_ms() == first);
        CHECK(KeptFact{alloquy::segment::never_ms, 9}.at_ms() == last);
        CHECK(KeptFact{first, 0} < KeptFact{last, 0});
    }

    TEST_CASE("a fact is seen by the values of its fields, in their order") {
        const Words w;
        const auto seen = [&](model::FactContent content) { return fact_content(content, w.symbols); };
        const model::Interaction full{w.phone,
                                      model::Act::called,
                                      model::Direction::outbound,
                                      w.money,
                                      w.dutch,
                                      model::ActorKind::team,
                                      w.desk,
                                      alloquy::DialogueId{4},
                                      w.guidance,
                                      w.call,
                                      3,
                                      model::Tone::complaint,
                                      "hello"};
        CHECK(seen(full) == FactContent{FactKind::interactions,
                                        {"phone", "called", "outbound", "money", "nl", "team", "desk", "guidance",
                                         "coach call", "complaint", "hello", 3.0}});
        CHECK(seen(model::Interaction{w.mail, model::Act::opened, model::Direction::inbound}) ==
              FactContent{FactKind::interactions,
                          {"mail", "opened", "inbound", missing, missing, "person", missing, missing, missing, missing,
                           missing, 1.0}});
        CHECK(seen(model::Result{w.exam, 0.25}) == FactContent{FactKind::results, {"exam", 0.25}});
        CHECK(seen(model::ObligationChange{w.fee, "bill", model::ObligationStep::waived, {}, 10.0}) ==
              FactContent{FactKind::obligations, {"fee", "waived", 10.0}});
        CHECK(seen(model::ObligationChange{w.fee, "", model::ObligationStep::opened, {}, {}}) ==
              FactContent{FactKind::obligations, {"fee", "opened", missing}});
        CHECK(seen(model::DialogueChange{alloquy::DialogueId{1}, model::DialogueStep::solved, w.desk, w.housing,
                                         model::Tone::question}) ==
              FactContent{FactKind::dialogues, {"solved", "housing", "desk", "question"}});
        CHECK(seen(model::EnrolmentChange{w.law, model::EnrolmentStatus::passed}) ==
              FactContent{FactKind::enrolments, {"law", "passed"}});
        CHECK(seen(model::ConsentStatement{w.guidance, w.mail, model::ConsentDecision::objected, "v1"}) ==
              FactContent{FactKind::consents, {"guidance", "mail", "objected"}});
        CHECK(seen(model::ConsentStatement{w.guidance, {}, model::ConsentDecision::given, ""}) ==
              FactContent{FactKind::consents, {"guidance", missing, "given"}});
        CHECK_FALSE(seen(model::RoleChange{model::RoleKind::student}).has_value());
        CHECK_FALSE(seen(model::AttributeStatement{}).has_value());
        CHECK_FALSE(seen(model::RelationChange{model::RelationKind::mentor_of, alloquy::PersonId{2}}).has_value());
        for (const FactKind kind : {FactKind::interactions, FactKind::results, FactKind::obligations,
                                    FactKind::dialogues, FactKind::enrolments, FactKind::consents}) {
            for (const Field& field : fact_fields(kind)) {
                CHECK(fact_field_type(kind, field.name) == field.type);
                CHECK(field.motion == Motion::steady);
            }
            CHECK_FALSE(fact_field_type(kind, "").has_value());
            CHECK_FALSE(fact_field_type(kind, "at").has_value());
        }
        CHECK(fact_value(*seen(full), "topic") == AttributeValue{"money"});
        CHECK(fact_value(*seen(full), "quantity") == AttributeValue{3.0});
        CHECK(fact_value(*seen(model::Result{w.exam, 0.25}), "topic") == missing);
    }

    TEST_CASE("equal facts are of one kind, whatever their instants, dialogues and items; others are not") {
        Words w;
        FactKinds kinds{w.symbols};
        const model::Interaction base{w.mail, model::Act::opened, model::Direction::inbound};
        const std::optional<std::uint32_t> first = kinds.kind_of(base);
        REQUIRE(first.has_value());
        CHECK(kinds.size() == 1);
        model::Interaction same = base;
        same.dialogue = alloquy::DialogueId{7};
        same.text = "words are not kept";
        CHECK(kinds.kind_of(same) == first);
        CHECK(kinds.size() == 1);
        std::vector<model::Interaction> others(10, base);
        others[0].channel = w.phone;
        others[1].act = model::Act::clicked;
        others[2].direction = model::Direction::outbound;
        others[3].topic = w.money;
        others[4].language = w.dutch;
        others[5].actor = model::ActorKind::bot;
        others[6].team = w.desk;
        others[7].purpose = w.guidance;
        others[8].action = w.call;
        others[9].quantity = 2;
        std::vector<std::uint32_t> numbers{*first};
        const auto check_new = [&](const model::FactContent& content) {
            const std::optional<std::uint32_t> number = kinds.kind_of(content);
            REQUIRE(number.has_value());
            for (const std::uint32_t known : numbers) CHECK(*number != known);
            numbers.push_back(*number);
            CHECK(kinds.kind_of(content) == number);
            CHECK(kinds.size() == numbers.size());
            FactContent without_words = *fact_content(content, w.symbols);
            if (without_words.kind == FactKind::interactions) without_words.values[10] = missing;
            CHECK(kinds.content(*number) == without_words);
        };
        for (const model::Interaction& other : others) check_new(other);
        for (const model::Tone tone : {model::Tone::neutral, model::Tone::question, model::Tone::compliment}) {
            model::Interaction other = base;
            other.tone = tone;
            check_new(other);
        }
        check_new(model::Result{w.exam, 0.25});
        check_new(model::Result{w.exam, 0.5});
        check_new(model::ObligationChange{w.fee, "a", model::ObligationStep::opened, {}, {}});
        check_new(model::ObligationChange{w.fee, "a", model::ObligationStep::opened, {}, 0.0});
        check_new(model::ObligationChange{w.fee, "a", model::ObligationStep::waived, {}, {}});
        CHECK(kinds.kind_of(model::ObligationChange{
                  w.fee, "b", model::ObligationStep::waived, alloquy::support::at("2026-01-01T00:00Z"), {}}) ==
              numbers.back());
        check_new(model::DialogueChange{alloquy::DialogueId{1}, model::DialogueStep::opened, {}, {}, {}});
        CHECK(kinds.kind_of(model::DialogueChange{alloquy::DialogueId{2}, model::DialogueStep::opened, {}, {}, {}}) ==
              numbers.back());
        check_new(model::DialogueChange{alloquy::DialogueId{1}, model::DialogueStep::opened, {}, {}, model::Tone{}});
        check_new(model::DialogueChange{alloquy::DialogueId{1}, model::DialogueStep::opened, w.desk, {}, {}});
        check_new(model::DialogueChange{alloquy::DialogueId{1}, model::DialogueStep::opened, {}, w.money, {}});
        check_new(model::EnrolmentChange{w.law, model::EnrolmentStatus::applied});
        check_new(model::EnrolmentChange{w.law, model::EnrolmentStatus::passed});
        check_new(model::ConsentStatement{w.guidance, {}, model::ConsentDecision::given, ""});
        CHECK(kinds.kind_of(model::ConsentStatement{w.guidance, {}, model::ConsentDecision::given, "v2"}) ==
              numbers.back());
        check_new(model::ConsentStatement{w.guidance, w.mail, model::ConsentDecision::given, ""});
        check_new(model::ConsentStatement{w.guidance, {}, model::ConsentDecision::withdrawn, ""});
        CHECK_FALSE(kinds.kind_of(model::RoleChange{model::RoleKind::student}).has_value());
        CHECK_FALSE(kinds.kind_of(model::AttributeStatement{}).has_value());
        CHECK_FALSE(
            kinds.kind_of(model::RelationChange{model::RelationKind::mentor_of, alloquy::PersonId{2}}).has_value());
        CHECK(kinds.size() == numbers.size());
    }

    TEST_CASE("a filter passes the same kinds, whether it comes before or after them") {
        for (const bool filters_first : {true, false}) {
            CAPTURE(filters_first);
            Words w;
            FactKinds kinds{w.symbols};
            const std::vector<FactFilter> wanted{
                {FactKind::interactions, {}},
                interactions(is("topic", "money")),
                interactions({Not{is("topic", "money")}}),
                interactions({All{{is("channel", "mail"), {IsKnown{std::string{"topic"}}}}}}),
                interactions({Any{{is("channel", "phone"), is("quantity", 2.0)}}}),
                {FactKind::results, Condition{Between{std::string{"fraction"}, 0.25, 0.5}}},
                {FactKind::results, {}}};
            std::vector<std::uint32_t> filters;
            std::vector<std::uint32_t> numbers;
            const auto add_filters = [&] {
                for (const FactFilter& each : wanted) filters.push_back(kinds.filter(each));
            };
            if (filters_first) add_filters();
            model::Interaction bare{w.mail, model::Act::opened, model::Direction::inbound};
            model::Interaction money = bare;
            money.topic = w.money;
            model::Interaction twice = bare;
            twice.quantity = 2;
            twice.topic = w.housing;
            for (const model::FactContent& content : std::vector<model::FactContent>{
                     bare, money, twice, model::Result{w.exam, 0.25}, model::Result{w.exam, 0.75}}) {
                numbers.push_back(*kinds.kind_of(content));
            }
            if (!filters_first) add_filters();
            // By hand; rows are the filters, columns bare, money, twice, 0.25 and 0.75.
            const std::vector<std::string> expected{"11100", "01000", "10100", "01100", "00100", "00010", "00011"};
            for (std::size_t filter = 0; filter < filters.size(); ++filter) {
                CAPTURE(filter);
                for (std::size_t kind = 0; kind < numbers.size(); ++kind) {
                    CAPTURE(kind);
                    const bool passes = expected[filter][kind] == '1';
                    CHECK(kinds.passes(numbers[kind], filters[filter]) == passes);
                    CHECK((kinds.passing(filters[filter])[numbers[kind]] != 0) == passes);
                }
                CHECK_FALSE(kinds.reads_text(filters[filter]));
            }
            // Equal filters have one number.
            for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(kinds.filter(wanted[i]) == filters[i]);
            CHECK(kinds.filter_count() == wanted.size());
        }
    }

    TEST_CASE("words are looked at when a fact comes, for the filters that there are") {
        Words w;
        FactKinds kinds{w.symbols};
        model::Interaction fact{w.mail, model::Act::replied, model::Direction::inbound};
        fact.text = "Where do I pay?";
        const std::uint32_t before = *kinds.kind_of(fact);
        const std::uint32_t pay = kinds.filter(interactions(says("pay")));
        const std::uint32_t where = kinds.filter(interactions({Not{says("Where", TextTest::starts_with)}}));
        const std::uint32_t known = kinds.filter(interactions({IsKnown{std::string{"text"}}}));
        const std::uint32_t like = kinds.filter(interactions(says("%do_I%", TextTest::like)));
        const std::uint32_t matches =
            kinds.filter(interactions({All{{is("channel", "mail"), says("[a-z]+\\?$", TextTest::matches)}}}));
        for (const std::uint32_t filter : {pay, where, known, like, matches}) CHECK(kinds.reads_text(filter));
        CHECK_FALSE(kinds.reads_text(kinds.filter(interactions(is("channel", "mail")))));
        const std::uint32_t asked = *kinds.kind_of(fact);
        CHECK(asked != before);
        CHECK(kinds.passes(asked, pay));
        CHECK_FALSE(kinds.passes(asked, where));
        CHECK(kinds.passes(asked, known));
        CHECK(kinds.passes(asked, like));
        CHECK(kinds.passes(asked, matches));
        // Of a kind that was known before, nothing can be told.
        CHECK_FALSE(kinds.passes(before, pay));
        // Other words of which the tests say the same are the same kind.
        fact.text = "Where do I have to pay, please?";
        CHECK(kinds.kind_of(fact) == asked);
        CHECK(kinds.content(asked).values[10] == missing);
        fact.text = "Thanks.";
        const std::uint32_t thanks = *kinds.kind_of(fact);
        CHECK(thanks != asked);
        CHECK_FALSE(kinds.passes(thanks, pay));
        CHECK(kinds.passes(thanks, where));
        CHECK(kinds.passes(thanks, known));
        CHECK_FALSE(kinds.passes(thanks, like));
        CHECK_FALSE(kinds.passes(thanks, matches));
        fact.text.clear();
        const std::uint32_t silent = *kinds.kind_of(fact);
        CHECK_FALSE(kinds.passes(silent, known));
        CHECK(kinds.passes(silent, where));  // a test of what is missing does not hold, and not turns that round
        CHECK_FALSE(kinds.passes(silent, pay));
    }

    TEST_CASE("the meaning of where, words included") {
        const Words w;
        model::Interaction fact{w.mail, model::Act::replied, model::Direction::inbound};
        fact.text = "Where do I pay?";
        const FactContent content = *fact_content(fact, w.symbols);
        CHECK(fact_holds(says("pay"), content));
        CHECK_FALSE(fact_holds(says("Pay"), content));
        CHECK(fact_holds({IsKnown{std::string{"text"}}}, content));
        CHECK(fact_holds(is("act", "replied"), content));
        CHECK_FALSE(fact_holds(is("topic", "money"), content));
        CHECK(fact_holds({Not{is("topic", "money")}}, content));
        CHECK(fact_holds({OneOf{std::string{"channel"}, {"phone", "mail"}}}, content));
        CHECK(fact_holds({All{}}, content));
        CHECK_FALSE(fact_holds({Any{}}, content));
        CHECK_THROWS_AS((void)fact_holds({HasRole{}}, content), InvalidArgument);
        CHECK_THROWS_AS((void)fact_holds({OnList{"a"}}, content), InvalidArgument);
        CHECK_THROWS_AS((void)fact_holds({InSegment{"a"}}, content), InvalidArgument);
        CHECK_THROWS_AS((void)fact_holds({Comparison{Aggregate{}, Relation::equal, 1.0}}, content), InvalidArgument);
        CHECK_THROWS_AS((void)fact_holds(is("channel", Parameter{"p"}), content), InvalidArgument);
    }

    TEST_CASE("a filter that asks for more than fields of facts is refused") {
        for (const Condition& where : std::vector<Condition>{{HasRole{}},
                                                             {All{{{Not{Condition{OnList{"a"}}}}}}},
                                                             {Comparison{Aggregate{}, Relation::equal, 1.0}},
                                                             is("channel", Parameter{"p"}),
                                                             {Any{{says("b"), {InSegment{"s"}}}}}}) {
            Words w;
            FactKinds kinds{w.symbols};
            (void)kinds.kind_of(model::Interaction{w.mail, model::Act::sent, model::Direction::outbound});
            CHECK_THROWS_AS((void)kinds.filter(interactions(where)), InvalidArgument);
        }
    }

    TEST_CASE("there are at most 64 different tests of words") {
        Words w;
        FactKinds kinds{w.symbols};
        for (int i = 0; i < 64; ++i) {
            (void)kinds.filter(interactions(says("word " + std::to_string(i))));
            // One that is there already, in another filter, is no new one.
            (void)kinds.filter(interactions({Not{says("word " + std::to_string(i / 2))}}));
        }
        const std::size_t count = kinds.filter_count();
        CHECK_THROWS_AS((void)kinds.filter(interactions(says("one more"))), InvalidArgument);
        CHECK_THROWS_AS((void)kinds.filter(interactions(says("word 0", TextTest::ends_with))), InvalidArgument);
        CHECK_THROWS_AS((void)kinds.filter(interactions({Any{{says("word 1"), says("one more")}}})), InvalidArgument);
        CHECK(kinds.filter_count() == count);
        CHECK_NOTHROW((void)kinds.filter(interactions({All{{says("word 1"), says("word 63")}}})));
        // The first and the last are told apart.
        model::Interaction fact{w.mail, model::Act::replied, model::Direction::inbound};
        fact.text = "word 63";
        const std::uint32_t last = *kinds.kind_of(fact);
        fact.text = "word 0";
        const std::uint32_t first = *kinds.kind_of(fact);
        CHECK(first != last);
        CHECK(kinds.passes(last, kinds.filter(interactions(says("word 63")))));
        CHECK(kinds.passes(last, kinds.filter(interactions(says("word 6")))));
        CHECK_FALSE(kinds.passes(last, kinds.filter(interactions(says("word 0")))));
        CHECK(kinds.passes(first, kinds.filter(interactions(says("word 0")))));
        CHECK_FALSE(kinds.passes(first, kinds.filter(interactions(says("word 63")))));
    }

    TEST_CASE("filters since a mark are forgotten, with their tests of words") {
        Words w;
        FactKinds kinds{w.symbols};
        const std::uint32_t kept = kinds.filter(interactions(is("channel", "mail")));
        const std::uint32_t words = kinds.filter(interactions(says("pay")));
        model::Interaction fact{w.mail, model::Act::replied, model::Direction::inbound};
        fact.text = "I pay";
        const std::uint32_t number = *kinds.kind_of(fact);
        const FactKinds::Mark mark = kinds.mark();
        // More often than there is room for tests of words.
        for (int i = 0; i < 200; ++i) {
            const std::uint32_t asked = kinds.filter(interactions(is("act", "replied")));
            CHECK(kinds.passes(number, asked));
            (void)kinds.filter(interactions(says("question " + std::to_string(i))));
            CHECK(kinds.filter_count() == 4);
            kinds.forget_filters(mark);
            CHECK(kinds.filter_count() == 2);
        }
        CHECK(kinds.passes(number, kept));
        CHECK(kinds.passes(number, words));
        CHECK(kinds.kind_of(fact) == number);
        CHECK(kinds.filter(interactions(is("channel", "mail"))) == kept);
        kinds.forget_filters(kinds.mark());
        CHECK(kinds.filter_count() == 2);
    }

    TEST_CASE("kinds and filters may come in any order") {
        Words w;
        FactKinds kinds{w.symbols};
        const std::uint32_t odd =
            kinds.filter({FactKind::results, Condition{Comparison{std::string{"fraction"}, Relation::less, 0.5}}});
        std::vector<std::uint32_t> numbers;
        for (int i = 0; i < 1000; ++i) numbers.push_back(*kinds.kind_of(model::Result{w.exam, i / 1000.0}));
        const std::uint32_t late =
            kinds.filter({FactKind::results, Condition{Comparison{std::string{"fraction"}, Relation::at_least, 0.25}}});
        for (int i = 1000; i < 2000; ++i) numbers.push_back(*kinds.kind_of(model::Result{w.exam, i / 1000.0}));
        CHECK(kinds.size() == 2000);
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            REQUIRE(kinds.passes(numbers[i], odd) == (i < 500));
            REQUIRE(kinds.passes(numbers[i], late) == (i >= 250));
        }
    }

    TEST_CASE("a filter that asks for more than fields of facts is refused and leaves nothing behind") {
        for (const bool with_kinds : {false, true}) {
            CAPTURE(with_kinds);
            Words w;
            FactKinds kinds{w.symbols};
            if (with_kinds)
                (void)kinds.kind_of(model::Interaction{w.mail, model::Act::sent, model::Direction::outbound});
            for (const Condition& where : std::vector<Condition>{{HasRole{}},
                                                                 {All{{{Not{Condition{OnList{"a"}}}}}}},
                                                                 {Comparison{Aggregate{}, Relation::equal, 1.0}},
                                                                 is("channel", Parameter{"p"}),
                                                                 {Any{{says("b"), {InSegment{"s"}}}}}}) {
                CHECK_THROWS_AS((void)kinds.filter(interactions(where)), InvalidArgument);
                CHECK(kinds.filter_count() == 0);
                CHECK(kinds.mark().filters == 0);
                CHECK(kinds.mark().text_tests == 0);
            }
            CHECK(kinds.filter(interactions(is("channel", "mail"))) == 0);
        }
    }
}
