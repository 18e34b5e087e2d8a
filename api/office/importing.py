"""Files that people have, brought into the world: all of a file in one transaction, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from api.imports.brought import Brings, Brought, Made
from api.imports.flaws import Flaw, FlawedError
from api.office.events import in_force
from api.office.reading import Reading, same, world_at
from api.office.refusals import RefusedError
from api.office.writing import broken
from api.store.answers import Once, recalled
from api.store.change import Change, renamed, with_parts
from api.store.failing import failure
from api.store.life import Failure
from api.store.logs import Actor
from api.store.worlds import Parts, key_of, with_bookings
from constraints.register import REGISTER
from scheduler.event import EventError, held_to_a_file
from scheduler.replanning import Outcome, Replan, replan
from scheduler.validator import Violation
from scheduler.world import Case, Departure, Road, World


@dataclass(frozen=True, slots=True)
class Effect:
    """What a file does to the world it is brought into.

    ``parts`` are those that are other than they were, ``broken`` the rules that bookings would
    break. ``repaired`` is how the bookings could be repaired, where any of them breaks.
    """

    brought: Brought
    before: World
    after: World
    as_of: datetime
    parts: tuple[Brings, ...]
    broken: tuple[Violation, ...]
    repaired: Replan | None

    @property
    def ended(self) -> tuple[Outcome, ...]:
        """What became of cases whose bookings break."""
        found = self.repaired
        return () if found is None else (*found.moved, *found.dropped)


class Importing(Reading):
    """Brings what files tell into the world."""

    def foreseen_of(self, made: Made) -> Effect:
        """Return what a file would do; nothing is changed.

        Raises
        ------
        FlawedError
            With everything in it that no world may hold.
        """
        return self._worked_in(made, self.now())

    def take_in(
        self,
        made: Made,
        named: str,
        actor: Actor,
        *,
        repair: bool = False,
        once: Once | None = None,
    ) -> Effect:
        """Bring what a file tells into the world; the same file again changes nothing.

        ``named`` is what the audit log calls the file. Bookings that break are repaired with the
        least change where that is asked, else nothing is done.

        Raises
        ------
        FlawedError
            With everything in it that no world may hold.
        RefusedError
            With every rule that bookings would break, and ``repair`` is not asked.
        """
        now, ready = self.now(), None
        with self.database.reading() as connection:
            known = once is not None and recalled(connection, actor, once)
        if not known:
            ready = self._worked_in(made, now)
        with self._changing(actor, "import", [named], once, now) as change:
            change.expire()
            before = with_bookings(change.connection, change.parts.now, change.now)
            if ready is None or not same(ready.before, before):
                ready = self._effect(made, change.connection, change.parts, change.world, now)
            if ready.broken and not repair:
                raise RefusedError(ready.broken)
            if ready.parts:
                ready = _written(change, ready)
                change.objects = (named, *map(key_of, ready.parts))
            change.beside = not (change.parts_changed or change.also)
            change.answer = ready
        return ready

    def _worked_in(self, made: Made, now: datetime) -> Effect:
        with self.database.reading() as connection:
            world, parts = self._world(connection, now)
            return self._effect(made, connection, parts, world, now)

    def _effect(
        self, made: Made, connection: Connection, parts: Parts, world: World, now: datetime
    ) -> Effect:
        """Return what a file does to a world with its bookings, ``world`` as it is now."""
        brought = made(parts.now)
        _nobody_else(brought, parts)
        known = {
            type(one): {key_of(part): part for part in group}
            for group in _groups(parts.now)
            for one in group[:1]
        }
        other = tuple(
            one for one in brought.parts if known.get(type(one), {}).get(key_of(one)) != one
        )
        before = with_bookings(connection, parts.now, now)
        after = with_bookings(connection, with_parts(parts, other).now, now)
        effect = Effect(brought, before, after, world.as_of, other, (), None)
        if not other:
            return effect
        then = world_at(after, now)[0]
        # Roads only lead to more: a file takes none away, and its places are known.
        own = [one for one in other if not isinstance(one, Road)]
        places = {id(one): n for n, one in enumerate(brought.parts)}
        try:
            held_to_a_file(then, REGISTER, {f"$[{places[id(one)]}]": one for one in own})
        except EventError as error:
            raise brought.flaws(error.problems) from None
        names = [one.id for one in own]
        if len(own) < len(other):  # everybody drives
            names += (one.case for one in world.bookings)
        wrong = broken(world, then, names)
        if not wrong:
            return effect
        with self.span("replan"):
            repaired = replan(
                before, REGISTER, in_force(before), (), now=world.as_of, written=after
            )
        return replace(effect, broken=wrong, repaired=repaired)


def _groups(world: World) -> tuple[tuple[Brings, ...], ...]:
    return world.roads, world.resources, world.departures, world.cases


def _nobody_else(brought: Brought, parts: Parts) -> None:
    """Return when no part has the id of something else, or of a case that was withdrawn."""
    world = parts.now
    gone = parts.ever.case.keys() - world.case.keys()
    people = world.case.keys() | {one.id for case in world.cases for one in case.persons}
    things = {
        *world.location,
        *(one.id for one in world.resources),
        *world.facility,
        *world.departure,
    }
    found = []
    for n, part in enumerate(brought.parts):
        if isinstance(part, Road):
            continue
        case = isinstance(part, Case)
        says = "is the id of something else already"
        if case and part.id in gone:
            says = "is a case that was withdrawn"
        elif part.id not in (things if case else people):
            continue
        row, title = brought.where[n](("id",))
        found.append(Flaw(row, title, part.id, says))
    if found:
        raise FlawedError(found)


def _written(change: Change, effect: Effect) -> Effect:
    """Write what is other, and the repair of what breaks; return it with the bookings' ids."""
    was = change.parts.now.case
    if effect.repaired is None:
        change.put(*effect.parts)
        change.world = world_at(effect.after, change.now)[0]
    else:
        found = effect.repaired
        why = {one.case: _why(one, effect.parts) for one in effect.ended}
        ids = change.become_world(effect.before, found.world, found.plan.bookings, why)
        change.put(*effect.parts)
        moved, new = (
            tuple(one.model_copy(update={"after": renamed(one.after, ids)}) for one in outcomes)
            for outcomes in (found.moved, found.new)
        )
        effect = replace(effect, repaired=replace(found, moved=moved, new=new))
    cases = [one for one in effect.parts if isinstance(one, Case)]
    for one in cases:
        if one.id in was:
            change.overtake([one.id], _answered(was[one.id], one), change.now)
    change.touch("import", [one.id for one in cases if one.id not in was])
    ended = [one.case for one in effect.ended]
    change.touch("change", sorted({*ended, *(one.id for one in cases if one.id in was)}))
    return effect


def _why(outcome: Outcome, parts: Sequence[Brings]) -> Failure:
    """Return why what was promised failed: the rule that broke, else what was written anew."""
    told = failure(outcome, ())
    if told is Failure.planning_error and not any(isinstance(one, Case | Road) for one in parts):
        flights = any(isinstance(one, Departure) for one in parts)
        return Failure.departure_changed if flights else Failure.partner_absent
    return told


def _answered(was: Case, now: Case) -> set[str]:
    """Return the facts of a case and its persons that are told otherwise than before."""
    before = {one.id: one.facts for one in was.persons}
    pairs = [(was.facts, now.facts), *((before.get(one.id, {}), one.facts) for one in now.persons)]
    return {name for had, has in pairs for name in has if had.get(name) != has[name]}
