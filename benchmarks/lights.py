"""How fast the lights of the national fixture answer, beside a general solver for conflicts.

Run ``python -m benchmarks.lights [CASES]``; it prints Markdown tables with the machine named. The
first plan is in force. Every case is asked in turn on a fresh desk, and all of them again; then
CPMpy's ``mus`` is asked for one conflict of each blocked case (of CASES of them), and held against
our correction sets.

The model is generous to CPMpy: one Boolean per *distinct* signature of the patterns, gathered
beforehand from our own timelines and not counted, one of them to be chosen, and one soft
constraint per condition: no chosen signature holds it. Of six formulations it was the fastest; an
integer with a table or an element per condition took 2.5 to 9 times as long.
"""

import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partialmethod
from typing import Any, TypeVar
from unittest import mock

import cpmpy
from cpmpy.solvers import CPM_ortools
from cpmpy.tools.explain import make_assump_model, mus

from api.desk import Desk, open_world
from benchmarks.machine import machine
from benchmarks.national import WORLD
from constraints.register import REGISTER
from scheduler.explanation import signature
from scheduler.explanation.signature import Explanation, Signature
from scheduler.ledger import Ledger
from scheduler.pattern import CasePatterns, Patterns
from scheduler.planner import plan

T = TypeVar("T")
# ``mus`` hands no parameters on. One worker, as for us; more were hardly faster.
ONE_WORKER = mock.patch.object(
    CPM_ortools, "solve", partialmethod(CPM_ortools.solve, num_workers=1)
)


def answer(desk: Desk, case: str) -> object:
    """Ask what is measured of one case."""
    return desk.lights(case)


def main(cases: int | None) -> None:
    """Print the figures; ``cases`` limits the blocked cases that CPMpy is asked about."""
    world = open_world(WORLD)
    made = plan(world, REGISTER, seconds=0)
    gc.collect()  # what the planner leaves behind is not for the desk to clear
    desk = Desk(world, made.bookings)
    gc.freeze()
    first, ours = (
        {one.id: _milliseconds(answer, desk, one.id)[0] for one in world.cases} for _ in range(2)
    )
    ledger = Ledger(Patterns(world, REGISTER), made.bookings)
    blocked = dict(_blocked(ledger))
    few = list(blocked)[:: max(len(blocked) // cases, 1)][:cases] if cases else list(blocked)
    theirs = [_peer(every, least) for every, least in map(blocked.__getitem__, few)]
    written, translated, found = zip(*theirs, strict=True)
    print(machine())
    print(f"CPMpy {cpmpy.__version__} on CP-SAT, one worker\n")
    sizes = [len(blocked[id][0]) for id in few]
    for heading, rows in (
        (
            "ours, in process: lights, reasons, conflicts, repairs, dates, in two languages",
            [
                ("every case, first time asked (compiling included)", [*first.values()]),
                ("every case, asked again", [*ours.values()]),
                ("blocked, first time asked", [first[id] for id in blocked]),
                ("blocked, asked again", [ours[id] for id in blocked]),
            ],
        ),
        (
            f"CPMpy, one MUS and nothing else; {min(sizes)} to {max(sizes)} signatures",
            [
                ("writing the model (not in `mus`)", written),
                ("translating it for CP-SAT (in `mus`)", translated),
                ("`mus`", found),
                ("ours, the same cases", [ours[id] for id in few]),
            ],
        ),
    ):
        print(f"| {heading} | cases | p50 | p95 | worst |\n| --- | --- | --- | --- | --- |")
        for name, times in rows:
            cuts = statistics.quantiles(times, n=100, method="inclusive")
            figures = cuts[49], cuts[94], max(times)
            print(f"| {name} | {len(times)} | {' | '.join(f'{one:.1f} ms' for one in figures)} |")
        print()


def _blocked(ledger: Ledger) -> Iterator[tuple[str, tuple[Sequence[Signature], set[Signature]]]]:
    """Yield the blocked cases with all their signatures and the minimal ones."""
    for one in ledger.patterns.world.cases:
        case = ledger.patterns.of(one.id)
        with ledger.without(ledger.movable(one.id)):
            least = Explanation(case, ledger.occupancy).correction_sets
            if least and least != (frozenset(),):
                yield one.id, (_signatures(case, ledger), set(least))


def _signatures(case: CasePatterns, ledger: Ledger) -> Sequence[Signature]:
    """Return every distinct signature of the patterns: as the minimal ones, none left out."""
    seen: dict[int, None] = {}

    def add(_: list[int], mask: int) -> None:
        seen[mask] = None

    explanation = Explanation(case, ledger.occupancy)
    with mock.patch.multiple(
        signature, _dominated=lambda *_: False, _without=lambda family, _: family, _add=add
    ):
        explanation._chain() if case.chained else explanation._single()
    conditions = [*case.numbers]
    return [frozenset(one for n, one in enumerate(conditions) if mask >> n & 1) for mask in seen]


def _peer(signatures: Sequence[Signature], least: set[Signature]) -> tuple[float, float, float]:
    """Return the milliseconds of writing, translating and ``mus``; RuntimeError if it errs."""
    conditions = sorted(frozenset().union(*signatures))

    def write() -> tuple[list[Any], list[Any]]:
        chosen = cpmpy.boolvar(shape=len(signatures)).tolist()
        pairs = list(zip(chosen, signatures, strict=True))
        soft = [cpmpy.sum(one for one, shut in pairs if of in shut) == 0 for of in conditions]
        return soft, [cpmpy.any(chosen)]

    written, (soft, hard) = _milliseconds(write)
    translated, _ = _milliseconds(lambda: CPM_ortools(make_assump_model(soft, hard)[0]))
    with ONE_WORKER:
        found, core = _milliseconds(mus, soft, hard)
    which = {id(one): of for one, of in zip(soft, conditions, strict=True)}
    conflict = {which[id(one)] for one in core}
    shared = [conflict & one for one in least]
    if not all(shared) or any({one} not in shared for one in conflict):
        raise RuntimeError("CPMpy's conflict is not a minimal hitting set of the correction sets")
    return written, translated, found


def _milliseconds(ask: Callable[..., T], *given: object) -> tuple[float, T]:
    began = time.perf_counter()
    answered = ask(*given)
    return (time.perf_counter() - began) * 1000, answered


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)
