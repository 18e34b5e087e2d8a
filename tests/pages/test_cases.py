"""The worklist, the page of a case, and requests: who is shown what, and what forms do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from html import unescape

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.access.person import Role
from api.desk import Desk
from api.language import LANGUAGES
from api.pages.case import mark
from api.pages.critical_path import MARGIN, SHORTEST, drawn
from api.pages.worklist import PAGE, STATES, by_deadline, next_step, state_of
from api.store.life import Failure, Status
from api.store.logs import Actor
from api.store.tables import AUDIT, PROCESSING
from api.telling import blocks, headline
from api.traffic_lights import MoveView, ReasonView, RepairView
from scheduler.event import CaseWithdrawn
from scheduler.proposal import Words
from scheduler.world import Fact, World
from tests.api.people import asking
from tests.store.offices import CHAIN, FAMILY, PLACED, PLANNER, REMOVED, TWIN, Small, small_world
from tests.store.test_requests import without_police

BLOCKED, UNKNOWN = "zk-0004", "zk-0005"
"""A man whose appeal is pending, and one of whom nobody knows where he stays."""
OFFICER = "rv-01"
"""The officer in charge of the man to be placed and of his twin."""
OFFICERS = Actor("account-1", "http")
KEY = "a-key-of-a-form"
LOOK = {"accept": "text/html"}
ENGLISH = LOOK | {"cookie": "language=en"}


@contextmanager
def looking(at: Small, *roles: Role, officer: str | None = None) -> Iterator[TestClient]:
    """Look at the pages with a browser, as somebody with these roles."""
    with asking(at.office, *roles, officer=officer) as http:
        http.headers.update(LOOK)
        http.follow_redirects = False
        yield http


@pytest.fixture
def planner(at: Small) -> Iterator[TestClient]:
    with looking(at, Role.planner) as http:
        yield http


@pytest.fixture
def officer(at: Small) -> Iterator[TestClient]:
    with looking(at, Role.regievoerder, officer=OFFICER) as http:
        yield http


@pytest.fixture
def short(database_url: str) -> Iterator[Small]:
    """The small world with no police on duty: who is to be placed needs more of them."""
    from tests.store.offices import opened

    with opened(database_url) as database:
        made = Small(database)
        made.office.begin(without_police(), PLANNER)
        yield made


def listed(page: str) -> list[str]:
    """Return the cases of the list, in its order."""
    return re.findall(r'<th scope="row"><a href="/cases/(.*?)">', page)


def row(page: str, case: str) -> str:
    """Return the words of the row of a case."""
    found = re.search(rf'<tr>\s*<th scope="row"><a href="/cases/{case}".*?</tr>', page, re.DOTALL)
    assert found is not None
    return words(found[0])


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def filled(page: str, action: str) -> dict[str, str]:
    """Return what the form of that action sends when nobody changes anything in it."""
    form = re.search(rf'<form method="post" action="{action}".*?</form>', page, re.DOTALL)
    assert form is not None, action
    inputs = re.sub(r'<input(?![^>]* checked)[^>]* type="checkbox".*?>', "", form[0])
    sent = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="(.*?)"', inputs))
    for name, options in re.findall(r'<select[^>]* name="(\w+)".*?>(.*?)</select>', form[0], re.S):
        values = re.findall(r'<option value="(.*?)"( selected)?', options)
        sent[name] = next((one for one, chosen in values if chosen), values[0][0])
    return sent


def world_with(world: World, case: str, **facts: Fact) -> World:
    return world.but(
        cases=tuple(
            one.model_copy(update={"facts": one.facts | facts}) if one.id == case else one
            for one in world.cases
        )
    )


# --- The worklist ---------------------------------------------------------------------------------


def test_a_planner_sees_all_cases_the_first_legal_end_first(at: Small, planner: TestClient) -> None:
    page = planner.get("/cases").text
    desk = at.office.desk()
    assert listed(page) == [one.id for one, _ in by_deadline(desk, desk.world.cases)]
    ends = [end for _, end in by_deadline(desk, desk.world.cases)]
    known = [one for one in ends if one is not None]
    assert known == sorted(known)
    assert ends[len(known) :] == [None] * (len(ends) - len(known))


def test_an_officer_sees_their_own_cases_alone(officer: TestClient) -> None:
    assert sorted(listed(officer.get("/cases").text)) == [PLACED, TWIN]
    assert officer.get(f"/cases/{REMOVED}").status_code == 404
    assert officer.get(f"/cases/{REMOVED}/departed").status_code == 404
    assert officer.post(f"/cases/{REMOVED}/departed").status_code == 404
    for form in "facts", "documents":
        sent = {"about": f"{REMOVED}/no-lawful-stay", "value": "no"}
        assert officer.post(f"/cases/{REMOVED}/{form}", data=sent).status_code == 404
    sent = {"repair": "0" * 64, "key": KEY}
    assert officer.post(f"/cases/{REMOVED}/requests", data=sent).status_code == 404


def test_an_officer_of_nobody_is_told_so(at: Small) -> None:
    with looking(at, Role.regievoerder) as nobody:
        assert "Er zijn nu geen dossiers voor u." in nobody.get("/cases").text


@pytest.mark.parametrize("role", [Role.partner, Role.management, Role.auditor, Role.administrator])
def test_others_look_at_no_case(at: Small, role: Role) -> None:
    with looking(at, role) as other:
        for path in "/cases", f"/cases/{PLACED}", f"/cases/{PLACED}/departed", "/requests":
            assert other.get(path).status_code == 403


def test_an_officer_settles_no_request(officer: TestClient) -> None:
    assert officer.post("/requests/request-1", data={"status": "done"}).status_code == 403


def test_every_lamp_has_a_symbol_and_a_word(planner: TestClient) -> None:
    page = planner.get("/cases").text
    told = row(page, UNKNOWN)
    assert "? grijs" in told
    assert "→ doel" in told
    assert "✓ groen" in told
    assert "Geblokkeerd" in told
    assert "Zoek uit: verblijfplaats DT&V" in told
    assert "Op te lossen: beroep en voorlopige voorziening IND" in row(page, BLOCKED)
    assert "Kies een moment planner" in row(page, REMOVED)


def test_the_list_is_said_in_english_by_choice(planner: TestClient) -> None:
    page = planner.get("/cases", headers=ENGLISH).text
    assert "Find out: whereabouts DT&V" in row(page, UNKNOWN)
    assert '<html lang="en"' in page


def test_what_is_booked_says_what_comes_next(at: Small, planner: TestClient) -> None:
    (held,) = at.hold(REMOVED)
    assert "Gereserveerd" in row(planner.get("/cases").text, REMOVED)
    at.confirm(held.booking.id)
    told = row(planner.get("/cases").text, REMOVED)
    assert "Geboekt" in told
    first = min(held.checks, key=lambda one: one.before)
    assert f"{first.owner}" in told
    assert ", vóór " in told


def test_a_filter_leaves_what_is_meant(at: Small, planner: TestClient) -> None:
    at.hold(REMOVED)
    desk = at.office.desk()
    lamps = desk.lamps(one.id for one in desk.world.cases)
    for state in STATES:
        found = listed(planner.get("/cases", params={"state": state}).text)
        assert sorted(found) == sorted(one.case for one in lamps if state_of(one) == state)
    of = {"operation": "placement-and-removal"}
    assert listed(planner.get("/cases", params=of).text) == [CHAIN]
    assert listed(planner.get("/cases", params={"case": " ZK-0003 "}).text) == [FAMILY]
    assert sorted(listed(planner.get("/cases", params={"officer": OFFICER}).text)) == [PLACED, TWIN]
    region = desk.world.location[desk.case(PLACED).location].region
    assert PLACED in listed(planner.get("/cases", params={"region": region}).text)
    empty = planner.get("/cases", params={"case": "nobody"}).text
    assert "Geen dossier voldoet hieraan." in empty


@pytest.mark.parametrize(
    "query", [{"state": "sad"}, {"offset": "-1"}, {"case": "<b>"}, {"operation": "x"}]
)
def test_a_filter_that_cannot_be_meant_is_refused(
    planner: TestClient, query: dict[str, str]
) -> None:
    assert planner.get("/cases", params=query).status_code == 400


def test_a_long_list_has_pages(database_url: str) -> None:
    from tests.store.offices import opened

    world = small_world()
    more = tuple(
        world.case[PLACED].model_copy(
            update={
                "id": f"zz-{n:04}",
                "persons": (
                    world.case[PLACED].persons[0].model_copy(update={"id": f"zz-{n:04}-a"}),
                ),
            }
        )
        for n in range(PAGE)
    )
    with opened(database_url) as database:
        at = Small(database)
        at.office.begin(world.but(cases=(*world.cases, *more)), PLANNER)
        with looking(at, Role.planner) as planner:
            first = planner.get("/cases", params={"operation": "placement"}).text
            assert len(listed(first)) == PAGE
            link = re.search(r'href="(.*?)" rel="next"', first)
            assert link is not None
            second = planner.get(unescape(link[1])).text
    whole = [one.id for one in (*world.cases, *more) if one.operation == "placement"]
    assert sorted(listed(first) + listed(second)) == sorted(whole)


def test_who_is_shown_is_written_down(at: Small, officer: TestClient) -> None:
    officer.get("/cases")
    with at.database.reading() as connection:
        told = select(PROCESSING.c.data_subject).where(PROCESSING.c.activity == "light")
        assert {*connection.execute(told).scalars()} == {f"{PLACED}-a", f"{TWIN}-a"}


# --- The page of a case ---------------------------------------------------------------------------


def test_the_headline_says_what_blocks_and_whose_it_is(planner: TestClient) -> None:
    page = words(planner.get(f"/cases/{BLOCKED}").text)
    assert "Belemmering: er loopt een schorsend beroep of een voorlopige voorziening" in page
    assert "Ligt bij: IND" in page
    english = words(planner.get(f"/cases/{BLOCKED}", headers=ENGLISH).text)
    assert "Blocked because: a suspensive appeal or a provisional measure is pending" in english


def test_a_case_that_can_be_planned_leads_a_planner_to_its_slots(
    planner: TestClient, at: Small
) -> None:
    page = planner.get(f"/cases/{REMOVED}").text
    assert "Dit dossier kan worden gepland." in page
    assert f'class="button primary" href="/cases/{REMOVED}/slots"' in page
    with looking(at, Role.regievoerder, officer="rv-04") as officer:
        assert "/slots" not in officer.get(f"/cases/{REMOVED}").text


def test_four_lights_are_numbered_and_execution_is_none_of_them(planner: TestClient) -> None:
    page = planner.get(f"/cases/{BLOCKED}").text
    heads = [words(one) for one in re.findall(r"<h3>(.*?)</h3>", page)]
    assert heads[:5] == [
        "1. Juridisch uitzetbaar",
        "2. Beschikbaar",
        "3. In bewaring gesteld",
        "4. Geldig reisdocument",
        "Uitvoering",
    ]
    assert "Geen van de vier stoplichten" in page
    assert re.search("op zijn vroegst (ma|di|wo|do|vr|za|zo) .* dec", words(page))


def test_the_path_is_drawn_and_told(at: Small, planner: TestClient) -> None:
    page = planner.get(f"/cases/{BLOCKED}").text
    shown = at.office.desk().lights(BLOCKED).earliest
    steps = re.search(r'<ol class="steps">(.*?)</ol>', page, re.DOTALL)
    assert steps is not None
    assert re.findall(r"<li>(.*?)</li>", steps[1]) == [one.says.nl for one in shown.path]
    assert len(re.findall(r"<line ", page)) == len(shown.path)
    line = drawn(shown, "Europe/Amsterdam")
    assert [one.x for one in line.strokes] == [MARGIN, *(one.end for one in line.strokes[:-1])]
    assert all(one.end - one.x >= SHORTEST for one in line.strokes)


def test_a_path_without_a_day_has_an_open_end(at: Small, planner: TestClient) -> None:
    page = planner.get(f"/cases/{UNKNOWN}").text
    assert "Geen datum bekend" in page
    assert "daarna: verblijfplaats, geen datum bekend" in page
    assert page.count('class="open"') == 1
    line = drawn(at.office.desk().lights(UNKNOWN).earliest, "Europe/Amsterdam")
    assert line.open is not None
    assert line.strokes[-1].end < line.open < line.width


def test_a_block_without_a_way_out_says_whose_turn_it_is(at: Small) -> None:
    theirs = at.office.world().case[UNKNOWN].assigned_officer
    with looking(at, Role.regievoerder, officer=theirs) as officer:
        told = words(officer.get(f"/cases/{UNKNOWN}").text)
    assert "Er is geen oplossing gevonden: een planner kan hier nog niets doen." in told
    assert "Eerst moet bekend zijn: verblijfplaats Aan zet: DT&V" in told
    assert "Vraag het een planner" not in told


def test_what_nobody_answered_is_not_said_to_be_unknown_twice(planner: TestClient) -> None:
    told = words(planner.get(f"/cases/{UNKNOWN}").text)
    assert "Belemmering: nog te beantwoorden: is bekend waar de vreemdeling verblijft?" in told


def test_several_blocks_are_told_one_by_one(
    at: Small, planner: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = at.office.desk()
    shown, other = (desk.lights(one) for one in (UNKNOWN, BLOCKED))
    both = shown.model_copy(update={"reasons": shown.reasons + other.reasons})
    monkeypatch.setattr(Desk, "lights", lambda *_: both)
    told = blocks(both, LANGUAGES["nl"])
    assert len(told) == 2
    page = words(planner.get(f"/cases/{UNKNOWN}").text)
    assert f"Belemmeringen {' '.join(one[0].upper() + one[1:] for one in told)}" in page
    assert headline(both, LANGUAGES["nl"]) not in page


def test_an_officer_is_told_how_many_are_in_the_way_and_never_whose(
    at: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = "zk-0040-placement", "zk-0041-placement"
    taken = ReasonView(
        constraint="police",
        layer="claimed",
        known=True,
        says=Words(
            nl=f"geen politie (bezet door boekingen {theirs[0]} en {theirs[1]})",
            en=f"no police (taken by bookings {theirs[0]} and {theirs[1]})",
        ),
        bookings=theirs,
    )
    shown = at.office.desk().lights(PLACED)
    light, *others = shown.lights
    check = light.checks[0].model_copy(update={"reasons": (taken,)})
    light = light.model_copy(update={"checks": (check,)})
    swap = RepairView(
        kind="swap",
        says=(Words(nl="zk-0040 schuift op", en="zk-0040 moves"),),
        moves=(MoveView(case=REMOVED, renamed=False, before=(), after=()),),
    )
    blocked = shown.model_copy(
        update={
            "plannable": False,
            "lights": (light, *others),
            "reasons": (taken,),
            "repairs": (swap,),
        }
    )
    monkeypatch.setattr(Desk, "lights", lambda *_: blocked)
    page, api = f"/cases/{PLACED}", f"/v1/cases/{PLACED}/traffic-lights"
    with looking(at, Role.regievoerder, officer=OFFICER) as officer:
        told, english = officer.get(page).text, officer.get(page, headers=ENGLISH).text
        asked = officer.get(api).text
    assert "geen politie (bezet door twee andere boekingen)" in told
    assert "Wijziging van één andere boeking" in told
    assert "no police (taken by two other bookings)" in english
    for one in told, english, asked:
        assert "zk-004" not in one
        assert REMOVED not in one
    with looking(at, Role.planner) as planner:
        assert all(theirs[0] in planner.get(one).text for one in (page, api))


def test_what_is_left_of_a_term_is_the_same_in_the_list_and_on_the_page(
    at: Small, planner: TestClient
) -> None:
    at.hold(REMOVED)
    cases = (one.id for one in at.office.world().cases if at.office.desk().clocks(one.id))
    for case in cases:
        page = words(planner.get(f"/cases/{case}").text)
        told = re.search(r"nog (.*?) over( na de boeking)?", row(planner.get("/cases").text, case))
        assert told is not None
        assert told[1] in page
        assert bool(told[2]) == (case == REMOVED)


def test_a_term_that_is_over_is_nothing_to_settle(at: Small) -> None:
    language, shown = LANGUAGES["nl"], at.office.desk().lamps([BLOCKED])[0]
    today = date(2026, 11, 22)
    what, _ = next_step(shown, language, "Europe/Amsterdam", today, {"appeals"})
    assert what == "Beroep en voorlopige voorziening verstreken"


@pytest.mark.parametrize("case", [PLACED, BLOCKED, UNKNOWN, CHAIN])
def test_no_page_holds_what_its_policy_forbids(planner: TestClient, case: str) -> None:
    for path in f"/cases/{case}", f"/cases/{case}/departed", "/cases", "/requests":
        page = planner.get(path).text
        assert not re.search(r"<style| style=| on\w+=|<script(?! src)", page)
        assert len(re.findall(r"<h1", page)) == 1
        named = re.findall(r' id="(.*?)"', page)
        assert len(named) == len({*named})
        assert {*re.findall(r'<label for="(.*?)"', page)} <= {*named}


def test_what_nobody_asks_of_a_case_is_no_open_question(planner: TestClient) -> None:
    family = words(planner.get(f"/cases/{FAMILY}").text)
    assert "kind" in family
    assert "Heeft een mens apart bevestigd" not in family
    assert "Is bekend waar de vreemdeling verblijft? ? niet bekend" in words(
        planner.get(f"/cases/{UNKNOWN}").text
    )


def test_the_bookings_of_a_case_are_linked_for_planners_alone(
    at: Small, planner: TestClient
) -> None:
    (held,) = at.hold(PLACED)
    assert f'href="/bookings/{held.booking.id}"' in planner.get(f"/cases/{PLACED}").text
    with looking(at, Role.regievoerder, officer=OFFICER) as officer:
        page = officer.get(f"/cases/{PLACED}").text
    assert "gereserveerd" in page
    assert "/bookings/" not in page


def test_every_page_of_a_case_says_that_departing_alone_stays_open(planner: TestClient) -> None:
    for case in PLACED, REMOVED, BLOCKED:
        page = planner.get(f"/cases/{case}").text
        assert 'id="independent"' in page
        assert f'href="/cases/{case}/departed"' in page


# --- What happened --------------------------------------------------------------------------------


def test_another_answer_is_told_with_the_form(at: Small, planner: TestClient) -> None:
    path = f"/cases/{UNKNOWN}"
    sent = filled(planner.get(path).text, f"{path}/facts")
    sent |= {"about": f"{UNKNOWN}/whereabouts-known", "value": "yes", "source": "COA"}
    told = planner.post(f"{path}/facts", data=sent)
    assert (told.status_code, told.headers["location"]) == (303, path)
    answer = at.office.world().case[UNKNOWN].facts["whereabouts-known"]
    assert (answer.value, answer.source) == ("yes", "COA")
    page = planner.get(told.headers["location"]).text
    assert "De wijziging is vastgelegd." in page
    assert "✓ ja" in words(page)
    assert "Belemmering" not in page


def test_an_expired_document_ends_what_was_booked_on_it(at: Small, planner: TestClient) -> None:
    (held,) = at.hold(REMOVED)
    path = f"/cases/{REMOVED}"
    sent = filled(planner.get(path).text, f"{path}/documents")
    sent |= {"about": f"{REMOVED}-a/passport", "valid_until": "2026-11-21"}
    told = planner.post(f"{path}/documents", data=sent)
    assert told.headers["location"] == path
    assert at.office.booking(held.booking.id).status != Status.held
    assert not at.office.desk().lights(REMOVED).plannable
    page = words(planner.get(path).text)
    assert re.search(r"vastgelegd\. De boeking van .* vervalt; er is geen ander moment\.", page)


def test_an_empty_form_changes_nothing_and_says_what_to_choose(
    at: Small, planner: TestClient
) -> None:
    (held,) = at.hold(REMOVED)
    path, before = f"/cases/{REMOVED}", at.office.world().case[REMOVED]
    page = planner.get(path).text
    for form, says in (
        ("facts", ["Kies een vraag.", "Kies het antwoord."]),
        ("documents", ["Kies een document.", "Geef één van deze op"]),
    ):
        told = planner.post(f"{path}/{form}", data=filled(page, f"{path}/{form}"))
        assert told.status_code == 400
        assert all(one in told.text for one in says)
        assert told.text.count('aria-invalid="true"') == 2
    sent = {"about": f"{REMOVED}-a/passport"}
    assert planner.post(f"{path}/documents", data=sent).status_code == 400
    both = sent | {"valid_until": "2027-01-01", "expected": "2026-12-01"}
    assert planner.post(f"{path}/documents", data=both).status_code == 400
    assert at.office.world().case[REMOVED] == before
    assert at.office.booking(held.booking.id).status == Status.held


def test_a_document_that_is_gone_is_said_so_and_is_valid_no_more(
    at: Small, planner: TestClient
) -> None:
    path = f"/cases/{REMOVED}"
    sent = {"about": f"{REMOVED}-a/passport", "gone": "true"}
    assert planner.post(f"{path}/documents", data=sent).status_code == 303
    (passport,) = at.office.world().case[REMOVED].persons[0].documents
    assert passport.valid_until == date(2026, 11, 21)
    assert not at.office.desk().lights(REMOVED).plannable


def test_a_yes_is_not_noted_without_its_source(at: Small, planner: TestClient) -> None:
    path = f"/cases/{UNKNOWN}"
    sent = {"about": f"{UNKNOWN}/whereabouts-known", "value": "yes", "source": " "}
    told = planner.post(f"{path}/facts", data=sent)
    assert told.status_code == 400
    assert "Vul in waar het ja vandaan komt." in told.text
    assert at.office.world().case[UNKNOWN].facts["whereabouts-known"].value == "unknown"
    english = planner.post(f"{path}/facts", data=sent, headers=ENGLISH).text
    assert "Say where the yes comes from." in english


def test_a_change_that_ends_a_confirmed_booking_is_asked_once_more(
    at: Small, planner: TestClient
) -> None:
    (held,) = at.hold(REMOVED)
    at.confirm(held.booking.id)
    path = f"/cases/{REMOVED}"
    sent = {"about": f"{REMOVED}-a/passport", "gone": "true"}
    asked = planner.post(f"{path}/documents", data=sent)
    assert asked.status_code == 409
    assert "Hierdoor vervalt een bevestigde boeking" in asked.text
    assert "er is geen ander moment" in asked.text
    assert at.office.booking(held.booking.id).status == Status.confirmed
    again = filled(asked.text, f"{path}/documents")
    assert again == sent | {"sure": "true"}
    assert planner.post(f"{path}/documents", data=again).status_code == 303
    assert at.office.booking(held.booking.id).status == Status.cancelled


def test_a_change_that_leaves_a_confirmed_booking_is_not_asked_twice(
    at: Small, planner: TestClient
) -> None:
    (held,) = at.hold(REMOVED)
    at.confirm(held.booking.id)
    sent = {"about": f"{REMOVED}-a/passport", "valid_until": "2028-01-01"}
    assert planner.post(f"/cases/{REMOVED}/documents", data=sent).status_code == 303
    assert at.office.booking(held.booking.id).status == Status.confirmed


def test_a_mistake_stays_on_the_page_beside_its_form(at: Small, planner: TestClient) -> None:
    path = f"/cases/{UNKNOWN}"
    sent = {"about": f"{UNKNOWN}/whereabouts-known", "value": "yes", "since": "2027-05-01"}
    told = planner.post(f"{path}/facts", data=sent)
    assert told.status_code == 400
    assert "Er is niets gewijzigd." in told.text
    assert 'value="2027-05-01"' in told.text
    assert 'href="#wrong-fact"' in told.text
    assert at.office.world().case[UNKNOWN].facts["whereabouts-known"].value == "unknown"


@pytest.mark.parametrize(
    "sent",
    [
        {"about": f"{UNKNOWN}/whereabouts-known", "value": "perhaps"},
        {"about": f"{UNKNOWN}/whereabouts-known", "value": "yes", "since": "1800-01-01"},
        {"about": f"{UNKNOWN}/whereabouts-known", "value": "yes", "source": "x" * 121},
        {"value": "yes"},
    ],
)
def test_what_no_form_sends_is_refused(planner: TestClient, sent: dict[str, str]) -> None:
    assert planner.post(f"/cases/{UNKNOWN}/facts", data=sent).status_code == 400


def test_a_form_changes_no_other_case(planner: TestClient) -> None:
    sent = {"about": f"{BLOCKED}/no-suspensive-appeal", "value": "yes"}
    assert planner.post(f"/cases/{UNKNOWN}/facts", data=sent).status_code == 404
    sent = {"about": f"{BLOCKED}-a/passport", "valid_until": "2026-12-01"}
    assert planner.post(f"/cases/{UNKNOWN}/documents", data=sent).status_code == 404


def test_who_departs_independently_is_withdrawn_after_asking_once_more(
    at: Small, officer: TestClient
) -> None:
    (held,) = at.hold(PLACED)
    page = officer.get(f"/cases/{PLACED}").text
    asked = re.search(r'href="(/cases/.*?/departed)"', page)
    assert asked is not None
    sure = officer.get(asked[1]).text
    assert "dat kan niet ongedaan worden gemaakt" in sure
    assert at.office.booking(held.booking.id).status == Status.held
    told = officer.post(asked[1], data=filled(sure, asked[1]))
    assert (told.status_code, told.headers["location"]) == (303, "/cases")
    ended = at.office.booking(held.booking.id)
    assert (ended.status, ended.reason) == (Status.cancelled, Failure.person_departed_independently)
    after = officer.get(told.headers["location"]).text
    assert "ingetrokken wegens zelfstandig vertrek" in after
    assert listed(after) == [TWIN, PLACED]
    assert "Ingetrokken" in after
    assert "Zoek een moment" not in officer.get(f"/cases/{PLACED}").text


# --- Requests -------------------------------------------------------------------------------------


def test_an_officer_asks_and_a_planner_settles(short: Small) -> None:
    path = f"/cases/{PLACED}"
    with looking(short, Role.regievoerder, officer=OFFICER) as officer:
        assert "Er zijn geen verzoeken." in officer.get("/requests").text
        page = officer.get(path).text
        assert "Wat het planbaar zou maken" in page
        told = officer.post(f"{path}/requests", data=filled(page, f"{path}/requests"))
        assert (told.status_code, told.headers["location"]) == (303, "/requests")
        own = words(officer.get(told.headers["location"]).text)
        assert "Het verzoek ligt bij de planners." in own
        assert f"{PLACED} Open" in own
        assert "Weiger" not in own
        again = officer.get(path).text
        assert "Dit is al aan een planner gevraagd." in again
        assert f'action="{path}/requests"' not in again
    (made,) = short.office.requests()
    assert made.repair == short.office.desk().lights(PLACED).repairs[0]
    with looking(short, Role.planner) as planner:
        inbox = planner.get("/requests").text
        assert made.repair.says[0].nl.lower() in words(inbox).lower()
        assert f"/cases/{PLACED}/slots" in inbox
        assert "Uitvoering ✗ rood" in words(inbox)
        sent = {"status": "done"}
        told = planner.post(f"/requests/{made.id}", data=sent)
        assert told.headers["location"] == "/requests"
        assert "Er staat geen verzoek open." in planner.get("/requests").text
        assert planner.post(f"/requests/{made.id}", data=sent).status_code == 303
        other = planner.post(f"/requests/{made.id}", data={"status": "refused"})
        assert other.status_code == 409
        assert "Dit verzoek was al afgehandeld: klaar. Er is niets gewijzigd." in other.text
        assert f"{PLACED} Klaar" in words(planner.get("/requests?status=done").text)
    with short.database.reading() as connection:
        lines = connection.execute(select(AUDIT.c.actor, AUDIT.c.action)).all()
    assert {("account-1", "request"), ("account-1", "settle")} <= {tuple(one) for one in lines}


def test_asking_twice_is_one_request(short: Small) -> None:
    path = f"/cases/{PLACED}"
    with looking(short, Role.regievoerder, officer=OFFICER) as officer:
        page = officer.get(path).text
        sent = filled(page, f"{path}/requests")
        for again in sent, sent, sent | {"key": KEY}:
            assert officer.post(f"{path}/requests", data=again).status_code == 303
        (made,) = short.office.requests()
        short.office.settle(made.id, "refused", PLANNER)
        assert officer.post(f"{path}/requests", data=sent).status_code == 303
        assert short.office.requests("open") == ()
        anew = filled(officer.get(path).text, f"{path}/requests")
        officer.post(f"{path}/requests", data=anew)
    assert len(short.office.requests("open")) == 1


def test_a_planner_is_offered_no_asking_of_planners(short: Small) -> None:
    with looking(short, Role.planner) as planner:
        page = planner.get(f"/cases/{PLACED}").text
    assert "Wat het planbaar zou maken" in page
    assert "Vraag het een planner" not in page


def test_a_way_out_that_is_gone_is_said_on_the_page(short: Small) -> None:
    with looking(short, Role.regievoerder, officer=OFFICER) as officer:
        told = officer.post(f"/cases/{PLACED}/requests", data={"repair": "0" * 64, "key": KEY})
    assert told.status_code == 409
    assert "Deze oplossing is er niet meer" in told.text
    assert short.office.requests() == ()


def test_requests_of_a_case_that_is_gone_stay_to_be_read(short: Small) -> None:
    desk: Desk = short.office.desk()
    short.office.ask(PLACED, desk.lights(PLACED).repairs[0], OFFICERS)
    with looking(short, Role.planner) as planner:
        gone = CaseWithdrawn(id="e", at=short.clock.now, subject=PLACED, kind="case-withdrawn")
        short.office.happened([gone], PLANNER)
        page = planner.get("/requests").text
    assert "Dit dossier is er niet meer." in page
    assert f"/cases/{PLACED}/slots" not in page


def test_the_mark_of_a_way_out_tells_nothing_of_others(short: Small) -> None:
    repair = short.office.desk().lights(PLACED).repairs[0]
    assert re.fullmatch("[0-9a-f]{64}", mark(repair))
