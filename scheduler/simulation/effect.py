"""What a turned fact forbids: asked of the register, with the fact turned in a prototype."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from scheduler.constraint import Constraint, Register, Scope, Standing
from scheduler.simulation.scenario import Turns
from scheduler.world import Case, Document, Fact, Trigger, World

_SOME_TIME = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Effect:
    """The constraints that forbid, in register order, and whether the case is over.

    Those in ``unknown`` rest on what is not known alone: by them a light is grey, not red.
    """

    forbid: tuple[str, ...] = ()
    withdrawn: bool = False
    unknown: frozenset[str] = frozenset()


class Effects:
    """Effects under a register, worked out once for each prototype and what is turned."""

    def __init__(self, world: World, register: Register) -> None:
        self.world = world
        self.register = register
        self._known: dict[tuple[str, Turns, str], Effect] = {}

    def of(self, case: Case, turns: Turns, answer: Literal["no", "unknown"]) -> Effect:
        """Return what ``turns`` forbids a prototype while its answer is ``answer``."""
        key = case.id, turns, answer
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._worked_out(case, turns, answer)
        return known

    def _worked_out(self, case: Case, turns: Turns, answer: Literal["no", "unknown"]) -> Effect:
        if turns.release or turns.leaves:
            return Effect()
        turned = self._turned(case, turns, answer)
        register = replace(self.register, constraints=tuple(self._readers(turns)))
        scopes: tuple[Scope, ...] = (*case.legs, *(("chain",) if len(case.legs) == 2 else ()))
        found = [
            (one.id, rule)
            for scope in scopes
            for one, rule in register.declarations(self.world, turned, scope)
            if isinstance(rule, Standing) and rule.forbids
        ]
        known = {one for one, rule in found if rule.known}
        forbid = tuple(dict.fromkeys(one for one, _ in found))
        withdrawn = any(rule.withdrawn for _, rule in found)
        return Effect(forbid, withdrawn, frozenset(forbid) - known)

    def _readers(self, turns: Turns) -> Iterator[Constraint]:
        """Return the constraints that read it; what they read of documents none declares."""
        for one in self.register.constraints:
            if (
                turns.document is not None
                or any(fact.id == turns.fact for fact in one.facts)
                or any(kind.id == turns.trigger for kind in one.triggers)
            ):
                yield one

    def _turned(self, case: Case, turns: Turns, answer: Literal["no", "unknown"]) -> Case:
        if turns.trigger is not None:
            trigger = Trigger(kind=turns.trigger, at=self.world.as_of)
            return case.model_copy(update={"triggers": (*case.triggers, trigger)})
        if turns.fact is not None and self.register.facts[turns.fact].of == "case":
            facts = case.facts | {turns.fact: Fact(value=answer)}
            return case.model_copy(update={"facts": facts})
        persons = []
        for person in case.persons:
            if turns.fact is not None:
                facts = person.facts | {turns.fact: Fact(value=answer)}
                persons.append(person.model_copy(update={"facts": facts}))
            else:
                expected = (self.world.as_of + _SOME_TIME).date() if answer == "no" else None
                document = Document(kind=turns.document or "", expected=expected)
                persons.append(person.model_copy(update={"documents": (document,)}))
        return case.model_copy(update={"persons": tuple(persons)})
