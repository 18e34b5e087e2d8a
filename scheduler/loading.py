"""Reading a world file: every part checked by itself, then what only shows between parts.

Nothing is guessed and nothing stops at the first mistake: all problems come back with their paths.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, TypeAdapter, ValidationError

from scheduler import calendar
from scheduler.constraint import FactType
from scheduler.world import ACTS, LEGS, Nearest, World

MAX_BYTES = 64 * 1024 * 1024
"""A world file larger than this is refused unread."""

Facts = Mapping[str, FactType]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong, and the JSON path where."""

    path: str
    says: str


class WorldError(ValueError):
    """A world that cannot be used; ``problems`` lists everything wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        lines = "\n".join(f"  {one.path}: {one.says}" for one in self.problems)
        super().__init__(f"{len(self.problems)} problems in the world:\n{lines}")


def read_world(path: Path, facts: Facts) -> World:
    """Read and check a world file.

    Raises
    ------
    WorldError
        With every problem found and its JSON path.
    """
    if path.stat().st_size > MAX_BYTES:
        raise WorldError([Problem("$", f"larger than {MAX_BYTES} bytes")])
    return parse_world(path.read_bytes(), facts)


def parse_world(text: bytes | str, facts: Facts) -> World:
    """Check the JSON of a world; ``facts`` are those that the register reads.

    Raises
    ------
    WorldError
        With every problem found and its JSON path.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WorldError([Problem("$", f"is not JSON: {error}")]) from None
    if not isinstance(raw, dict):
        raise WorldError([Problem("$", "is not an object")])
    draft = _draft(raw)
    problems = [*draft.problems, *_between(draft, facts)]
    if problems:
        raise WorldError(problems)
    return World(**draft.parts)


@dataclass(slots=True)
class _Draft:
    """The parts that are right in themselves, each with its path, and what is wrong with others.

    ``ids`` holds every id that was written down, right or not, so that one mistake is told once.
    """

    parts: dict[str, Any] = field(default_factory=dict)
    paths: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)
    ids: dict[str, list[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def of(self, section: str) -> list[tuple[str, Any]]:
        """Return the sound parts of a section with their paths."""
        return self.paths.get(section, [])

    def known(self, *sections: str) -> set[str]:
        """Return the ids in some sections."""
        return {one for section in sections for one in self.ids.get(section, ())}


def _draft(raw: dict[str, Any]) -> _Draft:
    draft = _Draft()
    fields = {one.alias or name: (name, one) for name, one in World.model_fields.items()}
    for key in raw.keys() - fields.keys():
        draft.problems.append(Problem(f"$.{key}", "is not a field of a world"))
    for key, (name, one) in fields.items():
        if key not in raw:
            if one.is_required():
                draft.problems.append(Problem(f"$.{key}", "is missing"))
            continue
        args = get_args(one.annotation)
        if (
            one.annotation is not None
            and args
            and isinstance(args[0], type)
            and issubclass(args[0], BaseModel)
        ):
            draft.parts[name] = _section(draft, key, name, raw[key], args[0])
        else:
            kind = TypeAdapter(_annotated(one))
            draft.parts[name] = _part(draft, f"$.{key}", raw[key], kind)
    return draft


def _section(
    draft: _Draft, key: str, name: str, raw: object, model: type[BaseModel]
) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        draft.problems.append(Problem(f"$.{key}", "is not a list"))
        return ()
    kind = TypeAdapter(model)
    sound = []
    draft.paths[name], draft.ids[name] = [], []
    for n, one in enumerate(raw):
        if isinstance(one, dict) and isinstance(one.get("id"), str):
            draft.ids[name].append(one["id"])
        part = _part(draft, f"$.{key}[{n}]", one, kind)
        if part is not None:
            sound.append(part)
            draft.paths[name].append((f"$.{key}[{n}]", part))
    return tuple(sound)


def _part(draft: _Draft, path: str, raw: object, kind: TypeAdapter[Any]) -> Any:
    try:
        return kind.validate_json(json.dumps(raw))
    except ValidationError as error:
        for one in error.errors(include_url=False):
            where = "".join(
                f"[{step}]" if isinstance(step, int) else f".{step}" for step in one["loc"]
            )
            draft.problems.append(Problem(path + where, one["msg"]))
        return None


def _annotated(info: Any) -> Any:
    return Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation


Check = Callable[[_Draft], Iterator[Problem]]


def _between(draft: _Draft, facts: Facts) -> Iterator[Problem]:
    """Everything that shows only when parts are held together."""
    for check in _CHECKS:
        yield from check(draft)
    yield from _facts(draft, facts)


def _ids(draft: _Draft) -> Iterator[Problem]:
    for section, ids in draft.ids.items():
        for name, times in Counter(ids).items():
            if times > 1:
                yield Problem(f"$.{section}", f"id {name} is there {times} times")
    for name in sorted(draft.known("cases") & draft.known("resources")):
        yield Problem("$.cases", f"id {name} is a resource's too")
    persons = Counter(person.id for _, case in draft.of("cases") for person in case.persons)
    for name, times in persons.items():
        if times > 1:
            yield Problem("$.cases", f"person {name} is there {times} times")


def _dangling(draft: _Draft) -> Iterator[Problem]:
    places = draft.known("locations")
    countries = {one.country for _, one in draft.of("locations")}
    wanted: list[tuple[str, str | None, set[str], str]] = []
    for path, one in draft.of("roads"):
        wanted += [
            (f"{path}.from", one.from_, places, "location"),
            (f"{path}.to", one.to, places, "location"),
        ]
    for path, one in draft.of("resources"):
        wanted.append((f"{path}.home", one.home, places, "location"))
    for path, one in draft.of("facilities"):
        wanted.append((f"{path}.location", one.location, places, "location"))
    people = draft.known("resources")
    for path, one in draft.of("departures"):
        wanted += [
            (f"{path}.from", one.from_, places, "location"),
            (f"{path}.destination", one.destination, places, "location"),
        ]
        wanted += [
            (f"{path}.team[{n}]", name, people, "resource") for n, name in enumerate(one.team)
        ]
    templates = draft.known("templates")
    for path, one in draft.of("cases"):
        wanted += [
            (f"{path}.location", one.location, places, "location"),
            (f"{path}.destination", one.destination, places | countries, "location or country"),
            (f"{path}.assignedOfficer", one.assigned_officer, people, "resource"),
            *(
                (f"{path}.attendees[{n}].resource", who.resource, people, "resource")
                for n, who in enumerate(one.attendees)
            ),
            *(
                (f"{path}.templates[{n}]", name, templates, "template")
                for n, name in enumerate(one.templates)
            ),
        ]
    for path, one in draft.of("bookings"):
        wanted += [
            (f"{path}.case", one.case, draft.known("cases"), "case"),
            (f"{path}.template", one.template, templates, "template"),
            (f"{path}.facility", one.facility, draft.known("facilities"), "facility"),
            (f"{path}.departure", one.departure, draft.known("departures"), "departure"),
            (f"{path}.follows", one.follows, draft.known("bookings"), "booking"),
            *(
                (f"{path}.phases[{n}].place", phase.place, places, "location")
                for n, phase in enumerate(one.phases)
            ),
            *(
                (
                    f"{path}.attendances[{n}].resources[{m}]",
                    name,
                    people | draft.known("cases"),
                    "resource",
                )
                for n, attendance in enumerate(one.attendances)
                for m, name in enumerate(attendance.resources)
            ),
        ]
    for path, name, known, kind in wanted:
        if name is not None and name not in known:
            yield Problem(path, f"there is no {kind} {name}")


def _places(draft: _Draft) -> Iterator[Problem]:
    zones = available_timezones()
    for path, one in draft.of("locations"):
        if one.timezone not in zones:
            yield Problem(f"{path}.timezone", f"there is no time zone {one.timezone}")
        if one.holidays is not None and not calendar.knows(one.holidays):
            yield Problem(f"{path}.holidays", f"no public holidays are known for {one.holidays}")


def _shifts(draft: _Draft) -> Iterator[Problem]:
    zones = {one.id: one.timezone for _, one in draft.of("locations")}
    for path, one in draft.of("resources"):
        ordered = sorted(enumerate(one.shifts), key=lambda shift: shift[1].from_)
        for (_, before), (n, after) in zip(ordered, ordered[1:], strict=False):
            if after.from_ < before.until:
                yield Problem(f"{path}.shifts[{n}]", "overlaps another shift")
        if one.home in zones and zones[one.home] in available_timezones():
            zone = ZoneInfo(zones[one.home])
            for n, shift in enumerate(one.shifts):
                opens = max(
                    shift.from_.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1)
                )
                closes = min(
                    shift.until.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1)
                )
                if opens >= closes:
                    yield Problem(f"{path}.shifts[{n}]", "is empty when the clock jumps")


def _horizon(draft: _Draft) -> Iterator[Problem]:
    horizon, as_of = draft.parts.get("horizon"), draft.parts.get("as_of")
    if horizon is None:
        return
    if horizon.start.minute % horizon.slot_minutes or horizon.start.second:
        yield Problem("$.horizon.start", f"does not lie on {horizon.slot_minutes}-minute slots")
    if as_of is not None and as_of >= horizon.start + timedelta(
        minutes=horizon.slots * horizon.slot_minutes
    ):
        yield Problem("$.asOf", "lies after the horizon")


def _roads(draft: _Draft) -> Iterator[Problem]:
    linked = set()
    for path, one in draft.of("roads"):
        linked |= {one.from_, one.to}
        if one.from_ == one.to:
            yield Problem(path, f"leads from {one.from_} to itself")
    for path, one in draft.of("departures"):
        if one.from_ == one.destination:
            yield Problem(f"{path}.destination", "is where it departs from")
    if not linked:
        return
    for path, one in draft.of("cases"):
        if one.location in draft.known("locations") and one.location not in linked:
            yield Problem(f"{path}.location", f"no road leads to {one.location}")


def _templates(draft: _Draft) -> Iterator[Problem]:
    kinds = {one.kind for _, one in draft.of("locations")}
    templates = [one for _, one in draft.of("templates")]
    for path, one in draft.of("templates"):
        for n, phase in enumerate(one.phases):
            if isinstance(phase.place, Nearest) and phase.place.kind not in kinds:
                yield Problem(f"{path}.phases[{n}].place", f"no location is a {phase.place.kind}")
    operations = {one.operation for _, one in draft.of("cases")}
    for leg in sorted({leg for operation in operations for leg in LEGS[operation]}):
        served = {kind for one in templates if one.operation == leg for kind in one.kinds}
        wanted = {one.kind for _, one in draft.of("departures")} if leg == "removal" else set()
        if not any(one.operation == leg for one in templates) or wanted - served:
            missing = f" for {', '.join(sorted(wanted - served))}" if wanted - served else ""
            yield Problem("$.templates", f"there is no template of a {leg}{missing}")


def _acts(draft: _Draft) -> Iterator[Problem]:
    for path, case in draft.of("cases"):
        acts = [act for leg in case.legs for act in ACTS[leg]]
        for n, one in enumerate(case.attendees):
            for name, act in (("from", one.from_), ("until", one.until)):
                if act not in acts:
                    yield Problem(
                        f"{path}.attendees[{n}].{name}", f"{act} is not an act; allowed is {acts}"
                    )
            if one.from_ in acts and one.until in acts[: acts.index(one.from_)]:
                yield Problem(f"{path}.attendees[{n}]", f"{one.until} comes before {one.from_}")


def _facts(draft: _Draft, facts: Facts) -> Iterator[Problem]:
    """Facts that no constraint reads would be lost without a word."""
    for path, case in draft.of("cases"):
        asked = [(f"{path}.facts", "case", case.facts)]
        asked += [
            (f"{path}.persons[{n}].facts", "person", person.facts)
            for n, person in enumerate(case.persons)
        ]
        for where, of, answers in asked:
            for name in answers:
                if name not in facts:
                    near = get_close_matches(name, facts, 1)
                    hint = f"; maybe {near[0]}" if near else ""
                    yield Problem(f"{where}.{name}", f"no constraint reads it{hint}")
                elif facts[name].of != of:
                    yield Problem(f"{where}.{name}", f"is a fact of a {facts[name].of}")


_CHECKS: tuple[Check, ...] = (
    _ids,
    _dangling,
    _places,
    _shifts,
    _horizon,
    _roads,
    _templates,
    _acts,
)


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
