"""Files on the command line: what is wrong by row, what would change, and it is brought in."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from api.exports.files import written
from api.exports.tables import Kind, table_of
from api.office import Office
from tests.imports.files import world
from tests.store.offices import PLACED, PLANNER, opened

TINY = Path(__file__).parents[2] / "fixtures" / "tiny.json"
SHIFT = "code;datum;van;tot\nteam-breda-1;24-11-2026;8.00;16.00\n"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})


@pytest.fixture
def url(tmp_path: Path) -> str:
    found = f"sqlite:///{tmp_path}/store.db"
    assert run("import", TINY, "--practice", "--database", found).exit_code == 0
    return found


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    path = tmp_path / "rooster.csv"
    path.write_text(SHIFT)
    return path


def told(*words: object) -> tuple[int, Any]:
    found = run(*words, "--json")
    return found.exit_code, json.loads(found.stdout)


def test_a_world_is_brought_in_as_before_with_its_name_or_without(tmp_path: Path) -> None:
    for n, words in enumerate([["import"], ["import", "world"]]):
        found = run(*words, TINY, "--database", f"sqlite:///{tmp_path}/{n}.db")
        assert (found.exit_code, "6 cases" in found.stdout) == (0, True)


def test_a_roster_is_looked_at_then_brought_in_then_the_same(url: str, roster: Path) -> None:
    asked = "import", "rosters", roster, "--database", url
    code, seen = told(*asked, "--dry-run")
    assert (code, seen["applied"], seen["new"], seen["gone"]) == (0, False, 1, 1)
    assert told(*asked) == (0, seen | {"applied": True})
    code, again = told(*asked)
    assert (code, again["new"], again["same"], again["parts"]) == (0, 0, 1, [])


@pytest.mark.parametrize("kind", ["rosters", "departures", "cases", "roads"])
def test_what_a_world_has_is_the_same_when_it_is_brought_in(
    url: str, tmp_path: Path, kind: Kind
) -> None:
    path = tmp_path / "table.xlsx"
    path.write_bytes(written([table_of(world(), kind)], "xlsx"))
    code, found = told("import", kind, path, "--database", url)
    assert (code, found["parts"], found["same"] > 0) == (0, [], True)


def test_every_row_that_is_wrong_is_shown_and_nothing_is_done(url: str, tmp_path: Path) -> None:
    path = tmp_path / "rooster.csv"
    path.write_text(f"{SHIFT}team-breda-1;31-11-2026;8.00;16.00\nteam-bredaa;25-11-2026;830;9.00\n")
    asked = "import", "rosters", path, "--database", url
    code, found = told(*asked)
    assert code == 2
    assert [(one["row"], one["column"], one["suggestion"]) for one in found["problems"]] == [
        (3, "datum", ""),
        (4, "van", "8:30"),
    ]
    shown = run(*asked)
    assert (shown.exit_code, "31-11-2026" in shown.stderr) == (2, True)
    path.write_text(SHIFT)
    assert told(*asked)[1]["new"] == 1


def test_only_a_partners_own_people_are_brought_in_for_it(url: str, roster: Path) -> None:
    asked = "import", "rosters", roster, "--database", url, "--partner"
    assert run(*asked, "politie").exit_code == 0
    assert run(*asked, "kmar").exit_code == 2
    unknown = run(*asked, "politi")
    assert (unknown.exit_code, "politie" in unknown.stderr) == (2, True)


def test_a_file_that_is_not_there_is_told(url: str, tmp_path: Path) -> None:
    found = run("import", "rosters", tmp_path / "none.csv", "--database", url)
    assert (found.exit_code, "No such file" in found.stderr) == (2, True)


def test_bookings_that_break_are_told_and_repaired_when_that_is_asked(
    url: str, tmp_path: Path
) -> None:
    with opened(url) as database:
        office = Office(database)
        bookings = office.desk().ask(PLACED).proposals[0].bookings
        (held,) = office.hold(bookings, PLANNER, timedelta(days=1))
    name = next(
        n for one in held.booking.attendances for n in one.resources if one.role == "interpreter"
    )
    path = tmp_path / "rooster.csv"
    day = f"{held.booking.start:%d-%m-%Y}"
    path.write_text(f"code;datum;van;tot\n{name};{day};22.00;23.00\n")
    asked = "import", "rosters", path, "--database", url
    code, found = told(*asked)
    assert (code, found["applied"]) == (1, False)
    assert {one["booking"] for one in found["broken"]} == {held.booking.id}
    shown = run(*asked)
    assert (shown.exit_code, "with --replan" in shown.stdout) == (1, True)
    code, found = told(*asked, "--replan")
    assert (code, found["applied"]) == (0, True)
    assert [one["case"] for one in (*found["moved"], *found["dropped"])] == [PLACED]
