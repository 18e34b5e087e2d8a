"""Peers are told the very problem that we solve, and their plans are looked at like ours."""

import json
from functools import cache
from pathlib import Path

import pytest

from benchmarks.peers.peer import available, peer
from benchmarks.peers.problem import (
    Answer,
    Compiled,
    Counted,
    Taken,
    as_json,
    candidates_at,
    compiled,
    named,
    window_at,
)
from benchmarks.peers.runner import Point, Run, run_peer, run_us
from benchmarks.peers.table import Compared, compare, median, outcome, table, where
from benchmarks.peers.ways import narrowed, slotted, ways
from benchmarks.peers.weights import chosen, planned, sums, unplanned, weighed
from constraints.register import REGISTER
from fixtures.national import national
from scheduler.construction import construct
from scheduler.objective import LEVELS
from scheduler.pattern import Pattern
from scheduler.plan import Plan
from scheduler.planner import plan
from scheduler.timeline import slots_of
from scheduler.validator import plan_violations
from scheduler.world import PERSON, World

TINY = Path(__file__).parents[2] / "fixtures" / "tiny.json"
EVERYTHING = 10**9
LEAST = dict.fromkeys(LEVELS, 0)


@cache
def world(name: str) -> World:
    """Return the tiny world, or a small one with chains and bookings in it."""
    if name == "tiny":
        return World.model_validate_json(TINY.read_text(encoding="utf-8"))
    return World.model_validate_json(json.dumps(national(cases=12, supply=0.5)))


@cache
def stated(name: str) -> Compiled:
    return compiled(world(name), REGISTER)


def constructed(of: Compiled) -> Answer:
    """Return our own first plan as an answer."""
    task = of.task
    answer = {}
    options = construct(task.cases, task.valuation, task.occupancy)
    for case in task.cases:
        option = options.get(case.case.id)
        if option is not None:
            task.occupancy.release(option.claims)
            n = task.cases.index(case)
            answer[n] = tuple(
                Taken(
                    of.layouts[n][leg].index(layout),
                    slot,
                    tuple(
                        tuple(block.resource for block in blocks)
                        for _, attendance, blocks in option.names[leg]
                        if attendance.role != PERSON
                    ),
                )
                for leg, (layout, slot) in enumerate(option.pattern.legs)
            )
    return answer


def accepted(of: Compiled, made: Plan) -> bool:
    return not plan_violations(of.task.patterns.world, REGISTER, made)


@pytest.mark.parametrize("name", ["tiny", "national"])
def test_every_leg_may_be_where_it_is_open_and_nowhere_else(name: str) -> None:
    of = stated(name)
    for n, case in enumerate(of.task.cases):
        if case.chained:
            continue
        leg = case.case.legs[0]
        open_ = {
            (layout, slot)
            for layout, line in case.open_layouts(leg, of.task.occupancy)
            for slot in slots_of(line)
        }
        told = {
            (layout, slot)
            for layout, variant in zip(of.layouts[n][0], of.problem.cases[n].legs[0], strict=True)
            for window in variant.windows
            for slot in range(window.first, window.end)
        }
        assert told == open_


def test_the_legs_of_a_chain_go_together_as_its_patterns_do() -> None:
    of = stated("national")
    chains = [n for n, case in enumerate(of.problem.cases) if case.chained and case.plannable]
    assert chains
    for n in chains:
        case, told = of.task.cases[n], of.problem.cases[n]
        together = {
            (placement.variant, removal.variant, slot)
            for placement, removal in (way.legs for way in ways(told, EVERYTHING))
            for slot in range(placement.first, placement.end)
        }
        for first, placement in enumerate(of.layouts[n][0]):
            for last, removal in enumerate(of.layouts[n][1]):
                line = case.pair_line(placement, removal, of.task.occupancy)
                for window in told.legs[0][first].windows:
                    for slot in range(window.first, window.end):
                        assert ((first, last, slot) in together) == bool(line >> slot & 1)


@pytest.mark.parametrize("name", ["tiny", "national"])
def test_the_worth_of_a_way_is_that_of_its_pattern(name: str) -> None:
    of = stated(name)
    for n, (case, told) in enumerate(zip(of.task.cases, of.problem.cases, strict=True)):
        for way in ways(told, 50):
            legs = tuple(
                (of.layouts[n][leg][one.variant], one.first) for leg, one in enumerate(way.legs)
            )
            costs = [a + b for a, b in zip(planned(told), way.costs, strict=True)]
            costs[1] *= -1
            pattern = Pattern(case.case.id, legs)
            value = of.task.valuation.total([case], {case.case.id: pattern})
            assert tuple(costs) == tuple(value[level] for level in LEVELS)
            assert (way.leaves - way.night if way.facility >= 0 else 0) == len(case.nights(pattern))


@pytest.mark.parametrize("name", ["tiny", "national"])
def test_our_own_plan_survives_the_way_there_and_back(name: str) -> None:
    of = stated(name)
    answer = constructed(of)
    made = of.plan(answer, 1.0, 0)
    assert answer
    assert accepted(of, made)
    crews = {one: n for n, crew in enumerate(of.problem.crews) for one in crew.members}
    counted = {
        n: [
            Counted(
                one.variant, one.slot, tuple(tuple(map(crews.__getitem__, p)) for p in one.people)
            )
            for one in legs
        ]
        for n, legs in answer.items()
    }
    for n, legs in counted.items():
        for variants, one in zip(of.problem.cases[n].legs, legs, strict=True):
            assert window_at(variants[one.variant], one.slot)
            for need, taken in zip(variants[one.variant].needs, one.crews, strict=True):
                there = {who.crew for who, _, _ in candidates_at(of.problem, need, one.slot)}
                assert set(taken) <= there
                assert len(taken) == need.people
    assert accepted(of, of.plan(named(of.problem, counted), 1.0, 0))


def test_whoever_is_taken_too_often_is_found_out() -> None:
    of = stated("tiny")
    answer = constructed(of)
    n, legs = next((n, legs) for n, legs in answer.items() if any(one.people for one in legs))
    nobody = {**answer, n: tuple(one._replace(people=((),) * len(one.people)) for one in legs)}
    assert not accepted(of, of.plan(nobody, 1.0, 0))


def test_the_problem_survives_json() -> None:
    values = as_json(stated("tiny").problem)
    assert json.loads(json.dumps(values))["slots"] == 672


def test_nothing_is_left_out_below_the_limit_and_the_best_come_first() -> None:
    problem = stated("national").problem
    for case, narrow in zip(problem.cases, narrowed(problem, EVERYTHING).cases, strict=True):
        if case.plannable and not case.chained:
            assert narrow == case
        if case.plannable:
            every = ways(case, EVERYTHING)
            assert ways(case, 1) == every[:1]
            assert all(one.legs[0].end == one.legs[0].first + 1 for one in slotted(every[0]))


def test_no_sum_lets_a_lower_level_outweigh_a_higher_one() -> None:
    problem = stated("national").problem
    whole = sums(problem, 2**62)
    assert len(whole) == 1
    apart = sums(problem, 1)
    assert [max(one) for one in apart] == [1] * len(LEVELS)
    for case in problem.cases:
        for leg in case.legs if case.plannable else ():
            costs = sorted(chosen(window) for variant in leg for window in variant.windows)
            assert [weighed(whole[0], one) for one in costs] == sorted(
                weighed(whole[0], one) for one in costs
            )
            assert weighed(whole[0], unplanned(case)) >= 0


@pytest.mark.parametrize(
    "name", [one for one in ("CP-SAT", "HiGHS", "PyJobShop") if one in available()]
)
def test_a_peer_reaches_the_proven_optimum(name: str) -> None:
    of = stated("tiny")
    best = plan(world("tiny"), REGISTER, seconds=5)
    assert all(level.gap == 0 for level in best.levels)
    reported: list[Answer] = []
    peer(name).search(of.problem, 10, 0, reported.append)
    made = of.plan(reported[-1], 1.0, 0)
    assert accepted(of, made)
    assert made.objective == best.objective


def test_both_are_run_apart_and_come_into_one_table(tmp_path: Path) -> None:
    of = stated("tiny")
    ours = run_us(of, TINY, 1.0, 0)
    theirs = run_peer("CP-SAT", of, 5.0, 0, tmp_path)
    found = Compared("tiny", "6 cases", runs={ours.solver: [ours], theirs.solver: [theirs]})
    last = ours.points[-1]
    assert not last.wrong
    assert compare(last, theirs.at(5.0)) == 0
    assert "Never worse." in table([found], [1.0], "a machine")


def having(weight: int, *, limit: float = 1, proven: int | None = None) -> Run:
    """Return a run that ends with a plan of this weight, and may have proven a bound of it."""
    bounds = {} if proven is None else LEAST | {"plannedWeight": proven}
    return Run("", limit, [Point(0.5, LEAST | {"plannedWeight": weight})], bounds)


def test_the_better_plan_of_a_peer_is_told() -> None:
    found = Compared("a world", "", runs={"Regietafel": [having(4)], "Other": [having(5)]})
    assert where([found], [1.0], "worse") == ["a world, 1 s, Other"]
    assert "Worse: a world, 1 s, Other." in table([found], [1.0], "a machine")
    assert compare(None, having(5).at(1)) == -1
    assert compare(None, None) == 0


@pytest.mark.parametrize(
    ("proven", "other", "expected"),
    [
        (None, 4, "equal"),
        (5, 4, "equal"),
        (4, 4, "both optimal"),
        (4, 3, "better"),
        (None, 5, "worse"),
    ],
)
def test_equal_plans_are_enough_only_where_they_are_proven_the_best(
    proven: int | None, other: int, expected: str
) -> None:
    ours = having(4, proven=proven)
    found = Compared("a world", "", runs={"Regietafel": [ours], "Other": [having(other)]})
    assert outcome(found, "Other", 1.0) == expected
    told = "Equal, and not known to be the best: a world, 1 s, Other."
    assert (told in table([found], [1.0], "a machine")) == (expected == "equal")


def test_a_plan_proven_the_best_in_a_longer_run_is_the_best_in_a_shorter_one() -> None:
    ours = [having(4), having(4, limit=10, proven=4)]
    found = Compared("a world", "", runs={"Regietafel": ours, "Other": [having(4, limit=10)]})
    assert outcome(found, "Other", 1.0) == "both optimal"


def test_neither_is_better_where_neither_has_a_plan() -> None:
    found = Compared("a world", "", runs={"Regietafel": [Run("", 1)], "Other": [Run("", 1)]})
    assert outcome(found, "Other", 1.0) == "equal"


def test_a_cell_is_the_median_of_its_seeds() -> None:
    points = [having(weight).at(1) for weight in (7, 5, 6)]
    assert median(points) == points[2]
    assert median([*points, None]) == points[1]
    assert median([None, None, points[0]]) is None
    found = Compared("a world", "", runs={"Regietafel": [having(one) for one in (7, 5, 6)]})
    assert found.at("Regietafel", 1.0) == points[2]
    assert found.at("Regietafel", 2.0) is None
    assert "| Regietafel | 3 | 0 / 6 / 0 |" in table([found], [1.0], "a machine")


def test_the_median_over_time_counts_a_seed_without_a_plan() -> None:
    early, late = (Point(at, LEAST | {"plannedWeight": 5}) for at in (0.5, 0.7))
    runs = [Run("", 1, [early]), Run("", 1, [late]), Run("", 1)]
    found = Compared("a world", "", runs={"Regietafel": runs})
    assert [seconds for seconds, _ in found.course("Regietafel")] == [0.7]


def test_the_gap_is_to_the_kept_bound_where_there_is_one() -> None:
    runs = {"Regietafel": [having(4, proven=8)]}
    own = Compared("a world", "", runs=runs)
    kept = Compared("a world", "", kept={"pastLegalEnd": 0, "plannedWeight": 5}, runs=runs)
    assert "| 50.00% |" in table([own], [1.0], "a machine")
    page = table([kept], [1.0], "a machine")
    assert "| 20.00% |" in page
    assert "| *the bound that is kept* | | 0 / 5 / - |" in page


def test_the_plot_is_small(tmp_path: Path) -> None:
    pytest.importorskip("altair")
    from benchmarks.peers.plot import draw

    run = Run("", 60, [Point(n / 100, LEAST | {"plannedWeight": n}) for n in range(1, 5000)])
    found = Compared("a world", "", kept={"plannedWeight": 5000}, runs={"Regietafel": [run]})
    draw([found], 60.0, tmp_path / "plot.svg")
    assert (tmp_path / "plot.svg").stat().st_size < 20_000
