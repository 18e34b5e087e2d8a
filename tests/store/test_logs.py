"""Three logs kept apart: whose data was used, who did what, and nothing of persons beside."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from api.office.refusals import NotAskedError, OneCaseError
from api.store.logs import Line, tampered
from api.store.standing import UnknownBookingError
from api.store.tables import AUDIT, PROCESSING, STORE
from tests.store.offices import (
    CHAIN,
    FAMILY,
    NOON,
    PLACED,
    PLANNER,
    REMOVED,
    Small,
    assert_whole,
    small_world,
)

FIELDS = [column.name for column in AUDIT.columns if column.name != "number"]


def lines(at: Small) -> list[dict[str, Any]]:
    """Return the audit log."""
    with at.database.reading() as connection:
        asked = select(AUDIT).order_by(AUDIT.c.number)
        return [dict(row) for row in connection.execute(asked).mappings()]


def found(at: Small) -> list[int]:
    """Return the numbers of the lines that are not as they were written."""
    with at.database.reading() as connection:
        return [*tampered(connection)]


@pytest.fixture
def told(at: Small) -> Small:
    """An office in which something was done."""
    name = at.hold(PLACED)[0].booking.id
    at.office.confirm(name, "COA", PLANNER)
    at.cancel(name)
    at.hold(REMOVED)
    return at


def test_an_audit_log_that_nobody_touched_is_whole(told: Small) -> None:
    assert [one["number"] for one in lines(told)] == [1, 2, 3, 4, 5]
    assert found(told) == []


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_that_was_tampered_with_is_found(told: Small, field: str) -> None:
    with told.database.writing() as connection:
        value = "f" * 64 if field == "hash" else "other"
        connection.execute(update(AUDIT).where(AUDIT.c.number == 3).values({field: value}))
    assert found(told)[0] == 3


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_every_line_that_was_removed_is_found(told: Small, number: int) -> None:
    with told.database.writing() as connection:
        connection.execute(delete(AUDIT).where(AUDIT.c.number == number))
    assert found(told) == [number + 1]


def test_lines_that_change_places_are_found(told: Small) -> None:
    with told.database.writing() as connection:
        for number, other in ((2, 99), (3, 2), (99, 3)):
            moved = update(AUDIT).where(AUDIT.c.number == number)
            connection.execute(moved.values(number=other))
    assert found(told) == [2, 3, 4]


def test_a_line_written_anew_with_its_hash_is_found_by_the_next(told: Small) -> None:
    all_lines = lines(told)
    fields = all_lines[2] | {"actor": "somebody"}
    fields.pop("hash")
    with told.database.writing() as connection:
        hash = Line(**fields).hash(all_lines[1]["hash"])
        values = {"actor": "somebody", "hash": hash}
        connection.execute(update(AUDIT).where(AUDIT.c.number == 3).values(values))
    assert found(told) == [4]


def test_the_first_line_cannot_be_forgotten_unsaid(told: Small) -> None:
    with told.database.writing() as connection:
        connection.execute(update(STORE).values(audit_from=2))
    assert found(told)[0] == 1


def test_a_line_says_who_did_what_to_what_with_which_result_from_where(told: Small) -> None:
    said = [
        (one["actor"], one["action"], one["object"], one["result"], one["origin"])
        for one in lines(told)
    ]
    world = f"world/{small_world().fingerprint}"
    assert said == [
        ("planner-1", "import", world, "done", "test"),
        ("planner-1", "hold", f"{PLACED}-placement", "done", "test"),
        ("planner-1", "confirm", f"{PLACED}-placement", "done", "test"),
        ("planner-1", "cancelled", f"{PLACED}-placement", "done", "test"),
        ("planner-1", "hold", f"{REMOVED}-removal", "done", "test"),
    ]


def test_what_is_refused_is_in_the_audit_log_and_changes_nothing_else(at: Small) -> None:
    name = at.hold(PLACED)[0].booking.id
    before, used = at.office.booking(name), processing(at)
    with pytest.raises(NotAskedError):
        at.office.confirm(name, "KMar", PLANNER)
    assert (at.office.booking(name), processing(at)) == (before, used)
    assert [(one["object"], one["result"]) for one in lines(at)][-1] == (name, "NotAskedError")
    assert_whole(at.database)


def test_a_chain_has_a_line_for_each_of_its_bookings(at: Small) -> None:
    at.hold(CHAIN)
    assert [one["object"] for one in lines(at)][1:] == [f"{CHAIN}-placement", f"{CHAIN}-removal"]


def test_no_log_repeats_what_somebody_calls_a_booking_that_there_is_not(at: Small) -> None:
    (proposed,) = at.proposed(PLACED)
    at.office.hold([proposed.model_copy(update={"id": "jan-de-vries"})], PLANNER)
    with pytest.raises(UnknownBookingError):
        at.office.release("jan-de-vries", PLANNER)
    with pytest.raises(OneCaseError):
        at.office.hold([proposed.model_copy(update={"case": "jan-de-vries"})], PLANNER)
    assert [(one["action"], one["object"], one["result"]) for one in lines(at)][1:] == [
        ("hold", f"{PLACED}-placement", "done"),
        ("released", "unknown", "UnknownBookingError"),
        ("hold", "unknown", "OneCaseError"),
    ]


def test_what_became_of_others_has_a_line_of_its_own(at: Small) -> None:
    at.hold(PLACED)
    at.clock.wait(minutes=15)
    at.hold(CHAIN)
    at.cancel(f"{CHAIN}-removal")
    assert [(one["action"], one["object"]) for one in lines(at)][2:] == [
        ("hold", f"{CHAIN}-placement"),
        ("hold", f"{CHAIN}-removal"),
        ("expired", f"{PLACED}-placement"),
        ("cancelled", f"{CHAIN}-removal"),
        ("medical", f"{CHAIN}-placement"),
    ]


def processing(at: Small) -> Counter[tuple[str, str, str]]:
    """Return the processing log: action, activity and person, each with how often it is there."""
    with at.database.reading() as connection:
        asked = select(PROCESSING.c.operation_id, PROCESSING.c.activity, PROCESSING.c.data_subject)
        return Counter(tuple(row) for row in connection.execute(asked))


def test_each_action_is_recorded_once_for_each_person(at: Small) -> None:
    people = {one.id for case in small_world().cases for one in case.persons}
    (name,) = [one.booking.id for one in at.hold(FAMILY)]
    at.office.confirm(name, "KMar", PLANNER)
    at.office.check(name, "fit-to-fly", "yes", NOON.date(), PLANNER)
    at.office.release(name, PLANNER)
    log = processing(at)
    assert set(log.values()) == {1}
    family = {one.id for one in small_world().case[FAMILY].persons}
    by_activity: dict[str, set[str]] = {}
    for _, activity, person in log:
        by_activity.setdefault(activity, set()).add(person)
    assert len(family) == 3
    assert by_activity == {
        "import": people,
        "book": family,
        "confirm": family,
        "answer-check": family,
        "release": family,
    }
    assert len({operation for operation, _, _ in log}) == 5


def test_the_processing_log_never_names_a_user(told: Small) -> None:
    assert not {"actor", "user", "origin"} & set(PROCESSING.columns.keys())
    with told.database.reading() as connection:
        rows = connection.execute(select(PROCESSING)).all()
    assert rows
    assert not [row for row in rows if any(PLANNER.id in str(one) for one in row)]


def test_the_audit_log_never_names_a_person(told: Small) -> None:
    people = {one.id for case in small_world().cases for one in case.persons}
    assert not [one for one in lines(told) if people & {str(value) for value in one.values()}]
