"""The independent validator: every rule checked on the bookings themselves, in plain dates.

It shares no code with the planner beyond :mod:`scheduler.world` and what the constraints declare:
no grid, no timelines, no patterns. What it accepts holds whoever made the plan.
"""

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import networkx as nx

from scheduler.constraint import (
    After,
    Attendance,
    Constraint,
    Declaration,
    Due,
    Edge,
    Elapsed,
    Inside,
    Nights,
    Only,
    Register,
    Scope,
    Seats,
    Standing,
)
from scheduler.world import (
    BookedAttendance,
    Booking,
    Case,
    Departure,
    Nearest,
    Phase,
    Resource,
    Template,
    World,
)

if TYPE_CHECKING:  # the plan's parts come with the planner
    from scheduler.plan import Plan

MINUTE = timedelta(minutes=1)
Declared = tuple[tuple[Constraint, Declaration], ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a booking breaks: which booking, which constraint, and how."""

    booking: str
    constraint: str
    says: str


@dataclass(frozen=True, slots=True)
class _Matter:
    """A booking with all that is looked up for it."""

    world: World
    booking: Booking
    case: Case
    template: Template
    departure: Departure | None
    declares: Callable[[Case, Scope], Declared]
    past: bool
    """Executed or begun, as the world has it: it claims, and nothing is held against it."""

    @property
    def declared(self) -> Declared:
        return self.declares(self.case, self.booking.operation)

    def instant(self, edge: Edge) -> datetime:
        return instant_of(self.world, self.booking, edge)

    def place(self, act: str) -> str:
        held = next(one.id for one in self.template.phases if act in one.acts)
        return next(one.place for one in self.booking.phases if one.id == held)

    def phase(self, act: str) -> str:
        return next(one.id for one in self.template.phases if act in one.acts)


def instant_of(world: World, booking: Booking, edge: Edge) -> datetime:
    """Return when the phase of a booking that holds the act of ``edge`` begins or ends."""
    act, side = edge
    held = next(one.id for one in world.template[booking.template].phases if act in one.acts)
    phase = next(one for one in booking.phases if one.id == held)
    return phase.from_ if side == "start" else phase.until


def violations(
    world: World, register: Register, bookings: Sequence[Booking]
) -> tuple[Violation, ...]:
    """Return every rule that ``bookings`` break in ``world``; cancelled ones are not looked at.

    Bookings that stand in ``world`` as executed or begun before ``asOf`` are history: they claim,
    but no rule on what is still to be planned is held against them.
    """
    return Checked(world, register, ()).violations(bookings)


class Checked:
    """Bookings that break no rule, to be asked again and again what a few changes would break.

    Only what a change touches is looked at, so that bookings which were wrong before can stay so
    unnoticed. Nothing is remembered of a change.
    """

    def __init__(self, world: World, register: Register, bookings: Iterable[Booking]) -> None:
        self.world = world
        self.register = register
        self._standing = {one.id: one for one in bookings if one.claims}
        self._declared: dict[tuple[str, Scope], Declared] = {}
        self._duties: dict[str, tuple[tuple[datetime, datetime], ...]] = {}

    def violations(
        self, changed: Sequence[Booking], removed: Collection[str] = ()
    ) -> tuple[Violation, ...]:
        """Return every rule broken by ``changed``, or for want of what they replace.

        They take the place of bookings with the same id and of those for the same leg of a case;
        ``removed`` are ids of others that go.
        """
        gone = self._gone(changed, removed)
        kept = [one for one in self._standing.values() if one.id not in gone]
        new = [one for one in changed if one.claims]
        near = [*_near(kept, [*gone.values(), *new]), *new]
        known = {one.id for one in (*kept, *new)} | self._in_world
        found = list(_references(self.world, near, known))
        if found:
            return tuple(found)
        mine = {one.id: self._matter(one) for one in near}
        matters = {one.id: self._matters[one.id] for one in kept} | mine
        for matter in mine.values():
            if not matter.past:
                shape = list(_shape(matter, matters))
                found += shape or _rules(matter)
        found += _chains(mine, matters)
        taken = _Taken([mine[one.id] for one in new])
        found += self._absent(taken)
        taken.add(self._taken, gone)
        found += _twice(taken.people)
        found += _places(taken.nights)
        found += _seats(taken.aboard)
        return tuple(found)

    def _gone(self, changed: Sequence[Booking], removed: Collection[str]) -> dict[str, Booking]:
        """Return the bookings that are replaced or removed."""
        ids = {one.id for one in changed} | set(removed)
        legs = {(one.case, one.operation) for one in changed}
        return {
            one.id: one
            for one in self._standing.values()
            if one.id in ids or (one.case, one.operation) in legs
        }

    @cached_property
    def _in_world(self) -> frozenset[str]:
        return frozenset(one.id for one in self.world.bookings)

    @cached_property
    def _matters(self) -> dict[str, _Matter]:
        return {one.id: self._matter(one) for one in self._standing.values()}

    @cached_property
    def _taken(self) -> "_Taken":
        return _Taken(self._matters.values())

    def _matter(self, booking: Booking) -> _Matter:
        return _Matter(
            self.world,
            booking,
            self.world.case[booking.case],
            self.world.template[booking.template],
            self.world.departure[booking.departure] if booking.departure else None,
            self._declarations,
            _begun(self.world, booking) and booking in self.world.bookings,
        )

    def _declarations(self, case: Case, scope: Scope) -> Declared:
        known = self._declared.get((case.id, scope))
        if known is None:
            # What bound a removal to its placement is asked after that was carried out, too.
            known = (
                self.register.between(self.world, case)
                if scope == "chain" and case.legs[-1] == "removal"
                else self.register.declarations(self.world, case, scope)
            )
            self._declared[case.id, scope] = known
        return known

    def _absent(self, taken: "_Taken") -> Iterator[Violation]:
        """Everyone booked is at work for the whole block."""
        for name, blocks in taken.people.items():
            for block in blocks:
                if not block.matter.past and not self._at_work(name, block.first, block.until):
                    yield block.breaks(
                        f"{name} is not at work from {block.first.isoformat()} "
                        f"to {block.until.isoformat()}"
                    )

    def _at_work(self, name: str, first: datetime, until: datetime) -> bool:
        """Return whether ``first``-``until`` lies in touching shifts and in no absence."""
        resource = self.world.resource[name]
        away = [one.stretch for one in resource.away]
        away += self.world.team_duties.get(name, ())
        if any(begin < until and first < end for begin, end in away):
            return False
        if name not in self._duties:
            self._duties[name] = tuple(sorted(self.world.duty(resource)))
        reached = first
        for begin, end in self._duties[name]:
            if begin <= reached < end:
                reached = end
        return reached >= until


def _near(kept: Iterable[Booking], changed: Sequence[Booking]) -> Iterator[Booking]:
    """Yield what stands of the cases that change, and what follows a booking that changes."""
    cases, ids = {one.case for one in changed}, {one.id for one in changed}
    return (one for one in kept if one.case in cases or one.follows in ids)


def plan_violations(world: World, register: Register, plan: "Plan") -> tuple[Violation, ...]:
    """Return what is wrong with ``plan`` as a plan of ``world``: its bookings, and what it leaves.

    It must be made on this very world, keep what has begun or is not merely proposed, propose
    what is new, and tell of each case either its bookings or the reason why not.
    """
    found = list(violations(world, register, plan.bookings))
    if plan.world != world.fingerprint:
        found.append(Violation("plan", "world", f"was made on another world, {plan.world[:12]}"))
    found += _kept(world, register, plan.bookings)
    found += _told(world, plan)
    return tuple(found)


def _kept(world: World, register: Register, bookings: Sequence[Booking]) -> Iterator[Violation]:
    """What is promised stays, what is new is proposed, and what is withdrawn is released."""
    withdrawn = {case.id for case in world.cases if _withdrawn(world, register, case)}
    booked = {one.id: one for one in bookings}
    for one in world.bookings:
        promised = one.status != "proposed" and one.case not in withdrawn
        pinned = one.claims and (promised or _begun(world, one))
        if pinned and booked.get(one.id) != one:
            yield Violation(
                one.id, "pinned", "stands in the world, is not or not the same in the plan"
            )
    for one in bookings:
        if one.status != "proposed" and one not in world.bookings:
            yield Violation(one.id, "plan", f"is {one.status}, which the world does not know")
        if one.claims and one.case in withdrawn and not _begun(world, one):
            yield Violation(one.id, "plan", f"is of {one.case}, which is withdrawn")


def _withdrawn(world: World, register: Register, case: Case) -> bool:
    return any(
        isinstance(rule, Standing) and rule.withdrawn
        for leg in case.legs
        for _, rule in register.declarations(world, case, leg)
    )


def _told(world: World, plan: "Plan") -> Iterator[Violation]:
    """Every leg of a case is booked, or else it is told once why not."""
    legs = {(one.case, one.operation) for one in plan.bookings if one.claims}
    told = Counter(one.case for one in plan.unplanned)
    for case in world.cases:
        asked = any((case.id, leg) not in legs for leg in case.legs)
        if told[case.id] != asked:
            yield Violation(
                case.id,
                "plan",
                f"is told of as unplanned {told[case.id]} times, asked is {asked:d}",
            )
    for name in told.keys() - world.case.keys():
        yield Violation(name, "plan", f"unknown case {name} is told of as unplanned")


def _pinned(world: World, booking: Booking) -> bool:
    """Return whether the world has promised this booking, so that a plan keeps it as it is."""
    return booking.status in {"held", "confirmed"} and booking in world.bookings


def _begun(world: World, booking: Booking) -> bool:
    return booking.status == "executed" or booking.start < world.as_of


def _references(
    world: World, bookings: Sequence[Booking], known_ids: Container[str]
) -> Iterator[Violation]:
    """Every id leads somewhere, and no booking or leg is there twice."""
    ids = Counter(one.id for one in bookings)
    legs = Counter((one.case, one.operation) for one in bookings)
    for one in bookings:
        if ids[one.id] > 1:
            yield Violation(one.id, "booking", f"{ids[one.id]} bookings have this id")
        if legs[one.case, one.operation] > 1:
            yield Violation(
                one.id, "booking", f"is not the only {one.operation} of case {one.case}"
            )
        for kind, name, known in _named(world, one, known_ids):
            if name is not None and name not in known:
                yield Violation(one.id, "booking", f"unknown {kind} {name}")
        template = world.template.get(one.template)
        if template is not None:
            wanted = [phase.id for phase in template.phases]
            if template.operation != one.operation or wanted != [p.id for p in one.phases]:
                yield Violation(one.id, "template", f"its phases are not those of {template.id}")
        if (one.operation == "removal") != (one.departure is not None):
            yield Violation(
                one.id, "template", "a removal has a departure, and a placement has none"
            )
        case = world.case.get(one.case)
        done = one.status == "executed" and one in world.bookings
        if case is not None and one.operation not in case.legs and not done:
            yield Violation(one.id, "booking", f"the case asks for no {one.operation}")


def _named(
    world: World, booking: Booking, bookings: Container[str]
) -> Iterator[tuple[str, str | None, Container[str]]]:
    """Yield every id that a booking names, with those that there are."""
    yield "case", booking.case, world.case
    yield "template", booking.template, world.template
    yield "facility", booking.facility, world.facility
    yield "departure", booking.departure, world.departure
    yield "booking", booking.follows, bookings
    for phase in booking.phases:
        yield "place", phase.place, world.location
    for attendance in booking.attendances:
        yield "phase", attendance.phase, {phase.id for phase in booking.phases}
        for name in attendance.resources:
            yield "resource", name, world.resource


def _shape(matter: _Matter, matters: Mapping[str, _Matter]) -> Iterator[Violation]:
    """Phases follow the template: on the grid, long enough, in order, at the right places."""
    world, booking = matter.world, matter.booking
    start, slot = world.horizon.start, world.horizon.slot_minutes * MINUTE

    def wrong(says: str) -> Violation:
        return Violation(booking.id, "template", says)

    kind = matter.departure.kind if matter.departure else None
    template = world.template_for(matter.case, booking.operation, kind)
    if template != matter.template:
        yield wrong(f"the template of this case is {template.id}")
        return
    if booking.operation == "removal" and booking.nights:
        yield wrong("the nights of a stay stand in its placement")
    origin = _origin(matter, matters)
    for phase, booked in zip(matter.template.phases, booking.phases, strict=True):
        if not _right_place(matter, phase, booked.place, origin):
            yield wrong(f"phase {phase.id} cannot be at {booked.place}")
        if phase.minutes is None:
            departure = matter.departure
            assert departure is not None
            if (booked.from_, booked.until) != (departure.departs, departure.arrives):
                yield wrong(f"phase {phase.id} is not when {departure.id} departs and arrives")
            continue
        if (booked.from_ - start) % slot:
            yield wrong(f"phase {phase.id} does not begin on the grid")
        length = booked.until - booked.from_
        if not phase.minutes * MINUTE <= length < phase.minutes * MINUTE + slot:
            yield wrong(f"phase {phase.id} lasts {length}, asked is {phase.minutes} minutes")
    for (_, before), (phase, after) in pairwise(
        zip(matter.template.phases, booking.phases, strict=True)
    ):
        drive = world.drive(before.place, after.place)
        if drive is None:
            yield wrong(f"no road from {before.place} to {after.place}")
            continue
        gap = after.from_ - before.until
        least = (drive + phase.wait.min) * MINUTE
        most = _up(drive * MINUTE, slot) + phase.wait.max * MINUTE
        # A phase may end inside a slot, and the departure begin in one.
        most += _up(before.until - start, slot) - (before.until - start)
        most += (after.from_ - start) % slot
        if not least <= gap <= most:
            yield wrong(
                f"phase {phase.id} begins {gap} after the one before, allowed is {least} to {most}"
            )


def _up(length: timedelta, slot: timedelta) -> timedelta:
    """Return ``length`` rounded up to whole slots."""
    return length + -length % slot


def _origin(matter: _Matter, matters: Mapping[str, _Matter]) -> str:
    """Return where the person is at the start of the leg: in a chain where the placement ended."""
    if len(matter.case.legs) < 2 or matter.booking.operation == "placement":
        return matter.case.location
    before = matters.get(matter.booking.follows or "", matter)
    facility = before.booking.facility
    return matter.world.facility[facility].location if facility else matter.case.location


def _right_place(matter: _Matter, phase: Phase, place: str, origin: str) -> bool:
    world, wanted = matter.world, phase.place
    if isinstance(wanted, Nearest):
        reached = sorted(
            (drive, one.id)
            for one in world.locations
            if one.kind == wanted.kind and (drive := world.drive(origin, one.id)) is not None
        )
        alike = {
            matter.booking.phases[n].place
            for n, one in enumerate(matter.template.phases)
            if one.place == wanted
        }
        return place in [name for _, name in reached[: wanted.nearest]] and len(alike) == 1
    if wanted == "case":
        return place == origin
    if wanted == "facility":
        facility = matter.booking.facility
        return facility is None or place == world.facility[facility].location
    return matter.departure is not None and place == matter.departure.from_


def _rules(matter: _Matter) -> Iterator[Violation]:
    """Everything the constraints declare for this leg, one declaration at a time."""
    for constraint, rule in matter.declared:
        says = None
        if isinstance(rule, Standing) and rule.forbids:
            says = f"{rule.check} is answered {'no' if rule.known else 'by nobody'}"
        elif isinstance(rule, Only):
            says = _only(matter, rule)
        elif isinstance(rule, Inside) or (
            isinstance(rule, After) and _asked(rule.departures, matter)
        ):
            begin, end = matter.instant(rule.first), matter.instant(rule.last)
            if not any(since <= begin and end <= until for since, until in rule.stretches):
                says = f"{begin.isoformat()} to {end.isoformat()} lies outside what is allowed"
        elif isinstance(rule, Elapsed) and _asked(rule.departures, matter):
            says = _elapsed(rule, matter.instant(rule.first), matter.instant(rule.last))
        elif isinstance(rule, Due):
            says = _due(matter, rule)
        elif isinstance(rule, Nights):
            if matter.booking.facility not in rule.facilities:
                says = f"{matter.booking.facility} is not among {sorted(rule.facilities)}"
            elif rule.stay is not None:
                says = _stay(matter, rule.stay)
        elif isinstance(rule, Seats) and matter.departure is None:
            says = "no departure"
        if says is not None:
            yield Violation(matter.booking.id, constraint.id, says)
    yield from _attended(matter)


def _only(matter: _Matter, rule: Only) -> str | None:
    for allowed, name in (
        (rule.facilities, matter.booking.facility),
        (rule.departures, matter.booking.departure),
    ):
        if allowed is not None and name is not None and name not in allowed:
            return f"{name} is not among {sorted(allowed)}"
    return None


def _elapsed(rule: Elapsed, begin: datetime, end: datetime) -> str | None:
    passed = end - begin
    for since, until in rule.pauses:
        passed -= max(min(end, until) - max(begin, since), timedelta())
    minutes = passed / MINUTE
    if minutes < rule.at_least or (rule.at_most is not None and minutes > rule.at_most):
        return f"{minutes:.0f} minutes pass, allowed {rule.at_least} to {rule.at_most}"
    return None


def _due(matter: _Matter, rule: Due) -> str | None:
    edge, window = matter.instant(rule.edge), rule.window * MINUTE
    zone = ZoneInfo(matter.world.location[matter.case.location].timezone)
    for answer in rule.answers:
        if answer.value == "no":
            return f"check {rule.check} is answered no"
        if edge >= matter.world.as_of + window:
            continue
        made = answer.since if answer.value == "yes" else None
        if made is None or edge > datetime(made.year, made.month, made.day, tzinfo=zone) + window:
            return f"check {rule.check} has its window open and no fresh answer"
    return None


def _stay(matter: _Matter, nights: int) -> str | None:
    arrival = _local(matter, matter.instant(("arrival", "start")))
    wanted = tuple(arrival + timedelta(days=n) for n in range(nights))
    return (
        None if matter.booking.nights == wanted else f"its nights are not {nights} from {arrival}"
    )


def _local(matter: _Matter, instant: datetime) -> date:
    """Return the date at the facility, which names the nights."""
    world, facility = matter.world, matter.booking.facility
    place = world.facility[facility].location if facility else matter.booking.phases[-1].place
    return instant.astimezone(ZoneInfo(world.location[place].timezone)).date()


def _asked(departures: frozenset[str] | None, matter: _Matter) -> bool:
    return departures is None or matter.booking.departure in departures


def _attended(matter: _Matter) -> Iterator[Violation]:
    """Match what is asked to who is booked: each unit is a resource, and each resource a unit."""
    graph: nx.Graph[object] = nx.Graph()
    asked: list[tuple[str, tuple[str, int, int]]] = []
    for n, (constraint, rule) in enumerate(matter.declared):
        if isinstance(rule, Attendance) and _asked(rule.departures, matter):
            for unit in range(rule.count):
                node = ("asked", n, unit)
                asked.append((constraint.id, node))
                graph.add_node(node)
                graph.add_edges_from(
                    (node, ("booked", index, name))
                    for index, booked in enumerate(matter.booking.attendances)
                    for name in booked.resources
                    if _serves(matter, rule, booked, matter.world.resource[name])
                )
    matched = nx.bipartite.maximum_matching(graph, top_nodes=[node for _, node in asked])
    short = Counter(constraint for constraint, node in asked if node not in matched)
    for constraint_id, missing in short.items():
        yield Violation(
            matter.booking.id, constraint_id, f"{missing} short of those who must attend"
        )
    for index, booked in enumerate(matter.booking.attendances):
        for name in booked.resources:
            if ("booked", index, name) not in matched:
                yield _unasked(matter, booked, matter.world.resource[name])


def _unasked(matter: _Matter, booked: BookedAttendance, resource: Resource) -> Violation:
    """Say why somebody is not to be booked whom nothing asks for: others may need them."""
    block = f"from {booked.from_.isoformat()} to {booked.until.isoformat()}"
    says = f"nothing asks for {resource.id} as {booked.role} {block}"
    if resource.role != booked.role:
        says = f"{resource.id} is booked as {booked.role}, and is {resource.role}"
    return Violation(matter.booking.id, _asking(matter, booked, resource), says)


def _serves(
    matter: _Matter, rule: Attendance, booked: BookedAttendance, resource: Resource
) -> bool:
    """Return whether ``resource`` may attend and is booked for the whole block, travel included."""
    if booked.role != rule.role or booked.phase != matter.phase(rule.first):
        return False
    fit = (
        resource.role == rule.role
        and resource.capacity >= rule.capacity
        and (not rule.skills or bool(rule.skills & resource.abilities))
        and (rule.among is None or resource.id in rule.among)
        and (resource.remote or rule.mode != "remote")
    )
    if not fit:
        return False
    there = back = 0
    if rule.mode == "on-site" or not resource.remote:
        out = matter.world.drive(resource.home, matter.place(rule.first))
        home = matter.world.drive(matter.place(rule.last), resource.home)
        if out is None or home is None:
            return False
        there, back = out, home
    begin = matter.instant((rule.first, "start")) - (rule.before + there) * MINUTE
    end = matter.instant((rule.last, "end")) + (rule.after + back) * MINUTE
    return booked.from_ <= begin and end <= booked.until


def _chains(mine: Mapping[str, _Matter], matters: Mapping[str, _Matter]) -> Iterator[Violation]:
    """The legs of a chain: in order, from the same facility, with the nights and spans between."""
    followed = {one.booking.follows for one in matters.values()}
    for matter in mine.values():
        case, booking = matter.case, matter.booking
        before = matters.get(booking.follows or "")
        if matter.past or (before is None and _pinned(matter.world, booking)):
            continue
        if booking.follows is not None and (
            before is None
            or (before.booking.case, before.booking.operation) != (case.id, "placement")
            or booking.operation != "removal"
        ):
            yield Violation(
                booking.id, "chain", f"{booking.follows} is not the placement that it removes from"
            )
        elif len(case.legs) < 2:
            if before is not None:
                yield from _stays_until(before, matter)
        elif booking.operation == "placement":
            if booking.id not in followed:
                yield Violation(booking.id, "chain", "a placement of a chain without its removal")
        elif before is None:
            yield Violation(booking.id, "chain", "a removal of a chain that follows no placement")
        else:
            yield from _joined(before, matter)


def _joined(placement: _Matter, removal: _Matter) -> Iterator[Violation]:
    booking = removal.booking
    if placement.booking.end > booking.start:
        yield Violation(booking.id, "chain", "the removal begins before the placement ends")
    if placement.booking.facility != booking.facility:
        yield Violation(booking.id, "chain", "placement and removal differ in facility")
    for constraint, rule in removal.declares(removal.case, "chain"):
        blamed, says = removal.booking, None
        if isinstance(rule, Elapsed):
            says = _elapsed(rule, placement.instant(rule.first), removal.instant(rule.last))
        elif isinstance(rule, Nights):
            blamed, says = placement.booking, _between(placement, removal, rule)
        elif isinstance(rule, Only):
            says = _only(removal, rule)
        if says is not None:
            yield Violation(blamed.id, constraint.id, says)


def _stays_until(placement: _Matter, removal: _Matter) -> Iterator[Violation]:
    """The nights of a placement that was carried out run up to the removal that follows it."""
    for constraint, rule in removal.declares(removal.case, "chain"):
        if isinstance(rule, Nights) and (says := _not_the_nights(placement, removal)):
            yield Violation(placement.booking.id, constraint.id, says)


def _between(placement: _Matter, removal: _Matter, rule: Nights) -> str | None:
    if placement.booking.facility not in rule.facilities:
        return f"{placement.booking.facility} is not among {sorted(rule.facilities)}"
    return _not_the_nights(placement, removal)


def _not_the_nights(placement: _Matter, removal: _Matter) -> str | None:
    arrival = _local(placement, placement.instant(("arrival", "start")))
    leaves = _local(placement, removal.instant(("departure", "start")))
    wanted = tuple(arrival + timedelta(days=n) for n in range((leaves - arrival).days))
    return (
        None if placement.booking.nights == wanted else f"its nights are not {arrival} to {leaves}"
    )


def _twice(people: Mapping[str, list["_Block"]]) -> Iterator[Violation]:
    """Nobody is in two blocks at a time."""
    for name, blocks in people.items():
        blocks.sort(key=lambda one: (one.first, one.until))
        longest = blocks[0]
        for block in blocks[1:]:
            # What is history stays: the other booking is the one to move.
            moves, stays = (longest, block) if block.matter.past else (block, longest)
            if block.first < longest.until and not moves.matter.past:
                yield moves.breaks(
                    f"{name} is taken at {block.first.isoformat()} "
                    f"by booking {stays.booking.id} already"
                )
            longest = max(longest, block, key=lambda one: one.until)


class _Taken:
    """What bookings take: blocks of people, nights in facilities, departures."""

    def __init__(self, matters: Iterable[_Matter]) -> None:
        self.people: dict[str, list[_Block]] = {}
        self.nights: dict[tuple[str, date], list[_Matter]] = {}
        self.aboard: dict[str, list[_Matter]] = {}
        for matter in matters:
            booking = matter.booking
            for block in _blocks(matter):
                self.people.setdefault(block.resource, []).append(block)
            if booking.facility is not None:
                for night in booking.nights:
                    self.nights.setdefault((booking.facility, night), []).append(matter)
            if booking.departure is not None:
                self.aboard.setdefault(booking.departure, []).append(matter)

    def add(self, others: "_Taken", gone: Container[str]) -> None:
        """Put before it what the others, those ``gone`` apart, take of the same."""
        for name, blocks in self.people.items():
            there = others.people.get(name, ())
            blocks[:0] = (one for one in there if one.booking.id not in gone)
        for held, matters in self.nights.items():
            inside = others.nights.get(held, ())
            matters[:0] = (one for one in inside if one.booking.id not in gone)
        for departure, matters in self.aboard.items():
            aboard = others.aboard.get(departure, ())
            matters[:0] = (one for one in aboard if one.booking.id not in gone)


def _blocks(matter: _Matter) -> Iterator["_Block"]:
    """Yield whom a booking takes, for whole slots."""
    start, slot = matter.world.horizon.start, matter.world.horizon.slot_minutes * MINUTE
    for booked in matter.booking.attendances:
        first = booked.from_ - (booked.from_ - start) % slot
        until = booked.until + (start - booked.until) % slot
        for name in booked.resources:
            yield _Block(name, first, until, matter, booked)


@dataclass(frozen=True, slots=True)
class _Block:
    """Somebody booked for a stretch."""

    resource: str
    first: datetime
    until: datetime
    matter: _Matter
    booked: BookedAttendance

    @property
    def booking(self) -> Booking:
        return self.matter.booking

    def breaks(self, says: str) -> Violation:
        resource = self.matter.world.resource[self.resource]
        return Violation(self.booking.id, _asking(self.matter, self.booked, resource), says)


def _asking(matter: _Matter, booked: BookedAttendance, resource: Resource) -> str:
    """Return the constraint that asks for a booked resource; its role when none does."""
    asking = [
        (constraint.id, rule)
        for constraint, rule in matter.declared
        if isinstance(rule, Attendance)
        and rule.role == booked.role
        and _asked(rule.departures, matter)
    ]
    serving = (one for one, rule in asking if _serves(matter, rule, booked, resource))
    return next(serving, asking[0][0] if asking else booked.role)


def _places(nights: Mapping[tuple[str, date], Sequence[_Matter]]) -> Iterator[Violation]:
    """No facility holds more persons in a night than it has places."""
    for (facility, night), matters in nights.items():
        asked = [(*one, matter) for matter in matters if (one := _asked_places(matter))]
        count = sum(places for places, _, _ in asked)
        for _, constraint, matter in asked:
            places = matter.world.facility[facility].places_on(night)
            if count > places and not matter.past:
                yield Violation(
                    matter.booking.id,
                    constraint,
                    f"{count} persons in {facility} on {night}, {places} places",
                )


def _asked_places(matter: _Matter) -> tuple[int, str] | None:
    """Return how many places a night the booking asks, and the constraint that says so."""
    scopes: tuple[Scope, ...] = (matter.booking.operation, "chain")
    return max(
        (
            (rule.count, constraint.id)
            for scope in scopes
            for constraint, rule in matter.declares(matter.case, scope)
            if isinstance(rule, Nights)
        ),
        default=None,
    )


def _seats(aboard: Mapping[str, Sequence[_Matter]]) -> Iterator[Violation]:
    """No departure takes more persons of a kind than any rule on those aboard allows."""
    for departure, matters in aboard.items():
        asked = [
            (matter, constraint.id, rule)
            for matter in matters
            for constraint, rule in matter.declared
            if isinstance(rule, Seats)
        ]
        taken: Counter[str] = Counter()
        for _, kind, count in {(m.booking.id, rule.kind, rule.count) for m, _, rule in asked}:
            taken[kind] += count
        for matter, constraint_id, rule in asked:
            limit, count = dict(rule.limits).get(departure, 0), taken[rule.kind]
            if count > limit and not matter.past:
                yield Violation(
                    matter.booking.id,
                    constraint_id,
                    f"{count} {rule.kind} on {departure}, allowed {limit}",
                )
