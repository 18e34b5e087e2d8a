"""What shows only when the parts of a world are held together: one small function per rule."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from math import prod
from zoneinfo import available_timezones

from scheduler import calendar
from scheduler.constraint import Register
from scheduler.draft import Draft, Problem, maybe, step
from scheduler.grid import instant_in, local_date
from scheduler.world import ACTS, LEGS, PERSON, Fact, Nearest

_WAYS = 500
"""The waits of one template can be chosen in at most so many ways, each a frame to plan with."""


def inconsistencies(draft: Draft, register: Register) -> Iterator[Problem]:
    """Yield every rule that the sound parts of ``draft`` break between them, or of ``register``."""
    for check in _CHECKS:
        yield from check(draft)
    for read in _READ:
        yield from read(draft, register)


def _ids(draft: Draft) -> Iterator[Problem]:
    """No two parts of a kind have one id, and that of a case or a person is no other part's at all.

    Events tell by the id alone whom they are about, and a case is a resource too. Bookings are not
    compared: they are named after their cases.
    """
    persons = (
        (f"{path}.persons[{n}]", person.id)
        for path, case in draft.of("cases")
        for n, person in enumerate(case.persons)
    )
    others: dict[str, str] = {}
    for section, ids in draft.ids.items():
        if section not in {"cases", "countries"}:
            first: dict[str, str] = {}
            yield from _doubles(ids, first)
            if section != "bookings":
                others |= first
    yield from _doubles((*draft.ids.get("cases", ()), *persons), others)


def _doubles(ids: Iterable[tuple[str, str]], first: dict[str, str]) -> Iterator[Problem]:
    """Yield the ids that are there already, and note the others with where they are ``first``."""
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
    "facility or departure": ("facilities", "departures"),
    "template": ("templates",),
    "case": ("cases",),
    "booking": ("bookings",),
}


def _dangling(draft: Draft) -> Iterator[Problem]:
    known = {
        kind: draft.known(sections)
        for kind, sections in _SECTIONS_OF.items()
        if not draft.lost & set(sections)
    }
    for path, name, kind in _references(draft):
        if name is not None and kind in known and name not in known[kind]:
            yield Problem(path, f"there is no {kind} {name}{maybe(name, known[kind])}")


def _references(draft: Draft) -> Iterator[tuple[str, str | None, str]]:
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
        for n, name in enumerate(one.refused):
            yield f"{path}.refused[{n}]", name, "facility or departure"
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


def _places(draft: Draft) -> Iterator[Problem]:
    for path, one in draft.of("locations"):
        if one.timezone not in _zones():
            hint = maybe(one.timezone, _zones())
            yield Problem(f"{path}.timezone", f"there is no time zone {one.timezone}{hint}")
        if one.holidays is not None and not calendar.knows(one.holidays):
            yield Problem(f"{path}.holidays", f"no public holidays are known for {one.holidays}")


def _roles(draft: Draft) -> Iterator[Problem]:
    for path, one in draft.of("resources"):
        if one.role == PERSON:
            yield Problem(f"{path}.role", f"cannot be {PERSON}, the role of whoever leaves")


def _shifts(draft: Draft) -> Iterator[Problem]:
    for path, one in draft.of("resources"):
        until = datetime.min
        for n, shift in sorted(enumerate(one.shifts), key=lambda numbered: numbered[1].from_):
            if shift.from_ < until:
                yield Problem(f"{path}.shifts[{n}]", f"begins before a shift ends at {until}")
            until = max(until, shift.until)


def _jumps(draft: Draft) -> Iterator[Problem]:
    """A shift inside the hour that a clock skips or repeats is no time at all."""
    zones = {one.id: one.timezone for _, one in draft.of("locations") if one.timezone in _zones()}
    for path, one in draft.of("resources"):
        for n, shift in enumerate(one.shifts) if one.home in zones else ():
            if _empty(shift.from_, shift.until, zones[one.home]):
                yield Problem(f"{path}.shifts[{n}]", "is empty, for the clock jumps in it")


@lru_cache(maxsize=65536)
def _empty(first: datetime, until: datetime, zone: str) -> bool:
    """Return whether no time is left, which is asked of the same shifts again and again."""
    return instant_in(first, zone, opens=True) >= instant_in(until, zone, opens=False)


def _horizon(draft: Draft) -> Iterator[Problem]:
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


def _journeys(draft: Draft) -> Iterator[Problem]:
    for section, last in (("roads", "to"), ("departures", "destination")):
        for path, one in draft.of(section):
            if one.from_ == getattr(one, last):
                yield Problem(f"{path}.{last}", f"{one.from_} is where it comes from")


def _reach(draft: Draft) -> Iterator[Problem]:
    """In a world with roads, one leads to everybody."""
    if "roads" in draft.broken or not draft.of("roads"):
        return
    linked = {end for _, one in draft.of("roads") for end in (one.from_, one.to)}
    for path, one in draft.of("cases"):
        if one.location in draft.known(["locations"]) - linked:
            yield Problem(f"{path}.location", f"no road leads to {one.location}")


def _phases(draft: Draft) -> Iterator[Problem]:
    if "locations" in draft.broken:
        return
    kinds = {one.kind for _, one in draft.of("locations")}
    for path, one in draft.of("templates"):
        for n, phase in enumerate(one.phases):
            place = phase.place
            if isinstance(place, Nearest) and place.kind not in kinds:
                hint = maybe(place.kind, kinds)
                yield Problem(
                    f"{path}.phases[{n}].place.kind", f"no location is a {place.kind}{hint}"
                )


def _waits(draft: Draft) -> Iterator[Problem]:
    """A wait is one of whole slots, and those of a template leave few enough ways to choose."""
    horizon = draft.parts.get("horizon")
    if horizon is None:
        return
    slot = horizon.slot_minutes
    for path, one in draft.of("templates"):
        play = [phase.wait.max // slot + -phase.wait.min // slot + 1 for phase in one.phases[1:]]
        for n, ways in enumerate(play, start=1):
            if ways < 1:
                yield Problem(f"{path}.phases[{n}].wait", f"is of no whole slots of {slot} minutes")
        if prod(play) > _WAYS:
            yield Problem(path, f"its waits can be chosen in {prod(play)} ways, allowed is {_WAYS}")


def _stations(draft: Draft) -> Iterator[Problem]:
    """A leg begins where the person is, and has an airport or border only with its departure."""
    for path, one in draft.of("templates"):
        for n, phase in enumerate(one.phases):
            place = "nearest" if isinstance(phase.place, Nearest) else phase.place
            allowed = ["case", "nearest"]
            if phase.acts == ("departure",):
                allowed = ["aboard"]
            elif n > 0:
                allowed.append("facility" if one.operation == "placement" else "origin")
            if place not in allowed:
                yield Problem(
                    f"{path}.phases[{n}].place",
                    f"cannot be {place}, allowed is {', '.join(allowed)}",
                )


def _templates(draft: Draft) -> Iterator[Problem]:
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


def _acts(draft: Draft) -> Iterator[Problem]:
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


def _blocks(draft: Draft) -> Iterator[Problem]:
    """What is booked takes time, forwards."""
    for path, one in draft.of("bookings"):
        for name in ("phases", "attendances"):
            for n, block in enumerate(getattr(one, name)):
                if block.until <= block.from_:
                    yield Problem(
                        f"{path}.{name}[{n}]",
                        f"ends at {block.until.isoformat()}, which is not after its start",
                    )


_CHECKS: tuple[Callable[[Draft], Iterator[Problem]], ...] = (
    _ids,
    _dangling,
    _places,
    _roles,
    _shifts,
    _jumps,
    _horizon,
    _journeys,
    _reach,
    _phases,
    _waits,
    _stations,
    _templates,
    _acts,
    _blocks,
)


def _facts(draft: Draft, register: Register) -> Iterator[Problem]:
    """Facts that no constraint reads would be lost without a word."""
    facts = register.facts
    for where, of, answered, _ in _answered(draft):
        for name in answered:
            if name not in facts:
                hint = maybe(name, facts)
                yield Problem(where + step(name), f"is no fact that a constraint reads{hint}")
            elif facts[name].of != of:
                yield Problem(where + step(name), f"is a fact of a {facts[name].of}")


def _answers(draft: Draft, _register: Register) -> Iterator[Problem]:
    """Nobody answers before the answer is there."""
    for where, _, answered, today in _answered(draft):
        for name, fact in answered.items():
            if (
                fact.value != "unknown"
                and today is not None
                and fact.since is not None
                and fact.since > today
            ):
                yield Problem(
                    f"{where}{step(name)}.since",
                    f"{fact.since} is after {today}, the day of asOf; maybe expected",
                )


def _answered(draft: Draft) -> Iterator[tuple[str, str, dict[str, Fact], date | None]]:
    """Yield the path of all facts, of what they are, the answers, and the local day of ``asOf``."""
    as_of = draft.parts.get("as_of")
    zones = {one.id: one.timezone for _, one in draft.of("locations") if one.timezone in _zones()}
    for path, case in draft.of("cases"):
        zone = zones.get(case.location)
        today = local_date(as_of, zone) if as_of and zone else None
        yield f"{path}.facts", "case", case.facts, today
        for n, person in enumerate(case.persons):
            yield f"{path}.persons[{n}].facts", "person", person.facts, today


def _triggers(draft: Draft, register: Register) -> Iterator[Problem]:
    """Events that no constraint reads would be lost, and most cannot lie ahead."""
    as_of = draft.parts.get("as_of")
    for path, case in draft.of("cases"):
        for n, event in enumerate(case.triggers):
            where, kind = f"{path}.triggers[{n}]", register.triggers.get(event.kind)
            if kind is None:
                says = f"{event.kind} is no trigger that a constraint reads"
                yield Problem(f"{where}.kind", says + _allowed(event.kind, register.triggers))
            elif not kind.ahead and as_of is not None and event.at > as_of:
                yield Problem(
                    f"{where}.at",
                    f"{event.at.isoformat()} is after asOf, and {kind.id} cannot lie ahead",
                )


def _categories(draft: Draft, register: Register) -> Iterator[Problem]:
    """Whoever is of no known category would slip past the rules for minors and families."""
    if not register.categories:
        return
    for path, case in draft.of("cases"):
        for n, person in enumerate(case.persons):
            if person.category not in register.categories:
                says = f"{person.category} is no category of a person"
                yield Problem(
                    f"{path}.persons[{n}].category",
                    says + _allowed(person.category, register.categories),
                )


def _allowed(name: str, known: Collection[str]) -> str:
    return f", allowed is {', '.join(sorted(known)) or 'none'}{maybe(name, known)}"


def _rules_date(draft: Draft, register: Register) -> Iterator[Problem]:
    """On the day whose rules are read, within a year of ``asOf``, every rule has a row in force."""
    day, as_of = draft.parts.get("rules_date"), draft.parts.get("as_of")
    if day is None:
        return
    if as_of is not None and abs(day - as_of.date()) > timedelta(days=366):
        yield Problem("$.rulesDate", f"{day} is more than a year from asOf")
        return
    in_force = {row.id for row in register.rules.on(day).rows}
    missing = {rule for one in register.constraints for rule in one.rules} - in_force
    if missing:
        rules = ", ".join(sorted(missing))
        yield Problem("$.rulesDate", f"on {day} no row is in force of {rules}")


_READ: tuple[Callable[[Draft, Register], Iterator[Problem]], ...] = (
    _facts,
    _answers,
    _triggers,
    _categories,
    _rules_date,
)
