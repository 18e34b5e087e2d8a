from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from tests.store.offices import Small, small


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Small]:
    """The small world in an office of its own."""
    with small(f"sqlite:///{tmp_path}/store.sqlite") as at:
        yield at


@pytest.fixture
def http(at: Small) -> Iterator[TestClient]:
    """The service of that office."""
    with TestClient(create_app(at.office)) as client:
        yield client
