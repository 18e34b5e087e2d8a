"""Replanning: a plan repaired after events with the least change.

What stands stays, unless the validator finds that it no longer can. What is broken keeps its time
and place with other people where it can, else it is inserted anew; only where that fails do
proposals give way to it.
"""

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

from scheduler.constraint import LATEST, Register
from scheduler.event import Event, changed
from scheduler.explanation.forcing import Forcing
from scheduler.explanation.reason import reason
from scheduler.explanation.signature import Explanation
from scheduler.layout import matches
from scheduler.ledger import Ledger
from scheduler.objective import Valuation, key
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns, Pattern, Patterns, pattern_of
from scheduler.plan import Plan, Unplanned, begun, bookings_of, claims_of
from scheduler.ranking import best_patterns
from scheduler.validator import Checked, Violation
from scheduler.world import Booking, Id, Part, World

Bookings = tuple[Booking, ...]
HALVED = "its placement has begun, so people must look at what is left of it"


class Outcome(Part):
    """What became of a case and why: its bookings before and after."""

    case: Id
    reason: str
    before: tuple[Booking, ...] = ()
    after: tuple[Booking, ...] = ()

    @property
    def renamed(self) -> bool:
        """Whether it keeps time and place with other people."""
        legs = {one.operation: one for one in self.before}
        return len(self.before) == len(self.after) and all(
            (old := legs.get(one.operation)) is not None
            and (old.phases, old.facility, old.departure)
            == (one.phases, one.facility, one.departure)
            for one in self.after
        )


@dataclass(frozen=True, slots=True)
class Replan:
    """A plan after events: ``plan`` on ``world``, whose bookings are those that stand.

    Every case that had bookings or has them now is in one of ``kept``, ``moved`` (other people
    count), ``dropped`` and ``new``. A ``dropped`` one may keep a leg that has begun.
    """

    world: World
    plan: Plan
    kept: tuple[Outcome, ...]
    moved: tuple[Outcome, ...]
    dropped: tuple[Outcome, ...]
    new: tuple[Outcome, ...]


def replan(
    world: World, register: Register, plan: Plan, events: Sequence[Event], *, seconds: float = 0.1
) -> Replan:
    """Repair ``plan``, a valid one of ``world`` that is in force, after ``events``.

    Cases that events are about, and that have no booking, are planned too. Others are not: what
    came free is for people to give away. ``seconds`` bound the model for each case that is forced
    in. What was said of cases that no event is about is said again.

    Raises
    ------
    EventError
        With everything that is wrong with the events.
    """
    began = time.monotonic()
    booked = {one.id for one in plan.bookings}
    cancelled = (one for one in world.bookings if not one.claims and one.id not in booked)
    after = changed(world.but(bookings=(*plan.bookings, *cancelled)), register, events)
    repair = _Repair(world, after, register, plan, events)
    repair.insert()
    repair.force(seconds)
    return repair.result(began)


class _Repair:
    """A plan under repair: what stands by case, what changes and why, and who waits."""

    def __init__(
        self, before: World, after: World, register: Register, plan: Plan, events: Sequence[Event]
    ) -> None:
        self.plan = plan
        self.events = events
        self.before = _by_case(plan.bookings)
        claiming = [one for one in after.bookings if one.claims]
        broken = _broken(after, register, claiming, _doubtful(before, after, claiming, events))
        stands = [
            one for one in after.bookings if one.case not in broken or begun(one, after.as_of)
        ]
        self.standing = _by_case(one for one in stands if one.claims)
        # What was promised and no longer stands must not count as promised while others are tried.
        self.world = after.but(bookings=tuple(stands))
        self.patterns = Patterns(self.world, register)
        self.valuation = Valuation(self.patterns)
        self._kept: tuple[list[int], Ledger] | None = None
        self.because = {
            name: self._because(name, broken.get(name))
            for name, bookings in self.before.items()
            if bookings != self.standing.get(name, ())
        }
        could = (one for one in self._homeless() if self.valuation.last_moment(one) is not None)
        self.waiting = sorted(could, key=self._pressed)

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

    def _pressed(self, case: CasePatterns) -> tuple[object, ...]:
        end = self.valuation.deadline(case) if self.valuation.pressed(case) else None
        return end or LATEST, -case.case.weight, case.case.id

    def _told(self, name: str, shared: Collection[str] = ()) -> list[str]:
        """Return in words the events about a case, or about what it shared with others."""
        case = self.world.case.get(name)
        names = {name, *shared, *(one.id for one in (case.persons if case else ()))}
        return [f"{one.says} ({one.id})" for one in self.events if one.subject in names]

    def _because(self, name: str, broke: Violation | None) -> str:
        """Return which events broke a case, and which rule of it no longer holds."""
        told = self._told(name, _shared(self.before[name]))
        if broke is not None:
            rules = {one.id: one.title.en for one in self.patterns.register.constraints}
            told.append(f"{rules.get(broke.constraint, broke.constraint)}: {broke.says}")
        return "; ".join(told)

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

    def _book(self, made: Iterable[Booking]) -> None:
        """Put bookings in the place of those for the same legs."""
        for name, new in _by_case(made).items():
            legs = {one.operation for one in new}
            old = (one for one in self.standing.get(name, ()) if one.operation not in legs)
            self.standing[name] = (*old, *new)

    def _fitted(self, case: CasePatterns, occupancy: Occupancy) -> Bookings:
        """Return bookings of a case beside what is claimed, as near to what it had as can be.

        None at all when it does not fit.
        """
        before = self.before.get(case.case.id, ())
        near = (one for one in _near(case, before) if case.is_open(one, occupancy))
        for pattern in chain(near, best_patterns(case, self.valuation, occupancy)):
            names = case.draw(pattern, occupancy)
            if names is not None:
                return self._with_its_people(bookings_of(case, pattern, names), before)
        return ()

    def _with_its_people(self, made: Bookings, before: Bookings) -> Bookings:
        """Give legs that keep their time and place their own people back, role by role."""
        checked = Checked(self.world, self.patterns.register, self.bookings)
        had = {one.operation: one for one in before}
        for n, leg in enumerate(made):
            old = had.get(leg.operation)
            if old is None or old.phases != leg.phases:
                continue
            for role in dict.fromkeys(one.role for one in old.attendances):
                theirs = (one for one in old.attendances if one.role == role)
                others = (one for one in made[n].attendances if one.role != role)
                tried = made[n].model_copy(update={"attendances": (*others, *theirs)})
                mixed = (*made[:n], tried, *made[n + 1 :])
                if not checked.violations(mixed):
                    made = mixed
        return made

    def force(self, seconds: float) -> None:
        """Let proposals give way to what still waits, where that makes the plan worth more."""
        for case in [*self.waiting]:
            forcing = Forcing(self._ledger, self.valuation)
            forced = forcing.force(case, seconds=seconds)
            if forced is None or key(forced.after) <= key(forced.before):
                continue
            self.waiting.remove(case)
            others = (*forced.moved, *forced.renamed)
            self._book((*forced.bookings, *others))
            for name in forced.dropped:
                self.standing[name] = tuple(
                    one
                    for one in self.standing[name]
                    if one.operation not in self.world.case[name].legs
                )
            for name in (*(one.case for one in others), *forced.dropped):
                self.because.setdefault(name, f"gave way to {forced.case}")

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
                found[became].append(Outcome(case=name, reason=why, before=before, after=after))
        bookings = self.bookings
        ids = {one.id for one in bookings}
        stands = (one for one in self.world.bookings if not one.claims or one.id in ids)
        world = self.world.but(bookings=tuple(stands))
        plan = self.plan.model_copy(
            update={
                "world": world.fingerprint,
                "made_at": datetime.now(UTC),
                "seconds": round(time.monotonic() - began, 3),
                "levels": (),
                "bookings": bookings,
                "unplanned": tuple(unplanned.values()),
            }
        )
        return Replan(world, plan, **{what: tuple(cases) for what, cases in found.items()})

    def _reason(self, name: str) -> str:
        before = self.before.get(name, ())
        if name in self.because:
            return self.because[name]
        if not before:
            return "; ".join(self._told(name))
        started = any(begun(one, self.world.as_of) for one in before)
        return "has begun" if started else "nothing breaks it"

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
            alone = Explanation(case, self.patterns.empty)
            return Unplanned(case=case.case.id, reason=reason(alone))
        forcing = Forcing(self._ledger, self.valuation)
        return Unplanned(
            case=case.case.id,
            reason=reason(Explanation(case, forcing.ledger.occupancy)),
            blocked="bookings",
            by=forcing.occupants(case),
        )


def _by_case(bookings: Iterable[Booking]) -> dict[str, Bookings]:
    found: dict[str, Bookings] = {}
    for one in bookings:
        found[one.case] = (*found.get(one.case, ()), one)
    return found


def _doubtful(
    before: World, after: World, bookings: Sequence[Booking], events: Sequence[Event]
) -> list[Booking]:
    """Return the bookings of every case that events could have broken.

    Those are the cases that have what an event is about, or that fly with one of the team of a
    charter it is about; all of them when time has passed.
    """
    if after.as_of != before.as_of:
        return list(bookings)
    subjects = {one.subject for one in events}
    flights = [*before.departures, *after.departures]
    teams = {member for one in flights if one.id in subjects for member in one.team}
    subjects |= teams | {one.id for one in flights if not teams.isdisjoint(one.team)}
    cases = {
        name
        for name, mine in _by_case(bookings).items()
        if not subjects.isdisjoint(
            {name, *_shared(mine), *(one.id for one in after.case[name].persons)}
        )
    }
    return [one for one in bookings if one.case in cases]


def _broken(
    world: World, register: Register, bookings: Sequence[Booking], doubtful: Sequence[Booking]
) -> dict[str, Violation]:
    """Return the cases of ``doubtful`` that cannot stand, each with what it breaks.

    Of those that break a rule only together the firmest stay: confirmed before held before
    proposed, then the heaviest.
    """
    mine = _by_case(doubtful)
    case_of = {one.id: one.case for one in doubtful}
    by_itself = Checked(world, register, ())
    found: dict[str, Violation] = {}
    together = set[str]()
    for name in dict.fromkeys(case_of[one.booking] for one in by_itself.violations(doubtful)):
        alone = by_itself.violations(mine[name])
        if alone:
            found[name] = alone[0]
        else:
            together.add(name)
    standing = [
        one
        for one in bookings
        if begun(one, world.as_of) or not (one.case in found or one.case in together)
    ]
    for name in sorted(together, key=lambda one: _softness(world, mine[one])):
        ahead = [one for one in mine[name] if not begun(one, world.as_of)]
        wrong = Checked(world, register, standing).violations(ahead)
        if wrong:
            found[name] = next((one for one in wrong if case_of[one.booking] == name), wrong[0])
        else:
            standing += ahead
    return found


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


def _became(before: Bookings, after: Bookings) -> str:
    """Return under which heading of :class:`Replan` a case comes."""
    if before == after:
        return "kept"
    if not before:
        return "new"
    lost = {one.operation for one in before} - {one.operation for one in after}
    return "dropped" if lost else "moved"
