"""What there is to plan, and to plan with, written down."""

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta

from api.desk import UnknownCaseError
from api.office.reading import Reading, same, world_at
from api.office.refusals import KnownError, RefusedError
from api.store.answers import Once
from api.store.change import Change, Supply, with_parts
from api.store.life import (
    CLAIMING,
    Status,
)
from api.store.logs import (
    Actor,
    Processing,
    audit,
    process,
)
from api.store.refusal import Refusal
from api.store.worlds import (
    bring_in,
    read_parts,
    with_bookings,
)
from constraints.register import REGISTER
from scheduler.event import (
    EventError,
    held_to_a_file,
)
from scheduler.validator import Checked, Violation
from scheduler.world import Booking, Case, Part, World

Met = Callable[[str, Part | None], None]
"""Raises StaleError when what there is of an id, or that there is none, is not as it is asked."""


class Writing(Reading):
    """Writes down the world, whole or a part of it."""

    def begin(self, world: World, actor: Actor, *, practice: bool = False) -> None:
        """Fill the empty store with a world; one to ``practice`` in goes on from its ``asOf``.

        Raises
        ------
        NotEmptyError, TakenError
            When there is one, or two of its bookings take the same.
        """
        now = self.clock()
        ahead = world.as_of - now if practice else timedelta()
        with self.database.writing() as connection:
            bring_in(connection, world, actor, now + ahead, ahead)

    def export(self, actor: Actor) -> World:
        """Return the world, to be taken out of the store: the logs tell of it.

        Its ``asOf`` is the moment up to which it was looked at after what happened.

        Raises
        ------
        EmptyError
            When there is none.
        """
        now = self.now()
        with self.database.writing() as connection:
            world = with_bookings(connection, read_parts(connection).now, now)
            if world.as_of >= world.grid.end:
                parts = read_parts(connection, world.as_of)
                world = with_bookings(connection, parts.now, now)
            people = tuple(one.id for case in world.cases for one in case.persons)
            process(connection, Processing("export", people), now)
            audit(connection, actor, "export", [f"world/{world.fingerprint}"], "done", now)
        return world

    def furnish(self, part: Supply, actor: Actor, met: Met) -> bool:
        """Write down what there is to plan with; return whether it is new.

        ``met`` raises StaleError when what there is now is not as whoever asks has seen it.

        Raises
        ------
        EventError, RefusedError
            With everything that no world may hold, or every rule that bookings would break.
        """
        sound = self._sound(lambda _: part)
        with self._changing(actor, "furnish", [part.id]) as change:
            change.expire()
            there = change.parts.now
            known = {one.id: one for one in (*there.resources, *there.facilities, *there.departures)
                     if type(one) is type(part)}  # fmt: skip
            met(part.id, known.get(part.id))
            _write(change, part, sound)
        return part.id not in known

    def add_case(self, case: Case, actor: Actor, *, once: Once | None = None) -> Case:
        """Add a case without planning it.

        Raises
        ------
        KnownError
            When there is one of that id, or was.
        EventError
            With everything that no world may hold.
        """
        sound = self._sound(lambda _: case)
        with self._changing(actor, "add-case", [case.id], once) as change:
            if case.id in change.parts.ever.case:
                raise KnownError(f"there is a case {case.id}, or was")
            _write(change, case, sound)
            change.touch("import", [case.id])
            change.objects, change.answer = (case.id,), case
        return case

    def amend_case(
        self, name: str, amend: Callable[[Case], Case], actor: Actor, met: Callable[[World], None]
    ) -> World:
        """Change what is known of a case, and return the world after it.

        ``amend`` is given the case as it was written down, without the answers to due checks;
        what is said of a checked fact overtakes them. ``met`` raises when it may not be changed.

        Raises
        ------
        UnknownCaseError
            When there is no such case, or it was withdrawn.
        EventError, RefusedError
            With everything that no world may hold, or every rule that its bookings would break.
        """
        sound = self._sound(lambda world: amend(world.case[name]) if name in world.case else None)
        with self._changing(actor, "amend-case", [name]) as change:
            change.expire()
            if name not in change.parts.now.case:
                raise UnknownCaseError(name)
            met(change.world)
            was = change.parts.now.case[name]
            case = amend(was)
            told = {one for one, fact in case.facts.items() if was.facts.get(one) != fact}
            change.overtake([name], told, change.now)
            _write(change, case, sound)
            change.touch("change", [name])
        return change.world

    def _sound(self, made: Callable[[World], Case | Supply | None]) -> World | None:
        """Return the world that a part would make when it is all that a world file must be.

        It is looked at while others write; what is wrong is told when it is written.
        """
        now = self.now()
        with suppress(Refusal, EventError):
            with self.database.reading() as connection:
                parts = self._world(connection, now)[1]
                part = made(parts.now)
                if part is None:
                    return None
                after = with_bookings(connection, with_parts(parts, [part]).now, now)
            after = world_at(after, now)[0]
            held_to_a_file(after, REGISTER, {"$": part})
            return after
        return None


def _write(change: Change, part: Case | Supply, sound: World | None) -> None:
    """Write a part of the world, unless that makes none, or breaks what stands.

    Whether it makes one need not be looked at again when that is ``sound``.
    """
    before = change.world
    change.put(part)
    after = world_at(change.after(), change.now)[0]
    if sound is None or not same(after, sound):
        held_to_a_file(after, REGISTER, {"$": part})
    if new := broken(before, after, [part.id]):
        raise RefusedError(new)
    change.world = after


def broken(before: World, after: World, names: Collection[str]) -> tuple[Violation, ...]:
    """Return which rules bookings would break that rest on what has these ids, and did not."""
    mine = _resting_on(after, {*names})
    wrong = Checked(after, REGISTER, after.bookings).violations(mine)
    old = {*Checked(before, REGISTER, before.bookings).violations(mine)} if wrong else set()
    return tuple(one for one in wrong if one not in old)


def _resting_on(world: World, names: set[str]) -> list[Booking]:
    """Return the bookings that stand, and are not over, of cases or with what has these ids."""
    named = {
        one.case
        for one in world.bookings
        if names & {one.case, one.facility, one.departure}
        or any(not names.isdisjoint(each.resources) for each in one.attendances)
    }
    return [
        one
        for one in world.bookings
        if one.case in named and one.status in CLAIMING - {Status.executed}
    ]
