"""Counts members of the example playbooks' segments from the rows of the files alone, and compares them with what
06_segments prints. Only the standard library: no part of alloquy is used for counting.

usage: count_segments.py PROGRAM SOURCE sample SAMPLE_INSTITUTION WORK
       count_segments.py PROGRAM SOURCE oulad FOLDER
"""

import collections
import csv
import datetime
import gzip
import pathlib
import re
import shutil
import subprocess
import sys
import zoneinfo

UTC = datetime.timezone.utc
AMSTERDAM = zoneinfo.ZoneInfo("Europe/Amsterdam")
LONDON = zoneinfo.ZoneInfo("Europe/London")
NOW = datetime.datetime(2026, 11, 16, 7, tzinfo=UTC)
DAY = 56
FOLLOWED = {("AAA", "2013J"), ("AAA", "2014J"), ("BBB", "2013B"), ("BBB", "2013J")}


def days(count):
    return datetime.timedelta(days=count)


# The sample college ----------------------------------------------------------------------------------------------

def utc(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def local(text, zone=AMSTERDAM):
    """A local time as an instant; no row stands in an hour that occurs twice or not at all."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def good_rows(folder, name):
    """The rows that are neither broken nor a double."""
    seen = set()
    with open(folder / f"{name}.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if not row["id"].startswith("broken-") and row["id"] not in seen:
                seen.add(row["id"])
                yield row


def sample_counts(folder):
    zones = {row["person"]: row["zone"] for row in good_rows(folder, "people")}
    # Since when somebody has which role; the last row of a role, programme and site decides.
    periods = collections.defaultdict(dict)
    had = collections.defaultdict(set)
    for row in sorted(good_rows(folder, "roles"), key=lambda row: local(row["at"])):
        if local(row["at"]) > NOW:
            continue
        role = (row["kind"], row["programme"], row["site"])
        if row["change"] == "started":
            periods[row["person"]].setdefault(role, local(row["at"]))
        elif periods[row["person"]].pop(role, None) is not None:
            had[row["person"]].add(row["kind"])
    current = {person: {role[0] for role in roles} for person, roles in periods.items()}

    def who_is(kind):
        return {person for person, kinds in current.items() if kind in kinds}

    students = who_is("student")

    inbound = collections.defaultdict(list)
    reminded = collections.defaultdict(list)
    read = collections.defaultdict(list)
    visited = collections.defaultdict(list)
    donated = collections.defaultdict(list)
    for row in good_rows(folder, "interactions"):
        at = local(row["at"])
        person = row["person"]
        if row["direction"] == "inbound":
            inbound[person].append(at)
        if row["action"] == "exam_reminder":
            reminded[person].append(at)
        if row["act"] in ("opened", "replied"):
            read[person].append(at)
        if row["channel"] == "web":
            visited[person].append(at)
        if row["act"] == "donated":
            donated[person].append(at)

    duties = {}
    due = {}
    for row in sorted(good_rows(folder, "obligations"), key=lambda row: (utc(row["at"]), row["id"])):
        duty = (row["person"], row["kind"], row["item"])
        duties[duty] = row["step"]
        if row["due"]:
            due[duty] = utc(row["due"])
    dialogues = {}
    for row in sorted(good_rows(folder, "dialogues"), key=lambda row: (utc(row["at"]), row["id"])):
        dialogue = dialogues.setdefault((row["person"], row["dialogue"]), {})
        dialogue["step"] = row["step"]
        for key in ("topic", "tone"):
            dialogue[key] = row[key] or dialogue.get(key, "")
    in_talks = {person for (person, _), each in dialogues.items()
                if each["step"] != "confirmed" and each["topic"] in ("finance", "scholarship")}
    complaining = {person for (person, _), each in dialogues.items()
                   if each["step"] != "confirmed" and each["tone"] == "complaint"}

    consents = {}
    for row in sorted(good_rows(folder, "consents"), key=lambda row: (utc(row["at"]), row["decision"] == "withdrawn")):
        if row["channel"] in ("", "email") and row["decision"] in ("given", "withdrawn"):
            consents[row["person"], row["purpose"]] = row["decision"] == "given"

    block_start = local("2026-11-09T00:00:00")
    unread = set()
    for person in students:
        for sent in reminded[person]:
            if NOW - days(42) < sent and sent + days(7) <= NOW:
                if not any(sent < at <= sent + days(7) for at in read[person]):
                    unread.add(person)

    def previous_week(person):
        zone = zoneinfo.ZoneInfo(zones.get(person) or "Europe/Amsterdam")
        today = NOW.astimezone(zone).date()
        monday = today - days(today.weekday())
        start, end = (datetime.datetime.combine(day, datetime.time(), zone) for day in (monday - days(7), monday))
        return start, end

    invited = set()
    for person in who_is("prospect"):
        start, end = previous_week(person)
        if (consents.get((person, "marketing")) and person not in complaining
                and any(start <= at < end for at in visited[person])):
            invited.add(person)

    def gave_in(person, year):
        return any(at.astimezone(AMSTERDAM).year == year for at in donated[person])

    return {
        # Whoever studies is a student in the first place; of several programmes the one that began last counts.
        "first hundred days": len({
            person for person in students
            if NOW - max(at for (kind, _, _), at in periods[person].items() if kind == "student") <= days(100)}),
        "silent this block": len({
            person for person in students
            if not any(at >= min(block_start, NOW - days(7)) for at in inbound[person])}),
        "reminder unread": len(unread),
        "fee overdue": len({
            duty[0] for duty, step in duties.items()
            if duty[1] == "tuition_fee" and step == "opened" and due[duty] < NOW and duty[0] not in in_talks}),
        "open complaint": len(complaining),
        "prospects to invite": len(invited),
        "gave last year": len({
            person for person in who_is("alumnus")
            if "student" in had[person] and consents.get((person, "alumni_relations"))
            and gave_in(person, 2025) and not gave_in(person, 2026)}),
    }


# OULAD ---------------------------------------------------------------------------------------------------------------

def table(path, **form):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file, **form)


def registration_of(row):
    return row["code_module"], row["code_presentation"], row["id_student"]


def oulad_counts(folder):
    """Clicks, submissions and withdrawals stand at noon of their day, registrations at midnight, deadlines at its end;
    the question is asked a millisecond before midnight. So (now - 14 days, now] holds the noons of days 43 to 56."""
    registered, gone_on = {}, {}
    for row in table(folder / "studentRegistration.csv.gz"):
        if (row["code_module"], row["code_presentation"]) in FOLLOWED:
            # Without a date: 1 September 2012, which is day -395.
            registered[registration_of(row)] = int(row["date_registration"] or -395)
            if row["date_unregistration"]:
                gone_on[registration_of(row)] = int(row["date_unregistration"])
    on_course = {key for key, day in registered.items() if day <= DAY and not gone_on.get(key, DAY + 1) <= DAY}
    now = datetime.datetime(2013, 10, 1, tzinfo=LONDON) + days(DAY + 1)

    def role_days(day):
        # Both clocks at midnight, but an hour more lies between them if the clocks went back meanwhile.
        begin = datetime.datetime(2013, 10, 1, tzinfo=LONDON) + days(day)
        return (now.astimezone(UTC) - begin.astimezone(UTC)).total_seconds() / 86400

    clicks = collections.defaultdict(set)
    for row in table(folder / "studentVle-first-1048575-rows.txt.gz", delimiter="\t"):
        if int(row["date"]) <= DAY:
            clicks[registration_of(row)].add(int(row["date"]))
    assessments = {row["id_assessment"]: row for row in table(folder / "assessments.csv")}
    submitted = collections.defaultdict(set)
    closed = collections.defaultdict(set)
    scores = collections.defaultdict(list)
    for row in table(folder / "studentAssessment.csv.gz"):
        day = int(row["date_submitted"])
        if day > DAY:
            continue
        assessment = assessments[row["id_assessment"]]
        key = (assessment["code_module"], assessment["code_presentation"], row["id_student"])
        closed[key].add(row["id_assessment"])
        if row["is_banked"] == "0":
            submitted[key].add(day)
        if row["score"] and day >= 0:  # the term begins on day 0
            scores[key].append(float(row["score"]))

    def is_late(key):
        return any((each["code_module"], each["code_presentation"]) == key[:2] and each["assessment_type"] == "TMA"
                   and each["date"] and float(each["date"]) <= DAY and number not in closed[key]
                   for number, each in assessments.items())

    late = {key for key in on_course if is_late(key)}
    week = {DAY - 1, DAY}  # 26 November 2013 is a Tuesday
    return {
        "on course": len(on_course),
        "newcomers": sum(role_days(registered[key]) < 70 for key in on_course),
        "silent for two weeks": sum(not (clicks[key] | submitted[key]) & set(range(DAY - 13, DAY + 1))
                                    for key in on_course),
        "coursework overdue": len(late),
        "late and not at work": sum(not clicks[key] & week for key in late),
        "weak results": sum(bool(scores[key]) and sum(scores[key]) / len(scores[key]) < 40 for key in on_course),
        "handed in and gone": sum(any(DAY - 28 < day <= DAY - 7 and not clicks[key] & set(range(day + 1, day + 8))
                                      for day in submitted[key]) for key in on_course),
        "left": sum(DAY - 28 < day <= DAY and registered[key] <= DAY for key, day in gone_on.items()),
    }


# Comparison ------------------------------------------------------------------------------------------------------

def run(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{program} failed ({done.returncode}): {done.stderr}")
    return done.stdout


def without_import(text):
    return text[text.index("\n\n"):]


def main():
    program, source, kind = sys.argv[1:4]
    if kind == "oulad":
        folder = pathlib.Path(sys.argv[4])
        if not (folder / "studentInfo.csv.gz").exists():
            print("SKIPPED: the OULAD files are not there (ALLOQUY_DATA)")
            return
        expected = oulad_counts(folder)
        text = run(program, "--oulad", folder, "--day", str(DAY), "--examples", f"{source}/examples")
    else:
        folder = pathlib.Path(sys.argv[5])
        shutil.rmtree(folder, ignore_errors=True)
        run(sys.argv[4], folder, "--people", "5000", "--end", "2026-11-16")
        expected = sample_counts(folder)
        arguments = ["--data", folder, "--examples", f"{source}/examples", "--now", "2026-11-16T07:00:00Z"]
        text = run(program, *arguments)
        again = run(program, *arguments)
        shutil.rmtree(folder)
        if without_import(again) != without_import(text):
            sys.exit(f"opening the journal again tells another story:\n{text}\n---\n{again}")
    printed = {name.strip(): int(members)
               for name, members in re.findall(r"^ *\d+  (\S.{27}) *(\d+) +\d+ +\d+$", text, re.MULTILINE)}
    if len(printed) != 12:
        sys.exit(f"expected twelve segments in\n{text}")
    wrong = [f"{name}: {printed.get(name)} printed, {count} counted"
             for name, count in expected.items() if printed.get(name) != count]
    for name, count in expected.items():
        print(f"{name:28} {count:6}")
    if wrong:
        sys.exit("\n".join(["the segments are not what the rows say", *wrong]))
    if not any(expected.values()):
        sys.exit("nobody was counted")


if __name__ == "__main__":
    main()
