"""Whoever works: the same of the real chain, and nothing lost with a worker of a cluster."""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from api.workers import cluster
from constraints.register import REGISTER
from scheduler.simulation.profile import Setting
from scheduler.simulation.replications import Pool, processes, replicated, source_of, study_of
from scheduler.simulation.scenario import read_scenario
from tests.simulation.dutch_parts import part, weeks
from tests.simulation.short_studies import deadly, drawn

BASELINE = Path(__file__).parents[2] / "fixtures" / "scenarios" / "baseline.toml"
PROFILES = 60


def some() -> Setting:
    """Return the Dutch chain with some of its profiles."""
    return part(lambda _: True, PROFILES)


@pytest.fixture(scope="module")
def two_workers() -> Iterator[Pool]:
    """Start a cluster of two worker processes, each of which is started anew when it is lost."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        silence_logs=50,
    ) as started:
        yield cluster(started.scheduler_address)


def test_one_process_two_and_a_cluster_count_the_same_of_the_dutch_chain(two_workers: Pool) -> None:
    scenario = read_scenario(BASELINE)
    inflow = scenario.inflow.model_copy(update={"per_year": 9000, "caseload": 5000})
    shorter: dict[str, Any] = {
        "horizon": weeks(0).horizon,
        "policy": weeks(0).policy,
        "inflow": inflow,
        "spreads": (),
        "replications": 2,
    }
    source, setting = source_of(some, REGISTER)
    study = study_of(scenario.model_copy(update=shorter), source, setting)
    counted = {}
    for name, pool in (("one", processes(1)), ("two", processes(2)), ("cluster", two_workers)):
        began = perf_counter()
        counted[name] = replicated(study, pool)
        print(f"{name}: {perf_counter() - began:.1f} s")
    departed = [int(one.departed.sum()) for one in counted["one"]]
    print(f"departed, by replication: {departed}")
    assert len(set(departed)) > 1
    assert counted["one"] == counted["two"]
    # Workers of a cluster are no copies of this process: what depends on how it hashes shows here.
    assert counted["one"] == counted["cluster"]


def test_a_worker_of_a_cluster_that_is_killed_loses_no_replication(
    two_workers: Pool, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    mark.mkdir()
    kept = tmp_path / "kept"
    found = replicated(deadly(mark, 1, 12), two_workers, kept)
    assert list(mark.iterdir())
    assert found == [drawn(number) for number in range(12)]
    assert len(list(kept.rglob("*.npz"))) == 12
