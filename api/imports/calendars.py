"""A calendar read into when somebody is at work and away: RFC 5545, and RFC 7953 for availability.

One file is the calendar of one resource, which is told beside it. An event that is busy is away;
availability is shifts, and what lies outside of it is not at work. When is all that is read: of
titles, descriptions, places and attendees nothing is even parsed.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from itertools import groupby
from math import prod
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import recurring_ical_events
from icalendar import (
    Calendar,
    Event,
    Timezone,
    TimezoneDaylight,
    TimezoneStandard,
    vDDDTypes,
    vDuration,
    vRecur,
)
from icalendar.parser import Contentline, Parameters
from icalendar.prop import vInline
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from api.imports.flaws import Flaw, FlawedError
from scheduler.grid import Stretch, merged, midnight
from scheduler.world import Interval, Resource, Shift, World

MOST_BYTES = 10 * 2**20
MOST_COMPONENTS = 20_000
DEEPEST = 4
"""Components within each other; a calendar that is none goes on for ever."""
MOST_DATES = 20_000
"""Days and moments that are listed one by one, all of them together."""
MOST_STEPS = 1_000_000
"""Days, weeks, months and years that rules are followed through, all of them together."""
MOST_FLAWS = 100
"""Mistakes that are told of one file: who mends these sees the others."""
YEARS = range(1900, 2200)
"""The years in which somebody plans or recalls, as in a world file."""
DAY = timedelta(days=1)
PERIODS = {"YEARLY": 365.25, "MONTHLY": 30.4, "WEEKLY": 7.0, "DAILY": 1.0}
"""Days from one step of a rule to the next."""
WEIGHTS = {"YEARLY": 12, "MONTHLY": 3, "WEEKLY": 1, "DAILY": 1}
"""What a step costs, about: a year is looked through day by day."""
WITHIN_A_DAY = "BYHOUR", "BYMINUTE", "BYSECOND"
LAST_YEAR = 9999
"""Where a rule that never comes again is given up."""
DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
LOWEST = 10
"""The priority of availability that says 0 or nothing: below 9."""
READ = re.compile(
    "BEGIN|END|UID|SEQUENCE|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|EXRULE|RECURRENCE-ID"
    "|STATUS|TRANSP|PRIORITY|METHOD|CALSCALE|TZID|TZOFFSETFROM|TZOFFSETTO"
)
"""The properties that are looked at; of the others not even the value is taken apart."""
UNREAD = {
    "VFREEBUSY": "is not read; send the calendar itself, with its events",
}
_NAME = re.compile(rb"[A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Diary:
    """What a calendar says of the stretch ``about``, in order and without overlap.

    ``shifts`` are on the clock of ``zone``, the resource's home; None where the calendar says
    nothing of when somebody is at work.
    """

    about: Stretch
    zone: str
    shifts: tuple[Shift, ...] | None
    away: tuple[Interval, ...]


def read_calendar(data: bytes, resource: Resource, world: World) -> Diary:
    """Return what a calendar says of a resource of a world, cut to the world's horizon.

    Times that name no zone are on the clock of the resource's home, where whole days are too.

    Raises
    ------
    FlawedError
        With all that is wrong, by the line on which it stands; then nothing is read.
    """
    return _Reading(world.location[resource.home].timezone, world).diary(_tree(data))


def with_diary(resource: Resource, diary: Diary) -> Resource:
    """Return a resource as its calendar has it: what it says takes the place of what was known.

    Of the time before and after nothing changes.
    """
    was = (one.stretch for one in resource.away)
    told = (one.stretch for one in diary.away)
    away = merged([*_without(was, [diary.about]), *told])
    shifts = resource.shifts
    if diary.shifts is not None:
        zone = ZoneInfo(diary.zone)
        first, last = (one.astimezone(zone).replace(tzinfo=None) for one in diary.about)
        had = _without(((one.from_, one.until) for one in shifts), [(first, last)])
        found = sorted([*had, *((one.from_, one.until) for one in diary.shifts)])
        shifts = tuple(Shift(from_=since, until=until) for since, until in found)
    return resource.model_copy(
        update={
            "shifts": shifts,
            "away": tuple(Interval(from_=since, until=until) for since, until in away),
        }
    )


# --- Lines and components -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Property:
    line: int
    name: str
    parameters: Parameters
    value: str


@dataclass(slots=True)
class _Part:
    """A component as it is written, with the properties that are looked at."""

    name: str
    line: int
    properties: dict[str, list[_Property]] = field(default_factory=lambda: defaultdict(list))
    parts: list["_Part"] = field(default_factory=list)

    def one(self, name: str) -> _Property | None:
        """Return a property that is there once at most: the last one counts."""
        return self.properties[name][-1] if name in self.properties else None

    def said(self, name: str) -> str:
        found = self.one(name)
        return found.value.strip().upper() if found else ""

    def of(self, *names: str) -> list["_Part"]:
        return [one for one in self.parts if one.name in names]


def _tree(data: bytes) -> _Part:
    """Return the calendars of a file as one component."""
    if len(data) > MOST_BYTES:
        says = f"is larger than {MOST_BYTES // 2**20} MiB"
        raise FlawedError([Flaw(0, "file", f"{len(data)} bytes", says)])
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.lstrip()[:15].upper() != b"BEGIN:VCALENDAR":
        says = "is no calendar: it does not begin with BEGIN:VCALENDAR"
        raise FlawedError([Flaw(1, "file", "", says)])
    flaws: list[Flaw] = []
    open_: list[_Part] = [_Part("file", 0)]
    count = 0
    for line, raw in _logical(data):
        found = _property(line, raw, flaws)
        if found is None:
            if len(flaws) >= MOST_FLAWS:
                break
            continue
        name = found.value.strip().upper()
        if found.name == "BEGIN":
            count += 1
            if count > MOST_COMPONENTS or len(open_) > DEEPEST:
                says = f"more than {MOST_COMPONENTS} components, or {DEEPEST} within each other"
                raise FlawedError([Flaw(line, "BEGIN", name[:60], says)])
            part = _Part(name, line)
            open_[-1].parts.append(part)
            open_.append(part)
        elif found.name == "END":
            if open_[-1].name != name or len(open_) == 1:
                says = f"ends what is not open; open is {open_[-1].name}"
                raise FlawedError([*flaws, Flaw(line, "END", name[:60], says)])
            open_.pop()
        else:
            open_[-1].properties[found.name].append(found)
    root = open_[0]
    for one in open_[1:] if not flaws else ():
        flaws.append(Flaw(one.line, "BEGIN", one.name[:60], "has no end: the file is cut off"))
    if flaws:
        raise FlawedError(flaws[:MOST_FLAWS])
    return root


def _logical(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield whole lines with where they begin: long ones are folded, even within a letter."""
    begins, parts = 0, list[bytes]()
    for number, raw in enumerate(re.split(rb"\r\n|\n|\r", data), 1):
        if raw[:1] in (b" ", b"\t") and parts:
            parts.append(raw[1:])
            continue
        if parts:
            yield begins, b"".join(parts)
        begins, parts = number, [raw] if raw.strip() else []
    if parts:
        yield begins, b"".join(parts)


def _property(line: int, raw: bytes, flaws: list[Flaw]) -> _Property | None:
    named = _NAME.match(raw)
    name = named[0].decode().upper() if named else ""
    if not name or raw[len(name) : len(name) + 1] not in (b":", b";"):
        flaws.append(Flaw(line, "", "", "is no line of a calendar: NAME:value is"))
    elif READ.fullmatch(name):
        try:
            _, parameters, value = Contentline(raw.decode()).parts()  # type: ignore[no-untyped-call]
            return _Property(line, name, parameters, value)
        except UnicodeDecodeError:
            flaws.append(Flaw(line, name, "", "is not written as UTF-8"))
        except ValueError:
            flaws.append(
                Flaw(line, name, "", "cannot be taken apart into its parameters and value")
            )
    return None


# --- What components say --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Happening:
    """An event, or a stretch of availability: whether it takes time, and how long to the second."""

    busy: bool
    lasts: timedelta | None
    event: Event


class _Reading:
    """A calendar read on the clock of a home, for a horizon; what is wrong is gathered."""

    def __init__(self, zone: str, world: World) -> None:
        self._zone = zone
        self._home = ZoneInfo(zone)
        self._begins, self._ends = world.grid.start, world.grid.end
        self._zones: dict[str, tzinfo | None] = {}
        self._written: dict[str, _Part] = {}
        self._steps = 0.0
        self._dates = 0
        self._flaws: list[Flaw] = []

    def diary(self, root: _Part) -> Diary:
        calendars = root.of("VCALENDAR")
        for one in calendars:
            self._calendar(one)
        self._written = {
            each.properties["TZID"][0].value.strip(): each
            for one in calendars
            for each in one.of("VTIMEZONE")
            if "TZID" in each.properties
        }
        busy = self._stretches([each for one in calendars for each in one.of("VEVENT")])
        offered = [self._offer(each) for one in calendars for each in one.of("VAVAILABILITY")]
        if self._flaws:
            raise FlawedError(sorted(self._flaws, key=lambda one: one.row)[:MOST_FLAWS])
        return Diary(
            about=(self._begins, self._ends),
            zone=self._zone,
            shifts=tuple(self._shifts(offered)) if offered else None,
            away=tuple(Interval(from_=first, until=until) for first, until in busy),
        )

    def _calendar(self, part: _Part) -> None:
        if (method := part.one("METHOD")) and part.said("METHOD") not in {"PUBLISH", "REQUEST"}:
            self._wrong(method, "is a message about a meeting, not a calendar", "METHOD:PUBLISH")
        if (scale := part.one("CALSCALE")) and part.said("CALSCALE") != "GREGORIAN":
            self._wrong(scale, "is no calendar that can be read", "CALSCALE:GREGORIAN")
        for one in part.parts:
            if one.name in UNREAD:
                self._flaws.append(Flaw(one.line, one.name, "", UNREAD[one.name]))

    def _wrong(self, at: _Property, reason: str, suggestion: str = "") -> None:
        self._flaws.append(Flaw(at.line, at.name, at.value[:60], reason, suggestion))

    # Availability

    def _offer(self, part: _Part) -> tuple[int, list[Stretch], list[Stretch]]:
        """Return the priority of availability, when it holds, and when it offers to work."""
        priority = self._number(part, "PRIORITY", 9) or LOWEST
        since, until = self._window(part)
        holds = [(max(since, self._begins), min(until, self._ends))]
        holds = [one for one in holds if one[0] < one[1]]
        return priority, holds, _both(holds, self._stretches(part.of("AVAILABLE")))

    def _window(self, part: _Part) -> Stretch:
        start = part.one("DTSTART")
        since = self._moment(start) if start else None
        lasts, until = self._lasts(part), None
        if end := part.one("DTEND"):
            until = self._moment(end)
        elif since is not None and lasts is not None:
            until = _after(since, lasts)
        begins = self._begins if since is None else self._instant(since)
        ends = self._ends if until is None else self._instant(until)
        if start and since is not None and until is not None and ends <= begins:
            self._wrong(start, "is not before it ends")
        return begins, ends

    def _shifts(
        self, offered: Iterable[tuple[int, list[Stretch], list[Stretch]]]
    ) -> Iterator[Shift]:
        """Yield when somebody is at work, on the clock of home.

        Of two that hold the one of higher priority (1 before 9) is believed; of equal ones, what
        one of them does not offer is not offered.
        """
        work: list[Stretch] = []
        ranked = sorted(offered, key=lambda one: -one[0])
        for _, level in groupby(ranked, key=lambda one: one[0]):
            mine = [*level]
            held = merged(one for _, holds, _ in mine for one in holds)
            refused = merged(one for _, holds, offers in mine for one in _without(holds, offers))
            work = merged([*_without(work, held), *_without(held, refused)])
        last = datetime.min
        for first, until in work:
            # An hour that comes twice would make shifts overlap on the clock: it counts once.
            opens = max(last, first.astimezone(self._home).replace(tzinfo=None))
            last = until.astimezone(self._home).replace(tzinfo=None)
            if opens < last:
                yield Shift(from_=opens, until=last)

    # Events and when they come again

    def _stretches(self, parts: Sequence[_Part]) -> list[Stretch]:
        """Return when these components take time within the horizon, merged."""
        series: defaultdict[str, list[_Part]] = defaultdict(list)
        for one in parts:
            named = one.one("UID")
            series[named.value if named and named.value.strip() else f"line {one.line}"].append(one)
        found = (stretch for mine in series.values() for stretch in self._series(mine))
        clipped = ((max(one, self._begins), min(two, self._ends)) for one, two in found)
        return merged((first, until) for first, until in clipped if first < until)

    def _series(self, parts: Sequence[_Part]) -> Iterator[Stretch]:
        """Yield when an event happens that may come again, with its exceptions."""
        told = [made for one in parts if (made := self._happening(one)) is not None]
        if self._flaws or not any(one.busy for one in told):
            return
        for number, what in enumerate(told):
            what.event["X-NUMBER"] = str(number)
        try:
            occurrences = self._occurrences([one.event for one in told])
        except (ValueError, TypeError, OverflowError) as error:
            says = f"cannot be followed: {error}"[:200]
            self._flaws.append(Flaw(parts[0].line, parts[0].name, "", says))
            return
        for one in occurrences:
            what = told[int(str(one["X-NUMBER"]))]
            if what.busy:
                since, until = one.start, one.end
                end = until if what.lasts is None else _after(since, what.lasts)
                yield self._instant(since), self._instant(end)

    def _occurrences(self, events: Sequence[Event]) -> Sequence[Event]:
        """Return each time that an event comes about within the horizon; one alone is itself."""
        if len(events) == 1 and events[0].keys().isdisjoint(("RRULE", "RDATE", "EXDATE")):
            return events
        calendar = Calendar()
        for one in events:
            calendar.add_component(one)
        # Whole days are told without a clock: they are looked for from a day before on.
        found: list[Event] = recurring_ical_events.of(calendar).between(
            self._begins - DAY, self._ends + DAY
        )
        return found

    def _happening(self, part: _Part) -> _Happening | None:
        """Return a component with its times alone; None when something is wrong with it."""
        if len(self._flaws) >= MOST_FLAWS:
            return None  # nobody is told of more
        start = part.one("DTSTART")
        if start is None:
            says = "has no DTSTART, and so no time"
            self._flaws.append(Flaw(part.line, part.name, "", says))
            return None
        before = len(self._flaws)
        since, lasts = self._moment(start), self._lasts(part)
        until = self._moment(end) if (end := part.one("DTEND")) else None
        if since is None or len(self._flaws) > before:
            return None
        event, timed = Event(), isinstance(since, datetime)
        if end and until is not None:
            if isinstance(until, datetime) != timed:
                self._wrong(end, "is a day where DTSTART is a moment, or the other way round")
                return None
            if self._instant(until) < self._instant(since):
                self._wrong(end, "is before DTSTART")
                return None
            if not timed and until == since:
                until += DAY  # as some programs write a day alone
            event.add("dtend", until)
            lasts = None
        elif lasts is not None:
            event.add("dtend", since + lasts)
        else:
            event.add("dtend", since if timed else since + DAY)
        event.add("uid", "series")
        event.add("dtstart", since)
        event.add("sequence", self._number(part, "SEQUENCE", 2**31) or 0)
        periods = self._again(part, event, start, since)
        free = part.said("STATUS") == "CANCELLED" or part.said("TRANSP") == "TRANSPARENT"
        # A length is exact where an end on the clock is not; periods have lengths of their own.
        exact = lasts if timed and not periods else None
        return None if len(self._flaws) > before else _Happening(not free, exact, event)

    def _again(self, part: _Part, event: Event, start: _Property, since: date) -> bool:
        """Add to ``event`` when it comes again; return whether some of that is periods."""
        periods = False
        if one := part.one("EXRULE"):
            self._wrong(one, "is no longer part of calendars (RFC 5545)", "EXDATE")
        if one := part.one("RECURRENCE-ID"):
            if (moment := self._moment(one)) is not None:
                later = str(one.parameters.get("RANGE", "")).upper() == "THISANDFUTURE"
                told = {"RANGE": "THISANDFUTURE"} if later else {}
                event.add("recurrence-id", moment, parameters=told)
            return False
        for rule in part.properties.get("RRULE", ()):
            if (made := self._rule(rule, since)) is not None:
                event.add("rrule", made)
        for name in ("RDATE", "EXDATE"):
            for dates in part.properties.get(name, ()):
                self._dates += dates.value.count(",") + 1
                if self._dates > MOST_DATES:
                    self._wrong(dates, f"lists more than {MOST_DATES} days, with those before it")
                    return periods
                each = [self._value(dates, value) for value in dates.value.split(",")]
                periods = periods or any(isinstance(one, tuple) for one in each)
                event.add(name, [one for one in each if one is not None])
        return periods

    def _rule(self, at: _Property, since: date) -> vRecur | None:
        try:
            rule: vRecur = vRecur.from_ical(at.value)
            often = str(rule["FREQ"][0]).upper()
            interval = int(rule.get("INTERVAL", [1])[0])
        except (ValueError, KeyError, IndexError, TypeError):
            self._wrong(at, "is no rule of when something comes again", "FREQ=WEEKLY;BYDAY=MO")
            return None
        if often not in PERIODS:
            says = "comes too often: a rule goes by days, weeks, months or years"
            self._wrong(at, says, "FREQ=DAILY")
            return None
        if interval < 1 or any(int(n) < 1 for n in rule.get("COUNT", ())):
            self._wrong(at, "counts with a number below 1")
            return None
        ends = self._ends.date() if _surely(rule, often, interval) else date(LAST_YEAR, 12, 31)
        steps = max(0, (ends - _day(since)).days) / PERIODS[often] / interval * WEIGHTS[often]
        # Several times on a day are several steps.
        self._steps += steps * prod(len(rule.get(one, (0,))) for one in WITHIN_A_DAY)
        if self._steps > MOST_STEPS:
            says = "takes too long to follow, with the rules before it: it may never come again"
            self._wrong(at, says)
            return None
        if "UNTIL" in rule:
            until = rule.pop("UNTIL")[0]
            if until.year < YEARS[0]:
                self._wrong(at, f"ends before {YEARS[0]}")
                return None
            if until.year <= YEARS[-1]:  # later is how some programs write that it has no end
                rule["UNTIL"] = [self._until(until, since)]
        return rule

    def _until(self, until: date, since: date) -> date:
        """Return the end of a rule as UTC where its start is a moment: writers leave that out."""
        if not isinstance(since, datetime):
            return _day(until)
        if not isinstance(until, datetime):
            until = datetime.combine(until, time.max.replace(microsecond=0))
        if until.tzinfo is None:
            until = until.replace(tzinfo=since.tzinfo)
        return until.astimezone(UTC)

    # Values

    def _number(self, part: _Part, name: str, most: int) -> int | None:
        one = part.one(name)
        if one is None:
            return None
        if not re.fullmatch("[0-9]{1,10}", one.value.strip()) or int(one.value) > most:
            self._wrong(one, f"is no whole number from 0 to {most}")
            return None
        return int(one.value)

    def _lasts(self, part: _Part) -> timedelta | None:
        one = part.one("DURATION")
        if one is None:
            return None
        try:
            lasts: timedelta = vDuration.from_ical(one.value.strip())  # type: ignore[no-untyped-call]
        except (ValueError, OverflowError):
            self._wrong(one, "is no length of time", "PT8H")
            return None
        if not timedelta() <= lasts < 366 * 100 * DAY:
            self._wrong(one, "is less than nothing, or more than a lifetime")
            return None
        return lasts

    def _moment(self, at: _Property) -> date | None:
        found: date | tuple[Any, ...] | None = self._value(at, at.value)
        if isinstance(found, tuple):
            self._wrong(at, "is a period where a moment is asked for")
            return None
        return found

    def _value(self, at: _Property, written: str) -> Any:
        """Return a day, a moment with its zone or a period; None, and say so, when it is none."""
        try:
            found = vDDDTypes.from_ical(written.strip())  # type: ignore[no-untyped-call]
        except (ValueError, OverflowError):
            found = None
        times = found if isinstance(found, tuple) else (found,)
        if not isinstance(times[0], date) or not all(
            isinstance(one, timedelta) or (isinstance(one, date) and one.year in YEARS)
            for one in times
        ):
            says = f"is no day or moment from {YEARS[0]} to {YEARS[-1]}"
            self._wrong(at, says, "20261024 or 20261024T080000")
            return None
        zoned = [self._zoned(at, one) for one in times]
        if None in zoned:
            return None
        return tuple(zoned) if isinstance(found, tuple) else zoned[0]

    def _zoned(self, at: _Property, one: date | timedelta) -> date | timedelta | None:
        if not isinstance(one, datetime) or one.tzinfo is not None:
            return one
        name = str(at.parameters.get("TZID", "")).strip()
        zone = self._zone_of(name) if name else self._home
        if zone is None:
            near = get_close_matches(name, available_timezones(), 1)
            self._wrong(at, f"has a time zone that nobody knows: {name[:60]}", "".join(near))
            return None
        return one.replace(tzinfo=zone)

    def _zone_of(self, name: str) -> tzinfo | None:
        """Return a zone by its name of IANA or of Windows, else as the file itself describes it."""
        if name not in self._zones:
            known = _named(name)
            self._zones[name] = known or self._described(self._written.get(name))
        return self._zones[name]

    def _described(self, part: _Part | None) -> tzinfo | None:
        """Return a zone as a file describes it: its rules go by years."""
        if part is None:
            return None
        zone = Timezone()
        zone["TZID"] = vInline("described")
        for one in part.of("STANDARD", "DAYLIGHT"):
            made = TimezoneStandard() if one.name == "STANDARD" else TimezoneDaylight()
            for name in _OF_A_ZONE & one.properties.keys():
                made[name] = vInline(one.properties[name][-1].value.strip())
            zone.add_component(made)
            rule = one.one("RRULE")
            self._steps += WEIGHTS["YEARLY"] * (LAST_YEAR - YEARS[0]) if rule else 0
            if self._steps > MOST_STEPS or (rule and "FREQ=YEARLY" not in rule.value.upper()):
                return None
        try:
            told: tzinfo = zone.to_tz(lookup_tzid=False)
            told.utcoffset(self._begins.replace(tzinfo=None))  # what is wrong in it shows in use
            return told
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError):
            return None

    def _instant(self, one: date) -> datetime:
        return one.astimezone(UTC) if isinstance(one, datetime) else midnight(one, self._zone)


_OF_A_ZONE = frozenset({"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE"})


def _named(name: str) -> tzinfo | None:
    """Return the zone that a name ends in: some programs write who they are before it."""
    parts = WINDOWS_TO_OLSON.get(name, name).strip("/").split("/")
    known = available_timezones()
    names = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((ZoneInfo(one) for one in names if one in known), None)


def _surely(rule: vRecur, often: str, interval: int) -> bool:
    """Return whether a rule comes again for sure, and so is followed no further than it is asked.

    Days that no month has, or every seventh day when it is another weekday, never come.
    """
    parts = rule.keys() - {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", *WITHIN_A_DAY}
    if not parts:
        return True
    weekdays = [str(one).lstrip("+-")[:-2] for one in rule.get("BYDAY", ())]
    counted = any(int(n or 0) > 4 for n in weekdays)
    if often in {"DAILY", "WEEKLY"}:
        return parts == {"BYDAY"} and (often == "WEEKLY" or interval % 7 > 0)
    if interval > 1 or counted:
        return False
    months = [int(n) for n in rule.get("BYMONTH", ())] or range(1, 13)
    if parts <= {"BYMONTH", "BYMONTHDAY"}:
        days = [abs(int(n)) for n in rule.get("BYMONTHDAY", (1,))]
        return any(0 < n <= DAYS[m - 1] for m in months if 0 < m < 13 for n in days)
    first_or_last = all(abs(int(n)) == 1 for n in rule.get("BYSETPOS", ()))
    return parts <= {"BYMONTH", "BYDAY", "BYSETPOS"} and first_or_last


def _after(since: date, lasts: timedelta) -> date:
    """Return the end of what lasts so long: days on the clock, hours as they pass."""
    if not isinstance(since, datetime):
        return since + lasts
    whole = timedelta(days=lasts.days)
    return (since + whole).astimezone(UTC) + (lasts - whole)


def _day(one: date) -> date:
    return one.date() if isinstance(one, datetime) else one


def _both(one: Iterable[Stretch], other: Sequence[Stretch]) -> list[Stretch]:
    """Return what lies in both; each is in order and without overlap."""
    met = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return [(first, until) for first, until in met if first < until]


def _without(stretches: Iterable[Stretch], holes: Sequence[Stretch]) -> Iterator[Stretch]:
    """Yield what is left of stretches; the holes are in order and without overlap."""
    for first, until in stretches:
        for since, end in holes:
            if first < since < until:
                yield first, since
            if since < until and first < end:
                first = end
        if first < until:
            yield first, until
