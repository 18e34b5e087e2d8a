"""The comparison as Markdown: medians over seeds, and how we stand beside each peer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from benchmarks.peers.peer import PEERS
from benchmarks.peers.runner import US, Point, Run
from scheduler.objective import Objective, key

HEADLINE = ("pastLegalEnd", "plannedWeight", "nightsInDetention")


OUTCOMES = ("better", "both optimal", "equal", "worse")
"""How we may stand beside a peer. Equal alone is not enough where nothing proves it the best."""


@dataclass(slots=True)
class Compared:
    """All runs on one world, by seed; ours, and those of peers that are not anytime, per limit."""

    name: str
    size: str
    stating: float = 0.0
    """Seconds that compiling the problem took: on our clock, and given to the peers for nothing."""
    kept: Objective = field(default_factory=dict)
    """The bounds kept of this world, if there are any."""
    runs: dict[str, list[Run]] = field(default_factory=dict)

    def at(self, solver: str, seconds: float) -> Point | None:
        """Return the median of what ``solver`` had by ``seconds`` in runs just long enough."""
        limits = [one.limit for one in self.runs.get(solver, ()) if one.limit >= seconds]
        return self._median(solver, min(limits), seconds) if limits else None

    def course(self, solver: str) -> list[tuple[float, Point]]:
        """Return the median over time of the longest runs of ``solver``."""
        runs = self.longest(solver)
        moments = sorted({point.seconds for run in runs for point in run.points})
        medians = [(one, self._median(solver, runs[0].limit, one)) for one in moments]
        return [(seconds, point) for seconds, point in medians if point is not None]

    def longest(self, solver: str) -> list[Run]:
        """Return the longest runs of ``solver``, one per seed."""
        runs = self.runs.get(solver, [])
        limit = max((one.limit for one in runs), default=0.0)
        return [one for one in runs if one.limit == limit]

    @property
    def bounds(self) -> Objective:
        """What no plan can beat: as it is kept, else by the longest of our runs that ended best."""
        ours = [one for one in self.longest(US) if one.points]
        best = max(ours, key=lambda one: key(one.points[-1].values), default=None)
        return self.kept or (best.bounds if best else {})

    @property
    def optimal(self) -> set[tuple[int, ...]]:
        """The value that a run of ours has proven the best on all levels, if one has."""
        ends = [(one.points[-1], one.bounds) for one in self.runs.get(US, ()) if one.points]
        return {key(end.values) for end, bounds in ends if not end.wrong and end.values == bounds}

    def _median(self, solver: str, limit: float, seconds: float) -> Point | None:
        return median([one.at(seconds) for one in self.runs[solver] if one.limit == limit])


def median(points: Sequence[Point | None]) -> Point | None:
    """Return the middle plan, no plan being the worst; of two in the middle the worse."""
    ranked = sorted(points, key=lambda point: key(point.values) if point else ())
    return ranked[(len(ranked) - 1) // 2]


def table(worlds: Sequence[Compared], limits: Sequence[float], on: str) -> str:
    """Return the whole page; ``on`` names the machine."""
    solvers = list(dict.fromkeys(solver for world in worlds for solver in world.runs))
    return "\n".join(
        [
            "# Compared with peers\n",
            f"{on}. Two cores for everybody. {_versions()}.\n",
            "Cells: cases past a legal end / weighted number planned / nights in detention, of the "
            "median plan by seed. The gap is that of the planned weight to the bound.\n",
            *(line for world in worlds for line in _rows(world, solvers, limits)),
            *_verdicts(worlds, solvers, limits),
            "",
            *_cannot(worlds),
            "",
        ]
    )


def outcome(world: Compared, solver: str, seconds: float) -> str:
    """Return how we stand beside ``solver``: one of the ``OUTCOMES``."""
    mine, other = world.at(US, seconds), world.at(solver, seconds)
    sign = compare(mine, other)
    if sign:
        return "better" if sign > 0 else "worse"
    return "both optimal" if mine and key(mine.values) in world.optimal else "equal"


def where(worlds: Sequence[Compared], limits: Sequence[float], asked: str) -> list[str]:
    """Return where, and beside whom, the outcome is the one that is ``asked``."""
    return [
        f"{world.name}, {limit:g} s, {solver}"
        for world in worlds
        for limit in limits
        for solver in world.runs
        if solver != US and outcome(world, solver, limit) == asked
    ]


def compare(mine: Point | None, other: Point | None) -> int:
    """Return 1 when the first is the better plan, -1 when the second is, 0 when they are equal."""
    if mine is None or other is None:
        return (mine is not None) - (other is not None)
    first, second = key(mine.values), key(other.values)
    return (first > second) - (first < second)


def _rows(world: Compared, solvers: Sequence[str], limits: Sequence[float]) -> Iterator[str]:
    bound = world.bounds
    yield f"## {world.name}: {world.size}\n"
    yield f"Given to the peers for nothing: {world.stating:.1f} s of compiling.\n"
    yield f"| solver | seeds |{''.join(f' {limit:g} s |' for limit in limits)} gap | violations |"
    yield "| --- |" + " --- |" * (len(limits) + 3)
    if bound:
        best = " / ".join(str(bound.get(level, "-")) for level in HEADLINE)
        whose = "the bound that is kept" if world.kept else "the bound of our own run"
        yield f"| *{whose}* | |{' |' * (len(limits) - 1)} {best} | | |"
    for solver in solvers:
        if solver in world.runs:
            points = [world.at(solver, limit) for limit in limits]
            cells = "".join(f" {_cell(point)} |" for point in points)
            seeds = len(world.longest(solver))
            gap, wrong = _gap(points[-1], bound), _wrong(world, solver)
            yield f"| {solver} | {seeds} |{cells} {gap} | {wrong} |"
    yield ""


def _cell(point: Point | None) -> str:
    return " / ".join(str(point.values[level]) for level in HEADLINE) if point else "no plan"


def _gap(point: Point | None, bound: Objective) -> str:
    best = bound.get("plannedWeight")
    if point is None or best is None:
        return "-"
    return f"{(best - point.values['plannedWeight']) / best if best else 0:.2%}"


def _wrong(world: Compared, solver: str) -> str:
    wrong = {one for run in world.runs[solver] for point in run.points for one in point.wrong}
    notes = [run.note for run in world.runs[solver] if run.note]
    return "; ".join([str(len(wrong)), *sorted(wrong)[:1], *dict.fromkeys(notes)])


def _verdicts(
    worlds: Sequence[Compared], solvers: Sequence[str], limits: Sequence[float]
) -> Iterator[str]:
    """Yield, per time and peer, on how many worlds which outcome there is."""
    yield f"## {' / '.join(OUTCOMES).capitalize()}, all six levels in order\n"
    peers = [solver for solver in solvers if solver != US]
    yield f"| after |{''.join(f' {one} |' for one in peers)}"
    yield "| --- |" + " --- |" * len(peers)
    for limit in limits:
        cells = []
        for solver in peers:
            found = [outcome(world, solver, limit) for world in worlds if solver in world.runs]
            cells.append(" / ".join(str(found.count(one)) for one in OUTCOMES))
        yield f"| {limit:g} s |{''.join(f' {one} |' for one in cells)}"
    worse, equal = (where(worlds, limits, one) for one in ("worse", "equal"))
    yield ""
    yield f"Worse: {'; '.join(worse)}." if worse else "Never worse."
    if equal:
        yield f"Equal, and not known to be the best: {'; '.join(equal)}."


def _cannot(worlds: Sequence[Compared]) -> Iterator[str]:
    """Yield the rules that a peer has no words for."""
    runs = [run for world in worlds for found in world.runs.values() for run in found]
    for solver, rules in dict.fromkeys((run.solver, run.cannot) for run in runs if run.cannot):
        yield f"- {solver} cannot: {'; '.join(rules)}."


def _versions() -> str:
    modules = dict.fromkeys(("regietafel", *(one.package for one in PEERS.values())))
    packages = [one.replace("_", "-") for one in modules]
    return ", ".join(f"{one} {found}" for one in packages if (found := _version(one)))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
