"""The life of a booking, from the hold to what became of it."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from itertools import product
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, func, select, update

from api.desk import Answer, Desk
from api.office import Office
from api.office.bookings import Declined
from api.office.refusals import NotAskedError, OneCaseError, OpenChecksError, RefusedError
from api.openings import OpeningView
from api.store.change import StaleError
from api.store.claims import TakenError
from api.store.database import Database
from api.store.failing import failure
from api.store.life import (
    CLAIMING,
    NEXT,
    Failure,
    IllegalStepError,
    Release,
    Status,
    TooSoonError,
    step,
)
from api.store.standing import UnknownBookingError
from api.store.tables import BOOKINGS, CLAIMS
from constraints.lights import EXECUTION
from constraints.register import REGISTER
from fixtures.worlds import canonical, document
from scheduler.event import (
    CaseAdded,
    CaseWithdrawn,
    DepartureChange,
    DepartureChanged,
    Event,
    EventError,
    FactChanged,
    ResourceAway,
    TriggerAdded,
)
from scheduler.loading import parse_world
from scheduler.proposal import Proposal
from scheduler.replanning import Outcome
from scheduler.world import Fact, Interval, Trigger
from tests.store.offices import (
    CHAIN,
    FAMILY,
    NOON,
    PLACED,
    PLANNER,
    REMOVED,
    TWIN,
    Clock,
    Small,
    assert_whole,
    names,
    small_world,
)

LEGAL = {
    ("proposed", "held"),
    ("held", "confirmed"),
    ("confirmed", "executed"),
    *product(("proposed", "held", "confirmed"), ("released", "cancelled")),
}
"""Every step there is, told once more."""

HERE = ZoneInfo("Europe/Amsterdam")


def instead(declined: Declined) -> tuple[Proposal, ...]:
    """Return what could come instead of what was declined."""
    assert declined.instead is not None
    return declined.instead.proposals


def could_use(declined: Declined) -> tuple[OpeningView, ...]:
    """Return the cases that could use what came free."""
    assert declined.openings is not None
    return declined.openings.openings


def claims(at: Small, *bookings: str) -> int:
    """Return how many claims bookings have."""
    with at.database.reading() as connection:
        mine = CLAIMS.c.booking_id.in_(bookings)
        return connection.execute(select(func.count()).select_from(CLAIMS).where(mine)).scalar_one()


@pytest.mark.parametrize(("now", "asked"), [*product(Status, Status)])
def test_every_step_is_legal_or_refused(now: Status, asked: Status) -> None:
    if (now, asked) in LEGAL:
        assert step("b", now, asked) == asked
    else:
        with pytest.raises(IllegalStepError, match=f"b is {now} and cannot become {asked}"):
            step("b", now, asked)


def test_what_ended_or_was_carried_out_becomes_nothing() -> None:
    assert {one for one in Status if not NEXT[one]} == {
        Status.executed,
        Status.cancelled,
        Status.released,
    }


ASKED: dict[str, Callable[[Small, str], object]] = {
    "confirm": lambda at, name: at.office.confirm(name, "DV&O", PLANNER),
    "execute": lambda at, name: at.office.execute(name, PLANNER),
    "cancel": lambda at, name: at.cancel(name),
    "release": lambda at, name: at.office.release(name, PLANNER),
    "decline": lambda at, name: at.office.decline(name, "DV&O", Failure.partner_absent, PLANNER),
}
REACHED: dict[str, Callable[[Small, str], object]] = {
    "held": lambda at, name: None,
    "confirmed": lambda at, name: at.confirm(name),
    "executed": lambda at, name: at.carry_out(name),
    "cancelled": lambda at, name: at.cancel(name),
    "released": lambda at, name: at.office.release(name, PLANNER),
    "expired": lambda at, name: at.clock.wait(minutes=15),
}
REFUSED = {
    "held": {"execute"},
    "confirmed": {"execute"},
    "executed": {"confirm", "execute", "cancel", "release", "decline"},
    "cancelled": {"confirm", "execute", "cancel", "release", "decline"},
    "released": {"confirm", "execute", "cancel", "release", "decline"},
    "expired": {"confirm", "execute", "cancel", "release", "decline"},
}


@pytest.mark.parametrize(("reached", "asked"), [*product(REACHED, ASKED)])
def test_what_is_asked_of_a_booking_fits_where_it_stands(
    at: Small, reached: str, asked: str
) -> None:
    name = at.hold(REMOVED)[0].booking.id
    REACHED[reached](at, name)
    before = at.office.booking(name)
    if asked in REFUSED[reached]:
        with pytest.raises((IllegalStepError, OpenChecksError)):
            ASKED[asked](at, name)
        assert at.office.booking(name) == before
    else:
        ASKED[asked](at, name)
    assert_whole(at.database)


def test_a_hold_claims_and_says_until_when(at: Small) -> None:
    (held,) = at.hold(PLACED, minutes=5)
    assert (held.status, held.expires_at) == (Status.held, NOON + timedelta(minutes=5))
    assert {one.answer for one in held.partners} == {None}
    assert claims(at, held.booking.id) > 0
    assert_whole(at.database)


def test_a_hold_that_runs_out_is_told_as_released(at: Small) -> None:
    (held,) = at.hold(PLACED)
    at.clock.wait(minutes=15)
    told = at.office.booking(held.booking.id)
    assert (told.status, told.reason, told.expires_at) == (Status.released, Release.expired, None)
    assert at.office.world().bookings == ()


def test_a_hold_blocks_until_it_runs_out_and_never_after(at: Small) -> None:
    held = at.hold(PLACED)[0].booking
    same = [held.model_copy(update={"id": "again", "status": "proposed"})]
    at.clock.wait(minutes=14.9)
    with pytest.raises(TakenError):
        at.office.hold(same, PLANNER)
    at.clock.wait(minutes=0.1)
    (again,) = at.office.hold(same, PLANNER)
    assert again.status == Status.held
    assert claims(at, held.id) == 0
    assert_whole(at.database)


def test_a_hold_that_ran_out_does_not_block_another_case(at: Small) -> None:
    at.hold(PLACED)
    at.clock.wait(minutes=15)
    (twin,) = at.hold(TWIN)
    assert twin.booking.phases == at.office.booking(f"{PLACED}-placement").booking.phases
    assert_whole(at.database)


def test_a_booking_is_confirmed_when_the_last_partner_has_said_so(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    *first, last = [one.partner for one in held.partners]
    for partner in first:
        assert at.office.confirm(held.booking.id, partner, PLANNER).status == Status.held
    at.clock.wait(minutes=10)
    confirmed = at.office.confirm(held.booking.id, last, PLANNER)
    assert (confirmed.status, confirmed.expires_at) == (Status.confirmed, None)
    at.clock.wait(days=1)
    assert at.office.booking(held.booking.id).status == Status.confirmed
    assert_whole(at.database)


def test_only_partners_that_are_asked_answer(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    with pytest.raises(NotAskedError):
        at.office.confirm(held.booking.id, "COA", PLANNER)
    with pytest.raises(NotAskedError):
        at.office.decline(held.booking.id, "COA", Failure.partner_absent, PLANNER)


def test_everyone_who_brings_something_is_asked(at: Small) -> None:
    (held,) = at.hold(PLACED)
    assert {one.partner for one in held.partners} == {
        "Politie", "COA", "DT&V", "DV&O", "Tolkendesk", "Advocatuur", "DJI",
    }  # fmt: skip


def test_who_declines_frees_everything_and_is_not_offered_again(at: Small) -> None:
    (held,) = at.hold(PLACED)
    declined = at.office.decline(held.booking.id, "Tolkendesk", Failure.partner_absent, PLANNER)
    assert (declined.booking.status, declined.booking.reason) == (
        Status.cancelled,
        Failure.partner_declined,
    )
    answers = {one.partner: (one.answer, one.reason) for one in declined.booking.partners}
    assert answers["Tolkendesk"] == ("declined", Failure.partner_absent)
    assert claims(at, held.booking.id) == 0
    (block,) = [one for one in held.booking.attendances if one.role == "interpreter"]
    away = at.office.world().resource["tolk-ary-1"].away
    assert away == (Interval(from_=block.from_, until=block.until),)
    for proposal in instead(declined):
        for booking in proposal.bookings:
            for one in booking.attendances:
                if "tolk-ary-1" in one.resources:
                    assert one.until <= block.from_ or one.from_ >= block.until
    assert instead(declined)
    assert_whole(at.database)


def test_a_facility_that_declines_is_not_offered_to_the_case_again(at: Small) -> None:
    (held,) = at.hold(PLACED)
    facility = held.booking.facility
    declined = at.office.decline(held.booking.id, "DJI", Failure.no_place, PLANNER)
    assert at.office.world().case[PLACED].refused == (facility,)
    assert facility not in {one.facility for found in instead(declined) for one in found.bookings}
    assert at.office.world().case[TWIN].refused == ()
    assert facility in {one.facility for one in at.proposed(TWIN)}
    assert_whole(at.database)


def test_a_carrier_that_declines_is_not_offered_to_the_case_again(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    flight = held.booking.departure
    carrier = "Luchtvaartmaatschappij"
    declined = at.office.decline(held.booking.id, carrier, Failure.carrier_refused, PLANNER)
    assert at.office.world().case[REMOVED].refused == (flight,)
    for found in instead(declined):
        assert flight not in {one.departure for one in found.bookings}
    assert instead(declined)
    assert_whole(at.database)


def test_nobody_waits_while_it_is_worked_out_what_could_come_instead(
    at: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    (held,), (other,) = at.hold(PLACED), at.hold(REMOVED)
    written: list[str] = []
    asked = Desk.ask

    def slow(desk: Desk, name: str, count: int = 5) -> Answer:
        if not written:
            written.append(at.office.release(other.booking.id, PLANNER).status)
        return asked(desk, name, count)

    monkeypatch.setattr(Desk, "ask", slow)
    declined = at.office.decline(held.booking.id, "COA", Failure.partner_absent, PLANNER)
    assert written == [Status.released]
    assert instead(declined)


def test_a_decline_names_the_cases_that_could_use_what_came_free(at: Small) -> None:
    (held,) = at.hold(PLACED)
    declined = at.office.decline(held.booking.id, "COA", Failure.partner_absent, PLANNER)
    assert {PLACED, TWIN} <= {one.case for one in could_use(declined)}


def test_who_comes_twice_and_declines_is_away_twice(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    twice = [
        (name, one.from_, one.until)
        for one in held.booking.attendances
        if one.role == "transport"
        for name in one.resources
    ]
    at.office.decline(held.booking.id, "DV&O", Failure.partner_absent, PLANNER)
    world = at.office.world()
    assert twice
    for name, since, until in twice:
        assert Interval(from_=since, until=until) in world.resource[name].away


def test_a_chain_is_held_and_released_as_two_bookings_at_once(at: Small) -> None:
    placement, removal = names(at.hold(CHAIN))
    assert at.office.booking(removal).booking.follows == placement
    assert claims(at, placement) > 0 < claims(at, removal)
    at.office.release(removal, PLANNER)
    assert {at.office.booking(one).status for one in (placement, removal)} == {Status.released}
    assert claims(at, placement, removal) == 0
    assert_whole(at.database)


def test_a_chain_is_confirmed_as_one(at: Small) -> None:
    placement, removal = at.hold(CHAIN)
    for one in placement.partners:
        told = at.office.confirm(placement.booking.id, one.partner, PLANNER)
        assert (told.status, told.expires_at) == (Status.held, placement.expires_at)
    for one in removal.partners:
        assert at.office.booking(placement.booking.id).status == Status.held
        at.office.confirm(removal.booking.id, one.partner, PLANNER)
    told = at.office.booking(placement.booking.id)
    assert told.status == at.office.booking(removal.booking.id).status == Status.confirmed


def test_a_chain_that_was_confirmed_by_half_runs_out_as_one(at: Small) -> None:
    placement, removal = at.hold(CHAIN)
    for one in removal.partners:
        at.office.confirm(removal.booking.id, one.partner, PLANNER)
    at.clock.wait(minutes=15)
    assert at.office.world().bookings == ()
    at.hold(PLACED)
    assert claims(at, placement.booking.id, removal.booking.id) == 0
    assert_whole(at.database)


def test_nobody_is_removed_who_was_not_placed(at: Small) -> None:
    placement, removal = names(at.hold(CHAIN))
    at.confirm(placement)
    at.answer(removal)
    with pytest.raises(TooSoonError, match=f"{removal} follows {placement}"):
        at.office.execute(removal, PLANNER)
    at.answer(placement)
    at.office.execute(placement, PLANNER)
    assert at.office.execute(removal, PLANNER).status == Status.executed
    assert_whole(at.database)


def test_a_declined_leg_takes_the_other_with_it(at: Small) -> None:
    placement, removal = names(at.hold(CHAIN))
    at.office.decline(placement, "COA", Failure.partner_absent, PLANNER)
    assert at.office.booking(removal).status == Status.cancelled
    assert at.office.booking(removal).reason == Failure.partner_declined
    assert_whole(at.database)


def test_once_the_placement_is_carried_out_the_removal_lives_alone(at: Small) -> None:
    placement, removal = names(at.hold(CHAIN))
    at.carry_out(placement)
    at.cancel(removal)
    assert at.office.booking(placement).status == Status.executed
    assert claims(at, placement) > 0 == claims(at, removal)
    assert_whole(at.database)


def test_checks_of_a_booking_are_facts_of_its_case_while_it_stands(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    before = at.office.world().case[REMOVED]
    at.confirm(held.booking.id)
    told = at.answer(held.booking.id)
    assert all(one.passed for one in told.checks)
    assert at.office.world().case[REMOVED].facts["notice-given"].value == "yes"
    assert at.office.world().case["zk-0102"].facts.get("notice-given") is None
    at.cancel(held.booking.id)
    assert at.office.world().case[REMOVED] == before


def test_another_booking_of_the_case_asks_its_checks_anew(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    at.office.check(held.booking.id, "notice-given", "yes", NOON.date(), PLANNER)
    at.office.release(held.booking.id, PLANNER)
    (again,) = at.hold(REMOVED)
    assert {one.value for one in again.checks} == {None}


def test_nothing_is_carried_out_with_an_open_check(at: Small) -> None:
    name = at.hold(REMOVED)[0].booking.id
    checks = [one.fact for one in at.confirm(name).checks]
    assert checks == ["last-removability-check", "notice-given", "fit-to-fly"]
    at.clock.wait(days=4)
    for n, fact in enumerate(checks):
        with pytest.raises(OpenChecksError) as told:
            at.office.execute(name, PLANNER)
        assert told.value.facts == tuple(checks[n:])
        at.office.check(name, fact, "no", at.clock().date(), PLANNER)
        with pytest.raises(OpenChecksError):
            at.office.execute(name, PLANNER)
        at.office.check(name, fact, "yes", at.clock().date(), PLANNER)
    assert at.office.execute(name, PLANNER).status == Status.executed
    assert_whole(at.database)


def test_a_check_before_its_window_is_as_good_as_none(at: Small) -> None:
    name = at.hold(REMOVED)[0].booking.id
    at.answer(at.confirm(name).booking.id)
    early = at.office.booking(name).checks[0].opens.date() - timedelta(days=1)
    at.office.check(name, "fit-to-fly", "yes", early - timedelta(days=1), PLANNER)
    with pytest.raises(OpenChecksError, match="fit-to-fly"):
        at.office.execute(name, PLANNER)


def test_nobody_answers_a_check_tomorrow(at: Small) -> None:
    name = at.confirm(at.hold(REMOVED)[0].booking.id).booking.id
    tomorrow = NOON.date() + timedelta(days=1)
    with pytest.raises(TooSoonError, match="2026-11-23, and today is 2026-11-22"):
        at.office.check(name, "fit-to-fly", "yes", tomorrow, PLANNER)
    at.clock.wait(hours=5)
    assert at.office.check(name, "fit-to-fly", "yes", tomorrow, PLANNER).checks


def test_a_check_is_one_that_the_booking_asks(at: Small) -> None:
    name = at.hold(REMOVED)[0].booking.id
    with pytest.raises(NotAskedError):
        at.office.check(name, "detention-grounds", "yes", NOON.date(), PLANNER)


def test_a_case_has_one_booking_of_a_leg(at: Small) -> None:
    (held,) = at.hold(PLACED)
    with pytest.raises(TakenError) as told:
        at.hold(PLACED, n=3)
    assert [(one.unit, one.booking) for one in told.value.taken] == [
        (f"case/{PLACED}", held.booking.id)
    ]


def test_what_is_held_is_of_one_case_that_there_is(at: Small) -> None:
    (one,), (other,) = at.proposed(PLACED), at.proposed(REMOVED)
    for wrong in ([one, other], [one.model_copy(update={"case": "nobody"})], []):
        with pytest.raises(OneCaseError):
            at.office.hold(wrong, PLANNER)


def test_what_breaks_a_rule_is_not_held(at: Small) -> None:
    (booking,) = at.proposed(PLACED)
    alone = tuple(one for one in booking.attendances if one.role != "lawyer")
    with pytest.raises(RefusedError) as told:
        at.office.hold([booking.model_copy(update={"attendances": alone})], PLANNER)
    assert "lawyer" in {one.constraint for one in told.value.violations}
    assert at.office.bookings() == ()
    assert_whole(at.database)


def test_a_proposal_made_before_the_world_changed_is_looked_at_again(at: Small) -> None:
    bookings = at.proposed(PLACED)
    (block,) = [one for one in bookings[0].attendances if one.role == "interpreter"]
    away = Interval(from_=block.from_, until=block.until)
    at.office.happened([_away("tolk-ary-1", away)], PLANNER)
    with pytest.raises(RefusedError):
        at.office.hold(bookings, PLANNER)


def _away(name: str, value: Interval) -> Event:
    return ResourceAway(id="e1", at=NOON, subject=name, kind="resource-away", value=value)


def test_a_change_is_refused_to_who_read_an_older_revision(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    at.office.confirm(held.booking.id, "DV&O", PLANNER)
    with pytest.raises(StaleError):
        at.office.release(held.booking.id, PLANNER, revision=held.revision)
    now = at.office.booking(held.booking.id)
    assert now.revision > held.revision
    assert at.office.release(held.booking.id, PLANNER, now.revision).status == Status.released


def test_there_is_no_booking_that_was_never_made(at: Small) -> None:
    for asked in ASKED.values():
        with pytest.raises(UnknownBookingError):
            asked(at, "nothing")


def test_who_departs_independently_keeps_nothing_and_everything_is_free_at_once(at: Small) -> None:
    mine = names((*at.hold(CHAIN),))
    others = names(at.hold(FAMILY))
    left = Trigger(kind="independent-departure", at=NOON)
    event = TriggerAdded(id="e1", at=NOON, subject=CHAIN, kind="trigger-added", value=left)
    found = at.office.happened([event], PLANNER)
    assert [one.case for one in found.dropped] == [CHAIN]
    assert (found.kept, found.untouched) == ((), (FAMILY,))
    ended = [at.office.booking(one) for one in mine]
    assert {one.status for one in ended} == {Status.cancelled}
    assert {one.reason for one in ended} == {Failure.person_departed_independently}
    assert claims(at, *mine) == 0 < claims(at, *others)
    assert_whole(at.database)


def test_a_withdrawn_case_keeps_nothing_that_has_not_begun(at: Small) -> None:
    (held,) = at.hold(PLACED)
    event = CaseWithdrawn(id="e1", at=NOON, subject=PLACED, kind="case-withdrawn")
    at.office.happened([event], PLANNER)
    assert claims(at, held.booking.id) == 0
    assert at.office.booking(held.booking.id).reason == Failure.case_withdrawn
    assert PLACED not in at.office.world().case
    assert all(one.case != PLACED for one in at.office.world().bookings)
    assert_whole(at.database)


def test_a_case_that_was_withdrawn_can_come_back(at: Small) -> None:
    (held,) = at.hold(PLACED)
    case = at.office.world().case[PLACED]
    gone = CaseWithdrawn(id="e1", at=NOON, subject=PLACED, kind="case-withdrawn")
    back = CaseAdded(id="e2", at=NOON, subject=PLACED, kind="case-added", value=case)
    at.office.happened([gone], PLANNER)
    found = at.office.happened([back], PLANNER)
    assert [one.case for one in found.new] == [PLACED]
    assert at.office.world().case[PLACED] == case
    assert at.office.world().cases[-1] == case
    assert at.office.booking(held.booking.id).status == Status.cancelled
    assert_whole(at.database)


def _cancelled(departure: str) -> Event:
    value = DepartureChange(cancelled=True)
    return DepartureChanged(
        id="e1", at=NOON, subject=departure, kind="departure-changed", value=value
    )


def test_who_flew_on_a_cancelled_flight_is_proposed_another_that_all_are_asked_about(
    at: Small,
) -> None:
    (held,) = at.hold(REMOVED)
    at.confirm(held.booking.id)
    found = at.office.happened([_cancelled("tk1952-1126")], PLANNER)
    (moved,) = found.moved
    (after,) = moved.after
    told = at.office.booking(after.id)
    assert (after.departure, told.status) == ("tk1952-1127", Status.proposed)
    assert {one.answer for one in told.partners} == {None}
    failed = at.office.booking(held.booking.id)
    assert (failed.status, failed.reason) == (Status.cancelled, Failure.departure_cancelled)
    assert {one.answer for one in failed.partners} == {"confirmed"}
    assert_whole(at.database)


def test_what_was_only_proposed_has_not_failed_when_it_moves(at: Small) -> None:
    at.hold(REMOVED)
    (proposed,) = at.office.happened([_cancelled("tk1952-1126")], PLANNER).moved[0].after
    assert proposed.departure is not None
    at.office.happened([_cancelled(proposed.departure)], PLANNER)
    told = at.office.booking(proposed.id)
    assert (told.status, told.reason) in {
        (Status.released, Release.replaced),
        (Status.released, Release.withdrawn),
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"whereabouts-known": "no"}, Failure.person_not_found),
        ({"no-suspensive-appeal": "no"}, Failure.legal_procedure),
        ({"last-removability-check": "no"}, Failure.removability_withdrawn),
        ({"no-medical-bar": "no"}, Failure.medical),
    ],
)
def test_what_an_event_ends_has_failed_for_what_the_event_tells(
    at: Small, change: dict[str, Literal["no"]], reason: Failure
) -> None:
    (held,) = at.hold(REMOVED)
    (fact,) = change
    subject = REMOVED if REGISTER.facts[fact].of == "case" else f"{REMOVED}-a"
    value = {fact: Fact(value="no", since=NOON.date())}
    event = FactChanged(id="e1", at=NOON, subject=subject, kind="fact-changed", value=value)
    (dropped,) = at.office.happened([event], PLANNER).dropped
    assert dropped.events == ("e1",)
    assert at.office.booking(held.booking.id).reason == reason


def test_whatever_rule_breaks_there_is_a_reason_for_it() -> None:
    for constraint in REGISTER.constraints:
        told = failure(Outcome(case="zk-1", reason="", broke=constraint.id), ())
        owed_to_time = constraint.light == EXECUTION and told == Failure.planning_error
        assert owed_to_time or told != Failure.planning_error


def test_an_event_that_lies_ahead_has_not_happened(at: Small) -> None:
    at.hold(PLACED)
    before = at.office.world()
    with pytest.raises(EventError, match="lies more than a day ahead: it is 2026-11-22T18:00Z"):
        at.office.happened([_gone(NOON + timedelta(days=1, seconds=1))], PLANNER)
    assert at.office.world() == before
    at.office.happened([_gone(NOON + timedelta(days=1))], PLANNER)


def _gone(at: datetime) -> Event:
    return CaseWithdrawn(id="e1", at=at, subject=PLACED, kind="case-withdrawn")


# --- Time ---------------------------------------------------------------------------------------


def test_what_has_passed_is_neither_proposed_nor_held(at: Small) -> None:
    old = at.proposed(REMOVED)
    at.clock.now = old[0].start + timedelta(minutes=1)
    with pytest.raises(RefusedError):
        at.office.hold(old, PLANNER)
    for one in at.office.desk().ask(REMOVED).proposals:
        assert one.bookings[0].start > at.clock.now


def test_the_world_is_of_the_slot_in_which_it_is_asked(at: Small) -> None:
    at.clock.wait(minutes=14)
    assert at.office.world().as_of == NOON
    at.clock.wait(minutes=1)
    assert at.office.world().as_of == NOON + timedelta(minutes=15)


def test_the_horizon_goes_along_with_time_and_what_was_booked_stays(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    at.carry_out(held.booking.id)
    start = small_world().horizon.start
    at.clock.now = start + timedelta(days=60, hours=1)
    assert at.office.world().grid.start == start + timedelta(days=60)
    assert at.office.world().bookings == (at.office.booking(held.booking.id).booking,)
    for case in (REMOVED, PLACED, CHAIN):
        assert at.office.desk().ask(case).blocking is not None
    assert at.office.happened([_gone(at.clock())], PLANNER).dropped == ()
    assert at.office.export(PLANNER).horizon == at.office.world().horizon
    assert_whole(at.database)


def test_a_store_to_practise_in_goes_on_from_the_moment_of_its_world(database: Database) -> None:
    clock = Clock(NOON + timedelta(days=400, hours=3))
    Office(database, clock).begin(small_world(), PLANNER, practice=True)
    office = Office(database, clock)
    assert office.now() == NOON
    assert office.world() == small_world()
    clock.wait(minutes=30)
    assert office.world().as_of == NOON + timedelta(minutes=30)
    (held,) = office.hold(office.desk().ask(REMOVED).proposals[0].bookings, PLANNER)
    assert held.expires_at == office.now() + timedelta(minutes=15)


def test_a_proposal_gives_way_to_a_hold_of_its_case(at: Small) -> None:
    at.hold(REMOVED)
    found = at.office.happened([_cancelled("tk1952-1126")], PLANNER)
    (proposed,) = found.moved[0].after
    (held,) = at.hold(REMOVED)
    assert held.status == Status.held
    told = at.office.booking(proposed.id)
    assert (told.status, told.reason) == (Status.released, Release.replaced)
    assert_whole(at.database)


def test_a_chain_whose_flight_is_cancelled_keeps_what_was_promised_of_its_placement(
    at: Small,
) -> None:
    placement, removal = at.hold(CHAIN)
    at.confirm(placement.booking.id)
    flight = removal.booking.departure
    assert flight is not None
    found = at.office.happened([_cancelled(flight)], PLANNER)
    assert [one.case for one in found.moved] == [CHAIN]
    told = {one.booking.operation: one for one in at.office.bookings() if one.status in CLAIMING}
    assert told["placement"].booking.phases == placement.booking.phases
    assert told["placement"].status == Status.confirmed
    assert {one.answer for one in told["placement"].partners} == {"confirmed"}
    assert told["removal"].status == Status.proposed
    assert_whole(at.database)


def test_what_was_carried_out_stays_whatever_happens(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    at.carry_out(held.booking.id)
    now = at.clock()
    left = Trigger(kind="independent-departure", at=now)
    at.office.happened(
        [TriggerAdded(id="e1", at=now, subject=REMOVED, kind="trigger-added", value=left)], PLANNER
    )
    assert at.office.booking(held.booking.id).status == Status.executed
    assert_whole(at.database)


def test_a_hold_that_stands_keeps_its_time_when_something_happens(at: Small) -> None:
    held, followed = at.hold(CHAIN)
    at.clock.wait(minutes=5)
    flight = followed.booking.departure
    assert flight is not None
    at.office.happened([_cancelled(flight)], PLANNER)
    told = at.office.booking(held.booking.id)
    assert told.booking.nights != held.booking.nights
    assert (told.status, told.expires_at) == (Status.held, held.expires_at)


def test_an_event_about_what_there_is_not_changes_nothing(at: Small) -> None:
    at.hold(PLACED)
    before = at.office.world()
    with pytest.raises(EventError):
        at.office.happened([_cancelled("nowhere")], PLANNER)
    assert at.office.world() == before
    assert_whole(at.database)


def test_the_reasons_of_what_failed_can_be_counted(at: Small) -> None:
    for reason in (Failure.medical, Failure.medical, Failure.country_refused):
        name = at.hold(REMOVED)[0].booking.id
        at.office.cancel(name, reason, PLANNER)
    with at.database.reading() as connection:
        counted = connection.execute(
            select(BOOKINGS.c.reason, func.count())
            .where(BOOKINGS.c.status == "cancelled")
            .group_by(BOOKINGS.c.reason)
        ).all()
    assert {tuple(row) for row in counted} == {("medical", 2), ("country-refused", 1)}


def test_an_answer_counts_from_the_first_whole_day_of_its_window(
    at: Small,
) -> None:
    (held,) = at.hold(REMOVED)
    at.confirm(held.booking.id)
    check = next(one for one in held.checks if one.before - one.opens > timedelta(days=1))
    assert check.opens.astimezone(HERE).time() > time.min
    day = check.opens.astimezone(HERE).date()
    at.clock.now = check.before
    stale, fresh = (
        next(
            one
            for one in at.office.check(held.booking.id, check.fact, "yes", since, PLANNER).checks
            if one.fact == check.fact
        )
        for since in (day, day + timedelta(days=1))
    )
    assert (stale.passed, fresh.passed) == (False, True)


# --- What a review found --------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [10, 180])
def test_who_flew_on_a_flight_that_is_retimed_is_planned_anew(at: Small, minutes: int) -> None:
    (held,) = at.hold(REMOVED)
    flight = at.office.world().departure[held.booking.departure or ""]
    later = timedelta(minutes=minutes)
    value = DepartureChange(departs=flight.departs + later, arrives=flight.arrives + later)
    event = DepartureChanged(
        id="e1", at=NOON, subject=flight.id, kind="departure-changed", value=value
    )
    (moved,) = at.office.happened([event], PLANNER).moved
    assert at.office.booking(held.booking.id).reason == Failure.departure_changed
    assert at.office.booking(moved.after[0].id).status == Status.proposed
    assert_whole(at.database)


def test_a_chain_follows_itself_whatever_of_it_moves(at: Small) -> None:
    placement, _ = at.hold(CHAIN)
    (police,) = [one for one in placement.booking.attendances if one.role == "police"]
    away = Interval(from_=police.from_, until=police.until)
    at.office.happened([_away(police.resources[0], away)], PLANNER)
    world = at.office.world()
    standing = {one.id: one for one in world.booked[CHAIN] if one.claims}
    follows = [one.follows for one in standing.values() if one.follows]
    assert len(follows) == 1
    assert follows[0] in standing
    parse_world(canonical(document(world)), REGISTER)
    assert_whole(at.database)


def test_the_legs_of_a_chain_run_out_together(at: Small) -> None:
    placement, removal = at.hold(CHAIN)
    at.office.happened([_cancelled(removal.booking.departure or "")], PLANNER)
    at.clock.wait(minutes=10)
    legs = [one for one in at.office.world().booked[CHAIN] if one.operation == "removal"]
    (again,) = at.office.hold([one for one in legs if one.claims], PLANNER)
    assert at.office.booking(placement.booking.id).expires_at == again.expires_at
    at.clock.wait(minutes=14)
    assert at.confirm(again.booking.id).status == Status.confirmed
    assert at.office.booking(placement.booking.id).status == Status.confirmed


def test_a_removal_is_not_confirmed_when_its_placement_is_gone(at: Small) -> None:
    placement, removal = at.hold(CHAIN)
    with at.database.writing() as connection:
        mine = update(BOOKINGS).where(BOOKINGS.c.id == placement.booking.id)
        connection.execute(mine.values(status="released", expires_at=None, reason="expired"))
        connection.execute(delete(CLAIMS).where(CLAIMS.c.booking_id == placement.booking.id))
    with pytest.raises(TooSoonError, match="which is released"):
        at.office.confirm(removal.booking.id, removal.partners[0].partner, PLANNER)


def test_what_failed_may_have_followed_what_was_let_go(at: Small) -> None:
    _, removal = at.hold(CHAIN)
    at.office.happened([_cancelled(removal.booking.departure or "")], PLANNER)
    at.clock.wait(minutes=30)
    at.hold(CHAIN)
    parse_world(canonical(document(at.office.export(PLANNER))), REGISTER)
    at.office.happened([_gone(at.clock())], PLANNER)


def test_what_is_known_later_overtakes_the_answer_to_a_check(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    at.confirm(held.booking.id)
    at.answer(held.booking.id)
    at.clock.now = max(at.clock.now, held.booking.start)
    fact = "last-removability-check"
    no = Fact(value="no", since=at.clock.now.date())
    event = FactChanged(
        id="e1", at=at.clock.now, subject=REMOVED, kind="fact-changed", value={fact: no}
    )
    at.office.happened([event], PLANNER)
    assert at.office.world().case[REMOVED].facts[fact].value == "no"
    with pytest.raises((OpenChecksError, IllegalStepError)):
        at.office.execute(held.booking.id, PLANNER)


def test_an_answer_overtakes_what_was_known_before(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    at.confirm(held.booking.id)
    at.answer(held.booking.id)
    fact = "last-removability-check"
    old = Fact(value="yes", since=NOON.date())
    event = FactChanged(id="e1", at=NOON, subject=REMOVED, kind="fact-changed", value={fact: old})
    at.office.happened([event], PLANNER)
    assert at.office.world().case[REMOVED].facts[fact].source == held.booking.id


def test_an_event_a_little_ahead_does_not_take_the_world_along(at: Small) -> None:
    at.office.happened([_gone(NOON + timedelta(hours=23))], PLANNER)
    assert at.office.world().as_of == NOON


def test_what_is_told_of_a_withdrawn_case_is_ignored(at: Small) -> None:
    at.office.happened([_gone(NOON)], PLANNER)
    late = FactChanged(
        id="e2",
        at=NOON,
        subject=f"{PLACED}-a",
        kind="fact-changed",
        value={"fit-to-fly": Fact(value="no")},
    )
    other = ResourceAway(
        id="e3",
        at=NOON,
        subject="rv-03",
        kind="resource-away",
        value=Interval(from_=NOON, until=NOON + timedelta(hours=1)),
    )
    assert at.office.happened([_gone(NOON), other], PLANNER).ignored == ("e1",)
    assert at.office.happened([late], PLANNER).ignored == ("e2",)
    assert at.office.world().resource["rv-03"].away


def test_a_booking_is_carried_out_when_it_has_begun_and_held_before(at: Small) -> None:
    (held,) = at.hold(REMOVED)
    at.confirm(held.booking.id)
    at.answer(held.booking.id)
    at.clock.now = held.booking.start - timedelta(minutes=1)
    with pytest.raises(TooSoonError, match="begins at"):
        at.office.execute(held.booking.id, PLANNER)
    proposed = at.proposed(PLACED)
    at.clock.now = proposed[0].start + timedelta(minutes=14)
    with pytest.raises(RefusedError, match="begins in the past"):
        at.office.hold(proposed, PLANNER)


def test_the_nights_of_who_departs_independently_are_free_from_that_day_on(at: Small) -> None:
    placement, _ = at.hold(CHAIN)
    booking = at.carry_out(placement.booking.id).booking
    assert len(booking.nights) > 1
    at.clock.now = datetime.combine(booking.nights[1], time(12), HERE)
    left = Trigger(kind="independent-departure", at=at.clock.now)
    at.office.happened(
        [TriggerAdded(id="e", at=at.clock.now, subject=CHAIN, kind="trigger-added", value=left)],
        PLANNER,
    )
    assert at.office.booking(booking.id).booking.nights == booking.nights[:1]
    assert_whole(at.database)


def test_a_store_older_than_its_rules_hears_events(at: Small) -> None:
    at.clock.wait(days=500)
    assert at.office.world().rules_date > small_world().rules_date
    at.office.happened([_gone(at.clock())], PLANNER)
    parse_world(canonical(document(at.office.export(PLANNER))), REGISTER)


def test_what_ran_out_is_another_revision(at: Small) -> None:
    (held,) = at.hold(PLACED)
    at.clock.wait(minutes=15)
    assert at.office.booking(held.booking.id).revision != held.revision


def test_once_a_chain_is_placed_its_removal_lives_alone(at: Small) -> None:
    placement, removal = at.hold(CHAIN)
    placed = at.carry_out(placement.booking.id).booking
    case = at.office.world().case[CHAIN]
    assert (case.operation, case.location) == (
        "removal",
        at.office.world().facility[placed.facility or ""].location,
    )
    carrier = "Luchtvaartmaatschappij"
    name = removal.booking.id
    assert at.office.booking(name).status == Status.confirmed
    declined = at.office.decline(name, carrier, Failure.carrier_refused, PLANNER)
    later = max(instead(declined), key=lambda one: one.bookings[-1].start)
    (again,) = at.office.hold(later.bookings, PLANNER)
    assert again.booking.follows == placed.id
    stays = at.office.booking(placed.id)
    assert stays.status == Status.executed
    assert len(stays.booking.nights) > len(placed.nights)
    assert_whole(at.database)
    done = at.carry_out(again.booking.id)
    assert done.status == Status.executed
    parse_world(canonical(document(at.office.export(PLANNER))), REGISTER)


def test_who_was_placed_and_whose_flight_is_cancelled_gets_another(at: Small) -> None:
    placement, removal = at.hold(CHAIN)
    placed = at.carry_out(placement.booking.id).booking
    now = at.clock()
    event = DepartureChanged(
        id="e1",
        at=now,
        subject=removal.booking.departure or "",
        kind="departure-changed",
        value=DepartureChange(cancelled=True),
    )
    (moved,) = at.office.happened([event], PLANNER).moved
    told = {one.operation: one for one in moved.after}
    assert told["removal"].follows == placed.id
    assert at.office.booking(told["removal"].id).status == Status.proposed
    assert at.office.booking(placed.id).status == Status.executed
    assert_whole(at.database)
    parse_world(canonical(document(at.office.export(PLANNER))), REGISTER)
