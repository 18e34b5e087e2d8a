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
    assert values["kept"] == [
        {"case": "zk-0001", "reason": "no event touches it"},
        {"case": "zk-0003", "reason": "no event touches it"},
    ]
    assert [one["case"] for one in values["moved"]] == ["zk-0002"]
    assert "is cancelled (e-1)" in values["moved"][0]["reason"]
    checked = run("check", room / "changed.json", room / "new.json", "--json")
    assert json.loads(checked.stdout)["violations"] == []


def test_a_person_reads_what_became_of_whom_and_why(room: Path) -> None:
    told = " ".join(replanned(room, [CANCELLED]).stdout.split())
    assert "2 kept, 1 moved, 0 dropped, 0 new" in told
    assert "no event touches it" in told
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
        ([CANCELLED | {"kind": "storm"}], "$[0].kind"),
    ],
)
def test_bad_events_are_refused_with_two_and_nothing_is_written(
    room: Path, events: object, path: str
) -> None:
    told = replanned(room, events, "--json")
    assert told.exit_code == 2
    assert [one["path"] for one in json.loads(told.stdout)["problems"]] == [path]
    assert not (room / "new.json").exists()


def test_a_refusal_leaves_no_folder_behind(room: Path) -> None:
    (room / "events.json").write_text("{}")
    files = TINY, room / "plan.json", room / "events.json"
    assert run("replan", *files, "-o", room / "deep" / "new.json").exit_code == 2
    assert not (room / "deep").exists()


def test_where_nothing_is_to_be_written_the_repair_is_only_shown(room: Path) -> None:
    (room / "events.json").write_text(json.dumps([CANCELLED]))
    before = sorted(room.iterdir())
    told = run("replan", TINY, room / "plan.json", room / "events.json")
    assert told.exit_code == 0
    assert "1 moved" in told.stdout
    assert sorted(room.iterdir()) == before


def test_the_changed_world_is_always_written_beside_the_new_plan(room: Path) -> None:
    told = replanned(room, [CANCELLED], "--json")
    assert json.loads(told.stdout)["files"] == {
        "plan": str(room / "new.json"),
        "world": str(room / "new.world.json"),
    }
    assert run("check", room / "new.world.json", room / "new.json").exit_code == 0
    assert "new.world.json" in "".join(replanned(room, [CANCELLED]).stdout.split())


def test_plan_and_changed_world_cannot_go_to_one_file(room: Path) -> None:
    told = replanned(room, [CANCELLED], "--world-out", room / "." / "new.json", "--json")
    assert told.exit_code == 2
    assert [one["path"] for one in json.loads(told.stdout)["problems"]] == ["--world-out"]
    assert not (room / "new.json").exists()
    (room / "events.json").write_text(json.dumps([CANCELLED]))
    files = TINY, room / "plan.json", room / "events.json"
    assert run("replan", *files, "--world-out", room / "w.json").exit_code == 2


def test_where_one_of_two_files_cannot_be_written_neither_is(room: Path) -> None:
    for blocked in ("new.json", "new.world.json"):
        (room / blocked).mkdir()
        told = replanned(room, [CANCELLED], "--json")
        assert told.exit_code == 2
        assert [one["path"] for one in json.loads(told.stdout)["problems"]] == [str(room / blocked)]
        (room / blocked).rmdir()
        assert {one.name for one in room.iterdir()} == {"plan.json", "events.json"}


def test_what_the_repaired_plan_is_worth_is_told_per_level_with_bound_and_gap(room: Path) -> None:
    values: Any = json.loads(replanned(room, [CANCELLED], "--json").stdout)
    levels = {one["level"]: one for one in values["levels"]}
    assert levels["plannedWeight"]["value"] == 5
    assert levels["changes"]["value"] == 1
    assert (values["bound"], values["gap"], values["seed"]) == (5, 0.0, 0)
    told = " ".join(replanned(room, [CANCELLED]).stdout.split())
    assert "3 of 6 planned" in told


def test_a_plan_repaired_days_later_can_be_repaired_again(room: Path) -> None:
    gone = {"id": "e-2", "kind": "case-withdrawn", "subject": "zk-0004"}
    assert replanned(room, [gone | {"at": "2026-11-23T06:00:00Z"}]).exit_code == 0
    (room / "events.json").write_text(
        json.dumps([gone | {"subject": "zk-0005", "at": "2026-11-23T07:00:00Z"}])
    )
    files = room / "new.world.json", room / "new.json", room / "events.json"
    told = run("replan", *files, "--json")
    assert told.exit_code == 0, told.output


def test_what_is_told_of_a_withdrawn_case_is_told_as_ignored(room: Path) -> None:
    gone = {"id": "e-2", "at": CANCELLED["at"], "kind": "case-withdrawn", "subject": "zk-0002"}
    values: Any = json.loads(replanned(room, [gone, gone | {"id": "e-3"}], "--json").stdout)
    assert values["ignored"] == [{"event": "e-3", "says": "case zk-0002 is withdrawn"}]
    told = " ".join(replanned(room, [gone, gone | {"id": "e-3"}]).stdout.split())
    assert "ignored: case zk-0002 is withdrawn (e-3)" in told


def test_without_events_to_read_there_is_nothing_to_do(room: Path) -> None:
    files = TINY, room / "plan.json", room / "none.json"
    assert run("replan", *files, "-o", room / "new.json").exit_code == 2
