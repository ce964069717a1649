#include <alloquy/score/training.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/score/evaluation.hpp>

#include "../support/random.hpp"

using alloquy::InvalidArgument;
using alloquy::score::auc;
using alloquy::score::Calibration;
using alloquy::score::CalibrationKind;
using alloquy::score::cross_validate;
using alloquy::score::Encoding;
using alloquy::score::FeatureConfig;
using alloquy::score::FeatureEncoder;
using alloquy::score::FeatureMatrix;
using alloquy::score::FeatureTable;
using alloquy::score::fold_splits;
using alloquy::score::grouped_folds;
using alloquy::score::learn_on;
using alloquy::score::Learning;
using alloquy::score::LogisticModel;
using alloquy::score::Model;
using alloquy::score::ModelConfig;
using alloquy::score::Monotone;
using alloquy::score::OnlineLogistic;
using alloquy::score::OnlineLogisticOptions;
using alloquy::score::Prediction;
using alloquy::score::prequential;
using alloquy::score::Split;
using alloquy::score::time_splits;
using alloquy::score::train;
using alloquy::support::Random;
using alloquy::time::Instant;
using Outcomes = std::vector<std::uint8_t>;
using Values = std::vector<double>;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

FeatureConfig feature(std::string input, Encoding encoding = Encoding::linear) {
    FeatureConfig config;
    config.input = std::move(input);
    config.encoding = encoding;
    config.least_rows = 1;
    return config;
}

struct Examples {
    FeatureTable table{};
    Outcomes outcomes{};
    std::vector<std::uint64_t> groups{};
    std::vector<Instant> instants{};

    [[nodiscard]] Examples select(std::span<const std::uint32_t> rows) const {
        Examples part{table.select(rows), {}, {}, {}};
        for (const std::uint32_t row : rows) {
            part.outcomes.push_back(outcomes[row]);
            part.groups.push_back(groups[row]);
            part.instants.push_back(instants[row]);
        }
        return part;
    }
    [[nodiscard]] Examples range(std::uint32_t first, std::uint32_t end) const {
        std::vector<std::uint32_t> rows;
        for (std::uint32_t row = first; row < end; ++row) rows.push_back(row);
        return select(rows);
    }
};

/// Outcomes that follow clicks and region: log-odds 2.5 clicks - 1 + (1 in the north). Ten rows a group, a row a day.
Examples usual_examples(std::uint64_t seed, std::size_t rows) {
    Random random{seed};
    Examples examples;
    examples.table.rows = rows;
    examples.table.inputs = {
        {"clicks", false, {}, {}}, {"days", false, {}, {}}, {"region", true, {}, {"south", "north", "west"}}};
    for (std::size_t row = 0; row < rows; ++row) {
        const double clicks = 2 * random.fraction() - 1;
        const std::size_t region = random.below(3);
        examples.table.inputs[0].values.push_back(clicks);
        examples.table.inputs[1].values.push_back(random.chance(10) ? missing : random.fraction() * 30);
        examples.table.inputs[2].values.push_back(static_cast<double>(region));
        const double log_odds = 2.5 * clicks - 1 + (region == 1 ? 1 : 0);
        examples.outcomes.push_back(random.fraction() < alloquy::score::logistic(log_odds) ? 1 : 0);
        examples.groups.push_back(row / 10 * 7 + 3);
        examples.instants.push_back(Instant::from_unix_ms(static_cast<std::int64_t>(row) * 86'400'000));
    }
    return examples;
}
ModelConfig usual_config() {
    ModelConfig config;
    config.name = "risk";
    config.features = {feature("clicks"), feature("days"), feature("region", Encoding::levels)};
    return config;
}
ModelConfig online_config() {
    ModelConfig config = usual_config();
    config.learning = Learning::online;
    return config;
}
/// A table of one number, and its model.
FeatureTable numbers(std::string name, Values values) {
    FeatureTable table{values.size(), {}};
    table.inputs.push_back({std::move(name), false, std::move(values), {}});
    return table;
}
ModelConfig config_of(std::vector<FeatureConfig> features, CalibrationKind calibration = CalibrationKind::none) {
    ModelConfig config;
    config.name = "m";
    config.features = std::move(features);
    config.calibration = calibration;
    config.least_rows = 2;
    return config;
}

/// Equal bit by bit, NaN included.
bool same_bits(const Values& a, const Values& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) {
        return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
    });
}
double calibration_error(const Values& probabilities, const Outcomes& outcomes) {
    return alloquy::score::expected_calibration_error(alloquy::score::calibration_table(probabilities, outcomes));
}
/// AUC within each split's test rows, on average: what a model knows beyond the splits' base rates.
double auc_within(const Values& probabilities, const Outcomes& outcomes, std::span<const Split> splits) {
    double sum = 0;
    for (const Split& split : splits) {
        Values scores;
        Outcomes came;
        for (const std::uint32_t row : split.test) {
            scores.push_back(probabilities[row]);
            came.push_back(outcomes[row]);
        }
        sum += auc(scores, came);
    }
    return sum / static_cast<double>(splits.size());
}

/// Each group of ten rows has an outcome of its own, and its name among the inputs: who has seen the group knows it.
Examples leaking_examples(std::uint64_t seed, std::size_t groups) {
    Random random{seed};
    Examples examples;
    examples.table.rows = groups * 10;
    examples.table.inputs = {{"noise", false, {}, {}}, {"class", true, {}, {}}};
    for (std::size_t group = 0; group < groups; ++group) {
        examples.table.inputs[1].levels.push_back("class " + std::to_string(group));
        const std::uint8_t outcome = random.chance(50) ? 1 : 0;
        for (std::size_t i = 0; i < 10; ++i) {
            examples.table.inputs[0].values.push_back(random.fraction());
            examples.table.inputs[1].values.push_back(static_cast<double>(group));
            examples.outcomes.push_back(outcome);
            examples.groups.push_back(group);
            examples.instants.push_back(Instant::from_unix_ms(static_cast<std::int64_t>(group * 10 + i)));
        }
    }
    return examples;
}
ModelConfig leaking_config(Learning learning) {
    ModelConfig config = config_of({feature("noise"), feature("class", Encoding::levels)}, CalibrationKind::platt);
    config.learning = learning;
    return config;
}

}  // namespace

TEST_SUITE("score/training") {
    TEST_CASE("in bulk: the least penalised loss on the encoded columns, solved elsewhere") {
        // Newton's method in 40 digits (mpmath 1.3) for the sum of -log(probability of the outcome) plus
        // 2 / 2 * (sum of squared coefficients), on (x - 5.5) / sqrt(mean of (x - 5.5)^2), region=a and region=b.
        FeatureTable table = numbers("x", {1, 2, 4, 7, 9, 10});
        table.inputs.push_back({"region", true, {0, 1, 1, 0, 1, 0}, {"a", "b"}});
        const Outcomes outcomes{0, 0, 1, 0, 1, 1};
        ModelConfig config = config_of({feature("x"), feature("region", Encoding::levels)});
        config.penalty = 2;
        const Model model = train(config, table, outcomes);
        const auto& found = std::get<LogisticModel>(model.coefficients());
        const auto near = [](double number) { return doctest::Approx(number).epsilon(1e-9); };
        CHECK(found.intercept == near(-0.00358869170373698044));
        REQUIRE(found.coefficients.size() == 3);
        CHECK(found.coefficients[0] == near(0.569686555081492529));
        CHECK(found.coefficients[1] == near(-0.208738248145788593));
        CHECK(found.coefficients[2] == near(0.208738248145788593));
        const Prediction person = model.predict(Values{7, model.code(1, "b")});
        CHECK(person.probability == near(0.612119112919103082));
        // 1 / (p (1 - p) x' H^-1 x) - 1 with the Hessian H at the optimum.
        CHECK(person.evidence == near(3.34208389390434951));
        CHECK(model.examples() == 6);
    }

    TEST_CASE("a bulk model is its documented pieces: encoder, regression, calibration by cross-fitting in groups") {
        const Examples examples = usual_examples(1, 400);
        const FeatureEncoder encoder = FeatureEncoder::fit(usual_config().features, examples.table);
        const alloquy::score::FeatureMatrix matrix = encoder.encode(examples.table);
        for (const CalibrationKind kind : {CalibrationKind::none, CalibrationKind::platt, CalibrationKind::isotonic}) {
            CAPTURE(static_cast<int>(kind));
            ModelConfig config = usual_config();
            config.calibration = kind;
            config.penalty = 3;
            config.folds = 7;
            alloquy::score::LogisticOptions options;
            options.penalty = 3;
            const Values scores = alloquy::score::cross_fitted_log_odds(matrix, examples.outcomes, {},
                                                                        grouped_folds(examples.groups, 7, 0), options);
            const Calibration calibration = kind == CalibrationKind::none ? Calibration{}
                                            : kind == CalibrationKind::platt
                                                ? alloquy::score::fit_platt(scores, examples.outcomes)
                                                : alloquy::score::fit_isotonic(scores, examples.outcomes);
            const Model model = train(config, examples.table, examples.outcomes, examples.groups);
            CHECK(model ==
                  Model{encoder, alloquy::score::fit_logistic(matrix, examples.outcomes, {}, options), calibration});
            CHECK(model.examples() == 400);
        }
    }

    TEST_CASE("without groups each row is a group by itself") {
        const Examples examples = usual_examples(2, 300);
        std::vector<std::uint64_t> rows;
        for (std::uint64_t row = 0; row < 300; ++row) rows.push_back(row);
        const Model alone = train(usual_config(), examples.table, examples.outcomes);
        CHECK(alone == train(usual_config(), examples.table, examples.outcomes, rows));
        CHECK_FALSE(alone == train(usual_config(), examples.table, examples.outcomes, examples.groups));
    }

    TEST_CASE("both ways of learning find what was planted") {
        const Examples examples = usual_examples(3, 3000);
        const Examples fresh = usual_examples(4, 3000);
        // The true log-odds reach this on the fresh rows; no model can do much better.
        Values truth;
        for (std::size_t row = 0; row < 3000; ++row) {
            truth.push_back(2.5 * fresh.table.inputs[0].values[row] + (fresh.table.inputs[2].values[row] == 1 ? 1 : 0));
        }
        const double best = auc(truth, fresh.outcomes);
        CHECK(best > 0.8);
        for (const ModelConfig& config : {usual_config(), online_config()}) {
            const Model model = train(config, examples.table, examples.outcomes, examples.groups);
            const Values found = model.predict(fresh.table);
            CHECK(auc(found, fresh.outcomes) > best - 0.01);
            CHECK(calibration_error(found, fresh.outcomes) < 0.05);
        }
    }

    TEST_CASE("online: the penalty, the prior and the half-life are the model's, and rows are learned in their order") {
        const Examples examples = usual_examples(5, 200);
        ModelConfig config = online_config();
        config.penalty = 3;
        config.prior = 0.2;
        config.half_life = 40;
        const FeatureEncoder encoder = FeatureEncoder::fit(config.features, examples.table);
        OnlineLogisticOptions options;
        options.penalty = 3;
        options.probability = 0.2;
        options.half_life = 40;
        OnlineLogistic by_hand{encoder.columns(), options, encoder.matrix().signs()};
        const alloquy::score::FeatureMatrix matrix = encoder.encode(examples.table);
        for (std::size_t row = 0; row < 200; ++row) by_hand.update(matrix.row(row), examples.outcomes[row] == 1);
        const Model model = train(config, examples.table, examples.outcomes);
        CHECK(model == Model{encoder, by_hand, Calibration{}});
        CHECK(model.examples() < 100);  // of a row's weight half is lost in 40 rows: about 40 / ln 2 = 58 are left

        std::vector<std::uint32_t> backwards;
        for (std::uint32_t row = 200; row > 0; --row) backwards.push_back(row - 1);
        const Examples other = examples.select(backwards);
        CHECK_FALSE(model.coefficients().index() == 0);
        CHECK_FALSE(model == train(config, other.table, other.outcomes));
    }

    TEST_CASE("a model that forgets follows a world that turns, one that does not is late") {
        // Outcomes follow clicks, then from one row to the next the other way round.
        Examples examples = usual_examples(6, 2000);
        for (std::size_t row = 1000; row < 2000; ++row) examples.outcomes[row] ^= 1U;
        ModelConfig config = online_config();
        const Model keeps = train(config, examples.table, examples.outcomes);
        config.half_life = 100;
        const Model forgets = train(config, examples.table, examples.outcomes);
        Examples fresh = usual_examples(7, 1000);
        for (std::uint8_t& outcome : fresh.outcomes) outcome ^= 1U;
        CHECK(auc(forgets.predict(fresh.table), fresh.outcomes) > 0.75);
        CHECK(alloquy::score::log_loss(forgets.predict(fresh.table), fresh.outcomes) <
              alloquy::score::log_loss(keeps.predict(fresh.table), fresh.outcomes) - 0.05);
    }

    TEST_CASE("going on with further examples is the same as having learned all at once, bit by bit") {
        const Examples all = usual_examples(8, 300);
        for (const double half_life : {0.0, 25.0}) {
            CAPTURE(half_life);
            ModelConfig config = online_config();
            config.half_life = half_life;
            const Model whole = train(config, all.table, all.outcomes);

            // Given the encoder of all rows and a model that has seen nothing: any cut gives the same.
            OnlineLogisticOptions options;
            options.half_life = half_life;
            const FeatureEncoder& encoder = whole.encoder();
            const Model empty{encoder, OnlineLogistic{encoder.columns(), options, encoder.matrix().signs()}, {}};
            for (const std::uint32_t cut : {0U, 1U, 150U, 299U, 300U}) {
                CAPTURE(cut);
                const Examples first = all.range(0, cut);
                const Examples second = all.range(cut, 300);
                CHECK(learn_on(learn_on(empty, first.table, first.outcomes), second.table, second.outcomes) == whole);
            }

            // Where nothing of the encoder depends on the rows (edges are given, nothing is missing), train() on the
            // first half and learn_on() with the second are train() on both.
            FeatureConfig steps = feature("clicks", Encoding::steps);
            steps.edges = {-0.5, 0, 0.5};
            config.features = {steps};
            const Examples first = all.range(0, 150);
            const Examples second = all.range(150, 300);
            CHECK(learn_on(train(config, first.table, first.outcomes), second.table, second.outcomes) ==
                  train(config, all.table, all.outcomes));
        }
    }

    TEST_CASE("going on keeps the encoder: new levels count as other, numbers beyond the range as its ends") {
        Examples examples = usual_examples(9, 200);
        ModelConfig config = online_config();
        config.features[2].least_rows = 2;
        examples.table.inputs[2].levels.push_back("island");
        examples.table.inputs[2].values[17] = 3;  // one row: rare, so there is an `other`
        const Model model = train(config, examples.table, examples.outcomes);
        const auto one = [](double clicks, double days, const char* region) {
            FeatureTable table = numbers("clicks", {clicks});
            table.inputs.push_back({"days", false, {days}, {}});
            table.inputs.push_back({"region", true, {0}, {region}});
            return table;
        };
        const Outcomes yes{1};
        CHECK(learn_on(model, one(0, 3, "moon"), yes) == learn_on(model, one(0, 3, "island"), yes));
        CHECK_FALSE(learn_on(model, one(0, 3, "moon"), yes) == learn_on(model, one(0, 3, "north"), yes));
        const auto [least, most] =
            std::minmax_element(examples.table.inputs[0].values.begin(), examples.table.inputs[0].values.end());
        CHECK(learn_on(model, one(1e9, 3, "north"), yes) == learn_on(model, one(*most, 3, "north"), yes));
        CHECK(learn_on(model, one(-1e9, 3, "north"), yes) == learn_on(model, one(*least, 3, "north"), yes));
        CHECK(learn_on(model, one(1e9, 3, "moon"), yes).encoder() == model.encoder());
        // Nothing to learn from changes nothing.
        CHECK(learn_on(model, examples.table.select({}), {}) == model);
    }

    TEST_CASE("cross-validation gives each tested row the probability by a model of the split's train rows alone") {
        Examples examples = usual_examples(10, 300);
        // A level that stands in one fold alone, and a value far beyond the others'.
        examples.table.inputs[2].levels.push_back("island");
        examples.table.inputs[2].values[42] = 3;
        examples.table.inputs[0].values[43] = 3;
        const auto folds = fold_splits(grouped_folds(examples.groups, 5));
        const auto blocks = time_splits(examples.instants, std::chrono::hours{5 * 24}, 4);
        for (const ModelConfig& config : {usual_config(), online_config()}) {
            for (const auto& splits : {folds, blocks}) {
                const Values found = cross_validate(config, examples.table, examples.outcomes, splits, examples.groups);
                Values expected(300, missing);
                for (const Split& split : splits) {
                    const Examples part = examples.select(split.train);
                    const Model model = train(config, part.table, part.outcomes, part.groups);
                    const Values of_split = model.predict(examples.table.select(split.test));
                    for (std::size_t i = 0; i < split.test.size(); ++i) expected[split.test[i]] = of_split[i];
                }
                CHECK(same_bits(found, expected));
                CHECK(auc_within(found, examples.outcomes, splits) > 0.7);
            }
        }
        // Folds test every row; blocks of time all but the first one.
        const Values by_folds =
            cross_validate(usual_config(), examples.table, examples.outcomes, folds, examples.groups);
        CHECK(std::none_of(by_folds.begin(), by_folds.end(), [](double p) { return p != p; }));
        const Values by_blocks =
            cross_validate(usual_config(), examples.table, examples.outcomes, blocks, examples.groups);
        for (std::size_t row = 0; row < 300; ++row) CHECK((by_blocks[row] != by_blocks[row]) == (row < 75));
    }

    TEST_CASE("neither outcomes nor inputs of tested rows reach the model that judges them") {
        const Examples examples = usual_examples(11, 300);
        const auto splits = fold_splits(grouped_folds(examples.groups, 5));
        for (const CalibrationKind kind : {CalibrationKind::platt, CalibrationKind::isotonic}) {
            ModelConfig config = usual_config();
            config.calibration = kind;
            const Values before = cross_validate(config, examples.table, examples.outcomes, splits, examples.groups);
            for (const std::size_t tested : {std::size_t{0}, std::size_t{3}}) {
                const std::span<const Split> one{&splits[tested], 1};
                Examples changed = examples;
                for (const std::uint32_t row : splits[tested].test) changed.outcomes[row] ^= 1U;
                Values after = cross_validate(config, changed.table, changed.outcomes, one, changed.groups);
                for (const std::uint32_t row : splits[tested].test) REQUIRE(after[row] == before[row]);
                // Another input of one tested row moves its own probability and no other.
                changed = examples;
                const std::uint32_t moved = splits[tested].test[4];
                changed.table.inputs[0].values[moved] = 1e6;
                changed.table.inputs[1].values[moved] = missing;
                after = cross_validate(config, changed.table, changed.outcomes, one, changed.groups);
                for (const std::uint32_t row : splits[tested].test) {
                    if (row != moved) REQUIRE(after[row] == before[row]);
                }
            }
        }
    }

    TEST_CASE("what only a group's own rows tell shines in loose folds and is worth nothing in grouped ones") {
        for (const Learning learning : {Learning::bulk, Learning::online}) {
            CAPTURE(static_cast<int>(learning));
            const Examples examples = leaking_examples(12, 80);
            const ModelConfig config = leaking_config(learning);
            const auto loose = fold_splits(alloquy::score::stratified_folds(examples.outcomes, 5, 1));
            const auto grouped = fold_splits(grouped_folds(examples.groups, 5));
            const Values leaked = cross_validate(config, examples.table, examples.outcomes, loose);
            CHECK(auc_within(leaked, examples.outcomes, loose) > 0.99);
            const Values honest = cross_validate(config, examples.table, examples.outcomes, grouped, examples.groups);
            CHECK(auc_within(honest, examples.outcomes, grouped) == doctest::Approx(0.5).epsilon(0.1));
        }
    }

    TEST_CASE("what only the past's own classes tell is worth nothing for the classes to come") {
        const Examples examples = leaking_examples(13, 80);
        const auto splits = time_splits(examples.instants, examples.instants, 4, examples.groups);
        const Values honest =
            cross_validate(leaking_config(Learning::bulk), examples.table, examples.outcomes, splits, examples.groups);
        CHECK(auc_within(honest, examples.outcomes, splits) == doctest::Approx(0.5).epsilon(0.1));
    }

    TEST_CASE("calibration is cross-fitted by group too: a leak within groups does not make it sure of itself") {
        // A new class is a coin. Cross-fitting with the groups sees that classes it has not met tell nothing.
        const Examples examples = leaking_examples(14, 80);
        const ModelConfig config = leaking_config(Learning::bulk);
        const Model loose = train(config, examples.table, examples.outcomes);
        const Model grouped = train(config, examples.table, examples.outcomes, examples.groups);
        CHECK(loose.calibration().slope() > 0.5);
        CHECK(grouped.calibration().slope() < 0.2);
    }

    TEST_CASE("one row after the other, a model is asked of each before it learns from it") {
        const Examples examples = usual_examples(30, 60);
        const FeatureEncoder encoder = FeatureEncoder::fit(usual_config().features, examples.table);
        const FeatureMatrix matrix = encoder.encode(examples.table);
        OnlineLogistic model{encoder.columns()};
        OnlineLogistic by_hand = model;
        const Values found = prequential(model, matrix, examples.outcomes);
        REQUIRE(found.size() == 60);
        for (std::size_t row = 0; row < 60; ++row) {
            REQUIRE(found[row] == probability(by_hand, matrix.row(row)));
            by_hand.update(matrix.row(row), examples.outcomes[row] != 0);
        }
        CHECK(model == by_hand);
        // The same where each outcome is known before the next row is asked.
        OnlineLogistic in_time{encoder.columns()};
        CHECK(same_bits(prequential(in_time, matrix, examples.outcomes, examples.instants, examples.instants), found));
        CHECK(in_time == by_hand);
    }

    TEST_CASE("with instants a row is asked of a model that learned what was known by then alone: by brute force") {
        Random random{31};
        for (int round = 0; round < 20; ++round) {
            CAPTURE(round);
            const Examples examples = usual_examples(100 + static_cast<std::uint64_t>(round), 50);
            const FeatureEncoder encoder = FeatureEncoder::fit(usual_config().features, examples.table);
            const FeatureMatrix matrix = encoder.encode(examples.table);
            std::vector<Instant> asked;
            std::vector<Instant> known;
            for (int row = 0; row < 50; ++row) {
                asked.push_back(Instant::from_unix_ms(random.between(0, 30)));
                known.push_back(asked.back() + std::chrono::milliseconds{random.between(0, 12)});
            }
            OnlineLogistic model{encoder.columns()};
            const Values found = prequential(model, matrix, examples.outcomes, asked, known);
            // All rows in the order in which their outcomes become known.
            std::vector<std::size_t> order(50);
            std::iota(order.begin(), order.end(), std::size_t{0});
            std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
                return known[a] != known[b] ? known[a] < known[b] : asked[a] < asked[b];
            });
            for (std::size_t row = 0; row < 50; ++row) {
                OnlineLogistic then{encoder.columns()};
                for (const std::size_t from : order) {
                    if (known[from] <= asked[row] && asked[from] < asked[row]) {
                        then.update(matrix.row(from), examples.outcomes[from] != 0);
                    }
                }
                REQUIRE(found[row] == probability(then, matrix.row(row)));
            }
            OnlineLogistic all{encoder.columns()};
            for (const std::size_t from : order) all.update(matrix.row(from), examples.outcomes[from] != 0);
            CHECK(model == all);
        }
    }

    TEST_CASE("a model that is asked in vain is as before") {
        FeatureMatrix matrix{{"x"}};
        const std::vector<std::uint32_t> columns{0};
        for (const double value : {1.0, -1.0, 1e61}) matrix.add_row({columns, std::span{&value, 1}});
        const std::vector<Instant> instants(3, Instant::from_unix_ms(5));
        const std::vector<Instant> earlier{instants[0], Instant::from_unix_ms(4), instants[2]};
        const std::vector<Instant> two(2, instants[0]);
        OnlineLogistic model{1};
        const auto refused = [&](const char* expected, const Outcomes& outcomes, std::span<const Instant> asked,
                                 std::span<const Instant> known) {
            CHECK_THROWS_WITH_AS((void)prequential(model, matrix, outcomes, asked, known), doctest::Contains(expected),
                                 InvalidArgument);
            CHECK(model == OnlineLogistic{1});
        };
        refused("values must be in [-1e60, 1e60]", {1, 0, 1}, {}, {});  // two rows are learned until then
        refused("outcomes must be 0 or 1", {1, 0, 2}, {}, {});
        refused("outcomes must have 3 rows, got 2", {1, 0}, {}, {});
        refused("instants must have 3 rows, got 2", {1, 0, 1}, two, instants);
        refused("instants must have 3 rows, got 0", {1, 0, 1}, {}, instants);
        refused("outcome_known_at must have 3 rows, got 0", {1, 0, 1}, instants, {});
        refused("outcome_known_at must not lie before the row's instant, row 1", {1, 0, 1}, instants, earlier);
    }

    TEST_CASE("where several splits test a row the last one counts, and a row without one has no probability") {
        const Examples examples = usual_examples(15, 200);
        const auto folds = fold_splits(grouped_folds(examples.groups, 4));
        Split first{folds[0].train, {0, 1, 2}};
        Split second{folds[1].train, {1, 2, 3}};
        const Values found =
            cross_validate(usual_config(), examples.table, examples.outcomes, std::vector{first, second});
        const Values of_first = cross_validate(usual_config(), examples.table, examples.outcomes, std::vector{first});
        const Values of_second = cross_validate(usual_config(), examples.table, examples.outcomes, std::vector{second});
        CHECK(found[0] == of_first[0]);
        for (const std::size_t row : {1U, 2U, 3U}) CHECK(found[row] == of_second[row]);
        CHECK(found[1] != of_first[1]);
        CHECK(found[4] != found[4]);
        const Values none = cross_validate(usual_config(), examples.table, examples.outcomes, {});
        CHECK(std::all_of(none.begin(), none.end(), [](double p) { return p != p; }));
    }

    TEST_CASE("same bits for 1, 2 and 7 threads") {
        const Examples examples = usual_examples(16, 5000);  // several chunks of rows
        const auto splits = fold_splits(grouped_folds(examples.groups, 3));
        for (const CalibrationKind kind : {CalibrationKind::none, CalibrationKind::platt, CalibrationKind::isotonic}) {
            ModelConfig config = usual_config();
            config.calibration = kind;
            FeatureConfig bins = feature("clicks", Encoding::bins);
            bins.name = "bins";
            config.features.push_back(bins);
            const Model one = train(config, examples.table, examples.outcomes, examples.groups, 1);
            const Values told = cross_validate(config, examples.table, examples.outcomes, splits, examples.groups, 1);
            for (const unsigned threads : {2U, 7U}) {
                CAPTURE(threads);
                CHECK(train(config, examples.table, examples.outcomes, examples.groups, threads) == one);
                CHECK(same_bits(
                    cross_validate(config, examples.table, examples.outcomes, splits, examples.groups, threads), told));
            }
        }
        const Model online = train(online_config(), examples.table, examples.outcomes, examples.groups, 1);
        CHECK(train(online_config(), examples.table, examples.outcomes, examples.groups, 7) == online);
    }

    TEST_CASE("outcomes that a feature separates give sure, finite probabilities") {
        Values values;
        Outcomes outcomes;
        for (int i = 0; i < 100; ++i) {
            values.push_back(i);
            outcomes.push_back(i < 50 ? 0 : 1);
        }
        for (const CalibrationKind kind : {CalibrationKind::none, CalibrationKind::platt, CalibrationKind::isotonic}) {
            CAPTURE(static_cast<int>(kind));
            for (const double penalty : {1.0, 1e-6}) {
                ModelConfig config = config_of({feature("x")}, kind);
                config.penalty = penalty;
                const FeatureTable table = numbers("x", values);
                const Model model = train(config, table, outcomes);
                const Values found = model.predict(table);
                CHECK(auc(found, outcomes) == 1);
                CHECK(found[0] < 0.05);
                CHECK(found[99] > 0.95);
                const Prediction least = model.predict(Values{-1e300});
                CHECK(least.probability == found[0]);  // kept within the range of the training rows
                CHECK(std::isfinite(least.evidence));
                CHECK(least.evidence <= 100);
            }
        }
        ModelConfig online = config_of({feature("x")});
        online.learning = Learning::online;
        CHECK(auc(train(online, numbers("x", values), outcomes).predict(numbers("x", values)), outcomes) == 1);
    }

    TEST_CASE("a feature that is the same for everybody teaches the base rate and nothing else") {
        Outcomes outcomes;
        for (int i = 0; i < 100; ++i) outcomes.push_back(i % 4 == 0 ? 1 : 0);
        const FeatureTable table = numbers("x", Values(100, 3.5));
        const Model model = train(config_of({feature("x")}), table, outcomes);
        CHECK(std::get<LogisticModel>(model.coefficients()).coefficients == Values{0});
        // 25 of 100; the variance of the log-odds is 1 / (100 p (1 - p)), so the evidence is 100 - 1.
        const Prediction found = model.predict(Values{3.5});
        CHECK(found.probability == doctest::Approx(0.25).epsilon(1e-9));
        CHECK(found.evidence == doctest::Approx(99).epsilon(1e-9));
        CHECK(model.predict(Values{-7}) == found);

        // Platt: nothing to go by, so a slope of 0 and the base rate of Platt's targets, 26/27 and 1/77 for 25 and 75
        // rows: (25 * 26/27 + 75 * 1/77) / 100.
        const Model platt = train(config_of({feature("x")}, CalibrationKind::platt), table, outcomes);
        CHECK(platt.predict(Values{3.5}).probability ==
              doctest::Approx((25 * 26 / 27.0 + 75 / 77.0) / 100).epsilon(1e-6));
    }

    TEST_CASE("Platt and isotonic calibration take back what an overfitted model is too sure of") {
        // Thirty columns of noise beside one that tells something, and hardly a penalty.
        const auto noisy = [](std::uint64_t seed, std::size_t rows) {
            Random random{seed};
            Examples examples;
            examples.table.rows = rows;
            for (int column = 0; column < 31; ++column) {
                Values values;
                for (std::size_t row = 0; row < rows; ++row) values.push_back(random.fraction());
                examples.table.inputs.push_back({"x" + std::to_string(column), false, std::move(values), {}});
            }
            for (std::size_t row = 0; row < rows; ++row) {
                const double log_odds = 3 * examples.table.inputs[0].values[row] - 1.5;
                examples.outcomes.push_back(random.fraction() < alloquy::score::logistic(log_odds) ? 1 : 0);
            }
            return examples;
        };
        std::vector<FeatureConfig> features;
        for (int column = 0; column < 31; ++column) features.push_back(feature("x" + std::to_string(column)));
        for (const std::uint64_t seed : {1U, 2U, 3U}) {
            CAPTURE(seed);
            const Examples examples = noisy(seed, 150);
            const Examples fresh = noisy(seed + 100, 4000);
            const auto error = [&](CalibrationKind kind) {
                ModelConfig config = config_of(features, kind);
                config.penalty = 0.001;
                const Model model = train(config, examples.table, examples.outcomes);
                return calibration_error(model.predict(fresh.table), fresh.outcomes);
            };
            const double raw = error(CalibrationKind::none);
            CHECK(raw > 0.15);
            CHECK(error(CalibrationKind::platt) < 0.65 * raw);
            CHECK(error(CalibrationKind::isotonic) < 0.65 * raw);
        }
    }

    TEST_CASE("cold start: a level that was never met and a value that was never missing count as the base") {
        FeatureTable table = numbers("clicks", {});
        table.inputs.push_back({"region", true, {}, {"north", "south"}});
        Outcomes outcomes;
        Random random{20};
        for (int i = 0; i < 200; ++i) {
            table.inputs[0].values.push_back(random.fraction() * 10);
            table.inputs[1].values.push_back(i % 2);
            outcomes.push_back(random.chance(i % 2 == 0 ? 30 : 70) ? 1 : 0);
            ++table.rows;
        }
        const Model model = train(config_of({feature("clicks"), feature("region", Encoding::levels)}), table, outcomes);
        const auto value_of = [&](double clicks, const char* region) {
            return model.explain("m", Values{clicks, model.code(1, region)}).value;
        };
        const double base = std::get<LogisticModel>(model.coefficients()).intercept;
        CHECK(value_of(missing, "moon") == base);
        // Nothing is known of who is so new, and half as much as of others where one of the two inputs is.
        const double known = model.predict(Values{5, model.code(1, "north")}).evidence;
        CHECK(model.predict(Values{missing, model.code(1, "moon")}).evidence == 0);
        CHECK(model.predict(Values{missing, missing}).evidence == 0);
        CHECK(model.predict(Values{5, model.code(1, "moon")}).evidence < known);
        CHECK(model.predict(Values{missing, model.code(1, "north")}).evidence < known);
        CHECK(value_of(missing, "south") > base);
        CHECK(value_of(missing, "north") < base);
        CHECK(model.explain("m", Values{missing, missing}).value == base);
        CHECK(model.predict(Values{missing, missing}).probability == alloquy::score::apply(model.calibration(), base));
        // The same in a table whose levels are all new.
        FeatureTable strangers = numbers("clicks", {missing, missing});
        strangers.inputs.push_back({"region", true, {0, missing}, {"moon"}});
        CHECK(model.predict(strangers) == Values(2, model.predict(Values{missing, missing}).probability));

        // Where the training rows had missing values and rare levels, these have columns of their own.
        table.inputs[0].values[0] = missing;
        table.inputs[1].levels.push_back("island");
        table.inputs[1].values[1] = 2;
        ModelConfig config = config_of({feature("clicks"), feature("region", Encoding::levels)});
        config.features[1].least_rows = 5;
        const Model wider = train(config, table, outcomes);
        CHECK(wider.encoder().column_names() ==
              std::vector<std::string>{"clicks", "clicks missing", "region=north", "region=south", "region rare"});
        CHECK(wider.explain("m", Values{missing, wider.code(1, "moon")}).parts.size() == 3);
        CHECK(wider.predict(Values{missing, wider.code(1, "moon")}).evidence ==
              evidence(std::get<LogisticModel>(wider.coefficients()), wider.encoder().encode(strangers).row(0)));
        CHECK(wider.explain("m", Values{missing, wider.code(1, "moon")}) ==
              wider.explain("m", Values{missing, wider.code(1, "island")}));
    }

    TEST_CASE("monotone features keep their sign in both ways of learning") {
        const Examples examples = usual_examples(21, 500);  // clicks raise the log-odds
        for (ModelConfig config : {usual_config(), online_config()}) {
            config.features[0].monotone = Monotone::falling;
            config.calibration = CalibrationKind::none;
            const Model model = train(config, examples.table, examples.outcomes);
            for (const alloquy::score::Part& part : model.explain("m", Values{1, 3, 0}).parts) {
                if (part.name == "clicks") CHECK(part.weight <= 0);
            }
            config.features[0].monotone = Monotone::rising;
            const Model rising = train(config, examples.table, examples.outcomes);
            CHECK(rising.predict(Values{1, 3, 0}).probability > rising.predict(Values{-1, 3, 0}).probability);
        }
    }

    TEST_CASE("too few rows, one kind of outcome and values out of range are refused by name") {
        const Examples examples = usual_examples(22, 60);
        const auto refused = [&](const char* named, const std::function<void(ModelConfig&, Examples&)>& spoil) {
            for (const ModelConfig& good : {usual_config(), online_config()}) {
                CAPTURE(named);
                ModelConfig config = good;
                Examples spoiled = examples;
                spoil(config, spoiled);
                CHECK_THROWS_WITH_AS((void)train(config, spoiled.table, spoiled.outcomes, spoiled.groups),
                                     doctest::Contains(named), InvalidArgument);
                const std::vector<Split> no_splits;
                CHECK_THROWS_AS(
                    (void)cross_validate(config, spoiled.table, spoiled.outcomes, no_splits, spoiled.groups),
                    InvalidArgument);
            }
        };
        const auto config = [](auto change) { return [change](ModelConfig& c, Examples&) { change(c); }; };
        constexpr double infinite = std::numeric_limits<double>::infinity();
        refused("features", config([](ModelConfig& c) { c.features.clear(); }));
        for (const double penalty : {0.0, -1.0, 0.9e-9, 1e9, infinite, missing}) {
            refused("penalty", config([=](ModelConfig& c) { c.penalty = penalty; }));
        }
        for (const double half_life : {0.5, -1.0, 1.1e12, infinite, missing}) {
            refused("half_life", config([=](ModelConfig& c) { c.half_life = half_life; }));
        }
        for (const std::uint32_t folds : {0U, 1U, 101U}) {
            refused("folds", config([=](ModelConfig& c) { c.folds = folds; }));
        }
        for (const std::uint32_t rows : {0U, 1U}) {
            refused("least_rows", config([=](ModelConfig& c) { c.least_rows = rows; }));
        }
        for (const double prior : {0.0, 1.0, 0.9e-9, 1 - 0.9e-9, -0.1, missing}) {
            refused("prior", config([=](ModelConfig& c) { c.prior = prior; }));
        }
        refused("'region' must have 60 values, got 59",
                [](ModelConfig&, Examples& e) { e.table.inputs[2].values.pop_back(); });
        refused("60 examples, at least 61", config([](ModelConfig& c) { c.least_rows = 61; }));
        refused("model 'risk'", config([](ModelConfig& c) { c.least_rows = 61; }));
        refused("outcomes: 60 expected, got 59", [](ModelConfig&, Examples& e) { e.outcomes.pop_back(); });
        refused("groups: 60 expected, got 59", [](ModelConfig&, Examples& e) { e.groups.pop_back(); });
        refused("outcomes", [](ModelConfig&, Examples& e) { e.outcomes[7] = 2; });
        refused("all are 0", [](ModelConfig&, Examples& e) { e.outcomes.assign(60, 0); });
        refused("all are 1", [](ModelConfig&, Examples& e) { e.outcomes.assign(60, 1); });
        refused("0 examples", [](ModelConfig&, Examples& e) { e = e.range(0, 0); });
    }

    TEST_CASE("inputs that are not there, of the wrong kind or not finite are refused by name") {
        const Examples examples = usual_examples(23, 60);
        const auto refused = [&](const char* named, const std::function<void(ModelConfig&, FeatureTable&)>& spoil) {
            for (ModelConfig config : {usual_config(), online_config()}) {
                CAPTURE(named);
                FeatureTable table = examples.table;
                spoil(config, table);
                CHECK_THROWS_WITH_AS((void)train(config, table, examples.outcomes), doctest::Contains(named),
                                     InvalidArgument);
            }
        };
        refused("'region'", [](ModelConfig&, FeatureTable& t) { t.inputs.pop_back(); });
        refused("'clicks'",
                [](ModelConfig&, FeatureTable& t) { t.inputs[0].values[3] = std::numeric_limits<double>::infinity(); });
        refused("'clicks'", [](ModelConfig& c, FeatureTable&) { c.features[0].encoding = Encoding::levels; });
        refused("'region'", [](ModelConfig& c, FeatureTable&) { c.features[2].encoding = Encoding::linear; });
        refused("'clicks'", [](ModelConfig& c, FeatureTable&) { c.features.push_back(feature("clicks")); });
        refused("'days'", [](ModelConfig& c, FeatureTable&) { c.features[1].quantiles = 1; });
        refused("reason", [](ModelConfig& c, FeatureTable& t) {
            t.inputs[1].name = c.features[1].input = "attribute:disability";
        });
    }

    TEST_CASE("threads must be at least one, in both ways of learning") {
        const Examples examples = usual_examples(24, 60);
        for (const ModelConfig& config : {usual_config(), online_config()}) {
            CAPTURE(static_cast<int>(config.learning));
            CHECK_THROWS_WITH_AS((void)train(config, examples.table, examples.outcomes, examples.groups, 0),
                                 doctest::Contains("threads"), InvalidArgument);
        }
    }

    TEST_CASE("fewer groups than folds, or all of one outcome in one fold, are refused by name") {
        Examples examples = usual_examples(25, 60);
        for (std::size_t row = 0; row < 60; ++row) examples.groups[row] = row / 20;  // three groups for five folds
        CHECK_THROWS_WITH_AS((void)train(usual_config(), examples.table, examples.outcomes, examples.groups),
                             doctest::Contains("groups"), InvalidArgument);
        ModelConfig three = usual_config();
        three.folds = 3;
        for (std::size_t row = 0; row < 60; ++row) examples.outcomes[row] = row < 20 ? row % 2 : 0;
        CHECK_THROWS_WITH_AS((void)train(three, examples.table, examples.outcomes, examples.groups),
                             doctest::Contains("fold"), InvalidArgument);
        // Without calibration nothing is cross-fitted.
        three.calibration = CalibrationKind::none;
        CHECK(train(three, examples.table, examples.outcomes, examples.groups).examples() == 60);
    }

    TEST_CASE("cross-validation names the split that cannot be learned") {
        const Examples examples = usual_examples(26, 200);
        auto splits = fold_splits(grouped_folds(examples.groups, 4));
        const auto refused = [&](const std::vector<Split>& some, const char* named) {
            CAPTURE(named);
            CHECK_THROWS_WITH_AS(
                (void)cross_validate(usual_config(), examples.table, examples.outcomes, some, examples.groups),
                doctest::Contains(named), InvalidArgument);
        };
        auto few = splits;
        few[2].train.resize(49);
        refused(few, "split 2");
        refused(few, "49 examples");
        auto one_kind = splits;
        std::erase_if(one_kind[1].train, [&](std::uint32_t row) { return examples.outcomes[row] == 1; });
        refused(one_kind, "split 1");
        auto empty = splits;
        empty[0].train.clear();
        refused(empty, "split 0");
        auto beyond = splits;
        beyond[3].train.push_back(200);
        refused(beyond, "split 3");
    }

    TEST_CASE("an error of a split gets its number and keeps its type") {
        // No table is known with which learning does not converge at a penalty that a model may have.
        const auto error_of = [](const auto& thrown) {
            try {
                alloquy::score::detail::in_split(1, [&] { throw thrown; });
            } catch (const alloquy::Error& error) {
                CHECK(typeid(error) == typeid(thrown));
                return std::string{error.what()};
            }
            return std::string{};
        };
        CHECK(error_of(alloquy::Error{"fit_logistic: no convergence"}) ==
              "cross_validate: split 1: fit_logistic: no convergence");
        CHECK(error_of(InvalidArgument{"too little data"}) == "cross_validate: split 1: too little data");
    }

    TEST_CASE("a tested row that is not there is refused like one that is learned from") {
        const Examples examples = usual_examples(27, 200);
        auto splits = fold_splits(grouped_folds(examples.groups, 4));
        splits[3].test.push_back(200);
        CHECK_THROWS_WITH_AS(
            (void)cross_validate(usual_config(), examples.table, examples.outcomes, splits, examples.groups),
            doctest::Contains("split 3"), InvalidArgument);
    }

    TEST_CASE("only an online model goes on, with examples that fit it") {
        const Examples examples = usual_examples(28, 100);
        const Model bulk = train(usual_config(), examples.table, examples.outcomes);
        CHECK_THROWS_WITH_AS((void)learn_on(bulk, examples.table, examples.outcomes), doctest::Contains("bulk"),
                             InvalidArgument);
        const Model online = train(online_config(), examples.table, examples.outcomes);
        CHECK_THROWS_WITH_AS((void)learn_on(online, examples.table, Outcomes(99, 1)), doctest::Contains("outcomes"),
                             InvalidArgument);
        FeatureTable narrow = examples.table;
        narrow.inputs.pop_back();
        CHECK_THROWS_WITH_AS((void)learn_on(online, narrow, examples.outcomes), doctest::Contains("'region'"),
                             InvalidArgument);
        Outcomes odd = examples.outcomes;
        odd[5] = 2;
        CHECK_THROWS_WITH_AS((void)learn_on(online, examples.table, odd), doctest::Contains("outcomes"),
                             InvalidArgument);
    }
}
