"""A plan beside what is in force: which cases it gives another slot, and what there is to hold."""

from collections.abc import Collection, Iterator
from typing import Literal

from scheduler.plan import Plan, begun, free_to_move
from scheduler.world import Booking, Id, Part, World

_TAKES = [one for one in Booking.model_fields if one not in {"id", "status", "follows"}]
"""What is alike between bookings that take the same."""


class Difference(Part):
    """What a plan makes of a case that is in force otherwise; a case that is kept has no bookings.

    ``dropped``: what is proposed for it gives way to others. ``taken``: it is held otherwise since,
    which no acceptance changes.
    """

    case: Id
    change: Literal["new", "moved", "kept", "dropped", "taken"]
    before: tuple[Booking, ...] = ()
    after: tuple[Booking, ...] = ()


def differences(world: World, plan: Plan) -> Iterator[Difference]:
    """Yield what a plan makes of each case of ``world`` that has bookings, or would have."""
    planned = _by_case(plan)
    gone, fixed = dropped(world, plan), taken(world, plan)
    for case in world.cases:
        before = tuple(one for one in world.booked.get(case.id, ()) if one.claims)
        after = tuple(one for one in planned.get(case.id, ()) if one.status == "proposed")
        if all(stands(world, one) for one in after) and not gone & {one.id for one in before}:
            if before:
                yield Difference(case=case.id, change="kept")
        elif case.id in fixed:
            yield Difference(case=case.id, change="taken", before=before, after=after)
        elif not after:
            yield Difference(case=case.id, change="dropped", before=before)
        else:
            change: Literal["moved", "new"] = "moved" if before else "new"
            yield Difference(case=case.id, change=change, before=before, after=after)


def to_hold(world: World, plan: Plan, cases: Collection[str]) -> tuple[Booking, ...]:
    """Return what a plan proposes for these cases and nobody holds yet."""
    return tuple(
        one
        for one in plan.bookings
        if one.case in cases
        and one.status == "proposed"
        and not (stands(world, one) and not _loose(world, one))
    )


def taken(world: World, plan: Plan) -> frozenset[str]:
    """Return the cases that are held otherwise than a plan proposes."""
    return frozenset(
        one.case
        for one in plan.bookings
        if one.status == "proposed"
        and (now := _now(world, one)) is not None
        and now.status != "proposed"
        and not stands(world, one)
    )


def dropped(world: World, plan: Plan, cases: Collection[str] | None = None) -> frozenset[str]:
    """Return the proposals that stand for cases that a plan leaves without any."""
    left = {one.case for one in plan.unplanned} - _by_case(plan).keys()
    return frozenset(
        one.id
        for one in world.bookings
        if one.case in left
        and (cases is None or one.case in cases)
        and free_to_move(one, world.as_of)
    )


def _by_case(plan: Plan) -> dict[str, list[Booking]]:
    found: dict[str, list[Booking]] = {}
    for one in plan.bookings:
        found.setdefault(one.case, []).append(one)
    return found


def _now(world: World, planned: Booking) -> Booking | None:
    """Return what stands for the same leg."""
    mine = world.booked.get(planned.case, ())
    return next((one for one in mine if one.claims and one.operation == planned.operation), None)


def stands(world: World, planned: Booking) -> bool:
    """Return whether what a plan proposes is booked just so."""
    now = _now(world, planned)
    return now is not None and all(getattr(now, one) == getattr(planned, one) for one in _TAKES)


def _loose(world: World, planned: Booking) -> bool:
    """Return whether what is booked is only proposed, and can still be held."""
    now = _now(world, planned)
    return now is not None and now.status == "proposed" and not begun(now, world.as_of)
