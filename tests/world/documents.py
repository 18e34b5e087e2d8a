"""World files as JSON values: how a test breaks one, and reads what is said of it."""

import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from constraints.register import REGISTER
from fixtures.tiny import tiny as made
from fixtures.worlds import Document
from scheduler.loading import WorldError, parse_world, world_schema
from scheduler.world import World

Told = set[tuple[str, str]]
"""Problems as pairs of path and words."""
GONE = object()
"""In place of a value: the field is taken out."""
PUBLISHED = Path(__file__).parents[2] / "docs" / "world.schema.json"
SCHEMA = world_schema(REGISTER)
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
_TINY = json.dumps(made())


def tiny() -> Document:
    """Return the tiny world, free to be broken."""
    values: Document = json.loads(_TINY)
    return values


def read(values: object) -> World:
    """Read a world from JSON values."""
    return parse_world(json.dumps(values), REGISTER)


def told(values: object) -> Told:
    """Return what is wrong with a world, nothing when it is right."""
    try:
        read(values)
    except WorldError as error:
        return {(one.path, one.says) for one in error.problems}
    return set()


def against_schema(values: Any) -> list[str]:
    """Return the paths at which ``values`` break the published schema."""
    return [error.json_path for error in VALIDATOR.iter_errors(values)]


def steps(path: str) -> list[str | int]:
    """Return the steps of a JSON path such as ``$.cases[0].id``."""
    found = re.findall(r"\.([\w-]+)|\[(\d+)]", path)
    return [int(index) if index else name for name, index in found]


def get(values: Any, path: str) -> Any:
    """Return what is at ``path``."""
    for step in steps(path):
        values = values[step]
    return values


def put(values: Any, path: str, value: object) -> None:
    """Put ``value`` at ``path``; ``GONE`` takes out what is there."""
    *way, last = steps(path)
    for step in way:
        values = values[step]
    if value is GONE:
        del values[last]
    elif isinstance(values, list) and last == len(values):
        values.append(value)
    else:
        values[last] = value


def booked() -> Document:
    """Return the tiny world with one booking, of the first case, that is right as a part."""
    values = tiny()
    values["bookings"] = [
        {
            "id": "b-1",
            "case": "zk-0001",
            "operation": "placement",
            "template": "placement-block",
            "phases": [
                {
                    "id": "co-presence",
                    "place": "azc-gilze",
                    "from": "2026-11-23T08:00:00Z",
                    "until": "2026-11-23T10:00:00Z",
                }
            ],
            "attendances": [
                {
                    "phase": "co-presence",
                    "role": "police",
                    "resources": ["team-breda-1"],
                    "from": "2026-11-23T07:45:00Z",
                    "until": "2026-11-23T10:15:00Z",
                }
            ],
            "facility": "dc-rotterdam",
        }
    ]
    return values
