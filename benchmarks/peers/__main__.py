"""Compare us with peers on the same worlds, objective and time, on two cores.

Run ``.venv-bench/bin/python -m benchmarks.peers [--short] [--seeds N] [--peer-seeds N] [--peer NAME
...] [--world NAME|FILE ...] [--out FOLDER] [--plot FILE]``. It writes a table and a plot after each
world, and ends with an error when a peer had the better plan anywhere; where both are equal and
nothing proves that plan the best, it says so. Peers that are not installed are left out.

Each figure is the median of its seeds: three for us and one for peers, as three for all would take
more than two hours. No peer is without seeds: all of them draw lots.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bounds import kept
from benchmarks.machine import machine
from benchmarks.peers.peer import PEERS, available
from benchmarks.peers.plot import draw
from benchmarks.peers.problem import Compiled, compiled
from benchmarks.peers.runner import US, Run, run_peer, run_us
from benchmarks.peers.table import Compared, table, where
from benchmarks.peers.worlds import SETTINGS, SHORT, WORLDS, Setting
from constraints.register import REGISTER
from scheduler.objective import Objective
from scheduler.world import World

LIMITS = (1.0, 10.0, 60.0)
SEEDS = 3


def main(arguments: Sequence[str]) -> int:
    """Run everything that is asked for; return 1 when we are worse anywhere."""
    asked = _asked(arguments)
    limits = LIMITS[:2] if asked.short else LIMITS
    seeds = asked.seeds or (1 if asked.short else SEEDS)
    settings = [SETTINGS.get(one) or Setting(Path(one).stem, one) for one in asked.world]
    settings = settings or [*(SHORT if asked.short else WORLDS)]
    peers = asked.peer or available()
    most = len(settings) * budget(peers, limits, seeds, asked.peer_seeds)
    _tell(f"up to {most / 60:.0f} minutes of solving; loading and looking at plans come on top")
    on = machine()
    worlds: list[Compared] = []
    plot = asked.plot or asked.out / "quality.svg"
    asked.out.mkdir(parents=True, exist_ok=True)
    for setting in settings:
        worlds.append(compared(setting, peers, limits, seeds, asked.peer_seeds))
        # After each world, so that an hour is not lost when one fails.
        page = table(worlds, limits, on)
        (asked.out / "table.md").write_text(page, encoding="utf-8")
        draw(worlds, limits[-1], plot)
    print(page)
    return 1 if where(worlds, limits, "worse") else 0


def budget(peers: Sequence[str], limits: Sequence[float], seeds: int, peer_seeds: int) -> float:
    """Return the seconds of solving on one world, if nobody is done before the time is up."""
    theirs = sum(limits[-1] if PEERS[one].anytime else sum(limits) for one in peers)
    return seeds * sum(limits) + peer_seeds * theirs


def compared(
    setting: Setting, peers: Sequence[str], limits: Sequence[float], seeds: int, peer_seeds: int
) -> Compared:
    """Run us and the peers on one world, one after the other."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "world.json"
        world = setting.write(path)
        began = time.monotonic()
        stated = compiled(world, REGISTER)
        found = Compared(setting.name, _size(world), time.monotonic() - began, _kept(world))
        found.runs[US] = [
            _told(setting, run_us(stated, path, limit, seed))
            for seed in range(seeds)
            for limit in limits
        ]
        for one in peers:
            found.runs[one] = [
                _told(setting, run)
                for seed in range(peer_seeds)
                for run in _runs(one, stated, limits, seed, folder)
            ]
    return found


def _runs(
    name: str, stated: Compiled, limits: Sequence[float], seed: int, folder: Path
) -> list[Run]:
    """Run a peer once when it reports on its way, else once for each limit."""
    whole = run_peer(name, stated, limits[-1], seed, folder)
    if PEERS[name].anytime or whole.note:
        return [whole]
    return [*(run_peer(name, stated, limit, seed, folder) for limit in limits[:-1]), whole]


def _kept(world: World) -> Objective:
    try:
        return kept(world)
    except LookupError:
        return {}


def _size(world: World) -> str:
    return (
        f"{len(world.cases)} cases, {len(world.resources)} resources, "
        f"{len(world.departures):,} departures"
    )


def _told(setting: Setting, run: Run) -> Run:
    last = run.points[-1].values if run.points else "no plan"
    _tell(f"{setting.name}: {run.solver} in {run.limit:g} s: {last}")
    return run


def _tell(says: str) -> None:
    print(says, file=sys.stderr, flush=True)


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--short", action="store_true", help="two worlds, ten seconds, one seed")
    parser.add_argument("--seeds", type=int, help=f"for us; {SEEDS} unless it is short")
    parser.add_argument("--peer-seeds", type=int, default=1, help="for each peer")
    parser.add_argument(
        "--peer", action="append", default=[], choices=PEERS, help="only this peer (repeatable)"
    )
    parser.add_argument(
        "--world",
        action="append",
        default=[],
        help=f"only this world file, or one of: {'; '.join(SETTINGS)}",
    )
    parser.add_argument("--out", type=Path, default=Path("build/peers"), help="where to write")
    parser.add_argument("--plot", type=Path, help="where to draw, instead of quality.svg there")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
