"""What is wrong in a file, told so that whoever sent it can mend it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flaw:
    """A mistake: at which row (from 1, as a person counts) and column, and what stands there.

    Row 0 is the file as a whole. ``suggestion`` is empty where nothing comes near.
    """

    row: int
    column: str
    value: str
    reason: str
    suggestion: str = ""


class FlawedError(Exception):
    """A file that is not read: ``flaws`` holds all that was found wrong in it."""

    def __init__(self, flaws: Iterable[Flaw]) -> None:
        self.flaws = tuple(flaws)
        super().__init__("; ".join(f"{one.row}: {one.column} {one.reason}" for one in self.flaws))
