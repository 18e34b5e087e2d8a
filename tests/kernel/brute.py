"""The naive twin of the kernel: every candidate booking, judged by the validator alone.

Nothing here knows timelines, frames, patterns or needs. It counts every start, wait, place,
facility and departure, and every set of people, and asks the validator. What it passes over, it
passes over for a reason that needs no proof:

- who attends is left open first: naming people mends nothing but that people are missing;
- people are asked one by one before they are asked together, role by role;
- nobody is taken for two overlapping blocks;
- people can be claimed inside the horizon only.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from itertools import combinations, pairwise, product
from zoneinfo import ZoneInfo

from scheduler.constraint import (
    Attendance,
    Constraint,
    Declaration,
    Edge,
    Inside,
    Nights,
    Register,
    Scope,
)
from scheduler.validator import Violation, violations
from scheduler.world import (
    BookedAttendance,
    BookedPhase,
    Booking,
    Case,
    Departure,
    Leg,
    Nearest,
    Template,
    World,
)

MINUTE = timedelta(minutes=1)
SHORT = " short of those who must attend"

Drafts = tuple[Booking, ...]
"""The bookings of a case, one per leg, nobody named yet."""
Key = tuple[tuple[str | None, str | None, tuple[tuple[str, str, datetime, datetime], ...]], ...]
"""What tells one way from another, people apart: per leg the facility, departure and phases."""
Values = tuple[int, ...]
"""The six levels of the objective in order, each the larger the better."""


def key_of(bookings: Sequence[Booking]) -> Key:
    """Return the key of the bookings of one case."""
    return tuple(
        (
            one.facility,
            one.departure,
            tuple((phase.id, phase.place, phase.from_, phase.until) for phase in one.phases),
        )
        for one in bookings
    )


class Remembered(Register):
    """A register that is asked only once about each scope of each case of one world."""

    @cached_property
    def _known(self) -> dict[tuple[str, Scope], tuple[tuple[Constraint, Declaration], ...]]:
        return {}

    def declarations(
        self, world: World, case: Case, scope: Scope
    ) -> tuple[tuple[Constraint, Declaration], ...]:
        if (case.id, scope) not in self._known:
            self._known[case.id, scope] = super().declarations(world, case, scope)
        return self._known[case.id, scope]


@dataclass(frozen=True)
class _Ask:
    """An attendance that a draft asks for."""

    draft: Booking
    rule: Attendance


_Taken = tuple[str, BookedAttendance]
"""Somebody who attends, and the id of the draft."""


class Twin:
    """Every way to book the cases of a world beside bookings that stay."""

    def __init__(self, world: World, register: Register, others: Iterable[Booking] = ()) -> None:
        self.world = world
        self.register = Remembered(register.lights, register.constraints, register.rules)
        self.others = tuple(others)
        self._alone: dict[object, tuple[BookedAttendance, ...]] = {}
        self._chosen: dict[object, tuple[_Taken, ...] | None] = {}
        self._slot = world.horizon.slot_minutes * MINUTE
        self._end = world.horizon.start + world.horizon.slots * self._slot

    def options(self, case: Case) -> dict[Key, Drafts]:
        """Return every way to book ``case``, with people."""
        return {key_of(bookings): bookings for bookings in self.ways(case)}

    def ways(self, case: Case) -> Iterator[Drafts]:
        """Yield every way to book ``case``, one after the other."""
        for drafts in self.drafts(case):
            staffed = self.staffed(drafts)
            if staffed is not None:
                yield staffed

    def drafts(self, case: Case) -> Iterator[Drafts]:
        """Yield the bookings of ``case`` that lack nothing but people."""
        if len(case.legs) == 1:
            for draft in self._legs(case, case.legs[0]):
                if self.sound((draft,)):
                    yield (draft,)
            return
        for placement in self._legs(case, "placement"):
            if not self.sound((placement,), ignoring="chain"):
                continue
            for removal in self._legs(case, "removal", placement):
                pair = (self._with_nights(placement, removal), removal)
                if self.sound(pair):
                    yield pair

    def sound(self, drafts: Drafts, ignoring: str = "") -> bool:
        """Return whether the validator finds nothing but people missing."""
        return all(SHORT in one.says or one.constraint == ignoring for one in self._judge(drafts))

    def staffed(self, drafts: Drafts) -> Drafts | None:
        """Return ``drafts`` with people for every attendance; None when there are not enough."""
        roles: dict[str, list[_Ask]] = {}
        for draft in drafts:
            for _, rule in self._declared(draft.case, draft.operation):
                if isinstance(rule, Attendance) and (
                    rule.departures is None or draft.departure in rule.departures
                ):
                    roles.setdefault(rule.role, []).append(_Ask(draft, rule))
        missing = _missing(self._judge(drafts))
        taken: list[_Taken] = []
        for asked in roles.values():
            found = self._role(drafts, asked, missing)
            if found is None:
                return None
            taken += found
        booked = _with_people(drafts, taken)
        wrong = self._judge(booked)
        assert not wrong, f"each role is right and the whole is not: {wrong}"
        return booked

    def _judge(self, bookings: Drafts) -> tuple[Violation, ...]:
        return violations(self.world, self.register, (*self.others, *bookings))

    def _declared(self, case: str, scope: Scope) -> tuple[tuple[Constraint, Declaration], ...]:
        return self.register.declarations(self.world, self.world.case[case], scope)

    def _legs(self, case: Case, leg: Leg, after: Booking | None = None) -> Iterator[Booking]:
        """Yield every draft of a leg that lies in the horizon, right or wrong."""
        world = self.world
        scopes: tuple[Scope, ...] = (*case.legs, "chain")
        stays = any(
            isinstance(rule, Nights) for one in scopes for _, rule in self._declared(case.id, one)
        )
        facilities: Iterable[str | None] = (None,)
        if leg == "placement":
            facilities = world.facility if stays else facilities
        elif after is not None:
            facilities = (after.facility,)
        departures: Iterable[Departure | None] = (None,)
        if leg == "removal":
            departures = world.departures_to(case.destination)
        for facility, departure in product(facilities, departures):
            origin = case.location
            if after is not None and facility is not None:
                origin = world.facility[facility].location
            template = world.template_for(case, leg, departure.kind if departure else None)
            for phases in self._phases(template, origin, facility, departure):
                draft = Booking(
                    id=f"{case.id}-{leg}",
                    case=case.id,
                    operation=leg,
                    follows=after.id if after else None,
                    template=template.id,
                    phases=phases,
                    facility=facility,
                    departure=departure.id if departure else None,
                )
                yield draft if len(case.legs) == 2 else self._with_nights(draft, None)

    def _phases(
        self, template: Template, origin: str, facility: str | None, departure: Departure | None
    ) -> Iterator[tuple[BookedPhase, ...]]:
        """Yield every place and time of the phases: whole slots, needs rounded up."""
        world, step = self.world, self.world.horizon.slot_minutes
        start = world.horizon.start
        for places in self._places(template, origin, facility, departure):
            drives = [world.drive(*pair) for pair in pairwise(places)]
            if None in drives:
                continue
            gaps = [
                [
                    _up(drive or 0, step) + wait
                    for wait in range(_up(phase.wait.min, step), phase.wait.max // step + 1)
                ]
                for phase, drive in zip(template.phases[1:], drives, strict=True)
            ]
            lengths = [_up(phase.minutes or 0, step) for phase in template.phases]
            for chosen in product(*gaps):
                starts = [0]
                for length, gap in zip(lengths, chosen, strict=False):
                    starts.append(starts[-1] + length + gap)
                firsts: Iterable[int] = range(world.horizon.slots)
                if departure is not None:
                    firsts = [(departure.departs - start) // self._slot - starts[-1]]
                for first in firsts:
                    phases = [
                        BookedPhase(
                            id=phase.id,
                            place=place,
                            from_=start + (first + offset) * self._slot,
                            until=start + (first + offset + max(length, 1)) * self._slot,
                        )
                        for phase, place, offset, length in zip(
                            template.phases, places, starts, lengths, strict=True
                        )
                    ]
                    if departure is not None:
                        phases[-1] = phases[-1].model_copy(
                            update={"from_": departure.departs, "until": departure.arrives}
                        )
                    if start <= phases[0].from_ and phases[-1].until <= self._end:
                        yield tuple(phases)

    def _places(
        self, template: Template, origin: str, facility: str | None, departure: Departure | None
    ) -> Iterator[tuple[str, ...]]:
        """Yield every choice of places: any location of the kind, near or far."""
        nearest = list(
            dict.fromkeys(one.place for one in template.phases if isinstance(one.place, Nearest))
        )
        of_kind = (
            [place.id for place in self.world.locations if place.kind == one.kind]
            for one in nearest
        )
        for chosen in product(*of_kind):
            at = dict(zip(nearest, chosen, strict=True))
            places: list[str] = []
            for phase in template.phases:
                if isinstance(phase.place, Nearest):
                    places.append(at[phase.place])
                elif phase.place == "case":
                    places.append(origin)
                elif phase.place == "facility" and facility is not None:
                    places.append(self.world.facility[facility].location)
                elif departure is not None:
                    places.append(departure.from_)
                else:
                    places.append(places[-1])
            yield tuple(places)

    def _with_nights(self, draft: Booking, removal: Booking | None) -> Booking:
        """Return a placement with its nights: a stay, or up to the day before the departure."""
        asked = [
            rule
            for _, rule in self._declared(draft.case, "chain" if removal else draft.operation)
            if isinstance(rule, Nights)
        ]
        if not asked or draft.facility is None:
            return draft
        zone = self._zone(self.world.facility[draft.facility].location)
        arrival = _edge(self.world, draft, ("arrival", "start")).astimezone(zone).date()
        last = arrival + timedelta(days=asked[0].stay or 0)
        if removal is not None:
            departs = _edge(self.world, removal, ("departure", "start"))
            last = departs.astimezone(zone).date()
        nights = tuple(arrival + timedelta(days=n) for n in range((last - arrival).days))
        return draft.model_copy(update={"nights": nights})

    def _zone(self, location: str) -> ZoneInfo:
        return ZoneInfo(self.world.location[location].timezone)

    def _role(
        self, drafts: Drafts, asked: Sequence[_Ask], missing: int
    ) -> tuple[_Taken, ...] | None:
        """Return people of one role, the first set that the validator accepts for ``drafts``."""
        fit = [self._fit(drafts, ask, missing) for ask in asked]
        key = tuple(
            (ask.draft.id, ask.rule, tuple(_plain(one) for one in able))
            for ask, able in zip(asked, fit, strict=True)
        )
        if key not in self._chosen:
            left = missing - sum(ask.rule.count for ask in asked)
            self._chosen[key] = next(
                (
                    chosen
                    for chosen in self._choices(asked, fit, ())
                    if self._lacks(_with_people(drafts, chosen)) == left
                ),
                None,
            )
        return self._chosen[key]

    def _choices(
        self,
        asked: Sequence[_Ask],
        fit: Sequence[tuple[BookedAttendance, ...]],
        taken: tuple[_Taken, ...],
    ) -> Iterator[tuple[_Taken, ...]]:
        """Yield every way to fill all of ``asked``, nobody in two blocks at a time."""
        if not asked:
            yield taken
            return
        for group in combinations(fit[0], asked[0].rule.count):
            if not any(self._clash(one, other) for one in group for _, other in taken):
                mine = tuple((asked[0].draft.id, one) for one in group)
                yield from self._choices(asked[1:], fit[1:], (*taken, *mine))

    def _lacks(self, bookings: Drafts) -> int | None:
        """Return how many people are missing, or None when anything else is wrong."""
        found = self._judge(bookings)
        return _missing(found) if all(SHORT in one.says for one in found) else None

    def _fit(self, drafts: Drafts, ask: _Ask, missing: int) -> tuple[BookedAttendance, ...]:
        """Return everyone of the role whom the validator lets attend, with the block it takes."""
        draft, rule = ask.draft, ask.rule
        key = draft.id, key_of((draft,)), rule
        if key not in self._alone:
            self._alone[key] = tuple(
                booked
                for booked in self._blocks(draft, rule)
                if self._lacks(_with_people(drafts, ((draft.id, booked),))) == missing - 1
            )
        return self._alone[key]

    def _blocks(self, draft: Booking, rule: Attendance) -> Iterator[BookedAttendance]:
        """Yield the block of everybody of the role, able or not, that lies in the horizon."""
        world = self.world
        for resource in world.resource.values():
            if resource.role != rule.role:
                continue
            there: int | None = 0
            back: int | None = 0
            if rule.mode == "on-site" or not resource.remote:
                there = world.drive(resource.home, _place(world, draft, rule.first))
                back = world.drive(_place(world, draft, rule.last), resource.home)
            if there is None or back is None:
                continue
            begin = _edge(world, draft, (rule.first, "start")) - (rule.before + there) * MINUTE
            end = _edge(world, draft, (rule.last, "end")) + (rule.after + back) * MINUTE
            if world.horizon.start <= begin and end <= self._end:
                yield BookedAttendance(
                    phase=_phase(world, draft, rule.first).id,
                    role=rule.role,
                    resources=(resource.id,),
                    from_=begin,
                    until=end,
                )

    def _clash(self, one: BookedAttendance, other: BookedAttendance) -> bool:
        """Return whether one resource would be in two blocks of whole slots at a time."""
        start = self.world.horizon.start

        def slots(booked: BookedAttendance) -> tuple[int, int]:
            return (
                (booked.from_ - start) // self._slot,
                -((start - booked.until) // self._slot),
            )

        (first, end), (begin, until) = slots(one), slots(other)
        return one.resources == other.resources and first < until and begin < end


@dataclass(frozen=True)
class Best:
    """The best plan there is: its value, and its bookings by case."""

    values: Values
    bookings: dict[str, Drafts]


class Search:
    """Every combination of ways for several cases, valued by the words of the objective."""

    def __init__(self, twin: Twin, cases: Sequence[Case]) -> None:
        self.twin = twin
        self.cases = cases
        self.ways: dict[str, list[Drafts | None]] = {}
        for case in cases:
            self.ways[case.id] = [None, *twin.options(case).values()]
        empty = twin if not twin.others else Twin(twin.world, twin.register)
        self._last = {
            case.id: max((self._day(case, way) for way in self._in(empty, case)), default=None)
            for case in cases
        }

    def _in(self, empty: Twin, case: Case) -> Iterable[Drafts]:
        return (
            (way for way in self.ways[case.id] if way is not None)
            if empty is self.twin
            else empty.options(case).values()
        )

    @property
    def size(self) -> int:
        """How many combinations there are."""
        total = 1
        for ways in self.ways.values():
            total *= len(ways)
        return total

    def best(self) -> Best:
        """Return the best combination that can be staffed together: the first, best first."""
        valued = {
            case.id: [(self.values(case, way), way) for way in self.ways[case.id]]
            for case in self.cases
        }
        combined = sorted(
            product(*valued.values()),
            key=lambda chosen: _total(values for values, _ in chosen),
            reverse=True,
        )
        for chosen in combined:
            drafts = tuple(
                draft.model_copy(update={"attendances": ()})
                for _, way in chosen
                for draft in way or ()
            )
            booked = self.twin.staffed(drafts) if self.twin.sound(drafts) else None
            if booked is not None:
                by_case: dict[str, Drafts] = {}
                for one in booked:
                    by_case[one.case] = (*by_case.get(one.case, ()), one)
                return Best(_total(values for values, _ in chosen), by_case)
        raise AssertionError("planning nothing is always possible")

    def values(self, case: Case, way: Drafts | None) -> Values:
        """Return what one case adds to the six levels when it is booked ``way``, or not at all."""
        world = self.twin.world
        force = [one for one in world.bookings if one.status == "proposed" and one.case == case.id]
        if way is None:
            return (-self._pressed(case), 0, 0, 0, -len(force), 0)
        zone = ZoneInfo(world.location[case.location].timezone)
        today = world.as_of.astimezone(zone).date()
        moment = self._moment(way)
        waited = (moment.astimezone(zone).date() - today).days
        nights = 0
        if way[0].operation == "placement":
            nights = len(way[0].nights)
        elif case.detention is not None and case.detention.imposed_at is not None:
            nights = waited
        last = self._last[case.id]
        alone = last is None or self._day(case, way) >= last
        kept = {(one.operation, key_of((one,))) for one in way}
        changed = sum((one.operation, key_of((one,))) not in kept for one in force)
        return (0, case.weight, -nights, -int(alone), -changed, -waited)

    def _moment(self, way: Drafts) -> datetime:
        """Return the departure, or when the placement begins."""
        last = way[-1]
        return last.phases[0].from_ if last.departure is None else last.phases[-1].from_

    def _day(self, case: Case, way: Drafts) -> datetime:
        """Return what a fallback must come after: the departure, or the day of a placement."""
        moment = self._moment(way)
        if way[-1].departure is not None:
            return moment
        zone = ZoneInfo(self.twin.world.location[case.location].timezone)
        return datetime.combine(moment.astimezone(zone).date(), time(), zone).astimezone(UTC)

    def _pressed(self, case: Case) -> int:
        """Return 1 when a legal end of the case passes within the horizon."""
        world = self.twin.world
        end = world.horizon.start + world.horizon.slots * world.horizon.slot_minutes * MINUTE
        scopes: tuple[Scope, ...] = ("placement", "removal", "chain")
        return int(
            any(
                rule.clock and rule.stretches and rule.stretches[-1][1] <= end
                for scope in scopes
                for _, rule in self.twin.register.declarations(world, case, scope)
                if isinstance(rule, Inside)
            )
        )


def _total(values: Iterable[Values]) -> Values:
    return tuple(map(sum, zip(*values, strict=True)))


def _up(minutes: int, step: int) -> int:
    """Return the whole slots that hold ``minutes``."""
    return -(-minutes // step)


def _missing(found: Iterable[Violation]) -> int:
    """Return how many people are missing in all."""
    return sum(int(one.says.split()[0]) for one in found if SHORT in one.says)


def _plain(booked: BookedAttendance) -> tuple[str, datetime, datetime]:
    return booked.resources[0], booked.from_, booked.until


def _with_people(drafts: Drafts, taken: Iterable[_Taken]) -> Drafts:
    added: dict[str, list[BookedAttendance]] = {one.id: [] for one in drafts}
    for draft, booked in taken:
        added[draft].append(booked)
    return tuple(one.model_copy(update={"attendances": tuple(added[one.id])}) for one in drafts)


def _phase(world: World, draft: Booking, act: str) -> BookedPhase:
    held = next(n for n, one in enumerate(world.template[draft.template].phases) if act in one.acts)
    return draft.phases[held]


def _edge(world: World, draft: Booking, edge: Edge) -> datetime:
    act, side = edge
    phase = _phase(world, draft, act)
    return phase.from_ if side == "start" else phase.until


def _place(world: World, draft: Booking, act: str) -> str:
    return _phase(world, draft, act).place
