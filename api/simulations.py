"""Simulations as the doors show them: the Dutch chain under a scenario, its figures and its words.

Simulated numbers are of nobody, so small ones are not hidden.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from api.pages.charts import Figure
from constraints.register import REGISTER
from fixtures.simulated import dutch
from scheduler.draft import Problem
from scheduler.grid import midnight
from scheduler.occupancy import Occupancy
from scheduler.pattern import Patterns
from scheduler.simulation.adjusting import declaring, register_under, timeless, world_under
from scheduler.simulation.certificate import Cut, demands_of, smallest_cut
from scheduler.simulation.profile import weights
from scheduler.simulation.replications import Pool, source_of
from scheduler.simulation.results import MEASURED, Results, summary
from scheduler.simulation.scenario import Capacity, Scenario
from scheduler.simulation.simulator import Simulator
from scheduler.stopping import Stop, never
from scheduler.world import World

BEYOND = 32
"""Days that the world lasts beyond what is planned on the last day: those who leave come home."""
HEADLINE = (
    ("entered", "cases that entered", 1),
    ("departed", "carried out", 1),
    ("placed", "placed in detention", 1),
    ("left", "left otherwise", 1),
    ("failed-share", "bookings that failed, %", 100),
    ("median-wait", "days from ready, median", 1),
    ("mean-nights", "nights in detention, mean", 1),
    ("occupancy", "places taken, %", 100),
    ("use", "hours used, %", 100),
    ("blocked-light", "case-days blocked", 1),
    ("red-light", "case-days red", 1),
    ("grey-light", "case-days grey", 1),
    ("blocked-partner", "case-days blocked by", 1),
)
"""What is told first: a measure of the totals, in words, and by what it is multiplied."""
MOST_SHOWN = 12
"""Bars of a figure at most."""


def simulator(
    scenario: Scenario, pool: Pool, folder: Path | None = None, stop: Stop = never
) -> Simulator:
    """Return a simulator of the Dutch chain for as long as ``scenario`` asks."""
    horizon = scenario.horizon
    first = horizon.from_ - timedelta(days=horizon.warm_up)
    days = horizon.warm_up + horizon.days + scenario.policy.days_ahead + BEYOND
    source, setting = source_of(partial(dutch, first, days), REGISTER)
    return Simulator(source, setting, pool, folder, stop)


def same_dice(scenario: Scenario, other: Scenario) -> Iterator[Problem]:
    """Yield why two scenarios cannot be compared: they must draw alike, over the same time."""
    mine, theirs = (
        one.model_dump(include={"seed", "horizon"}, exclude={"horizon": {"source"}})
        for one in (scenario, other)
    )
    for name, value in mine.items():
        if value != theirs[name]:
            yield Problem(f"$.{name}", "must be that of the scenario it is compared with")


def compared(mine: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Return how two simulations of the same dice differ, replication by replication.

    Of each a row per replication, measure and what it is of (:func:`replicated`). ``mean`` is that
    of mine and ``other`` that of theirs; ``difference`` is by how much mine is more, ``low`` and
    ``high`` bound it with 95 % confidence. What only one of them measures is left out.
    """
    by = ["replication", *MEASURED]
    # Nobody has waited where nobody came: such a replication has no pair.
    pairs = mine.merge(theirs, on=by, suffixes=("", "_other")).dropna()
    differs = summary(pairs.assign(value=pairs["value"] - pairs["value_other"]))
    means = {
        "mean": summary(pairs)["mean"],
        "other": summary(pairs, value="value_other")["mean"],
        "difference": differs["mean"],
    }
    return differs.assign(**means)[[*MEASURED, *means, "low", "high", "replications"]]


def replicated(totals: pd.DataFrame) -> pd.DataFrame:
    """Return what a comparison needs of totals: what is told first, of each replication."""
    told = totals["measure"].isin([measure for measure, _, _ in HEADLINE])
    return totals.loc[told, ["replication", *MEASURED, "value"]].reset_index(drop=True)


def fullest(tried: Iterable[Capacity], results: Results) -> list[Capacity]:
    """Return what is to be tried, the fullest first: where time is short it is tried alone.

    What there is nothing of is full, and so are seats, which nobody counts.
    """
    full = {
        **_shares(results.use, ["role", "region", "language"], "used", "rostered"),
        **_shares(results.nights, ["of"], "inside", "places"),
    }

    def share(one: Capacity) -> float:
        of = one.resources
        key = (one.facility,) if of is None else (of.role, of.region or "", of.language or "")
        return full.get(key, inf)

    return sorted(tried, key=share, reverse=True)


def _shares(frame: pd.DataFrame, by: list[str], part: str, whole: str) -> dict[Any, float]:
    """Return which share of each is taken; of nothing all is."""
    sums = frame.groupby(by)[[part, whole]].sum()
    shares = (sums[part] / sums[whole]).where(sums[whole] > 0, inf)
    return dict(zip(sums.reset_index()[by].itertuples(index=False, name=None), shares, strict=True))


def no_such_week(scenario: Scenario, monday: date) -> Iterator[Problem]:
    """Yield why a week has no certificate: it is one from Monday on, and within the horizon."""
    first = scenario.horizon.from_
    after = first + timedelta(days=scenario.horizon.days)
    if monday.weekday():
        yield Problem("$.week", "must be a Monday")
    if not first <= monday <= after - timedelta(days=7):
        yield Problem(
            "$.week", f"must be a week within the horizon, from {first} to before {after}"
        )


def week_cut(made: Simulator, scenario: Scenario, monday: date) -> tuple[Cut, World]:
    """Return what a week can hold of the cases that enter in one, were they all ready at once.

    Raises
    ------
    ValueError
        When the week is not within the world.
    """
    world = world_under(scenario, made.setting.world)
    near = timedelta(days=10)
    departures = (one for one in world.departures if abs(one.departs.date() - monday) < near)
    world = world.but(departures=tuple(departures))  # others would only be laid out in vain
    grid, profiles = world.grid, made.setting.profiles
    zone = world.location[profiles[0].first.location].timezone
    first, end = (grid.floor(midnight(monday + timedelta(days=n), zone)) for n in (0, 7))
    if not 0 <= first < end <= grid.slots:
        raise ValueError(f"the week of {monday} is not within the scenario")
    register = register_under(scenario, made.source.register)
    register = replace(register, constraints=declaring(register.constraints, timeless))
    entering = np.cumsum(weights(profiles, scenario.spreads)) * scenario.inflow.per_year * 7 / 365
    counts = np.diff(np.rint(entering), prepend=0).astype(int).tolist()
    wanted = {one.first.id: count for one, count in zip(profiles, counts, strict=True) if count}
    patterns = Patterns(world, register)
    cases = [patterns.of(one) for one in wanted]
    return smallest_cut(demands_of(cases, Occupancy(world), first, end, wanted)), world


def headline(totals: pd.DataFrame) -> pd.DataFrame:
    """Return means with intervals of what is told first, in its order, without what is nothing."""
    told = totals if "mean" in totals else summary(totals)
    parts = []
    for measure, says, times in HEADLINE:
        mine = told[told["measure"] == measure]
        mine = mine[(mine["mean"] != 0) | (mine["low"] != 0)]
        parts.append(
            mine.assign(says=says, **{one: mine[one] * times for one in ("mean", "low", "high")})
        )
    return pd.concat(parts, ignore_index=True)


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame for a machine; what is not a number is null."""
    found = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in found.to_dict("records")]


def figures(results: Results, worths: pd.DataFrame | None = None) -> Iterator[Figure]:
    """Yield what is drawn of results: means over the replications."""
    weeks = summary(results.weeks, ("measure", "of", "week", "from"))
    flow = {
        says: weeks[(weeks["measure"] == name) & (weeks["of"] == "")]["mean"].tolist()
        for name, says in (("departed", "carried out"), ("placed", "placed"))
    }
    days = sorted({f"{one:%Y-%m-%d}" for one in weeks["from"]})
    yield Figure(
        "departures",
        "Placements and departures, a week",
        ("week", *flow),
        tuple(zip(days, *(_rounded(one) for one in flow.values()), strict=True)),
        "lines",
    )
    nights = summary(results.nights, ("of", "night"), "inside")
    inside = nights.pivot(index="night", columns="of", values="mean")
    yield Figure(
        "occupancy",
        "Persons in each facility, a night",
        ("night", *map(str, inside.columns)),
        tuple(
            (f"{night:%Y-%m-%d}", *_rounded(row))
            for night, row in zip(inside.index, inside.to_numpy().tolist(), strict=True)
        ),
        "lines",
    )
    totals = summary(results.totals)
    for name, measure, title in (
        ("failures", "failed", "Bookings that failed, by reason"),
        ("blocked", "blocked-partner", "Case-days blocked, by partner"),
        ("lights-red", "red-light", "Case-days blocked by a red light"),
        ("lights-grey", "grey-light", "Case-days blocked by a grey light (not known yet)"),
        ("use", "use", "Hours used, %"),
    ):
        mine = totals[(totals["measure"] == measure) & (totals["mean"] > 0)]
        most = mine.sort_values(["mean", "of"], ascending=[False, True]).head(MOST_SHOWN)
        times = 100 if measure == "use" else 1
        rows = zip(most["of"].tolist(), _rounded((most["mean"] * times).tolist()), strict=True)
        yield Figure(name, title, ("of", title), tuple(rows))
    waits = summary(results.waits[results.waits["since"] == "ready"], ("of", "quantile"))
    legs = waits["of"].drop_duplicates().tolist()
    spread = waits[waits["quantile"] != "mean"].pivot(index="quantile", columns="of", values="mean")
    spread = spread.loc[sorted(spread.index, key=lambda one: float(str(one).rstrip("%")))]
    yield Figure(
        "waits",
        "Days from ready to placed or gone, by share of the cases",
        ("share", *legs),
        tuple(
            (str(name), *_rounded(row))
            for name, row in zip(spread.index, spread[legs].to_numpy().tolist(), strict=True)
        ),
    )
    if worths is not None:
        most = worths.head(MOST_SHOWN)
        yield Figure(
            "bottlenecks",
            "More carried out with one unit more",
            ("of", "carried out"),
            tuple(zip(most["more"].tolist(), _rounded(most["mean"].tolist()), strict=True)),
        )


def _rounded(values: list[float]) -> list[float | None]:
    return [None if one != one else round(float(one), 1) for one in values]
