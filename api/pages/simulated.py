"""What came of simulations in words, numbers and figures: of one, and of some beside each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from api.jobs.simulating import Simulated
from api.language import Language, phrase
from api.pages.charts import Cell, Figure
from api.pages.scenario_words import COLOURS, MEASURES, bar, facility, more, told
from api.simulations import HEADLINE
from scheduler.simulation.scenario import Scenario

MOST_SHOWN = 15
"""Bars of a figure at most, the longest first."""
FIRST = (
    ("departed", "", phrase("departures carried out")),
    ("placed", "", phrase("placements in detention")),
    ("median-wait", "removal", phrase("days from ready to departure, the median")),
    ("mean-nights", "removal", phrase("nights in detention, on average")),
    ("failed-share", "", phrase("per cent of the bookings failed")),
)
"""What is looked at first: a measure, what it is of, and what it is called beside its number."""
TIMES = {measure: times for measure, _, times in HEADLINE}
BARS = (
    ("lights", "blocked-light", phrase("Light")),
    ("partners", "blocked-partner", phrase("Partner")),
    ("constraints", "blocked", phrase("Constraint")),
    ("failures", "failed", phrase("Reason")),
    ("use", "use", phrase("Who")),
    ("occupancy", "occupancy", phrase("Facility")),
)
"""Figures of totals: their name, what is measured, and what a row is."""
PARTS = {"blocked-light": tuple(COLOURS)}
"""What is drawn in parts, and as which measures those are kept."""
Band = tuple[float, float | None, float | None]
"""A mean and the bounds of its interval; None where it has none."""
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Named:
    """What came of a simulation, by the name that tells it apart on this page."""

    name: str
    found: Simulated

    def rows(self, name: str, **of: str) -> Rows:
        """Return the rows of a table of such, each by its columns; none of a table not kept."""
        table = self.found.tables.get(name)
        if table is None:
            return ()
        rows = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
        return [row for row in rows if all(row[key] == one for key, one in of.items())]


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure with all its columns as they are taken along; the first ``drawn`` are drawn."""

    figure: Figure
    drawn: int

    def chart(self, language: Language) -> Figure:
        """Return the figure as it is drawn, with the decimals of a language."""
        figure, point = self.figure, language.decimal(0.5)[1]
        rows = tuple(row[: self.drawn] for row in figure.rows)
        return replace(figure, heads=figure.heads[: self.drawn], rows=rows, point=point)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its margin, as it is read; ``chance`` where the margin holds nought."""

    says: str
    band: Band
    much: str
    margin: str
    chance: bool = False

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The number and the bounds of its margin."""
        return tuple(map(_rounded, self.band))


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure side by side: its means, and by how much the others are more than the first."""

    says: str
    means: tuple[Amount, ...]
    more: tuple[Amount, ...]


def figures(language: Language, those: Sequence[Named]) -> Iterator[Shown]:
    """Yield what is drawn of simulations: of one with its margins, of some side by side."""
    yield from _weekly(language, those)
    for name, measure, head in BARS:
        parts = PARTS.get(measure, ())
        if not all(one.rows("totals", measure=part) for one in those for part in parts):
            parts = ()  # one of them was kept before these were told apart
        bands = [
            {
                bar(language, part, each): band
                for part in parts or (measure,)
                for each, band in _bands(one, part).items()
            }
            for one in those
        ]
        rows = {label: [one.get(label) for one in bands] for each in bands for label in each}
        yield _bars(
            language, name, language.say(MEASURES[measure]), language.say(head), those, rows
        )
    yield from _waits(language, those)
    if len(those) == 1:
        yield from _nights(language, those[0])
    if any("bottlenecks" in one.found.tables for one in those):
        yield _worths(language, those)


def first(language: Language, one: Named) -> Iterator[Amount]:
    """Yield the numbers that are looked at first."""
    found = _headline(one)
    for measure, name, says in FIRST:
        if (band := found.get((measure, name))) is not None:
            yield _amount(language, language.say(says), band)


def summed(language: Language, one: Named) -> Iterator[Amount]:
    """Yield all that is told first of a simulation, each with its margin."""
    for (measure, name), band in _headline(one).items():
        yield _amount(language, told(language, measure, name), band)


def departed(language: Language, found: Simulated) -> Amount | None:
    """Return how many departures were carried out."""
    band = _headline(Named("", found)).get(("departed", ""))
    return None if band is None else _amount(language, "", band)


def side_by_side(language: Language, compared: Sequence[Rows]) -> Iterator[Difference]:
    """Yield how simulations differ from the first of them, each measure in its order.

    Of each of the others what :func:`api.simulations.compared` says of it beside the first.
    """
    rows = [{(row["measure"], row["of"]): row for row in one} for one in compared]
    order = {measure: n for n, (measure, _, _) in enumerate(HEADLINE)}
    shared = [key for key in rows[0] if all(key in one for one in rows)]
    for key in sorted(shared, key=lambda one: order[one[0]]):
        mine = [one[key] for one in rows]
        if not any(one["mean"] or one["other"] for one in mine):
            continue
        times = TIMES[key[0]]
        means = [mine[0]["other"], *(one["mean"] for one in mine)]
        yield Difference(
            told(language, *key),
            tuple(_amount(language, "", (one * times, None, None)) for one in means),
            tuple(
_amount(language, "", _band(one, times, "difference"), sign=True)
                for one in mine
            ),
        )  # fmt: skip


def differences(language: Language, names: Sequence[str], those: Sequence[Difference]) -> Figure:
    """Return what differs as a table to be taken along, as it is read."""
    say = language.say
    heads = [say("Measure"), *names]
    for name in names[1:]:
        heads += [
            say("{name}: difference", name=name),
            say("{name}: from (95 %)", name=name),
            say("{name}: to (95 %)", name=name),
            say("{name}: may be chance", name=name),
        ]
    rows = (
        (
            one.says,
            *(mean.cells[0] for mean in one.means),
            *(
                cell
                for more in one.more
                for cell in (*more.cells, say("yes") if more.chance else say("no"))
            ),
        )
        for one in those
    )
    return Figure("differences", say("What differs"), tuple(heads), tuple(rows))


def summary(language: Language, those: Sequence[Amount]) -> Figure:
    """Return what came of a simulation as a table to be taken along."""
    say = language.say
    heads = say("Measure"), say("mean"), say("from (95 %)"), say("to (95 %)")
    rows = tuple((one.says, *one.cells) for one in those)
    return Figure("summary", say("What came of it"), heads, rows)


def distinct(names: Sequence[str]) -> list[str]:
    """Return names by which those of the same name are told apart."""
    return [
        name if names.count(name) == 1 else f"{name} ({names[: n + 1].count(name)})"
        for n, name in enumerate(names)
    ]


def sources(scenario: Scenario) -> list[str]:
    """Return on what the figures of a scenario rest, each said once."""
    return [*dict.fromkeys(one.source for one in scenario.sourced)]


# --- Figures --------------------------------------------------------------------------------------


def _weekly(language: Language, those: Sequence[Named]) -> Iterator[Shown]:
    say = language.say
    measures = {"departed": say("departures"), "placed": say("placements")}
    if len(those) > 1:
        measures = {"departed": ""}
    series: dict[str, dict[str, float]] = {}
    for one in those:
        for measure, says in measures.items():
            mine = one.rows("weeks", measure=measure, of="")
            series[says or one.name] = {row["from"]: row["mean"] for row in mine}
    title = say("Departures carried out, a week")
    if len(those) == 1:
        title = say("Departures and placements carried out, a week")
    yield _lines("weeks", title, say("week of"), series)


def _nights(language: Language, one: Named) -> Iterator[Shown]:
    series: dict[str, dict[str, float]] = {}
    for row in one.rows("nights"):
        series.setdefault(facility(language, row["of"]), {})[row["night"]] = row["mean"]
    yield _lines("nights", language.say("Persons in each facility, a night"),
                 language.say("night of"), series)  # fmt: skip


def _lines(name: str, title: str, head: str, series: Mapping[str, Mapping[str, float]]) -> Shown:
    days = sorted({day for one in series.values() for day in one})
    rows = tuple((day, *(_rounded(one.get(day)) for one in series.values())) for day in days)
    return Shown(Figure(name, title, (head, *series), rows, "lines"), 1 + len(series))


def _waits(language: Language, those: Sequence[Named]) -> Iterator[Shown]:
    """Yield for each leg how long cases waited from ready on, by share of the cases."""
    titles = {
        "removal": language.say("Days from ready to departure, by share of the cases"),
        "placement": language.say("Days from ready to detention, by share of the cases"),
    }
    for leg, title in titles.items():
        rows: dict[str, list[Band | None]] = {}
        for n, one in enumerate(those):
            for row in one.rows("waits", of=leg, since="ready"):
                if row["quantile"] != "mean" and row["mean"] is not None:
                    label = language.say("{share} waits no longer", share=row["quantile"])
                    rows.setdefault(label, [None] * len(those))[n] = _band(row)
        yield _bars(language, f"waits-{leg}", title, language.say("Share"), those, rows,
                    in_order=True)  # fmt: skip


def _worths(language: Language, those: Sequence[Named]) -> Shown:
    rows: dict[str, list[Band | None]] = {}
    for n, one in enumerate(those):
        for row in one.rows("bottlenecks"):
            label = more(language, row["more"])
            rows.setdefault(label, [None] * len(those))[n] = _band(row)
    title = language.say("More departures with one more of it")
    return _bars(language, "worths", title, language.say("One more"), those, rows, chance=True)


def _bars(
    language: Language, name: str, title: str, head: str, those: Sequence[Named],
    rows: Mapping[str, Sequence[Band | None]], *, in_order: bool = False, chance: bool = False,
) -> Shown:  # fmt: skip
    """Return bars; beside those of one simulation stand their margins."""
    say = language.say
    shown = {label: bands for label, bands in rows.items() if any(one and one[0] for one in bands)}
    labels = list(shown)
    if not in_order:
        labels.sort(key=lambda one: -max(band[0] for band in shown[one] if band))
    labels = labels[:MOST_SHOWN]
    if len(those) > 1:
        cells = (tuple(band and _rounded(band[0]) for band in shown[one]) for one in labels)
        heads = head, *(one.name for one in those)
        made = tuple((label, *row) for label, row in zip(labels, cells, strict=True))
        return Shown(Figure(name, title, heads, made), len(heads))
    bands = [shown[one][0] for one in labels]
    heads = head, say("mean"), say("from (95 %)"), say("to (95 %)")
    told_rows: list[tuple[Cell, ...]] = [
        (label, *map(_rounded, band)) for label, band in zip(labels, bands, strict=True) if band
    ]
    if chance:
        heads = *heads, say("may be chance")
        told_rows = [
            (*row, say("yes") if band and _may_be_chance(band) else say("no"))
            for row, band in zip(told_rows, bands, strict=True)
        ]
    return Shown(Figure(name, title, heads, tuple(told_rows)), 2)


# --- Numbers --------------------------------------------------------------------------------------


def _headline(one: Named) -> dict[tuple[str, str], Band]:
    rows = one.rows("headline")
    return {(row["measure"], row["of"]): _band(row) for row in rows if row["mean"] is not None}


def _bands(one: Named, measure: str) -> dict[str, Band]:
    rows = one.rows("totals", measure=measure)
    times = TIMES.get(measure, 1)
    return {row["of"]: _band(row, times) for row in rows if row["mean"] is not None}


def _band(row: Mapping[str, Any], times: float = 1, mean: str = "mean") -> Band:
    low, high = (None if row[one] is None else row[one] * times for one in ("low", "high"))
    return row[mean] * times, low, high


def _amount(language: Language, says: str, band: Band, *, sign: bool = False) -> Amount:
    mean, low, high = band
    plus = "+" if sign and _rounded(mean) and mean > 0 else ""
    margin = ""
    if low is not None:
        margin = language.say(
            "{low} to {high}", low=_number(language, low), high=_number(language, high)
        )
    return Amount(says, band, plus + _number(language, mean), margin, sign and _may_be_chance(band))


def _may_be_chance(band: Band) -> bool:
    """Return whether nought is within the margin, or there is no margin to tell by.

    A margin that is read as nought says that nothing differs: that is no chance.
    """
    _, low, high = band
    if low is None or high is None:
        return True
    return low <= 0 <= high and any(map(_rounded, (low, high)))


def _number(language: Language, number: float | None) -> str:
    rounded = _rounded(number)
    return "–" if rounded is None else language.decimal(rounded)


def _rounded(number: float | None) -> float | int | None:
    """Return a number as it is read: from a thousand on whole; None where there is none."""
    if number is None:
        return None
    # Nought has no sign, whichever side it was rounded from.
    return round(number) if abs(number) >= 1000 else round(number, 1) or 0.0
