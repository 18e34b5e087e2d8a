"""What a turned fact forbids, and whether its light is red or grey: as the official lights are."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Literal

import pytest

from constraints.register import REGISTER
from scheduler.explanation.earliest import earliest
from scheduler.explanation.light import lights
from scheduler.explanation.signature import Explanation
from scheduler.occupancy import Occupancy
from scheduler.pattern import Patterns
from scheduler.simulation.effect import Effect, Effects
from scheduler.simulation.profile import Setting
from scheduler.simulation.scenario import Turns
from scheduler.world import Case, Fact
from tests.simulation.dutch_parts import part

Answer = Literal["no", "unknown"]


@cache
def setting() -> Setting:
    """Return a few of each way through the chain, removals of those who are held too."""
    routes: set[str] = set()

    def new(of: Mapping[str, str]) -> bool:
        fresh = of["route"] not in routes and of["papers"] == "none"
        routes.update((of["route"],) * fresh)
        return fresh

    return part(new, 4)


def prototypes() -> Iterator[Case]:
    for one in setting().profiles:
        yield from (one.first, *one.held.values())


def turned(case: Case, fact: str, answer: Answer) -> Case:
    """Return the case with an answer of its own to a fact, of all its persons if it is of those."""
    told = {fact: Fact(value=answer)}
    if REGISTER.facts[fact].of == "case":
        return case.model_copy(update={"facts": case.facts | told})
    persons = (one.model_copy(update={"facts": one.facts | told}) for one in case.persons)
    return case.model_copy(update={"persons": tuple(persons)})


def colours(effect: Effect) -> dict[str, str]:
    """Return the colour of each light that a constraint of the effect stands under."""
    found: dict[str, str] = {}
    for one in effect.forbid:
        light = REGISTER[one].light
        if one not in effect.unknown:
            found[light] = "red"
        else:
            found.setdefault(light, "grey")
    return found


FACTS = sorted(
    one
    for one in REGISTER.facts
    if one in {fact for each in prototypes() for fact in each.facts}
    or any(one in person.facts for each in prototypes() for person in each.persons)
)


@pytest.mark.parametrize("answer", ["no", "unknown"])
@pytest.mark.parametrize("fact", FACTS)
def test_a_light_is_red_or_grey_as_the_official_lights_are(fact: str, answer: Answer) -> None:
    world = setting().world
    effects = Effects(world, REGISTER)
    for case in prototypes():
        told = colours(effects.of(case, Turns(fact=fact), answer))
        after = world.but(cases=(turned(case, fact, answer),))
        explanation = Explanation(Patterns(after, REGISTER).of(case.id), Occupancy(after))
        shown = {
            one.light: one.state
            for one in lights(explanation, earliest(explanation.case))
            if one.blocks
        }
        assert {light: shown[light] for light in told} == told, case.id
        assert "grey" not in {state for light, state in shown.items() if light not in told}


def test_an_answer_of_no_is_known_and_no_answer_is_not() -> None:
    effects = Effects(setting().world, REGISTER)
    case = next(one for one in prototypes() if one.operation == "removal")
    nationality = Turns(fact="nationality-confirmed")
    assert effects.of(case, nationality, "no") == Effect(("nationality",))
    assert effects.of(case, nationality, "unknown").unknown == {"nationality"}
