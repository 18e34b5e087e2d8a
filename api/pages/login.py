"""The login of the demo: whom one can be, by what they do."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from api.access.person import Person, Role
from api.language import Language, phrase
from api.pages.frame import Frame, language_of

ROLES = {
    Role.planner: (
        phrase("Planner"),
        phrase("Looks for slots, holds and confirms them, and plans all cases."),
    ),
    Role.management: (
        phrase("Management"),
        phrase("Sees what became of the bookings, in figures."),
    ),
    Role.auditor: (phrase("Auditor"), phrase("Sees who did what, and whether the log is whole.")),
    Role.administrator: (phrase("Administrator"), phrase("Sees and stops plans of everybody.")),
    Role.regievoerder: (
        phrase("Officer in charge"),
        phrase("Looks after their own cases, and asks a planner."),
    ),
    Role.partner: (
        phrase("Partner"),
        phrase("Says who comes and who does not, and sees their own roster."),
    ),
}
"""What each role is called and what it does, in the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class Group:
    """Those of one role: what it is called, what it does, and each by the name to choose."""

    role: Role
    title: str
    says: str
    choices: tuple[tuple[str, str], ...]


def login(
    frame: Frame, request: Request, offered: Mapping[str, Person], now: Person, then: str
) -> Response:
    """Return the page on which somebody chooses whom to be."""
    language = language_of(request)
    groups = [_group(language, role, offered) for role in ROLES]
    return frame.show(request, "login.html", groups=groups, now=now, then=then)


def _group(language: Language, role: Role, offered: Mapping[str, Person]) -> Group:
    title, says = map(language.say, ROLES[role])
    choices = tuple(
        (name, language.name(one.organisation or "") or one.officer or title)
        for name, one in offered.items()
        if role in one.roles
    )
    return Group(role, title, says, choices)
