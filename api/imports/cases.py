"""Cases: a row for each person, those of one case one after another or apart.

What is said of the case stands in any of its rows. A fact has columns of its own: ``feit
return-decision``, with ``sinds``, ``verwacht`` and ``bron`` after it. Hours are on the clock of the
location where the case is. A case is told with all its persons.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd

from api.imports.brought import Brought, Row, Steps, differing, made
from api.imports.cells import (
    CellError,
    day,
    flawed,
    instant,
    moment,
    names,
    near,
    on_clock,
    one_of,
    text,
    whole,
)
from api.imports.columns import Column, agreed, read_columns
from api.imports.flaws import Flaw
from constraints.register import REGISTER
from scheduler.grid import instant_in
from scheduler.world import Case, Person, World

SHEETS = frozenset({"dossiers", "cases"})
"""What the sheet of cases is called, where a workbook has several."""
OPERATIONS = {
    "inbewaringstelling": "placement",
    "placement": "placement",
    "uitzetting": "removal",
    "removal": "removal",
    "inbewaringstelling en uitzetting": "placement-and-removal",
    "placement-and-removal": "placement-and-removal",
}
ANSWERS = {
    "ja": "yes",
    "yes": "yes",
    "nee": "no",
    "no": "no",
    "onbekend": "unknown",
    "unknown": "unknown",
}
_ONE = (
    Column("operation", ("handeling", "operation"), one_of(OPERATIONS)),
    Column("location", ("locatie", "location"), text),
    Column("destination", ("bestemming", "destination"), text),
    Column("regime", ("regime",), text),
    Column("ground", ("grondslag", "ground", "detention ground"), text),
    Column("imposed", ("opgelegd op", "imposed at"), moment),
    Column("weight", ("gewicht", "weight"), whole),
    Column("earliest", ("niet eerder dan", "earliest"), moment),
    Column("latest", ("niet later dan", "latest"), moment),
    Column("assigned_officer", ("regievoerder", "assigned officer"), text),
    Column("templates", ("sjablonen", "templates"), names),
    Column("refused", ("geweigerd door", "refused"), names),
    Column("trigger", ("gebeurtenis", "trigger"), text, numbered=True),
    Column("triggered", ("gebeurtenis op", "trigger at"), moment, numbered=True),
    Column("attendee", ("aanwezige", "attendee"), text, numbered=True),
    Column("attends", ("aanwezige van", "attendee from"), text, numbered=True),
    Column("attended", ("aanwezige tot", "attendee until"), text, numbered=True),
    Column("away", ("afwezig van", "away from"), moment, numbered=True),
    Column("back", ("afwezig tot", "away until"), moment, numbered=True),
)
"""What is said of a case, in any of its rows."""
_EACH = (
    Column("person", ("persoon", "person"), text, required=True),
    Column("category", ("categorie", "category"), text, required=True),
    Column("languages", ("talen", "languages", "taal", "language"), names),
    Column("escorts", ("begeleiders", "escorts"), whole),
    Column("document", ("document",), text, numbered=True),
    Column("valid_from", ("document geldig van", "document valid from"), day, numbered=True),
    Column("valid_until", ("document geldig tot", "document valid until"), day, numbered=True),
    Column("document_expected", ("document verwacht", "document expected"), day, numbered=True),
)
"""What is said of each person."""
COLUMNS = (
    Column("case", ("dossier", "case"), text, required=True),
    *_ONE,
    *_EACH,
)
_DUTCH = {one.name: one.titles[0] for one in COLUMNS}
_FACT = (
    ("value", "", "", one_of(ANSWERS)),
    ("since", "sinds", "since", day),
    ("expected", "verwacht", "expected", day),
    ("source", "bron", "source", text),
)
"""What a fact has columns of: its name, after its title in Dutch and in English, and its reader."""
_GROUPS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "triggers": (("kind", "trigger"), ("at", "triggered")),
    "attendees": (("resource", "attendee"), ("from", "attends"), ("until", "attended")),
    "away": (("from", "away"), ("until", "back")),
    "documents": (
        ("kind", "document"),
        ("valid_from", "valid_from"),
        ("valid_until", "valid_until"),
        ("expected", "document_expected"),
    ),
}
"""What stands in numbered columns: its fields, and the column of each."""
_MOMENTS = {"triggered", "imposed", "earliest", "latest"}
_ALONE = (
    "operation",
    "location",
    "destination",
    "regime",
    "weight",
    "earliest",
    "latest",
    "assigned_officer",
    "templates",
    "refused",
)
_LISTS = frozenset({"templates", "refused", "languages"})


def fact_column(title: str) -> Column | None:
    """Return the column of a fact that a constraint reads, by its title in lower case."""
    found = re.fullmatch(r"(?:feit|fact) (\S+)(?: (\w+))?", title)
    if found is None or found[1] not in REGISTER.facts:
        return None
    for name, dutch, english, reader in _FACT:
        if (found[2] or "") in {dutch, english}:
            return Column(f"{found[1]}/{name}", (title,), reader)
    return None


def fact_title(fact: str, name: str) -> str:
    """Return the Dutch title of a column of a fact."""
    return f"feit {fact} {next(dutch for one, dutch, *_ in _FACT if one == name)}".strip()


@dataclass(frozen=True, slots=True)
class _Told:
    """What the rows of one case say: of the case, and of each person, by column and number."""

    rows: tuple[int, ...]
    case: Mapping[tuple[str, int], tuple[int, Any]]
    persons: tuple[tuple[int, Mapping[tuple[str, int], Any]], ...]


@dataclass(frozen=True, slots=True)
class Cases:
    """What a file says of cases, by their ids; ``titles`` are those of the columns that it has."""

    told: Mapping[str, _Told]
    titles: Mapping[tuple[str, int], str]

    def onto(self, world: World) -> Brought:
        """Return every case that the file tells of, as it would be in a world.

        Raises
        ------
        FlawedError
            With every row that does not fit this world.
        """
        flaws: list[Flaw] = []
        parts, where, rows = [], [], list[Row]()
        for name, told in self.told.items():
            was = world.case.get(name)
            at = partial(self._where, told)
            zone = self._zone(world, name, told, was, flaws)
            if zone is None:
                continue
            values = self._case(told, was, zone, flaws)
            part = made(Case, values | {"id": name}, at, flaws)
            if part is None:
                continue
            parts.append(part)
            where.append(at)
            rows += self._rows(told, was, part)
        if flaws:
            raise flawed(flaws)
        return Brought(tuple(parts), tuple(rows), tuple(where))

    def _zone(
        self, world: World, name: str, told: _Told, was: Case | None, flaws: list[Flaw]
    ) -> str | None:
        known = (told.rows[0], was.location if was else None)
        row, place = told.case.get(("location", 0), known)
        if place in world.location:
            return world.location[place].timezone
        hint = near(str(place or ""), world.location)
        says = "is no location" if place else "is empty, and the case is new"
        flaws.append(Flaw(row, self._title("location"), str(place or ""), says, hint))
        return None

    def _title(self, name: str, number: int = 0) -> str:
        if "/" in name:
            return self.titles.get((name, number)) or fact_title(*name.split("/"))
        return self.titles.get((name, number)) or _DUTCH.get(name, name)

    def _has(self, *columns: str) -> bool:
        return any(name in columns for name, _ in self.titles)

    def _case(self, told: _Told, was: Case | None, zone: str, flaws: list[Flaw]) -> dict[str, Any]:
        """Return what a case is: of what the file has no column, that stays as it was."""
        values: dict[str, Any] = {} if was is None else _fields(was)
        said = {name: value for name, (_, value) in told.case.items()}

        def at(name: str, number: int = 0) -> datetime | None:
            return self._instant(told, name, number, zone, flaws)

        for name in _ALONE:
            if not self._has(name):
                continue
            value = at(name) if name in _MOMENTS else said.get((name, 0))
            if value is None:
                values.pop(name, None)
            else:
                values[name] = value
        if self._has("ground", "imposed"):
            ground = said.get(("ground", 0))
            values["detention"] = (
                None if ground is None else {"ground": ground, "imposed_at": at("imposed")}
            )
        for name in ("triggers", "attendees", "away"):
            if self._has(*(column for _, column in _GROUPS[name])):
                values[name] = tuple(
                    {
                        field: self._edge(told, column, number, zone, flaws)
                        for field, column in _GROUPS[name]
                    }
                    for number in self._numbers(name, said)
                )
        values["facts"] = self._facts("case", was.facts if was else {}, said)
        before = {one.id: one for one in was.persons} if was else {}
        values["persons"] = tuple(
            self._person(one, before.get(one["person", 0])) for _, one in told.persons
        )
        return values

    def _numbers(self, group: str, said: Mapping[tuple[str, int], Any]) -> list[int]:
        columns = {column for _, column in _GROUPS[group]}
        found = {
            number for (name, number), one in said.items() if name in columns and one is not None
        }
        return sorted(found)

    def _edge(self, told: _Told, column: str, number: int, zone: str, flaws: list[Flaw]) -> object:
        """Return what stands in a column; an absence is read outward where the clock jumps."""
        value = told.case.get((column, number), (0, None))[1]
        if column in {"away", "back"} and isinstance(value, datetime) and value.tzinfo is None:
            return instant_in(value, zone, opens=column == "back")
        if column in _MOMENTS:
            return self._instant(told, column, number, zone, flaws)
        return value

    def _instant(
        self, told: _Told, name: str, number: int, zone: str, flaws: list[Flaw]
    ) -> datetime | None:
        row, value = told.case.get((name, number), (0, None))
        if value is None:
            return None
        try:
            return instant(value, zone)
        except CellError as error:
            title = self._title(name, number)
            flaws.append(Flaw(row, title, on_clock(value), error.reason, error.suggestion))
            return None

    def _person(self, said: Mapping[tuple[str, int], Any], was: Person | None) -> dict[str, Any]:
        values: dict[str, Any] = {} if was is None else _fields(was)
        values |= {"id": said["person", 0], "category": said["category", 0]}
        for name, plain in (("languages", ()), ("escorts", 0)):
            if self._has(name):
                value = said.get((name, 0))
                values[name] = plain if value is None else value
        if self._has(*(column for _, column in _GROUPS["documents"])):
            values["documents"] = tuple(
                {field: said.get((column, number)) for field, column in _GROUPS["documents"]}
                for number in self._numbers("documents", said)
            )
        values["facts"] = self._facts("person", was.facts if was else {}, said)
        return values

    def _facts(
        self, of: str, was: Mapping[str, Any], said: Mapping[tuple[str, int], Any]
    ) -> dict[str, Any]:
        """Return the facts of a case or a person: those with columns as told, others as before."""
        told = {name.partition("/")[0] for name, _ in self.titles if "/" in name}
        found = {name: fact for name, fact in was.items() if name not in told}
        for fact in sorted(told):
            if REGISTER.facts[fact].of == of:
                each_ = {one: said.get((f"{fact}/{one}", 0)) for one, *_ in _FACT}
                if any(value is not None for value in each_.values()):
                    found[fact] = each_
        return found

    def _where(self, told: _Told, steps: Steps) -> tuple[int, str]:
        """Return the row and the title of what lies somewhere in a case."""
        row = told.rows[0]
        match steps:
            case ("persons", int() as n, *rest) if n < len(told.persons):
                row, said = told.persons[n]
                return row, self._told_at(tuple(rest), said) or self._title("person")
            case ("detention", *_):
                return told.case.get(("ground", 0), (row, None))[0], self._title("ground")
        title = self._told_at(steps, {name: one for name, (_, one) in told.case.items()})
        if title is None:
            return row, self._title("case")
        rows = [one for (name, number), (one, _) in told.case.items()
                if self._title(name, number) == title]  # fmt: skip
        return (rows or [row])[0], title

    def _told_at(self, steps: Steps, said: Mapping[tuple[str, int], Any]) -> str | None:
        match steps:
            case ("facts", str() as fact, *rest):
                return self._title(f"{fact}/{rest[0] if rest else 'value'}")
            case (str() as name, int() as n, *rest) if name in _GROUPS:
                columns = dict(_GROUPS[name])
                numbers = self._numbers(name, said)
                column = columns.get(str(rest[0]) if rest else "", next(iter(columns.values())))
                return self._title(column, numbers[n] if n < len(numbers) else 1)
            case (str() as name, *_) if (name, 0) in self.titles:
                return self.titles[name, 0]
        return None

    def _rows(self, told: _Told, was: Case | None, part: Case) -> list[Row]:
        """Return what each row does: of the case with the first, and of each person."""
        state, differs = differing(was, part)
        before = {one.id: one for one in was.persons} if was else {}
        persons = {one.id: one for one in part.persons}
        own = tuple(one for one in differs if one != "persons")
        gone = before.keys() - persons.keys()
        rows = []
        for n, (row, said) in enumerate(told.persons):
            one = persons[said["person", 0]]
            other = before.get(one.id)
            if state == "new" or other is None:
                rows.append(Row(row, part.id, "new", own if n == 0 and was else ()))
                continue
            fields = tuple(name for name in Person.model_fields
                           if getattr(one, name) != getattr(other, name))  # fmt: skip
            if n == 0:
                fields = (*own, *fields, *(("persons",) if gone else ()))
            rows.append(Row(row, part.id, "changed" if fields else "same", fields))
        return rows


def _fields(part: Case | Person) -> dict[str, Any]:
    return {name: getattr(part, name) for name in type(part).model_fields}


def read_cases(table: pd.DataFrame) -> Cases:
    """Return what a table says of cases and their persons.

    Raises
    ------
    FlawedError
        With every cell that is not what its column asks for.
    """
    flaws: list[Flaw] = []
    cells = read_columns(table, COLUMNS, flaws, fact_column)
    of_case = {one.name for one in _ONE}
    of_case |= {name for name, _ in cells.titles if _fact_of(name) == "case"}
    mine: dict[str, list[int]] = {}
    for n, name in enumerate(cells.of("case")):
        if name is not None:
            mine.setdefault(name, []).append(n)
    told: dict[str, _Told] = {}
    for name, rows in mine.items():
        case = {}
        persons: dict[str, int] = {}
        for key, column in cells.columns.items():
            if key[0] in of_case:
                values = [(cells.rows[n], column[n]) for n in rows]
                said = agreed(values, cells.title(*key), flaws, name)
                if said is not None:
                    case[key] = said
        people: list[tuple[int, Mapping[tuple[str, int], Any]]] = []
        for n in rows:
            own = {key: one[n] for key, one in cells.columns.items() if key[0] not in of_case}
            person, row = own.get(("person", 0)), cells.rows[n]
            if person is not None and persons.setdefault(person, row) != row:
                says = f"is the person of row {persons[person]} once more"
                flaws.append(Flaw(row, cells.title("person"), person, says))
            people.append((row, own))
        told[name] = _Told(tuple(cells.rows[n] for n in rows), case, tuple(people))
    if flaws:
        raise flawed(flaws)
    return Cases(told, cells.titles)


def _fact_of(column: str) -> str | None:
    """Return whether a column tells a fact of a case or of a person; None when of neither."""
    fact, part, _ = column.partition("/")
    return REGISTER.facts[fact].of if part else None
