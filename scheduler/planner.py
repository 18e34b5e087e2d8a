"""Planning: construct a plan, improve and prove it, and say how far from the best it can be."""

import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count, islice

from ortools.sat.python import cp_model

from scheduler.annealing import Budget, anneal, collect, submit
from scheduler.bound import (
    WEIGHT,
    Relaxation,
    alone,
    prove,
    prove_whole,
    relax,
    still_valid,
    tighter,
)
from scheduler.collector import paused
from scheduler.constraint import Register
from scheduler.construction import construct, insert
from scheduler.explanation.forcing import Forcing
from scheduler.explanation.reason import reason
from scheduler.explanation.signature import Explanation
from scheduler.ledger import Ledger
from scheduler.model import Limit, Program, every_choice, named_choices, solve
from scheduler.objective import LEVELS, Objective, key
from scheduler.pattern import CasePatterns
from scheduler.plan import HALVED, Bound, Cost, Plan, Unplanned, bookings_of, versions
from scheduler.ranking import best_patterns
from scheduler.stopping import Stop, never
from scheduler.task import Options, Task, prepare
from scheduler.world import Booking, World

EXACT = 20_000
"""Up to this many choices every one of them goes into the model, which can then prove optimality.
Beyond it the model polishes named options and the relaxation gives the bound."""
ANNEALING = 0.45
"""The share of the time for annealing where it is done here; the rest is for bounds and polish."""
ELSEWHERE = 0.85
"""The share of the time for annealing where it is done beside the bounds."""
BRANCHING = 0.5
"""The share of what is left after the first bounds that may go into tightening them."""
COLUMNS = 40_000
"""Larger parts are not branched on while planning: it takes a gigabyte and gets nowhere."""
HEADLINE = LEVELS[:2]
LOWER = 3.0
"""The levels that are bound first, and how many times as long the bounds of all of them take."""
CHEAP = 0.025
"""The share of the time within which the first plan is made where bounds are cheap enough to come
first: they take a few times as long."""
ROUND = 0.5
"""Seconds by which a round of polishing may overrun."""
NEIGHBOURS = 16
ORDERS = 6
"""Cases that one round of polishing frees beside its seed, and the orders it inserts them in."""
REASONS = 0.05
"""The share of the time that is kept for what it would cost to plan the unplanned."""
POLISHED = 50
WORK = 0.05
"""Where rounds are counted: how many for each round of polishing, and what CP-SAT may do for each,
in its own deterministic unit (about a second)."""
STOPPED = "planning was stopped before this was looked into"

Progress = Callable[[Objective, Objective, float], None]
"""Called with the values of the incumbent and the bounds so far, by level, and the seconds."""


@paused()
def plan(
    world: World,
    register: Register,
    *,
    seconds: float = 10.0,
    rounds: int | None = None,
    seed: int = 0,
    seeds: int | None = None,
    progress: Progress | None = None,
    stop: Stop = never,
    enough: Stop = never,
    executor: Executor | None = None,
    workers: int = 1,
) -> Plan:
    """Plan every case of ``world`` that fits.

    Parameters
    ----------
    seconds
        How long to search and explain. The first plan is finished first, and every unplanned case
        gets its reason after; what planning it would cost is told for as many as time allows.
    rounds
        Rounds of annealing instead: no clock is looked at then, and the result is the same on every
        machine and for every number of workers.
    seed, seeds
        A large world is annealed from as many ``seeds``, the first of them ``seed``; None is one,
        or one for each worker where a clock runs and the world has one part only.
    progress
        Called with values, bounds and seconds at each improvement of either.
    stop
        True ends within a tenth of a second, once the world is compiled, with the plan so far; what
        is not planned then has no reason. Work in other processes ends by its own budget.
    enough
        True ends the search as ``stop`` does. Reasons are given all the same, but it is not looked
        into any more what planning the unplanned would cost.
    executor, workers
        Where a large world is annealed, by so many workers, while it is bound here.

    Raises
    ------
    ValueError
        When seconds, rounds, seeds or workers are none; it names all that are wrong.
    """
    _check(seconds, rounds, seeds, workers)
    began = time.monotonic()
    until = began + seconds if rounds is None else math.inf
    task = prepare(world, register)
    options = construct(task.cases, task.valuation, task.occupancy, stop)

    def report(values: Objective, bounds: Objective) -> None:
        if progress is not None:
            progress(values, bounds, time.monotonic() - began)

    report(task.value(options), {})
    proven = alone(task.cases, task.valuation, stop)
    if seconds > 0 or rounds:
        if seeds is None:
            seeds = 1 if rounds is not None or len(task.parts) > 1 else workers
        seeded = range(seed, seed + seeds)
        first = time.monotonic() - began
        over = until - REASONS * seconds
        ends = partial(_either, stop, enough)
        search = _Search(task, first, over, rounds, seeded, report, ends)
        options = search.run(options, executor, workers)
        proven |= search.proven
    values = task.value(options)
    bookings = (
        *task.pinned,
        *(
            booking
            for case in task.cases
            if (option := options.get(case.case.id)) is not None
            for booking in bookings_of(case, option.pattern, option.names)
        ),
    )
    return Plan(
        world=world.fingerprint,
        made_at=datetime.now(UTC),
        seed=seed,
        seconds=round(time.monotonic() - began, 3),
        versions=versions(),
        levels=tuple(Bound.of(name, values[name], proven[name]) for name in LEVELS),
        bookings=bookings,
        unplanned=tuple(_unplanned(task, bookings, 0.0 if enough() else until, stop)),
    )


def _either(stop: Stop, enough: Stop) -> bool:
    return stop() or enough()


def _check(seconds: float, rounds: int | None, seeds: int | None, workers: int) -> None:
    wrong = [
        f"{name} must be {least} or more, not {given}"
        for name, given, least in (
            ("seconds", seconds, 0),
            ("rounds", rounds, 1),
            ("seeds", seeds, 1),
            ("workers", workers, 1),
        )
        if given is not None and not least <= given < math.inf
    ]
    if wrong:
        raise ValueError("; ".join(wrong))


def _unplanned(
    task: Task, bookings: Sequence[Booking], until: float, stop: Stop
) -> Iterator[Unplanned]:
    """Say of each case without a booking what is in its way, and what forcing it in would cost.

    The heaviest first; what it would cost is asked ``until`` then.
    """
    for case in task.halved:
        yield Unplanned(case=case, reason=HALVED)
    booked = {one.case for one in bookings}
    left = [one for one in task.cases if one.case.id not in booked]
    if not stop():
        forcing = Forcing(Ledger(task.patterns, bookings), task.valuation)
        left.sort(key=task.valuation.order)
    for one in left:
        yield (
            Unplanned(case=one.case.id, reason=STOPPED, blocked="unknown")
            if stop()
            else _reasoned(forcing, one, until)
        )


def _reasoned(forcing: Forcing, case: CasePatterns, until: float) -> Unplanned:
    if forcing.valuation.last_moment(case) is None:
        alone = Explanation(case, forcing.patterns.empty)
        return Unplanned(case=case.case.id, reason=reason(alone))
    says = reason(Explanation(case, forcing.ledger.occupancy))
    if time.monotonic() >= until:
        return Unplanned(case=case.case.id, reason=says, blocked="bookings", asked=False)
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


@dataclass(slots=True)
class _Search:
    """Improvement and proof of a plan of one task; the occupancy holds the plan throughout.

    A small world is solved exactly. A large one is annealed, bound, and polished with the time that
    is left but for its last part, which is kept for the bounds of the lower levels. ``first`` are
    the seconds that the first plan took.
    """

    task: Task
    first: float
    until: float
    rounds: int | None
    seeds: Sequence[int]
    report: Callable[[Objective, Objective], None]
    stop: Stop
    proven: Objective = field(default_factory=dict)
    _bound_for: Objective = field(default_factory=dict)
    _told: tuple[int, ...] = ()

    @property
    def left(self) -> float:
        """Seconds until the end; without an end where rounds are counted."""
        if self.rounds is not None:
            return math.inf
        return self.until - time.monotonic()

    def run(self, options: Options, executor: Executor | None, workers: int) -> Options:
        """Return the plan that ``options`` becomes; what is proven of it is in ``proven``."""
        if self._is_over():
            return options
        with self.task.without(options):
            exact = _is_small(self.task)
        if exact:
            return self._exactly(options)
        if executor is None:
            return self._here(options)
        return self._elsewhere(options, executor, workers)

    def _exactly(self, options: Options) -> Options:
        self._prove(self._relaxed(options), options, LEVELS)
        return options if self._closed(options) or self.stop() else self._solve(options)

    def _here(self, options: Options) -> Options:
        """Anneal, bind and polish in turn; bounds come first where they are cheap."""
        parts: list[Relaxation] = []
        if self.first <= CHEAP * self.left:
            parts = self._relaxed(options)
            self._prove(parts, options, LEVELS)
            if self._closed(options):
                return options
        share = Budget(ANNEALING * self.left, self.rounds)
        options = anneal(self.task, options, share, self.seeds, self.stop, self._tell)
        parts = parts or self._relaxed(options)
        solving = self._prove(parts, options, HEADLINE)
        self._branch(parts, options, BRANCHING * self.left)
        return self._finished(parts, options, solving)

    def _elsewhere(self, options: Options, executor: Executor, workers: int) -> Options:
        """Bind here while others anneal; polish in the time that is left."""
        kept = (1 - ELSEWHERE) * self.left
        share = Budget(ELSEWHERE * self.left, self.rounds)
        sent = submit(executor, workers, self.task, options, share, self.seeds)
        parts = self._relaxed(options)
        solving = self._prove(parts, options, HEADLINE)
        self._branch(parts, options, self.left - kept)
        options = collect(self.task, options, sent, lambda: self.stop() or self._closed(options))
        self._tell(self.task.value(options))
        return self._finished(parts, options, solving)

    def _finished(self, parts: Sequence[Relaxation], options: Options, solving: float) -> Options:
        """Polish, but for what the bounds of all levels take if the first took ``solving``."""
        if self.stop() or self._closed(options):
            return options
        options = self._polish(options, LOWER * solving + ROUND)
        self._prove(parts, options, LEVELS)
        return options

    def _is_over(self) -> bool:
        return self.left <= 0 or self.stop()

    def _tell(self, values: Objective, bounds: Objective | None = None) -> None:
        """Report a plan, unless a better one was reported before."""
        if key(values) >= self._told:
            self._told = key(values)
            self.report(values, self.proven if bounds is None else bounds)

    def _closed(self, options: Options) -> bool:
        """Return whether nothing can be better."""
        values = self.task.value(options)
        return all(values[level] == self.proven.get(level) for level in LEVELS)

    # --- Bounds -------------------------------------------------------------------------------

    def _relaxed(self, options: Options) -> list[Relaxation]:
        """Return the relaxation of each part as if it were alone; none at all when stopped."""
        task = self.task
        with task.without(options):
            try:
                return [
                    relax(part, task.valuation, task.occupancy, self._is_over)
                    for part in task.parts
                ]
            except CancelledError:
                return []

    def _prove(self, parts: Sequence[Relaxation], options: Options, levels: Sequence[str]) -> float:
        """Bind ``levels`` of the plan; return the seconds it took."""
        if not parts:
            return 0.0
        began, values = time.monotonic(), self.task.value(options)
        before = still_valid(self.proven, self._bound_for, values) if self.proven else {}
        self.proven = tighter(before, prove(parts, values, self.left, levels, self.stop))
        self._bound_for = values
        self._tell(values)
        return time.monotonic() - began

    def _branch(self, parts: Sequence[Relaxation], options: Options, seconds: float) -> None:
        """Tighten the bound of the planned weight where the plan does not reach it yet."""
        bound = all(WEIGHT in one.proven for one in parts) and self.proven.get(WEIGHT)
        if not bound or self.rounds is not None or self.task.value(options)[WEIGHT] >= bound:
            return
        reached = [self.task.value_of(one, options)[WEIGHT] for one in self.task.parts]
        whole = prove_whole(
            parts, self.proven, min(seconds, self.left), self.stop, reached, COLUMNS
        )
        if whole != self.proven:
            self.proven = whole
            self._tell(self.task.value(options))

    # --- Models -------------------------------------------------------------------------------

    def _solve(self, options: Options) -> Options:
        """Let the model choose among everything; its bounds and the relaxation's are both valid."""
        task, before = self.task, self.task.value(options)

        def tell(values: Objective, bounds: Objective) -> None:
            self._tell(values, tighter(still_valid(self.proven, before, values), bounds))

        solution = None
        with task.without(options), suppress(CancelledError):
            program = Program(cp_model.CpModel(), task.occupancy, task.valuation)
            every_choice(program, task.cases, self._is_over)
            solution = solve(program, options, self._limit(), tell, self.stop)
        if solution is None:
            return options
        if key(task.value(solution.options)) > key(before):
            options = self._replaced(options, options, solution.options)
        values = task.value(options)
        self.proven = tighter(
            still_valid(self.proven, before, values),
            still_valid(solution.bounds, solution.values, values),
        )
        self._tell(values)
        return options

    def _limit(self) -> Limit:
        if self.rounds is None:
            return Limit(seconds=self.left)
        return Limit(work=self.rounds * WORK)

    def _polish(self, options: Options, kept: float) -> Options:
        """Return the plan as good as it gets by CP-SAT until so many seconds are ``kept``.

        Free a neighbourhood, insert it in several orders, and let the model pick the best.
        """
        lots = random.Random(self.seeds[0])
        turns = count() if self.rounds is None else range(self.rounds // POLISHED)
        for _ in turns:
            if self.left <= kept or self.stop():
                break
            task = self.task
            cases = _neighbourhood(task, options, lots)
            before = {one.case.id: options[one.case.id] for one in cases if one.case.id in options}
            with task.without(before):
                after = self._recombined(cases, before, lots)
            if key(task.value_of(cases, after)) > key(task.value_of(cases, before)):
                options = self._replaced(options, before, after)
                self._tell(task.value(options))
        return options

    def _replaced(self, options: Options, before: Options, after: Options) -> Options:
        """Return ``options`` with ``after`` for ``before``; the occupancy follows."""
        self.task.release(before)
        self.task.claim(after)
        return {case: one for case, one in options.items() if case not in before} | after

    def _recombined(
        self, cases: Sequence[CasePatterns], before: Options, lots: random.Random
    ) -> Options:
        """Return the best combination of the options that insertions of ``cases`` come up with."""
        task = self.task
        offers = {case: [option] for case, option in before.items()}
        for turn in range(ORDERS):
            order = lots.sample(cases, len(cases))
            if turn % 2 == 0:
                order.sort(key=lambda one: one.case.id in before)
            for case, option in _inserted(order, task).items():
                offers.setdefault(case, []).append(option)
        program = Program(cp_model.CpModel(), task.occupancy, task.valuation)
        named_choices(program, cases, offers)
        limit = Limit(seconds=max(self.left, ROUND)) if self.rounds is None else Limit(work=WORK)
        solution = solve(program, before, limit, stop=self.stop)
        return solution.options if solution else before


def _neighbourhood(task: Task, options: Options, lots: random.Random) -> list[CasePatterns]:
    """Return a case that could do better, and those that hold what it would want."""
    waiting = [
        one
        for one in task.cases
        if one.case.id not in options and task.valuation.last_moment(one) is not None
    ]
    seed = lots.choice(waiting if waiting and lots.random() < 0.5 else task.cases)
    wanted = [
        case_claims
        for pattern in islice(best_patterns(seed, task.valuation, task.patterns.empty), 60)
        if (names := seed.draw(pattern, task.patterns.empty)) is not None
        for case_claims in [seed.claims(pattern, names)]
    ]
    wanted = lots.sample(wanted, min(len(wanted), 3))
    holders = [
        one
        for one in task.cases
        if one is not seed
        and (option := options.get(one.case.id)) is not None
        and any(option.claims.meets(claims) for claims in wanted)
    ]
    near = lots.sample(holders, min(len(holders), NEIGHBOURS))
    return [seed, *near]


def _inserted(order: Sequence[CasePatterns], task: Task) -> Options:
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
