"""After events a plan is repaired: what stands stays, what is broken is planned again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from constraints.register import REGISTER
from fixtures.worlds import canonical, document
from scheduler.constraint import After, Declaration, Register, Subject, bounded
from scheduler.event import (
    CapacityChanged,
    CaseAdded,
    CaseWithdrawn,
    DepartureChange,
    DepartureChanged,
    DocumentChanged,
    Event,
    EventError,
    FactChanged,
    ResourceAway,
    TriggerAdded,
    changed,
)
from scheduler.loading import parse_world
from scheduler.plan import HALVED, Plan
from scheduler.planner import plan
from scheduler.replanning import TOLD, OtherWorldError, Outcome, Replan, overdue, replan
from scheduler.validator import plan_violations, violations
from scheduler.world import Booking, Case, Document, Fact, Interval, Seats, Trigger, World
from tests.kernel import worlds
from tests.kernel.test_forcing import POLICE, at, by_case, case
from tests.kernel.worlds import Setting, examples
from tests.validator.plans import as_it_is, with_chain, with_twins, world_of

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)


def planned(
    world: World, register: Register = REGISTER, *, confirmed: tuple[str, ...] = ()
) -> tuple[World, Plan]:
    """Return a plan that is in force, the bookings of some cases confirmed."""
    made = plan(world, register, seconds=0)
    bookings = tuple(
        one.model_copy(update={"status": "confirmed"}) if one.case in confirmed else one
        for one in made.bookings
    )
    world = world.but(bookings=tuple(one for one in bookings if one.status != "proposed"))
    return world, made.model_copy(update={"world": world.fingerprint, "bookings": bookings})


def after(world: World, made: Plan, *events: Event, register: Register = REGISTER) -> Replan:
    """Return the repaired plan, which breaks no rule but what is due now of what stands."""
    found = replan(world, register, made, events)
    wrong = set(plan_violations(found.world, register, found.plan))
    assert not wrong - overdue(found.world, register, found.plan.bookings)
    return found


def tiny(*changes: Any, **confirmed: Any) -> tuple[World, Plan]:
    return planned(world_of(*(changes or (as_it_is,))), **confirmed)


def cases(outcomes: tuple[Outcome, ...]) -> list[str]:
    return [one.case for one in outcomes]


def fields(kind: Any, subject: str) -> dict[str, Any]:
    return {"id": "e-1", "at": NOW, "kind": kind, "subject": subject}


def cancelled(departure: str) -> DepartureChanged:
    return DepartureChanged(
        **fields("departure-changed", departure), value=DepartureChange(cancelled=True)
    )


def departure_of(made: Plan, case: str) -> str:
    return next(one.departure for one in made.bookings if one.case == case and one.departure)


# --- One event of each kind -------------------------------------------------------------------


def test_who_was_to_leave_with_a_cancelled_departure_takes_the_next() -> None:
    world, made = tiny(confirmed=("zk-0001", "zk-0002", "zk-0003"))
    found = after(world, made, cancelled("tk1952-1126"))
    assert cases(found.kept) == ["zk-0001", "zk-0003"]
    (moved,) = found.moved
    assert (moved.case, moved.after[0].departure) == ("zk-0002", "tk1952-1127")
    assert moved.after[0].status == "proposed"
    assert "departure tk1952-1126 is cancelled (e-1)" in moved.reason
    assert "Departure: 1 unescorted on tk1952-1126, allowed 0" in moved.reason


def test_who_has_no_other_departure_loses_the_booking_and_is_told_why() -> None:
    world, made = tiny(confirmed=("zk-0002",))
    found = after(
        world,
        made,
        cancelled("tk1952-1126"),
        cancelled("tk1952-1127").model_copy(update={"id": "f"}),
    )
    (dropped,) = found.dropped
    assert dropped.case == "zk-0002"
    assert "not planned again: no seat on a departure" in dropped.reason
    assert "zk-0002" in [one.case for one in found.plan.unplanned]


def test_a_departure_at_another_time_takes_those_aboard_along() -> None:
    world, made = tiny(confirmed=("zk-0002",))
    flight = world.departure["tk1952-1126"]
    later = DepartureChange(
        departs=flight.departs + timedelta(hours=1), arrives=flight.arrives + timedelta(hours=1)
    )
    found = after(
        world, made, DepartureChanged(**fields("departure-changed", flight.id), value=later)
    )
    (moved,) = found.moved
    assert moved.after[0].phases[-1].from_ in {
        flight.departs + timedelta(hours=1),
        world.departure["tk1952-1127"].departs,
    }


def test_for_somebody_who_is_away_somebody_else_comes_and_all_others_stay() -> None:
    world, made = tiny(confirmed=("zk-0002",))
    held = {
        one.role: one.resources
        for booking in made.bookings
        if booking.case == "zk-0002"
        for one in booking.attendances
    }
    (ill,) = held["kmar"]
    away = Interval(from_=NOW, until=NOW + timedelta(days=6))
    found = after(world, made, ResourceAway(**fields("resource-away", ill), value=away))
    (moved,) = found.moved
    assert moved.renamed
    assert {one.role: one.resources for one in moved.after[0].attendances} == held | {
        "kmar": ("kmar-ams-2" if ill == "kmar-ams-1" else "kmar-ams-1",)
    }
    assert f"{ill} is away (e-1)" in moved.reason


def test_of_those_who_lose_places_only_as_many_move_as_must_and_not_the_confirmed() -> None:
    world, made = tiny(with_twins, confirmed=("zk-0101",))
    nights = {night: 1 for one in made.bookings for night in one.nights}
    found = after(
        world, made, CapacityChanged(**fields("capacity-changed", "dc-rotterdam"), value=nights)
    )
    assert "zk-0101" in cases(found.kept)
    assert cases(found.dropped) == ["zk-0001"]
    assert "facility dc-rotterdam has other places (e-1)" in found.dropped[0].reason


def test_a_new_procedure_takes_the_booking_away() -> None:
    world, made = tiny(confirmed=("zk-0002",))
    appeal = {"no-suspensive-appeal": Fact(value="no", since=NOW.date())}
    found = after(world, made, FactChanged(**fields("fact-changed", "zk-0002"), value=appeal))
    assert cases(found.dropped) == ["zk-0002"]
    assert "of zk-0002 no-suspensive-appeal is answered no (e-1)" in found.dropped[0].reason
    assert set(cases(found.kept)) == {"zk-0001", "zk-0003"}


def test_who_left_without_trace_is_not_planned() -> None:
    world, made = tiny(confirmed=("zk-0001",))
    gone = {"whereabouts-known": Fact(value="no", since=NOW.date())}
    found = after(world, made, FactChanged(**fields("fact-changed", "zk-0001"), value=gone))
    assert cases(found.dropped) == ["zk-0001"]
    assert "the person cannot be found" in found.dropped[0].reason


def test_a_document_that_expired_takes_the_booking_away() -> None:
    world, made = tiny(confirmed=("zk-0002",))
    expired = Document(kind="passport", valid_until=date(2026, 11, 1))
    found = after(
        world, made, DocumentChanged(**fields("document-changed", "zk-0002-a"), value=expired)
    )
    assert cases(found.dropped) == ["zk-0002"]


def test_a_document_that_arrived_lets_the_case_be_planned() -> None:
    world, made = tiny()
    issued = Document(
        kind="laissez-passer", valid_from=date(2026, 11, 20), valid_until=date(2027, 2, 20)
    )
    found = after(
        world, made, DocumentChanged(**fields("document-changed", "zk-0006-a"), value=issued)
    )
    (new,) = found.new
    assert [one.operation for one in new.after] == ["placement", "removal"]
    assert not found.moved
    assert not found.dropped


def test_of_who_departs_independently_everything_is_released() -> None:
    world, made = tiny(with_chain, confirmed=("zk-0006",))
    left = Trigger(kind="independent-departure", at=NOW)
    found = after(world, made, TriggerAdded(**fields("trigger-added", "zk-0006"), value=left))
    assert cases(found.dropped) == ["zk-0006"]
    assert not [
        one for one in (*found.world.bookings, *found.plan.bookings) if one.case == "zk-0006"
    ]
    assert "independent-departure of zk-0006 (e-1)" in found.dropped[0].reason


def test_a_withdrawn_case_is_no_case_any_more() -> None:
    world, made = tiny(confirmed=("zk-0002",))
    found = after(world, made, CaseWithdrawn(**fields("case-withdrawn", "zk-0002")))
    assert cases(found.dropped) == ["zk-0002"]
    assert found.dropped[0].reason == "case zk-0002 is withdrawn (e-1)"
    assert "zk-0002" not in found.world.case


def test_a_removal_that_breaks_after_its_placement_began_is_for_people() -> None:
    world, made = tiny(with_chain, confirmed=("zk-0006",))
    placement = next(one for one in made.bookings if one.case == "zk-0006")
    begun = placement.start + timedelta(minutes=30)
    flight = departure_of(made, "zk-0006")
    found = replan(world, REGISTER, made, [cancelled(flight).model_copy(update={"at": begun})])
    dropped = next(one for one in found.dropped if one.case == "zk-0006")
    assert [one.operation for one in dropped.after] == ["placement"]
    assert HALVED in dropped.reason


def test_a_chain_whose_departure_fails_keeps_its_placement_where_it_can() -> None:
    world, made = tiny(with_chain, confirmed=("zk-0006",))
    first = departure_of(made, "zk-0006")
    found = after(world, made, cancelled(first))
    (moved,) = found.moved
    assert moved.after[1].departure not in {None, first}
    assert moved.after[0].follows is None
    assert moved.after[1].follows == moved.after[0].id
    assert [one.status for one in moved.after] == ["confirmed", "proposed"]
    night = {one.operation: one.nights for one in moved.before}
    assert len(moved.after[0].nights) > len(night["placement"])


def like(other: Case, name: str, **changes: Any) -> Case:
    persons = tuple(
        one.model_copy(update={"id": f"{name}-{n}"}) for n, one in enumerate(other.persons)
    )
    return other.model_copy(update={"id": name, "persons": persons} | changes)


def urgent(new: Case) -> CaseAdded:
    return CaseAdded(**fields("case-added", new.id), value=new)


def test_an_urgent_case_gets_in_beside_what_stands_where_it_can() -> None:
    world, made = tiny()
    found = after(world, made, urgent(like(world.case["zk-0002"], "zk-0900")))
    assert cases(found.new) == ["zk-0900"]
    assert found.new[0].reason == "case zk-0900 is new (e-1)"
    assert set(cases(found.kept)) == {one.case for one in made.bookings}


def test_an_urgent_case_gets_in_with_the_fewest_moves() -> None:
    register = by_case(
        u=(at(10), POLICE), b=(at(10, 25), POLICE), c=(at(17), POLICE), d=(at(34), POLICE)
    )
    world, made = planned(worlds.plain(cases=tuple(map(case, "bcd"))), register, confirmed=("c",))
    came = urgent(case("u")).model_copy(update={"at": world.as_of})
    found = after(world, made, came, register=register)
    assert cases(found.new) == ["u"]
    assert cases(found.kept) == ["c", "d"]
    (moved,) = found.moved
    assert (moved.case, moved.reason) == ("b", "gave way to u")


def test_nothing_that_is_confirmed_gives_way_to_an_urgent_case() -> None:
    register = by_case(u=(at(10), POLICE), b=(at(10, 17), POLICE))
    world, made = planned(worlds.plain(cases=(case("b"),)), register, confirmed=("b",))
    came = urgent(case("u", weight=9)).model_copy(update={"at": world.as_of})
    found = after(world, made, came, register=register)
    assert cases(found.kept) == ["b"]
    assert [one.case for one in found.plan.unplanned] == ["u"]


def test_a_proposal_gives_way_for_good_only_to_a_case_that_is_worth_more() -> None:
    register = by_case(u=(at(10), POLICE), b=(at(10), POLICE))
    world, made = planned(worlds.plain(cases=(case("b", weight=3),)), register)
    for weight, dropped in ((2, []), (9, ["b"])):
        came = urgent(case("u", weight=weight)).model_copy(update={"at": world.as_of})
        assert cases(after(world, made, came, register=register).dropped) == dropped


def test_a_removal_stays_confirmed_when_others_come_to_its_placement() -> None:
    world, made = tiny(with_chain, confirmed=("zk-0006",))
    police = next(
        one.resources[0]
        for booking in made.bookings
        if booking.id == "zk-0006-placement"
        for one in booking.attendances
        if one.role == "police"
    )
    away = Interval(from_=NOW, until=NOW + timedelta(days=6))
    found = after(world, made, ResourceAway(**fields("resource-away", police), value=away))
    moved = next(one for one in found.moved if one.case == "zk-0006")
    assert [one.status for one in moved.after] == ["proposed", "confirmed"]
    assert parse_world(canonical(document(found.world)), REGISTER) == found.world


def test_who_cannot_stand_for_a_while_and_then_can_keeps_the_booking() -> None:
    """Two who share a place that is no longer there: one goes, and the other was there first."""
    register = by_case(b=(at(10, 17), POLICE), c=(at(10, 17), POLICE))
    world, made = planned(
        worlds.plain(cases=tuple(map(case, "bc"))), register, confirmed=("b", "c")
    )
    police = next(one.id for one in world.resources if one.role == "police")
    start = min(one.start for one in made.bookings)
    away = Interval(from_=start - timedelta(hours=1), until=start + timedelta(hours=2))
    ill = ResourceAway(id="e", at=world.as_of, kind="resource-away", subject=police, value=away)
    found = after(world, made, ill, register=register)
    assert [one.status for one in found.plan.bookings if one.start > start] == ["confirmed"]


# --- Time passes ------------------------------------------------------------------------------


def elsewhere(**later: int) -> CaseWithdrawn:
    """An event about a case without a booking, some days later."""
    return CaseWithdrawn(**fields("case-withdrawn", "zk-0004") | {"at": NOW + timedelta(**later)})


@pytest.mark.parametrize(
    ("days", "due"),
    [
        (1, "check now due: Fit to fly"),
        (3, "check now due: Last removability check, Notice of the flight, Fit to fly"),
    ],
)
def test_that_time_passes_takes_away_nothing_that_is_confirmed(days: int, due: str) -> None:
    world, made = tiny(confirmed=("zk-0001", "zk-0002", "zk-0003"))
    found = after(world, made, elsewhere(days=days))
    assert not (*found.moved, *found.dropped, *found.new)
    assert {one.case: one.reason for one in found.kept} == {
        "zk-0001": "has begun",
        "zk-0002": due,
        "zk-0003": due,
    }


def test_a_check_that_came_due_moves_no_proposal() -> None:
    world, made = tiny()
    found = after(world, made, elsewhere(days=1))
    assert not (*found.moved, *found.dropped, *found.new)
    assert [one.reason for one in found.kept if one.case == "zk-0002"] == [
        "check now due: Fit to fly"
    ]


def test_a_proposal_that_can_no_longer_be_booked_in_time_goes_and_is_told_why() -> None:
    world, made = tiny()
    found = after(world, made, elsewhere(days=3))
    gone = {one.case: one.reason for one in (*found.moved, *found.dropped)}
    assert gone.keys() == {"zk-0002", "zk-0003"}
    assert all(reason.startswith("Booking lead: ") for reason in gone.values())


def test_a_check_that_is_answered_no_takes_the_booking_away_whatever_the_clock_says() -> None:
    world, made = tiny(confirmed=("zk-0002", "zk-0003"))
    unfit = {"fit-to-fly": Fact(value="no", since=NOW.date())}
    told = FactChanged(
        **fields("fact-changed", "zk-0002-a") | {"at": NOW + timedelta(days=1)}, value=unfit
    )
    found = after(world, made, told)
    assert cases(found.dropped) == ["zk-0002"]
    assert "Fit to fly: check fit-to-fly is answered no" in found.dropped[0].reason


def test_a_statement_that_is_taken_back_takes_the_booking_away() -> None:
    """Unknown is not green: it is an event that opened the window, not time."""
    fit = {"fit-to-fly": Fact(value="yes", since=NOW.date() + timedelta(days=2))}
    gone = {"fit-to-fly": Fact(value="unknown")}
    world, made = tiny(confirmed=("zk-0002",))
    told = (
        FactChanged(**fields("fact-changed", "zk-0002-a") | {"at": NOW + later}, value=value)
        for later, value in ((timedelta(days=2), fit), (timedelta(days=2, hours=1), gone))
    )
    one, two = told
    first = after(world, made, one)
    assert "zk-0002" in cases(first.kept)
    second = after(first.world, first.plan, two)
    (gone_one,) = (*second.moved, *second.dropped)
    assert gone_one.case == "zk-0002"
    assert "Fit to fly: check fit-to-fly has its window open" in gone_one.reason


def test_a_legal_end_that_comes_nearer_with_time_still_breaks_what_is_confirmed() -> None:
    def declare(subject: Subject) -> list[Declaration]:
        until = subject.world.horizon.start + timedelta(hours=8)
        late = subject.world.as_of > worlds.plain().as_of
        return [bounded(("pick-up", "start"), until=until, clock=True)] if late else []

    ends = replace(worlds.made_up("ends", placement=POLICE), declare=declare)
    register = by_case(b=(at(10), POLICE))
    register = replace(register, constraints=(*register.constraints, ends))
    world, made = planned(worlds.plain(cases=(case("b"),)), register, confirmed=("b",))
    came = urgent(case("u")).model_copy(update={"at": world.as_of + timedelta(minutes=30)})
    found = after(world, made, came, register=register)
    assert cases(found.dropped) == ["b"]
    assert "lies outside what is allowed" in found.dropped[0].reason


def test_nobody_gives_way_to_a_proposal_that_time_alone_took() -> None:
    def declare(subject: Subject) -> list[Declaration]:
        return [After(("pick-up", "start"), subject.world.as_of, minutes=600)]

    lead = replace(worlds.made_up("lead", placement=POLICE), declare=declare)
    register = by_case(b=(at(10, 34), POLICE), c=(at(34, 58), POLICE))
    register = replace(register, constraints=(*register.constraints, lead))
    start = worlds.plain().horizon.start
    world, made = planned(
        worlds.plain(cases=tuple(map(case, "bc"))).model_copy(update={"as_of": start}), register
    )
    came = urgent(case("u")).model_copy(update={"at": start + timedelta(hours=1)})
    found = after(world, made, came, register=register)
    assert "gave way" not in " ".join(one.reason for one in (*found.moved, *found.dropped))


# --- What is told -----------------------------------------------------------------------------


def test_a_booking_that_was_cancelled_is_no_booking_any_more() -> None:
    world, made = tiny(confirmed=("zk-0002",))
    old = next(one for one in made.bookings if one.case == "zk-0002").model_copy(
        update={"id": "old", "status": "cancelled"}
    )
    only = old.model_copy(update={"id": "only", "case": "zk-0004"})
    found = after(world, made.model_copy(update={"bookings": (*made.bookings, old, only)}))
    assert set(cases(found.kept)) == {"zk-0001", "zk-0002", "zk-0003"}
    assert not (*found.moved, *found.dropped, *found.new)
    assert found.plan.unplanned == made.unplanned
    assert {one.id for one in found.world.bookings if not one.claims} == {"old", "only"}


def test_the_repaired_plan_says_what_it_is_worth_and_how_far_from_the_best() -> None:
    register = by_case(b=(at(10), POLICE), c=(at(10), POLICE))
    world, made = planned(worlds.plain(cases=tuple(map(case, "bc"))), register)
    found = after(world, made, register=register)
    planned_weight = next(one for one in found.plan.levels if one.level == "plannedWeight")
    assert (planned_weight.value, planned_weight.bound, found.plan.gap) == (1, 2, 0.5)
    assert found.plan.objective == {level: made.objective[level] for level in TOLD}


def test_who_is_blocked_by_itself_counts_against_nobody_unless_an_event_opens_something() -> None:
    world, made = tiny()
    alone = {one.case for one in made.unplanned if one.blocked == "alone"}
    weight = sum(one.weight for one in world.cases)
    night = made.bookings[0].nights[0]
    places = CapacityChanged(**fields("capacity-changed", "dc-rotterdam"), value={night: 100})
    assert alone
    bounds = {
        opened: next(
            one.bound
            for one in after(world, made, *events).plan.levels
            if one.level == "plannedWeight"
        )
        for opened, events in ((False, ()), (True, (places,)))
    }
    assert bounds == {
        False: weight - sum(world.case[one].weight for one in alone),
        True: weight,
    }


def test_the_header_of_the_repaired_plan_is_of_this_run() -> None:
    world, made = tiny()
    old = made.model_copy(update={"seed": 7, "seconds": 99.0, "versions": {"regietafel": "0"}})
    found = after(world, old)
    assert (found.plan.seed, found.plan.versions) == (0, made.versions)
    assert found.plan.seconds < 99


def test_what_no_event_touches_is_told_as_such_and_what_one_does_apart() -> None:
    world, made = tiny()
    seats = DepartureChange(seats=Seats(unescorted=5))
    found = after(
        world, made, DepartureChanged(**fields("departure-changed", "tk1952-1126"), value=seats)
    )
    reasons = {one.case: one.reason for one in found.kept}
    assert reasons["zk-0002"] == "what happened does not break it"
    assert reasons["zk-0003"] == "no event touches it"


def test_what_is_reported_of_who_is_withdrawn_already_changes_nothing() -> None:
    world, made = tiny()
    appeal = {"no-suspensive-appeal": Fact(value="no", since=NOW.date())}
    later = FactChanged(**fields("fact-changed", "zk-0002") | {"id": "f"}, value=appeal)
    found = after(world, made, CaseWithdrawn(**fields("case-withdrawn", "zk-0002")), later)
    assert found.ignored == (later,)
    assert [one.reason for one in found.dropped] == ["case zk-0002 is withdrawn (e-1)"]


def test_a_plan_of_another_world_is_refused() -> None:
    _, made = tiny()
    with pytest.raises(OtherWorldError, match="the plan was made on world"):
        replan(world_of(with_chain), REGISTER, made, ())


@pytest.mark.parametrize("work", [-1.0, float("nan")])
def test_work_is_at_least_none(work: float) -> None:
    world, made = tiny()
    with pytest.raises(ValueError, match="at least 0"):
        replan(world, REGISTER, made, (), work=work)


# --- Any events on any plan -------------------------------------------------------------------


@st.composite
def happenings(draw: st.DrawFn, /) -> tuple[Setting, Plan, list[Event]]:
    """A plan in force, some of it confirmed, and events."""
    setting = draw(worlds.either(least=2, most=4, slot=60))
    names = [one.id for one in setting.world.cases]
    confirmed = draw(st.sets(st.sampled_from(names)))
    world, made = planned(setting.world, setting.register, confirmed=tuple(sorted(confirmed)))
    assume(made.bookings)
    assume(not plan_violations(world, setting.register, made))
    assume(_could_be_read(world, setting.register))
    setting = Setting(world, setting.register)
    now = world.as_of + timedelta(hours=draw(st.sampled_from((0, 0, 0, 3, 12, 24, 48))))
    assume(now < world.grid.end)
    kinds = draw(st.lists(st.sampled_from(range(6)), min_size=1, max_size=3))
    return (
        setting,
        made,
        [draw(one_event(setting, made, kind, n, now)) for n, kind in enumerate(kinds)],
    )


def _could_be_read(world: World, register: Register) -> bool:
    """Return whether a file of the world would be accepted; not all that are drawn are whole."""
    try:
        changed(world, register, ())
    except EventError:
        return False
    return True


@st.composite
def one_event(
    draw: st.DrawFn, /, setting: Setting, made: Plan, kind: int, n: int, now: datetime
) -> Event:
    world = setting.world
    booking: Booking = draw(st.sampled_from(made.bookings))

    def of(kind: str, subject: str) -> dict[str, Any]:
        return {"id": f"e-{n}", "at": now, "kind": kind, "subject": subject}

    people = [name for one in booking.attendances for name in one.resources]
    if kind == 0 and people:
        interval = draw(worlds.intervals(world.horizon))
        return ResourceAway(**of("resource-away", draw(st.sampled_from(people))), value=interval)
    if kind == 1 and booking.departure:
        flight = world.departure[booking.departure]
        late = timedelta(minutes=draw(st.sampled_from((10, 60, 240))))
        change = draw(
            st.sampled_from(
                (
                    DepartureChange(cancelled=True),
                    DepartureChange(departs=flight.departs + late, arrives=flight.arrives + late),
                    DepartureChange(seats=Seats(unescorted=1)),
                )
            )
        )
        return DepartureChanged(**of("departure-changed", flight.id), value=change)
    if kind == 2 and booking.facility and booking.nights:
        places = {night: draw(st.integers(0, 1)) for night in booking.nights[:2]}
        return CapacityChanged(**of("capacity-changed", booking.facility), value=places)
    if kind == 3:
        new = like(world.case[booking.case], f"u-{n}", weight=draw(st.integers(1, 9)))
        return CaseAdded(**of("case-added", new.id), value=new)
    if kind == 4 and setting.register is REGISTER:
        answer = {"whereabouts-known": Fact(value=draw(st.sampled_from(("no", "unknown"))))}
        return FactChanged(**of("fact-changed", booking.case), value=answer)
    if n == 0:
        return CaseWithdrawn(**of("case-withdrawn", booking.case))
    return ResourceAway(
        **of("resource-away", booking.case), value=draw(worlds.intervals(world.horizon))
    )


@examples(150)
@given(happenings())
def test_a_repaired_plan_breaks_no_rule_and_keeps_every_promise_that_still_can_be(
    drawn: tuple[Setting, Plan, list[Event]],
) -> None:
    setting, made, events = drawn
    found = after(setting.world, made, *events, register=setting.register)
    happened = changed(setting.world.but(bookings=made.bookings), setting.register, events)
    standing = [one for one in happened.bookings if one.claims]
    wrong = set(violations(happened, setting.register, standing))
    broken = {one.booking for one in wrong - overdue(happened, setting.register, standing)}
    hit = {one.case for one in standing if one.id in broken}
    for one in standing:
        begun = one.start < happened.as_of
        if begun or (one.status == "confirmed" and one.case not in hit):
            assert one in found.plan.bookings
    event("moved" if found.moved or found.dropped else "all kept")
    told = [*found.kept, *found.moved, *found.dropped, *found.new]
    assert len({one.case for one in told}) == len(told)
    assert all(one.reason for one in told)
