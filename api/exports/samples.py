"""Samples of the files that are read: what the tiny world is made of, and a timetable.

``python -m api.exports.samples`` writes them to ``fixtures/samples``; a test holds them against
what is written now.
"""

from collections.abc import Iterator
from pathlib import Path

from api.exports.files import FILES, written
from api.exports.tables import KINDS, table_of
from constraints.register import REGISTER
from fixtures.tiny import tiny
from fixtures.worlds import canonical
from scheduler.loading import parse_world

SAMPLES = Path(__file__).parents[2] / "fixtures" / "samples"
TIMETABLE = """\
vluchtnummer;maatschappij;vanaf;naar;dagen;geldig van;geldig t/m;vertrek;aankomst;\
plaatsen zonder begeleiding;plaatsen met begeleiding;opmerking
AT851;ram;schiphol-ams;casablanca-cmn;ma wo vr;30-11-2026;18-12-2026;13:00;16:35;2;1;
TK1952;thy;schiphol-ams;istanbul-ist;dagelijks;30-11-2026;6-12-2026;14.20;19.50;2;1;via Sofia
"""
"""A timetable as somebody types it: days of the week, Dutch dates, hours with points or colons."""


def samples() -> Iterator[tuple[Path, bytes]]:
    """Yield each sample with its path; a workbook also holds when it was made."""
    world = parse_world(canonical(tiny()), REGISTER)
    for kind in KINDS:
        for file in FILES:
            yield SAMPLES / f"{kind}.{file}", written([table_of(world, kind)], file)
    yield SAMPLES / "timetable.csv", TIMETABLE.encode()


if __name__ == "__main__":
    SAMPLES.mkdir(exist_ok=True)
    for path, body in samples():
        path.write_bytes(body)
