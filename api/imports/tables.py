"""Tables as people send them: CSV, workbooks and Parquet, bounded before they are read.

A table comes out as cells under the titles of the file, by the row at which a person finds them.
Nothing in a file is carried out: a workbook's macros and links are not read, and a cell that is a
formula is refused, for what it shows is whatever another program made of it.
"""

import csv
import re
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from io import BytesIO, StringIO
from typing import IO, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from python_calamine import CalamineError

from api.imports.flaws import Flaw, FlawedError

MOST_BYTES = 25_000_000
"""A file at most."""
MOST_UNZIPPED = 200_000_000
"""Bytes of what is packed in a file, at most."""
MOST_PACKED = 100
"""How many times larger that is than the file, at most, beyond :data:`ALWAYS_FINE`."""
ALWAYS_FINE = 10_000_000
MOST_ROWS = 200_000
MOST_COLUMNS = 150
MOST_CELLS = 4_000_000
"""Rows times columns, the empty ones too."""
MOST_CHARACTERS = 2_000
"""In one cell."""
Encoding = Literal["utf-8", "windows-1252"]
"""In what a CSV file may be written; another than UTF-8 is never guessed."""
_CHUNK = 1_000_000
_FEW = 20
"""Mistakes of one kind that are told one by one."""


def read_table(
    body: bytes, *, encoding: Encoding | None = None, sheets: Collection[str] = ()
) -> pd.DataFrame:
    """Return the cells of a file, text or values, by title and by the row a person sees.

    ``sheets`` are the names by which one sheet among several is meant. An empty cell is ``""`` or
    None; rows without any other are left out.

    Raises
    ------
    FlawedError
        When the file is none, is too large, or holds what cannot be meant.
    """
    if not body:
        raise _refused("is empty")
    if len(body) > MOST_BYTES:
        raise _refused(f"has {len(body)} bytes, at most {MOST_BYTES} are read")
    if body.startswith(b"PK\x03\x04"):
        return _under_titles(_workbook(body, sheets))
    if body.startswith(b"PAR1"):
        return _parquet(body)
    if body.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"{\\rtf", b"\x1f\x8b", b"PK")):
        raise _refused("is no CSV, XLSX or Parquet", "save it as XLSX or CSV UTF-8")
    return _under_titles(_csv(body, encoding))


def _refused(reason: str, suggestion: str = "") -> FlawedError:
    return FlawedError([Flaw(0, "", "", reason, suggestion)])


def _under_titles(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the rows beneath the first that holds anything, which are the titles."""
    filled = ~(cells.isna() | (cells == "")).all(axis=1)
    if not filled.any():
        raise _refused("holds no cell that is not empty")
    found = cells[filled]
    titles = [str(one).strip() for one in found.iloc[0]]
    under = found.iloc[1:].set_axis(titles, axis=1)
    nameless = [n for n, one in enumerate(titles) if not one]
    told = under.iloc[:, nameless]
    if (~(told.isna() | (told == ""))).any(axis=None):
        raise FlawedError([Flaw(int(found.index[0]), "", "", "a column with cells has no title")])
    named = [n for n, one in enumerate(titles) if one]
    return under.iloc[:, named]


def _csv(body: bytes, encoding: Encoding | None) -> pd.DataFrame:
    text = _decoded(body, encoding)
    if "\x00" in text:
        raise _refused("holds a character that no text has (NUL)", "save it as CSV UTF-8")
    skipped = 0
    if told := re.match(r"(?i)sep=(.)\r?\n", text):
        text, skipped = text[told.end() :], 1
    separator = told[1] if told else _separator(text)
    width = len(_first_record(text, separator))
    if width > MOST_COLUMNS:
        raise _refused(f"has {width} columns, at most {MOST_COLUMNS} are read")
    most = min(MOST_ROWS, MOST_CELLS // width)
    try:
        cells = pd.read_csv(
            StringIO(text),
            sep=separator,
            header=None,
            # One more, in which what has no title shows.
            names=range(width + 1),
            index_col=False,
            dtype="str",
            na_filter=False,
            skip_blank_lines=False,
            on_bad_lines="error",
            nrows=most + 2,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise FlawedError([_no_record(str(error), width, skipped)]) from None
    if len(cells) > most + 1:
        raise _refused(f"has more than {most} rows of {width} columns")
    cells.index = pd.RangeIndex(1 + skipped, 1 + skipped + len(cells))
    beyond = cells[width].fillna("")
    if (beyond != "").any():
        rows = cells.index[beyond != ""]
        raise FlawedError(
            Flaw(int(row), "", str(beyond[row]), f"has more cells than the {width} titles")
            for row in rows[:_FEW]
        )
    cells = cells.drop(columns=width).fillna("")
    long = (cells.apply(lambda one: one.str.len()) > MOST_CHARACTERS).any(axis=1)
    if long.any():
        raise FlawedError(
            Flaw(int(row), "", "", f"a cell has more than {MOST_CHARACTERS} characters")
            for row in cells.index[long][:_FEW]
        )
    return cells


def _no_record(said: str, width: int, skipped: int) -> Flaw:
    """Return what a reader of CSV says of a record, by its row."""
    if found := re.search(r"in line (\d+), saw (\d+)", said):
        reason = f"has {found[2]} cells, and there are {width} titles"
        return Flaw(int(found[1]) + skipped, "", "", reason)
    if found := re.search(r"EOF inside string starting at row (\d+)", said):
        return Flaw(int(found[1]) + 1 + skipped, "", "", "has a quotation mark that nothing closes")
    return Flaw(0, "", "", "is no table")


def _decoded(body: bytes, encoding: Encoding | None) -> str:
    """Return the text: in the encoding that is told, or its mark says, else in UTF-8."""
    try:
        if body.startswith((b"\xff\xfe", b"\xfe\xff")):
            return body.decode("utf-16")
        return body.decode("utf-8-sig" if encoding in {None, "utf-8"} else "cp1252")
    except UnicodeDecodeError as error:
        row = body.count(b"\n", 0, error.start) + 1
        word = re.split(rb"[\r\n;,\t]", body[max(error.start - 30, 0) : error.start + 30])
        shown = next((one for one in word if body[error.start : error.start + 1] in one), b"")
        would = shown.decode("cp1252", "replace")
        told = encoding or error.encoding
        suggestion = "save it as CSV UTF-8"
        if encoding is None:
            suggestion += f", or say that it is windows-1252 if {would} is right"
        flaw = Flaw(row, "", would, f"is not written in {told}", suggestion)
        raise FlawedError([flaw]) from None


def _separator(text: str) -> str:
    """Return what stands between the cells: what parts the titles into most."""
    return max(";,\t", key=lambda one: len(_first_record(text, one)))


def _first_record(text: str, separator: str) -> list[str]:
    lines = StringIO(text[:_CHUNK], newline="")
    try:
        return next((one for one in csv.reader(lines, delimiter=separator) if any(one)), [""])
    except csv.Error as error:
        raise _refused(f"is no table: {error}") from None


def _workbook(body: bytes, sheets: Collection[str]) -> pd.DataFrame:
    _bounded(body)
    try:
        with pd.ExcelFile(BytesIO(body), engine="calamine") as book:
            names = [str(one) for one in book.sheet_names]
            name = _sheet(names, sheets)
            cells = pd.read_excel(
                book,
                sheet_name=name,
                header=None,
                dtype=object,
                na_filter=False,
                keep_default_na=False,
            )
    except (CalamineError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise _refused(f"is no workbook that can be read: {error}") from None
    cells.index = pd.RangeIndex(1, len(cells) + 1)
    return cells


def _sheet(names: Sequence[str], sheets: Collection[str]) -> str:
    """Return the sheet that is meant."""
    if len(names) == 1:
        return names[0]
    meant = [one for one in names if one.casefold().strip() in sheets]
    if len(meant) == 1:
        return meant[0]
    wanted = " or ".join(sorted(sheets))
    told = ", ".join(names[:_FEW])
    raise _refused(f"has the sheets {told}", f"keep one sheet, or call the one meant {wanted}")


_TAG = rb"<(?:\w+:)?c"
_AT = rb"""\s+r=["']([A-Z]{1,3})([0-9]{1,7})["']"""
_CELL = re.compile(rb"<(?!/)(?:[^ \r\n\t>:]*:)?c[\s/>]")
"""A cell by whatever name a reader would take for one: only those as above are let through."""
_ADDRESS = re.compile(_TAG + _AT)
_HIDDEN = re.compile(_TAG + rb"\s[^>]*&")
_SHARED = re.compile(
    _TAG + rb"""\s[^>]*\bt\s*=\s*["']s["'][^>]*>(?:\s*<(?:\w+:)?v>([0-9]{1,8})<)?"""
)
_FORMULA = re.compile(_TAG + _AT + rb"[^>]*>\s*<(?:\w+:)?f[\s/>]")
_ERROR = re.compile(_TAG + _AT + rb"""[^>]*\bt\s*=\s*["']e["']""")
_SINCE_1904 = re.compile(rb"""date1904\s*=\s*["'](1|true)["']""")
_BOOK, _TEXTS = "xl/workbook.xml", "xl/sharedstrings.xml"
_OTHERS = frozenset({"xl/workbook.bin", "content.xml", "mimetype"})
"""Parts of workbooks of other kinds, which a reader tries too, whatever a file is called."""
_CELLS, _TEXT = b"sheetData", re.compile(rb"<(?!/)(?:[^ \r\n\t>:]*:)?si[\s/>]")
"""In what the cells of a sheet are, and a text that cells share."""
_ANEW = "save it anew as XLSX"


def _bounded(body: bytes) -> None:
    """Return when what is packed in a workbook is what a workbook holds, and not too much of it."""
    try:
        with zipfile.ZipFile(BytesIO(body)) as packed:
            parts = packed.infolist()
            size = sum(one.file_size for one in parts)
            if size > MOST_UNZIPPED or size > max(ALWAYS_FINE, MOST_PACKED * len(body)):
                raise _refused(f"unpacks to {size} bytes, which no roster does")
            if any(one.flag_bits & 1 for one in parts):
                raise _refused("is locked with a password", "save it without one")
            # A reader asks for parts without regard to case, and takes any of them for a sheet.
            named = {one.filename.replace("\\", "/").casefold(): one for one in parts}
            if _BOOK not in named or len(named) < len(parts) or not _OTHERS.isdisjoint(named):
                raise _refused("is no workbook that can be read: it is no XLSX", _ANEW)
            lengths = np.zeros(0, dtype=np.int64)
            # The texts first: the sheets say how often each is shown.
            for name in sorted(named, key=lambda one: one != _TEXTS):
                with packed.open(named[name]) as part:
                    blocks = _blocks(part, name)
                    if name == _TEXTS:
                        lengths = _lengths(blocks)
                    else:
                        _look(blocks, name, lengths)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
        # zipfile calls a way of packing that it does not know not implemented.
        raise _refused(f"is no workbook that can be read: {error}") from None


def _blocks(part: IO[bytes], name: str) -> Iterator[bytes]:
    """Yield a part in blocks that begin with a cell or a text, to its end and its checksum.

    Of what is no XML nothing is told, and no cells may be in it.
    """
    rest, xml = b"", name.endswith((".xml", ".rels"))
    while chunk := part.read(_CHUNK):
        block = rest + chunk
        strange = xml and (b"<!" in block or b"\x00" in block or len(block) > 3 * _CHUNK)
        if strange or (_CELLS in block and (name == _TEXTS or not xml)):
            raise _refused(f"holds what no workbook holds, in {name}", _ANEW)
        if not xml:
            rest = chunk[-len(_CELLS) :]
        else:
            end = max(block.rfind(b"<c"), block.rfind(b"</si"), block.rfind(b"</x:si"), 0)
            rest = block[end:]
            if end:
                yield block[:end]
    yield rest if xml else b""


def _lengths(blocks: Iterable[bytes]) -> NDArray[np.int64]:
    """Return how many bytes each text takes that cells share."""
    found = [len(one) for block in blocks for one in re.split(rb"</(?:\w+:)?si\s*>", block)]
    if max(found) > 10 * MOST_CHARACTERS:
        raise _refused(f"a cell has more than {MOST_CHARACTERS} characters")
    return np.array(found, dtype=np.int64)


def _look(blocks: Iterable[bytes], name: str, lengths: NDArray[np.int64]) -> None:
    """Read a part to its end, and return when a reader that takes it for a sheet has room for it.

    Where a cell stands decides how much room that is: one in the last corner would ask for all of
    it. So each must say where it stands, in the way that every program writes it; and what many
    cells share counts as often as it is shown.
    """
    columns, rows, cells, addressed, shown, sheet = set[bytes](), 0, 0, 0, 0, False
    for block in blocks:
        if _SINCE_1904.search(block):
            raise _refused("counts its days from 1904", "switch that off and look at its dates")
        if _TEXT.search(block):
            raise _refused(f"holds what no workbook holds, in {name}", _ANEW)
        sheet = sheet or _CELLS in block
        if not sheet:
            continue
        found = _ADDRESS.findall(block)
        addressed += len(found)
        cells += len(_CELL.findall(block))
        columns.update(one for one, _ in found)
        rows = max(rows, max((int(row) for _, row in found), default=0))
        if addressed < cells or _HIDDEN.search(block):
            raise _refused("holds cells that do not say where they stand", _ANEW)
        if len(lengths):
            which = np.array([one or b"-1" for one in _SHARED.findall(block)], dtype="S8")
            each = which.astype(np.int64)
            known = (each >= 0) & (each < len(lengths))
            shown += int(lengths[each[known]].sum()) + int((~known).sum() * lengths.max())
        _no_formulas(block)
        if shown > MOST_UNZIPPED:
            raise _refused(f"shows more than {MOST_UNZIPPED} bytes, which no roster does")
    width = max(map(_number, columns), default=0)
    if width > MOST_COLUMNS:
        raise _refused(f"has {width} columns, at most {MOST_COLUMNS} are read")
    if rows > MOST_ROWS + 1 or rows * width > MOST_CELLS:
        most = min(MOST_ROWS, MOST_CELLS // width)
        raise _refused(f"has {rows} rows of {width} columns, at most {most} are read")


def _no_formulas(block: bytes) -> None:
    for pattern, reason in (
        (_FORMULA, "is a formula, of which nobody knows who worked it out"),
        (_ERROR, "is an error in the workbook itself"),
    ):
        if pattern.search(block):
            raise FlawedError(
                Flaw(int(found[2]), found[1].decode(), "", reason, "paste it as a value")
                for found, _ in zip(pattern.finditer(block), range(_FEW), strict=False)
            )


def _number(letters: bytes) -> int:
    """Return which column that is: A is the first."""
    number = 0
    for one in letters:
        number = number * 26 + one - 64
    return number


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    texts = pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view
    return any(is_(kind) for is_ in texts)


_PLAIN = (
    _is_text,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_temporal,
    pa.types.is_null,
)
"""What a column of Parquet may hold; of bytes a few in the file could be very many."""


def _parquet(body: bytes) -> pd.DataFrame:
    try:
        with pq.ParquetFile(
            pa.BufferReader(body),
            thrift_string_size_limit=_CHUNK,
            thrift_container_size_limit=_CHUNK,
        ) as file:
            _bounded_parquet(file.metadata, len(body))
            schema = file.schema_arrow
            if other := [one for one in schema if not any(is_(one.type) for is_ in _PLAIN)]:
                raise FlawedError(
                    Flaw(0, one.name, "", f"holds {one.type}, and no text, number or time")
                    for one in other
                )
        # Each text once, for it may be there very often: also in what is shorter when it is packed.
        texts = [one.name for one in schema if _is_text(one.type)]
        with pq.ParquetFile(pa.BufferReader(body), read_dictionary=texts) as file:
            table = file.read()
        if table.num_rows > MOST_ROWS:
            raise _refused(f"has more than {MOST_ROWS} rows")
        _short(table)
        cells = table.to_pandas(
            strings_to_categorical=False,
            timestamp_as_object=True,
            integer_object_nulls=True,
            ignore_metadata=True,
        )
    except (pa.ArrowException, OSError) as error:
        raise _refused(f"is no Parquet file that can be read: {error}") from None
    cells = cells.astype(object)
    cells.index = pd.RangeIndex(1, len(cells) + 1)
    empty = (cells.isna() | (cells == "")).all(axis=1)
    filled: pd.DataFrame = cells.where(cells.notna(), None)[~empty]
    return filled


def _bounded_parquet(told: pq.FileMetaData, size: int) -> None:
    rows, columns = told.num_rows, told.num_columns
    unpacked = sum(told.row_group(n).total_byte_size for n in range(told.num_row_groups))
    if columns > MOST_COLUMNS:
        raise _refused(f"has {columns} columns, at most {MOST_COLUMNS} are read")
    if rows > MOST_ROWS or rows * columns > MOST_CELLS:
        raise _refused(f"has {rows} rows of {columns} columns, at most {MOST_ROWS} are read")
    if unpacked > MOST_UNZIPPED or unpacked > max(ALWAYS_FINE, MOST_PACKED * size):
        raise _refused(f"unpacks to {unpacked} bytes, which no roster does")


def _short(table: pa.Table) -> None:
    """Return when no text of a table is too long: each is there once still."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        for chunk in column.chunks:
            if not pa.types.is_dictionary(chunk.type):
                continue
            longest = pc.max(pc.utf8_length(chunk.dictionary)).as_py()
            if longest is not None and longest > MOST_CHARACTERS:
                reason = f"a cell has more than {MOST_CHARACTERS} characters"
                raise FlawedError([Flaw(0, name, "", reason)])
