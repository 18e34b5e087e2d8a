"""Debian's Chromium before a server of its own process: nothing between them is made up.

Both are started once and end with the package: the loop of Playwright is in nobody's way then.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, sync_playwright

from api.language import Code
from tests.pages.browser.office import Practice, practice
from tests.pages.browser.people import Somebody, somebody
from tests.store.test_killed import served

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NATIONAL = Path("fixtures/national.json")
Looks = Callable[..., AbstractContextManager[Somebody]]


@pytest.fixture(scope="package")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with practising(tmp_path_factory.mktemp("browser")) as office:
        yield office


@contextmanager
def practising(directory: Path) -> Iterator[Practice]:
    """Serve the national world as `make demo` does, in a process of its own."""
    with served(f"sqlite:///{directory}/store.sqlite", NATIONAL) as (_, port):
        here = f"http://127.0.0.1:{port}"
        with httpx2.Client(base_url=here, timeout=60, trust_env=False) as http:
            yield practice(here, http)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS) as browser,
    ):
        yield browser


@pytest.fixture
def looks(browser: Browser, office: Practice) -> Looks:
    """Let somebody look, in a language."""
    return partial(somebody, browser, office.here)


@pytest.fixture(params=["nl", "en"])
def code(request: pytest.FixtureRequest) -> Code:
    chosen: Code = request.param
    return chosen
