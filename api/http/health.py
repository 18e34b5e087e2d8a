"""How the service is, for whoever minds it: whether it runs, and whether it can be asked."""

from time import monotonic

import anyio
import anyio.to_thread
from fastapi import APIRouter

from api.office import Office
from api.store.database import UnavailableError
from api.store.worlds import EmptyError
from scheduler.world import Part

FRESH = 1.0
"""Seconds for which what was found is told again: looking takes the turn of a writer."""


class Health(Part):
    """Whether the service is up."""

    status: str = "ok"


class Live(Health):
    """Whether the process runs, and whether it is a demo, in which everybody may do everything."""

    demo: bool


def health(office: Office, *, demo: bool) -> APIRouter:
    """Return the operations on the service itself. However many ask, one at a time looks."""
    router = APIRouter(prefix="/health")
    looking = anyio.Lock()
    wrong: UnavailableError | EmptyError | None = None
    looked = float("-inf")

    @router.get("/live")
    async def live() -> Live:
        return Live(demo=demo)

    @router.get("/ready")
    async def ready() -> Health:
        nonlocal wrong, looked
        async with looking:
            if monotonic() - looked >= FRESH:
                wrong = await anyio.to_thread.run_sync(_wrong, office)
                looked = monotonic()
        if wrong is not None:
            raise wrong.with_traceback(None)
        return Health()

    return router


def _wrong(office: Office) -> UnavailableError | EmptyError | None:
    """Return why nothing can be written or read now."""
    try:
        office.database.ready()
        office.world()
    except (UnavailableError, EmptyError) as error:
        return error
    return None
