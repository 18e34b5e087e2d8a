"""Swap repairs: which other bookings can shift without loss so that a blocked case fits.

An ejection chain: the case takes a pattern that one other case keeps shut, and that case is
planned anew, with other people or at another time; or it in turn takes the place of a third.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, reduce
from itertools import chain, islice
from operator import or_

from scheduler.construction import Option
from scheduler.frame import Frame
from scheduler.layout import Layout
from scheduler.ledger import Ledger
from scheduler.need import Need
from scheduler.objective import Valuation
from scheduler.occupancy import Block
from scheduler.pattern import CasePatterns, JoinKey, Pattern, pattern_of
from scheduler.plan import bookings_of
from scheduler.ranking import best_patterns
from scheduler.timeline import Timeline, span, spans
from scheduler.validator import Checked
from scheduler.world import Booking, Leg

PATTERNS = 40
"""So many patterns of a case are asked who stands in their way, least in the way first."""
STRETCHES = 3
"""So many stretches of slots of a layout, or of a pair of legs, are looked at."""
EACH = 4
"""So many patterns are tried with the same case in the way."""
CASES = 8
"""So many cases are moved just to see whether the blocked one fits then."""
CHAINS = 12
"""So many pairs of a pattern and a case in its way are followed to a further case."""
LATER = 7
"""So many days later a case may go without it counting as a loss."""
WORK = 4_000
"""So many layouts are asked in all, beyond which cases are no longer shifted; tiny worlds have
fewer."""


@dataclass(frozen=True, slots=True)
class Move:
    """Another case whose bookings change; ``renamed``: only its people do."""

    case: str
    before: tuple[Booking, ...]
    after: tuple[Booking, ...]
    renamed: bool


@dataclass(frozen=True, slots=True)
class Swap:
    """Moves that together let ``case`` have ``bookings``."""

    case: str
    moves: tuple[Move, ...]
    bookings: tuple[Booking, ...]


def swaps(
    case: CasePatterns,
    ledger: Ledger,
    valuation: Valuation,
    *,
    most: int = 3,
    deepest: int = 2,
    checked: Checked | None = None,
) -> tuple[Swap, ...]:
    """Return up to ``most`` swaps of up to ``deepest`` moves that let ``case`` fit, smallest first.

    Among as many moves, people change before times, and what is proposed before what is held or
    confirmed. The occupancy of ``ledger`` is without the bookings of ``case`` that would be
    replaced, and left as it was. ``checked`` are the bookings of ``ledger``, to be given where it
    is asked more than once. Every swap breaks no rule by the validator, and nobody moved is worse
    off in nights in detention or in having a fallback, or goes more than a week later.
    """
    if checked is None:
        world, register = ledger.patterns.world, ledger.patterns.register
        checked = Checked(world, register, ledger.bookings.values())
    return _Search(case, ledger, valuation, checked).found(most, deepest)


_STATUSES = ("proposed", "held", "confirmed")


@dataclass(frozen=True, slots=True, eq=False)
class _Planned:
    """Another case as it is booked: its bookings, leg by leg, and the pattern they are of."""

    case: CasePatterns
    bookings: tuple[Booking, ...]
    pattern: Pattern

    @property
    def id(self) -> str:
        return self.case.case.id

    @property
    def promised(self) -> int:
        """How firm its bookings are."""
        return max(_STATUSES.index(one.status) for one in self.bookings)

    def renamed(self, pattern: Pattern) -> bool:
        """Return whether ``pattern`` is what is booked, names apart."""
        return _shape(pattern) == _shape(self.pattern)


_Moved = tuple[tuple[_Planned, Option], ...]
"""Cases with what they have instead, the one in the way of the blocked case first."""
_Pairs = list[tuple[_Planned, Pattern]]
"""A case that alone stands in the way of a pattern of another, with that pattern."""


class _Search:
    """One search; what it takes and gives back in the occupancy is undone at each step."""

    def __init__(
        self, case: CasePatterns, ledger: Ledger, valuation: Valuation, checked: Checked
    ) -> None:
        self.case = case
        self.ledger = ledger
        self.occupancy = ledger.occupancy
        self.valuation = valuation
        self.checked = checked
        self._work = WORK
        self._out = {case.case.id}
        self._known: dict[str, _Planned | None] = {}
        self._found: dict[tuple[str, ...], Swap] = {}

    def found(self, most: int, deepest: int) -> tuple[Swap, ...]:
        """Return the swaps, smallest first."""
        fits_at_all = self.valuation.last_moment(self.case) is not None
        if not fits_at_all or not self._replaceable(self.case):
            return ()
        pairs = self._pairs(self.case, self._near(self.case))
        self._try(self._by_people(self.case, pairs), self._renamed, most)
        self._try(pairs, self._shifted, most)
        for depth in range(2, deepest + 1):
            self._try(pairs[:CHAINS], partial(self._further, deep=depth), most)
        if all(len(moved) > 1 for moved in self._found):
            self._around(pairs)
        return tuple(sorted(self._found.values(), key=self._size)[:most])

    def _size(self, swap: Swap) -> tuple[int, ...]:
        firm = (max(_STATUSES.index(one.status) for one in move.before) for move in swap.moves)
        return len(swap.moves), sum(not move.renamed for move in swap.moves), *sorted(firm)[::-1]

    def _try(self, pairs: _Pairs, replan: Callable[[_Planned], _Moved | None], most: int) -> None:
        """Offer what comes of each pair when the case in the way is replanned so."""
        for other, pattern in pairs:
            if len(self._found) < most and (other.id,) not in self._found:
                ejected = self._eject(self.case, pattern, other, replan)
                if ejected is not None:
                    self._offer(*ejected)

    def _eject(
        self,
        case: CasePatterns,
        pattern: Pattern,
        other: _Planned,
        replan: Callable[[_Planned], _Moved | None],
    ) -> tuple[Option, _Moved] | None:
        """Take ``pattern`` where ``other`` stood and replan that; None when either fails."""
        with self._without(other):
            option = self._option(case, pattern)
            if option is None:
                return None
            with self._with(option):
                moved = replan(other)
        return None if moved is None else (option, moved)

    def _renamed(self, other: _Planned) -> _Moved | None:
        """Draw other people for what ``other`` has."""
        option = self._option(other.case, other.pattern)
        return None if option is None else ((other, option),)

    def _shifted(self, other: _Planned) -> _Moved | None:
        """Find the best open pattern without loss."""
        if not self._spend(other.case):
            return None
        option = self._best(other.case, partial(self._keeps, other))
        return None if option is None else ((other, option),)

    def _further(self, other: _Planned, deep: int) -> _Moved | None:
        """Replan ``other`` where a further case stands, which is replanned in its turn."""
        if not self._spend(other.case):
            return None
        near = (one for one in self._near(other.case) if self._keeps(other, one))
        replan = self._replanned if deep == 2 else partial(self._further, deep=deep - 1)
        for third, pattern in self._pairs(other.case, [other.pattern, *near])[:CHAINS]:
            ejected = self._eject(other.case, pattern, third, replan)
            if ejected is not None:
                return (other, ejected[0]), *ejected[1]
        return None

    def _replanned(self, other: _Planned) -> _Moved | None:
        return self._renamed(other) or self._shifted(other)

    def _around(self, pairs: _Pairs) -> None:
        """Move one case to each of its patterns and look whether ours fits then.

        The other way about: whom our case would be given first may be who the other needs.
        """
        booked = (one.case for one in self.ledger.bookings.values())
        ids = dict.fromkeys(chain((other.id for other, _ in pairs), booked))
        for other in filter(None, map(self._planned, islice(ids, CASES))):
            with self._without(other):
                if self._spend(self.case) and self._best(self.case):
                    self._fit_beside(other)

    def _fit_beside(self, other: _Planned) -> None:
        for pattern in other.case.open(self.occupancy):
            option = self._option(other.case, pattern) if self._keeps(other, pattern) else None
            if option is None:
                continue
            if not self._spend(self.case):
                return
            with self._with(option):
                mine = self._best(self.case)
            if mine is not None and self._offer(mine, ((other, option),)):
                return

    def _best(
        self, case: CasePatterns, allowed: Callable[[Pattern], bool] = lambda _: True
    ) -> Option | None:
        """Return the best open pattern that is allowed and for which people can be drawn."""
        for pattern in best_patterns(case, self.valuation, self.occupancy):
            names = case.draw(pattern, self.occupancy) if allowed(pattern) else None
            if names is not None:
                return Option(pattern, names, case.claims(pattern, names))
        return None

    def _offer(self, option: Option, moved: _Moved) -> bool:
        """Keep a swap, unless the validator finds anything against it."""
        moves = tuple(
            Move(other.id, other.bookings, _rebooked(other, new), other.renamed(new.pattern))
            for other, new in moved
        )
        bookings = bookings_of(self.case, option.pattern, option.names)
        changed = [*bookings, *(one for move in moves for one in move.after)]
        released = {one.id for one in self.ledger.movable(self.case.case.id)}
        if self.checked.violations(changed, released):
            return False
        swap = Swap(self.case.case.id, moves, bookings)
        self._found.setdefault(tuple(move.case for move in moves), swap)
        return True

    def _option(self, case: CasePatterns, pattern: Pattern) -> Option | None:
        """Return ``pattern`` with people drawn; None when it is shut as things stand."""
        if self._crowded(case, pattern):
            return None
        names = case.draw(pattern, self.occupancy)
        return None if names is None else Option(pattern, names, case.claims(pattern, names))

    def _keeps(self, other: _Planned, pattern: Pattern) -> bool:
        """Return whether ``other`` loses nothing by ``pattern``: nights, a fallback, or a week."""
        before = self.valuation.worth(other.case, other.pattern)
        after = self.valuation.worth(other.case, pattern)
        return (
            after.nights <= before.nights
            and after.alone <= before.alone
            and after.days <= before.days + LATER
        )

    def _spend(self, case: CasePatterns) -> bool:
        self._work -= sum(len(leg.promising) for leg in case.legs.values())
        return self._work >= 0

    @contextmanager
    def _without(self, other: _Planned) -> Iterator[None]:
        self._out.add(other.id)
        try:
            with self.ledger.without(other.bookings):
                yield
        finally:
            self._out.remove(other.id)

    @contextmanager
    def _with(self, option: Option) -> Iterator[None]:
        self.occupancy.claim(option.claims)
        try:
            yield
        finally:
            self.occupancy.release(option.claims)

    def _replaceable(self, case: CasePatterns) -> bool:
        """Return whether no leg of ``case`` has begun."""
        movable = self.ledger.movable(case.case.id)
        return all(
            one in movable
            for one in self.ledger.of(case.case.id)
            if one.operation in case.case.legs
        )

    def _planned(self, id: str) -> _Planned | None:
        """Return another case with its bookings; None when they cannot move together and whole."""
        if id in self._out:
            return None
        if id not in self._known:
            self._known[id] = self._as_planned(self.ledger.patterns.of(id))
        return self._known[id]

    def _as_planned(self, case: CasePatterns) -> _Planned | None:
        booked = {one.operation: one for one in self.ledger.movable(case.case.id)}
        legs = case.case.legs
        if not self._replaceable(case) or any(leg not in booked for leg in legs):
            return None
        bookings = tuple(booked[leg] for leg in legs)
        pattern = pattern_of(case, bookings)
        return None if pattern is None else _Planned(case, bookings, pattern)

    # --- Who is in the way ------------------------------------------------------------------

    def _pairs(self, case: CasePatterns, wanted: Iterable[Pattern]) -> _Pairs:
        """Return who alone is in the way of which pattern, what is least firm first."""
        pairs: dict[_Planned, list[Pattern]] = {}
        for pattern in wanted:
            for other in filter(None, map(self._planned, sorted(self._in_the_way(case, pattern)))):
                pairs.setdefault(other, []).append(pattern)
        firmer = sorted(pairs, key=lambda one: one.promised)
        return [(other, pattern) for other in firmer for pattern in pairs[other][:EACH]]

    def _by_people(self, case: CasePatterns, pairs: _Pairs) -> _Pairs:
        """Return the pairs in which only people are short, so that other names could do."""
        crowded = {one for one in {one for _, one in pairs} if self._crowded(case, one)}
        return [pair for pair in pairs if pair[1] not in crowded]

    def _crowded(self, case: CasePatterns, pattern: Pattern) -> bool:
        return any(True for _ in self._full(case, pattern))

    def _in_the_way(self, case: CasePatterns, pattern: Pattern) -> frozenset[str]:
        """Return the cases each of which holds something of all that ``pattern`` is short of."""
        common: frozenset[str] | None = None
        for cases in chain(self._full(case, pattern), self._short(pattern)):
            common = frozenset(cases - self._out if common is None else common & cases)
            if not common:
                break
        return common or frozenset()

    def _full(self, case: CasePatterns, pattern: Pattern) -> Iterator[set[str]]:
        """Yield the cases inside or aboard where places or seats are short."""
        departure, last = pattern.departure, pattern.legs[-1][0]
        if departure is not None:
            for seat in last.seats:
                if not seat.fits(departure.id, self.occupancy, "free"):
                    yield self._cases(self.ledger.aboard(departure.id, seat.declaration.kind))
        _, places = case.seats_and_nights(departure.id if departure else None)
        facility = pattern.facility
        for night in case.nights(pattern) if facility is not None else ():
            if facility is not None and self.occupancy.places_left(facility, night) < places:
                yield self._cases(self.ledger.inside(facility, night))

    def _short(self, pattern: Pattern) -> Iterator[set[str]]:
        """Yield the cases each of which holds all the people that some need is short of."""
        for layout, slot in pattern.legs:
            for need in _of_others(layout):
                if not layout.meets(need, self.occupancy, "free", within=1 << slot) >> slot & 1:
                    yield self._holding(need, slot)

    def _holding(self, need: Need, slot: int) -> set[str]:
        missing, held, base = need.count, Counter[str](), slot + need.base
        for unit in need.pool.units:
            if any(self.occupancy.is_free(block, base) for block in unit):
                missing -= 1
            else:
                held.update(set().union(*(self._only_holder(block, base) for block in unit)))
        return {case for case, units in held.items() if units >= missing}

    def _only_holder(self, block: Block, base: int) -> set[str]:
        """Return the one case but for which a block would be free, if there is one."""
        line = span(base + block.lead, base + block.lead + block.length)
        if base + block.lead < 0 or line & ~self.occupancy.rostered(block.resource):
            return set()
        cases = self._cases(self.ledger.holders(block.resource, line)) - self._out
        return cases if len(cases) == 1 else set()

    def _cases(self, bookings: Iterable[str]) -> set[str]:
        return {self.ledger.bookings[one].case for one in bookings}

    # --- Patterns with little in their way --------------------------------------------------

    def _near(self, case: CasePatterns) -> list[Pattern]:
        """Return patterns open in the empty world, those short of one thing first, best first."""
        found = islice(self._spread(case), 2 * PATTERNS)
        ranked = sorted(found, key=lambda one: (one[0] > 1, *self._rank(case, one[1])))
        return [pattern for _, pattern in ranked[:PATTERNS]]

    def _rank(self, case: CasePatterns, pattern: Pattern) -> tuple[int, ...]:
        worth = self.valuation.worth(case, pattern)
        return worth.nights, worth.alone, worth.days

    def _spread(self, case: CasePatterns) -> Iterator[tuple[int, Pattern]]:
        """Yield patterns of each layout or pair of legs, and how much they are short of."""
        if case.chained:
            yield from self._joined(case)
            return
        for layout, lines in self._rostered(case, case.case.legs[0]):
            short = 1 if lines[1] else 2
            for slot in islice((first for first, _ in spans(lines[short])), STRETCHES):
                yield short, Pattern(case.case.id, ((layout, slot),))

    def _joined(self, case: CasePatterns) -> Iterator[tuple[int, Pattern]]:
        """Yield pairs of legs: with each removal the latest placements that are least short."""
        removals = sorted(self._rostered(case, "removal"), key=lambda one: _lacks(one[1]))
        groups: dict[JoinKey, list[tuple[Layout, _Lines]]] = {}
        for placement, lines in self._rostered(case, "placement") if removals else ():
            end = placement.frame.ends[-1]
            ends = lines[0] << end, lines[1] << end, lines[2] << end
            groups.setdefault(case.join_key(placement), []).append((placement, ends))
        for removal, lines in removals:
            for key, members in groups.items():
                there = span(*case.end_range(key, removal, case.patterns.empty, "rostered"))
                free = span(*case.end_range(key, removal, self.occupancy))
                for short, placement, end in _least(members, _lacks(lines), free, there & ~free):
                    slot = end - placement.frame.ends[-1]
                    legs = (placement, slot), (removal, removal.anchor)
                    yield short, Pattern(case.case.id, legs)

    def _rostered(self, case: CasePatterns, leg: Leg) -> Iterator[tuple[Layout, "_Lines"]]:
        """Yield the layouts open in the empty world, their slots by how much they are short of."""
        for layout, line in case.open_layouts(leg, case.patterns.empty, "rostered"):
            once = twice = 0
            for allows in self._allowed(case, layout, line):
                twice |= once & ~allows
                once |= line & ~allows
            yield layout, (line & ~once, once & ~twice, twice)

    def _allowed(self, case: CasePatterns, layout: Layout, line: Timeline) -> Iterator[Timeline]:
        """Yield the slots that seats, nights and people each leave."""
        departure, full = layout.departure, case.world.grid.full
        if departure is not None:
            for seat in layout.seats:
                yield full if seat.fits(departure.id, self.occupancy, "free") else 0
        if layout.of.nights is not None:
            yield case.stay_starts(layout, self.occupancy, "free")
        for need in _of_others(layout):
            yield layout.meets(need, self.occupancy, "free", within=line)


_Lines = tuple[Timeline, Timeline, Timeline]
"""Slots that lack nothing, one thing, and more."""


def _lacks(lines: _Lines) -> int:
    """Return how much a layout is short of where it is short of least."""
    return next(n for n, line in enumerate(lines) if line)


def _least(
    members: Sequence[tuple[Layout, _Lines]], lacks: int, free: Timeline, full: Timeline
) -> Iterator[tuple[int, Layout, int]]:
    """Yield how much a placement and its removal are short of, the placement, and where it ends.

    Only where it is least, though something; the removal ``lacks`` so much already, and the nights
    between are one thing more where they are ``full``.
    """
    found = 0
    ways = ((lacks + own + nights, own, nights) for own in range(3) for nights in range(2))
    for short, own, nights in sorted(way for way in ways if way[0]):
        if found and short > found:
            return
        within = full if nights else free
        union = reduce(or_, (ends[own] for _, ends in members)) & within
        for _, after in islice(reversed([*spans(union)]), STRETCHES):
            found = short
            placement = next(one for one, ends in members if ends[own] >> after - 1 & 1)
            yield short, placement, after - 1


def _of_others(layout: Layout) -> Iterator[Need]:
    """Yield what is asked of all but the person, who is always there for their own case."""
    own = layout.of.own
    return (need for need in layout.needs if own is None or need.declaration is not own[1])


def _shape(pattern: Pattern) -> list[tuple[Frame, int]]:
    return [(layout.frame, slot) for layout, slot in pattern.legs]


def _rebooked(other: _Planned, option: Option) -> tuple[Booking, ...]:
    """Return the new bookings under the ids and with the status of those they replace."""
    made: list[Booking] = []
    for old, new in zip(
        other.bookings, bookings_of(other.case, option.pattern, option.names), strict=True
    ):
        follows = made[-1].id if made else old.follows
        made.append(new.model_copy(update={"id": old.id, "status": old.status, "follows": follows}))
    return tuple(made)
