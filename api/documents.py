"""The documents that follow from the register: the schema of a world file, the constraints, and
what they say in Dutch.

``python -m api.documents`` writes them; a test holds them against the code.
"""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import write_po

from api.language import LOCALE
from api.report import report
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
        DOCS / "lights.md": "\n".join(report()),
        LOCALE / "nl" / "constraints.po": _HEADER + _catalogue(),
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


_HEADER = r"""# Generated from the register by `make docs`.
msgid ""
msgstr ""
"Language: nl\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""
"""In place of the one that Babel writes, which holds the time and its own version."""


def _catalogue() -> str:
    """Return what each constraint says in Dutch by what it says in English."""
    catalog = Catalog(locale="nl")
    for one in REGISTER.constraints:
        for text in (one.title, one.says, *(fact.asks for fact in one.facts)):
            catalog.add(text.en, text.nl, context=one.id)
    written = BytesIO()
    write_po(written, catalog, width=0, omit_header=True, sort_output=True)
    return written.getvalue().decode()


if __name__ == "__main__":
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
