"""Hypothesis, the same on every machine: a fixed set of examples, unless a deeper search is asked.

``HYPOTHESIS_PROFILE=search EXAMPLES=20`` draws new worlds, twenty times as many.

Whatever asks for a ``database_url`` is run on an empty SQLite file and on an empty database of a
PostgreSQL server of our own; ``--db`` chooses one of them.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.databases import Postgres, postgres

settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    print_blob=True,
    # A world takes some milliseconds to draw, and some tests keep only worlds that are small.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.register_profile("search", settings.get_profile("ci"), derandomize=False, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

DIALECTS = ("sqlite", "postgresql")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", choices=DIALECTS, help="test the store on this database; else on both")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "dialect" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--db")
        metafunc.parametrize("dialect", [chosen] if chosen else DIALECTS)


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture
def database_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if dialect == "sqlite":
        yield f"sqlite:///{tmp_path}/store.sqlite"
    else:
        server: Postgres = request.getfixturevalue("server")
        with server.fresh() as url:
            yield url
