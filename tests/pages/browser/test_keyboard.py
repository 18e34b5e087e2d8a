"""Whoever has only keys chooses in peace: nothing is asked before they press a button."""

import pytest

from tests.pages.browser.conftest import Looks


@pytest.mark.parametrize("path", ["/cases", "/requests", "/partner?partner=dv-o", "/figures"])
def test_an_arrow_in_a_choice_asks_for_nothing_yet(looks: Looks, path: str) -> None:
    with looks("nl") as one:
        one.go(path)
        choice = one.page.locator("form:not([method=post]) select").first
        before, where = choice.input_value(), one.page.url
        choice.focus()
        for key in "ArrowDown", "ArrowDown", "ArrowUp":
            one.page.keyboard.press(key)
        one.page.wait_for_timeout(300)  # longer than a page takes to be asked for
        assert one.page.url == where
        assert choice.evaluate("one => one === document.activeElement")
        assert choice.input_value() != before
        with one.page.expect_navigation():
            one.page.locator("form:not([method=post]) button").first.press("Enter")
        assert one.page.url != where
