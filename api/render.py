"""What the command line shows a person: tables, in words as well as colours."""

from codecs import register_error
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from unicodedata import normalize
from zoneinfo import ZoneInfo

import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from api import telling
from api.desk import Answer
from api.imports.flaws import Flaw
from api.imports.preview import Report
from api.language import Language
from api.openings import Openings, OpeningView
from api.telling import words
from api.traffic_lights import TrafficLights
from constraints.lights import EXECUTION
from scheduler.draft import Problem
from scheduler.grid import local_date
from scheduler.plan import Plan, Unplanned
from scheduler.proposal import Clock, Proposal
from scheduler.replanning import UNTOUCHED, Outcome, Replan
from scheduler.validator import Violation
from scheduler.world import Booking, World

SYMBOLS = {"red": "✗", "grey": "?", "amber": "!", "green": "✓", "goal": "→"}
STYLES = {
    "red": "bold red",
    "grey": "bright_black",
    "amber": "yellow",
    "green": "green",
    "goal": "cyan",
}
MOST_USES = 3
"""Uses shown of an opening; the rest is counted."""
MOST_ROWS = 50
"""Rows shown of a file; the rest is counted."""
PLAIN = {"✓": "v", "✗": "x", "→": ">", "…": ".", "–": "-"}
"""What takes the place of signs that a terminal cannot show, each as wide."""
LEVELS = {
    "pastLegalEnd": "cases that pass a legal end",
    "plannedWeight": "weighted number planned",
    "nightsInDetention": "nights in detention",
    "withoutFallback": "planned without a fallback",
    "changes": "changes to the plan in force",
    "daysWaited": "days waited",
}
_CHANGES = {
    "pastLegalEnd": ("{n} more past a legal end", "{n} fewer past a legal end"),
    "plannedWeight": ("+{n} planned weight", "-{n} planned weight"),
    "nightsInDetention": ("{n} night{s} more", "{n} night{s} fewer"),
    "withoutFallback": ("{n} without fallback", "{n} more with a fallback"),
    "changes": ("{n} change{s} more", "{n} change{s} fewer"),
    "daysWaited": ("{n} day{s} later", "{n} day{s} earlier"),
}
"""What a level gains and what it gives up, in words."""


def problems(found: Iterable[Problem]) -> RenderableType:
    """Show what is wrong with a file, each with its path."""
    table = Table("where", "what", title="This file cannot be used", title_justify="left")
    for one in found:
        table.add_row(Text(one.path), Text(one.says))
    return table


def flaws(found: Sequence[Flaw], path: Path) -> RenderableType:
    """Show every row of a file that is wrong: what stands there, why not, what was meant."""
    table = Table("row", "column", "value", "what", "maybe")
    for one in found:
        cells = str(one.row or ""), one.column, one.value, one.reason, one.suggestion
        table.add_row(*map(Text, cells))
    return Group(Text(f"{path}: {len(found)} mistakes, and nothing of it is done"), table)


def imported(told: Report, path: Path) -> RenderableType:
    """Show what a file does, or did: the rows that are not the same, then what that breaks."""
    rows = Table("row", "what", "of", "differs")
    counts = f"{told.new} new, {told.changed} changed, {told.same} the same, {told.gone} gone"
    head = Text(f"{path}: {counts}; {'done' if told.applied else 'nothing is done'}")
    for one in told.lines[:MOST_ROWS]:
        rows.add_row(str(one.row), one.state, one.part, ", ".join(one.differs))
    if (left := told.new + told.changed - len(told.lines[:MOST_ROWS])) > 0:
        rows.add_row("", f"{left} more", "", "")
    shown: list[RenderableType] = [head, rows] if told.lines else [head]
    if not told.broken:
        return Group(*shown)
    table = Table("booking", "rule", "how", title="Bookings that break", title_justify="left")
    for each in told.broken:
        table.add_row(each.booking, each.constraint, Text(each.says))
    repaired = Table("case", "outcome", "because", title="Their repair", title_justify="left")
    for what, cases in (("moved", told.moved), ("dropped", told.dropped)):
        for case in cases:
            repaired.add_row(case.case, what, Text(case.reason))
    asks = [] if told.applied else [Text("with --replan it is brought in, and they are repaired")]
    return Group(*shown, table, repaired, *asks)


def violations(found: Sequence[Violation]) -> RenderableType:
    """Show every rule that a booking breaks."""
    table = Table("booking", "rule", "how", title=f"{len(found)} violations", title_justify="left")
    for one in found:
        table.add_row(one.booking, one.constraint, Text(one.says))
    return table


def plan(made: Plan, world: World) -> RenderableType:
    """Show a plan: each level with its bound and gap, then who is unplanned and why."""
    levels = _levels(made, world)
    unplanned = Table(
        "case", "operation", "not planned because", "to plan it", title_justify="left"
    )
    for case in made.unplanned:
        operation = world.case[case.case].operation
        unplanned.add_row(case.case, operation, Text(case.reason), Text(_cost(case)))
    footer = Text(f"{made.seconds:.1f} s, seed {made.seed}, world {made.world[:12]}")
    return Group(levels, *((unplanned,) if made.unplanned else ()), footer)


def _levels(made: Plan, world: World) -> Table:
    planned = len({booking.case for booking in made.bookings})
    levels = Table("level", title_justify="left", title=f"{planned} of {len(world.cases)} planned")
    for name in ("value", "bound", "gap"):
        levels.add_column(name, justify="right")
    for one in made.levels:
        levels.add_row(LEVELS[one.level], str(one.value), str(one.bound), f"{one.gap:.2%}")
    return levels


def _cost(one: Unplanned) -> str:
    """Return what planning a case would ask of others, or why it cannot be had that way."""
    if one.blocked == "alone":
        return "blocked by itself"
    if one.blocked == "unknown" or not one.asked:
        return "not looked into"
    if one.cost is None:
        return f"in its way: {', '.join(one.by)}" if one.by else "no booking may move for it"
    asks = (
        ("moves", one.cost.moved),
        ("other people for", one.cost.renamed),
        ("loses", one.cost.dropped),
    )
    told = [f"{what} {', '.join(cases)}" for what, cases in asks if cases]
    changes = [_changed(level, n) for level, n in one.cost.change.items()]
    return "; ".join([*told, *([", ".join(changes)] if changes else [])])


def _changed(level: str, by: int) -> str:
    more, fewer = _CHANGES[level]
    return (more if by > 0 else fewer).format(n=abs(by), s="" if abs(by) == 1 else "s")


def simulation(
    name: str,
    told: pd.DataFrame,
    differs: pd.DataFrame | None,
    worth: pd.DataFrame | None,
    certificate: Sequence[str],
    folder: Path,
) -> RenderableType:
    """Show what came of a scenario: means with intervals, differences, and what more would bring.

    What cannot be told from chance is shown as such.
    """
    shown: list[RenderableType] = [
        _means(name, [*zip(told["says"], told["of"], strict=True)], told)
    ]
    if differs is not None:
        pairs = [*zip(differs["says"], differs["of"], strict=True)]
        shown.append(_means("more than the other scenario", pairs, differs, chance=True))
    if worth is not None:
        pairs = [("one more", one) for one in worth["more"]]
        shown.append(_means("carried out with one more unit", pairs, worth, chance=True))
    return Group(*shown, *map(Text, certificate), Text(f"tables and figures are in {folder}"))


def _means(
    title: str, named: Sequence[tuple[str, str]], told: pd.DataFrame, *, chance: bool = False
) -> Table:
    table = Table("", "of", title=title, title_justify="left")
    table.add_column("mean", justify="right")
    table.add_column("95 % interval", justify="right")
    numbers = told[["mean", "low", "high"]].to_numpy().tolist()
    for (says, of), (mean, low, high) in zip(named, numbers, strict=True):
        known = low == low
        between = f"{low:,.1f} to {high:,.1f}" if known else "one replication"
        if chance and known and low <= 0 <= high:
            between += " (may be chance)"
        table.add_row(says, of, f"{mean:,.1f}", between)
    return table


def replan(made: Replan, plan_file: Path | None, world_file: Path | None) -> RenderableType:
    """Show what became of a plan after events: who moved, lost a booking or got one, and why.

    Then how many are kept and why, what that is worth, and where it was written.
    """
    changed = ("moved", made.moved), ("dropped", made.dropped), ("new", made.new)
    counts = (f"{len(cases)} {what}" for what, cases in (("kept", made.kept), *changed))
    table = Table("case", "outcome", "was", "is", "because", title_justify="left")
    table.title = ", ".join(counts)
    for what, cases in changed:
        for one in cases:
            was, now = (_when(bookings, made.world) for bookings in (one.before, one.after))
            told = _others(one) if what == "moved" and one.renamed else now
            table.add_row(one.case, what, was, told, Text(one.reason))
    ignored = [Text(f"ignored: {one.says} ({one.id})") for one in made.ignored]
    footer = [Text(f"{made.plan.seconds:.1f} s, world {made.plan.world[:12]}")]
    if plan_file is not None:
        footer.append(Text(f"plan in {plan_file}, the changed world it is of in {world_file}"))
    return Group(table, _kept(made), _levels(made.plan, made.world), *ignored, *footer)


def _kept(made: Replan) -> Table:
    """Show how many cases keep their bookings for each reason, and which where it asks for care."""
    cases: dict[str, list[str]] = {}
    for one in made.kept:
        cases.setdefault(one.reason, []).append(one.case)
    table = Table("kept", "because", "cases", title_justify="left")
    for why, names in sorted(cases.items(), key=lambda one: -len(one[1])):
        table.add_row(str(len(names)), Text(why), "" if why == UNTOUCHED else ", ".join(names))
    return table


def _when(bookings: Iterable[Booking], world: World) -> str:
    """Return when each leg begins, on the clock of the place, and its departure."""
    return "\n".join(
        " ".join(
            filter(
                None,
                (
                    one.operation,
                    f"{one.start.astimezone(_zone_of(one, world)):%a %d %b %H:%M}",
                    one.departure,
                ),
            )
        )
        for one in bookings
    )


def _zone_of(booking: Booking, world: World) -> ZoneInfo:
    return ZoneInfo(world.location[booking.phases[0].place].timezone)


def _others(outcome: Outcome) -> str:
    """Return who takes whose place in bookings that keep their time."""
    had, has = (
        {
            (one.operation, held.role, name)
            for one in bookings
            for held in one.attendances
            for name in held.resources
        }
        for bookings in (outcome.before, outcome.after)
    )
    new, gone = (", ".join(sorted({one[-1] for one in names})) for names in (has - had, had - has))
    return f"the same time, {new} for {gone}" if gone else "the same time and people, asked again"


def answer(given: Answer, world: World, language: Language) -> RenderableType:
    """Show the proposals of a case, or what blocks it."""
    if given.blocking is not None:
        return lights(given.blocking, language, world)
    return Group(
        *(_proposal(n, one, world) for n, one in enumerate(given.proposals, start=1)),
        Text("Independent departure stays open: it withdraws the case and releases everything."),
    )


def lights(shown: TrafficLights, language: Language, world: World | None = None) -> RenderableType:
    """Show the lights of a case, each with word and symbol; then why, and what would open it.

    Moments are on the clock of the case in its ``world``, else on that of Amsterdam.
    """
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
        name = words(language, lamp.title)
        state = f"{SYMBOLS[lamp.state]} {words(language, lamp.says)}"
        table.add_row(
            Text(name if own else f"{number} {name}"),
            Text(state, style=STYLES[lamp.state] if lamp.blocks else "dim"),
            Text("\n".join(telling.standing(lamp, shown, language))),
        )
    below = [*_why(shown, language), *(Text(one) for one in telling.due(shown, language, world))]
    if not telling.withdrawn(shown):
        below += _openings(shown, language)
    return Group(table, *below)


def _why(shown: TrafficLights, language: Language) -> Iterator[RenderableType]:
    if shown.reasons:
        yield Text(telling.headline(shown, language), style="bold")
    if not telling.withdrawn(shown):
        yield from map(Text, telling.whose(shown, language))
        if any(one.begun for one in shown.booked):
            yield Text(language.say("A booking of the case has begun; nothing else is planned."))
        elif not shown.plannable:
            yield Text(words(language, shown.earliest.says))


def openings(found: Openings, world: World, language: Language) -> RenderableType:
    """Show which unplanned cases could use what is free, best first, each on its own clock."""
    if not found.openings:
        return Text(language.say("No unplanned case could use this."))
    title = language.say("Unplanned cases that could use this: {n}", n=len(found.openings))
    table = Table(title=title, title_justify="left")
    table.add_column(language.say("case"))
    table.add_column(language.say("weight"), justify="right")
    for name in (
        language.say("legal end"),
        language.say("would use"),
        language.say("first slot"),
        language.say("departure"),
    ):
        table.add_column(name, overflow="fold")
    for one in found.openings:
        zone = world.location[world.case[one.case].location].timezone
        today = local_date(world.as_of, zone)
        uses = [*_uses(one, language, zone, today)]
        told = uses[:MOST_USES]
        if more := len(uses) - len(told):
            told.append(language.say("and {count} more", count=more))
        table.add_row(
            one.case,
            str(one.weight),
            language.moment(one.deadline, zone, today) if one.deadline else "",
            Text("\n".join(told)),
            language.moment(one.start, zone, today),
            one.departure or "",
        )
    return table


def _uses(one: OpeningView, language: Language, zone: str, today: date) -> Iterator[str]:
    """Yield what a case would use and when: seats, nights, and people."""
    for seats in one.seats:
        yield language.counted(
            "{count} {kind} seat on {departure}",
            "{count} {kind} seats on {departure}",
            seats.seats,
            kind=language.name(seats.kind),
            departure=seats.departure,
        )
    for stay in one.nights:
        yield f"{stay.facility}, {language.nights(stay.nights, today)}"
    for used in one.resources:
        for each in used.during:
            yield f"{used.resource}, {language.stretch(each.from_, each.until, zone, today)}"


def _openings(shown: TrafficLights, language: Language) -> Iterator[RenderableType]:
    if shown.repairs:
        yield Text(language.say("What would make it plannable:"), style="bold")
    for number, repair in enumerate(shown.repairs, start=1):
        yield Text(f"  {number}. {language.listed(words(language, one) for one in repair.says)}")
    if said := telling.conflicts(shown, language):
        yield Text(said)


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


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Return a plain sign for each that an encoding does not have, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    bare = (PLAIN.get(one) or normalize("NFKD", one)[:1] for one in signs)
    return "".join(one if one.isascii() else "?" for one in bare), error.end


register_error("plainly", _plainly)
