"""Who asks, found out once, and how often they may: so that nobody keeps others from answers."""

from math import ceil
from time import time

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access.gate import RECOGNISED, Access, BadTokenError, OtherSiteError, ProviderAwayError
from api.access.person import Person
from api.http.problems import problem
from api.store.database import UnavailableError
from api.store.logs import WRITTEN, Written

RECORDS = 10
"""So many records in the processing log count as a request: reading fills the disk."""
UNCOUNTED = "/health/live"
"""Told however often it is asked: whoever minds the process must not take it for dead."""


class Rated:
    """Lets each client ask ``app`` so often at most, whatever it asks for.

    A client is the account that asks, and the address where nobody is recognised: so whoever
    guesses tokens or paths is counted too. Counted is in this process alone, and afterwards what
    an answer left in the processing log. What was found, or what kept it from being found, is told
    at the gate of an operation that has one.
    """

    def __init__(self, app: ASGIApp, access: Access, rate: str) -> None:
        self.app, self.access, self.rate = app, access, rate
        self._limit = parse(rate)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or say when it is worth asking again."""
        if scope["type"] != "http" or scope["path"] == UNCOUNTED:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        scope[RECOGNISED] = found = await run_in_threadpool(self._found, request)
        if isinstance(found, Person):
            client = "account", found.id
        else:
            client = "address", request.client.host if request.client else "here"
        if not self._limiter.hit(self._limit, *client):
            again = self._limiter.get_window_stats(self._limit, *client).reset_time - time()
            says = f"asked more often than {self.rate.replace('/', ' times a ')}"
            refused = problem(429, says, {"retry-after": str(max(1, ceil(again)))})
            await refused(scope, receive, send)
            return
        WRITTEN.set(written := Written())
        try:
            await self.app(scope, receive, send)
        finally:
            left = self._limiter.get_window_stats(self._limit, *client).remaining
            if more := min(written.records // RECORDS, left):
                self._limiter.hit(self._limit, *client, cost=more)

    def _found(self, request: Request) -> Person | Exception | None:
        try:
            return self.access.person(request)
        except (BadTokenError, OtherSiteError, ProviderAwayError, UnavailableError) as error:
            return error
