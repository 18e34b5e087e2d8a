"""What each part of ruin and recreate is worth: the search with one part changed at a time.

Run ``python -m benchmarks.operators [ROUNDS]``. Every variant has as many rounds from as many seeds
on the national fixture at supply 0.7; the mean planned weight tells what the part brings.
"""

import random
import statistics
import sys
import time
from collections.abc import Mapping

from benchmarks.machine import machine
from benchmarks.peers.worlds import NATIONAL
from constraints.register import REGISTER
from scheduler import improvement
from scheduler.construction import construct
from scheduler.improvement import Improvement
from scheduler.objective import Objective
from scheduler.task import prepare
from scheduler.world import World

SEEDS = range(4)
VARIANTS: dict[str, Mapping[str, object]] = {
    "as it is": {},
    "no place passed over": {"BLINK": 0.0},
    "no unplanned cases beside those taken out": {"WAITING": 0},
    "up to 3 cases taken out": {"MOST": 3},
    "up to 5 cases taken out": {"MOST": 5},
    "up to 20 cases taken out": {"MOST": 20},
    "no annealing: only what is no worse": {"HOT": 1e-9, "COLD": 1e-9},
    "always hot": {"COLD": 600.0},
    "unrelated cases taken out": {"_related": False},
}


class _Unrelated(Improvement):
    """Takes out any cases, instead of those that hold what another wants."""

    def _ruined(self) -> list[str]:
        waiting = [name for name in self.cases if name not in self.chosen]
        most = self.lots.randint(2, improvement.MOST)
        out = self.lots.sample(list(self.chosen), min(len(self.chosen), most + 1))
        return out + self.lots.sample(waiting, min(len(waiting), improvement.WAITING))


def search(world: World, rounds: int, seed: int, variant: Mapping[str, object]) -> Objective:
    """Return what the first plan is worth after so many rounds of a variant."""
    task = prepare(world, REGISTER)
    first = construct(task.cases, task.valuation, task.occupancy)
    kind = Improvement if variant.get("_related", True) else _Unrelated
    before = {name: getattr(improvement, name) for name in variant if name.isupper()}
    for name in before:
        setattr(improvement, name, variant[name])
    try:
        made = kind(task.cases, task.valuation, task.occupancy, first, random.Random(seed))
        return task.value(made.run(rounds=rounds))
    finally:
        for name, value in before.items():
            setattr(improvement, name, value)


def main(rounds: int) -> None:
    """Print a row per variant."""
    world = NATIONAL[1].world()
    print(f"{machine()}\n\n{NATIONAL[1].name}, {rounds:,} rounds\n")
    print("| search | planned weight by seed | mean | nights, mean | seconds, mean |")
    print("| --- | --- | --- | --- | --- |")
    for name, variant in VARIANTS.items():
        began = time.monotonic()
        found = [search(world, rounds, seed, variant) for seed in SEEDS]
        weights = [one["plannedWeight"] for one in found]
        nights = statistics.mean(one["nightsInDetention"] for one in found)
        spent = (time.monotonic() - began) / len(found)
        print(
            f"| {name} | {', '.join(map(str, weights))} | {statistics.mean(weights):.2f}"
            f" | {nights:.0f} | {spent:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
