"""Studies that take no time: what is done with replications, whatever they count."""

import os
import signal
import time
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from scheduler.simulation.chance import Chance
from scheduler.simulation.replications import Replicate, Study
from scheduler.simulation.tally import Tally

DRAWN = 5


def drawn(number: int) -> Tally:
    """Return a tally of draws that depend on the number alone."""
    draws = Chance(7, number, DRAWN).of("draws")
    counts = (100 * draws[:, 0]).astype(np.int64)
    arrays: dict[str, Any] = {one.name: counts for one in fields(Tally)}
    arrays |= {"waits": draws, "used": draws[:, 1]}
    return Tally(**arrays)


def drawing() -> Replicate:
    """Compile a study of draws."""
    return drawn


def logging(log: Path) -> Replicate:
    """Compile a study that writes down which replications are done."""

    def replicate(number: int) -> Tally:
        with log.open("a") as to:
            to.write(f"{number}\n")
        time.sleep(0.03)
        return drawn(number)

    return replicate


def dying(mark: Path, deaths: int) -> Replicate:
    """Compile a study whose workers are killed so many times, in the middle of a replication."""

    def replicate(number: int) -> Tally:
        died = len(list(mark.glob("*")))
        if number >= 2 and died < deaths:
            (mark / f"{number}-{time.monotonic_ns()}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return drawn(number)

    return replicate


def study(count: int = 6) -> Study:
    """Return a study of draws."""
    return Study("draws", count, drawing)


def logged(log: Path, count: int = 6) -> Study:
    """Return a study of the same draws, which tells what is done of it."""
    return Study(f"draws-{log.parent.name}"[-16:], count, partial(logging, log))


def deadly(mark: Path, deaths: int, count: int = 6) -> Study:
    """Return a study of the same draws, which kills who works on it so many times."""
    return Study(f"draws-{mark.parent.name}"[-16:], count, partial(dying, mark, deaths))
