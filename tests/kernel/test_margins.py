"""Margins: the best of the least margins over all open patterns, counted one pattern at a time."""

from datetime import datetime, timedelta
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from scheduler.constraint import EARLIEST, Declaration, Elapsed, Inside
from scheduler.explanation.margin import best_margins
from scheduler.explanation.signature import Explanation
from scheduler.pattern import CasePatterns, Pattern, Patterns
from scheduler.world import Operation
from tests.kernel import worlds
from tests.kernel.worlds import Setting, examples, made_up, register_of

START = worlds.plain().horizon.start
Side = Literal["start", "end"]
ends = st.integers(20, 120).map(lambda hours: START + timedelta(hours=hours))


@st.composite
def clocks(draw: st.DrawFn, /) -> dict[str, Declaration]:
    """Legal ends of a placement, of a removal, and between them: of each, at most one."""
    found: dict[str, Declaration] = {}
    if draw(st.booleans()):
        side: Side = draw(st.sampled_from(("start", "end")))
        edge = "arrival", side
        found["placement"] = Inside(edge, edge, ((EARLIEST, draw(ends)),), clock=True)
    if draw(st.booleans()):
        leaves: tuple[str, Side] = ("departure", "start")
        found["removal"] = Inside(leaves, leaves, ((EARLIEST, draw(ends)),), clock=True)
    if draw(st.booleans()):
        longest = draw(st.integers(10, 80)) * 60
        found["chain"] = Elapsed(
            ("arrival", "end"), ("departure", "start"), at_most=longest, clock=True
        )
    return found


@examples(300)
@given(clocks(), st.sampled_from(worlds.OPERATIONS))
def test_the_best_margin_is_that_of_the_best_open_pattern(
    found: dict[str, Declaration], operation: Operation
) -> None:
    setting = Setting(
        worlds.plain(cases=(worlds.chain().model_copy(update={"operation": operation}),)),
        register_of(*([made_up("c1", **found)] if found else [])),
    )
    patterns = Patterns(setting.world, setting.register)
    case = patterns.of("zk-1")
    margins = [min(each) for one in case.open(patterns.empty) if (each := margins_of(case, one))]
    best = best_margins(Explanation(case, patterns.empty))
    if any(case.open(patterns.empty)):
        assert best.get("second", timedelta.max) == max(margins, default=timedelta.max)


def margins_of(case: CasePatterns, pattern: Pattern) -> list[timedelta]:
    """Return how far a pattern stays from each legal end."""
    legs = {layout.leg: (layout, slot) for layout, slot in pattern.legs}

    def moment(act: str, side: Side) -> datetime:
        layout, slot = next(one for one in legs.values() if (act, side) in one[0].frame.slots)
        return layout.moment(slot, (act, side))

    found = []
    for scope in case.declared.values():
        for _, rule in scope:
            if isinstance(rule, Inside) and rule.clock:
                found.append(rule.stretches[-1][1] - moment(*rule.last))
            elif isinstance(rule, Elapsed) and rule.clock and rule.at_most is not None:
                passed = moment(*rule.last) - moment(*rule.first)
                found.append(timedelta(minutes=rule.at_most) - passed)
    return found
