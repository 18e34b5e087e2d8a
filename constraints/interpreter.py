"""An interpreter at the hearing, in a language each person understands."""

from collections.abc import Iterator
from typing import Literal

from constraints.lights import EXECUTION
from scheduler.constraint import Attendance, Constraint, Subject, Text
from scheduler.world import Person

DUTCH = "nl"
_MODES: dict[str, Literal["on-site", "remote", "either"]] = {
    "on-site": "on-site",
    "telephone": "remote",
    "either": "either",
}


def _declare(subject: Subject) -> Iterator[Attendance]:
    # Whoever has no language written down is held up by the constraint on languages.
    foreign = [one for one in subject.case.persons if one.languages and DUTCH not in one.languages]
    shared = _shared_languages(foreign)
    mode = str(subject.rule("interpreter-mode", phase="hearing").figure)
    for languages in dict.fromkeys(shared):
        yield Attendance(
            role="interpreter",
            first="hearing",
            last="hearing",
            count=shared.count(languages),
            skills=languages,
            mode=_MODES[mode],
        )


def _shared_languages(persons: list[Person]) -> list[frozenset[str]]:
    """Return one set of languages per interpreter: persons who share a language share one."""
    groups: list[frozenset[str]] = []
    for person in persons:
        spoken = frozenset(person.languages)
        for n, group in enumerate(groups):
            if group & spoken:
                groups[n] = group & spoken
                break
        else:
            groups.append(spoken)
    return groups


CONSTRAINT = Constraint(
    id="interpreter",
    light=EXECUTION,
    owner="Tolkendesk",
    cure="capacity",
    title=Text("Tolk", "Interpreter"),
    says=Text(
        "geen tolk ({skills}) bij het gehoor",
        "no interpreter ({skills}) at the hearing",
    ),
    declare=_declare,
    scopes=frozenset({"placement"}),
    rules=("interpreter-mode",),
)
