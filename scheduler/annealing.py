"""Annealing a world in parts, here or in other processes; for as many rounds it is all the same.

Cases of one country share little with those of another. Each part is annealed beside what the
others had booked; what then collides is inserted anew.
"""

import logging
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from heapq import heapreplace

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
LOG = logging.getLogger(__name__)


def _silent(_values: Objective) -> None:
    """Tell nobody."""


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
    """A part of a world to be annealed from ``start`` beside the claims of the others.

    It ends with its ``rounds``, or ``until`` then by the clock on the wall, which processes share.
    """

    world: World
    register: Register
    start: Start
    names: tuple[str, ...]
    others: tuple[Claims, ...]
    seed: int
    until: float
    rounds: int | None


@paused()
def annealed(job: Job) -> Start:
    """Do a job, wherever this is."""
    task = prepare(job.world, job.register, frozenset(job.names))
    options = restored(task, job.start)
    for claims in job.others:
        task.occupancy.claim(claims)
    task.claim(options)
    budget = Budget(job.until - time.time(), job.rounds)
    return packed(task, _annealed(task, task.cases, options, job.seed, budget))


def anneal(
    task: Task,
    options: Options,
    budget: Budget,
    seeds: Sequence[int],
    stop: Stop = never,
    report: Report = _silent,
) -> Options:
    """Return the plan that annealing here ends with, from every seed; the occupancy follows it.

    Where rounds are counted it is done in parts, as elsewhere. Where the world is annealed as a
    whole, ``report`` is called with the value of the plan at each improvement of a seed's own.
    """
    parts = (task.cases,) if budget.rounds is None else task.parts
    if len(parts) == len(seeds) == 1:
        return _annealed(task, task.cases, options, seeds[0], budget, stop, report)
    tell = report if len(parts) == 1 else _silent
    found: list[list[Options]] = []
    for part in parts:
        mine = _of(part, options)
        share = budget.share(len(part) / len(task.cases) / len(seeds))
        found.append([])
        for seed in seeds:
            best = _annealed(task, part, mine, seed, share, stop, tell)
            task.release(best)
            task.claim(mine)
            found[-1].append(best)
    return _merged(task, options, parts, found)


def submit(
    executor: Executor,
    workers: int,
    task: Task,
    options: Options,
    budget: Budget,
    seeds: Sequence[int],
) -> list[list[Future[Start]]]:
    """Let ``executor``, which has so many ``workers``, anneal every part from every seed.

    Return the jobs part by part.
    """
    sizes = [len(part) / len(task.cases) / len(seeds) for part in task.parts]
    ends = _ends([size for size in sizes for _ in seeds], workers)
    last, now, turns = max(ends), time.time(), iter(ends)
    return [
        [
            executor.submit(
                annealed,
                Job(
                    task.patterns.world,
                    task.patterns.register,
                    packed(task, _of(part, options)),
                    tuple(one.case.id for one in part),
                    _others(part, options),
                    seed,
                    now + next(turns) / last * budget.seconds,
                    budget.share(size).rounds,
                ),
            )
            for seed in seeds
        ]
        for part, size in zip(task.parts, sizes, strict=True)
    ]


def _ends(sizes: Sequence[float], workers: int) -> list[float]:
    """Return when jobs of these ``sizes`` end, each taken in turn by the first worker free."""
    busy, ends = [0.0] * workers, []
    for size in sizes:
        ends.append(busy[0] + size)
        heapreplace(busy, ends[-1])
    return ends


def _others(part: Part, options: Options) -> tuple[Claims, ...]:
    own = {one.case.id for one in part}
    return tuple(option.claims for case, option in options.items() if case not in own)


def collect(
    task: Task, options: Options, sent: Sequence[Sequence[Future[Start]]], stop: Stop = never
) -> Options:
    """Return the plan that comes of what was submitted; the occupancy follows it.

    What is not done when ``stop`` says so is left, and so is what was lost with its process.
    """
    jobs = [job for jobs in sent for job in jobs]
    while not stop() and wait(jobs, PAUSE).not_done:
        continue
    for job in jobs:
        job.cancel()
    found = [[restored(task, start) for start in map(_result, jobs) if start] for jobs in sent]
    return _merged(task, options, task.parts, found)


def _result(job: Future[Start]) -> Start | None:
    """Return what came of a job, if it is done and its process lived."""
    if not job.done() or job.cancelled():
        return None
    try:
        return job.result()
    except (BrokenExecutor, KeyboardInterrupt):
        LOG.warning("a process that annealed was lost; its part stays as it was", exc_info=True)
        return None


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
    report: Report = _silent,
) -> Options:
    """Return the best plan found of a part; the occupancy follows it."""
    search = Improvement(part, task.valuation, task.occupancy, options, random.Random(seed))
    until = time.monotonic() + budget.seconds if budget.rounds is None else math.inf
    return search.run(until=until, rounds=budget.rounds, stop=stop, report=report)


def _merged(
    task: Task, options: Options, parts: Sequence[Part], found: Sequence[Sequence[Options]]
) -> Options:
    """Take the best plan ``found`` of each part, its first of equals; insert anew what collides.

    Nothing changes where that is no better.
    """
    merged: Options = {}
    for part, plans in zip(parts, found, strict=True):
        offered = [_of(part, options), *plans]
        worth = [key(task.value_of(part, one)) for one in offered]
        merged |= offered[worth.index(max(worth))]
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
