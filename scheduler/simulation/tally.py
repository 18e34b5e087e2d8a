"""The tally of one replication: what happened, as plain arrays by week.

Weeks count from the end of the warm-up; what happens in the warm-up counts for nothing, and of what
lasts only the part after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
DAYS = 7


@dataclass(frozen=True)
class Names:
    """What the rows of the arrays of a tally are, the same in every replication of a scenario."""

    weeks: int
    outcomes: tuple[str, ...]
    reasons: tuple[str, ...]
    constraints: tuple[str, ...]
    lights: tuple[str, ...]
    facilities: tuple[str, ...]
    resources: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Tally:
    """What happened, per week unless said otherwise; the last week may be a part of one.

    ``left`` has a row per outcome; ``booked`` and ``failed`` a row per leg (placement, removal) and
    reason of failing. ``blocked`` holds the case-days of each constraint, ``lights`` those of each
    light (several constraints of a case under one light count once), ``red`` those of them in
    which a constraint forbids by what is known: in the others the light is grey. ``inside`` are the
    persons in a facility per night; ``used`` and ``rostered`` the hours of each resource after the
    warm-up.
    ``waits`` has a row per departure or lone placement: case, leg, week, days from ready to then,
    days since entering, nights held.
    """

    entered: Counts
    departed: Counts
    placed: Counts
    released: Counts
    left: Counts
    booked: Counts
    failed: Counts
    blocked: Amounts
    lights: Amounts
    red: Amounts
    inside: Counts
    nights: Counts
    used: Amounts
    rostered: Amounts
    waits: Amounts
    balance: Counts
    """Of all cases, the warm-up's too: entered, departed, left otherwise, in the caseload."""

    def __eq__(self, other: object) -> bool:
        """Return whether all arrays are the same, bit by bit."""
        return isinstance(other, Tally) and all(
            np.array_equal(getattr(self, one.name), getattr(other, one.name))
            for one in fields(self)
        )

    __hash__ = None  # type: ignore[assignment]


def per_week(days: Amounts, weeks: int) -> Counts:
    """Return how many of the moments, in days after the warm-up, lie in each week."""
    week = np.floor_divide(days, DAYS).astype(np.int64)
    return np.bincount(week[(week >= 0) & (week < weeks)], minlength=weeks)


def by_row(rows: Sequence[int], days: Amounts, count: int, weeks: int) -> Counts:
    """Return how many of the moments of each row lie in each week, shape ``(count, weeks)``."""
    row, week = np.asarray(rows, np.int64), days // DAYS
    counted = (week >= 0) & (week < weeks)
    flat = row[counted] * weeks + week[counted].astype(np.int64)
    return np.bincount(flat, minlength=count * weeks).reshape(count, weeks)


def lasted(
    rows: npt.NDArray[np.int64], since: Amounts, until: Amounts, count: int, weeks: int
) -> Amounts:
    """Return the days that intervals of each row have in each week, shape ``(count, weeks)``."""
    held = np.zeros((count, weeks + 1))
    edges: Amounts = np.arange(weeks + 1, dtype=np.float64) * DAYS
    for row in np.unique(rows):
        mine = rows == row
        # Days before each edge, of all intervals of the row at once.
        begin, end = np.sort(since[mine]), np.sort(until[mine])
        held[row] = _before(begin, edges) - _before(end, edges)
    return np.diff(held, axis=1)


def _before(moments: Amounts, edges: Amounts) -> Amounts:
    """Return the sum over moments (sorted) of the days from each to an edge after it."""
    total = np.concatenate([[0.0], np.cumsum(moments)])
    number = np.searchsorted(moments, edges)
    passed: Amounts = number * edges - total[number]
    return passed


def united(
    rows: npt.NDArray[np.int64], since: Amounts, until: Amounts
) -> tuple[npt.NDArray[np.int64], Amounts, Amounts]:
    """Return the intervals of each row with those that overlap or touch made one."""
    if not len(rows):
        return rows, since, until
    order = np.lexsort((since, rows))
    rows, since, until = rows[order], since[order], until[order]
    # The latest end so far within a row: rows are put far apart on one line.
    apart = (until.max() - since.min() + 1) * rows
    latest = np.maximum.accumulate(until + apart)
    begins = np.concatenate([[True], (since + apart)[1:] > latest[:-1]])
    return rows[begins], since[begins], np.maximum.reduceat(until, np.flatnonzero(begins))
