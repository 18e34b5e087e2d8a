"""Tables as files: CSV, workbooks and Parquet, which no spreadsheet takes for anything but data."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
from fastapi.responses import Response

Cell = str | int | float | None
"""What a table holds; None is a number that is not shown, or not there."""
File = Literal["csv", "xlsx", "parquet"]
FILES: tuple[File, ...] = ("csv", "xlsx", "parquet")
BEGINS_A_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""How a text begins that a spreadsheet would work out; the last four are as wide as letters."""
_BEHIND = re.compile(r"([;|\t\r\n])(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where one would begin in CSV that is parted otherwise: Dutch spreadsheets part at semicolons."""
_NO_NAME = re.compile(r"[\[\]:*?/\\']")
"""What the name of a sheet may not hold."""
_LONGEST_NAME = 31


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table by its name; ``schema`` says what Parquet holds where the values do not tell.

    Moments that have a zone and lists are written as text but in Parquet; those without one are
    on a clock that the table is about.
    """

    name: str
    frame: pd.DataFrame
    schema: pa.Schema | None = None


def harmless(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    if isinstance(cell, str) and cell.startswith(BEGINS_A_FORMULA):
        return f"'{cell}"
    return cell


def lines_of_csv(rows: Iterable[Iterable[Cell]]) -> str:
    """Return rows as CSV (RFC 4180) that is safe in a spreadsheet."""
    to = io.StringIO()
    csv.writer(to).writerows([_parted(harmless(cell)) for cell in row] for row in rows)
    return to.getvalue()


def _parted(cell: Any) -> Any:
    """Return a cell in which no formula begins, whatever is taken for the end of one."""
    return _BEHIND.sub(r"\1'", cell) if isinstance(cell, str) else cell


def written(sheets: Sequence[Sheet], file: File) -> bytes:
    """Return tables as a file: a workbook holds all of them, another the first alone."""
    return _WRITTEN[file][1](sheets)


def media_of(file: File) -> str:
    """Return the media type of a file."""
    return _WRITTEN[file][0]


def download(body: bytes, media: str, name: str) -> Response:
    """Answer with a file of this name."""
    told = f'attachment; filename="{name}"'
    return Response(body, headers={"content-disposition": told}, media_type=media)


def _as_csv(sheets: Sequence[Sheet]) -> bytes:
    heads, *rows = _plain(sheets[0].frame)
    return lines_of_csv([heads, *([_moment(cell) for cell in row] for row in rows)]).encode()


def _as_xlsx(sheets: Sequence[Sheet]) -> bytes:
    to = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with pd.ExcelWriter(
        to,
        engine="xlsxwriter",
        engine_kwargs={"options": options},
        datetime_format="yyyy-mm-dd hh:mm",
    ) as writer:
        for sheet, name in zip(sheets, _names(sheets), strict=True):
            heads, *rows = _plain(sheet.frame)
            frame = pd.DataFrame(rows, columns=heads, dtype=object)
            frame.to_excel(writer, sheet_name=name, index=False)
            writer.sheets[name].freeze_panes(1, 0)
            writer.sheets[name].autofit(300)
    return to.getvalue()


def _as_parquet(sheets: Sequence[Sheet]) -> bytes:
    to = io.BytesIO()
    sheets[0].frame.to_parquet(to, engine="pyarrow", index=False, schema=sheets[0].schema)
    return to.getvalue()


_WRITTEN: Mapping[File, tuple[str, Callable[[Sequence[Sheet]], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", _as_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _as_xlsx),
    "parquet": ("application/vnd.apache.parquet", _as_parquet),
}


def _plain(frame: pd.DataFrame) -> list[list[Any]]:
    """Return the heads and the rows of a table, which pandas would take for numbers again."""
    rows = [[*frame.columns], *frame.itertuples(index=False, name=None)]
    return [[_text(cell) for cell in row] for row in rows]


def _text(cell: Any) -> Any:
    """Return a cell as a spreadsheet knows it; None where there is nothing in it."""
    if isinstance(cell, list | tuple):
        return harmless(" ".join(map(str, cell)))
    if pd.isna(cell):
        return None
    if isinstance(cell, datetime) and cell.tzinfo is not None:
        return cell.isoformat().replace("+00:00", "Z")
    return harmless(cell)


def _moment(cell: Any) -> Any:
    return cell.isoformat() if isinstance(cell, date) else cell


def _names(sheets: Sequence[Sheet]) -> list[str]:
    """Return names that a workbook takes: short enough, without signs, each of its own."""
    found: list[str] = []
    for number, sheet in enumerate(sheets, 1):
        name = _NO_NAME.sub(" ", sheet.name)[:_LONGEST_NAME].strip() or str(number)
        if name.lower() in {one.lower() for one in found}:
            name = f"{name[: _LONGEST_NAME - 5]} {number}"
        found.append(name)
    return found
