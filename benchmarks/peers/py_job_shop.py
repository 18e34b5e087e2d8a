"""PyJobShop: a scheduling model of jobs, tasks and modes, which it hands to CP-SAT.

Its language has optional tasks, modes, resources with breaks and time lags, but no start windows
with gaps, no value of a choice, and no lag that depends on the mode. So:

- a *way* of a case (a window of each leg, see :mod:`benchmarks.peers.ways`) is an optional task per
  leg, whose earliest and latest start are the window;
- a person who is needed is a group of optional tasks, one per travel (lead and length), each tied
  by fixed lags to all the legs that may ask for it and with a mode per crew; exactly one is
  selected when such a leg is;
- seats are consumed by the leg, nights are a task of their own on an axis of days;
- what a case costs is the length of a job that starts at 0, with a mode per way (which depends on
  the modes of its legs) and one for leaving the case out; the sum of flow times is minimised.

Ways are listed one by one, so each case is offered its best ones, 1,000 in all; small worlds are
complete. One sum of as many levels as fit 41 bits is minimised, levels beyond it are left to
chance. It starts from the empty plan, with two workers and neither probing nor symmetries nor a
second round of presolve, which take most of a minute here; defaults otherwise. Plans are read while
its CP-SAT model is solved.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from ortools.sat.python import cp_model
from pyjobshop import Model
from pyjobshop.ProblemData import Consumable, Mode, ProblemData, Renewable, Task
from pyjobshop.Solution import ScheduledTask, Solution
from pyjobshop.solvers.ortools.CPModel import CPModel

from benchmarks.peers.peer import Report
from benchmarks.peers.problem import (
    Answer,
    Asked,
    Case,
    Counted,
    Problem,
    Variant,
    asked_of,
    named,
)
from benchmarks.peers.ways import Stretch, Way, limit, ways
from benchmarks.peers.weights import Costs, planned, sums, unplanned, weighed

CANNOT = ("a seat limit that binds others only when one case is aboard (too strict for two such)",)
WAYS = 1_000
MOST = 2**41
"""PyJobShop's own limit on a duration is 2**42."""
Person = list[tuple[int, Task, list[tuple[Mode, int]]]]
"""One person needed: per travel its lead and task, whose modes stand for a crew each."""


@dataclass(slots=True)
class Leg:
    """A leg of a way: its task and, need by need, the people to be found."""

    task: Task
    mode: Mode
    needs: list[list[Person]]


@dataclass(slots=True)
class Shop:
    """The model under construction."""

    problem: Problem
    weights: Costs
    model: Model = field(default_factory=Model)
    crews: dict[int, Renewable] = field(default_factory=dict)
    facilities: dict[int, Renewable] = field(default_factory=dict)
    rows: dict[int, Consumable] = field(default_factory=dict)
    choices: dict[int, list[tuple[Way, Mode, list[Leg]]]] = field(default_factory=dict)
    always: list[Mode] = field(default_factory=list)
    """The modes of the plan with nobody in it."""

    def build(self) -> None:
        """Add every case, way by way."""
        most = limit(self.problem, WAYS)
        for n, case in enumerate(self.problem.cases):
            offered = ways(case, most)
            if offered:
                self.case(n, case, offered)
        self.model.set_objective(weight_total_flow_time=1)

    def case(self, n: int, case: Case, offered: list[Way]) -> None:
        """Add the job whose length is what the case costs, and the ways it may choose from."""
        base = weighed(self.weights, planned(case))
        costs = [base + weighed(self.weights, way.costs) for way in offered]
        out = weighed(self.weights, unplanned(case))
        least = min(out, *costs)
        verdict = self.model.add_task(self.model.add_job(), latest_start=0)
        self.always.append(self.model.add_mode(verdict, [], out - least))
        staff = [self.staff(case, leg, offered) for leg in range(len(case.legs))]
        legs: dict[tuple[int, Stretch], Leg] = {}
        self.choices[n] = []
        for way, cost in zip(offered, costs, strict=True):
            taken = self.model.add_mode(verdict, [], cost - least)
            for number, stretch in enumerate(way.legs):
                if (number, stretch) not in legs:
                    variant = case.legs[number][stretch.variant]
                    legs[number, stretch] = self.leg(variant, stretch, staff[number])
            mine = [legs[number, stretch] for number, stretch in enumerate(way.legs)]
            for leg in mine:
                self.model.add_mode_dependency(taken, [leg.mode])
            if way.facility >= 0 and way.night < way.leaves:
                self.model.add_mode_dependency(taken, [self.stay(way, case.places)])
            self.choices[n].append((way, taken, mine))

    def staff(self, case: Case, leg: int, offered: list[Way]) -> dict[Asked, list[Person]]:
        """Add the people that some way of a leg asks for."""
        bases: dict[Asked, set[tuple[int, int]]] = {}
        for stretch in {way.legs[leg] for way in offered}:
            for asked, base in asked_of(case.legs[leg][stretch.variant]):
                ends = stretch.first + base, stretch.end - 1 + base
                bases.setdefault(asked, set()).add(ends)
        return {
            asked: [self.person(asked[0], ranges) for _ in range(asked[1])]
            for asked, ranges in bases.items()
        }

    def leg(self, variant: Variant, stretch: Stretch, staff: Mapping[Asked, list[Person]]) -> Leg:
        """Add the task of a leg, which takes its seats, and tie its people to it."""
        task = self.model.add_task(
            earliest_start=stretch.first, latest_start=stretch.end - 1, optional=True
        )
        seats = [self.row(board.row) for board in variant.boards]
        stricter = [
            board.seats + self.problem.rows[board.row].seats - board.room
            for board in variant.boards
        ]
        leg = Leg(task, self.model.add_mode(task, seats, 1, stricter), [])
        for asked, base in asked_of(variant):
            leg.needs.append(staff[asked])
            for person in staff[asked]:
                for lead, one, _ in person:
                    self.model.add_start_at_start(task, one, base + lead)
                tasks = [one for _, one, _ in person]
                self.model.add_select_exactly_one(tasks, condition_task=task)
        return leg

    def person(self, pool: int, ranges: set[tuple[int, int]]) -> Person:
        """Add the tasks of one person needed, with the crews that are there at some time."""
        travels: dict[tuple[int, int], list[int]] = {}
        for candidate in self.problem.pools[pool]:
            if any(
                max(since - candidate.lead, first) <= min(until - sum(candidate[1:]), last)
                for since, until in self.problem.crews[candidate.crew].free
                for first, last in ranges
            ):
                travel = candidate.lead, candidate.length
                travels.setdefault(travel, []).append(candidate.crew)
        person: Person = []
        for (lead, length), crews in travels.items():
            task = self.model.add_task(optional=True)
            modes = [(self.model.add_mode(task, self.crew(one), length, 1), one) for one in crews]
            person.append((lead, task, modes))
        return person

    def stay(self, way: Way, places: int) -> Mode:
        """Add the nights of a way."""
        task = self.model.add_task(earliest_start=way.night, latest_start=way.night, optional=True)
        nights = way.leaves - way.night
        return self.model.add_mode(task, self.facility(way.facility), nights, places)

    def crew(self, number: int) -> Renewable:
        """Return the resource of a crew, away when it is not free."""
        known = self.crews.get(number)
        if known is None:
            crew = self.problem.crews[number]
            edges = [(0, 0), *crew.free, (2 * self.problem.slots, 0)]
            breaks = [(end, first) for (_, end), (first, _) in pairwise(edges) if end < first]
            known = self.crews[number] = self.model.add_renewable(len(crew.members), breaks)
        return known

    def facility(self, number: int) -> Renewable:
        """Return the resource of a facility; where fewer places are left a task takes the rest."""
        known = self.facilities.get(number)
        if known is None:
            places = self.problem.facilities[number].places
            most = max(places)
            known = self.facilities[number] = self.model.add_renewable(most)
            for night, left in enumerate(places):
                if left < most:
                    taken = self.model.add_task(earliest_start=night, latest_start=night)
                    self.always.append(self.model.add_mode(taken, known, 1, most - left))
        return known

    def row(self, number: int) -> Consumable:
        """Return the resource of a seat row."""
        if number not in self.rows:
            self.rows[number] = self.model.add_consumable(self.problem.rows[number].seats)
        return self.rows[number]

    def nobody(self, data: ProblemData) -> Solution:
        """Return the plan with nobody in it, to start from."""
        modes = {id(mode): n for n, mode in enumerate(data.modes)}
        tasks = [ScheduledTask(0, [], 0, 0, present=False) for _ in data.tasks]
        for mode in self.always:
            start = data.tasks[mode.task].earliest_start
            tasks[mode.task] = ScheduledTask(
                modes[id(mode)], mode.resources, start, start + mode.duration
            )
        return Solution(data, tasks)


class Listener(cp_model.CpSolverSolutionCallback):
    """Reports each plan as it is found."""

    def __init__(self, shop: Shop, solving: CPModel, report: Report) -> None:
        super().__init__()
        self.shop = shop
        self.solving = solving
        self.report = report
        self.modes = {id(mode): n for n, mode in enumerate(shop.model.modes)}
        self.tasks = {id(task): n for n, task in enumerate(shop.model.tasks)}

    def on_solution_callback(self) -> None:
        """Read the plan from PyJobShop's variables."""
        self.report(self.answer())

    def answer(self) -> Answer:
        """Return the plan that the solver stands on, people named crew by crew."""
        counted = {}
        for n, choices in self.shop.choices.items():
            for way, taken, legs in choices:
                if self.selected(taken):
                    counted[n] = [
                        self.counted(stretch, leg)
                        for stretch, leg in zip(way.legs, legs, strict=True)
                    ]
        return named(self.shop.problem, counted)

    def counted(self, stretch: Stretch, leg: Leg) -> Counted:
        """Return the slot and the crews of one leg."""
        variables = self.solving.variables
        slot = self.value(variables.task_vars[self.tasks[id(leg.task)]].start)
        crews = tuple(
            tuple(
                next(crew for _, _, modes in person for mode, crew in modes if self.selected(mode))
                for person in people
            )
            for people in leg.needs
        )
        return Counted(stretch.variant, slot, crews)

    def selected(self, mode: Mode) -> bool:
        """Return whether a mode is chosen."""
        return self.boolean_value(self.solving.variables.mode_vars[self.modes[id(mode)]])


def search(problem: Problem, seconds: float, seed: int, report: Report) -> None:
    """Build the shop and let PyJobShop's model be solved."""
    until = time.monotonic() + seconds
    shop = Shop(problem, sums(problem, MOST)[0])
    shop.build()
    if not shop.choices:
        return
    data = shop.model.data()
    solving = CPModel(data)
    solving.variables.warmstart(shop.nobody(data))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 2
    solver.parameters.random_seed = seed
    solver.parameters.cp_model_probing_level = 0
    solver.parameters.max_presolve_iterations = 1
    solver.parameters.symmetry_level = 0
    solver.parameters.max_time_in_seconds = max(until - time.monotonic(), 0.01)
    solver.solve(solving.model, Listener(shop, solving, report))
