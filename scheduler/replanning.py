"""Replanning: a plan repaired after events with the least change.

What stands stays, unless the validator finds that it no longer can. That time passes takes nothing
away that is promised: a check that is now due is told, a legal end still breaks. What is broken
keeps its time and place with other people where it can, else it is inserted anew; only where that
fails do proposals give way to it.
"""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain

from scheduler.bound import WEIGHT
from scheduler.collector import paused
from scheduler.constraint import After, Constraint, Declaration, Due, Register, Subject
from scheduler.continuing import placed_by, until_departure
from scheduler.event import CapacityChanged, DepartureChanged, Event, changed, overtaken
from scheduler.explanation.forcing import Forcing
from scheduler.explanation.reason import reason
from scheduler.explanation.signature import Explanation
from scheduler.layout import matches
from scheduler.ledger import Ledger
from scheduler.objective import LEVELS, Valuation, key
from scheduler.occupancy import Claims, Occupancy
from scheduler.pattern import CasePatterns, Pattern, Patterns, pattern_of
from scheduler.plan import (
    HALVED,
    Bound,
    Plan,
    Unplanned,
    begun,
    bookings_of,
    claims_of,
    free_to_move,
    versions,
)
from scheduler.ranking import best_patterns
from scheduler.validator import Checked, Violation, violations
from scheduler.world import Booking, Id, Part, World

Bookings = tuple[Booking, ...]
WORK = 0.1
"""What CP-SAT may do for each case that is forced in, in its own deterministic unit."""
TOLD = ("pastLegalEnd", WEIGHT, "changes")
"""The levels that a repaired plan is valued by."""
BEGUN = "has begun"
DUE = "check now due"
UNBROKEN = "what happened does not break it"
UNTOUCHED = "no event touches it"


class OtherWorldError(ValueError):
    """A plan that was made on another world than the one it is to be repaired on."""

    def __init__(self, plan: Plan, world: World) -> None:
        super().__init__(
            f"the plan was made on world {plan.world[:12]}, this is {world.fingerprint[:12]}"
        )


class Outcome(Part):
    """What became of a case and why: its bookings before and after.

    ``events`` are about it or about what it shares with others; ``broke`` is the constraint that
    what it had does not keep any more.
    """

    case: Id
    reason: str
    events: tuple[Id, ...] = ()
    broke: Id | None = None
    before: tuple[Booking, ...] = ()
    after: tuple[Booking, ...] = ()

    @property
    def renamed(self) -> bool:
        """Whether it keeps time and place with other people."""
        legs = _by_leg(self.before)
        return len(self.before) == len(self.after) and all(
            (old := legs.get(one.operation)) is not None and _same_slot(old, one)
            for one in self.after
        )


@dataclass(frozen=True, slots=True)
class Replan:
    """A plan after events: ``plan`` on ``world``, whose bookings are those that stand.

    Every case that had bookings or has them now is in one of ``kept``, ``moved`` (other people
    count), ``dropped`` and ``new``. A ``dropped`` one may keep a leg that has begun. Events that
    are ``ignored`` are about cases that were withdrawn before.
    """

    world: World
    plan: Plan
    kept: tuple[Outcome, ...]
    moved: tuple[Outcome, ...]
    dropped: tuple[Outcome, ...]
    new: tuple[Outcome, ...]
    ignored: tuple[Event, ...] = ()


def replan(
    world: World,
    register: Register,
    plan: Plan,
    events: Sequence[Event],
    *,
    work: float = WORK,
    now: datetime | None = None,
    written: World | None = None,
) -> Replan:
    """Repair ``plan``, a valid one of ``world`` that is in force, after ``events``.

    Time passes to the last of them, and to ``now`` where that is later. ``written`` is the world
    as people wrote it down anew, before the events: what is other in it can break bookings too.

    Cases that events are about, and that have no booking, are planned too. Others are not: what
    came free is for people to give away. What was said of cases that no event is about is said
    again. ``work`` bounds the model for each case that is forced in, in CP-SAT's deterministic
    unit (about a second): no clock is looked at, so the result is the same on every machine.

    Raises
    ------
    ValueError
        When ``work`` is less than nothing.
    OtherWorldError
        When the plan was made on another world.
    EventError
        With everything that is wrong with the events.
    """
    if not work >= 0:
        raise ValueError(f"work is {work}, at least 0 is asked")
    if plan.world != world.fingerprint:
        raise OtherWorldError(plan, world)
    began = time.monotonic()
    booked = {one.id for one in plan.bookings}
    cancelled = (one for one in world.bookings if not one.claims and one.id not in booked)
    before = world.but(bookings=(*plan.bookings, *cancelled))
    with paused():
        anew = before if written is None else written.but(bookings=before.bookings)
        other = set[str]() if written is None else _other(before, anew)
        after = changed(anew, register, events, now)
        repair = _Repair(before, after, register, plan, events, other)
        repair.insert()
        repair.force(work)
        return repair.result(began)


def overdue(world: World, register: Register, bookings: Iterable[Booking]) -> set[Violation]:
    """Return what of those ``bookings`` that stand in ``world`` broke as time passed.

    A due check has its window open, or a promised departure is nearer than its lead: that is for
    people to see to, and no reason to move anything.
    """
    known, asked = {one.id: one for one in world.bookings}, [*bookings]
    standing = {one.id for one in asked if known.get(one.id) == one}
    came = set(violations(world, register, asked))
    came -= set(violations(world, _lasting(register), asked))
    return {one for one in came if one.booking in standing}


def _lasting(register: Register) -> Register:
    """Return the register without what time alone brings to bookings that stand."""
    return replace(register, constraints=tuple(map(_lasting_of, register.constraints)))


def _lasting_of(constraint: Constraint) -> Constraint:
    def declare(subject: Subject) -> Iterator[Declaration]:
        mine = subject.world.booked.get(subject.case.id, ())
        status = next((one.status for one in mine if one.operation == subject.scope), None)
        for rule in constraint.declare(subject):
            if isinstance(rule, Due) and status is not None:
                yield replace(rule, answers=tuple(one for one in rule.answers if one.value == "no"))
            elif not (
                isinstance(rule, After)
                and rule.ready == subject.world.as_of
                and status in {"held", "confirmed"}
            ):
                yield rule

    return replace(constraint, declare=declare)


class _Repair:
    """A plan under repair: what stands by case, what changes and why, and who waits."""

    def __init__(
        self,
        before: World,
        after: World,
        register: Register,
        plan: Plan,
        events: Sequence[Event],
        written: Collection[str],
    ) -> None:
        self.plan = plan
        self.ignored = overtaken(before, events)
        self.events = [one for one in events if one not in self.ignored]
        self.before = _by_case(one for one in plan.bookings if one.claims)
        subjects = {*written, *(one.subject for one in self.events)}
        self.touched = _touched(before, after, subjects)
        self.opened = any(_opens(before, one) for one in self.events)
        broken, self.due = _broken(before, after, register, self.touched)
        self._known = {one.id: one for one in after.bookings}
        stands = [
            one for one in after.bookings if one.case not in broken or begun(one, after.as_of)
        ]
        self.standing = _by_case(one for one in stands if one.claims)
        # What was promised and no longer stands must not count as promised while others are tried.
        self.world = after.but(bookings=tuple(stands))
        self.patterns = Patterns(self.world, register)
        self.valuation = Valuation(self.patterns)
        self._kept: tuple[list[int], Ledger] | None = None
        self._broken = broken
        self.because = {
            name: self._because(name, broken.get(name))
            for name, bookings in self.before.items()
            if bookings != self.standing.get(name, ())
        }
        could = (one for one in self._homeless() if self.valuation.last_moment(one) is not None)
        self.waiting = sorted(could, key=lambda one: (*self.valuation.order(one), one.case.id))

    @property
    def bookings(self) -> Bookings:
        """All that stands."""
        return tuple(chain.from_iterable(self.standing.values()))

    @property
    def _ledger(self) -> Ledger:
        """All that stands, as it stands now; made anew only when that has changed."""
        bookings = self.bookings
        if self._kept is None or self._kept[0] != [id(one) for one in bookings]:
            self._kept = [id(one) for one in bookings], Ledger(self.patterns, bookings)
        return self._kept[1]

    def _homeless(self) -> Iterator[CasePatterns]:
        """Yield the cases to be planned: broken, or without a booking and told of by an event."""
        for case in self.world.cases:
            legs = {one.operation for one in self.standing.get(case.id, ())}
            if legs.isdisjoint(case.legs) and (case.id in self.because or self._told(case.id)):
                yield self.patterns.of(case.id)

    def _happened(self, name: str) -> bool:
        """Return whether an event is about a case, or could have broken its bookings."""
        return name in self.touched or bool(self._told(name))

    def _about(self, name: str, shared: Collection[str] = ()) -> list[Event]:
        """Return the events about a case, or about what it shared with others."""
        case = self.world.case.get(name)
        names = {name, *shared, *(one.id for one in (case.persons if case else ()))}
        return [one for one in self.events if one.subject in names]

    def _told(self, name: str, shared: Collection[str] = ()) -> list[str]:
        """Return those events in words."""
        return [f"{one.says} ({one.id})" for one in self._about(name, shared)]

    def _because(self, name: str, broke: Violation | None) -> str:
        """Return which events broke a case, and which rule of it no longer holds."""
        told = self._told(name, _shared(self.before[name]))
        if broke is not None:
            told.append(f"{self._title(broke.constraint)}: {broke.says}")
        return "; ".join(told)

    def _title(self, constraint: str) -> str:
        titles = {one.id: one.title.en for one in self.patterns.register.constraints}
        return titles.get(constraint, constraint)

    def insert(self) -> None:
        """Plan what waits beside all that stands."""
        if not self.waiting:
            return
        occupancy = self._ledger.occupancy
        self._kept = None
        for case in [*self.waiting]:
            made = self._fitted(case, occupancy)
            if made:
                self.waiting.remove(case)
                self._book(made)
                for one in made:
                    occupancy.claim(claims_of(case, one))
                self._link(case, occupancy)

    def _book(self, made: Iterable[Booking]) -> None:
        """Put bookings in the place of those for the same legs."""
        for name, new in _by_case(made).items():
            legs = {one.operation for one in new}
            old = (one for one in self.standing.get(name, ()) if one.operation not in legs)
            self.standing[name] = (*old, *new)

    def _link(self, case: CasePatterns, occupancy: Occupancy) -> None:
        """Let a removal follow the placement that was carried out before it, up to its departure.

        Where there is no place for those nights it stands by itself: whoever is inside leaves.
        """
        name = case.case.id
        placement, mine = placed_by(self.world, name), _by_leg(self.standing.get(name, ()))
        removal = mine.get("removal")
        if placement is None or removal is None:
            return
        stays = until_departure(self.world, self.patterns.register, placement, removal)
        had, asked = (frozenset(claims_of(case, one).nights) for one in (placement, stays))
        more = asked - had
        room = all(occupancy.places_left(facility, on) >= count for facility, on, count in more)
        if room:
            occupancy.release(Claims((), tuple(had - asked), ()))
            occupancy.claim(Claims((), tuple(more), ()))
            self._book((stays,))
        follows = stays.id if room else None
        self._book((removal.model_copy(update={"follows": follows}),))

    def _fitted(self, case: CasePatterns, occupancy: Occupancy) -> Bookings:
        """Return bookings of a case beside what is claimed, as near to what it had as can be.

        None at all when it does not fit.
        """
        before = self.before.get(case.case.id, ())
        near = (one for one in _near(case, before) if case.is_open(one, occupancy))
        for pattern in chain(near, best_patterns(case, self.valuation, occupancy)):
            names = case.draw(pattern, occupancy)
            if names is not None:
                made = self._with_its_people(bookings_of(case, pattern, names), before)
                return _as_it_was(made, before)
        return ()

    def _with_its_people(self, made: Bookings, before: Bookings) -> Bookings:
        """Give legs that keep their time and place their own people back, role by role."""
        checked = Checked(self.world, self.patterns.register, self.bookings)
        had = _by_leg(before)
        for n, leg in enumerate(made):
            old = had.get(leg.operation)
            if old is None or not _same_slot(old, leg):
                continue
            for role in dict.fromkeys(one.role for one in old.attendances):
                theirs = (one for one in old.attendances if one.role == role)
                others = (one for one in made[n].attendances if one.role != role)
                tried = made[n].model_copy(update={"attendances": (*others, *theirs)})
                mixed = (*made[:n], tried, *made[n + 1 :])
                if not checked.violations(mixed):
                    made = mixed
        return made

    def force(self, work: float) -> None:
        """Let proposals give way to what still waits, where that makes the plan worth more.

        Not to what time alone took: nothing happened that others would have to move for.
        """
        for case in [one for one in self.waiting if self._happened(one.case.id)]:
            forcing = Forcing(self._ledger, self.valuation)
            forced = forcing.force(case, work=work)
            if forced is None or key(forced.after) <= key(forced.before):
                continue
            self.waiting.remove(case)
            others = (*forced.moved, *forced.renamed)
            made = _as_it_was(forced.bookings, self.before.get(forced.case, ()))
            self._book((*made, *others))
            for name in forced.dropped:
                self.standing[name] = tuple(
                    one
                    for one in self.standing[name]
                    if one.operation not in self.world.case[name].legs
                )
            for name in (*(one.case for one in others), *forced.dropped):
                self.because.setdefault(name, f"gave way to {forced.case}")
            for name in dict.fromkeys(one.case for one in (*made, *others)):
                self._link(self.patterns.of(name), self._ledger.occupancy)

    def result(self, began: float) -> Replan:
        """Say of each case what became of it, and write the plan down."""
        unplanned = {one.case: one for one in self._unplanned()}
        found: dict[str, list[Outcome]] = {"kept": [], "moved": [], "dropped": [], "new": []}
        for name in dict.fromkeys((*self.before, *self.standing)):
            before, after = self.before.get(name, ()), self.standing.get(name, ())
            became, why = _became(before, after), self._reason(name)
            if became == "dropped" and name in unplanned:
                why += f"; not planned again: {unplanned[name].reason}"
            if before or after:
                outcome = Outcome(
                    case=name,
                    reason=why,
                    events=tuple(one.id for one in self._about(name, _shared(before))),
                    broke=self._broken[name].constraint if name in self._broken else None,
                    before=before,
                    after=after,
                )
                found[became].append(outcome)
        world, levels = self._world(), self._levels(unplanned)
        plan = self.plan.model_copy(
            update={
                "world": world.fingerprint,
                "made_at": datetime.now(UTC),
                "seed": 0,
                "seconds": round(time.monotonic() - began, 3),
                "versions": versions(),
                "levels": levels,
                "bookings": self.bookings,
                "unplanned": tuple(unplanned.values()),
            }
        )
        outcomes = {what: tuple(cases) for what, cases in found.items()}
        return Replan(world, plan, **outcomes, ignored=self.ignored)

    def _world(self) -> World:
        """Return the changed world with what stands in it: new proposals are the plan's own."""
        cancelled = (one for one in self.world.bookings if not one.claims)
        stands = {
            one.id
            for one in self.bookings
            if one.status != "proposed" or one == self._known.get(one.id)
        }
        # A removal that stays may follow a placement that is new.
        stands |= {one.follows for one in self.bookings if one.follows and one.id in stands}
        mine = (one for one in self.bookings if one.id in stands)
        return self.world.but(bookings=(*mine, *cancelled))

    def _levels(self, unplanned: Mapping[str, Unplanned]) -> tuple[Bound, ...]:
        """Value the cases that may move by what is cheap to tell: the headline, and the changes.

        The bounds need no model: all could be planned but what is blocked by itself, if events
        opened nothing. Changed is what does not stand where and when it stood.
        """
        values, bounds = dict.fromkeys(LEVELS, 0), dict.fromkeys(LEVELS, 0)
        for case in self.world.cases:
            mine = [one for one in self.standing.get(case.id, ()) if one.operation in case.legs]
            if not all(free_to_move(one, self.world.as_of) for one in mine):
                continue
            pressed = 0 if mine else self.valuation.pressed(self.patterns.of(case.id))
            values["pastLegalEnd"] += pressed
            values[WEIGHT] += case.weight if mine else 0
            if mine or self.opened or unplanned[case.id].blocked != "alone":
                bounds[WEIGHT] += case.weight
            else:
                bounds["pastLegalEnd"] += pressed
        values["changes"] = sum(map(self._changes, self.before))
        return tuple(Bound.of(level, values[level], bounds[level]) for level in TOLD)

    def _changes(self, name: str) -> int:
        """Return how many legs of a case do not stand where and when they stood."""
        now = _by_leg(self.standing.get(name, ()))
        return sum(
            (new := now.get(old.operation)) is None or not _same_slot(old, new)
            for old in self.before[name]
        )

    def _reason(self, name: str) -> str:
        before = self.before.get(name, ())
        if name in self.because:
            return self.because[name]
        if not before:
            return "; ".join(self._told(name))
        if name in self.due:
            titles = dict.fromkeys(self._title(one.constraint) for one in self.due[name])
            return f"{DUE}: {', '.join(titles)}"
        legs = self.world.case[name].legs
        if any(begun(one, self.world.as_of) for one in before if one.operation in legs):
            return BEGUN
        return UNBROKEN if name in self.touched else UNTOUCHED

    def _unplanned(self) -> Iterator[Unplanned]:
        """Yield, of each case with a leg that is not booked, why."""
        said = {one.case: one for one in self.plan.unplanned}
        for case in self.world.cases:
            legs = {one.operation for one in self.standing.get(case.id, ())}
            if legs.issuperset(case.legs):
                continue
            if not legs.isdisjoint(case.legs):
                yield said.get(case.id) or Unplanned(case=case.id, reason=HALVED)
            elif case.id in self.because or self._told(case.id) or case.id not in said:
                yield self._why(self.patterns.of(case.id))
            else:
                yield said[case.id]

    def _why(self, case: CasePatterns) -> Unplanned:
        """Return why a case has no booking: by itself, or for want of what others hold."""
        if self.valuation.last_moment(case) is None:
            own = Explanation(case, self.patterns.empty)
            return Unplanned(case=case.case.id, reason=reason(own))
        forcing = Forcing(self._ledger, self.valuation)
        return Unplanned(
            case=case.case.id,
            reason=reason(Explanation(case, forcing.ledger.occupancy)),
            blocked="bookings",
            by=forcing.occupants(case),
        )


def _by_leg(bookings: Bookings) -> dict[str, Booking]:
    return {one.operation: one for one in bookings}


def _by_case(bookings: Iterable[Booking]) -> dict[str, Bookings]:
    found: dict[str, Bookings] = {}
    for one in bookings:
        found[one.case] = (*found.get(one.case, ()), one)
    return found


def _other(before: World, after: World) -> set[str]:
    """Return the ids of what there is to plan, and to plan with, that is not what it was.

    Of roads nobody knows who drives them: where one is another, those are all cases with bookings.
    """
    drivers = after.bookings if before.roads != after.roads else ()
    return {one.case for one in drivers} | {
        one.id
        for name in ("resources", "facilities", "departures", "cases")
        for was in ({part.id: part for part in getattr(before, name)},)
        for one in getattr(after, name)
        if was.get(one.id) != one
    }


def _touched(before: World, after: World, subjects: set[str]) -> set[str]:
    """Return the cases whose bookings could be broken by what happened to ``subjects``.

    Those are the cases that have one of them, or that fly with one of the team of a charter that
    is one.
    """
    flights = [*before.departures, *after.departures]
    teams = {member for one in flights if one.id in subjects for member in one.team}
    subjects = subjects | teams | {one.id for one in flights if not teams.isdisjoint(one.team)}
    standing = _by_case(one for one in after.bookings if one.claims)
    return {
        name
        for name, mine in standing.items()
        if not subjects.isdisjoint(
            {name, *_shared(mine), *(one.id for one in after.case[name].persons)}
        )
    }


def _opens(before: World, event: Event) -> bool:
    """Return whether an event can give room to others than those it is about."""
    if isinstance(event, DepartureChanged):
        gone = before.departure[event.subject] if event.value.cancelled else None
        return gone is None or bool(gone.team)
    return isinstance(event, CapacityChanged)


def _broken(
    before: World, after: World, register: Register, touched: Collection[str]
) -> tuple[dict[str, Violation], dict[str, list[Violation]]]:
    """Return the cases that cannot stand, each with what it breaks, and what is due of others.

    Looked at is what events touch, and everything when time has passed. Of those that break a rule
    only together the firmest stay: confirmed before held before proposed, then the heaviest.
    """
    mine = _by_case(one for one in after.bookings if one.claims)
    case_of = {one.id: case for case, held in mine.items() for one in held}
    timed = after.as_of != before.as_of
    doubtful = [one for case, held in mine.items() if timed or case in touched for one in held]
    by_itself = Checked(after, register, ())
    waited = Checked(_at(before, after.as_of), register, ())
    enduring = Checked(after, _lasting(register), ())
    suspects: dict[str, set[Violation]] = {}
    for one in by_itself.violations(doubtful):
        suspects.setdefault(case_of[one.booking], set()).add(one)
    found: dict[str, Violation] = {}
    due: dict[str, list[Violation]] = {}
    together: list[str] = []
    for name, said in suspects.items():
        own = by_itself.violations(mine[name])
        came = set(waited.violations(mine[name])) - set(enduring.violations(mine[name]))
        due[name] = [one for one in own if one in came]
        wrong = [one for one in own if one not in came]
        if wrong:
            found[name] = wrong[0]
        elif not said.issubset(own):
            together.append(name)
    together.sort(key=lambda one: _softness(after, mine[one]))
    found |= _too_many(after, register, {one: mine[one] for one in together}, found, due)
    return found, {name: told for name, told in due.items() if told and name not in found}


def _too_many(
    world: World,
    register: Register,
    together: Mapping[str, Bookings],
    gone: Collection[str],
    due: Mapping[str, Collection[Violation]],
) -> dict[str, Violation]:
    """Return those of ``together``, the firmest first, that do not fit beside what stands."""
    standing = [
        one
        for one in world.bookings
        if one.claims
        and (begun(one, world.as_of) or not (one.case in gone or one.case in together))
    ]
    found: dict[str, Violation] = {}
    for name, mine in together.items():
        ahead = [one for one in mine if not begun(one, world.as_of)]
        said = Checked(world, register, standing).violations(ahead)
        wrong = [one for one in said if one not in due[name]]
        if wrong:
            ids = {one.id for one in mine}
            found[name] = next((one for one in wrong if one.booking in ids), wrong[0])
        else:
            standing += ahead
    return found


def _at(world: World, now: datetime) -> World:
    """Return the world as it would be had nothing happened but that time passed."""
    fields = {name: getattr(world, name) for name in World.model_fields}
    return World(**fields | {"as_of": now})


def _softness(world: World, bookings: Bookings) -> tuple[object, ...]:
    ranks = ("executed", "confirmed", "held", "proposed")
    first = bookings[0]
    return (
        max(ranks.index(one.status) for one in bookings),
        -world.case[first.case].weight,
        first.id,
    )


def _near(case: CasePatterns, before: Bookings) -> Iterator[Pattern]:
    """Yield what a case had, then for a chain its placement with other removals, soonest first."""
    had = pattern_of(case, before)
    if had is not None:
        yield had
    placed = next((one for one in before if one.operation == "placement"), None)
    if not case.chained or placed is None:
        return
    removals = sorted(
        case.legs["removal"].promising, key=lambda one: (one.anchor, one.facility or "")
    )
    for layout in case.legs["placement"].promising:
        slot = case.world.grid.floor(placed.start) - layout.frame.starts[0]
        if matches(placed, layout, slot):
            for removal in removals:
                yield Pattern(case.case.id, ((layout, slot), (removal, removal.anchor)))


def _shared(bookings: Bookings) -> set[str]:
    """Return what bookings share with others: people, facilities, departures."""
    people = {name for one in bookings for held in one.attendances for name in held.resources}
    places = {name for one in bookings for name in (one.facility, one.departure) if name}
    return people | places


def _same_slot(old: Booking, new: Booking) -> bool:
    """Return whether a leg keeps its time and place, whoever attends.

    A removal that lives alone names no facility any more.
    """
    facility = old.facility if new.facility is None else new.facility
    return (old.template, old.phases, old.facility, old.departure) == (
        new.template,
        new.phases,
        facility,
        new.departure,
    )


def _as_it_was(made: Bookings, before: Bookings) -> Bookings:
    """Keep the booking, its status too, of each leg with the same time, place and people.

    The nights of a placement whose removal moves are others, and what a removal follows may be.
    """
    had = _by_leg(before)
    kept: list[Booking] = []
    for leg in made:
        old = had.get(leg.operation)
        follows = kept[-1].id if kept else leg.follows
        if old is None or not _same_slot(old, leg) or {*old.attendances} != {*leg.attendances}:
            kept.append(leg.model_copy(update={"follows": follows}))
        else:
            follows = follows or old.follows
            kept.append(old.model_copy(update={"nights": leg.nights, "follows": follows}))
    return tuple(kept)


def _became(before: Bookings, after: Bookings) -> str:
    """Return under which heading of :class:`Replan` a case comes."""
    if _by_leg(before) == _by_leg(after):
        return "kept"
    if not before:
        return "new"
    lost = {one.operation for one in before} - {one.operation for one in after}
    return "dropped" if lost else "moved"
