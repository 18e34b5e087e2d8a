"""On what rules rest: citations stay as they are, everything else is told in Dutch too."""

import re

from api.bases import BASES, OURS, basis
from api.language import LANGUAGES, NAMES
from constraints.register import REGISTER, RULES

CITATION = re.compile(r"(Vw|Vb|Awb|AMMR|RvS|Reg\.) [\d:]")


def bases() -> set[str]:
    told = {one.basis for one in REGISTER.constraints} | {row.basis for row in RULES.rows}
    parts = {part for one in told for part in one.split("; ") if part}
    return {one for one in parts if not one.startswith(OURS)}


def test_whatever_is_no_citation_is_known() -> None:
    left = {one for one in bases() - BASES.keys() if not CITATION.match(one)}
    assert left <= {"DT&V", "Raad voor Rechtsbijstand"} <= {*NAMES, "DT&V"}
    assert BASES.keys() <= bases()


def test_it_is_told_in_the_language_of_who_reads_and_without_what_is_ours() -> None:
    told = (
        "Vw 59; parameter: a figure of ours; the document itself; "
        "Het terugkeerproces, DT&V 2021: light 2"
    )
    assert basis(LANGUAGES["nl"], told) == (
        "Vw 59; het document zelf; Het terugkeerproces, DT&V 2021"
    )
    assert basis(LANGUAGES["en"], "parameter: a figure of ours") == ""
    assert basis(LANGUAGES["en"], "seed 003: everyone who must be there") == (
        "everyone who must be there"
    )
