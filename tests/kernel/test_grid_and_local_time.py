"""The grid against naive minutes, and local time on days that the clock jumps."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.grid import (
    Grid,
    Stretch,
    day_at,
    day_lines,
    days,
    hours,
    instant_in,
    local_date,
    merged,
    midnight,
)
from scheduler.timeline import slots_of

AMSTERDAM = "Europe/Amsterdam"
ZONES = (AMSTERDAM, "Atlantic/Azores", "Asia/Kolkata", "America/Santiago", "Australia/Lord_Howe")
"""Among them a zone off the hour, one that jumps at midnight and one that jumps half an hour."""
SECOND = timedelta(seconds=1)


@st.composite
def grids(draw: st.DrawFn, /) -> Grid:
    """A grid of some hours or days around a jump, or anywhere else in two years."""
    day = draw(
        st.one_of(
            st.sampled_from((date(2026, 10, 24), date(2027, 3, 27), date(2026, 9, 5))),
            st.dates(date(2026, 1, 1), date(2027, 12, 1)),
        )
    )
    start = datetime.combine(day, time(draw(st.integers(0, 23))), UTC)
    return Grid(start, draw(st.sampled_from((5, 15, 30, 60))), draw(st.integers(1, 120)))


@st.composite
def stretches(draw: st.DrawFn, /, grid: Grid) -> list[Stretch]:
    """Some stretches in and around a grid, to the minute; some touch or overlap."""
    reach = grid.slots * grid.minutes
    found = []
    for first in draw(st.lists(st.integers(-90, reach + 90), max_size=4)):
        length = draw(st.sampled_from((1, 7, 30, 60, 95)))
        since = grid.start + timedelta(minutes=first)
        found.append((since, since + timedelta(minutes=length)))
        if draw(st.booleans()):
            until = found[-1][1]
            found.append((until, until + timedelta(minutes=draw(st.sampled_from((10, 60))))))
    return found


def minutes_of(grid: Grid, found: list[Stretch]) -> set[int]:
    return {
        minute
        for since, until in found
        for minute in range(
            int((since - grid.start) / timedelta(minutes=1)),
            int((until - grid.start) / timedelta(minutes=1)),
        )
    }


@given(st.data())
def test_availability_rounds_inward_to_slots_of_which_every_minute_is_free(
    data: st.DataObject,
) -> None:
    grid = data.draw(grids())
    found = data.draw(stretches(grid))
    free = minutes_of(grid, found)
    whole = {
        t
        for t in range(grid.slots)
        if free.issuperset(range(t * grid.minutes, (t + 1) * grid.minutes))
    }
    assert set(slots_of(grid.inward(found))) == whole


@given(st.data())
def test_what_is_taken_rounds_outward_to_slots_of_which_any_minute_is_taken(
    data: st.DataObject,
) -> None:
    grid = data.draw(grids())
    found = data.draw(stretches(grid))
    touched = {minute // grid.minutes for minute in minutes_of(grid, found)}
    assert set(slots_of(grid.outward(found))) == touched & set(range(grid.slots))


@given(grids(), st.integers(-600, 60_000))
def test_an_instant_lies_in_the_slot_below_and_before_the_slot_above(
    grid: Grid, seconds: int
) -> None:
    instant = grid.start + seconds * SECOND
    assert grid.at(grid.floor(instant)) <= instant < grid.at(grid.floor(instant) + 1)
    assert grid.at(grid.ceil(instant) - 1) < instant <= grid.at(grid.ceil(instant))


@given(st.data())
def test_merged_stretches_hold_the_same_minutes_and_do_not_touch(data: st.DataObject) -> None:
    grid = data.draw(grids())
    found = data.draw(stretches(grid))
    whole = merged(found)
    assert minutes_of(grid, whole) == minutes_of(grid, found)
    assert all(until < since for (_, until), (since, _) in pairwise(whole))


@given(grids(), st.sampled_from(ZONES))
def test_every_slot_belongs_to_the_local_day_in_which_it_begins(grid: Grid, zone: str) -> None:
    known, lines = days(grid, zone), day_lines(grid, zone)
    assert len(known) == len(lines)
    for slot in range(grid.slots):
        holding = [day for day, line in zip(known, lines, strict=True) if line >> slot & 1]
        assert holding == [local_date(grid.at(slot), zone)] == [day_at(grid, slot, zone)]


@pytest.mark.parametrize(
    ("day", "quarters"),
    [(date(2026, 10, 25), 100), (date(2027, 3, 28), 92), (date(2026, 10, 26), 96)],
)
def test_a_day_that_the_clock_jumps_has_92_or_100_quarters_of_an_hour(
    day: date, quarters: int
) -> None:
    start = midnight(day - timedelta(days=1), AMSTERDAM)
    grid = Grid(start, 15, 3 * 96)
    line = day_lines(grid, AMSTERDAM)[1]
    assert line.bit_count() == quarters
    assert grid.at(min(slots_of(line))) == midnight(day, AMSTERDAM)


@given(
    st.datetimes(datetime(2026, 9, 1), datetime(2027, 4, 30)).map(
        lambda one: one.replace(second=0, microsecond=0)
    ),
    st.sampled_from(ZONES),
)
def test_a_wall_clock_time_opens_at_its_last_reading_and_closes_at_its_first(
    wall: datetime, zone: str
) -> None:
    opens, closes = (instant_in(wall, zone, opens=side) for side in (True, False))
    assert closes <= opens
    readings = [
        moment
        for moment in (opens, closes)
        if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall
    ]
    if readings:
        window = [opens - timedelta(minutes=n) for n in range(-180, 181)]
        shown = [
            one for one in window if one.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall
        ]
        assert (max(shown), min(shown)) == (opens, closes)
    else:
        # The hour does not exist: the opening comes after the jump and the closing before it.
        jump = midnight(wall.date(), zone)
        while jump.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < wall:
            jump += timedelta(minutes=1)
        assert closes < jump <= opens


@given(
    st.dates(date(2026, 10, 20), date(2027, 4, 2)),
    st.integers(0, 3),
    st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    st.times().map(lambda one: one.replace(second=0, microsecond=0)),
)
def test_hours_hold_no_minute_that_the_wall_clock_says_is_outside(
    first: date, more: int, opens: time, closes: time
) -> None:
    last = first + timedelta(days=more)
    closed = frozenset({first + timedelta(days=1)})
    night = closes <= opens
    for since, until in hours(first, last, AMSTERDAM, opens, closes, closed):
        assert local_date(since, AMSTERDAM) not in closed
        if until <= since:
            continue  # between the two readings of an hour that comes twice, or none at all
        for moment in (since, until - SECOND):
            clock = moment.astimezone(ZoneInfo(AMSTERDAM)).time()
            inside = clock >= opens or clock < closes if night else opens <= clock < closes
            assert inside
