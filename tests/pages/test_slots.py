"""Slots side by side, and the life of a booking, as a planner goes through them with a browser."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.access.person import Role
from api.language import LANGUAGES
from api.pages.hours import drawn
from api.pages.life import FAILURES, RELEASES, STATUSES
from api.store.life import Failure, Release, Status
from constraints.register import REGISTER
from scheduler.occupancy import Occupancy
from scheduler.pattern import Patterns
from scheduler.plan import claims_of
from tests.api.people import asking
from tests.store.offices import CHAIN, PLACED, PLANNER, REMOVED, TWIN, Small, assert_whole, claimed
from tests.store.test_logs import processing

NL, EN = LANGUAGES["nl"], LANGUAGES["en"]


@dataclass
class Form:
    """A form of a page, with what a browser would send."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Forms(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Take over what a tag sends."""
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(told.get("action", "")))
        elif tag == "select":
            self._select = told["name"]
            self.found[-1].values[self._select] = ""
        elif tag == "option" and "selected" in told:
            self.found[-1].values[self._select] = told["value"]
        elif tag == "input" and "name" in told:
            self.found[-1].values[told["name"]] = told["value"]
        elif tag == "button" and self.found and "name" in told:
            self.found[-1].buttons.append((told["name"], told["value"]))


def forms(page: Response, ending: str) -> list[Form]:
    """Return the forms of a page that are sent to an address with that ending."""
    parser = Forms()
    parser.feed(page.text)
    return [one for one in parser.found if one.action.endswith(ending)]


def words(page: Response) -> str:
    """Return what a page says, without its markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page.text)))


@contextmanager
def looking(at: Small, *roles: Role) -> Iterator[TestClient]:
    """Look with a browser, as a planner unless it is said."""
    with asking(at.office, *(roles or [Role.planner])) as client:
        client.headers["accept"] = "text/html"
        yield client


def send(client: TestClient, form: Form, **values: str) -> Response:
    return client.post(form.action, data=form.values | values)


def slots(client: TestClient, case: str) -> Response:
    page = client.get(f"/cases/{case}/slots")
    assert page.status_code == 200
    return page


def held(client: TestClient, case: str, n: int = 0) -> Response:
    page = send(client, forms(slots(client, case), "/slots")[n])
    assert page.status_code == 200
    return page


def test_what_is_proposed_stands_side_by_side(at: Small) -> None:
    proposals = at.office.desk().ask(CHAIN).proposals
    with looking(at) as client:
        page = slots(client, CHAIN)
    assert len(forms(page, "/slots")) == len(proposals) > 1
    told = words(page)
    world = at.office.world()
    for one in proposals:
        zone = world.location[world.case[CHAIN].location].timezone
        assert NL.moment(one.start, zone, world.as_of.date()) in told
        assert one.place in told
        assert one.facility
        assert one.facility in told
        assert one.departure
        assert (world.departure[one.departure].number or "") in told
        for each in one.attendances:
            assert each.role == "person" or {*each.resources} <= {*re.findall(r"[\w.-]+", told)}
        for clock in one.clocks:
            assert clock.title.nl in told
        for due in one.due:
            assert due.title.nl in told


def test_a_page_speaks_the_language_that_was_chosen(at: Small) -> None:
    with looking(at) as client:
        dutch = words(slots(client, PLACED))
        client.cookies.set("language", "en")
        english = words(slots(client, PLACED))
    assert "Slot 1 reserveren" in dutch
    assert "Zelfstandig vertrek blijft mogelijk" in dutch
    assert "Hold slot 1" in english
    assert "Independent departure stays open" in english


def test_each_row_of_the_hours_is_as_wide_as_the_hours(at: Small) -> None:
    with looking(at) as client:
        page = slots(client, CHAIN).text
    tables = re.findall(r'<table class="time hours">.*?</table>', page, re.DOTALL)
    assert len(tables) == 2 * page.count('<section class="card"')
    for table in tables:
        rows = re.findall(r"<tr.*?</tr>", table, re.DOTALL)
        widths = {sum(map(int, re.findall(r'colspan="(\d+)"', row))) for row in rows}
        assert len(widths) == 1
        assert all(re.search(r'<th scope="row">', row) for row in rows[1:])


def test_the_hours_say_why_a_leg_cannot_begin_at_another_hour(at: Small) -> None:
    _, around = at.office.desk().side_by_side(PLACED)
    shut = [one for one in around[0][0].starts if one.reasons]
    assert shut
    with looking(at) as client:
        told = words(slots(client, PLACED))
    assert "kan niet beginnen" in told
    assert "Waarom niet op een ander uur?" in told


def test_a_glance_shows_who_takes_part_who_is_free_who_is_taken_and_who_is_not_there(
    at: Small,
) -> None:
    at.hold(TWIN)
    desk = at.office.desk()
    world = desk.world
    answer, (around, *_) = desk.side_by_side(PLACED)
    booking, day = answer.proposals[0].bookings[0], around[0]
    occupancy = Occupancy(world)
    patterns = Patterns(world, REGISTER)
    for one in world.bookings:
        occupancy.claim(claims_of(patterns.of(one.case), one))
    hours = drawn(NL, world, day, booking, "Europe/Amsterdam")
    seen = set()
    for row, line in zip(day.rows, hours.lines, strict=True):
        states = [cell.state for cell in line.cells for _ in range(cell.span)]
        assert len(states) == len(range(day.first, day.end))
        if row.kind != "role":
            continue
        mine = [one for one in booking.attendances if one.role == row.name]
        others = [one.id for one in world.roles.get(row.name, ())]
        for slot, state in enumerate(states, day.first):
            now = world.grid.at(slot)
            seen.add(state)
            assert (state == "here") == any(one.from_ <= now < one.until for one in mine)
            names = {name for one in mine for name in one.resources}
            if state == "free" and others:
                assert all(occupancy.free(name) >> slot & 1 for name in names)
            if state == "other":
                assert not all(occupancy.free(name) >> slot & 1 for name in names)
                assert any(occupancy.free(name) >> slot & 1 for name in others)
            if state == "taken" and others:
                assert any(occupancy.claimed(name) >> slot & 1 for name in others)
    assert {"here", "free", "away"} <= seen


def test_a_colleague_who_is_free_is_told_apart_from_who_is_named(at: Small) -> None:
    desk = at.office.desk()
    answer, days = desk.side_by_side(REMOVED)
    (booking,), (day,) = answer.proposals[0].bookings, days[0]
    mine = {one.role: one.resources for one in booking.attendances}
    busy = [replace(one, each=dict.fromkeys(mine.get(one.name, ()), 0)) for one in day.rows]
    hours = drawn(NL, desk.world, replace(day, rows=tuple(busy)), booking, "Europe/Amsterdam")
    for row, line in zip(day.rows, hours.lines, strict=True):
        if row.kind == "role" and mine[row.name] and row.name != "person":
            states = [cell.state for cell in line.cells for _ in range(cell.span)]
            assert "free" not in states
            assert ("other" in states) == any(
                row.free >> slot & 1 and state != "here"
                for slot, state in enumerate(states, day.first)
            )
    assert "een collega is vrij" in {
        cell.says.partition(",")[0] for line in hours.lines for cell in line.cells
    }


def test_a_flight_that_has_not_left_is_not_called_off_the_roster(at: Small) -> None:
    desk = at.office.desk()
    answer, days = desk.side_by_side(REMOVED)
    (booking,), (day,) = answer.proposals[0].bookings, days[0]
    line = drawn(NL, desk.world, day, booking, "Europe/Amsterdam").lines[-1]
    assert [cell.state for cell in line.cells] == ["waits", "here"]


def test_it_is_noted_whose_case_somebody_looks_at(at: Small) -> None:
    with looking(at) as client:
        slots(client, PLACED)
        assert ("propose", f"{PLACED}-a") in looked(at)
        page = held(client, PLACED)
    assert ("read", f"{PLACED}-a") in looked(at)
    assert page.status_code == 200


def looked(at: Small) -> set[tuple[str, str]]:
    """Return what was done with whose data, as the processing log tells it."""
    return {(activity, person) for _, activity, person in processing(at)}


def test_a_slot_is_held_and_counts_down_the_seconds_that_are_left(at: Small) -> None:
    with looking(at) as client:
        page = held(client, PLACED)
        at.clock.wait(minutes=1)
        later = client.get(page.url.path)
    (booking,) = [one for one in at.office.bookings() if one.status == Status.held]
    assert page.url.path == f"/bookings/{booking.booking.id}"
    assert 'data-left="900"' in page.text
    assert 'data-left="840"' in later.text
    assert "Alles is voor u gereserveerd." in words(page)


def test_pressing_twice_holds_once(at: Small) -> None:
    with looking(at) as client:
        form = forms(slots(client, PLACED), "/slots")[0]
        first, again = send(client, form), send(client, form)
    assert first.url == again.url
    assert len([one for one in at.office.bookings() if one.status == Status.held]) == 1


def test_it_is_held_for_as_long_as_is_chosen(at: Small) -> None:
    with looking(at) as client:
        send(client, forms(slots(client, PLACED), "/slots")[0], minutes="60")
    (booking,) = at.office.bookings()
    assert booking.expires_at == at.clock.now + timedelta(hours=1)


def test_a_slot_that_others_took_is_refused_with_what_they_have_and_what_there_is_now(
    at: Small,
) -> None:
    with looking(at) as client:
        form = forms(slots(client, PLACED), "/slots")[0]
        other = at.hold(TWIN)[0].booking
        before = claimed(at.database)
        page = send(client, form)
    assert page.status_code == 409
    assert claimed(at.database) == before
    told = words(page)
    assert "Dit slot is niet meer vrij" in told
    assert f'href="/bookings/{other.id}"' in page.text or "regels gelden nu niet" in told
    assert forms(page, "/slots")[0].values["bookings"] != form.values["bookings"]


@pytest.mark.parametrize("case", [PLACED, CHAIN])
@pytest.mark.parametrize("confirmed", [False, True])
def test_a_booked_case_changes_its_booking_for_another_slot(
    at: Small, case: str, confirmed: bool
) -> None:
    before = [one.booking.id for one in at.hold(case)]
    if confirmed:
        at.confirm(before[0])
    with looking(at) as client:
        page = slots(client, case)
        assert all(f'href="/bookings/{name}"' in page.text for name in before)
        form = forms(page, "/slots")[1]
        kept = send(client, form, instead="")
        assert kept.status_code == 409
        assert "Dit dossier heeft al een boeking." in words(kept)
        page = send(client, form)
    assert page.status_code == 200
    ended = [at.office.booking(name) for name in before]
    assert {one.status for one in ended} == {Status.released}
    assert {one.reason for one in ended} == {Release.replaced}
    new = [one for one in at.office.bookings() if one.status == Status.held]
    assert len(new) == len(before)
    assert page.url.path == f"/bookings/{new[0].booking.id}"
    assert_whole(at.database)


def test_a_booking_that_changed_meanwhile_does_not_give_way(at: Small) -> None:
    name = at.hold(PLACED)[0].booking.id
    with looking(at) as client:
        form = forms(slots(client, PLACED), "/slots")[1]
        at.confirm(name)
        page = send(client, form)
        assert page.status_code == 412
        assert "De huidige boeking is intussen gewijzigd." in words(page)
        at.cancel(name)
        assert send(client, form).status_code in {409, 412}
    assert at.office.booking(name).status == Status.cancelled


def test_a_booking_gives_way_to_its_own_case_alone(at: Small) -> None:
    other = at.hold(TWIN)[0]
    with looking(at) as client:
        form = forms(slots(client, PLACED), "/slots")[0]
        seen = f"{other.booking.id}:{other.revision}"
        assert send(client, form, instead=seen).status_code == 400
    assert at.office.booking(other.booking.id).status == Status.held


def test_a_case_that_was_booked_meanwhile_leads_to_that_booking(at: Small) -> None:
    with looking(at) as client:
        form = forms(slots(client, PLACED), "/slots")[1]
        name = at.hold(PLACED)[0].booking.id
        page = send(client, form)
    assert page.status_code == 409
    assert f'href="/bookings/{name}"' in page.text
    told = words(page)
    assert "Dit dossier heeft al een boeking. Er is niets gereserveerd." in told
    assert "Dit slot is niet meer vrij" not in told


def test_a_blocked_case_says_what_blocks_it(at: Small) -> None:
    desk = at.office.desk()
    blocked = next(one.id for one in desk.world.cases if not desk.ask(one.id).proposals)
    blocking = desk.ask(blocked).blocking
    assert blocking is not None
    with looking(at) as client:
        page = slots(client, blocked)
    told = words(page)
    assert "Voor dit dossier is er nu geen slot." in told
    for one in blocking.reasons:
        assert one.says.nl in told
    for repair in blocking.repairs:
        assert all(says.nl in told for says in repair.says)
    assert f'href="/cases/{blocked}"' in page.text


@pytest.mark.parametrize(
    "values",
    [
        {"minutes": "0"},
        {"minutes": "1441"},
        {"minutes": "soon"},
        {"key": "short"},
        {"instead": "zk-0001-placement"},
        {"bookings": "[]"},
        {"bookings": "{"},
        {"bookings": "[" * 50_000},
        {"bookings": " " * 60_001},
    ],
)
def test_what_no_page_asks_is_refused(at: Small, values: dict[str, str]) -> None:
    with looking(at) as client:
        form = forms(slots(client, PLACED), "/slots")[0]
        assert send(client, form, **values).status_code == 400
    assert not at.office.bookings()


def test_a_slot_of_another_case_is_refused(at: Small) -> None:
    with looking(at) as client:
        form = forms(slots(client, PLACED), "/slots")[0]
        form.action = f"/cases/{TWIN}/slots"
        assert send(client, form).status_code == 400
    assert not at.office.bookings()


@pytest.mark.parametrize("role", [one for one in Role if one is not Role.planner])
def test_slots_and_bookings_are_for_planners_alone(at: Small, role: Role) -> None:
    name = at.hold(PLACED)[0].booking.id
    with looking(at, role) as client:
        assert client.get(f"/cases/{PLACED}/slots").status_code == 403
        assert client.get(f"/bookings/{name}").status_code == 403
        for what in "confirm", "decline", "checks", "execute", "cancel", "release":
            assert client.post(f"/bookings/{name}/{what}").status_code == 403
    assert at.office.booking(name).status == Status.held


def test_there_is_no_page_of_what_is_not_there(at: Small) -> None:
    with looking(at) as client:
        assert client.get("/cases/zk-9999/slots").status_code == 404
        assert client.get("/bookings/zk-9999-removal").status_code == 404


@pytest.mark.parametrize("case", [PLACED, REMOVED, CHAIN])
def test_independent_departure_stays_open_on_every_page(at: Small, case: str) -> None:
    with looking(at) as client:
        for page in slots(client, case), held(client, case):
            assert f'href="/cases/{case}#independent"' in page.text


def test_when_every_partner_has_confirmed_the_booking_is(at: Small) -> None:
    with looking(at) as client:
        page = held(client, PLACED)
        asked = len(at.office.bookings()[0].partners)
        assert len([one for one in forms(page, "/confirm") if "partner" in one.values]) == asked
        for _ in range(asked):
            page = send(client, forms(page, "/confirm")[0])
            assert page.status_code == 200
        assert not forms(page, "/confirm")
    assert at.office.bookings()[0].status == Status.confirmed
    assert "bevestigd" in words(page)


def test_a_partner_declines_with_a_reason_and_the_page_tells_what_could_come_instead(
    at: Small,
) -> None:
    with looking(at) as client:
        page = held(client, PLACED)
        form = next(one for one in forms(page, "/decline") if one.values["partner"] == "DV&O")
        mistake = send(client, form)
        assert mistake.status_code == 400
        assert "Kies een reden." in words(mistake)
        assert 'aria-invalid="true"' in mistake.text
        assert at.office.bookings()[0].status == Status.held
        form = next(one for one in forms(mistake, "/decline") if one.values["partner"] == "DV&O")
        page = send(client, form, reason="medical")
        again = send(client, form, reason="medical")
        instead = client.get(f"{page.url.path}/instead")
    assert page.status_code == 200
    assert page.history
    booking = at.office.bookings()[0]
    assert (booking.status, booking.reason) == (Status.cancelled, Failure.partner_declined)
    told = words(page)
    assert f'hx-get="/bookings/{booking.booking.id}/instead"' in page.text
    assert f'href="/bookings/{booking.booking.id}/instead"' in page.text
    assert "een partner kan niet komen" in told
    assert "medische redenen" in told
    found = words(instead)
    assert "Wat ervoor in de plaats kan komen" in found
    assert "Wie kan gebruiken wat nu vrij is" in found
    for one in at.office.desk().ask(PLACED).proposals:
        assert one.place in found
    assert again.status_code == 200
    assert "geannuleerd" in words(again)


def test_nothing_is_looked_for_instead_once_the_case_is_booked_otherwise(at: Small) -> None:
    with looking(at) as client:
        page = held(client, PLACED)
        form = next(one for one in forms(page, "/decline") if one.values["partner"] == "DV&O")
        page = send(client, form, reason="medical")
        path = page.url.path
        assert "/instead" in page.text
        held(client, PLACED)
        assert "/instead" not in client.get(path).text
        assert "Er wordt niets gezocht" in words(client.get(f"{path}/instead"))
        assert client.get("/bookings/nobody/instead").status_code == 404


def test_one_press_confirms_for_every_partner(at: Small) -> None:
    with looking(at) as client:
        page = held(client, PLACED)
        (whole,) = (one for one in forms(page, "/confirm") if "partner" not in one.values)
        page = send(client, whole)
    assert page.status_code == 200
    booking = at.office.bookings()[0]
    assert booking.status == Status.confirmed
    assert {one.answer for one in booking.partners} == {"confirmed"}


@pytest.mark.parametrize("ending", ["/confirm", "/decline"])
def test_nobody_speaks_for_a_partner_of_a_booking_that_is_not_as_they_saw_it(
    at: Small, ending: str
) -> None:
    with looking(at) as client:
        page = held(client, PLACED)
        name = at.office.bookings()[0].booking.id
        at.confirm(name)
        stale = send(client, forms(page, ending)[0], reason="medical")
    assert stale.status_code == 412
    assert "Iemand anders heeft deze boeking" in words(stale)
    assert at.office.booking(name).status == Status.confirmed


def test_who_departed_independently_leaves_the_planning_and_not_the_booking_alone(
    at: Small,
) -> None:
    with looking(at) as client:
        page = held(client, PLACED)
        form = forms(page, "/cancel")[0]
        page = send(client, form, reason="person-departed-independently")
    assert page.url.path == f"/cases/{PLACED}/departed"
    assert at.office.bookings()[0].status == Status.held


def test_no_partner_declines_for_what_only_a_court_or_the_person_does(at: Small) -> None:
    with looking(at) as client:
        page = held(client, PLACED)
        form = forms(page, "/decline")[0]
        for reason in "court-ended-detention", "person-departed-independently", "planning-error":
            assert send(client, form, reason=reason).status_code == 400
            assert page.text.count(f'value="{reason}"') == 1
    assert at.office.bookings()[0].status == Status.held


def test_a_due_check_is_answered_in_its_window_and_then_the_booking_is_carried_out(
    at: Small,
) -> None:
    name = at.hold(PLACED, minutes=600)[0].booking.id
    at.confirm(name)
    path = f"/bookings/{name}"
    with looking(at) as client:
        page = client.get(path)
        assert not forms(page, "/checks")
        assert not forms(page, "/execute")
        standing = at.office.booking(name)
        at.clock.now = max(one.opens for one in standing.checks)
        page = client.get(path)
        assert len(forms(page, "/checks")) == len(standing.checks)
        empty = send(client, forms(page, "/checks")[0], value="yes", since="")
        assert empty.status_code == 400
        assert "Geef de dag" in words(empty)
        tomorrow = (at.clock.now + timedelta(days=1)).date().isoformat()
        soon = send(client, forms(page, "/checks")[0], value="yes", since=tomorrow)
        assert soon.status_code == 409
        for n in range(len(standing.checks)):
            form = forms(client.get(path), "/checks")[n]
            assert form.buttons == [("value", "yes"), ("value", "no")]
            page = send(client, form, value="yes")
            assert page.status_code == 200
        at.clock.now = max(at.clock.now, standing.booking.start)
        page = send(client, forms(client.get(path), "/execute")[0])
    assert page.status_code == 200
    assert at.office.booking(name).status == Status.executed
    assert "uitgevoerd" in words(page)
    assert not forms(page, "/cancel")


def test_a_booking_fails_with_a_reason_or_is_let_go(at: Small) -> None:
    with looking(at) as client:
        page = held(client, PLACED)
        nothing = send(client, forms(page, "/cancel")[0])
        assert nothing.status_code == 400
        page = send(client, forms(page, "/cancel")[0], reason="medical")
        first = at.office.bookings()[0]
        assert (first.status, first.reason) == (Status.cancelled, Failure.medical)
        assert "medische redenen" in words(page)
        page = send(client, forms(held(client, PLACED), "/release")[0])
        second = at.office.bookings()[1]
        assert (second.status, second.reason) == (Status.released, Release.by_planner)
        assert f'href="/cases/{PLACED}/slots"' in page.text
    assert not claimed(at.database)


def test_nobody_ends_a_booking_that_is_not_as_they_saw_it(at: Small) -> None:
    with looking(at) as client:
        page = held(client, PLACED)
        booking = at.office.bookings()[0]
        at.office.confirm(booking.booking.id, "DV&O", PLANNER)
        for ending, values in ("/release", {}), ("/cancel", {"reason": "medical"}):
            stale = send(client, forms(page, ending)[0], **values)
            assert stale.status_code == 412
            assert "Iemand anders heeft deze boeking" in words(stale)
            assert 'role="alert"' in stale.text
        assert at.office.booking(booking.booking.id).status == Status.held
        page = send(client, forms(stale, "/release")[0])
    assert at.office.booking(booking.booking.id).status == Status.released


def test_what_is_over_cannot_be_confirmed_and_the_page_shows_how_it_stands(at: Small) -> None:
    with looking(at) as client:
        page = held(client, PLACED)
        at.clock.wait(minutes=16)
        late = send(client, forms(page, "/confirm")[0])
        assert late.status_code == 409
        told = words(client.get(page.url.path))
    assert "Dit kan niet meer" in words(late)
    assert "niet op tijd bevestigd" in told
    assert "data-left" not in late.text


def test_the_legs_of_a_chain_lead_to_each_other(at: Small) -> None:
    placement, removal = at.hold(CHAIN)
    with looking(at) as client:
        first = client.get(f"/bookings/{placement.booking.id}")
        second = client.get(f"/bookings/{removal.booking.id}")
    assert f'href="/bookings/{removal.booking.id}"' in first.text
    assert f'href="/bookings/{placement.booking.id}"' in second.text
    assert "Volgt erop" in words(first)
    assert "Gaat vooraf" in words(second)


def test_everything_that_becomes_of_a_booking_has_words() -> None:
    assert STATUSES.keys() == {*Status}
    assert FAILURES.keys() == {*Failure}
    assert RELEASES.keys() == {*Release}
    said = [*STATUSES.values(), *FAILURES.values(), *RELEASES.values()]
    assert not [one for one in said if NL.say(one) == EN.say(one)]
