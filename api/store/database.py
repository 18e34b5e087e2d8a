"""The database: opened, brought up to date, read and written, and said to be away when it is."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY = 5.0
"""Seconds to wait for another writer."""
CONNECTIONS = 8
MORE = 24
"""Connections that are kept, and those that may be added under load."""
WRITER = 20261122
"""The number that PostgreSQL knows the one writer by."""
LOCKED = "the database is locked by another writer"
FULL = "the disk of the database is full"
READ_ONLY = "the database cannot be written"
UNCERTAIN = (
    "the database was lost at the last moment: whether it was done is seen when it is asked again, "
    "under the same Idempotency-Key where there was one"
)
_SIGNS = {
    "locked": LOCKED,
    "lock timeout": LOCKED,
    "disk is full": FULL,
    "no space": FULL,
    "readonly": READ_ONLY,
    "read-only": READ_ONLY,
}
"""What is wrong, by what databases say of it."""
_WRITES = "writes"


class UnavailableError(RuntimeError):
    """The database cannot be used now; nothing was written. It says why in a few words."""


class UncertainError(UnavailableError):
    """The database was lost while it was told to keep what was written: perhaps it has."""


@dataclass(frozen=True, slots=True)
class Database:
    """An open database; use it from any thread."""

    engine: Engine
    _turn: Lock = field(default_factory=Lock, repr=False, compare=False)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read what one moment holds.

        Raises
        ------
        UnavailableError
            When the database is locked, full, or cannot be reached.
        """
        with _available(), self._reader() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write all or nothing, as the only writer; an error in the body undoes it.

        Raises
        ------
        UnavailableError
            When the database is locked, full, or cannot be reached; nothing was written.
        UncertainError
            When it was lost at the very end: nobody knows whether it was written.
        """
        with self._in_turn(), _available(), self._writer() as connection, connection.begin():
            _lock(connection)
            yield connection
            try:
                connection.commit()
            except DBAPIError as error:
                if connection.dialect.name == "postgresql" and _why(error) is not None:
                    raise UncertainError(UNCERTAIN) from error
                raise

    @contextmanager
    def noting(self) -> Iterator[Connection]:
        """Write rows that no other writer looks at: records, and one's own jobs.

        On PostgreSQL nobody is waited for; SQLite has one writer at a time whatever it writes, and
        wakes those who wait here sooner than those who wait there.
        """
        alone = self._in_turn() if self.engine.dialect.name == "sqlite" else nullcontext()
        with alone, _available(), self._writer() as connection, connection.begin():
            yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Wait for the other writers of this process, who need no connection to wait."""
        if not self._turn.acquire(timeout=BUSY):
            raise UnavailableError(LOCKED)
        try:
            yield
        finally:
            self._turn.release()

    def _reader(self) -> Connection:
        connection = self.engine.connect()
        if self.engine.dialect.name == "postgresql":
            return connection.execution_options(isolation_level="REPEATABLE READ")
        return connection

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
        "hide_parameters": True,
    }
    if known.get_backend_name() == "sqlite":
        engine = create_engine(
            known, **options, connect_args={"timeout": BUSY, "isolation_level": None}
        )
        _speak_sqlite(engine)
    elif known.get_backend_name() == "postgresql":
        wait = f"-c lock_timeout={round(BUSY * 1000)}"
        connecting = {"connect_timeout": max(2, round(BUSY)), "options": wait}
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
    _lock(connection)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _lock(connection: Connection) -> None:
    """Be the only writer until the transaction ends, as who begins one on SQLite is already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({WRITER})"))


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
    except DBAPIError as error:
        why = _why(error)
        if why is None:
            raise
        raise UnavailableError(why) from error


def _why(error: DBAPIError) -> str | None:
    """Return what keeps the database from answering; None when it did answer."""
    if isinstance(error, OperationalError | InterfaceError | InternalError):
        says = str(error.orig).lower()
        for sign, why in _SIGNS.items():
            if sign in says:
                return why
    away = isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated
    return "the database cannot be reached" if away else None
