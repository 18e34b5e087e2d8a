"""Every mistake in a world file is told with its path, once, and all of them at a time."""

from pathlib import Path
from typing import NamedTuple

import pytest

from constraints.register import REGISTER
from fixtures.worlds import write
from scheduler.loading import WorldError, read_world
from tests.world.documents import GONE, Told, booked, put, read, tiny, told


class Mistake(NamedTuple):
    """``value`` put at ``path`` is told there, or ``at`` another path, as ``says``."""

    path: str
    value: object
    says: str
    at: str = ""

    @property
    def told(self) -> tuple[str, str]:
        return self.at or self.path, self.says


LATER, EARLIER = "2026-11-25T12:00:00Z", "2026-11-24T12:00:00Z"

TWENTY = (
    Mistake("$.cases[0].nickname", "Jan", "is not a field"),
    Mistake("$.resources[1].role", GONE, "is missing"),
    Mistake("$.resources[2].languages", "sq", 'should be a valid array, not "sq"'),
    Mistake("$.facilities[0].places", "3", 'should be a valid integer, not "3"'),
    Mistake("$.resources[17].capacity", -2, "should be greater than or equal to 1, not -2"),
    Mistake(
        "$.resources[3].away",
        [{"from": LATER, "until": EARLIER}],
        "ends at 2026-11-24T12:00:00+00:00, which is not after its start",
        at="$.resources[3].away[0]",
    ),
    Mistake(
        "$.resources[4].shifts[1]",
        {"from": "2026-11-24T05:30:00", "until": "2026-11-24T05:30:00"},
        "ends at 2026-11-24T05:30:00, which is not after its start",
    ),
    Mistake(
        "$.resources[0].shifts[5]",
        {"from": "2026-11-23T16:45:00", "until": "2026-11-23T20:00:00"},
        "begins before a shift ends at 2026-11-23 17:00:00",
    ),
    Mistake(
        "$.resources[5].home", "azc-terapel", "there is no location azc-terapel; maybe azc-ter-apel"
    ),
    Mistake("$.cases[3].assignedOfficer", "rv-40", "there is no resource rv-40; maybe rv-04"),
    Mistake("$.departures[1].id", "at851-1126", "at851-1126 is the id of $.departures[0] already"),
    Mistake(
        "$.cases[4].facts.whereabouts-now",
        {"value": "yes"},
        "is no fact that a constraint reads; maybe whereabouts-known",
    ),
    Mistake("$.cases[4].facts.presentation-done", {"value": "yes"}, "is a fact of a person"),
    Mistake(
        "$.locations[3].timezone",
        "Europe/Amsterdan",
        "there is no time zone Europe/Amsterdan; maybe Europe/Amsterdam",
    ),
    Mistake("$.locations[4].holidays", "XX", "no public holidays are known for XX"),
    Mistake(
        "$.horizon.start",
        "2026-11-22T23:07:00Z",
        "2026-11-22T23:07:00+00:00 is not on a slot of 15 minutes",
    ),
    Mistake(
        "$.templates[1].phases[0].acts",
        ["pick-up", "hearing", "intake", "transfer", "arrival"],
        "its acts are ['pick-up', 'hearing', 'intake', 'transfer', 'arrival'], "
        "allowed is ['pick-up', 'intake', 'hearing', 'transfer', 'arrival']",
        at="$.templates[1]",
    ),
    Mistake(
        "$.cases[5].attendees",
        [{"resource": "ua-01", "from": "hearing", "until": "pick-up"}],
        "pick-up comes before hearing",
        at="$.cases[5].attendees[0]",
    ),
    Mistake(
        "$.departures[2].arrives",
        "2026-11-26T10:00:00Z",
        "arrives before it departs",
        at="$.departures[2]",
    ),
    Mistake(
        "$.departures[3].kind",
        "charter",
        "a charter, and only a charter, says which kind of charter it is",
        at="$.departures[3]",
    ),
)
OTHERS = (
    Mistake(
        "$.departures[3].quotas",
        [{"country": "NL", "seats": 2}],
        "only a charter has quotas",
        at="$.departures[3]",
    ),
    Mistake(
        "$.departures[4].quotas",
        [{"country": "NL", "seats": 2}, {"country": "NL", "seats": 1}],
        "only a charter has quotas; a country has two quotas",
        at="$.departures[4]",
    ),
    Mistake("$.schemaVersion", GONE, "is missing"),
    Mistake("$.schemaVersion", 2, "should be 1, not 2"),
    Mistake("$.schemaVersion", True, "should be 1, not true"),
    Mistake("$.horizon.slotMinutes", 15.0, "should be 15, not 15.0"),
    Mistake("$.case", [], "is not a field; maybe cases"),
    Mistake("$.horizon.slotMinutes", 7, "should be 5, 10, 15, 20, 30 or 60, not 7"),
    Mistake("$.horizon.slot_minutes", 15, "is not a field; maybe slotMinutes"),
    Mistake(
        "$.horizon.slots", 10**4000, f"should be less than or equal to 20000, not 1{'0' * 59}..."
    ),
    Mistake("$.horizon.slots", 672.0, "should be a valid integer, not 672.0"),
    Mistake("$.cases[0].weight", True, "should be a valid integer, not true"),
    Mistake(
        "$.cases[0].detention.ground",
        "60",
        "should be '6', '59-1', '59-2', '59a' or '59b', not \"60\"",
    ),
    Mistake(
        "$.cases[5].id", "zk 1", "should match pattern '^[A-Za-z0-9][A-Za-z0-9._-]*$', not \"zk 1\""
    ),
    Mistake("$.cases[0].persons", [], "should have at least 1 item after validation, not 0"),
    Mistake(
        "$.cases[0].facts.whereabouts-known.value",
        "perhaps",
        "should be 'yes', 'no' or 'unknown', not \"perhaps\"",
    ),
    Mistake(
        "$.cases[0].destination",
        "\ud800",
        "cannot be read: unexpected end of hex escape",
        at="$.cases[0]",
    ),
    Mistake(
        "$.cases[1].persons[0].documents[0].validUntil",
        "2021-01-01",
        "is valid until 2021-01-01, before it is valid",
        at="$.cases[1].persons[0].documents[0]",
    ),
    Mistake("$.cases", None, "is not a list"),
    Mistake("$.locations", {}, "is not a list"),
    Mistake("$.cases[5]", "zk-0006", 'should be an object, not "zk-0006"'),
    Mistake(
        "$.templates[0].phases[1].place",
        "moon",
        "should be 'case', 'facility', 'origin' or 'aboard' or should be an object, not \"moon\"",
    ),
    Mistake(
        "$.templates[0].phases[1].place",
        {"kind": 3},
        "should be a valid string, not 3",
        at="$.templates[0].phases[1].place.kind",
    ),
    Mistake("$.templates[0].phases[1].wait", {"min": 30, "max": 15}, "max 15 is below min 30"),
    Mistake(
        "$.templates[0].phases[1].place.kind",
        "police-post",
        "no location is a police-post; maybe police-station",
    ),
    Mistake(
        "$.facilities[0].nights",
        {"2026-11-24": -1},
        "should be greater than or equal to 0, not -1",
        at="$.facilities[0].nights.2026-11-24",
    ),
    Mistake(
        "$.facilities[0].nights",
        {"Tuesday": 1},
        'should be a valid date in the format YYYY-MM-DD, input is too short, not "Tuesday"',
        at="$.facilities[0].nights.Tuesday",
    ),
    Mistake(
        "$.facilities[0].nights",
        {"1795392000": 1},
        'should be written as 2026-11-23, not "1795392000"',
        at="$.facilities[0].nights.1795392000",
    ),
    # Dates are never read from numbers, and lie in years that calendars know.
    Mistake("$.asOf", 1_795_372_200, "should be written as 2026-11-23T09:00:00, not 1795372200"),
    Mistake("$.asOf", "1795372200", 'should be written as 2026-11-23T09:00:00, not "1795372200"'),
    Mistake(
        "$.asOf", "2026-11-22T19:00:00", 'should have timezone info, not "2026-11-22T19:00:00"'
    ),
    Mistake("$.asOf", "0001-01-01T00:00:00+05:00", "holds a moment that no calendar has"),
    Mistake(
        "$.asOf",
        "2026-12-24T00:00:00Z",
        "is not before the horizon ends at 2026-11-29T23:00:00+00:00",
    ),
    Mistake(
        "$.rulesDate",
        "2026-11-23T00:00:00",
        'should be written as 2026-11-23, not "2026-11-23T00:00:00"',
    ),
    Mistake(
        "$.horizon.start",
        "9999-12-31T23:00:00Z",
        "should lie in 1900 to 2199, not 9999-12-31T23:00:00Z",
    ),
    Mistake(
        "$.horizon.start",
        "2026-11-22T23:00:00.5Z",
        "2026-11-22T23:00:00.500000+00:00 is not on a slot of 15 minutes",
    ),
    Mistake(
        "$.resources[0].shifts[0].from",
        "0001-01-01T00:00:00",
        "should lie in 1900 to 2199, not 0001-01-01T00:00:00",
    ),
    Mistake(
        "$.resources[0].shifts[0].from",
        "2026-11-23T05:30:00Z",
        'should not have timezone info, not "2026-11-23T05:30:00Z"',
    ),
    Mistake(
        "$.resources[0].shifts[5]",
        {"from": "2026-10-25T02:00:00", "until": "2026-10-25T02:30:00"},
        "is empty, for the clock jumps in it",
    ),
    Mistake("$.rulesDate", "2025-11-20", "2025-11-20 is more than a year from asOf"),
    Mistake("$.rulesDate", "2199-12-31", "2199-12-31 is more than a year from asOf"),
    Mistake(
        "$.rulesDate",
        "2026-06-11",
        "on 2026-06-11 no row is in force of "
        "detention-asylum-extension, return-border, transfer-floor",
    ),
    # Nobody answers before the answer is there, on the calendar of the case.
    Mistake(
        "$.cases[0].facts.whereabouts-known",
        {"value": "yes", "since": "2026-11-23"},
        "2026-11-23 is after 2026-11-22, the day of asOf; maybe expected",
        at="$.cases[0].facts.whereabouts-known.since",
    ),
    Mistake(
        "$.cases[0].persons[0].facts.no-medical-bar",
        {"value": "no", "since": "2026-11-23"},
        "2026-11-23 is after 2026-11-22, the day of asOf; maybe expected",
        at="$.cases[0].persons[0].facts.no-medical-bar.since",
    ),
    # What happened, and who a person is, is what a constraint reads.
    Mistake(
        "$.cases[2].triggers[0].at",
        "2026-11-22T18:00:01Z",
        "2026-11-22T18:00:01+00:00 is after asOf, and transfer-accepted cannot lie ahead",
    ),
    # Templates leave a choice, and not too many.
    Mistake(
        "$.templates[0].phases[1].wait",
        {"min": 10, "max": 10},
        "is of no whole slots of 15 minutes",
    ),
    Mistake(
        "$.templates[0].phases[1].wait",
        {"max": 435},
        "its waits can be chosen in 510 ways, allowed is 500",
        at="$.templates[0]",
    ),
    Mistake(
        "$.cases[0].attendees",
        [{"resource": "ua-01", "from": "hearing", "until": "hearing"}] * 9,
        "should have at most 8 items after validation, not 9",
    ),
    Mistake(
        "$.cases[0].persons[0].languages",
        ["sq"] * 13,
        "should have at most 12 items after validation, not 13",
    ),
    Mistake("$.resources[0].role", "person", "cannot be person, the role of whoever leaves"),
    # Ids of each kind lead somewhere.
    Mistake("$.roads[0].from", "utrecht", "there is no location utrecht"),
    Mistake("$.roads[0].to", "utrecht", "there is no location utrecht"),
    Mistake("$.facilities[0].location", "utrecht", "there is no location utrecht"),
    Mistake("$.departures[0].from", "utrecht", "there is no location utrecht"),
    Mistake("$.departures[0].destination", "utrecht", "there is no location utrecht"),
    Mistake("$.cases[0].location", "utrecht", "there is no location utrecht"),
    Mistake("$.cases[0].destination", "XX", "there is no location or country XX"),
    Mistake(
        "$.cases[0].templates", ["day"], "there is no template day", at="$.cases[0].templates[0]"
    ),
    Mistake(
        "$.cases[0].attendees",
        [{"resource": "nidos", "from": "pick-up", "until": "pick-up"}],
        "there is no resource nidos",
        at="$.cases[0].attendees[0].resource",
    ),
    Mistake("$.bookings[0].case", "zk-9", "there is no case zk-9"),
    Mistake("$.bookings[0].template", "day", "there is no template day"),
    Mistake("$.bookings[0].facility", "dc", "there is no facility dc"),
    Mistake("$.bookings[0].departure", "kl1", "there is no departure kl1"),
    Mistake("$.bookings[0].follows", "earlier", "there is no booking earlier"),
    Mistake("$.bookings[0].phases[0].place", "utrecht", "there is no location utrecht"),
    Mistake("$.bookings[0].attendances[0].resources[0]", "x-1", "there is no resource or case x-1"),
    Mistake(
        "$.cases[0].refused",
        ["dc-rotterdam", "at851-1126", "dc-roterdam"],
        "there is no facility or departure dc-roterdam; maybe dc-rotterdam",
        at="$.cases[0].refused[2]",
    ),
    # Nothing is there twice.
    Mistake(
        "$.cases[0].refused",
        ["dc-rotterdam", "dc-rotterdam"],
        "refused holds an id twice",
        at="$.cases[0]",
    ),
    Mistake(
        "$.cases[0].refused",
        ["dc-rotterdam"] * 101,
        "should have at most 100 items after validation, not 101",
    ),
    Mistake("$.resources[0].label", "", 'should have at least 1 character, not ""'),
    Mistake(
        "$.resources[0].label",
        "x" * 61,
        f'should have at most 60 characters, not "{"x" * 59}...',
    ),
    Mistake("$.cases[1].id", "zk-0001", "zk-0001 is the id of $.cases[0] already"),
    Mistake("$.cases[1].id", "rv-01", "rv-01 is the id of $.resources[6] already"),
    Mistake("$.cases[1].id", "dc-rotterdam", "dc-rotterdam is the id of $.facilities[0] already"),
    Mistake(
        "$.cases[1].persons[0].id", "at851-1126", "at851-1126 is the id of $.departures[0] already"
    ),
    Mistake("$.cases[1].persons[0].id", "zk-0001", "zk-0001 is the id of $.cases[0] already"),
    Mistake(
        "$.cases[1].persons[0].id",
        "zk-0001-a",
        "zk-0001-a is the id of $.cases[0].persons[0] already",
    ),
    # Whatever is booked or driven goes somewhere.
    Mistake("$.departures[0].destination", "schiphol-ams", "schiphol-ams is where it comes from"),
    Mistake("$.roads[0].to", "azc-budel", "azc-budel is where it comes from"),
    Mistake("$.cases[0].location", "tirana-tia", "no road leads to tirana-tia"),
    Mistake(
        "$.bookings[0].phases[0].until",
        "2026-11-23T08:00:00Z",
        "ends at 2026-11-23T08:00:00+00:00, which is not after its start",
        at="$.bookings[0].phases[0]",
    ),
    Mistake(
        "$.bookings[0].attendances[0].until",
        "2026-11-23T07:00:00Z",
        "ends at 2026-11-23T07:00:00+00:00, which is not after its start",
        at="$.bookings[0].attendances[0]",
    ),
    # A leg begins where the person is, and ends where its kind of leg ends.
    Mistake(
        "$.templates[0].phases[0].place", "facility", "cannot be facility, allowed is case, nearest"
    ),
    Mistake(
        "$.templates[0].phases[4].place",
        "origin",
        "cannot be origin, allowed is case, nearest, facility",
    ),
    Mistake(
        "$.templates[2].phases[1].place",
        "facility",
        "cannot be facility, allowed is case, nearest, origin",
    ),
    Mistake("$.templates[2].phases[3].place", "case", "cannot be case, allowed is aboard"),
    Mistake(
        "$.templates[2].phases[3].place",
        {"kind": "airport"},
        "cannot be nearest, allowed is aboard",
    ),
    # Every leg has a template, and acts are those of the legs.
    Mistake("$.templates", [], "there is no template of a placement"),
    Mistake("$.templates[3]", GONE, "there is no template of a removal for road", at="$.templates"),
    Mistake(
        "$.cases[0].attendees",
        [{"resource": "ua-01", "from": "pick-up", "until": "departure"}],
        "departure is not an act of this case, "
        "allowed is pick-up, intake, hearing, transfer, arrival",
        at="$.cases[0].attendees[0].until",
    ),
    Mistake(
        "$.cases[0].earliest",
        "2026-11-25T12:00:00Z",
        "latest is not after earliest",
        at="$.cases[0]",
    ),
)


def with_mistakes(*mistakes: Mistake) -> Told:
    values = booked()
    values["cases"][0]["latest"] = "2026-11-25T12:00:00Z"
    for one in mistakes:
        put(values, one.path, one.value)
    return told(values)


def test_a_world_with_twenty_different_mistakes_gets_all_twenty_reported_with_their_paths() -> None:
    assert len(TWENTY) == len({one.told for one in TWENTY}) == 20
    assert with_mistakes(*TWENTY) == {one.told for one in TWENTY}


@pytest.mark.parametrize(
    "one", [*TWENTY, *OTHERS], ids=lambda one: f"{one.path}={str(one.value)[:20]}"
)
def test_one_mistake_is_told_once(one: Mistake) -> None:
    expected = {one.told}
    if one.path == "$.templates":
        # A world without templates can neither place nor remove, nor hold a booking.
        expected |= {
            ("$.templates", "there is no template of a removal"),
            ("$.bookings[0].template", "there is no template placement-block"),
        }
    assert with_mistakes(one) == expected


def test_what_is_told_names_the_number_of_problems_and_reads_in_the_order_of_the_file() -> None:
    values = tiny()
    for n in (10, 9, 2):
        put(values, f"$.resources[{n}].role", GONE)
    with pytest.raises(WorldError) as caught:
        read(values)
    assert str(caught.value).splitlines() == [
        "3 problems in the world:",
        "  $.resources[2].role: is missing",
        "  $.resources[9].role: is missing",
        "  $.resources[10].role: is missing",
    ]


def test_a_day_is_the_local_one_of_the_case() -> None:
    values = tiny()
    put(values, "$.asOf", "2026-11-22T23:30:00Z")
    put(values, "$.cases[0].facts.whereabouts-known.since", "2026-11-23")
    assert told(values) == set()


def test_a_hope_may_lie_ahead_and_what_nobody_knows_has_no_day() -> None:
    values = tiny()
    put(values, "$.cases[0].facts.whereabouts-known", {"value": "no", "expected": "2026-11-25"})
    put(values, "$.cases[1].facts.whereabouts-known", {"value": "unknown", "since": "2026-11-25"})
    assert told(values) == set()


def test_the_waits_of_a_template_may_be_chosen_in_as_many_ways_as_allowed() -> None:
    values = tiny()
    put(values, "$.templates[0].phases[1].wait", {"max": 420})
    assert told(values) == set()


def test_a_world_with_mistakes_is_left_as_it_is(tmp_path: Path) -> None:
    values = tiny()
    put(values, "$.cases[0].location", "utrecht")
    path = tmp_path / "world.json"
    write(values, path)
    before = path.read_bytes()
    with pytest.raises(WorldError):
        read_world(path, REGISTER)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
