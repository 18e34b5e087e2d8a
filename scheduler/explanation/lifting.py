"""When a condition lifts by itself: a check turns, a lead is over, a window opens."""

from datetime import date

from scheduler.constraint import After, Declaration, Inside, Standing
from scheduler.explanation.earliest import Earliest
from scheduler.explanation.signature import Explanation, Signature
from scheduler.grid import local_date
from scheduler.layout import Condition
from scheduler.pattern import CasePatterns


def lifts(explanation: Explanation, path: Earliest) -> dict[Condition, date | None]:
    """Return when each condition of a correction set lifts by itself; None when nobody knows.

    Only one whose cure is a date ever does.
    """
    case, register = explanation.case, explanation.register
    zone = case.world.location[case.case.location].timezone
    lifted: dict[Condition, date | None] = {}
    none: Signature = frozenset()
    for condition in none.union(*explanation.correction_sets):
        rules = [
            rule
            for scope in case.declared.values()
            for constraint, rule in scope
            if constraint.id == condition.constraint
        ]
        days = [_lifts(rule, path, zone) for rule in rules if _closes(rule, case)]
        dated = condition.layer == "rule" and register[condition.constraint].cure == "date"
        lifted[condition] = (
            max((one for one in days if one is not None), default=None)
            if dated and None not in days
            else None
        )
    return lifted


def _closes(rule: Declaration, case: CasePatterns) -> bool:
    """Return whether a declaration can be what forbids now, and lets go in time."""
    if isinstance(rule, Standing):
        return rule.forbids
    if isinstance(rule, Inside):
        return not rule.known or all(
            not since <= case.world.as_of <= until for since, until in rule.stretches
        )
    return isinstance(rule, After)


def _lifts(rule: Declaration, path: Earliest, zone: str) -> date | None:
    if isinstance(rule, Standing):
        today = local_date(path.now, zone)
        return None if rule.expected is None else max(rule.expected, today)
    if isinstance(rule, After):
        return local_date(rule.since(path.ready), zone)
    if isinstance(rule, Inside) and rule.known:
        opens = [since for since, until in rule.stretches if until >= path.now]
        return local_date(max(min(opens), path.now), zone) if opens else None
    return None
