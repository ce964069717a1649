import pytest

import alloquy


def test_a_file_that_is_not_there(tmp_path):
    for read in [alloquy.read_playbook_file, alloquy.read_mapping_file, alloquy.read_holidays]:
        with pytest.raises(alloquy.NotFound):
            read(tmp_path / "nothing")


def test_a_playbook_file_reads_as_its_text(playbook, tmp_path):
    path = tmp_path / "playbook.json"
    path.write_text(alloquy.write_playbook(playbook), encoding="utf-8")
    assert alloquy.read_playbook_file(str(path)) == playbook


def test_a_wrong_mapping_names_its_problems():
    with pytest.raises(alloquy.ParseError) as caught:
        alloquy.read_mapping("{}", "empty.json")
    assert caught.value.issues


def test_holidays_read_with_their_issues():
    text = (
        "Country;StartDate;EndDate;Type;Name\n"
        "NL;2026-04-27;;Public;NL Koningsdag,EN King's Day\n"
        "NL;not a date;;Public;NL X\n"
    )
    file = alloquy.parse_holidays(text)
    assert file.country == "NL" and len(file.holidays) == 1
    assert alloquy.name_in(file.holidays[0], "en") == "King's Day"
    assert [issue.line for issue in file.issues] == [3]


def test_dutch_public_holidays_agree_with_the_openholidays_file(data):
    # Peer: the OpenHolidays project's list of Dutch public holidays.
    file = alloquy.read_holidays(data / "openholidays" / "nl" / "holidays" / "holidays.public.csv")
    assert file.country == "NL" and file.holidays
    years = sorted({holiday.days.start.year for holiday in file.holidays})
    ours = {holiday.days.start for year in years for holiday in alloquy.dutch_public_holidays(year)}
    assert {holiday.days.start for holiday in file.holidays} <= ours
