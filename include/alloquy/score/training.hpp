#pragma once

/// \file
/// Training: learns a Model from examples, and tells by cross-validation what it is worth.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/score/calibration.hpp>
#include <alloquy/score/feature_matrix.hpp>
#include <alloquy/score/features.hpp>
#include <alloquy/score/folds.hpp>
#include <alloquy/score/logistic.hpp>
#include <alloquy/score/model.hpp>
#include <alloquy/score/model_config.hpp>
#include <alloquy/score/online_logistic.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::score {

namespace detail {

inline void check_examples(const ModelConfig& config, const FeatureTable& table, std::span<const std::uint8_t> outcomes,
                           std::span<const std::uint64_t> groups) {
    const auto fail = [&](const std::string& what) { throw InvalidArgument{"model '" + config.name + "': " + what}; };
    if (config.features.empty()) fail("features are needed");
    if (!(config.penalty >= 1e-9 && config.penalty < 1e9)) fail("penalty must be in [1e-9, 1e9)");
    if (!(config.half_life == 0 || (config.half_life >= 1 && config.half_life <= 1e12))) {
        fail("half_life must be 0 or in [1, 1e12]");
    }
    if (config.folds < 2 || config.folds > 100) fail("folds must be 2 to 100");
    if (config.least_rows < 2) fail("least_rows must be >= 2");
    if (!(config.prior >= 1e-9 && config.prior <= 1 - 1e-9)) fail("prior must be in [1e-9, 1 - 1e-9]");
    check(table);
    if (outcomes.size() != table.rows) {
        fail("outcomes: " + std::to_string(table.rows) + " expected, got " + std::to_string(outcomes.size()));
    }
    if (!groups.empty() && groups.size() != table.rows) {
        fail("groups: " + std::to_string(table.rows) + " expected, got " + std::to_string(groups.size()));
    }
    if (table.rows < config.least_rows) {
        fail("too little data: " + std::to_string(table.rows) + " examples, at least " +
             std::to_string(config.least_rows) + " are needed");
    }
    std::size_t positives = 0;
    for (const std::uint8_t outcome : outcomes) {
        if (outcome > 1) fail("outcomes must be 0 or 1");
        positives += outcome;
    }
    if (positives == 0 || positives == table.rows) {
        fail("outcomes: both 0 and 1 are needed, all are " + std::to_string(outcomes[0]));
    }
}

/// Calls work(); an error keeps its type and gets the split's number. Learning throws no other kinds.
template <class Work>
void in_split(std::size_t split, const Work& work) {
    try {
        work();
    } catch (const InvalidArgument& error) {
        throw InvalidArgument{"cross_validate: split " + std::to_string(split) + ": " + error.what()};
    } catch (const Error& error) {
        throw Error{"cross_validate: split " + std::to_string(split) + ": " + error.what()};
    }
}

[[nodiscard]] inline Model train_bulk(const ModelConfig& config, const FeatureTable& table,
                                      std::span<const std::uint8_t> outcomes, std::span<const std::uint64_t> groups,
                                      unsigned threads) {
    FeatureEncoder encoder = FeatureEncoder::fit(config.features, table);
    const FeatureMatrix matrix = encoder.encode(table);
    LogisticOptions options;
    options.penalty = config.penalty;
    options.threads = threads;
    Calibration calibration;
    if (config.calibration != CalibrationKind::none) {
        std::vector<std::uint64_t> own_groups;
        if (groups.empty()) {
            own_groups.resize(table.rows);
            std::iota(own_groups.begin(), own_groups.end(), std::uint64_t{0});
            groups = own_groups;
        }
        const std::vector<std::uint32_t> folds = grouped_folds(groups, config.folds, 0);
        const std::vector<double> log_odds = cross_fitted_log_odds(matrix, outcomes, {}, folds, options);
        calibration = config.calibration == CalibrationKind::platt ? fit_platt(log_odds, outcomes)
                                                                   : fit_isotonic(log_odds, outcomes);
    }
    return Model{std::move(encoder), fit_logistic(matrix, outcomes, {}, options), std::move(calibration)};
}

}  // namespace detail

/// Goes on learning from further examples, in their order. The encoder stays as it is: levels that are new to it count
/// as other, numbers beyond its range as its ends.
///
/// \param model     Learned online; stays as it is.
/// \param table     Inputs, one row for each example.
/// \param outcomes  0 or 1. Shape (table.rows).
/// \return          The model that has learned from these examples too.
/// \throws InvalidArgument  if the model was learned in bulk, or the examples do not fit it.
/// \par Cost    That of OnlineLogistic::update() for each row, and a copy of the model.
[[nodiscard]] inline Model learn_on(const Model& model, const FeatureTable& table,
                                    std::span<const std::uint8_t> outcomes) {
    const auto* const online = std::get_if<OnlineLogistic>(&model.coefficients());
    if (online == nullptr) throw InvalidArgument{"learn_on: the model was learned in bulk"};
    if (outcomes.size() != table.rows) throw InvalidArgument{"learn_on: as many outcomes as rows expected"};
    if (std::any_of(outcomes.begin(), outcomes.end(), [](std::uint8_t outcome) { return outcome > 1; })) {
        throw InvalidArgument{"learn_on: outcomes must be 0 or 1"};
    }
    OnlineLogistic coefficients = *online;
    const FeatureMatrix matrix = model.encoder().encode(table);
    for (std::size_t row = 0; row < matrix.rows(); ++row) {
        coefficients.update(matrix.row(row), outcomes[row] != 0);
    }
    return Model{model.encoder(), std::move(coefficients), model.calibration()};
}

/// What an online model says of each row before it learns from it: the honest record of a model in use.
///
/// Without instants row by row, as if each outcome were known before the next row is asked. With instants in their
/// order: when a row is asked, the model has learned from the rows of earlier instants whose outcome was known by then,
/// and from no other. It learns in the order in which outcomes become known (of equal ones by instant, then by row).
/// \param model             Has learned from all rows afterwards. After an error it is as before.
/// \param outcomes          0 or 1. Shape (rows).
/// \param instants          Instant at which each row is asked. Shape (rows), any order; or empty.
/// \param outcome_known_at  Instant from which on each row's outcome can be known. Shape (rows), none before the row's
///                          own instant; empty where instants are.
/// \return       Probabilities, shape (rows), in the order of the rows.
/// \throws InvalidArgument  if a shape differs, an outcome is not 0 or 1 or is known before its row's instant, or as
///                          OnlineLogistic::update().
/// \par Cost    That of OnlineLogistic::update() for each row, and a copy of the model; with instants O(rows
/// log(rows)). \par Source  A. P. Dawid, "Statistical theory: the prequential approach", JRSS A 147 (1984), pp.
/// 278-292.
[[nodiscard]] inline std::vector<double> prequential(OnlineLogistic& model, const FeatureMatrix& matrix,
                                                     std::span<const std::uint8_t> outcomes,
                                                     std::span<const time::Instant> instants = {},
                                                     std::span<const time::Instant> outcome_known_at = {}) {
    const std::size_t rows = matrix.rows();
    detail::expect_length("prequential", "outcomes", outcomes.size(), rows);
    if (std::any_of(outcomes.begin(), outcomes.end(), [](std::uint8_t outcome) { return outcome > 1; })) {
        throw InvalidArgument{"prequential: outcomes must be 0 or 1"};
    }
    const bool in_time = !instants.empty() || !outcome_known_at.empty();
    if (in_time) {
        detail::expect_length("prequential", "instants", instants.size(), rows);
        detail::expect_known_after("prequential", instants, outcome_known_at);
    }
    std::vector<std::size_t> asked(rows);
    std::iota(asked.begin(), asked.end(), std::size_t{0});
    std::vector<std::size_t> learned = asked;
    if (in_time) {
        std::sort(asked.begin(), asked.end(),
                  [&](std::size_t a, std::size_t b) { return std::tie(instants[a], a) < std::tie(instants[b], b); });
        std::sort(learned.begin(), learned.end(), [&](std::size_t a, std::size_t b) {
            return std::tie(outcome_known_at[a], instants[a], a) < std::tie(outcome_known_at[b], instants[b], b);
        });
    }
    // No outcome is known before its row's instant, so the rows that may be learned from stand first among `learned`.
    const auto may_learn = [&](std::size_t from, std::size_t row) {
        if (!in_time) return from < row;
        return outcome_known_at[from] <= instants[row] && instants[from] < instants[row];
    };
    OnlineLogistic learning = model;
    std::vector<double> probabilities(rows);
    std::size_t next = 0;
    const auto learn_next = [&] {
        learning.update(matrix.row(learned[next]), outcomes[learned[next]] != 0);
        ++next;
    };
    for (const std::size_t row : asked) {
        while (next < rows && may_learn(learned[next], row)) learn_next();
        probabilities[row] = probability(learning, matrix.row(row));
    }
    while (next < rows) learn_next();
    model = std::move(learning);
    return probabilities;
}

/// Learns a model from examples.
///
/// \param table     Inputs, one row for each example; for online learning in the order of learning.
/// \param outcomes  0 or 1. Shape (table.rows).
/// \param groups    Numbers of what must not be torn apart by cross-fitting, such as students; shape (table.rows), or
///                  empty: each row by itself.
/// \param threads   In [1, 1024]. The model has the same bits for any number.
/// \throws InvalidArgument  naming the argument: too little data, all outcomes equal, an input that is missing or not
///                          finite, a feature that is inconsistent, fewer groups than folds.
/// \throws Error            if learning does not converge.
/// \par Cost    In bulk that of fit_logistic(), folds + 1 times with a calibration; online that of
///              OnlineLogistic::update() for each row.
[[nodiscard]] inline Model train(const ModelConfig& config, const FeatureTable& table,
                                 std::span<const std::uint8_t> outcomes, std::span<const std::uint64_t> groups = {},
                                 unsigned threads = 1) {
    detail::check_examples(config, table, outcomes, groups);
    detail::require_threads("train", threads);
    if (config.learning == Learning::bulk) return detail::train_bulk(config, table, outcomes, groups, threads);
    FeatureEncoder encoder = FeatureEncoder::fit(config.features, table);
    OnlineLogisticOptions options;
    options.penalty = config.penalty;
    options.probability = config.prior;
    options.half_life = config.half_life;
    OnlineLogistic empty{encoder.columns(), options, encoder.matrix().signs()};
    return learn_on(Model{std::move(encoder), std::move(empty), Calibration{}}, table, outcomes);
}

/// Probabilities of rows by models that did not see them: for each split, learned on its train rows with their own
/// encoder, means, edges and calibration.
///
/// \param splits  See fold_splits() and time_splits(). The other parameters as for train().
/// \return        Shape (table.rows); NaN for a row that no split tests. Where several do, the last one counts.
/// \throws InvalidArgument  as train(), naming the split, or if a split has a row that the table has not.
/// \throws Error            as train(), naming the split.
[[nodiscard]] inline std::vector<double> cross_validate(const ModelConfig& config, const FeatureTable& table,
                                                        std::span<const std::uint8_t> outcomes,
                                                        std::span<const Split> splits,
                                                        std::span<const std::uint64_t> groups = {},
                                                        unsigned threads = 1) {
    detail::check_examples(config, table, outcomes, groups);
    std::vector<double> probabilities(table.rows, std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < splits.size(); ++i) {
        const Split& split = splits[i];
        std::vector<std::uint8_t> train_outcomes;
        std::vector<std::uint64_t> train_groups;
        for (const auto* const rows : {&split.train, &split.test}) {
            for (const std::uint32_t row : *rows) {
                if (row < table.rows) continue;
                throw InvalidArgument{"cross_validate: split " + std::to_string(i) + " has no row " +
                                      std::to_string(row)};
            }
        }
        for (const std::uint32_t row : split.train) {
            train_outcomes.push_back(outcomes[row]);
            if (!groups.empty()) train_groups.push_back(groups[row]);
        }
        detail::in_split(i, [&] {
            const Model model = train(config, table.select(split.train), train_outcomes, train_groups, threads);
            const std::vector<double> found = model.predict(table.select(split.test));
            for (std::size_t k = 0; k < found.size(); ++k) probabilities[split.test[k]] = found[k];
        });
    }
    return probabilities;
}

}  // namespace alloquy::score
