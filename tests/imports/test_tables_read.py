"""Tables of any kind are read as they stand, and what is none is refused before it does harm."""

import io
import struct
import zipfile
from collections.abc import Callable, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.imports import tables
from api.imports.flaws import Flaw, FlawedError
from api.imports.tables import read_table


def refused(body: bytes, **told: str) -> tuple[Flaw, ...]:
    with pytest.raises(FlawedError) as error:
        read_table(body, **told)  # type: ignore[arg-type]
    return error.value.flaws


def reason(body: bytes) -> str:
    (flaw,) = refused(body)
    return flaw.reason


def workbook(*sheets: tuple[str, Sequence[Sequence[object]]]) -> bytes:
    to = io.BytesIO()
    with pd.ExcelWriter(to, engine="xlsxwriter", datetime_format="dd-mm-yyyy hh:mm") as book:
        for name, rows in sheets:
            width = max(map(len, rows))
            frame = pd.DataFrame(
                [[*row, *[None] * (width - len(row))] for row in rows], dtype=object
            )
            frame.to_excel(book, sheet_name=name, header=False, index=False)
    return to.getvalue()


def rezipped(body: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    to = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(body)) as was,
        zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as now,
    ):
        for one in was.namelist():
            now.writestr(one, change(one, was.read(one)))
    return to.getvalue()


def in_sheet(body: bytes, old: bytes, new: bytes) -> bytes:
    def change(name: str, part: bytes) -> bytes:
        return part.replace(old, new, 1) if name.startswith("xl/worksheets/") else part

    return rezipped(body, change)


SMALL = workbook(("rooster", [["code", "van"], ["a-1", 1.5], ["a-2", "x"]]))


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("begins", ["", "\ufeff"])
def test_what_parts_the_cells_of_a_csv_file_is_found_out(separator: str, begins: str) -> None:
    lines = ["code", "naam"], ["a-1", '"Bos, de; k"']
    text = begins + "\r\n".join(separator.join(one) for one in lines) + "\r\n"
    assert read_table(text.encode()).to_dict("list") == {"code": ["a-1"], "naam": ["Bos, de; k"]}


def test_rows_are_counted_as_a_spreadsheet_shows_them() -> None:
    text = 'sep=;\n\ncode;naam\na-1;"twee\nregels"\n;\na-2;x\n'
    table = read_table(text.encode())
    assert [*table.index] == [4, 6]
    assert table["naam"].tolist() == ["twee\nregels", "x"]


def test_a_file_that_excel_saved_as_unicode_text_says_so_by_its_mark() -> None:
    assert read_table("code\tnaam\na-1\tcafé\n".encode("utf-16")).loc[2, "naam"] == "café"


def test_an_encoding_is_told_and_never_guessed() -> None:
    body = "code;naam\na-1;Curaçao\n".encode("cp1252")
    (flaw,) = refused(body)
    assert (flaw.row, flaw.value) == (2, "Curaçao")
    assert "windows-1252" in flaw.suggestion
    assert read_table(body, encoding="windows-1252").loc[2, "naam"] == "Curaçao"


@pytest.mark.parametrize(
    ("text", "row", "says"),
    [
        ("a;b\n1;2;3\n", 2, "more cells than the 2 titles"),
        ("a;b\n1;2\n1;2;3;4\n", 3, "has 4 cells, and there are 2 titles"),
        ('a;b\n1;2\n"1;2\n', 3, "a quotation mark that nothing closes"),
        ("a;b\n1;\x002\n", 0, "a character that no text has"),
        ("a;\n1;2\n", 1, "a column with cells has no title"),
        (f"a;b\n1;{'x' * 2001}\n", 2, "a cell has more than 2000 characters"),
        ("\n;\n", 0, "holds no cell that is not empty"),
        ("", 0, "is empty"),
    ],
)
def test_a_csv_file_that_is_no_table_is_refused_with_its_row(
    text: str, row: int, says: str
) -> None:
    (flaw,) = refused(text.encode())
    assert flaw.row == row
    assert says in flaw.reason


@pytest.mark.parametrize(
    "begins",
    [b"\xd0\xcf\x11\xe0old excel", b"%PDF-1.7", b"\x1f\x8bzipped", b"PK\x05\x06", b"{\\rtf1"],
)
def test_what_is_no_table_at_all_is_refused(begins: bytes) -> None:
    assert "is no CSV, XLSX or Parquet" in reason(begins + b"\x00" * 40)


def test_a_file_is_refused_unread_when_it_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_BYTES", 100)
    assert "at most 100 are read" in reason(b"a;b\n" + b"1;2\n" * 100)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_a_table_of_too_many_rows_or_columns_is_refused(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 20)
    monkeypatch.setattr(tables, "MOST_COLUMNS", 5)
    long = pd.DataFrame({"a": ["1"] * 21, "b": ["2"] * 21})
    wide = pd.DataFrame({str(n): ["1"] for n in range(6)})
    for frame, says in ((long, "rows of 2 columns"), (wide, "6 columns")):
        to = io.BytesIO()
        if kind == "csv":
            frame.to_csv(to, index=False)
        elif kind == "xlsx":
            frame.to_excel(to, index=False)
        else:
            frame.to_parquet(to)
        assert says in reason(to.getvalue())
        fine = frame.iloc[:20, :5]
        assert len(read_table(fine.to_csv(index=False).encode())) == len(fine)


def test_a_workbook_is_read_with_its_values_and_its_rows() -> None:
    day = pd.Timestamp("2027-01-04 08:30").to_pydatetime()
    body = workbook(("blad 1", [[], ["code", "van", "ja"], ["a-1", day, True], [], ["a-2", 587.0]]))
    table = read_table(body)
    assert [*table.index] == [3, 5]
    assert [*table.loc[3]] == ["a-1", day, True]
    assert table.loc[5, "van"] == 587


def test_of_several_sheets_the_one_that_is_meant_is_told_by_its_name() -> None:
    other, meant = ("Toelichting", [["x"]]), ("Rooster", [["code"], ["a-1"]])
    assert "has the sheets Toelichting, Rooster" in reason(workbook(other, meant))
    assert read_table(workbook(other, meant), sheets={"rooster"})["code"].tolist() == ["a-1"]


def test_a_formula_is_not_believed_and_is_told_with_its_cell() -> None:
    body = workbook(("x", [["code"], ["a-1"], ["=1+1"]]))
    (flaw,) = refused(body)
    assert (flaw.row, flaw.column) == (3, "A")
    assert "is a formula" in flaw.reason


def test_an_error_of_the_workbook_is_no_empty_cell() -> None:
    body = in_sheet(SMALL, b'<c r="B2"><v>1.5</v>', b'<c r="B2" t="e"><v>#N/A</v>')
    (flaw,) = refused(body)
    assert (flaw.row, flaw.column, flaw.reason) == (2, "B", "is an error in the workbook itself")


def test_days_counted_from_1904_are_not_read_four_years_off() -> None:
    def change(name: str, part: bytes) -> bytes:
        return part.replace(b"<workbookPr ", b'<workbookPr date1904="1" ')

    assert "from 1904" in reason(rezipped(SMALL, change))


def test_what_unpacks_to_very_much_is_refused_before_it_is_unpacked() -> None:
    to = io.BytesIO()
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"<row/>" * 5_000_000)
    assert len(to.getvalue()) < 100_000
    assert "unpacks to 30000000 bytes" in reason(to.getvalue())


def test_a_part_that_lies_about_its_size_is_refused() -> None:
    body = bytearray(SMALL)
    name = b"xl/worksheets/sheet1.xml"
    entry = body.rindex(name) - 46
    (size,) = struct.unpack_from("<I", body, entry + 24)
    struct.pack_into("<I", body, entry + 24, size // 2)
    assert "is no workbook that can be read" in reason(bytes(body))


def test_a_cell_in_the_last_corner_makes_no_room_for_all_before_it() -> None:
    far = in_sheet(SMALL, b'<c r="B3"', b'<c r="XFD1048576"')
    assert "16384 columns" in reason(far)
    low = in_sheet(SMALL, b'<c r="B3"', b'<c r="B1048576"')
    assert "1048576 rows" in reason(low)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'<c r="B3"', b"<c"),
        (b'<c r="B3"', b'<c r="&#88;FD1048576"'),
        (b'<c r="B3"', b'<c s="0" r="XFD1048576"'),
        (b"<sheetData>", b'<!-- r="B3" --><sheetData>'),
        (b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet'),
    ],
    ids=["nowhere", "hidden", "other order", "comment", "entities"],
)
def test_a_sheet_written_as_no_program_writes_one_is_refused(old: bytes, new: bytes) -> None:
    assert "save it anew" in refused(in_sheet(SMALL, old, new))[0].suggestion


CORNER = b'<row r="99999"><c r="ZZ99999"><v>1</v></c></row></sheetData>'


def moved(body: bytes, to: str) -> bytes:
    """Return a workbook whose sheet is another part, with a cell far away in it."""
    sheet = "xl/worksheets/sheet1.xml"

    def change(name: str, part: bytes) -> bytes:
        if name.endswith(".rels"):
            return part.replace(sheet.removeprefix("xl/").encode(), to.removeprefix("xl/").encode())
        return part.replace(b"</sheetData>", CORNER) if name == sheet else part

    changed, out = rezipped(body, change), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(changed)) as was, zipfile.ZipFile(out, "w") as now:
        for one in was.namelist():
            now.writestr(to if one == sheet else one, was.read(one))
    return out.getvalue()


@pytest.mark.parametrize("to", ["xl/other/s.xml", "xl/Worksheets/sheet1.XML", "xl/s.bin"])
def test_a_sheet_is_looked_at_wherever_it_is_kept(to: str) -> None:
    says = "702 columns" if to.casefold().endswith(".xml") else "what no workbook holds"
    assert says in reason(moved(SMALL, to))


def test_a_cell_is_looked_at_under_whatever_name_a_reader_takes_for_one() -> None:
    for name in (b"a-b:c", b"a.b:c", b":c", "é:c".encode()):
        far = CORNER.replace(b"<c r", b"<" + name + b" r").replace(b"</c>", b"</" + name + b">")
        assert "do not say where they stand" in reason(in_sheet(SMALL, b"</sheetData>", far))


def test_shared_texts_are_counted_where_workbooks_have_them_alone() -> None:
    body = in_sheet(SMALL, b"</worksheet>", b"<si><t>x</t></si></worksheet>")
    assert "what no workbook holds" in reason(body)


@pytest.mark.parametrize("other", ["content.xml", "mimetype", "xl/workbook.bin", "XL/Workbook.xml"])
def test_a_workbook_that_is_of_another_kind_as_well_is_refused(other: str) -> None:
    to = io.BytesIO(SMALL)
    with zipfile.ZipFile(to, "a") as packed:
        packed.writestr(other, "x")
    assert "is no XLSX" in reason(to.getvalue())


def test_a_long_text_that_very_many_cells_share_counts_as_often_as_it_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tables, "MOST_UNZIPPED", 1_000_000)
    fine = workbook(("x", [["code"], *([f"{n:04}"] for n in range(1000))]))
    assert len(read_table(fine)) == 1000
    body = workbook(("x", [["code"], *([["x" * 1500]] * 1000)]))
    assert "shows more than" in reason(body)
    longer = workbook(("x", [["code"], ["x" * 30_000]]))
    assert "a cell has more than 2000 characters" in reason(longer)


@pytest.mark.parametrize("cut", [5, 50, 200, -200, -30])
def test_half_a_workbook_is_no_workbook(cut: int) -> None:
    assert "is no workbook that can be read" in reason(SMALL[:cut])


def test_a_workbook_of_something_else_is_no_workbook() -> None:
    to = io.BytesIO()
    with zipfile.ZipFile(to, "w") as packed:
        packed.writestr("word/document.xml", "<w/>")
    assert "is no workbook that can be read" in reason(to.getvalue())


def parquet(table: pa.Table) -> bytes:
    to = io.BytesIO()
    pq.write_table(table, to)
    return to.getvalue()


def test_parquet_is_read_with_its_values() -> None:
    at = pd.Timestamp("2027-01-04 08:30").to_pydatetime()
    body = parquet(pa.table({"code": ["a-1", None], "van": [at, at], "n": [3, None]}))
    table = read_table(body)
    assert [*table.index] == [1, 2]
    assert [*table.loc[1]] == ["a-1", at, 3]
    assert table.loc[2, "code"] is None
    assert table.loc[2, "n"] is None


def test_parquet_that_holds_lists_or_is_cut_short_is_refused() -> None:
    body = parquet(pa.table({"code": [["a-1"]], "x": [{"a": 1}]}))
    assert {one.column for one in refused(body)} == {"code", "x"}
    whole = parquet(pa.table({"code": ["a-1"] * 100}))
    for cut in (10, len(whole) // 2, len(whole) - 3):
        assert "is no Parquet file that can be read" in reason(whole[:cut])


def test_a_few_bytes_of_parquet_that_mean_very_many_rows_are_refused() -> None:
    body = parquet(pa.table({"code": pa.array(["a-1"]).take(pa.array([0] * 1_000_000))}))
    assert len(body) < 10_000
    assert "1000000 rows" in reason(body)


def test_a_long_text_of_parquet_is_refused_before_it_is_there_for_each_row() -> None:
    body = parquet(pa.table({"code": ["x" * 2001] * 1000}))
    (flaw,) = refused(body)
    assert (flaw.column, flaw.reason) == ("code", "a cell has more than 2000 characters")


TEXTS = (pa.string(), pa.large_string(), pa.string_view())


@pytest.mark.parametrize("kind", TEXTS, ids=str)
def test_texts_of_parquet_are_read_as_each_program_keeps_them(kind: pa.DataType) -> None:
    body = parquet(pa.table({"code": pa.array(["a-1", None, "é"], kind), "n": [1, 2, 3]}))
    assert read_table(body)["code"].tolist() == ["a-1", None, "é"]


@pytest.mark.parametrize("kind", [*TEXTS, pa.binary(), pa.large_binary()], ids=str)
def test_one_long_text_of_parquet_is_never_there_as_often_as_it_is_shown(
    kind: pa.DataType,
) -> None:
    long = "x" * 1_000_000
    body = parquet(pa.table({"code": pa.array([long] * 100, kind)}))
    usual = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(usual)
    pa.set_memory_pool(pool)
    try:
        (flaw,) = refused(body)
    finally:
        pa.set_memory_pool(usual)
    assert flaw.column == "code"
    assert pool.max_memory() < 20 * len(long)
