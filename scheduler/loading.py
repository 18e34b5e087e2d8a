"""Reading a world file: every part checked by itself, then what only shows between parts.

Nothing is guessed and nothing stops at the first mistake: all problems come back with their paths,
each told once.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scheduler.consistency import inconsistencies
from scheduler.constraint import Register
from scheduler.draft import WALL_CLOCK, Problem, draft_of, step
from scheduler.world import World

MAX_BYTES = 64 * 1024 * 1024
"""A world file larger than this is refused unread."""


class WorldError(ValueError):
    """A world that cannot be used; ``problems`` lists everything wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=_place_in_file))
        lines = "\n".join(f"  {one.path}: {one.says}" for one in self.problems)
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' * (count != 1)} in the world:\n{lines}")


def read_world(path: Path, register: Register) -> World:
    """Read and check a world file.

    Raises
    ------
    WorldError
        With every problem found and its JSON path; also when the file cannot be read.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise WorldError([Problem("$", f"is larger than {MAX_BYTES} bytes")])
        text = path.read_bytes()
    except OSError as error:
        raise WorldError([Problem("$", f"cannot be read: {error.strerror}")]) from None
    return parse_world(text, register)


def parse_world(text: bytes | str, register: Register) -> World:
    """Check the JSON of a world that is to be planned under ``register``.

    Raises
    ------
    WorldError
        With every problem found and its JSON path.
    """
    raw, doubled = _objects(text)
    draft = draft_of(raw)
    problems = [*doubled, *draft.problems, *inconsistencies(draft, register)]
    if problems:
        raise WorldError(problems)
    return World(**draft.parts)


def _objects(text: bytes | str) -> tuple[dict[str, Any], list[Problem]]:
    """Return the JSON object, and a problem for each name that one object gives two values."""
    doubled: list[tuple[dict[str, Any], str]] = []

    def held(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            times = Counter(name for name, _ in pairs)
            doubled.extend((values, name) for name in values if times[name] > 1)
        return values

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no number")

    try:
        raw = json.loads(text, object_pairs_hook=held, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise WorldError([Problem("$", f"is not JSON: {error}")]) from None
    if not isinstance(raw, dict):
        raise WorldError([Problem("$", "is not an object")])
    paths = _paths(raw) if doubled else {}
    # One without a path lies in a value that another of the same name replaced.
    return raw, [
        Problem(paths.get(id(values), "$") + step(name), "is there twice")
        for values, name in doubled
    ]


def _paths(raw: object) -> dict[int, str]:
    """Return the path of every object in ``raw``, by identity."""
    paths, ahead = {}, [("$", raw)]
    for path, value in ahead:
        if isinstance(value, dict):
            paths[id(value)] = path
            ahead += [(path + step(name), one) for name, one in value.items()]
        elif isinstance(value, list):
            ahead += [(path + step(n), one) for n, one in enumerate(value)]
    return paths


def _place_in_file(problem: Problem) -> tuple[list[tuple[int, str]], str]:
    """Sort key: the tenth case after the second."""
    steps = re.split(r"([0-9]+)", problem.path)
    return [(len(one) * (n % 2), one) for n, one in enumerate(steps)], problem.says


def world_schema(register: Register) -> dict[str, Any]:
    """Return the JSON Schema of a world file, with what ``register`` reads and nothing else."""
    schema = World.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Regietafel world"
    parts = {name: part.get("properties") for name, part in schema["$defs"].items()}
    for edge in parts["Shift"].values():
        del edge["format"]  # which would ask for an offset
        edge["pattern"] = f"^{WALL_CLOCK}$"
    parts["Trigger"]["kind"]["enum"] = sorted(register.triggers)
    if register.categories:
        parts["Person"]["category"]["enum"] = sorted(register.categories)
    for name, of in (("Case", "case"), ("Person", "person")):
        parts[name]["facts"] = {
            "type": "object",
            "default": {},
            "additionalProperties": False,
            "properties": {
                fact.id: {"$ref": "#/$defs/Fact", "description": f"{fact.asks.en} ({fact.asks.nl})"}
                for fact in register.facts.values()
                if fact.of == of
            },
        }
    return schema
