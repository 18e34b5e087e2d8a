"""How a fact becomes a declaration: yes opens, no and unknown forbid, and only no is known."""

from collections.abc import Iterable, Iterator

from scheduler.constraint import Blocked, Due, Edge, FactType, Subject
from scheduler.world import Fact


def standing(subject: Subject, fact: FactType) -> Iterator[Blocked]:
    """Forbid every pattern for each answer to ``fact`` that is not yes (absent is unknown)."""
    yield from forbidden(fact, _answers(subject, fact))


def forbidden(fact: FactType, answers: Iterable[Fact]) -> Iterator[Blocked]:
    """Forbid every pattern for each of ``answers`` that is not yes."""
    for answer in answers:
        if answer.value != "yes":
            yield Blocked(fact.id, answer.value == "no", answer.since, answer.expected)


def due(subject: Subject, fact: FactType, edge: Edge, rule: str) -> Iterator[Due]:
    """Ask for ``fact`` in the window before ``edge`` that the row ``rule`` gives."""
    yield Due(fact.id, edge, subject.rule(rule).minutes, _answers(subject, fact))


def _answers(subject: Subject, fact: FactType) -> tuple[Fact, ...]:
    return (subject.answer(fact.id),) if fact.of == "case" else subject.answers(fact.id)
