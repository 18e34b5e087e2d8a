"""Days as pages are asked for them: near enough for every calendar that is drawn from them."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, TypeAdapter

FIRST, LAST = 2000, 2100
"""The years that a page knows."""


def _near(day: date) -> date:
    if not FIRST <= day.year <= LAST:
        raise ValueError(f"lies in no year from {FIRST} to {LAST}")
    return day


Day = Annotated[date, AfterValidator(_near)]
"""A day of an address or a form."""
DAYS = TypeAdapter[date](Day)
"""Reads a day as it was typed; ValueError where it is none."""
