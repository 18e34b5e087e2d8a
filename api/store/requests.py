"""What officers in charge ask of planners: a case, and the repair of it that they chose."""

import secrets
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, select, update

from api.store.logs import moment
from api.store.refusal import Refusal, UnknownError
from api.store.tables import REQUESTS
from api.traffic_lights import RepairView
from scheduler.world import Id, Instant, Part, World

LONGEST = 65_536
"""Bytes of a repair, which is a handful of sentences and bookings."""
RequestStatus = Literal["open", "done", "refused"]
"""Where a request stands: it is open until a planner settles it."""


class Request(Part):
    """A request that a planner makes room for a case in the way of ``repair``."""

    id: Id
    case: Id
    repair: RepairView
    status: RequestStatus = "open"
    at: Instant = Field(description="When it was made.")


class NotOfferedError(Refusal):
    """The repair is not one that the lights of the case offer as things stand."""


class UnknownRequestError(UnknownError):
    """There is no such request in the store."""


class SettledError(Refusal):
    """A request that was settled before; ``status`` tells how."""

    def __init__(self, name: str, status: RequestStatus) -> None:
        super().__init__(f"{name} is {status} already")
        self.status = status


def fresh() -> str:
    """Return an id for a new request, which tells nothing of its case."""
    return f"request-{secrets.token_hex(8)}"


def fits(world: World, case: str, repair: RepairView) -> None:
    """Return when a repair can be kept as one of a case of ``world``.

    Raises
    ------
    NotOfferedError
        When the case is gone, the repair is of another one, or it is longer than any repair is.
    """
    moved = {one.case for one in repair.moves}
    mine = {one.case for one in repair.bookings}
    theirs = all(
        one.case == move.case for move in repair.moves for one in (*move.before, *move.after)
    )
    if case not in world.case or not moved <= world.case.keys() - {case}:
        raise NotOfferedError(f"{case}, or a case that moves for it, is not there any more")
    if not mine <= {case} or not theirs:
        raise NotOfferedError(f"the repair is of another case than {case}")
    if len(repair.model_dump_json().encode()) > LONGEST:
        raise NotOfferedError(f"the repair is longer than {LONGEST} bytes")


def ask(connection: Connection, name: str, case: str, repair: RepairView, now: datetime) -> Request:
    """Keep a request under the id ``name``, for a repair that :func:`fits`."""
    request = Request(id=name, case=case, repair=repair, at=now)
    connection.execute(
        insert(REQUESTS),
        {
            "id": name,
            "case_id": case,
            "repair": repair.model_dump(mode="json", by_alias=True),
            "status": request.status,
            "at": moment(request.at),
        },
    )
    return request


def requests(
    connection: Connection,
    status: RequestStatus | None = None,
    cases: Collection[str] | None = None,
    offset: int = 0,
    limit: int = 500,
) -> tuple[Request, ...]:
    """Return requests in the order in which they were made: of a status, about these cases."""
    asked = select(REQUESTS).where(*_which(status, cases)).order_by(REQUESTS.c.at, REQUESTS.c.id)
    rows = connection.execute(asked.offset(offset).limit(limit)).mappings()
    return tuple(map(_read, rows))


def count(
    connection: Connection, status: RequestStatus | None, cases: Collection[str] | None
) -> int:
    """Return how many such requests there are."""
    asked = select(func.count()).select_from(REQUESTS).where(*_which(status, cases))
    return connection.execute(asked).scalar_one()


def _which(
    status: RequestStatus | None, cases: Collection[str] | None
) -> Iterator[ColumnElement[bool]]:
    if status is not None:
        yield REQUESTS.c.status == status
    if cases is not None:
        yield REQUESTS.c.case_id.in_(cases)


def settle(connection: Connection, name: str, status: Literal["done", "refused"]) -> Request:
    """Note what came of an open request.

    Raises
    ------
    UnknownRequestError, SettledError
        When there is none of that id, or it is not open any more.
    """
    row = connection.execute(select(REQUESTS).where(REQUESTS.c.id == name)).mappings().first()
    if row is None:
        raise UnknownRequestError(name)
    request = _read(row)
    if request.status != "open":
        raise SettledError(name, request.status)
    connection.execute(update(REQUESTS).where(REQUESTS.c.id == name).values(status=status))
    return request.model_copy(update={"status": status})


def _read(row: RowMapping) -> Request:
    fields = {"id": row["id"], "case": row["case_id"], "repair": row["repair"]}
    return Request.model_validate(
        {**fields, "status": row["status"], "at": row["at"]}, strict=False
    )
