"""The page of a case: what blocks it, its lights, its earliest day, what would open it, its facts.

What happened is told here too: another answer, another document, an independent departure.
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access.gate import Caseworker
from api.access.person import Person, Role
from api.bases import basis
from api.desk import Desk, UnknownCaseError
from api.http.cases import Day
from api.language import Language, inside, phrase
from api.pages.critical_path import drawn
from api.pages.frame import Frame, language_of
from api.pages.life import STATUSES
from api.pages.slots import Key, asking, new_key
from api.pages.worklist import OPERATIONS, State, lasting, state_of
from api.store.answers import Told
from api.store.requests import NotOfferedError
from api.telling import (
    blocks,
    conflicts,
    due,
    headline,
    open_checks,
    standing,
    whose,
    withdrawn,
    words,
)
from api.traffic_lights import LightView, RepairView, TrafficLights, without_moves, without_others
from constraints.independent_departure import TRIGGER as INDEPENDENT
from constraints.lights import EXECUTION
from constraints.register import REGISTER
from scheduler.event import DocumentChanged, Event, EventError, FactChanged, TriggerAdded
from scheduler.grid import local_date
from scheduler.replanning import Outcome
from scheduler.world import Case, CaseId, Document, Fact, Trigger

KINDS = {
    "passport": phrase("passport"),
    "eu-document": phrase("EU document"),
    "laissez-passer": phrase("laissez-passer"),
}
VALUES = {"yes": phrase("yes"), "no": phrase("no"), "unknown": phrase("unknown")}
CATEGORIES = {
    "man": phrase("man"),
    "woman": phrase("woman"),
    "child": phrase("child"),
    "unaccompanied-minor": phrase("unaccompanied minor"),
}
STANDS: Mapping[State, str] = {
    "plannable": phrase("This case can be planned."),
    "proposed": phrase("Proposed: nothing of it is held yet."),
    "held": phrase("Held: it still has to be confirmed."),
    "booked": phrase("Booked."),
}
"""How a case stands in which nothing is in the way."""
WAYS = {
    "capacity": phrase("More capacity"),
    "swap": phrase("Another booking moves"),
    "date": phrase("Wait for a day"),
}
NOT_OFFERED = phrase("This way out is not offered any more: things changed in the meantime.")
CaseKey = Annotated[CaseId, Path()]
Given = Annotated[str, Form(max_length=200, pattern=r"^[A-Za-z0-9._/ -]*$")]
OpenDay = Annotated[Day | None, Form()]
"""A day that may be left open."""


@dataclass(frozen=True, slots=True)
class Card:
    """A light as it is shown: its number where it is one of the four, and what is in the way."""

    light: LightView
    number: int | None
    way: tuple[str, ...]
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """A way out of the block, by the mark under which it is asked for."""

    mark: str
    repair: RepairView
    says: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A fact of the case, or of one of its persons, with where it comes from."""

    subject: str
    name: str
    asks: str
    light: str
    fact: Fact

    @property
    def key(self) -> str:
        """What a form names it by."""
        return f"{self.subject}/{self.name}"


@dataclass(frozen=True, slots=True)
class Left:
    """A legal end, or a moment that an authority minds, with what is left of it."""

    title: str
    owner: str
    ends: date
    margin: str
    near: bool


@dataclass(frozen=True, slots=True)
class Mistaken:
    """What was wrong in a form of the page: in which, what was given, and why not.

    ``beside`` tells it by field; ``says`` of the whole, as whoever found it says it.
    """

    form: Literal["fact", "document", "ask"]
    says: tuple[str, ...]
    given: Mapping[str, str]
    beside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Doubted:
    """A change that would end a confirmed booking: what it ends, and what was given."""

    form: Literal["fact", "document"]
    says: tuple[str, ...]
    given: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Awaited:
    """What must be known or settled before anything can be planned, and whose turn it is."""

    says: str
    owner: str


def case_page(frame: Frame) -> APIRouter:
    """Return the pages of a case of an office."""
    router = APIRouter(include_in_schema=False)
    _look(router, frame)
    _tell(router, frame)
    _depart(router, frame)
    return router


def _look(router: APIRouter, frame: Frame) -> None:
    @router.get("/cases/{case}")
    def look(request: Request, case: CaseKey, person: Caseworker) -> HTMLResponse:
        return _page(frame, request, person, case)

    @router.post("/cases/{case}/requests")
    def ask(
        request: Request,
        case: CaseKey,
        person: Caseworker,
        repair: Annotated[str, Form(pattern=r"^[0-9a-f]{64}$")],
        key: Key,
    ) -> Response:
        desk, _ = _seen_by(frame, person, case)
        chosen = next((one for one in desk.lights(case).repairs if mark(one) == repair), None)
        try:
            if chosen is None:
                raise NotOfferedError(case)
            asked = asking(request, person, key).answer(
                {"repair": repair},
                lambda once: frame.office.ask(case, chosen, person.actor, once=once),
                lambda _: Told(303, "{}", {"location": "/requests"}),
            )
        except NotOfferedError:
            wrong = Mistaken("ask", (language_of(request).say(NOT_OFFERED),), {})
            return _page(frame, request, person, case, wrong, 409)
        return frame.done(asked, "asked")


def _tell(router: APIRouter, frame: Frame) -> None:
    office = frame.office

    def told(
        request: Request,
        person: Person,
        case: Case,
        event: Event,
        form: Literal["fact", "document"],
        given: Mapping[str, str],
        sure: bool,
    ) -> Response:
        office.about_their_own([event], person)
        language, world = language_of(request), office.world()
        zone = world.location[case.location].timezone
        clock = zone, local_date(world.as_of, zone)
        promised = any(one.status == "confirmed" for one in world.booked.get(case.id, ()))
        try:
            if promised and not sure:
                ends = [one for one in office.foreseen([event]) if one.case == case.id]
                if ends:
                    says = tuple(became_of(language, one, clock) for one in ends)
                    doubted = Doubted(form, says, given)
                    return _page(frame, request, person, case.id, None, 409, doubted)
            became = office.happened([event], person.actor)
        except EventError as error:
            wrong = Mistaken(form, tuple(one.says for one in error.problems), given)
            return _page(frame, request, person, case.id, wrong, 400)
        back = RedirectResponse(f"/cases/{case.id}", 303)
        changed = (*became.dropped, *became.moved, *became.new)
        said = [became_of(language, one, clock) for one in changed if one.case == case.id]
        others = sorted({one.case for one in changed} - {case.id})
        if others and Role.planner in person.roles:
            said.append(language.say("Also changed: {cases}.", cases=language.listed(others)))
        if not said:
            return frame.done(back, "changed")
        return frame.done(back, "repaired", what=" ".join(said))

    @router.post("/cases/{case}/facts")
    def fact(
        request: Request,
        case: CaseKey,
        person: Caseworker,
        about: Given = "",
        value: Annotated[Literal["", "yes", "no", "unknown"], Form()] = "",
        since: OpenDay = None,
        expected: OpenDay = None,
        source: Annotated[str, Form(max_length=120)] = "",
        sure: Annotated[bool, Form()] = False,
    ) -> Response:
        desk, found = _seen_by(frame, person, case)
        language, source = language_of(request), source.strip()
        given = {
            "about": about,
            "value": value,
            "since": since.isoformat() if since else "",
            "expected": expected.isoformat() if expected else "",
            "source": source,
        }
        zone = desk.world.location[found.location].timezone
        subject, _, name = about.partition("/")
        beside = {}
        if not about:
            beside["about"] = language.say("Choose a question.")
        elif about not in {one.key for one in facts(found, desk.lights(case), language)}:
            raise UnknownCaseError(subject)
        if since is not None and since > local_date(desk.world.as_of, zone):
            beside["since"] = language.say("This day is still to come.")
        if value == "yes" and not source:
            beside["source"] = language.say("Say where the yes comes from.")
        if not value:
            beside["value"] = language.say("Choose the answer.")
        elif not beside:
            answer = Fact(value=value, since=since, expected=expected, source=source or None)
            event = FactChanged(
                id=fresh(),
                at=office.now(),
                subject=subject,
                kind="fact-changed",
                value={name: answer},
            )
            return told(request, person, found, event, "fact", given, sure)
        return _page(frame, request, person, case, Mistaken("fact", (), given, beside), 400)

    @router.post("/cases/{case}/documents")
    def document(
        request: Request,
        case: CaseKey,
        person: Caseworker,
        about: Given = "",
        valid_until: OpenDay = None,
        expected: OpenDay = None,
        gone: Annotated[bool, Form()] = False,
        sure: Annotated[bool, Form()] = False,
    ) -> Response:
        desk, found = _seen_by(frame, person, case)
        language = language_of(request)
        given = {
            "about": about,
            "valid_until": valid_until.isoformat() if valid_until else "",
            "expected": expected.isoformat() if expected else "",
            "gone": "true" if gone else "",
        }
        subject, _, kind = about.partition("/")
        was = next((one.documents for one in found.persons if one.id == subject), ())
        beside = {}
        if not about:
            beside["about"] = language.say("Choose a document.")
        elif kind not in {*KINDS, *(one.kind for one in was)} or subject not in {
            one.id for one in found.persons
        }:
            raise UnknownCaseError(subject)
        if [valid_until is not None, expected is not None, gone].count(True) != 1:
            beside["valid_until"] = language.say(
                "Give one: until when it is valid, when it is expected, or that it is gone."
            )
        if beside:
            wrong = Mistaken("document", (), given, beside)
            return _page(frame, request, person, case, wrong, 400)
        if gone:
            # No event takes a document away: it is known to be valid no more.
            zone = desk.world.location[found.location].timezone
            valid_until = local_date(desk.world.as_of, zone) - timedelta(days=1)
        since = next((one.valid_from for one in was if one.kind == kind), None)
        if since is not None and valid_until is not None and valid_until < since:
            since = None
        event = DocumentChanged(
            id=fresh(),
            at=office.now(),
            subject=subject,
            kind="document-changed",
            value=Document(kind=kind, valid_from=since, valid_until=valid_until, expected=expected),
        )
        return told(request, person, found, event, "document", given, sure)


def became_of(language: Language, one: Outcome, clock: tuple[str, date]) -> str:
    """Return what became of the bookings of a case after a change."""
    ended = [booking for booking in one.before if booking not in one.after]
    begun = [booking for booking in one.after if booking not in one.before]
    before, after = (
        language.moment(bookings[0].start, *clock) if bookings else ""
        for bookings in (ended, begun)
    )
    if not before:
        return language.say("Proposed now: {after}.", after=after)
    if one.renamed:
        return language.say(
            "Other people attend on {before}, which has to be confirmed anew.", before=before
        )
    if not after:
        return language.say(
            "The booking of {before} is dropped; there is no other slot.", before=before
        )
    return language.say(
        "The booking of {before} is dropped; proposed instead: {after}.",
        before=before,
        after=after,
    )


def _depart(router: APIRouter, frame: Frame) -> None:
    @router.get("/cases/{case}/departed")
    def sure(request: Request, case: CaseKey, person: Caseworker) -> HTMLResponse:
        desk, found = _seen_by(frame, person, case)
        shown = desk.lamps([case])[0]
        frame.office.seen("read", {"case": case})
        return frame.show(
            request,
            "departed.html",
            case=found,
            booked=shown.booked,
            statuses=STATUSES,
            at=desk.world.location[found.location].timezone,
        )

    @router.post("/cases/{case}/departed")
    def departed(case: CaseKey, person: Caseworker) -> RedirectResponse:
        _seen_by(frame, person, case)
        now = frame.office.now()
        gone = Trigger(kind=INDEPENDENT, at=now)
        event = TriggerAdded(id=fresh(), at=now, subject=case, kind="trigger-added", value=gone)
        frame.office.about_their_own([event], person)
        frame.office.happened([event], person.actor)
        return frame.done(RedirectResponse("/cases", 303), "withdrawn")


def _page(
    frame: Frame,
    request: Request,
    person: Person,
    name: str,
    wrong: Mistaken | None = None,
    status: int = 200,
    doubted: Doubted | None = None,
) -> HTMLResponse:
    desk, case = _seen_by(frame, person, name)
    language, world = language_of(request), desk.world
    planner = Role.planner in person.roles
    shown = desk.lights(name) if planner else without_others(desk.lights(name))
    frame.office.seen("light", shown)
    zone = world.location[case.location].timezone
    today = local_date(world.as_of, zone)
    return frame.show(
        request,
        "case.html",
        status,
        case=case,
        shown=shown,
        wrong=wrong,
        doubted=doubted,
        at=zone,
        operations=OPERATIONS,
        kinds=KINDS,
        values=VALUES,
        statuses=STATUSES,
        categories=CATEGORIES,
        kinds_of_ways=WAYS,
        state=state_of(shown),
        stands=STANDS,
        withdrawn=withdrawn(shown),
        begun=any(one.begun for one in shown.booked),
        why=headline(shown, language) if shown.reasons else "",
        blocks=blocks(shown, language),
        whose=[*whose(shown, language)],
        due=[*due(shown, language, world)],
        cards=[*cards(shown, language)],
        line=drawn(shown.earliest, zone),
        conflicts=conflicts(shown, language),
        ways=[*ways(shown, language)],
        awaited=[*awaited(shown, language)],
        undated=undated(shown, language),
        key=new_key,
        left=[*left(desk, name, language, zone, today)],
        facts=[*facts(case, shown, language)],
        basis=lambda check: basis(language, check.basis),
        asked={mark(one.repair) for one in frame.office.requests("open", cases=[name])},
        officer=Role.regievoerder in person.roles,
        planner=planner,
        documents=[(one.id, kind) for one in case.persons for kind in _kinds(one.documents)],
    )


def _seen_by(frame: Frame, person: Person, name: str) -> tuple[Desk, Case]:
    """Return the desk and a case that may be shown: of another nobody is told that it is."""
    desk = frame.office.desk()
    case = desk.case(name)
    if not person.sees(case):
        raise UnknownCaseError(name)
    return desk, case


def fresh() -> str:
    """Return an id for an event, which tells nothing of whom it is about."""
    return f"page-{secrets.token_hex(8)}"


def _kinds(documents: tuple[Document, ...]) -> list[str]:
    """Return the kinds of document that a person can have: those there are first."""
    return [*dict.fromkeys((*(one.kind for one in documents), *KINDS))]


def cards(shown: TrafficLights, language: Language) -> Iterator[Card]:
    """Yield the lights as they are shown."""
    for n, light in enumerate(shown.lights, start=1):
        way = tuple(standing(light, shown, language))
        owners = dict.fromkeys(language.name(one.owner) for one in light.checks if one.reasons)
        yield Card(light, None if light.light == EXECUTION else n, way, tuple(owners))


def ways(shown: TrafficLights, language: Language) -> Iterator[Way]:
    """Yield what would open the case, in words."""
    for one in shown.repairs:
        yield Way(mark(one), one, language.listed(words(language, each) for each in one.says))


def awaited(shown: TrafficLights, language: Language) -> Iterator[Awaited]:
    """Yield what comes first in a case that is blocked."""
    for check, known in open_checks(shown):
        what = inside(words(language, check.title))
        says = (
            language.say("First to be settled: {what}", what=what)
            if known
            else language.say("First to be known: {what}", what=what)
        )
        yield Awaited(says, language.name(check.owner))


def undated(shown: TrafficLights, language: Language) -> str:
    """Return what the earliest day waits for that has no day itself."""
    titles = {one.constraint: one.title for lamp in shown.lights for one in lamp.checks}
    return language.listed(
        inside(words(language, titles[one])) for one in shown.earliest.undated if one in titles
    )


def mark(repair: RepairView) -> str:
    """Return what a form names a repair by: it tells nothing of whose bookings would move."""
    told = without_moves(repair).model_dump_json()
    return hashlib.sha256(told.encode()).hexdigest()


def facts(case: Case, shown: TrafficLights, language: Language) -> Iterator[Answered]:
    """Yield every fact that is known or asked of a case and its persons, light by light."""
    of = [(one, fact) for one in REGISTER.constraints for fact in one.facts if not fact.due]
    unknown = Fact(value="unknown")
    asked = {one.check for lamp in shown.lights for each in lamp.checks for one in each.answers}
    for constraint, fact in of:
        asks, light = language.asks(constraint, fact), language.name(constraint.light)
        if fact.of == "case":
            found = case.facts.get(fact.id)
            if found is not None or fact.id in asked:
                yield Answered(case.id, fact.id, asks, light, found or unknown)
            continue
        for person in case.persons:
            yield Answered(person.id, fact.id, asks, light, person.facts.get(fact.id, unknown))


def left(desk: Desk, name: str, language: Language, zone: str, today: date) -> Iterator[Left]:
    """Yield the legal ends of a case with what is left of each."""
    tight = REGISTER.tight(desk.world.rules_date)
    for one in desk.clocks(name):
        margin = one.margin_minutes
        yield Left(
            words(language, one.title),
            language.name(one.owner),
            local_date(one.ends, zone),
            "" if margin is None else lasting(language, margin),
            margin is not None and timedelta(minutes=margin) < tight,
        )
