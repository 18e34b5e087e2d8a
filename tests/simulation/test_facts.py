"""Facts drawn for all cases at once, held against a walk through each case's turns one by one."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from scheduler.simulation.chance import Chance
from scheduler.simulation.course import Chain
from scheduler.simulation.facts import Cases, Facts, facts_of
from scheduler.simulation.replication import DAY, Model
from tests.simulation.made import MADE_UP, model, setting

CASES, STOCK = 300, 60
END = 200.0 * DAY


def process(name: str, **parts: Any) -> dict[str, Any]:
    return {
        "id": name,
        "turns": {"fact": "allowed"},
        "begins": {"yes": 0.4, "asked": 0.6},
        "stock": {"yes": 0.2, "refused": 0.8},
        "states": {
            "yes": {"answer": "yes", "stays": {"days": 50}, "becomes": {"asked": 1}},
            "asked": {
                "answer": "unknown",
                "stays": {"law": "uniform", "days": 20},
                "becomes": {"yes": 0.5, "refused": 0.5},
            },
            "refused": {
                "answer": "no",
                "stays": {"law": "fixed", "days": 30},
                "becomes": {"asked": 1},
            },
        },
        "source": MADE_UP,
    } | parts


LEAVING = {
    "id": "leaving",
    "turns": {"trigger": "gone"},
    "begins": {"here": 0.95, "gone": 0.05},
    "states": {
        "here": {"answer": "yes", "stays": {"days": 300}, "becomes": {"gone": 1}},
        "gone": {"answer": "no"},
    },
    "source": MADE_UP,
}
SCENARIOS = {
    "one": [process("permission"), LEAVING],
    "two that ask the same": [process("permission"), process("again"), LEAVING],
    "one that stands still": [process("permission"), process("inside", during="detention")],
    "none": [],
}


def cases() -> Cases:
    entered = np.concatenate([np.zeros(STOCK), np.linspace(0, END, CASES - STOCK, endpoint=False)])
    limit = np.where(np.arange(CASES) % 3 == 0, entered + 90 * DAY, np.inf)
    return Cases(np.zeros(CASES, np.int64), np.zeros(CASES, bool), entered, limit, STOCK)


def drawn(made: Model) -> Facts:
    return facts_of(made.chains, made.courses, cases(), Chance(1, 0, CASES), END)


def walk(chain: Chain, case: int, entered: float) -> list[tuple[float, bool]]:
    """Return the moments at which a process turns for a case that is never held, and its answer."""
    purpose = f"process/{chain.process.id}"
    chance, turn, moment = Chance(1, 0, CASES), 0, entered
    first, second = np.split(chance.of(purpose)[case], 2)
    state, stays = (chain.begun if case < STOCK else chain.fresh)(first, second)
    found = [(moment, bool(chain.yes[state[0]]))]
    while chain.process.during == "always" and moment + stays[0] < END:
        moment, turn = moment + float(stays[0]), turn + 1
        first, second = np.split(chance.of(purpose, turn)[case], 2)
        state = chain.next(state, first)
        stays = chain.stays(state, second)
        found.append((moment, bool(chain.yes[state[0]])))
    return found


@pytest.fixture(params=[*SCENARIOS.values()], ids=[*SCENARIOS])
def made(request: pytest.FixtureRequest) -> Model:
    return model(setting((60,), 1, 28, 15), processes=request.param)


def test_a_case_is_shut_while_a_process_says_so_until_it_comes_or_leaves(made: Model) -> None:
    facts, given = drawn(made), cases()
    comes = {case: moment for moment, case, _, _ in facts.comes}
    left = {case: (moment, by) for moment, case, by in facts.left}
    assert comes
    for case, entered in enumerate(given.entered.tolist()):
        paths = [walk(chain, case, entered) for chain in made.chains]
        over = [path for n, path in enumerate(paths) if made.courses[0].over[n] is not None]
        asked = [path for n, path in enumerate(paths) if made.courses[0].over[n] is None]
        leaves = min(
            [given.limit[case], *(moment for path in over for moment, yes in path if not yes)]
        )
        gone = min(leaves, END)
        moments = sorted({entered, gone, *(moment for path in paths for moment, _ in path)})
        mine = facts.spans.case == case
        spans = sorted(zip(facts.spans.since[mine], facts.spans.until[mine], strict=True))
        assert all(one[1] < other[0] for one, other in pairwise(spans))
        opened = None
        for since, until in pairwise(one for one in moments if one <= gone):
            shut = any(
                [yes for moment, yes in path if moment <= since][-1:] == [False] for path in asked
            )
            if not shut and opened is None:
                opened = since
            covered = any(begin <= since and until <= end for begin, end in spans)
            assert covered == (shut and opened is None)
        assert comes.get(case) == opened
        assert (case in left) == (opened is None and leaves < END)
        if case in left:
            assert left[case][0] == leaves


def test_those_who_come_stand_as_their_processes_do_then(made: Model) -> None:
    facts, given = drawn(made), cases()
    for moment, case, row, left in facts.comes:
        for n, chain in enumerate(made.chains):
            path = walk(chain, case, float(given.entered[case]))
            turned = [yes for since, yes in path if since <= moment]
            assert facts.yes[row[n]] == turned[-1]
            later = [since for since, _ in path if since > moment and since <= given.limit[case]]
            if chain.process.during == "detention":
                assert left[n] < 0
            elif later:
                assert left[n] == later[0]
            else:
                assert left[n] >= min(END, given.limit[case])
