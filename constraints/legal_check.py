"""Which checks of light 1 bind: for a removal all, for a placement those of its ground."""

from scheduler.constraint import Subject

RULE = "placement-legal-check"
FREE = "free"


def binds(subject: Subject, check: str) -> bool:
    """Return whether ``check`` must be green here: yes, unless a row frees its ground from it."""
    if subject.scope == "removal":
        return True
    return all(row.figure != FREE for row in subject.rules_of(RULE, check=check))
