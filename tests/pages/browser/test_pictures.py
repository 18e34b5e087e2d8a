"""The pictures of the main pages that README.md and docs/pages.md show: of synthetic data alone.

``make screenshots`` keeps them in docs/images; without ``SCREENSHOTS`` they are only taken.
"""

import os
import re
from pathlib import Path

from api.partners import id_of
from tests.pages.browser.conftest import Looks
from tests.pages.browser.office import Practice
from tests.pages.browser.people import Somebody

DOCS = Path("README.md"), Path("docs/pages.md")
MOST = 200_000
"""Bytes of a picture at most."""


def test_every_main_page_has_its_picture(looks: Looks, office: Practice, tmp_path: Path) -> None:
    images = Path(os.environ.get("SCREENSHOTS", tmp_path))
    images.mkdir(parents=True, exist_ok=True)
    held, blocked = office.held(minutes=60), next(office.blocked)["case"]
    day = held["booking"]["phases"][0]["from"][:10]
    free, plan = next(office.plannable)["case"], office.planned(seconds=5)
    partner = held["partners"][0]["partner"]
    pages = {
        "planner": {
            "worklist": "/cases",
            "slots": f"/cases/{free}/slots",
            "booking": f"/bookings/{held['booking']['id']}",
            "board": f"/board?day={day}",
            "board-week": f"/board?day={day}&span=week",
            "plan": f"/plans/{plan}",
        },
        f"regievoerder-{office.officer(blocked)}": {"case": f"/cases/{blocked}"},
        f"partner-{id_of(partner)}": {"partner": "/partner"},
        "management": {"figures": "/figures"},
        "auditor": {"logs": "/logs?verify=true"},
    }
    with looks("nl") as one:
        for persona, paths in pages.items():
            one.be(persona)
            for name, path in paths.items():
                take(one, path, images / f"{name}.png")
        take(one, "/login", images / "login.png")
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
