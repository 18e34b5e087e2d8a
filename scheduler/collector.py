"""The garbage collector, paused while much is made that stays; memory given back."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def paused() -> Iterator[None]:
    """Spare planning a third of its time: it makes no cycles, and much that stays.

    What was made is old when the collector goes on, so that it is not all looked through at once.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def give_back() -> None:
    """Give the system back what was freed but kept (glibc; elsewhere nothing happens)."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
