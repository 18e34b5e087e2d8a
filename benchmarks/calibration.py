"""How near the baseline comes to what is published, and by how much it would have to be turned.

Run ``python -m benchmarks.calibration [--replications N] [--workers W] [--rounds N]``. It prints
Markdown tables: what was fitted, what of 2023 was held out, with nothing but its inflow changed,
and what is shown only, with 95 % intervals over the replications. With ``--rounds`` it first fits:
four knobs are turned together, by Newton's method on the logarithms, with the same draws each time.
Their factors belong into the baseline, which is then met with factors of about one.

Sources: docs/simulation.md. Of 2018-2020 and 2022 no inflow was found, so they cannot be simulated.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from api.simulations import simulator
from benchmarks.caseload import caseload
from benchmarks.machine import machine
from scheduler.simulation.replications import processes, replicated, study_of
from scheduler.simulation.results import half_width, legend_of, results_of, summary
from scheduler.simulation.scenario import Process, Scenario, Shares, read_scenario
from scheduler.simulation.simulator import Simulator
from scheduler.simulation.tally import DAYS, Amounts, Tally

BASELINE = Path(__file__).parents[1] / "fixtures" / "scenarios" / "baseline.toml"
INFLOW_2023 = 17_670
TO_OCTOBER = 304 / 301
"""The days of January to October 2023, over those of the whole weeks in them."""
BORDER = "jcs-schiphol-border"
"""Where nobody is placed: those of the border procedure stay there from entering on."""
STEP = 1.2
"""Factor by which each knob is turned to see what it does."""


@dataclass(frozen=True, slots=True)
class Knob:
    """What a part of a scenario is turned for by a factor, until a measure is as published."""

    name: str
    published: float
    measured: Callable[[Tally, Sequence[str]], float]
    turned: Callable[[Scenario, float], Scenario]


def main(arguments: Sequence[str]) -> None:
    """Print what the baseline gives beside what is published, fitted first if that is asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--replications", type=int, default=20)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=0)
    asked = parser.parse_args(arguments)
    scenario = read_scenario(BASELINE)
    made = simulator(scenario, processes(asked.workers))
    print(f"{machine()}; {asked.replications} replications\n")
    factors = np.ones(len(KNOBS))
    if asked.rounds:
        factors = fitted(made, scenario, asked.replications, asked.rounds)
        scenario = turned(scenario, factors)
    tallies = _simulated(made, scenario, asked.replications)
    print("| fitted | published | simulated | 95 % interval | factor |\n" + "| --- " * 5 + "|")
    for one, factor, values in zip(KNOBS, factors, _measured(made, tallies).T, strict=True):
        print(f"| {one.name} | {one.published:,g} | {_interval(values)} | {factor:.3f} |")
    inflow = scenario.inflow.model_copy(update={"per_year": INFLOW_2023})
    later = _simulated(made, scenario.model_copy(update={"inflow": inflow}), asked.replications)
    print("\n| 2023, held out | published | simulated | 95 % interval |\n" + "| --- " * 4 + "|")
    to_october = [one.departed[: 301 // DAYS].sum() * TO_OCTOBER for one in later]
    print(f"| forced departures to October | 1,990 | {_interval(to_october)} |")
    print("\n| shown | simulated | 95 % interval |\n" + "| --- " * 3 + "|")
    results = results_of(tallies, legend_of(scenario, made.setting, made.source.register))
    found = summary(results.totals)
    for measure in ("placed", "occupancy", "left", "median-wait", "mean-nights"):
        rows = found[(found["measure"] == measure) & (found["mean"] > 0)]
        for of, mean, low, high in rows[["of", "mean", "low", "high"]].itertuples(index=False):
            print(f"| {measure} {of} | {_told(mean)} | {_told(low)} to {_told(high)} |")


def fitted(made: Simulator, scenario: Scenario, replications: int, rounds: int) -> Amounts:
    """Return the factor of each knob with which all measures are as published, nearly.

    What each knob does to each measure is found once, by turning it a little.
    """

    def found(factors: Amounts) -> Amounts:
        tallies = _simulated(made, turned(scenario, factors), replications)
        means: Amounts = _measured(made, tallies).mean(axis=0)
        told = ", ".join(f"{one:,.3g}" for one in means)
        print(f"{np.round(factors, 3).tolist()}: {told}", file=sys.stderr)
        return np.log(means)

    published = np.log([one.published for one in KNOBS])
    factors = np.ones(len(KNOBS))
    now = found(factors)
    steps = np.where(np.eye(len(KNOBS), dtype=bool), STEP, 1.0)
    slopes = np.stack([found(step) - now for step in steps], axis=1) / np.log(STEP)
    for _ in range(rounds):
        factors = factors * np.exp(np.linalg.solve(slopes, published - now))
        now = found(factors)
    return factors


def turned(scenario: Scenario, factors: Iterable[float]) -> Scenario:
    """Return a scenario with every knob turned."""
    for one, factor in zip(KNOBS, factors, strict=True):
        scenario = one.turned(scenario, factor)
    return scenario


def _simulated(made: Simulator, scenario: Scenario, replications: int) -> Sequence[Tally]:
    study = study_of(scenario, made.source, made.setting)
    return replicated(replace(study, replications=replications), made.pool)


def _measured(made: Simulator, tallies: Sequence[Tally]) -> Amounts:
    """Return what is to be as published, a row per replication and a column per knob."""
    facilities = [one.id for one in made.setting.world.facilities]
    return np.array([[knob.measured(one, facilities) for knob in KNOBS] for one in tallies])


def _interval(values: Amounts | Sequence[float]) -> str:
    """Return a mean with its interval, as two cells."""
    mean, half = float(np.mean(values)), half_width(float(np.std(values, ddof=1)), len(values))
    return f"{_told(mean)} | {_told(mean - half)} to {_told(mean + half)}"


def _told(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"


# --- What is measured -----------------------------------------------------------------------------


def _departed(tally: Tally, _: Sequence[str]) -> float:
    return float(tally.departed.mean() * 365 / DAYS)


def _failed(tally: Tally, _: Sequence[str]) -> float:
    return float(tally.failed.sum() / tally.booked.sum())


def _stay(tally: Tally, facilities: Sequence[str]) -> float:
    """Return the mean nights of a stay that a placement begins (Little's law)."""
    begun = [n for n, one in enumerate(facilities) if one != BORDER]
    return float(tally.inside[begun].sum() / tally.placed.sum())


def _caseload(tally: Tally, _: Sequence[str]) -> float:
    return float(caseload(tally).mean())


# --- What is turned -------------------------------------------------------------------------------


def _failing(scenario: Scenario, factor: float) -> Scenario:
    """Let so many times more bookings fail for each reason."""
    failures = tuple(
        one.model_copy(update={"share": min(one.share * factor, 1)}) for one in scenario.failures
    )
    return scenario.model_copy(update={"failures": failures})


def _lasting(
    scenario: Scenario, factor: float, *, of: Callable[[Process], bool], answer: str
) -> Scenario:
    """Let processes stay so many times longer at an answer, and as many more begin there."""

    def spread(process: Process, shares: Shares | None) -> Mapping[str, float] | None:
        if shares is None:
            return None
        odds = {
            name: share * (factor if process.states[name].answer == answer else 1)
            for name, share in shares.items()
        }
        return {name: share / sum(odds.values()) for name, share in odds.items()}

    def longer(process: Process) -> Process:
        if not of(process):
            return process
        states = {
            name: state.model_copy(
                update={"stays": state.stays.model_copy(update={"days": state.stays.days * factor})}
            )
            if state.stays is not None and state.answer == answer
            else state
            for name, state in process.states.items()
        }
        begins, stock = spread(process, process.begins), spread(process, process.stock)
        return process.model_copy(update={"states": states, "begins": begins, "stock": stock})

    return scenario.model_copy(update={"processes": tuple(map(longer, scenario.processes))})


def _ahead(scenario: Scenario, factor: float) -> Scenario:
    """Place more before their departure is arranged, so many times the odds, and fewer with it."""

    def moved(shares: Mapping[str, float]) -> Mapping[str, float]:
        both = shares["placed-first"] + shares["chain"]
        odds = factor * shares["placed-first"] / shares["chain"]
        first = both * odds / (1 + odds)
        return {**shares, "placed-first": first, "chain": both - first}

    spreads = tuple(
        one.model_copy(
            update={"shares": moved(one.shares), "stock": moved(one.stock or one.shares)}
        )
        if one.attribute == "route"
        else one
        for one in scenario.spreads
    )
    return scenario.model_copy(update={"spreads": spreads})


def _ends(process: Process) -> bool:
    return process.turns.leaves is not None or process.turns.trigger is not None


KNOBS = (
    Knob(
        "forced departures (2021): how long appeals last",
        1_630,
        _departed,
        partial(_lasting, of=lambda one: one.id == "appeal", answer="no"),
    ),
    Knob("bookings that fail, share (2021): all reasons alike", 0.6, _failed, _failing),
    Knob(
        "nights of a stay, mean (2022): how many are placed before a departure is arranged",
        42,
        _stay,
        _ahead,
    ),
    Knob(
        "caseload, mean (2021): how soon a case leaves otherwise",
        8_770,
        _caseload,
        partial(_lasting, of=_ends, answer="yes"),
    ),
)


if __name__ == "__main__":
    main(sys.argv[1:])
