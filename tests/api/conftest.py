from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from tests.store.offices import Small, small


@pytest.fixture
def at(database_url: str) -> Iterator[Small]:
    """The small world in an office of its own."""
    with small(database_url) as at:
        yield at


@pytest.fixture
def http(at: Small) -> Iterator[TestClient]:
    """The service of that office."""
    with TestClient(create_app(at.office)) as client:
        yield client
