"""One replication: nobody is lost or claimed twice, and chance belongs to the case."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from scheduler.occupancy import Occupancy
from scheduler.simulation.chance import Chance
from scheduler.simulation.diary import claims_of
from scheduler.simulation.replication import Done, Model, replicate
from tests.simulation.made import MADE_UP, model, setting

LENGTHS = (60, 240, 600)


def answers(mean: float) -> dict[str, Any]:
    return {
        "id": "permission",
        "turns": {"fact": "allowed"},
        "begins": {"yes": 0.5, "no": 0.5},
        "states": {
            "yes": {"answer": "yes", "stays": {"days": 10}, "becomes": {"no": 1}},
            "no": {"answer": "no", "stays": {"days": mean}, "becomes": {"yes": 1}},
        },
        "source": MADE_UP,
    }


def asked_again(other: str) -> dict[str, Any]:
    """Return a permission that is refused after ten days or so, then ``other``, then given."""
    states = {
        "yes": {"answer": "yes", "stays": {"days": 10}, "becomes": {"no": 1}},
        "no": {"answer": "no", "stays": {"law": "fixed", "days": 2}, "becomes": {"again": 1}},
        "again": {"answer": other, "stays": {"law": "fixed", "days": 3}, "becomes": {"yes": 1}},
    }
    return answers(4) | {"begins": {"yes": 0.5, "again": 0.5}, "states": states}


LEAVING = {
    "id": "leaving",
    "turns": {"trigger": "gone"},
    "begins": {"here": 1},
    "states": {
        "here": {"answer": "yes", "stays": {"days": 20}, "becomes": {"gone": 1}},
        "gone": {"answer": "no"},
    },
    "source": MADE_UP,
}
FAILING = {
    "reason": "ill",
    "share": 0.4,
    "before": {"law": "uniform", "days": 1},
    "source": MADE_UP,
}


def busy(**parts: Any) -> Model:
    given: dict[str, Any] = {
        "processes": [answers(4), LEAVING],
        "failures": [FAILING],
        "inflow": {"perYear": 4000, "caseload": 40, "source": MADE_UP},
    }
    return model(setting(LENGTHS, 2, 28, 15, ("xx", "yy")), **given | parts)


def done(made: Model, number: int = 0) -> list[Done]:
    heard: list[Done] = []
    replicate(made, number, log=heard.append)
    return heard


def test_the_same_seed_gives_the_same_tally_bit_by_bit() -> None:
    assert replicate(busy(), 3) == replicate(busy(), 3)
    assert replicate(busy(), 3) != replicate(busy(), 4)


def test_whoever_enters_departs_leaves_otherwise_or_is_in_the_caseload() -> None:
    entered, departed, left, remain = replicate(busy(), 0).balance
    assert entered == departed + left + remain
    assert min(departed, left, remain) > 0


def test_nobody_is_claimed_twice() -> None:
    made = busy()
    occupancy = Occupancy(made.world)
    heard = done(made)
    assert heard
    for one in heard:
        claims = claims_of(made.roster, one.booked.people)
        for name, line in claims.people:
            assert line & occupancy.free(name) == line
        occupancy.claim(claims)


def test_bookings_fail_about_as_often_as_the_scenario_says() -> None:
    roomy = {"resources": {"role": "clerk"}, "times": 100, "source": MADE_UP}
    made = busy(processes=[], capacities=[roomy])
    tally = replicate(made, 0)
    ill = tally.failed[0, made.names.reasons.index("ill")].sum()
    assert ill / tally.booked[0].sum() == pytest.approx(0.4, abs=0.05)


def test_a_case_is_blocked_by_the_constraint_that_forbids_and_under_its_light() -> None:
    made = busy(processes=[answers(4)])
    tally = replicate(made, 0)
    blocked = dict(zip(made.names.constraints, tally.blocked.sum(axis=1), strict=True))
    assert blocked["allowed"] > 0
    assert blocked["gone"] == 0
    law = tally.lights[made.names.lights.index("law")]
    assert law == pytest.approx(tally.blocked[made.names.constraints.index("allowed")])


def test_a_light_is_grey_while_nothing_is_known_and_red_wherever_something_is() -> None:
    """A refusal of two days turns into three of no answer, beside another that is a no at times."""
    for more in ([], [answers(4) | {"id": "second"}]):
        made = busy(processes=[asked_again("unknown"), *more])
        tally, known = replicate(made, 0), replicate(busy(processes=[asked_again("no"), *more]), 0)
        law = made.names.lights.index("law")
        assert 0 < tally.red[law].sum() < tally.lights[law].sum()
        assert np.array_equal(known.red, known.lights)
        # But for its colour, unknown is as good as no: nobody is planned on it.
        for name, line in vars(tally).items():
            assert name == "red" or np.array_equal(line, getattr(known, name)), name


def test_the_stock_stands_otherwise_than_those_who_enter() -> None:
    """Everybody there at the start waits for an answer, and nobody who enters does."""
    fast = answers(4) | {"begins": {"yes": 1}, "stock": {"no": 1}}
    slow = {"answer": "no", "stays": {"law": "fixed", "days": 1000}, "becomes": {"yes": 1}}
    fast["states"] = {"yes": {"answer": "yes"}, "no": slow}
    made = busy(processes=[fast], failures=[])
    cases = {one.case for one in done(made)}
    assert len(cases) > 100
    # Of a thousand days, a stay that is under way ends in this month for one in thirty-six.
    assert sum(case < 40 for case in cases) <= 5


def test_one_more_clerk_never_gives_fewer_departures() -> None:
    gained = []
    for number in range(10):
        counts = []
        for plus in (0, 1):
            more = {"resources": {"role": "clerk"}, "plus": plus, "source": MADE_UP}
            made = busy(inflow={"perYear": 6000, "source": MADE_UP}, capacities=[more])
            counts.append(int(replicate(made, number).departed.sum()))
        gained.append(counts[1] - counts[0])
    assert np.mean(gained) > 0
    assert min(gained) >= -1


def test_without_clerks_of_a_language_exactly_its_cases_wait() -> None:
    given = setting(LENGTHS, 2, 28, 15, ("xx", "yy"))
    deaf = tuple(one.model_copy(update={"languages": ("xx",)}) for one in given.world.resources)
    world = given.world.but(resources=deaf)
    made = model(type(given)(world, given.profiles))
    languages = Counter(
        made.courses[_profile(made, one.case)].profile.attributes["language"] for one in done(made)
    )
    assert languages["xx"] > 0
    assert languages["yy"] == 0


def _profile(made: Model, case: int) -> int:
    drawn = Chance(made.scenario.seed, 0, case + 1).of("profile")[case, 0]
    return int(np.searchsorted(made.shares, drawn, side="right"))


def test_a_stream_of_draws_only_grows_with_the_cases() -> None:
    few, many = Chance(1, 2, 10).of("appeal", 3), Chance(1, 2, 1000).of("appeal", 3)
    assert np.array_equal(few, many[:10])
    assert not np.array_equal(few, Chance(1, 2, 10).of("appeal", 4))
    assert not np.array_equal(few, Chance(1, 3, 10).of("appeal", 3))


def test_another_rate_shifts_no_draws_of_others() -> None:
    """With permission slower, those who need none depart as they did where nobody queues."""

    def departures(mean: float) -> set[tuple[int, float]]:
        roomy = {"resources": {"role": "clerk"}, "times": 100, "source": MADE_UP}
        made = busy(processes=[answers(mean)], capacities=[roomy])
        return {(one.case, one.booked.moment) for one in done(made)}

    slow, quick = departures(40), departures(2)
    never_asked = {
        case
        for case in range(40)
        if Chance(7, 0, 40).of("process/permission")[case, 0] < 0.5
        and -10 * np.log1p(-Chance(7, 0, 40).of("process/permission")[case, 1]) > 28
    }
    kept = [{one for one in found if one[0] in never_asked} for found in (slow, quick)]
    assert kept[0] == kept[1] != set()
