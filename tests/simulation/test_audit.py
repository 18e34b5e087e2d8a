"""All that a replication carried out, handed to the independent validator as bookings of a plan."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from itertools import product
from random import Random

import numpy as np
import pytest

from constraints.register import REGISTER
from fixtures.simulated import dutch
from scheduler.constraint import Attendance, Declaration, Nights, Seats
from scheduler.occupancy import Claims, Occupancy
from scheduler.pattern import CasePatterns, Names, Pattern, Patterns
from scheduler.plan import bookings_of
from scheduler.simulation.adjusting import declaring
from scheduler.simulation.chance import Chance
from scheduler.simulation.course import Course
from scheduler.simulation.diary import claims_of
from scheduler.simulation.placing import Booked
from scheduler.simulation.profile import Profile, Setting
from scheduler.simulation.replication import Done, Model, model_of, replicate
from scheduler.simulation.tally import Tally
from scheduler.validator import violations
from scheduler.world import Booking, Case, World
from tests.simulation.made import MADE_UP, scenario

FIRST, DAYS, AHEAD = date(2027, 3, 15), 35, 21
MINUTE, SLOT = timedelta(minutes=1), 15
PLACES = {"dc-rotterdam": 4, "jc-zeist": 2, "ggv-zeist": 8, "jcs-schiphol": 2}
RELEASED = {
    "id": "detention-ends",
    "turns": {"release": True},
    "during": "detention",
    "begins": {"held": 1},
    "states": {
        "held": {"answer": "yes", "stays": {"days": 20}, "becomes": {"ended": 1}},
        "ended": {"answer": "no", "stays": {"law": "fixed", "days": 0}, "becomes": {"held": 1}},
    },
    "source": MADE_UP,
}
FAILED = {
    "reason": "failed",
    "share": 0.3,
    "before": {"law": "uniform", "days": 2},
    "source": MADE_UP,
}


@dataclass(frozen=True)
class Leg:
    """A leg that was carried out: of which case, when that entered and was last ready for it.

    ``placed`` is the placement that a removal followed, and ``within`` the facility it left.
    """

    case: int
    course: Course
    booked: Booked
    entered: datetime
    ready: datetime
    placed: "Leg | None"
    within: str | None


@dataclass(frozen=True)
class Replicated:
    """A replication: its model, what it counted, and what was carried out."""

    model: Model
    tally: Tally
    legs: tuple[Leg, ...]


@cache
def replicated(seed: int) -> Replicated:
    """Replicate five weeks of the Dutch chain, short of everything, around an hour skipped."""
    given = dutch(FIRST, DAYS + AHEAD + 14)
    random = Random(seed)
    wanted = Counter(one.attributes["destination"] for one in given.profiles).most_common(6)
    near = [one for one in given.profiles if one.attributes["destination"] in dict(wanted)]
    some: list[Profile] = []
    for party, most in (("man", 20), ("woman", 12), ("family", 12), ("minor", 4), ("border", 3)):
        mine = [one for one in near if one.attributes["party"] == party]
        some += random.sample(mine, min(len(mine), most))
    roles = sorted({one.role for one in given.world.resources})
    less: list[dict[str, object]] = [
        {"departures": "scheduled", "times": 0.3},
        *({"resources": {"role": one}, "times": 0.4} for one in roles),
        *({"facility": one, "times": 0, "plus": places} for one, places in PLACES.items()),
    ]
    model = model_of(
        scenario(
            seed=seed,
            horizon={"from": FIRST, "days": DAYS, "source": MADE_UP},
            inflow={"perYear": 3000, "caseload": 60, "source": MADE_UP},
            policy={"daysAhead": AHEAD, "againAfter": 2, "source": MADE_UP},
            processes=[RELEASED],
            failures=[FAILED],
            capacities=[one | {"source": MADE_UP} for one in less],
        ),
        Setting(given.world, tuple(some)),
        REGISTER,
    )
    heard: list[Done] = []
    tally = replicate(model, 0, log=heard.append)
    return Replicated(model, tally, tuple(_legs(model, heard, tally)))


def _legs(model: Model, heard: Sequence[Done], tally: Tally) -> Iterator[Leg]:
    grid = model.world.grid
    placed: dict[int, Leg] = {}
    for one, (case, _, _, waited, since_entering, _) in zip(heard, tally.waits, strict=True):
        assert case == one.case
        booked, course = one.booked, _course(model, one.case)
        moment = grid.start + booked.moment * MINUTE
        done = moment if booked.leg == "removal" else grid.at(booked.end)
        # Whoever is placed again was released before.
        before = placed.pop(one.case, None) if booked.leg == "removal" else None
        entered, ready = (
            grid.start + round((since - grid.start) / MINUTE) * MINUTE
            for since in (done - timedelta(days=since_entering), moment - timedelta(days=waited))
        )
        held = before.booked.facility if before else course.profile.within
        leg = Leg(one.case, course, booked, entered, ready, before, held)
        if booked.leg == "placement":
            placed[one.case] = leg
        yield leg


def _course(model: Model, case: int) -> Course:
    """Return the course that a case was drawn to have: of the stock, or of those who enter."""
    drawn = Chance(model.scenario.seed, 0, case + 1).of("profile")[case, 0]
    shares = model.stock if case < model.scenario.inflow.caseload else model.shares
    return model.courses[int(np.searchsorted(shares, drawn, side="right"))]


# --- As bookings of a plan ------------------------------------------------------------------------


def booked_together(leg: Leg) -> bool:
    """Return whether a removal is that of the chain its placement was booked in."""
    return (
        leg.placed is not None
        and len(leg.course.profile.first.legs) == 2
        and leg.placed.booked.nights[1]
        == leg.course.first.night(leg.within or "", leg.booked.moment // SLOT)
    )


def operations(legs: Sequence[Leg]) -> Iterator[tuple[Leg, ...]]:
    """Yield what was planned at once: a leg by itself, or the two of a chain."""
    joined = {id(one.placed) for one in legs if booked_together(one)}
    for one in legs:
        if booked_together(one):
            assert one.placed is not None
            yield one.placed, one
        elif id(one) not in joined:
            yield (one,)


def case_of(legs: tuple[Leg, ...], name: str, world: World) -> Case:
    """Return the case of an operation, its events moved to when they happened to it."""
    first = legs[0]
    profile = first.course.profile
    alone = first.within if first.booked.leg == "removal" else None
    prototype = profile.held[alone] if alone else profile.first
    moved = dict.fromkeys((one.kind for one in prototype.triggers), first.entered - world.as_of)
    detention = prototype.detention
    if detention is not None and detention.imposed_at is not None:
        before = first.placed
        imposed = world.grid.at(before.booked.end) if before else first.entered
        # A stay is taken to be upheld as it begins.
        moved["review-upheld"] = imposed - detention.imposed_at
        detention = detention.model_copy(update={"imposed_at": imposed})
    triggers = tuple(
        one.model_copy(update={"at": one.at + moved[one.kind]}) for one in prototype.triggers
    )
    persons = tuple(
        one.model_copy(update={"id": f"{name}-{n}"}) for n, one in enumerate(prototype.persons)
    )
    changed: dict[str, object] = {
        "id": name,
        "persons": persons,
        "triggers": triggers,
        "detention": detention,
        "operation": prototype.operation if len(legs) == 2 else first.booked.leg,
    }
    return prototype.model_copy(update=changed)


def bookings(legs: tuple[Leg, ...], case: CasePatterns, model: Model) -> tuple[Booking, ...]:
    """Return an operation as bookings: in whichever layout exactly its people are asked for."""
    taken: dict[str, int] = {}
    for leg in legs:
        for name, line in claims_of(model.roster, leg.booked.people).people:
            taken[name] = taken.get(name, 0) | line
    only = Occupancy(case.world)
    everything = case.world.grid.full
    others = ((one.id, everything & ~taken.get(one.id, 0)) for one in model.world.resources)
    only.claim(Claims(tuple(others)))
    for pattern in _patterns(legs, case):
        names = case.draw(pattern, only)
        if names is not None and _asked(case, pattern, names) == taken:
            return bookings_of(case, pattern, names)
    raise AssertionError(f"nothing asks for just these people: {legs}")


def _asked(case: CasePatterns, pattern: Pattern, names: Names) -> dict[str, int]:
    lines: dict[str, int] = {}
    for name, line in case.claims(pattern, names).people:
        if name != case.case.id:
            lines[name] = lines.get(name, 0) | line
    return lines


def _patterns(legs: tuple[Leg, ...], case: CasePatterns) -> Iterator[Pattern]:
    of = []
    for leg in legs:
        booked, mine = leg.booked, case.legs[leg.booked.leg]
        facility = booked.facility or (leg.within if len(legs) == 2 else None)
        slot = booked.start if booked.leg == "placement" else booked.moment // SLOT
        of.append(
            [
                (layout, slot)
                for layout in mine.layouts
                if layout.facility == facility
                and (layout.departure.id if layout.departure else None) == booked.departure
                and (slot + layout.frame.starts[0], slot + layout.frame.ends[-1])
                == (booked.start, booked.end)
            ]
        )
    yield from (Pattern(case.case.id, chosen) for chosen in product(*of))


@cache
def told(seed: int) -> tuple[World, tuple[tuple[tuple[Leg, ...], tuple[Booking, ...]], ...]]:
    """Return a world with all cases, every place free, and each operation with its bookings."""
    made = replicated(seed)
    world, found = made.model.world, [*operations(made.legs)]
    cases = {f"op-{n}": case_of(legs, f"op-{n}", world) for n, legs in enumerate(found)}
    used = {one.booked.departure for one in made.legs}
    roomy = tuple(
        one.model_copy(update={"places": 10_000, "nights": {}}) for one in world.facilities
    )
    world = world.but(
        as_of=world.grid.start,
        cases=tuple(cases.values()),
        facilities=roomy,
        departures=tuple(one for one in world.departures if one.id in used),
    )
    patterns = Patterns(world, REGISTER)
    return world, tuple(
        (legs, bookings(legs, patterns.of(name), made.model))
        for name, legs in zip(cases, found, strict=True)
    )


def _claims(declared: Iterable[Declaration]) -> Iterator[Declaration]:
    return (one for one in declared if isinstance(one, Attendance | Nights | Seats))


CLAIMS = replace(REGISTER, constraints=declaring(REGISTER.constraints, _claims))
"""What takes people, places and seats; the rest is of one case and of its own moment."""
SEEDS = pytest.mark.parametrize("seed", [1, 3])


@SEEDS
def test_nobody_is_booked_twice_or_off_duty_and_no_departure_is_overfull(seed: int) -> None:
    world, operations_ = told(seed)
    made = [one for _, mine in operations_ for one in mine]
    print(f"{len(made)} bookings of {len(operations_)} operations")
    assert violations(world, CLAIMS, made) == ()


@SEEDS
def test_each_operation_keeps_every_rule_from_the_moment_it_was_ready(seed: int) -> None:
    world, operations_ = told(seed)
    for legs, mine in operations_:
        (case,) = {one.case for one in mine}
        departures = {one.departure for one in mine}
        then = world.but(
            as_of=legs[0].ready,
            cases=(world.case[case],),
            departures=tuple(one for one in world.departures if one.id in departures),
        )
        assert violations(then, REGISTER, mine) == ()
        assert mine[0].start >= legs[0].ready


def held(made: Replicated, facility: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield of each stay the nights from, as first booked to and (at most) to, and the persons."""
    last = made.model.scenario.horizon.days
    left = {id(one.placed): one.booked.moment // SLOT for one in made.legs}
    for leg in made.legs:
        booked = leg.booked
        if booked.facility == facility:
            stage = leg.course.held[facility]
            end = stage.night(facility, left[id(leg)]) if id(leg) in left else last
            yield booked.nights[0], booked.nights[1], end, stage.persons


@SEEDS
@pytest.mark.parametrize("facility", PLACES)
def test_no_facility_holds_more_than_its_places_but_for_whoever_is_held_still(
    seed: int, facility: str
) -> None:
    made = replicated(seed)
    inside = made.tally.inside[made.model.names.facilities.index(facility)]
    stays = [*held(made, facility)]
    print(f"{facility}: {len(stays)} stays, at most {inside.max()} in {PLACES[facility]} places")
    assert stays
    for night, persons in enumerate(inside):
        longer = sum(count for _, booked, end, count in stays if booked <= night < end)
        assert persons - PLACES[facility] <= longer


@SEEDS
@pytest.mark.parametrize("facility", PLACES)
def test_whoever_was_placed_is_counted_inside_until_the_departure(seed: int, facility: str) -> None:
    made = replicated(seed)
    inside = made.tally.inside[made.model.names.facilities.index(facility)]
    gone = {id(one.placed) for one in made.legs}
    least = np.zeros(made.model.scenario.horizon.days, np.int64)
    for leg, (first, _, end, persons) in zip(
        (one for one in made.legs if one.booked.facility == facility),
        held(made, facility),
        strict=True,
    ):
        if id(leg) in gone:
            least[first:end] += persons
    assert (inside >= least).all()
