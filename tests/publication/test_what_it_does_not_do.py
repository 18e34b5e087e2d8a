"""No risk score, no prediction, no profile, no decision: docs/threats.md says so."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from api.app import create_app
from api.store.tables import METADATA
from constraints.register import REGISTER
from scheduler.loading import world_schema
from scheduler.objective import Valuation
from scheduler.pattern import Patterns
from scheduler.world import Fact
from tests.store.offices import REMOVED, Small, small, small_world

SCORES = re.compile(r"risk|score|scoring|probab|likel|predict|profil|rating|threat", re.IGNORECASE)


@pytest.fixture
def described(database_url: str) -> Iterator[dict[str, Any]]:
    with small(database_url) as at:
        yield _description(at)


def test_nothing_kept_read_or_answered_is_a_score_of_a_person(described: dict[str, Any]) -> None:
    kept = {column.name for table in METADATA.tables.values() for column in table.columns}
    names = kept | {*_names(world_schema(REGISTER))} | {*_names(described)}
    assert {"weight", "escorts", "facts", "lights"} <= names
    assert sorted(filter(SCORES.search, names)) == []


def test_of_persons_only_questions_with_a_yes_or_a_no_are_asked() -> None:
    assert get_args(Fact.model_fields["value"].annotation) == ("yes", "no", "unknown")
    asked = {fact.id: fact.asks.en for one in REGISTER.constraints for fact in one.facts}
    assert [name for name, asks in asked.items() if not asks.endswith("?")] == []
    assert sorted(filter(SCORES.search, asked)) == []


@pytest.mark.parametrize(
    "other",
    [{"category": "woman"}, {"languages": ("nl", "so")}, {"escorts": 3}, {"documents": ()}],
    ids=lambda other: "-".join(other),
)
def test_whoever_a_person_is_the_case_is_worth_the_same(other: dict[str, Any]) -> None:
    world = small_world()
    case = world.case[REMOVED]
    assert case.persons[0].category == "man"
    changed = case.model_copy(
        update={"persons": tuple(one.model_copy(update=other) for one in case.persons)}
    )
    after = world.but(cases=tuple(changed if one is case else one for one in world.cases))
    orders = [
        Valuation(patterns).order(patterns.of(REMOVED))
        for patterns in (Patterns(world, REGISTER), Patterns(after, REGISTER))
    ]
    assert orders[0] == orders[1]


def test_no_operation_sets_a_light(described: dict[str, Any]) -> None:
    lights = {path: {*told} for path, told in described["paths"].items() if "light" in path}
    assert lights == {"/cases/{case}/traffic-lights": {"get"}}


def _description(at: Small) -> dict[str, Any]:
    mounted = next(one for one in create_app(at.office).routes if getattr(one, "path", "") == "/v1")
    found: dict[str, Any] = mounted.app.openapi()  # type: ignore[attr-defined]
    return found


def _names(schema: Any) -> Iterator[str]:
    """Yield the names of fields in a JSON Schema, however deep."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for one in schema.values():
            yield from _names(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from _names(one)
