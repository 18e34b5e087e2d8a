"""How often one client may ask: so that nobody keeps the others from being answered."""

from math import ceil
from time import time

from fastapi import Request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from api.access.gate import Access, BadTokenError
from api.access.person import Person


class TooOftenError(Exception):
    """A client asked more often than it may; after ``seconds`` it is worth asking again."""

    def __init__(self, rate: str, seconds: int) -> None:
        super().__init__(f"asked more often than {rate.replace('/', ' times a ')}")
        self.seconds = seconds


class Rated:
    """Lets each client be recognised by ``access`` so often at most.

    A client is the account that asks, and the address where nobody is recognised: so whoever
    guesses tokens is counted too. Counted is in this process alone.
    """

    def __init__(self, access: Access, rate: str) -> None:
        self.access, self.rate = access, rate
        self._limit = parse(rate)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def person(self, request: Request) -> Person | None:
        """Return who asks.

        Raises
        ------
        BadTokenError
            When what is said is not to be believed.
        TooOftenError
            When the client asked more often than it may.
        """
        try:
            person = self.access.person(request)
        except BadTokenError:
            self._count("address", _address(request))
            raise
        if person is None:
            self._count("address", _address(request))
        else:
            self._count("account", person.id)
        return person

    def _count(self, *client: str) -> None:
        if not self._limiter.hit(self._limit, *client):
            again = self._limiter.get_window_stats(self._limit, *client).reset_time
            raise TooOftenError(self.rate, max(1, ceil(again - time())))


def _address(request: Request) -> str:
    return request.client.host if request.client else "here"
