"""The room of a booking: where it stands, what partners say, what is checked, how it ends."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access.gate import Planner
from api.http.bookings import BookingId, Name
from api.language import Language, phrase
from api.office import Office
from api.office.refusals import OpenChecksError
from api.pages.dates import DAYS
from api.pages.frame import Frame, language_of
from api.pages.life import FAILURES, phase, status, why
from api.pages.partner import REASONS
from api.pages.slots import Key, asking, attending, new_key, to_booking
from api.store.change import StaleError
from api.store.life import CLAIMING, Failure, IllegalStepError, Status, TooSoonError
from api.store.refusal import Refusal
from api.store.standing import Check, Standing
from constraints.register import REGISTER
from scheduler.grid import local_date
from scheduler.world import Id

LAMPS = {
    Status.proposed: "grey",
    Status.held: "amber",
    Status.confirmed: "green",
    Status.executed: "goal",
    Status.cancelled: "red",
    Status.released: "grey",
}
"""Where a booking stands, as a lamp."""
MOST_OPENINGS = 10
"""Cases shown that could use what is free; the rest is counted."""
DECLINES = {one: FAILURES[one] for one in REASONS}
"""The reasons that a planner can note for a partner."""
CHOOSE = phrase("Choose a reason.")
NO_DAY = phrase("Give the day on which it was answered.")
FACTS = {fact.id: (one, fact) for one in REGISTER.constraints for fact in one.facts}
LASTS = CLAIMING - {Status.executed}
"""Where something of a booking can still change."""
Revision = Annotated[int, Form(ge=0, lt=10**18)]
"""What the page was made on, as If-Match tells it."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What was not done and why; ``field`` is where the mistake is: a fact, a partner, a form."""

    says: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A due check as it is asked; it can be answered while it is ``open``."""

    check: Check
    asks: str
    open: bool


REFUSALS: dict[type[Refusal], str] = {
    IllegalStepError: phrase("This is not possible any more: the booking stands as you see here."),
    TooSoonError: phrase("It is too soon for this."),
    OpenChecksError: phrase("First all checks must be answered with a yes in their window."),
    StaleError: phrase("Somebody else changed this booking in the meantime. Look again first."),
}
"""What is refused because of how a booking stands: the page tells it and shows how that is."""


def booking(frame: Frame) -> APIRouter:
    """Return the page of a booking, with all that can become of it."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    room = _Room(frame)

    @router.get("/bookings/{booking}")
    def one(request: Request, booking: BookingId, _person: Planner) -> Response:
        return room.page(request, booking)

    @router.get("/bookings/{booking}/instead")
    def instead(request: Request, booking: BookingId, _person: Planner) -> Response:
        return room.instead(request, booking)

    _words_of_others(router, room)
    _endings(router, room)
    return router


class _Room:
    """Draws the page of a booking, and does what its forms ask."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.office: Office = frame.office

    def page(
        self,
        request: Request,
        name: str,
        code: int = 200,
        wrong: Wrong | None = None,
    ) -> Response:
        """Return the page of a booking as it stands."""
        office, language = self.office, language_of(request)
        standing, world = office.booking(name), office.ever()
        chain = [*_chain(office, standing)]
        office.seen("read", [standing, *chain])
        now, mine = office.now(), standing.booking
        case = world.case[mine.case]
        zone = world.location[case.location].timezone
        return self.frame.show(
            request,
            "booking.html",
            code,
            standing=standing,
            seconds_left=_seconds(now, standing.expires_at),
            booking=mine,
            case=case,
            at=zone,
            chain=chain,
            flight=world.departure.get(mine.departure or ""),
            attending=[*attending(language, world, [mine])],
            checks=[*_asked(language, standing, now)],
            day=local_date(now, zone),
            begun=mine.start <= now,
            lasts=standing.status in LASTS,
            lamp=LAMPS,
            stands=lambda one: status(language, one),
            why=lambda one: why(language, one),
            phase=lambda one: phase(language, one),
            failures=FAILURES,
            declines=DECLINES,
            replaceable=_replaceable(office, standing),
            key=new_key,
            wrong=wrong,
        )

    def instead(self, request: Request, name: str) -> Response:
        """Return what could come instead of a booking that a partner declined."""
        office, standing = self.office, self.office.booking(name)
        found = office.instead_of(standing) if _replaceable(office, standing) else None
        if found is not None:
            office.seen("read", found)
        world = office.ever()
        case = world.case[standing.booking.case]
        return self.frame.show(
            request,
            "instead.html",
            case=case,
            booking=standing.booking,
            at=world.location[case.location].timezone,
            found=found,
            flights=world.departure,
            most=MOST_OPENINGS,
        )

    def done(
        self, request: Request, name: str, told: str, work: Callable[[], object], field: str = ""
    ) -> Response:
        """Do ``work`` and lead back to the page; what is refused is told on the page itself."""
        try:
            found = work()
        except (IllegalStepError, TooSoonError, OpenChecksError, StaleError) as error:
            # What ran out, or was ended, is no more: it is not told as changed by somebody else.
            over = self.office.booking(name).status not in LASTS
            kind = IllegalStepError if over else type(error)
            code = 412 if kind is StaleError else 409
            says = language_of(request).say(REFUSALS[kind])
            return self.page(request, name, code, Wrong(says, field))
        answer = (
            found if isinstance(found, Response) else RedirectResponse(f"/bookings/{name}", 303)
        )
        return self.frame.done(answer, told)

    def mistaken(self, request: Request, name: str, says: str, field: str) -> Response:
        """Return the page with a mistake beside its field."""
        return self.page(request, name, 400, Wrong(language_of(request).say(says), field))


def _words_of_others(router: APIRouter, room: _Room) -> None:
    office = room.office

    @router.post("/bookings/{booking}/confirm")
    def confirm(
        request: Request,
        booking: BookingId,
        person: Planner,
        revision: Revision,
        key: Key,
        partner: Annotated[Name | None, Form()] = None,
    ) -> Response:
        def work() -> Response:
            return asking(request, person, key).answer(
                ["confirm", partner],
                lambda once: office.confirm(booking, partner, person.actor, revision, once=once),
                lambda _: to_booking(booking),
            )

        return room.done(request, booking, "confirmed", work, partner or "")

    @router.post("/bookings/{booking}/decline")
    def decline(
        request: Request,
        booking: BookingId,
        person: Planner,
        partner: Annotated[Name, Form()],
        revision: Revision,
        key: Key,
        reason: Annotated[str, Form(max_length=40)] = "",
    ) -> Response:
        if reason not in set(DECLINES):
            return room.mistaken(request, booking, CHOOSE, partner)

        def work() -> Response:
            return asking(request, person, key).answer(
                ["decline", partner, reason],
                lambda once: office.decline(
                    booking,
                    partner,
                    Failure(reason),
                    person.actor,
                    revision,
                    once=once,
                    # It takes longer to work out than somebody should wait: the page asks for it.
                    offering=False,
                ),
                lambda _: to_booking(booking),
            )

        return room.done(request, booking, "declined", work, partner)

    @router.post("/bookings/{booking}/checks")
    def check(
        request: Request,
        booking: BookingId,
        person: Planner,
        fact: Annotated[Id, Form()],
        value: Annotated[Literal["yes", "no"], Form()],
        key: Key,
        since: Annotated[str, Form(max_length=20)] = "",
    ) -> Response:
        try:
            day = DAYS.validate_python(since)
        except ValueError:
            return room.mistaken(request, booking, NO_DAY, fact)

        def work() -> Response:
            return asking(request, person, key).answer(
                ["check", fact, value, since],
                lambda once: office.check(booking, fact, value, day, person.actor, once=once),
                lambda _: to_booking(booking),
            )

        return room.done(request, booking, "checked", work, fact)


def _endings(router: APIRouter, room: _Room) -> None:
    office = room.office

    @router.post("/bookings/{booking}/execute")
    def execute(
        request: Request, booking: BookingId, person: Planner, revision: Revision
    ) -> Response:
        return room.done(
            request, booking, "executed", lambda: office.execute(booking, person.actor, revision)
        )

    @router.post("/bookings/{booking}/cancel")
    def cancel(
        request: Request,
        booking: BookingId,
        person: Planner,
        revision: Revision,
        reason: Annotated[str, Form(max_length=40)] = "",
    ) -> Response:
        if reason not in set(Failure):
            return room.mistaken(request, booking, CHOOSE, "cancel")
        if reason == Failure.person_departed_independently:
            # Then not the booking alone ends: the case leaves the planning.
            case = office.booking(booking).booking.case
            return RedirectResponse(f"/cases/{case}/departed", 303)
        return room.done(
            request,
            booking,
            "cancelled",
            lambda: office.cancel(booking, Failure(reason), person.actor, revision),
        )

    @router.post("/bookings/{booking}/release")
    def release(
        request: Request, booking: BookingId, person: Planner, revision: Revision
    ) -> Response:
        return room.done(
            request, booking, "released", lambda: office.release(booking, person.actor, revision)
        )


def _seconds(now: datetime, until: datetime | None) -> int | None:
    """Return how many seconds are left: whoever looks may have another clock than ours."""
    return None if until is None else max(0, int((until - now).total_seconds()))


def _replaceable(office: Office, standing: Standing) -> bool:
    """Return whether something else is looked for, since a partner declined a booking to come."""
    mine, world = standing.booking, office.world()
    return (
        standing.reason == Failure.partner_declined
        and mine.start > office.now()
        and mine.case in world.case
        and not any(one.claims for one in world.booked.get(mine.case, ()))
    )


def _chain(office: Office, standing: Standing) -> Iterator[Standing]:
    """Yield what a booking follows, and what follows it."""
    mine = standing.booking
    if mine.follows is not None:
        yield office.booking(mine.follows)
    for one in office.world().booked.get(mine.case, ()):
        if one.follows == mine.id:
            yield office.booking(one.id)


def _asked(language: Language, standing: Standing, now: datetime) -> Iterator[Asked]:
    for one in sorted(standing.checks, key=lambda each: each.before):
        asks = language.asks(*FACTS[one.fact]) if one.fact in FACTS else one.fact
        yield Asked(one, asks, standing.status in LASTS and one.opens <= now)
