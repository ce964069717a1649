// BENCH lifecycle: fits and expectations of BG/NBD and BG/BB. Prints `name value` lines.
// First argument: the folder of the public data sets (cdnow, donations-bgbb), else $ALLOQUY_DATA or ../shared/data.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <alloquy/score/bg_bb.hpp>
#include <alloquy/score/bg_nbd.hpp>

namespace {

using namespace alloquy;

constexpr std::size_t people = 1'000'000;

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
class Random {
public:
    explicit Random(std::uint64_t seed) : state_{seed} {}
    /// In (0, 1).
    double fraction() {
        state_ += 0x9E3779B97F4A7C15;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EB;
        return (static_cast<double>((z ^ (z >> 31U)) >> 11U) + 0.5) * 0x1p-53;
    }
    double exponential() { return -score::log(fraction()); }
    /// Marsaglia, Tsang: "A simple method for generating gamma variables", ACM TOMS 26 (2000); normals by Marsaglia's
    /// polar method.
    double gamma(double shape) {
        if (shape < 1) return gamma(shape + 1) * std::pow(fraction(), 1 / shape);
        const double d = shape - 1.0 / 3.0;
        for (;;) {
            const double x = normal();
            const double v = 1 + x / std::sqrt(9 * d);
            if (v <= 0) continue;
            const double cube = v * v * v;
            if (score::log(fraction()) < 0.5 * x * x + d - d * cube + d * score::log(cube)) return d * cube;
        }
    }
    double beta(double a, double b) {
        const double x = gamma(a);
        return x / (x + gamma(b));
    }

private:
    double normal() {
        for (;;) {
            const double x = 2 * fraction() - 1;
            const double y = 2 * fraction() - 1;
            const double s = x * x + y * y;
            if (s < 1 && s > 0) return x * std::sqrt(-2 * score::log(s) / s);
        }
    }
    std::uint64_t state_;
};

struct Columns {
    std::vector<std::uint32_t> repeats{};
    std::vector<double> recency{};
    std::vector<double> age{};
    [[nodiscard]] score::Recurrences rows() const { return {repeats, recency, age}; }
};

/// People as the model has them, observed for one to three years, in weeks.
Columns simulate(const score::BgNbdParameters& parameters, std::uint64_t seed) {
    Columns columns;
    Random random{seed};
    for (std::size_t i = 0; i < people; ++i) {
        const double rate = random.gamma(parameters.r) / parameters.alpha;
        const double drop_out = random.beta(parameters.a, parameters.b);
        const double age = 52 + 104 * random.fraction();
        std::uint32_t repeats = 0;
        double last = 0;
        for (double at = random.exponential() / rate; at <= age; at += random.exponential() / rate) {
            ++repeats;
            last = at;
            if (random.fraction() < drop_out) break;
        }
        columns.repeats.push_back(repeats);
        columns.recency.push_back(last);
        columns.age.push_back(age);
    }
    return columns;
}

double seconds(auto&& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median_seconds(std::size_t rounds, auto&& work) {
    std::vector<double> all;
    for (std::size_t round = 0; round < rounds; ++round) all.push_back(seconds(work));
    std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(rounds / 2), all.end());
    return all[rounds / 2];
}

Columns read_cdnow(const std::filesystem::path& path) {
    Columns columns;
    std::ifstream file{path};
    std::string line;
    std::getline(file, line);  // ID,frequency,recency,T
    while (std::getline(file, line)) {
        unsigned id = 0;
        unsigned repeats = 0;
        double recency = 0;
        double age = 0;
        if (std::sscanf(line.c_str(), "%u,%u,%lf,%lf", &id, &repeats, &recency, &age) != 4) continue;
        columns.repeats.push_back(repeats);
        columns.recency.push_back(recency);
        columns.age.push_back(age);
    }
    return columns;
}

void bench_cdnow(const std::filesystem::path& path) {
    const Columns columns = read_cdnow(path);
    if (columns.repeats.empty()) {
        std::fprintf(stderr, "SKIPPED: cdnow_customers_summary.csv is not there (set ALLOQUY_DATA)\n");
        return;
    }
    const score::BgNbdFit fit = score::fit_bg_nbd(columns.rows());
    std::printf("bgnbd_fit_ms %.4f\n",
                median_seconds(301, [&] { static_cast<void>(score::fit_bg_nbd(columns.rows())); }) * 1e3);
    std::printf("bgnbd_iterations %u\n", fit.iterations);
    std::printf("bgnbd_r %.9f\nbgnbd_alpha %.9f\nbgnbd_a %.9f\nbgnbd_b %.9f\n", fit.parameters.r, fit.parameters.alpha,
                fit.parameters.a, fit.parameters.b);
    std::printf("bgnbd_log_likelihood %.6f\n", fit.log_likelihood);
}

void bench_donations(const std::filesystem::path& path) {
    std::vector<std::uint32_t> taken;
    std::vector<std::uint32_t> last;
    std::vector<std::uint32_t> offered;
    std::vector<double> weights;
    std::ifstream file{path};
    std::string line;
    std::getline(file, line);  // frequency,recency,periods,weights
    while (std::getline(file, line)) {
        unsigned x = 0;
        unsigned t = 0;
        unsigned n = 0;
        double weight = 0;
        if (std::sscanf(line.c_str(), "%u,%u,%u,%lf", &x, &t, &n, &weight) != 4) continue;
        taken.push_back(x);
        last.push_back(t);
        offered.push_back(n);
        weights.push_back(weight);
    }
    if (taken.empty()) {
        std::fprintf(stderr, "SKIPPED: donations.csv is not there (set ALLOQUY_DATA)\n");
        return;
    }
    const score::OccasionRecords rows{taken, last, offered, weights};
    const score::BgBbFit fit = score::fit_bg_bb(rows);
    std::printf("bgbb_fit_ms %.4f\n", median_seconds(301, [&] { static_cast<void>(score::fit_bg_bb(rows)); }) * 1e3);
    std::printf("bgbb_iterations %u\n", fit.iterations);
    std::printf("bgbb_alpha %.9f\nbgbb_beta %.9f\nbgbb_gamma %.9f\nbgbb_delta %.9f\n", fit.parameters.alpha,
                fit.parameters.beta, fit.parameters.gamma, fit.parameters.delta);
    std::printf("bgbb_log_likelihood %.6f\n", fit.log_likelihood);
}

void bench_million() {
    const score::BgNbdParameters truth{0.7, 11.0, 0.9, 3.1};
    const Columns columns = simulate(truth, 1);
    score::BgNbdOptions options;
    options.threads = 2;
    score::BgNbdFit fit{};
    std::printf("bgnbd_fit_1m_seconds %.3f\n",
                median_seconds(3, [&] { fit = score::fit_bg_nbd(columns.rows(), options); }));
    options.threads = 1;
    const double alone = median_seconds(3, [&] { static_cast<void>(score::fit_bg_nbd(columns.rows(), options)); });
    std::printf("bgnbd_fit_1m_one_thread_seconds %.3f\n", alone);
    std::printf("bgnbd_fit_1m_iterations %u\n", fit.iterations);
    std::printf("bgnbd_fit_1m_r %.5f\nbgnbd_fit_1m_alpha %.5f\nbgnbd_fit_1m_a %.5f\nbgnbd_fit_1m_b %.5f\n",
                fit.parameters.r, fit.parameters.alpha, fit.parameters.a, fit.parameters.b);
    std::vector<double> expected;
    std::printf("bgnbd_expected_1m_seconds %.3f\n", median_seconds(5, [&] {
                    expected = score::expected_interactions(fit.parameters, columns.rows(), 52);
                }));
    std::printf("bgnbd_active_1m_seconds %.3f\n",
                median_seconds(5, [&] { expected = score::p_active(fit.parameters, columns.rows()); }));
}

}  // namespace

int main(int count, char** values) {
    const char* const variable = std::getenv("ALLOQUY_DATA");
    const std::filesystem::path data = count > 1 ? values[1] : variable != nullptr ? variable : "../shared/data";
    bench_cdnow(data / "cdnow" / "cdnow_customers_summary.csv");
    bench_donations(data / "donations-bgbb" / "donations.csv");
    bench_million();
    return EXIT_SUCCESS;
}
