#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <alloquy/score/bg_bb.hpp>
#include <alloquy/score/bg_nbd.hpp>
#include <alloquy/score/lifecycle.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "rows.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

using score::BgBbFit;
using score::BgBbParameters;
using score::BgNbdFit;
using score::BgNbdParameters;
using score::LifecycleConfig;

constexpr auto config_doc = R"doc(One kind of dealing that people take up, repeat and drop.

Once fitted, the columns `active:<name>` and `expected:<name>` tell whether somebody still does it and how often to
expect it.

>>> alloquy.LifecycleConfig("visits", acts=[alloquy.Act.visited]).unit_days
7.0
)doc";
constexpr auto bg_nbd_parameters_doc = R"doc(Parameters of the BG/NBD model.

While active, a person comes back as a Poisson process with an own rate; after each time the person drops out for good
with an own probability. The first contact starts a person's clock and is not counted; "repeats" are those after it.

Source of all formulas: P. Fader, B. Hardie, K. L. Lee, "Counting your customers the easy way", Marketing Science 24(2),
2005, pp. 275-284.

>>> parameters = alloquy.BgNbdParameters(r=0.243, alpha=4.414, a=0.793, b=2.426)
>>> round(alloquy.p_active(parameters, repeats=2, recency=30.43, age=38.86), 3)
0.727
>>> round(alloquy.expected_interactions(parameters, 2, 30.43, 38.86, horizon=39), 3)
1.226
)doc";
constexpr auto bg_bb_parameters_doc = R"doc(Parameters of the BG/BB model, each in [1e-10, 1e10].

For things that can be done once per occasion, such as a yearly gift: before each occasion an active person drops out
for good with an own probability; who is active then takes the occasion with another own probability. What brought the
person in is not an occasion.

Source of all formulas: P. Fader, B. Hardie, J. Shang, "Customer-base analysis in a discrete-time noncontractual
setting", Marketing Science 29(6), 2010, pp. 1086-1108.

>>> parameters = alloquy.BgBbParameters(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783)
>>> round(alloquy.p_active(parameters, taken=1, last=1, offered=6), 2)
0.07
)doc";
constexpr auto fit_bg_nbd_doc = R"doc(The parameters under which what was seen is most likely, a BgNbdFit.

repeats : int64 array, shape (n): contacts after the first.
recency : float64 array, shape (n): time of the last of them since the first, in (0, age]; 0 if there is none.
age : float64 array, shape (n): time over which the person was observed, in [0, 1e100], in the same unit.
weights : float64 array, shape (n), or None: how many equal people a row stands for, >= 0.
penalty : >= 0: this times r^2 + (alpha / longest age)^2 + a^2 + b^2 is taken from the mean log-likelihood of a person.
max_iterations : >= 1. tolerance : in (0, 0.01], done when the next step would change no parameter by more than this
fraction. threads : >= 1; the result is the same for any number.
Raises InvalidArgument if a row or an option is out of range or there are too little data (no repeat at all, or a
likelihood without a maximum; a penalty may give one), and Error without convergence. Some 6 to 12 passes over all
people, 45 ns each for those who came back and 5 ns for the others.
)doc";
constexpr auto fit_bg_bb_doc = R"doc(The parameters under which what was seen is most likely, a BgBbFit.

taken : int64 array, shape (n): occasions taken, at most `last`.
last : int64 array, shape (n): number of the last one taken, counted from 1; 0 if there is none.
offered : int64 array, shape (n): occasions that there were, in [last, 1e6].
weights : float64 array, shape (n), or None: how many equal people a row stands for, >= 0.
penalty : >= 0: this times the sum of the squared parameters is taken from the mean log-likelihood of a person.
max_iterations : >= 1. tolerance : in (0, 0.01], done when the next step would change no parameter by more than this
fraction. threads : >= 1; the result is the same for any number.
Raises InvalidArgument if a row or an option is out of range or there are too little data (nobody took an occasion, or a
likelihood without a maximum), and Error without convergence.
)doc";
constexpr auto p_active_nbd_doc = R"doc(Probability that somebody is still active at the end of the time observed.

repeats, recency, age : as in fit_bg_nbd; numbers, or arrays of one length.
Returns a float, or a float64 array, in [0, 1]; 1 without repeats. Raises InvalidArgument if something is out of range.
Source: P. Fader, B. Hardie, K. L. Lee, "Computing P(alive) using the BG/NBD model" (2008).
)doc";
constexpr auto p_active_bb_doc = R"doc(Probability that somebody is active at occasion offered + ahead.

taken, last, offered : as in fit_bg_bb; numbers, or arrays of one length.
ahead : in [0, 1e6]; 1 asks for the next occasion, 0 for the last one that there was.
Returns a float, or a float64 array, in [0, 1]. Raises InvalidArgument if something is out of range.
Source: eq. (11) and (A10) of the paper.
)doc";
constexpr auto expected_new_nbd_doc =
    R"doc(Expected number of repeats of a new person up to a time after the first contact.

time : in the unit of alpha, in [0, 1e100]; a number or a float64 array.
Returns a float, or a float64 array, >= 0. Source: eq. (9) of the paper.
)doc";
constexpr auto expected_nbd_doc =
    R"doc(Expected number of repeats within a time that begins at the end of the time observed.

repeats, recency, age : as in fit_bg_nbd; numbers, or arrays of one length.
horizon : in the unit of alpha, in [0, 1e100].
Returns a float, or a float64 array, >= 0. Source: eq. (10) of the paper.
)doc";
constexpr auto expected_new_bb_doc = R"doc(Expected number of occasions that a new person takes.

occasions : at most 1e6; a number or an int64 array.
Returns a float, or a float64 array, >= 0. Source: eq. (8) of the paper.
)doc";
constexpr auto expected_bb_doc = R"doc(Expected number of the next occasions that somebody takes.

taken, last, offered : as in fit_bg_bb; numbers, or arrays of one length.
ahead : at most 1e6 occasions.
Returns a float, or a float64 array, >= 0. Source: eq. (13) of the paper.
)doc";
constexpr auto log_likelihood_nbd_doc = R"doc(Log-likelihood of people, each times the weight.

Arguments as fit_bg_nbd; repeats, recency and age may be numbers: one person. Source: eq. (6) of the paper.
)doc";
constexpr auto log_likelihood_bb_doc = R"doc(Log-likelihood of people, each times the weight.

Arguments as fit_bg_bb; taken, last and offered may be numbers: one person. Source: eq. (5) of the paper.
)doc";
constexpr auto count_nbd_doc =
    R"doc(Probability that a new person has exactly `count` repeats up to a time after the first contact.

count : number or int64 array, >= 0. time : in the unit of alpha, in [0, 1e100]; number or float64 array.
Returns a float, or a float64 array, in [0, 1]. Source: eq. (8) of the paper.
)doc";
constexpr auto count_bb_doc = R"doc(Probability that a new person takes exactly `count` of the first occasions.

count, occasions : numbers or int64 arrays, >= 0; occasions at most 1e6.
Returns a float, or a float64 array, in [0, 1]. Source: eq. (7) of the paper.
)doc";

/// Three arguments that are numbers or arrays.
template <class A, class B, class C>
struct Rows {
    A a;
    B b;
    C c;
    std::optional<std::size_t> count = common_rows(a, b, c);
    /// As struct of spans.
    /// \param rows  How often a scalar is repeated.
    template <class People>
    [[nodiscard]] People people(std::size_t rows, std::span<const double> weights = {}) {
        return {a.values(rows), b.values(rows), c.values(rows), weights};
    }
    template <class Person>
    [[nodiscard]] Person person() const {
        return {a.scalar(), b.scalar(), c.scalar()};
    }
};
using RecurrenceRows = Rows<Counts, Numbers, Numbers>;
using OccasionRows = Rows<Counts, Counts, Counts>;

RecurrenceRows recurrence_rows(const py::object& repeats, const py::object& recency, const py::object& age) {
    return {Counts{repeats, "repeats"}, Numbers{recency, "recency"}, Numbers{age, "age"}};
}
OccasionRows occasion_rows(const py::object& taken, const py::object& last, const py::object& offered) {
    return {Counts{taken, "taken"}, Counts{last, "last"}, Counts{offered, "offered"}};
}

/// of_one(person) as a float, or of_many(people) as an array.
template <class Person, class People, class Arguments, class OfOne, class OfMany>
py::object answer(Arguments rows, const OfOne& of_one, const OfMany& of_many) {
    if (!rows.count) return py::float_{of_one(rows.template person<Person>())};
    const People people = rows.template people<People>(*rows.count);
    return to_array(released([&] { return of_many(people); }));
}

/// of(a, b) as a float, or of each row as an array.
template <class A, class B, class Of>
py::object answer_each(A a, B b, const Of& of) {
    const std::optional<std::size_t> rows = common_rows(a, b);
    if (!rows) return py::float_{of(a.scalar(), b.scalar())};
    const auto first = a.values(*rows);
    const auto second = b.values(*rows);
    if (first.size() != second.size()) throw InvalidArgument{"probability_of_count: arrays must have the same length"};
    std::vector<double> values(*rows);
    released([&] {
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = of(first[i], second[i]);
        return 0;
    });
    return to_array(std::move(values));
}
template <class A, class Of>
py::object answer_each(A a, const Of& of) {
    if (a.is_scalar_value()) return py::float_{of(a.scalar())};
    const auto all = a.values(a.size());
    std::vector<double> values(all.size());
    released([&] {
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = of(all[i]);
        return 0;
    });
    return to_array(std::move(values));
}

template <class Fit>
void bind_fit(py::module_& module, const char* name, const char* doc, const char* parameters_doc,
              const char* errors_doc) {
    py::class_<Fit>{module, name, doc}
        .def_property_readonly(
            "parameters", [](const Fit& self) { return self.parameters; }, parameters_doc)
        .def_readonly("log_likelihood", &Fit::log_likelihood, "Of all people, without the penalty.")
        .def_property_readonly(
            "standard_errors",
            [](const Fit& self) {
                return to_array(std::vector<double>{self.standard_errors.begin(), self.standard_errors.end()});
            },
            errors_doc)
        .def_property_readonly(
            "covariance",
            [](const Fit& self) {
                std::vector<double> values;
                for (const auto& row : self.covariance) values.insert(values.end(), row.begin(), row.end());
                return to_matrix(std::move(values), self.covariance.size(), self.covariance.size());
            },
            "Of the parameters in their order, a float64 array, shape (4, 4).")
        .def_readonly("iterations", &Fit::iterations, "Newton steps taken.")
        .def_readonly("people", &Fit::people, "Sum of the weights.")
        .def("__repr__", [name = std::string{name}](const Fit& self) {
            return name + "(" + std::string{py::repr(py::cast(self.parameters))} +
                   ", log_likelihood=" + std::string{py::str(py::float_{self.log_likelihood})} + ")";
        });
}

void bind_bg_nbd(py::module_& module) {
    using score::Recurrence;
    using score::Recurrences;
    bind_value<BgNbdParameters>(
        module, "BgNbdParameters", bg_nbd_parameters_doc,
        field("r", &BgNbdParameters::r, "Shape of the rates' Gamma distribution, in [1e-10, 1e10]."),
        field("alpha", &BgNbdParameters::alpha,
              "Its rate, in the caller's unit of time, in [1e-100, 1e100]; r / alpha is the mean rate."),
        field("a", &BgNbdParameters::a, "Beta distribution of the probability to drop out, in [1e-10, 1e10]."),
        field("b", &BgNbdParameters::b, "The same; the mean is a / (a + b)."));
    bind_fit<BgNbdFit>(module, "BgNbdFit", "A fitted BG/NBD model. Got from fit_bg_nbd.", "The BgNbdParameters.",
                       "Of r, alpha, a and b, in their own units; a float64 array, shape (4).");
    const score::BgNbdOptions defaults;
    module.def(
        "fit_bg_nbd",
        [](const py::object& repeats, const py::object& recency, const py::object& age, const py::object& weights,
           double penalty, unsigned max_iterations, double tolerance, unsigned threads) {
            const std::vector<std::uint32_t> x = count_column(repeats, "repeats");
            const Float64Column last = float64_column(recency, "recency");
            const Float64Column observed = float64_column(age, "age");
            const Float64Column weight = optional_float64_column(weights, "weights");
            return released([&] {
                return score::fit_bg_nbd({x, last.values, observed.values, weight.values},
                                         {penalty, max_iterations, tolerance, threads});
            });
        },
        py::arg("repeats"), py::arg("recency"), py::arg("age"), py::arg("weights") = py::none(),
        py::arg("penalty") = defaults.penalty, py::arg("max_iterations") = defaults.max_iterations,
        py::arg("tolerance") = defaults.tolerance, py::arg("threads") = defaults.threads, fit_bg_nbd_doc);
    module.def(
        "log_likelihood",
        [](const BgNbdParameters& parameters, const py::object& repeats, const py::object& recency,
           const py::object& age, const py::object& weights, unsigned threads) {
            RecurrenceRows rows = recurrence_rows(repeats, recency, age);
            const Float64Column weight = optional_float64_column(weights, "weights");
            const auto people = rows.people<Recurrences>(rows.count.value_or(1), weight.values);
            return released([&] { return score::log_likelihood(parameters, people, threads); });
        },
        py::arg("parameters"), py::arg("repeats"), py::arg("recency"), py::arg("age"), py::arg("weights") = py::none(),
        py::arg("threads") = 1, log_likelihood_nbd_doc);
    module.def(
        "p_active",
        [](const BgNbdParameters& parameters, const py::object& repeats, const py::object& recency,
           const py::object& age, unsigned threads) {
            return answer<Recurrence, Recurrences>(
                recurrence_rows(repeats, recency, age),
                [&](const Recurrence& person) { return score::p_active(parameters, person); },
                [&](const Recurrences& people) { return score::p_active(parameters, people, threads); });
        },
        py::arg("parameters"), py::arg("repeats"), py::arg("recency"), py::arg("age"), py::arg("threads") = 1,
        p_active_nbd_doc);
    module.def(
        "expected_interactions",
        [](const BgNbdParameters& parameters, const py::object& time) {
            return answer_each(Numbers{time, "time"},
                               [&](double one) { return score::expected_interactions(parameters, one); });
        },
        py::arg("parameters"), py::arg("time"), expected_new_nbd_doc);
    module.def(
        "expected_interactions",
        [](const BgNbdParameters& parameters, const py::object& repeats, const py::object& recency,
           const py::object& age, double horizon, unsigned threads) {
            return answer<Recurrence, Recurrences>(
                recurrence_rows(repeats, recency, age),
                [&](const Recurrence& person) { return score::expected_interactions(parameters, person, horizon); },
                [&](const Recurrences& people) {
                    return score::expected_interactions(parameters, people, horizon, threads);
                });
        },
        py::arg("parameters"), py::arg("repeats"), py::arg("recency"), py::arg("age"), py::arg("horizon"),
        py::arg("threads") = 1, expected_nbd_doc);
    module.def(
        "probability_of_count",
        [](const BgNbdParameters& parameters, const py::object& count, const py::object& time) {
            return answer_each(Counts{count, "count"}, Numbers{time, "time"}, [&](std::uint32_t x, double t) {
                return score::probability_of_count(parameters, x, t);
            });
        },
        py::arg("parameters"), py::arg("count"), py::arg("time"), count_nbd_doc);
}

void bind_bg_bb(py::module_& module) {
    using score::OccasionRecord;
    using score::OccasionRecords;
    bind_value<BgBbParameters>(
        module, "BgBbParameters", bg_bb_parameters_doc,
        field("alpha", &BgBbParameters::alpha, "Beta distribution of the probability to take an occasion."),
        field("beta", &BgBbParameters::beta, "The same; the mean is alpha / (alpha + beta)."),
        field("gamma", &BgBbParameters::gamma, "Beta distribution of the probability to drop out before an occasion."),
        field("delta", &BgBbParameters::delta, "The same."));
    bind_fit<BgBbFit>(module, "BgBbFit", "A fitted BG/BB model. Got from fit_bg_bb.", "The BgBbParameters.",
                      "Of alpha, beta, gamma and delta; a float64 array, shape (4).");
    const score::BgBbOptions defaults;
    module.attr("most_occasions") = score::most_occasions;
    module.def(
        "fit_bg_bb",
        [](const py::object& taken, const py::object& last, const py::object& offered, const py::object& weights,
           double penalty, unsigned max_iterations, double tolerance, unsigned threads) {
            const std::vector<std::uint32_t> x = count_column(taken, "taken");
            const std::vector<std::uint32_t> latest = count_column(last, "last");
            const std::vector<std::uint32_t> n = count_column(offered, "offered");
            const Float64Column weight = optional_float64_column(weights, "weights");
            return released([&] {
                return score::fit_bg_bb({x, latest, n, weight.values}, {penalty, max_iterations, tolerance, threads});
            });
        },
        py::arg("taken"), py::arg("last"), py::arg("offered"), py::arg("weights") = py::none(),
        py::arg("penalty") = defaults.penalty, py::arg("max_iterations") = defaults.max_iterations,
        py::arg("tolerance") = defaults.tolerance, py::arg("threads") = defaults.threads, fit_bg_bb_doc);
    module.def(
        "log_likelihood",
        [](const BgBbParameters& parameters, const py::object& taken, const py::object& last, const py::object& offered,
           const py::object& weights, unsigned threads) {
            OccasionRows rows = occasion_rows(taken, last, offered);
            const Float64Column weight = optional_float64_column(weights, "weights");
            const auto people = rows.people<OccasionRecords>(rows.count.value_or(1), weight.values);
            return released([&] { return score::log_likelihood(parameters, people, threads); });
        },
        py::arg("parameters"), py::arg("taken"), py::arg("last"), py::arg("offered"), py::arg("weights") = py::none(),
        py::arg("threads") = 1, log_likelihood_bb_doc);
    module.def(
        "p_active",
        [](const BgBbParameters& parameters, const py::object& taken, const py::object& last, const py::object& offered,
           std::uint32_t ahead, unsigned threads) {
            return answer<OccasionRecord, OccasionRecords>(
                occasion_rows(taken, last, offered),
                [&](const OccasionRecord& person) { return score::p_active(parameters, person, ahead); },
                [&](const OccasionRecords& people) { return score::p_active(parameters, people, ahead, threads); });
        },
        py::arg("parameters"), py::arg("taken"), py::arg("last"), py::arg("offered"), py::arg("ahead") = 1,
        py::arg("threads") = 1, p_active_bb_doc);
    module.def(
        "expected_interactions",
        [](const BgBbParameters& parameters, const py::object& occasions) {
            return answer_each(Counts{occasions, "occasions"},
                               [&](std::uint32_t n) { return score::expected_interactions(parameters, n); });
        },
        py::arg("parameters"), py::arg("occasions"), expected_new_bb_doc);
    module.def(
        "expected_interactions",
        [](const BgBbParameters& parameters, const py::object& taken, const py::object& last, const py::object& offered,
           std::uint32_t ahead, unsigned threads) {
            return answer<OccasionRecord, OccasionRecords>(
                occasion_rows(taken, last, offered),
                [&](const OccasionRecord& person) { return score::expected_interactions(parameters, person, ahead); },
                [&](const OccasionRecords& people) {
                    return score::expected_interactions(parameters, people, ahead, threads);
                });
        },
        py::arg("parameters"), py::arg("taken"), py::arg("last"), py::arg("offered"), py::arg("ahead"),
        py::arg("threads") = 1, expected_bb_doc);
    module.def(
        "probability_of_count",
        [](const BgBbParameters& parameters, const py::object& count, const py::object& occasions) {
            return answer_each(
                Counts{count, "count"}, Counts{occasions, "occasions"},
                [&](std::uint32_t x, std::uint32_t n) { return score::probability_of_count(parameters, x, n); });
        },
        py::arg("parameters"), py::arg("count"), py::arg("occasions"), count_bb_doc);
}

}  // namespace

void bind_lifecycle(py::module_& module) {
    bind_enum<score::LifecycleModel>(module, "LifecycleModel", "How somebody's dealings come about and end.");
    const LifecycleConfig defaults{};
    bind_value<LifecycleConfig>(
        module, "LifecycleConfig", config_doc,
        field("name", &LifecycleConfig::name, "As it stands in columns: `active:<name>`, `expected:<name>`."),
        field("model", &LifecycleConfig::model, "bg_nbd: at any moment; bg_bb: once a year or not.", defaults.model),
        field("acts", &LifecycleConfig::acts, "Inbound Acts that count; at least one.", defaults.acts),
        field("channels", &LifecycleConfig::channels, "Only by these; any if empty.", defaults.channels),
        field("topics", &LifecycleConfig::topics, "Only about these; any if empty.", defaults.topics),
        field("unit_days", &LifecycleConfig::unit_days, "BG/NBD: the unit of time, days, in [1, 366].",
              defaults.unit_days),
        field("year_starts_in", &LifecycleConfig::year_starts_in,
              "BG/BB: month in which a year of opportunity starts, 1 to 12.", defaults.year_starts_in),
        field("horizon", &LifecycleConfig::horizon,
              "Of `expected:<name>`: units of time (BG/NBD) or whole years (BG/BB), in (0, 1000].", defaults.horizon),
        field("penalty", &LifecycleConfig::penalty,
              "Of the fit, in [0, 1e6]: see fit_bg_nbd and fit_bg_bb; where data alone give no maximum.",
              defaults.penalty));
    bind_bg_nbd(module);
    bind_bg_bb(module);
}

}  // namespace alloquy::python
