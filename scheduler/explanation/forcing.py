"""What planning an unplanned case would cost: the case forced in, what is in its way set free.

A pattern that is open beside what may not be moved, and shut in the plan, is short of people,
places or seats; the ledger knows who holds them. The occupants of the few ways in with the fewest
occupants are set free, and CP-SAT chooses: the case must be planned, the others keep what they
have, take something else, or lose it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice

from ortools.sat.python import cp_model

from scheduler.construction import Option, claimed, construct, drawn
from scheduler.layout import Layout, matches
from scheduler.ledger import Ledger
from scheduler.model import Limit, Program, every_choice, named_choices, solve
from scheduler.need import Need
from scheduler.objective import Objective, Valuation, key
from scheduler.occupancy import Block, Claims, Occupancy
from scheduler.pattern import CasePatterns, Pattern
from scheduler.plan import bookings_of, free_to_move
from scheduler.ranking import best_patterns
from scheduler.timeline import Timeline, latest, span, spans
from scheduler.world import Booking

TRIED = 48
"""So many of the best patterns are asked what is in their way; as many again where least is."""
BEST = 1
"""So many of the best that are open are tried too, before others are set free and after."""
WAYS = 6
MOST = 12
"""Ways whose occupants are set free together, and the cases that may be (one way may take more)."""
FEW = 300
"""Up to so many choices all of them go into the model; beyond it, what insertions come up with."""
MOVES = "moves"
"""A level below those of the objective: cases that lose their pattern, people apart."""

Cases = frozenset[str]
Chosen = Mapping[str, Option]
"""The option of each case that has one."""


@dataclass(frozen=True, slots=True)
class Forced:
    """A plan changed so that ``case`` is in it.

    Of the cases ``freed``, some have ``moved`` (their bookings as they would stand), some keep time
    and place with other people (``renamed``), and those in ``dropped`` have no booking any more;
    the rest is as it was. ``before`` and ``after`` value the freed cases and this one.
    """

    case: str
    bookings: tuple[Booking, ...]
    freed: tuple[str, ...]
    moved: tuple[Booking, ...]
    renamed: tuple[Booking, ...]
    dropped: tuple[str, ...]
    before: Objective
    after: Objective


@dataclass(frozen=True, slots=True)
class Way:
    """A pattern, and the cases whose bookings are in its way."""

    pattern: Pattern
    occupants: Cases


@dataclass(frozen=True, slots=True)
class Row:
    """What bookings share: who holds how much of it under which limit, beside what is wanted."""

    count: int
    limit: int
    held: tuple[tuple[str, int, int], ...]

    def short(self, gone: Set[str]) -> bool:
        """Return whether there is not enough, even without the cases in ``gone``."""
        left = [(count, limit) for case, count, limit in self.held if case not in gone]
        most = min([self.limit, *(limit for _, limit in left)])
        return self.count + sum(count for count, _ in left) > most


class Forcing:
    """What it costs to force cases into the plan that a ledger holds."""

    def __init__(self, ledger: Ledger, valuation: Valuation) -> None:
        self.ledger = ledger
        self.valuation = valuation
        self.patterns = ledger.patterns

    @cached_property
    def movable(self) -> Mapping[str, tuple[Booking, ...]]:
        """By case, the bookings that may be set free: those of all its legs, none of them fixed."""
        world = self.patterns.world
        found: dict[str, tuple[Booking, ...]] = {}
        for name in dict.fromkeys(one.case for one in self.ledger.bookings.values()):
            booked = {one.operation: one for one in self.ledger.of(name)}
            mine = tuple(booked[leg] for leg in world.case[name].legs if leg in booked)
            whole = len(mine) == len(world.case[name].legs)
            if whole and all(free_to_move(one, world.as_of) for one in mine):
                found[name] = mine
        return found

    @cached_property
    def standing(self) -> Occupancy:
        """The world with nothing in it but what may not be moved."""
        moving = {one.id for bookings in self.movable.values() for one in bookings}
        pinned = [claims for one, claims in self.ledger.claims.items() if one not in moving]
        if not pinned:
            return self.patterns.empty
        occupancy = Occupancy(self.patterns.world)
        for claims in pinned:
            occupancy.claim(claims)
        return occupancy

    def occupants(self, case: CasePatterns) -> tuple[str, ...]:
        """Return, by id, the bookings in the way of the pattern with the fewest cases in its way.

        Empty when the case is open, or has no pattern even beside what may not be moved.
        """
        ways = self._ways(case)
        found = ways[0].occupants if ways else ()
        return tuple(one.id for name in sorted(found) for one in self.movable[name])

    def force(self, case: CasePatterns, *, work: float = 0.1) -> Forced | None:
        """Force ``case`` in at the least loss of value, and then with the fewest moves.

        None when no pattern of it can be had by moving what may be moved, or when a leg of it is
        booked that may not. ``work`` bounds the model, which starts from the best insertion, in
        CP-SAT's deterministic unit (about a second): the result is the same on every machine.
        """
        ways = self._ways(case)
        if not ways:
            return None
        freed = _union(ways)
        cases = [case, *map(self.patterns.of, sorted(freed))]
        own = self.movable.get(case.case.id, ())
        lifted = [*own, *(one for name in freed for one in self.movable[name])]
        kept = {name: option for name in freed if (option := self._kept(name)) is not None}
        with self.ledger.without(lifted):
            chosen = self._chosen(cases, [way.pattern for way in ways[:WAYS]], kept, work)
        return None if chosen is None else self._forced(cases, kept, chosen)

    def _forced(self, cases: Sequence[CasePatterns], kept: Chosen, chosen: Chosen) -> Forced:
        case, *others = cases
        moved: list[Booking] = []
        renamed: list[Booking] = []
        for other in others:
            name = other.case.id
            option = chosen.get(name)
            if option is not None and option is not kept.get(name):
                changed = renamed if self._keeps(name, option.pattern) else moved
                changed += bookings_of(other, option.pattern, option.names)
        own = chosen[case.case.id]
        before = {name: option.pattern for name, option in kept.items()}
        booked = self.ledger.pattern(case.case.id)
        if booked is not None:
            before[case.case.id] = booked
        return Forced(
            case=case.case.id,
            bookings=bookings_of(case, own.pattern, own.names),
            freed=tuple(other.case.id for other in others),
            moved=tuple(moved),
            renamed=tuple(renamed),
            dropped=tuple(one.case.id for one in others if one.case.id not in chosen),
            before=self.valuation.total(cases, before),
            after=self._value(cases, chosen),
        )

    # --- Who is in the way ----------------------------------------------------------------------

    def _ways(self, case: CasePatterns) -> list[Way]:
        """Return patterns of ``case`` with who is in their way, the fewest first."""
        name = case.case.id
        if name not in self.movable and any(
            one.operation in case.case.legs for one in self.ledger.of(name)
        ):
            return []
        found: dict[Cases, Way] = {}
        for pattern in dict.fromkeys(self._tried(case)):
            occupants = self._in_the_way(case, pattern)
            found.setdefault(occupants, Way(pattern, occupants))
        return sorted(found.values(), key=lambda way: self._burden(way.occupants))

    def _tried(self, case: CasePatterns) -> Iterator[Pattern]:
        """Yield what is open as it is; beside what may not be moved, the best and the freest."""
        yield from islice(best_patterns(case, self.valuation, self.ledger.occupancy), BEST)
        best = list(islice(best_patterns(case, self.valuation, self.standing), TRIED))
        yield from best
        if "placement" not in case.legs or not best:
            return
        layers = [
            (layout, self._layers(case, layout, line))
            for layout, line in case.open_layouts("placement", self.standing)
        ]
        if not case.chained:
            layout_at: dict[int, Layout] = {}
            for layout, lines in layers:
                for slot, _ in spans(next(filter(None, lines), 0)):
                    layout_at.setdefault(slot, layout)
            for slot in sorted(layout_at)[:: len(layout_at) // TRIED + 1]:
                yield Pattern(case.case.id, ((layout_at[slot], slot),))
            return
        for pattern in best:
            removal = pattern.legs[1]
            for occupancy in (self.ledger.occupancy, self.standing):
                freest = [
                    (short, -slot, layout)
                    for layout, lines in layers
                    if layout.facility == pattern.facility
                    for within in [case.pair_line(layout, removal[0], occupancy)]
                    for short, slot in [_freest(lines, within)]
                    if slot is not None
                ]
                if freest:
                    _, slot, layout = min(freest, key=lambda one: one[:2])
                    yield Pattern(case.case.id, ((layout, -slot), removal))

    def _layers(self, case: CasePatterns, layout: Layout, line: Timeline) -> list[Timeline]:
        """Split the slots of ``line`` by how many conditions are short there: none, one, two."""
        occupancy = self.ledger.occupancy
        met = [layout.meets(need, occupancy, "free") for need in layout.needs]
        if layout.of.nights is not None:
            met.append(case.stay_starts(layout, occupancy, "free"))
        layers = [line]
        for one in met:
            shut = [layer & ~one for layer in layers]
            layers = [
                still | more
                for still, more in zip(
                    [*(layer & one for layer in layers), 0], [0, *shut], strict=True
                )
            ]
        return layers

    def _in_the_way(self, case: CasePatterns, pattern: Pattern) -> Cases:
        """Return cases without whose bookings ``pattern`` is open; as few as greed finds."""
        gone = {case.case.id}
        for layout, slot in pattern.legs:
            for need in layout.needs:
                self._free_units(need, slot, gone)
        rows = list(self._rows(case.claims(pattern, ((),) * len(pattern.legs))))
        while short := [row for row in rows if row.short(gone)]:
            holds = Counter(
                one for row in short for one, _, _ in row.held if one in self.movable.keys() - gone
            )
            if not holds:
                break
            gone.add(min(holds, key=lambda one: (-holds[one], *self._burden({one}), one)))
        return frozenset(gone - {case.case.id})

    def _free_units(self, need: Need, slot: int, gone: set[str]) -> None:
        """Add to ``gone`` who holds the units that ``need`` is short of."""
        occupancy = self.ledger.occupancy
        if any(one.met(occupancy, "free", slot, need.count) for one in (*need.parts, need)):
            return
        units = [
            min(held, key=lambda cases: self._burden(cases - gone))
            for unit in need.pool.units
            if (held := list(self._holders(unit, slot + need.base)))
        ]
        for _ in range(min(need.count, len(units))):
            units.sort(key=lambda cases: self._burden(cases - gone))
            gone |= units.pop(0)

    def _holders(self, unit: Iterable[Block], base: int) -> Iterator[Cases]:
        """Yield, per block in which the unit could serve, the cases that would have to give way."""
        for block in unit:
            if self.standing.is_free(block, base):
                first = base + block.lead
                line = span(first, first + block.length)
                yield self._cases(self.ledger.holders(block.resource, line))

    def _rows(self, claims: Claims) -> Iterator[Row]:
        """Yield what ``claims`` share with bookings: places per night, seats per departure."""
        facilities, taken = self.patterns.world.facility, self.ledger.claims
        for facility, night, count in claims.nights:
            places = facilities[facility].places_on(night)
            held = [
                (self.ledger.bookings[one].case, theirs, places)
                for one in self.ledger.inside(facility, night)
                for *where, theirs in taken[one].nights
                if where == [facility, night]
            ]
            yield Row(count, places, tuple(held))
        for departure, kind, count, limit in claims.seats:
            aboard = [
                (self.ledger.bookings[one].case, theirs, most)
                for one in self.ledger.aboard(departure, kind)
                for *which, theirs, most in taken[one].seats
                if which == [departure, kind]
            ]
            yield Row(count, limit, tuple(aboard))

    def _cases(self, bookings: Iterable[str]) -> Cases:
        return frozenset(self.ledger.bookings[one].case for one in bookings)

    def _burden(self, cases: Set[str]) -> tuple[int, int]:
        """Return how many cases would have to give way, and their weight."""
        world = self.patterns.world
        return len(cases), sum(world.case[one].weight for one in cases)

    # --- What becomes of them -------------------------------------------------------------------

    def _chosen(
        self,
        cases: Sequence[CasePatterns],
        ways: Sequence[Pattern],
        kept: Chosen,
        work: float,
    ) -> Chosen | None:
        """Return the best options of ``cases``, none of them in the occupancy; the first has one.

        The best that insertions find is improved by the model.
        """
        case, *others = cases
        plans = list(self._insertions(cases, ways, kept))
        program = Program(cp_model.CpModel(), self.ledger.occupancy, self.valuation)
        if self._choices(cases) <= FEW:
            every_choice(program, cases)
            forced = list(program.plans[0].legs[0].values())
        else:
            named_choices(program, cases, _offers(plans, kept))
            forced = [one for _, one in program.options[case.case.id]]
        program.model.add_exactly_one(forced)
        self._count_moves(program, others)
        best = max(plans, key=lambda one: self._rank(cases, one), default=None)
        solution = solve(program, best or {}, Limit(work=work)) if forced else None
        if solution is None:
            return best
        found = self._settled(solution.options, kept)
        return (
            found if best is None or self._rank(cases, found) >= self._rank(cases, best) else best
        )

    def _insertions(
        self, cases: Sequence[CasePatterns], ways: Sequence[Pattern], kept: Chosen
    ) -> Iterator[Chosen]:
        """Yield plans with the first case in one of its ways, the others around it."""
        case, *others = cases
        occupancy = self.ledger.occupancy
        best = islice(best_patterns(case, self.valuation, occupancy), BEST)
        for pattern in (*ways, *best):
            option = drawn(case, pattern, occupancy)
            if option is not None:
                yield self._around(option, others, kept)

    def _around(self, option: Option, others: Sequence[CasePatterns], kept: Chosen) -> Chosen:
        """Plan others around ``option``: as they are if they can stay, or else anew."""
        occupancy = self.ledger.occupancy
        plan = {option.pattern.case: option}
        occupancy.claim(option.claims)
        heaviest = sorted(others, key=lambda one: -one.case.weight)
        for stay in (_as_it_is, _with_other_people):
            for other in heaviest:
                name = other.case.id
                if name in plan or name not in kept:
                    continue
                stays = stay(other, kept[name], occupancy)
                if stays is not None:
                    occupancy.claim(stays.claims)
                    plan[name] = stays
        rest = [one for one in others if one.case.id not in plan]
        plan |= construct(rest, self.valuation, occupancy)
        for one in plan.values():
            occupancy.release(one.claims)
        return plan

    def _count_moves(self, program: Program, others: Sequence[CasePatterns]) -> None:
        """Add a last level to the objective: how many of ``others`` leave their pattern."""
        program.constants[MOVES] = len(others)
        stays = [
            (-1, chosen)
            for other in others
            for option, chosen in program.options.get(other.case.id, ())
            if self._keeps(other.case.id, option.pattern)
        ]
        for exact in program.plans[1:]:
            staying = program.model.new_bool_var("")
            for booking, leg in zip(self.movable[exact.case.case.id], exact.legs, strict=True):
                same = [chosen for choice, chosen in leg.items() if matches(booking, *choice)]
                program.model.add(staying <= sum(same))
            stays.append((-1, staying))
        program.terms[MOVES] = stays

    def _settled(self, chosen: Chosen, kept: Chosen) -> Chosen:
        """Give who keeps their pattern their people back, where all others then find theirs."""
        occupancy = self.ledger.occupancy
        settled = {
            name: kept[name]
            for name, option in chosen.items()
            if name in kept and self._keeps(name, option.pattern)
        }
        for one in settled.values():
            occupancy.claim(one.claims)
        for name, option in chosen.items():
            if name not in settled:
                again = claimed(self.patterns.of(name), (option.pattern,), occupancy)
                if again is None:
                    break
                settled[name] = again
        for one in settled.values():
            occupancy.release(one.claims)
        return settled if len(settled) == len(chosen) else chosen

    def _kept(self, name: str) -> Option | None:
        """Return what the plan holds for a case; None when it is no pattern of it."""
        pattern = self.ledger.pattern(name)
        if pattern is None:
            return None
        taken = [self.ledger.claims[one.id] for one in self.movable[name]]
        people, nights, seats = (
            tuple(chain.from_iterable(getattr(one, part) for one in taken))
            for part in ("people", "nights", "seats")
        )
        return Option(pattern, ((),) * len(pattern.legs), Claims(people, nights, seats))

    def _keeps(self, name: str, pattern: Pattern) -> bool:
        """Return whether ``pattern`` is what the case has in the plan, names apart."""
        return all(
            matches(booking, *leg)
            for booking, leg in zip(self.movable[name], pattern.legs, strict=True)
        )

    def _rank(self, cases: Sequence[CasePatterns], plan: Chosen) -> tuple[int, ...]:
        """Return a tuple that is larger for the better plan: value, moves, other people."""
        _, *others = cases
        stay = sum(
            one.case.id in plan and self._keeps(one.case.id, plan[one.case.id].pattern)
            for one in others
        )
        return *key(self._value(cases, plan)), stay

    def _value(self, cases: Sequence[CasePatterns], plan: Chosen) -> Objective:
        return self.valuation.total(cases, {name: one.pattern for name, one in plan.items()})

    def _choices(self, cases: Sequence[CasePatterns]) -> int:
        """Return how many choices there are in all, counted up to the limit."""
        total = 0
        for case in cases:
            for leg in case.case.legs:
                found = case.open_layouts(leg, self.ledger.occupancy)
                total += sum(line.bit_count() for _, line in found)
            if total > FEW:
                break
        return total


def _as_it_is(_case: CasePatterns, option: Option, occupancy: Occupancy) -> Option | None:
    return option if occupancy.admits(option.claims) else None


def _with_other_people(case: CasePatterns, option: Option, occupancy: Occupancy) -> Option | None:
    renamed = drawn(case, option.pattern, occupancy)
    return renamed if renamed is not None and occupancy.admits(renamed.claims) else None


def _freest(layers: Sequence[Timeline], within: Timeline) -> tuple[int, int | None]:
    """Return the least that is short in a slot of ``within``, and the last such slot."""
    for short, line in enumerate(layers):
        if line & within:
            return short, latest(line & within)
    return len(layers), None


def _union(ways: Sequence[Way]) -> Cases:
    """Return the occupants of the first ways, as many as may be set free."""
    freed: Cases = frozenset()
    for n, way in enumerate(ways[:WAYS]):
        if n == 0 or len(freed | way.occupants) <= MOST:
            freed |= way.occupants
    return freed


def _offers(plans: Iterable[Chosen], kept: Chosen) -> dict[str, list[Option]]:
    """Return the options that plans come up with, case by case, each once."""
    offers: dict[str, dict[int, Option]] = {name: {id(one): one} for name, one in kept.items()}
    for plan in plans:
        for name, option in plan.items():
            offers.setdefault(name, {})[id(option)] = option
    return {name: list(options.values()) for name, options in offers.items()}
