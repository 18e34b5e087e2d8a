"""Insertion: each case in turn takes the best pattern that is still open."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scheduler.constraint import LATEST
from scheduler.layout import Layout
from scheduler.objective import Valuation
from scheduler.occupancy import Claims, Occupancy
from scheduler.pattern import CasePatterns, JoinKey, Names, Pattern
from scheduler.timeline import Timeline, earliest, latest, span


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
        names = case.draw(pattern, occupancy)
        if names is not None:
            claims = case.claims(pattern, names)
            occupancy.claim(claims)
            return Option(pattern, names, claims)
    return None


def best_patterns(
    case: CasePatterns, valuation: Valuation, occupancy: Occupancy
) -> Iterator[Pattern]:
    """Yield open patterns, best first: one per layout, or per removal and facility of a chain.

    A placement is best at its earliest slot, a chain at its latest, which has the fewest nights.
    """
    candidates = _pairs(case, occupancy) if case.chained else _single(case, occupancy)
    ranked = sorted(
        ((_rank(case, valuation, pattern), n, pattern) for n, pattern in enumerate(candidates)),
        key=lambda one: one[:2],
    )
    for _, _, pattern in ranked:
        last, _ = pattern.legs[-1]
        if last.leg == "placement" or case.open_starts(last, occupancy):
            yield pattern


def _single(case: CasePatterns, occupancy: Occupancy) -> Iterator[Pattern]:
    """Yield each layout at its earliest open slot; removals are not yet asked whether open."""
    leg = case.case.legs[0]
    if leg == "removal":
        for layout in case.legs[leg].promising:
            yield Pattern(case.case.id, ((layout, layout.anchor),))
        return
    for layout, line in case.open_layouts(leg, occupancy):
        slot = earliest(line)
        if slot is not None:
            yield Pattern(case.case.id, ((layout, slot),))


def _pairs(case: CasePatterns, occupancy: Occupancy) -> Iterator[Pattern]:
    """Yield each removal, not yet asked whether open, with its latest open placement."""
    ends: dict[JoinKey, Timeline] = {}
    members: dict[JoinKey, list[tuple[Layout, Timeline]]] = {}
    for layout, line in case.open_layouts("placement", occupancy):
        key = case.join_key(layout)
        ends[key] = ends.get(key, 0) | line << layout.frame.ends[-1]
        members.setdefault(key, []).append((layout, line))
    for removal in case.legs["removal"].promising if ends else ():
        for key, line in ends.items():
            last = latest(line & span(*case.end_range(key, removal, occupancy)))
            if last is not None:
                placement, slot = next(
                    (layout, last - layout.frame.ends[-1])
                    for layout, starts in members[key]
                    if starts << layout.frame.ends[-1] >> last & 1
                )
                yield Pattern(case.case.id, ((placement, slot), (removal, removal.anchor)))


def _rank(case: CasePatterns, valuation: Valuation, pattern: Pattern) -> tuple[int, ...]:
    worth = valuation.worth(case, pattern)
    changes = sum(valuation.changed(case.case, *leg) for leg in pattern.legs)
    return worth.nights, worth.alone, changes, worth.days, *(slot for _, slot in pattern.legs)


def _order(case: CasePatterns, valuation: Valuation) -> tuple[object, ...]:
    pressed = valuation.pressed(case)
    deadline = valuation.deadline(case) if pressed else None
    return not pressed, deadline or LATEST, -case.case.weight, *_scarcity(case)


def _scarcity(case: CasePatterns) -> Iterable[int]:
    return (len(case.legs[case.case.legs[-1]].promising),)
