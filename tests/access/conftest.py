import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from api.access.login import OpenId
from api.app import create_app
from api.settings import Settings
from api.store.spent import Spent
from tests.access.accounts import SECRET, URL, Browser, Given, provider
from tests.store.offices import Small, small


@pytest.fixture(scope="session")
def given() -> Iterator[Given]:
    """The provider, run by these tests."""
    with provider() as given:
        yield given


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Small]:
    """The small world in an office of its own; who may see it is the same on every database."""
    with small(f"sqlite:///{tmp_path}/store.sqlite") as at:
        yield at


@pytest.fixture
def settings(given: Given, tmp_path: Path) -> Settings:
    """A deployment with that provider."""
    path = tmp_path / "client.json"
    path.write_text(json.dumps(given.client.as_dict(private=True)))
    return Settings.model_validate(
        {"issuer": given.issuer, "client_key": path, "session_key": SECRET, "url": URL}
    )


Serve = Callable[..., TestClient]


@pytest.fixture
def served(at: Small, settings: Settings) -> Serve:
    """How the service of that deployment is reached, by a clock of its own where one is given."""

    def serve(
        clock: Callable[[], float] = time.time, transport: httpx2.BaseTransport | None = None
    ) -> TestClient:
        access = OpenId(settings, Spent(at.database, at.office.now), clock, transport)
        return TestClient(create_app(at.office, access, settings), base_url=URL)

    return serve


@pytest.fixture
def http(served: Serve) -> TestClient:
    """The service of that deployment."""
    return served()


@pytest.fixture
def browser(http: TestClient, given: Given) -> Iterator[Browser]:
    """A browser of somebody who has not logged in."""
    with Browser(http, given.issuer) as browser:
        yield browser
