"""What a scenario comes to for each profile: the processes that turn something for it, and how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scheduler.simulation.chance import Draws
from scheduler.simulation.effect import Effect, Effects
from scheduler.simulation.profile import Profile
from scheduler.simulation.prospect import Stage
from scheduler.simulation.scenario import Process, Scenario, Shares, Time, admits
from scheduler.world import Leg

LEGS: tuple[Leg, ...] = ("placement", "removal")
ANSWERS = "yes", "no", "unknown"
"""Answers by number: a yes is 0."""
_DAY = 24 * 60
Keys = tuple[int, ...]
"""Constraints that forbid, by number; those that do by what is known once more, counted on from
the number of constraints there are. By the latter a light is red, without them it is grey."""
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Course:
    """A profile as it is simulated: its stages, and the processes that turn something for it.

    Those of them that are ``clocked`` run at liberty or in detention only. ``effects[stage]``
    gives, per process of the scenario and answer, what forbids there; ``over`` the outcome with
    which the case leaves when the answer is no longer yes, if it does.
    """

    profile: Profile
    first: Stage
    held: Mapping[str, Stage]
    processes: tuple[int, ...]
    clocked: tuple[int, ...]
    failures: Mapping[Leg, tuple[int, ...]]
    effects: Mapping[int, tuple[tuple[Keys, ...], ...]]
    over: tuple[str | None, ...]
    within: int | None
    weight: int


def course_of(
    profile: Profile,
    scenario: Scenario,
    stages: Mapping[str, Stage],
    effects: Effects,
    numbers: Mapping[str, int],
) -> Course:
    """Compile a profile; ``stages`` by prototype, ``numbers`` of the constraints by id."""
    first = stages[profile.first.id]
    held = {facility: stages[case.id] for facility, case in profile.held.items()}
    mine = [n for n, one in enumerate(scenario.processes) if admits(one.of, profile.attributes)]
    found: dict[int, tuple[tuple[Keys, ...], ...]] = {}
    over: list[str | None] = [None] * len(scenario.processes)
    for n in mine:
        over[n] = scenario.processes[n].turns.leaves
    for stage in (first, *held.values()):
        of: list[tuple[Keys, ...]] = [((), (), ())] * len(scenario.processes)
        for n in mine:
            turns = scenario.processes[n].turns
            no = effects.of(stage.case, turns, "no")
            unknown = effects.of(stage.case, turns, "unknown")
            of[n] = (), keys_of(no, numbers), keys_of(unknown, numbers)
            if no.withdrawn:
                over[n] = turns.trigger or turns.fact
        found[stage.number] = tuple(of)
    ends = [one.within for one in (first, *held.values()) if one.within is not None]
    return Course(
        profile,
        first,
        held,
        tuple(mine),
        tuple(n for n in mine if scenario.processes[n].during != "always"),
        {
            leg: tuple(
                n
                for n, one in enumerate(scenario.failures)
                if leg in one.legs and admits(one.of, profile.attributes)
            )
            for leg in LEGS
        },
        found,
        tuple(over),
        min(ends, default=None),
        profile.first.weight,
    )


def keys_of(effect: Effect, numbers: Mapping[str, int]) -> Keys:
    """Return what an effect forbids; ``numbers`` of all constraints by id."""
    forbid = [numbers[one] for one in effect.forbid]
    known = [numbers[one] + len(numbers) for one in effect.forbid if one not in effect.unknown]
    return (*forbid, *known)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Shares of states as steps from 0 to 1."""

    upto: Draws
    states: Numbers

    def at(self, uniform: Draws) -> Numbers:
        """Return the states at draws in [0, 1)."""
        number = np.searchsorted(self.upto, uniform, side="right")
        found: Numbers = self.states[np.minimum(number, len(self.states) - 1)]
        return found


@dataclass(frozen=True, slots=True)
class Chain:
    """A process in numbers: per state its answer, how long it stays, and to which it goes on."""

    process: Process
    answer: Numbers
    times: tuple[Time | None, ...]
    goes: tuple[Ladder, ...]
    begins: Ladder
    stock: Ladder

    def fresh(self, first: Draws, second: Draws) -> tuple[Numbers, Draws]:
        """Return the states of those who enter, and the minutes they stay, at two draws each."""
        states = self.begins.at(first)
        return states, self.stays(states, second)

    def begun(self, first: Draws, second: Draws) -> tuple[Numbers, Draws]:
        """Return the states of those of the stock, and the minutes left, at two draws each."""
        states = self.stock.at(first)
        return states, self._minutes(Time.left, states, second)

    def next(self, states: Numbers, uniform: Draws) -> Numbers:
        """Return the states that follow, at draws in [0, 1)."""
        after = np.empty_like(states)
        for n, ladder in enumerate(self.goes):
            mine = states == n
            if mine.any():
                after[mine] = ladder.at(uniform[mine])
        return after

    def stays(self, states: Numbers, uniform: Draws) -> Draws:
        """Return the minutes in states, at draws in [0, 1); inf: for good."""
        return self._minutes(Time.drawn, states, uniform)

    def _minutes(
        self, law: Callable[[Time, Draws], Draws], states: Numbers, uniform: Draws
    ) -> Draws:
        minutes = np.full(len(states), np.inf)
        for n, time in enumerate(self.times):
            mine = states == n
            if time is not None and mine.any():
                minutes[mine] = law(time, uniform[mine]) * _DAY
        return minutes


def chain_of(process: Process) -> Chain:
    """Compile a process."""
    number = {name: n for n, name in enumerate(process.states)}

    def ladder(shares: Shares) -> Ladder:
        states = np.array([number[name] for name in shares], np.int64)
        return Ladder(np.cumsum(list(shares.values())), states)

    states = process.states.values()
    return Chain(
        process,
        np.array([ANSWERS.index(one.answer) for one in states], np.int64),
        tuple(one.stays for one in states),
        tuple(ladder(one.becomes) for one in states),
        ladder(process.begins),
        ladder(process.stock or process.begins),
    )
