"""The certificate of a week in words: a sentence for the bound, and one for each part of it."""

from api.certificates import told
from constraints.register import REGISTER
from fixtures.tiny import tiny
from fixtures.worlds import canonical
from scheduler.loading import parse_world
from scheduler.simulation.certificate import Cut, Demand, Supply, smallest_cut

WORLD = parse_world(canonical(tiny()), REGISTER)
TOLK = next(one for one in WORLD.resources if one.role == "interpreter")
SHORT = Supply("people", "interpreter", (TOLK.id,), 2)
PLACES = Supply("places", "", ("dc-rotterdam",), 1)
SEATS = Supply("seats", "escorted", ("tk1952-1126", "tk1952-1127"), 3)


def cut(*asks: Supply, free: int = 0, count: int = 5) -> Cut:
    wanted = [
        Demand(((f"case-{n}", "placement"),), count, (frozenset({one}),))
        for n, one in enumerate(asks)
    ]
    if free:
        wanted.append(Demand((("case-free", "placement"),), free, ()))
    return smallest_cut(wanted)


def test_the_bound_is_the_sum_of_what_is_named() -> None:
    found = [one.en for one in told(cut(SHORT, PLACES, SEATS, free=4), WORLD)]
    assert found[0].startswith("At most 10 of the 19 operations")
    counts = [int(one.removeprefix("- ").split()[0].rstrip(":")) for one in found[1:]]
    assert sum(counts) == 10
    assert counts[0] == 4


def test_it_says_who_is_short_where_and_in_which_language_but_names_nobody() -> None:
    home = WORLD.location[TOLK.home].region
    short = list(told(cut(SHORT), WORLD))[1]
    for says in short.nl, short.en:
        assert home in says
        assert all(one in says for one in TOLK.languages)
        assert TOLK.id not in says


def test_it_is_said_in_both_languages() -> None:
    for says in told(cut(SHORT, PLACES, SEATS), WORLD):
        assert says.nl
        assert says.en
        assert says.nl != says.en


def test_a_week_that_is_short_of_nothing_says_so() -> None:
    (says,) = told(cut(SHORT, count=1), WORLD)
    assert "Nothing in the supply rules out" in says.en
