"""What is asked of a partner: its own part of bookings, to confirm or decline, and its checks."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from api.access.gate import NotAllowedError, Partner
from api.access.person import Person, Role
from api.language import Language, phrase
from api.office.refusals import NotAskedError
from api.pages.dates import DAYS, Day
from api.pages.frame import ZONE, Frame, language_of
from api.pages.life import FAILURES, RELEASES, phase
from api.pages.timetable import DAY, WEEK, clock
from api.partners import PARTNERS, told_part
from api.store.life import Failure, IllegalStepError, Release, Status, TooSoonError
from api.store.standing import Check, OwnPart, Standing, UnknownBookingError
from constraints.register import REGISTER
from scheduler.grid import local_date, midnight
from scheduler.world import Id, World

CARDS = 50
"""Requests that wait on one page."""
NEW = timedelta(days=1)
"""How long a change is told as one."""
LIVING = frozenset({Status.held, Status.confirmed})
REASONS = (
    Failure.partner_declined,
    Failure.partner_absent,
    Failure.no_place,
    Failure.transport_late,
    Failure.departure_cancelled,
    Failure.departure_changed,
    Failure.carrier_refused,
    Failure.medical,
)
"""The reasons that are a partner's to give, the likeliest first."""
STATES = {
    "waiting": ("amber", phrase("Your answer is asked")),
    "coming": ("green", phrase("You come")),
    "done": ("green", phrase("Was carried out")),
    "declined": ("red", phrase("You cannot come")),
    "over": ("grey", phrase("Does not go on")),
}
"""How a request stands for a partner: its lamp, and its word."""
PartnerId = Annotated[str, Query(max_length=60, pattern=r"^[a-z0-9-]*$")]
Reference = Annotated[Id, Path()]
"""What partners call a booking: its id tells which case it is of."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What could not be done with a booking, at which field it is told, and what was typed."""

    booking: str
    says: str
    at: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Crew:
    """Who comes from which phase on, where and when: a role, how many, and which of them."""

    role: str
    names: tuple[str, ...]
    phase: str
    place: str
    since: datetime
    until: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class Task:
    """A due check, what it asks, the first day that counts, and whether it waits to be made."""

    check: Check
    asks: str
    first: date
    open: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as its card shows it."""

    part: OwnPart
    state: str
    since: datetime
    until: datetime
    zone: str
    crews: tuple[Crew, ...]
    tasks: tuple[Task, ...]
    changed: datetime | None
    ended: str
    departs: datetime | None

    @property
    def needs(self) -> list[tuple[str, int]]:
        """How many of which roles come."""
        each = {(one.role, name) for one in self.crews for name in one.names}
        return sorted(Counter(role for role, _ in each).items())

    @property
    def day(self) -> date:
        """The day on which it begins, on the clock of where it is."""
        return local_date(self.since, self.zone)


class _Told:
    """What the address says: for which partner, from which day on, all or what waits for them."""

    def __init__(
        self,
        partner: PartnerId = "",
        since: Annotated[Day | None, Query(alias="from")] = None,
        show: Literal["all", "waiting"] = "all",
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> None:
        self.partner, self.since, self.show, self.offset = partner, since, show, offset


Told = Annotated[_Told, Depends()]


@dataclass(frozen=True, slots=True)
class View:
    """What somebody looks at; what waits comes in pages."""

    partner: str
    since: date
    show: Literal["all", "waiting"]
    offset: int

    def to(self, **changes: object) -> str:
        """Return the address of this view with changes."""
        told = {"partner": self.partner, "from": self.since, "show": self.show, **changes}
        return f"/partner?{urlencode(told)}"

    def answer(self, booking: str, what: str) -> str:
        """Return where an answer about a booking goes."""
        return f"/partner/{booking}/{what}?{self.to().partition('?')[2]}"


def partner(frame: Frame) -> APIRouter:
    """Return the page on which partners answer."""
    router = APIRouter(include_in_schema=False)
    room = _Room(frame)

    @router.get("/partner")
    def look(
        request: Request,
        person: Partner,
        told: Told,
    ) -> HTMLResponse:
        return room.shown(request, person, room.view(person, told))

    @router.post("/partner/{booking}/confirmed")
    def confirm(
        request: Request,
        booking: Reference,
        person: Partner,
        told: Told,
    ) -> Response:
        view = room.view(person, told)
        name, partner = room.asked(view, booking)
        try:
            frame.office.confirm(name, partner, person.actor)
        except IllegalStepError:
            return room.over(request, person, view, booking)
        return room.done(view, "confirmed")

    @router.post("/partner/{booking}/declined")
    def decline(
        request: Request,
        booking: Reference,
        person: Partner,
        told: Told,
        reason: Annotated[str, Form(max_length=60)] = "",
    ) -> Response:
        view = room.view(person, told)
        name, partner = room.asked(view, booking)
        if reason not in REASONS:
            says = phrase("Choose why you cannot come")
            return room.shown(request, person, view, Wrong(booking, says, "reason"), 400)
        try:
            frame.office.decline(name, partner, Failure(reason), person.actor, offering=False)
        except IllegalStepError:
            return room.over(request, person, view, booking)
        return room.done(view, "declined")

    @router.post("/partner/{booking}/checked")
    def check(
        request: Request,
        booking: Reference,
        person: Partner,
        fact: Annotated[Id, Form()],
        told: Told,
        made: Annotated[str, Form(max_length=20)] = "",
        value: Annotated[Literal["", "yes", "no"], Form()] = "",
    ) -> Response:
        view = room.view(person, told)
        name, partner = room.asked(view, booking)
        if frame.office.owner_of(name, fact) != partner:
            raise NotAskedError("fact", fact)
        typed = {"value": value, "made": made}
        if not value:
            wrong = Wrong(booking, phrase("Choose what came out"), fact, typed)
            return room.shown(request, person, view, wrong, 400)
        try:
            frame.office.check(name, fact, value, DAYS.validate_python(made), person.actor)
        except ValidationError:
            wrong = Wrong(booking, phrase("Give the day on which it was answered."), fact, typed)
            return room.shown(request, person, view, wrong, 400)
        except TooSoonError:
            says = phrase("The day on which it was made is still to come")
            return room.shown(request, person, view, Wrong(booking, says, fact, typed), 409)
        except IllegalStepError:
            return room.over(request, person, view, booking)
        return room.done(view, "checked")

    return router


def mine(person: Person) -> dict[str, str]:
    """Return the partners for which somebody answers, by their ids."""
    return {one: name for one, name in PARTNERS.items() if person.speaks_for(name)}


def chosen(person: Person, partner: str) -> str:
    """Return the partner for which somebody looks: the first of theirs, unless they say which.

    It is empty where they answer for none that there is.
    """
    theirs = mine(person)
    if not partner:
        return next(iter(theirs), "")
    if partner not in PARTNERS:
        raise HTTPException(404, f"there is no partner {partner}")
    if partner not in theirs:
        raise NotAllowedError([Role.planner])
    return partner


class _Room:
    """What the handlers share: whose requests they are, and the page of them."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    def done(self, view: View, what: str) -> RedirectResponse:
        """Lead back to the page, which says what was done."""
        return self.frame.done(RedirectResponse(view.to(), 303), what)

    def view(self, person: Person, told: _Told) -> View:
        since = told.since or local_date(self.frame.office.now(), ZONE)
        return View(chosen(person, told.partner), since, told.show, told.offset)

    def asked(self, view: View, booking: str) -> tuple[str, str]:
        """Return the id of a booking, and the partner's name, when it is asked something for it."""
        partner = PARTNERS.get(view.partner, "")
        found = self.frame.office.called(booking)
        asked = {*(one.partner for one in found.partners), *(one.owner for one in found.checks)}
        if found.status == Status.proposed or partner not in asked:
            raise UnknownBookingError(booking)
        return found.booking.id, partner

    def over(self, request: Request, person: Person, view: View, booking: str) -> HTMLResponse:
        says = phrase("This request was over before your answer came. Nothing was changed.")
        return self.shown(request, person, view, Wrong(booking, says), 409)

    def shown(
        self,
        request: Request,
        person: Person,
        view: View,
        wrong: Wrong | None = None,
        status: int = 200,
    ) -> HTMLResponse:
        office, name = self.frame.office, PARTNERS.get(view.partner)
        now = office.now()
        language = language_of(request)
        every: list[Asked] = []
        if name is not None:
            world, secret = office.ever(), office.began_with() or ""
            found = office.asked_of(name, view.since)
            every = [
                _asked(world, one, name, changed, secret, now, language) for one, changed in found
            ]
            about = {told.part.id: one.booking for told, (one, _) in zip(every, found, strict=True)}
            every.sort(key=lambda one: (one.day, one.since, one.part.id))
        waiting = [one for one in every if _waits(one)]
        until = view.since + WEEK
        if view.show == "waiting":
            page = waiting[view.offset : view.offset + CARDS]
        else:
            page = [one for one in every if one.day < until]
        office.seen("read", [about[one.part.id] for one in page])
        return self.frame.show(
            request,
            "partner.html",
            status,
            view=view,
            name=name,
            theirs=mine(person),
            now=local_date(now, ZONE),
            before=max(local_date(now, ZONE), view.since - WEEK),
            until=until,
            last=until - DAY,
            days=[(day, [*asked]) for day, asked in groupby(page, key=lambda one: one.day)],
            later=sum(one.day >= until for one in every),
            waiting=len(waiting),
            most=CARDS,
            wrong=wrong,
            wrong_here=wrong is not None and wrong.booking in {one.part.id for one in page},
            states=STATES,
            reasons={one: FAILURES[one] for one in REASONS},
            why=FAILURES,
            living=LIVING,
            clock=clock,
        )


def _waits(one: Asked) -> bool:
    """Return whether something of it waits for the partner."""
    return one.state == "waiting" or any(task.open for task in one.tasks)


def _asked(
    world: World,
    standing: Standing,
    name: str,
    changed: datetime,
    secret: str,
    now: datetime,
    language: Language,
) -> Asked:
    part = told_part(world, standing, name, secret)
    since, until, zone = _when(world, part)
    places = {one.id: one.place for one in part.phases}
    crews = tuple(
        Crew(
            one.role,
            tuple(_called(world, each) for each in one.resources),
            phase(language, one.phase),
            places[one.phase],
            one.from_,
            one.until,
            world.location[places[one.phase]].timezone,
        )
        for one in sorted(part.attendances, key=lambda one: (one.from_, one.role))
    )
    departure = world.departure.get(part.departure or "")
    return Asked(
        part=part,
        state=_state(part),
        since=since,
        until=until,
        zone=zone,
        crews=crews,
        tasks=tuple(_task(one, part, now, zone, language) for one in part.checks),
        changed=changed if now - changed < NEW else None,
        ended=_ended(standing, language),
        departs=departure.departs if departure else None,
    )


def _called(world: World, resource: str) -> str:
    known = world.resource.get(resource)
    return (known and known.label) or resource


def _when(world: World, part: OwnPart) -> tuple[datetime, datetime, str]:
    """Return when a partner is asked for its part, and on which clock that is told."""
    if part.attendances:
        since = min(one.from_ for one in part.attendances)
        until = max(one.until for one in part.attendances)
        return since, until, world.location[part.phases[0].place].timezone
    if part.departure in world.departure:
        departure = world.departure[part.departure]
        return departure.departs, departure.arrives, world.location[departure.from_].timezone
    if part.facility in world.facility:
        where = world.facility[part.facility].location
        return part.end, part.end, world.location[where].timezone
    return part.start, part.end, ZONE


def _state(part: OwnPart) -> str:
    if part.answer is not None and part.answer.answer == "declined":
        return "declined"
    if part.status == Status.executed:
        return "done"
    if part.status not in LIVING:
        return "over"
    if part.answer is None:
        return "checking"
    return "coming" if part.answer.answer == "confirmed" else "waiting"


def _task(check: Check, part: OwnPart, now: datetime, zone: str, language: Language) -> Task:
    fact = REGISTER.facts[check.fact]
    constraint = next(one for one in REGISTER.constraints if fact in one.facts)
    first = local_date(check.opens, zone)
    if check.before - check.opens >= DAY and midnight(first, zone) < check.opens:
        first += DAY  # an answer tells its day alone: it is as old as the morning of it
    waits = part.status in LIVING and not check.passed and first <= local_date(now, zone)
    return Task(check, language.asks(constraint, fact), first, waits)


def _ended(standing: Standing, language: Language) -> str:
    """Return why it does not go on; what others did with the case is theirs to tell."""
    reason = standing.reason
    if isinstance(reason, Release):
        return language.say(RELEASES[reason])
    return ""
