"""One change of the store: everything in it is written, or nothing of it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.store.answers import Once, recall, remember
from api.store.claims import TakenError, give_back
from api.store.database import Database
from api.store.life import CLAIMING, Failure, Release, Status, step
from api.store.logs import Activity, Actor, Processing, audit, moment, process
from api.store.refusal import Refusal
from api.store.standing import Standing, standings
from api.store.tables import BOOKINGS, CHECKS, CONFIRMATIONS, RESOURCES, STORE
from api.store.worlds import (
    EmptyError,
    add_bookings,
    claim,
    read_parts,
    replace_parts,
    with_bookings,
)
from scheduler.event import EventError
from scheduler.world import Booking, Interval, World

Reader = Callable[[Connection, datetime], World]
"""Reads the world as it is at a moment."""


class StaleError(Refusal):
    """What was to be changed has changed since it was read."""


@dataclass(slots=True)
class Change:
    """A transaction at ``now``, of which ``world`` is the state it began in.

    ``answer`` is what whoever asked is told of it.
    """

    connection: Connection
    world: World
    now: datetime
    revision: int
    parts_changed: bool = False
    answer: object = None

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
        return standings(self.connection, self.world, names, self.now)

    def told(self, *names: str) -> tuple[Standing, ...]:
        """Return bookings as they are told: with every check of them, those answered too."""
        return standings(self.connection, unbooked(self.world), names, self.now)

    def expire(self) -> None:
        """Release the holds that ran out: they block nothing."""
        out = select(BOOKINGS.c.id).where(BOOKINGS.c.expires_at <= moment(self.now))
        self.end(self.connection.execute(out).scalars().all(), Status.released, Release.expired)

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

    def named(self, bookings: Sequence[Booking]) -> tuple[Booking, ...]:
        """Return ``bookings`` under ids that no booking has had, which follow each other still."""
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
        return tuple(
            one.model_copy(
                update={"id": ids[one.id], "follows": ids.get(one.follows or "", one.follows)}
            )
            for one in bookings
        )

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

    def absent(self, booking: Booking, roles: Collection[str]) -> None:
        """Note that who came to a booking in these roles is away at that time."""
        away: dict[str, list[Interval]] = {}
        for attendance in booking.attendances:
            if attendance.role in roles:
                block = Interval(from_=attendance.from_, until=attendance.until)
                for name in attendance.resources:
                    away.setdefault(name, []).append(block)
        for name, blocks in away.items():
            known = self.world.resource[name]
            row = known.model_copy(update={"away": (*known.away, *blocks)})
            self.connection.execute(
                update(RESOURCES)
                .where(RESOURCES.c.id == name)
                .values(document=row.model_dump(mode="json", by_alias=True))
            )
        self.parts_changed = True

    def become_world(self, after: World, bookings: Sequence[Booking]) -> None:
        """Take over a repaired world: what is not in ``bookings`` any more is released.

        What was promised and stays, with other nights or after another booking, keeps what was
        said of it; who is asked for another moment is asked anew.
        """
        replace_parts(self.connection, self.world, after)
        self.parts_changed = True
        before = {one.id: one for one in self.world.bookings if one.claims}
        stay = {one.id for one in bookings}
        self.end([name for name in before if name not in stay], Status.released, Release.withdrawn)
        changed = [one for one in bookings if one.id in before and before[one.id] != one]
        promised = [one for one in changed if one.status != Status.proposed]
        moved = [one for one in changed if one.status == Status.proposed]
        give_back(self.connection, [one.id for one in promised])
        self.connection.execute(
            delete(BOOKINGS).where(BOOKINGS.c.id.in_([one.id for one in moved]))
        )
        self.world = after
        new = self.named([one for one in bookings if one.id not in before])
        self.add((*moved, *new), timedelta())
        self._correct(promised)

    def after(self) -> World:
        """Return the world that the change leaves, which nobody else sees yet."""
        return with_bookings(self.connection, read_parts(self.connection), self.now)

    def touch(self, activity: Activity, cases: Collection[str]) -> None:
        """Record that the data of the persons of these cases was used."""
        people = (one.id for case in cases for one in self.world.case[case].persons)
        process(self.connection, Processing(activity, tuple(people)), self.now)

    def _correct(self, bookings: Sequence[Booking]) -> None:
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


def unbooked(world: World) -> World:
    """Return a world without bookings: in it every check of one is asked, those answered too."""
    return world.but(bookings=())


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
            world = read(connection, now)
            revision = connection.execute(select(STORE.c.revision)).scalar_one() + 1
            change = Change(connection, world, now, revision)
            yield change
            values = {"revision": revision}
            if change.parts_changed:
                values["parts_revision"] = revision
            connection.execute(update(STORE).values(values))
            audit(connection, actor, action, objects, "done", now)
            if once is not None:
                remember(connection, actor, once, once.tell(change.answer), now)
    except EmptyError:  # which has no audit log yet
        raise
    except (Refusal, EventError) as error:
        with database.writing() as connection:
            audit(connection, actor, action, objects, type(error).__name__, now)
        raise


@contextmanager
def _refused_by_the_database() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise TakenError(()) from error
