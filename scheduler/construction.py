"""Insertion: each case in turn takes the best pattern that is still open."""

from collections.abc import Iterable, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass

from scheduler.objective import Valuation
from scheduler.occupancy import Claims, Occupancy
from scheduler.pattern import CasePatterns, Names, Pattern
from scheduler.ranking import best_patterns
from scheduler.stopping import Stop, never, until


@dataclass(frozen=True, slots=True)
class Option:
    """A pattern with its people and all it claims."""

    pattern: Pattern
    names: Names
    claims: Claims


def construct(
    cases: Sequence[CasePatterns],
    valuation: Valuation,
    occupancy: Occupancy,
    stop: Stop = never,
) -> dict[str, Option]:
    """Plan ``cases`` one by one into ``occupancy``, most pressed first; return what fitted.

    Pressed by a legal end, then weight, then fewest departures or days of their own. What is left
    when ``stop`` says so is not planned.
    """
    chosen: dict[str, Option] = {}
    with suppress(CancelledError):
        orders = {one: (*valuation.order(one), _choice(one)) for one in until(stop, cases)}
        for case in until(stop, sorted(cases, key=orders.__getitem__)):
            option = insert(case, valuation, occupancy)
            if option is not None:
                chosen[case.case.id] = option
    return chosen


def insert(case: CasePatterns, valuation: Valuation, occupancy: Occupancy) -> Option | None:
    """Take the best open pattern of ``case``, people drawn and claimed; None when it has none."""
    return claimed(case, best_patterns(case, valuation, occupancy), occupancy)


def claimed(case: CasePatterns, patterns: Iterable[Pattern], occupancy: Occupancy) -> Option | None:
    """Claim the first of ``patterns`` for which people can be drawn; None when there is none."""
    for pattern in patterns:
        option = drawn(case, pattern, occupancy)
        if option is not None:
            occupancy.claim(option.claims)
            return option
    return None


def drawn(case: CasePatterns, pattern: Pattern, occupancy: Occupancy) -> Option | None:
    """Draw the people of ``pattern``, claiming nothing; None when somebody cannot be had."""
    names = case.draw(pattern, occupancy)
    return None if names is None else Option(pattern, names, case.claims(pattern, names))


def _choice(case: CasePatterns) -> int:
    return len(case.legs[case.case.legs[-1]].promising)
