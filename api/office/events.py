"""What happens, and the repair of what is booked with the least change."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from api.office.reading import Reading, same
from api.store.answers import Once, recalled
from api.store.change import Change, renamed
from api.store.failing import failure
from api.store.life import (
    Status,
)
from api.store.logs import (
    Actor,
)
from api.store.worlds import (
    DAY,
    Parts,
    with_bookings,
    withdrawn_since,
)
from constraints.register import REGISTER
from scheduler.draft import Problem
from scheduler.event import (
    CapacityChanged,
    CaseAdded,
    DepartureChanged,
    Event,
    EventError,
    FactChanged,
    ResourceAway,
)
from scheduler.grid import local_date
from scheduler.plan import Plan, Unplanned
from scheduler.replanning import Outcome, Replan, replan
from scheduler.validator import Checked
from scheduler.world import Booking, Id, Part, World

AHEAD = 2
"""How often a repair is worked out while others write, before they have to wait for it."""


class Disrupted(Part):
    """What became of whom after events, and why; ``ignored`` are events about withdrawn cases.

    ``kept`` are those that an event touches, ``untouched`` all other cases that are booked.
    """

    kept: tuple[Outcome, ...]
    untouched: tuple[Id, ...]
    moved: tuple[Outcome, ...]
    dropped: tuple[Outcome, ...]
    new: tuple[Outcome, ...]
    ignored: tuple[Id, ...]


class _OvertakenError(RuntimeError):
    """What was written since is in the way of what was worked out."""


@dataclass(frozen=True, slots=True)
class _Faced:
    """All that a repair is worked out of; events that are ``late`` change nothing."""

    world: World
    as_of: datetime
    events: tuple[Event, ...]
    late: tuple[Event, ...]

    def but_for_bookings(self, other: "_Faced") -> bool:
        """Return whether the other is the same, whatever is booked in it."""
        mine, theirs = (
            (one.as_of, one.events, one.late, one.world.but(bookings=())) for one in (self, other)
        )
        return mine[:3] == theirs[:3] and same(mine[3], theirs[3])


@dataclass(frozen=True, slots=True)
class _Worked:
    """What was worked out for a moment, while others could write."""

    now: datetime
    asked: _Faced | None
    found: Replan | EventError

    def after_all(self, now: _Faced) -> Replan:
        """Return the repair with what was booked and ended since, as if that came after it.

        Raises
        ------
        _OvertakenError
            When it is about the same cases, or would have been refused after the repair.
        """
        was, found = self.asked, self.found
        if was is None or isinstance(found, EventError) or not was.but_for_bookings(now):
            raise _OvertakenError
        before, after = was.world.booked, now.world.booked
        since = {one for one in {*before, *after} if before.get(one) != after.get(one)}
        if not since:
            return found
        changed = {one.case for one in (*found.moved, *found.dropped, *found.new)}
        if since & (changed | _cases_of(now.events, was.world, found.world)):
            raise _OvertakenError
        new = [one for name in since for one in after.get(name, ())]
        world = found.world.but(bookings=(*_but_of(since, found.world.bookings), *new))
        stay = *_but_of(since, found.plan.bookings), *(one for one in new if one.claims)
        if Checked(world, REGISTER, stay).violations([one for one in stay if one.case in since]):
            raise _OvertakenError
        return replace(found, world=world, plan=found.plan.model_copy(update={"bookings": stay}))


class Events(Reading):
    """Repairs what is booked after events."""

    def happened(
        self, events: Sequence[Event], actor: Actor, *, once: Once | None = None
    ) -> Disrupted:
        """Repair what is booked after ``events``, in one transaction.

        Raises
        ------
        EventError
            With everything that is wrong with the events; none happened more than a day ahead.
        """
        with self.database.reading() as connection:
            known = once is not None and recalled(connection, actor, once)
        for _ in range(0 if known else AHEAD):
            with suppress(_OvertakenError):
                return self._repaired(events, actor, once, self._worked_out(events))
        return self._repaired(events, actor, once, None)

    def foreseen(self, events: Sequence[Event]) -> tuple[Outcome, ...]:
        """Return what bookings the repair after ``events`` would end; nothing is changed.

        Raises
        ------
        EventError
            With everything that is wrong with the events.
        """
        found = self._worked_out(events).found
        if isinstance(found, EventError):
            raise found
        return *found.moved, *found.dropped

    def _worked_out(self, events: Sequence[Event]) -> _Worked:
        """Work out the repair while others write, for it takes longer than they should wait."""
        now = self.now()
        with self.database.reading() as connection:
            world, parts = self._world(connection, now)
            booked = with_bookings(connection, parts.now, now)
        try:
            asked = _faced(booked, parts, world.as_of, now, events)
            return _Worked(now, asked, self._replanned(asked))
        except EventError as error:
            return _Worked(now, None, error)

    def _replanned(self, asked: _Faced) -> Replan:
        with self.span("replan"):
            plan = in_force(asked.world)
            return replan(asked.world, REGISTER, plan, asked.events, now=asked.as_of)

    def _repaired(
        self, events: Sequence[Event], actor: Actor, once: Once | None, worked: _Worked | None
    ) -> Disrupted:
        """Write a repair down: the one that was worked out, or one that is made meanwhile.

        Raises
        ------
        _OvertakenError
            When what was written since is in the way of what was worked out.
        """
        now = None if worked is None else worked.now
        with self._changing(actor, "events", ["events"], once, now) as change:
            change.expire()
            if worked is not None and isinstance(worked.found, EventError):
                raise worked.found
            # Time passes here from the last time that everything was looked at.
            world = with_bookings(change.connection, change.parts.now, change.now)
            asked = _faced(world, change.parts, change.world.as_of, change.now, events)
            found = self._replanned(asked) if worked is None else worked.after_all(asked)
            events = asked.events
            ended = (*found.moved, *found.dropped)
            why = {one.case: failure(one, events) for one in ended}
            ids = change.become_world(world, found.world, found.plan.bookings, why)
            _free_nights(change, found.world)
            for one in events:
                if isinstance(one, FactChanged):
                    cases = _cases_of([one], world)
                    change.overtake(cases, one.value.keys(), one.at)
            touched = {one.case for one in (*found.kept, *ended, *found.new)}
            about = _cases_of(events, world, found.world)
            change.touch("replan", sorted(touched | about))
            change.objects = (*sorted(about), *sorted(_others(events, about)))
            change.answer = disrupted = Disrupted(
                kept=tuple(one for one in found.kept if one.events),
                untouched=tuple(one.case for one in found.kept if not one.events),
                moved=tuple(_renamed(one, ids) for one in found.moved),
                dropped=tuple(_renamed(one, ids) for one in found.dropped),
                new=tuple(_renamed(one, ids) for one in found.new),
                ignored=tuple(one.id for one in (*asked.late, *found.ignored)),
            )
        return disrupted


def _but_of(cases: Collection[str], bookings: Iterable[Booking]) -> Iterator[Booking]:
    return (one for one in bookings if one.case not in cases)


def _not_ahead(now: datetime, events: Sequence[Event]) -> None:
    """Return when no event lies a day ahead: the world would go there, and never come back."""
    if ahead := [n for n, one in enumerate(events) if one.at > now + DAY]:
        says = f"lies more than a day ahead: it is {now.astimezone(UTC):%Y-%m-%dT%H:%M}Z"
        raise EventError([Problem(f"$[{n}].at", says) for n in ahead])


def _faced(
    world: World, parts: Parts, as_of: datetime, now: datetime, events: Sequence[Event]
) -> _Faced:
    """Return what is asked when events happened to a world, by ``now``."""
    _not_ahead(now, events)
    late = _overtaken(parts, events)
    news = (one for one in events if one not in late)
    happened = tuple(one.model_copy(update={"at": min(one.at, now)}) for one in news)
    return _Faced(world, as_of, happened, late)


def _cases_of(events: Sequence[Event], *worlds: World) -> set[str]:
    """Return the cases that events are about, or about a person of."""
    subjects = {one.subject for one in events}
    return {
        case.id
        for world in worlds
        for case in world.cases
        if not subjects.isdisjoint({case.id, *(one.id for one in case.persons)})
    }


def _free_nights(change: Change, world: World) -> None:
    """Give back the nights that lie ahead of placed persons whose case is withdrawn."""
    for case, bookings in world.booked.items():
        done = (one for one in bookings if one.status == Status.executed)
        placed = [(one, world.facility[one.facility]) for one in done if one.facility]
        if placed and withdrawn_since(world, world.case[case]) is not None:
            for one, facility in placed:
                zone = world.location[facility.location].timezone
                today = local_date(change.now, zone)
                spent = tuple(night for night in one.nights if night < today) or one.nights[:1]
                if spent != one.nights:
                    change.correct([one.model_copy(update={"nights": spent})])


def _others(events: Sequence[Event], about: Collection[str]) -> set[str]:
    """Return what else than cases and their persons events are about."""
    kinds = DepartureChanged | CapacityChanged | ResourceAway
    return {one.subject for one in events if isinstance(one, kinds)} - {*about}


def _renamed(outcome: Outcome, ids: Mapping[str, str]) -> Outcome:
    return outcome.model_copy(update={"after": renamed(outcome.after, ids)})


def in_force(world: World) -> Plan:
    """Return what stands as a plan; why others have no booking is asked when somebody asks."""
    standing = tuple(one for one in world.bookings if one.claims)
    booked = {one.case for one in standing}
    return Plan(
        world=world.fingerprint,
        made_at=world.as_of,
        seed=0,
        seconds=0,
        bookings=standing,
        unplanned=tuple(
            Unplanned(case=one.id, reason="not asked", blocked="unknown", asked=False)
            for one in world.cases
            if one.id not in booked
        ),
    )


def _overtaken(parts: Parts, events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events about cases that were withdrawn before, which change nothing."""
    back = {one.subject for one in events if isinstance(one, CaseAdded)}
    gone = parts.ever.case.keys() - parts.now.case.keys() - back
    names = gone | {one.id for case in gone for one in parts.ever.case[case].persons}
    return tuple(one for one in events if one.subject in names)
