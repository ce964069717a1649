#include <alloquy/time/range.hpp>

#include <optional>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/time/day.hpp>

namespace {

using alloquy::time::Day;
using alloquy::time::Range;

Day day(int number) {
    return Day::from_unix_days(number);
}
Range<Day> range(int start, int end) {
    return {day(start), day(end)};
}

}  // namespace

TEST_SUITE("time/range") {
    TEST_CASE("a range holds its start but not its end, and may be empty but not reversed") {
        CHECK_FALSE(range(2, 4).contains(day(1)));
        CHECK(range(2, 4).contains(day(2)));
        CHECK(range(2, 4).contains(day(3)));
        CHECK_FALSE(range(2, 4).contains(day(4)));
        CHECK(range(2, 2).is_empty());
        CHECK_FALSE(range(2, 2).contains(day(2)));
        CHECK_THROWS_AS((void)range(3, 2), alloquy::InvalidArgument);
    }

    TEST_CASE("overlap and intersection are those of the sets of days") {
        // Brute force over all ranges of eight days.
        for (int a = 0; a < 8; ++a) {
            for (int b = a; b <= 8; ++b) {
                for (int c = 0; c < 8; ++c) {
                    for (int d = c; d <= 8; ++d) {
                        int shared = 0;
                        for (int i = 0; i < 8; ++i) {
                            if (range(a, b).contains(day(i)) && range(c, d).contains(day(i))) ++shared;
                        }
                        REQUIRE(overlaps(range(a, b), range(c, d)) == (shared > 0));
                        const auto both = intersection(range(a, b), range(c, d));
                        REQUIRE(both.has_value() == (shared > 0));
                        if (both) REQUIRE(both->end_exclusive() - both->start() == shared);
                    }
                }
            }
        }
    }
}
