"""The open patterns of a case come best first, each once, and the first is the best there is."""

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scheduler.construction import construct
from scheduler.pattern import CasePatterns, Pattern
from scheduler.plan import bookings_of
from scheduler.ranking import best_patterns
from scheduler.task import Task, prepare
from tests.kernel import worlds
from tests.kernel.worlds import Setting, examples

settings = worlds.either(least=1, most=3, slot=60)


def tasks(setting: Setting, *, proposed: bool) -> Iterator[Task]:
    """Yield the task with its first plan in it, and one where that plan is only proposed."""
    task = prepare(setting.world, setting.register)
    options = construct(task.cases, task.valuation, task.occupancy)
    yield task
    if proposed:
        made = [
            booking
            for case in task.cases
            if (option := options.get(case.case.id)) is not None
            for booking in bookings_of(case, option.pattern, option.names)
        ]
        yield prepare(setting.world.but(bookings=(*task.pinned, *made)), setting.register)


def worth(task: Task, case: CasePatterns, pattern: Pattern) -> tuple[int, ...]:
    """Return the rank of a pattern, its slots apart."""
    return task.valuation.rank(case, pattern)[:4]


@examples(150)
@given(settings, st.booleans())
def test_patterns_come_best_first_each_once_and_all_of_them_open(
    setting: Setting, proposed: bool
) -> None:
    for task in tasks(setting, proposed=proposed):
        for case in task.cases:
            found = list(best_patterns(case, task.valuation, task.occupancy))
            assert len(set(found)) == len(found)
            assert all(case.is_open(one, task.occupancy) for one in found)
            ranks = [worth(task, case, one) for one in found]
            assert all(one <= other for one, other in pairwise(ranks))


@examples(150)
@given(settings, st.booleans())
def test_the_first_is_as_good_as_any_open_pattern(setting: Setting, proposed: bool) -> None:
    for task in tasks(setting, proposed=proposed):
        for case in task.cases:
            first = next(best_patterns(case, task.valuation, task.occupancy), None)
            every = [worth(task, case, one) for one in case.open(task.occupancy)]
            assert (first is None) == (not every)
            if first is not None:
                assert worth(task, case, first) == min(every)


@examples(60)
@given(settings)
def test_what_is_proposed_is_among_them_where_it_is_open(setting: Setting) -> None:
    *_, task = tasks(setting, proposed=True)
    for case in task.cases:
        if case.proposed is not None and case.is_open(case.proposed, task.occupancy):
            assert case.proposed in best_patterns(case, task.valuation, task.occupancy)
