"""A setting and a register as a scenario has them: its capacities, figures and buffers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import cycle, islice
from math import ceil
from typing import Any

from scheduler.constraint import (
    After,
    Attendance,
    Constraint,
    Declaration,
    Due,
    Inside,
    Register,
    Subject,
)
from scheduler.draft import Problem, maybe
from scheduler.rule import RuleTable
from scheduler.simulation.profile import Setting, weights
from scheduler.simulation.scenario import Among, Capacity, Of, Scenario
from scheduler.world import Departure, Facility, Resource, Seats, World


def world_under(scenario: Scenario, world: World) -> World:
    """Return ``world`` with the capacities of ``scenario``, applied in their order."""
    team = {member for one in world.departures for member in one.team}
    resources, facilities, departures = world.resources, world.facilities, world.departures
    for one in scenario.capacities:
        if one.resources is not None:
            mine = [each for each in resources if _among(one.resources, each, world, team)]
            resources = tuple(_staffed(one, resources, mine, world))
        elif one.facility is not None:
            facilities = tuple(
                _housed(one, each) if each.id == one.facility else each for each in facilities
            )
        else:
            departures = tuple(
                _seated(one, each) if each.kind == one.departures else each for each in departures
            )
    parts = {"resources": resources, "facilities": facilities, "departures": departures}
    return world.but(**{k: v for k, v in parts.items() if v is not getattr(world, k)})


def _count(capacity: Capacity, count: int) -> int:
    return max(ceil(count * Fraction(str(capacity.times))) + capacity.plus, 0)


def _among(among: Among, one: Resource, world: World, team: set[str]) -> bool:
    """Return whether a resource is meant: the team of a charter comes with it, and never is."""
    return (
        one.id not in team
        and among.role in (None, one.role)
        and among.region in (None, world.location[one.home].region)
        and (among.language is None or among.language in one.abilities)
    )


def _staffed(
    capacity: Capacity, resources: Sequence[Resource], mine: Sequence[Resource], world: World
) -> Iterator[Resource]:
    """Yield the resources with more like ``mine``, or with the last of them never at work.

    More are at work as ``mine`` are in ``world``, even where a capacity before left them idle.
    """
    wanted = _count(capacity, len(mine))
    idle = {one.id for one in mine[wanted:]}
    for one in resources:
        yield one.model_copy(update={"shifts": ()}) if one.id in idle else one
    taken = {one.id for one in resources}
    for one in islice(cycle(mine), max(wanted - len(mine), 0)):
        number = next(n for n in range(2, len(taken) + wanted + 2) if f"{one.id}.{n}" not in taken)
        taken.add(f"{one.id}.{number}")
        at_work = world.resource.get(one.id, one)
        yield at_work.model_copy(update={"id": f"{one.id}.{number}"})


def _housed(capacity: Capacity, facility: Facility) -> Facility:
    nights = {night: _count(capacity, places) for night, places in facility.nights.items()}
    places = _count(capacity, facility.places)
    return facility.model_copy(update={"places": places, "nights": nights})


def _seated(capacity: Capacity, departure: Departure) -> Departure:
    had = departure.seats
    seats = Seats(
        unescorted=_count(capacity, had.unescorted), escorted=_count(capacity, had.escorted)
    )
    return departure.model_copy(update={"seats": seats})


def register_under(scenario: Scenario, register: Register) -> Register:
    """Return ``register`` with the figures and buffers of ``scenario``."""
    figures = {one.rule: one.figure for one in scenario.figures}
    buffers = {one.role: one.minutes for one in scenario.buffers}
    rows = tuple(
        row.model_copy(update={"figure": figures[row.id]}) if row.id in figures else row
        for row in register.rules.rows
    )

    def buffered(asked: Declaration) -> Declaration:
        if not isinstance(asked, Attendance) or asked.role not in buffers:
            return asked
        more = buffers[asked.role]
        return replace(asked, before=asked.before + more, after=asked.after + more)

    return replace(
        register,
        rules=RuleTable(rows) if figures else register.rules,
        constraints=declaring(register.constraints, lambda all_: map(buffered, all_))
        if buffers
        else register.constraints,
    )


def declaring(
    constraints: Iterable[Constraint],
    change: Callable[[Iterable[Declaration]], Iterable[Declaration]],
) -> tuple[Constraint, ...]:
    """Return the constraints, each declaring what ``change`` makes of what it declares."""

    def changed(declare: Callable[[Subject], Iterable[Declaration]]) -> Any:
        return lambda subject: change(declare(subject))

    return tuple(replace(one, declare=changed(one.declare)) for one in constraints)


def timeless(declared: Iterable[Declaration]) -> Iterator[Declaration]:
    """Leave out what depends on now, or on when a case's own clock began."""
    for one in declared:
        if not isinstance(one, After | Due) and not (isinstance(one, Inside) and one.clock):
            yield one


def problems(scenario: Scenario, setting: Setting, register: Register) -> Iterator[Problem]:
    """Yield what a scenario names that its setting and register do not know."""
    world = setting.world
    attributes: dict[str, set[str]] = {}
    for profile in setting.profiles:
        for name, value in profile.attributes.items():
            attributes.setdefault(name, set()).add(value)
    spreads = "$.spreads"
    found: list[Problem] = []
    for n, spread in enumerate(scenario.spreads):
        found += _known(f"{spreads}[{n}].attribute", spread.attribute, attributes, "attribute")
        for value in spread.shares if spread.attribute in attributes else ():
            of = attributes[spread.attribute]
            found += _known(f"{spreads}[{n}].shares.{value}", value, of, spread.attribute)
        for value in (spread.stock or ()) if spread.attribute in attributes else ():
            of = attributes[spread.attribute]
            found += _known(f"{spreads}[{n}].stock.{value}", value, of, spread.attribute)
    yield from found
    if not found:
        try:
            for stock in (False, True):
                weights(setting.profiles, scenario.spreads, stock=stock)
        except ValueError as error:
            yield Problem(spreads, str(error))
    for n, process in enumerate(scenario.processes):
        path, turns = f"$.processes[{n}]", process.turns
        yield from _of(f"{path}.of", process.of, attributes)
        if turns.fact is not None:
            yield from _known(f"{path}.turns.fact", turns.fact, register.facts, "fact")
        if turns.trigger is not None:
            yield from _known(f"{path}.turns.trigger", turns.trigger, register.triggers, "trigger")
    for n, failure in enumerate(scenario.failures):
        yield from _of(f"$.failures[{n}].of", failure.of, attributes)
    roles = {one.role for one in world.resources}
    for n, capacity in enumerate(scenario.capacities):
        path = f"$.capacities[{n}]"
        if capacity.facility is not None:
            yield from _known(f"{path}.facility", capacity.facility, world.facility, "facility")
        if capacity.resources is not None:
            yield from _resources(f"{path}.resources", capacity.resources, world, roles)
    rules = {row.id for row in register.rules.rows}
    for n, figure in enumerate(scenario.figures):
        yield from _known(f"$.figures[{n}].rule", figure.rule, rules, "rule")
    for n, buffer in enumerate(scenario.buffers):
        yield from _known(f"$.buffers[{n}].role", buffer.role, roles, "role")


def _resources(path: str, among: Among, world: World, roles: set[str]) -> Iterator[Problem]:
    if among.role is not None:
        yield from _known(f"{path}.role", among.role, roles, "role")
    if among.region is not None:
        regions = {one.region for one in world.locations}
        yield from _known(f"{path}.region", among.region, regions, "region")
    if among.language is not None:
        abilities = {each for one in world.resources for each in one.abilities}
        yield from _known(f"{path}.language", among.language, abilities, "language of anybody")


def _of(path: str, of: Of, attributes: Mapping[str, set[str]]) -> Iterator[Problem]:
    for name, values in of.items():
        yield from _known(f"{path}.{name}", name, attributes, "attribute")
        for n, value in enumerate(values if name in attributes else ()):
            yield from _known(f"{path}.{name}[{n}]", value, attributes[name], name)


def _known(path: str, name: str, known: Iterable[str], kind: str) -> Iterator[Problem]:
    names = set(known)
    if name not in names:
        yield Problem(path, f"{name} is no {kind} here{maybe(name, names)}")
