"""Insertion: each case in turn takes the best pattern that is still open."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scheduler.constraint import LATEST
from scheduler.objective import Valuation
from scheduler.occupancy import Claims, Occupancy
from scheduler.pattern import CasePatterns, Names, Pattern, draw
from scheduler.timeline import Timeline, earliest, latest


@dataclass(frozen=True, slots=True)
class Option:
    """A pattern with its people and all it claims."""

    pattern: Pattern
    names: Names
    claims: Claims


def construct(
    cases: Sequence[CasePatterns], valuation: Valuation, occupancy: Occupancy
) -> dict[str, Option]:
    """Plan ``cases`` one by one into ``occupancy``, most pressed first; return what fitted.

    Pressed by a legal end, then weight, then fewest departures or days of their own.
    """
    chosen: dict[str, Option] = {}
    for case in sorted(cases, key=lambda one: _order(one, valuation)):
        option = insert(case, valuation, occupancy)
        if option is not None:
            chosen[case.case.id] = option
    return chosen


def insert(case: CasePatterns, valuation: Valuation, occupancy: Occupancy) -> Option | None:
    """Take the best open pattern of ``case``, people drawn and claimed; None when it has none."""
    for pattern in best_patterns(case, valuation, occupancy):
        names = draw(case, pattern, occupancy)
        if names is not None:
            claims = case.claims(pattern, names)
            occupancy.claim(claims)
            return Option(pattern, names, claims)
    return None


def best_patterns(
    case: CasePatterns, valuation: Valuation, occupancy: Occupancy
) -> Iterator[Pattern]:
    """Yield open patterns, best first: one per departure and facility, or one per layout."""
    found = [
        (_rank(case, valuation, pattern), n, pattern)
        for n, pattern in enumerate(representatives(case, occupancy))
    ]
    for _, _, pattern in sorted(found, key=lambda one: one[:2]):
        yield pattern


def representatives(case: CasePatterns, occupancy: Occupancy) -> Iterator[Pattern]:
    """Yield the best open pattern of each layout, or of each pair of places and departure.

    A placement is best at its earliest slot; a chain at its latest, which has the fewest nights.
    """
    if not case.chained:
        leg = case.case.legs[0]
        for layout, line in case.open_layouts(leg, occupancy):
            slot = earliest(line)
            assert slot is not None
            yield Pattern(case.case.id, ((layout, slot),))
        return
    placements = case.open_layouts("placement", occupancy)
    if not placements:
        return
    for removal, line in case.open_layouts("removal", occupancy):
        pairs: list[tuple[int, Pattern]] = []
        anchor = _only(line)
        for placement, starts in placements:
            if placement.facility != removal.facility:
                continue
            slot = latest(starts & case.pair_starts(placement, removal, occupancy))
            if slot is not None:
                legs = (placement, slot), (removal, anchor)
                pairs.append((slot, Pattern(case.case.id, legs)))
        if pairs:
            yield max(pairs, key=lambda pair: pair[0])[1]


def _only(line: Timeline) -> int:
    return line.bit_length() - 1


def _rank(case: CasePatterns, valuation: Valuation, pattern: Pattern) -> tuple[int, ...]:
    worth = valuation.worth(case, pattern)
    changes = sum(valuation.changed(case.case, *leg) for leg in pattern.legs)
    return worth.nights, worth.alone, changes, worth.days, *(slot for _, slot in pattern.legs)


def _order(case: CasePatterns, valuation: Valuation) -> tuple[object, ...]:
    pressed = valuation.pressed(case)
    deadline = valuation.deadline(case) if pressed else None
    return not pressed, deadline or LATEST, -case.case.weight, *_scarcity(case)


def _scarcity(case: CasePatterns) -> Iterable[int]:
    return (len(case.layouts[case.case.legs[-1]]),)
