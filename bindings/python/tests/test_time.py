import pickle
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

import alloquy
from alloquy import Day, Instant, LocalTime


def test_an_aware_datetime_becomes_the_instant_of_the_standard_library():
    # Peer: datetime.timestamp of the standard library.
    for moment in [
        datetime(1970, 1, 1, tzinfo=timezone.utc),
        datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=timezone.utc),
        datetime(2026, 3, 29, 1, 30, tzinfo=ZoneInfo("Europe/Amsterdam")),
        datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Amsterdam"), fold=1),
    ]:
        assert Instant.from_datetime(moment).unix_ms == round(moment.timestamp() * 1000)


@pytest.mark.parametrize("ms", [0, -1, 1, 1_772_000_000_123, Instant.latest().unix_ms, Instant.earliest().unix_ms])
def test_an_instant_goes_to_a_datetime_and_back_exactly(ms):
    moment = Instant.from_unix_ms(ms).to_datetime()
    assert moment.tzinfo is timezone.utc
    assert Instant.from_datetime(moment).unix_ms == ms


def test_what_is_beyond_the_millisecond_is_cut_towards_the_past():
    before = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone.utc)
    assert Instant.from_datetime(before).unix_ms == -1


def test_a_naive_datetime_names_no_instant(institution):
    with pytest.raises(alloquy.InvalidArgument, match="naive"):
        Instant.from_datetime(datetime(2026, 1, 1))
    with pytest.raises(alloquy.InvalidArgument, match="naive"):
        institution.person("sis", "1", datetime(2026, 1, 1))


def test_instants_are_ordered_and_have_differences():
    early, late = Instant.from_unix_ms(0), Instant.from_unix_ms(1500)
    assert early < late and hash(early) == hash(Instant.from_unix_ms(0))
    assert late - early == timedelta(milliseconds=1500)
    assert early + timedelta(days=1) == Instant.from_iso("1970-01-02T00:00:00Z")
    assert Instant.latest() - Instant.earliest() == timedelta(days=3_652_058, hours=23, minutes=59, seconds=59,
                                                             milliseconds=999)


def test_a_duration_holds_whole_milliseconds():
    with pytest.raises(alloquy.InvalidArgument):
        Instant.from_unix_ms(0) + timedelta(microseconds=1)


def test_days_are_those_of_datetime_date():
    # Peer: datetime.date.
    for day in [date(1, 1, 1), date(1970, 1, 1), date(2024, 2, 29), date(9999, 12, 31)]:
        ours = Day.from_date(day)
        assert ours.to_date() == day
        assert ours.unix_days == (day - date(1970, 1, 1)).days
        assert int(ours.weekday) == day.weekday()
        assert str(ours) == day.isoformat()


def test_a_datetime_is_no_day():
    with pytest.raises(alloquy.InvalidArgument):
        Day.from_date(datetime(2026, 1, 1))
    with pytest.raises(TypeError):
        alloquy.utc_start(datetime(2026, 1, 1))


def test_days_count():
    assert Day.from_ymd(2024, 2, 28) + 2 == Day.from_ymd(2024, 3, 1)
    assert Day.from_ymd(2024, 3, 1) - Day.from_ymd(2024, 2, 28) == 2
    assert Day.from_iso("2023-02-29") is None
    with pytest.raises(alloquy.InvalidArgument):
        Day.from_ymd(2023, 2, 29)


def test_points_survive_pickling():
    zone = alloquy.Zone.fixed("x", 0)
    for point in [Instant.from_unix_ms(-5), Day.from_ymd(2024, 2, 29), zone.to_local(Instant.from_unix_ms(7)),
                  alloquy.DayRange(Day.from_ymd(2024, 1, 1), Day.from_ymd(2024, 1, 2))]:
        assert pickle.loads(pickle.dumps(point)) == point


def test_ranges_are_half_open():
    january = alloquy.DayRange(date(2026, 1, 1), date(2026, 2, 1))
    assert date(2026, 1, 31) in january
    assert not january.contains(date(2026, 2, 1))
    february = alloquy.DayRange(date(2026, 2, 1), date(2026, 3, 1))
    assert not alloquy.overlaps(january, february)
    assert alloquy.intersection(january, february) is None
    with pytest.raises(alloquy.InvalidArgument):
        alloquy.DayRange(date(2026, 2, 1), date(2026, 1, 1))


def test_local_times_are_naive_datetimes():
    wall = datetime(2026, 3, 29, 2, 30, 15, 250_000)
    assert LocalTime.from_datetime(wall).to_datetime() == wall
    with pytest.raises(alloquy.InvalidArgument):
        LocalTime.from_datetime(wall.replace(tzinfo=timezone.utc))


def test_a_zone_agrees_with_zoneinfo():
    # Peer: zoneinfo of the standard library, at every hour around both changes of 2026.
    ours, peer = alloquy.read_zone("Europe/Amsterdam"), ZoneInfo("Europe/Amsterdam")
    for start in [datetime(2026, 3, 28, tzinfo=timezone.utc), datetime(2026, 10, 24, tzinfo=timezone.utc)]:
        for hour in range(48):
            moment = start + timedelta(hours=hour)
            assert ours.to_local(moment).to_datetime() == moment.astimezone(peer).replace(tzinfo=None)


def test_a_skipped_local_time_is_refused_or_moved():
    zone = alloquy.read_zone("Europe/Amsterdam")
    local = LocalTime.from_iso("2026-03-29T02:30")
    assert zone.lookup(local).kind == alloquy.LocalLookupKind.skipped
    with pytest.raises(alloquy.InvalidArgument):
        zone.to_instant(local, alloquy.WhenSkipped.refuse, alloquy.WhenRepeated.refuse)
    moved = zone.to_instant(local, alloquy.WhenSkipped.shift_forward, alloquy.WhenRepeated.refuse)
    assert str(zone.to_local(moved)) == "2026-03-29T03:30:00.000"


def test_find_zone_gives_none_for_a_name_that_is_none():
    assert alloquy.find_zone("Europe/Nowhere") is None
    assert alloquy.find_zone("Europe/Amsterdam").name == "Europe/Amsterdam"


def test_easter_of_known_years():
    # Source: list of dates of Easter 2024 to 2027, U.S. Naval Observatory.
    known = [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28)]
    assert [str(alloquy.easter_sunday(year)) for year, _, _ in known] == [f"{y}-{m:02}-{d:02}" for y, m, d in known]


def test_a_calendar_knows_working_days():
    calendar = alloquy.HolidayCalendar(alloquy.dutch_public_holidays(2026))
    assert not calendar.is_working_day(date(2026, 4, 6), "")  # Easter Monday
    assert calendar.next_working_day(date(2026, 4, 3), "") == Day.from_ymd(2026, 4, 7)
    assert calendar.is_holiday(date(2026, 4, 6), "", alloquy.HolidayKind.public_holiday)
    assert not calendar.is_holiday(date(2026, 4, 6), "", kind=alloquy.HolidayKind.school_holiday)


def test_an_academic_calendar_counts_weeks():
    days = alloquy.DayRange(date(2026, 9, 1), date(2027, 9, 1))
    term = alloquy.Term("block 1", alloquy.DayRange(date(2026, 9, 7), date(2026, 11, 1)))
    year = alloquy.AcademicYear("2026-2027", days, terms=[term],
                                deadlines=[alloquy.Deadline("enrolment", date(2026, 9, 30))])
    calendar = alloquy.AcademicCalendar(alloquy.AcademicCalendarConfig([year]))
    assert calendar.term_of(date(2026, 9, 7)) == term
    assert calendar.week_of_term(date(2026, 9, 14)) == 2
    assert calendar.days_until("enrolment", date(2026, 9, 28)) == 2
    assert calendar.year_of(date(2027, 9, 1)) is None
