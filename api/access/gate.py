"""The gate of each operation: which roles may pass, denied unless it is said."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Protocol

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from api.access.person import Person, Role


class Access(Protocol):
    """How a request tells who asks."""

    def person(self, request: Request) -> Person | None:
        """Return who asks, or None when nobody says so.

        Raises
        ------
        BadTokenError
            When what is said is not to be believed.
        """


RECOGNISED = "regietafel.recognised"
"""Where a request carries who asks, or what kept it from being found out."""


def recognised(request: Request) -> Person | None:
    """Return who asks, as was found when the request came in.

    Raises
    ------
    BadTokenError, OtherSiteError, ProviderAwayError, UnavailableError
        When what is said is not to be believed, or cannot be looked into.
    """
    found: Person | Exception | None = request.scope[RECOGNISED]
    if isinstance(found, Exception):
        raise found
    return found


class BadTokenError(Exception):
    """A token that is not to be believed: it says why in a few words."""


class UnknownPersonError(Exception):
    """Nobody says who asks."""


class ProviderAwayError(Exception):
    """Who asks cannot be looked up now: the provider does not answer."""


class OtherSiteError(Exception):
    """A browser asks to change something, and it is not a page of ours that does."""


class NotAllowedError(Exception):
    """Who asks has none of the roles that may."""

    def __init__(self, roles: Iterable[Role]) -> None:
        super().__init__(f"asks for one of the roles {', '.join(sorted(roles))}")


class NotTheirsError(NotAllowedError):
    """A partner that would see, or say, what is another's."""

    def __init__(self) -> None:
        Exception.__init__(self, "answers for its own organisation alone")


class Allowed:
    """Lets only these roles pass, and tells who it is."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)

    async def __call__(self, request: Request) -> Person:
        """Return who asks.

        Raises
        ------
        BadTokenError, UnknownPersonError, NotAllowedError
            When nobody does, or somebody who may not.
        """
        person = recognised(request)
        if person is None:
            raise UnknownPersonError("says nothing of who asks")
        if person.roles.isdisjoint(self.roles):
            raise NotAllowedError(self.roles)
        return person


Planner = Annotated[Person, Depends(Allowed(Role.planner))]
Caseworker = Annotated[Person, Depends(Allowed(Role.planner, Role.regievoerder))]
"""Whoever works on cases; an officer in charge sees their own alone."""
Confirmer = Annotated[Person, Depends(Allowed(Role.planner, Role.partner))]
"""Whoever answers for a partner; a partner for its own organisation alone."""
Partner = Annotated[Person, Depends(Allowed(Role.partner))]
Manager = Annotated[Person, Depends(Allowed(Role.management, Role.planner))]
Steward = Annotated[Person, Depends(Allowed(Role.management))]
Auditor = Annotated[Person, Depends(Allowed(Role.auditor))]
Operator = Annotated[Person, Depends(Allowed(Role.planner, Role.administrator))]
"""Whoever minds what runs: planners their own jobs, an administrator all of them."""


def matrix(app: FastAPI) -> dict[tuple[str, str], frozenset[Role]]:
    """Return which roles may do each operation of ``app``, by method and path.

    Raises
    ------
    OpenGateError
        With every operation that has no gate, or more than one.
    """
    found = gates(app)
    if wrong := [" ".join(one) for one, mine in found.items() if len(mine) != 1]:
        raise OpenGateError(wrong)
    return {one: gate.roles for one, (gate,) in found.items()}


def gates(app: FastAPI) -> dict[tuple[str, str], list[Allowed]]:
    """Return the gates of each operation of ``app`` and of its routers, by method and path."""
    return {
        (method, one.path or ""): [*_gates(one.dependant)]
        for one in iter_route_contexts(app.routes)
        if isinstance(one.original_route, APIRoute)
        for method in sorted(one.methods or ())
    }


class OpenGateError(RuntimeError):
    """Operations that do not say, once, who may do them."""

    def __init__(self, operations: Iterable[str]) -> None:
        super().__init__(f"who may do this is not said once: {', '.join(operations)}")


def _gates(dependant: Dependant) -> Iterator[Allowed]:
    if isinstance(dependant.call, Allowed):
        yield dependant.call
    for one in dependant.dependencies:
        yield from _gates(one)
