"""The command line: worlds and plans in files, and a store that is filled, served and audited.

Exit codes: 0 done, 1 no plan or no slot (or violations, or tampered lines found), 2 bad input.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import datetime
from enum import StrEnum
from errno import EISDIR
from io import TextIOWrapper
from multiprocessing import get_context
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError
from typer.core import TyperGroup

from api import render
from api.access.keyboard import AtTheKeys
from api.access.loopback import is_loopback
from api.certificates import told as told_in_words
from api.desk import MOST_PROPOSALS, Desk, UnknownCaseError, open_world, settle
from api.exports.calendars import calendar_of
from api.exports.days import NoPaperError, day_sheet, printed
from api.exports.files import FILES, written
from api.exports.plans import plan_sheets
from api.imports.brought import Made
from api.imports.flaws import FlawedError
from api.imports.preview import Kind as FileKind
from api.imports.preview import name_of as name_of_file
from api.imports.preview import report, told_by
from api.imports.tables import MOST_BYTES, Encoding
from api.language import LANGUAGES
from api.office import Office
from api.office.refusals import RefusedError
from api.pages.charts import drawn
from api.pages.frame import ZONE
from api.pages.roster import roles_of
from api.partners import PARTNERS
from api.settings import Settings
from api.simulations import figures, headline, rows_of, same_dice, simulator, week_cut
from api.store.claims import TakenError
from api.store.database import Database, UnavailableError, open_database
from api.store.logs import Actor, begins, ends, tampered
from api.store.retention import Periods, due, read_periods
from api.store.retention import retain as remove_due
from api.store.worlds import EmptyError, NotEmptyError
from api.workers import NoClusterError
from api.workers import cluster as on_cluster
from constraints.register import REGISTER
from fixtures.europe import europe
from fixtures.national import national
from fixtures.tiny import tiny
from fixtures.worlds import Document, canonical, document
from scheduler.draft import Problem, maybe
from scheduler.event import Event, parse_events
from scheduler.grid import local_date
from scheduler.loading import WorldError
from scheduler.objective import Objective
from scheduler.plan import Plan
from scheduler.planner import plan as make_plan
from scheduler.replanning import WORK, overdue
from scheduler.replanning import replan as repair_plan
from scheduler.simulation.bottlenecks import candidates, name_of, worths
from scheduler.simulation.replications import Progress as Counted
from scheduler.simulation.replications import processes
from scheduler.simulation.results import compared, summary, write
from scheduler.simulation.scenario import Scenario, ScenarioError, read_scenario
from scheduler.stopping import Stop
from scheduler.validator import plan_violations, violations
from scheduler.world import Booking, World

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
    help="Planning table for forced departures: people decide, the program proposes.",
)  # fmt: skip

audit = typer.Typer(no_args_is_help=True, help="The audit log of a store.")
app.add_typer(audit, name="audit")

DATABASE = "sqlite:///regietafel.db"
"""A file where the command is given."""
PATIENCE = 20
"""Seconds that answers under way may take when the service is asked to stop."""
WARM = 10.0
"""Seconds that the service may take before it answers, to have its first answers ready."""
LOOK = 1.0
"""Seconds after which it is looked at whether they still are."""
AT_THE_KEYS = Actor("local", origin="command-line")
"""Who acts here, until there is a login."""
DatabaseUrl = Annotated[
    str,
    typer.Option(
        "--database",
        metavar="URL",
        envvar="REGIETAFEL_DATABASE",
        help="The store: sqlite:///FILE or postgresql://USER@HOST/NAME.",
    ),
]
WorldFile = Annotated[Path, typer.Argument(metavar="WORLD.json", help="The world to work on.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")]


class Spoken(StrEnum):
    """The languages in which a case is shown."""

    nl = "nl"
    en = "en"


class _WorldUnlessTold(TyperGroup):
    """Takes what is no name of a command for the file of a world."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, "--help"}:
            args = ["world", *args]
        return super().parse_args(ctx, args)


brings = typer.Typer(
    cls=_WorldUnlessTold,
    no_args_is_help=True,
    help="Bring in a world (WORLD.json, into an empty store), or files that people have.",
)
app.add_typer(brings, name="import")
takes = typer.Typer(
    cls=_WorldUnlessTold,
    no_args_is_help=True,
    help="Take out a world (-o WORLD.json), or a plan, a calendar or a day as people read them.",
)
app.add_typer(takes, name="export")
TableFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="CSV, XLSX or Parquet, as docs/files.md has it.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")]
Repair = Annotated[
    bool, typer.Option("--replan", help="Repair bookings that break, with the least change.")
]
InEncoding = Annotated[
    Encoding | None, typer.Option(help="In what a CSV file is written; else UTF-8.")
]
PlanFile = Annotated[
    Path | None, typer.Option("--plan", metavar="PLAN.json", help="Bookings in force.")
]
InLanguage = Annotated[
    Spoken, typer.Option("--language", envvar="REGIETAFEL_LANGUAGE", help="Of what is shown.")
]


class Kind(StrEnum):
    """The worlds that can be generated."""

    national = "national"
    europe = "europe"
    tiny = "tiny"


@app.command()
def generate(
    kind: Kind,
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write the world.")],
    cases: Annotated[
        int | None,
        typer.Option(min=1, max=20_000, help="Cases; else 240 (national) or 1,500 (europe)."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same world.")] = 1,
    supply: Annotated[
        float, typer.Option(min=0.05, max=10, help="Multiplies people, vehicles, places, seats.")
    ] = 1.0,
    as_json: Json = False,
) -> None:
    """Write a synthetic world with real places and rules."""
    if kind is Kind.tiny and (cases, seed, supply) != (None, 1, 1.0):
        raise typer.BadParameter("the tiny world is always the same", param_hint="tiny")
    _make_room(out, as_json=as_json)
    _write({out: canonical(_made(kind, cases, seed, supply))}, as_json=as_json)
    world = _world(out, as_json=as_json)
    _print(
        as_json,
        {"file": str(out), "cases": len(world.cases), "world": world.fingerprint},
        f"{out}: {len(world.cases)} cases, {len(world.resources)} resources, "
        f"{len(world.departures)} departures",
    )


@app.command()
def check(
    world_file: WorldFile,
    plan_file: Annotated[Path | None, typer.Argument(metavar="[PLAN.json]")] = None,
    as_json: Json = False,
) -> None:
    """Check a world, or a plan on it: every rule, independently of the planner."""
    world = _world(world_file, as_json=as_json)
    found = (
        violations(world, REGISTER, world.bookings)
        if plan_file is None
        else plan_violations(world, REGISTER, _plan(plan_file, as_json=as_json))
    )
    _print(
        as_json,
        {"world": world.fingerprint, "violations": [asdict(one) for one in found]},
        render.violations(found) if found else "no violations",
    )
    raise typer.Exit(1 if found else 0)


@app.command()
def propose(
    world_file: WorldFile,
    case: Annotated[str, typer.Argument(metavar="CASE", help="The case that asks for a slot.")],
    count: Annotated[int, typer.Option("-k", "--count", min=1, max=MOST_PROPOSALS)] = 5,
    plan_file: PlanFile = None,
    language: InLanguage = Spoken.en,
    as_json: Json = False,
) -> None:
    """Show different slots for a case, best first, or what blocks it."""
    desk = _desk_for(case, world_file, plan_file, as_json=as_json)
    given = desk.ask(case, count)
    shown = render.answer(given, desk.world, LANGUAGES[language.value])
    _print(as_json, given.model_dump(mode="json"), shown)
    raise typer.Exit(0 if given.proposals else 1)


@app.command()
def lights(
    world_file: WorldFile,
    case: Annotated[str, typer.Argument(metavar="CASE", help="The case that is looked at.")],
    plan_file: PlanFile = None,
    language: InLanguage = Spoken.en,
    as_json: Json = False,
) -> None:
    """Show the four lights of a case and execution, what blocks it, and what would open it."""
    desk = _desk_for(case, world_file, plan_file, as_json=as_json)
    shown = desk.lights(case)
    _print(
        as_json,
        shown.model_dump(mode="json"),
        render.lights(shown, LANGUAGES[language.value], desk.world),
    )


@app.command()
def openings(
    world_file: WorldFile,
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RESOURCE|DEPARTURE|FACILITY]...", help="What came free."),
    ] = None,
    plan_file: PlanFile = None,
    language: InLanguage = Spoken.en,
    as_json: Json = False,
) -> None:
    """Show which unplanned cases could use what came free, best first; else whatever is free."""
    desk = _desk(world_file, plan_file, as_json=as_json)
    unknown = [one for one in ids or () if not desk.kinds(one)]
    if unknown:
        says = f"nothing in {world_file} has this id"
        _refuse([Problem(one, says) for one in unknown], as_json=as_json)
    found = desk.openings([(kind, one) for one in ids or () for kind in desk.kinds(one)])
    _print(
        as_json,
        found.model_dump(mode="json"),
        render.openings(found, desk.world, LANGUAGES[language.value]),
    )


@app.command()
def plan(
    world_file: WorldFile,
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write the plan.")],
    seconds: Annotated[
        float,
        typer.Option(min=0, max=86_400, help="To search in; the first plan is always finished."),
    ] = 20.0,
    rounds: Annotated[
        int | None,
        typer.Option(
            min=1, max=10_000_000, help="Rounds instead of seconds: the same plan every time."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Where the search begins.")] = 0,
    workers: Annotated[
        int,
        typer.Option(min=1, max=64, help="Processes; the second and more search beside the bound."),
    ] = 1,
    as_json: Json = False,
) -> None:
    """Plan all cases; print per level the value, the bound and the gap, and who is left and why.

    Ctrl-C stops the search and keeps the plan found so far.
    """
    world = _world(world_file, as_json=as_json)
    _make_room(out, as_json=as_json)
    with (
        _progress(hidden=as_json) as show,
        _interruptible() as stop,
        _executor(workers - 1) as executor,
    ):
        made = make_plan(
            world,
            REGISTER,
            seconds=seconds,
            rounds=rounds,
            seed=seed,
            progress=show,
            stop=stop,
            executor=executor,
            workers=max(workers - 1, 1),
        )
    _write({out: _text(made)}, as_json=as_json)
    planned = len({booking.case for booking in made.bookings})
    _print(
        as_json,
        {
            "planned": planned,
            "unplanned": [one.model_dump(mode="json") for one in made.unplanned],
            **_worth(made),
        },
        render.plan(made, world),
    )
    raise typer.Exit(0 if planned or not world.cases else 1)


@app.command()
def replan(
    world_file: WorldFile,
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN.json", help="The plan in force.")],
    events_file: Annotated[Path, typer.Argument(metavar="EVENTS.json", help="What happened.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Where to write the new plan; else it is only shown."),
    ] = None,
    world_out: Annotated[
        Path | None,
        typer.Option(
            metavar="CHANGED.json", help="Where to write the changed world; else beside the plan."
        ),
    ] = None,
    work: Annotated[
        float,
        typer.Option(
            min=0, max=3_600, help="For each case that others give way to; 1 is about a second."
        ),
    ] = WORK,
    as_json: Json = False,
) -> None:
    """Repair a plan after events with the least change; print what is kept, moved, dropped, new.

    The new plan is one of the changed world, which is written with it.
    """
    changed_world = _beside(out, world_out, as_json=as_json)
    world = _world(world_file, as_json=as_json)
    made = _valid_plan(world, plan_file, as_json=as_json)
    events = _events(events_file, as_json=as_json)
    try:
        found = repair_plan(world, REGISTER, made, events, work=work)
    except WorldError as error:
        _refuse(error.problems, as_json=as_json)
    if out is not None and changed_world is not None:
        files = {out: _text(found.plan), changed_world: canonical(document(found.world))}
        _write(files, as_json=as_json)
    _print(
        as_json,
        {
            "kept": [{"case": one.case, "reason": one.reason} for one in found.kept],
            "moved": [one.model_dump(mode="json") for one in found.moved],
            "dropped": [one.model_dump(mode="json") for one in found.dropped],
            "new": [one.model_dump(mode="json") for one in found.new],
            "ignored": [{"event": one.id, "says": one.says} for one in found.ignored],
            "unplanned": [one.model_dump(mode="json") for one in found.plan.unplanned],
            **_worth(found.plan),
            "files": {"plan": out and str(out), "world": changed_world and str(changed_world)},
        },
        render.replan(found, out, changed_world),
    )


@app.command()
def simulate(
    scenario_file: Annotated[
        Path, typer.Argument(metavar="SCENARIO.toml", help="The scenario to simulate.")
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="The folder for tables, figures and replications.")
    ],
    replications: Annotated[
        int | None,
        typer.Option(min=1, max=100_000, help="How many; else as many as the scenario says."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes; else one for each core.")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A Dask scheduler whose workers do it instead."),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(metavar="OTHER.toml", help="A scenario of the same seed to compare it with."),
    ] = None,
    bottlenecks: Annotated[
        int,
        typer.Option(min=0, max=100_000, help="Replications to measure one more unit of each in."),
    ] = 0,
    week: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="A day from which to tell what a week can hold at most."
        ),
    ] = None,
    language: InLanguage = Spoken.en,
    as_json: Json = False,
) -> None:
    """Simulate capacity over months, many times; print means with their 95 % intervals.

    Replications that are done are kept in the folder: asked again, it goes on from there.
    """
    scenario = _scenario(scenario_file, as_json=as_json)
    other = None if compare is None else _scenario(compare, as_json=as_json)
    wrong = [] if other is None else [*same_dice(scenario, other)]
    if cluster is not None and workers is not None:
        wrong.append(Problem("--workers", "is of no use with --cluster, which has its own"))
    if wrong:
        _refuse(wrong, as_json=as_json)
    _make_room(out / "summary.csv", as_json=as_json)
    pool = processes(workers or os.cpu_count() or 1) if cluster is None else on_cluster(cluster)
    with _interruptible() as stop:
        made = simulator(scenario, pool, out / "replications", stop)
        try:
            with _counting(hidden=as_json) as count:
                found = made.results(scenario, replications, count(scenario.name))
                against = (
                    None if other is None else made.results(other, replications, count(other.name))
                )
                worth = None
                if bottlenecks:
                    tried = candidates(scenario, made.setting.world, REGISTER, found)
                    worth = worths(
                        scenario,
                        found,
                        tried,
                        lambda one: made.results(
                            one, bottlenecks, count(f"+1 {name_of(one.capacities[-1])}")
                        ),
                    )
            cut = week and week_cut(made, scenario, week.date())
        except ScenarioError as error:
            _refuse(error.problems, as_json=as_json)
        except ValueError as error:
            _refuse([Problem("--week", str(error))], as_json=as_json)
        except NoClusterError as error:
            _refuse([Problem("--cluster", str(error))], as_json=as_json)
        except CancelledError:
            says = f"interrupted; what is done is in {out}, and is not done again"
            _print(as_json, {"interrupted": True, "folder": str(out)}, says)
            raise typer.Exit(1) from None
    certificate = [getattr(one, language.value) for one in told_in_words(*cut)] if cut else []
    told = headline(found.totals)
    differs = None if against is None else headline(compared(against.totals, found.totals))
    frames = [*found.frames, ("summary", summary(found.totals))]
    frames += [] if against is None else [("comparison", compared(against.totals, found.totals))]
    frames += [] if worth is None else [("bottlenecks", worth)]
    files = write(frames, out)
    drawings = {out / f"{one.name}.svg": drawn(one) for one in figures(found, worth)}
    _write({path: bytes(one.body).decode() for path, one in drawings.items()}, as_json=as_json)
    _print(
        as_json,
        {
            "scenario": scenario.name,
            "replications": int(found.totals["replication"].nunique()),
            "seed": scenario.seed,
            "summary": rows_of(told),
            "comparison": None if differs is None else rows_of(differs),
            "bottlenecks": None if worth is None else rows_of(worth),
            "certificate": certificate,
            "files": [str(one) for one in (*files, *drawings)],
        },
        render.simulation(scenario.name, told, differs, worth, certificate, out),
    )


@brings.command("world")
def import_(
    world_file: WorldFile,
    database: DatabaseUrl = DATABASE,
    practice: Annotated[
        bool, typer.Option("--practice", help="Time in the store goes on from the world's asOf.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Fill an empty store with a world; its bookings claim what they take."""
    world = _world(world_file, as_json=as_json)
    with _office(database, as_json=as_json) as office:
        try:
            office.begin(world, AT_THE_KEYS, practice=practice)
        except NotEmptyError as error:
            _refuse([Problem("--database", str(error))], as_json=as_json)
        except TakenError as error:
            twice = "two bookings of the world take the same"
            found = [Problem(f"$.bookings: {one.unit}", twice) for one in error.taken]
            _refuse(found, as_json=as_json)
    _print(
        as_json,
        {"world": world.fingerprint, "cases": len(world.cases), "bookings": len(world.bookings)},
        f"{len(world.cases)} cases and {len(world.bookings)} bookings are in the store",
    )


@brings.command("rosters")
def import_rosters(
    file: TableFile,
    database: DatabaseUrl = DATABASE,
    dry_run: DryRun = False,
    replan: Repair = False,
    partner: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only of this partner's people may it tell: dv-o, kmar."),
    ] = None,
    resource: Annotated[
        str | None, typer.Option(metavar="ID", help="Whose calendar it is, where it is one.")
    ] = None,
    encoding: InEncoding = None,
    as_json: Json = False,
) -> None:
    """Bring in when people, vehicles and rooms are at work: CSV, XLSX, Parquet or iCalendar."""
    if partner is not None and partner not in PARTNERS:
        says = f"there is no partner {partner}{maybe(partner, PARTNERS)}"
        _refuse([Problem("--partner", says)], as_json=as_json)

    def made(body: bytes, office: Office) -> Made:
        roles = None if partner is None else roles_of(office.ever(), PARTNERS[partner])
        return told_by(body, "rosters", encoding=encoding, resource=resource, roles=roles)

    _bring("rosters", file, made, database, dry_run=dry_run, repair=replan, as_json=as_json)


@brings.command("departures")
def import_departures(
    file: TableFile,
    database: DatabaseUrl = DATABASE,
    dry_run: DryRun = False,
    replan: Repair = False,
    encoding: InEncoding = None,
    as_json: Json = False,
) -> None:
    """Bring in flights, charters and transfers by road, or the timetable of a season."""

    def made(body: bytes, _office: Office) -> Made:
        return told_by(body, "departures", encoding=encoding)

    _bring("departures", file, made, database, dry_run=dry_run, repair=replan, as_json=as_json)


@brings.command("cases")
def import_cases(
    file: TableFile,
    database: DatabaseUrl = DATABASE,
    dry_run: DryRun = False,
    replan: Repair = False,
    encoding: InEncoding = None,
    as_json: Json = False,
) -> None:
    """Bring in cases, a row for each person."""

    def made(body: bytes, _office: Office) -> Made:
        return told_by(body, "cases", encoding=encoding)

    _bring("cases", file, made, database, dry_run=dry_run, repair=replan, as_json=as_json)


@brings.command("roads")
def import_roads(
    file: TableFile,
    database: DatabaseUrl = DATABASE,
    dry_run: DryRun = False,
    replan: Repair = False,
    encoding: InEncoding = None,
    as_json: Json = False,
) -> None:
    """Bring in travel times by road, a row for each two places: CSV, XLSX or Parquet."""

    def made(body: bytes, _office: Office) -> Made:
        return told_by(body, "roads", encoding=encoding)

    _bring("roads", file, made, database, dry_run=dry_run, repair=replan, as_json=as_json)


def _bring(
    kind: FileKind,
    path: Path,
    made: Callable[[bytes, Office], Made],
    database: str,
    *,
    dry_run: bool,
    repair: bool,
    as_json: bool,
) -> None:
    """Bring a file into a store, or tell what it would do; 1 where bookings break and stay so."""
    body = _bytes(path, as_json=as_json)
    with _office(database, as_json=as_json, there=True) as office:
        try:
            asked, done = made(body, office), not dry_run
            try:
                if done:
                    named = name_of_file(body, kind)
                    effect = office.take_in(asked, named, AT_THE_KEYS, repair=repair)
            except RefusedError:
                done = False
            if not done:
                effect = office.foreseen_of(asked)
        except FlawedError as error:
            _print_flaws(error, path, as_json=as_json)
        except WorldError as error:
            _refuse(error.problems, as_json=as_json)
    told = report(effect, kind, applied=done)
    _print(as_json, told.model_dump(mode="json"), render.imported(told, path))
    raise typer.Exit(1 if effect.broken and not (done or (dry_run and repair)) else 0)


def _bytes(path: Path, *, as_json: bool) -> bytes:
    """Return what a file holds, of one that is not too large."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        _refuse([Problem(str(path), error.strerror or "cannot be read")], as_json=as_json)


def _print_flaws(error: FlawedError, path: Path, *, as_json: bool) -> NoReturn:
    """Say what is wrong with every row, and end with 2; nothing was written."""
    if as_json:
        print(json.dumps({"problems": [asdict(one) for one in error.flaws]}, ensure_ascii=False))
    else:
        Console(stderr=True).print(render.flaws(error.flaws, path))
    raise typer.Exit(2)


@takes.command("world")
def export(
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write the world.")],
    database: DatabaseUrl = DATABASE,
    as_json: Json = False,
) -> None:
    """Write the world of a store as it is now, its bookings in it; the logs tell of it."""
    _make_room(out, as_json=as_json)
    with _office(database, as_json=as_json, there=True) as office:
        world = office.export(AT_THE_KEYS)
    _write({out: canonical(document(world))}, as_json=as_json)
    _print(
        as_json,
        {"file": str(out), "cases": len(world.cases), "world": world.fingerprint},
        f"{out}: {len(world.cases)} cases, {len(world.bookings)} bookings",
    )


@takes.command("plan")
def export_plan(
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Where to write it: .xlsx, .csv or .parquet.")
    ],
    plan_file: Annotated[
        Path | None,
        typer.Argument(metavar="[PLAN.json]", help="A plan; else the one in force in the store."),
    ] = None,
    world_file: Annotated[
        Path | None,
        typer.Option("--world", metavar="WORLD.json", help="The world that a PLAN.json is of."),
    ] = None,
    database: DatabaseUrl = DATABASE,
    language: InLanguage = Spoken.nl,
    as_json: Json = False,
) -> None:
    """Write a plan as a table; a workbook has a sheet for each partner too."""
    file = next((one for one in FILES if out.suffix.lower() == f".{one}"), None)
    if file is None:
        says = f"should end in {', '.join(f'.{one}' for one in FILES)}: {out}"
        _refuse([Problem("--out", says)], as_json=as_json)
    if (plan_file is None) != (world_file is None):
        says = "PLAN.json and --world WORLD.json go together; leave both out for the store"
        _refuse([Problem("--world", says)], as_json=as_json)
    _make_room(out, as_json=as_json)
    if plan_file is not None and world_file is not None:
        world = _world(world_file, as_json=as_json)
        bookings, secret, proposals = (
            _valid_plan(world, plan_file, as_json=as_json).bookings, world.fingerprint, True,
        )  # fmt: skip
    else:
        with _office(database, as_json=as_json, there=True) as office:
            bookings, proposals = office.world().bookings, False
            world, secret = office.ever(), office.began_with() or ""
            _taken_out(office, f"plan/{world.fingerprint}", bookings)
    words = LANGUAGES[language.value]
    body = written(plan_sheets(world, bookings, secret, words, proposals=proposals), file)
    _write({out: body}, as_json=as_json)
    told = {"file": str(out), "bookings": len(bookings), "world": world.fingerprint}
    _print(as_json, told, f"{out}: {len(bookings)} bookings")


@takes.command("calendar")
def export_calendar(
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write it: .ics.")],
    partner: Annotated[
        str | None, typer.Option(metavar="ID", help="What this partner is asked: dv-o, kmar.")
    ] = None,
    resource: Annotated[
        str | None, typer.Option(metavar="ID", help="Where this person, vehicle or room is taken.")
    ] = None,
    database: DatabaseUrl = DATABASE,
    as_json: Json = False,
) -> None:
    """Write what a partner is asked, or where somebody is taken, as a calendar (RFC 5545)."""
    if (partner is None) == (resource is None):
        _refuse([Problem("--partner", "or --resource is asked for, one of both")], as_json=as_json)
    if partner is not None and partner not in PARTNERS:
        says = f"there is no partner {partner}{maybe(partner, PARTNERS)}"
        _refuse([Problem("--partner", says)], as_json=as_json)
    _make_room(out, as_json=as_json)
    with _office(database, as_json=as_json, there=True) as office:
        if resource is None:
            name, one = PARTNERS[partner or ""], None
        else:
            ever = office.ever()
            one = next((each for each in ever.resources if each.id == resource), None)
            if one is None:
                known = [each.id for each in ever.resources]
                says = f"there is no resource {resource}{maybe(resource, known)}"
                _refuse([Problem("--resource", says)], as_json=as_json)
            role = one.role
            theirs = (name for name in PARTNERS.values() if role in roles_of(ever, name))
            name = next(theirs, "")
            if not name:
                says = f"{resource} is a {role}, of whom no partner is asked anything"
                _refuse([Problem("--resource", says)], as_json=as_json)
        body = calendar_of(office, name, one, "export")
        _taken_out(office, f"calendar/{partner or resource}", ())
    _write({out: body}, as_json=as_json)
    events = body.count(b"BEGIN:VEVENT")
    _print(as_json, {"file": str(out), "events": events}, f"{out}: {events} events")


@takes.command("day")
def export_day(
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write it: .pdf or .html.")],
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; else today.")
    ] = None,
    database: DatabaseUrl = DATABASE,
    language: InLanguage = Spoken.nl,
    as_json: Json = False,
) -> None:
    """Write the plan of a day to print: all who are booked, by role; PDF asks for Chromium."""
    from api.app import create_app

    if out.suffix.lower() not in {".pdf", ".html"}:
        _refuse([Problem("--out", f"should end in .pdf or .html: {out}")], as_json=as_json)
    _make_room(out, as_json=as_json)
    with _office(database, as_json=as_json, there=True) as office:
        shown = day.date() if day else local_date(office.world().as_of, ZONE)
        service = create_app(office, AtTheKeys(), _settings())
        try:
            html = day_sheet(service, shown, language.value)
            body = printed(html) if out.suffix.lower() == ".pdf" else html.encode()
        except NoPaperError as error:
            _refuse([Problem("export day", str(error))], as_json=as_json)
        _taken_out(office, f"day/{shown}", ())
    _write({out: body}, as_json=as_json)
    _print(as_json, {"file": str(out), "day": f"{shown}"}, f"{out}: {shown}")


def _taken_out(office: Office, what: str, bookings: Sequence[Booking]) -> None:
    """Let the logs tell that something is taken out of a store."""
    office.seen("export", bookings)
    with office.beside(AT_THE_KEYS, "export", [what]):
        pass


@audit.command()
def verify(database: DatabaseUrl = DATABASE, as_json: Json = False) -> None:
    """Look whether every line of the audit log is as it was written; 1 when one is not.

    It says where the log begins and ends: who wrote that down sees whether lines were cut off.
    """
    with (
        _office(database, as_json=as_json, there=True) as office,
        office.database.reading() as connection,
    ):
        office.world()
        found = [*tampered(connection)]
        first, (last, hash) = begins(connection)[0], ends(connection)
    says = f"the audit log is as it was written, lines {first} to {last}, with hash {hash}"
    if found:
        says = f"not as written, or after a gap: line {', '.join(map(str, found))}"
    _print(as_json, {"tampered": found, "first": first, "last": last, "hash": hash}, says)
    raise typer.Exit(1 if found else 0)


@app.command()
def retain(
    database: DatabaseUrl = DATABASE,
    periods_file: Annotated[
        Path | None,
        typer.Option("--periods", metavar="PERIODS.toml", help="How long each kind is kept."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be removed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Remove from a store what has been kept long enough; the logs tell of it."""
    periods = _periods(periods_file, as_json=as_json)
    with _office(database, as_json=as_json, there=True) as office:
        now = office.now()
        if dry_run:
            with office.database.reading() as connection:
                removed = due(connection, periods, now)
        else:
            with office.database.writing() as connection:
                removed = remove_due(connection, periods, AT_THE_KEYS, now)
    _print(
        as_json,
        {"dryRun": dry_run, "removed": removed.model_dump(mode="json")},
        f"{'due' if dry_run else 'removed'}: "
        + ", ".join(f"{count} {kind}" for kind, count in removed),
    )


@app.command()
def serve(
    database: DatabaseUrl = DATABASE,
    world_file: Annotated[
        Path | None,
        typer.Option(
            "--world",
            metavar="WORLD.json",
            help="What an empty store is filled with, to practise: time goes on from its asOf.",
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(help="The address to answer at; another than this machine's needs a login."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 8000,
) -> None:
    """Serve the API and its login; without an OpenID provider it is a demo on this machine only."""
    import uvicorn

    from api.app import create_app
    from api.http.technical_log import to_stderr

    settings = _settings()
    if settings.issuer is None and not is_loopback(host):
        says = "the demo asks for no password, so it is for this machine only: configure an issuer"
        _refuse([Problem("--host", f"{says} (docs/access.md), or leave --host out")], as_json=False)
    world = None if world_file is None else _world(world_file, as_json=False)
    # The server gives the signal on when its work is done: it ends this program as it should.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    to_stderr()
    with _office(database, as_json=False) as office:
        if world is not None:
            _begin(office, world)
        with suppress(EmptyError):
            desk = office.desk()
            settle()
            desk.warm(WARM)
        over = Flag()
        warming = Thread(target=_keep_warm, args=(office, over), name="warming", daemon=True)
        service = create_app(office, settings=settings)

        class Server(uvicorn.Server):
            def handle_exit(self, sig: int, frame: FrameType | None) -> None:
                service.state.runner.close()  # streams of events end, or they would be waited for
                super().handle_exit(sig, frame)

        server = Server(
            uvicorn.Config(
                service,
                host=host,
                port=port,
                server_header=False,
                # In a demo nobody stands between: what is said of whom a request is for is made up.
                proxy_headers=settings.issuer is not None,
                access_log=False,
                log_config=None,
                timeout_graceful_shutdown=PATIENCE,
            )
        )
        warming.start()
        with suppress(KeyboardInterrupt):
            server.run()
        over.set()
        if not server.started:
            raise typer.Exit(1)


def _keep_warm(office: Office, over: Flag) -> None:
    """Ask of all cases whenever the desk began anew, as with every slot, until it is over."""
    begun = 1
    while not over.wait(LOOK):
        with suppress(EmptyError, UnavailableError):
            desk = office.desk()
            if desk.begun() > begun:
                begun = desk.begun()
                desk.warm(WARM)


def _settings() -> Settings:
    """Return what the environment says of the service, and say all that cannot be."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = [
            Problem(
                "_".join(["REGIETAFEL", *map(str, one["loc"][:1])]).upper(),
                f"is no setting{maybe(str(one['loc'][0]), Settings.model_fields)}"
                if one["type"] == "extra_forbidden"
                else one["msg"].removeprefix("Value error, "),
            )
            for one in error.errors(include_url=False)
        ]
        _refuse(wrong, as_json=False)


def _begin(office: Office, world: World) -> None:
    """Fill an empty store with a world to practise; one that began with that world goes on."""
    try:
        office.begin(world, AT_THE_KEYS, practice=True)
    except NotEmptyError as error:
        if office.began_with() != world.fingerprint:
            says = f"{error}, and another one; leave --world out, or choose another --database"
            _refuse([Problem("--world", says)], as_json=False)
        print("the store began with this world: it goes on as it is now", file=sys.stderr)


@contextmanager
def _office(url: str, *, as_json: bool, there: bool = False) -> Iterator[Office]:
    """Open the store at ``url``, and say so when it cannot be used; ``there``: make no new one."""
    database = _opened(url, as_json=as_json, there=there)
    try:
        yield Office(database)
    except (UnavailableError, EmptyError) as error:
        _refuse([Problem("--database", str(error))], as_json=as_json)
    finally:
        database.close()


def _opened(url: str, *, as_json: bool, there: bool) -> Database:
    try:
        if there and not _exists(url):
            raise UnavailableError("there is no such file")
        return open_database(url)
    except ArgumentError:
        says = "is no URL of a database"
    except DatabaseError:
        says = "is no database of ours"
    except (UnavailableError, ValueError) as error:
        says = str(error)
    _refuse([Problem("--database", says)], as_json=as_json)


def _exists(url: str) -> bool:
    """Return whether a database is there, as far as a look at the files tells."""
    known = make_url(url)
    return known.get_backend_name() != "sqlite" or Path(known.database or "").is_file()


def _worth(made: Plan) -> dict[str, object]:
    """Return what a plan is worth, how far from the best, and what reproduces it."""
    return {
        "objective": made.objective,
        "levels": [one.model_dump(mode="json") for one in made.levels],
        "bound": next((one.bound for one in made.levels if one.level == "plannedWeight"), 0),
        "gap": made.gap,
        "seconds": made.seconds,
        "seed": made.seed,
        "world": made.world,
    }


def _text(made: Plan) -> str:
    return made.model_dump_json(by_alias=True, indent=1) + "\n"


def _beside(out: Path | None, world_out: Path | None, *, as_json: bool) -> Path | None:
    """Return where the changed world goes, which the plan in ``out`` is no use without."""
    if out is None:
        if world_out is not None:
            says = "asks for -o too: the changed world comes with the new plan"
            _refuse([Problem("--world-out", says)], as_json=as_json)
        return None
    path = world_out or out.with_name(f"{out.stem}.world.json")
    if path.resolve() == out.resolve():
        says = f"is where the plan goes already: {out}"
        _refuse([Problem("--world-out", says)], as_json=as_json)
    return path


def _made(kind: Kind, cases: int | None, seed: int, supply: float) -> Document:
    """Return a world of a kind; without a number of cases it has as many as its own default."""
    if kind is Kind.tiny:
        return tiny()
    make = europe if kind is Kind.europe else national
    return make(seed=seed, supply=supply) if cases is None else make(cases, seed, supply)


def _desk_for(case: str, world_file: Path, plan_file: Path | None, *, as_json: bool) -> Desk:
    """Return the desk of a world that knows the case."""
    desk = _desk(world_file, plan_file, as_json=as_json)
    try:
        desk.case(case)
    except UnknownCaseError:
        _refuse([Problem("CASE", f"there is no case {case} in {world_file}")], as_json=as_json)
    return desk


def _desk(world_file: Path, plan_file: Path | None, *, as_json: bool) -> Desk:
    """Return the desk of a world, a valid plan of it in force."""
    world = _world(world_file, as_json=as_json)
    bookings = world.bookings
    if plan_file is not None:
        bookings = _valid_plan(world, plan_file, as_json=as_json).bookings
    return Desk(world, bookings)


def _world(path: Path, *, as_json: bool) -> World:
    try:
        return open_world(path)
    except WorldError as error:
        _refuse(error.problems, as_json=as_json)
    except OSError as error:
        _refuse([Problem(str(path), error.strerror or "cannot be read")], as_json=as_json)


def _scenario(path: Path, *, as_json: bool) -> Scenario:
    try:
        return read_scenario(path)
    except ScenarioError as error:
        _refuse(
            [replace(one, path=f"{path.name}: {one.path}") for one in error.problems],
            as_json=as_json,
        )


def _plan(path: Path, *, as_json: bool) -> Plan:
    try:
        return Plan.model_validate_json(path.read_bytes())
    except ValidationError as error:
        _refuse(
            [
                Problem("$" + "".join(f"[{step!r}]" for step in one["loc"]), one["msg"])
                for one in error.errors(include_url=False)
            ],
            as_json=as_json,
        )
    except OSError as error:
        _refuse([Problem(str(path), error.strerror or "cannot be read")], as_json=as_json)


def _valid_plan(world: World, path: Path, *, as_json: bool) -> Plan:
    """Return a plan that breaks no rule; a check that came due since it was made breaks none."""
    made = _plan(path, as_json=as_json)
    found = plan_violations(world, REGISTER, made)
    if found:
        due = overdue(world, REGISTER, made.bookings)
        found = tuple(one for one in found if one not in due)
    if found:
        wrong = [Problem(one.booking, f"{one.constraint}: {one.says}") for one in found]
        _refuse(wrong, as_json=as_json)
    return made


def _periods(path: Path | None, *, as_json: bool) -> Periods:
    """Return how long each kind is kept; without a file the defaults."""
    try:
        return read_periods("" if path is None else path.read_text(encoding="utf-8"))
    except WorldError as error:
        _refuse(error.problems, as_json=as_json)
    except OSError as error:
        _refuse([Problem(str(path), error.strerror or "cannot be read")], as_json=as_json)


def _events(path: Path, *, as_json: bool) -> tuple[Event, ...]:
    try:
        return parse_events(path.read_bytes())
    except WorldError as error:
        _refuse(error.problems, as_json=as_json)
    except OSError as error:
        _refuse([Problem(str(path), error.strerror or "cannot be read")], as_json=as_json)


def _refuse(found: Sequence[Problem], *, as_json: bool) -> NoReturn:
    """Say everything that is wrong and end with 2; nothing was written."""
    if as_json:
        print(json.dumps({"problems": [asdict(one) for one in found]}, ensure_ascii=False))
    else:
        Console(stderr=True).print(render.problems(found))
    raise typer.Exit(2)


def _print(as_json: bool, machine: object, person: RenderableType) -> None:
    if as_json:
        print(json.dumps(machine, ensure_ascii=sys.stdout.encoding.lower() != "utf-8"))
    else:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="plainly")
        Console().print(person)


def _write(files: Mapping[Path, str | bytes], *, as_json: bool) -> None:
    """Write files whole, all of them or none, with the folders they need."""
    drafts = {path: path.with_name(f".{path.name}.{os.getpid()}") for path in files}
    path = next(iter(files))
    try:
        for path in files:
            if path.is_dir():
                raise IsADirectoryError(EISDIR, "is a folder")
        for path, draft in drafts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            body = files[path]
            draft.write_bytes(body.encode() if isinstance(body, str) else body)
        for path, draft in drafts.items():
            draft.replace(path)
    except OSError as error:
        for draft in drafts.values():
            with suppress(OSError):
                draft.unlink()
        _refuse([Problem(str(path), error.strerror or "cannot be written")], as_json=as_json)


def _make_room(path: Path, *, as_json: bool) -> None:
    """Refuse at once what could not be written after the work is done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(EISDIR, "is a folder")
    except OSError as error:
        _refuse([Problem(str(path), error.strerror or "cannot be written")], as_json=as_json)


@contextmanager
def _interruptible() -> Iterator[Stop]:
    """Take the first Ctrl-C for a wish to stop; the second one ends the program."""
    asked = Flag()
    before = signal.getsignal(signal.SIGINT)

    def ask(*_: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _executor(workers: int) -> Iterator[Executor | None]:
    """Give so many processes to work in beside this one; None for none."""
    if not workers:
        yield None
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
        yield executor


@contextmanager
def _progress(*, hidden: bool) -> Iterator[Callable[[Objective, Objective, float], None]]:
    """Show the incumbent and the bound while planning goes on."""
    console = Console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task("first plan ...")

        def show(values: Objective, bounds: Objective, _seconds: float) -> None:
            bound = bounds.get("plannedWeight", "?")
            bar.update(task, description=f"planned {values['plannedWeight']} of at most {bound}")

        yield show


@contextmanager
def _counting(*, hidden: bool) -> Iterator[Callable[[str], Counted]]:
    """Show how many replications of each scenario are done."""
    # Refreshed by hand: a process that has threads makes poor copies of itself.
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=hidden,
        auto_refresh=False,
    ) as bar:

        def count(name: str) -> Counted:
            task = bar.add_task(name, total=None)

            def show(done: int, of: int) -> None:
                bar.update(task, completed=done, total=of, refresh=True)

            return show

        yield count


if __name__ == "__main__":
    sys.exit(app())
