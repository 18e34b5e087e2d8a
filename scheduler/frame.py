"""Frames: the shape of a leg, phases as slots around an anchor, at chosen places.

The anchor is the first slot of a placement and the slot of the departure of a removal. Frames do
not know the case; cases of the same place share them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise, product

from scheduler.constraint import Edge
from scheduler.grid import Grid
from scheduler.world import Departure, Nearest, Template, World


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Phases in slots from the anchor, and where each is; compared by identity.

    Frames of one ``shape`` differ in their waits only.

    ``slots`` gives every edge in slots from the anchor. With a departure the anchor is fixed and
    ``instants`` gives every edge as it will be: the departure keeps its own minutes.
    ``place_of`` gives the place of every act.
    """

    shape: object
    template: Template
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    places: tuple[str, ...]
    facility: str | None
    departure: Departure | None
    anchor: int | None
    slots: Mapping[Edge, int]
    instants: Mapping[Edge, datetime]
    place_of: Mapping[str, str]


class _Instants(dict[Edge, datetime]):
    """The instants of edges around a fixed anchor, worked out when asked."""

    def __init__(self, grid: Grid, anchor: int, slots: Mapping[Edge, int]) -> None:
        self._grid, self._anchor, self._slots = grid, anchor, slots

    def __missing__(self, edge: Edge) -> datetime:
        self[edge] = instant = self._grid.at(self._anchor + self._slots[edge])
        return instant


def frames(
    world: World,
    template: Template,
    origin: str,
    facility: str | None,
    departure: Departure | None,
) -> Iterator[Frame]:
    """Yield every frame of ``template`` from ``origin``: each choice of places and of waits.

    None when the departure lies outside the horizon or no road leads there.
    """
    grid = world.grid
    anchor = grid.floor(departure.departs) if departure else None
    if anchor is not None and not 0 <= anchor < grid.slots:
        return
    lengths = [grid.length(phase.minutes or 0) for phase in template.phases]
    if departure is not None and anchor is not None:
        lengths[-1] = grid.ceil(departure.arrives) - anchor
    waits = [
        range(grid.length(phase.wait.min), phase.wait.max // grid.minutes + 1)
        for phase in template.phases[1:]
    ]
    for places, drives in _ways(world, template, origin, facility, departure):
        shape = object()
        for chosen in product(*waits):
            starts = [0]
            for length, drive, wait in zip(lengths, drives, chosen, strict=False):
                starts.append(starts[-1] + length + grid.length(drive) + wait)
            back = starts[-1] if departure else 0
            yield _frame(
                world,
                shape,
                template,
                tuple(start - back for start in starts),
                lengths,
                places,
                facility,
                departure,
                anchor,
            )


def leads(
    world: World,
    template: Template,
    origin: str,
    facility: str | None,
    departure: Departure | None,
) -> bool:
    """Return whether roads lead from ``origin`` to wherever the phases of ``template`` are."""
    return any(True for _ in _ways(world, template, origin, facility, departure))


def _ways(
    world: World,
    template: Template,
    origin: str,
    facility: str | None,
    departure: Departure | None,
) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Yield the places of the phases and the drives between them, where roads lead."""
    for places in _places(world, template, origin, facility, departure):
        drives = tuple(
            drive for pair in pairwise(places) if (drive := world.drive(*pair)) is not None
        )
        if len(drives) == len(places) - 1:
            yield places, drives


def _frame(
    world: World,
    shape: object,
    template: Template,
    starts: tuple[int, ...],
    lengths: list[int],
    places: tuple[str, ...],
    facility: str | None,
    departure: Departure | None,
    anchor: int | None,
) -> Frame:
    ends = tuple(start + length for start, length in zip(starts, lengths, strict=True))
    slots: dict[Edge, int] = {}
    for phase, start, end in zip(template.phases, starts, ends, strict=True):
        for act in phase.acts:
            slots[act, "start"], slots[act, "end"] = start, end
    place_of = {
        act: place
        for phase, place in zip(template.phases, places, strict=True)
        for act in phase.acts
    }
    instants: dict[Edge, datetime] = {}
    if departure is not None and anchor is not None:
        instants = _Instants(world.grid, anchor, slots)
        instants["departure", "start"] = departure.departs
        instants["departure", "end"] = departure.arrives
    return Frame(
        shape,
        template,
        starts,
        ends,
        places,
        facility,
        departure,
        anchor,
        slots,
        instants,
        place_of,
    )


def reach(
    world: World, frame: Frame, first: str, last: str, before: int, after: int
) -> tuple[int, int]:
    """Return the slots from the anchor that acts ``first`` to ``last`` take, widened by minutes.

    Rounded outward as a whole, on the departure's own minutes where it is one of the acts.
    """
    grid = world.grid
    if first == "departure" and frame.departure is not None and frame.anchor is not None:
        begin = grid.floor(frame.departure.departs - timedelta(minutes=before)) - frame.anchor
    else:
        begin = frame.slots[first, "start"] - grid.length(before)
    if last == "departure" and frame.departure is not None and frame.anchor is not None:
        end = grid.ceil(frame.departure.arrives + timedelta(minutes=after)) - frame.anchor
    else:
        end = frame.slots[last, "end"] + grid.length(after)
    return begin, end


def _places(
    world: World,
    template: Template,
    origin: str,
    facility: str | None,
    departure: Departure | None,
) -> Iterator[tuple[str, ...]]:
    """Yield the place of each phase, for every choice among the nearest of a kind."""
    kinds = list(
        dict.fromkeys(phase.place for phase in template.phases if isinstance(phase.place, Nearest))
    )
    for chosen in product(*(world.nearest(kind, origin) for kind in kinds)):
        of_kind = dict(zip(kinds, chosen, strict=True))
        places: list[str] = []
        for phase in template.phases:
            if isinstance(phase.place, Nearest):
                places.append(of_kind[phase.place])
            elif phase.place == "case":
                places.append(origin)
            elif phase.place == "facility":
                places.append(world.facility[facility].location if facility else places[-1])
            else:
                places.append(departure.from_ if departure else places[-1])
        yield tuple(places)
