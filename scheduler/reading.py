"""Readings: what declarations and frames mean in slots, worked out once for all cases."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from scheduler.constraint import Elapsed
from scheduler.frame import Frame, frames, leads
from scheduler.grid import Grid, Stretch, day_lines, days, midnight
from scheduler.need import Needs
from scheduler.timeline import Timeline, span
from scheduler.world import Case, Departure, Leg, Template, World
from scheduler.world import Seats as FreeSeats

MOST = 10_000
"""Sets of days kept as slots: more than are asked of at a time, few enough to hold."""


class Readings:
    """What declarations, frames and needs of a world mean in slots; cases share the answers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.needs = Needs(world)
        self._frames: dict[tuple[str, str, str | None, str | None], tuple[Frame, ...]] = {}
        self._nowhere: set[object] = set()
        self._absent: dict[str, tuple[Departure, ...]] = {}
        self._days: dict[tuple[str, Timeline], Timeline] = {}
        self._windows: dict[object, tuple[tuple[Stretch, ...], Timeline]] = {}
        self._elapsed: dict[object, tuple[tuple[Stretch, ...], Timeline]] = {}
        self._paused: dict[int, tuple[tuple[Stretch, ...], npt.NDArray[np.int64]]] = {}

    def follow(self, world: World) -> None:
        """Go on with ``world``, whose roads, places and templates are the same.

        At another moment what only the one before asked is left, and frames of departures that are
        not as they were.
        """
        if world.as_of != self.world.as_of:
            for known in (self._windows, self._elapsed, self._paused):
                known.clear()
        if world.departures != self.world.departures:
            before, after = self.world.departure, world.departure
            self._absent.clear()
            self._frames = {
                key: known
                for key, known in self._frames.items()
                if (name := key[-1]) is None or before.get(name, key) == after.get(name)
            }
        self.world = world
        self.needs.world = world

    def absent_departures(self, place: str) -> tuple[Departure, ...]:
        """Return a departure a day at noon that does not exist.

        From where most departures are from to which a road leads; from ``place`` without any.
        """
        known = self._absent.get(place)
        if known is None:
            known = self._absent[place] = tuple(self._never(place))
        return known

    def _never(self, place: str) -> Iterator[Departure]:
        world = self.world
        near = [one for one in world.departures if world.drive(place, one.from_) is not None]
        origins = [one.from_ for one in near if one.kind == "scheduled"]
        origins = origins or [one.from_ for one in near] or [place]
        origin = max(sorted(set(origins)), key=origins.count)
        kind = next(one for one in world.templates if one.operation == "removal").kinds[0]
        zone = world.location[origin].timezone
        for day in days(world.grid, zone):
            yield Departure(
                id=f"none-{day.isoformat()}",
                kind=kind,
                carrier="none",
                number="none",
                charter="national" if kind == "charter" else None,
                from_=origin,
                destination=origin,
                departs=midnight(day, zone) + timedelta(hours=12),
                arrives=midnight(day, zone) + timedelta(hours=14),
                seats=FreeSeats(),
            )

    def frames(
        self,
        case: Case,
        leg: Leg,
        facility: str | None,
        departures: Iterable[Departure | None],
    ) -> Iterator[Frame]:
        """Yield the frames of ``leg`` for ``case``; cases of one place share them."""
        origin = case.location
        if leg == "removal" and facility is not None:
            origin = self.world.facility[facility].location
        templates: dict[str | None, Template] = {}
        for departure in departures:
            kind, airport = (departure.kind, departure.from_) if departure else (None, None)
            way = case.templates, leg, origin, facility, kind, airport
            if way in self._nowhere:
                continue
            template = templates.get(kind)
            if template is None:
                template = templates[kind] = self.world.template_for(case, leg, kind)
            key = template.id, origin, facility, departure.id if departure else None
            known = self._frames.get(key)
            if known is None:
                known = tuple(frames(self.world, template, origin, facility, departure))
                self._frames[key] = known
                if not known and not leads(self.world, template, origin, facility, departure):
                    self._nowhere.add(way)
            yield from known

    def on_days(self, zone: str, chosen: Timeline) -> Timeline:
        """Return the slots of the local days whose bit is set in ``chosen``."""
        line = self._days.get((zone, chosen))
        if line is None:
            line = 0
            for day, slots in enumerate(day_lines(self.world.grid, zone)):
                if chosen >> day & 1:
                    line |= slots
            if len(self._days) >= MOST:
                self._days.clear()
            self._days[zone, chosen] = line
        return line

    def window(self, stretches: tuple[Stretch, ...], first: int, last: int) -> Timeline:
        """Return the anchors from which slots ``first`` to ``last`` lie inside a stretch."""
        key = id(stretches), first, last
        known = self._windows.get(key)
        if known is None:
            grid, line = self.world.grid, 0
            for since, until in stretches:
                line |= span(
                    grid.ceil(since) - first, min(grid.floor(until) - last + 1, grid.slots)
                )
            known = self._windows[key] = stretches, line
        return known[1]

    def elapsed(self, rule: Elapsed, first: int, last: int) -> Timeline:
        """Return the anchors at which the time from ``first`` to ``last`` obeys ``rule``."""
        key = id(rule.pauses), first, last, rule.at_least, rule.at_most
        known = self._elapsed.get(key)
        if known is None:
            known = rule.pauses, self._passes(rule, first, last)
            self._elapsed[key] = known
        return known[1]

    def _passes(self, rule: Elapsed, first: int, last: int) -> Timeline:
        """Weigh every stretch at once: prefix sums of what is paused, no loop over slots."""
        grid = self.world.grid
        known = self._paused.get(id(rule.pauses))
        if known is None:
            known = self._paused[id(rule.pauses)] = rule.pauses, _paused(grid, rule.pauses)
        total, at = known[1], np.arange(grid.slots)
        passed = (last - first) * grid.minutes * _MINUTE - (
            total[np.clip(at + last, 0, grid.slots)] - total[np.clip(at + first, 0, grid.slots)]
        )
        fits = passed >= rule.at_least * _MINUTE
        if rule.at_most is not None:
            fits &= passed <= rule.at_most * _MINUTE
        return int.from_bytes(np.packbits(fits, bitorder="little").tobytes(), "little")


_MINUTE = 60_000_000
"""A minute in microseconds, so that times are exact."""


def _paused(grid: Grid, pauses: tuple[Stretch, ...]) -> npt.NDArray[np.int64]:
    """Return the microseconds of ``pauses`` before each slot of ``grid``, and before its end."""
    total = np.zeros(grid.slots + 1, dtype=np.int64)
    at = np.arange(grid.slots + 1, dtype=np.int64) * grid.minutes * _MINUTE
    for pause in pauses:
        since, until = ((one - grid.start) // timedelta(microseconds=1) for one in pause)
        total += np.clip(at - since, 0, until - since)
    return total
