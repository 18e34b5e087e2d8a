"""A database that is locked, full, lost or not to be written is said to be, and comes back."""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from api.office import Office
from api.store import database as store
from api.store.database import UnavailableError, UncertainError, open_database
from api.store.tables import BOOKINGS
from scheduler.world import Booking
from tests.databases import NOBODY, Postgres
from tests.store.offices import (
    PLACED,
    PLANNER,
    Clock,
    Small,
    assert_whole,
    opened,
    small,
    small_world,
)

LOCKED = "the database is locked by another writer"
FULL = "the disk of the database is full"
READ_ONLY = "the database cannot be written"
LOST = "the database cannot be reached"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for others no longer than a test lasts."""
    monkeypatch.setattr(store, "BUSY", 0.3)


def unavailable(at: Small, why: str, asked: Callable[[], object]) -> None:
    """Hold that what is asked is answered with why not, and that nothing of it was written."""
    with pytest.raises(UnavailableError) as told:
        asked()
    assert str(told.value) == why
    with pytest.raises(UnavailableError) as told:
        at.database.ready()
    assert str(told.value) == why


def recovered(at: Small, bookings: int = 0) -> None:
    """Hold that the same office works on, and that nothing half is in the database."""
    assert_whole(at.database)
    assert len(at.office.bookings()) == bookings
    at.database.ready()
    at.hold(PLACED)
    assert_whole(at.database)


def test_a_locked_database_says_so_and_works_again(database_url: str, dialect: str) -> None:
    with small(database_url) as at:
        proposed = at.proposed(PLACED)
        with _locked(database_url, dialect):
            unavailable(at, LOCKED, lambda: at.office.hold(proposed, PLANNER))
            assert at.office.bookings() == (), "who only reads is not kept waiting"
        recovered(at)


@contextmanager
def _locked(url: str, dialect: str) -> Iterator[None]:
    """Hold the lock of a writer, as another process would."""
    if dialect == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
    else:
        with psycopg.connect(url) as writer:
            writer.execute("SELECT pg_advisory_xact_lock(20261122)")
            yield


def test_tables_that_somebody_else_locked_are_a_locked_database(
    database_url: str, dialect: str
) -> None:
    if dialect == "sqlite":
        return
    with small(database_url) as at:
        proposed = at.proposed(PLACED)
        with psycopg.connect(database_url) as other:
            other.execute("LOCK TABLE store, bookings IN EXCLUSIVE MODE")
            unavailable(at, LOCKED, lambda: at.office.hold(proposed, PLANNER))
        recovered(at)


def test_a_writer_that_takes_long_is_a_locked_database_for_the_others(database_url: str) -> None:
    with small(database_url) as at:
        proposed = at.proposed(PLACED)
        with at.database.writing():
            unavailable(at, LOCKED, lambda: at.office.hold(proposed, PLANNER))
        recovered(at)


def test_a_full_disk_says_so_and_works_again(tmp_path: Path) -> None:
    """SQLite alone: PostgreSQL answers with an error of the same class, which no limit brings."""
    with small(f"sqlite:///{tmp_path}/store.sqlite") as at:
        proposed = at.proposed(PLACED)
        pages = _pages(at)

        def full(connection: sqlite3.Connection, *_: object) -> None:
            connection.execute(f"PRAGMA max_page_count = {pages}")

        event.listen(at.database.engine, "checkout", full)
        with pytest.raises(UnavailableError, match=FULL):
            fill(at, proposed)
        assert_whole(at.database)
        before = len(at.office.bookings())
        event.remove(at.database.engine, "checkout", full)
        event.listen(at.database.engine, "checkout", _roomy)
        recovered(at, before)


def fill(at: Small, proposed: Sequence[Booking]) -> None:
    """Hold and release until there is no room."""
    for _ in range(50):
        at.office.release(at.office.hold(proposed, PLANNER)[0].booking.id, PLANNER)


def _pages(at: Small) -> int:
    with at.database.reading() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    assert isinstance(pages, int)
    return pages


def _roomy(connection: sqlite3.Connection, *_: object) -> None:
    connection.execute("PRAGMA max_page_count = 1000000")


def test_a_file_that_may_not_be_written_says_so_and_works_again() -> None:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "store.sqlite"
        with small(f"sqlite:///{file}") as at:
            proposed = at.proposed(PLACED)
            at.database.engine.dispose()
            with _only_read(file):
                unavailable(at, READ_ONLY, lambda: at.office.hold(proposed, PLANNER))
            recovered(at)


@contextmanager
def _only_read(file: Path) -> Iterator[None]:
    """Forbid writing to a file; root, who may all the same, is nobody meanwhile."""
    file.parent.chmod(0o755)
    file.chmod(0o444)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        file.chmod(0o644)


def test_a_server_that_only_reads_says_so_and_works_again(database_url: str, dialect: str) -> None:
    if dialect == "sqlite":
        return
    name = database_url.split("/")[3].split("?")[0]
    with small(database_url) as at:
        proposed = at.proposed(PLACED)
        for mode in ("on", "off"):
            with psycopg.connect(database_url, autocommit=True) as other:
                other.execute("SET default_transaction_read_only = off")
                other.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {mode}")
            at.database.engine.dispose()
            if mode == "on":
                unavailable(at, READ_ONLY, lambda: at.office.hold(proposed, PLANNER))
        recovered(at)


def test_a_lost_server_says_so_and_works_again_when_it_is_back(
    database_url: str, dialect: str, request: pytest.FixtureRequest
) -> None:
    if dialect == "sqlite":
        return
    server: Postgres = request.getfixturevalue("server")
    with small(database_url) as at:
        proposed = at.proposed(PLACED)
        server.stop()
        try:
            unavailable(at, LOST, lambda: at.office.hold(proposed, PLANNER))
            with pytest.raises(UnavailableError, match=LOST):
                at.office.bookings()
        finally:
            server.start()
        recovered(at)


def test_a_server_lost_in_the_middle_of_a_change_has_nothing_of_it(
    database_url: str, dialect: str, request: pytest.FixtureRequest
) -> None:
    if dialect == "sqlite":
        return
    server: Postgres = request.getfixturevalue("server")
    with small(database_url) as at:
        with pytest.raises(UnavailableError, match=LOST):
            lose(at, server)
        recovered(at)


def lose(at: Small, server: Postgres) -> None:
    """Stop and start the server after half of a change is written."""
    with at.database.writing() as connection:
        connection.execute(BOOKINGS.insert(), _row())
        server.stop()
        server.start()
        connection.execute(BOOKINGS.insert(), _row() | {"id": "second", "leg": "removal"})


def test_a_server_lost_at_the_last_moment_leaves_it_to_be_asked_again(
    database_url: str, dialect: str, request: pytest.FixtureRequest
) -> None:
    if dialect == "sqlite":
        return
    server: Postgres = request.getfixturevalue("server")
    with small(database_url) as at:
        bookings = at.proposed(PLACED)
        with lost_at_the_end(at, server), pytest.raises(UncertainError, match="asked again"):
            at.office.hold(bookings, PLANNER)
        recovered(at)


@contextmanager
def lost_at_the_end(at: Small, server: Postgres) -> Iterator[None]:
    """Lose the server when it is told to keep what was written."""

    written: list[str] = []
    lost: list[bool] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT"):
            written.append(statement)

    def lose_it(_: object) -> None:
        if written and not lost:
            lost.append(True)
            server.stop()
            server.start()

    event.listen(at.database.engine, "before_cursor_execute", note)
    event.listen(at.database.engine, "commit", lose_it)
    yield
    event.remove(at.database.engine, "before_cursor_execute", note)
    event.remove(at.database.engine, "commit", lose_it)


def test_a_full_disk_of_a_server_is_a_full_disk() -> None:
    error = OperationalError("INSERT", None, psycopg.errors.DiskFull("No space left on device"))
    with pytest.raises(UnavailableError, match=FULL), store._available():
        raise error


def _row() -> dict[str, object]:
    return {
        "id": "first",
        "case_id": PLACED,
        "leg": "placement",
        "status": "confirmed",
        "position": 0,
        "document": {},
        "revision": 1,
        "changed_at": "",
    }


def test_an_error_in_the_middle_of_a_change_undoes_it(database_url: str) -> None:
    with small(database_url) as at:
        with pytest.raises(ZeroDivisionError):
            fail(at)
        recovered(at)


def fail(at: Small) -> None:
    """Fail after half of a change is written."""
    with at.database.writing() as connection:
        connection.execute(BOOKINGS.insert(), _row())
        raise ZeroDivisionError


def test_a_place_where_no_database_can_be_says_so(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/none/store.sqlite", f"postgresql:///x?host={tmp_path}"):
        with pytest.raises(UnavailableError, match=LOST):
            open_database(url)


def test_who_reads_more_at_once_than_there_are_connections_is_told(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "CONNECTIONS", 1)
    monkeypatch.setattr(store, "MORE", 0)
    with opened(database_url) as database:
        Office(database, Clock()).begin(small_world(), PLANNER)
        with (
            database.reading(),
            pytest.raises(UnavailableError, match="too many are waiting for the database"),
            database.reading(),
        ):
            pass
