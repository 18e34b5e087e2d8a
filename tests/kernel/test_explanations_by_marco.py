"""Explanations by a peer: correction sets and conflicts as MARCO enumerates them in CPMpy."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partialmethod
from unittest import mock

import cpmpy
from cpmpy.solvers import CPM_ortools
from cpmpy.tools.explain import marco
from hypothesis import assume, given

from scheduler.explanation.conflict import conflicts
from scheduler.explanation.signature import Explanation, Signature
from scheduler.layout import Condition
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns
from tests.kernel.test_explanations_by_definition import questions, signatures
from tests.kernel.worlds import Setting, examples

# MARCO hands no parameters on; in a model this small more workers only get in each other's way.
ONE_WORKER = mock.patch.object(
    CPM_ortools, "solve", partialmethod(CPM_ortools.solve, num_workers=1)
)


def enumerated(patterns: Sequence[Signature]) -> Iterator[tuple[str, Signature]]:
    """Yield every MUS and MCS of "a pattern is chosen, and no condition forbids it"."""
    chosen = cpmpy.intvar(0, len(patterns) - 1)
    conditions = sorted(frozenset().union(*patterns))
    soft = [
        cpmpy.InDomain(chosen, [n for n, shut in enumerate(patterns) if one not in shut])
        for one in conditions
    ]
    of = {id(one): condition for one, condition in zip(soft, conditions, strict=True)}
    # MARCO never seeds with nothing: without what always holds it misses a set of all conditions.
    always = chosen >= 0
    with ONE_WORKER:
        for kind, found in marco([*soft, always], solver="ortools", map_solver="ortools"):
            yield kind, frozenset(of[id(one)] for one in found)


def in_order(sets: Iterable[Signature]) -> list[list[Condition]]:
    """Return sets so that they can be compared, twice the same as twice."""
    return sorted(map(sorted, sets))


@examples(150)
@given(questions())
def test_marco_finds_the_same_correction_sets_and_conflicts(
    question: tuple[Setting, CasePatterns, Occupancy],
) -> None:
    _, case, occupancy = question
    sets = Explanation(case, occupancy).correction_sets
    patterns = set(signatures(case, occupancy))
    assume(patterns and sets != (frozenset(),))
    found = list(enumerated(sorted(patterns, key=sorted)))
    named = conflicts(sets, most=len(found))
    assert in_order(one for kind, one in found if kind == "MCS") == in_order(sets)
    assert in_order(one for kind, one in found if kind == "MUS") == in_order(named.sets)
