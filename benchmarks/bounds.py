"""The bounds kept beside the fixtures: stronger than there is time for while planning.

Run ``python -m benchmarks.bounds [SECONDS]``; it branches on each world for up to so many seconds
(ten minutes by default) and writes ``fixtures/bounds.json``. The bound of the weighted number
planned holds for plans with as few cases past a legal end as the first plan has.
"""

import json
import sys
import time
from pathlib import Path

from benchmarks.peers.worlds import EUROPE, NATIONAL
from constraints.register import REGISTER
from scheduler.bound import prove, prove_whole, relax
from scheduler.construction import construct
from scheduler.planner import HEADLINE
from scheduler.task import prepare
from scheduler.world import World

KEPT = Path(__file__).parents[1] / "fixtures" / "bounds.json"


def kept(world: World) -> dict[str, int]:
    """Return the bounds per level that are kept of ``world``; LookupError when there are none."""
    for one in json.loads(KEPT.read_text(encoding="utf-8")).values():
        if one["world"] == world.fingerprint:
            bounds: dict[str, int] = one["bounds"]
            return bounds
    raise LookupError("no bounds are kept of this world: python -m benchmarks.bounds")


def strongest(world: World, seconds: float) -> dict[str, int]:
    """Return the bounds of the headline that so many seconds of branching give."""
    task = prepare(world, REGISTER)
    first = construct(task.cases, task.valuation, task.occupancy)
    values = task.value(first)
    task.release(first)
    parts = [relax(part, task.valuation, task.occupancy) for part in task.parts]
    proven = prove(parts, values, levels=HEADLINE)
    return {level: prove_whole(parts, proven, seconds)[level] for level in HEADLINE}


def main(seconds: float) -> None:
    """Bind every world and keep what is found."""
    found = {}
    for setting in (*NATIONAL, *EUROPE):
        world = setting.world()
        began = time.monotonic()
        bounds = strongest(world, seconds)
        found[setting.name] = {"world": world.fingerprint, "bounds": bounds}
        print(f"{setting.name}: {bounds} in {time.monotonic() - began:.0f} s", flush=True)
        KEPT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 600.0)
