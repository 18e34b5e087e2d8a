"""The room of scenarios: made by form, run with progress, read, and compared side by side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import ceil
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from api.access.gate import Manager, Steward
from api.access.person import Role
from api.http.jobs import JobId
from api.http.simulations import BASELINE, LONGEST_SCENARIO, request_of
from api.jobs.queue import OwnQueueFullError, Queue, QueueFullError
from api.jobs.runner import Runner
from api.jobs.simulating import (
    SIMULATION,
    IncomparableError,
    Simulated,
    comparison,
)
from api.language import Language, phrase
from api.pages import charts
from api.pages.charts import FILES, Width, drawn, taken_along
from api.pages.frame import Frame, language_of
from api.pages.plans import STATES, State
from api.pages.scenario_changes import Changed, changes
from api.pages.scenario_form import (
    BOTTLENECKS,
    DATES,
    FIGURE,
    MINUTES,
    NUMBERS,
    PERCENT,
    PLUS,
    SHARE,
    Filled,
    Wrong,
    form_of,
    languages,
    lines_of,
    read,
    regions,
    roles,
    rules,
    sources_of,
    unknown_to_the_chain,
)
from api.pages.scenario_words import reason, source
from api.pages.simulated import (
    Amount,
    Difference,
    Named,
    Shown,
    departed,
    differences,
    distinct,
    figures,
    first,
    side_by_side,
    sources,
    summary,
    summed,
)
from api.pages.slots import asking, new_key
from api.simulations import rows_of
from api.store.answers import Told
from api.store.jobs import OVER, Job, JobStatus, NotDoneError, Progress
from scheduler.draft import Problem
from scheduler.simulation.scenario import ScenarioError, parse_scenario

ON_PAGE = 20
"""Simulations on one page of the list."""
MOST = 3
"""Simulations that are compared at most."""
KEPT, KEPT_SHORT = 8, 1000
"""Results that are kept at hand: charts are asked for one by one, and what is done stays so; and
what the list tells of them."""
SIMULATES = {**STATES, JobStatus.running: State("goal", "→", phrase("runs"))}
PHASES: Mapping[JobStatus, str] = {
    JobStatus.queued: phrase("The simulation waits for its turn."),
    JobStatus.running: phrase("The chain is simulated, day by day."),
    JobStatus.interrupted: phrase("The work was interrupted. It begins anew by itself."),
    JobStatus.done: phrase("The simulation is done."),
    JobStatus.failed: phrase("The simulation failed. Look whether the scenario can be right."),
    JobStatus.cancelled: phrase("The work was stopped. Nothing of it is kept."),
}
APART = {
    "seed": phrase("They have different seeds, and so other chances."),
    "horizon": phrase("They count other days."),
    "replications": phrase("They have different numbers of replications."),
    "kept too little": phrase("One of them is older than comparing is: run it again."),
}
"""Why simulations say nothing beside each other, by how that is told."""
Those = Annotated[tuple[JobId, ...], Query(alias="of", max_length=ON_PAGE)]
FigureName = Annotated[str, Path(pattern=r"^[a-z-]{1,40}$")]


@dataclass(frozen=True, slots=True)
class Running:
    """A simulation as it fares: how many replications are done of all, and about how long yet."""

    job: Job
    state: State
    phase: str
    done: int
    of: int
    minutes: int | None

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.job.status in OVER


@dataclass(frozen=True, slots=True)
class Listed:
    """A simulation in the list, with what it comes to where it is done."""

    job: Job
    state: State
    departed: Amount | None


@dataclass(frozen=True, slots=True)
class Beside:
    """Simulations beside each other, the first of which the others are compared with."""

    jobs: tuple[Job, ...]
    names: tuple[str, ...]
    those: tuple[Named, ...]
    found: tuple[Difference, ...]


class Results:
    """What came of the simulations of a queue; the latest that were asked for are at hand."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self.of = lru_cache(maxsize=KEPT)(self._of)
        self.departed = lru_cache(maxsize=KEPT_SHORT)(self._departed)
        self.compared = lru_cache(maxsize=KEPT)(self._compared)

    def job(self, name: str) -> Job:
        """Return a simulation that is done.

        Raises
        ------
        UnknownJobError, NotDoneError
            When there is none, or nothing has come of it.
        """
        job, _ = self._queue.job(name, SIMULATION)
        if job.status != JobStatus.done:
            raise NotDoneError(f"{name} is {job.status}, and has results when it is done")
        return job

    def _of(self, name: str) -> Simulated:
        return Simulated.model_validate(self._queue.result(name), strict=False)

    def _departed(self, language: Language, name: str) -> Amount | None:
        return departed(language, self._of(name))

    def _compared(self, name: str, other: str) -> list[dict[str, Any]]:
        return rows_of(comparison(self._queue, self.job(name), self.job(other)))


def scenarios(frame: Frame, runner: Runner) -> APIRouter:
    """Return the pages of scenarios."""
    router = APIRouter(prefix="/scenarios", include_in_schema=False)
    results = Results(runner.queue)
    _asked(router, frame, runner, results)
    _compared(router, frame, runner, results)
    _followed(router, frame, runner, results)
    return router


def _asked(router: APIRouter, frame: Frame, runner: Runner, results: Results) -> None:
    queue = runner.queue

    @router.get("")
    def page(
        request: Request,
        person: Manager,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> HTMLResponse:
        language = language_of(request)
        jobs = queue.jobs(SIMULATION, None, offset, ON_PAGE)
        return frame.show(
            request,
            "scenarios.html",
            listed=[_listed(language, results, one) for one in jobs],
            total=queue.jobs_ever(SIMULATION, None),
            offset=offset,
            limit=ON_PAGE,
            comparable=sum(one.status == JobStatus.done for one in jobs) > 1,
            may_ask=Role.management in person.roles,
        )

    def form_page(
        request: Request, filled: Filled, status: int = 200, wrong: Wrong | None = None,
        says: str = "", pasted: str = "", problems: Sequence[Problem] = (),
    ) -> HTMLResponse:  # fmt: skip
        language, wrong = language_of(request), wrong or Wrong({})
        return frame.show(
            request,
            "scenario_form.html",
            status,
            filled=filled.model_copy(update={"key": new_key()}),
            numbers={one.name: one for one in (*NUMBERS, BOTTLENECKS)},
            dates=DATES,
            columns={"percent": PERCENT, "plus": PLUS, "share": SHARE,
                     "figure": FIGURE, "minutes": MINUTES},
            lines=[*lines_of(language, filled)],
            staff=roles(language),
            regions=regions(),
            languages=languages(language),
            rules=rules(language),
            reason=lambda name: reason(language, name),
            source=lambda text: source(language, text),
            sources=sources_of(filled),
            wrong={
                name: language.say(
                    says, **{each: language.decimal(limit) for each, limit in limits.items()}
                )
                for name, (says, limits) in wrong.fields.items()
            },
            others=wrong.others,
            says=says,
            pasted=pasted,
            problems=problems,
            most=LONGEST_SCENARIO,
        )  # fmt: skip

    @router.get("/new")
    def new(
        request: Request,
        _person: Steward,
        begins: Annotated[JobId | None, Query(alias="from")] = None,
    ) -> HTMLResponse:
        if begins is None:
            return form_page(request, form_of(BASELINE, new_key()))
        job, _ = queue.job(begins, SIMULATION)
        return form_page(request, form_of(job.request["scenario"], new_key(), job.request))

    @router.post("/new")
    def brought(
        request: Request,
        _person: Steward,
        toml: Annotated[str, Form(max_length=LONGEST_SCENARIO)] = "",
        file: Annotated[UploadFile | None, File()] = None,
    ) -> HTMLResponse:
        """Fill the form with a scenario that somebody brings along."""
        brought = b"" if file is None else file.file.read(LONGEST_SCENARIO + 1)
        try:
            text = brought.decode() if brought else toml
            filled = form_of(text, new_key())
            wrong: Sequence[Problem] = [*unknown_to_the_chain(parse_scenario(text))]
        except UnicodeDecodeError:
            text, wrong = "", [Problem("$", "cannot be read: is no UTF-8")]
        except ScenarioError as error:
            wrong = error.problems
        if wrong:
            filled = form_of(BASELINE, new_key())
            return form_page(request, filled, 400, pasted=text, problems=wrong)
        return form_page(request, filled)

    @router.post("")
    def submit(request: Request, person: Steward, filled: Annotated[Filled, Form()]) -> Response:
        wish = read(filled)
        if isinstance(wish, Wrong):
            return form_page(request, filled, 400, wish)
        asked = request_of(wish, parse_scenario(wish.text))
        try:
            told = asking(request, person, filled.key).answer(
                wish,
                lambda once: queue.submit(SIMULATION, asked, 0, person.actor, once=once),
                lambda job: Told(303, "{}", {"location": f"/scenarios/{job.id}"}),
            )
        except OwnQueueFullError:
            says = phrase("Enough of what you asked waits already. Stop one, or come back later.")
            return form_page(request, filled, 429, says=says)
        except QueueFullError:
            says = phrase("Enough work waits already. Come back in a while.")
            return form_page(request, filled, 503, says=says)
        runner.wake()
        return told

    @router.post("/{simulation}/stop")
    def stop(simulation: JobId, person: Steward) -> RedirectResponse:
        queue.cancel(simulation, person.actor, SIMULATION, person.id)
        runner.cancelled(simulation)
        return frame.done(RedirectResponse(f"/scenarios/{simulation}", 303), "stopped")


def _compared(router: APIRouter, frame: Frame, runner: Runner, results: Results) -> None:
    def beside(language: Language, names: Sequence[str]) -> Beside:
        jobs = tuple(results.job(one) for one in reversed(names))
        called = distinct([one.request["name"] for one in jobs])
        against = [results.compared(one.id, jobs[0].id) for one in jobs[1:]]
        return Beside(
            jobs,
            tuple(called),
            tuple(Named(name, results.of(job.id)) for name, job in zip(called, jobs, strict=True)),
            tuple(side_by_side(language, against)),
        )

    def one(language: Language, those: Sequence[str], figure: str) -> Shown:
        if (names := _some(those)) is None:
            raise HTTPException(404, "there is no such figure")
        found = beside(language, names)
        if figure == "differences":
            told = differences(language, found.names, found.found)
            return Shown(told, len(told.heads))
        return _of_name(figures(language, found.those), figure)

    @router.get("/comparison")
    def page(request: Request, person: Manager, those: Those = ()) -> HTMLResponse:
        language, query = language_of(request), "&".join(f"of={one}" for one in those)
        wrong, found, status = [], None, 400
        if (names := _some(those)) is None:
            wrong = [phrase("Choose two or three simulations to put beside each other.")]
        else:
            try:
                found, status = beside(language, names), 200
            except NotDoneError:
                wrong, status = (
                    [phrase("One of them is not done: nothing has come of it yet.")],
                    409,
                )
            except IncomparableError as error:
                wrong, status = [says for why, says in APART.items() if why in str(error)], 409
        return frame.show(
            request,
            "comparison.html",
            status,
            wrong=wrong,
            beside=found,
            changed=[_changes(language, found.jobs[0], one) for one in found.jobs[1:]]
            if found
            else [],
            figures=[*figures(language, found.those)] if found else [],
            query=query,
            files=FILES,
            may_ask=Role.management in person.roles,
        )

    @router.get("/comparison/{name}.svg")
    def chart(
        request: Request, name: FigureName, _person: Manager, those: Those, width: Width = "wide"
    ) -> Response:
        language = language_of(request)
        return drawn(one(language, those, name).chart(language), width)

    @router.get("/comparison/{name}.{file}")
    def file(
        request: Request, name: FigureName, file: charts.File, _person: Manager, those: Those
    ) -> Response:
        return taken_along(
            one(language_of(request), those, name).figure, file, f"comparison-{name}"
        )


def _some(names: Sequence[str]) -> tuple[str, ...] | None:
    """Return what is to be compared, each once; None when that is one alone, or too many."""
    chosen = tuple(dict.fromkeys(names))
    return chosen if 2 <= len(chosen) <= MOST else None


def _followed(router: APIRouter, frame: Frame, runner: Runner, results: Results) -> None:
    queue = runner.queue

    @router.get("/{simulation}")
    def one(request: Request, simulation: JobId, person: Manager) -> HTMLResponse:
        job, progress = queue.job(simulation, SIMULATION)
        language = language_of(request)
        found = (
            Named(job.request["name"], results.of(job.id)) if job.status == JobStatus.done else None
        )
        scenario = parse_scenario(job.request["scenario"])
        return frame.show(
            request,
            "scenario.html",
            running=_running(job, progress),
            scenario=scenario,
            changed=changes(language, BASELINE, job.request["scenario"]),
            found=found,
            first=[*first(language, found)] if found else [],
            summed=[*summed(language, found)] if found else [],
            monday=_monday(job),
            certificate=found.found.certificate if found else (),
            figures=[*figures(language, [found])] if found else [],
            sources=[source(language, each) for each in sources(scenario)],
            files=FILES,
            may_ask=Role.management in person.roles,
            may_stop=person.id == job.owner and Role.management in person.roles,
        )

    @router.get("/{simulation}/progress")
    def progress(request: Request, simulation: JobId, _person: Manager) -> HTMLResponse:
        now = _running(*queue.job(simulation, SIMULATION))
        part = frame.show(request, "scenario_progress.html", running=now)
        if now.over:
            part.headers["hx-refresh"] = "true"
        return part

    @router.get("/{simulation}/scenario.toml")
    def toml(simulation: JobId, _person: Manager) -> Response:
        job, _ = queue.job(simulation, SIMULATION)
        kept = f'attachment; filename="{job.request["name"]}.toml"'
        headers = {"content-disposition": kept}
        return Response(job.request["scenario"], headers=headers, media_type="application/toml")

    def figure(language: Language, simulation: str, name: str) -> Shown:
        job = results.job(simulation)
        found = Named(job.request["name"], results.of(job.id))
        if name == "summary":
            told = summary(language, [*summed(language, found)])
            return Shown(told, len(told.heads))
        return _of_name(figures(language, [found]), name)

    @router.get("/{simulation}/{name}.svg")
    def chart(
        request: Request, simulation: JobId, name: FigureName, _person: Manager,
        width: Width = "wide",
    ) -> Response:  # fmt: skip
        language = language_of(request)
        return drawn(figure(language, simulation, name).chart(language), width)

    @router.get("/{simulation}/{name}.{file}")
    def file(
        request: Request, simulation: JobId, name: FigureName, file: charts.File, _person: Manager
    ) -> Response:
        told = figure(language_of(request), simulation, name).figure
        return taken_along(told, file, f"{simulation}-{name}")


def _of_name(those: Iterator[Shown], name: str) -> Shown:
    for one in those:
        if one.figure.name == name:
            return one
    raise HTTPException(404, "there is no such figure")


def _listed(language: Language, results: Results, job: Job) -> Listed:
    done = job.status == JobStatus.done
    return Listed(job, SIMULATES[job.status], results.departed(language, job.id) if done else None)


def _running(job: Job, how: Progress | None) -> Running:
    done, of, minutes = 0, job.request["replications"], None
    if how is not None:
        done, of = how.incumbent["replications"], how.bound["replications"]
    if how is not None and done and job.status == JobStatus.running:
        minutes = ceil(how.seconds / done * (of - done) / 60)
    return Running(job, SIMULATES[job.status], PHASES[job.status], done, of, minutes)


def _monday(job: Job) -> date | None:
    week = job.request.get("week")
    return None if week is None else date.fromisoformat(week)


def _changes(language: Language, mine: Job, theirs: Job) -> list[Changed]:
    return changes(language, mine.request["scenario"], theirs.request["scenario"])
