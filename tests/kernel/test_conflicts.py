"""Conflicts are the minimal hitting sets of the correction sets, by their definition."""

from collections.abc import Iterable, Sequence
from itertools import chain, combinations

from hypothesis import given
from hypothesis import strategies as st

from scheduler.explanation.conflict import conflicts
from scheduler.explanation.signature import Signature
from scheduler.layout import Condition
from tests.kernel.worlds import examples

CONDITIONS = [
    condition
    for n in range(3)
    for condition in (
        Condition(f"c{n}", "rule"),
        Condition(f"c{n}", "rule", known=False),
        Condition(f"c{n}", "claimed"),
    )
]


def minimal(sets: Iterable[Signature]) -> list[Signature]:
    found: list[Signature] = []
    for one in sorted(set(sets), key=len):
        if not any(other <= one for other in found):
            found.append(one)
    return found


def hitting(sets: Sequence[Signature]) -> list[Signature]:
    """Return all minimal hitting sets, by trying every set of conditions there is."""
    universe = sorted(frozenset().union(*sets))
    every = chain.from_iterable(combinations(universe, n) for n in range(1, len(universe) + 1))
    return minimal(frozenset(one) for one in every if all(set(one) & members for members in sets))


antichains = st.lists(
    st.frozensets(st.sampled_from(CONDITIONS), min_size=1, max_size=5), min_size=1, max_size=8
).map(minimal)


@examples(1_500)
@given(antichains)
def test_conflicts_are_all_minimal_hitting_sets_and_each_is_named_once(
    sets: list[Signature],
) -> None:
    found = conflicts(sets, most=10_000)
    assert not found.more
    assert len(found.sets) == len(set(found.sets))
    assert set(found.sets) == set(hitting(sets))


@examples(500)
@given(antichains, st.integers(1, 6))
def test_what_all_correction_sets_share_comes_first_and_then_the_smallest(
    sets: list[Signature], most: int
) -> None:
    found, every = conflicts(sets, most), hitting(sets)
    common = frozenset.intersection(*sets)
    assert found.more == (len(every) > most)
    assert len(found.sets) == min(most, len(every))
    assert {next(iter(one)) for one in found.sets[: len(common)]} <= common
    assert [len(one) for one in found.sets] == sorted(len(one) for one in every)[:most]
    assert set(found.sets) <= set(every)


@examples(500)
@given(antichains)
def test_a_condition_is_in_some_conflict_exactly_when_it_is_in_some_correction_set(
    sets: list[Signature],
) -> None:
    named = conflicts(sets, most=10_000).sets
    assert frozenset().union(*named) == frozenset().union(*sets)


def test_an_open_case_and_one_without_any_pattern_are_in_no_conflict() -> None:
    assert conflicts([frozenset()]).sets == ()
    assert conflicts([]).sets == ()
