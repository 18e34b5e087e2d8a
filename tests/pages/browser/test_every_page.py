"""Every page and state, wide and narrow: for everybody who looks, listens or only has keys."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.pages.browser.conftest import Looks
from tests.pages.browser.office import Json, Practice
from tests.pages.browser.people import Somebody

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
    "slots": lambda of: f"/cases/{of.free}/slots",
    "slots-of-a-blocked-case": lambda of: f"/cases/{of.blocked}/slots",
    "slots-of-a-held-case": lambda of: f"/cases/{of.held['case']}/slots",
    "booking-held": lambda of: f"/bookings/{of.held['id']}",
    "booking-confirmed": lambda of: f"/bookings/{of.confirmed['id']}",
    "booking-declined": lambda of: f"/bookings/{of.declined['id']}",
    "booking-instead": lambda of: f"/bookings/{of.declined['id']}/instead",
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
    "imports": lambda _: "/imports",
    "figures": lambda of: f"/figures?month={of.day[:7]}",
    "figures-of-nothing": lambda _: "/figures?month=2026-10",
    "scenarios": lambda _: "/scenarios",
    "scenario-form": lambda _: "/scenarios/new",
    "scenario-form-of-another": lambda of: f"/scenarios/new?from={of.fewer}",
    "scenario": lambda of: f"/scenarios/{of.base}",
    "scenario-with-more-tried": lambda of: f"/scenarios/{of.fewer}",
    "scenario-stopped": lambda of: f"/scenarios/{of.given_up}",
    "comparison": lambda of: f"/scenarios/comparison?of={of.fewer}&of={of.base}",
    "comparison-of-what-differs-too-much": (
        lambda of: f"/scenarios/comparison?of={of.given_up}&of={of.base}"
    ),
    "logs": lambda _: "/logs",
    "logs-verified": lambda _: "/logs?verify=true",
    "not-there": lambda _: "/cases/nobody",
    "asked-wrongly": lambda _: "/board?day=never",
}
"""The pages, by what is the matter there."""
NO = {"not-there": 404, "asked-wrongly": 400, "comparison-of-what-differs-too-much": 409}


def _held_otherwise(one: Somebody, of: "Cases") -> None:
    one.go(f"/cases/{of.held['case']}/slots")
    one.page.locator("[name=instead]").first.evaluate("box => { box.required = false; }")
    one.press("Hold slot {number}", number=1)


def _saw_another(one: Somebody, of: "Cases") -> None:
    """Confirm what is not as it was seen."""
    one.go(f"/bookings/{of.held['id']}")
    form = one.page.locator(".partners form[action$='/confirm']").first
    form.locator("[name=revision]").evaluate("field => { field.value = '0'; }")
    one.press("Confirm", within=form)


def _out_of_order(one: Somebody, of: "Cases") -> None:
    """Carry out what is not confirmed."""
    one.go(f"/bookings/{of.held['id']}")
    form = one.page.locator("form[action$='/release']")
    form.evaluate("form => { form.action = form.action.replace('release', 'execute'); }")
    one.press("Let go", within=one.page.locator("form[action$='/execute']"))


def _ran_out(one: Somebody, of: "Cases") -> None:
    path = f"/bookings/{of.short['id']}"
    of.office.until(lambda: of.office.standing(of.short["id"])["status"] == "released")
    one.go(path)


def _declined(one: Somebody, of: "Cases") -> None:
    one.go(f"/bookings/{of.declined['id']}")
    expect(one.page.locator("#instead a.primary")).to_be_visible()


def _being_made(one: Somebody, of: "Cases") -> None:
    one.go(f"/plans/{of.office.planning(20)}")
    expect(one.page.locator("#progress")).to_be_visible()


def _in_conflict(one: Somebody, of: "Cases") -> None:
    one.go(f"/plans/{of.plan}")
    free = [box.get_attribute("value") for box in one.page.locator("[name=cases]").all()]
    mine = {None, of.declined["case"], of.free, of.blocked}
    case = next(each for each in free if each not in mine and of.office.hold_first(str(each)))
    one.page.locator(f"[name=cases][value='{case}']").check()
    one.press("Take over what is chosen")


def _being_simulated(one: Somebody, of: "Cases") -> None:
    of.office.no_longer_simulating()
    one.go(f"/scenarios/{of.office.simulating('long', replications=30)}")
    expect(one.page.locator("#progress")).to_be_visible()


def _mistaken(one: Somebody, _of: "Cases") -> None:
    one.go("/scenarios/new")
    for name in "name", "per_year", "percent-0", "more_plus-0", "week":
        field = one.page.locator(f"[id='{name}']")
        field.evaluate("one => { one.type = 'text'; one.value = '!'; }")
    one.press("Simulate")


def _no_scenario(one: Somebody, _of: "Cases") -> None:
    one.go("/scenarios/new")
    one.page.locator("details:has(#toml) summary").click()
    one.page.locator("#toml").fill("seed = -1")
    one.press("Fill the form with it")


def _looked_at(one: Somebody, roster: str) -> None:
    one.go("/imports")
    one.page.locator("#file").set_input_files(
        files={"name": "rooster.csv", "mimeType": "text/csv", "buffer": roster.encode()}
    )
    with one.page.expect_navigation():  # as without a script, so that Tab begins at the top
        one.page.locator("#bring").evaluate("form => form.submit()")
    expect(one.page.locator("#seen table")).to_be_visible()


def _file_seen(one: Somebody, of: "Cases") -> None:
    told = of.office.http.get("/v1/resources?limit=1").json()["resources"][0]
    _looked_at(one, f"code;naam\n{told['id']};ploeg van {one.code}")


def _file_refused(one: Somebody, _of: "Cases") -> None:
    _looked_at(one, "code;datum;van;tot\nbus-1;31-11-2026;8.00;16.00")


MADE: Mapping[str, Callable[[Somebody, "Cases"], None]] = {
    "booking-declined-and-instead": _declined,
    "booking-seen-otherwise": _saw_another,
    "booking-not-possible": _out_of_order,
    "slots-of-a-case-held-meanwhile": _held_otherwise,
    "plan-being-made": _being_made,
    "plan-in-conflict": _in_conflict,
    "scenario-being-simulated": _being_simulated,
    "scenario-form-with-mistakes": _mistaken,
    "scenario-form-with-a-bad-file": _no_scenario,
    "imports-seen": _file_seen,
    "imports-refused": _file_refused,
    "booking-run-out": _ran_out,
}
"""What a page says after something was done on it."""


def reach(one: Somebody, cases: "Cases", state: str) -> None:
    """Look at a state."""
    if state in MADE:
        MADE[state](one, cases)
    else:
        one.go(STATES[state](cases), NO.get(state, 200))


@dataclass(frozen=True)
class Cases:
    """What is the matter in the office, so that each state is there to look at."""

    office: Practice
    short: Json
    held: Json
    confirmed: Json
    declined: Json
    free: str
    blocked: str
    plan: str
    stopped: str
    base: str
    fewer: str
    given_up: str

    @property
    def day(self) -> str:
        """Return a day on which something is booked."""
        day: str = self.held["phases"][0]["from"][:10]
        return day


@pytest.fixture(scope="module")
def cases(office: Practice) -> Cases:
    return Cases(
        office=office,
        short=office.held(minutes=1)["booking"],
        held=office.held(minutes=1440)["booking"],
        confirmed=office.confirmed()["booking"],
        declined=office.declined()["booking"],
        free=next(office.plannable)["case"],
        blocked=office.asked(),
        plan=office.planned(),
        stopped=office.stopped(),
        base=office.simulated("base"),
        fewer=office.simulated("fewer", transport=0.3, tried=1),
        given_up=office.given_up(),
    )


@pytest.mark.parametrize("state", [*STATES, *MADE])
def test_nothing_keeps_anybody_out(looks: Looks, cases: Cases, state: str) -> None:
    """What axe finds, wide and narrow; at 320 px only tables scroll sideways."""
    with looks("nl") as one:
        reach(one, cases, state)
        assert one.violations() == []
        one.page.set_viewport_size({"width": 320, "height": 900})
        assert one.page.evaluate(BEYOND) <= 0
        assert one.violations() == []


@pytest.mark.parametrize("state", [*STATES, *MADE])
def test_tab_reaches_every_action_and_shows_where_it_is(
    looks: Looks, cases: Cases, state: str
) -> None:
    with looks("en") as one:
        reach(one, cases, state)
        assert one.page.locator("h1").count() == 1
        one.page.evaluate(OPEN)
        for _ in range(one.page.evaluate(REACHABLE) + 3 * one.page.locator("[type=date]").count()):
            one.page.keyboard.press("Tab")
        assert one.page.evaluate(MISSED) == []
