"""Databases to test on: SQLite files, and a PostgreSQL server of our own while it is needed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

INSTALLED = Path("/usr/lib/postgresql")
MISSING = """PostgreSQL's initdb and pg_ctl are not on this machine, and the store is tested on it.
Install them (Debian, Ubuntu: apt-get install postgresql) or test on SQLite alone: --db sqlite"""
NOBODY = 65534


class Postgres:
    """A server that only this process can reach, through a socket in its own directory.

    It is nobody's when root runs the tests, because PostgreSQL refuses to be run by root.
    """

    def __init__(self, directory: Path, binaries: Path, synced: bool) -> None:
        self.directory = directory
        self._binaries = binaries
        self._synced = synced
        self._numbers = count(1)
        self._free: list[str] = []
        if os.geteuid() == 0:
            os.chown(directory, NOBODY, NOBODY)
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")

    def start(self) -> None:
        """Start it, and return when it answers."""
        options = (
            f"-c listen_addresses='' -c unix_socket_directories={self.directory} "
            f"-c fsync={'on' if self._synced else 'off'}"
        )
        self._run("pg_ctl", "-w", "-l", str(self.directory / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Break every connection and stop it."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Yield the URL of an empty database, which is emptied again: many would fill the disk."""
        name = self._free.pop() if self._free else self._made()
        yield self.url(name)
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute("SET lock_timeout = '10s'")
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        self._free.append(name)

    def _made(self) -> str:
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return name

    def url(self, name: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://postgres@/{name}?host={self.directory}"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._binaries / program, "-D", self.directory / "data", *arguments],
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program == "initdb" else None,
            text=True,
            check=False,
            user=NOBODY if os.geteuid() == 0 else None,
            group=NOBODY if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr}")


@contextmanager
def postgres(synced: bool = False) -> Iterator[Postgres]:
    """Start a server, and at the end stop it and leave nothing behind.

    No test pulls the plug, so nothing need be ``synced`` to the disk, as a real one does.
    """
    with tempfile.TemporaryDirectory(prefix="regietafel-", ignore_cleanup_errors=True) as directory:
        server = Postgres(Path(directory), _binaries(), synced)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _binaries() -> Path:
    """Return where initdb and pg_ctl are: the newest installed, or those on the path."""
    installed = sorted(INSTALLED.glob("*/bin/pg_ctl"), key=lambda one: int(one.parts[-3]))
    found = shutil.which("pg_ctl")
    known = [*installed, *([Path(found).resolve()] if found else [])]
    if not known:
        raise FileNotFoundError(MISSING)
    return known[-1].parent
