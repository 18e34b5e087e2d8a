"""Stopping on request: a solver at work in native code is interrupted from beside it."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from threading import Event, Thread
from typing import TypeVar

Stop = Callable[[], bool]
"""Whether to stop; may be asked often, and from another thread."""
PAUSE = 0.02
"""Seconds between two times of asking, a fifth of what a stop may take."""


def never() -> bool:
    """Do not stop."""
    return False


T = TypeVar("T")


def until(stop: Stop, items: Iterable[T]) -> Iterator[T]:
    """Yield ``items``, asking before each.

    Raises
    ------
    CancelledError
        When ``stop`` says so.
    """
    for item in items:
        if stop():
            raise CancelledError
        yield item


@contextmanager
def interrupting(interrupt: Callable[[], object], stop: Stop) -> Iterator[None]:
    """Call ``interrupt`` soon after ``stop`` says so, as long as the body runs."""
    done = Event()

    def watch() -> None:
        while not done.wait(PAUSE):
            if stop():
                interrupt()
                return

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
