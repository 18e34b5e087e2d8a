"""Events: what happened to a world since it was planned, and the world after them."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, Field, TypeAdapter, model_validator

from scheduler.consistency import inconsistencies
from scheduler.constraint import Nights, Register
from scheduler.draft import Draft, Problem, maybe, read_part, step
from scheduler.grid import days
from scheduler.loading import WorldError
from scheduler.plan import begun
from scheduler.world import (
    ACTS,
    LEGS,
    Booking,
    Case,
    Document,
    Facility,
    Fact,
    Id,
    Instant,
    Interval,
    Part,
    Person,
    Seats,
    Trigger,
    World,
)

LONGEST = timedelta(hours=48)
"""No flight or road transfer takes longer, change of planes included: a later arrival is a slip."""


class EventError(WorldError):
    """Events that cannot be applied to a world; ``problems`` lists everything wrong with them."""


class _Event(Part):
    id: Id
    at: Instant
    subject: Id


class FactChanged(_Event):
    """Other answers, by fact, about a case or about one of its persons."""

    kind: Literal["fact-changed"]
    value: dict[str, Fact] = Field(min_length=1)

    @property
    def says(self) -> str:
        """What happened, in a sentence."""
        answers = (f"{name} is answered {fact.value}" for name, fact in self.value.items())
        return f"of {self.subject} {', '.join(answers)}"


class DocumentChanged(_Event):
    """A document that takes the place of what the person had of its kind: arrived or expired."""

    kind: Literal["document-changed"]
    value: Document

    @property
    def says(self) -> str:
        """What happened, in a sentence."""
        return f"the {self.value.kind} of {self.subject} is another"


class TriggerAdded(_Event):
    """A dated event of a case that starts a clock, or withdraws the case."""

    kind: Literal["trigger-added"]
    value: Trigger

    @property
    def says(self) -> str:
        """What happened, in a sentence."""
        return f"{self.value.kind} of {self.subject}"


class ResourceAway(_Event):
    """A resource, or the person of a case, that is not there for a while."""

    kind: Literal["resource-away"]
    value: Interval

    @property
    def says(self) -> str:
        """What happened, in a sentence."""
        return f"{self.subject} is away"


class DepartureChange(Part):
    """What changes about a departure: it is cancelled, leaves at other times, or has other seats.

    Who is cancelled keeps its id, which bookings name, without a seat and without a team.
    """

    cancelled: Literal[True] | None = None
    departs: Instant | None = None
    arrives: Instant | None = None
    seats: Seats | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        times = self.departs, self.arrives
        if (self.departs is None) != (self.arrives is None):
            raise ValueError("other times are both departs and arrives")
        if self.departs and self.arrives and self.arrives <= self.departs:
            raise ValueError("arrives before it departs")
        if self.departs and self.arrives and self.arrives - self.departs > LONGEST:
            hours = LONGEST // timedelta(hours=1)
            raise ValueError(f"arrives more than {hours} hours after it departs")
        if bool(self.cancelled) == any((*times, self.seats)):
            raise ValueError("is either cancelled or has other times or seats")
        return self


class DepartureChanged(_Event):
    """A departure that is cancelled, retimed, or has other seats."""

    kind: Literal["departure-changed"]
    value: DepartureChange

    @property
    def says(self) -> str:
        """What happened, in a sentence."""
        if self.value.cancelled:
            return f"departure {self.subject} is cancelled"
        what = "other seats" if self.value.departs is None else "other times"
        return f"departure {self.subject} has {what}"


class CapacityChanged(_Event):
    """The places that a facility has free, by night."""

    kind: Literal["capacity-changed"]
    value: dict[date, Annotated[int, Field(ge=0, le=5000)]] = Field(min_length=1)

    @property
    def says(self) -> str:
        """What happened, in a sentence."""
        return f"facility {self.subject} has other places"


class CaseWithdrawn(_Event):
    """A case that is over: of it stays only what has begun."""

    kind: Literal["case-withdrawn"]

    @property
    def says(self) -> str:
        """What happened, in a sentence."""
        return f"case {self.subject} is withdrawn"


class CaseAdded(_Event):
    """A case that was not there."""

    kind: Literal["case-added"]
    value: Case

    @model_validator(mode="after")
    def _same(self) -> Self:
        if self.value.id != self.subject:
            raise ValueError(f"its subject is {self.subject}, its value is case {self.value.id}")
        return self

    @property
    def says(self) -> str:
        """What happened, in a sentence."""
        return f"case {self.subject} is new"


Event = Annotated[
    FactChanged
    | DocumentChanged
    | TriggerAdded
    | ResourceAway
    | DepartureChanged
    | CapacityChanged
    | CaseWithdrawn
    | CaseAdded,
    Field(discriminator="kind"),
]
_EVENTS: Mapping[str, TypeAdapter[Event]] = {
    get_args(one.model_fields["kind"].annotation)[0]: TypeAdapter(one)
    for one in get_args(get_args(Event)[0])
}
"""How an event of each kind is read."""


def parse_events(text: bytes | str) -> tuple[Event, ...]:
    """Read the JSON of events: a list, each event right in itself.

    Raises
    ------
    EventError
        With every problem found and its JSON path.
    """
    try:
        raw = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise EventError([Problem("$", f"is not JSON: {error}")]) from None
    if not isinstance(raw, list):
        raise EventError([Problem("$", "is not a list")])
    draft = Draft()
    events = [_read(draft, f"$[{n}]", one) for n, one in enumerate(raw)]
    if draft.problems:
        raise EventError(draft.problems)
    return tuple(events)


def _read(draft: Draft, path: str, raw: object) -> Any:
    """Return one event; None, and its problems in ``draft``, when it is not one."""
    if not isinstance(raw, dict):
        draft.problems.append(Problem(path, "is not an object"))
        return None
    kind = raw.get("kind")
    if isinstance(kind, str) and kind in _EVENTS:
        return read_part(draft, path, raw, _EVENTS[kind])
    says = f"is no kind of event, allowed is {', '.join(_EVENTS)}"
    if "kind" not in raw:
        says = "is missing"
    elif isinstance(kind, str):
        says = f"{kind} {says}{maybe(kind, _EVENTS)}"
    draft.problems.append(Problem(f"{path}.kind", says))
    return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a field is there twice")
    return values


def changed(
    world: World, register: Register, events: Sequence[Event], now: datetime | None = None
) -> World:
    """Return ``world`` after ``events``, in the order in which they happened.

    ``asOf`` moves to the last event, or to ``now``, where that is later; one that happened before
    is news that came late. The world that comes out is held to all that a world file is held to.

    Raises
    ------
    EventError
        With everything that is wrong, each with its path in the list of events.
    """
    changing = _changing(world, register)
    late = overtaken(world, events)
    for n, event in _in_order(events):
        changing.pass_to(event.at, f"$[{n}].at")
        if event not in late:
            changing.apply(f"$[{n}]", event)
    changing.pass_to(now or world.as_of, "$")
    changing.problems += _doubled(events)
    return changing.world_from(world)


def held_to_a_file(world: World, register: Register, parts: Mapping[str, Part]) -> None:
    """Return when ``world``, of which ``parts`` were just written, is all a world file must be.

    Raises
    ------
    EventError
        With everything that is wrong: in a part by its path there, else as it is in the world.
    """
    changing = _changing(world, register)
    for path, part in parts.items():
        changing.note(part, "", path)
    changing.world_from(world)


def _changing(world: World, register: Register) -> "_Changing":
    parts = {name: _keyed(getattr(world, name)) for name in _SECTIONS}
    return _Changing(world, register, parts, world.as_of)


def overtaken(world: World, events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events about a case, or a person of one, that others withdrew before.

    Two sources that report one departure are everyday, and who departed independently is not
    planned again for what somebody reports later: such events change nothing.
    """
    persons = {one.id: one.persons for one in world.cases}
    persons |= {one.subject: one.value.persons for one in events if isinstance(one, CaseAdded)}
    cases, gone = set[str](), set[str]()
    late: list[Event] = []
    for _, event in _in_order(events):
        if isinstance(event, DepartureChanged | CapacityChanged):
            continue
        about_person = isinstance(event, FactChanged | DocumentChanged)
        if event.subject in cases or (about_person and event.subject in gone):
            late.append(event)
        elif isinstance(event, CaseWithdrawn):
            cases.add(event.subject)
            gone |= {one.id for one in persons.get(event.subject, ())}
    return tuple(late)


def _in_order(events: Sequence[Event]) -> list[tuple[int, Event]]:
    """Return the events as they happened, each with its place in the file."""
    return sorted(enumerate(events), key=lambda one: one[1].at)


def _doubled(events: Sequence[Event]) -> Iterable[Problem]:
    first: dict[str, int] = {}
    for n, event in enumerate(events):
        if first.setdefault(event.id, n) != n:
            yield Problem(f"$[{n}].id", f"{event.id} is the id of $[{first[event.id]}] already")


_SECTIONS = {
    name: section
    for name, one in World.model_fields.items()
    if isinstance(section := next(iter(get_args(one.annotation)), None), type)
    and issubclass(section, BaseModel)
}
"""The lists of a world with what they hold."""


def _keyed(parts: Iterable[Any]) -> dict[str, Any]:
    return {getattr(part, "id", str(n)): part for n, part in enumerate(parts)}


@dataclass
class _Changing:
    """The parts of a world while events are applied to it, by section and id.

    ``written`` holds what an event wrote: section, id and the path within the part, with the path
    of the event; so a problem with it is told where it came from.
    """

    world: World
    register: Register
    parts: dict[str, dict[str, Any]]
    now: datetime
    written: dict[tuple[str, str, str], str] = field(default_factory=dict)
    moments: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def pass_to(self, moment: datetime, path: str) -> None:
        """Let time pass up to ``moment``, which stands at ``path``, where that is later."""
        if moment > self.now:
            self.now = moment
            self.moments = dict.fromkeys(("$.asOf", "$.rulesDate"), path)

    def apply(self, path: str, event: Event) -> None:
        """Change the parts that ``event``, which stands at ``path``, is about."""
        match event:
            case FactChanged():
                for name, fact in event.value.items():
                    self._answer(path, event.subject, name, fact)
            case DocumentChanged():
                self._document(path, event)
            case TriggerAdded():
                if (case := self._known(path, ("cases",), event.subject)) is not None:
                    triggers = (*case.triggers, event.value)
                    self._put("cases", case, triggers=triggers)
                    self.note(case, f".triggers[{len(case.triggers)}]", f"{path}.value")
            case ResourceAway():
                if (one := self._known(path, ("resources", "cases"), event.subject)) is not None:
                    section = "cases" if isinstance(one, Case) else "resources"
                    self._put(section, one, away=(*one.away, event.value))
                    self.note(one, f".away[{len(one.away)}]", f"{path}.value")
            case DepartureChanged():
                if (departure := self._known(path, ("departures",), event.subject)) is not None:
                    differs = _differs(event.value)
                    self._put("departures", departure, **differs)
                    for name in differs:
                        where = "cancelled" if event.value.cancelled else name
                        self.note(departure, f".{name}", f"{path}.value.{where}")
            case CapacityChanged():
                if (facility := self._known(path, ("facilities",), event.subject)) is not None:
                    self._put_nights(path, facility, event.value)
            case CaseWithdrawn():
                if (case := self._known(path, ("cases",), event.subject)) is not None:
                    self._withdraw(case)
            case CaseAdded():
                self._add(path, event.value)

    def _known(self, path: str, sections: Sequence[str], name: str) -> Any:
        """Return the part of that id; None, and a problem, where there is none."""
        for section in sections:
            if name in self.parts[section]:
                return self.parts[section][name]
        known = [one for section in sections for one in self.parts[section]]
        kind = " or ".join(_SECTIONS[section].__name__.lower() for section in sections)
        self._unknown(f"{path}.subject", kind, name, known)
        return None

    def _unknown(self, path: str, kind: str, name: str, known: Collection[str]) -> None:
        self.problems.append(Problem(path, f"there is no {kind} {name}{maybe(name, known)}"))

    def _put(self, section: str, part: Part, **values: object) -> None:
        self.parts[section][part.id] = part.model_copy(update=values)  # type: ignore[attr-defined]

    def note(self, part: Part, below: str, source: str) -> None:
        """Remember that what lies ``below`` a part was written by what stands at ``source``."""
        section = next(name for name, kind in _SECTIONS.items() if isinstance(part, kind))
        self.written[section, part.id, below] = source  # type: ignore[attr-defined]

    def _put_nights(self, path: str, facility: Facility, nights: dict[date, int]) -> None:
        known = days(self.world.grid, self.world.location[facility.location].timezone)
        for night in nights:
            where = f"{path}.value{step(night.isoformat())}"
            last = known[-1] if night <= known[-1] else known[-1] + self._longest_stay
            if not known[0] <= night <= last:
                says = f"is no night from {known[0]} to {last}, those of the horizon and its stays"
                self.problems.append(Problem(where, says))
            self.note(facility, f".nights{step(night.isoformat())}", where)
        self._put("facilities", facility, nights=facility.nights | nights)

    @property
    def _longest_stay(self) -> timedelta:
        """How far a stay that begins in the horizon reaches beyond it."""
        stays = (
            rule.stay
            for case in self.world.cases
            if case.operation == "placement"
            for _, rule in self.register.declarations(self.world, case, "placement")
            if isinstance(rule, Nights)
        )
        return timedelta(days=max((one for one in stays if one is not None), default=0))

    def _person(self, path: str, name: str) -> tuple[Case, int] | None:
        """Return the case of a person and which of its persons it is."""
        persons = {
            person.id: (case, n)
            for case in self.parts["cases"].values()
            for n, person in enumerate(case.persons)
        }
        if name not in persons:
            self._unknown(f"{path}.subject", "person", name, persons.keys())
        return persons.get(name)

    def _put_person(self, case: Case, n: int, **values: object) -> None:
        persons: list[Person] = [*case.persons]
        persons[n] = persons[n].model_copy(update=values)
        self._put("cases", case, persons=tuple(persons))

    def _answer(self, path: str, subject: str, name: str, fact: Fact) -> None:
        known = self.register.facts
        where = f"{path}.value{step(name)}"
        if name not in known:
            says = f"is no fact that a constraint reads{maybe(name, known)}"
            self.problems.append(Problem(where, says))
        elif known[name].of == "case":
            if (case := self._known(path, ("cases",), subject)) is not None:
                self._put("cases", case, facts=case.facts | {name: fact})
                self.note(case, f".facts{step(name)}", where)
        elif (found := self._person(path, subject)) is not None:
            case, n = found
            self._put_person(case, n, facts=case.persons[n].facts | {name: fact})
            self.note(case, f".persons[{n}].facts{step(name)}", where)

    def _document(self, path: str, event: DocumentChanged) -> None:
        found = self._person(path, event.subject)
        if found is not None:
            case, n = found
            new, old = event.value, case.persons[n].documents
            place = next((m for m, one in enumerate(old) if one.kind == new.kind), len(old))
            others = (one for one in old[place:] if one.kind != new.kind)
            self._put_person(case, n, documents=(*old[:place], new, *others))
            self.note(case, f".persons[{n}].documents[{place}]", f"{path}.value")

    def _withdraw(self, case: Case) -> None:
        """Release what has not begun; the case goes too, or is left with the legs that have."""
        bookings: dict[str, Booking] = self.parts["bookings"]
        mine = [one for one in bookings.values() if one.case == case.id]
        done = [one for one in mine if one.claims and begun(one, self.now)]
        self.parts["bookings"] = {
            name: one for name, one in bookings.items() if one not in mine or one in done
        }
        if not done:
            del self.parts["cases"][case.id]
            return
        legs = {one.operation for one in done}
        operation = next(name for name, asked in LEGS.items() if legs == {*asked})
        acts = {act for leg in legs for act in ACTS[leg]}
        attendees = tuple(one for one in case.attendees if {one.from_, one.until} <= acts)
        self._put("cases", case, operation=operation, attendees=attendees)

    def _add(self, path: str, case: Case) -> None:
        if case.id in self.parts["cases"]:
            says = f"{case.id} is the id of a case already"
            self.problems.append(Problem(f"{path}.value.id", says))
        else:
            self.parts["cases"][case.id] = case
            self.note(case, "", f"{path}.value")

    def world_from(self, world: World) -> World:
        """Return ``world`` with the parts as they are now; EventError when it is none."""
        new = {name: tuple(parts.values()) for name, parts in self.parts.items()}
        new = {name: parts for name, parts in new.items() if parts != getattr(world, name)}
        fields = {name: getattr(world, name) for name in World.model_fields} | new
        fields["as_of"] = self.now
        sources = dict(self.moments)
        paths: dict[str, list[tuple[str, Any]]] = {}
        for section, parts in self.parts.items():
            paths[section] = [(f"$.{section}[{n}]", one) for n, one in enumerate(parts.values())]
            where = dict(zip(parts, paths[section], strict=True))
            for (mine, name, below), source in self.written.items():
                if mine == section and name in where:
                    sources[where[name][0] + below] = source
        ids = {
            section: [(path, one.id) for path, one in parts if hasattr(one, "id")]
            for section, parts in paths.items()
        }
        ids["countries"] = [(path, one.country) for path, one in paths["locations"]]
        draft = Draft(parts=fields, paths=paths, ids=ids)
        found = [
            *self.problems,
            *(
                Problem(_source(one.path, sources), one.says)
                for one in inconsistencies(draft, self.register)
            ),
        ]
        if found:
            raise EventError(found)
        return world.but(as_of=self.now, **new)


def _source(path: str, sources: dict[str, str]) -> str:
    """Return the path in the events of what is wrong in the world, as it is where none wrote it."""
    for end in sorted(sources, key=len, reverse=True):
        if path.startswith(end) and path[len(end) : len(end) + 1] in {"", ".", "["}:
            return sources[end] + path[len(end) :]
    return path


def _differs(change: DepartureChange) -> dict[str, object]:
    if change.cancelled:
        return {"seats": Seats(), "team": ()}
    asked = ("departs", "arrives", "seats")
    return {name: value for name in asked if (value := getattr(change, name)) is not None}
