"""A cell says what people mean, in the ways that the Dutch write it, or is refused with a hint."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.imports import cells
from api.imports.cells import CellError
from api.imports.flaws import Flaw, FlawedError

AT = datetime(2027, 1, 4, 8, 30)
AMSTERDAM = "Europe/Amsterdam"


@pytest.mark.parametrize(
    "written",
    [
        "4-1-2027 8:30",
        "04-01-2027 08:30",
        "4.1.2027 8.30",
        "4-1-2027, 08u30",
        "ma 4-1-2027 08:30",
        "maandag 4 januari 2027 8:30",
        "4 jan. 2027 8:30",
        "2027-01-04 08:30",
        "2027-01-04T08:30:00",
        "46391,354166667",
        46391.354166667,
        AT,
        pd.Timestamp(AT),
    ],
)
def test_a_moment_is_read_as_people_and_workbooks_write_it(written: object) -> None:
    assert cells.moment(written) == AT


@pytest.mark.parametrize("written", ["2027-01-04T08:30:00Z", "4-1-2027 09:30+01:00"])
def test_an_offset_that_is_written_counts(written: str) -> None:
    assert cells.moment(written) == AT.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "reason", "suggestion"),
    [
        ("4/1/2027", "has its day or its month first", "4-1-2027"),
        ("4-1-27", "has a year of two figures", "4-1-2027"),
        ("31-2-2027", "is no day of any month", ""),
        ("di 4-1-2027", "is another day of the week", "maandag 4-1-2027"),
        ("4-1-2027 25:00", "is no hour of the day", "08:30"),
        ("morgen", "is no date", "4-1-2027 08:30"),
        ("4-1-0027", "lies outside 1900 to 2199", ""),
        (12.5, "is no date", "4-1-2027 08:30"),
        (True, "is no date", "4-1-2027 08:30"),
    ],
)
def test_a_moment_that_could_be_another_is_refused(
    written: object, reason: str, suggestion: str
) -> None:
    with pytest.raises(CellError) as error:
        cells.moment(written)
    assert (error.value.reason, error.value.suggestion) == (reason, suggestion)


def test_day_and_month_cannot_be_taken_for_each_other_where_one_of_them_is_no_month() -> None:
    assert cells.day("13/1/2027") == date(2027, 1, 13)
    assert cells.day("1/1/2027") == date(2027, 1, 1)


@pytest.mark.parametrize(
    "written", ["8:30", "8.30", "08:30:00", "8u30", 0.354166667, "0,354166667", time(8, 30)]
)
def test_an_hour_is_read_as_people_and_workbooks_write_it(written: object) -> None:
    assert cells.clock(written) == timedelta(hours=8, minutes=30)


@pytest.mark.parametrize(("written", "hours"), [("24:00", 24), ("8u", 8), ("0:00", 0), (0.0, 0)])
def test_midnight_begins_and_ends_a_day(written: object, hours: int) -> None:
    assert cells.clock(written) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("written", "suggestion"),
    [("830", "8:30"), ("8", "8:00"), ("8:75", "08:30"), ("acht", "08:30")],
)
def test_an_hour_that_is_none_is_refused(written: str, suggestion: str) -> None:
    with pytest.raises(CellError) as error:
        cells.clock(written)
    assert error.value.suggestion == suggestion


@given(st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 31)))
def test_every_moment_is_read_back_as_it_is_written(at: datetime) -> None:
    assert cells.moment(cells.on_clock(at)) == at


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([AMSTERDAM, "Africa/Casablanca", "Asia/Karachi", "America/Paramaribo"]),
)
def test_every_moment_is_read_back_from_any_clock(at: datetime, zone: str) -> None:
    assert cells.instant(cells.moment(cells.local(at, zone)), zone) == at


def test_the_hour_that_comes_twice_is_written_with_its_offset_and_asked_for() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = first + timedelta(hours=1)
    assert cells.local(first, AMSTERDAM) == "2026-10-25 02:30+02:00"
    assert cells.local(second, AMSTERDAM) == "2026-10-25 02:30+01:00"
    with pytest.raises(CellError, match="comes twice") as error:
        cells.instant(datetime(2026, 10, 25, 2, 30), AMSTERDAM)
    assert cells.instant(cells.moment(error.value.suggestion), AMSTERDAM) == first


def test_the_hour_that_the_clock_skips_is_no_moment() -> None:
    with pytest.raises(CellError, match="does not exist") as error:
        cells.instant(datetime(2027, 3, 28, 2, 30), AMSTERDAM)
    assert error.value.suggestion == "28-03-2027 03:30"


@pytest.mark.parametrize(
    ("written", "meant"), [("ja", True), ("N", False), (True, True), (0, False)]
)
def test_yes_and_no_are_dutch_or_english(written: object, meant: bool) -> None:
    assert cells.yes(written) is meant


@pytest.mark.parametrize(("written", "meant"), [("3", 3), ("3,0", 3), (3.0, 3), ("-2", -2)])
def test_a_whole_number_may_have_a_decimal_comma(written: object, meant: int) -> None:
    assert cells.whole(written) == meant


@pytest.mark.parametrize(
    ("written", "suggestion"), [("2,5", "2"), ("1.500", "1500"), ("drie", ""), (True, "")]
)
def test_a_number_that_is_none_or_could_be_two_is_refused(written: object, suggestion: str) -> None:
    with pytest.raises(CellError) as error:
        cells.whole(written)
    assert error.value.suggestion == suggestion


def test_a_list_is_parted_in_the_ways_that_people_part_one() -> None:
    assert cells.names("ar, ary;fr | en\nnl") == ("ar", "ary", "fr", "en", "nl")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("135", {1, 3, 5}), ("ma, wo", {1, 3}), ("dagelijks", {*range(1, 8)})],
)
def test_days_of_the_week_are_numbers_or_names(written: str, meant: set[int]) -> None:
    assert cells.weekdays(written) == meant


def test_a_word_that_is_misspelt_is_told_with_what_was_meant() -> None:
    with pytest.raises(CellError) as error:
        cells.one_of({"dienst": "shift", "afwezig": "away"})("afwezg")
    assert error.value.suggestion == "afwezig"


@pytest.mark.parametrize(
    ("written", "suggestion"),
    [("CuraÃ§ao", "Curaçao"), ("Cura\ufffdao", "save the file as CSV UTF-8")],
)
def test_a_text_that_was_read_in_another_encoding_is_told(written: str, suggestion: str) -> None:
    with pytest.raises(CellError) as error:
        cells.text(written)
    assert error.value.suggestion == suggestion


@pytest.mark.parametrize("written", ["Âge", "Ãngström", "château", "Curaçao", "’s-Gravenhage"])
def test_names_with_accents_are_as_they_are(written: str) -> None:
    assert cells.text(written) == written


def test_a_number_of_a_workbook_is_a_text_where_one_is_asked() -> None:
    assert [cells.text(one) for one in (587, 587.0, " KL587 ", "'=a")] == [
        "587",
        "587",
        "KL587",
        "=a",
    ]


def test_each_row_with_a_cell_that_is_wrong_is_told() -> None:
    column = pd.Series(["1", "x", None, "x"], index=[2, 3, 4, 7], name="n", dtype=object)
    flaws: list[Flaw] = []
    assert [*cells.read(column, cells.whole, flaws)] == [1, None, None, None]
    assert [(one.row, one.column, one.value) for one in flaws] == [
        (3, "n", "x"),
        (7, "n", "x"),
    ]


def test_of_very_many_mistakes_the_first_are_told_and_that_there_are_more() -> None:
    column = pd.Series(["x"] * 5000, index=range(2, 5002), name="duur")
    with pytest.raises(FlawedError) as error:
        cells.read(column, cells.whole, [])
    assert len(error.value.flaws) == cells.MOST_TOLD + 1
    assert error.value.flaws[-1].row == 0


@given(st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.none(), st.dates()))
def test_no_cell_at_all_makes_a_reader_fail(cell: Any) -> None:
    readers = cells.text, cells.moment, cells.clock, cells.day, cells.whole, cells.yes, cells.names
    for reader in (*readers, cells.clock_or_moment, cells.weekdays):
        cells.read(pd.Series([cell], dtype=object), reader, [])
