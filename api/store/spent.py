"""What counts no more, though its signature is good: logins that were answered, or were ended."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from api.store.database import Database
from api.store.logs import moment
from api.store.tables import SPENT


@dataclass(frozen=True, slots=True)
class Spent:
    """What counts no more in any process that shares the store; ``now`` is the store's clock."""

    database: Database
    now: Callable[[], datetime]

    def __contains__(self, name: str) -> bool:
        asked = select(SPENT.c.key).where(SPENT.c.key == _key(name))
        with self.database.reading() as connection:
            return connection.execute(asked).first() is not None

    def spend(self, name: str, seconds: float) -> bool:
        """Note that something counts no more, and return whether it did until now.

        After so many ``seconds`` it would not count anyway, and need not be known any longer.
        """
        until = moment(self.now() + timedelta(seconds=seconds))
        try:
            with self.database.noting() as connection:
                connection.execute(insert(SPENT), {"key": _key(name), "until": until})
        except IntegrityError:
            return False
        return True


def _key(name: str) -> str:
    """Return what is kept of a name, of which nothing can be made that counts."""
    return hashlib.sha256(name.encode()).hexdigest()
