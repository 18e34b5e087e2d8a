"""A store filled, taken out, audited and cleared from the command line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import uvicorn
from sqlalchemy import delete, update
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

from api.cli import _keep_warm, app
from api.desk import Desk
from api.office import Office
from api.store.database import Database
from api.store.logs import ends
from api.store.tables import AUDIT, PROCESSING
from tests.store.offices import NOON, PLACED, PLANNER, Clock, Small, opened, small, small_world

FIXTURES = Path(__file__).parents[2] / "fixtures"
TINY, NATIONAL = FIXTURES / "tiny.json", FIXTURES / "national.json"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def told(*words: object) -> Any:
    return json.loads(run(*words, "--json").stdout)


def now(database: Database) -> Small:
    """Return the office as the command line has it, by the clock of this machine."""
    return Small(database, Clock(datetime.now(UTC)))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
def filled(url: str) -> str:
    """A store with the tiny world, in which time goes on from there."""
    assert run("import", TINY, "--practice", "--database", url).exit_code == 0
    return url


@pytest.mark.parametrize("world", [TINY, NATIONAL])
def test_a_world_comes_out_as_it_went_in(tmp_path: Path, url: str, world: Path) -> None:
    assert run("import", world, "--database", url).exit_code == 0
    out = tmp_path / "deep" / "out.json"
    assert run("export", "-o", out, "--database", url).exit_code == 0
    assert out.read_bytes() == world.read_bytes()


def test_what_was_booked_comes_out_too(tmp_path: Path, filled: str) -> None:
    with opened(filled) as database:
        now(database).hold(PLACED)
    out = tmp_path / "out.json"
    assert run("export", "-o", out, "--database", filled).exit_code == 0
    assert [one["case"] for one in json.loads(out.read_text())["bookings"]] == [PLACED]
    assert run("check", out).exit_code == 0


def test_the_logs_tell_that_a_world_was_taken_out(tmp_path: Path, filled: str) -> None:
    world = told("export", "-o", tmp_path / "out.json", "--database", filled)["world"]
    with opened(filled) as database, database.reading() as connection:
        lines = connection.execute(AUDIT.select().order_by(AUDIT.c.number)).all()
        people = connection.execute(
            PROCESSING.select().where(PROCESSING.c.activity == "export")
        ).all()
    assert [(one.action, one.object, one.origin) for one in lines] == [
        (action, f"world/{world}", "command-line") for action in ("import", "export")
    ]
    assert len(people) == len(
        [one for case in json.loads(TINY.read_text())["cases"] for one in case["persons"]]
    )


def test_a_store_is_named_by_an_environment_variable_too(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGIETAFEL_DATABASE", url)
    assert run("import", TINY).exit_code == 0
    assert run("audit", "verify").exit_code == 0


def test_only_an_empty_store_is_filled(filled: str) -> None:
    again = run("import", TINY, "--database", filled, "--json")
    assert again.exit_code == 2
    assert [one["path"] for one in json.loads(again.stdout)["problems"]] == ["--database"]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "is no URL of a database"),
        ("mysql://user:secret@host/name", "mysql is neither sqlite nor postgresql"),
        ("sqlite:///nowhere/store.db", "there is no such file"),
        (f"sqlite:///{TINY}", "is no database of ours"),
        ("sqlite:///{empty}", "the store has no world yet"),
    ],
)
@pytest.mark.parametrize("words", [["audit", "verify"], ["export", "-o", "out.json"], ["retain"]])
def test_a_store_that_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, says: str, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with opened(f"sqlite:///{tmp_path}/empty.db"):
        pass
    refused = run(*words, "--database", url.format(empty=tmp_path / "empty.db"), "--json")
    assert refused.exit_code == 2
    assert json.loads(refused.stdout)["problems"] == [{"path": "--database", "says": says}]
    assert not (tmp_path / "out.json").exists()


# --- The audit log --------------------------------------------------------------------------------


def test_an_audit_log_as_it_was_written_passes(filled: str) -> None:
    with opened(filled) as database, database.reading() as connection:
        number, last = ends(connection)
    assert told("audit", "verify", "--database", filled) == {
        "tampered": [],
        "first": 1,
        "last": number,
        "hash": last,
    }
    assert last in run("audit", "verify", "--database", filled).stdout.replace("\n", "")
    assert run("audit", "verify", "--database", filled).exit_code == 0


def test_every_line_that_is_not_as_it_was_written_is_found(filled: str) -> None:
    with opened(filled) as database:
        at = now(database)
        (held,) = at.hold(PLACED)
        at.office.release(held.booking.id, PLANNER)
        with database.writing() as connection:
            connection.execute(update(AUDIT).where(AUDIT.c.number == 2).values(actor="nobody"))
    found = run("audit", "verify", "--database", filled, "--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["tampered"] == [2]
    assert "line 2" in run("audit", "verify", "--database", filled).stdout


def test_a_line_that_is_gone_is_found(filled: str) -> None:
    with opened(filled) as database:
        now(database).hold(PLACED)
        with database.writing() as connection:
            connection.execute(delete(AUDIT).where(AUDIT.c.number == 1))
    assert told("audit", "verify", "--database", filled)["tampered"] == [2]


def test_a_line_that_was_cut_off_shows_in_how_the_log_ends(filled: str) -> None:
    with opened(filled) as database:
        now(database).hold(PLACED)
    before = told("audit", "verify", "--database", filled)
    with opened(filled) as database, database.writing() as connection:
        connection.execute(delete(AUDIT).where(AUDIT.c.number == before["last"]))
    after = told("audit", "verify", "--database", filled)
    assert after["tampered"] == []
    assert (after["last"], after["hash"]) != (before["last"], before["hash"])


# --- Retention ------------------------------------------------------------------------------------


def test_what_was_kept_long_enough_is_told_and_removed(tmp_path: Path, filled: str) -> None:
    with opened(filled) as database:
        at = now(database)
        (held,) = at.hold(PLACED)
        at.office.release(held.booking.id, PLANNER)
    periods = tmp_path / "periods.toml"
    periods.write_text("bookings = 0\n")
    words = "retain", "--periods", periods, "--database", filled
    due = told(*words, "--dry-run")
    assert (due["dryRun"], due["removed"]["bookings"]) == (True, 1)
    assert told(*words)["removed"] == due["removed"]
    assert "0 bookings" in run(*words).stdout
    assert run("audit", "verify", "--database", filled).exit_code == 0


def test_periods_that_cannot_be_used_are_refused(tmp_path: Path, filled: str) -> None:
    periods = tmp_path / "periods.toml"
    periods.write_text("bookings = -1\ncookies = 3\n")
    refused = run("retain", "--periods", periods, "--database", filled, "--json")
    assert refused.exit_code == 2
    paths = {one["path"] for one in json.loads(refused.stdout)["problems"]}
    assert paths == {"$.bookings", "$.cookies"}
    absent = run("retain", "--periods", tmp_path / "none.toml", "--database", filled)
    assert absent.exit_code == 2


# --- Serving --------------------------------------------------------------------------------------


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many cases a server knew, each time that one was started."""
    seen: list[int] = []

    def serve(server: uvicorn.Server) -> None:
        assert server.config.access_log is False
        assert server.config.host == "127.0.0.1"
        page = TestClient(server.config.app).get("/v1/cases")  # type: ignore[arg-type]
        seen.append(page.json().get("total", page.status_code))
        server.started = True

    monkeypatch.setattr(uvicorn.Server, "run", serve)
    return seen


def test_an_empty_store_is_served_with_the_world_it_is_given(url: str, served: list[int]) -> None:
    assert run("serve", "--database", url, "--world", TINY).exit_code == 0
    assert run("serve", "--database", url).exit_code == 0
    assert served == [6, 6]


def test_a_store_that_began_with_the_world_goes_on_as_it_is(url: str, served: list[int]) -> None:
    run("serve", "--database", url, "--world", TINY)
    with opened(url) as database:
        now(database).hold(PLACED)
    again = run("serve", "--database", url, "--world", TINY)
    assert again.exit_code == 0
    assert "goes on as it is now" in again.stderr
    with opened(url) as database:
        assert len(Small(database).office.bookings()) == 1
    assert served == [6, 6]


def test_a_store_with_another_world_is_not_served_under_this_one(
    filled: str, served: list[int]
) -> None:
    refused = run("serve", "--database", filled, "--world", NATIONAL)
    assert refused.exit_code == 2
    assert "another" in refused.stderr
    assert served == []


def test_a_store_without_a_world_is_served_and_says_so(url: str, served: list[int]) -> None:
    assert run("serve", "--database", url).exit_code == 0
    assert served == [503]


class Looks(Event):
    """Lets somebody look as often as there is something to be done before, and then ends it."""

    def __init__(self, *before: Callable[[], object]) -> None:
        super().__init__()
        self._before = [*before]

    def wait(self, timeout: float | None = None) -> bool:
        if not self._before:
            return True
        self._before.pop(0)()
        return False


def test_when_a_slot_begins_the_desk_is_asked_of_every_case_before_anybody_does(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    warmed: list[datetime] = []
    monkeypatch.setattr(Desk, "warm", lambda desk, _seconds: warmed.append(desk.world.as_of))
    with small(url) as at:
        at.office.desk()

        def nothing() -> None: ...

        def slot() -> None:
            at.clock.wait(minutes=15)

        _keep_warm(at.office, Looks(nothing, slot, lambda: at.hold(PLACED), slot, nothing))
    assert warmed == [NOON + timedelta(minutes=15), NOON + timedelta(minutes=30)]


def test_a_store_without_a_world_is_no_reason_to_stop_looking(url: str) -> None:
    with opened(url) as database:
        office = Office(database, Clock())
        _keep_warm(office, Looks(lambda: None, lambda: office.begin(small_world(), PLANNER)))
        assert office.desk().begun() == 1
