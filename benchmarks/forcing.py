"""How fast unplanned cases are forced into the first plan of the national fixture.

Run ``python -m benchmarks.forcing``; it prints Markdown tables with the machine named. Each case
is asked about by itself: *cold* in turn on a fresh ledger, what is compiled on demand included, and
*warm* once more. Cases that are blocked in an empty world need no model; the others are told apart,
and, as they are few, asked about in a world with a third of the people and
places as well.
"""

import gc
import statistics
import time
from collections.abc import Iterator

from api.desk import open_world
from benchmarks.machine import machine
from benchmarks.national import WORLD
from constraints.register import REGISTER
from scheduler.explanation.forcing import Forced, Forcing
from scheduler.ledger import Ledger
from scheduler.objective import Valuation
from scheduler.pattern import Patterns
from scheduler.planner import plan
from scheduler.validator import violations
from scheduler.world import Booking, World

Asked = tuple[str, float, float, Forced | None]
"""A case, milliseconds cold and warm, and the answer."""


def main() -> None:
    """Print the figures."""
    world = open_world(WORLD)
    print(machine())
    for title, one in (("as it is", world), ("a third of people and places", _tight(world))):
        asked = list(_asked(one))
        forced = [row for row in asked if row[3] is not None]
        print(
            f"\nNational fixture, {title}: {len(asked)} unplanned, {len(forced)} can be forced.\n"
        )
        print("| cases | | p50 | p95 | worst |\n| --- | --- | --- | --- | --- |")
        for name, rows in (("all unplanned", asked), ("that can be forced", forced)):
            print(f"| {name} | cold | {_spread([cold for _, cold, _, _ in rows])} |")
            print(f"| {name} | warm | {_spread([warm for _, _, warm, _ in rows])} |")
        print("\n| case | freed | moved | renamed | dropped | planned weight | nights |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for name, _, _, answer in forced:
            if answer is not None:
                print(f"| {name} | {_cost(answer)} |")


def _tight(world: World) -> World:
    """Return the world with a third of the people and places, and nothing booked."""
    fields = {name: getattr(world, name) for name in World.model_fields}
    asked_by_name = {one.assigned_officer for one in world.cases}
    asked_by_name |= {one.resource for case in world.cases for one in case.attendees}
    asked_by_name |= {name for one in world.departures for name in one.team}
    fields["resources"] = tuple(
        one for n, one in enumerate(world.resources) if n % 3 == 0 or one.id in asked_by_name
    )
    fields["facilities"] = tuple(
        one.model_copy(
            update={
                "places": one.places // 3,
                "nights": {night: places // 3 for night, places in one.nights.items()},
            }
        )
        for one in world.facilities
    )
    return World(**fields | {"bookings": ()})


def _asked(world: World) -> Iterator[Asked]:
    """Ask about each unplanned case; RuntimeError when the validator refuses an answer."""
    made = plan(world, REGISTER, seconds=0)
    gc.collect()  # what the planner leaves behind is not for the ledger to clear
    patterns = Patterns(world, REGISTER)
    forcing = Forcing(Ledger(patterns, made.bookings), Valuation(patterns))
    cold = {}
    for one in made.unplanned:
        cold[one.case] = _milliseconds(forcing, one.case)[0]
    for one in made.unplanned:
        warm, answer = _milliseconds(forcing, one.case)
        if answer is not None and violations(world, REGISTER, _after(made.bookings, answer)):
            raise RuntimeError(f"forcing {one.case} in breaks a rule")
        yield one.case, cold[one.case], warm, answer


def _milliseconds(forcing: Forcing, case: str) -> tuple[float, Forced | None]:
    began = time.perf_counter()
    answer = forcing.force(forcing.patterns.of(case))
    return (time.perf_counter() - began) * 1000, answer


def _after(bookings: tuple[Booking, ...], answer: Forced) -> tuple[Booking, ...]:
    new = (*answer.bookings, *answer.moved, *answer.renamed)
    gone = {one.case for one in new} | {*answer.dropped}
    return *(one for one in bookings if one.case not in gone), *new


def _spread(times: list[float]) -> str:
    cut = statistics.quantiles(times, n=100, method="inclusive")
    return f"{cut[49]:.1f} ms | {cut[94]:.1f} ms | {max(times):.1f} ms"


def _cost(answer: Forced) -> str:
    moved, renamed = ({one.case for one in group} for group in (answer.moved, answer.renamed))
    gained = (
        answer.after[one] - answer.before[one] for one in ("plannedWeight", "nightsInDetention")
    )
    counts = (len(answer.freed), len(moved), len(renamed), len(answer.dropped))
    return " | ".join([*map(str, counts), *(f"{one:+d}" for one in gained)])


if __name__ == "__main__":
    main()
