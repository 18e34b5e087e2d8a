"""What a plan says of a case without a booking, in the language of who reads.

A plan is kept with its reasons as the kernel says them, in English: each is a sentence of the
register, or more with "and" between them. Here they are taken apart again.
"""

import re
from collections.abc import Iterator
from functools import cache

from api.language import Language, inside, phrase
from constraints.register import REGISTER
from scheduler.constraint import Constraint
from scheduler.plan import HALVED, Unplanned
from scheduler.planner import STOPPED

UNKNOWN = " (not known)"
"""How the kernel ends a sentence of what nobody has answered: it is asked here."""
LAYERS = {
    " (taken by other bookings)": phrase("taken by other bookings"),
    " (even without other bookings)": phrase("none free even without other bookings"),
    " (not rostered)": phrase("not rostered"),
    "": "",
}
"""How the kernel ends a sentence, and what it says of it."""
WHOLE = {
    HALVED: phrase("one leg of it is booked; the other is to be asked for by itself"),
    STOPPED: phrase("planning was stopped before this was looked into"),
    "the roads, the templates and the horizon leave no moment at all": phrase(
        "the roads, the templates and the horizon leave no moment at all"
    ),
}
"""What it says of no constraint in particular."""


def reasons(language: Language, told: str) -> tuple[str, ...]:
    """Return why a case has no booking; as it is told where nobody knows the sentence."""
    if told in WHOLE:
        return (language.say(WHOLE[told]),)
    parts = _apart(told)
    return (told,) if parts is None else tuple(_said(language, *one) for one in parts)


def price(language: Language, one: Unplanned) -> str:
    """Return what planning a case would ask of others, or why it cannot be had that way."""
    if one.blocked == "alone":
        return language.say("It would not fit without the others either.")
    if one.blocked == "unknown" or not one.asked:
        return language.say("Not looked into: the time was over.")
    if one.cost is None:
        if not one.by:
            return language.say("No booking may move for it.")
        return language.say("In its way: {bookings}", bookings=language.listed(one.by))
    return " ".join(_asks(language, one))


def _asks(language: Language, one: Unplanned) -> Iterator[str]:
    if one.cost is None:
        return
    if moved := one.cost.moved:
        yield language.say("Another moment for {cases}.", cases=language.listed(moved))
    if renamed := one.cost.renamed:
        yield language.say("Other people for {cases}.", cases=language.listed(renamed))
    if dropped := one.cost.dropped:
        yield language.say("No booking any more for {cases}.", cases=language.listed(dropped))
    if nights := one.cost.change.get("nightsInDetention"):
        yield language.say("Nights in detention: {n}.", n=f"{nights:+d}")
    if days := one.cost.change.get("daysWaited"):
        yield language.say("Days of waiting: {n}.", n=f"{days:+d}")


def _apart(told: str) -> list[tuple[Constraint, dict[str, str], str]] | None:
    """Return the sentences in a reason: of which constraint, with which fields and which end."""
    for constraint, pattern in _patterns().items():
        if (found := pattern.match(told)) is None:
            continue
        fields = found.groupdict()
        end = fields.pop("layer")
        rest = told[found.end() :]
        if not rest:
            return [(constraint, fields, end)]
        if rest.startswith(" and ") and (more := _apart(rest.removeprefix(" and "))) is not None:
            return [(constraint, fields, end), *more]
    return None


@cache
def _patterns() -> dict[Constraint, re.Pattern[str]]:
    """Return how the kernel says each constraint, its fields and its end being groups.

    A longer sentence comes before one that it begins with.
    """
    ends = "|".join(re.escape(one) for one in (UNKNOWN, *LAYERS))
    longest = sorted(REGISTER.constraints, key=lambda one: -len(one.says.en))
    return {
        one: re.compile(
            re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^()]*?)", re.escape(one.says.en))
            + f"(?P<layer>{ends})(?= and |$)"
        )
        for one in longest
    }


def _said(language: Language, constraint: Constraint, fields: dict[str, str], end: str) -> str:
    if end == UNKNOWN:
        asks = [language.asks(constraint, one) for one in constraint.facts[:1]]
        what = inside((asks or [language.title(constraint)])[0])
        return language.say("not known: {what}", what=what)
    values = {name: _field(language, name, told) for name, told in fields.items()}
    says: str = getattr(constraint.says, language.code)
    layer = f" ({language.say(LAYERS[end])})" if end else ""
    return says.format_map(values) + layer


def _field(language: Language, name: str, told: str) -> str:
    if name == "skills":
        return language.either(map(language.skill, told.split(", ")))
    return language.name(told)
