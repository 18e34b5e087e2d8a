"""Once the placement of a chain was carried out, its removal lives alone."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from api.desk import Desk
from constraints.register import REGISTER
from fixtures.worlds import canonical, document
from scheduler.constraint import Elapsed, Inside, Register
from scheduler.continuing import lives_on, nights_of, placed_by, until_departure
from scheduler.event import CaseWithdrawn, DepartureChange, DepartureChanged, ResourceAway
from scheduler.loading import parse_world
from scheduler.pattern import Patterns
from scheduler.plan import Plan, Unplanned, claims_of
from scheduler.planner import plan
from scheduler.replanning import Replan, overdue, replan
from scheduler.validator import plan_violations, violations
from scheduler.world import (
    Attendee,
    Booking,
    Case,
    Detention,
    Fact,
    Interval,
    Person,
    Trigger,
    World,
)
from tests.validator.plans import PLACED, REMOVED, planned, with_chain, world_of

CHAIN = "zk-0006"
HEARD = ("detention-grounds", "lighter-means-rejected")


def booking(name: str) -> Booking:
    return next(one for one in planned(with_chain) if one.id == name)


def carried_out(*, removal: str = "confirmed", **case: Any) -> tuple[World, Case]:
    """Return a world in which the chain's placement was carried out, and its case before that."""
    done = booking(PLACED).model_copy(update={"status": "executed"})
    left = booking(REMOVED).model_copy(update={"status": removal})
    yes = Fact(value="yes", since=done.start.date())
    before = world_of(with_chain)
    chained = before.case[CHAIN].model_copy(update=case)
    (person,) = chained.persons
    fit = person.model_copy(update={"facts": person.facts | {"fit-to-fly": yes}})
    heard = chained.facts | dict.fromkeys(HEARD, yes)
    chained = chained.model_copy(update={"facts": heard, "persons": (fit,)})
    bookings = (done, left)
    return _with(before, chained).but(bookings=bookings, as_of=done.end), chained


def alone(**changes: Any) -> World:
    """Return that world with the case as it lives on."""
    world, chained = carried_out(**changes)
    return _with(world, lives_on(world, chained, world.bookings[0]))


def _with(world: World, case: Case) -> World:
    return world.but(cases=tuple(case if one.id == case.id else one for one in world.cases))


def in_force(world: World) -> Plan:
    """Return what stands in a world as a plan."""
    standing = tuple(one for one in world.bookings if one.claims)
    booked = {(one.case, one.operation) for one in standing}
    return Plan(
        world=world.fingerprint,
        made_at=world.as_of,
        seed=0,
        seconds=0,
        bookings=standing,
        unplanned=tuple(
            Unplanned(case=one.id, reason="not asked", blocked="unknown", asked=False)
            for one in world.cases
            if not all((one.id, leg) in booked for leg in one.legs)
        ),
    )


def after(world: World, *events: Any, register: Register = REGISTER) -> Replan:
    """Return the repaired plan of what stands, which breaks no rule but what is due now."""
    found = replan(world, register, in_force(world), events)
    wrong = set(plan_violations(found.world, register, found.plan))
    assert not wrong - overdue(found.world, register, found.plan.bookings)
    return found


def without(*names: str) -> Register:
    """Return the register without some of its constraints."""
    left = tuple(one for one in REGISTER.constraints if one.id not in names)
    return replace(REGISTER, constraints=left)


def ends(world: World, case: Case) -> dict[str, datetime]:
    """Return when the legal clocks of a removal run out."""
    return {
        constraint.id: rule.stretches[-1][1]
        for constraint, rule in REGISTER.declarations(world, case, "removal")
        if isinstance(rule, Inside) and rule.clock
    }


def happens(kind: str, subject: str, at: datetime) -> dict[str, Any]:
    return {"id": f"e-{subject}", "at": at, "kind": kind, "subject": subject}


def cancelled(world: World, departure: str | None) -> DepartureChanged:
    return DepartureChanged(
        **happens("departure-changed", departure or "", world.as_of),
        value=DepartureChange(cancelled=True),
    )


def of(bookings: Iterable[Booking], name: str) -> Booking:
    return next(one for one in bookings if one.id == name)


# --- The case ---------------------------------------------------------------------------------


def test_it_is_a_removal_from_the_facility_detained_since_the_arrival() -> None:
    world = alone()
    case, placement = world.case[CHAIN], booking(PLACED)
    assert case.operation == "removal"
    assert case.location == "dc-rotterdam"
    assert case.detention == Detention(ground="59-1", imposed_at=placement.phases[-1].until)
    assert placed_by(world, CHAIN) == world.bookings[0]


def test_a_detention_that_stood_before_goes_on() -> None:
    stood = Detention(ground="59-1", imposed_at=booking(PLACED).start - timedelta(days=9))
    assert alone(detention=stood).case[CHAIN].detention == stood


def test_without_a_ground_nobody_makes_one_up_and_the_removal_is_not_planned() -> None:
    world = alone(detention=None, removal="cancelled")
    assert world.case[CHAIN].detention is None
    blocking = Desk(world).ask(CHAIN).blocking
    assert blocking is not None
    assert ("detention-terms", False) in {(one.constraint, one.known) for one in blocking.reasons}


def test_who_is_named_attends_the_removal_only() -> None:
    def named(*acts: tuple[str, str]) -> tuple[Attendee, ...]:
        return tuple(Attendee(resource="rv-04", from_=one, until=until) for one, until in acts)

    asked = named(("pick-up", "hearing"), ("arrival", "delivery"), ("hand-over", "hand-over"))
    world, chained = carried_out(attendees=asked)
    left = lives_on(world, chained, world.bookings[0]).attendees
    assert left == named(("transport", "delivery"), ("hand-over", "hand-over"))


@pytest.mark.parametrize("status", ["proposed", "held", "confirmed", "cancelled"])
def test_a_placement_that_was_not_carried_out_leaves_the_chain_as_it_is(status: Any) -> None:
    world, chained = carried_out()
    with pytest.raises(ValueError, match="no placement of a chain zk-0006 that is executed"):
        lives_on(world, chained, world.bookings[0].model_copy(update={"status": status}))


@pytest.mark.parametrize("other", ["zk-0001", "zk-0002"])
def test_what_is_no_chain_does_not_live_on(other: str) -> None:
    world, _ = carried_out()
    with pytest.raises(ValueError, match=f"no placement of a chain {other}"):
        lives_on(world, world.case[other], world.bookings[0])
    assert placed_by(world, other) is None


# --- The world --------------------------------------------------------------------------------


def test_the_world_is_whole() -> None:
    world = alone()
    assert parse_world(canonical(document(world)), REGISTER) == world
    assert world.resource[CHAIN].home == "dc-rotterdam"


@pytest.mark.parametrize("status", ["held", "confirmed"])
def test_the_removal_that_stands_breaks_no_rule(status: str) -> None:
    world = alone(removal=status)
    assert violations(world, REGISTER, world.bookings) == ()
    assert plan_violations(world, REGISTER, in_force(world)) == ()


@pytest.mark.parametrize("days", range(4))
@pytest.mark.parametrize("status", ["proposed", "held", "confirmed"])
def test_as_time_passes_it_breaks_what_it_would_break_in_its_chain(status: str, days: int) -> None:
    chained, _ = carried_out(removal=status)
    later = chained.as_of + timedelta(days=days)
    chained, world = (one.but(as_of=later) for one in (chained, alone(removal=status)))
    broken, would = (
        {one.constraint for one in violations(world, REGISTER, world.bookings)}
        for world in (world, chained)
    )
    assert broken == would


def test_the_placement_holds_its_places_still() -> None:
    world = alone()
    done = world.bookings[0]
    claims = claims_of(Patterns(world, REGISTER).of(CHAIN), done)
    assert claims.nights == tuple(("dc-rotterdam", night, 1) for night in done.nights)
    lone = booking("zk-0001-placement")
    night = next(one for one in done.nights if one in lone.nights)
    facility = world.facility["dc-rotterdam"].model_copy(update={"nights": {night: 1}})
    full = world.but(facilities=(facility, *world.facilities[1:]))
    said = violations(full, REGISTER, (*world.bookings, lone))
    assert [one.says for one in said if one.constraint == "detention-place"] == [
        f"2 persons in dc-rotterdam on {night}, 1 places"
    ]


def test_its_removal_is_known_as_the_pattern_that_it_is() -> None:
    world = alone()
    departs = booking(REMOVED).phases[-1].from_
    lights = Desk(world).lights(CHAIN)
    due = [one for light in lights.lights for check in light.checks for one in check.due]
    assert due
    assert {one.before for one in due} == {departs}


# --- The clocks -------------------------------------------------------------------------------


CLOCKED: list[tuple[dict[str, Any], set[str]]] = [
    ({"detention": Detention(ground="59-1")}, {"detention-terms"}),
    ({"detention": Detention(ground="59-2")}, {"detention-terms"}),
    ({"detention": Detention(ground="59b")}, {"detention-terms", "court-review"}),
    ({"detention": Detention(ground="6")}, {"return-border", "court-review"}),
    (
        {"detention": Detention(ground="59a"), "regime": "ammr", "destination": "DE"},
        {"detention-transfer", "court-review"},
    ),
    (
        {"detention": Detention(ground="59a"), "regime": "dublin-iii", "destination": "DE"},
        {"detention-transfer", "court-review"},
    ),
]


@pytest.mark.parametrize("category", ["man", "child"])
@pytest.mark.parametrize(("fields", "clocks"), CLOCKED)
def test_every_clock_ends_when_that_of_the_chain_did(
    fields: dict[str, Any], clocks: set[str], category: str
) -> None:
    person = Person(id="zk-0006-a", category=category)
    world, chained = carried_out(persons=(person,), **fields)
    done = world.bookings[0]
    left = lives_on(world, chained, done)
    begins = done.phases[-1].until
    before = {
        constraint.id: begins + timedelta(minutes=rule.at_most)
        for constraint, rule in REGISTER.declarations(world, chained, "chain")
        if isinstance(rule, Elapsed) and rule.clock and rule.at_most is not None
    }
    now = ends(_with(world, left), left)
    assert now == before
    assert now.keys() == clocks | ({"family-facility"} if category == "child" else set())


def test_an_extension_or_a_judgment_of_before_counts_for_nothing() -> None:
    early = booking(PLACED).start - timedelta(hours=3)
    kinds = ("detention-extended", "review-upheld")
    triggers = tuple(Trigger(kind=kind, at=early) for kind in kinds)
    world = alone(detention=Detention(ground="59b"), triggers=triggers)
    lasts = {
        name: end - booking(PLACED).end for name, end in ends(world, world.case[CHAIN]).items()
    }
    assert lasts == {"detention-terms": timedelta(days=180), "court-review": timedelta(days=21)}


# --- What is asked ----------------------------------------------------------------------------


def test_when_the_removal_failed_another_is_proposed_alone_within_the_same_clocks() -> None:
    chained = Desk(world_of(with_chain)).ask(CHAIN).proposals
    ended = {
        clock.constraint: clock.ends
        for one in chained
        if one.bookings[0].phases == booking(PLACED).phases
        for clock in one.clocks
    }
    world = alone(removal="cancelled")
    proposals = Desk(world).ask(CHAIN).proposals
    assert proposals
    for one in proposals:
        assert [made.operation for made in one.bookings] == ["removal"]
        assert one.bookings[0].phases[0].place == "dc-rotterdam"
        legal = {clock.constraint: clock.ends for clock in one.clocks}
        assert legal
        assert all(legal[name] <= ended[name] for name in legal)
        assert violations(world, REGISTER, (*world.bookings, *one.bookings)) == ()


def test_as_a_chain_it_would_never_be_planned_again() -> None:
    world, _ = carried_out(removal="cancelled")
    assert not Desk(world).ask(CHAIN).proposals


def test_who_is_placed_is_told_so() -> None:
    for status in ("confirmed", "cancelled"):
        lights = {one.light: one for one in Desk(alone(removal=status)).lights(CHAIN).lights}
        assert {name: one.state for name, one in lights.items()} == dict.fromkeys(lights, "green")
        assert lights["placed-in-detention"].blocks


def test_what_the_hearing_decided_is_asked_of_people_still() -> None:
    world = alone(removal="cancelled")
    unheard = world.case[CHAIN].model_copy(update={"facts": world_of(with_chain).case[CHAIN].facts})
    lights = {one.light: one.state for one in Desk(_with(world, unheard)).lights(CHAIN).lights}
    assert lights["placed-in-detention"] == "grey"


def test_whoever_is_left_without_a_removal_is_among_those_who_could_use_a_seat() -> None:
    world = alone(removal="cancelled")
    assert CHAIN in {one.case for one in Desk(world).openings().openings}
    assert CHAIN not in {one.case for one in Desk(alone()).openings().openings}


def test_the_planner_plans_the_removal_alone() -> None:
    world = alone(removal="cancelled")
    made = plan(world, REGISTER, seconds=0)
    assert [one.operation for one in made.bookings if one.case == CHAIN] == [
        "placement",
        "removal",
    ]
    assert plan_violations(world, REGISTER, made) == ()


# --- Nights -----------------------------------------------------------------------------------


def test_the_nights_of_the_placement_run_up_to_the_removal() -> None:
    world = alone(removal="cancelled")
    done = world.bookings[0]
    for one in Desk(world).ask(CHAIN).proposals:
        removal = one.bookings[0]
        leaves = removal.phases[-1].from_.date()
        stays = until_departure(world, REGISTER, done, removal)
        assert stays.nights[0] == done.nights[0]
        assert stays.nights[-1] == leaves - timedelta(days=1)
        assert len(stays.nights) == (leaves - done.nights[0]).days
        assert stays.model_copy(update={"nights": done.nights}) == done


def test_before_it_is_carried_out_they_are_those_of_the_chain() -> None:
    world = world_of(with_chain)
    placement, removal = booking(PLACED), booking(REMOVED)
    assert nights_of(world, REGISTER, placement, removal) == placement.nights
    assert until_departure(world, REGISTER, placement, removal) == placement


def test_where_nothing_asks_for_nights_they_stay_as_they_are() -> None:
    world = alone()
    register = without("detention-place")
    assert nights_of(world, register, *world.bookings) is None
    assert until_departure(world, register, *world.bookings) == world.bookings[0]


@pytest.mark.parametrize("nights", [-1, 1, None])
def test_a_placement_whose_nights_do_not_reach_the_removal_is_told_of(nights: int | None) -> None:
    world = alone()
    done, removal = world.bookings
    (*most, last) = done.nights
    others: dict[int | None, tuple[Any, ...]] = {
        -1: tuple(most),
        1: (*most, last, last + timedelta(days=1)),
        None: (),
    }
    wrong = done.model_copy(update={"nights": others[nights]})
    found = violations(world.but(bookings=(wrong, removal)), REGISTER, (wrong, removal))
    assert {(one.booking, one.constraint) for one in found} == {(PLACED, "detention-place")}
    apart = removal.model_copy(update={"follows": None})
    assert not violations(world.but(bookings=(wrong, apart)), REGISTER, (wrong, apart))


# --- What happens -----------------------------------------------------------------------------


def test_when_its_flight_is_cancelled_it_takes_another_and_the_nights_go_along() -> None:
    world = alone()
    done, removal = world.bookings
    found = after(world, cancelled(world, removal.departure))
    (moved,) = found.moved
    stays, new = moved.after
    assert (new.status, new.operation) == ("proposed", "removal")
    assert new.departure not in {None, removal.departure}
    assert new.follows == done.id
    assert stays == until_departure(world, REGISTER, done, new)
    assert len(stays.nights) > len(done.nights)
    assert stays.status == "executed"
    assert parse_world(canonical(document(found.world)), REGISTER) == found.world


def test_where_the_place_of_another_night_is_gone_the_removal_stands_by_itself() -> None:
    world = alone()
    done, removal = world.bookings
    night = done.nights[-1] + timedelta(days=1)
    full = world.facility["dc-rotterdam"].model_copy(update={"nights": {night: 0}})
    world = world.but(facilities=(full, *world.facilities[1:]))
    found = after(world, cancelled(world, removal.departure))
    (moved,) = found.moved
    assert moved.after[0] == done
    assert moved.after[1].follows is None


def test_when_no_other_goes_the_placement_stays_and_the_case_is_told_of() -> None:
    world = alone()
    flights = [one.id for one in world.departures_to("AL")]
    found = after(world, *(cancelled(world, one) for one in flights))
    (dropped,) = found.dropped
    assert dropped.after == world.bookings[:1]
    assert "no seat on a departure" in dropped.reason
    assert CHAIN in {one.case for one in found.plan.unplanned}
    reasons = {one.case: one.reason for one in found.plan.unplanned}
    assert "one leg" not in reasons[CHAIN]


def test_for_somebody_who_is_away_somebody_else_comes_and_the_removal_stays() -> None:
    world = alone()
    kmar = next(one for one in world.bookings[1].attendances if one.role == "kmar")
    away = Interval(from_=world.as_of, until=world.as_of + timedelta(days=6))
    gone = happens("resource-away", kmar.resources[0], world.as_of)
    register = without("booking-lead", "lawyer-notice")
    found = after(world, ResourceAway(**gone, value=away), register=register)
    (moved,) = found.moved
    assert moved.renamed
    assert of(moved.after, PLACED) == world.bookings[0]
    assert of(moved.after, REMOVED).phases == world.bookings[1].phases


def test_what_nothing_happens_to_is_not_said_to_have_begun() -> None:
    (kept,) = after(alone()).kept
    assert kept.reason == "no event touches it"


def test_who_is_withdrawn_leaves_the_placement_that_was_carried_out() -> None:
    world = alone()
    found = after(world, CaseWithdrawn(**happens("case-withdrawn", CHAIN, world.as_of)))
    assert found.plan.bookings == world.bookings[:1]
    assert found.world.case[CHAIN].operation == "placement"
