"""How the time to a plan grows with the cases.

Run ``python -m benchmarks.growth [SECONDS]``. The world is Europe with capacity in step with its
cases. Printed are the seconds to the first plan, and to one within 1 % of the bound that the same
run proves in SECONDS (two minutes by default), and the exponents of power laws fitted to them.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from benchmarks.machine import machine
from constraints.register import REGISTER
from fixtures.europe import europe
from fixtures.worlds import canonical
from scheduler.loading import parse_world
from scheduler.objective import Objective
from scheduler.planner import plan

SIZES = 100, 300, 1_000, 3_000
LARGEST = 10_000
USUAL = 1_500
"""The cases for which Europe has its capacity at supply 1.0."""
NEAR = 0.01


def run(cases: int, seconds: float) -> tuple[float, float | None, float]:
    """Return the seconds to the first plan and to a gap of 1 % (None: not reached), and the gap."""
    world = parse_world(canonical(europe(cases=cases, supply=round(cases / USUAL, 4))), REGISTER)
    told: list[tuple[float, int]] = []

    def progress(values: Objective, _bounds: Objective, spent: float) -> None:
        told.append((spent, values["plannedWeight"]))

    made = plan(world, REGISTER, seconds=seconds, progress=progress)
    bound = next(one.bound for one in made.levels if one.level == "plannedWeight")
    near = next((spent for spent, weight in told if weight >= (1 - NEAR) * bound), None)
    return told[0][0], near, made.gap


def exponent(sizes: Sequence[int], times: Sequence[float]) -> float:
    """Return the exponent of the power law through the points, by least squares of logarithms."""
    slope, _ = np.polyfit(np.log(sizes), np.log(times), 1)
    return float(slope)


def main(seconds: float) -> None:
    """Print a row per size, then the exponents."""
    print(f"{machine()}\n")
    print("| cases | first plan | gap of 1 % | gap at the end |\n| --- | --- | --- | --- |")
    found = {}
    for cases, budget in (*((one, seconds) for one in SIZES), (LARGEST, 0.0)):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
            first, near, gap = executor.submit(run, cases, budget).result()
        found[cases] = first, near
        reached = f"{near:.1f} s" if near is not None and budget else "-"
        ends = f"{gap:.2%}" if budget else "-"
        print(f"| {cases:,} | {first:.2f} s | {reached} | {ends} |", flush=True)
    firsts = [found[one][0] for one in SIZES]
    print(f"\nfirst plan: cases to the power of {exponent(SIZES, firsts):.2f}")
    nears = [(one, near) for one in SIZES if (near := found[one][1]) is not None]
    if len(nears) > 1:
        print(f"gap of 1 %: cases to the power of {exponent(*zip(*nears, strict=True)):.2f}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 120.0)
