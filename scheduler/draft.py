"""A world file taken apart: every part checked by itself, every mistake with its JSON path."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from scheduler.world import World


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and the JSON path where."""

    path: str
    says: str


@dataclass(slots=True)
class Draft:
    """The parts that are right in themselves, each with its path, and what is wrong with others.

    So that one mistake is told once, ``ids`` holds every id that was written down, right or not,
    ``broken`` names the sections that lack a part, and ``lost`` those that are no list at all.
    """

    parts: dict[str, Any] = field(default_factory=dict)
    paths: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)
    ids: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def of(self, section: str) -> list[tuple[str, Any]]:
        """Return the sound parts of a section with their paths."""
        return self.paths.get(section, [])

    def known(self, sections: Iterable[str]) -> set[str]:
        """Return the ids in some sections."""
        return {name for section in sections for _, name in self.ids.get(section, ())}


def draft_of(raw: dict[str, Any]) -> Draft:
    """Take the JSON of a world apart."""
    draft = Draft()
    fields = {one.alias or name: (name, one) for name, one in World.model_fields.items()}
    for key in (one for one in raw if one not in fields):
        draft.problems.append(Problem("$" + step(key), f"is not a field{maybe(key, fields)}"))
    for key, (name, one) in fields.items():
        section = next(iter(get_args(one.annotation)), None)
        if key not in raw:
            if one.is_required():
                draft.problems.append(Problem(f"$.{key}", "is missing"))
        elif isinstance(section, type) and issubclass(section, BaseModel):
            draft.parts[name] = _section(draft, key, name, raw[key], section)
        else:
            kind = _adapter(one.rebuild_annotation())
            draft.parts[name] = read_part(draft, f"$.{key}", raw[key], kind)
    return draft


@lru_cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _section(
    draft: Draft, key: str, name: str, raw: object, model: type[BaseModel]
) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        draft.problems.append(Problem(f"$.{key}", "is not a list"))
        draft.broken.add(name)
        draft.lost.add(name)
        return ()
    kind = _adapter(model)
    draft.paths[name] = sound = []
    for n, one in enumerate(raw):
        path = f"$.{key}[{n}]"
        for label, ids in (("id", name), ("country", "countries")):
            if isinstance(one, dict) and isinstance(one.get(label), str):
                draft.ids.setdefault(ids, []).append((path, one[label]))
        part = read_part(draft, path, one, kind)
        if part is None:
            draft.broken.add(name)
        else:
            sound.append((path, part))
    return tuple(part for _, part in sound)


def read_part(draft: Draft, path: str, raw: object, kind: TypeAdapter[Any]) -> Any:
    """Return one part as ``kind``; None, and its problems in ``draft``, when it is not one."""
    try:
        part = kind.validate_json(json.dumps(raw), by_alias=True, by_name=False)
        wrong = list(_coerced("", part, raw))
    except ValidationError as error:
        part, wrong = None, list(_complaints(raw, error, kind))
    except OverflowError:
        part, wrong = None, [Problem("", "holds a moment that no calendar has")]
    except RecursionError:
        part, wrong = None, [Problem("", "is nested too deep")]
    draft.problems += (Problem(path + one.path, one.says) for one in wrong)
    return None if wrong else part


_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
WALL_CLOCK = f"{_DATE}T[0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]+)?)?"
_OFFSET = "(Z|[+-][0-9]{2}:[0-9]{2})?"
_YEARS = range(1900, 2200)
"""Whoever writes the year 1 or 9999 means no date at all, and leaves the field out."""


def _coerced(path: str, part: object, raw: Any) -> Iterator[Problem]:
    """What is read is what is written, and a date lies in a year that somebody plans or recalls."""
    if isinstance(part, BaseModel):
        for name, info in type(part).model_fields.items():
            key = info.alias or name
            if key in raw:
                yield from _coerced(path + step(key), getattr(part, name), raw[key])
    elif isinstance(part, tuple):
        for n, one in enumerate(part):
            yield from _coerced(path + step(n), one, raw[n])
    elif isinstance(part, dict):
        held = {str(name): (name, one) for name, one in part.items()}
        for key in raw:
            name, one = held.get(key, (date.min, raw[key]))
            yield from _coerced(path + step(key), name, key)
            yield from _coerced(path + step(key), one, raw[key])
    elif isinstance(part, date):
        timed = isinstance(part, datetime)
        if not isinstance(raw, str) or not re.fullmatch(
            WALL_CLOCK + _OFFSET if timed else _DATE, raw
        ):
            example = "2026-11-23T09:00:00" if timed else "2026-11-23"
            yield Problem(path, f"should be written as {example}, not {json.dumps(raw)}")
        elif part.year not in _YEARS:
            yield Problem(path, f"should lie in {_YEARS[0]} to {_YEARS[-1]}, not {raw}")
    elif type(part) is not type(raw):
        yield Problem(path, f"should be {json.dumps(part)}, not {json.dumps(raw)}")


def _complaints(raw: object, error: ValidationError, kind: TypeAdapter[Any]) -> Iterator[Problem]:
    """Put what a schema complains about into words; of alternatives the one that comes furthest."""
    found: dict[str, list[str]] = {}
    given: dict[str, str] = {}
    passed: set[str] = set()
    for one in error.errors(include_url=False):
        *before, path = _way(raw, one)
        passed.update(before)
        found.setdefault(path, []).append(_complaint(one, kind))
        given[path] = _given(one)
    for path in found:
        if path not in passed:
            yield Problem(path, " or ".join(found[path]) + given[path])


def _way(raw: Any, error: Mapping[str, Any]) -> list[str]:
    """Return the paths that lead to a complaint, less the steps that are no part of the file."""
    way, value = [""], raw
    for to in error["loc"]:
        if (
            isinstance(to, int)
            if isinstance(value, list)
            else isinstance(value, dict) and to in value
        ):
            way.append(way[-1] + step(to))
            value = value[to]
    if error["type"] == "missing":
        return [*way, way[-1] + step(error["loc"][-1])]
    if error["type"] in _TAG:
        return [*way, way[-1] + step(error["ctx"]["discriminator"].strip("'"))]
    return way


def _complaint(error: Mapping[str, Any], kind: TypeAdapter[Any]) -> str:
    match error["type"]:
        case "missing" | "union_tag_not_found":
            return "is missing"
        case "union_tag_invalid":
            allowed = error["ctx"]["expected_tags"].replace("'", "")
            return f"is {error['ctx']['tag']}, allowed is {allowed}"
        case "extra_forbidden":
            return f"is not a field{maybe(error['loc'][-1], _names(kind))}"
        case "value_error":
            return str(error["ctx"]["error"])
        case "json_invalid":
            return f"cannot be read: {error['ctx']['error'].split(' at line')[0]}"
        case _:
            return re.sub("^(Input|String|Tuple) (?=should )", "", error["msg"])


def _given(error: Mapping[str, Any]) -> str:
    value = error["input"]
    if error["type"] in _TOLD or isinstance(value, dict | list):
        return ""
    text = json.dumps(value, ensure_ascii=False)
    return f", not {text if len(text) <= 60 else f'{text[:60]}...'}"


_TOLD = frozenset({"missing", "extra_forbidden", "value_error", "json_invalid"})
_TAG = frozenset({"union_tag_not_found", "union_tag_invalid"})
"""What is told of the whole, and is wrong in the field that says which of several kinds it is."""


@lru_cache
def _names(kind: TypeAdapter[Any]) -> set[str]:
    """Return the fields that a part has, at any depth."""
    schema = kind.json_schema()
    parts = (schema, *schema.get("$defs", {}).values())
    return {name for one in parts for name in one.get("properties", ())}


def step(to: int | str) -> str:
    """Return a step of a JSON path: to an element, or to a field."""
    if isinstance(to, int):
        return f"[{to}]"
    return f".{to}" if re.fullmatch(r"[\w-]+", to, re.ASCII) else f"[{json.dumps(to)}]"


def maybe(name: str, known: Collection[str]) -> str:
    """Return a hint at what may have been meant; none where looking would take long."""
    near = get_close_matches(name, known, 1) if len(known) <= _COMPARED else ()
    return f"; maybe {near[0]}" if near else ""


_COMPARED = 2000
