"""The pictures of the main pages that README.md and docs/pages.md show: of synthetic data alone.

``make screenshots`` keeps them in docs/images; without ``SCREENSHOTS`` they are only taken.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.partners import id_of
from tests.pages.browser.conftest import Looks, practising
from tests.pages.browser.office import Practice
from tests.pages.browser.people import Somebody

DOCS = Path("README.md"), Path("docs/pages.md")
MOST = 200_000
"""Bytes of a picture at most."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """An office of its own: a whole plan is taken over in it."""
    with practising(tmp_path_factory.mktemp("pictures")) as office:
        yield office


def test_every_main_page_has_its_picture(looks: Looks, office: Practice, tmp_path: Path) -> None:
    images = Path(os.environ.get("SCREENSHOTS", tmp_path))
    images.mkdir(parents=True, exist_ok=True)
    held, blocked = office.held(minutes=60), next(office.blocked)["case"]
    free, plan = next(office.plannable)["case"], office.planned(seconds=5)
    booking, partner = held["booking"], held["partners"][0]["partner"]
    day = booking["phases"][0]["from"][:10]
    base, fewer = office.simulated("base"), office.simulated("fewer-vehicles", transport=0.3)
    with looks("nl") as one:
        take(one, "/login", images / "login.png")
        take(one, f"/plans/{plan}", images / "plan.png")
        one.be("planner")
        take(one, f"/cases/{free}/slots", images / "slots.png")
        take(one, f"/bookings/{booking['id']}", images / "booking.png")
        office.accepted(plan)
        take(one, "/cases", images / "worklist.png")
        take(one, f"/board?day={day}", images / "board.png")
        take(one, f"/board?day={day}&span=week", images / "board-week.png")
        take(one, f"/figures?month={day[:7]}", images / "figures.png")
        one.be("management")
        take(one, "/scenarios/new", images / "scenario.png")
        take(one, f"/scenarios/comparison?of={fewer}&of={base}", images / "comparison.png")
        one.be(f"regievoerder-{office.officer(blocked)}")
        take(one, f"/cases/{blocked}", images / "case.png")
        one.be(f"partner-{id_of(partner)}")
        take(one, "/partner", images / "partner.png")
        one.be("auditor")
        take(one, "/logs?verify=true", images / "logs.png")
    taken = {one.name for one in images.glob("*.png")}
    for text in DOCS:
        shown = set(re.findall(r"images/([\w-]+\.png)", text.read_text(encoding="utf-8")))
        assert shown
        assert shown <= taken


def take(one: Somebody, path: str, image: Path) -> None:
    """Take a picture of the first screen of a page."""
    one.go(path)
    one.page.screenshot(path=image)
    assert image.stat().st_size < MOST
