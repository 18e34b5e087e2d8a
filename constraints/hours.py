"""Local hours as the rule table writes them: ``07:00-20:00``."""

from datetime import date, datetime, time, timedelta

from scheduler.grid import midnight
from scheduler.rule import Rule


def opening_hours(rule: Rule) -> tuple[time, time]:
    """Return the two times of a row in local hours; ValueError when it is not two times."""
    opens, closes = str(rule.figure).split("-")
    return time.fromisoformat(opens), time.fromisoformat(closes)


def last_moment(day: date, zone: str) -> datetime:
    """Return the last instant of the local ``day``, the midnight after it excluded."""
    return midnight(day + timedelta(days=1), zone) - timedelta(microseconds=1)
