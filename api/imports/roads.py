"""Travel times by road: a row for each stretch between two places, or a whole matrix of them.

A stretch is as long in both directions, and drives follow the shortest path over all of them: one
that is longer than the way around is known, and never driven. What a file does not tell of stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from api.imports.brought import Brought, Row, Steps, differing, made
from api.imports.cells import flawed, near, text, whole
from api.imports.columns import Column, read_columns
from api.imports.flaws import Flaw
from api.store.worlds import key_of
from scheduler.world import Road, World

SHEETS = frozenset({"reistijden", "wegen", "roads", "travel"})
"""What the sheet of travel times is called, where a workbook has several."""
COLUMNS = (
    Column("from", ("van", "from", "vanaf"), text, required=True),
    Column("to", ("naar", "to"), text, required=True),
    Column("minutes", ("minuten", "minutes", "reistijd"), whole, required=True),
)


@dataclass(frozen=True, slots=True)
class Roads:
    """What a file says of roads: row, ends and minutes; ``titles`` are those of its columns."""

    stretches: tuple[tuple[int, str, str, int], ...]
    titles: Mapping[str, str]

    def onto(self, world: World) -> Brought:
        """Return the roads that the file tells of, as they would be in a world.

        Raises
        ------
        FlawedError
            With every row that names no place of this world, or contradicts another.
        """
        flaws: list[Flaw] = []
        known: dict[frozenset[str], list[Road]] = {}
        for one in world.roads:
            known.setdefault(frozenset((one.from_, one.to)), []).append(one)
        told: dict[frozenset[str], tuple[int, int]] = {}
        parts, where, rows = [], [], []
        for row, origin, end, minutes in self.stretches:
            strange = [
                Flaw(row, self.titles[name], place, "is no location", near(place, world.location))
                for name, place in (("from", origin), ("to", end))
                if place not in world.location
            ]
            flaws += strange
            ends = frozenset((origin, end))
            if strange or (len(ends) == 1 and minutes == 0):
                continue  # a matrix has a nought where a place meets itself
            first, before = told.setdefault(ends, (row, minutes))
            if before != minutes:
                says = f"is not what row {first} says of the way back"
                flaws.append(Flaw(row, self.titles["minutes"], str(minutes), says, str(before)))
            if len(ends) == 1:
                flaws.append(Flaw(row, self.titles["to"], end, "is where it comes from"))
            if first != row or len(ends) == 1:
                continue
            at = partial(self._where, row)
            for was in known.get(ends, (None,)):
                since, until = (was.from_, was.to) if was else (origin, end)
                values = {"from_": since, "to": until, "minutes": minutes}
                if (part := made(Road, values, at, flaws)) is not None:
                    parts.append(part)
                    where.append(at)
                    rows.append(Row(row, key_of(part), *differing(was, part)))
        if flaws:
            raise flawed(flaws)
        return Brought(tuple(parts), tuple(rows), tuple(where))

    def _where(self, row: int, steps: Steps) -> tuple[int, str]:
        return row, self.titles.get(str(steps[0]) if steps else "", self.titles["minutes"])


def read_roads(table: pd.DataFrame) -> Roads:
    """Return what a table says of roads.

    Raises
    ------
    FlawedError
        With every cell that is not what its column asks for.
    """
    flaws: list[Flaw] = []
    cells = read_columns(table, COLUMNS, flaws)
    if flaws:
        raise flawed(flaws)
    columns = (cells.of(one.name) for one in COLUMNS)
    titles = {name: title for (name, _), title in cells.titles.items()}
    return Roads(tuple(zip(cells.rows, *columns, strict=True)), titles)
