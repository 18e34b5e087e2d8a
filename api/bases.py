"""On what a rule rests, in the language of who reads.

The register and its rule table say it in English, or as a citation, which reads alike everywhere.
"""

from api.language import Language, phrase

OURS = "parameter"
"""How the basis of a figure of our own begins: nobody but us is behind it."""
BASES = {
    "AMMR 84, 85 (stored text)": phrase("AMMR 84, 85"),
    "Frontex figures": phrase("Frontex figures"),
    "Het terugkeerproces, DT&V 2021: light 2": phrase("Het terugkeerproces, DT&V 2021"),
    "Het terugkeerproces, DT&V 2021: light 4": phrase("Het terugkeerproces, DT&V 2021"),
    "Independent departure always wins (safeguard)": phrase("independent departure comes first"),
    "KMar cost page 2014": phrase("cost page of the KMar, 2014"),
    "NGO report": phrase("report of an NGO"),
    "Vw 59b(2) until 12-6-2026, not seen in a text: the shortest of its terms": phrase(
        "Vw 59b(2) until 12-6-2026"
    ),
    "a case can name people who must be there": phrase("the case names who must be there"),
    "a hearing is always planned with the lawyer present (safeguard)": phrase(
        "no hearing without the lawyer"
    ),
    "an interpreter in a language the person understands (safeguard)": phrase(
        "an interpreter in a language that the person understands"
    ),
    "earliest and latest of the case, and nothing is planned in the past": phrase(
        "the earliest and the latest day of the case"
    ),
    "quotas that the states on a joint charter agree": phrase(
        "quotas that the states on a joint charter agree"
    ),
    "seats of the departure": phrase("the seats of the departure"),
    "seed 003, knelpunt 3": phrase("what the country of destination asks"),
    "seed 003: everyone who must be there": phrase("everyone who must be there"),
    "seed 003: everyone who must be there, the person included": phrase(
        "everyone who must be there"
    ),
    "the answer of the carrier or commander, which only they can take back": phrase(
        "the answer of the carrier or commander"
    ),
    "the answer of the facility, which only the facility can take back": phrase(
        "the answer of the facility"
    ),
    "the document itself": phrase("the document itself"),
    "the rooms that the airport has": phrase("the rooms that the airport has"),
}
"""What is no citation, by how the register says it."""


def basis(language: Language, told: str) -> str:
    """Return on what something rests, apart from parameters of ours."""
    parts = [one for one in told.split("; ") if one and not one.startswith(OURS)]
    said = (language.say(BASES[one]) if one in BASES else one for one in parts)
    return "; ".join(dict.fromkeys(said))
