"""The comparison as Markdown, and whether we are worse anywhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from benchmarks.peers.peer import PEERS
from benchmarks.peers.runner import US, Point, Run
from scheduler.objective import Objective, key

HEADLINE = ("pastLegalEnd", "plannedWeight", "nightsInDetention")


@dataclass(slots=True)
class Compared:
    """All runs on one world; ``us`` and peers that are not anytime have one per limit."""

    name: str
    size: str
    stating: float = 0.0
    """Seconds that compiling the problem took: on our clock, and given to the peers for nothing."""
    runs: dict[str, list[Run]] = field(default_factory=dict)

    def at(self, solver: str, seconds: float) -> Point | None:
        """Return what ``solver`` had by ``seconds``, from the shortest run that was so long."""
        runs = [one for one in self.runs.get(solver, ()) if one.limit >= seconds]
        return min(runs, key=lambda one: one.limit).at(seconds) if runs else None

    @property
    def bounds(self) -> Objective:
        """What no plan can beat, from our longest run."""
        return max(self.runs[US], key=lambda one: one.limit).bounds if US in self.runs else {}


def table(worlds: Sequence[Compared], limits: Sequence[float], on: str) -> str:
    """Return the whole page; ``on`` names the machine."""
    solvers = list(dict.fromkeys(solver for world in worlds for solver in world.runs))
    return "\n".join(
        [
            "# Compared with peers\n",
            f"{on}. Two cores for everybody. {_versions()}.\n",
            "Cells: cases past a legal end / weighted number planned / nights in detention. "
            "The gap is that of the planned weight to the bound.\n",
            *(line for world in worlds for line in _rows(world, solvers, limits)),
            *_verdicts(worlds, solvers, limits),
            "",
            *_cannot(worlds),
            "",
        ]
    )


def worse(worlds: Sequence[Compared], limits: Sequence[float]) -> list[str]:
    """Return where a peer has the better plan of the two."""
    return [
        f"{world.name}, {limit:g} s: {solver} is better"
        for world in worlds
        for limit in limits
        for solver in world.runs
        if solver != US and compare(world.at(US, limit), world.at(solver, limit)) < 0
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
    yield f"| solver |{''.join(f' {limit:g} s |' for limit in limits)} gap | violations |"
    yield "| --- |" + " --- |" * (len(limits) + 2)
    if bound:
        best = " / ".join(str(bound.get(level, "-")) for level in HEADLINE)
        yield f"| *bound* |{' |' * (len(limits) - 1)} {best} | | |"
    for solver in solvers:
        if solver in world.runs:
            points = [world.at(solver, limit) for limit in limits]
            cells = "".join(f" {_cell(point)} |" for point in points)
            yield f"| {solver} |{cells} {_gap(points[-1], bound)} | {_wrong(world, solver)} |"
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
    """Yield, per time and peer, on how many worlds we are better, equal and worse."""
    yield "## Better / equal / worse, all six levels in order\n"
    peers = [solver for solver in solvers if solver != US]
    yield f"| after |{''.join(f' {one} |' for one in peers)}"
    yield "| --- |" + " --- |" * len(peers)
    for limit in limits:
        cells = []
        for solver in peers:
            signs = [
                compare(world.at(US, limit), world.at(solver, limit))
                for world in worlds
                if solver in world.runs
            ]
            cells.append(" / ".join(str(signs.count(sign)) for sign in (1, 0, -1)))
        yield f"| {limit:g} s |{''.join(f' {one} |' for one in cells)}"
    found = worse(worlds, limits)
    yield ""
    yield f"Worse: {'; '.join(found)}." if found else "Never worse."


def _cannot(worlds: Sequence[Compared]) -> Iterator[str]:
    """Yield the rules that a peer has no words for."""
    runs = [run for world in worlds for found in world.runs.values() for run in found]
    for solver, rules in dict.fromkeys((run.solver, run.cannot) for run in runs if run.cannot):
        yield f"- {solver} cannot: {'; '.join(rules)}."


def _versions() -> str:
    modules = dict.fromkeys(("regietafel", *(module for _, module in PEERS.values())))
    packages = [one.replace("_", "-") for one in modules]
    return ", ".join(f"{one} {found}" for one in packages if (found := _version(one)))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
