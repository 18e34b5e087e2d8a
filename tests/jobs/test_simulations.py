"""Simulations over HTTP: asked for by management, read by planners, and of nobody."""

import io
import json
from math import inf, nan
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.app import create_app
from api.http.simulations import BASELINE
from api.jobs.queue import Queue
from api.jobs.runner import Runner, Tell, Work
from api.jobs.simulating import REPLICATED, SIMULATION, Simulated, simulate, simulated
from api.settings import Settings
from api.simulations import HEADLINE, compared, fullest, replicated
from api.store.jobs import Job, JobStatus, Progress
from api.store.tables import PROCESSING
from scheduler.simulation.bottlenecks import name_of
from scheduler.simulation.results import results_of
from scheduler.simulation.scenario import Among, Capacity
from scheduler.stopping import Stop, never
from scheduler.world import World
from tests.jobs.short import As, until
from tests.simulation.made_tallies import LEGEND, tally
from tests.store.offices import Small

Json = dict[str, Any]
MANAGER = {"x-test": "manager-1 management"}
OTHER = {"x-test": "manager-2 management"}
PLANNER = {"x-test": "planner-1 planner"}


MORE = 3
"""Departures more in each of the two weeks of a scenario that is called ``more``."""
MORE_OF_IT = BASELINE.replace('name = "baseline"', 'name = "more"')
WEEK = "2027-03-01"


def drawn(_world: World, job: Job, tell: Tell, _stop: Stop) -> Simulated:
    """Stand in for the simulation: tallies that are drawn."""
    count = job.request["replications"]
    tell(Progress(seconds=0.1, incumbent={"replications": count}, bound={"replications": count}))
    more = MORE if job.request["name"] == "more" else 0
    return simulated(results_of([tally(seed, more) for seed in range(count)], LEGEND))


def before(world: World, job: Job, tell: Tell, stop: Stop) -> Simulated:
    """Stand in for a simulation of before there was anything to compare."""
    tables = drawn(world, job, tell, stop).tables
    return Simulated(tables={name: one for name, one in tables.items() if name != REPLICATED})


@pytest.fixture
def http(at: Small) -> TestClient:
    return TestClient(create_app(at.office, As(), Settings(queue=4)), headers=MANAGER)


def asked(http: TestClient, **wish: Any) -> str:
    told = http.post("/v1/simulations", json={"replications": 4, **wish})
    assert told.status_code == 202, told.text
    name: str = told.json()["id"]
    assert told.headers["location"] == f"/v1/simulations/{name}"
    return name


def done(at: Small, http: TestClient, work: Work = drawn, **wish: Any) -> str:
    name = asked(http, **wish)
    runner = Runner(Queue(at.office, 20), {SIMULATION: work}, 1)
    runner.start()
    try:
        until(lambda: http.get(f"/v1/simulations/{name}").json()["status"] == "done")
    finally:
        runner.stop()
    return name


def test_management_asks_and_is_told_means_with_intervals(at: Small, http: TestClient) -> None:
    told = http.get(f"/v1/simulations/{done(at, http)}").json()
    assert (told["name"], told["replications"], told["owner"]) == ("baseline", 4, "manager-1")
    assert told["progress"]["incumbent"] == {"replications": 4}
    rows = [
        dict(zip(told["result"]["columns"], row, strict=True)) for row in told["result"]["rows"]
    ]
    departed = next(one for one in rows if one["measure"] == "departed")
    assert departed["low"] < departed["mean"] < departed["high"]


@pytest.mark.parametrize(
    "table", ["headline", "totals", "weeks", "waits", "nights", "use", "replications"]
)
def test_each_table_is_the_same_as_json_csv_and_parquet(
    at: Small, http: TestClient, table: str
) -> None:
    path = f"/v1/simulations/{done(at, http)}/results?table={table}&format="
    told = http.get(path + "json").json()
    csv = pd.read_csv(io.BytesIO(http.get(path + "csv").content))
    parquet = pd.read_parquet(io.BytesIO(http.get(path + "parquet").content))
    assert told["columns"] == [*csv.columns] == [*parquet.columns]
    assert len(told["rows"]) == len(csv) == len(parquet) > 0


def test_planners_may_read_and_not_ask(at: Small, http: TestClient) -> None:
    name = done(at, http)
    assert http.get(f"/v1/simulations/{name}", headers=PLANNER).status_code == 200
    assert http.get("/v1/simulations", headers=PLANNER).json()["total"] == 1
    assert http.post("/v1/simulations", json={}, headers=PLANNER).status_code == 403


def test_it_is_cancelled_by_whoever_asked(http: TestClient) -> None:
    name = asked(http)
    assert http.delete(f"/v1/simulations/{name}", headers=OTHER).status_code == 404
    assert http.delete(f"/v1/simulations/{name}").json()["status"] == "cancelled"
    assert http.get(f"/v1/simulations/{name}/results").status_code == 409


def test_how_it_fares_is_streamed(at: Small, http: TestClient) -> None:
    name = done(at, http)
    lines = http.get(f"/v1/simulations/{name}/events").text.splitlines()
    events = [json.loads(one.removeprefix("data: ")) for one in lines if one.startswith("data: ")]
    assert [one["status"] for one in events if "status" in one] == ["queued", "running", "done"]


def test_all_that_is_wrong_with_a_scenario_is_told(http: TestClient) -> None:
    wrong = BASELINE.replace("seed = 1", "seed = -1").replace("days = 364", "days = 0")
    told = http.post("/v1/simulations", json={"scenario": wrong})
    assert told.status_code == 400
    assert {one["in"] for one in told.json()["errors"]} == {
        "body.scenario.seed",
        "body.scenario.horizon.days",
    }


@pytest.mark.parametrize("wish", [{"replications": 1}, {"replications": 501}, {"x": 1}])
def test_what_cannot_be_asked_is_refused(http: TestClient, wish: Json) -> None:
    assert http.post("/v1/simulations", json=wish).status_code == 400


def test_a_plan_is_no_simulation(http: TestClient) -> None:
    plan = http.post("/v1/plans", json={}, headers=PLANNER).json()["id"]
    assert http.get(f"/v1/simulations/{plan}").status_code == 404


def test_no_case_is_read_for_it(at: Small, http: TestClient) -> None:
    done(at, http)
    with at.office.database.reading() as connection:
        told = select(PROCESSING).where(PROCESSING.c.activity == "propose")
        assert connection.execute(told).all() == []


# --- Compared -------------------------------------------------------------------------------------


def rows(told: Json) -> dict[tuple[str, str], Json]:
    """Return the rows of a comparison by what they measure, and of what."""
    named = (dict(zip(told["columns"], row, strict=True)) for row in told["rows"])
    return {(one["measure"], one["of"]): one for one in named}


def test_two_simulations_are_compared_replication_by_replication(
    at: Small, http: TestClient
) -> None:
    mine, theirs = done(at, http, scenario=MORE_OF_IT), done(at, http)
    path = f"/v1/simulations/{mine}/comparison?with={theirs}"
    told = http.get(path, headers=PLANNER).json()
    assert told["columns"] == [
        "measure", "of", "mean", "other", "difference", "low", "high", "replications",
    ]  # fmt: skip
    departed = rows(told)["departed", ""]
    # Two weeks with the same chances: nothing is left of those in the difference.
    assert departed["difference"] == departed["low"] == departed["high"] == 2 * MORE
    assert departed["mean"] - departed["other"] == pytest.approx(2 * MORE)
    assert rows(told)["placed", ""]["difference"] == 0
    turned = http.get(f"/v1/simulations/{theirs}/comparison?with={mine}").json()
    assert rows(turned)["departed", ""]["difference"] == -2 * MORE
    csv = pd.read_csv(io.BytesIO(http.get(f"{path}&format=csv").content))
    parquet = pd.read_parquet(io.BytesIO(http.get(f"{path}&format=parquet").content))
    assert told["columns"] == [*csv.columns] == [*parquet.columns]
    assert csv["difference"].tolist() == parquet["difference"].tolist()
    assert len(csv) == len(told["rows"])


def test_a_replication_without_any_wait_has_no_pair() -> None:
    at_all = {"replication": [0, 1, 2], "measure": "median-wait", "of": "removal"}
    mine, theirs = (
        pd.DataFrame({**at_all, "value": values}) for values in ([5, nan, 9], [4, 7, 6])
    )
    (row,) = compared(mine, theirs).to_dict("records")
    assert (row["mean"], row["other"], row["difference"], row["replications"]) == (7, 5, 2, 2)
    assert compared(mine[1:2], theirs[1:2]).empty


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"scenario": BASELINE.replace("seed = 1", "seed = 2")}, "seed must be"),
        ({"scenario": BASELINE.replace("days = 364", "days = 182")}, "horizon must be"),
        ({"replications": 5}, "replications must be"),
    ],
)
def test_what_draws_otherwise_is_not_compared(
    at: Small, http: TestClient, other: Json, words: str
) -> None:
    mine, theirs = done(at, http), done(at, http, **other)
    told = http.get(f"/v1/simulations/{mine}/comparison?with={theirs}")
    assert told.status_code == 409
    assert words in told.json()["detail"]


def test_all_that_keeps_two_apart_is_told(at: Small, http: TestClient) -> None:
    other = BASELINE.replace("seed = 1", "seed = 2").replace("days = 364", "days = 182")
    mine, theirs = done(at, http), done(at, http, scenario=other, replications=5)
    told = http.get(f"/v1/simulations/{mine}/comparison?with={theirs}").json()["detail"]
    assert [one in told for one in ("seed", "horizon", "replications")] == [True] * 3


def test_what_is_not_there_or_not_done_is_compared_with_nothing(
    at: Small, http: TestClient
) -> None:
    mine, waiting = done(at, http), asked(http)
    for one, other in (mine, waiting), (waiting, mine), (mine, "nothing"), ("nothing", mine):
        told = http.get(f"/v1/simulations/{one}/comparison?with={other}")
        assert told.status_code == 404, (one, other)


def test_simulations_of_before_are_read_and_not_compared(at: Small, http: TestClient) -> None:
    old, new = done(at, http, before), done(at, http)
    told = http.get(f"/v1/simulations/{old}").json()
    assert told["certificate"] == []
    assert told["result"]["rows"]
    assert http.get(f"/v1/simulations/{old}/results?table=weeks").json()["rows"]
    assert http.get(f"/v1/simulations/{old}/results?table=replications").status_code == 404
    apart = http.get(f"/v1/simulations/{new}/comparison?with={old}")
    assert apart.status_code == 409
    assert f"{old} kept too little" in apart.json()["detail"]


def test_what_is_kept_of_each_replication_is_what_is_told_first() -> None:
    totals = results_of([tally(seed) for seed in range(3)], LEGEND).totals
    kept = replicated(totals)
    assert set(kept["measure"]) <= {measure for measure, *_ in HEADLINE}
    assert len(kept) == 3 * len(kept[kept["replication"] == 0]) < len(totals)


# --- One more of each, and a week -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"week": "2027-03-02"}, "body.week"),  # a Tuesday
        ({"week": "2026-12-28"}, "body.week"),  # before the horizon
        ({"week": "2028-01-03"}, "body.week"),  # after it
        ({"bottlenecks": 21}, "body.bottlenecks"),
        ({"bottlenecks": -1}, "body.bottlenecks"),
    ],
)
def test_a_week_is_one_of_the_horizon_and_few_things_are_tried(
    http: TestClient, wish: Json, field: str
) -> None:
    told = http.post("/v1/simulations", json=wish)
    assert told.status_code == 400
    assert [one["in"] for one in told.json()["errors"]] == [field]


def test_the_last_whole_week_of_the_horizon_can_be_asked(http: TestClient) -> None:
    told = http.post("/v1/simulations", json={"week": "2027-12-27"}).json()
    assert (told["week"], told["bottlenecks"]) == ("2027-12-27", 0)


def test_what_was_not_asked_is_not_there(at: Small, http: TestClient) -> None:
    name = done(at, http)
    assert http.get(f"/v1/simulations/{name}/results?table=bottlenecks").status_code == 404
    assert http.get(f"/v1/simulations/{name}").json()["certificate"] == []


SHORT = (
    BASELINE.replace("days = 364", "days = 7")
    .replace("warmUp = 84", "warmUp = 0")
    .replace("caseload = 8770", "caseload = 300")
    .replace("daysAhead = 28", "daysAhead = 7")
)
CLOSED = SHORT.replace(
    'resources = { role = "transport" }\ntimes = 2.5',
    'resources = { role = "transport" }\ntimes = 0',
)


def test_the_dutch_chain_is_simulated_from_the_question_to_the_answer(
    at: Small, http: TestClient
) -> None:
    wish = {"replications": 2, "bottlenecks": 1, "week": "2027-01-04"}
    name = asked(http, scenario=CLOSED, **wish)
    runner = Runner(Queue(at.office, 20), {SIMULATION: simulate}, 1)
    runner.start()
    try:
        http.get(f"/v1/simulations/{name}/events")  # which ends with the job
    finally:
        runner.stop()
    told = http.get(f"/v1/simulations/{name}").json()
    assert told["status"] == "done", told
    # Of the scenario itself, and of it with one vehicle where there is none.
    assert told["progress"]["incumbent"] == told["progress"]["bound"] == {"replications": 4}
    assert told["progress"]["gap"] == 0
    first = told["certificate"][0]
    assert "verrichtingen" in first["nl"]
    assert "operations" in first["en"]
    more = http.get(f"/v1/simulations/{name}/results?table=bottlenecks").json()
    assert more["columns"] == ["more", "mean", "low", "high", "replications"]
    (row,) = more["rows"]
    assert row[0].startswith("transport")
    with_itself = http.get(f"/v1/simulations/{name}/comparison?with={name}").json()
    assert {one["difference"] for one in rows(with_itself).values()} == {0}


def test_where_nobody_waits_for_anything_nothing_more_is_tried_and_all_is_told_as_done(
    at: Small,
) -> None:
    calm = SHORT.replace("perYear = 13840", "perYear = 50").replace(
        "caseload = 300", "caseload = 1"
    )
    asked = {"name": "calm", "scenario": calm, "replications": 2, "bottlenecks": 3}
    job = Job("job-1", SIMULATION, "manager-1", JobStatus.running, asked, 0, at.office.now())
    said: list[Progress] = []
    found = simulate(at.office.world(), job, said.append, never)
    assert found.tables["bottlenecks"].rows == ()
    assert [one.bound["replications"] for one in said][:1] == [8]
    assert said[-1].incumbent == said[-1].bound == {"replications": 2}


# --- What is tried first --------------------------------------------------------------------------


def test_the_fullest_is_tried_first_and_what_there_is_nothing_of_is_full() -> None:
    results = results_of([tally(seed) for seed in range(2)], LEGEND)
    shares = {  # of the hours that were rostered, as the tallies have them
        name: one["used"] / one["rostered"] if one["rostered"] else inf
        for one in results.use[results.use["replication"] == 0].to_dict("records")
        for name in [" ".join(filter(None, (one["role"], one["region"], one["language"])))]
    }
    some = [Among(role="interpreter", region=one) for one in ("Noord", "Zuid")]
    some += [Among(role="interpreter", language="ar"), Among(role="police", region="Noord")]
    tried = [Capacity(resources=one, plus=1, source="made up for a test") for one in some]
    names = [name_of(one) for one in fullest(tried, results)]
    assert names[0] == "police Noord"
    assert names == sorted(names, key=lambda one: -shares[one])
    assert names != [name_of(one) for one in tried]
    seats = Capacity(departures="charter", plus=1, source="made up for a test")
    assert fullest([*tried[:3], seats], results)[0] == seats
