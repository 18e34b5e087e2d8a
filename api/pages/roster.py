"""The roster of a partner: its own people, vehicles and rooms against the days to come."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.access.gate import Partner
from api.pages.board import MOST_ROWS, ROWS, step
from api.pages.dates import Day
from api.pages.frame import ZONE, Frame
from api.pages.partner import PartnerId, chosen, mine
from api.pages.timetable import DAY, MARKS, TIME, Period, Use, in_order, period, sheets
from api.partners import PARTNERS, reference
from constraints.register import REGISTER
from scheduler.constraint import Attendance
from scheduler.grid import days, local_date
from scheduler.world import PERSON, World


@dataclass(frozen=True, slots=True)
class View:
    """What somebody looks at: for which partner, and when."""

    partner: str
    day: date
    span: Literal["day", "week"]
    hours: Literal["", "all"]

    def to(self, **changes: object) -> str:
        """Return the address of this view with changes."""
        told = {"partner": self.partner, "day": self.day, "span": self.span, "hours": self.hours}
        asked = {name: one for name, one in (told | changes).items() if one != ""}
        return f"/roster?{urlencode(asked)}"

    def on(self, day: date) -> str:
        """Return the address of one day."""
        return self.to(span="day", day=day)


def roster(frame: Frame) -> APIRouter:
    """Return the page of a partner's own roster."""
    router = APIRouter(include_in_schema=False)

    @router.get("/roster")
    def look(
        request: Request,
        person: Partner,
        partner: PartnerId = "",
        day: Day | None = None,
        span: Literal["day", "week"] = "week",
        hours: Literal["", "all"] = "",
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = ROWS,
    ) -> HTMLResponse:
        office = frame.office
        world, view_of = office.world(), chosen(person, partner)
        today = local_date(world.as_of, ZONE)
        shown = replace(period(world, day or today, span, ZONE), whole=hours == "all")
        inside = days(world.grid, ZONE)
        name = PARTNERS.get(view_of, "")
        roles = roles_of(office.ever(), name)
        theirs = in_order(world, (one for one in world.resources if one.role in roles), shown)
        page = theirs[offset : offset + limit]
        drawn = sheets(world, page, _uses(world, shown, office.began_with() or ""), shown)
        cells = (c for one in drawn for g in one.groups for row in g.rows for c in row.cells)
        cases = {use.case for cell in cells for use in cell.uses}
        office.seen("read", [{"case": one} for one in cases])
        return frame.show(
            request,
            "roster.html",
            view=View(view_of, shown.first, span, hours),
            shown=shown,
            name=name,
            theirs=mine(person),
            sheets=drawn,
            members=Counter(one.role for one in theirs),
            offset=offset,
            limit=limit,
            total=len(theirs),
            before=step(shown, inside, -1),
            after=step(shown, inside, 1),
            **{**TIME, "marks": {one: mark for one, mark in MARKS.items() if one != "proposed"}},
        )

    return router


def roles_of(world: World, partner: str) -> frozenset[str]:
    """Return the roles that a partner brings, as the constraints of which it is the owner say.

    Somebody whom a case names is asked through another owner: whose a role is, most cases say.
    """
    asked: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for case in world.cases:
        for leg in case.legs:
            for constraint, rule in REGISTER.declarations(world, case, leg):
                if isinstance(rule, Attendance):
                    asked[rule.role][constraint.owner] += 1
    return frozenset(
        role
        for role, owners in asked.items()
        if role != PERSON and owners.most_common(1)[0][0] == partner
    )


def _uses(world: World, shown: Period, secret: str) -> dict[str, list[Use]]:
    """Return for what everybody is taken, told by where it is: not by whom it is about."""
    begins, ends = shown.stretch(ZONE)
    begins, ends = begins - DAY, ends + DAY
    found: defaultdict[str, list[Use]] = defaultdict(list)
    for booking in world.bookings:
        if not booking.claims or booking.status == "proposed":
            continue
        places = {one.id: one.place for one in booking.phases}
        for one in booking.attendances:
            if one.role == PERSON or one.until <= begins or ends <= one.from_:
                continue
            path = f"/partner?from={one.from_.date()}#{reference(booking.id, secret)}"
            place = places[one.phase]
            use = Use(one.from_, one.until, place, path, booking.status, booking.case)
            for name in one.resources:
                found[name].append(use)
    return found
