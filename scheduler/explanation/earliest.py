"""The earliest departure (or placement): the longest path over what must come after what.

From now run the standing checks that are not yet a yes, each to the day its yes is expected; from
the last of them run the leads; windows push on to their next opening. The longest path is the bound
itself. An expected date opens nothing: it only dates what is still closed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

import networkx as nx

from scheduler.constraint import After, Declaration, Due, Edge, Inside, Standing
from scheduler.grid import midnight
from scheduler.layout import CaseLeg
from scheduler.pattern import CasePatterns
from scheduler.world import ACTS, Leg

Kind = Literal["expected", "lead", "elapsed", "window", "acts"]


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of the critical path: what makes ``until`` come no sooner after ``since``.

    ``expected``: a check is hoped to turn; ``lead`` and ``elapsed``: time that must pass;
    ``window``: nothing is allowed before; ``acts``: what happens before takes so long.
    """

    kind: Kind
    constraint: str | None
    rule: Declaration | None
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Earliest:
    """Before ``moment`` the ``edge`` of ``leg`` cannot come; before ``ready`` nothing is planned.

    ``undated`` are the constraints that wait for an answer or a date nobody has given, and
    ``closed`` those of which no window opens any more: with either no date is known at all.
    """

    leg: Leg
    edge: Edge
    now: datetime
    ready: datetime
    moment: datetime
    path: tuple[Step, ...]
    undated: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()

    @property
    def dated(self) -> bool:
        """Whether ``moment`` is a date to reckon with, and not only a bound."""
        return not self.undated and not self.closed


def earliest(case: CasePatterns) -> Earliest:
    """Return before which moment the case cannot depart, or be placed when that is all it asks."""
    return _Path(case).trace()


Node = tuple[object, ...]
Cause = tuple[Kind, str | None, Declaration | None]
NOW: Node = ("now",)
READY: Node = ("ready",)
END: Node = ("end",)
ACTING: Cause = ("acts", None, None)


class _Path:
    """The graph of what comes after what, laid in the order of time."""

    def __init__(self, case: CasePatterns) -> None:
        self.case = case
        self.moment: dict[Node, datetime] = {NOW: case.world.as_of}
        self.graph: nx.DiGraph[Node] = nx.DiGraph()
        self.at: dict[tuple[Leg, Edge], Node] = {}
        self.undated: dict[str, None] = {}
        self.closed: dict[str, None] = {}

    def trace(self) -> Earliest:
        """Return the bound with its longest path."""
        self._follow(NOW, READY, timedelta())
        for leg in self.case.case.legs:
            for constraint, rule in self.case.declared[leg]:
                self._await(constraint.id, rule)
        for leg in self.case.case.legs:
            self._lay(leg)
        leg = self.case.case.legs[-1]
        edge: Edge = ("departure" if leg == "removal" else "pick-up", "start")
        target = self.at[leg, edge]
        return Earliest(
            leg,
            edge,
            self.moment[NOW],
            self.moment[READY],
            self.moment[target],
            tuple(self._critical(target)),
            tuple(self.undated),
            tuple(self.closed),
        )

    def _await(self, constraint: str, rule: Declaration) -> None:
        """Let everything wait for a check that is not a yes, or note that it has no date."""
        if isinstance(rule, Standing) and rule.forbids and rule.expected is not None:
            zone = self.case.world.location[self.case.case.location].timezone
            wait = max(midnight(rule.expected, zone) - self.case.world.as_of, timedelta())
            node: Node = ("check", constraint, rule)
            self._follow(NOW, node, wait, ("expected", constraint, rule))
            self._follow(node, READY, timedelta())
        elif _undated(rule):
            self.undated[constraint] = None

    def _lay(self, leg: Leg) -> None:
        """Place the edges of a leg, each after the one before it, its leads and its windows."""
        node = READY
        if leg == "removal" and self.case.chained:
            node = self.at["placement", _EDGES["placement"][-1]]
        last: Edge | None = None
        for edge in _EDGES[leg]:
            here: Node = (leg, edge)
            self._follow(node, here, _least(self.case.legs[leg], last, edge), ACTING)
            self._lead(leg, edge, here)
            node = self.at[leg, edge] = self._push(leg, edge, here)
            last = edge

    def _lead(self, leg: Leg, edge: Edge, here: Node) -> None:
        ready = self.moment[READY]
        for constraint, rule in self.case.declared[leg]:
            if isinstance(rule, After) and rule.edge == edge and rule.departures is None:
                self._follow(READY, here, rule.since(ready) - ready, ("lead", constraint.id, rule))
        for name, span in self.case.spans if leg == "removal" else ():
            if span.last == edge and span.at_least:
                passed = timedelta(minutes=span.at_least)
                begin = self.at["placement", span.first]
                self._follow(begin, here, passed, ("elapsed", name, span))

    def _push(self, leg: Leg, edge: Edge, node: Node) -> Node:
        """Move ``edge`` on until every window that begins with it is open; return where it is."""
        windows = [
            (constraint.id, rule)
            for constraint, rule in self.case.declared[leg]
            if isinstance(rule, Inside) and rule.first == edge
        ]
        settled = False
        while not settled:
            settled = True
            for constraint, rule in windows:
                opens = _opens(rule, self.moment[node])
                if opens is None and not rule.daily:
                    (self.closed if rule.known else self.undated)[constraint] = None
                elif opens is not None and opens > self.moment[node]:
                    node = self._wait(node, (leg, edge, opens), opens, constraint, rule)
                    settled = False
        return node

    def _wait(
        self, node: Node, after: Node, opens: datetime, constraint: str, rule: Inside
    ) -> Node:
        """Let ``after`` wait for a window: from now on, or from ``node`` if that came too late."""
        cause: Cause = ("window", constraint, rule)
        if _opens(rule, self.moment[NOW]) == opens:
            self._follow(node, after, timedelta())
            self._follow(NOW, after, opens - self.moment[NOW], cause)
        else:
            self._follow(node, after, opens - self.moment[node], cause)
        return after

    def _follow(
        self, before: Node, after: Node, length: timedelta, cause: Cause | None = None
    ) -> None:
        """Let ``after`` come no sooner than ``length`` after ``before``."""
        moment = self.moment[before] + length
        self.moment[after] = max(moment, self.moment.get(after, moment))
        weight = length // _TICK
        if (
            not self.graph.has_edge(before, after)
            or self.graph.edges[before, after]["weight"] < weight
        ):
            self.graph.add_edge(before, after, weight=weight, cause=cause)

    def _critical(self, target: Node) -> Iterator[Step]:
        """Yield the longest path, what passes between acts put together."""
        graph = self.graph.subgraph({target, *nx.ancestors(self.graph, target)}).copy()
        ample = sum(abs(edge["weight"]) for _, _, edge in graph.edges.data()) + 1
        graph.add_edge(target, END, weight=ample, cause=None)
        moment = self.moment[NOW]
        causes: list[tuple[Cause | None, datetime]] = []
        for before, after, edge in (
            (before, after, graph.edges[before, after])
            for before, after in pairwise(nx.dag_longest_path(graph)[:-1])
        ):
            assert self.moment[before] == moment
            moment = self.moment[after]
            if edge["cause"] == ACTING and causes and causes[-1][0] == ACTING:
                causes.pop()
            causes.append((edge["cause"], moment))
        since = self.moment[NOW]
        for cause, until in causes:
            if cause is not None and until > since:
                yield Step(*cause, since, until)
            since = until


_TICK = timedelta(microseconds=1)
_EDGES: dict[Leg, tuple[Edge, ...]] = {
    "placement": tuple((act, side) for act in ACTS["placement"] for side in ("start", "end")),
    "removal": tuple((act, side) for act in ACTS["removal"] for side in ("start", "end"))[:-1],
}
"""The edges of each leg in order; nothing waits for the end of the departure."""


def _undated(rule: Declaration) -> bool:
    """Return whether a check stands in the way of which nobody has said when it will turn."""
    if isinstance(rule, Due):
        return any(answer.value == "no" for answer in rule.answers)
    return isinstance(rule, Standing) and rule.forbids


def _opens(rule: Inside, moment: datetime) -> datetime | None:
    """Return the first moment from ``moment`` on at which a window is open; None when none is."""
    return min(
        (max(since, moment) for since, until in rule.stretches if moment <= until), default=None
    )


def _least(of: CaseLeg, first: Edge | None, last: Edge) -> timedelta:
    """Return the least time between two edges over all layouts; acts of one phase go back."""
    if first is None:
        return timedelta()
    apart = (slots[last] - slots[first] for slots in of.outlines)
    return min(apart, default=0) * timedelta(minutes=of.readings.world.grid.minutes)
