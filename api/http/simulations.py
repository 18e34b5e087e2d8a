"""Simulations over HTTP: asked for as jobs, followed while they run, and their results."""

from collections.abc import AsyncIterator, Iterable
from datetime import date
from pathlib import Path as File
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field

import fixtures
from api.access.gate import Manager, Steward
from api.http.paging import Page, Paging
from api.http.plans import JobId, LastSeen, Streams
from api.http.problems import answer, described
from api.http.wishes import Asked, strictly
from api.jobs.runner import Runner
from api.jobs.simulating import SIMULATION, Simulated, SimulationTable
from api.pages.charts import Figure, taken_along
from api.simulations import no_such_week
from api.store.answers import Told
from api.store.jobs import Job, JobStatus, NotDoneError, Progress
from scheduler.draft import Problem
from scheduler.simulation.scenario import Scenario, ScenarioError, parse_scenario
from scheduler.world import Id, Instant, Part, Tag

MOST_REPLICATIONS = 500
"""Replications of one simulation at most: beside other work some ten minutes."""
MOST_TRIED = 20
"""Things of which one more is tried at most: each is a scenario of its own."""
LONGEST_SCENARIO = 100_000
BASELINE = (File(fixtures.__file__).parent / "scenarios" / "baseline.toml").read_text("utf-8")
Table = Literal["headline", "totals", "weeks", "waits", "nights", "use"]
Format = Literal["json", "csv", "parquet"]


class SimulationWish(Part):
    """What is to be simulated, and how often."""

    scenario: Annotated[str, Field(max_length=LONGEST_SCENARIO)] | None = Field(
        default=None,
        description="The scenario as TOML, as docs/scenario.schema.json has it; null: baseline.",
        examples=['schemaVersion = 1\nname = "more-interpreters"'],
    )
    replications: Annotated[int, Field(ge=2, le=MOST_REPLICATIONS)] = Field(
        default=20, description="How often; more make the intervals narrower."
    )
    bottlenecks: Annotated[int, Field(ge=0, le=MOST_TRIED)] = Field(
        default=0,
        description="Of how many things it is tried what one more is worth, the fullest first.",
    )
    week: date | None = Field(
        default=None,
        description="The Monday of a week within the horizon of which to tell what it can hold.",
        examples=["2027-03-01"],
    )


class SimulationJob(Part):
    """A simulation that runs, or did: ``interrupted`` waits to begin anew with the same seed."""

    id: Id
    status: JobStatus
    owner: str = Field(description="The account that asked for it.")
    name: Tag = Field(description="What its scenario is called.", examples=["baseline"])
    replications: int = Field(description="How many there are to be.", examples=[20])
    bottlenecks: int = Field(default=0, description="Of how many things one more is tried.")
    week: date | None = Field(default=None, description="The Monday of the week that is told of.")
    seed: int
    created_at: Instant
    started_at: Instant | None = None
    finished_at: Instant | None = None
    attempts: int = Field(description="How often it began.")
    error: str | None = Field(default=None, description="Why it failed.")


class SimulationTold(SimulationJob):
    """A simulation, how far it is, and its headline when it is done."""

    progress: Progress | None = None
    result: SimulationTable | None = Field(
        default=None, description="The headline of what came of it, when it is done."
    )


class SimulationPage(Page):
    """A page of simulations, the newest first."""

    simulations: tuple[SimulationJob, ...] = Field(description="The simulations of this page.")


def simulations(runner: Runner) -> APIRouter:
    """Return the operations on simulations."""
    router = APIRouter(prefix="/simulations", tags=["simulations"])
    _asked(router, runner)
    _followed(router, runner)
    return router


def _asked(router: APIRouter, runner: Runner) -> None:
    queue = runner.queue

    @router.post(
        "",
        status_code=202,
        response_model=SimulationJob,
        responses=described(422, 429, 503),
        summary="Simulate a scenario",
        description=(
            "A job is made of it, which waits its turn. The chain that is simulated is a synthetic "
            "one: no case of the store is read, and its numbers are of nobody, so that small ones "
            "are not hidden."
        ),
    )
    def submit(
        wish: Annotated[SimulationWish, strictly(SimulationWish)], person: Steward, asking: Asked
    ) -> Response:
        text = BASELINE if wish.scenario is None else wish.scenario
        scenario = _read(text, wish.week)
        request = {
            "name": scenario.name,
            "scenario": text,
            "seed": scenario.seed,
            **wish.model_dump(mode="json", exclude={"scenario"}),
        }
        told = asking.answer(
            wish,
            # The seed stands in the scenario; that of a job is narrower.
            lambda once: queue.submit(SIMULATION, request, 0, person.actor, once=once),
            _waits,
        )
        runner.wake()
        return told

    @router.get("", responses=described(), summary="Simulations that run, or did")
    def page(_person: Manager, paging: Paging) -> SimulationPage:
        found = queue.jobs(SIMULATION, None, paging.offset, paging.limit)
        return SimulationPage(
            simulations=tuple(SimulationJob(**_fields(one)) for one in found),
            total=queue.jobs_ever(SIMULATION, None),
            offset=paging.offset,
        )

    @router.delete(
        "/{simulation}",
        response_model=SimulationJob,
        responses=described(404, 409),
        summary="Cancel a simulation of yours that waits or runs",
    )
    def cancel(simulation: JobId, person: Steward) -> Response:
        job = queue.cancel(simulation, person.actor, SIMULATION, person.id)
        runner.cancelled(simulation)
        return answer(Told(200, SimulationJob(**_fields(job)).model_dump_json()))


def _followed(router: APIRouter, runner: Runner) -> None:
    queue, streams = runner.queue, Streams(runner)

    @router.get("/{simulation}", responses=described(404), summary="One simulation")
    def one(simulation: JobId, _person: Manager) -> SimulationTold:
        job, progress = queue.job(simulation, SIMULATION)
        found = None
        if job.status == JobStatus.done:
            found = _simulated(runner, simulation).tables["headline"]
        return SimulationTold(**_fields(job), progress=progress, result=found)

    @router.get(
        "/{simulation}/results",
        response_model=SimulationTable,
        responses={
            200: {
                "content": {
                    "text/csv": {"schema": {"type": "string"}},
                    "application/vnd.apache.parquet": {
                        "schema": {"type": "string", "contentEncoding": "binary"}
                    },
                }
            },
            **described(404, 409),
        },
        summary="What came of a simulation, as a table",
        description=(
            "Means over the replications with the bounds of their 95 % intervals: a headline, "
            "totals of the whole time, by week, waits by quantile, persons inside by night, hours "
            "used by role, region and language."
        ),
    )
    def results(
        simulation: JobId,
        _person: Manager,
        table: Annotated[Table, Query(description="Which table.")] = "headline",
        format: Annotated[Format, Query(description="As what it is told.")] = "json",
    ) -> Response:
        job, _ = queue.job(simulation, SIMULATION)
        if job.status != JobStatus.done:
            raise NotDoneError(f"{simulation} is {job.status}, and has results when it is done")
        found = _simulated(runner, simulation).tables[table]
        if format == "json":
            return answer(Told(200, found.model_dump_json()))
        return taken_along(
            Figure(table, table, found.columns, found.rows), format, f"{simulation}-{table}"
        )

    async def opened(
        response: Response, simulation: JobId, person: Manager, last: LastSeen = None
    ) -> AsyncIterator[int]:
        asked = SIMULATION, None
        async with streams.opened(response, simulation, asked, person.id, last) as after:
            yield after

    @router.get(
        "/{simulation}/events",
        response_class=EventSourceResponse,
        responses={204: {"description": "Nothing more will come"}, **described(404, 429, 503)},
        summary="How a simulation fares, as it does",
        description=(
            "Server-sent events as of a plan: `status` and `progress`, which counts the "
            "replications that are done."
        ),
    )
    async def told(
        simulation: JobId, after: Annotated[int, Depends(opened)]
    ) -> AsyncIterator[ServerSentEvent]:
        async for event in streams.told(simulation, after):
            yield event


def _read(text: str, week: date | None) -> Scenario:
    """Return the scenario of a request, or say all that is wrong with it or its week."""
    try:
        scenario = parse_scenario(text)
    except ScenarioError as error:
        raise _wrong("body.scenario", error.problems) from None
    if week is not None and (problems := [*no_such_week(scenario, week)]):
        raise _wrong("body", problems)
    return scenario


def _wrong(where: str, problems: Iterable[Problem]) -> RequestValidationError:
    return RequestValidationError(
        [{"loc": (f"{where}{one.path.removeprefix('$')}",), "msg": one.says} for one in problems]
    )


def _simulated(runner: Runner, name: str) -> Simulated:
    return Simulated.model_validate(runner.queue.result(name), strict=False)


def _waits(job: Job) -> Told:
    where = {"location": f"/v1/simulations/{job.id}"}
    return Told(202, SimulationJob(**_fields(job)).model_dump_json(), where)


def _fields(job: Job) -> dict[str, Any]:
    week = job.request.get("week")
    return {
        "id": job.id,
        "status": job.status,
        "owner": job.owner,
        "name": job.request["name"],
        "replications": job.request["replications"],
        "bottlenecks": job.request.get("bottlenecks", 0),
        "week": week and date.fromisoformat(week),
        "seed": job.request["seed"],
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "attempts": job.attempts,
        "error": job.error,
    }
