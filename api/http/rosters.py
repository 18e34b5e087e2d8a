"""Rosters over HTTP: a file is looked at, or taken over as a whole."""

from hashlib import sha256
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Query, Request, UploadFile
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from api.access.gate import Confirmer, NotTheirsError
from api.access.person import Person, Role
from api.http.problems import described
from api.http.wishes import Asked
from api.imports.preview import Report, for_partner, name_of, report, told_by
from api.imports.tables import MOST_BYTES
from api.office import Office
from api.office.importing import Effect
from api.office.refusals import RefusedError
from api.pages.roster import roles_of
from api.partners import PARTNERS
from api.store.answers import Once, Told
from scheduler.world import Id

LONGEST = MOST_BYTES + 10_000
"""Bytes of a body with a file in it, at most."""
ABOUT = (
    "CSV, XLSX, Parquet or iCalendar. A roster takes the place of what was known of those who are "
    "in it, from the first day that it is about to the last: all of it, or nothing where a row is "
    "wrong. Each error says which row and column, what stands there, what is wrong with it and "
    "what was perhaps meant. The same file again changes nothing. Where bookings break, nothing is "
    "done and they are told, unless a planner asks for their repair with the least change. A "
    "partner brings the rosters of its own people, vehicles and rooms alone."
)


def rosters(office: Office) -> APIRouter:
    """Return the operation on rosters."""
    router = APIRouter(prefix="/rosters", tags=["supply"])

    @router.post(
        "",
        response_model=Report,
        responses=described(404, 409, 422),
        summary="Bring a roster, or see first what it does",
        description=ABOUT,
    )
    def bring(
        file: Annotated[
            UploadFile, File(description="The roster.", examples=["code;datum;van;tot"])
        ],
        _alone: Annotated[None, Depends(_one_file)],
        person: Confirmer,
        asking: Asked,
        preview: Annotated[bool, Query(description="Only tell what it would do.")] = False,
        replan: Annotated[
            bool, Query(description="Repair bookings that break; for planners.")
        ] = False,
        partner: Annotated[
            Id | None, Query(description="Of whose people it may tell; for planners.")
        ] = None,
        resource: Annotated[Id | None, Query(description="Whose calendar it is.")] = None,
        encoding: Annotated[
            Literal["utf-8", "windows-1252"] | None,
            Query(description="In what a CSV file is written, where that is not UTF-8."),
        ] = None,
    ) -> Response:
        theirs = _theirs(person, partner, replan=replan)
        roles = None if theirs is None else roles_of(office.ever(), theirs)
        secret = None if Role.planner in person.roles else office.began_with() or ""
        body = file.file.read()
        made = told_by(body, "rosters", encoding=encoding, resource=resource, roles=roles)

        def tell(effect: Effect) -> Told:
            told = report(effect, "rosters", applied=not preview, secret=secret)
            return Told(200, told.model_dump_json())

        def grant(once: Once | None) -> Effect:
            if preview:
                effect = office.foreseen_of(made)
                office.seen("read", [{"case": one.case} for one in effect.ended])
                return effect
            name = name_of(body, "rosters")
            try:
                return office.take_in(made, name, person.actor, repair=replan, once=once)
            except RefusedError as error:
                raise _told_to(error, secret) from None

        wish = [sha256(body).hexdigest(), preview, replan, partner, resource, encoding]
        return asking.answer(wish, grant, tell)

    return router


async def _one_file(request: Request) -> None:
    """Return when a form holds one file, and nothing else."""
    form = await request.form()
    if len(form.multi_items()) > 1:
        raise HTTPException(400, "a form holds one file, and nothing else")


def _theirs(person: Person, partner: str | None, *, replan: bool) -> str | None:
    """Return the partner of whose people somebody may bring the roster; None: of anybody's.

    Raises
    ------
    NotTheirsError
        When a partner asks for another's, or for a repair of bookings.
    HTTPException
        When there is no such partner.
    """
    name = None if partner is None else PARTNERS.get(partner)
    if partner is not None and name is None:
        raise HTTPException(404, f"there is no partner {partner}")
    if Role.planner in person.roles:
        return name
    if replan or person.organisation is None or name not in {None, person.organisation}:
        raise NotTheirsError
    return person.organisation


def _told_to(error: RefusedError, secret: str | None) -> RefusedError:
    """Return what is refused, as it is told to a partner where there is a ``secret``."""
    return error if secret is None else RefusedError(for_partner(error.violations, secret))
