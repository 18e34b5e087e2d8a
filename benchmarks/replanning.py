"""How fast a plan is repaired after an event of each kind, and at what change.

Run ``python -m benchmarks.replanning [europe]``; it prints a Markdown table with the machine named,
for the national world or for Europe. Every event hits the first plan, of which every other booking
is confirmed, in a place where it hurts, at once or some days later. *Unaffected* are the cases that
share nothing with what the event is about and are moved or dropped all the same; *too late* those
of them that were only proposed, and can no longer be booked in time.
"""

import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain

from benchmarks.machine import machine
from benchmarks.peers.worlds import EUROPE, NATIONAL, Setting
from constraints.booking_lead import CONSTRAINT as BOOKING_LEAD
from constraints.independent_departure import TRIGGER
from constraints.register import REGISTER
from scheduler.event import (
    CapacityChanged,
    CaseAdded,
    CaseWithdrawn,
    DepartureChange,
    DepartureChanged,
    DocumentChanged,
    Event,
    FactChanged,
    ResourceAway,
    TriggerAdded,
)
from scheduler.plan import Plan
from scheduler.planner import plan
from scheduler.replanning import Outcome, Replan, overdue, replan
from scheduler.validator import plan_violations
from scheduler.world import Booking, Case, Document, Fact, Interval, Trigger, World

ROUNDS = 3
DAYS = 0, 1, 3


def main(setting: Setting) -> None:
    """Print the figures; RuntimeError when the validator refuses a repaired plan."""
    world = setting.world()
    world, made = _confirmed(world, plan(world, REGISTER, seconds=0))
    print(f"{machine()}\n")
    print(f"{setting.name}: {len(made.bookings)} bookings, every other one confirmed.\n")
    print("| days later | event | seconds | moved | dropped | new | unaffected | too late |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for days in DAYS:
        for name, event in _events(world, made, world.as_of + timedelta(days=days)):
            print(f"| {days} | {name} | {_row(world, made, event)} |", flush=True)


def _row(world: World, made: Plan, event: Event) -> str:
    """Return the figures of one event; RuntimeError when the repaired plan breaks a rule."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        after = replan(world, REGISTER, made, [event])
        times.append(time.perf_counter() - began)
    wrong = set(plan_violations(after.world, REGISTER, after.plan))
    if wrong - overdue(after.world, REGISTER, after.plan.bookings):
        raise RuntimeError(f"the plan after {event.says} breaks a rule")
    unaffected = _unaffected(world, after, event)
    late = [one for one in unaffected if one.reason.startswith(BOOKING_LEAD.title.en)]
    counts = after.moved, after.dropped, after.new, unaffected, late
    return " | ".join((f"{statistics.median(times):.2f}", *(str(len(one)) for one in counts)))


def _unaffected(world: World, after: Replan, event: Event) -> list[Outcome]:
    """Return who is moved or dropped though the bookings share nothing with the event."""
    return [
        one
        for one in (*after.moved, *after.dropped)
        if event.subject
        not in {
            one.case,
            *(person.id for person in world.case[one.case].persons),
            *chain.from_iterable(map(_uses, one.before)),
        }
    ]


def _uses(booking: Booking) -> set[str | None]:
    people = {name for held in booking.attendances for name in held.resources}
    return {booking.facility, booking.departure, *people}


def _confirmed(world: World, made: Plan) -> tuple[World, Plan]:
    """Confirm the bookings of every other case, which the world then knows."""
    cases = {name: n for n, name in enumerate(dict.fromkeys(one.case for one in made.bookings))}
    bookings = tuple(
        one.model_copy(update={"status": "confirmed"}) if cases[one.case] % 2 else one
        for one in made.bookings
    )
    world = world.but(bookings=bookings)
    return world, made.model_copy(update={"world": world.fingerprint, "bookings": bookings})


def _events(world: World, made: Plan, at: datetime) -> Iterator[tuple[str, Event]]:
    """Yield an event of each kind about what the plan uses most from a week on."""
    ahead = [one for one in made.bookings if one.start > at + timedelta(days=7)]
    removal = next(one for one in ahead if one.departure and world.case[one.case].legs[1:])
    person = world.case[removal.case].persons[0]
    flight = _most(one.departure for one in ahead)
    departure = world.departure[flight]
    facility = _most(one.facility for one in ahead if one.nights)
    night = _most(str(one) for booking in ahead for one in booking.nights)
    interpreter = _most(
        name
        for one in ahead
        for held in one.attendances
        if held.role == "interpreter"
        for name in held.resources
    )
    week = Interval(from_=at + timedelta(days=7), until=at + timedelta(days=14))
    later = DepartureChange(
        departs=departure.departs + timedelta(hours=2),
        arrives=departure.arrives + timedelta(hours=2),
    )
    yield "departure cancelled", DepartureChanged(
        id="e", at=at, kind="departure-changed", subject=flight,
        value=DepartureChange(cancelled=True),
    )  # fmt: skip
    yield (
        "departure two hours later",
        DepartureChanged(id="e", at=at, kind="departure-changed", subject=flight, value=later),
    )
    yield (
        "an interpreter away for a week",
        ResourceAway(id="e", at=at, kind="resource-away", subject=interpreter, value=week),
    )
    yield "no places in the fullest night", CapacityChanged(
        id="e", at=at, kind="capacity-changed", subject=facility,
        value={next(one for b in ahead for one in b.nights if str(one) == night): 0},
    )  # fmt: skip
    yield "an appeal", FactChanged(
        id="e", at=at, kind="fact-changed", subject=removal.case,
        value={"no-suspensive-appeal": Fact(value="no", since=at.date())},
    )  # fmt: skip
    yield "left without trace", FactChanged(
        id="e", at=at, kind="fact-changed", subject=removal.case,
        value={"whereabouts-known": Fact(value="no", since=at.date())},
    )  # fmt: skip
    yield "a document expired", DocumentChanged(
        id="e", at=at, kind="document-changed", subject=person.id,
        value=Document(
            kind=person.documents[0].kind, valid_until=at.date() - timedelta(days=1)
        ),
    )  # fmt: skip
    yield "departed independently", TriggerAdded(
        id="e", at=at, kind="trigger-added", subject=removal.case,
        value=Trigger(kind=TRIGGER, at=at),
    )  # fmt: skip
    yield (
        "a case withdrawn",
        CaseWithdrawn(id="e", at=at, kind="case-withdrawn", subject=removal.case),
    )
    yield (
        "an urgent case",
        CaseAdded(
            id="e", at=at, kind="case-added", subject="urgent", value=_urgent(world, removal)
        ),
    )


def _urgent(world: World, like: Booking) -> Case:
    """Return a heavy case like one that is booked."""
    case = world.case[like.case]
    persons = (one.model_copy(update={"id": f"urgent-{one.id}"}) for one in case.persons)
    return case.model_copy(update={"id": "urgent", "weight": 50, "persons": tuple(persons)})


def _most(names: Iterable[str | None]) -> str:
    return Counter(one for one in names if one).most_common(1)[0][0]


if __name__ == "__main__":
    main((EUROPE if sys.argv[1:] == ["europe"] else NATIONAL)[0])
