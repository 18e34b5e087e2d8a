"""The technical log: how the service fares, a JSON object a line.

It is told which operation was asked and how long it took, and nothing of what was asked: no path
with ids, no query, no body, and of an error where it was raised but not what it said.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import FAILED, problem

LOG = logging.getLogger("regietafel.http")


def to_stderr() -> None:
    """Let the log go to standard error, a line each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


class TechnicalLog:
    """Logs each request to ``app``, and answers for it where it fails."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and log how that went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = perf_counter()
        statuses: list[int] = []

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        failed = None
        try:
            await self.app(scope, receive, note)
        except Exception as error:  # whatever it is, its words may hold what was asked
            failed = _where(error)
            if not statuses:
                await problem(500, FAILED)(scope, receive, note)
        LOG.log(
            logging.ERROR if failed else logging.INFO,
            json.dumps(
                {
                    "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                    "method": scope["method"],
                    "route": _route(scope),
                    "status": statuses[0] if statuses else None,
                    "ms": round((perf_counter() - began) * 1000, 1),
                    **({"failed": failed} if failed else {}),
                }
            ),
        )


def _route(scope: Scope) -> str | None:
    """Return the operation as OpenAPI names it; None when there is no such one."""
    route = scope.get("route")
    return None if route is None else scope.get("root_path", "") + route.path


def _where(error: Exception) -> str:
    """Return what kind of error was raised, and in which line."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {last.name}, {last.filename}:{last.lineno}"
