"""How long a cancel takes while the national world is planned, here and by another service.

Run ``python -m benchmarks.cancelling [TIMES]``. On each database two services share a store: one
plans, the other only answers. A plan is cancelled through either at some moment of planning; told
is how long the answer took, and how long from asking until the work on it was over. Both are in
this process, for the sake of one clock: so the other's answers wait for planning too, as they would
not from a process of its own.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from starlette.testclient import TestClient

from api.app import create_app
from api.jobs import planning
from api.jobs.runner import Halt, Tell
from api.office import Office
from api.settings import Settings
from api.store.database import open_database
from api.store.jobs import Job
from api.store.logs import Actor
from benchmarks.machine import machine
from constraints.register import REGISTER
from fixtures.national import national
from fixtures.worlds import canonical
from scheduler.loading import parse_world
from scheduler.plan import Plan
from scheduler.world import World
from tests.databases import postgres

TIMES = 20
LATEST = 3.0
"""Seconds after which a plan is cancelled at most."""


class Watched:
    """Planning that says when it begins and when it is over."""

    def __init__(self) -> None:
        self.begun, self.over = Event(), Event()

    def __call__(self, world: World, job: Job, tell: Tell, halt: Halt) -> Plan:
        self.over.clear()
        self.begun.set()
        try:
            return planning.plan_all(world, job, tell, halt)
        finally:
            self.begun.clear()
            self.over.set()


def main(times: int) -> None:
    """Print a row per database and service."""
    world = parse_world(canonical(national(supply=0.7)), REGISTER)
    print(f"{machine()}\n")
    print("| database | cancelled where | times | answered: p50 | p95 | worst ", end="")
    print("| over: p50 | p95 | worst |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder, postgres(synced=True) as server:
        _measure("SQLite", f"sqlite:///{Path(folder)}/store.sqlite", world, times)
        with server.fresh() as url:
            _measure("PostgreSQL", url, world, times)
    print(f"\n{machine()} at the end")


def _measure(dialect: str, url: str, world: World, times: int) -> None:
    work = Watched()
    planning.WORKS[planning.PLAN] = work
    chance = random.Random(1)
    with _served(url, 1, world) as here, _served(url, 0) as there:
        for where, http in ("where it is planned", here), ("by the other service", there):
            told = [_cancel(http, work, chance.uniform(0.2, LATEST)) for _ in range(times)]
            answered, over = (_cuts([one[n] for one in told]) for n in range(2))
            print(f"| {dialect} | {where} | {times} | {answered} | {over} |", flush=True)


@contextmanager
def _served(url: str, workers: int, world: World | None = None) -> Iterator[TestClient]:
    database = open_database(url)
    office = Office(database)
    if world is not None:
        office.begin(world, Actor("planner-1", "benchmark"), practice=True)
    try:
        settings = Settings(workers=workers)
        with TestClient(create_app(office, settings=settings)) as http:
            yield http
    finally:
        database.close()


def _cancel(http: TestClient, work: Watched, after: float) -> tuple[float, float]:
    """Return the seconds until a cancel was answered, and until the work was over."""
    name = http.post("/v1/plans", json={"seconds": 600}).json()["id"]
    work.begun.wait()
    time.sleep(after)
    asked = time.perf_counter()
    http.delete(f"/v1/plans/{name}").raise_for_status()
    answered = time.perf_counter()
    work.over.wait()
    return answered - asked, time.perf_counter() - asked


def _cuts(seconds: list[float]) -> str:
    cuts = statistics.quantiles(seconds, n=20, method="inclusive")
    return " | ".join(f"{1000 * one:.0f} ms" for one in (cuts[9], cuts[18], max(seconds)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES)
