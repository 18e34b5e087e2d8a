"""Events that cannot be are told with everything that is wrong, and where."""

import json
from typing import Any

import pytest

from constraints.register import REGISTER
from scheduler.draft import Problem
from scheduler.event import EventError, changed, overtaken, parse_events
from tests.world import documents
from tests.world.documents import Told

AT = "2026-11-22T18:30:00Z"
DAY = {"from": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00Z"}


def event(kind: str, subject: str, value: object = documents.GONE, **fields: Any) -> dict[str, Any]:
    made = {"id": "e", "at": AT, "kind": kind, "subject": subject, "value": value} | fields
    return {name: one for name, one in made.items() if one is not documents.GONE}


def told(*events: object, world: object = None) -> Told:
    try:
        changed(
            documents.read(world or documents.tiny()), REGISTER, parse_events(json.dumps(events))
        )
    except EventError as error:
        return {(one.path, one.says) for one in error.problems}
    return set()


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_the_file() -> None:
    events = (
        event("resource-away", "team-bredaa-1", DAY),
        event("fact-changed", "zk-0001", {"whereabouts-know": {"value": "no"}}, id="f"),
    )
    with pytest.raises(EventError) as error:
        changed(documents.read(documents.tiny()), REGISTER, parse_events(json.dumps(events)))
    assert [(one.path, one.says) for one in error.value.problems] == [
        ("$[0].subject", "there is no resource or case team-bredaa-1; maybe team-breda-1"),
        (
            "$[1].value.whereabouts-know",
            "is no fact that a constraint reads; maybe whereabouts-known",
        ),
    ]


@pytest.mark.parametrize(
    ("kind", "subject", "value", "path", "says"),
    [
        ("case-withdrawn", "zk-1", documents.GONE, "$[0].subject", "there is no case zk-1"),
        (
            "departure-changed",
            "at851",
            {"cancelled": True},
            "$[0].subject",
            "there is no departure at851",
        ),
        (
            "capacity-changed",
            "dc",
            {"2026-11-24": 1},
            "$[0].subject",
            "there is no facility dc",
        ),
        (
            "document-changed",
            "zk-0001",
            {"kind": "passport"},
            "$[0].subject",
            "there is no person zk-0001",
        ),
        (
            "trigger-added",
            "zk-0001",
            {"kind": "holiday", "at": AT},
            "$[0].value.kind",
            "holiday is no trigger that a constraint reads",
        ),
        (
            "trigger-added",
            "zk-0001",
            {"kind": "independent-departure", "at": "2026-11-23T12:00:00Z"},
            "$[0].value.at",
            "2026-11-23T12:00:00+00:00 is after asOf, and independent-departure cannot lie ahead",
        ),
        (
            "fact-changed",
            "zk-0001",
            {"whereabouts-known": {"value": "no", "since": "2026-11-24"}},
            "$[0].value.whereabouts-known.since",
            "2026-11-24 is after 2026-11-22, the day of asOf; maybe expected",
        ),
        (
            "resource-away",
            "rv-01",
            {"from": DAY["until"], "until": DAY["from"]},
            "$[0].value",
            "ends at 2026-11-23T00:00:00+00:00, which is not after its start",
        ),
        (
            "departure-changed",
            "at851-1126",
            {"departs": AT},
            "$[0].value",
            "other times are both departs and arrives",
        ),
        (
            "departure-changed",
            "at851-1126",
            {"departs": AT, "arrives": AT},
            "$[0].value",
            "arrives before it departs",
        ),
        (
            "departure-changed",
            "at851-1126",
            {},
            "$[0].value",
            "is either cancelled or has other times or seats",
        ),
        (
            "departure-changed",
            "at851-1126",
            {"departs": AT, "arrives": "2027-11-22T18:30:00Z"},
            "$[0].value",
            "arrives more than 48 hours after it departs",
        ),
        (
            "capacity-changed",
            "dc-rotterdam",
            {"2026-11-24": 1, "2027-11-24": 1},
            "$[0].value.2027-11-24",
            "is no night from 2026-11-23 to 2026-12-13, those of the horizon and its stays",
        ),
        (
            "capacity-changed",
            "dc-rotterdam",
            {"2026-11-01": 1},
            "$[0].value.2026-11-01",
            "is no night from 2026-11-23",
        ),
        ("case-withdrawn", "zk-0001", {}, "$[0].value", "is not a field"),
        (
            "departure-cancelled",
            "at851-1126",
            {},
            "$[0].kind",
            "departure-cancelled is no kind of event, allowed is fact-changed, document-changed, "
            "trigger-added, resource-away, departure-changed, capacity-changed, case-withdrawn, "
            "case-added; maybe departure-changed",
        ),
    ],
)
def test_a_mistake_is_told_where_it_stands(
    kind: str, subject: str, value: object, path: str, says: str
) -> None:
    ((where, what),) = told(event(kind, subject, value))
    assert where == path
    assert what.startswith(says)


def test_a_new_case_is_held_to_all_that_a_world_is() -> None:
    case = documents.tiny()["cases"][0]
    assert ("$[0].value.id", "zk-0001 is the id of a case already") in told(
        event("case-added", "zk-0001", case)
    )
    new = case | {"id": "zk-0009", "location": "azc-nowhere"}
    assert told(event("case-added", "zk-0009", new)) == {
        ("$[0].value.location", "there is no location azc-nowhere; maybe azc-ter-apel"),
        ("$[0].value.persons[0].id", "zk-0001-a is the id of $.cases[0].persons[0] already"),
    }


def test_an_event_beyond_the_horizon_cannot_be_planned_after() -> None:
    late = event("case-withdrawn", "zk-0001", at="2026-12-01T00:00:00Z")
    assert {path for path, _ in told(late)} == {"$[0].at"}


def test_the_words_are_for_a_person() -> None:
    """Nothing of how the file is read shows in them."""
    withdrawn = event("case-withdrawn", "zk-0001", {})
    assert told(withdrawn) == {("$[0].value", "is not a field")}
    nameless = {name: one for name, one in withdrawn.items() if name != "kind"}
    assert told(nameless) == {("$[0].kind", "is missing")}
    assert told(1) == {("$[0]", "is not an object")}
    assert told(withdrawn | {"kind": 1})


@pytest.mark.parametrize(
    ("made", "wrong", "source"),
    [
        (
            event("departure-changed", "at851-1126", {"cancelled": True}),
            ".departures[0].seats.escorted",
            "$[0].value.cancelled.escorted",
        ),
        (
            event("departure-changed", "at851-1126", {"seats": {"unescorted": 1}}),
            ".departures[0].seats",
            "$[0].value.seats",
        ),
        (
            event("capacity-changed", "dc-rotterdam", {"2026-11-24": 1}),
            ".facilities[0].nights.2026-11-24",
            "$[0].value.2026-11-24",
        ),
        (event("resource-away", "zk-0001", DAY), ".cases[0].away[0].from", "$[0].value.from"),
        (
            event("document-changed", "zk-0001-a", {"kind": "passport"}),
            ".cases[0].persons[0].documents[0]",
            "$[0].value",
        ),
    ],
)
def test_a_mistake_that_shows_in_the_world_is_told_where_the_event_made_it(
    made: object, wrong: str, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = documents.tiny()
    values["departures"].sort(key=lambda one: one["id"] != "at851-1126")
    values["cases"][0]["persons"][0]["documents"] = []
    world = documents.read(values)
    with monkeypatch.context() as patched:
        patched.setattr(
            "scheduler.event.inconsistencies", lambda *_: [Problem(f"${wrong}", "is wrong")]
        )
        with pytest.raises(EventError) as error:
            changed(world, REGISTER, parse_events(json.dumps([made])))
    assert [(one.path, one.says) for one in error.value.problems] == [(source, "is wrong")]


def test_another_document_takes_the_place_of_the_one_of_its_kind() -> None:
    values = documents.tiny()
    documents_of = values["cases"][0]["persons"][0]
    documents_of["documents"] = [{"kind": "passport"}, {"kind": "laissez-passer"}]
    new = event("document-changed", "zk-0001-a", {"kind": "passport", "validUntil": "2027-01-01"})
    after = changed(documents.read(values), REGISTER, parse_events(json.dumps([new])))
    kinds = [one.kind for one in after.case["zk-0001"].persons[0].documents]
    assert kinds == ["passport", "laissez-passer"]


def test_a_stay_may_reach_beyond_the_horizon() -> None:
    later = event("capacity-changed", "dc-rotterdam", {"2026-12-01": 1})
    assert told(later) == set()


def test_who_is_withdrawn_is_not_planned_again_for_what_others_report_later() -> None:
    world = documents.read(documents.tiny())
    answer = {"whereabouts-known": {"value": "yes"}}
    again = documents.tiny()["cases"][0]
    events = parse_events(
        json.dumps(
            [
                event("fact-changed", "zk-0001", answer, id="f"),
                event("case-withdrawn", "zk-0001"),
                event("case-withdrawn", "zk-0001", id="g"),
                event("document-changed", "zk-0001-a", {"kind": "passport"}, id="h"),
                event("resource-away", "zk-0001", DAY, id="i"),
                event("case-added", "zk-0001", again, id="j"),
            ]
        )
    )
    assert "zk-0001" not in changed(world, REGISTER, events).case
    assert [one.id for one in overtaken(world, events)] == ["g", "h", "i", "j"]


def test_an_event_is_told_once() -> None:
    twice = (event("case-withdrawn", "zk-0001"), event("case-withdrawn", "zk-0002"))
    assert told(*twice) == {("$[1].id", "e is the id of $[0] already")}


@pytest.mark.parametrize(
    ("text", "path"), [("{}", "$"), ("[", "$"), ('[{"id": "a", "id": "b"}]', "$"), ("[1]", "$[0]")]
)
def test_what_is_no_list_of_events_is_refused(text: str, path: str) -> None:
    with pytest.raises(EventError) as error:
        parse_events(text)
    assert {one.path for one in error.value.problems} == {path}


def test_events_apply_in_the_order_in_which_they_happened_and_move_now_on() -> None:
    events = (
        event("capacity-changed", "dc-rotterdam", {"2026-11-24": 1}, at="2026-11-22T20:00:00Z"),
        event("capacity-changed", "dc-rotterdam", {"2026-11-24": 2}, id="f"),
    )
    world = documents.read(documents.tiny())
    after = changed(world, REGISTER, parse_events(json.dumps(events)))
    assert [*after.facility["dc-rotterdam"].nights.values()] == [1]
    assert after.as_of.hour == 20
    late_news = event("case-withdrawn", "zk-0001", at="2026-11-01T00:00:00Z")
    after = changed(world, REGISTER, parse_events(json.dumps([late_news])))
    assert after.as_of == world.as_of
    assert "zk-0001" not in after.case


def test_of_a_withdrawn_case_stays_what_has_begun() -> None:
    values = documents.booked()
    values["bookings"][0]["status"] = "executed"
    after = changed(
        documents.read(values),
        REGISTER,
        parse_events(json.dumps([event("case-withdrawn", "zk-0001")])),
    )
    assert [one.id for one in after.bookings] == ["b-1"]
    assert after.case["zk-0001"].operation == "placement"
