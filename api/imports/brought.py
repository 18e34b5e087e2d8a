"""What a file brings to a world: each part as it would be, and where in the file it comes from."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from pydantic import ValidationError

from api.imports.cells import shown
from api.imports.flaws import Flaw, FlawedError
from scheduler.draft import Problem
from scheduler.world import Case, Departure, Resource, Road, World

Brings = Resource | Departure | Case | Road
PartT = TypeVar("PartT", Resource, Departure, Case, Road)
State = Literal["new", "changed", "same"]
Steps = tuple[str | int, ...]
"""Where something lies in a part: ``("shifts", 2, "until")``."""
Made = Callable[[World], "Brought"]
"""What a file brings to whichever world it is asked of."""
Where = Callable[[Steps], tuple[int, str]]
"""Returns the row and the title of the file for what lies somewhere in a part."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a row of a file does: to which part, and which of its fields are another."""

    row: int
    part: str
    state: State
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Brought:
    """The parts that a file tells of, as they would be in a world, and each of its rows.

    ``where`` belongs to the parts, one each; ``gone`` counts the shifts and absences that go, by
    resource.
    """

    parts: tuple[Brings, ...]
    rows: tuple[Row, ...]
    where: tuple[Where, ...]
    gone: Mapping[str, int] = field(default_factory=dict)

    def flaws(self, problems: Collection[Problem]) -> FlawedError:
        """Return what is wrong in parts, ``$[2].home``, as it stands in the file.

        What is wrong elsewhere in the world because of them is told of the file as a whole.
        """
        found = []
        for one in problems:
            told = re.fullmatch(r"\$\[(\d+)\](.*)", one.path)
            if told is None:
                found.append(Flaw(0, "", "", f"{one.path}: {one.says}"))
                continue
            steps = tuple(
                int(number) if number else name or quoted
                for name, number, quoted in re.findall(
                    r"""\.([\w-]+)|\[(\d+)\]|\["([^"]*)"\]""", told[2]
                )
            )
            row, title = self.where[int(told[1])](steps)
            found.append(Flaw(row, title, "", one.says))
        return FlawedError(found)


def differing(was: Brings | None, now: Brings) -> tuple[State, tuple[str, ...]]:
    """Return whether a part is another than it was, and in which of its fields."""
    if was is None:
        return "new", ()
    fields = type(now).model_fields
    found = tuple(one for one in fields if getattr(was, one) != getattr(now, one))
    return ("changed" if found else "same"), found


def made(
    kind: type[PartT], values: Mapping[str, Any], where: Where, flaws: list[Flaw]
) -> PartT | None:
    """Return a part of these values; None, and what is wrong in ``flaws``, when they make none."""
    try:
        return kind.model_validate(values, strict=False)
    except ValidationError as error:
        found = error.errors(include_url=False)
        within = {one["loc"][:n] for one in found for n in range(len(one["loc"]))}
        # What is said of the whole because of a part of it is no mistake of its own.
        for one in (one for one in found if one["loc"] == () or one["loc"] not in within):
            row, title = where(one["loc"])
            value = one["input"]
            told = "" if isinstance(value, Mapping | tuple) else shown(value)
            flaws.append(Flaw(row, title, told, one["msg"].removeprefix("Value error, ")))
        return None


def zone_of(world: World, place: str) -> str:
    """Return the time zone of a place; that of the first one where nobody knows it."""
    known = world.location.get(place) or world.locations[0]
    return known.timezone
