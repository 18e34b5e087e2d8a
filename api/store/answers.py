"""What was answered under an idempotency key, told again to whoever asks the same again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from api.store.logs import Actor, moment
from api.store.refusal import Refusal
from api.store.tables import ANSWERS


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it goes out: its status, its body as text, and the headers that belong to it."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Once:
    """A wish that is granted once: under a key, in an operation, with the SHA-256 of what it is.

    ``tell`` makes the answer of what was done.
    """

    operation: str
    key: str
    request: str
    tell: Callable[[Any], Told]


class ToldBeforeError(Exception):
    """The wish was granted before, and ``told`` was answered: nothing changes."""

    def __init__(self, told: Told) -> None:
        super().__init__("told before")
        self.told = told


class OtherWishError(Refusal):
    """The key was given to another wish before."""


def recall(connection: Connection, actor: Actor, once: Once) -> None:
    """Return when nothing was answered under the key yet.

    Raises
    ------
    ToldBeforeError
        With what was answered.
    OtherWishError
        When something else was asked.
    """
    known = connection.execute(
        select(ANSWERS.c.request, ANSWERS.c.status, ANSWERS.c.body).where(*_mine(actor, once))
    ).first()
    if known is None:
        return
    request, status, kept = known
    if request != once.request:
        raise OtherWishError("the key was given to something else before")
    raise ToldBeforeError(Told(status, kept["body"], kept["headers"]))


def recalled(connection: Connection, actor: Actor, once: Once) -> bool:
    """Return whether anything was answered under the key."""
    mine = select(ANSWERS.c.request).where(*_mine(actor, once))
    return connection.execute(mine).first() is not None


def amend(connection: Connection, actor: Actor, once: Once, told: Told) -> None:
    """Keep more of what was answered under the key."""
    body = {"body": told.body, "headers": dict(told.headers)}
    connection.execute(update(ANSWERS).where(*_mine(actor, once)).values(body=body))


def _mine(actor: Actor, once: Once) -> tuple[ColumnElement[bool], ...]:
    return (
        ANSWERS.c.actor == actor.id,
        ANSWERS.c.operation == once.operation,
        ANSWERS.c.key == once.key,
    )


def remember(connection: Connection, actor: Actor, once: Once, told: Told, now: datetime) -> None:
    """Keep what is answered under the key."""
    connection.execute(
        insert(ANSWERS),
        {
            "actor": actor.id,
            "operation": once.operation,
            "key": once.key,
            "request": once.request,
            "status": told.status,
            "body": {"body": told.body, "headers": dict(told.headers)},
            "at": moment(now),
        },
    )
