"""A day of each role, in both languages: with a script, and without one."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from api.partners import id_of
from tests.pages.browser.conftest import Looks
from tests.pages.browser.office import Practice
from tests.pages.browser.people import Somebody

CLOCK = re.compile(r"^\d{1,2}:\d\d$")


@pytest.fixture(params=["nl", "en", "nl-without-script"])
def one(request: pytest.FixtureRequest, looks: Looks) -> Iterator[Somebody]:
    """Somebody who reads Dutch, who reads English, and who has a browser with no script at all."""
    code, _, without = request.param.partition("-")
    with looks(code, script=not without) as one:
        yield one


def test_a_planner_finds_a_slot_holds_it_and_has_it_confirmed(
    one: Somebody, office: Practice
) -> None:
    case = next(office.plannable)["case"]
    one.be("planner")
    one.go("/")
    one.page.get_by_label(one.say("Case number")).fill(case)
    one.press("Search")
    one.follow(case)
    one.reads("This case can be planned.")
    one.follow("Choose a slot")
    one.press("Hold slot {number}", number=1)
    one.reads("Everything is held for you. Confirm before the time is over.")
    left = one.page.locator(".countdown time")
    if one.script:
        expect(left).to_have_text(CLOCK)
        expect(left).not_to_have_text(left.inner_text())
    confirm = one.page.locator(".partners form[action$='/confirm']").get_by_role("button")
    one.press("Confirm", within=one.page.locator(".partners form[action$='/confirm']").first)
    one.press("Confirm on behalf of all partners")
    expect(confirm).to_have_count(0)
    expect(left).to_have_count(0)
    expect(one.page.locator(".stands .lamp.green")).to_be_visible()
    one.reads("Independent departure stays open")


def test_a_planner_is_told_what_could_come_instead_when_a_partner_declines(
    one: Somebody, office: Practice
) -> None:
    booking = office.held()["booking"]
    one.be("planner")
    one.go(f"/bookings/{booking['id']}")
    row = one.page.locator("table.partners tbody tr").first
    row.locator("summary").click()
    row.get_by_label(one.say("Reason")).select_option("medical")
    one.press("Decline", within=row.locator("form[action$='/decline']"))
    one.reads("Noted: it is declined, and what it took is free.")
    if not one.script:
        one.follow("See what could come instead, and who could use what is free")
    one.reads("Who could use what is free now")
    assert not one.script or one.violations() == []
    one.follow("To the slots of {case}", case=booking["case"])
    one.press("Hold slot {number}", number=1)
    one.reads("Everything is held for you. Confirm before the time is over.")


def test_a_planner_is_told_that_somebody_was_faster(one: Somebody, office: Practice) -> None:
    found = next(office.plannable)
    one.be("planner")
    one.go(f"/cases/{found['case']}/slots")
    office.hold(found["proposals"][0]["bookings"])
    one.press("Hold slot {number}", number=1)
    expect(one.page.get_by_role("alert")).to_be_visible()
    one.reads("This case has a booking already. Nothing is held.")
    expect(one.page.locator(".countdown")).to_have_count(0)
    assert not one.script or one.violations() == []
    second = one.page.locator(".card", has=one.page.locator("#slot-2"))
    second.get_by_label(one.say("Let the present booking go for it")).check()
    one.press("Hold slot {number}", within=second, number=2)
    one.reads("Everything is held for you. Confirm before the time is over.")


def test_a_clock_that_runs_ahead_counts_down_as_ours_and_asks_nothing_anew(
    looks: Looks, office: Practice
) -> None:
    name = office.held(minutes=20)["booking"]["id"]
    with looks("nl") as one:
        asked: list[str] = []
        one.page.on("framenavigated", lambda frame: asked.append(frame.url))
        one.page.clock.install(time="2031-01-01T12:00:00Z")
        one.go(f"/bookings/{name}")
        left = one.page.locator(".countdown time")
        expect(left).to_have_text(re.compile(r"^(20|19) min$"))
        one.page.clock.fast_forward("10:00")
        expect(left).to_have_text(CLOCK)
        expect(one.page.get_by_text(one.say("The time is over."))).to_be_hidden()
        one.page.clock.fast_forward("10:00")
        one.reads("The time is over.")
        expect(left).to_be_hidden()
        assert one.violations() == []
        assert len(asked) == 1
        one.follow("See how the booking stands now")
        expect(one.page.locator(".stands .lamp")).to_be_visible()


def test_a_planner_is_told_of_a_mistake_beside_the_field(looks: Looks, office: Practice) -> None:
    booking = office.held()["booking"]
    with looks("nl") as one:
        one.be("planner")
        one.go(f"/bookings/{booking['id']}")
        row = one.page.locator("table.partners tbody tr").first
        row.locator("summary").click()
        row.locator("form[action$='/decline']").evaluate("form => { form.noValidate = true; }")
        one.press("Decline", within=row.locator("form[action$='/decline']"))
        told = row.get_by_label(one.say("Reason"))
        expect(told).to_have_attribute("aria-invalid", "true")
        expect(told).to_have_accessible_description(re.compile(r"\w"))
        assert one.violations() == []


def test_a_planner_plans_anew_and_takes_one_case_over(one: Somebody) -> None:
    one.be("planner")
    one.go("/plans")
    one.page.locator("#seconds").fill("2")
    one.press("Start planning")
    changes = one.page.get_by_role("heading", name=one.say("What changes"))
    if one.script:
        expect(one.page.locator("#progress, #changes").first).to_be_visible()
        expect(changes).to_be_visible(timeout=60_000)
    else:
        for _ in range(120):
            if changes.count():
                break
            one.page.wait_for_timeout(500)
            one.page.reload()
    first = one.page.locator("input[name=cases]").first
    first.check()
    case = first.get_attribute("value")
    one.press("Take over what is chosen")
    one.reads("The plan is taken over; each booking is held until it is confirmed.")
    one.go(f"/cases/{case}")
    expect(one.page.get_by_role("heading", name=one.say("Bookings"))).to_be_visible()


def test_a_planner_stops_a_plan(one: Somebody) -> None:
    one.be("planner")
    one.go("/plans")
    one.page.locator("#seconds").fill("600")
    one.press("Start planning")
    assert not one.script or one.violations() == []
    one.press("Stop; nothing of it is kept")
    one.reads("The work is stopped.")


def test_a_regievoerder_sees_what_blocks_and_asks_a_planner_who_settles_it(
    one: Somebody, office: Practice
) -> None:
    case = next(office.blocked)["case"]
    one.be(f"regievoerder-{office.officer(case)}")
    one.go("/")
    one.follow(case)
    expect(one.page.locator(".lights > li")).to_have_count(5)
    expect(one.page.locator(".lights .lamp").first).to_contain_text(re.compile(r"\w"))
    expect(
        one.page.get_by_role("heading", name=one.say("Earliest departure")).or_(
            one.page.get_by_role("heading", name=one.say("Earliest placement"))
        )
    ).to_be_visible()
    one.press("Ask a planner")
    one.reads("The request is with the planners.")
    one.go("/requests")
    one.reads(case)
    one.go("/board", 403)
    one.be("planner")
    one.go("/requests")
    one.press("Done", within=one.page.locator(".request", has_text=case))
    one.reads("The request is closed.")


def test_a_partner_comes_to_one_thing_declines_another_and_sees_their_roster(
    one: Somebody, office: Practice
) -> None:
    for standing in office.held(), office.held():
        partner = standing["partners"][0]["partner"]
        one.be(f"partner-{id_of(partner)}")
        one.go("/partner?show=waiting")
        expect(one.page.get_by_role("button", name=one.say("We come")).first).to_be_visible()
    one.press("We come")
    one.reads("Noted: it is confirmed.")
    one.go("/partner")
    card = one.page.locator("article.card:has(form[action*='declined'])").first
    card.locator("summary").first.click()
    card.get_by_label(one.say("Why")).select_option(index=1)
    one.press("Decline this request", within=card)
    one.reads("Noted: it is declined, and what it took is free.")
    one.go("/roster")
    one.go("/cases", 403)


def test_a_planner_sees_what_a_roster_does_and_takes_it_over(
    one: Somebody, office: Practice, tmp_path: Path
) -> None:
    told = office.http.get("/v1/resources?limit=1").json()["resources"][0]
    file = tmp_path / "rooster.csv"
    file.write_text(f"code;naam\n{told['id']};ploeg {one.code} {one.script}")
    one.be("planner")
    one.go("/board")
    one.follow("Bring in a file")
    one.page.locator("#file").set_input_files(file)
    if one.script:
        one.page.get_by_role("button", name=one.say("See what it does")).click()
    else:
        one.press("See what it does")
        one.reads("Choose the same file above once more, and then:")
        one.page.locator("#file").set_input_files(file)
    one.reads("Rows that change something")
    one.press("Take it over")
    expect(one.page.get_by_role("status").first).to_contain_text(
        one.say("The file is taken over. {what}", what="").strip()
    )


def test_a_partner_reads_what_is_wrong_in_a_roster_by_row_and_column(
    one: Somebody, tmp_path: Path
) -> None:
    file = tmp_path / "rooster.csv"
    file.write_text("code;datum;van;tot\nbus-1;31-11-2026;8.00;16.00")
    one.be("partner-dv-o")
    one.go("/roster")
    one.follow("Bring in a roster")
    one.page.locator("#file").set_input_files(file)
    if one.script:
        one.page.get_by_role("button", name=one.say("See what it does")).click()
    else:
        one.press("See what it does")
    one.reads("This file cannot be taken over")
    one.reads("is no day of any month")
    expect(one.page.get_by_role("button", name=one.say("Take it over"))).to_have_count(0)


def test_whoever_departs_independently_is_withdrawn_and_everything_is_free(
    one: Somebody, office: Practice
) -> None:
    booking = office.held()["booking"]
    one.be("planner")
    one.go(f"/bookings/{booking['id']}")
    one.follow("Withdraw the case")
    if not one.page.url.endswith("/departed"):
        one.page.locator("a[href$='/departed']").first.click()
    one.press("Withdraw the case")
    one.reads("The case is withdrawn for independent departure. Everything held for it is free.")
    one.go(f"/bookings/{booking['id']}")
    expect(one.page.locator(".countdown")).to_have_count(0)


def test_management_sees_the_months_that_are_over_and_a_planner_this_one_too(
    one: Somebody, office: Practice
) -> None:
    month = office.held()["booking"]["phases"][0]["from"][:7]
    one.be("management")
    one.go("/")
    one.reads("No booking begins in this month.")
    one.go(f"/figures?month={month}", 400)
    one.go("/cases", 403)
    one.be("planner")
    one.go(f"/figures?month={month}")
    files = one.page.locator(f"main a[href*='month={month}']").all()
    assert {"csv", "xlsx", "parquet"} <= {taken(one, file.get_attribute("href")) for file in files}


def test_management_makes_a_scenario_runs_it_and_compares_it(
    one: Somebody, office: Practice
) -> None:
    base = office.simulated("base")
    one.be("management")
    one.go("/scenarios")
    one.follow("base")
    one.follow("Change this one")
    one.page.locator("#name").fill("fewer vehicles")
    vehicles = one.page.get_by_role("row", name=one.language.role("transport", 2))
    vehicles.get_by_role("textbox").first.fill("30")
    one.page.locator("#per_year").fill("many")
    one.press("Simulate")
    expect(one.page.locator("#per_year")).to_have_attribute("aria-invalid", "true")
    expect(one.page.locator("#per_year")).to_have_value("many")
    one.page.locator("#per_year").fill("2000")
    one.press("Simulate")
    expect(one.page.locator("h1")).to_contain_text("fewer-vehicles")
    counts = one.page.locator(".counts")
    if one.script:
        expect(counts).to_be_visible(timeout=60_000)
    else:
        office.until(lambda: bool(one.page.reload()) and counts.count() > 0)
    fewer = one.page.url.rpartition("/")[2]
    one.go("/scenarios")
    for name in base, fewer:
        one.page.locator(f"[value='{name}']").check()
    one.press("Compare what is chosen")
    one.reads("What differs")
    expect(one.page.locator(".changed").get_by_text("30 %")).to_be_visible()
    files = one.page.locator("main a[download]").all()
    assert {"csv", "xlsx", "parquet"} <= {taken(one, file.get_attribute("href")) for file in files}
    assert not one.script or one.violations() == []
    one.go("/cases", 403)


def test_an_auditor_sees_who_did_what_and_that_the_log_is_whole(one: Somebody) -> None:
    one.be("auditor")
    one.go("/")
    one.press("Work out every line again")
    one.reads("The log is whole: every line is as it was written.")
    one.page.locator("#actor").fill("demo")
    one.press("Show")
    expect(one.page.locator("tbody tr").first).to_contain_text("demo")
    with one.page.expect_download() as taken:
        one.page.get_by_role("button", name="CSV").click()
    assert taken.value.path().stat().st_size
    one.go("/plans", 403)


def test_another_language_is_read_where_one_is(one: Somebody) -> None:
    other = "en" if one.code == "nl" else "nl"
    one.go("/cases?operation=removal")
    with one.page.expect_navigation():
        one.page.locator(f"button[lang={other}]").click()
    assert one.page.url.endswith("/cases?operation=removal")
    expect(one.page.locator("html")).to_have_attribute("lang", other)


def test_a_day_of_the_board_is_printed_without_what_cannot_be_pressed_on_paper(
    looks: Looks, office: Practice
) -> None:
    day = office.held()["booking"]["phases"][0]["from"][:10]
    with looks("nl") as one:
        one.go(f"/board?day={day}&only=booked&limit=1000")
        one.page.emulate_media(media="print")
        for gone in "header.top", "main form", "main nav", "footer":
            expect(one.page.locator(gone).first).to_be_hidden()
        expect(one.page.locator("table.time").first).to_be_visible()
        assert one.page.pdf(landscape=True, format="A4").startswith(b"%PDF")


def taken(one: Somebody, path: str | None) -> str:
    """Return what kind of file is behind a link, once it was taken along."""
    assert path is not None
    assert one.page.request.get(one.here + path).ok
    return path.partition("?")[0].rpartition(".")[2]
