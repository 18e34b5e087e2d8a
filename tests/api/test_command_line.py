"""What a person or a machine gets from the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from constraints.lights import LIGHTS

TINY = Path(__file__).parents[2] / "fixtures" / "tiny.json"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def answer(*words: object) -> Any:
    return json.loads(run(*words, "--json").stdout)


@pytest.fixture
def planned(tmp_path: Path) -> Path:
    """The tiny world planned."""
    plan = tmp_path / "plan.json"
    assert run("plan", TINY, "-o", plan, "--seconds", 5).exit_code == 0
    return plan


def test_a_plan_of_the_tiny_world_is_proven_optimal_and_breaks_no_rule(planned: Path) -> None:
    levels = json.loads(planned.read_text())["levels"]
    assert all(level["value"] == level["bound"] and level["gap"] == 0 for level in levels)
    checked = run("check", TINY, planned, "--json")
    assert checked.exit_code == 0
    assert json.loads(checked.stdout)["violations"] == []


def test_a_plan_tells_of_each_case_its_booking_or_the_reason(tmp_path: Path) -> None:
    told = answer("plan", TINY, "-o", tmp_path / "plan.json", "--seconds", 2)
    assert set(told) >= {"planned", "unplanned", "objective", "bound", "gap", "seconds", "seed"}
    assert told["planned"] + len(told["unplanned"]) == 6
    assert all(one["reason"] for one in told["unplanned"])


def test_a_plan_that_was_tampered_with_is_told_apart(planned: Path) -> None:
    plan = json.loads(planned.read_text())
    plan["bookings"][0]["attendances"].pop()
    planned.write_text(json.dumps(plan))
    checked = run("check", TINY, planned)
    assert checked.exit_code == 1
    assert "violations" in checked.stdout


def test_a_plan_of_another_world_is_not_taken_for_this_one(planned: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    world = json.loads(TINY.read_text())
    world["cases"][0]["weight"] = 7
    other.write_text(json.dumps(world))
    checked = run("check", other, planned, "--json")
    assert checked.exit_code == 1
    assert {one["constraint"] for one in json.loads(checked.stdout)["violations"]} == {"world"}


def test_proposals_differ_in_day_departure_facility_or_place() -> None:
    proposals = answer("propose", TINY, "zk-0001")["proposals"]
    traits = {
        (one["start"][:10], one["departure"], one["facility"], one["place"]) for one in proposals
    }
    assert len(proposals) > 1
    assert len(traits) == len(proposals)


def test_a_proposal_says_who_attends_which_clock_runs_and_what_is_due() -> None:
    proposal = answer("propose", TINY, "zk-0001")["proposals"][0]
    roles = {one["role"] for one in proposal["attendances"]}
    assert roles >= {"person", "police", "lawyer", "interpreter", "hearing-officer", "transport"}
    assert any(clock["constraint"] == "holding-clock" for clock in proposal["clocks"])
    assert all(
        clock["marginMinutes"] is None or clock["marginMinutes"] >= 0
        for clock in proposal["clocks"]
    )
    assert {one["check"] for one in proposal["due"]} >= {"detention-grounds"}
    assert proposal["fallbacks"] > 0


def test_a_blocked_case_gets_its_lights_instead_and_exit_code_one() -> None:
    given = run("propose", TINY, "zk-0005", "--json")
    assert given.exit_code == 1
    told = json.loads(given.stdout)
    assert told["proposals"] == []
    lights = {lamp["light"]: lamp for lamp in told["blocking"]["lights"]}
    assert lights["available"]["state"] == "grey"
    assert lights["available"]["checks"][0]["owner"] == "DT&V"
    assert told["blocking"]["reasons"]


def test_a_blocked_case_is_told_in_words_and_symbols_not_by_colour_alone() -> None:
    told = run("propose", TINY, "zk-0004").stdout
    assert "✗ red" in told
    assert "Least to change: a suspensive appeal or a provisional measure is pending" in told


def test_the_lights_of_a_case_show_what_a_machine_needs() -> None:
    told = answer("lights", TINY, "zk-0006")
    assert set(told) >= {"case", "lights", "reasons", "conflicts", "repairs", "earliest"}
    assert [one["light"] for one in told["lights"]] == [*LIGHTS]
    for light in told["lights"]:
        assert set(light) >= {"light", "state", "since", "expected", "tight", "checks"}


def test_the_lights_are_told_in_dutch_where_asked() -> None:
    told = run("lights", TINY, "zk-0006", "--language", "nl").stdout
    assert "✗ rood" in told
    assert "uitvoering" in told
    assert "Het minste dat moet veranderen" in told


def test_the_lights_beside_a_plan_look_past_the_bookings_of_the_case_itself(planned: Path) -> None:
    told = answer("lights", TINY, "zk-0001", "--plan", planned)
    assert told["plannable"]
    due = [one for light in told["lights"] for check in light["checks"] for one in check["due"]]
    assert any(one["before"] is not None for one in due)


def test_the_lights_of_an_unknown_case_are_refused() -> None:
    assert run("lights", TINY, "zk-9999").exit_code == 2


def test_bookings_of_a_plan_stand_in_the_way_of_other_cases_only(planned: Path) -> None:
    assert run("propose", TINY, "zk-0001", "--plan", planned).exit_code == 0


def test_a_wrong_world_is_refused_with_every_mistake_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    wrong, out = tmp_path / "wrong.json", tmp_path / "plan.json"
    world = json.loads(TINY.read_text())
    world["cases"][0]["location"] = "nowhere"
    world["resources"][0]["capacity"] = -1
    world["moon"] = "full"
    wrong.write_text(json.dumps(world))
    refused = run("plan", wrong, "-o", out, "--json")
    assert refused.exit_code == 2
    paths = {one["path"] for one in json.loads(refused.stdout)["problems"]}
    assert paths == {"$.cases[0].location", "$.resources[0].capacity", "$.moon"}
    assert not out.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("propose", TINY, "zk-9999"),
        ("propose", TINY, "zk-0001", "-k", "0"),
        ("propose", TINY, "zk-0001", "--plan", TINY),
        ("check", "no-such-file.json"),
        ("check", TINY, "no-such-plan.json"),
        ("plan", TINY),
        ("generate", "moon", "-o", "x.json"),
    ],
)
def test_bad_input_ends_with_two(words: tuple[object, ...]) -> None:
    assert run(*words).exit_code == 2


def test_a_plan_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert run("plan", TINY, "-o", tmp_path / "file" / "plan.json", "--seconds", 0).exit_code == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file"]


def test_a_generated_world_is_the_committed_one(tmp_path: Path) -> None:
    made = tmp_path / "tiny.json"
    assert run("generate", "tiny", "-o", made).exit_code == 0
    assert made.read_text() == TINY.read_text()
