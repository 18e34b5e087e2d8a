"""Replications of a scenario: done by any executor, kept one by one, the same whoever does them.

A replication depends on its study and its number alone, so neither the executor nor the number of
workers shows in it, and one that was lost with its process is done again to the bit. Whoever works
compiles a study once.
"""

import gc
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from inspect import getfile
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from threading import Lock

import numpy as np

from scheduler.collector import give_back, paused
from scheduler.constraint import Register
from scheduler.simulation.adjusting import problems
from scheduler.simulation.profile import Setting
from scheduler.simulation.replication import model_of, replicate
from scheduler.simulation.scenario import Scenario, ScenarioError
from scheduler.simulation.tally import Tally
from scheduler.stopping import PAUSE, Stop, never

Replicate = Callable[[int], Tally]
"""Does the replication of a number."""
Progress = Callable[[int, int], None]
"""Called with the replications that are done, and how many there are to be."""
LOSSES = 5
"""How often workers may be lost in a row, with nothing done in between, before it is given up."""


@dataclass(frozen=True, slots=True)
class Study:
    """A scenario to be replicated.

    ``make`` compiles it, wherever that is: it must travel between processes. ``fingerprint`` tells
    apart what would count differently; the number of replications is no part of it.
    """

    fingerprint: str
    replications: int
    make: Callable[[], Replicate]


@dataclass(frozen=True, slots=True)
class Source:
    """A setting and a register as they travel between processes: ``make`` makes the setting."""

    make: Callable[[], Setting]
    register: Register
    fingerprint: str


def source_of(make: Callable[[], Setting], register: Register) -> tuple[Source, Setting]:
    """Return a source, and the setting that it makes."""
    setting = make()
    told = (
        setting.world.fingerprint,
        *(
            (one.id, dict(one.attributes), one.first.id, dict(one.held), one.within)
            for one in setting.profiles
        ),
        *(one.id for one in register.constraints),
        *(row.model_dump_json() for row in register.rules.rows),
        *_written(register),
        *(version(name) for name in ("numpy", "numba")),
    )
    source = Source(make, register, _print(told))
    _MADE.clear()
    _MADE[source.fingerprint] = setting
    return source, setting


def study_of(scenario: Scenario, source: Source, setting: Setting) -> Study:
    """Return the study of a scenario on the setting of a source.

    Raises
    ------
    ScenarioError
        When the scenario names what the setting or the register does not know.
    """
    wrong = [*problems(scenario, setting, source.register)]
    if wrong:
        raise ScenarioError(wrong)
    told = scenario.model_dump_json(exclude={"name", "replications"})
    return Study(
        _print((source.fingerprint, told)),
        scenario.replications,
        partial(_model, scenario, source),
    )


def _model(scenario: Scenario, source: Source) -> Replicate:
    setting = _MADE.get(source.fingerprint) or source.make()
    return partial(replicate, model_of(scenario, setting, source.register))


def _written(register: Register) -> list[str]:
    """Return digests of the code of engine and constraints: written otherwise it counts anew."""
    files = {*Path(__file__).parents[1].rglob("*.py")}
    for folder in {Path(getfile(one.declare)).parent for one in register.constraints}:
        files.update(folder.glob("*.py"))
    return [sha256(one.read_bytes()).hexdigest() for one in sorted(files)]


def _print(told: object) -> str:
    return sha256(repr(told).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Pool:
    """Who works: ``open`` gives an executor, anew when the last one broke.

    ``copies``: those are copies of this process, and have what it compiled before.
    """

    open: Callable[[], AbstractContextManager[Executor]]
    copies: bool = False


def processes(workers: int) -> Pool:
    """Return so many processes on this machine; copies of this one where the system has those."""
    copies = "fork" in get_all_start_methods()
    context = get_context("fork" if copies else "spawn")
    return Pool(lambda: ProcessPoolExecutor(workers, mp_context=context), copies)


def replicated(
    study: Study,
    pool: Pool,
    folder: Path | None = None,
    *,
    progress: Progress = lambda _done, _of: None,
    stop: Stop = never,
) -> list[Tally]:
    """Return what each replication of ``study`` counted, in order.

    Those that ``folder`` holds are not done again; each that is done is put there at once. What a
    worker took with it when it was killed is done by another.

    Raises
    ------
    BrokenExecutor
        When workers are lost again and again.
    CancelledError
        When ``stop`` says so; what was done is in the folder.
    """
    kept = None if folder is None else folder / study.fingerprint[:16]
    found = {} if kept is None else dict(_read(kept, range(study.replications)))
    lost = 0
    progress(len(found), study.replications)
    while len(found) < study.replications:
        if stop():
            raise CancelledError
        if pool.copies:
            _compiled(study)
        try:
            with pool.open() as executor:
                left = [n for n in range(study.replications) if n not in found]
                for number, tally in _done(executor, study, left, stop):
                    if kept is not None:
                        _write(kept, number, tally)
                    found[number] = tally
                    lost = 0
                    progress(len(found), study.replications)
        except BrokenExecutor:
            lost += 1
            if lost >= LOSSES:
                raise
    return [found[number] for number in range(study.replications)]


def _done(
    executor: Executor, study: Study, numbers: Iterable[int], stop: Stop
) -> Iterator[tuple[int, Tally]]:
    """Yield replications as they are done; what was done before others were lost comes first."""
    jobs: dict[Future[Tally], int] = {}
    try:
        for number in numbers:
            jobs[executor.submit(_replicate, study, number)] = number
        while jobs:
            if stop():
                raise CancelledError
            broken: BrokenExecutor | None = None
            for job in wait(jobs, PAUSE, FIRST_COMPLETED).done:
                number = jobs.pop(job)
                try:
                    tally = job.result()
                except BrokenExecutor as error:
                    broken = error
                else:
                    yield number, tally
            if broken is not None:
                raise broken
    finally:
        for job in jobs:
            job.cancel()


# --- Where the work is done -----------------------------------------------------------------------

_MADE: dict[str, Setting] = {}
"""The setting that was made last in this process, by the fingerprint of its source."""
_COMPILED: dict[str, Replicate] = {}
_COMPILING = Lock()


def _replicate(study: Study, number: int) -> Tally:
    return _compiled(study)(number)


def _compiled(study: Study) -> Replicate:
    """Return the study, compiled once in this process; only the last one is kept."""
    with _COMPILING:
        known = _COMPILED.get(study.fingerprint)
        if known is None:
            gc.unfreeze()
            _COMPILED.clear()
            gc.collect()
            with paused():
                known = _COMPILED[study.fingerprint] = study.make()
            gc.collect()
            give_back()
            gc.freeze()  # the copies of this process then share it, for nobody looks through it
        return known


# --- What is kept ---------------------------------------------------------------------------------


def _write(folder: Path, number: int, tally: Tally) -> None:
    """Put a replication into a folder, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(folder, number)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as to:
        np.savez_compressed(to, allow_pickle=False, **vars(tally))
    draft.replace(path)


def _read(folder: Path, numbers: Iterable[int]) -> Iterator[tuple[int, Tally]]:
    """Yield the replications that a folder holds; one that cannot be read is not there."""
    for number in numbers:
        try:
            with (
                _path(folder, number).open("rb") as source,
                np.load(source, allow_pickle=False) as archive,
            ):
                tally = Tally(**archive)
        except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile):
            continue
        yield number, tally


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:05}.npz"
