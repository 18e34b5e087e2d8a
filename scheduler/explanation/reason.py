"""Reasons in a sentence: the least that would have to change, in English."""

from dataclasses import fields

from scheduler.constraint import Declaration, Register
from scheduler.explanation.signature import Explanation, Signature
from scheduler.layout import Condition

_LAYERS = {
    "rule": "",
    "not-rostered": " (none rostered)",
    "claimed": " (taken by other bookings)",
}


def headline(explanation: Explanation) -> Signature | None:
    """Return the smallest correction set; None when there is no pattern at all to correct."""
    return explanation.correction_sets[0] if explanation.correction_sets else None


def reason(explanation: Explanation) -> str:
    """Return the smallest correction set as a sentence, joined by "and"."""
    smallest = headline(explanation)
    if smallest is None:
        return "the roads, the templates and the horizon leave no moment at all"
    register = explanation.register
    order = {one.id: n for n, one in enumerate(register.constraints)}
    return " and ".join(
        sentence(register, one, explanation.says(one))
        for one in sorted(smallest, key=lambda one: (order[one.constraint], one))
    )


def sentence(register: Register, condition: Condition, rule: Declaration) -> str:
    """Return what a condition says, with what its declaration asks filled in."""
    words = {one.name: _word(getattr(rule, one.name)) for one in fields(rule)}
    layer = _LAYERS[condition.layer] if condition.known else " (not known)"
    return f"{register[condition.constraint].says.en.format_map(words)}{layer}"


def _word(value: object) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value)))
    return str(value)
