"""Numbers over HTTP: what became of the bookings of a month, and why they failed."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.access.gate import Manager
from api.access.person import Person, Role
from api.http.problems import described
from api.http.queries import wrong
from api.office import Office
from api.store.life import Failure, Release, Status
from api.store.numbers import LEGS, Month, Numbers
from api.suppression import FEWEST, hidden
from scheduler.world import Instant, Leg, Part

CHAIN = "declines along"


class Count(Part):
    """A number of bookings; null where it is hidden: it is small, or would tell of one that is.

    Of what failed a nought is hidden too, as long as anything did.
    """

    count: int | None = Field(description="How many; null where it is hidden.", examples=[12])
    hidden: bool = Field(default=False, description="Whether it is hidden.")


class Share(Part):
    """A part of one, or null where the counts that it is of are hidden."""

    share: float | None = Field(description="From 0 to 1, in thousandths.", examples=[0.125])
    hidden: bool = Field(default=False, description="Whether it is hidden.")


class Waited(Part):
    """Days, or null where there are none, or too few to tell."""

    days: float | None = Field(description="In tenths of a day.", examples=[2.5])
    hidden: bool = Field(default=False, description="Whether it is hidden.")


class LegCount(Part):
    """The bookings of one leg."""

    operation: Leg
    bookings: Count = Field(description="How many there are.")
    failed: Count = Field(description="How many of them failed.")


class PartnerDeclines(Part):
    """How often a partner declined, and why."""

    partner: str
    declined: Count = Field(description="How often.")
    reasons: dict[str, Count] = Field(
        description="By reason, those that are shown: any other was given seldom, or never."
    )


class Statistics(Part):
    """What became of the bookings that begin in a month, as things stand. Nobody is in it."""

    month: str = Field(description="The month.", examples=["2026-12"])
    counted_at: Instant = Field(description="When it was counted.")
    bookings: Count = Field(description="All bookings that begin in the month.")
    statuses: dict[str, Count] = Field(description="How many stand where.")
    operations: tuple[LegCount, ...] = Field(description="By placement and removal.")
    failures: dict[str, Count] = Field(description="Those that failed, by why.")
    failed: Share = Field(description="Those that failed, of all.")
    releases: dict[str, Count] = Field(description="Those that were let go, by why.")
    ran_out: Count = Field(description="Holds that ran out; they are among the releases.")
    days_to_confirm: Waited = Field(description="From hold to confirmation, the median.")
    declines: tuple[PartnerDeclines, ...] = Field(description="By partner, those that declined.")
    declined_along: Count = Field(
        description="Bookings that failed because one of their chain was declined."
    )


def statistics(office: Office) -> APIRouter:
    """Return the operation on numbers."""
    router = APIRouter(prefix="/statistics", tags=["statistics"])

    @router.get(
        "",
        responses=described(),
        summary="What became of the bookings of a month, and why they failed",
        description=(
            f"Counts from 1 to {FEWEST - 1} are hidden, and so is whatever would tell them, even "
            "to whoever knows how that is chosen. A booking is counted in one month, that in which "
            "it begins where it begins. Management is told of months that are over, and for a week "
            "the same: two answers differ by what became of bookings in at least a week. Planners "
            "are told of any month, as things stand."
        ),
    )
    def of_month(
        person: Manager,
        month: Annotated[
            str,
            Query(
                pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$",
                description="The month.",
                examples=["2026-12"],
            ),
        ],
    ) -> Statistics:
        year, number = map(int, month.split("-"))
        return told_to(person, office, Month(year, number))

    return router


def may_be_told(person: Person, month: Month, now: datetime) -> bool:
    """Return whether somebody is told of a month: planners of any, others when it is over."""
    return Role.planner in person.roles or month.over(now)


def told_to(person: Person, office: Office, month: Month) -> Statistics:
    """Return the numbers of a month as somebody may be told them.

    Raises
    ------
    RequestValidationError
        When the month is not over, for whoever does not see its bookings one by one anyway.
    """
    if Role.planner in person.roles:
        return told(str(month), office.statistics(month), office.now())
    if not may_be_told(person, month, office.now()):
        raise wrong(("month", "is not over, and only planners are told of one that is not"))

    def tell(found: Numbers, now: datetime) -> object:
        return told(str(month), found, now).model_dump(mode="json")

    return Statistics.model_validate(office.told_of(month, tell), strict=False)


def told(month: str, found: Numbers, at: datetime) -> Statistics:
    """Return numbers as they may be shown to whoever manages."""
    counts, sums = _laid_out(found)
    hide = hidden(counts, sums, [_others(leg) for leg in LEGS], [*_sensitive(found)])

    def count(*name: str) -> Count:
        key = " ".join(name)
        return Count(count=None if key in hide else counts[key], hidden=key in hide)

    return Statistics(
        month=month,
        counted_at=at,
        bookings=count("bookings"),
        statuses={one: count("status", one) for one in Status},
        operations=tuple(
            LegCount(operation=leg, bookings=count("leg", leg), failed=count("failed", leg))
            for leg in LEGS
        ),
        failures={one: count("failure", one) for one in Failure},
        failed=_share(count("status", Status.cancelled), count("bookings")),
        releases={one: count("release", one) for one in Release},
        ran_out=count("release", Release.expired),
        days_to_confirm=_waited(found),
        declines=tuple(
            PartnerDeclines(
                partner=name,
                declined=count("declines", name),
                reasons={
                    one: shown
                    for one in Failure
                    if not (shown := count("decline", name, one)).hidden
                },
            )
            for name in _declining(found)
        ),
        declined_along=count(CHAIN),
    )


def _laid_out(found: Numbers) -> tuple[Mapping[str, int], list[tuple[str, list[str]]]]:
    """Return every count by its name, and which are the sums of which; parts before their whole."""
    counts: dict[str, int] = {}
    sums: list[tuple[str, list[str]]] = []
    for name in _declining(found):
        each = {f"decline {name} {one}": found.declines.get((name, one), 0) for one in Failure}
        counts |= each | {f"declines {name}": sum(each.values())}
        sums.append((f"declines {name}", [*each]))
    declined, cancelled = f"failure {Failure.partner_declined}", f"status {Status.cancelled}"
    counts |= {f"failure {one}": found.failures.get(one, 0) for one in Failure}
    counts[CHAIN] = counts[declined] - sum(found.declines.values())
    sums.append((declined, [*(f"declines {name}" for name in _declining(found)), CHAIN]))
    sums.append((cancelled, [f"failure {one}" for one in Failure]))
    counts |= {f"release {one}": found.releases.get(one, 0) for one in Release}
    sums.append((f"status {Status.released}", [f"release {one}" for one in Release]))
    for leg in LEGS:
        whole, failed = found.legs.get(leg, 0), found.failed_legs.get(leg, 0)
        counts |= {f"failed {leg}": failed, _others(leg): whole - failed, f"leg {leg}": whole}
        sums.append((f"leg {leg}", [f"failed {leg}", _others(leg)]))
    sums.append((cancelled, [f"failed {leg}" for leg in LEGS]))
    counts |= {f"status {one}": found.statuses.get(one, 0) for one in Status}
    counts["bookings"] = sum(found.statuses.values())
    sums.append(("bookings", [f"status {one}" for one in Status]))
    sums.append(("bookings", [f"leg {leg}" for leg in LEGS]))
    return counts, sums


def _sensitive(found: Numbers) -> Iterator[str]:
    """Yield the counts of which a nought is hidden too: a reason may tell of somebody's health.

    Whether a partner declined at all is told by the list of those that did.
    """
    if found.statuses.get(Status.cancelled):
        yield from (f"failure {one}" for one in Failure if one != Failure.partner_declined)
        yield from (f"failed {leg}" for leg in LEGS)
    for name in _declining(found):
        yield from (f"decline {name} {one}" for one in Failure)


def _declining(found: Numbers) -> list[str]:
    return sorted({name for name, _ in found.declines})


def _others(leg: Leg) -> str:
    """Return the count of what did not fail, which is told of to nobody."""
    return f"others {leg}"


def _share(part: Count, whole: Count) -> Share:
    if part.count is None or whole.count is None:
        return Share(share=None, hidden=True)
    return Share(share=round(part.count / whole.count, 3) if whole.count else None)


def _waited(found: Numbers) -> Waited:
    few = 0 < len(found.days) < FEWEST
    days = None if found.waited is None or few else round(found.waited, 1)
    return Waited(days=days, hidden=few)
