"""Files brought in on a page: looked at first, then taken over as a whole or not at all.

Nothing of a file is kept between the two: it is sent again with the mark of what was seen, and what
does something else by then is shown anew in the place of being done.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from api.access.gate import Confirmer, NotAllowedError, NotTheirsError
from api.access.person import Person, Role
from api.imports import preview
from api.imports.brought import Made
from api.imports.flaws import FlawedError
from api.imports.preview import Breaks, Kind, Report
from api.imports.tables import Encoding
from api.language import Language, phrase
from api.office.importing import Effect
from api.office.refusals import RefusedError
from api.pages.case import became_of
from api.pages.flaws import told as told_flaws
from api.pages.frame import Frame, language_of
from api.pages.problems import broken_rule
from api.pages.roster import roles_of
from scheduler.grid import local_date
from scheduler.world import World

SHOWN = 100
"""Rows of each kind that a page tells one by one, at most."""
KINDS: Mapping[Kind, str] = {
    "rosters": phrase("Rosters"),
    "departures": phrase("Departures or a timetable"),
    "cases": phrase("Cases"),
    "roads": phrase("Travel times by road"),
}
"""What a file may tell of; partners bring rosters alone."""
STATES = {"new": phrase("new"), "changed": phrase("changed")}
FIELDS = {
    "attendees": phrase("who attends"),
    "arrives": phrase("arrival"),
    "assigned_officer": phrase("officer in charge"),
    "away": phrase("absences"),
    "capacity": phrase("capacity"),
    "carrier": phrase("carrier"),
    "departs": phrase("departure time"),
    "destination": phrase("destination"),
    "detention": phrase("detention"),
    "earliest": phrase("not before"),
    "facts": phrase("facts"),
    "from_": phrase("place of departure"),
    "home": phrase("home"),
    "kind": phrase("kind"),
    "label": phrase("name"),
    "languages": phrase("languages"),
    "latest": phrase("not after"),
    "location": phrase("location"),
    "minutes": phrase("minutes"),
    "number": phrase("number"),
    "operation": phrase("operation"),
    "persons": phrase("persons"),
    "quotas": phrase("quotas"),
    "refused": phrase("refusals"),
    "remote": phrase("attends by telephone"),
    "role": phrase("role"),
    "seats": phrase("seats"),
    "shifts": phrase("shifts"),
    "skills": phrase("skills"),
    "team": phrase("team"),
    "triggers": phrase("events"),
}
"""What people call the fields of what a file tells of; any other goes by its own name."""
KindOf = Annotated[Kind, Query()]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is said beside a file: of what it tells, whose calendar it is, how it is written."""

    kind: Kind = "rosters"
    resource: str = ""
    encoding: Literal["", "windows-1252"] = ""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a file would do; ``mark`` belongs to the file and to all of that."""

    made: Made
    effect: Effect
    report: Report
    mark: str
    may: bool
    """Whether who looks may have it done."""


def imports(frame: Frame) -> APIRouter:
    """Return the page on which files are brought in."""
    router = APIRouter(include_in_schema=False)
    office = frame.office

    def page(
        request: Request, person: Person, asked: Asked, status: int = 200, **values: object
    ) -> Response:
        kinds = KINDS if Role.planner in person.roles else {"rosters": KINDS["rosters"]}
        given = {"flaws": (), "seen": None, "changed": False} | values
        scripted = "hx-request" in request.headers
        return frame.show(
            request, "imports.html", status, asked=asked, kinds=kinds, scripted=scripted, **given
        )

    def foreseen(body: bytes, asked: Asked, person: Person) -> Foreseen:
        planner = Role.planner in person.roles
        roles = None if planner else roles_of(office.ever(), person.organisation or "")
        encoding: Encoding | None = asked.encoding or None
        resource = asked.resource or None
        made = preview.told_by(body, asked.kind, encoding=encoding, resource=resource, roles=roles)
        effect = office.foreseen_of(made)
        secret = None if planner else office.began_with() or ""
        told = preview.report(effect, asked.kind, applied=False, secret=secret)
        mark = sha256(body + told.model_dump_json().encode()).hexdigest()
        return Foreseen(made, effect, told, mark, planner or not told.broken)

    @router.get("/imports")
    def choose(request: Request, person: Confirmer, kind: KindOf = "rosters") -> Response:
        _theirs(person, kind)
        return page(request, person, Asked(kind))

    @router.post("/imports")
    def bring(
        request: Request,
        person: Confirmer,
        file: Annotated[UploadFile, File()],
        kind: Annotated[Kind, Form()] = "rosters",
        resource: Annotated[str, Form(max_length=80)] = "",
        encoding: Annotated[Literal["", "windows-1252"], Form()] = "",
        take: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:
        """Show what a file would do; do it, when that is what was ``take``n for it."""
        _theirs(person, kind)
        asked, language = Asked(kind, resource.strip(), encoding), language_of(request)
        body = file.file.read()
        try:
            seen = foreseen(body, asked, person)
            if take == seen.mark and seen.may:
                named = preview.name_of(body, kind)
                repair = bool(seen.report.broken)
                try:
                    done = office.take_in(seen.made, named, person.actor, repair=repair)
                except RefusedError:  # somebody booked in between
                    seen = foreseen(body, asked, person)
                else:
                    back = RedirectResponse(f"/imports?kind={kind}", 303)
                    return frame.done(back, "brought", what=_counts(language, done, kind))
        except FlawedError as error:
            return page(request, person, asked, 400, flaws=told_flaws(language, error.flaws))
        known = office.world().case.keys()
        cases = {one.case for one in seen.effect.ended} | {*seen.report.parts} & known
        office.seen("read", [{"case": one} for one in cases])
        return page(
            request,
            person,
            asked,
            409 if take else 200,
            seen=seen,
            changed=bool(take),
            counts=_counted(language, seen.report),
            lines=_lines(language, seen.report),
            broken=_broken(language, seen.report.broken),
            became=_became(language, seen.effect, office.world()) if seen.may else (),
        )

    return router


def _theirs(person: Person, kind: Kind) -> None:
    """Return when somebody may bring such a file: partners the rosters of their own people.

    Raises
    ------
    NotAllowedError, NotTheirsError
        When they may not.
    """
    if Role.planner in person.roles:
        return
    if kind != "rosters":
        raise NotAllowedError([Role.planner])
    if person.organisation is None:
        raise NotTheirsError


def _counted(language: Language, told: Report) -> str:
    """Return how many rows of a file are new, changed and the same, and what goes."""
    said = [
        language.say("{n} new", n=told.new),
        language.say("{n} changed", n=told.changed),
        language.say("{n} the same", n=told.same),
    ]
    if told.gone:
        said.append(language.say("{n} shifts and absences go", n=told.gone))
    return language.listed(said)


def _counts(language: Language, done: Effect, kind: Kind) -> str:
    """Return what was done, in a sentence that a page says once."""
    told = preview.report(done, kind, applied=True)
    return language.say("Rows: {counts}.", counts=_counted(language, told))


def _lines(language: Language, told: Report) -> list[tuple[int, str, str, str]]:
    """Return the first rows that are not the same: row, state, of whom, and what is another."""
    return [
        (
            one.row,
            language.say(STATES[one.state]),
            one.part,
            language.listed(language.say(FIELDS.get(name, name)) for name in one.differs),
        )
        for one in told.lines[:SHOWN]
    ]


def _broken(language: Language, broken: Sequence[Breaks]) -> list[tuple[str, list[str]]]:
    """Return the bookings that would break, each with its rules in words."""
    by_booking = groupby(sorted(broken, key=lambda one: one.booking), lambda one: one.booking)
    return [
        (booking, [*dict.fromkeys(broken_rule(language, one) for one in rules)])
        for booking, rules in by_booking
    ]


def _became(language: Language, effect: Effect, world: World) -> Iterator[tuple[str, str]]:
    """Yield what becomes of the bookings of each case when they are repaired."""
    for one in effect.ended:
        zone = world.location[world.case[one.case].location].timezone
        yield one.case, became_of(language, one, (zone, local_date(world.as_of, zone)))
