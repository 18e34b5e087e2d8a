"""Bookings over HTTP: held, answered by partners, checked, carried out, or ended."""

from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import AfterValidator, Discriminator, Field, WithJsonSchema
from starlette.exceptions import HTTPException

from api.access import Acting
from api.desk import Answer
from api.office import Declined, Office
from api.openings import Openings
from api.problems import answer, described
from api.store.answers import Told
from api.store.life import Failure
from api.store.standing import Standing
from api.store.worlds import HOLD
from api.wishes import Asked, IfMatch, revision_of, strictly
from scheduler.world import Booking, Id, Part

MOST_BOOKINGS = 500
"""Bookings on one page at most."""
MINUTE = timedelta(minutes=1)
BookingId = Annotated[Id, Path(description="Id of the booking.")]
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


class BookingPage(Part):
    """A page of bookings in the order in which they came, those that ended among them."""

    bookings: tuple[Standing, ...]
    total: int
    offset: int


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
        wish: Annotated[HoldWish, strictly(HoldWish)], actor: Acting, asking: Asked
    ) -> Response:
        lasting = wish.hold_minutes * MINUTE
        return asking.answer(
            wish, lambda once: office.hold(wish.bookings, actor, lasting, once=once), _held
        )

    @router.get("", responses=described(), summary="All bookings")
    def page(
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_BOOKINGS)] = MOST_BOOKINGS,
    ) -> BookingPage:
        found = office.bookings(offset, limit)
        office.seen("read", [one.booking.case for one in found])
        return BookingPage(bookings=found, total=office.bookings_ever(), offset=offset)

    @router.get(
        "/{booking}", response_model=Standing, responses=described(404), summary="One booking"
    )
    def one(booking: BookingId) -> Response:
        standing = office.booking(booking)
        office.seen("read", [standing.booking.case])
        return answer(_standing(standing))

    @router.delete(
        "/{booking}",
        response_model=Standing,
        responses=described(404, 409, 412),
        summary="Let a booking go that has not failed",
        description="What it took is free, and what its chain took.",
    )
    def release(booking: BookingId, actor: Acting, if_match: IfMatch = None) -> Response:
        return answer(_standing(office.release(booking, actor, revision_of(if_match))))

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
        actor: Acting,
        if_match: IfMatch = None,
    ) -> Response:
        if if_match is None:
            raise HTTPException(428, "If-Match is asked for: the ETag of the booking")
        revision = revision_of(if_match)
        match ending:
            case Executed():
                return answer(_standing(office.execute(booking, actor, revision)))
            case Cancelled():
                return answer(
                    _standing(office.cancel(booking, Failure(ending.reason), actor, revision))
                )


def _words_of_others(router: APIRouter, office: Office) -> None:
    @router.post(
        "/{booking}/confirmations",
        response_model=PartnerSaid,
        responses=described(404, 409, 422),
        summary="Note whether a partner comes",
        description=(
            "When all have confirmed, the booking is. When one declines it fails: all that it "
            "took is free, and what could come instead is told at once."
        ),
    )
    def said(
        booking: BookingId, word: Annotated[Word, strictly(Word)], actor: Acting, asking: Asked
    ) -> Response:
        match word:
            case Confirmed():
                return asking.answer(
                    word,
                    lambda once: office.confirm(booking, word.partner, actor, once=once),
                    _confirmed,
                )
            case NotComing():
                return asking.answer(
                    word,
                    lambda once: office.decline(
                        booking, word.partner, Failure(word.reason), actor, once=once
                    ),
                    _declined,
                )

    @router.post(
        "/{booking}/checks",
        response_model=Standing,
        responses=described(404, 409, 422),
        summary="Answer a due check",
        description="The answer counts for this booking alone: another flight asks anew.",
    )
    def checked(
        booking: BookingId,
        made: Annotated[Checked, strictly(Checked)],
        actor: Acting,
        asking: Asked,
    ) -> Response:
        return asking.answer(
            made,
            lambda once: office.check(booking, made.fact, made.value, made.since, actor, once=once),
            _standing,
        )


def _held(held: tuple[Standing, ...]) -> Told:
    first = held[0]
    where = {"location": f"/v1/bookings/{first.booking.id}", **_tag(first)}
    return Told(201, Held(bookings=held).model_dump_json(), where)


def _standing(standing: Standing) -> Told:
    return Told(200, standing.model_dump_json(), _tag(standing))


def _confirmed(standing: Standing) -> Told:
    return Told(200, PartnerSaid(booking=standing).model_dump_json(), _tag(standing))


def _declined(declined: Declined) -> Told:
    said = PartnerSaid(
        booking=declined.booking, instead=declined.instead, openings=declined.openings
    )
    return Told(200, said.model_dump_json(), _tag(declined.booking))


def _tag(standing: Standing) -> dict[str, str]:
    return {"etag": f'"{standing.revision}"'}
