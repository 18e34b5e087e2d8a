"""A plan that was made, as a file: its bookings, before any of them is taken over."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from api.access.gate import Planner
from api.exports.calendars import DUTCH
from api.exports.files import File
from api.exports.plans import plan_sheets
from api.http.files import AS_FILES, as_file
from api.http.plans import plan_of, whose
from api.http.problems import described
from api.jobs.planning import PLAN
from api.jobs.runner import Runner
from api.store.jobs import JobStatus, NotDoneError
from scheduler.world import Id

PlanId = Annotated[Id, Path(description="Id of the plan.")]


def plan_files(runner: Runner) -> APIRouter:
    """Return the operation that tells a plan as a file."""
    router = APIRouter(prefix="/plans", tags=["plans"])
    queue, office = runner.queue, runner.queue.office

    @router.get(
        "/{plan}/bookings",
        response_class=Response,
        responses={200: AS_FILES, **described(404, 409)},
        summary="The bookings of a plan, as a file",
        description=(
            "A line for each phase and each attendance. A workbook has a sheet for each partner "
            "too, which tells of no case."
        ),
    )
    def bookings(
        plan: PlanId,
        person: Planner,
        format: Annotated[File, Query(description="As which file.")] = "csv",
    ) -> Response:
        job, _ = queue.job(plan, PLAN, whose(person))
        if job.status != JobStatus.done:
            raise NotDoneError(f"{plan} is {job.status}, and is told when it is done")
        world, secret = office.ever(), office.began_with() or ""
        known = {one.id for one in world.cases}
        planned = [one for one in plan_of(runner, plan).bookings if one.case in known]
        office.seen("export", planned)
        return as_file(
            plan_sheets(world, planned, secret, DUTCH, proposals=True), format, f"plan-{plan}"
        )

    return router
