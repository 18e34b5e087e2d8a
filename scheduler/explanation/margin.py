"""Margins: how far from its legal ends a case can still stay, over all its open patterns.

Only ends counted in days are meant: a clock of hours within a leg always runs short.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from scheduler.constraint import Edge, Elapsed, Inside
from scheduler.explanation.signature import Explanation
from scheduler.layout import Layout
from scheduler.pattern import CasePatterns, JoinKey, Pattern
from scheduler.timeline import Timeline, earliest, latest, shift, span
from scheduler.world import Leg

Ends = list[tuple[Edge, datetime]]


def best_margins(explanation: Explanation) -> dict[str, timedelta]:
    """Return, per light with a legal end, the best of the least margins of the open patterns."""
    case, register = explanation.case, explanation.register
    found = {}
    for light in register.lights:
        ends = {leg: list(_ends(case, leg, light)) for leg in case.case.legs}
        lengths = [
            rule
            for name, rule in case.spans
            if rule.clock and rule.at_most is not None and register[name].light == light
        ]
        if lengths or any(ends.values()):
            margins = (
                _chain(explanation, ends, lengths) if case.chained else _lone(explanation, ends)
            )
            found[light] = max(margins, default=timedelta.max)
    return found


def margin_of(case: CasePatterns, pattern: Pattern) -> timedelta:
    """Return how far one pattern stays from the nearest of all these ends."""
    register = case.patterns.register
    slots = {edge: one for one in pattern.legs for edge in one[0].frame.slots}

    def moment(edge: Edge) -> datetime:
        layout, slot = slots[edge]
        return layout.moment(slot, edge)

    ends = (
        until - moment(edge)
        for light in register.lights
        for leg in case.case.legs
        for edge, until in _ends(case, leg, light)
    )
    lengths = (
        timedelta(minutes=rule.at_most) - (moment(rule.last) - moment(rule.first))
        for _, rule in case.spans
        if rule.clock and rule.at_most is not None
    )
    return min((*ends, *lengths), default=timedelta.max)


def _ends(case: CasePatterns, leg: Leg, light: str) -> Iterator[tuple[Edge, datetime]]:
    for constraint, rule in case.declared[leg]:
        if constraint.light == light and isinstance(rule, Inside) and rule.clock and rule.stretches:
            yield rule.last, rule.stretches[-1][1]


def _lone(explanation: Explanation, ends: dict[Leg, Ends]) -> Iterator[timedelta]:
    for (layout,), line in explanation.open_ways():
        slot = earliest(line)
        assert slot is not None
        yield _least(layout, slot, ends[layout.leg])


def _chain(
    explanation: Explanation, ends: dict[Leg, Ends], lengths: list[Elapsed]
) -> Iterator[timedelta]:
    """Yield the best margin of each placement with each removal.

    The later the placement, the longer what is left between the legs, and the shorter what is left
    of its own ends: the best is at one side, or next to where both are equal.
    """
    case, occupancy = explanation.case, explanation.occupancy
    placements = case.open_layouts("placement", occupancy)
    if not ends["placement"]:
        placements = _joined(case, placements)
    for removal in explanation.open_removals():
        left = _least(removal, removal.anchor, ends["removal"])
        for placement, starts in placements:
            line = starts & case.pair_line(placement, removal, occupancy)
            if line:
                yield min(left, _best(placement, removal, line, ends["placement"], lengths))


def _joined(
    case: CasePatterns, placements: Iterable[tuple[Layout, Timeline]]
) -> list[tuple[Layout, Timeline]]:
    """Put placements that join alike together under the first of them: only their ends matter."""
    joined: dict[JoinKey, tuple[Layout, Timeline]] = {}
    for layout, line in placements:
        key = case.join_key(layout)
        first, known = joined.get(key, (layout, 0))
        later = layout.frame.ends[-1] - first.frame.ends[-1]
        joined[key] = first, known | shift(line, later)
    return list(joined.values())


def _best(
    placement: Layout,
    removal: Layout,
    line: Timeline,
    ends: Ends,
    lengths: list[Elapsed],
) -> timedelta:
    def falling(slot: int) -> timedelta:
        return _least(placement, slot, ends)

    def rising(slot: int) -> timedelta:
        return min(
            (
                timedelta(minutes=rule.at_most or 0)
                - (removal.frame.instants[rule.last] - placement.moment(slot, rule.first))
                for rule in lengths
            ),
            default=timedelta.max,
        )

    first, last = earliest(line), latest(line)
    assert first is not None
    assert last is not None
    if not ends or not lengths:
        return rising(last) if lengths else falling(first)
    per_slot = timedelta(minutes=placement.of.readings.world.grid.minutes)
    even = first + max((falling(first) - rising(first)) // (2 * per_slot), 0)
    near = latest(line & span(0, even + 1)), earliest(line & ~span(0, even + 1))
    return max(min(falling(slot), rising(slot)) for slot in near if slot is not None)


def _least(layout: Layout, slot: int, ends: Ends) -> timedelta:
    return min((until - layout.moment(slot, edge) for edge, until in ends), default=timedelta.max)
