"""Plans of the tiny world and of worlds near it, and how a test breaks them."""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from constraints.register import REGISTER
from fixtures.tiny import tiny
from fixtures.worlds import canonical
from scheduler.constraint import Register
from scheduler.loading import parse_world
from scheduler.planner import plan
from scheduler.validator import violations
from scheduler.world import Booking, World

Values = dict[str, Any]
Change = Callable[[Values], None]
Broken = set[tuple[str, str]]
"""Violations as pairs of booking and constraint."""

PLACEMENT, REMOVAL, FAMILY = "zk-0001-placement", "zk-0002-removal", "zk-0003-removal"
PLACED, REMOVED = "zk-0006-placement", "zk-0006-removal"
TWIN, TWIN_REMOVED = "zk-0101-placement", "zk-0102-removal"


def by_id(values: Values, section: str, name: str) -> Values:
    """Return a part of a world file."""
    part: Values = next(one for one in values[section] if one["id"] == name)
    return part


def with_chain(values: Values) -> None:
    """Issue the laissez-passer that keeps the chain from being planned."""
    person = by_id(values, "cases", "zk-0006")["persons"][0]
    person["documents"] = [
        {"kind": "laissez-passer", "validFrom": "2026-11-20", "validUntil": "2027-02-20"}
    ]


def with_twins(values: Values) -> None:
    """Give the man to be placed and the man to be removed each a twin."""
    for name in ("zk-0001", "zk-0002"):
        twin = deepcopy(by_id(values, "cases", name))
        twin["id"] = name.replace("-00", "-01")
        twin["persons"][0]["id"] = f"{twin['id']}-a"
        values["cases"].append(twin)


def with_escorts(values: Values) -> None:
    """Send the man to Türkiye with escorts, planned a fortnight ahead."""
    values["asOf"] = "2026-11-08T18:00:00Z"
    for case in values["cases"]:
        for part in (case, *case["persons"]):
            for fact in part["facts"].values():
                fact["since"] = min(fact["since"], "2026-11-08")
    by_id(values, "cases", "zk-0002")["persons"][0]["escorts"] = 2
    values["resources"] += [
        {
            "id": f"esc-{n}",
            "role": "escort",
            "home": "schiphol-ams",
            "shifts": [{"from": "2026-11-23T05:00:00", "until": "2026-11-27T23:00:00"}],
        }
        for n in (1, 2, 3)
    ]


def as_it_is(values: Values) -> None:
    """Leave the tiny world as it is."""


@cache
def world_of(*changes: Change) -> World:
    """Return the tiny world after ``changes``."""
    values = tiny()
    for change in changes:
        change(values)
    return parse_world(canonical(values), REGISTER)


@cache
def planned(*changes: Change) -> tuple[Booking, ...]:
    """Return the bookings of a plan of that world."""
    return plan(world_of(*changes), REGISTER, seconds=0.1).bookings


def found(world: World, bookings: tuple[Booking, ...], register: Register = REGISTER) -> Broken:
    """Return what the validator finds."""
    return {(one.booking, one.constraint) for one in violations(world, register, bookings)}


def edited(bookings: tuple[Booking, ...], name: str, edit: Change) -> tuple[Booking, ...]:
    """Return ``bookings`` with the booking ``name`` edited as JSON values."""
    assert name in {one.id for one in bookings}
    return tuple(_edited(one, edit) if one.id == name else one for one in bookings)


def _edited(booking: Booking, edit: Change) -> Booking:
    values = booking.model_dump(mode="json")
    edit(values)
    return Booking.model_validate(values, strict=False)


def moved(instant: str, **by: int) -> str:
    """Return an instant that many minutes, hours or days later."""
    return (datetime.fromisoformat(instant) + timedelta(**by)).isoformat()


def move(values: Values, **by: int) -> None:
    """Move a whole booking, people and all."""
    for block in (*values["phases"], *values["attendances"]):
        block["from"], block["until"] = moved(block["from"], **by), moved(block["until"], **by)


def phase(values: Values, name: str) -> Values:
    """Return a phase of a booking."""
    return by_id(values, "phases", name)


def attendance(values: Values, role: str) -> Values:
    """Return the first attendance of a role."""
    part: Values = next(one for one in values["attendances"] if one["role"] == role)
    return part
