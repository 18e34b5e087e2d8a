"""The life of a booking in words: where it stands, why it ended, and what its phases are called."""

from collections.abc import Mapping

from api.language import Language, phrase
from api.store.life import Failure, Release, Status

STATUSES: Mapping[str, str] = {
    Status.proposed: phrase("proposed"),
    Status.held: phrase("held"),
    Status.confirmed: phrase("confirmed"),
    Status.executed: phrase("carried out"),
    Status.cancelled: phrase("cancelled"),
    Status.released: phrase("let go"),
}
FAILURES: Mapping[Failure, str] = {
    Failure.legal_procedure: phrase("a legal procedure"),
    Failure.removability_withdrawn: phrase("no longer legally removable"),
    Failure.person_not_found: phrase("the person was not found"),
    Failure.person_departed_independently: phrase("the person departed independently"),
    Failure.person_resisted: phrase("the person resisted"),
    Failure.medical: phrase("medical reasons"),
    Failure.document_missing: phrase("no valid travel document"),
    Failure.court_ended_detention: phrase("the court ended the detention"),
    Failure.country_refused: phrase("the country of destination refused"),
    Failure.departure_cancelled: phrase("the flight was cancelled"),
    Failure.departure_changed: phrase("the flight was changed"),
    Failure.carrier_refused: phrase("the carrier or commander refused"),
    Failure.partner_declined: phrase("a partner cannot come"),
    Failure.partner_absent: phrase("a partner was not there"),
    Failure.transport_late: phrase("the transport was late"),
    Failure.no_place: phrase("no detention place"),
    Failure.case_withdrawn: phrase("the case was withdrawn"),
    Failure.planning_error: phrase("a mistake in the planning"),
}
RELEASES: Mapping[Release, str] = {
    Release.expired: phrase("not confirmed in time"),
    Release.withdrawn: phrase("no longer part of the plan"),
    Release.replaced: phrase("another slot took its place"),
    Release.by_planner: phrase("let go by a planner"),
}
PHASES: Mapping[str, str] = {
    "pick-up": phrase("pick-up"),
    "intake": phrase("arrival at the hearing place"),
    "hearing": phrase("hearing"),
    "transfer": phrase("hand-over to the transport"),
    "arrival": phrase("arrival at the facility"),
    "co-presence": phrase("all together"),
    "transport": phrase("collection from the facility"),
    "delivery": phrase("delivery at the airport"),
    "hand-over": phrase("hand-over to the KMar"),
    "departure": phrase("flight"),
}
"""The phases of our templates; a template of one's own has its own names."""


def status(language: Language, one: Status) -> str:
    """Return where a booking stands."""
    return language.say(STATUSES[one])


def why(language: Language, one: Failure | Release) -> str:
    """Return why a booking ended."""
    return language.say(FAILURES[one] if isinstance(one, Failure) else RELEASES[one])


def phase(language: Language, name: str) -> str:
    """Return what a phase is called."""
    return language.say(PHASES[name]) if name in PHASES else name
