"""The documents that follow from the register: the schema of a world file and the constraints.

``python -m api.documents`` writes them into ``docs/``; a test holds them against the code.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from constraints.register import REGISTER
from scheduler.constraint import Constraint
from scheduler.loading import world_schema
from scheduler.rule import Rule

DOCS = Path(__file__).parents[1] / "docs"


def documents() -> dict[Path, str]:
    """Return the text of each generated document by its path."""
    schema = json.dumps(world_schema(REGISTER), ensure_ascii=False, indent=2)
    return {
        DOCS / "world.schema.json": schema + "\n",
        DOCS / "constraints.md": "\n".join(_constraints()) + "\n",
    }


def _constraints() -> Iterator[str]:
    yield "# Constraints and rules\n"
    yield (
        "Generated from the register by `make docs`. Mark V: read in the statute or official page; "
        "S: in a secondary source; M: a parameter of ours.\n"
    )
    for light in REGISTER.lights:
        yield f"## {light}\n"
        for one in REGISTER.constraints:
            if one.light == light:
                yield from _constraint(one)


def _constraint(one: Constraint) -> Iterator[str]:
    yield f"### {one.id}: {one.title.en} ({one.title.nl})\n"
    yield f"{(one.declare.__globals__.get('__doc__') or '').strip()}\n"
    yield f"- Owner: {one.owner}. Cure: {one.cure}. Asked of: {', '.join(sorted(one.scopes))}."
    yield f"- Says: “{one.says.en}” / “{one.says.nl}”."
    if one.basis:
        yield f"- Basis: {one.basis}."
    for fact in one.facts:
        due = " (due)" if fact.due else ""
        yield f"- Fact `{fact.id}` of the {fact.of}{due}: {fact.asks.en}"
    rows = [row for rule in one.rules for row in REGISTER.rules.rows if row.id == rule]
    if rows:
        yield "\n| rule | figure | applies to | in force | basis | mark | trigger |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        yield from map(_row, rows)
    yield ""


def _row(row: Rule) -> str:
    applies = "; ".join(f"{key}: {', '.join(names)}" for key, names in row.applies.items())
    until = f" to {row.valid_to}" if row.valid_to else ""
    cells = (
        row.id, f"{row.figure} {row.unit}", applies, f"from {row.valid_from}{until}", row.basis,
        row.mark, row.trigger,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
