"""What a week can hold at most, in words: a cut between what is wanted and what there is."""

from collections.abc import Iterator

from api.language import LANGUAGES
from scheduler.constraint import Text
from scheduler.simulation.certificate import Cut, Supply
from scheduler.world import World


def told(cut: Cut, world: World) -> Iterator[Text]:
    """Yield the sentences of a certificate: the bound, and the parts that it is the sum of."""
    if cut.most == cut.wanted:
        yield Text(
            f"Niets sluit uit dat alle {cut.wanted} verrichtingen in deze week passen.",
            f"Nothing in the supply rules out that all {cut.wanted} operations fit into this week.",
        )
        return
    yield Text(
        f"Hoogstens {cut.most} van de {cut.wanted} gewenste verrichtingen passen in deze week:",
        f"At most {cut.most} of the {cut.wanted} operations that are wanted fit into this week:",
    )
    if free := sum(one.count for one in cut.demands):
        yield Text(
            f"- {free} hebben niets nodig van wat hieronder opraakt;",
            f"- {free} need nothing of what runs out below;",
        )
    for one in cut.supplies:
        yield _short(one, world)


def _short(supply: Supply, world: World) -> Text:
    """Return how many operations something can serve, with what tells it apart."""
    units, names = supply.units, supply.members
    match supply.kind:
        case "people":
            people = [world.resource[one] for one in names]
            regions = sorted({world.location[one.home].region for one in people})
            spoken = [set(one.languages) for one in people]
            shared = sorted(set.intersection(*spoken))
            which = "; ".join(", ".join(one) for one in (regions, shared) if one)
            nl, en = (LANGUAGES[one].role(supply.name, len(names)) for one in ("nl", "en"))
            return Text(
                f"- {units}: zo vaak kunnen {len(names)} {nl} ({which}) komen;",
                f"- {units}: as often as {len(names)} {en} ({which}) can come;",
            )
        case "places":
            return Text(
                f"- {units}: zoveel verblijven kunnen beginnen in {names[0]};",
                f"- {units}: as many stays as can begin in {names[0]};",
            )
        case "seats":
            kinds = {"escorted": "begeleid", "unescorted": "onbegeleid"}
            return Text(
                f"- {units}: zoveel plaatsen ({kinds.get(supply.name, supply.name)}) zijn er op "
                f"{len(names)} vertrekken;",
                f"- {units}: as many seats ({supply.name}) as {len(names)} departures have;",
            )
