"""Replications: the same whoever does them, kept one by one, none lost with a worker."""

from concurrent.futures import BrokenExecutor, CancelledError, Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from scheduler.simulation import replications
from scheduler.simulation.replications import (
    LOSSES,
    Pool,
    Study,
    processes,
    replicated,
    source_of,
)
from tests.simulation.made import REGISTER, setting
from tests.simulation.short_studies import deadly, drawn, logged, study

HERE = Pool(lambda: ThreadPoolExecutor(1))


EXPECTED = [drawn(number) for number in range(6)]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_any_number_of_processes_counts_the_same_to_the_bit(workers: int) -> None:
    assert replicated(study(), processes(workers)) == EXPECTED


def test_two_workers_of_a_dask_cluster_count_the_same_to_the_bit() -> None:
    distributed = pytest.importorskip("distributed")
    from api.workers import cluster

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as here:
        assert replicated(study(), cluster(here.scheduler_address)) == EXPECTED


def test_what_a_folder_holds_is_not_done_again(tmp_path: Path) -> None:
    log, kept = tmp_path / "log", tmp_path / "kept"
    replicated(logged(log, 4), HERE, kept)
    again = replicated(logged(log), HERE, kept)
    assert log.read_text().split() == ["0", "1", "2", "3", "4", "5"]
    assert again == EXPECTED


def test_a_file_that_was_cut_off_is_done_again(tmp_path: Path) -> None:
    replicated(study(), HERE, tmp_path)
    one = next(tmp_path.rglob("00003.npz"))
    one.write_bytes(one.read_bytes()[:40])
    next(tmp_path.rglob("00004.npz")).write_bytes(b"")
    assert replicated(study(), HERE, tmp_path) == EXPECTED


def test_one_of_an_older_shape_is_done_again(tmp_path: Path) -> None:
    replicated(study(), HERE, tmp_path)
    one = next(tmp_path.rglob("00002.npz"))
    with np.load(one) as archive:
        kept = {name: archive[name] for name in archive if name != "red"}
    np.savez_compressed(one, allow_pickle=False, **kept)
    assert replicated(study(), HERE, tmp_path) == EXPECTED


def test_what_an_engine_written_otherwise_counted_is_not_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, rules = tmp_path / "scheduler" / "simulation", tmp_path / "rules" / "permits.py"
    for file in (here / "replications.py", here.parent / "grid.py", rules):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("def declare(subject):\n    return ()\n")
    monkeypatch.setattr(replications, "__file__", str(here / "replications.py"))
    spec = spec_from_file_location("permits", rules)
    assert spec is not None
    assert spec.loader is not None
    permits = module_from_spec(spec)
    spec.loader.exec_module(permits)
    declared = replace(REGISTER.constraints[0], declare=permits.declare)
    register = replace(REGISTER, constraints=(declared,))

    def told() -> str:
        return source_of(lambda: setting((60,), 1, 28), register)[0].fingerprint

    found = [told()]
    assert told() == found[0]
    for file in (here / "replications.py", here.parent / "grid.py", rules):
        file.write_text(file.read_text() + "# otherwise\n")
        found.append(told())
    assert len(set(found)) == 4


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    log, done = tmp_path / "log", []
    with pytest.raises(CancelledError):
        replicated(
            logged(log),
            HERE,
            tmp_path / "kept",
            progress=lambda n, _: done.append(n),
            stop=lambda: bool(done and done[-1] >= 2),
        )
    before = len(list(tmp_path.rglob("*.npz")))
    assert 2 <= before < 6
    assert replicated(logged(log), HERE, tmp_path / "kept") == EXPECTED
    assert set(map(int, log.read_text().split())) == set(range(6))


@pytest.mark.parametrize("deaths", [1, 3])
def test_a_worker_that_is_killed_loses_no_replication(tmp_path: Path, deaths: int) -> None:
    mark = tmp_path / "mark"
    mark.mkdir()
    found = replicated(deadly(mark, deaths), processes(2), tmp_path / "kept")
    assert found == EXPECTED
    assert len(list(mark.glob("*"))) >= deaths


def test_work_that_kills_every_worker_is_given_up(tmp_path: Path) -> None:
    opened = []

    def broken() -> AbstractContextManager[Executor]:
        opened.append(1)
        raise BrokenExecutor("lost")

    with pytest.raises(BrokenExecutor):
        replicated(study(), Pool(broken))
    assert len(opened) == LOSSES


def test_progress_tells_how_many_are_done_of_how_many() -> None:
    told: list[tuple[int, int]] = []
    replicated(study(3), HERE, progress=lambda done, of: told.append((done, of)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_other_scenarios_in_the_same_folder_are_apart(tmp_path: Path) -> None:
    replicated(study(2), HERE, tmp_path)
    other = Study("other", 2, lambda: lambda number: drawn(number + 10))
    assert replicated(other, HERE, tmp_path) == [drawn(10), drawn(11)]
