"""How long a stop takes, asked at many moments of planning.

Run ``python -m benchmarks.stopping``. A small world stops in the exact model, the national one
while annealing, binding and polishing, Europe while the first plan is made and annealed.
"""

import math
import statistics
import time
from dataclasses import dataclass

from benchmarks.machine import machine
from constraints.register import REGISTER
from fixtures.europe import europe
from fixtures.national import national
from fixtures.worlds import Document, canonical
from scheduler.loading import parse_world
from scheduler.planner import plan
from scheduler.world import World

HOUR = 3600.0


@dataclass
class Request:
    """A stop asked for so many ``seconds`` after planning began."""

    seconds: float
    began: float = math.nan

    def __call__(self) -> bool:
        """Return whether it is time; the clock begins with the first plan's first case."""
        if math.isnan(self.began):
            self.began = time.monotonic()
        return time.monotonic() >= self.began + self.seconds


def latency(world: World, seconds: float) -> float:
    """Return the seconds from asking for a stop to having the plan."""
    stop = Request(seconds)
    plan(world, REGISTER, seconds=HOUR, stop=stop)
    return time.monotonic() - stop.began - seconds


def main() -> None:
    """Print a row per world."""
    print(f"{machine()}\n")
    print("| world | stops | p50 | worst | at |\n| --- | --- | --- | --- | --- |")
    worlds: tuple[tuple[str, Document, tuple[float, ...]], ...] = (
        ("16 cases", national(cases=16, supply=0.3), (0.1, 0.3, 0.6, 1, 1.5, 2, 3, 4)),
        ("national, supply 0.7", national(supply=0.7), (0.2, 0.5, 1, 2, 4, 8, 12, 16)),
        ("Europe", europe(), (0.5, 2, 4, 6, 8, 12)),
    )
    for name, made, moments in worlds:
        world = parse_world(canonical(made), REGISTER)
        taken = {moment: latency(world, moment) for moment in moments}
        slowest = max(taken, key=taken.__getitem__)
        print(
            f"| {name} | {len(taken)} | {statistics.median(taken.values()) * 1000:.0f} ms"
            f" | {taken[slowest] * 1000:.0f} ms | {slowest:g} s |",
            flush=True,
        )


if __name__ == "__main__":
    main()
