"""Simulating as a job: a scenario on the Dutch chain. Nothing of any case of the store is in it."""

import time
from concurrent.futures import CancelledError, ProcessPoolExecutor
from multiprocessing import get_context

import pandas as pd
from pydantic import Field

from api.jobs.runner import Tell
from api.simulations import headline, rows_of, simulator
from api.store.jobs import Job, Progress
from scheduler.simulation.replications import Pool
from scheduler.simulation.results import Results, summary
from scheduler.simulation.scenario import parse_scenario
from scheduler.stopping import Stop
from scheduler.world import Part, World

SIMULATION = "simulation"
Cell = str | int | float | None


class SimulationTable(Part):
    """Means over the replications, each with the bounds of its 95 % interval."""

    columns: tuple[str, ...] = Field(
        description="What each place of a row is.", examples=[["measure", "of", "mean"]]
    )
    rows: tuple[tuple[Cell, ...], ...] = Field(description="Null where there is no interval.")


class Simulated(Part):
    """What came of a simulation, table by table."""

    tables: dict[str, SimulationTable]


def simulate(_world: World, job: Job, tell: Tell, stop: Stop) -> Simulated:
    """Do the replications of a scenario in a process of their own, which shares nothing."""
    began = time.monotonic()

    def progress(done: int, of: int) -> None:
        left = (of - done) / of
        seconds = round(time.monotonic() - began, 3)
        counts = {"replications": done}, {"replications": of}
        tell(Progress(seconds=seconds, incumbent=counts[0], bound=counts[1], gap=left))

    scenario = parse_scenario(job.request["scenario"])
    # A process with threads makes poor copies of itself, so these begin anew.
    pool = Pool(lambda: ProcessPoolExecutor(1, mp_context=get_context("spawn")))
    try:
        made = simulator(scenario, pool, stop=stop)
        return simulated(made.results(scenario, job.request["replications"], progress))
    except CancelledError:
        return Simulated(tables={})  # whoever cancelled it waits for nothing


def simulated(results: Results) -> Simulated:
    """Return the means of results as they are kept and told."""
    frames = {
        "headline": headline(results.totals),
        "totals": summary(results.totals),
        "weeks": summary(results.weeks, ("measure", "of", "week", "from")),
        "waits": summary(results.waits, ("of", "since", "quantile")),
        "nights": summary(results.nights, ("of", "night"), "inside"),
        "use": summary(results.use, ("role", "region", "language"), "used"),
    }
    return Simulated(tables={name: _table(frame) for name, frame in frames.items()})


def _table(frame: pd.DataFrame) -> SimulationTable:
    moments = frame.select_dtypes("datetime")
    days = {str(name): moments[name].dt.strftime("%Y-%m-%d") for name in moments}
    rows = rows_of(frame.assign(**days).round(6))
    columns = tuple(map(str, frame.columns))
    return SimulationTable(columns=columns, rows=tuple(tuple(one.values()) for one in rows))
