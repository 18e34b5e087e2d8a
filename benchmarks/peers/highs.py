"""HiGHS, through OR-Tools' MathOpt, on the time-indexed model.

A binary per choice (a way of a case at one slot); per attendance that some choices ask alike, whole
numbers of people per crew; per crew one row for each slot at which somebody starts; a row per night
and per seat limit. The levels go into weighted sums whose coefficients stay within what HiGHS
advises (1e9), one after the other, each started from the plan before. HiGHS runs on two threads and
tells of a plan only when it ends.

A row that finds people asks for enough, not for the very number: with equations, presolve alone
took 16 s for six cases. All choices of a national world would be 400,000 binaries and millions of
people variables. Each case is offered its best ones (see :mod:`benchmarks.peers.ways`), the first
slot of each before the second, 800 in all and at most 100 each: with 2,000 the first plan of a
national world takes more than a minute, with 400 each presolve of four cases does.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import TypeAlias

from ortools.math_opt.python import mathopt
from ortools.math_opt.solvers import highs_pb2

from benchmarks.peers.peer import Report
from benchmarks.peers.problem import Answer, Case, Counted, Problem, named
from benchmarks.peers.ways import Way, limit, slotted, ways
from benchmarks.peers.weights import Costs, planned, sums, unplanned, weighed

CANNOT: tuple[str, ...] = ()
CHOICES = 800
EACH = 100
MOST = 10**9
Var: TypeAlias = mathopt.Variable
Moment = tuple[int, int, int, int]
"""A leg, a pool, its base slot and how many: what choices of a case ask alike."""


@dataclass(slots=True)
class Model:
    """The model under construction."""

    problem: Problem
    mip: mathopt.Model = field(default_factory=mathopt.Model)
    choices: dict[int, list[tuple[Way, Var]]] = field(default_factory=dict)
    staff: dict[int, dict[Moment, list[tuple[int, Var]]]] = field(default_factory=dict)
    duties: dict[int, list[tuple[int, int, Var]]] = field(default_factory=dict)
    nights: dict[tuple[int, int], list[tuple[int, Var]]] = field(default_factory=dict)
    aboard: dict[int, list[tuple[int, int, Var]]] = field(default_factory=dict)
    costs: list[tuple[Costs, Var]] = field(default_factory=list)

    def build(self) -> None:
        """Post everything but the objective."""
        most = min(limit(self.problem, CHOICES), EACH)
        for n, case in enumerate(self.problem.cases):
            self.case(n, case, list(islice(_choices(case, most), most)))
        for crew, duties in self.duties.items():
            self.crew(len(self.problem.crews[crew].members), duties)
        for (facility, night), taken in self.nights.items():
            left = self.problem.facilities[facility].places[night]
            if sum(count for count, _ in taken) > left:
                self.at_most(left, taken)
        for row, aboard in self.aboard.items():
            self.seats(row, aboard)

    def case(self, n: int, case: Case, offered: list[Way]) -> None:
        """Offer a case at most one of its choices."""
        base = [one - other for one, other in zip(planned(case), unplanned(case), strict=True)]
        asking: dict[Moment, list[Var]] = {}
        for way in offered:
            chosen = self.mip.add_binary_variable()
            self.choices.setdefault(n, []).append((way, chosen))
            costs = tuple(one + other for one, other in zip(base, way.costs, strict=True))
            self.costs.append((costs, chosen))
            for night in range(way.night, way.leaves) if way.facility >= 0 else ():
                self.nights.setdefault((way.facility, night), []).append((case.places, chosen))
            for moment in _moments(case, way):
                asking.setdefault(moment, []).append(chosen)
            for leg, one in zip(case.legs, way.legs, strict=True):
                for board in leg[one.variant].boards:
                    entry = board.seats, board.room, chosen
                    self.aboard.setdefault(board.row, []).append(entry)
        if offered:
            self.at_most(1, [(1, one) for _, one in self.choices[n]])
        self.staff[n] = {moment: self.share(moment, asked) for moment, asked in asking.items()}

    def share(self, moment: Moment, asked: list[Var]) -> list[tuple[int, Var]]:
        """Split the people asked for over the crews that are there."""
        _, pool, base, people = moment
        shares = []
        for candidate in self.problem.pools[pool]:
            first, end = base + candidate.lead, base + candidate.lead + candidate.length
            crew = self.problem.crews[candidate.crew]
            if any(since <= first and end <= until for since, until in crew.free):
                units = self.mip.add_integer_variable(lb=0, ub=len(crew.members))
                shares.append((candidate.crew, units))
                self.duties.setdefault(candidate.crew, []).append((first, end, units))
        terms = [*((1.0, one) for _, one in shares), *((-float(people), one) for one in asked)]
        self.row(None, 0, [(-factor, one) for factor, one in terms])
        return shares

    def crew(self, size: int, duties: list[tuple[int, int, Var]]) -> None:
        """Post that no more than a crew has serve at a time: once for each start."""
        for start in {first for first, _, _ in duties}:
            together = [(1, units) for first, end, units in duties if first <= start < end]
            if len(together) > 1:
                self.at_most(size, together)

    def seats(self, row: int, aboard: list[tuple[int, int, Var]]) -> None:
        """Post the seats of a row, and the tighter limits of some on everybody with them."""
        total = [(seats, chosen) for seats, _, chosen in aboard]
        everyone = sum(seats for seats, _ in total)
        largest = self.problem.rows[row].seats
        if everyone > largest:
            self.at_most(largest, total)
        for _, room, chosen in aboard:
            if room < min(largest, everyone):
                self.at_most(everyone, [*total, (everyone - room, chosen)])

    def at_most(self, most: int, terms: Iterable[tuple[int, Var]]) -> None:
        """Post that the terms add up to ``most`` or less."""
        self.row(None, most, ((float(factor), one) for factor, one in terms))

    def row(self, least: int | None, most: int, terms: Iterable[tuple[float, Var]]) -> None:
        """Post a row; the same variable may come more than once."""
        row = self.mip.add_linear_constraint(lb=float("-inf") if least is None else least, ub=most)
        merged: dict[Var, float] = {}
        for factor, one in terms:
            merged[one] = merged.get(one, 0) + factor
        for one, factor in merged.items():
            row.set_coefficient(one, factor)

    def answer(self, values: Mapping[Var, float]) -> Answer:
        """Return the plan of a solution, people named crew by crew."""
        counted = {}
        for n, choices in self.choices.items():
            for way, chosen in choices:
                if values[chosen] > 0.5:
                    counted[n] = [self.counted(n, leg, way, values) for leg in range(len(way.legs))]
        return named(self.problem, counted)

    def counted(self, n: int, leg: int, way: Way, values: Mapping[Var, float]) -> Counted:
        """Return what was chosen for one leg of a case."""
        variant, slot, _ = way.legs[leg]
        needs = self.problem.cases[n].legs[leg][variant].needs
        crews = []
        left: dict[Moment, list[int]] = {}
        for need in needs:
            moment = leg, need.pool, slot + need.base, need.people
            if moment not in left:
                left[moment] = [
                    crew
                    for crew, units in self.staff[n][moment]
                    for _ in range(round(values[units]))
                ]
            crews.append(tuple(left[moment][: need.people]))
            left[moment] = left[moment][need.people :]
        return Counted(variant, slot, tuple(crews))


def _choices(case: Case, most: int) -> Iterator[Way]:
    """Yield the ways of a case at one slot each: all of their first slots, then the second."""
    slots = [slotted(way) for way in ways(case, most)]
    while slots:
        left = []
        for one in slots:
            way = next(one, None)
            if way is not None:
                left.append(one)
                yield way
        slots = left


def _moments(case: Case, way: Way) -> Iterator[Moment]:
    for leg, (variant, slot, _) in enumerate(way.legs):
        for need in case.legs[leg][variant].needs:
            yield leg, need.pool, slot + need.base, need.people


def search(problem: Problem, seconds: float, seed: int, report: Report) -> None:
    """Minimise one weighted sum after the other, each held for the next."""
    until = time.monotonic() + seconds
    model = Model(problem)
    model.build()
    hints: list[mathopt.SolutionHint] = []
    for weights in sums(problem, MOST):
        terms = [(weighed(weights, costs), chosen) for costs, chosen in model.costs]
        total = mathopt.fast_sum(factor * chosen for factor, chosen in terms if factor)
        model.mip.minimize(total)
        result = mathopt.solve(
            model.mip,
            mathopt.SolverType.HIGHS,
            params=_parameters(max(until - time.monotonic(), 0.01), seed),
            model_params=mathopt.ModelSolveParameters(solution_hints=hints),
        )
        if not result.has_primal_feasible_solution():
            return
        values = result.variable_values()
        report(model.answer(values))
        if result.termination.reason != mathopt.TerminationReason.OPTIMAL:
            return
        model.mip.add_linear_constraint(total <= round(result.objective_value()))
        hints = [mathopt.SolutionHint(variable_values=values)]


def _parameters(seconds: float, seed: int) -> mathopt.SolveParameters:
    """Return the parameters; MathOpt's own ``threads`` is not passed on to HiGHS."""
    options = highs_pb2.HighsOptionsProto()
    options.int_options["threads"] = 2
    options.int_options["random_seed"] = seed
    options.double_options["mip_rel_gap"] = 0.0
    return mathopt.SolveParameters(time_limit=timedelta(seconds=seconds), highs=options)
