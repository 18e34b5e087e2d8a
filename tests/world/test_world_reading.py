"""A file that is no world is refused in words, whatever is in it."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.register import REGISTER
from fixtures.worlds import canonical, write
from scheduler import loading
from scheduler.draft import Problem
from scheduler.loading import WorldError, parse_world, read_world
from tests.world.documents import tiny

TEXT = canonical(tiny())
BARE = {
    "schemaVersion": 1,
    "asOf": "2026-11-22T18:00:00Z",
    "horizon": {"start": "2026-11-23T00:00:00Z", "slots": 96},
    "rulesDate": "2026-11-23",
}
SECTIONS = (
    "locations",
    "roads",
    "resources",
    "facilities",
    "departures",
    "templates",
    "cases",
    "bookings",
)


def refusal(text: bytes | str) -> tuple[Problem, ...]:
    with pytest.raises(WorldError) as caught:
        parse_world(text, REGISTER)
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (TEXT[:-40], "is not JSON: "),
        (TEXT + "{}", "is not JSON: Extra data: "),
        (TEXT.replace('"schemaVersion"', "schemaVersion"), "is not JSON: Expecting property name"),
        (b"\xff\xfe\x00", "is not JSON: "),
        ("Coördinatie".encode("latin-1"), "is not JSON: 'utf-8' codec can't decode"),
        ("[]", "is not an object"),
        ("null", "is not an object"),
        ('"world"', "is not an object"),
        (TEXT.replace("672", "NaN"), "is not JSON: NaN is no number"),
        (TEXT.replace("672", "Infinity"), "is not JSON: Infinity is no number"),
        (TEXT.replace("672", "-Infinity"), "is not JSON: -Infinity is no number"),
        (TEXT.replace("672", "6" * 5000), "is not JSON: Exceeds the limit"),
        ("[" * 100_000, "is not JSON: maximum recursion depth exceeded"),
    ],
    ids=lambda text: ascii(text[:12]) if len(text) < 200 else None,
)
def test_what_is_no_json_object_is_refused(text: bytes | str, says: str) -> None:
    (problem,) = refusal(text)
    assert problem.path == "$"
    assert problem.says.startswith(says)


@pytest.mark.parametrize("depth", [*range(150, 250, 10), *range(800, 1000, 20), 10_000])
def test_what_is_nested_deep_is_refused(depth: int) -> None:
    text = TEXT.replace('"zk-0001"', "[" * depth + "]" * depth, 1)
    assert {one.path for one in refusal(text)} <= {"$", "$.cases[0]", "$.cases[0].id"}


def test_a_number_beyond_all_bounds_is_no_number_of_slots() -> None:
    (problem,) = refusal(TEXT.replace("672", "1e999"))
    assert problem == Problem("$.horizon.slots", "should be a valid integer, not Infinity")


def test_a_field_that_is_there_twice_is_told_with_its_path() -> None:
    text = TEXT.replace('"weight": 3', '"weight": 3, "weight": 300')
    assert refusal(text) == (Problem("$.cases[2].weight", "is there twice"),)


def test_a_field_that_is_there_twice_is_told_with_everything_else() -> None:
    text = TEXT.replace('"weight": 3', '"weight": 3, "weight": 0')
    assert {one.says for one in refusal(text)} == {
        "is there twice",
        "should be greater than or equal to 1, not 0",
    }


def test_a_field_that_is_there_twice_in_what_another_replaced_is_told() -> None:
    assert Problem("$.a", "is there twice") in refusal('{"b": {"a": 1, "a": 2}, "b": {}}')


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_file_in_any_unicode_encoding_is_read(encoding: str) -> None:
    assert parse_world(TEXT.encode(encoding), REGISTER) == parse_world(TEXT, REGISTER)


def test_a_file_larger_than_allowed_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    with path.open("wb") as file:
        file.truncate(loading.MAX_BYTES + 1)
    with pytest.raises(WorldError, match="is larger than 67108864 bytes"):
        read_world(path, REGISTER)


@pytest.mark.parametrize("name", ["nothing.json", "."])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(WorldError, match="cannot be read"):
        read_world(tmp_path / name, REGISTER)


def test_a_file_is_read_as_its_text(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    write(tiny(), path)
    assert read_world(path, REGISTER) == parse_world(TEXT, REGISTER)


def test_a_world_of_nothing_but_time_is_a_world() -> None:
    world = parse_world(json.dumps(BARE), REGISTER)
    assert not any(getattr(world, section) for section in SECTIONS)


def test_a_section_that_is_empty_is_one_that_is_left_out() -> None:
    empty = BARE | {section: [] for section in SECTIONS}
    assert parse_world(json.dumps(empty), REGISTER) == parse_world(json.dumps(BARE), REGISTER)


@pytest.mark.parametrize("sections", [("cases",), ("departures",), ("cases", "departures")])
def test_a_world_without_cases_or_without_departures_is_a_world(sections: tuple[str, ...]) -> None:
    world = parse_world(json.dumps(tiny() | {section: [] for section in sections}), REGISTER)
    assert not any(getattr(world, section) for section in sections)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_that_is_no_list_is_told_and_nothing_that_rests_on_it(section: str) -> None:
    assert refusal(json.dumps(tiny() | {section: None})) == (
        Problem(f"$.{section}", "is not a list"),
    )


@given(st.binary(max_size=60))
def test_no_bytes_make_the_reader_stumble(noise: bytes) -> None:
    refusal(noise)


@settings(max_examples=60)
@given(st.data())
def test_no_slip_in_the_text_of_a_world_makes_the_reader_stumble(data: st.DataObject) -> None:
    text = TEXT.encode()
    first = data.draw(st.integers(0, len(text)))
    last = data.draw(st.integers(first, min(first + 20, len(text))))
    slip = data.draw(st.binary(max_size=10) | st.sampled_from([b"[", b"]", b"{", b"}", b",", b'"']))
    with suppress(WorldError):
        parse_world(text[:first] + slip + text[last:], REGISTER)
