"""The critical path of a case as a line: how long each step takes, and up to which day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from api.traffic_lights import EarliestView, StepView
from scheduler.grid import local_date
from scheduler.proposal import Words

WIDTH = 640
"""Units from now to the earliest moment."""
MARGIN = 60
"""Units beside the line, for the days at its ends."""
SHORTEST = 100
"""Units that a step has at least, so that its number and its day can be read."""

OPEN = 160
"""Units that an open end runs on."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A step on the line: from ``x`` to ``end``, its number in the middle, its day at the end."""

    number: int
    kind: str
    x: int
    end: int
    middle: int
    until: date
    says: Words


@dataclass(frozen=True, slots=True)
class Line:
    """The line as it is drawn, in a box of ``width``; ``open`` is how far it runs to no day."""

    width: int
    open: int | None
    start: int
    since: date | None
    strokes: tuple[Stroke, ...]


def drawn(path: EarliestView, zone: str) -> Line:
    """Return the path as a line: the longer a step takes, the longer it is.

    Where something is in the way of which nobody knows the day, the line has an open end.
    """
    strokes = tuple(_strokes(path.path, zone))
    end = strokes[-1].end if strokes else MARGIN
    since = local_date(path.path[0].since, zone) if path.path else None
    if path.undated:
        return Line(end + OPEN + MARGIN, end + OPEN, MARGIN, since, strokes)
    return Line(end + MARGIN, None, MARGIN, since, strokes)


def _strokes(steps: tuple[StepView, ...], zone: str) -> Iterator[Stroke]:
    spare = max(WIDTH - SHORTEST * len(steps), 0)
    lengths = [(one.until - one.since).total_seconds() for one in steps]
    x = MARGIN
    for number, (one, length) in enumerate(zip(steps, lengths, strict=True), start=1):
        end = x + SHORTEST + round(spare * length / sum(lengths))
        yield Stroke(
            number, one.kind, x, end, (x + end) // 2, local_date(one.until, zone), one.says
        )
        x = end
