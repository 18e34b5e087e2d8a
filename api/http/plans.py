"""Plans over HTTP: made as jobs, followed while they are, and accepted whole or per case."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Depends, Header, Path
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field
from starlette.exceptions import HTTPException

from api.access.gate import Operator, Planner
from api.access.person import Person, Role
from api.difference import Difference, differences
from api.http.paging import Page, Paging
from api.http.problems import AGAIN, answer, described
from api.http.wishes import Asked, strictly
from api.jobs.planning import PLAN
from api.jobs.runner import Runner
from api.office.bookings import Accepted
from api.store.answers import Told
from api.store.jobs import Job, JobEvent, JobStatus, NotDoneError, Progress
from api.store.worlds import HOLD
from scheduler.plan import Bound, Plan, Unplanned
from scheduler.world import Id, Instant, Part

MOST_ACCEPTED = 5000
"""Cases that are accepted by name at most."""
STREAMS = 5
"""Streams of events that one account may have open at once: browsers open six connections."""
ALL_STREAMS = 50
"""Streams that may be open at once in this process: each looks at the store now and then."""
LONGEST_STREAM = 600.0
"""Seconds that a stream stays open at most; whoever may ask no more is told no more after."""
LOOK = 0.25
"""Seconds between two looks for events that are new."""
MINUTE = timedelta(minutes=1)
JobId = Annotated[Id, Path(description="Id of the job.")]
LastSeen = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        pattern="^[0-9]{1,9}$",
        description="The last event that was seen; those after it are told.",
    ),
]


class PlanWish(Part):
    """How long to plan, and where the search begins: planned is the world when it begins."""

    seconds: Annotated[int, Field(ge=1, le=600)] = Field(
        default=60, description="Seconds to search in; the first plan is always finished."
    )
    seed: Annotated[int, Field(ge=0, le=2_147_483_647)] = 0


class PlanJob(Part):
    """A plan that is made, or was: ``interrupted`` waits to begin anew with the same seed."""

    id: Id
    status: JobStatus
    owner: str = Field(description="The account that asked for it.")
    seconds: int
    seed: int
    created_at: Instant
    started_at: Instant | None = None
    finished_at: Instant | None = None
    attempts: int = Field(description="How often it began.")
    world: str | None = Field(default=None, description="Fingerprint of the world it began on.")
    versions: dict[str, str] | None = Field(default=None, description="What it is made with.")
    error: str | None = Field(default=None, description="Why it failed.")


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
    router = APIRouter(prefix="/plans", tags=["plans"])
    _asked(router, runner)
    _followed(router, runner)
    _accepted(router, runner)
    return router


def _asked(router: APIRouter, runner: Runner) -> None:
    queue = runner.queue

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
        request = {"seconds": wish.seconds}
        told = asking.answer(
            wish,
            lambda once: queue.submit(PLAN, request, wish.seed, person.actor, once=once),
            _waits,
        )
        runner.wake()
        return told

    @router.get("", responses=described(), summary="Plans that are made, or were")
    def page(person: Operator, paging: Paging) -> PlanPage:
        owner = whose(person)
        found = queue.jobs(PLAN, owner, paging.offset, paging.limit)
        return PlanPage(
            plans=tuple(PlanJob(**_fields(one)) for one in found),
            total=queue.jobs_ever(PLAN, owner),
            offset=paging.offset,
        )

    @router.delete(
        "/{plan}",
        response_model=PlanJob,
        responses=described(404, 409),
        summary="Cancel a plan that waits or is made",
    )
    def cancel(plan: JobId, person: Operator) -> Response:
        job = queue.cancel(plan, person.actor, PLAN, whose(person))
        runner.cancelled(plan)
        return answer(Told(200, PlanJob(**_fields(job)).model_dump_json()))


def _followed(router: APIRouter, runner: Runner) -> None:
    queue, office = runner.queue, runner.queue.office
    streams = Streams(runner)

    @router.get("/{plan}", responses=described(404), summary="One plan")
    def one(plan: JobId, person: Operator) -> PlanTold:
        job, progress = queue.job(plan, PLAN, whose(person))
        found = None
        if job.status == JobStatus.done and Role.planner in person.roles:
            found = _found(runner, plan)
            office.seen("read", found)
        return PlanTold(**_fields(job), progress=progress, result=found)

    async def opened(
        response: Response, plan: JobId, person: Operator, last: LastSeen = None
    ) -> AsyncIterator[int]:
        asked = PLAN, whose(person)
        async with streams.opened(response, plan, asked, person.id, last) as after:
            yield after

    @router.get(
        "/{plan}/events",
        response_class=EventSourceResponse,
        responses={204: {"description": "Nothing more will come"}, **described(404, 429, 503)},
        summary="How a plan fares, as it does",
        description=(
            "Server-sent events, `status` and `progress`, each with an id to resume from. The "
            "stream ends when the job is over, or after ten minutes: resume then. Asked again "
            "after its last event it answers 204."
        ),
    )
    async def told(
        plan: JobId, after: Annotated[int, Depends(opened)]
    ) -> AsyncIterator[ServerSentEvent]:
        async for one in streams.told(plan, after):
            yield one


class Streams:
    """The streams of events of jobs that are open in this process, counted by account."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self._open: Counter[str] = Counter()

    @asynccontextmanager
    async def opened(
        self,
        response: Response,
        name: str,
        asked: tuple[str, str | None],
        account: str,
        last: str | None,
    ) -> AsyncIterator[int]:
        """Let an account follow a job of a kind and an owner; yield the event that it saw last.

        Those that are open are counted in the one event loop. One that is cut off gives its place
        back too, which a thread would not.
        """
        after, queue = int(last or 0), self.runner.queue

        def left() -> bool:
            """Return whether there is, or will be, an event of the job after this one."""
            queue.job(name, *asked)
            return queue.events(name, after) != ((), True)

        if not await anyio.to_thread.run_sync(left):
            response.status_code = 204  # which tells browsers not to come back
        if self._open[account] >= STREAMS:
            raise _crowded(429, f"{STREAMS} streams of yours are open already")
        if self._open.total() >= ALL_STREAMS:
            raise _crowded(503, f"{ALL_STREAMS} streams are open already; ask without one")
        self._open[account] += 1
        try:
            yield after
        finally:
            self._open[account] -= 1
            if not self._open[account]:
                del self._open[account]

    async def told(self, name: str, after: int) -> AsyncIterator[ServerSentEvent]:
        """Yield the events of a job after one, as they come."""
        end = anyio.current_time() + LONGEST_STREAM
        while anyio.current_time() < end:
            found, over = await anyio.to_thread.run_sync(self.runner.queue.events, name, after)
            for one in found:
                yield _event(one)
                after = one.number
            if over or self.runner.closing:
                return
            await anyio.sleep(LOOK)


def _accepted(router: APIRouter, runner: Runner) -> None:
    office = runner.queue.office

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
        job, _ = runner.queue.job(plan, PLAN, whose(person))
        if job.status != JobStatus.done:
            raise NotDoneError(f"{plan} is {job.status}, and is accepted when it is done")
        made, lasting = plan_of(runner, plan), wish.hold_minutes * MINUTE
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


def _crowded(status: int, says: str) -> HTTPException:
    return HTTPException(status, says, {"retry-after": str(AGAIN)})


def _waits(job: Job) -> Told:
    where = {"location": f"/v1/plans/{job.id}"}
    return Told(202, PlanJob(**_fields(job)).model_dump_json(), where)


def _fields(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "status": job.status,
        "owner": job.owner,
        "seconds": job.request["seconds"],
        "seed": job.seed,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "attempts": job.attempts,
        "world": job.world,
        "versions": job.versions,
        "error": job.error,
    }


def _event(one: JobEvent) -> ServerSentEvent:
    kind = "status" if one.progress is None else "progress"
    data = one.model_dump_json(exclude={"number"}, exclude_none=True)
    return ServerSentEvent(raw_data=data, event=kind, id=str(one.number))
