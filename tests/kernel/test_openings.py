"""Who could use capacity that came free, against every pattern and everybody who could be drawn."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

from hypothesis import event, given
from hypothesis import strategies as st

from scheduler.ledger import Ledger
from scheduler.need import Asked
from scheduler.objective import Valuation
from scheduler.occupancy import Block, Claims
from scheduler.opening import KINDS, Named, Opening, free_of, knows, openings
from scheduler.pattern import CasePatterns, Pattern, Patterns, pattern_of
from scheduler.plan import bookings_of
from scheduler.timeline import Timeline, span
from scheduler.validator import violations
from scheduler.world import PERSON, Booking
from tests.kernel import worlds
from tests.kernel.test_swaps import picture
from tests.kernel.worlds import Setting, examples

STATUSES = ("proposed", "held", "confirmed", "executed")


@dataclass(frozen=True)
class Question:
    """Capacity that came free beside what is booked; None stands for whatever is free."""

    setting: Setting
    ledger: Ledger
    valuation: Valuation
    capacity: Claims | None

    def found(self) -> tuple[Opening, ...]:
        return openings(self.ledger, self.valuation, self.capacity)


@st.composite
def ledgers(draw: st.DrawFn, /, most: int = 4) -> tuple[Setting, Ledger]:
    """Some cases booked anywhere, whole or half; others are not."""
    setting: Setting = draw(worlds.either(least=2, most=most, slot=60))
    patterns = Patterns(setting.world, setting.register)
    booked: list[Booking] = []
    cases = sorted(setting.world.case)
    for name in draw(st.lists(st.sampled_from(cases), unique=True, max_size=len(cases) - 1)):
        case, occupancy = patterns.of(name), Ledger(patterns, booked).occupancy
        ways = list(case.open(occupancy))
        if ways:
            pattern = draw(st.sampled_from(ways))
            names = case.draw(pattern, occupancy)
            assert names is not None
            status = draw(st.sampled_from(STATUSES))
            made = bookings_of(case, pattern, names)[: draw(st.sampled_from((1, 2, 2)))]
            booked += (booking.model_copy(update={"status": status}) for booking in made)
    return setting, Ledger(patterns, booked)


@st.composite
def questions(draw: st.DrawFn, /, most: int = 4) -> Question:
    """Whatever is free, what a booking took, things by name, or what some case could want."""
    setting, ledger = draw(ledgers(most))
    world, patterns = setting.world, ledger.patterns
    capacity: Claims | None = None
    hopeful = [
        (case, ways)
        for case in map(patterns.of, world.case)
        if is_unplanned(ledger, case) and (ways := list(case.open(ledger.occupancy)))
    ]
    sort = draw(st.sampled_from(("any", "released", "named", "wanted", "wanted", "wanted")))
    if sort == "released" and ledger.bookings:
        gone = draw(st.sampled_from(sorted(ledger.bookings)))
        capacity = ledger.claims[gone]
        ledger = Ledger(patterns, [one for one in ledger.bookings.values() if one.id != gone])
    elif sort == "named":
        names: tuple[list[str], ...] = (
            [one.id for one in world.resources],
            list(world.departure),
            list(world.facility),
        )
        things: list[list[Named]] = [
            [(kind, one) for one in part] for kind, part in zip(KINDS, names, strict=True) if part
        ]
        named = st.sampled_from(things).flatmap(st.sampled_from)
        capacity = free_of(ledger.occupancy, draw(st.lists(named, min_size=1, max_size=3)))
    elif sort == "wanted" and hopeful:
        case, ways = draw(st.sampled_from(hopeful))
        sorts = [one for one in wants(case, draw(st.sampled_from(ways)), ledger) if one]
        capacity = draw(st.sampled_from(draw(st.sampled_from(sorts)))) if sorts else None
    return Question(setting, ledger, Valuation(patterns), capacity)


def wants(case: CasePatterns, pattern: Pattern, ledger: Ledger) -> tuple[list[Claims], ...]:
    """Return what a pattern could use: nights, a departure, somebody in the first of their slots.

    Also who could be drawn for it and need not be.
    """
    bare = case.claims(pattern, tuple(() for _ in pattern.legs))
    nights = [Claims(nights=(one,)) for one in bare.nights]
    nights += [free_of(ledger.occupancy, [("facility", one)]) for one, _, _ in bare.nights[:1]]
    people = [
        Claims(((block.resource, line & -line),))
        for layout, slot in pattern.legs
        for asked in (one for group in layout.asked for one in group)
        for block in case.readings.needs.blocks(layout.frame, asked[1])
        if ledger.occupancy.is_free(block, slot) and (line := line_of(block, slot))
    ]
    return nights, [Claims(seats=(one,)) for one in bare.seats], people


# --- Every pattern, and everybody who could be drawn for it ---------------------------------


def line_of(block: Block, slot: int) -> Timeline:
    return span(slot + block.lead, slot + block.lead + block.length)


def castings(
    case: CasePatterns, pattern: Pattern, ledger: Ledger, role: str
) -> Iterator[list[tuple[str, Timeline]]]:
    """Yield every way to have people of a role for a pattern, nobody twice at a time."""
    choices: list[list[tuple[tuple[str, Timeline], ...]]] = []
    for layout, slot in pattern.legs:
        asked: list[Asked] = [one for group in layout.asked for one in group if one[1].role == role]
        for _, rule in asked:
            blocks = case.readings.needs.blocks(layout.frame, rule)
            free = [
                (one.resource, line_of(one, slot))
                for one in blocks
                if ledger.occupancy.is_free(one, slot)
            ]
            choices.append(list(combinations(free, rule.count)))
    for chosen in product(*choices):
        cast = [one for each in chosen for one in each]
        taken: dict[str, Timeline] = {}
        for name, line in cast:
            if taken.get(name, 0) & line:
                break
            taken[name] = taken.get(name, 0) | line
        else:
            yield cast


def could_use(case: CasePatterns, pattern: Pattern, ledger: Ledger, capacity: Claims) -> bool:
    """Return whether ``pattern`` takes part of ``capacity`` with some of its people."""
    world = case.world
    bare = case.claims(pattern, tuple(() for _ in pattern.legs))
    if bare.meets(Claims(nights=capacity.nights, seats=capacity.seats)):
        return True
    people = {name: line for name, line in capacity.people if world.resource[name].role != PERSON}
    return any(
        people.get(name, 0) & line
        for role in {world.resource[one].role for one in people}
        for cast in castings(case, pattern, ledger, role)
        for name, line in cast
    )


def worth(valuation: Valuation, case: CasePatterns, pattern: Pattern) -> tuple[int, ...]:
    found = valuation.worth(case, pattern)
    changes = sum(valuation.changed(case.case, *leg) for leg in pattern.legs)
    return found.nights, found.alone, changes, found.days


def best_worth(question: Question, case: CasePatterns) -> tuple[int, ...] | None:
    """Return the best that a case has with the capacity, every open pattern tried."""
    ledger, capacity = question.ledger, question.capacity
    with ledger.without(ledger.movable(case.case.id)):
        return min(
            (
                worth(question.valuation, case, pattern)
                for pattern in case.open(ledger.occupancy)
                if case.draw(pattern, ledger.occupancy) is not None
                and (capacity is None or could_use(case, pattern, ledger, capacity))
            ),
            default=None,
        )


def is_unplanned(ledger: Ledger, case: CasePatterns) -> bool:
    booked = ledger.of(case.case.id)
    whole = {one.operation for one in booked} >= set(case.case.legs)
    return not whole and booked == ledger.movable(case.case.id) and not case.withdrawn


def test_openings_are_the_cases_with_a_pattern_that_uses_the_capacity_each_at_its_best() -> None:
    seen: set[bool] = set()

    @examples(400)
    @given(questions(most=3))
    def holds(question: Question) -> None:
        ledger, valuation = question.ledger, question.valuation
        found = {one.case: one for one in question.found()}
        event(f"{len(found)} openings")
        for one in question.setting.world.cases:
            case = ledger.patterns.of(one.id)
            best = best_worth(question, case) if is_unplanned(ledger, case) else None
            seen.add(best is not None)
            if best is None:
                assert one.id not in found
                continue
            pattern = pattern_of(case, found[one.id].bookings)
            assert pattern is not None
            assert worth(valuation, case, pattern) == best

    holds()
    assert seen == {True, False}


@examples(200)
@given(questions())
def test_the_bookings_of_an_opening_break_no_rule_and_use_what_came_free(
    question: Question,
) -> None:
    ledger, capacity = question.ledger, question.capacity
    world, register = question.setting.world, question.setting.register
    before = picture(ledger.occupancy)
    found = question.found()
    assert picture(ledger.occupancy) == before
    for one in found:
        case = ledger.patterns.of(one.case)
        assert is_unplanned(ledger, case)
        others = [each for each in ledger.bookings.values() if each.case != one.case]
        others_only = violations(world, register, others)
        assert set(violations(world, register, (*others, *one.bookings))) <= set(others_only)
        if capacity is None:
            continue
        assert one.uses.meets(capacity)
        free = dict(capacity.people)
        assert all(line and not line & ~free[name] for name, line in one.uses.people)
        assert {night[:2] for night in one.uses.nights} <= {n[:2] for n in capacity.nights}
        assert {seat[:2] for seat in one.uses.seats} <= {s[:2] for s in capacity.seats}
        attending = {
            name
            for booking in one.bookings
            for each in booking.attendances
            for name in each.resources
        }
        assert {name for name, _ in one.uses.people} <= attending


@examples(60)
@given(questions())
def test_the_pressed_come_first_and_then_the_weighty(question: Question) -> None:
    valuation = question.valuation

    def order(opening: Opening) -> tuple[object, ...]:
        case = question.ledger.patterns.of(opening.case)
        pressed = valuation.pressed(case)
        end = valuation.deadline(case) if pressed else None
        return not pressed, end.timestamp() if end else 0, -case.case.weight

    ranks = [order(one) for one in question.found()]
    assert ranks == sorted(ranks)


@examples(40)
@given(ledgers())
def test_what_nothing_is_free_of_opens_nothing(given_: tuple[Setting, Ledger]) -> None:
    _, ledger = given_
    assert openings(ledger, Valuation(ledger.patterns), Claims()) == ()


@examples(20)
@given(worlds.either(least=1, most=2, slot=60))
def test_a_person_who_leaves_is_no_capacity(setting: Setting) -> None:
    world = setting.world
    assert not any(knows(world, (kind, one.id)) for one in world.cases for kind in KINDS)
    ledger = Ledger(Patterns(world, setting.register), ())
    persons = tuple((one.id, world.grid.full) for one in world.cases)
    assert openings(ledger, Valuation(ledger.patterns), Claims(persons)) == ()
