"""How near the baseline comes to what is published, and what had to be fitted for that.

Run ``python -m benchmarks.calibration [REPLICATIONS]``; it prints Markdown tables with the machine
named. Three knobs are turned, each until one published figure is met: the odds that something
bars a departure (2021), the share of bookings that fails (2021), how long a stay lasts (2022).
What is then simulated for 2023, with nothing but its inflow changed, is held against what is
published of it.

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
from scheduler.simulation.scenario import Process, Scenario, State, read_scenario
from scheduler.simulation.simulator import Simulator

BASELINE = Path(__file__).parents[1] / "fixtures" / "scenarios" / "baseline.toml"
ROUNDS, STEPS = 2, 5
"""Times that each knob is turned in turn, and halvings of its range each time."""
INFLOW = {2021: 13_840, 2023: 17_670}


@dataclass(frozen=True, slots=True)
class Knob:
    """What is turned by a factor in a range, and what is to be met: it ``rises`` with it, or falls.

    What bars departures stays above what fills the queues: beyond them nothing tells of it.
    """

    name: str
    published: float
    measured: Callable[[Results], float]
    turned: Callable[[Scenario, float], Scenario]
    rises: bool
    range: tuple[float, float] = (0.2, 5.0)


def main(replications: int) -> None:
    """Fit the baseline to 2021, check it on 2023 and print both."""
    scenario = read_scenario(BASELINE)
    made = simulator(scenario, processes(os.cpu_count() or 1))
    print(f"{machine()}; {replications} replications\n")
    factors = fitted(scenario, made, replications)
    calibrated = turned(scenario, factors)
    found = made.results(calibrated, replications)
    print("| fitted | published | simulated | factor |\n| --- | --- | --- | --- |")
    for one in KNOBS:
        figures = f"{one.published:,.2f} | {one.measured(found):,.2f} | {factors[one.name]:.2f}"
        print(f"| {one.name} | {figures} |")
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
    factors = {one.name: (one.range[0] * one.range[1]) ** 0.5 for one in KNOBS}
    for _ in range(ROUNDS):
        for one in KNOBS:
            low, high = one.range
            for _ in range(STEPS):
                # Halved as a ratio: twice as much is as far as half as much.
                factors[one.name] = (low * high) ** 0.5
                found = one.measured(made.results(turned(scenario, factors), replications))
                print(f"{one.name}: {found:,.2f} at {factors[one.name]:.2f}", file=sys.stderr)
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


def _barred(scenario: Scenario, factor: float) -> Scenario:
    """Let what must be a yes be another answer at so many times the odds, and for as much longer.

    The same is done to how it begins, or the year would begin with a queue that goes by itself.
    """

    def bar(process: Process) -> Process:
        if process.turns.fact is None and process.turns.document is None:
            return process
        odds = {
            name: share * (1 if process.states[name].answer == "yes" else factor)
            for name, share in process.begins.items()
        }
        begins = {name: share / sum(odds.values()) for name, share in odds.items()}
        slowed = _slowed(process, factor, lambda state: state.answer != "yes")
        return slowed.model_copy(update={"begins": begins})

    return scenario.model_copy(update={"processes": tuple(map(bar, scenario.processes))})


def _staying(scenario: Scenario, factor: float) -> Scenario:
    """Let a stay that nobody's departure ends last so many times longer."""
    processes_ = tuple(
        _slowed(one, factor, lambda _: True) if one.turns.release else one
        for one in scenario.processes
    )
    return scenario.model_copy(update={"processes": processes_})


def _slowed(process: Process, factor: float, mine: Callable[[State], bool]) -> Process:
    """Return a process with the states that are meant lasting so many times longer."""
    states = {
        name: state.model_copy(
            update={"stays": state.stays.model_copy(update={"days": state.stays.days * factor})}
        )
        if state.stays is not None and mine(state)
        else state
        for name, state in process.states.items()
    }
    return process.model_copy(update={"states": states})


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
    Knob("forced departures", 1_630, lambda it: _of(it, "departed")[0], _barred, False, (1.2, 4)),
)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4)
