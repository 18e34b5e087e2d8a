"""Who attends: the conditions on counts against trying every assignment of people."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.constraint import Attendance
from scheduler.frame import frames
from scheduler.need import Asked, Needs
from scheduler.occupancy import Block, Claims, Occupancy
from scheduler.timeline import span
from scheduler.world import World
from tests.kernel import worlds
from tests.kernel.worlds import examples


def assignments(
    choices: Sequence[tuple[int, Sequence[Block]]], taken: tuple[Block, ...] = ()
) -> Iterator[tuple[Block, ...]]:
    """Yield every way to take so many of the blocks of each attendance, nobody twice at a time."""
    if not choices:
        yield taken
        return
    (count, blocks), *rest = choices
    for group in combinations(blocks, count):
        if all(_apart(one, other) for one in group for other in taken):
            yield from assignments(rest, (*taken, *group))


def _apart(one: Block, other: Block) -> bool:
    ends, begins = one.lead + one.length <= other.lead, other.lead + other.length <= one.lead
    return one.resource != other.resource or ends or begins


@st.composite
def questions(
    draw: st.DrawFn, /, most: int
) -> tuple[World, Needs, tuple[Asked, ...], Occupancy, list[int]]:
    """Attendances of one role in a placement, in a world where some people are taken."""
    world = draw(worlds.peopled(slot=60))
    needs = Needs(world)
    count = draw(st.integers(1, most))
    asked = []
    for n in range(count):
        one = draw(worlds.attendances(world, "placement", role="red"))
        asked.append(needs.asked(f"c{n}", one))
    occupancy = Occupancy(world)
    taken = draw(
        st.lists(st.sampled_from([one.id for one in world.resources] or ["zk-1"]), max_size=3)
    )
    for resource in taken:
        first = draw(st.integers(0, world.grid.slots))
        occupancy.claim(Claims(people=((resource, span(first, first + draw(st.integers(1, 30)))),)))
    anchors = draw(st.lists(st.integers(0, world.grid.slots - 1), min_size=5, max_size=5))
    return world, needs, needs.group(asked), occupancy, anchors


@examples(150)
@given(questions(most=2))
def test_two_attendances_are_met_exactly_where_people_can_be_assigned_to_both(
    question: tuple[World, Needs, tuple[Asked, ...], Occupancy, list[int]],
) -> None:
    for open_, possible, drawn in answers(*question):
        assert open_ == possible == drawn


@examples(150)
@given(questions(most=4))
def test_people_can_be_drawn_for_any_number_of_attendances_wherever_they_are_met(
    question: tuple[World, Needs, tuple[Asked, ...], Occupancy, list[int]],
) -> None:
    for open_, possible, drawn in answers(*question):
        assert open_ == drawn
        assert possible or not open_


def answers(
    world: World, needs: Needs, asked: tuple[Asked, ...], occupancy: Occupancy, anchors: list[int]
) -> Iterator[tuple[bool, bool, bool]]:
    """Yield whether conditions hold, an assignment exists, and people are drawn, per anchor."""
    case = world.cases[0]
    facility = next(iter(world.facility), None)
    template = world.template_for(case, "placement")
    for frame in frames(world, template, case.location, facility, None):
        conditions = needs.of(frame, asked)
        for anchor in anchors:
            free = [
                (
                    one.count,
                    [b for b in needs.blocks(frame, one) if occupancy.is_free(b, anchor)],
                )
                for _, one in asked
            ]
            met = all(one.starts(occupancy, "free") >> anchor & 1 for one in conditions)
            assert met == all(one.met(occupancy, "free", anchor, one.count) for one in conditions)
            drawn = needs.draw(frame, asked, anchor, occupancy)
            if drawn is not None:
                assert [len(blocks) for blocks in drawn] == [one.count for _, one in asked]
                people = [block for blocks in drawn for block in blocks]
                assert all(_apart(one, other) for one, other in combinations(people, 2))
            yield met, next(assignments(free), None) is not None, drawn is not None


def test_somebody_needed_twice_at_once_is_two_people() -> None:
    """Two constraints that ask the very same of the same single officer ask for two officers."""
    world = worlds.plain()
    needs = Needs(world)
    one = Attendance("police", "pick-up", "pick-up")
    asked = needs.group([needs.asked("first", one), needs.asked("second", one)])
    for frame in frames(world, world.templates[0], "azc", "dc-mw", None):
        assert needs.draw(frame, asked[:1], 10, Occupancy(world)) is not None
        assert needs.draw(frame, asked, 10, Occupancy(world)) is None


@pytest.mark.parametrize(("around", "met"), [(0, True), (60, False)])
def test_one_person_attends_twice_unless_a_third_block_would_overlap_both(
    around: int, met: bool
) -> None:
    """One speaks Arabic, at the pick-up and the arrival; two more could do what lies between."""
    world = worlds.plain(
        *(
            {"id": f"red-{n}", "role": "red", "home": "azc", "languages": (language,)}
            for n, language in enumerate(("ar", "sq", "sq"))
        )
    )
    needs, occupancy = Needs(world), Occupancy(world)
    both = frozenset({"ar", "sq"})
    asked = needs.group(
        needs.asked(name, one)
        for name, one in (
            ("first", Attendance("red", "pick-up", "pick-up", skills=frozenset({"ar"}))),
            ("last", Attendance("red", "arrival", "arrival", skills=frozenset({"ar"}))),
            (
                "third",
                Attendance("red", "hearing", "hearing", 1, both, None, 60 + around, 60 + around),
            ),
        )
    )
    (frame,) = frames(world, world.templates[0], "azc", "dc-mw", None)
    assert all(one.met(occupancy, "free", 10, one.count) for one in needs.of(frame, asked)) is met
    assert (needs.draw(frame, asked, 10, occupancy) is not None) is met
