"""Tallies made up of drawn numbers, with a legend to read them by."""

from datetime import date

import numpy as np

from scheduler.simulation.results import Legend
from scheduler.simulation.tally import Names, Tally

NAMES = Names(
    weeks=2,
    outcomes=("left-alone", "released"),
    reasons=("late", "interpreter"),
    constraints=("interpreter", "police", "lawyer"),
    lights=("execution", "legal"),
    facilities=("north", "south"),
    resources=("tolk-1", "tolk-2", "pol-1"),
)
LEGEND = Legend(
    first=date(2027, 1, 4),
    days=14,
    names=NAMES,
    resources=(
        ("interpreter", "Noord", ("ti", "ar")),
        ("interpreter", "Zuid", ("ti",)),
        ("police", "Noord", ()),
    ),
    places=((5,) * 14, (0,) * 14),
    owners=("Tolken", "Politie", "Tolken"),
    lights=("execution", "execution", "legal"),
)


def tally(seed: int, more: int = 0) -> Tally:
    """Return a tally drawn from a seed, with so many departures more in each week."""
    random = np.random.default_rng(seed)

    def counts(*shape: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
        return random.integers(0, 20, shape)

    waits = np.column_stack(
        [np.arange(40), np.arange(40) % 2, np.arange(40) % 3 - 1, *(10 * random.random((3, 40)))]
    )
    lights = random.random((2, 2))
    return Tally(
        entered=counts(2),
        departed=counts(2) + more,
        placed=counts(2),
        released=counts(2),
        left=counts(2, 2),
        booked=counts(2, 2) + 40,
        failed=counts(2, 2, 2),
        blocked=random.random((3, 2)),
        lights=lights,
        red=lights * random.random((2, 2)),
        inside=np.vstack([counts(14) % 6, np.zeros(14, np.int64)]),
        nights=counts(2),
        used=np.array([10.0, 30.0, 0.0]),
        rostered=np.array([40.0, 60.0, 0.0]),
        waits=waits,
        balance=counts(4),
    )
