"""Plain CP-SAT: optional intervals, no-overlap and cumulative, as its documentation advises.

A leg has a start and a literal per variant and window. A pool that several variants of a leg ask
becomes one task, and each crew that may serve it an optional interval on that task's start, within
the hours it is there. Nights are a cumulative over days, with a fixed interval where fewer places
are left. Six levels go into as few weighted sums as 50 bits allow, minimised one after the other.
The empty plan is hinted, and later each sum starts from the plan before it. Two workers, and
neither probing nor symmetries nor a second round of presolve, which take most of a minute here;
defaults otherwise.

With every choice of a national world in it (95,000 windows, 50,000 optional intervals) the model
has planned 7 cases after a minute. So each case is offered its best ways (see
:mod:`benchmarks.peers.ways`), 1,000 in all; small worlds are complete.
"""

import time
from dataclasses import dataclass, field
from typing import TypeAlias

from ortools.sat.python import cp_model

from benchmarks.peers.peer import Report
from benchmarks.peers.problem import (
    Answer,
    Asked,
    Candidate,
    Case,
    Counted,
    Problem,
    Variant,
    asked_of,
    named,
)
from benchmarks.peers.ways import narrowed
from benchmarks.peers.weights import Costs, chosen, planned, sums, unplanned, weighed

CANNOT: tuple[str, ...] = ()
WAYS = 1_000
MOST = 2**50
Var = cp_model.IntVar
Interval = cp_model.IntervalVar
Domain: TypeAlias = cp_model.Domain


@dataclass(slots=True)
class Leg:
    """One leg: its slot, a literal per variant and window, and who serves each pool it may ask."""

    slot: Var
    variants: list[Var]
    windows: list[list[Var]]
    tasks: dict[Asked, dict[int, Var]] = field(default_factory=dict)


@dataclass(slots=True)
class Model:
    """The model under construction, with what cases share."""

    problem: Problem
    cp: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    legs: dict[int, list[Leg]] = field(default_factory=dict)
    duties: dict[int, list[tuple[Interval, Var]]] = field(default_factory=dict)
    stays: dict[int, list[tuple[Interval, int]]] = field(default_factory=dict)
    aboard: dict[int, list[tuple[int, int, Var]]] = field(default_factory=dict)
    costs: list[tuple[Costs, Var]] = field(default_factory=list)

    def build(self) -> None:
        """Post everything but the objective."""
        for n, case in enumerate(self.problem.cases):
            if case.plannable:
                self.case(n, case)
        for crew, duties in self.duties.items():
            self.crew(crew, duties)
        for facility, stays in self.stays.items():
            self.nights(facility, stays)
        for row, aboard in self.aboard.items():
            self.seats(row, aboard)

    def case(self, n: int, case: Case) -> None:
        """Post one case: both legs or neither, one window each, and what it is worth."""
        here = self.cp.new_bool_var("")
        without = unplanned(case)
        gained = tuple(a - b for a, b in zip(planned(case), without, strict=True))
        self.costs.append((gained, here))
        self.legs[n] = [self.leg(leg, here) for leg in case.legs]
        if case.chained:
            self.join(case, *self.legs[n])
        if case.stay or case.detained:
            self.stay(case, self.legs[n])

    def leg(self, variants: tuple[Variant, ...], here: Var) -> Leg:
        """Post one leg: exactly one window of one variant when the case is planned."""
        cp = self.cp
        slot = cp.new_int_var_from_domain(
            Domain.from_intervals(
                [[one.first, one.end - 1] for each in variants for one in each.windows]
            ),
            "",
        )
        leg = Leg(slot, [cp.new_bool_var("") for _ in variants], [])
        cp.add_exactly_one([*leg.variants, here.negated()])
        asking: dict[Asked, list[tuple[Variant, int, Var]]] = {}
        for variant, taken in zip(variants, leg.variants, strict=True):
            leg.windows.append(self.windows(variant, taken, slot))
            for asked, base in asked_of(variant) if variant.windows else ():
                asking.setdefault(asked, []).append((variant, base, taken))
            for board in variant.boards:
                self.aboard.setdefault(board.row, []).append((board.seats, board.room, taken))
        for asked, askers in asking.items():
            leg.tasks[asked] = self.task(asked, askers, slot)
        return leg

    def windows(self, variant: Variant, taken: Var, slot: Var) -> list[Var]:
        """Post the windows of a variant; a single one is the variant's own literal."""
        literals = [taken]
        if len(variant.windows) != 1:
            literals = [self.cp.new_bool_var("") for _ in variant.windows]
            self.cp.add_exactly_one([*literals, taken.negated()])
        for window, literal in zip(variant.windows, literals, strict=True):
            self.cp.add_linear_constraint(slot, window.first, window.end - 1).only_enforce_if(
                literal
            )
            self.costs.append((chosen(window), literal))
        return literals

    def task(
        self, asked: Asked, askers: list[tuple[Variant, int, Var]], slot: Var
    ) -> dict[int, Var]:
        """Post the task of a pool; return how many of each crew serve it."""
        pool, people, _ = asked
        ranges = [
            [window.first + base, window.end - 1 + base]
            for variant, base, _ in askers
            for window in variant.windows
        ]
        domain = Domain.from_intervals(ranges)
        start = self.cp.new_int_var_from_domain(domain, "")
        for _, base, taken in askers:
            self.cp.add(start == slot + base).only_enforce_if(taken)
        crews = {}
        for candidate in self.problem.pools[pool]:
            crew = self.problem.crews[candidate.crew]
            free = [
                [since - candidate.lead, until - candidate.length - candidate.lead]
                for since, until in crew.free
                if until - since >= candidate.length
            ]
            there = Domain.from_intervals(free).intersection_with(domain)
            if not there.is_empty():
                size = min(people, len(crew.members))
                crews[candidate.crew] = self.serve(start, candidate, size, there)
        self.cp.add(sum(crews.values()) == people * sum(taken for _, _, taken in askers))
        return crews

    def serve(self, base: Var, candidate: Candidate, size: int, there: Domain) -> Var:
        """Return how many of a crew serve a task, as an optional interval while they are there."""
        serves = self.cp.new_bool_var("")
        units = serves
        if size > 1:
            units = self.cp.new_int_var(0, size, "")
            self.cp.add(units >= 1).only_enforce_if(serves)
            self.cp.add(units == 0).only_enforce_if(serves.negated())
        self.cp.add_linear_expression_in_domain(base, there).only_enforce_if(serves)
        block = self.cp.new_optional_fixed_size_interval_var(
            base + candidate.lead, candidate.length, serves, ""
        )
        self.duties.setdefault(candidate.crew, []).append((block, units))
        return units

    def join(self, case: Case, placement: Leg, removal: Leg) -> None:
        """Post which placements go with which removals."""
        cp, slots = self.cp, self.problem.slots
        end = cp.new_int_var(0, slots, "")
        of_key: dict[int, list[Var]] = {}
        for variant, taken in zip(case.legs[0], placement.variants, strict=True):
            cp.add(end == placement.slot + variant.ending).only_enforce_if(taken)
            of_key.setdefault(variant.key, []).append(taken)
        keys = {key: self.any_of(literals) for key, literals in of_key.items()}
        for variant, taken in zip(case.legs[1], removal.variants, strict=True):
            joins = [join for join in variant.joins if join.key in keys]
            cp.add_bool_or([keys[join.key] for join in joins]).only_enforce_if(taken)
            for join in joins:
                cp.add_linear_constraint(end, join.first, join.end - 1).only_enforce_if(
                    taken, keys[join.key]
                )

    def any_of(self, literals: list[Var]) -> Var:
        """Return a literal that holds when one of these, which exclude each other, does."""
        if len(literals) == 1:
            return literals[0]
        found = self.cp.new_bool_var("")
        self.cp.add_exactly_one([*literals, found.negated()])
        return found

    def stay(self, case: Case, legs: list[Leg]) -> None:
        """Post the nights of a case as an optional interval over days, one per facility."""
        cp = self.cp
        arrives = self.day(case.legs[0], legs[0])
        leaves = self.day(case.legs[1], legs[1]) if case.chained else None
        inside: dict[int, list[Var]] = {}
        for variant, taken in zip(case.legs[0], legs[0].variants, strict=True):
            inside.setdefault(variant.facility, []).append(taken)
        for facility, literals in inside.items():
            here = self.any_of(literals)
            if leaves is None:
                nights = cp.new_optional_fixed_size_interval_var(arrives, case.stay, here, "")
            else:
                length = cp.new_int_var(0, self.problem.slots, "")
                nights = cp.new_optional_interval_var(arrives, length, leaves, here, "")
            self.stays.setdefault(facility, []).append((nights, case.places))

    def day(self, variants: tuple[Variant, ...], leg: Leg) -> Var:
        """Return the day of the chosen window."""
        by_day: dict[int, list[Var]] = {}
        for variant, literals in zip(variants, leg.windows, strict=True):
            for window, literal in zip(variant.windows, literals, strict=True):
                by_day.setdefault(window.day, []).append(literal)
        day = self.cp.new_int_var(0, max(by_day), "")
        self.cp.add(day == sum(n * sum(literals) for n, literals in by_day.items()))
        return day

    def crew(self, number: int, duties: list[tuple[Interval, Var]]) -> None:
        """Post that each member of a crew serves one need at a time."""
        size = len(self.problem.crews[number].members)
        if size == 1:
            self.cp.add_no_overlap([block for block, _ in duties])
        else:
            blocks, units = zip(*duties, strict=True)
            self.cp.add_cumulative(blocks, units, size)

    def nights(self, number: int, stays: list[tuple[Interval, int]]) -> None:
        """Post the places of a facility; where fewer are left, a fixed interval takes the rest."""
        places = self.problem.facilities[number].places
        most = max(places)
        blocks, demands = [one for one, _ in stays], [count for _, count in stays]
        for night, left in enumerate(places):
            if left < most:
                blocks.append(self.cp.new_fixed_size_interval_var(night, 1, ""))
                demands.append(most - left)
        self.cp.add_cumulative(blocks, demands, most)

    def seats(self, row: int, aboard: list[tuple[int, int, Var]]) -> None:
        """Post the seats of a row, and the tighter limits of some on everybody with them."""
        total = sum(seats * taken for seats, _, taken in aboard)
        largest = self.problem.rows[row].seats
        self.cp.add(total <= largest)
        for _, room, taken in aboard:
            if room < largest:
                self.cp.add(total <= room).only_enforce_if(taken)


class Listener(cp_model.CpSolverSolutionCallback):
    """Reports each plan as it is found."""

    def __init__(self, model: Model, report: Report) -> None:
        super().__init__()
        self.model = model
        self.report = report

    def on_solution_callback(self) -> None:
        """Read the plan from the variables."""
        self.report(self.answer())

    def answer(self) -> Answer:
        """Return the plan that the solver stands on, people named crew by crew."""
        counted = {}
        for n, legs in self.model.legs.items():
            read = [
                self.leg(self.model.problem.cases[n].legs[i], leg) for i, leg in enumerate(legs)
            ]
            if None not in read:
                counted[n] = [one for one in read if one is not None]
        return named(self.model.problem, counted)

    def leg(self, variants: tuple[Variant, ...], leg: Leg) -> Counted | None:
        """Return what was chosen for a leg, or None."""
        for n, taken in enumerate(leg.variants):
            if self.boolean_value(taken):
                return Counted(n, self.value(leg.slot), tuple(self.crews(variants[n], leg)))
        return None

    def crews(self, variant: Variant, leg: Leg) -> list[tuple[int, ...]]:
        """Return the crews of each need, one entry per person."""
        return [
            tuple(
                crew for crew, units in leg.tasks[asked].items() for _ in range(self.value(units))
            )
            for asked, _ in asked_of(variant)
        ]


def search(problem: Problem, seconds: float, seed: int, report: Report) -> None:
    """Minimise one weighted sum after the other, each held for the next."""
    until = time.monotonic() + seconds
    model = Model(narrowed(problem, WAYS))
    model.build()
    _hint_nothing(model.cp)
    listener = Listener(model, report)
    for weights in sums(problem, MOST):
        terms = [(weighed(weights, costs), one) for costs, one in model.costs]
        total = cp_model.LinearExpr.weighted_sum(
            [one for factor, one in terms if factor], [factor for factor, _ in terms if factor]
        )
        model.cp.minimize(total)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 2
        solver.parameters.random_seed = seed
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.max_presolve_iterations = 1
        solver.parameters.symmetry_level = 0
        solver.parameters.max_time_in_seconds = max(until - time.monotonic(), 0.01)
        if solver.solve(model.cp, listener) != cp_model.OPTIMAL:
            return
        model.cp.add(total <= round(solver.objective_value))
        _rehint(model.cp, solver)


def _hint_nothing(cp: cp_model.CpModel) -> None:
    """Hint the plan with nobody in it: zero, or what is nearest to it."""
    for index, variable in enumerate(cp.proto.variables):
        nearest = min(variable.domain, key=abs) if variable.domain[0] > 0 else 0
        cp.add_hint(cp.get_int_var_from_proto_index(index), nearest)


def _rehint(cp: cp_model.CpModel, solver: cp_model.CpSolver) -> None:
    cp.clear_hints()  # type: ignore[no-untyped-call]
    for index in range(len(cp.proto.variables)):
        variable = cp.get_int_var_from_proto_index(index)
        cp.add_hint(variable, solver.value(variable))
