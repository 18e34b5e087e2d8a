"""An office over a small world in a database, a clock to set, and what must hold of it always."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from api.office import Office
from api.partners import reference
from api.store.database import Database, open_database
from api.store.life import CLAIMING, Failure, Status
from api.store.logs import Actor, tampered
from api.store.standing import Standing
from api.store.tables import BOOKINGS, CLAIMS
from constraints.register import REGISTER
from scheduler.pattern import Patterns
from scheduler.plan import claims_of
from scheduler.world import PERSON, Booking, World
from tests.validator.plans import with_chain, with_twins, world_of

PLANNER = Actor("planner-1", "test")
PLACED, TWIN, REMOVED, FAMILY, CHAIN = "zk-0001", "zk-0101", "zk-0002", "zk-0003", "zk-0006"
"""A man to be placed and his twin, a man to be removed, a family, and a man to be both."""
NOON = datetime(2026, 11, 22, 18, tzinfo=UTC)
"""The moment of the small world."""

Claimed = Counter[tuple[str, int, str]]
"""How many are claimed by unit, cell and booking."""


@dataclass
class Clock:
    """A clock that stands still until it is told."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


@dataclass
class Small:
    """The small world in an office, with its clock."""

    database: Database
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.office = Office(self.database, self.clock)

    def hold(self, case: str, n: int = 0, minutes: float = 15) -> tuple[Standing, ...]:
        """Hold what is proposed for a case."""
        return self.office.hold(self.proposed(case, n), PLANNER, timedelta(minutes=minutes))

    def proposed(self, case: str, n: int = 0) -> tuple[Booking, ...]:
        """Return the bookings of a proposal for a case."""
        return self.office.desk().ask(case).proposals[n].bookings

    def confirm(self, name: str) -> Standing:
        """Let every partner of a booking, and of its chain, say that it comes."""
        case = self.office.booking(name).booking.case
        for held in self.office.bookings():
            if held.booking.case == case and held.status == Status.held:
                for one in held.partners:
                    self.office.confirm(held.booking.id, one.partner, PLANNER)
        return self.office.booking(name)

    def answer(self, name: str) -> Standing:
        """Answer every due check of a booking with a yes, on the day of the last of them."""
        checks = self.office.booking(name).checks
        self.clock.now = max([self.clock.now, *(one.before for one in checks)])
        for one in checks:
            self.office.check(name, one.fact, "yes", one.before.date(), PLANNER)
        return self.office.booking(name)

    def called(self, name: str) -> str:
        """Return what partners call a booking."""
        return reference(name, self.office.began_with() or "")

    def carry_out(self, name: str) -> Standing:
        """Confirm a booking, answer its checks and note that it was carried out."""
        self.confirm(name)
        start = self.answer(name).booking.start
        self.clock.now = max(self.clock.now, start)
        return self.office.execute(name, PLANNER)

    def cancel(self, name: str) -> Standing:
        """Note that a booking failed."""
        return self.office.cancel(name, Failure.medical, PLANNER)


def small_world() -> World:
    """Return the tiny world with two men's twins, in which the chain can be planned."""
    return world_of(with_chain, with_twins)


@contextmanager
def small(url: str) -> Iterator[Small]:
    """Open an empty database, and bring the small world into it."""
    with opened(url) as database:
        made = Small(database)
        made.office.begin(small_world(), PLANNER)
        yield made


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """Open a database, and close it."""
    database = open_database(url)
    try:
        yield database
    finally:
        database.close()


def claimed(database: Database) -> Claimed:
    """Return what the database holds as claimed."""
    with database.reading() as connection:
        rows = connection.execute(select(CLAIMS.c.unit, CLAIMS.c.cell, CLAIMS.c.booking_id))
        return Counter(tuple(row) for row in rows)


def assert_whole(database: Database) -> None:
    """Hold that exactly what standing bookings take is claimed, and that the audit log is whole."""
    assert claimed(database) == _taken(database)
    with database.reading() as connection:
        assert [*tampered(connection)] == []


def _taken(database: Database) -> Claimed:
    """Return what the bookings that stand take, as the kernel counts it."""
    with database.reading() as connection:
        rows = connection.execute(
            select(BOOKINGS.c.document).where(BOOKINGS.c.status.in_([*CLAIMING]))
        ).scalars()
        standing = [Booking.model_validate(row, strict=False) for row in rows]
    patterns = Patterns(Office(database).world(), REGISTER)
    found: Claimed = Counter()
    for one in standing:
        claims = claims_of(patterns.of(one.case), one)
        found.update(dict.fromkeys(_slots(one), 1))
        for facility, night, places in claims.nights:
            found[f"facility/{facility}", night.toordinal(), one.id] = places
        for departure, kind, seats, _ in claims.seats:
            found[f"departure/{departure}/{kind}", 0, one.id] = seats
    return +found


def _slots(booking: Booking) -> Iterator[tuple[str, int, str]]:
    """Yield who is taken in which quarters of an hour since 1970, walked one by one."""
    quarter = timedelta(minutes=15)
    for one in booking.attendances:
        of = "case" if one.role == PERSON else "resource"
        at = one.from_
        while at < one.until:
            for name in one.resources:
                yield f"{of}/{name}", int(at.timestamp()) // 900, booking.id
            at += quarter


def night(text: str) -> int:
    """Return the cell of a night."""
    return date.fromisoformat(text).toordinal()


def names(standing: Sequence[Standing]) -> list[str]:
    """Return the ids of bookings."""
    return [one.booking.id for one in standing]
