"""What blocks a case in plain words, the same at the command line and on the pages."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from api.bases import basis
from api.language import Language, inside
from api.sentences import shortage
from api.traffic_lights import CheckView, Lamps, LightView, TrafficLights
from constraints.independent_departure import CONSTRAINT as INDEPENDENT
from scheduler.grid import local_date
from scheduler.proposal import Words
from scheduler.world import World

MOST_CHECKS = 3
"""Checks shown under a light; the rest is counted."""
MOST_CONFLICTS = 3
"""Conflicts shown, each of no more than four constraints: longer ones tell a reader nothing."""
ZONE = "Europe/Amsterdam"
"""The clock of moments shown without their world."""
_WORST = ("red", "grey", "amber", "green", "goal")
_LAYERS = ("claimed", "not-rostered", "rule")
_HOURS = frozenset({"working-hours", "family-hours", "lawyer-desk"})
"""Constraints that forbid every night, and so are in the way of nearly every case."""

Shown = TrafficLights | Lamps
"""The lights of a case, in full or as a list shows them."""


def standing(lamp: LightView, shown: Shown, language: Language) -> Iterator[str]:
    """Yield what stands in the way under a light and whose it is, the rest of it as a count.

    What the case is blocked by comes first, then the worst; what every night forbids comes last.
    """
    least = {one.constraint for one in shown.reasons}

    def rank(check: CheckView) -> tuple[bool, int, bool, int]:
        layer = min(_LAYERS.index(one.layer) for one in check.reasons)
        state = _WORST.index(check.state)
        return check.constraint not in least, state, check.constraint in _HOURS, layer

    told = sorted((one for one in lamp.checks if one.reasons), key=rank)
    for check in told[:MOST_CHECKS]:
        how = shortage(language, check.constraint, {one.layer for one in check.reasons})
        if any(not one.known for one in check.reasons):
            how = language.say("not known")
        title, owner = words(language, check.title), language.name(check.owner)
        yield f"{title}{': ' if how else ''}{how} ({owner})"
    if len(told) > MOST_CHECKS:
        yield language.say("and {count} more", count=len(told) - MOST_CHECKS)


def withdrawn(shown: Shown) -> bool:
    """Return whether the person departs independently, so that nothing is left to plan."""
    return any(one.constraint == INDEPENDENT.id for one in shown.reasons)


def headline(shown: Shown, language: Language) -> str:
    """Return what blocks the case, or that it is withdrawn."""
    said = {one.constraint: words(language, one.says) for one in shown.reasons}
    if withdrawn(shown):
        return said[INDEPENDENT.id]
    return language.say("Blocked because: {why}", why="; ".join(blocks(shown, language)))


def blocks(shown: Shown, language: Language) -> list[str]:
    """Return what blocks the case, one by one."""
    return [words(language, one.says) for one in shown.reasons]


def whose(shown: Shown, language: Language) -> Iterator[str]:
    """Yield of all that blocks the case whose it is and on what basis."""
    blocking = {one.constraint for one in shown.reasons}
    for check in _checks(shown):
        if check.constraint in blocking:
            whose = _held(check, language)
            if len(blocking) == 1:
                yield language.say("Whose: {whose}", whose=whose)
            else:
                what = inside(words(language, check.title))
                yield language.say("Whose ({what}): {whose}", what=what, whose=whose)


def _held(check: CheckView, language: Language) -> str:
    """Return the owner of a check and its basis, where that is more than a parameter of ours."""
    owner, told = language.name(check.owner), basis(language, check.basis)
    return language.say("{owner}; basis: {basis}", owner=owner, basis=told) if told else owner


def open_checks(shown: Shown) -> Iterator[tuple[CheckView, bool]]:
    """Yield the checks that block the case, each with whether it is known how it stands."""
    blocking = {one.constraint: one.known for one in shown.reasons}
    for check in _checks(shown):
        if check.constraint in blocking:
            yield check, blocking[check.constraint]


def next_due(shown: Shown) -> tuple[CheckView, datetime] | None:
    """Return the due check that is to be made first for what is booked, and before when."""
    moments = [
        (one.before, n, check)
        for n, check in enumerate(_checks(shown))
        for one in check.due
        if one.before is not None
    ]
    return next(((check, before) for before, _, check in sorted(moments)), None)


def due(shown: Shown, language: Language, world: World | None) -> Iterator[str]:
    """Yield the checks that are still to be made for what is booked, the first of them first."""
    zone, today = ZONE, None
    if world is not None:
        zone = world.location[world.case[shown.case].location].timezone
        today = local_date(world.as_of, zone)
    windows = {
        (one.before, one.opens, one.check): check
        for check in _checks(shown)
        for one in check.due
        if one.opens is not None and one.before is not None
    }
    for (before, opens, _), check in sorted(windows.items(), key=lambda one: one[0]):
        yield language.say(
            "Still to do: {what} ({owner}), {when}",
            what=inside(words(language, check.title)),
            owner=language.name(check.owner),
            when=language.stretch(opens, before, zone, today),
        )


def conflicts(shown: TrafficLights, language: Language) -> str:
    """Return what cannot all hold, where a line can tell it and the headline does not."""
    title = {one.constraint: inside(words(language, one.title)) for one in _checks(shown)}
    least = {one.constraint for one in shown.reasons}
    sets = [{one.constraint for one in conditions} for conditions in shown.conflicts.sets]
    told = dict.fromkeys(
        language.listed(title[name] for name in title if name in one)
        for one in sets
        if len(one) > 1 and one != least
    )
    few = len(told) <= MOST_CONFLICTS and not shown.conflicts.more
    if not told or not few or any(len(one) > MOST_CONFLICTS + 1 for one in sets):
        return ""
    return language.say("Cannot all hold: {what}", what="; ".join(told))


def _checks(shown: Shown) -> Iterator[CheckView]:
    return chain.from_iterable(lamp.checks for lamp in shown.lights)


def words(language: Language, one: Words) -> str:
    """Return what is said in two languages in one of them."""
    said: str = getattr(one, language.code)
    return said
