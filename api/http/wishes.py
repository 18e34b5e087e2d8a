"""What comes with a request: a body read as strictly as a file, a key, a revision."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Request
from fastapi.responses import Response
from pydantic import BeforeValidator, TypeAdapter, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, to_json
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.gate import recognised
from api.http.problems import answer, mistakes, problem
from api.http.tags import LONGEST_TAGS, TAGS, named
from api.store.answers import Once, Told
from scheduler.draft import Draft, Problem, read_part, step
from scheduler.event import EventError, parse_events

T = TypeVar("T")
JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
"""What changes some of a thing (RFC 7396)."""
FORM = "multipart/form-data"
SENT_IN_FORMS = frozenset({"/rosters"})
"""Where a file comes in."""
LONGEST_QUERY = 8_000
"""Bytes of a query at most."""
MOST_PARAMETERS = 100
"""Parameters of a query at most."""
LONGEST_HEADERS = 16_000
"""Bytes of all headers at most."""
DEEPEST = 20
"""Lists and objects in each other at most."""
MOST_ITEMS = 5_000
"""What one list or object holds at most, where its kind asks for no fewer."""
MOST_VALUES = 50_000
"""Values in a body at most."""
LONGEST_TEXT = 100_000
"""Characters of a text at most, where its kind asks for no fewer."""
LARGEST = 2**53 - 1
"""The largest whole number that every reader of JSON takes for what it is (RFC 8259)."""
LONGEST_KEY = 200
"""Characters of the name of a field at most."""
UNTELLABLE = re.compile("[\x00\ud800-\udfff]")
"""What databases keep in no text, and UTF-8 in none at all."""
_Steps = tuple[Any, str | int] | None
"""The last step to a value, after those before it."""
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern="^[!-~]{8,80}$",
        max_length=80,
        description=(
            "Asked again under the same key, the first answer is given again and nothing changes."
        ),
        examples=["4f1d3c52-hold"],
    ),
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=TAGS,
        max_length=LONGEST_TAGS,
        description="The ETag of the booking as it was read, or several, or `*`.",
        examples=['"4"'],
    ),
]


class Bounded:
    """Refuses what is too long, too deep or too much before anybody reads it."""

    def __init__(self, app: ASGIApp, most: int, longer: Mapping[str, int]) -> None:
        self.app, self.most, self.longer = app, most, longer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or say what is too much."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body, refused = bytearray(), _too_long(scope)
        most = self.longer.get(scope["path"], self.most)
        while refused is None:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if len(body) > most:
                refused = problem(413, f"a body has at most {most} bytes")
            elif not message.get("more_body", False):
                refused = _too_much(scope, body)
                break
        whole: Message = {"type": "http.request", "body": bytes(body), "more_body": False}
        waiting = [whole]

        async def again() -> Message:
            return waiting.pop() if waiting else await receive()

        await (refused or self.app)(scope, again, send)


def _too_long(scope: Scope) -> Response | None:
    query = scope["query_string"]
    if b"%00" in query or b"%00" in scope.get("raw_path", b""):
        return mistakes(("query", "holds a character that cannot be kept"))
    if len(query) > LONGEST_QUERY or query.count(b"&") >= MOST_PARAMETERS:
        most = f"{LONGEST_QUERY} bytes and {MOST_PARAMETERS} parameters"
        return problem(414, f"a query has at most {most}")
    if sum(len(name) + len(value) for name, value in scope["headers"]) > LONGEST_HEADERS:
        return problem(431, f"headers have at most {LONGEST_HEADERS} bytes together")
    return None


def _too_much(scope: Scope, body: bytearray) -> Response | None:
    """Return the refusal of a body of JSON that is not fit to be read, however it is meant."""
    if not body or "json" not in _kind(Headers(scope=scope)):
        return None
    try:
        wrong = _excess(json.loads(body, object_pairs_hook=_once, parse_constant=_no_number))
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        wrong = ("body", "is nested too deep" if deep else f"is no JSON: {error}")
    return None if wrong is None else mistakes(wrong)


def _excess(body: object) -> tuple[str, str] | None:
    """Return where a body is more than can be meant, the first that is found; None when nowhere."""
    left: list[tuple[_Steps, object, int]] = [(None, body, 1)]
    values = 1
    while left:
        path, value, depth = left.pop()
        match value:
            case str() if len(value) > LONGEST_TEXT:
                return _spell(path), f"has more than {LONGEST_TEXT} characters"
            case str() if UNTELLABLE.search(value):
                return _spell(path), "holds a character that cannot be kept"
            case bool():
                continue
            case int() | float() if not -LARGEST <= value <= LARGEST:
                return _spell(path), f"lies beyond {-LARGEST} to {LARGEST}"
            case list() | dict():
                values += len(value)
                if depth > DEEPEST:
                    return _spell(path), f"is nested deeper than {DEEPEST}"
                if len(value) > MOST_ITEMS:
                    return _spell(path), f"holds more than {MOST_ITEMS}"
                if values > MOST_VALUES:
                    return "body", f"holds more than {MOST_VALUES} values"
                steps = value.items() if isinstance(value, dict) else enumerate(value)
                for key, one in steps:
                    if isinstance(key, str) and (len(key) > LONGEST_KEY or UNTELLABLE.search(key)):
                        return _spell(path), f"has a field of no name, or of over {LONGEST_KEY}"
                    left.append(((path, key), one, depth + 1))
    return None


def _spell(path: "_Steps") -> str:
    """Return where that is."""
    told = ""
    while path is not None:
        path, key = path
        told = step(key) + told
    return f"body{told}"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a field is there twice")
    return values


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _kind(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def told_in_json(request: Request) -> None:
    """Refuse a body that is no JSON, or no form where a file is sent."""
    allowed = {"POST": {JSON}, "PUT": {JSON}, "PATCH": {JSON, MERGE_PATCH}}.get(request.method)
    if request.scope["route"].path in SENT_IN_FORMS:
        allowed = {FORM}
    if allowed is not None and _kind(request.headers) not in allowed:
        raise HTTPException(415, f"a body is {' or '.join(sorted(allowed))}")


@dataclass(frozen=True, slots=True)
class Asking:
    """A request to change something: what it is on, under which key, if any, and as whom.

    Who has other roles since is not told what they were told before.
    """

    operation: str
    path: str
    key: str | None
    who: str

    def answer(
        self, wish: object, grant: Callable[[Once | None], T], tell: Callable[[T], Told]
    ) -> Response:
        """Return the answer to a wish: under a key it is granted once, and told each time."""
        once = None
        if self.key is not None:
            asked = hashlib.sha256(to_json([self.path, self.who, wish]))
            once = Once(self.operation, self.key, asked.hexdigest(), tell)
        return answer(tell(grant(once)))


async def _asking(request: Request, key: Key = None) -> Asking:
    operation = f"{request.method} {request.scope['route'].path}"
    person = recognised(request)
    roles = [] if person is None else sorted(person.roles)
    who = "" if person is None else f"{roles} {person.organisation} {person.officer}"
    return Asking(operation, request.url.path, key, who)


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

    return BeforeValidator(read, json_schema_input_type=kind)


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


def revisions_of(if_match: str | None) -> frozenset[int] | None:
    """Return the revisions of which a booking must have one; None when any will do."""
    if if_match is None or if_match == "*":
        return None
    told = (re.fullmatch(r'"([0-9]{1,18})"', one) for one in named(if_match))
    return frozenset(int(one[1]) for one in told if one)
