"""Figures: drawn without anything from elsewhere, and taken along without anything that works."""

import csv
import io
import re
import zipfile
from xml.etree import ElementTree

import pandas as pd
import pytest

from api.exports.files import harmless, lines_of_csv
from api.pages.charts import Figure, Kind, Width, drawn, taken_along

SVG = "{http://www.w3.org/2000/svg}"
FIGURE = Figure(
    "waits",
    "How long cases wait",
    ("Partner", "Asked", "Came"),
    (
        ("COA", 12, 9),
        ("=cmd|' /C calc'!A0", 5, None),
        ("a name that takes more than one line", 0, 0),
    ),
    hides="hidden",
)
LINES = Figure(
    "occupancy", "Places taken", ("Day", "Rotterdam", "Zeist"),
    (("2026-12-01", 3, 5), ("2026-12-02", 4, None), ("2026-12-03", 6, 7)), "lines",
)  # fmt: skip


def svg(figure: Figure, width: Width = "wide") -> ElementTree.Element:
    return ElementTree.fromstring(bytes(drawn(figure, width).body))


def words(figure: Figure, width: Width = "wide") -> list[str]:
    return [one.text or "" for one in svg(figure, width).iter(f"{SVG}text")]


def test_each_number_stands_at_its_bar_and_what_is_hidden_says_so() -> None:
    told = words(FIGURE)
    assert {"COA", "12", "9", "5", "hidden", "0"} <= {*told}
    assert {"Asked", "Came"} <= {*told}  # the legend


@pytest.mark.parametrize("kind", ["bars", "lines"])
def test_a_drawing_asks_nothing_of_anybody(kind: Kind) -> None:
    figure = FIGURE if kind == "bars" else LINES
    told = bytes(drawn(figure).body).decode()
    assert {*re.findall(r"https?://[^\"/]+", told)} == {"http://www.w3.org"}  # a name, no address
    assert not re.search(r"<(script|style|image|foreignObject|a)\b|\bstyle=|url\(", told)


def test_a_narrow_drawing_fits_a_narrow_window() -> None:
    width = float(svg(FIGURE, "narrow").attrib["width"])
    assert width <= 300 < float(svg(FIGURE).attrib["width"]) <= 620


def test_lines_differ_in_more_than_their_colour() -> None:
    drawn_lines = [one for one in svg(LINES).iter(f"{SVG}path") if one.get("stroke-width") == "2"]
    assert len({one.get("stroke-dasharray") for one in drawn_lines}) == len(drawn_lines) == 2


def test_no_cell_works_in_a_spreadsheet() -> None:
    assert [harmless(one) for one in ("=1+1", "+1", "-1", "@x", "\tx", "COA", -3, None)] == [
        "'=1+1", "'+1", "'-1", "'@x", "'\tx", "COA", -3, None,
    ]  # fmt: skip
    rows = [*csv.reader(io.StringIO(bytes(taken_along(FIGURE, "csv", "x").body).decode()))]
    assert rows[0] == ["Partner", "Asked", "Came"]
    assert rows[2] == ["'=cmd|' /C calc'!A0", "5", ""]
    assert lines_of_csv([['say "=1"', "a,b"]]) == '"say ""=1""","a,b"\r\n'


def test_a_sheet_holds_numbers_as_numbers_and_no_formula() -> None:
    answer = taken_along(FIGURE, "xlsx", "waits")
    with zipfile.ZipFile(io.BytesIO(bytes(answer.body))) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
        texts = packed.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in sheet
    assert "<v>12</v>" in sheet
    assert "'=cmd" in texts
    assert answer.headers["content-disposition"] == 'attachment; filename="waits.xlsx"'


def test_a_table_keeps_its_kinds() -> None:
    answer = taken_along(FIGURE, "parquet", "waits")
    table = pd.read_parquet(io.BytesIO(bytes(answer.body)))
    assert [*table.columns] == ["Partner", "Asked", "Came"]
    assert [None if pd.isna(one) else int(one) for one in table["Came"]] == [9, None, 0]
    assert [str(one).lower() for one in table.dtypes][1:] == ["int64", "int64"]
