"""Whether the baseline stands still: its caseload from month to month, over a long horizon.

Run ``python -m benchmarks.caseload [--days N] [--replications N] [--workers W]``. It prints a
Markdown table with a row for each four weeks: the caseload at their end, and what entered and went
in them, as means over the replications; then by how many cases a year the caseload drifts, by least
squares over all of it and over its second half.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from api.simulations import simulator
from benchmarks.machine import machine
from scheduler.simulation.replications import processes, replicated, study_of
from scheduler.simulation.scenario import read_scenario
from scheduler.simulation.tally import Amounts, Counts, Tally

BASELINE = Path(__file__).parents[1] / "fixtures" / "scenarios" / "baseline.toml"
MONTH = 4
"""Weeks in a row of the table."""


def main(arguments: Sequence[str]) -> None:
    """Print the caseload of the baseline from month to month."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.caseload", description=__doc__)
    parser.add_argument("--days", type=int, default=728)
    parser.add_argument("--replications", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args(arguments)
    scenario = read_scenario(BASELINE)
    horizon = scenario.horizon.model_copy(update={"days": asked.days // 28 * 28})
    told = {"horizon": horizon, "replications": asked.replications}
    scenario = scenario.model_copy(update=told)
    made = simulator(scenario, processes(asked.workers))
    tallies = replicated(study_of(scenario, made.source, made.setting), made.pool)
    at_end = np.mean([caseload(one) for one in tallies], axis=0)[MONTH - 1 :: MONTH]
    columns = (
        at_end,
        *(_by_month([of(one) for one in tallies]) for of in (_entered, _departed, _left)),
    )
    print(f"{machine()}; {len(tallies)} replications\n")
    print("| four weeks | caseload | entered | departed | left otherwise |")
    print("| --- " * 5 + "|")
    for n, row in enumerate(zip(*columns, strict=True), start=1):
        print(f"| {n} | " + " | ".join(f"{one:,.0f}" for one in row) + " |")
    rest = at_end[len(at_end) // 2 :]
    print(f"\ndrift: {drift(at_end):+,.0f} cases a year, {drift(rest):+,.0f} in its second half")


def caseload(tally: Tally) -> Counts:
    """Return the cases in the caseload at the end of each week: reckoned back from the last."""
    grows = _entered(tally) - _departed(tally) - _left(tally)
    remain = int(tally.balance[3])
    later = np.cumsum(grows[::-1])[::-1]
    found: Counts = remain - np.append(later[1:], 0)
    return found


def drift(at_end: Amounts) -> float:
    """Return by how many cases a year a caseload by month grows, by least squares."""
    if len(at_end) < 2:
        return 0.0
    slope: float = np.polyfit(np.arange(len(at_end)), at_end, 1)[0]
    return slope * 365 / (7 * MONTH)


def _entered(tally: Tally) -> Counts:
    return tally.entered


def _departed(tally: Tally) -> Counts:
    return tally.departed


def _left(tally: Tally) -> Counts:
    total: Counts = tally.left.sum(axis=0)
    return total


def _by_month(counts: Sequence[Counts]) -> Amounts:
    mean: npt.NDArray[np.float64] = np.mean(counts, axis=0)
    months: Amounts = mean.reshape(-1, MONTH).sum(axis=1)
    return months


if __name__ == "__main__":
    main(sys.argv[1:])
