"""The life of a booking: held, confirmed, declined, checked, carried out, let go."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Literal

from api.desk import Answer
from api.difference import dropped, stands, taken, to_hold
from api.office.reading import Reading
from api.office.refusals import (
    NotAskedError,
    NotPlannedError,
    OneCaseError,
    OpenChecksError,
    RefusedError,
)
from api.openings import Openings
from api.store.answers import Once, amend
from api.store.change import Change, renamed
from api.store.claims import Taken, TakenError
from api.store.database import UnavailableError
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
    Actor,
    Processing,
    cases_in,
    process,
)
from api.store.standing import Standing, brought_by
from api.store.worlds import (
    HOLD,
    persons_of,
)
from constraints.register import REGISTER
from scheduler.continuing import lives_on, placed_by, until_departure
from scheduler.grid import local_date
from scheduler.opening import Named, knows
from scheduler.plan import Plan
from scheduler.validator import Checked, Violation
from scheduler.world import Booking, Id, Part, World


class Declined(Part):
    """A booking that a partner declined: what could come instead, and who could use what is free.

    Nothing of it is held: a planner decides. It is not there where the database went away since.
    """

    booking: Standing
    instead: Answer | None = None
    openings: Openings | None = None


class Accepted(Part):
    """What is held of a plan, the cases that are booked as planned, and what gave way to others.

    ``taken`` are cases that are held otherwise since: of a whole plan these are left out.
    """

    held: tuple[Standing, ...]
    kept: tuple[Id, ...]
    released: tuple[Id, ...]
    taken: tuple[Id, ...] = ()


class Bookings(Reading):
    """Changes what is booked, each time all of it or nothing."""

    def hold(
        self,
        bookings: Sequence[Booking],
        actor: Actor,
        lasting: timedelta = HOLD,
        *,
        instead_of: Mapping[str, int] | None = None,
        once: Once | None = None,
    ) -> tuple[Standing, ...]:
        """Hold what is proposed for one case, all of it or nothing.

        Proposals that stand for the case give way, and so do its bookings ``instead_of`` which it
        is held, each of the revision that is given. Every rule is looked at as things are now.

        Raises
        ------
        OneCaseError
            When the bookings are not of one case that there is.
        UnknownBookingError, StaleError, IllegalStepError
            When one that was to give way is not there, is not of that revision any more, or over.
        TakenError
            With who has what is asked.
        RefusedError
            With every rule that is broken.
        """
        asked = sorted({one.case for one in bookings})
        with self._changing(actor, "hold", asked, once) as change:
            change.expire()
            _only_case(change.world, bookings)
            held = _held(change, bookings, lasting, _given_up(change, asked, instead_of or {}))
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
        self,
        name: str,
        partner: str | None,
        actor: Actor,
        revision: int | None = None,
        *,
        once: Once | None = None,
    ) -> Standing:
        """Note that a partner comes, or that every partner does; then the booking is confirmed.

        A chain is confirmed as one: until then both of its bookings are held. A booking can be
        confirmed without its partners' answers, as a world file has it: each can still be noted.

        Raises
        ------
        UnknownBookingError, StaleError, NotAskedError, IllegalStepError
            When there is no such booking, it is not of that ``revision`` any more, it does not ask
            this partner, or it is not held.
        """
        with self._changing(actor, "confirm", [name], once) as change:
            change.expire()
            standing = change.standing(name, revision)
            if partner is not None:
                _asked(standing, partner)
            was_confirmed = standing.status == Status.confirmed
            if not was_confirmed:
                step(name, standing.status, Status.confirmed)
                _follows(change, standing, CLAIMING)
            new = [
                one.partner
                for one in standing.partners
                if partner in (None, one.partner) and one.answer != "confirmed"
            ]
            for who in new:
                change.answered(name, who, None)
            if new:
                change.touch("confirm", [standing.booking.case])
            together = change.standings(change.together(standing))
            held = [one for one in together if one.status == Status.held]
            if all(answer.answer == "confirmed" for one in held for answer in one.partners):
                for one in held:
                    change.become(one.booking.id, Status.confirmed)
            change.answer = confirmed = change.standing(name)
        return confirmed

    def decline(
        self,
        name: str,
        partner: str,
        reason: Failure,
        actor: Actor,
        revision: int | None = None,
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
        UnknownBookingError, StaleError, NotAskedError, IllegalStepError
            When there is no such booking, it is not of that ``revision`` any more, it does not ask
            this partner, or it is over.
        """
        with self._changing(actor, "decline", [name], once) as change:
            change.expire()
            standing = _asked(change.standing(name, revision), partner)
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
            told = self.instead_of(declined.booking)
            known = self._world_and_parts()[1].ever
            people = persons_of(known, cases_in(told))
            with self.database.writing() as connection:
                process(connection, Processing("read", people), self.now())
                if once is not None:
                    amend(connection, actor, once, once.tell(told))
            return told
        return declined

    def instead_of(self, standing: Standing) -> Declined:
        """Return what could come instead of a booking, and who could use what is free of it."""
        desk = self.desk()
        free = [one for one in _what_is_free(standing.booking) if knows(desk.world, one)]
        return Declined(
            booking=standing,
            instead=desk.ask(standing.booking.case),
            openings=desk.openings(free),
        )

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


def _given_up(change: Change, cases: Sequence[str], seen: Mapping[str, int]) -> list[str]:
    """Return the bookings of these cases that give way, with their chains, each as it was seen."""
    names: list[str] = []
    for name, revision in seen.items():
        standing = change.standing(name, revision)
        if standing.booking.case not in cases:
            raise OneCaseError("a booking gives way to one of its own case")
        step(name, standing.status, Status.released)
        names += change.together(standing)
    return [*dict.fromkeys(names)]


def _held(
    change: Change, bookings: Sequence[Booking], lasting: timedelta, left: Collection[str] = ()
) -> tuple[Standing, ...]:
    """Hold bookings of cases that there are; their proposals give way, and those ``left`` out."""
    _ahead(change.now, bookings)
    cases = [*dict.fromkeys(one.case for one in bookings)]
    mine = [one for case in cases for one in change.world.booked.get(case, ()) if one.claims]
    legs = {(one.case, one.operation) for one in bookings}
    loose = [*left, *(one.id for one in mine if one.status == Status.proposed)]
    fixed = [one for one in mine if (one.case, one.operation) in legs and one.id not in loose]
    if fixed:
        raise TakenError([Taken(unit=f"case/{one.case}", booking=one.id) for one in fixed])
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
    still = [one.id for one in mine if one.status == Status.held and one.id not in loose]
    change.prolong(still, lasting)
    _hold_to_the_rules(change.world, change.world.bookings, new, loose)
    change.touch("book", dict.fromkeys([*cases, *_cases_left(change.world, left)]))
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


def _what_is_free(booking: Booking) -> list[Named]:
    """Return what a booking took that others could use: people, the facility, the departure."""
    people = {name for one in booking.attendances if one.role != "person" for name in one.resources}
    named: list[Named] = [("resource", name) for name in sorted(people)]
    if booking.facility:
        named.append(("facility", booking.facility))
    if booking.departure:
        named.append(("departure", booking.departure))
    return named
