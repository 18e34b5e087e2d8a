"""The documents that follow from the code: the schema of a world file, the constraints and what
they say in Dutch, and which roles may do which operation.

``python -m api.documents`` writes them; a test holds them against the code.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from babel.messages import Catalog
from babel.messages.pofile import write_po
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from api.access.gate import gates
from api.access.person import Role
from api.app import create_app
from api.language import LOCALE
from api.office import Office
from api.report import report
from api.settings import Settings
from api.store.database import open_database
from constraints.register import REGISTER
from scheduler.constraint import Constraint
from scheduler.loading import world_schema
from scheduler.rule import Rule
from scheduler.simulation.scenario import scenario_schema

DOCS = Path(__file__).parents[1] / "docs"


def documents() -> dict[Path, str]:
    """Return the text of each generated document by its path."""
    schema = json.dumps(world_schema(REGISTER), ensure_ascii=False, indent=2)
    return {
        DOCS / "world.schema.json": schema + "\n",
        DOCS / "scenario.schema.json": json.dumps(scenario_schema(), indent=2) + "\n",
        DOCS / "constraints.md": "\n".join(_constraints()) + "\n",
        DOCS / "lights.md": "\n".join(report()),
        DOCS / "roles.md": "\n".join(_roles()) + "\n",
        LOCALE / "nl" / "constraints.po": _HEADER + _catalogue(),
    }


def _constraints() -> Iterator[str]:
    yield "# Constraints and rules\n"
    yield (
        "Generated from the register by `make docs`. Mark V: read in the statute or official page; "
        "S: in a secondary source; M: a parameter of ours.\n"
    )
    yield (
        "School holidays are in `constraints/school_holidays.toml` and bar nothing: the board of a "
        "day tells them.\nTheir mark is M: known, not read in the Regeling vaststelling "
        "schoolvakanties, to be checked against it before use.\n"
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


ROWS = {
    Role.planner: "all",
    Role.regievoerder: "own cases",
    Role.partner: "own organisation",
    Role.management: "sums",
    Role.auditor: "all",
    Role.administrator: "counts",
}
"""Of which rows an operation tells a role that may do it."""
JOBS = {Role.planner: "own jobs", Role.administrator: "all jobs"}
"""Of which jobs."""


def _roles() -> Iterator[str]:
    app = _service()
    mounted = next(one for one in app.routes if isinstance(one, Mount) and one.path == "/v1")
    version_one = mounted.app
    assert isinstance(version_one, FastAPI)
    rows: dict[str, list[tuple[str, str, str]]] = {"/v1": [], "": []}
    without = []
    for prefix, part in ("/v1", version_one), ("", app):
        gated = gates(part)
        for one in iter_route_contexts(part.routes):
            for method in (one.methods or set()) - {"HEAD"}:
                path, mine = f"{prefix}{one.path}", gated.get((method, one.path or ""))
                if not mine:
                    without.append((path, method))
                    continue
                cells = (_rows(path, role, mine[0].roles) for role in Role)
                what = [one.summary or ""] if prefix else []
                rows[prefix].append((path, method, " | ".join((*what, *cells))))
    yield _ROLES
    yield from _table(["operation", "what it does", *Role], rows["/v1"])
    yield _PAGES
    yield from _table(["page", *Role], rows[""])
    yield _OPEN
    for path, method in sorted(without):
        yield f"- `{method} {path}`"


def _table(heads: Sequence[str], rows: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "| --- " * len(heads) + "|"
    for path, method, told in sorted(rows):
        yield f"| `{method} {path}` | {told} |"


def _service() -> FastAPI:
    """Return the service as it is made anywhere, whatever the environment says here."""
    with TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/empty.db")
        try:
            return create_app(Office(database), settings=Settings.model_construct())
        finally:
            database.close()


def _rows(path: str, role: Role, roles: frozenset[Role]) -> str:
    if role not in roles:
        return "-"
    if path == "/":
        return "to theirs"
    if path.startswith(("/v1/plans", "/plans")):
        return JOBS[role]
    if path.startswith("/v1/simulations"):
        return "simulated"
    return ROWS[Role.management if Role.management in roles else role]


_ROLES = """# Who may do what

Generated from the gates of the operations by `make docs`. Whoever is not named may not: the service
does not start with an operation that has no gate (`OpenGateError`). An account may have several
roles; it then has the rights of each.

| a cell says | what the operation tells, and may change | held by |
| --- | --- | --- |
| - | nothing: 403 | `Allowed` in `api/access/gate.py` |
| all | every row | |
| own cases | those whose assigned officer the account is; another is not there: 404 | {mine} |
| own organisation | what is asked of it, in its name alone; its own part of a booking | {theirs} |
| own jobs | those that the account started; another is not there: 404 | the `owner` of a job |
| all jobs | of every job where it stands, and never what came of it | the same |
| sums | counts that name nobody, the small ones hidden | `api/suppression.py` |
| simulated | numbers of a made-up chain, so none is hidden | `api/jobs/simulating.py` |
| to theirs | nothing: it leads to a page | |
| counts | how many there are of what, and of nobody in particular | |

## Operations
""".format(
    mine="`Person.sees`, `Office.cases_of`, `Office.about_their_own`",
    theirs="`Person.speaks_for`, `part_of`",
)
_PAGES = """
## Pages

What is looked at, and the forms in it. They go through the same functions as the operations, with
the same rows. `GET /` leads each role to the first page of theirs.
"""
_OPEN = """
## Without a role

Whoever reaches the service may ask these; none tells of a case or a person. This is the demo, whose
login lists the officers and partners that one can be; with an OpenID provider there is
`GET /login/callback` in the place of `POST /login`.
"""

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
