"""The lights of a case: what state each is in, since when, until when, and what stands under it.

A light, a constraint under it, anything that is a set of conditions has a *colour* by the same
definition over the correction sets. A case can be planned exactly when every light that blocks is
green, or is the goal of its placement.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from scheduler.constraint import (
    Constraint,
    Declaration,
    Due,
    Inside,
    Milestone,
    Standing,
)
from scheduler.explanation.earliest import Earliest
from scheduler.explanation.lifting import lifts
from scheduler.explanation.margin import best_margins
from scheduler.explanation.signature import Explanation, Signature
from scheduler.layout import Condition
from scheduler.pattern import CasePatterns

Colour = Literal["red", "grey", "amber", "green"]
State = Literal["red", "grey", "amber", "green", "goal"]
_WORST: tuple[Colour, ...] = ("red", "grey", "amber", "green")


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition of some correction set, and the declaration behind it."""

    condition: Condition
    rule: Declaration


@dataclass(frozen=True, slots=True)
class Check:
    """A constraint under a light: ``due`` when it is made only in a window before its moment.

    ``since`` is when it was last answered as it stands, ``expected`` when it can turn green;
    ``answers`` are its standing checks, ``deadlines`` its due ones not answered with a yes.
    """

    constraint: Constraint
    kind: Literal["standing", "due"]
    state: Colour
    since: date | None
    expected: date | None
    reasons: tuple[Reason, ...]
    answers: tuple[Standing, ...]
    deadlines: tuple[Due, ...]


@dataclass(frozen=True, slots=True)
class LightState:
    """A light of a case. ``blocks``: False where it only informs, as nothing asks it of the case.

    ``expected`` is the earliest date on which it can turn green, and ``rests_on`` the constraints
    that date rests on; None where no date is known, or none is needed. ``tight``: the best margin
    to a legal end of this light, over all open patterns, is under the configured days.
    """

    light: str
    state: State
    blocks: bool
    since: date | None
    expected: date | None
    rests_on: tuple[str, ...]
    tight: bool
    checks: tuple[Check, ...]


def lights(explanation: Explanation, path: Earliest) -> tuple[LightState, ...]:
    """Return every light of the register in order; ``path`` is the case's earliest departure."""
    case, register = explanation.case, explanation.register
    dates = lifts(explanation, path)
    margins = best_margins(explanation) if explanation.is_open else {}
    tight = register.tight(case.world.rules_date)
    declared: dict[str, list[Declaration]] = {}
    for scope in case.declared.values():
        for constraint, rule in scope:
            declared.setdefault(constraint.id, []).append(rule)
    asked = {register[one].light for one in declared}
    return tuple(
        _light(explanation, light, declared, dates, margins.get(light, timedelta.max) < tight)
        if light in asked
        else _informing(case, light)
        for light in register.lights
    )


def colour(sets: Iterable[Signature], mine: set[Condition]) -> Colour:
    """Return the colour of a set of conditions over the correction sets.

    Red: every correction set holds a known condition of it; grey: some set holds one that rests on
    an unknown fact; amber: some set meets it; green: none does. Without any pattern it is grey.
    """
    theirs = [mine & conditions for conditions in sets]
    if not theirs:
        return "grey"
    if all(any(one.known for one in conditions) for conditions in theirs):
        return "red"
    if any(not one.known for conditions in theirs for one in conditions):
        return "grey"
    return "amber" if any(theirs) else "green"


def _light(
    explanation: Explanation,
    light: str,
    declared: Mapping[str, list[Declaration]],
    dates: Mapping[Condition, date | None],
    tight: bool,
) -> LightState:
    register, sets = explanation.register, explanation.correction_sets
    mine = {one for found in sets for one in found if register[one.constraint].light == light}
    state: State = colour(sets, mine)
    if state == "green" and light == register.goal and explanation.case.case.legs[0] == "placement":
        state = "goal"
    checks = tuple(
        _check(explanation, register[name], rules, dates)
        for name, rules in declared.items()
        if register[name].light == light and not all(isinstance(one, Milestone) for one in rules)
    )
    expected, rests_on = _turns(sets, mine, dates)
    alike = [one.since for one in checks if one.since is not None and one.state == state]
    since = (max if state == "green" else min)(alike, default=None)
    return LightState(light, state, True, since, expected, rests_on, tight, checks)


def _check(
    explanation: Explanation,
    constraint: Constraint,
    rules: list[Declaration],
    dates: Mapping[Condition, date | None],
) -> Check:
    sets = explanation.correction_sets
    mine = {one for found in sets for one in found if one.constraint == constraint.id}
    state = colour(sets, mine)
    expected, _ = _turns(sets, mine, dates)
    answers = [one for one in rules if isinstance(one, Standing)]
    dues = [one for one in rules if isinstance(one, Due)]
    given = [(one.value, one.since) for one in answers]
    given += [(answer.value, answer.since) for one in dues for answer in one.answers]
    alike = [day for value, day in given if day is not None and (value == "yes") == (not mine)]
    return Check(
        constraint,
        "due" if dues and not answers else "standing",
        state,
        max(alike, default=None) if state == "green" else min(alike, default=None),
        expected,
        tuple(Reason(one, explanation.says(one)) for one in sorted(mine)),
        tuple(answers),
        tuple(one for one in dues if any(answer.value != "yes" for answer in one.answers)),
    )


def _informing(case: CasePatterns, light: str) -> LightState:
    """Return a light that nothing asks of this case, as it would stand for a removal."""
    found: dict[str, tuple[Constraint, list[Declaration]]] = {}
    for constraint, rule in case.patterns.register.informing(case.world, case.case):
        if constraint.light == light:
            found.setdefault(constraint.id, (constraint, []))[1].append(rule)
    checks = tuple(_told(case, constraint, rules) for constraint, rules in found.values())
    state: State = min((one.state for one in checks), key=_WORST.index, default="green")
    alike = [one.since for one in checks if one.since is not None and one.state == state]
    since = (max if state == "green" else min)(alike, default=None)
    hoped = [one for one in checks if one.state != "green"]
    days = [one.expected for one in hoped if one.expected is not None]
    last = max(days) if days and len(days) == len(hoped) else None
    rests = tuple(one.constraint.id for one in hoped if last is not None and one.expected == last)
    return LightState(light, state, False, since, last, rests, False, checks)


def _told(case: CasePatterns, constraint: Constraint, rules: list[Declaration]) -> Check:
    """Return a check as its facts alone have it."""
    colours = [_of_fact(case, rule) for rule in rules]
    reasons = tuple(
        Reason(Condition(constraint.id, "rule", known=state == "red"), rule)
        for rule, state in zip(rules, colours, strict=True)
        if state != "green"
    )
    state = min(colours, key=_WORST.index)
    answers = [one for one in rules if isinstance(one, Standing)]
    alike = [one.since for one in answers if one.since is not None and one.forbids == bool(reasons)]
    hoped = [one.expected for one in answers if one.forbids]
    return Check(
        constraint,
        "standing",
        state,
        max(alike, default=None) if state == "green" else min(alike, default=None),
        max((one for one in hoped if one is not None), default=None) if None not in hoped else None,
        reasons,
        tuple(answers),
        (),
    )


def _of_fact(case: CasePatterns, rule: Declaration) -> Colour:
    if isinstance(rule, Standing):
        return "green" if not rule.forbids else "red" if rule.known else "grey"
    if isinstance(rule, Inside) and not rule.daily:
        if not rule.known:
            return "grey"
        ahead = any(until >= case.world.as_of for _, until in rule.stretches)
        return "green" if ahead else "red"
    return "green"


def _turns(
    sets: Iterable[Signature], mine: set[Condition], dates: Mapping[Condition, date | None]
) -> tuple[date | None, tuple[str, ...]]:
    """Return the first date on which some correction set asks nothing of ``mine`` any more.

    And the constraints that date rests on. None where every way waits for something undated.
    """
    best: tuple[date, tuple[str, ...]] | None = None
    for theirs in (mine & conditions for conditions in sets):
        if not theirs:
            continue
        known = {one: day for one in theirs if (day := dates.get(one)) is not None}
        if len(known) == len(theirs):
            last = max(known.values())
            rests = tuple(sorted({one.constraint for one, day in known.items() if day == last}))
            best = min(best or (last, rests), (last, rests))
    return best or (None, ())
