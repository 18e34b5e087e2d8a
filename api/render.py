"""What the command line shows a person: tables, in words as well as colours."""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from api.desk import Answer, Blocking
from scheduler.draft import Problem
from scheduler.plan import Plan
from scheduler.proposal import Clock, Proposal
from scheduler.validator import Violation
from scheduler.world import World

SYMBOLS = {"red": "✗", "grey": "?", "amber": "!", "green": "✓"}
STYLES = {"red": "bold red", "grey": "bright_black", "amber": "yellow", "green": "green"}
LIGHTS = {
    "legally-removable": "1 juridisch uitzetbaar / legally removable",
    "available": "2 beschikbaar / available",
    "placed-in-detention": "3 in bewaring gesteld / placed in detention",
    "travel-document": "4 geldig reisdocument / travel document",
    "execution": "- uitvoering / execution (not one of the four)",
}
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
    unplanned = Table("case", "operation", "not planned because", title_justify="left")
    for case in made.unplanned:
        unplanned.add_row(case.case, world.case[case.case].operation, Text(case.reason))
    footer = Text(f"{made.seconds:.1f} s, seed {made.seed}, world {made.world[:12]}")
    return Group(levels, *((unplanned,) if made.unplanned else ()), footer)


def answer(given: Answer, world: World) -> RenderableType:
    """Show the proposals of a case, or what blocks it."""
    if given.blocking is not None:
        return blocking(given.blocking)
    return Group(
        *(_proposal(n, one, world) for n, one in enumerate(given.proposals, start=1)),
        Text("Independent departure stays open: it withdraws the case and releases everything."),
    )


def blocking(given: Blocking) -> RenderableType:
    """Show the lights of a case that has no slot, and the least that would have to change."""
    table = Table(
        "light", "state", "because", "owner", "basis", title=f"{given.case}: no slot",
        title_justify="left",
    )  # fmt: skip
    for lamp in given.lights:
        state = Text(f"{SYMBOLS[lamp.state]} {lamp.state}", style=STYLES[lamp.state])
        rows = [(check.says.en, check.owner, check.basis) for check in lamp.checks]
        for n, (says, owner, basis) in enumerate(rows or [("", "", "")]):
            head = (Text(LIGHTS[lamp.light]), state) if n == 0 else (Text(), Text())
            table.add_row(*head, Text(says), Text(owner), Text(basis))
    reason = " and ".join(one.en for one in given.reasons)
    return Group(table, Text(f"Least to change: {reason}", style="bold"))


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
