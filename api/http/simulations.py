"""Simulations over HTTP: asked for as jobs, followed while they run, and their results."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path as File
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import Field
from starlette.exceptions import HTTPException

import fixtures
from api.access.gate import Manager, Steward
from api.http.jobs import Asker, JobId, Jobs, JobTold, Words, told_as
from api.http.paging import Page
from api.http.problems import answer, described
from api.http.wishes import Asked, strictly
from api.jobs.runner import Runner
from api.jobs.simulating import (
    SIMULATION,
    Sentence,
    SimulationTable,
    comparison,
    read,
    table_of,
)
from api.pages.charts import Figure, taken_along
from api.simulations import no_such_week
from api.store.answers import Told
from api.store.jobs import Job, JobStatus, Progress
from scheduler.draft import Problem
from scheduler.simulation.scenario import Scenario, ScenarioError, parse_scenario
from scheduler.world import Id, Part, Tag

MOST_REPLICATIONS = 500
"""Replications of one simulation at most: beside other work some ten minutes."""
MOST_TRIED = 20
"""Things of which one more is tried at most: each is a scenario of its own."""
LONGEST_SCENARIO = 100_000
BASELINE = (File(fixtures.__file__).parent / "scenarios" / "baseline.toml").read_text("utf-8")
Table = Literal[
    "headline", "totals", "weeks", "waits", "nights", "use", "replications", "bottlenecks"
]
Format = Literal["json", "csv", "parquet"]
As = Annotated[Format, Query(description="As what it is told.")]
AS_FILES: dict[str, Any] = {
    "content": {
        "text/csv": {"schema": {"type": "string"}},
        "application/vnd.apache.parquet": {
            "schema": {"type": "string", "contentEncoding": "binary"}
        },
    }
}
WORDS = Words(
    page="Simulations that run, or did",
    cancel="Cancel a simulation of yours that waits or runs",
    events="How a simulation fares, as it does",
    events_more=(
        "Server-sent events as of a plan: `status` and `progress`, which counts the "
        "replications that are done, of all scenarios that are to be tried."
    ),
)


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

    @property
    def text(self) -> str:
        """The scenario as TOML."""
        return BASELINE if self.scenario is None else self.scenario


class SimulationJob(JobTold):
    """A simulation that runs, or did: ``interrupted`` waits to begin anew with the same seed."""

    name: Tag = Field(description="What its scenario is called.", examples=["baseline"])
    replications: int = Field(description="How many there are to be.", examples=[20])
    bottlenecks: int = Field(default=0, description="Of how many things one more is tried.")
    week: date | None = Field(
        default=None,
        description="The Monday of the week that the certificate is of.",
        examples=["2027-03-01"],
    )


class SimulationTold(SimulationJob):
    """A simulation, how far it is, and its headline when it is done."""

    progress: Progress | None = None
    result: SimulationTable | None = Field(
        default=None, description="The headline of what came of it, when it is done."
    )
    certificate: tuple[Sentence, ...] = Field(
        default=(), description="What the week can hold, and why; none where no week was asked."
    )


class SimulationPage(Page):
    """A page of simulations, the newest first."""

    simulations: tuple[SimulationJob, ...] = Field(description="The simulations of this page.")


def simulations(runner: Runner) -> APIRouter:
    """Return the operations on simulations."""
    jobs = Jobs(runner, SIMULATION, SimulationJob, SimulationPage)
    router = jobs.router(_readers, _owners, WORDS)
    _asked(router, jobs)
    _told(router, jobs)
    return router


async def _readers(person: Manager) -> Asker:
    return Asker(person, None)


async def _owners(person: Steward) -> Asker:
    return Asker(person, person.id)


def _asked(router: APIRouter, jobs: Jobs) -> None:
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
        request = request_of(wish, _read(wish.text, wish.week))
        # The seed stands in the scenario; that of a job is narrower.
        return jobs.submitted(wish, request, 0, person, asking)

    @router.get("/{simulation}", responses=described(404), summary="One simulation")
    def one(simulation: JobId, _person: Manager) -> SimulationTold:
        job, progress = jobs.queue.job(simulation, SIMULATION)
        if job.status != JobStatus.done:
            return told_as(SimulationTold, job, progress=progress)
        found = read(jobs.queue, simulation)
        return told_as(
            SimulationTold,
            job,
            progress=progress,
            result=found.tables["headline"],
            certificate=found.certificate,
        )


def _told(router: APIRouter, jobs: Jobs) -> None:
    @router.get(
        "/{simulation}/results",
        response_model=SimulationTable,
        responses={200: AS_FILES, **described(404, 409)},
        summary="What came of a simulation, as a table",
        description=(
            "Means over the replications with the bounds of their 95 % intervals: a headline, "
            "totals of the whole time, by week, waits by quantile, persons inside by night, hours "
            "used by role, region and language. Of each replication what is compared; and, where "
            "that was asked, what one more of what is fullest adds to the departures."
        ),
    )
    def results(
        simulation: JobId,
        _person: Manager,
        table: Annotated[Table, Query(description="Which table.")] = "headline",
        format: As = "json",
    ) -> Response:
        jobs.done(simulation, None, "has results")
        found = read(jobs.queue, simulation).tables.get(table)
        if found is None:
            raise HTTPException(404, f"{simulation} was not asked for {table}")
        return _as(format, table, found, f"{simulation}-{table}")

    @router.get(
        "/{simulation}/comparison",
        response_model=SimulationTable,
        responses={200: AS_FILES, **described(404, 409)},
        summary="How a simulation differs from another",
        description=(
            "Of the same seed, horizon and number of replications, which are compared in pairs, so "
            "that most of chance drops out. By measure the mean of each, by how much this one is "
            "more, and the bounds of the 95 % interval of that."
        ),
    )
    def compared(
        simulation: JobId,
        _person: Manager,
        other: Annotated[Id, Query(alias="with", description="Id of the other simulation.")],
        format: As = "json",
    ) -> Response:
        pair = _finished(jobs, simulation), _finished(jobs, other)
        found = table_of(comparison(jobs.queue, *pair))
        return _as(format, "comparison", found, f"{simulation}-{other}")


def _finished(jobs: Jobs, name: str) -> Job:
    """Return a simulation of which there is something to compare."""
    job, _ = jobs.queue.job(name, SIMULATION)
    if job.status != JobStatus.done:
        raise HTTPException(404, f"{name} is {job.status}, and is compared when it is done")
    return job


def _as(format: Format, name: str, table: SimulationTable, file: str) -> Response:
    if format == "json":
        return answer(Told(200, table.model_dump_json()))
    return taken_along(Figure(name, name, table.columns, table.rows), format, file)


def request_of(wish: SimulationWish, scenario: Scenario) -> dict[str, Any]:
    """Return what is kept of a wish for whoever does it; ``scenario`` is what its text says."""
    more = wish.model_dump(mode="json", exclude={"scenario"})
    return {"name": scenario.name, "scenario": wish.text, "seed": scenario.seed, **more}


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
