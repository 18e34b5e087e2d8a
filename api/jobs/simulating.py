"""Simulating as a job: a scenario on the Dutch chain. Nothing of any case of the store is in it."""

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError, ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any

import pandas as pd
from pydantic import Field

from api.certificates import told
from api.jobs.queue import Queue
from api.jobs.runner import Tell
from api.simulations import (
    compared,
    fullest,
    headline,
    replicated,
    rows_of,
    same_dice,
    simulator,
    week_cut,
)
from api.store.jobs import Job, Progress
from scheduler.simulation.bottlenecks import candidates, worths
from scheduler.simulation.replications import Pool
from scheduler.simulation.results import Results, summary
from scheduler.simulation.scenario import Scenario, parse_scenario
from scheduler.simulation.simulator import Simulator
from scheduler.stopping import Stop
from scheduler.world import Part, World

SIMULATION = "simulation"
REPLICATED = "replications"
"""The table that has what a comparison needs; simulations of before it have none."""
Cell = str | int | float | None


class SimulationTable(Part):
    """Numbers of a simulation: means with the bounds of their 95 % intervals, where it has any."""

    columns: tuple[str, ...] = Field(
        description="What each place of a row is.", examples=[["measure", "of", "mean"]]
    )
    rows: tuple[tuple[Cell, ...], ...] = Field(description="Null where there is no interval.")

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a frame."""
        return pd.DataFrame([*self.rows], columns=[*self.columns])


class Sentence(Part):
    """A sentence of the certificate of a week."""

    nl: str
    en: str


class Simulated(Part):
    """What came of a simulation, table by table, and what a week can hold where that was asked."""

    tables: dict[str, SimulationTable]
    certificate: tuple[Sentence, ...] = ()


class IncomparableError(Exception):
    """Simulations that say nothing beside each other: it tells why."""


def simulate(_world: World, job: Job, tell: Tell, stop: Stop) -> Simulated:
    """Do the replications of a scenario in a process of their own, which shares nothing.

    Then those of the same with one unit more of each of so many things as are asked; and work out
    what a week can hold.
    """
    asked = job.request
    scenario = parse_scenario(asked["scenario"])
    pool = Pool(worker)
    made = simulator(scenario, pool, stop=stop)
    try:
        most = asked.get("bottlenecks", 0)
        run = _Counting(made, asked["replications"], tell, 1 + most)
        found, worth = run.results(scenario), None
        if most:
            waited = candidates(scenario, made.setting.world, made.source.register, found)
            tried = fullest(waited, found)[:most]
            run.expect(1 + len(tried))
            worth = worths(scenario, found, tried, run.results)
        certificate: tuple[Sentence, ...] = ()
        if (week := asked.get("week")) is not None:
            with pool.open() as executor:
                monday = date.fromisoformat(week)
                certificate = executor.submit(_certified, scenario, monday).result()
    except CancelledError:
        return Simulated(tables={})  # whoever cancelled it waits for nothing
    return simulated(found, worth, certificate)


def worker() -> ProcessPoolExecutor:
    """Return a process of its own to work in, which ends with this one, also where that is killed.

    A process with threads makes poor copies of itself, so it begins anew.
    """
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_end_with_server)


def _end_with_server() -> None:
    # Otherwise it waits for work for ever: it keeps the end of the pipe open that it reads from.
    Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    if (server := parent_process()) is not None:
        server.join()
        os._exit(1)


class _Counting:
    """Simulates one scenario after another, and tells how many replications of all are done."""

    def __init__(self, made: Simulator, replications: int, tell: Tell, scenarios: int) -> None:
        self.made, self.replications, self.tell = made, replications, tell
        self._of = scenarios * replications
        self._done = 0
        self._began = time.monotonic()

    def results(self, scenario: Scenario) -> Results:
        """Return what comes of another scenario."""
        found = self.made.results(scenario, self.replications, self._progress)
        self._done += self.replications
        return found

    def expect(self, scenarios: int) -> None:
        """Tell of another number of scenarios in all, when it is known."""
        self._of = scenarios * self.replications
        self._progress(0, self.replications)

    def _progress(self, done: int, _of: int) -> None:
        done, of = self._done + done, self._of
        seconds = round(time.monotonic() - self._began, 3)
        counts = {"replications": done}, {"replications": of}
        left = (of - done) / of
        self.tell(Progress(seconds=seconds, incumbent=counts[0], bound=counts[1], gap=left))


def _certified(scenario: Scenario, monday: date) -> tuple[Sentence, ...]:
    made = simulator(scenario, Pool(ProcessPoolExecutor))
    said = told(*week_cut(made, scenario, monday))
    return tuple(Sentence(nl=one.nl, en=one.en) for one in said)


def simulated(
    results: Results,
    worth: pd.DataFrame | None = None,
    certificate: tuple[Sentence, ...] = (),
) -> Simulated:
    """Return results as they are kept and told: means, and what a comparison needs."""
    frames = {
        "headline": headline(results.totals),
        "totals": summary(results.totals),
        "weeks": summary(results.weeks, ("measure", "of", "week", "from")),
        "waits": summary(results.waits, ("of", "since", "quantile")),
        "nights": summary(results.nights, ("of", "night"), "inside"),
        "use": summary(results.use, ("role", "region", "language"), "used"),
        REPLICATED: replicated(results.totals),
        **({} if worth is None else {"bottlenecks": worth}),
    }
    tables = {name: table_of(frame) for name, frame in frames.items()}
    return Simulated(tables=tables, certificate=certificate)


def table_of(frame: pd.DataFrame) -> SimulationTable:
    """Return a frame as it is told."""
    moments = frame.select_dtypes("datetime")
    days = {str(name): moments[name].dt.strftime("%Y-%m-%d") for name in moments}
    rows = rows_of(frame.assign(**days).round(6))
    columns = tuple(map(str, frame.columns))
    return SimulationTable(columns=columns, rows=tuple(tuple(one.values()) for one in rows))


def read(queue: Queue, name: str) -> Simulated:
    """Return what came of a simulation that is done."""
    return Simulated.model_validate(queue.result(name), strict=False)


def comparison(queue: Queue, mine: Job, theirs: Job) -> pd.DataFrame:
    """Return how a simulation that is done differs from another (:func:`compared`).

    Raises
    ------
    IncomparableError
        With all that keeps them apart.
    """
    if wrong := [*_apart(mine.request, theirs.request)]:
        raise IncomparableError(f"{mine.id} cannot be compared: {'; '.join(wrong)}")
    tables = [read(queue, one.id).tables for one in (mine, theirs)]
    old = [one.id for one, has in zip((mine, theirs), tables, strict=True) if REPLICATED not in has]
    if old:
        raise IncomparableError(f"{' and '.join(old)} kept too little to be compared; run it again")
    return compared(*(one[REPLICATED].frame for one in tables))


def _apart(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[str]:
    """Yield why what was asked in one request says nothing beside that of another."""
    scenarios = [parse_scenario(one["scenario"]) for one in (mine, theirs)]
    for one in same_dice(*scenarios):
        yield f"{one.path.removeprefix('$.')} {one.says}"
    if mine["replications"] != theirs["replications"]:
        yield "replications must be as many as those of what it is compared with"
