"""Repairs: what would open a case, named so that a planner can act on it. No rule is ever dropped.

A correction set is a *repair* when every condition in it can be lifted by capacity or by releasing
what another booking holds; a *date* when some lift by themselves on a known day and the others by
capacity; and else only a *reason*. Where, when and how many is the *witness*: of all patterns that
nothing else forbids, the one that is short of least, and then the first.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.constraint import Attendance, Seats
from scheduler.explanation.cure import hardest
from scheduler.explanation.earliest import Earliest
from scheduler.explanation.signature import Explanation, Signature, Way
from scheduler.frame import reach
from scheduler.grid import Stretch, instant_in, local_date
from scheduler.layout import Condition, Layout
from scheduler.need import Need
from scheduler.objective import when
from scheduler.pattern import CasePatterns, Pattern, Patterns
from scheduler.timeline import Timeline, earliest, latest, span
from scheduler.world import PERSON, Departure, Facility, Interval, Resource, Shift, World
from scheduler.world import Seats as FreeSeats

MOST = 5
"""How many repairs are worked out; the correction sets tell of the others."""


@dataclass(frozen=True, slots=True)
class People:
    """``count`` more of a role (of the named ones, when ``among`` is given) for a stretch.

    They have one of ``skills`` and room for ``capacity`` persons, and are based at ``place`` (None:
    by telephone); of the named ones each has the stretch that their own travel makes of it.
    """

    constraint: str
    role: str
    count: int
    skills: frozenset[str]
    capacity: int
    place: str
    remote: bool
    since: datetime
    until: datetime
    among: tuple[tuple[str, Stretch], ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """``count`` more places in a facility on each of ``nights``."""

    constraint: str
    facility: str
    nights: tuple[date, ...]
    count: int


@dataclass(frozen=True, slots=True)
class MoreSeats:
    """``count`` more seats of a kind on a departure."""

    constraint: str
    departure: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class NewDeparture:
    """A departure that does not exist yet, with just the seats that the case takes."""

    constraint: str
    departure: Departure


Change = People | Places | MoreSeats | NewDeparture


@dataclass(frozen=True, slots=True)
class Repair:
    """Capacity that opens the case at the moment it is about."""

    conditions: Signature
    about: datetime
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class DateCure:
    """A correction set that lifts, so that the case can leave (or be placed) from ``day`` on.

    As far as anybody can say now; ``rests_on`` are the constraints that lift last.
    """

    conditions: Signature
    day: date
    rests_on: tuple[str, ...]


def capacity_repairs(explanation: Explanation, most: int = MOST) -> tuple[Repair, ...]:
    """Return the repairs that bring in something new, those of the smallest sets first."""
    repairs: list[Repair] = []
    laid_on = False
    for conditions in explanation.correction_sets:
        if len(repairs) == most:
            break
        if not conditions or not all(_curable(explanation, one) for one in conditions):
            continue
        witness = _witness(explanation, conditions)
        if witness is None:
            continue
        if any(_absent(explanation.case, layout) for layout, _ in witness):
            if laid_on:
                continue
            laid_on = True
            found = _lay_on(explanation, witness)
        else:
            changes = _changes(explanation, conditions, witness)
            about = _about(explanation.case, witness)
            found = None if changes is None else Repair(conditions, about, changes)
        if found is not None:
            repairs.append(found)
    return tuple(repairs)


def dated(
    explanation: Explanation, lifts: Mapping[Condition, date | None], path: Earliest
) -> tuple[DateCure, ...]:
    """Return the correction sets that lift on a day, the first of them first.

    No day is before the ``path`` leads to a departure. What is short of people or places then is
    asked only within the horizon: beyond it nobody knows.
    """
    if path.closed:
        return ()
    world, register = explanation.case.world, explanation.register
    zone = world.location[explanation.case.case.location].timezone
    first, end = local_date(path.moment, zone), local_date(world.grid.end, zone)
    cures: dict[tuple[date, tuple[str, ...], Signature], DateCure] = {}
    for conditions in explanation.correction_sets:
        known = {
            one: day
            for one in conditions
            if hardest(register, frozenset({one})) == "date" and (day := lifts.get(one)) is not None
        }
        others = conditions - known.keys()
        if known and all(_curable(explanation, one) for one in others):
            last = max(known.values())
            rests = tuple(sorted({one.constraint for one, day in known.items() if day == last}))
            day = max(last, first)
            left = conditions if day < end else frozenset(known)
            cures.setdefault((day, rests, left), DateCure(left, day, rests))
    return tuple(sorted(cures.values(), key=lambda one: (one.day, len(one.conditions))))


def releasable(explanation: Explanation) -> bool:
    """Return whether some correction set holds only what other bookings have taken."""
    return any(
        conditions and hardest(explanation.register, conditions) == "release"
        for conditions in explanation.correction_sets
    )


def applied(world: World, changes: Iterable[Change]) -> World:
    """Return ``world`` with what a repair brings in; everybody else stays as they are."""
    for n, change in enumerate(changes):
        if isinstance(change, NewDeparture):
            world = world.but(departures=(*world.departures, change.departure))
        elif isinstance(change, MoreSeats):
            world = world.but(departures=tuple(_seated(one, change) for one in world.departures))
        elif isinstance(change, Places):
            world = world.but(facilities=tuple(_widened(one, change) for one in world.facilities))
        elif change.among:
            named = dict(change.among)
            world = world.but(
                resources=tuple(
                    _there(world, one, named[one.id]) if one.id in named else one
                    for one in world.resources
                )
            )
        else:
            extra = (_extra(world, change, f"extra-{n}-{m}") for m in range(change.count))
            world = world.but(resources=(*world.resources, *extra))
    return world


def _curable(explanation: Explanation, condition: Condition) -> bool:
    """Return whether more capacity lifts a condition: nobody stands in for who is named.

    Nor can seats be added of a kind that only a constraint counts.
    """
    if explanation.register[condition.constraint].cure != "capacity":
        return False
    rule = explanation.says(condition)
    if isinstance(rule, Seats) and rule.kind not in FreeSeats.model_fields:
        return False
    named = isinstance(rule, Attendance) and rule.among is not None
    return condition.layer == "not-rostered" or (condition.layer == "claimed" and not named)


Witness = tuple[tuple[Layout, int], ...]


def _witness(explanation: Explanation, conditions: Signature) -> Witness | None:
    """Return the pattern, of those that only ``conditions`` forbid, that is short of least."""
    best: tuple[tuple[int, datetime], Witness] | None = None
    names = {one.constraint for one in conditions}
    for way in explanation.ways(conditions):
        if any(_homeless(explanation.case, layout) for layout in way[0]):
            continue
        found = _least(explanation, way, names)
        if found is None:
            continue
        short, slot = found
        layouts, _ = way
        anchors = ((layouts[0], slot), *((one, one.anchor) for one in layouts[1:]))
        rank = short, _about(explanation.case, anchors)
        if best is None or rank < best[0]:
            best = rank, anchors
        if explanation.case.chained and short <= len(conditions):
            break
    return best[1] if best else None


def _homeless(case: CasePatterns, layout: Layout) -> bool:
    """Return whether a stay is asked in a facility that does not exist."""
    asked = layout.of.nights is not None or case.between is not None
    return asked and layout.facility is None


def _absent(case: CasePatterns, layout: Layout) -> bool:
    return layout.departure is not None and layout.departure.id not in case.world.departure


def _about(case: CasePatterns, witness: Witness) -> datetime:
    return when(case, Pattern(case.case.id, witness))


def _least(explanation: Explanation, way: Way, names: set[str]) -> tuple[int, int] | None:
    """Return the least shortage of people in a way and a slot with it, or None.

    A lone placement begins as early as it can, one of a chain as late, which has fewest nights.
    """
    layouts, line = way
    by_shortage = {0: line}
    for layout in layouts:
        for need in layout.needs:
            if need.constraint in names:
                by_shortage = _split(explanation, layout, need, by_shortage)
    short = min((short for short, slots in by_shortage.items() if slots), default=None)
    if short is None:
        return None
    slot = (latest if len(layouts) > 1 else earliest)(by_shortage[short])
    assert slot is not None
    return short, slot


def _split(
    explanation: Explanation, layout: Layout, need: Need, by_shortage: Mapping[int, Timeline]
) -> dict[int, Timeline]:
    """Add what ``need`` is short of; where nobody new could serve it in the horizon drops out."""
    block = _block(explanation.case.world, layout, need.declaration)
    grid = explanation.case.world.grid
    fits = span(-block[0], grid.slots - block[1] + 1) & grid.full if block else 0
    if layout.frame.anchor is not None:
        short = need.count - _free(explanation, layout, need, layout.anchor)
        if short and not fits >> layout.anchor & 1:
            return {}
        return {total + short: line for total, line in by_shortage.items()}
    found: dict[int, Timeline] = {}
    more = 0
    for count in range(need.count, -1, -1):
        there = need.starts(explanation.occupancy, "free", count) if count else grid.full
        exactly = there & ~more & (fits if count < need.count else -1)
        more |= there
        for short, line in by_shortage.items():
            if met := line & exactly:
                total = short + need.count - count
                found[total] = found.get(total, 0) | met
    return found


def _free(explanation: Explanation, layout: Layout, need: Need, slot: int) -> int:
    """Return how many units are free for a need, at most as many as it asks."""
    free = need.count
    while free and not need.met(explanation.occupancy, "free", slot, free):
        free -= 1
    return free


def _block(world: World, layout: Layout, asked: Attendance) -> tuple[int, int] | None:
    """Return the slots from the anchor that somebody new is taken for, based where it begins."""
    frame, back = layout.frame, 0
    if asked.mode == "on-site":
        home = world.drive(frame.place_of[asked.last], frame.place_of[asked.first])
        if home is None:
            return None
        back = home
    return reach(world, frame, asked.first, asked.last, asked.before, asked.after + back)


def _changes(
    explanation: Explanation, conditions: Signature, witness: Witness
) -> tuple[Change, ...] | None:
    """Return all that a witness is short of; None when those who are named cannot be had."""
    names = {one.constraint for one in conditions}
    changes: list[Change] = []
    for layout, slot in witness:
        people = _people(explanation, layout, slot, names)
        if people is None:
            return None
        changes += people
        changes += _seats(explanation, layout, names)
    changes += _nights(explanation, witness, names)
    return tuple(changes)


def _people(
    explanation: Explanation, layout: Layout, slot: int, names: set[str]
) -> list[Change] | None:
    added: list[tuple[Attendance, int]] = []
    called: set[str] = set()
    changes: list[Change] = []
    for need in layout.needs:
        together = {need.declaration, *(part.declaration for part in need.parts)}
        short = need.count - _free(explanation, layout, need, slot)
        short -= sum(count for asked, count in added if asked in together)
        if need.constraint not in names or short <= 0:
            continue
        change = _more(explanation, layout, slot, need, short, called)
        if change is None:
            return None
        called.update(name for name, _ in change.among)
        added.append((need.declaration, short))
        changes.append(change)
    return changes


def _more(
    explanation: Explanation, layout: Layout, slot: int, need: Need, count: int, called: set[str]
) -> People | None:
    world, asked = explanation.case.world, need.declaration
    block = _block(world, layout, asked)
    if block is None:
        return None
    among: tuple[tuple[str, Stretch], ...] = ()
    if asked.among is not None:
        others = called.union(
            *(_serving(explanation, layout, slot, part.declaration) for part in need.parts)
        )
        among = tuple(
            one for one in _callable(explanation, layout, slot, asked) if one[0] not in others
        )[:count]
        if len(among) < count:
            return None
    return People(
        need.constraint,
        asked.role,
        count,
        asked.skills,
        asked.capacity,
        layout.frame.place_of[asked.first],
        asked.mode != "on-site",
        world.grid.at(slot + block[0]),
        world.grid.at(slot + block[1]),
        among,
    )


def _serving(
    explanation: Explanation, layout: Layout, slot: int, asked: Attendance
) -> Iterator[str]:
    """Yield who is there for an attendance already, and so cannot be called for another."""
    for block in explanation.case.readings.needs.blocks(layout.frame, asked):
        if explanation.occupancy.is_free(block, slot):
            yield block.resource


def _callable(
    explanation: Explanation, layout: Layout, slot: int, asked: Attendance
) -> Iterator[tuple[str, Stretch]]:
    """Yield who of the named is not at work then, in no booking and on no charter, with the block.

    The person who leaves has no roster: nobody asks them to be elsewhere.
    """
    case, occupancy = explanation.case, explanation.occupancy
    grid = case.world.grid
    for name, lead, length in case.readings.needs.blocks(layout.frame, asked):
        line = span(slot + lead, slot + lead + length)
        inside = slot + lead >= 0 and slot + lead + length <= grid.slots
        duty = grid.outward(case.world.team_duties.get(name, ()))
        if (
            inside
            and case.world.resource[name].role != PERSON
            and not line & duty
            and line & ~occupancy.rostered(name)
            and not line & occupancy.claimed(name)
        ):
            yield name, (grid.at(slot + lead), grid.at(slot + lead + length))


def _seats(explanation: Explanation, layout: Layout, names: set[str]) -> Iterator[MoreSeats]:
    departure, occupancy = layout.departure, explanation.occupancy
    if departure is None or _absent(explanation.case, layout):
        return
    for seat in layout.seats:
        asked = seat.declaration
        left = occupancy.seats_left(departure.id, asked.kind, seat.limit)
        if seat.constraint in names and left < asked.count:
            yield MoreSeats(seat.constraint, departure.id, asked.kind, asked.count - left)


def _nights(explanation: Explanation, witness: Witness, names: set[str]) -> Iterator[Places]:
    case, occupancy = explanation.case, explanation.occupancy
    asked = case.between or witness[0][0].of.nights
    pattern = Pattern(case.case.id, witness)
    if asked is None or asked[0] not in names or pattern.facility is None:
        return
    constraint, nights = asked
    short = {
        night: missing
        for night in case.nights(pattern)
        if (missing := nights.count - occupancy.places_left(pattern.facility, night)) > 0
    }
    if short:
        yield Places(constraint, pattern.facility, tuple(short), max(short.values()))


def _lay_on(explanation: Explanation, witness: Witness) -> Repair | None:
    """Let a departure exist where none does, and see what else it is short of; None if a rule bars.

    What hangs on the departure itself, such as escorts, is asked only of one that exists.
    """
    case, (removal, _) = explanation.case, witness[-1]
    asked, ghost = removal.of.seats[0][1], removal.departure
    assert ghost is not None
    departure = ghost.model_copy(
        update={
            "id": f"extra-{ghost.id}",
            "destination": _destination(case),
            "seats": FreeSeats(**{asked.kind: asked.count}),
        }
    )
    world = case.world.but(departures=(departure,))
    then = Patterns(world, explanation.register).of(case.case.id)
    stretch = departure.departs, departure.departs
    after = Explanation(then, explanation.occupancy, stretch)
    new = NewDeparture(removal.of.seats[0][0], departure)
    for conditions in after.correction_sets:
        if not all(_curable(after, one) for one in conditions):
            continue
        found = _witness(after, conditions)
        if found is None or any(_absent(then, layout) for layout, _ in found):
            continue
        changes = _changes(after, conditions, found)
        if changes is not None:
            return Repair(conditions, _about(then, found), (new, *changes))
    return None


def _destination(case: CasePatterns) -> str:
    """Return a location that is the destination of the case, or lies in the country that is."""
    wanted, world = case.case.destination, case.world
    reached = [one.destination for one in world.departures_to(wanted)]
    of_country = [one.id for one in world.locations if wanted in (one.id, one.country)]
    return [*reached, *of_country][0]


def _seated(one: Departure, change: MoreSeats) -> Departure:
    if one.id != change.departure:
        return one
    seats = one.seats.model_copy(update={change.kind: one.seats.of(change.kind) + change.count})
    return one.model_copy(update={"seats": seats})


def _widened(one: Facility, change: Places) -> Facility:
    if one.id != change.facility:
        return one
    nights = {night: one.places_on(night) + change.count for night in change.nights}
    return one.model_copy(update={"nights": {**one.nights, **nights}})


def _extra(world: World, change: People, name: str) -> Resource:
    return Resource(
        id=name,
        role=change.role,
        home=change.place,
        skills=tuple(sorted(change.skills)[:1]),
        capacity=change.capacity,
        remote=change.remote,
        shifts=(_shift(world, change.place, (change.since, change.until)),),
    )


def _there(world: World, one: Resource, stretch: Stretch) -> Resource:
    """Return somebody at work for a stretch in which they were not."""
    away: list[Interval] = []
    for gone in one.away:
        for since, until in ((gone.from_, stretch[0]), (stretch[1], gone.until)):
            if max(since, gone.from_) < min(until, gone.until):
                away.append(Interval(from_=max(since, gone.from_), until=min(until, gone.until)))
    shifts = (*one.shifts, _shift(world, one.home, stretch))
    return one.model_copy(update={"shifts": shifts, "away": tuple(away)})


def _shift(world: World, home: str, stretch: Stretch) -> Shift:
    """Return a shift on the wall clock that holds a stretch, also where the clock jumps."""
    zone = world.location[home].timezone
    since, until = (one.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for one in stretch)
    hour = timedelta(hours=1)
    if instant_in(since, zone, opens=True) > stretch[0]:
        since -= hour
    if instant_in(until, zone, opens=False) < stretch[1]:
        until += hour
    return Shift(from_=since, until=until)
