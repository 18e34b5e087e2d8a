"""The worklist: the cases somebody works on, how their lights stand, and what comes next."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.access.gate import Caseworker
from api.desk import Desk
from api.language import Language, inside, phrase
from api.pages.frame import Frame, language_of
from api.telling import Shown, next_due, open_checks, withdrawn, words
from api.traffic_lights import Lamps
from constraints.independent_departure import TRIGGER as INDEPENDENT
from constraints.register import REGISTER
from scheduler.grid import local_date
from scheduler.world import Case, World

PAGE = 25
"""Cases on a page."""
State = Literal["blocked", "plannable", "proposed", "held", "booked", "withdrawn"]
STATES: Mapping[State, str] = {
    "blocked": phrase("Blocked"),
    "plannable": phrase("To be planned"),
    "proposed": phrase("Proposed"),
    "held": phrase("Held"),
    "booked": phrase("Booked"),
    "withdrawn": phrase("Withdrawn"),
}
OPERATIONS = {
    "placement": phrase("Placement"),
    "removal": phrase("Removal"),
    "placement-and-removal": phrase("Placement and removal"),
}
LIGHTS = {
    "legally-removable": phrase("Removable"),
    "available": phrase("Available"),
    "placed-in-detention": phrase("Detention"),
    "travel-document": phrase("Document"),
    "execution": phrase("Execution"),
}
"""The lights as the heads of narrow columns."""
SIGNS = {
    "green": phrase("in order"),
    "goal": phrase("goal of the placement"),
    "amber": phrase("in the way of some moments"),
    "red": phrase("in the way"),
    "grey": phrase("not known yet"),
}
"""What the lamps of the list mean."""
Text = Annotated[str, Query(pattern=r"^ *[A-Za-z0-9._-]* *$", max_length=80)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see of the list: it is told in the address of the page."""

    state: State | Literal[""] = ""
    operation: str = ""
    region: str = ""
    officer: str = ""
    case: str = ""

    @property
    def told(self) -> dict[str, str]:
        """The filters that are set."""
        named = {one.name: str(getattr(self, one.name)) for one in fields(self)}
        return {name: value for name, value in named.items() if value}

    @property
    def link(self) -> str:
        """The address of the list so filtered, up to its offset."""
        return f"/cases?{urlencode(self.told)}{'&' if self.told else ''}"

    def admits(self, world: World, case: Case) -> bool:
        """Return whether a case is meant, its state apart."""
        return (
            self.operation in ("", case.operation)
            and self.region in ("", world.location[case.location].region)
            and self.officer in ("", case.assigned_officer)
            and self.case.lower() in case.id.lower()
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A case in the list. ``left`` to its legal end from now or after what is booked; ``near``."""

    case: Case
    country: str
    lamps: Lamps
    state: State
    end: date | None
    left: str
    near: bool
    next: str
    whose: str


def worklist(frame: Frame) -> APIRouter:
    """Return the worklist of an office."""
    router = APIRouter(include_in_schema=False)

    @router.get("/cases")
    def look(
        request: Request,
        person: Caseworker,
        state: State | Literal[""] = "",
        operation: Literal["", "placement", "removal", "placement-and-removal"] = "",
        region: Annotated[str, Query(max_length=80)] = "",
        officer: Text = "",
        case: Text = "",
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> HTMLResponse:
        asked = Asked(state, operation, region, officer, case.strip())
        desk = frame.office.desk()
        theirs = [one for one in desk.world.cases if person.sees(one)]
        meant = by_deadline(desk, [one for one in theirs if asked.admits(desk.world, one)])
        if asked.state:
            stages = desk.stages(one.id for one, _ in meant)
            of = zip(meant, stages, strict=True)
            meant = [one for one, stage in of if _state(*stage) == asked.state]
        page = meant[offset : offset + PAGE]
        frame.office.seen("light", [{"case": one.id} for one, _ in page])
        return frame.show(
            request,
            "worklist.html",
            asked=asked,
            offset=offset,
            limit=PAGE,
            total=len(meant),
            any=bool(theirs),
            rows=rows(desk, page, language_of(request)),
            states=STATES,
            operations=OPERATIONS,
            lights=LIGHTS,
            signs=SIGNS,
            regions=_themselves(desk.world.location[one.location].region for one in theirs),
            officers=_themselves(one.assigned_officer for one in theirs if one.assigned_officer),
        )

    return router


def _themselves(names: Iterable[str]) -> dict[str, str]:
    """Return what a filter offers that is called as it is written."""
    return {one: one for one in sorted(set(names))}


def by_deadline(desk: Desk, cases: Sequence[Case]) -> list[tuple[Case, datetime | None]]:
    """Return cases with their legal ends: the first end first, then those without any.

    Those of whom the person departs independently come last: nothing is left to do for them.
    """
    ends = desk.deadlines(one.id for one in cases)
    pairs = zip(cases, ends, strict=True)
    return sorted(pairs, key=lambda one: (_gone(one[0]), one[1] is None, one[1] or 0, one[0].id))


def _gone(case: Case) -> bool:
    return any(one.kind == INDEPENDENT for one in case.triggers)


def rows(
    desk: Desk, page: Sequence[tuple[Case, datetime | None]], language: Language
) -> Iterator[Row]:
    """Yield the cases of a page as they are shown."""
    world = desk.world
    tight = REGISTER.tight(world.rules_date)
    lamps = desk.lamps(one.id for one, _ in page)
    for (case, end), shown in zip(page, lamps, strict=True):
        zone = world.location[case.location].timezone
        today = local_date(world.as_of, zone)
        day = None if end is None else local_date(end, zone)
        clocks = desk.clocks(case.id)
        margin = next((one.margin_minutes for one in clocks if one.ends == end), None)
        over = {one.constraint for one in clocks if one.ends <= world.as_of}
        what, whose = next_step(shown, language, zone, today, over)
        yield Row(
            case,
            language.country(case.destination),
            shown,
            state_of(shown),
            day,
            "" if margin is None else _left(language, margin, bool(shown.booked)),
            margin is not None and timedelta(minutes=margin) < tight,
            what,
            whose,
        )


def state_of(shown: Shown) -> State:
    """Return where a case stands: what is booked of it, else whether it can be."""
    return _state(withdrawn(shown), {one.status for one in shown.booked}, shown.plannable)


def _state(over: bool, booked: Set[str], plannable: bool) -> State:
    if over:
        return "withdrawn"
    for status in "proposed", "held":
        if status in booked:
            return status
    if booked:
        return "booked"
    return "plannable" if plannable else "blocked"


def lasting(language: Language, minutes: int) -> str:
    """Return what is left of a legal term."""
    days = minutes // 1440
    if minutes < 0:
        return language.say("over")
    if days:
        return language.counted("{count} day", "{count} days", days)
    return language.lasting(minutes)


def _left(language: Language, minutes: int, booked: bool) -> str:
    """Return what is left of the term, said as what is left; after what is booked, where it is."""
    said = lasting(language, minutes)
    if minutes < 0:
        return said
    if booked:
        return language.say("{lasting} left after the booking", lasting=said)
    return language.say("{lasting} left", lasting=said)


def next_step(
    shown: Lamps, language: Language, zone: str, today: date, over: Collection[str] = ()
) -> tuple[str, str]:
    """Return what is to be done next for a case, and by whom; some terms may be ``over``."""
    planner = language.say("planner")
    match state_of(shown):
        case "withdrawn":
            return language.say("Nothing: the person departs independently"), ""
        case "blocked":
            check, known = next(open_checks(shown), (None, True))
            if check is None:
                return language.say("Wait: there is no way in these weeks"), ""
            if check.constraint in over:
                what = words(language, check.title)
                return language.say("{what} over", what=what), language.name(check.owner)
            what = inside(words(language, check.title))
            said = (
                language.say("Settle: {what}", what=what)
                if known
                else language.say("Find out: {what}", what=what)
            )
            return said, language.name(check.owner)
        case "plannable":
            return language.say("Choose a slot"), planner
        case "proposed":
            return language.say("Hold what is proposed"), planner
        case "held":
            return language.say("Have it confirmed"), planner
        case "booked":
            due = next_due(shown)
            if due is None:
                return language.say("Carry it out"), planner
            check, before = due
            return language.say(
                "{what}, before {when}",
                what=words(language, check.title),
                when=language.moment(before, zone, today),
            ), language.name(check.owner)
