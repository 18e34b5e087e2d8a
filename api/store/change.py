"""One change of the store: everything in it is written, or nothing of it."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.store.answers import Once, ToldBeforeError, recall, remember
from api.store.claims import DEPARTURE, FACILITY, TakenError, close_up, give_back
from api.store.database import Database
from api.store.life import CLAIMING, Failure, Release, Status, step
from api.store.logs import Activity, Actor, Processing, audit, cases_in, moment, process
from api.store.refusal import Refusal, UnknownError
from api.store.standing import Standing, standings
from api.store.tables import BOOKINGS, CHECKS, CONFIRMATIONS, STORE
from api.store.worlds import (
    EmptyError,
    Parts,
    add_bookings,
    but_answers,
    claim,
    key_of,
    others,
    persons_of,
    replace_parts,
    with_bookings,
)
from scheduler.event import EventError
from scheduler.world import (
    MOST_REFUSED,
    Booking,
    Case,
    Departure,
    Facility,
    Interval,
    Resource,
    Road,
    World,
)

Reader = Callable[[Connection, datetime], tuple[World, Parts]]
"""Reads the world as it is at a moment, and what it is without bookings."""


Supply = Resource | Facility | Departure
"""What there is to plan with."""


class StaleError(Refusal):
    """What was to be changed has changed since it was read."""


@dataclass(slots=True)
class Change:
    """A transaction at ``now``, of which ``world`` is the state it began in.

    ``answer`` is what whoever asked is told of it; what is ``beside`` changes no booking and no
    part of the world. ``objects`` are what it is done to, and ``also`` what became of others by it.
    """

    connection: Connection
    world: World
    parts: Parts
    now: datetime
    revision: int
    beside: bool = False
    parts_changed: bool = False
    answer: object = None
    objects: tuple[str, ...] = ()
    also: list[tuple[str, str]] = field(default_factory=list)

    def standing(self, name: str, revision: int | None = None) -> Standing:
        """Return a booking as it stands, which nobody may have changed since ``revision``.

        Raises
        ------
        UnknownBookingError, StaleError
            When there is none, or it has another revision.
        """
        found = self.standings([name])[0]
        if revision is not None and found.revision != revision:
            raise StaleError(name)
        return found

    def standings(self, names: Sequence[str]) -> tuple[Standing, ...]:
        """Return bookings as they stand, in this order."""
        return standings(self.connection, self.parts.ever, names, self.now)

    def expire(self) -> None:
        """Release the holds that ran out: they block nothing."""
        out = select(BOOKINGS.c.id).where(BOOKINGS.c.expires_at <= moment(self.now))
        names = self.connection.execute(out).scalars().all()
        self.end(names, Status.released, Release.expired)

    def prolong(self, names: Collection[str], lasting: timedelta) -> None:
        """Let holds last as long as one that is made now."""
        self.connection.execute(
            update(BOOKINGS)
            .where(BOOKINGS.c.id.in_(names))
            .values(expires_at=moment(self.now + lasting), **self._stamp)
        )

    def end(self, names: Collection[str], status: Status, reason: Failure | Release) -> None:
        """Let bookings end, and give back what they claim."""
        if not names:
            return
        self.connection.execute(
            update(BOOKINGS)
            .where(BOOKINGS.c.id.in_(names))
            .values(status=status, reason=reason, expires_at=None, **self._stamp)
        )
        give_back(self.connection, names)
        self.also += [(reason, name) for name in names]

    def together(self, standing: Standing) -> list[str]:
        """Return a booking and what of its chain ends with it: all that is not carried out."""
        rows = self.connection.execute(
            select(BOOKINGS.c.id, BOOKINGS.c.document).where(
                BOOKINGS.c.case_id == standing.booking.case,
                BOOKINGS.c.status.in_(CLAIMING - {Status.executed}),
            )
        ).all()
        name = standing.booking.id
        follows = {id: document.get("follows") for id, document in rows}
        return [name, *(id for id in follows if id != name and (
            follows[id] == name or follows.get(name) == id))]  # fmt: skip

    def add(self, bookings: Sequence[Booking], lasting: timedelta) -> None:
        """Write bookings, with holds of that length, and claim what they take.

        Raises
        ------
        TakenError, IntegrityError
            When some of it is taken.
        """
        last = self.connection.execute(select(func.max(BOOKINGS.c.position))).scalar()
        first = 0 if last is None else last + 1
        add_bookings(self.connection, self.world, bookings, self.revision, self.now, first, lasting)

    def names(self, bookings: Sequence[Booking]) -> dict[str, str]:
        """Return an id that no booking has had for each of ``bookings``, by the one it has."""
        had = {one.case for one in bookings}
        taken = set(
            self.connection.execute(
                select(BOOKINGS.c.id).where(BOOKINGS.c.case_id.in_(had))
            ).scalars()
        )
        ids: dict[str, str] = {}
        for one in bookings:
            stem, n = f"{one.case}-{one.operation}", 2
            name = stem
            while name in taken:
                name, n = f"{stem}-{n}", n + 1
            ids[one.id] = name
            taken.add(name)
        return ids

    def become(self, name: str, status: Status) -> None:
        """Let a booking take its next status.

        Raises
        ------
        IllegalStepError
            When it may not.
        """
        step(name, self.standing(name).status, status)
        self.connection.execute(
            update(BOOKINGS)
            .where(BOOKINGS.c.id == name)
            .values(status=status, expires_at=None, **self._stamp)
        )

    def answered(self, name: str, partner: str, declined: Failure | None) -> None:
        """Note what a partner answered; the last answer counts."""
        self.connection.execute(
            CONFIRMATIONS.delete().where(
                CONFIRMATIONS.c.booking_id == name, CONFIRMATIONS.c.partner == partner
            )
        )
        self.connection.execute(
            insert(CONFIRMATIONS),
            {
                "booking_id": name,
                "partner": partner,
                "answer": "declined" if declined else "confirmed",
                "reason": declined,
                "at": moment(self.now),
            },
        )
        self._touched(name)

    def check(self, name: str, fact: str, value: Literal["yes", "no"], since: date) -> None:
        """Note the answer to a due check; the last one counts."""
        self.connection.execute(
            CHECKS.delete().where(CHECKS.c.booking_id == name, CHECKS.c.fact == fact)
        )
        self.connection.execute(
            insert(CHECKS),
            {
                "booking_id": name,
                "fact": fact,
                "value": value,
                "since": since.isoformat(),
                "at": moment(self.now),
            },
        )
        self._touched(name)

    def absent(self, booking: Booking, roles: Collection[str], said_no: Collection[str]) -> None:
        """Note who is away at the time of a booking, and what will not take its case.

        Away is who came to it in these roles; ``said_no`` are a facility, a departure.
        """
        away: dict[str, list[Interval]] = {}
        for attendance in booking.attendances:
            if attendance.role in roles:
                block = Interval(from_=attendance.from_, until=attendance.until)
                for name in attendance.resources:
                    away.setdefault(name, []).append(block)
        case = self.parts.now.case[booking.case]
        refused = tuple(dict.fromkeys((*case.refused, *said_no)))[-MOST_REFUSED:]
        resources = tuple(
            one.model_copy(update={"away": (*one.away, *away[one.id])}) if one.id in away else one
            for one in self.parts.now.resources
        )
        self.replace(case.model_copy(update={"refused": refused}), resources=resources)

    def put(self, *written: Case | Supply | Road) -> None:
        """Write parts of the world in the place of what there was of their ids, or after all."""
        self._replace(with_parts(self.parts, written))

    def replace(self, case: Case, **parts: object) -> None:
        """Write a case as it is now, and other parts of the world with it."""
        now, ever = (
            world.but(
                cases=tuple(case if one.id == case.id else one for one in world.cases), **parts
            )
            for world in (self.parts.now, self.parts.ever)
        )
        self._replace(Parts(now=now, ever=ever))

    def become_world(
        self, before: World, after: World, bookings: Sequence[Booking], why: Mapping[str, Failure]
    ) -> dict[str, str]:
        """Take over a repaired world, and return the ids of what is new in ``bookings``.

        What is not in them any more as it was ends: what was only proposed is released, what was
        promised has failed, for the reason of its case. What was promised and stays, with other
        nights or after another booking, keeps what was said of it; who is asked for another moment
        is asked anew.
        """
        stood = {one.id: one for one in before.bookings if one.claims}
        changed = [one for one in bookings if stood.get(one.id) != one]
        new = [one for one in changed if one.status == Status.proposed]
        moved = {one.id for one in new}
        stay = {one.id for one in bookings} - moved
        corrected = [
            one
            for one in bookings
            if one.id in stay and (stood[one.id] != one or one.follows in moved)
        ]
        for one in (one for name, one in stood.items() if name not in stay):
            if one.status != Status.proposed:
                self.end([one.id], Status.cancelled, why[one.case])
            else:
                self.end(
                    [one.id],
                    Status.released,
                    Release.replaced if one.id in moved else Release.withdrawn,
                )
        give_back(self.connection, [one.id for one in corrected])
        self._replace(but_answers(self.parts, before, after))
        self.world = after
        ids = self.names(new)
        self.add(renamed(new, ids), timedelta())
        self.correct(renamed(corrected, ids))
        self.also += [("proposed", one) for one in ids.values()]
        return ids

    def overtake(self, cases: Collection[str], facts: Collection[str], at: datetime) -> None:
        """Forget the answers to checks of these facts that are older than what is known now."""
        mine = select(BOOKINGS.c.id).where(BOOKINGS.c.case_id.in_(cases))
        old = (
            CHECKS.c.booking_id.in_(mine),
            CHECKS.c.fact.in_(facts),
            CHECKS.c.at <= moment(at),
        )
        names = self.connection.execute(select(CHECKS.c.booking_id).where(*old)).scalars().all()
        self.connection.execute(CHECKS.delete().where(*old))
        for name in names:
            self._touched(name)

    def after(self) -> World:
        """Return the world that the change leaves, which nobody else sees yet."""
        return with_bookings(self.connection, self.parts.now, self.now)

    def touch(self, activity: Activity, cases: Collection[str]) -> None:
        """Record that the data of the persons of these cases was used."""
        people = (*persons_of(self.parts.ever, cases), *persons_of(self.world, cases))
        process(self.connection, Processing(activity, people), self.now)

    def _replace(self, after: Parts) -> None:
        """Write the parts of a world that are others; nobody gets a place that is there no more."""
        replace_parts(self.connection, self.parts, after, self.now)
        was, now = self.parts.now, after.now
        close_up(
            self.connection,
            [
                *(f"{FACILITY}/{one.id}" for one in others(was.facilities, now.facilities)),
                *(f"{DEPARTURE}/{one.id}" for one in others(was.departures, now.departures)),
            ],
        )
        self.parts = after
        self.parts_changed = True

    def correct(self, bookings: Sequence[Booking]) -> None:
        """Write bookings that stand as they are now, and claim what they take now."""
        give_back(self.connection, [one.id for one in bookings])
        for one in bookings:
            document = one.model_dump(mode="json", by_alias=True)
            mine = update(BOOKINGS).where(BOOKINGS.c.id == one.id)
            self.connection.execute(mine.values(document=document, **self._stamp))
        claim(self.connection, self.world, bookings)

    def _touched(self, name: str) -> None:
        self.connection.execute(update(BOOKINGS).where(BOOKINGS.c.id == name).values(**self._stamp))

    @property
    def _stamp(self) -> dict[str, object]:
        return {"revision": self.revision, "changed_at": moment(self.now)}


_SECTIONS: Mapping[str, type] = {
    "roads": Road,
    "cases": Case,
    "resources": Resource,
    "facilities": Facility,
    "departures": Departure,
}


def with_parts(parts: Parts, written: Iterable[Case | Supply | Road]) -> Parts:
    """Return the parts with some in the place of what there was of their ids, or after all."""
    sections: dict[str, dict[str, Case | Supply | Road]] = {}
    for part in written:
        name = next(one for one, kind in _SECTIONS.items() if isinstance(part, kind))
        sections.setdefault(name, {})[key_of(part)] = part
    now, ever = (
        world.but(
            **{
                name: (*({key_of(one): one for one in getattr(world, name)} | new).values(),)
                for name, new in sections.items()
            }
        )
        for world in (parts.now, parts.ever)
    )
    return Parts(now=now, ever=ever)


def renamed(bookings: Iterable[Booking], ids: Mapping[str, str]) -> tuple[Booking, ...]:
    """Return bookings under other ids, which follow each other still."""
    return tuple(
        one.model_copy(
            update={
                "id": ids.get(one.id, one.id),
                "follows": ids.get(one.follows or "", one.follows),
            }
        )
        for one in bookings
    )


def begun(connection: Connection, read: Reader, now: datetime) -> Change:
    """Return a change at its beginning."""
    world, parts = read(connection, now)
    revision = connection.execute(select(STORE.c.revision)).scalar_one() + 1
    return Change(connection, world, parts, now, revision)


@contextmanager
def changing(
    database: Database,
    read: Reader,
    actor: Actor,
    action: str,
    objects: Sequence[str],
    now: datetime,
    once: Once | None = None,
) -> Iterator[Change]:
    """Change the store in one transaction, and say in the audit log what was done or refused.

    The answer to what is asked ``once`` is kept in the same transaction.

    Raises
    ------
    ToldBeforeError, OtherWishError
        When its key was used before: for the same, or for something else.
    """
    try:
        with _refused_by_the_database(), database.writing() as connection:
            if once is not None:
                recall(connection, actor, once)
            change = begun(connection, read, now)
            yield change
            if not change.beside:
                values = {"revision": change.revision}
                if change.parts_changed:
                    values["parts_revision"] = change.revision
                connection.execute(update(STORE).values(values))
            audit(connection, actor, action, change.objects or objects, "done", now)
            done = change.objects or objects
            for what, name in change.also:
                if name not in done:
                    audit(connection, actor, what, [name], "done", now)
            if once is not None:
                remember(connection, actor, once, once.tell(change.answer), now)
    except EmptyError:  # which has no audit log yet
        raise
    except ToldBeforeError as error:
        with database.writing() as connection:
            _, parts = read(connection, now)
            told = persons_of(parts.ever, cases_in(json.loads(error.told.body)))
            process(connection, Processing("read", told), now)
        raise
    except (Refusal, EventError) as error:
        with database.writing() as connection:
            known = ["unknown"] if isinstance(error, UnknownError) else objects
            audit(connection, actor, action, known, type(error).__name__, now)
        raise


@contextmanager
def _refused_by_the_database() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise TakenError(()) from error
