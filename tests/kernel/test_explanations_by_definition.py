"""Explanations by their definitions: signatures counted one pattern at a time, then colours."""

from collections.abc import Iterable, Iterator

from hypothesis import given
from hypothesis import strategies as st

from scheduler.constraint import Standing
from scheduler.explanation.earliest import earliest
from scheduler.explanation.light import Colour, lights
from scheduler.explanation.signature import Explanation, Signature
from scheduler.layout import Condition, Layout
from scheduler.need import Booked
from scheduler.objective import when
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns, Patterns
from scheduler.world import Leg
from tests.kernel import worlds
from tests.kernel.worlds import Setting, examples

LAYERS: tuple[Booked, Booked] = ("rostered", "free")


def minimal(signatures: Iterable[Signature]) -> set[Signature]:
    """Return the signatures of which no other is a part."""
    found: list[Signature] = []
    for one in sorted(set(signatures), key=len):
        if not any(other <= one for other in found):
            found.append(one)
    return set(found)


def legs_of(
    case: CasePatterns, leg: Leg, occupancy: Occupancy
) -> Iterator[tuple[Layout, int, Signature]]:
    """Yield every layout of a leg at every slot, with the conditions that forbid it there."""
    for layout in (*case.legs[leg].layouts, *case.legs[leg].phantoms):
        fixed = layout.frame.anchor
        for slot in range(case.world.grid.slots) if fixed is None else [fixed]:
            yield layout, slot, frozenset(_forbidding(case, layout, slot, occupancy))


def _forbidding(
    case: CasePatterns, layout: Layout, slot: int, occupancy: Occupancy
) -> Iterator[Condition]:
    for constraint, rule in layout.of.declared:
        if isinstance(rule, Standing) and rule.forbids:
            yield Condition(constraint.id, "rule", rule.known)
    for bar in layout.bars:
        if not bar.allows >> slot & 1:
            yield bar.condition
    departure = layout.departure
    if departure is not None and departure.id not in case.world.departure:
        yield Condition(layout.seats[0].constraint, "not-rostered")
    elif departure is not None:
        for seat in layout.seats:
            there, left = (seat.fits(departure.id, occupancy, one) for one in LAYERS)
            yield from _layers(seat.constraint, int(there), int(there and left))
    if layout.of.nights is not None:
        there, left = (bool(case.stay_starts(layout, occupancy, one) >> slot & 1) for one in LAYERS)
        yield from _layers(layout.of.nights[0], int(there), int(there and left))
    for need in layout.needs:
        rostered, free = (
            sum(need.met(occupancy, one, slot, n + 1) for n in range(need.count)) for one in LAYERS
        )
        if rostered < need.count:
            yield Condition(need.constraint, "not-rostered")
        if free < rostered:
            yield Condition(need.constraint, "claimed")


def _layers(constraint: str, there: int, left: int) -> Iterator[Condition]:
    if not there:
        yield Condition(constraint, "not-rostered")
    elif not left:
        yield Condition(constraint, "claimed")


def _between(
    case: CasePatterns, placement: Layout, end: int, removal: Layout, occupancy: Occupancy
) -> Iterator[Condition]:
    """Yield what forbids a placement that ends at slot ``end`` to be followed by ``removal``."""
    facility, arrival, edges = case.join_key(placement)
    in_order = end in range(*case.order_range(removal))
    for (constraint, rule), edge in zip(case.spans, edges, strict=True):
        if not in_order or end not in range(*case.span_range(rule, edge, removal)):
            yield Condition(constraint, "rule")
    if case.between is not None:
        there, left = (
            end in range(*case.night_range(facility, arrival, removal, occupancy, one))
            for one in LAYERS
        )
        yield from _layers(case.between[0], int(there), int(there and left))


def signatures(case: CasePatterns, occupancy: Occupancy) -> Iterator[Signature]:
    """Yield the signature of every pattern there is or could be."""
    first, *others = case.case.legs
    if not others:
        yield from (signature for _, _, signature in legs_of(case, first, occupancy))
        return
    removals = list(legs_of(case, "removal", occupancy))
    for placement, slot, own in legs_of(case, "placement", occupancy):
        end = slot + placement.frame.ends[-1]
        for removal, _, theirs in removals:
            if removal.facility == placement.facility:
                between = _between(case, placement, end, removal, occupancy)
                yield own | theirs | frozenset(between)


def colour(mine: list[set[Condition]]) -> Colour:
    """Return the colour of a light from what each correction set holds of it."""
    if all(any(one.known for one in conditions) for conditions in mine):
        return "red"
    if any(not one.known for conditions in mine for one in conditions):
        return "grey"
    return "amber" if any(mine) else "green"


@st.composite
def questions(draw: st.DrawFn, /) -> tuple[Setting, CasePatterns, Occupancy]:
    """A case of a world in which another may have been planned."""
    setting = draw(worlds.either(slot=60))
    patterns = Patterns(setting.world, setting.register)
    occupancy = Occupancy(setting.world)
    case, *others = draw(st.permutations([patterns.of(one.id) for one in setting.world.cases]))
    for other in others:
        ways = list(other.open(occupancy))
        if ways:
            pattern = draw(st.sampled_from(ways))
            names = other.draw(pattern, occupancy)
            assert names is not None
            occupancy.claim(other.claims(pattern, names))
    return setting, case, occupancy


@examples(1_000)
@given(questions())
def test_correction_sets_are_the_minimal_signatures_of_all_patterns(
    question: tuple[Setting, CasePatterns, Occupancy],
) -> None:
    _, case, occupancy = question
    sets = Explanation(case, occupancy).correction_sets
    expected = minimal(signatures(case, occupancy))
    if expected:
        assert set(sets) == expected
    assert len(sets) == len(set(sets))


@examples(100)
@given(questions())
def test_nothing_needs_correction_exactly_when_the_case_is_open(
    question: tuple[Setting, CasePatterns, Occupancy],
) -> None:
    _, case, occupancy = question
    sets = Explanation(case, occupancy).correction_sets
    assert (sets == (frozenset(),)) == any(True for _ in case.open(occupancy))


@examples(1_000)
@given(questions())
def test_a_light_has_the_colour_that_its_definition_gives(
    question: tuple[Setting, CasePatterns, Occupancy],
) -> None:
    setting, case, occupancy = question
    explanation = Explanation(case, occupancy)
    sets = explanation.correction_sets
    for light in lights(explanation, earliest(case)):
        mine = [
            {one for one in found if setting.register[one.constraint].light == light.light}
            for found in sets
        ]
        shown = {reason.condition for check in light.checks for reason in check.reasons}
        if light.blocks:
            assert shown == {one for group in mine for one in group}
        if sets and light.blocks:
            assert light.state in {colour(mine), "goal"}
            assert light.state != "goal" or colour(mine) == "green"


@examples(300)
@given(questions())
def test_a_case_can_be_planned_exactly_when_every_light_that_blocks_is_green_or_its_goal(
    question: tuple[Setting, CasePatterns, Occupancy],
) -> None:
    _, case, occupancy = question
    states = {
        light.state
        for light in lights(Explanation(case, occupancy), earliest(case))
        if light.blocks
    }
    assert (states <= {"green", "goal"}) == any(True for _ in case.open(occupancy))


@examples(100)
@given(questions())
def test_the_ways_of_a_correction_set_are_all_patterns_that_nothing_else_forbids(
    question: tuple[Setting, CasePatterns, Occupancy],
) -> None:
    _, case, occupancy = question
    explanation = Explanation(case, occupancy)
    for conditions in explanation.correction_sets:
        ways = sum(line.bit_count() for _, line in explanation.ways(conditions))
        assert ways == sum(one == conditions for one in signatures(case, occupancy))


@examples(60)
@given(questions(), st.data())
def test_within_a_stretch_only_patterns_about_it_count(
    question: tuple[Setting, CasePatterns, Occupancy], data: st.DataObject
) -> None:
    _, case, occupancy = question
    grid = case.world.grid
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, grid.slots - 1)] * 2)))
    since, until = grid.at(first), grid.at(last)
    explanation = Explanation(case, occupancy, (since, until))
    expected = any(since <= when(case, one) <= until for one in case.open(occupancy))
    assert explanation.is_open == expected
    assert (explanation.correction_sets == (frozenset(),)) == expected
