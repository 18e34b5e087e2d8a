"""CP-SAT begins with the plan it is given, and tells of every better one with its bound."""

from ortools.sat.python import cp_model

from constraints.register import REGISTER
from fixtures.national import national
from fixtures.worlds import canonical
from scheduler.construction import Option, construct
from scheduler.loading import parse_world
from scheduler.model import Limit, Program, every_choice, solve
from scheduler.objective import LEVELS, Objective, key
from scheduler.task import Task, prepare

WORK = 2.0
"""What CP-SAT may do, in its deterministic unit: enough to begin with, not to finish."""


def scarce() -> tuple[Task, dict[str, Option]]:
    """Return five national cases with little to spare, and their first plan, taken out again."""
    world = parse_world(canonical(national(cases=5, supply=0.2)), REGISTER)
    task = prepare(world, REGISTER)
    options = construct(task.cases, task.valuation, task.occupancy)
    task.release(options)
    return task, options


def told(task: Task, hint: dict[str, Option]) -> list[tuple[Objective, Objective]]:
    program = Program(cp_model.CpModel(), task.occupancy, task.valuation)
    every_choice(program, task.cases)
    found: list[tuple[Objective, Objective]] = []
    solve(program, hint, Limit(work=WORK), lambda values, bounds: found.append((values, bounds)))
    return found


def test_the_plan_to_start_from_is_taken_at_once() -> None:
    task, options = scarce()
    began_with = task.value(options)
    first, _ = told(task, options)[0]
    assert first["plannedWeight"] == began_with["plannedWeight"] > 1
    without, _ = told(task, {})[0]
    assert without["plannedWeight"] < first["plannedWeight"]


def test_it_is_taken_again_at_every_level_that_it_is_best_at() -> None:
    task, options = scarce()
    began_with = task.value(options)
    program = Program(cp_model.CpModel(), task.occupancy, task.valuation)
    every_choice(program, task.cases)
    solution = solve(program, options, Limit())
    assert solution is not None
    assert solution.optimal
    assert key(solution.values) >= key(began_with)


def test_what_is_told_is_never_above_its_bound_and_each_time_no_worse_at_its_level() -> None:
    task, options = scarce()
    last = 0
    for values, bounds in told(task, options):
        assert values["plannedWeight"] <= bounds.get("plannedWeight", values["plannedWeight"])
        assert values["plannedWeight"] >= last
        last = values["plannedWeight"]
        assert list(values) == list(LEVELS)


def test_as_much_work_ends_with_the_same_plan() -> None:
    task, options = scarce()
    assert told(task, options) == told(task, options)


def test_a_stop_is_heard_before_anything_is_solved() -> None:
    task, options = scarce()
    program = Program(cp_model.CpModel(), task.occupancy, task.valuation)
    every_choice(program, task.cases)
    assert solve(program, options, Limit(), stop=lambda: True) is None
