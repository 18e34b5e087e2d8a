"""Reading a world file: every part checked by itself, then what only shows between parts.

Nothing is guessed and nothing stops at the first mistake: all problems come back with their paths,
each told once.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, get_args
from zoneinfo import available_timezones

from pydantic import BaseModel, TypeAdapter, ValidationError

from scheduler import calendar
from scheduler.constraint import FactType
from scheduler.grid import instant_in
from scheduler.world import ACTS, LEGS, Nearest, World

MAX_BYTES = 64 * 1024 * 1024
"""A world file larger than this is refused unread."""

Facts = Mapping[str, FactType]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and the JSON path where."""

    path: str
    says: str


class WorldError(ValueError):
    """A world that cannot be used; ``problems`` lists everything wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=_place_in_file))
        lines = "\n".join(f"  {one.path}: {one.says}" for one in self.problems)
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' * (count != 1)} in the world:\n{lines}")


def read_world(path: Path, facts: Facts) -> World:
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
    return parse_world(text, facts)


def parse_world(text: bytes | str, facts: Facts) -> World:
    """Check the JSON of a world; ``facts`` are those that the register reads.

    Raises
    ------
    WorldError
        With every problem found and its JSON path.
    """
    raw, doubled = _objects(text)
    draft = _draft(raw)
    problems = [*doubled, *draft.problems, *_between(draft, facts)]
    if problems:
        raise WorldError(problems)
    return World(**draft.parts)


def _objects(text: bytes | str) -> tuple[dict[str, Any], list[Problem]]:
    """Return the JSON object, and a problem for each name that one object gives two values."""
    doubled: list[tuple[object, str]] = []

    def held(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        names = [name for name, _ in pairs]
        doubled.extend((values, name) for name in values if names.count(name) > 1)
        return values

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no number")

    try:
        raw = json.loads(text, object_pairs_hook=held, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise WorldError([Problem("$", f"is not JSON: {error}")]) from None
    if not isinstance(raw, dict):
        raise WorldError([Problem("$", "is not an object")])
    return raw, [Problem(_find(raw, where) + _step(name), "is there twice") for where, name in doubled]


def _find(raw: object, wanted: object) -> str:
    """Return the path of an object in ``raw``."""
    ahead = [("$", raw)]
    for path, value in ahead:
        if value is wanted:
            return path
        if isinstance(value, dict):
            ahead += [(path + _step(name), one) for name, one in value.items()]
        elif isinstance(value, list):
            ahead += [(path + _step(n), one) for n, one in enumerate(value)]
    return "$"  # in a value that a second one of the same name replaced


def _step(step: int | str) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if re.fullmatch(r"[\w-]+", step, re.ASCII) else f"[{json.dumps(step)}]"


def _place_in_file(problem: Problem) -> tuple[list[str | int], str]:
    """Sort key: the tenth case after the second."""
    steps = re.split(r"([0-9]+)", problem.path)
    return [int(one) if n % 2 else one for n, one in enumerate(steps)], problem.says


def _maybe(name: str, known: Iterable[str]) -> str:
    """Return a hint at what may have been meant."""
    near = get_close_matches(name, known, 1)
    return f"; maybe {near[0]}" if near else ""


@dataclass(slots=True)
class _Draft:
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


# Every part by itself.


def _draft(raw: dict[str, Any]) -> _Draft:
    draft = _Draft()
    fields = {one.alias or name: (name, one) for name, one in World.model_fields.items()}
    for key in raw.keys() - fields.keys():
        draft.problems.append(Problem("$" + _step(key), f"is not a field{_maybe(key, fields)}"))
    for key, (name, one) in fields.items():
        section = next(iter(get_args(one.annotation)), None)
        if key not in raw:
            if one.is_required():
                draft.problems.append(Problem(f"$.{key}", "is missing"))
        elif isinstance(section, type) and issubclass(section, BaseModel):
            draft.parts[name] = _section(draft, key, name, raw[key], section)
        else:
            kind = Annotated[one.annotation, *one.metadata] if one.metadata else one.annotation
            draft.parts[name] = _part(draft, f"$.{key}", raw[key], TypeAdapter(kind))
    return draft


def _section(
    draft: _Draft, key: str, name: str, raw: object, model: type[BaseModel]
) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        draft.problems.append(Problem(f"$.{key}", "is not a list"))
        draft.broken.add(name)
        draft.lost.add(name)
        return ()
    kind = TypeAdapter(model)
    draft.paths[name] = sound = []
    for n, one in enumerate(raw):
        path = f"$.{key}[{n}]"
        for label, ids in (("id", name), ("country", "countries")):
            if isinstance(one, dict) and isinstance(one.get(label), str):
                draft.ids.setdefault(ids, []).append((path, one[label]))
        part = _part(draft, path, one, kind)
        if part is None:
            draft.broken.add(name)
        else:
            sound.append((path, part))
    return tuple(part for _, part in sound)


def _part(draft: _Draft, path: str, raw: object, kind: TypeAdapter[Any]) -> Any:
    try:
        part = kind.validate_json(json.dumps(raw))
        wrong = list(_dates("", part, raw))
    except ValidationError as error:
        part, wrong = None, list(_complaints(raw, error, kind))
    except OverflowError:
        part, wrong = None, [Problem("", "holds a moment that no calendar has")]
    except RecursionError:
        part, wrong = None, [Problem("", "is nested too deep")]
    draft.problems += (Problem(path + one.path, one.says) for one in wrong)
    return None if wrong else part


_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
_YEARS = range(1900, 2200)
"""Whoever writes year 1 or 9999 means no date at all, and leaves the field out."""


def _dates(path: str, part: object, raw: Any) -> Iterator[Problem]:
    """Dates are written as dates, never as a number, in years that somebody can plan or recall."""
    if isinstance(part, BaseModel):
        for name, info in type(part).model_fields.items():
            key = info.alias or name
            if key in raw:
                yield from _dates(path + _step(key), getattr(part, name), raw[key])
    elif isinstance(part, tuple):
        for n, one in enumerate(part):
            yield from _dates(path + _step(n), one, raw[n])
    elif isinstance(part, dict):
        for (name, one), key in zip(part.items(), raw, strict=False):
            yield from _dates(path + _step(key), name, key)
            yield from _dates(path + _step(key), one, raw[key])
    elif isinstance(part, date):
        shape, example = (
            (_ISO_TIME, "2026-11-23T09:00")
            if isinstance(part, datetime)
            else (_ISO_DATE, "2026-11-23")
        )
        if not isinstance(raw, str) or not shape.fullmatch(raw):
            yield Problem(path, f"should be written as {example}, not {json.dumps(raw)}")
        elif part.year not in _YEARS:
            yield Problem(path, f"should lie in {_YEARS[0]} to {_YEARS[-1]}, not {raw}")


def _complaints(raw: object, error: ValidationError, kind: TypeAdapter[Any]) -> Iterator[Problem]:
    """Put what a schema complains about into words; of alternatives the one that comes furthest."""
    found: dict[str, list[str]] = {}
    given: dict[str, str] = {}
    for one in error.errors(include_url=False):
        path = _path(raw, one)
        found.setdefault(path, []).append(_complaint(one, kind))
        given[path] = _given(one)
    for path, says in found.items():
        if not any(other.startswith((f"{path}.", f"{path}[")) for other in found):
            yield Problem(path, " or ".join(says) + given[path])


def _path(raw: Any, error: Mapping[str, Any]) -> str:
    """Return the path of a complaint, less the steps that name an alternative or a dictionary key."""
    path, value = "", raw
    for step in error["loc"]:
        if isinstance(value, dict | list) and (
            step in value if isinstance(value, dict) else isinstance(step, int)
        ):
            path, value = path + _step(step), value[step]
    return path + _step(error["loc"][-1]) if error["type"] == "missing" else path


def _complaint(error: Mapping[str, Any], kind: TypeAdapter[Any]) -> str:
    match error["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return f"is not a field{_maybe(error['loc'][-1], _names(kind))}"
        case "value_error":
            return str(error["ctx"]["error"])
        case "json_invalid":
            return f"cannot be read: {error['ctx']['error'].split(' at line')[0]}"
        case _:
            return error["msg"].removeprefix("Input ").removeprefix("String ")


def _given(error: Mapping[str, Any]) -> str:
    value = error["input"]
    if error["type"] in _TOLD or isinstance(value, dict | list):
        return ""
    text = json.dumps(value, ensure_ascii=False)
    return f", not {text if len(text) <= 60 else f'{text[:60]}...'}"


_TOLD = frozenset({"missing", "extra_forbidden", "value_error", "json_invalid"})


def _names(kind: TypeAdapter[Any]) -> set[str]:
    """Return the fields that a part has, at any depth."""
    schema = kind.json_schema()
    parts = (schema, *schema.get("$defs", {}).values())
    return {name for one in parts for name in one.get("properties", ())}


# What shows only when parts are held together.

Check = Callable[[_Draft], Iterator[Problem]]


def _between(draft: _Draft, facts: Facts) -> Iterator[Problem]:
    for check in _CHECKS:
        yield from check(draft)
    yield from _facts(draft, facts)


def _ids(draft: _Draft) -> Iterator[Problem]:
    """A case is a resource too: whoever leaves must be there."""
    people = [*draft.ids.get("resources", ()), *draft.ids.get("cases", ())]
    persons = [
        (f"{path}.persons[{n}]", person.id)
        for path, case in draft.of("cases")
        for n, person in enumerate(case.persons)
    ]
    others = (
        ids
        for section, ids in draft.ids.items()
        if section not in {"resources", "cases", "countries"}
    )
    for ids in (people, persons, *others):
        first: dict[str, str] = {}
        for path, name in ids:
            if first.setdefault(name, path) != path:
                yield Problem(f"{path}.id", f"{name} is the id of {first[name]} already")


_SECTIONS_OF = {
    "location": ("locations",),
    "location or country": ("locations", "countries"),
    "resource": ("resources",),
    "resource or case": ("resources", "cases"),
    "facility": ("facilities",),
    "departure": ("departures",),
    "template": ("templates",),
    "case": ("cases",),
    "booking": ("bookings",),
}


def _dangling(draft: _Draft) -> Iterator[Problem]:
    known = {
        kind: draft.known(sections)
        for kind, sections in _SECTIONS_OF.items()
        if not draft.lost & set(sections)
    }
    for path, name, kind in _references(draft):
        if name is not None and kind in known and name not in known[kind]:
            yield Problem(path, f"there is no {kind} {name}{_maybe(name, known[kind])}")


def _references(draft: _Draft) -> Iterator[tuple[str, str | None, str]]:
    """Yield every id that one part names of another: its path, the id, and of what it is."""
    for path, one in draft.of("roads"):
        yield f"{path}.from", one.from_, "location"
        yield f"{path}.to", one.to, "location"
    for path, one in draft.of("resources"):
        yield f"{path}.home", one.home, "location"
    for path, one in draft.of("facilities"):
        yield f"{path}.location", one.location, "location"
    for path, one in draft.of("departures"):
        yield f"{path}.from", one.from_, "location"
        yield f"{path}.destination", one.destination, "location"
        for n, name in enumerate(one.team):
            yield f"{path}.team[{n}]", name, "resource"
    for path, one in draft.of("cases"):
        yield f"{path}.location", one.location, "location"
        yield f"{path}.destination", one.destination, "location or country"
        yield f"{path}.assignedOfficer", one.assigned_officer, "resource"
        for n, attendee in enumerate(one.attendees):
            yield f"{path}.attendees[{n}].resource", attendee.resource, "resource"
        for n, name in enumerate(one.templates):
            yield f"{path}.templates[{n}]", name, "template"
    for path, one in draft.of("bookings"):
        yield f"{path}.case", one.case, "case"
        yield f"{path}.template", one.template, "template"
        yield f"{path}.facility", one.facility, "facility"
        yield f"{path}.departure", one.departure, "departure"
        yield f"{path}.follows", one.follows, "booking"
        for n, phase in enumerate(one.phases):
            yield f"{path}.phases[{n}].place", phase.place, "location"
        for n, attendance in enumerate(one.attendances):
            for m, name in enumerate(attendance.resources):
                yield f"{path}.attendances[{n}].resources[{m}]", name, "resource or case"


_zones = lru_cache(available_timezones)


def _places(draft: _Draft) -> Iterator[Problem]:
    for path, one in draft.of("locations"):
        if one.timezone not in _zones():
            hint = _maybe(one.timezone, _zones())
            yield Problem(f"{path}.timezone", f"there is no time zone {one.timezone}{hint}")
        if one.holidays is not None and not calendar.knows(one.holidays):
            yield Problem(f"{path}.holidays", f"no public holidays are known for {one.holidays}")


def _shifts(draft: _Draft) -> Iterator[Problem]:
    for path, one in draft.of("resources"):
        until = datetime.min
        for n, shift in sorted(enumerate(one.shifts), key=lambda numbered: numbered[1].from_):
            if shift.from_ < until:
                yield Problem(f"{path}.shifts[{n}]", f"begins before a shift ends at {until}")
            until = max(until, shift.until)


def _jumps(draft: _Draft) -> Iterator[Problem]:
    """A shift inside the hour that a clock skips or repeats is no time at all."""
    zones = {one.id: one.timezone for _, one in draft.of("locations") if one.timezone in _zones()}
    for path, one in draft.of("resources"):
        for n, shift in enumerate(one.shifts) if one.home in zones else ():
            opens = instant_in(shift.from_, zones[one.home], opens=True)
            if opens >= instant_in(shift.until, zones[one.home], opens=False):
                yield Problem(f"{path}.shifts[{n}]", "is empty, for the clock jumps in it")


def _horizon(draft: _Draft) -> Iterator[Problem]:
    horizon, as_of = draft.parts.get("horizon"), draft.parts.get("as_of")
    if horizon is None:
        return
    slot = timedelta(minutes=horizon.slot_minutes)
    if (horizon.start - datetime.fromtimestamp(0, UTC)) % slot:
        yield Problem(
            "$.horizon.start",
            f"{horizon.start.isoformat()} is not on a slot of {horizon.slot_minutes} minutes",
        )
    end = horizon.start + horizon.slots * slot
    if as_of is not None and as_of >= end:
        yield Problem("$.asOf", f"is not before the horizon ends at {end.isoformat()}")


def _journeys(draft: _Draft) -> Iterator[Problem]:
    for section, last in (("roads", "to"), ("departures", "destination")):
        for path, one in draft.of(section):
            if one.from_ == getattr(one, last):
                yield Problem(f"{path}.{last}", f"{one.from_} is where it comes from")


def _reach(draft: _Draft) -> Iterator[Problem]:
    """In a world with roads, one leads to everybody."""
    if "roads" in draft.broken or not draft.of("roads"):
        return
    linked = {end for _, one in draft.of("roads") for end in (one.from_, one.to)}
    for path, one in draft.of("cases"):
        if one.location in draft.known(["locations"]) - linked:
            yield Problem(f"{path}.location", f"no road leads to {one.location}")


def _phases(draft: _Draft) -> Iterator[Problem]:
    if "locations" in draft.broken:
        return
    kinds = {one.kind for _, one in draft.of("locations")}
    for path, one in draft.of("templates"):
        for n, phase in enumerate(one.phases):
            place = phase.place
            if isinstance(place, Nearest) and place.kind not in kinds:
                hint = _maybe(place.kind, kinds)
                yield Problem(
                    f"{path}.phases[{n}].place.kind", f"no location is a {place.kind}{hint}"
                )


def _templates(draft: _Draft) -> Iterator[Problem]:
    """There is a template for every leg, and of a removal for every kind of departure."""
    if {"templates", "departures"} & draft.broken:
        return
    templates = [one for _, one in draft.of("templates")]
    for leg in sorted({leg for _, one in draft.of("cases") for leg in LEGS[one.operation]}):
        kinds = {kind for one in templates if one.operation == leg for kind in one.kinds}
        asked = {one.kind for _, one in draft.of("departures")} if leg == "removal" else set()
        if not kinds:
            yield Problem("$.templates", f"there is no template of a {leg}")
        elif asked - kinds:
            missing = ", ".join(sorted(asked - kinds))
            yield Problem("$.templates", f"there is no template of a {leg} for {missing}")


def _acts(draft: _Draft) -> Iterator[Problem]:
    for path, case in draft.of("cases"):
        acts = [act for leg in case.legs for act in ACTS[leg]]
        for n, one in enumerate(case.attendees):
            for name, act in (("from", one.from_), ("until", one.until)):
                if act not in acts:
                    yield Problem(
                        f"{path}.attendees[{n}].{name}",
                        f"{act} is not an act of this case, allowed is {', '.join(acts)}",
                    )
            if one.from_ in acts and one.until in acts[: acts.index(one.from_)]:
                yield Problem(f"{path}.attendees[{n}]", f"{one.until} comes before {one.from_}")


def _blocks(draft: _Draft) -> Iterator[Problem]:
    """What is booked takes time, forwards."""
    for path, one in draft.of("bookings"):
        for name in ("phases", "attendances"):
            for n, block in enumerate(getattr(one, name)):
                if block.until <= block.from_:
                    yield Problem(
                        f"{path}.{name}[{n}]",
                        f"ends at {block.until.isoformat()}, which is not after its start",
                    )


_CHECKS: tuple[Check, ...] = (
    _ids,
    _dangling,
    _places,
    _shifts,
    _jumps,
    _horizon,
    _journeys,
    _reach,
    _phases,
    _templates,
    _acts,
    _blocks,
)


def _facts(draft: _Draft, facts: Facts) -> Iterator[Problem]:
    """Facts that no constraint reads would be lost without a word."""
    for path, case in draft.of("cases"):
        answers = [(f"{path}.facts", "case", case.facts)]
        answers += [
            (f"{path}.persons[{n}].facts", "person", person.facts)
            for n, person in enumerate(case.persons)
        ]
        for where, of, answered in answers:
            for name in answered:
                if name not in facts:
                    hint = _maybe(name, facts)
                    yield Problem(where + _step(name), f"is no fact that a constraint reads{hint}")
                elif facts[name].of != of:
                    yield Problem(where + _step(name), f"is a fact of a {facts[name].of}")


def world_schema(facts: Facts) -> dict[str, Any]:
    """Return the JSON Schema of a world file, with the facts that ``facts`` name and no others."""
    schema = World.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Regietafel world"
    for part, of in (("Case", "case"), ("Person", "person")):
        schema["$defs"][part]["properties"]["facts"] = {
            "type": "object",
            "default": {},
            "additionalProperties": False,
            "properties": {
                fact.id: {"$ref": "#/$defs/Fact", "description": f"{fact.asks.en} ({fact.asks.nl})"}
                for fact in facts.values()
                if fact.of == of
            },
        }
    return schema
