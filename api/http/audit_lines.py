"""The audit log over HTTP: who did what, to what, with which result, and whether it is whole."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.access.gate import Auditor
from api.http.paging import Paging
from api.http.problems import described
from api.http.queries import in_order
from api.office import Office
from api.store.logs import AuditFilter, AuditPage

Number = Annotated[int, Field(ge=1, le=2_147_483_647)]


def audit_lines(office: Office) -> APIRouter:
    """Return the operation on the audit log."""
    router = APIRouter(prefix="/audit-lines", tags=["audit"])

    @router.get(
        "",
        responses=described(),
        summary="Who did what, and whether the log is whole",
        description=(
            "Newest first; with `from`, oldest first from that line on. Whoever reads the log "
            "leaves a line in it, after what is shown: who pages through it says `until`, and "
            "what is counted stays the same. To verify, every line is worked out again."
        ),
    )
    def page(
        person: Auditor,
        paging: Paging,
        since: Annotated[
            Number | None,
            Query(alias="from", description="Only lines from this number on, oldest first."),
        ] = None,
        until: Annotated[
            Number | None,
            Query(description="Only lines up to this number."),
        ] = None,
        actor: Annotated[
            str | None,
            Query(min_length=1, max_length=120, description="Only what this account did."),
        ] = None,
        action: Annotated[
            str | None,
            Query(min_length=1, max_length=40, description="Only this action."),
        ] = None,
        object_: Annotated[
            str | None,
            Query(
                alias="object",
                min_length=1,
                max_length=180,
                description="Only what was done to this.",
            ),
        ] = None,
        result: Annotated[
            str | None,
            Query(
                min_length=1,
                max_length=40,
                description="Only what ended so: `done`, or the name of a refusal.",
            ),
        ] = None,
        verify: Annotated[
            bool, Query(description="Whether every line of the log is worked out again.")
        ] = False,
    ) -> AuditPage:
        in_order(since, until)
        asked = AuditFilter(since, until, actor, action, object_, result)
        return office.audit_lines(asked, paging.offset, paging.limit, person.actor, verify=verify)

    return router
