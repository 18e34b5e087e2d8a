"""A server that is killed while it plans: another one takes its job over, and loses nothing."""

import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from api.store.tables import JOBS
from constraints.register import REGISTER
from fixtures.national import national
from fixtures.worlds import canonical
from scheduler.loading import parse_world
from tests.jobs.short import SOON, until
from tests.store.offices import assert_whole, opened
from tests.store.test_killed import served, to_come

LEASE = 2
"""Seconds: far more than a busy machine keeps a server from renewing it."""
WISH = {"seconds": 3, "seed": 3}
"""Long enough to be killed in, and the best plan is found in a second."""


def test_another_server_does_the_job_of_one_that_is_killed_as_if_nothing_had_happened(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGIETAFEL_LEASE", str(LEASE))
    file = tmp_path / "world.json"
    world = parse_world(canonical(national(cases=16, supply=0.3)), REGISTER)
    file.write_text(to_come(world), encoding="utf-8")
    with served(database_url, file) as one, served(database_url, file) as other:
        with asking(one[1]) as http:
            path = http.post("/v1/plans", json=WISH).headers["location"]
            until(lambda: told(http, path)["progress"] is not None)
        worker = worker_of(database_url, path)
        killed, left = (one, other) if at_work(one[0], worker) else (other, one)
        assert at_work(killed[0], worker)
        killed[0].kill()
        with asking(left[1]) as http:
            until(lambda: told(http, path)["status"] == "done")
            taken_over, again = told(http, path), http.post("/v1/plans", json=WISH)
            assert statuses(http, path) == ["queued", "running", "interrupted", "running", "done"]
            until(lambda: told(http, again.headers["location"])["status"] == "done")
            undisturbed = told(http, again.headers["location"])
    assert (taken_over["attempts"], undisturbed["attempts"]) == (2, 1)
    assert taken_over["seed"] == undisturbed["seed"]
    assert worth(taken_over) == worth(undisturbed)
    with opened(database_url) as database:
        assert_whole(database)


def asking(port: int) -> httpx2.Client:
    """Return a client of the server on a port."""
    return httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=SOON, trust_env=False)


def told(http: httpx2.Client, path: str) -> dict[str, Any]:
    """Return what is told of a plan."""
    answer: dict[str, Any] = http.get(path).raise_for_status().json()
    assert answer["status"] not in {"failed", "cancelled"}, answer
    return answer


def statuses(http: httpx2.Client, path: str) -> list[str]:
    """Return the statuses that a plan which is over went through."""
    lines = http.get(f"{path}/events").text.splitlines()
    return [line.split('"')[-2] for line in lines if '"status":' in line]


def worth(told: dict[str, Any]) -> dict[str, int]:
    """Return what a plan is worth, by level."""
    return {one["level"]: one["value"] for one in told["result"]["levels"]}


def worker_of(database_url: str, path: str) -> str:
    """Return who works on a plan."""
    asked = select(JOBS.c.worker).where(JOBS.c.id == path.rpartition("/")[2])
    with opened(database_url) as database, database.reading() as connection:
        worker: str = connection.execute(asked).scalar_one()
    return worker


def at_work(server: subprocess.Popen[str], worker: str) -> bool:
    """Return whether a worker is of a server: its name has the number of the process in it."""
    return worker.split("-")[-2] == str(server.pid)
