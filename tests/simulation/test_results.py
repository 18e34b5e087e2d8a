"""Results: frames that tell what was counted, means with intervals, differences of pairs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from scheduler.simulation.results import (
    Results,
    compared,
    read,
    results_of,
    student,
    summary,
    write,
)
from tests.simulation.made_tallies import LEGEND, tally

TALLIES = [tally(seed) for seed in range(8)]


@pytest.fixture(scope="module")
def results() -> Results:
    return results_of(TALLIES, LEGEND)


def of(frame: pd.DataFrame, **named: object) -> "pd.Series[float]":
    for name, value in named.items():
        frame = frame[frame[name] == value]
    return frame["value"]


def test_every_count_of_every_week_and_replication_is_told_once(results: Results) -> None:
    for n, one in enumerate(TALLIES):
        told = of(results.weeks, replication=n, measure="departed")
        assert told.tolist() == one.departed.tolist()
        late = of(results.weeks, replication=n, measure="failed", of="late")
        assert late.tolist() == one.failed[:, 0].sum(axis=0).tolist()
    assert not results.weeks.duplicated(["replication", "measure", "of", "week"]).any()
    assert results.weeks["from"].drop_duplicates().tolist() == [
        pd.Timestamp("2027-01-04"),
        pd.Timestamp("2027-01-11"),
    ]


def test_a_partner_blocks_what_all_its_constraints_block(results: Results) -> None:
    told = of(results.weeks, replication=0, measure="blocked-partner", of="Tolken")
    assert told.tolist() == pytest.approx((TALLIES[0].blocked[0] + TALLIES[0].blocked[2]).tolist())


def test_the_red_and_the_grey_days_of_a_light_are_all_its_days(results: Results) -> None:
    for n, light in enumerate(LEGEND.names.lights):
        red, grey, both = (
            of(results.weeks, replication=0, measure=f"{one}-light", of=light).to_numpy()
            for one in ("red", "grey", "blocked")
        )
        assert red.tolist() == TALLIES[0].red[n].tolist()
        assert grey + red == pytest.approx(both)
        assert (grey > 0).all()


def test_waits_leave_out_the_warm_up(results: Results) -> None:
    waits = TALLIES[0].waits
    mine = waits[(waits[:, 1] == 1) & (waits[:, 2] >= 0)]
    named: dict[str, object] = {"replication": 0, "of": "removal", "since": "ready"}
    assert of(results.waits, **named, quantile="50%").item() == np.median(mine[:, 3])
    assert of(results.waits, **named, quantile="90%").item() == np.quantile(mine[:, 3], 0.9)


def test_who_speaks_two_languages_counts_under_both_and_once_for_the_role(results: Results) -> None:
    use = results.use[(results.use["replication"] == 0) & (results.use["role"] == "interpreter")]
    told = use[["region", "language", "used", "rostered", "units"]].to_numpy().tolist()
    assert told == [
        ["", "", 40, 100, 2],
        ["", "ar", 10, 40, 1],
        ["", "ti", 40, 100, 2],
        ["Noord", "", 10, 40, 1],
        ["Zuid", "", 30, 60, 1],
    ]


def test_of_nothing_nothing_is_used(results: Results) -> None:
    assert (of(results.totals, measure="use", of="police") == 0).all()
    assert (of(results.totals, measure="occupancy", of="south") == 0).all()
    north = of(results.totals, replication=0, measure="occupancy", of="north").item()
    assert north == TALLIES[0].inside[0].sum() / 70


def test_bookings_fail_in_the_share_that_is_counted(results: Results) -> None:
    one = TALLIES[3]
    told = of(results.totals, replication=3, measure="failed-share").item()
    assert told == one.failed.sum() / one.booked.sum()


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(1, 12.706205), (2, 4.302653), (3, 3.182446), (4, 2.776445), (9, 2.262157), (99, 1.984217)],
)
def test_students_quantiles_are_those_of_the_tables(degrees: int, quantile: float) -> None:
    assert student(degrees) == pytest.approx(quantile, abs=1e-6)


def test_an_interval_holds_the_mean_it_is_of_nineteen_times_in_twenty() -> None:
    random = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        values = random.normal(5, 2, 6)
        frame = pd.DataFrame({"measure": "x", "of": "", "value": values})
        told = summary(frame)
        held += bool((told["low"] <= 5).all() and (told["high"] >= 5).all())
    assert held / 400 == pytest.approx(0.95, abs=0.035)


def test_one_replication_has_no_interval() -> None:
    told = summary(results_of(TALLIES[:1], LEGEND).totals)
    assert told["low"].isna().all()
    assert (told["replications"] == 1).all()


def test_scenarios_are_compared_pair_by_pair(results: Results) -> None:
    after = results_of([tally(seed, more=3) for seed in range(8)], LEGEND)
    told = compared(results.totals, after.totals)
    departed = told[told["measure"] == "departed"]
    # The pairs differ by the same each time, though replications differ by much.
    assert departed[["mean", "low", "high"]].to_numpy().tolist() == [[6, 6, 6]]
    assert told[told["measure"] == "placed"]["mean"].tolist() == [0]


def test_what_is_written_is_read_back(results: Results, tmp_path: Path) -> None:
    files = write(results.frames, tmp_path)
    assert {one.suffix for one in files} == {".parquet", ".csv"}
    for name, frame in read(tmp_path).frames:
        assert_frame_equal(frame, getattr(results, name))
        assert len(pd.read_csv(tmp_path / f"{name}.csv")) == len(frame)
