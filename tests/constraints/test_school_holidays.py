"""School holidays: a table that is read whole or not at all, and what it holds."""

from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from constraints.school_holidays import (
    SCHOOL_HOLIDAYS,
    Region,
    SchoolHoliday,
    load_school_holidays,
    without_school,
)


def row(first: str, last: str, region: str = "zuid", more: str = "") -> str:
    return (
        f'[[holiday]]\nname = "mei"\nregion = "{region}"\nschool_year = "2026-2027"\n'
        f'first = {first}\nlast = {last}\nmark = "M"\n{more}\n'
    )


def told(room: Path, text: str) -> list[str]:
    """Return what is said of a table that is refused."""
    path = room / "table.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="table") as refused:
        load_school_holidays(path)
    return str(refused.value).splitlines()


def test_a_table_is_told_all_that_is_wrong_by_row(tmp_path: Path) -> None:
    rows = (
        row("2027-04-24", "2027-05-02"),
        row("2027-05-02", "2027-05-09"),
        row("2027-05-02", "2027-05-09", "noord"),
        row("2027-06-02", "2027-06-01"),
        row("2027-06-02", "2028-06-09"),
        row("2027-06-02", "2027-06-09", "oost"),
        row("2027-07-02", '"soon"', more="days = 3"),
    )
    assert told(tmp_path, "".join(rows)) == [
        "table.toml:",
        "row 4: Value error, ends on 2027-06-01, before it begins on 2027-06-02",
        "row 5: Value error, lasts from 2027-06-02 to 2028-06-09: not in 2026-2027",
        "row 6: region: Input should be 'noord', 'midden' or 'zuid'",
        "row 7: last: Input should be a valid date",
        "row 7: days: Extra inputs are not permitted",
        "row 2: overlaps row 1 in zuid",
    ]


def test_a_table_is_bounded_and_holds_nothing_else(tmp_path: Path) -> None:
    one = row("2027-04-24", "2027-05-02")
    for text in ("", "holiday = 3", f"other = 1\n{one}"):
        (said,) = told(tmp_path, text)
        assert said.endswith("[[holiday]] alone")


def test_every_region_has_each_holiday_of_a_school_year_once_and_within_it() -> None:
    found: defaultdict[str, list[tuple[str, Region]]] = defaultdict(list)
    for one in SCHOOL_HOLIDAYS:
        begins, ends = map(int, one.school_year.split("-"))
        assert ends == begins + 1
        # The law begins a school year on 1 August; its summer holiday runs on into the next.
        assert date(begins, 8, 1) <= one.first <= date(ends, 7, 31)
        assert one.last <= date(ends, 9, 10 if one.name == "zomer" else 1)
        found[one.school_year].append((one.name, one.region))
    names = get_args(SchoolHoliday.model_fields["name"].annotation)
    each = sorted((name, region) for name in names for region in get_args(Region))
    assert found
    assert all(sorted(rows) == each for rows in found.values())


def test_a_school_holiday_is_whole_weeks_between_weekends() -> None:
    for one in SCHOOL_HOLIDAYS:
        assert (one.first.isoweekday(), one.last.isoweekday()) == (6, 7), one


@pytest.mark.parametrize(
    ("day", "regions"),
    [
        (date(2026, 10, 9), ()),
        (date(2026, 10, 10), ("noord",)),
        (date(2026, 10, 18), ("noord", "midden", "zuid")),
        (date(2026, 10, 25), ("midden", "zuid")),
        (date(2026, 11, 23), ()),
        (date(2027, 1, 3), ("noord", "midden", "zuid")),
        (date(2027, 1, 4), ()),
        (date(2027, 9, 5), ("zuid",)),
    ],
)
def test_a_day_is_told_the_regions_without_school(day: date, regions: tuple[Region, ...]) -> None:
    assert without_school(day) == regions
