"""The HTTP door: the cases and bookings of an office under ``/v1``."""

from typing import Any

from fastapi import APIRouter, Depends, FastAPI

from api.access.demo import Demo
from api.access.gate import Access, matrix
from api.http.bookings import bookings
from api.http.cases import cases
from api.http.events import events
from api.http.problems import answer_problems, schemas
from api.http.requests import requests
from api.http.technical_log import TechnicalLog
from api.http.wishes import Bounded, told_in_json
from api.office import Office
from api.settings import Settings
from api.store.database import open_database
from scheduler.world import Part

LONGEST = 1_000_000
"""Bytes of a body at most."""
ROUTERS = cases, bookings, events, requests


class Health(Part):
    """Whether the service is up."""

    status: str = "ok"


class _VersionOne(FastAPI):
    """The operations under ``/v1``, with the problems that they answer described."""

    def openapi(self) -> dict[str, Any]:
        """Return the description of the operations."""
        found = super().openapi()
        found["components"]["schemas"] |= schemas()
        return found


def create_app(
    office: Office | None = None, access: Access | None = None, settings: Settings | None = None
) -> FastAPI:
    """Return the service of ``office``, which is asked anew for every answer.

    What is not given is what the environment says.

    Raises
    ------
    ValidationError, UnavailableError
        When it says what cannot be, or the database is away.
    OpenGateError
        When an operation does not say who may do it.
    """
    settings = settings or Settings()
    office = office or Office(open_database(settings.database))
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_middleware(TechnicalLog)
    app.include_router(_health(office))
    version_one = _version_one(office)
    version_one.state.access = access or Demo()
    matrix(version_one)
    app.mount("/v1", version_one)
    answer_problems(app)
    return app


def _health(office: Office) -> APIRouter:
    router = APIRouter(prefix="/health")

    @router.get("/live")
    async def live() -> Health:
        return Health()

    @router.get("/ready")
    def ready() -> Health:
        office.database.ready()
        office.world()
        return Health()

    return router


def _version_one(office: Office) -> FastAPI:
    api = _VersionOne(
        title="Regietafel",
        version="0.1.0",
        summary="Slots for forced departures, or what blocks them; and what is booked of them.",
        description=(
            "What is proposed holds nothing. What is held is held whole, and by one case alone. "
            "Mistakes are answered as problems (RFC 9457). Moments are answered in UTC."
        ),
        servers=[{"url": "/v1"}],
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        root_path_in_servers=False,
        dependencies=[Depends(told_in_json)],
    )
    api.add_middleware(Bounded, most=LONGEST)
    answer_problems(api)
    for router in ROUTERS:
        api.include_router(router(office))
    return api
