"""Plans over HTTP: asked for, followed, cancelled, and accepted whole or per case."""

import json
import sys
from collections.abc import Iterator, Sequence
from statistics import quantiles
from threading import Thread
from time import perf_counter
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.difference import differences
from api.http.jobs import STREAMS
from api.jobs.planning import plan_all
from api.jobs.queue import OWN
from api.settings import Settings
from api.store.jobs import Progress
from api.store.life import Status
from constraints.register import REGISTER
from scheduler.plan import Plan, Unplanned
from scheduler.planner import plan
from scheduler.world import PERSON, Booking
from tests.jobs.short import WORKER, As, Patient, at_once, how, queue, running, until
from tests.store.offices import (
    NOON,
    PLACED,
    PLANNER,
    REMOVED,
    TWIN,
    Small,
    assert_whole,
    opened,
    small_world,
)

Json = dict[str, Any]


ADMINISTRATOR = {"x-test": "administrator-1 administrator"}
SOMEBODY = {"x-test": "planner-2 planner"}


@pytest.fixture
def http(at: Small) -> TestClient:
    """The service as accounts of all kinds ask it, in a process that does no jobs."""
    return TestClient(create_app(at.office, As(), Settings(queue=4)))


def asked(http: TestClient, **more: Any) -> str:
    told = http.post("/v1/plans", json={"seconds": 1, **more})
    assert told.status_code == 202, told.text
    name: str = told.json()["id"]
    assert told.headers["location"] == f"/v1/plans/{name}"
    return name


def one(http: TestClient, name: str) -> Json:
    told: Json = http.get(f"/v1/plans/{name}").json()
    return told


def planned(at: Small, http: TestClient) -> str:
    """Return a plan of the small world that is done."""
    name = asked(http)
    with running(queue(at), plan_all):
        until(lambda: one(http, name)["status"] in {"done", "failed"})
    assert one(http, name)["status"] == "done"
    return name


def accept(http: TestClient, name: str, **wish: Any) -> Any:
    return http.post(f"/v1/plans/{name}/acceptances", json=wish)


def changes(told: Json) -> dict[str, str]:
    return {one["case"]: one["change"] for one in told["result"]["difference"]}


def standing(at: Small) -> dict[str, Status]:
    """Return the bookings that claim, with how they stand."""
    found = at.office.bookings()
    return {one.booking.id: one.status for one in found if one.booking.claims}


# --- Asked for ------------------------------------------------------------------------------------


def test_a_plan_is_a_job_that_waits_and_tells_what_came_of_it(at: Small, http: TestClient) -> None:
    name = asked(http, seed=5)
    assert one(http, name)["status"] == "queued"
    with running(queue(at), plan_all):
        until(lambda: one(http, name)["status"] == "done")
    told = one(http, name)
    assert (told["seed"], told["attempts"], told["owner"]) == (5, 1, "planner-1")
    assert told["world"] == at.office.world().fingerprint
    assert told["progress"]["gap"] == told["result"]["gap"] == 0.0
    levels = {level["level"]: level for level in told["result"]["levels"]}
    assert levels["plannedWeight"]["value"] == levels["plannedWeight"]["bound"] == 8
    assert all(one["reason"] for one in told["result"]["unplanned"])
    assert {*changes(told).values()} == {"new"}
    assert standing(at) == {}  # nothing of it is held


def test_the_service_does_jobs_itself_while_it_runs(at: Small) -> None:
    with TestClient(create_app(at.office)) as http:
        name = asked(http)
        until(lambda: one(http, name)["status"] == "done")


def test_asked_twice_under_a_key_it_is_one_job(http: TestClient) -> None:
    keyed = {"idempotency-key": "plan-the-week"}
    first, again = (http.post("/v1/plans", json={}, headers=keyed) for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["location"] == first.headers["location"]
    assert http.get("/v1/plans").json()["total"] == 1
    other = http.post("/v1/plans", json={"seed": 1}, headers=keyed)
    assert other.status_code == 422


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"seconds": 601}, {"seed": -1}, {"x": 1}])
def test_what_cannot_be_asked_is_refused(http: TestClient, wrong: Json) -> None:
    assert http.post("/v1/plans", json=wrong).status_code == 400


def test_who_has_enough_jobs_waiting_is_told_to_come_back(http: TestClient) -> None:
    for _ in range(OWN):
        asked(http)
    told = http.post("/v1/plans", json={})
    assert (told.status_code, told.headers["retry-after"]) == (429, "30")


def test_when_the_queue_is_full_everybody_is_told_to_come_back(http: TestClient) -> None:
    for _ in range(OWN):
        asked(http)
    assert http.post("/v1/plans", json={}, headers=SOMEBODY).status_code == 202
    told = http.post("/v1/plans", json={}, headers=SOMEBODY)
    assert (told.status_code, told.headers["retry-after"]) == (503, "30")


# --- Who may see what -----------------------------------------------------------------------------


def test_planners_see_their_own_plans_and_an_administrator_all(http: TestClient) -> None:
    name = asked(http)
    assert http.get("/v1/plans").json()["plans"][0]["id"] == name
    assert http.get("/v1/plans", headers=SOMEBODY).json()["plans"] == []
    assert http.get("/v1/plans", headers=ADMINISTRATOR).json()["total"] == 1
    for ask in (
        http.get(f"/v1/plans/{name}", headers=SOMEBODY),
        http.get(f"/v1/plans/{name}/events", headers=SOMEBODY),
        http.delete(f"/v1/plans/{name}", headers=SOMEBODY),
        http.post(f"/v1/plans/{name}/acceptances", json={}, headers=SOMEBODY),
    ):
        assert ask.status_code == 404
    assert http.delete(f"/v1/plans/{name}", headers=ADMINISTRATOR).json()["status"] == "cancelled"


def test_who_minds_the_jobs_is_told_nothing_of_cases(at: Small, http: TestClient) -> None:
    name = planned(at, http)
    told = http.get(f"/v1/plans/{name}", headers=ADMINISTRATOR)
    assert (told.json()["status"], told.json()["result"]) == ("done", None)
    assert "zk-" not in told.text
    assert http.post(f"/v1/plans/{name}/acceptances", json={}, headers=ADMINISTRATOR).is_error


# --- Cancelled ------------------------------------------------------------------------------------


def test_a_plan_is_cancelled_at_once_and_work_on_it_stops(
    at: Small, http: TestClient, dialect: str
) -> None:
    took = []
    for _ in range(10):
        name, work = asked(http), Patient()
        with running(queue(at), work):
            assert work.begun.wait(20)
            began = perf_counter()
            told = http.delete(f"/v1/plans/{name}")
            took.append(1000 * (perf_counter() - began))
            assert (told.status_code, told.json()["status"]) == (200, "cancelled")
            assert one(http, name)["status"] == "cancelled"
            assert work.stopped.wait(20)
        assert one(http, name)["result"] is None
    assert http.delete(f"/v1/plans/{name}").status_code == 409
    deciles = quantiles(took, n=10)
    print(
        f"{dialect}: cancelled in {deciles[4]:.0f} ms (p50), {deciles[8]:.0f} ms (p90), "
        f"{max(took):.0f} ms (most)",
        file=sys.stderr,  # which pytest -s shows of its workers too
    )


# --- Followed -------------------------------------------------------------------------------------


def events(http: TestClient, name: str, last: int | None = None) -> list[tuple[int, str, Json]]:
    """Return the events of a stream up to its end: their ids, kinds and what they tell."""
    headers = {} if last is None else {"last-event-id": str(last)}
    told = http.get(f"/v1/plans/{name}/events", headers=headers)
    assert told.status_code == (200 if told.text else 204)
    found = []
    for block in told.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


def told_of(at: Small, http: TestClient, words: int) -> Iterator[None]:
    """Do a plan that tells of itself so often, and go on after each word."""
    taken = queue(at).take(WORKER, ["plan"])
    assert taken is not None
    job, world = taken
    for n in range(words):
        queue(at).progress(WORKER, job, how(n))
        yield
    queue(at).done(WORKER, job, at_once(world, job, print, lambda: False))


def test_whoever_resumes_a_stream_misses_nothing_and_sees_nothing_twice(
    at: Small, http: TestClient
) -> None:
    name = asked(http)
    for _ in told_of(at, http, 20):
        pass
    all_of_it = events(http, name)
    assert [number for number, *_ in all_of_it] == [*range(1, 24)]
    kinds = ["status", "status", *["progress"] * 20, "status"]
    assert [kind for _, kind, _ in all_of_it] == kinds
    assert [Progress(**what["progress"]) for _, kind, what in all_of_it if kind == "progress"] == [
        how(n) for n in range(20)
    ]
    for last in range(24):
        assert events(http, name, last) == all_of_it[last:]


def test_a_stream_that_is_open_tells_of_what_happens_and_ends_with_the_job(
    at: Small, http: TestClient
) -> None:
    name = asked(http)
    seen: list[tuple[int, str, Json]] = []
    follower = Thread(target=lambda: seen.extend(events(http, name)))
    follower.start()
    for _ in told_of(at, http, 3):
        pass
    follower.join(20)
    assert seen == events(http, name)
    assert seen[-1][2]["status"] == "done"


def test_an_account_has_only_so_many_streams_open(at: Small, http: TestClient) -> None:
    name = asked(http)
    answered: list[int] = []

    def follow() -> None:
        answered.append(http.get(f"/v1/plans/{name}/events").status_code)

    followers = [Thread(target=follow) for _ in range(STREAMS + 1)]
    for follower in followers:
        follower.start()
    until(lambda: answered == [429])  # the others go on as long as the job does
    queue(at).cancel(name, PLANNER)
    for follower in followers:
        follower.join(20)
    assert sorted(answered) == [*[200] * STREAMS, 429]
    assert events(http, name, 2) == []


@pytest.mark.parametrize("wrong", ["-1", "x", "9999999999"])
def test_an_event_that_cannot_be_is_no_place_to_resume_from(http: TestClient, wrong: str) -> None:
    name = asked(http)
    told = http.get(f"/v1/plans/{name}/events", headers={"last-event-id": wrong})
    assert told.status_code == 400


# --- Accepted -------------------------------------------------------------------------------------


def test_a_plan_is_accepted_whole(at: Small, http: TestClient) -> None:
    name = planned(at, http)
    told = accept(http, name, holdMinutes=60)
    assert told.status_code == 200, told.text
    held = {one["booking"]["id"] for one in told.json()["held"]}
    assert standing(at) == dict.fromkeys(held, Status.held)
    assert {*changes(one(http, name)).values()} == {"kept"}
    assert_whole(at.database)


def test_a_plan_that_is_accepted_twice_is_held_once(at: Small, http: TestClient) -> None:
    name = planned(at, http)
    accept(http, name)
    before = standing(at)
    again = accept(http, name).json()
    assert (again["held"], again["released"]) == ([], [])
    assert PLACED in again["kept"]
    assert standing(at) == before


def test_a_plan_is_accepted_for_some_cases(at: Small, http: TestClient) -> None:
    name = planned(at, http)
    told = accept(http, name, cases=[PLACED, REMOVED]).json()
    assert {one["booking"]["case"] for one in told["held"]} == {PLACED, REMOVED}
    after = changes(one(http, name))
    assert (after[PLACED], after[REMOVED], after[TWIN]) == ("kept", "kept", "new")
    assert_whole(at.database)


def test_what_is_held_stays_and_counts_as_kept(at: Small, http: TestClient) -> None:
    (held,) = at.hold(PLACED)
    name = planned(at, http)
    assert changes(one(http, name))[PLACED] == "kept"
    told = accept(http, name).json()
    assert PLACED in told["kept"]
    assert at.office.booking(held.booking.id) == held


def test_a_case_that_is_held_otherwise_since_is_left_out_of_the_whole_plan(
    at: Small, http: TestClient
) -> None:
    name = planned(at, http)
    others = [case for case, change in changes(one(http, name)).items() if case != PLACED]
    assert accept(http, name, cases=others).status_code == 200
    (held,) = at.hold(PLACED, 1)
    assert changes(one(http, name))[PLACED] == "taken"
    told = accept(http, name).json()
    assert (told["taken"], told["kept"]) == ([PLACED], sorted(others))
    assert at.office.booking(held.booking.id) == held
    assert {*changes(one(http, name)).values()} == {"kept", "taken"}
    assert_whole(at.database)


def test_who_names_a_case_that_is_held_otherwise_is_refused_and_told_by_what(
    at: Small, http: TestClient
) -> None:
    name = planned(at, http)
    (held,) = at.hold(PLACED, 1)
    before = standing(at)
    told = accept(http, name, cases=[PLACED, REMOVED])
    assert told.status_code == 409
    assert {one["booking"] for one in told.json()["taken"]} == {held.booking.id}
    assert standing(at) == before
    assert accept(http, name, cases=[REMOVED]).status_code == 200
    assert_whole(at.database)


def test_a_plan_whose_time_has_passed_is_refused_with_the_reason(
    at: Small, http: TestClient
) -> None:
    name = planned(at, http)
    at.clock.wait(days=20)
    told = accept(http, name)
    assert told.status_code == 409
    assert "begins in the past" in {one["says"] for one in told.json()["violations"]}
    assert standing(at) == {}


def test_only_a_plan_that_is_done_and_only_its_cases_are_accepted(
    at: Small, http: TestClient
) -> None:
    assert accept(http, asked(http)).status_code == 409
    assert accept(http, "plan-0").status_code == 404
    queue(at).cancel(http.get("/v1/plans").json()["plans"][0]["id"], PLANNER)
    name = planned(at, http)
    told = accept(http, name, cases=[PLACED, "zk-8888", "zk-9999"])
    assert told.status_code == 400
    assert [one["in"] for one in told.json()["errors"]] == ["body.cases"] * 2
    assert standing(at) == {}


def test_an_acceptance_under_a_key_is_one(at: Small, http: TestClient) -> None:
    name, keyed = planned(at, http), {"idempotency-key": "accept-it-all"}
    first, again = (
        http.post(f"/v1/plans/{name}/acceptances", json={}, headers=keyed) for _ in range(2)
    )
    assert first.json() == again.json()
    assert first.json()["held"] != []


# --- Proposals that stand -------------------------------------------------------------------------


@pytest.fixture
def proposed(database_url: str) -> Iterator[Small]:
    """The small world in which all that can be planned is proposed already."""
    world = small_world()
    made = plan(world, REGISTER, seconds=1)
    with opened(database_url) as database:
        at = Small(database)
        at.office.begin(world.but(bookings=made.bookings), PLANNER)
        yield at


def plan_of(bookings: Sequence[Booking], *unplanned: str) -> Plan:
    """Return a plan of these bookings, which says of those cases that they do not fit."""
    return Plan(
        world="",
        made_at=NOON,
        seed=0,
        seconds=0,
        bookings=tuple(bookings),
        unplanned=tuple(Unplanned(case=one, reason="does not fit") for one in unplanned),
    )


def test_what_is_proposed_and_planned_again_is_held(proposed: Small) -> None:
    made = plan_of(proposed.office.world().bookings)
    assert {one.change for one in differences(proposed.office.world(), made)} == {"kept"}
    accepted = proposed.office.accept("plan-1", made, PLANNER)
    assert len(accepted.held) == len(made.bookings)
    assert {*standing(proposed).values()} == {Status.held}
    assert_whole(proposed.database)


def test_proposals_of_accepted_cases_that_a_plan_leaves_out_give_way(proposed: Small) -> None:
    world = proposed.office.world()
    others = [one for one in world.bookings if one.case not in {PLACED, TWIN}]
    made = plan_of(others, PLACED, TWIN)
    found = {one.case: one.change for one in differences(world, made)}
    assert {case for case, change in found.items() if change == "dropped"} == {PLACED, TWIN}
    accepted = proposed.office.accept("plan-1", made, PLANNER, [PLACED])
    assert (accepted.held, accepted.released) == ((), tuple(
        one.id for one in world.bookings if one.case == PLACED))  # fmt: skip
    assert {one.booking.case for one in proposed.office.bookings() if one.booking.claims} == {
        one.case for one in world.bookings
    } - {PLACED}
    assert_whole(proposed.database)


def test_a_case_takes_what_another_gives_way_in_one_acceptance(proposed: Small) -> None:
    world = proposed.office.world()
    mine, theirs = (next(b for b in world.bookings if b.case == one) for one in (PLACED, TWIN))
    swapped = [_for(theirs, mine), _for(mine, theirs)]
    made = plan_of(swapped)
    assert {one.change for one in differences(world, made) if one.case in {PLACED, TWIN}} == {
        "moved"
    }
    accepted = proposed.office.accept("plan-1", made, PLANNER)
    assert [one.booking.phases for one in accepted.held] == [mine.phases, theirs.phases]
    assert_whole(proposed.database)


def _for(case: Booking, slot: Booking) -> Booking:
    """Return the booking of a case in the slot of another."""
    people = tuple(
        one.model_copy(update={"resources": (case.case,)}) if one.role == PERSON else one
        for one in slot.attendances
    )
    return slot.model_copy(update={"id": case.id, "case": case.case, "attendances": people})
