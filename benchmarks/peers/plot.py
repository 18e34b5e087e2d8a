"""Quality against time, drawn with Altair."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import altair as alt

from benchmarks.peers.table import Compared

FIRST = 0.1
"""Where the time axis begins, in seconds."""


def draw(worlds: Sequence[Compared], limit: float, path: Path) -> None:
    """Write an SVG with a panel per world: the share of the bound on the planned weight."""
    rows = [row for world in worlds for row in _rows(world, limit)]
    lines = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(interpolate="step-after", point={"size": 12})
        .encode(
            x=alt.X(
                "seconds:Q",
                title="seconds (log)",
                scale=alt.Scale(type="log", domain=[FIRST, limit]),
            ),
            y=alt.Y(
                "share:Q", title="planned weight, share of the bound", axis=alt.Axis(format="%")
            ),
            color=alt.Color("solver:N", title=None, legend=alt.Legend(orient="top")),
        )
        .properties(width=300, height=180)
    )
    names = [world.name for world in worlds]
    facet = alt.Facet("world:N", title=None, sort=names)
    lines.facet(facet, columns=2).save(str(path))


def _rows(world: Compared, limit: float) -> Iterator[dict[str, str | float]]:
    """Yield the points of the longest run of each solver, the last drawn on to the limit."""
    best = world.bounds.get("plannedWeight") or 1
    for solver, runs in world.runs.items():
        points = max(runs, key=lambda one: one.limit).points
        ends = [(limit, points[-1])] if points else []
        for seconds, point in [*((one.seconds, one) for one in points), *ends]:
            yield {
                "world": world.name,
                "solver": solver,
                "seconds": max(seconds, FIRST),
                "share": point.values["plannedWeight"] / best,
            }
