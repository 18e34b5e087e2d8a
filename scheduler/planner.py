"""Planning: construct a plan, improve and prove it, and say how far from the best it can be."""

import gc
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from ortools.sat.python import cp_model

from scheduler.bound import bounds
from scheduler.constraint import Register
from scheduler.construction import Option, construct, insert
from scheduler.explanation import reason
from scheduler.model import Program, every_choice, named_choices, solve
from scheduler.objective import LEVELS, MAXIMISED, Objective, Valuation, better, key
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns, Patterns
from scheduler.plan import Bound, Plan, Unplanned, bookings_of, claims_of, free_to_move
from scheduler.world import Booking, World

EXACT = 4_000
"""Up to this many choices every one of them goes into the model, which can then prove optimality.
Beyond it the model polishes named options and the relaxation gives the bound."""
OFFERS = 12
"""Named options per case in one round of polishing."""

Progress = Callable[[Objective, Objective], None]
"""Called with the values of the incumbent and the bounds so far, by level."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be planned: the cases that may move, over the bookings that may not."""

    patterns: Patterns
    valuation: Valuation
    occupancy: Occupancy
    cases: tuple[CasePatterns, ...]
    pinned: tuple[Booking, ...]


def prepare(world: World, register: Register) -> Task:
    """Compile ``world``: bookings that are held, confirmed or begun stay as they are."""
    patterns = Patterns(world, register)
    pinned = tuple(
        one for one in world.bookings if one.claims and not free_to_move(one, world.as_of)
    )
    occupancy = Occupancy(world)
    for booking in pinned:
        occupancy.claim(claims_of(patterns.of(booking.case), booking))
    settled = {booking.case for booking in pinned}
    cases = tuple(patterns.of(case.id) for case in world.cases if case.id not in settled)
    return Task(patterns, Valuation(patterns), occupancy, cases, pinned)


def plan(
    world: World,
    register: Register,
    *,
    seconds: float = 10.0,
    seed: int = 0,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Plan:
    """Plan every case of ``world`` that fits.

    Parameters
    ----------
    seconds
        Time for improvement and proof after the first plan, which is always finished.
    seed
        Steers which options are offered when the world is too large to offer all.
    progress
        Called with values and bounds at each improvement.
    stop
        Asked between steps; True ends with the best plan so far.
    """
    began = time.monotonic()
    task = prepare(world, register)
    with _collector_paused():
        chosen = construct(task.cases, task.valuation, task.occupancy)
    values = _value(task, chosen)
    report = progress or (lambda _values, _bounds: None)
    report(values, {})
    chosen, proven = _improve(task, chosen, seconds, seed, report, stop)
    values = _value(task, chosen)
    levels = tuple(_level(name, values[name], proven[name]) for name in LEVELS)
    return Plan(
        world=world.fingerprint,
        made_at=datetime.now(UTC),
        seed=seed,
        seconds=round(time.monotonic() - began, 3),
        versions={name: version(name) for name in ("regietafel", "ortools")},
        levels=levels,
        bookings=(
            *task.pinned,
            *(
                booking
                for case in task.cases
                if (option := chosen.get(case.case.id)) is not None
                for booking in bookings_of(case, option.pattern, option.names)
            ),
        ),
        unplanned=tuple(
            Unplanned(case=case.case.id, reason=reason(case, task.occupancy))
            for case in task.cases
            if case.case.id not in chosen
        ),
    )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Spare the first plan a third of its time: it makes no cycles, and much that stays."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _improve(
    task: Task,
    chosen: dict[str, Option],
    seconds: float,
    seed: int,
    report: Progress,
    stop: Callable[[], bool],
) -> tuple[dict[str, Option], Objective]:
    """Improve and prove; leave the occupancy with the plan that is returned."""
    until = time.monotonic() + seconds
    for option in chosen.values():
        task.occupancy.release(option.claims)
    proven: Objective = {}
    if _choices(task) <= EXACT:
        solution = _solve_exactly(task, chosen, seconds, report, stop)
        if solution is not None:
            found, proven = solution
            chosen = max(chosen, found, key=lambda one: key(_value(task, one)))
    else:
        chosen = _polish(task, chosen, until - seconds / 2, seed, report, stop)
    values = _value(task, chosen)
    if len(proven) < len(LEVELS):
        relaxed = bounds(
            task.cases, task.valuation, task.occupancy, values, until - time.monotonic()
        )
        proven = relaxed | proven
    report(values, proven)
    for option in chosen.values():
        task.occupancy.claim(option.claims)
    return chosen, proven


def _solve_exactly(
    task: Task,
    chosen: Mapping[str, Option],
    seconds: float,
    report: Progress,
    stop: Callable[[], bool],
) -> tuple[dict[str, Option], Objective] | None:
    program = Program(cp_model.CpModel(), task.occupancy, task.valuation)
    every_choice(program, task.cases)
    solution = solve(
        program, chosen, seconds, lambda _level, values, proven: report(values, proven), stop
    )
    return (solution.options, solution.bounds) if solution else None


def _polish(
    task: Task,
    chosen: dict[str, Option],
    until: float,
    seed: int,
    report: Progress,
    stop: Callable[[], bool],
) -> dict[str, Option]:
    """Recombine plans made in other orders: the model picks the best option of each case."""
    draw_lots = random.Random(seed)
    while time.monotonic() < until and not stop():
        offers = {case: [option] for case, option in chosen.items()}
        for _ in range(OFFERS):
            order = sorted(
                task.cases,
                key=lambda one: (
                    one.case.id in chosen and draw_lots.random() < 0.9,
                    draw_lots.random(),
                ),
            )
            made = _inserted(order, task)
            for case, option in made.items():
                offers.setdefault(case, []).append(option)
            if time.monotonic() >= until or stop():
                break
        program = Program(cp_model.CpModel(), task.occupancy, task.valuation)
        named_choices(program, task.cases, offers)
        solution = solve(program, chosen, max(until - time.monotonic(), 0.5), stop=stop)
        if solution and better(_value(task, solution.options), _value(task, chosen)):
            chosen = solution.options
            report(_value(task, chosen), {})
    return chosen


def _inserted(order: Sequence[CasePatterns], task: Task) -> dict[str, Option]:
    """Insert ``order`` into the occupancy, note what was taken, and give it all back."""
    made = {
        case.case.id: option
        for case in order
        if (option := insert(case, task.valuation, task.occupancy)) is not None
    }
    for option in made.values():
        task.occupancy.release(option.claims)
    return made


def _choices(task: Task) -> int:
    """Return how many choices the exact model would have, counted up to the limit."""
    total = 0
    for case in task.cases:
        for leg in case.case.legs:
            total += sum(line.bit_count() for _, line in case.open_layouts(leg, task.occupancy))
        if total > EXACT:
            break
    return total


def _value(task: Task, chosen: Mapping[str, Option]) -> Objective:
    patterns = {case: option.pattern for case, option in chosen.items()}
    return task.valuation.total(task.cases, patterns)


def _level(name: str, value: int, bound: int) -> Bound:
    """Return the level with its gap as a fraction of the bound (of the value where it is low)."""
    if name in MAXIMISED:
        gap = (bound - value) / bound if bound else 0.0
    else:
        gap = (value - bound) / value if value else 0.0
    return Bound(level=name, value=value, bound=bound, gap=max(gap, 0.0))
