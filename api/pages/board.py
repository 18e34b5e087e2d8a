"""The board: people, vehicles and rooms, places for the night and seats, against time."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.access.gate import Planner
from api.language import Language, phrase
from api.pages.capacity import boardings, departing, lines, nights
from api.pages.dates import Day
from api.pages.frame import ZONE, Frame, language_of
from api.pages.timetable import DAY, TIME, WEEK, Period, Use, in_order, period, sheets
from constraints.school_holidays import Region, without_school
from scheduler.grid import days, local_date
from scheduler.world import PERSON, Resource, World

ROWS = 100
"""Rows of a page unless somebody asks for more."""
MOST_ROWS = 1000
Of = Literal["people", "places", "departures"]
Only = Literal["working", "booked", "all"]
Chosen = Annotated[str, Query(pattern=r"^([a-z0-9][a-z0-9-]*)?$", max_length=40)]
VIEWS: Mapping[Of, str] = {
    "people": phrase("People, vehicles and rooms"),
    "places": phrase("Places for the night"),
    "departures": phrase("Departures"),
}
ONLY: Mapping[Only, str] = {
    "working": phrase("At work or booked"),
    "booked": phrase("Booked only"),
    "all": phrase("Everybody"),
}
CATEGORIES = {
    "man": phrase("men"),
    "woman": phrase("women"),
    "family": phrase("families"),
    "unaccompanied-minor": phrase("unaccompanied minors"),
    "border": phrase("border cases"),
    "psychiatric": phrase("people in psychiatric care"),
}
"""For whom a facility has places; one of one's own is called as it is written."""
SCHOOLS: Mapping[Region, str] = {
    "noord": phrase("north"),
    "midden": phrase("central"),
    "zuid": phrase("south"),
}
"""The regions by which schools have their holidays."""
DEPARTURES = {"charter": phrase("charter"), "road": phrase("by road")}


@dataclass(frozen=True, slots=True)
class View:
    """What somebody looks at: it is told in the address of the page."""

    day: date
    span: Literal["day", "week"] = "day"
    of: Of = "people"
    role: str = ""
    region: str = ""
    skill: str = ""
    only: Only = "working"
    hours: Literal["", "all"] = ""
    offset: int = 0
    limit: int = ROWS

    def to(self, **changes: object) -> str:
        """Return the address of this view with changes, from its first row on unless they say."""
        asked = replace(self, **{"offset": 0, **changes})  # type: ignore[arg-type]
        told = {
            one.name: getattr(asked, one.name)
            for one in fields(asked)
            if one.name == "day" or getattr(asked, one.name) != one.default
        }
        return f"/board?{urlencode(told)}"

    def on(self, day: date) -> str:
        """Return the address of one day."""
        return self.to(span="day", day=day)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters offer, each with what it is called."""

    roles: tuple[tuple[str, str], ...]
    regions: tuple[str, ...]
    skills: tuple[tuple[str, str], ...]


def board(frame: Frame) -> APIRouter:
    """Return the board of an office."""
    router = APIRouter(include_in_schema=False)

    @router.get("/board")
    def look(
        request: Request,
        person: Planner,
        day: Day | None = None,
        span: Literal["day", "week"] = "day",
        of: Of = "people",
        role: Chosen = "",
        region: Annotated[str, Query(max_length=80)] = "",
        skill: Chosen = "",
        only: Only = "working",
        hours: Literal["", "all"] = "",
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = ROWS,
    ) -> HTMLResponse:
        world = frame.office.world()
        today = local_date(world.as_of, ZONE)
        shown = replace(period(world, day or today, span, ZONE), whole=hours == "all")
        inside = days(world.grid, ZONE)
        view = View(shown.first, span, of, role, region, skill, only, hours, offset, limit)
        told = {
            "people": _people,
            "places": _places,
            "departures": _departures,
        }[of](frame, world, view, shown)
        frame.office.seen("read", [{"case": one} for one in told.pop("cases")])
        return frame.show(
            request,
            "board.html",
            view=view,
            shown=shown,
            horizon=(inside[0], inside[-1]),
            outside=day is not None and not inside[0] <= day <= inside[-1],
            schools=without_school(shown.first) if shown.kind == "day" else (),
            school_regions=SCHOOLS,
            before=step(shown, inside, -1),
            after=step(shown, inside, 1),
            views=VIEWS,
            only=ONLY,
            **TIME,
            categories=CATEGORIES,
            kinds=DEPARTURES,
            choices=_choices(world, view, language_of(request)),
            **told,
        )

    return router


def step(shown: Period, inside: Sequence[date], way: int) -> date | None:
    """Return the day, or the Monday, before or after; None where the horizon ends."""
    there = shown.first + way * (DAY if shown.kind == "day" else WEEK)
    last = there if shown.kind == "day" else there + WEEK - DAY
    return there if inside[0] <= last and there <= inside[-1] else None


def _people(frame: Frame, world: World, view: View, shown: Period) -> dict[str, Any]:
    uses = uses_of(world, shown)
    found = _filtered(world, view, shown, uses)
    page = found[view.offset : view.offset + view.limit]
    drawn = sheets(world, page, uses, shown)
    cells = (c for one in drawn for g in one.groups for row in g.rows for c in row.cells)
    return {
        "sheets": drawn,
        "total": len(found),
        "members": Counter(one.role for one in found),
        "cases": {use.case for cell in cells for use in cell.uses},
    }


def uses_of(world: World, shown: Period) -> dict[str, list[Use]]:
    """Return for what everybody is taken in these days, with a way to each booking."""
    # Clocks differ by some hours: what lies just beside the days is cut off where it is drawn.
    begins, ends = shown.stretch(ZONE)
    begins, ends = begins - DAY, ends + DAY
    found: defaultdict[str, list[Use]] = defaultdict(list)
    for booking in world.bookings:
        if not booking.claims:
            continue
        for one in booking.attendances:
            if one.role == PERSON or one.until <= begins or ends <= one.from_:
                continue
            path = f"/bookings/{booking.id}"
            use = Use(one.from_, one.until, booking.case, path, booking.status, booking.case)
            for name in one.resources:
                found[name].append(use)
    return found


def _filtered(
    world: World, view: View, shown: Period, uses: Mapping[str, Sequence[Use]]
) -> list[Resource]:
    """Return who is looked for."""
    stretches = {one.timezone: shown.stretch(one.timezone) for one in world.locations}

    def booked(one: Resource) -> bool:
        begins, ends = stretches[world.location[one.home].timezone]
        return any(use.since < ends and begins < use.until for use in uses.get(one.id, ()))

    found = (
        one
        for one in world.resources
        if view.role in ("", one.role)
        and view.region in ("", world.location[one.home].region)
        and (not view.skill or view.skill in one.abilities)
        and (view.only == "all" or booked(one) or (view.only == "working" and shown.near(one)))
    )
    return in_order(world, found, shown)


def _places(frame: Frame, world: World, view: View, shown: Period) -> dict[str, Any]:
    facilities = [
        one for one in world.facilities if view.region in ("", world.location[one.location].region)
    ]
    found = nights(frame.office.database, world, facilities, shown)
    if view.only == "booked":
        found = tuple(one for one in found if any(night.taken for night in one.counts))
    page = found[view.offset : view.offset + view.limit]
    named = page if shown.kind == "day" else ()
    return {
        "facilities": page,
        "total": len(found),
        "cases": {booking.case for one in named for booking in one.bookings},
    }


def _departures(frame: Frame, world: World, view: View, shown: Period) -> dict[str, Any]:
    booked = {one.departure for one in world.bookings if one.claims}
    found = [
        (one, day)
        for one, day in departing(world, shown)
        if view.region in ("", world.location[one.from_].region)
        and (view.only != "booked" or one.id in booked)
    ]
    database = frame.office.database
    if shown.kind == "week":
        rows = lines(database, world, found, shown)
        page = rows[view.offset : view.offset + view.limit]
        return {"lines": page, "total": len(rows), "cases": set()}
    mine = [one for one, _ in found[view.offset : view.offset + view.limit]]
    drawn = boardings(database, world, mine)
    return {
        "boardings": drawn,
        "total": len(found),
        "cases": {booking.case for one in drawn for booking in one.bookings},
    }


def _choices(world: World, view: View, language: Language) -> Choices:
    """Return what can be filtered on: the skills are those of the role that is looked at."""
    homes = {
        "people": (one.home for one in world.resources),
        "places": (one.location for one in world.facilities),
        "departures": (one.from_ for one in world.departures),
    }[view.of]
    skills = {
        skill for one in world.resources if view.role in ("", one.role) for skill in one.abilities
    }
    return Choices(
        tuple((role, language.role(role, 2)) for role in world.roles),
        tuple(sorted({world.location[one].region for one in homes})),
        tuple(sorted(((one, language.skill(one)) for one in skills), key=lambda one: one[1])),
    )
