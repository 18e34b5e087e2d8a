"""School holidays by region: told to who plans families with children; no constraint reads them."""

import tomllib
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import StringConstraints, ValidationError, model_validator

from scheduler.world import Part

Region = Literal["noord", "midden", "zuid"]


class SchoolHoliday(Part):
    """A holiday of the schools of a region, from its ``first`` day to its ``last`` inclusive.

    ``mark``: V read in the official text, S in a secondary source, M common knowledge, not seen.
    """

    name: Literal["herfst", "kerst", "voorjaar", "mei", "zomer"]
    region: Region
    school_year: Annotated[str, StringConstraints(pattern=r"^20\d\d-20\d\d$")]
    first: date
    last: date
    mark: Literal["V", "S", "M"]

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"ends on {self.last}, before it begins on {self.first}")
        years = self.school_year.split("-")
        if not {str(self.first.year), str(self.last.year)} <= set(years):
            raise ValueError(f"lasts from {self.first} to {self.last}: not in {self.school_year}")
        return self


def load_school_holidays(path: Path) -> tuple[SchoolHoliday, ...]:
    """Read a TOML file of ``[[holiday]]`` tables; ValueError lists, by row, all that is wrong."""
    match tomllib.loads(path.read_text(encoding="utf-8")):
        case {"holiday": [*rows], **rest} if not rest:
            pass
        case _:
            raise ValueError(f"{path.name}: is to hold [[holiday]] alone")
    found: dict[int, SchoolHoliday] = {}
    wrong: list[str] = []
    for at, row in enumerate(rows, 1):
        try:
            found[at] = SchoolHoliday.model_validate(row)
        except ValidationError as error:
            wrong += (
                ": ".join((f"row {at}", *map(str, one["loc"]), one["msg"]))
                for one in error.errors()
            )
    wrong += (
        f"row {max(earlier, later)}: overlaps row {min(earlier, later)} in {one.region}"
        for (earlier, one), (later, two) in pairwise(
            sorted(found.items(), key=lambda row: (row[1].region, row[1].first))
        )
        if one.region == two.region and two.first <= one.last
    )
    if wrong:
        raise ValueError("\n".join((f"{path.name}:", *wrong)))
    return tuple(found.values())


SCHOOL_HOLIDAYS = load_school_holidays(Path(__file__).with_suffix(".toml"))


def without_school(day: date) -> tuple[Region, ...]:
    """Return the regions whose schools have a holiday on ``day``, from north to south."""
    closed = {one.region for one in SCHOOL_HOLIDAYS if one.first <= day <= one.last}
    return tuple(one for one in get_args(Region) if one in closed)
