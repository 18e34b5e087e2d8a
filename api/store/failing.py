"""Why a booking failed, where an event ended it: told by the rule that broke, else by the event."""

from collections.abc import Iterable, Mapping

from api.store.life import Failure
from constraints.register import REGISTER
from scheduler.event import DepartureChanged, Event
from scheduler.replanning import Outcome

_RULES: Mapping[str, Failure] = {
    "removability-check": Failure.removability_withdrawn,
    "appeals": Failure.legal_procedure,
    "asylum-application": Failure.legal_procedure,
    "medical-bar": Failure.medical,
    "fit-to-fly": Failure.medical,
    "whereabouts": Failure.person_not_found,
    "criminal-custody": Failure.legal_procedure,
    "court-review": Failure.court_ended_detention,
    "independent-departure": Failure.person_departed_independently,
    "entry-requirements": Failure.country_refused,
    "country-quota": Failure.country_refused,
    "departure-refusal": Failure.carrier_refused,
    "facility-refusal": Failure.no_place,
}
"""By the constraints that a fact, a document or a trigger breaks."""
_EVENTS: Mapping[str, Failure] = {
    "case-withdrawn": Failure.case_withdrawn,
    "departure-changed": Failure.departure_changed,
    "capacity-changed": Failure.no_place,
    "resource-away": Failure.partner_absent,
}
"""By the kinds of event that say themselves what failed."""
_LIGHTS: Mapping[str, Failure] = {
    "legally-removable": Failure.removability_withdrawn,
    "available": Failure.person_not_found,
    "placed-in-detention": Failure.court_ended_detention,
    "travel-document": Failure.document_missing,
}
"""By the light of the constraint that broke, where nothing tells more."""


def failure(outcome: Outcome, events: Iterable[Event]) -> Failure:
    """Return why what was promised of a case failed, of the events that touched it."""
    broke = outcome.broke or ""
    if broke in _RULES:
        return _RULES[broke]
    for one in events:
        if one.id in outcome.events and one.kind in _EVENTS:
            if isinstance(one, DepartureChanged) and one.value.cancelled:
                return Failure.departure_cancelled
            return _EVENTS[one.kind]
    light = next((one.light for one in REGISTER.constraints if one.id == broke), "")
    return _LIGHTS.get(light, Failure.planning_error)
