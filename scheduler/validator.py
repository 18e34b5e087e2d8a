"""The independent validator: every rule checked on the bookings themselves, in plain dates.

It shares no code with the planner beyond :mod:`scheduler.world` and what the constraints declare:
no grid, no timelines, no patterns. What it accepts holds whoever made the plan.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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
    declared: Declared
    past: bool
    """Executed or begun, as the world has it: it claims, and nothing is held against it."""

    def instant(self, edge: Edge) -> datetime:
        act, side = edge
        held = next(one.id for one in self.template.phases if act in one.acts)
        phase = next(one for one in self.booking.phases if one.id == held)
        return phase.from_ if side == "start" else phase.until

    def place(self, act: str) -> str:
        held = next(one.id for one in self.template.phases if act in one.acts)
        return next(one.place for one in self.booking.phases if one.id == held)

    def phase(self, act: str) -> str:
        return next(one.id for one in self.template.phases if act in one.acts)


def violations(
    world: World, register: Register, bookings: Sequence[Booking]
) -> tuple[Violation, ...]:
    """Return every rule that ``bookings`` break in ``world``; cancelled ones are not looked at.

    Bookings that stand in ``world`` as executed or begun before ``asOf`` are history: they claim,
    but no rule on what is still to be planned is held against them.
    """
    standing = [one for one in bookings if one.claims]
    found = list(_references(world, standing))
    if found:
        return tuple(found)
    matters = {one.id: _matter(world, register, one) for one in standing}
    for matter in matters.values():
        if not matter.past:
            shape = list(_shape(matter, matters))
            found += shape or _rules(matter)
    found += _chains(register, matters)
    found += _people(world, matters.values())
    found += _places(register, matters.values())
    found += _seats(matters.values())
    return tuple(found)


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


def _matter(world: World, register: Register, booking: Booking) -> _Matter:
    case = world.case[booking.case]
    return _Matter(
        world,
        booking,
        case,
        world.template[booking.template],
        world.departure[booking.departure] if booking.departure else None,
        register.declarations(world, case, booking.operation),
        _begun(world, booking) and booking in world.bookings,
    )


def _pinned(world: World, booking: Booking) -> bool:
    """Return whether the world has promised this booking, so that a plan keeps it as it is."""
    return booking.status in {"held", "confirmed"} and booking in world.bookings


def _begun(world: World, booking: Booking) -> bool:
    return booking.status == "executed" or booking.start < world.as_of


def _references(world: World, bookings: Sequence[Booking]) -> Iterator[Violation]:
    """Every id leads somewhere, and no booking or leg is there twice."""
    ids = Counter(one.id for one in bookings)
    known_ids = ids.keys() | {one.id for one in world.bookings}
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
        elif isinstance(rule, Inside | After):
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
    """Match what is asked to who is booked: every unit asked is a booked resource of its own."""
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


def _chains(register: Register, matters: Mapping[str, _Matter]) -> Iterator[Violation]:
    """The legs of a chain: in order, from the same facility, with the nights and spans between."""
    followed = {one.booking.follows for one in matters.values()}
    for matter in matters.values():
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
            continue
        elif booking.operation == "placement":
            if booking.id not in followed:
                yield Violation(booking.id, "chain", "a placement of a chain without its removal")
        elif before is None:
            yield Violation(booking.id, "chain", "a removal of a chain that follows no placement")
        else:
            yield from _joined(register, before, matter)


def _joined(register: Register, placement: _Matter, removal: _Matter) -> Iterator[Violation]:
    booking = removal.booking
    if placement.booking.end > booking.start:
        yield Violation(booking.id, "chain", "the removal begins before the placement ends")
    if placement.booking.facility != booking.facility:
        yield Violation(booking.id, "chain", "placement and removal differ in facility")
    for constraint, rule in register.declarations(removal.world, removal.case, "chain"):
        blamed, says = removal.booking, None
        if isinstance(rule, Elapsed):
            says = _elapsed(rule, placement.instant(rule.first), removal.instant(rule.last))
        elif isinstance(rule, Nights):
            blamed, says = placement.booking, _between(placement, removal, rule)
        elif isinstance(rule, Only):
            says = _only(removal, rule)
        if says is not None:
            yield Violation(blamed.id, constraint.id, says)


def _between(placement: _Matter, removal: _Matter, rule: Nights) -> str | None:
    if placement.booking.facility not in rule.facilities:
        return f"{placement.booking.facility} is not among {sorted(rule.facilities)}"
    arrival = _local(placement, placement.instant(("arrival", "start")))
    leaves = _local(placement, removal.instant(("departure", "start")))
    wanted = tuple(arrival + timedelta(days=n) for n in range((leaves - arrival).days))
    return (
        None if placement.booking.nights == wanted else f"its nights are not {arrival} to {leaves}"
    )


def _people(world: World, matters: Iterable[_Matter]) -> Iterator[Violation]:
    """Everyone booked is at work for the whole block, and nobody is in two blocks at a time."""
    slot = world.horizon.slot_minutes * MINUTE
    taken: dict[str, list[_Block]] = {}
    for matter in matters:
        for booked in matter.booking.attendances:
            first = booked.from_ - (booked.from_ - world.horizon.start) % slot
            until = booked.until + (world.horizon.start - booked.until) % slot
            for name in booked.resources:
                resource = world.resource[name]
                block = _Block(first, until, matter, _asking(matter, booked, resource))
                taken.setdefault(name, []).append(block)
                if not matter.past and not _at_work(world, resource, first, until):
                    yield block.breaks(
                        f"{name} is not at work from {first.isoformat()} to {until.isoformat()}"
                    )
    for name, blocks in taken.items():
        blocks.sort(key=lambda one: (one.first, one.until))
        longest = blocks[0]
        for block in blocks[1:]:
            # What is history stays: the other booking is the one to move.
            moves, stays = (longest, block) if block.matter.past else (block, longest)
            if block.first < longest.until and not moves.matter.past:
                yield moves.breaks(
                    f"{name} is taken at {block.first.isoformat()} "
                    f"by booking {stays.matter.booking.id} already"
                )
            longest = max(longest, block, key=lambda one: one.until)


@dataclass(frozen=True, slots=True)
class _Block:
    """Somebody booked for a stretch, and the constraint that asked for them."""

    first: datetime
    until: datetime
    matter: _Matter
    constraint: str

    def breaks(self, says: str) -> Violation:
        return Violation(self.matter.booking.id, self.constraint, says)


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


def _at_work(world: World, resource: Resource, first: datetime, until: datetime) -> bool:
    """Return whether ``first``-``until`` lies in touching shifts and in no absence."""
    away = [one.stretch for one in resource.away]
    away += world.team_duties.get(resource.id, ())
    if any(begin < until and first < end for begin, end in away):
        return False
    reached = first
    for begin, end in sorted(world.duty(resource)):
        if begin <= reached < end:
            reached = end
    return reached >= until


def _places(register: Register, matters: Iterable[_Matter]) -> Iterator[Violation]:
    """No facility holds more persons in a night than it has places."""
    taken: Counter[tuple[str, date]] = Counter()
    held: dict[tuple[str, date], list[tuple[_Matter, str]]] = {}
    for matter in matters:
        scopes: tuple[Scope, ...] = (matter.booking.operation, "chain")
        asked = [
            (rule.count, constraint.id)
            for scope in scopes
            for constraint, rule in register.declarations(matter.world, matter.case, scope)
            if isinstance(rule, Nights)
        ]
        if matter.booking.facility is None or not asked:
            continue
        count, constraint_id = max(asked)
        for night in matter.booking.nights:
            taken[matter.booking.facility, night] += count
            held.setdefault((matter.booking.facility, night), []).append((matter, constraint_id))
    for (facility, night), count in taken.items():
        places = matter.world.facility[facility].places_on(night)
        for matter, constraint_id in held[facility, night] if count > places else ():
            if not matter.past:
                yield Violation(
                    matter.booking.id,
                    constraint_id,
                    f"{count} persons in {facility} on {night}, {places} places",
                )


def _seats(matters: Iterable[_Matter]) -> Iterator[Violation]:
    """No departure takes more persons of a kind than any rule on those aboard allows."""
    aboard: Counter[tuple[str, str]] = Counter()
    limits: list[tuple[_Matter, Constraint, Seats]] = []
    for matter in matters:
        if matter.booking.departure is None:
            continue
        rules = [(one, rule) for one, rule in matter.declared if isinstance(rule, Seats)]
        for kind, count in {(rule.kind, rule.count) for _, rule in rules}:
            aboard[matter.booking.departure, kind] += count
        limits += ((matter, one, rule) for one, rule in rules if not matter.past)
    for matter, constraint, rule in limits:
        departure = matter.booking.departure or ""
        limit, count = dict(rule.limits).get(departure, 0), aboard[departure, rule.kind]
        if count > limit:
            yield Violation(
                matter.booking.id,
                constraint.id,
                f"{count} {rule.kind} on {departure}, allowed {limit}",
            )
