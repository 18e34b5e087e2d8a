"""Bottlenecks: what one more unit of each resource is worth, measured with the very same chances.

Each candidate is a scenario of its own with one unit more, replicated with the baseline's seed;
replications are compared in pairs, so that chance drops out of the difference as far as it can.
"""

from collections.abc import Callable, Iterable
from typing import cast

import pandas as pd

from scheduler.constraint import Attendance, Nights, Register, Scope, Seats
from scheduler.simulation.results import Results, compared
from scheduler.simulation.scenario import Among, Capacity, Scenario
from scheduler.world import PERSON, World

WORTH = "departed"
"""What worth is counted in: cases that were carried out."""
_SOURCE = "one unit more, to see what it is worth"


def candidates(
    scenario: Scenario, world: World, register: Register, results: Results | None = None
) -> tuple[Capacity, ...]:
    """Return one more unit of everything that some prototype asks for.

    Of people by role and region, and by role and language where some have those; a place in each
    facility; a seat of each kind on all departures of a kind. With ``results`` only of what kept a
    ready case from being placed: nothing else can have had room for more.
    """
    shut = None if results is None else _shut(results)
    asked = [
        rule
        for case in world.cases
        for scope in (*case.legs, "chain")
        for one, rule in register.declarations(world, case, cast(Scope, scope))
        if shut is None or one.id in shut
    ]
    roles = {one.role for one in asked if isinstance(one, Attendance)} - {PERSON}
    stays = {name for one in asked if isinstance(one, Nights) for name in one.facilities}
    flown = {one.kind for one in world.departures if any(isinstance(rule, Seats) for rule in asked)}
    people = [one for one in world.resources if one.role in roles]
    team = {member for one in world.departures for member in one.team}
    regions = {(one.role, world.location[one.home].region) for one in people if one.id not in team}
    languages = {(one.role, language) for one in people for language in one.languages}
    return (
        *(_more(resources=Among(role=role, region=region)) for role, region in sorted(regions)),
        *(_more(resources=Among(role=role, language=one)) for role, one in sorted(languages)),
        *(_more(facility=one.id) for one in world.facilities if one.id in stays),
        *(_more(departures=one) for one in sorted(flown)),
    )


def _shut(results: Results) -> set[str]:
    """Return the constraints that some case was blocked by at some time."""
    days = results.totals[results.totals["measure"] == "blocked"].groupby("of")["value"].sum()
    return {str(name) for name in days.index[days > 0]}


def _more(**of: object) -> Capacity:
    return Capacity.model_validate({**of, "plus": 1, "source": _SOURCE}, by_name=True)


def name_of(capacity: Capacity) -> str:
    """Return what a capacity is of, in one word for each part."""
    if capacity.resources is not None:
        of = capacity.resources
        return " ".join(filter(None, (of.role, of.region, of.language)))
    return capacity.facility or f"seats {capacity.departures}"


def worths(
    scenario: Scenario,
    base: Results,
    more: Iterable[Capacity],
    run: Callable[[Scenario], Results],
    measure: str = WORTH,
) -> pd.DataFrame:
    """Return what each capacity adds to ``measure`` over the horizon, the most first.

    ``run`` simulates a scenario. ``low`` and ``high`` bound the mean with 95 % confidence.
    """
    before = base.totals[base.totals["measure"] == measure]
    rows = []
    for one in more:
        after = run(scenario.model_copy(update={"capacities": (*scenario.capacities, one)})).totals
        told = compared(before, after[after["measure"] == measure])
        rows.append(told.assign(more=name_of(one))[["more", "mean", "low", "high", "replications"]])
    if not rows:
        return pd.DataFrame(columns=["more", "mean", "low", "high", "replications"])
    found = pd.concat(rows, ignore_index=True)
    return found.sort_values(["mean", "more"], ascending=[False, True], ignore_index=True)
