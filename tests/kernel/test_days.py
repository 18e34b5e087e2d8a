"""The hours around a leg against the patterns themselves, one tiny world at a time."""

from itertools import islice

from hypothesis import assume, given
from hypothesis import strategies as st

from scheduler.day import days, like
from scheduler.explanation.signature import Explanation, Signature
from scheduler.layout import Layout
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns, Pattern
from tests.kernel.test_explanations_by_definition import _between as between
from tests.kernel.test_explanations_by_definition import legs_of, questions
from tests.kernel.worlds import Setting, examples

Question = tuple[Setting, CasePatterns, Occupancy]


def alike(pattern: Pattern, legs: tuple[Layout, ...]) -> bool:
    return all(like(mine, other) for (mine, _), other in zip(pattern.legs, legs, strict=True))


def begins(layout: Layout, slot: int) -> int:
    return slot + layout.frame.starts[0]


def shut(
    case: CasePatterns, pattern: Pattern, occupancy: Occupancy, n: int
) -> dict[int, set[Signature]]:
    """Return what forbids each like pattern, by the slot at which leg ``n`` begins."""
    found: dict[int, set[Signature]] = {}
    first, *others = case.case.legs
    removals = [*legs_of(case, "removal", occupancy)] if others else []
    for layout, slot, own in legs_of(case, first, occupancy):
        if not others and alike(pattern, (layout,)):
            found.setdefault(begins(layout, slot), set()).add(own)
        end = slot + layout.frame.ends[-1]
        for removal, anchor, theirs in removals:
            if alike(pattern, (layout, removal)):
                pair = frozenset(between(case, layout, end, removal, occupancy))
                at = begins(*((layout, slot), (removal, anchor))[n])
                found.setdefault(at, set()).add(own | theirs | pair)
    return found


@examples(60)
@given(questions(), st.data())
def test_a_start_is_open_exactly_when_a_like_pattern_that_begins_there_is(
    question: Question, data: st.DataObject
) -> None:
    _, case, occupancy = question
    found = [*islice(case.open(occupancy), 300)]
    assume(found)
    pattern = data.draw(st.sampled_from(found))
    every = [
        one
        for one in case.open(occupancy)
        if alike(pattern, tuple(layout for layout, _ in one.legs))
    ]
    for n, day in enumerate(days(Explanation(case, occupancy), pattern)):
        hours = range(day.first, day.end)
        assert [one.slot for one in day.starts] == [*hours]
        assert begins(*pattern.legs[n]) in hours
        opened = {one.slot for one in day.starts if one.reasons == ()}
        assert opened == {at for one in every if (at := begins(*one.legs[n])) in hours}


@examples(40)
@given(questions(), st.data())
def test_a_start_is_shut_by_the_least_that_shuts_a_like_pattern_that_begins_there(
    question: Question, data: st.DataObject
) -> None:
    _, case, occupancy = question
    found = [*islice(case.open(occupancy), 300)]
    assume(found)
    pattern = data.draw(st.sampled_from(found))
    for n, day in enumerate(days(Explanation(case, occupancy), pattern)):
        signatures = shut(case, pattern, occupancy, n)
        for one in day.starts:
            assert (one.reasons is None) == (one.slot not in signatures)
            if one.reasons is not None:
                told = frozenset(each.condition for each in one.reasons)
                assert told in signatures[one.slot]
                assert len(told) == min(map(len, signatures[one.slot]))


@examples(30)
@given(questions(), st.data())
def test_a_role_is_free_exactly_when_as_many_as_are_asked_at_a_time_are(
    question: Question, data: st.DataObject
) -> None:
    setting, case, occupancy = question
    found = [*islice(case.open(occupancy), 300)]
    assume(found)
    pattern = data.draw(st.sampled_from(found))
    needs = case.readings.needs
    around = days(Explanation(case, occupancy), pattern)
    for (layout, slot), day in zip(pattern.legs, around, strict=True):
        roles = {one.name: one for one in day.rows if one.kind == "role"}
        assert roles.keys() == {group[0][1].role for group in layout.asked}
        for group in layout.asked:
            names = {one.resource for _, each in group for one in needs.blocks(layout.frame, each)}
            asked = max(each.count for _, each in group)
            row = roles[group[0][1].role]
            for at in range(setting.world.grid.slots):
                there = sum(occupancy.rostered(name) >> at & 1 for name in names)
                left = sum(occupancy.free(name) >> at & 1 for name in names)
                assert (row.rostered >> at & 1, row.free >> at & 1) == (
                    there >= asked,
                    left >= asked,
                )
        for row in day.rows:
            assert not row.free & ~row.rostered
            if row.kind == "departure":
                assert layout.departure is not None
                assert row.free >> slot & 1
