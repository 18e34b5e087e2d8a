"""Compare us with peers on the same worlds, objective and time, on two cores.

Run ``python -m benchmarks.peers [--short] [--peer NAME ...] [--world FILE ...] [--out FOLDER]``. It
writes ``table.md`` and, where Altair is installed, ``quality.svg``, and ends with an error when a
peer had the better plan anywhere. Peers that are not installed are left out.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.peers.peer import available
from benchmarks.peers.problem import Compiled, compiled
from benchmarks.peers.runner import US, Run, run_peer, run_us
from benchmarks.peers.table import Compared, table, worse
from benchmarks.peers.worlds import SHORT, WORLDS, Setting
from constraints.register import REGISTER
from scheduler.world import World

LIMITS = (1.0, 10.0, 60.0)
SEED = 0


def main(arguments: Sequence[str]) -> int:
    """Run everything that is asked for; return 1 when we are worse anywhere."""
    asked = _asked(arguments)
    limits = LIMITS[:2] if asked.short else LIMITS
    settings = [Setting(Path(one).stem, one) for one in asked.world] or [
        one for one in (SHORT if asked.short else WORLDS) if one.there
    ]
    on = machine()
    worlds: list[Compared] = []
    asked.out.mkdir(parents=True, exist_ok=True)
    for setting in settings:
        worlds.append(compared(setting, asked.peer or available(), limits))
        # After each world, so that an hour is not lost when one fails.
        page = table(worlds, limits, on)
        (asked.out / "table.md").write_text(page, encoding="utf-8")
    if find_spec("altair"):
        from benchmarks.peers.plot import draw

        draw(worlds, limits[-1], asked.out / "quality.svg")
    print(page)
    return 1 if worse(worlds, limits) else 0


def compared(setting: Setting, peers: Sequence[str], limits: Sequence[float]) -> Compared:
    """Run us and the peers on one world, one after the other."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "world.json"
        world = setting.write(path)
        began = time.monotonic()
        stated = compiled(world, REGISTER)
        found = Compared(setting.name, _size(world), time.monotonic() - began)
        found.runs[US] = [run_us(stated, path, limit, SEED) for limit in limits]
        _tell(setting, found.runs[US])
        for one in peers:
            found.runs[one] = _runs(one, stated, limits, folder)
            _tell(setting, found.runs[one])
    return found


def _runs(name: str, stated: Compiled, limits: Sequence[float], folder: Path) -> list[Run]:
    """Run a peer once when it reports on its way, else once for each limit."""
    whole = run_peer(name, stated, limits[-1], SEED, folder)
    if whole.anytime or whole.note:
        return [whole]
    return [*(run_peer(name, stated, limit, SEED, folder) for limit in limits[:-1]), whole]


def _size(world: World) -> str:
    return (
        f"{len(world.cases)} cases, {len(world.resources)} resources, "
        f"{len(world.departures):,} departures"
    )


def _tell(setting: Setting, runs: Sequence[Run]) -> None:
    for run in runs:
        last = run.points[-1].values if run.points else "no plan"
        print(f"{setting.name}: {run.solver} in {run.limit:g} s: {last}", file=sys.stderr)


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--short", action="store_true", help="two worlds and ten seconds")
    parser.add_argument("--peer", action="append", default=[], help="only this peer (repeatable)")
    parser.add_argument("--world", action="append", default=[], help="only this world file")
    parser.add_argument("--out", type=Path, default=Path("build/peers"), help="where to write")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
