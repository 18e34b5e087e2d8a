"""A roster says who is at work in the days that it is about, on the clock of who it is about."""

from datetime import UTC, date, datetime

import pytest

from api.imports.flaws import Flaw, FlawedError
from api.imports.rosters import read_roster
from scheduler.world import Interval, Resource, Shift, World
from tests.imports.files import brought, table, world

TEAM = "team-breda-1"


def one(text: str, onto: World | None = None) -> Resource:
    (part,) = brought("rosters", text, onto).parts
    assert isinstance(part, Resource)
    return part


def flaws(text: str) -> tuple[Flaw, ...]:
    with pytest.raises(FlawedError) as error:
        brought("rosters", text)
    return error.value.flaws


def shift(day: int, opens: int, closes: int, last: int | None = None) -> Shift:
    return Shift(
        from_=datetime(2026, 11, day, opens), until=datetime(2026, 11, last or day, closes)
    )


def test_titles_are_dutch_or_english_in_any_order_and_any_case() -> None:
    dutch = "code;soort;datum;van;tot\nteam-breda-1;dienst;24-11-2026;8.00;16.00"
    english = "Until;FROM;Date;kind;ID\n16:00;8:00;2026-11-24;Shift;team-breda-1"
    assert one(dutch) == one(english)
    assert shift(24, 8, 16) in one(dutch).shifts


def test_a_roster_takes_the_place_of_its_own_days_and_of_no_other() -> None:
    was = world().resource[TEAM]
    assert {each.from_.day for each in was.shifts} == {23, 24, 25, 26, 27}
    part = one(f"code;van;tot\n{TEAM};24-11-2026 8.00;16.00\n{TEAM};26-11-2026 8.00;16.00")
    assert part.shifts == (
        was.shifts[0],
        shift(24, 8, 16),
        shift(26, 8, 16),
        was.shifts[4],
    )


def test_the_days_are_those_of_the_whole_roster_and_who_has_no_shift_in_it_is_free() -> None:
    other = next(each.id for each in world().resources if each.id != TEAM and each.shifts)
    text = f"code;van;tot\n{TEAM};;\n{other};23-11-2026 8.00;16.00\n{other};27-11-2026 8.00;16.00"
    parts = [part for part in brought("rosters", text).parts if isinstance(part, Resource)]
    assert next(part for part in parts if part.id == TEAM).shifts == ()


def test_a_shift_ends_past_midnight_where_its_hour_is_not_later() -> None:
    text = f"code;datum;van;tot\n{TEAM};24-11-2026;22.00;6.00\n{TEAM};25-11-2026;16:00;24:00"
    assert one(text).shifts[1:3] == (shift(24, 22, 6, 25), shift(25, 16, 0, 26))


def test_an_absence_is_told_by_days_and_lasts_to_the_end_of_the_last() -> None:
    part = one(f"code;soort;datum;t/m\n{TEAM};verlof;24-11-2026;25-11-2026")
    assert part.away == (
        Interval(
            from_=datetime(2026, 11, 23, 23, tzinfo=UTC),
            until=datetime(2026, 11, 25, 23, tzinfo=UTC),
        ),
    )


def test_absences_stay_where_the_roster_tells_of_none_at_all() -> None:
    gone = Interval(
        from_=datetime(2026, 11, 24, 8, tzinfo=UTC), until=datetime(2026, 11, 24, 9, tzinfo=UTC)
    )
    away = tuple(
        each.model_copy(update={"away": (gone,)}) if each.id == TEAM else each
        for each in world().resources
    )
    onto = world().but(resources=away)
    without = f"code;van;tot\n{TEAM};24-11-2026 8.00;16.00"
    assert one(without, onto).away == (gone,)
    told = f"code;soort;van;tot\n{TEAM};dienst;24-11-2026 8.00;16.00"
    assert one(told, onto).away == ()


def test_somebody_new_is_told_with_a_role_and_a_home() -> None:
    part = one(
        "code;rol;standplaats;talen;op afstand;van;tot\n"
        "tolk-9;interpreter;azc-gilze;ar, fr;ja;24-11-2026 8.00;16.00"
    )
    assert (part.role, part.home, part.languages, part.remote) == (
        "interpreter",
        "azc-gilze",
        ("ar", "fr"),
        True,
    )
    (flaw,) = flaws("code;van;tot\nteam-bredaa-1;24-11-2026 8.00;16.00")
    assert (flaw.row, flaw.column, flaw.suggestion) == (2, "code", TEAM)


def test_what_has_no_column_stays_and_what_is_empty_is_none() -> None:
    name = next(each.id for each in world().resources if each.languages)
    was = world().resource[name]
    assert one(f"code\n{name}").languages == was.languages
    assert one(f"code;talen\n{name};").languages == ()


def test_each_row_says_whether_it_is_new() -> None:
    first = world().resource[TEAM].shifts[0]
    text = (
        f"code;capaciteit;van;tot\n{TEAM};2;{first.from_};{first.until}\n"
        f"{TEAM};2;24-11-2026 8.00;16.00"
    )
    found = brought("rosters", text)
    assert [(row.row, row.state, row.differs) for row in found.rows] == [
        (2, "changed", ("capacity",)),
        (3, "new", ()),
    ]
    assert found.gone == {TEAM: 1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("van;tot\n24-11-2026;25-11-2026", (1, "code", "is missing, and every file has it")),
        ("code;talem\nteam-breda-1;ar", (1, "talem", "is no column that is read")),
        ("code;code\nteam-breda-1;x", (1, "code", "is there already, as code")),
        ("code;van;tot\nteam-breda-1;8.00;16.00", (2, "datum", "is empty, and there is an hour")),
        ("code;van;tot\nteam-breda-1;24-11-2026 8.00;", (2, "tot", "is empty")),
        (
            "code;van;tot\nteam-breda-1;24-11-2026 22.00;24-11-2026 6.00",
            (2, "tot", "is not after its start"),
        ),
        (
            "code;datum;van;tot\nteam-breda-1;24-11-2026;25-11-2026 8.00;16.00",
            (2, "datum", "is told otherwise by van"),
        ),
        (
            "code;soort;datum;van;tot;t/m\nteam-breda-1;afwezig;24-11-2026;8.00;16.00;27-11-2026",
            (2, "t/m", "is told otherwise by tot"),
        ),
        ("code;standplaats\nteam-breda-1;azc-gilzee", (2, "standplaats", "is no location")),
        ("code;rol\nteam-breda-1;Politie!", (2, "rol", "String should match")),
        (
            "code;rol;van;tot\nteam-breda-1;police;24-11-2026 8.00;9.00\n"
            "team-breda-1;coa;25-11-2026 8.00;9.00",
            (3, "rol", "is not what row 2 says of team-breda-1"),
        ),
        (
            "code;van;tot\nteam-breda-1;24-11-2026 8.00;9.00\nteam-breda-1;24-11-2026 8.00;9.00",
            (3, "van", "is the shift of row 2 once more"),
        ),
    ],
)
def test_a_row_that_is_wrong_is_told_with_its_column(text: str, told: tuple[int, str, str]) -> None:
    (flaw,) = flaws(text)
    assert (flaw.row, flaw.column) == told[:2]
    assert flaw.reason.startswith(told[2])


def test_all_rows_that_are_wrong_are_told_at_once() -> None:
    text = "code;datum;van;tot\n;24-11-2026;8.00;9.00\nx;24/11/2026;8;9.00\ny;31-11-2026;8.00;9.00"
    assert {(each.row, each.column) for each in flaws(text)} == {
        (2, "code"),
        (3, "van"),
        (4, "datum"),
    }


def test_remarks_that_people_write_for_each_other_are_passed_over() -> None:
    assert one(f"code;Opmerking;# intern\n{TEAM};let op;x").id == TEAM


def test_only_of_its_own_people_may_a_partner_tell() -> None:
    roster = read_roster(table(f"code;van;tot\n{TEAM};24-11-2026 8.00;16.00"))
    assert roster.onto(world(), {"police"}).parts
    with pytest.raises(FlawedError, match="nobody of this organisation"):
        roster.onto(world(), {"interpreter"})
    stolen = read_roster(table(f"code;rol\n{TEAM};interpreter"))
    with pytest.raises(FlawedError, match="nobody of this organisation"):
        stolen.onto(world(), {"interpreter"})


def test_a_partner_is_helped_to_names_of_its_own_people_alone() -> None:
    roster = read_roster(table(f"code;van;tot\n{TEAM}x;24-11-2026 8.00;16.00"))
    for roles, suggestion in (({"police"}, TEAM), ({"interpreter"}, ""), (None, TEAM)):
        with pytest.raises(FlawedError) as error:
            roster.onto(world(), roles)
        assert [one.suggestion for one in error.value.flaws] == [suggestion]


def test_a_night_shift_over_a_clock_that_jumps_stays_as_it_is_written() -> None:
    text = f"code;van;tot\n{TEAM};27-3-2027 22.00;6.00\n{TEAM};30-10-2027 22.00;6.00"
    march, october = one(text).shifts[-2:]
    assert (march.until - march.from_) == (october.until - october.from_)
    here = world().but(resources=(one(text),))
    lengths = [until - since for since, until in here.duty(here.resource[TEAM])[-2:]]
    assert [each.total_seconds() / 3600 for each in lengths] == [7, 9]


def test_an_absence_in_the_hour_that_comes_twice_lasts_through_both() -> None:
    part = one(f"code;soort;van;tot\n{TEAM};afwezig;25-10-2026 2.15;25-10-2026 2.45")
    assert part.away == (
        Interval(
            from_=datetime(2026, 10, 25, 0, 15, tzinfo=UTC),
            until=datetime(2026, 10, 25, 1, 45, tzinfo=UTC),
        ),
    )


def test_a_shift_with_an_offset_is_one_on_the_clock_of_the_home() -> None:
    part = one(f"code;van;tot\n{TEAM};2026-11-24T07:00:00Z;2026-11-24T15:00:00Z")
    assert shift(24, 8, 16) in part.shifts


def test_the_days_of_a_roster_are_local_days() -> None:
    part = one(f"code;van;tot\n{TEAM};2026-11-23T23:30:00Z;2026-11-24T03:00:00Z")
    first = Shift(from_=datetime(2026, 11, 24, 0, 30), until=datetime(2026, 11, 24, 4))
    assert first in part.shifts
    assert {each.from_.date() for each in part.shifts} == {
        date(2026, 11, day) for day in (23, 24, 25, 26, 27)
    }
