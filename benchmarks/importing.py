"""What it takes to bring in a roster of 100,000 rows, as CSV, as a workbook and as Parquet.

Run ``python -m benchmarks.importing``; it prints Markdown with the machine named, and fails where a
file takes over ten seconds of CPU, whatever else the machine does, or 500 MiB. Each file is read by
a process of its own, against the national world in a store: seen first (the preview), brought in,
and brought in once more, which must change nothing. The peak is that of the whole process,
everything that it imports included.
"""

import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import select

from api.exports.files import FILES, written
from api.exports.tables import rosters_of
from api.imports.preview import told_by
from api.office import Office
from api.store.database import open_database
from api.store.logs import Actor
from api.store.tables import STORE
from benchmarks.machine import machine
from constraints.register import REGISTER
from scheduler.loading import read_world
from scheduler.world import Resource, Shift, World

ROWS = 100_000
SHIFTS = 50
"""Of each colleague."""
MOST_SECONDS = 10
MOST_MEMORY = 500
"""MiB."""
NATIONAL = Path("fixtures/national.json")
ACTOR = Actor("benchmark", "benchmark")


def main() -> None:
    """Print the figures."""
    print(f"{machine()}\n")
    print(f"{ROWS} rows of {ROWS // SHIFTS} colleagues, half of them new; seconds:\n")
    print("| file | size | read | preview | brought in | the same again | whole | CPU | peak |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    wrong = 0
    world = read_world(NATIONAL, REGISTER)
    sheet = rosters_of(world, crowd(world))
    for file in FILES:
        body = written([sheet], file)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            read, seen, done, again, cpu, peak = alone.submit(measure, body).result()
        wrong += cpu > MOST_SECONDS or peak > MOST_MEMORY
        print(
            f"| {file} | {len(body) / 2**20:.1f} MiB | {read:.1f} | {seen:.1f} | {done:.1f} "
            f"| {again:.1f} | {read + done:.1f} | {cpu:.1f} | {peak:.0f} MiB |"
        )
    sys.exit(wrong > 0)


def crowd(world: World) -> list[Resource]:
    """Return colleagues with shifts in the weeks to come, as many as make the rows."""
    day = world.horizon.start.astimezone(UTC).replace(tzinfo=None, hour=0, minute=0)
    homes = [one for one in world.resources if one.role == "police"]
    made = []
    for n in range(ROWS // SHIFTS):
        like = homes[n % len(homes)]
        days = islice(count(n % 3), SHIFTS)
        shifts = tuple(_shift(day + timedelta(days=one), n) for one in days)
        made.append(like.model_copy(update={"id": f"colleague-{n:05}", "shifts": shifts}))
    return made


def _shift(day: datetime, n: int) -> Shift:
    """Return a shift of that day; that of one in ten ends past midnight."""
    opens = day + timedelta(hours=22 if n % 10 == 0 else 6 + n % 4, minutes=15 * (n % 4))
    return Shift(from_=opens, until=opens + timedelta(hours=8))


def measure(body: bytes) -> tuple[float, ...]:
    """Return the seconds of reading, seeing, bringing in and doing so again.

    Then the CPU of reading and bringing in, and the peak in MiB.

    Raises
    ------
    AssertionError
        When the second time changed anything.
    """
    with tempfile.TemporaryDirectory() as folder:
        office = Office(open_database(f"sqlite:///{folder}/store.db"))
        world = read_world(NATIONAL, REGISTER)
        half = world.but(resources=(*world.resources, *(without(one) for one in crowd(world)[::2])))
        office.begin(half, ACTOR, practice=True)
        office.world()
        laps = [(time.perf_counter(), time.process_time())]

        def lap() -> tuple[float, float]:
            laps.append((time.perf_counter(), time.process_time()))
            return laps[-1][0] - laps[-2][0], laps[-1][1] - laps[-2][1]

        made = told_by(body, "rosters")
        read, reading = lap()
        office.foreseen_of(made)
        seen, _ = lap()
        office.take_in(made, "rosters/benchmark", ACTOR)
        done, doing = lap()
        revision = _revision(office)
        lap()
        told = office.take_in(told_by(body, "rosters"), "rosters/benchmark", ACTOR)
        again, _ = lap()
        if told.parts or _revision(office) != revision:
            raise AssertionError("the same file changed something the second time")
        office.database.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return read, seen, done, again, reading + doing, peak


def without(one: Resource) -> Resource:
    """Return somebody as they are known before the roster: with another shift in its weeks."""
    (first, *_) = one.shifts
    later = timedelta(minutes=30)
    other = Shift(from_=first.from_ + later, until=first.until + later)
    return one.model_copy(update={"shifts": (other,)})


def _revision(office: Office) -> int:
    with office.database.reading() as connection:
        found: int = connection.execute(select(STORE.c.revision)).scalar_one()
    return found


if __name__ == "__main__":
    main()
