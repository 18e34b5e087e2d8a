"""Every page and state, wide and narrow: for everybody who looks, listens or only has keys."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from tests.pages.browser.conftest import Looks
from tests.pages.browser.office import Json, Practice

BEYOND = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OPEN = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
REACHABLE = """() => {
    const all = document.querySelectorAll(
        "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
    );
    const seen = one => one.checkVisibility({visibilityProperty: true}) && !one.disabled;
    // Of radio buttons that belong together Tab reaches one, and arrows the others.
    const groups = new Set();
    window.reachable = [...all].filter(seen).filter(one => {
        if (one.type !== "radio") return true;
        const group = `${one.name} ${[...document.forms].indexOf(one.form)}`;
        return !groups.has(group) && groups.add(group);
    });
    window.reached = new Map();
    document.addEventListener("focusin", event => {
        const style = getComputedStyle(event.target);
        const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
        const small = event.target.matches("button, a.button, summary, input, select")
            && Math.min(event.target.getBoundingClientRect().height, 24) < 24;
        window.reached.set(event.target, ring && !small);
    });
    return window.reachable.length;
}"""
MISSED = """() => window.reachable
    .filter(one => window.reached.get(one) !== true)
    .map(one => `${window.reached.has(one) ? "no ring or too small" : "not reached"}: `
        + one.outerHTML.slice(0, 200))"""
STATES: Mapping[str, Callable[["Cases"], str]] = {
    "login": lambda _: "/login",
    "worklist": lambda _: "/cases",
    "worklist-of-nobody": lambda _: "/cases?case=nobody",
    "case-blocked": lambda of: f"/cases/{of.blocked}",
    "case-held": lambda of: f"/cases/{of.held['case']}",
    "case-to-withdraw": lambda of: f"/cases/{of.held['case']}/departed",
    "withdrawn": lambda _: "/cases?done=withdrawn",
    "slots": lambda of: f"/cases/{of.free}/slots",
    "slots-of-a-blocked-case": lambda of: f"/cases/{of.blocked}/slots",
    "slots-of-a-held-case": lambda of: f"/cases/{of.held['case']}/slots",
    "booking-held": lambda of: f"/bookings/{of.held['id']}",
    "booking-confirmed": lambda of: f"/bookings/{of.confirmed['id']}",
    "booking-declined": lambda of: f"/bookings/{of.declined['id']}",
    "requests": lambda _: "/requests",
    "requests-refused": lambda _: "/requests?status=refused",
    "plans": lambda _: "/plans",
    "plan": lambda of: f"/plans/{of.plan}",
    "plan-kept": lambda of: f"/plans/{of.plan}?change=kept",
    "plan-stopped": lambda of: f"/plans/{of.stopped}",
    "board-day": lambda of: f"/board?day={of.day}",
    "board-week": lambda of: f"/board?day={of.day}&span=week",
    "board-places": lambda of: f"/board?day={of.day}&of=places",
    "board-departures": lambda of: f"/board?day={of.day}&of=departures",
    "board-to-print": lambda of: f"/board?day={of.day}&only=booked&limit=1000",
    "board-not-planned": lambda _: "/board?day=2030-01-01",
    "partner": lambda _: "/partner?partner=dv-o",
    "partner-not-asked": lambda _: "/partner?partner=frontex",
    "roster": lambda _: "/roster?partner=dv-o",
    "roster-day": lambda of: f"/roster?partner=dv-o&span=day&day={of.day}",
    "figures": lambda of: f"/figures?month={of.day[:7]}",
    "figures-of-nothing": lambda _: "/figures?month=2026-10",
    "logs": lambda _: "/logs",
    "logs-verified": lambda _: "/logs?verify=true",
    "not-there": lambda _: "/cases/nobody",
    "asked-wrongly": lambda _: "/board?day=never",
}
"""The pages, by what is the matter there."""
NO = {"not-there": 404, "asked-wrongly": 400}


@dataclass(frozen=True)
class Cases:
    """What is the matter in the office, so that each state is there to look at."""

    held: Json
    confirmed: Json
    declined: Json
    free: str
    blocked: str
    plan: str
    stopped: str

    @property
    def day(self) -> str:
        """Return a day on which something is booked."""
        day: str = self.held["phases"][0]["from"][:10]
        return day


@pytest.fixture(scope="module")
def cases(office: Practice) -> Cases:
    return Cases(
        held=office.held(minutes=1440)["booking"],
        confirmed=office.confirmed()["booking"],
        declined=office.declined()["booking"],
        free=next(office.plannable)["case"],
        blocked=office.asked(),
        plan=office.planned(),
        stopped=office.stopped(),
    )


@pytest.mark.parametrize("state", STATES)
def test_nothing_keeps_anybody_out(looks: Looks, cases: Cases, state: str) -> None:
    """What axe finds, wide and narrow; at 320 px only tables scroll sideways."""
    with looks("nl") as one:
        one.go(STATES[state](cases), NO.get(state, 200))
        assert one.violations() == []
        one.page.set_viewport_size({"width": 320, "height": 900})
        assert one.page.evaluate(BEYOND) <= 0
        assert one.violations() == []


@pytest.mark.parametrize("state", STATES)
def test_tab_reaches_every_action_and_shows_where_it_is(
    looks: Looks, cases: Cases, state: str
) -> None:
    with looks("en") as one:
        one.go(STATES[state](cases), NO.get(state, 200))
        assert one.page.locator("h1").count() == 1
        one.page.evaluate(OPEN)
        for _ in range(one.page.evaluate(REACHABLE) + 3 * one.page.locator("[type=date]").count()):
            one.page.keyboard.press("Tab")
        assert one.page.evaluate(MISSED) == []
