"""What is removed when its time is over: how long each kind is kept is the deployer's choice.

What still stands is never removed: a booking that has not ended, and the case of one.
"""

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from api.store.jobs import OVER
from api.store.life import CLAIMING, Status
from api.store.logs import Actor, Processing, audit, cases_in, moment, process
from api.store.tables import (
    ANSWERS,
    AUDIT,
    BOOKINGS,
    CASES,
    JOBS,
    PROCESSING,
    REQUESTS,
    SPENT,
    STORE,
)
from api.store.worlds import persons_of, read_parts, withdrawn_since
from scheduler.draft import Problem, step
from scheduler.loading import WorldError
from scheduler.world import Booking, Part, World

LONGEST = timedelta(days=36_500)
"""Longer than anything is kept."""
_DURATION = TypeAdapter(timedelta)


class PeriodsError(WorldError):
    """Periods that cannot be used; ``problems`` lists everything wrong with them."""


def _period(told: object) -> timedelta:
    """Return a number of days, or an ISO 8601 duration, as the time it is."""
    if isinstance(told, int) and not isinstance(told, bool) and abs(told) <= LONGEST.days:
        told = timedelta(days=told)
    if isinstance(told, str) and told.startswith("P"):
        with suppress(ValidationError):
            told = _DURATION.validate_python(told)
    if isinstance(told, timedelta) and timedelta() <= told <= LONGEST:
        return told
    raise ValueError(f"is no number of days up to {LONGEST.days}, nor a duration as P90D or P1Y")


Period = Annotated[timedelta, BeforeValidator(_period)]
"""Days, or an ISO 8601 duration: a year counts 365 days and a month 30."""


class Periods(Part):
    """How long each kind is kept after its end; every default is a parameter (mark M), no fact."""

    bookings: Period = Field(
        default=timedelta(days=365),
        description="Bookings cancelled, released or run out, with their answers and checks. (M)",
    )
    requests: Period = Field(
        default=timedelta(days=90), description="Requests to planners, since they were made. (M)"
    )
    answers: Period = Field(
        default=timedelta(days=7), description="Answers under an idempotency key. (M)"
    )
    jobs: Period = Field(
        default=timedelta(days=30), description="Jobs and what came of them, since their end. (M)"
    )
    processing: Period = Field(
        default=timedelta(days=1095), description="Records of the processing log. (M)"
    )
    audit: Period = Field(default=timedelta(days=1095), description="Lines of the audit log. (M)")
    cases: Period = Field(
        default=timedelta(days=365),
        description="Cases withdrawn or wholly executed, with all that is theirs. (M)",
    )


class Removed(Part):
    """How much of each kind was removed, or would be."""

    bookings: int = 0
    requests: int = 0
    answers: int = 0
    jobs: int = 0
    processing: int = 0
    audit: int = 0
    cases: int = 0


def read_periods(toml: str) -> Periods:
    """Read periods; what is not named keeps its default.

    Raises
    ------
    PeriodsError
        With every problem found.
    """
    try:
        raw = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        raise PeriodsError([Problem("$", f"is not TOML: {error}")]) from None
    try:
        return Periods.model_validate(raw)
    except ValidationError as error:
        raise PeriodsError(_problem(one) for one in error.errors(include_url=False)) from None


def _problem(wrong: ErrorDetails) -> Problem:
    says = wrong["msg"].removeprefix("Value error, ")
    if wrong["type"] == "extra_forbidden":
        says = f"is not kept here, allowed is {', '.join(Periods.model_fields)}"
    return Problem("$" + "".join(step(str(one)) for one in wrong["loc"]), says)


def due(connection: Connection, periods: Periods, now: datetime) -> Removed:
    """Return how much :func:`retain` would remove.

    Raises
    ------
    EmptyError
        When there is no world in the store.
    """
    return _due(connection, read_parts(connection).ever, periods, now.astimezone(UTC)).counts


def retain(connection: Connection, periods: Periods, actor: Actor, now: datetime) -> Removed:
    """Remove what is due, and log it; the caller is the only writer.

    The processing log has a record for each person whose case, booking or request went, or of whom
    a plan that went told. That
    records of the logs themselves went stands in the audit log alone. Logins that are over anyway
    go too, of which nothing is told: they tell of nobody.

    Raises
    ------
    EmptyError
        When there is no world in the store.
    """
    now = now.astimezone(UTC)
    world = read_parts(connection).ever
    found = _due(connection, world, periods, now)
    _remove(connection, REQUESTS, found.requests)
    _remove(connection, BOOKINGS, found.bookings)
    _remove(connection, CASES, found.cases)
    _remove(connection, JOBS, found.jobs)
    connection.execute(delete(ANSWERS).where(_before(ANSWERS, now - periods.answers)))
    connection.execute(delete(SPENT).where(SPENT.c.until <= moment(now)))
    connection.execute(delete(PROCESSING).where(_before(PROCESSING, now - periods.processing)))
    _forget(connection, found.lines)
    _tell_caches(connection, found)
    people = persons_of(world, sorted(found.about))
    process(connection, Processing("retain", people), now)
    told = [f"{kind}/{count}" for kind, count in found.counts if count]
    audit(connection, actor, "retain", told or ["nothing"], "done", now)
    return found.counts


@dataclass(frozen=True, slots=True)
class _Due:
    """What goes: ids of rows, the number of the last audit line, and the cases it is about."""

    cases: frozenset[str]
    bookings: frozenset[str]
    requests: frozenset[str]
    jobs: frozenset[str]
    lines: int | None
    about: frozenset[str]
    counts: Removed


def _due(connection: Connection, world: World, periods: Periods, now: datetime) -> _Due:
    cases = frozenset(_over(connection, world, now, now - periods.cases))
    bookings = _ended(connection, now - periods.bookings) | _of(connection, BOOKINGS, cases)
    late = select(REQUESTS.c.id, REQUESTS.c.case_id).where(
        _before(REQUESTS, now - periods.requests)
    )
    requests = dict(connection.execute(late).all()) | _of(connection, REQUESTS, cases)
    jobs = _over_since(connection, now - periods.jobs)
    lines = _lines(connection, now - periods.audit)
    return _Due(
        cases=cases,
        bookings=frozenset(bookings),
        requests=frozenset(requests),
        jobs=frozenset(jobs),
        lines=lines,
        about=cases | {*bookings.values()} | {*requests.values()} | {*cases_in([*jobs.values()])},
        counts=Removed(
            cases=len(cases),
            bookings=len(bookings),
            requests=len(requests),
            jobs=len(jobs),
            answers=_count(connection, ANSWERS, _before(ANSWERS, now - periods.answers)),
            processing=_count(
                connection, PROCESSING, _before(PROCESSING, now - periods.processing)
            ),
            audit=0 if lines is None else _count(connection, AUDIT, AUDIT.c.number <= lines),
        ),
    )


# --- Bookings and cases ---------------------------------------------------------------------------


def _ended(connection: Connection, before: datetime) -> dict[str, str]:
    """Return the bookings that ended before a moment, with their cases.

    One that a booking follows which stays, stays with it.
    """
    over = or_(
        and_(
            BOOKINGS.c.status.in_([Status.cancelled, Status.released]),
            BOOKINGS.c.changed_at <= moment(before),
        ),
        BOOKINGS.c.expires_at <= moment(before),
    )
    found = dict(connection.execute(select(BOOKINGS.c.id, BOOKINGS.c.case_id).where(over)).all())
    follows = BOOKINGS.c.document["follows"].as_string()
    pairs = connection.execute(select(BOOKINGS.c.id, follows).where(follows.is_not(None)))
    needed = {first for second, first in pairs if second not in found}
    return {name: case for name, case in found.items() if name not in needed}


def _of(connection: Connection, table: Table, cases: Collection[str]) -> dict[str, str]:
    """Return the rows of a table that are of these cases."""
    rows = connection.execute(select(table.c.id, table.c.case_id))
    return {name: case for name, case in rows if case in cases}


def _over(connection: Connection, world: World, now: datetime, before: datetime) -> Iterator[str]:
    """Yield the cases that were withdrawn, or executed in all their legs, before a moment."""
    standing: dict[str, list[tuple[Booking, datetime]]] = {}
    rows = connection.execute(
        select(
            BOOKINGS.c.case_id, BOOKINGS.c.document, BOOKINGS.c.status, BOOKINGS.c.changed_at
        ).where(
            BOOKINGS.c.status.in_(CLAIMING),
            or_(BOOKINGS.c.expires_at.is_(None), BOOKINGS.c.expires_at > moment(now)),
        )
    )
    for case, document, status, changed_at in rows:
        booking = Booking.model_validate({**document, "status": status}, strict=False)
        standing.setdefault(case, []).append((booking, datetime.fromisoformat(changed_at)))
    withdrawn = dict(connection.execute(select(CASES.c.id, CASES.c.withdrawn_at)).all())
    for one in world.cases:
        mine = standing.get(one.id, [])
        if any(booking.status != Status.executed for booking, _ in mine):
            continue
        done = {booking.operation for booking, _ in mine} == {*one.legs}
        at = withdrawn[one.id]
        left = datetime.fromisoformat(at).date() if at else withdrawn_since(world, one)
        if (done or (left is not None and left < before.date())) and all(
            max(changed, _last(booking)) <= before for booking, changed in mine
        ):
            yield one.id


def _last(booking: Booking) -> datetime:
    """Return a moment from which a booking takes nothing any more, wherever its nights are."""
    ends = [booking.end, *(one.until for one in booking.attendances)]
    ends += (
        datetime.combine(night + timedelta(days=2), time(), UTC) for night in booking.nights[-1:]
    )
    return max(ends)


def _remove(connection: Connection, table: Table, names: Iterable[str]) -> None:
    """Remove rows by id, and what hangs on them."""
    if rows := [{"name": one} for one in sorted(names)]:
        connection.execute(delete(table).where(table.c.id == bindparam("name")), rows)


def _tell_caches(connection: Connection, found: _Due) -> None:
    """Let whoever keeps the world see that it is another."""
    if not found.bookings and not found.cases:
        return
    revision = connection.execute(select(STORE.c.revision)).scalar_one() + 1
    values: Mapping[str, Any] = {"revision": revision}
    if found.cases:
        values = {**values, "parts_revision": revision}
    connection.execute(update(STORE).values(values))


def _over_since(connection: Connection, before: datetime) -> dict[str, Any]:
    """Return the jobs that were over before a moment, with what came of them."""
    over = JOBS.c.status.in_(OVER), JOBS.c.finished_at <= moment(before)
    return dict(connection.execute(select(JOBS.c.id, JOBS.c.result).where(*over)).all())


# --- Logs -----------------------------------------------------------------------------------------


def _before(table: Table, at: datetime) -> ColumnElement[bool]:
    return table.c.at <= moment(at)


def _count(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(table).where(which)).scalar_one()


def _lines(connection: Connection, before: datetime) -> int | None:
    """Return the number of the last audit line that goes: all before it go, the newest stays."""
    newest = select(func.max(AUDIT.c.number)).scalar_subquery()
    stays = select(func.min(AUDIT.c.number)).where(
        or_(AUDIT.c.at > moment(before), AUDIT.c.number == newest)
    )
    last = select(func.max(AUDIT.c.number)).where(AUDIT.c.number < stays.scalar_subquery())
    return connection.execute(last).scalar()


def _forget(connection: Connection, last: int | None) -> None:
    """Remove the audit lines up to ``last``; the chain goes on from its hash."""
    if last is None:
        return
    before = connection.execute(select(AUDIT.c.hash).where(AUDIT.c.number == last)).scalar_one()
    connection.execute(delete(AUDIT).where(AUDIT.c.number <= last))
    connection.execute(update(STORE).values(audit_from=last + 1, audit_before=before))
