"""Files for tests: tables written down as text, read onto the tiny world."""

from collections.abc import Callable, Mapping
from functools import cache

import pandas as pd

from api.imports.brought import Brought
from api.imports.cases import Cases, read_cases
from api.imports.departures import Departures, read_departures
from api.imports.roads import Roads, read_roads
from api.imports.rosters import Roster, read_roster
from api.imports.tables import read_table
from constraints.register import REGISTER
from fixtures.tiny import tiny
from fixtures.worlds import canonical
from scheduler.loading import parse_world
from scheduler.world import World

READERS: Mapping[str, Callable[[pd.DataFrame], Roster | Departures | Cases | Roads]] = {
    "rosters": read_roster,
    "departures": read_departures,
    "cases": read_cases,
    "roads": read_roads,
}


@cache
def world() -> World:
    """Return the tiny world, of which nothing is booked."""
    return parse_world(canonical(tiny()), REGISTER)


def table(text: str) -> pd.DataFrame:
    """Return the table of a text whose lines are rows and whose cells semicolons part."""
    return read_table("\n".join(one.strip() for one in text.strip().splitlines()).encode())


def brought(kind: str, text: str, onto: World | None = None) -> Brought:
    """Return what a table brings to a world."""
    return READERS[kind](table(text)).onto(world() if onto is None else onto)
