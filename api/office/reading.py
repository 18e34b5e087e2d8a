"""What the office knows: the world as it is now, what is booked in it, and what was done.

The world is read from the store once and kept until something changes.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy import Connection, func, select

from api.access.person import Person, Role
from api.desk import Desk, UnknownCaseError
from api.office.refusals import NotAskedError
from api.partners import reference
from api.store.answers import Once
from api.store.change import Change, changing
from api.store.database import Database
from api.store.logs import (
    SHOWN,
    Activity,
    Actor,
    AuditFilter,
    AuditPage,
    Processing,
    audit,
    audit_page,
    cases_in,
    moment,
    process,
)
from api.store.numbers import Month, Numbers, keep_told, numbers, told_before
from api.store.standing import Standing, UnknownBookingError, asked_of, standings
from api.store.tables import BOOKINGS, STORE
from api.store.worlds import (
    DAY,
    EmptyError,
    Parts,
    persons_of,
    read_parts,
    with_bookings,
)
from scheduler.event import (
    CaseWithdrawn,
    DocumentChanged,
    Event,
    FactChanged,
    ResourceAway,
    TriggerAdded,
)
from scheduler.world import World

_OF_A_CASE = FactChanged | DocumentChanged | TriggerAdded | CaseWithdrawn | ResourceAway
"""What may have happened to a case that there is, or to one of its persons."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """The world of a revision, until the next slot begins or the first hold in it runs out."""

    revision: int
    parts_revision: int
    until: str
    parts: Parts
    world: World

    @property
    def rolls(self) -> datetime:
        """When the horizon begins a day later."""
        return self.parts.now.horizon.start + DAY


class Reading:
    """A store with its world, ready to be asked; safe to use from several threads."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.database = database
        self.clock = clock
        # What tells a trace how long its parts take; nobody is told unless a service sends traces.
        self.span: Callable[[str], AbstractContextManager[object]] = nullcontext
        self._lock = Lock()
        self._kept: _Kept | None = None
        self._desk: Desk | None = None
        self._ahead: timedelta | None = None

    def now(self) -> datetime:
        """Return what time it is in the store: in one to practise in, that of its world."""
        if self._ahead is None:
            with self.database.reading() as connection:
                ahead = connection.execute(select(STORE.c.ahead)).scalar()
            if ahead is None:
                return self.clock()
            self._ahead = timedelta(seconds=ahead)
        return self.clock() + self._ahead

    def world(self) -> World:
        """Return the world as it is now; EmptyError when there is none yet."""
        return self._world_and_parts()[0]

    def _world_and_parts(self) -> tuple[World, Parts]:
        now = self.now()
        with self.database.reading() as connection:
            return self._world(connection, now)

    def desk(self) -> Desk:
        """Return the desk of the world as it is now."""
        world = self.world()
        with self._lock:
            if self._desk is None:
                self._desk = Desk(world)
            self._desk.follow(world)
            return self._desk

    def booking(self, name: str) -> Standing:
        """Return a booking; UnknownBookingError when there is none of that id."""
        return self._standings([name])[0]

    def called(self, name: str) -> Standing:
        """Return the booking that partners know by a reference; UnknownBookingError without one."""
        secret = self.began_with() or ""
        with self.database.reading() as connection:
            ids = connection.execute(select(BOOKINGS.c.id)).scalars().all()
        found = next((one for one in ids if reference(one, secret) == name), None)
        if found is None:
            raise UnknownBookingError(name)
        return self.booking(found)

    def bookings(self, offset: int = 0, limit: int = 500) -> tuple[Standing, ...]:
        """Return bookings in the order in which they came."""
        page = select(BOOKINGS.c.id).order_by(BOOKINGS.c.position).offset(offset).limit(limit)
        with self.database.reading() as connection:
            names = connection.execute(page).scalars().all()
        return self._standings(names)

    def seen(self, activity: Activity, told: object) -> None:
        """Record that somebody is shown something of the cases it tells of, before it is shown."""
        if not SHOWN.get():
            return
        if people := persons_of(self._world_and_parts()[1].ever, cases_in(told)):
            with self.database.noting() as connection:
                process(connection, Processing(activity, people), self.now())

    def ever(self) -> World:
        """Return the world with the cases that were withdrawn too, of which bookings may be."""
        return self._world_and_parts()[1].ever

    def asked_of(self, partner: str, since: date) -> tuple[tuple[Standing, datetime], ...]:
        """Return the bookings of which a partner is asked something, with when each changed last.

        They end on that day or later; what was only proposed is asked of nobody.
        """
        now = self.now()
        with self.database.reading() as connection:
            ever = self._world(connection, now)[1].ever
            return asked_of(connection, ever, partner, since, now)

    def statistics(self, month: Month) -> Numbers:
        """Return what became of the bookings that begin in a month, counted."""
        now = self.now()
        with self.database.reading() as connection:
            return numbers(connection, self._world(connection, now)[1].ever, month, now)

    def told_of(self, month: Month, tell: Callable[[Numbers, datetime], Any]) -> Any:
        """Return what ``tell`` makes of the numbers of a month, or made of them in the last week.

        Who is told twice in a week is told the same, by whichever process.
        """
        now = self.now()
        with self.database.reading() as connection:
            told = told_before(connection, month, now)
        if told is None:
            new = tell(self.statistics(month), now)
            with self.database.writing() as connection:
                told = told_before(connection, month, now)  # somebody else may have been faster
                if told is None:
                    keep_told(connection, month, told := new, now)
        return told

    def owner_of(self, name: str, fact: str) -> str:
        """Return who makes a due check of a booking.

        Raises
        ------
        UnknownBookingError, NotAskedError
            When there is no such booking, or it has no such check.
        """
        for one in self.booking(name).checks:
            if one.fact == fact:
                return one.owner
        raise NotAskedError("fact", fact)

    def cases_of(self, person: Person) -> frozenset[str] | None:
        """Return the cases that somebody may see; None for all of them."""
        if Role.planner in person.roles:
            return None
        return frozenset(one.id for one in self.world().cases if person.sees(one))

    def about_their_own(self, events: Sequence[Event], person: Person) -> None:
        """Return when events are about cases that somebody may see: who plans may tell of anything.

        Raises
        ------
        UnknownCaseError
            With the first that is of another kind, or about something else.
        """
        theirs = self.cases_of(person)
        if theirs is None:
            return
        case = self.world().case
        mine = theirs | {one.id for name in theirs for one in case[name].persons}
        for one in events:
            if not isinstance(one, _OF_A_CASE) or one.subject not in mine:
                raise UnknownCaseError(one.subject)

    def bookings_ever(self) -> int:
        """Return how many bookings there are, those that ended among them."""
        with self.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(BOOKINGS)).scalar_one()

    def began_with(self) -> str | None:
        """Return the fingerprint of the world that filled the store; None when nobody knows."""
        with self.database.reading() as connection:
            return connection.execute(select(STORE.c.began_with)).scalar()

    def audit_lines(
        self, asked: AuditFilter, offset: int, limit: int, actor: Actor, *, verify: bool
    ) -> AuditPage:
        """Return lines of the audit log, and leave one: who looks into it is kept like any other.

        Raises
        ------
        EmptyError
            When there is no world yet, and so no log.
        """
        self.world()
        with self.database.reading() as connection:
            page = audit_page(connection, asked, offset, limit, verify)
            named = {one.object for one in page.lines}
            of = select(BOOKINGS.c.case_id).where(BOOKINGS.c.id.in_(named))
            cases = named.union(connection.execute(of).scalars())
        self.seen("read", [{"case": one} for one in sorted(cases)])
        if SHOWN.get():
            with self.database.writing() as connection:
                audit(connection, actor, "read", ["audit-log"], "done", self.now())
        return page

    @contextmanager
    def beside(
        self, actor: Actor, action: str, objects: Sequence[str], once: Once | None = None
    ) -> Iterator[Change]:
        """Write what changes no booking and no part of the world; the audit log tells of it."""
        with self._changing(actor, action, objects, once) as change:
            change.beside = True
            yield change

    def _standings(self, names: Sequence[str]) -> tuple[Standing, ...]:
        now = self.now()
        with self.database.reading() as connection:
            ever = self._world(connection, now)[1].ever
            return standings(connection, ever, names, now)

    def _world(self, connection: Connection, now: datetime) -> tuple[World, Parts]:
        row = connection.execute(select(STORE.c.revision, STORE.c.parts_revision)).first()
        if row is None:
            raise EmptyError("the store has no world yet")
        revision, parts_revision = row
        kept = self._kept
        if kept is not None and kept.revision == revision and moment(now) < kept.until:
            return kept.world, kept.parts
        if kept is not None and kept.parts_revision == parts_revision and kept.rolls > now:
            parts = kept.parts
        else:
            parts = read_parts(connection, now)
        world, until = world_at(with_bookings(connection, parts.now, now), now)
        ends = select(func.min(BOOKINGS.c.expires_at)).where(BOOKINGS.c.expires_at > moment(now))
        first = min(until, connection.execute(ends).scalar() or until)
        self._kept = _Kept(revision, parts_revision, first, parts, world)
        return world, parts

    @contextmanager
    def _changing(
        self,
        actor: Actor,
        action: str,
        objects: Sequence[str],
        once: Once | None = None,
        now: datetime | None = None,
    ) -> Iterator[Change]:
        now, read = now or self.now(), self._world
        with suppress(EmptyError), self.database.reading() as connection:
            read(connection, now)  # what others wrote, before anybody waits for it
        with (
            self.span(f"change: {action}"),
            changing(self.database, read, actor, action, objects, now, once) as change,
        ):
            yield change
        kept = self._kept
        if change.parts_changed and kept is not None and kept.revision < change.revision:
            # Who comes next need not read all parts again while others wait.
            self._kept = _Kept(change.revision, change.revision, "", change.parts, change.world)


def world_at(world: World, now: datetime) -> tuple[World, str]:
    """Return the world as it is in the slot of ``now``, and when the next slot begins."""
    grid = world.grid
    slot = min(grid.floor(now), grid.slots - 1)
    until = "9999" if grid.at(slot + 1) == grid.end else moment(grid.at(slot + 1))
    return world.but(as_of=max(world.as_of, grid.at(slot))), until


def same(one: World, other: World) -> bool:
    """Return whether worlds are equal; what is the same object in both is not looked into."""
    return all(getattr(one, name) == getattr(other, name) for name in World.model_fields)
