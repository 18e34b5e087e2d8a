"""Small counts hidden, so that nobody works them out of what is shown.

Counts hang together: a whole is the sum of its parts. Hiding the small ones is not enough where
what is shown leaves few answers; then more is hidden until it leaves enough.

Whoever works backwards is taken to know all but the hidden counts: the sums, and of each that is
hidden whether it was small or had to go with a small one. What is hidden beside is chosen by its
place and not by its size, which would tell of it. For each hidden count a solver looks for the
least and the most that it can be: a small one must be able to be any small one, of another there
must be a choice as wide.
"""

from collections.abc import Collection, Mapping, Sequence

from ortools.sat.python import cp_model

FEWEST = 5
"""Counts below this one are hidden, but for nought where it tells nothing."""
Sums = Sequence[tuple[str, Sequence[str]]]
"""Each a whole and the parts that it is the sum of."""
Edges = tuple[int, int | None]
"""What a hidden count is known to be at least, and at most where that is known."""


def hidden(
    counts: Mapping[str, int],
    sums: Sums,
    never: Collection[str] = (),
    noughts: Collection[str] = (),
) -> frozenset[str]:
    """Return which of the counts are not to be shown; those that come first go first.

    ``never`` are told of anyway to nobody, and may be nought: what is left of a whole. Of
    ``noughts`` a nought is hidden too, as any small count.
    """
    small = [
        name
        for name, n in counts.items()
        if name not in never and (name not in noughts) <= n < FEWEST
    ]
    known: dict[str, Edges] = {name: (int(name not in noughts), FEWEST - 1) for name in small}
    known |= dict.fromkeys(never, (0, None))
    left = small
    while left:
        if _is_wide(left[0], counts, sums, known):
            left = left[1:]  # and stays so: the more is hidden, the more it can be
            continue
        near = {
            one for whole, parts in sums if left[0] in {whole, *parts} for one in (whole, *parts)
        }
        shown = [name for name, n in counts.items() if n and name not in known]
        if not shown:
            break
        more = next((one for one in shown if one in near), shown[0])
        known[more] = FEWEST, None
        left = [*left, more]
    return frozenset(known)


def _is_wide(name: str, counts: Mapping[str, int], sums: Sums, known: Mapping[str, Edges]) -> bool:
    """Return whether a hidden count can be all that it must be able to be."""
    model, beyond = cp_model.CpModel(), 2 * max(counts.values()) + 2 * FEWEST
    value = {
        one: model.new_int_var(least, beyond if most is None else most, one)
        for one, (least, most) in known.items()
    }
    for whole, parts in sums:
        if known.keys() & {whole, *parts}:
            total = value.get(whole, counts[whole])
            model.add(total == sum(value.get(one, counts[one]) for one in parts))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    edges = []
    for aim in model.minimize, model.maximize:
        aim(value[name])
        solver.solve(model)
        edges.append(solver.value(value[name]))
    least, most = known[name]
    return edges[1] - edges[0] >= (FEWEST - 1 if most is None else most - least)
