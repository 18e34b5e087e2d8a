"""Jobs go when their time is over, with how they fared; what is not over stays."""

from datetime import timedelta

from sqlalchemy import func, select

from api.store.logs import Actor
from api.store.retention import Periods, Removed, due, retain
from api.store.tables import JOB_EVENTS, PROCESSING
from scheduler.plan import Unplanned
from tests.jobs.short import WORKER, empty_plan, queue, status, submitted
from tests.store.offices import PLACED, PLANNER, Small, assert_whole

NEVER = Periods.model_validate(dict.fromkeys(Periods.model_fields, 36500))
KEEPER = Actor("keeper", "test")


def kept(at: Small, days: int) -> Removed:
    """Remove the jobs that are due, and return what was removed."""
    periods = NEVER.model_copy(update={"jobs": timedelta(days=days)})
    with at.database.writing() as connection:
        expected = due(connection, periods, at.clock())
        removed = retain(connection, periods, KEEPER, at.clock())
    assert removed == expected
    assert_whole(at.database)
    return removed


def test_jobs_are_kept_for_thirty_days_unless_it_is_said() -> None:
    assert Periods().jobs == timedelta(days=30)


def test_a_job_that_is_over_goes_with_its_events_when_its_time_is_over(at: Small) -> None:
    job = submitted(queue(at))
    queue(at).cancel(job.id, PLANNER)
    at.clock.wait(days=10, seconds=-1)
    assert kept(at, 10) == Removed()
    at.clock.wait(seconds=1)
    assert kept(at, 10) == Removed(jobs=1)
    with at.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(JOB_EVENTS)).scalar_one() == 0


def test_a_job_that_waits_or_runs_stays_however_short_the_period(at: Small) -> None:
    runs, waits = submitted(queue(at)), submitted(queue(at))
    queue(at).take(WORKER, ["plan"])
    at.clock.wait(days=100)
    assert kept(at, 0) == Removed()
    assert {status(queue(at), one) for one in (runs, waits)} == {"running", "queued"}


def test_that_a_plan_of_somebody_went_is_in_the_processing_log(at: Small) -> None:
    submitted(queue(at))
    job, world = queue(at).take(WORKER, ["plan"]) or (None, None)
    assert job is not None
    assert world is not None
    left = (Unplanned(case=PLACED, reason="does not fit"),)
    queue(at).done(WORKER, job, empty_plan(world, job).model_copy(update={"unplanned": left}))
    assert kept(at, 0) == Removed(jobs=1)
    asked = select(PROCESSING.c.data_subject).where(PROCESSING.c.activity == "retain")
    with at.database.reading() as connection:
        assert [*connection.execute(asked).scalars()] == [f"{PLACED}-a"]
