"""What `regietafel export` writes: a plan, a calendar, a day; and what it says when it cannot."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from icalendar import Calendar
from typer.testing import CliRunner, Result

from api.cli import app
from api.desk import open_world
from api.exports import days
from api.store.database import open_database
from api.store.tables import AUDIT
from fixtures.worlds import canonical, document
from scheduler.grid import local_date
from scheduler.world import Booking
from tests.store.offices import PLACED, PLANNER, REMOVED, small

AMSTERDAM = "Europe/Amsterdam"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store in which a placement and a removal are held."""
    at = f"sqlite:///{tmp_path}/store.sqlite"
    with small(at) as office:
        for case in (PLACED, REMOVED):
            office.office.hold(office.proposed(case), PLANNER)
            office.confirm(office.office.bookings()[-1].booking.id)
    return at


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["export", *map(str, words)])


def refused(*words: object) -> str:
    told = run(*words, "--json")
    assert told.exit_code == 2, told.output
    return " ".join(one["says"] for one in json.loads(told.stdout)["problems"])


def test_the_plan_of_a_store_is_a_workbook_and_the_log_tells_of_it(
    url: str, tmp_path: Path
) -> None:
    out = tmp_path / "deep" / "plan.xlsx"
    told = run("plan", "-o", out, "--database", url)
    assert told.exit_code == 0, told.output
    sheets = pd.read_excel(out, sheet_name=None, engine="calamine")
    assert {*sheets["bookings"]["case"]} == {PLACED, REMOVED}
    assert len(sheets) > 3
    database = open_database(url)
    with database.reading() as connection:
        lines = connection.execute(AUDIT.select().where(AUDIT.c.action == "export")).all()
    database.close()
    assert len(lines) == 1


def test_a_plan_of_a_file_is_taken_along_too(url: str, tmp_path: Path) -> None:
    world, plan, out = (tmp_path / one for one in ("world.json", "plan.json", "plan.csv"))
    assert run("-o", world, "--database", url).exit_code == 0
    made = CliRunner().invoke(app, ["plan", str(world), "-o", str(plan), "--rounds", "1"])
    assert made.exit_code == 0, made.output
    told = run("plan", plan, "--world", world, "-o", out, "--json")
    assert told.exit_code == 0, told.output
    found = json.loads(plan.read_text())["bookings"]
    assert json.loads(told.stdout)["bookings"] == len(found)
    assert {*pd.read_csv(out)["booking"]} == {one["id"] for one in found}


def test_a_world_is_still_written_by_export_alone(url: str, tmp_path: Path) -> None:
    out = tmp_path / "world.json"
    assert run("-o", out, "--database", url).exit_code == 0
    assert canonical(document(open_world(out))) == out.read_text()


def test_a_partners_calendar_and_one_of_its_people(url: str, tmp_path: Path) -> None:
    out = tmp_path / "desk.ics"
    assert run("calendar", "--partner", "tolkendesk", "-o", out, "--database", url).exit_code == 0
    assert [*Calendar.from_ical(out.read_bytes()).walk("VEVENT")]
    world = tmp_path / "world.json"
    run("-o", world, "--database", url)
    taken = {
        name: one
        for booking in open_world(world).bookings
        for one in booking.attendances
        for name in one.resources
        if one.role == "interpreter"
    }
    name, block = next(iter(taken.items()))
    told = run("calendar", "--resource", name, "-o", out, "--database", url)
    assert told.exit_code == 0, told.output
    events = [*Calendar.from_ical(out.read_bytes()).walk("VEVENT")]
    assert block.from_ in {one.decoded("dtstart") for one in events}


def test_a_day_is_one_file_that_asks_nothing_of_anybody(url: str, tmp_path: Path) -> None:
    booking = _first(url, tmp_path)
    day = local_date(booking.start, AMSTERDAM)
    out = tmp_path / "day.html"
    told = run("day", "--day", day, "-o", out, "--database", url)
    assert told.exit_code == 0, told.output
    page = out.read_text()
    assert booking.case in page
    assert "<style>" in page
    assert "Naar de inhoud" not in page
    assert not re.search(r"<(script|link|form|nav|header|a)\b|src=|url\((?![\"']?data:)", page)


def test_a_day_is_printed_where_there_is_a_browser(url: str, tmp_path: Path) -> None:
    day = local_date(_first(url, tmp_path).start, AMSTERDAM)
    out = tmp_path / "day.pdf"
    told = run("day", "--day", day, "-o", out, "--database", url)
    assert told.exit_code == 0, told.output
    assert out.read_bytes().startswith(b"%PDF")


def test_a_day_is_not_printed_where_there_is_none(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "BROWSERS", ("no-such-browser",))
    day = local_date(_first(url, tmp_path).start, AMSTERDAM)
    out = tmp_path / "day.pdf"
    assert "Chromium" in refused("day", "--day", day, "-o", out, "--database", url)
    assert not out.exists()


def test_what_cannot_be_written_is_said_before_anything_is(url: str, tmp_path: Path) -> None:
    out, store = tmp_path / "out", ("--database", url)
    assert "should end in" in refused("plan", "-o", out.with_suffix(".doc"), *store)
    assert "go together" in refused("plan", "plan.json", "-o", out.with_suffix(".csv"), *store)
    assert "should end in" in refused("day", "-o", out.with_suffix(".doc"), *store)
    ics = out.with_suffix(".ics")
    assert "one of both" in refused("calendar", "-o", ics, *store)
    assert "maybe dv-o" in refused("calendar", "--partner", "dvo", "-o", ics, *store)
    assert "no resource" in refused("calendar", "--resource", "nobody", "-o", ics, *store)
    html = out.with_suffix(".html")
    assert "outside" in refused("day", "--day", "2020-01-01", "-o", html, *store)
    assert not [*tmp_path.glob("out.*")]


def _first(url: str, tmp_path: Path) -> Booking:
    """Return the booking that stands first in the store."""
    world = tmp_path / "first.json"
    run("-o", world, "--database", url)
    return open_world(world).bookings[0]
