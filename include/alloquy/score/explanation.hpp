#pragma once

/// \file
/// Explanation: a score as parts that add up to it, in one form for every score.

#include <cstdint>
#include <string>
#include <vector>

namespace alloquy::score {

/// One part of a score.
struct Part {
    std::string name;
    double value;         ///< What was found of the person, in the part's own unit.
    double weight;        ///< What the score makes of it: a share, a coefficient; see the score.
    double contribution;  ///< What it adds to the score.

    friend bool operator==(const Part&, const Part&) = default;
};

/// A score and what it is made of. The parts' contributions add up to `value` exactly, in any order.
struct Explanation {
    std::string name;
    double value;
    double evidence;  ///< How many observations the score rests on; 0 where nothing is known of the person.
    std::vector<Part> parts;

    friend bool operator==(const Explanation&, const Explanation&) = default;
};

/// A number cut towards 0 to a multiple of 1 / steps. Sums of such numbers are exact in any order, as long as they stay
/// below 2^53 / steps.
/// \param steps  A power of 2; |number| * steps < 2^62, which the caller sees to.
[[nodiscard]] inline double on_grid(double number, double steps) noexcept {
    return static_cast<double>(static_cast<std::int64_t>(number * steps)) / steps;
}

}  // namespace alloquy::score
