"""Working days: weekends and public holidays as policy, by the ``holidays`` package."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

import holidays


def knows(country: str) -> bool:
    """Return whether public holidays of ``country`` (ISO 3166) are known."""
    return country in holidays.list_supported_countries(include_aliases=False)


@lru_cache(maxsize=256)
def public_holidays(country: str | None, year: int) -> frozenset[date]:
    """Return the public holidays of ``country`` in ``year``; none without a country."""
    return frozenset(holidays.country_holidays(country, years=year)) if country else frozenset()


@lru_cache(maxsize=256)
def closed_days(country: str | None, first: date, last: date) -> frozenset[date]:
    """Return the weekend days and public holidays from ``first`` to ``last`` inclusive."""
    return frozenset(
        day
        for day in _days(first, last)
        if day.weekday() >= 5 or day in public_holidays(country, day.year)
    )


def working_day(start: date, lead: int, country: str | None) -> date:
    """Return the day that lies ``lead`` working days after ``start`` (``start`` not counted)."""
    day = start
    while lead > 0:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in public_holidays(country, day.year):
            lead -= 1
    return day


def _days(first: date, last: date) -> Iterator[date]:
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)
