"""The command that simulates: what it writes, what it prints, and what it refuses."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import fixtures
from api import cli
from scheduler.simulation.results import Results, read, results_of
from scheduler.simulation.scenario import Scenario
from tests.simulation.made_tallies import LEGEND, tally

SCENARIO = """
schemaVersion = 1
name = "short"
seed = 1
replications = 4
rulesDate = 2027-01-04
[horizon]
from = 2027-01-04
days = 14
source = "made up for a test"
[inflow]
perYear = 100
source = "made up for a test"
[policy]
daysAhead = 28
source = "made up for a test"
"""


class Counted:
    """Stands in for a simulator: the tallies are drawn, the rest is the command's own."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int | None]] = []

    def results(self, scenario: Scenario, replications: int | None, progress: Any) -> Results:
        self.asked.append((scenario.name, replications))
        count = replications or scenario.replications
        progress(count, count)
        more = 3 if scenario.name == "short" else 0
        return results_of([tally(seed, more) for seed in range(count)], LEGEND)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    made = Counted()
    monkeypatch.setattr(cli, "simulator", lambda *_: made)
    return made


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli.app, ["simulate", *map(str, arguments)])


def written(folder: Path, name: str = "short", **changed: str) -> Path:
    text = SCENARIO.replace('"short"', f'"{name}"')
    for before, after in changed.items():
        text = text.replace(f"{before} = ", f"{before} = {after} #")
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def test_it_writes_tables_and_figures_and_prints_means_with_intervals(
    counted: Counted, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    told = run(written(tmp_path), "-o", out)
    assert told.exit_code == 0, told.output
    assert counted.asked == [("short", None)]
    assert "carried out" in told.stdout
    assert " to " in told.stdout
    assert len(read(out).totals["replication"].unique()) == 4
    names = {one.stem for one in out.glob("*.svg")}
    assert {"departures", "occupancy", "failures", "blocked", "waits"} <= names
    assert all(one.read_text().startswith("<svg") for one in out.glob("*.svg"))
    for one in out.glob("*.parquet"):
        assert len(pd.read_parquet(one)) == len(pd.read_csv(one.with_suffix(".csv")))


def test_a_machine_gets_one_object(counted: Counted, tmp_path: Path) -> None:
    told = run(written(tmp_path), "--replications", 3, "-o", tmp_path / "out", "--json")
    found = json.loads(told.stdout)
    assert (found["scenario"], found["replications"], found["seed"]) == ("short", 3, 1)
    departed = next(one for one in found["summary"] if one["measure"] == "departed")
    assert departed["low"] < departed["mean"] < departed["high"]
    assert all(Path(one).is_file() for one in found["files"])


def test_one_replication_has_no_interval_and_says_so(counted: Counted, tmp_path: Path) -> None:
    path, out = written(tmp_path), tmp_path / "out"
    assert "one replication" in run(path, "--replications", 1, "-o", out).stdout
    found = json.loads(run(path, "--replications", 1, "-o", out, "--json").stdout)
    assert {one["low"] for one in found["summary"]} == {None}


def test_two_scenarios_are_compared_in_pairs(counted: Counted, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = run(written(tmp_path), "--compare", written(tmp_path, "other"), "-o", out, "--json")
    differs = {(one["measure"], one["of"]): one for one in json.loads(told.stdout)["comparison"]}
    assert differs["departed", ""]["mean"] == differs["departed", ""]["low"] == 6
    assert ("placed", "") not in differs  # it is the same


def test_scenarios_of_other_dice_are_not_compared(counted: Counted, tmp_path: Path) -> None:
    other = written(tmp_path, "other", seed="2", days="28")
    told = run(written(tmp_path), "--compare", other, "-o", tmp_path / "out", "--json")
    assert told.exit_code == 2
    paths = {one["path"] for one in json.loads(told.stdout)["problems"]}
    assert paths == {"$.seed", "$.horizon"}
    assert counted.asked == []


def test_all_that_is_wrong_with_a_scenario_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, seed="-1", perYear='"many"')
    told = run(path, "-o", tmp_path / "out", "--json")
    assert told.exit_code == 2
    paths = {one["path"] for one in json.loads(told.stdout)["problems"]}
    assert paths == {"short.toml: $.seed", "short.toml: $.inflow.perYear"}
    assert not (tmp_path / "out").exists()


def test_a_cluster_has_its_own_workers(counted: Counted, tmp_path: Path) -> None:
    path = written(tmp_path)
    told = run(path, "--workers", 2, "--cluster", "tcp://127.0.0.1:1", "-o", tmp_path / "out")
    assert told.exit_code == 2
    assert "--workers" in told.stderr


# --- On the Dutch chain itself --------------------------------------------------------------------

BASELINE = Path(fixtures.__file__).parent / "scenarios" / "baseline.toml"


CLOSED = """
[[capacities]]
facility = "jc-zeist"
times = 0
source = "made up for a test"
"""


def of_the_dutch_chain(folder: Path, name: str, more: str = "") -> Path:
    """Write three days of the baseline, with more in it."""
    text = BASELINE.read_text()
    for before, after in (
        ('name = "baseline"', f'name = "{name}"'),
        ("days = 364", "days = 3"),
        ("warmUp = 84", "warmUp = 0"),
        ("caseload = 8770", "caseload = 1000"),
        ("daysAhead = 28", "daysAhead = 4"),
    ):
        assert text.count(before) == 1
        text = text.replace(before, after)
    path = folder / f"{name}.toml"
    path.write_text(text + more)
    return path


def test_the_dutch_chain_is_compared_tried_and_certified(tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = run(
        of_the_dutch_chain(tmp_path, "closed", CLOSED),
        "--compare", of_the_dutch_chain(tmp_path, "as-it-is"),
        "--bottlenecks", 2, "--replications", 2, "--workers", 1, "--week", "2027-01-04",
        "--language", "nl", "-o", out, "--json",
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert (found["scenario"], found["replications"]) == ("closed", 2)
    differs = {(one["measure"], one["of"]): one["mean"] for one in found["comparison"]}
    assert differs["placed", ""] < 0  # women wait for a place
    assert all(one["replications"] == 2 for one in found["bottlenecks"])
    assert "jc-zeist" in {one["more"] for one in found["bottlenecks"]}
    bound = re.match(r"Hoogstens (\d+) van de (\d+)", found["certificate"][0])
    assert bound
    assert int(bound[1]) < int(bound[2])
    names = {Path(one).name for one in found["files"]}
    assert {"comparison.parquet", "bottlenecks.csv", "bottlenecks.svg"} <= names
    assert all(Path(one).is_file() for one in found["files"])


def test_a_week_beyond_what_is_simulated_is_refused(tmp_path: Path) -> None:
    path = of_the_dutch_chain(tmp_path, "as-it-is")
    told = run(
        path, "--replications", 2, "--workers", 1, "--week", "2029-01-01", "-o", tmp_path / "out",
        "--json",
    )  # fmt: skip
    assert told.exit_code == 2
    (wrong,) = json.loads(told.stdout)["problems"]
    assert wrong["path"] == "--week"
