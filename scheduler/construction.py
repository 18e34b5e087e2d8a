"""Insertion: each case in turn takes the best pattern that is still open."""

from collections.abc import Sequence
from dataclasses import dataclass

from scheduler.objective import Valuation
from scheduler.occupancy import Claims, Occupancy
from scheduler.pattern import CasePatterns, Names, Pattern
from scheduler.ranking import best_patterns


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
    for case in sorted(cases, key=lambda one: (*valuation.order(one), _choice(one))):
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


def _choice(case: CasePatterns) -> int:
    return len(case.legs[case.case.legs[-1]].promising)
