"""How near the bound plans are, by world, supply, seconds and seed.

Run ``python -m benchmarks.planning [national] [europe] [--supply X ...] [--seconds S ...]
[--seeds N]``. Each plan is made by two processes on two cores, from the loaded world; its gap is
against the bound kept beside the fixture (``benchmarks.bounds``), not the one it proves itself, and
the validator looks at it.
"""

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from benchmarks.bounds import kept
from benchmarks.machine import machine
from benchmarks.peers.worlds import EUROPE, NATIONAL, SUPPLIES, Setting
from constraints.register import REGISTER
from scheduler.objective import Objective
from scheduler.planner import plan
from scheduler.validator import plan_violations
from scheduler.world import World

_SPAWN = get_context("spawn")


@dataclass(frozen=True, slots=True)
class Made:
    """What one run came to; ``gap`` as a fraction of the kept bound, ``proven`` of its own.

    ``whole`` is all the seconds it took, with the reasons why cases are not planned.
    """

    values: Objective
    gap: float
    proven: float
    first: float
    whole: float
    memory: tuple[int, int]
    wrong: int


def run(setting: Setting, seconds: float, seed: int) -> Made:
    """Plan a world once; memory in MiB, of the planner and of the largest process beside it."""
    return _planned(setting.world(), seconds, seed)


def _planned(world: World, seconds: float, seed: int) -> Made:
    told: list[float] = []
    with ProcessPoolExecutor(1, mp_context=_SPAWN) as executor:
        executor.submit(time.time).result()
        began = time.monotonic()
        made = plan(
            world,
            REGISTER,
            seconds=seconds,
            seed=seed,
            progress=lambda _values, _bounds, spent: told.append(spent),
            executor=executor,
            workers=1,
        )
        whole = time.monotonic() - began
    peaks = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    own, beside = (resource.getrusage(one).ru_maxrss // 1024 for one in peaks)
    values, bounds = made.objective, kept(world)
    weight, bound = values["plannedWeight"], bounds["plannedWeight"]
    if values["pastLegalEnd"] > bounds["pastLegalEnd"]:
        raise RuntimeError("more cases pass a legal end than the kept bound supposes")
    return Made(
        values,
        (bound - weight) / bound,
        made.gap,
        told[0],
        whole,
        (own, beside),
        len(plan_violations(world, REGISTER, made)),
    )


def main(arguments: Sequence[str]) -> None:
    """Print a row per world and budget."""
    parser = argparse.ArgumentParser()
    parser.add_argument("worlds", nargs="*", choices=["national", "europe", []])
    parser.add_argument("--seconds", type=float, nargs="+", default=[10.0, 60.0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--supply", type=float, nargs="+", default=list(SUPPLIES))
    asked = parser.parse_args(arguments)
    settings = [
        one
        for name, group in (("national", NATIONAL), ("europe", EUROPE))
        if name in (asked.worlds or ["national", "europe"])
        for supply, one in zip(SUPPLIES, group, strict=True)
        if supply in asked.supply
    ]
    print(f"{machine()}\n")
    print("| world | seconds | planned weight by seed | gap, median | proven itself, median |"
          " nights, days waited | first plan | with reasons | MiB | violations |")  # fmt: skip
    print("| --- " * 10 + "|")
    for setting in settings:
        for seconds in asked.seconds:
            made = [_apart(setting, seconds, seed) for seed in range(asked.seeds)]
            print(f"| {setting.name} | {seconds:g} | {_row(made)} |", flush=True)


def _apart(setting: Setting, seconds: float, seed: int) -> Made:
    """Run in a process of its own, so that its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=_SPAWN) as executor:
        return executor.submit(run, setting, seconds, seed).result()


def _row(made: Sequence[Made]) -> str:
    middle = sorted(made, key=lambda one: one.gap)[len(made) // 2]
    cells = (
        ", ".join(str(one.values["plannedWeight"]) for one in made),
        f"{statistics.median(one.gap for one in made):.2%}",
        f"{statistics.median(one.proven for one in made):.2%}",
        f"{middle.values['nightsInDetention']}, {middle.values['daysWaited']}",
        f"{statistics.median(one.first for one in made):.2f} s",
        f"{statistics.median(one.whole for one in made):.1f} s",
        "{} + {}".format(*map(max, zip(*(one.memory for one in made), strict=True))),
        str(sum(one.wrong for one in made)),
    )
    return " | ".join(cells)


if __name__ == "__main__":
    main(sys.argv[1:])
