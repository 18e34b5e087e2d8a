"""The room of logs: who did what, whether the log is whole, and lines to be taken along."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import BeforeValidator, Field

from api.access.gate import Auditor
from api.exports.files import lines_of_csv
from api.http.audit_lines import Number
from api.language import Language, phrase
from api.office import Office
from api.pages import life
from api.pages.dates import Day
from api.pages.frame import ZONE, Frame, language_of
from api.store.life import Failure, Release
from api.store.logs import Actor, AuditFilter, AuditLine, AuditPage
from scheduler.grid import midnight

ON_PAGE = 100
"""Lines on one page."""
AT_ONCE = 5_000
"""Lines that are read at once where many are taken along."""
ACTIONS: Mapping[str, str] = {
    "accept": phrase("took over a plan"),
    "add-case": phrase("added a case"),
    "amend-case": phrase("changed a case"),
    "cancel": phrase("stopped the making of a plan"),
    "cancelled": phrase("noted that a booking failed"),
    "check": phrase("answered a check"),
    "confirm": phrase("confirmed a booking"),
    "decline": phrase("declined a booking"),
    "events": phrase("told what happened"),
    "execute": phrase("noted that it was carried out"),
    "export": phrase("took the world out"),
    "finish": phrase("kept the best plan so far"),
    "furnish": phrase("changed what there is to plan with"),
    "hold": phrase("held a booking"),
    "import": phrase("brought a world or a file in"),
    "read": phrase("looked into the log"),
    "released": phrase("let a booking go"),
    "proposed": phrase("proposed a booking"),
    "request": phrase("asked a planner"),
    "retain": phrase("removed what was due"),
    "settle": phrase("closed a request"),
    "submit": phrase("asked for a plan"),
}
"""What people read of what was done."""
RESULTS: Mapping[str, str] = {
    "EventError": phrase("it cannot have happened so"),
    "IllegalStepError": phrase("not possible any more"),
    "JobOverError": phrase("it was over already"),
    "KnownError": phrase("it is there already"),
    "NotAskedError": phrase("it was not asked"),
    "NotDoneError": phrase("nothing came of it yet"),
    "NotEmptyError": phrase("there are data already"),
    "NotOfferedError": phrase("it is not offered any more"),
    "NotPlannedError": phrase("it is not in the plan"),
    "OneCaseError": phrase("not of one case"),
    "OpenChecksError": phrase("checks are open"),
    "OtherWishError": phrase("asked before in another way"),
    "OwnQueueFullError": phrase("too many plans wait"),
    "QueueFullError": phrase("too many plans wait"),
    "RefusedError": phrase("a rule does not hold"),
    "SettledError": phrase("it was closed before"),
    "StaleError": phrase("somebody else changed it in the meantime"),
    "TakenError": phrase("others have it"),
    "TooSoonError": phrase("too soon"),
    "UnknownBookingError": phrase("it is not there"),
    "UnknownCaseError": phrase("it is not there"),
    "UnknownJobError": phrase("it is not there"),
    "UnknownRequestError": phrase("it is not there"),
}
"""Why something was refused, by how the log has it."""
ORIGINS: Mapping[str, str] = {
    "page": phrase("page"),
    "http": phrase("API"),
    "command-line": phrase("command line"),
}
"""The doors through which it came."""


def _none(told: object) -> object:
    """Return nothing for a field of a form that was left empty."""
    return None if told == "" else told


Empty = BeforeValidator(_none)
Text = Annotated[Annotated[str, Field(max_length=180)] | None, Empty, Query()]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines somebody asks for, as the fields of the form say it."""

    actor: Text = None
    action: Text = None
    object: Text = None
    day: Annotated[Day | None, Empty, Query()] = None
    since: Annotated[Number | None, Empty, Query(alias="from")] = None
    until: Annotated[Number | None, Empty, Query()] = None

    @property
    def filter(self) -> AuditFilter:
        """What the log is asked, newest first."""
        begin, end = (None, None) if self.day is None else _day(self.day)
        return AuditFilter(
            None, self.until, self.actor, self.action, self.object, begin=begin, end=end
        )

    @property
    def query(self) -> str:
        """The same as part of an address, without the lines from and to."""
        named = {"actor": self.actor, "action": self.action, "object": self.object, "day": self.day}
        return urlencode({name: told for name, told in named.items() if told is not None})


Asking = Annotated[Asked, Depends()]


def logs(frame: Frame) -> APIRouter:
    """Return the pages of the audit log."""
    router = APIRouter(prefix="/logs", include_in_schema=False)
    office = frame.office

    @router.get("")
    def page(
        request: Request,
        person: Auditor,
        asked: Asking,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        verify: bool = False,
    ) -> HTMLResponse:
        now = office.now()
        found = office.audit_lines(asked.filter, offset, ON_PAGE, person.actor, verify=verify)
        return frame.show(
            request,
            "logs.html",
            asked=asked,
            found=found,
            verified=now if verify else None,
            actions=_actions(language_of(request)),
            results=RESULTS,
            origins=ORIGINS,
            until=asked.until or found.chain.last,
            limit=ON_PAGE,
        )

    @router.get("/lines.csv")
    def table(person: Auditor, asked: Asking) -> StreamingResponse:
        names = [*AuditLine.model_fields]

        def told(lines: AuditPage) -> str:
            rows = (one.model_dump(mode="json") for one in lines.lines)
            return lines_of_csv([row[name] for name in names] for row in rows)

        pages = map(told, _pages(office, asked, person.actor))
        return _file(chain([lines_of_csv([names])], pages), "csv", "text/csv; charset=utf-8")

    @router.get("/lines.jsonl")
    def documents(person: Auditor, asked: Asking) -> StreamingResponse:
        def told(lines: AuditPage) -> str:
            return "".join(f"{one.model_dump_json()}\n" for one in lines.lines)

        pages = map(told, _pages(office, asked, person.actor))
        return _file(pages, "jsonl", "application/x-ndjson")

    return router


def _actions(language: Language) -> dict[str, str]:
    """Return what people read of what was done, by how the log has it."""
    named = {name: language.say(told) for name, told in ACTIONS.items()}
    ends: tuple[Failure | Release, ...] = (*life.FAILURES, *life.RELEASES)
    return named | {one: language.say("ended: {why}", why=life.why(language, one)) for one in ends}


def _pages(office: Office, asked: Asked, actor: Actor) -> Iterator[AuditPage]:
    """Return the lines that are asked, oldest first, a page at a time.

    The first is read at once: where there is no log that is answered, and no file.
    """
    since = replace(asked.filter, since=asked.since or 1)
    first = office.audit_lines(since, 0, AT_ONCE, actor, verify=False)
    # Whoever reads leaves lines in the log, which are not among those that were asked for.
    whole = replace(since, until=min(asked.until or first.chain.last, first.chain.last))

    def after() -> Iterator[AuditPage]:
        page = first
        while len(page.lines) == AT_ONCE:
            further = replace(whole, since=page.lines[-1].number + 1)
            page = office.audit_lines(further, 0, AT_ONCE, actor, verify=False)
            yield page

    return chain([first], after())


def _file(told: Iterator[str], ends: str, media: str) -> StreamingResponse:
    name = f'attachment; filename="regietafel-logs.{ends}"'
    return StreamingResponse(told, media_type=media, headers={"content-disposition": name})


def _day(day: date) -> tuple[datetime, datetime]:
    """Return when a day begins and ends on the clock of Amsterdam."""
    return midnight(day, ZONE), midnight(day + timedelta(days=1), ZONE)
