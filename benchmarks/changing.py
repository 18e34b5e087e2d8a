"""How long a change keeps everybody else waiting, on SQLite and on PostgreSQL.

Run ``python -m benchmarks.changing``; it prints Markdown with the machine named. The national world
with 100 bookings is changed in every way there is, each followed by a hold of somebody else; what
counts is how long each has the lock of the one writer, from having it to having written. The last
rows are events while somebody holds and releases as fast as they can.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event as Bell
from threading import Thread, get_ident

from sqlalchemy import Connection

from api.office import Office
from api.store.database import Database, open_database
from api.store.refusal import Refusal
from benchmarks.holding import ACTOR, BOOKED, NATIONAL, cut, databases
from benchmarks.machine import machine
from constraints.register import REGISTER
from scheduler.event import DepartureChange, DepartureChanged, Event, FactChanged, ResourceAway
from scheduler.loading import read_world
from scheduler.planner import plan
from scheduler.world import Booking, Fact, Interval, World

ROUNDS = 25
Ask = Callable[[int], object]


@dataclass(frozen=True)
class Timed(Database):
    """A database that notes how long each thread had the lock."""

    locked: list[tuple[int, float]] = field(default_factory=list)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write as ever, and note how long it took from having the lock."""
        began = None
        try:
            with super().writing() as connection:
                began = time.perf_counter()
                yield connection
        finally:
            if began is not None:
                self.locked.append((get_ident(), time.perf_counter() - began))

    def longest(self) -> float:
        """Return how long whoever asks had the lock at most since it was cleared."""
        return max(seconds for thread, seconds in self.locked if thread == get_ident())


def main() -> None:
    """Print the figures."""
    print(f"{machine()}\n")
    print("| database | change | asked | lock, p50 | p95 | worst | answered, p50 | p95 |", end="")
    print(" next hold: lock, p95 |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    world = read_world(NATIONAL, REGISTER)
    made = plan(world, REGISTER, seconds=0).bookings
    booked = {one.case for one in made[:BOOKED]}
    made = tuple(one for one in made if one.case in booked)
    with databases() as urls:
        for name, fresh in urls.items():
            with fresh() as url:
                database = Timed(open_database(url).engine)
                office = Office(database, lambda: world.as_of)
                office.begin(world.but(bookings=made), ACTOR)
                for row in rows(database, office, made):
                    print(f"| {name} | {row} |", flush=True)
                database.close()


def rows(database: Timed, office: Office, made: Sequence[Booking]) -> Iterator[str]:
    """Yield a row per kind of change."""
    world = office.world()
    free = [one.id for one in world.cases if one.id not in world.booked]
    proposals = (office.desk().ask(one, 1).proposals for one in free)
    holds = [found[0].bookings for found in proposals if found]

    def hold(n: int) -> None:
        with suppress(Refusal):  # somebody has it, or it is no more
            (held, *_) = office.hold(holds[n % len(holds)], ACTOR)
            office.release(held.booking.id, ACTOR)

    for what, ask in changes(office, world, made).items():
        yield measured(database, what, ask, hold)
    stop = Bell()

    def go_on() -> None:
        n = 0
        while not stop.wait(0.02):
            hold(n := n + 1)

    beside = Thread(target=go_on)
    beside.start()
    try:
        yield measured(database, "events beside holds", events(office, world, made, ROUNDS), None)
    finally:
        stop.set()
        beside.join()


def changes(office: Office, world: World, made: Sequence[Booking]) -> dict[str, Ask]:
    """Return what is asked in each round, by what it is."""

    def label(n: int) -> object:
        one = world.resources[n].model_copy(update={"label": f"Desk {n}"})
        return office.furnish(one, ACTOR, _met)

    def seats(n: int) -> object:
        one = world.departures[n]
        return office.furnish(one.model_copy(update={"id": f"new-{n}"}), ACTOR, _met)

    def places(n: int) -> object:
        one = world.facilities[n % len(world.facilities)]
        return office.furnish(one.model_copy(update={"id": f"new-{n}"}), ACTOR, _met)

    def add(n: int) -> object:
        case = world.cases[n]
        persons = tuple(one.model_copy(update={"id": f"{one.id}-new"}) for one in case.persons)
        new = {"id": f"{case.id}-new", "persons": persons}
        return office.add_case(case.model_copy(update=new), ACTOR)

    def weight(n: int) -> object:
        return office.amend_case(
            made[n].case,
            lambda case: case.model_copy(update={"weight": case.weight + 1}),
            ACTOR,
            lambda _: None,
        )

    return {
        "a resource": label,
        "a facility": places,
        "a departure": seats,
        "a case added": add,
        "a case changed": weight,
        "events": events(office, world, made),
    }


def events(office: Office, world: World, made: Sequence[Booking], first: int = 0) -> Ask:
    """Return what asks for the repair after one event: one that is away, a flight that is not."""
    staff = [one.attendances[-1].resources[0] for one in made if one.attendances]
    flights = [*dict.fromkeys(one.departure for one in made if one.departure)]

    def happened(at: datetime, n: int) -> Event:
        if n % 3 == 0:
            week = Interval(from_=at, until=at + timedelta(days=7))
            away = world.resource[staff[n]]
            return ResourceAway(
                id=f"e-{n}", at=at, kind="resource-away", subject=away.id, value=week
            )
        if n % 3 == 1:
            gone = DepartureChange(cancelled=True)
            flight = flights[n % len(flights)]
            return DepartureChanged(
                id=f"e-{n}", at=at, kind="departure-changed", subject=flight, value=gone
            )
        fit = {"fit-to-fly": Fact(value="no", since=at.date())}
        person = world.case[made[n].case].persons[0].id
        return FactChanged(id=f"e-{n}", at=at, kind="fact-changed", subject=person, value=fit)

    return lambda n: office.happened([happened(office.now(), first + n)], ACTOR)


def measured(database: Timed, what: str, ask: Ask, beside: Callable[[int], None] | None) -> str:
    """Return the row of a change: how long it had the lock, and how long the hold after it."""
    locked, answered, after = [], [], []
    for n in range(ROUNDS):
        database.locked.clear()
        began = time.perf_counter()
        ask(n)
        answered.append(time.perf_counter() - began)
        locked.append(database.longest())
        if beside is not None:
            database.locked.clear()
            beside(n)
            after.append(database.longest())
    cells = (cut(locked, 50), cut(locked, 95), f"{max(locked) * 1000:.1f} ms")
    told = (cut(answered, 50), cut(answered, 95), cut(after, 95) if after else "")
    return " | ".join((what, str(ROUNDS), *cells, *told))


def _met(_name: str, _part: object) -> None:
    """Let anything be written over."""


if __name__ == "__main__":
    main()
