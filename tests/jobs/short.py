"""Short work for the queue, and words for what it went through."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from time import sleep

from starlette.requests import Request

from api.access.person import Person, Role
from api.jobs.queue import Queue
from api.jobs.runner import Halt, Runner, Tell, Work
from api.store.jobs import Job, JobStatus, Progress
from scheduler.plan import Plan
from scheduler.stopping import Stop
from scheduler.world import World
from tests.store.offices import PLANNER, Small

SOON = 20.0
"""Seconds after which a test gives up."""
WORKER, OTHER = "worker-1", "worker-2"


class As:
    """Takes everybody for the account that a header names, with the roles that it names."""

    def person(self, request: Request) -> Person | None:
        """Return who asks."""
        name, _, roles = request.headers.get("x-test", "planner-1 planner").partition(" ")
        return Person(name, frozenset(map(Role, roles.split())))


def queue(at: Small, most: int = 20) -> Queue:
    """Return the queue of an office."""
    return Queue(at.office, most)


def submitted(queue: Queue, seed: int = 0) -> Job:
    """Return a job that waits."""
    return queue.submit("plan", {"seconds": 1}, seed, PLANNER)


def status(queue: Queue, job: Job) -> JobStatus:
    """Return where a job stands now."""
    return queue.job(job.id)[0].status


def went(queue: Queue, job: Job) -> list[str]:
    """Return the statuses that a job went through."""
    found, _ = queue.events(job.id, 0)
    return [one.status for one in found if one.status is not None]


def empty_plan(world: World, job: Job) -> Plan:
    """Return a plan without any booking."""
    return Plan(world=world.fingerprint, made_at=world.as_of, seed=job.seed, seconds=0)


def at_once(world: World, job: Job, _tell: Tell, _stop: Stop) -> Plan:
    """Do a job in no time."""
    return empty_plan(world, job)


def how(n: int) -> Progress:
    """Return how far a job is."""
    return Progress(seconds=n, incumbent={"plannedWeight": n}, bound={"plannedWeight": 10})


class Patient:
    """Work that goes on until it is told to stop, or may end."""

    def __init__(self) -> None:
        self.begun, self.stopped, self.may_end = Event(), Event(), Event()

    def __call__(self, world: World, job: Job, tell: Tell, stop: Stop) -> Plan:
        self.begun.set()
        tell(how(job.attempts))
        while not self.may_end.wait(0.01):
            if stop():
                self.stopped.set()
                break
        return empty_plan(world, job)


def until_enough(world: World, job: Job, tell: Tell, halt: Halt) -> Plan:
    """Do a job until what there is of it is enough."""
    tell(how(3))
    while not halt.enough() and not halt():
        sleep(0.01)
    return empty_plan(world, job)


@contextmanager
def running(queue: Queue, work: Work, workers: int = 1) -> Iterator[Runner]:
    """Let a process work on the queue."""
    runner = Runner(queue, {"plan": work}, workers)
    runner.start()
    try:
        yield runner
    finally:
        runner.stop()


def until(told: Callable[[], bool]) -> None:
    """Wait until something is so."""
    pause = Event()
    for _ in range(round(SOON / 0.02)):
        if told():
            return
        pause.wait(0.02)
    raise AssertionError("it does not come about")
