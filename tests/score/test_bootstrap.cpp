#include <alloquy/score/bootstrap.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"

using alloquy::InvalidArgument;
using alloquy::score::bootstrap;
using alloquy::score::BootstrapOptions;
using alloquy::score::Interval;
using alloquy::score::detail::draw_counts;
using alloquy::score::detail::quantile;
using alloquy::support::Random;

namespace {

using Counts = std::span<const std::uint32_t>;

/// Whether a call throws InvalidArgument with these words in its text.
template <class Call>
bool refuses(const std::string& words, const Call& call) {
    try {
        (void)call();
    } catch (const InvalidArgument& error) {
        const bool found = std::string{error.what()}.find(words) != std::string::npos;
        if (!found) MESSAGE(error.what());
        return found;
    }
    return false;
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_SUITE("score/bootstrap") {
    TEST_CASE("quantiles of resamples are those of NumPy") {
        // numpy.quantile([1, 2, 4, 8, 16], q), method "linear".
        const std::vector<double> values{1, 2, 4, 8, 16};
        for (const auto& point :
             std::map<double, double>{{0, 1}, {0.025, 1.1}, {0.25, 2}, {0.3, 2.4}, {0.5, 4}, {0.975, 15.2}, {1, 16}}) {
            CAPTURE(point.first);
            CHECK(quantile(values, point.first) == doctest::Approx(point.second).epsilon(1e-14));
        }
        CHECK(quantile(std::array{3.0}, 0.4) == 3);
    }

    TEST_CASE("draws of a resample follow the multinomial distribution") {
        // Three draws among three: each of the 27 sequences alike, so (1, 1, 1) comes in 6 of 27, (3, 0, 0) in 1, and
        // (2, 1, 0) in 3. 27,000 resamples; standard deviations 68, 31 and 51.
        std::map<std::vector<std::uint32_t>, int> found;
        std::vector<std::uint32_t> counts(3);
        for (std::uint32_t r = 0; r < 27'000; ++r) {
            draw_counts(9, r, counts);
            ++found[counts];
        }
        CHECK(found.size() == 10);
        for (const auto& [drawn, times] : found) {
            const auto most = *std::max_element(drawn.begin(), drawn.end());
            const int expected = most == 1 ? 6000 : (most == 2 ? 3000 : 1000);
            const int deviation = most == 1 ? 68 : (most == 2 ? 51 : 31);
            CAPTURE(expected);
            CHECK(std::abs(times - expected) < 5 * deviation);
        }
    }

    TEST_CASE("draws that would favour some rows are refused") {
        // By the same Python program. For a million rows, 2^32 mod 10^6 = 967,296 of the 2^32 words are refused: about
        // 225 in a million draws, each of which moves all later ones.
        std::vector<std::uint32_t> counts(1'000'000);
        draw_counts(42, 5, counts);
        std::uint64_t places = 0;
        std::uint64_t squares = 0;
        for (std::size_t i = 0; i < counts.size(); ++i) {
            places += i * counts[i];
            squares += std::uint64_t{counts[i]} * counts[i];
        }
        CHECK(places == 499'728'616'386);
        CHECK(squares == 2'000'484);
    }

    TEST_CASE("the bootstrap of a mean has the ends of the normal theory") {
        Random random{4};
        std::vector<double> values;
        for (int i = 0; i < 400; ++i) values.push_back(random.fraction());
        const double mean = std::accumulate(values.begin(), values.end(), 0.0) / 400;
        double squares = 0;
        for (const double value : values) squares += (value - mean) * (value - mean);
        const double error = std::sqrt(squares / 400 / 400);
        const auto metric = [&](Counts counts) -> std::optional<double> {
            double sum = 0;
            for (std::size_t i = 0; i < counts.size(); ++i) sum += counts[i] * values[i];
            return sum / 400;
        };
        const Interval interval = bootstrap(400, metric, {.resamples = 4000, .seed = 1});
        CHECK(interval.estimate == doctest::Approx(mean).epsilon(1e-12));
        // 4,000 resamples give each end within 0.04 standard errors (standard deviation of a 2.5 % quantile).
        CHECK(interval.low == doctest::Approx(mean - 1.96 * error).epsilon(0.2 * error / mean));
        CHECK(interval.high == doctest::Approx(mean + 1.96 * error).epsilon(0.2 * error / mean));
        CHECK(interval.resamples == 4000);
        CHECK(interval.skipped == 0);
        const Interval narrow = bootstrap(400, metric, {.resamples = 4000, .level = 0.5, .seed = 1});
        CHECK(narrow.high - narrow.low == doctest::Approx(2 * 0.6745 * error).epsilon(0.1));
    }

    TEST_CASE("whole groups are drawn, as many as there are") {
        const std::vector<std::uint64_t> groups{7, 7, 3, 3, 3, 9, 7, 1};
        std::set<std::uint32_t> sizes;
        const auto metric = [&](Counts counts) -> std::optional<double> {
            std::map<std::uint64_t, std::uint32_t> drawn;
            for (std::size_t i = 0; i < 8; ++i)
                REQUIRE(drawn.try_emplace(groups[i], counts[i]).first->second == counts[i]);
            std::uint32_t sum = 0;
            for (const auto& entry : drawn) sum += entry.second;
            REQUIRE(sum == 4);
            sizes.insert(std::accumulate(counts.begin(), counts.end(), 0U));
            return 0.0;
        };
        (void)bootstrap(8, metric, {.resamples = 200, .groups = groups});
        CHECK(sizes.size() > 4);  // 4 to 12 rows
    }

    TEST_CASE("what a metric throws comes out of the bootstrap, from any thread") {
        std::size_t rows = 5;
        const auto metric = [&](Counts counts) -> std::optional<double> {
            if (counts[0] == 2) throw std::runtime_error{"no"};
            return 1.0;
        };
        for (const unsigned threads : {1U, 3U}) {
            CHECK_THROWS_WITH_AS((void)bootstrap(rows, metric, {.resamples = 200, .threads = threads}), "no",
                                 std::runtime_error);
        }
        CHECK(refuses("metric must not give NaN",
                      [&] { return bootstrap(rows, [](Counts) -> std::optional<double> { return not_a_number; }); }));
        CHECK(refuses("metric must be defined on the rows",
                      [&] { return bootstrap(rows, [](Counts) -> std::optional<double> { return std::nullopt; }); }));
        CHECK(refuses("not defined in", [&] {
            return bootstrap(rows, [](Counts counts) { return counts[0] == 1 ? std::optional{1.0} : std::nullopt; });
        }));
    }

    TEST_CASE("options of the bootstrap out of range are refused") {
        const auto metric = [](Counts) { return std::optional{1.0}; };
        const std::vector<std::uint64_t> few(49, 1);
        const std::vector<std::uint64_t> same(50, 1);
        const auto with = [&](const BootstrapOptions& options) {
            return [=] { return bootstrap(50, metric, options); };
        };
        CHECK(refuses("level must be in", with({.level = 0})));
        CHECK(refuses("level must be in", with({.level = 1})));
        CHECK(refuses("level must be in", with({.level = not_a_number})));
        CHECK(refuses("resamples must be at least", with({.resamples = 39})));
        CHECK_FALSE(refuses("", with({.resamples = 40})));
        CHECK_FALSE(refuses("", with({.resamples = 20, .level = 0.9})));
        CHECK(refuses("threads must be >= 1", with({.threads = 0})));
        CHECK(refuses("groups must have 50 rows", with({.groups = few})));
        CHECK(refuses("groups must hold at least 2", with({.groups = same})));
        CHECK(refuses("rows must not be empty", [&] { return bootstrap(0, metric); }));
    }
}
