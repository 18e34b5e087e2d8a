"""An officer in charge asks a planner for what the lights offer, and a planner settles it."""

import pytest
from sqlalchemy import select

from api.desk import Desk, UnknownCaseError
from api.office import Office
from api.store.database import Database
from api.store.logs import Actor, tampered
from api.store.requests import (
    LONGEST,
    NotOfferedError,
    SettledError,
    UnknownRequestError,
    fits,
)
from api.store.tables import AUDIT, PROCESSING
from api.traffic_lights import MoveView, RepairView, without_moves
from scheduler.proposal import Words
from scheduler.world import World
from tests.store.offices import PLACED, PLANNER, REMOVED, TWIN, Clock, Small, small_world

OFFICER = Actor("officer-1", "test")


def without_police() -> World:
    """Return the small world in which no police is on duty, so that nobody can be placed."""
    world = small_world()
    return world.but(
        resources=tuple(
            one.model_copy(update={"shifts": ()}) if one.role == "police" else one
            for one in world.resources
        )
    )


@pytest.fixture
def at(database: Database) -> Small:
    made = Small(database)
    made.office.begin(without_police(), PLANNER)
    return made


def offered(at: Small, case: str = PLACED) -> RepairView:
    return at.office.desk().lights(case).repairs[0]


def lines(at: Small) -> list[tuple[str, str, str, str]]:
    columns = AUDIT.c.actor, AUDIT.c.action, AUDIT.c.object, AUDIT.c.result
    with at.database.reading() as connection:
        assert [*tampered(connection)] == []
        rows = connection.execute(select(*columns).order_by(AUDIT.c.number))
        return [tuple(row) for row in rows if row[1] != "import"]


def told_of(at: Small) -> list[str]:
    asked = select(PROCESSING.c.data_subject).where(PROCESSING.c.activity == "request")
    with at.database.reading() as connection:
        return [*connection.execute(asked.order_by(PROCESSING.c.id)).scalars()]


def test_a_request_keeps_its_repair_word_for_word(at: Small) -> None:
    repair = offered(at)
    assert repair.kind == "capacity"
    request = at.office.ask(PLACED, repair, OFFICER)
    assert (request.case, request.status, request.at) == (PLACED, "open", at.clock())
    assert at.office.requests() == (request,)
    assert at.office.requests()[0].repair == repair


def test_a_request_is_kept_for_who_opens_the_store_later(at: Small) -> None:
    request = at.office.ask(PLACED, offered(at), OFFICER)
    assert Office(at.database, Clock()).requests() == (request,)


def test_requests_come_in_order_by_status_and_in_pages(at: Small) -> None:
    asked = []
    for case in (PLACED, TWIN, TWIN):
        at.clock.wait(minutes=1)
        asked.append(at.office.ask(case, offered(at, case), OFFICER))
        if len(asked) == 2:
            done = at.office.settle(asked[1].id, "done", PLANNER)
    assert at.office.requests() == (asked[0], done, asked[2])
    assert at.office.requests("open") == (asked[0], asked[2])
    assert at.office.requests("open", offset=1) == (asked[2],)
    assert at.office.requests(limit=1) == (asked[0],)
    assert at.office.requests("refused") == ()


def test_what_is_asked_again_while_it_is_open_is_that_request(at: Small) -> None:
    first = at.office.ask(PLACED, offered(at), OFFICER)
    at.clock.wait(minutes=1)
    assert at.office.ask(PLACED, offered(at), OFFICER) == first
    assert at.office.requests() == (first,)
    at.office.settle(first.id, "refused", PLANNER)
    assert at.office.ask(PLACED, offered(at), OFFICER).id != first.id


def test_an_officer_asks_for_a_swap_without_the_bookings_of_others_and_a_planner_has_them(
    at: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    lights = at.office.desk().lights(PLACED)
    theirs = at.proposed(REMOVED)
    move = MoveView(case=REMOVED, renamed=True, before=theirs, after=theirs)
    swap = lights.repairs[0].model_copy(update={"moves": (move,)})
    offers = lights.model_copy(update={"repairs": (swap,)})
    monkeypatch.setattr(Desk, "lights", lambda *_: offers)
    asked = without_moves(swap)
    assert asked.moves == ()
    assert [one.nl for one in asked.says] == ["wijziging van één andere boeking"]
    assert REMOVED not in asked.model_dump_json()
    assert at.office.ask(PLACED, asked, OFFICER).repair == swap


def test_a_request_is_settled_once(at: Small) -> None:
    name = at.office.ask(PLACED, offered(at), OFFICER).id
    assert at.office.settle(name, "refused", PLANNER).status == "refused"
    with pytest.raises(SettledError) as refused:
        at.office.settle(name, "done", PLANNER)
    assert refused.value.status == "refused"
    assert [one.status for one in at.office.requests()] == ["refused"]


def test_who_asked_and_who_settled_is_audited_and_whose_data_it_was_is_recorded(at: Small) -> None:
    name = at.office.ask(PLACED, offered(at), OFFICER).id
    at.office.settle(name, "done", PLANNER)
    with pytest.raises(SettledError):
        at.office.settle(name, "done", PLANNER)
    assert lines(at) == [
        ("officer-1", "request", PLACED, "done"),
        ("officer-1", "request", name, "done"),
        ("planner-1", "settle", name, "done"),
        ("planner-1", "settle", name, "SettledError"),
    ]
    assert told_of(at) == [f"{PLACED}-a", f"{PLACED}-a"]


def test_there_is_no_request_of_an_unknown_id(at: Small) -> None:
    with pytest.raises(UnknownRequestError):
        at.office.settle("request-0", "done", PLANNER)


def test_there_is_no_request_about_an_unknown_case(at: Small) -> None:
    with pytest.raises(UnknownCaseError):
        at.office.ask("zk-9999", offered(at), OFFICER)


def test_only_what_the_lights_offer_is_asked(at: Small) -> None:
    named = offered(at).model_copy(update={"says": (Words(nl="Jan Jansen", en="Jan Jansen"),)})
    with pytest.raises(NotOfferedError):
        at.office.ask(PLACED, named, OFFICER)
    with pytest.raises(NotOfferedError):
        at.office.ask(REMOVED, offered(at), OFFICER)
    assert at.office.requests() == ()
    assert told_of(at) == []
    assert {line[3] for line in lines(at)} == {"NotOfferedError"}


def moving(*cases: str) -> RepairView:
    return RepairView(
        kind="swap",
        says=(),
        moves=tuple(MoveView(case=one, renamed=True, before=(), after=()) for one in cases),
    )


def test_a_repair_of_another_case_is_not_kept(at: Small) -> None:
    world = small_world()
    bookings = Small(at.database).office.desk().ask(REMOVED).proposals[0].bookings
    fits(world, REMOVED, moving(PLACED).model_copy(update={"bookings": bookings}))
    for case, repair in (
        (PLACED, moving(TWIN).model_copy(update={"bookings": bookings})),
        (PLACED, moving(PLACED)),
        (PLACED, moving("zk-9999")),
        ("zk-9999", moving(PLACED)),
        (
            PLACED,
            RepairView(
                kind="swap",
                says=(),
                moves=(MoveView(case=TWIN, renamed=True, before=bookings, after=()),),
            ),
        ),
    ):
        with pytest.raises(NotOfferedError):
            fits(world, case, repair)


def test_a_repair_is_no_longer_than_any_repair_is(at: Small) -> None:
    long = Words(nl="n" * (LONGEST // 2), en="e" * (LONGEST // 2))
    with pytest.raises(NotOfferedError, match="longer"):
        fits(at.office.world(), PLACED, offered(at).model_copy(update={"says": (long,)}))
