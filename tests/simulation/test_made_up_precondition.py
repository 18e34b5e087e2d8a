"""A precondition made up for a test: a scenario's process turns its fact, and all obeys it."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from constraints.register import REGISTER
from scheduler.simulation.chance import Chance
from scheduler.simulation.profile import Profile, Setting
from scheduler.simulation.replication import Done, Model, model_of, replicate
from scheduler.simulation.scenario import ScenarioError
from scheduler.simulation.tally import Tally
from scheduler.world import Fact
from tests.made_up import observer
from tests.simulation.dutch_parts import chain, part, weeks
from tests.simulation.made import MADE_UP

OBSERVED = replace(REGISTER, constraints=(*REGISTER.constraints, observer.CONSTRAINT))
ADMITTED, AFTER = 0.5, 6
"""The share of those who are admitted as they enter, and days until the others are."""


def admission(other: str) -> dict[str, Any]:
    """Return a process in which some wait for admission, with another answer than yes."""
    wait = {"law": "fixed", "days": AFTER}
    return {
        "id": "admission",
        "turns": {"fact": observer.FACT.id},
        "begins": {"admitted": ADMITTED, "asked": 1 - ADMITTED},
        "states": {
            "admitted": {"answer": "yes"},
            "asked": {"answer": other, "stays": wait, "becomes": {"admitted": 1}},
        },
        "source": MADE_UP,
    }


def _admitted(profile: Profile) -> Profile:
    facts = profile.first.facts | {observer.FACT.id: Fact(value="yes")}
    return replace(profile, first=profile.first.model_copy(update={"facts": facts}))


@cache
def observed(observers: int = 4) -> Setting:
    """Return men and women who are placed, and observers rostered as hearing officers are."""
    officers = [one for one in chain().world.resources if one.role == "hearing-officer"]
    more = (
        one.model_copy(update={"id": f"observer-{n}", "role": "observer"})
        for n, one in enumerate(officers[:observers])
    )
    return part(
        lambda of: of["party"] in ("man", "woman") and of["route"] == "placed-first",
        10,
        _admitted,
        resources=(*chain().world.resources, *more),
    )


def replicated(made: Model) -> tuple[list[Done], Tally]:
    heard: list[Done] = []
    tally = replicate(made, 0, log=heard.append)
    return heard, tally


def blocked(made: Model, tally: Tally) -> dict[str, float]:
    days = zip(made.names.constraints, tally.blocked.sum(axis=1).tolist(), strict=True)
    return {name: time for name, time in days if time}


@pytest.mark.parametrize("answer", ["no", "unknown"])
def test_nobody_is_placed_before_the_answer_is_yes(answer: str) -> None:
    made = model_of(weeks(700, processes=[admission(answer)]), observed(), OBSERVED)
    heard, tally = replicated(made)
    draws = Chance(made.scenario.seed, 0, 200).of("process/admission")
    waited = 0
    for one, (_, _, _, _, since_entering, _) in zip(heard, tally.waits, strict=True):
        if draws[one.case, 0] >= ADMITTED and one.booked.leg == "placement":
            minutes = (one.booked.end - one.booked.start) * made.roster.grid.minutes
            assert since_entering - minutes / 1440 >= AFTER - 1e-6
            waited += 1
    assert waited
    days = blocked(made, tally)
    asked = int((draws[: int(tally.balance[0]), 0] >= ADMITTED).sum())
    assert 0 < days["observer"] <= asked * AFTER
    light = made.names.lights.index(observer.CONSTRAINT.light)
    red, lit = tally.red[light].sum(), tally.lights[light].sum()
    assert lit - red == pytest.approx(days["observer"]) if answer == "unknown" else lit == red


def test_without_the_process_they_are_placed_at_once_and_without_the_constraint_too() -> None:
    usual = model_of(weeks(700), observed(), OBSERVED)
    heard, tally = replicated(usual)
    assert blocked(usual, tally).get("observer", 0) == 0
    gone = model_of(weeks(700, processes=[admission("no")]), observed(), OBSERVED)
    assert len(heard) > len(replicated(gone)[0])


def test_an_observer_is_claimed_for_every_placement() -> None:
    made = model_of(weeks(700), observed(), OBSERVED)
    heard, tally = replicated(made)
    placements = [one.booked for one in heard if one.booked.leg == "placement"]
    for one in placements:
        roles = [made.world.resources[number].role for number, _, _ in one.people]
        assert roles.count("observer") == 1
    mine = [one.role == "observer" for one in made.world.resources]
    assert tally.used[np.array(mine)].sum() > 0


def test_without_observers_nobody_is_placed_and_they_are_what_blocks() -> None:
    made = model_of(weeks(700), observed(0), OBSERVED)
    heard, tally = replicated(made)
    assert not heard
    assert list(blocked(made, tally)) == ["observer"]
    light = made.names.lights.index(observer.CONSTRAINT.light)
    assert tally.lights[light].sum() == pytest.approx(blocked(made, tally)["observer"])
    assert np.array_equal(tally.red, tally.lights)


def test_a_register_without_it_does_not_know_the_fact() -> None:
    with pytest.raises(ScenarioError, match="observer-admitted is no fact here"):
        model_of(weeks(700, processes=[admission("no")]), observed(), REGISTER)
