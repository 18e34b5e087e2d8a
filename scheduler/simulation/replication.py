"""One replication: days in order, what falls due on each, and the ready cases placed.

The event list holds what is to come: cases that can first be planned, their facts that turn,
bookings that fail or are carried out, terms that end; what becomes of other cases is known without
(:mod:`scheduler.simulation.facts`). At each planning round the ready cases are placed, most pressed
first, in the window that the policy leaves them. A case is ready when no process that its prototype
asks about stands otherwise than at yes, in the register's own reading.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from math import ceil, inf, log1p

import numpy as np
import numpy.typing as npt

from scheduler.constraint import Register
from scheduler.grid import first_slots
from scheduler.simulation.adjusting import problems, register_under, world_under
from scheduler.simulation.chance import Chance, Draws, Fortunes
from scheduler.simulation.course import LEGS, Chain, Course, Keys, chain_of, course_of
from scheduler.simulation.diary import Diary, Roster, roster_of
from scheduler.simulation.effect import Effects
from scheduler.simulation.facts import INSTANT, Cases, facts_of
from scheduler.simulation.placing import Booked, Placing, Window
from scheduler.simulation.profile import Setting, weights
from scheduler.simulation.prospect import Prospects, Stage, prospects_of
from scheduler.simulation.scenario import Failure, Scenario, ScenarioError
from scheduler.simulation.tally import Amounts, Names, Tally, by_row, lasted, per_week, united
from scheduler.world import World

DAY = 24 * 60
RELEASED, LEGAL_END, WITHDRAWN = "released", "legal-end", "withdrawn"
"""Outcomes and reasons that no scenario names: the stay ended, a legal end came, the case is over.
"""
_MORE_NIGHTS = 7
"""Nights by which a stay is prolonged that no departure ends yet."""


@dataclass(frozen=True)
class Model:
    """All that the replications of a scenario share, compiled once: nothing in it changes."""

    scenario: Scenario
    world: World
    roster: Roster
    prospects: Prospects
    courses: tuple[Course, ...]
    shares: Draws
    stock: Draws
    chains: tuple[Chain, ...]
    names: Names
    light_of: tuple[int, ...]
    rounds: Sequence[int]


def model_of(scenario: Scenario, setting: Setting, register: Register) -> Model:
    """Compile ``setting`` under ``scenario`` and ``register``.

    Raises
    ------
    ScenarioError
        When the scenario names what the setting or the register does not know.
    """
    wrong = [*problems(scenario, setting, register)]
    if wrong:
        raise ScenarioError(wrong)
    register = register_under(scenario, register)
    world = world_under(scenario, setting.world).but()
    world = world.model_copy(update={"rules_date": scenario.rules_date})
    roster = roster_of(world)
    cases = {case.id: case for one in setting.profiles for case in (one.first, *one.held.values())}
    prospects = prospects_of(world, register, cases.values(), roster)
    stages = {one.case.id: one for one in prospects.stages}
    effects = Effects(world, register)
    constraints = tuple(one.id for one in register.constraints)
    numbers = {one: n for n, one in enumerate(constraints)}
    courses = tuple(course_of(one, scenario, stages, effects, numbers) for one in setting.profiles)
    zone = world.location[setting.profiles[0].first.location].timezone
    grid = world.grid
    # One look, so that copies of this process have what is compiled for it.
    Placing(prospects, Diary(roster, prospects.calendar)).place(
        prospects.stages[0], Window(0, 0, 1, inf)
    )
    step = scenario.policy.round_minutes
    return Model(
        scenario=scenario,
        world=world.but(),  # without what its constraints remember
        roster=roster,
        prospects=prospects,
        courses=courses,
        shares=np.cumsum(weights(setting.profiles, scenario.spreads)),
        stock=np.cumsum(weights(setting.profiles, scenario.spreads, stock=True)),
        chains=tuple(map(chain_of, scenario.processes)),
        names=names_of(scenario, world, register),
        light_of=tuple(register.lights.index(one.light) for one in register.constraints),
        rounds=range(0, grid.slots, max(step // grid.minutes, 1))
        if step
        else [max(one, 0) for one in first_slots(grid, zone)],
    )


def names_of(scenario: Scenario, world: World, register: Register) -> Names:
    """Return what the rows of the tallies of a scenario are, on its world."""
    failures = [one.reason for one in scenario.failures]
    outcomes = [one.turns.leaves for one in scenario.processes if one.turns.leaves is not None]
    triggers = [one.turns.trigger for one in scenario.processes if one.turns.trigger is not None]
    constraints = tuple(one.id for one in register.constraints)
    return Names(
        weeks=ceil(scenario.horizon.days / 7),
        outcomes=tuple(dict.fromkeys((*outcomes, *triggers, RELEASED, LEGAL_END))),
        reasons=tuple(dict.fromkeys((*failures, *constraints, RELEASED, LEGAL_END, WITHDRAWN))),
        constraints=constraints,
        lights=register.lights,
        facilities=tuple(one.id for one in world.facilities),
        resources=tuple(one.id for one in world.resources),
    )


class Live:
    """A case in the caseload: where it stands and what is booked for it. Times in minutes."""

    __slots__ = (
        "booked", "case", "course", "entered", "facility", "imposed", "lack", "left",
        "nights", "ready", "row", "shut", "since", "stage", "tries", "version",
    )  # fmt: skip

    def __init__(self, case: int, course: Course, entered: float) -> None:
        self.case = case
        self.course = course
        self.entered = entered
        self.stage = course.first
        self.row: list[int] = []
        """Per process of the scenario: the row in its path at which it stands."""
        self.left: list[float] = []
        """Per process: the moment of its next turn, or less than nothing: minus what is left of the
        time when its clock stands still."""
        self.shut: dict[int, tuple[int, float]] = {}
        """Keys that forbid, each with how many processes make it so, and since when."""
        self.since = 0.0
        self.ready = 0.0
        self.lack: tuple[int, float] | None = None
        self.booked: tuple[Booked, ...] = ()
        self.version = 0
        self.tries = [0, 0]
        self.facility: str | None = None
        self.imposed = 0.0
        self.nights = (0, 0)


@dataclass(frozen=True, slots=True)
class Done:
    """A booking that was carried out, as it claimed people and seats."""

    case: int
    booked: Booked


def replicate(
    model: Model, replication: int, *, log: Callable[[Done], None] | None = None
) -> Tally:
    """Run one replication: the same for the same model and number. ``log`` hears what was done."""
    return _Replication(model, replication, log).run()


class _Replication:
    def __init__(self, model: Model, replication: int, log: Callable[[Done], None] | None) -> None:
        scenario = model.scenario
        self.model, self.scenario, self.log = model, scenario, log
        self.minutes = model.roster.grid.minutes
        self.end = float((scenario.horizon.warm_up + scenario.horizon.days) * DAY)
        self.diary = Diary(model.roster, model.prospects.calendar)
        self.placing = Placing(model.prospects, self.diary)
        self.number = count()
        self.events: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self.lives: dict[int, Live] = {}
        self.ready: dict[int, Live] = {}
        self.missed: dict[int, tuple[int, float, int | None]] = {}
        self.now = 0.0
        self.outcome = {name: n for n, name in enumerate(model.names.outcomes)}
        self.constraint = {name: n for n, name in enumerate(model.names.constraints)}
        self.reason = {name: n for n, name in enumerate(model.names.reasons)}
        self.departed: list[float] = []
        self.placed: list[float] = []
        self.released: list[float] = []
        self.left: tuple[list[int], list[float]] = [], []
        self.booked: tuple[list[int], list[float]] = [], []
        self.failed: tuple[list[int], list[float]] = [], []
        self.blocked: tuple[list[int], list[int], list[float], list[float]] = [], [], [], []
        self.waits: list[tuple[float, ...]] = []
        self.inside = {
            one: np.zeros(len(nights) + 1, np.int64) for one, nights in model.roster.nights.items()
        }
        self.used = [0] * len(model.roster.rostered)
        self._draw(replication)

    # Chance: who enters when, and what turns.

    def _draw(self, replication: int) -> None:
        scenario = self.scenario
        rate = scenario.inflow.per_year / 365 * self.end / DAY
        most = scenario.inflow.caseload + ceil(rate + 10 * rate**0.5 + 10)
        chance = Chance(scenario.seed, replication, most)
        gaps = -np.log1p(-chance.of("inflow")[:, 0])
        gaps[: scenario.inflow.caseload] = 0
        moments = np.cumsum(gaps) * (365 * DAY / scenario.inflow.per_year if rate else inf)
        moments = np.where(np.isnan(moments), 0, moments)
        entered = moments[moments < self.end]
        drawn = chance.of("profile")[: len(entered), 0]
        had = scenario.inflow.caseload
        chosen = np.concatenate(
            [
                np.searchsorted(shares, mine, side="right")
                for shares, mine in (
                    (self.model.stock, drawn[:had]),
                    (self.model.shares, drawn[had:]),
                )
            ]
        )
        chosen = np.minimum(chosen, len(self.model.courses) - 1)
        within = np.array(
            [inf if one.within is None else one.within for one in self.model.courses]
        )[chosen]
        self.begun = entered.copy()
        self.begun[:had] -= self._ages(within[:had], rate, chance)
        held = np.array([one.profile.within is not None for one in self.model.courses], bool)
        self.cases = Cases(chosen, held[chosen], entered, self.begun + within, had)
        self.facts = facts_of(self.model.chains, self.model.courses, self.cases, chance, self.end)
        for moment, *told in self.facts.comes:
            self._at(moment, self._come, *told)
        self.fortunes = Fortunes(chance, (case for _, case, *_ in self.facts.comes))

    def _ages(self, within: Draws, rate: float, chance: Chance) -> Draws:
        """Return how long those of the stock have been in the caseload already.

        As long as Little's law says on average, exponentially; anywhere in the time that they have
        when there is a legal end to it.
        """
        inflow, drawn = self.scenario.inflow, chance.of("age")[: len(within), 0]
        lasts = inflow.caseload / inflow.per_year * 365 * DAY if rate else 0.0
        ages = np.array([-lasts * log1p(-one) for one in drawn.tolist()])
        limited = within < inf
        ages[limited] = within[limited] * drawn[limited]
        return ages

    # The story.

    def run(self) -> Tally:
        for slot in self.model.rounds:
            moment = float(slot * self.minutes)
            if moment >= self.end:
                break
            self._pass(moment)
            if self.ready:
                self.now = moment
                self._plan(slot)
        self._pass(self.end)
        self.now = self.end
        return self._tally()

    def _pass(self, moment: float) -> None:
        """Let all happen that falls due until a moment, at it included."""
        events = self.events
        while events and events[0][0] <= moment:
            self.now, _, happens, told = heappop(events)
            happens(*told)

    def _at(self, moment: float, happens: Callable[..., None], *told: object) -> None:
        if moment < self.end:
            heappush(self.events, (moment, next(self.number), happens, told))

    def _come(self, case: int, row: list[int], left: list[float]) -> None:
        """Let a case live that can be planned for the first time, or is held from the start."""
        course = self.model.courses[self.cases.course[case]]
        live = self.lives[case] = Live(case, course, float(self.begun[case]))
        live.since = self.now
        live.row, live.left = row, left
        within = course.profile.within
        if within is not None:
            live.stage = course.held[within]
            self._hold(live, within, None)
        for n, due in enumerate(left):
            if 0 <= due < self.end:
                self._at(due, self._turn, live, n, due)
        if within is not None:
            for n in course.processes:
                answer = self.facts.answer[live.row[n]]
                if answer and self._strikes(live, n):
                    return
                self._shut(live, live.course.effects[live.stage.number][n][answer])
        if course.within is not None:
            self._at(live.entered + course.within, self._legal_end, live)
        self._settle(live)

    # Facts that turn.

    def _runs(self, live: Live, n: int) -> bool:
        clock = self.model.chains[n].process.during
        return clock == "always" or (clock == "detention") == (live.facility is not None)

    def _wait(self, live: Live, n: int, stay: float) -> None:
        """Let a process wait for its next turn, on the event list or with its clock still."""
        if stay == inf:
            live.left[n] = inf
        elif self._runs(live, n):
            live.left[n] = self.now + stay
            self._at(live.left[n], self._turn, live, n, live.left[n])
        else:
            live.left[n] = -stay - INSTANT

    def _turn(self, live: Live, n: int, due: float) -> None:
        if live.left[n] != due or live.case not in self.lives:
            return
        facts, row = self.facts, live.row[n] + 1
        live.row[n] = row
        self._wait(live, n, facts.stays[row])
        before, after = facts.answer[row - 1], facts.answer[row]
        if before == after or (not before and self._strikes(live, n)):
            return
        effect = live.course.effects[live.stage.number][n]
        self._shut(live, effect[after])  # first, so that what both forbid goes on
        self._lift(live, effect[before])
        self._settle(live)

    def _strikes(self, live: Live, n: int) -> bool:
        """Let an answer that is no longer yes end what it ends; return whether the case is over."""
        turns = self.model.chains[n].process.turns
        outcome = live.course.over[n]
        if outcome is not None:
            self._end(live, outcome)
            return True
        if turns.release and live.facility is not None:
            return self._release(live, RELEASED)
        return False

    def _shut(self, live: Live, keys: Keys) -> None:
        for one in keys:
            times, since = live.shut.get(one, (0, self.now))
            live.shut[one] = times + 1, since

    def _lift(self, live: Live, keys: Keys) -> None:
        for one in keys:
            times, since = live.shut[one]
            if times > 1:
                live.shut[one] = times - 1, since
            else:
                del live.shut[one]
                self._record(live, one, since)

    def _record(self, live: Live, key: int, since: float) -> None:
        if since < self.now:
            cases, keys, begins, ends = self.blocked
            cases.append(live.case)
            keys.append(key)
            begins.append(since)
            ends.append(self.now)

    def _settle(self, live: Live) -> None:
        """Cancel what is booked for a case that is shut, or let it be planned when it is not."""
        if live.case not in self.lives:
            return
        if live.shut:
            if live.booked:
                constraints = self.model.names.constraints
                self._fail(live, constraints[next(iter(live.shut)) % len(constraints)])
            if live.case in self.ready:
                del self.ready[live.case]
            self._lacks(live, None)
        elif not live.booked and live.case not in self.ready:
            live.since = max(live.since, self.now)
            self.ready[live.case] = live

    def _lacks(self, live: Live, constraint: int | None) -> None:
        """Note what keeps a ready case from being placed."""
        if live.lack is not None and live.lack[0] != constraint:
            one, since = live.lack
            for key in (one, one + len(self.model.names.constraints)):  # a want is known
                self._record(live, key, since)
            live.lack = None
        if constraint is not None and live.lack is None:
            live.lack = constraint, self.now

    # Detention.

    def _move(self, live: Live, stage: Stage) -> None:
        """Let a case go on at another stage, where other constraints may ask about its facts."""
        effects = live.course.effects
        before, after = effects[live.stage.number], effects[stage.number]
        live.stage = stage
        if before == after:
            return
        for n in live.course.processes:
            answer = self.facts.answer[live.row[n]]
            if before[n][answer] != after[n][answer]:
                self._lift(live, before[n][answer])
                self._shut(live, after[n][answer])

    def _clocks(self, live: Live) -> None:
        """Stop and start the clocks of processes that run at liberty or in detention only."""
        for n in live.course.clocked:
            left, runs = live.left[n], self._runs(live, n)
            if left < 0 and runs:
                self._wait(live, n, -left)
            elif 0 <= left < inf and not runs:
                live.left[n] = self.now - left - INSTANT

    def _hold(self, live: Live, facility: str, nights: tuple[int, int] | None) -> None:
        stage = live.course.held[facility]
        if nights is None:
            first = stage.night(facility, int(self.now // self.minutes))
            nights = first, first + _MORE_NIGHTS
            self.diary.stay(facility, *nights, stage.persons)
        live.facility, live.imposed, live.nights = facility, self.now, nights
        self._move(live, stage)
        self._clocks(live)
        self._at(self.now + max(nights[1] - nights[0], 1) * DAY, self._prolong, live, self.now)
        if stage.detained_for is not None:
            self._at(self.now + stage.detained_for, self._term_over, live, self.now)

    def _prolong(self, live: Live, imposed: float) -> None:
        """Keep the place of whoever is held still; it is taken whether or not one is free."""
        if live.facility is None or live.imposed != imposed or live.case not in self.lives:
            return
        stage, (first, end) = live.stage, live.nights
        more = max(end, stage.night(live.facility, int(self.now // self.minutes))) + _MORE_NIGHTS
        self.diary.stay(live.facility, end, more, stage.persons)
        live.nights = first, more
        self._at(self.now + _MORE_NIGHTS * DAY, self._prolong, live, imposed)

    def _term_over(self, live: Live, imposed: float) -> None:
        if live.facility is not None and live.imposed == imposed and live.case in self.lives:
            self._release(live, LEGAL_END)
            self._settle(live)

    def _legal_end(self, live: Live) -> None:
        if live.case in self.lives:
            self._end(live, LEGAL_END)

    def _release(self, live: Live, why: str) -> bool:
        """End a stay; return whether the case is over: it has nowhere else to begin anew."""
        if live.course.profile.within is not None:
            self._end(live, RELEASED)
            return True
        if live.booked:
            self._fail(live, why)
        self._vacate(live)
        self.released.append(self.now)
        live.since = self.now
        self._move(live, live.course.first)
        self._clocks(live)
        return False

    def _vacate(self, live: Live) -> None:
        """Give back the nights to come of whoever is held."""
        if live.facility is None:
            return
        stage, (first, end) = live.stage, live.nights
        today = stage.night(live.facility, int(self.now // self.minutes))
        self.diary.leave(live.facility, max(first, today), end, stage.persons)
        self.inside[live.facility][first] += stage.persons
        self.inside[live.facility][max(first, min(today, end))] -= stage.persons
        live.facility = None

    # Bookings.

    def _plan(self, slot: int) -> None:
        policy, day = self.scenario.policy, DAY // self.minutes
        end = min(slot + policy.days_ahead * day, self.model.roster.grid.slots)
        now = slot + policy.lead_days * day

        def pressed(live: Live) -> tuple[float, int, float, int]:
            until = self._until(live)
            return (
                until if until <= end * self.minutes else inf,
                -live.course.weight,
                live.since,
                live.case,
            )

        ready = [one for one in self.ready.values() if one.ready <= self.now]
        for live in sorted(ready, key=pressed):
            window = Window(slot, now, end, self._until(live))
            found = self._tried(live.stage, window)
            if isinstance(found, tuple):
                self._book(live, found)
            elif found is not None:
                self._lacks(live, found)

    def _tried(self, stage: Stage, window: Window) -> tuple[Booked, ...] | int | None:
        """Place a case, or return the constraint that shut it out where one can be told.

        Whoever is like one that found nothing in this round, in as long a window, finds nothing.
        """
        until = min(window.until, window.end * self.minutes)
        at, looked, missed = self.missed.get(stage.number, (-1, 0.0, None))
        if at == window.at and until <= looked:
            return missed
        found = self.placing.place(stage, window)
        if found is not None:
            return found
        lacked = self.placing.lacked()
        missed = None if lacked is None else self.constraint[lacked]
        self.missed[stage.number] = window.at, until, missed
        return missed

    def _until(self, live: Live) -> float:
        """Return the moment of the next legal end of a case."""
        course, stage = live.course, live.stage
        ends = [inf] if course.within is None else [live.entered + course.within]
        if live.facility is not None and stage.detained_for is not None:
            ends.append(live.imposed + stage.detained_for)
        return min(ends)

    def _book(self, live: Live, found: tuple[Booked, ...]) -> None:
        del self.ready[live.case]
        self._lacks(live, None)
        live.booked = found
        live.version += 1
        for one in found:
            leg = LEGS.index(one.leg)
            self.booked[0].append(leg)
            self.booked[1].append(self.now)
            self._fate(live, one, leg)
            live.tries[leg] += 1
        removal = found[-1]
        if live.facility is not None and removal.leg == "removal":
            leaves = live.stage.night(live.facility, removal.moment // self.minutes)
            first, end = live.nights
            if leaves > end:
                self.diary.stay(live.facility, end, leaves, live.stage.persons)
                live.nights = first, leaves

    def _fate(self, live: Live, booked: Booked, leg: int) -> None:
        """Draw whether and when a booking fails; every reason draws for itself."""
        first: tuple[float, str] | None = None
        for n in live.course.failures[booked.leg]:
            failure: Failure = self.scenario.failures[n]
            purpose = f"failure/{failure.reason}/{booked.leg}"
            drawn = self.fortunes.of(purpose, live.tries[leg], live.case)
            if drawn[0] < failure.share:
                before = float(failure.before.drawn(drawn[1])) * DAY
                at = max(booked.moment - before, self.now)
                if first is None or at < first[0]:
                    first = at, failure.reason
        if first is not None:
            self._at(first[0], self._failed, live, live.version, booked, first[1])
        elif booked.leg == "removal":
            self._at(float(booked.moment), self._departs, live, live.version, booked)
        else:
            self._at(float(booked.end * self.minutes), self._arrives, live, live.version, booked)

    def _failed(self, live: Live, version: int, booked: Booked, reason: str) -> None:
        if live.version == version and booked in live.booked and live.case in self.lives:
            self._fail(live, reason)
            live.ready = self.now + self.scenario.policy.again_after * DAY
            self._settle(live)

    def _fail(self, live: Live, reason: str) -> None:
        """Release all that is booked for a case."""
        for one in live.booked:
            self.placing.give(one)
            self.failed[0].append(LEGS.index(one.leg) * len(self.reason) + self.reason[reason])
            self.failed[1].append(self.now)
        live.booked = ()
        live.version += 1

    def _carry_out(self, live: Live, booked: Booked) -> None:
        begin = self.scenario.horizon.warm_up * DAY // self.minutes
        for one, first, length in booked.people.tolist():
            self.used[one] += max(first + length - max(first, begin), 0)
        if self.log is not None:
            self.log(Done(live.case, booked))

    def _arrives(self, live: Live, version: int, booked: Booked) -> None:
        if live.version != version or booked not in live.booked or live.case not in self.lives:
            return
        self._carry_out(live, booked)
        self.placed.append(self.now)
        live.booked = tuple(one for one in live.booked if one is not booked)
        self._wait_was(live, 0, booked.moment)
        if booked.facility is not None:
            if booked.facility in live.course.held:
                live.since = self.now
                self._hold(live, booked.facility, booked.nights)
                self._settle(live)
                return
            self.diary.leave(booked.facility, *booked.nights, live.stage.persons)
        self._close(live)
        self.departed.append(self.now)

    def _departs(self, live: Live, version: int, booked: Booked) -> None:
        if live.version != version or booked not in live.booked or live.case not in self.lives:
            return
        self._carry_out(live, booked)
        self._wait_was(live, 1, booked.moment)
        live.booked = ()
        self._close(live)
        self.departed.append(self.now)

    def _wait_was(self, live: Live, leg: int, moment: float) -> None:
        nights = 0.0
        if live.facility is not None:
            today = live.stage.night(live.facility, int(self.now // self.minutes))
            nights = float(max(today - live.nights[0], 0))
        self.waits.append(
            (live.case, leg, moment, moment - live.since, self.now - live.entered, nights)
        )

    def _end(self, live: Live, outcome: str) -> None:
        """Let a case leave the caseload otherwise; all that is held for it is released at once."""
        if live.booked:
            self._fail(live, WITHDRAWN)
        self.left[0].append(self.outcome[outcome])
        self.left[1].append(self.now)
        self._close(live)

    def _close(self, live: Live) -> None:
        self._vacate(live)
        self._lacks(live, None)
        for one, (_, since) in live.shut.items():
            self._record(live, one, since)
        live.shut = {}
        self.ready.pop(live.case, None)
        del self.lives[live.case]

    # What is told.

    def _tally(self) -> Tally:
        names, warm = self.model.names, float(self.scenario.horizon.warm_up)
        for moment, case, n in self.facts.left:
            over = self.model.courses[self.cases.course[case]].over[n] if n >= 0 else None
            self.left[0].append(self.outcome[over or LEGAL_END])
            self.left[1].append(moment)
        entered = len(self.cases.entered)
        remain = len(self.lives) + entered - len(self.facts.comes) - len(self.facts.left)
        ended = len(self.departed), len(self.left[0])
        for live in list(self.lives.values()):
            self._close(live)
        weeks = names.weeks

        def days(moments: npt.ArrayLike) -> Draws:
            after: Draws = np.asarray(moments, float) / DAY - warm
            return after

        spans = self.facts.spans
        cases, keys, begins, ends = (
            np.concatenate([known, np.asarray(one, known.dtype)])
            for known, one in zip(
                (spans.case, spans.key, spans.since, spans.until), self.blocked, strict=True
            )
        )
        since, until = begins / DAY - warm, ends / DAY - warm
        constraint = keys % len(names.constraints)
        light = np.asarray(self.model.light_of, np.int64)[constraint]
        red = keys != constraint

        def by_light(mine: npt.NDArray[np.bool_]) -> Amounts:
            of = cases[mine] * len(names.lights) + light[mine]
            rows, lit, dark = united(of, since[mine], until[mine])
            return lasted(rows % len(names.lights), lit, dark, len(names.lights), weeks)

        nights = self.scenario.horizon
        inside = (
            np.stack([np.cumsum(self.inside[one]) for one in names.facilities])
            if names.facilities
            else np.zeros((0, nights.warm_up + nights.days), np.int64)
        )
        inside = inside[:, nights.warm_up : nights.warm_up + nights.days]
        by_week = np.zeros(weeks * 7, np.int64)
        by_week[: nights.days] = inside.sum(axis=0)
        begin = nights.warm_up * DAY // self.minutes
        end = begin + nights.days * DAY // self.minutes
        window = (1 << end) - (1 << begin)
        waits = np.array(self.waits, float).reshape(-1, 6)
        waits[:, 2:5] /= DAY
        waits[:, 2] = (waits[:, 2] - warm) // 7
        reasons = len(names.reasons)
        return Tally(
            entered=per_week(days(self.cases.entered), weeks),
            departed=per_week(days(self.departed), weeks),
            placed=per_week(days(self.placed), weeks),
            released=per_week(days(self.released), weeks),
            left=by_row(self.left[0], days(self.left[1]), len(names.outcomes), weeks),
            booked=by_row(self.booked[0], days(self.booked[1]), len(LEGS), weeks),
            failed=by_row(self.failed[0], days(self.failed[1]), len(LEGS) * reasons, weeks).reshape(
                len(LEGS), reasons, weeks
            ),
            blocked=lasted(keys[~red], since[~red], until[~red], len(names.constraints), weeks),
            lights=by_light(~red),
            red=by_light(red),
            inside=inside,
            nights=by_week.reshape(weeks, 7).sum(axis=1),
            used=np.array(self.used) * (self.minutes / 60),
            rostered=np.array([(line & window).bit_count() for line in self.model.roster.rostered])
            * (self.minutes / 60),
            waits=waits,
            balance=np.array([entered, *ended, remain], np.int64),
        )
