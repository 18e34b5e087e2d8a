"""The room of slots: what is proposed for a case side by side, and held for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from pydantic import TypeAdapter, ValidationError

from api.access.gate import Planner
from api.access.person import Person
from api.bases import basis
from api.http.bookings import MINUTE, HoldWish
from api.http.cases import CaseId
from api.http.wishes import Asking
from api.language import Language, phrase
from api.office.refusals import OneCaseError, RefusedError
from api.pages.frame import Frame, language_of
from api.pages.hours import SIGNS, STATES, Hours, called, drawn
from api.pages.life import phase
from api.pages.life import status as status_of
from api.store.answers import Told
from api.store.change import StaleError
from api.store.claims import CASE, Taken, TakenError
from api.store.life import IllegalStepError, Status
from api.store.refusal import Refusal
from api.store.worlds import HOLD
from api.telling import conflicts, withdrawn
from constraints.register import REGISTER
from scheduler.day import Day
from scheduler.grid import local_date
from scheduler.proposal import Clock, Label, Proposal
from scheduler.validator import Violation
from scheduler.world import PERSON, Booking, Departure, World

HOLDS = 15, 60, 240, 1440
"""Minutes for which a slot can be held."""
INSTEAD = r"^([A-Za-z0-9._-]{1,80}:[0-9]{1,18}( |$)){0,2}$"
"""The bookings of a case that give way to a slot, with the revisions that were looked at."""
LONGEST = 60_000
"""Characters of a proposal in a form: many times what one has."""
DAY = 1440
LABELS: dict[Label, str] = {
    "best": phrase("best"),
    "earliest": phrase("earliest"),
    "fewest-nights": phrase("fewest nights"),
    "most-robust": phrase("most fallbacks"),
}
NOT_FREE = phrase("This slot is not free any more. Nothing is held.")
BOOKED = phrase("This case has a booking already. Nothing is held.")
CHANGED = phrase("The present booking was changed in the meantime. Nothing is held.")
CONSTRAINTS = {one.id: one for one in REGISTER.constraints}
_WISH = TypeAdapter(tuple[Booking, ...])
Key = Annotated[str, Form(pattern="^[!-~]{8,80}$", max_length=80)]
"""What a page is given with each form, so that pressing twice does a thing once."""


@dataclass(frozen=True, slots=True)
class Attending:
    """Who takes part, in which phase, and the time they are taken for."""

    role: str
    who: str
    phase: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Term:
    """A clock with what is left of it in words, whose it is and on what it rests."""

    clock: Clock
    left: str
    basis: str


@dataclass(frozen=True, slots=True)
class Card:
    """A proposal as it is drawn; ``tightest`` is the clock with the least left."""

    proposal: Proposal
    labels: tuple[str, ...]
    flight: Departure | None
    terms: tuple[Term, ...]
    tightest: Term | None
    attending: tuple[Attending, ...]
    hours: tuple[Hours, ...]
    bookings: str
    key: str


@dataclass(frozen=True, slots=True)
class Lost:
    """What kept a slot from being held: what others have now, and the rules that do not hold."""

    says: str
    taken: tuple[tuple[str, str | None], ...]
    broken: tuple[str, ...]


def slots(frame: Frame) -> APIRouter:
    """Return the page of slots of a case."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    office = frame.office

    def page(
        request: Request, case: str, status: int = 200, lost: Refusal | None = None
    ) -> Response:
        language, desk = language_of(request), office.desk()
        world = desk.world
        answer, days = desk.side_by_side(case)
        legs = world.case[case].legs
        mine = world.booked.get(case, ())
        booked = [office.booking(one.id) for one in mine if one.claims and one.operation in legs]
        fixed = [one for one in booked if one.status != Status.proposed]
        office.seen("propose", answer)
        blocking = answer.blocking
        cards = [
            _card(language, world, one, around)
            for one, around in zip(answer.proposals, days, strict=True)
        ]
        shown = {
            cell.state
            for card in cards
            for hours in card.hours
            for line in hours.lines
            for cell in line.cells
        }
        return frame.show(
            request,
            "slots.html",
            status,
            case=world.case[case],
            at=world.location[world.case[case].location].timezone,
            cards=cards,
            blocking=blocking,
            conflicts=conflicts(blocking, language) if blocking else "",
            withdrawn=blocking is not None and withdrawn(blocking),
            booked=booked,
            fixed=fixed,
            instead=" ".join(f"{one.booking.id}:{one.revision}" for one in fixed),
            begun=blocking is not None and any(one.begun for one in blocking.booked),
            stands=status_of,
            signs=[(state, SIGNS[state]) for state in STATES if state in shown],
            states=STATES,
            lost=_lost(language, world, case, lost),
            holds=[(minutes, language.lasting(minutes)) for minutes in HOLDS],
            usual=HOLD // MINUTE,
        )

    @router.get("/cases/{case}/slots")
    def propose(request: Request, case: CaseId, _person: Planner) -> Response:
        return page(request, case)

    @router.post("/cases/{case}/slots")
    def hold(
        request: Request,
        case: CaseId,
        person: Planner,
        bookings: Annotated[str, Form(max_length=LONGEST)],
        minutes: Annotated[int, Form(ge=1, le=DAY)],
        key: Key,
        instead: Annotated[str, Form(pattern=INSTEAD, max_length=300)] = "",
    ) -> Response:
        wish = _wish(case, bookings, minutes)
        seen = (one.split(":") for one in instead.split())
        given_up = {name: int(revision) for name, revision in seen}
        try:
            answer = asking(request, person, key).answer(
                [wish, given_up],
                lambda once: office.hold(
                    wish.bookings,
                    person.actor,
                    wish.hold_minutes * MINUTE,
                    instead_of=given_up,
                    once=once,
                ),
                lambda held: to_booking(held[0].booking.id),
            )
        except (TakenError, RefusedError, IllegalStepError) as error:
            return page(request, case, 409, error)
        except StaleError as error:
            return page(request, case, 412, error)
        return frame.done(answer, "held")

    return router


def asking(request: Request, person: Person, key: str) -> Asking:
    """Return a form that was sent as what can be asked once."""
    path = request.url.path
    who = f"{sorted(person.roles)} {person.organisation} {person.officer}"
    return Asking(f"POST {request.scope['route'].path}", path, key, who)


def to_booking(name: str) -> Told:
    """Return the answer that leads to the page of a booking."""
    return Told(303, "{}", {"location": f"/bookings/{name}"})


def new_key() -> str:
    """Return a key for one form."""
    return token_urlsafe(16)


def attending(language: Language, world: World, bookings: Sequence[Booking]) -> Iterator[Attending]:
    """Yield who takes part in bookings, the person apart, in the order of the phases."""
    for booking in bookings:
        for one in booking.attendances:
            if one.role != PERSON:
                yield Attending(
                    language.role(one.role, len(one.resources)),
                    ", ".join(called(world, name) for name in one.resources),
                    phase(language, one.phase),
                    one.from_,
                    one.until,
                )


def _wish(case: str, bookings: str, minutes: int) -> HoldWish:
    """Return what a form asks to hold.

    Raises
    ------
    RequestValidationError, OneCaseError
        When it is nothing that a page proposed, or of another case.
    """
    try:
        wish = HoldWish(bookings=_WISH.validate_json(bookings), hold_minutes=minutes)
    except ValidationError as error:
        says = "is not what a page proposes"
        wrong = {"loc": ("body", "bookings"), "msg": says, "type": "value_error"}
        raise RequestValidationError([wrong]) from error
    if {one.case for one in wish.bookings} != {case}:
        raise OneCaseError("what is held together is of one case that there is")
    return wish


def _card(language: Language, world: World, one: Proposal, days: Sequence[Day]) -> Card:
    zone = world.location[world.case[one.case].location].timezone
    terms = tuple(_term(language, world, one.case, clock) for clock in one.clocks)
    short = [each for each in terms if each.clock.margin_minutes is not None]
    return Card(
        one,
        tuple(language.say(LABELS[label]) for label in one.labels),
        world.departure[one.departure] if one.departure else None,
        terms,
        min(short, key=lambda each: each.clock.margin_minutes or 0, default=None),
        tuple(attending(language, world, one.bookings)),
        tuple(
            drawn(language, world, day, booking, zone)
            for day, booking in zip(days, one.bookings, strict=False)
        ),
        _WISH.dump_json(one.bookings).decode(),
        new_key(),
    )


def _term(language: Language, world: World, case: str, clock: Clock) -> Term:
    margin = clock.margin_minutes
    if margin is None:
        left = language.say("milestone")
    elif margin < 2 * DAY:
        left = language.say("{lasting} left", lasting=language.lasting(margin))
    else:
        left = language.counted("{count} day left", "{count} days left", margin // DAY)
    rests = REGISTER.basis(clock.constraint, world, world.case[case])
    return Term(clock, left, basis(language, rests))


def _lost(language: Language, world: World, case: str, error: Refusal | None) -> Lost | None:
    """Return why a slot was not held; None where nothing went wrong."""
    match error:
        case TakenError() if any(one.unit == f"{CASE}/{case}" for one in error.taken):
            return Lost(language.say(BOOKED), (), ())
        case StaleError() | IllegalStepError():
            return Lost(language.say(CHANGED), (), ())
        case TakenError():
            zone = world.location[world.case[case].location].timezone
            taken = tuple(_gone(language, world, zone, error.taken))
            return Lost(language.say(NOT_FREE), taken, ())
        case RefusedError():
            return Lost(language.say(NOT_FREE), (), tuple(_broken(language, error.violations)))
    return None


def _broken(language: Language, violations: Sequence[Violation]) -> Iterator[str]:
    """Yield the rules that bookings break, each once."""
    for name in dict.fromkeys(one.constraint for one in violations):
        known = CONSTRAINTS.get(name)
        yield language.say("the booking itself") if known is None else language.title(known)


def _gone(
    language: Language, world: World, zone: str, taken: Sequence[Taken]
) -> Iterator[tuple[str, str | None]]:
    """Yield what others have now, with when, and the booking that has it."""
    today = local_date(world.as_of, zone)
    for one in taken:
        kind, _, name = one.unit.partition("/")
        parts = [language.role(PERSON) if kind == CASE else called(world, name.partition("/")[0])]
        if one.from_ is not None and one.until is not None:
            parts.append(language.stretch(one.from_, one.until, zone, today))
        if one.night is not None:
            parts.append(language.nights([one.night], today))
        yield ", ".join(parts), one.booking
