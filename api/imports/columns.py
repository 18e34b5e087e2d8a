"""The columns of a kind of table: what each is called, how it is read, and which are missing.

Titles are Dutch or English, in any order and any case. Several things of one kind stand beside
each other in numbered columns: ``document 1``, ``document 1 geldig tot``, ``document 2``.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from api.imports.cells import Reader, is_empty, near, read, shown
from api.imports.flaws import Flaw

REMARKS = frozenset({"opmerking", "opmerkingen", "toelichting", "remark", "remarks", "comments"})
"""Titles of what people write for each other, which is passed over."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its titles, the Dutch first and then the English, and its reader.

    ``numbered``: there may be several, with a number after the first word of the title.
    """

    name: str
    titles: tuple[str, ...]
    reader: Reader
    required: bool = False
    numbered: bool = False

    def titled(self, number: int = 1) -> str:
        """Return the Dutch title, with its number where there may be several."""
        if not self.numbered:
            return self.titles[0]
        first, _, rest = self.titles[0].partition(" ")
        return f"{first} {number} {rest}".strip()


Group = Callable[[str], Column | None]
"""Returns the column that a title is of, of a kind with a title for each of many things."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The columns of a file that were read, by name and number (0 where there is one alone)."""

    rows: tuple[int, ...]
    columns: Mapping[tuple[str, int], Sequence[Any]]
    titles: Mapping[tuple[str, int], str]
    known: Mapping[str, str]
    """The Dutch titles of all columns that a file may have."""

    def has(self, name: str) -> bool:
        """Return whether the file has the column, or one of those with a number."""
        return any(one == name for one, _ in self.columns)

    def of(self, name: str, number: int = 0) -> Sequence[Any]:
        """Return a column; nothing in any row where the file has it not."""
        return self.columns.get((name, number)) or (None,) * len(self.rows)

    def title(self, name: str, number: int = 0) -> str:
        """Return what the file calls a column, or would."""
        return self.titles.get((name, number)) or self.known.get(name, name)

    def numbers(self, *names: str) -> list[int]:
        """Return the numbers that these columns have in the file."""
        return sorted({number for name, number in self.columns if name in names})


def read_columns(
    table: pd.DataFrame, known: Iterable[Column], flaws: list[Flaw], group: Group | None = None
) -> Cells:
    """Return the columns of a table, read; what is wrong with titles and cells is in ``flaws``."""
    known = tuple(known)
    by_title = {_plain(title): one for one in known for title in one.titles}
    columns: dict[tuple[str, int], Sequence[Any]] = {}
    titles: dict[tuple[str, int], str] = {}
    for n, written in enumerate(table.columns):
        title = shown(written)
        if title.startswith("#") or _plain(title) in REMARKS:
            continue
        column, number = _meant(by_title, _plain(title), group)
        if column is None:
            hint = near(_plain(title), by_title)
            flaws.append(Flaw(1, title, title, "is no column that is read", hint))
        elif (column.name, number) in titles:
            again = titles[column.name, number]
            flaws.append(Flaw(1, title, title, f"is there already, as {again}"))
        else:
            titles[column.name, number] = title
            cells = table.iloc[:, n]
            found = read(cells, column.reader, flaws)
            if column.required:
                empty = cells.index[[is_empty(one) for one in cells]]
                flaws += (Flaw(int(row), title, "", "is empty") for row in empty)
            columns[column.name, number] = found.tolist()
    for one in known:
        if one.required and not any(name == one.name for name, _ in titles):
            flaws.append(Flaw(1, one.titles[0], "", "is missing, and every file has it"))
    dutch = {one.name: one.titles[0] for one in known}
    return Cells(tuple(map(int, table.index)), columns, titles, dutch)


def _meant(
    by_title: Mapping[str, Column], title: str, group: Group | None
) -> tuple[Column | None, int]:
    """Return the column that a title is of, and its number."""
    if (column := by_title.get(title)) is not None:
        return column, int(column.numbered)
    if found := re.fullmatch(r"(\w+) ([1-9]\d?)( .*)?", title):
        column = by_title.get(f"{found[1]}{found[3] or ''}")
        if column is not None and column.numbered:
            return column, int(found[2])
    return (group(title) if group else None), 0


def _plain(title: str) -> str:
    return re.sub(r"[\s_:()]+", " ", title.casefold()).strip()


def agreed(
    values: Iterable[tuple[int, Any]], title: str, flaws: list[Flaw], of: str
) -> tuple[int, Any] | None:
    """Return what rows about one thing say of it, with the first that does; None when none does.

    Two that say different things are a mistake.
    """
    said: tuple[int, Any] | None = None
    for row, value in values:
        if value is None:
            continue
        if said is None:
            said = row, value
        elif value != said[1]:
            reason = f"is not what row {said[0]} says of {of}"
            flaws.append(Flaw(row, title, shown(value), reason, shown(said[1])))
    return said


def each(cells: Cells, names: Sequence[str], n: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield what the numbered columns ``names`` hold together in row ``n``, by number."""
    for number in cells.numbers(*names):
        found = {name: cells.of(name, number)[n] for name in names}
        if any(one is not None for one in found.values()):
            yield number, found
