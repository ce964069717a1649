#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <alloquy/error.hpp>
#include <alloquy/score/evaluation.hpp>
#include <alloquy/score/folds.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "rows.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

using score::CalibrationBin;
using score::Evaluation;
using score::GainAtShare;
using score::GainPoint;
using score::Interval;
using score::PrecisionAtCapacity;
using score::RankedOutcomes;
using score::Split;

constexpr auto split_doc = R"doc(One round of validation: which rows a model learns from and which rows judge it.

train, test : int64 arrays of row numbers.
)doc";
constexpr auto grouped_folds_doc = R"doc(Folds of about equal size with all rows of a group in one fold.

So no person, class or family stands on both sides. Without a seed the largest group goes first to the fold with fewest
rows: the same folds as GroupKFold of scikit-learn 1.9. With a seed there is another partition for each seed, for
repeated cross-validation.

groups : int64 or uint64 array, or texts, which are numbered in the order in which they turn up; shape (n).
k : number of folds, 2 <= k <= number of groups.
Returns an int64 array, shape (n): the fold of each row, in [0, k).
Raises InvalidArgument if groups is empty or k is out of range. O(n log n).

>>> alloquy.grouped_folds(["a", "a", "b", "c"], 2)
array([0, 0, 1, 1])
)doc";
constexpr auto stratified_folds_doc = R"doc(Folds that all have the same share of each outcome, up to one row.

Rows must be independent: where a person has several, use grouped_folds.

outcomes : bool, uint8 or int64 array, the class of each row in [0, 255]; shape (n).
k : number of folds, >= 2 and at most the rows of the rarest class.
Returns an int64 array, shape (n): the fold of each row, in [0, k).
Raises InvalidArgument if outcomes is empty or k is out of range. O(n log n).

>>> sorted(alloquy.stratified_folds([0, 0, 1, 1], 2, seed=7)[2:].tolist())
[0, 1]
)doc";
constexpr auto time_blocks_doc =
    R"doc(Cuts rows into consecutive blocks of time with about equally many rows. Equal instants stand in one block.

instants_ms : int64 array, the instant of each row in ms since 1970-01-01T00:00:00Z; shape (n), any order.
blocks : >= 2 and at most the number of distinct instants.
Returns an int64 array, shape (n): the block of each row, in [0, blocks), ascending with time.
Raises InvalidArgument if instants_ms is empty or blocks is out of range. O(n log n).

>>> alloquy.time_blocks([50, 10, 20, 60], 2)
array([1, 0, 0, 1])
)doc";
constexpr auto fold_splits_doc =
    R"doc(The rounds of k-fold cross-validation: round f judges by fold f and learns from all others.

folds : int64 array, the fold of each row; shape (n). The numbers 0 to k - 1, each at least once, k >= 2.
Returns a list of k Splits.
Raises InvalidArgument if folds is empty, has one fold only, or a number in between has no rows. O(n k).

>>> [split.test.tolist() for split in alloquy.fold_splits([0, 1, 1])]
[[0], [1, 2]]
)doc";
constexpr auto time_splits_doc = R"doc(The rounds of validation in order of time ("rolling origin").

Each judges by one of the time_blocks, from the second on, and learns from the rows before it whose outcome was known at
the block's first instant or earlier, as a model in use from that instant on does. A block with nothing to learn from
has no round, as there would have been no model: so the first blocks, while no outcome is known.

instants_ms, blocks : as in time_blocks.
outcome_known_at_ms : int64 array, the instant from which on each row's outcome can be known, ms since
    1970-01-01T00:00:00Z; shape (n), none before the row's own instant. See ExampleSet.outcome_known_at_ms.
gap_ms : instead of these, how long after its instant each row's outcome can be known, ms, >= 0. With 0 an outcome is
    known at once, which is seldom so: a model that learns from outcomes which are not there yet is judged better than
    it is.
groups : as in grouped_folds, shape (n), or None. No row of a group that is tested is learned from.
Returns a list of 1 to blocks - 1 Splits, in order of time.
Raises InvalidArgument as time_blocks; unless one of outcome_known_at_ms and gap_ms is given; if a shape differs, an
outcome is known before its row's instant, gap_ms is negative, or no block has anything to learn from.
Source: L. J. Tashman, International Journal of Forecasting 16 (2000), pp. 437-450.

>>> [split.train.tolist() for split in alloquy.time_splits([1, 2, 3, 4], 2, outcome_known_at_ms=[3, 4, 5, 6])]
[[0]]
)doc";
constexpr auto interval_doc = R"doc(A number and how far it might be off by chance.

resamples : that the ends come from; 0 where they come from a formula.
)doc";
constexpr auto ranked_doc = R"doc(Scores sorted once, for numbers that are asked many times, as in a bootstrap.

scores : float64 array, shape (n), any numbers but NaN, higher = more likely. outcomes : bool, uint8 or int64 array of
0 and 1, shape (n). Rows with equal scores count as in any random order of them, on average.

Each question takes `counts`, how often each row counts: an int64 array, shape (n), or None for once each. It gives None
where the counted rows leave the number undefined. O(n) each.

>>> ranked = alloquy.RankedOutcomes([0.9, 0.8, 0.3], [1, 0, 1])
>>> ranked.auc(), ranked.auc([1, 1, 0])
(0.5, 1.0)
)doc";
constexpr auto auc_doc = R"doc(Area under the ROC curve.

The probability that a random row with outcome 1 has a higher score than a random row with outcome 0; equal scores count
half. 0.5 = no better than chance.

scores : float64 array, shape (n), any numbers but NaN. outcomes : bool, uint8 or int64 array of 0 and 1, shape (n).
Raises InvalidArgument if a shape or value is out of range or all outcomes are equal. O(n log n).
Source: J. A. Hanley, B. J. McNeil, Radiology 143 (1982), pp. 29-36.

>>> alloquy.auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
0.75
)doc";
constexpr auto gain_curve_doc =
    R"doc(The gain curve: which share of the outcomes lies in which share of the people, best scores first.

Returns two float64 arrays (people, outcomes) of one length: (0, 0), then one point behind each distinct score, the last
(1, 1). Between points the curve is straight. In C++: a list of GainPoint.
Raises InvalidArgument as auc, except that all outcomes may be 1. O(n log n).

>>> people, outcomes = alloquy.gain_curve([0.9, 0.8, 0.3, 0.1], [1, 1, 0, 0])
>>> people, outcomes
(array([0.  , 0.25, 0.5 , 0.75, 1.  ]), array([0. , 0.5, 1. , 1. , 1. ]))
)doc";
constexpr auto gain_at_doc = R"doc(Which share of the outcomes lies in the best `share` of the people, a fraction.

share : in (0, 1]. Raises InvalidArgument as gain_curve, or if share is out of range.

>>> alloquy.gain_at([0.9, 0.8, 0.3, 0.1], [1, 0, 1, 0], share=0.25)
0.5
)doc";
constexpr auto lift_at_doc =
    R"doc(How many times more outcomes the best `share` of the people holds than as many at random: gain_at / share.

Parameters and errors as gain_at.

>>> alloquy.lift_at([0.9, 0.8, 0.3, 0.1], [1, 0, 1, 0], share=0.25)
2.0
)doc";
constexpr auto precision_at_doc =
    R"doc(Expected share of outcomes 1 among the `capacity` people with the highest scores.

They are all that the staff has time for.

capacity : in [1, n]. Raises InvalidArgument as auc, except that all outcomes may be equal, or if capacity is out of
range.

>>> alloquy.precision_at([0.9, 0.8, 0.3, 0.1], [1, 0, 1, 0], capacity=3)
0.6666666666666666
)doc";
constexpr auto log_loss_doc = R"doc(Mean of -log(probability given to what happened), in nats. Lower is better.

Probabilities are moved into [2^-52, 1 - 2^-52] first, as scikit-learn does since 1.3.

probabilities : float64 array, shape (n), in [0, 1]. outcomes : bool, uint8 or int64 array of 0 and 1, shape (n).
Raises InvalidArgument if a shape or value is out of range. O(n).

>>> round(alloquy.log_loss([0.5, 0.5], [0, 1]), 6)
0.693147
)doc";
constexpr auto brier_doc = R"doc(Brier score: mean of (probability - outcome)^2, in [0, 1]. Lower is better.

Arguments and errors as log_loss. Source: G. W. Brier, Monthly Weather Review 78 (1950), pp. 1-3; of one class.

>>> alloquy.brier([0.5, 1.0], [0, 1])
0.125
)doc";
constexpr auto wilson_doc = R"doc(Wilson interval of a share of independent rows.

positives : rows with outcome 1, in [0, rows]. rows : >= 1. level : in (0, 0.9999], two-sided.
Returns an Interval; its ends are in [0, 1].
Raises InvalidArgument if an argument is out of range.
Source: E. B. Wilson, JASA 22 (1927), pp. 209-212.

>>> alloquy.wilson_interval(9, 10).low.__round__(3)
0.596
)doc";
constexpr auto calibration_table_doc =
    R"doc(Compares probabilities with outcomes in bins of about equally many rows, lowest probabilities first.

Equal probabilities stand in one bin.

probabilities, outcomes : as in log_loss. bins : >= 1. level : of the Wilson intervals, which take rows for independent.
Returns a list of CalibrationBin; as many as bins, or as there are distinct probabilities.
Raises InvalidArgument as log_loss, or if bins or level is out of range. O(n log n).

>>> [(b.rows, b.positives) for b in alloquy.calibration_table([0.1, 0.1, 0.8, 0.9], [0, 0, 1, 1], bins=2)]
[(2, 0), (2, 2)]
)doc";
constexpr auto ece_doc =
    R"doc(Expected calibration error: mean over rows of |foretold - observed| of their bin, in [0, 1].

Even perfect probabilities get more than 0: about 0.8 * sqrt(p (1 - p) / rows of a bin). Compare only errors from the
same number of bins and rows.

table : CalibrationBins, as calibration_table gives them; at least one.
Raises InvalidArgument if table is empty or a bin has no rows.
Source: M. P. Naeini, G. F. Cooper, M. Hauskrecht, AAAI 2015, pp. 2901-2907; here with bins of equal count.

>>> alloquy.expected_calibration_error(alloquy.calibration_table([0.25, 0.25, 0.25, 0.25], [0, 0, 0, 1]))
0.0
)doc";
constexpr auto bootstrap_doc = R"doc(Percentile interval of any number that is computed from rows.

A resample draws as many rows as there are, with replacement (or as many groups, each with all its rows). Two numbers
under one seed see the same resamples.

rows : number of rows, in [1, 2^30).
metric : called as metric(counts) with how often each row counts, an int64 array of shape (rows); gives a float, or None
    where the number is not defined. The first call has all counts 1 and gives the estimate. What it raises comes out.
resamples : at least 2 / (1 - level); 1,000 or more for steady ends. level : in (0, 0.9999].
seed : same seed, same bits.
groups : as in grouped_folds, shape (rows), or None. Rows of one person are alike: give the groups, and whole groups are
    drawn. At least 2; dozens are needed for the ends to mean anything.
Returns an Interval.
Raises InvalidArgument if an argument is out of range, or the metric gives NaN or is not defined on the rows themselves,
or not in more than a tenth of the resamples.
Sources: B. Efron, R. J. Tibshirani, "An introduction to the bootstrap", 1993, chapter 13; groups: A. C. Davison, D. V.
Hinkley, "Bootstrap methods and their application", 1997, section 3.8.

>>> heights = np.array([1.0, 2.0, 3.0, 4.0])
>>> found = alloquy.bootstrap(4, lambda counts: counts @ heights / counts.sum(), resamples=100)
>>> found.estimate, found.low < 2.5 < found.high
(2.5, True)
)doc";
constexpr auto bootstrap_auc_doc = R"doc(auc with its bootstrap interval.

Arguments as auc and bootstrap. threads : >= 1; the result is the same for any number.
Raises InvalidArgument as these, and if more than a tenth of the resamples hold one kind of outcome only. One sort, then
O(n) per resample.
)doc";
constexpr auto bootstrap_auc_difference_doc =
    R"doc(How much better one score ranks than another on the same rows: auc(scores) - auc(baseline), with its interval.

Both are computed on the same resamples. An interval above 0 says that the scores are better beyond chance.

Arguments and errors as bootstrap_auc. Twice its cost.
)doc";
constexpr auto evaluation_doc =
    R"doc(How good probabilities were: what evaluate found. to_text makes a table of it.)doc";
constexpr auto evaluate_doc =
    R"doc(AUC, log loss, Brier score, gains, precisions and calibration of one set of probabilities.

Each number has its bootstrap interval; all come from the same resamples. In a resample of groups a capacity stays the
same share of the rows.

probabilities : float64 array, shape (n), in [0, 1]. outcomes : bool, uint8 or int64 array of 0 and 1, shape (n).
capacities : for precision_at, each in [1, n]. shares : for gain_at, each in (0, 1].
bins : of the calibration table, >= 1. resamples, level, seed, groups : as in bootstrap.
threads : >= 1; the result is the same for any number.
Returns an Evaluation. One sort, then O(n) per resample.

>>> found = alloquy.evaluate([0.1, 0.2, 0.3, 0.8, 0.7, 0.9], [0, 0, 1, 1, 0, 1], resamples=100, seed=1)
>>> round(found.auc.estimate, 4), found.auc.low <= found.auc.estimate <= found.auc.high
(0.8889, True)
)doc";

/// Scores or probabilities, and outcomes.
struct Judged {
    Float64Column scores;
    std::vector<std::uint8_t> outcomes;

    Judged(const py::object& values, const char* name, const py::object& truth)
        : scores{float64_column(values, name)}, outcomes{outcome_column(truth, "outcomes")} {}
};
using GainArrays = std::pair<py::array_t<double>, py::array_t<double>>;

GainArrays to_arrays(const std::vector<GainPoint>& points) {
    std::vector<double> people;
    std::vector<double> outcomes;
    for (const GainPoint& point : points) {
        people.push_back(point.people);
        outcomes.push_back(point.outcomes);
    }
    return {to_array(std::move(people)), to_array(std::move(outcomes))};
}

std::vector<std::uint32_t> counts_of(const py::object& counts) {
    return counts.is_none() ? std::vector<std::uint32_t>{} : count_column(counts, "counts");
}

score::BootstrapOptions options_of(std::uint32_t resamples, double level, std::uint64_t seed,
                                   std::span<const std::uint64_t> groups, unsigned threads) {
    return {resamples, level, seed, groups, threads};
}

void bind_folds(py::module_& module) {
    py::class_<Split>{module, "Split", split_doc}
        .def(py::init([](const py::object& train, const py::object& test) {
                 return Split{count_column(train, "train"), count_column(test, "test")};
             }),
             py::arg("train"), py::arg("test"))
        .def_property_readonly(
            "train", [](const Split& self) { return to_wide_array<std::int64_t, std::uint32_t>(self.train); },
            "Rows to learn from, an int64 array.")
        .def_property_readonly(
            "test", [](const Split& self) { return to_wide_array<std::int64_t, std::uint32_t>(self.test); },
            "Rows to judge by, an int64 array.")
        .def(
            "__eq__", [](const Split& self, const Split& other) { return self == other; }, py::arg("other"),
            py::is_operator())
        .def("__hash__",
             [](const Split& self) { return py::hash(py::make_tuple(to_python(self.train), to_python(self.test))); })
        .def("__repr__",
             [](const Split& self) {
                 return "Split(" + std::to_string(self.train.size()) + " train, " + std::to_string(self.test.size()) +
                        " test)";
             })
        .def("__reduce__", [](const py::object& self) {
            return py::make_tuple(py::type::of(self), py::make_tuple(self.attr("train"), self.attr("test")));
        });
    const auto folds = [](const std::vector<std::uint32_t>& found) {
        return to_wide_array<std::int64_t, std::uint32_t>(found);
    };
    module.def(
        "grouped_folds",
        [=](const py::object& groups, std::uint32_t k, std::optional<std::uint64_t> seed) {
            const std::vector<std::uint64_t> numbers = group_column(groups, "groups");
            return folds(released(
                [&] { return seed ? score::grouped_folds(numbers, k, *seed) : score::grouped_folds(numbers, k); }));
        },
        py::arg("groups"), py::arg("k"), py::arg("seed") = py::none(), grouped_folds_doc);
    module.def(
        "stratified_folds",
        [=](const py::object& outcomes, std::uint32_t k, std::uint64_t seed) {
            const std::vector<std::uint8_t> classes = outcome_column(outcomes, "outcomes");
            return folds(released([&] { return score::stratified_folds(classes, k, seed); }));
        },
        py::arg("outcomes"), py::arg("k"), py::arg("seed"), stratified_folds_doc);
    module.def(
        "time_blocks",
        [=](const py::object& instants_ms, std::uint32_t blocks) {
            const std::vector<time::Instant> instants = instant_column(instants_ms, "instants_ms");
            return folds(released([&] { return score::time_blocks(instants, blocks); }));
        },
        py::arg("instants_ms"), py::arg("blocks"), time_blocks_doc);
    module.def(
        "fold_splits",
        [](const py::object& numbers) {
            const std::vector<std::uint32_t> of_rows = count_column(numbers, "folds");
            return released([&] { return score::fold_splits(of_rows); });
        },
        py::arg("folds"), fold_splits_doc);
    module.def(
        "time_splits",
        [](const py::object& instants_ms, std::uint32_t blocks, const py::object& outcome_known_at_ms,
           std::optional<std::int64_t> gap_ms, const py::object& groups) {
            if (outcome_known_at_ms.is_none() != gap_ms.has_value()) {
                throw InvalidArgument{"time_splits: either outcome_known_at_ms or gap_ms expected"};
            }
            const std::vector<time::Instant> instants = instant_column(instants_ms, "instants_ms");
            const std::vector<time::Instant> known_at = instant_column(outcome_known_at_ms, "outcome_known_at_ms");
            const std::vector<std::uint64_t> numbers = group_column(groups, "groups");
            return released([&] {
                return gap_ms ? score::time_splits(instants, time::Duration{*gap_ms}, blocks, numbers)
                              : score::time_splits(instants, known_at, blocks, numbers);
            });
        },
        py::arg("instants_ms"), py::arg("blocks"), py::arg("outcome_known_at_ms") = py::none(),
        py::arg("gap_ms") = py::none(), py::arg("groups") = py::none(), time_splits_doc);
}

void bind_ranks(py::module_& module) {
    py::class_<RankedOutcomes>{module, "RankedOutcomes", ranked_doc}
        .def(py::init([](const py::object& scores, const py::object& outcomes) {
                 const Judged judged{scores, "scores", outcomes};
                 return released([&] { return RankedOutcomes{judged.scores.values, judged.outcomes}; });
             }),
             py::arg("scores"), py::arg("outcomes"))
        .def_property_readonly("rows", &RankedOutcomes::rows, "How many.")
        .def_property_readonly("positives", &RankedOutcomes::positives, "Rows with outcome 1.")
        .def(
            "auc",
            [](const RankedOutcomes& self, const py::object& counts) {
                const std::vector<std::uint32_t> times = counts_of(counts);
                return released([&] { return self.auc(times); });
            },
            py::arg("counts") = py::none(), "As the function auc; None without a row of each outcome.")
        .def(
            "gain_at",
            [](const RankedOutcomes& self, double share, const py::object& counts) {
                const std::vector<std::uint32_t> times = counts_of(counts);
                return released([&] { return self.gain_at(share, times); });
            },
            py::arg("share"), py::arg("counts") = py::none(),
            "As the function gain_at; None without a row of outcome 1.")
        .def(
            "precision_at",
            [](const RankedOutcomes& self, std::size_t capacity, const py::object& counts) {
                const std::vector<std::uint32_t> times = counts_of(counts);
                return released([&] { return self.precision_at(capacity, times); });
            },
            py::arg("capacity"), py::arg("counts") = py::none(),
            "As the function precision_at; None where all counts are 0. The capacity stays the same share of the rows.")
        .def(
            "gain_curve", [](const RankedOutcomes& self) { return to_arrays(self.gain_curve()); },
            "As the function gain_curve; two empty arrays without a row of outcome 1.")
        .def("__repr__", [](const RankedOutcomes& self) {
            return "RankedOutcomes(" + std::to_string(self.rows()) + " rows, " + std::to_string(self.positives()) +
                   " with outcome 1)";
        });
    module.def(
        "auc",
        [](const py::object& scores, const py::object& outcomes) {
            const Judged judged{scores, "scores", outcomes};
            return released([&] { return score::auc(judged.scores.values, judged.outcomes); });
        },
        py::arg("scores"), py::arg("outcomes"), auc_doc);
    module.def(
        "gain_curve",
        [](const py::object& scores, const py::object& outcomes) {
            const Judged judged{scores, "scores", outcomes};
            return to_arrays(released([&] { return score::gain_curve(judged.scores.values, judged.outcomes); }));
        },
        py::arg("scores"), py::arg("outcomes"), gain_curve_doc);
    module.def(
        "gain_at",
        [](const py::object& scores, const py::object& outcomes, double share) {
            const Judged judged{scores, "scores", outcomes};
            return released([&] { return score::gain_at(judged.scores.values, judged.outcomes, share); });
        },
        py::arg("scores"), py::arg("outcomes"), py::arg("share"), gain_at_doc);
    module.def(
        "lift_at",
        [](const py::object& scores, const py::object& outcomes, double share) {
            const Judged judged{scores, "scores", outcomes};
            return released([&] { return score::lift_at(judged.scores.values, judged.outcomes, share); });
        },
        py::arg("scores"), py::arg("outcomes"), py::arg("share"), lift_at_doc);
    module.def(
        "precision_at",
        [](const py::object& scores, const py::object& outcomes, std::size_t capacity) {
            const Judged judged{scores, "scores", outcomes};
            return released([&] { return score::precision_at(judged.scores.values, judged.outcomes, capacity); });
        },
        py::arg("scores"), py::arg("outcomes"), py::arg("capacity"), precision_at_doc);
}

void bind_probabilities(py::module_& module) {
    bind_value<Interval>(
        module, "Interval", interval_doc, field("estimate", &Interval::estimate, "On the rows themselves."),
        field("low", &Interval::low, "Lower end."), field("high", &Interval::high, "Upper end."),
        field("level", &Interval::level, "Confidence level, a fraction: 0.95 = 95 %, two-sided."),
        field("resamples", &Interval::resamples, "Resamples that the ends come from; 0: they come from a formula.", 0U),
        field("skipped", &Interval::skipped, "Further resamples in which the number is not defined.", 0U));
    bind_value<CalibrationBin>(
        module, "CalibrationBin", "Rows with probabilities of about the same size, and what came of them.",
        field("rows", &CalibrationBin::rows, ">= 1."),
        field("positives", &CalibrationBin::positives, "Of these, rows with outcome 1."),
        field("lowest", &CalibrationBin::lowest, "Least probability in the bin."),
        field("highest", &CalibrationBin::highest, "Greatest; the next bin starts above it."),
        field("mean_probability", &CalibrationBin::mean_probability, "What was foretold."),
        field("observed", &CalibrationBin::observed, "What came: share of outcomes 1, a Wilson Interval."));
    module.def(
        "log_loss",
        [](const py::object& probabilities, const py::object& outcomes) {
            const Judged judged{probabilities, "probabilities", outcomes};
            return released([&] { return score::log_loss(judged.scores.values, judged.outcomes); });
        },
        py::arg("probabilities"), py::arg("outcomes"), log_loss_doc);
    module.def(
        "brier",
        [](const py::object& probabilities, const py::object& outcomes) {
            const Judged judged{probabilities, "probabilities", outcomes};
            return released([&] { return score::brier(judged.scores.values, judged.outcomes); });
        },
        py::arg("probabilities"), py::arg("outcomes"), brier_doc);
    module.def("wilson_interval", &score::wilson_interval, py::arg("positives"), py::arg("rows"),
               py::arg("level") = 0.95, wilson_doc);
    module.def(
        "calibration_table",
        [](const py::object& probabilities, const py::object& outcomes, std::size_t bins, double level) {
            const Judged judged{probabilities, "probabilities", outcomes};
            return released(
                [&] { return score::calibration_table(judged.scores.values, judged.outcomes, bins, level); });
        },
        py::arg("probabilities"), py::arg("outcomes"), py::arg("bins") = 10, py::arg("level") = 0.95,
        calibration_table_doc);
    module.def(
        "expected_calibration_error",
        [](const std::vector<CalibrationBin>& table) { return score::expected_calibration_error(table); },
        py::arg("table"), ece_doc);
}

void bind_bootstrap(py::module_& module) {
    const score::BootstrapOptions defaults;
    module.def(
        "bootstrap",
        [](std::size_t rows, const py::object& metric, std::uint32_t resamples, double level, std::uint64_t seed,
           const py::object& groups) {
            const std::vector<std::uint64_t> numbers = group_column(groups, "groups");
            const auto asked = [&](std::span<const std::uint32_t> counts) -> std::optional<double> {
                const py::gil_scoped_acquire acquire;
                if (PyErr_CheckSignals() != 0) throw py::error_already_set{};
                const py::object found = metric(to_wide_array<std::int64_t>(counts));
                if (found.is_none()) return std::nullopt;
                return float64_scalar(found, "bootstrap: metric");
            };
            // One thread, as Python runs one at a time.
            return released(
                [&] { return score::bootstrap(rows, asked, options_of(resamples, level, seed, numbers, 1)); });
        },
        py::arg("rows"), py::arg("metric"), py::arg("resamples") = defaults.resamples,
        py::arg("level") = defaults.level, py::arg("seed") = defaults.seed, py::arg("groups") = py::none(),
        bootstrap_doc);
    module.def(
        "bootstrap_auc",
        [](const py::object& scores, const py::object& outcomes, std::uint32_t resamples, double level,
           std::uint64_t seed, const py::object& groups, unsigned threads) {
            const Judged judged{scores, "scores", outcomes};
            const std::vector<std::uint64_t> numbers = group_column(groups, "groups");
            return released([&] {
                return score::bootstrap_auc(judged.scores.values, judged.outcomes,
                                            options_of(resamples, level, seed, numbers, threads));
            });
        },
        py::arg("scores"), py::arg("outcomes"), py::arg("resamples") = defaults.resamples,
        py::arg("level") = defaults.level, py::arg("seed") = defaults.seed, py::arg("groups") = py::none(),
        py::arg("threads") = defaults.threads, bootstrap_auc_doc);
    module.def(
        "bootstrap_auc_difference",
        [](const py::object& scores, const py::object& baseline, const py::object& outcomes, std::uint32_t resamples,
           double level, std::uint64_t seed, const py::object& groups, unsigned threads) {
            const Judged judged{scores, "scores", outcomes};
            const Float64Column other = float64_column(baseline, "baseline");
            const std::vector<std::uint64_t> numbers = group_column(groups, "groups");
            return released([&] {
                return score::bootstrap_auc_difference(judged.scores.values, other.values, judged.outcomes,
                                                       options_of(resamples, level, seed, numbers, threads));
            });
        },
        py::arg("scores"), py::arg("baseline"), py::arg("outcomes"), py::arg("resamples") = defaults.resamples,
        py::arg("level") = defaults.level, py::arg("seed") = defaults.seed, py::arg("groups") = py::none(),
        py::arg("threads") = defaults.threads, bootstrap_auc_difference_doc);
}

void bind_evaluate(py::module_& module) {
    bind_value<GainAtShare>(module, "GainAtShare", "What lies in the best share of the people.",
                            field("share", &GainAtShare::share, "As asked."),
                            field("gain", &GainAtShare::gain, "See gain_at. Divided by share: the lift."));
    bind_value<PrecisionAtCapacity>(module, "PrecisionAtCapacity", "What comes of as many people as there is time for.",
                                    field("capacity", &PrecisionAtCapacity::capacity, "As asked."),
                                    field("precision", &PrecisionAtCapacity::precision, "See precision_at."));
    py::class_<Evaluation> type{module, "Evaluation", evaluation_doc};
    type.def_readonly("rows", &Evaluation::rows, "How many.")
        .def_readonly("positives", &Evaluation::positives, "Rows with outcome 1.")
        .def_readonly("groups", &Evaluation::groups, "Groups that were resampled; 0: rows were.")
        .def_readonly("auc", &Evaluation::auc, "An Interval.")
        .def_readonly("log_loss", &Evaluation::log_loss, "An Interval.")
        .def_readonly("brier", &Evaluation::brier, "An Interval.")
        .def_property_readonly(
            "gains", [](const Evaluation& self) { return to_python(self.gains); },
            "Tuple of GainAtShare, in the order of shares.")
        .def_property_readonly(
            "precisions", [](const Evaluation& self) { return to_python(self.precisions); },
            "Tuple of PrecisionAtCapacity, in the order of capacities.")
        .def_property_readonly(
            "calibration", [](const Evaluation& self) { return to_python(self.calibration); },
            "Tuple of CalibrationBin; see calibration_table.")
        .def_readonly("expected_calibration_error", &Evaluation::expected_calibration_error,
                      "Of that table, without an interval.")
        .def_property_readonly(
            "gain_curve", [](const Evaluation& self) { return to_arrays(self.gain_curve); },
            "Two float64 arrays (people, outcomes); see the function gain_curve.")
        .def(
            "__eq__", [](const Evaluation& self, const Evaluation& other) { return self == other; }, py::arg("other"),
            py::is_operator())
        .def("__hash__",
             [](const Evaluation& self) {
                 return py::hash(py::make_tuple(self.rows, self.positives, self.auc, self.log_loss, self.brier));
             })
        .def("__repr__", [](const Evaluation& self) {
            const auto number = [](double value) { return std::string{py::str(py::float_{value})}; };
            return "Evaluation(rows=" + std::to_string(self.rows) + ", auc=" + number(self.auc.estimate) +
                   ", log_loss=" + number(self.log_loss.estimate) + ", brier=" + number(self.brier.estimate) + ")";
        });
    const score::EvaluationOptions defaults;
    module.def(
        "evaluate",
        [](const py::object& probabilities, const py::object& outcomes, std::vector<std::size_t> capacities,
           std::vector<double> shares, std::size_t bins, std::uint32_t resamples, double level, std::uint64_t seed,
           const py::object& groups, unsigned threads) {
            const Judged judged{probabilities, "probabilities", outcomes};
            const std::vector<std::uint64_t> numbers = group_column(groups, "groups");
            const score::EvaluationOptions options{std::move(capacities), std::move(shares), bins,
                                                   options_of(resamples, level, seed, numbers, threads)};
            return released([&] { return score::evaluate(judged.scores.values, judged.outcomes, options); });
        },
        py::arg("probabilities"), py::arg("outcomes"), py::arg("capacities") = py::tuple{},
        py::arg("shares") = to_python(defaults.shares), py::arg("bins") = defaults.bins,
        py::arg("resamples") = defaults.bootstrap.resamples, py::arg("level") = defaults.bootstrap.level,
        py::arg("seed") = defaults.bootstrap.seed, py::arg("groups") = py::none(),
        py::arg("threads") = defaults.bootstrap.threads, evaluate_doc);
    module.def(
        "to_text", [](const Evaluation& evaluation) { return score::to_text(evaluation); }, py::arg("evaluation"),
        "An Evaluation as a table in plain text, without the gain curve; four decimals.");
}

}  // namespace

void bind_evaluation(py::module_& module) {
    bind_folds(module);
    bind_ranks(module);
    bind_probabilities(module);
    bind_bootstrap(module);
    bind_evaluate(module);
}

}  // namespace alloquy::python
