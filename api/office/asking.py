"""What officers in charge ask of planners."""

from collections.abc import Collection
from typing import Literal

from api.desk import UnknownCaseError
from api.office.reading import Reading
from api.store.answers import Once, recalled
from api.store.logs import (
    Actor,
    cases_in,
)
from api.store.requests import (
    NotOfferedError,
    Request,
    RequestStatus,
    ask,
    count,
    fits,
    fresh,
    requests,
    settle,
)
from api.traffic_lights import RepairView, without_moves


class Asking(Reading):
    """Keeps requests."""

    def ask(
        self, case: str, repair: RepairView, actor: Actor, *, once: Once | None = None
    ) -> Request:
        """Ask planners for room for a case in the way of a repair that its lights offer now.

        Where that was asked before, and is open still, the request is the one that there is.

        Raises
        ------
        UnknownCaseError, NotOfferedError
            When there is no such case, or its lights do not offer this repair.
        """
        with self.database.reading() as connection:
            known = once is not None and recalled(connection, actor, once)
        desk = self.desk()
        offered = desk.lights(case).repairs if case in desk.world.case and not known else ()
        name = fresh()
        with self._changing(actor, "request", [case, name], once) as change:
            change.beside = True
            if case not in change.world.case:
                raise UnknownCaseError(case)
            found = next((one for one in offered if repair in (one, without_moves(one))), None)
            if found is None:
                raise NotOfferedError(f"the lights of {case} do not offer this repair now")
            fits(change.world, case, found)
            theirs = requests(change.connection, "open", [case])
            request = next(
                (one for one in theirs if without_moves(one.repair) == without_moves(found)), None
            ) or ask(change.connection, name, case, found, change.now)
            change.objects = (case, request.id)
            change.touch("request", [*cases_in(request)])
            change.answer = request
        return request

    def requests(
        self,
        status: RequestStatus | None = None,
        offset: int = 0,
        limit: int = 500,
        cases: Collection[str] | None = None,
    ) -> tuple[Request, ...]:
        """Return requests in the order in which they were made: of a status, about these cases."""
        with self.database.reading() as connection:
            return requests(connection, status, cases, offset, limit)

    def requests_ever(
        self, status: RequestStatus | None = None, cases: Collection[str] | None = None
    ) -> int:
        """Return how many such requests there are."""
        with self.database.reading() as connection:
            return count(connection, status, cases)

    def settle(self, name: str, status: Literal["done", "refused"], actor: Actor) -> Request:
        """Note that a planner did what was asked, or will not.

        Raises
        ------
        UnknownRequestError, SettledError
            When there is none of that id, or it is not open any more.
        """
        with self._changing(actor, "settle", [name]) as change:
            change.beside = True
            request = settle(change.connection, name, status)
            change.touch("request", [*cases_in(request)])
        return request
