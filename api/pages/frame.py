"""What stands around every page: who looks, in which language, where they can go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from api.access.gate import RECOGNISED
from api.access.person import Person, Role
from api.language import LANGUAGES, Language, phrase
from api.office import Office
from api.pages.assets import Asset
from api.pages.told import ToldOnce
from api.store.worlds import EmptyError
from api.telling import words

TEMPLATES = Path(__file__).with_name("templates")
ZONE = "Europe/Amsterdam"
"""The clock of a page that is about no place in particular."""
LANGUAGE = "language"
"""The cookie that keeps which language somebody reads; it says nothing else."""
SYMBOLS = {"red": "✗", "grey": "?", "amber": "!", "green": "✓", "goal": "→"}
"""What a lamp shows beside its colour."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'{more}; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere to go: its path, what it is called, and for whom it is."""

    path: str
    name: str
    roles: frozenset[Role]


def _place(path: str, name: str, *roles: Role) -> Place:
    return Place(path, name, frozenset(roles))


PLACES = (
    _place("/cases", phrase("Worklist"), Role.planner, Role.regievoerder),
    _place("/board", phrase("Board"), Role.planner),
    _place("/plans", phrase("Plans"), Role.planner, Role.administrator),
    _place("/requests", phrase("Requests"), Role.planner, Role.regievoerder),
    _place("/partner", phrase("My requests"), Role.partner),
    _place("/roster", phrase("My roster"), Role.partner),
    _place("/figures", phrase("Figures"), Role.management, Role.planner),
    _place("/scenarios", phrase("Scenarios"), Role.management, Role.planner),
    _place("/logs", phrase("Logs"), Role.auditor),
)
"""Where one can go, in the order in which it is offered; the first is where one begins."""
DONE = {
    "held": phrase("Everything is held for you. Confirm before the time is over."),
    "confirmed": phrase("Noted: it is confirmed."),
    "declined": phrase("Noted: it is declined, and what it took is free."),
    "released": phrase("Let go: everything it took is free."),
    "cancelled": phrase("Noted: the booking failed, and everything it took is free."),
    "executed": phrase("Noted: it was carried out."),
    "checked": phrase("The answer is noted."),
    "asked": phrase("The request is with the planners."),
    "settled": phrase("The request is closed."),
    "withdrawn": phrase(
        "The case is withdrawn for independent departure. Everything held for it is free."
    ),
    "changed": phrase("The change is written down."),
    "repaired": phrase("The change is written down. {what}"),
    "accepted": phrase("The plan is taken over; each booking is held until it is confirmed."),
    "stopped": phrase("The work is stopped."),
    "brought": phrase("The file is taken over. {what}"),
}
"""What a page says once after something was done."""
Answered = TypeVar("Answered", bound=Response)


class Frame:
    """Draws pages of an office: each in the language of who looks, with what they may do."""

    def __init__(
        self,
        office: Office,
        assets: Mapping[str, Asset],
        *,
        demo: bool,
        theme: str,
        told: ToldOnce,
        logs_out_at: str | None = None,
    ) -> None:
        self.office = office
        self._told = told
        self._demo, self._theme = demo, theme
        more = f" {logs_out_at}" if logs_out_at else ""
        self._headers = {"content-security-policy": POLICY.format(more=more)}
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "asset": lambda name: assets[name].address,
            "SYMBOLS": SYMBOLS,
        }

    def show(
        self,
        request: Request,
        template: str,
        /,
        status: int = 200,
        **values: Any,
    ) -> HTMLResponse:
        """Return a page, or a part of one, with these values in it."""
        language = language_of(request)
        found = request.scope.get(RECOGNISED)
        person = found if isinstance(found, Person) else None
        told = self._told.read(request)
        text = self._environment.get_template(template).render(
            language=language,
            say=language.say,
            counted=language.counted,
            words=lambda one: words(language, one),
            zone=ZONE,
            today=self.today(),
            person=person,
            roles=frozenset() if person is None else person.roles,
            places=[] if person is None else places(person),
            path=request.url.path,
            here=here(request),
            done=None if told is None else language.say(DONE[told.pop("done")], **told),
            demo=self._demo,
            theme=self._theme,
            **values,
        )
        page = HTMLResponse(text, status, self._headers)
        if told is not None:
            self._told.forget(page)
        return page

    def done(self, response: Answered, what: str, /, **values: str) -> Answered:
        """Let the page that a response leads to say once what was done: a key of ``DONE``."""
        self._told.keep(response, {"done": what, **values})
        return response

    def today(self) -> date | None:
        """Return the day in the store, on the clock of Amsterdam; None when there is no world."""
        try:
            return self.office.world().as_of.astimezone(ZoneInfo(ZONE)).date()
        except EmptyError:
            return None


def places(person: Person) -> list[Place]:
    """Return where somebody can go."""
    return [one for one in PLACES if one.roles & person.roles]


def language_of(request: Request) -> Language:
    """Return the language that somebody reads: Dutch unless they chose another."""
    code = request.cookies.get(LANGUAGE)
    return LANGUAGES["en"] if code == "en" else LANGUAGES["nl"]


def here(request: Request) -> str:
    """Return where somebody is, to come back to."""
    asked = request.query_params.multi_items()
    return request.url.path + (f"?{urlencode(asked)}" if asked else "")
