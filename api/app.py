"""The HTTP door: the cases and bookings of an office under ``/v1``."""

from typing import Any

from fastapi import APIRouter, Depends, FastAPI

from api.bookings import bookings
from api.cases import cases
from api.events import events
from api.office import Office
from api.problems import answer_problems, schemas
from api.requests import requests
from api.technical_log import TechnicalLog
from api.wishes import Bounded, told_in_json
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


def create_app(office: Office) -> FastAPI:
    """Return the service of ``office``, which is asked anew for every answer."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_middleware(TechnicalLog)
    app.include_router(_health(office))
    app.mount("/v1", _version_one(office))
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
