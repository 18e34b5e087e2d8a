"""The CP-SAT model: choices, what they take together, and the objective level by level.

*Compile, don't constrain*: a choice exists only where the case's own timelines are open; the model
holds what cases share. People alike in home, abilities and free time form one class and are
counted; interval colouring then names them exactly.

- :func:`every_choice` offers all that is open, so the optimum is the optimum of the world;
- :func:`named_choices` offers given options with their people: small, for worlds too large.
"""

import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from ortools.sat.python import cp_model

from scheduler.constraint import Attendance
from scheduler.construction import Option
from scheduler.layout import Layout
from scheduler.objective import LEVELS, MAXIMISED, Objective, Valuation, Worth
from scheduler.occupancy import Block, Claims, Occupancy, Pool
from scheduler.pattern import CasePatterns, Drawn, Pattern
from scheduler.stopping import Stop, interrupting, never, until
from scheduler.timeline import Timeline, slots_of, span, spans
from scheduler.world import PERSON

Progress = Callable[[Objective, Objective], None]
"""Called with the incumbent's values and the bounds so far."""
Var = cp_model.IntVar
LegChoice = tuple[Layout, int]
"""A layout with its anchor slot."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a model may be solved: ``seconds``, and ``work`` in CP-SAT's deterministic unit."""

    seconds: float = math.inf
    work: float = math.inf


@dataclass(frozen=True, slots=True, eq=False)
class Crew:
    """Interchangeable resources: one role, home, set of abilities and free time."""

    members: tuple[str, ...]
    free: Timeline


@dataclass(frozen=True, slots=True)
class Duty:
    """A stretch of slots that ``units`` (a variable) members of a crew are taken for."""

    first: int
    end: int
    units: Var


@dataclass(slots=True)
class Rows:
    """What choices take together: stretches per crew, places per night, seats per departure."""

    duties: dict[Crew, list[Duty]] = field(default_factory=dict)
    nights: dict[tuple[str, date], list[tuple[int, Var]]] = field(default_factory=dict)
    seats: dict[tuple[str, str], list[tuple[int, int, Var]]] = field(default_factory=dict)

    def post(self, model: cp_model.CpModel, occupancy: Occupancy) -> None:
        """Post every row that could be broken."""
        for crew, duties in self.duties.items():
            _post_crew(model, len(crew.members), duties)
        for (facility, night), taken in self.nights.items():
            left = occupancy.places_left(facility, night)
            if sum(count for count, _ in taken) > left:
                model.add(sum(count * one for count, one in taken) <= left)
        for (departure, kind), aboard in self.seats.items():
            _post_seats(model, occupancy, departure, kind, aboard)


@dataclass(slots=True)
class Program:
    """A model under construction: its rows, and per level the terms of the objective."""

    model: cp_model.CpModel
    occupancy: Occupancy
    valuation: Valuation
    rows: Rows = field(default_factory=Rows)
    terms: dict[str, list[tuple[int, Var]]] = field(
        default_factory=lambda: {level: [] for level in LEVELS}
    )
    constants: Objective = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    options: dict[str, list[tuple[Option, Var]]] = field(default_factory=dict)
    plans: list["ExactCase"] = field(default_factory=list)

    def expression(self, level: str) -> cp_model.LinearExprT:
        """Return the value of the plan at ``level``; an int where nothing can change it."""
        return self.constants[level] + sum(
            factor * one for factor, one in self.terms[level] if factor
        )

    def values(self, taken: Sequence[int]) -> Objective:
        """Return the value at every level when variable *n* is ``taken[n]``."""
        return {
            level: self.constants[level]
            + sum(factor * taken[one.index] for factor, one in self.terms[level])
            for level in self.terms
        }

    def rank(self, taken: Sequence[int]) -> tuple[int, ...]:
        """Return what solutions are compared by, higher being better."""
        values = self.values(taken)
        return tuple(values[one] if one in MAXIMISED else -values[one] for one in self.terms)

    def add_case(self, case: CasePatterns) -> None:
        """Count the case as unplanned until a choice says otherwise."""
        self.constants["pastLegalEnd"] += self.valuation.pressed(case)
        self.constants["changes"] += sum(
            (case.case.id, leg) in self.valuation.in_force for leg in case.case.legs
        )

    def add_planned(self, case: CasePatterns, chosen: Var, worth: Worth) -> None:
        """Count what planning the case by ``chosen`` is worth, changes apart."""
        terms = self.terms
        if self.valuation.pressed(case):
            terms["pastLegalEnd"].append((-1, chosen))
        terms["plannedWeight"].append((case.case.weight, chosen))
        terms["nightsInDetention"].append((worth.nights, chosen))
        terms["withoutFallback"].append((worth.alone, chosen))
        terms["daysWaited"].append((worth.days, chosen))

    def add_leg(self, case: CasePatterns, layout: Layout, slot: int, chosen: Var) -> None:
        """Count whether the leg leaves the booking in force where it was."""
        if (case.case.id, layout.leg) in self.valuation.in_force:
            kept = 1 - self.valuation.changed(case.case, layout, slot)
            self.terms["changes"].append((-kept, chosen))


@dataclass(slots=True)
class ExactCase:
    """The variables of one case with every choice in it."""

    case: CasePatterns
    legs: list[dict[LegChoice, Var]]
    staff: list[dict["Moment", list[tuple[Crew, Block, Var]]]]
    pairs: list[tuple[Collection[LegChoice], LegChoice, Var]] = field(default_factory=list)
    """Placements of one day and what they all go with, a removal, and whether both are chosen."""


@dataclass(frozen=True, slots=True)
class Solution:
    """The best options found, and per level the value and a bound valid for what was offered."""

    options: dict[str, Option]
    values: Objective
    bounds: Objective
    optimal: bool


def named_choices(
    program: Program, cases: Iterable[CasePatterns], offers: Mapping[str, Sequence[Option]]
) -> None:
    """Offer each case its named options, at most one of them."""
    alone: dict[str, Crew] = {}
    for case in cases:
        program.add_case(case)
        choices = []
        for option in offers.get(case.case.id, ()):
            chosen = program.model.new_bool_var("")
            choices.append((option, chosen))
            program.add_planned(case, chosen, program.valuation.worth(case, option.pattern))
            for layout, slot in option.pattern.legs:
                program.add_leg(case, layout, slot, chosen)
            for resource, line in option.claims.people:
                crew = alone.setdefault(resource, Crew((resource,), 0))
                program.rows.duties.setdefault(crew, []).extend(
                    Duty(first, end, chosen) for first, end in spans(line)
                )
            _take(program.rows, option.claims, chosen)
        program.model.add_at_most_one(chosen for _, chosen in choices)
        program.options[case.case.id] = choices


def every_choice(program: Program, cases: Sequence[CasePatterns], stop: Stop = never) -> None:
    """Offer each case everything that is open in the occupancy.

    Raises
    ------
    CancelledError
        When ``stop`` says so first.
    """
    crews = _crews(program.occupancy, cases)
    for case in until(stop, cases):
        program.add_case(case)
        legs = [
            {
                (layout, slot): program.model.new_bool_var("")
                for layout, line in until(stop, case.open_layouts(leg, program.occupancy))
                for slot in slots_of(line)
            }
            for leg in case.case.legs
        ]
        staff = []
        for choices in legs:
            program.model.add_at_most_one(choices.values())
            for (layout, slot), chosen in choices.items():
                program.add_leg(case, layout, slot, chosen)
            staff.append(_staff(program, choices, crews, stop))
        exact = ExactCase(case, legs, staff)
        if case.chained:
            _pairs(program, exact, *legs)
        else:
            for (layout, slot), chosen in legs[0].items():
                pattern = Pattern(case.case.id, ((layout, slot),))
                program.add_planned(case, chosen, program.valuation.worth(case, pattern))
                _take(program.rows, case.claims(pattern, ((),)), chosen)
        program.plans.append(exact)


def solve(
    program: Program,
    hint: Mapping[str, Option],
    limit: Limit,
    progress: Progress = lambda _values, _bounds: None,
    stop: Stop = never,
) -> Solution | None:
    """Solve level by level, each result a constraint on the next; None when there was no time.

    ``hint`` is the plan to start from. The bound of a level holds given the levels above it. A
    level that the program has beside those of the objective comes after them, and is to be low.
    """
    program.rows.post(program.model, program.occupancy)
    started = _started(program, hint)
    _hint(program.model, started)
    end, work = time.monotonic() + limit.seconds, limit.work
    bounds: Objective = {}
    best: _Incumbent | None = None
    optimal = True
    for level in program.terms:
        expression = program.expression(level)
        maximise = level in MAXIMISED
        if isinstance(expression, int):
            bounds[level] = expression
            continue
        (program.model.maximize if maximise else program.model.minimize)(expression)
        left = end - time.monotonic()
        if stop() or (best is not None and (left <= 0.05 or work <= 0)):
            optimal = False
            break
        solver = _solver(max(left, 0.1), max(work, 0.01))
        found = _Incumbent(program, level, bounds, progress)
        with interrupting(solver.stop_search, stop):
            status = solver.solve(program.model, found)
        work -= solver.response_proto.deterministic_time
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            optimal = False
            break
        best = found
        bounds[level] = _whole(solver.best_objective_bound, level)
        optimal &= status == cp_model.OPTIMAL
        progress(best.values, bounds)
        value = best.values[level]
        program.model.add(expression >= value if maximise else expression <= value)
        _hint(program.model, max(best.taken, started, key=program.rank))
    if best is None:
        return None
    return Solution(_chosen(program, best.taken), best.values, bounds, optimal)


def _solver(seconds: float, work: float) -> cp_model.CpSolver:
    """Return a solver of one worker: the only kind that is the same each time."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    solver.parameters.cp_model_probing_level = 0
    if seconds < math.inf:
        solver.parameters.max_time_in_seconds = seconds
    if work < math.inf:
        solver.parameters.max_deterministic_time = work
    return solver


def _whole(bound: float, level: str) -> int:
    """Return the whole number that no plan beats either, rounding errors allowed for."""
    return math.floor(bound + 1e-6) if level in MAXIMISED else math.ceil(bound - 1e-6)


class _Incumbent(cp_model.CpSolverSolutionCallback):
    """The best solution so far: its value at every level, and what each variable is."""

    def __init__(self, program: Program, level: str, bounds: Objective, progress: Progress) -> None:
        super().__init__()
        self.values: Objective = {}
        self.taken: list[int] = []
        self._program = program
        self._level = level
        self._bounds = bounds
        self._progress = progress

    def on_solution_callback(self) -> None:
        """Note a solution, and tell of it with the bound of the level at work."""
        self.taken = list(self.response_proto.solution)
        self.values = self._program.values(self.taken)
        bound = _whole(self.best_objective_bound, self._level)
        self._progress(self.values, self._bounds | {self._level: bound})


def _post_crew(model: cp_model.CpModel, size: int, duties: list[Duty]) -> None:
    """Post at most ``size`` at a time: overlapping stretches all hold the start of one of them."""
    posted: set[tuple[int, ...]] = set()
    for start in {duty.first for duty in duties}:
        together = [duty.units for duty in duties if duty.first <= start < duty.end]
        row = tuple(sorted({one.index for one in together}))
        if row in posted or len(together) <= 1:
            continue
        posted.add(row)
        model.add(sum(together) <= size)


def _post_seats(
    model: cp_model.CpModel,
    occupancy: Occupancy,
    departure: str,
    kind: str,
    aboard: list[tuple[int, int, Var]],
) -> None:
    """Post one row per limit; a choice with a tighter limit binds the rest only when taken."""
    loosest = max(limit for _, limit, _ in aboard)
    total = sum(count * one for count, _, one in aboard)
    room = occupancy.seats_left(departure, kind, loosest)
    if sum(count for count, _, _ in aboard) > room:
        model.add(total <= room)
    for _, limit, one in aboard:
        tight = occupancy.seats_left(departure, kind, limit)
        if tight < room:
            model.add(total <= tight).only_enforce_if(one)


def _take(rows: Rows, claims: Claims, chosen: Var) -> None:
    for facility, night, count in claims.nights:
        rows.nights.setdefault((facility, night), []).append((count, chosen))
    for departure, kind, count, limit in claims.seats:
        rows.seats.setdefault((departure, kind), []).append((count, limit, chosen))


def _crews(occupancy: Occupancy, cases: Sequence[CasePatterns]) -> dict[str, Crew]:
    """Return the crew of every resource: alike in all that could tell its members apart."""
    lists = {
        rule.among
        for case in cases
        for declared in case.declared.values()
        for _, rule in declared
        if isinstance(rule, Attendance) and rule.among is not None and rule.role != PERSON
    }
    alike: dict[object, list[str]] = {}
    for one in occupancy.world.resources:
        named = frozenset(names for names in lists if one.id in names)
        twin = (
            one.role,
            one.home,
            one.abilities,
            one.capacity,
            one.remote,
            named,
            occupancy.free(one.id),
        )
        alike.setdefault(twin, []).append(one.id)
    return {
        member: crew
        for members in alike.values()
        for crew in [Crew(tuple(members), occupancy.free(members[0]))]
        for member in members
    }


Moment = tuple[str, Attendance, Pool, int]
"""What a constraint asks of a pool at an absolute slot; options that share it share its people."""


def _staff(
    program: Program, choices: Mapping[LegChoice, Var], crews: Mapping[str, Crew], stop: Stop
) -> dict[Moment, list[tuple[Crew, Block, Var]]]:
    """Let each attendance be met by crews: as many units as it asks, when a choice asks it."""
    asking: dict[Moment, list[Var]] = {}
    for (layout, slot), chosen in choices.items():
        for need in layout.needs:
            if not need.parts and need.pool.role != PERSON:
                moment = need.constraint, need.declaration, need.pool, slot + need.base
                asking.setdefault(moment, []).append(chosen)
    staffed = {}
    for moment, askers in until(stop, asking.items()):
        _, asked, pool, base = moment
        offers: dict[Crew, Block] = {}
        for (block,) in pool.units:
            first = base + block.lead
            taken = span(first, first + block.length)
            crew = crews[block.resource]
            inside = first >= 0 and first + block.length <= program.occupancy.world.grid.slots
            if inside and crew.free & taken == taken:
                offers.setdefault(crew, block)
        staffed[moment] = _share(program, asked.count, askers, base, offers)
    return staffed


def _share(
    program: Program, count: int, askers: list[Var], base: int, offers: Mapping[Crew, Block]
) -> list[tuple[Crew, Block, Var]]:
    """Split ``count`` units over the crews on offer, one variable each."""
    shares = []
    for crew, block in offers.items():
        most = min(count, len(crew.members))
        units = program.model.new_int_var(0, most, "")
        shares.append((crew, block, units))
        first = base + block.lead
        program.rows.duties.setdefault(crew, []).append(Duty(first, first + block.length, units))
    program.model.add(sum(units for _, _, units in shares) == count * sum(askers))
    return shares


def _pairs(
    program: Program,
    exact: ExactCase,
    placements: Mapping[LegChoice, Var],
    removals: Mapping[LegChoice, Var],
) -> None:
    """Join the legs of a chain: placements of one day with the same departures form a group."""
    case = exact.case
    groups: dict[tuple[date, tuple[LegChoice, ...]], list[LegChoice]] = {}
    compatible = {
        (placement, removal): case.pair_line(placement, removal[0], program.occupancy)
        for placement in {layout for layout, _ in placements}
        for removal in removals
    }
    for placement, slot in placements:
        goes = tuple(removal for removal in removals if compatible[placement, removal] >> slot & 1)
        arrival = case.arrival(placement, slot)
        groups.setdefault((arrival, goes), []).append((placement, slot))
    by_removal: dict[LegChoice, list[Var]] = {removal: [] for removal in removals}
    for (_, goes), members in groups.items():
        pairs = []
        for removal in goes:
            paired = program.model.new_bool_var("")
            pairs.append(paired)
            exact.pairs.append((members, removal, paired))
            by_removal[removal].append(paired)
            pattern = Pattern(case.case.id, (members[0], removal))
            program.add_planned(case, paired, program.valuation.worth(case, pattern))
            _take(program.rows, case.claims(pattern, ((), ())), paired)
        program.model.add(sum(placements[one] for one in members) == sum(pairs))
    for removal, pairs in by_removal.items():
        program.model.add(removals[removal] == sum(pairs))


def _started(program: Program, hint: Mapping[str, Option]) -> list[int]:
    """Return what every variable is in the plan to start from, so that it can be taken whole."""
    taken = [0] * len(program.model.proto.variables)
    for choices in program.options.values():
        for option, chosen in choices:
            taken[chosen.index] = hint.get(option.pattern.case) == option
    for exact in program.plans:
        start = hint.get(exact.case.case.id)
        if start is None:
            continue
        wanted = start.pattern.legs
        for leg, choice in zip(exact.legs, wanted, strict=True):
            if choice in leg:
                taken[leg[choice].index] = 1
        for placements, removal, paired in exact.pairs:
            taken[paired.index] = wanted[0] in placements and wanted[1] == removal
        for index in _drawn(exact, start):
            taken[index] += 1
    return taken


def _drawn(exact: ExactCase, start: Option) -> Iterator[int]:
    """Yield the index of the variable that counts a person of the plan to start from, for each."""
    for staff, leg, names in zip(exact.staff, start.pattern.legs, start.names, strict=True):
        layout, slot = leg
        people = {(constraint, asked): blocks for constraint, asked, blocks in names}
        for need in layout.needs:
            if need.parts or need.pool.role == PERSON:
                continue
            asked = need.constraint, need.declaration
            shares = staff.get((*asked, need.pool, slot + need.base), ())
            for block in people.get(asked, ()):
                yield from (
                    units.index for crew, _, units in shares if block.resource in crew.members
                )


def _hint(model: cp_model.CpModel, taken: Sequence[int]) -> None:
    model.clear_hints()  # type: ignore[no-untyped-call]
    for index, value in enumerate(taken):
        model.add_hint(model.get_int_var_from_proto_index(index), value)


def _chosen(program: Program, taken: Sequence[int]) -> dict[str, Option]:
    chosen = {
        case: option
        for case, choices in program.options.items()
        for option, one in choices
        if taken[one.index]
    }
    colours = _colours(program, taken)
    for exact in program.plans:
        legs = tuple(
            choice for choices in exact.legs for choice, one in choices.items() if taken[one.index]
        )
        if legs:
            pattern = Pattern(exact.case.case.id, legs)
            names = tuple(_names(exact, leg, *choice, colours) for leg, choice in enumerate(legs))
            claims = exact.case.claims(pattern, names)
            chosen[pattern.case] = Option(pattern, names, claims)
    return chosen


Colours = dict[int, list[str]]
"""The members drawn for a duty, by the index of its variable."""


def _colours(program: Program, taken: Sequence[int]) -> Colours:
    """Name the members of each crew: by start, whoever is free first (exact on intervals)."""
    names: Colours = {}
    for crew, duties in program.rows.duties.items():
        free_from = dict.fromkeys(crew.members, 0)
        for duty in sorted(duties, key=lambda one: (one.first, one.end)):
            for _ in range(taken[duty.units.index]):
                member = next(one for one in crew.members if free_from[one] <= duty.first)
                free_from[member] = duty.end
                names.setdefault(duty.units.index, []).append(member)
    return names


def _names(exact: ExactCase, leg: int, layout: Layout, slot: int, colours: Colours) -> Drawn:
    drawn = []
    for need in layout.needs:
        if need.parts:
            continue
        asked, pool, base = need.declaration, need.pool, slot + need.base
        if pool.role == PERSON:
            members = [(block, block.resource) for (block,) in pool.units]
        else:
            members = [
                (block, member)
                for _, block, units in exact.staff[leg][need.constraint, asked, pool, base]
                for member in colours.get(units.index, ())
            ]
        drawn.append(
            (
                need.constraint,
                asked,
                tuple(
                    Block(member, block.lead + need.base, block.length) for block, member in members
                ),
            )
        )
    return tuple(drawn)
