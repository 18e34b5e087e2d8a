"""Figures: numbers that are drawn, shown in a table and taken along as a file.

A figure is drawn on the server as SVG of its own, which a page shows as an image: no script draws,
and nothing of it is asked of another host.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from textwrap import wrap
from typing import Any, Literal

import altair as alt
import pandas as pd
import vl_convert
from fastapi.responses import Response

from api.exports.files import FILES as FILES
from api.exports.files import Cell as Cell
from api.exports.files import File as File
from api.exports.files import Sheet, download, media_of, written

Kind = Literal["bars", "lines"]
Width = Literal["wide", "narrow"]
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
INK, LINE = "#1a1d21", "#c9d0d6"
COLOURS = "#154273", "#c77700", "#275937", "#a30d11", "#5b4a8a", "#4d565f"
DASHES = [1, 0], [7, 4], [2, 3], [10, 3, 2, 3], [4, 2], [1, 3]
"""How lines differ beside their colour."""
ROOM: Mapping[Width, tuple[int, int]] = {"wide": (320, 32), "narrow": (130, 15)}
"""Pixels to draw in, and letters of a name on a line."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Numbers under heads: the first column names a row, each other is drawn as a series.

    ``bars`` are drawn in the order of the rows; of ``lines`` the first column is the place along
    the axis, a number or a day as ISO 8601 writes it. ``hides`` says what None stands for, and
    ``point`` what stands before decimals where they are drawn.
    """

    name: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    kind: Kind = "bars"
    hides: str = ""
    point: str = "."


def drawn(figure: Figure, width: Width = "wide") -> Response:
    """Answer with a figure as SVG."""
    return Response(_svg(figure, width), media_type="image/svg+xml")


def taken_along(figure: Figure, file: File, name: str) -> Response:
    """Answer with the numbers of a figure as a file of this name."""
    body = written([Sheet(figure.name, _frame(figure))], file)
    return download(body, media_of(file), f"{name}.{file}")


def _frame(figure: Figure) -> pd.DataFrame:
    return pd.DataFrame(figure.rows, columns=list(figure.heads)).convert_dtypes()


@lru_cache(maxsize=128)
def _svg(figure: Figure, width: Width) -> str:
    chart = (_bars if figure.kind == "bars" else _lines)(figure, width)
    spec = chart.configure(font=FONT).configure_view(stroke=None).to_dict()
    return str(vl_convert.vegalite_to_svg(spec))


def _values(figure: Figure, letters: int | None = None) -> alt.InlineData:
    """Return a row for each number that is shown, of bars also for those that are not."""
    return alt.InlineData(
        values=[
            {
                "x": row[0] if letters is None else "\n".join(wrap(str(row[0]), letters)),
                "series": series,
                "n": 0 if n is None else n,
                "end": max(0, n or 0),
                "told": figure.hides if n is None else f"{n}".replace(".", figure.point),
            }
            for row in figure.rows
            for series, n in zip(figure.heads[1:], row[1:], strict=True)
            if n is not None or letters is not None
        ]
    )


def _colour(figure: Figure) -> Any:
    series = figure.heads[1:]
    legend = alt.Legend(orient="top", title=None, labelFontSize=13) if len(series) > 1 else None
    scale = alt.Scale(domain=list(series), range=[COLOURS[n % 6] for n in range(len(series))])
    return alt.Color("series:N", scale=scale, legend=legend)


def _bars(figure: Figure, width: Width) -> Any:
    room, letters = ROOM[width]
    lines = max((len(wrap(str(row[0]), letters)) for row in figure.rows), default=1)
    high = max(22, 15 * lines + 6) if len(figure.heads) == 2 else max(18, 9 * lines + 4)
    split = alt.Axis(
        labelExpr="split(datum.label, '\\n')", labelFontSize=13, labelLimit=400, labelColor=INK,
        ticks=False, domainColor=LINE,
    )  # fmt: skip
    series = list(figure.heads[1:])
    base = alt.Chart(_values(figure, letters), width=room, height=alt.Step(high)).encode(
        y=alt.Y("x:N", sort=None, title=None, axis=split),
        yOffset=alt.YOffset("series:N", sort=series),
        # The numbers stand at the bars: an axis would say them again.
        x=alt.X("n:Q", axis=None, scale=alt.Scale(domain=_domain(figure), nice=False)),
    )
    words = base.mark_text(align="left", dx=4, fontSize=13, color=INK)
    told = words.encode(x=alt.X("end:Q", axis=None), text="told:N")
    return base.mark_bar().encode(color=_colour(figure)) + told


def _domain(figure: Figure) -> list[float]:
    """Return the ends of the axis: from what is below nought to the largest, with room for it."""
    numbers = [n for row in figure.rows for n in row[1:] if isinstance(n, int | float)]
    return [min((0, *numbers)), 1.2 * max((1, *numbers))]


def _lines(figure: Figure, width: Width) -> Any:
    room, _ = ROOM[width]
    days = figure.rows and isinstance(figure.rows[0][0], str)
    axis = alt.Axis(labelFontSize=13, titleFontSize=13, gridColor=LINE)
    # Days are drawn in figures, which read alike in every language.
    along = alt.Axis(labelFontSize=13, titleFontSize=13, gridColor=LINE, format="%-d-%-m")
    series = list(figure.heads[1:])
    dash = alt.Scale(domain=series, range=[DASHES[n % 6] for n in range(len(series))])
    return (
        alt.Chart(_values(figure), width=room + 100, height=220)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("x:T" if days else "x:Q", title=figure.heads[0], axis=along if days else axis),
            y=alt.Y("n:Q", title=None, axis=axis),
            color=_colour(figure),
            strokeDash=alt.StrokeDash("series:N", scale=dash, legend=None),
        )
    )
