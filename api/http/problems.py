"""Every mistake answered as a problem (RFC 9457), with all that is wrong and where.

A problem names what is in the way by its id, and never tells of a person.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api.access.gate import (
    BadTokenError,
    NotAllowedError,
    OtherSiteError,
    ProviderAwayError,
    UnknownPersonError,
)
from api.desk import UnknownCaseError
from api.imports.flaws import Flaw, FlawedError
from api.jobs.queue import OwnQueueFullError, QueueFullError
from api.jobs.simulating import IncomparableError
from api.office.refusals import (
    KnownError,
    NotAskedError,
    NotPlannedError,
    OneCaseError,
    OpenChecksError,
    RefusedError,
)
from api.store.answers import OtherWishError, Told, ToldBeforeError
from api.store.change import StaleError
from api.store.claims import CASE, Taken, TakenError
from api.store.database import UnavailableError
from api.store.jobs import JobOverError, UnknownJobError
from api.store.life import IllegalStepError, TooSoonError
from api.store.refusal import Refusal
from api.store.requests import NotOfferedError, SettledError, UnknownRequestError
from api.store.standing import UnknownBookingError
from api.store.worlds import EmptyError
from scheduler.event import EventError
from scheduler.world import Part

MEDIA = "application/problem+json"
AGAIN = 5
"""Seconds after which it is worth asking again."""
LATER = 30
"""And after which a job may be over."""
FAILED = "the service failed; where is in its technical log"


class Mistake(Part):
    """What is wrong, and where: ``body.bookings[0].facility``, ``query.until``.

    In a file that is sent: at which row and column, what stands there, and what was perhaps meant.
    Row 0 is the file as a whole.
    """

    in_: str = Field(alias="in")
    detail: str
    row: int | None = Field(default=None, description="The row of a file.", examples=[3])
    column: str | None = Field(default=None, description="Its column.", examples=["tot"])
    value: str | None = Field(default=None, description="What is there.", examples=["31-11-2026"])
    suggestion: str | None = Field(
        default=None, description="What was perhaps meant.", examples=["30-11-2026"]
    )


class Broken(Part):
    """A rule that is broken: by which booking, which constraint it is, and how."""

    booking: str
    constraint: str
    says: str


class Problem(Part):
    """Why something was not done (RFC 9457). The lists are there where there is something in them.

    ``errors`` are mistakes in what was asked, ``taken`` is what others have of it, ``violations``
    are the rules that it breaks, ``facts`` are the due checks that are not a yes.
    """

    type: str = "about:blank"
    status: int
    title: str
    detail: str
    errors: tuple[Mistake, ...] = ()
    taken: tuple[Taken, ...] = ()
    violations: tuple[Broken, ...] = ()
    facts: tuple[str, ...] = ()


def problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """Return the answer to what went wrong."""
    told = Problem(status=status, title=HTTPStatus(status).phrase, detail=detail, **more)
    return JSONResponse(
        told.model_dump(mode="json", exclude_defaults=True) | {"type": told.type},
        status_code=status,
        headers=headers,
        media_type=MEDIA,
    )


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of the problems an operation answers with, and of any other."""
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    named: list[int | str] = [400, *statuses, "default"]
    return {
        one: {
            "description": HTTPStatus(one).phrase if isinstance(one, int) else "Any other problem",
            "content": content,
        }
        for one in named
    }


def schemas() -> dict[str, Any]:
    """Return the schemas that :func:`described` points to."""
    template = "#/components/schemas/{model}"
    _, parts = models_json_schema([(Problem, "validation")], ref_template=template)
    found: dict[str, Any] = parts["$defs"]
    return found


def answer_problems(app: FastAPI) -> None:
    """Let ``app`` answer what goes wrong as a problem."""
    _answer_mistakes(app)
    _answer_absences(app)
    _answer_conflicts(app)

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> JSONResponse:
        headers = {name.lower(): told for name, told in (error.headers or {}).items()}
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["allow"] = ", ".join(_allowed(app, request))
        return problem(error.status_code, error.detail, headers)

    @app.exception_handler(Exception)
    def failed(_request: Request, _error: Exception) -> JSONResponse:
        return problem(500, FAILED)

    @app.exception_handler(ToldBeforeError)
    def told_before(_request: Request, error: ToldBeforeError) -> Response:
        return answer(error.told, {"idempotency-replayed": "true"})


def _allowed(app: FastAPI, request: Request) -> Iterator[str]:
    """Yield every method there is on a path: the router tells of the first operation alone."""
    for method in "GET", "POST", "PUT", "PATCH", "DELETE":
        scope = {**request.scope, "method": method}
        if any(one.matches(scope)[0] is Match.FULL for one in app.routes):
            yield from ("GET", "HEAD") if method == "GET" else (method,)


def answer(told: Told, more: Mapping[str, str] | None = None) -> Response:
    """Return what is told as it goes out."""
    headers = {**told.headers, **(more or {})}
    return Response(told.body, told.status, headers, media_type="application/json")


def _answer_mistakes(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        wrong = (
            (
                ".".join(map(str, one["loc"])).replace(".[", "["),
                one["msg"].removeprefix("Value error, "),
            )
            for one in error.errors()
        )
        return mistakes(*wrong)

    @app.exception_handler(EventError)
    def impossible(_request: Request, error: EventError) -> JSONResponse:
        wrong = ((f"body{one.path.removeprefix('$')}", one.says) for one in error.problems)
        return mistakes(*wrong)

    @app.exception_handler(NotAskedError)
    def not_asked(_request: Request, error: NotAskedError) -> JSONResponse:
        return mistakes((f"body.{error.of}", f"{error} is not asked for this booking"))

    @app.exception_handler(OneCaseError)
    def not_one_case(_request: Request, error: OneCaseError) -> JSONResponse:
        return mistakes(("body.bookings", str(error)))

    @app.exception_handler(NotPlannedError)
    def not_planned(_request: Request, error: NotPlannedError) -> JSONResponse:
        says = "is no case that the plan says anything of"
        return mistakes(*(("body.cases", f"{one} {says}") for one in error.cases))

    @app.exception_handler(FlawedError)
    def flawed(_request: Request, error: FlawedError) -> JSONResponse:
        errors = tuple(map(_in_a_file, error.flaws))
        return problem(400, "the file holds mistakes, and nothing of it is done", errors=errors)

    @app.exception_handler(OtherWishError)
    def other_wish(_request: Request, error: OtherWishError) -> JSONResponse:
        return problem(422, str(error))


def mistakes(*wrong: tuple[str, str]) -> JSONResponse:
    """Return the answer to mistakes in what was asked: of each where it is, and what is wrong."""
    errors = tuple(Mistake(in_=where, detail=says) for where, says in wrong)
    return problem(400, "the request is not valid", errors=errors)


def _in_a_file(one: Flaw) -> Mistake:
    return Mistake(
        in_="body.file",
        detail=one.reason,
        row=one.row,
        column=one.column or None,
        value=one.value or None,
        suggestion=one.suggestion or None,
    )


def _answer_absences(app: FastAPI) -> None:
    @app.exception_handler(UnknownCaseError)
    def no_case(_request: Request, error: UnknownCaseError) -> JSONResponse:
        return problem(404, f"there is no case {error}")

    @app.exception_handler(UnknownBookingError)
    def no_booking(_request: Request, error: UnknownBookingError) -> JSONResponse:
        return problem(404, f"there is no booking {error}")

    @app.exception_handler(UnknownRequestError)
    def no_request(_request: Request, error: UnknownRequestError) -> JSONResponse:
        return problem(404, f"there is no request {error}")

    @app.exception_handler(UnknownJobError)
    def no_job(_request: Request, error: UnknownJobError) -> JSONResponse:
        return problem(404, f"there is no job {error}")

    @app.exception_handler(OwnQueueFullError)
    def enough(_request: Request, error: OwnQueueFullError) -> JSONResponse:
        return problem(429, str(error), {"retry-after": str(LATER)})

    @app.exception_handler(QueueFullError)
    def full(_request: Request, error: QueueFullError) -> JSONResponse:
        return problem(503, str(error), {"retry-after": str(LATER)})

    @app.exception_handler(UnknownPersonError)
    def nobody(_request: Request, error: UnknownPersonError) -> JSONResponse:
        return problem(401, str(error), {"www-authenticate": "Bearer"})

    @app.exception_handler(BadTokenError)
    def not_believed(_request: Request, error: BadTokenError) -> JSONResponse:
        return problem(401, str(error), {"www-authenticate": 'Bearer error="invalid_token"'})

    @app.exception_handler(NotAllowedError)
    @app.exception_handler(OtherSiteError)
    def denied(_request: Request, error: Exception) -> JSONResponse:
        return problem(403, str(error))

    @app.exception_handler(UnavailableError)
    @app.exception_handler(EmptyError)
    @app.exception_handler(ProviderAwayError)
    def away(_request: Request, error: Exception) -> JSONResponse:
        return problem(503, str(error), {"retry-after": str(AGAIN)})


def _answer_conflicts(app: FastAPI) -> None:
    @app.exception_handler(TakenError)
    def taken(_request: Request, error: TakenError) -> JSONResponse:
        return problem(409, "some of what is asked is taken", taken=tuple(map(_shown, error.taken)))

    @app.exception_handler(RefusedError)
    def broken(_request: Request, error: RefusedError) -> JSONResponse:
        rules = tuple(Broken(**asdict(one)) for one in error.violations)
        return problem(409, "rules are broken as things stand now", violations=rules)

    @app.exception_handler(OpenChecksError)
    def unchecked(_request: Request, error: OpenChecksError) -> JSONResponse:
        return problem(409, "due checks are not a yes in their window", facts=error.facts)

    @app.exception_handler(IllegalStepError)
    @app.exception_handler(IncomparableError)
    @app.exception_handler(JobOverError)
    @app.exception_handler(KnownError)
    @app.exception_handler(TooSoonError)
    @app.exception_handler(NotOfferedError)
    @app.exception_handler(SettledError)
    def impossible_now(_request: Request, error: Refusal) -> JSONResponse:
        return problem(409, str(error))

    @app.exception_handler(StaleError)
    def stale(_request: Request, error: StaleError) -> JSONResponse:
        return problem(412, f"{error} has changed since it was read")


def _shown(taken: Taken) -> Taken:
    """Return what is taken without saying which person it is."""
    if taken.unit.startswith(f"{CASE}/"):
        return taken.model_copy(update={"unit": "person"})
    return taken
