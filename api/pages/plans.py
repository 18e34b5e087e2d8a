"""The room of plans: asked for, followed while they are made, and taken over whole or per case."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from api.access.gate import Operator, Planner
from api.access.person import Person, Role
from api.difference import Difference, differences
from api.http.jobs import JobId
from api.http.plans import MINUTE, MOST_ACCEPTED, PlanWish, plan_of, whose
from api.jobs.planning import PLAN
from api.jobs.queue import OwnQueueFullError, QueueFullError
from api.jobs.runner import Runner
from api.language import Language, inside, phrase
from api.office.refusals import RefusedError
from api.pages.frame import ZONE, Frame, language_of
from api.pages.problems import CONSTRAINTS, GONE
from api.pages.slots import Key, asking, new_key
from api.pages.unplanned import price, reasons
from api.store.answers import Told
from api.store.claims import CASE, Taken, TakenError
from api.store.jobs import ENOUGH, OVER, Job, JobEvent, JobStatus, NotDoneError, Progress
from scheduler.bound import WEIGHT
from scheduler.objective import LEVELS, MAXIMISED
from scheduler.plan import Bound, Plan
from scheduler.validator import Violation
from scheduler.world import Booking, Id, World

ON_PAGE = 50
"""Plans on one page of the list."""
ROWS = 200
"""Cases on one page of a difference: a form has a thousand fields at most."""
HOLDS = 15, 60, 240, 1440
"""Minutes for which what is taken over can be held; the longest is offered first: partners answer
one by one, and a plan asks many of them."""
WIDE, HIGH = 600, 140
"""What the line of a plan that is made is drawn on."""
Change = Literal["new", "moved", "dropped", "taken", "kept"]
CHANGES: tuple[Change, ...] = get_args(Change)


@dataclass(frozen=True, slots=True)
class State:
    """How a job stands: a colour, a symbol and a word."""

    lamp: str
    symbol: str
    word: str


STATES: Mapping[JobStatus, State] = {
    JobStatus.queued: State("grey", "…", phrase("waits")),
    JobStatus.running: State("goal", "→", phrase("is made")),
    JobStatus.interrupted: State("amber", "!", phrase("interrupted, begins anew")),
    JobStatus.done: State("green", "✓", phrase("done")),
    JobStatus.failed: State("red", "✗", phrase("failed")),
    JobStatus.cancelled: State("grey", "–", phrase("stopped")),
}
LEVEL_NAMES: Mapping[str, str] = {
    "pastLegalEnd": phrase("Cases that pass a legal end"),
    "plannedWeight": phrase("Planned, by weight"),
    "nightsInDetention": phrase("Nights in detention"),
    "withoutFallback": phrase("Planned without a fallback"),
    "changes": phrase("Changes to the plan in force"),
    "daysWaited": phrase("Days of waiting"),
}
"""What a plan is compared by, in this order."""
CHANGE_NAMES: Mapping[Change, str] = {
    "new": phrase("New"),
    "moved": phrase("Moved"),
    "dropped": phrase("Gives way"),
    "taken": phrase("Held otherwise since"),
    "kept": phrase("Stays as it is"),
}
WRONG = {
    "seconds": phrase("Give a whole number from 1 to 600."),
    "seed": phrase("Give a whole number from 0 to 2147483647."),
}
"""What is said beside a field of the form that cannot be read so."""
Typed = Annotated[str, Form(max_length=20)]


@dataclass(frozen=True, slots=True)
class Level:
    """What a plan is worth at a level, and what none can beat: None where it is not worked out."""

    name: str
    value: int
    bound: int | None
    gap: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """The best plan so far and what none can beat, against time, as points to draw."""

    best: str
    bound: str
    low: int
    high: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Making:
    """A plan while it is made."""

    job: Job
    state: State
    phase: str
    elapsed: int
    levels: tuple[Level, ...]
    line: Line | None

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.job.status in OVER

    @property
    def keeps(self) -> bool:
        """Whether there is a plan to keep, which nobody has asked for yet."""
        at_work = self.job.status == JobStatus.running
        return at_work and bool(self.levels) and ENOUGH not in self.job.request


@dataclass(frozen=True, slots=True)
class Slot:
    """A booking in one line: which leg, when, from where, with what."""

    leg: str
    when: str
    where: str


@dataclass(frozen=True, slots=True)
class Row:
    """What a plan makes of one case, and what keeps it from being taken over."""

    case: str
    change: Change
    before: tuple[Slot, ...]
    after: tuple[Slot, ...]
    conflicts: tuple[str, ...] = ()
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """A case without a booking: why, and what it would take."""

    case: str
    why: tuple[str, ...]
    price: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was chosen of a plan, and why it was not done."""

    status: int = 200
    cases: frozenset[str] = frozenset()
    says: str = ""
    conflicts: Mapping[str, tuple[str, ...]] | None = None


def plans(frame: Frame, runner: Runner) -> APIRouter:
    """Return the pages of plans."""
    router = APIRouter(prefix="/plans", include_in_schema=False)
    _asked(router, frame, runner)
    _followed(router, frame, runner)
    return router


def _asked(router: APIRouter, frame: Frame, runner: Runner) -> None:
    queue = runner.queue

    def listed(
        request: Request, person: Person, offset: int = 0, wrong: str = "", status: int = 200,
        wish: Mapping[str, object] | None = None, mistakes: Collection[str] = (),
    ) -> HTMLResponse:  # fmt: skip
        owner = whose(person)
        return frame.show(
            request,
            "plans.html",
            status,
            jobs=queue.jobs(PLAN, owner, offset, ON_PAGE),
            total=queue.jobs_ever(PLAN, owner),
            offset=offset,
            limit=ON_PAGE,
            states=STATES,
            wish=wish or PlanWish().model_dump(),
            wrong=wrong,
            mistakes={one: WRONG[one] for one in mistakes},
            key=new_key(),
            may_ask=Role.planner in person.roles,
            all_of_them=owner is None,
        )

    @router.get("")
    def page(
        request: Request,
        person: Operator,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> HTMLResponse:
        return listed(request, person, offset)

    @router.post("")
    def submit(
        request: Request,
        person: Planner,
        key: Key,
        seconds: Typed = "",
        seed: Typed = "0",
    ) -> Response:
        typed = {"seconds": seconds, "seed": seed}
        try:
            wish = PlanWish.model_validate(typed, strict=False)
        except ValidationError as error:
            wrong = {str(one["loc"][0]) for one in error.errors()}
            return listed(request, person, status=400, wish=typed, mistakes=wrong)
        try:
            told = asking(request, person, key).answer(
                wish,
                lambda once: queue.submit(
                    PLAN, {"seconds": wish.seconds}, wish.seed, person.actor, once=once
                ),
                lambda job: Told(303, "{}", {"location": f"/plans/{job.id}"}),
            )
        except OwnQueueFullError:
            says = phrase("Enough plans of yours wait already. Stop one, or come back later.")
            return listed(request, person, wrong=says, status=429, wish=typed)
        except QueueFullError:
            says = phrase("Enough plans wait already. Come back in a while.")
            return listed(request, person, wrong=says, status=503, wish=typed)
        runner.wake()
        return told

    @router.post("/{plan}/stop")
    def stop(plan: JobId, person: Operator) -> RedirectResponse:
        queue.cancel(plan, person.actor, PLAN, whose(person))
        runner.cancelled(plan)
        return frame.done(RedirectResponse(f"/plans/{plan}", 303), "stopped")

    @router.post("/{plan}/keep")
    def keep(plan: JobId, person: Operator) -> RedirectResponse:
        queue.finish(plan, person.actor, PLAN, whose(person))
        return RedirectResponse(f"/plans/{plan}", 303)


def _followed(router: APIRouter, frame: Frame, runner: Runner) -> None:
    queue, office = runner.queue, runner.queue.office

    def making(job: Job, progress: Progress | None, made: Plan | None = None) -> Making:
        started = job.started_at or job.created_at
        levels: Iterable[Level] = ()
        if made is not None:
            levels = _levels(made.objective, {one.level: one.bound for one in made.levels})
        elif progress is not None:
            levels = _levels(progress.incumbent, progress.bound)
        elapsed = ((job.finished_at or office.now()) - started).total_seconds()
        return Making(
            job=job,
            state=STATES[job.status],
            phase=_phase(job, progress, elapsed),
            elapsed=max(0, round(elapsed)) if job.started_at else 0,
            levels=tuple(levels),
            line=_line(_events(runner, job.id), job.request["seconds"]),
        )

    def shown(
        request: Request, plan: str, person: Person, change: Change | None = None, offset: int = 0,
        answer: Answer | None = None, ticked: bool = False,
    ) -> HTMLResponse:  # fmt: skip
        job, progress = queue.job(plan, PLAN, whose(person))
        if job.status != JobStatus.done or Role.planner not in person.roles:
            now = making(job, progress)
            return frame.show(request, "plan.html", plan=now, levels=LEVEL_NAMES, found=None)
        made, world = plan_of(runner, plan), office.world()
        found = tuple(differences(world, made))
        office.seen("read", {"unplanned": made.unplanned, "difference": found})
        language, answer = language_of(request), answer or Answer()
        tell = _Teller(language, world, frame)
        rows = _first_in_conflict(found, answer.conflicts or {}, change)
        planned = {one.case for one in made.bookings}
        return frame.show(
            request,
            "plan.html",
            answer.status,
            plan=making(job, progress, made),
            levels=LEVEL_NAMES,
            found=made,
            planned=len(planned),
            cases=len(planned | {one.case for one in made.unplanned}),
            counts=Counter(one.change for one in found),
            names=CHANGE_NAMES,
            change=change,
            rows=[tell.row(one, answer, ticked) for one in rows[offset : offset + ROWS]],
            total=len(rows),
            offset=offset,
            limit=ROWS,
            left=[
                Left(one.case, reasons(language, one.reason), price(language, one))
                for one in made.unplanned
            ],
            holds=HOLDS,
            hold=HOLDS[-1],
            answer=answer,
            ticked=ticked,
        )

    @router.get("/{plan}")
    def one(
        request: Request,
        plan: JobId,
        person: Operator,
        change: Change | None = None,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        ticked: Literal["yes"] | None = None,
    ) -> HTMLResponse:
        return shown(request, plan, person, change, offset, ticked=ticked is not None)

    @router.get("/{plan}/progress")
    def progress(request: Request, plan: JobId, person: Operator) -> HTMLResponse:
        now = making(*queue.job(plan, PLAN, whose(person)))
        part = frame.show(request, "plan_progress.html", plan=now, levels=LEVEL_NAMES)
        if now.over:
            part.headers["hx-refresh"] = "true"
        return part

    @router.post("/{plan}")
    def accept(
        request: Request,
        plan: JobId,
        person: Planner,
        cases: Annotated[tuple[Id, ...], Form(max_length=MOST_ACCEPTED)] = (),
        whole: Annotated[Literal["yes"] | None, Form()] = None,
        hold_minutes: Annotated[int, Form(ge=1, le=1440)] = HOLDS[-1],
    ) -> Response:
        job, _ = queue.job(plan, PLAN, whose(person))
        if job.status != JobStatus.done:
            raise NotDoneError(f"{plan} is {job.status}, and is accepted when it is done")
        chosen = None if whole else frozenset(cases)
        if chosen is not None and not chosen:
            says = phrase("Choose at least one case, or take over the whole plan.")
            return shown(request, plan, person, answer=Answer(400, says=says))
        made = plan_of(runner, plan)
        try:
            office.accept(plan, made, person.actor, chosen, hold_minutes * MINUTE)
        except (TakenError, RefusedError) as error:
            asked = [one for one in made.bookings if chosen is None or one.case in chosen]
            told = _Teller(language_of(request), office.world(), frame).conflicts(asked, error)
            says = phrase("Nothing is taken over: something has changed since the plan was made.")
            answer = Answer(409, frozenset(one.case for one in asked), says, told)
            return shown(request, plan, person, answer=answer)
        return frame.done(RedirectResponse(f"/plans/{plan}", 303), "accepted")


# --- While it is made -----------------------------------------------------------------------------


def _events(runner: Runner, name: str) -> Iterator[JobEvent]:
    after = 0
    while found := runner.queue.events(name, after)[0]:
        yield from found
        after = found[-1].number


def _phase(job: Job, how: Progress | None, elapsed: float) -> str:
    match job.status:
        case JobStatus.queued:
            return phrase("The plan waits for its turn.")
        case JobStatus.interrupted:
            return phrase("The work was interrupted. It begins anew by itself.")
        case JobStatus.failed:
            return phrase("No plan could be made. Try again, or tell whoever minds the service.")
        case JobStatus.cancelled:
            return phrase("The work was stopped. Nothing of it is kept.")
        case JobStatus.done:
            return phrase("The plan is done.")
    if how is None:
        return phrase("A first plan is made.")
    if ENOUGH in job.request:
        return phrase("The search is stopped. The best plan so far is kept, and is nearly ready.")
    if elapsed >= job.request["seconds"]:
        return phrase("For each case that does not fit it is looked into why.")
    if not how.bound:
        return phrase("There is a plan. Now it is worked out how good one can be.")
    return phrase("The plan is improved.")


def _levels(values: Mapping[str, int], bounds: Mapping[str, int]) -> Iterator[Level]:
    for name in LEVELS:
        if name in values:
            value, bound = values[name], bounds.get(name)
            if name not in MAXIMISED and bound == 0 < value:
                bound = None  # it needs no proof: time did not allow one
            yield Level(name, value, bound, None if bound is None else _gap(name, value, bound))


def _gap(level: str, value: int, bound: int) -> float:
    try:
        return Bound.of(level, value, bound).gap
    except ArithmeticError:  # a bound of the levels above as they were: the plan has passed it
        return 0.0


def _line(events: Iterable[JobEvent], seconds: int) -> Line | None:
    """Return the lines of what a job told of its last attempt; None before it told twice."""
    told: list[Progress] = []
    for one in events:
        if one.status == JobStatus.running:
            told = []
        elif one.progress is not None:
            told.append(one.progress)
    if len(told) < 2:
        return None
    best = [(one.seconds, one.incumbent[WEIGHT]) for one in told if WEIGHT in one.incumbent]
    bound = [(one.seconds, one.bound[WEIGHT]) for one in told if WEIGHT in one.bound]
    values = [value for _, value in (*best, *bound)]
    low, high = min(values), max(values)
    end = max(seconds, told[-1].seconds)

    def drawn(points: Sequence[tuple[float, int]]) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in _steps(points, end, low, high))

    return Line(drawn(best), drawn(bound), low, high, round(end))


def _steps(
    points: Sequence[tuple[float, int]], end: float, low: int, high: int
) -> Iterator[tuple[float, float]]:
    """Yield where values lie that stay as they are until the next."""
    before: float | None = None
    for n, (at, value) in enumerate(points):
        x, y = WIDE * at / end, HIGH * (high - value) / max(1, high - low)
        if y == before and n + 1 < len(points):
            continue
        if before is not None:
            yield x, before
        yield x, y
        before = y


# --- What it makes of whom ------------------------------------------------------------------------


def _first_in_conflict(
    found: Sequence[Difference], conflicts: Mapping[str, Any], change: Change | None
) -> list[Difference]:
    """Return the cases that change, or those of one change; what is in conflict comes first."""
    wanted = {change} if change else {*CHANGES} - {"kept"}
    rows = [one for one in found if one.change in wanted or one.case in conflicts]
    order = {name: n for n, name in enumerate(CHANGES)}
    return sorted(rows, key=lambda one: (one.case not in conflicts, order[one.change], one.case))


class _Teller:
    """Puts what a plan makes of a world into words."""

    def __init__(self, language: Language, world: World, frame: Frame) -> None:
        self._language, self._world, self._today = language, world, frame.today()

    def row(self, one: Difference, answer: Answer, ticked: bool) -> Row:
        return Row(
            case=one.case,
            change=one.change,
            before=tuple(map(self._slot, one.before)),
            after=tuple(map(self._slot, one.after)),
            conflicts=(answer.conflicts or {}).get(one.case, ()),
            chosen=ticked or one.case in answer.cases,
        )

    def conflicts(
        self, asked: Sequence[Booking], error: TakenError | RefusedError
    ) -> dict[str, tuple[str, ...]]:
        """Return what keeps cases from being taken over, by case."""
        found: dict[str, list[str]] = {}
        if isinstance(error, TakenError):
            for one in error.taken:
                for case in sorted({each.case for each in asked if _wants(each, one)}):
                    found.setdefault(case, []).append(self._taken(one))
        else:
            cases = {one.case for one in asked}
            for broken in error.violations:
                found.setdefault(_case_of(broken, cases), []).append(self._broken(broken))
        return {case: tuple(dict.fromkeys(says)) for case, says in found.items()}

    def _slot(self, one: Booking) -> Slot:
        say, world, first = self._language.say, self._world, one.phases[0]
        zone = world.location[first.place].timezone if first.place in world.location else ZONE
        told = [first.place]
        if one.facility:
            told.append(one.facility)
        if one.departure:
            departure = world.departure.get(one.departure)
            destination = departure.destination if departure else ""
            number = (departure and departure.number) or one.departure
            told.append(say("{departure} to {destination}", departure=number,
                            destination=destination))  # fmt: skip
        return Slot(
            leg=self._language.name(one.operation),
            when=self._language.stretch(one.start, one.end, zone, self._today),
            where=" · ".join(dict.fromkeys(told)),
        )

    def _taken(self, one: Taken) -> str:
        say = self._language.say
        kind, _, name = one.unit.partition("/")
        what = say("the person") if kind == CASE else name
        if one.booking is None:
            said = say("There is not enough of {what}", what=what)
        else:
            said = say("{what} is taken by {booking}", what=what, booking=one.booking)
        if one.from_ and one.until:
            said += f", {self._language.stretch(one.from_, one.until, ZONE, self._today)}"
        elif one.night:
            said += f", {self._language.nights([one.night], self._today)}"
        return f"{said}."

    def _broken(self, one: Violation) -> str:
        say = self._language.say
        if one.says in GONE:
            return say(GONE[one.says])
        constraint = CONSTRAINTS.get(one.constraint)
        rule = one.constraint if constraint is None else inside(self._language.title(constraint))
        return say("This rule does not hold any more: {rule}.", rule=rule)


def _case_of(broken: Violation, cases: Collection[str]) -> str:
    """Return the case of a booking that is named after it."""
    named = (one for one in cases if broken.booking.startswith(f"{one}-"))
    return max(named, key=len, default=broken.booking)


def _wants(booking: Booking, taken: Taken) -> bool:
    """Return whether a booking takes of what others have."""
    kind, _, name = taken.unit.partition("/")
    if kind == CASE:
        return booking.case == name
    if taken.night is not None:
        return booking.facility == name and taken.night in booking.nights
    if taken.from_ is None or taken.until is None:
        return booking.departure == name.partition("/")[0]
    return any(
        name in one.resources and _meet(one.from_, one.until, taken.from_, taken.until)
        for one in booking.attendances
    )


def _meet(since: datetime, until: datetime, first: datetime, last: datetime) -> bool:
    return since < last and first < until
