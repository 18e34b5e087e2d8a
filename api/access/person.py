"""Who asks: an account with its roles, and what of the world they may see."""

from dataclasses import dataclass
from enum import StrEnum

from api.store.logs import Actor
from scheduler.world import Case


class Role(StrEnum):
    """What an account may be; one may be several."""

    planner = "planner"
    regievoerder = "regievoerder"
    partner = "partner"
    management = "management"
    auditor = "auditor"
    administrator = "administrator"


@dataclass(frozen=True, slots=True)
class Person:
    """An account that asks: its id (never a name), its roles, and from where it comes.

    ``organisation`` is whose requests a partner answers, by the name that constraints give their
    owner; ``officer`` is the resource that a regievoerder is in the world.
    """

    id: str
    roles: frozenset[Role]
    organisation: str | None = None
    officer: str | None = None
    origin: str = "http"

    @property
    def actor(self) -> Actor:
        """Who the audit log names."""
        return Actor(self.id, self.origin)

    def sees(self, case: Case) -> bool:
        """Return whether the case may be shown: all of them to planners, to officers their own."""
        return Role.planner in self.roles or (
            Role.regievoerder in self.roles
            and self.officer is not None
            and case.assigned_officer == self.officer
        )

    def speaks_for(self, partner: str) -> bool:
        """Return whether this account may answer for a partner."""
        return Role.planner in self.roles or (
            Role.partner in self.roles and self.organisation == partner
        )
