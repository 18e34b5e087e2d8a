"""The technical log: how the service fares, a JSON object a line.

It is told which operation was asked and how long it took, and nothing of what was asked: no path
with ids, no query, no body, and of an error where it was raised but not what it said. What befalls
the service itself has a line too, with an ``event``.
"""

import json
import logging
import re
import secrets
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import FAILED, problem
from api.store.logs import TRACE

LOG = logging.getLogger("regietafel.http")
SERVICE = logging.getLogger("regietafel.service")
TRACE_IN_SCOPE = "regietafel.trace"
"""Where a request carries the trace it belongs to, once that is known."""
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-.*")

Answered = Callable[[str, str | None, int, float], None]
"""Hears of each answer its method, operation, status and seconds."""


class _Lines(logging.Formatter):
    """A line as it is, if it is ours; what others say becomes one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: of an error not what it said."""
        if record.name.startswith("regietafel."):
            return record.getMessage()
        return _line(event=record.name.partition(".")[0], says=record.getMessage())


def to_stderr() -> None:
    """Let the log go to standard error, a line each, with what migrations and the server say."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    for name in "regietafel", "uvicorn", "alembic.runtime.migration":
        log = logging.getLogger(name)
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False


def tell(event: str, **more: object) -> None:
    """Write a line about the service itself."""
    SERVICE.info(_line(event=event, **more))


def _line(**fields: object) -> str:
    return json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **fields})


class Availability:
    """Tells once when the database is away, and once when it is back."""

    def __init__(self) -> None:
        self._away = False

    def away(self, why: str) -> None:
        """Hear that it could not be used."""
        if not self._away:
            self._away = True
            tell("database-away", why=why)

    def back(self) -> None:
        """Hear that it was used."""
        if self._away:
            self._away = False
            tell("database-back")


class TechnicalLog:
    """Logs each request to ``app``, and answers for it where it fails."""

    def __init__(self, app: ASGIApp, answered: Answered | None = None) -> None:
        self.app, self._answered = app, answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and log how that went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = perf_counter()
        statuses: list[int] = []
        trace = scope.get(TRACE_IN_SCOPE) or _trace_of(scope)

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        failed = None
        within = TRACE.set(trace)
        try:
            await self.app(scope, receive, note)
        except Exception as error:  # whatever it is, its words may hold what was asked
            failed = _where(error)
            if not statuses:
                await problem(500, FAILED)(scope, receive, note)
        finally:
            TRACE.reset(within)
        method, route, took = scope["method"], route_of(scope), perf_counter() - began
        status = statuses[0] if statuses else None
        if self._answered is not None and status is not None:
            self._answered(method, route, status, took)
        LOG.log(
            logging.ERROR if failed else logging.INFO,
            _line(
                method=method,
                route=route,
                status=status,
                ms=round(took * 1000, 1),
                trace=trace,
                **({"failed": failed} if failed else {}),
            ),
        )


def route_of(scope: Scope) -> str | None:
    """Return the operation as OpenAPI names it; None when there is no such one."""
    route = scope.get("route")
    return None if route is None else scope.get("root_path", "") + route.path


def _trace_of(scope: Scope) -> str:
    """Return the trace that whoever asks is in (W3C), or a new one."""
    for name, value in scope["headers"]:
        if name == b"traceparent" and (told := _TRACEPARENT.fullmatch(value)):
            return told[1].decode()
    return secrets.token_hex(16)


def _where(error: Exception) -> str:
    """Return what kind of error was raised, and in which line."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {last.name}, {last.filename}:{last.lineno}"
