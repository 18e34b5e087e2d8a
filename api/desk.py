"""What the doors share: a loaded world with its bookings, asked for proposals and reasons."""

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import product
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import NamedTuple, TypeVar

from api.openings import Openings, view
from api.store.refusal import UnknownError
from api.traffic_lights import Lamps, TrafficLights, lamps, traffic_lights
from constraints.register import REGISTER
from scheduler.constraint import Register
from scheduler.day import Day, days
from scheduler.explanation.signature import Explanation
from scheduler.grid import Stretch
from scheduler.ledger import Ledger
from scheduler.loading import read_world
from scheduler.objective import Valuation
from scheduler.opening import KINDS, Kind, Named, free_of, knows, openings
from scheduler.pattern import CasePatterns, Pattern, Patterns, pattern_of
from scheduler.proposal import Clock, Proposal, clocks, legal_ends, propose
from scheduler.validator import Checked
from scheduler.world import Booking, Case, Id, Part, Resource, World

MOST_PROPOSALS = 20
QUIET = 0.1
"""Seconds after the last question that nobody is likely to ask the next one of the same page."""
_Part = TypeVar("_Part", Case, Resource)


@dataclass(frozen=True, slots=True)
class _Kept:
    """The lamps of a case with its bookings, when they were asked, and what keeps them so since."""

    turn: int
    case: CasePatterns
    own: tuple[Booking, ...]
    lamps: Lamps
    witness: Pattern | None


class Answer(Part):
    """Proposals for a case, or what blocks it; exactly one of both."""

    case: Id
    world: str
    proposals: tuple[Proposal, ...]
    blocking: TrafficLights | None


def open_world(path: Path) -> World:
    """Read a world that is kept for as long as the process lives.

    Raises
    ------
    WorldError
        With everything that is wrong with the file.
    """
    world = read_world(path, REGISTER)
    settle()
    return world


def settle() -> None:
    """Have the collector seldom look at what there is: it is much, and stays.

    A full round in the middle of a question takes longer than the answer.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


class Stage(NamedTuple):
    """How far a case is: whether the person departs independently, how it is booked, if it is.

    ``plannable`` is whether it could be, as :class:`Lamps` has it, where it is neither.
    """

    withdrawn: bool
    booked: frozenset[str]
    plannable: bool


class UnknownCaseError(UnknownError):
    """There is no such case in the world."""


class UnknownCapacityError(LookupError):
    """There is no resource, departure or facility of some of the ids: all of them are named."""

    def __init__(self, named: Sequence[Named]) -> None:
        super().__init__(", ".join(f"{kind} {id}" for kind, id in named))
        self.named = named


class OutsideHorizonError(ValueError):
    """What was asked lies outside the horizon of the world."""


class Desk:
    """A world with the bookings in force, ready to be asked; safe to ask from several threads."""

    def __init__(
        self,
        world: World,
        bookings: Sequence[Booking] | None = None,
        register: Register = REGISTER,
    ) -> None:
        self.world = world
        self.register = register
        self._lock = Lock()
        self._left = -QUIET
        self._begun = 0
        self._begin(world.bookings if bookings is None else bookings)

    def follow(self, world: World) -> None:
        """Be asked of ``world`` from now on; what it shares with the one before is kept."""
        self.world = world

    def begun(self) -> int:
        """Return how often it began with nothing kept of any case, once it knows the world."""
        with self._asked():
            return self._begun

    def warm(self, seconds: float) -> None:
        """Ask of cases once, for so long at most, so that nobody waits for what is kept of them.

        Whoever asks meanwhile goes first.
        """
        end = monotonic() + seconds
        asks: tuple[Callable[[str], object], ...] = self._lamps, partial(self._answer, count=5)
        for one, ask in product(self.world.cases, asks):
            while monotonic() < min(end, self._left + QUIET):
                sleep(QUIET / 5)
            if monotonic() > end:
                break
            with self._alone(), suppress(UnknownCaseError):  # it may have gone since
                ask(one.id)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """Be the only one who asks, of the world as it is, and be known to have asked."""
        try:
            with self._alone():
                yield
        finally:
            self._left = monotonic()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._lock:
            if self._patterns.world is not (world := self.world):
                changed = _changed(self._patterns.world, world)
                if changed is None:
                    self._begin(world.bookings)
                    # What was compiled before refers to itself: it is much, and nobody's any more.
                    gc.collect()
                else:
                    self._go_on(world, changed)
            yield

    def _go_on(self, world: World, changed: "_Changed") -> None:
        """Take over what differs; from the beginning where that fails halfway."""
        try:
            self._valuation.follow(world, *changed)
            self._patterns.follow(world, *changed)
            self._ledger.follow(world, *changed)
            self._turn += 1
            self._begun += changed.cases >= world.case.keys()
            self._check()
        except BaseException:
            self._begin(world.bookings)
            raise

    def _begin(self, bookings: Iterable[Booking]) -> None:
        self._patterns = Patterns(self.world, self.register)
        self._valuation = Valuation(self._patterns)
        self._ledger = Ledger(self._patterns, bookings)
        self._kept: dict[str, _Kept] = {}
        self._open: dict[str, Pattern] = {}
        self._turn = 0
        self._begun += 1
        self._check()

    def _check(self) -> None:
        bookings = self._ledger.bookings.values()
        self._checked = Checked(self._patterns.world, self.register, bookings)

    def case(self, name: str) -> Case:
        """Return a case; UnknownCaseError when the world has none of that id."""
        if name not in self.world.case:
            raise UnknownCaseError(name)
        return self.world.case[name]

    def ask(self, name: str, count: int = 5) -> Answer:
        """Return proposals for a case, or what blocks it.

        Bookings of its own that have not begun are looked past: they could be replaced. Once one
        has begun nothing is proposed: what is left of it is a matter for people.
        """
        self.case(name)
        with self._asked():
            return self._answer(name, count)

    def side_by_side(self, name: str, count: int = 5) -> tuple[Answer, tuple[tuple[Day, ...], ...]]:
        """Return what :meth:`ask` returns, and of each proposal the hours around its legs."""
        self.case(name)
        with self._asked():
            answer = self._answer(name, count)
            case = self._patterns.of(name)
            with self._ledger.without(self._ledger.movable(name)):
                explanation = Explanation(case, self._ledger.occupancy)
                patterns = (pattern_of(case, one.bookings) for one in answer.proposals)
                around = tuple(days(explanation, one) if one else () for one in patterns)
        return answer, around

    def _answer(self, name: str, count: int) -> Answer:
        self._there(name)
        case = self._patterns.of(name)
        world = self._patterns.world.fingerprint
        with self._ledger.without(self._ledger.movable(name)):
            started = len(self._ledger.movable(name)) < len(self._ledger.of(name))
            proposals = (
                () if started else propose(case, self._valuation, self._ledger.occupancy, count)
            )
            blocking = None if proposals else self._lights(name)
        return Answer(case=name, world=world, proposals=proposals, blocking=blocking)

    def lights(
        self, name: str, since: datetime | None = None, until: datetime | None = None
    ) -> TrafficLights:
        """Return the lights of a case beside the bookings of others, as :meth:`ask` looks at them.

        With ``since`` and ``until`` only departures (or placements) from one to the other count;
        both lie in the horizon.

        Raises
        ------
        OutsideHorizonError
            When no moment of the horizon lies between them.
        """
        self.case(name)
        start, end = self.world.grid.start, self.world.grid.end
        within = None
        if since is not None or until is not None:
            within = max(since or start, start), min(until or end, end)
            if within[0] > within[1]:
                raise OutsideHorizonError(f"the horizon runs from {start} to {end}")
        with self._asked():
            self._there(name)
            with self._ledger.without(self._ledger.movable(name)):
                return self._lights(name, within)

    def lamps(self, names: Iterable[str]) -> tuple[Lamps, ...]:
        """Return how the lights of cases stand, each exactly as :meth:`lights` tells it.

        What cannot have changed since they were asked before is not worked out again.
        """
        with self._asked():
            return tuple(self._lamps(name) for name in names)

    def stages(self, names: Iterable[str]) -> tuple[Stage, ...]:
        """Return how far each case is, which takes far less than how its lights stand."""
        with self._asked():
            return tuple(self._stage(self._there(name)) for name in names)

    def deadlines(self, names: Iterable[str]) -> tuple[datetime | None, ...]:
        """Return the earliest legal end that binds each case, where there is one."""
        with self._asked():
            of = self._patterns.of
            return tuple(self._valuation.deadline(of(self._there(name))) for name in names)

    def clocks(self, name: str) -> tuple[Clock, ...]:
        """Return the legal ends that bind a case, the first of them first.

        With the margin that its bookings leave; without any, with what is left from now.
        """
        with self._asked():
            case, pattern = self._patterns.of(self._there(name)), self._ledger.pattern(name)
            found = legal_ends(case) if pattern is None else clocks(case, pattern)
            return tuple(sorted({*found}, key=lambda one: (one.ends, one.constraint)))

    def kinds(self, id: str) -> tuple[Kind, ...]:
        """Return what there is of that id: a resource, a departure, a facility; often none."""
        return tuple(kind for kind in KINDS if knows(self.world, (kind, id)))

    def openings(self, named: Sequence[Named] = ()) -> Openings:
        """Return the unplanned cases that could use what is free of ``named``, best first.

        Without any it is whatever is free.

        Raises
        ------
        UnknownCapacityError
            With all that the world does not have.
        """
        if unknown := [one for one in named if not knows(self.world, one)]:
            raise UnknownCapacityError(unknown)
        with self._asked():
            world = self._patterns.world.fingerprint
            capacity = free_of(self._ledger.occupancy, named) if named else None
            found = tuple(
                view(one, self._patterns.of(one.case), self._valuation)
                for one in openings(self._ledger, self._valuation, capacity)
            )
        return Openings(world=world, openings=found)

    def _there(self, name: str) -> str:
        """Return the case when it is in the world that is asked: it may have gone since."""
        if name not in self._patterns.world.case:
            raise UnknownCaseError(name)
        return name

    def _stage(self, name: str) -> Stage:
        withdrawn = self._patterns.of(name).withdrawn
        booked = frozenset(one.status for one in self._ledger.of(name))
        return Stage(withdrawn, booked, not (withdrawn or booked) and self._plannable(name))

    def _plannable(self, name: str) -> bool:
        """Return whether a case without bookings can be planned.

        It can where a pattern that was open before still is.
        """
        case, known, before = self._patterns.of(name), self._kept.get(name), self._open.get(name)
        if known is not None and known.turn == self._turn:
            return known.lamps.plannable
        found = None if before is None else case.again(before)
        if found is None or not case.is_open(found, self._ledger.occupancy):
            found = Explanation(case, self._ledger.occupancy).open_pattern()
        if found is not None:
            self._open[name] = found
        return found is not None

    def _lamps(self, name: str) -> Lamps:
        ledger, case = self._ledger, self._patterns.of(self._there(name))
        known, own = self._kept.get(name), ledger.of(name)
        if known is not None and (known.case is not case or known.own != own):
            known = None
        if known is not None and known.turn == self._turn:
            return known.lamps
        with ledger.without(ledger.movable(name)):
            witness = None if known is None else known.witness
            if known is not None and witness and case.is_left(witness, ledger.occupancy):
                found = known.lamps
            else:
                found, witness = lamps(case, ledger)
        self._kept[name] = _Kept(self._turn, case, own, found, witness)
        return found

    def _lights(self, name: str, within: Stretch | None = None) -> TrafficLights:
        case = self._patterns.of(name)
        return traffic_lights(case, self._ledger, self._valuation, self._checked, within)


class _Changed(NamedTuple):
    """The cases that differ, or are booked otherwise, and the people at work at other times."""

    cases: frozenset[str]
    people: frozenset[str]


def _changed(before: World, after: World) -> _Changed | None:
    """Return what differs between worlds; None where it is more than can be followed.

    A team of a charter is bound by rules to when it is at work: then every case is asked anew.
    """
    if any(getattr(before, name) != getattr(after, name) for name in _LASTING):
        return None
    people = _differing(before.resources, after.resources, {"away", "shifts"})
    left = [one for one in before.cases if one.id in after.case]
    cases = _differing(left, after.cases, {"facts", "persons", "refused"})
    if (
        cases is None
        or people is None
        or [(one.id, one.location) for one in before.facilities]
        != [(one.id, one.location) for one in after.facilities]
    ):
        return None
    was, now = before.team_duties, after.team_duties
    teams = was.keys() | now.keys()
    people = people.union(one for one in teams if was.get(one) != now.get(one))
    if not people.isdisjoint(teams) or any(
        getattr(before, name) != getattr(after, name) for name in _DECLARED
    ):
        return _Changed(frozenset(before.case), people)
    booked = before.booked.keys() | after.booked.keys()
    rebooked = (one for one in booked if before.booked.get(one) != after.booked.get(one))
    return _Changed(cases.union(before.case.keys() - after.case.keys(), rebooked), people)


_DECLARED = frozenset({"as_of", "departures", "facilities"})
"""What is declared of any case may rest on: from now on, among these departures and places."""
_LASTING = World.model_fields.keys() - _DECLARED - {"resources", "cases", "bookings"}
"""What everything that is compiled rests on."""


def _differing(
    before: Sequence[_Part], after: Sequence[_Part], fields: Collection[str]
) -> frozenset[str] | None:
    """Return the ids of what differs in these fields; None where there is another difference."""
    if before is after:
        return frozenset()
    if len(before) != len(after):
        return None
    pairs = [
        (was, now) for was, now in zip(before, after, strict=True) if was is not now and was != now
    ]
    if any(was.model_copy(update={one: getattr(now, one) for one in fields}) != now
           for was, now in pairs):  # fmt: skip
        return None
    return frozenset(now.id for _, now in pairs)
