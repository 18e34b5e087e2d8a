"""Results: tallies as pandas frames, means over replications with intervals, and comparisons.

Every frame is long and has a row per replication; :func:`summary` makes a mean with its 95 %
interval of it (Student's t over replications). Scenarios that share a seed draw alike, so they are
compared replication by replication (:func:`compared`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cache
from math import atan, cos, inf, nan, pi, sin, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from scheduler.constraint import Register
from scheduler.simulation.adjusting import world_under
from scheduler.simulation.profile import Setting
from scheduler.simulation.replication import names_of
from scheduler.simulation.scenario import Scenario
from scheduler.simulation.tally import DAYS, Names, Tally

CONFIDENCE = 0.95
QUANTILES = 0.1, 0.25, 0.5, 0.75, 0.9, 0.95
LEGS = "placement", "removal"
WHOLE = "entered", "departed", "placed", "released", "nights"
"""What is counted of all together."""
MEASURED = ["measure", "of"]
"""What tells the rows of a replication apart in most frames."""


@dataclass(frozen=True, slots=True)
class Legend:
    """What the rows of tallies stand for: by resource its role, region and languages, and so on.

    ``places`` are those of each facility on each night after the warm-up; ``owners`` who answers
    for a constraint, ``lights`` the light it stands under.
    """

    first: date
    days: int
    names: Names
    resources: tuple[tuple[str, str, tuple[str, ...]], ...]
    places: tuple[tuple[int, ...], ...]
    owners: tuple[str, ...]
    lights: tuple[str, ...]


def legend_of(scenario: Scenario, setting: Setting, register: Register) -> Legend:
    """Return what the rows of the tallies of a scenario stand for."""
    world, horizon = world_under(scenario, setting.world), scenario.horizon
    return Legend(
        first=horizon.from_,
        days=horizon.days,
        names=names_of(scenario, world, register),
        resources=tuple(
            (one.role, world.location[one.home].region, one.languages) for one in world.resources
        ),
        places=tuple(
            tuple(one.places_on(horizon.from_ + timedelta(days=n)) for n in range(horizon.days))
            for one in world.facilities
        ),
        owners=tuple(one.owner for one in register.constraints),
        lights=tuple(one.light for one in register.constraints),
    )


@dataclass(frozen=True, eq=False)
class Results:
    """What came of a scenario.

    ``weeks``: counts and case-days per replication, week, measure and what it is of. ``waits``:
    quantiles of the days waited, by leg. ``nights``: persons in a facility each night. ``use``:
    hours used and rostered by role, and within it by region or by language. ``totals``: a number
    per replication and measure, of the whole horizon.
    """

    weeks: pd.DataFrame
    waits: pd.DataFrame
    nights: pd.DataFrame
    use: pd.DataFrame
    totals: pd.DataFrame

    @property
    def frames(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """The frames by name."""
        for one in fields(self):
            yield one.name, getattr(self, one.name)


def results_of(tallies: Sequence[Tally], legend: Legend) -> Results:
    """Return the results of the replications of a scenario, in their order."""
    weeks = _stacked(_weeks(one, legend) for one in tallies)
    waits = _stacked(map(_waits, tallies))
    nights = _stacked(_nights(one, legend) for one in tallies)
    use = _stacked(_use(one, legend) for one in tallies)
    return Results(weeks, waits, nights, use, _totals(weeks, waits, nights, use))


def _stacked(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the frames of replications under each other, numbered."""
    numbered = [one.assign(replication=n) for n, one in enumerate(frames)]
    found = pd.concat(numbered, ignore_index=True)
    return found[["replication", *(one for one in found.columns if one != "replication")]]


def _weeks(tally: Tally, legend: Legend) -> pd.DataFrame:
    names = legend.names
    partners = _positions(legend.owners)
    parted = [sum(tally.blocked[n] for n in mine) for mine in partners.values()]
    groups: tuple[tuple[str, Iterable[str], Iterable[Any]], ...] = (
        *((one, [""], [getattr(tally, one)]) for one in WHOLE),
        ("left", names.outcomes, tally.left),
        ("booked", LEGS, tally.booked),
        ("failed", names.reasons, tally.failed.sum(axis=0)),
        ("failed-leg", LEGS, tally.failed.sum(axis=1)),
        ("blocked-light", names.lights, tally.lights),
        ("red-light", names.lights, tally.red),
        ("grey-light", names.lights, tally.lights - tally.red),
        ("blocked", names.constraints, tally.blocked),
        ("blocked-partner", partners, parted),
    )
    rows = [
        (measure, of, row)
        for measure, ofs, values in groups
        for of, row in zip(ofs, values, strict=True)
    ]
    told = np.array([np.asarray(row, float) for _, _, row in rows])
    week = np.arange(names.weeks)
    return pd.DataFrame(
        {
            "measure": np.repeat([one for one, _, _ in rows], names.weeks),
            "of": np.repeat([one for _, one, _ in rows], names.weeks),
            "week": np.tile(week, len(rows)),
            "from": np.tile(_dates(legend.first, names.weeks, DAYS), len(rows)),
            "value": told.ravel(),
        }
    )


def _dates(first: date, count: int, step: int = 1) -> npt.NDArray[np.datetime64]:
    days: npt.NDArray[np.datetime64] = np.datetime64(first, "us") + np.arange(
        0, count * step, step
    ).astype("timedelta64[D]")
    return days


def _positions(names: Iterable[str]) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    for n, name in enumerate(names):
        found.setdefault(name, []).append(n)
    return found


def _waits(tally: Tally) -> pd.DataFrame:
    """Return quantiles and means of the waits of what was carried out after the warm-up."""
    counted = tally.waits[tally.waits[:, 2] >= 0]
    rows: list[tuple[str, str, str, float]] = []
    for n, leg in enumerate(LEGS):
        mine = counted[counted[:, 1] == n]
        for column, what in ((3, "ready"), (4, "entered"), (5, "nights")):
            days = mine[:, column]
            cuts = np.quantile(days, QUANTILES) if len(days) else np.full(len(QUANTILES), nan)
            mean = days.mean() if len(days) else nan
            told = [*((f"{100 * q:g}%", days) for q, days in zip(QUANTILES, cuts, strict=True))]
            rows += ((leg, what, name, float(days)) for name, days in (*told, ("mean", mean)))
    return pd.DataFrame(rows, columns=["of", "since", "quantile", "value"])


def _nights(tally: Tally, legend: Legend) -> pd.DataFrame:
    names, count = legend.names.facilities, legend.days
    return pd.DataFrame(
        {
            "of": np.repeat(names, count),
            "night": np.tile(_dates(legend.first, count), len(names)),
            "inside": tally.inside.ravel(),
            "places": np.array(legend.places, np.int64).ravel(),
        }
    )


def _use(tally: Tally, legend: Legend) -> pd.DataFrame:
    """Return the hours by role, by role and region, and by role and language.

    Somebody of several languages counts under each of them.
    """
    rows = [
        ((role, of_region, of_language), n)
        for n, (role, region, languages) in enumerate(legend.resources)
        for of_region, of_language in (("", ""), (region, ""), *(("", one) for one in languages))
    ]
    keys = _positions("\t".join(key) for key, _ in rows)
    numbers = np.array([n for _, n in rows], np.int64)
    found = [
        (*key.split("\t"), tally.used[mine].sum(), tally.rostered[mine].sum(), len(mine))
        for key, at in sorted(keys.items())
        for mine in (numbers[at],)
    ]
    return pd.DataFrame(found, columns=["role", "region", "language", "used", "rostered", "units"])


def _totals(
    weeks: pd.DataFrame, waits: pd.DataFrame, nights: pd.DataFrame, use: pd.DataFrame
) -> pd.DataFrame:
    by = ["replication", *MEASURED]
    counts = weeks.groupby(by, sort=False)["value"].sum()
    wait = waits[(waits["quantile"] == "50%") & (waits["since"] == "ready")]
    held = waits[(waits["quantile"] == "mean") & (waits["since"] == "nights")]
    stays = nights.groupby(["replication", "of"], sort=False)[["inside", "places"]].sum()
    roles = use[(use["region"] == "") & (use["language"] == "")].rename(columns={"role": "of"})
    roles = roles.set_index(["replication", "of"])
    legs = counts.reset_index()
    sums = {
        name: legs[legs["measure"] == name].groupby("replication")["value"].sum()
        for name in ("failed-leg", "booked")
    }
    measured: dict[str, pd.Series[float]] = {
        "median-wait": wait.set_index(["replication", "of"])["value"],
        "mean-nights": held.set_index(["replication", "of"])["value"],
        "occupancy": _ratio(stays["inside"], stays["places"]),
        "use": _ratio(roles["used"], roles["rostered"]),
    }
    failed = _ratio(sums["failed-leg"], sums["booked"]).rename("value").reset_index()
    found = [
        legs,
        failed.assign(measure="failed-share", of=""),
        *(one.rename("value").reset_index().assign(measure=name) for name, one in measured.items()),
    ]
    together = pd.concat([one[[*by, "value"]] for one in found], ignore_index=True)
    return together.sort_values("replication", kind="stable", ignore_index=True)


def _ratio(part: "pd.Series[float]", whole: "pd.Series[float]") -> "pd.Series[float]":
    """Return a share; of nothing it is nothing."""
    return (part / whole.where(whole > 0)).fillna(0.0)


# --- Means and differences ------------------------------------------------------------------------


def summary(
    frame: pd.DataFrame, by: Sequence[str] = MEASURED, value: str = "value"
) -> pd.DataFrame:
    """Return the mean of ``value`` over replications for each of ``by``, with its interval.

    ``low`` and ``high`` bound the mean with 95 % confidence; of one replication they are nan.
    """
    grouped = frame.groupby([*by], sort=False)[value]
    found = grouped.agg(["mean", "std", "count"]).reset_index()
    half = [
        half_width(float(std), int(count))
        for std, count in zip(found["std"], found["count"], strict=True)
    ]
    return found.assign(
        low=found["mean"] - half, high=found["mean"] + half, replications=found["count"]
    )[[*by, "mean", "low", "high", "replications"]]


def compared(
    before: pd.DataFrame, after: pd.DataFrame, by: Sequence[str] = MEASURED
) -> pd.DataFrame:
    """Return by how much ``after`` is more than ``before``, replication by replication.

    Both must be of the same seed. What only one of them measures is left out.
    """
    joined = before.merge(after, on=["replication", *by], suffixes=("_before", "_after"))
    differs = joined.assign(value=joined["value_after"] - joined["value_before"])
    return summary(differs, by)


def half_width(deviation: float, count: int) -> float:
    """Return half of the 95 % interval of a mean of ``count`` values."""
    return student(count - 1) * deviation / sqrt(count) if count > 1 else nan


@cache
def student(degrees: int, confidence: float = CONFIDENCE) -> float:
    """Return the two-sided quantile of Student's t, by halving its closed form.

    The sums for whole degrees of freedom: Abramowitz and Stegun 26.7.3 and 26.7.4.
    """
    if degrees < 1:
        return inf
    low, high = 0.0, 1e3
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, degrees) < confidence else (low, middle)
    return high


def _within(t: float, degrees: int) -> float:
    """Return the probability that Student's t lies between ``-t`` and ``t``."""
    angle = atan(t / sqrt(degrees))
    odd = degrees % 2
    term = total = cos(angle) if odd else 1.0
    for n in range(2 if odd else 1, degrees - 2, 2):
        term *= cos(angle) ** 2 * n / (n + 1)
        total += term
    if not odd:
        return sin(angle) * total
    return 2 / pi * (angle + (sin(angle) * total if degrees > 1 else 0.0))


# --- Files ----------------------------------------------------------------------------------------


def write(frames: Iterable[tuple[str, pd.DataFrame]], folder: Path) -> tuple[Path, ...]:
    """Write each frame as Parquet and as CSV; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, frame in frames:
        parquet, csv = folder / f"{name}.parquet", folder / f"{name}.csv"
        frame.to_parquet(parquet, engine="pyarrow", index=False)
        frame.to_csv(csv, index=False, lineterminator="\n")
        written += [parquet, csv]
    return tuple(written)


def read(folder: Path) -> Results:
    """Read results as they were written."""
    return Results(
        **{
            one.name: pd.read_parquet(folder / f"{one.name}.parquet", engine="pyarrow")
            for one in fields(Results)
        }
    )
