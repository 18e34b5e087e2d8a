"""Three logs kept apart: what was done with whose data, who did what, and how the service fares.

- *processing* (Logboek Dataverwerkingen): a record for each person whose data an action touches,
  without the user, in the same transaction as the action.
- *audit*: who did what to what, with which result and from where, in lines each of which carries
  the hash of all before it.
- *technical*: :mod:`logging`, which is told no personal data.

A record is a typed event with the fields below and no others.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Literal

from pydantic import Field
from sqlalchemy import Connection, func, insert, select

from api.store.tables import AUDIT, PROCESSING, STORE
from scheduler.world import Instant, Part

TRACE: ContextVar[str] = ContextVar("trace", default="")
"""The trace that what is done belongs to, where something asked for it."""
SHOWN: ContextVar[bool] = ContextVar("shown", default=True)
"""Whether what is answered is shown to anybody: where it is not, nobody has read anything."""
WRITTEN: ContextVar["Written | None"] = ContextVar("written", default=None)
"""What a request leaves in the processing log, where somebody counts it."""
SYSTEM = "regietafel"
"""How the service is named in what it logs."""
BEGINNING = "0" * 64
"""What stands for the hash of all lines before the first."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from where: an account's id (never a name), a door."""

    id: str
    origin: str = "command-line"


@dataclass(slots=True)
class Written:
    """How many records a request has left in the processing log so far."""

    records: int = 0


Activity = Literal[
    "answer-check",
    "book",
    "change",
    "confirm",
    "export",
    "import",
    "light",
    "propose",
    "read",
    "release",
    "replan",
    "request",
    "retain",
]
"""What is done with the data of persons."""


@dataclass(frozen=True, slots=True)
class Processing:
    """An action on the data of persons; ``subjects`` are their pseudonymous keys."""

    activity: Activity
    subjects: tuple[str, ...]
    trace: str = field(default_factory=lambda: TRACE.get() or secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the audit log. ``object`` is an id; none of the fields tells of a person's data."""

    number: int
    at: str
    actor: str
    action: str
    object: str
    result: str
    origin: str

    def hash(self, before: str) -> str:
        """Return the SHA-256 of the line after ``before``, the hash of all lines before."""
        told = json.dumps([before, asdict(self)], sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(told.encode()).hexdigest()


def cases_in(told: object) -> Iterator[str]:
    """Yield the cases that what is told names as such, however deep."""
    if isinstance(told, list | tuple):
        for one in told:
            yield from cases_in(one)
    elif isinstance(told, Part | dict):
        for name, one in told.items() if isinstance(told, dict) else told:
            if name == "case" and isinstance(one, str):
                yield one
            else:
                yield from cases_in(one)


def process(connection: Connection, what: Processing, now: datetime) -> None:
    """Record an action for each person it touches."""
    operation = secrets.token_hex(8)
    rows = [
        {
            "trace_id": what.trace,
            "operation_id": operation,
            "activity": what.activity,
            "resource": SYSTEM,
            "data_subject": subject,
            "data_subject_type": "case-person",
            "at": moment(now),
        }
        for subject in dict.fromkeys(what.subjects)
    ]
    if rows:
        connection.execute(insert(PROCESSING), rows)
    if (written := WRITTEN.get()) is not None:
        written.records += len(rows)


def audit(
    connection: Connection,
    actor: Actor,
    action: str,
    objects: Iterable[str],
    result: str,
    now: datetime,
) -> None:
    """Add a line for each of ``objects``; the caller is the only writer."""
    last, before = ends(connection)
    rows = []
    for number, one in enumerate(objects, last + 1):
        line = Line(number, moment(now), actor.id, action, one, result, actor.origin)
        before = line.hash(before)
        rows.append(asdict(line) | {"hash": before})
    if rows:
        connection.execute(insert(AUDIT), rows)


def ends(connection: Connection) -> tuple[int, str]:
    """Return the number and the hash of the last line, or of the last one that was removed."""
    last = select(AUDIT.c.number, AUDIT.c.hash).order_by(AUDIT.c.number.desc()).limit(1)
    row = connection.execute(last).first()
    if row is None:
        number, before = begins(connection)
        return number - 1, before
    return row[0], row[1]


def tampered(connection: Connection) -> Iterator[int]:
    """Yield the numbers of the lines that are not as they were written, or follow a gap."""
    number, before = begins(connection)
    for row in connection.execute(select(AUDIT).order_by(AUDIT.c.number)).mappings():
        fields = dict(row)
        told = fields.pop("hash")
        line = Line(**fields)
        if line.number != number or line.hash(before) != told:
            yield line.number
        number, before = line.number + 1, told


class AuditLine(Part):
    """A line of the audit log as it is shown."""

    number: int = Field(description="1, 2, 3, without gaps.", examples=[17])
    at: Instant
    actor: str = Field(description="An account's id, never a name.", examples=["planner-1"])
    action: str = Field(description="What was done.", examples=["hold"])
    object: str = Field(description="Id of what it was done to.", examples=["b-1"])
    result: str = Field(description="`done`, or the name of the refusal.", examples=["done"])
    origin: str = Field(description="The door it came through.", examples=["http"])
    hash: str = Field(description="SHA-256 of the line and the hash of the line before.")


class Chain(Part):
    """The audit log as a whole: keep the last number and hash elsewhere, and compare."""

    first: int = Field(description="Number of the first line that was not removed.", examples=[1])
    last: int = Field(description="Number of the newest line.", examples=[17])
    hash: str = Field(description="Hash of the newest line.")
    tampered: tuple[int, ...] | None = Field(
        description=(
            "The first hundred lines that are not as they were written, or follow a gap; null "
            "where it was not asked to verify."
        )
    )


class AuditPage(Part):
    """A page of the audit log."""

    lines: tuple[AuditLine, ...] = Field(description="Those of this page.")
    total: int = Field(description="How many there are on all pages together.")
    offset: int = Field(description="How many come before this page.")
    chain: Chain = Field(description="The log as a whole, whatever is asked of it.")


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which lines are asked: from a number on and up to one, of an actor, an action, an object.

    Those from ``begin`` to ``end`` are of moments, the last excluded.
    """

    since: int | None = None
    until: int | None = None
    actor: str | None = None
    action: str | None = None
    object: str | None = None
    result: str | None = None
    begin: datetime | None = None
    end: datetime | None = None


MOST_TAMPERED = 100


def audit_page(
    connection: Connection, asked: AuditFilter, offset: int, limit: int, verify: bool
) -> AuditPage:
    """Return lines of the audit log: newest first, or from a number on."""
    where = [
        AUDIT.c[name] == value
        for name in ("actor", "action", "object", "result")
        if (value := getattr(asked, name)) is not None
    ]
    if asked.since is not None:
        where.append(AUDIT.c.number >= asked.since)
    if asked.until is not None:
        where.append(AUDIT.c.number <= asked.until)
    if asked.begin is not None:
        where.append(AUDIT.c.at >= moment(asked.begin))
    if asked.end is not None:
        where.append(AUDIT.c.at < moment(asked.end))
    order = AUDIT.c.number.desc() if asked.since is None else AUDIT.c.number
    rows = connection.execute(
        select(AUDIT).where(*where).order_by(order).offset(offset).limit(limit)
    ).mappings()
    total = select(func.count()).select_from(AUDIT).where(*where)
    last, before = ends(connection)
    wrong = tuple(islice(tampered(connection), MOST_TAMPERED)) if verify else None
    return AuditPage(
        lines=tuple(AuditLine(**{**row, "at": datetime.fromisoformat(row["at"])}) for row in rows),
        total=connection.execute(total).scalar_one(),
        offset=offset,
        chain=Chain(first=begins(connection)[0], last=last, hash=before, tampered=wrong),
    )


def begins(connection: Connection) -> tuple[int, str]:
    """Return the number of the first line that was not removed, and the hash of all before it."""
    first = connection.execute(select(STORE.c.audit_from, STORE.c.audit_before)).first()
    return (1, BEGINNING) if first is None else (first[0], first[1])


def moment(at: datetime) -> str:
    """Return a moment as the tables keep it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
