"""The room of scenarios: made by form, run with progress, read, and compared side by side."""

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.access.person import Role
from api.app import create_app
from api.http.simulations import BASELINE
from api.jobs.queue import OWN
from api.jobs.runner import Runner, Tell
from api.jobs.simulating import SIMULATION, Sentence, Simulated, simulated
from api.language import LANGUAGES
from api.pages.charts import FILES
from api.pages.scenario_form import NUMBERS, form_of, written
from api.pages.scenario_words import ASSUMED, MEASURES, RULES, SOURCES, source
from api.pages.simulated import Named, figures
from api.settings import Settings
from api.simulations import HEADLINE
from api.store.jobs import Job, JobStatus, Progress
from constraints.register import REGISTER
from scheduler.simulation.results import results_of
from scheduler.simulation.scenario import parse_scenario
from scheduler.stopping import Stop
from scheduler.world import World
from tests.jobs.short import WORKER, As, queue, until
from tests.simulation.made_tallies import LEGEND, tally
from tests.store.offices import Small, small

MANAGER = {"x-test": "manager-1 management"}
OTHER = {"x-test": "manager-2 management"}
PLANNER = {"x-test": "planner-1 planner"}
ENGLISH = {"cookie": "language=en"}
NL = LANGUAGES["nl"]
Fields = dict[str, list[str]]


class Filling(HTMLParser):
    """Reads the fields of a form as a browser would send them, in their order."""

    def __init__(self, page: str, action: str) -> None:
        super().__init__()
        self.fields: Fields = {}
        self._action, self._inside, self._choice, self._chosen = action, False, "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what a field holds."""
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = told.get("action") == self._action
        elif self._inside and tag == "input" and "name" in told:
            self.fields.setdefault(told["name"], []).append(told.get("value", ""))
        elif tag == "select":
            self._choice, self._chosen = told["name"], ""
        elif tag == "option" and "selected" in told:
            self._chosen = told["value"]

    def handle_endtag(self, tag: str) -> None:
        """Take what was chosen."""
        if self._inside and tag == "select":
            self.fields.setdefault(self._choice, []).append(self._chosen)
        elif tag == "form":
            self._inside = False


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Small]:
    """The small world; how jobs fare on each database is held elsewhere."""
    with small(f"sqlite:///{tmp_path}/store.sqlite") as at:
        yield at


@pytest.fixture
def http(at: Small) -> TestClient:
    """The pages as management sees them, in a process that does no jobs."""
    settings = Settings(queue=4)
    client = TestClient(create_app(at.office, As(), settings), follow_redirects=False)
    client.headers.update({"accept": "text/html", **MANAGER})
    return client


def form(http: TestClient, path: str = "/scenarios/new") -> Fields:
    """Return the form as it is when it is opened."""
    return Filling(http.get(path).text, "/scenarios").fields


def asked(http: TestClient, fields: Fields, **typed: str) -> Response:
    """Send the form with something else in some of its fields."""
    return http.post("/scenarios", data={**fields, **{key: [one] for key, one in typed.items()}})


def wish(at: Small, told: Response) -> Mapping[str, Any]:
    """Return what was asked by a form."""
    assert told.status_code == 303, told.text
    name = told.headers["location"].removeprefix("/scenarios/")
    return queue(at).job(name)[0].request


def line(fields: Fields, column: str, value: str) -> int:
    return fields[column].index(value)


def drawn(_world: World, job: Job, tell: Tell, _stop: Stop) -> Simulated:
    """Stand in for the simulation: tallies that are drawn, more departures with more inflow."""
    count, asked = job.request["replications"], job.request
    tell(Progress(seconds=0.1, incumbent={"replications": count}, bound={"replications": count}))
    more = tomllib.loads(asked["scenario"])["inflow"]["perYear"] // 1000
    worth = None
    if asked["bottlenecks"]:
        rows = [
            ("interpreter Noord", 2.0, 1.0, 3.0, count),
            ("seats charter", 0.1, -1.0, 1.2, count),
        ]
        worth = pd.DataFrame(rows, columns=["more", "mean", "low", "high", "replications"])
    said = (
        (Sentence(nl="Niets sluit het uit.", en="Nothing rules it out."),) if asked["week"] else ()
    )
    results = results_of([tally(seed, more) for seed in range(count)], LEGEND)
    return simulated(results, worth, said)


@pytest.fixture
def done(at: Small, http: TestClient) -> Iterator[Any]:
    """Ask for scenarios by the form, and wait until they are simulated."""
    runner = Runner(queue(at), {SIMULATION: drawn}, 1)
    runner.start()

    def simulate(**typed: str) -> str:
        told = asked(http, form(http), **{"replications": "4", **typed})
        assert told.status_code == 303, told.text
        path = told.headers["location"]
        name = path.removeprefix("/scenarios/")
        until(lambda: queue(at).job(name)[0].status == JobStatus.done)
        return name

    yield simulate
    runner.stop()


# --- The form -------------------------------------------------------------------------------------


def test_the_form_begins_from_the_baseline_and_sent_as_it_is_it_is_the_baseline(
    at: Small, http: TestClient
) -> None:
    made = wish(at, asked(http, form(http), replications="100"))
    assert parse_scenario(made["scenario"]) == parse_scenario(BASELINE)
    assert (made["name"], made["replications"], made["bottlenecks"]) == ("baseline", 100, 0)


def test_each_field_says_where_its_figure_is_from_or_that_it_is_assumed(http: TestClient) -> None:
    page = http.get("/scenarios/new").text
    assert "13.840 dossiers in 2021 en 8.770 aan het eind van dat jaar" in page
    assert "332 plaatsen in 2022 (gepubliceerd)" in page
    assert page.count(">aanname</span>") > 20
    english = http.get("/scenarios/new", headers=ENGLISH).text
    assert "13,840 cases in 2021" in english
    assert ">assumption</span>" in english


def test_only_what_was_changed_is_another_and_says_that_it_is_assumed(
    at: Small, http: TestClient
) -> None:
    fields = form(http)
    fields["percent"][line(fields, "of", "role interpreter")] = "300"
    fields["plus"][line(fields, "of", "facility jc-zeist")] = "-5"
    fields["share"][line(fields, "reason", "resists")] = "4,5"
    fields["role"][0], fields["language"][0], fields["more_plus"][0] = "interpreter", "tir", "2"
    fields["rule"][0], fields["figure"][0] = "booking-lead", "2"
    fields["buffer_role"][0], fields["buffer_minutes"][0] = "police", "30"
    made = wish(
        at, asked(http, fields, name="Méér tolken", days_ahead="42", rules_date="2027-07-01")
    )
    found, base = parse_scenario(made["scenario"]), parse_scenario(BASELINE)
    assert found.name == made["name"] == "meer-tolken"
    assert found.policy.days_ahead == 42
    assert f"{found.rules_date}" == "2027-07-01"
    assert (found.horizon, found.inflow, found.processes, found.spreads) == (
        base.horizon, base.inflow, base.processes, base.spreads,
    )  # fmt: skip
    assert found.figures[0].figure == 2
    assert found.buffers[0].minutes == 30
    changed = [one for one in found.capacities if one not in base.capacities]
    assert {(one.facility, one.resources and one.resources.language, one.times, one.plus)
            for one in changed} == {
        (None, None, 3, 0), (None, "tir", 1, 2), ("jc-zeist", None, 2, -5),
    }  # fmt: skip
    [resists] = [one for one in found.failures if one not in base.failures]
    assert resists.share == 0.045
    own = [found.policy, resists, *changed, *found.figures, *found.buffers]
    assert all(one.source == SOURCES[0] and one.source.startswith(ASSUMED) for one in own)


def test_who_knows_better_says_on_what_their_changes_rest(at: Small, http: TestClient) -> None:
    why = "Jaarverslag 2026, bladzijde 12"
    found = parse_scenario(wish(at, asked(http, form(http), per_year="15000", why=why))["scenario"])
    assert (found.inflow.source, found.inflow.per_year) == (why, 15_000)
    assert found.policy.source == parse_scenario(BASELINE).policy.source


def test_what_a_line_said_before_can_be_taken_back(at: Small, http: TestClient) -> None:
    fields = form(http)
    fields["percent"][line(fields, "of", "role interpreter")] = "100"
    found = parse_scenario(wish(at, asked(http, fields))["scenario"])
    assert {one.resources.role for one in found.capacities if one.resources} == {
        "transport", "coa", "police",
    }  # fmt: skip


def test_a_facility_is_closed_with_nought(at: Small, http: TestClient) -> None:
    fields = form(http)
    fields["percent"][line(fields, "of", "facility jc-zeist")] = "0"
    found = parse_scenario(wish(at, asked(http, fields))["scenario"])
    assert [one.times for one in found.capacities if one.facility == "jc-zeist"] == [0]


@pytest.mark.parametrize("typed", ["9.000", "9,000", "9 000", " 9000 "])
def test_thousands_are_thousands_in_either_language(
    at: Small, http: TestClient, typed: str
) -> None:
    found = parse_scenario(wish(at, asked(http, form(http), per_year=typed))["scenario"])
    assert found.inflow.per_year == 9000


@pytest.mark.parametrize("typed", ["9.00", "9.0000", "0.900", "1,000.5", "9.5"])
def test_a_whole_number_has_no_decimals(http: TestClient, typed: str) -> None:
    told = asked(http, form(http), per_year=typed)
    assert 'id="wrong-per_year">Geef een heel getal' in told.text


MISTAKES = {
    "name": ("!!", "Geef een naam van hoogstens 40"),
    "why": ("gok", "Schrijf ten minste tien letters"),
    "per_year": ("veel", "Geef een heel getal van 0 tot en met 1.000.000."),
    "days": ("0", "Geef een heel getal van 1 tot en met 3.660."),
    "from_day": ("morgen", "Geef een bestaande datum."),
    "replications": ("1", "Geef een heel getal van 2 tot en met 500."),
    "bottlenecks": ("21", "Geef een heel getal van 0 tot en met 20."),
    "again_after": ("-1", "Geef een getal van 0 tot en met 365."),
}


def test_every_mistake_is_told_beside_its_field_and_nothing_typed_is_lost(
    at: Small, http: TestClient
) -> None:
    fields = form(http) | {name: [typed] for name, (typed, _) in MISTAKES.items()}
    fields["percent"][0] = "half"
    fields["rule"][1] = "booking-lead"
    fields["more_plus"][0] = "1"
    told = asked(http, fields)
    assert told.status_code == 400
    for name, (_, says) in MISTAKES.items():
        assert f'id="wrong-{name}">{says}' in told.text
        assert re.search(rf'id="{name}"[^>]* aria-invalid="true" aria-describedby="wrong-{name}"',
                         told.text)  # fmt: skip
    for at_line in "percent-0", "figures-1", "role-0":
        assert f'id="wrong-{at_line}"' in told.text
    again = Filling(told.text, "/scenarios").fields
    again["key"] = fields["key"]
    assert again == fields
    assert queue(at).jobs_ever(SIMULATION, None) == 0


@pytest.mark.parametrize(
    ("week", "days", "says"),
    [
        ("2027-01-05", "364", "Geef een maandag van een week die helemaal meetelt."),
        ("2027-01-11", "10", "Geef een maandag van een week die helemaal meetelt."),
        ("2026-01-05", "364", "Geef een maandag van een week die helemaal meetelt."),
        ("nooit", "364", "Geef een bestaande datum."),
    ],
)
def test_a_week_is_one_from_monday_on_that_is_counted(
    http: TestClient, week: str, days: str, says: str
) -> None:
    told = asked(http, form(http), week=week, days=days)
    assert told.status_code == 400
    assert f'id="wrong-week">{says}' in told.text


def test_what_is_asked_for_besides_goes_along(at: Small, http: TestClient) -> None:
    made = wish(at, asked(http, form(http), week="2027-01-11", bottlenecks="3", replications="7"))
    assert (made["week"], made["bottlenecks"], made["replications"]) == ("2027-01-11", 3, 7)


def test_another_simulation_can_be_changed(at: Small, http: TestClient) -> None:
    fields = form(http)
    fields["role"][0], fields["region"][0], fields["more_plus"][0] = "transport", "Noord", "-1"
    path = asked(http, fields, name="minder-vervoer", bottlenecks="2").headers["location"]
    again = form(http, f"/scenarios/new?from={path.removeprefix('/scenarios/')}")
    assert (again["name"], again["bottlenecks"]) == (["minder-vervoer"], ["2"])
    assert [again[one][0] for one in ("role", "region", "more_plus")] == [
        "transport",
        "Noord",
        "-1",
    ]
    again["more_plus"][0] = "-2"
    found = parse_scenario(wish(at, asked(http, again))["scenario"])
    mine = [one.plus for one in found.capacities if one.resources and one.resources.region]
    assert mine == [-2]


def test_who_sends_the_form_twice_gets_one_simulation(at: Small, http: TestClient) -> None:
    fields = form(http)
    first, second = asked(http, fields), asked(http, fields)
    assert first.headers["location"] == second.headers["location"]
    assert queue(at).jobs_ever(SIMULATION, None) == 1


def test_who_has_enough_waiting_keeps_what_they_typed(http: TestClient) -> None:
    for _ in range(OWN):
        asked(http, form(http))
    told = asked(http, form(http), per_year="4321")
    assert told.status_code == 429
    assert "Er wacht al genoeg werk van u." in told.text
    assert 'name="per_year"' in told.text
    assert 'value="4321"' in told.text


@pytest.mark.parametrize(
    "lines",
    [
        {"of": ["role nobody"], "percent": ["1"], "plus": ["1"]},
        {"of": ["facility jc-zeist"] * 2, "percent": ["1"] * 2, "plus": ["1"] * 2},
        {"of": ["facility jc-zeist"], "percent": [], "plus": ["1"]},
        {"scenario": ["seed ="]},
        {"scenario": [""]},
    ],
)
def test_a_form_that_no_page_made_is_refused(http: TestClient, lines: Fields) -> None:
    assert http.post("/scenarios", data={**form(http), **lines}).status_code == 400


# --- A file that is brought along -----------------------------------------------------------------


def test_a_scenario_is_pasted_or_uploaded_and_fills_the_form(http: TestClient) -> None:
    text = BASELINE.replace('name = "baseline"', 'name = "my-own"').replace(
        "days = 364", "days = 7"
    )
    pasted = http.post("/scenarios/new", data={"toml": text})
    uploaded = http.post("/scenarios/new", files={"file": ("my.toml", text.encode())})
    for told in pasted, uploaded:
        assert told.status_code == 200
        fields = Filling(told.text, "/scenarios").fields
        assert (fields["name"], fields["days"]) == (["my-own"], ["7"])


def test_all_that_is_wrong_with_a_file_is_told_and_its_text_stays(http: TestClient) -> None:
    wrong = BASELINE.replace("seed = 1", "seed = -1").replace("days = 364", "days = 0")
    told = http.post("/scenarios/new", data={"toml": wrong})
    assert told.status_code == 400
    assert "<code>$.seed</code>" in told.text
    assert "<code>$.horizon.days</code>" in told.text
    assert "seed = -1" in told.text
    unknown = BASELINE.replace('role = "coa"', 'role = "nobody"')
    told = http.post("/scenarios/new", data={"toml": unknown})
    assert told.status_code == 400
    assert "nobody is no role here" in told.text
    told = http.post("/scenarios/new", files={"file": ("x", b"\xff\xfe")})
    assert told.status_code == 400
    assert "is no UTF-8" in told.text


def test_the_scenario_that_was_made_can_be_taken_along(http: TestClient) -> None:
    path = asked(http, form(http), name="mijn-eigen").headers["location"]
    told = http.get(f"{path}/scenario.toml")
    assert told.headers["content-disposition"] == 'attachment; filename="mijn-eigen.toml"'
    assert parse_scenario(told.text).name == "mijn-eigen"


def test_what_is_written_is_read_as_it_was() -> None:
    raw = tomllib.loads(BASELINE)
    raw["policy"]["source"] = 'odd "letters" \\ \x7f \t \n and é 😀 ='
    assert tomllib.loads(written(raw)) == raw


# --- Followed -------------------------------------------------------------------------------------


def test_how_far_it_is_is_shown_and_asked_anew_until_it_is_over(
    at: Small, http: TestClient
) -> None:
    path = asked(http, form(http)).headers["location"]
    assert "De simulatie wacht op haar beurt." in http.get(path).text
    taken = queue(at).take(WORKER, [SIMULATION])
    assert taken is not None
    how = Progress(seconds=60, incumbent={"replications": 5}, bound={"replications": 20})
    queue(at).progress(WORKER, taken[0], how)
    part = http.get(f"{path}/progress")
    assert "<html" not in part.text
    assert "5 van 20 herhalingen" in part.text
    assert "nog ongeveer drie minuten" in part.text
    page = http.get(path, headers=ENGLISH).text
    assert f'hx-get="{path}/progress"' in page
    assert f'<noscript><p><a href="{path}">' in page
    assert "about three minutes to go" in page
    queue(at).failed(WORKER, taken[0], "it failed")
    assert http.get(f"{path}/progress").headers["hx-refresh"] == "true"
    page = http.get(path).text
    assert "De simulatie is mislukt." in page
    assert "hx-get" not in page
    assert f'href="/scenarios/new?from={path.removeprefix("/scenarios/")}"' in page


def test_who_asked_stops_it_and_nobody_else(at: Small, http: TestClient) -> None:
    path = asked(http, form(http)).headers["location"]
    assert f'action="{path}/stop"' in http.get(path).text
    assert f'action="{path}/stop"' not in http.get(path, headers=OTHER).text
    assert http.post(f"{path}/stop", headers=OTHER).status_code == 404
    assert http.post(f"{path}/stop").status_code == 303
    page = http.get(path).text
    assert "Het werk is gestopt." in page
    assert "Er is niets van bewaard." in page
    told = http.post(f"{path}/stop")
    assert told.status_code == 409
    assert "Deze simulatie was al afgelopen." in told.text
    assert http.get(f"{path}/summary.csv").status_code == 409


# --- What came of it ------------------------------------------------------------------------------


def figures_of(page: str) -> list[str]:
    return re.findall(r'<section class="figure" aria-labelledby="([a-z-]+)">', page)


def test_what_is_looked_at_first_stands_first_with_its_margin(http: TestClient, done: Any) -> None:
    page = http.get(f"/scenarios/{done()}").text
    assert re.search(r'<span class="count">\d+,?\d*</span> uitgevoerde uitzettingen<br>', page)
    assert re.search(r"95 %: \d+,?\d* tot \d+,?\d*</span>", page)
    assert page.index('class="counts"') < page.index('class="figures"')
    assert "Wat de getallen niet zeggen" in page
    english = http.get("/scenarios", headers=ENGLISH).text
    assert re.search(r'<span class="quiet small">\(\d+\.?\d* to \d+\.?\d*\)</span>', english)


def test_each_figure_is_drawn_has_its_table_and_is_taken_along(http: TestClient, done: Any) -> None:
    here = f"/scenarios/{done(bottlenecks='2', week='2027-01-11')}"
    page = http.get(here).text
    assert figures_of(page) == [
        "weeks", "lights", "partners", "constraints", "failures", "use", "occupancy",
        "waits-removal", "waits-placement", "nights", "worths",
    ]  # fmt: skip
    assert "Niets sluit het uit." in page
    for name in (*figures_of(page), "summary"):
        for file in FILES:
            assert f'href="{here}/{name}.{file}' in page
            assert http.get(f"{here}/{name}.{file}").status_code == 200
    for name in figures_of(page):
        told = http.get(f"{here}/{name}.svg")
        assert told.headers["content-type"] == "image/svg+xml"
    rows = [*csv.reader(io.StringIO(http.get(f"{here}/worths.csv").text))]
    assert rows[0] == ["Eén extra", "gemiddeld", "van (95 %)", "tot (95 %)", "kan toeval zijn"]
    assert [(row[0], *map(float, row[1:4]), row[4]) for row in rows[1:]] == [
        ("tolk, Noord", 2, 1, 3, "nee"),
        ("Stoelen op charters", 0.1, -1, 1.2, "ja"),
    ]
    assert http.get(f"{here}/nothing.csv").status_code == 404
    assert http.get(f"{here}/weeks.exe").status_code == 400


def test_the_light_that_blocked_is_told_red_apart_from_grey_in_words(
    http: TestClient, done: Any
) -> None:
    told = http.get(f"/scenarios/{done()}/lights.csv").text
    rows = {row[0]: float(row[1]) for row in csv.reader(io.StringIO(told)) if row[0] != "Stoplicht"}
    expected = {}
    for n, light in enumerate(map(NL.name, LEGEND.names.lights)):
        red, both = (
            sum(getattr(tally(seed), kind)[n].sum() for seed in range(4)) / 4
            for kind in ("red", "lights")
        )
        expected[f"{light}: rood"] = red
        expected[f"{light}: grijs (nog niet bekend)"] = both - red
    assert rows == pytest.approx(expected, abs=0.05)


def test_what_was_simulated_before_colours_were_told_is_shown_by_light_alone() -> None:
    new = results_of([tally(seed) for seed in range(2)], LEGEND)
    split = new.totals["measure"].isin(["red-light", "grey-light"])
    old = Named("before", simulated(replace(new, totals=new.totals[~split])))
    for those in ([old], [Named("after", simulated(new)), old]):
        (lights,) = (one for one in figures(NL, those) if one.figure.name == "lights")
        shown = {row[0] for row in lights.figure.rows}
        assert shown == {NL.name(one) for one in LEGEND.names.lights}


def test_everything_is_called_what_the_field_calls_it(http: TestClient, done: Any) -> None:
    here = f"/scenarios/{done()}"
    page = http.get(here).text
    for word in "uitvoering", "tolken", "Politie", "Tolk", "uit bewaring vrijgelaten":
        assert word in page
    codes = "blocked-light", "failed-share", "interpreter", "left-without", "execution"
    assert [one for one in codes if one in re.sub(r'(href|src|srcset|id)="[^"]*"', "", page)] == []
    english = http.get(here, headers=ENGLISH).text
    assert "interpreters" in english
    assert "Case-days blocked, by light" in english


def test_what_is_otherwise_than_in_the_baseline_is_told_in_words(
    http: TestClient, done: Any
) -> None:
    fields = form(http)
    fields["percent"][line(fields, "of", "facility jc-zeist")] = "12,25"
    fields["plus"][line(fields, "of", "facility jc-zeist")] = "-1"
    path = asked(http, fields, per_year="15000", lead_days="2", from_day="2027-02-01")
    page = http.get(path.headers["location"]).text
    assert "JC Zeist: 200 % → <strong>12,25 % -1</strong>" in page
    assert "4 januari 2027 → <strong>1 februari 2027</strong>" in page
    assert "Dossiers die er in een jaar bij komen: 13.840 → <strong>15.000</strong>" in page
    assert "Dagen vooraf, naast wat de wet vraagt: 0 → <strong>2</strong>" in page
    assert "Niets: dit is het basisscenario." in http.get(f"/scenarios/{done()}").text


# --- Side by side ---------------------------------------------------------------------------------


def test_simulations_stand_side_by_side_with_what_differs(http: TestClient, done: Any) -> None:
    base, more = done(name="basis"), done(name="meer", per_year="90000")
    page = http.get("/scenarios").text
    assert page.count('type="checkbox" name="of"') == 2
    query = f"of={more}&of={base}"
    page = http.get(f"/scenarios/comparison?{query}").text
    assert "Waarmee wordt vergeleken: basis." in page
    assert "Dossiers die er in een jaar bij komen: 13.840 → <strong>90.000</strong>" in page
    told = http.get(f"/scenarios/comparison/differences.csv?{query}").text
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(told))}
    # 90,000 / 1,000 and 13,840 / 1,000 more in each of two weeks, with the same dice.
    departed = rows["Uitgevoerde uitzettingen"]
    assert [*map(float, departed[2:5]), departed[5]] == [154, 154, 154, "nee"]
    assert "<strong>+154</strong>" in page
    placed = rows["Uitgevoerde inbewaringstellingen"]
    assert [*map(float, placed[2:5]), placed[5]] == [0, 0, 0, "nee"]
    assert page.count("kan toeval zijn</span>") == sum(row[5] == "ja" for row in rows.values())
    for name in figures_of(page):
        for file in (*FILES, "svg"):
            assert http.get(f"/scenarios/comparison/{name}.{file}?{query}").status_code == 200
    lights = http.get(f"/scenarios/comparison/lights.csv?{query}").text
    assert lights.splitlines()[0] == "Stoplicht,basis,meer"


def test_three_of_one_name_are_told_apart(http: TestClient, done: Any) -> None:
    query = "&".join(f"of={done()}" for _ in range(3))
    page = http.get(f"/scenarios/comparison?{query}").text
    for n in (1, 2, 3):
        assert f"baseline ({n})" in page
    assert http.get(f"/scenarios/comparison/use.xlsx?{query}").status_code == 200


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"seed": "2"}, "Ze hebben een ander startgetal"),
        ({"days": "14"}, "Er tellen andere dagen mee."),
        ({"replications": "5"}, "Ze hebben niet evenveel herhalingen."),
    ],
)
def test_what_cannot_be_compared_says_why(
    http: TestClient, done: Any, typed: dict[str, str], says: str
) -> None:
    told = http.get(f"/scenarios/comparison?of={done()}&of={done(**typed)}")
    assert told.status_code == 409
    assert says in told.text


def test_what_is_not_done_or_alone_is_not_compared(http: TestClient, done: Any) -> None:
    name = done()
    for query in "", f"of={name}", f"of={name}&of={name}", "of=a&of=b&of=c&of=d":
        told = http.get(f"/scenarios/comparison?{query}")
        assert told.status_code == 400
        assert "Kies twee of drie simulaties" in told.text
        for file in "differences.csv", "weeks.svg":
            assert http.get(f"/scenarios/comparison/{file}?{query}").status_code in {400, 404}
    assert http.get(f"/scenarios/comparison?of={name}&of=simulation-0").status_code == 404


def test_what_waits_is_not_compared(http: TestClient) -> None:
    names = [asked(http, form(http)).headers["location"].rpartition("/")[2] for _ in range(2)]
    told = http.get(f"/scenarios/comparison?of={names[0]}&of={names[1]}")
    assert told.status_code == 409
    assert "Een ervan is niet klaar" in told.text


# --- Who, and words -------------------------------------------------------------------------------


def test_planners_read_and_do_not_ask(http: TestClient, done: Any) -> None:
    name = done()
    for path in "/scenarios", f"/scenarios/{name}", f"/scenarios/{name}/scenario.toml":
        told = http.get(path, headers=PLANNER)
        assert told.status_code == 200
        assert "/scenarios/new" not in told.text
    assert http.get("/scenarios/new", headers=PLANNER).status_code == 403
    assert http.post("/scenarios", headers=PLANNER).status_code == 403
    auditor = {"x-test": f"auditor-1 {Role.auditor}"}
    assert http.get(f"/scenarios/{name}", headers=auditor).status_code == 403


def test_an_empty_list_says_so(http: TestClient) -> None:
    assert "Er is nog geen scenario gesimuleerd." in http.get("/scenarios").text
    assert "Er is geen simulatie simulation-0." in http.get("/scenarios/simulation-0").text
    assert "Er is geen plan of simulatie nobody." in http.get("/scenarios/nobody").text


def test_beyond_the_end_of_the_list_it_is_not_said_that_there_are_none(http: TestClient) -> None:
    asked(http, form(http))
    page = http.get("/scenarios?offset=20").text
    assert "Zo ver loopt de lijst niet." in page
    assert "Er is nog geen scenario gesimuleerd." not in page


def test_every_source_of_the_baseline_and_every_rule_has_words() -> None:
    base = parse_scenario(BASELINE)
    assert {one.source for one in base.sourced} <= {*SOURCES}
    assert all(source(NL, one.source).says != one.source for one in base.sourced)
    numeric = {row.id for row in REGISTER.rules.rows if isinstance(row.figure, int)}
    assert {*RULES} == numeric
    assert {measure for measure, _, _ in HEADLINE} <= MEASURES.keys()


def test_every_number_of_the_form_is_one_of_the_scenario() -> None:
    filled = form_of(BASELINE, "a-key-of-none")
    assert all(getattr(filled, one.name) or one.optional for one in NUMBERS)
