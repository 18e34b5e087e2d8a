"""Chance: uniform draws that belong to a case, whatever becomes of others and in any scenario.

Each purpose has streams of its own, spawned from the seed (``numpy.random.SeedSequence``) by
replication, purpose and turn; the case's number is its row in them. A stream is filled from the
front, so more cases only add rows: the n-th case draws the same however many there are.
"""

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
        self._turns: dict[str, list[Draws]] = {}

    def of(self, purpose: str, turn: int = 0) -> Draws:
        """Return two draws in [0, 1) per case, shape ``(cases, 2)``, for a turn of a purpose."""
        known = self._turns.setdefault(purpose, [])
        while len(known) <= turn:
            seed, replication = self._spawned
            spawned = np.random.SeedSequence(
                seed, spawn_key=(replication, *_key(purpose), len(known))
            )
            known.append(np.random.Generator(np.random.PCG64(spawned)).random((self.cases, 2)))
        return known[turn]


@cache
def _key(purpose: str) -> tuple[int, ...]:
    """Return a purpose as numbers that depend on its name alone, not on how many there are."""
    digest = sha256(purpose.encode()).digest()
    return tuple(int.from_bytes(digest[n : n + 4]) for n in (0, 4))
