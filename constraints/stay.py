"""The acts that somebody whom the case names attends, through both legs."""

from scheduler.world import ACTS, Attendee


def stay(attendee: Attendee) -> tuple[str, ...]:
    """Return the acts from the first to the last named; none when they make no sense."""
    order = (*ACTS["placement"], *ACTS["removal"])
    if {attendee.from_, attendee.until} - set(order):
        return ()
    return order[order.index(attendee.from_) : order.index(attendee.until) + 1]
