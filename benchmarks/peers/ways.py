"""The ways of a case: what it may choose, for peers whose models list choices one by one.

All of them would be millions on a national world. A peer that lists them is offered the best of
each day (of a placement) or departure first, then the second best of each, and so on up to a limit;
below the limit nothing is left out.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from benchmarks.peers.problem import Case, Problem, Variant, Window, window_at
from benchmarks.peers.weights import Costs, chosen


class Stretch(NamedTuple):
    """A variant of a leg, at a slot ``first <= t < end``."""

    variant: int
    first: int
    end: int


class Way(NamedTuple):
    """One stretch per leg, all slots of which are worth the same, and the nights it takes."""

    legs: tuple[Stretch, ...]
    costs: Costs
    facility: int
    night: int
    leaves: int


def ways(case: Case, most: int) -> list[Way]:
    """Return up to ``most`` ways of ``case``, best first within each turn."""
    if not case.plannable:
        return []
    groups = _pairs(case, most) if case.chained else _singles(case)
    ranked: list[tuple[int, Costs, Way]] = []
    for group in groups:
        group.sort(key=lambda way: (way.costs, way.legs))
        ranked += ((turn, way.costs, way) for turn, way in enumerate(group))
    ranked.sort()
    return [way for _, _, way in ranked[:most]]


def narrowed(problem: Problem, total: int) -> Problem:
    """Return ``problem`` with only those windows that the best ``total`` ways use.

    Variants keep their index; those that nobody uses have no windows left.
    """
    most = limit(problem, total)
    return replace(problem, cases=tuple(_narrowed(case, most) for case in problem.cases))


def _narrowed(case: Case, most: int) -> Case:
    used: dict[tuple[int, int], set[Window]] = {}
    for way in ways(case, most):
        for leg, one in enumerate(way.legs):
            window = window_at(case.legs[leg][one.variant], one.first)
            used.setdefault((leg, one.variant), set()).add(window)
    legs = tuple(
        tuple(
            replace(variant, windows=tuple(sorted(used.get((leg, n), ()))))
            for n, variant in enumerate(variants)
        )
        for leg, variants in enumerate(case.legs)
    )
    return replace(case, legs=legs)


def slotted(way: Way) -> Iterator[Way]:
    """Yield a way slot by slot."""
    head, *tail = way.legs
    for slot in range(head.first, head.end):
        yield way._replace(legs=(head._replace(first=slot, end=slot + 1), *tail))


def limit(problem: Problem, total: int) -> int:
    """Return how many ways each case may have so that there are ``total`` in all."""
    return max(total // max(sum(case.plannable for case in problem.cases), 1), 1)


def _singles(case: Case) -> list[list[Way]]:
    """Return the ways of a single leg by their days."""
    groups: dict[int, list[Way]] = {}
    for n, variant in enumerate(case.legs[0]):
        for window in variant.windows:
            stretch = Stretch(n, window.first, window.end)
            facility = variant.facility if case.stay else -1
            way = Way((stretch,), chosen(window), facility, window.day, window.day + case.stay)
            groups.setdefault(window.days, []).append(way)
    return list(groups.values())


def _pairs(case: Case, most: int) -> list[list[Way]]:
    """Return the ways of a chain by their removals, the fewest nights of each first.

    Beyond ``most`` a removal has no use for more.
    """
    placements: dict[int, list[tuple[int, Variant, Window]]] = {}
    for n, variant in enumerate(case.legs[0]):
        for window in variant.windows:
            placements.setdefault(variant.key, []).append((n, variant, window))
    for group in placements.values():
        group.sort(key=lambda one: (one[2].nights, -one[2].first, one[0]))
    return [
        _few(_joined(case, placements, n, removal), most) for n, removal in enumerate(case.legs[1])
    ]


def _few(found: Iterator[Way], most: int) -> list[Way]:
    return [way for way, _ in zip(found, range(most), strict=False)]


def _joined(
    case: Case, placements: dict[int, list[tuple[int, Variant, Window]]], n: int, removal: Variant
) -> Iterator[Way]:
    """Yield the ways that end with ``removal``, each placement cut to the slots that go with it."""
    leaving = removal.windows[0]
    last = Stretch(n, leaving.first, leaving.end)
    for join in removal.joins:
        for number, placement, window in placements.get(join.key, ()):
            first = max(window.first, join.first - placement.ending)
            end = min(window.end, join.end - placement.ending)
            if first < end:
                both = zip(chosen(window), chosen(leaving), strict=True)
                yield Way(
                    (Stretch(number, first, end), last),
                    tuple(one + other for one, other in both),
                    placement.facility if case.detained else -1,
                    window.day,
                    leaving.day,
                )
