"""Light 3: detained lawfully, in the right place, until the flight."""

from datetime import date, time, timedelta
from typing import Any

import pytest

from constraints import (
    continued_detention_notice,
    court_review,
    detention_grounds,
    detention_place,
    detention_terms,
    detention_transfer,
    facility_refusal,
    family_facility,
    hearing_before_measure,
    holding_clock,
    lighter_means,
    minors,
    return_border,
)
from scheduler.constraint import (
    Constraint,
    Due,
    Elapsed,
    FactType,
    Inside,
    Milestone,
    Nights,
    Only,
    Standing,
)
from scheduler.world import Case, Person
from tests.constraints.worlds import (
    BLOCK,
    NO,
    REMOVAL,
    UNKNOWN,
    YES,
    case,
    chain,
    declared,
    detention,
    facility,
    family,
    ids,
    local,
    person,
    triggers,
)

DAY = 24 * 60
IMPOSED = "2026-10-12 14:00"
HEARD = [
    (detention_grounds.CONSTRAINT, detention_grounds.FACT),
    (lighter_means.CONSTRAINT, lighter_means.FACT),
]
FACILITIES = (
    facility("dc", "man"),
    facility("jc", "woman"),
    facility("both", "man", "woman"),
    facility("border", "border", "man", "woman"),
    facility("ggv", "family", "unaccompanied-minor", location="ggv-zeist"),
    facility("mixed", "man", "woman", "family"),
    facility("veldzicht", "psychiatric", "man", "woman"),
    facility("pi", "family", location="pi-vught"),
    facility("youth-prison", "unaccompanied-minor", "prison"),
)


@pytest.mark.parametrize(("constraint", "fact"), HEARD, ids=lambda one: one.id)
def test_the_hearing_of_a_placement_decides(constraint: Constraint, fact: FactType) -> None:
    for placed in (
        case("placement", detention=detention("59-1")),
        chain(detention=detention("59-1")),
    ):
        assert declared(constraint, placed, "placement") == [
            Due(fact.id, ("hearing", "end"), 120, (UNKNOWN,))
        ]
    assert not declared(constraint, chain(detention=detention("59-1")), "removal")


@pytest.mark.parametrize(("constraint", "fact"), HEARD, ids=lambda one: one.id)
def test_whoever_is_detained_must_have_been_heard(constraint: Constraint, fact: FactType) -> None:
    detained: dict[str, Any] = {"detention": detention("59-1", IMPOSED)}
    assert declared(constraint, case(**detained)) == [Standing(fact.id, "unknown")]
    assert declared(constraint, case(**detained, facts={fact.id: NO})) == [Standing(fact.id, "no")]
    assert not declared(constraint, case(**detained, facts={fact.id: YES}))


@pytest.mark.parametrize(("constraint", "fact"), HEARD, ids=lambda one: one.id)
def test_who_leaves_from_a_reception_centre_needs_no_detention(
    constraint: Constraint, fact: FactType
) -> None:
    assert not declared(constraint, case())


def test_a_placement_without_a_ground_is_unknown() -> None:
    found = declared(detention_grounds.CONSTRAINT, case("placement"))
    assert Standing("detention-ground", "unknown") in found


def test_the_hearing_ends_before_the_arrival_in_the_facility() -> None:
    assert declared(hearing_before_measure.CONSTRAINT, case("placement")) == [
        Elapsed(("hearing", "end"), ("arrival", "start"))
    ]


def test_one_block_leaves_the_order_to_those_present() -> None:
    in_block: dict[str, Any] = {"templates": (BLOCK, REMOVAL)}
    assert not declared(hearing_before_measure.CONSTRAINT, case("placement"), **in_block)


def test_holding_lasts_six_hours_and_the_night_does_not_count() -> None:
    (holding,) = declared(holding_clock.CONSTRAINT, case("placement"))
    assert isinstance(holding, Elapsed)
    assert (holding.first, holding.last) == (("intake", "start"), ("hearing", "end"))
    assert holding.at_most == 6 * 60
    assert holding.clock
    assert (local("2026-10-20 00:00"), local("2026-10-20 09:00")) in holding.pauses


def test_the_night_in_which_the_clock_goes_back_lasts_ten_hours() -> None:
    (holding,) = declared(holding_clock.CONSTRAINT, case("placement"))
    assert isinstance(holding, Elapsed)
    (night,) = (one for one in holding.pauses if one[0] == local("2026-10-25 00:00"))
    assert night[1] - night[0] == timedelta(hours=10)


def test_the_night_in_which_the_clock_goes_forward_lasts_eight_hours() -> None:
    spring: dict[str, Any] = {
        "as_of": local("2027-03-22 08:00"),
        "rules_date": date(2027, 3, 22),
        "horizon": {"start": local("2027-03-22 00:00"), "slots": 700},
    }
    (holding,) = declared(holding_clock.CONSTRAINT, case("placement"), **spring)
    assert isinstance(holding, Elapsed)
    (night,) = (one for one in holding.pauses if one[0] == local("2027-03-28 00:00"))
    assert night[1] - night[0] == timedelta(hours=8)


def nights(of: Case, scope: Any = None) -> Nights:
    (found,) = declared(detention_place.CONSTRAINT, of, scope, facilities=FACILITIES)
    assert isinstance(found, Nights)
    return found


@pytest.mark.parametrize(
    ("persons", "ground", "fit"),
    [
        ((person(),), "59-1", {"dc", "both", "mixed"}),
        ((person("woman"),), "59-1", {"jc", "both", "mixed"}),
        ((person(), person("woman", 2)), "59-1", {"both", "mixed"}),
        ((person(),), "6", {"border"}),
        ((person("woman"),), "6", {"border"}),
        (family(), "59-1", {"ggv", "mixed", "pi"}),
        (family(), "6", {"ggv", "mixed", "pi"}),
        ((person("unaccompanied-minor"),), "59-1", {"ggv", "youth-prison"}),
        ((person("child"),), "59-1", {"ggv", "youth-prison"}),
        ((*family(), person("unaccompanied-minor", 4)), "59-1", {"ggv"}),
        ((person("stateless"),), "59-1", set()),
    ],
)
def test_a_place_fits_everyone_of_the_case(
    persons: tuple[Person, ...], ground: str, fit: set[str]
) -> None:
    found = nights(case("placement", persons=persons, detention=detention(ground)))
    assert found.facilities == fit
    assert found.count == len(persons)


def test_a_placement_claims_its_stay() -> None:
    placed = {"detention": detention("59-1")}
    assert nights(case("placement", **placed)).stay == 14
    assert nights(case("placement", **placed, persons=family())).stay == 14
    at_border = case("placement", detention=detention("6"), persons=family())
    assert nights(at_border).stay == 30


def test_a_chain_claims_its_nights_once_up_to_the_departure() -> None:
    of = chain(detention=detention("59-1"))
    assert nights(of, "chain").stay is None
    for scope in ("placement", "removal"):
        assert not declared(detention_place.CONSTRAINT, of, scope, facilities=FACILITIES)


def test_whoever_is_inside_needs_no_place() -> None:
    assert not declared(
        detention_place.CONSTRAINT,
        case(detention=detention("59-1", IMPOSED)),
        facilities=FACILITIES,
    )


def test_a_facility_that_refused_is_not_asked_again() -> None:
    placed: dict[str, Any] = {"detention": detention("59-1"), "refused": ("jc", "dc", "hv1")}
    others = ids(*(one.id for one in FACILITIES)) - {"jc", "dc"}
    for of in (case("placement", **placed), chain(**placed)):
        found = declared(facility_refusal.CONSTRAINT, of, "placement", facilities=FACILITIES)
        assert found == [Only(facilities=others)]
    assert not declared(facility_refusal.CONSTRAINT, case(**placed), facilities=FACILITIES)


@pytest.mark.parametrize("refused", [(), ("hv1",)])
def test_where_no_facility_refused_nothing_is_declared(refused: tuple[str, ...]) -> None:
    of = case("placement", refused=refused)
    assert not declared(facility_refusal.CONSTRAINT, of, facilities=FACILITIES)


TERMS = [
    (detention_terms.CONSTRAINT, "59-1", None, 180 * DAY),
    (detention_terms.CONSTRAINT, "59-2", None, 28 * DAY),
    (detention_terms.CONSTRAINT, "59b", None, 180 * DAY),
    (detention_transfer.CONSTRAINT, "59a", "ammr", 35 * DAY),
    (detention_transfer.CONSTRAINT, "59a", "dublin-iii", 42 * DAY),
    (return_border.CONSTRAINT, "6", None, 84 * DAY),
    (court_review.CONSTRAINT, "6", None, 21 * DAY),
    (court_review.CONSTRAINT, "59a", "ammr", 21 * DAY),
    (court_review.CONSTRAINT, "59b", None, 21 * DAY),
]
EACH_TERM = pytest.mark.parametrize(("constraint", "ground", "regime", "minutes"), TERMS)


@EACH_TERM
def test_who_is_detained_departs_before_the_clock_runs_out(
    constraint: Constraint, ground: str, regime: str | None, minutes: int
) -> None:
    of = case(detention=detention(ground, IMPOSED), regime=regime)
    (inside,) = declared(constraint, of)
    assert isinstance(inside, Inside)
    assert inside.clock
    assert inside.stretches[0][1] == local(IMPOSED) + timedelta(minutes=minutes)


@EACH_TERM
def test_a_chain_starts_the_clock_with_its_placement(
    constraint: Constraint, ground: str, regime: str | None, minutes: int
) -> None:
    of = chain(detention=detention(ground), regime=regime)
    assert declared(constraint, of, "chain") == [
        Elapsed(("arrival", "end"), ("departure", "start"), at_most=minutes, clock=True)
    ]
    assert not declared(constraint, of, "removal")


@EACH_TERM
def test_in_detention_without_a_moment_of_imposition_is_unknown(
    constraint: Constraint, ground: str, regime: str | None, minutes: int
) -> None:
    of = case(location="dc-rotterdam", detention=detention(ground), regime=regime)
    assert declared(constraint, of) == [Standing("detention-imposed-at", "unknown")]


@EACH_TERM
def test_no_term_runs_outside_detention_or_in_a_lone_placement(
    constraint: Constraint, ground: str, regime: str | None, minutes: int
) -> None:
    assert not declared(constraint, case(regime=regime))
    found = declared(constraint, case("placement", detention=detention(ground), regime=regime))
    assert not [one for one in found if not isinstance(one, Milestone)]


def test_in_detention_without_a_ground_is_unknown() -> None:
    assert declared(detention_terms.CONSTRAINT, case(location="dc-rotterdam")) == [
        Standing("detention-ground", "unknown")
    ]


def until(constraint: Constraint, of: Case, **fields: Any) -> timedelta:
    (inside,) = declared(constraint, of, **fields)
    assert isinstance(inside, Inside)
    return inside.stretches[0][1] - local(IMPOSED)


@pytest.mark.parametrize(("ground", "days"), [("59-1", 540), ("59-2", 28), ("59b", 360)])
def test_an_extension_lengthens_the_general_and_the_asylum_term_only(
    ground: str, days: int
) -> None:
    extended = case(
        detention=detention(ground, IMPOSED),
        triggers=triggers(detention_extended="2026-10-15 00:00"),
    )
    assert until(detention_terms.CONSTRAINT, extended) == timedelta(days=days)


def test_an_extension_ahead_does_not_lengthen_the_term_yet() -> None:
    of = case(
        detention=detention("59-1", IMPOSED),
        triggers=triggers(detention_extended="2026-10-20 00:00"),
    )
    assert until(detention_terms.CONSTRAINT, of) == timedelta(days=180)


def test_a_review_ahead_does_not_stop_the_clock_yet() -> None:
    of = case(
        detention=detention("59b", IMPOSED), triggers=triggers(review_upheld="2026-10-20 00:00")
    )
    assert until(court_review.CONSTRAINT, of) == timedelta(days=21)


def test_what_has_happened_counts_though_more_is_announced() -> None:
    of = case(
        detention=detention("59b", IMPOSED),
        triggers=(
            *triggers(review_upheld="2026-10-16 00:00"),
            *triggers(review_upheld="2026-11-16 00:00"),
        ),
    )
    assert not declared(court_review.CONSTRAINT, of)


def test_the_extension_of_an_earlier_detention_does_not_count() -> None:
    of = case(
        detention=detention("59-1", IMPOSED),
        triggers=triggers(detention_extended="2026-05-01 00:00"),
    )
    assert until(detention_terms.CONSTRAINT, of) == timedelta(days=180)


def test_an_extension_after_the_term_is_over_does_not_revive_it() -> None:
    of = case(
        detention=detention("59-1", IMPOSED),
        triggers=triggers(detention_extended="2027-05-01 00:00"),
    )
    later = {"as_of": local("2027-05-02 00:00")}
    assert until(detention_terms.CONSTRAINT, of, **later) == timedelta(days=180)


def test_the_asylum_term_follows_the_date_of_the_rules() -> None:
    of = case(detention=detention("59b", IMPOSED))
    (inside,) = declared(detention_terms.CONSTRAINT, of, rules_date=date(2026, 6, 11))
    assert isinstance(inside, Inside)
    assert inside.stretches[0][1] == local(IMPOSED) + timedelta(weeks=4)


@pytest.mark.parametrize("scope", ["removal", "chain"])
def test_a_term_the_table_does_not_give_is_unknown_once(scope: Any) -> None:
    early: dict[str, Any] = {"rules_date": date(2026, 6, 1)}
    of = chain(detention=detention("6"))
    found = declared(return_border.CONSTRAINT, of, scope, **early)
    assert found == ([Standing("return-border", "unknown")] if scope == "removal" else [])


def test_the_court_is_a_milestone_of_a_placement() -> None:
    placed = case("placement", detention=detention("59-1"))
    assert declared(court_review.CONSTRAINT, placed) == [Milestone(("arrival", "end"), 15 * DAY)]
    assert declared(continued_detention_notice.CONSTRAINT, placed) == [
        Milestone(("arrival", "end"), 68 * DAY)
    ]


@pytest.mark.parametrize("ground", ["59-1", "59-2"])
def test_day_21_is_no_clock_for_the_return_grounds(ground: str) -> None:
    assert not declared(court_review.CONSTRAINT, case(detention=detention(ground, IMPOSED)))


def test_a_review_upheld_stops_the_clock_of_that_detention_only() -> None:
    stands = detention("59b", IMPOSED)
    upheld = case(detention=stands, triggers=triggers(review_upheld="2026-10-16 00:00"))
    earlier = case(detention=stands, triggers=triggers(review_upheld="2026-06-16 00:00"))
    planned = chain(detention=detention("59b"), triggers=triggers(review_upheld="2026-06-16 00:00"))
    assert not declared(court_review.CONSTRAINT, upheld)
    assert declared(court_review.CONSTRAINT, earlier)
    assert declared(court_review.CONSTRAINT, planned, "chain")


MINORS = [family(), (person("unaccompanied-minor"),), (person("child"),), (person("family"),)]


@pytest.mark.parametrize("persons", MINORS)
def test_families_and_minors_stay_where_no_adults_are_held(persons: tuple[Person, ...]) -> None:
    of = case("placement", persons=persons, detention=detention("59-1"))
    (only,) = declared(family_facility.CONSTRAINT, of, facilities=FACILITIES)
    assert isinstance(only, Only)
    assert only.facilities is not None
    assert "ggv" in only.facilities
    assert not only.facilities & {"dc", "jc", "both", "border", "mixed", "veldzicht"}


@pytest.mark.parametrize("persons", MINORS)
@pytest.mark.parametrize(("ground", "days"), [("59-1", 14), ("6", 30)])
def test_families_and_minors_stay_two_weeks_and_a_month_at_the_border(
    persons: tuple[Person, ...], ground: str, days: int
) -> None:
    detained = case(persons=persons, detention=detention(ground, IMPOSED))
    assert until(family_facility.CONSTRAINT, detained) == timedelta(days=days)
    planned = chain(persons=persons, detention=detention(ground))
    assert declared(family_facility.CONSTRAINT, planned, "chain") == [
        Elapsed(("arrival", "end"), ("departure", "start"), at_most=days * DAY, clock=True)
    ]


def test_a_family_that_leaves_from_a_reception_centre_has_no_such_clock() -> None:
    assert not declared(family_facility.CONSTRAINT, case(persons=family()))


@pytest.mark.parametrize("persons", MINORS)
def test_no_minor_goes_to_a_prison(persons: tuple[Person, ...]) -> None:
    of = case("placement", persons=persons, detention=detention("59-1"))
    allowed = [
        one.facilities
        for one in declared(minors.CONSTRAINT, of, facilities=FACILITIES)
        if isinstance(one, Only) and one.facilities is not None
    ]
    assert allowed
    assert all(not one & {"pi", "youth-prison"} for one in allowed)


@pytest.mark.parametrize("category", ["unaccompanied-minor", "child"])
@pytest.mark.parametrize("operation", ["placement", "removal"])
def test_a_minor_alone_needs_a_human_confirmation(category: str, operation: Any) -> None:
    alone = (person(category),)
    missing = Standing("minor-confirmation", "unknown")
    assert missing in declared(minors.CONSTRAINT, case(operation, persons=alone))
    confirmed = case(operation, persons=alone, facts={"minor-confirmation": YES})
    assert missing not in declared(minors.CONSTRAINT, confirmed)


def test_a_child_with_its_parents_needs_no_such_confirmation() -> None:
    assert not declared(minors.CONSTRAINT, case(persons=family()))


def test_adults_are_not_touched_by_the_rules_for_minors() -> None:
    for constraint in (minors.CONSTRAINT, family_facility.CONSTRAINT):
        assert not declared(constraint, case("placement", detention=detention("59-1")))


def test_midnight_is_local() -> None:
    (holding,) = declared(holding_clock.CONSTRAINT, case("placement"))
    assert isinstance(holding, Elapsed)
    assert {one[0].time() for one in holding.pauses} == {time(22), time(23)}
