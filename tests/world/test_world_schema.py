"""The published JSON Schema says what the reader holds, facts by the register included."""

import json

import pytest
from jsonschema import Draft202012Validator

from constraints.register import REGISTER
from fixtures.national import national
from fixtures.worlds import Document
from scheduler.constraint import FactType
from tests.world.documents import GONE, PUBLISHED, SCHEMA, against_schema, booked, put, tiny, told

FACTS = pytest.mark.parametrize("fact", REGISTER.facts.values(), ids=lambda fact: fact.id)


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_published_schema_is_the_one_that_the_register_makes() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == SCHEMA


@pytest.mark.parametrize(
    "values", [tiny(), national(), booked()], ids=["tiny", "national", "booked"]
)
def test_our_own_worlds_are_valid(values: Document) -> None:
    assert against_schema(values) == []


@FACTS
def test_a_fact_that_a_constraint_reads_may_be_answered_where_it_belongs(fact: FactType) -> None:
    answer = {"value": "unknown", "since": "2026-11-20", "source": "IND"}
    belongs, elsewhere = tiny(), tiny()
    places = {"case": "$.cases[0].facts", "person": "$.cases[0].persons[0].facts"}
    for of, path in places.items():
        put(belongs if of == fact.of else elsewhere, f"{path}.{fact.id}", answer)
    assert against_schema(belongs) == []
    assert told(belongs) == set()
    (path,) = (path for of, path in places.items() if of != fact.of)
    assert against_schema(elsewhere) == [path]
    assert told(elsewhere) == {(f"{path}.{fact.id}", f"is a fact of a {fact.of}")}


@FACTS
def test_a_fact_is_described_by_its_question_in_both_languages(fact: FactType) -> None:
    part = SCHEMA["$defs"]["Case" if fact.of == "case" else "Person"]
    description = part["properties"]["facts"]["properties"][fact.id]["description"]
    assert fact.asks.en in description
    assert fact.asks.nl in description


@pytest.mark.parametrize("path", ["$.cases[0].facts", "$.cases[0].persons[0].facts"])
def test_a_fact_that_no_constraint_reads_is_invalid(path: str) -> None:
    values = tiny()
    put(values, f"{path}.dangerous", {"value": "yes"})
    assert against_schema(values) == [path]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.cases[0].nickname", "Jan"),
        ("$.rulesDate", GONE),
        ("$.schemaVersion", 2),
        ("$.facilities[0].places", -1),
        ("$.facilities[0].places", "3"),
        ("$.facilities[0].nights", {"Tuesday": 1}),
        ("$.horizon.slotMinutes", 7),
        ("$.horizon.slot_minutes", 15),
        ("$.cases[0].persons", []),
        ("$.cases[0].persons[0].category", "boy"),
        ("$.cases[0].persons[0].languages", ["sq"] * 13),
        ("$.cases[0].triggers[0].kind", "departure-term"),
        ("$.cases[0].detention.ground", "60"),
        ("$.templates[0].phases[1].place", "moon"),
        ("$.resources[0].shifts[0].from", "2026-11-23T05:30:00Z"),
    ],
)
def test_what_the_schema_refuses_the_reader_refuses(path: str, value: object) -> None:
    values = tiny()
    put(values, path, value)
    assert against_schema(values)
    assert told(values)
