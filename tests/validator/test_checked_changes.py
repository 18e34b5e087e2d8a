"""What some changes break is what the whole breaks with them in it."""

from collections.abc import Collection, Sequence

from hypothesis import assume, event, given
from hypothesis import strategies as st

from scheduler.construction import insert
from scheduler.objective import Valuation
from scheduler.occupancy import Occupancy
from scheduler.pattern import Patterns
from scheduler.plan import bookings_of
from scheduler.validator import Checked, violations
from scheduler.world import Booking
from tests.kernel import worlds
from tests.kernel.worlds import Setting, examples, with_bookings

FIELDS = ("attendances", "nights", "facility", "departure", "follows", "phases", "id", "case")


def planned(patterns: Patterns, occupancy: Occupancy, order: Sequence[str]) -> list[Booking]:
    """Return the bookings of a plan made case by case in this order."""
    valuation, made = Valuation(patterns), list[Booking]()
    for name in order:
        case = patterns.of(name)
        option = insert(case, valuation, occupancy)
        if option is not None:
            made += bookings_of(case, option.pattern, option.names)
    return made


@st.composite
def changes(
    draw: st.DrawFn, /
) -> tuple[Setting, Sequence[Booking], Sequence[Booking], Collection[str]]:
    """A plan that breaks no rule, of which some is history, and changes that may break any."""
    setting = draw(worlds.either(least=2, most=4, slot=60))
    patterns = Patterns(setting.world, setting.register)
    order = draw(st.permutations([one.id for one in setting.world.cases]))
    before = planned(patterns, Occupancy(setting.world), order)
    assume(before)
    done = draw(st.lists(st.sampled_from(before), max_size=2, unique_by=lambda one: one.id))
    setting = with_bookings(setting, done, "executed")
    history = {one.id: one for one in setting.world.bookings}
    before = [history.get(one.id, one) for one in before]
    assume(not violations(setting.world, setting.register, before))
    others = [
        booking for name in order for booking in planned(patterns, Occupancy(setting.world), [name])
    ]
    one_of_them = st.sampled_from([*before, *others])
    status = st.sampled_from(("proposed", "proposed", "held", "cancelled"))
    removed: set[str] = draw(st.sets(st.sampled_from([one.id for one in before]), max_size=1))
    least = 0 if removed else 1
    drawn: list[Booking] = draw(
        st.lists(one_of_them, min_size=least, max_size=3, unique_by=lambda one: one.id)
    )
    changed = [one.model_copy(update={"status": draw(status)}) for one in drawn]
    mixed = draw(st.integers(0, len(changed)))
    for n in range(mixed):
        field: str = draw(st.sampled_from(FIELDS))
        donor: Booking = draw(one_of_them)
        changed[n] = changed[n].model_copy(update={field: getattr(donor, field)})
    return setting, before, changed, removed


@examples(150)
@given(changes())
def test_what_a_change_breaks_is_what_the_whole_breaks(
    drawn: tuple[Setting, Sequence[Booking], Sequence[Booking], Collection[str]],
) -> None:
    setting, before, changed, removed = drawn
    world, register = setting.world, setting.register
    gone = {one.id for one in changed} | set(removed)
    legs = {(one.case, one.operation) for one in changed}
    kept = [one for one in before if one.id not in gone and (one.case, one.operation) not in legs]
    checked = Checked(world, register, before)
    whole = violations(world, register, [*kept, *changed])
    event("broken" if whole else "whole")
    for _ in range(2):
        assert bool(checked.violations(changed, removed)) == bool(whole)
    assert set(checked.violations(changed, removed)) <= set(whole)
    assert checked.violations(()) == ()
