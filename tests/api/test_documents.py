"""The documents say what the code does: those that follow from it, and those that people wrote."""

import re
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI

from api.access.gate import OpenGateError, matrix
from api.access.person import Role
from api.app import create_app
from api.documents import DOCS, documents
from api.store.retention import Periods
from api.store.tables import METADATA
from scheduler.world import Attendee, Case, Detention, Document, Fact, Person, Resource, Trigger
from tests.store.offices import Small

ROOT = DOCS.parent
INVENTORY = (DOCS / "data-inventory.md").read_text("utf-8")
WRITTEN = [DOCS / name for name in ("data-inventory.md", "roles.md", "security.md", "threats.md")]


def test_the_committed_documents_are_those_the_register_gives() -> None:
    for path, text in documents().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run make docs"


def test_the_roles_are_told_of_every_operation_that_is_described(at: Small) -> None:
    mounted = next(one for one in create_app(at.office).routes if getattr(one, "path", "") == "/v1")
    described = {
        f"`{method.upper()} /v1{path}`"
        for path, operations in mounted.app.openapi()["paths"].items()  # type: ignore[attr-defined]
        for method in operations
    }
    rows = [row for row in (DOCS / "roles.md").read_text("utf-8").splitlines() if "` | " in row]
    told = {row.split(" | ")[0].removeprefix("| "): row.count(" | ") for row in rows}
    assert described <= told.keys()
    assert {told[one] for one in described} == {len(Role) + 1}


def test_an_operation_of_a_router_without_a_gate_is_found() -> None:
    app, router = FastAPI(), APIRouter(prefix="/cases")
    router.get("/{case}")(lambda case: case)
    app.include_router(router)
    with pytest.raises(OpenGateError, match=r"GET /cases/\{case\}"):
        matrix(app)


def test_every_table_and_column_is_in_the_inventory_and_none_that_there_is_not() -> None:
    found: dict[str, set[str]] = {}
    for heading, rows in re.findall(r"^### (`.+)\n((?:(?!^##).*\n)*)", INVENTORY, re.MULTILINE):
        columns = {name for row in _first_cells(rows) for name in row}
        found |= dict.fromkeys(re.findall(r"`(\w+)`", heading), columns)
    assert found == {name: {*table.columns.keys()} for name, table in METADATA.tables.items()}


def test_every_field_of_persons_and_colleagues_is_in_the_inventory() -> None:
    kinds = Case, Person, Document, Fact, Detention, Trigger, Attendee, Resource
    fields = {
        f"{kind.__name__}.{field.alias or name}"
        for kind in kinds
        for name, field in kind.model_fields.items()
    }
    told = {name for row in _first_cells(INVENTORY) for name in row if "." in name}
    assert told == fields


def test_the_periods_in_the_inventory_are_the_defaults() -> None:
    told = re.findall(r"^\| `(\w+)` \| (\d+) \|", INVENTORY, re.MULTILINE)
    assert {name: int(days) for name, days in told} == {
        name: period.days for name, period in Periods()
    }


@pytest.mark.parametrize("document", WRITTEN, ids=lambda one: one.name)
def test_what_a_document_names_is_there(document: Path) -> None:
    text = document.read_text("utf-8")
    tests = "\n".join(one.read_text("utf-8") for one in (ROOT / "tests").rglob("test_*.py"))
    named = {*re.findall(r"`(test_\w+)`", text)}
    assert [one for one in sorted(named) if f"def {one}(" not in tests] == []
    files = {*re.findall(r"`((?:api|constraints|scheduler|tests)/[\w/.]+)`", text)}
    links = {f"docs/{one}" for one in re.findall(r"\]\(([^):]+)\)", text)}
    assert [one for one in sorted(files | links) if not (ROOT / one).exists()] == []


def _first_cells(rows: str) -> list[list[str]]:
    """Return what the first cell of each row of a table names."""
    cells = re.findall(r"^\| (`[^|]+) \|", rows, re.MULTILINE)
    return [re.findall(r"`([\w.]+)`", cell) for cell in cells]
