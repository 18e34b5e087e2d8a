"""What scenarios and their results are called: figures, reasons, ways out, facilities, sources.

A scenario of one's own may name things that have no word here; those are shown as it writes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from api.language import Language, phrase
from constraints.register import REGISTER

MEASURES: Mapping[str, str] = {
    "entered": phrase("Cases that entered"),
    "departed": phrase("Departures carried out"),
    "placed": phrase("Placements in detention carried out"),
    "left": phrase("Left the caseload otherwise"),
    "failed-share": phrase("Bookings that failed, per cent"),
    "median-wait": phrase("Days from ready to carried out, the median"),
    "mean-nights": phrase("Nights in detention, on average"),
    "occupancy": phrase("Detention places taken, per cent"),
    "use": phrase("Hours used of those rostered, per cent"),
    "blocked-light": phrase("Case-days blocked, by light"),
    "red-light": phrase("Case-days blocked by a red light"),
    "grey-light": phrase("Case-days blocked by a grey light (not known yet)"),
    "blocked-partner": phrase("Case-days blocked, by whoever answers for it"),
    "blocked": phrase("Case-days blocked, by constraint"),
    "failed": phrase("Bookings that failed, by reason"),
}
"""What is measured; a median or a mean is of a leg, an occupancy of a facility, and so on."""
COLOURS: Mapping[str, str] = {
    "red-light": phrase("{light}: red"),
    "grey-light": phrase("{light}: grey (not known yet)"),
}
"""What a bar is called that is of one colour of a light."""
REASONS: Mapping[str, str] = {
    "not-found-at-pick-up": phrase("not found at the pick-up"),
    "transport-late": phrase("transport too late"),
    "departure-cancelled": phrase("flight cancelled"),
    "escort-withdrawn": phrase("escort withdrawn"),
    "resists": phrase("resistance"),
    "late-procedure": phrase("a procedure at the last moment"),
    "not-fit-to-fly": phrase("not fit to fly"),
    "released": phrase("detention lifted"),
    "legal-end": phrase("legal term of detention over"),
    "withdrawn": phrase("case withdrawn"),
}
OUTCOMES: Mapping[str, str] = {
    "left-without-trace": phrase("left without a trace"),
    "stay-granted": phrase("allowed to stay"),
    "independent-departure": phrase("departed independently"),
    "released": phrase("released from detention"),
    "legal-end": phrase("released at the legal term"),
}
FACILITIES: Mapping[str, str] = {
    "dc-rotterdam": phrase("DC Rotterdam"),
    "jcs-schiphol": phrase("JC Schiphol"),
    "jcs-schiphol-border": phrase("JC Schiphol, border detention"),
    "jc-zeist": phrase("JC Zeist"),
    "ggv-zeist": phrase("GGV Zeist"),
    "veldzicht": phrase("Veldzicht"),
}
"""The facilities of the chain that is simulated."""
RULES: Mapping[str, str] = {
    "airline-limits": phrase("Places that a carrier gives on a flight"),
    "airport-rooms": phrase("Rooms at the airport"),
    "booking-lead": phrase("Working days that booking a flight takes"),
    "charter-team": phrase("Team of a charter, at least"),
    "continued-detention-notice": phrase("Notice that detention continues"),
    "court-review": phrase("First review by the court"),
    "court-review-clock": phrase("Term in which the court reviews"),
    "detention-asylum": phrase("Detention of asylum seekers"),
    "detention-asylum-extension": phrase("Extension of the detention of asylum seekers"),
    "detention-papers-present": phrase("Detention when papers are there"),
    "detention-term": phrase("Detention for return"),
    "detention-term-extension": phrase("Extension of the detention for return"),
    "detention-transfer": phrase("Detention for transfer"),
    "escort-duty": phrase("Duty times of escorts"),
    "escort-number": phrase("Escorts for a person"),
    "family-facility": phrase("Stay in the closed family facility"),
    "fit-to-fly": phrase("How fresh a fit-to-fly statement is"),
    "handover": phrase("Hand-over to the KMar before the departure"),
    "hearing-decides": phrase("Decision of the hearing before the holding ends"),
    "holding-clock": phrase("Holding for the hearing"),
    "lawyer-notice-of-flight": phrase("Notice of the flight to the lawyer"),
    "lawyer-wait": phrase("Waiting for the lawyer"),
    "medical": phrase("Advice on medical grounds"),
    "monitor": phrase("Monitors on a charter"),
    "placement-stay": phrase("Nights that a placement without a removal takes"),
    "removability-check": phrase("Last check with the IND before the departure"),
    "return-border": phrase("Return border procedure"),
    "tight-margin": phrase("Margin that is shown as tight"),
    "transfer-floor": phrase("Transfer term that is left at least"),
    "transfer-term": phrase("Transfer term"),
}
"""The rules of the table that are numbers."""
SEATS: Mapping[str, str] = {
    "scheduled": phrase("Seats on scheduled flights"),
    "charter": phrase("Seats on charters"),
    "road": phrase("Seats on transfers by road"),
}
USUAL = phrase("assumption, as in the national world")
PUBLISHED: Mapping[str, str] = {
    "dc-rotterdam": phrase("332 places in 2022, published"),
    "jcs-schiphol": phrase("90 of 282 places, for territorial detention, August 2025, published"),
    "jcs-schiphol-border": phrase("the rest of 282 places, August 2025, published"),
}
"""Where the places of a facility are from that a scenario says nothing of; others are assumed."""
ASSUMED = "assumption"
"""How a source begins that is none."""
SOURCES = (
    phrase("assumption: changed in the form by who asked for it"),
    phrase("assumption: fifty-two whole weeks, after twelve that fill facilities and queues"),
    phrase(
        "13,840 cases in 2021 and 8,770 at its end (seed 003, V); that they come evenly is assumed"
    ),
    phrase("assumption: four weeks ahead as in the national world; a working week to plan again"),
    phrase("half of the 2,245 transfers of 2024 on some 2,800 forced departures (derived, S)"),
    USUAL,
    *PUBLISHED.values(),
    phrase(
        "assumption: who is placed before or with the departure, or not: as many as the places hold"
    ),
    phrase(
        "469 of 1,850 forced departures in 2022 were escorted (V); fewer of those who come, assumed"
    ),
    phrase("assumption: four in five come with a decision, the others wait two months for it"),
    phrase("assumption: most have an appeal pending on entering; fitted to the departures of 2021"),
    phrase("assumption: one repeat application in two years, decided in two months (M)"),
    phrase(
        "assumption: seven in ten unknown on entering, lost in some months; as the places hold (M)"
    ),
    phrase(
        "assumption: a third of the outflow left without trace (M); fitted to the caseload of 2021"
    ),
    phrase(
        "assumption: a fifth of the outflow leaves with IOM or alone (M); fitted as the one before"
    ),
    phrase(
        "assumption: some get a permit or a status after all (M); fitted to the caseload of 2021"
    ),
    phrase(
        "assumption: of the requests of seed 003 under half is granted; months to the answer (M)"
    ),
    phrase(
        "assumption: open for two in five without papers, a year to an answer that confirms it (M)"
    ),
    phrase("assumption: three in a hundred are in criminal custody, for three months (M)"),
    phrase("assumption: a medical bar (Vw 64) lasts half a year, one in five years arises (M)"),
    phrase(
        "assumption: the court or the DT&V ends a stay; fitted to six weeks at DC Rotterdam (2022)"
    ),
    phrase(
        "assumption: fitted to 60 % of the bookings of 2021 (V), as all are; no split is published"
    ),
    phrase(
        "late in almost half of the cases (Inspectie 2021, V); few fail for it, assumed and fitted"
    ),
    phrase("assumption: carrier, weather or crew; fitted to the total of 2021 (V)"),
    phrase("assumption, after 2.5 tickets per escorted removal in the UK (ICIBI 2016, V); fitted"),
    phrase("assumption: resistance at the hand-over or aboard; fitted to the total of 2021 (V)"),
    phrase(
        "assumption: a late procedure that ends before a new booking; fitted to the total of 2021"
    ),
    phrase("assumption: the statement of the last days; fitted to the total of 2021 (V)"),
    phrase(
        "assumption: no partner publishes its numbers; half of all bookings fail and use it too"
    ),
    phrase(
        "assumption: as for transport; the national world has as many as twelve cases a day need"
    ),
    phrase("assumption: as for transport"),
    phrase("assumption: as many places as the women need who stay six weeks; none are published"),
)
"""The sources of the baseline, which others take over."""
CONSTRAINTS = {one.id: one for one in REGISTER.constraints}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure is from: ``assumed`` where nobody published it."""

    says: str
    assumed: bool


def source(language: Language, text: str) -> Source:
    """Return where a figure is from; that of a scenario of one's own as it is written there."""
    says = language.say(text) if text in SOURCES else text
    return Source(says, text.startswith(ASSUMED))


def facility(language: Language, name: str) -> str:
    """Return what a facility is called."""
    return language.say(FACILITIES[name]) if name in FACILITIES else name


def reason(language: Language, name: str) -> str:
    """Return why a booking failed: a reason of the scenario, or a constraint that turned."""
    if name in REASONS:
        return language.say(REASONS[name])
    return constraint(language, name)


def constraint(language: Language, name: str) -> str:
    """Return the title of a constraint."""
    return language.title(CONSTRAINTS[name]) if name in CONSTRAINTS else _plain(name)


def more(language: Language, name: str) -> str:
    """Return of what there is one more, by how a bottleneck is named."""
    kind, _, rest = name.partition(" ")
    if kind == "seats":
        return language.say(SEATS[rest])
    if name in FACILITIES:
        return language.say("place in {facility}", facility=facility(language, name))
    who = language.role(kind)
    return f"{who}, {language.skill(rest)}" if rest else who


def of(language: Language, measure: str, name: str) -> str:
    """Return what a measure is of: a leg, facility, role, light, partner, reason or way out."""
    match measure:
        case "use":
            return language.role(name, 2)
        case "occupancy":
            return facility(language, name)
        case "left":
            return language.say(OUTCOMES[name]) if name in OUTCOMES else _plain(name)
        case "failed":
            return reason(language, name)
        case "blocked":
            return constraint(language, name)
    return language.name(name)


def bar(language: Language, measure: str, name: str) -> str:
    """Return what a bar is called, in a figure that may have more than one measure."""
    if measure in COLOURS:
        return language.say(COLOURS[measure], light=language.name(name))
    return of(language, measure, name)


def told(language: Language, measure: str, name: str) -> str:
    """Return what a number is: a measure and what it is of."""
    says = language.say(MEASURES[measure])
    if not name:
        return says
    return language.say("{measure}: {of}", measure=says, of=of(language, measure, name))


def _plain(name: str) -> str:
    return name.replace("-", " ")
