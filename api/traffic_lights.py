"""What blocks a case and what would open it, as JSON: lights, conflicts, repairs, dates."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import Field

from api import sentences
from scheduler.constraint import Due
from scheduler.explanation.conflict import conflicts
from scheduler.explanation.cure import headline
from scheduler.explanation.earliest import Earliest, earliest
from scheduler.explanation.holding import holders
from scheduler.explanation.lifting import lifts
from scheduler.explanation.light import Check, LightState, Reason, State, lights
from scheduler.explanation.repair import (
    DateCure,
    Repair,
    capacity_repairs,
    dated,
    releasable,
)
from scheduler.explanation.signature import Explanation, Signature
from scheduler.explanation.swap import Swap, swaps
from scheduler.explanation.witness import witness
from scheduler.grid import Stretch, local_date
from scheduler.layout import Condition
from scheduler.ledger import Ledger
from scheduler.objective import Valuation
from scheduler.pattern import CasePatterns, Pattern
from scheduler.plan import begun
from scheduler.proposal import Words
from scheduler.validator import Checked
from scheduler.world import Booking, Id, Instant, Part, Tag

Layer = Literal["rule", "not-rostered", "claimed"]


class ConditionView(Part):
    """A constraint and the layer on which it forbids; ``known`` False rests on an unknown fact."""

    constraint: Tag
    layer: Layer
    known: bool


class ReasonView(ConditionView):
    """A condition in words, with the bookings that hold what is claimed."""

    says: Words
    bookings: tuple[Id, ...] = ()


class DueView(Part):
    """A check made in the ``window`` (minutes) before an act, whose moment is known once booked."""

    check: Tag
    window: int
    act: Tag
    opens: Instant | None
    before: Instant | None


class AnswerView(Part):
    """How a check is answered so far, about one person or (None) about the case."""

    check: Tag
    person: Id | None
    value: Literal["yes", "no", "unknown"]
    since: date | None
    expected: date | None


class CheckView(Part):
    """A check under a light: whose it is, on what basis, and how it stands."""

    constraint: Tag
    title: Words
    kind: Literal["standing", "due"]
    state: State
    since: date | None
    expected: date | None
    owner: str
    basis: str
    reasons: tuple[ReasonView, ...]
    answers: tuple[AnswerView, ...]
    due: tuple[DueView, ...]


class LightView(Part):
    """One of the four lights, or execution, of a case.

    ``blocks`` is False where it only informs: nothing asks it of this case. ``expected`` is the
    earliest date on which it can turn green and rests on the constraints in ``restsOn``.
    """

    light: Tag
    title: Words
    state: State
    says: Words
    blocks: bool
    since: date | None
    expected: date | None
    rests_on: tuple[Tag, ...]
    tight: bool
    checks: tuple[CheckView, ...]


class StepView(Part):
    """A stretch of the critical path."""

    kind: Literal["expected", "lead", "elapsed", "window", "acts"]
    constraint: Tag | None
    since: Instant
    until: Instant
    says: Words


class EarliestView(Part):
    """It cannot be before ``moment``; ``date`` is given where nothing undated is in the way."""

    leg: Literal["placement", "removal"]
    date: date | None
    moment: Instant
    says: Words
    path: tuple[StepView, ...]
    undated: tuple[Tag, ...]
    closed: tuple[Tag, ...]


class MoveView(Part):
    """Another case whose bookings would change; ``renamed``: only its people do."""

    case: Id
    renamed: bool
    before: tuple[Booking, ...]
    after: tuple[Booking, ...]


class RepairView(Part):
    """What would open the case: ``capacity`` that comes in, a ``swap``, or a ``date`` to wait for.

    ``about`` is the moment of the departure or placement that it opens; ``bookings`` are those the
    case would then have, where others move for it.
    """

    kind: Literal["capacity", "swap", "date"]
    says: tuple[Words, ...]
    about: Instant | None = None
    day: date | None = None
    conditions: tuple[ConditionView, ...] = ()
    moves: tuple[MoveView, ...] = ()
    bookings: tuple[Booking, ...] = ()


def without_moves(repair: RepairView) -> RepairView:
    """Return a repair as it is told to who may not see the cases of others: how many change."""
    if not repair.moves:
        return repair
    return repair.model_copy(update={"moves": (), "says": (sentences.moving(len(repair.moves)),)})


def without_others(shown: "TrafficLights") -> "TrafficLights":
    """Return lights as they are told to who may not see the cases of others: a count of them."""

    def told(reasons: Sequence[ReasonView]) -> tuple[ReasonView, ...]:
        return tuple(
            one.model_copy(
                update={"says": sentences.nameless(one.says, one.bookings), "bookings": ()}
            )
            for one in reasons
        )

    def check(one: CheckView) -> CheckView:
        return one.model_copy(update={"reasons": told(one.reasons)})

    return shown.model_copy(
        update={
            "lights": tuple(
                one.model_copy(update={"checks": tuple(map(check, one.checks))})
                for one in shown.lights
            ),
            "reasons": told(shown.reasons),
            "repairs": tuple(map(without_moves, shown.repairs)),
        }
    )


class BookedView(Part):
    """A booking of the case itself; ``begun``: under way or over, so that nothing moves it."""

    id: Id
    operation: Literal["placement", "removal"]
    status: Literal["proposed", "held", "confirmed", "executed"]
    start: Instant
    end: Instant
    begun: bool


class Lamps(Part):
    """How the lights of a case stand and why it is blocked, if it is: what a list shows of it."""

    case: Id
    plannable: bool
    booked: tuple[BookedView, ...]
    lights: tuple[LightView, ...]
    reasons: tuple[ReasonView, ...]


class ConflictsView(Part):
    """Sets of conditions that cannot all hold; ``more``: there are others still."""

    sets: tuple[tuple[ConditionView, ...], ...]
    more: bool


class TrafficLights(Part):
    """The lights of one case, why it is blocked if it is, and what would open it.

    ``booked`` are its own bookings. Those that have not begun are looked past; once one has begun
    there is nothing to plan as if it had not, and the case is not ``plannable`` here.
    """

    case: Id
    world: str
    plannable: bool
    booked: tuple[BookedView, ...]
    lights: tuple[LightView, ...]
    reasons: tuple[ReasonView, ...] = Field(
        description="The least that would have to change, none when the case can be planned."
    )
    correction_sets: tuple[tuple[ConditionView, ...], ...]
    conflicts: ConflictsView
    repairs: tuple[RepairView, ...]
    earliest: EarliestView


MOST_REPAIRS = 5
"""Repairs shown; the correction sets tell of all the others."""


def traffic_lights(
    case: CasePatterns,
    ledger: Ledger,
    valuation: Valuation,
    checked: Checked,
    within: Stretch | None = None,
) -> TrafficLights:
    """Return the lights of ``case`` beside the bookings of others, its own looked past.

    ``within`` asks about departures (or placements) in a stretch only. Bookings of the case that
    have not begun must have been taken out of the ledger's occupancy.
    """
    explanation = Explanation(case, ledger.occupancy, within)
    path, sets = earliest(case), explanation.correction_sets
    view = _View(explanation, ledger)
    found = conflicts(sets)
    lamps = view.lamps(path)
    return TrafficLights(
        case=lamps.case,
        world=case.world.fingerprint,
        plannable=lamps.plannable,
        booked=lamps.booked,
        lights=lamps.lights,
        reasons=lamps.reasons,
        correction_sets=tuple(_conditions(one) for one in sets if one),
        conflicts=ConflictsView(
            sets=tuple(_conditions(one) for one in found.sets), more=found.more
        ),
        repairs=()
        if explanation.is_open or any(one.begun for one in view.booked)
        else tuple(view.repairs(path, valuation, checked)),
        earliest=view.earliest(path),
    )


def lamps(case: CasePatterns, ledger: Ledger) -> tuple[Lamps, Pattern | None]:
    """Return how the lights of ``case`` stand, as :func:`traffic_lights` tells it.

    And a pattern that keeps them so for as long as bookings of others leave it, where there is one.
    """
    explanation = Explanation(case, ledger.occupancy)
    return _View(explanation, ledger).lamps(earliest(case)), witness(explanation)


class _View:
    """What one explanation has to show, put into words."""

    def __init__(self, explanation: Explanation, ledger: Ledger) -> None:
        self.explanation = explanation
        self.ledger = ledger
        self.case = explanation.case
        self.register = explanation.register
        self.pattern = ledger.pattern(self.case.case.id)
        self.booked = tuple(
            _booked(one, self.case.world.as_of) for one in ledger.of(self.case.case.id)
        )
        self._holders: dict[Condition, tuple[str, ...]] = {}
        for conditions in explanation.correction_sets:
            if any(one.layer == "claimed" and one not in self._holders for one in conditions):
                self._holders = holders(explanation, ledger, conditions) | self._holders

    def lamps(self, path: Earliest) -> Lamps:
        explanation = self.explanation
        return Lamps(
            case=self.case.case.id,
            plannable=explanation.is_open and not any(one.begun for one in self.booked),
            booked=self.booked,
            lights=tuple(self.light(one) for one in lights(explanation, path)),
            reasons=tuple(self.reasons(headline(explanation) or frozenset())),
        )

    def light(self, state: LightState) -> LightView:
        placed = any(one.begun and one.operation == "placement" for one in self.booked)
        if placed and state.state == "goal":
            state = replace(state, state="green")
        return LightView(
            light=state.light,
            title=sentences.light(state.light),
            state=state.state,
            says=sentences.state(state),
            blocks=state.blocks,
            since=state.since,
            expected=state.expected,
            rests_on=state.rests_on,
            tight=state.tight,
            checks=tuple(self._check(one) for one in state.checks),
        )

    def _check(self, check: Check) -> CheckView:
        one = check.constraint
        return CheckView(
            constraint=one.id,
            title=sentences.title(one),
            kind=check.kind,
            state=check.state,
            since=check.since,
            expected=check.expected,
            owner=one.owner,
            basis=self.register.basis(one.id, self.case.world, self.case.case),
            reasons=tuple(self._reason(reason) for reason in check.reasons),
            answers=tuple(
                AnswerView(
                    check=answer.check,
                    person=answer.person,
                    value=answer.value,
                    since=answer.since,
                    expected=answer.expected,
                )
                for answer in check.answers
            ),
            due=tuple(self._due(due) for due in check.deadlines),
        )

    def _due(self, due: Due) -> DueView:
        before = _moment(self.pattern, due) if self.pattern else None
        opens = before - timedelta(minutes=due.window) if before else None
        return DueView(
            check=due.check, window=due.window, act=due.edge[0], opens=opens, before=before
        )

    def reasons(self, conditions: Signature) -> Iterator[ReasonView]:
        order = {one.id: n for n, one in enumerate(self.register.constraints)}
        for one in sorted(conditions, key=lambda one: (order[one.constraint], one)):
            yield self._reason(Reason(one, self.explanation.says(one)))

    def _reason(self, reason: Reason) -> ReasonView:
        bookings = self._holders.get(reason.condition, ())
        return ReasonView(
            **_condition(reason.condition).model_dump(),
            says=sentences.reason(self.register, reason, bookings),
            bookings=bookings,
        )

    def repairs(
        self, path: Earliest, valuation: Valuation, checked: Checked
    ) -> Iterator[RepairView]:
        """Yield repairs, smallest first, of equal ones those that need nobody new; then dates."""
        explanation = self.explanation
        moving = (
            swaps(self.case, self.ledger, valuation, checked=checked)
            if releasable(explanation) and explanation.within is None
            else ()
        )
        bringing = capacity_repairs(explanation, MOST_REPAIRS)
        sized = [(len(one.moves), 0, self._swap(one)) for one in moving]
        sized += [(len(one.changes), 1, self._capacity(one)) for one in bringing]
        ranked = sorted(sized, key=lambda one: one[:2])
        yield from (view for _, _, view in ranked[:MOST_REPAIRS])
        cures = dated(explanation, lifts(explanation, path), path)
        yield from map(self._date, cures[:MOST_REPAIRS])

    def _swap(self, swap: Swap) -> RepairView:
        return RepairView(
            kind="swap",
            says=tuple(sentences.move(self.case.world, move) for move in swap.moves),
            about=_about(swap.bookings),
            moves=tuple(
                MoveView(case=one.case, renamed=one.renamed, before=one.before, after=one.after)
                for one in swap.moves
            ),
            bookings=swap.bookings,
        )

    def _capacity(self, repair: Repair) -> RepairView:
        return RepairView(
            kind="capacity",
            says=tuple(sentences.change(self.case.world, one) for one in repair.changes),
            about=repair.about,
            conditions=_conditions(repair.conditions),
        )

    def _date(self, cure: DateCure) -> RepairView:
        return RepairView(
            kind="date",
            says=(sentences.date_cure(self.register, cure),),
            day=cure.day,
            conditions=_conditions(cure.conditions),
        )

    def earliest(self, path: Earliest) -> EarliestView:
        zone = self.case.world.location[self.case.case.location].timezone
        return EarliestView(
            leg=path.leg,
            date=local_date(path.moment, zone) if path.dated else None,
            moment=path.moment,
            says=sentences.earliest(self.register, path, zone),
            path=tuple(
                StepView(
                    kind=step.kind,
                    constraint=step.constraint,
                    since=step.since,
                    until=step.until,
                    says=sentences.step(self.register, step, zone),
                )
                for step in path.path
            ),
            undated=path.undated,
            closed=path.closed,
        )


def _booked(one: Booking, now: datetime) -> BookedView:
    assert one.status != "cancelled"
    return BookedView(
        id=one.id,
        operation=one.operation,
        status=one.status,
        start=one.start,
        end=one.end,
        begun=begun(one, now),
    )


def _condition(one: Condition) -> ConditionView:
    return ConditionView(constraint=one.constraint, layer=one.layer, known=one.known)


def _conditions(signature: Signature) -> tuple[ConditionView, ...]:
    return tuple(_condition(one) for one in sorted(signature))


def _moment(booked: Pattern, due: Due) -> datetime | None:
    """Return the moment a due check is made before, in the pattern that is booked."""
    return next(
        (
            layout.moment(slot, due.edge)
            for layout, slot in booked.legs
            if due.edge in layout.frame.slots
        ),
        None,
    )


def _about(bookings: Sequence[Booking]) -> datetime:
    """Return the moment bookings are about: the departure, or the start of a placement."""
    last = bookings[-1]
    return last.phases[-1].from_ if last.operation == "removal" else last.start
