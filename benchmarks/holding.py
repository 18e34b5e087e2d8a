"""What it takes to hold what others want too, on SQLite and on PostgreSQL.

Run ``python -m benchmarks.holding``; it prints Markdown with the machine named, and fails when
anything was claimed twice or lost. PostgreSQL is a server of its own that writes to the disk as a
real one does. Clients are threads of one process, as the service has them, without HTTP between.
"""

import logging
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Lock

from sqlalchemy import Engine, insert, select, text

from api.desk import Desk
from api.office import Office
from api.store.claims import TakenError, Want
from api.store.database import UnavailableError, open_database
from api.store.logs import Actor
from api.store.tables import CLAIMS
from api.store.worlds import taken_by
from benchmarks.machine import machine
from constraints.register import REGISTER
from fixtures.tiny import tiny
from fixtures.worlds import canonical
from scheduler.loading import parse_world, read_world
from scheduler.pattern import Patterns
from scheduler.planner import plan
from scheduler.world import Booking, World
from tests.databases import postgres

CLIENTS = 64
ROUNDS = 8
BOOKED = 100
NATIONAL = Path("fixtures/national.json")
ACTOR = Actor("benchmark", "benchmark")


@dataclass
class Hammered:
    """What clients were told, and what was found wrong."""

    granted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    unnamed: int = 0
    unavailable: int = 0
    double: int = 0
    lost: int = 0


def main() -> None:
    """Print the figures."""
    # It warns of every claim that is refused within many sent at once.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    print(f"{machine()}\n")
    wrong = 0
    with databases() as urls:
        print(f"{CLIENTS} clients ask {ROUNDS} times each for one interpreter, three places and ")
        print("two seats, and give back what they got:\n")
        print(
            "| database | attempts | granted | refused | unavailable | p50 | p95 | worst |", end=""
        )
        print(" refused without a name | claimed twice | lost |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        for name, fresh in urls.items():
            with fresh() as url:
                found = hammer(url)
            wrong += found.double + found.lost + found.unnamed + found.unavailable
            both = found.granted + found.refused
            print(
                f"| {name} | {len(both) + found.unavailable} | {len(found.granted)} | "
                f"{len(found.refused)} | {found.unavailable} | {_times(both)} | "
                f"{found.unnamed} | {found.double} | {found.lost} |"
            )
        print(f"\nOne client on the national world with {BOOKED} bookings in it:\n")
        print("| database | asked | hold, p50 | p95 | worst |")
        print("| --- | --- | --- | --- | --- |")
        for name, fresh in urls.items():
            with fresh() as url:
                times = hold_alone(url)
            print(f"| {name} | {len(times)} | {_times(times)} |")
        print("\nThe claims of the first national plan on PostgreSQL, a transaction per booking:\n")
        print("| kept as | rows | size | claim, p50 | p95 | refused, p50 | free, p50 |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        with urls["PostgreSQL"]() as url:
            for row in compared(url):
                print(row)
    sys.exit(wrong > 0)


@contextmanager
def databases() -> Iterator[dict[str, Callable[[], AbstractContextManager[str]]]]:
    """Yield what makes a fresh database of each kind, by its name."""
    with tempfile.TemporaryDirectory() as directory, postgres(synced=True) as server:
        files = (f"sqlite:///{directory}/{n}.sqlite" for n in range(1000))
        yield {"SQLite": lambda: nullcontext(next(files)), "PostgreSQL": server.fresh}


@contextmanager
def opened(url: str, world: World) -> Iterator[Office]:
    """Yield the office of a world in a new database."""
    with ExitStack() as closing:
        database = open_database(url)
        closing.callback(database.close)
        office = Office(database, lambda: world.as_of)
        office.begin(world, ACTOR)
        yield office


# --- Many at once -------------------------------------------------------------------------------


def crowd() -> World:
    """Return the tiny world with men to be placed and men to be removed, one for each client."""
    values = tiny()
    known = {one["id"]: one for one in values["cases"]}
    for n in range(CLIENTS):
        twin = {**known[("zk-0001", "zk-0002")[n % 2]], "id": f"zk-1{n:03}"}
        twin["persons"] = [{**twin["persons"][0], "id": f"{twin['id']}-a"}]
        values["cases"].append(twin)
    return parse_world(canonical(values), REGISTER)


def hammer(url: str) -> Hammered:
    """Let all clients hold and release the same, and look for what should not be."""
    world = crowd()
    desk = Desk(world)
    asked = [desk.ask(f"zk-1{n:03}").proposals[0].bookings for n in range(CLIENTS)]
    found, ready, having = Hammered(), Barrier(CLIENTS), _Having()
    with opened(url, world) as office:

        def client(n: int) -> None:
            ready.wait()
            for last in (*[False] * (ROUNDS - 1), True):
                began = time.perf_counter()
                try:
                    (held,) = office.hold(asked[n], ACTOR, timedelta(hours=1))
                except TakenError as error:
                    found.refused.append(time.perf_counter() - began)
                    found.unnamed += not error.taken or any(
                        one.booking is None for one in error.taken
                    )
                except UnavailableError:
                    found.unavailable += 1
                else:
                    found.granted.append(time.perf_counter() - began)
                    found.double += having.takes(held.booking)
                    if not last:
                        having.gives(held.booking)
                        office.release(held.booking.id, ACTOR)

        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(client, range(CLIENTS)))
        found.lost = _lost(office, having)
    return found


class _Having:
    """Who has what, as the clients were told: kept beside the database."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.bookings: dict[str, Booking] = {}
        self._slots: Counter[tuple[str, datetime]] = Counter()

    def takes(self, booking: Booking) -> int:
        """Return how many slots of people are taken by somebody else too."""
        with self._lock:
            self.bookings[booking.id] = booking
            mine = [*_slots(booking)]
            self._slots.update(mine)
            return sum(self._slots[one] > 1 for one in mine)

    def gives(self, booking: Booking) -> None:
        with self._lock:
            del self.bookings[booking.id]
            self._slots.subtract([*_slots(booking)])


def _slots(booking: Booking) -> Iterator[tuple[str, datetime]]:
    for one in booking.attendances:
        for name in one.resources:
            at = one.from_
            while at < one.until:
                yield name, at
                at += timedelta(minutes=15)


def _lost(office: Office, having: _Having) -> int:
    """Return how many claims are not exactly those of who was told to hold them."""
    patterns = Patterns(office.world(), REGISTER)
    told = Counter(
        (want.unit, want.cell, one.id)
        for one in having.bookings.values()
        for want in taken_by(patterns, one)
        for _ in range(want.count)
    )
    with office.database.reading() as connection:
        rows = connection.execute(select(CLAIMS.c.unit, CLAIMS.c.cell, CLAIMS.c.booking_id))
        kept = Counter((unit, cell, booking) for unit, cell, booking in rows)
    return ((told - kept) + (kept - told)).total()


# --- One alone ----------------------------------------------------------------------------------


def hold_alone(url: str) -> list[float]:
    """Return how long it takes to hold what is proposed for each case that is not booked."""
    world = read_world(NATIONAL, REGISTER)
    made = plan(world, REGISTER, seconds=0).bookings
    booked = {one.case for one in made[:BOOKED]}
    made = tuple(one for one in made if one.case in booked)
    times = []
    with opened(url, world.but(bookings=made)) as office:
        desk = office.desk()
        for case in (one.id for one in world.cases if one.id not in booked):
            proposals = desk.ask(case, 1).proposals
            if not proposals:
                continue
            began = time.perf_counter()
            held = office.hold(proposals[0].bookings, ACTOR)
            times.append(time.perf_counter() - began)
            office.release(held[0].booking.id, ACTOR)
    return times


# --- Cells or ranges ----------------------------------------------------------------------------

RANGES = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE ranges (
    unit varchar(200) NOT NULL,
    at tstzrange NOT NULL,
    booking_id varchar(80) NOT NULL REFERENCES bookings ON DELETE CASCADE,
    EXCLUDE USING gist (unit WITH =, at WITH &&)
);
CREATE INDEX ix_ranges_booking ON ranges (booking_id)
"""
INSERT_RANGE = text("INSERT INTO ranges VALUES (:unit, tstzrange(:first, :last), :booking_id)")


def compared(url: str) -> Iterator[str]:
    """Yield a row for each way to keep claims apart."""
    world = read_world(NATIONAL, REGISTER)
    bookings = plan(world, REGISTER, seconds=0).bookings
    patterns = Patterns(world, REGISTER)
    wanted = {one.id: [*taken_by(patterns, one)] for one in bookings}
    with opened(url, world.but(bookings=bookings)) as office:
        engine = office.database.engine
        with engine.begin() as connection:
            connection.execute(CLAIMS.delete())
            for statement in RANGES.split(";"):
                connection.execute(text(statement))
        yield _cells(engine, wanted)
        yield _ranges(engine, {one.id: [*_stretches(one, wanted[one.id])] for one in bookings})


Row = dict[str, object]


def _cells(engine: Engine, wanted: dict[str, list[Want]]) -> str:
    taken: Counter[tuple[str, int]] = Counter()
    rows: dict[str, list[Row]] = {}
    for booking, wants in wanted.items():
        for want in wants:
            for _ in range(want.count):
                taken[want.unit, want.cell] += 1
                rows.setdefault(booking, []).append(
                    {
                        "unit": want.unit,
                        "cell": want.cell,
                        "number": taken[want.unit, want.cell],
                        "most": 5000,
                        "booking_id": booking,
                    }
                )
    return _measured(engine, "cells, a unique key", "claims", insert(CLAIMS), rows)


def _stretches(booking: Booking, wants: Iterable[Want]) -> Iterator[tuple[str, str, str]]:
    """Yield what a booking takes as stretches of time, numbers told apart in the unit."""
    for one in booking.attendances:
        for name in one.resources:
            yield name, one.from_.isoformat(), one.until.isoformat()
    for want in wants:
        if want.unit.startswith("facility/"):
            day = datetime.fromordinal(want.cell).replace(tzinfo=UTC)
            for _ in range(want.count):
                yield want.unit, day.isoformat(), (day + timedelta(days=1)).isoformat()
        elif want.unit.startswith("departure/"):
            for _ in range(want.count):
                yield want.unit, "2026-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"


def _ranges(engine: Engine, stretches: dict[str, list[tuple[str, str, str]]]) -> str:
    taken: Counter[tuple[str, str]] = Counter()
    rows: dict[str, list[Row]] = {}
    for booking, mine in stretches.items():
        for unit, first, last in mine:
            number = ""
            if unit.startswith(("facility/", "departure/")):
                taken[unit, first] += 1
                number = f"/{taken[unit, first]}"
            row: Row = {"unit": unit + number, "first": first, "last": last, "booking_id": booking}
            rows.setdefault(booking, []).append(row)
    return _measured(engine, "ranges, an exclusion constraint", "ranges", INSERT_RANGE, rows)


def _measured(
    engine: Engine, name: str, table: str, statement: object, rows: dict[str, list[Row]]
) -> str:
    """Return the row of a table: claim everything, claim it again in vain, free half of it."""
    claim = [_timed(engine, statement, one) for one in rows.values()]
    again = [_timed(engine, statement, one, refused=True) for one in rows.values()]
    with engine.begin() as connection:
        count = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        size = connection.execute(text(f"SELECT pg_total_relation_size('{table}')")).scalar_one()
    free = text(f"DELETE FROM {table} WHERE booking_id = :booking")
    freed = [_timed(engine, free, {"booking": one}) for one in rows]
    return (
        f"| {name} | {count} | {size / 1e6:.1f} MB | {cut(claim, 50)} | {cut(claim, 95)} | "
        f"{cut(again, 50)} | {cut(freed, 50)} |"
    )


def _timed(engine: Engine, statement: object, values: object, refused: bool = False) -> float:
    began = time.perf_counter()
    try:
        with engine.begin() as connection:
            connection.execute(statement, values)  # type: ignore[call-overload]
    except Exception:
        if not refused:
            raise
    return time.perf_counter() - began


def _times(seconds: list[float]) -> str:
    return f"{cut(seconds, 50)} | {cut(seconds, 95)} | {max(seconds) * 1000:.1f} ms"


def cut(seconds: list[float], percent: int) -> str:
    """Return the percentile of times, as a cell of a table."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return f"{cuts[percent - 1] * 1000:.1f} ms"


if __name__ == "__main__":
    main()
