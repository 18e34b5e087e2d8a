"""Calendars as people's own programs write them, read into when a colleague is away and at work."""

import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.imports.calendars import (
    MOST_BYTES,
    MOST_COMPONENTS,
    MOST_FLAWS,
    Diary,
    read_calendar,
    with_diary,
)
from api.imports.flaws import Flaw, FlawedError
from constraints.register import REGISTER
from fixtures.tiny import tiny
from fixtures.worlds import canonical
from scheduler.grid import Stretch
from scheduler.loading import parse_world
from scheduler.world import Horizon, Interval, Location, Resource, Shift, World

SAMPLE = Path(__file__).parents[2] / "fixtures" / "samples" / "calendar.ics"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
START = datetime(2026, 10, 12, tzinfo=AMSTERDAM).astimezone(UTC)
INTERPRETER = Resource(
    id="interpreter-1", label="Tigrinya 1", role="interpreter", home="Utrecht",
    shifts=(Shift(from_=datetime(2026, 10, 12, 9), until=datetime(2026, 10, 12, 17)),),
)  # fmt: skip
WORLD = World(
    schema_version=1,
    as_of=START,
    horizon=Horizon(start=START, slots=4 * 7 * 96 + 4),
    rules_date=date(2026, 10, 12),
    locations=(
        Location(id="Utrecht", kind="office", region="Utrecht", country="NL",
                 timezone="Europe/Amsterdam"),
    ),
    resources=(INTERPRETER,),
)  # fmt: skip
"""Four weeks from Monday 12 October 2026; the clock goes back on Sunday the 25th."""


def calendar(*lines: str) -> bytes:
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//", *lines, "END:VCALENDAR", ""]
    ).encode()


def event(*lines: str, uid: str = "1") -> tuple[str, ...]:
    return "BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"


def read(*lines: str) -> Diary:
    return read_calendar(calendar(*lines), INTERPRETER, WORLD)


def away(diary: Diary) -> list[str]:
    """Return when somebody is away, on the clock of home."""
    return [
        "/".join(f"{each.astimezone(AMSTERDAM):%m-%d %H:%M}" for each in one.stretch)
        for one in diary.away
    ]


def work(diary: Diary) -> list[str]:
    return [f"{one.from_:%m-%d %H:%M}/{one.until:%m-%d %H:%M}" for one in diary.shifts or ()]


def flaws(*lines: str) -> tuple[Flaw, ...]:
    with pytest.raises(FlawedError) as refused:
        read(*lines)
    return refused.value.flaws


GOOGLE = b"""BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:Rooster
X-WR-TIMEZONE:Europe/Amsterdam
BEGIN:VTIMEZONE
TZID:Europe/Amsterdam
X-LIC-LOCATION:Europe/Amsterdam
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:GMT+2
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:GMT+1
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;TZID=Europe/Amsterdam:20260907T080000
DTEND;TZID=Europe/Amsterdam:20260907T120000
RRULE:FREQ=WEEKLY;WKST=MO;UNTIL=20261108T225959Z;BYDAY=MO
EXDATE;TZID=Europe/Amsterdam:20261019T080000
DTSTAMP:20260901T101010Z
UID:2q0v8c@google.com
SUMMARY:Tandarts met een heel lange omschrijving die over meer dan een reg
 el loopt en die niemand aangaat
DESCRIPTION:geheim\\, dit
ATTENDEE;CN=Iemand;X-NUM-GUESTS=0:mailto:iemand@example.org
SEQUENCE:1
STATUS:CONFIRMED
TRANSP:OPAQUE
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-P0DT0H10M0S
END:VALARM
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Amsterdam:20261103T130000
DTEND;TZID=Europe/Amsterdam:20261103T150000
UID:2q0v8c@google.com
RECURRENCE-ID;TZID=Europe/Amsterdam:20261102T080000
SEQUENCE:2
STATUS:CONFIRMED
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261014
DTEND;VALUE=DATE:20261016
UID:7allday@google.com
STATUS:CONFIRMED
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261020
DTEND;VALUE=DATE:20261021
UID:8birthday@google.com
TRANSP:TRANSPARENT
END:VEVENT
BEGIN:VEVENT
DTSTART:20261022T070000Z
DTEND:20261022T080000Z
UID:9cancelled@google.com
STATUS:CANCELLED
END:VEVENT
END:VCALENDAR
""".replace(b"\n", b"\r\n")

OUTLOOK = b"""BEGIN:VCALENDAR
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
VERSION:2.0
METHOD:PUBLISH
X-MS-OLK-FORCEINSPECTOROPEN:TRUE
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
CLASS:PRIVATE
DTEND;TZID="W. Europe Standard Time":20261006T100000
DTSTAMP:20260930T120000Z
DTSTART;TZID="W. Europe Standard Time":20261006T083000
RRULE:FREQ=WEEKLY;COUNT=5;INTERVAL=2;BYDAY=TU
SUMMARY;LANGUAGE=nl:Teamoverleg
TRANSP:OPAQUE
UID:040000008200E00074C5B7101A82E00800000000
X-ALT-DESC;FMTTYPE=text/html:<html><body>:;,</body></html>
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID="Customized Time Zone":20261013T080000
DURATION:PT1H30M
UID:040000008200E00074C5B7101A82E00800000001
TRANSP:OPAQUE
END:VEVENT
BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
END:STANDARD
END:VTIMEZONE
END:VCALENDAR
""".replace(b"\n", b"\r\n")

NEXTCLOUD = b"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Sabre//Sabre VObject 4.5.6//EN
CALSCALE:GREGORIAN
BEGIN:VEVENT
CREATED:20260901T080000Z
DTSTAMP:20260901T080000Z
LAST-MODIFIED:20260901T080000Z
SEQUENCE:3
UID:5b9a3c1e-0000-4000-8000-000000000001
DTSTART;TZID=Europe/Amsterdam:20261012T220000
DTEND;TZID=Europe/Amsterdam:20261013T060000
STATUS:CONFIRMED
SUMMARY:Nachtdienst elders
RRULE:FREQ=DAILY;INTERVAL=13;COUNT=2
END:VEVENT
BEGIN:VAVAILABILITY
UID:5b9a3c1e-0000-4000-8000-000000000002
DTSTAMP:20260901T080000Z
BEGIN:AVAILABLE
UID:5b9a3c1e-0000-4000-8000-000000000003
DTSTAMP:20260901T080000Z
DTSTART;TZID=Europe/Amsterdam:20260907T080000
DTEND;TZID=Europe/Amsterdam:20260907T163000
RRULE:FREQ=WEEKLY;BYDAY=MO,TH
SUMMARY:Werkdag
END:AVAILABLE
END:VAVAILABILITY
END:VCALENDAR
"""


def test_a_weekly_appointment_of_google_stays_at_its_hour_when_the_clock_goes_back() -> None:
    found = away(read_calendar(GOOGLE, INTERPRETER, WORLD))
    assert "10-12 08:00/10-12 12:00" in found
    assert "10-26 08:00/10-26 12:00" in found  # in winter time


def test_a_day_that_is_left_out_and_one_that_is_moved_are_read_so() -> None:
    found = away(read_calendar(GOOGLE, INTERPRETER, WORLD))
    assert not [one for one in found if one.startswith(("10-19", "11-02"))]
    assert "11-03 13:00/11-03 15:00" in found


def test_whole_days_are_days_on_the_clock_of_home() -> None:
    assert "10-14 00:00/10-16 00:00" in away(read_calendar(GOOGLE, INTERPRETER, WORLD))


def test_a_day_that_ends_as_it_begins_is_that_whole_day() -> None:
    told = event("DTSTART;VALUE=DATE:20261024", "DTEND;VALUE=DATE:20261024")
    assert away(read(*told)) == ["10-24 00:00/10-25 00:00"]


def test_days_that_are_listed_one_by_one_have_an_end() -> None:
    said = ",".join(["20261013T080000Z"] * 15_000)
    once = event("DTSTART:20261012T080000Z", "DURATION:PT1H", f"EXDATE:{said}")
    assert away(read(*once)) == ["10-12 10:00/10-12 11:00"]
    (flaw,) = flaws(*once, *event("DTSTART:20261012T080000Z", f"RDATE:{said}", uid="2"))
    assert (flaw.row, flaw.column) == (13, "RDATE")
    assert flaw.reason.startswith("lists more than 20000 days")


def test_what_is_free_or_cancelled_keeps_nobody_away() -> None:
    found = away(read_calendar(GOOGLE, INTERPRETER, WORLD))
    assert len(found) == 4
    assert not [one for one in found if one.startswith(("10-20", "10-22"))]


def test_times_of_outlook_are_read_by_the_names_that_windows_has_for_zones() -> None:
    found = away(read_calendar(OUTLOOK, INTERPRETER, WORLD))
    assert found == [
        "10-13 07:00/10-13 08:30",  # 08:00 where the clock is an hour ahead
        "10-20 08:30/10-20 10:00",
        "11-03 08:30/11-03 10:00",
    ]


def test_a_calendar_with_availability_says_when_somebody_is_at_work() -> None:
    diary = read_calendar(NEXTCLOUD, INTERPRETER, WORLD)
    assert work(diary) == [
        f"{day} 08:00/{day} 16:30"
        for day in ("10-12", "10-15", "10-19", "10-22", "10-26", "10-29", "11-02", "11-05")
    ]
    assert away(diary) == ["10-12 22:00/10-13 06:00", "10-25 22:00/10-26 06:00"]


def test_a_calendar_without_availability_says_nothing_of_shifts() -> None:
    diary = read_calendar(GOOGLE, INTERPRETER, WORLD)
    assert diary.shifts is None
    assert with_diary(INTERPRETER, diary).shifts == INTERPRETER.shifts
    assert with_diary(INTERPRETER, diary).away == diary.away


def test_what_lies_outside_of_the_horizon_stays_as_it_was() -> None:
    before = Shift(from_=datetime(2026, 10, 1, 9), until=datetime(2026, 10, 1, 17))
    after = Interval(from_=WORLD.grid.end + timedelta(days=1), until=WORLD.grid.end + timedelta(2))
    across = Interval(from_=START - timedelta(hours=4), until=START + timedelta(hours=4))
    known = INTERPRETER.model_copy(
        update={"shifts": (before, *INTERPRETER.shifts), "away": (across, after)}
    )
    read_so = with_diary(known, read_calendar(NEXTCLOUD, known, WORLD))
    assert read_so.shifts[0] == before
    assert len(read_so.shifts) == 1 + 8
    assert read_so.away[0] == Interval(from_=across.from_, until=START)
    assert read_so.away[-1] == after
    assert with_diary(read_so, read_calendar(NEXTCLOUD, known, WORLD)) == read_so


def test_nothing_but_times_is_kept() -> None:
    told = repr(read_calendar(GOOGLE, INTERPRETER, WORLD))
    for word in ("Tandarts", "geheim", "iemand", "google.com"):
        assert word not in told


def test_the_sample_says_when_an_interpreter_of_the_tiny_world_works() -> None:
    world = parse_world(canonical(tiny()), REGISTER)
    diary = read_calendar(SAMPLE.read_bytes(), world.resource["tolk-ary-1"], world)
    days = ("11-23", "11-24", "11-25", "11-26")
    assert work(diary) == [f"{day} 07:00/{day} 19:00" for day in days]
    assert away(diary) == ["11-24 13:00/11-24 14:30", "11-26 00:00/11-27 00:00"]


@pytest.mark.parametrize("file", [GOOGLE, OUTLOOK, NEXTCLOUD])
def test_the_same_file_twice_says_the_same(file: bytes) -> None:
    assert read_calendar(file, INTERPRETER, WORLD) == read_calendar(file, INTERPRETER, WORLD)


def test_a_zone_that_one_file_describes_is_not_believed_of_another() -> None:
    read_calendar(OUTLOOK, INTERPRETER, WORLD)
    (flaw,) = flaws(*event('DTSTART;TZID="Customized Time Zone":20261013T080000', "DURATION:PT1H"))
    assert "time zone" in flaw.reason


def test_a_time_without_a_zone_is_on_the_clock_of_home() -> None:
    for day in ("20261023", "20261026"):
        (one,) = read(*event(f"DTSTART:{day}T080000", "DURATION:PT1H")).away
        assert one.from_.astimezone(AMSTERDAM).hour == 8


def test_hours_last_as_long_as_they_do_and_days_to_the_same_hour() -> None:
    exact = read(*event("DTSTART:20261024T220000", "DURATION:PT8H"))
    assert away(exact) == ["10-24 22:00/10-25 05:00"]
    nominal = read(*event("DTSTART:20261024T220000", "DURATION:P1D"))
    assert away(nominal) == ["10-24 22:00/10-25 22:00"]


def test_an_event_from_this_day_on_moves_those_that_follow() -> None:
    found = read(
        *event("DTSTART:20261012T080000", "DTEND:20261012T090000", "RRULE:FREQ=WEEKLY;COUNT=4"),
        *event(
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20261026T080000",
            "DTSTART:20261026T100000", "DTEND:20261026T110000", "SEQUENCE:1",
        ),
    )  # fmt: skip
    assert away(found) == [
        "10-12 08:00/10-12 09:00",
        "10-19 08:00/10-19 09:00",
        "10-26 10:00/10-26 11:00",
        "11-02 10:00/11-02 11:00",
    ]


def test_one_day_of_a_rota_can_be_cancelled_by_itself() -> None:
    found = read(
        *event("DTSTART:20261012T080000", "DTEND:20261012T090000", "RRULE:FREQ=WEEKLY;COUNT=2"),
        *event("RECURRENCE-ID:20261019T080000", "DTSTART:20261019T080000", "STATUS:CANCELLED"),
    )
    assert away(found) == ["10-12 08:00/10-12 09:00"]


def test_extra_days_and_periods_are_read() -> None:
    found = read(
        *event(
            "DTSTART:20261012T080000", "DTEND:20261012T090000",
            "RDATE:20261014T080000,20261015T080000",
            "RDATE;VALUE=PERIOD:20261016T080000Z/PT30M",
        )
    )  # fmt: skip
    assert away(found) == [
        "10-12 08:00/10-12 09:00",
        "10-14 08:00/10-14 09:00",
        "10-15 08:00/10-15 09:00",
        "10-16 10:00/10-16 10:30",
    ]


def test_the_end_of_a_rule_is_on_the_clock_of_its_start() -> None:
    found = read(
        *event(
            "DTSTART;TZID=America/New_York:20261012T080000", "DURATION:PT1H",
            "RRULE:FREQ=DAILY;UNTIL=20261014T080000",
        )
    )  # fmt: skip
    assert len(found.away) == 3
    whole = read(*event("DTSTART;VALUE=DATE:20261012", "RRULE:FREQ=WEEKLY;UNTIL=20261026"))
    assert len(whole.away) == 3


def test_a_rule_until_the_end_of_time_has_no_end() -> None:
    found = read(*event("DTSTART:20261012T080000", "RRULE:FREQ=WEEKLY;UNTIL=99991231T235959Z",
                        "DURATION:PT1H"))  # fmt: skip
    assert len(found.away) == 4


def test_what_touches_or_overlaps_is_one_stretch_within_the_horizon() -> None:
    found = read(
        *event("DTSTART:19990101T000000Z", "DTEND:20261012T060000Z", uid="1"),
        *event("DTSTART:20261012T060000Z", "DTEND:20261012T070000Z", uid="2"),
        *event("DTSTART:20261108T000000Z", "DTEND:21990101T000000Z", uid="3"),
    )
    assert [one.stretch for one in found.away] == [
        (START, datetime(2026, 10, 12, 7, tzinfo=UTC)),
        (datetime(2026, 11, 8, tzinfo=UTC), WORLD.grid.end),
    ]


# --- Availability ---------------------------------------------------------------------------------


def available(*lines: str, uid: str = "a") -> tuple[str, ...]:
    return "BEGIN:AVAILABLE", f"UID:{uid}", *lines, "END:AVAILABLE"


def availability(*lines: str) -> tuple[str, ...]:
    return "BEGIN:VAVAILABILITY", *lines, "END:VAVAILABILITY"


OFFICE_HOURS = available("DTSTART:20260105T090000", "DTEND:20260105T170000", "RRULE:FREQ=DAILY")


def test_what_has_the_higher_priority_is_believed() -> None:
    found = read(
        *availability("PRIORITY:9", *OFFICE_HOURS),
        *availability(
            "PRIORITY:1", "DTSTART:20261013T000000", "DTEND:20261015T000000",
            *available("DTSTART:20261013T120000", "DTEND:20261013T140000"),
        ),
    )  # fmt: skip
    assert work(found)[:3] == [
        "10-12 09:00/10-12 17:00",
        "10-13 12:00/10-13 14:00",
        "10-15 09:00/10-15 17:00",
    ]


def test_availability_without_a_priority_gives_way_to_any() -> None:
    found = read(
        *availability(*OFFICE_HOURS),
        *availability("PRIORITY:9", "DTSTART:20261012T000000", "DURATION:P1D"),
    )
    assert work(found)[0] == "10-13 09:00/10-13 17:00"


def test_of_two_alike_only_what_both_offer_is_offered() -> None:
    found = read(
        *availability(*OFFICE_HOURS),
        *availability(
            "DTSTART:20261012T000000", "DTEND:20261013T000000",
            *available("DTSTART:20261012T120000", "DTEND:20261012T200000"),
        ),
    )  # fmt: skip
    assert work(found)[:2] == ["10-12 12:00/10-12 17:00", "10-13 09:00/10-13 17:00"]


def test_shifts_through_the_hour_that_comes_twice_never_overlap() -> None:
    found = read(
        *availability(
            *available("DTSTART:20261024T230000Z", "DTEND:20261025T003000Z", uid="1"),
            *available("DTSTART:20261025T011500Z", "DTEND:20261025T030000Z", uid="2"),
        )
    )
    assert work(found) == ["10-25 01:00/10-25 02:30", "10-25 02:30/10-25 04:00"]


# --- What cannot be read --------------------------------------------------------------------------


def test_every_mistake_is_told_with_its_line_and_nothing_is_read() -> None:
    found = flaws(
        *event("DTSTART:20261399T080000", "DURATION:PT1H", uid="1"),
        *event("DTSTART;TZID=Europe/Amsterdm:20261012T080000", "DURATION:PT1H", uid="2"),
        *event("DTSTART:20261012T080000", "RRULE:FREQ=SECONDLY", uid="3"),
        *event("DTSTART:20261012T080000", "DTEND:20261012T070000", uid="4"),
        *event("SUMMARY:no time", uid="5"),
        *event("DTSTART:20261012T080000", "DTEND;VALUE=DATE:20261013", uid="6"),
        *event("DTSTART:20261012T080000", "DURATION:eight hours", uid="7"),
    )
    assert [(one.row, one.column, one.value) for one in found] == [
        (6, "DTSTART", "20261399T080000"),
        (11, "DTSTART", "20261012T080000"),
        (17, "RRULE", "FREQ=SECONDLY"),
        (22, "DTEND", "20261012T070000"),
        (24, "VEVENT", ""),
        (31, "DTEND", "20261013"),
        (36, "DURATION", "eight hours"),
    ]
    assert found[1].suggestion == "Europe/Amsterdam"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no calendar"),
        (b"naam;van;tot\r\njan;8:00;9:00\r\n", "no calendar"),
        (b"\xff\xfe\x00", "no calendar"),
        (calendar("naam van tot"), "no line of a calendar"),
        (calendar("BEGIN:VEVENT", "DTSTART:20261012T080000"), "ends what is not open"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "no end"),
        (calendar("METHOD:REPLY"), "message"),
        (calendar("BEGIN:VFREEBUSY", "END:VFREEBUSY"), "is not read"),
        (calendar(*["BEGIN:VEVENT"] * 9, *["END:VEVENT"] * 9), "within each other"),
        (calendar(*event() * (MOST_COMPONENTS + 1)), "components"),
        (b" " * (MOST_BYTES + 1), "MiB"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:\xff\r\nEND:VEVENT\r\nEND:VCALENDAR", "UTF-8"),
    ],
)
def test_what_is_no_calendar_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(FlawedError, match=says):
        read_calendar(data, INTERPRETER, WORLD)


def test_lines_are_counted_as_a_person_sees_them() -> None:
    data = b"\xef\xbb\xbf\r\n\n" + calendar(*event("SUMMARY:long\r\n er", "DTSTART:today"))
    with pytest.raises(FlawedError) as refused:
        read_calendar(data, INTERPRETER, WORLD)
    assert [(one.row, one.column) for one in refused.value.flaws] == [(10, "DTSTART")]


def test_of_many_mistakes_the_first_are_told() -> None:
    with pytest.raises(FlawedError) as refused:
        read_calendar(calendar(*["what is this"] * 5000), INTERPRETER, WORLD)
    assert [one.row for one in refused.value.flaws] == [*range(4, 4 + MOST_FLAWS)]


def test_a_letter_that_is_folded_in_two_is_read_whole() -> None:
    data = calendar(*event("DTSTART:20261012T080000", "DURATION:PT1H"))
    folded = data.replace(b"UID:1", b"UID:caf\xc3\r\n \xa9").replace(b"T08", b"T\r\n\t08")
    assert away(read_calendar(folded, INTERPRETER, WORLD)) == ["10-12 08:00/10-12 09:00"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MINUTELY",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=FORTNIGHTLY",
        "BYDAY=MO",
        "FREQ=WEEKLY;COUNT=0",
        "FREQ=WEEKLY;UNTIL=00010101T000000",
    ],
)
def test_a_rule_that_nobody_means_is_refused(rule: str) -> None:
    (flaw,) = flaws(*event("DTSTART:20261012T080000", "DURATION:PT1H", f"RRULE:{rule}"))
    assert (flaw.row, flaw.value) == (8, rule)


def test_several_times_on_a_day_are_read_and_counted() -> None:
    twice = "RRULE:FREQ=DAILY;COUNT=4;BYHOUR=8,13"
    found = read(*event("DTSTART:20261012T080000", "DURATION:PT1H", twice))
    assert [one[6:11] for one in away(found)] == ["08:00", "13:00"] * 2
    hours, sixty = (",".join(map(str, range(n))) for n in (24, 60))
    rule = f"RRULE:FREQ=DAILY;BYHOUR={hours};BYMINUTE={sixty};BYSECOND={sixty}"
    (flaw,) = flaws(*event("DTSTART:20260912T080000", "DURATION:PT1S", rule))
    assert "too long" in flaw.reason


def test_rules_that_never_come_are_not_followed_one_after_the_other() -> None:
    never = "RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6"
    many = [event("DTSTART:20261012T080000", never, uid=str(n)) for n in range(500)]
    found = flaws(*(line for one in many for line in one))
    assert "too long" in found[0].reason


def test_a_daily_rule_without_end_costs_nothing_beyond_the_horizon() -> None:
    since = time.perf_counter()
    found = read(
        *(
            line
            for n in range(48)
            for line in event(
                f"DTSTART:20200101T{n % 24:02}0000", "DURATION:PT5M", "RRULE:FREQ=DAILY",
                uid=str(n),
            )
        )
    )  # fmt: skip
    print(f"48 daily rules without end: {time.perf_counter() - since:.1f} s")
    assert len(found.away) == 4 * 7 * 24


@settings(max_examples=150)
@given(
    st.sampled_from([GOOGLE, OUTLOOK, NEXTCLOUD]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.binary(max_size=6)), max_size=4),
)
def test_a_file_that_is_damaged_is_read_or_refused(
    file: bytes, damage: list[tuple[float, int, bytes]]
) -> None:
    for where, gone, new in damage:
        at = int(where * len(file))
        file = file[:at] + new + file[at + gone :]
    with suppress(FlawedError):  # and nothing else
        assert isinstance(read_calendar(file, INTERPRETER, WORLD), Diary)


moments = st.integers(-2 * 96, 30 * 96)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(moments, st.integers(1, 200)), max_size=12))
def test_whatever_is_in_a_calendar_is_away_and_nothing_else(found: list[tuple[int, int]]) -> None:
    stretches: list[Stretch] = [
        (WORLD.grid.at(first), WORLD.grid.at(first + length)) for first, length in found
    ]
    lines = (
        line
        for n, (since, until) in enumerate(stretches)
        for line in event(
            f"DTSTART:{since:%Y%m%dT%H%M%SZ}", f"DTEND:{until:%Y%m%dT%H%M%SZ}", uid=str(n)
        )
    )
    told = read(*lines).away
    assert WORLD.grid.outward(one.stretch for one in told) & WORLD.grid.full == (
        WORLD.grid.outward((max(a, START), b) for a, b in stretches if b > START) & WORLD.grid.full
    )
    assert all(one.until < other.from_ for one, other in pairwise(told))
    assert all(one.until - one.from_ > timedelta() for one in told)
