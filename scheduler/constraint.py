"""The constraint protocol: what a precondition can declare, and the register of those in force.

A declaration speaks of acts, minutes and instants, never of slots or variables. The planner reads
it as timelines and as a CP-SAT model, the validator as plain date arithmetic.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Literal, TypeVar

from scheduler import calendar
from scheduler.grid import Stretch, hours, local_date, midnight
from scheduler.rule import Cure, Rule, RuleTable
from scheduler.world import Case, Departure, Fact, Leg, World

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)

Edge = tuple[str, Literal["start", "end"]]
"""The start or end of an act, such as ``("hearing", "end")``."""
Layer = Literal["rule", "not-rostered", "claimed"]
"""Why a constraint forbids: its rule, nobody there at all, or those there taken by bookings."""
Scope = Literal["placement", "removal", "chain"]
"""A leg, or what holds between the two legs of a chain."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in Dutch and in English; braces name fields of the declaration."""

    nl: str
    en: str


@dataclass(frozen=True, slots=True)
class Attendance:
    """``count`` resources of a role attend from the start of ``first`` to the end of ``last``.

    ``before`` and ``after`` (minutes) and the drive from and to home widen the block they are taken
    for. ``skills``: any one suffices; ``among``: only these ids; ``capacity``: least per unit;
    ``departures``: asked only with these (None: with all).
    """

    role: str
    first: str
    last: str
    count: int = 1
    skills: frozenset[str] = frozenset()
    among: frozenset[str] | None = None
    before: int = 0
    after: int = 0
    mode: Literal["on-site", "remote", "either"] = "on-site"
    capacity: int = 1
    departures: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Nights:
    """``count`` places in one of ``facilities`` per night, from the arrival on.

    ``stay`` nights, or up to the departure when it is None (a chain).
    """

    count: int
    facilities: frozenset[str]
    stay: int | None


@dataclass(frozen=True, slots=True)
class Seats:
    """``count`` seats of a kind; all bookings together take at most ``limits`` per departure.

    ``kind`` is ``unescorted`` or ``escorted``, or what a constraint counts by itself.
    """

    kind: str
    count: int
    limits: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Inside:
    """The stretch from edge ``first`` to edge ``last`` lies inside one of ``stretches``.

    ``known`` is False when it rests on an unanswered fact; a ``clock`` is a legal end whose margin
    every proposal shows; with ``daily`` the stretches go on alike beyond those that are listed.
    """

    first: Edge
    last: Edge
    stretches: tuple[Stretch, ...]
    known: bool = True
    clock: bool = False
    daily: bool = False


@dataclass(frozen=True, slots=True)
class After:
    """``edge`` comes no sooner than a lead after ``ready``: now, or when all that stands is a yes.

    The lead is ``minutes``, or ``working_days`` in the calendar of ``country`` up to the local
    midnight in ``zone``. ``departures``: asked only with these (None: with all).
    """

    edge: Edge
    ready: datetime
    minutes: int = 0
    working_days: int = 0
    zone: str = "UTC"
    country: str | None = None
    departures: frozenset[str] | None = None
    stretches: tuple[Stretch, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stretches", ((self.since(self.ready), LATEST),))

    def since(self, ready: datetime) -> datetime:
        """Return the first moment of the edge when everything is ready at ``ready``."""
        if not self.working_days:
            return ready + timedelta(minutes=self.minutes)
        day = calendar.working_day(local_date(ready, self.zone), self.working_days, self.country)
        return midnight(day, self.zone)

    @property
    def first(self) -> Edge:
        """The edge, read as :class:`Inside` is."""
        return self.edge

    @property
    def last(self) -> Edge:
        """The edge, read as :class:`Inside` is."""
        return self.edge


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Between edge ``first`` and edge ``last`` pass ``at_least`` to ``at_most`` minutes.

    What falls in ``pauses`` does not count. Edges of two legs bind the pair of a chain; then there
    are no pauses, and all departures are meant.
    """

    first: Edge
    last: Edge
    at_least: int = 0
    at_most: int | None = None
    pauses: tuple[Stretch, ...] = ()
    clock: bool = False
    departures: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Only:
    """Only these facilities, or these departures, are allowed (None: no restriction)."""

    facilities: frozenset[str] | None = None
    departures: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A check that must be answered yes before anything is planned; any other answer forbids all.

    ``check`` is the fact, the trigger or whatever else is asked; ``expected``, when a yes is hoped
    for, opens nothing. ``withdrawn``: the case is over, and what is booked for it is released.
    ``person`` is the one it is about, where it is not about all.
    """

    check: str
    value: Literal["yes", "no", "unknown"]
    since: date | None = None
    expected: date | None = None
    withdrawn: bool = False
    person: str | None = field(default=None, compare=False)

    @property
    def forbids(self) -> bool:
        """Whether it is not answered yes."""
        return self.value != "yes"

    @property
    def known(self) -> bool:
        """Whether it is answered at all."""
        return self.value != "unknown"


@dataclass(frozen=True, slots=True)
class Due:
    """A check made in the ``window`` (minutes) before ``edge``, answered ``fact`` so far.

    Answered no it forbids; unanswered it forbids what would have its window open already; a yes
    counts as long as it is not older than the window at the edge.
    """

    check: str
    edge: Edge
    window: int
    answers: tuple[Fact, ...]

    def fresh_until(self, answer: Fact, zone: str) -> datetime | None:
        """Return the last edge for which ``answer`` counts as a yes, or None when it does not."""
        if answer.value != "yes" or answer.since is None:
            return None
        return midnight(answer.since, zone) + timedelta(minutes=self.window)


@dataclass(frozen=True, slots=True)
class Milestone:
    """A moment ``minutes`` after ``edge`` that an authority must mind; it forbids nothing."""

    edge: Edge
    minutes: int


Declaration = (
    Attendance | Nights | Seats | Inside | After | Elapsed | Only | Standing | Due | Milestone
)


@dataclass(frozen=True, slots=True)
class FactType:
    """A fact that a constraint reads; yes is always the answer that lets the case go on."""

    id: str
    of: Literal["case", "person"]
    asks: Text
    due: bool = False


@dataclass(frozen=True, slots=True)
class TriggerType:
    """A kind of dated event that a constraint reads; ``ahead``: it may lie after ``asOf``."""

    id: str
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What a constraint is asked about: one scope of one case in a world."""

    world: World
    case: Case
    scope: Scope
    rules: RuleTable

    @property
    def chained(self) -> bool:
        """Whether the case is placed and then removed in one plan."""
        return len(self.case.legs) == 2

    def acts_together(self, leg: Leg, first: str, last: str) -> bool:
        """Return whether one phase of the template of ``leg`` holds both acts."""
        template = self.world.template_for(self.case, leg)
        return template.phase_of(first) == template.phase_of(last)

    def rule(self, rule: str, **attributes: str | None) -> Rule:
        """Return the row of ``rule`` that applies to this case."""
        return self.rules.one(rule, **self._attributes, **attributes)

    def rules_of(self, rule: str, **attributes: str | None) -> tuple[Rule, ...]:
        """Return every row of ``rule`` that applies to this case."""
        return self.rules.select(rule, **self._attributes, **attributes)

    @property
    def _attributes(self) -> dict[str, str | None]:
        detention = self.case.detention
        return {
            "operation": self.case.operation,
            "ground": detention.ground if detention else None,
            "regime": self.case.regime,
        }

    def answer(self, fact: str) -> Fact:
        """Return the case's answer to ``fact``; absent is unknown."""
        return self.case.facts.get(fact, _UNKNOWN)

    def answers(self, fact: str) -> tuple[Fact, ...]:
        """Return each person's answer to ``fact``; absent is unknown."""
        return tuple(person.facts.get(fact, _UNKNOWN) for person in self.case.persons)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what ``make`` returns, worked out once for all cases that ask it alike.

        Alike are ``key``, the destination and what rules are chosen by; ``make`` may depend on
        nothing else of the case.
        """
        memo = self.world.memo(self.rules)
        asked = key, self.case.destination, *self._attributes.values()
        if asked not in memo:
            memo[asked] = make()
        known: T = memo[asked]
        return known

    @property
    def departures(self) -> tuple[Departure, ...]:
        """The departures to the case's destination, in order."""
        return self.world.departures_to(self.case.destination)

    @property
    def zone(self) -> str:
        """The time zone of the case's location."""
        return self.world.location[self.case.location].timezone

    @property
    def country(self) -> str | None:
        """The holiday calendar of the case's location."""
        return self.world.location[self.case.location].holidays

    @property
    def today(self) -> date:
        """The local date of ``asOf``."""
        return self._local(self.world.as_of)

    def daily(
        self, opens: time, closes: time, *, working_days: bool = False
    ) -> tuple[Stretch, ...]:
        """Return the local hours of each day of the horizon, a day beyond on either side."""
        grid = self.world.grid
        first = date.fromordinal(self._local(grid.start).toordinal() - 1)
        last = date.fromordinal(self._local(grid.end).toordinal() + 1)
        closed = (
            calendar.closed_days(self.country, first, last) if working_days else frozenset[date]()
        )
        return hours(first, last, self.zone, opens, closes, closed)

    def _local(self, instant: datetime) -> date:
        return local_date(instant, self.zone)


_UNKNOWN = Fact(value="unknown")


@dataclass(frozen=True, slots=True)
class Constraint:
    """A precondition: what it is, whose it is, where it applies and what it declares.

    ``rules`` are the rows of the rule table it reads; ``basis`` is its text where it has none.
    No cure is ever to drop it.
    """

    id: str
    light: str
    owner: str
    cure: Cure
    title: Text
    says: Text
    declare: Callable[[Subject], Iterable[Declaration]]
    scopes: frozenset[Scope]
    basis: str = ""
    rules: tuple[str, ...] = ()
    facts: tuple[FactType, ...] = ()
    triggers: tuple[TriggerType, ...] = ()
    grounds: frozenset[str] | None = None
    categories: frozenset[str] | None = None

    def applies(self, subject: Subject) -> bool:
        """Return whether it has anything to say on this subject."""
        case = subject.case
        return (
            subject.scope in self.scopes
            and (
                self.grounds is None
                or (case.detention is not None and case.detention.ground in self.grounds)
            )
            and (
                self.categories is None
                or any(person.category in self.categories for person in case.persons)
            )
        )


class RegisterError(ValueError):
    """The register contradicts itself; ``problems`` lists every place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Register:
    """The constraints in force, the lights they stand under in order, and the rule table.

    ``categories`` are those a person may have; others would slip past a constraint's own. ``goal``
    is the light that a placement brings about; ``margin`` the row that says when a legal end is
    tight.

    Raises
    ------
    RegisterError
        With every doubled id, unknown light, missing row and row that contradicts its constraint.
    """

    lights: tuple[str, ...]
    constraints: tuple[Constraint, ...]
    rules: RuleTable
    categories: frozenset[str] = frozenset()
    goal: str | None = None
    margin: str | None = None

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise RegisterError(problems)

    def __getitem__(self, constraint: str) -> Constraint:
        return self._by_id[constraint]

    @cached_property
    def _by_id(self) -> dict[str, Constraint]:
        return {one.id: one for one in self.constraints}

    @cached_property
    def facts(self) -> dict[str, FactType]:
        """Every fact that some constraint reads, by id."""
        return {fact.id: fact for one in self.constraints for fact in one.facts}

    @cached_property
    def triggers(self) -> dict[str, TriggerType]:
        """Every kind of trigger that some constraint reads, by id."""
        return {kind.id: kind for one in self.constraints for kind in one.triggers}

    def basis(self, constraint: str, world: World, case: Case) -> str:
        """Return the articles and parameters that a constraint rests on for this case.

        All of them where none is meant for it in particular.
        """
        one = self[constraint]
        attributes = Subject(world, case, case.legs[0], self.rules)._attributes
        mine = [row for row in self._in_force(world.rules_date).rows if row.id in one.rules]
        rows = (
            row
            for row in mine
            if all(value in row.applies.get(key, (value,)) for key, value in attributes.items())
        )
        found = dict.fromkeys(filter(None, (one.basis, *(row.basis for row in rows))))
        return "; ".join(found or dict.fromkeys(row.basis for row in mine))

    def informing(self, world: World, case: Case) -> tuple[tuple[Constraint, Declaration], ...]:
        """Return what a removal of the case would be asked, though only a placement is planned."""
        if "removal" in case.legs:
            return ()
        return self._declared(world, case.model_copy(update={"operation": "removal"}), "removal")

    def between(self, world: World, case: Case) -> tuple[tuple[Constraint, Declaration], ...]:
        """Return what a chain of this case declares between its legs.

        Asked of a removal it is what bound it to the placement that was carried out before it.
        """
        if len(case.legs) == 2:
            return self.declarations(world, case, "chain")
        chained = case.model_copy(update={"operation": "placement-and-removal"})
        return self._held(world, chained, "chain")

    def declarations(
        self, world: World, case: Case, scope: Scope
    ) -> tuple[tuple[Constraint, Declaration], ...]:
        """Return what every constraint that applies declares, in register order.

        Worked out once for each case of a world; a scope it does not have declares nothing.

        Raises
        ------
        RegisterError
            When a constraint declares between the legs what only one leg can bear.
        """
        if scope not in (*case.legs, *(("chain",) if len(case.legs) == 2 else ())):
            return ()
        memo = world.memo(self)
        asked = case.id, scope
        if asked not in memo or memo[asked][0] is not case:
            memo[asked] = case, self._held(world, case, scope)
        known: tuple[tuple[Constraint, Declaration], ...] = memo[asked][1]
        return known

    def _held(
        self, world: World, case: Case, scope: Scope
    ) -> tuple[tuple[Constraint, Declaration], ...]:
        """Return what is declared, none of it where it cannot stand."""
        declared = self._declared(world, case, scope)
        wrong = [
            f"constraint {constraint.id}: {declaration} cannot stand between two legs"
            for constraint, declaration in (declared if scope == "chain" else ())
            if not _joins(declaration)
        ]
        if wrong:
            raise RegisterError(wrong)
        return declared

    def _declared(
        self, world: World, case: Case, scope: Scope
    ) -> tuple[tuple[Constraint, Declaration], ...]:
        subject = Subject(world, case, scope, self._in_force(world.rules_date))
        return tuple(
            (constraint, declaration)
            for constraint in self.constraints
            if constraint.applies(subject)
            for declaration in constraint.declare(subject)
        )

    def tight(self, day: date) -> timedelta:
        """Return under which margin a legal end is tight on ``day``; zero where no row says so."""
        minutes = (row.minutes for row in self._in_force(day).rows if row.id == self.margin)
        return timedelta(minutes=max(minutes, default=0))

    def _in_force(self, day: date) -> RuleTable:
        if day not in self._tables:
            self._tables[day] = self.rules.on(day)
        return self._tables[day]

    @cached_property
    def _tables(self) -> dict[date, RuleTable]:
        return {}

    def _problems(self) -> Iterator[str]:
        rows: dict[str, list[Rule]] = {}
        for row in self.rules.rows:
            rows.setdefault(row.id, []).append(row)
        if len(self._by_id) < len(self.constraints):
            yield "two constraints have the same id"
        for one in self.constraints:
            if one.light not in self.lights:
                yield f"constraint {one.id}: unknown light {one.light}"
            if not one.basis and not one.rules:
                yield f"constraint {one.id}: neither a basis nor a row of the rule table"
            for rule in one.rules:
                if rule not in rows:
                    yield f"constraint {one.id}: no row {rule} in the rule table"
            for row in rows.get(one.rules[0], ()) if one.rules else ():
                for name in ("light", "owner", "cure"):
                    if getattr(row, name) != getattr(one, name):
                        yield (
                            f"rule {row.id}: its {name} is {getattr(row, name)}, "
                            f"constraint {one.id} says {getattr(one, name)}"
                        )


def _joins(declaration: Declaration) -> bool:
    """Return whether a declaration can stand between the two legs of a chain."""
    if isinstance(declaration, Elapsed):
        return not declaration.pauses and declaration.departures is None
    if isinstance(declaration, Only):
        return declaration.departures is None
    return isinstance(declaration, Nights)


def bounded(
    edge: Edge,
    *,
    since: datetime = EARLIEST,
    until: datetime = LATEST,
    known: bool = True,
    clock: bool = False,
) -> Inside:
    """Return the declaration that ``edge`` lies from ``since`` to ``until``."""
    return Inside(edge, edge, ((since, until),), known, clock)
