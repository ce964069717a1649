"""Reference answers of Python's zoneinfo for tests/time/test_zone.cpp, one per line on standard output.

Usage: zone_peer.py DIRECTORY SEED

DIRECTORY is the compiled time zone database that both sides read. Lines:

  version TEXT                      of Python
  change ZONE UNIX BEFORE AFTER     each change of offset in 2026 in ten zones, to the second
  utc ZONE UNIX OFFSET DST ABBR     what holds at an instant
  local ZONE LOCAL FOLD UNIX        which instant a local time means, as PEP 495 reads it
  end

Instants lie between 1900 and 9998: before a zone's first transition, zoneinfo takes the first standard time where
RFC 9636 says local time type 0.
"""

import datetime
import platform
import random
import sys
import zoneinfo

TEN_ZONES = [
    "Europe/Amsterdam",
    "Europe/Dublin",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Nuuk",
    "Asia/Gaza",
    "America/New_York",
    "America/Havana",
    "Africa/Cairo",
]
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
SECOND = datetime.timedelta(seconds=1)


def at(unix, zone):
    return (EPOCH + unix * SECOND).astimezone(zone)


def offset_of(unix, zone):
    return at(unix, zone).utcoffset() // SECOND


def unix_of(year, month=1, day=1):
    return (datetime.datetime(year, month, day, tzinfo=UTC) - EPOCH) // SECOND


def print_utc(name, zone, unix):
    local = at(unix, zone)
    print("utc", name, unix, local.utcoffset() // SECOND, int(bool(local.dst())), local.tzname())


def print_local(name, zone, naive):
    for fold in (0, 1):
        aware = naive.replace(tzinfo=zone, fold=fold)
        unix = (naive.replace(tzinfo=UTC) - EPOCH - aware.utcoffset()) // SECOND
        print("local", name, naive.isoformat(timespec="seconds"), fold, unix)


def changes(zone, first, end):
    """Every change of offset in [first, end), found in steps of six hours and halving."""
    step = 6 * 3600
    for low in range(first - 1, end, step):
        high = min(low + step, end - 1)
        before, after = offset_of(low, zone), offset_of(high, zone)
        if before == after:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            if offset_of(middle, zone) == before:
                low = middle
            else:
                high = middle
        yield high, before, after


def main(directory, seed):
    zoneinfo.reset_tzpath([directory])
    print("version", platform.python_version())

    for name in TEN_ZONES:
        zone = zoneinfo.ZoneInfo(name)
        for unix, before, after in changes(zone, unix_of(2026), unix_of(2027)):
            print("change", name, unix, before, after)
            edges = sorted({unix + before, unix + after})
            for edge in edges:
                for delta in (-3600, -1, 0, 1, 600, 3600):
                    print_local(name, zone, (EPOCH + (edge + delta) * SECOND).replace(tzinfo=None))
            for delta in (-1, 0, 1):
                print_utc(name, zone, unix + delta)

    # The seven zones and the year that the project names.
    for name in TEN_ZONES[:7]:
        zone = zoneinfo.ZoneInfo(name)
        for unix in range(unix_of(2040), unix_of(2041), 6 * 3600 + 7):
            print_utc(name, zone, unix)

    generator = random.Random(seed)
    names = sorted(name for name in zoneinfo.available_timezones() if name not in ("localtime", "Factory"))
    for name in sorted(generator.sample(names, min(200, len(names)))):
        zone = zoneinfo.ZoneInfo(name)
        for low, high, count in ((1900, 1970, 20), (1970, 2038, 40), (2038, 2500, 30), (2500, 9998, 10)):
            for _ in range(count):
                print_utc(name, zone, generator.randrange(unix_of(low), unix_of(high)))
        for low, high, count in ((1900, 2100, 30), (2100, 9998, 10)):
            for _ in range(count):
                naive = EPOCH + generator.randrange(unix_of(low), unix_of(high)) * SECOND
                print_local(name, zone, naive.replace(tzinfo=None))
        # Around the jumps of a random year, where readings differ.
        year = generator.randrange(1950, 2400)
        for unix, before, after in changes(zone, unix_of(year), unix_of(year + 1)):
            for delta in (-1, 0, abs(after - before) // 2):
                naive = EPOCH + (unix + min(before, after) + delta) * SECOND
                print_local(name, zone, naive.replace(tzinfo=None))
    print("end")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
