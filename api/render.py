"""What the command line shows a person: tables, in words as well as colours."""

from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from api.desk import Answer
from api.language import Language, phrase
from api.traffic_lights import LightView, TrafficLights
from constraints.lights import EXECUTION
from scheduler.draft import Problem
from scheduler.plan import Plan, Unplanned
from scheduler.proposal import Clock, Proposal, Words
from scheduler.validator import Violation
from scheduler.world import World

SYMBOLS = {"red": "✗", "grey": "?", "amber": "!", "green": "✓", "goal": "→"}
STYLES = {
    "red": "bold red",
    "grey": "bright_black",
    "amber": "yellow",
    "green": "green",
    "goal": "cyan",
}
MOST_CHECKS = 3
"""Checks shown under a light; the rest is counted."""
_WORST = ("red", "grey", "amber", "green", "goal")
_LAYERS = {"not-rostered": phrase("none there"), "claimed": phrase("taken")}
_UNKNOWN = phrase("not known")
LEVELS = {
    "pastLegalEnd": "cases that pass a legal end",
    "plannedWeight": "weighted number planned",
    "nightsInDetention": "nights in detention",
    "withoutFallback": "planned without a fallback",
    "changes": "changes to the plan in force",
    "daysWaited": "days waited",
}


def problems(found: Iterable[Problem]) -> RenderableType:
    """Show what is wrong with a file, each with its path."""
    table = Table("where", "what", title="This file cannot be used", title_justify="left")
    for one in found:
        table.add_row(Text(one.path), Text(one.says))
    return table


def violations(found: Sequence[Violation]) -> RenderableType:
    """Show every rule that a booking breaks."""
    table = Table("booking", "rule", "how", title=f"{len(found)} violations", title_justify="left")
    for one in found:
        table.add_row(one.booking, one.constraint, Text(one.says))
    return table


def plan(made: Plan, world: World) -> RenderableType:
    """Show a plan: each level with its bound and gap, then who is unplanned and why."""
    planned = len({booking.case for booking in made.bookings})
    levels = Table("level", title_justify="left", title=f"{planned} of {len(world.cases)} planned")
    for name in ("value", "bound", "gap"):
        levels.add_column(name, justify="right")
    for one in made.levels:
        levels.add_row(LEVELS[one.level], str(one.value), str(one.bound), f"{one.gap:.2%}")
    unplanned = Table(
        "case", "operation", "not planned because", "to plan it", title_justify="left"
    )
    for case in made.unplanned:
        operation = world.case[case.case].operation
        unplanned.add_row(case.case, operation, Text(case.reason), Text(_cost(case)))
    footer = Text(f"{made.seconds:.1f} s, seed {made.seed}, world {made.world[:12]}")
    return Group(levels, *((unplanned,) if made.unplanned else ()), footer)


def _cost(one: Unplanned) -> str:
    """Return what planning a case would ask of others, or why it cannot be had that way."""
    if one.blocked == "alone":
        return "no other booking is in its way"
    if one.cost is None:
        return f"in its way: {', '.join(one.by)}" if one.by else "no booking may move for it"
    asks = (
        ("moves", one.cost.moved),
        ("other people for", one.cost.renamed),
        ("loses", one.cost.dropped),
    )
    return "; ".join(f"{what} {', '.join(cases)}" for what, cases in asks if cases)


def answer(given: Answer, world: World, language: Language) -> RenderableType:
    """Show the proposals of a case, or what blocks it."""
    if given.blocking is not None:
        return lights(given.blocking, language)
    return Group(
        *(_proposal(n, one, world) for n, one in enumerate(given.proposals, start=1)),
        Text("Independent departure stays open: it withdraws the case and releases everything."),
    )


def lights(shown: TrafficLights, language: Language) -> RenderableType:
    """Show the lights of a case, each with word and symbol; then why, and what would open it."""
    can = language.say("can be planned") if shown.plannable else language.say("cannot be planned")
    table = Table(
        language.say("light"),
        language.say("state"),
        language.say("what stands in the way"),
        title=f"{shown.case}: {can}",
        title_justify="left",
    )
    for number, lamp in enumerate(shown.lights, start=1):
        own = lamp.light == EXECUTION
        if own:
            table.add_section()
        name = _in(language, lamp.title)
        state = f"{SYMBOLS[lamp.state]} {_in(language, lamp.says)}"
        table.add_row(
            Text(name if own else f"{number} {name}"),
            Text(state, style=STYLES[lamp.state] if lamp.blocks else "dim"),
            Text("\n".join(standing(lamp, language))),
        )
    return Group(table, *_why(shown, language), *_openings(shown, language))


def standing(lamp: LightView, language: Language) -> Iterator[str]:
    """Yield what stands in the way under a light and whose it is: the worst of it, and a count."""
    told = sorted(
        (one for one in lamp.checks if one.reasons), key=lambda one: _WORST.index(one.state)
    )
    for check in told[:MOST_CHECKS]:
        layers = {
            language.say(_LAYERS[one.layer] if one.known else _UNKNOWN)
            for one in check.reasons
            if one.layer != "rule" or not one.known
        }
        title, owner = _in(language, check.title), language.name(check.owner)
        yield f"{title}{': ' if layers else ''}{', '.join(sorted(layers))} ({owner})"
    if len(told) > MOST_CHECKS:
        yield language.say("and {count} more", count=len(told) - MOST_CHECKS)


def _why(shown: TrafficLights, language: Language) -> Iterator[RenderableType]:
    if shown.reasons:
        yield Text(headline(shown, language), style="bold")
    if not shown.plannable:
        yield Text(_in(language, shown.earliest.says))


def headline(shown: TrafficLights, language: Language) -> str:
    """Return the least that would have to change."""
    why = language.listed(_in(language, one.says) for one in shown.reasons)
    return language.say("Least to change: {why}", why=why)


def _openings(shown: TrafficLights, language: Language) -> Iterator[RenderableType]:
    for number, repair in enumerate(shown.repairs, start=1):
        head = language.say("What would open it:") if number == 1 else ""
        if head:
            yield Text(head, style="bold")
        yield Text(f"  {number}. {language.listed(_in(language, one) for one in repair.says)}")
    if shown.conflicts.more:
        yield Text(language.say("These are not all the ways in which it is blocked."))


def _in(language: Language, words: Words) -> str:
    return words.nl if language.code == "nl" else words.en


def _proposal(number: int, one: Proposal, world: World) -> RenderableType:
    zone = ZoneInfo(world.location[one.place].timezone)
    labels = f" [{', '.join(one.labels)}]" if one.labels else ""
    title = f"{number}. {one.start.astimezone(zone):%a %d %b %Y %H:%M}{labels}"
    table = Table(show_header=False, title=title, title_justify="left", title_style="bold")
    for booking in one.bookings:
        for phase in booking.phases:
            begin, end = phase.from_.astimezone(zone), phase.until.astimezone(zone)
            table.add_row(phase.id, f"{begin:%a %d %b %H:%M}-{end:%H:%M}", phase.place)
    if one.departure is not None:
        departure = world.departure[one.departure]
        name = " ".join(filter(None, (departure.carrier, departure.number))) or departure.kind
        table.add_row("departure", f"{name} ({one.departure})", departure.destination)
    if one.facility is not None:
        table.add_row("detention", f"{one.nights} nights", one.facility)
    attending: dict[str, list[str]] = {}
    for attendance in one.attendances:
        attending.setdefault(attendance.role, []).extend(attendance.resources)
    for role, resources in attending.items():
        table.add_row(role, ", ".join(dict.fromkeys(resources)), "")
    for clock in one.clocks:
        table.add_row(f"clock: {clock.title.en}", _margin(clock, zone), clock.owner)
    for due in one.due:
        opens, before = due.opens.astimezone(zone), due.before.astimezone(zone)
        table.add_row(
            f"due: {due.title.en}", f"{opens:%d %b %H:%M} to {before:%d %b %H:%M}", due.owner
        )
    table.add_row("fallbacks left", str(one.fallbacks), "")
    return table


def _margin(clock: Clock, zone: ZoneInfo) -> str:
    ends = f"{clock.ends.astimezone(zone):%d %b %Y %H:%M}"
    if clock.margin_minutes is None:
        return f"{ends} (milestone)"
    days, minutes = divmod(clock.margin_minutes, 1440)
    margin = f"{days} days" if days else f"{minutes // 60} h {minutes % 60:02d}"
    return f"{ends}, margin {margin}"
