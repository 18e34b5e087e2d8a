"""Witnesses: one pattern that keeps an explanation true for as long as bookings leave it alone.

Where some pattern is forbidden by standing checks alone, these are the only correction set,
whatever else is booked. So nobody need ask again while that one pattern is left.
"""

from scheduler.explanation.margin import margin_of
from scheduler.explanation.signature import Explanation, first_of
from scheduler.pattern import Pattern


def witness(explanation: Explanation) -> Pattern | None:
    """Return a pattern that keeps the lights as they are while it is left; None without any.

    Of a case that is open it is one that is near no legal end, so that no light turns tight.
    """
    case = explanation.case
    tight = case.patterns.register.tight(case.world.rules_date)
    for way in explanation.hopeful_ways():
        pattern = first_of(case, way)
        if not explanation.is_open or margin_of(case, pattern) >= tight:
            return pattern
    return None
