"""How near the baseline comes to what is published, and what had to be fitted for that.

Run ``python -m benchmarks.calibration [REPLICATIONS]``; it prints Markdown tables with the machine
named. Three knobs are turned, each until one published figure of the year 2021 is met: how many
leave otherwise (forced departures), how many bookings fail, how long a stay lasts. What is then
simulated for 2023, with nothing but its inflow changed, is held against what is published of it.

Sources: docs/simulation.md. Of 2018-2020 and 2022 no inflow was found, so they cannot be simulated.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from api.simulations import simulator
from benchmarks.machine import machine
from scheduler.simulation.replications import processes
from scheduler.simulation.results import Results, summary
from scheduler.simulation.scenario import Process, Scenario, read_scenario
from scheduler.simulation.simulator import Simulator

BASELINE = Path(__file__).parents[1] / "fixtures" / "scenarios" / "baseline.toml"
ROUNDS, STEPS = 2, 6
"""Times that each knob is turned in turn, and halvings of its range each time."""
NARROWEST, WIDEST = 0.2, 5.0
"""By how much a knob may be turned."""
INFLOW = {2021: 13_840, 2023: 17_670}


@dataclass(frozen=True, slots=True)
class Knob:
    """What is turned by a factor, and what is to be met: ``rises`` with the factor, or falls."""

    name: str
    published: float
    measured: Callable[[Results], float]
    turned: Callable[[Scenario, float], Scenario]
    rises: bool


def main(replications: int) -> None:
    """Fit the baseline to 2021, check it on 2023 and print both."""
    scenario = read_scenario(BASELINE)
    made = simulator(scenario, processes(os.cpu_count() or 1))
    print(f"{machine()}; {replications} replications\n")
    untouched = made.results(scenario, replications)
    factors = fitted(scenario, made, replications)
    calibrated = turned(scenario, factors)
    found = made.results(calibrated, replications)
    print("| 2021, fitted | published | baseline | fitted | factor |")
    print("| --- | --- | --- | --- | --- |")
    for one in KNOBS:
        told = one.measured(untouched), one.measured(found)
        figures = " | ".join(f"{number:,.2f}" for number in (one.published, *told))
        print(f"| {one.name} | {figures} | {factors[one.name]:.2f} |")
    later = calibrated.inflow.model_copy(update={"per_year": INFLOW[2023]})
    checked = made.results(calibrated.model_copy(update={"inflow": later}), replications)
    print("\n| 2023, checked | published | simulated | 95 % interval |\n| --- | --- | --- | --- |")
    mean, low, high = _of(checked, "departed")
    part = 10 / 12
    print(
        f"| forced departures to October | 1,990 | {mean * part:,.0f} "
        f"| {low * part:,.0f} to {high * part:,.0f} |"
    )
    print("\n| shown, not fitted | simulated | 95 % interval |\n| --- | --- | --- |")
    shown = summary(found.totals)
    for measure in ("occupancy", "median-wait", "left"):
        for of, mean, low, high in shown[shown["measure"] == measure][
            ["of", "mean", "low", "high"]
        ].itertuples(index=False):
            print(f"| {measure} {of} | {mean:,.2f} | {low:,.2f} to {high:,.2f} |")


def fitted(scenario: Scenario, made: Simulator, replications: int) -> Mapping[str, float]:
    """Return the factor of each knob, turned in turn, for they pull at each other a little."""
    factors = {one.name: 1.0 for one in KNOBS}
    for _ in range(ROUNDS):
        for one in KNOBS:
            low, high = NARROWEST, WIDEST
            for _ in range(STEPS):
                # Halved as a ratio: twice as much is as far as half as much.
                factors[one.name] = (low * high) ** 0.5
                found = one.measured(made.results(turned(scenario, factors), replications))
                if (found < one.published) == one.rises:
                    low = factors[one.name]
                else:
                    high = factors[one.name]
    return factors


def turned(scenario: Scenario, factors: Mapping[str, float]) -> Scenario:
    """Return a scenario with every knob turned."""
    for one in KNOBS:
        scenario = one.turned(scenario, factors[one.name])
    return scenario


def _leaving(scenario: Scenario, factor: float) -> Scenario:
    """Let cases stay so many times longer before they leave otherwise."""
    return _slowed(scenario, factor, lambda one: bool(one.turns.leaves or one.turns.trigger))


def _staying(scenario: Scenario, factor: float) -> Scenario:
    """Let a stay that nobody's departure ends last so many times longer."""
    return _slowed(scenario, factor, lambda one: bool(one.turns.release))


def _slowed(scenario: Scenario, factor: float, mine: Callable[[Process], bool]) -> Scenario:
    def slow(process: Process) -> Process:
        states = {
            name: state
            if state.stays is None
            else state.model_copy(
                update={"stays": state.stays.model_copy(update={"days": state.stays.days * factor})}
            )
            for name, state in process.states.items()
        }
        return process.model_copy(update={"states": states})

    processes_ = tuple(slow(one) if mine(one) else one for one in scenario.processes)
    return scenario.model_copy(update={"processes": processes_})


def _failing(scenario: Scenario, factor: float) -> Scenario:
    """Let so many times more bookings fail for each reason."""
    failures = tuple(
        one.model_copy(update={"share": min(one.share * factor, 1)}) for one in scenario.failures
    )
    return scenario.model_copy(update={"failures": failures})


def _of(results: Results, measure: str) -> tuple[float, float, float]:
    told = summary(results.totals)
    row: pd.DataFrame = told[(told["measure"] == measure) & (told["of"] == "")]
    mean, low, high = row[["mean", "low", "high"]].to_numpy()[0].tolist()
    return mean, low, high


def _stay(results: Results) -> float:
    """Return the mean nights of a stay: nights slept over stays begun."""
    return _of(results, "nights")[0] / max(_of(results, "placed")[0], 1)


KNOBS = (
    Knob("bookings that failed, share", 0.6, lambda it: _of(it, "failed-share")[0], _failing, True),
    Knob("nights of a stay, mean", 42, _stay, _staying, True),
    Knob("forced departures", 1_630, lambda it: _of(it, "departed")[0], _leaving, True),
)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4)
