"""One solver on one world, in a process group of its own that is killed when its time is over.

The clock of a peer starts when it holds the stated problem and its module is imported; ours when
the world is read, so that compiling counts for us alone. A message carries the moment it was sent,
and what was sent after the limit does not count.
"""

import multiprocessing
import os
import pickle
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from api.desk import open_world
from benchmarks.peers.peer import peer
from benchmarks.peers.problem import Compiled
from constraints.register import REGISTER
from scheduler.objective import Objective
from scheduler.plan import Plan
from scheduler.planner import plan
from scheduler.validator import plan_violations
from scheduler.world import World

US = "Regietafel"
GRACE = 5.0
"""Seconds that a solver may take longer than its limit before it is killed."""
WRITING = 60.0
"""The same for us: a first plan is always finished, and what we end with is looked at."""
MARGIN = 0.5
"""What our planner may need beyond the seconds it is given, to tell of what it has."""
BESIDE = 5.0
"""From so many seconds on a second process pays: it anneals while the first works out bounds."""
LOADING = 120.0
"""Seconds that a solver has to be loaded, before its clock starts."""
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Point:
    """What a solver had after so many seconds; ``wrong`` are the rules that its plan breaks."""

    seconds: float
    values: Objective
    wrong: tuple[str, ...] = ()


@dataclass(slots=True)
class Run:
    """Everything one solver reported within ``limit``, in order."""

    solver: str
    limit: float
    points: list[Point] = field(default_factory=list)
    bounds: Objective = field(default_factory=dict)
    note: str = ""
    cannot: tuple[str, ...] = ()

    def at(self, seconds: float) -> Point | None:
        """Return the last point by ``seconds``, or None."""
        return next((one for one in reversed(self.points) if one.seconds <= seconds), None)


def run_peer(name: str, compiled: Compiled, limit: float, seed: int, folder: Path) -> Run:
    """Run a peer and look at its plans; one that breaks a rule is worth as much as no plan."""
    path = folder / "problem.pickle"
    path.write_bytes(pickle.dumps(compiled.problem))
    run = Run(name, limit)
    for kind, seconds, what in _messages(_peer, (name, path, limit, seed), limit):
        if kind == "answer":
            made = compiled.plan(what, seconds, seed)
            wrong = _wrong(compiled.task.patterns.world, made)
            values = compiled.values({}) if wrong else made.objective
            run.points.append(Point(seconds, values, wrong))
        elif kind == "loaded":
            run.cannot = what
        else:
            run.note = what
    return run


def run_us(compiled: Compiled, path: Path, limit: float, seed: int) -> Run:
    """Run our planner on the world at ``path``; the plan it ends with is looked at."""
    run = Run(US, limit, note="its plan came too late to be looked at")
    for kind, seconds, what in _messages(_us, (path, limit, seed), limit, WRITING):
        if kind == "values":
            values, bounds = what
            run.points.append(Point(seconds, values))
            run.bounds = bounds or run.bounds
        elif kind == "plan":
            made = Plan.model_validate_json(what)
            run.bounds = {one.level: one.bound for one in made.levels}
            run.note = ""
            wrong = _wrong(compiled.task.patterns.world, made)
            if wrong:
                nothing = compiled.values({})
                run.points = [Point(one.seconds, nothing, wrong) for one in run.points]
        elif kind == "failed":
            run.note = what
    return run


def _wrong(world: World, made: Plan) -> tuple[str, ...]:
    """Return what the validator says of a plan."""
    return tuple(f"{one.constraint}: {one.says}" for one in plan_violations(world, REGISTER, made))


Message = tuple[str, float, Any]
"""What it is, after how many seconds it was sent, and the thing itself."""


def _messages(
    work: Callable[..., None], arguments: tuple[Any, ...], limit: float, grace: float = GRACE
) -> Iterator[Message]:
    """Yield what a process sends by its limit; at the end kill it and all it has started."""
    receiver, sender = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=_alone, args=(sender, work, arguments))
    process.start()
    sender.close()
    found: list[Message] = []
    until = time.monotonic() + LOADING
    try:
        while receiver.poll(max(until - time.monotonic(), 0)):
            message = receiver.recv()
            if message[0] == "loaded":
                until = time.monotonic() + limit + grace
            found.append(message)
    except EOFError:
        pass
    finally:
        if process.pid is not None and process.is_alive():
            _kill(process.pid)
        process.join()
    yield from (one for one in found if one[0] not in {"answer", "values"} or one[1] <= limit)


def _kill(process: int) -> None:
    try:
        os.killpg(process, signal.SIGKILL)
    except ProcessLookupError:  # it ended by itself
        return


def _alone(sender: Connection, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """Do ``work`` in a process group of its own; tell what went wrong."""
    os.setsid()
    try:
        work(sender, *arguments)
    except Exception:
        sender.send(("failed", 0.0, traceback.format_exc().strip().splitlines()[-1]))


def _peer(sender: Connection, name: str, path: Path, limit: float, seed: int) -> None:
    problem = pickle.loads(path.read_bytes())
    module = peer(name)
    sender.send(("loaded", 0.0, module.CANNOT))
    began = time.monotonic()
    module.search(
        problem,
        limit,
        seed,
        lambda answer: sender.send(("answer", time.monotonic() - began, answer)),
    )


def _us(sender: Connection, path: Path, limit: float, seed: int) -> None:
    world = open_world(path)
    with ProcessPoolExecutor(1, mp_context=_SPAWN) as executor:
        beside = executor if limit >= BESIDE else None
        if beside is not None:
            beside.submit(os.getpid).result()
        sender.send(("loaded", 0.0, None))
        began = time.monotonic()
        seconds = max(limit - MARGIN, 0)
        first = True

        def report(values: Objective, bounds: Objective, _seconds: float) -> None:
            nonlocal first
            first = False
            sender.send(("values", time.monotonic() - began, (dict(values), dict(bounds))))

        made = plan(
            world,
            REGISTER,
            seconds=seconds,
            seed=seed,
            progress=report,
            # Once it has a plan. It would go on to say why cases are not in it, which nobody asks.
            stop=lambda: not first and time.monotonic() - began >= seconds,
            executor=beside,
            workers=1,
        )
        sender.send(("plan", time.monotonic() - began, made.model_dump_json(by_alias=True)))
