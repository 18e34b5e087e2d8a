"""Timefold Solver for Python: constraint streams and local search, as its documentation advises.

A dossier has one planning variable for its way (see :mod:`benchmarks.peers.ways`) and a few that
tell which of the people who are there then it takes. People are thus always fit, on duty and free
of what is booked; that nobody is taken twice, and the nights and seats, are hard constraints on
streams. The six levels are the soft levels of a bendable score. Overconstrained planning is by a
virtual value: the last way of a dossier is not to be planned, so that every dossier always has one.
First fit in order of pressure, weight and fewest ways, stopping at the first that fits; then late
acceptance, half of the moves on ways and half on people. That is the default, but for moves that
swap values, which no two dossiers share. Ends are feasible from first fit on: nothing is repaired.

It is offered the best :data:`MOST` ways of a case, each at one slot (in a very large world fewer:
:data:`CHOICES` in all), and for a need :data:`RANKS` of the people who are there, drawn by lot. All
of a national world takes longer to hand over, and to look around in, than there is time for. The
virtual machine starts and the constraints are compiled when this module is imported.
"""

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Annotated, Any

from benchmarks.peers.peer import Report
from benchmarks.peers.problem import Answer, Case, Need, Problem, Taken, candidates_at
from benchmarks.peers.ways import Way, limit, slotted, ways
from benchmarks.peers.weights import planned, unplanned

PACKAGE = globals().get("PACKAGE", "timefold")
"""The package that is asked: this one, or a fork with the same interface."""
solving: Any = import_module(f"{PACKAGE}.solver")
config: Any = import_module(f"{PACKAGE}.solver.config")
domain: Any = import_module(f"{PACKAGE}.solver.domain")
scoring: Any = import_module(f"{PACKAGE}.solver.score")
jpype: Any = import_module("jpype")
interpreter: Any = import_module("_jpyinterpreter")
if not jpype.isJVMStarted():
    # The collector their documentation advises: four times as many moves as with Java's default.
    solving.init("-XX:+UseParallelGC")

CANNOT: tuple[str, ...] = ()
MOST = 150
CHOICES = 60_000
CREW = 8
"""Variables per dossier that tell whom it takes; the ninth person shares one with the first."""
RANKS = 12
"""Values of each of them, one for each of the people who are there, in a drawn order."""


@dataclass
class Claim:
    """A person taken for the slots ``first <= t < end``; ``id`` is different for every claim.

    Each is a character: what hashes and compares texts is native, what does so with numbers is not.
    """

    id: str
    person: str
    first: str
    end: str


@dataclass
class Load:
    """What is taken of a night or a row of seats, all of which together may be at most ``room``."""

    row: str
    taken: int
    room: str


@domain.planning_entity
@dataclass(eq=False)
class Dossier:
    """One case with its offers; a choice is where in ``offers`` the chosen one begins.

    An offer has ``size`` numbers, and noughts up to the ``stride`` of all dossiers: what it costs
    by level, its first night and the day it leaves as rows of ``rooms``, its places, three for each
    of up to ``boards`` seats (row, seats, room) and two for each person, where in ``people`` those
    begin who are there.

    Tables are texts (see :func:`_text`), as lists take too long to hand over. Methods are
    short and plain, as one that cannot be translated runs in Python, and a hundred times slower.
    """

    id: Annotated[int, domain.PlanningId]
    mark: str
    offers: str
    people: str
    rooms: str
    boards: int
    size: int
    stride: int
    choices: Annotated[list[int], domain.ValueRangeProvider(id="choices")]
    choice: Annotated[int, domain.PlanningVariable(value_range_provider_refs=["choices"])] = None  # type: ignore[assignment]
    rank0: Annotated[int, domain.PlanningVariable(value_range_provider_refs=["ranks"])] = 0
    rank1: Annotated[int, domain.PlanningVariable(value_range_provider_refs=["ranks"])] = 0
    rank2: Annotated[int, domain.PlanningVariable(value_range_provider_refs=["ranks"])] = 0
    rank3: Annotated[int, domain.PlanningVariable(value_range_provider_refs=["ranks"])] = 0
    rank4: Annotated[int, domain.PlanningVariable(value_range_provider_refs=["ranks"])] = 0
    rank5: Annotated[int, domain.PlanningVariable(value_range_provider_refs=["ranks"])] = 0
    rank6: Annotated[int, domain.PlanningVariable(value_range_provider_refs=["ranks"])] = 0
    rank7: Annotated[int, domain.PlanningVariable(value_range_provider_refs=["ranks"])] = 0

    def ranks(self) -> list[int]:
        """Return the ranks in order."""
        return [
            self.rank0,
            self.rank1,
            self.rank2,
            self.rank3,
            self.rank4,
            self.rank5,
            self.rank6,
            self.rank7,
        ]

    def state(self) -> str:
        """Return number, choice and ranks as a text."""
        text = chr(self.id) + chr(self.choice // self.stride)
        for rank in self.ranks():
            text = text + chr(rank)
        return text

    def letter(self, at: int) -> str:
        """Return a number of the chosen offer as it stands there."""
        return self.offers[self.choice + at]

    def number(self, at: int) -> int:
        """Return a number of the chosen offer."""
        return ord(self.offers[self.choice + at])

    def claim(self, at: int, rank: int) -> Claim:
        """Return who is taken by the two numbers from ``at``, the one of this ``rank``."""
        one = self.number(at) * 32768 + self.number(at + 1) + 3 * rank
        return Claim(
            self.mark + chr(at), self.people[one], self.people[one + 1], self.people[one + 2]
        )

    def claims(self) -> list[Claim]:
        """Return who is taken, and when."""
        found = []
        ranks = self.ranks()
        turn = 0
        at = 9 + 3 * self.boards
        while at < self.size:
            if self.number(at + 1) > 0:
                found.append(self.claim(at, ranks[turn]))
            turn = turn + 1
            if turn > 7:
                turn = 0
            at = at + 2
        return found

    def nights(self) -> list[Load]:
        """Return the nights that are taken, as rows."""
        found = []
        row = self.number(6)
        end = self.number(7)
        while row < end:
            found.append(Load(chr(row) + self.rooms[row], self.number(8), self.rooms[row]))
            row = row + 1
        return found

    def seats(self) -> list[Load]:
        """Return the seats that are taken."""
        found = []
        at = 9
        end = 9 + 3 * self.boards
        while at < end:
            if self.number(at + 1) > 0:
                found.append(Load(self.letter(at), self.number(at + 1), self.letter(at + 2)))
            at = at + 3
        return found


@domain.planning_solution
@dataclass(eq=False)
class Schedule:
    """All dossiers, and the score of the ways they have."""

    ranks: Annotated[list[int], domain.ValueRangeProvider(id="ranks")]
    dossiers: Annotated[list[Dossier], domain.PlanningEntityCollectionProperty]
    score: Annotated[
        scoring.BendableScore | None,
        domain.PlanningScore(bendable_hard_levels_size=1, bendable_soft_levels_size=6),
    ] = None

    def state(self) -> str:
        """Return all that was chosen as one text: to ask for it bit by bit takes too long."""
        text = ""
        for dossier in self.dossiers:
            text = text + dossier.state()
        return text


def _rules(streams: Any) -> list[Any]:
    """Return the constraints: people, nights and seats are hard, the levels are soft."""
    hard = scoring.BendableScore.of_hard(1, 6, 0, 1)
    soft = [scoring.BendableScore.of_soft(1, 6, level, 1) for level in range(6)]
    joiners, collectors = scoring.Joiners, scoring.ConstraintCollectors
    claims = streams.for_each(Dossier).flatten_last(lambda dossier: dossier.claims())
    nights = streams.for_each(Dossier).flatten_last(lambda dossier: dossier.nights())
    seats = streams.for_each(Dossier).flatten_last(lambda dossier: dossier.seats())
    return [
        claims.join(
            claims,
            joiners.equal(lambda claim: claim.person),
            joiners.overlapping(lambda claim: claim.first, lambda claim: claim.end),
        )
        .filter(lambda one, other: one.id < other.id)
        .penalize(hard)
        .as_constraint("nobody twice"),
        nights.group_by(lambda load: load.row, collectors.sum(lambda load: load.taken))
        .filter(lambda night, taken: taken > ord(night[1]))
        .penalize(hard, lambda night, taken: taken - ord(night[1]))
        .as_constraint("places per night"),
        seats.group_by(
            lambda load: load.row,
            collectors.min(lambda load: load.room),
            collectors.sum(lambda load: load.taken),
        )
        .filter(lambda row, room, taken: taken > ord(room))
        .penalize(hard, lambda row, room, taken: taken - ord(room))
        .as_constraint("seats"),
        streams.for_each(Dossier)
        .penalize(soft[0], lambda dossier: dossier.number(0))
        .as_constraint("pastLegalEnd"),
        streams.for_each(Dossier)
        .penalize(soft[1], lambda dossier: dossier.number(1))
        .as_constraint("plannedWeight"),
        streams.for_each(Dossier)
        .penalize(soft[2], lambda dossier: dossier.number(2))
        .as_constraint("nightsInDetention"),
        streams.for_each(Dossier)
        .penalize(soft[3], lambda dossier: dossier.number(3))
        .as_constraint("withoutFallback"),
        streams.for_each(Dossier)
        .penalize(soft[4], lambda dossier: dossier.number(4))
        .as_constraint("changes"),
        streams.for_each(Dossier)
        .penalize(soft[5], lambda dossier: dossier.number(5))
        .as_constraint("daysWaited"),
    ]


PHASES = f"""
<solver xmlns="https://timefold.ai/xsd/solver">
  <constructionHeuristic>
    <queuedEntityPlacer>
      <entitySelector id="dossier"><cacheType>PHASE</cacheType></entitySelector>
      <changeMoveSelector>
        <entitySelector mimicSelectorRef="dossier"/>
        <valueSelector variableName="choice"/>
      </changeMoveSelector>
    </queuedEntityPlacer>
    <forager><pickEarlyType>FIRST_FEASIBLE_SCORE</pickEarlyType></forager>
  </constructionHeuristic>
  <localSearch>
    <unionMoveSelector>
      <changeMoveSelector>
        <fixedProbabilityWeight>{CREW}</fixedProbabilityWeight>
        <valueSelector variableName="choice"/>
      </changeMoveSelector>
      {
    "".join(
        "<changeMoveSelector><fixedProbabilityWeight>1</fixedProbabilityWeight>"
        f'<valueSelector variableName="rank{n}"/></changeMoveSelector>'
        for n in range(CREW)
    )
}
    </unionMoveSelector>
  </localSearch>
</solver>
"""


def _factory(seed: int) -> Any:
    """Return what builds solvers that start from ``seed``."""
    return solving.SolverFactory.create(
        config.SolverConfig(
            solution_class=Schedule,
            entity_class_list=[Dossier],
            environment_mode=config.EnvironmentMode.NO_ASSERT,
            random_seed=seed,
            score_director_factory_config=config.ScoreDirectorFactoryConfig(
                constraint_provider_function=RULES
            ),
            xml_source_text=PHASES,
        )
    )


RULES = scoring.constraint_provider(_rules)
_factory(0)


def search(problem: Problem, seconds: float, seed: int, report: Report) -> None:
    """Search for ``seconds``, handing over included; it takes a little longer to return."""
    until = time.monotonic() + seconds
    tables = _Tables(problem, random.Random(seed))
    # Translated here, and not when the solver is asked, whose own clock starts after that.
    schedule = interpreter.convert_to_java_python_like_object(tables.schedule())
    factory = _factory(seed)
    left = max(until - time.monotonic(), 0.001)
    spent = config.Duration(milliseconds=round(left * 1000))
    termination = config.TerminationConfig(spent_limit=spent)
    running = factory.build_solver(config.SolverConfigOverride(termination_config=termination))

    def better(event: Any) -> None:
        if event.getNewBestScore().isFeasible():
            state = getattr(event.getNewBestSolution(), "$method$state")()
            report(tables.answer([*map(ord, str(state.getValue()))]))

    # The package's own listeners translate all that hangs on a solution, at each new one, which
    # takes longer than the search takes to find the next.
    listener = "ai.timefold.solver.core.api.solver.event.SolverEventListener"
    running._delegate.addEventListener(jpype.JProxy(listener, dict={"bestSolutionChanged": better}))
    running.solve(schedule)


@dataclass(slots=True)
class _Tables:
    """A problem as it is handed over, with the way back."""

    problem: Problem
    lots: random.Random
    names: list[str] = field(default_factory=list)
    of_crew: list[range] = field(default_factory=list)
    people: list[int] = field(default_factory=lambda: [0])
    known: dict[tuple[int, int, int], int] = field(default_factory=dict)
    rooms: list[int] = field(default_factory=list)
    offered: dict[int, list[Way]] = field(default_factory=dict)

    def schedule(self) -> Schedule:
        """Return the problem as a schedule, nobody planned."""
        for crew in self.problem.crews:
            self.of_crew.append(range(len(self.names), len(self.names) + len(crew.members)))
            self.names += crew.members
        self.rooms = [max(one, 0) for each in self.problem.facilities for one in each.places]
        cases = [n for n, case in enumerate(self.problem.cases) if case.plannable]
        most = min(MOST, limit(self.problem, CHOICES))
        for n in cases:
            self.offered[n] = _slots(self.problem.cases[n], most)
        cases.sort(key=self.order)
        rows = {n: self.offers(self.problem.cases[n], self.offered[n]) for n in cases}
        stride = max((len(offers[0]) for _, offers in rows.values()), default=0)
        starts = list(range(0, (most + 1) * stride, stride))
        alike: dict[int, list[int]] = {}
        dossiers = []
        people, rooms = _text(self.people), _text(self.rooms)
        for n in cases:
            boards, offers = rows[n]
            text = "".join(_text(offer).ljust(stride, chr(0)) for offer in offers)
            choices = alike.setdefault(len(offers), starts[: len(offers)])
            dossier = Dossier(
                n, chr(n), text, people, rooms, boards, len(offers[0]), stride, choices
            )
            for turn in range(CREW):
                setattr(dossier, f"rank{turn}", self.lots.randrange(RANKS))
            dossiers.append(dossier)
        return Schedule(list(range(RANKS)), dossiers)

    def order(self, n: int) -> tuple[int, int, int]:
        """Return what tells which case is placed first: pressure, weight, fewest ways."""
        case = self.problem.cases[n]
        return -case.pressed, -case.weight, len(self.offered[n])

    def offers(self, case: Case, found: list[Way]) -> tuple[int, list[list[int]]]:
        """Return how many seats an offer has at most, and the numbers of each, alike in length."""
        boards = [[*self.boards(case, way)] for way in found]
        claims = [[*self.claims(case, way)] for way in found]
        seats = max(map(len, boards), default=0)
        size = max(map(len, claims), default=0)
        offers = [
            [*self.head(case, way), *_flat(mine, (0, 0, 0), seats), *_flat(crew, (0, 0), size)]
            for way, mine, crew in zip(found, boards, claims, strict=True)
        ]
        costs = (gained - lost for gained, lost in zip(unplanned(case), planned(case), strict=True))
        nothing = *_flat([], (0, 0, 0), seats + 1), *_flat([], (0, 0), size)
        return seats, [*offers, [*costs, *nothing]]

    def head(self, case: Case, way: Way) -> list[int]:
        """Return what an offer costs, and its nights as rows."""
        first = sum(len(one.places) for one in self.problem.facilities[: max(way.facility, 0)])
        taken = way.facility >= 0
        return [
            *way.costs,
            first + way.night if taken else 0,
            first + way.leaves if taken else 0,
            case.places if taken else 0,
        ]

    def boards(self, case: Case, way: Way) -> Iterator[tuple[int, int, int]]:
        """Yield the seats of an offer."""
        for leg, stretch in enumerate(way.legs):
            yield from case.legs[leg][stretch.variant].boards

    def claims(self, case: Case, way: Way) -> Iterator[tuple[int, int]]:
        """Yield for each person where those begin who could be taken, as two numbers."""
        for leg, stretch in enumerate(way.legs):
            for need in case.legs[leg][stretch.variant].needs:
                for turn in range(need.people):
                    yield divmod(self.there(need, stretch.first, turn), 32768)

    def there(self, need: Need, slot: int, turn: int) -> int:
        """Return where in the table those stand who are there for ``need``, rank by rank.

        In a drawn order, over again until every rank has one; each ``turn`` is one further on, so
        that nobody is taken twice for a need.
        """
        key = need.pool, slot + need.base, turn
        known = self.known.get(key)
        if known is None:
            found = [
                (person, first, end)
                for candidate, first, end in candidates_at(self.problem, need, slot)
                for person in self.of_crew[candidate.crew]
            ]
            random.Random(need.pool * self.problem.slots + slot + need.base).shuffle(found)
            if len(self.people) % 32768 == 0:
                self.people.append(0)
            known = self.known[key] = len(self.people)
            for rank in range(RANKS):
                self.people += found[(rank + turn) % len(found)]
        return known

    def answer(self, states: list[int]) -> Answer:
        """Return what is chosen as an answer."""
        answer: Answer = {}
        for at in range(0, len(states), CREW + 2):
            n, choice, *ranks = states[at : at + CREW + 2]
            if choice < len(self.offered[n]):
                case = self.problem.cases[n]
                answer[n] = tuple(self.taken(case, self.offered[n][choice], ranks))
        return answer

    def taken(self, case: Case, way: Way, ranks: list[int]) -> Iterator[Taken]:
        """Yield the legs of a chosen way with their people."""
        turn = 0
        for leg, stretch in enumerate(way.legs):
            crews = []
            for need in case.legs[leg][stretch.variant].needs:
                names = []
                for again in range(need.people):
                    there = self.there(need, stretch.first, again)
                    names.append(self.names[self.people[there + 3 * ranks[turn % CREW]]])
                    turn += 1
                crews.append(tuple(names))
            yield Taken(stretch.variant, stretch.first, tuple(crews))


def _slots(case: Case, most: int) -> list[Way]:
    """Return up to ``most`` ways of a case, each at one slot, the best first."""
    found = [way for each in ways(case, most) for way in slotted(each)]
    return sorted(found, key=lambda way: way.costs)[:most]


def _flat(rows: Sequence[tuple[int, ...]], empty: tuple[int, ...], size: int) -> Iterator[int]:
    """Yield rows of numbers in one, filled up to ``size`` of them."""
    for row in (*rows, *[empty] * (size - len(rows))):
        yield from row


def _text(numbers: Iterable[int]) -> str:
    """Return a table of small numbers as a text: a list of so many takes seconds to hand over."""
    return "".join(chr(number) for number in numbers)
