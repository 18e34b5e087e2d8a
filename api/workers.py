"""Who works on a simulation: processes of this machine, or a Dask cluster elsewhere."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from scheduler.simulation.replications import Pool

PATIENCE = 10
"""Seconds to wait for a cluster to answer."""
RETRIES = 3
"""How often a cluster does again what was lost with one of its workers."""


class NoClusterError(ConnectionError):
    """There is no cluster at an address, or nothing installed to ask it with."""


def cluster(address: str) -> Pool:
    """Return the workers of the Dask cluster whose scheduler is at ``address``.

    They need this package, in the same version. Opening raises NoClusterError when nobody answers.
    """

    @contextmanager
    def opened() -> Iterator[Executor]:
        try:
            from distributed import Client
        except ImportError:
            says = "the extra is not installed: pip install 'regietafel[cluster]'"
            raise NoClusterError(says) from None
        try:
            client = Client(  # type: ignore[no-untyped-call]
                address, timeout=PATIENCE, set_as_default=False
            )
        except (OSError, TimeoutError, ValueError) as error:
            raise NoClusterError(f"no cluster answers at {address}: {error}") from None
        with client:
            executor: Executor = client.get_executor(  # type: ignore[no-untyped-call]
                retries=RETRIES
            )
            with executor:
                yield executor

    return Pool(opened)
