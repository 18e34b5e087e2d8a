"""The entry for the Dutch Algorithm Register is one that its publication standard 1.0 takes."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

HERE = Path(__file__).parent
SCHEMA = json.loads((HERE / "algorithm-register.schema.json").read_text("utf-8"))
ENTRY = json.loads((HERE.parents[1] / "docs" / "algorithm-register.json").read_text("utf-8"))
FIELDS: dict[str, dict[str, Any]] = SCHEMA["properties"]


def test_the_entry_is_as_the_standard_asks() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert [*Draft202012Validator(SCHEMA).iter_errors(ENTRY)] == []


def test_every_limit_says_what_it_rests_on() -> None:
    assert [name for name, one in FIELDS.items() if "v1_0.json" not in one["$comment"]] == []


@pytest.mark.parametrize("name", SCHEMA["required"])
def test_what_is_asked_for_cannot_be_left_out(name: str) -> None:
    assert _wrong({field: one for field, one in ENTRY.items() if field != name})


@pytest.mark.parametrize("name", [name for name, one in FIELDS.items() if "maxLength" in one])
def test_no_text_is_longer_than_its_field(name: str) -> None:
    most = FIELDS[name]["maxLength"]
    begin = "https://" if "https" in FIELDS[name].get("pattern", "") else ""
    assert not _wrong({**ENTRY, name: begin.ljust(most, "x")})
    assert _wrong({**ENTRY, name: begin.ljust(most + 1, "x")})


@pytest.mark.parametrize(
    "name", [name for name, one in FIELDS.items() if {"enum", "const", "pattern"} & one.keys()]
)
def test_a_choice_a_link_and_a_month_are_none_that_there_is_not(name: str) -> None:
    assert _wrong({**ENTRY, name: "<b>iets anders</b>"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"category": ["Migratie"]},
        {"category": ["Recht", "Werk", "Wonen", "Verkeer"]},
        {"lawful_basis_grouping": [{"title": "Vreemdelingenwet 2000"}]},
        {"lawful_basis_grouping": [{"title": "x" * 101, "link": "https://example.org"}]},
        {"begin_date": "2026-13"},
        {"risicoscore": "ja"},
    ],
    ids=lambda wrong: "-".join(wrong),
)
def test_what_the_register_would_not_take_is_found(wrong: dict[str, Any]) -> None:
    assert _wrong({**ENTRY, **wrong})


def test_it_says_that_people_decide_and_that_it_learns_nothing_of_persons() -> None:
    assert "beslist Regietafel niet" in ENTRY["goal"]
    assert "risicoscore" in ENTRY["proportionality"]
    assert ENTRY["methods_and_models"].startswith("Niet zelflerend")


def _wrong(entry: dict[str, Any]) -> bool:
    return not Draft202012Validator(SCHEMA).is_valid(entry)
