"""Plans over HTTP: made as jobs, followed while they are, and accepted whole or per case."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from api.access.gate import Operator, Planner
from api.access.person import Person, Role
from api.difference import Difference, differences
from api.http.jobs import Asker, JobId, Jobs, JobTold, Words, told_as
from api.http.paging import Page
from api.http.problems import described
from api.http.wishes import Asked, strictly
from api.jobs.planning import PLAN
from api.jobs.runner import Runner
from api.office.bookings import Accepted
from api.store.answers import Told
from api.store.jobs import JobStatus, Progress
from api.store.worlds import HOLD
from scheduler.plan import Bound, Plan, Unplanned
from scheduler.world import Id, Part

MOST_ACCEPTED = 5000
"""Cases that are accepted by name at most."""
MINUTE = timedelta(minutes=1)
WORDS = Words(
    page="Plans that are made, or were",
    cancel="Cancel a plan that waits or is made",
    events="How a plan fares, as it does",
    events_more=(
        "Server-sent events, `status` and `progress`, each with an id to resume from. The "
        "stream ends when the job is over, or after ten minutes: resume then. Asked again "
        "after its last event it answers 204."
    ),
)


class PlanWish(Part):
    """How long to plan, and where the search begins: planned is the world when it begins."""

    seconds: Annotated[int, Field(ge=1, le=600)] = Field(
        default=60, description="Seconds to search in; the first plan is always finished."
    )
    seed: Annotated[int, Field(ge=0, le=2_147_483_647)] = 0


class PlanJob(JobTold):
    """A plan that is made, or was: ``interrupted`` waits to begin anew with the same seed."""

    seconds: int
    enough: bool = Field(default=False, description="Whether its search was ended by a request.")
    world: str | None = Field(default=None, description="Fingerprint of the world it began on.")
    versions: dict[str, str] | None = Field(default=None, description="What it is made with.")


class EnoughWish(Part):
    """What there is of a plan is enough."""

    enough: Literal[True] = Field(
        description="That the search may end: the best plan so far is what comes of it."
    )


class PlanFound(Part):
    """What was planned, beside what is in force at the moment of the answer."""

    levels: tuple[Bound, ...]
    gap: float = Field(description="(bound - value) / bound of the planned weight, a fraction.")
    unplanned: tuple[Unplanned, ...]
    difference: tuple[Difference, ...]


class PlanTold(PlanJob):
    """A plan, how far it is, and what was found: which is told to planners alone."""

    progress: Progress | None = None
    result: PlanFound | None = None


class PlanPage(Page):
    """A page of plans, the newest first."""

    plans: tuple[PlanJob, ...]


class AcceptanceWish(Part):
    """Which cases of a plan are to be held, and for how long."""

    cases: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MOST_ACCEPTED)] | None = Field(
        default=None, description="Null for all of them."
    )
    hold_minutes: Annotated[int, Field(ge=1, le=1440)] = HOLD // MINUTE


def plans(runner: Runner) -> APIRouter:
    """Return the operations on plans."""
    jobs = Jobs(runner, PLAN, PlanJob, PlanPage)
    router = jobs.router(_theirs, _theirs, WORDS)
    _asked(router, jobs)
    _accepted(router, jobs)
    return router


async def _theirs(person: Operator) -> Asker:
    return Asker(person, whose(person))


def _asked(router: APIRouter, jobs: Jobs) -> None:
    office = jobs.queue.office

    @router.post(
        "",
        status_code=202,
        response_model=PlanJob,
        responses=described(422, 429, 503),
        summary="Plan all cases",
        description=(
            "A job is made of it, which waits its turn. What is held or confirmed stays as it is; "
            "nothing changes until the plan is accepted."
        ),
    )
    def submit(
        wish: Annotated[PlanWish, strictly(PlanWish)], person: Planner, asking: Asked
    ) -> Response:
        return jobs.submitted(wish, {"seconds": wish.seconds}, wish.seed, person, asking)

    @router.get("/{plan}", responses=described(404), summary="One plan")
    def one(plan: JobId, person: Operator) -> PlanTold:
        job, progress = jobs.queue.job(plan, PLAN, whose(person))
        found = None
        if job.status == JobStatus.done and Role.planner in person.roles:
            found = _found(jobs.runner, plan)
            office.seen("read", found)
        return told_as(PlanTold, job, progress=progress, result=found)

    @router.patch(
        "/{plan}",
        responses=described(404, 409),
        summary="End the search, and keep the best plan so far",
        description=(
            "Of a plan that is `running`. It is `done` soon after, with a reason for each case "
            "without a booking; what these would cost is not looked into any more."
        ),
    )
    def end(
        plan: JobId, _wish: Annotated[EnoughWish, strictly(EnoughWish)], person: Operator
    ) -> PlanJob:
        return told_as(PlanJob, jobs.queue.finish(plan, person.actor, PLAN, whose(person)))


def _accepted(router: APIRouter, jobs: Jobs) -> None:
    office = jobs.queue.office

    @router.post(
        "/{plan}/acceptances",
        response_model=Accepted,
        responses=described(404, 409, 422),
        summary="Hold what a plan proposes, all of it or nothing",
        description=(
            "For these cases, or for all but those that are held otherwise since, which are told. "
            "Every rule is looked at again as things stand now; proposals that stand for these "
            "cases give way, what is in force as planned stays."
        ),
    )
    def accept(
        plan: JobId,
        wish: Annotated[AcceptanceWish, strictly(AcceptanceWish)],
        person: Planner,
        asking: Asked,
    ) -> Response:
        jobs.done(plan, whose(person), "is accepted")
        made, lasting = plan_of(jobs.runner, plan), wish.hold_minutes * MINUTE
        return asking.answer(
            wish,
            lambda once: office.accept(plan, made, person.actor, wish.cases, lasting, once=once),
            lambda accepted: Told(200, accepted.model_dump_json()),
        )


def whose(person: Person) -> str | None:
    """Return whose plans somebody may see, None where all: of another nobody is told."""
    return None if Role.administrator in person.roles else person.id


def plan_of(runner: Runner, name: str) -> Plan:
    """Return the plan that came of a job that is done."""
    return Plan.model_validate(runner.queue.result(name), strict=False)


def _found(runner: Runner, name: str) -> PlanFound:
    plan = plan_of(runner, name)
    return PlanFound(
        levels=plan.levels,
        gap=plan.gap,
        unplanned=plan.unplanned,
        difference=tuple(differences(runner.queue.office.world(), plan)),
    )
