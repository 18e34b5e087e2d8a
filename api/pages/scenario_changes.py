"""What one scenario changes of another, in the words of the form."""

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from api.language import Language, phrase
from api.pages.scenario_form import DATES, NUMBERS, Filled, form_of, lines_of, rows_of_people
from api.pages.scenario_words import RULES, reason


@dataclass(frozen=True, slots=True)
class Changed:
    """What is otherwise in a scenario than in another; how it is, where that fits into a word."""

    says: str
    before: str
    after: str


def changes(language: Language, before: str, after: str) -> list[Changed]:
    """Return what a scenario changes of another, of all that is in the form; and what else."""
    one, other = form_of(before, "a-key-of-none"), form_of(after, "a-key-of-none")
    told = _told(language, one), _told(language, other)
    names = dict.fromkeys((*told[0], *told[1]))
    found = [
        Changed(name, told[0].get(name, "–"), told[1].get(name, "–"))
        for name in names
        if told[0].get(name) != told[1].get(name)
    ]
    raw = tomllib.loads(before), tomllib.loads(after)
    sections = {"spreads": phrase("Who comes"), "processes": phrase("What turns")}
    return found + [
        Changed(language.say(says), "", "")
        for section, says in sections.items()
        if raw[0].get(section) != raw[1].get(section)
    ]


def _told(language: Language, form: Filled) -> dict[str, str]:
    """Return what a form says, by what each of it is called."""
    say = language.say
    found = {
        say(one.says): _exact(language, getattr(form, one.name))
        for one in NUMBERS
        if one.name != "replications"
    }
    for name, (says, _) in DATES.items():
        found[say(says)] = language.day(date.fromisoformat(getattr(form, name)))
    for line in lines_of(language, form):
        found[line.says] = _much(language, line.percent, line.plus)
    for role, region, tongue, percent, plus in rows_of_people(form):
        parts = role and language.role(role, 2), region, tongue and language.skill(tongue)
        if any(parts):
            found[", ".join(filter(None, parts))] = _much(language, percent, plus)
    for name, share in zip(form.reason, form.share, strict=True):
        found[say("Fails: {reason}", reason=reason(language, name))] = _much(language, share, "0")
    for name, figure in zip(form.rule, form.figure, strict=True):
        if name:
            found[say(RULES[name]) if name in RULES else name] = _exact(language, figure)
    for name, minutes in zip(form.buffer_role, form.buffer_minutes, strict=True):
        if name:
            says = say("Minutes more before and after: {role}", role=language.role(name, 2))
            found[says] = _exact(language, minutes)
    return found


def _much(language: Language, percent: str, plus: str) -> str:
    more = int(plus)
    sign = "+" if more > 0 else ""
    return f"{_exact(language, percent)} %" + (f" {sign}{language.decimal(more)}" if more else "")


def _exact(language: Language, number: str) -> str:
    return number and language.exact(Decimal(number))
