"""How much is taken of facilities and departures, as the claims in the database tell."""

from collections.abc import Collection

from sqlalchemy import func, select

from api.store.database import Database
from api.store.tables import CLAIMS

Used = dict[tuple[str, int], dict[str, int]]
"""How many of a unit each booking takes in a cell."""


def used(database: Database, units: Collection[str], first: int, last: int) -> Used:
    """Return how many of these units each booking takes, in the cells from ``first`` to ``last``.

    The claims of a hold that ran out stay until somebody writes: who asks looks past them.
    """
    asked = (
        select(CLAIMS.c.unit, CLAIMS.c.cell, CLAIMS.c.booking_id, func.count())
        .where(CLAIMS.c.unit.in_(units), CLAIMS.c.cell.between(first, last))
        .group_by(CLAIMS.c.unit, CLAIMS.c.cell, CLAIMS.c.booking_id)
    )
    found: Used = {}
    with database.reading() as connection:
        for unit, cell, booking, count in connection.execute(asked):
            found.setdefault((unit, cell), {})[booking] = count
    return found
