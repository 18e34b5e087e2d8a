"""Needs: what attendances ask of people, as pools of interchangeable blocks around a base slot."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import combinations, islice
from typing import Literal

from scheduler.constraint import Attendance
from scheduler.frame import Frame, reach
from scheduler.occupancy import Block, Occupancy, Pool
from scheduler.timeline import Timeline, shift, span
from scheduler.world import Resource, World

Booked = Literal["rostered", "free"]
"""The layer a question is asked on: nobody's booking counted, or all of them."""
Asked = tuple[str, Attendance]
"""An attendance and the constraint that asks for it."""


class Need:
    """``count`` units of a pool at the anchor plus ``base``; open where enough are free.

    With ``parts`` it is about several attendances of one role together, so that nobody serves two
    at a time; where one part alone has enough for all it need not be asked, and its pool is made
    only when it is.
    """

    __slots__ = ("_make", "_pool", "base", "constraint", "count", "declaration", "parts")

    def __init__(
        self,
        constraint: str,
        declaration: Attendance,
        count: int,
        base: int,
        make: Callable[[], Pool],
        parts: tuple["Need", ...] = (),
    ) -> None:
        self.constraint = constraint
        self.declaration = declaration
        self.count = count
        self.base = base
        self.parts = parts
        self._make = make
        self._pool: Pool | None = None

    @property
    def pool(self) -> Pool:
        """The units, around the base slot."""
        if self._pool is None:
            self._pool = self._make()
        return self._pool

    def starts(
        self, occupancy: Occupancy, booked: Booked, count: int | None = None, *, after: int = 0
    ) -> Timeline:
        """Return the anchor slots at which ``count`` units (all that is asked) are there.

        With ``after`` it is the slots that lie so many after the anchor, and not after the base.
        """
        ask = occupancy.free_starts if booked == "free" else occupancy.starts
        return shift(ask(self.pool, self.count if count is None else count), after - self.base)

    def met(self, occupancy: Occupancy, booked: Booked, anchor: int, count: int) -> bool:
        """Return whether ``count`` units are there when it hangs on ``anchor``."""
        return occupancy.has(self.pool, count, anchor + self.base, booked=booked == "free")


_Key = tuple[Attendance, str, str, int, int, tuple[timedelta, timedelta] | None]


def _sizes(asked: int) -> Iterable[int]:
    """Return the sizes of the groups that are asked together: all of them, up to eight askings.

    Beyond that (nobody has so many interpreters) only pairs and the whole: what then looks open
    may still find no names, and is not offered.
    """
    return range(2, asked + 1) if asked <= 8 else (2, asked)


class Needs:
    """The needs of frames, each pool made once: cases and frames that ask the same share it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._eligible: dict[Attendance, tuple[Resource, ...]] = {}
        self._of_home: dict[Attendance, Sequence[tuple[str, Sequence[Resource]]]] = {}
        self._pools: dict[object, Pool] = {}
        self._asked: dict[Asked, Asked] = {}
        self._alike: dict[object, Pool] = {}
        self._groups: dict[tuple[int, ...], tuple[Asked, ...]] = {}
        self._needs: dict[tuple[Frame, int], tuple[Need, ...]] = {}
        self._orders: dict[Pool, Sequence[Block]] = {}
        self._choices: dict[tuple[Frame, int], tuple[list[dict[int, Block]], list[list[int]]]] = {}

    def asked(self, constraint: str, attendance: Attendance) -> Asked:
        """Return the one object that stands for all equal askings, so that identity is equality."""
        asked = constraint, attendance
        return self._asked.setdefault(asked, asked)

    def group(self, asked: Iterable[Asked]) -> tuple[Asked, ...]:
        """Return the one tuple of these askings of a role, each from :meth:`asked`."""
        group = tuple(asked)
        return self._groups.setdefault(tuple(map(id, group)), group)

    def of(self, frame: Frame, asked: tuple[Asked, ...]) -> tuple[Need, ...]:
        """Return Hall's conditions for the attendances of one role, from :meth:`group`.

        Cases that ask a frame the same share the answer. Enough units for each, and for each
        group of which some unit could serve several: people can be drawn wherever all hold. Exact
        for two attendances, and for more unless a block overlaps two that lie apart, whose
        resource then counts for one of the three.
        """
        key = frame, id(asked)
        needs = self._needs.get(key)
        if needs is None:
            singles = [self._need(frame, (one,), (0,)) for one in asked]
            joint = [
                self._need(frame, asked, group, tuple(singles[n] for n in group))
                for size in _sizes(len(asked))
                for group in combinations(range(len(asked)), size)
            ]
            needs = self._needs[key] = (*singles, *joint)
        return needs

    def _need(
        self,
        frame: Frame,
        asked: tuple[Asked, ...],
        group: tuple[int, ...],
        parts: tuple[Need, ...] = (),
    ) -> Need:
        """Return the condition on a group of ``asked``; frames that ask alike share its pool."""
        slots = frame.slots
        base = slots[asked[group[0]][1].first, "start"]

        def make() -> Pool:
            key = (
                frame.shape,
                group,
                *(
                    (id(one), slots[one[1].first, "start"] - base, slots[one[1].last, "end"] - base)
                    for one in asked
                ),
            )
            pool = self._alike.get(key)
            if pool is None:
                pool = self._alike[key] = self._pool(frame, asked, group, base)
            return pool

        constraint, attendance = asked[group[-1]]
        count = sum(asked[n][1].count for n in group)
        return Need(constraint, attendance, count, base, make, parts)

    def _key(self, frame: Frame, asked: Attendance) -> _Key:
        """Return what the blocks of an attendance depend on: places and length, not the frame.

        With a departure also how far into their slots it departs and arrives.
        """
        begin, end = reach(self.world, frame, asked.first, asked.last, asked.before, asked.after)
        departure, grid = frame.departure, self.world.grid
        own = None
        if departure is not None and "departure" in (asked.first, asked.last):
            slot = timedelta(minutes=grid.minutes)
            own = (departure.departs - grid.start) % slot, (departure.arrives - grid.start) % slot
        return asked, frame.place_of[asked.first], frame.place_of[asked.last], begin, end, own

    def _pool(
        self, frame: Frame, asked: tuple[Asked, ...], group: tuple[int, ...], base: int
    ) -> Pool:
        key = (
            group,
            *(
                (attendance, *places, begin - base, end - base, own)
                for attendance, *places, begin, end, own in (
                    self._key(frame, attendance) for _, attendance in asked
                )
            ),
        )
        pool = self._pools.get(key)
        if pool is None:
            units = (
                tuple(
                    Block(block.resource, block.lead - base, block.length)
                    for n, block in unit.items()
                    if n in group
                )
                for unit in self.units(frame, asked)
            )
            pool = Pool(asked[0][1].role, tuple(unit for unit in units if unit))
            self._pools[key] = pool
        return pool

    def units(self, frame: Frame, asked: Iterable[Asked]) -> list[dict[int, Block]]:
        """Return the units for the attendances of one role: their index to a block.

        One resource is one unit where its blocks overlap, and one per block where they lie apart.
        """
        blocks: dict[str, dict[int, Block]] = {}
        for n, (_, attendance) in enumerate(asked):
            for block in self.blocks(frame, attendance):
                blocks.setdefault(block.resource, {})[n] = block
        units: list[dict[int, Block]] = []
        for mine in blocks.values():
            ends: list[int] = []
            for n, block in sorted(mine.items(), key=lambda one: one[1].lead):
                if all(end <= block.lead for end in ends):
                    units.append({})
                units[-1][n] = block
                ends.append(block.lead + block.length)
        return units

    def blocks(self, frame: Frame, asked: Attendance) -> Iterator[Block]:
        """Yield the block from the anchor, travel included, of each resource that may attend."""
        world = self.world
        where, whence = frame.place_of[asked.first], frame.place_of[asked.last]
        spans: dict[tuple[int, int], tuple[int, int]] = {}
        for home, resources in self._homes(asked):
            out, back = world.drive(home, where), world.drive(whence, home)
            for resource in resources:
                if asked.mode != "on-site" and resource.remote:
                    travel = 0, 0
                elif out is None or back is None:
                    continue
                else:
                    travel = out, back
                if travel not in spans:
                    before, after = asked.before + travel[0], asked.after + travel[1]
                    spans[travel] = reach(world, frame, asked.first, asked.last, before, after)
                begin, end = spans[travel]
                yield Block(resource.id, begin, end - begin)

    def _homes(self, asked: Attendance) -> Sequence[tuple[str, Sequence[Resource]]]:
        """Return the resources that may attend by where they are from."""
        known = self._of_home.get(asked)
        if known is None:
            homes: dict[str, list[Resource]] = {}
            for one in self.eligible(asked):
                homes.setdefault(one.home, []).append(one)
            known = self._of_home[asked] = tuple(homes.items())
        return known

    def eligible(self, asked: Attendance) -> tuple[Resource, ...]:
        """Return the resources that may attend, travel apart."""
        known = self._eligible.get(asked)
        if known is None:
            world = self.world
            members: Iterable[Resource] = (
                (world.resource[one] for one in sorted(asked.among))
                if asked.among is not None
                else world.roles.get(asked.role, ())
            )
            known = self._eligible[asked] = tuple(
                one
                for one in members
                if one.role == asked.role
                and one.capacity >= asked.capacity
                and (not asked.skills or asked.skills & one.abilities)
                and (one.remote or asked.mode != "remote")
            )
        return known

    def draw(
        self,
        frame: Frame,
        asked: tuple[Asked, ...],
        anchor: int,
        occupancy: Occupancy,
        taken: Mapping[str, Timeline] = {},
    ) -> list[tuple[Block, ...]] | None:
        """Match the attendances of one role to free units, or return None (Kuhn 1955).

        Least travel first, then fewest abilities; whoever is needed elsewhere gives way. ``taken``
        are slots that somebody is drawn for already, though not claimed yet.
        """

        def is_free(block: Block, base: int) -> bool:
            busy = taken.get(block.resource, 0) if taken else 0
            return occupancy.is_free(block, base) and not busy & _slots(block, base)

        if len(asked) == 1:
            (need,) = self.of(frame, asked)
            base, count = need.base, need.count
            free = (one for one in self.ordered(need.pool) if is_free(one, anchor + base))
            alone = sorted(islice(free, count))
            if len(alone) < count:
                return None
            return [tuple(Block(name, lead + base, length) for name, lead, length in alone)]
        known = self._choices.get((frame, id(asked)))
        if known is None:
            known = self._choices[frame, id(asked)] = self.choice(frame, asked)
        units, orders = known
        choices = [
            [number for number in order if is_free(units[number][n], anchor)]
            for n, order in enumerate(orders)
        ]
        wanted = [n for n, (_, attendance) in enumerate(asked) for _ in range(attendance.count)]
        holder = matched(choices, wanted)
        if holder is None:
            return None
        drawn: list[list[Block]] = [[] for _ in asked]
        for unit, number in holder.items():
            drawn[wanted[number]].append(units[unit][wanted[number]])
        return [tuple(sorted(blocks)) for blocks in drawn]

    def choice(
        self, frame: Frame, asked: tuple[Asked, ...]
    ) -> tuple[list[dict[int, Block]], list[list[int]]]:
        """Return the units of a role, and per attendance those that would do, best first."""
        units = self.units(frame, asked)
        return units, [
            sorted(
                (number for number, unit in enumerate(units) if n in unit),
                key=lambda number: self._cost(units[number][n]),
            )
            for n in range(len(asked))
        ]

    def ordered(self, pool: Pool) -> Sequence[Block]:
        """Return the blocks of a pool for one attendance, best first."""
        known = self._orders.get(pool)
        if known is None:
            known = self._orders[pool] = sorted(pool.blocks, key=self._cost)
        return known

    def _cost(self, block: Block) -> tuple[int, int, int, str]:
        resource = self.world.resource[block.resource]
        return block.length, len(resource.abilities), resource.capacity, resource.id


def matched(choices: Sequence[Sequence[int]], wanted: Sequence[int]) -> dict[int, int] | None:
    """Return the place in ``wanted`` by unit, so that each has one of its own; None if not all can.

    ``wanted`` holds the attendances, whose ``choices`` are units, best first (Kuhn 1955).
    """
    holder: dict[int, int] = {}

    def match(number: int, seen: set[int]) -> bool:
        for unit in choices[wanted[number]]:
            if unit in seen:
                continue
            seen.add(unit)
            if unit not in holder or match(holder[unit], seen):
                holder[unit] = number
                return True
        return False

    return holder if all(match(number, set()) for number in range(len(wanted))) else None


def _slots(block: Block, anchor: int) -> Timeline:
    return span(anchor + block.lead, anchor + block.lead + block.length)
