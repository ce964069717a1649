#pragma once

/// \file
/// Persona: a typical profile of some people, that can be run through segments and actions like a person.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/segment/people_table.hpp>

namespace alloquy::segment {

/// How a persona is made.
struct PersonaOptions {
    /// Fewest people, and fewest of whom a field must be known for it to be told, >= 2. A profile of few is personal
    /// data.
    std::size_t least_people = 10;
};

/// One field of a persona, in the field's own unit. Rounded; see persona().
struct PersonaField {
    std::string name;
    double known = 0;  ///< Share of the people of whom it is known, in [0, 1].
    /// Median of those of whom it is known. Empty where it is known of less than half of them all: the typical person
    /// has none.
    std::optional<double> typical{};
    /// Quarter of the people below, and above; of those of whom it is known. Empty where these are too few.
    std::optional<double> lower_quartile{};
    std::optional<double> upper_quartile{};

    friend bool operator==(const PersonaField&, const PersonaField&) = default;
};

/// A typical profile of some people.
struct Persona {
    std::size_t people = 0;            ///< That it was made of.
    std::vector<PersonaField> fields;  ///< In the table's order.

    /// The typical value of a field, as a condition sees it; empty where it is unknown.
    /// \throws NotFound  if the persona has no such field.
    [[nodiscard]] std::optional<double> value(std::string_view field) const {
        const auto at =
            std::find_if(fields.begin(), fields.end(), [&](const PersonaField& one) { return one.name == field; });
        if (at == fields.end()) throw NotFound{"Persona: no field \"" + std::string{field} + "\""};
        return at->typical;
    }
    friend bool operator==(const Persona&, const Persona&) = default;
};

namespace detail {

/// A readable number within `slack` of the value; the value itself where slack is 0.
[[nodiscard]] inline double rounded(double value, double slack) noexcept {
    const double low = value - slack;
    const double high = value + slack;
    return low < high ? readable_between(low, high) : value;
}

}  // namespace detail

/// A typical profile of some people: the median of each field, with quartiles and the share of whom it is known.
///
/// It is copied from nobody: each field is counted on its own over all the people, and rounded to the shortest number
/// within a fiftieth of the distance between the quartiles. Short numbers (counts, steps of a scale) stay as they are;
/// somebody may have them all by chance, which the profile does not tell. Medians of fields that depend on each other
/// need not meet in anybody.
/// \param rows  Of the table, none twice. Any order.
/// \throws InvalidArgument  if the table is out of range, or rows are fewer than options.least_people.
/// \par Cost    O(rows fields).
[[nodiscard]] inline Persona persona(const PeopleTable& table, const std::vector<std::uint32_t>& rows,
                                     const PersonaOptions& options = {}) {
    detail::expect_count("persona", "least_people", options.least_people, 2, std::numeric_limits<std::size_t>::max());
    table.check();
    detail::expect_rows_of("persona", "rows", table, rows);
    if (rows.size() < options.least_people) {
        throw InvalidArgument{"persona: rows must be at least " + std::to_string(options.least_people) +
                              " people, got " + std::to_string(rows.size()) + ": a profile of few is personal data"};
    }
    Persona found;
    found.people = rows.size();
    for (std::size_t field = 0; field < table.fields.size(); ++field) {
        std::vector<double> known = detail::known_values(table.columns[field], rows);
        PersonaField one{table.fields[field], static_cast<double>(known.size()) / static_cast<double>(rows.size())};
        if (known.size() >= options.least_people) {
            const double lower = detail::quantile_of(known, 0.25);
            const double upper = detail::quantile_of(known, 0.75);
            const double slack = (upper - lower) / 50;
            if (2 * known.size() >= rows.size()) {
                one.typical = detail::rounded(detail::quantile_of(known, 0.5), slack);
            }
            one.lower_quartile = detail::rounded(lower, slack);
            one.upper_quartile = detail::rounded(upper, slack);
        }
        found.fields.push_back(std::move(one));
    }
    return found;
}

}  // namespace alloquy::segment
