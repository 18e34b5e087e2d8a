"""What stands in a cell, read: dates and hours as the Dutch write them, yes and no, lists.

A reader takes a text, or a value as a workbook keeps it, and returns what is meant. It refuses
whatever could be meant in two ways. A column is read by its different cells, each of them once.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from api.imports.flaws import Flaw, FlawedError

Reader = Callable[[Any], Any]
Clock = timedelta
"""An hour of the day, since midnight; 24:00 is the end of it."""
MOST_TOLD = 1_000
"""Mistakes of one file that are told, at most."""
LONGEST = 2_000
"""Characters of a text."""
YEARS = range(1900, 2200)
_EXCEL = datetime(1899, 12, 30)
_SERIALS = range(25_569, 109_575)
"""Numbers that a workbook means as days: from 1970 to 2199."""
_DAY = timedelta(days=1)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januari january jan",
            "februari february feb",
            "maart march mrt mar",
            "april apr",
            "mei may",
            "juni june jun",
            "juli july jul",
            "augustus august aug",
            "september sept sep",
            "oktober october okt oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "maandag monday ma mon",
            "dinsdag tuesday di tue",
            "woensdag wednesday wo wed",
            "donderdag thursday do thu",
            "vrijdag friday vr fri",
            "zaterdag saturday za sat",
            "zondag sunday zo sun",
        )
    )
    for name in names.split()
}
_BOOLEANS = {
    True: frozenset(["ja", "j", "yes", "y", "waar", "true", "1", "x"]),
    False: frozenset(["nee", "n", "no", "onwaar", "false", "0"]),
}


_GUARDED = re.compile(r"([;|\t\r\n])'(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""What :mod:`api.exports.files` writes so that no formula begins in the middle of a text."""


class CellError(ValueError):
    """A cell that does not say what its column asks for."""

    def __init__(self, reason: str, suggestion: str = "") -> None:
        super().__init__(reason)
        self.reason, self.suggestion = reason, suggestion


def read(column: pd.Series, reader: Reader, flaws: list[Flaw]) -> pd.Series:
    """Return a column read, None where it is empty; what cannot be read is added to ``flaws``."""
    codes, different = pd.factorize(column.astype(object), use_na_sentinel=False)
    values = np.empty(len(different), dtype=object)
    for code, cell in enumerate(different):
        if is_empty(cell):
            continue
        try:
            values[code] = reader(cell)
        except CellError as error:
            for row in column.index[codes == code]:
                flaws.append(
                    Flaw(int(row), str(column.name), shown(cell), error.reason, error.suggestion)
                )
                if len(flaws) > MOST_TOLD:
                    raise flawed(flaws) from None
    return pd.Series(values[codes], index=column.index, name=column.name, dtype=object)


def flawed(flaws: Iterable[Flaw]) -> FlawedError:
    """Return the error that tells of what is wrong, by row; of very much only the first."""
    found = sorted(dict.fromkeys(flaws), key=lambda one: (one.row, one.column))
    if len(found) > MOST_TOLD:
        found = [*found[:MOST_TOLD], Flaw(0, "", "", f"more than {MOST_TOLD} mistakes")]
    return FlawedError(found)


def is_empty(cell: object) -> bool:
    """Return whether nothing stands in a cell."""
    return cell is None or cell is pd.NaT or cell != cell or (
        isinstance(cell, str) and not cell.strip()
    )  # fmt: skip


def shown(cell: object) -> str:
    """Return a cell as it is told in a mistake."""
    said = str(cell)
    return said if len(said) <= 60 else f"{said[:60]}..."


def near(said: str, known: Collection[str]) -> str:
    """Return what was perhaps meant; nothing where nothing comes near."""
    return next(iter(get_close_matches(said, known, 1)), "")


def text(cell: object) -> str:
    """Return a text; a number without decimals is one too, as a workbook keeps ``587``."""
    match cell:
        case bool():
            raise CellError("is no text")
        case int():
            return str(cell)
        case float() if cell.is_integer():
            return str(int(cell))
        case str():
            said = cell[1:] if cell.startswith("'") else cell.strip()
            said = _GUARDED.sub(r"\1", said)
        case _:
            raise CellError("is no text")
    if len(said) > LONGEST:
        raise CellError(f"has more than {LONGEST} characters")
    if not said.isascii():
        _as_written(said)
    if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", said):
        raise CellError("holds a character that is not shown")
    return said


def _as_written(said: str) -> None:
    """Return when a text is not one that was written in one encoding and read in another."""
    if "\ufffd" in said:
        raise CellError("lost a letter when it was saved", "save the file as CSV UTF-8")
    if re.search("[ÃÂâ]", said):
        try:
            meant = said.encode("cp1252").decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            return
        raise CellError("was saved in one encoding and read in another", meant)


def names(cell: object) -> tuple[str, ...]:
    """Return what a cell lists, parted by commas, semicolons, bars or lines."""
    return tuple(filter(None, (one.strip() for one in re.split(r"[,;|\n]", text(cell)))))


def weekdays(cell: object) -> frozenset[int]:
    """Return days of the week, Monday as 1: ``135``, ``ma wo vr``, ``dagelijks``."""
    said = text(cell).casefold()
    if said in {"dagelijks", "daily"}:
        return frozenset(range(1, 8))
    if re.fullmatch(r"[1-7.\- ]+", said):
        return frozenset(int(one) for one in said if one in "1234567")
    words = re.split(r"[\s,;|]+", said)
    if wrong := [one for one in words if one not in _WEEKDAYS]:
        raise CellError("is no day of the week", near(wrong[0], _WEEKDAYS))
    return frozenset(_WEEKDAYS[one] + 1 for one in words)


def yes(cell: object) -> bool:
    """Return a yes as True."""
    if isinstance(cell, bool | np.bool_):
        return bool(cell)
    said = text(cell).casefold()
    for value, words in _BOOLEANS.items():
        if said in words:
            return value
    raise CellError("is neither yes nor no", "ja" if said[:1] in {"j", "y"} else "nee")


def one_of(words: Mapping[str, str]) -> Reader:
    """Return the reader of a word that means one of several things."""
    known = {_plain(word): meant for word, meant in words.items()}

    def reader(cell: object) -> str:
        said = _plain(text(cell))
        if said in known:
            return known[said]
        raise CellError(f"is not one of {', '.join(dict.fromkeys(words))}", near(said, known))

    return reader


def _plain(word: str) -> str:
    return re.sub(r"[\s_]+", " ", word.casefold()).strip()


def whole(cell: object) -> int:
    """Return a whole number; a decimal comma is read, and nothing may follow it but noughts."""
    match cell:
        case bool():
            raise CellError("is no number")
        case int():
            return cell
        case float():
            value = cell
        case _:
            said = text(cell)
            if re.fullmatch(r"[+-]?\d{1,3}([.]\d{3})+", said):
                raise CellError("could be thousands or decimals", said.replace(".", ""))
            if not re.fullmatch(r"[+-]?\d{1,12}([.,]\d{1,6})?", said):
                raise CellError("is no number")
            value = float(said.replace(",", "."))
    if not value.is_integer():
        raise CellError("is no whole number", str(round(value)))
    return int(value)


def day(cell: object) -> date:
    """Return a date: ``4-1-2027``, ``4 januari 2027``, ``2027-01-04``, or a workbook's number."""
    found = moment(cell)
    if found != datetime.combine(found, time()):
        raise CellError("is no date alone", "4-1-2027")
    return found.date()


def clock(cell: object) -> Clock:
    """Return an hour of the day: ``8:30``, ``8.30``, ``08u30``, or a workbook's part of a day."""
    found = _number_of(cell)
    match cell if found is None else found:
        case timedelta() as since if timedelta() <= since <= _DAY:
            return since
        case time() as at if at.tzinfo is None:
            return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)
        case float() as part if 0 <= part <= 1:
            return timedelta(seconds=round(part * 86_400))
        case str() as said:
            asked = re.fullmatch(r"(\d{1,2})(?:[:.u](\d{2})(?:[:.](\d{2}))?|\s*(?:u|uur|h))", said)
            if asked is not None:
                hours, minutes, seconds = (int(one or 0) for one in asked.groups())
                found_at = timedelta(hours=hours, minutes=minutes, seconds=seconds)
                if found_at <= _DAY and minutes < 60 and seconds < 60:
                    return found_at
            if re.fullmatch(r"\d{1,2}", said) and int(said) <= 24:
                raise CellError("is no hour of the day", f"{int(said)}:00")
            if close := re.fullmatch(r"(\d{1,2})(\d{2})", said):
                raise CellError("is no hour of the day", f"{close[1]}:{close[2]}")
    raise CellError("is no hour of the day", "08:30")


def moment(cell: object) -> datetime:
    """Return a moment on the local clock, or with the offset that it is written with.

    A date alone is its first moment.
    """
    found = _number_of(cell)
    match cell if found is None else found:
        case datetime() as at:
            at = at.to_pydatetime() if isinstance(at, pd.Timestamp) else at
        case date() as on:
            at = datetime.combine(on, time())
        case float() | int() as serial if floor(serial) in _SERIALS:
            at = _EXCEL + timedelta(seconds=round(serial * 86_400))
        case str() as said:
            at = _written(said)
        case _:
            raise CellError("is no date", "4-1-2027 08:30")
    if at.year not in YEARS:
        raise CellError(f"lies outside {YEARS[0]} to {YEARS[-1]}")
    return at


def clock_or_moment(cell: object) -> datetime | Clock:
    """Return a moment, or an hour of a day that another cell tells."""
    try:
        return clock(cell)
    except CellError as no_clock:
        try:
            return moment(cell)
        except CellError as no_moment:
            told = isinstance(cell, str) and re.search(r"\d\D\d+\D\d", cell)
            raise no_moment if told else no_clock from None


def _number_of(cell: object) -> object:
    """Return a number as one, and a text without what stands around it; None for what is neither.

    A workbook's number that became a text on the way is a number still.
    """
    if isinstance(cell, bool):
        return ""
    if isinstance(cell, np.integer | np.floating):
        return cell.item()
    if not isinstance(cell, str):
        return None
    said = re.sub(r"\s+", " ", cell.lstrip("'").strip())
    if re.fullmatch(r"\d{5}([.,]\d+)?|0[,]\d{3,}", said):
        return float(said.replace(",", "."))
    return said


_NUMERIC = re.compile(r"(\d{1,2})([-./])(\d{1,2})\2(\d{4}|\d{2})\b")
_NAMED = re.compile(r"(\d{1,2})[ -]([a-z]+)[.]?[ -](\d{4})\b")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_OFFSET = re.compile(r"(.*\d)\s?(Z|[+-]\d{2}:?\d{2})")


def _written(said: str) -> datetime:
    """Return the moment that a text tells."""
    rest = said.casefold()
    weekday = None
    if (found := re.match(r"([a-z]+)[.,]? ", rest)) and found[1] in _WEEKDAYS:
        weekday, rest = _WEEKDAYS[found[1]], rest[found.end() :]
    if found := _ISO.match(rest):
        year, month, day_of = (int(one) for one in found.groups())
    elif found := _NUMERIC.match(rest):
        day_of, month, year = int(found[1]), int(found[3]), int(found[4])
        if len(found[4]) == 2:
            raise CellError("has a year of two figures", f"{day_of}-{month}-20{found[4]}")
        if found[2] == "/" and day_of <= 12 and day_of != month:
            raise CellError("has its day or its month first", f"{day_of}-{month}-{year}")
    elif (found := _NAMED.match(rest)) and found[2] in _MONTHS:
        day_of, month, year = int(found[1]), _MONTHS[found[2]], int(found[3])
    else:
        raise CellError("is no date", "4-1-2027 08:30")
    try:
        at = datetime(year, month, day_of)
    except ValueError:
        raise CellError("is no day of any month") from None
    if weekday not in {None, at.weekday()}:
        days = [one for one in _WEEKDAYS if _WEEKDAYS[one] == at.weekday()]
        raise CellError("is another day of the week", f"{days[0]} {day_of}-{month}-{year}")
    rest = rest[found.end() :].removeprefix("t").removeprefix(",").strip()
    return at if not rest else _with_clock(at, rest)


def _with_clock(at: datetime, rest: str) -> datetime:
    offset = _OFFSET.fullmatch(rest.upper())
    hours = offset[1] if offset else rest
    exact = re.fullmatch(r"(\d{2}:\d{2}:\d{2})[.](\d{1,6})\d*", hours)
    at += clock(exact[1] if exact else hours)
    if exact:
        at += timedelta(microseconds=int(exact[2].ljust(6, "0")))
    if offset is None:
        return at
    zone = "+00:00" if offset[2] == "Z" else offset[2]
    return datetime.fromisoformat(f"{at.isoformat()}{zone[:3]}:{zone[-2:]}")


def instant(at: datetime, zone: str) -> datetime:
    """Return the moment in UTC of a time on the clock of ``zone``, or with an offset of its own.

    Raises
    ------
    CellError
        When the clock skips that hour, or shows it twice.
    """
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    first, second = (at.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != at:
        shown_then = first.astimezone(UTC).astimezone(ZoneInfo(zone))
        raise CellError("does not exist: the clock skips that hour", f"{shown_then:%d-%m-%Y %H:%M}")
    raise CellError("comes twice: the clock goes back", f"{first.isoformat(' ', 'minutes')}")


def local(at: datetime, zone: str) -> str:
    """Return how a moment in UTC is written on the clock of ``zone``: :func:`instant` reads it."""
    here = at.astimezone(ZoneInfo(zone))
    try:
        plain = instant(here.replace(tzinfo=None), zone) == at
    except CellError:
        plain = False
    return on_clock(here.replace(tzinfo=None) if plain else here)


def on_clock(at: datetime) -> str:
    """Return how a time on a clock is written: to the minute, unless there is more to it."""
    rough = not (at.second or at.microsecond)
    return at.isoformat(" ", "minutes" if rough else "auto")
