"""What holds for every line of the register and every row of the rule table."""

import ast
import re
from datetime import date
from pathlib import Path

import pytest

import constraints
from constraints.lights import LIGHTS
from constraints.register import REGISTER, RULES
from scheduler.constraint import Constraint
from tests.constraints.worlds import MONDAY, chain, subject

FOLDER = Path(constraints.__file__).parent
EVERY = pytest.mark.parametrize("one", REGISTER.constraints, ids=lambda one: one.id)
MARKS = {
    "holding-clock": "V",
    "hearing-before-measure": "V",
    "lawyer-wait": "S",
    "lawyer-desk": "V",
    "lawyer-notice-of-flight": "S",
    "detention-term": "V",
    "detention-papers-present": "V",
    "detention-transfer": "V",
    "transfer-term": "V",
    "transfer-floor": "V",
    "regime": "V",
    "court-review": "V",
    "court-review-clock": "V",
    "continued-detention-notice": "V",
    "family-facility": "V",
    "minors": "V",
    "family-hours": "M",
    "interpreter-mode": "M",
    "airport-rooms": "S",
    "monitor": "V",
    "return-border": "V",
    "medical": "V",
    "fit-to-fly": "M",
    "document-valid": "V",
    "escort-number": "M",
    "handover": "M",
    "airline-limits": "M",
    "booking-lead": "M",
}
"""The marks of the field's own table."""


def figure(rule: str, day: date, **attributes: str) -> tuple[int | str, str]:
    row = RULES.on(day).one(rule, **attributes)
    return row.figure, row.unit


@EVERY
def test_speaks_dutch_and_english(one: Constraint) -> None:
    texts = [one.title, one.says, *(fact.asks for fact in one.facts)]
    assert all(text.nl.strip() and text.en.strip() for text in texts)
    assert one.says.nl != one.says.en


@EVERY
def test_asks_facts_as_questions(one: Constraint) -> None:
    assert all(fact.asks.nl.endswith("?") and fact.asks.en.endswith("?") for fact in one.facts)


@EVERY
def test_has_a_file_of_its_own(one: Constraint) -> None:
    source = FOLDER / f"{one.id.replace('-', '_')}.py"
    assert source.exists(), one.id


@EVERY
def test_reads_rows_that_exist(one: Constraint) -> None:
    assert set(one.rules) <= {row.id for row in RULES.rows}


@EVERY
def test_cannot_be_dropped_by_its_cure(one: Constraint) -> None:
    assert one.cure in {"capacity", "release", "date", "none"}


def test_every_row_is_read_by_some_constraint_or_is_there_to_be_known() -> None:
    read = {rule for one in REGISTER.constraints for rule in one.rules}
    known = {"lawyer-wait", "airport-rooms", REGISTER.margin}
    assert {row.id for row in RULES.rows} - read == known


ASKED = subject(chain())


@EVERY
def test_a_basis_is_words(one: Constraint) -> None:
    assert re.search(r"\w", REGISTER.basis(one.id, ASKED.world, ASKED.case)), one.id


def test_every_trigger_that_a_constraint_reads_is_declared() -> None:
    assert {kind.id: kind.ahead for kind in REGISTER.triggers.values()} == {
        "birth": True,
        "departure-term-end": True,
        "transfer-accepted": False,
        "absconded": False,
        "reappeared": False,
        "in-prison": False,
        "review-upheld": False,
        "independent-departure": False,
        "detention-extended": False,
    }


def test_a_person_is_a_man_a_woman_a_child_or_an_unaccompanied_minor() -> None:
    assert REGISTER.categories == {"man", "woman", "child", "unaccompanied-minor"}


@EVERY
def test_what_it_says_leaves_it_to_the_explanation_what_is_not_known(one: Constraint) -> None:
    """The explanation adds "(not known)" where nobody answered."""
    assert not re.search(r"\b(un)?known?\b|\b(on)?bekend\b", f"{one.says.en} {one.says.nl}")
    assert not one.says.en.endswith(")")
    assert not one.says.nl.endswith(")")


def test_stands_in_the_order_of_the_lights() -> None:
    lights = [LIGHTS.index(one.light) for one in REGISTER.constraints]
    assert lights == sorted(lights)


def test_every_file_of_a_constraint_is_in_the_register() -> None:
    files = {path.stem for path in FOLDER.glob("*.py") if "CONSTRAINT =" in path.read_text("utf-8")}
    assert files == {one.id.replace("-", "_") for one in REGISTER.constraints}


def test_no_figure_stands_in_code() -> None:
    figures = {
        (path.name, node.value)
        for path in FOLDER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value > 1
    }
    assert not figures


def test_no_row_of_an_id_contradicts_another_on_the_same_day() -> None:
    for row in RULES.rows:
        twins = [
            one
            for one in RULES.rows
            if one.id == row.id
            and one.applies == row.applies
            and one.valid_from <= row.valid_from
            and (one.valid_to is None or row.valid_from <= one.valid_to)
        ]
        assert twins == [row], row.id


@pytest.mark.parametrize(("rule", "mark"), MARKS.items())
def test_a_row_has_the_mark_of_the_domain(rule: str, mark: str) -> None:
    assert {row.mark for row in RULES.rows if row.id == rule} == {mark}


def test_a_row_says_what_it_rests_on() -> None:
    assert all(re.search(r"\w", row.basis) for row in RULES.rows)


@pytest.mark.parametrize(
    ("rule", "attributes", "expected"),
    [
        ("holding-clock", {"operation": "placement"}, (6, "hours")),
        ("holding-pause", {"operation": "placement"}, ("00:00-09:00", "local-hours")),
        ("lawyer-wait", {"operation": "placement"}, (2, "hours")),
        ("lawyer-desk", {"operation": "placement"}, ("07:00-20:00", "local-hours")),
        ("lawyer-notice-of-flight", {"operation": "removal"}, (36, "hours")),
        ("detention-term", {"ground": "59-1"}, (6, "months")),
        ("detention-term-extension", {"ground": "59-1"}, (12, "months")),
        ("detention-papers-present", {"ground": "59-2"}, (4, "weeks")),
        ("detention-asylum", {"ground": "59b"}, (6, "months")),
        ("detention-asylum-extension", {"ground": "59b"}, (6, "months")),
        ("detention-transfer", {"ground": "59a", "regime": "ammr"}, (5, "weeks")),
        ("detention-transfer", {"ground": "59a", "regime": "dublin-iii"}, (6, "weeks")),
        ("transfer-term", {"regime": "ammr", "situation": "standard"}, (6, "months")),
        ("transfer-term", {"regime": "ammr", "situation": "in-prison"}, (1, "years")),
        ("transfer-term", {"regime": "ammr", "situation": "absconded"}, (3, "years")),
        ("transfer-term", {"regime": "dublin-iii", "situation": "absconded"}, (18, "months")),
        ("transfer-floor", {"regime": "ammr"}, (3, "months")),
        ("court-review", {}, (15, "days")),
        ("court-review-clock", {"ground": "6"}, (21, "days")),
        ("continued-detention-notice", {}, (68, "days")),
        ("family-facility", {}, (14, "days")),
        ("family-facility", {"ground": "6"}, (30, "days")),
        ("family-hours", {}, ("20:00-07:00", "local-hours")),
        ("airport-rooms", {"room": "single"}, (3, "count")),
        ("airport-rooms", {"room": "group"}, (2, "count")),
        ("airport-rooms", {"room": "family"}, (1, "count")),
        ("return-border", {"ground": "6"}, (12, "weeks")),
        ("medical", {"operation": "removal"}, (6, "weeks")),
        ("fit-to-fly", {"operation": "removal"}, (72, "hours")),
        ("escort-duty", {"part": "before-flight"}, (2, "hours")),
        ("escort-duty", {"part": "after-flight"}, (1, "hours")),
        ("escort-duty", {"part": "before-road"}, (30, "minutes")),
        ("escort-duty", {"part": "after-road"}, (15, "minutes")),
        ("charter-team", {"role": "escort"}, (2, "count")),
        ("charter-team", {"role": "doctor"}, (1, "count")),
        ("escort-number", {"risk": "standard"}, (2, "count")),
        ("escort-number", {"risk": "high"}, (3, "count")),
        ("handover", {"operation": "removal"}, (3, "hours")),
        ("booking-lead", {"operation": "removal", "seat": "unescorted"}, (3, "working-days")),
        ("booking-lead", {"operation": "removal", "seat": "escorted"}, (10, "working-days")),
    ],
)
def test_the_table_holds_the_figures_of_the_domain(
    rule: str, attributes: dict[str, str], expected: tuple[int | str, str]
) -> None:
    assert figure(rule, MONDAY, **attributes) == expected


def test_the_notice_was_longer_until_october_2020() -> None:
    assert figure("lawyer-notice-of-flight", date(2020, 9, 30), operation="removal")[0] == 48
    assert figure("lawyer-notice-of-flight", date(2020, 10, 1), operation="removal")[0] == 36


def test_the_ammr_is_in_force_from_july_2026() -> None:
    assert not RULES.on(date(2026, 6, 30)).select("regime", regime="ammr")
    assert RULES.on(date(2026, 7, 1)).select("regime", regime="ammr")


def test_the_asylum_term_changed_on_12_june_2026() -> None:
    assert figure("detention-asylum", date(2026, 6, 11), ground="59b") == (4, "weeks")
    assert figure("detention-asylum", date(2026, 6, 12), ground="59b") == (6, "months")


def test_no_default_lets_more_than_two_aboard() -> None:
    assert max(row.number for row in RULES.rows if row.id == "airline-limits") == 2
