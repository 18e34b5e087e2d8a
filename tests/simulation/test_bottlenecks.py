"""What one more is worth in a world made with one scarce language, and what the cut says of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scheduler.occupancy import Occupancy
from scheduler.pattern import Patterns
from scheduler.simulation.bottlenecks import candidates, name_of, worths
from scheduler.simulation.certificate import demands_of, smallest_cut
from scheduler.simulation.profile import Setting
from scheduler.simulation.replications import Pool, processes, source_of
from scheduler.simulation.results import Results, compared
from scheduler.simulation.scenario import Scenario
from scheduler.simulation.simulator import Simulator
from tests.simulation.made import MADE_UP, REGISTER, scenario, setting

HERE = Pool(lambda: ThreadPoolExecutor(1))
HOURS, DAYS, REPLICATIONS = 10, 28, 6
EVERY = {"perYear": 2920, "source": MADE_UP}
"""Eight a day, half of them of each language: of either 40 hours of work a day."""


def scarce() -> Setting:
    """Return a desk with work for two clerks of each language: four speak one, one the other."""
    made = setting((HOURS * 60,), 5, DAYS, 15, ("common", "rare"))
    spoken = tuple(
        one.model_copy(update={"languages": ("rare",) if n == 4 else ("common",)})
        for n, one in enumerate(made.world.resources)
    )
    return Setting(made.world.but(resources=spoken), made.profiles)


def simulator(make: Callable[[], Setting] = scarce, pool: Pool = HERE) -> Simulator:
    return Simulator(*source_of(make, REGISTER), pool)


@cache
def here() -> Simulator:
    return simulator()


def told(**parts: Any) -> Results:
    return here().results(scenario(inflow=EVERY, **parts), REPLICATIONS)


def worth(base: Scenario, found: Results) -> pd.DataFrame:
    tried = candidates(base, here().setting.world, REGISTER, found)
    return worths(base, found, tried, lambda one: here().results(one, REPLICATIONS))


def closed(language: str) -> dict[str, Any]:
    return {
        "resources": {"role": "clerk", "language": language},
        "times": 0,
        "source": MADE_UP,
    }


def test_the_scarce_language_is_worth_most_and_what_abounds_nothing() -> None:
    base = scenario(inflow=EVERY)
    found = worth(base, here().results(base, REPLICATIONS))
    assert found["more"].tolist()[0] == "clerk rare"
    gains = found.set_index("more")
    assert gains["low"].to_dict()["clerk rare"] > 0
    assert gains["mean"].to_dict()["clerk common"] == pytest.approx(0, abs=1)


def test_the_week_says_the_same_by_its_smallest_cut() -> None:
    world = here().setting.world
    patterns = Patterns(world, REGISTER)
    week = 7 * 24 * 60 // world.grid.minutes
    wanted = {"p-0-common": 28, "p-0-rare": 28}
    cases = [patterns.of(one) for one in wanted]
    cut = smallest_cut(demands_of(cases, Occupancy(world), 0, week, wanted))
    (short,) = cut.supplies
    assert short.members == ("clerk-4",)
    # A last one may begin on Sunday and end on Monday.
    assert short.units == 7 * 24 // HOURS + 1
    assert (cut.wanted, cut.most) == (56, 28 + short.units)


def test_no_week_of_the_simulation_does_more_than_the_cut_says_it_can() -> None:
    found = told()
    weeks = found.weeks[found.weeks["measure"] == "departed"]
    world = here().setting.world
    patterns = Patterns(world, REGISTER)
    week = 7 * 24 * 60 // world.grid.minutes
    plenty = {"p-0-common": 1000, "p-0-rare": 1000}
    cut = smallest_cut(
        demands_of([patterns.of(one) for one in plenty], Occupancy(world), 0, week, plenty)
    )
    assert weeks["value"].max() <= cut.most


@pytest.mark.parametrize("language", ["common", "rare"])
def test_a_closed_language_shows_up_as_the_first_bottleneck(language: str) -> None:
    base = Scenario.model_validate(
        scenario(inflow=EVERY).model_dump(by_alias=True) | {"capacities": [closed(language)]},
        strict=False,
    )
    first = worth(base, here().results(base, REPLICATIONS)).iloc[0]
    assert first["more"] == f"clerk {language}"
    assert first["low"] > 0


def test_more_clerks_never_bring_fewer_beyond_chance() -> None:
    one = {"resources": {"role": "clerk"}, "source": MADE_UP}
    runs = [told(capacities=[{**one, "plus": plus}]) for plus in (0, 1, 3)]
    for before, after in pairwise(runs):
        differs = compared(before.totals, after.totals)
        assert (differs[differs["measure"] == "departed"]["high"] >= 0).all()


def test_only_what_kept_a_case_waiting_is_tried() -> None:
    calm = scenario(inflow={"perYear": 10, "source": MADE_UP})
    world = here().setting.world
    assert [name_of(one) for one in candidates(calm, world, REGISTER)] == [
        "clerk here",
        "clerk common",
        "clerk rare",
    ]
    found = here().results(calm, 2)
    assert candidates(calm, world, REGISTER, found) == ()
    assert worths(calm, found, (), lambda _: found).empty


# --- The engine itself, whoever does it -----------------------------------------------------------


def alike(one: Results, other: Results) -> bool:
    pairs = zip(one.frames, other.frames, strict=True)
    return all(mine.equals(theirs) for (_, mine), (_, theirs) in pairs)


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_count_what_this_one_counts(workers: int) -> None:
    there = simulator(pool=processes(workers)).results(scenario(inflow=EVERY), REPLICATIONS)
    assert alike(there, told())


def test_a_dask_cluster_of_two_counts_what_this_one_counts() -> None:
    distributed = pytest.importorskip("distributed")
    from api.workers import cluster

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as started:
        pool = cluster(started.scheduler_address)
        there = simulator(pool=pool).results(scenario(inflow=EVERY), REPLICATIONS)
    assert alike(there, told())


def test_what_is_kept_is_what_was_counted(tmp_path: Path) -> None:
    kept = Simulator(*source_of(partial(scarce), REGISTER), HERE, tmp_path)
    first = kept.results(scenario(inflow=EVERY), 3)
    assert len(list(tmp_path.rglob("*.npz"))) == 3
    assert alike(kept.results(scenario(inflow=EVERY), REPLICATIONS), told())
    assert alike(kept.results(scenario(inflow=EVERY), 3), first)
