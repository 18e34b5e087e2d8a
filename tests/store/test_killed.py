"""The service may die at any moment: what it had promised stands, and nothing is half done."""

import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread

from sqlalchemy import select

from api.office import Office
from api.store.tables import STORE
from fixtures.worlds import canonical, document
from scheduler.world import World
from tests.store.load import Planner, Promises
from tests.store.offices import assert_whole, opened, small_world

KILLS, PLANNERS = 10, 4


def test_whoever_asked_finds_what_was_promised_however_often_the_server_is_killed(
    database_url: str, dialect: str, tmp_path: Path
) -> None:
    lots, promises, seen = random.Random(1), Promises(), 0
    world = tmp_path / "world.json"
    world.write_text(to_come(small_world()), encoding="utf-8")
    for _ in range(KILLS):
        with served(database_url, world) as (server, port):
            Planner(port, promises, 0).ask_again()
            kill_at_work(server, port, promises, lots)
        with opened(database_url) as database:
            assert_whole(database)
            office = Office(database)
            with database.reading() as connection:
                revision = connection.execute(select(STORE.c.revision)).scalar_one()
            promises.assert_kept(office, revision)
            assert office.bookings_ever() >= seen
            seen = office.bookings_ever()
    with served(database_url, world) as (_, port):
        Planner(port, promises, 0).ask_again()
    assert promises.holds >= KILLS
    print(
        f"{dialect}: {KILLS} kills, {promises.answered} requests answered, "
        f"{promises.changes} changes, {promises.holds} holds, {seen} bookings",
        file=sys.stderr,  # which pytest -s shows of its workers too
    )


def to_come(world: World) -> str:
    """Return the file of a world moved by whole weeks, so that it lies ahead of any clock."""
    weeks = max(timedelta(), datetime.now(UTC) - world.as_of) // timedelta(weeks=1) + 1

    def later(day: re.Match[str]) -> str:
        return (date.fromisoformat(day[0]) + timedelta(weeks=weeks)).isoformat()

    return re.sub(r"\d{4}-\d\d-\d\d", later, canonical(document(world)))


def kill_at_work(
    server: subprocess.Popen[str], port: int, promises: Promises, lots: random.Random
) -> None:
    """Let planners work on a server, and kill it some time after they held something."""
    promises.at_work.clear()
    promises.over.clear()
    with ThreadPoolExecutor(PLANNERS) as pool:
        planners = [
            pool.submit(Planner(port, promises, lots.randrange(1_000_000)).work)
            for _ in range(PLANNERS)
        ]
        held = promises.at_work.wait(60)
        time.sleep(lots.uniform(0, 1))
        promises.over.set()
        server.kill()
    for one in planners:
        one.result()
    assert held


@contextmanager
def served(url: str, world: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start a server of its own process, and kill it at the end if nobody has."""
    while True:
        port = free_port()
        command = [sys.executable, "-m", "api.cli", "serve", "--database", url]
        command += ["--world", str(world), "--port", str(port)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
            assert server.stderr is not None
            said = []
            for line in server.stderr:
                said.append(line)
                if "Uvicorn running" in line:
                    log = Thread(target=server.stderr.read)
                    log.start()
                    try:
                        yield server, port
                    finally:
                        server.kill()
                        log.join()
                    return
        assert "address already in use" in "".join(said), said  # by somebody faster


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port
