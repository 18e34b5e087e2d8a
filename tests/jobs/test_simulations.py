"""Simulations over HTTP: asked for by management, read by planners, and of nobody."""

import io
import json
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.app import create_app
from api.http.simulations import BASELINE
from api.jobs.queue import Queue
from api.jobs.runner import Runner, Tell
from api.jobs.simulating import SIMULATION, Simulated, simulated
from api.settings import Settings
from api.store.jobs import Job, Progress
from api.store.tables import PROCESSING
from scheduler.simulation.results import results_of
from scheduler.stopping import Stop
from scheduler.world import World
from tests.jobs.short import As, until
from tests.simulation.made_tallies import LEGEND, tally
from tests.store.offices import Small

Json = dict[str, Any]
MANAGER = {"x-test": "manager-1 management"}
OTHER = {"x-test": "manager-2 management"}
PLANNER = {"x-test": "planner-1 planner"}


def drawn(_world: World, job: Job, tell: Tell, _stop: Stop) -> Simulated:
    """Stand in for the simulation: tallies that are drawn."""
    count = job.request["replications"]
    tell(Progress(seconds=0.1, incumbent={"replications": count}, bound={"replications": count}))
    return simulated(results_of([tally(seed) for seed in range(count)], LEGEND))


@pytest.fixture
def http(at: Small) -> TestClient:
    return TestClient(create_app(at.office, As(), Settings(queue=4)), headers=MANAGER)


def asked(http: TestClient, **wish: Any) -> str:
    told = http.post("/v1/simulations", json={"replications": 4, **wish})
    assert told.status_code == 202, told.text
    name: str = told.json()["id"]
    assert told.headers["location"] == f"/v1/simulations/{name}"
    return name


def done(at: Small, http: TestClient) -> str:
    name = asked(http)
    runner = Runner(Queue(at.office, 20), {SIMULATION: drawn}, 1)
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


@pytest.mark.parametrize("table", ["headline", "totals", "weeks", "waits", "nights", "use"])
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
