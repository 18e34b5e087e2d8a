"""What is closed shows: as the light and the partner that block, and as the first bottleneck."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

import pandas as pd
import pytest

from constraints.register import REGISTER
from scheduler.simulation.bottlenecks import candidates, worths
from scheduler.simulation.profile import Setting
from scheduler.simulation.replications import Pool, source_of
from scheduler.simulation.results import Results, compared
from scheduler.simulation.scenario import Scenario
from scheduler.simulation.simulator import Simulator
from scheduler.world import Seats
from tests.simulation.dutch_parts import chain, part, weeks
from tests.simulation.made import MADE_UP

HERE = Pool(lambda: ThreadPoolExecutor(1))
REPLICATIONS = 5
MANY = 400


@cache
def women() -> Setting:
    """Return women who are placed and then leave: for them there is one facility."""
    return part(lambda of: of["party"] == "woman" and of["route"] == "placed-first", 6)


@cache
def albanians() -> Setting:
    """Return men who are placed and then leave, who speak a language that few interpreters do."""
    speak = {"sq", "ary", "ku"}
    return part(
        lambda of: of["party"] == "man" and of["language"] == "sq" and of["route"] == "chain",
        4,
        resources=tuple(
            one
            for one in chain().world.resources
            if one.role != "interpreter" or speak & {*one.languages}
        ),
    )


@cache
def grounded() -> Setting:
    """Return men who are to leave for a country to which no departure has a seat."""
    world = chain().world
    shut = {one.id for one in world.departures_to("MA")}
    none = Seats(unescorted=0, escorted=0)
    departures = (
        one.model_copy(update={"seats": none}) if one.id in shut else one
        for one in world.departures
    )
    return part(
        lambda of: of["party"] == "man" and of["destination"] == "MA" and of["route"] == "chain",
        4,
        departures=tuple(departures),
    )


def less(times: float, **of: object) -> dict[str, object]:
    return {**of, "times": times, "source": MADE_UP}


def simulator(make: Callable[[], Setting]) -> Simulator:
    return Simulator(*source_of(make, REGISTER), HERE)


def blockers(results: Results, measure: str) -> list[str]:
    """Return what blocked for any time at all, the longest first."""
    mine = results.totals[results.totals["measure"] == measure]
    days = mine.groupby("of")["value"].sum().sort_values(ascending=False)
    return [str(name) for name in days.index[days > 0]]


def worth(made: Simulator, base: Scenario, found: Results) -> pd.DataFrame:
    tried = candidates(base, made.setting.world, REGISTER, found)
    return worths(base, found, tried, lambda one: made.results(one, REPLICATIONS))


CLOSED = [
    pytest.param(
        women,
        [less(0, facility="jc-zeist")],
        ("detention-place", "DJI", "placed-in-detention"),
        "jc-zeist",
        id="a facility",
    ),
    pytest.param(
        albanians,
        [less(0, resources={"role": "interpreter", "language": "sq"})],
        ("interpreter", "Tolkendesk", "execution"),
        "interpreter sq",
        id="a language",
    ),
    pytest.param(
        grounded,
        [],
        ("departures", "DT&V", "execution"),
        "seats scheduled",
        id="a destination",
    ),
]


@pytest.mark.parametrize(("make", "closed", "blocks", "first"), CLOSED)
def test_what_is_closed_blocks_and_is_worth_most(
    make: Callable[[], Setting],
    closed: list[dict[str, object]],
    blocks: tuple[str, str, str],
    first: str,
) -> None:
    made = simulator(make)
    base = weeks(MANY, capacities=closed)
    found = made.results(base, REPLICATIONS)
    measures = ("blocked", "blocked-partner", "blocked-light")
    told = [blockers(found, one) for one in measures]
    print(told)
    assert tuple(one[0] for one in told if one) == blocks
    gains = worth(made, base, found)
    print(gains.head(3))
    assert gains.iloc[0]["more"] == first
    assert gains.iloc[0]["low"] > 0


@pytest.mark.parametrize(
    ("make", "of"),
    [
        (women, {"facility": "jc-zeist"}),
        (women, {"resources": {"role": "transport"}}),
        (albanians, {"resources": {"role": "interpreter"}}),
        (albanians, {"departures": "scheduled"}),
    ],
)
def test_more_of_anything_never_brings_fewer_departures_beyond_chance(
    make: Callable[[], Setting], of: dict[str, object]
) -> None:
    made = simulator(make)
    runs = [
        made.results(weeks(2 * MANY, capacities=[less(times, **of)]), REPLICATIONS).totals
        for times in (0, 0.1, 0.4, 1)
    ]
    departed = [one[one["measure"] == "departed"] for one in runs]
    for before, after in pairwise(departed):
        mean, low, high = _gained(before, after)
        print(f"{mean:+.1f} ({low:+.1f} to {high:+.1f})")
        assert high >= 0
    assert _gained(departed[0], departed[-1])[1] > 0


def _gained(before: pd.DataFrame, after: pd.DataFrame) -> tuple[float, float, float]:
    """Return the mean of the paired differences, and the bounds of its interval."""
    mean, low, high = compared(before, after)[["mean", "low", "high"]].to_numpy()[0].tolist()
    return mean, low, high
