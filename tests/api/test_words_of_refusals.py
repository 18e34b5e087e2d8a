"""What is refused is told in the field's words, and where: what is wrong, and nothing beside it."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from api.access.person import Role
from tests.api.people import asking
from tests.api.test_bookings import hold, proposed
from tests.store.offices import FAMILY, PLACED, REMOVED, Small

Errors = list[tuple[str, str]]
AT = "2026-11-22T18:00:00Z"


def errors(told: Any) -> Errors:
    assert told.status_code == 400, told.text
    return [(one["in"], one["detail"]) for one in told.json()["errors"]]


def test_what_is_held_was_proposed(http: TestClient) -> None:
    (booking,) = proposed(http, PLACED)
    for status in ("executed", "held", "cancelled"):
        told = http.post("/v1/bookings", json={"bookings": [booking | {"status": status}]})
        assert errors(told) == [
            ("body.bookings[0].status", "is not proposed, and nothing else can be held")
        ]
    assert http.get("/v1/bookings").json()["total"] == 0


def test_a_partner_is_told_that_it_answers_for_itself_alone(at: Small) -> None:
    (held,) = at.hold(PLACED)
    with asking(at.office, Role.partner, organisation="COA") as client:
        for told in (
            client.get("/v1/partners/kmar/calendar"),
            client.get("/v1/partners/kmar/bookings"),
            client.post(
                f"/v1/bookings/{held.booking.id}/confirmations",
                json={"partner": "KMar", "answer": "confirmed"},
            ),
        ):
            assert told.status_code == 403
            assert told.json()["detail"] == "answers for its own organisation alone"


def test_who_is_not_asked_is_told_in_the_field_that_names_them(http: TestClient) -> None:
    path = f"/v1/bookings/{hold(http, PLACED)['booking']['id']}"
    said = http.post(f"{path}/confirmations", json={"partner": "Nope", "answer": "confirmed"})
    assert errors(said) == [("body.partner", "Nope is not asked for this booking")]
    made = {"fact": "no-fact", "value": "yes", "since": "2026-11-22"}
    told = http.post(f"{path}/checks", json=made)
    assert errors(told) == [("body.fact", "no-fact is not asked for this booking")]


@pytest.mark.parametrize(
    ("ending", "wrong"),
    [
        ({}, "is missing"),
        ({"status": "lost"}, "is lost, allowed is executed, cancelled"),
    ],
)
def test_what_says_which_of_several_kinds_it_is_is_told_by_name(
    http: TestClient, ending: dict[str, str], wrong: str
) -> None:
    path = f"/v1/bookings/{hold(http, PLACED)['booking']['id']}"
    told = http.patch(path, json=ending, headers={"if-match": "*"})
    assert errors(told) == [("body.status", wrong)]


def test_too_many_places_are_told_as_what_they_are(http: TestClient) -> None:
    event = {"id": "e1", "at": AT, "subject": "vught", "kind": "capacity-changed"}
    told = http.post("/v1/events", json=[event | {"value": {"2026-11-24": 100_000}}])
    ((where, says),) = errors(told)
    assert where == "body[0].value.2026-11-24"
    assert says == "should be less than or equal to 5000, not 100000"


def test_a_wish_for_slots_is_read_as_strictly_as_any(http: TestClient) -> None:
    told = http.post("/v1/slot-proposals", json={"case": PLACED, "count": "3", "cuont": 2})
    assert errors(told) == [
        ("body.count", 'should be a valid integer, not "3"'),
        ("body.cuont", "is not a field; maybe count"),
    ]


# --- What may be matched ------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["{}", '"2222", {}', '"x",{} , W/"y"'])
def test_any_of_several_tags_may_match(http: TestClient, form: str) -> None:
    held = hold(http, PLACED)
    path = f"/v1/bookings/{held['booking']['id']}"
    tag = http.get(path).headers["etag"]
    told = http.delete(path, headers={"if-match": form.format(tag)})
    assert told.status_code == 200, told.text


@pytest.mark.parametrize("form", ['"0123456789abcdef"', 'W/"{}"', '"2222", "x"', '"a b"', '""'])
def test_a_tag_that_is_none_of_ours_is_stale(http: TestClient, form: str) -> None:
    held = hold(http, PLACED)
    path = f"/v1/bookings/{held['booking']['id']}"
    named = form.format(http.get(path).headers["etag"].strip('"'))
    wanted = 400 if " " in named.replace(", ", "") else 412
    assert http.delete(path, headers={"if-match": named}).status_code == wanted
    case = http.patch(f"/v1/cases/{PLACED}", json={"weight": 2}, headers={"if-match": named})
    assert case.status_code == wanted


def test_a_case_is_changed_under_any_of_several_tags(http: TestClient) -> None:
    path = f"/v1/cases/{PLACED}"
    tag = http.get(path).headers["etag"]
    told = http.patch(path, json={"weight": 2}, headers={"if-match": f'"old", {tag}'})
    assert told.status_code == 200, told.text


# --- What an event does not touch -----------------------------------------------------------------


def test_an_event_tells_of_those_it_touches_and_names_the_others(at: Small) -> None:
    at.hold(REMOVED)
    at.hold(FAMILY)
    left = {"kind": "independent-departure", "at": AT}
    event = {"id": "e1", "at": AT, "subject": REMOVED, "kind": "trigger-added", "value": left}
    with asking(at.office, Role.planner) as client:
        told = client.post("/v1/events", json=[event]).json()
    assert [one["case"] for one in told["dropped"]] == [REMOVED]
    assert (told["kept"], told["untouched"]) == ([], [FAMILY])


def test_an_officer_is_told_which_of_their_own_cases_are_untouched(at: Small) -> None:
    at.hold(REMOVED)
    at.hold(FAMILY)
    officer = at.office.world().case[REMOVED].assigned_officer
    theirs = {one.id for one in at.office.world().cases if one.assigned_officer == officer}
    left = {"kind": "independent-departure", "at": AT}
    event = {"id": "e1", "at": AT, "subject": REMOVED, "kind": "trigger-added", "value": left}
    with asking(at.office, Role.regievoerder, officer=officer) as client:
        told = client.post("/v1/events", json=[event]).json()
    assert {*told["untouched"]} == {FAMILY} & theirs
