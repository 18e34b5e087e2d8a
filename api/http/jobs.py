"""Jobs over HTTP: asked for, listed, cancelled, and followed while they are worked on.

What every kind of job has in common; what is asked and what came of it are the words of each.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Annotated, Any, TypeVar

import anyio.to_thread
from fastapi import APIRouter, Depends, Header, Path
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field
from starlette.exceptions import HTTPException

from api.access.person import Person
from api.http.paging import Page, Paging
from api.http.problems import AGAIN, answer, described
from api.http.wishes import Asking
from api.jobs.queue import Queue
from api.jobs.runner import Runner
from api.store.answers import Told
from api.store.jobs import Job, JobEvent, JobStatus, NotDoneError
from scheduler.world import Id, Instant, Part

STREAMS = 5
"""Streams of events that one account may have open at once: browsers open six connections."""
ALL_STREAMS = 50
"""Streams that may be open at once in this process: each looks at the store now and then."""
LONGEST_STREAM = 600.0
"""Seconds that a stream stays open at most; whoever may ask no more is told no more after."""
LOOK = 0.25
"""Seconds between two looks for events that are new."""
THE_JOB = "Id of the job."
JobId = Annotated[Id, Path(description=THE_JOB)]
LastSeen = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        pattern="^[0-9]{1,9}$",
        description="The last event that was seen; those after it are told.",
    ),
]


class JobTold(Part):
    """A job that is worked on, or was: ``interrupted`` waits to begin anew with the same seed."""

    id: Id
    status: JobStatus
    owner: str = Field(description="The account that asked for it.")
    seed: int
    created_at: Instant
    started_at: Instant | None = None
    finished_at: Instant | None = None
    attempts: int = Field(description="How often it began.")
    error: str | None = Field(default=None, description="Why it failed.")


T = TypeVar("T", bound=JobTold)


def told_as(model: type[T], job: Job, **more: object) -> T:
    """Return a job as it is told: what a model has of it and of its request, and what is known."""
    known = {**asdict(job), **job.request, **more}
    fields = {name: known[name] for name in model.model_fields if name in known}
    return model.model_validate(fields, strict=False)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and whose jobs they may ask for: None where all."""

    person: Person
    owner: str | None


Asks = Callable[..., Awaitable[Asker]]
"""A dependency with the gate of an operation."""


@dataclass(frozen=True, slots=True)
class Words:
    """What the description says of the operations on a kind of job."""

    page: str
    cancel: str
    events: str
    events_more: str


@dataclass(frozen=True, slots=True)
class Jobs:
    """Jobs of a kind, told as ``told``; ``page`` has them under the plural of their kind."""

    runner: Runner
    kind: str
    told: type[JobTold]
    page: type[Page]

    @property
    def queue(self) -> Queue:
        """The queue that they are in."""
        return self.runner.queue

    def submitted(
        self, wish: Part, request: Mapping[str, Any], seed: int, person: Person, asking: Asking
    ) -> Response:
        """Let a job wait for its turn, once, and tell where it is."""

        def waits(job: Job) -> Told:
            where = {"location": f"/v1/{self.kind}s/{job.id}"}
            return Told(202, told_as(self.told, job).model_dump_json(), where)

        told = asking.answer(
            wish,
            lambda once: self.queue.submit(self.kind, request, seed, person.actor, once=once),
            waits,
        )
        self.runner.wake()
        return told

    def done(self, name: str, owner: str | None, what: str) -> Job:
        """Return a job that is done.

        Raises
        ------
        UnknownJobError, NotDoneError
            When there is none of that id and owner; or it is not, and ``what`` has to wait.
        """
        job, _ = self.queue.job(name, self.kind, owner)
        if job.status != JobStatus.done:
            raise NotDoneError(f"{name} is {job.status}, and {what} when it is done")
        return job

    def router(self, reads: Asks, cancels: Asks, words: Words) -> APIRouter:
        """Return the operations that every kind has: a page of them, a cancel, and the events."""
        router = APIRouter(prefix=f"/{self.kind}s", tags=[f"{self.kind}s"])
        self._listed(router, reads, cancels, words)
        self._followed(router, reads, words)
        return router

    def _listed(self, router: APIRouter, reads: Asks, cancels: Asks, words: Words) -> None:
        queue, kind = self.queue, self.kind

        @router.get("", response_model=self.page, responses=described(), summary=words.page)
        def page(asker: Annotated[Asker, Depends(reads)], paging: Paging) -> Page:
            found = queue.jobs(kind, asker.owner, paging.offset, paging.limit)
            told = {
                f"{kind}s": tuple(told_as(self.told, one) for one in found),
                "total": queue.jobs_ever(kind, asker.owner),
                "offset": paging.offset,
            }
            return self.page.model_validate(told)

        @router.delete(
            f"/{{{kind}}}",
            response_model=self.told,
            responses=described(404, 409),
            summary=words.cancel,
        )
        def cancel(
            name: Annotated[Id, Path(alias=kind, description=THE_JOB)],
            asker: Annotated[Asker, Depends(cancels)],
        ) -> Response:
            job = queue.cancel(name, asker.person.actor, kind, asker.owner)
            self.runner.cancelled(name)
            return answer(Told(200, told_as(self.told, job).model_dump_json()))

    def _followed(self, router: APIRouter, reads: Asks, words: Words) -> None:
        kind, streams = self.kind, Streams(self.runner)

        async def opened(
            response: Response,
            name: Annotated[Id, Path(alias=kind, description=THE_JOB)],
            asker: Annotated[Asker, Depends(reads)],
            last: LastSeen = None,
        ) -> AsyncIterator[int]:
            asked = kind, asker.owner
            async with streams.opened(response, name, asked, asker.person.id, last) as after:
                yield after

        @router.get(
            f"/{{{kind}}}/events",
            response_class=EventSourceResponse,
            responses={204: {"description": "Nothing more will come"}, **described(404, 429, 503)},
            summary=words.events,
            description=words.events_more,
        )
        async def told(
            name: Annotated[Id, Path(alias=kind, description=THE_JOB)],
            after: Annotated[int, Depends(opened)],
        ) -> AsyncIterator[ServerSentEvent]:
            async for one in streams.told(name, after):
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


def _crowded(status: int, says: str) -> HTTPException:
    return HTTPException(status, says, {"retry-after": str(AGAIN)})


def _event(one: JobEvent) -> ServerSentEvent:
    kind = "status" if one.progress is None else "progress"
    data = one.model_dump_json(exclude={"number"}, exclude_none=True)
    return ServerSentEvent(raw_data=data, event=kind, id=str(one.number))
