"""What is published of the software is what the publiccode.yml standard asks, and true of it."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from jsonschema import Draft202012Validator

from api.language import LOCALE

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCHEMA = json.loads((HERE / "publiccode.schema.json").read_text("utf-8"))
TOLD = yaml.safe_load((ROOT / "publiccode.yml").read_text("utf-8"))


def test_it_is_as_the_standard_asks() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert [*Draft202012Validator(SCHEMA).iter_errors(TOLD)] == []


def test_it_is_of_this_software() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert TOLD["name"].lower() == project["name"]
    assert TOLD["softwareVersion"] == project["version"]
    assert TOLD["legal"]["license"] == project["license"]
    assert {one.name for one in LOCALE.iterdir()} <= {*TOLD["localisation"]["availableLanguages"]}


@pytest.mark.parametrize("key", SCHEMA["required"])
def test_what_is_mandatory_cannot_be_left_out(key: str) -> None:
    assert _wrong({name: one for name, one in TOLD.items() if name != key})


@pytest.mark.parametrize(
    "wrong",
    [
        {"categories": ["risk-scoring"]},
        {"description": {**TOLD["description"], "nl": {"shortDescription": "Te weinig."}}},
        {"developmentStatus": "finished"},
        {"legal": {"license": "EUPL"}},
        {"maintenance": {"type": "community"}},
        {"maintenance": {"type": "contract", "contacts": []}},
        {"softwareType": "web"},
    ],
    ids=lambda wrong: "-".join(wrong),
)
def test_what_is_not_allowed_is_found(wrong: dict[str, Any]) -> None:
    assert _wrong({**TOLD, **wrong})


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize(
    ("key", "length"),
    [("shortDescription", 151), ("longDescription", 149), ("longDescription", 10_001)],
)
def test_a_description_is_neither_too_short_nor_too_long(
    language: str, key: str, length: int
) -> None:
    described = {**TOLD["description"][language], key: "x" * length}
    assert _wrong({**TOLD, "description": {**TOLD["description"], language: described}})


def _wrong(told: dict[str, Any]) -> bool:
    return not Draft202012Validator(SCHEMA).is_valid(told)
