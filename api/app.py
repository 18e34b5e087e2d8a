"""The HTTP door: the cases and bookings of an office under ``/v1``."""

import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.telemetry import TelemetryConfig

from api.access.demo import Demo, Page
from api.access.gate import Access, matrix
from api.access.login import OpenId
from api.http.audit_lines import audit_lines
from api.http.bookings import bookings
from api.http.cases import cases
from api.http.events import events
from api.http.headers import VERSION, HeadAsGet, StandingHeaders
from api.http.health import health
from api.http.metrics import Measures
from api.http.openapi import ABOUT, name_of, published
from api.http.partners import partners
from api.http.plan_files import plan_files
from api.http.plans import plans
from api.http.problems import answer_problems
from api.http.queries import as_described
from api.http.rates import Rated
from api.http.requests import requests
from api.http.rosters import LONGEST as LONGEST_ROSTER
from api.http.rosters import rosters
from api.http.simulations import simulations
from api.http.statistics import statistics
from api.http.supply import supply
from api.http.technical_log import TechnicalLog, tell
from api.http.wishes import Bounded, told_in_json
from api.jobs.planning import WORKS
from api.jobs.queue import Queue
from api.jobs.runner import Runner
from api.jobs.simulating import SIMULATION, simulate
from api.office import Office
from api.pages.assets import Asset, NoAssetsError, read_assets, served
from api.pages.frame import Frame
from api.pages.login import login
from api.pages.refusals import ForPeople
from api.pages.site import site
from api.pages.told import ToldOnce
from api.settings import Settings
from api.store.database import open_database
from api.store.spent import Spent

if TYPE_CHECKING:
    from api.http.tracing import Traces

SILENT = TelemetryConfig(
    tracing=False, metrics=False, logs=False, operation_spans=False, auto_configure=False
)
"""What FastAPI would tell of by itself has paths with ids in it, and what errors say."""
LONGEST = 1_000_000
"""Bytes of a body at most."""
ROUTERS = cases, bookings, events, requests, supply, rosters, partners, statistics, audit_lines


class _VersionOne(FastAPI):
    """The operations under ``/v1``, and their description, which anybody may read from anywhere."""

    def openapi(self) -> dict[str, Any]:
        """Return the description of the operations, finished once."""
        if self.openapi_schema is None:
            issuer: str | None = self.state.issuer
            self.openapi_schema = published(super().openapi(), matrix(self), issuer)
        return self.openapi_schema

    async def described(self, _request: Request) -> JSONResponse:
        """Answer with the description."""
        return JSONResponse(self.openapi(), headers={"access-control-allow-origin": "*"})


def create_app(
    office: Office | None = None,
    access: Access | None = None,
    settings: Settings | None = None,
    traces: "Traces | None" = None,
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
    mine = office is None
    office = office or Office(open_database(settings.database))
    measures = Measures(office)
    traces = traces or _sent()
    works = {**WORKS, SIMULATION: simulate}
    if traces is not None:
        office.span = traces.span
        works = {kind: traces.around(f"job: {kind}", work) for kind, work in works.items()}
    queue = Queue(office, settings.queue, timedelta(seconds=settings.lease))
    runner = Runner(queue, works, settings.workers)

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        runner.start()
        database = office.database.engine.dialect.name
        tell("started", version=VERSION, database=database, demo=demo)
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(runner.stop)
            if traces is not None:
                await anyio.to_thread.run_sync(traces.close)
            if mine:
                office.database.close()
            tell("stopped")

    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=running,
        telemetry=SILENT,
    )
    if access is None:
        spent = Spent(office.database, office.now)
        access = Demo(spent) if settings.issuer is None else OpenId(settings, spent)
    # The last is the outermost.
    app.add_middleware(
        Bounded, most=LONGEST, longer={"/v1/rosters": LONGEST_ROSTER, "/imports": LONGEST_ROSTER}
    )
    app.add_middleware(Rated, access=access, rate=settings.rate)
    app.add_middleware(HeadAsGet)
    app.add_middleware(TechnicalLog, answered=measures.answered)
    if traces is not None:
        from api.http.tracing import Traced

        app.add_middleware(Traced, traces=traces)
    demo = isinstance(access, Demo)
    chosen: Page | None = None
    if assets := _assets(settings):
        frame = Frame(
            office,
            assets,
            demo=demo,
            theme=settings.theme_class,
            told=_told_once(settings),
            logs_out_at=settings.issuer,
        )
        app.add_middleware(ForPeople, frame=frame, login=not demo)
        app.include_router(served(assets))
        app.include_router(site(frame, runner))
        chosen = partial(login, frame)
    app.add_middleware(StandingHeaders)
    app.include_router(health(office, demo=demo))
    app.include_router(measures.page())
    if isinstance(access, Demo):
        app.include_router(access.pages(office.world, chosen))
    elif isinstance(access, OpenId):
        app.include_router(access.pages())
    app.state.runner = runner
    version_one = _version_one(office, settings, runner)
    for one in app, version_one:
        one.state.demo = demo
    version_one.state.issuer = settings.issuer
    matrix(version_one)
    app.mount("/v1", version_one)
    answer_problems(app)
    for one in app, version_one:
        measures.count_problems(one)
    return app


def _assets(settings: Settings) -> Mapping[str, Asset]:
    """Return what pages are dressed with; nothing where it is not there, and there are no pages."""
    try:
        return read_assets(settings.assets, settings.theme)
    except NoAssetsError as error:
        tell("no-pages", why=str(error))
        return {}


def _told_once(settings: Settings) -> ToldOnce:
    """Return what pages say once, signed by our key: without one, by a key of this process."""
    known = settings.session_key
    key = secrets.token_bytes(32) if known is None else known.get_secret_value()
    return ToldOnce(key, https=settings.url.scheme == "https")


def _sent() -> "Traces | None":
    """Return the traces that are sent: where the environment says to whom, and the extra is there.

    Nothing of it is imported otherwise.
    """
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return None
    try:
        from api.http.tracing import sent
    except ImportError:
        tell("no-traces", why="the extra is not installed: pip install 'regietafel[traces]'")
        return None
    return sent()


def _version_one(office: Office, settings: Settings, runner: Runner) -> FastAPI:
    api = _VersionOne(
        **ABOUT,
        telemetry=SILENT,
        # A proxy ends TLS before us: the API is published over https alone.
        servers=[{"url": f"https://{str(settings.url).partition('://')[2].rstrip('/')}/v1"}],
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        root_path_in_servers=False,
        separate_input_output_schemas=False,
        generate_unique_id_function=name_of,
        dependencies=[Depends(told_in_json), Depends(as_described)],
    )
    api.add_route("/openapi.json", api.described)
    answer_problems(api)
    for router in ROUTERS:
        api.include_router(router(office))
    api.include_router(plans(runner))
    api.include_router(plan_files(runner))
    api.include_router(simulations(runner))
    return api
