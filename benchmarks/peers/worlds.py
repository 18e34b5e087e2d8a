"""The worlds that solvers are compared on: generators with their arguments, or a world file."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from api.desk import open_world
from constraints.register import REGISTER
from fixtures.worlds import canonical
from scheduler.loading import parse_world
from scheduler.world import World


@dataclass(frozen=True, slots=True)
class Setting:
    """A world by name: what ``function`` of ``module`` returns, or the file at ``module``."""

    name: str
    module: str
    function: str = ""
    arguments: Mapping[str, int | float] | None = None

    def write(self, path: Path) -> World:
        """Write the world to ``path`` and return it as read from there."""
        path.write_text(self._text(), encoding="utf-8")
        return open_world(path)

    def world(self) -> World:
        """Return the world."""
        return parse_world(self._text(), REGISTER)

    def _text(self) -> str:
        if not self.function:
            return Path(self.module).read_text(encoding="utf-8")
        generator = getattr(import_module(self.module), self.function)
        return canonical(generator(**self.arguments or {}))


def _supplied(name: str, module: str, supply: float) -> Setting:
    if supply == 1.0:
        return Setting(name, module, name.lower())
    return Setting(f"{name}, supply {supply}", module, name.lower(), {"supply": supply})


SUPPLIES = 1.0, 0.7, 0.5
NATIONAL = tuple(_supplied("national", "fixtures.national", one) for one in SUPPLIES)
EUROPE = tuple(_supplied("Europe", "fixtures.europe", one) for one in SUPPLIES)
SMALL = Setting("national, 12 cases", "fixtures.national", "national", {"cases": 12})
SETTINGS = {one.name: one for one in (SMALL, *NATIONAL, *EUROPE)}
"""The worlds by name."""
WORLDS = (SMALL, *NATIONAL[:2], *EUROPE[:2])
"""Those of the whole comparison: with supply 0.5 as well it would not fit in an hour."""
SHORT = (SMALL, NATIONAL[1])
