"""How long a simulated year takes, and what it counts.

Run ``python -m benchmarks.simulating [--days N] [--warm-up N] [--replications N] [--workers W]
[--linear N ...]``.
The baseline scenario is compiled and replicated in this process twice, first cold, then with
everything compiled that is asked for; then so many replications in that many processes, the numbers
of ``--linear`` beside each other: what a replication takes should not depend on how many there are.
"""

import argparse
import os
import resource
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from multiprocessing import active_children
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, process_time

from benchmarks.machine import machine
from constraints.register import REGISTER
from fixtures.simulated import dutch
from scheduler.simulation.replication import model_of, replicate
from scheduler.simulation.replications import Study, processes, replicated, source_of, study_of
from scheduler.simulation.scenario import read_scenario
from scheduler.simulation.tally import Tally

BASELINE = Path(__file__).parents[1] / "fixtures" / "scenarios" / "baseline.toml"


def told(tally: Tally, days: int) -> str:
    """Say what a replication counted, by the year where it is counted by the week."""
    carried_out = len(tally.waits[tally.waits[:, 2] >= 0])
    failed = int(tally.failed.sum())
    booked = int(tally.booked.sum())
    return (
        f"{tally.departed.sum() * 365 / days:,.0f} forced departures a year, {booked:,} legs "
        f"booked, {failed / max(failed + carried_out, 1):.0%} of what ended had failed"
    )


def main(arguments: Sequence[str]) -> None:
    """Print seconds, memory and counts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulating", description=__doc__)
    scenario = read_scenario(BASELINE)
    parser.add_argument("--days", type=int, default=scenario.horizon.days)
    parser.add_argument("--warm-up", type=int, default=scenario.horizon.warm_up)
    parser.add_argument("--replications", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--linear", type=int, nargs="*", default=(5, 10, 20))
    asked = parser.parse_args(arguments)
    lasts = {"days": asked.days, "warm_up": asked.warm_up}
    scenario = scenario.model_copy(update={"horizon": scenario.horizon.model_copy(update=lasts)})
    print(f"{machine()}\n{asked.warm_up} days of warm-up and {asked.days} days\n", flush=True)
    make = partial(dutch, scenario.horizon.from_, asked.warm_up + asked.days)
    source, setting = source_of(make, REGISTER)
    study = study_of(scenario, source, setting)
    if asked.replications:
        mine = replace(study, replications=asked.replications)
        with Memory() as held:
            tallies, spent = _timed(mine, asked.workers)
        print(
            f"{len(tallies)} replications, {asked.workers} processes: {spent:.1f} s, "
            f"{held.most / 1024:,.0f} MiB at most"
        )
        for tally in tallies:
            print(f"  {told(tally, asked.days)}")
    began = process_time()
    model = model_of(scenario, setting, REGISTER)
    print(f"compiling: {process_time() - began:.1f} s of CPU", flush=True)
    for name in ("cold", "warm"):
        began = process_time()
        tally = replicate(model, 0)
        spent, memory = process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"{name}: {spent:.1f} s of CPU, {memory / 1024:,.0f} MiB at most", flush=True)
    print(told(tally, asked.days))
    least = 0.0
    for count in asked.linear:
        _, spent = _timed(replace(study, replications=count), asked.workers)
        least = least or spent / count
        each = spent / count
        print(f"{count} replications: {spent:.1f} s, {each:.2f} s each, {each / least:.2f} times")


class Memory:
    """What this process and its children hold of memory together at most, in KiB, looked at often.

    A page that several share counts once (proportional set size, Linux only).
    """

    def __init__(self) -> None:
        self.most = 0
        self._over = Event()
        self._looking = Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Memory":
        self._looking.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._looking.join()

    def _look(self) -> None:
        while not self._over.wait(0.5):
            mine = [os.getpid(), *(one.pid for one in active_children() if one.pid)]
            self.most = max(self.most, sum(map(_held, mine)))


def _held(process: int) -> int:
    try:
        told = Path(f"/proc/{process}/smaps_rollup").read_text("utf-8")
    except OSError:  # it is over
        return 0
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:"))


def _timed(study: Study, workers: int) -> tuple[Sequence[Tally], float]:
    """Return the replications of a study that is compiled already, and the seconds they took."""
    since = perf_counter()
    return replicated(study, processes(workers)), perf_counter() - since


if __name__ == "__main__":
    main(sys.argv[1:])
