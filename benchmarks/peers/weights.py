"""The six levels as weighted sums, for solvers that know one objective at a time.

One level is worth more than all below it together, as far as a solver's numbers go; what does not
fit goes into the next sum, which is minimised with the first one held.
"""

from collections.abc import Iterator

from benchmarks.peers.problem import Case, Problem, Variant, Window
from scheduler.objective import LEVELS

Costs = tuple[int, ...]
"""What is to be low, per level: the planned weight stands as a negative number."""


def unplanned(case: Case) -> Costs:
    """Return what a case costs that is not planned."""
    return case.pressed, 0, 0, 0, case.in_force, 0


def planned(case: Case) -> Costs:
    """Return what it costs to plan a case, its windows apart."""
    return 0, -case.weight, 0, 0, 0, 0


def chosen(window: Window) -> Costs:
    """Return what a window adds, leg by leg."""
    return 0, 0, window.nights, window.alone, window.changed, window.days


def sums(problem: Problem, most: int) -> list[Costs]:
    """Return weights per level, one tuple for each sum; none of them can grow beyond ``most``."""
    spreads = _spreads(problem)
    left = list(range(len(LEVELS)))
    found: list[Costs] = []
    while left:
        weights = [0] * len(LEVELS)
        taken = next(
            n for n in range(len(left), 0, -1) if n == 1 or _size(spreads, left[:n]) <= most
        )
        for level in left[:taken]:
            weights[level] = 1
            for below in left[: left.index(level)]:
                weights[below] *= spreads[level] + 1
        found.append(tuple(weights))
        left = left[taken:]
    return found


def weighed(weights: Costs, costs: Costs) -> int:
    """Return ``costs`` as one number."""
    return sum(weight * cost for weight, cost in zip(weights, costs, strict=True))


def _size(spreads: Costs, levels: list[int]) -> int:
    size = 1
    for level in levels:
        size *= spreads[level] + 1
    return size


def _spreads(problem: Problem) -> Costs:
    """Return how far apart two plans can be, per level."""
    totals = [0] * len(LEVELS)
    for case in problem.cases:
        if case.plannable:
            for level, (least, most) in enumerate(_range(case)):
                totals[level] += most - least
    return tuple(totals)


def _range(case: Case) -> Iterator[tuple[int, int]]:
    """Yield the least and most that a case can cost, level by level."""
    legs = [_extremes(leg) for leg in case.legs]
    for level, (without, base) in enumerate(zip(unplanned(case), planned(case), strict=True)):
        least = base + sum(leg[level][0] for leg in legs)
        most = base + sum(leg[level][1] for leg in legs)
        yield min(without, least), max(without, most)


def _extremes(leg: tuple[Variant, ...]) -> list[tuple[int, int]]:
    windows = (chosen(one) for variant in leg for one in variant.windows)
    costs = list(zip(*windows, strict=True))
    return [(min(level), max(level)) for level in costs]
