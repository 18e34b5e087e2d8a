"""How a fact becomes a declaration: yes opens, no and unknown forbid, and only no is known."""

from collections.abc import Callable, Iterator

from scheduler.constraint import Due, Edge, FactType, Standing, Subject
from scheduler.world import Fact, Person


def standing(subject: Subject, fact: FactType) -> Iterator[Standing]:
    """Ask for a yes to ``fact`` from all it is about (absent is unknown)."""
    if fact.of == "case":
        answer = subject.answer(fact.id)
        yield Standing(fact.id, answer.value, answer.since, answer.expected)
    else:
        yield from asked(subject, fact, lambda _: True)


def asked(subject: Subject, fact: FactType, of: Callable[[Person], bool]) -> Iterator[Standing]:
    """Ask for a yes about each person whom ``of`` admits."""
    for person, answer in zip(subject.case.persons, subject.answers(fact.id), strict=True):
        if of(person):
            yield Standing(fact.id, answer.value, answer.since, answer.expected, person=person.id)


def due(subject: Subject, fact: FactType, edge: Edge, rule: str) -> Iterator[Due]:
    """Ask for ``fact`` in the window before ``edge`` that the row ``rule`` gives."""
    yield Due(fact.id, edge, subject.rule(rule).minutes, _answers(subject, fact))


def _answers(subject: Subject, fact: FactType) -> tuple[Fact, ...]:
    return (subject.answer(fact.id),) if fact.of == "case" else subject.answers(fact.id)
