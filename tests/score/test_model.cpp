#include <alloquy/score/model.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"

using alloquy::InvalidArgument;
using alloquy::score::Calibration;
using alloquy::score::Encoding;
using alloquy::score::Explanation;
using alloquy::score::FeatureConfig;
using alloquy::score::FeatureEncoder;
using alloquy::score::FeatureRow;
using alloquy::score::FeatureTable;
using alloquy::score::LogisticModel;
using alloquy::score::Model;
using alloquy::score::OnlineLogistic;
using alloquy::score::OnlineLogisticOptions;
using alloquy::score::OnlineLogisticState;
using alloquy::score::Part;
using alloquy::score::Prediction;
using alloquy::score::prior_model;
using alloquy::score::prior_prediction;
using alloquy::support::Random;
using Values = std::vector<double>;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

FeatureConfig feature(std::string input, Encoding encoding) {
    FeatureConfig config;
    config.input = std::move(input);
    config.encoding = encoding;
    config.least_rows = 1;
    return config;
}

/// Columns: days >= 5, days >= 10, days missing, region=north, region=south.
FeatureEncoder small_encoder() {
    FeatureConfig days = feature("days", Encoding::steps);
    days.edges = {5, 10};
    const std::vector<FeatureConfig> configs{days, feature("region", Encoding::levels)};
    FeatureTable table{4, {}};
    table.inputs.push_back({"days", false, {0, 5, 10, missing}, {}});
    table.inputs.push_back({"region", true, {0, 1, 0, 1}, {"south", "north"}});
    return FeatureEncoder::fit(configs, table);
}
/// Coefficients that are exact in binary, variances 0.04 (intercept) and 0.01 (each column), uncorrelated.
LogisticModel small_coefficients() {
    LogisticModel model;
    model.intercept = -1;
    model.coefficients = {0.5, 0.25, 2, -0.75, 1};
    model.covariance_factor.assign(21, 0.0);
    for (std::size_t i = 0; i < 6; ++i) model.covariance_factor[i * (i + 1) / 2 + i] = i == 0 ? 0.2 : 0.1;
    model.weight = 200;
    return model;
}
Model small_model(Calibration calibration = {}) {
    return Model{small_encoder(), small_coefficients(), std::move(calibration)};
}

/// A table with every kind of input and missing values; texts among them that the encoder of another seed never met.
FeatureTable random_table(std::uint64_t seed, std::size_t rows, std::size_t levels) {
    Random random{seed};
    FeatureTable table{rows, {}};
    table.inputs.push_back({"clicks", false, {}, {}});
    table.inputs.push_back({"days", false, {}, {}});
    table.inputs.push_back({"trend", false, {}, {}});
    table.inputs.push_back({"region", true, {}, {}});
    for (std::size_t level = 0; level < levels; ++level) table.inputs[3].levels.push_back("r" + std::to_string(level));
    random.shuffle(table.inputs[3].levels);
    for (std::size_t row = 0; row < rows; ++row) {
        table.inputs[0].values.push_back(std::floor(random.fraction() * 40));
        table.inputs[1].values.push_back(random.chance(20) ? missing : random.fraction() * 30 - 5);
        table.inputs[2].values.push_back(random.fraction() * 2 - 1);
        table.inputs[3].values.push_back(random.chance(15) ? missing : static_cast<double>(random.below(levels)));
    }
    return table;
}
FeatureEncoder random_encoder(std::uint64_t seed) {
    std::vector<FeatureConfig> configs{feature("clicks", Encoding::log), feature("days", Encoding::linear),
                                       feature("trend", Encoding::linear), feature("region", Encoding::levels)};
    configs[3].least_rows = 8;
    FeatureConfig bins = feature("clicks", Encoding::bins);
    bins.name = "click bins";
    bins.quantiles = 5;
    configs.push_back(bins);
    FeatureConfig steps = feature("days", Encoding::steps);
    steps.name = "day steps";
    steps.quantiles = 4;
    configs.push_back(steps);
    FeatureConfig cross = feature({}, Encoding::cross);
    cross.name = "both";
    cross.of = {"region", "click bins"};
    configs.push_back(cross);
    return FeatureEncoder::fit(configs, random_table(seed, 80, 6));
}
LogisticModel random_coefficients(std::size_t columns, Random& random) {
    LogisticModel model;
    model.intercept = std::floor((random.fraction() - 0.5) * 0x1p41) / 0x1p40;  // on the grid, as the header asks
    for (std::size_t j = 0; j < columns; ++j) model.coefficients.push_back(random.fraction() * 6 - 3);
    model.covariance_factor.resize((columns + 1) * (columns + 2) / 2);
    for (double& one : model.covariance_factor) one = random.fraction() - 0.5;
    model.weight = 80;
    return model;
}
OnlineLogistic random_online(const FeatureEncoder& encoder, Random& random) {
    OnlineLogisticOptions options;
    options.half_life = 30;
    OnlineLogistic model{encoder.columns(), options, encoder.matrix().signs()};
    const alloquy::score::FeatureMatrix matrix = encoder.encode(random_table(random.bits(), 60, 6));
    for (std::size_t row = 0; row < matrix.rows(); ++row) model.update(matrix.row(row), random.chance(40));
    return model;
}
std::vector<Model> random_models(std::uint64_t seed) {
    Random random{seed};
    const FeatureEncoder encoder = random_encoder(seed);
    const std::array calibrations{Calibration{}, Calibration::platt(0.7, -0.3),
                                  Calibration::isotonic({-2, -0.5, 1}, {0.1, 0.1, 0.8})};
    std::vector<Model> models;
    for (const Calibration& calibration : calibrations) {
        models.emplace_back(encoder, random_coefficients(encoder.columns(), random), calibration);
        models.emplace_back(encoder, random_online(encoder, random), calibration);
    }
    return models;
}
/// One row of a table as predict() takes it.
Values inputs_of(const Model& model, const FeatureTable& table, std::size_t row) {
    Values values;
    for (std::size_t i = 0; i < model.inputs().size(); ++i) {
        const FeatureTable::Input& input = table.input(model.inputs()[i]);
        const double value = input.values[row];
        const bool is_level = input.is_text && value == value;
        values.push_back(is_level ? model.code(i, input.levels[static_cast<std::size_t>(value)]) : value);
    }
    return values;
}

/// Of the inputs: how many are numbers, or missing or a text as some training row was. By the features' own account.
double seen_inputs(const Model& model, const Values& values) {
    std::set<std::size_t> unseen;
    for (const FeatureEncoder::Feature& feature : model.encoder().features()) {
        if (feature.config.encoding == Encoding::cross) continue;
        const double value = values[feature.input];
        const bool is_missing = value != value;
        if (is_missing && !feature.has_missing) unseen.insert(feature.input);
        if (!is_missing && feature.is_text && value < 0 && !feature.has_other) unseen.insert(feature.input);
    }
    return static_cast<double>(model.inputs().size() - unseen.size());
}

}  // namespace

TEST_SUITE("score/model") {
    TEST_CASE("the probability and the parts of one person, by hand") {
        const Model model = small_model();
        REQUIRE(model.inputs() == std::vector<std::string>{"days", "region"});
        REQUIRE_FALSE(model.is_text(0));
        REQUIRE(model.is_text(1));
        const Values person{7, model.code(1, "north")};
        // Log-odds -1 + 0.5 - 0.75 = -1.25; 1 / (1 + e^1.25) = 0.22270013882530885 (mpmath, 25 digits).
        const Prediction found = model.predict(person);
        CHECK(found.probability == doctest::Approx(0.22270013882530885).epsilon(1e-14));
        // Variance of the log-odds 0.04 + 0.01 + 0.01; 1 / (0.2227... * 0.7772... * 0.06) - 1 (mpmath).
        CHECK(found.evidence == doctest::Approx(95.280795905367191).epsilon(1e-10));

        const Explanation why = model.explain("model:risk", person);
        CHECK(why.name == "model:risk");
        CHECK(why.value == -1.25);
        CHECK(why.evidence == found.evidence);
        const std::vector<Part> parts{
            {"base", 1, -1, -1}, {"days >= 5", 1, 0.5, 0.5}, {"region=north", 1, -0.75, -0.75}};
        CHECK(why.parts == parts);
    }

    TEST_CASE("calibration changes the probability and leaves the log-odds of the explanation alone") {
        const Model plain = small_model();
        const Values person{7, plain.code(1, "north")};  // log-odds -1.25, see above
        const Model platt = small_model(Calibration::platt(2, 0.5));
        // 2 * -1.25 + 0.5 = -2; 1 / (1 + e^2) = 0.11920292202211756 (mpmath).
        CHECK(platt.predict(person).probability == doctest::Approx(0.11920292202211756).epsilon(1e-14));
        // Three quarters of the way from -2 to -1: 0.25 + 0.75 * 0.5.
        const Model isotonic = small_model(Calibration::isotonic({-2, -1}, {0.25, 0.75}));
        CHECK(isotonic.predict(person).probability == doctest::Approx(0.625).epsilon(1e-14));
        CHECK(platt.explain("m", person) == plain.explain("m", person));
        CHECK(isotonic.explain("m", person) == plain.explain("m", person));
        CHECK(platt.predict(person).evidence == plain.predict(person).evidence);
    }

    TEST_CASE("a missing value, a text that was never met and nothing at all have their columns or none") {
        const Model model = small_model();
        const auto names = [&](const Values& person) {
            std::vector<std::string> found;
            for (const Part& part : model.explain("m", person).parts) found.push_back(part.name);
            return found;
        };
        using Names = std::vector<std::string>;
        CHECK(names({missing, model.code(1, "south")}) == Names{"base", "days missing", "region=south"});
        CHECK(model.explain("m", Values{missing, model.code(1, "south")}).value == -1 + 2 + 1);
        // The training rows knew every region, so a new or a missing one has no column, and says so.
        const std::string unseen = "region never seen so in training";
        CHECK(names({10, model.code(1, "west")}) == Names{"base", "days >= 5", "days >= 10", unseen});
        CHECK(names({10, missing}) == Names{"base", "days >= 5", "days >= 10", unseen});
        CHECK(names({0, missing}) == Names{"base", unseen});
        CHECK(model.explain("m", Values{0, missing}).value == -1);
        CHECK(model.explain("m", Values{0, missing}).parts.back() == Part{unseen, 1, 0, 0});
    }

    TEST_CASE("evidence counts for the share of the inputs that training had seen so, by hand") {
        const Model model = small_model();
        const double known = 95.280795905367191;  // of days 7 in the north, see above
        // Nothing is known of the region: log-odds -1 of base alone, variance 0.04: 1 / (p (1 - p) 0.04) - 1 =
        // 126.15403174076219 (mpmath), more than of a known person; half of the inputs are seen.
        for (const double region : {missing, model.code(1, "west")}) {
            const Prediction found = model.predict(Values{0, region});
            CHECK(found.evidence == doctest::Approx(63.077015870381094).epsilon(1e-10));
            CHECK(found.evidence < known);
            // The probability is that of the mean: 1 / (1 + e).
            CHECK(found.probability == doctest::Approx(0.26894142136999512).epsilon(1e-14));
            CHECK(model.explain("m", Values{0, region}).evidence == found.evidence);
        }
        // Log-odds -0.5, variance 0.05: half of 84.105038608255231 (mpmath).
        CHECK(model.predict(Values{7, missing}).evidence == doctest::Approx(42.052519304127616).epsilon(1e-10));
        // The training rows had missing days, so these are seen: log-odds 0.25, variance 0.06 (mpmath).
        CHECK(model.predict(Values{missing, model.code(1, "north")}).evidence ==
              doctest::Approx(66.713769995985773).epsilon(1e-10));
    }

    TEST_CASE("where no input is seen so there is no evidence, in both ways of learning") {
        const std::vector<FeatureConfig> configs{feature("days", Encoding::linear),
                                                 feature("region", Encoding::levels)};
        FeatureTable table{4, {}};
        table.inputs.push_back({"days", false, {0, 5, 10, 11}, {}});
        table.inputs.push_back({"region", true, {0, 1, 0, 1}, {"south", "north"}});
        const FeatureEncoder encoder = FeatureEncoder::fit(configs, table);
        LogisticModel bulk = small_coefficients();
        bulk.coefficients.resize(3);
        bulk.covariance_factor.resize(10);
        OnlineLogistic online{3};
        const alloquy::score::FeatureMatrix matrix = encoder.encode(table);
        for (std::size_t row = 0; row < 4; ++row) online.update(matrix.row(row), row % 2 == 0);
        for (const Model& model : {Model{encoder, bulk, Calibration{}}, Model{encoder, online, Calibration{}}}) {
            const double known = model.predict(Values{5, model.code(1, "north")}).evidence;
            CHECK(known > 0);
            for (const double region : {missing, model.code(1, "west")}) {
                const Values stranger{missing, region};
                CHECK(model.predict(stranger).evidence == 0);
                const Explanation why = model.explain("m", stranger);
                CHECK(why.evidence == 0);
                REQUIRE(why.parts.size() == 3);
                CHECK(why.parts[1] == Part{"days never seen so in training", 1, 0, 0});
                CHECK(why.parts[2] == Part{"region never seen so in training", 1, 0, 0});
                CHECK(why.value == why.parts[0].contribution);
            }
        }
    }

    TEST_CASE("the probability alone has the bits of predict(), whatever the scratch row held") {
        FeatureEncoder::Row scratch;
        for (std::uint64_t seed = 20; seed < 25; ++seed) {
            CAPTURE(seed);
            for (const Model& model : random_models(seed)) {
                const FeatureTable table = random_table(seed + 100, 60, 9);
                for (std::size_t row = 0; row < table.rows; ++row) {
                    const Values person = inputs_of(model, table, row);
                    REQUIRE(model.probability(person, scratch) == model.predict(person).probability);
                }
                CHECK_THROWS_AS((void)model.probability(Values{1}, scratch), InvalidArgument);
            }
        }
    }

    TEST_CASE("one person asked alone, as a row of columns or in a table gives the same bits") {
        for (std::uint64_t seed = 0; seed < 5; ++seed) {
            CAPTURE(seed);
            for (const Model& model : random_models(seed)) {
                const FeatureTable table = random_table(seed + 100, 60, 9);  // three regions are new to the encoder
                const std::vector<double> all = model.predict(table);
                REQUIRE(all.size() == 60);
                const std::vector<double> evidence = model.evidence(table);
                REQUIRE(evidence.size() == 60);
                const alloquy::score::FeatureMatrix matrix = model.encoder().encode(table);
                for (std::size_t row = 0; row < table.rows; ++row) {
                    const Prediction found = model.predict(inputs_of(model, table, row));
                    REQUIRE(found.probability == all[row]);
                    REQUIRE(found.evidence == evidence[row]);
                    // A row of columns does not tell how many of the four inputs had been seen so.
                    const Prediction of_columns = model.predict(matrix.row(row));
                    const double seen = seen_inputs(model, inputs_of(model, table, row));
                    REQUIRE(of_columns.probability == found.probability);
                    REQUIRE(found.evidence == of_columns.evidence * (seen / 4));
                    REQUIRE(found.probability >= 0);
                    REQUIRE(found.probability <= 1);
                    REQUIRE(found.evidence >= 0);
                    REQUIRE(found.evidence <= model.examples());
                }
            }
        }
    }

    TEST_CASE("the parts of the log-odds add up to them exactly, in any order") {
        Random random{7};
        for (std::uint64_t seed = 0; seed < 5; ++seed) {
            CAPTURE(seed);
            for (const Model& model : random_models(seed)) {
                const FeatureTable table = random_table(seed + 200, 40, 9);
                const alloquy::score::FeatureMatrix matrix = model.encoder().encode(table);
                for (std::size_t row = 0; row < table.rows; ++row) {
                    const Values person = inputs_of(model, table, row);
                    Explanation why = model.explain("m", person);
                    const Prediction found = model.predict(person);
                    REQUIRE(alloquy::score::apply(model.calibration(), why.value) == found.probability);
                    REQUIRE(why.evidence == found.evidence);
                    // One part for each column that is not 0, in the columns' order, and one for each unseen input.
                    const FeatureRow entries = matrix.row(row);
                    const auto unseen = static_cast<std::size_t>(4 - seen_inputs(model, person));
                    REQUIRE(why.parts.size() == entries.columns.size() + 1 + unseen);
                    REQUIRE(why.parts[0].name == "base");
                    for (std::size_t i = 0; i < entries.columns.size(); ++i) {
                        const Part& part = why.parts[i + 1];
                        REQUIRE(part.name == model.encoder().column_names()[entries.columns[i]]);
                        REQUIRE(part.value == entries.values[i]);
                        REQUIRE(part.value != 0);
                        // On the grid of 2^-40.
                        REQUIRE(std::abs(part.contribution - part.weight * part.value) <= 0x1p-41);
                    }
                    for (int shuffle = 0; shuffle < 3; ++shuffle) {
                        random.shuffle(why.parts);
                        double sum = 0;
                        for (const Part& part : why.parts) sum += part.contribution;
                        REQUIRE(sum == why.value);
                    }
                }
            }
        }
    }

    TEST_CASE("nothing learned is no evidence") {
        CHECK(prior_prediction(0.3) == Prediction{0.3, 0});
        const FeatureEncoder encoder = small_encoder();
        const Model bulk{encoder, prior_model(0.25, encoder.columns()), Calibration{}};
        CHECK(bulk.predict(Values{7, 0}).probability == doctest::Approx(0.25).epsilon(1e-11));
        CHECK(bulk.predict(Values{7, 0}).evidence == 0);
        CHECK(bulk.examples() == 0);
        OnlineLogisticOptions options;
        options.probability = 0.25;
        const Model online{encoder, OnlineLogistic{encoder.columns(), options}, Calibration{}};
        CHECK(online.predict(Values{7, 0}).probability == doctest::Approx(0.25).epsilon(1e-11));
        CHECK(online.predict(Values{7, 0}).evidence == 0);
        CHECK(online.examples() == 0);
    }

    TEST_CASE("evidence is never more than the examples, and falls where the log-odds are less sure") {
        LogisticModel few = small_coefficients();
        few.weight = 50;
        const Model model{small_encoder(), few, Calibration{}};
        CHECK(model.predict(Values{7, model.code(1, "north")}).evidence == 50);  // 95 without the limit, see above
        CHECK(model.examples() == 50);
        // Four columns instead of two: variance 0.04 + 0.03, and log-odds -1 + 0.75 + 1 = 0.75. 1 / (p (1 - p)
        // * 0.07) - 1 with p = 1 / (1 + e^-0.75) (mpmath).
        CHECK(small_model().predict(Values{12, model.code(1, "south")}).evidence ==
              doctest::Approx(64.562379562195563).epsilon(1e-10));
    }

    TEST_CASE("examples count as far as they are not forgotten") {
        const FeatureEncoder encoder = small_encoder();
        OnlineLogisticOptions options;
        options.half_life = 1;
        OnlineLogistic online{encoder.columns(), options};
        const alloquy::score::FeatureMatrix empty = [&] {
            alloquy::score::FeatureMatrix matrix = encoder.matrix();
            matrix.add_row({});
            return matrix;
        }();
        for (int i = 0; i < 3; ++i) online.update(empty.row(0), true);
        // 1 + 1/2 + 1/4.
        CHECK(Model(encoder, online, Calibration{}).examples() == doctest::Approx(1.75).epsilon(1e-12));
    }

    TEST_CASE("a model without inputs has a base alone") {
        LogisticModel base;
        base.intercept = 0.5;
        const Model model{FeatureEncoder{}, base, Calibration{}};
        // 1 / (1 + e^-0.5) = 0.62245933120185456 (mpmath).
        CHECK(model.predict(Values{}).probability == doctest::Approx(0.62245933120185456).epsilon(1e-14));
        CHECK(model.explain("m", Values{}).parts == std::vector<Part>{{"base", 1, 0.5, 0.5}});
        CHECK(model.predict(FeatureTable{3, {}}) == std::vector<double>(3, model.predict(Values{}).probability));
    }

    TEST_CASE("coefficients that do not fit the encoder's columns are refused, with both numbers") {
        const FeatureEncoder encoder = small_encoder();
        for (const std::size_t columns : {std::size_t{0}, std::size_t{4}, std::size_t{6}}) {
            CAPTURE(columns);
            const std::string message = "Model: 5 coefficients expected, got " + std::to_string(columns);
            CHECK_THROWS_WITH_AS((Model{encoder, prior_model(0.5, columns), Calibration{}}), message.c_str(),
                                 InvalidArgument);
            CHECK_THROWS_WITH_AS((Model{encoder, OnlineLogistic{columns}, Calibration{}}), message.c_str(),
                                 InvalidArgument);
        }
    }

    TEST_CASE("a covariance factor that does not fit the coefficients is refused, also of a row with unseen inputs") {
        LogisticModel odd = small_coefficients();
        odd.covariance_factor.pop_back();
        const Model model{small_encoder(), odd, Calibration{}};
        for (const double region : {0.0, missing}) {
            const Values person{7, region};
            CHECK_THROWS_WITH_AS((void)model.predict(person), doctest::Contains("covariance_factor"), InvalidArgument);
            CHECK_THROWS_WITH_AS((void)model.explain("m", person), doctest::Contains("covariance_factor"),
                                 InvalidArgument);
        }
    }

    TEST_CASE("a table without an input, or with it in the wrong type, is refused by name") {
        const Model model = small_model();
        FeatureTable table{1, {}};
        table.inputs.push_back({"days", false, {3}, {}});
        CHECK_THROWS_WITH_AS((void)model.predict(table), doctest::Contains("'region'"), InvalidArgument);
        table.inputs.push_back({"region", false, {3}, {}});
        CHECK_THROWS_WITH_AS((void)model.predict(table), doctest::Contains("'region'"), InvalidArgument);
    }

    TEST_CASE("as many values as inputs are asked for, no fewer and no more, in both ways of learning") {
        const FeatureEncoder encoder = small_encoder();
        for (const Model& model : {small_model(), Model{encoder, OnlineLogistic{5}, Calibration{}}}) {
            CHECK_NOTHROW((void)model.predict(Values{3, 1}));
            for (const Values& values : {Values{}, Values{3}, Values{3, 1, 1}}) {
                const std::string expected =
                    "2 values expected, one for each input, got " + std::to_string(values.size());
                CHECK_THROWS_WITH_AS((void)model.predict(values), doctest::Contains(expected.c_str()), InvalidArgument);
                CHECK_THROWS_WITH_AS((void)model.explain("m", values), doctest::Contains(expected.c_str()),
                                     InvalidArgument);
            }
        }
    }

    TEST_CASE("a text's value that no code is, is refused by the feature's name") {
        const Model model = small_model();
        CHECK_NOTHROW((void)model.predict(Values{3, model.code(1, "north")}));
        CHECK_NOTHROW((void)model.predict(Values{3, model.code(1, "nowhere")}));
        for (const double bad : {2.0, 1e300, std::numeric_limits<double>::infinity()}) {
            CAPTURE(bad);
            CHECK_THROWS_WITH_AS((void)model.predict(Values{3, bad}), doctest::Contains("'region'"), InvalidArgument);
            CHECK_THROWS_WITH_AS((void)model.explain("m", Values{3, bad}), doctest::Contains("'region'"),
                                 InvalidArgument);
        }
    }

    TEST_CASE("a row whose columns are not ascending is refused, not read beyond the coefficients") {
        const Values values{1, 1};
        for (const Model& model : {small_model(), Model{small_encoder(), OnlineLogistic{5}, Calibration{}}}) {
            using Columns = std::vector<std::uint32_t>;
            CHECK_NOTHROW((void)model.predict(FeatureRow{Columns{0, 4}, values}));
            for (const Columns& columns : {Columns{1'000'000, 0}, Columns{4, 0}, Columns{2, 2}, Columns{0, 5}}) {
                CAPTURE(columns[0]);
                CHECK_THROWS_AS((void)model.predict(FeatureRow{columns, values}), InvalidArgument);
            }
        }
    }

    TEST_CASE("models are equal if all that they are made of is") {
        const Model model = small_model();
        CHECK(model == small_model());
        const Model copy = model;
        CHECK(copy == model);
        CHECK_FALSE(model == small_model(Calibration::platt(1, 0)));

        const FeatureEncoder encoder = small_encoder();
        LogisticModel other = small_coefficients();
        other.coefficients[4] = std::nextafter(other.coefficients[4], 2.0);
        CHECK_FALSE(model == Model{encoder, other, Calibration{}});
        other = small_coefficients();
        other.weight = 201;
        CHECK_FALSE(model == Model{encoder, other, Calibration{}});

        std::vector<FeatureEncoder::Feature> features = encoder.features();
        features[0].edges[1] = 11;
        CHECK_FALSE(model ==
                    Model{FeatureEncoder::from_parts(encoder.inputs(), features), small_coefficients(), Calibration{}});

        const OnlineLogistic fresh{5};
        const Model online{encoder, fresh, Calibration{}};
        CHECK(online == Model{encoder, OnlineLogistic{5}, Calibration{}});
        CHECK_FALSE(online == model);
        CHECK_FALSE(model == online);
        OnlineLogisticState state = fresh.state();
        state.updates = 1;
        CHECK_FALSE(online == Model{encoder, OnlineLogistic{state, {}}, Calibration{}});
        OnlineLogisticOptions options;
        options.penalty = 2;
        CHECK_FALSE(online == Model{encoder, OnlineLogistic{5, options}, Calibration{}});
        using enum alloquy::score::CoefficientSign;
        CHECK_FALSE(online ==
                    Model{encoder, OnlineLogistic{5, {}, {not_negative, free, free, free, free}}, Calibration{}});
    }
}
