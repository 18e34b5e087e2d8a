"""The scenario of a simulation: a TOML file that checks itself, each part with its source.

Which facts turn, how bookings fail and what there is of everyone comes from here; what a turned
fact forbids comes from the register.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from math import gamma, isclose
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, TypeAdapter, model_validator

from scheduler.draft import Draft, Problem, read_part
from scheduler.world import Leg, Part, Tag

Number = Annotated[int | float, Field(ge=0, le=1_000_000)]
Share = Annotated[int | float, Field(ge=0, le=1)]
Shares = Annotated[dict[Tag, Share], Field(min_length=1)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Of = dict[Tag, Annotated[tuple[Name, ...], Field(min_length=1)]]
"""Profiles by their attributes: each named one has one of the values."""


_STEPS = 4096


class Sourced(Part):
    """A part of a scenario with where its figures are from, or that they are assumed."""

    source: Annotated[str, Field(min_length=10, max_length=600)]


class Time(Part):
    """A time to be drawn, ``days`` on average.

    ``uniform`` lies from nothing to twice the mean; ``weibull`` with a ``shape`` above 1 is the
    likelier to end the longer it lasts (1: ``exponential``).
    """

    law: Literal["fixed", "uniform", "exponential", "weibull"] = "exponential"
    days: Number
    shape: Annotated[int | float, Field(gt=0, le=20)] = 1

    def drawn(self, uniform: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the days at draws in [0, 1), by the inverse of the law."""
        match self.law:
            case "fixed":
                return np.full_like(uniform, self.days)
            case "uniform":
                return 2 * self.days * uniform
            case "exponential":
                return -self.days * np.log1p(-uniform)
            case "weibull":
                scale = self.days / gamma(1 + 1 / self.shape)
                weighed: npt.NDArray[np.float64] = scale * (-np.log1p(-uniform)) ** (1 / self.shape)
                return weighed

    def left(self, uniform: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the days left at draws in [0, 1) when it is looked at somewhere in its course.

        The law of the time left in equilibrium (Cox, Renewal theory, 1962), by the trapezium rule.
        """
        levels = np.linspace(0, 1, _STEPS, endpoint=False)
        days = np.concatenate([[0.0], self.drawn(levels)])
        still = np.concatenate([[1.0], 1 - levels])
        passed = np.cumsum(np.diff(days) * (still[1:] + still[:-1]) / 2)
        if not passed[-1]:
            return np.zeros_like(uniform)
        shares = np.concatenate([[0.0], passed / passed[-1]])
        left: npt.NDArray[np.float64] = np.interp(uniform, shares, days)
        return left


class Span(Sourced):
    """``days`` of results from ``from`` on, after ``warmUp`` days that count for nothing."""

    from_: date = Field(alias="from")
    days: Annotated[int, Field(ge=1, le=3660)]
    warm_up: Annotated[int, Field(ge=0, le=3660)] = 0


class Inflow(Sourced):
    """Cases that come ``perYear`` (365 days) at any time, beside a ``caseload`` there at first."""

    per_year: Number
    caseload: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class Spread(Sourced):
    """How an attribute of the profiles is spread over the cases that enter.

    ``stock`` says how over those that are in the caseload at the start; absent: the same.
    """

    attribute: Tag
    shares: Annotated[dict[Name, Share], Field(min_length=1)]
    stock: Annotated[dict[Name, Share], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name, shares in (("shares", self.shares), ("stock", self.stock)):
            if shares and not isclose(total := sum(shares.values()), 1, abs_tol=1e-6):
                raise ValueError(f"its {name} sum{'s' * (name == 'stock')} to {total:g}, not to 1")
        return self


class Among(Part):
    """Resources: those of a ``role``, ``region`` and ``language`` (or other ability), if named."""

    role: Tag | None = None
    region: Name | None = None
    language: Tag | None = None


class Capacity(Sourced):
    """More or less of something: its number ``times`` so much, rounded up, ``plus`` so many.

    Of ``resources``, of the places of a ``facility`` each night, or of the seats on ``departures``
    of a kind.
    """

    resources: Among | None = None
    facility: Name | None = None
    departures: Literal["scheduled", "charter", "road"] | None = None
    times: Number = 1
    plus: Annotated[int, Field(ge=-10_000, le=10_000)] = 0

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.resources, self.facility, self.departures)) != 1:
            raise ValueError("it names one of resources, facility and departures")
        return self


class Turns(Part):
    """What a process turns, while its answer is not yes.

    A ``fact`` of the register; the ``document`` all travel on, which is then awaited; a ``trigger``
    that happens; the stay in a facility, which ends with ``release``; or the case ``leaves`` the
    caseload and is counted under that name.
    """

    fact: Tag | None = None
    document: Tag | None = None
    trigger: Tag | None = None
    release: Literal[True] | None = None
    leaves: Tag | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(getattr(self, name) is not None for name in Turns.model_fields) != 1:
            raise ValueError(f"it turns one of {', '.join(Turns.model_fields)}")
        return self


class State(Part):
    """A state of a process: its answer, how long it ``stays`` (absent: for good), what then.

    ``becomes`` gives the next states by their shares.
    """

    answer: Literal["yes", "no", "unknown"]
    stays: Time | None = None
    becomes: dict[Tag, Share] = Field(default={})

    @model_validator(mode="after")
    def _goes(self) -> Self:
        if (self.stays is None) != (not self.becomes):
            raise ValueError("it both stays for a time and becomes something, or neither")
        if self.becomes and not isclose(total := sum(self.becomes.values()), 1, abs_tol=1e-6):
            raise ValueError(f"what it becomes sums to {total:g}, not to 1")
        return self


class Process(Sourced):
    """How something turns for profiles ``of`` some attributes: a semi-Markov chain.

    Its clock runs ``always``, or only at ``liberty`` or in ``detention``; otherwise it stands
    still. ``stock`` says how it stands with cases that are in the caseload at the start, of whose
    time in that state a part is over; absent: as with those that enter.
    """

    id: Tag
    turns: Turns
    of: Of = Field(default={})
    during: Literal["always", "liberty", "detention"] = "always"
    begins: Shares
    stock: Shares | None = None
    states: Annotated[dict[Tag, State], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        wrong = []
        if not isclose(total := sum(self.begins.values()), 1, abs_tol=1e-6):
            wrong.append(f"how it begins sums to {total:g}, not to 1")
        stock = self.stock or self.begins
        if not isclose(total := sum(stock.values()), 1, abs_tol=1e-6):
            wrong.append(f"its stock sums to {total:g}, not to 1")
        named = {name for one in self.states.values() for name in one.becomes}
        named |= {*self.begins, *stock}
        wrong += [f"{name} is no state of it" for name in sorted(named - set(self.states))]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


class Failure(Sourced):
    """A ``share`` of the bookings of a leg fails for a reason, some time ``before`` its moment."""

    reason: Tag
    legs: Annotated[tuple[Leg, ...], Field(min_length=1)] = ("placement", "removal")
    of: Of = Field(default={})
    share: Share
    before: Time


class Figure(Sourced):
    """Another figure in the rows of the rule table called ``rule``."""

    rule: Tag
    figure: int


class Buffer(Sourced):
    """``minutes`` more for a role, before and after whatever it attends."""

    role: Tag
    minutes: Annotated[int, Field(ge=0, le=1440)]


class Policy(Sourced):
    """How it is planned: ``daysAhead`` at most, ``leadDays`` at least beside what the law asks.

    A case whose booking failed is planned again ``againAfter`` days later. Planned is at each local
    midnight, or every ``roundMinutes``.
    """

    days_ahead: Annotated[int, Field(ge=1, le=366)]
    lead_days: Annotated[int, Field(ge=0, le=100)] = 0
    again_after: Number = 0
    round_minutes: Annotated[int, Field(ge=5, le=1440)] | None = None


class Scenario(Part):
    """Everything a simulation is told beside its world, profiles and register."""

    schema_version: Literal[1]
    name: Tag
    seed: Annotated[int, Field(ge=0, le=2**63)]
    replications: Annotated[int, Field(ge=1, le=100_000)]
    rules_date: date
    horizon: Span
    inflow: Inflow
    policy: Policy
    spreads: tuple[Spread, ...] = ()
    processes: tuple[Process, ...] = ()
    failures: tuple[Failure, ...] = ()
    capacities: tuple[Capacity, ...] = ()
    figures: tuple[Figure, ...] = ()
    buffers: tuple[Buffer, ...] = ()

    @property
    def sourced(self) -> Iterator[Sourced]:
        """Every part that says where it is from."""
        yield from (self.horizon, self.inflow, self.policy)
        for name in ("spreads", "processes", "failures", "capacities", "figures", "buffers"):
            yield from getattr(self, name)


class ScenarioError(ValueError):
    """A scenario that cannot be simulated; ``problems`` lists everything wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        lines = "\n".join(f"  {one.path}: {one.says}" for one in self.problems)
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' * (count != 1)} in the scenario:\n{lines}")


def read_scenario(path: Path) -> Scenario:
    """Read a scenario from a TOML file.

    Raises
    ------
    ScenarioError
        With every problem found and its path; also when the file cannot be read.
    """
    try:
        return parse_scenario(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError([Problem("$", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise ScenarioError([Problem("$", "cannot be read: is no UTF-8")]) from None


def parse_scenario(text: str) -> Scenario:
    """Read a scenario from TOML.

    Raises
    ------
    ScenarioError
        With every problem found and its path.
    """
    try:
        raw = json.loads(json.dumps(tomllib.loads(text), default=_written))
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise ScenarioError([Problem("$", f"is not TOML: {error}")]) from None
    draft = Draft()
    scenario: Scenario | None = read_part(draft, "$", raw, TypeAdapter(Scenario))
    if scenario is None or draft.problems:
        raise ScenarioError(draft.problems)
    doubled = list(_doubled(scenario))
    if doubled:
        raise ScenarioError(doubled)
    return scenario


def _written(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise ValueError(f"{value} is neither a text, a number nor a date")


def _doubled(scenario: Scenario) -> Iterator[Problem]:
    """Yield what is named twice, and so would share its draws or be told twice."""
    for section, key in (
        ("spreads", "attribute"),
        ("processes", "id"),
        ("failures", "reason"),
        ("figures", "rule"),
        ("buffers", "role"),
    ):
        seen: set[str] = set()
        for n, one in enumerate(getattr(scenario, section)):
            name = getattr(one, key)
            if name in seen:
                yield Problem(f"$.{section}[{n}].{key}", f"{name} is there twice")
            seen.add(name)


def admits(of: Of, attributes: Mapping[str, str]) -> bool:
    """Return whether ``attributes`` are among those that ``of`` names."""
    return all(attributes.get(name) in allowed for name, allowed in of.items())


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario."""
    schema = Scenario.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Regietafel scenario"
    return schema
