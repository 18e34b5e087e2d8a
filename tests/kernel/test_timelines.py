"""A timeline is a set of slots: every operation against the same on a Python set."""

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scheduler.timeline import (
    Timeline,
    at_least,
    earliest,
    latest,
    runs,
    shift,
    slots_of,
    span,
    spans,
)

SLOTS = 40
sets = st.frozensets(st.integers(0, SLOTS - 1))


def line_of(slots: Iterable[int]) -> Timeline:
    return sum(1 << slot for slot in set(slots))


@given(sets)
def test_a_timeline_lists_its_slots_in_order(slots: frozenset[int]) -> None:
    assert list(slots_of(line_of(slots))) == sorted(slots)


@given(st.integers(-5, SLOTS), st.integers(-5, SLOTS))
def test_a_span_holds_its_slots_and_none_before_the_first(first: int, end: int) -> None:
    assert set(slots_of(span(first, end))) == set(range(max(first, 0), end))


@given(sets, st.integers(-SLOTS, SLOTS))
def test_a_shift_moves_every_slot_and_loses_what_falls_before_the_first(
    slots: frozenset[int], by: int
) -> None:
    assert set(slots_of(shift(line_of(slots), by))) == {t + by for t in slots if t + by >= 0}


@given(sets, st.integers(1, 12))
def test_a_run_begins_where_all_its_slots_are_free(slots: frozenset[int], length: int) -> None:
    begins = {t for t in slots if all(t + n in slots for n in range(length))}
    assert set(slots_of(runs(line_of(slots), length))) == begins


@given(st.lists(sets, max_size=6), st.integers(0, 7))
def test_at_least_so_many_are_free_where_so_many_are_counted(
    people: list[frozenset[int]], count: int
) -> None:
    full = range(SLOTS)
    enough = {t for t in full if sum(t in one for one in people) >= count}
    assert set(slots_of(at_least(count, map(line_of, people), line_of(full)))) == enough


@given(sets)
def test_the_earliest_and_the_latest_slot_are_the_least_and_the_greatest(
    slots: frozenset[int],
) -> None:
    assert earliest(line_of(slots)) == min(slots, default=None)
    assert latest(line_of(slots)) == max(slots, default=None)


@given(sets)
def test_spans_are_the_stretches_that_cannot_be_made_longer(slots: frozenset[int]) -> None:
    found = list(spans(line_of(slots)))
    assert {t for first, end in found for t in range(first, end)} == slots
    assert all(first < end for first, end in found)
    assert all(end < first for (_, end), (first, _) in pairwise(found))
