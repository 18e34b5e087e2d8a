"""The board: who is at work, away or booked, and how much is taken of places and seats."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from api.access.person import Role
from api.pages.timetable import Cell, Period, Use, sheets
from api.store.tables import PROCESSING
from constraints import school_holidays
from scheduler.grid import midnight
from scheduler.world import Interval, World
from tests.api.people import asking
from tests.store.offices import CHAIN, PLACED, PLANNER, REMOVED, Small, small_world

PEOPLE = {"accept": "text/html"}
AMSTERDAM = "Europe/Amsterdam"


@pytest.fixture
def world() -> World:
    return small_world()


def look(at: Small, path: str, *roles: Role, english: bool = False) -> str:
    with asking(at.office, *(roles or (Role.planner,))) as http:
        if english:
            http.cookies.set("language", "en")
        told = http.get(path, headers=PEOPLE)
    assert told.status_code == 200, told.text
    return told.text


def cells(world: World, name: str, shown: Period, *uses: Use) -> tuple[Cell, ...]:
    """Return the cells of one resource."""
    (sheet,) = sheets(world, [world.resource[name]], {name: uses}, shown)
    ((row,),) = (group.rows for group in sheet.groups)
    assert sum(one.span for one in row.cells) == sum(one.span for one in sheet.headings)
    return row.cells


def a_worker(world: World) -> tuple[str, date]:
    """Return somebody with a shift by day, and the day of it."""
    for one in world.resources:
        for shift in one.shifts:
            if shift.from_.hour >= 5 and shift.until.date() == shift.from_.date():
                return one.id, shift.from_.date()
    raise AssertionError


def use(world: World, day: date, since: float, until: float, status: str = "held") -> Use:
    start = midnight(day, AMSTERDAM)
    stretch = start + timedelta(hours=since), start + timedelta(hours=until)
    return Use(*stretch, "zk-1", "/bookings/b-1", status, "zk-1")


def test_a_booking_is_one_cell_over_its_half_hours_and_says_how_sure_it_is(world: World) -> None:
    name, day = a_worker(world)
    for status, state in (("held", "taken"), ("proposed", "taken"), ("confirmed", "here")):
        found = cells(world, name, Period(day), use(world, day, 9.25, 11, status))
        (booked,) = (one for one in found if one.uses)
        assert (booked.state, booked.span) == (state, 4)


def test_a_half_hour_of_two_bookings_tells_of_both(world: World) -> None:
    name, day = a_worker(world)
    first, second = use(world, day, 9, 10.25), use(world, day, 10.25, 12)
    found = [one for one in cells(world, name, Period(day), first, second) if one.uses]
    assert [(one.uses, one.span) for one in found] == [
        ((first,), 2),
        ((first, second), 1),
        ((second,), 3),
    ]


def test_who_is_away_is_not_free(world: World) -> None:
    name, day = a_worker(world)
    start = midnight(day, AMSTERDAM)
    away = Interval(from_=start + timedelta(hours=10), until=start + timedelta(hours=12))
    ill = world.resource[name].model_copy(update={"away": (away,)})
    others = [one for one in world.resources if one.id != name]
    found = cells(world.but(resources=(*others, ill)), name, Period(day))
    assert [one.span for one in found if one.state == "away"] == [4]
    assert {one.state for one in found} == {"free", "away", "off"}


def test_the_night_is_folded_and_shows_what_is_in_it(world: World) -> None:
    name, day = a_worker(world)
    booked = use(world, day, 2, 3)
    folded = cells(world, name, Period(day), booked)
    assert (folded[0].uses, folded[0].span) == ((booked,), 1)
    whole = cells(world, name, Period(day, whole=True), booked)
    assert sum(one.span for one in whole) == 48
    assert [one.span for one in whole if one.uses] == [2]


def test_the_day_on_which_the_clock_goes_back_has_an_hour_more(world: World) -> None:
    shown = Period(date(2026, 10, 25), whole=True)
    (sheet,) = sheets(world, world.resources[:1], {}, shown)
    assert sum(one.span for one in sheet.headings) == 50
    assert [one.label for one in sheet.headings][2:4] == ["02 CEST", "02 CET"]


def test_a_week_counts_the_hours_of_each_day(world: World) -> None:
    name, day = a_worker(world)
    monday = day - timedelta(days=day.weekday())
    found = cells(world, name, Period(monday, "week"), use(world, day, 9, 11.5))
    assert len(found) == 7
    mine = found[day.weekday()]
    (shift,) = (one for one in world.resource[name].shifts if one.from_.date() == day)
    assert (mine.taken, mine.work) == (150, (shift.until - shift.from_).seconds // 60)


def test_the_day_of_a_booking_shows_it_and_leads_to_it(at: Small) -> None:
    (held,) = at.hold(PLACED)
    day = held.booking.start.date()
    page = look(at, f"/board?day={day}&only=booked")
    assert f'<a href="/bookings/{held.booking.id}">{PLACED}</a>' in page
    assert "gereserveerd" in page
    at.confirm(held.booking.id)
    assert "confirmed" in look(at, f"/board?day={day}&only=booked", english=True)
    at.office.release(held.booking.id, PLANNER)
    assert PLACED not in look(at, f"/board?day={day}")


def test_a_booking_too_short_for_its_number_shows_its_sign_and_says_the_rest(at: Small) -> None:
    (held,) = at.hold(PLACED)
    short = min(
        (one for one in held.booking.attendances if one.role != "person"),
        key=lambda one: one.until - one.from_,
    )
    assert short.until - short.from_ <= timedelta(hours=1)
    page = look(at, f"/board?day={short.from_.date()}&role={short.role}&only=booked")
    (cell,) = re.findall(r'<td[^>]*class="taken narrow">(.*?)</td>', page, re.DOTALL)
    assert f'href="/bookings/{held.booking.id}" title="{PLACED} ' in cell
    seen = re.sub(r'<span class="hidden-words.*?</span>|<[^>]*>', "", cell)
    assert seen.strip() == "◐"


def test_only_those_that_are_looked_for_are_shown(at: Small) -> None:
    (held,) = at.hold(PLACED)
    day = held.booking.start.date()
    world = at.office.world()
    one = next(one for one in held.booking.attendances if one.role == "interpreter")
    (name,) = one.resources
    speaks, home = world.resource[name].languages[0], world.resource[name].home
    region = world.location[home].region
    path = f"/board?day={day}&role=interpreter&skill={speaks}&region={region}&only=booked"
    page = look(at, path)
    assert name in page
    others = {each for a in held.booking.attendances if a is not one for each in a.resources}
    assert [each for each in others if f"{each}\n" in page] == []
    empty = look(at, f"/board?day={day}&role=interpreter&skill=xx")
    assert "Toon alles" in empty
    assert "<table" not in empty


def test_a_long_board_comes_in_pages(at: Small) -> None:
    total = len(at.office.world().resources)
    first = look(at, "/board?only=all&limit=3")
    assert f"1 tot en met 3 van {total}" in first
    assert first.count('<th scope="row">') == 3
    assert "offset=3" in first


def test_places_and_seats_are_counted_with_who_takes_them(at: Small) -> None:
    placement, removal = at.hold(CHAIN)
    night, leaves = placement.booking.nights[0], removal.booking.departure
    assert leaves is not None
    facility = at.office.world().facility[placement.booking.facility or ""]
    page = look(at, f"/board?of=places&day={night}")
    assert f"1 / {facility.places_on(night)}" in page
    assert f'<a href="/bookings/{placement.booking.id}">{CHAIN}</a>' in page
    assert f"1 / {facility.places_on(night)}" in look(at, f"/board?of=places&span=week&day={night}")
    departure = at.office.world().departure[leaves]
    day = departure.departs.date()
    page = look(at, f"/board?of=departures&only=booked&day={day}")
    assert page.count('<th scope="row">') == 1
    assert f'<a href="/bookings/{removal.booking.id}">{CHAIN}</a>' in page
    assert f"1 / {departure.seats.unescorted}" in page
    week = look(at, f"/board?of=departures&only=booked&span=week&day={day}")
    assert f"1 / {departure.seats.unescorted + departure.seats.escorted}" in week


def test_a_hold_that_ran_out_takes_nothing_though_nobody_wrote_since(at: Small) -> None:
    placement, _ = at.hold(CHAIN)
    at.clock.wait(minutes=16)
    night = placement.booking.nights[0]
    facility = at.office.world().facility[placement.booking.facility or ""]
    assert f"0 / {facility.places_on(night)}" in look(at, f"/board?of=places&day={night}")


def test_the_day_says_where_children_have_no_school(
    at: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = date(2026, 11, 23)
    nowhere = [look(at, f"/board?day={day}"), look(at, f"/board?day={day}", english=True)]
    autumn, *_ = school_holidays.SCHOOL_HOLIDAYS
    away = {"first": day, "last": day + timedelta(days=1)}
    rows = [autumn.model_copy(update={"region": one, **away}) for one in ("midden", "noord")]
    monkeypatch.setattr(school_holidays, "SCHOOL_HOLIDAYS", tuple(rows))
    for of in ("people", "places", "departures"):
        for one in (day, day + timedelta(days=1)):
            path = f"/board?of={of}&day={one}"
            assert '<p class="quiet">Schoolvakantie: noord, midden</p>' in look(at, path)
            there = look(at, path, english=True)
            assert '<p class="quiet">School holidays: north, central</p>' in there
    nowhere.append(look(at, f"/board?day={day + timedelta(days=2)}"))
    nowhere.append(look(at, f"/board?span=week&day={day}"))
    assert not [page for page in nowhere if "choolvakantie" in page or "School holidays" in page]


def test_a_day_outside_the_planning_is_said_and_the_nearest_shown(at: Small) -> None:
    page = look(at, "/board?day=2031-01-01", english=True)
    assert "That day is not planned" in page
    assert 'rel="next"' not in page
    assert 'rel="prev"' in page


@pytest.mark.parametrize("span", ["day", "week"])
@pytest.mark.parametrize("of", ["people", "places", "departures"])
def test_a_board_is_of_real_tables_and_nothing_that_a_browser_refuses(
    at: Small, of: str, span: str
) -> None:
    (held,) = at.hold(REMOVED)
    page = look(at, f"/board?of={of}&span={span}&day={held.booking.end.date()}")
    assert page.count("<table") == page.count("<caption>") >= 1
    assert page.count("<h1>") == 1
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", page)


def test_what_is_shown_of_cases_is_recorded(at: Small) -> None:
    (held,) = at.hold(PLACED)
    before = seen(at)
    look(at, f"/board?day={held.booking.start.date()}&only=booked")
    assert seen(at) - before == len(at.office.world().case[PLACED].persons)


def seen(at: Small) -> int:
    """Return how often somebody was shown something of a person."""
    with at.database.reading() as connection:
        rows = select(func.count()).select_from(PROCESSING).where(PROCESSING.c.activity == "read")
        return connection.execute(rows).scalar_one()


@pytest.mark.parametrize(
    "query", ["day=soon", "span=year", "of=all", "limit=0", "limit=1001", "offset=-1", "role=A!"]
)
def test_what_cannot_be_looked_at_is_refused(at: Small, query: str) -> None:
    with asking(at.office, Role.planner) as http:
        assert http.get(f"/board?{query}", headers=PEOPLE).status_code == 400


@pytest.mark.parametrize("role", [one for one in Role if one != Role.planner])
def test_the_board_is_for_planners(at: Small, role: Role) -> None:
    with asking(at.office, role, organisation="DV&O", officer="rv-01") as http:
        assert http.get("/board", headers=PEOPLE).status_code == 403
