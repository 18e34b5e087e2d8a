"""A world is one immutable value: the same from a file, a text or a database."""

import json
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from constraints.register import REGISTER
from fixtures.national import national
from fixtures.worlds import Document, canonical, document
from scheduler.loading import parse_world
from scheduler.objective import Valuation
from scheduler.pattern import Patterns
from scheduler.proposal import Proposal, propose
from scheduler.world import World
from tests.world.documents import booked, put, read, tiny

WORLDS = pytest.mark.parametrize(
    "values", [tiny(), national(), booked()], ids=["tiny", "national", "booked"]
)


@WORLDS
def test_a_world_written_and_read_again_is_the_same_with_the_same_fingerprint(
    values: Document,
) -> None:
    world = read(values)
    for text in (world.model_dump_json(), canonical(document(world))):
        again = parse_world(text, REGISTER)
        assert again == world
        assert again.fingerprint == world.fingerprint


def test_a_default_written_out_changes_nothing() -> None:
    values = tiny()
    put(values, "$.cases[0].weight", 1)
    put(values, "$.bookings", [])
    assert read(values) == read(tiny())
    assert read(values).fingerprint == read(tiny()).fingerprint


def test_an_instant_may_be_given_with_any_offset() -> None:
    values = tiny()
    put(values, "$.asOf", "2026-11-22T19:00:00+01:00")
    assert read(values).fingerprint == read(tiny()).fingerprint
    assert read(values).as_of == datetime(2026, 11, 22, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.asOf", "2026-11-22T18:00:01Z"),
        ("$.horizon.slots", 673),
        ("$.cases[0].weight", 2),
        ("$.cases[0].facts.whereabouts-known.value", "no"),
        ("$.resources[0].shifts[0].until", "2026-11-23T16:59:00"),
        ("$.cases[0].refused", ["dc-rotterdam"]),
    ],
)
def test_any_change_gives_another_fingerprint(path: str, value: object) -> None:
    values = tiny()
    put(values, path, value)
    assert read(values).fingerprint != read(tiny()).fingerprint


def test_what_a_colleague_is_called_plays_no_part_in_planning() -> None:
    values = tiny()
    for n, one in enumerate(values["resources"]):
        one["label"] = f"Colleague {n}"
    plain, called = read(tiny()), read(values)
    assert called != plain
    assert called.fingerprint == plain.fingerprint
    assert [*_proposed(called)] == [*_proposed(plain)] != []


def _proposed(world: World) -> Iterator[Proposal]:
    patterns = Patterns(world, REGISTER)
    for one in world.cases:
        yield from propose(patterns.of(one.id), Valuation(patterns), patterns.empty)


def test_a_case_that_nobody_refused_is_written_as_it_was() -> None:
    assert "refused" not in read(tiny()).model_dump_json()


@pytest.mark.parametrize("name", World.model_fields)
def test_no_field_of_a_world_can_be_set(name: str) -> None:
    world = read(tiny())
    with pytest.raises(ValidationError, match="frozen"):
        setattr(world, name, getattr(world, name))


def test_no_part_of_a_world_can_be_set() -> None:
    world: Any = read(booked())
    for part, name in (
        (world.horizon, "slots"),
        (world.locations[0], "timezone"),
        (world.resources[0].shifts[0], "until"),
        (world.departures[0].seats, "escorted"),
        (world.cases[0].persons[0], "category"),
        (world.cases[0].facts["whereabouts-known"], "value"),
        (world.bookings[0].phases[0], "place"),
    ):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(part, name, getattr(part, name))


def test_the_text_of_a_world_is_json_in_utf_8() -> None:
    values = tiny()
    put(values, "$.locations[0].region", "Türkiye")
    assert "Türkiye" in canonical(values)
    assert json.loads(canonical(values).encode("utf-8")) == values


def test_nobody_is_driven_for_longer_than_the_longest_drive() -> None:
    far = read(tiny())
    drive = far.drive("azc-ter-apel", "schiphol-ams")
    assert drive is not None
    values = tiny()
    for longest, told in ((drive, drive), (drive - 1, None)):
        put(values, "$.longestDrive", longest)
        assert read(values).drive("azc-ter-apel", "schiphol-ams") == told


def test_what_was_worked_out_of_a_world_stays_with_it_and_with_whoever_worked_it_out() -> None:
    world = read(tiny())
    one, other = object(), object()
    world.memo(one)["asked"] = "answered"
    assert world.memo(one) == {"asked": "answered"}
    assert world.memo(other) == {}
    assert world.but(bookings=()).memo(one) == {}
    assert pickle.loads(pickle.dumps(world)).memo(one) == {}
