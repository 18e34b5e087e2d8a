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
def door(at: Small) -> TestClient:
    """The service of that office in a process that does no jobs: it is not started."""
    return TestClient(create_app(at.office))
