"""The dated rule table: every figure of law, policy or field practice, with its basis and mark."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, TypeAdapter

from scheduler.world import Part, Tag

Cure = Literal["capacity", "release", "date", "none"]
"""What can lift a constraint: more of something, another booking moved, time, or nothing."""

Unit = Literal[
    "minutes",
    "hours",
    "days",
    "weeks",
    "months",
    "years",
    "working-days",
    "count",
    "local-hours",
    "mode",
    "order",
    "nights",
]
_MINUTES = {
    "minutes": 1,
    "hours": 60,
    "days": 1440,
    "weeks": 7 * 1440,
    "months": 30 * 1440,
    "years": 365 * 1440,
}


class Rule(Part):
    """A row of the table. ``applies`` narrows it: operation, ground, regime, carrier, phase ...

    ``mark``: V read in the statute or official page, S in a secondary source, M a parameter.
    A month is 30 days (circular of 2013, mark S).
    """

    id: Tag
    figure: int | str
    unit: Unit
    basis: str
    mark: Literal["V", "S", "M"]
    valid_from: date
    valid_to: date | None = None
    light: Tag
    owner: str
    trigger: str
    applies: dict[str, tuple[str, ...]] = Field(default={})
    cure: Cure

    @property
    def minutes(self) -> int:
        """The figure as minutes; ValueError when it is not a duration."""
        if isinstance(self.figure, str) or self.unit not in _MINUTES:
            raise ValueError(f"rule {self.id} is not a duration: {self.figure} {self.unit}")
        return self.figure * _MINUTES[self.unit]

    @property
    def number(self) -> int:
        """The figure as a number; ValueError when it is words."""
        if isinstance(self.figure, str):
            raise ValueError(f"rule {self.id} is not a number: {self.figure}")
        return self.figure


@dataclass(frozen=True)
class RuleTable:
    """The rows in force on one date."""

    rows: tuple[Rule, ...]

    def on(self, day: date) -> "RuleTable":
        """Return the rows in force on ``day``."""
        return RuleTable(
            tuple(
                row
                for row in self.rows
                if row.valid_from <= day and (row.valid_to is None or day <= row.valid_to)
            )
        )

    def select(self, rule: str, **attributes: str | None) -> tuple[Rule, ...]:
        """Return the rows of ``rule`` whose every ``applies`` key admits the attribute given."""
        key = rule, *attributes.items()
        rows = self._selected.get(key)
        if rows is None:
            rows = self._selected[key] = tuple(
                row
                for row in self._by_id.get(rule, ())
                if all(attributes.get(key) in allowed for key, allowed in row.applies.items())
            )
        return rows

    @cached_property
    def _selected(self) -> dict[object, tuple[Rule, ...]]:
        return {}

    @cached_property
    def _by_id(self) -> dict[str, list[Rule]]:
        rows: dict[str, list[Rule]] = {}
        for row in self.rows:
            rows.setdefault(row.id, []).append(row)
        return rows

    def one(self, rule: str, **attributes: str | None) -> Rule:
        """Return the most particular row that applies; LookupError when the table has none."""
        rows = self.select(rule, **attributes)
        if not rows:
            raise LookupError(f"no row of rule {rule} is in force for {attributes}")
        return max(rows, key=lambda row: len(row.applies))


@lru_cache
def load_rules(path: Path) -> RuleTable:
    """Read a TOML file of ``[[rule]]`` tables; ValidationError lists every row that is wrong."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["rule"]
    return RuleTable(tuple(TypeAdapter(list[Rule]).validate_python(rows, strict=False)))
