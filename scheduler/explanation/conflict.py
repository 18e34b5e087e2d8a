"""Conflicts: what cannot all hold at once, the minimal hitting sets of all correction sets.

A condition is in some conflict exactly when it is in some correction set, so nothing waits for the
conflicts; there can be very many of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scheduler.explanation.signature import Signature
from scheduler.layout import Condition

MOST = 20
"""How many conflicts are named before "and more"."""


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Minimal sets of conditions that no pattern escapes; ``more``: others are not named."""

    sets: tuple[Signature, ...]
    more: bool = False


def conflicts(sets: Sequence[Signature], most: int = MOST) -> Conflicts:
    """Return the minimal hitting sets of ``sets``: what all have in common first, then smallest.

    ``sets`` is an antichain; a case that is open (``{∅}``) or has no pattern is in no conflict.
    """
    if not sets or not sets[0]:
        return Conflicts(())
    common = frozenset.intersection(*sets)
    found = [frozenset({one}) for one in sorted(common)]
    rest = [one - common for one in sets]
    if all(rest):
        found += _hitting(rest, most + 1 - len(found))
    return Conflicts(tuple(found[:most]), more=len(found) > most)


def _hitting(sets: Sequence[Signature], most: int) -> list[Signature]:
    """Return up to ``most`` minimal hitting sets of two conditions or more, smallest first."""
    conditions = sorted(frozenset.union(*sets), key=lambda one: (-_hits(one, sets), one))
    bits = {one: 1 << n for n, one in enumerate(conditions)}
    masks = sorted(sum(bits[one] for one in members) for members in sets)
    found: list[Signature] = []
    for size in range(2, len(masks) + 1):
        for mask in _of_size(masks, size, 0, 0):
            if len(found) == most:
                return found
            found.append(frozenset(one for one in conditions if mask & bits[one]))
    return found


def _of_size(masks: Sequence[int], size: int, chosen: int, barred: int) -> Iterator[int]:
    """Yield each minimal hitting set of ``size`` more conditions once, none of them ``barred``.

    Branch on the first set that is not hit (Reiter 1987); what an earlier branch took is barred in
    the later ones, and every condition chosen must be the only one to hit some set.
    """
    missed = next((mask for mask in masks if not mask & chosen), None)
    if missed is None:
        if size == 0:
            yield chosen
        return
    if size == 0 or any(not mask & ~barred for mask in masks if not mask & chosen):
        return
    left = missed & ~barred
    while left:
        bit = left & -left
        left ^= bit
        if _critical(masks, chosen | bit):
            yield from _of_size(masks, size - 1, chosen | bit, barred)
        barred |= bit


def _critical(masks: Sequence[int], chosen: int) -> bool:
    """Return whether each condition chosen is the only one chosen in some set."""
    alone = 0
    for mask in masks:
        hit = mask & chosen
        if hit & (hit - 1) == 0:
            alone |= hit
    return alone == chosen


def _hits(condition: Condition, sets: Sequence[Signature]) -> int:
    return sum(condition in one for one in sets)
