"""With one role and exponential times the simulation meets the closed form of M/M/c."""

from math import factorial

import numpy as np

from scheduler.simulation.replication import replicate
from tests.simulation.made import FIRST, MADE_UP, model, setting

MEAN = 240
"""Minutes of a service on average."""
PARTS = 60


def exponential(mean: float, parts: int) -> list[int]:
    """Return equally likely lengths: the mean of each part of the exponential law, to 5 minutes."""
    edges = -np.log1p(-np.arange(parts) / parts)
    tails = (1 + edges) * np.exp(-edges)
    means = parts * (tails - np.append(tails[1:], 0)) * mean
    return [max(round(one / 5) * 5, 25) for one in means]


def erlang_c(servers: int, load: float) -> float:
    """Return the chance of a wait in M/M/c (Erlang 1917)."""
    busy = load**servers / factorial(servers) * servers / (servers - load)
    return busy / (sum(load**n / factorial(n) for n in range(servers)) + busy)


def test_mean_wait_and_queue_are_those_of_erlang_c() -> None:
    servers, days = 3, 60
    lengths = exponential(MEAN, PARTS)
    mean = sum(lengths) / len(lengths)
    load = 2.25
    per_day = load * 1440 / mean
    made = model(
        setting(lengths, servers, days),
        horizon={"from": FIRST, "days": days - 7, "warmUp": 7, "source": MADE_UP},
        inflow={"perYear": per_day * 365, "source": MADE_UP},
        policy={"daysAhead": 20, "roundMinutes": 5, "source": MADE_UP},
    )
    waits, queues = [], []
    for number in range(24):
        found = replicate(made, number).waits
        counted = found[found[:, 2] >= 0][:, 3] * 1440
        waits.append(counted.mean())
        queues.append(counted.sum() / ((days - 7) * 1440))
    # Pollaczek and Khinchine's factor: lengths in parts vary a little less than the law.
    varied = (1 + np.var(lengths) / mean**2) / 2
    expected = erlang_c(servers, load) * mean / (servers - load) * varied
    for name, found_, closed in (
        ("wait", waits, expected),
        ("queue", queues, expected * per_day / 1440),
    ):
        half = 2.069 * np.std(found_, ddof=1) / len(found_) ** 0.5
        print(f"{name}: {np.mean(found_):.2f} ± {half:.2f}, closed form {closed:.2f}")
        assert abs(np.mean(found_) - closed) <= half
