"""Signatures: why each pattern of a case is shut, exactly and without a solver.

The *signature* of a pattern is the set of conditions that forbid it. The minimal ones over all
patterns are the *correction sets*: the least that would have to change for the case to fit.
Facilities and departures have phantoms, so that a signature can also say "no such facility" or "no
such departure".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from operator import or_

from scheduler.constraint import Declaration, Register, Standing
from scheduler.grid import Stretch, local_date
from scheduler.layout import Condition, Layout
from scheduler.need import Booked, Need
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns, JoinKey, Pattern
from scheduler.timeline import Timeline, earliest, span
from scheduler.world import Leg

Signature = frozenset[Condition]
Family = dict[int, Timeline]
"""Anchors, or ends of a placement, by what forbids them: a bit per condition."""
Way = tuple[tuple[Layout, ...], Timeline]
"""A layout per leg, and the anchors of the first that are meant."""


class Explanation:
    """The correction sets of one case in one occupancy; ``{∅}`` when the case is open.

    ``within`` asks only for what is about a moment in that stretch: a departure, or the start of a
    placement. The occupancy must stay as it is for as long as the explanation is asked.
    """

    def __init__(
        self, case: CasePatterns, occupancy: Occupancy, within: Stretch | None = None
    ) -> None:
        self.case = case
        self.occupancy = occupancy
        self.within = within
        self._said: dict[Condition, Declaration] = {}
        self._runs: dict[tuple[object, int], Family] = {}
        self._hoped: dict[Leg, list[tuple[Layout, Timeline]]] = {}

    @property
    def register(self) -> Register:
        """The register whose constraints block."""
        return self.case.patterns.register

    @cached_property
    def correction_sets(self) -> tuple[Signature, ...]:
        """The minimal signatures over all patterns, smallest first; none when there is no pattern.

        There is none where no road, template or moment of the horizon serves the case.
        """
        if any(True for _ in self.hopeful_ways()):
            found = [reduce(or_, map(self._base, self.case.legs))]
        else:
            found = self._chain() if self.case.chained else self._single()
        conditions = list(self.case.numbers)
        sets = [
            frozenset(one for n, one in enumerate(conditions) if mask >> n & 1) for mask in found
        ]
        return tuple(sorted(sets, key=lambda one: (len(one), sorted(one))))

    @cached_property
    def is_open(self) -> bool:
        """Whether some pattern is open; it asks for no correction set."""
        return any(True for _ in self.open_ways())

    def open_ways(self) -> Iterator[Way]:
        """Yield the open patterns, layout by layout."""
        if not any(of.barred for of in self.case.legs.values()):
            yield from self.hopeful_ways()

    def open_pattern(self) -> Pattern | None:
        """Return one open pattern; None when there is none."""
        return next((first_of(self.case, one) for one in self.open_ways()), None)

    def open_removals(self) -> Iterator[Layout]:
        """Yield the removals of a chain that are open by themselves."""
        return (layout for layout, _ in self._hopeful("removal"))

    def hopeful_ways(self) -> Iterator[Way]:
        """Yield the patterns that nothing but standing checks forbids, layout by layout."""
        case, (first, *others) = self.case, self.case.case.legs
        placements = self._hopeful(first)
        if not others:
            yield from (((layout,), line) for layout, line in placements)
            return
        alike: dict[JoinKey, list[tuple[Layout, Timeline]]] = {}
        for layout, line in placements:
            alike.setdefault(case.join_key(layout), []).append((layout, line))
        ends = {
            key: reduce(or_, (line << layout.frame.ends[-1] for layout, line in group))
            for key, group in alike.items()
        }
        for removal, _ in self._hopeful("removal") if placements else ():
            for key, group in alike.items():
                within = span(*case.end_range(key, removal, self.occupancy))
                for layout, line in group if ends[key] & within else ():
                    if pairs := line & within >> layout.frame.ends[-1]:
                        yield (layout, removal), pairs

    def _hopeful(self, leg: Leg) -> list[tuple[Layout, Timeline]]:
        found = self._hoped.get(leg)
        if found is None:
            found = self.case.hopeful_layouts(leg, self.occupancy)
            if leg == self.case.case.legs[-1]:
                found = [
                    (one, line) for one, starts in found if (line := starts & self._meant(one))
                ]
            self._hoped[leg] = found
        return found

    def ways(self, conditions: Signature) -> Iterator[Way]:
        """Yield the patterns that nothing but ``conditions``, a correction set, forbids.

        Layout by layout; for a chain removal by removal, in the order of their departures.
        """
        if not conditions:
            yield from self.open_ways()
            return
        allowed = sum(1 << self.case.numbers[one] for one in conditions)
        lines = {
            leg: [(one, line) for one, family in families if (line := _within(family, allowed))]
            for leg, families in self._families.items()
        }
        if not self.case.chained:
            yield from (((layout,), line) for layout, line in lines[self.case.case.legs[0]])
            return
        placements: dict[JoinKey, list[tuple[Layout, Timeline]]] = {}
        for placement, starts in lines["placement"]:
            placements.setdefault(self.case.join_key(placement), []).append((placement, starts))
        for removal, _ in lines["removal"]:
            for key, group in placements.items():
                if key[0] != removal.facility:
                    continue
                ends = _within(self._pair_family(key, [removal]), allowed)
                for placement, starts in group if ends else ():
                    if pairs := starts & ends >> placement.frame.ends[-1]:
                        yield (placement, removal), pairs

    def forbidding(self, layout: Layout, anchors: Timeline) -> Family:
        """Return those of ``anchors`` that a layout can have, by what forbids the leg alone."""
        return self._family(layout, self._base(layout.leg), layout.domain & anchors, ())

    def parting(self, placement: Layout, removal: Layout) -> Family:
        """Return the slots at which a placement may end, by what forbids the pair of a chain."""
        return self._pair_family(self.case.join_key(placement), [removal])

    def conditions(self, mask: int) -> Signature:
        """Return the conditions of a key of :meth:`forbidding` or :meth:`parting`."""
        return frozenset(one for one, n in self.case.numbers.items() if mask >> n & 1)

    def says(self, condition: Condition) -> Declaration:
        """Return the declaration behind a condition of a correction set: the first that forbade."""
        return self._said[condition]

    @cached_property
    def _families(self) -> Mapping[Leg, list[tuple[Layout, Family]]]:
        """Per leg, the layouts with their anchors by what forbids them.

        Of a lone leg, what some other pattern does with less is left out as soon as it shows.
        """
        families: dict[Leg, list[tuple[Layout, Family]]] = {leg: [] for leg in self.case.legs}
        for leg, of in self.case.legs.items():
            last, base = leg == self.case.case.legs[-1], self._base(leg)
            least: list[int] = []
            for layout in (*of.layouts, *of.phantoms):
                domain = self._meant(layout) if last else layout.domain
                family = self._family(layout, base, domain, least) if domain else {}
                families[leg].append((layout, family))
                for mask in family if not self.case.chained else ():
                    _add(least, mask)
        return families

    def _meant(self, layout: Layout) -> Timeline:
        """Return the anchors about a moment in ``within``; a phantom departure is about its day."""
        if self.within is None:
            return layout.domain
        (since, until), departure = self.within, layout.departure
        if departure is None:
            grid = self.case.world.grid
            return span(grid.ceil(since), grid.floor(until) + 1) & layout.domain
        if departure.id not in self.case.world.departure:
            zone = self.case.world.location[departure.from_].timezone
            day = local_date(departure.departs, zone)
            about = local_date(since, zone) <= day <= local_date(until, zone)
        else:
            about = since <= departure.departs <= until
        return layout.domain if about else 0

    def _single(self) -> list[int]:
        found: list[int] = []
        for _, family in self._families[self.case.case.legs[0]]:
            for mask in family:
                _add(found, mask)
        return found

    def _chain(self) -> list[int]:
        """Join both legs: signatures unite, and what binds the pair adds its own conditions.

        Placements that join alike are one family over the slots at which they end.
        """
        placements: dict[JoinKey, Family] = {}
        for placement, family in self._families["placement"]:
            joint = placements.setdefault(self.case.join_key(placement), {})
            for mask, starts in family.items():
                joint[mask] = joint.get(mask, 0) | starts << placement.frame.ends[-1]
        removals: dict[tuple[int, str | None], list[Layout]] = {}
        for removal, family in self._families["removal"]:
            for mask in family:
                removals.setdefault((mask, removal.facility), []).append(removal)
        found: list[int] = []
        for (mask, facility), group in sorted(removals.items(), key=lambda one: _size(one[0][0])):
            for key, joint in placements.items():
                if key[0] != facility:
                    continue
                hopeful = [
                    (mask | own, ends)
                    for own, ends in joint.items()
                    if not _dominated(mask | own, found)
                ]
                for between, line in self._pair_family(key, group).items() if hopeful else ():
                    for both, ends in hopeful:
                        if ends & line:
                            _add(found, both | between)
        return found

    def _base(self, leg: Leg) -> int:
        """Return the conditions that forbid the leg altogether: they are in every signature."""
        return reduce(
            or_,
            (
                1 << self._number(Condition(constraint.id, "rule", rule.known), rule)
                for constraint, rule in self.case.declared[leg]
                if isinstance(rule, Standing) and rule.forbids
            ),
            0,
        )

    def _pair_family(self, join: JoinKey, removals: list[Layout]) -> dict[int, Timeline]:
        """Return, over a group of removals, the ends of a placement by what binds the pair."""
        union: dict[int, Timeline] = {}
        ends = self._ends
        for removal in removals:
            family = {0: ends}
            for condition, rule, allows in self._between(join, removal):
                if ends & ~allows:
                    family = _refine(family, 1 << self._number(condition, rule), allows)
            for mask, line in family.items():
                union[mask] = union.get(mask, 0) | line
        return union

    def _between(
        self, join: JoinKey, removal: Layout
    ) -> Iterator[tuple[Condition, Declaration, Timeline]]:
        case, (facility, arrival, edges) = self.case, join
        order = span(*case.order_range(removal))
        for (constraint, rule), edge in zip(case.spans, edges, strict=True):
            line = span(*case.span_range(rule, edge, removal)) & order
            yield Condition(constraint, "rule"), rule, line
        if case.between is None:
            return
        constraint, nights = case.between
        there, left = (
            span(*case.night_range(facility, arrival, removal, self.occupancy, booked))
            for booked in _LAYERS_ASKED
        )
        yield Condition(constraint, "not-rostered"), nights, there
        yield Condition(constraint, "claimed"), nights, left | ~there

    @cached_property
    def _ends(self) -> Timeline:
        """The slots at which a placement may end, with its last slot or beyond the horizon too."""
        of = self.case.legs["placement"]
        longest = max(one.frame.ends[-1] for one in (*of.layouts, *of.phantoms))
        return span(0, self.case.world.grid.slots + longest)

    def _family(self, layout: Layout, base: int, domain: Timeline, least: Sequence[int]) -> Family:
        """Split the anchors of a layout by the conditions that forbid them beside ``base``.

        What holds one of ``least`` and more drops out.
        """
        if layout.frame.anchor is not None:
            return {reduce(or_, self._bits(self._fixed(layout)), base): domain}
        family = {
            base | mask: some
            for mask, line in self._barred(layout).items()
            if (some := line & domain)
        }
        for condition, rule, allows in self._floating(layout):
            if domain & ~allows:
                family = _refine(family, 1 << self._number(condition, rule), allows)
        for run, needs in layout.of.shared(layout.frame).runs:
            start = layout.frame.starts[run]
            family = _product(family, self._run_family(layout, run, needs), start)
            family = _without(family, least)
        return family

    def _bits(self, forbidding: Iterable[tuple[Condition, Declaration]]) -> Iterator[int]:
        return (1 << self._number(condition, rule) for condition, rule in forbidding)

    def _fixed(self, layout: Layout) -> Iterator[tuple[Condition, Declaration]]:
        """Yield what forbids a layout whose anchor is fixed."""
        yield from self.case.shut(layout)
        departure, anchor, free = layout.departure, layout.anchor, self.occupancy
        if departure is not None and departure.id in self.case.world.departure:
            for seat in layout.seats:
                if seat.fits(departure.id, free, "rostered") and not seat.fits(
                    departure.id, free, "free"
                ):
                    yield Condition(seat.constraint, "claimed"), seat.declaration
        for need in layout.needs:
            if not need.met(free, "free", anchor, need.count) and any(
                need.met(free, "rostered", anchor, count)
                and not need.met(free, "free", anchor, count)
                for count in range(1, need.count + 1)
            ):
                yield Condition(need.constraint, "claimed"), need.declaration

    def _barred(self, layout: Layout) -> Family:
        """Split the anchors of a layout by what the case alone forbids there."""
        bits = [1 << self._number(bar.condition, bar.declaration) for bar in layout.bars]
        family = self.case.barred.get(layout)
        if family is None:
            family = {0: layout.domain}
            for bit, bar in zip(bits, layout.bars, strict=True):
                family = _refine(family, bit, bar.allows)
            self.case.barred[layout] = family
        return family

    def _floating(self, layout: Layout) -> Iterator[tuple[Condition, Declaration, Timeline]]:
        """Yield the anchors that each condition allows which frames of a shape do not ask alike."""
        if layout.of.nights is not None:
            constraint, nights = layout.of.nights
            there, left = (
                self.case.stay_starts(layout, self.occupancy, booked) for booked in _LAYERS_ASKED
            )
            yield Condition(constraint, "not-rostered"), nights, there
            yield Condition(constraint, "claimed"), nights, left | ~there
        if layout.of.own is not None:
            constraint, asked = layout.of.own
            there, left = (layout.own(self.occupancy, booked) for booked in _LAYERS_ASKED)
            yield Condition(constraint, "not-rostered"), asked, there
            yield Condition(constraint, "claimed"), asked, left | ~there
        for need in layout.apart:
            yield from self._layers(need, 0)

    def _layers(self, need: Need, after: int) -> Iterator[tuple[Condition, Declaration, Timeline]]:
        """Yield what a need allows on each layer: |R| >= k, and |F| >= min(k, |R|)."""
        unclaimed = -1
        for count in range(1, need.count + 1):
            there, left = (
                need.starts(self.occupancy, booked, count, after=after) for booked in _LAYERS_ASKED
            )
            unclaimed &= left | ~there
        yield Condition(need.constraint, "not-rostered"), need.declaration, there
        yield Condition(need.constraint, "claimed"), need.declaration, unclaimed

    def _run_family(self, layout: Layout, run: int, needs: tuple[Need, ...]) -> Family:
        """Split the slots at which a run of phases may begin, some beyond the horizon, alike."""
        key = layout.frame.shape, run
        family = self._runs.get(key)
        if family is None:
            shared = layout.of.shared(layout.frame).frame
            longest = layout.of.longest_wait(layout.frame.shape, run)
            family = {0: span(0, self.case.world.grid.slots + longest)}
            for need in needs:
                for condition, rule, allows in self._layers(need, shared.starts[run]):
                    family = _refine(family, 1 << self._number(condition, rule), allows)
            self._runs[key] = family
        return family

    def _number(self, condition: Condition, rule: Declaration) -> int:
        """Return the bit of ``condition`` in this case; the first ``rule`` that forbade speaks."""
        self._said.setdefault(condition, rule)
        return self.case.numbers.setdefault(condition, len(self.case.numbers))


def first_of(case: CasePatterns, way: Way) -> Pattern:
    """Return the earliest pattern of a way."""
    (first, *others), line = way
    slot = earliest(line)
    assert slot is not None
    return Pattern(case.case.id, ((first, slot), *((one, one.anchor) for one in others)))


def _within(family: Family, allowed: int) -> Timeline:
    """Return where nothing forbids but what is allowed to."""
    line = 0
    for mask, anchors in family.items():
        if not mask & ~allowed:
            line |= anchors
    return line


def _without(family: Family, least: Sequence[int]) -> Family:
    """Leave out what holds one of ``least`` and more."""
    return {
        mask: anchors
        for mask, anchors in family.items()
        if not any(one & mask == one != mask for one in least)
    }


def _product(family: Family, run: Family, start: int) -> Family:
    """Unite what forbids an anchor with what forbids a run that begins so many slots after it."""
    union: Family = {}
    shifted = [(more, line) for more, slots in run.items() if (line := slots >> start)]
    for mask, anchors in family.items():
        for more, line in shifted:
            if both := anchors & line:
                union[mask | more] = union.get(mask | more, 0) | both
    return union


def _refine(family: Mapping[int, Timeline], bit: int, allows: Timeline) -> dict[int, Timeline]:
    """Move the anchors that a condition forbids to the signature with its bit."""
    refined: dict[int, Timeline] = {}
    for mask, line in family.items():
        kept, shut = line & allows, line & ~allows
        if kept:
            refined[mask] = refined.get(mask, 0) | kept
        if shut:
            refined[mask | bit] = refined.get(mask | bit, 0) | shut
    return refined


def _dominated(mask: int, found: list[int]) -> bool:
    return any(one & mask == one for one in found)


def _size(mask: int) -> int:
    return mask.bit_count()


def _add(found: list[int], mask: int) -> None:
    """Keep ``found`` an antichain of minimal masks."""
    if _dominated(mask, found):
        return
    found[:] = [one for one in found if mask & one != mask]
    found.append(mask)


_LAYERS_ASKED: tuple[Booked, Booked] = ("rostered", "free")
