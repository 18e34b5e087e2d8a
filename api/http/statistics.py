"""Numbers over HTTP: what became of the bookings of a month, and why they failed."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.access.gate import Manager
from api.http.problems import described
from api.office import Office
from api.store.life import Failure, Release, Status
from api.store.numbers import LEGS, Month, Numbers
from api.suppression import FEWEST, hidden
from scheduler.world import Leg, Part

CHAIN = "declines along"


class Count(Part):
    """A number of bookings; null where it is hidden: it is small, or would tell of one that is."""

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
    reasons: dict[str, Count] = Field(description="By reason, those that were given.")


class Statistics(Part):
    """What became of the bookings that begin in a month, as things stand. Nobody is in it."""

    month: str = Field(description="The month.", examples=["2026-12"])
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
            f"Counts from 1 to {FEWEST - 1} are hidden, and so is whatever would tell them. It is "
            "of whole months, so that no two answers differ by a few bookings: each is counted in "
            "one month, that in which it begins where it begins."
        ),
    )
    def of_month(
        _person: Manager,
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
        return told(month, office.statistics(Month(year, number)))

    return router


def told(month: str, found: Numbers) -> Statistics:
    """Return numbers as they may be shown to whoever manages."""
    counts, sums = _laid_out(found)
    hide = hidden(counts, sums, [_others(leg) for leg in LEGS])

    def count(*name: str) -> Count:
        key = " ".join(name)
        return Count(count=None if key in hide else counts[key], hidden=key in hide)

    return Statistics(
        month=month,
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
                    one: count("decline", name, one)
                    for one in Failure
                    if counts["decline " + name + " " + one]
                },
            )
            for name in _declining(found)
        ),
        declined_along=count(CHAIN),
    )


def _laid_out(found: Numbers) -> tuple[Mapping[str, int], list[tuple[str, list[str]]]]:
    """Return every count by its name, and which are the sums of which."""
    counts = {f"status {one}": found.statuses.get(one, 0) for one in Status}
    counts |= {f"failure {one}": found.failures.get(one, 0) for one in Failure}
    counts |= {f"release {one}": found.releases.get(one, 0) for one in Release}
    sums = [("bookings", [f"status {one}" for one in Status])]
    sums.append((f"status {Status.cancelled}", [f"failure {one}" for one in Failure]))
    sums.append((f"status {Status.released}", [f"release {one}" for one in Release]))
    sums.append(("bookings", [f"leg {leg}" for leg in LEGS]))
    sums.append((f"status {Status.cancelled}", [f"failed {leg}" for leg in LEGS]))
    counts["bookings"] = sum(found.statuses.values())
    for leg in LEGS:
        counts[f"leg {leg}"] = found.legs.get(leg, 0)
        counts[f"failed {leg}"] = found.failed_legs.get(leg, 0)
        counts[_others(leg)] = counts[f"leg {leg}"] - counts[f"failed {leg}"]
        sums.append((f"leg {leg}", [f"failed {leg}", _others(leg)]))
    for name in _declining(found):
        each = {f"decline {name} {one}": found.declines.get((name, one), 0) for one in Failure}
        counts |= each
        counts[f"declines {name}"] = sum(each.values())
        sums.append((f"declines {name}", [*each]))
    declined = f"failure {Failure.partner_declined}"
    counts[CHAIN] = counts[declined] - sum(found.declines.values())
    sums.append((declined, [*(f"declines {name}" for name in _declining(found)), CHAIN]))
    return counts, sums


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
