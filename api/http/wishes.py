"""What comes with a request: a body read as strictly as a file, a key, a revision."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Request
from fastapi.responses import Response
from pydantic import BeforeValidator, TypeAdapter, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, to_json
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import answer
from api.store.answers import Once, Told
from api.store.change import StaleError
from scheduler.draft import Draft, Problem, read_part
from scheduler.event import EventError, parse_events

T = TypeVar("T")
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern="^[!-~]{8,80}$",
        description=(
            "Asked again under the same key, the first answer is given again and nothing changes."
        ),
    ),
]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The ETag of the booking as it was read, or `*`."),
]


class Bounded:
    """Refuses a body that goes on for more than ``most`` bytes."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, as far as the body is read."""
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.most:
                raise HTTPException(413, f"a body has at most {self.most} bytes")
            return message

        await self.app(scope, counted, send)


def told_in_json(request: Request) -> None:
    """Refuse a body that is no JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in {"POST", "PATCH"} and kind != "application/json":
        raise HTTPException(415, "a body is application/json")


@dataclass(frozen=True, slots=True)
class Asking:
    """A request to change something: what it is on, and under which key, if any."""

    operation: str
    path: str
    key: str | None

    def answer(
        self, wish: object, grant: Callable[[Once | None], T], tell: Callable[[T], Told]
    ) -> Response:
        """Return the answer to a wish: under a key it is granted once, and told each time."""
        once = None
        if self.key is not None:
            asked = hashlib.sha256(to_json([self.path, wish]))
            once = Once(self.operation, self.key, asked.hexdigest(), tell)
        return answer(tell(grant(once)))


def _asking(request: Request, key: Key = None) -> Asking:
    operation = f"{request.method} {request.scope['route'].path}"
    return Asking(operation, request.url.path, key)


Asked = Annotated[Asking, Depends(_asking)]


def strictly(kind: Any) -> BeforeValidator:
    """Return how a body is read as ``kind``: as a part of a world file is, nothing coerced."""
    adapter = TypeAdapter[Any](kind)

    def read(raw: object) -> object:
        draft = Draft()
        part = read_part(draft, "", _told(raw), adapter)
        if draft.problems:
            raise _mistakes(draft.problems)
        return part

    return BeforeValidator(read)


def read_events(raw: object) -> object:
    """Return the events that a body lists."""
    try:
        return parse_events(json.dumps(_told(raw)))
    except EventError as error:
        raise _mistakes(error.problems) from None


def _told(raw: object) -> object:
    if isinstance(raw, bytes):
        raise ValueError("is no JSON")
    return raw


def _mistakes(problems: Iterable[Problem]) -> ValidationError:
    return ValidationError.from_exception_data(
        "body",
        [
            InitErrorDetails(
                type=PydanticCustomError("value_error", "{says}", {"says": one.says}),
                loc=tuple(filter(None, [one.path.lstrip("$.")])),
                input=None,
            )
            for one in problems
        ],
    )


def revision_of(if_match: str | None) -> int | None:
    """Return the revision that a booking must have; None when any will do.

    Raises
    ------
    StaleError
        When no booking can have it.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    told = re.fullmatch(r'\s*"([0-9]{1,18})"\s*', if_match)
    if told is None:
        raise StaleError("what If-Match names")
    return int(told[1])
