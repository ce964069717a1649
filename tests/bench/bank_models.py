"""Telemarketing of a bank (bank-marketing, without `duration`): who says yes. Prints `name value` lines.

Five stratified folds, and rolling by time in ten blocks (the file is in order of date). alloquy in bulk and online; beside
it scikit-learn's logistic regression and gradient boosting and LightGBM on the raw columns (one-hot) and on the very same
matrix and folds. "Best half": share of the successes among the better-scored half of the clients.

The features were chosen on other shuffles of the same rows; single values of euribor3m and cons.price.idx stand for
single weeks and months, which random folds can learn and rolling ones cannot.

usage: bank_models.py BANK_FOLDER
"""

import pathlib
import sys
import time
import warnings

import lightgbm
import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import alloquy

warnings.filterwarnings("ignore", message="X does not have valid feature names")
WORDS = ["job", "marital", "education", "default", "housing", "loan", "contact", "month", "day_of_week", "poutcome"]
NUMBERS = ["age", "campaign", "pdays", "previous", "emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m",
           "nr.employed"]


def features():
    """The recipe: levels, bins and four crosses."""
    bins, levels, cross = alloquy.Encoding.bins, alloquy.Encoding.levels, alloquy.Encoding.cross
    feature = alloquy.FeatureConfig
    return [feature(input=word, encoding=levels) for word in WORDS] + [
        feature(input="age", encoding=bins, edges=[26, 31, 41, 51, 61]),
        feature(input="campaign", encoding=bins, edges=[2, 3, 4, 5, 6, 7, 9, 12, 16]),
        feature(name="calls", input="campaign", encoding=alloquy.Encoding.log),
        feature(name="calls so far", input="campaign", encoding=bins, edges=[2, 3, 4, 6, 9]),
        feature(input="pdays", encoding=bins, edges=[3, 4, 6, 7, 10, 13]),
        feature(input="previous", encoding=bins, edges=[1, 2, 3, 4]),
        feature(input="euribor3m", encoding=bins, quantiles=20),
        feature(name="rate", input="euribor value", encoding=levels),
        feature(name="prices", input="price value", encoding=levels),
        feature(name="rate and weekday", encoding=cross, of=["rate", "day_of_week"]),
        feature(name="prices and contact", encoding=cross, of=["prices", "contact"]),
        feature(name="prices and calls", encoding=cross, of=["prices", "calls so far"]),
        feature(name="prices and weekday", encoding=cross, of=["prices", "day_of_week"]),
    ]


def rolling_features():
    """Without what stands for the calendar: nothing of it comes again."""
    calendar = {"month", "euribor3m", "rate", "prices"}
    return [each for each in features() if (each.name or each.input) not in calendar and not each.of]


def out_of_fold(make, matrix, outcomes, splits):
    found = np.full(len(outcomes), np.nan)
    for split in splits:
        model = make()
        model.fit(matrix[split.train], outcomes[split.train])
        found[split.test] = model.predict_proba(matrix[split.test])[:, 1]
    return found


def report(name, found, outcomes):
    tested = ~np.isnan(found)
    print(f"bank_auc{name} {roc_auc_score(outcomes[tested], found[tested]):.4f}")
    print(f"bank_best_half{name} {alloquy.gain_at(found[tested], outcomes[tested], 0.5):.4f}", flush=True)


def main():
    data = pd.read_csv(pathlib.Path(sys.argv[1]) / "bank-additional-full.csv.gz", sep=";").drop(columns="duration")
    outcomes = (data.y == "yes").to_numpy().astype(np.uint8)
    raw = np.hstack([data[NUMBERS].to_numpy(float), pd.get_dummies(data[WORDS], dtype=float).to_numpy()])
    data = data.replace("unknown", None)
    data["pdays"] = data.pdays.where(data.pdays != 999)
    columns = {word: data[word] for word in WORDS}
    columns |= {number: data[number].to_numpy(float) for number in ("age", "campaign", "pdays", "previous", "euribor3m")}
    columns["euribor value"] = data.euribor3m.astype(str)
    columns["price value"] = data["cons.price.idx"].astype(str)
    table = alloquy.FeatureTable(columns)

    config = alloquy.ModelConfig(name="subscribes", features=features(), penalty=6.0)
    splits = alloquy.fold_splits(alloquy.stratified_folds(outcomes, 5, 0))
    start = time.perf_counter()
    own = alloquy.cross_validate(config, table, outcomes, splits, threads=2)
    print(f"bank_cross_validation_seconds {time.perf_counter() - start:.1f}")
    report("", own, outcomes)
    interval = alloquy.evaluate(own, outcomes, threads=2).auc
    print(f"bank_auc_low {interval.low:.4f}")
    print(f"bank_auc_high {interval.high:.4f}")
    encoded = alloquy.FeatureEncoder.fit(config.features, table).encode(table)
    matrix = encoded.dense()
    print(f"bank_columns {matrix.shape[1]}")
    logistic = lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=3000))  # noqa: E731
    boosting = lambda: GradientBoostingClassifier(random_state=0)  # noqa: E731
    light = lambda: lightgbm.LGBMClassifier(n_estimators=100, learning_rate=0.05, random_state=0, n_jobs=2,  # noqa: E731
                                            verbose=-1)
    report("_logistic_raw", out_of_fold(logistic, raw, outcomes, splits), outcomes)
    report("_gradient_boosting_raw", out_of_fold(boosting, raw, outcomes, splits), outcomes)
    report("_lightgbm_raw", out_of_fold(light, raw, outcomes, splits), outcomes)
    report("_logistic_same_matrix",
           out_of_fold(lambda: LogisticRegression(C=1 / config.penalty, max_iter=3000), matrix, outcomes, splits),
           outcomes)
    report("_lightgbm_same_matrix", out_of_fold(light, matrix, outcomes, splits), outcomes)

    # Rolling: ten blocks in order of date; each of the last eight is judged by what learned from all before it.
    rolling = alloquy.time_splits(np.arange(len(outcomes)), 10, gap_ms=0)[1:]  # the call itself tells the outcome
    plain = alloquy.ModelConfig(name="subscribes", features=rolling_features(), penalty=6.0)
    report("_rolling", alloquy.cross_validate(plain, table, outcomes, rolling, threads=2), outcomes)
    report("_rolling_all_features", alloquy.cross_validate(config, table, outcomes, rolling, threads=2), outcomes)
    report("_rolling_logistic_raw", out_of_fold(logistic, raw, outcomes, rolling), outcomes)
    report("_rolling_gradient_boosting_raw", out_of_fold(boosting, raw, outcomes, rolling), outcomes)
    report("_rolling_lightgbm_raw", out_of_fold(light, raw, outcomes, rolling), outcomes)
    # Online: each client is judged before the outcome is learned. The encoder is that of the first two blocks.
    first = rolling[0].train
    online = alloquy.ModelConfig(name="subscribes", features=features(), learning=alloquy.Learning.online, penalty=1.0,
                                 half_life=2000, calibration=alloquy.CalibrationKind.none, prior=0.1)
    encoder = alloquy.FeatureEncoder.fit(online.features, table.select(first))
    rows = encoder.encode(table)
    model = alloquy.OnlineLogistic(rows.shape[1], penalty=online.penalty, half_life=online.half_life, probability=0.1)
    start = time.perf_counter()
    judged = alloquy.prequential(model, rows, outcomes)
    print(f"bank_online_rows_per_second {len(outcomes) / (time.perf_counter() - start):.0f}")
    judged = np.where(np.arange(len(outcomes)) < len(first), np.nan, judged)
    report("_rolling_online", judged, outcomes)


if __name__ == "__main__":
    main()
