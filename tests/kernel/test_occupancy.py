"""Claims: what is claimed is gone, what is released is back, and no answer is kept too long."""

from collections.abc import Iterator
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduler.occupancy import Block, Claims, Occupancy, Pool
from scheduler.timeline import slots_of, span
from scheduler.world import World
from tests.kernel import worlds
from tests.kernel.worlds import examples

KINDS = ("unescorted", "escorted")
WORLDS = worlds.peopled(slot=60)


@st.composite
def claims(draw: st.DrawFn, /, world: World) -> Claims:
    """Anything that could be taken in a world, whether or not it is there."""
    people = sorted(world.resource)
    nights = [worlds.days_of(world.horizon)[0] + timedelta(days=n) for n in range(6)]
    first = draw(st.integers(0, world.grid.slots))
    return Claims(
        people=tuple(
            (one, span(first, min(first + draw(st.integers(1, 20)), world.grid.slots)))
            for one in draw(st.lists(st.sampled_from(people), max_size=2, unique=True))
        ),
        nights=tuple(
            (facility, draw(st.sampled_from(nights)), draw(st.integers(1, 2)))
            for facility in sorted(world.facility)[: draw(st.integers(0, 2))]
        ),
        seats=tuple(
            (departure, draw(st.sampled_from(KINDS)), 1, draw(st.integers(0, 3)))
            for departure in sorted(world.departure)[: draw(st.integers(0, 1))]
        ),
    )


@st.composite
def pools(draw: st.DrawFn, /, world: World) -> Pool:
    """Units of one role, with a block or two each."""
    role = draw(st.sampled_from(worlds.ROLES))
    block = st.tuples(st.integers(-3, 3), st.integers(1, 6))
    return Pool(
        role,
        tuple(
            tuple(
                Block(one.id, lead, length)
                for lead, length in draw(st.lists(block, min_size=1, max_size=2, unique=True))
            )
            for one in world.roles.get(role, ())
        ),
    )


def answers(occupancy: Occupancy, asked: list[Pool]) -> Iterator[object]:
    """Yield all that can be asked of an occupancy."""
    world = occupancy.world
    for resource in sorted(world.resource):
        yield occupancy.rostered(resource)
        yield occupancy.free(resource)
    for pool in asked:
        for count in (1, 2, 3):
            yield occupancy.starts(pool, count)
            yield occupancy.free_starts(pool, count)
    for facility in sorted(world.facility):
        for count in (1, 2):
            for booked in (True, False):
                yield occupancy.places(facility, count, booked=booked)
                yield occupancy.places(facility, count, beyond=3, booked=booked)
    for departure in sorted(world.departure):
        for kind in KINDS:
            yield occupancy.seats_left(departure, kind, 2)


@examples(60)
@given(st.data())
def test_an_occupancy_answers_like_a_fresh_one_whatever_was_claimed_and_released(
    data: st.DataObject,
) -> None:
    world = data.draw(WORLDS)
    asked = [data.draw(pools(world)) for _ in range(3)]
    occupancy = Occupancy(world)
    standing: list[Claims] = []
    untouched = list(answers(occupancy, asked))
    for _ in range(data.draw(st.integers(1, 6))):
        if bool(standing) and data.draw(worlds.one_in(2)):
            gone = standing.pop(data.draw(st.integers(0, len(standing) - 1)))
            occupancy.release(gone)
        else:
            taken = data.draw(claims(world))
            if occupancy.fits(taken):
                occupancy.claim(taken)
                standing.append(taken)
        fresh = Occupancy(world)
        for one in standing:
            fresh.claim(one)
        assert list(answers(occupancy, asked)) == list(answers(fresh, asked))
    for one in standing:
        occupancy.release(one)
    assert list(answers(occupancy, asked)) == untouched


@examples(60)
@given(st.data())
def test_a_claim_only_takes(data: st.DataObject) -> None:
    world = data.draw(WORLDS)
    asked = [data.draw(pools(world)) for _ in range(2)]
    occupancy = Occupancy(world)
    for _ in range(3):
        before = list(answers(occupancy, asked))
        departures = len(world.departure) * len(KINDS)
        occupancy.claim(data.draw(claims(world)))
        after = list(answers(occupancy, asked))
        for old, new in zip(before[: -departures or None], after, strict=False):
            assert isinstance(old, int)
            assert isinstance(new, int)
            assert new & ~old == 0
        for old, new in zip(before[len(before) - departures :], after[-departures:], strict=False):
            assert isinstance(old, int)
            assert isinstance(new, int)
            assert new <= old


@examples(60)
@given(st.data())
def test_enough_units_are_free_where_so_many_are_counted_one_by_one(data: st.DataObject) -> None:
    world = data.draw(WORLDS)
    pool = data.draw(pools(world))
    occupancy = Occupancy(world)
    taken = data.draw(claims(world))
    occupancy.claim(taken)
    for count in (1, 2):
        line = occupancy.free_starts(pool, count)
        for base in range(world.grid.slots):
            free = [
                any(
                    base + block.lead >= 0
                    and set(range(base + block.lead, base + block.lead + block.length))
                    <= set(slots_of(occupancy.free(block.resource)))
                    for block in unit
                )
                for unit in pool.units
            ]
            assert bool(line >> base & 1) == (sum(free) >= count)
            assert occupancy.has(pool, count, base) == (sum(free) >= count)


@examples(40)
@given(st.data())
def test_a_place_is_left_on_the_nights_that_have_more_places_than_persons(
    data: st.DataObject,
) -> None:
    world = data.draw(WORLDS)
    occupancy = Occupancy(world)
    taken = [data.draw(claims(world)) for _ in range(2)]
    for one in taken:
        occupancy.claim(one)
    first = worlds.days_of(world.horizon)[0]
    for facility in world.facilities:
        for count in (1, 2):
            line = occupancy.places(facility.id, count, beyond=2)
            for n in range(len(worlds.days_of(world.horizon)) + 2):
                night = first + timedelta(days=n)
                inside = sum(
                    persons
                    for one in taken
                    for where, when, persons in one.nights
                    if (where, when) == (facility.id, night)
                )
                assert bool(line >> n & 1) == (facility.places_on(night) - inside >= count)
