"""Execution: on a joint charter each country has its own share of the seats."""

from typing import Any

from constraints import country_quota, departures
from constraints.register import REGISTER, RULES
from scheduler.constraint import Register, Seats
from scheduler.construction import construct
from scheduler.plan import bookings_of
from scheduler.task import prepare
from scheduler.validator import violations
from scheduler.world import Booking, Case, Departure, Location, Quota, Road, World
from tests.constraints.worlds import (
    LOCATIONS,
    case,
    declared,
    departure,
    family,
    person,
    subject,
)

GERMAN = Location(
    id="pol-aachen", kind="police-station", region="West", country="DE", timezone="Europe/Berlin"
)
OPEN = departure("open", "charter")
FLIGHT = departure("hv1")
ONLY_QUOTA = Register(
    REGISTER.lights, (departures.CONSTRAINT, country_quota.CONSTRAINT), RULES, REGISTER.categories
)
"""Nothing but seats and quotas is asked."""


def joint(**seats: int) -> Departure:
    quotas = tuple(Quota(country=country, seats=count) for country, count in seats.items())
    return departure("joint", "charter", charter="joint", quotas=quotas)


def limits(of: Case, *there: Departure) -> dict[str, int]:
    where = (*LOCATIONS, GERMAN)
    (found,) = declared(country_quota.CONSTRAINT, of, departures=there, locations=where)
    assert isinstance(found, Seats)
    return dict(found.limits)


def removal(name: str, *, location: str, **fields: Any) -> Case:
    persons = tuple(
        one.model_copy(update={"id": f"{name}-{one.id}"})
        for one in fields.pop("persons", (person(),))
    )
    return case(id=name, location=location, persons=persons, **fields)


def dutch(n: int, **fields: Any) -> Case:
    return removal(f"nl-{n}", location="azc-gilze", **fields)


def german(n: int, **fields: Any) -> Case:
    return removal(f"de-{n}", location="pol-aachen", **fields)


def world(charter: Departure, *cases: Case) -> World:
    return subject(
        cases[0],
        locations=(*LOCATIONS, GERMAN),
        roads=tuple(
            Road(from_=place, to="schiphol-ams", minutes=60)
            for place in ("azc-gilze", "pol-aachen")
        ),
        departures=(charter,),
        cases=cases,
    ).world


def plan(of: World) -> tuple[Booking, ...]:
    task = prepare(of, ONLY_QUOTA)
    chosen = construct(task.cases, task.valuation, task.occupancy)
    return tuple(
        booking
        for one in task.cases
        if one.case.id in chosen
        for booking in bookings_of(one, chosen[one.case.id].pattern, chosen[one.case.id].names)
    )


def planned(of: World) -> set[str]:
    bookings = plan(of)
    assert violations(of, ONLY_QUOTA, bookings) == ()
    return {one.case for one in bookings}


def test_a_country_takes_no_more_seats_than_its_quota() -> None:
    assert limits(dutch(1), joint(NL=3, DE=4)) == {"joint": 3}
    assert limits(german(1), joint(NL=3, DE=4)) == {"joint": 4}


def test_its_seats_are_counted_apart_from_those_by_kind() -> None:
    escorted = dutch(1, persons=(person(escorts=2), person("woman", 2)))
    (found,) = declared(country_quota.CONSTRAINT, escorted, departures=(joint(NL=3),))
    assert isinstance(found, Seats)
    assert (found.kind, found.count) == ("NL", 2)


def test_a_country_that_does_not_take_part_gets_none() -> None:
    assert limits(dutch(1), joint(DE=4, BE=4)) == {"joint": 0}


def test_other_departures_have_no_limit_but_their_seats() -> None:
    assert limits(dutch(1), joint(NL=3), OPEN, FLIGHT) == {"joint": 3, "open": 7, "hv1": 7}


def test_without_quotas_nothing_is_asked() -> None:
    assert declared(country_quota.CONSTRAINT, dutch(1), departures=(OPEN, FLIGHT)) == []


def test_a_full_quota_closes_the_charter_for_that_country_and_not_for_the_other() -> None:
    both = world(joint(NL=1, DE=2), dutch(1), dutch(2), german(1), german(2))
    assert planned(both) == {"nl-1", "de-1", "de-2"}


def test_seats_of_both_kinds_count_against_one_quota() -> None:
    escorted = (person(escorts=2),)
    both = world(joint(NL=1, DE=2), dutch(1, persons=escorted), dutch(2), german(1))
    assert len(planned(both) & {"nl-1", "nl-2"}) == 1


def test_a_family_needs_a_share_for_each_of_its_persons() -> None:
    assert planned(world(joint(NL=2, DE=2), dutch(1, persons=family()))) == set()
    assert planned(world(joint(NL=3, DE=2), dutch(1, persons=family()))) == {"nl-1"}


def test_quotas_may_add_up_to_more_than_the_seats_which_still_bind() -> None:
    charter = joint(NL=4, DE=4)
    cases = (*(dutch(n) for n in range(4)), *(german(n) for n in range(4)))
    assert len(planned(world(charter, *cases))) == charter.seats.unescorted == 5


def test_the_validator_names_everyone_of_a_country_beyond_its_quota() -> None:
    cases = dutch(1), dutch(2), german(1)
    booked = plan(world(joint(NL=2, DE=1), *cases))
    found = violations(world(joint(NL=1, DE=1), *cases), ONLY_QUOTA, booked)
    assert {(one.booking, one.constraint) for one in found} == {
        (one.id, "country-quota") for one in booked if one.case.startswith("nl")
    }


def test_the_validator_names_whoever_comes_from_a_country_that_takes_no_part() -> None:
    booked = plan(world(joint(NL=1, DE=1), dutch(1), german(1)))
    found = violations(world(joint(DE=1), dutch(1), german(1)), ONLY_QUOTA, booked)
    assert [(one.booking, one.constraint) for one in found] == [
        (one.id, "country-quota") for one in booked if one.case == "nl-1"
    ]
