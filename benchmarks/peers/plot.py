"""Quality against time, drawn with Altair."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import altair as alt

from benchmarks.peers.table import Compared

FIRST = 0.1
"""Where the time axis begins, in seconds."""
TICKS = (0.1, 1, 10, 60)
STEP = 0.01
"""What a step must come to on the other axis, so that the drawing stays small."""


def draw(worlds: Sequence[Compared], limit: float, path: Path) -> None:
    """Write an SVG with a panel per world: the share of the bound on the planned weight."""
    rows = [row for world in worlds for row in _rows(world, limit)]
    solvers = list(dict.fromkeys(solver for world in worlds for solver in world.runs))
    lines = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(interpolate="step-after", strokeWidth=1.5)
        .encode(
            x=alt.X(
                "seconds:Q",
                title="seconds (log)",
                scale=alt.Scale(type="log", domain=[FIRST, limit]),
                axis=alt.Axis(values=[one for one in TICKS if one <= limit]),
            ),
            y=alt.Y(
                "share:Q",
                title="weight planned, of the bound",
                axis=alt.Axis(format="%", tickCount=5),
            ),
            color=alt.Color("solver:N", title=None, sort=solvers, legend=alt.Legend(orient="top")),
        )
        .properties(width=300, height=180)
    )
    names = [world.name for world in worlds]
    facet = alt.Facet("world:N", title=None, sort=names)
    lines.facet(facet, columns=2).save(str(path))
    path.write_text(_small(path.read_text(encoding="utf-8")), encoding="utf-8")


def _small(drawn: str) -> str:
    """Return a drawing to a tenth of a pixel, without what only a pointer or a script would use."""
    drawn = re.sub(r' (?:aria|class|role|pointer-events)[\w-]*="[^"]*"', "", drawn)
    drawn = drawn.replace('<path d="M0,0h0v0h0Z"/>', "")
    return re.sub(r"\d+\.\d{2,}", lambda found: f"{float(found[0]):.1f}", drawn) + "\n"


def _rows(world: Compared, limit: float) -> Iterator[dict[str, str | float]]:
    """Yield the course of each solver in steps that can be seen, the last drawn on to the limit."""
    best = world.bounds.get("plannedWeight") or 1
    for solver in world.runs:
        course = [(at, one.values["plannedWeight"] / best) for at, one in world.course(solver)]
        ends = [(limit, course[-1][1])] if course else []
        drawn = -STEP
        for seconds, share in [*course, *ends]:
            if abs(share - drawn) >= STEP or seconds == limit:
                drawn = share
                yield {
                    "world": world.name,
                    "solver": solver,
                    "seconds": round(max(seconds, FIRST), 2),
                    "share": round(share, 4),
                }
