"""Segments: who is in them, why, since when, and what an analyst makes of the answers."""

import datetime
import gc
import json
import pathlib
import threading
import weakref

import numpy as np
import pytest

import alloquy
from alloquy import Act, Direction, Instant, Interaction, RoleChange, RoleKind
from conftest import fact

FIRST = Instant.from_iso("2026-09-01T00:00:00Z")
SEGMENTS = [
    {"name": "students", "condition": "role student"},
    {
        "name": "silent",
        "condition": 'in segment "students" and no interactions where direction = "inbound" in last 7 days',
    },
]
BUSY = "role student and count of interactions in last 7 days >= 3"


def day(days):
    return FIRST + datetime.timedelta(days=days)


def playbook_of(segments=SEGMENTS):
    document = {"name": "test", "channels": ["email", "portal"], "topics": ["study"], "segments": segments}
    return alloquy.read_playbook(json.dumps(document), "test")


def opened(segments=SEGMENTS):
    return alloquy.Institution.in_memory(playbook_of(segments), FIRST)


def enrol(college, key, at):
    person = college.person("sis", key, at)
    college.record(fact(person, "role", RoleChange(RoleKind.student), at, "sis"))
    return person


def click(person, key, at, known_at=None):
    content = Interaction("portal", Act.clicked, Direction.inbound)
    return alloquy.Fact(person, at, known_at or at, "lms", key, content)


@pytest.fixture
def college():
    """Two students: the first clicks on day 1, the second on day 2. So on day 8 the first falls silent, on day 9 the
    second, at midnight: what happened exactly 7 days ago is out of `in last 7 days`."""
    with opened() as institution:
        for key in ["1", "2"]:
            enrol(institution, key, day(0))
        institution.record(click(alloquy.PersonId(1), "a", day(1)))
        institution.record(click(alloquy.PersonId(2), "a", day(2)))
        yield institution


ONE, TWO = alloquy.PersonId(1), alloquy.PersonId(2)


# Conditions -----------------------------------------------------------------------------------------------------


def test_a_condition_has_a_text_and_a_json_form_that_read_back_equal():
    fields = alloquy.fields_of(playbook_of())
    condition = alloquy.parse_condition('engagement<0.3 and (not on list "x" or in segment "a")', fields)
    # By hand, from the grammar: one space around operators; brackets where `or` stands within `and`.
    text = 'engagement < 0.3 and (not on list "x" or in segment "a")'
    assert str(condition) == alloquy.to_text(condition) == text
    form = alloquy.condition_to_json(condition)
    assert json.loads(form) == {
        "all": [{"field": "engagement", "less": 0.3}, {"any": [{"not": {"on_list": "x"}}, {"in_segment": "a"}]}]
    }
    again = alloquy.condition_from_json(form, fields)
    assert again == condition and hash(again) == hash(condition) and again != alloquy.parse_condition("true", fields)
    assert alloquy.segments_named(condition) == ["a"]
    assert text in repr(condition).replace("\\", "")


def test_a_wrong_condition_tells_the_place_and_a_near_name():
    fields = alloquy.fields_of(playbook_of())
    with pytest.raises(alloquy.ParseError, match="engagement") as caught:
        alloquy.parse_condition("true and\n  engagment < 0.3", fields)
    assert caught.value.line == 2
    with pytest.raises(alloquy.ParseError) as caught:
        alloquy.condition_from_json('{"field":"engagement","less":"low"}', fields)
    assert caught.value.issues[0].pointer
    with pytest.raises(alloquy.InvalidArgument):
        alloquy.Catalogue([alloquy.Field("", alloquy.FieldType.text)])


def test_fields_are_those_of_the_playbook_and_attributes(college):
    fields = college.fields
    assert fields.fields == alloquy.fields_of(college.playbook).fields
    assert [field.name for field in fields.fields][: len(alloquy.column_names)] == list(alloquy.column_names)
    assert fields.type_of("engagement") == alloquy.FieldType.number
    assert fields.type_of("attribute:city") == alloquy.FieldType.any and fields.type_of("city") is None
    engagement = fields.fields[[field.name for field in fields.fields].index("engagement")]
    assert engagement == alloquy.Field("engagement", alloquy.FieldType.number, alloquy.Motion.falling)


def test_a_playbook_has_a_zone_academic_years_and_segments():
    document = {
        "name": "year",
        "channels": ["email"],
        "zone": "Europe/Amsterdam",
        "academic_years": [
            {
                "name": "2026-2027",
                "from": "2026-09-01",
                "to": "2027-08-31",
                "terms": [{"name": "autumn", "from": "2026-09-01", "to": "2027-01-31"}],
            }
        ],
        "segments": SEGMENTS,
    }
    playbook = alloquy.read_playbook(json.dumps(document), "year")
    assert playbook.zone == "Europe/Amsterdam"
    # `to` is the last day; a range ends with the day after it.
    days = alloquy.DayRange(datetime.date(2026, 9, 1), datetime.date(2027, 9, 1))
    autumn = alloquy.Term("autumn", alloquy.DayRange(datetime.date(2026, 9, 1), datetime.date(2027, 2, 1)))
    assert playbook.academic_years == (alloquy.AcademicYear("2026-2027", days, [autumn]),)
    assert [segment.name for segment in playbook.segments] == ["students", "silent"]
    built = alloquy.Playbook(
        "year",
        channels=["email"],
        zone="Europe/Amsterdam",
        academic_years=playbook.academic_years,
        segments=[alloquy.SegmentConfig("students", "role student"), playbook.segments[1]],
    )
    assert built == playbook and alloquy.Playbook("x").zone == "UTC" and alloquy.Playbook("x").segments == ()
    assert alloquy.read_playbook(alloquy.write_playbook(playbook), "again") == playbook


# Members --------------------------------------------------------------------------------------------------------


def test_members_come_and_go_with_facts_and_with_time(college):
    silent = college.segment("silent")
    assert silent.name == "silent" and repr(silent) == "Segment('silent')"
    assert silent.members(day(2)).tolist() == [] and silent.size(day(2)) == 0
    # The future, if no fact comes in.
    assert silent.members(day(8)).tolist() == [1] and silent.members(day(9)).tolist() == [1, 2]
    assert silent.size(day(9)) == 2
    assert silent.contains(ONE, day(8)) and not silent.contains(TWO, day(8))
    just_before = day(8) - datetime.timedelta(milliseconds=1)
    assert not silent.contains(ONE, just_before)
    # The past, as it is known now.
    college.advance(day(20))
    assert silent.members(just_before).tolist() == [] and silent.members(day(8)).tolist() == [1]
    assert college.members("silent", day(8)).tolist() == [1] and college.is_member(ONE, "silent", day(8))
    assert college.segments == ["students", "silent"]


def test_a_condition_is_a_segment_too(college):
    condition = "in segment \"students\"   and count of interactions >= $n"
    segment = college.segment(condition, {"n": 1})
    assert segment.name is None
    assert segment.condition == 'in segment "students" and count of interactions >= 1'
    assert json.loads(segment.to_json())["all"][0] == {"in_segment": "students"}
    assert segment.members(day(9)).tolist() == [1, 2] and segment.size(day(9)) == 2
    assert segment.contains(ONE, day(9)) and segment.explain(ONE, day(9)).is_member
    assert college.members_where(condition, day(9), {"n": 2}).tolist() == []
    assert not college.explain_where(ONE, condition, day(9), {"n": 2}).is_member
    parsed = alloquy.parse_condition(condition, college.fields)
    assert college.segment(parsed, {"n": np.int64(1)}).members(day(9)).tolist() == [1, 2]
    assert college.members_where(parsed, day(9), {"n": 1.0}).tolist() == [1, 2]
    assert college.segment("silent").condition == college.segment(SEGMENTS[1]["condition"]).condition


def test_parameters_may_be_truths_numbers_texts_and_days():
    with opened([]) as college:
        person = college.person("sis", "1", day(0))
        stated = alloquy.AttributeStatement({"paid": True, "city": "Zwolle", "born": datetime.date(2005, 3, 1)})
        college.record(fact(person, "a", stated, day(0)))
        for name, value in [("paid", True), ("city", "Zwolle"), ("born", datetime.date(2005, 3, 1)),
                            ("born", alloquy.Day.from_ymd(2005, 3, 1)), ("paid", np.True_)]:
            assert college.members_where(f"attribute:{name} = $x", day(1), {"x": value}).tolist() == [person.value]
        assert college.members_where("attribute:city = $x", day(1), {"x": "Deventer"}).tolist() == []
        for wrong in [{"x": None}, {"x": [1]}, {1: 2}, "x", {"x": float("nan")}, {}, {"x": 1, "y": 2}]:
            with pytest.raises(alloquy.InvalidArgument):
                college.members_where("attribute:city = $x", day(1), wrong)


def test_a_name_goes_before_a_condition():
    with opened([{"name": "role student", "condition": "role alumnus"}]) as college:
        enrol(college, "1", day(0))
        assert college.segment("role student").condition == "role alumnus"
        assert college.segment("role student").size(day(1)) == 0
        assert college.members_where("role student", day(1)).tolist() == [1]
        parsed = alloquy.parse_condition("role student", college.fields)
        assert college.segment(parsed).name is None  # a Condition is never a name


def test_what_is_not_there_is_told(college):
    with pytest.raises(alloquy.InvalidArgument, match='there is no segment "silnt"; did you mean "silent"'):
        college.segment("silnt")
    with pytest.raises(alloquy.InvalidArgument, match='did you mean "silent"'):
        college.members("silnt", day(9))
    with pytest.raises(alloquy.InvalidArgument, match='did you mean "students"'):
        college.segment('in segment "studnts"')
    with pytest.raises(alloquy.ParseError, match="line 1"):
        college.segment("role student and")
    with pytest.raises(alloquy.InvalidArgument, match="parameters"):
        college.segment("silent", {"n": 1})
    with pytest.raises(alloquy.InvalidArgument, match="str or Condition"):
        college.segment(3)
    with pytest.raises(alloquy.NotFound):
        college.segment("silent").contains(alloquy.PersonId(99), day(9))
    with pytest.raises(alloquy.InvalidArgument):
        college.members_where("role student", day(1))  # a fact became known on day 2


def test_a_segment_keeps_its_institution_and_knows_when_it_is_closed():
    college = opened()
    segment = college.segment("students")
    reference = weakref.ref(college)
    enrol(college, "1", day(0))
    del college
    gc.collect()
    assert segment.members(day(1)).tolist() == [1] and reference() is None
    college = opened()
    segment = college.segment("students")
    college.close()
    with pytest.raises(alloquy.InvalidArgument, match="closed"):
        segment.members(day(1))


def test_members_go_to_numpy_and_arrow_without_a_copy(college):
    members = college.segment("students").members(day(3))
    assert members.dtype == np.int64 and members.shape == (2,) and members.flags.c_contiguous
    pyarrow = pytest.importorskip("pyarrow")
    column = pyarrow.array(members)
    assert column.type == pyarrow.int64() and column.buffers()[1].address == members.ctypes.data
    assert column.to_pylist() == [1, 2]
    empty = pyarrow.array(college.segment("false").members(day(3)))
    assert empty.type == pyarrow.int64() and len(empty) == 0


# Why ------------------------------------------------------------------------------------------------------------


def test_an_explanation_tells_what_was_found_and_the_smallest_change():
    with opened([{"name": "busy student", "condition": BUSY}]) as college:
        person = enrol(college, "1", day(0))
        college.record([click(person, "a", day(1)), click(person, "b", day(2))])
        why = college.segment("busy student").explain(person, day(3))
        assert not why.is_member and not why.condition.holds
        role, count = why.condition.parts
        assert role.text == "role student" and role.holds and role.stands_until is None and role.parts == ()
        assert count.text == "count of interactions in last 1 week >= 3" and not count.holds and count.found == 2.0
        assert count.stands_until == day(8)  # the click of day 1 is out then
        (change,) = why.changes
        assert change.test == count.text and not change.holds and change.found == 2.0
        assert change.distance == pytest.approx(0.2) and change.by_itself_at == day(8)  # (3 - 2) / (3 + 2)
        assert str(why) == "\n".join(
            [
                "not a member",
                "[ ] role student and count of interactions in last 1 week >= 3"
                "  (stands until 2026-09-09T00:00:00.000Z)",
                "    [x] role student",
                "    [ ] count of interactions in last 1 week >= 3"
                "  (found 2; stands until 2026-09-09T00:00:00.000Z)",
                "smallest change: count of interactions in last 1 week >= 3 holds"
                "  (found 2; may turn by itself at 2026-09-09T00:00:00.000Z)",
            ]
        )
        assert "count of" in str(count) and "found" not in repr(why) + repr(why.condition) + repr(change)
        same = college.explain_membership(person, "busy student", day(3))
        assert str(same) == str(why) == str(college.explain_where(person, BUSY, day(3)))


def test_an_explanation_goes_into_the_segments_that_are_named(college):
    why = college.segment("silent").explain(ONE, day(8))
    assert why.is_member
    named = why.condition.parts[0]
    assert named.text == 'in segment "students"' and [part.text for part in named.parts] == ["role student"]
    assert {change.test for change in why.changes} == {
        "role student",
        'count of interactions where direction = "inbound" in last 1 week = 0',
    }
    assert str(why).startswith("member\n[x] ") and "\n        [x] role student" in str(why)


def test_values_that_were_found_have_the_types_of_attributes():
    with opened([]) as college:
        person = college.person("sis", "1", day(0))
        stated = alloquy.AttributeStatement({"paid": True, "city": "Zwolle", "born": datetime.date(2005, 3, 1)})
        college.record(fact(person, "a", stated, day(0)))

        def found(condition):
            return college.explain_where(person, condition, day(1)).condition.found

        assert found('attribute:city = "Zwolle"') == "Zwolle" and found("attribute:paid = true") is True
        assert found("attribute:born > 2000-01-01") == alloquy.Day.from_ymd(2005, 3, 1)
        assert found("attribute:none = 3") is None
        text = str(college.explain_where(person, 'attribute:city = "Deventer" and false', day(1)))
        assert '(found "Zwolle")' in text and text.endswith("no single change would turn it")


# Sizes and flow -------------------------------------------------------------------------------------------------


def test_sizes_intersections_and_flow_are_those_counted_by_hand(college):
    college.person("sis", "3", day(2))  # nothing is known of the third
    college.advance(day(20))
    sizes = college.segment_sizes(day(8))
    assert sizes["name"].tolist() == ["students", "silent"] and sizes["members"].tolist() == [2, 1]
    assert np.array(sizes["shared"]).tolist() == [[2, 1], [1, 1]]
    table = college.segment_intersections(day(8))
    assert table["segments"] == [(), ("students",), ("students", "silent")]  # equally large: by the playbook's order
    assert table["members"].tolist() == [1, 1, 1]
    # Both are silent from their enrolment until their click, and again 7 days after it.
    edges = [day(0), day(5), day(9), day(20)]
    flow = college.segment("silent").flow(edges)
    assert {name: column.tolist() for name, column in flow.items()} == {
        "from_ms": [edge.unix_ms for edge in edges[:-1]],
        "to_ms": [edge.unix_ms for edge in edges[1:]],
        "entered": [2, 1, 1],
        "left": [2, 0, 0],
        "members": [0, 1, 2],
    }
    assert college.segment_flow("silent", edges)["members"].tolist() == [0, 1, 2]
    for wrong in [[day(0)], [], [day(5), day(5)]]:
        with pytest.raises(alloquy.InvalidArgument):
            college.segment("silent").flow(wrong)
    with pytest.raises(alloquy.InvalidArgument, match="playbook"):
        college.segment("true").flow(edges)


def test_a_playbook_without_segments_has_empty_tables():
    with opened([]) as college:
        enrol(college, "1", day(0))
        college.advance(day(9))
        assert college.segments == []
        assert all(len(column) == 0 for column in college.segment_sizes(day(9)).values())
        changes = college.membership_changes()
        assert all(len(column) == 0 for column in changes.values())
        assert changes["at_ms"].dtype == np.int64 and changes["retracted"].dtype == bool
        assert changes["segment"].dtype.kind == "U"


# Changes --------------------------------------------------------------------------------------------------------

KEYS = ["number", "person", "segment", "version", "step", "retracted", "at_ms", "known_at_ms", "cause"]


def plain(changes):
    """Person, segment, step and day of each change."""
    days = (changes["at_ms"] - FIRST.unix_ms) / 86_400_000
    return list(zip(changes["person"].tolist(), changes["segment"].tolist(), changes["step"].tolist(), days.tolist()))


EXPECTED = [
    (1, "students", "entered", 0.0),
    (1, "silent", "entered", 0.0),
    (2, "students", "entered", 0.0),
    (2, "silent", "entered", 0.0),
    (1, "silent", "left", 1.0),
    (2, "silent", "left", 2.0),
    (1, "silent", "entered", 8.0),
    (2, "silent", "entered", 9.0),
]


def test_changes_come_as_columns_of_one_length(college):
    college.advance(day(20))
    changes = college.membership_changes()
    assert list(changes) == KEYS and plain(changes) == EXPECTED
    assert changes["number"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8] and changes["version"].tolist() == [1] * 8
    assert changes["cause"].tolist() == ["fact"] * 6 + ["time"] * 2 and not changes["retracted"].any()
    assert changes["known_at_ms"].tolist()[:6] == changes["at_ms"].tolist()[:6]
    assert str(changes["at_ms"].view("datetime64[ms]")[6]) == "2026-09-09T00:00:00.000"
    assert plain(college.membership_changes(after=5, most=2)) == EXPECTED[5:7]
    assert plain(college.membership_changes(most=0)) == plain(college.membership_changes(after=8)) == []
    assert plain(college.membership_changes_of(TWO)) == [each for each in EXPECTED if each[0] == 2]
    assert plain(college.membership_changes_of(alloquy.PersonId(99))) == []
    silent = college.segment("silent")
    assert plain(silent.changes()) == [each for each in EXPECTED if each[1] == "silent"]
    assert plain(silent.changes(after=2, most=2)) == [EXPECTED[3], EXPECTED[4]]
    with pytest.raises(alloquy.InvalidArgument, match="playbook"):
        college.segment("true").changes()
    # Behind the condition stands, as a comment, the hash of the policy that gives it its values.
    assert [
        (each.name, each.version, each.condition.partition("  # policy ")[0], each.in_force)
        for each in college.journal.segment_versions()
    ] == [
        ("silent", 1, silent.condition, FIRST),
        ("students", 1, "role student", FIRST),
    ]
    assert college.journal.verify() == []


def test_a_late_fact_takes_back_what_was_recorded(college):
    college.advance(day(9))
    college.record(click(ONE, "late", day(4), day(10)))  # so the first is silent from day 11, not from day 8
    college.advance(day(12))
    late = college.membership_changes(after=8)
    assert plain(late) == [(1, "silent", "entered", 8.0), (1, "silent", "entered", 11.0)]
    assert late["retracted"].tolist() == [True, False] and late["cause"].tolist() == ["fact", "time"]
    assert late["known_at_ms"].tolist()[0] == day(10).unix_ms
    assert college.segment("silent").members(day(8)).tolist() == []  # as it is known now


def test_changes_make_a_data_frame_and_an_arrow_table(college):
    college.advance(day(20))
    pandas = pytest.importorskip("pandas")
    pyarrow = pytest.importorskip("pyarrow")
    changes = college.membership_changes()
    frame = pandas.DataFrame(changes)
    assert list(frame.columns) == KEYS and len(frame) == 8
    assert frame.groupby("segment")["person"].count().to_dict() == {"students": 2, "silent": 6}
    assert pandas.to_datetime(frame["at_ms"], unit="ms", utc=True).iloc[0] == pandas.Timestamp("2026-09-01", tz="UTC")
    table = pyarrow.table(changes)
    assert table.column_names == KEYS and table["step"].to_pylist() == frame["step"].tolist()
    assert table["number"].type == pyarrow.int64() and table["retracted"].type == pyarrow.bool_()
    edges = [day(0), day(5), day(20)]
    assert pandas.DataFrame(college.segment("silent").flow(edges))["entered"].tolist() == [2, 2]
    for answer in [college.segment_sizes(day(8)), college.segment_intersections(day(8))]:
        assert len(pandas.DataFrame(answer)) == pyarrow.table(answer).num_rows == 2


def test_editing_a_segment_gives_a_new_version(tmp_path):
    path = tmp_path / "a"
    with alloquy.Institution.open(path, playbook_of(), FIRST) as college:
        person = enrol(college, "1", day(0))
        college.record(click(person, "a", day(1)))
        college.advance(day(5))
    edited = [SEGMENTS[0], dict(SEGMENTS[1], condition=SEGMENTS[1]["condition"].replace("7", "3"))]
    with alloquy.Institution.open(path, playbook_of(edited), day(6)) as college:
        changes = college.membership_changes(after=3)
        assert plain(changes) == [(1, "silent", "entered", 6.0)]  # at the edit, not on day 4
        assert changes["cause"].tolist() == ["edit"] and changes["version"].tolist() == [2]
        assert [(each.name, each.version) for each in college.journal.segment_versions()] == [
            ("silent", 1), ("silent", 2), ("students", 1)]


# The listener ---------------------------------------------------------------------------------------------------


def test_the_listener_hears_each_change_once_in_order():
    with opened() as college:
        heard = []
        college.on_membership_change(heard.append)
        person = enrol(college, "1", day(0))
        assert [(each.segment, each.step) for each in heard] == [
            ("students", alloquy.MembershipStep.entered),
            ("silent", alloquy.MembershipStep.entered),
        ]
        college.record(click(person, "a", day(1)))
        college.advance(day(9))
        assert [each.number for each in heard] == [1, 2, 3, 4]
        assert heard[3] == alloquy.MembershipRecord(
            4, person, "silent", 1, alloquy.MembershipStep.entered, False, day(8), heard[3].known_at,
            alloquy.MembershipCause.time)
        college.on_membership_change(None)
        college.record(click(person, "b", day(10)))
        assert len(heard) == 4
        later = []
        college.on_membership_change(later.append)
        college.advance(day(20))
        assert len(heard) == 4 and [(each.number, each.at) for each in later] == [(6, day(17))]
        with pytest.raises(alloquy.InvalidArgument, match="listener"):
            college.on_membership_change(3)


def test_the_listener_may_ask_the_institution_and_bring_changes_itself():
    with opened() as college:
        heard = []

        def listen(record):
            heard.append((record.number, college.segment(record.segment).members(record.at).tolist()))
            if record.number == 2:
                college.record(click(record.person, "answer", day(1)))

        college.on_membership_change(listen)
        enrol(college, "1", day(0))
        # The third change came about while the second was told; `silent` was left on day 1.
        assert heard == [(1, [1]), (2, [1]), (3, [])]


def test_what_the_listener_raises_is_raised_and_nothing_is_lost():
    with opened() as college:
        heard = []

        def listen(record):
            heard.append(record.number)
            if record.number == 1:
                raise KeyError("out of order")

        college.on_membership_change(listen)
        person = college.person("sis", "1", day(0))
        with pytest.raises(KeyError, match="out of order"):
            college.record(fact(person, "role", RoleChange(RoleKind.student), day(0), "sis"))
        assert heard == [1]
        # The fact is on disk and folded, and the change behind is told with the next call.
        assert college.segment("students").members(day(0)).tolist() == [1] and heard == [1, 2]
        assert college.membership_changes()["number"].tolist() == [1, 2] and heard == [1, 2]
        college.record(click(person, "a", day(1)))
        assert heard == [1, 2, 3] and college.journal.verify() == []


def test_closing_tells_the_last_changes_and_forgets_the_listener(tmp_path):
    class Listener:
        def __init__(self):
            self.heard = []

        def __call__(self, record):
            self.heard.append(record.number)

    listener = Listener()
    heard, reference = listener.heard, weakref.ref(listener)
    college = alloquy.Institution.open(tmp_path / "a", playbook_of(), FIRST)
    college.on_membership_change(listener)
    del listener
    enrol(college, "1", day(0))
    assert reference() is not None
    college.close()
    gc.collect()
    assert heard == [1, 2] and reference() is None
    with alloquy.Institution.open(tmp_path / "a", playbook_of(), FIRST) as college:
        assert college.membership_changes()["number"].tolist() == [1, 2]


def test_threads_record_while_the_listener_listens():
    with opened() as college:
        people = [college.person("sis", str(number), day(0)) for number in range(4)]
        heard, inside, failures = [], [], []

        def listen(record):
            inside.append(record.number)
            assert len(inside) == 1  # never twice at the same time
            heard.append(record.number)
            college.is_member(record.person, "students", day(0))  # lets go of Python's lock
            inside.pop()

        college.on_membership_change(listen)

        def work(person):
            try:
                college.record(fact(person, "role", RoleChange(RoleKind.student), day(0), "sis"))
                for i in range(20):
                    college.record(click(person, f"c{i}", day(1 + 10 * i)))
            except BaseException as failure:
                failures.append(failure)

        threads = [threading.Thread(target=work, args=(person,)) for person in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        college.advance(day(300))
        assert not failures
        # The listener has heard what is on disk, each change once, in order.
        numbers = college.membership_changes()["number"].tolist()
        assert heard == numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 4 * 3


# Discovery, look-alikes, personas -------------------------------------------------------------------------------


def two_kinds():
    """A hundred people near (1, 1), sixty near (11, 1): the first column parts them, the second does not."""
    random = np.random.default_rng(7)
    x = np.concatenate([random.normal(1, 1, 100), random.normal(11, 1, 60)])
    return {"x": x, "y": random.normal(1, 1, 160)}, np.repeat([0, 1], [100, 60])


def test_groups_that_lie_apart_are_found_with_a_rule_that_reproduces_them():
    columns, kinds = two_kinds()
    table = alloquy.PeopleTable(columns, np.arange(160))
    assert table.fields == ("x", "y") and len(table) == 160 and table.keys.tolist() == list(range(160))
    assert np.array_equal(table.columns["x"], columns["x"])
    found = alloquy.discover(table, resamples=20, threads=2)
    assert [group.people for group in found.groups] == [100, 60] and found.group_of.tolist() == kinds.tolist()
    assert found.sampled == 160 and found.idle_fields == ()
    small = found.groups[1]
    assert small.quality == alloquy.RuleQuality(60, 0, 0, 100) and small.quality.f1 == 1.0 == small.quality.recall
    assert small.share == 60 / 160 and alloquy.stability_of(small.stability) == alloquy.Stability.highly_stable
    # The rule as written, by hand.
    ((test,),) = small.rule.boxes
    assert test.field == 0 and test.relation == alloquy.SegmentRelation.at_least and not test.is_negated
    assert columns["x"][:100].max() < test.threshold <= columns["x"][100:].min() and small.rule.tests == 1
    assert alloquy.to_condition(small.rule, ["x", "y"]) == small.condition
    assert str(small.condition) == f"x >= {np.format_float_positional(test.threshold, trim='-')}"
    widest = small.distinctions[0]
    assert widest.field == 0 and widest.difference > 0.8 and widest.median == pytest.approx(11, abs=1)
    outcomes = {trial.count: trial.outcome for trial in found.trials}
    assert outcomes[2] == alloquy.CountTrialOutcome.chosen and sorted(outcomes) == list(range(2, 11))
    # Neither the order of rows nor the number of threads matters.
    order = np.random.default_rng(1).permutation(160)
    other = alloquy.discover(
        alloquy.PeopleTable({name: column[order] for name, column in columns.items()}, np.arange(160)[order]),
        resamples=20)
    assert other.groups == found.groups and other.group_of.tolist() == kinds[order].tolist()
    one_kind = alloquy.PeopleTable({"x": columns["x"][:100]}, np.arange(100))
    none = alloquy.discover(one_kind, resamples=20)
    assert none.groups == () and set(none.group_of.tolist()) == {-1}
    with pytest.raises(alloquy.InvalidArgument, match="threads"):
        alloquy.discover(table, threads=0)
    with pytest.raises(alloquy.InvalidArgument):
        alloquy.discover(table, least=1)


def test_look_alikes_are_those_of_gower():
    x = np.arange(100.0)
    table = alloquy.PeopleTable({"x": x, "same": np.ones(100)}, x.astype("int64"))
    alike = alloquy.look_alikes(table, np.arange(95, 100), most=2, range_tail=0)
    # The mean of |94 - 95|, ..., |94 - 99| is 3, the range 99; of 93 it is 4.
    assert [(one.row, one.shared) for one in alike] == [(94, ()), (93, ())]
    assert [one.similarity for one in alike] == pytest.approx([1 - 3 / 99, 1 - 4 / 99])
    (field,) = alloquy.likeness_fields(table, np.arange(95, 100), range_tail=0)
    # All examples are above 95 of 100; 10 and 90 % quantiles of 95, ..., 99.
    assert field.weight == pytest.approx(0.95) and (field.low, field.high) == pytest.approx((95.4, 98.6))
    assert field.field == 0 and field.examples == 5
    # One example tells nothing apart, but with equal weights the nearest count: 49 and 51, the lesser key first.
    assert alloquy.look_alikes(table, np.array([50]), range_tail=0) == []
    equal = alloquy.look_alikes(table, np.array([50]), 2, alloquy.LikenessWeights.equal, range_tail=0)
    assert [one.row for one in equal] == [49, 51] and equal[0].similarity == pytest.approx(1 - 1 / 99)
    with pytest.raises(alloquy.InvalidArgument, match="examples"):
        alloquy.look_alikes(table, np.array([100]))
    with pytest.raises(alloquy.InvalidArgument, match="examples"):
        alloquy.look_alikes(table, np.array([-1]))


def test_a_persona_is_a_median_that_nobody_gave():
    known_of_few = np.full(100, np.nan)
    known_of_few[:5] = 3.0
    table = alloquy.PeopleTable({"x": np.arange(100.0), "few": known_of_few}, np.arange(100))
    typical = alloquy.persona(table, np.arange(100))
    # Quartiles 24.75 and 74.25, median 49.5; each rounded within (74.25 - 24.75) / 50 = 0.99.
    assert typical.people == 100 and typical.fields[0] == alloquy.PersonaField("x", 1.0, 50.0, 25.0, 74.0)
    assert typical.fields[1] == alloquy.PersonaField("few", 0.05)
    assert typical.value("x") == 50.0 and typical.value("few") is None
    with pytest.raises(alloquy.NotFound):
        typical.value("y")
    with pytest.raises(alloquy.InvalidArgument, match="personal"):
        alloquy.persona(table, np.arange(9))


def test_a_table_of_an_institution(college):
    columns = college.columns(day(3))
    table = alloquy.PeopleTable(columns, college.person_ids())
    assert table.fields == tuple(columns) and table.keys.tolist() == [1, 2]
    assert alloquy.persona(table, np.array([0, 1]), least_people=2).people == 2


def test_a_wrong_table_is_refused():
    x = np.zeros(2)
    for columns, keys, what in [({"x": x}, [1, 1], "differ"), ({"x": x}, np.arange(3), "rows"),
                                ({"x": x}, ["a", "b"], "keys"), ({"x": ["a", "b"]}, [1, 2], "x"),
                                ({1: x}, [1, 2], "str"), ([x], [1, 2], "dict"), ({"": x}, [1, 2], "name")]:
        with pytest.raises(alloquy.InvalidArgument, match=what):
            alloquy.PeopleTable(columns, keys if isinstance(keys[0], str) else np.asarray(keys))
    wide = alloquy.PeopleTable({"x": x}, np.array([1, 2**64 - 1], dtype="uint64"))
    assert wide.keys.tolist() == [1, 2**64 - 1]
    pandas = pytest.importorskip("pandas")
    frame = alloquy.PeopleTable(pandas.DataFrame({"x": [1.0, 2.0]}), np.arange(2))
    assert frame.columns["x"].tolist() == [1.0, 2.0]


def test_the_conditions_in_the_readme_are_conditions():
    readme = pathlib.Path(__file__).resolve().parents[3] / "README.md"
    block = readme.read_text(encoding="utf-8").split("```segment\n")[1].split("```")[0]
    fields = alloquy.fields_of(playbook_of())
    assert len(block.splitlines()) == 5
    for line in block.splitlines():
        alloquy.parse_condition(line, fields)


def test_lists_are_facts_that_hold_from_their_instant_on(college):
    college.add_to_list("open day", np.array([2]), "crm", "listing 1", day(3))
    college.add_to_list("open day", np.array([2]), "crm", "listing 1", day(3))  # the same enters once
    assert college.segment('on list "open day"').members(day(3)).tolist() == [2]
    college.remove_from_list("open day", np.array([2]), "crm", "listing 2", day(4))
    assert college.segment('on list "open day"').members(day(4)).tolist() == []
    with pytest.raises(alloquy.InvalidArgument, match="a list needs a name"):
        college.add_to_list("", np.array([2]), "crm", "listing 3", day(4))


def test_people_and_their_fields_make_a_table(college):
    people, table = college.people_fields(["days_since_own_act", "attribute:age"], day(5))
    assert people.tolist() == [1, 2]
    assert table.fields == ("days_since_own_act", "attribute:age")
    # The clicks were on days 1 and 2.
    assert table.columns["days_since_own_act"].tolist() == [4.0, 3.0]
    assert np.isnan(table.columns["attribute:age"]).all()
    with pytest.raises(alloquy.InvalidArgument, match='no number field "role"'):
        college.people_fields(["role"], day(5))


def test_a_typical_person_can_be_run_through_segments_and_actions(college):
    for key in range(3, 13):
        enrol(college, str(key), day(0))
    people = np.arange(1, 13)
    typical = college.typical_person(people, ["enrolments"], day(5))
    assert (typical.role, typical.language) == (RoleKind.student, "")
    assert typical.profile.people == 12
    # Nobody in particular: a student without any interaction.
    assert college.segments_of(typical, day(5)) == ["students", "silent"]
    assert college.next_for_typical(typical, day(5)).chosen is None  # the playbook has no actions
    with pytest.raises(alloquy.InvalidArgument):
        college.typical_person(people[:3], ["enrolments"], day(5))
