"""Jobs as the store has them: asked for, worked on under a lease, over; and how they fare.

Each step of a job and each word of it is one update of its row, under a condition: whoever has
lost a job to another worker, or to who cancelled it, changes nothing of it any more.
"""

import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import Field
from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, select, update

from api.store.logs import moment
from api.store.refusal import Refusal, UnknownError
from api.store.tables import JOB_EVENTS, JOBS
from scheduler.world import Instant, Part

_COLUMNS = [one for one in JOBS.c if one.name not in {"result", "events", "lease_until", "worker"}]

ENOUGH = "enough"
"""What a request says once whoever asked for the job wants what there is of it."""


class JobStatus(StrEnum):
    """Where a job stands; one that was interrupted waits to begin anew."""

    queued = "queued"
    running = "running"
    interrupted = "interrupted"
    done = "done"
    failed = "failed"
    cancelled = "cancelled"


WAITING = frozenset({JobStatus.queued, JobStatus.interrupted})
OVER = frozenset({JobStatus.done, JobStatus.failed, JobStatus.cancelled})


class Progress(Part):
    """How far a job is, by level: the best plan so far, and what no plan can beat."""

    seconds: float = Field(description="Since it began.")
    incumbent: dict[str, int]
    bound: dict[str, int] = Field(description="Empty until it is known.")
    gap: float | None = Field(
        default=None, description="(bound - incumbent) / bound of the planned weight, a fraction."
    )


class JobEvent(Part):
    """How a job fared at a moment: another status, or further progress."""

    number: int
    at: Instant
    status: JobStatus | None = None
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job; what came of it is read apart, for it may be long."""

    id: str
    kind: str
    owner: str
    status: JobStatus
    request: Mapping[str, Any]
    seed: int
    created_at: datetime
    attempts: int = 0
    world: str | None = None
    versions: Mapping[str, str] | None = None
    error: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class UnknownJobError(UnknownError):
    """There is no such job in the store."""


class JobOverError(Refusal):
    """A job that is over already, one way or another."""


class NotDoneError(JobOverError):
    """A job of which nothing came, or has come yet."""


# --- Asked for, and told of -----------------------------------------------------------------------


def add(
    connection: Connection,
    kind: str,
    owner: str,
    request: Mapping[str, Any],
    seed: int,
    now: datetime,
) -> Job:
    """Let a new job wait."""
    name = f"{kind}-{secrets.token_hex(8)}"
    job = Job(name, kind, owner, JobStatus.queued, request, seed, now)
    row = {
        "id": name,
        "kind": kind,
        "owner": owner,
        "status": job.status,
        "request": dict(request),
        "seed": seed,
        "attempts": 0,
        "events": 0,
        "created_at": moment(now),
    }
    connection.execute(insert(JOBS), row)
    tell(connection, name, JobStatus.queued, now)
    return job


def find(
    connection: Connection, name: str, kind: str | None = None, owner: str | None = None
) -> Job:
    """Return a job; UnknownJobError when there is none of that id, or not of such."""
    asked = select(*_COLUMNS).where(JOBS.c.id == name, *_of(kind, owner))
    row = connection.execute(asked).mappings().first()
    if row is None:
        raise UnknownJobError(name)
    return _read(row)


def listed(
    connection: Connection, kind: str, owner: str | None, offset: int, limit: int
) -> tuple[Job, ...]:
    """Return jobs, the newest first: of an owner, else of all."""
    asked = select(*_COLUMNS).where(*_of(kind, owner))
    newest = asked.order_by(JOBS.c.created_at.desc(), JOBS.c.id.desc())
    return tuple(map(_read, connection.execute(newest.offset(offset).limit(limit)).mappings()))


def count(
    connection: Connection,
    kind: str | None = None,
    owner: str | None = None,
    statuses: Collection[JobStatus] | None = None,
) -> int:
    """Return how many such jobs there are."""
    asked = select(func.count()).select_from(JOBS).where(*_of(kind, owner))
    if statuses is not None:
        asked = asked.where(JOBS.c.status.in_(statuses))
    return connection.execute(asked).scalar_one()


def result(connection: Connection, name: str) -> Any:
    """Return what came of a job; None where nothing has."""
    return connection.execute(select(JOBS.c.result).where(JOBS.c.id == name)).scalar()


def events(connection: Connection, name: str, after: int, limit: int) -> tuple[JobEvent, ...]:
    """Return how a job fared after an event of it, in order."""
    asked = select(JOB_EVENTS).where(JOB_EVENTS.c.job_id == name, JOB_EVENTS.c.number > after)
    rows = connection.execute(asked.order_by(JOB_EVENTS.c.number).limit(limit)).mappings()
    return tuple(map(_event, rows))


def latest(connection: Connection, name: str) -> Progress | None:
    """Return how far a job is; None while nothing is known."""
    told = JOB_EVENTS.c.document["progress"].as_string().is_not(None)
    asked = select(JOB_EVENTS).where(JOB_EVENTS.c.job_id == name, told)
    newest = asked.order_by(JOB_EVENTS.c.number.desc()).limit(1)
    row = connection.execute(newest).mappings().first()
    return None if row is None else _event(row).progress


def cancel(connection: Connection, name: str, now: datetime) -> bool:
    """Let a job be cancelled; return whether it was not over yet."""
    return tell(connection, name, JobStatus.cancelled, now, JOBS.c.status.not_in(OVER))


def enough(connection: Connection, job: Job) -> bool:
    """Ask that a job ends with what it has; return whether it was worked on."""
    at_work = JOBS.c.id == job.id, JOBS.c.status == JobStatus.running
    asked = update(JOBS).where(*at_work).values(request={**job.request, ENOUGH: True})
    return connection.execute(asked).rowcount > 0


# --- Worked on ------------------------------------------------------------------------------------


def take(
    connection: Connection,
    kinds: Collection[str],
    worker: str,
    world: str,
    versions: Mapping[str, str],
    now: datetime,
    lease: timedelta,
) -> Job | None:
    """Return the oldest job that waits, now this worker's; None where there is none.

    Others who ask at the same time pass over it.
    """
    oldest = (
        select(JOBS.c.id)
        .where(JOBS.c.status.in_(WAITING), JOBS.c.kind.in_(kinds))
        .order_by(JOBS.c.created_at, JOBS.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    name = connection.execute(oldest).scalar()
    if name is None:
        return None
    tell(
        connection,
        name,
        JobStatus.running,
        now,
        attempts=JOBS.c.attempts + 1,
        worker=worker,
        lease_until=moment(now + lease),
        world=world,
        versions=dict(versions),
        started_at=moment(now),
    )
    return find(connection, name)


def working(connection: Connection, worker: str) -> dict[tuple[str, int], bool]:
    """Return the jobs that a worker has, each with its attempt, and whether it is enough."""
    mine = JOBS.c.worker == worker, JOBS.c.status == JobStatus.running
    enough = JOBS.c.request[ENOUGH].as_boolean()
    rows = connection.execute(select(JOBS.c.id, JOBS.c.attempts, enough).where(*mine))
    return {(name, attempt): bool(ends) for name, attempt, ends in rows}


def renew(connection: Connection, worker: str, now: datetime, lease: timedelta) -> None:
    """Let a worker keep what it has for as long as if it took it now."""
    mine = JOBS.c.worker == worker, JOBS.c.status == JobStatus.running
    connection.execute(update(JOBS).where(*mine).values(lease_until=moment(now + lease)))


def lapsed(connection: Connection, now: datetime) -> dict[str, int]:
    """Return the jobs whose workers have not renewed their lease, and how often each began."""
    late = JOBS.c.status == JobStatus.running, JOBS.c.lease_until <= moment(now)
    asked = select(JOBS.c.id, JOBS.c.attempts).where(*late).with_for_update(skip_locked=True)
    return dict(connection.execute(asked).all())


def held_by(worker: str, attempt: int) -> tuple[ColumnElement[bool], ...]:
    """Return on which condition a worker still has a job that it took in this attempt."""
    return (
        JOBS.c.worker == worker,
        JOBS.c.status == JobStatus.running,
        JOBS.c.attempts == attempt,
    )


def tell(
    connection: Connection,
    name: str,
    what: JobStatus | Progress,
    now: datetime,
    *conditions: ColumnElement[bool],
    **values: object,
) -> bool:
    """Note how a job fares, and what else it becomes; return whether the conditions were met."""
    if isinstance(what, JobStatus):
        document: dict[str, Any] = {"status": what}
        lease = {} if what == JobStatus.running else {"worker": None, "lease_until": None}
        over = {"finished_at": moment(now)} if what in OVER else {}
        values = {"status": what, **lease, **over, **values}
    else:
        document = {"progress": what.model_dump(mode="json")}
    step = update(JOBS).where(JOBS.c.id == name, *conditions)
    number = connection.execute(
        step.values(events=JOBS.c.events + 1, **values).returning(JOBS.c.events)
    ).scalar()
    if number is None:
        return False
    row = {"job_id": name, "number": number, "at": moment(now), "document": document}
    connection.execute(insert(JOB_EVENTS), row)
    return True


def _of(kind: str | None, owner: str | None) -> Iterator[ColumnElement[bool]]:
    if kind is not None:
        yield JOBS.c.kind == kind
    if owner is not None:
        yield JOBS.c.owner == owner


def _read(row: RowMapping) -> Job:
    moments = {
        name: at and datetime.fromisoformat(at) for name, at in row.items() if name.endswith("_at")
    }
    return Job(**{**row, **moments, "status": JobStatus(row["status"])})


def _event(row: RowMapping) -> JobEvent:
    told = {"number": row["number"], "at": row["at"], **row["document"]}
    return JobEvent.model_validate(told, strict=False)
