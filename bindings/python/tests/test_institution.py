import signal
import threading
import time
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

import alloquy
from alloquy import Act, Direction, Entry, Interaction
from conftest import NOW, START, add_student, fact, visit

MAPPING = """{
  "source": "visits",
  "person": {"system": "sis", "key": "who"},
  "key": "id",
  "at": {"column": "at", "form": "offset"},
  "known_at": "at",
  "facts": [{"kind": "interaction", "channel": {"constant": "web"}, "act": {"constant": "visited"},
             "direction": {"constant": "inbound"}}]
}"""


def write_csv(path, rows):
    lines = ["id,who,at"] + [f"{i},{i % 50},2026-02-{3 + i % 20:02}T10:00:00Z" for i in range(rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def mapping():
    return alloquy.read_mapping(MAPPING, "visits.json")


# Opening and closing --------------------------------------------------------------------------------------------


def test_a_closed_institution_answers_nothing(playbook, tmp_path):
    with alloquy.Institution.open(tmp_path / "a", playbook, START) as institution:
        person = add_student(institution, "1")
        view = institution.as_of(START)
        assert not institution.is_closed
    assert institution.is_closed and "closed" in repr(institution)
    institution.close()
    for ask in [lambda: institution.engagement(person, NOW), lambda: view.profile(person),
                lambda: institution.journal.fact_count]:
        with pytest.raises(alloquy.InvalidArgument, match="closed"):
            ask()


def test_a_second_writer_is_refused(playbook, tmp_path):
    with alloquy.Institution.open(tmp_path / "a", playbook, START):
        with pytest.raises(alloquy.StoreError) as caught:
            alloquy.Institution.open(tmp_path / "a", playbook, START)
    assert isinstance(caught.value.extended_code, int)


def test_what_was_recorded_is_there_after_opening_again(playbook, tmp_path):
    for snapshot in [False, True]:
        path = tmp_path / f"a{snapshot}"
        with alloquy.Institution.open(path, playbook, START) as institution:
            person = add_student(institution, "1")
            institution.record(visit(person, "v", START))
            before = institution.state_hash()
            if snapshot:
                institution.save_snapshot()
        with alloquy.Institution.open(str(path), playbook, START, threads=1) as institution:
            assert institution.state_hash() == before
            assert institution.snapshot_refusal == ""
            assert institution.find_person("sis", "1") == person


def test_threads_must_be_at_least_one(playbook):
    with pytest.raises(alloquy.InvalidArgument):
        alloquy.Institution.in_memory(playbook, START, threads=0)


# Recording ------------------------------------------------------------------------------------------------------


def test_a_datetime_does_for_an_instant(institution):
    at = datetime(2026, 2, 2, 9, 0, tzinfo=timezone(timedelta(hours=1)))
    person = institution.person("sis", "1", at)
    institution.record(visit(person, "v", at))
    assert institution.engagement(person, NOW).last_event_at == START


def test_a_wrong_fact_keeps_the_others_out(institution):
    person = institution.person("sis", "1", START)
    with pytest.raises(alloquy.InvalidArgument):
        institution.record([visit(person, "a", START), visit(alloquy.PersonId(99), "b", START)])
    assert institution.journal.fact_count == 0
    for wrong in [5, None, ["x"], "text"]:
        with pytest.raises(alloquy.InvalidArgument):
            institution.record(wrong)


def test_a_key_of_the_wrong_type_is_not_shown(institution):
    with pytest.raises(alloquy.InvalidArgument) as caught:
        institution.person("sis", 4711, START)
    assert "4711" not in str(caught.value)


def test_an_unknown_person_is_not_found(institution):
    with pytest.raises(alloquy.NotFound):
        institution.engagement(alloquy.PersonId(99), NOW)
    assert institution.find_person("sis", "nobody") is None
    assert institution.find_person("no such system", "x") is None


def test_many_threads_record_and_ask_at_once(institution):
    people = [add_student(institution, str(i)) for i in range(4)]
    failures = []

    def work(number):
        try:
            for i in range(50):
                person = people[number]
                content = Interaction(f"channel {number} {i % 7}", Act.visited, Direction.inbound)
                assert institution.record(fact(person, f"v{i}", content)) == Entry.entered
                institution.engagement(people[(number + 1) % 4], NOW)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert institution.journal.fact_count == 4 * 2 + 200
    assert [institution.engagement(person, NOW).events for person in people] == [50] * 4


# The past -------------------------------------------------------------------------------------------------------


def test_a_view_knows_nothing_of_later(institution):
    person = add_student(institution, "1")
    institution.record(visit(person, "a", START))
    before = institution.state_hash()
    middle = START + timedelta(days=1)
    institution.record(visit(person, "b", middle + timedelta(days=1)))
    with pytest.raises(alloquy.InvalidArgument):
        institution.engagement(person, middle)
    view = institution.as_of(middle)
    assert view.engagement(person, middle).events == 1
    assert view.state_hash() == before != institution.state_hash()
    assert view.instant == middle
    assert view.next(person, NOW).chosen is not None
    assert len(view.plan(NOW)) == 1 and view.profile(person).language == "nl"
    np.testing.assert_array_equal(view.person_ids(), institution.person_ids())


def test_a_view_keeps_its_institution(playbook):
    view = alloquy.Institution.in_memory(playbook, START).as_of(START)
    assert len(view.person_ids()) == 0


# Arrays ---------------------------------------------------------------------------------------------------------


def test_arrays_are_in_the_order_of_person_ids(institution):
    people = [add_student(institution, str(i)) for i in range(3)]
    institution.record([visit(people[1], "a", START), visit(people[2], "b", NOW - timedelta(days=1), 7)])
    ids, fractions, columns = institution.person_ids(), institution.engagement_fractions(NOW), institution.columns(NOW)
    assert ids.dtype == np.int64 and fractions.dtype == np.float64
    for i, number in enumerate(ids):
        person = alloquy.PersonId(int(number))
        assert fractions[i] == columns["engagement"][i] == institution.engagement(person, NOW).fraction
        values = {name: institution.column(person, name, NOW) for name in columns}
        for name, array in columns.items():
            if values[name] is None:
                assert np.isnan(array[i])
            else:
                assert array[i] == values[name]
        told = {column.name: column.value for column in institution.next(person, NOW).columns}
        assert told == {name: values[name] for name in told} and "engagement" in told
    assert columns["days_in_role"].tolist() == [28.0] * 3


# Import ---------------------------------------------------------------------------------------------------------


def test_an_import_reports_bad_rows(institution, mapping, tmp_path):
    path = tmp_path / "visits.csv"
    path.write_text("id,who,at\n1,a,2026-02-03T10:00:00Z\n2,a,soon\n3,b,2026-02-03T10:00:00Z\n", encoding="utf-8")
    report = institution.import_csv(mapping, path, NOW)
    assert (report.rows_read, report.rows_refused, report.facts_entered) == (3, 1, 2)
    assert [(issue.line, issue.column) for issue in report.issues] == [(3, "at")]
    assert report.people.dtype == np.int64 and report.people.tolist() == [1, 2]
    assert institution.engagement(alloquy.PersonId(1), NOW).events == 1
    again = institution.import_csv(mapping, path, NOW)
    assert (again.facts_entered, again.facts_already_there) == (0, 2)


def test_progress_is_called_and_its_exception_ends_the_import(institution, mapping, tmp_path):
    path = write_csv(tmp_path / "visits.csv", 20_000)
    seen = []
    institution.import_csv(mapping, path, NOW, on_progress=seen.append)
    assert seen[-1].rows == 20_000 and seen[-1].bytes.consumed_bytes == path.stat().st_size

    class Stop(Exception):
        pass

    def stop(progress):
        raise Stop

    with pytest.raises(Stop):
        institution.import_csv(mapping, write_csv(tmp_path / "more.csv", 20_000), NOW, stop)
    # It goes on as if nothing had been.
    assert institution.engagement(alloquy.PersonId(1), NOW).events == 400


def test_a_callback_cannot_use_the_institution(institution, mapping, tmp_path):
    caught = []

    def ask(progress):
        try:
            institution.state_hash()
        except alloquy.InvalidArgument as error:
            caught.append(str(error))

    institution.import_csv(mapping, write_csv(tmp_path / "visits.csv", 10), NOW, ask)
    assert caught and "callback" in caught[0]


def test_ctrl_c_ends_an_import(institution, mapping, tmp_path):
    def interrupt(progress):
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        institution.import_csv(mapping, write_csv(tmp_path / "visits.csv", 20_000), NOW, interrupt)


def test_other_threads_run_during_an_import(institution, mapping, tmp_path):
    path = write_csv(tmp_path / "visits.csv", 50_000)
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(1)
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    institution.import_csv(mapping, path, NOW)
    done.set()
    thread.join()
    assert len(ticks) > 5


# Columns in -----------------------------------------------------------------------------------------------------


def columns_of(institution, count):
    ids = institution.journal.people("sis", [str(i % 10) for i in range(count)], START)
    at = START.unix_ms + np.arange(count, dtype=np.int64) * 60_000
    keys = [f"row {i}" for i in range(count)]
    return ids, at, keys


def test_columns_record_the_same_as_facts(playbook):
    words = (np.array([0, 1, -1], dtype=np.int8), ["study", "other"])
    hashes = []
    for in_columns in [True, False]:
        with alloquy.Institution.in_memory(playbook, START) as institution:
            ids, at, keys = columns_of(institution, 3)
            if in_columns:
                report = institution.record_interactions(
                    ids, at, ["web", "email", "web"], "visited", Direction.inbound, "test", keys, topics=words,
                    quantities=np.array([1, 2, 3]))
                assert (report.rows_read, report.facts_entered, report.issue_count) == (3, 3, 0)
                assert report.people.tolist() == sorted(set(ids.tolist()))
            else:
                for i, (channel, topic) in enumerate([("web", "study"), ("email", "other"), ("web", None)]):
                    content = Interaction(channel, Act.visited, Direction.inbound, topic, quantity=i + 1)
                    institution.record(fact(alloquy.PersonId(int(ids[i])), keys[i], content,
                                            alloquy.Instant.from_unix_ms(int(at[i]))))
            hashes.append(institution.state_hash())
            fractions = institution.engagement_fractions(NOW)
            assert (fractions > 0).all()
    assert hashes[0] == hashes[1]


def test_pandas_columns_are_taken_as_they_are(institution):
    pandas = pytest.importorskip("pandas")
    ids, at, keys = columns_of(institution, 4)
    frame = pandas.DataFrame({"id": ids, "at": at, "key": keys, "channel": ["web", "email", "web", "web"],
                              "topic": ["study", None, "study", None]})
    frame["channel"] = frame["channel"].astype("category")
    report = institution.record_interactions(
        person_ids=frame["id"], at_ms=frame["at"], channels=frame["channel"], acts="visited", directions="inbound",
        source="test", keys=frame["key"], topics=frame["topic"])
    assert report.facts_entered == 4
    recorded = [institution.journal.facts_of(alloquy.PersonId(int(person)))[0].content for person in ids]
    assert [content.channel for content in recorded] == ["web", "email", "web", "web"]
    assert [content.topic for content in recorded] == ["study", None, "study", None]


def test_bad_rows_come_back_and_the_others_go_in(institution):
    ids, at, keys = columns_of(institution, 6)
    ids, at = ids.copy(), at.copy()
    ids[1] = 999
    at[2] = np.iinfo(np.int64).max
    keys[3] = ""
    acts = ["visited"] * 6
    acts[4] = "flown"
    report = institution.record_interactions(ids, at, "web", acts, "inbound", "test", keys)
    assert (report.rows_read, report.rows_refused, report.facts_entered) == (6, 4, 2)
    assert [(issue.line, issue.column) for issue in report.issues] == [
        (2, "person_ids"), (3, "at_ms"), (4, ""), (5, "acts")]
    short = institution.record_interactions(ids, at, "web", acts, "inbound", "test", keys, max_issues=1)
    assert len(short.issues) == 1 and short.issue_count == 4 and short.facts_already_there == 2


def test_a_conflict_names_its_row(institution):
    ids, at, keys = columns_of(institution, 3)
    ids[:] = ids[0]
    institution.record_interactions(ids, at, "web", "visited", "inbound", "test", keys)
    report = institution.record_interactions(ids, at, ["web", "email", "web"], "visited", "inbound", "test", keys)
    assert (report.facts_already_there, report.facts_in_conflict) == (2, 1)
    assert [issue.line for issue in report.issues] == [2]


@pytest.mark.parametrize(
    "name, wrong",
    [
        ("person_ids", np.array([1.0, 1.0])),
        ("person_ids", np.array([1, 1], dtype=np.int32)),
        ("person_ids", np.array([[1, 1]])),
        ("at_ms", np.array([0, 0], dtype=np.uint64)),
        ("at_ms", np.array(["2026-01-01", "2026-01-01"], dtype="M8[ms]")),
        ("at_ms", np.array([0])),
        ("known_at_ms", [0.5, 0.5]),
        ("quantities", np.array([1, 1], dtype=np.int8)),
        ("keys", ["only one"]),
        ("keys", [1, 2]),
        ("keys", "ab"),
        ("channels", ["web"]),
        ("channels", 5),
        ("channels", [b"web", b"web"]),
        ("acts", (np.array([0, 7]), ["visited"])),
        ("acts", (np.array([0.0, 0.0]), ["visited"])),
        ("acts", (np.array([0, 2**63], dtype=np.uint64), ["visited"])),
    ],
)
def test_a_wrong_column_is_named_and_nothing_enters(institution, name, wrong):
    ids, at, keys = columns_of(institution, 2)
    arguments = dict(person_ids=ids, at_ms=at, channels="web", acts="visited", directions="inbound", source="test",
                     keys=keys)
    arguments[name] = wrong
    with pytest.raises(alloquy.InvalidArgument, match=name):
        institution.record_interactions(**arguments)
    assert institution.journal.fact_count == 0


def test_late_rows_do_not_change_the_result(playbook):
    rng = np.random.default_rng(3)
    order = rng.permutation(2000)
    hashes = set()
    for index in [np.arange(2000), order]:
        with alloquy.Institution.in_memory(playbook, START) as institution:
            institution.journal.people("sis", [str(i) for i in range(10)], START)
            ids = 1 + np.arange(2000, dtype=np.int64)[index] % 10
            at = (START.unix_ms + np.arange(2000, dtype=np.int64) * 60_000)[index]
            acts = np.where(index % 3 == 0, "sent", "replied")
            ways = np.where(index % 3 == 0, "outbound", "inbound")
            institution.record_interactions(ids, at, "email", acts, ways, "test", index.astype(np.int64))
            hashes.add(institution.state_hash())
    assert len(hashes) == 1
