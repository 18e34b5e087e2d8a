"""Replications of a scenario: done by any executor, kept one by one, the same whoever does them.

A replication depends on its study and its number alone, so neither the executor nor the number of
workers shows in it, and one that was lost with its process is done again to the bit. Whoever works
compiles a study once.
"""

import gc
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
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
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from scheduler.collector import paused
from scheduler.stopping import PAUSE, Stop, never

Counts = Mapping[str, npt.NDArray[Any]]
"""What one replication counted: arrays of numbers or texts by name."""
Replicate = Callable[[int], Counts]
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
) -> list[Counts]:
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
                for number, counts in _done(executor, study, left, stop):
                    if kept is not None:
                        _write(kept, number, counts)
                    found[number] = counts
                    lost = 0
                    progress(len(found), study.replications)
        except BrokenExecutor:
            lost += 1
            if lost >= LOSSES:
                raise
    return [found[number] for number in range(study.replications)]


def _done(
    executor: Executor, study: Study, numbers: Iterable[int], stop: Stop
) -> Iterator[tuple[int, Counts]]:
    """Yield replications as they are done; what was done before others were lost comes first."""
    jobs: dict[Future[Counts], int] = {}
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
                    counts = job.result()
                except BrokenExecutor as error:
                    broken = error
                else:
                    yield number, counts
            if broken is not None:
                raise broken
    finally:
        for job in jobs:
            job.cancel()


# --- Where the work is done -----------------------------------------------------------------------

_COMPILED: dict[str, Replicate] = {}
_COMPILING = Lock()


def _replicate(study: Study, number: int) -> Counts:
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
            gc.freeze()  # the copies of this process then share it, for nobody looks through it
        return known


# --- What is kept ---------------------------------------------------------------------------------


def _write(folder: Path, number: int, counts: Counts) -> None:
    """Put a replication into a folder, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(folder, number)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as to:
        np.savez_compressed(to, allow_pickle=False, **counts)
    draft.replace(path)


def _read(folder: Path, numbers: Iterable[int]) -> Iterator[tuple[int, Counts]]:
    """Yield the replications that a folder holds; one that cannot be read is not there."""
    for number in numbers:
        try:
            with (
                _path(folder, number).open("rb") as source,
                np.load(source, allow_pickle=False) as archive,
            ):
                counts = dict(archive)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            continue
        yield number, counts


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:05}.npz"
