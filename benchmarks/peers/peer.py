"""What a peer is: a module with a ``search``, the rules it ``CANNOT`` keep to, and how it works.

``search(problem, seconds, seed, report)`` calls ``report`` with an answer whenever it has a better
one, and returns by itself when it is done or its time is over. ``ANYTIME`` says whether it reports
on its way; one that does not is run once for each time limit, as it could use all of each.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

from benchmarks.peers.problem import Answer, Problem

Report = Callable[[Answer], None]
"""Called with every better answer; the moment of the call is what counts."""


class Peer(Protocol):
    """A module of this package that puts a solver to work."""

    CANNOT: tuple[str, ...]
    ANYTIME: bool

    def search(self, problem: Problem, seconds: float, seed: int, report: Report) -> None:
        """Search for ``seconds`` at most, model building included."""


PEERS = {
    "CP-SAT": ("cp_sat", "ortools"),
    "PyJobShop": ("py_job_shop", "pyjobshop"),
    "HiGHS": ("highs", "ortools"),
    "Timefold": ("timefold", "timefold"),
    "SolverForge": ("solverforge", "solverforge_legacy"),
}
"""The peers by name: their module in this package, and the module it needs."""


def available() -> tuple[str, ...]:
    """Return the peers whose module and package are there."""
    return tuple(
        name
        for name, (module, package) in PEERS.items()
        if find_spec(f"benchmarks.peers.{module}") and find_spec(package)
    )


def peer(name: str) -> Peer:
    """Return the peer ``name``; ModuleNotFoundError when its package is not installed."""
    module: Peer = import_module(f"benchmarks.peers.{PEERS[name][0]}")
    return module
