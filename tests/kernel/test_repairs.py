"""Repairs are sound: what is offered, brought into the world, opens the case."""

from collections import Counter

from hypothesis import assume, given
from hypothesis import strategies as st

from constraints.register import REGISTER
from scheduler.explanation.earliest import earliest
from scheduler.explanation.lifting import lifts
from scheduler.explanation.repair import (
    MoreSeats,
    NewDeparture,
    Repair,
    applied,
    capacity_repairs,
    dated,
)
from scheduler.explanation.signature import Explanation
from scheduler.grid import local_date
from scheduler.ledger import Ledger
from scheduler.pattern import CasePatterns, Patterns
from scheduler.plan import bookings_of
from scheduler.validator import violations
from scheduler.world import Booking, Seats, World
from tests.kernel import worlds
from tests.kernel.worlds import Setting, examples


@st.composite
def scarce(draw: st.DrawFn, /) -> Setting:
    """A world in which somebody or something is missing."""
    setting = draw(worlds.either(slot=60, most=3))
    world = setting.world
    if draw(st.booleans()):
        return setting  # scarce by what is booked
    gone = draw(st.sets(st.sampled_from([one.id for one in world.resources] or [""]), max_size=4))
    full = draw(st.booleans())
    facilities = tuple(
        one.model_copy(update={"places": 0, "nights": {}}) if full else one
        for one in world.facilities
    )
    left = draw(st.sampled_from(("as they are", "none", "full")))
    departures = tuple(
        one.model_copy(update={"seats": Seats()}) if left == "full" else one
        for one in world.departures
        if left != "none"
    )
    return Setting(
        world.but(
            resources=tuple(
                one.model_copy(update={"shifts": ()}) if one.id in gone else one
                for one in world.resources
            ),
            facilities=facilities,
            departures=departures,
        ),
        setting.register,
    )


@st.composite
def blocked(draw: st.DrawFn, /) -> tuple[Setting, CasePatterns, Ledger]:
    """A case without an open pattern, beside the bookings of others."""
    setting = draw(scarce())
    patterns = Patterns(setting.world, setting.register)
    case, *others = draw(st.permutations([patterns.of(one.id) for one in setting.world.cases]))
    made: list[Booking] = []
    for other in others:
        ledger = Ledger(patterns, made)
        ways = list(other.open(ledger.occupancy))
        if ways:
            pattern = draw(st.sampled_from(ways))
            names = other.draw(pattern, ledger.occupancy)
            if names is not None:
                made += bookings_of(other, pattern, names)
    ledger = Ledger(patterns, made)
    assume(not Explanation(case, ledger.occupancy).is_open)
    return setting, case, ledger


def booked_in(
    world: World, setting: Setting, case: CasePatterns, ledger: Ledger
) -> tuple[Booking, ...] | None:
    """Return bookings of the case in ``world`` beside those that stand; None when it is shut."""
    patterns = Patterns(world, setting.register)
    beside = Ledger(patterns, ledger.bookings.values())
    then = patterns.of(case.case.id)
    for pattern in then.open(beside.occupancy):
        names = then.draw(pattern, beside.occupancy)
        if names is not None:
            return bookings_of(then, pattern, names)
    return None


@examples(400)
@given(blocked())
def test_every_repair_brought_into_the_world_opens_the_case_and_breaks_no_rule(
    question: tuple[Setting, CasePatterns, Ledger],
) -> None:
    setting, case, ledger = question
    for repair in capacity_repairs(Explanation(case, ledger.occupancy)):
        if setting.register is not REGISTER and _is_about_seats(repair):
            continue  # seats that are made up do not look at the world
        world = applied(setting.world, repair.changes)
        made = booked_in(world, setting, case, ledger)
        assert made is not None, repair
        assert not violations(world, setting.register, (*ledger.bookings.values(), *made))


@examples(300)
@given(blocked())
def test_no_date_is_offered_before_the_case_could_leave_or_when_it_never_can(
    question: tuple[Setting, CasePatterns, Ledger],
) -> None:
    _, case, ledger = question
    explanation, path = Explanation(case, ledger.occupancy), earliest(case)
    zone = case.world.location[case.case.location].timezone
    cures = dated(explanation, lifts(explanation, path), path)
    assert not (cures and path.closed)
    for cure in cures:
        assert cure.day >= local_date(path.moment, zone)
        assert any(cure.conditions <= found for found in explanation.correction_sets)
        assert cure.rests_on


def _is_about_seats(repair: Repair) -> bool:
    return any(isinstance(one, MoreSeats | NewDeparture) for one in repair.changes)


def test_the_worlds_drawn_here_are_repaired_in_every_way_there_is() -> None:
    seen: Counter[str] = Counter()

    @examples(500)
    @given(blocked())
    def look(question: tuple[Setting, CasePatterns, Ledger]) -> None:
        _, case, ledger = question
        for repair in capacity_repairs(Explanation(case, ledger.occupancy)):
            seen.update(_sorts(repair))
            seen[case.case.operation] += 1

    look()
    assert not [sort for sort in SORTS if seen[sort] < 2], seen


SORTS = (
    "placement",
    "removal",
    "placement-and-removal",
    "People",
    "Places",
    "MoreSeats",
    "NewDeparture",
    "claimed",
    "several",
)


def _sorts(repair: Repair) -> set[str]:
    sorts = {type(change).__name__ for change in repair.changes}
    sorts |= {one.layer for one in repair.conditions}
    return sorts | ({"several"} if len(repair.changes) > 1 else set())
