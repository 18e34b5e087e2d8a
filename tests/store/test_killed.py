"""The service may die at any moment: what it had promised stands, and nothing is half done."""

import random
import subprocess
import sys

from sqlalchemy import select

from api.store.database import Database
from api.store.tables import BOOKINGS
from tests.store.offices import PLANNER, Small, assert_whole, opened, small_world

KILLS = {"sqlite": 10, "postgresql": 4}


def test_whoever_is_killed_while_booking_leaves_nothing_half_done(
    database_url: str, dialect: str
) -> None:
    lots = random.Random(1)
    with opened(database_url) as database:
        Small(database).office.begin(small_world(), PLANNER)
    seen = 0
    for _ in range(KILLS[dialect]):
        kill_at_work(database_url, lots.uniform(0, 0.3))
        with opened(database_url) as database:
            assert_whole(database)
            now = bookings(database)
            assert now >= seen
            seen = now
            Small(database).office.desk()
    assert seen > KILLS[dialect]


def kill_at_work(url: str, after: float) -> None:
    """Let planners work on a store, and kill them once they have held something."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.load", url], stdout=subprocess.PIPE, text=True
    ) as planners:
        assert planners.stdout is not None
        assert planners.stdout.readline() == "at work\n"
        try:
            planners.wait(after)
        except subprocess.TimeoutExpired:
            planners.kill()
    assert planners.returncode < 0


def bookings(database: Database) -> int:
    with database.reading() as connection:
        return len(connection.execute(select(BOOKINGS.c.id)).all())
