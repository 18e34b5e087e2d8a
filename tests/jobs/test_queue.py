"""Jobs wait their turn, are done once, and outlive whoever worked on them."""

from collections import Counter
from dataclasses import replace
from threading import Lock

import pytest
from sqlalchemy import select

from api.jobs.queue import ATTEMPTS, LEASE, OWN, OwnQueueFullError, QueueFullError
from api.jobs.runner import Tell
from api.store.jobs import OVER, Job, JobOverError, JobStatus, NotDoneError, UnknownJobError
from api.store.logs import Actor
from api.store.tables import AUDIT, PROCESSING
from scheduler.plan import Plan
from scheduler.stopping import Stop
from scheduler.world import World
from tests.jobs.short import (
    OTHER,
    WORKER,
    Patient,
    at_once,
    empty_plan,
    how,
    queue,
    running,
    status,
    submitted,
    until,
    until_enough,
    went,
)
from tests.store.offices import PLANNER, Small, assert_whole, opened

KINDS = ("plan",)


def taken(at: Small, worker: str = WORKER) -> Job:
    found = queue(at).take(worker, KINDS)
    assert found is not None
    return found[0]


# --- Asked for ------------------------------------------------------------------------------------


def test_the_oldest_job_is_taken_first_and_no_job_twice(at: Small) -> None:
    jobs = []
    for seed in range(3):
        jobs.append(submitted(queue(at), seed).id)
        at.clock.wait(seconds=1)
    assert [taken(at, worker).id for worker in (WORKER, OTHER, WORKER)] == jobs
    assert queue(at).take(WORKER, KINDS) is None


def test_a_worker_takes_only_what_it_can_do(at: Small) -> None:
    submitted(queue(at))
    assert queue(at).take(WORKER, ["simulation"]) is None


def test_the_job_says_which_world_it_began_on_and_what_it_is_made_with(at: Small) -> None:
    submitted(queue(at), seed=7)
    job, world = queue(at).take(WORKER, KINDS) or (None, None)
    assert job is not None
    assert world is not None
    assert (job.seed, job.world, job.attempts) == (7, world.fingerprint, 1)
    assert {*(job.versions or {})} == {"regietafel", "ortools"}


def test_planning_uses_the_data_of_everybody_in_the_world_and_the_log_says_so(at: Small) -> None:
    submitted(queue(at))
    taken(at)
    asked = select(PROCESSING.c.data_subject).where(PROCESSING.c.activity == "propose")
    with at.database.reading() as connection:
        logged = {*connection.execute(asked).scalars()}
    assert logged == {person.id for case in at.office.world().cases for person in case.persons}


def test_who_asks_for_a_job_and_who_cancels_it_is_in_the_audit_log(at: Small) -> None:
    job = submitted(queue(at))
    queue(at).cancel(job.id, Actor("administrator-1"))
    asked = select(AUDIT.c.actor, AUDIT.c.action, AUDIT.c.object).order_by(AUDIT.c.number)
    with at.database.reading() as connection:
        lines = [tuple(row) for row in connection.execute(asked)]
    assert lines[-2:] == [
        (PLANNER.id, "submit", job.id),
        ("administrator-1", "cancel", job.id),
    ]
    assert_whole(at.database)


def test_only_so_many_jobs_wait_in_all(at: Small) -> None:
    for n in range(2):
        queue(at, 2).submit("plan", {"seconds": 1}, 0, Actor(f"planner-{n}"))
    with pytest.raises(QueueFullError):
        queue(at, 2).submit("plan", {"seconds": 1}, 0, Actor("planner-9"))
    taken(at)
    assert submitted(queue(at, 2)).status == JobStatus.queued


def test_only_so_many_jobs_of_one_account_wait(at: Small) -> None:
    for _ in range(OWN):
        submitted(queue(at))
    with pytest.raises(OwnQueueFullError):
        submitted(queue(at))
    queue(at).submit("plan", {"seconds": 1}, 0, Actor("planner-2"))


# --- Worked on ------------------------------------------------------------------------------------


def test_two_processes_share_a_queue_and_do_each_job_once(at: Small, database_url: str) -> None:
    done: Counter[str] = Counter()
    lock = Lock()

    def counted(world: World, job: Job, _tell: Tell, _stop: Stop) -> Plan:
        with lock:
            done[job.id] += 1
        return empty_plan(world, job)

    with opened(database_url) as second:
        other = replace(at, database=second)
        jobs = [
            queue(at).submit("plan", {"seconds": 1}, n, Actor(f"planner-{n}")) for n in range(12)
        ]
        with running(queue(at), counted, 2), running(queue(other), counted, 2):
            until(lambda: all(status(queue(at), one) in OVER for one in jobs))
    assert done == Counter(one.id for one in jobs)
    assert {status(queue(at), one) for one in jobs} == {JobStatus.done}
    assert went(queue(at), jobs[0]) == ["queued", "running", "done"]


def test_a_job_that_fails_says_so_and_not_what_it_worked_on(at: Small) -> None:
    def broken(*_: object) -> Plan:
        raise ValueError("zk-0001 is somebody")

    job = submitted(queue(at))
    with running(queue(at), broken):
        until(lambda: status(queue(at), job) in OVER)
    found, _ = queue(at).job(job.id)
    assert found.status == JobStatus.failed
    assert found.error == "it failed (ValueError); where is in the technical log"


def test_a_runner_without_workers_does_nothing(at: Small) -> None:
    job = submitted(queue(at))
    with running(queue(at), at_once, 0):
        assert status(queue(at), job) == JobStatus.queued


def test_of_progress_the_latest_is_told_and_all_that_was_noted_is_kept(at: Small) -> None:
    submitted(queue(at))
    job = taken(at)
    for n in range(1, 4):
        queue(at).progress(WORKER, job, how(n))
    assert queue(at).job(job.id)[1] == how(3)
    found, over = queue(at).events(job.id, 2)
    assert ([one.progress for one in found], over) == ([how(1), how(2), how(3)], False)
    assert [one.number for one in found] == [3, 4, 5]


# --- Interrupted ----------------------------------------------------------------------------------


def test_the_job_of_a_process_that_was_killed_is_taken_again_after_its_lease(at: Small) -> None:
    submitted(queue(at), seed=3)
    job = taken(at)
    at.clock.now += LEASE / 2
    queue(at).lapse()
    assert status(queue(at), job) == JobStatus.running
    at.clock.now += LEASE / 2
    queue(at).lapse()
    assert status(queue(at), job) == JobStatus.interrupted
    again = taken(at, OTHER)
    assert (again.id, again.seed, again.attempts) == (job.id, 3, 2)
    assert went(queue(at), job) == ["queued", "running", "interrupted", "running"]


def test_a_runner_finds_what_a_killed_process_left_and_does_it(at: Small) -> None:
    submitted(queue(at))
    job = taken(at)
    at.clock.now += LEASE
    with running(queue(at), at_once):
        until(lambda: status(queue(at), job) == JobStatus.done)


def test_a_lease_that_is_renewed_does_not_run_out(at: Small) -> None:
    submitted(queue(at))
    job = taken(at)
    for _ in range(4):
        at.clock.now += LEASE * 0.9
        queue(at).renew(WORKER)
        queue(at).lapse()
    assert status(queue(at), job) == JobStatus.running


def test_a_worker_that_lost_its_job_says_nothing_of_it_any_more(at: Small) -> None:
    submitted(queue(at))
    lost = taken(at)
    at.clock.now += LEASE
    queue(at).lapse()
    job = taken(at)  # the same worker, in another attempt
    told = went(queue(at), job)
    queue(at).progress(WORKER, lost, how(1))
    queue(at).done(WORKER, lost, empty_plan(at.office.world(), lost))
    queue(at).failed(WORKER, lost, "it failed")
    assert (status(queue(at), job), went(queue(at), job)) == (JobStatus.running, told)
    assert queue(at).job(job.id)[1] is None


def test_a_job_that_kills_its_workers_is_given_up(at: Small) -> None:
    job = submitted(queue(at))
    for _ in range(ATTEMPTS):
        assert taken(at).id == job.id
        at.clock.now += LEASE
        queue(at).lapse()
    found, _ = queue(at).job(job.id)
    assert (found.status, found.error) == (JobStatus.failed, f"was interrupted {ATTEMPTS} times")
    assert queue(at).take(WORKER, KINDS) is None


def test_a_process_that_ends_hands_its_jobs_back_and_another_does_them(at: Small) -> None:
    job, work = submitted(queue(at)), Patient()
    with running(queue(at), work):
        assert work.begun.wait(20)
    assert work.stopped.is_set()
    found, _ = queue(at).job(job.id)
    assert (found.status, found.attempts) == (JobStatus.queued, 0)
    with running(queue(at), at_once):
        until(lambda: status(queue(at), job) == JobStatus.done)


# --- Cancelled ------------------------------------------------------------------------------------


def test_a_job_that_waits_and_is_cancelled_is_never_begun(at: Small) -> None:
    job = submitted(queue(at))
    assert queue(at).cancel(job.id, PLANNER).status == JobStatus.cancelled
    assert queue(at).take(WORKER, KINDS) is None


def test_work_on_a_job_that_is_cancelled_here_stops(at: Small) -> None:
    job, work = submitted(queue(at)), Patient()
    with running(queue(at), work) as runner:
        assert work.begun.wait(20)
        assert queue(at).cancel(job.id, PLANNER).status == JobStatus.cancelled
        runner.cancelled(job.id)
        assert work.stopped.wait(20)
    assert went(queue(at), job)[-1] == "cancelled"


def test_work_on_a_job_that_is_cancelled_elsewhere_stops(at: Small) -> None:
    job, work = submitted(queue(at)), Patient()
    with running(queue(at), work):
        assert work.begun.wait(20)
        queue(at).cancel(job.id, PLANNER)
        assert work.stopped.wait(20)
    assert (status(queue(at), job), queue(at).result(job.id)) == (JobStatus.cancelled, None)


def test_what_is_over_is_not_cancelled(at: Small) -> None:
    job = submitted(queue(at))
    queue(at).cancel(job.id, PLANNER)
    with pytest.raises(JobOverError, match="is cancelled already"):
        queue(at).cancel(job.id, PLANNER)
    with pytest.raises(UnknownJobError):
        queue(at).cancel("plan-0", PLANNER)


# --- Enough ---------------------------------------------------------------------------------------


def test_of_a_job_that_is_enough_what_there_is_is_kept_whoever_works_on_it(at: Small) -> None:
    job = submitted(queue(at))
    with running(queue(at), until_enough):
        until(lambda: queue(at).job(job.id)[1] is not None)
        queue(at).finish(job.id, PLANNER, "plan")
        until(lambda: status(queue(at), job) in OVER)
    assert went(queue(at), job) == ["queued", "running", "done"]
    assert queue(at).result(job.id) is not None
    with at.database.reading() as connection:
        asked = select(AUDIT.c.action).where(AUDIT.c.action == "finish")
        assert connection.execute(asked).scalars().all() == ["finish"]
    assert_whole(at.database)


def test_a_job_that_was_enough_and_was_interrupted_is_enough_when_it_begins_anew(at: Small) -> None:
    job = submitted(queue(at))
    taken(at)
    queue(at).finish(job.id, PLANNER, "plan")
    at.clock.wait(seconds=LEASE.total_seconds())
    queue(at).lapse()
    with running(queue(at), until_enough):
        until(lambda: status(queue(at), job) == JobStatus.done)


def test_nothing_is_kept_of_what_waits_or_is_over(at: Small) -> None:
    job = submitted(queue(at))
    with pytest.raises(NotDoneError, match="is queued"):
        queue(at).finish(job.id, PLANNER, "plan")
    queue(at).cancel(job.id, PLANNER)
    with pytest.raises(JobOverError, match="is cancelled already"):
        queue(at).finish(job.id, PLANNER, "plan")
    with pytest.raises(UnknownJobError):
        queue(at).finish(job.id, PLANNER, "plan", "somebody else")
