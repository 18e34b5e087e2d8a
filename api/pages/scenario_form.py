"""A scenario as a form: what management changes in plain words, and the scenario that comes of it.

The form carries the scenario that it begins from as TOML: what is in none of its fields is taken
over as it stands there.
"""

import json
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from api.http.simulations import (
    BASELINE,
    LONGEST_SCENARIO,
    MOST_REPLICATIONS,
    MOST_TRIED,
    SimulationWish,
)
from api.language import Language, phrase
from api.pages.scenario_words import PUBLISHED, RULES, SEATS, USUAL, facility
from api.simulations import no_such_week
from constraints.register import REGISTER
from fixtures.simulated import dutch
from scheduler.draft import Problem
from scheduler.simulation.adjusting import problems
from scheduler.simulation.profile import Setting
from scheduler.simulation.scenario import Scenario, ScenarioError, parse_scenario
from scheduler.world import Tag

Toml = dict[str, Any]
MOST_LINES = 100
"""Lines of one kind in a form at most."""
BLANK = 2
"""Lines that are offered to be filled in."""
CHANGED = "assumption: changed in the form by who asked for it"
"""The source of a part that somebody changed and said nothing of."""
DAYS = 28
"""Days of the chain that tell what there is to choose: more of them have the same people."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a scenario that is typed: where it stands, and from what to what it may be."""

    name: str
    says: str
    path: tuple[str, ...]
    least: int
    most: int
    whole: bool = True
    optional: bool = False


NUMBERS = (
    Number("per_year", phrase("Cases that enter in a year"), ("inflow", "perYear"), 0, 1_000_000),
    Number("caseload", phrase("Cases that are there at the start"), ("inflow", "caseload"), 0,
           1_000_000),
    Number("days_ahead", phrase("Days ahead that is planned at most"), ("policy", "daysAhead"), 1,
           366),
    Number("lead_days", phrase("Days of notice at least, beside what the law asks"),
           ("policy", "leadDays"), 0, 100),
    Number("again_after", phrase("Days until a case is planned again after a failure"),
           ("policy", "againAfter"), 0, 365, whole=False),
    Number("round_minutes", phrase("Minutes between two rounds of planning (empty: each night)"),
           ("policy", "roundMinutes"), 5, 1440, optional=True),
    Number("days", phrase("Days that are counted"), ("horizon", "days"), 1, 3660),
    Number("warm_up", phrase("Days before them, to fill facilities and queues"),
           ("horizon", "warmUp"), 0, 3660),
    Number("seed", phrase("Seed (the same seed gives the same chances)"), ("seed",), 0,
           2**53 - 1),
    Number("replications", phrase("Replications (more make the margins narrower)"),
           ("replications",), 2, MOST_REPLICATIONS),
)  # fmt: skip
BOTTLENECKS = Number("bottlenecks", phrase("Resources of which one more is tried (0: none)"),
                     (), 0, MOST_TRIED)  # fmt: skip
DATES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "from_day": (phrase("First day that is counted"), ("horizon", "from")),
    "rules_date": (phrase("Day whose rules are in force"), ("rulesDate",)),
}
"""Days that are typed: what they are called, and where in a scenario they stand."""
PERCENT = Number("percent", phrase("Per cent"), ("times",), 0, 100_000_000, whole=False)
PLUS = Number("plus", phrase("More or fewer"), ("plus",), -10_000, 10_000)
SHARE = Number("share", phrase("Per cent"), ("share",), 0, 100, whole=False)
FIGURE = Number("figure", phrase("Becomes"), ("figure",), 0, 1_000_000)
MINUTES = Number("minutes", phrase("Minutes"), ("minutes",), 0, 1440)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}([.,\s]\d{3})+")
"""A number as people write it, in groups of three."""
LINES = (
    ("of", "percent", "plus"),
    ("role", "region", "language", "more_percent", "more_plus"),
    ("reason", "share"),
    ("rule", "figure"),
    ("buffer_role", "buffer_minutes"),
)
"""The fields of a line, by kind of line."""
Short = Annotated[str, Field(max_length=80)]
Typed = Annotated[tuple[Short, ...], Field(max_length=MOST_LINES)]


class Filled(BaseModel):
    """What was typed, as it was typed: lines of a kind lie beside each other in lists.

    ``of`` names what a capacity is of: ``role interpreter``, ``facility jc-zeist``, ``departures
    charter``. What is left empty of a line that was offered says nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: Annotated[str, Field(max_length=LONGEST_SCENARIO + 10_000)] = ""
    key: Annotated[str, Field(pattern="^[!-~]{8,80}$", max_length=80)]
    name: Short = ""
    why: Annotated[str, Field(max_length=400)] = ""
    per_year: Short = ""
    caseload: Short = ""
    days_ahead: Short = ""
    lead_days: Short = ""
    again_after: Short = ""
    round_minutes: Short = ""
    from_day: Short = ""
    days: Short = ""
    warm_up: Short = ""
    rules_date: Short = ""
    seed: Short = ""
    replications: Short = ""
    bottlenecks: Short = "0"
    week: Short = ""
    of: Typed = ()
    percent: Typed = ()
    plus: Typed = ()
    role: Typed = ()
    region: Typed = ()
    language: Typed = ()
    more_percent: Typed = ()
    more_plus: Typed = ()
    reason: Typed = ()
    share: Typed = ()
    rule: Typed = ()
    figure: Typed = ()
    buffer_role: Typed = ()
    buffer_minutes: Typed = ()

    @model_validator(mode="after")
    def _lines_are_whole(self) -> Self:
        """Hold that each line has all its fields, and is of something that there is."""
        for columns in LINES:
            if len({len(getattr(self, one)) for one in columns}) > 1:
                raise ValueError(f"the lines of {', '.join(columns)} are not whole")
        if len({*self.of}) < len(self.of) or not {*self.of} <= supply().keys():
            raise ValueError("a capacity is of nothing that there is, or there twice")
        return self

    @model_validator(mode="after")
    def _begins_from_a_scenario(self) -> Self:
        """Hold that what a form begins from is a scenario: nobody types it."""
        try:
            parse_scenario(self.scenario)
        except ScenarioError as error:
            raise ValueError(str(error)) from None
        return self


Mistakes = dict[str, tuple[str, Mapping[str, int]]]
"""What is wrong by field, ``percent-3`` for that of a line: a sentence and what goes into it."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a form makes no scenario: beside its fields, and what else the scenario cannot be."""

    fields: Mistakes
    others: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """What there is of something in the chain, and in the scenario that a form begins from."""

    of: str
    says: str
    now: int
    percent: str
    plus: str
    source: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be chosen, and what it is called."""

    value: str
    says: str


# --- What a scenario looks like in the form -------------------------------------------------------


def form_of(text: str, key: str, request: Mapping[str, Any] | None = None) -> Filled:
    """Return the form that begins from a scenario, and from what was asked of a simulation of it.

    Raises
    ------
    ScenarioError
        When it is no scenario.
    """
    scenario, raw, asked = parse_scenario(text), tomllib.loads(text), request or {}
    lines = [_line(of, one) for of, one in _capacities(raw)]
    extra = _extras(raw)
    blank = [""] * BLANK
    named = [one["resources"] for one in extra]
    failures, figures = raw.get("failures", ()), raw.get("figures", ())
    buffers = raw.get("buffers", ())
    numbers = {one.name: _shown(_at(raw, one.path)) for one in NUMBERS}
    return Filled.model_validate({
        **numbers,
        "scenario": text,
        "key": key,
        "name": scenario.name,
        "replications": str(min(asked.get("replications", 20), MOST_REPLICATIONS)),
        "bottlenecks": str(asked.get("bottlenecks", 0)),
        "week": asked.get("week") or "",
        **{name: f"{_at(raw, path)}" for name, (_, path) in DATES.items()},
        **_columns(("of", "percent", "plus"), lines),
        "role": [*(one.get("role", "") for one in named), *blank],
        "region": [*(one.get("region", "") for one in named), *blank],
        "language": [*(one.get("language", "") for one in named), *blank],
        "more_percent": [*(_percent(one.get("times", 1)) for one in extra), *blank],
        "more_plus": [*(_shown(one.get("plus", 0)) for one in extra), *blank],
        "reason": [one["reason"] for one in failures],
        "share": [_percent(one["share"]) for one in failures],
        "rule": [*(one["rule"] for one in figures), *blank],
        "figure": [*(_shown(one["figure"]) for one in figures), *blank],
        "buffer_role": [*(one["role"] for one in buffers), *blank],
        "buffer_minutes": [*(_shown(one["minutes"]) for one in buffers), *blank],
    })  # fmt: skip


def lines_of(language: Language, form: Filled) -> Iterator[Line]:
    """Yield the lines of people, places and seats, each with what it begins from."""
    parts, counts = dict(_capacities(tomllib.loads(form.scenario))), supply()
    for of, percent, plus in zip(form.of, form.percent, form.plus, strict=True):
        kind, _, name = of.partition(" ")
        match kind:
            case "role":
                says = language.role(name, 2)
            case "facility":
                says = facility(language, name)
            case _:
                says = language.say(SEATS[name])
        part = parts.get(of) or {}
        yield Line(
            of, says, counts[of], percent, plus, part.get("source") or PUBLISHED.get(name, USUAL)
        )


def sources_of(form: Filled) -> dict[str, str]:
    """Return where the parts of the scenario are from that a form begins from, by its fields."""
    raw = tomllib.loads(form.scenario)
    found = {name: raw[name]["source"] for name in ("inflow", "policy", "horizon")}
    for section, key in (("failures", "reason"), ("figures", "rule"), ("buffers", "role")):
        found |= {f"{section}-{one[key]}": one["source"] for one in raw.get(section, ())}
    extras = _extras(raw)
    return found | {f"extra-{n}": one["source"] for n, one in enumerate(extras)}


def roles(language: Language) -> list[Choice]:
    """Return the roles there are, by what they are called."""
    return _sorted(Choice(name, language.role(name, 2)) for name in chain().world.roles)


def regions() -> list[Choice]:
    """Return the regions where somebody of the chain works."""
    world = chain().world
    names = {world.location[one.home].region for one in world.resources}
    return [Choice(one, one) for one in sorted(names)]


def languages(language: Language) -> list[Choice]:
    """Return the languages that somebody speaks."""
    tags = {each for one in chain().world.resources for each in one.languages}
    return _sorted(Choice(one, language.skill(one)) for one in tags)


def rules(language: Language) -> list[Choice]:
    """Return the rules that are numbers, each with what it says in the table now."""
    units = {
        "minutes": phrase("minutes"), "hours": phrase("hours"), "days": phrase("days"),
        "weeks": phrase("weeks"), "months": phrase("months"), "nights": phrase("nights"),
        "working-days": phrase("working days"), "count": "", "years": phrase("years"),
    }  # fmt: skip
    found: dict[str, list[str]] = {}
    unit = {}
    for row in REGISTER.rules.rows:
        if isinstance(row.figure, int):
            found.setdefault(row.id, []).append(str(row.figure))
            unit[row.id] = units[row.unit] and f" {language.say(units[row.unit])}"
    return _sorted(
        Choice(
            name,
            language.say(
                "{rule} (now {figure}{unit})",
                rule=language.say(RULES[name]),
                figure=language.either(dict.fromkeys(figures)),
                unit=unit[name],
            ),
        )
        for name, figures in found.items()
    )


@lru_cache(maxsize=1)
def chain() -> Setting:
    """Return four weeks of the Dutch chain: they tell what there is to choose."""
    return dutch(parse_scenario(BASELINE).horizon.from_, DAYS)


@lru_cache(maxsize=1)
def supply() -> Mapping[str, int]:
    """Return what there is of all that has a line in the form: people, places, seats."""
    world = chain().world
    team = {member for one in world.departures for member in one.team}
    found = Counter(f"role {one.role}" for one in world.resources if one.id not in team)
    found = Counter(dict(sorted(found.items())))
    found.update({f"facility {one.id}": one.places for one in world.facilities})
    for kind in SEATS:
        seats = (one.seats for one in world.departures if one.kind == kind)
        found[f"departures {kind}"] = sum(one.escorted + one.unescorted for one in seats)
    return found


# --- What comes of the form -----------------------------------------------------------------------


def read(form: Filled) -> SimulationWish | Wrong:
    """Return what is asked by a form, or everything that is wrong with it."""
    wrong: Mistakes = {}
    raw, before = tomllib.loads(form.scenario), form_of(form.scenario, form.key)
    why = form.why.strip() or CHANGED
    if len(why) < len("assumption"):
        wrong["why"] = phrase("Say it in ten letters or more, or leave it empty."), {}
    raw["name"] = _name(form, wrong)
    _numbers(raw, form, before, why, wrong)
    _lines(raw, form, before, why, wrong)
    tried = _number(BOTTLENECKS, form.bottlenecks, "bottlenecks", wrong)
    week = _day(form.week.strip())
    if week is None and form.week.strip():
        wrong["week"] = phrase("Give a day that there is."), {}
    if wrong:
        return Wrong(wrong)
    text = written(raw)
    try:
        scenario = parse_scenario(text)
    except ScenarioError as error:
        return Wrong(wrong, error.problems)
    if week is not None and any(no_such_week(scenario, week)):
        wrong["week"] = phrase("Give a Monday of a week that is counted as a whole."), {}
        return Wrong(wrong)
    if unknown := tuple(unknown_to_the_chain(scenario)):
        return Wrong(wrong, unknown)
    return SimulationWish(
        scenario=text,
        replications=int(form.replications),
        bottlenecks=int(tried or 0),
        week=week,
    )


def unknown_to_the_chain(scenario: Scenario) -> Iterator[Problem]:
    """Yield what a scenario names that the Dutch chain does not know."""
    return problems(scenario, chain(), REGISTER)


def written(raw: Toml) -> str:
    """Return a scenario as TOML 1.0, a list of tables as an array of tables with inline values."""
    head = {key: one for key, one in raw.items() if not isinstance(one, dict | list)}
    said = [f"{key} = {_value(one)}" for key, one in head.items()]
    for key, one in raw.items():
        if isinstance(one, dict):
            said += ["", f"[{key}]", *_pairs(one)]
        elif isinstance(one, list):
            for each in one:
                said += ["", f"[[{key}]]", *_pairs(each)]
    return "\n".join([*said, ""])


def _pairs(table: Toml) -> list[str]:
    return [f"{key} = {_value(one)}" for key, one in table.items()]


def _value(one: object) -> str:
    if isinstance(one, dict):
        return f"{{ {', '.join(f'{json.dumps(key)} = {_value(v)}' for key, v in one.items())} }}"
    if isinstance(one, list | tuple):
        return f"[{', '.join(map(_value, one))}]"
    if isinstance(one, date):
        return one.isoformat()
    # The texts of JSON are those of TOML, but for a letter that none of both is written with.
    return json.dumps(one, ensure_ascii=False).replace("\x7f", "\\u007f")


def _name(form: Filled, wrong: Mistakes) -> str:
    """Return the name as scenarios have one: of small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", form.name).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    try:
        return str(TypeAdapter(Tag).validate_python(name))
    except ValidationError:
        wrong["name"] = phrase("Give a name of at most 40 letters, digits and hyphens."), {}
        return ""


def _numbers(raw: Toml, form: Filled, before: Filled, why: str, wrong: Mistakes) -> None:
    for one in NUMBERS:
        typed = getattr(form, one.name)
        if typed.strip() == getattr(before, one.name) and one.name != "replications":
            continue
        number = _number(one, typed, one.name, wrong)
        if one.name not in wrong:
            _put(raw, one.path, None if number is None else _plain(number), why)
    for name, (_, path) in DATES.items():
        typed = getattr(form, name).strip()
        if typed == getattr(before, name):
            continue
        if (day := _day(typed)) is None:
            wrong[name] = phrase("Give a day that there is."), {}
        else:
            _put(raw, path, day, why)


def _put(raw: Toml, path: tuple[str, ...], value: object, why: str) -> None:
    """Put a value where it belongs, and say of its part where it is from now."""
    *parts, last = path
    part = raw
    for one in parts:
        part = part[one]
    if value is None:
        part.pop(last, None)
    else:
        part[last] = value
    if "source" in part:
        part["source"] = why


def _lines(raw: Toml, form: Filled, before: Filled, why: str, wrong: Mistakes) -> None:
    """Put the lines of the form in the place of what they begin from; others stay as they are."""
    turned: dict[int, Toml | None] = {}
    new: list[Toml] = []

    def turn(old: Toml | None, made: Toml | None) -> None:
        if old is not None:
            turned[id(old)] = made
        elif made is not None:
            new.append(made)

    had = dict(_capacities(raw))
    shown = dict(zip(before.of, zip(before.percent, before.plus, strict=True), strict=True))
    for n, (of, *typed) in enumerate(zip(form.of, form.percent, form.plus, strict=True)):
        times = _number(PERCENT, typed[0], f"percent-{n}", wrong)
        plus = _number(PLUS, typed[1], f"plus-{n}", wrong)
        if tuple(typed) != shown.get(of) and times is not None and plus is not None:
            kind, _, name = of.partition(" ")
            what: Toml = {"resources": {"role": name}} if kind == "role" else {kind: name}
            turn(had.get(of), _capacity(what, times, plus, why))
    extras = _extras(raw)
    now, then = rows_of_people(form), rows_of_people(before)
    for n, row in enumerate(now):
        old = extras[n] if n < len(extras) else None
        if old is None or row != then[n]:
            turn(old, _more(n, row, wrong, why))
    kept = (turned.get(id(one), one) for one in raw.get("capacities", ()))
    raw["capacities"] = [*(one for one in kept if one is not None), *new]
    raw["failures"] = _failures(raw, form, before, why, wrong)
    rules = zip(form.rule, form.figure, strict=True)
    raw["figures"] = [*_named(raw, "figures", ("rule", "figure"), FIGURE, rules, why, wrong)]
    buffers = zip(form.buffer_role, form.buffer_minutes, strict=True)
    raw["buffers"] = [*_named(raw, "buffers", ("role", "minutes"), MINUTES, buffers, why, wrong)]
    for section in "capacities", "failures", "figures", "buffers":
        if not raw[section]:
            del raw[section]


def rows_of_people(form: Filled) -> list[tuple[str, ...]]:
    """Return what is typed of people in a region or of a language, line by line."""
    columns = form.role, form.region, form.language, form.more_percent, form.more_plus
    return [tuple(map(str.strip, one)) for one in zip(*columns, strict=True)]


def _more(n: int, row: tuple[str, ...], wrong: Mistakes, why: str) -> Toml | None:
    """Return the capacity of people in a region or of a language; None of an empty line."""
    *of, percent, plus = row
    what = {key: one for key, one in zip(("role", "region", "language"), of, strict=True) if one}
    if not any(row):
        return None
    if not what:
        wrong[f"role-{n}"] = phrase("Choose of whom."), {}
    times = _number(PERCENT, percent or "100", f"more_percent-{n}", wrong)
    more = _number(PLUS, plus or "0", f"more_plus-{n}", wrong)
    if times is None or more is None:
        return None
    return _capacity({"resources": what}, times, more, why)


def _capacity(what: Toml, percent: Decimal, plus: Decimal, why: str) -> Toml | None:
    """Return a capacity; None of one that changes nothing."""
    changed = {"times": _plain(percent / 100), "plus": int(plus)}
    usual = {"times": 1, "plus": 0}
    told = {key: one for key, one in changed.items() if one != usual[key]}
    return {**what, **told, "source": why} if told else None


def _failures(raw: Toml, form: Filled, before: Filled, why: str, wrong: Mistakes) -> list[Toml]:
    """Return how bookings fail: what is typed as it was stays as it was."""
    found = {one["reason"]: one for one in raw.get("failures", ())}
    shown = dict(zip(before.reason, before.share, strict=True))
    for n, (name, typed) in enumerate(zip(form.reason, form.share, strict=True)):
        share = _number(SHARE, typed, f"share-{n}", wrong)
        if share is not None and name in found and typed.strip() != shown[name]:
            found[name] |= {"share": _plain(share / 100), "source": why}
    return list(found.values())


def _named(
    raw: Toml, section: str, keys: tuple[str, str], how: Number,
    typed: Iterable[tuple[str, str]], why: str, wrong: Mistakes,
) -> Iterator[Toml]:  # fmt: skip
    """Yield what a list of names and numbers says, each with its source."""
    key, value = keys
    kept = {one[key]: one for one in raw.get(section, ())}
    seen: set[str] = set()
    for n, (name, much) in enumerate(typed):
        if not name and not much.strip():
            continue
        at = f"{section}-{n}"
        number = _number(how, much, at, wrong)
        if not name:
            wrong[at] = phrase("Choose of what."), {}
        elif name in seen:
            wrong[at] = phrase("This is there twice."), {}
        elif number is not None:
            seen.add(name)
            same = name in kept and kept[name][value] == number
            yield kept[name] if same else {key: name, value: int(number), "source": why}


def _number(one: Number, typed: str, at: str, wrong: Mistakes) -> Decimal | None:
    """Return a number that was typed, of which a comma is a point; None where it is none.

    A whole number has no decimals: what stands in threes behind a comma or a point are thousands.
    """
    typed = typed.strip()
    if one.optional and not typed:
        return None
    if one.whole and THOUSANDS.fullmatch(typed):
        typed = re.sub(r"[.,\s]", "", typed)
    try:
        number = Decimal(typed.replace(",", "."))
        good = number.is_finite() and one.least <= number <= one.most
        good = good and (not one.whole or typed.lstrip("+-").isdecimal())
    except InvalidOperation:
        good = False
    if good:
        return number
    says = phrase("Give a number from {least} to {most}.")
    if one.whole:
        says = phrase("Give a whole number from {least} to {most}.")
    wrong[at] = says, {"least": one.least, "most": one.most}
    return None


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


# --- Parts of a scenario --------------------------------------------------------------------------


def _capacities(raw: Toml) -> Iterator[tuple[str, Toml | None]]:
    """Yield all that has a line in the form, with the first capacity of it, if there is one."""
    kept: dict[str, Toml] = {}
    for one in raw.get("capacities", ()):
        for kind in ("facility", "departures"):
            if kind in one:
                kept.setdefault(f"{kind} {one[kind]}", one)
        if {*one.get("resources", ())} == {"role"}:
            kept.setdefault(f"role {one['resources']['role']}", one)
    for of in supply():
        yield of, kept.get(of)


def _extras(raw: Toml) -> list[Toml]:
    """Return the capacities of people that have no line of their own."""
    lines = {id(one) for _, one in _capacities(raw)}
    capacities = raw.get("capacities", ())
    return [one for one in capacities if "resources" in one and id(one) not in lines]


def _line(of: str, capacity: Toml | None) -> tuple[str, str, str]:
    one = capacity or {}
    return of, _percent(one.get("times", 1)), _shown(one.get("plus", 0))


def _columns(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> dict[str, list[str]]:
    return {name: [row[n] for row in rows] for n, name in enumerate(names)}


def _at(raw: Toml, path: tuple[str, ...]) -> Any:
    for one in path[:-1]:
        raw = raw[one]
    return raw.get(path[-1])


def _shown(value: Any) -> str:
    return "" if value is None else f"{Decimal(str(value)):f}"


def _percent(share: float) -> str:
    return f"{(Decimal(str(share)) * 100).normalize():f}"


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _sorted(choices: Iterable[Choice]) -> list[Choice]:
    return sorted(choices, key=lambda one: one.says.lower())
