"""How fast and how well the national fixture is planned.

Run ``python -m benchmarks.national [SECONDS]``; it prints a Markdown table with the machine named.
The first plan is timed from the loaded world to the drawn bookings; proposals are asked of every
case in turn on a fresh desk, blocked ones with their reasons; compiling is included in both.
"""

import resource
import statistics
import sys
import time
from pathlib import Path

from api.desk import Desk, open_world
from benchmarks.machine import machine
from constraints.register import REGISTER
from scheduler.plan import Plan
from scheduler.planner import plan
from scheduler.validator import plan_violations
from scheduler.world import World

WORLD = Path(__file__).parents[1] / "fixtures" / "national.json"


def main(seconds: float) -> None:
    """Print the figures; ``seconds`` is the budget of the improved plan."""
    began = time.perf_counter()
    world = open_world(WORLD)
    loaded = time.perf_counter() - began
    firsts = [_first_plan(world) for _ in range(5)]
    improved = plan(world, REGISTER, seconds=seconds)
    proposals = _proposals(world)
    print(f"{machine()}\n")
    print("| figure | value |\n| --- | --- |")
    for name, value in (
        ("world read and checked", f"{loaded:.2f} s"),
        ("first valid plan, median of 5", f"{statistics.median(firsts):.2f} s"),
        ("first valid plan, worst of 5", f"{max(firsts):.2f} s"),
        *_levels(improved, seconds),
        ("violations", str(len(plan_violations(world, REGISTER, improved)))),
        ("`propose` p50", f"{_percentile(proposals, 50):.1f} ms"),
        ("`propose` p95", f"{_percentile(proposals, 95):.1f} ms"),
        ("`propose` worst", f"{max(proposals):.1f} ms"),
        ("peak memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"),
    ):
        print(f"| {name} | {value} |")


def _first_plan(world: World) -> float:
    """Return the seconds until the first plan; RuntimeError when the validator refuses it."""
    began = time.perf_counter()
    reached = []
    made = plan(
        world, REGISTER, seconds=0, progress=lambda *_: reached.append(time.perf_counter() - began)
    )
    if plan_violations(world, REGISTER, made):
        raise RuntimeError("the first plan breaks a rule")
    return reached[0]


def _proposals(world: World) -> list[float]:
    """Return, per case, the milliseconds until its proposals or reasons."""
    desk = Desk(world)
    times = []
    for case in world.cases:
        began = time.perf_counter()
        desk.ask(case.id)
        times.append((time.perf_counter() - began) * 1000)
    return times


def _levels(made: Plan, seconds: float) -> list[tuple[str, str]]:
    return [
        (f"{one.level} after {seconds:g} s: value, bound, gap",
         f"{one.value}, {one.bound}, {one.gap:.2%}")
        for one in made.levels
    ]  # fmt: skip


def _percentile(times: list[float], percent: int) -> float:
    return statistics.quantiles(times, n=100)[percent - 1]


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0)
