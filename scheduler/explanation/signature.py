"""Why a case has no open pattern: minimal signatures, exact and without a solver.

The *signature* of a pattern is the set of conditions that forbid it. The minimal ones over all
patterns are the *correction sets*: the least that would have to change for the case to fit. A
light's colour follows from them. Facilities and departures have phantoms, so that a signature can
also say "no such facility" or "no such departure".
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property, reduce
from operator import and_, or_
from typing import Literal

from scheduler.constraint import Declaration, Register, Standing, Text
from scheduler.layout import Condition, Layout
from scheduler.need import Booked, Need
from scheduler.occupancy import Occupancy
from scheduler.pattern import CasePatterns, JoinKey
from scheduler.timeline import Timeline, span
from scheduler.world import Leg

Colour = Literal["red", "grey", "amber", "green"]
Signature = frozenset[Condition]


@dataclass(frozen=True, slots=True)
class LightState:
    """A light with its colour and the conditions under it that stand in a correction set."""

    light: str
    colour: Colour
    reasons: tuple["Reason", ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition that blocks, in words."""

    condition: Condition
    says: Text


class Explanation:
    """The correction sets of one case in one occupancy; ``{∅}`` when the case is open."""

    def __init__(self, case: CasePatterns, occupancy: Occupancy) -> None:
        self.case = case
        self.occupancy = occupancy
        self._index: dict[Condition, int] = {}
        self._said: dict[Condition, Declaration] = {}

    @property
    def register(self) -> Register:
        """The register whose constraints block."""
        return self.case.patterns.register

    @cached_property
    def correction_sets(self) -> tuple[Signature, ...]:
        """The minimal signatures over all patterns, smallest first."""
        found = self._chain() if self.case.chained else self._single(self.case.case.legs[0])
        conditions = list(self._index)
        sets = [
            frozenset(one for n, one in enumerate(conditions) if mask >> n & 1) for mask in found
        ]
        return tuple(sorted(sets, key=lambda one: (len(one), sorted(one))))

    @cached_property
    def lights(self) -> tuple[LightState, ...]:
        """Every light in order, with its colour and its reasons."""
        return tuple(self._light(light) for light in self.register.lights)

    def reasons(self, conditions: Iterable[Condition]) -> tuple[Reason, ...]:
        """Put conditions into words, in the order of the register."""
        order = {one.id: n for n, one in enumerate(self.register.constraints)}
        return tuple(
            Reason(one, self._say(one))
            for one in sorted(conditions, key=lambda one: (order.get(one.constraint, 0), one))
        )

    def _light(self, light: str) -> LightState:
        sets = self.correction_sets
        theirs = [
            {one for one in conditions if self.register[one.constraint].light == light}
            for conditions in sets
        ]
        if not sets:
            return LightState(light, "grey", ())
        if all(any(one.known for one in mine) for mine in theirs):
            colour: Colour = "red"
        elif any(not one.known for mine in theirs for one in mine):
            colour = "grey"
        else:
            colour = "amber" if any(theirs) else "green"
        return LightState(light, colour, self.reasons(set().union(*theirs)))

    def _say(self, condition: Condition) -> Text:
        constraint = self.register[condition.constraint]
        rule = self._said[condition]
        words = {one.name: _word(getattr(rule, one.name)) for one in fields(rule)}
        layer = _LAYERS[condition.layer] if condition.known else _UNKNOWN
        return Text(
            f"{constraint.says.nl.format_map(words)}{layer.nl}",
            f"{constraint.says.en.format_map(words)}{layer.en}",
        )

    def _single(self, leg: Leg) -> list[int]:
        base = self._base(leg)
        found: list[int] = []
        for layout in (*self.case.legs[leg].layouts, *self.case.legs[leg].phantoms):
            for mask in self._family(layout, base, found):
                _add(found, mask)
        return found

    def _chain(self) -> list[int]:
        """Join both legs: signatures unite, and what binds the pair adds its own conditions."""
        placed, going = (self.case.legs[leg] for leg in self.case.case.legs)
        removals: dict[tuple[str | None, int], list[Layout]] = {}
        for removal in (*going.layouts, *going.phantoms):
            for mask in self._family(removal, self._base("removal"), []):
                removals.setdefault((removal.facility, mask), []).append(removal)
        groups = sorted(removals.items(), key=lambda one: one[0][1].bit_count())
        always = self._base("placement") | reduce(and_, (mask for _, mask in removals), -1)
        found: list[int] = []
        pairs: dict[tuple[int, JoinKey], dict[int, Timeline]] = {}
        for placement in (*placed.layouts, *placed.phantoms):
            family = self._family(placement, always, found) if removals else {}
            key = self.case.join_key(placement)
            for (facility, mask), group in groups:
                if facility != placement.facility or _dominated(always | mask, found):
                    continue
                if (mask, key) not in pairs:
                    pairs[mask, key] = self._pair_family(key, group)
                for between, line in pairs[mask, key].items():
                    for own, starts in family.items():
                        if starts << placement.frame.ends[-1] & line:
                            _add(found, own | mask | between)
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
        full = self.case.world.grid.full
        for removal in removals:
            family = {0: full}
            for condition, rule, allows in self._between(join, removal):
                if allows & full != full:
                    family = _refine(family, 1 << self._number(condition, rule), allows, [])
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
        yield Condition(constraint, "claimed"), nights, left | ~there & case.world.grid.full

    def _family(self, layout: Layout, base: int, found: list[int]) -> dict[int, Timeline]:
        """Split the anchors of a layout by the conditions that forbid them beside ``base``.

        What a signature in ``found`` dominates is left out.
        """
        if _dominated(base, found):
            return {}
        domain = layout.domain
        family = {base: domain}
        for condition, rule, allows in self._conditions(layout):
            if allows & domain == domain:
                continue
            family = _refine(family, 1 << self._number(condition, rule), allows, found)
            if not family:
                break
        return family

    def _conditions(self, layout: Layout) -> Iterator[tuple[Condition, Declaration, Timeline]]:
        full = self.case.world.grid.full
        for bar in layout.bars:
            if not isinstance(bar.declaration, Standing):
                yield bar.condition, bar.declaration, bar.allows
        yield from self._seats(layout)
        if layout.of.nights is not None:
            constraint, nights = layout.of.nights
            there_at = self.case.stay_starts(layout, self.occupancy, "rostered")
            left_at = self.case.stay_starts(layout, self.occupancy, "free")
            yield Condition(constraint, "not-rostered"), nights, there_at
            yield Condition(constraint, "claimed"), nights, left_at | ~there_at & full
        for need in layout.needs:
            yield (
                Condition(need.constraint, "not-rostered"),
                need.declaration,
                layout.meets(need, self.occupancy, "rostered"),
            )
            unclaimed = self._unclaimed(layout, need)
            yield Condition(need.constraint, "claimed"), need.declaration, unclaimed

    def _seats(self, layout: Layout) -> Iterator[tuple[Condition, Declaration, Timeline]]:
        """Yield what forbids for want of seats; a departure that does not exist says so once."""
        departure = layout.departure
        if departure is None:
            return
        absent = departure.id not in self.case.world.departure
        for seat in layout.seats[:1] if absent else layout.seats:
            if absent or not seat.fits(departure.id, self.occupancy, "rostered"):
                yield Condition(seat.constraint, "not-rostered"), seat.declaration, 0
            elif not seat.fits(departure.id, self.occupancy, "free"):
                yield Condition(seat.constraint, "claimed"), seat.declaration, 0

    def _unclaimed(self, layout: Layout, need: Need) -> Timeline:
        """Return the anchors where bookings are not what is short: |F| >= min(k, |R|)."""
        line = full = self.case.world.grid.full
        for count in range(1, need.count + 1):
            there = layout.meets(need, self.occupancy, "rostered", count)
            line &= layout.meets(need, self.occupancy, "free", count) | ~there & full
        return line

    def _number(self, condition: Condition, rule: Declaration) -> int:
        """Return the bit of ``condition``; the first ``rule`` that forbids is what it says."""
        self._said.setdefault(condition, rule)
        return self._index.setdefault(condition, len(self._index))


def reason(case: CasePatterns, occupancy: Occupancy) -> str:
    """Return the smallest correction set of ``case`` in English, joined by "and"."""
    explanation = Explanation(case, occupancy)
    if not explanation.correction_sets:
        return "the roads, the templates and the horizon leave no moment at all"
    smallest = explanation.correction_sets[0]
    if not smallest:
        return "open, but not taken by this plan"
    return " and ".join(one.says.en for one in explanation.reasons(smallest))


def _refine(
    family: Mapping[int, Timeline], bit: int, allows: Timeline, found: list[int]
) -> dict[int, Timeline]:
    """Move the anchors that a condition forbids to the signature with its bit."""
    refined: dict[int, Timeline] = {}
    for mask, line in family.items():
        kept, shut = line & allows, line & ~allows
        if kept:
            refined[mask] = refined.get(mask, 0) | kept
        if shut and not _dominated(mask | bit, found):
            refined[mask | bit] = refined.get(mask | bit, 0) | shut
    return refined


def _dominated(mask: int, found: list[int]) -> bool:
    return any(one & mask == one for one in found)


def _add(found: list[int], mask: int) -> None:
    """Keep ``found`` an antichain of minimal masks."""
    if _dominated(mask, found):
        return
    found[:] = [one for one in found if mask & one != mask]
    found.append(mask)


def _word(value: object) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value)))
    return str(value)


_LAYERS_ASKED: tuple[Booked, Booked] = ("rostered", "free")
_UNKNOWN = Text(" (niet bekend)", " (not known)")
_LAYERS = {
    "rule": Text("", ""),
    "not-rostered": Text(" (niet ingeroosterd)", " (none rostered)"),
    "claimed": Text(" (bezet door andere boekingen)", " (taken by other bookings)"),
}
