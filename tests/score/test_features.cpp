#include <alloquy/score/features.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"

using alloquy::InvalidArgument;
using alloquy::score::CoefficientSign;
using alloquy::score::Encoding;
using alloquy::score::FeatureConfig;
using alloquy::score::FeatureEncoder;
using alloquy::score::FeatureMatrix;
using alloquy::score::FeatureTable;
using alloquy::score::is_special_category;
using alloquy::score::Monotone;
using alloquy::support::Random;
using Input = FeatureTable::Input;
using Values = std::vector<double>;
using Names = std::vector<std::string>;
using Configs = std::vector<FeatureConfig>;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

FeatureConfig feature(std::string input, Encoding encoding, std::uint32_t least_rows = 1) {
    FeatureConfig config;
    config.input = std::move(input);
    config.encoding = encoding;
    config.least_rows = least_rows;
    return config;
}
FeatureConfig with_edges(std::string input, Encoding encoding, Values edges) {
    FeatureConfig config = feature(std::move(input), encoding);
    config.edges = std::move(edges);
    return config;
}
FeatureConfig named(FeatureConfig config, std::string name) {
    config.name = std::move(name);
    return config;
}
FeatureConfig cross(std::string name, std::string a, std::string b, std::uint32_t least_rows = 1) {
    FeatureConfig config = feature({}, Encoding::cross, least_rows);
    config.name = std::move(name);
    config.of = {std::move(a), std::move(b)};
    return config;
}

Input numbers(std::string name, Values values) {
    return {std::move(name), false, std::move(values), {}};
}
/// An empty text is a missing one; `levels` in the order in which they come, or as given.
Input texts(std::string name, const Names& values, Names levels = {}) {
    Input input{std::move(name), true, {}, std::move(levels)};
    for (const std::string& value : values) {
        if (value.empty()) {
            input.values.push_back(missing);
            continue;
        }
        const auto found = std::find(input.levels.begin(), input.levels.end(), value);
        input.values.push_back(static_cast<double>(found - input.levels.begin()));
        if (found == input.levels.end()) input.levels.push_back(value);
    }
    return input;
}
FeatureTable table_of(std::vector<Input> inputs) {
    FeatureTable table{inputs.at(0).values.size(), std::move(inputs)};
    for (const Input& input : table.inputs) REQUIRE(input.values.size() == table.rows);
    return table;
}
/// n copies of each text.
Names repeated(const std::vector<std::pair<std::string, std::size_t>>& counts) {
    Names all;
    for (const auto& [text, count] : counts) all.insert(all.end(), count, text);
    return all;
}

/// The column of this name, which must stand once.
Values column(const FeatureMatrix& matrix, const std::string& name) {
    const Names& names = matrix.names();
    REQUIRE(std::count(names.begin(), names.end(), name) == 1);
    const auto at = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
    const Values dense = matrix.dense();
    Values values;
    for (std::size_t r = 0; r < matrix.rows(); ++r) values.push_back(dense[r * matrix.columns() + at]);
    return values;
}
FeatureEncoder fit(const Configs& configs, const FeatureTable& table) {
    return FeatureEncoder::fit(configs, table);
}
/// Fits and encodes one input by one feature.
FeatureMatrix encoded(const FeatureConfig& config, const Input& input) {
    const FeatureTable table = table_of({input});
    return fit({config}, table).encode(table);
}
/// The dense row of one person.
Values one(const FeatureEncoder& encoder, const Values& values) {
    FeatureEncoder::Row row;
    encoder.encode(values, row);
    Values dense(encoder.columns(), 0.0);
    REQUIRE(row.columns.size() == row.values.size());
    for (std::size_t i = 0; i < row.columns.size(); ++i) {
        REQUIRE(row.columns[i] < dense.size());
        REQUIRE((i == 0 || row.columns[i] > row.columns[i - 1]));
        REQUIRE(row.values[i] != 0);
        dense[row.columns[i]] = row.values[i];
    }
    return dense;
}
bool is_close(const Values& found, const Values& expected) {
    return std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                      [](double a, double b) { return std::abs(a - b) <= 1e-12 * (1 + std::abs(b)); });
}

/// Whether learning throws InvalidArgument with this word in its text.
bool refuses(const Configs& configs, const FeatureTable& table, const std::string& word) {
    try {
        (void)FeatureEncoder::fit(configs, table);
    } catch (const InvalidArgument& error) {
        const bool has_word = std::string{error.what()}.find(word) != std::string::npos;
        if (!has_word) MESSAGE("refused, but with: " << error.what());
        return has_word;
    }
    return false;
}

/// The documented rules applied slowly, column by column.
struct SlowColumn {
    std::string name;
    Values train{};
    Values test{};
};
struct SlowInput {
    bool is_text = false;
    Values train_numbers{};
    Values test_numbers{};
    Names train_texts{};  // empty = missing
    Names test_texts{};
};
std::string text_of(double number) {
    // Only for numbers with up to two decimals.
    std::string text = std::to_string(number);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
}
std::vector<SlowColumn> slow_one(const FeatureConfig& config, const std::string& name, const SlowInput& input) {
    std::vector<SlowColumn> columns;
    const std::size_t rows = input.is_text ? input.train_texts.size() : input.train_numbers.size();
    const auto is_missing = [&](std::size_t r) {
        return input.is_text ? input.train_texts[r].empty() : std::isnan(input.train_numbers[r]);
    };
    const auto each_number = [&](const auto& f) {
        SlowColumn made{{}, {}, {}};
        for (const double x : input.train_numbers) made.train.push_back(std::isnan(x) ? 0 : f(x));
        for (const double x : input.test_numbers) made.test.push_back(std::isnan(x) ? 0 : f(x));
        return made;
    };
    const auto add = [&](std::string title, SlowColumn made) {
        made.name = std::move(title);
        columns.push_back(std::move(made));
    };
    Values known;
    for (const double x : input.train_numbers) {
        if (!std::isnan(x)) known.push_back(x);
    }
    std::sort(known.begin(), known.end());
    switch (config.encoding) {
        case Encoding::linear:
        case Encoding::log: {
            const bool log = config.encoding == Encoding::log;
            const auto turned = [&](double x) {
                if (!log) return x;
                return x < 0 ? -std::log(1 - x) : std::log(1 + x);
            };
            double sum = 0;
            for (const double x : known) sum += turned(x);
            const double mean = sum / static_cast<double>(known.size());
            double squares = 0;
            for (const double x : known) squares += (turned(x) - mean) * (turned(x) - mean);
            const double deviation = std::sqrt(squares / static_cast<double>(known.size()));
            const bool constant = known.empty() || known.front() == known.back();
            add((log ? "log " : "") + name, each_number([&](double x) {
                    return constant ? 0 : (turned(std::clamp(x, known.front(), known.back())) - mean) / deviation;
                }));
            break;
        }
        case Encoding::bins:
        case Encoding::steps: {
            Values edges = config.edges;
            if (edges.empty()) {
                // Of n sorted values the one with floor(n k / q) before it, once, and not the lowest: nothing is below.
                std::set<double> found;
                for (std::size_t k = 1; k < config.quantiles && !known.empty(); ++k) {
                    found.insert(known[known.size() * k / config.quantiles]);
                }
                if (!known.empty()) found.erase(known.front());
                edges.assign(found.begin(), found.end());
            }
            if (config.encoding == Encoding::steps) {
                for (const double edge : edges) {
                    add(name + " >= " + text_of(edge), each_number([&](double x) { return x >= edge ? 1 : 0; }));
                }
            } else if (edges.empty()) {
                add(name, each_number([](double) { return 1; }));
            } else {
                for (std::size_t i = 0; i <= edges.size(); ++i) {
                    const double low = i == 0 ? -infinite : edges[i - 1];
                    const double high = i == edges.size() ? infinite : edges[i];
                    const std::string title = i == 0              ? " < " + text_of(high)
                                              : i == edges.size() ? " >= " + text_of(low)
                                                                  : " in [" + text_of(low) + ", " + text_of(high) + ")";
                    add(name + title, each_number([&](double x) { return x >= low && x < high ? 1 : 0; }));
                }
            }
            break;
        }
        case Encoding::levels: {
            std::map<std::string, std::uint32_t> counts;
            for (const std::string& text : input.train_texts) {
                if (!text.empty()) ++counts[text];
            }
            Names kept;
            for (const auto& [level, count] : counts) {
                if (count >= config.least_rows) kept.push_back(level);
            }
            const auto each_text = [&](const auto& f) {
                SlowColumn made{{}, {}, {}};
                for (const std::string& text : input.train_texts)
                    made.train.push_back(!text.empty() && f(text) ? 1 : 0);
                for (const std::string& text : input.test_texts) made.test.push_back(!text.empty() && f(text) ? 1 : 0);
                return made;
            };
            for (const std::string& level : kept) {
                add(name + "=" + level, each_text([&](const std::string& text) { return text == level; }));
            }
            if (kept.size() < counts.size()) {
                add(name + " rare", each_text([&](const std::string& text) {
                        return std::find(kept.begin(), kept.end(), text) == kept.end();
                    }));
            }
            break;
        }
        case Encoding::cross:
            break;
    }
    bool has_missing = false;
    for (std::size_t r = 0; r < rows; ++r) has_missing |= is_missing(r);
    if (has_missing) {
        SlowColumn made{{}, {}, {}};
        for (std::size_t r = 0; r < rows; ++r) made.train.push_back(is_missing(r) ? 1 : 0);
        for (const double x : input.test_numbers) made.test.push_back(std::isnan(x) ? 1 : 0);
        for (const std::string& text : input.test_texts) made.test.push_back(text.empty() ? 1 : 0);
        add(name + " missing", made);
    }
    return columns;
}

/// Random inputs "n1" to "n3" (numbers) and "t1", "t2" (texts).
std::map<std::string, SlowInput> random_inputs(Random& random, std::size_t train, std::size_t test) {
    std::map<std::string, SlowInput> inputs;
    const auto fill = [&](std::size_t rows, bool gaps, const auto& make) {
        for (std::size_t r = 0; r < rows; ++r) make(gaps && random.chance(15));
    };
    for (const char* const name : {"n1", "n2", "n3"}) {
        SlowInput& input = inputs[name];
        const std::int64_t spread = random.between(0, 400);
        const bool gaps = random.chance(50);
        const auto number = [&](Values& to, std::int64_t width) {
            return [&to, &random, width](bool gap) {
                to.push_back(gap ? missing : static_cast<double>(random.between(-width, width)) / 4);
            };
        };
        fill(train, gaps, number(input.train_numbers, spread));
        fill(test, true, number(input.test_numbers, spread + 100));
    }
    for (const char* const name : {"t1", "t2"}) {
        SlowInput& input = inputs[name];
        input.is_text = true;
        const std::size_t kinds = 1 + random.below(6);
        const bool gaps = random.chance(50);
        const auto text = [&](Names& to, std::size_t most) {
            return [&to, &random, most](bool gap) {
                // Lower numbers are frequent, higher ones rare.
                to.push_back(gap ? "" : std::string(1, static_cast<char>('a' + random.below(1 + random.below(most)))));
            };
        };
        fill(train, gaps, text(input.train_texts, kinds));
        fill(test, true, text(input.test_texts, kinds + 3));
    }
    return inputs;
}
FeatureTable table_from(Random& random, const std::map<std::string, SlowInput>& inputs, bool train) {
    std::vector<Input> all;
    for (const auto& [name, input] : inputs) {
        if (!input.is_text) {
            all.push_back(numbers(name, train ? input.train_numbers : input.test_numbers));
        } else {
            Names levels{"a", "b", "c", "d", "e", "f", "g", "h", "i"};
            random.shuffle(levels);
            all.push_back(texts(name, train ? input.train_texts : input.test_texts, levels));
        }
    }
    random.shuffle(all);
    return table_of(std::move(all));
}
Configs random_configs(Random& random) {
    Configs configs;
    const std::size_t count = 1 + random.below(5);
    for (std::size_t f = 0; f < count; ++f) {
        FeatureConfig config;
        if (random.chance(30)) {
            config = feature(random.chance(50) ? "t1" : "t2", Encoding::levels);
        } else {
            config = feature("n" + std::to_string(1 + random.below(3)), static_cast<Encoding>(random.below(4)));
            if (random.chance(40)) {
                double edge = static_cast<double>(random.between(-200, 0)) / 4;
                for (std::size_t i = random.below(4) + 1; i > 0; --i) {
                    config.edges.push_back(edge);
                    edge += static_cast<double>(random.between(1, 100)) / 4;
                }
            }
            config.quantiles = static_cast<std::uint32_t>(random.between(2, 12));
        }
        config.name = "f" + std::to_string(f);
        config.least_rows = static_cast<std::uint32_t>(random.below(12));
        configs.push_back(std::move(config));
    }
    const std::size_t crosses = count < 2 ? 0 : random.below(3);
    for (std::size_t c = 0; c < crosses; ++c) {
        const std::size_t a = random.below(count);
        const std::size_t b = (a + 1 + random.below(count - 1)) % count;
        configs.push_back(cross("x" + std::to_string(c), "f" + std::to_string(a), "f" + std::to_string(b),
                                static_cast<std::uint32_t>(random.below(20))));
    }
    return configs;
}

}  // namespace

TEST_SUITE("score/features") {
    TEST_CASE("linear gives deviations from the mean in standard deviations, by hand") {
        // Mean 5, sum of squared deviations 32 over 8 rows, so the standard deviation is 2.
        const FeatureMatrix matrix = encoded(feature("x", Encoding::linear), numbers("x", {2, 4, 4, 4, 5, 5, 7, 9}));
        CHECK(matrix.names() == Names{"x"});
        CHECK(matrix.dense() == Values{-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2});
        CHECK(matrix.stored() == 6);  // zeros are not stored
    }

    TEST_CASE("linear keeps what it meets within the range of the training rows") {
        const FeatureEncoder encoder =
            fit({feature("x", Encoding::linear)}, table_of({numbers("x", {2, 4, 4, 4, 5, 5, 7, 9})}));
        CHECK(one(encoder, {9.5}) == Values{2});
        CHECK(one(encoder, {1e300}) == Values{2});
        CHECK(one(encoder, {infinite}) == Values{2});
        CHECK(one(encoder, {1.999}) == Values{-1.5});
        CHECK(one(encoder, {-infinite}) == Values{-1.5});
        CHECK(one(encoder, {8}) == Values{1.5});
        CHECK(one(encoder, {5}) == Values{0});
    }

    TEST_CASE("log does the same with log(1 + x), and with -log(1 - x) below 0") {
        const Values x{-3, -1, 0, 1, 7, 100};
        const std::array turned{-std::log(4.0), -std::log(2.0), 0.0, std::log(2.0), std::log(8.0), std::log(101.0)};
        double mean = 0;
        for (const double y : turned) mean += y / 6;
        double variance = 0;
        for (const double y : turned) variance += (y - mean) * (y - mean) / 6;
        Values expected;
        for (const double y : turned) expected.push_back((y - mean) / std::sqrt(variance));
        const FeatureTable table = table_of({numbers("x", x)});
        const FeatureEncoder encoder = fit({feature("x", Encoding::log)}, table);
        CHECK(encoder.column_names() == Names{"log x"});
        CHECK(is_close(encoder.encode(table).dense(), expected));
        CHECK(is_close(one(encoder, {1e9}), {expected[5]}));
        CHECK(is_close(one(encoder, {-1e9}), {expected[0]}));
        CHECK(is_close(one(encoder, {3}), {(std::log(4.0) - mean) / std::sqrt(variance)}));
    }

    TEST_CASE("a constant input has a column that is always 0") {
        for (const Encoding encoding : {Encoding::linear, Encoding::log}) {
            // The mean of ten times 0.1 is not 0.1 in doubles.
            const FeatureTable table = table_of({numbers("x", Values(10, 0.1))});
            const FeatureEncoder encoder = fit({feature("x", encoding)}, table);
            CHECK(encoder.columns() == 1);
            CHECK(encoder.encode(table).stored() == 0);
            CHECK(one(encoder, {0.1}) == Values{0});
            CHECK(one(encoder, {77}) == Values{0});
        }
        const FeatureEncoder bins = fit({feature("x", Encoding::bins)}, table_of({numbers("x", Values(50, 3))}));
        CHECK(bins.column_names() == Names{"x"});  // one bin
        CHECK(one(bins, {-5}) == Values{1});
        const FeatureEncoder steps = fit({feature("x", Encoding::steps)}, table_of({numbers("x", Values(50, 3))}));
        CHECK(steps.columns() == 0);
        CHECK(one(steps, {5}).empty());
    }

    TEST_CASE("inputs that are all missing teach nothing but that") {
        for (const Encoding encoding : {Encoding::linear, Encoding::log, Encoding::bins, Encoding::steps}) {
            CAPTURE(static_cast<int>(encoding));
            const FeatureTable table = table_of({numbers("x", Values(5, missing))});
            const FeatureEncoder encoder = fit({feature("x", encoding)}, table);
            CHECK(column(encoder.encode(table), "x missing") == Values(5, 1));
            CHECK(encoder.encode(table).stored() == 5);
            CHECK(one(encoder, {3}).back() == 0);
        }
        const FeatureTable table = table_of({texts("x", Names(5, ""))});
        const FeatureEncoder encoder = fit({feature("x", Encoding::levels)}, table);
        CHECK(encoder.column_names() == Names{"x missing"});
        CHECK(one(encoder, {encoder.code(0, "a")}) == Values{0});
        CHECK(one(encoder, {missing}) == Values{1});
    }

    TEST_CASE("values of any size standardise or are refused, and never turn into a silent constant") {
        const auto standardises_or_refuses = [](const Values& values, const Values& expected) {
            const FeatureTable table = table_of({numbers("x", values)});
            try {
                return is_close(fit({feature("x", Encoding::linear)}, table).encode(table).dense(), expected);
            } catch (const InvalidArgument& error) {
                return std::string{error.what()}.find("feature 'x'") != std::string::npos;
            }
        };
        // Squares of these overflow or vanish; the deviations themselves do not.
        for (const double size : {1e150, 1e200, 1e307, 1e-150, 1e-200}) {
            CAPTURE(size);
            CHECK(standardises_or_refuses({-size, size, -size, size}, {-1, 1, -1, 1}));
        }
        // The sum overflows. Deviations -2, 0 and 2 times 1e307 over sqrt(8 / 3) times that.
        CHECK(standardises_or_refuses({1.0e308, 1.2e308, 1.4e308}, {-std::sqrt(1.5), 0, std::sqrt(1.5)}));
    }

    TEST_CASE("bins are half-open, and each value lies in one") {
        const FeatureTable table = table_of({numbers("days", {-1, 0, 6.9, 7, 27, 28, 1000})});
        const FeatureEncoder encoder = fit({with_edges("days", Encoding::bins, {0, 7, 28})}, table);
        CHECK(encoder.column_names() == Names{"days < 0", "days in [0, 7)", "days in [7, 28)", "days >= 28"});
        const FeatureMatrix matrix = encoder.encode(table);
        CHECK(column(matrix, "days < 0") == Values{1, 0, 0, 0, 0, 0, 0});
        CHECK(column(matrix, "days in [0, 7)") == Values{0, 1, 1, 0, 0, 0, 0});
        CHECK(column(matrix, "days in [7, 28)") == Values{0, 0, 0, 1, 1, 0, 0});
        CHECK(column(matrix, "days >= 28") == Values{0, 0, 0, 0, 0, 1, 1});
        CHECK(matrix.stored() == 7);
        CHECK(one(encoder, {infinite}) == Values{0, 0, 0, 1});
        CHECK(one(encoder, {-infinite}) == Values{1, 0, 0, 0});
    }

    TEST_CASE("steps stay 1 from their edge on") {
        const FeatureTable table = table_of({numbers("days", {-1, 0, 6.9, 7, 27, 28})});
        const FeatureEncoder encoder = fit({with_edges("days", Encoding::steps, {0, 7, 28})}, table);
        CHECK(encoder.column_names() == Names{"days >= 0", "days >= 7", "days >= 28"});
        const FeatureMatrix matrix = encoder.encode(table);
        CHECK(column(matrix, "days >= 0") == Values{0, 1, 1, 1, 1, 1});
        CHECK(column(matrix, "days >= 7") == Values{0, 0, 0, 1, 1, 1});
        CHECK(column(matrix, "days >= 28") == Values{0, 0, 0, 0, 0, 1});
    }

    TEST_CASE("one edge makes two bins or one step, and edges need no rows on both sides") {
        const Input input = numbers("x", {1, 2, 3});
        CHECK(encoded(with_edges("x", Encoding::bins, {2.5}), input).names() == Names{"x < 2.5", "x >= 2.5"});
        CHECK(encoded(with_edges("x", Encoding::steps, {2.5}), input).names() == Names{"x >= 2.5"});
        CHECK(encoded(with_edges("x", Encoding::bins, {10, 20}), input).dense() == Values{1, 0, 0, 1, 0, 0, 1, 0, 0});
    }

    TEST_CASE("edges stand in names as the shortest text that reads back") {
        CHECK(encoded(with_edges("x", Encoding::steps, {-0.5, 0.1, 1.0 / 3}), numbers("x", {1})).names() ==
              Names{"x >= -0.5", "x >= 0.1", "x >= 0.3333333333333333"});
    }

    TEST_CASE("without edges and without ties the bins hold equally many rows") {
        Random random{1};
        Values values;
        for (int i = 0; i < 600; ++i) values.push_back(i * 0.25);
        random.shuffle(values);
        for (const std::uint32_t bins : {2U, 3U, 4U, 10U, 60U, 100U}) {
            CAPTURE(bins);
            FeatureConfig config = feature("x", Encoding::bins);
            config.quantiles = bins;
            const FeatureMatrix matrix = encoded(config, numbers("x", values));
            REQUIRE(matrix.columns() == bins);
            for (const std::string& name : matrix.names()) {
                const Values ones = column(matrix, name);
                REQUIRE(std::count(ones.begin(), ones.end(), 1.0) == static_cast<std::ptrdiff_t>(600 / bins));
            }
        }
        CHECK(FeatureConfig{}.quantiles == 10);
    }

    TEST_CASE("ties make fewer bins, by hand") {
        // Of 100 sorted rows number 10, 20 … 60 is 0, the lowest; 70 is 1; 80 and 90 are 2.
        Values values(70, 0.0);
        values.insert(values.end(), 10, 1);
        values.insert(values.end(), 20, 2);
        CHECK(encoded(feature("x", Encoding::bins), numbers("x", values)).names() ==
              Names{"x < 1", "x in [1, 2)", "x >= 2"});
        CHECK(encoded(feature("x", Encoding::steps), numbers("x", values)).names() == Names{"x >= 1", "x >= 2"});
        // The highest value is frequent: no bin beyond it.
        values.assign(20, 1);
        values.insert(values.end(), 80, 5);
        CHECK(encoded(feature("x", Encoding::bins), numbers("x", values)).names() == Names{"x < 5", "x >= 5"});
        // Fewer rows than bins.
        CHECK(encoded(feature("x", Encoding::bins), numbers("x", {3, 1})).names() == Names{"x < 3", "x >= 3"});
    }

    TEST_CASE("of quantiles no bin and no step is without rows, and edges are values that were met") {
        for (std::uint64_t seed = 0; seed < 300; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            Values values;
            const std::int64_t different = random.between(1, 40);
            for (std::size_t i = 1 + random.below(200); i > 0; --i) {
                values.push_back(static_cast<double>(random.between(-different, different)));
                if (random.chance(40)) values.back() = 0;
                if (random.chance(10)) values.back() = missing;
            }
            for (const Encoding encoding : {Encoding::bins, Encoding::steps}) {
                FeatureConfig config = feature("x", encoding);
                config.quantiles = static_cast<std::uint32_t>(random.between(2, 30));
                const FeatureTable table = table_of({numbers("x", values)});
                const FeatureEncoder encoder = fit({config}, table);
                const Values& edges = encoder.features()[0].edges;
                REQUIRE(edges.size() < config.quantiles);
                for (std::size_t i = 0; i < edges.size(); ++i) {
                    REQUIRE((i == 0 || edges[i] > edges[i - 1]));
                    REQUIRE(std::find(values.begin(), values.end(), edges[i]) != values.end());
                }
                const bool all_missing =
                    std::all_of(values.begin(), values.end(), [](double x) { return std::isnan(x); });
                if (all_missing) continue;
                const FeatureMatrix matrix = encoder.encode(table);
                for (const std::string& name : matrix.names()) {
                    const Values ones = column(matrix, name);
                    REQUIRE(std::count(ones.begin(), ones.end(), 1.0) > 0);
                }
            }
        }
    }

    TEST_CASE("missing numbers have a column of their own, the last one, where training rows had some") {
        const Values x{2, missing, 4, missing};
        CHECK(encoded(feature("x", Encoding::linear), numbers("x", x)).names() == Names{"x", "x missing"});
        // Mean 3 and deviation 1 of the two that are there.
        CHECK(encoded(feature("x", Encoding::linear), numbers("x", x)).dense() == Values{-1, 0, 0, 1, 1, 0, 0, 1});
        CHECK(encoded(feature("x", Encoding::log), numbers("x", x)).names() == Names{"log x", "x missing"});
        CHECK(encoded(with_edges("x", Encoding::bins, {3}), numbers("x", x)).names() ==
              Names{"x < 3", "x >= 3", "x missing"});
        CHECK(encoded(with_edges("x", Encoding::bins, {3}), numbers("x", x)).dense() ==
              Values{1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1});
        CHECK(encoded(with_edges("x", Encoding::steps, {3}), numbers("x", x)).dense() ==
              Values{0, 0, 0, 1, 1, 0, 0, 1});
        CHECK(encoded(feature("x", Encoding::levels), texts("x", {"a", "", "b"})).names() ==
              Names{"x=a", "x=b", "x missing"});
        CHECK(encoded(feature("x", Encoding::levels), texts("x", {"a", "", "b"})).dense() ==
              Values{1, 0, 0, 0, 0, 1, 0, 1, 0});
    }

    TEST_CASE("a value that is missing for the first time when it is encoded has no column") {
        for (const Encoding encoding : {Encoding::linear, Encoding::log, Encoding::bins, Encoding::steps}) {
            CAPTURE(static_cast<int>(encoding));
            const FeatureEncoder encoder = fit({feature("x", encoding)}, table_of({numbers("x", {1, 2, 3, 4})}));
            FeatureEncoder::Row row;
            encoder.encode(Values{missing}, row);
            CHECK(row.columns.empty());
            CHECK(row.values.empty());
        }
        const FeatureEncoder levels = fit({feature("x", Encoding::levels, 2)}, table_of({texts("x", {"a", "a", "b"})}));
        CHECK(levels.column_names() == Names{"x=a", "x rare"});
        CHECK(one(levels, {missing}) == Values{0, 0});  // missing is not rare
    }

    TEST_CASE("a row lists the inputs in states that no training row was in, each once") {
        const Configs configs{feature("t", Encoding::levels),
                              feature("x", Encoding::linear),
                              feature("y", Encoding::linear),
                              named(feature("x", Encoding::log), "x log"),
                              named(feature("t", Encoding::levels, 2), "t twice"),
                              feature("u", Encoding::levels, 2)};
        const FeatureEncoder encoder =
            fit(configs, table_of({texts("t", {"a", "b", "a"}), numbers("x", {1, 2, 3}), numbers("y", {1, missing, 3}),
                                   texts("u", {"a", "b", "a"})}));
        REQUIRE(encoder.inputs() == Names{"t", "x", "y", "u"});
        using Inputs = std::vector<std::uint32_t>;
        FeatureEncoder::Row row;
        const auto unseen = [&](double t, double x, double y, double u) {
            encoder.encode(Values{t, x, y, u}, row);
            return row.unseen;
        };
        const double b = encoder.code(0, "b");
        // Beyond the range of the training rows a number counts as its ends; y was missing before.
        CHECK(unseen(b, 2, 2, 0).empty());
        CHECK(unseen(b, 1e9, missing, 0).empty());
        CHECK(unseen(b, missing, 2, 0) == Inputs{1});
        // "t twice" has a column for rare levels, but t itself knows that no training row had this one.
        CHECK(unseen(encoder.code(0, "c"), 2, 2, 0) == Inputs{0});
        // u has but the column for rare levels: whether training met this one is not known, and its like it met.
        CHECK(unseen(b, 2, 2, encoder.code(3, "c")).empty());
        // A missing text is not rare.
        CHECK(unseen(missing, missing, missing, missing) == Inputs{0, 1, 3});
        CHECK(unseen(b, 2, 2, 0).empty());  // nothing stays of the row before
    }

    TEST_CASE("levels with fewer rows than asked for share a column, and so do those that come later") {
        const FeatureTable table =
            table_of({texts("region", repeated({{"west", 5}, {"east", 4}, {"south", 3}, {"north", 1}}))});
        const FeatureEncoder encoder = fit({feature("region", Encoding::levels, 4)}, table);
        CHECK(encoder.column_names() == Names{"region=east", "region=west", "region rare"});  // ascending
        const FeatureMatrix matrix = encoder.encode(table);
        CHECK(column(matrix, "region=west") == Values{1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0});
        CHECK(column(matrix, "region=east") == Values{0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0});
        CHECK(column(matrix, "region rare") == Values{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1});
        CHECK(one(encoder, {encoder.code(0, "overseas")}) == Values{0, 0, 1});
        CHECK(FeatureConfig{}.least_rows == 20);
    }

    TEST_CASE("without rare levels an unseen one has no column") {
        const FeatureEncoder encoder = fit({feature("x", Encoding::levels)}, table_of({texts("x", {"b", "a", "b"})}));
        CHECK(encoder.column_names() == Names{"x=a", "x=b"});
        CHECK(encoder.code(0, "c") == -1);
        CHECK(one(encoder, {-1}) == Values{0, 0});
        CHECK(one(encoder, {encoder.code(0, "a")}) == Values{1, 0});
        CHECK(one(encoder, {encoder.code(0, "b")}) == Values{0, 1});
        CHECK(encoder.encode(table_of({texts("x", {"c", "a", ""})})).dense() == Values{0, 0, 1, 0, 0, 0});
    }

    TEST_CASE("only rare levels leave the shared column alone") {
        const FeatureEncoder encoder = fit({feature("x", Encoding::levels, 20)}, table_of({texts("x", {"a", "b"})}));
        CHECK(encoder.column_names() == Names{"x rare"});
        CHECK(one(encoder, {encoder.code(0, "a")}) == Values{1});
    }

    TEST_CASE("a level that is listed but that no row has is none") {
        for (const std::uint32_t least_rows : {0U, 1U, 2U}) {
            const FeatureTable table = table_of({texts("x", {"a", "a", "b", "b"}, {"ghost", "b", "a", "zombie"})});
            CHECK(fit({feature("x", Encoding::levels, least_rows)}, table).column_names() == Names{"x=a", "x=b"});
        }
    }

    TEST_CASE("columns have different names, even where a level is called other") {
        const FeatureTable table = table_of({texts("x", repeated({{"other", 5}, {"a", 5}, {"rare", 1}}))});
        const FeatureEncoder encoder = fit({feature("x", Encoding::levels, 3)}, table);
        const std::set<std::string> different{encoder.column_names().begin(), encoder.column_names().end()};
        CHECK(different.size() == encoder.columns());
    }

    TEST_CASE("the levels of the training rows count, not where the table lists them") {
        const Names values{"b", "a", "", "c", "b", "a", "b"};
        const FeatureTable plain = table_of({texts("x", values)});
        const FeatureTable other = table_of({texts("x", values, {"z", "c", "a", "y", "b"})});
        const Configs configs{feature("x", Encoding::levels, 2)};
        CHECK(fit(configs, plain) == fit(configs, other));
        CHECK(fit(configs, plain).encode(other).dense() == fit(configs, plain).encode(plain).dense());
    }

    TEST_CASE("features that share an input have their own rare levels, and one code for all") {
        FeatureConfig strict = feature("x", Encoding::levels, 3);
        strict.name = "strict";
        FeatureConfig loose = feature("x", Encoding::levels, 2);
        loose.name = "loose";
        const FeatureTable table = table_of({texts("x", repeated({{"a", 1}, {"b", 2}, {"c", 3}}))});
        for (const Configs& configs : {Configs{strict, loose}, Configs{loose, strict}}) {
            const FeatureEncoder encoder = fit(configs, table);
            CHECK(encoder.inputs() == Names{"x"});
            const FeatureMatrix matrix = encoder.encode(table);
            CHECK(column(matrix, "strict=c") == Values{0, 0, 0, 1, 1, 1});
            CHECK(column(matrix, "strict rare") == Values{1, 1, 1, 0, 0, 0});
            CHECK(column(matrix, "loose=c") == Values{0, 0, 0, 1, 1, 1});
            CHECK(column(matrix, "loose=b") == Values{0, 1, 1, 0, 0, 0});
            CHECK(column(matrix, "loose rare") == Values{1, 0, 0, 0, 0, 0});
        }
    }

    TEST_CASE("inputs stand once, in the order of the features that read them") {
        FeatureConfig again = feature("b", Encoding::bins);
        again.name = "b in bins";
        const FeatureTable table =
            table_of({numbers("unused", {1, 2}), texts("a", {"x", "y"}), numbers("b", {1, 2}), numbers("c", {3, 4})});
        const FeatureEncoder encoder = fit({feature("c", Encoding::linear), feature("b", Encoding::linear),
                                            feature("a", Encoding::levels), again, cross("c & b", "c", "b in bins")},
                                           table);
        CHECK(encoder.inputs() == Names{"c", "b", "a"});
        CHECK_FALSE(encoder.is_text(0));
        CHECK_FALSE(encoder.is_text(1));
        CHECK(encoder.is_text(2));
    }

    TEST_CASE("a cross has the products of two features' columns, by hand") {
        // x is -1 or 1 after standardising; a cell is the value of x in the rows of its level.
        const FeatureTable table = table_of({texts("level", {"a", "a", "b", "b"}), numbers("x", {1, 3, 1, 3})});
        const FeatureEncoder encoder = fit(
            {feature("level", Encoding::levels), feature("x", Encoding::linear), cross("both", "level", "x")}, table);
        CHECK(encoder.column_names() == Names{"level=a", "level=b", "x", "level=a & x", "level=b & x"});
        const FeatureMatrix matrix = encoder.encode(table);
        CHECK(column(matrix, "level=a & x") == Values{-1, 1, 0, 0});
        CHECK(column(matrix, "level=b & x") == Values{0, 0, -1, 1});
        CHECK(one(encoder, {encoder.code(0, "b"), 2.5}) == Values{0, 1, 0.5, 0, 0.5});
        CHECK(one(encoder, {encoder.code(0, "c"), 2.5}) == Values{0, 0, 0.5, 0, 0});
        CHECK(one(encoder, {encoder.code(0, "a"), missing}) == Values{1, 0, 0, 0, 0});
    }

    TEST_CASE("a cross may name its features in either order, with others between") {
        const FeatureTable table = table_of(
            {numbers("x", {1, 3, 1, 3}), texts("level", {"a", "a", "b", "b"}), numbers("between", {0, 1, 1, 0})});
        const FeatureEncoder encoder =
            fit({feature("x", Encoding::linear), feature("between", Encoding::linear),
                 feature("level", Encoding::levels), cross("both", "level", "x"), cross("turned", "x", "level")},
                table);
        CHECK(encoder.column_names() ==
              Names{"x", "between", "level=a", "level=b", "level=a & x", "level=b & x", "x & level=a", "x & level=b"});
        const FeatureMatrix matrix = encoder.encode(table);
        CHECK(column(matrix, "level=b & x") == Values{0, 0, -1, 1});
        CHECK(column(matrix, "x & level=b") == Values{0, 0, -1, 1});
        CHECK(column(matrix, "x & level=a") == Values{-1, 1, 0, 0});
    }

    TEST_CASE("a crossed column with fewer training rows than asked for is left out, also later") {
        const FeatureTable table =
            table_of({texts("a", repeated({{"p", 3}, {"q", 3}})), texts("b", {"r", "r", "s", "s", "s", "r"})});
        const Configs plain{feature("a", Encoding::levels), feature("b", Encoding::levels)};
        const auto names_with = [&](std::uint32_t least_rows) {
            Configs configs = plain;
            configs.push_back(cross("both", "a", "b", least_rows));
            const Names all = fit(configs, table).column_names();
            return Names{all.begin() + 4, all.end()};
        };
        // Rows: p and r twice, p and s once, q and r once, q and s twice.
        CHECK(names_with(0) == Names{"a=p & b=r", "a=p & b=s", "a=q & b=r", "a=q & b=s"});
        CHECK(names_with(1) == names_with(0));
        CHECK(names_with(2) == Names{"a=p & b=r", "a=q & b=s"});
        CHECK(names_with(3).empty());
        Configs configs = plain;
        configs.push_back(cross("both", "a", "b", 2));
        const FeatureEncoder encoder = fit(configs, table);
        const FeatureMatrix matrix = encoder.encode(table);
        CHECK(column(matrix, "a=p & b=r") == Values{1, 1, 0, 0, 0, 0});
        CHECK(column(matrix, "a=q & b=s") == Values{0, 0, 0, 1, 1, 0});
        CHECK(one(encoder, {encoder.code(0, "p"), encoder.code(1, "s")}) == Values{1, 0, 0, 1, 0, 0});
    }

    TEST_CASE("a product that no training row has is no column, whatever is asked for") {
        const FeatureTable table = table_of({texts("a", {"p", "q"}), texts("b", {"r", "s"})});
        const FeatureEncoder encoder =
            fit({feature("a", Encoding::levels), feature("b", Encoding::levels), cross("both", "a", "b", 0)}, table);
        CHECK(encoder.column_names() == Names{"a=p", "a=q", "b=r", "b=s", "a=p & b=r", "a=q & b=s"});
    }

    TEST_CASE("crosses take missing values, the shared column of rare levels, bins and steps") {
        const FeatureTable table = table_of(
            {texts("a", {"p", "p", "q", "", "p"}), numbers("x", {1, 5, missing, 5, 9}), numbers("y", {0, 1, 2, 3, 4})});
        const FeatureEncoder encoder =
            fit({feature("a", Encoding::levels, 2), with_edges("x", Encoding::bins, {4}),
                 with_edges("y", Encoding::steps, {1, 3}), cross("ax", "a", "x"), cross("xy", "x", "y", 2)},
                table);
        CHECK(encoder.column_names() ==
              Names{"a=p", "a rare", "a missing", "x < 4", "x >= 4", "x missing", "y >= 1", "y >= 3",
                    // Rows: (p, < 4), (p, >= 4), (other, missing), (missing, >= 4), (p, >= 4).
                    "a=p & x < 4", "a=p & x >= 4", "a rare & x missing", "a missing & x >= 4",
                    // Rows with x >= 4: three with y >= 1, two with y >= 3; x missing and y >= 1 once.
                    "x >= 4 & y >= 1", "x >= 4 & y >= 3"});
        const FeatureMatrix matrix = encoder.encode(table);
        CHECK(column(matrix, "a missing & x >= 4") == Values{0, 0, 0, 1, 0});
        CHECK(column(matrix, "a rare & x missing") == Values{0, 0, 1, 0, 0});
        CHECK(column(matrix, "x >= 4 & y >= 1") == Values{0, 1, 0, 1, 1});
        CHECK(column(matrix, "x >= 4 & y >= 3") == Values{0, 0, 0, 1, 1});
    }

    TEST_CASE("a cross of numbers is their product") {
        const FeatureTable table = table_of({numbers("x", {1, 3, 1, 3}), numbers("y", {10, 10, 30, 30})});
        const FeatureEncoder encoder =
            fit({feature("x", Encoding::linear), feature("y", Encoding::linear), cross("xy", "x", "y")}, table);
        CHECK(column(encoder.encode(table), "x & y") == Values{1, -1, -1, 1});
        CHECK(one(encoder, {2.5, 15}) == Values{0.5, -0.5, -0.25});
        CHECK(encoder.features()[2].first == 2);
        CHECK(encoder.features()[2].count == 1);
    }

    TEST_CASE("monotone features bind the signs of their columns, missing values excepted") {
        const auto signs_of = [](Encoding encoding, Monotone monotone) {
            FeatureConfig config = with_edges("x", encoding, {});
            if (encoding == Encoding::steps) config.edges = {2, 3};
            config.monotone = monotone;
            return fit({config}, table_of({numbers("x", {1, 2, 3, missing})})).matrix().signs();
        };
        using enum CoefficientSign;
        using Signs = std::vector<CoefficientSign>;
        for (const Encoding encoding : {Encoding::linear, Encoding::log}) {
            CHECK(signs_of(encoding, Monotone::rising) == Signs{not_negative, CoefficientSign::free});
            CHECK(signs_of(encoding, Monotone::falling) == Signs{not_positive, CoefficientSign::free});
            CHECK(signs_of(encoding, Monotone::free) == Signs(2, CoefficientSign::free));
        }
        CHECK(signs_of(Encoding::steps, Monotone::rising) == Signs{not_negative, not_negative, CoefficientSign::free});
        CHECK(signs_of(Encoding::steps, Monotone::falling) == Signs{not_positive, not_positive, CoefficientSign::free});
        // Without missing rows the last column is a step like the others.
        FeatureConfig config = with_edges("x", Encoding::steps, {2, 3});
        config.monotone = Monotone::rising;
        const FeatureTable table = table_of({numbers("x", {1, 2, 3}), texts("a", {"p", "q", "p"})});
        const FeatureEncoder encoder = fit({config, feature("a", Encoding::levels), cross("both", "x", "a")}, table);
        const FeatureMatrix matrix = encoder.encode(table);
        CHECK(matrix.names() == encoder.matrix().names());
        CHECK(matrix.signs() == encoder.matrix().signs());
        CHECK(Signs{matrix.signs().begin(), matrix.signs().begin() + 2} == Signs(2, not_negative));
        CHECK(Signs{matrix.signs().begin() + 2, matrix.signs().end()} ==
              Signs(matrix.columns() - 2, CoefficientSign::free));
    }

    TEST_CASE("names of special categories are known by their words") {
        // GDPR, article 9: health, racial or ethnic origin, political opinions, religious or philosophical beliefs,
        // trade union membership, genetic and biometric data, sex life and sexual orientation.
        for (const std::string_view name :
             {"disability",        "Disabled",   "has_disability",     "HANDICAP",      "dyslexia",
              "illness",           "diagnosis",  "medical_note",       "health",        "mental-health",
              "health status",     "ethnicity",  "ethnic_group",       "racial_origin", "race",
              "country of origin", "religion",   "religious",          "belief",        "faith",
              "political_party",   "politics",   "trade_union",        "union member",  "genetic_test",
              "biometric",         "biometrics", "sexual_orientation", "sexuality"}) {
            CAPTURE(name);
            CHECK(is_special_category(name));
        }
        for (const std::string_view name :
             {"region", "", "_", "age", "gender", "credits", "highest_education", "original_programme", "trace",
              "embrace", "racecar", "reunion", "communion"}) {
            CAPTURE(name);
            CHECK_FALSE(is_special_category(name));
        }
    }

    TEST_CASE("the special categories that the comment names are known in its own words") {
        for (const std::string_view name : {"beliefs", "genes", "sex_life", "political opinions", "trade_union",
                                            "biometrics", "health", "disability", "ethnic origin", "racial origin"}) {
            CAPTURE(name);
            CHECK(is_special_category(name));
        }
    }

    TEST_CASE("a special category needs a reason") {
        const FeatureTable table = table_of({texts("attribute:disability", {"Y", "N", "N", "Y"}),
                                             numbers("attribute:health", {1, 2, 3, 4}), numbers("x", {1, 2, 3, 4})});
        FeatureConfig config = feature("attribute:disability", Encoding::levels);
        CHECK(refuses({config}, table, "attribute:disability"));
        CHECK(refuses({config}, table, "reason"));
        config.name = "harmless";  // another name does not help
        CHECK(refuses({config}, table, "harmless"));
        config.reason = "to plan support, asked for by those concerned";
        CHECK(fit({config}, table).column_names() == Names{"harmless=N", "harmless=Y"});
        for (const Encoding encoding : {Encoding::linear, Encoding::log, Encoding::bins, Encoding::steps}) {
            CHECK(refuses({feature("attribute:health", encoding)}, table, "reason"));
        }
        // A cross of it rests on a feature that has its reason.
        CHECK(fit({config, feature("x", Encoding::linear), cross("both", "harmless", "x")}, table).columns() == 5);
        FeatureConfig crossed = cross("both", "attribute:health", "x");
        crossed.reason = "a reason of the cross alone";
        CHECK(refuses({feature("attribute:health", Encoding::linear), feature("x", Encoding::linear), crossed}, table,
                      "attribute:health"));
    }

    TEST_CASE("what is inconsistent is refused by the name of the feature") {
        const FeatureTable table =
            table_of({numbers("x", {1, 2, 3}), numbers("y", {4, 5, 6}), texts("t", {"a", "b", "a"})});
        const FeatureConfig x = feature("x", Encoding::linear);
        const FeatureConfig y = feature("y", Encoding::linear);
        const auto changed = [](FeatureConfig config, const auto& change) {
            change(config);
            return config;
        };
        CHECK(refuses({x, x}, table, "'x'"));
        CHECK(refuses({x, changed(y, [](FeatureConfig& c) { c.name = "x"; })}, table, "'x'"));
        CHECK(refuses({feature("", Encoding::linear)}, table, "name"));
        CHECK(refuses({cross("", "x", "y")}, table, "name"));
        CHECK(refuses({feature("z", Encoding::linear)}, table, "'z'"));
        CHECK(refuses({changed(x, [](FeatureConfig& c) { c.input.clear(), c.name = "n"; })}, table, "n"));
        CHECK(refuses({feature("t", Encoding::linear)}, table, "'t'"));
        CHECK(refuses({feature("t", Encoding::bins)}, table, "number"));
        CHECK(refuses({feature("x", Encoding::levels)}, table, "text"));
        CHECK(refuses({changed(x, [](FeatureConfig& c) { c.quantiles = 1; })}, table, "quantiles"));
        CHECK(refuses({changed(x, [](FeatureConfig& c) { c.quantiles = 101; })}, table, "quantiles"));
        CHECK(refuses({changed(x, [](FeatureConfig& c) { c.of = {"y", "t"}; })}, table, "'x'"));
        for (const Encoding encoding : {Encoding::bins, Encoding::levels}) {
            FeatureConfig config = feature(encoding == Encoding::bins ? "x" : "t", encoding);
            config.monotone = Monotone::falling;
            CHECK(refuses({config}, table, "monotone"));
        }
        const std::vector<Values> bad_edges{{1, 1}, {2, 1}, {1, missing}, {missing}, {1, infinite}, {-infinite, 0}};
        for (const Values& edges : bad_edges) {
            CHECK(refuses({with_edges("x", Encoding::bins, edges)}, table, "edges"));
            CHECK(refuses({with_edges("x", Encoding::steps, edges)}, table, "edges"));
        }
        CHECK(refuses({}, FeatureTable{0, {}}, "row"));
        CHECK(refuses({x}, FeatureTable{0, {numbers("x", {})}}, "row"));
    }

    TEST_CASE("a cross is refused unless it names two different features before it") {
        const FeatureTable table =
            table_of({numbers("x", {1, 2, 3}), numbers("y", {4, 5, 6}), texts("t", {"a", "b", "a"})});
        const FeatureConfig x = feature("x", Encoding::linear);
        const FeatureConfig y = feature("y", Encoding::linear);
        CHECK(refuses({x, cross("c", "x", "y"), y}, table, "'y'"));
        CHECK(refuses({x, y, cross("c", "x", "z")}, table, "'z'"));
        CHECK(refuses({x, y, cross("c", "x", "x")}, table, "'c'"));
        CHECK(refuses({x, y, cross("c", "x", "c")}, table, "'c'"));
        CHECK(refuses({x, y, cross("c", "x", "y"), cross("d", "c", "x")}, table, "'d'"));
        FeatureConfig wrong = cross("c", "x", "y");
        wrong.of.pop_back();
        CHECK(refuses({x, y, wrong}, table, "'c'"));
        wrong.of = {"x", "y", "x"};
        CHECK(refuses({x, y, wrong}, table, "'c'"));
        wrong = cross("c", "x", "y");
        wrong.input = "x";
        CHECK(refuses({x, y, wrong}, table, "'c'"));
        wrong = cross("c", "x", "y");
        wrong.monotone = Monotone::rising;
        CHECK(refuses({x, y, wrong}, table, "monotone"));
    }

    TEST_CASE("a cross with more than 100000 products is refused") {
        Names many;
        for (int i = 0; i < 400; ++i) many.push_back("level " + std::to_string(i));
        const FeatureTable table = table_of({texts("a", many), texts("b", many)});
        CHECK(refuses({feature("a", Encoding::levels), feature("b", Encoding::levels), cross("ab", "a", "b")}, table,
                      "'ab'"));
    }

    TEST_CASE("an infinite training value is refused, whatever the encoding") {
        for (const Encoding encoding : {Encoding::linear, Encoding::log, Encoding::bins, Encoding::steps}) {
            for (const double value : {infinite, -infinite}) {
                CHECK(refuses({feature("x", encoding)}, table_of({numbers("x", {1, value, 2})}), "'x'"));
                CHECK(refuses({with_edges("x", encoding, {1})}, table_of({numbers("x", {1, value, 2})}), "finite"));
            }
        }
    }

    TEST_CASE("no features make no columns") {
        const FeatureTable table = table_of({numbers("x", {1, 2, 3})});
        const FeatureEncoder encoder = fit({}, table);
        CHECK(encoder.columns() == 0);
        CHECK(encoder.inputs().empty());
        CHECK(encoder.encode(table).rows() == 3);
        CHECK(encoder == FeatureEncoder{});
    }

    TEST_CASE("each column knows its feature") {
        const FeatureTable table = table_of(
            {numbers("x", {1, 2, 3, missing}), numbers("constant", {5, 5, 5, 5}), texts("t", {"a", "b", "a", "c"})});
        const FeatureEncoder encoder = fit({feature("x", Encoding::linear), feature("constant", Encoding::steps),
                                            feature("t", Encoding::levels, 2), cross("both", "x", "t")},
                                           table);
        // Two of x, none of the steps of a constant, two of t, then the cross.
        REQUIRE(encoder.column_names() == Names{"x", "x missing", "t=a", "t rare", "x & t=a", "x missing & t rare"});
        const std::array<std::size_t, 6> expected{0, 0, 2, 2, 3, 3};
        for (std::uint32_t c = 0; c < 6; ++c) CHECK(encoder.feature_of(c) == expected[c]);
    }

    TEST_CASE("a table without an input or with it in the wrong type is refused") {
        const FeatureEncoder encoder = fit({feature("x", Encoding::linear), feature("t", Encoding::levels)},
                                           table_of({numbers("x", {1, 2}), texts("t", {"a", "b"})}));
        const auto refuses_table = [&](const FeatureTable& table, const std::string& word) {
            try {
                (void)encoder.encode(table);
            } catch (const InvalidArgument& error) {
                return std::string{error.what()}.find(word) != std::string::npos;
            }
            return false;
        };
        CHECK(refuses_table(table_of({numbers("x", {1})}), "'t'"));
        CHECK(refuses_table(table_of({texts("t", {"a"})}), "'x'"));
        CHECK(refuses_table(table_of({numbers("x", {1}), numbers("t", {1})}), "'t'"));
        CHECK(refuses_table(table_of({texts("x", {"1"}), texts("t", {"a"})}), "'x'"));
        CHECK(encoder.encode(table_of({texts("t", {"a"}), numbers("more", {9}), numbers("x", {1})})).rows() == 1);
        CHECK(encoder.encode(FeatureTable{0, {numbers("x", {}), texts("t", {})}}).rows() == 0);
    }

    TEST_CASE("inputs of the wrong length and texts that are no position among the levels are refused by name") {
        const Configs configs{feature("x", Encoding::linear), feature("t", Encoding::levels)};
        const FeatureTable good = table_of({numbers("x", {1, 2}), texts("t", {"a", "b"})});
        const FeatureEncoder encoder = fit(configs, good);
        FeatureTable is_short = good;
        is_short.inputs[1].values.pop_back();
        CHECK_THROWS_WITH_AS((void)encoder.encode(is_short), doctest::Contains("'t' must have 2 values, got 1"),
                             InvalidArgument);
        CHECK_THROWS_WITH_AS((void)is_short.select(std::vector<std::uint32_t>{0, 1}),
                             doctest::Contains("'t' must have 2 values, got 1"), InvalidArgument);
        for (const double bad : {2.0, -1.0, 0.5, 1e300, infinite}) {
            CAPTURE(bad);
            FeatureTable beyond = good;
            beyond.inputs[1].values[1] = bad;
            CHECK_THROWS_WITH_AS((void)encoder.encode(beyond), doctest::Contains("'t'"), InvalidArgument);
            CHECK_THROWS_WITH_AS((void)fit(configs, beyond), doctest::Contains("'t'"), InvalidArgument);
        }
    }

    TEST_CASE("every door refuses a table that is not consistent, even in an input that is not read") {
        const Configs configs{feature("x", Encoding::linear)};
        const FeatureTable good = table_of({numbers("x", {1, 2}), texts("t", {"a", ""})});
        const FeatureEncoder encoder = fit(configs, good);
        CHECK_NOTHROW(check(good));
        CHECK_NOTHROW(check(FeatureTable{}));
        const auto refused = [&](const FeatureTable& table, const char* expected) {
            CHECK_THROWS_WITH_AS(check(table), doctest::Contains(expected), InvalidArgument);
            CHECK_THROWS_WITH_AS((void)fit(configs, table), doctest::Contains(expected), InvalidArgument);
            CHECK_THROWS_WITH_AS((void)encoder.encode(table), doctest::Contains(expected), InvalidArgument);
            CHECK_THROWS_WITH_AS((void)table.select({}), doctest::Contains(expected), InvalidArgument);
        };
        FeatureTable bad = good;
        bad.inputs[1].values.push_back(0);
        refused(bad, "input 't' must have 2 values, got 3");
        bad = good;
        bad.inputs[1].levels = {"a", "b", "a"};
        refused(bad, "input 't' must have each of its levels once");
        bad = good;
        bad.inputs[1].values[0] = 1;
        refused(bad, "input 't' must be a position among its 1 levels");
        bad = good;
        bad.rows = 3;
        refused(bad, "input 'x' must have 3 values, got 2");
        CHECK_THROWS_WITH_AS((void)good.select(std::vector<std::uint32_t>{0, 2}),
                             "FeatureTable: rows to select must be below 2, got 2", InvalidArgument);
    }

    TEST_CASE("one person has as many values as there are inputs, and a text's value is its code") {
        const FeatureEncoder encoder = fit({feature("x", Encoding::linear), feature("t", Encoding::levels)},
                                           table_of({numbers("x", {1, 2}), texts("t", {"a", "b"})}));
        FeatureEncoder::Row row;
        for (const Values& values : {Values{}, Values{1}, Values{1, 0, 0}}) {
            const std::string expected = "2 values expected, one for each input, got " + std::to_string(values.size());
            CHECK_THROWS_WITH_AS(encoder.encode(values, row), doctest::Contains(expected.c_str()), InvalidArgument);
        }
        CHECK_NOTHROW(encoder.encode(Values{1, 1}, row));
        CHECK_NOTHROW(encoder.encode(Values{1, -1}, row));
        CHECK_THROWS_WITH_AS(encoder.encode(Values{1, 2}, row), doctest::Contains("'t'"), InvalidArgument);
        CHECK_THROWS_WITH_AS(encoder.encode(Values{1, infinite}, row), doctest::Contains("'t'"), InvalidArgument);
    }

    TEST_CASE("every encoding is what its rule says, on random rows that were learned from and on others") {
        for (std::uint64_t seed = 0; seed < 400; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            const auto inputs = random_inputs(random, 1 + random.below(120), 20);
            const Configs configs = random_configs(random);
            std::map<std::string, std::vector<SlowColumn>> of_feature;
            std::vector<SlowColumn> expected;
            std::map<std::string, bool> is_inexact;
            for (const FeatureConfig& config : configs) {
                auto& columns = of_feature[config.name];
                if (config.encoding != Encoding::cross) {
                    columns = slow_one(config, config.name, inputs.at(config.input));
                    is_inexact[config.name] = config.encoding == Encoding::linear || config.encoding == Encoding::log;
                } else {
                    for (const SlowColumn& a : of_feature[config.of[0]]) {
                        for (const SlowColumn& b : of_feature[config.of[1]]) {
                            SlowColumn product{a.name + " & " + b.name, {}, {}};
                            for (std::size_t r = 0; r < a.train.size(); ++r)
                                product.train.push_back(a.train[r] * b.train[r]);
                            for (std::size_t r = 0; r < a.test.size(); ++r)
                                product.test.push_back(a.test[r] * b.test[r]);
                            // A standardised value that is 0 but for rounding may count or not, so that it must not
                            // decide.
                            const auto rows = [&](double least) {
                                return std::count_if(product.train.begin(), product.train.end(),
                                                     [least](double x) { return std::abs(x) > least; });
                            };
                            const auto needed = static_cast<std::ptrdiff_t>(std::max(config.least_rows, 1U));
                            if (rows(1e-9) < needed && rows(0) >= needed) product.name = "?" + product.name;
                            if (rows(0) >= needed) columns.push_back(product);
                        }
                    }
                }
                expected.insert(expected.end(), columns.begin(), columns.end());
            }
            if (std::any_of(expected.begin(), expected.end(), [](const SlowColumn& c) { return c.name[0] == '?'; })) {
                continue;
            }
            const FeatureTable train = table_from(random, inputs, true);
            const FeatureTable test = table_from(random, inputs, false);
            const FeatureEncoder encoder = fit(configs, train);
            Names names;
            for (const SlowColumn& each : expected) names.push_back(each.name);
            REQUIRE(encoder.column_names() == names);
            for (const bool of_training : {true, false}) {
                const FeatureMatrix matrix = encoder.encode(of_training ? train : test);
                const Values dense = matrix.dense();
                REQUIRE(matrix.rows() == (of_training ? train.rows : test.rows));
                for (std::size_t c = 0; c < expected.size(); ++c) {
                    CAPTURE(expected[c].name);
                    const Values& column_values = of_training ? expected[c].train : expected[c].test;
                    for (std::size_t r = 0; r < matrix.rows(); ++r) {
                        const double found = dense[r * matrix.columns() + c];
                        REQUIRE(std::abs(found - column_values[r]) <= 1e-11 * (1 + std::abs(column_values[r])));
                    }
                }
            }
        }
    }

    TEST_CASE("one person encodes to the same bits as a row of a table") {
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            CAPTURE(seed);
            Random random{seed + 10'000};
            const auto inputs = random_inputs(random, 1 + random.below(80), 15);
            const FeatureEncoder encoder = fit(random_configs(random), table_from(random, inputs, true));
            for (const bool of_training : {true, false}) {
                const FeatureTable table = table_from(random, inputs, of_training);
                const FeatureMatrix matrix = encoder.encode(table);
                FeatureEncoder::Row row;
                for (std::size_t r = 0; r < table.rows; ++r) {
                    Values values;
                    for (std::size_t i = 0; i < encoder.inputs().size(); ++i) {
                        const Input& input = table.input(encoder.inputs()[i]);
                        const double value = input.values[r];
                        values.push_back(input.is_text && !std::isnan(value)
                                             ? encoder.code(i, input.levels[static_cast<std::size_t>(value)])
                                             : value);
                    }
                    encoder.encode(values, row);
                    const auto stored = matrix.row(r);
                    REQUIRE(row.columns == std::vector<std::uint32_t>{stored.columns.begin(), stored.columns.end()});
                    REQUIRE(row.values == Values{stored.values.begin(), stored.values.end()});
                    REQUIRE(row.starts.size() == encoder.features().size());
                }
            }
        }
    }

    TEST_CASE("an encoder comes back from its parts, with the same columns") {
        for (std::uint64_t seed = 0; seed < 100; ++seed) {
            CAPTURE(seed);
            Random random{seed + 20'000};
            const auto inputs = random_inputs(random, 1 + random.below(80), 15);
            const FeatureEncoder encoder = fit(random_configs(random), table_from(random, inputs, true));
            const FeatureEncoder again = FeatureEncoder::from_parts(encoder.inputs(), encoder.features());
            REQUIRE(again == encoder);
            REQUIRE(again.column_names() == encoder.column_names());
            REQUIRE(again.matrix().signs() == encoder.matrix().signs());
            const FeatureTable table = table_from(random, inputs, false);
            REQUIRE(again.encode(table).dense() == encoder.encode(table).dense());
            for (std::size_t i = 0; i < encoder.inputs().size(); ++i) {
                REQUIRE(again.is_text(i) == encoder.is_text(i));
                for (const char* const level : {"a", "b", "c", "d", "z"}) {
                    REQUIRE(again.code(i, level) == encoder.code(i, level));
                }
            }
        }
        const FeatureEncoder encoder = fit({feature("x", Encoding::linear)}, table_of({numbers("x", {1, 2})}));
        CHECK_THROWS_AS((void)FeatureEncoder::from_parts({}, encoder.features()), InvalidArgument);
    }

    TEST_CASE("encoders that learned something else are different") {
        const FeatureTable table = table_of({numbers("x", {1, 2, 3, 4})});
        const FeatureEncoder encoder = fit({feature("x", Encoding::linear)}, table);
        CHECK(encoder == fit({feature("x", Encoding::linear)}, table));
        CHECK_FALSE(encoder == fit({feature("x", Encoding::linear)}, table_of({numbers("x", {1, 2, 3, 5})})));
        CHECK_FALSE(encoder == fit({feature("x", Encoding::log)}, table));
    }

    TEST_CASE("the order of the rows changes sums in their last bits alone") {
        for (std::uint64_t seed = 0; seed < 150; ++seed) {
            CAPTURE(seed);
            Random random{seed + 30'000};
            const auto inputs = random_inputs(random, 1 + random.below(100), 10);
            const Configs configs = random_configs(random);
            // Means and deviations are sums in the order of the rows; all else is exact.
            Configs exact;
            for (const FeatureConfig& config : configs) {
                if (config.encoding == Encoding::bins || config.encoding == Encoding::steps ||
                    config.encoding == Encoding::levels) {
                    exact.push_back(config);
                }
            }
            if (exact.size() >= 2) exact.push_back(cross("both", exact[0].name, exact[1].name, 3));
            const FeatureTable train = table_from(random, inputs, true);
            const FeatureTable test = table_from(random, inputs, false);
            std::vector<std::uint32_t> order(train.rows);
            for (std::uint32_t r = 0; r < train.rows; ++r) order[r] = r;
            random.shuffle(order);
            const FeatureTable shuffled = train.select(order);
            REQUIRE(fit(exact, shuffled) == fit(exact, train));
            for (const Encoding encoding : {Encoding::linear, Encoding::log}) {
                const Configs one_feature{feature("n1", encoding)};
                const FeatureEncoder a = fit(one_feature, train);
                const FeatureEncoder b = fit(one_feature, shuffled);
                REQUIRE(a.column_names() == b.column_names());
                REQUIRE(a.features()[0].least == b.features()[0].least);
                REQUIRE(a.features()[0].most == b.features()[0].most);
                const Values found = a.encode(test).dense();
                const Values expected = b.encode(test).dense();
                for (std::size_t i = 0; i < found.size(); ++i) {
                    REQUIRE(std::abs(found[i] - expected[i]) <= 1e-11 * (1 + std::abs(expected[i])));
                }
            }
        }
    }

    TEST_CASE("a table finds its inputs by name and gives the rows that are asked for") {
        const FeatureTable table = table_of({numbers("x", {10, 20, 30}), texts("t", {"a", "", "b"})});
        CHECK(table.input("x").values == Values{10, 20, 30});
        CHECK_THROWS_AS((void)table.input("X"), InvalidArgument);
        const FeatureTable some = table.select(std::vector<std::uint32_t>{2, 0, 2});
        CHECK(some.rows == 3);
        CHECK(some.input("x").values == Values{30, 10, 30});
        CHECK(some.input("t").values == Values{1, 0, 1});
        CHECK(some.input("t").levels == Names{"a", "b"});
        CHECK(some.input("t").is_text);
        const FeatureTable none = table.select({});
        CHECK(none.rows == 0);
        CHECK(none.input("x").values.empty());
    }

    TEST_CASE("encodings have their names") {
        using alloquy::model::name_of;
        const std::array<std::string_view, 6> encodings{"linear", "log", "bins", "steps", "levels", "cross"};
        for (std::size_t i = 0; i < 6; ++i) CHECK(name_of(static_cast<Encoding>(i)) == encodings[i]);
        const std::array<std::string_view, 3> directions{"free", "rising", "falling"};
        for (std::size_t i = 0; i < 3; ++i) CHECK(name_of(static_cast<Monotone>(i)) == directions[i]);
    }
}
