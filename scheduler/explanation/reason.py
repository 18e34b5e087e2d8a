"""Reasons in a sentence: the least that would have to change, in English."""

from dataclasses import fields

from scheduler.constraint import Attendance, Declaration, Register
from scheduler.explanation.cure import headline
from scheduler.explanation.signature import Explanation
from scheduler.layout import Condition


def reason(explanation: Explanation) -> str:
    """Return the correction set that is easiest to lift as a sentence, joined by "and"."""
    least = headline(explanation)
    if least is None:
        return "the roads, the templates and the horizon leave no moment at all"
    register = explanation.register
    order = {one.id: n for n, one in enumerate(register.constraints)}
    return " and ".join(
        sentence(register, one, explanation.says(one))
        for one in sorted(least, key=lambda one: (order[one.constraint], one))
    )


def sentence(register: Register, condition: Condition, rule: Declaration) -> str:
    """Return what a condition says, with what its declaration asks filled in."""
    words = {one.name: _word(getattr(rule, one.name)) for one in fields(rule)}
    return f"{register[condition.constraint].says.en.format_map(words)}{_layer(condition, rule)}"


def _layer(condition: Condition, rule: Declaration) -> str:
    if not condition.known:
        return " (not known)"
    if condition.layer == "claimed":
        return " (taken by other bookings)"
    if condition.layer == "rule":
        return ""
    return " (not rostered)" if isinstance(rule, Attendance) else " (even without other bookings)"


def _word(value: object) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value)))
    return str(value)
