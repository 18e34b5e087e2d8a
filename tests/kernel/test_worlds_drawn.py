"""The random worlds themselves: they could stand in a file, and hold what they are drawn for."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from hypothesis import given

from scheduler.loading import parse_world
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns, Pattern, Patterns
from scheduler.plan import bookings_of
from tests.kernel import worlds
from tests.kernel.worlds import Setting, examples

JUMPS = {date(2026, 10, 25), date(2027, 3, 28)}


@examples(40)
@given(worlds.either())
def test_a_world_drawn_here_could_stand_in_a_file(setting: Setting) -> None:
    world = setting.world
    assert parse_world(world.model_dump_json(by_alias=True), setting.register) == world


def test_the_worlds_drawn_here_are_open_to_cases_of_every_sort() -> None:
    seen: Counter[str] = Counter()

    @examples(700)
    @given(worlds.real())
    def look(setting: Setting) -> None:
        patterns, empty = Patterns(setting.world, setting.register), Occupancy(setting.world)
        for one in setting.world.cases:
            case = patterns.of(one.id)
            found = list(case.open(empty))
            seen.update({sort for pattern in found[:20] for sort in _sorts(case, pattern, empty)})
            seen["shut"] += not found

    look()
    assert not [sort for sort in SORTS if seen[sort] < 2], seen


SORTS = (
    "placement",
    "removal",
    "placement-and-removal",
    "scheduled",
    "charter",
    "road",
    "family",
    "escorted",
    "a demand of three",
    "across midnight",
    "on a day that the clock jumps",
    "a night on which the clock jumps",
    "refused, and another found",
    "shut",
)


def _sorts(case: CasePatterns, pattern: Pattern, empty: Occupancy) -> Iterator[str]:
    """Yield what a pattern is an example of."""
    names = case.draw(pattern, empty)
    assert names is not None
    made = bookings_of(case, pattern, names)
    yield case.case.operation
    if pattern.departure is not None:
        yield pattern.departure.kind
    if len(case.case.persons) > 1:
        yield "family"
    if case.case.persons[0].escorts:
        yield "escorted"
    if case.case.refused:
        yield "refused, and another found"
    for booking in made:
        if JUMPS & set(booking.nights):
            yield "a night on which the clock jumps"
        for attendance in booking.attendances:
            days = {
                one.astimezone(worlds.AMSTERDAM).date()
                for one in (attendance.from_, attendance.until)
            }
            if len(attendance.resources) > 2:
                yield "a demand of three"
            if len(days) > 1:
                yield "across midnight"
            if JUMPS & days:
                yield "on a day that the clock jumps"
