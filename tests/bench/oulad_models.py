"""OULAD: who fails or withdraws, foretold on days 14, 28, 42, 56 and 84. Prints `name value` lines.

alloquy's model of examples/playbooks/oulad.json, cross-validated in five folds grouped by student; beside it
scikit-learn's logistic regression and gradient boosting and LightGBM, which read the very same matrix and the very same
folds; and the first two on a data scientist's own hand-made features, straight from the tables. Without `disability`.

usage: oulad_models.py OULAD_FOLDER WORK_FOLDER
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
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import alloquy

warnings.filterwarnings("ignore", message="X does not have valid feature names")
DAYS = (14, 28, 42, 56, 84)
PRESENTATIONS = [("AAA", "2013J"), ("AAA", "2014J"), ("BBB", "2013B"), ("BBB", "2013J")]


def out_of_fold(make, matrix, outcomes, splits):
    """Probabilities of rows by peers that did not see them."""
    found = np.full(len(outcomes), np.nan)
    for split in splits:
        model = make()
        model.fit(matrix[split.train], outcomes[split.train])
        found[split.test] = model.predict_proba(matrix[split.test])[:, 1]
    return found


def hand_made(folder, day):
    """One row for each (module, presentation, student) in scope, with the features of a data scientist's afternoon."""
    keys = ["code_module", "code_presentation", "id_student"]
    info = pd.read_csv(folder / "studentInfo.csv.gz")
    registration = pd.read_csv(folder / "studentRegistration.csv.gz")
    people = info.merge(registration, on=keys)
    people = people[pd.MultiIndex.from_frame(people[keys[:2]]).isin(PRESENTATIONS)]
    people = people[(people.date_registration.isna() | (people.date_registration <= day))
                    & (people.date_unregistration.isna() | (people.date_unregistration > day))]
    clicks = pd.read_csv(folder / "studentVle-first-1048575-rows.txt.gz", sep="\t")
    clicks = clicks[clicks.date <= day]
    daily = clicks.groupby(keys + ["date"]).sum_click.sum().reset_index()
    age = day - daily.date
    for half_life in (7, 30, 180):
        daily[f"decayed_{half_life}"] = np.log1p(daily.sum_click) * 0.5 ** (age / half_life)
    table = daily.groupby(keys).agg(decayed_7=("decayed_7", "sum"), decayed_30=("decayed_30", "sum"),
                                    decayed_180=("decayed_180", "sum"), days_active=("date", "size"),
                                    last_active=("date", "max"))
    table["last_active"] = day - table.last_active
    table["sites"] = clicks.groupby(keys).id_site.nunique()
    assessments = pd.read_csv(folder / "assessments.csv")
    results = pd.read_csv(folder / "studentAssessment.csv.gz").merge(assessments, on="id_assessment")
    results = results[results.date_submitted <= day]
    scores = results.groupby(keys).agg(mean_score=("score", "mean"), least_score=("score", "min"),
                                       late=("date_submitted", lambda d: (d > results.loc[d.index, "date"]).sum()),
                                       handed_in=("id_assessment", "size"))
    due = assessments[assessments.date <= day].groupby(keys[:2]).size().rename("due").reset_index()
    frame = people.merge(table.reset_index(), on=keys, how="left").merge(scores.reset_index(), on=keys, how="left")
    frame = frame.merge(due, on=keys[:2], how="left")
    frame["missed"] = frame.due.fillna(0) - frame.handed_in.fillna(0)
    numbers = ["decayed_7", "decayed_30", "decayed_180", "days_active", "last_active", "sites", "mean_score",
               "least_score", "late", "missed", "num_of_prev_attempts", "studied_credits", "date_registration"]
    filled = frame[numbers].copy()
    filled["last_active"] = filled.last_active.fillna(day + 60)
    filled = filled.fillna(0)
    words = pd.get_dummies(frame[["code_module", "code_presentation", "region", "highest_education", "imd_band",
                                  "age_band", "gender"]].fillna("unknown"), dtype=float)
    lost = frame.final_result.isin(["Fail", "Withdrawn"]).to_numpy().astype(np.uint8)
    return np.hstack([filled.to_numpy(float), words.to_numpy(float)]), lost, frame.id_student.to_numpy()


def main():
    folder, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    examples = pathlib.Path(__file__).resolve().parents[2] / "examples"
    london = alloquy.read_zone("Europe/London")
    first_day = alloquy.Day.from_ymd(2013, 10, 1)
    imported_at = london.start_of_day(first_day + 700)
    playbook = alloquy.read_playbook_file(examples / "playbooks" / "oulad.json")
    config = next(model for model in playbook.models if model.name == "dropout")
    journal = work / "oulad_models.alloquy"
    for old in work.glob("oulad_models.alloquy*"):
        old.unlink()
    university = alloquy.Institution.open(journal, playbook, imported_at)
    for mapping, file in (("student_info", "studentInfo.csv.gz"), ("student_registration", "studentRegistration.csv.gz"),
                          ("student_assessment", "studentAssessment.csv.gz"),
                          ("student_vle", "studentVle-first-1048575-rows.txt.gz")):
        report = university.import_csv(alloquy.read_mapping_file(examples / "mappings" / "oulad" / f"{mapping}.json"),
                                       folder / file, now=imported_at)
        print(f"oulad_rows_refused_{mapping} {report.rows_refused}")
    peers = {
        "logistic": lambda: LogisticRegression(C=1 / config.penalty, max_iter=5000),
        "gradient_boosting": lambda: GradientBoostingClassifier(random_state=0),
        "lightgbm": lambda: lightgbm.LGBMClassifier(n_estimators=150, learning_rate=0.03, num_leaves=15,
                                                    min_child_samples=40, random_state=0, n_jobs=2, verbose=-1),
    }
    for day in DAYS:
        suffix = "" if day == 56 else f"_day_{day}"
        known = university.examples("dropout", [london.start_of_day(first_day + (day + 1))], imported_at)
        outcomes = np.asarray(known.outcomes)
        splits = alloquy.fold_splits(alloquy.grouped_folds(known.groups, 5))
        start = time.perf_counter()
        own = alloquy.cross_validate(config, known.table, outcomes, splits, groups=known.groups, threads=2)
        seconds = time.perf_counter() - start
        evaluation = alloquy.evaluate(own, outcomes, capacities=[200], groups=known.groups, threads=2)
        print(f"oulad_students{suffix} {len(outcomes)}")
        print(f"oulad_lost{suffix} {outcomes.mean():.4f}")
        print(f"oulad_auc{suffix} {evaluation.auc.estimate:.4f}")
        print(f"oulad_auc_low{suffix} {evaluation.auc.low:.4f}")
        print(f"oulad_auc_high{suffix} {evaluation.auc.high:.4f}")
        print(f"oulad_log_loss{suffix} {evaluation.log_loss.estimate:.4f}")
        print(f"oulad_precision_at_200{suffix} {evaluation.precisions[0].precision.estimate:.4f}")
        print(f"oulad_cross_validation_seconds{suffix} {seconds:.2f}")
        # The encoder sees no outcome, so one matrix of all rows is fair to everybody.
        matrix = alloquy.FeatureEncoder.fit(config.features, known.table).encode(known.table).dense()
        print(f"oulad_columns{suffix} {matrix.shape[1]}")
        for name, make in peers.items():
            found = out_of_fold(make, matrix, outcomes, splits)
            print(f"oulad_auc_{name}_same_matrix{suffix} {roc_auc_score(outcomes, found):.4f}")
            print(f"oulad_log_loss_{name}_same_matrix{suffix} {log_loss(outcomes, found):.4f}")
        features, lost, students = hand_made(folder, day)
        assert len(lost) == len(outcomes) and lost.sum() == outcomes.sum(), "not the same people"
        hand_splits = alloquy.fold_splits(alloquy.grouped_folds(students, 5))
        for name, make in (("logistic", lambda: make_pipeline(StandardScaler(),
                                                              LogisticRegression(C=0.1, max_iter=5000))),
                           ("gradient_boosting", lambda: GradientBoostingClassifier(random_state=0))):
            found = out_of_fold(make, features, lost, hand_splits)
            print(f"oulad_auc_{name}_hand_made{suffix} {roc_auc_score(lost, found):.4f}")
        sys.stdout.flush()
    university.close()


if __name__ == "__main__":
    main()
