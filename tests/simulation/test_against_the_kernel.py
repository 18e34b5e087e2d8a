"""The simulation places as the kernel inserts: the same moment, facility, departure and people."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import inf
from random import Random

import pytest

from constraints.register import REGISTER
from fixtures.simulated import dutch
from scheduler.construction import Option, insert
from scheduler.objective import Valuation
from scheduler.occupancy import Claims, Occupancy
from scheduler.pattern import Patterns
from scheduler.simulation.adjusting import world_under
from scheduler.simulation.diary import Diary, claims_of, roster_of
from scheduler.simulation.placing import Booked, Placing, Window
from scheduler.simulation.prospect import Stage, prospects_of
from scheduler.timeline import spans
from scheduler.world import Case, World
from tests.simulation.made import MADE_UP, scenario

Supply = Mapping[str, float]
DAYS = 35
MINUTES = 15
ORDINARY, CHRISTMAS = date(2027, 1, 4), date(2027, 12, 20)
SUMMER_TIME, WINTER_TIME, KINGS_DAY = date(2027, 3, 22), date(2027, 10, 25), date(2027, 4, 19)


class Both:
    """One world that fills twice: by the simulation's placing, and by the kernel's insertion.

    Each case may be placed again and again, for a simulation has many who are alike.
    """

    def __init__(self, world: World, cases: Sequence[Case]) -> None:
        world = world.but(as_of=world.grid.start)
        self.world = world
        roster = roster_of(world)
        prospects = prospects_of(world, REGISTER, cases, roster)
        self.placing = Placing(prospects, Diary(roster, prospects.calendar))
        self.stages = {one.case.id: one for one in prospects.stages}
        self.occupancy = Occupancy(world)
        self.plan_at(0)
        self.placed: list[tuple[tuple[Booked, ...], Claims]] = []
        self.differ: list[str] = []
        self.missed = 0

    def plan_at(self, day: int) -> None:
        """Let it be midnight of a day, for both."""
        self.now = day * 24 * 60 // MINUTES
        self.patterns = Patterns(self.world.but(as_of=self.world.grid.at(self.now)), REGISTER)
        self.valuation = Valuation(self.patterns)

    def place(self, name: str) -> None:
        """Place a case in both, and note where they differ."""
        stage, grid = self.stages[name], self.world.grid
        window = Window(self.now, self.now, grid.slots, self._until(stage))
        mine = self.placing.place(stage, window)
        option = insert(self.patterns.of(name), self.valuation, self.occupancy)
        if option is not None:
            self.occupancy.release(Claims(tuple(_persons(option.claims, self.world))))
        if (one := _told(mine, self.placing.diary)) != (other := _theirs(option, self.world)):
            self.differ.append(f"{name} on day {self.now * MINUTES // 1440}: {one}, kernel {other}")
        if mine is None or option is None:
            self.missed += 1
        else:
            self.placed.append((mine, _others(option.claims, self.world)))

    def give_back(self, numbers: Iterable[int]) -> None:
        """Give back in both what was placed so many-eth."""
        for number in sorted(numbers, reverse=True):
            mine, claims = self.placed.pop(number)
            for one in mine:
                self.placing.give(one)
            self.occupancy.release(claims)

    def _until(self, stage: Stage) -> float:
        """Return the minute of the next legal end, as the clocks of the prototype have it."""
        ends = [inf]
        if stage.within is not None:
            ends.append(stage.within)
        if stage.detained_for is not None:
            assert stage.case.detention is not None
            imposed = stage.case.detention.imposed_at
            assert imposed is not None
            ends.append((imposed - self.world.grid.start).total_seconds() / 60 + stage.detained_for)
        return min(ends)


def _persons(claims: Claims, world: World) -> Iterable[tuple[str, int]]:
    """Yield the claims on the person who leaves, whom a simulation has once only."""
    return (one for one in claims.people if one[0] in world.case)


def _others(claims: Claims, world: World) -> Claims:
    kept = tuple(one for one in claims.people if one[0] not in world.case)
    return Claims(kept, claims.nights, claims.seats)


def _told(found: tuple[Booked, ...] | None, diary: Diary) -> object:
    if found is None:
        return None
    people = [one for booked in found for one in claims_of(diary.roster, booked.people).people]
    nights = found[0].nights if found[0].facility is not None else (0, 0)
    return found[0].facility, found[-1].departure, nights[1] - nights[0], _joined(people)


def _theirs(option: Option | None, world: World) -> object:
    if option is None:
        return None
    pattern, claims = option.pattern, _others(option.claims, world)
    departure = pattern.departure.id if pattern.departure else None
    facility = pattern.facility if pattern.legs[0][0].leg == "placement" else None
    return facility, departure, len(claims.nights), _joined(claims.people)


def _joined(people: Iterable[tuple[str, int]]) -> Sequence[tuple[str, tuple[tuple[int, int], ...]]]:
    """Return from and to which slots everyone is claimed, for both legs together."""
    lines: dict[str, int] = {}
    for name, line in people:
        lines[name] = lines.get(name, 0) | line
    return [(name, tuple(spans(line))) for name, line in sorted(lines.items())]


def scarce(world: World, supply: Supply) -> World:
    """Return a world with a part of its people, places and seats, rounded up."""
    kinds: dict[str, Iterable[Mapping[str, object]]] = {
        "people": ({"resources": {"role": one}} for one in {one.role for one in world.resources}),
        "places": ({"facility": one.id} for one in world.facilities),
        "seats": ({"departures": one} for one in {one.kind for one in world.departures}),
    }
    told = [
        {**one, "times": times, "source": MADE_UP}
        for kind, times in supply.items()
        for one in kinds[kind]
    ]
    return world_under(scenario(capacities=told), world)


def drawn(first: date, count: int, supply: Supply, *parties: str) -> Both:
    """Return a world of five weeks with so many of its cases, of some parties if any are named."""
    given = dutch(first, DAYS)
    cases = {
        case.id: case
        for one in given.profiles
        if not parties or one.attributes["party"] in parties
        for case in (one.first, *one.held.values())
    }
    chosen = Random(1).sample([*cases.values()], min(count, len(cases)))
    return Both(scarce(given.world, supply), chosen)


def held(both: Both) -> None:
    print(f"{len(both.placed)} placed, {both.missed} found nothing, {len(both.differ)} differ")
    assert both.placed
    assert not both.differ, "\n".join(both.differ)


@pytest.mark.parametrize("first", [ORDINARY, SUMMER_TIME, WINTER_TIME, KINGS_DAY, CHRISTMAS])
def test_in_a_filling_world_both_choose_alike(first: date) -> None:
    both = drawn(first, 60, {})
    for name in both.stages:
        both.place(name)
    held(both)


@pytest.mark.parametrize("parties", [("family", "minor"), ("border",), ("woman",)])
def test_families_minors_women_and_border_cases_are_placed_alike(parties: tuple[str, ...]) -> None:
    both = drawn(CHRISTMAS, 40, {}, *parties)
    for _ in range(3):
        for name in both.stages:
            both.place(name)
    held(both)


@pytest.mark.parametrize("part", [0.3, 0.1])
def test_where_much_is_full_both_find_the_same_left_and_the_same_nothing(part: float) -> None:
    both = drawn(SUMMER_TIME, 40, dict.fromkeys(("people", "places", "seats"), part))
    for _ in range(4):
        for name in both.stages:
            both.place(name)
    held(both)
    assert both.missed


@pytest.mark.parametrize(
    ("first", "supply"),
    [
        (ORDINARY, {"people": 0.2}),
        (KINGS_DAY, {"places": 0.05}),
        (WINTER_TIME, {"people": 0.4, "places": 0.1, "seats": 0.1}),
    ],
)
def test_from_day_to_day_with_much_given_back_both_choose_alike(
    first: date, supply: Supply
) -> None:
    both = drawn(first, 40, supply)
    random = Random(2)
    for day in (0, 1, 3, 6, 10, 15):
        both.plan_at(day)
        for _ in range(2):
            for name in random.sample([*both.stages], len(both.stages)):
                both.place(name)
            both.give_back(random.sample(range(len(both.placed)), len(both.placed) // 3))
    held(both)
    assert both.missed
