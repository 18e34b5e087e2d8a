"""How fast it is told who could use what came free, on the national fixture.

Run ``python -m benchmarks.openings``; it prints a Markdown table with the machine named. The first
plan is in force and its ledger kept; compiling is the first question and stands apart. Then every
resource, facility and departure is asked about in turn, and every booking as if it were released.
"""

import statistics
import time
from collections.abc import Iterable, Iterator

from api.desk import open_world
from benchmarks.machine import machine
from benchmarks.national import WORLD
from constraints.register import REGISTER
from scheduler.ledger import Ledger
from scheduler.objective import Valuation
from scheduler.occupancy import Claims
from scheduler.opening import Kind, free_of, openings
from scheduler.pattern import Patterns
from scheduler.planner import plan


def main() -> None:
    """Print the figures."""
    world = open_world(WORLD)
    made = plan(world, REGISTER, seconds=0)
    ledger = Ledger(Patterns(world, REGISTER), made.bookings)
    valuation = Valuation(ledger.patterns)

    def ask(capacity: Claims | None) -> tuple[float, int]:
        began = time.perf_counter()
        found = openings(ledger, valuation, capacity)
        return (time.perf_counter() - began) * 1000, len(found)

    def released() -> Iterator[tuple[float, int]]:
        for id, booking in ledger.bookings.items():
            with ledger.without([booking]):
                yield ask(ledger.claims[id])

    def named(kind: Kind, ids: Iterable[str]) -> list[tuple[float, int]]:
        return [ask(free_of(ledger.occupancy, [(kind, id)])) for id in ids]

    print(f"{machine()}\n")
    print("| what came free | questions | with openings | p50 | p95 | worst |")
    print("| --- | --- | --- | --- | --- | --- |")
    print(f"| compiling, and whatever is free | 1 | | | | {ask(None)[0]:.1f} ms |")
    _row("whatever is free, asked again", [ask(None) for _ in range(20)])
    _row("one resource", named("resource", (one.id for one in world.resources)))
    _row("one departure", named("departure", world.departure))
    _row("one facility", named("facility", world.facility))
    _row("what one booking took", [*released()])


def _row(name: str, asked: list[tuple[float, int]]) -> None:
    times = [milliseconds for milliseconds, _ in asked]
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    figures = " | ".join(f"{one:.1f} ms" for one in (cuts[49], cuts[94], max(times)))
    print(f"| {name} | {len(asked)} | {sum(found > 0 for _, found in asked)} | {figures} |")


if __name__ == "__main__":
    main()
