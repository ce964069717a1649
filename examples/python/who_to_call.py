# %% [markdown]
# # Whom to call on day 56
# Real students of the Open University (OULAD): a coach can call 200 of them today. Whom? A notebook in plain Python
# (jupytext "percent" form), from the tables to a gain curve.
#
# `python who_to_call.py OULAD_FOLDER [--day 56] [--calls 200] [--image who_to_call.png]`; needs numpy and matplotlib.
#
# What to keep in mind: a person here is one registration (module, presentation, student). Every number below is about
# students whom the model did not see while it learned; all registrations of one student lie in one fold.

# %%
import argparse
import pathlib
import sys
import tempfile

import numpy as np

import alloquy

arguments = argparse.ArgumentParser(description="Whom to call: OULAD, one day, one model, one gain curve.")
arguments.add_argument("folder", type=pathlib.Path, help="folder with the OULAD tables")
arguments.add_argument("--day", type=int, default=56, help="day of the presentation, seen at its end")
arguments.add_argument("--calls", type=int, default=200, help="calls that the coaches can make")
arguments.add_argument("--image", type=pathlib.Path, default=pathlib.Path("who_to_call.png"))
chosen = arguments.parse_args(sys.argv[1:])

examples = pathlib.Path(__file__).resolve().parent.parent
if not (chosen.folder / "studentInfo.csv.gz").exists():
    sys.exit(f"no studentInfo.csv.gz in {chosen.folder}: name the folder with the OULAD tables")

# %% [markdown]
# ## The facts
# Four tables go into the journal as facts. Day 0 of every presentation stands for 1 October 2013. The import takes place
# after everything has happened, but each fact says when the university *could know* it; a model that is asked about
# day 56 sees only what was known before the end of day 56.

# %%
london = alloquy.read_zone("Europe/London")
first_day = alloquy.Day.from_ymd(2013, 10, 1)
end_of_day = london.start_of_day(first_day + (chosen.day + 1))
imported_at = london.start_of_day(first_day + 700)
playbook = alloquy.read_playbook_file(examples / "playbooks" / "oulad.json")
tables = {
    "student_info": "studentInfo.csv.gz",
    "student_registration": "studentRegistration.csv.gz",
    "student_assessment": "studentAssessment.csv.gz",
    "student_vle": "studentVle-first-1048575-rows.txt.gz",
}
work = tempfile.TemporaryDirectory()
university = alloquy.Institution.open(pathlib.Path(work.name) / "oulad.alloquy", playbook, imported_at)
for mapping, table in tables.items():
    report = university.import_csv(alloquy.read_mapping_file(examples / "mappings" / "oulad" / f"{mapping}.json"),
                                   chosen.folder / table, now=imported_at)
    print(f"{table:<40} {report.rows_read:>9,} rows, {report.facts_entered:>9,} facts, {report.rows_refused} rows refused")

# %% [markdown]
# ## What the model may learn from
# The playbook says what the model foretells (fails or withdraws), of whom, and from which features; special categories
# such as `disability` are refused unless a feature names a reason. `examples` looks back from the end of the day.

# %%
config = next(model for model in playbook.models if model.name == "dropout")
known = university.examples("dropout", [end_of_day], imported_at)
outcomes = np.asarray(known.outcomes)
print(f"\nday {chosen.day}: {len(outcomes):,} students are still enrolled, {outcomes.mean():.1%} fail or withdraw later")

# %% [markdown]
# ## How good is it, honestly?
# Five folds, all registrations of a student in one of them. Each student's probability comes from a model that never saw
# that student, encoder and calibration included.

# %%
splits = alloquy.fold_splits(alloquy.grouped_folds(known.groups, 5))
probabilities = alloquy.cross_validate(config, known.table, outcomes, splits, groups=known.groups, threads=2)
evaluation = alloquy.evaluate(probabilities, outcomes, capacities=[chosen.calls], shares=[0.1, 0.25, 0.5],
                              groups=known.groups, threads=2)
print()
print(alloquy.to_text(evaluation))

# %% [markdown]
# ## Why this student?
# The model in use learns from everybody and is kept in the journal as a version. The parts of one student's log-odds add
# up to it exactly.

# %%
learned = university.learn("dropout", [end_of_day], imported_at)
print(f"version {learned.version} of 'dropout', learned from {learned.examples:,} students, kept in the journal")
first = int(np.argmax(probabilities))
student = known.people[first]
model = alloquy.train(config, known.table, outcomes, groups=known.groups, threads=2)
explanation = model.explain(known.table, first)
parts = sorted(explanation.parts, key=lambda part: -abs(part.contribution))
print(f"\nthe student with the highest risk: probability {probabilities[first]:.2f}; log-odds {explanation.value:+.2f} =")
for part in parts[:8]:
    print(f"  {part.contribution:+.2f}  {part.name} (value {part.value:.2f} x weight {part.weight:+.2f})")
print(f"  {sum(part.contribution for part in parts[8:]):+.2f}  {len(parts) - 8} smaller parts")

# %% [markdown]
# ## The gain curve
# Go down the list from the highest risk: what share of those who fail or withdraw has been met? Beside the model stands a
# list that needs none, the longest silent first, and calling at random.

# %%
then = university.as_of(end_of_day)
last_seen = then.feature_table([alloquy.FeatureConfig(input="days_since_own_act")], end_of_day, people=known.people)
silence = np.nan_to_num(last_seen["days_since_own_act"], nan=1e9)  # never seen: silent for ever
curves = {
    "model 'dropout'": alloquy.gain_curve(probabilities, outcomes),
    "longest silent first": alloquy.gain_curve(silence, outcomes),
}
print(f"\nshare of all losses among the {chosen.calls} called, and among the first half of the list")
for name, scores in (("model 'dropout'", probabilities), ("longest silent first", silence)):
    called = alloquy.gain_at(scores, outcomes, chosen.calls / len(outcomes))
    half = alloquy.gain_at(scores, outcomes, 0.5)
    hits = alloquy.precision_at(scores, outcomes, chosen.calls)
    print(f"  {name:<22} {called:6.1%} {half:6.1%}   of the called {hits:.1%} are lost; "
          f"AUC {alloquy.auc(scores, outcomes):.3f}")

# %%
import matplotlib  # noqa: E402

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

figure, axes = plt.subplots(figsize=(7.2, 5.4), dpi=120, layout="constrained")
for (name, curve), colour in zip(curves.items(), ("#0b6e6e", "#d1822b")):
    people, met = curve
    axes.plot(100 * people, 100 * met, color=colour, linewidth=2.2, label=name)
axes.plot([0, 100], [0, 100], color="#999999", linewidth=1.2, linestyle="--", label="at random")
best = outcomes.mean()
axes.plot([0, 100 * best, 100], [0, 100, 100], color="#cccccc", linewidth=1.2, label="all-knowing")
capacity = 100 * chosen.calls / len(outcomes)
axes.axvline(capacity, color="#333333", linewidth=0.9, linestyle=":")
axes.annotate(f"{chosen.calls} calls", (capacity, 3), xytext=(4, 0), textcoords="offset points", fontsize=9)
axes.set_xlabel("students called, % of those enrolled, highest risk first")
axes.set_ylabel("of those who fail or withdraw, % met")
axes.set_title(f"OULAD, day {chosen.day}: {len(outcomes):,} students, {best:.1%} fail or withdraw later")
axes.set_xlim(0, 100)
axes.set_ylim(0, 101)
axes.grid(color="#eeeeee")
axes.set_axisbelow(True)
for side in ("top", "right"):
    axes.spines[side].set_visible(False)
axes.legend(loc="lower right", frameon=False)
figure.savefig(chosen.image)
print(f"\ngain curve drawn in {chosen.image}")
university.close()
