"""What a person or a machine gets from the command line."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from api import cli, render, sentences, telling
from api.cli import app
from api.desk import Desk
from api.language import LANGUAGES
from api.traffic_lights import (
    CheckView,
    ConditionView,
    ConflictsView,
    LightView,
    ReasonView,
    TrafficLights,
)
from constraints.lights import LIGHTS
from constraints.register import REGISTER
from fixtures.europe import europe
from fixtures.tiny import tiny
from fixtures.worlds import canonical
from scheduler.loading import parse_world
from scheduler.plan import Cost, Plan, Unplanned
from scheduler.proposal import Words
from scheduler.world import Part

P = TypeVar("P", bound=Part)
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
    assert "Blocked because: a suspensive appeal or a provisional measure is pending" in told
    assert "Whose: IND; basis: Vw 73; Vw 82; Awb 8:81" in told
    assert "Least to change" not in told


def test_a_question_nobody_answered_is_asked_and_not_asserted() -> None:
    told = " ".join(run("lights", TINY, "zk-0005").stdout.split())
    assert "Blocked because: not known: is it known where the person stays?" in told
    assert "cannot be found" not in told


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
    assert "Belemmering: geen reisdocument dat geldig is" in told
    assert "Wat het dossier planbaar maakt:" in told


def test_a_terminal_without_the_signs_gets_plain_ones() -> None:
    plain = {**os.environ, "PYTHONIOENCODING": "ascii", "REGIETAFEL_LANGUAGE": "nl"}
    words = [sys.executable, "-m", "api.cli", "lights", str(TINY), "zk-0006"]
    shown, machine = (
        subprocess.run([*words, *more], env=plain, capture_output=True, check=True).stdout
        for more in ([], ["--json"])
    )
    assert b"x rood" in shown
    assert b"niet voor 4 december" in shown
    assert "vóór" in json.loads(machine)["earliest"]["says"]["nl"]


def test_the_lights_beside_a_plan_look_past_the_bookings_of_the_case_itself(planned: Path) -> None:
    told = answer("lights", TINY, "zk-0001", "--plan", planned)
    assert told["plannable"]
    due = [one for light in told["lights"] for check in light["checks"] for one in check["due"]]
    assert any(one["before"] is not None for one in due)


def test_what_is_still_to_be_done_for_a_booking_is_shown_with_its_window(planned: Path) -> None:
    assert "Still to do: fit to fly" in run("lights", TINY, "zk-0003", "--plan", planned).stdout
    world = parse_world(canonical(tiny()), REGISTER)
    desk = Desk(world, Plan.model_validate_json(planned.read_bytes()).bookings)
    told = [*telling.due(desk.lights("zk-0003"), LANGUAGES["en"], world)]
    assert told == [
        "Still to do: fit to fly (Medical service), Mon 23 Nov 13:00 – Thu 26 Nov 13:00",
        "Still to do: last removability check (IND), Tue 24 Nov 13:00 – Thu 26 Nov 13:00",
        "Still to do: notice of the flight (DT&V), Wed 25 Nov 01:00 – Thu 26 Nov 13:00",
    ]


def test_once_a_booking_has_begun_no_date_is_told_any_more(planned: Path) -> None:
    world = parse_world(canonical(tiny()), REGISTER)
    shown = Desk(world, Plan.model_validate_json(planned.read_bytes()).bookings).lights("zk-0003")
    begun = tuple(one.model_copy(update={"begun": True}) for one in shown.booked)
    console = Console(width=200, record=True, file=StringIO())
    under_way = shown.model_copy(update={"booked": begun, "plannable": False})
    console.print(render.lights(under_way, LANGUAGES["en"], world))
    told = console.export_text()
    assert "A booking of the case has begun; nothing else is planned." in told
    assert "not before" not in told


def test_an_independent_departure_is_shown_as_a_withdrawal_and_nothing_else(
    tmp_path: Path,
) -> None:
    file, world = tmp_path / "world.json", json.loads(TINY.read_text())
    case = next(one for one in world["cases"] if one["id"] == "zk-0006")
    case["triggers"] = [{"kind": "independent-departure", "at": world["asOf"]}]
    file.write_text(json.dumps(world))
    below = run("lights", file, "zk-0006").stdout.splitlines()[-1]
    assert below == "withdrawn: the person departs independently"


def built(kind: type[P], **fields: Any) -> P:
    """Return a part of which nothing but ``fields`` is looked at."""
    made: P = kind.model_construct(**fields)  # type: ignore[assignment]
    return made


def check(constraint: str, state: str, *layers: str, known: bool = True) -> CheckView:
    one = REGISTER[constraint]
    reasons = [built(ReasonView, constraint=constraint, layer=layer, known=known,
        says=Words(nl=one.says.nl, en=one.says.en)) for layer in layers]  # fmt: skip
    return built(
        CheckView,
        constraint=constraint, title=sentences.title(one), owner=one.owner, state=state,
        basis="parameter: a figure; Vw 59", reasons=tuple(reasons), due=(),
    )  # fmt: skip


def blocked(
    *checks: CheckView,
    least: Collection[str],
    sets: Sequence[Sequence[str]] = (),
    more: bool = False,
) -> TrafficLights:
    lamp = built(LightView, light="execution", checks=checks)
    found = [tuple(ConditionView(constraint=one, layer="claimed", known=True) for one in each)
        for each in sets]  # fmt: skip
    return built(
        TrafficLights,
        case="zk-1", lights=(lamp,), conflicts=ConflictsView(sets=tuple(found), more=more),
        reasons=tuple(each for one in checks if one.constraint in least for each in one.reasons),
    )  # fmt: skip


NOISY = (
    check("working-hours", "amber", "rule"),
    check("booking-lead", "amber", "rule"),
    check("coa", "amber", "not-rostered"),
    check("police", "amber", "claimed", "not-rostered"),
    check("fit-to-fly", "grey", "rule", known=False),
    check("escort", "red", "not-rostered"),
    check("interpreter", "amber", "claimed"),
)


def test_what_blocks_the_case_comes_first_and_what_every_night_forbids_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telling, "MOST_CHECKS", 9)
    shown = blocked(*NOISY, least={"interpreter"})
    assert [*telling.standing(shown.lights[0], shown, LANGUAGES["en"])] == [
        "Interpreter: taken (Interpreters' desk)",
        "Escort: not rostered (KMar)",
        "Fit to fly: not known (Medical service)",
        "Police: taken or not rostered, depending on the moment (Police)",
        "COA officer: not rostered (COA)",
        "Booking lead (DT&V)",
        "Working hours (DT&V)",
    ]
    monkeypatch.setattr(telling, "MOST_CHECKS", 2)
    assert [*telling.standing(shown.lights[0], shown, LANGUAGES["nl"])] == [
        "Tolk: bezet (Tolkendesk)", "Escorte: niet ingeroosterd (KMar)", "en nog 5"
    ]  # fmt: skip


def test_whose_each_block_is_stands_under_the_headline() -> None:
    one = blocked(*NOISY, least={"escort"})
    assert [*telling.whose(one, LANGUAGES["nl"])] == ["Ligt bij: KMar; grondslag: Vw 59"]
    two = blocked(*NOISY, least={"escort", "police"})
    assert [*telling.whose(two, LANGUAGES["en"])] == [
        "Whose (police): Police; basis: Vw 59", "Whose (escort): KMar; basis: Vw 59"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sets", "more", "told"),
    [
        ([["coa", "police"]], False, "Cannot all hold: COA officer and police"),
        ([["coa", "police"], ["escort", "coa", "coa"]], False,
            "Cannot all hold: COA officer and police; COA officer and escort"),
        ([["coa", "police"]], True, ""),
        ([["escort"]], False, ""),
        ([["escort", "interpreter"]], False, ""),
        ([["coa", "police", "escort", "interpreter", "booking-lead"]], False, ""),
        ([["coa", one] for one in ("police", "escort", "interpreter", "booking-lead")], False, ""),
    ],
)  # fmt: skip
def test_conflicts_are_told_where_a_short_line_can(
    sets: list[list[str]], more: bool, told: str
) -> None:
    shown = blocked(*NOISY, least={"escort", "interpreter"}, sets=sets, more=more)
    assert telling.conflicts(shown, LANGUAGES["en"]) == told


def test_openings_tell_which_cases_could_use_what_is_free() -> None:
    told = answer("openings", TINY)["openings"]
    assert {one["case"] for one in told} == {"zk-0001", "zk-0002", "zk-0003"}
    assert [one["weight"] for one in told] == [3, 1, 1]
    (stay,) = answer("openings", TINY, "dc-rotterdam")["openings"]
    assert stay["resources"] == stay["seats"] == []
    assert stay["nights"][0]["facility"] == "dc-rotterdam"


def test_openings_beside_a_plan_leave_out_what_is_planned(planned: Path) -> None:
    given = run("openings", TINY, "--plan", planned)
    assert given.exit_code == 0
    assert given.stdout == "No unplanned case could use this.\n"
    assert answer("openings", TINY, "--plan", planned)["openings"] == []


def test_openings_are_told_in_a_table_in_dutch_where_asked() -> None:
    told = run("openings", TINY, "dc-rotterdam", "--language", "nl").stdout
    assert "Ongeplande dossiers die dit kunnen gebruiken: 1" in told
    assert "nachten van" in told
    assert "23–29 nov" in told


def test_openings_of_unknown_ids_are_refused_with_all_of_them() -> None:
    refused = run("openings", TINY, "nobody", "dc-rotterdam", "zk-0001", "--json")
    assert refused.exit_code == 2
    assert [one["path"] for one in json.loads(refused.stdout)["problems"]] == ["nobody", "zk-0001"]


def test_a_plan_says_what_a_case_left_out_would_cost() -> None:
    change = {"plannedWeight": 3, "nightsInDetention": 5, "withoutFallback": 1, "daysWaited": -1}
    cost = Cost(moved=("zk-2",), renamed=(), dropped=("zk-3",), change=change)
    made = Plan(
        world="w", made_at=datetime(2026, 11, 1, tzinfo=UTC), seed=0, seconds=1,
        unplanned=(
            Unplanned(case="zk-0001", reason="full", blocked="bookings", cost=cost),
            Unplanned(case="zk-0002", reason="no"),
        ),
    )  # fmt: skip
    world = parse_world(canonical(tiny()), REGISTER)
    console = Console(width=200, record=True, file=StringIO())
    console.print(render.plan(made, world))
    told = console.export_text()
    assert (
        "moves zk-2; loses zk-3; "
        "+3 planned weight, 5 nights more, 1 without fallback, 1 day earlier"
    ) in told
    assert "blocked by itself" in told


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


def test_a_european_world_has_as_many_cases_as_are_asked(tmp_path: Path) -> None:
    made = tmp_path / "europe.json"
    few = ("--cases", "9", "--supply", "0.1")
    assert run("generate", "europe", *few, "-o", made).exit_code == 0
    assert made.read_text() == canonical(europe(9, supply=0.1))


def test_the_first_wish_to_stop_is_asked_politely_and_the_second_one_ends_the_program() -> None:
    with cli._interruptible() as stop:
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
