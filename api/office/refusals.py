"""Why the office does not do what it is asked."""

from collections.abc import Sequence
from typing import Literal

from api.store.refusal import Refusal, UnknownError
from scheduler.validator import Violation


class OneCaseError(UnknownError):
    """What is to be held is not of one case that there is."""


class RefusedError(Refusal):
    """Bookings break rules as things stand now: ``violations`` tells which."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(one.says for one in violations))
        self.violations = tuple(violations)


class OpenChecksError(Refusal):
    """A booking with due checks that are not a yes in their window: it is not executed."""

    def __init__(self, facts: Sequence[str]) -> None:
        super().__init__(", ".join(facts))
        self.facts = tuple(facts)


class NotPlannedError(UnknownError):
    """Cases of which a plan says nothing."""

    def __init__(self, cases: Sequence[str]) -> None:
        super().__init__(", ".join(cases))
        self.cases = tuple(cases)


class KnownError(Refusal):
    """There is such a thing already."""


class NotAskedError(Refusal):
    """A partner, or a check, that is not asked for the booking; ``of`` says which of both."""

    def __init__(self, of: Literal["partner", "fact"], name: str) -> None:
        super().__init__(name)
        self.of = of
