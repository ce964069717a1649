#pragma once

/// \file
/// Symmetric: the Cholesky factor of a symmetric matrix, and what is solved with it; same bits for any threads.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <alloquy/parallel.hpp>

namespace alloquy::score::detail {

/// An upper triangle, row by row: row i holds columns i to size - 1.
class UpperTriangle {
public:
    explicit UpperTriangle(std::size_t size) : size_{size}, values_(size * (size + 1) / 2, 0.0) {}
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Pointer p with p[column] = entry, for columns row to size - 1.
    [[nodiscard]] double* row(std::size_t row) noexcept { return values_.data() + offset(row); }
    [[nodiscard]] const double* row(std::size_t row) const noexcept { return values_.data() + offset(row); }
    void clear() { std::fill(values_.begin(), values_.end(), 0.0); }

private:
    /// Start of the row less `row`: i * size - i (i - 1) / 2 - i, never negative for i < size.
    [[nodiscard]] std::size_t offset(std::size_t row) const noexcept { return row * size_ - row * (row + 1) / 2; }
    std::size_t size_;
    std::vector<double> values_;
};

/// Turns a symmetric matrix with unit diagonal, given by its upper triangle A, into its Cholesky factor U, U'U = A.
///
/// Blocks of rows; the threads share the rows below a block, each of which is subtracted in one fixed order.
/// \param smallest  Least pivot that counts as above 0.
/// \return          size() on success, else the first row whose pivot is too small; A is then of no use.
[[nodiscard]] inline std::size_t factor_cholesky(UpperTriangle& a, double smallest, unsigned threads) {
    constexpr std::size_t block = 48;
    const std::size_t size = a.size();
    const auto subtract = [&](std::size_t target, std::size_t first, std::size_t last) {
        double* const out = a.row(target);
        std::size_t k = first;
        for (; k + 3 < last; k += 4) {
            const double* const r0 = a.row(k);
            const double* const r1 = a.row(k + 1);
            const double* const r2 = a.row(k + 2);
            const double* const r3 = a.row(k + 3);
            const double f0 = r0[target];
            const double f1 = r1[target];
            const double f2 = r2[target];
            const double f3 = r3[target];
            if (f0 == 0 && f1 == 0 && f2 == 0 && f3 == 0) continue;  // columns that never meet
            for (std::size_t i = target; i < size; ++i) {
                out[i] = (((out[i] - f0 * r0[i]) - f1 * r1[i]) - f2 * r2[i]) - f3 * r3[i];
            }
        }
        for (; k < last; ++k) {
            const double* const source = a.row(k);
            const double factor = source[target];
            if (factor == 0) continue;
            for (std::size_t i = target; i < size; ++i) out[i] -= factor * source[i];
        }
    };
    for (std::size_t first = 0; first < size; first += block) {
        const std::size_t last = std::min(size, first + block);
        for (std::size_t j = first; j < last; ++j) {
            subtract(j, first, j);
            double* const row = a.row(j);
            if (!(row[j] > smallest)) return j;
            const double root = std::sqrt(row[j]);
            row[j] = root;
            for (std::size_t i = j + 1; i < size; ++i) row[i] /= root;
        }
        const unsigned useful = size - last < 256 ? 1 : threads;
        run_in_threads(useful, [&](unsigned thread) {
            for (std::size_t j = last + thread; j < size; j += useful) subtract(j, first, last);
        });
    }
    return size;
}

/// Solves U'U x = b in place.
inline void solve_cholesky(const UpperTriangle& u, std::vector<double>& b) {
    const std::size_t size = u.size();
    for (std::size_t j = 0; j < size; ++j) {
        const double* const row = u.row(j);
        b[j] /= row[j];
        for (std::size_t i = j + 1; i < size; ++i) b[i] -= row[i] * b[j];
    }
    for (std::size_t j = size; j-- > 0;) {
        const double* const row = u.row(j);
        double sum = b[j];
        for (std::size_t i = j + 1; i < size; ++i) sum -= row[i] * b[i];
        b[j] = sum / row[j];
    }
}

}  // namespace alloquy::score::detail
