"""Planning: construct a plan, improve and prove it, and say how far from the best it can be."""

import gc
import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice

from ortools.sat.python import cp_model

from scheduler.bound import prove, relax, still_valid, tighter
from scheduler.constraint import Register
from scheduler.construction import Option, best_patterns, construct, insert
from scheduler.explanation.forcing import Forcing
from scheduler.explanation.reason import reason
from scheduler.explanation.signature import Explanation
from scheduler.improvement import Improvement
from scheduler.layout import Layout
from scheduler.ledger import Ledger
from scheduler.model import Program, every_choice, named_choices, solve
from scheduler.objective import LEVELS, MAXIMISED, Objective, Valuation, key
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns, Names, Pattern, Patterns
from scheduler.plan import (
    Bound,
    Cost,
    Plan,
    Unplanned,
    bookings_of,
    claims_of,
    free_to_move,
    in_force,
)
from scheduler.world import Booking, Leg, World

EXACT = 20_000
"""Up to this many choices every one of them goes into the model, which can then prove optimality.
Beyond it the model polishes named options and the relaxation gives the bound."""
ANNEALING = 0.35
"""The share of the time for annealing; the rest is for the bound, and for polishing after it."""
HEADLINE = LEVELS[:2]
LOWER = 3.0
"""The levels that are bound first, and how many times as long the bounds of all of them take."""
NEIGHBOURS = 16
ORDERS = 6
"""Cases that one round of polishing frees beside its seed, and the orders it inserts them in."""

Progress = Callable[[Objective, Objective], None]
"""Called with the values of the incumbent and the bounds so far, by level."""
Start = tuple[tuple[str, tuple[tuple[Leg, int, int], ...], Names], ...]
"""A plan as it travels between processes: per case its layouts by their place among the promising
ones of their leg, their slots, and the people drawn."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be planned: the cases that may move, over the bookings that may not."""

    patterns: Patterns
    valuation: Valuation
    occupancy: Occupancy
    cases: tuple[CasePatterns, ...]
    pinned: tuple[Booking, ...]
    halved: tuple[str, ...]


def prepare(world: World, register: Register) -> Task:
    """Compile ``world``: bookings that are held, confirmed or begun stay as they are.

    So does the other leg of their chain; a chain of which only one leg is booked is ``halved`` and
    needs a person's word. Who is withdrawn keeps nothing that has not begun.
    """
    patterns = Patterns(world, register)
    standing = in_force(patterns, world.bookings)
    fixed: dict[str, set[str]] = {}
    for one in standing:
        if not free_to_move(one, world.as_of) and one.operation in world.case[one.case].legs:
            fixed.setdefault(one.case, set())
    pinned = [one for one in standing if one.case in fixed or not free_to_move(one, world.as_of)]
    occupancy = Occupancy(world)
    for one in pinned:
        occupancy.claim(claims_of(patterns.of(one.case), one))
        fixed.get(one.case, set()).add(one.operation)
    return Task(
        patterns,
        Valuation(patterns),
        occupancy,
        cases=tuple(patterns.of(case.id) for case in world.cases if case.id not in fixed),
        pinned=tuple(pinned),
        halved=tuple(
            case for case, legs in fixed.items() if not legs.issuperset(world.case[case].legs)
        ),
    )


def plan(
    world: World,
    register: Register,
    *,
    seconds: float = 10.0,
    seed: int = 0,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
    executor: Executor | None = None,
    seeds: int = 1,
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
    executor
        Where a large world is annealed from as many ``seeds``, the first of them ``seed``, while
        the bound is worked out here. The best of them goes on.
    """
    began = time.monotonic()
    with _collector_paused():
        task = prepare(world, register)
        chosen = construct(task.cases, task.valuation, task.occupancy)
    values = _value(task, chosen)
    report = progress or (lambda _values, _bounds: None)
    report(values, {})
    elsewhere: list[Future[Start]] = []
    if executor is not None and seconds > 0 and not _is_small(task):
        elsewhere = [
            executor.submit(annealed, world, register, seed + n, seconds=seconds * ANNEALING)
            for n in range(seeds)
        ]
    chosen, proven = _improve(task, chosen, seconds, seed, report, stop, elsewhere)
    values = _value(task, chosen)
    levels = tuple(
        _level(name, values[name], proven.get(name, _trivial(task, name))) for name in LEVELS
    )
    bookings = (
        *task.pinned,
        *(
            booking
            for case in task.cases
            if (option := chosen.get(case.case.id)) is not None
            for booking in bookings_of(case, option.pattern, option.names)
        ),
    )
    return Plan(
        world=world.fingerprint,
        made_at=datetime.now(UTC),
        seed=seed,
        seconds=round(time.monotonic() - began, 3),
        versions={name: version(name) for name in ("regietafel", "ortools")},
        levels=levels,
        bookings=bookings,
        unplanned=tuple(_unplanned(task, bookings)),
    )


def _unplanned(task: Task, bookings: Sequence[Booking]) -> Iterator[Unplanned]:
    """Say of each case without a booking what is in its way, and what forcing it in would cost."""
    for case in task.halved:
        yield Unplanned(
            case=case, reason="one leg of it is booked; the other is to be asked for by itself"
        )
    booked = {one.case for one in bookings}
    with _collector_paused():
        forcing = Forcing(Ledger(task.patterns, bookings), task.valuation)
        for one in task.cases:
            if one.case.id not in booked:
                yield _reasoned(forcing, one)


def _reasoned(forcing: Forcing, case: CasePatterns) -> Unplanned:
    if forcing.valuation.last_moment(case) is None:
        alone = Explanation(case, forcing.patterns.empty)
        return Unplanned(case=case.case.id, reason=reason(alone))
    says = reason(Explanation(case, forcing.ledger.occupancy))
    forced = forcing.force(case)
    return Unplanned(
        case=case.case.id,
        reason=says,
        blocked="bookings",
        by=forcing.occupants(case),
        cost=None
        if forced is None
        else Cost(
            moved=_cases(forced.moved),
            renamed=_cases(forced.renamed),
            dropped=forced.dropped,
            change={
                level: gain
                for level in LEVELS
                if (gain := forced.after[level] - forced.before[level])
            },
        ),
    )


def _cases(bookings: Iterable[Booking]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.case for one in bookings))


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
    elsewhere: Sequence[Future[Start]] = (),
) -> tuple[dict[str, Option], Objective]:
    """Improve and prove; the occupancy holds the plan before and after.

    A small world is solved exactly. A large one is annealed, bound, and polished with the time that
    is left but for its last part, which is kept for the final bounds.
    """
    if seconds <= 0:
        return chosen, {}
    began = time.monotonic()
    until = began + seconds
    exact = _is_small(task)
    search = _Search(task, random.Random(seed), report, stop)
    if not exact and not elsewhere:
        chosen = search.anneal(chosen, began + seconds * ANNEALING)
    with _lifted(task, chosen), _collector_paused():
        relaxation = relax(task.cases, task.valuation, task.occupancy)
    if elsewhere:
        chosen = _best_of(task, chosen, (one.result() for one in elsewhere))
    first = _value(task, chosen)
    solving = time.monotonic()
    search.bounds = prove(relaxation, first, until - solving, LEVELS if exact else HEADLINE)
    solving = time.monotonic() - solving
    report(first, search.bounds)
    if _closed(first, search.bounds):
        return chosen, search.bounds
    if exact:
        left = until - time.monotonic()
        return _solve_exactly(task, chosen, search.bounds, left, report, stop)
    chosen = search.polish(chosen, until - LOWER * solving)
    values = _value(task, chosen)
    proven = tighter(
        still_valid(search.bounds, first, values),
        prove(relaxation, values, until - time.monotonic()),
    )
    report(values, proven)
    return chosen, proven


def annealed(
    world: World,
    register: Register,
    seed: int,
    *,
    seconds: float = math.inf,
    rounds: int | None = None,
) -> Start:
    """Return the plan that annealing from ``seed`` ends with; the same for as many ``rounds``."""
    with _collector_paused():
        task = prepare(world, register)
        chosen = construct(task.cases, task.valuation, task.occupancy)
        search = Improvement(
            task.cases, task.valuation, task.occupancy, chosen, random.Random(seed)
        )
        best = search.run(until=time.monotonic() + seconds, rounds=rounds)
    return tuple(
        (name, tuple(_placed(task, name, *leg) for leg in option.pattern.legs), option.names)
        for name, option in best.items()
    )


def _placed(task: Task, name: str, layout: Layout, slot: int) -> tuple[Leg, int, int]:
    return layout.leg, task.patterns.of(name).legs[layout.leg].promising.index(layout), slot


def restored(task: Task, start: Start) -> dict[str, Option]:
    """Return the plan that came from another process, in the patterns of this one."""
    plan = {}
    for name, legs, names in start:
        case = task.patterns.of(name)
        placed = tuple((case.legs[leg].promising[at], slot) for leg, at, slot in legs)
        pattern = Pattern(name, placed)
        plan[name] = Option(pattern, names, case.claims(pattern, names))
    return plan


def _best_of(task: Task, chosen: dict[str, Option], starts: Iterable[Start]) -> dict[str, Option]:
    """Return the best plan, the first of equals; the occupancy follows it."""
    plans = [chosen, *(restored(task, start) for start in starts)]
    best = max(plans, key=lambda one: key(_value(task, one)))
    for option in chosen.values():
        task.occupancy.release(option.claims)
    for option in best.values():
        task.occupancy.claim(option.claims)
    return best


def _closed(values: Objective, proven: Objective) -> bool:
    """Return whether nothing can be better."""
    return all(values[level] == proven[level] for level in LEVELS)


@contextmanager
def _lifted(task: Task, chosen: Mapping[str, Option]) -> Iterator[None]:
    """Take the plan out of the occupancy for a while, so that only what is pinned is in it."""
    for option in chosen.values():
        task.occupancy.release(option.claims)
    try:
        yield
    finally:
        for option in chosen.values():
            task.occupancy.claim(option.claims)


def _solve_exactly(
    task: Task,
    chosen: dict[str, Option],
    relaxed: Objective,
    seconds: float,
    report: Progress,
    stop: Callable[[], bool],
) -> tuple[dict[str, Option], Objective]:
    """Let the model choose among everything; its bounds and the relaxation's are both valid."""
    before = _value(task, chosen)
    with _lifted(task, chosen):
        program = Program(cp_model.CpModel(), task.occupancy, task.valuation)
        every_choice(program, task.cases)
        solution = solve(
            program, chosen, seconds, lambda _level, values, found: report(values, found), stop
        )
    if solution is None:
        return chosen, relaxed
    if key(_value(task, solution.options)) > key(_value(task, chosen)):
        for option in chosen.values():
            task.occupancy.release(option.claims)
        for option in solution.options.values():
            task.occupancy.claim(option.claims)
        chosen = solution.options
    values = _value(task, chosen)
    return chosen, tighter(
        still_valid(relaxed, before, values),
        still_valid(solution.bounds, solution.values, values),
    )


@dataclass(slots=True)
class _Search:
    """Annealing first; then polishing: free a neighbourhood, insert it in several orders, and let
    the model pick the best.
    """

    task: Task
    draw_lots: random.Random
    report: Progress
    stop: Callable[[], bool]
    bounds: Objective = field(default_factory=dict)

    def anneal(self, chosen: dict[str, Option], until: float) -> dict[str, Option]:
        """Return the plan that ruining and recreating ends with; the occupancy follows it."""
        task = self.task
        search = Improvement(task.cases, task.valuation, task.occupancy, chosen, self.draw_lots)
        return search.run(
            until=until, stop=self.stop, report=lambda values: self.report(values, self.bounds)
        )

    def polish(self, chosen: dict[str, Option], until: float) -> dict[str, Option]:
        """Return the plan as good as it gets by ``until``; the occupancy follows it."""
        task = self.task
        while time.monotonic() < until and not self.stop():
            cases = _neighbourhood(task, chosen, self.draw_lots)
            before = {one.case.id: chosen[one.case.id] for one in cases if one.case.id in chosen}
            with _lifted(task, before):
                after = _recombined(task, cases, before, self.draw_lots, until)
            if key(_value_of(task, cases, after)) <= key(_value_of(task, cases, before)):
                continue
            for option in before.values():
                task.occupancy.release(option.claims)
            for option in after.values():
                task.occupancy.claim(option.claims)
            chosen = {case: one for case, one in chosen.items() if case not in before} | after
            self.report(_value(task, chosen), self.bounds)
        return chosen


def _recombined(
    task: Task,
    cases: Sequence[CasePatterns],
    before: Mapping[str, Option],
    draw_lots: random.Random,
    until: float,
) -> dict[str, Option]:
    """Return the best combination of the options that insertions of ``cases`` come up with."""
    offers = {case: [option] for case, option in before.items()}
    for turn in range(ORDERS):
        order = draw_lots.sample(cases, len(cases))
        if turn % 2 == 0:
            order.sort(key=lambda one: one.case.id in before)
        for case, option in _inserted(order, task).items():
            offers.setdefault(case, []).append(option)
    program = Program(cp_model.CpModel(), task.occupancy, task.valuation)
    named_choices(program, cases, offers)
    solution = solve(program, before, max(until - time.monotonic(), 0.5))
    return solution.options if solution else dict(before)


def _neighbourhood(
    task: Task, chosen: Mapping[str, Option], draw_lots: random.Random
) -> list[CasePatterns]:
    """Return a case that could do better, and those that hold what it would want."""
    waiting = [
        one
        for one in task.cases
        if one.case.id not in chosen and task.valuation.last_moment(one) is not None
    ]
    seed = draw_lots.choice(waiting if waiting and draw_lots.random() < 0.5 else task.cases)
    wanted = [
        case_claims
        for pattern in islice(best_patterns(seed, task.valuation, task.patterns.empty), 60)
        if (names := seed.draw(pattern, task.patterns.empty)) is not None
        for case_claims in [seed.claims(pattern, names)]
    ]
    wanted = draw_lots.sample(wanted, min(len(wanted), 3))
    holders = [
        one
        for one in task.cases
        if one is not seed
        and (option := chosen.get(one.case.id)) is not None
        and any(option.claims.meets(claims) for claims in wanted)
    ]
    near = draw_lots.sample(holders, min(len(holders), NEIGHBOURS))
    return [seed, *near]


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


def _is_small(task: Task) -> bool:
    """Return whether every choice can go into the exact model."""
    total = 0
    for case in task.cases:
        for leg in case.case.legs:
            total += sum(line.bit_count() for _, line in case.open_layouts(leg, task.occupancy))
        if total > EXACT:
            return False
    return True


def _value(task: Task, chosen: Mapping[str, Option]) -> Objective:
    return _value_of(task, task.cases, chosen)


def _value_of(task: Task, cases: Sequence[CasePatterns], chosen: Mapping[str, Option]) -> Objective:
    patterns = {case: option.pattern for case, option in chosen.items()}
    return task.valuation.total(cases, patterns)


def _trivial(task: Task, name: str) -> int:
    """Return the bound that needs no model: all that fit an empty world, or nothing."""
    if name not in MAXIMISED:
        return 0
    return sum(
        case.case.weight for case in task.cases if task.valuation.last_moment(case) is not None
    )


def _level(name: str, value: int, bound: int) -> Bound:
    """Return the level with its gap as a fraction of the bound (of the value where it is low).

    Raises
    ------
    ArithmeticError
        When the value beats its bound, so that one of both is wrong.
    """
    if name in MAXIMISED:
        gap = (bound - value) / bound if bound else 0.0
    else:
        gap = (value - bound) / value if value else 0.0
    if gap < 0:
        raise ArithmeticError(f"{name}: the plan is worth {value}, its bound is {bound}")
    return Bound(level=name, value=value, bound=bound, gap=gap)
