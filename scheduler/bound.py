"""A bound no plan can beat, from a linear relaxation through OR-Tools (GLOP).

Columns stand for sets of patterns (placements by facility and day, removals by departure, a chain
by both) and pay the least that any of them takes, so the relaxation never cuts a plan off:

- per pool of people and day, the slots that fall inside the day whatever the pattern;
- per pool and slot, the units that are there whatever the pattern (its *compulsory part*), which
  is what bites where starts are narrow;
- places per night and seats per departure, exactly.
"""

import math
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from ortools.linear_solver import linear_solver_pb2, pywraplp

from scheduler.constraint import Attendance
from scheduler.grid import day_lines, midnight
from scheduler.layout import Layout
from scheduler.need import Need
from scheduler.objective import LEVELS, MAXIMISED, Objective, Valuation
from scheduler.occupancy import Occupancy, Pool, nights_between
from scheduler.pattern import CasePatterns, JoinKey, Pattern
from scheduler.stopping import Stop, interrupting, never, until
from scheduler.timeline import Timeline, span
from scheduler.world import PERSON, Leg

TOLERANCE = 1e-6
"""How far GLOP's value may lie from the true optimum of the relaxation, as a fraction."""

SHORTEST = 0.5
HOUR = 3600.0
"""Seconds: less is not worth branching, more no solver is given."""
WEIGHT = "plannedWeight"

Group = tuple[str | None, str]
"""Facility, and arrival day or departure: the patterns that one column stands for."""
Members = list[tuple[Layout, Timeline]]
"""The layouts of a group with their open slots."""
Column: TypeAlias = pywraplp.Variable


@dataclass(frozen=True, slots=True)
class Demand:
    """What all patterns of a column have in common for one attendance.

    ``first``-``end`` holds every block, ``compulsory`` lies in every block (may be empty),
    ``shortest`` is the least length; in slots.
    """

    column: Column
    count: int
    first: int
    end: int
    compulsory: tuple[int, int]
    shortest: int


@dataclass(slots=True)
class Relaxation:
    """The linear program of planning some cases as if they had the world to themselves.

    ``proven`` are the bounds of these cases, as last worked out; ``alone`` those that need no
    proof: what each case could have in an empty world.
    """

    solver: pywraplp.Solver
    valuation: Valuation
    occupancy: Occupancy
    alone: Objective
    demands: dict[frozenset[str], list[Demand]] = field(default_factory=dict)
    nights: dict[tuple[str, date], list[tuple[int, Column]]] = field(default_factory=dict)
    seats: dict[tuple[str, str], list[tuple[int, int, Column]]] = field(default_factory=dict)
    terms: dict[str, list[tuple[int, Column]]] = field(
        default_factory=lambda: {level: [] for level in LEVELS}
    )
    constants: Objective = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    given: dict[str, pywraplp.Constraint] = field(default_factory=dict)
    proven: Objective = field(default_factory=dict)
    cases: int = 0


def alone(cases: Iterable[CasePatterns], valuation: Valuation, stop: Stop = never) -> Objective:
    """Return the bounds that need no model: all that fits an empty world is planned there.

    What is not looked into because of ``stop`` counts as if it fitted.
    """
    found = dict.fromkeys(LEVELS, 0)
    for case in cases:
        if stop() or valuation.last_moment(case) is not None:
            found[WEIGHT] += case.case.weight
        else:
            found["pastLegalEnd"] += valuation.pressed(case)
    return found


def prove(
    parts: Sequence[Relaxation],
    values: Objective,
    seconds: float = math.inf,
    levels: Sequence[str] = LEVELS,
    stop: Stop = never,
) -> Objective:
    """Bind ``levels`` in order, each given ``values`` of the whole at those above.

    Parts share nothing in the relaxation, so that their bounds add up; at a level above each may
    fall short of its own bound by what the whole does. A level that time does not allow, or whose
    value is that good already, keeps the bound that needs no proof: what fits an empty world.
    """
    end = time.monotonic() + seconds
    found = {level: sum(one.alone[level] for one in parts) for level in LEVELS}
    for part in parts:
        for row in part.given.values():
            row.SetBounds(-part.solver.infinity(), part.solver.infinity())
    for level in levels:
        for part in parts:
            if found[level] == values[level]:
                proven = part.alone[level]
            elif (solved := _solved(part, level, end - time.monotonic(), stop)) is not None:
                proven = solved
            else:
                return found
            part.proven[level] = proven
        found[level] = sum(one.proven[level] for one in parts)
        short = abs(found[level] - values[level])
        for part in parts:
            _give(part, level, short)
    return found


def prove_whole(
    parts: Sequence[Relaxation],
    proven: Objective,
    seconds: float = math.inf,
    stop: Stop = never,
    reached: Sequence[int] | None = None,
    most: float = math.inf,
) -> Objective:
    """Return ``proven`` with the planned weight bound again, by columns taken whole or not at all.

    Every plan is such a choice of columns. :func:`prove` comes first; SCIP branches from there, on
    each part for its share of the time, smallest part first. Parts that have ``reached`` their
    bound are left alone, and those with more than ``most`` columns.
    """
    end = time.monotonic() + seconds
    bounds = [one.proven[WEIGHT] for one in parts]
    short = [
        n
        for n, bound in enumerate(bounds)
        if (reached is None or reached[n] < bound) and parts[n].solver.NumVariables() <= most
    ]
    cases = sum(parts[n].cases for n in short)
    for n in sorted(short, key=lambda n: parts[n].cases):
        left = end - time.monotonic()
        bounds[n] = _branched(parts[n], left * parts[n].cases / cases, stop)
        cases -= parts[n].cases
    return proven | {WEIGHT: min(sum(bounds), proven[WEIGHT])}


def _branched(part: Relaxation, seconds: float, stop: Stop) -> int:
    """Return the least bound on the planned weight of a part that branching finds in time."""
    if seconds < SHORTEST or stop():
        return part.proven[WEIGHT]
    program = linear_solver_pb2.MPModelProto()
    part.solver.ExportModelToProto(program)
    for column in program.variable:
        column.is_integer = True
        column.objective_coefficient = 0
    for factor, term in part.terms[WEIGHT]:
        program.variable[term.index()].objective_coefficient += factor
    program.maximize = True
    solver = pywraplp.Solver.CreateSolver("SCIP")
    solver.LoadModelFromProto(program)
    solver.SetTimeLimit(int(min(seconds, HOUR) * 1000))
    with interrupting(solver.InterruptSolve, stop):
        status = solver.Solve()
    if status not in (pywraplp.Solver.OPTIMAL, pywraplp.Solver.FEASIBLE):
        return part.proven[WEIGHT]
    bound: float = solver.Objective().BestBound() + part.constants[WEIGHT]
    return min(math.floor(bound + TOLERANCE * max(1.0, abs(bound))), part.proven[WEIGHT])


def _solved(part: Relaxation, level: str, seconds: float, stop: Stop) -> int | None:
    """Return the bound of a part at ``level``, or None when there is no time for it."""
    if seconds <= 0 or stop():
        return None
    solver, maximise = part.solver, level in MAXIMISED
    expression = part.constants[level] + solver.Sum(
        [factor * column for factor, column in part.terms[level] if factor]
    )
    solver.SetTimeLimit(int(min(seconds, HOUR) * 1000))
    (solver.Maximize if maximise else solver.Minimize)(expression)
    with interrupting(solver.InterruptSolve, stop):
        status = solver.Solve()
    if status != pywraplp.Solver.OPTIMAL:
        return None
    value: float = solver.Objective().Value()
    slack = TOLERANCE * max(1.0, abs(value))
    return (
        min(math.floor(value + slack), part.alone[level])
        if maximise
        else max(math.ceil(value - slack), part.alone[level])
    )


def still_valid(proven: Objective, before: Objective, after: Objective) -> Objective:
    """Return the bounds proven for a plan worth ``before`` that hold for one worth ``after``.

    The bound of a level rests on the values above it. Where a level got better the next one is
    still bound (it has less room than before); of those below nothing is known any more.
    """
    kept: Objective = {}
    for level in LEVELS:
        if level in proven:
            kept[level] = proven[level]
        if before.get(level) != after[level]:
            below = LEVELS[LEVELS.index(level) + 1 :][:1]
            return kept | {one: proven[one] for one in below if one in proven}
    return kept


def tighter(one: Objective, other: Objective) -> Objective:
    """Return the tighter of two valid bounds, level by level."""
    return {
        level: (min if level in MAXIMISED else max)(
            bound[level] for bound in (one, other) if level in bound
        )
        for level in LEVELS
        if level in one or level in other
    }


def _give(part: Relaxation, level: str, short: int) -> None:
    """Let the levels below rest on a plan that is so far ``short`` of the bound at ``level``."""
    row = part.given.get(level)
    if row is None:
        row = part.given[level] = part.solver.Constraint("")
        _extend(row, part.terms[level])
    bound = part.proven[level] - part.constants[level]
    slack = TOLERANCE * max(1.0, abs(bound))
    if level in MAXIMISED:
        row.SetBounds(bound - short - slack, part.solver.infinity())
    else:
        row.SetBounds(-part.solver.infinity(), bound + short + slack)


def relax(
    cases: Iterable[CasePatterns],
    valuation: Valuation,
    occupancy: Occupancy,
    stop: Stop = never,
) -> Relaxation:
    """Build the relaxation of planning ``cases`` into ``occupancy``.

    Raises
    ------
    CancelledError
        When ``stop`` says so first.
    """
    cases = tuple(cases)
    program = Relaxation(
        pywraplp.Solver.CreateSolver("GLOP"), valuation, occupancy, alone(cases, valuation)
    )
    for case in until(stop, cases):
        program.cases += 1
        _add_case(program, case)
    _post_people(program, stop)
    for (facility, night), taken in program.nights.items():
        left = occupancy.places_left(facility, night)
        program.solver.Add(program.solver.Sum([n * one for n, one in taken]) <= left)
    for (departure, kind), aboard in program.seats.items():
        loosest = max(limit for _, limit, _ in aboard)
        room = occupancy.seats_left(departure, kind, loosest)
        program.solver.Add(program.solver.Sum([n * one for n, _, one in aboard]) <= room)
    return program


def _add_case(program: Relaxation, case: CasePatterns) -> None:
    valuation, terms = program.valuation, program.terms
    pressed = valuation.pressed(case)
    in_force = sum((case.case.id, leg) in valuation.in_force for leg in case.case.legs)
    program.constants["pastLegalEnd"] += pressed
    program.constants["changes"] += in_force
    groups = _groups(program, case, case.case.legs[-1])
    planned: dict[Group, Column] = {}
    for group, members in groups.items():
        column = planned[group] = program.solver.NumVar(0, 1, "")
        _demand(program, column, members)
        layout, line = min(members, key=lambda one: _first(one[1]))
        pattern = Pattern(case.case.id, ((layout, _first(line)),))
        worth = valuation.worth(case, pattern)
        terms["pastLegalEnd"].append((-int(pressed), column))
        terms["plannedWeight"].append((case.case.weight, column))
        terms["withoutFallback"].append((worth.alone, column))
        terms["changes"].append((-in_force, column))
        terms["daysWaited"].append((worth.days, column))
        seats, places = case.seats_and_nights(layout.departure.id if layout.departure else None)
        for departure, kind, count, limit in seats:
            program.seats.setdefault((departure, kind), []).append((count, limit, column))
        if not case.chained:
            terms["nightsInDetention"].append((worth.nights, column))
            _stay(program, column, layout.facility, case.nights(pattern), places)
    if planned:
        program.solver.Add(program.solver.Sum(list(planned.values())) <= 1)
    if case.chained:
        _chain(program, case, groups, planned)


def _chain(
    program: Relaxation,
    case: CasePatterns,
    groups: dict[Group, Members],
    planned: dict[Group, Column],
) -> None:
    """Join the legs of a chain by the days of its arrival and its departure: they give the nights.

    A pair stands for every placement and removal of those days, one of which goes with the other.
    """
    solver = program.solver
    leaving: dict[tuple[str | None, date], list[Group]] = {}
    for group, ((removal, _), *_) in groups.items():
        leaving.setdefault((group[0], case.leaves(removal)), []).append(group)
    going: dict[tuple[str | None, date], list[Column]] = {day: [] for day in leaving}
    for (facility, _), members in _groups(program, case, "placement").items():
        arrives = case.arrival(members[0][0], _first(members[0][1]))
        ends: dict[JoinKey, Timeline] = {}
        for layout, line in members:
            key = case.join_key(layout)
            ends[key] = ends.get(key, 0) | line << layout.frame.ends[-1]
        pairs = []
        for (housed, leaves), removals in leaving.items():
            if housed == facility and any(
                line & span(*case.end_range(key, removal, program.occupancy))
                for group in removals
                for removal, _ in groups[group]
                for key, line in ends.items()
            ):
                pair = solver.NumVar(0, 1, "")
                pairs.append(pair)
                going[housed, leaves].append(pair)
                nights = nights_between(arrives, leaves) if case.between else ()
                program.terms["nightsInDetention"].append((len(nights), pair))
                places = case.seats_and_nights(None)[1]
                _stay(program, pair, facility, nights, places)
        if pairs:
            column = solver.NumVar(0, 1, "")
            solver.Add(solver.Sum(pairs) == column)
            _demand(program, column, members)
    for day, pairs in going.items():
        removals = [planned[group] for group in leaving[day]]
        solver.Add(solver.Sum(pairs) == solver.Sum(removals))


def _stay(
    program: Relaxation,
    column: Column,
    facility: str | None,
    nights: tuple[date, ...],
    places: int,
) -> None:
    if facility is None:
        return
    for night in nights:
        program.nights.setdefault((facility, night), []).append((places, column))


def _groups(program: Relaxation, case: CasePatterns, leg: Leg) -> dict[Group, Members]:
    """Group the open layouts of a leg by facility and arrival day, or by departure."""
    groups: dict[Group, Members] = {}
    for layout, line in case.open_layouts(leg, program.occupancy):
        if layout.departure is not None:
            groups.setdefault((layout.facility, layout.departure.id), []).append((layout, line))
            continue
        while line:
            day = case.arrival(layout, _first(line))
            same = line & span(0, _after(case, layout, day))
            groups.setdefault((layout.facility, day.isoformat()), []).append((layout, same))
            line ^= same
    return groups


def _after(case: CasePatterns, layout: Layout, day: date) -> int:
    """Return the first anchor slot that arrives after ``day``."""
    following = midnight(day + timedelta(days=1), case.arrival_zone(layout))
    return case.world.grid.ceil(following) - layout.frame.slots["arrival", "start"]


def _demand(program: Relaxation, column: Column, members: Members) -> None:
    """Record what every pattern of the column takes of each pool."""
    together: dict[tuple[str, Attendance], list[_Ask]] = {}
    for ask in _asks(members):
        need = ask.need
        if not need.parts and need.pool.role != PERSON:
            together.setdefault((need.constraint, need.declaration), []).append(ask)
    for (_, attendance), asks in together.items():
        if sum(ask.members for ask in asks) < len(members):
            continue
        reaches = [(_reach(ask.need.pool), ask.low, ask.high) for ask in asks]
        eligible = frozenset[str]().union(*(reach.eligible for reach, _, _ in reaches))
        demand = Demand(
            column,
            count=attendance.count,
            first=min(low + reach.first for reach, low, _ in reaches),
            end=max(high + reach.end for reach, _, high in reaches),
            compulsory=(
                max(high + reach.last_first for reach, _, high in reaches),
                min(low + reach.first_end for reach, low, _ in reaches),
            ),
            shortest=min(reach.shortest for reach, _, _ in reaches),
        )
        program.demands.setdefault(eligible, []).append(demand)


class _Ask(NamedTuple):
    """A need whose base lies from ``low`` to ``high``, as so many ``members`` ask it."""

    need: Need
    low: int
    high: int
    members: int


def _asks(members: Members) -> Iterator[_Ask]:
    """Yield what the members ask; those of one shape ask it at once but for their waits."""
    shapes: dict[object, Members] = {}
    for layout, line in members:
        shapes.setdefault(layout.frame.shape, []).append((layout, line))
    for alike in shapes.values():
        ranges = [(layout, _first(line), line.bit_length() - 1) for layout, line in alike]
        first = alike[0][0]
        for run, needs in first.of.shared(first.frame).runs if first.frame.anchor is None else ():
            start = first.of.shared(first.frame).frame.starts[run]
            low = min(low + layout.frame.starts[run] for layout, low, _ in ranges) - start
            high = max(high + layout.frame.starts[run] for layout, _, high in ranges) - start
            for need in needs:
                yield _Ask(need, low + need.base, high + need.base, len(alike))
        for layout, low, high in ranges:
            for need in layout.apart:
                yield _Ask(need, low + need.base, high + need.base, 1)


@dataclass(frozen=True, slots=True)
class Reach:
    """The extremes of a pool's blocks, in slots from the base."""

    eligible: frozenset[str]
    first: int
    last_first: int
    first_end: int
    end: int
    shortest: int


@lru_cache(maxsize=65_536)
def _reach(pool: Pool) -> Reach:
    blocks = [block for unit in pool.units for block in unit]
    return Reach(
        frozenset(block.resource for block in blocks),
        min(block.lead for block in blocks),
        max(block.lead for block in blocks),
        min(block.lead + block.length for block in blocks),
        max(block.lead + block.length for block in blocks),
        min(block.length for block in blocks),
    )


def _post_people(program: Relaxation, stop: Stop) -> None:
    """Post the rows of each set of eligible people, over all demands that no one else can meet."""
    world = program.occupancy.world
    days = day_lines(world.grid, world.locations[0].timezone)
    for eligible in until(stop, program.demands):
        theirs = [
            demand
            for others, demands in program.demands.items()
            if others <= eligible
            for demand in demands
        ]
        free = [program.occupancy.free(one) for one in eligible]
        _post_days(program, days, theirs, free)
        _post_slots(program, theirs, free)
    program.demands.clear()


def _post_days(
    program: Relaxation, days: Sequence[Timeline], demands: Sequence[Demand], free: list[Timeline]
) -> None:
    """Post that no more slots of a day are worked than people are free."""
    midnights = [_first(day) for day in days]
    taken: list[list[tuple[int, Column]]] = [[] for _ in days]
    for demand in demands:
        since = bisect_right(midnights, max(demand.first, 0)) - 1
        for n in range(since, bisect_left(midnights, demand.end)):
            if slots := demand.count * _inside(demand, days[n]):
                taken[n].append((slots, demand.column))
    for day, row in zip(days, taken, strict=True):
        room = sum((day & line).bit_count() for line in free)
        if sum(factor for factor, _ in row) > room:
            posted = program.solver.Constraint(-program.solver.infinity(), room)
            _extend(posted, row)


def _post_slots(program: Relaxation, demands: Sequence[Demand], free: list[Timeline]) -> None:
    """Post that no more are needed in a slot, whatever the patterns, than are free.

    How many are needed is carried from slot to slot: a demand stands in two rows, however long it
    is. A slot has no row where the next has all of its demands and no more room.
    """
    lasting = [one for one in demands if one.compulsory[0] < one.compulsory[1]]
    ends = sorted(one.compulsory[1] for one in lasting)
    slots: list[int] = []
    rooms: list[int] = []
    for slot in sorted({one.compulsory[0] for one in lasting}):
        room = sum(line >> slot & 1 for line in free)
        if slots and room <= rooms[-1] and _none_between(ends, slots[-1], slot):
            slots[-1], rooms[-1] = slot, room
        else:
            slots.append(slot)
            rooms.append(room)
    changes: list[list[tuple[int, Column]]] = [[] for _ in (*slots, None)]
    for one in lasting:
        first, end = (bisect_left(slots, slot) for slot in one.compulsory)
        if first < end:
            changes[first].append((one.count, one.column))
            changes[end].append((-one.count, one.column))
    before = None
    for room, row in zip(rooms, changes, strict=False):
        needed = program.solver.NumVar(0, room, "")
        posted = program.solver.Constraint(0, 0)
        _extend(posted, row)
        posted.SetCoefficient(needed, -1)
        if before is not None:
            posted.SetCoefficient(before, 1)
        before = needed


def _none_between(ends: Sequence[int], slot: int, following: int) -> bool:
    """Return whether nothing that is needed in ``slot`` ends by ``following``."""
    return bisect_right(ends, slot) == bisect_right(ends, following)


def _extend(row: pywraplp.Constraint, terms: Iterable[tuple[int, Column]]) -> None:
    for factor, column in terms:
        row.SetCoefficient(column, row.GetCoefficient(column) + factor)


def _inside(demand: Demand, day: Timeline) -> int:
    """Return the slots of ``day`` that the demand takes of each unit, whatever the pattern."""
    first, end = _first(day), day.bit_length()
    if first <= demand.first and demand.end <= end:
        return demand.shortest
    begin, until = demand.compulsory
    return max(min(until, end) - max(begin, first), 0)


def _first(line: Timeline) -> int:
    return (line & -line).bit_length() - 1
