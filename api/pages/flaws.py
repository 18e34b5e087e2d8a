"""What is wrong in a file, in the language of who reads: a file's flaws are told in English.

Each sentence stands here as it is told, with its values in braces: whoever adds one to a reader of
files adds it here too.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from api.imports.flaws import Flaw
from api.language import Language, phrase
from api.pages.problems import MISTAKES

REASONS = (
    phrase("is empty"),
    phrase("is no text"),
    phrase("has more than {most} characters"),
    phrase("holds a character that is not shown"),
    phrase("lost a letter when it was saved"),
    phrase("was saved in one encoding and read in another"),
    phrase("is no day of the week"),
    phrase("is neither yes nor no"),
    phrase("is not one of {words}"),
    phrase("is no number"),
    phrase("could be thousands or decimals"),
    phrase("is no whole number"),
    phrase("is no date"),
    phrase("is no date alone"),
    phrase("is no day of any month"),
    phrase("is no hour of the day"),
    phrase("has a year of two figures"),
    phrase("has its day or its month first"),
    phrase("is another day of the week"),
    phrase("lies outside {first} to {last}"),
    phrase("does not exist: the clock skips that hour"),
    phrase("comes twice: the clock goes back"),
    phrase("more than {most} mistakes"),
    phrase("is no column that is read"),
    phrase("is there already, as {again}"),
    phrase("is missing, and every file has it"),
    phrase("is not what row {row} says of {name}"),
    phrase("is nobody who is known, and of a new one the role and the home are told"),
    phrase("is no location"),
    phrase("is nobody of this organisation"),
    phrase("is nobody known"),
    phrase("is empty on the clock of the home, which is put back in it"),
    phrase("is the shift of row {row} once more"),
    phrase("is empty, and there is an hour"),
    phrase("is told with an offset, or without one, unlike where it begins"),
    phrase("is not after its start"),
    phrase("is the departure of row {row} once more"),
    phrase("is empty, and there is an hour alone"),
    phrase("is empty, and there is no number to know it by"),
    phrase("is empty in a timetable"),
    phrase("is of one departure, and a timetable tells of many"),
    phrase("is no hour of the day, which a timetable asks for"),
    phrase("is not within {days} days after {first}"),
    phrase("is empty, and the case is new"),
    phrase("is the person of row {row} once more"),
    phrase("is the id of something else already"),
    phrase("is a case that was withdrawn"),
    phrase("has {bytes} bytes, at most {most} are read"),
    phrase("is no CSV, XLSX or Parquet"),
    phrase("holds no cell that is not empty"),
    phrase("a column with cells has no title"),
    phrase("holds a character that no text has (NUL)"),
    phrase("has {columns} columns, at most {most} are read"),
    phrase("has more than {rows} rows of {columns} columns"),
    phrase("has more cells than the {width} titles"),
    phrase("a cell has more than {most} characters"),
    phrase("has {cells} cells, and there are {width} titles"),
    phrase("has a quotation mark that nothing closes"),
    phrase("is no table"),
    phrase("is no table: {error}"),
    phrase("is not written in {encoding}"),
    phrase("is no workbook that can be read: {error}"),
    phrase("has the sheets {names}"),
    phrase("unpacks to {bytes} bytes, which no roster does"),
    phrase("is locked with a password"),
    phrase("counts its days from 1904"),
    phrase("holds what no workbook holds, in {name}"),
    phrase("holds cells that do not say where they stand"),
    phrase("shows more than {bytes} bytes, which no roster does"),
    phrase("has {rows} rows of {columns} columns, at most {most} are read"),
    phrase("has more than {rows} rows"),
    phrase("is no Parquet file that can be read: {error}"),
    phrase("is no calendar, and only of one it is told whose it is"),
    phrase("is a calendar, and it is not told whose roster it is"),
    phrase("is larger than {most} MiB"),
    phrase("is no calendar: it does not begin with BEGIN:VCALENDAR"),
    phrase("more than {most} components, or {deep} within each other"),
    phrase("ends what is not open; open is {name}"),
    phrase("has no end: the file is cut off"),
    phrase("is no line of a calendar: NAME:value is"),
    phrase("is not written as UTF-8"),
    phrase("cannot be taken apart into its parameters and value"),
    phrase("is a message about a meeting, not a calendar"),
    phrase("is no calendar that can be read"),
    phrase("is not read; send the calendar itself, with its events"),
    phrase("is not before it ends"),
    phrase("cannot be followed: {error}"),
    phrase("has no DTSTART, and so no time"),
    phrase("is a day where DTSTART is a moment, or the other way round"),
    phrase("is before DTSTART"),
    phrase("is no longer part of calendars (RFC 5545)"),
    phrase("is no rule of when something comes again"),
    phrase("comes too often: a rule goes by days, weeks, months or years"),
    phrase("counts with a number below 1"),
    phrase("takes too long to follow, with the rules before it: it may never come again"),
    phrase("ends before {year}"),
    phrase("is no whole number from 0 to {most}"),
    phrase("is no length of time"),
    phrase("is less than nothing, or more than a lifetime"),
    phrase("is a period where a moment is asked for"),
    phrase("is no day or moment from {first} to {last}"),
    phrase("has a time zone that nobody knows: {name}"),
    phrase("is a formula, of which nobody knows who worked it out"),
    phrase("is an error in the workbook itself"),
    phrase("holds texts where no workbook has them"),
    phrase("holds {type}, and no text, number or time"),
    phrase("is not what row {row} says of the way back"),
    phrase("is where it comes from"),
    phrase("is told otherwise by {title}"),
    phrase("lists more than {most} days, with those before it"),
    phrase("begins before a shift ends at {until}"),
    phrase("is empty, for the clock jumps in it"),
    phrase("ends at {until}, which is not after its start"),
    phrase("there is no {name}; maybe {near}"),
    phrase("there is no {name}"),
    phrase("no road leads to {place}"),
    phrase("cannot be person, the role of whoever leaves"),
    phrase("{place} is where it comes from"),
    phrase("{moment} is after {day}, the day of asOf; maybe expected"),
)
"""Why something is refused, of cells, columns and files; then what no world may hold."""
SUGGESTIONS = (
    phrase("save it as XLSX or CSV UTF-8"),
    phrase("save it as CSV UTF-8"),
    phrase("save the file as CSV UTF-8"),
    phrase("save it as CSV UTF-8, or say that it is windows-1252 if {shown} is right"),
    phrase("keep one sheet, or call the one meant {names}"),
    phrase("save it without one"),
    phrase("paste it as a value"),
    phrase("switch that off and look at its dates"),
    phrase("save it anew as XLSX"),
)
"""What could be done about it; any other suggestion is what a cell could hold."""


def _pattern(told: str) -> re.Pattern[str]:
    """Return what finds a sentence whatever its values are."""
    parts = re.split(r"\{(\w+)\}", told)
    return re.compile(
        "".join(f"(?P<{one}>.+)" if n % 2 else re.escape(one) for n, one in enumerate(parts)), re.S
    )


_KNOWN = tuple((_pattern(one), one) for one in (*REASONS, *SUGGESTIONS))
_ELSEWHERE = re.compile(r"(\$\S*): (.+)", re.S)
"""What is wrong in the world because of a file, and not in it."""
_VALUES = tuple((re.compile(pattern), says) for pattern, says in MISTAKES)


@dataclass(frozen=True, slots=True)
class Told:
    """A flaw in words; ``english`` where nobody knows the sentence, and it is told as it is."""

    row: int
    column: str
    value: str
    says: str
    english: bool
    suggestion: str


def told(language: Language, flaws: Iterable[Flaw]) -> list[Told]:
    """Return what a page says of the flaws of a file."""
    return [
        Told(
            row=one.row,
            column=one.column,
            value=one.value,
            says=_said(language, one.reason) or one.reason,
            english=not _said(language, one.reason),
            suggestion=_said(language, one.suggestion) or one.suggestion,
        )
        for one in flaws
    ]


def _said(language: Language, told: str) -> str:
    """Return a sentence in this language; nothing where nobody knows it."""
    if (elsewhere := _ELSEWHERE.fullmatch(told)) is not None:
        says = _said(language, elsewhere[2])
        return says and f"{elsewhere[1]}: {says}"
    for pattern, says in (*_KNOWN, *_VALUES):
        if (found := pattern.fullmatch(told)) is not None:
            return language.say(says, **found.groupdict())
    return ""
