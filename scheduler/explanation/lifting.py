"""When a condition lifts by itself: a check turns, a lead is over, a window opens."""

from datetime import date, datetime

from scheduler.constraint import After, Declaration, Inside, Standing
from scheduler.explanation.earliest import Earliest
from scheduler.explanation.signature import Explanation, Signature
from scheduler.grid import local_date
from scheduler.layout import Condition
from scheduler.pattern import CasePatterns


def lifts(explanation: Explanation, path: Earliest) -> dict[Condition, date | None]:
    """Return when each condition of a correction set lifts by itself; None when nobody knows.

    A lead or a window that ends within the horizon lifts nothing: the departures after it are there
    already, and something else is in their way.
    """
    case = explanation.case
    none: Signature = frozenset()
    lifted: dict[Condition, date | None] = {}
    for condition in none.union(*explanation.correction_sets):
        days = [
            _day(rule, path, case)
            for scope in case.declared.values()
            for constraint, rule in scope
            if constraint.id == condition.constraint and _bars(rule, case)
        ]
        known = [day for day in days if day is not None and condition.layer == "rule"]
        lifted[condition] = max(known) if known and len(known) == len(days) else None
    return lifted


def _bars(rule: Declaration, case: CasePatterns) -> bool:
    """Return whether a declaration forbids something between now and the end of the horizon."""
    if isinstance(rule, Standing):
        return rule.forbids
    if isinstance(rule, Inside):
        now, end = case.world.as_of, case.world.grid.end
        return not any(since <= now and end <= until for since, until in rule.stretches)
    return isinstance(rule, After)


def _day(rule: Declaration, path: Earliest, case: CasePatterns) -> date | None:
    """Return the day from which a declaration forbids nothing more."""
    zone, end = case.world.location[case.case.location].timezone, case.world.grid.end
    if isinstance(rule, Standing):
        today = local_date(path.now, zone)
        return None if rule.expected is None else max(rule.expected, today)
    opens: list[datetime] = []
    if isinstance(rule, After):
        opens = [rule.since(path.ready)]
    elif isinstance(rule, Inside) and rule.known and not rule.daily:
        opens = [since for since, until in rule.stretches if until >= end]
    return local_date(min(opens), zone) if opens and min(opens) >= end else None
