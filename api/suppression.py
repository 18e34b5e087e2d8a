"""Small counts hidden, so that nobody works them out of what is shown.

Counts hang together: a whole is the sum of its parts. Hiding the small ones is not enough where
what is shown leaves only one answer; then more is hidden, the smallest first, until it does not.

Whoever works backwards is taken to know the sums, which counts are hidden, and that none of these
is nought: noughts are always shown. What is safe against them is looked for by a solver: another
set of counts that would look the same, for each of the hidden ones.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from ortools.sat.python import cp_model

FEWEST = 5
"""Counts below this one are hidden, but for nought."""
Sums = Sequence[tuple[str, Sequence[str]]]
"""Each a whole and the parts that it is the sum of."""


def hidden(counts: Mapping[str, int], sums: Sums, never: Collection[str] = ()) -> frozenset[str]:
    """Return which of the counts are not to be shown.

    ``never`` are told of anyway to nobody, and may be nought: what is left of a whole.
    """
    hide = {name for name, n in counts.items() if 0 < n < FEWEST} | {*never}
    while found := _worked_out(counts, sums, hide, never):
        near = {one for whole, parts in sums if found & {whole, *parts} for one in (whole, *parts)}
        shown = [name for name, n in counts.items() if n and name not in hide]
        nearest = [one for one in shown if one in near] or shown
        hide.add(min(nearest, key=lambda one: (counts[one], one)))
    return frozenset(hide)


def _worked_out(
    counts: Mapping[str, int], sums: Sums, hide: Iterable[str], never: Collection[str]
) -> set[str]:
    """Return the hidden counts that can only be what they are."""
    model = cp_model.CpModel()
    most = 2 * max(counts.values(), default=0) + FEWEST
    least = {name: 0 if name in never else 1 for name in hide}
    value = {name: model.new_int_var(low, most, name) for name, low in least.items()}
    for whole, parts in sums:
        model.add(value.get(whole, counts[whole]) == sum(value.get(p, counts[p]) for p in parts))
    left = {name for name in value if name not in never}
    other = {name: model.new_bool_var(f"other {name}") for name in left}
    for name, differs in other.items():
        model.add(value[name] != counts[name]).only_enforce_if(differs)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    while left:
        again = model.clone()
        again.add_bool_or([other[name] for name in sorted(left)])
        if solver.solve(again) not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            break
        left -= {name for name in left if solver.value(value[name]) != counts[name]}
    return left
