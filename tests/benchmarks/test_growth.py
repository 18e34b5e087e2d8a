"""How the time to a plan grows is fitted to what was measured, and to nothing else."""

import pytest

from benchmarks.growth import exponent, fitted, main


def test_the_exponent_of_a_power_law_is_found() -> None:
    assert exponent({size: 0.02 * size**1.5 for size in (100, 300, 1_000)}) == pytest.approx(1.5)


def test_one_size_gives_no_exponent() -> None:
    assert fitted("a gap", {100: 2.0}) == (
        "a gap: no exponent, which takes two sizes (reached: 100)"
    )
    assert fitted("a gap", {}).endswith("(reached: none)")


def test_a_first_plan_alone_counts_for_the_growth_of_first_plans(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["--sizes", "10", "--first", "30", "--seconds", "3"])
    told = capsys.readouterr().out
    assert "first plan: cases to the power of" in told
    assert "(10, 30)" in told
    assert told.splitlines()[5].endswith("| - | - |")
