"""Kills the nightly import again and again, then lets it finish: nothing may be lost, doubled or damaged.

usage: kill_import.py SAMPLE_INSTITUTION NIGHTLY SOURCE WORK
"""

import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

KILLS = 50


def nightly(program, source, data, journal, **options):
    return subprocess.Popen(
        [program, "--data", data, "--journal", journal, "--examples", f"{source}/examples",
         "--now", "2026-11-16T07:00:00Z"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def plan_of(process):
    """The plan that a run ends in; it names the hash of the state."""
    out, error = process.communicate()
    if process.returncode != 0:
        sys.exit(f"nightly failed ({process.returncode}): {error}")
    return out[out.index("\nplan of"):]


def facts_in(journal):
    with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as connection:
        problems = connection.execute("PRAGMA integrity_check").fetchall()
        if problems != [("ok",)]:
            sys.exit(f"integrity_check: {problems}")
        return connection.execute("SELECT count(*), max(seq) FROM fact").fetchone()


def main():
    sample, program, source, work = sys.argv[1:5]
    work = pathlib.Path(work)
    shutil.rmtree(work, ignore_errors=True)
    data = work / "data"
    work.mkdir(parents=True)
    subprocess.run([sample, str(data), "--people", "1000", "--end", "2026-11-16"], check=True, stdout=subprocess.DEVNULL)

    start = time.monotonic()
    expected = plan_of(nightly(program, source, str(data), str(work / "undisturbed")))
    undisturbed_seconds = time.monotonic() - start
    facts, last_seq = facts_in(work / "undisturbed")

    chance = random.Random(1)
    journal = work / "killed"
    killed = 0
    fewer = 0
    while killed < KILLS:
        # From a new file now and then, else every later run would find all facts there.
        if killed % 5 == 0:
            for name in work.glob("killed*"):
                name.unlink()
        process = nightly(program, source, str(data), str(journal))
        time.sleep(chance.uniform(0, undisturbed_seconds))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += 1
        if journal.exists() and journal.stat().st_size > 0:
            try:
                count, seq = facts_in(journal)
            except sqlite3.OperationalError as error:  # killed before the first table was there
                if "no such table" not in str(error):
                    raise
                continue
            fewer += count < facts
            if seq is not None and seq != count:
                sys.exit(f"after kill {killed}: {count} facts, but the last seq is {seq}")
    if fewer == 0:
        sys.exit("no kill hit an import: the test shows nothing")
    again = plan_of(nightly(program, source, str(data), str(journal)))
    if again != expected:
        sys.exit("after the kills the rerun ends in another plan or state")
    if facts_in(journal) != (facts, last_seq):
        sys.exit(f"after the kills there are {facts_in(journal)} facts instead of {(facts, last_seq)}")
    print(f"{killed} kills, {fewer} of them in the middle of the import; {facts} facts in the end, as undisturbed")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
