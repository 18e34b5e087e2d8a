"""Travel times come in as a list or as a matrix: a road is as long in both directions."""

import pytest

from api.imports.brought import Brought
from api.imports.flaws import Flaw, FlawedError
from scheduler.world import Road
from tests.imports.files import brought, world

KNOWN = world().roads[0]
"""A road of the tiny world."""


def roads(text: str) -> Brought:
    return brought("roads", f"van;naar;minuten\n{text}")


def flaws(text: str) -> tuple[Flaw, ...]:
    with pytest.raises(FlawedError) as error:
        roads(text)
    return error.value.flaws


def test_a_road_that_is_known_gets_other_minutes_in_whichever_direction_it_is_told() -> None:
    for one, other in (KNOWN.from_, KNOWN.to), (KNOWN.to, KNOWN.from_):
        found = roads(f"{one};{other};{KNOWN.minutes + 1}")
        assert found.parts == (KNOWN.model_copy(update={"minutes": KNOWN.minutes + 1}),)
        assert [(row.state, row.differs) for row in found.rows] == [("changed", ("minutes",))]


def test_a_matrix_has_each_way_twice_and_noughts_where_a_place_meets_itself() -> None:
    found = roads(
        f"{KNOWN.from_};{KNOWN.from_};0\n{KNOWN.from_};{KNOWN.to};{KNOWN.minutes}\n"
        f"{KNOWN.to};{KNOWN.from_};{KNOWN.minutes}\n{KNOWN.to};{KNOWN.to};0"
    )
    assert found.parts == (KNOWN,)
    assert [(row.row, row.state) for row in found.rows] == [(3, "same")]


def test_a_road_that_a_world_has_in_both_directions_changes_in_both() -> None:
    back = Road(from_=KNOWN.to, to=KNOWN.from_, minutes=KNOWN.minutes + 5)
    onto = world().but(roads=(*world().roads, back))
    text = f"van;naar;minuten\n{KNOWN.from_};{KNOWN.to};{KNOWN.minutes + 9}"
    parts = [one for one in brought("roads", text, onto).parts if isinstance(one, Road)]
    assert onto.but(roads=parts).drive(KNOWN.to, KNOWN.from_) == KNOWN.minutes + 9
    assert len(parts) == 2


def test_a_road_between_places_that_had_none_is_new() -> None:
    joined = {frozenset((one.from_, one.to)) for one in world().roads}
    places = [one.id for one in world().locations]
    origin, end = next(
        (a, b) for a in places for b in places if a < b and frozenset((a, b)) not in joined
    )
    found = roads(f"{origin};{end};77")
    assert found.parts == (Road(from_=origin, to=end, minutes=77),)
    assert found.rows[0].state == "new"


@pytest.mark.parametrize(
    ("text", "column", "reason", "suggestion"),
    [
        ("azc-budl;azc-gilze;50", "van", "is no location", "azc-budel"),
        ("azc-gilze;azc-budl;50", "naar", "is no location", "azc-budel"),
        ("azc-gilze;azc-gilze;5", "naar", "is where it comes from", ""),
        ("azc-gilze;azc-budel;50,5", "minuten", "is no whole number", "50"),
        (
            "azc-gilze;azc-budel;50\nazc-budel;azc-gilze;55",
            "minuten",
            "is not what row 2 says of the way back",
            "50",
        ),
        (
            "azc-gilze;azc-budel;0",
            "minuten",
            "Input should be greater than or equal to 1",
            "",
        ),
    ],
)
def test_a_row_that_cannot_be_is_told(text: str, column: str, reason: str, suggestion: str) -> None:
    (flaw,) = flaws(text)
    assert (flaw.column, flaw.reason, flaw.suggestion) == (column, reason, suggestion)
