"""Chance: uniform draws that belong to a case, whatever becomes of others and in any scenario.

Each purpose has streams of its own, spawned from the seed (``numpy.random.SeedSequence``) by
replication, purpose and turn; the case's number is its row in them. A stream is filled from the
front, so more cases only add rows: the n-th case draws the same however many there are.
"""

from collections.abc import Iterable
from functools import cache
from hashlib import sha256

import numpy as np
import numpy.typing as npt

Draws = npt.NDArray[np.float64]


class Chance:
    """The draws of one replication for cases numbered 0 to ``cases`` - 1."""

    def __init__(self, seed: int, replication: int, cases: int) -> None:
        self.cases = cases
        self._spawned = seed, replication

    def of(self, purpose: str, turn: int = 0) -> Draws:
        """Return two draws in [0, 1) per case, shape ``(cases, 2)``, for a turn of a purpose."""
        seed, replication = self._spawned
        spawned = np.random.SeedSequence(seed, spawn_key=(replication, *_key(purpose), turn))
        return np.random.Generator(np.random.PCG64(spawned)).random((self.cases, 2))


class Fortunes:
    """The draws of some cases alone, kept: what others would have drawn takes no room."""

    def __init__(self, chance: Chance, cases: Iterable[int]) -> None:
        self._chance = chance
        self._cases = np.array(sorted(cases), np.int64)
        self._row = {case: n for n, case in enumerate(self._cases.tolist())}
        self._kept: dict[tuple[str, int], Draws] = {}

    def of(self, purpose: str, turn: int, case: int) -> Draws:
        """Return the two draws of a case, shape ``(2,)``, for a turn of a purpose."""
        kept = self._kept.get((purpose, turn))
        if kept is None:
            kept = self._chance.of(purpose, turn)[self._cases]
            self._kept[purpose, turn] = kept
        mine: Draws = kept[self._row[case]]
        return mine


@cache
def _key(purpose: str) -> tuple[int, ...]:
    """Return a purpose as numbers that depend on its name alone, not on how many there are."""
    digest = sha256(purpose.encode()).digest()
    return tuple(int.from_bytes(digest[n : n + 4]) for n in (0, 4))
