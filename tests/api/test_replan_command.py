"""A plan repaired from the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.cli import app

TINY = Path(__file__).parents[2] / "fixtures" / "tiny.json"
CANCELLED = {
    "id": "e-1",
    "at": "2026-11-22T18:30:00Z",
    "kind": "departure-changed",
    "subject": "tk1952-1126",
    "value": {"cancelled": True},
}


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A folder with a plan of the tiny world."""
    assert run("plan", TINY, "-o", tmp_path / "plan.json", "--seconds", 0).exit_code == 0
    return tmp_path


def replanned(room: Path, events: object, *words: object) -> Result:
    (room / "events.json").write_text(json.dumps(events))
    files = TINY, room / "plan.json", room / "events.json"
    return run("replan", *files, "-o", room / "new.json", *words)


def test_the_new_plan_passes_the_check_on_the_changed_world(room: Path) -> None:
    told = replanned(room, [CANCELLED], "--world-out", room / "changed.json", "--json")
    assert told.exit_code == 0
    values: Any = json.loads(told.stdout)
    assert set(values["kept"]) == {"zk-0001", "zk-0003"}
    assert [one["case"] for one in values["moved"]] == ["zk-0002"]
    assert "is cancelled (e-1)" in values["moved"][0]["reason"]
    checked = run("check", room / "changed.json", room / "new.json", "--json")
    assert json.loads(checked.stdout)["violations"] == []


def test_a_person_reads_what_became_of_whom_and_why(room: Path) -> None:
    told = " ".join(replanned(room, [CANCELLED]).stdout.split())
    assert "2 kept, 1 moved, 0 dropped, 0 new" in told
    assert "tk1952-1127" in told


def test_who_takes_whose_place_is_shown(room: Path) -> None:
    away = {"from": "2026-11-22T20:00:00Z", "until": "2026-11-23T20:00:00Z"}
    ill = CANCELLED | {"kind": "resource-away", "subject": "team-breda-1", "value": away}
    told = replanned(room, [ill]).stdout
    assert "the same time" in told
    assert "team-eindhoven-1" in told


@pytest.mark.parametrize(
    ("events", "path"),
    [
        ({}, "$"),
        ([CANCELLED | {"subject": "tk1952"}], "$[0].subject"),
        ([CANCELLED | {"kind": "storm"}], "$[0]"),
    ],
)
def test_bad_events_are_refused_with_two_and_nothing_is_written(
    room: Path, events: object, path: str
) -> None:
    told = replanned(room, events, "--json")
    assert told.exit_code == 2
    assert [one["path"] for one in json.loads(told.stdout)["problems"]] == [path]
    assert not (room / "new.json").exists()


def test_without_events_to_read_there_is_nothing_to_do(room: Path) -> None:
    files = TINY, room / "plan.json", room / "none.json"
    assert run("replan", *files, "-o", room / "new.json").exit_code == 2
