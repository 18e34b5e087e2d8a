"""The samples are what is written now, and are read."""

from pathlib import Path

import pytest

from api.exports.samples import SAMPLES, samples
from api.imports.departures import read_departures
from api.imports.tables import read_table
from tests.imports.files import READERS, world

MADE = [pytest.param(path, body, id=path.name) for path, body in samples()]
OF_THE_WORLD = [pytest.param(path, id=path.name) for path, _ in samples() if path.stem in READERS]


@pytest.mark.parametrize(("path", "body"), MADE)
def test_each_sample_is_as_it_is_written_now(path: Path, body: bytes) -> None:
    kept, now = read_table(path.read_bytes()), read_table(body)
    assert kept.equals(now), "run python -m api.exports.samples"


@pytest.mark.parametrize("path", OF_THE_WORLD)
def test_a_sample_of_the_tiny_world_changes_nothing_in_it(path: Path) -> None:
    found = READERS[path.stem](read_table(path.read_bytes())).onto(world())
    assert {one.state for one in found.rows} == {"same"}


def test_the_timetable_is_a_departure_for_each_of_its_days() -> None:
    table = read_table((SAMPLES / "timetable.csv").read_bytes())
    found = read_departures(table).onto(world())
    assert len(found.parts) == 9 + 7
    assert {one.state for one in found.rows} == {"new"}
