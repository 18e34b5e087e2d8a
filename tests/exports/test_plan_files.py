"""Plans as files: nothing is lost in them, nothing in them works, and each sees its own."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.access.person import Role
from api.app import create_app
from api.exports.files import FILES, File, Sheet, written
from api.exports.plans import bookings_sheet, plan_sheets
from api.imports.cells import text
from api.imports.tables import read_table
from api.language import LANGUAGES
from api.partners import PARTNERS, reference
from scheduler.world import BookedAttendance, BookedPhase, Booking
from tests.api.people import asking
from tests.store.offices import CHAIN, PLACED, REMOVED, Small, small

DUTCH = LANGUAGES["nl"]


@pytest.fixture
def at(database_url: str) -> Iterator[Small]:
    with small(database_url) as at:
        yield at


@pytest.fixture
def http(at: Small) -> Iterator[TestClient]:
    with TestClient(create_app(at.office)) as client:
        yield client


# --- There and back -------------------------------------------------------------------------------

ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}", fullmatch=True)
tags = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
lengths = st.timedeltas(timedelta(microseconds=1), timedelta(days=3))


def stretches(draw: st.DrawFn) -> dict[str, datetime]:
    since = draw(moments)
    return {"from_": since, "until": since + draw(lengths)}


@st.composite
def bookings(draw: st.DrawFn) -> Booking:
    phases = [
        BookedPhase(id=draw(tags), place=draw(ids), **stretches(draw))
        for _ in range(draw(st.integers(1, 3)))
    ]
    attendances = [
        BookedAttendance(
            phase=draw(tags),
            role=draw(tags),
            resources=tuple(draw(st.lists(ids, max_size=3))),
            **stretches(draw),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    return Booking(
        id=draw(ids),
        case=draw(ids),
        operation=draw(st.sampled_from(["placement", "removal"])),
        status=draw(st.sampled_from(["proposed", "held", "confirmed", "executed", "cancelled"])),
        follows=draw(st.none() | ids),
        template=draw(ids),
        phases=tuple(phases),
        attendances=tuple(attendances),
        facility=draw(st.none() | ids),
        nights=tuple(draw(st.lists(st.dates(date(2000, 1, 1), date(2100, 1, 1)), max_size=3))),
        departure=draw(st.none() | ids),
    )


def from_csv(body: bytes) -> list[dict[str, Any]]:
    return [*csv.DictReader(io.StringIO(body.decode(), newline=""))]


def from_xlsx(body: bytes) -> list[dict[str, Any]]:
    frame = pd.read_excel(io.BytesIO(body), engine="calamine", dtype=str, keep_default_na=False)
    return [{str(name): one for name, one in row.items()} for row in frame.to_dict("records")]


def from_parquet(body: bytes) -> list[dict[str, Any]]:
    return [*pq.read_table(io.BytesIO(body)).to_pylist()]


READ: dict[File, Callable[[bytes], list[dict[str, Any]]]] = {
    "csv": from_csv,
    "xlsx": from_xlsx,
    "parquet": from_parquet,
}


def read(body: bytes, file: File) -> list[Booking]:
    """Return the bookings that a file holds."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in READ[file](body):
        found.setdefault(row["booking"], []).append(row)
    return [_booking(name, rows) for name, rows in found.items()]


def _booking(name: str, rows: list[dict[str, Any]]) -> Booking:
    def several(cell: Any) -> list[Any]:
        return cell.split() if isinstance(cell, str) else [*cell]

    def moment(cell: Any) -> datetime:
        return datetime.fromisoformat(cell) if isinstance(cell, str) else cell

    first = rows[0]
    whole: dict[str, Any] = {key: first[key] for key in ("case", "operation", "status", "template")}
    maybe: dict[str, Any] = {
        key: first[key] or None for key in ("follows", "facility", "departure")
    }
    stretch = [{"from_": moment(one["from"]), "until": moment(one["until"])} for one in rows]
    return Booking(
        id=name,
        **whole,
        **maybe,
        nights=tuple(
            date.fromisoformat(one) if isinstance(one, str) else one
            for one in several(first["nights"])
        ),
        phases=tuple(
            BookedPhase(id=one["phase"], place=one["place"], **when)
            for one, when in zip(rows, stretch, strict=True)
            if one["line"] == "phase"
        ),
        attendances=tuple(
            BookedAttendance(
                phase=one["phase"],
                role=one["role"],
                resources=tuple(several(one["resources"])),
                **when,
            )
            for one, when in zip(rows, stretch, strict=True)
            if one["line"] == "attendance"
        ),
    )


@settings(max_examples=40)
@given(st.lists(bookings(), max_size=3, unique_by=lambda one: one.id))
def test_bookings_come_back_from_every_file_as_they_were(found: list[Booking]) -> None:
    for file in FILES:
        assert read(written([bookings_sheet(found)], file), file) == found, file


def test_a_file_without_bookings_still_says_what_its_columns_are() -> None:
    for file in FILES:
        assert read(written([bookings_sheet([])], file), file) == []
    assert written([bookings_sheet([])], "csv").startswith(b"booking,case,operation,status,")


# --- What a spreadsheet makes of it ---------------------------------------------------------------


@pytest.mark.parametrize("said", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_is_worked_out_by_a_spreadsheet(said: str) -> None:
    sheet = Sheet(said, pd.DataFrame({said: [said], "list": [[said]]}, dtype=object))
    rows = list(csv.reader(io.StringIO(written([sheet], "csv").decode(), newline="")))
    assert all(one.startswith("'") for one in (rows[0][0], *rows[1]))
    assert {text(one) for one in (rows[0][0], *rows[1])} == {said}
    with zipfile.ZipFile(io.BytesIO(written([sheet], "xlsx"))) as book:
        inside = [book.read(one).decode() for one in book.namelist() if "sheet" in one]
    assert not any(re.search(r"<f\b|hyperlink", one) for one in inside)


@pytest.mark.parametrize("parting", [";", "|", "\t", "\n", "\r\n"])
def test_no_text_is_worked_out_where_other_signs_part_the_cells(parting: str) -> None:
    """A Dutch spreadsheet opens a file with commas as one with semicolons."""
    sheet = Sheet("x", pd.DataFrame({"n": [""], "x": [f"Bos{parting}=1+1"]}, dtype=object))
    told = written([sheet], "csv").decode()
    assert not re.search(r"[;|\t\r\n][=+@-]", told)
    (row,) = read_table(told.encode())["x"]
    assert text(row) == f"Bos{parting}=1+1"


def test_signs_as_wide_as_letters_work_no_more_than_the_narrow_ones() -> None:
    sheet = Sheet("x", pd.DataFrame({"x": ["\uff1d1", "\uff20x"]}, dtype=object))
    assert written([sheet], "csv").decode() == "x\r\n'\uff1d1\r\n'\uff20x\r\n"


def test_what_is_not_there_is_an_empty_cell_whatever_holds_it() -> None:
    frame = pd.DataFrame(
        {
            "text": ["a", None],
            "number": [None, 1.5],
            "day": [pd.Timestamp("2026-11-24"), pd.NaT],
            "moment": [pd.Timestamp("2026-11-24T08:00Z"), pd.NaT],
        }
    )
    assert from_csv(written([Sheet("x", frame)], "csv")) == [
        {"text": "a", "number": "", "day": "2026-11-24T00:00:00", "moment": "2026-11-24T08:00:00Z"},
        {"text": "", "number": "1.5", "day": "", "moment": ""},
    ]
    book = pd.read_excel(io.BytesIO(written([Sheet("x", frame)], "xlsx")), engine="calamine")
    assert book.isna().to_numpy().tolist() == frame.isna().to_numpy().tolist()


def test_sheets_have_names_that_a_workbook_takes() -> None:
    names = ["DV&O", "a/b:c*?", "x" * 40, "x" * 31 + "y", "", "dv&o"]
    body = written([Sheet(one, pd.DataFrame({"a": [1]})) for one in names], "xlsx")
    found = pd.ExcelFile(io.BytesIO(body), engine="calamine").sheet_names
    assert len({str(one).lower() for one in found}) == len(names)
    assert found[0] == "DV&O"


# --- Who is told what -----------------------------------------------------------------------------


def test_a_partners_sheet_tells_of_no_case_and_of_its_own_people_alone(at: Small) -> None:
    for case in (PLACED, REMOVED, CHAIN):
        at.hold(case)
    world = at.office.world()
    _, *sheets = plan_sheets(world, world.bookings, "secret", DUTCH, proposals=False)
    asked = {each.partner for one in at.office.bookings() for each in one.partners}
    assert {DUTCH.name(one) for one in asked} <= {one.name for one in sheets}
    cases = {one.id for one in world.cases} | {p.id for one in world.cases for p in one.persons}
    theirs: dict[str, str] = {}
    for sheet in sheets:
        told = written([sheet], "csv").decode()
        assert [one for one in cases if one in told] == []
        assert [one for one in world.bookings if one.id in told] == []
        for one in world.resources:
            for name in {one.id, one.label or one.id}:
                if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", told):
                    assert theirs.setdefault(one.id, sheet.name) == sheet.name


def test_what_is_only_proposed_is_on_no_partners_sheet_of_the_plan_in_force(at: Small) -> None:
    proposed = at.proposed(PLACED)
    world = at.office.world()
    assert len(plan_sheets(world, proposed, "", DUTCH, proposals=False)) == 1
    assert len(plan_sheets(world, proposed, "", DUTCH, proposals=True)) > 1


@pytest.mark.parametrize("file", FILES)
def test_a_planner_takes_the_plan_in_force_along(at: Small, http: TestClient, file: File) -> None:
    at.hold(PLACED)
    at.hold(CHAIN)
    told = http.get("/v1/bookings", params={"format": file})
    assert told.status_code == 200
    assert told.headers["content-disposition"] == f'attachment; filename="bookings.{file}"'
    assert read(told.content, file) == [*at.office.world().bookings]


def test_a_workbook_has_a_sheet_for_each_partner_that_is_asked(at: Small, http: TestClient) -> None:
    (held,) = at.hold(PLACED)
    body = http.get("/v1/bookings?format=xlsx").content
    first, *others = pd.ExcelFile(io.BytesIO(body), engine="calamine").sheet_names
    asked = {one.partner for one in held.partners} | {one.owner for one in held.checks}
    assert first == "bookings"
    assert {*others} == {DUTCH.name(one) for one in asked}


@pytest.mark.parametrize("file", FILES)
def test_a_partner_takes_along_its_own_part_alone(at: Small, file: File) -> None:
    (held,) = at.hold(PLACED)
    told_as = reference(held.booking.id, at.office.began_with() or "")
    path = "/v1/partners/{}/bookings"
    with asking(at.office, Role.partner, organisation="Tolkendesk") as theirs:
        told = theirs.get(path.format("tolkendesk"), params={"format": file})
        assert told.status_code == 200
        rows = READ[file](told.content)
        assert {one["Kenmerk"] for one in rows} == {told_as}
        mine = {r for a in held.booking.attendances if a.role == "interpreter" for r in a.resources}
        labels = {at.office.world().resource[one].label or one for one in mine}
        assert {one["Wie"] for one in rows} == labels
        assert theirs.get(path.format("dv-o"), params={"format": file}).status_code == 403
        assert theirs.get("/v1/bookings", params={"format": file}).status_code == 403


def test_times_on_a_partners_sheet_are_on_the_clock_of_where_it_is(
    at: Small, http: TestClient
) -> None:
    (held,) = at.hold(PLACED)
    (row, *_) = from_csv(http.get("/v1/partners/tolkendesk/bookings?format=csv").content)
    block = next(one for one in held.booking.attendances if one.role == "interpreter")
    place = next(one.place for one in held.booking.phases if one.id == block.phase)
    zone = ZoneInfo(at.office.world().location[place].timezone)
    assert row["Waar"] == place
    assert row["Vanaf"] == block.from_.astimezone(zone).replace(tzinfo=None).isoformat()


def test_every_partner_can_be_told_in_a_file_whatever_it_is_asked(
    at: Small, http: TestClient
) -> None:
    for case in (PLACED, REMOVED, CHAIN):
        at.hold(case)
    for one in PARTNERS:
        asked = http.get(f"/v1/partners/{one}/bookings").json()["bookings"]
        rows = from_csv(http.get(f"/v1/partners/{one}/bookings?format=csv").content)
        assert {row["Kenmerk"] for row in rows} == {each["id"] for each in asked}
