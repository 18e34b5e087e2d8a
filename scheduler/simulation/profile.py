"""Profiles: the finite set of kinds of case that simulated cases are drawn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from scheduler.simulation.scenario import Spread
from scheduler.world import Case, World

ROUNDS = 200
"""Rounds of fitting the weights; spreads that can be met at all are met to a millionth by then."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of case: its attributes, and prototypes of the world that stand for it.

    ``first`` is what it asks on entering; ``held`` its removal once it stays in a facility, by
    facility; ``within`` the one it stays in from the start. A prototype has an answer of yes to
    every check and no legal end of its own: processes turn the one, terms give the other.
    """

    id: str
    attributes: Mapping[str, str]
    first: Case
    held: Mapping[str, Case] = field(default_factory=dict)
    within: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """A world that lasts as long as the simulation, and the profiles whose prototypes it holds."""

    world: World
    profiles: tuple[Profile, ...]


def weights(
    profiles: Sequence[Profile], spreads: Sequence[Spread], *, stock: bool = False
) -> npt.NDArray[np.float64]:
    """Return the share of each profile among the cases that enter, or the stock, summing to 1.

    As near to alike as the spreads allow (iterative proportional fitting, Deming and Stephan 1940).

    Raises
    ------
    ValueError
        When no weights meet the spreads.
    """
    weight = np.full(len(profiles), 1 / len(profiles))
    shares_of = [(one, (stock and one.stock) or one.shares) for one in spreads]
    margins = [
        (share, np.array([one.attributes.get(spread.attribute) == value for one in profiles]))
        for spread, shares in shares_of
        for value, share in shares.items()
    ]
    for spread, shares in shares_of:
        weight[[one.attributes.get(spread.attribute) not in shares for one in profiles]] = 0
    for _ in range(ROUNDS):
        for share, mine in margins:
            have = weight[mine].sum()
            weight[mine] *= share / have if have else 0
        weight /= weight.sum() or 1
    missed = max((abs(weight[mine].sum() - share) for share, mine in margins), default=0)
    if missed > 1e-6:
        raise ValueError(f"no weights of the profiles meet the spreads (off by {missed:g})")
    return weight
