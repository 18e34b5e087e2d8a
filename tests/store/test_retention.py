"""What is due goes, what still stands stays, and the logs tell of it and still verify."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, update

from api.office import Office
from api.store.database import Database
from api.store.life import Failure
from api.store.logs import Actor, audit, moment, tampered
from api.store.requests import ask
from api.store.retention import LONGEST, Periods, PeriodsError, Removed, due, read_periods, retain
from api.store.tables import ANSWERS, AUDIT, BOOKINGS, CHECKS, CONFIRMATIONS, PROCESSING, STORE
from api.store.worlds import EmptyError
from api.traffic_lights import RepairView
from scheduler.event import CaseWithdrawn, Event, TriggerAdded
from scheduler.world import Trigger, World
from tests.store.offices import (
    CHAIN,
    PLACED,
    PLANNER,
    REMOVED,
    TWIN,
    Small,
    assert_whole,
    names,
    small_world,
)

KEEPER = Actor("keeper", "test")
NEVER = Periods.model_validate(dict.fromkeys(Periods.model_fields, 36500))
"""Nothing of the small world is as old as that."""
DAY = timedelta(days=1)


def after(**days: int) -> Periods:
    """Return periods by which only these kinds go."""
    return Periods.model_validate({**dict(NEVER), **days})


def kept(at: Small, periods: Periods) -> Removed:
    """Remove what is due at the moment of the small world's clock."""
    with at.database.writing() as connection:
        expected = due(connection, periods, at.clock())
    with at.database.writing() as connection:
        removed = retain(connection, periods, KEEPER, at.clock())
    assert removed == expected
    assert_whole(at.database)
    assert Office(at.database, at.clock).world() == at.office.world()
    return removed


def then(world: World) -> World:
    """Return a world as it would be at the moment that the small one is of."""
    small = small_world()
    fields = {name: getattr(world, name) for name in World.model_fields}
    return World(
        **fields | {name: getattr(small, name) for name in ("as_of", "horizon", "rules_date")}
    )


def count(at: Small, table: Any) -> int:
    with at.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def bookings(at: Small) -> list[str]:
    return names(at.office.bookings())


def retained(at: Small) -> list[str]:
    """Return the persons whose data the processing log says was removed."""
    asked = select(PROCESSING.c.data_subject).where(PROCESSING.c.activity == "retain")
    with at.database.reading() as connection:
        return sorted(connection.execute(asked).scalars())


def told(at: Small) -> list[str]:
    """Return what the audit log says was removed."""
    asked = select(AUDIT.c.object).where(AUDIT.c.action == "retain", AUDIT.c.actor == "keeper")
    with at.database.reading() as connection:
        return [*connection.execute(asked.order_by(AUDIT.c.number)).scalars()]


# --- Bookings -------------------------------------------------------------------------------------


def test_a_booking_that_failed_goes_with_its_answers_and_checks_when_its_time_is_over(
    at: Small,
) -> None:
    name = at.hold(REMOVED)[0].booking.id
    at.confirm(name)
    at.answer(name)
    at.cancel(name)
    at.clock.wait(days=10, seconds=-1)
    assert kept(at, after(bookings=10)) == Removed()
    assert (count(at, CONFIRMATIONS), count(at, CHECKS)) != (0, 0)
    at.clock.wait(seconds=1)
    assert kept(at, after(bookings=10)) == Removed(bookings=1)
    assert bookings(at) == []
    assert (count(at, CONFIRMATIONS), count(at, CHECKS)) == (0, 0)
    assert then(at.office.world()) == small_world()
    assert retained(at) == [f"{REMOVED}-a"]
    assert told(at) == ["nothing", "bookings/1"]


@pytest.mark.parametrize("how", ["released", "ran out"])
def test_a_booking_that_was_let_go_goes(at: Small, how: str) -> None:
    name = at.hold(PLACED)[0].booking.id
    if how == "released":
        at.office.release(name, PLANNER)
    at.clock.wait(days=1, hours=1)
    assert kept(at, after(bookings=1)) == Removed(bookings=1)
    assert bookings(at) == []


def test_what_stands_stays_however_short_the_periods(at: Small) -> None:
    held = at.hold(PLACED, minutes=60 * 24 * 365)[0].booking.id
    removed = at.hold(REMOVED)[0].booking.id
    at.confirm(removed)
    at.clock.wait(days=300)
    found = kept(at, Periods(bookings=timedelta(), cases=timedelta()))
    assert (found.bookings, found.cases) == (0, 0)
    assert bookings(at) == [held, removed]
    assert at.office.world().case.keys() == small_world().case.keys()


def test_a_booking_that_another_one_follows_stays_with_it(at: Small) -> None:
    placement, removal = names(at.hold(CHAIN))
    at.cancel(removal)
    with at.database.writing() as connection:
        _aged(connection, placement, at.clock() - 20 * DAY)
    assert kept(at, after(bookings=10)) == Removed()
    assert bookings(at) == [placement, removal]
    at.clock.wait(days=10)
    assert kept(at, after(bookings=10)) == Removed(bookings=2)
    assert retained(at) == [f"{CHAIN}-a"]


def _aged(connection: Connection, name: str, at: datetime) -> None:
    connection.execute(update(BOOKINGS).where(BOOKINGS.c.id == name).values(changed_at=moment(at)))


# --- Cases ----------------------------------------------------------------------------------------


def test_a_case_goes_when_it_was_executed_and_nothing_of_it_lies_ahead(at: Small) -> None:
    removal = at.hold(REMOVED)[0].booking
    at.cancel(at.hold(PLACED)[0].booking.id)
    at.carry_out(removal.id)
    at.clock.now = removal.end - timedelta(minutes=1)
    assert kept(at, after(cases=0)).cases == 0, "it is under way still"
    at.clock.now = max(removal.end, *(one.until for one in removal.attendances)) + 10 * DAY
    assert kept(at, after(cases=11)) == Removed()
    assert kept(at, after(cases=10)) == Removed(cases=1, bookings=1)
    assert REMOVED not in at.office.world().case
    assert bookings(at) == [f"{PLACED}-placement"]
    assert retained(at) == [f"{REMOVED}-a"]


def test_the_nights_of_a_placement_that_was_executed_are_not_freed(at: Small) -> None:
    placed = at.hold(PLACED)[0].booking
    at.carry_out(placed.id)
    at.clock.now = datetime.combine(placed.nights[-1], placed.end.time(), UTC)
    assert kept(at, after(cases=0)) == Removed()
    at.clock.wait(days=2)
    assert kept(at, after(cases=0)) == Removed(cases=1, bookings=1)


def test_a_chain_goes_only_when_both_legs_were_executed(at: Small) -> None:
    placement, removal = names(at.hold(CHAIN))
    at.confirm(removal)
    at.carry_out(placement)
    at.cancel(removal)
    at.clock.wait(days=400)
    assert kept(at, after(cases=1)) == Removed()
    assert CHAIN in at.office.world().case
    assert kept(at, after(bookings=1)) == Removed(bookings=1)
    assert bookings(at) == [placement]


def left(at: Small, case: str) -> None:
    """Let the person of a case leave by themselves."""
    event = TriggerAdded(
        id="e-1",
        at=at.clock(),
        subject=case,
        kind="trigger-added",
        value=Trigger(kind="independent-departure", at=at.clock()),
    )
    happened(at, event)


def happened(at: Small, event: Event) -> None:
    at.office.happened([event], PLANNER)


def test_a_case_that_was_withdrawn_goes_with_its_history_and_its_requests(at: Small) -> None:
    at.cancel(at.hold(PLACED)[0].booking.id)
    asked(at, PLACED)
    left(at, PLACED)
    assert kept(at, after(cases=1)) == Removed()
    at.clock.wait(days=3)
    assert kept(at, after(cases=1)) == Removed(cases=1, bookings=1, requests=1)
    assert PLACED not in at.office.world().case
    assert bookings(at) == []
    assert at.office.requests() == ()
    assert retained(at) == [f"{PLACED}-a"]


def test_a_case_that_was_withdrawn_stays_while_something_of_it_stands(at: Small) -> None:
    name = at.hold(PLACED)[0].booking.id
    at.confirm(name)
    at.clock.now = at.office.booking(name).booking.start + timedelta(minutes=15)
    left(at, PLACED)
    assert at.office.booking(name).status == "confirmed"
    at.clock.wait(days=100)
    assert kept(at, after(cases=0)) == Removed()
    assert PLACED in at.office.world().case


def test_a_case_that_is_not_done_stays(at: Small) -> None:
    at.clock.wait(days=3650)
    assert kept(at, Periods()).cases == 0
    assert then(at.office.world()) == small_world()


def test_a_case_that_an_event_took_out_stays_with_its_history_until_its_time_is_over(
    at: Small,
) -> None:
    at.cancel(at.hold(PLACED)[0].booking.id)
    asked(at, PLACED)
    happened(at, CaseWithdrawn(id="e-1", at=at.clock(), subject=PLACED, kind="case-withdrawn"))
    assert PLACED not in at.office.world().case
    assert at.office.bookings()[0].reason == Failure.medical
    assert kept(at, after(cases=1)) == Removed()
    at.clock.wait(days=3)
    assert kept(at, after(cases=1)) == Removed(cases=1, bookings=1, requests=1)
    assert (at.office.bookings(), at.office.requests()) == ((), ())
    assert retained(at) == [f"{PLACED}-a"]


# --- Requests, answers ----------------------------------------------------------------------------


def asked(at: Small, case: str) -> None:
    with at.database.writing() as connection:
        ask(connection, f"request-{case}", case, RepairView(kind="capacity", says=()), at.clock())


def test_requests_go_whether_or_not_they_were_settled(at: Small) -> None:
    asked(at, PLACED)
    asked(at, TWIN)
    at.office.settle(f"request-{PLACED}", "done", PLANNER)
    at.clock.wait(days=4)
    asked(at, REMOVED)
    assert kept(at, after(requests=4)) == Removed(requests=2)
    assert [one.case for one in at.office.requests()] == [REMOVED]
    assert retained(at) == [f"{PLACED}-a", f"{TWIN}-a"]


def test_answers_under_a_key_go_and_the_key_can_be_used_again(at: Small) -> None:
    for key, days in (("old", 0), ("new", 1)):
        at.clock.wait(days=days)
        with at.database.writing() as connection:
            connection.execute(
                insert(ANSWERS),
                {
                    "actor": "planner-1",
                    "operation": "hold",
                    "key": key,
                    "request": "0" * 64,
                    "status": 201,
                    "body": {},
                    "at": at.clock().isoformat(timespec="microseconds"),
                },
            )
    assert kept(at, after(answers=1)) == Removed(answers=1)
    assert count(at, ANSWERS) == 1
    assert retained(at) == []


# --- Logs -----------------------------------------------------------------------------------------


def test_records_of_the_processing_log_go_and_their_going_stands_in_the_audit_log(
    at: Small,
) -> None:
    people = sum(len(one.persons) for one in small_world().cases)
    at.clock.wait(days=2)
    at.hold(PLACED)
    assert kept(at, after(processing=2)) == Removed(processing=people)
    assert count(at, PROCESSING) == 1
    assert retained(at) == []
    assert told(at) == [f"processing/{people}"]


def test_audit_lines_go_from_the_oldest_on_and_the_chain_still_verifies(at: Small) -> None:
    for _ in range(3):
        at.clock.wait(days=1)
        at.office.release(at.hold(PLACED)[0].booking.id, PLANNER)
    assert count(at, AUDIT) == 7
    assert kept(at, after(audit=1)) == Removed(audit=5)
    at.office.release(at.hold(PLACED)[0].booking.id, PLANNER)
    assert kept(at, after(audit=1)) == Removed()
    with at.database.reading() as connection:
        numbers = [*connection.execute(select(AUDIT.c.number).order_by(AUDIT.c.number)).scalars()]
        assert connection.execute(select(STORE.c.audit_from)).scalar_one() == 6
    assert numbers == [6, 7, 8, 9, 10, 11]


def test_a_line_that_was_changed_is_still_found_after_others_went(at: Small) -> None:
    for _ in range(2):
        at.clock.wait(days=1)
        at.office.release(at.hold(PLACED)[0].booking.id, PLANNER)
    kept(at, after(audit=1))
    with at.database.writing() as connection:
        connection.execute(update(AUDIT).where(AUDIT.c.number == 5).values(actor="nobody"))
        assert [*tampered(connection)] == [5]
    with at.database.writing() as connection:
        connection.execute(AUDIT.delete().where(AUDIT.c.number == 4))
        assert 5 in tampered(connection)


def test_the_newest_line_stays_and_so_does_an_old_one_behind_a_younger_one(at: Small) -> None:
    at.clock.wait(days=10)
    assert kept(at, after(audit=1)) == Removed(), "there is one line, the newest"
    with at.database.writing() as connection:
        audit(connection, PLANNER, "hold", ["late"], "done", at.clock() - 5 * DAY)
    assert kept(at, after(audit=1)) == Removed(audit=1)
    assert count(at, AUDIT) == 3


# --- All of it ------------------------------------------------------------------------------------


def test_an_office_that_keeps_the_world_sees_that_something_went(at: Small) -> None:
    at.cancel(at.hold(PLACED)[0].booking.id)
    at.carry_out(at.hold(REMOVED)[0].booking.id)
    other = Office(at.database, at.clock)
    assert len(other.world().bookings) == 2
    at.clock.wait(days=4000)
    found = kept(at, Periods())
    assert (found.bookings, found.cases) == (2, 1)
    assert other.world().bookings == ()
    assert REMOVED not in other.world().case


def test_nothing_goes_when_something_fails(at: Small) -> None:
    at.cancel(at.hold(PLACED)[0].booking.id)
    at.clock.wait(days=4000)

    def removing_and_failing() -> None:
        with at.database.writing() as connection:
            retain(connection, Periods(), KEEPER, at.clock())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        removing_and_failing()
    assert bookings(at) == [f"{PLACED}-placement"]
    assert told(at) == []
    assert_whole(at.database)


def test_a_moment_may_have_any_offset(at: Small) -> None:
    at.cancel(at.hold(PLACED)[0].booking.id)
    now = (at.clock() + DAY).astimezone(timezone(timedelta(hours=-11)))
    with at.database.writing() as connection:
        assert due(connection, after(bookings=1), now).bookings == 1
        assert due(connection, after(bookings=1), now - timedelta(seconds=1)).bookings == 0


def test_an_id_may_come_back_once_its_booking_is_forgotten(at: Small) -> None:
    first = at.hold(PLACED)[0].booking.id
    at.cancel(first)
    assert at.proposed(PLACED)
    at.clock.wait(days=2)
    kept(at, after(bookings=1))
    assert at.hold(PLACED)[0].booking.id == first


def test_an_empty_store_says_so(database: Database) -> None:
    with pytest.raises(EmptyError), database.writing() as connection:
        retain(connection, Periods(), KEEPER, datetime.now(UTC))


# --- Periods --------------------------------------------------------------------------------------


def test_periods_are_days_or_durations_and_the_rest_keeps_its_default() -> None:
    read = read_periods('bookings = 30\naudit = "P7Y"\nanswers = "PT12H"\n')
    assert read == Periods(
        bookings=timedelta(days=30),
        audit=timedelta(days=7 * 365),
        answers=timedelta(hours=12),
    )
    assert read_periods("") == Periods()


def test_every_default_is_told_to_be_a_parameter() -> None:
    for name, field in Periods.model_fields.items():
        assert field.description is not None, name
        assert field.description.endswith("(M)"), name
    assert Removed.model_fields.keys() == Periods.model_fields.keys()


@pytest.mark.parametrize(
    "wrong",
    [
        "cases = -1",
        "cases = true",
        "cases = 1.5",
        "cases = 36501",
        "cases = 999999999999",
        'cases = "a while"',
        'cases = "Pfoo"',
        'cases = "-P1D"',
        'cases = "P9999Y"',
        "cases = 2026-01-01",
        "cases = []",
    ],
)
def test_what_is_no_period_is_told_with_its_path(wrong: str) -> None:
    with pytest.raises(PeriodsError) as refused:
        read_periods(f"bookings = 1\n{wrong}\n")
    (problem,) = refused.value.problems
    assert problem.path == "$.cases"
    assert str(LONGEST.days) in problem.says


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(PeriodsError) as refused:
        read_periods('case = 1\naudit = "x"\n')
    assert [one.path for one in refused.value.problems] == ["$.audit", "$.case"]
    with pytest.raises(PeriodsError, match="TOML"):
        read_periods("cases = ")
