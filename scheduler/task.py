"""What is to be planned: the cases that may move, over the bookings that may not."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from scheduler.constraint import Register
from scheduler.construction import Option
from scheduler.objective import Objective, Valuation
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns, Patterns
from scheduler.plan import claims_of, free_to_move, in_force
from scheduler.world import Booking, World

Options = dict[str, Option]
"""A plan under construction: the option of each case that is planned, by case."""


@dataclass(frozen=True)
class Task:
    """The ``cases`` to be planned into the occupancy, in which what is ``pinned`` is claimed.

    ``halved`` are cases of which one leg only is pinned: they need a person's word.
    """

    patterns: Patterns
    valuation: Valuation
    occupancy: Occupancy
    cases: tuple[CasePatterns, ...]
    pinned: tuple[Booking, ...]
    halved: tuple[str, ...]

    @cached_property
    def parts(self) -> tuple[tuple[CasePatterns, ...], ...]:
        """The cases by the country they are in, which share little; largest part first."""
        places = self.patterns.world.location
        parts: dict[str, list[CasePatterns]] = {}
        for one in self.cases:
            parts.setdefault(places[one.case.location].country, []).append(one)
        return tuple(sorted(map(tuple, parts.values()), key=len, reverse=True))

    def value(self, options: Mapping[str, Option]) -> Objective:
        """Return what planning ``options`` and nothing else is worth."""
        return self.value_of(self.cases, options)

    def value_of(self, cases: Iterable[CasePatterns], options: Mapping[str, Option]) -> Objective:
        """Return what planning ``options`` is worth among ``cases``."""
        return self.valuation.total(
            cases, {case: option.pattern for case, option in options.items()}
        )

    def release(self, options: Mapping[str, Option]) -> None:
        """Give back what ``options`` claim."""
        for option in options.values():
            self.occupancy.release(option.claims)

    def claim(self, options: Mapping[str, Option]) -> None:
        """Take what ``options`` claim."""
        for option in options.values():
            self.occupancy.claim(option.claims)

    @contextmanager
    def without(self, options: Mapping[str, Option]) -> Iterator[None]:
        """Take ``options`` out of the occupancy for a while."""
        self.release(options)
        try:
            yield
        finally:
            self.claim(options)


def prepare(world: World, register: Register, names: Collection[str] | None = None) -> Task:
    """Compile ``world``: bookings that are held, confirmed or begun stay as they are.

    So does the other leg of their chain. Who is withdrawn keeps nothing that has not begun. With
    ``names`` only those of the cases are planned.
    """
    patterns = Patterns(world, register)
    standing = in_force(patterns, world.bookings)
    fixed: dict[str, set[str]] = {}
    for one in standing:
        if not free_to_move(one, world.as_of) and one.operation in world.case[one.case].legs:
            fixed.setdefault(one.case, set())
    pinned = [one for one in standing if one.case in fixed or not free_to_move(one, world.as_of)]
    occupancy = Occupancy(world)
    for one in pinned:
        occupancy.claim(claims_of(patterns.of(one.case), one))
        fixed.get(one.case, set()).add(one.operation)
    return Task(
        patterns,
        Valuation(patterns),
        occupancy,
        cases=tuple(
            patterns.of(case.id)
            for case in world.cases
            if case.id not in fixed and (names is None or case.id in names)
        ),
        pinned=tuple(pinned),
        halved=tuple(
            case for case, legs in fixed.items() if not legs.issuperset(world.case[case].legs)
        ),
    )
