"""The room of figures: what became of the bookings of a month, drawn and to be taken along."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from api.access.gate import Manager
from api.access.person import Person, Role
from api.http.statistics import Count, Statistics, may_be_told, told_to
from api.language import Language
from api.pages import life
from api.pages.charts import FILES, Figure, File, Width, drawn, taken_along
from api.pages.frame import Frame, language_of
from api.store.life import Failure, Release, Status
from api.store.numbers import Month
from api.suppression import FEWEST

BACK, AHEAD = 12, 3
"""Months that are offered before and after this one."""
MonthName = Annotated[str, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
FigureName = Annotated[str, Path(pattern=r"^[a-z-]{1,40}$")]


@dataclass(frozen=True, slots=True)
class Number:
    """A number that is looked at first: what it counts, and how much; None where it is hidden."""

    says: str
    much: str | None


def figures(frame: Frame) -> APIRouter:
    """Return the pages of figures."""
    router = APIRouter(prefix="/figures", include_in_schema=False)

    def of(person: Person, month: str) -> Statistics:
        year, number = map(int, month.split("-"))
        return told_to(person, frame.office, Month(year, number))

    def one(request: Request, person: Person, month: str, name: str) -> Figure:
        for figure in _figures(language_of(request), of(person, month)):
            if figure.name == name:
                return figure
        raise HTTPException(404, "there is no such figure")

    @router.get("")
    def page(request: Request, person: Manager, month: MonthName | None = None) -> HTMLResponse:
        now = frame.office.now()
        offered = [*_months(frame.today() or now.date(), person, now)]
        asked = month or f"{offered[AHEAD if Role.planner in person.roles else 0]:%Y-%m}"
        language, found = language_of(request), of(person, asked)
        return frame.show(
            request,
            "figures.html",
            month=asked,
            months=sorted({*offered, date.fromisoformat(f"{asked}-01")}, reverse=True),
            numbers=[*_numbers(language, found)],
            figures=[*_figures(language, found)],
            few=FEWEST,
            counted_at=found.counted_at,
            files=FILES,
            any=found.bookings.hidden or bool(found.bookings.count),
        )

    @router.get("/{name}.svg")
    def chart(
        request: Request, name: FigureName, person: Manager, month: MonthName,
        width: Width = "wide",
    ) -> Response:  # fmt: skip
        return drawn(one(request, person, month, name), width)

    @router.get("/{name}.{file}")
    def file(
        request: Request, name: FigureName, file: File, person: Manager, month: MonthName
    ) -> Response:
        return taken_along(one(request, person, month, name), file, f"regietafel-{name}-{month}")

    return router


def _months(today: date, person: Person, now: datetime) -> Iterator[date]:
    """Yield the first days of the months that somebody can choose, the newest first."""
    for n in range(AHEAD, -BACK - 1, -1):
        year, month = divmod(today.year * 12 + today.month - 1 + n, 12)
        if may_be_told(person, Month(year, month + 1), now):
            yield date(year, month + 1, 1)


def _numbers(language: Language, found: Statistics) -> Iterator[Number]:
    say = language.say

    def counted(one: Count) -> str | None:
        return None if one.count is None else f"{one.count}"

    yield Number(say("bookings asked for"), counted(found.bookings))
    yield Number(say("carried out"), counted(found.statuses[Status.executed]))
    yield Number(say("cancelled"), counted(found.statuses[Status.cancelled]))
    share, days = found.failed, found.days_to_confirm
    if share.share is not None:
        yield Number(say("of all bookings cancelled"), language.percent(share.share))
    elif share.hidden:
        yield Number(say("share cancelled"), None)
    if days.days is not None or days.hidden:
        waited = None if days.days is None else language.decimal(days.days)
        yield Number(say("days from hold to confirmation, the median"), waited)


def _figures(language: Language, found: Statistics) -> Iterator[Figure]:
    """Yield what is drawn of a month; reasons that are not told are drawn as one."""
    say = language.say
    many, hides = say("Bookings"), say("hidden")

    def reasons(
        name: str, title: str, head: str, rows: list[tuple[str, Count]]
    ) -> Iterator[Figure]:
        told: list[tuple[str, int | None]] = [(label, n.count) for label, n in rows if n.count]
        if told and any(n.hidden for _, n in rows):
            told.append((say("the other reasons"), None))
        if told or any(n.hidden for _, n in rows):
            yield Figure(name, title, (head, many), tuple(told), hides=hides)

    yield Figure(
        "statuses",
        say("Where the bookings stand"),
        (say("State"), many),
        tuple((life.status(language, Status(one)), n.count) for one, n in found.statuses.items()),
        hides=hides,
    )
    yield Figure(
        "operations",
        say("Placements and removals"),
        (say("Operation"), many, say("Cancelled")),
        tuple(
            (language.name(one.operation), one.bookings.count, one.failed.count)
            for one in found.operations
        ),
        hides=hides,
    )
    yield from reasons(
        "failures",
        say("Why bookings were cancelled"),
        say("Why"),
        [(life.why(language, Failure(one)), n) for one, n in found.failures.items()],
    )
    yield from reasons(
        "releases",
        say("Why bookings were let go"),
        say("Why"),
        [(life.why(language, Release(one)), n) for one, n in found.releases.items()],
    )
    if found.declines:
        yield Figure(
            "declines",
            say("Which partner could not come"),
            (say("Partner"), many),
            tuple((language.name(one.partner), one.declined.count) for one in found.declines),
            hides=hides,
        )
    yield from reasons(
        "decline-reasons",
        say("Why partners could not come"),
        say("Partner and reason"),
        [
            (f"{language.name(one.partner)}: {life.why(language, Failure(why))}", n)
            for one in found.declines
            for why, n in one.reasons.items()
        ],
    )
