"""What a provider says of an account, read strictly: who it is is ours to bound."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.access.gate import BadTokenError
from api.access.person import Person, Role
from scheduler.world import Id


class _Claims(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    # No @ and no space: the audit log keeps it, and neither an address nor a name belongs there.
    sub: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:|=~-]+$", max_length=100)]
    roles: Annotated[tuple[str, ...], Field(max_length=100, strict=False)] = ()
    organisation: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    officer: Id | None = None


def person_of(claims: Mapping[str, Any], origin: str) -> Person:
    """Return the account that claims tell of; roles that are not ours give it nothing.

    Raises
    ------
    BadTokenError
        With the names of the claims that cannot be, and nothing of what they say.
    """
    try:
        told = _Claims.model_validate(claims)
    except ValidationError as error:
        wrong = sorted({str(one["loc"][0]) for one in error.errors()})
        raise BadTokenError(f"not as they must be: its claims {', '.join(wrong)}") from None
    roles = frozenset(role for role in Role if role in told.roles)
    return Person(told.sub, roles, told.organisation, told.officer, origin)


def claims_of(person: Person) -> dict[str, Any]:
    """Return the claims that :func:`person_of` makes the person of."""
    return {
        "sub": person.id,
        "roles": sorted(person.roles),
        "organisation": person.organisation,
        "officer": person.officer,
    }
