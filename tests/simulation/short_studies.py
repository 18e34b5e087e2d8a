"""Studies that take no time: what is done with replications, whatever they count."""

import os
import signal
import time
from functools import partial
from pathlib import Path

import numpy as np
from scheduler.simulation.chance import Chance

from scheduler.simulation.replications import Counts, Replicate, Study

DRAWN = 5


def drawn(number: int) -> Counts:
    """Count draws that depend on the number alone."""
    draws = Chance(7, number, DRAWN).of("draws")[:, 0]
    return {"draws": draws, "names": np.array([f"case-{n}" for n in range(DRAWN)])}


def drawing() -> Replicate:
    """Compile a study of draws."""
    return drawn


def logging(log: Path) -> Replicate:
    """Compile a study that writes down which replications are done."""

    def replicate(number: int) -> Counts:
        with log.open("a") as to:
            to.write(f"{number}\n")
        time.sleep(0.03)
        return drawn(number)

    return replicate


def dying(mark: Path, deaths: int) -> Replicate:
    """Compile a study whose workers are killed so many times, in the middle of a replication."""

    def replicate(number: int) -> Counts:
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
