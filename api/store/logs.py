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
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection, insert, select

from api.store.tables import AUDIT, PROCESSING, STORE
from scheduler.world import Part

SYSTEM = "regietafel"
"""How the service is named in what it logs."""
BEGINNING = "0" * 64
"""What stands for the hash of all lines before the first."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from where: an account's id (never a name), a door."""

    id: str
    origin: str = "command-line"


Activity = Literal[
    "answer-check",
    "book",
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
    trace: str = field(default_factory=lambda: secrets.token_hex(16))


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


def begins(connection: Connection) -> tuple[int, str]:
    """Return the number of the first line that was not removed, and the hash of all before it."""
    first = connection.execute(select(STORE.c.audit_from, STORE.c.audit_before)).first()
    return (1, BEGINNING) if first is None else (first[0], first[1])


def moment(at: datetime) -> str:
    """Return a moment as the tables keep it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
