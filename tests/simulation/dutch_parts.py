"""A part of the Dutch chain: the profiles that a test is about, in a world of some weeks."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any

from fixtures.simulated import dutch
from scheduler.simulation.profile import Profile, Setting
from scheduler.simulation.scenario import Scenario
from tests.simulation.made import MADE_UP, scenario

FIRST, DAYS, AHEAD = date(2027, 1, 4), 28, 14


@cache
def chain() -> Setting:
    """Return the Dutch chain for as long as these weeks need it."""
    return dutch(FIRST, DAYS + AHEAD + 21)


def part(
    wanted: Callable[[Mapping[str, str]], bool],
    most: int,
    changed: Callable[[Profile], Profile] = lambda one: one,
    **world: Any,
) -> Setting:
    """Return the first profiles whose attributes are wanted, ``changed``, in a world changed so."""
    given = chain()
    mine = [one for one in given.profiles if wanted(one.attributes)][:most]
    profiles = tuple(map(changed, mine))
    cases = {case.id: case for one in profiles for case in (one.first, *one.held.values())}
    return Setting(given.world.but(cases=tuple(cases.values()), **world), profiles)


def weeks(per_year: int, **parts: Any) -> Scenario:
    """Return a scenario of four weeks in which so many cases a year come, all ready at once."""
    given = {
        "horizon": {"from": FIRST, "days": DAYS, "source": MADE_UP},
        "inflow": {"perYear": per_year, "source": MADE_UP},
        "policy": {"daysAhead": AHEAD, "source": MADE_UP},
    }
    return scenario(**given | parts)
