"""What a query may say: parameters that the operation has, each once, and stretches of time."""

from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError

from api.access.gate import recognised
from scheduler.draft import maybe

T = TypeVar("T", datetime, int)


def as_described(request: Request) -> None:
    """Refuse a parameter that the operation does not have, and one that is there too often.

    Who is not recognised is told by the gate that nobody asks, and no more.
    """
    if not request.query_params or recognised(request) is None:
        return
    known = dict(_parameters(request.scope["route"].dependant))
    told = request.query_params
    mistakes = [(one, f"is not a parameter{maybe(one, known)}") for one in told if one not in known]
    mistakes += [
        (one, "is there more than once")
        for one, several in known.items()
        if not several and len(told.getlist(one)) > 1
    ]
    if mistakes:
        raise wrong(*mistakes)


def _parameters(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """Yield the parameters of a query by name, and whether each may be there several times."""
    for one in dependant.query_params:
        kind = one.field_info.annotation
        yield one.alias, any(get_origin(each) is list for each in (kind, *get_args(kind)))
    for below in dependant.dependencies:
        yield from _parameters(below)


def in_order(since: T | None, until: T | None) -> None:
    """Refuse a stretch that ends before it begins."""
    if since is not None and until is not None and until < since:
        raise wrong(("until", "lies before from"))


def wrong(*mistakes: tuple[str, str]) -> RequestValidationError:
    """Return mistakes in a query that only its meaning shows: each a field and what is wrong."""
    return RequestValidationError(
        [{"loc": ("query", field), "msg": says, "type": "value_error"} for field, says in mistakes]
    )
