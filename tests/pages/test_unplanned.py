"""Why a case has no booking, in Dutch, as the kernel says it in English."""

from pathlib import Path

import pytest

from api.language import LANGUAGES
from api.pages.unplanned import price, reasons
from constraints.register import REGISTER
from scheduler.explanation.reason import reason as kernel
from scheduler.explanation.signature import Explanation
from scheduler.loading import read_world
from scheduler.pattern import Patterns
from scheduler.plan import HALVED, Cost, Unplanned
from scheduler.planner import STOPPED

NL, EN = LANGUAGES["nl"], LANGUAGES["en"]
WORLD = Path(__file__).parents[2] / "fixtures" / "national.json"


@pytest.mark.parametrize(
    ("told", "nl"),
    [
        ("lighter means suffice", ["een lichter middel volstaat"]),
        (
            "a suspensive appeal or a provisional measure is pending (not known)",
            ["nog te beantwoorden: is er geen schorsend beroep en geen voorlopige voorziening?"],
        ),
        (
            "no interpreter (ar, ti) at the hearing (not rostered) and no lawyer at the hearing "
            "(taken by other bookings)",
            [
                "geen tolk (Arabisch of Tigrinya) bij het gehoor (niet ingeroosterd)",
                "geen advocaat bij het gehoor (bezet door andere boekingen)",
            ],
        ),
        (
            "no transport for all persons (even without other bookings) and the person and the "
            "lawyer are not told the flight in time",
            [
                "geen vervoer voor alle personen (niets vrij, ook zonder andere boekingen)",
                "vreemdeling en advocaat weten de vlucht niet op tijd",
            ],
        ),
        (STOPPED, ["het plannen is gestopt voordat dit is uitgezocht"]),
        (HALVED, ["één deel is geboekt; het andere moet apart worden aangevraagd"]),
        ("something that nobody says", ["something that nobody says"]),
        ("lighter means suffice, so it seems", ["lighter means suffice, so it seems"]),
    ],
)  # fmt: skip
def test_a_reason_is_told_in_dutch(told: str, nl: list[str]) -> None:
    assert [*reasons(NL, told)] == nl


def test_every_sentence_of_the_register_is_known_whatever_it_ends_with() -> None:
    for one in REGISTER.constraints:
        told = one.says.en.format(skills="ti", kind="escorted")
        for end in ("", " (not known)", " (taken by other bookings)", " (not rostered)"):
            (said,) = reasons(NL, told + end)
            begins = "nog te beantwoorden: " if "known" in end else one.says.nl.split("{")[0]
            assert said.startswith(begins)


def test_every_reason_in_the_national_world_is_known() -> None:
    world = read_world(WORLD, REGISTER)
    patterns = Patterns(world, REGISTER)
    told = {kernel(Explanation(patterns.of(one.id), patterns.empty)) for one in world.cases}
    told.discard("")  # of what can be planned
    assert len(told) > 10
    assert not [one for one in told if one in reasons(NL, one)]


def test_what_it_would_take_is_told() -> None:
    cost = Cost(moved=("zk-1",), renamed=("zk-2", "zk-3"), dropped=(), change={"daysWaited": 3})
    by_others = Unplanned(case="zk-9", reason="", blocked="bookings", by=("b-1",))
    for language, one, says in [
        (NL, Unplanned(case="zk-9", reason=""), "Het past ook niet zonder de andere dossiers."),
        (EN, by_others.model_copy(update={"asked": False}), "Not looked into: the time was over."),
        (NL, by_others, "In de weg: b-1"),
        (NL, by_others.model_copy(update={"by": ()}), "Er mag geen boeking voor wijken."),
        (
            EN,
            by_others.model_copy(update={"cost": cost}),
            "Another moment for zk-1. Other people for zk-2 and zk-3. Days of waiting: +3.",
        ),
    ]:  # fmt: skip
        assert price(language, one) == says
