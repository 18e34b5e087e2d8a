"""What the doors share: a loaded world with its bookings, asked for proposals and reasons."""

import gc
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Literal

from constraints.register import REGISTER
from scheduler.constraint import Register
from scheduler.explanation.signature import Explanation
Colour=str
from scheduler.ledger import Ledger
from scheduler.loading import read_world
from scheduler.objective import Valuation
from scheduler.pattern import CasePatterns, Patterns
from scheduler.proposal import Proposal, Words, propose
from scheduler.world import Booking, Case, Id, Part, World

MOST_PROPOSALS = 20


class Check(Part):
    """A check that stands in the way: whose it is, on what basis, and in words."""

    constraint: str
    layer: Literal["rule", "not-rostered", "claimed"]
    known: bool
    owner: str
    basis: str
    says: Words


class Lamp(Part):
    """A light (or execution) of a case with its state and what stands under it."""

    light: str
    state: Colour
    checks: tuple[Check, ...]


class Blocking(Part):
    """Why a case has no slot: its lights, and the least that would have to change."""

    case: Id
    lights: tuple[Lamp, ...]
    reasons: tuple[Words, ...]


class Answer(Part):
    """Proposals for a case, or what blocks it; exactly one of both."""

    case: Id
    world: str
    proposals: tuple[Proposal, ...]
    blocking: Blocking | None


def open_world(path: Path) -> World:
    """Read a world that is kept for as long as the process lives.

    It and what is compiled from it is much and stays, so the collector looks at it seldom: a full
    round in the middle of a question takes longer than the answer.

    Raises
    ------
    WorldError
        With everything that is wrong with the file.
    """
    world = read_world(path, REGISTER)
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    return world


class UnknownCaseError(LookupError):
    """There is no such case in the world."""


class Desk:
    """A world with the bookings in force, ready to be asked; safe to ask from several threads."""

    def __init__(
        self,
        world: World,
        bookings: Sequence[Booking] | None = None,
        register: Register = REGISTER,
    ) -> None:
        self.world = world
        self.register = register
        self._patterns = Patterns(world, register)
        self._valuation = Valuation(self._patterns)
        self._ledger = Ledger(self._patterns, world.bookings if bookings is None else bookings)
        self._lock = Lock()

    def case(self, name: str) -> Case:
        """Return a case; UnknownCaseError when the world has none of that id."""
        if name not in self.world.case:
            raise UnknownCaseError(name)
        return self.world.case[name]

    def ask(self, name: str, count: int = 5) -> Answer:
        """Return proposals for a case, or what blocks it.

        Bookings of its own that have not begun are looked past: they could be replaced.
        """
        self.case(name)
        with self._lock:
            case = self._patterns.of(name)
            with self._ledger.without(self._ledger.movable(name)):
                proposals = propose(case, self._valuation, self._ledger.occupancy, count)
                blocking = None if proposals else self._blocking(case)
        return Answer(
            case=name, world=self.world.fingerprint, proposals=proposals, blocking=blocking
        )

    def _blocking(self, case: CasePatterns) -> Blocking:
        explanation = Explanation(case, self._ledger.occupancy)
        sets = explanation.correction_sets
        return Blocking(
            case=case.case.id,
            lights=tuple(
                Lamp(
                    light=state.light,
                    state=state.colour,
                    checks=tuple(
                        Check(
                            constraint=one.condition.constraint,
                            layer=one.condition.layer,
                            known=one.condition.known,
                            owner=self.register[one.condition.constraint].owner,
                            basis=self.register.basis(
                                one.condition.constraint, self.world.rules_date
                            ),
                            says=Words(nl=one.says.nl, en=one.says.en),
                        )
                        for one in state.reasons
                    ),
                )
                for state in explanation.lights
            ),
            reasons=tuple(
                Words(nl=one.says.nl, en=one.says.en)
                for one in (explanation.reasons(sets[0]) if sets else ())
            ),
        )
