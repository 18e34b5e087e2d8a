"""The planning office: everything that changes what is booked, each in one transaction.

The world is read from the store once and kept until something changes. Whoever writes is alone, so
what is checked stays true until it is written; the database refuses a second claim all the same.

What creates something can be asked :class:`once <api.store.answers.Once>`: under a key that was
used before it raises ToldBeforeError with the first answer, or OtherWishError.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from api.access.person import Person, Role
from api.desk import Answer, Desk, UnknownCaseError
from api.difference import dropped, stands, taken, to_hold
from api.openings import Openings
from api.partners import reference
from api.store.answers import Once, amend, recalled
from api.store.change import Change, Supply, changing, renamed, with_part
from api.store.claims import Taken, TakenError
from api.store.database import Database, UnavailableError
from api.store.failing import failure
from api.store.life import (
    CLAIMING,
    Failure,
    IllegalStepError,
    Release,
    Status,
    TooSoonError,
    step,
)
from api.store.logs import (
    SHOWN,
    Activity,
    Actor,
    AuditFilter,
    AuditPage,
    Processing,
    audit,
    audit_page,
    cases_in,
    moment,
    process,
)
from api.store.numbers import Month, Numbers, keep_told, numbers, told_before
from api.store.refusal import Refusal, UnknownError
from api.store.requests import (
    NotOfferedError,
    Request,
    RequestStatus,
    ask,
    count,
    fits,
    fresh,
    requests,
    settle,
)
from api.store.standing import Standing, UnknownBookingError, asked_of, brought_by, standings
from api.store.tables import BOOKINGS, STORE
from api.store.worlds import (
    DAY,
    HOLD,
    EmptyError,
    Parts,
    bring_in,
    persons_of,
    read_parts,
    with_bookings,
    withdrawn_since,
)
from api.traffic_lights import RepairView, without_moves
from constraints.register import REGISTER
from scheduler.continuing import lives_on, placed_by, until_departure
from scheduler.draft import Problem
from scheduler.event import (
    CapacityChanged,
    CaseAdded,
    CaseWithdrawn,
    DepartureChanged,
    DocumentChanged,
    Event,
    EventError,
    FactChanged,
    ResourceAway,
    TriggerAdded,
    held_to_a_file,
)
from scheduler.grid import local_date
from scheduler.opening import Named
from scheduler.plan import Plan, Unplanned
from scheduler.replanning import Outcome, Replan, replan
from scheduler.validator import Checked, Violation
from scheduler.world import Booking, Case, Id, Part, World

_OF_A_CASE = FactChanged | DocumentChanged | TriggerAdded | CaseWithdrawn | ResourceAway
"""What may have happened to a case that there is, or to one of its persons."""
AHEAD = 2
"""How often a repair is worked out while others write, before they have to wait for it."""
Met = Callable[[str, Part | None], None]
"""Raises StaleError when what there is of an id, or that there is none, is not as it is asked."""


class Declined(Part):
    """A booking that a partner declined: what could come instead, and who could use what is free.

    Nothing of it is held: a planner decides. It is not there where the database went away since.
    """

    booking: Standing
    instead: Answer | None = None
    openings: Openings | None = None


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


class Accepted(Part):
    """What is held of a plan, the cases that are booked as planned, and what gave way to others.

    ``taken`` are cases that are held otherwise since: of a whole plan these are left out.
    """

    held: tuple[Standing, ...]
    kept: tuple[Id, ...]
    released: tuple[Id, ...]
    taken: tuple[Id, ...] = ()


class OneCaseError(UnknownError):
    """What is to be held is not of one case that there is."""


class RefusedError(Refusal):
    """Bookings break rules as things stand now: ``violations`` tells which."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(one.says for one in violations))
        self.violations = tuple(violations)


class OpenChecksError(Refusal):
    """A booking with due checks that are not a yes in their window: it is not executed."""

    def __init__(self, facts: Sequence[str]) -> None:
        super().__init__(", ".join(facts))
        self.facts = tuple(facts)


class NotPlannedError(UnknownError):
    """Cases of which a plan says nothing."""

    def __init__(self, cases: Sequence[str]) -> None:
        super().__init__(", ".join(cases))
        self.cases = tuple(cases)


class KnownError(Refusal):
    """There is such a thing already."""


class NotAskedError(Refusal):
    """A partner, or a check, that is not asked for the booking; ``of`` says which of both."""

    def __init__(self, of: Literal["partner", "fact"], name: str) -> None:
        super().__init__(name)
        self.of = of


@dataclass(frozen=True, slots=True)
class _Kept:
    """The world of a revision, until the next slot begins or the first hold in it runs out."""

    revision: int
    parts_revision: int
    until: str
    parts: Parts
    world: World

    @property
    def rolls(self) -> datetime:
        """When the horizon begins a day later."""
        return self.parts.now.horizon.start + DAY


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
        return mine[:3] == theirs[:3] and _same(mine[3], theirs[3])


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


def _same(one: World, other: World) -> bool:
    """Return whether worlds are equal; what is the same object in both is not looked into."""
    return all(getattr(one, name) == getattr(other, name) for name in World.model_fields)


def _but_of(cases: Collection[str], bookings: Iterable[Booking]) -> Iterator[Booking]:
    return (one for one in bookings if one.case not in cases)


class Office:
    """A store with its world, ready to be asked and changed; safe to use from several threads."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.database = database
        self.clock = clock
        # What tells a trace how long its parts take; nobody is told unless a service sends traces.
        self.span: Callable[[str], AbstractContextManager[object]] = nullcontext
        self._lock = Lock()
        self._kept: _Kept | None = None
        self._desk: Desk | None = None
        self._ahead: timedelta | None = None

    def now(self) -> datetime:
        """Return what time it is in the store: in one to practise in, that of its world."""
        if self._ahead is None:
            with self.database.reading() as connection:
                ahead = connection.execute(select(STORE.c.ahead)).scalar()
            if ahead is None:
                return self.clock()
            self._ahead = timedelta(seconds=ahead)
        return self.clock() + self._ahead

    # --- Reading --------------------------------------------------------------------------------

    def world(self) -> World:
        """Return the world as it is now; EmptyError when there is none yet."""
        return self._world_and_parts()[0]

    def _world_and_parts(self) -> tuple[World, Parts]:
        now = self.now()
        with self.database.reading() as connection:
            return self._world(connection, now)

    def desk(self) -> Desk:
        """Return the desk of the world as it is now."""
        world = self.world()
        with self._lock:
            if self._desk is None:
                self._desk = Desk(world)
            self._desk.follow(world)
            return self._desk

    def booking(self, name: str) -> Standing:
        """Return a booking; UnknownBookingError when there is none of that id."""
        return self._standings([name])[0]

    def called(self, name: str) -> Standing:
        """Return the booking that partners know by a reference; UnknownBookingError without one."""
        secret = self.began_with() or ""
        with self.database.reading() as connection:
            ids = connection.execute(select(BOOKINGS.c.id)).scalars().all()
        found = next((one for one in ids if reference(one, secret) == name), None)
        if found is None:
            raise UnknownBookingError(name)
        return self.booking(found)

    def bookings(self, offset: int = 0, limit: int = 500) -> tuple[Standing, ...]:
        """Return bookings in the order in which they came."""
        page = select(BOOKINGS.c.id).order_by(BOOKINGS.c.position).offset(offset).limit(limit)
        with self.database.reading() as connection:
            names = connection.execute(page).scalars().all()
        return self._standings(names)

    def seen(self, activity: Activity, told: object) -> None:
        """Record that somebody is shown something of the cases it tells of, before it is shown."""
        if not SHOWN.get():
            return
        if people := persons_of(self._world_and_parts()[1].ever, cases_in(told)):
            with self.database.noting() as connection:
                process(connection, Processing(activity, people), self.now())

    def ever(self) -> World:
        """Return the world with the cases that were withdrawn too, of which bookings may be."""
        return self._world_and_parts()[1].ever

    def asked_of(self, partner: str, since: date) -> tuple[tuple[Standing, datetime], ...]:
        """Return the bookings of which a partner is asked something, with when each changed last.

        They end on that day or later; what was only proposed is asked of nobody.
        """
        now = self.now()
        with self.database.reading() as connection:
            ever = self._world(connection, now)[1].ever
            return asked_of(connection, ever, partner, since, now)

    def statistics(self, month: Month) -> Numbers:
        """Return what became of the bookings that begin in a month, counted."""
        now = self.now()
        with self.database.reading() as connection:
            return numbers(connection, self._world(connection, now)[1].ever, month, now)

    def told_of(self, month: Month, tell: Callable[[Numbers, datetime], Any]) -> Any:
        """Return what ``tell`` makes of the numbers of a month, or made of them in the last week.

        Who is told twice in a week is told the same, by whichever process.
        """
        now = self.now()
        with self.database.reading() as connection:
            told = told_before(connection, month, now)
        if told is None:
            new = tell(self.statistics(month), now)
            with self.database.writing() as connection:
                told = told_before(connection, month, now)  # somebody else may have been faster
                if told is None:
                    keep_told(connection, month, told := new, now)
        return told

    def owner_of(self, name: str, fact: str) -> str:
        """Return who makes a due check of a booking.

        Raises
        ------
        UnknownBookingError, NotAskedError
            When there is no such booking, or it has no such check.
        """
        for one in self.booking(name).checks:
            if one.fact == fact:
                return one.owner
        raise NotAskedError("fact", fact)

    def cases_of(self, person: Person) -> frozenset[str] | None:
        """Return the cases that somebody may see; None for all of them."""
        if Role.planner in person.roles:
            return None
        return frozenset(one.id for one in self.world().cases if person.sees(one))

    def about_their_own(self, events: Sequence[Event], person: Person) -> None:
        """Return when events are about cases that somebody may see: who plans may tell of anything.

        Raises
        ------
        UnknownCaseError
            With the first that is of another kind, or about something else.
        """
        theirs = self.cases_of(person)
        if theirs is None:
            return
        case = self.world().case
        mine = theirs | {one.id for name in theirs for one in case[name].persons}
        for one in events:
            if not isinstance(one, _OF_A_CASE) or one.subject not in mine:
                raise UnknownCaseError(one.subject)

    def bookings_ever(self) -> int:
        """Return how many bookings there are, those that ended among them."""
        with self.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(BOOKINGS)).scalar_one()

    def _standings(self, names: Sequence[str]) -> tuple[Standing, ...]:
        now = self.now()
        with self.database.reading() as connection:
            ever = self._world(connection, now)[1].ever
            return standings(connection, ever, names, now)

    def _world(self, connection: Connection, now: datetime) -> tuple[World, Parts]:
        row = connection.execute(select(STORE.c.revision, STORE.c.parts_revision)).first()
        if row is None:
            raise EmptyError("the store has no world yet")
        revision, parts_revision = row
        kept = self._kept
        if kept is not None and kept.revision == revision and moment(now) < kept.until:
            return kept.world, kept.parts
        if kept is not None and kept.parts_revision == parts_revision and kept.rolls > now:
            parts = kept.parts
        else:
            parts = read_parts(connection, now)
        world, until = _at(with_bookings(connection, parts.now, now), now)
        ends = select(func.min(BOOKINGS.c.expires_at)).where(BOOKINGS.c.expires_at > moment(now))
        first = min(until, connection.execute(ends).scalar() or until)
        self._kept = _Kept(revision, parts_revision, first, parts, world)
        return world, parts

    # --- The life of a booking ------------------------------------------------------------------

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

    def began_with(self) -> str | None:
        """Return the fingerprint of the world that filled the store; None when nobody knows."""
        with self.database.reading() as connection:
            return connection.execute(select(STORE.c.began_with)).scalar()

    def hold(
        self,
        bookings: Sequence[Booking],
        actor: Actor,
        lasting: timedelta = HOLD,
        *,
        once: Once | None = None,
    ) -> tuple[Standing, ...]:
        """Hold what is proposed for one case, all of it or nothing.

        Proposals that stand for the case give way. Every rule is looked at as things are now.

        Raises
        ------
        OneCaseError
            When the bookings are not of one case that there is.
        TakenError
            With who has what is asked.
        RefusedError
            With every rule that is broken.
        """
        asked = sorted({one.case for one in bookings})
        with self._changing(actor, "hold", asked, once) as change:
            change.expire()
            _only_case(change.world, bookings)
            held = _held(change, bookings, lasting)
            change.objects = tuple(one.booking.id for one in held)
            change.answer = held
        return held

    def accept(
        self,
        name: str,
        plan: Plan,
        actor: Actor,
        cases: Collection[str] | None = None,
        lasting: timedelta = HOLD,
        *,
        once: Once | None = None,
    ) -> Accepted:
        """Hold what a plan of that name proposes, for all cases or for these: all of it or nothing.

        Proposals that stand for these cases give way, what is in force as planned stays. Every rule
        is looked at as things are now. For all cases means but for those held otherwise since.

        Raises
        ------
        NotPlannedError
            With the cases that the plan says nothing of.
        TakenError
            With who has what is asked.
        RefusedError
            With every rule that is broken.
        """
        planned = {one.case for one in plan.bookings} | {one.case for one in plan.unplanned}
        asked = planned if cases is None else {*cases}
        if strange := sorted(asked - planned):
            raise NotPlannedError(strange)
        with self._changing(actor, "accept", [name], once) as change:
            change.expire()
            otherwise = taken(change.world, plan) if cases is None else frozenset[str]()
            asked -= otherwise
            new = to_hold(change.world, plan, asked)
            _are_there(change.world, new)
            left = dropped(change.world, plan, asked)
            mine = [one for one in plan.bookings if one.case in asked]
            kept = {one.case for one in mine if stands(change.world, one)}
            held = _held(change, new, lasting, left)
            change.objects = (name, *(one.booking.id for one in held))
            change.answer = accepted = Accepted(
                held=held,
                kept=tuple(sorted(kept - {one.case for one in new})),
                released=tuple(sorted(left)),
                taken=tuple(sorted(otherwise)),
            )
        return accepted

    def confirm(
        self, name: str, partner: str, actor: Actor, *, once: Once | None = None
    ) -> Standing:
        """Note that a partner comes; when all have said so the booking is confirmed.

        A chain is confirmed as one: until then both of its bookings are held.

        Raises
        ------
        UnknownBookingError, NotAskedError, IllegalStepError
            When there is no such booking, it does not ask this partner, or it is not held.
        """
        with self._changing(actor, "confirm", [name], once) as change:
            change.expire()
            standing = _asked(change.standing(name), partner)
            if standing.status != Status.confirmed:
                step(name, standing.status, Status.confirmed)
                change.answered(name, partner, None)
                _follows(change, standing, CLAIMING)
                together = change.standings(change.together(standing))
                held = [one for one in together if one.status == Status.held]
                if all(answer.answer == "confirmed" for one in held for answer in one.partners):
                    for one in held:
                        change.become(one.booking.id, Status.confirmed)
                change.touch("confirm", [standing.booking.case])
            change.answer = confirmed = change.standing(name)
        return confirmed

    def decline(
        self,
        name: str,
        partner: str,
        reason: Failure,
        actor: Actor,
        *,
        once: Once | None = None,
        offering: bool = True,
    ) -> Declined:
        """Note that a partner cannot come: the booking fails, and all that it took is free.

        Who was to come for the partner is away at that time; its facility or departure will not
        take this case. So what is offered instead comes with somebody or something else; where it
        is not for ``offering``, nothing is worked out, for it is told to nobody.

        Raises
        ------
        UnknownBookingError, NotAskedError, IllegalStepError
            When there is no such booking, it does not ask this partner, or it is over.
        """
        with self._changing(actor, "decline", [name], once) as change:
            change.expire()
            standing = _asked(change.standing(name), partner)
            booking = standing.booking
            if standing.status == Status.proposed:
                raise IllegalStepError(name, standing.status, Status.cancelled)
            step(name, standing.status, Status.cancelled)
            change.answered(name, partner, reason)
            change.end(change.together(standing), Status.cancelled, Failure.partner_declined)
            change.absent(booking, *brought_by(change.world, booking, partner))
            change.touch("confirm", [booking.case])
            change.answer = declined = Declined(booking=change.standing(name))
        if not offering:
            return declined
        # It is done. What could come instead takes longer to work out than others should wait.
        with suppress(UnavailableError):
            desk = self.desk()
            instead, openings = desk.ask(booking.case), desk.openings(_what_is_free(booking))
            known = self._world_and_parts()[1].ever
            told = Declined(booking=declined.booking, instead=instead, openings=openings)
            people = persons_of(known, cases_in(told))
            with self.database.writing() as connection:
                process(connection, Processing("read", people), self.now())
                if once is not None:
                    amend(connection, actor, once, once.tell(told))
            return told
        return declined

    def check(
        self,
        name: str,
        fact: str,
        value: Literal["yes", "no"],
        since: date,
        actor: Actor,
        *,
        once: Once | None = None,
    ) -> Standing:
        """Answer a due check of a booking; the answer counts for this booking alone.

        Raises
        ------
        UnknownBookingError, NotAskedError, IllegalStepError
            When there is no such booking, it has no such check, or it is over.
        TooSoonError
            When the day of the answer is still to come.
        """
        with self._changing(actor, "check", [name], once) as change:
            change.expire()
            standing = change.standing(name)
            if standing.status not in CLAIMING - {Status.executed}:
                raise IllegalStepError(name, standing.status, Status.executed)
            if fact not in {one.fact for one in standing.checks}:
                raise NotAskedError("fact", fact)
            case = change.world.case[standing.booking.case]
            today = local_date(change.now, change.world.location[case.location].timezone)
            if since > today:
                raise TooSoonError(f"{fact} is answered on {since}, and today is {today}")
            change.check(name, fact, value, since)
            change.touch("answer-check", [standing.booking.case])
            change.answer = checked = change.standing(name)
        return checked

    def execute(self, name: str, actor: Actor, revision: int | None = None) -> Standing:
        """Note that a booking was carried out.

        Raises
        ------
        UnknownBookingError, StaleError, IllegalStepError
            When there is none, it is not of that ``revision`` any more, or it is not confirmed.
        TooSoonError
            When it has not begun, or it follows a booking that was not carried out.
        OpenChecksError
            With the due checks that are not a yes.
        """
        with self._changing(actor, "execute", [name]) as change:
            change.expire()
            standing = change.standing(name, revision)
            step(name, standing.status, Status.executed)
            _follows(change, standing, {Status.executed})
            if left := [one.fact for one in standing.checks if not one.passed]:
                raise OpenChecksError(left)
            if standing.booking.start > change.now:
                raise TooSoonError(f"{name} begins at {standing.booking.start:%Y-%m-%dT%H:%MZ}")
            change.become(name, Status.executed)
            case = change.parts.now.case[standing.booking.case]
            if standing.booking.operation != case.operation and len(case.legs) > 1:
                placed = _as(standing.booking, Status.executed)
                change.replace(lives_on(change.world, case, placed))
            change.touch("book", [case.id])
            executed = change.standing(name)
        return executed

    def cancel(
        self, name: str, reason: Failure, actor: Actor, revision: int | None = None
    ) -> Standing:
        """Note that a booking failed, and why; what it took is free, and what its chain took.

        Raises
        ------
        UnknownBookingError, StaleError, IllegalStepError
            When there is none, it is not of that ``revision`` any more, or it is over.
        """
        return self._ended(name, Status.cancelled, reason, actor, revision)

    def release(self, name: str, actor: Actor, revision: int | None = None) -> Standing:
        """Let a booking go that has not failed; what it took is free, and what its chain took.

        Raises
        ------
        UnknownBookingError, StaleError, IllegalStepError
            When there is none, it is not of that ``revision`` any more, or it is over.
        """
        return self._ended(name, Status.released, Release.by_planner, actor, revision)

    def _ended(
        self,
        name: str,
        status: Status,
        reason: Failure | Release,
        actor: Actor,
        revision: int | None,
    ) -> Standing:
        with self._changing(actor, status, [name]) as change:
            change.expire()
            standing = change.standing(name, revision)
            step(name, standing.status, status)
            change.end(change.together(standing), status, reason)
            change.touch("release", [standing.booking.case])
            ended = change.standing(name)
        return ended

    # --- What happens ---------------------------------------------------------------------------

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
            plan = _in_force(asked.world)
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

    # --- What there is to plan, and to plan with ---------------------------------------------

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
                after = with_bookings(connection, with_part(parts, part).now, now)
            after = _at(after, now)[0]
            held_to_a_file(after, REGISTER, part)
            return after
        return None

    # --- Requests -------------------------------------------------------------------------------

    def ask(
        self, case: str, repair: RepairView, actor: Actor, *, once: Once | None = None
    ) -> Request:
        """Ask planners for room for a case in the way of a repair that its lights offer now.

        Raises
        ------
        UnknownCaseError, NotOfferedError
            When there is no such case, or its lights do not offer this repair.
        """
        with self.database.reading() as connection:
            known = once is not None and recalled(connection, actor, once)
        desk = self.desk()
        offered = desk.lights(case).repairs if case in desk.world.case and not known else ()
        name = fresh()
        with self._changing(actor, "request", [case, name], once) as change:
            change.beside = True
            if case not in change.world.case:
                raise UnknownCaseError(case)
            found = next((one for one in offered if repair in (one, without_moves(one))), None)
            if found is None:
                raise NotOfferedError(f"the lights of {case} do not offer this repair now")
            repair = found
            fits(change.world, case, repair)
            request = ask(change.connection, name, case, repair, change.now)
            change.touch("request", [*cases_in(request)])
            change.answer = request
        return request

    def requests(
        self,
        status: RequestStatus | None = None,
        offset: int = 0,
        limit: int = 500,
        cases: Collection[str] | None = None,
    ) -> tuple[Request, ...]:
        """Return requests in the order in which they were made: of a status, about these cases."""
        with self.database.reading() as connection:
            return requests(connection, status, cases, offset, limit)

    def requests_ever(
        self, status: RequestStatus | None = None, cases: Collection[str] | None = None
    ) -> int:
        """Return how many such requests there are."""
        with self.database.reading() as connection:
            return count(connection, status, cases)

    def settle(self, name: str, status: Literal["done", "refused"], actor: Actor) -> Request:
        """Note that a planner did what was asked, or will not.

        Raises
        ------
        UnknownRequestError, SettledError
            When there is none of that id, or it is not open any more.
        """
        with self._changing(actor, "settle", [name]) as change:
            change.beside = True
            request = settle(change.connection, name, status)
            change.touch("request", [*cases_in(request)])
        return request

    @contextmanager
    def beside(
        self, actor: Actor, action: str, objects: Sequence[str], once: Once | None = None
    ) -> Iterator[Change]:
        """Write what changes no booking and no part of the world; the audit log tells of it."""
        with self._changing(actor, action, objects, once) as change:
            change.beside = True
            yield change

    # --- The audit log --------------------------------------------------------------------------

    def audit_lines(
        self, asked: AuditFilter, offset: int, limit: int, actor: Actor, *, verify: bool
    ) -> AuditPage:
        """Return lines of the audit log, and leave one: who looks into it is kept like any other.

        Raises
        ------
        EmptyError
            When there is no world yet, and so no log.
        """
        self.world()
        with self.database.reading() as connection:
            page = audit_page(connection, asked, offset, limit, verify)
            named = {one.object for one in page.lines}
            of = select(BOOKINGS.c.case_id).where(BOOKINGS.c.id.in_(named))
            cases = named.union(connection.execute(of).scalars())
        self.seen("read", [{"case": one} for one in sorted(cases)])
        if SHOWN.get():
            with self.database.writing() as connection:
                audit(connection, actor, "read", ["audit-log"], "done", self.now())
        return page

    @contextmanager
    def _changing(
        self,
        actor: Actor,
        action: str,
        objects: Sequence[str],
        once: Once | None = None,
        now: datetime | None = None,
    ) -> Iterator[Change]:
        now, read = now or self.now(), self._world
        with suppress(EmptyError), self.database.reading() as connection:
            read(connection, now)  # what others wrote, before anybody waits for it
        with (
            self.span(f"change: {action}"),
            changing(self.database, read, actor, action, objects, now, once) as change,
        ):
            yield change
        kept = self._kept
        if change.parts_changed and kept is not None and kept.revision < change.revision:
            # Who comes next need not read all parts again while others wait.
            self._kept = _Kept(change.revision, change.revision, "", change.parts, change.world)


def _write(change: Change, part: Case | Supply, sound: World | None) -> None:
    """Write a part of the world, unless that makes none, or breaks what stands.

    Whether it makes one need not be looked at again when that is ``sound``.
    """
    before = change.world
    change.put(part)
    after = _at(change.after(), change.now)[0]
    if sound is None or not _same(after, sound):
        held_to_a_file(after, REGISTER, part)
    mine = _resting_on(after, part.id)
    if wrong := Checked(after, REGISTER, after.bookings).violations(mine):
        old = {*Checked(before, REGISTER, before.bookings).violations(mine)}
        if new := [one for one in wrong if one not in old]:
            raise RefusedError(new)
    change.world = after


def _resting_on(world: World, name: str) -> list[Booking]:
    """Return the bookings that stand, and are not over, of a case or with what has that id."""
    named = {
        one.case
        for one in world.bookings
        if name in {one.case, one.facility, one.departure}
        or any(name in each.resources for each in one.attendances)
    }
    return [
        one
        for one in world.bookings
        if one.case in named and one.status in CLAIMING - {Status.executed}
    ]


def _at(world: World, now: datetime) -> tuple[World, str]:
    """Return the world as it is in the slot of ``now``, and when the next slot begins."""
    grid = world.grid
    slot = min(grid.floor(now), grid.slots - 1)
    until = "9999" if grid.at(slot + 1) == grid.end else moment(grid.at(slot + 1))
    return world.but(as_of=max(world.as_of, grid.at(slot))), until


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


def _in_force(world: World) -> Plan:
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


def _only_case(world: World, bookings: Sequence[Booking]) -> None:
    """Return when bookings are of one case of the world."""
    cases = {one.case for one in bookings}
    if len(cases) != 1 or cases.pop() not in world.case:
        raise OneCaseError("what is held together is of one case that there is")


def _are_there(world: World, bookings: Sequence[Booking]) -> None:
    """Return when the cases of planned bookings are still there."""
    lost = (one for one in bookings if one.case not in world.case)
    if wrong := [Violation(one.id, "booking", "is of a case that is gone") for one in lost]:
        raise RefusedError(wrong)


def _held(
    change: Change, bookings: Sequence[Booking], lasting: timedelta, left: Collection[str] = ()
) -> tuple[Standing, ...]:
    """Hold bookings of cases that there are; their proposals give way, and those ``left`` out."""
    _ahead(change.now, bookings)
    cases = [*dict.fromkeys(one.case for one in bookings)]
    mine = [one for case in cases for one in change.world.booked.get(case, ()) if one.claims]
    legs = {(one.case, one.operation) for one in bookings}
    loose = [one.id for one in mine if one.status == Status.proposed]
    fixed = [one for one in mine if (one.case, one.operation) in legs and one.id not in loose]
    if fixed:
        raise TakenError([Taken(unit=f"case/{one.case}", booking=one.id) for one in fixed])
    loose += left
    change.end(loose, Status.released, Release.replaced)
    proposed = [_as(one, Status.proposed) for one in bookings]
    named = renamed(proposed, change.names(proposed))
    new: list[Booking] = []
    stay: dict[str, Booking] = {}
    for case in cases:
        theirs = tuple(one for one in named if one.case == case)
        theirs, stays = _from_inside(change.world, case, theirs)
        new += theirs
        if stays is not None:
            stay[stays.id] = stays
    if stay:
        change.correct([*stay.values()])
        mine = [stay.get(one.id, one) for one in mine]
        others = (one for one in change.world.bookings if one.id not in stay)
        change.world = change.world.but(bookings=(*others, *stay.values()))
    # First what is wrong whoever else is booked: only what is sound can be claimed.
    _hold_to_the_rules(change.world, mine, new, loose)
    change.add([_as(one, Status.held) for one in new], lasting)
    # A chain runs out as one, also where only one of its legs is held anew.
    change.prolong([one.id for one in mine if one.status == Status.held], lasting)
    _hold_to_the_rules(change.world, change.world.bookings, new, loose)
    change.touch("book", [*cases, *_cases_left(change.world, left)])
    return change.standings([one.id for one in new])


def _cases_left(world: World, names: Collection[str]) -> list[str]:
    return [one.case for one in world.bookings if one.id in names]


def _from_inside(
    world: World, case: str, new: tuple[Booking, ...]
) -> tuple[tuple[Booking, ...], Booking | None]:
    """Return a removal of somebody who was placed as what follows the placement, which stays.

    The placement has its nights up to that removal; it is None where there is none.
    """
    placed = placed_by(world, case)
    if placed is None:
        return new, None
    follows = tuple(one.model_copy(update={"follows": placed.id}) for one in new)
    return follows, until_departure(world, REGISTER, placed, follows[-1])


def _hold_to_the_rules(
    world: World, beside: Sequence[Booking], new: Sequence[Booking], without: Collection[str]
) -> None:
    """Return when ``new`` bookings break no rule beside others, less those that give way."""
    if wrong := Checked(world, REGISTER, beside).violations(new, without):
        raise RefusedError(wrong)


def _as(booking: Booking, status: Status) -> Booking:
    return booking.model_copy(update={"status": status.value})


def _asked(standing: Standing, partner: str) -> Standing:
    if partner not in {one.partner for one in standing.partners}:
        raise NotAskedError("partner", partner)
    return standing


def _follows(change: Change, standing: Standing, statuses: Collection[Status]) -> None:
    """Return when the booking that this one follows is one of ``statuses``, or there is none."""
    first = standing.booking.follows
    if first is not None and (now := change.standing(first).status) not in statuses:
        raise TooSoonError(f"{standing.booking.id} follows {first}, which is {now}")


def _ahead(now: datetime, bookings: Sequence[Booking]) -> None:
    """Return when all of these lie ahead."""
    begun = (one for one in bookings if one.start < now)
    if wrong := [Violation(one.id, "booking", "begins in the past") for one in begun]:
        raise RefusedError(wrong)


def _overtaken(parts: Parts, events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events about cases that were withdrawn before, which change nothing."""
    back = {one.subject for one in events if isinstance(one, CaseAdded)}
    gone = parts.ever.case.keys() - parts.now.case.keys() - back
    names = gone | {one.id for case in gone for one in parts.ever.case[case].persons}
    return tuple(one for one in events if one.subject in names)


def _what_is_free(booking: Booking) -> list[Named]:
    """Return what a booking took that others could use: people, the facility, the departure."""
    people = {name for one in booking.attendances if one.role != "person" for name in one.resources}
    named: list[Named] = [("resource", name) for name in sorted(people)]
    if booking.facility:
        named.append(("facility", booking.facility))
    if booking.departure:
        named.append(("departure", booking.departure))
    return named
