"""Somebody with a browser: they read words in their language and press what has a name."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from api.language import LANGUAGES, Code, Language

Json = dict[str, Any]
TOLD = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
"""What a browser says by itself of an answer that is meant to be a no."""
AXE = Path("node_modules/axe-core/axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ASK = """async rules => {
    const found = await axe.run(document, {
        runOnly: {type: "tag", values: rules}, resultTypes: ["violations"],
    });
    return found.violations.map(one => [
        one.id, one.help, ...one.nodes.slice(0, 3).map(node => node.html.slice(0, 200)),
    ]);
}"""
TELL = "addEventListener('securitypolicyviolation', e => console.error('CSP: ' + e.blockedURI))"


@dataclass(frozen=True)
class Somebody:
    """A person before a page of ours, and everything that went wrong meanwhile."""

    page: Page
    here: str
    code: Code
    script: bool = True
    wrong: list[str] = field(default_factory=list)

    @property
    def language(self) -> Language:
        return LANGUAGES[self.code]

    def say(self, says: str, /, **values: object) -> str:
        """Return what a sentence of the program is in their language."""
        return self.language.say(says, **values)

    def be(self, persona: str) -> None:
        """Log in as one of the demo's people, by pressing their button."""
        self.go("/login")
        self.page.locator(f"form[action*='persona={persona}&'] button").press("Enter")
        expect(self.page.locator(".who")).to_have_text(f"demo-{persona}")

    def go(self, path: str, status: int = 200) -> None:
        """Open an address of ours."""
        answer = self.page.goto(self.here + path)
        assert answer is not None
        assert answer.status == status, (path, answer.status)
        assert self.page.locator("html").get_attribute("lang") == self.code

    def press(self, says: str, /, within: Locator | None = None, **values: object) -> None:
        """Press the first button of that name, and wait for the page that follows."""
        name = self.say(says, **values)
        button = (within or self.page).get_by_role("button", name=name).first
        with self.page.expect_navigation():
            button.click()

    def follow(self, says: str, /, within: Locator | None = None, **values: object) -> None:
        """Follow the first link of that name."""
        name = self.say(says, **values)
        with self.page.expect_navigation():
            (within or self.page).get_by_role("link", name=name).first.click()

    def reads(self, says: str, /, **values: object) -> None:
        """Hold that a sentence stands on the page."""
        said = self.say(says, **values)
        expect(self.page.locator("main").get_by_text(said).first).to_be_visible()

    def violations(self) -> list[list[str]]:
        """Return what axe finds wrong; it comes in beside the policy, which lets in no script."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[list[str]] = self.page.evaluate(ASK, RULES)
        return found


@contextmanager
def somebody(
    browser: Browser, here: str, code: Code, *, script: bool = True, width: int = 1280
) -> Iterator[Somebody]:
    """Let somebody look; whatever a browser complains of fails the test in the end."""
    context = browser.new_context(
        java_script_enabled=script,
        viewport={"width": width, "height": 900},
        locale="nl-NL" if code == "nl" else "en-GB",
        timezone_id="Europe/Amsterdam",
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": "language", "value": code, "url": here}])
    context.set_default_timeout(15_000)
    page = context.new_page()
    one = Somebody(page, here, code, script)
    if script:
        page.add_init_script(TELL)
    page.on("console", lambda said: _complained(one, said.type, said.text))
    page.on("pageerror", lambda error: one.wrong.append(f"error: {error}"))
    page.on("request", lambda asked: _asked(one, asked.url))
    page.on("response", lambda told: _answered(one, told.status, told.url))
    try:
        yield one
    finally:
        context.close()
    assert one.wrong == []


def _complained(one: Somebody, kind: str, text: str) -> None:
    if kind in {"error", "warning"} and not TOLD.match(text):
        one.wrong.append(f"{kind}: {text}")


def _asked(one: Somebody, url: str) -> None:
    if not url.startswith((one.here + "/", "data:")):
        one.wrong.append(f"asked elsewhere: {url}")


def _answered(one: Somebody, status: int, url: str) -> None:
    if status >= 500:
        one.wrong.append(f"{status}: {url}")
