"""The languages of the doors: English sentences are the keys, Dutch comes from gettext catalogues.

``say``, ``counted``, ``phrase`` and ``noun`` mark what ``locale/nl/doors.po`` translates; what the
register says is in ``constraints.po``, which ``make docs`` writes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_interval
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

from scheduler.constraint import Constraint, Declaration, FactType, Text

Code = Literal["nl", "en"]
LOCALE = Path(__file__).with_name("locale")
NEAR = timedelta(days=60)
"""Days of this year no further off than this are said without their year."""


def phrase(text: str) -> str:
    """Mark a phrase for the catalogue."""
    return text


def noun(one: str, many: str) -> tuple[str, str]:
    """Mark a noun and its plural for the catalogue."""
    return one, many


def near(today: date | None, *days: date) -> date | None:
    """Return ``today`` where all of ``days`` go without their year beside it, else None."""
    alike = today is not None and all(
        day.year == today.year and abs(day - today) <= NEAR for day in days
    )
    return today if alike else None


def inside(text: str) -> str:
    """Return a title as it reads inside a sentence; an abbreviation keeps its capitals."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


NAMES = {
    "legally-removable": phrase("legally removable"),
    "available": phrase("available"),
    "placed-in-detention": phrase("placed in detention"),
    "travel-document": phrase("valid travel document"),
    "execution": phrase("execution"),
    "red": phrase("red"),
    "grey": phrase("grey"),
    "amber": phrase("amber"),
    "green": phrase("green"),
    "goal": phrase("goal"),
    "placement": phrase("placement"),
    "removal": phrase("removal"),
    "unescorted": phrase("unescorted"),
    "escorted": phrase("escorted"),
    "Advocatuur": phrase("Lawyers"),
    "Hulpofficier": phrase("Assistant public prosecutor"),
    "Luchtvaartmaatschappij": phrase("Carrier"),
    "Medische dienst": phrase("Medical service"),
    "Openbaar Ministerie": phrase("Public Prosecution Service"),
    "Politie": phrase("Police"),
    "Raad voor Rechtsbijstand": phrase("Legal Aid Board"),
    "Rechtbank": phrase("District court"),
    "Tolkendesk": phrase("Interpreters' desk"),
}
"""Lights and their states, legs, kinds of seats, and owners that are no proper names."""
ROLES = {
    "case-officer": noun("case officer", "case officers"),
    "coa": noun("COA officer", "COA officers"),
    "doctor": noun("doctor", "doctors"),
    "escort": noun("KMar escort", "KMar escorts"),
    "guardian": noun("guardian", "guardians"),
    "hearing-officer": noun("hearing officer", "hearing officers"),
    "interpreter": noun("interpreter", "interpreters"),
    "kmar": noun("KMar officer", "KMar officers"),
    "lawyer": noun("lawyer", "lawyers"),
    "monitor": noun("return monitor", "return monitors"),
    "nurse": noun("nurse", "nurses"),
    "person": noun("person", "persons"),
    "police": noun("police team", "police teams"),
    "room": noun("airport room", "airport rooms"),
    "transport": noun("DV&O vehicle", "DV&O vehicles"),
}
SKILLS = {
    "duty-desk": phrase("duty desk"),
    "family": phrase("family"),
    "group": phrase("group"),
    "single": phrase("single"),
}
"""Skills that are not languages."""
NUMBERS = (
    phrase("one"), phrase("two"), phrase("three"), phrase("four"), phrase("five"), phrase("six"),
    phrase("seven"), phrase("eight"), phrase("nine"), phrase("ten"), phrase("eleven"),
    phrase("twelve"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Language:
    """Puts things into words. Days near ``today`` go without their year, where it is given."""

    code: Code

    def say(self, msgid: str, /, **values: object) -> str:
        """Return a sentence with its braces filled in."""
        return _catalogue(self.code).gettext(msgid).format_map(values)

    def counted(self, one: str, many: str, n: int, /, **values: object) -> str:
        """Return the sentence for ``n``, which is ``{count}`` in words."""
        said = _catalogue(self.code).ngettext(one, many, n)
        return said.format(count=self.number(n), **values)

    def number(self, n: int) -> str:
        """Return a number, in words up to twelve."""
        return self.say(NUMBERS[n - 1]) if 1 <= n <= len(NUMBERS) else str(n)

    def name(self, tag: str) -> str:
        """Return the name of a light, state, leg, kind of seat or owner; else ``tag`` itself."""
        return self.say(NAMES[tag]) if tag in NAMES else tag

    def role(self, tag: str, n: int = 1) -> str:
        """Return what ``n`` of a role are called."""
        return _catalogue(self.code).ngettext(*ROLES[tag], n) if tag in ROLES else tag

    def skill(self, tag: str) -> str:
        """Return a language by its code, or another skill."""
        if tag in SKILLS:
            return self.say(SKILLS[tag])
        names = self._locale.languages
        alias = get_global("language_aliases").get(tag, tag)
        return str(names.get(tag) or names.get(alias) or tag)

    def country(self, code: str) -> str:
        """Return a country by its code; what is none stays as it is."""
        return str(self._locale.territories.get(code, code))

    def title(self, constraint: Constraint) -> str:
        """Return the title of a constraint."""
        return self._text(constraint, constraint.title)

    def says(self, constraint: Constraint, rule: Declaration) -> str:
        """Return what a constraint says, with the fields of its declaration filled in."""
        values = {one.name: self._field(one.name, getattr(rule, one.name)) for one in fields(rule)}
        return self._text(constraint, constraint.says).format_map(values)

    def asks(self, constraint: Constraint, fact: FactType) -> str:
        """Return what a constraint asks about a fact."""
        return self._text(constraint, fact.asks)

    def listed(self, items: Iterable[str]) -> str:
        """Return "a, b and c"."""
        return format_list([*items], "standard", self._locale)

    def either(self, items: Iterable[str]) -> str:
        """Return "a, b or c"."""
        return format_list([*items], "or", self._locale)

    def day(self, day: date, today: date | None = None) -> str:
        """Return "18 January 2027"."""
        return self._date(day, "d MMMM", today)

    def month(self, day: date) -> str:
        """Return "January 2027"."""
        return format_date(day, "LLLL y", self._locale)

    def decimal(self, n: float) -> str:
        """Return "2.5"."""
        return format_decimal(n, "#,##0.#", self._locale)

    def exact(self, n: Decimal) -> str:
        """Return "13,840.125", with all the decimals that it has."""
        return str(format_decimal(n, locale=self._locale, decimal_quantization=False))

    def percent(self, part: float) -> str:
        """Return "12.5 %" for an eighth."""
        return format_percent(part, "#,##0.# %", self._locale)

    def weekday(self, day: date, today: date | None = None) -> str:
        """Return "Tue 1 Dec"."""
        return self._date(day, "EEE d MMM", today)

    def moment(self, instant: datetime, zone: str, today: date | None = None) -> str:
        """Return "Tue 1 Dec 10:00", on the clock of ``zone``."""
        local = instant.astimezone(ZoneInfo(zone))
        return f"{self.weekday(local.date(), today)} {_clock(local)}"

    def stretch(
        self, since: datetime, until: datetime, zone: str, today: date | None = None
    ) -> str:
        """Return "Tue 1 Dec 10:00–12:00", or both days where it runs past midnight."""
        first, last = (one.astimezone(ZoneInfo(zone)) for one in (since, until))
        today = near(today, first.date(), last.date())
        begin = self.moment(since, zone, today)
        if first.date() == last.date():
            return f"{begin}–{_clock(last)}"
        return f"{begin} – {self.moment(until, zone, today)}"

    def nights(self, nights: Iterable[date], today: date | None = None) -> str:
        """Return "nights of 1–3 Dec and 5 Dec"."""
        days = sorted(nights)
        runs = groupby(enumerate(days), key=lambda one: one[1].toordinal() - one[0])
        each = [[day for _, day in run] for _, run in runs]
        today = near(today, *days)
        said = self.listed(self._run(run[0], run[-1], today) for run in each)
        return self.counted("night of {nights}", "nights of {nights}", len(days), nights=said)

    def lasting(self, minutes: int) -> str:
        """Return "three hours and 30 minutes"."""
        hours, rest = divmod(minutes, 60)
        parts = [self.counted("{count} hour", "{count} hours", hours)] if hours else []
        if rest or not hours:
            parts.append(self.counted("{count} minute", "{count} minutes", rest))
        return self.listed(parts)

    @property
    def _locale(self) -> Locale:
        return _LOCALES[self.code]

    def _text(self, constraint: Constraint, text: Text) -> str:
        # A register of one's own is in no catalogue, but brings its Dutch along.
        said = _catalogue(self.code).pgettext(constraint.id, text.en)
        own: str = getattr(text, self.code)
        return own if said == text.en else said

    def _field(self, name: str, value: object) -> str:
        if isinstance(value, frozenset):
            tags = sorted(map(str, value))
            return self.either(map(self.skill, tags)) if name == "skills" else self.listed(tags)
        return self.role(str(value)) if name == "role" else str(value)

    def _date(self, day: date, pattern: str, today: date | None) -> str:
        return format_date(day, pattern if near(today, day) else f"{pattern} y", self._locale)

    def _run(self, first: date, last: date, today: date | None) -> str:
        pattern = "MMMd" if near(today, first, last) else "yMMMd"
        said = format_interval(first, last, pattern, locale=self._locale)
        return said.replace("\N{THIN SPACE}", " ")


LANGUAGES: dict[Code, Language] = {"nl": Language("nl"), "en": Language("en")}
_LOCALES: dict[Code, Locale] = {"nl": Locale("nl"), "en": Locale("en", "GB")}
"""British, for the order of a date and for lists without a comma before the "and"."""


def _clock(local: datetime) -> str:
    """Return a time of the day; one that comes twice, as the clock goes back, with its zone."""
    twice = local.replace(fold=1 - local.fold).utcoffset() != local.utcoffset()
    return f"{local:%H:%M} {local.tzname()}" if twice else f"{local:%H:%M}"


@cache
def _catalogue(code: Code) -> GNUTranslations:
    """Return all catalogues of a language as one, compiled in memory; English needs none."""
    whole, compiled = Catalog(code), BytesIO()
    for path in sorted((LOCALE / code).glob("*.po")):
        with path.open("rb") as source:
            for message in read_po(source, locale=code):
                if message.id:  # the first of each is its header
                    whole[message.id] = message
    write_mo(compiled, whole)
    compiled.seek(0)
    return GNUTranslations(compiled)
