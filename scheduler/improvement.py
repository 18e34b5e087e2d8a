"""Ruin and recreate: take related bookings out, insert their cases anew, and keep what pays.

After slack induction by string removals (Christiaens and Vanden Berghe 2020): ruin what lies near a
case, insert greedily in a drawn order, now and then past the best place, and accept by annealing.
The occupancy is changed and changed back; nothing is copied.
"""

import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from scheduler.construction import Option, claimed, drawn
from scheduler.objective import LEVELS, Objective, Valuation, key
from scheduler.occupancy import Claims, Occupancy
from scheduler.pattern import CasePatterns, Pattern
from scheduler.ranking import best_patterns
from scheduler.timeline import Timeline

MOST = 10
"""Cases taken out at a time, at most."""
WAITING = 3
"""Unplanned cases that are tried beside those taken out."""
WANTED = 24
"""Patterns of an unplanned case among which the one it would want is drawn."""
BLINK = 0.3
"""How often an insertion looks past a place that is good."""
HOT, COLD = 600.0, 2.0
"""The temperatures between which annealing cools, in the worth of :data:`PRICE`."""
PRICE = {
    "pastLegalEnd": 10_000.0,
    "plannedWeight": -1_000.0,
    "nightsInDetention": 10.0,
    "withoutFallback": 5.0,
    "changes": 2.0,
    "daysWaited": 0.05,
}
"""What a unit of each level costs where plans are weighed; which is the best is decided exactly."""

Plan = dict[str, Option]
Report = Callable[[Objective], None]


class Improvement:
    """A search over plans of ``cases`` in an occupancy that holds the current one."""

    def __init__(
        self,
        cases: Sequence[CasePatterns],
        valuation: Valuation,
        occupancy: Occupancy,
        chosen: Mapping[str, Option],
        lots: random.Random,
    ) -> None:
        self.valuation = valuation
        self.occupancy = occupancy
        self.lots = lots
        self.cases = {one.case.id: one for one in cases if valuation.last_moment(one) is not None}
        self.chosen: Plan = {}
        self._people: dict[str, dict[str, Timeline]] = {}
        self._places: dict[tuple[str, object], set[str]] = {}
        self._choose(chosen)
        self._wants: dict[str, list[Claims]] = {}
        self.values = valuation.total(cases, {name: one.pattern for name, one in chosen.items()})

    def run(
        self,
        *,
        until: float = math.inf,
        rounds: int | None = None,
        stop: Callable[[], bool] = lambda: False,
        report: Report = lambda _values: None,
    ) -> Plan:
        """Return the best plan found by ``until`` (monotonic seconds) or in so many ``rounds``.

        The occupancy holds it in the end.
        """
        began = time.monotonic()
        best, best_values, done = dict(self.chosen), self.values, 0
        while self.cases and not stop():
            share = (
                done / rounds if rounds is not None
                else (time.monotonic() - began) / max(until - began, 1e-9)
            )  # fmt: skip
            if share >= 1:
                break
            self._round(HOT * (COLD / HOT) ** share)
            done += 1
            if key(self.values) > key(best_values):
                best, best_values = dict(self.chosen), self.values
                report(best_values)
        self._become(best, best_values)
        return best

    def _round(self, heat: float) -> None:
        """Ruin, recreate, and keep the new plan when annealing accepts it."""
        out = self._ruined()
        before = {name: self.chosen.get(name) for name in out}
        for option in before.values():
            if option is not None:
                self.occupancy.release(option.claims)
        after = self._recreated(out)
        gain = self._gain(before, after)
        cost = sum(PRICE[level] * gain[level] for level in LEVELS)
        if cost <= 0 or self.lots.random() < math.exp(-cost / heat):
            self.values = {level: self.values[level] + gain[level] for level in LEVELS}
            self._drop(name for name in out if name in self.chosen)
            self._choose(after)
            return
        for option in after.values():
            self.occupancy.release(option.claims)
        for option in before.values():
            if option is not None:
                self.occupancy.claim(option.claims)

    def _ruined(self) -> list[str]:
        """Return cases to be planned anew: near an unplanned one, or near one that is planned."""
        waiting = [name for name in self.cases if name not in self.chosen]
        most = self.lots.randint(2, MOST)
        seed = self.lots.choice(
            waiting if waiting and self.lots.random() < 0.5 else list(self.cases)
        )
        wanted = self._wanted(seed)
        near = sorted(self._holders(wanted) - {seed}) if wanted is not None else []
        out = [seed, *self.lots.sample(near, min(len(near), most))]
        others = [name for name in waiting if name not in out]
        return out + self.lots.sample(others, min(len(others), WAITING))

    def _wanted(self, seed: str) -> Claims | None:
        """Return what a case has, or would want of an empty world."""
        option = self.chosen.get(seed)
        if option is not None and self.lots.random() < 0.5:
            return option.claims
        if seed not in self._wants:
            self._wants[seed] = list(self._desires(self.cases[seed]))
        return self.lots.choice(self._wants[seed]) if self._wants[seed] else None

    def _desires(self, case: CasePatterns) -> Iterator[Claims]:
        """Yield what the best patterns of a case would take of an empty world."""
        empty = case.patterns.empty
        for pattern in islice(best_patterns(case, self.valuation, empty), WANTED):
            option = drawn(case, pattern, empty)
            if option is not None:
                yield option.claims

    def _recreated(self, out: Sequence[str]) -> Plan:
        made: Plan = {}
        for name in self._order(out):
            option = claimed(self.cases[name], self._blinking(self.cases[name]), self.occupancy)
            if option is not None:
                made[name] = option
        return made

    def _order(self, out: Sequence[str]) -> list[str]:
        """Return the order of insertion: drawn, heaviest first, or those without a place first."""
        order = self.lots.sample(out, len(out))
        how = self.lots.randrange(3)
        if how == 1:
            order.sort(key=lambda name: -self.cases[name].case.weight)
        elif how == 2:
            order.sort(key=lambda name: name in self.chosen)
        return order

    def _blinking(self, case: CasePatterns) -> Iterator[Pattern]:
        """Yield open patterns, best first, but now and then pass one over until the end."""
        passed: list[Pattern] = []
        for pattern in best_patterns(case, self.valuation, self.occupancy):
            if self.lots.random() < BLINK:
                passed.append(pattern)
            else:
                yield pattern
        yield from passed

    def _gain(self, before: Mapping[str, Option | None], after: Plan) -> Objective:
        gain = dict.fromkeys(LEVELS, 0)
        for name, option in before.items():
            old, new = self._worth(name, option), self._worth(name, after.get(name))
            for level in LEVELS:
                gain[level] += new[level] - old[level]
        return gain

    def _worth(self, name: str, option: Option | None) -> Objective:
        case = self.cases[name]
        return self.valuation.total([case], {} if option is None else {name: option.pattern})

    def _become(self, plan: Plan, values: Objective) -> None:
        """Let the occupancy hold ``plan`` instead of the current one."""
        changed = {
            name
            for name in self.chosen.keys() | plan.keys()
            if self.chosen.get(name) is not plan.get(name)
        }
        for name in changed & self.chosen.keys():
            self.occupancy.release(self.chosen[name].claims)
        for name in changed & plan.keys():
            self.occupancy.claim(plan[name].claims)
        self._drop(changed & self.chosen.keys())
        self._choose({name: plan[name] for name in changed & plan.keys()})
        self.values = values

    def _choose(self, options: Mapping[str, Option]) -> None:
        """Take ``options`` into the current plan, and note who holds what."""
        for name, option in options.items():
            self.chosen[name] = option
            for resource, line in option.claims.people:
                self._people.setdefault(resource, {})[name] = line
            for place in _places(option.claims):
                self._places.setdefault(place, set()).add(name)

    def _drop(self, names: Iterable[str]) -> None:
        for name in list(names):
            claims = self.chosen.pop(name).claims
            for resource, _ in claims.people:
                self._people[resource].pop(name, None)
            for place in _places(claims):
                self._places[place].discard(name)

    def _holders(self, wanted: Claims) -> set[str]:
        """Return the cases that hold somebody wanted at the time, a night, or a seat."""
        found: set[str] = set()
        for resource, line in wanted.people:
            held = self._people.get(resource, {})
            found.update(name for name, taken in held.items() if taken & line)
        return found.union(*(self._places.get(place, ()) for place in _places(wanted)))


def _places(claims: Claims) -> Iterator[tuple[str, object]]:
    """Yield the nights in a facility, and the departures, that are claimed."""
    for facility, night, _ in claims.nights:
        yield facility, night
    for departure, kind, _, _ in claims.seats:
        yield departure, kind
