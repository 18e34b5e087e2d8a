"""A transfer to another member state (Dublin III or AMMR) is no return, and has its own rules."""

from scheduler.world import Case


def is_transfer(case: Case) -> bool:
    """Return whether the case is a transfer: it has a regime, or a ground that asks for one."""
    return case.regime is not None or (
        case.detention is not None and case.detention.ground == "59a"
    )
