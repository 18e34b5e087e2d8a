"""Facts that turn: drawn for all cases at once, as far as nothing that is booked bears on them.

What is booked only makes clocks stand still, of those who are held. So every turn of a process is
drawn as if its clock ran from the moment of entering; and until a case can first be planned, all
that becomes of it follows without events: what shuts it and for how long, and whether it leaves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scheduler.simulation.chance import Chance, Draws
from scheduler.simulation.course import Chain, Course, Numbers

INSTANT = 1e-9
"""Minutes left at the least on a clock that stands still, which is told by minus what is left."""
_ROUNDING = 1.0
"""Minutes by which more is drawn than is asked for, as moments may be added up in another order."""


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases of a replication, by number; moments in minutes.

    The first ``stock`` are in the caseload at the start. Who is ``held`` is so from entering on;
    ``limit`` is the moment of the legal end (inf: none).
    """

    course: Numbers
    held: npt.NDArray[np.bool_]
    entered: Draws
    limit: Draws
    stock: int


@dataclass(frozen=True, slots=True)
class Path:
    """What a process does: a row for how it begins with a case and for each turn, case by case.

    From the moment ``since`` on it ``stays`` so for some minutes, on its own clock.
    """

    case: Numbers
    since: Draws
    stays: Draws
    answer: Numbers

    @property
    def begins(self) -> npt.NDArray[np.bool_]:
        """Which rows are the first of their case."""
        first: npt.NDArray[np.bool_] = np.diff(self.case, prepend=-1) != 0
        return first

    def only(self, rows: npt.NDArray[np.bool_] | Numbers) -> "Path":
        """Return some of the rows, or all in another order."""
        return Path(self.case[rows], self.since[rows], self.stays[rows], self.answer[rows])


@dataclass(frozen=True, slots=True)
class Spans:
    """Spans of time in which a constraint forbids a case, or does by what is known, in minutes."""

    case: Numbers
    key: Numbers
    since: Draws
    until: Draws

    def before(self, moments: Draws) -> "Spans":
        """Return what of them lies before a moment for each case."""
        until = np.minimum(self.until, moments[self.case])
        some = self.since < until
        return Spans(self.case[some], self.key[some], self.since[some], until[some])


@dataclass(frozen=True, slots=True)
class Facts:
    """What becomes of all cases until they can be planned, and what is drawn of it after that.

    ``comes`` has who can ever be planned, or is held from the start, in order: the moment, the
    case, and per process the row at which it stands and the moment of its next turn (or less than
    nothing: minus what is left of the time when its clock stands still). The rows say what the
    ``answer`` is and for how many minutes it ``stays`` so; the next turn is the next row.
    ``left`` has who leaves before: the moment, the case, and the process (-1: a legal end).
    ``spans`` are those until then.
    """

    comes: Sequence[tuple[float, int, list[int], list[float]]]
    left: Sequence[tuple[float, int, int]]
    spans: Spans
    answer: Sequence[int]
    stays: Sequence[float]


def facts_of(
    chains: Sequence[Chain], courses: Sequence[Course], cases: Cases, chance: Chance, end: float
) -> Facts:
    """Draw all that turns before minute ``end``."""
    paths = [_path(n, chain, courses, cases, chance, end) for n, chain in enumerate(chains)]
    # At liberty, what turns in detention only stays as it began.
    lived = [
        path.only(path.begins) if chain.process.during == "detention" else path
        for chain, path in zip(chains, paths, strict=True)
    ]
    spans = _spans(lived, courses, cases)
    leaves, by = _leaves(lived, courses, cases)
    opens = np.where(cases.held, cases.entered, _opens(spans, cases))
    comes = cases.held | (opens < np.minimum(leaves, end))
    who = np.flatnonzero(comes)
    who = who[np.argsort(opens[who], kind="stable")]
    row, ahead, answer, stays = _ahead(chains, paths, cases, who, opens)
    left = np.flatnonzero(~comes & (leaves < end))
    known = np.minimum(opens, np.minimum(leaves, end))
    return Facts(
        [*zip(opens[who].tolist(), who.tolist(), row.tolist(), ahead.tolist(), strict=True)],
        [*zip(leaves[left].tolist(), left.tolist(), by[left].tolist(), strict=True)],
        spans.before(known),
        answer,
        stays,
    )


def _path(
    n: int, chain: Chain, courses: Sequence[Course], cases: Cases, chance: Chance, end: float
) -> Path:
    purpose = f"process/{chain.process.id}"
    mine = np.array([n in one.processes for one in courses], bool)[cases.course]
    case = np.flatnonzero(mine)
    until = np.minimum(cases.limit, end)[case] + _ROUNDING
    old = np.searchsorted(case, cases.stock)
    state, stays = (
        np.concatenate(parts)
        for parts in zip(
            chain.begun(*chance.of(purpose)[case[:old]].T),
            chain.fresh(*chance.of(purpose)[case[old:]].T),
            strict=True,
        )
    )
    since = cases.entered[case]
    turns = [(case, since, stays, chain.answer[state])]
    while (goes := since + stays <= until).any():
        case, since, state, until = case[goes], (since + stays)[goes], state[goes], until[goes]
        drawn = chance.of(purpose, len(turns))[case]
        state = chain.next(state, drawn[:, 0])
        stays = chain.stays(state, drawn[:, 1])
        turns.append((case, since, stays, chain.answer[state]))
    rows = Path(*(np.concatenate(column) for column in zip(*turns, strict=True)))
    return rows.only(np.argsort(rows.case, kind="stable"))


def _leaves(
    paths: Sequence[Path], courses: Sequence[Course], cases: Cases
) -> tuple[Draws, Numbers]:
    """Return when each case leaves of itself, and by which process: the first, if at once."""
    leaves, by = np.full(len(cases.course), np.inf), np.full(len(cases.course), -1)
    for n, path in enumerate(paths):
        over = np.array([one.over[n] is not None for one in courses], bool)[cases.course]
        ends = path.only(over[path.case] & (path.answer != 0))
        ends = ends.only(ends.begins)
        sooner = ends.only(ends.since < leaves[ends.case])
        leaves[sooner.case], by[sooner.case] = sooner.since, n
    by[cases.limit < leaves] = -1
    return np.minimum(leaves, cases.limit), by


def _spans(paths: Sequence[Path], courses: Sequence[Course], cases: Cases) -> Spans:
    """Return in which time each key forbids each case."""
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))]
    shared: set[int] = set()
    several = False
    for n, path in enumerate(paths):
        forbids = [one.effects[one.first.number][n] for one in courses]
        keys = {key for answers in forbids for each in answers for key in each}
        several |= not shared.isdisjoint(keys)
        shared |= keys
        for key in sorted(keys):
            by_answer = np.array([[key in each for each in answers] for answers in forbids])
            shut = by_answer[cases.course[path.case], path.answer]
            turns = np.flatnonzero(path.begins | (shut != np.roll(shut, 1)))
            since, last = path.since[turns], np.roll(path.begins[turns], -1)
            until = np.where(last, np.inf, np.roll(since, -1))
            mine = shut[turns]
            numbers = np.full(np.count_nonzero(mine), key)
            found.append((path.case[turns][mine], numbers, since[mine], until[mine]))
    spans = Spans(*(np.concatenate(column) for column in zip(*found, strict=True)))
    return _united(spans) if several else spans


def _united(spans: Spans) -> Spans:
    """Return spans of a case and a key made one where they overlap."""
    begins, ends = np.ones(len(spans.case), np.int64), np.full(len(spans.case), -1)
    step = np.concatenate([begins, ends])
    moment = np.concatenate([spans.since, spans.until])
    case, key = np.tile(spans.case, 2), np.tile(spans.key, 2)
    order = np.lexsort((-step, moment, key, case))
    step, moment = step[order], moment[order]
    several = np.cumsum(step)
    first, last = (several == 1) & (step == 1), several == 0
    return Spans(case[order][first], key[order][first], moment[first], moment[last])


def _opens(spans: Spans, cases: Cases) -> Draws:
    """Return the first moment of each case that none of its spans covers."""
    opens = cases.entered.copy()
    while True:
        covers = (spans.since <= opens[spans.case]) & (opens[spans.case] < spans.until)
        if not covers.any():
            return opens
        np.maximum.at(opens, spans.case[covers], spans.until[covers])


def _ahead(
    chains: Sequence[Chain], paths: Sequence[Path], cases: Cases, who: Numbers, opens: Draws
) -> tuple[Numbers, Draws, list[int], list[float]]:
    """Return where each process stands with ``who`` when they come, and all rows of theirs."""
    place = np.full(len(cases.entered), -1)
    place[who] = np.arange(len(who))
    row = np.zeros((len(who), len(chains)), np.int64)
    left = np.full(row.shape, np.inf)
    answer: list[int] = []
    stays: list[float] = []
    for n, (chain, of_all) in enumerate(zip(chains, paths, strict=True)):
        path = of_all.only(place[of_all.case] >= 0)
        first = np.flatnonzero(path.begins)
        case, during = path.case[first], chain.process.during
        runs = (during == "always") | ((during == "detention") == cases.held[case])
        turned = ~path.begins & (path.since <= opens[path.case])
        turns = np.bincount(path.case[turned], minlength=len(place))[case]
        at = first + np.where(runs & ~cases.held[case], turns, 0)
        stay = path.stays[at]
        row[place[case], n] = at + len(answer)
        left[place[case], n] = np.where(
            runs | (stay == np.inf), path.since[at] + stay, -stay - INSTANT
        )
        answer += path.answer.tolist()
        stays += path.stays.tolist()
    return row, left, answer, stays
