"""What went wrong, in the language of who reads: a problem says it in English, for machines too."""

import re
from dataclasses import dataclass
from http import HTTPStatus

from api.access.person import Role
from api.http.problems import Broken, Mistake, Problem
from api.imports.preview import Breaks
from api.language import Language, phrase
from api.pages.login import ROLES
from api.pages.unplanned import reasons
from constraints.register import REGISTER

TITLES = {
    400: phrase("This cannot be done as it was asked"),
    401: phrase("Log in first"),
    403: phrase("This is not for your role"),
    404: phrase("This is not there"),
    405: phrase("This cannot be asked here"),
    409: phrase("This is not possible any more"),
    412: phrase("Somebody else changed this in the meantime"),
    413: phrase("This is too much at once"),
    422: phrase("This was asked before in another way"),
    429: phrase("Too many questions at once; try again in a moment"),
    500: phrase("The service failed"),
    503: phrase("The service cannot answer now; try again in a moment"),
}
"""What a page says first, by the status of the answer."""
OWN = {
    405: phrase("Go back to the page you came from and choose again."),
    412: phrase("Look again how it stands now, and then do what you meant to."),
    422: phrase("This form was sent before with something else in it. Open the page anew."),
    429: phrase("Wait a moment, and ask again."),
    500: phrase("Try again. When it keeps failing, tell whoever minds the service."),
}
"""What it says then, where the status alone tells enough."""
SENTENCES = (
    (r"the request is not valid", phrase("Something in what was filled in cannot be right:")),
    (
        r"the file holds mistakes, and nothing of it is done",
        phrase("There are mistakes in the file. Nothing of it was taken over:"),
    ),
    (r"a form holds one file, and nothing else", phrase("Send one file at a time.")),
    (r"Not Found", phrase("There is no page at this address.")),
    (r"there is no case (?P<name>.+)", phrase("There is no case {name}.")),
    (r"there is no booking (?P<name>.+)", phrase("There is no booking {name}.")),
    (r"there is no request (?P<name>.+)", phrase("There is no request {name}.")),
    (r"there is no job (?P<name>simulation-.+)", phrase("There is no simulation {name}.")),
    (r"there is no job (?P<name>plan-.+)", phrase("There is no plan {name}.")),
    (r"there is no job (?P<name>.+)", phrase("There is no plan or simulation {name}.")),
    (r"there is no partner (?P<name>.+)", phrase("There is no partner {name}.")),
    (r"there is no such figure", phrase("There is no such figure.")),
    (r"says nothing of who asks", phrase("Nobody is logged in here now.")),
    (
        r"answers for its own organisation alone",
        phrase("You answer for your own organisation alone."),
    ),
    (
        r"(only|with a session only) a page of this service .*",
        phrase("This did not come from a page of Regietafel. Open the page anew."),
    ),
    (
        r"some of what is asked is taken",
        phrase("Others have taken some of what is asked in the meantime."),
    ),
    (
        r"rules are broken as things stand now",
        phrase("Something has changed since it was proposed."),
    ),
    (
        r"due checks are not a yes in their window",
        phrase("First all checks must be answered with a yes in their window."),
    ),
    (r"\S+ is \S+ and cannot become .*", phrase("The booking stands otherwise by now.")),
    (r"\S+ begins at \S+", phrase("The booking has not begun yet.")),
    (
        r"\S+ follows \S+, which is \S+",
        phrase("First the booking before it must be as far as this one."),
    ),
    (
        r"\S+ is answered on \S+, and today is \S+",
        phrase("The day of the answer is still to come."),
    ),
    (
        r"plan-\S+ is \S+, and is (accepted when it is done|kept when it is at work)",
        phrase("Nothing came of this plan, or nothing has come yet."),
    ),
    (r"request-\S+ is \S+ already", phrase("This request was closed before.")),
    (r"simulation-\S+ is \S+ already", phrase("This simulation was over already.")),
    (
        r"simulation-\S+ is \S+, and has results when it is done",
        phrase("Nothing came of this simulation, or nothing has come yet."),
    ),
    (r"\S+ is \S+ already", phrase("This plan was over already.")),
    (
        r"the lights of \S+ do not offer this repair now",
        phrase("This way out is not offered any more: something has changed."),
    ),
    (r"the store has no world yet", phrase("There are no data in the service yet.")),
)
"""What is said of a problem, by how it says so itself."""
FIELDS = {
    "cases": phrase("Case"),
    "day": phrase("Day"),
    "from": phrase("From"),
    "hold_minutes": phrase("Hold for"),
    "made": phrase("Made on"),
    "month": phrase("Month"),
    "offset": phrase("Page of the list"),
    "partner": phrase("Partner"),
    "reason": phrase("Reason"),
    "since": phrase("Since"),
    "until": phrase("Up to and including line"),
    "value": phrase("Answer"),
}
"""What people call the fields of forms and addresses; any other is a part of one of both."""
FORM, ADDRESS = phrase("The form"), phrase("The address")
MISTAKES = (
    (r"Field required", phrase("this is missing")),
    (
        r"Input should be greater than or equal to (?P<least>\d+)",
        phrase("this is {least} or more"),
    ),
    (r"Input should be less than or equal to (?P<most>\d+)", phrase("this is {most} or less")),
    (r"(Input should be a valid|Unable to parse .*) (integer|number).*", phrase("give a number")),
    (r"Input should be a valid date.*", phrase("give a day that there is")),
    (
        r"lies in no year from (?P<first>\d+) to (?P<last>\d+)",
        phrase("give a day from {first} to {last}"),
    ),
    (
        r"\w+ should have at most (?P<most>\d+) .*",
        phrase("this is too long: {most} at most"),
    ),
    (r"Input should be .*", phrase("choose one of what is offered")),
    (
        r"(?P<name>\S+) is no case that the plan says anything of",
        phrase("the plan says nothing of {name}"),
    ),
    (r"\S+ is not asked for this booking", phrase("this is not asked for this booking")),
)
"""What is said of a mistake, by how it says so itself."""
GONE = {
    "begins in the past": phrase("The moment that was planned has passed."),
    "is of a case that is gone": phrase("The case is not there any more."),
}
"""What is wrong with a booking, where it is no constraint that is broken."""
CONSTRAINTS = {one.id: one for one in REGISTER.constraints}
ASKS = {fact.id: (one, fact) for one in REGISTER.constraints for fact in one.facts}
ROLES_ASKED = re.compile(r"asks for one of the roles (.+)")


@dataclass(frozen=True, slots=True)
class Told:
    """A problem in words; ``english`` is how it says so itself, where nothing better is known."""

    title: str
    says: str
    english: str
    mistakes: tuple[tuple[str, str], ...]
    broken: tuple[str, ...]
    checks: tuple[str, ...]


def told(language: Language, problem: Problem) -> Told:
    """Return what a page says of a problem."""
    says = _sentence(language, problem)
    failed = problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Told(
        title=language.say(TITLES.get(problem.status, TITLES[500 if failed else 400])),
        says=says,
        english="" if says else problem.detail,
        mistakes=tuple(_mistake(language, one) for one in problem.errors),
        broken=tuple(
            filter(None, dict.fromkeys(broken_rule(language, one) for one in problem.violations))
        ),
        checks=tuple(language.asks(*ASKS[one]) if one in ASKS else one for one in problem.facts),
    )


def _sentence(language: Language, problem: Problem) -> str:
    if (asked := ROLES_ASKED.fullmatch(problem.detail)) is not None:
        names = (language.say(ROLES[Role(one)][0]) for one in asked[1].split(", "))
        return language.say("This is for: {roles}.", roles=language.either(names))
    said = _matched(language, SENTENCES, problem.detail)
    if not said and problem.status in OWN:
        said = language.say(OWN[problem.status])
    return said


def _mistake(language: Language, one: Mistake) -> tuple[str, str]:
    """Return what a field is called, and what is wrong with it."""
    parts = re.sub(r"\[\d+\]", "", one.in_).split(".")
    name = FIELDS.get(parts[-1]) or (FORM if parts[0] == "body" else ADDRESS)
    said = _matched(language, MISTAKES, one.detail)
    return language.say(name), said or language.say("this cannot be right")


def broken_rule(language: Language, one: Broken | Breaks) -> str:
    """Return which rule a booking breaks and how, in words; nothing of one that nobody knows."""
    if one.says in GONE:
        return language.say(GONE[one.says])
    if one.constraint not in CONSTRAINTS:
        return ""
    rule = language.title(CONSTRAINTS[one.constraint])
    why = language.listed(reasons(language, one.says))
    return rule if why == one.says and language.code != "en" else f"{rule}: {why}"


def _matched(language: Language, known: tuple[tuple[str, str], ...], told: str) -> str:
    """Return what is said of what matches first; nothing where nothing does."""
    for pattern, says in known:
        if (found := re.fullmatch(pattern, told)) is not None:
            return language.say(says, **found.groupdict())
    return ""
