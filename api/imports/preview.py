"""What a file does, told: which rows are new or other, and which bookings that breaks."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Literal

from pydantic import Field

from api.imports.brought import Brought, Made, Row, State, differing
from api.imports.calendars import read_calendar, with_diary
from api.imports.cases import SHEETS as CASES
from api.imports.cases import read_cases
from api.imports.cells import near
from api.imports.departures import SHEETS as DEPARTURES
from api.imports.departures import read_departures
from api.imports.flaws import Flaw, FlawedError
from api.imports.roads import SHEETS as ROADS
from api.imports.roads import read_roads
from api.imports.rosters import SHEETS as ROSTERS
from api.imports.rosters import read_roster
from api.imports.tables import Encoding, read_table
from api.office.importing import Effect
from api.partners import reference
from api.store.worlds import key_of
from scheduler.replanning import Outcome
from scheduler.validator import Violation
from scheduler.world import Part, World

Kind = Literal["rosters", "departures", "cases", "roads"]
MOST_SHOWN = 1_000
"""Rows that are told one by one, at most."""
_CALENDAR = b"BEGIN:VCALENDAR"


class Line(Part):
    """What a row does: to which part, and which fields of it are another."""

    row: int = Field(ge=0, description="The row, as a spreadsheet shows it.", examples=[2])
    part: str = Field(description="Of whom or of what it tells.", examples=["team-breda-1"])
    state: State = Field(description="What it is in the world as it was.", examples=["new"])
    differs: tuple[str, ...] = Field(
        default=(), description="The fields that are another.", examples=[["shifts"]]
    )


class Breaks(Part):
    """A booking that breaks, which rule it is and how; partners know it by its reference."""

    booking: str = Field(description="The booking.", examples=["zk-0001-placement"])
    constraint: str = Field(description="The rule.", examples=["interpreter"])
    says: str = Field(description="How it is broken.", examples=["is not at work then"])


class Report(Part):
    """What a file does, or did where it is ``applied``: its rows, counted, and who is other.

    ``lines`` are the first of the rows that are not the same. ``gone`` are shifts and absences that
    the world had and the file has not. ``broken`` are the bookings that break, ``moved`` and
    ``dropped`` how they are repaired with the least change.
    """

    kind: Kind = Field(description="What the file tells of.", examples=["rosters"])
    applied: bool = Field(description="Whether it is done.", examples=[True])
    rows: int = Field(ge=0, description="Rows of the file.", examples=[125])
    new: int = Field(ge=0, description="Rows that the world had not.", examples=[3])
    changed: int = Field(ge=0, description="Rows of which something is another.", examples=[1])
    same: int = Field(ge=0, description="Rows that change nothing.", examples=[121])
    gone: int = Field(ge=0, description="Shifts and absences that go.", examples=[2])
    parts: tuple[str, ...] = Field(
        description="Who and what is another afterwards.", examples=[["team-breda-1"]]
    )
    lines: tuple[Line, ...] = Field(description="The first of the rows that are not the same.")
    broken: tuple[Breaks, ...] = Field(description="Bookings that break, and by which rule.")
    moved: tuple[Outcome, ...] = Field(default=(), description="Cases that get other bookings.")
    dropped: tuple[Outcome, ...] = Field(default=(), description="Cases that lose theirs.")


def told_by(
    body: bytes,
    kind: Kind,
    *,
    encoding: Encoding | None = None,
    resource: str | None = None,
    roles: Collection[str] | None = None,
) -> Made:
    """Return what a file brings: a table of this kind, or the calendar of a ``resource``.

    ``roles`` are those of whom a roster may tell; None: of anybody.

    Raises
    ------
    FlawedError
        With everything in it that is wrong by itself.
    """
    if body.lstrip(b"\xef\xbb\xbf\r\n ")[: len(_CALENDAR)].upper() == _CALENDAR:
        return _calendar(body, kind, resource, roles)
    if resource is not None:
        says = "is no calendar, and only of one it is told whose it is"
        raise FlawedError([Flaw(0, "", resource, says)])
    if kind == "rosters":
        roster = read_roster(read_table(body, encoding=encoding, sheets=ROSTERS))
        return lambda world: roster.onto(world, roles)
    if kind == "departures":
        return read_departures(read_table(body, encoding=encoding, sheets=DEPARTURES)).onto
    if kind == "roads":
        return read_roads(read_table(body, encoding=encoding, sheets=ROADS)).onto
    return read_cases(read_table(body, encoding=encoding, sheets=CASES)).onto


def _calendar(body: bytes, kind: Kind, resource: str | None, roles: Collection[str] | None) -> Made:
    if kind != "rosters" or resource is None:
        says = "is a calendar, and it is not told whose roster it is"
        raise FlawedError([Flaw(0, "", "", says)])

    def onto(world: World) -> Brought:
        known = {one.id: one for one in world.resources if roles is None or one.role in roles}
        if resource not in known:
            says = "is nobody of this organisation" if roles is not None else "is nobody known"
            raise FlawedError([Flaw(0, "", resource, says, near(resource, known))])
        was = known[resource]
        part = with_diary(was, read_calendar(body, was, world))
        gone = len({*was.shifts} - {*part.shifts}) + len({*was.away} - {*part.away})
        rows = (Row(1, resource, *differing(was, part)),)
        return Brought((part,), rows, (lambda _: (1, ""),), {resource: gone})

    return onto


def name_of(body: bytes, kind: Kind) -> str:
    """Return what the audit log calls a file: its kind, and what it holds as a digest."""
    return f"{kind}/{sha256(body).hexdigest()[:16]}"


def report(effect: Effect, kind: Kind, *, applied: bool, secret: str | None = None) -> Report:
    """Return what a file does, told to planners; to a partner with the ``secret`` of references.

    A partner is told which of its bookings break, and nothing of the others.
    """
    brought = effect.brought
    states = Counter(one.state for one in brought.rows)
    lines = [one for one in brought.rows if one.state != "same"][:MOST_SHOWN]
    found = effect.repaired if secret is None else None
    return Report(
        kind=kind,
        applied=applied,
        rows=len(brought.rows),
        new=states["new"],
        changed=states["changed"],
        same=states["same"],
        gone=sum(brought.gone.values()),
        parts=tuple(map(key_of, effect.parts)),
        lines=tuple(
            Line(row=one.row, part=one.part, state=one.state, differs=one.differs) for one in lines
        ),
        broken=tuple(
            Breaks(booking=one.booking, constraint=one.constraint, says=one.says)
            for one in (effect.broken if secret is None else for_partner(effect.broken, secret))
        ),
        moved=() if found is None else found.moved,
        dropped=() if found is None else found.dropped,
    )


def for_partner(violations: Iterable[Violation], secret: str) -> tuple[Violation, ...]:
    """Return which bookings break, as a partner knows them, and nothing of how."""
    told = (
        replace(one, booking=reference(one.booking, secret), says="rests on what would be another")
        for one in violations
    )
    return tuple(dict.fromkeys(told))
