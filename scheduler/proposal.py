"""Slot proposals: open patterns of one case that differ in what matters, best first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from scheduler.constraint import LATEST, Constraint, Due, Elapsed, Inside, Milestone
from scheduler.grid import local_date
from scheduler.objective import Valuation
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns, Pattern
from scheduler.plan import bookings_of
from scheduler.ranking import best_patterns
from scheduler.world import BookedAttendance, Booking, Id, Instant, Part

Label = Literal["best", "earliest", "fewest-nights", "most-robust"]
CANDIDATES = 48
"""How many open patterns, best first, the proposals are picked from."""


class Words(Part):
    """A phrase in Dutch and in English."""

    nl: str
    en: str


class Clock(Part):
    """A legal end and how far the proposal stays from it, or a milestone an authority minds.

    ``marginMinutes`` is None for a milestone; ``ends`` is when the clock runs out.
    """

    constraint: str
    title: Words
    owner: str
    ends: Instant
    margin_minutes: int | None


class DueCheck(Part):
    """A check still to be made: by whom, from when, and before which moment."""

    check: str
    constraint: str
    title: Words
    owner: str
    opens: Instant
    before: Instant


class Proposal(Part):
    """One way for a case with everyone in it; nothing is held.

    ``world`` is the fingerprint of the state it was made on; ``fallbacks`` counts the later
    departures (days, for a placement) that the case itself would still have.
    """

    case: Id
    world: str
    start: Instant
    end: Instant
    place: Id
    facility: Id | None
    departure: Id | None
    nights: int
    attendances: tuple[BookedAttendance, ...]
    clocks: tuple[Clock, ...]
    due: tuple[DueCheck, ...]
    fallbacks: int
    labels: tuple[Label, ...]
    bookings: tuple[Booking, ...]


def propose(
    case: CasePatterns, valuation: Valuation, occupancy: Occupancy, count: int = 5
) -> tuple[Proposal, ...]:
    """Return up to ``count`` proposals for ``case``, the best first; none when it is blocked.

    Two proposals differ in day, departure, facility or hearing place: never only in the quarter of
    the hour. ``occupancy`` holds the bookings of others, not those of the case itself.
    """
    chosen: list[Proposal] = []
    for pattern in _different(case, valuation, occupancy, count):
        names = case.draw(pattern, occupancy)
        if names is not None:
            bookings = bookings_of(case, pattern, names)
            chosen.append(_proposal(case, valuation, pattern, bookings))
    return tuple(_labelled(chosen))


def _different(
    case: CasePatterns, valuation: Valuation, occupancy: Occupancy, count: int
) -> list[Pattern]:
    """Pick greedily whatever lies furthest from all picked so far; ties go to the better rank."""
    candidates = list(_best(case, valuation, occupancy))
    traits = [_traits(case, pattern) for pattern in candidates]
    picked: list[int] = [0] if candidates else []
    while len(picked) < min(count, len(candidates)):
        rest = [n for n in range(len(candidates)) if n not in picked]
        furthest = max(
            rest, key=lambda n: (min(_distance(traits[n], traits[one]) for one in picked), -n)
        )
        if not min(_distance(traits[furthest], traits[one]) for one in picked):
            break
        picked.append(furthest)
    return [candidates[n] for n in sorted(picked)]


def _best(case: CasePatterns, valuation: Valuation, occupancy: Occupancy) -> Iterator[Pattern]:
    """Yield the best open patterns, one for each set of traits."""
    seen: set[tuple[object, ...]] = set()
    for pattern in best_patterns(case, valuation, occupancy):
        traits = _traits(case, pattern)
        if traits not in seen:
            seen.add(traits)
            yield pattern
        if len(seen) == CANDIDATES:
            return


_WEIGHTS = 4, 2, 2, 1
"""How much a difference in day, departure, facility and hearing place weighs."""


def _traits(case: CasePatterns, pattern: Pattern) -> tuple[object, ...]:
    layout, slot = pattern.legs[0]
    zone = case.world.location[case.case.location].timezone
    departure = pattern.departure
    about = departure.departs if departure else layout.moment(slot, ("pick-up", "start"))
    return (
        local_date(about, zone),
        departure.id if departure else None,
        pattern.facility,
        layout.frame.place_of.get("hearing"),
    )


def _distance(one: Sequence[object], other: Sequence[object]) -> int:
    return sum(
        weight for weight, mine, theirs in zip(_WEIGHTS, one, other, strict=True) if mine != theirs
    )


def _proposal(
    case: CasePatterns, valuation: Valuation, pattern: Pattern, bookings: tuple[Booking, ...]
) -> Proposal:
    first, departure = pattern.legs[0][0], pattern.departure
    place_of = first.frame.place_of
    return Proposal(
        case=case.case.id,
        world=case.world.fingerprint,
        start=bookings[0].start,
        end=bookings[-1].end,
        place=place_of.get("hearing") or place_of["hand-over"],
        facility=pattern.facility,
        departure=departure.id if departure else None,
        nights=valuation.nights(case, pattern),
        attendances=tuple(one for booking in bookings for one in booking.attendances),
        clocks=tuple(sorted(clocks(case, pattern), key=lambda one: one.ends)),
        due=tuple(sorted(_due(case, pattern), key=lambda one: one.opens)),
        fallbacks=valuation.fallbacks(case, pattern),
        labels=(),
        bookings=bookings,
    )


def legal_ends(case: CasePatterns) -> Iterator[Clock]:
    """Yield every legal end that binds an unplanned case, with what is left of it from now."""
    for group in case.declared.values():
        for constraint, rule in group:
            if isinstance(rule, Inside) and rule.clock and rule.stretches:
                end = rule.stretches[-1][1]
                if end < LATEST:
                    yield _clock(constraint, end, end - case.world.as_of)


def clocks(case: CasePatterns, pattern: Pattern) -> Iterator[Clock]:
    """Yield every legal end on the pattern, and every milestone it starts."""
    legs = {layout.leg: (layout, slot) for layout, slot in pattern.legs}

    def moment(edge: tuple[str, Literal["start", "end"]]) -> datetime:
        layout, slot = next(one for one in legs.values() if edge in one[0].frame.slots)
        return layout.moment(slot, edge)

    for group in case.declared.values():
        for constraint, rule in group:
            if isinstance(rule, Inside) and rule.clock:
                end = max(until for _, until in rule.stretches)
                if end < LATEST:
                    yield _clock(constraint, end, end - moment(rule.last))
            elif isinstance(rule, Elapsed) and rule.clock and rule.at_most is not None:
                begin, end = moment(rule.first), moment(rule.last)
                left = timedelta(minutes=rule.at_most) - _passed(rule, begin, end)
                yield _clock(constraint, end + left, left)
            elif isinstance(rule, Milestone):
                at = moment(rule.edge) + timedelta(minutes=rule.minutes)
                yield _clock(constraint, at, None)


def _passed(rule: Elapsed, begin: datetime, end: datetime) -> timedelta:
    passed = end - begin
    for since, until in rule.pauses:
        passed -= max(min(end, until) - max(begin, since), timedelta())
    return passed


def _clock(constraint: Constraint, ends: datetime, margin: timedelta | None) -> Clock:
    return Clock(
        constraint=constraint.id,
        title=_words(constraint),
        owner=constraint.owner,
        ends=ends,
        margin_minutes=None if margin is None else int(margin.total_seconds() // 60),
    )


def _due(case: CasePatterns, pattern: Pattern) -> Iterator[DueCheck]:
    """Yield the due checks that no fresh yes answers."""
    for layout, slot in pattern.legs:
        for constraint, rule in case.declared[layout.leg]:
            if not isinstance(rule, Due):
                continue
            edge = layout.moment(slot, rule.edge)
            opens = edge - timedelta(minutes=rule.window)
            zone = case.world.location[case.case.location].timezone
            fresh = (rule.fresh_until(answer, zone) for answer in rule.answers)
            if not all(until is not None and edge <= until for until in fresh):
                yield DueCheck(
                    check=rule.check,
                    constraint=constraint.id,
                    title=_words(constraint),
                    owner=constraint.owner,
                    opens=opens,
                    before=edge,
                )


def _words(constraint: Constraint) -> Words:
    return Words(nl=constraint.title.nl, en=constraint.title.en)


def _labelled(proposals: Sequence[Proposal]) -> Iterable[Proposal]:
    """Say of each proposal in what it is the best of those shown, where they differ in it."""
    if not proposals:
        return []
    labels: Mapping[Label, int] = {
        "best": 0,
        "earliest": _least(one.end.timestamp() for one in proposals),
        "fewest-nights": _least(one.nights for one in proposals),
        "most-robust": _least(-one.fallbacks for one in proposals),
    }
    return [
        proposal.model_copy(
            update={"labels": tuple(label for label, at in labels.items() if at == n)}
        )
        for n, proposal in enumerate(proposals)
    ]


def _least(values: Iterable[float]) -> int:
    """Return the place of the least value, or -1 when all are the same."""
    listed = list(values)
    return listed.index(min(listed)) if len(set(listed)) > 1 else -1
