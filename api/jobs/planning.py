"""Planning as a job: every case of the world as it is when the job begins."""

from api.jobs.runner import Halt, Tell, Work
from api.store.jobs import Job, Progress
from constraints.register import REGISTER
from scheduler.bound import WEIGHT
from scheduler.objective import Objective
from scheduler.plan import Plan
from scheduler.planner import plan
from scheduler.world import World

PLAN = "plan"


def plan_all(world: World, job: Job, tell: Tell, halt: Halt) -> Plan:
    """Plan every case; what is held or confirmed stays. Enough is the best plan so far."""

    def progress(values: Objective, bounds: Objective, seconds: float) -> None:
        tell(_progress(values, bounds, seconds))

    seconds = job.request["seconds"]
    return plan(
        world,
        REGISTER,
        seconds=seconds,
        seed=job.seed,
        progress=progress,
        stop=halt,
        enough=halt.enough,
    )


def _progress(values: Objective, bounds: Objective, seconds: float) -> Progress:
    bound = bounds.get(WEIGHT)
    # A bound is of the levels above it as they were, so the plan may have passed it since.
    gap = None if bound is None else max(0.0, (bound - values[WEIGHT]) / bound if bound else 0.0)
    return Progress(seconds=round(seconds, 3), incumbent=values, bound=bounds, gap=gap)


WORKS: dict[str, Work] = {PLAN: plan_all}
"""What is done here, by the kind of job."""
