"""What a peer is: a module with a ``search``, the rules it ``CANNOT`` keep to, and how it works.

``search(problem, seconds, seed, report)`` calls ``report`` with an answer whenever it has a better
one, and returns by itself when it is done or its time is over.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple, Protocol

from benchmarks.peers.problem import Answer, Problem

Report = Callable[[Answer], None]
"""Called with every better answer; the moment of the call is what counts."""


class Peer(Protocol):
    """A module of this package that puts a solver to work."""

    CANNOT: tuple[str, ...]

    def search(self, problem: Problem, seconds: float, seed: int, report: Report) -> None:
        """Search for ``seconds`` at most, model building included."""


class Known(NamedTuple):
    """A peer's module in this package, the module it needs, and whether it reports on its way.

    One that does not is run once for each time limit, as it could use all of each.
    """

    module: str
    package: str
    anytime: bool = True


PEERS = {
    "CP-SAT": Known("cp_sat", "ortools"),
    "PyJobShop": Known("py_job_shop", "pyjobshop"),
    "HiGHS": Known("highs", "ortools", anytime=False),
    "Timefold": Known("timefold", "timefold"),
    "SolverForge": Known("solverforge", "solverforge_legacy"),
}
"""The peers by name."""


def available() -> tuple[str, ...]:
    """Return the peers whose package is installed."""
    return tuple(name for name, known in PEERS.items() if find_spec(known.package))


def peer(name: str) -> Peer:
    """Return the peer ``name``; ModuleNotFoundError when its package is not installed."""
    module: Peer = import_module(f"benchmarks.peers.{PEERS[name].module}")
    return module
