"""Whoever works on jobs in this process: a few threads, and one that minds them.

The minder writes down how they fare, so that no work waits for the database; it renews the lease,
and sees when a job was cancelled elsewhere.
"""

import json
import logging
import os
import secrets
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Condition, Event, Lock, Thread

from api.jobs.queue import Queue
from api.store.database import UnavailableError
from api.store.jobs import Job, Progress
from scheduler.stopping import Stop
from scheduler.world import Part, World

LOG = logging.getLogger("regietafel.jobs")
BEAT = 0.02
"""Seconds between two looks at what runs here, a fifth of what a cancel may take: a look is a
fifth of a millisecond's work on either database, so nobody need be called."""
TOLD = 0.5
"""Seconds between two words of how a job fares."""
RENEWALS = 6
"""How often a lease is renewed before it would run out, and those of others are looked at."""
POLL = 1.0
"""Seconds until whoever has nothing to do looks again."""
SWITCH = 0.0005
"""Seconds that work may go on while an answer waits for its turn; Python's own are ten times as
many, and an answer takes a dozen turns."""
GRACE = 5.0
"""Seconds that work has to stop when the process does."""

Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Halt:
    """Whether work is to stop, for nothing of it is kept; and whether what there is is enough."""

    stop: Stop
    enough: Stop

    def __call__(self) -> bool:
        """Return whether to stop."""
        return self.stop()


Work = Callable[[World, Job, Tell, Halt], Part]
"""Does a job on a world until it is done or told to halt, and tells how far it is."""


@dataclass(slots=True)
class _Run:
    """A job at work here."""

    job: Job
    stop: Event = field(default_factory=Event)
    enough: Event = field(default_factory=Event)
    latest: Progress | None = None

    def tell(self, how: Progress) -> None:
        self.latest = how


class Runner:
    """Does the jobs of a queue, as many at once as it has workers; none where these are 0."""

    def __init__(self, queue: Queue, works: Mapping[str, Work], workers: int) -> None:
        self.queue = queue
        self.name = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._works = works
        self._at_work: dict[str, _Run] = {}
        self._lock = Lock()
        self._rest = Condition()
        self._closing = Event()
        self._workers = workers
        self._threads: list[Thread] = []

    def start(self) -> None:
        """Begin with what waits."""
        self._closing.clear()
        if self._workers:
            sys.setswitchinterval(SWITCH)
        targets = [*[self._work] * self._workers, *[self._mind] * min(self._workers, 1)]
        self._threads = [Thread(target=one, daemon=True) for one in targets]
        for thread in self._threads:
            thread.start()

    @property
    def closing(self) -> bool:
        """Whether the process is to end: whoever follows a job here is told no more."""
        return self._closing.is_set()

    def close(self) -> None:
        """Begin to stop; safe where a signal is handled."""
        self._closing.set()

    def stop(self) -> None:
        """Stop all work within seconds, and let what is not done wait for others."""
        self.close()
        for run in self._running():
            run.stop.set()
        self.wake()
        until = time.monotonic() + GRACE
        for one in self._threads:
            one.join(max(0.0, until - time.monotonic()))
        if self._threads:
            with suppress(UnavailableError):  # then the lease runs out
                self.queue.hand_back(self.name)

    def wake(self) -> None:
        """Let whoever has nothing to do look at the queue now."""
        with self._rest:
            self._rest.notify_all()

    def cancelled(self, name: str) -> None:
        """Stop the work on a job that was cancelled, where it is done here."""
        with self._lock:
            run = self._at_work.get(name)
        if run is not None:
            run.stop.set()

    def _running(self) -> list[_Run]:
        with self._lock:
            return [*self._at_work.values()]

    # --- Work -----------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._closing.is_set():
            if not self._next():
                with self._rest:
                    if not self._closing.is_set():
                        self._rest.wait(POLL)

    def _next(self) -> bool:
        """Do the next job; return whether there was one."""
        try:
            taken = self.queue.take(self.name, self._works.keys())
        except UnavailableError:
            return False
        except Exception as error:  # a worker that is gone would be missed by nobody
            _failed("take", error)
            return False
        if taken is None:
            return False
        self._do(*taken)
        return True

    def _do(self, job: Job, world: World) -> None:
        run = _Run(job)
        with self._lock:
            self._at_work[job.id] = run
        if self._closing.is_set():
            run.stop.set()
        end: Callable[[], None]
        try:
            halt = Halt(run.stop.is_set, run.enough.is_set)
            result = self._works[job.kind](world, job, run.tell, halt)
            end = partial(self.queue.done, self.name, job, result)
        except Exception as error:  # whatever it is, its words may hold what was worked on
            _failed(job.kind, error)
            end = self._failure(job, error)
        try:
            self._write_down(run, end)
        except Exception as error:  # what cannot be written down has failed too
            _failed(job.kind, error)
            with suppress(Exception):  # nobody else would take the job while it is at work here
                self._write_down(run, self._failure(job, error))
        finally:
            with self._lock:
                del self._at_work[job.id]

    def _failure(self, job: Job, error: Exception) -> Callable[[], None]:
        says = f"it failed ({type(error).__name__}); where is in the technical log"
        return partial(self.queue.failed, self.name, job, says)

    def _write_down(self, run: _Run, end: Callable[[], None]) -> None:
        """Write down how a job ended, when the database is there again if it is away."""
        while not run.stop.is_set():
            try:
                self._flush(run)
                end()
                break
            except UnavailableError:
                run.stop.wait(POLL)

    def _flush(self, run: _Run) -> None:
        """Write down how far a job is, where that is news."""
        if (how := run.latest) is not None:
            self.queue.progress(self.name, run.job, how)
            if run.latest is how:
                run.latest = None

    # --- Minding --------------------------------------------------------------------------------

    def _mind(self) -> None:
        renewal = self.queue.lease.total_seconds() / RENEWALS
        told = renewed = time.monotonic()
        while not self._closing.wait(BEAT):
            now = time.monotonic()
            try:
                runs = self._still_ours()
                if now - told >= TOLD:
                    told = now
                    for run in runs:
                        self._flush(run)
                if now - renewed >= renewal:
                    if runs:
                        self.queue.renew(self.name)
                    self.queue.lapse()
                    renewed = now
            except UnavailableError:
                self._closing.wait(TOLD)
            except Exception as error:  # without a minder every lease would run out
                _failed("mind", error)
                self._closing.wait(TOLD)

    def _still_ours(self) -> list[_Run]:
        """Return what runs here, stop what was cancelled or lost, and end what is enough."""
        runs = self._running()
        # Whoever runs here was the worker's in the store before it was among these.
        mine = self.queue.working(self.name) if runs else {}
        ours = []
        for run in runs:
            enough = mine.get((run.job.id, run.job.attempts))
            if enough is None:
                run.stop.set()
                continue
            ours.append(run)
            if enough:
                run.enough.set()
        return ours


def _failed(what: str, error: Exception) -> None:
    """Tell the technical log what failed and in which line, and not what it said."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} in {last.name}, {last.filename}:{last.lineno}"
    LOG.error(json.dumps({"job": what, "failed": where}))
