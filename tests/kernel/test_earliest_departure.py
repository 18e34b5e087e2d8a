"""The earliest departure: the longest path is the very bound, and nothing is open sooner."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.constraint import (
    EARLIEST,
    LATEST,
    After,
    Declaration,
    Edge,
    Elapsed,
    Inside,
    Standing,
)
from scheduler.explanation.earliest import Earliest, earliest
from scheduler.objective import when
from scheduler.pattern import Patterns
from scheduler.world import Case, World
from tests.kernel import worlds
from tests.kernel.worlds import Setting, examples, made_up, register_of

DEPARTURE: Edge = ("departure", "start")
NOW = worlds.plain().as_of


def path_of(setting: Setting, case: str = "zk-1") -> Earliest:
    return earliest(Patterns(setting.world, setting.register).of(case))


def removal(*rules: Declaration) -> Earliest:
    """Return the path of a removal of which only these are asked."""
    made = (made_up(f"c{n}", removal=rule) for n, rule in enumerate(rules))
    case = worlds.chain().model_copy(update={"operation": "removal"})
    return path_of(Setting(world(case), register_of(*made)))


def world(*cases: Case) -> World:
    return worlds.plain(cases=cases)


@examples(300)
@given(worlds.either(slot=60))
def test_nothing_is_open_before_the_earliest_moment(setting: Setting) -> None:
    patterns = Patterns(setting.world, setting.register)
    for one in setting.world.cases:
        case = patterns.of(one.id)
        path = earliest(case)
        for pattern in case.open(patterns.empty):
            assert when(case, pattern) >= path.moment
            assert path.dated


@examples(300)
@given(worlds.either(slot=60))
def test_the_path_runs_from_now_to_the_bound_without_a_gap(setting: Setting) -> None:
    for one in setting.world.cases:
        path = path_of(setting, one.id)
        moments = [path.now, *(step.until for step in path.path)]
        assert moments == sorted(moments)
        assert all(step.since < step.until for step in path.path)
        assert all(step.until == after.since for step, after in pairwise(path.path))
        assert moments[-1] == path.moment


moments = st.integers(0, 40).map(lambda days: NOW + timedelta(days=days))
stretches = st.tuples(moments, st.integers(1, 20)).map(
    lambda one: (one[0], one[0] + timedelta(days=one[1]))
)
windows = st.lists(stretches, min_size=1, max_size=3).map(
    lambda found: Inside(DEPARTURE, DEPARTURE, tuple(found))
)
leads = st.integers(0, 30).map(lambda days: After(DEPARTURE, NOW, minutes=days * 1440))
answers = st.builds(
    Standing,
    st.just("check"),
    st.sampled_from(("yes", "no", "unknown")),
    expected=st.none() | moments.map(datetime.date),
)


@examples(500)
@given(st.lists(windows, max_size=3), st.lists(leads, max_size=2), st.lists(answers, max_size=2))
def test_the_bound_is_the_first_moment_that_every_lead_and_window_admits(
    windows: list[Inside], leads: list[After], answers: list[Standing]
) -> None:
    path = removal(*windows, *leads, *answers)
    hoped = [one.expected for one in answers if one.forbids]
    ready = max([NOW, *(worlds.local(day, "00:00") for day in hoped if day)])
    least = max([ready + ACTS, *(one.since(ready) for one in leads)])
    opens = {since for one in windows for since, _ in one.stretches if since >= least} | {least}
    admitted = [
        moment
        for moment in sorted(opens)
        if all(any(a <= moment <= b for a, b in one.stretches) for one in windows)
    ]
    assert (path.undated != ()) == (None in hoped)
    assert bool(path.closed) == (not admitted)
    if admitted:
        assert path.moment == admitted[0]


ACTS = removal().moment - NOW
"""What a removal takes before it departs."""


def test_a_document_expected_on_4_january_and_ten_working_days_give_18_january() -> None:
    lead = After(DEPARTURE, NOW, working_days=10, zone="Europe/Amsterdam", country="NL")
    hoped = Standing("documents", "no", expected=datetime(2027, 1, 4, tzinfo=UTC).date())
    path = removal(hoped, lead)
    assert path.moment == worlds.local(datetime(2027, 1, 18, tzinfo=UTC).date(), "00:00")
    assert [(step.kind, step.constraint) for step in path.path] == [
        ("expected", "c0"),
        ("lead", "c1"),
    ]
    assert path.dated


def test_a_window_that_opens_after_a_lead_is_over_stands_alone_on_the_path() -> None:
    opens = NOW + timedelta(days=20)
    window = Inside(DEPARTURE, DEPARTURE, ((opens, opens + timedelta(days=9)),))
    path = removal(After(DEPARTURE, NOW, minutes=3 * 1440), window)
    assert path.moment == opens
    assert [(step.kind, step.constraint) for step in path.path] == [("window", "c1")]


def test_a_window_that_is_open_now_and_shut_when_the_lead_is_over_comes_after_it() -> None:
    reopens = NOW + timedelta(days=20)
    window = Inside(DEPARTURE, DEPARTURE, ((NOW, NOW + timedelta(days=2)), (reopens, LATEST)))
    path = removal(After(DEPARTURE, NOW, minutes=3 * 1440), window)
    assert path.moment == reopens
    assert [step.kind for step in path.path] == ["lead", "window"]


def test_an_expected_date_that_has_passed_says_no_more_than_today() -> None:
    late = Standing("documents", "no", expected=(NOW - timedelta(days=9)).date())
    assert removal(late).ready == NOW


def test_a_check_that_nobody_dated_leaves_a_bound_and_no_date() -> None:
    path = removal(Standing("check", "unknown"), After(DEPARTURE, NOW, minutes=600))
    assert path.undated == ("c0",)
    assert path.moment == NOW + timedelta(minutes=600)
    assert not path.dated


def test_a_legal_end_before_the_earliest_moment_is_told() -> None:
    end = Inside(DEPARTURE, DEPARTURE, ((EARLIEST, NOW + timedelta(days=2)),), clock=True)
    path = removal(After(DEPARTURE, NOW, minutes=3 * 1440), end)
    assert path.closed == ("c1",)


def test_windows_that_go_on_daily_close_nothing_beyond_the_horizon() -> None:
    day = NOW, NOW + timedelta(hours=8)
    hours = Inside(DEPARTURE, DEPARTURE, (day,), daily=True)
    assert removal(After(DEPARTURE, NOW, minutes=90 * 1440), hours).closed == ()


@pytest.mark.parametrize("notice", [36, 480])
def test_in_a_chain_what_must_pass_between_the_legs_counts_from_the_end_of_the_first(
    notice: int,
) -> None:
    rule = Elapsed(("arrival", "end"), DEPARTURE, at_least=notice * 60)
    made = made_up("c0", chain=rule)
    path = path_of(Setting(world(worlds.chain()), register_of(made)))
    kinds = [step.kind for step in path.path]
    assert kinds == ["acts", "elapsed"]
    assert path.path[-1].until - path.path[-1].since == timedelta(hours=notice)
