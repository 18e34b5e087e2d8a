"""The database: opened, brought up to date, read and written, and said to be away when it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url, select, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.store.tables import STORE

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY = 5.0
"""Seconds to wait for another writer."""
CONNECTIONS = 8
MORE = 24
"""Connections that are kept, and those that may be added under load."""
_WRITES = "writes"


class UnavailableError(RuntimeError):
    """The database cannot be used now; nothing was written. It says why in a few words."""


@dataclass(frozen=True, slots=True)
class Database:
    """An open database; use it from any thread."""

    engine: Engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read what one moment holds.

        Raises
        ------
        UnavailableError
            When the database is locked, full, or cannot be reached.
        """
        with _available(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write all or nothing, as the only writer; an error in the body undoes it.

        Raises
        ------
        UnavailableError
            When the database is locked, full, or cannot be reached.
        """
        with _available(), self._writer() as connection, connection.begin():
            connection.execute(select(STORE.c.id).with_for_update())
            yield connection

    def _writer(self) -> Connection:
        return self.engine.connect().execution_options(**{_WRITES: True})

    def ready(self) -> None:
        """Return when the database can be written.

        Raises
        ------
        UnavailableError
            When it cannot, saying why.
        """
        with self.writing() as connection:
            connection.execute(text("UPDATE store SET revision = revision"))

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Open the database at a SQLAlchemy ``url`` and bring its tables up to date.

    Raises
    ------
    ValueError
        When it is neither SQLite nor PostgreSQL.
    UnavailableError
        When it cannot be reached.
    """
    known = make_url(url)
    options: dict[str, Any] = {
        "pool_size": CONNECTIONS,
        "max_overflow": MORE,
        "pool_timeout": BUSY,
        "pool_pre_ping": True,
    }
    if known.get_backend_name() == "sqlite":
        engine = create_engine(
            known, **options, connect_args={"timeout": BUSY, "isolation_level": None}
        )
        _speak_sqlite(engine)
    elif known.get_backend_name() == "postgresql":
        connecting = {"connect_timeout": int(BUSY), "options": f"-c lock_timeout={int(BUSY)}s"}
        engine = create_engine(
            known.set(drivername="postgresql+psycopg"), **options, connect_args=connecting
        )
    else:
        raise ValueError(f"{known.get_backend_name()} is neither sqlite nor postgresql")
    database = Database(engine)
    with _available(), database._writer() as connection, connection.begin():
        upgrade(connection)
    return database


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to a revision; one process at a time."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(20261122)"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _speak_sqlite(engine: Engine) -> None:
    """Let SQLite keep its promises, and begin where SQLAlchemy says so."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        for pragma in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _available() -> Iterator[None]:
    """Tell what keeps a database from answering from what it answered."""
    try:
        yield
    except PoolTimeoutError as error:
        raise UnavailableError("too many are waiting for the database") from error
    except (OperationalError, InterfaceError) as error:
        raise UnavailableError(_why(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise UnavailableError(_why(error)) from error
        raise


def _why(error: DBAPIError) -> str:
    says = str(error.orig).lower()
    for sign, why in (
        ("locked", "the database is locked by another writer"),
        ("lock timeout", "the database is locked by another writer"),
        ("full", "the disk of the database is full"),
        ("no space", "the disk of the database is full"),
        ("readonly", "the database cannot be written"),
    ):
        if sign in says:
            return why
    return "the database cannot be reached"
