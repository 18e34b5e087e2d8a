"""The queue of jobs in the store, which several processes and machines may share.

A job is whoever's took it, for as long as they renew their lease. When a process dies its lease
runs out: the job is interrupted then, and begins anew with the same seed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from api.office import Office
from api.store import jobs as store
from api.store.answers import Once
from api.store.jobs import (
    OVER,
    WAITING,
    Job,
    JobEvent,
    JobOverError,
    JobStatus,
    NotDoneError,
    Progress,
)
from api.store.logs import Actor, Processing, process
from api.store.refusal import Refusal
from api.store.worlds import persons_of
from scheduler.plan import versions
from scheduler.world import Part, World

LEASE = timedelta(seconds=30)
"""How long a job is a worker's that has not been heard of since, unless it is said otherwise."""
ATTEMPTS = 3
"""How often a job begins before it is given up: it may be the job that kills its workers."""
OWN = 3
"""Jobs of one account that may wait."""
OF_NOBODY = frozenset({"simulation"})
"""Kinds of job that read no case of the world."""
PAGE = 500
"""Events that are read at once."""


class QueueFullError(Refusal):
    """As many jobs wait as may."""


class OwnQueueFullError(Refusal):
    """As many jobs of this account wait as may."""


@dataclass(frozen=True, slots=True)
class Queue:
    """The jobs of an office, of which ``most`` may wait, each taken for a ``lease`` at a time."""

    office: Office
    most: int
    lease: timedelta = LEASE

    # --- Whoever asks ---------------------------------------------------------------------------

    def submit(
        self,
        kind: str,
        request: Mapping[str, Any],
        seed: int,
        actor: Actor,
        *,
        once: Once | None = None,
    ) -> Job:
        """Let a new job wait.

        Raises
        ------
        QueueFullError, OwnQueueFullError
            When as many wait as may, of all or of this account.
        """
        with self.office.beside(actor, "submit", [kind], once) as change:
            waiting = store.count(change.connection, statuses=WAITING)
            own = store.count(change.connection, owner=actor.id, statuses=WAITING)
            if own >= OWN:
                raise OwnQueueFullError(f"{own} jobs of yours wait already")
            if waiting >= self.most:
                raise QueueFullError(f"{waiting} jobs wait already")
            job = store.add(change.connection, kind, actor.id, request, seed, change.now)
            change.objects = (job.id,)
            change.answer = job
        return job

    def cancel(
        self, name: str, actor: Actor, kind: str | None = None, owner: str | None = None
    ) -> Job:
        """Cancel a job, whoever works on it.

        Raises
        ------
        UnknownJobError, JobOverError
            When there is none of that id, or not of such; or it is over.
        """
        with self.office.beside(actor, "cancel", [name]) as change:
            before = store.find(change.connection, name, kind, owner)
            if not store.cancel(change.connection, name, change.now):
                raise JobOverError(f"{name} is {before.status} already")
            job = store.find(change.connection, name)
        return job

    def finish(self, name: str, actor: Actor, kind: str, owner: str | None = None) -> Job:
        """Let a job end with what it has by now, whoever works on it.

        Raises
        ------
        UnknownJobError, JobOverError, NotDoneError
            When there is none of that id, or not of such; it is over; or it waits still.
        """
        with self.office.beside(actor, "finish", [name]) as change:
            before = store.find(change.connection, name, kind, owner)
            if before.status in OVER:
                raise JobOverError(f"{name} is {before.status} already")
            if not store.enough(change.connection, before):
                raise NotDoneError(f"{name} is {before.status}, and is kept when it is at work")
            job = store.find(change.connection, name)
        return job

    def job(
        self, name: str, kind: str | None = None, owner: str | None = None
    ) -> tuple[Job, Progress | None]:
        """Return a job and how far it is; UnknownJobError when there is none of such."""
        with self.office.database.reading() as connection:
            return store.find(connection, name, kind, owner), store.latest(connection, name)

    def jobs(self, kind: str, owner: str | None, offset: int, limit: int) -> tuple[Job, ...]:
        """Return jobs, the newest first: of an owner, else of all."""
        with self.office.database.reading() as connection:
            return store.listed(connection, kind, owner, offset, limit)

    def jobs_ever(self, kind: str, owner: str | None) -> int:
        """Return how many such jobs there are."""
        with self.office.database.reading() as connection:
            return store.count(connection, kind, owner)

    def result(self, name: str) -> Any:
        """Return what came of a job; None where nothing has."""
        with self.office.database.reading() as connection:
            return store.result(connection, name)

    def events(self, name: str, after: int) -> tuple[tuple[JobEvent, ...], bool]:
        """Return how a job fared after an event of it, and whether nothing more will come."""
        with self.office.database.reading() as connection:
            over = store.find(connection, name).status in OVER
            found = store.events(connection, name, after, PAGE)
            return found, over and len(found) < PAGE

    # --- Whoever works --------------------------------------------------------------------------

    def take(self, worker: str, kinds: Collection[str]) -> tuple[Job, World] | None:
        """Return the oldest job that waits, and the world to do it on; None where none does."""
        with self.office.database.reading() as connection:
            if not store.count(connection, statuses=WAITING):
                return None
        world = self.office.world()
        print_, now = world.fingerprint, self.office.now()
        with self.office.database.noting() as connection:
            job = store.take(connection, kinds, worker, print_, versions(), now, self.lease)
            if job is None:
                return None
            people = persons_of(world, (one.id for one in world.cases))
            if job.kind not in OF_NOBODY:
                process(connection, Processing("propose", people), now)
        return job, world

    def working(self, worker: str) -> Mapping[tuple[str, int], bool]:
        """Return the jobs that a worker still has, each with its attempt; True where it is enough.

        Of such a job its worker is to tell what it has.
        """
        with self.office.database.reading() as connection:
            return store.working(connection, worker)

    def renew(self, worker: str) -> None:
        """Let a worker keep what it has."""
        with self.office.database.noting() as connection:
            store.renew(connection, worker, self.office.now(), self.lease)

    def lapse(self) -> None:
        """Let the jobs of workers that are not heard of any more wait anew, or fail at last."""
        now = self.office.now()
        with self.office.database.reading() as connection:
            if not store.count(connection, statuses=[JobStatus.running]):
                return
        with self.office.database.noting() as connection:
            for name, attempts in store.lapsed(connection, now).items():
                if attempts < ATTEMPTS:
                    store.tell(connection, name, JobStatus.interrupted, now)
                else:
                    why = f"was interrupted {attempts} times"
                    store.tell(connection, name, JobStatus.failed, now, error=why)

    def progress(self, worker: str, job: Job, how: Progress) -> None:
        """Note how far a job is, if it is the worker's still."""
        self._tell(worker, job, how)

    def done(self, worker: str, job: Job, result: Part) -> None:
        """Note what came of a job, if it is the worker's still."""
        self._tell(worker, job, JobStatus.done, result=result.model_dump(mode="json"))

    def failed(self, worker: str, job: Job, why: str) -> None:
        """Note in a few words why a job failed, if it is the worker's still."""
        self._tell(worker, job, JobStatus.failed, error=why)

    def hand_back(self, worker: str) -> None:
        """Let all that a worker has wait anew, as if it had not begun."""
        now = self.office.now()
        with self.office.database.noting() as connection:
            for name, attempt in store.working(connection, worker):
                mine = store.held_by(worker, attempt)
                store.tell(connection, name, JobStatus.queued, now, *mine, attempts=attempt - 1)

    def _tell(self, worker: str, job: Job, what: JobStatus | Progress, **values: object) -> None:
        mine = store.held_by(worker, job.attempts)
        with self.office.database.noting() as connection:
            store.tell(connection, job.id, what, self.office.now(), *mine, **values)
