"""What partners are asked: told their own part alone, answered once, and shown on their roster."""

import re
from contextlib import AbstractContextManager
from datetime import timedelta
from html import unescape

import pytest
from starlette.testclient import TestClient

from api.access.person import Role
from api.office import Office
from api.pages.roster import roles_of
from api.partners import PARTNERS, reference
from api.store.life import Failure, Status
from api.store.tables import CONFIRMATIONS
from constraints.register import REGISTER
from fixtures.national import national
from fixtures.worlds import canonical
from scheduler.loading import parse_world
from tests.api.people import asking
from tests.store.offices import CHAIN, PLACED, PLANNER, REMOVED, Small

PEOPLE = {"accept": "text/html"}
ENDINGS = "/confirmed", "/declined", "/checked"


class Browser:
    """Follows the forms of a page as somebody does."""

    def __init__(self, http: TestClient, path: str = "/partner") -> None:
        self.http = http
        self.status, self.page = 0, ""
        self.go(path)

    def go(self, path: str) -> None:
        answer = self.http.get(path, headers=PEOPLE)
        self.status, self.page = answer.status_code, answer.text

    def forms(self, ending: str) -> list[tuple[str, dict[str, str]]]:
        """Return the forms whose action ends so: where they go, and what is filled in already."""
        found = []
        for action, inside in re.findall(
            r'<form method="post" action="([^"]+)"[^>]*>(.*?)</form>', self.page, re.S
        ):
            if unescape(action).partition("?")[0].endswith(ending):
                inputs = re.findall(
                    r'<input[^>]*name="([^"]+)" (?:required )?value="([^"]*)"', inside
                )
                found.append((unescape(action), {k: v for k, v in inputs if k != "value"}))
        return found

    def send(self, ending: str, **more: str) -> None:
        action, filled = self.forms(ending)[0]
        answer = self.http.post(action, data={**filled, **more}, headers=PEOPLE)
        self.status, self.page = answer.status_code, answer.text


def called(office: Office, booking: str) -> str:
    return reference(booking, office.began_with() or "")


def names_of_cases(office: Office) -> re.Pattern[str]:
    """Return what finds the id of a case, or of somebody in one."""
    cases = office.ever().cases
    return re.compile(
        "|".join([*(one.id for one in cases), *(p.id for c in cases for p in c.persons)])
    )


def as_partner(office: Office, name: str) -> AbstractContextManager[TestClient]:
    return asking(office, Role.partner, organisation=name)


def test_a_partner_sees_when_where_and_who_and_nothing_of_the_case(at: Small) -> None:
    (held,) = at.hold(PLACED)
    mine = [one for one in held.booking.attendances if one.role == "interpreter"]
    with as_partner(at.office, "Tolkendesk") as http:
        page = Browser(http).page
    assert "Er wacht één verzoek op u." in page
    assert mine[0].resources[0] in page
    assert next(one.place for one in held.booking.phases if one.id == mine[0].phase) in page
    others = {
        each for a in held.booking.attendances if a.role != "interpreter" for each in a.resources
    }
    case = at.office.world().case[PLACED]
    told = {*others - {PLACED}, case.destination, case.assigned_officer, case.persons[0].id}
    assert [one for one in told if (one and f">{one}<" in page) or f" {one}" in page] == []


def test_a_partner_confirms_and_the_request_stays_with_it(at: Small) -> None:
    (held,) = at.hold(PLACED)
    with as_partner(at.office, "Tolkendesk") as http:
        browser = Browser(http)
        browser.send("/confirmed")
        assert browser.status == 200
        assert "Genoteerd: het is bevestigd." in browser.page
        assert "U komt" in browser.page
        assert "Er wacht niets op u." in browser.page
        assert browser.forms("/confirmed") == []
        assert not names_of_cases(at.office).search(browser.page)
    said = {one.partner: one.answer for one in at.office.booking(held.booking.id).partners}
    assert said["Tolkendesk"] == "confirmed"


def test_a_partner_declines_with_a_reason_and_the_booking_fails(at: Small) -> None:
    (held,) = at.hold(PLACED)
    with as_partner(at.office, "Tolkendesk") as http:
        browser = Browser(http)
        browser.send("/declined", reason="partner-declined")
        assert "Genoteerd: het is afgewezen" in browser.page
        assert "U kunt niet komen" in browser.page
    now = at.office.booking(held.booking.id)
    assert (now.status, now.reason) == (Status.cancelled, Failure.partner_declined)


@pytest.mark.parametrize("reason", ["", "holiday"])
def test_who_gives_no_reason_stays_on_the_page_and_is_asked_for_it(at: Small, reason: str) -> None:
    (held,) = at.hold(PLACED)
    with as_partner(at.office, "Tolkendesk") as http:
        browser = Browser(http)
        browser.send("/declined", reason=reason)
        assert browser.status == 400
        assert "<details open>" in browser.page
        assert "Kies waarom u niet kunt komen" in browser.page
        assert not names_of_cases(at.office).search(browser.page)
    assert at.office.booking(held.booking.id).status == Status.held


def test_a_booking_confirmed_without_answers_is_answered_once(at: Small) -> None:
    (held,) = at.hold(PLACED)
    name = held.booking.id
    at.confirm(name)
    with at.database.writing() as connection:  # as a world file brings it in
        connection.execute(CONFIRMATIONS.delete())
    with as_partner(at.office, "Tolkendesk") as http:
        browser = Browser(http)
        browser.send("/confirmed")
        assert "U komt" in browser.page
        assert browser.forms("/confirmed") == []
    told = at.office.booking(name)
    assert told.status == Status.confirmed
    assert [one.partner for one in told.partners if one.answer] == ["Tolkendesk"]
    assert at.office.confirm(name, "Tolkendesk", PLANNER).revision == told.revision


@pytest.mark.parametrize(
    "reason", ["legal-procedure", "court-ended-detention", "person-departed-independently"]
)
def test_a_partner_gives_reasons_of_its_own_alone(at: Small, reason: str) -> None:
    (held,) = at.hold(PLACED)
    assert reason in set(Failure)
    with as_partner(at.office, "Tolkendesk") as http:
        browser = Browser(http)
        assert f'value="{reason}"' not in browser.page
        browser.send("/declined", reason=reason)
        assert browser.status == 400
    assert at.office.booking(held.booking.id) == held


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "9999-12-31", "2026-02-31"])
@pytest.mark.parametrize("path", ["/partner?from={}", "/roster?day={}"])
def test_a_day_that_no_roster_knows_is_told_so(at: Small, path: str, day: str) -> None:
    with as_partner(at.office, "Tolkendesk") as http:
        browser = Browser(http, path.format(day))
        assert browser.status == 400
        assert "geef een dag" in browser.page
        assert "Er is niets gewijzigd" not in browser.page


def test_an_answer_that_comes_too_late_changes_nothing_and_says_so(at: Small) -> None:
    at.hold(PLACED)
    with as_partner(at.office, "Tolkendesk") as http:
        browser = Browser(http)
        at.clock.wait(minutes=16)
        for word, more in (("/confirmed", {}), ("/declined", {"reason": "medical"})):
            page = browser.page
            browser.send(word, **more)
            assert browser.status == 409
            assert "Dit verzoek was al voorbij" in browser.page
            assert "niet op tijd bevestigd" in browser.page
            assert not names_of_cases(at.office).search(browser.page)
            browser.page = page


def test_a_partner_makes_its_own_checks(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    checks = [one for one in held.checks if one.owner == "IND"]
    at.confirm(held.booking.id)
    at.clock.now = checks[0].opens
    with as_partner(at.office, "IND") as http:
        assert "Nu te doen" not in Browser(http).page  # what is made today is too old by then
        at.clock.wait(days=1)
        browser = Browser(http)
        assert "Nu te doen" in browser.page
        assert len(browser.forms("/checked")) == len(checks)
        assert browser.forms("/confirmed") == []
        browser.send("/checked")
        assert browser.status == 400
        assert "Kies de uitkomst" in browser.page
        browser.send("/checked", value="no", made="0001-01-01")
        assert browser.status == 400
        assert "Geef de dag" in browser.page
        assert 'value="0001-01-01"' in browser.page
        assert 'value="no" required checked' in browser.page
        late = (at.clock.now.date() + timedelta(days=2)).isoformat()
        browser.send("/checked", value="yes", made=late)
        assert browser.status == 409
        assert "ligt nog in de toekomst" in browser.page
        browser.send("/checked", value="yes", made=at.clock.now.date().isoformat())
        assert "Het antwoord is genoteerd." in browser.page
    (now,) = (one for one in at.office.booking(held.booking.id).checks if one.owner == "IND")
    assert now.passed


def test_nobody_answers_for_another_partner_or_for_what_it_is_not_asked(at: Small) -> None:
    (held,) = at.hold(PLACED)
    (removal,) = at.hold(REMOVED)
    mine, other = (called(at.office, one.booking.id) for one in (held, removal))
    with as_partner(at.office, "Tolkendesk") as http:
        told = http.post(f"/partner/{mine}/confirmed?partner=politie", headers=PEOPLE)
        assert told.status_code == 403
        told = http.post(f"/partner/{other}/confirmed", headers=PEOPLE)
        assert told.status_code == 404
        assert http.get("/partner?partner=nobody", headers=PEOPLE).status_code == 404
        fact = removal.checks[0].fact
        answer = {"fact": fact, "made": "2026-11-22", "value": "yes"}
        told = http.post(f"/partner/{other}/checked", data=answer, headers=PEOPLE)
        assert told.status_code == 404


def test_a_partner_knows_a_booking_by_its_reference_alone(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    check = next(one for one in held.checks if one.owner in {p.partner for p in held.partners})
    filled = {"reason": "medical", "fact": check.fact, "made": "2026-11-22", "value": "yes"}
    with as_partner(at.office, check.owner) as http:
        actions = [action for ending in ENDINGS for action, _ in Browser(http).forms(ending)]
        assert {one.split("/")[2] for one in actions} == {called(at.office, held.booking.id)}
        for ending in ENDINGS:
            path = f"/partner/{held.booking.id}{ending}"
            assert http.post(path, data=filled, headers=PEOPLE).status_code == 404
    assert at.office.booking(held.booking.id) == held


def test_requests_come_a_week_at_a_time_with_how_many_come_later(at: Small) -> None:
    at.hold(PLACED)
    at.hold(REMOVED)
    with as_partner(at.office, "DV&O") as http:
        browser = Browser(http)
        assert len(browser.forms("/confirmed")) == 2
        browser.go("/partner?from=2027-03-01")
        assert "wordt u niets gevraagd" in browser.page
        browser.go("/partner?show=waiting")
        assert len(browser.forms("/confirmed")) == 2
        assert "/v1/partners/dv-o/calendar" in browser.page


def test_who_answers_for_no_partner_is_told_so(at: Small) -> None:
    with asking(at.office, Role.partner, organisation="Somebody") as http:
        for path in ("/partner", "/roster"):
            assert "hoort geen partner" in Browser(http, path).page


def test_who_answers_for_all_chooses(at: Small) -> None:
    at.hold(PLACED)
    with asking(at.office, Role.partner, Role.planner) as http:
        browser = Browser(http, "/partner?partner=tolkendesk")
        assert '<option value="tolkendesk" selected>' in browser.page
        browser.send("/confirmed")
        assert "Tolkendesk" in browser.page
        assert "U komt" in browser.page


@pytest.mark.parametrize("path", ["/partner", "/roster"])
@pytest.mark.parametrize("role", [one for one in Role if one != Role.partner])
def test_these_pages_are_for_partners(at: Small, path: str, role: Role) -> None:
    with asking(at.office, role, organisation="DV&O", officer="rv-01") as http:
        assert http.get(path, headers=PEOPLE).status_code == 403


def test_a_page_in_english_is_all_in_english(at: Small) -> None:
    at.hold(PLACED)
    with as_partner(at.office, "Tolkendesk") as http:
        http.cookies.set("language", "en")
        browser = Browser(http)
    assert "There is one request that waits for you." in browser.page
    assert "We cannot come" in browser.page


def test_every_partner_has_a_page_and_a_roster_that_name_no_case(at: Small) -> None:
    for case in (PLACED, REMOVED, CHAIN):
        at.hold(case)
    paths = "/partner?show=waiting", "/partner", "/roster", "/roster?span=day&day=2026-11-24"
    names = names_of_cases(at.office)
    with asking(at.office, Role.partner, Role.planner) as http:
        for partner in PARTNERS:
            for path in paths:
                browser = Browser(http, f"{path}{'&' if '?' in path else '?'}partner={partner}")
                assert browser.status == 200, path
                assert not names.search(browser.page), path
                assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", browser.page)


def test_a_roster_shows_the_work_of_ones_own_people_and_where_they_are_asked(at: Small) -> None:
    (held,) = at.hold(PLACED)
    day = held.booking.start.date()
    with as_partner(at.office, "Tolkendesk") as http:
        page = Browser(http, f"/roster?span=day&day={day}").page
    world = at.office.world()
    assert all(one.id in page for one in world.roles["interpreter"])
    assert f"#{called(at.office, held.booking.id)}" in page
    assert not any(one.id in page for one in world.roles["police"])


def test_every_role_is_of_one_partner_in_the_netherlands() -> None:
    world = parse_world(canonical(national(cases=60)), REGISTER)
    found = {name: roles_of(world, name) for name in PARTNERS.values()}
    assert found["DV&O"] == {"transport"}
    assert found["KMar"] == {"escort", "kmar", "room"}
    assert found["Politie"] == {"police"}
    every = [role for roles in found.values() for role in roles]
    assert len(every) == len({*every})
