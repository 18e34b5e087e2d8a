"""What became of the bookings of a month, in numbers: no case and no person is in them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any, get_args

from sqlalchemy import Connection, RowMapping, delete, func, insert, select

from api.store.life import Release, Status
from api.store.logs import moment
from api.store.standing import begins_at
from api.store.tables import AUDIT, BOOKINGS, CONFIRMATIONS, TOLD_MONTHS
from scheduler.grid import local_date
from scheduler.world import Booking, Leg, World

LEGS: tuple[Leg, ...] = get_args(Leg)
DAY = timedelta(days=1)
HOLDING = "hold", "accept"
"""The actions by which bookings are held: one by one, or of a plan."""
STAYS = timedelta(days=7)
"""How long what was told of a month stays what is told of it."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a year."""

    year: int
    month: int

    @property
    def days(self) -> tuple[date, date]:
        """The first day, and that of the next month."""
        return date(self.year, self.month, 1), date(
            self.year + self.month // 12, self.month % 12 + 1, 1
        )

    def over(self, now: datetime) -> bool:
        """Return whether it is over wherever a booking may begin."""
        return now.astimezone(UTC).date() > self.days[1]

    def __str__(self) -> str:
        """Return how it is written: ``2026-11``."""
        return f"{self.year}-{self.month:02}"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The bookings that begin in a month, counted as things stand.

    ``declines`` are by partner and reason. ``days`` are those from each hold to the last word of
    the partners, of what was confirmed.
    """

    statuses: Mapping[Status, int]
    legs: Mapping[Leg, int]
    failed_legs: Mapping[Leg, int]
    failures: Mapping[str, int]
    releases: Mapping[str, int]
    declines: Mapping[tuple[str, str], int]
    days: tuple[float, ...]

    @property
    def waited(self) -> float | None:
        """The median of the days from hold to confirmation; None where nothing was confirmed."""
        return median(self.days) if self.days else None


def numbers(connection: Connection, world: World, month: Month, now: datetime) -> Numbers:
    """Count the bookings that begin in ``month``, each by the clock of where it begins."""
    rows = [*_rows(connection, world, month)]
    names = [row["id"] for row in rows]
    status = {row["id"]: _status(row, now) for row in rows}
    failed = [row for row in rows if status[row["id"]] == Status.cancelled]
    gone = [row for row in rows if status[row["id"]] == Status.released]
    said = connection.execute(
        select(CONFIRMATIONS).where(CONFIRMATIONS.c.booking_id.in_(names))
    ).mappings().all()  # fmt: skip
    held = {
        name: datetime.fromisoformat(at)
        for name, at in connection.execute(
            select(AUDIT.c.object, func.min(AUDIT.c.at))
            .where(
                AUDIT.c.action.in_(HOLDING),
                AUDIT.c.result == "done",
                AUDIT.c.object.in_(names),
            )
            .group_by(AUDIT.c.object)
        )
    }
    last: dict[str, datetime] = {}
    for row in said:
        if status[row["booking_id"]] in {Status.confirmed, Status.executed}:
            at = datetime.fromisoformat(row["at"])
            last[row["booking_id"]] = max(at, last.get(row["booking_id"], at))
    return Numbers(
        statuses=Counter(status.values()),
        legs=Counter(row["leg"] for row in rows),
        failed_legs=Counter(row["leg"] for row in failed),
        failures=Counter(row["reason"] for row in failed),
        releases=Counter(row["reason"] or Release.expired for row in gone),
        declines=Counter(
            (row["partner"], row["reason"]) for row in said if row["answer"] == "declined"
        ),
        days=tuple((at - held[name]) / DAY for name, at in last.items() if name in held),
    )


def told_before(connection: Connection, month: Month, now: datetime) -> Any:
    """Return what was told of a month, a week ago at most; None when nothing was."""
    return connection.execute(
        select(TOLD_MONTHS.c.document).where(
            TOLD_MONTHS.c.month == str(month), TOLD_MONTHS.c.at > moment(now - STAYS)
        )
    ).scalar()


def keep_told(connection: Connection, month: Month, told: Any, now: datetime) -> None:
    """Keep what is told of a month, in the place of what was."""
    connection.execute(delete(TOLD_MONTHS).where(TOLD_MONTHS.c.month == str(month)))
    row = {"month": str(month), "at": moment(now), "document": told}
    connection.execute(insert(TOLD_MONTHS), row)


def _rows(connection: Connection, world: World, month: Month) -> Iterator[RowMapping]:
    first, end = month.days
    around = begins_at().between((first - DAY).isoformat(), (end + DAY).isoformat())
    for row in connection.execute(select(BOOKINGS).where(around)).mappings():
        start = Booking.model_validate(row["document"], strict=False).phases[0]
        if first <= local_date(start.from_, world.location[start.place].timezone) < end:
            yield row


def _status(row: RowMapping, now: datetime) -> Status:
    """Return where a booking stands: a hold that ran out is released, written down or not."""
    ran_out = row["expires_at"] is not None and row["expires_at"] <= moment(now)
    return Status.released if ran_out else Status(row["status"])
