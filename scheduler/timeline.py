"""Sets of slots as integers: bit *t* of a timeline says "free in slot *t*".

Intersection is ``&``, "any of these" is ``|``, the rest is here. Python's integers have no width,
so a shift past the end must be cut by the caller with the grid's full line.
"""

from collections.abc import Iterable, Iterator

Timeline = int
"""A non-negative integer read as a set of slots."""


def span(first: int, end: int) -> Timeline:
    """Return the slots ``first <= t < end`` from 0 on; empty when ``end <= first``."""
    first = max(first, 0)
    return (1 << end) - (1 << first) if end > first else 0


def shift(line: Timeline, slots: int) -> Timeline:
    """Move every slot later by ``slots`` (earlier when negative; what falls before 0 is lost)."""
    return line << slots if slots >= 0 else line >> -slots


def runs(line: Timeline, length: int) -> Timeline:
    """Return the slots from which ``length`` slots in a row are in ``line`` (doubling the run)."""
    have = 1
    while have < length:
        step = min(have, length - have)
        line &= line >> step
        have += step
    return line


def at_least(count: int, lines: Iterable[Timeline], full: Timeline) -> Timeline:
    """Return the slots in at least ``count`` of the ``lines``; ``full`` when count is 0."""
    if count <= 0:
        return full
    levels = [0] * count
    for line in lines:
        for level in range(count - 1, 0, -1):
            levels[level] |= levels[level - 1] & line
        levels[0] |= line
    return levels[-1]


def earliest(line: Timeline) -> int | None:
    """Return the first slot of ``line``, or None when it is empty."""
    return (line & -line).bit_length() - 1 if line else None


def latest(line: Timeline) -> int | None:
    """Return the last slot of ``line``, or None when it is empty."""
    return line.bit_length() - 1 if line else None


def slots_of(line: Timeline) -> Iterator[int]:
    """Yield the slots of ``line``, earliest first."""
    while line:
        low = line & -line
        yield low.bit_length() - 1
        line ^= low


def spans(line: Timeline) -> Iterator[tuple[int, int]]:
    """Yield the maximal stretches of ``line`` as ``(first, end)``, earliest first."""
    base = 0
    while line:
        gap = (line & -line).bit_length() - 1
        line >>= gap
        length = (~line & (line + 1)).bit_length() - 1
        yield base + gap, base + gap + length
        line >>= length
        base += gap + length
