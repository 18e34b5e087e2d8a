"""The validator names the booking and the rule, whichever way a plan is broken."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest

from constraints.register import REGISTER
from scheduler import validator
from scheduler.validator import violations
from scheduler.world import Booking
from tests.validator.plans import (
    FAMILY,
    PLACED,
    PLACEMENT,
    REMOVAL,
    REMOVED,
    TWIN,
    TWIN_REMOVED,
    Broken,
    Change,
    Values,
    as_it_is,
    attendance,
    by_id,
    edited,
    found,
    move,
    moved,
    phase,
    planned,
    with_chain,
    with_escorts,
    with_twins,
    world_of,
)

PLANS = pytest.mark.parametrize("near", [as_it_is, with_chain, with_twins, with_escorts])
ASKED_BY = {
    "person": "person",
    "police": "police",
    "coa": "coa",
    "case-officer": "case-officer",
    "transport": "transport",
    "hearing-officer": "hearing-officer",
    "interpreter": "interpreter",
    "lawyer": "lawyer",
    "kmar": "handover",
    "room": "handover-room",
    "escort": "escort",
}
"""The constraint that asks for each role."""
SEATED = [
    (near, booking.id, n)
    for near in (as_it_is, with_escorts)
    for booking in planned(near)
    for n, _ in enumerate(booking.attendances)
    if near is as_it_is or booking.id == REMOVAL
]
EVERYBODY = pytest.mark.parametrize(
    ("near", "name", "n"),
    SEATED,
    ids=[f"{near.__name__}-{name}-{n}" for near, name, n in SEATED],
)


_LEGAL = (
    ("return-decision", "return-decision"),
    ("no-lawful-stay", "lawful-stay"),
    ("no-suspensive-appeal", "appeals"),
    ("no-asylum-application", "asylum-application"),
    ("whereabouts-known", "whereabouts"),
    ("no-criminal-custody", "criminal-custody"),
)
_DEPARTS = (
    ("detention-grounds", "detention-grounds"),
    ("lighter-means-rejected", "lighter-means"),
    ("no-medical-bar", "medical-bar"),
    ("entry-requirements-met", "entry-requirements"),
)
STANDING = [
    *((PLACEMENT, *one) for one in _LEGAL),
    *((REMOVAL, *one) for one in (*_LEGAL, *_DEPARTS)),
]
"""Booking, fact and the constraint that reads it."""


def broken(name: str, edit: Change, near: Change = as_it_is) -> Broken:
    """Return what is found when one booking of a plan is edited."""
    return found(world_of(near), edited(planned(near), name, edit))


def in_world(change: Change, *names: str, near: Change = as_it_is) -> Broken:
    """Return what is found when the plan, or some bookings, meet a world that has changed since."""
    kept = [one for one in planned(near) if not names or one.id in names]
    return found(world_of(near, change), tuple(kept))


def booking(name: str, near: Change = as_it_is) -> Booking:
    return next(one for one in planned(near) if one.id == name)


# What holds.


@PLANS
def test_a_plan_that_nobody_touched_breaks_nothing(near: Change) -> None:
    assert violations(world_of(near), REGISTER, planned(near)) == ()


def test_every_leg_of_every_case_is_in_the_plans_that_are_broken_here() -> None:
    assert {one.id for one in planned(as_it_is)} == {PLACEMENT, REMOVAL, FAMILY}
    assert {PLACED, REMOVED} < {one.id for one in planned(with_chain)}
    assert {TWIN, TWIN_REMOVED} < {one.id for one in planned(with_twins)}


def test_no_bookings_break_nothing() -> None:
    assert violations(world_of(as_it_is), REGISTER, ()) == ()


def test_what_is_cancelled_is_not_looked_at() -> None:
    def cancel(values: Values) -> None:
        values |= {"status": "cancelled", "attendances": [], "template": "none"}

    assert broken(PLACEMENT, cancel) == set()


def test_the_validator_shares_nothing_with_the_planner_but_the_world_and_the_declarations() -> None:
    tree = ast.parse(Path(validator.__file__).read_text(encoding="utf-8"))
    imported = {
        node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("scheduler")
    }
    assert imported == {"scheduler.constraint", "scheduler.world"}


# Phases.


@pytest.mark.parametrize("minutes", [-15, 15])
@pytest.mark.parametrize("name", [PLACEMENT, REMOVAL, FAMILY])
def test_a_phase_that_is_moved_alone_breaks_the_template(name: str, minutes: int) -> None:
    for one in booking(name).phases:

        def shift(values: Values, one: str = one.id) -> None:
            part = phase(values, one)
            part["from"] = moved(part["from"], minutes=minutes)
            part["until"] = moved(part["until"], minutes=minutes)

        assert broken(name, shift) == {(name, "template")}, one.id


@pytest.mark.parametrize("minutes", [-15, 15])
@pytest.mark.parametrize("name", [PLACEMENT, REMOVAL, FAMILY])
def test_a_phase_that_is_too_short_or_too_long_breaks_the_template(name: str, minutes: int) -> None:
    for one in booking(name).phases:

        def stretch(values: Values, one: str = one.id) -> None:
            part = phase(values, one)
            part["until"] = moved(part["until"], minutes=minutes)

        assert broken(name, stretch) == {(name, "template")}, one.id


@pytest.mark.parametrize("name", [PLACEMENT, REMOVAL, FAMILY])
def test_a_phase_elsewhere_breaks_the_template(name: str) -> None:
    for one in booking(name).phases:

        def send(values: Values, one: str = one.id) -> None:
            phase(values, one)["place"] = "azc-ter-apel"

        assert broken(name, send) == {(name, "template")}, one.id


def test_one_hearing_is_not_held_in_two_custody_suites() -> None:
    def split(values: Values) -> None:
        other = {"pol-breda": "pol-eindhoven", "pol-eindhoven": "pol-breda"}
        phase(values, "hearing")["place"] = other[phase(values, "hearing")["place"]]

    assert broken(PLACEMENT, split) == {(PLACEMENT, "template")}


def test_a_placement_that_begins_between_two_slots_breaks_the_template() -> None:
    assert broken(PLACEMENT, lambda values: move(values, minutes=7)) == {(PLACEMENT, "template")}


def test_a_phase_that_is_left_out_breaks_the_template() -> None:
    assert broken(PLACEMENT, lambda values: values["phases"].pop()) == {(PLACEMENT, "template")}


def test_a_case_keeps_to_its_own_template() -> None:
    first = booking(PLACEMENT).phases[0]

    def in_one_block(values: Values) -> None:
        values["template"] = "placement-block"
        until = moved(first.from_.isoformat(), hours=2)
        values["phases"] = [values["phases"][0] | {"id": "co-presence", "until": until}]
        for one in values["attendances"]:
            one["phase"] = "co-presence"

    assert broken(PLACEMENT, in_one_block) == {(PLACEMENT, "template")}


def test_a_removal_by_air_is_no_removal_by_road() -> None:
    def by_road(values: Values) -> None:
        values["template"] = "removal-road"

    assert broken(REMOVAL, by_road) == {(REMOVAL, "template")}


@pytest.mark.parametrize(
    "edit",
    [
        lambda values: values.update(departure="tk1952-1127"),
        lambda values: values.update(departure=None),
        lambda values: values.update(nights=["2026-11-25"]),
    ],
    ids=["another", "none", "with a night"],
)
def test_a_removal_is_when_its_departure_is_and_claims_no_night(edit: Change) -> None:
    assert broken(REMOVAL, edit) == {(REMOVAL, "template")}


def test_a_placement_has_no_departure() -> None:
    assert broken(PLACEMENT, lambda values: values.update(departure="tk1952-1126")) == {
        (PLACEMENT, "template")
    }


@pytest.mark.parametrize("departs", [None, "15:00", "15:01", "15:07", "15:14"])
def test_a_removal_waits_for_no_departure_longer_than_its_template_allows(
    departs: str | None,
) -> None:
    def own_minutes(values: Values) -> None:
        for one in values["departures"] if departs else ():
            if one["id"] == "tk1952-1126":
                one["departs"] = f"2026-11-26T{departs}:00Z"
                one["arrives"] = "2026-11-26T19:20:00Z"

    def a_slot_early(values: Values) -> None:
        for one in (*values["phases"][:-1], *values["attendances"]):
            one["from"] = moved(one["from"], minutes=-15)
        for one in values["phases"][:-1]:
            one["until"] = moved(one["until"], minutes=-15)

    assert booking(REMOVAL, own_minutes).departure == "tk1952-1126"
    assert found(world_of(own_minutes), planned(own_minutes)) == set()
    assert (REMOVAL, "template") in broken(REMOVAL, a_slot_early, own_minutes)


@pytest.mark.parametrize("name", [PLACEMENT, REMOVAL, FAMILY])
def test_a_pause_of_one_slot_that_no_template_has_is_named(name: str) -> None:
    one = booking(name)
    template = world_of(as_it_is).template[one.template]
    for n, part in enumerate(template.phases[1:], start=1):
        if part.wait.max or part.minutes is None:
            continue

        def pause(values: Values, n: int = n) -> None:
            for part in values["phases"][n:]:
                part["from"] = moved(part["from"], minutes=15)
                part["until"] = moved(part["until"], minutes=15)

        assert (name, "template") in broken(name, pause), part.id


def test_there_is_a_road_between_two_phases() -> None:
    def without_roads(values: Values) -> None:
        values["roads"] = [
            one for one in values["roads"] if "dc-rotterdam" not in (one["from"], one["to"])
        ] + [{"from": "dc-rotterdam", "to": "azc-ter-apel", "minutes": 1440}]

    assert (REMOVAL, "template") in in_world(without_roads, REMOVAL)


# People.


@EVERYBODY
def test_without_somebody_whom_a_constraint_asks_for_it_is_broken(
    near: Change, name: str, n: int
) -> None:
    role = booking(name, near).attendances[n].role
    assert broken(name, lambda values: values["attendances"].pop(n), near) == {
        (name, ASKED_BY[role])
    }


@EVERYBODY
@pytest.mark.parametrize(("edge", "minutes"), [("from", 15), ("until", -15)])
def test_whoever_comes_late_or_leaves_early_does_not_attend(
    near: Change, name: str, n: int, edge: str, minutes: int
) -> None:
    role = booking(name, near).attendances[n].role

    def shorten(values: Values) -> None:
        one = values["attendances"][n]
        one[edge] = moved(one[edge], minutes=minutes)

    assert broken(name, shorten, near) == {(name, ASKED_BY[role])}


@EVERYBODY
def test_whoever_is_away_does_not_attend(near: Change, name: str, n: int) -> None:
    one = booking(name, near).attendances[n]

    def away(values: Values) -> None:
        absent = {
            "from": moved(one.until.isoformat(), minutes=-1),
            "until": moved(one.until.isoformat(), days=1),
        }
        section = "cases" if one.role == "person" else "resources"
        by_id(values, section, one.resources[0]).setdefault("away", []).append(absent)

    assert in_world(away, name, near=near) == {(name, ASKED_BY[one.role])}


@EVERYBODY
def test_whoever_is_not_rostered_does_not_attend(near: Change, name: str, n: int) -> None:
    one = booking(name, near).attendances[n]

    def off(values: Values) -> None:
        by_id(values, "resources", one.resources[0])["shifts"] = []

    if one.role != "person":
        assert in_world(off, name, near=near) == {(name, ASKED_BY[one.role])}


def test_the_escorts_are_away_until_they_are_home_and_rested() -> None:
    def home_at_once(values: Values) -> None:
        duty = attendance(values, "escort")
        duty["until"] = moved(phase(values, "departure")["until"], minutes=60)

    assert broken(REMOVAL, home_at_once, with_escorts) == {(REMOVAL, "escort")}


def test_one_escort_is_not_two() -> None:
    def alone(values: Values) -> None:
        attendance(values, "escort")["resources"].pop()

    assert broken(REMOVAL, alone, with_escorts) == {(REMOVAL, "escort")}


def test_nobody_stands_in_for_two() -> None:
    def twice(values: Values) -> None:
        one = attendance(values, "escort")["resources"]
        one[:] = [one[0], one[0]]

    assert broken(REMOVAL, twice, with_escorts) == {(REMOVAL, "escort")}


def test_an_interpreter_speaks_a_language_that_the_person_understands() -> None:
    def albanian(values: Values) -> None:
        attendance(values, "interpreter")["resources"] = ["tolk-sq-1"]

    assert broken(PLACEMENT, albanian) == {(PLACEMENT, "interpreter")}


def test_a_vehicle_holds_everybody() -> None:
    def small(values: Values) -> None:
        attendance(values, "transport")["resources"] = ["bus-assen-1"]
        one = attendance(values, "transport")
        one["from"], one["until"] = moved(one["from"], hours=-3), moved(one["until"], hours=3)

    assert broken(FAMILY, small) == {(FAMILY, "transport")}


def test_the_officer_of_the_case_is_not_another() -> None:
    def other(values: Values) -> None:
        one = attendance(values, "case-officer")
        one["resources"] = ["rv-02"]
        one["from"], one["until"] = moved(one["from"], minutes=-60), moved(one["until"], minutes=60)

    found_wrong = broken(PLACEMENT, other)
    assert (PLACEMENT, "case-officer") in found_wrong
    assert {constraint for _, constraint in found_wrong} == {"case-officer"}


def test_a_named_attendee_is_there() -> None:
    def name_a_nurse(values: Values) -> None:
        values["resources"].append(
            by_id(values, "resources", "ua-01") | {"id": "vpk-1", "role": "nurse"}
        )
        by_id(values, "cases", "zk-0001")["attendees"] = [
            {"resource": "vpk-1", "from": "hearing", "until": "hearing"}
        ]

    assert in_world(name_a_nurse) == {(PLACEMENT, "attendees")}


def says(name: str, edit: Change, near: Change = as_it_is) -> set[tuple[str, str]]:
    """Return which constraint says what when one booking of a plan is edited."""
    wrong = violations(world_of(near), REGISTER, edited(planned(near), name, edit))
    assert {one.booking for one in wrong} <= {name}
    return {(one.constraint, one.says) for one in wrong}


def also(like: str, /, **fields: object) -> Change:
    """Return the change that books another attendance, like one that there is."""
    return lambda values: values["attendances"].append(attendance(values, like) | fields)


def block(name: str, role: str) -> str:
    """Return from when to when somebody comes to a booking."""
    one = next(one for one in booking(name).attendances if one.role == role)
    return f"from {one.from_.isoformat()} to {one.until.isoformat()}"


@pytest.mark.parametrize(
    ("like", "role", "extra"),
    [
        ("interpreter", "interpreter", "tolk-sq-1"),
        ("hearing-officer", "hearing-officer", "ua-02"),
        ("hearing-officer", "coa", "coa-gilze-1"),
        ("person", "transport", "bus-rotterdam-1"),
        ("person", "kmar", "kmar-ams-1"),
    ],
)
def test_nobody_is_taken_whom_nothing_asks_for(like: str, role: str, extra: str) -> None:
    told = f"nothing asks for {extra} as {role} {block(PLACEMENT, like)}"
    assert (role, told) in says(PLACEMENT, also(like, role=role, resources=[extra]))


def test_two_do_not_come_where_one_is_asked_for() -> None:
    def both(values: Values) -> None:
        attendance(values, "kmar")["resources"] = ["kmar-ams-1", "kmar-ams-2"]

    ((constraint, told),) = says(REMOVAL, both)
    assert constraint == "handover"
    assert told in {
        f"nothing asks for {one} as kmar {block(REMOVAL, 'kmar')}"
        for one in ("kmar-ams-1", "kmar-ams-2")
    }


@pytest.mark.parametrize("name", [PLACEMENT, REMOVAL, FAMILY])
def test_a_role_that_nobody_has_is_no_way_to_take_somebody(name: str) -> None:
    for one in booking(name).attendances:
        wrong = says(name, also(one.role, role="observer", resources=["tolk-sq-1"]))
        assert ("observer", "tolk-sq-1 is booked as observer, and is interpreter") in wrong


def test_nobody_comes_in_a_role_that_is_another_s() -> None:
    def instead(values: Values) -> None:
        attendance(values, "interpreter")["resources"] = ["ua-02"]

    assert says(PLACEMENT, instead) >= {
        ("interpreter", "1 short of those who must attend"),
        ("interpreter", "ua-02 is booked as interpreter, and is hearing-officer"),
    }


def test_a_person_comes_to_no_case_but_their_own() -> None:
    told = f"nothing asks for zk-0002 as person {block(PLACEMENT, 'person')}"
    assert ("person", told) in says(PLACEMENT, also("person", resources=["zk-0002"]))


def test_who_came_to_what_has_begun_is_held_against_nobody() -> None:
    late = edited((booking(PLACEMENT),), PLACEMENT, also("interpreter", resources=["tolk-sq-1"]))
    on_the_way = in_force(late, moved(late[0].start.isoformat(), minutes=20))
    assert found(world_of(on_the_way), late) == set()


def test_somebody_whom_nobody_asked_for_is_at_work_too() -> None:
    def all_asleep(values: Values) -> None:
        by_id(values, "resources", "coa-budel-1")["shifts"] = []

    more = also("hearing-officer", role="coa", resources=["coa-budel-1"])
    bookings = edited(planned(as_it_is), PLACEMENT, more)
    wrong = violations(world_of(as_it_is, all_asleep), REGISTER, bookings)
    assert [one.says.startswith("nothing asks") for one in wrong] == [True, False]
    assert {(one.booking, one.constraint) for one in wrong} == {(PLACEMENT, "coa")}


# Two bookings.


def test_nobody_and_nothing_is_taken_twice_at_a_time() -> None:
    first = booking(PLACEMENT, with_twins)

    def like_the_first(values: Values) -> None:
        values |= first.model_dump(mode="json") | {"id": TWIN, "case": "zk-0101"}
        attendance(values, "person")["resources"] = ["zk-0101"]

    assert broken(TWIN, like_the_first, with_twins) == {
        (TWIN, ASKED_BY[one.role]) for one in first.attendances if one.role != "person"
    }


def test_a_room_and_its_officer_are_taken_once() -> None:
    first = booking(REMOVAL, with_twins)

    def like_the_first(values: Values) -> None:
        values |= first.model_dump(mode="json") | {"id": TWIN_REMOVED, "case": "zk-0102"}
        attendance(values, "person")["resources"] = ["zk-0102"]

    assert broken(TWIN_REMOVED, like_the_first, with_twins) == {
        (TWIN_REMOVED, "handover"),
        (TWIN_REMOVED, "handover-room"),
        (TWIN_REMOVED, "transport"),
    }


def test_everyone_who_is_taken_by_a_long_block_is_named() -> None:
    """Not only the next in time."""
    first = booking(PLACEMENT, with_twins)

    def all_week(values: Values) -> None:
        for one in values["attendances"]:
            if one["role"] == "lawyer":
                one["until"] = moved(one["until"], days=4)

    def a_day_later(values: Values) -> None:
        values |= first.model_dump(mode="json") | {"id": TWIN, "case": "zk-0101"}
        move(values, days=1)

    bookings = edited((first, booking(TWIN, with_twins)), TWIN, a_day_later)
    third = bookings[1].model_copy(update={"id": "third", "case": "zk-0006"})
    third = edited((third,), "third", lambda values: move(values, days=1))[0]
    wrong = found(world_of(with_twins), edited((*bookings, third), PLACEMENT, all_week))
    assert {(TWIN, "lawyer"), ("third", "lawyer")} <= wrong


def test_a_person_is_not_in_two_bookings_at_a_time() -> None:
    def somebody_else_too(values: Values) -> None:
        attendance(values, "person")["resources"].append("zk-0101")

    def at_the_same_time(values: Values) -> None:
        one = attendance(values, "person")
        one["from"] = booking(PLACEMENT, with_twins).start.isoformat()

    bookings = edited(planned(with_twins), PLACEMENT, somebody_else_too)
    bookings = edited(bookings, TWIN, at_the_same_time)
    assert {"person"} == {one for _, one in found(world_of(with_twins), bookings)}


def test_a_facility_that_is_full_on_one_night_is_named() -> None:
    night = booking(PLACEMENT).nights[3].isoformat()

    def full(values: Values) -> None:
        by_id(values, "facilities", "dc-rotterdam")["nights"] = {night: 0}

    assert in_world(full) == {(PLACEMENT, "detention-place")}


def test_everyone_in_a_facility_that_holds_too_many_is_named() -> None:
    def one_place(values: Values) -> None:
        by_id(values, "facilities", "dc-rotterdam")["places"] = 1

    assert in_world(one_place, near=with_twins) == {
        (PLACEMENT, "detention-place"),
        (TWIN, "detention-place"),
    }


def test_a_seat_that_is_not_there_is_named() -> None:
    def fewer(values: Values) -> None:
        by_id(values, "departures", booking(REMOVAL).departure or "")["seats"] = {"escorted": 1}

    assert in_world(fewer) == {(REMOVAL, "departures")}


def test_a_carrier_takes_no_more_than_its_limit() -> None:
    def crowd(values: Values) -> None:
        with_twins(values)
        values["cases"] = [one for one in values["cases"] if one["id"] in {"zk-0002", "zk-0102"}]
        for one in values["departures"]:
            one["seats"] = {"unescorted": 5}
            one["carrier"] = "ryanair" if one["kind"] == "scheduled" else one.get("carrier")

    first, second = booking(REMOVAL, with_twins), booking(TWIN_REMOVED, with_twins)
    values = first.model_dump(mode="json")
    both = (
        first,
        Booking.model_validate(
            values | {"id": second.id, "case": second.case, "attendances": []},
            strict=False,
        ),
    )
    limited = {one for one in found(world_of(crowd), both) if one[1] == "carrier-limits"}
    assert limited == {(REMOVAL, "carrier-limits"), (TWIN_REMOVED, "carrier-limits")}


def test_a_family_takes_a_seat_for_each_of_its_persons() -> None:
    def two_seats(values: Values) -> None:
        by_id(values, "departures", booking(FAMILY).departure or "")["seats"] = {"unescorted": 2}

    assert {one for one in in_world(two_seats) if one[1] == "departures"} == {
        (FAMILY, "departures")
    }


def test_a_departure_to_elsewhere_has_no_seat() -> None:
    def to_albania(values: Values) -> None:
        by_id(values, "cases", "zk-0002")["destination"] = "AL"

    assert (REMOVAL, "departures") in in_world(to_albania)


# Nights.


@pytest.mark.parametrize(
    "edit",
    [
        lambda values: values["nights"].pop(),
        lambda values: values["nights"].pop(0),
        lambda values: values["nights"].append("2026-12-24"),
        lambda values: values["nights"].clear(),
        lambda values: values["nights"].reverse(),
    ],
    ids=["last missing", "first missing", "one more", "none", "backwards"],
)
@pytest.mark.parametrize(("name", "near"), [(PLACEMENT, as_it_is), (PLACED, with_chain)])
def test_every_night_of_the_stay_is_claimed(name: str, near: Change, edit: Change) -> None:
    assert broken(name, edit, near) == {(name, "detention-place")}


def test_a_man_is_not_placed_with_families() -> None:
    def to_zeist(values: Values) -> None:
        values["facility"] = "ggv-zeist"

    assert (PLACEMENT, "template") in broken(PLACEMENT, to_zeist)

    def rotterdam_for_women(values: Values) -> None:
        by_id(values, "facilities", "dc-rotterdam")["categories"] = ["woman"]

    assert in_world(rotterdam_for_women) == {(PLACEMENT, "detention-place")}


# Hours, clocks and notice.


def test_a_pick_up_in_the_night_is_outside_the_hours() -> None:
    assert (PLACEMENT, "working-hours") in broken(PLACEMENT, lambda values: move(values, hours=-3))


def test_a_placement_on_saturday_is_outside_the_working_days() -> None:
    days = 5 - booking(PLACEMENT).start.weekday()
    assert (PLACEMENT, "working-hours") in broken(PLACEMENT, lambda values: move(values, days=days))


def test_a_hearing_that_outlasts_the_holding_clock_is_named() -> None:
    def may_wait_long(values: Values) -> None:
        by_id(values, "templates", "placement-day")["phases"][2]["wait"] = {"max": 900}

    # Six hours from nine in the morning, for the night does not count: until three.
    hearing = next(one for one in booking(PLACEMENT).phases if one.id == "hearing")
    late = hearing.from_.replace(hour=12, minute=45) - hearing.from_
    minutes = late // timedelta(minutes=1)

    def later(values: Values) -> None:
        blocks = [one for one in values["attendances"] if one["phase"] in {"hearing", "transfer"}]
        for one in (*values["phases"][2:], *blocks):
            one["from"] = moved(one["from"], minutes=minutes)
            one["until"] = moved(one["until"], minutes=minutes)
        attendance(values, "person")["until"] = values["phases"][-1]["until"]

    bookings = edited(planned(as_it_is), PLACEMENT, later)
    assert found(world_of(may_wait_long), bookings) == {(PLACEMENT, "holding-clock")}


def test_a_flight_too_close_to_be_booked_is_named() -> None:
    """With escorts ten working days: from Friday the 13th they make it Friday the 27th."""

    def on_friday(values: Values) -> None:
        values["asOf"] = "2026-11-13T18:00:00Z"

    assert booking(REMOVAL, with_escorts).departure == "tk1952-1126"
    assert in_world(on_friday, REMOVAL, near=with_escorts) == {(REMOVAL, "booking-lead")}


def test_a_notice_too_short_is_named() -> None:
    def on_wednesday(values: Values) -> None:
        values["asOf"] = "2026-11-25T06:00:00Z"

    assert (REMOVAL, "lawyer-notice") in in_world(on_wednesday, REMOVAL)


def test_in_a_chain_the_notice_counts_from_the_placement() -> None:
    """From the arrival on Wednesday to the departure on Thursday is less than 36 hours."""
    leaves = booking(REMOVED, with_chain).start.date()
    days = (leaves - booking(PLACED, with_chain).start.date()).days - 1

    def the_day_before(values: Values) -> None:
        move(values, days=days)
        values["nights"] = values["nights"][-1:]

    assert broken(PLACED, the_day_before, with_chain) == {(REMOVED, "lawyer-notice")}


def test_outside_the_dates_of_the_case_nothing_is_planned() -> None:
    def early(values: Values) -> None:
        by_id(values, "cases", "zk-0002")["latest"] = "2026-11-25T00:00:00Z"

    assert in_world(early) == {(REMOVAL, "case-window")}


def test_in_the_past_nothing_is_planned() -> None:
    def at_night(values: Values) -> None:
        values["asOf"] = moved(booking(PLACEMENT).start.isoformat(), minutes=1)

    assert {one for one in in_world(at_night) if one[0] == PLACEMENT} >= {
        (PLACEMENT, "case-window")
    }


# Answers and documents.


@pytest.mark.parametrize("value", ["no", "unknown", None])
@pytest.mark.parametrize(("name", "fact", "constraint"), STANDING)
def test_a_standing_check_that_is_not_answered_yes_is_named(
    name: str, fact: str, constraint: str, value: str | None
) -> None:
    def answer(values: Values) -> None:
        case = by_id(values, "cases", booking(name).case)
        facts = case["facts"] if fact in case["facts"] else case["persons"][0]["facts"]
        if value is None:
            del facts[fact]
        else:
            facts[fact] = {"value": value}

    assert in_world(answer) == {(name, constraint)}


@pytest.mark.parametrize(
    ("where", "fact", "constraint"),
    [
        ("case", "last-removability-check", "removability-check"),
        ("person", "fit-to-fly", "fit-to-fly"),
    ],
)
def test_a_due_check_that_is_answered_no_is_named(where: str, fact: str, constraint: str) -> None:
    def deny(values: Values) -> None:
        case = by_id(values, "cases", "zk-0002")
        (case if where == "case" else case["persons"][0])["facts"][fact] = {"value": "no"}

    assert in_world(deny) == {(REMOVAL, constraint)}


def test_a_due_check_whose_window_is_open_asks_for_an_answer() -> None:
    def the_day_before(values: Values) -> None:
        values["asOf"] = moved(booking(REMOVAL).start.isoformat(), hours=-20)

    assert {(REMOVAL, "fit-to-fly"), (REMOVAL, "removability-check")} <= in_world(
        the_day_before, REMOVAL
    )


@pytest.mark.parametrize(
    "documents",
    [
        [],
        [{"kind": "passport", "validFrom": "2016-11-25", "validUntil": "2026-11-25"}],
        [{"kind": "passport", "validFrom": "2026-11-27", "validUntil": "2036-11-27"}],
        [{"kind": "passport"}],
        [{"kind": "laissez-passer", "expected": "2026-11-24"}],
    ],
    ids=["none", "expired", "not yet", "undated", "expected"],
)
def test_a_document_that_is_not_valid_on_the_flight_date_is_named(documents: list[Values]) -> None:
    def papers(values: Values) -> None:
        by_id(values, "cases", "zk-0002")["persons"][0]["documents"] = documents

    assert in_world(papers) == {(REMOVAL, "travel-document")}


# Chains.


def test_a_removal_that_begins_before_its_placement_ends_is_out_of_order() -> None:
    leaves = booking(REMOVED, with_chain).start.date()
    days = (leaves - booking(PLACED, with_chain).start.date()).days
    assert (REMOVED, "chain") in broken(PLACED, lambda values: move(values, days=days), with_chain)


def test_a_removal_leaves_from_where_the_placement_ended() -> None:
    def elsewhere(values: Values) -> None:
        values["facility"] = "ggv-zeist"

    assert broken(REMOVED, elsewhere, with_chain) == {(REMOVED, "chain")}


@pytest.mark.parametrize("follows", [None, PLACEMENT, REMOVED])
def test_a_removal_of_a_chain_follows_its_own_placement(follows: str | None) -> None:
    wrong = broken(REMOVED, lambda values: values.update(follows=follows), with_chain)
    assert {(REMOVED, "chain"), (PLACED, "chain")} <= wrong


@pytest.mark.parametrize("name", [REMOVAL, PLACEMENT])
def test_what_is_no_chain_follows_nothing(name: str) -> None:
    other = REMOVAL if name == PLACEMENT else PLACEMENT
    assert broken(name, lambda values: values.update(follows=other)) == {(name, "chain")}


def test_a_placement_of_a_chain_is_not_planned_without_its_removal() -> None:
    bookings = tuple(one for one in planned(with_chain) if one.id != REMOVED)
    assert found(world_of(with_chain), bookings) == {(PLACED, "chain")}


# Ids.


@pytest.mark.parametrize(
    "edit",
    [
        lambda values: values.update(case="zk-9999"),
        lambda values: values.update(template="seance"),
        lambda values: values.update(facility="hotel"),
        lambda values: values.update(departure="kl1"),
        lambda values: values.update(follows="nothing"),
        lambda values: values["phases"][0].update(place="utrecht"),
        lambda values: values["attendances"][0].update(resources=["nobody"]),
        lambda values: values["attendances"][0].update(phase="lunch"),
    ],
    ids=["case", "template", "facility", "departure", "booking", "place", "resource", "phase"],
)
def test_an_unknown_id_is_named(edit: Change) -> None:
    assert (REMOVAL, "booking") in broken(REMOVAL, edit)


def test_two_bookings_of_one_id_are_named() -> None:
    assert found(world_of(as_it_is), (*planned(as_it_is), booking(REMOVAL))) == {
        (REMOVAL, "booking")
    }


def test_two_bookings_of_one_leg_are_both_named() -> None:
    again = booking(REMOVAL).model_copy(update={"id": "again"})
    assert found(world_of(as_it_is), (*planned(as_it_is), again)) == {
        (REMOVAL, "booking"),
        ("again", "booking"),
    }


def test_a_leg_that_the_case_does_not_ask_for_is_named() -> None:
    def only_placed(values: Values) -> None:
        by_id(values, "cases", "zk-0002")["operation"] = "placement"

    assert in_world(only_placed) == {(REMOVAL, "booking")}


def test_only_what_the_world_knows_as_executed_may_be_of_a_leg_that_is_not_asked_for() -> None:
    done = edited(planned(as_it_is), PLACEMENT, lambda values: values.update(status="executed"))

    def then_removed(values: Values) -> None:
        by_id(values, "cases", "zk-0001")["operation"] = "removal"

    def known(values: Values) -> None:
        then_removed(values)
        values["bookings"] = [one.model_dump(mode="json") for one in done if one.id == PLACEMENT]

    assert (PLACEMENT, "booking") in found(world_of(then_removed), done)
    assert found(world_of(known), done) == set()


# History.


def in_force(bookings: tuple[Booking, ...], as_of: str) -> Change:
    """Return the change that lets a world hold ``bookings`` at a later moment."""

    def change(values: Values) -> None:
        values["asOf"] = as_of
        values["bookings"] = [one.model_dump(mode="json") for one in bookings]

    return change


def test_what_has_begun_is_held_against_nobody() -> None:
    late = edited((booking(PLACEMENT),), PLACEMENT, lambda values: values["attendances"].pop(0))
    on_the_way = in_force(late, moved(late[0].start.isoformat(), minutes=20))
    assert found(world_of(on_the_way), late) == set()


@pytest.mark.parametrize("status", ["executed", "proposed", "held", "confirmed"])
def test_what_the_world_does_not_know_is_no_history(status: str) -> None:
    """Nobody evades a rule by calling a booking executed, or by dating it in the past."""

    def evade(values: Values) -> None:
        values["status"] = status
        values["attendances"].pop(0)

    late = in_force((), moved(booking(PLACEMENT).start.isoformat(), minutes=20))
    bookings = edited((booking(PLACEMENT),), PLACEMENT, evade)
    assert {(PLACEMENT, "person"), (PLACEMENT, "case-window")} <= found(world_of(late), bookings)


def test_what_has_begun_still_claims_and_the_other_booking_is_named() -> None:
    first = booking(PLACEMENT, with_twins)

    def an_hour_later(values: Values) -> None:
        values |= first.model_dump(mode="json") | {"id": TWIN, "case": "zk-0101"}
        attendance(values, "person")["resources"] = ["zk-0101"]
        move(values, hours=1)

    both = edited((first, booking(TWIN, with_twins)), TWIN, an_hour_later)
    begun = in_force((first,), moved(first.start.isoformat(), minutes=20))
    wrong = found(world_of(with_twins, begun), both)
    assert {(TWIN, "hearing-officer"), (TWIN, "interpreter"), (TWIN, "lawyer")} <= wrong
    assert {name for name, _ in wrong} == {TWIN}


def test_a_placement_that_is_executed_waits_for_its_removal() -> None:
    done = booking(PLACED, with_chain).model_copy(update={"status": "executed"})
    later = in_force((done,), moved(done.end.isoformat(), hours=1))
    assert found(world_of(with_chain, later), (done,)) == set()
