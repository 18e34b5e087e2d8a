"""SolverForge: the solver for Python of theirs that runs here, a fork of Timefold's.

- ``solverforge`` 0.2 holds no solver. It asks a service over HTTP that it fetches from Maven
  Central (Java 24 or later): without it, ``SolverFactory.create`` and ``ensure_service`` end in
  *solverforge-wasm-service submodule not found*.
- ``solverforge`` 0.3 and later holds one, in Rust, for CPython 3.14 alone.
- ``solverforge-legacy`` 1.24 is the fork, on the solver core of Timefold 1.24. It is what runs
  here, on the model of :mod:`benchmarks.peers.timefold`; what differs is who maintains it.

A process has one virtual machine: whichever of the two peers comes first lends it to the other.
"""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from benchmarks.peers.peer import Report
from benchmarks.peers.problem import Problem

CANNOT: tuple[str, ...] = ()


def _model() -> ModuleType:
    """Return the model of the Timefold peer, made with the fork's classes."""
    name = f"{__name__}_model"
    spec = spec_from_file_location(name, Path(__file__).with_name("timefold.py"))
    if spec is None or spec.loader is None:
        raise ImportError("the model of the Timefold peer is not there")
    module = module_from_spec(spec)
    module.PACKAGE = "solverforge_legacy"  # type: ignore[attr-defined]
    # Known by name before it runs: its classes are looked up there as they are translated.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


MODEL = _model()


def search(problem: Problem, seconds: float, seed: int, report: Report) -> None:
    """Search for ``seconds``, handing over included."""
    MODEL.search(problem, seconds, seed, report)
