"""The room of plans: asked for, followed, stopped, and taken over by people."""

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.app import create_app
from api.jobs.planning import plan_all
from api.jobs.queue import ATTEMPTS, OWN
from api.language import LANGUAGES
from api.pages.plans import CHANGES
from api.settings import Settings
from api.store.jobs import JobStatus, Progress
from api.store.life import Status
from tests.jobs.short import (
    WORKER,
    As,
    Patient,
    at_once,
    how,
    queue,
    running,
    until,
    until_enough,
)
from tests.store.offices import PLACED, PLANNER, REMOVED, TWIN, Small, assert_whole

ADMINISTRATOR = {"x-test": "administrator-1 administrator"}
SOMEBODY = {"x-test": "planner-2 planner"}
ENGLISH = {"cookie": "language=en"}
NL = LANGUAGES["nl"]


@pytest.fixture
def http(at: Small) -> TestClient:
    """The pages as accounts of all kinds see them, in a process that does no jobs."""
    client = TestClient(create_app(at.office, As(), Settings(queue=4)), follow_redirects=False)
    client.headers["accept"] = "text/html"
    return client


def submit(http: TestClient, who: Mapping[str, str] | None = None, **more: str | int) -> Response:
    """Send the form that asks for a plan, as the page has it."""
    key = re.search(r'name="key" value="([^"]+)"', http.get("/plans", headers=who).text)
    assert key
    return http.post("/plans", data={"key": key[1], "seconds": 1, **more}, headers=who)


def asked(http: TestClient, seconds: int = 1, seed: int = 0) -> str:
    """Return the path of the page of a plan that was asked for by the form."""
    told = submit(http, seconds=seconds, seed=seed)
    assert told.status_code == 303, told.text
    return told.headers["location"]


def planned(at: Small, http: TestClient) -> str:
    """Return the path of the page of a plan that is done."""
    path = asked(http)
    with running(queue(at), plan_all):
        until(lambda: queue(at).job(path.removeprefix("/plans/"))[0].status == JobStatus.done)
    return path


def accept(http: TestClient, path: str, *cases: str, **more: str) -> tuple[int, str]:
    told = http.post(path, data={"cases": [*cases], **more})
    return told.status_code, told.headers.get("location") or told.text


def rows(page: str) -> dict[str, str]:
    """Return the row of each case that would change."""
    found = re.findall(r"<tr(?: class=\"conflict\")?>.*?</tr>", page, re.DOTALL)
    cases = [(re.search(r'"/cases/([^"]*)#independent"', one), one) for one in found]
    return {case[1]: row for case, row in cases if case}


def standing(at: Small) -> dict[str, Status]:
    return {one.booking.case: one.status for one in at.office.bookings() if one.booking.claims}


# --- Asked for ------------------------------------------------------------------------------------


def test_a_plan_is_asked_for_with_a_form_and_led_to(at: Small, http: TestClient) -> None:
    assert "Er is nog geen plan." in http.get("/plans").text
    path = asked(http, 7, 5)
    told = http.get(path).text
    assert "7 seconden, startgetal 5" in told
    assert "Het plan wacht op zijn beurt." in told
    listed = http.get("/plans").text
    assert f'href="{path}"' in listed
    assert "wacht" in listed


@pytest.mark.parametrize(
    ("field", "typed"), [("seconds", "0"), ("seconds", "601"), ("seconds", "x"), ("seed", "-1")]
)
def test_a_mistake_is_told_beside_its_field_and_what_was_typed_stays(
    at: Small, http: TestClient, field: str, typed: str
) -> None:
    told = submit(http, None, **{"seconds": "7", "seed": "5", field: typed})
    assert told.status_code == 400
    assert f'id="wrong-{field}">Geef een heel getal van ' in told.text
    assert f'value="{typed}" required aria-invalid="true" aria-describedby="wrong-' in told.text
    assert told.text.count("aria-invalid") == 1
    assert f'value="{"5" if field == "seconds" else "7"}" required>' in told.text
    assert queue(at).jobs_ever("plan", None) == 0


def test_who_sends_the_form_twice_gets_one_plan(at: Small, http: TestClient) -> None:
    form = {"key": "a-key-of-one-form", "seconds": "1", "seed": "0"}
    first, second = (http.post("/plans", data=form) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert queue(at).jobs_ever("plan", None) == 1


def test_who_has_enough_plans_waiting_stays_on_the_page_and_reads_why(http: TestClient) -> None:
    for _ in range(OWN):
        asked(http)
    told = submit(http)
    assert told.status_code == 429
    assert "Er wachten al genoeg plannen van u." in told.text
    assert 'name="seconds"' in told.text
    submit(http, who=SOMEBODY)
    told = submit(http, who=SOMEBODY | ENGLISH)
    assert told.status_code == 503
    assert "Enough plans wait already." in told.text


# --- Followed -------------------------------------------------------------------------------------


def test_how_far_a_plan_is_is_drawn_and_told_in_numbers(at: Small, http: TestClient) -> None:
    path = asked(http)
    name = path.removeprefix("/plans/")
    taken = queue(at).take(WORKER, ["plan"])
    assert taken is not None
    assert "Er wordt een eerste plan gemaakt." in http.get(path).text
    for n in (3, 6, 8):
        queue(at).progress(WORKER, taken[0], how(n))
    part = http.get(f"{path}/progress")
    assert "<html" not in part.text
    assert "<polyline" in part.text
    assert "van 3 tot 10" in part.text  # what is drawn, in words
    assert "20 %" in part.text  # the gap
    page = http.get(path).text
    assert f'hx-get="{path}/progress"' in page
    assert f'<noscript><p><a href="{path}">' in page
    queue(at).done(WORKER, taken[0], at_once(taken[1], taken[0], print, lambda: False))
    over = http.get(f"{path}/progress")
    assert over.headers["hx-refresh"] == "true"
    assert "hx-get" not in http.get(path).text
    assert queue(at).job(name)[0].status == JobStatus.done


def test_a_plan_is_stopped_and_says_that_nothing_is_kept(at: Small, http: TestClient) -> None:
    path, work = asked(http), Patient()
    with running(queue(at), work):
        assert work.begun.wait(20)
        told = http.post(f"{path}/stop")
        assert (told.status_code, told.headers["location"]) == (303, path)
        assert work.stopped.wait(20)
    page = http.get(told.headers["location"]).text
    assert "Het werk is gestopt. Er is niets van bewaard." in page
    assert "/stop" not in page
    again = http.post(f"{path}/stop")
    assert again.status_code == 409
    assert "Dit plan was al klaar of gestopt." in again.text
    assert "already" not in again.text


def test_the_search_is_stopped_and_the_best_plan_so_far_is_looked_at(
    at: Small, http: TestClient
) -> None:
    path = asked(http)
    assert f'action="{path}/keep"' not in http.get(path).text
    early = http.post(f"{path}/keep")
    assert early.status_code == 409
    assert "Dit plan heeft niets opgeleverd, of nog niets." in early.text
    with running(queue(at), until_enough):
        until(lambda: f'action="{path}/keep"' in http.get(f"{path}/progress").text)
        assert http.post(f"{path}/keep", headers=SOMEBODY).status_code == 404
        told = http.post(f"{path}/keep")
        assert (told.status_code, told.headers["location"]) == (303, path)
        until(lambda: queue(at).job(path.removeprefix("/plans/"))[0].status == JobStatus.done)
    page = http.get(path).text
    assert "Wat er verandert" in page
    assert "/keep" not in page


def test_who_asked_for_what_there_is_reads_that_it_comes(at: Small, http: TestClient) -> None:
    path = asked(http)
    taken = queue(at).take(WORKER, ["plan"])
    assert taken is not None
    queue(at).progress(WORKER, taken[0], how(3))
    http.post(f"{path}/keep")
    page = http.get(path).text
    assert "Het beste plan tot nu toe wordt bewaard en is bijna klaar." in page
    assert "/keep" not in page
    assert f'action="{path}/stop"' in page


def test_a_bound_that_nobody_worked_out_is_not_told_as_one(at: Small, http: TestClient) -> None:
    path = asked(http)
    taken = queue(at).take(WORKER, ["plan"])
    assert taken is not None
    found = {"pastLegalEnd": 0, "plannedWeight": 8, "nightsInDetention": 1287}
    bound = {"pastLegalEnd": 0, "plannedWeight": 10, "nightsInDetention": 0}
    queue(at).progress(WORKER, taken[0], Progress(seconds=1, incumbent=found, bound=bound))
    levels = re.findall(r'<th scope="row">(.*?)</tr>', http.get(path).text, re.DOTALL)
    assert ["niet berekend" in one for one in levels] == [False, False, True]
    assert "20 %" in levels[1]
    assert "100 %" not in levels[2]


def test_a_plan_that_is_done_is_held_against_what_was_worked_out_last(
    at: Small, http: TestClient
) -> None:
    path = planned(at, http)
    made = queue(at).result(path.removeprefix("/plans/"))
    weight = next(one for one in made["levels"] if one["level"] == "plannedWeight")
    (row,) = re.findall(r"Gepland, naar gewicht</th>(.*?)</tr>", http.get(path).text, re.DOTALL)
    assert f">{weight['value']}</td>" in row
    assert f">{weight['bound']}</td>" in row
    assert f">{NL.percent(weight['gap'])}</td>" in row


def test_what_failed_or_was_interrupted_says_so(at: Small, http: TestClient) -> None:
    path = asked(http)
    interrupted = "Het werk is onderbroken. Het begint vanzelf opnieuw."
    for says in [*[interrupted] * (ATTEMPTS - 1), "Er kon geen plan worden gemaakt."]:
        assert queue(at).take(WORKER, ["plan"]) is not None
        at.clock.wait(minutes=5)
        queue(at).lapse()
        for page in (http.get(path).text, http.get(f"{path}/progress").text):
            assert says in page


def test_planners_see_their_own_plans_and_an_administrator_all(http: TestClient) -> None:
    path = asked(http)
    assert path not in http.get("/plans", headers=SOMEBODY).text
    for told in (
        http.get(path, headers=SOMEBODY),
        http.get(f"{path}/progress", headers=SOMEBODY),
        http.post(f"{path}/stop", headers=SOMEBODY),
        http.post(path, data={"whole": "yes"}, headers=SOMEBODY),
    ):
        assert told.status_code == 404
    page = http.get("/plans", headers=ADMINISTRATOR).text
    assert path in page
    assert "Begin met plannen" not in page
    form = {"key": "a-key-of-one-form", "seconds": 1}
    assert http.post("/plans", data=form, headers=ADMINISTRATOR).status_code == 403
    assert http.post(f"{path}/stop", headers=ADMINISTRATOR).status_code == 303


@pytest.mark.parametrize("role", ["regievoerder", "partner", "management", "auditor"])
def test_nobody_else_sees_plans(http: TestClient, role: str) -> None:
    path = asked(http)
    for told in ("/plans", path, f"{path}/progress"):
        assert http.get(told, headers={"x-test": f"one {role}"}).status_code == 403


def test_who_minds_the_jobs_is_shown_nothing_of_cases(at: Small, http: TestClient) -> None:
    path = planned(at, http)
    told = http.get(path, headers=ADMINISTRATOR).text
    assert "zk-" not in told
    assert "Alleen planners zien wat er is gepland." in told


# --- Taken over -----------------------------------------------------------------------------------


def test_a_plan_is_shown_as_what_it_changes(at: Small, http: TestClient) -> None:
    path = planned(at, http)
    page = http.get(path).text
    mine = rows(page)
    assert {PLACED, TWIN, REMOVED} <= {*mine}
    assert "Nieuw" in mine[PLACED]
    assert "inbewaringstelling" in mine[PLACED]
    assert "geen boeking" in mine[PLACED]
    assert "New" in rows(http.get(path, headers=ENGLISH).text)[PLACED]
    assert standing(at) == {}


def test_every_case_that_is_proposed_keeps_independent_departure_open(
    at: Small, http: TestClient
) -> None:
    page = http.get(planned(at, http)).text
    assert "Zelfstandig vertrek blijft voor iedereen mogelijk." in page
    for case, row in rows(page).items():
        assert f'href="/cases/{case}#independent"' in row


def test_a_plan_is_taken_over_whole(at: Small, http: TestClient) -> None:
    path = planned(at, http)
    assert accept(http, path, whole="yes", hold_minutes="60") == (303, path)
    assert {*standing(at).values()} == {Status.held}
    page = http.get(path).text
    assert "Het plan is overgenomen" in page
    assert rows(page) == {}
    assert "er valt niets over te nemen" in page
    assert PLACED in http.get(path, params={"change": "kept"}).text
    assert_whole(at.database)


def test_a_plan_is_taken_over_for_the_cases_that_are_chosen(at: Small, http: TestClient) -> None:
    path = planned(at, http)
    assert accept(http, path, PLACED, REMOVED)[0] == 303
    assert {*standing(at)} == {PLACED, REMOVED}
    left = rows(http.get(path).text)
    assert PLACED not in left
    assert TWIN in left


def test_what_is_taken_over_is_held_for_a_day_unless_somebody_says_otherwise(
    at: Small, http: TestClient
) -> None:
    path = planned(at, http)
    assert '<option value="1440" selected>' in http.get(path).text
    accept(http, path, REMOVED)
    (held,) = (one for one in at.office.bookings() if one.booking.case == REMOVED)
    assert held.expires_at == at.clock.now + timedelta(days=1)


def test_all_cases_are_ticked_by_one_link_without_script(at: Small, http: TestClient) -> None:
    path = planned(at, http)
    page = http.get(path).text
    assert " checked" not in page
    link = re.search(r'href="([^"]*ticked=yes[^"]*)"[^>]*>Alles aanvinken<', page)
    assert link
    ticked = rows(http.get(link[1].replace("&amp;", "&")).text)
    assert ticked.keys() == rows(page).keys()
    assert all(" checked" in one for one in ticked.values())


def test_who_chooses_nothing_is_asked_to_choose(at: Small, http: TestClient) -> None:
    status, page = accept(http, planned(at, http))
    assert status == 400
    assert "Kies minstens één dossier" in page
    assert standing(at) == {}


def test_what_is_in_the_way_is_shown_at_the_case_and_nothing_is_taken_over(
    at: Small, http: TestClient
) -> None:
    path = planned(at, http)
    (held,) = at.hold(PLACED, 1)
    status, page = accept(http, path, PLACED, REMOVED)
    assert status == 409
    assert {*standing(at)} == {PLACED}
    mine = rows(page)
    assert next(iter(mine)) == PLACED  # what is in the way comes first
    assert f"is bezet door {held.booking.id}" in mine[PLACED]
    assert 'class="conflict"' in mine[PLACED]
    assert "conflict" not in mine[REMOVED]
    assert [" checked" in mine[one] for one in (PLACED, REMOVED)] == [False, True]
    assert accept(http, path, REMOVED)[0] == 303


def test_what_is_held_otherwise_since_cannot_be_chosen_and_stays_when_all_is_taken_over(
    at: Small, http: TestClient
) -> None:
    path = planned(at, http)
    others = rows(http.get(path).text).keys() - {PLACED, REMOVED}
    assert accept(http, path, *others)[0] == 303  # who would be in the way else
    for n in range(5):
        (held,) = at.hold(PLACED, n)
        page = http.get(path).text
        if PLACED in rows(page):  # else it is the slot of the plan
            break
        at.office.release(held.booking.id, PLANNER)
    assert "Intussen anders gereserveerd" in rows(page)[PLACED]
    assert "checkbox" not in rows(page)[PLACED]
    assert "Wat intussen anders is gereserveerd, blijft zo." in page
    assert accept(http, path, REMOVED)[0] == 303
    assert accept(http, path, whole="yes")[0] == 303
    assert at.office.booking(held.booking.id) == held


def test_a_plan_whose_time_has_passed_says_so_at_each_case(at: Small, http: TestClient) -> None:
    path = planned(at, http)
    at.clock.wait(days=20)
    status, page = accept(http, path, PLACED)
    assert status == 409
    assert "Het geplande moment is voorbij." in rows(page)[PLACED]


def test_what_is_not_done_is_not_taken_over(http: TestClient) -> None:
    assert accept(http, asked(http), whole="yes")[0] == 409
    assert accept(http, "/plans/plan-0", whole="yes")[0] == 404


def test_cases_of_which_a_plan_says_nothing_are_refused(at: Small, http: TestClient) -> None:
    assert accept(http, planned(at, http), PLACED, "zk-8888")[0] == 400
    assert standing(at) == {}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_shown_one_kind_at_a_time(at: Small, http: TestClient, change: str) -> None:
    path = planned(at, http)
    page = http.get(path, params={"change": change}).text
    assert bool(rows(page)) == (change == "new")
    assert page.count('aria-current="page"') == 1
    assert http.get(path, params={"change": "other"}).status_code == 400


def test_why_a_case_has_no_booking_is_told_in_the_language_of_who_reads(
    at: Small, http: TestClient
) -> None:
    path = planned(at, http)
    dutch, english = http.get(path).text, http.get(path, headers=ENGLISH).text
    assert "Zonder boeking" in dutch
    assert "Het past ook niet zonder de andere dossiers." in dutch
    assert "It would not fit without the others either." in english


def test_who_reads_a_plan_is_in_the_log_of_whose_data_is_used(at: Small, http: TestClient) -> None:
    path, seen = planned(at, http), []
    at.office.seen = lambda activity, told: seen.append(activity)  # type: ignore[method-assign]
    http.get(path)
    http.get(f"{path}/progress")
    assert seen == ["read"]
