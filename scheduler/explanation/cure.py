"""What can lift a condition, and so a correction set: never that its rule is dropped."""

from scheduler.constraint import Register
from scheduler.explanation.signature import Explanation, Signature
from scheduler.layout import Condition
from scheduler.rule import Cure

_HARDER: tuple[Cure, ...] = ("release", "capacity", "date", "none")


def cure_of(register: Register, condition: Condition) -> Cure:
    """Return what lifts a condition: of what bookings have taken, that one of them gives way."""
    cure = register[condition.constraint].cure
    if condition.layer == "claimed":
        return "release" if cure in {"capacity", "release"} else "none"
    if condition.layer == "not-rostered":
        return "capacity" if cure == "capacity" else "none"
    return "date" if cure == "date" else "none"


def hardest(register: Register, conditions: Signature) -> Cure:
    """Return the cure that lifting all of ``conditions`` cannot do without."""
    return max((cure_of(register, one) for one in conditions), key=_HARDER.index, default="release")


def headline(explanation: Explanation) -> Signature | None:
    """Return the correction set that is easiest to lift, and then smallest; None without any.

    What other bookings hold is easier than what nobody has, that than what comes with time, and
    that than what only others can decide.
    """
    register = explanation.register
    return min(
        explanation.correction_sets,
        key=lambda one: (_HARDER.index(hardest(register, one)), len(one)),
        default=None,
    )
