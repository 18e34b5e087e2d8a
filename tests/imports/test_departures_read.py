"""Departures come in by their hours here and there, one by one or as the timetable of a season."""

from datetime import UTC, datetime

import pytest

from api.imports.flaws import Flaw, FlawedError
from scheduler.world import Departure, Seats, World
from tests.imports.files import brought, world


def departures(text: str, onto: World | None = None) -> tuple[Departure, ...]:
    parts = brought("departures", text, onto).parts
    return tuple(one for one in parts if isinstance(one, Departure))


def flaws(text: str) -> tuple[Flaw, ...]:
    with pytest.raises(FlawedError) as error:
        departures(text)
    return error.value.flaws


TITLES = "vluchtnummer;maatschappij;vanaf;naar;datum;vertrek;aankomst;plaatsen zonder begeleiding"
ROUTE = "AT851;ram;schiphol-ams;casablanca-cmn"


def test_hours_are_on_the_clock_of_where_it_leaves_and_of_where_it_arrives() -> None:
    (one,) = departures(f"{TITLES}\n{ROUTE};4-12-2026;13:00;16:35;2")
    assert one.departs == datetime(2026, 12, 4, 12, tzinfo=UTC)
    assert one.arrives == datetime(2026, 12, 4, 15, 35, tzinfo=UTC)
    assert (one.id, one.kind, one.seats) == ("at851-2026-12-04", "scheduled", Seats(unescorted=2))


def test_it_arrives_the_next_day_where_its_hour_there_is_past() -> None:
    (one,) = departures(f"{TITLES}\n{ROUTE};4-12-2026;23:30;2:35;2")
    assert one.arrives == datetime(2026, 12, 5, 1, 35, tzinfo=UTC)


def test_a_flight_that_is_known_is_known_by_its_number_and_its_day() -> None:
    was = world().departure["at851-1126"]
    text = (
        "number;from;destination;departs;duration;carrier\n"
        "AT851;schiphol-ams;casablanca-cmn;26-11-2026 14:00;215;ram"
    )
    (one,) = departures(text)
    assert (one.id, one.seats) == (was.id, was.seats)
    assert one.departs == datetime(2026, 11, 26, 13, tzinfo=UTC)
    (row,) = brought("departures", text).rows
    assert (row.state, row.differs) == ("changed", ("departs", "arrives"))


def test_a_timetable_is_a_departure_for_each_day_on_which_it_flies() -> None:
    text = (
        "vluchtnummer;maatschappij;vanaf;naar;dagen;geldig van;geldig t/m;vertrek;duur\n"
        "AT851;ram;schiphol-ams;casablanca-cmn;ma, vr;22-3-2027;4-4-2027;13:00;215"
    )
    found = departures(text)
    assert [one.departs for one in found] == [
        datetime(2027, 3, 22, 12, tzinfo=UTC),
        datetime(2027, 3, 26, 12, tzinfo=UTC),
        datetime(2027, 3, 29, 11, tzinfo=UTC),
        datetime(2027, 4, 2, 11, tzinfo=UTC),
    ]
    assert {one.id for one in found} == {
        f"at851-2027-{day}" for day in ("03-22", "03-26", "03-29", "04-02")
    }


def test_a_charter_comes_with_its_team_and_its_quotas() -> None:
    team = [one.id for one in world().resources if one.role == "kmar"][:2]
    (one,) = departures(
        "id;soort;soort charter;ploeg;vanaf;naar;vertrek;duur;quotum 1 land;quotum 1 plaatsen\n"
        f"charter-1;charter;gezamenlijk;{','.join(team)};schiphol-ams;tirana-tia;"
        "4-12-2026 13:00;150;AL;6"
    )
    assert (one.kind, one.charter, one.team) == ("charter", "joint", tuple(team))
    assert [(each.country, each.seats) for each in one.quotas] == [("AL", 6)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{TITLES}\n{ROUTE};4-12-2026;13:00;;2", (2, "aankomst", "is empty")),
        (f"{TITLES}\n{ROUTE};;13:00;14:00;2", (2, "datum", "is empty, and there is an hour alone")),
        (f"{TITLES}\n{ROUTE};28-3-2027;2:30;9:00;2", (2, "vertrek", "does not exist")),
        (f"{TITLES}\n{ROUTE};31-10-2027;2:30;9:00;2", (2, "vertrek", "comes twice")),
        (
            f"{TITLES}\n{ROUTE};4-12-2026;13:00;14:00;twee",
            (2, TITLES.split(";")[-1], "is no number"),
        ),
        (
            f"{TITLES}\nAT851;ram;schipol-ams;casablanca-cmn;4-12-2026;13:00;14:00;2",
            (2, "vanaf", "is no location"),
        ),
        (
            f"{TITLES}\nAT851;;schiphol-ams;casablanca-cmn;4-12-2026;13:00;16:00;2",
            (2, "vertrek", "a scheduled departure names its carrier"),
        ),
        (
            f"{TITLES}\n{ROUTE};4-12-2026;13:00;16:00;2\n{ROUTE};4-12-2026;14:00;17:00;2",
            (3, "code", "is the departure of row 2 once more"),
        ),
        (
            "number;carrier;from;to;departs;arrives;duration\n"
            "AT851;ram;schiphol-ams;casablanca-cmn;4-12-2026 13:00;4-12-2026 16:35;275",
            (2, "duration", "is told otherwise by arrives"),
        ),
        (
            "number;carrier;from;to;date;departs;duration\n"
            "AT851;ram;schiphol-ams;casablanca-cmn;5-12-2026;4-12-2026 13:00;215",
            (2, "date", "is told otherwise by departs"),
        ),
        (
            "number;from;to;weekdays;valid from;valid through;departs;duration\n"
            "AT851;schiphol-ams;casablanca-cmn;1;4-1-2027;4-1-2029;13:00;215",
            (2, "valid through", "is not within 400 days"),
        ),
        (
            "number;from;to;weekdays;valid from;departs;duration\n"
            "AT851;schiphol-ams;casablanca-cmn;1;4-1-2027;13:00;215",
            (2, "geldig tot en met", "is empty in a timetable"),
        ),
    ],
)
def test_a_row_that_is_wrong_is_told_with_its_column(text: str, told: tuple[int, str, str]) -> None:
    (flaw,) = flaws(text)
    assert (flaw.row, flaw.column) == told[:2]
    assert flaw.reason.startswith(told[2])
