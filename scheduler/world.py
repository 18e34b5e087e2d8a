"""The world: an immutable snapshot of everything a plan rests on.

The parts check themselves; what only shows between parts (dangling ids, overlapping shifts) is
checked in :mod:`scheduler.loading`, which reads a file and reports every problem at once.
"""

import hashlib
import json
from collections.abc import Collection, Hashable, Iterable
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Annotated, Any, Literal, Self

import networkx as nx
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    NaiveDatetime,
    model_validator,
)
from pydantic.alias_generators import to_camel

from scheduler.grid import Grid, Stretch, instant_in

Operation = Literal["placement", "removal", "placement-and-removal"]
Leg = Literal["placement", "removal"]

LEGS: dict[Operation, tuple[Leg, ...]] = {
    "placement": ("placement",),
    "removal": ("removal",),
    "placement-and-removal": ("placement", "removal"),
}
ACTS: dict[Leg, tuple[str, ...]] = {
    "placement": ("pick-up", "intake", "hearing", "transfer", "arrival"),
    "removal": ("transport", "delivery", "hand-over", "departure"),
}
"""What happens in each leg, in order. A template's phases hold these acts, one or several each;
partners attend acts, so no template can leave a partner out."""
PERSON = "person"
"""The role of the case's own timeline: whoever leaves must be there, once at a time."""

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
CaseId = Annotated[Id, Field(max_length=64)]
"""Shorter, for bookings are named after their case."""
Tag = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=40)]
Instant = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]
Minutes = Annotated[int, Field(ge=0, le=60 * 24 * 7)]


class Part(BaseModel):
    """A frozen part of a world file: camelCase outside, unknown fields refused, nothing coerced."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class Interval(Part):
    """A half-open stretch of time in instants."""

    from_: Instant = Field(alias="from")
    until: Instant

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.until <= self.from_:
            raise ValueError(f"ends at {self.until.isoformat()}, which is not after its start")
        return self

    @property
    def stretch(self) -> Stretch:
        """The interval as a pair of instants."""
        return self.from_, self.until


class Shift(Part):
    """A half-open stretch on the wall clock of the resource's home."""

    from_: NaiveDatetime = Field(alias="from")
    until: NaiveDatetime

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.until <= self.from_:
            raise ValueError(f"ends at {self.until.isoformat()}, which is not after its start")
        return self


class Horizon(Part):
    """The grid: ``slots`` slots of ``slotMinutes`` minutes from ``start``."""

    start: Instant
    slot_minutes: Literal[5, 10, 15, 20, 30, 60] = 15
    slots: Annotated[int, Field(ge=1, le=20_000)]


class Location(Part):
    """A real place. ``holidays`` names the public holidays kept there (ISO country code)."""

    id: Id
    kind: Tag
    region: str = Field(max_length=80)
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    timezone: str = Field(max_length=60)
    holidays: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None


class Road(Part):
    """A stretch that can be driven both ways in ``minutes``; drives follow the shortest path."""

    from_: Id = Field(alias="from")
    to: Id
    minutes: Annotated[int, Field(ge=1, le=1440)]


class Resource(Part):
    """A person, vehicle or room of a partner. ``remote``: can also attend by telephone.

    ``label`` is what a planner calls it and plays no part in planning: it is shown to planners and
    the colleague's own organisation only, and never logged.
    """

    id: Id
    label: str | None = Field(default=None, min_length=1, max_length=60)
    role: Tag
    home: Id
    languages: tuple[Tag, ...] = ()
    skills: tuple[Tag, ...] = ()
    capacity: Annotated[int, Field(ge=1, le=500)] = 1
    remote: bool = False
    shifts: tuple[Shift, ...] = ()
    away: tuple[Interval, ...] = ()

    @cached_property
    def abilities(self) -> frozenset[str]:
        """Languages and skills together."""
        return frozenset(self.languages) | frozenset(self.skills)


class Facility(Part):
    """A detention facility; ``places`` free for us each night, ``nights`` where it differs."""

    id: Id
    location: Id
    categories: tuple[Tag, ...] = Field(min_length=1)
    places: Annotated[int, Field(ge=0, le=5000)]
    nights: dict[date, Annotated[int, Field(ge=0, le=5000)]] = {}

    def places_on(self, night: date) -> int:
        """Return the places free on the night that begins in the evening of ``night``."""
        return self.nights.get(night, self.places)


class Seats(Part):
    """Seats for persons who leave, by kind."""

    unescorted: Annotated[int, Field(ge=0, le=500)] = 0
    escorted: Annotated[int, Field(ge=0, le=500)] = 0

    def of(self, kind: str) -> int:
        """Return the seats of ``kind`` (``unescorted`` or ``escorted``)."""
        return self.escorted if kind == "escorted" else self.unescorted


class Quota(Part):
    """How many of a charter's seats, of both kinds together, persons from one country may take."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    seats: Annotated[int, Field(ge=0, le=500)]


class Departure(Part):
    """A scheduled flight, a charter with its own team, or a road transfer.

    A charter with ``quotas`` takes persons from those countries only; together they may be more
    than its seats.
    """

    id: Id
    kind: Literal["scheduled", "charter", "road"]
    carrier: Tag | None = None
    number: str | None = Field(default=None, max_length=20)
    from_: Id = Field(alias="from")
    destination: Id
    departs: Instant
    arrives: Instant
    seats: Seats
    charter: Literal["national", "joint", "collecting"] | None = None
    team: tuple[Id, ...] = ()
    quotas: tuple[Quota, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wrong = []
        if self.arrives <= self.departs:
            wrong.append("arrives before it departs")
        if self.kind == "scheduled" and (self.carrier is None or self.number is None):
            wrong.append("a scheduled departure names its carrier and number")
        if (self.kind == "charter") != (self.charter is not None):
            wrong.append("a charter, and only a charter, says which kind of charter it is")
        if self.kind != "charter" and self.team:
            wrong.append("only a charter brings a team")
        if self.kind != "charter" and self.quotas:
            wrong.append("only a charter has quotas")
        if len({one.country for one in self.quotas}) < len(self.quotas):
            wrong.append("a country has two quotas")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def minutes(self) -> int:
        """Duration from departure to arrival, in whole minutes rounded up."""
        return -(-int((self.arrives - self.departs).total_seconds()) // 60)


class Wait(Part):
    """The wait after the previous phase (its drive included apart), in minutes."""

    min: Minutes = 0
    max: Minutes = 0

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max < self.min:
            raise ValueError(f"max {self.max} is below min {self.min}")
        return self


class Nearest(Part):
    """The ``nearest`` locations of a ``kind``, by drive from the case's location."""

    kind: Tag
    nearest: Annotated[int, Field(ge=1, le=5)] = 1


class Phase(Part):
    """A stretch of a leg at one place; ``minutes`` is None for the departure itself."""

    id: Tag
    acts: tuple[Tag, ...] = Field(min_length=1)
    place: Literal["case", "facility", "origin", "aboard"] | Nearest
    minutes: Annotated[int, Field(ge=1, le=1440)] | None
    wait: Wait = Wait()


class Template(Part):
    """The phases of a leg, hung on its start or on its departure, which is one of ``kinds``."""

    id: Id
    operation: Leg
    anchor: Literal["start", "departure"]
    phases: tuple[Phase, ...] = Field(min_length=1, max_length=12)
    kinds: tuple[Literal["scheduled", "charter", "road"], ...] = ("scheduled", "charter", "road")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        wrong = []
        acts = tuple(act for phase in self.phases for act in phase.acts)
        if acts != ACTS[self.operation]:
            wrong.append(f"its acts are {list(acts)}, allowed is {list(ACTS[self.operation])}")
        if self.anchor != ("start" if self.operation == "placement" else "departure"):
            wrong.append(f"a {self.operation} cannot hang on its {self.anchor}")
        if len({phase.id for phase in self.phases}) < len(self.phases):
            wrong.append("two phases have the same id")
        for phase in self.phases:
            if (phase.minutes is None) != (phase.acts == ("departure",)):
                wrong.append(
                    f"phase {phase.id}: only the departure takes its length from the flight"
                )
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def phase_of(self, act: str) -> int:
        """Return the index of the phase that holds ``act``."""
        return next(n for n, phase in enumerate(self.phases) if act in phase.acts)

    def run_of(self, act: str) -> int:
        """Return the first phase of the run that holds ``act``: phases without play between."""
        phase = self.phase_of(act)
        while phase > 0 and self.phases[phase].wait.min == self.phases[phase].wait.max:
            phase -= 1
        return phase


class Fact(Part):
    """An answer and its provenance. ``expected`` is a hope, never an opening."""

    value: Literal["yes", "no", "unknown"]
    since: date | None = None
    expected: date | None = None
    source: str | None = Field(default=None, max_length=120)


class Document(Part):
    """A travel document; without ``validUntil`` its validity is unknown."""

    kind: Tag
    valid_from: date | None = None
    valid_until: date | None = None
    expected: date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError(f"is valid until {self.valid_until}, before it is valid")
        return self


class Person(Part):
    """One person of a case, under a pseudonymous key."""

    id: Id
    category: Tag
    languages: tuple[Tag, ...] = Field(default=(), max_length=12)
    documents: tuple[Document, ...] = ()
    facts: dict[str, Fact] = {}
    escorts: Annotated[int, Field(ge=0, le=6)] = 0


class Detention(Part):
    """The ground of detention, imposed or intended (``imposedAt`` absent)."""

    ground: Literal["6", "59-1", "59-2", "59a", "59b"]
    imposed_at: Instant | None = None


class Trigger(Part):
    """A dated event that starts a clock, such as the acceptance of a transfer."""

    kind: Tag
    at: Instant


class Attendee(Part):
    """A named resource that must be there from one act to another."""

    resource: Id
    from_: Tag = Field(alias="from")
    until: Tag


MOST_REFUSED = 100
"""Facilities and departures that a case remembers to have refused it."""


class Case(Part):
    """One person or one family that is to leave together.

    ``refused`` names the facilities that will not take it, and the departures on which the carrier
    or the commander will not.
    """

    id: CaseId
    operation: Operation
    location: Id
    destination: str = Field(min_length=2, max_length=80)
    persons: tuple[Person, ...] = Field(min_length=1, max_length=20)
    facts: dict[str, Fact] = {}
    regime: Literal["dublin-iii", "ammr"] | None = None
    detention: Detention | None = None
    triggers: tuple[Trigger, ...] = ()
    weight: Annotated[int, Field(ge=1, le=1000)] = 1
    earliest: Instant | None = None
    latest: Instant | None = None
    assigned_officer: Id | None = None
    attendees: tuple[Attendee, ...] = Field(default=(), max_length=8)
    away: tuple[Interval, ...] = ()
    templates: tuple[Id, ...] = ()
    refused: tuple[Id, ...] = Field(
        default=(), max_length=MOST_REFUSED, exclude_if=lambda refused: not refused
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        wrong = []
        if self.earliest and self.latest and self.latest <= self.earliest:
            wrong.append("latest is not after earliest")
        if len(set(self.refused)) < len(self.refused):
            wrong.append("refused holds an id twice")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The legs of the case's operation, in order."""
        return LEGS[self.operation]

    def trigger(self, kind: str) -> datetime | None:
        """Return the latest moment of the trigger ``kind``, or None."""
        return max((event.at for event in self.triggers if event.kind == kind), default=None)


class BookedPhase(Part):
    """A phase of a booking: where and when."""

    id: Tag
    place: Id
    from_: Instant = Field(alias="from")
    until: Instant


class BookedAttendance(Part):
    """Who attends, from which phase on, and the whole block they are taken for, travel included."""

    phase: Tag
    role: Tag
    resources: tuple[Id, ...]
    from_: Instant = Field(alias="from")
    until: Instant


class Booking(Part):
    """One leg of a case, with everyone and everything it claims."""

    id: Id
    case: Id
    operation: Leg
    status: Literal["proposed", "held", "confirmed", "executed", "cancelled"] = "proposed"
    follows: Id | None = None
    template: Id
    phases: tuple[BookedPhase, ...] = Field(min_length=1)
    attendances: tuple[BookedAttendance, ...] = ()
    facility: Id | None = None
    nights: tuple[date, ...] = ()
    departure: Id | None = None

    @property
    def start(self) -> datetime:
        """When its first phase begins."""
        return self.phases[0].from_

    @property
    def end(self) -> datetime:
        """When its last phase ends."""
        return self.phases[-1].until

    @property
    def claims(self) -> bool:
        """Whether it takes people, places and seats."""
        return self.status != "cancelled"


class World(Part):
    """An immutable snapshot with ``asOf`` as now. Everything a plan depends on is in it.

    Nobody is sent further than ``longestDrive`` minutes in one drive; absent: as far as roads lead.
    """

    schema_version: Literal[1]
    as_of: Instant
    horizon: Horizon
    rules_date: date
    locations: tuple[Location, ...] = ()
    roads: tuple[Road, ...] = ()
    longest_drive: Annotated[int, Field(ge=1, le=1440)] | None = None
    resources: tuple[Resource, ...] = ()
    facilities: tuple[Facility, ...] = ()
    departures: tuple[Departure, ...] = ()
    templates: tuple[Template, ...] = ()
    cases: tuple[Case, ...] = ()
    bookings: tuple[Booking, ...] = ()

    def but(self, **parts: Any) -> Self:
        """Return this world at another moment or with other parts, of those that can be replaced.

        What follows from the parts that stay is not worked out again.
        """
        made = self.model_copy(update=parts)
        for name in ("fingerprint", "_memos", *(one for part in parts for one in _FOLLOWS[part])):
            made.__dict__.pop(name, None)
        made.__dict__["_texts"] = self._texts
        return made

    @cached_property
    def booked(self) -> dict[str, tuple[Booking, ...]]:
        """The bookings by case, of those that have any."""
        found: dict[str, list[Booking]] = {}
        for one in self.bookings:
            found.setdefault(one.case, []).append(one)
        return {case: tuple(mine) for case, mine in found.items()}

    @cached_property
    def _memos(self) -> dict[int, tuple[object, dict[Hashable, Any]]]:
        return {}

    def memo(self, owner: object) -> dict[Hashable, Any]:
        """Return where ``owner`` keeps what it worked out of this very world."""
        known = self._memos.get(id(owner))
        if known is None or known[0] is not owner:
            known = self._memos[id(owner)] = owner, {}
        return known[1]

    def __getstate__(self) -> dict[Any, Any]:
        """Leave behind what was worked out: identities mean nothing in another process."""
        state = super().__getstate__()
        kept = {
            name: one for name, one in state["__dict__"].items() if name not in {"_memos", "_texts"}
        }
        return state | {"__dict__": kept}

    @cached_property
    def grid(self) -> Grid:
        """The horizon as a grid."""
        return Grid(self.horizon.start, self.horizon.slot_minutes, self.horizon.slots)

    @cached_property
    def location(self) -> dict[str, Location]:
        """Locations by id."""
        return _by_id(self.locations)

    @cached_property
    def resource(self) -> dict[str, Resource]:
        """Resources by id; each case is one too, so that nobody is in two places at a time."""
        persons = (
            Resource(id=case.id, role=PERSON, home=case.location, remote=True, away=case.away)
            for case in self.cases
        )
        return _by_id((*self.resources, *persons))

    @cached_property
    def facility(self) -> dict[str, Facility]:
        """Facilities by id."""
        return _by_id(self.facilities)

    @cached_property
    def departure(self) -> dict[str, Departure]:
        """Departures by id."""
        return _by_id(self.departures)

    @cached_property
    def template(self) -> dict[str, Template]:
        """Templates by id."""
        return _by_id(self.templates)

    @cached_property
    def case(self) -> dict[str, Case]:
        """Cases by id."""
        return _by_id(self.cases)

    @cached_property
    def roles(self) -> dict[str, tuple[Resource, ...]]:
        """Resources by role, persons who leave not included."""
        roles: dict[str, list[Resource]] = {}
        for resource in self.resources:
            roles.setdefault(resource.role, []).append(resource)
        return {role: tuple(members) for role, members in roles.items()}

    @cached_property
    def _drives(self) -> dict[str, dict[str, int]]:
        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(self.location)
        for road in self.roads:
            known = graph.get_edge_data(road.from_, road.to, {"minutes": road.minutes})["minutes"]
            graph.add_edge(road.from_, road.to, minutes=min(known, road.minutes))
        drives = nx.all_pairs_dijkstra_path_length(
            graph, cutoff=self.longest_drive, weight="minutes"
        )
        return {
            origin: {place: round(minutes) for place, minutes in reached.items()}
            for origin, reached in drives
        }

    def drive(self, origin: str, destination: str) -> int | None:
        """Return the minutes of the shortest drive; None where it is too far or no road leads."""
        return self._drives[origin].get(destination)

    def reach(self, origin: str) -> Collection[str]:
        """Return the locations to which :meth:`drive` leads from ``origin``, itself included."""
        return self._drives[origin].keys()

    def nearest(self, near: Nearest, origin: str) -> tuple[str, ...]:
        """Return the locations of a kind that are nearest to ``origin``, as many as asked."""
        known = self._nearest.get((near, origin))
        if known is None:
            reached = sorted(
                (minutes, place)
                for place, minutes in self._drives[origin].items()
                if self.location[place].kind == near.kind
            )
            known = tuple(place for _, place in reached[: near.nearest])
            self._nearest[near, origin] = known
        return known

    @cached_property
    def _nearest(self) -> dict[tuple[Nearest, str], tuple[str, ...]]:
        return {}

    def duty(self, resource: Resource) -> tuple[Stretch, ...]:
        """Return when ``resource`` is at work, ``away`` not yet taken off, in instants.

        A person who leaves has no roster: the whole horizon, less their own appointments.
        """
        if resource.role == PERSON:
            return ((self.grid.start, self.grid.end),)
        zone = self.location[resource.home].timezone
        stretches = (
            (instant_in(one.from_, zone, opens=True), instant_in(one.until, zone, opens=False))
            for one in resource.shifts
        )
        return tuple((first, until) for first, until in stretches if first < until)

    @cached_property
    def team_duties(self) -> dict[str, tuple[Stretch, ...]]:
        """When charters take their own team: there and, as long again, back home."""
        duties: dict[str, list[Stretch]] = {}
        for one in self.departures:
            for member in one.team:
                back = one.arrives + (one.arrives - one.departs)
                duties.setdefault(member, []).append((one.departs, back))
        return {member: tuple(stretches) for member, stretches in duties.items()}

    def departures_to(self, destination: str) -> tuple[Departure, ...]:
        """Return the departures that end in ``destination``, a location or a country, in order."""
        return self._departures_to.get(destination, ())

    @cached_property
    def _departures_to(self) -> dict[str, tuple[Departure, ...]]:
        reached: dict[str, list[Departure]] = {}
        for departure in sorted(self.departures, key=lambda one: (one.departs, one.id)):
            country = self.location[departure.destination].country
            for name in (departure.destination, country):
                reached.setdefault(name, []).append(departure)
        return {name: tuple(group) for name, group in reached.items()}

    def template_for(self, case: Case, leg: Leg, kind: str | None = None) -> Template:
        """Return the template of ``leg``: the one the case names, else the world's first.

        ``kind`` asks for one that serves departures of that kind.
        """
        named = (self.template[one] for one in case.templates)
        return next(
            one
            for one in (*named, *self.templates)
            if one.operation == leg and (kind is None or kind in one.kinds)
        )

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the canonical JSON of this world: keys sorted, so equal worlds agree.

        Worlds that differ in labels only agree too.
        """
        told = (f'"{alias}": {self._told(name)}' for alias, name in _SORTED)
        return hashlib.sha256(f"{{{', '.join(told)}}}".encode()).hexdigest()

    def _told(self, name: str) -> str:
        """Return a part as canonical JSON, written once for all the worlds that have it."""
        part = getattr(self, name)
        known = self._texts.get(name)
        if known is None or known[0] is not part:
            unlabelled = {"resources": {"__all__": {"label"}}}
            (fields,) = self.model_dump(
                mode="json", by_alias=True, include={name}, exclude=unlabelled
            ).values()
            known = self._texts[name] = part, json.dumps(fields, sort_keys=True)
        return known[1]

    @cached_property
    def _texts(self) -> dict[str, tuple[object, str]]:
        return {}


_SORTED = sorted((one.alias or name, name) for name, one in World.model_fields.items())
"""The parts of a world, as its canonical JSON names and orders them."""
_FOLLOWS: dict[str, tuple[str, ...]] = {
    "as_of": (),
    "departures": ("departure", "_departures_to", "team_duties"),
    "facilities": ("facility",),
    "resources": ("resource", "roles"),
    "cases": ("case", "resource"),
    "bookings": ("booked",),
    "roads": ("_drives", "_nearest"),
}
"""What is kept of each part of a world that can be replaced."""


def _by_id(parts: Iterable[Any]) -> dict[str, Any]:
    return {part.id: part for part in parts}
