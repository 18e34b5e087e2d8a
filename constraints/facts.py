"""How a fact becomes a declaration: yes opens, no and unknown forbid, and only no is known."""

from collections.abc import Iterable, Iterator

from scheduler.constraint import Due, Edge, FactType, Standing, Subject
from scheduler.world import Fact


def standing(subject: Subject, fact: FactType) -> Iterator[Standing]:
    """Ask for a yes to ``fact`` from all it is about (absent is unknown)."""
    yield from asked(fact, _answers(subject, fact))


def asked(fact: FactType, answers: Iterable[Fact]) -> Iterator[Standing]:
    """Ask for a yes from each of ``answers``."""
    for answer in answers:
        yield Standing(fact.id, answer.value, answer.since, answer.expected)


def due(subject: Subject, fact: FactType, edge: Edge, rule: str) -> Iterator[Due]:
    """Ask for ``fact`` in the window before ``edge`` that the row ``rule`` gives."""
    yield Due(fact.id, edge, subject.rule(rule).minutes, _answers(subject, fact))


def _answers(subject: Subject, fact: FactType) -> tuple[Fact, ...]:
    return (subject.answer(fact.id),) if fact.of == "case" else subject.answers(fact.id)
