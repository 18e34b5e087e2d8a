"""How the time to a plan grows with the cases.

Run ``python -m benchmarks.growth [--sizes N ...] [--first N ...] [--seconds S]``. The world is
Europe with capacity in step with its cases. Printed are the seconds to the first plan, and to one
within 1 % of the bound that the same run proves in S seconds, and the exponents of power laws
fitted to them. Worlds of the sizes asked by ``--first`` are given a first plan and nothing more.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
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

    made = plan(
        world,
        REGISTER,
        seconds=seconds,
        progress=progress,
        # A first plan alone ends here: why cases are not planned would take longer than it did.
        stop=lambda: not seconds and bool(told),
    )
    bound = next(one.bound for one in made.levels if one.level == "plannedWeight")
    near = next((spent for spent, weight in told if weight >= (1 - NEAR) * bound), None)
    return told[0][0], near, made.gap


def exponent(times: Mapping[int, float]) -> float:
    """Return the exponent of the power law through times by size: least squares of logarithms."""
    slope, _ = np.polyfit(np.log([*times]), np.log([*times.values()]), 1)
    return float(slope)


def fitted(name: str, times: Mapping[int, float]) -> str:
    """Say by which power of the cases ``times`` grow, and of which sizes that is known."""
    sizes = ", ".join(f"{one:,}" for one in times) or "none"
    if len(times) < 2:
        return f"{name}: no exponent, which takes two sizes (reached: {sizes})"
    return f"{name}: cases to the power of {exponent(times):.2f} ({sizes})"


def main(arguments: Sequence[str]) -> None:
    """Print a row per size, then the exponents."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--first", type=int, nargs="*", default=[LARGEST])
    parser.add_argument("--seconds", type=float, default=120.0)
    asked = parser.parse_args(arguments)
    print(f"{machine()}\n")
    print(f"| cases | first plan | gap of 1 % | gap after {asked.seconds:g} s |")
    print("| --- | --- | --- | --- |", flush=True)
    firsts: dict[int, float] = {}
    nears: dict[int, float] = {}
    budgets = dict.fromkeys(asked.first, 0.0) | dict.fromkeys(asked.sizes, asked.seconds)
    for cases, seconds in sorted(budgets.items()):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
            firsts[cases], near, gap = executor.submit(run, cases, seconds).result()
        reached, ends = "-", "-"
        if seconds:
            reached, ends = "not reached", f"{gap:.2%}"
            if near is not None:
                nears[cases] = near
                reached = f"{near:.1f} s"
        print(f"| {cases:,} | {firsts[cases]:.2f} s | {reached} | {ends} |", flush=True)
    print(f"\n{fitted('first plan', firsts)}\n{fitted('gap of 1 %', nears)}")


if __name__ == "__main__":
    main(sys.argv[1:])
