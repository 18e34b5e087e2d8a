"""Bookings over HTTP: held, answered by partners, checked, carried out, or ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import AfterValidator, Discriminator, Field, WithJsonSchema
from starlette.exceptions import HTTPException

from api.access.gate import Confirmer, NotTheirsError, Planner
from api.access.person import Person, Role
from api.desk import Answer
from api.exports.calendars import DUTCH
from api.exports.plans import plan_sheets
from api.http.files import AS_FILES, As, as_file
from api.http.paging import Page, Paging
from api.http.problems import answer, described
from api.http.wishes import Asked, IfMatch, revisions_of, strictly
from api.office import Office
from api.office.bookings import Declined
from api.office.refusals import NotAskedError
from api.openings import Openings
from api.partners import told_part
from api.store.answers import Told
from api.store.change import StaleError
from api.store.life import Failure, IllegalStepError, Status
from api.store.standing import OwnPart, Standing, UnknownBookingError
from api.store.worlds import HOLD
from scheduler.draft import Problem
from scheduler.event import EventError
from scheduler.world import Booking, Id, Part

MINUTE = timedelta(minutes=1)
BookingId = Annotated[
    Id, Path(description="Id of the booking; of partners, the reference that they are told.")
]
Name = Annotated[str, Field(min_length=1, max_length=60)]


def _known(reason: str) -> str:
    if reason not in set(Failure):
        raise ValueError(
            f"{reason} is no reason why bookings fail, allowed is {', '.join(Failure)}"
        )
    return reason


Reason = Annotated[
    str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": [*Failure]})
]
"""A reason from the fixed list, as it is written."""


class HoldWish(Part):
    """The bookings of a proposal, which are held together or not at all, and for how long."""

    bookings: Annotated[tuple[Booking, ...], Field(min_length=1, max_length=2)]
    hold_minutes: Annotated[int, Field(ge=1, le=1440)] = HOLD // MINUTE


class Held(Part):
    """What is held: two bookings for a chain."""

    bookings: tuple[Standing, ...]


class BookingPage(Page):
    """A page of bookings in the order in which they came, those that ended among them."""

    bookings: tuple[Standing, ...]


class Executed(Part):
    """A booking was carried out."""

    status: Literal["executed"]


class Cancelled(Part):
    """A booking failed, and why."""

    status: Literal["cancelled"]
    reason: Reason


class Confirmed(Part):
    """A partner comes."""

    partner: Name = Field(description="As the booking names it.")
    answer: Literal["confirmed"]


class NotComing(Part):
    """A partner cannot come, and why."""

    partner: Name = Field(description="As the booking names it.")
    answer: Literal["declined"]
    reason: Reason


class Checked(Part):
    """A due check was answered."""

    fact: Id = Field(description="As the booking names it.")
    value: Literal["yes", "no"] = Field(
        description="Yes only where it is so of every person of the case."
    )
    since: date = Field(description="The day on which it was made.")


class PartnerSaid(Part):
    """A booking after what a partner said; when it declined, what could come instead.

    ``openings`` are the cases that could use what is free now. Nothing of either is held.
    """

    booking: Standing
    instead: Answer | None = None
    openings: Openings | None = None


Ending = Annotated[Executed | Cancelled, Discriminator("status")]
Word = Annotated[Confirmed | NotComing, Discriminator("answer")]


def bookings(office: Office) -> APIRouter:
    """Return the operations on bookings."""
    router = APIRouter(prefix="/bookings", tags=["bookings"])
    _whole_life(router, office)
    _words_of_others(router, office)
    return router


def _whole_life(router: APIRouter, office: Office) -> None:
    @router.post(
        "",
        status_code=201,
        response_model=Held,
        responses=described(409, 422),
        summary="Hold what is proposed for a case, all of it or nothing",
        description=(
            "Every rule is looked at as things stand now. What is taken by others is answered "
            "with 409 and who has it; a hold that is not confirmed in time is released by itself."
        ),
    )
    def hold(
        wish: Annotated[HoldWish, strictly(HoldWish)], person: Planner, asking: Asked
    ) -> Response:
        says = "is not proposed, and nothing else can be held"
        if wrong := [n for n, one in enumerate(wish.bookings) if one.status != "proposed"]:
            raise EventError([Problem(f"$.bookings[{n}].status", says) for n in wrong])
        lasting = wish.hold_minutes * MINUTE
        return asking.answer(
            wish, lambda once: office.hold(wish.bookings, person.actor, lasting, once=once), _held
        )

    @router.get(
        "",
        response_model=BookingPage,
        responses={200: AS_FILES, **described()},
        summary="All bookings",
        description=(
            "Those that ended among them. A file is the plan in force: the bookings that stand, a "
            "line for each phase and each attendance; a workbook has a sheet for each partner "
            "too, which tells of no case."
        ),
    )
    def page(_person: Planner, paging: Paging, format: As = "json") -> BookingPage | Response:
        if format != "json":
            world, secret = office.ever(), office.began_with() or ""
            standing = office.world().bookings
            office.seen("export", standing)
            sheets = plan_sheets(world, standing, secret, DUTCH, proposals=False)
            return as_file(sheets, format, "bookings")
        found = office.bookings(paging.offset, paging.limit)
        office.seen("read", found)
        return BookingPage(bookings=found, total=office.bookings_ever(), offset=paging.offset)

    @router.get(
        "/{booking}", response_model=Standing, responses=described(404), summary="One booking"
    )
    def one(booking: BookingId, _person: Planner) -> Response:
        standing = office.booking(booking)
        office.seen("read", standing)
        return answer(_standing(standing))

    @router.delete(
        "/{booking}",
        response_model=Standing,
        responses=described(404, 409, 412),
        summary="Let a booking go that has not failed",
        description="What it took is free, and what its chain took.",
    )
    def release(booking: BookingId, person: Planner, if_match: IfMatch = None) -> Response:
        revision = _seen(office, booking, if_match)
        return answer(_standing(office.release(booking, person.actor, revision)))

    @router.patch(
        "/{booking}",
        response_model=Standing,
        responses=described(404, 409, 412, 428),
        summary="Note that a booking was carried out, or that it failed and why",
        description="If-Match is asked for: nobody ends a booking that is not as they saw it.",
    )
    def end(
        booking: BookingId,
        ending: Annotated[Ending, strictly(Ending)],
        person: Planner,
        if_match: IfMatch = None,
    ) -> Response:
        if if_match is None:
            raise HTTPException(428, "If-Match is asked for: the ETag of the booking")
        revision = _seen(office, booking, if_match)
        match ending:
            case Executed():
                return answer(_standing(office.execute(booking, person.actor, revision)))
            case Cancelled():
                reason = Failure(ending.reason)
                return answer(_standing(office.cancel(booking, reason, person.actor, revision)))


def _words_of_others(router: APIRouter, office: Office) -> None:
    @router.post(
        "/{booking}/confirmations",
        response_model=PartnerSaid | OwnPart,
        responses=described(404, 409, 422),
        summary="Note whether a partner comes",
        description=(
            "Partners name the booking by its reference. When all have confirmed, the booking is. "
            "When one declines it fails: all that it took is free, and what could come instead is "
            "told at once where a planner notes it."
        ),
    )
    def said(
        booking: BookingId, word: Annotated[Word, strictly(Word)], person: Confirmer, asking: Asked
    ) -> Response:
        if not person.speaks_for(word.partner):
            raise NotTheirsError
        name = _asked(office, person, booking).booking.id
        with _named(booking):
            match word:
                case Confirmed():
                    return asking.answer(
                        word,
                        lambda once: office.confirm(name, word.partner, person.actor, once=once),
                        lambda found: _said(office, person, word.partner, Declined(booking=found)),
                    )
                case NotComing():
                    return asking.answer(
                        word,
                        lambda once: office.decline(
                            name,
                            word.partner,
                            Failure(word.reason),
                            person.actor,
                            once=once,
                            offering=Role.planner in person.roles,
                        ),
                        lambda found: _said(office, person, word.partner, found),
                    )

    @router.post(
        "/{booking}/checks",
        response_model=Standing | OwnPart,
        responses=described(404, 409, 422),
        summary="Answer a due check",
        description=(
            "Partners name the booking by its reference. The answer counts for this booking alone: "
            "another flight asks anew."
        ),
    )
    def checked(
        booking: BookingId,
        made: Annotated[Checked, strictly(Checked)],
        person: Confirmer,
        asking: Asked,
    ) -> Response:
        found = _asked(office, person, booking)
        name, owners = found.booking.id, {one.fact: one.owner for one in found.checks}
        owner = owners.get(made.fact)
        # Whether another makes it is not told to a partner.
        if owner is None or not person.speaks_for(owner):
            raise NotAskedError("fact", made.fact)
        with _named(booking):
            return asking.answer(
                made,
                lambda once: office.check(
                    name, made.fact, made.value, made.since, person.actor, once=once
                ),
                lambda found: _checked(office, person, owner, found),
            )


def _asked(office: Office, person: Person, called: str) -> Standing:
    """Return the booking that somebody means: a partner one it is asked for, by its reference."""
    if Role.planner in person.roles:
        return office.booking(called)
    found = office.called(called)
    asked = {*(one.partner for one in found.partners), *(one.owner for one in found.checks)}
    if found.status == Status.proposed or person.organisation not in asked:
        raise UnknownBookingError(called)
    return found


@contextmanager
def _named(called: str) -> Iterator[None]:
    """Refuse what cannot become of a booking by what it is called: a partner is told no id."""
    try:
        yield
    except IllegalStepError as error:
        raise IllegalStepError(called, error.now, error.asked) from None


def _seen(office: Office, name: str, if_match: str | None) -> int | None:
    """Return the revision that a booking must still have when it is changed; None when any will do.

    Raises
    ------
    UnknownBookingError, StaleError
        When there is no such booking, or none of what is named is its tag now.
    """
    revisions = revisions_of(if_match)
    if revisions is None:
        return None
    now = office.booking(name).revision
    if now not in revisions:
        raise StaleError(name)
    return now


def _held(held: tuple[Standing, ...]) -> Told:
    first = held[0]
    where = {"location": f"/v1/bookings/{first.booking.id}", **_tag(first)}
    return Told(201, Held(bookings=held).model_dump_json(), where)


def _standing(standing: Standing) -> Told:
    return Told(200, standing.model_dump_json(), _tag(standing))


def _said(office: Office, person: Person, partner: str, declined: Declined) -> Told:
    """Return a booking after what a partner said: a partner is told of its own part alone."""
    if Role.planner not in person.roles:
        return _own(office, declined.booking, partner)
    said = PartnerSaid(
        booking=declined.booking, instead=declined.instead, openings=declined.openings
    )
    return Told(200, said.model_dump_json(), _tag(declined.booking))


def _checked(office: Office, person: Person, owner: str, standing: Standing) -> Told:
    planner = Role.planner in person.roles
    return _standing(standing) if planner else _own(office, standing, owner)


def _own(office: Office, standing: Standing, partner: str) -> Told:
    own = told_part(office.ever(), standing, partner, office.began_with() or "")
    return Told(200, own.model_dump_json(), _tag(standing))


def _tag(standing: Standing) -> dict[str, str]:
    return {"etag": f'"{standing.revision}"'}
