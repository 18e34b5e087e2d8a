"""Annealing a world in parts, here or in other processes; for as many rounds it is all the same.

Cases of one country share little with those of another. Each part is annealed beside what the
others had booked; what then collides is inserted anew.
"""

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass

from scheduler.collector import paused
from scheduler.constraint import Register
from scheduler.construction import Option, insert
from scheduler.improvement import Improvement
from scheduler.layout import Layout
from scheduler.objective import Objective, key
from scheduler.occupancy import Claims
from scheduler.pattern import CasePatterns, Names, Pattern
from scheduler.stopping import PAUSE, Stop, never
from scheduler.task import Options, Task, prepare
from scheduler.world import Leg, World

Start = tuple[tuple[str, tuple[tuple[Leg, int, int], ...], Names], ...]
"""A plan as it travels between processes: per case its layouts by their place among the promising
ones of their leg, their slots, and the people drawn."""
Part = tuple[CasePatterns, ...]
Report = Callable[[Objective], None]


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to anneal: so many ``rounds`` where they are given, else so many ``seconds``."""

    seconds: float = math.inf
    rounds: int | None = None

    def share(self, part: float) -> "Budget":
        """Return so large a part of it."""
        rounds = None if self.rounds is None else math.ceil(self.rounds * part)
        return Budget(self.seconds * part, rounds)


@dataclass(frozen=True, slots=True)
class Job:
    """A part of a world to be annealed from ``start`` beside the claims of the others."""

    world: World
    register: Register
    start: Start
    names: tuple[str, ...]
    others: tuple[Claims, ...]
    seed: int
    budget: Budget


def annealed(job: Job) -> Start:
    """Do a job, wherever this is; its seconds count from now, compiling included."""
    began = time.monotonic()
    with paused():
        task = prepare(job.world, job.register, frozenset(job.names))
        options = restored(task, job.start)
        for claims in job.others:
            task.occupancy.claim(claims)
        task.claim(options)
        spent = time.monotonic() - began
        budget = Budget(job.budget.seconds - spent, job.budget.rounds)
        return packed(task, _annealed(task, task.cases, options, job.seed, budget))


def anneal(
    task: Task,
    options: Options,
    budget: Budget,
    seeds: Sequence[int],
    stop: Stop = never,
    report: Report = lambda _values: None,
) -> Options:
    """Return the plan that annealing here ends with; the occupancy follows it.

    Where rounds are counted it is done in parts, as elsewhere. ``report`` is called with the value
    of the plan at each improvement.
    """
    if budget.rounds is None:
        return _annealed(task, task.cases, options, seeds[0], budget, stop, report)
    found: list[Options] = []
    for part in task.parts:
        mine = _of(part, options)
        share = budget.share(len(part) / len(task.cases) / len(seeds))
        for seed in seeds:
            best = _annealed(task, part, mine, seed, share, stop)
            task.release(best)
            task.claim(mine)
            found.append(best)
    merged = _merged(task, options, found, len(seeds))
    report(task.value(merged))
    return merged


def submit(
    executor: Executor,
    workers: int,
    task: Task,
    options: Options,
    budget: Budget,
    seeds: Sequence[int],
) -> list[Future[Start]]:
    """Let ``executor``, which has so many ``workers``, anneal every part from every seed."""
    return [
        executor.submit(
            annealed,
            Job(
                task.patterns.world,
                task.patterns.register,
                packed(task, _of(part, options)),
                tuple(one.case.id for one in part),
                tuple(
                    option.claims
                    for case, option in options.items()
                    if case not in {one.case.id for one in part}
                ),
                seed,
                Budget(min(share.seconds * workers, budget.seconds), share.rounds),
            ),
        )
        for part in task.parts
        for share in [budget.share(len(part) / len(task.cases) / len(seeds))]
        for seed in seeds
    ]


def collect(
    task: Task, options: Options, sent: Sequence[Future[Start]], seeds: int, stop: Stop = never
) -> Options:
    """Return the plan that comes of what was submitted; the occupancy follows it.

    What is not done when ``stop`` says so is left.
    """
    while not stop() and wait(sent, PAUSE).not_done:
        continue
    if stop():
        for one in sent:
            one.cancel()
        return options
    return _merged(task, options, [restored(task, one.result()) for one in sent], seeds)


def packed(task: Task, options: Mapping[str, Option]) -> Start:
    """Return a plan as it travels."""
    return tuple(
        (name, tuple(_placed(task, name, *leg) for leg in option.pattern.legs), option.names)
        for name, option in options.items()
    )


def _placed(task: Task, name: str, layout: Layout, slot: int) -> tuple[Leg, int, int]:
    return layout.leg, task.patterns.of(name).legs[layout.leg].promising.index(layout), slot


def restored(task: Task, start: Start) -> Options:
    """Return the plan that came from another process, in the patterns of this one."""
    options = {}
    for name, legs, names in start:
        case = task.patterns.of(name)
        placed = tuple((case.legs[leg].promising[at], slot) for leg, at, slot in legs)
        pattern = Pattern(name, placed)
        options[name] = Option(pattern, names, case.claims(pattern, names))
    return options


def _annealed(
    task: Task,
    part: Part,
    options: Options,
    seed: int,
    budget: Budget,
    stop: Stop = never,
    report: Report = lambda _values: None,
) -> Options:
    """Return the best plan found of a part; the occupancy follows it."""
    search = Improvement(part, task.valuation, task.occupancy, options, random.Random(seed))
    until = time.monotonic() + budget.seconds if budget.rounds is None else math.inf
    return search.run(until=until, rounds=budget.rounds, stop=stop, report=report)


def _merged(task: Task, options: Options, found: Sequence[Options], seeds: int) -> Options:
    """Take the best plan of each part, its first of equals, and insert anew what collides.

    ``found`` holds, part by part, a plan for each seed. Nothing changes where that is no better.
    """
    merged: Options = {}
    for n, part in enumerate(task.parts):
        plans = [_of(part, options), *found[n * seeds : (n + 1) * seeds]]
        worth = [key(task.value_of(part, one)) for one in plans]
        merged |= plans[worth.index(max(worth))]
    task.release(options)
    taken: Options = {}
    for case in task.cases:
        option = merged.get(case.case.id)
        if option is not None and task.occupancy.admits(option.claims):
            task.occupancy.claim(option.claims)
            taken[case.case.id] = option
    for case in task.cases:
        if case.case.id in merged.keys() - taken.keys():
            again = insert(case, task.valuation, task.occupancy)
            if again is not None:
                taken[case.case.id] = again
    if key(task.value(taken)) >= key(task.value(options)):
        return taken
    task.release(taken)
    task.claim(options)
    return options


def _of(part: Part, options: Options) -> Options:
    return {one.case.id: options[one.case.id] for one in part if one.case.id in options}
