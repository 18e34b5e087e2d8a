"""Lists come in pages: which of them is asked for, and what every page tells of its list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Query

from scheduler.world import Part

T = TypeVar("T")
MOST = 500
"""What one page holds at most."""


class Page(Part):
    """A part of a list; how many the list has, and how many come before."""

    total: int
    offset: int


@dataclass(frozen=True, slots=True)
class _Paging:
    """Which page is asked for."""

    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST

    def of(self, found: Sequence[T]) -> tuple[T, ...]:
        """Return what of all that was found is on the page."""
        return tuple(found[self.offset : self.offset + self.limit])


Paging = Annotated[_Paging, Depends()]
