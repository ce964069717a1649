#include <alloquy/engine/model_bytes.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "../support/facts.hpp"
#include "../support/random.hpp"

namespace score = alloquy::score;
using namespace alloquy::engine;
using alloquy::InvalidArgument;
using alloquy::ParseError;
using alloquy::score::Calibration;
using alloquy::score::Encoding;
using alloquy::score::FeatureConfig;
using alloquy::score::FeatureEncoder;
using alloquy::score::FeatureTable;
using alloquy::score::LogisticModel;
using alloquy::score::Model;
using alloquy::score::ModelConfig;
using alloquy::score::Monotone;
using alloquy::score::OnlineLogistic;
using alloquy::score::OnlineLogisticOptions;
using alloquy::support::minute;
using alloquy::support::Random;
using Bytes = std::vector<std::byte>;
using Values = std::vector<double>;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

FeatureConfig feature(std::string input, Encoding encoding) {
    FeatureConfig config;
    config.input = std::move(input);
    config.encoding = encoding;
    config.least_rows = 3;
    return config;
}
/// Every encoding, with everything that an encoder can learn: missing values, rare levels, edges, crossed columns.
std::vector<FeatureConfig> all_features() {
    std::vector<FeatureConfig> features{feature("clicks", Encoding::log),    feature("days", Encoding::linear),
                                        feature("region", Encoding::levels), feature("clicks", Encoding::bins),
                                        feature("days", Encoding::steps),    feature({}, Encoding::cross)};
    features[1].monotone = Monotone::falling;
    features[3].name = "click bins";
    features[3].quantiles = 3;
    features[4].name = "day steps";
    features[4].edges = {5, 10.25};
    features[4].reason = "because";
    features[5].name = "region and clicks";
    features[5].of = {"region", "click bins"};
    return features;
}
FeatureTable table() {
    Random random{1};
    FeatureTable made{40, {}};
    made.inputs = {{"clicks", false, {}, {}}, {"days", false, {}, {}}, {"region", true, {}, {"south", "a", "b", "c"}}};
    for (int row = 0; row < 40; ++row) {
        made.inputs[0].values.push_back(std::floor(random.fraction() * 20));
        made.inputs[1].values.push_back(random.chance(20) ? missing : random.fraction() * 15);
        made.inputs[2].values.push_back(row == 7 ? 3 : static_cast<double>(random.below(3)));
    }
    return made;
}
LogisticModel bulk_coefficients(std::size_t columns) {
    Random random{2};
    LogisticModel model;
    model.intercept = -0.75;
    for (std::size_t j = 0; j < columns; ++j) model.coefficients.push_back(random.fraction() - 0.5);
    for (std::size_t j = 0; j < (columns + 1) * (columns + 2) / 2; ++j) {
        model.covariance_factor.push_back(random.fraction());
    }
    model.log_likelihood = -123.5;
    model.weight = 40;
    model.rows = 41;
    model.positives = 17;
    model.iterations = 6;
    return model;
}
OnlineLogistic online_coefficients(const FeatureEncoder& encoder) {
    OnlineLogisticOptions options;
    options.penalty = 2;
    options.intercept_penalty = 0.5;
    options.probability = 0.2;
    options.half_life = 25;
    OnlineLogistic model{encoder.columns(), options, encoder.matrix().signs()};
    const score::FeatureMatrix matrix = encoder.encode(table());
    for (std::size_t row = 0; row < matrix.rows(); ++row) model.update(matrix.row(row), row % 3 == 0);
    return model;
}
std::vector<PolicyPart> some_policy() {
    return {{"model", {std::byte{1}, std::byte{2}}}, {"topics", {}}, {"signals", {std::byte{0}}}};
}
ModelContent content_of(Model model) {
    return {std::move(model), {minute(-5), minute(0), minute(600)}, minute(7000), 3, some_policy()};
}
/// One of each kind: bulk with each calibration, and online.
std::vector<ModelContent> all_contents() {
    const FeatureEncoder encoder = FeatureEncoder::fit(all_features(), table());
    const LogisticModel bulk = bulk_coefficients(encoder.columns());
    return {content_of({encoder, bulk, Calibration{}}), content_of({encoder, bulk, Calibration::platt(0.8, -0.125)}),
            content_of({encoder, bulk, Calibration::isotonic({-2, -1.5, 0.25}, {0, 0.5, 1})}),
            content_of({encoder, online_coefficients(encoder), Calibration{}})};
}
/// Small ones, to be damaged byte by byte: a text, a number, steps and a cross.
std::vector<ModelContent> small_contents() {
    std::vector<FeatureConfig> features{feature("r", Encoding::levels), feature("d", Encoding::steps),
                                        feature("d", Encoding::linear), feature({}, Encoding::cross)};
    features[1].name = "s";
    features[1].edges = {5};
    features[3].name = "x";
    features[3].of = {"r", "s"};
    for (FeatureConfig& each : features) each.least_rows = 1;
    FeatureTable made{4, {}};
    made.inputs = {{"r", true, {0, 1, 0, 1}, {"a", "b"}}, {"d", false, {1, 6, 9, missing}, {}}};
    const FeatureEncoder encoder = FeatureEncoder::fit(features, made);
    OnlineLogistic online{encoder.columns(), {}, encoder.matrix().signs()};
    const score::FeatureMatrix matrix = encoder.encode(made);
    for (std::size_t row = 0; row < matrix.rows(); ++row) online.update(matrix.row(row), row % 2 == 0);
    return {{{encoder, bulk_coefficients(encoder.columns()), Calibration{}}, {minute(1)}, minute(2), 0, some_policy()},
            {{encoder, bulk_coefficients(encoder.columns()), Calibration::isotonic({-1, 1}, {0.25, 0.5})},
             {},
             minute(2),
             0},
            {{encoder, online, Calibration{}}, {}, minute(2), 1}};
}

bool same(const ModelContent& a, const ModelContent& b) {
    return a.model == b.model && a.instants == b.instants && a.now == b.now && a.continues == b.continues &&
           a.policy == b.policy;
}
/// People of whom much, little or nothing is known, in the model's inputs.
std::vector<Values> people(const Model& model) {
    std::vector<Values> all;
    for (const double number : {0.0, 4.0, 7.5, 1e6, -3.0, missing}) {
        for (const char* text : {"a", "south", "never met"}) {
            Values person;
            for (std::size_t i = 0; i < model.inputs().size(); ++i) {
                person.push_back(model.is_text(i) ? model.code(i, text) : number);
            }
            all.push_back(std::move(person));
        }
    }
    return all;
}

enum class Fate { refused, read, wrong };

/// Reads damaged bytes. A content that comes out must bear being asked: what it says may be wrong, as a flipped bit in
/// a number is for the journal's hash to find, but asking may not break.
Fate read_damaged(std::span<const std::byte> bytes) {
    try {
        const ModelContent content = model_from_bytes(bytes);
        try {
            for (const Values& person : people(content.model)) {
                static_cast<void>(content.model.predict(person));
                static_cast<void>(content.model.explain("m", person));
            }
        } catch (const alloquy::Error&) {  // a number that no model has
        }
        return Fate::read;
    } catch (const ParseError&) {
        return Fate::refused;
    } catch (const InvalidArgument&) {
        return Fate::refused;
    } catch (const std::exception&) {
        return Fate::wrong;
    }
}

}  // namespace

TEST_SUITE("engine/model_bytes") {
    TEST_CASE("every kind of model comes back as it was, and gives the same bytes again") {
        for (const ModelContent& content : all_contents()) {
            const Bytes bytes = to_bytes(content);
            const ModelContent back = model_from_bytes(bytes);
            CHECK(same(back, content));
            CHECK(to_bytes(back) == bytes);
            // What follows from the parts is there again too.
            CHECK(back.model.encoder().column_names() == content.model.encoder().column_names());
            CHECK(back.model.encoder().matrix().signs() == content.model.encoder().matrix().signs());
            for (const Values& person : people(content.model)) {
                CHECK(back.model.predict(person) == content.model.predict(person));
                CHECK(back.model.explain("m", person) == content.model.explain("m", person));
            }
            CHECK(back.model.predict(table()) == content.model.predict(table()));
        }
    }

    TEST_CASE("an online model that comes back goes on learning with the same bits") {
        const ModelContent content = all_contents()[3];
        const auto goes_on = [](const Model& model) {
            OnlineLogistic online = std::get<OnlineLogistic>(model.coefficients());
            const score::FeatureMatrix matrix = model.encoder().encode(table());
            for (std::size_t row = 0; row < matrix.rows(); ++row) online.update(matrix.row(row), row % 2 == 0);
            return Model{model.encoder(), online, model.calibration()};
        };
        CHECK(goes_on(model_from_bytes(to_bytes(content)).model) == goes_on(content.model));
    }

    TEST_CASE("models without instants, without inputs and that have seen no data come back too") {
        const Model base{FeatureEncoder{}, score::prior_model(0.3, 0), Calibration{}};
        const ModelContent content{base, {}, minute(0), 0};
        CHECK(same(model_from_bytes(to_bytes(content)), content));
        const Model fresh{FeatureEncoder{}, OnlineLogistic{0}, Calibration{}};
        CHECK(same(model_from_bytes(to_bytes({fresh, {}, minute(0), 0})), {fresh, {}, minute(0), 0}));
    }

    TEST_CASE("numbers at the ends of their range come back") {
        ModelContent content = small_contents()[0];
        content.instants = {alloquy::time::Instant::earliest(), alloquy::time::Instant::latest()};
        content.now = alloquy::time::Instant::latest();
        content.continues = std::numeric_limits<std::uint32_t>::max();
        LogisticModel coefficients = std::get<LogisticModel>(content.model.coefficients());
        coefficients.coefficients[0] = -std::numeric_limits<double>::denorm_min();
        coefficients.coefficients[1] = std::numeric_limits<double>::max();
        coefficients.rows = std::numeric_limits<std::uint32_t>::max();
        content.model = Model{content.model.encoder(), coefficients, Calibration::platt(1e100, -1e100)};
        CHECK(same(model_from_bytes(to_bytes(content)), content));
    }

    TEST_CASE("equal contents have equal bytes, and a difference anywhere shows in them") {
        for (const ModelContent& content : all_contents()) CHECK(to_bytes(content) == to_bytes(ModelContent{content}));
        const ModelContent content = all_contents()[1];
        std::vector<ModelContent> others(8, content);
        others[0].instants.pop_back();
        others[1].instants[0] = minute(-6);
        others[2].now = minute(7001);
        others[3].continues = 4;
        const FeatureEncoder& encoder = content.model.encoder();
        LogisticModel coefficients = std::get<LogisticModel>(content.model.coefficients());
        others[4].model = Model{encoder, coefficients, Calibration::platt(0.8, -0.25)};
        coefficients.coefficients[2] = std::nextafter(coefficients.coefficients[2], 2.0);
        others[5].model = Model{encoder, coefficients, content.model.calibration()};
        std::vector<FeatureEncoder::Feature> features = encoder.features();
        features[4].config.reason = "no reason";
        others[6].model = Model{FeatureEncoder::from_parts(encoder.inputs(), features), content.model.coefficients(),
                                content.model.calibration()};
        features = encoder.features();
        features[1].mean += 1;
        others[7].model = Model{FeatureEncoder::from_parts(encoder.inputs(), features), content.model.coefficients(),
                                content.model.calibration()};
        std::vector<Bytes> all{to_bytes(content)};
        for (const ModelContent& other : others) all.push_back(to_bytes(other));
        for (const ModelContent& other : all_contents()) {
            if (!(other.model == content.model)) all.push_back(to_bytes(other));
        }
        std::sort(all.begin(), all.end());
        CHECK(all.size() == 12);
        CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
    }

    TEST_CASE("zeros of either sign are equal, so they have equal bytes") {
        ModelContent content = small_contents()[0];
        LogisticModel plus = std::get<LogisticModel>(content.model.coefficients());
        plus.coefficients[0] = 0.0;
        LogisticModel minus = plus;
        minus.coefficients[0] = -0.0;
        const FeatureEncoder encoder = content.model.encoder();
        content.model = Model{encoder, plus, Calibration::platt(1, 0.0)};
        ModelContent other = content;
        other.model = Model{encoder, minus, Calibration::platt(1, -0.0)};
        REQUIRE(other.model == content.model);
        CHECK(to_bytes(other) == to_bytes(content));
        CHECK(to_bytes(LifecycleParameters{score::BgNbdParameters{1, 2, 3, 0.0}}) ==
              to_bytes(LifecycleParameters{score::BgNbdParameters{1, 2, 3, -0.0}}));
    }

    TEST_CASE("both kinds of lifecycle come back, and are told apart") {
        const LifecycleParameters bg_nbd = score::BgNbdParameters{0.243, 4.414, 0.793, 2.426};
        const LifecycleParameters bg_bb = score::BgBbParameters{1.204, 0.750, 0.657, 2.783};
        const LifecycleParameters alike = score::BgBbParameters{0.243, 4.414, 0.793, 2.426};
        for (const LifecycleParameters& parameters : {bg_nbd, bg_bb, alike}) {
            const LifecycleParameters back = lifecycle_from_bytes(to_bytes(parameters));
            CHECK(back == parameters);
            CHECK(to_bytes(back) == to_bytes(parameters));
        }
        CHECK(to_bytes(bg_nbd) != to_bytes(alike));
    }

    TEST_CASE("bytes that end early or go on too long are no content") {
        for (const ModelContent& content : small_contents()) {
            Bytes bytes = to_bytes(content);
            for (std::size_t length = 0; length < bytes.size(); ++length) {
                CAPTURE(length);
                CHECK_THROWS_AS((void)model_from_bytes(std::span{bytes}.first(length)), ParseError);
            }
            bytes.push_back(std::byte{0});
            CHECK_THROWS_AS((void)model_from_bytes(bytes), ParseError);
        }
        for (const LifecycleParameters& parameters : {LifecycleParameters{score::BgNbdParameters{1, 2, 3, 4}},
                                                      LifecycleParameters{score::BgBbParameters{4, 3, 2, 1}}}) {
            Bytes bytes = to_bytes(parameters);
            for (std::size_t length = 0; length < bytes.size(); ++length) {
                CHECK_THROWS_AS((void)lifecycle_from_bytes(std::span{bytes}.first(length)), ParseError);
            }
            bytes.push_back(std::byte{7});
            CHECK_THROWS_AS((void)lifecycle_from_bytes(bytes), ParseError);
        }
    }

    TEST_CASE("bytes of another kind are no content") {
        const Bytes model = to_bytes(small_contents()[0]);
        const Bytes lifecycle = to_bytes(LifecycleParameters{score::BgNbdParameters{1, 2, 3, 4}});
        CHECK_THROWS_AS((void)model_from_bytes(lifecycle), ParseError);
        CHECK_THROWS_AS((void)lifecycle_from_bytes(model), ParseError);
        const Bytes playbook = canonical_bytes(alloquy::support::test_playbook());
        CHECK_THROWS_AS((void)model_from_bytes(playbook), ParseError);
        CHECK_THROWS_AS((void)lifecycle_from_bytes(playbook), ParseError);
        // Another form: "alloquy model 3".
        Bytes later = model;
        REQUIRE(later[8 + 14] == std::byte{'2'});
        later[8 + 14] = std::byte{'3'};
        CHECK_THROWS_AS((void)model_from_bytes(later), ParseError);
        Random random{3};
        for (int i = 0; i < 2000; ++i) {
            Bytes noise(random.below(200));
            for (std::byte& one : noise) one = static_cast<std::byte>(random.below(256));
            CHECK_THROWS_AS((void)model_from_bytes(noise), ParseError);
            CHECK_THROWS_AS((void)lifecycle_from_bytes(noise), ParseError);
        }
    }

    TEST_CASE("a lifecycle of an unknown kind is refused") {
        Bytes bytes = to_bytes(LifecycleParameters{score::BgBbParameters{1, 2, 3, 4}});
        const std::size_t kind = bytes.size() - 4 * sizeof(double) - 1;
        REQUIRE(bytes[kind] == std::byte{1});
        bytes[kind] = std::byte{2};
        CHECK_THROWS_AS((void)lifecycle_from_bytes(bytes), ParseError);
    }

    TEST_CASE("lifecycle parameters that no fit gives are refused, not put into use") {
        const auto refused = [](const LifecycleParameters& parameters) {
            try {
                static_cast<void>(lifecycle_from_bytes(to_bytes(parameters)));
            } catch (const ParseError&) {
                return true;
            } catch (const InvalidArgument&) {
                return true;
            }
            return false;
        };
        CHECK(refused(score::BgNbdParameters{missing, 2, 3, 4}));
        CHECK(refused(score::BgNbdParameters{1, -2, 3, 4}));
        CHECK(refused(score::BgBbParameters{1, 2, 0, 4}));
    }

    TEST_CASE("a fitted lifecycle comes back with its policy, and is refused where its bytes are damaged") {
        const LifecycleParameters bg_nbd = score::BgNbdParameters{0.243, 4.414, 0.793, 2.426};
        const LifecycleParameters bg_bb = score::BgBbParameters{1.204, 0.750, 0.657, 2.783};
        for (const FittedLifecycle& fitted :
             {FittedLifecycle{bg_nbd, minute(3), {}}, FittedLifecycle{bg_bb, minute(4), some_policy()}}) {
            const Bytes bytes = to_bytes(fitted);
            const FittedLifecycle back = fitted_lifecycle_from_bytes(bytes);
            CHECK(back.parameters == fitted.parameters);
            CHECK(back.now == fitted.now);
            CHECK(back.policy == fitted.policy);
            CHECK(policy_of_bytes(bytes) == fitted.policy);
            CHECK(to_bytes(back) == bytes);
            CHECK_THROWS_AS((void)lifecycle_from_bytes(bytes), ParseError);
            CHECK_THROWS_AS((void)fitted_lifecycle_from_bytes(to_bytes(fitted.parameters)), ParseError);
            for (std::size_t length = 0; length < bytes.size(); ++length) {
                CHECK_THROWS_AS((void)fitted_lifecycle_from_bytes(std::span{bytes}.first(length)), ParseError);
            }
            Bytes longer = bytes;
            longer.push_back(std::byte{0});
            CHECK_THROWS_AS((void)fitted_lifecycle_from_bytes(longer), ParseError);
            for (std::size_t at = 0; at < bytes.size(); ++at) {
                for (const unsigned flip : {0x01U, 0x10U, 0x80U, 0xFFU}) {
                    CAPTURE(at);
                    Bytes damaged = bytes;
                    damaged[at] ^= static_cast<std::byte>(flip);
                    try {
                        // A flipped bit in a number is for the journal's hash to find.
                        static_cast<void>(fitted_lifecycle_from_bytes(damaged));
                    } catch (const ParseError&) {
                    } catch (const InvalidArgument&) {
                    }
                }
            }
        }
    }

    TEST_CASE("any byte of a model may be damaged: it is refused, or what is read bears being asked") {
        for (const ModelContent& content : small_contents()) {
            const Bytes bytes = to_bytes(content);
            for (std::size_t at = 0; at < bytes.size(); ++at) {
                CAPTURE(at);
                for (const unsigned flip : {0x01U, 0x02U, 0x10U, 0x80U, 0xFFU}) {
                    Bytes damaged = bytes;
                    damaged[at] ^= static_cast<std::byte>(flip);
                    REQUIRE(read_damaged(damaged) != Fate::wrong);
                }
            }
        }
    }

    TEST_CASE("bytes may be damaged in several places, left out or doubled") {
        Random random{4};
        const std::vector<ModelContent> contents = small_contents();
        for (int i = 0; i < 6000; ++i) {
            CAPTURE(i);
            Bytes bytes = to_bytes(contents[random.below(contents.size())]);
            for (std::size_t left = 1 + random.below(4); left > 0; --left) {
                const auto at = static_cast<std::ptrdiff_t>(random.below(bytes.size()));
                switch (random.below(4)) {
                    case 0:
                        bytes.erase(bytes.begin() + at);
                        break;
                    case 1:
                        bytes.insert(bytes.begin() + at, bytes[static_cast<std::size_t>(at)]);
                        break;
                    default:  // a small number somewhere, so that lengths and positions go wrong by little
                        bytes[static_cast<std::size_t>(at)] = static_cast<std::byte>(random.below(5));
                }
            }
            REQUIRE(read_damaged(bytes) != Fate::wrong);
        }
    }

    TEST_CASE("a model whose coefficients do not fit its columns is refused") {
        // A model of five columns whose encoder's bytes are those of another of eight.
        const ModelContent content = small_contents()[0];
        const FeatureEncoder& encoder = content.model.encoder();
        const Bytes whole = to_bytes(content);
        const Model base{FeatureEncoder{}, score::prior_model(0.5, 0), Calibration{}};
        const Bytes empty = to_bytes({base, content.instants, content.now, content.continues, content.policy});
        // Both begin alike: title, policy, instants, now, continues.
        const auto differ = std::mismatch(whole.begin(), whole.end(), empty.begin(), empty.end());
        Bytes mixed{whole.begin(), differ.first};
        mixed.insert(mixed.end(), differ.second, empty.end());
        CHECK_NOTHROW((void)model_from_bytes(mixed));
        const Bytes encoded = [&] {
            Bytes bytes;
            ByteWriter out{
                [&](std::span<const std::byte> chunk) { bytes.insert(bytes.end(), chunk.begin(), chunk.end()); }};
            alloquy::engine::detail::write_encoder(out, encoder);
            out.flush();
            return bytes;
        }();
        const auto found = std::search(whole.begin(), whole.end(), encoded.begin(), encoded.end());
        REQUIRE(found != whole.end());
        Bytes foreign{whole.begin(), found + static_cast<std::ptrdiff_t>(encoded.size())};
        // The empty encoder takes 16 bytes: two lengths of 0.
        foreign.insert(foreign.end(), empty.begin() + (found - whole.begin()) + 16, empty.end());
        CHECK_THROWS_AS((void)model_from_bytes(foreign), ParseError);
    }

    TEST_CASE("the policy stands at the start of a model's bytes") {
        for (const ModelContent& content : all_contents()) CHECK(policy_of_bytes(to_bytes(content)) == some_policy());
        CHECK_THROWS_AS((void)policy_of_bytes(to_bytes(LifecycleParameters{score::BgNbdParameters{1, 2, 3, 4}})),
                        ParseError);
        CHECK_THROWS_AS((void)policy_of_bytes({}), ParseError);
        const Bytes bytes = to_bytes(all_contents()[0]);
        for (std::size_t length = 0; length < 80; ++length) {
            CHECK_THROWS_AS((void)policy_of_bytes(std::span{bytes}.first(length)), ParseError);
        }
    }

    TEST_CASE("bytes of before policies were kept are known as such") {
        const auto titled = [](std::string_view title) {
            Bytes bytes;
            ByteWriter out{
                [&](std::span<const std::byte> chunk) { bytes.insert(bytes.end(), chunk.begin(), chunk.end()); }};
            out.text(title);
            out.number(std::uint64_t{0});
            out.flush();
            return bytes;
        };
        CHECK(is_without_policy(titled("alloquy model 1")));
        CHECK(is_without_policy(titled("alloquy fitted lifecycle 1")));
        CHECK_FALSE(is_without_policy(titled("alloquy model 10")));
        CHECK_FALSE(is_without_policy(titled("alloquy model 2")));
        CHECK_FALSE(is_without_policy({}));
        CHECK_FALSE(is_without_policy(to_bytes(all_contents()[0])));
    }
}
