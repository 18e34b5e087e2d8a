"""What is counted of the service, as Prometheus reads it: never of whom or of what.

Labels are operations, statuses and kinds, of which there are few; no id is one of them.
"""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import Column, Connection, func, or_, select
from starlette.exceptions import HTTPException

from api.access.gate import Allowed
from api.access.person import Person, Role
from api.http.technical_log import Availability
from api.office import Office
from api.store.answers import ToldBeforeError
from api.store.database import UnavailableError
from api.store.jobs import JobStatus
from api.store.life import Release, Status
from api.store.logs import moment
from api.store.tables import BOOKINGS, JOBS

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
WITHOUT_DATABASE = frozenset({"/health/live", "/login", "/metrics", "/v1/openapi.json"})
"""Operations that are answered whether the database is there or not."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Up to how long an answer took."""


class Measures:
    """What is counted of one service, in a registry of its own."""

    def __init__(self, office: Office) -> None:
        self.registry = CollectorRegistry()
        self._availability = Availability()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.registry.register(_Stored(office))
        self._requests = Histogram(
            "regietafel_http_request_seconds",
            "How long answers took, and how many there were.",
            ("operation", "method", "status"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self._refusals = Counter(
            "regietafel_refusals",
            "What was not done, by why.",
            ("kind",),
            registry=self.registry,
        )
        self._away = Counter(
            "regietafel_database_unavailable",
            "Requests that the database kept from being answered.",
            registry=self.registry,
        )

    def answered(self, method: str, operation: str | None, status: int, seconds: float) -> None:
        """Count an answer; what is no operation counts as one."""
        known = method if method in METHODS else "other"
        self._requests.labels(operation or "none", known, status).observe(seconds)
        if status < 400 and operation is not None and operation not in WITHOUT_DATABASE:
            self._availability.back()

    def count_problems(self, app: FastAPI) -> None:
        """Count what ``app`` answers as problems, those of each kind."""
        for kind, handler in [*app.exception_handlers.items()]:
            if kind not in {Exception, HTTPException, ToldBeforeError}:
                app.add_exception_handler(kind, self._counting(handler))

    def _counting(self, handler: Any) -> Any:
        def counted(request: Request, error: Exception) -> Any:
            if isinstance(error, UnavailableError):
                self._away.inc()
                self._availability.away(str(error))
            else:
                self._refusals.labels(type(error).__name__).inc()
            return handler(request, error)

        return counted

    def page(self) -> APIRouter:
        """Return the operation that tells what was counted."""
        router = APIRouter()

        @router.get("/metrics")
        def metrics(_person: Annotated[Person, Depends(Allowed(Role.administrator))]) -> Response:
            told = generate_latest(self.registry)
            return Response(told, media_type=CONTENT_TYPE_PLAIN_0_0_4)

        return router


class _Stored(Collector):
    """What the store holds, counted when it is asked."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield how many there are of what; only that it is away where the database is."""
        up = GaugeMetricFamily("regietafel_database_up", "Whether the database can be read.")
        found: list[GaugeMetricFamily] = []
        try:
            now = moment(self._office.now())
            with self._office.database.reading() as connection:
                found = [*_counted(connection, now)]
        except UnavailableError:
            pass
        up.add_metric((), bool(found))
        yield from (up, *found)


def _counted(connection: Connection, now: str) -> Iterator[GaugeMetricFamily]:
    """Yield how many bookings and jobs there are by status, and how many holds ran out."""
    yield _by_status(
        connection, "regietafel_bookings", "Bookings kept, by status.", BOOKINGS.c.status, Status
    )
    yield _by_status(
        connection, "regietafel_jobs", "Jobs kept, by status.", JOBS.c.status, JobStatus
    )
    out = or_(BOOKINGS.c.reason == Release.expired, BOOKINGS.c.expires_at <= now)
    count = connection.execute(select(func.count()).select_from(BOOKINGS).where(out)).scalar_one()
    ran_out = GaugeMetricFamily(
        "regietafel_holds_ran_out", "Holds among the bookings kept that were not confirmed in time."
    )
    ran_out.add_metric((), count)
    yield ran_out


def _by_status(
    connection: Connection,
    name: str,
    says: str,
    column: "Column[str]",
    statuses: type[Status | JobStatus],
) -> GaugeMetricFamily:
    rows = connection.execute(select(column, func.count()).group_by(column)).all()
    counts = dict(rows)
    family = GaugeMetricFamily(name, says, labels=("status",))
    for status in statuses:
        family.add_metric((status,), counts.get(status, 0))
    return family
