"""Facts drawn for all cases at once, held against a walk through each case's turns one by one."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from scheduler.simulation.chance import Chance
from scheduler.simulation.course import ANSWERS, Chain
from scheduler.simulation.facts import Cases, Facts, facts_of
from scheduler.simulation.replication import DAY, Model
from tests.simulation.made import MADE_UP, model, setting

CASES, STOCK = 300, 60
END = 200.0 * DAY
YES, NO, UNKNOWN = (ANSWERS.index(one) for one in ("yes", "no", "unknown"))


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


def walk(chain: Chain, case: int, entered: float) -> list[tuple[float, int]]:
    """Return the moments at which a process turns for a case that is never held, and its answer."""
    purpose = f"process/{chain.process.id}"
    chance, turn, moment = Chance(1, 0, CASES), 0, entered
    first, second = np.split(chance.of(purpose)[case], 2)
    state, stays = (chain.begun if case < STOCK else chain.fresh)(first, second)
    found = [(moment, int(chain.answer[state[0]]))]
    while chain.process.during == "always" and moment + stays[0] < END:
        moment, turn = moment + float(stays[0]), turn + 1
        first, second = np.split(chance.of(purpose, turn)[case], 2)
        state = chain.next(state, first)
        stays = chain.stays(state, second)
        found.append((moment, int(chain.answer[state[0]])))
    return found


def spans(facts: Facts, made: Model, case: int, known: bool) -> list[tuple[float, float]]:
    """Return in which time something forbids a case, or does by what is ``known``."""
    mine = (facts.spans.case == case) & ((facts.spans.key >= len(made.names.constraints)) == known)
    return [*zip(facts.spans.since[mine].tolist(), facts.spans.until[mine].tolist(), strict=True)]


@pytest.fixture(params=[*SCENARIOS.values()], ids=[*SCENARIOS])
def made(request: pytest.FixtureRequest) -> Model:
    return model(setting((60,), 1, 28, 15), processes=request.param)


def test_a_case_is_shut_and_red_while_processes_say_so_until_it_comes_or_leaves(
    made: Model,
) -> None:
    facts, given = drawn(made), cases()
    comes = {case: moment for moment, case, _, _ in facts.comes}
    left = {case: (moment, by) for moment, case, by in facts.left}
    assert comes
    for case, entered in enumerate(given.entered.tolist()):
        paths = [walk(chain, case, entered) for chain in made.chains]
        over = [path for n, path in enumerate(paths) if made.courses[0].over[n] is not None]
        asked = [path for n, path in enumerate(paths) if made.courses[0].over[n] is None]
        leaves = min(
            [given.limit[case], *(moment for path in over for moment, answer in path if answer)]
        )
        gone = min(leaves, END)
        moments = sorted({entered, gone, *(moment for path in paths for moment, _ in path)})
        shut, red = (sorted(spans(facts, made, case, known)) for known in (False, True))
        for one, other in (*pairwise(shut), *pairwise(red)):
            assert one[1] < other[0]
        opened = None
        for since, until in pairwise(one for one in moments if one <= gone):
            answers = {[answer for moment, answer in path if moment <= since][-1] for path in asked}
            if not answers - {YES} and opened is None:
                opened = since
            for found, colours in ((shut, {NO, UNKNOWN}), (red, {NO})):
                covered = any(begin <= since and until <= end for begin, end in found)
                assert covered == (bool(answers & colours) and opened is None)
        assert comes.get(case) == opened
        assert (case in left) == (opened is None and leaves < END)
        if case in left:
            assert left[case][0] == leaves


def test_those_who_come_stand_as_their_processes_do_then(made: Model) -> None:
    facts, given = drawn(made), cases()
    for moment, case, row, left in facts.comes:
        for n, chain in enumerate(made.chains):
            path = walk(chain, case, float(given.entered[case]))
            turned = [answer for since, answer in path if since <= moment]
            assert facts.answer[row[n]] == turned[-1]
            later = [since for since, _ in path if since > moment and since <= given.limit[case]]
            if chain.process.during == "detention":
                assert left[n] < 0
            elif later:
                assert left[n] == later[0]
            else:
                assert left[n] >= min(END, given.limit[case])
