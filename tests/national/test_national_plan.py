"""The main job: four national weeks, planned, proven and explained. Figures are printed."""

import statistics
import time
from functools import cache
from pathlib import Path

from api.desk import Desk
from constraints.register import REGISTER
from scheduler.loading import read_world
from scheduler.plan import Plan
from scheduler.planner import plan
from scheduler.validator import plan_violations, violations
from scheduler.world import World


@cache
def national() -> World:
    return read_world(Path(__file__).parents[2] / "fixtures" / "national.json", REGISTER)


@cache
def improved() -> Plan:
    return plan(national(), REGISTER, seconds=20)


def test_the_first_plan_breaks_no_rule() -> None:
    began = time.perf_counter()
    made = plan(national(), REGISTER, seconds=0)
    print(f"first plan with its reasons in {time.perf_counter() - began:.2f} s")
    assert plan_violations(national(), REGISTER, made) == ()


def test_an_improved_plan_breaks_no_rule_and_is_no_worse_than_the_first() -> None:
    first = plan(national(), REGISTER, seconds=0).objective
    assert plan_violations(national(), REGISTER, improved()) == ()
    better = improved().objective
    assert (-better["pastLegalEnd"], better["plannedWeight"]) >= (
        -first["pastLegalEnd"],
        first["plannedWeight"],
    )


def test_no_level_beats_its_bound() -> None:
    for level in improved().levels:
        print(f"{level.level}: {level.value}, bound {level.bound}, gap {level.gap:.2%}")
        if level.level == "plannedWeight":
            assert level.value <= level.bound
        else:
            assert level.value >= level.bound


def test_bookings_that_are_held_or_confirmed_stay_as_they_are() -> None:
    kept = {one.id: one for one in improved().bookings}
    for booking in national().bookings:
        if booking.status in ("held", "confirmed"):
            assert kept[booking.id] == booking


def test_every_case_gets_proposals_or_a_light_that_blocks() -> None:
    desk, times = Desk(national()), []
    for case in national().cases:
        began = time.perf_counter()
        answer = desk.ask(case.id)
        times.append(time.perf_counter() - began)
        if answer.proposals:
            assert answer.blocking is None
            continue
        assert answer.blocking is not None
        assert any(lamp.state != "green" for lamp in answer.blocking.lights)
    cuts = statistics.quantiles(times, n=100)
    print(f"propose: p50 {cuts[49] * 1000:.1f} ms, p95 {cuts[94] * 1000:.1f} ms")


def test_held_proposals_break_no_rule() -> None:
    world = national()
    desk = Desk(world)
    for case in world.cases[::12]:
        others = [one for one in world.bookings if one.case != case.id]
        for proposal in desk.ask(case.id, 3).proposals:
            assert violations(world, REGISTER, [*others, *proposal.bookings]) == ()
