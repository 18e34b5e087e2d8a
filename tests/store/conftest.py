from collections.abc import Iterator

import pytest

from api.store.database import Database
from tests.store.offices import Small, opened, small


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database."""
    with opened(database_url) as database:
        yield database


@pytest.fixture
def at(database_url: str) -> Iterator[Small]:
    """The small world in an office."""
    with small(database_url) as at:
        yield at
