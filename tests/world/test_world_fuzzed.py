"""Whatever is done to a world file, it is read as a world or refused in words."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from scheduler.loading import WorldError
from tests.world.documents import GONE, against_schema, booked, get, put, read


def paths(values: Any, path: str = "$") -> Iterator[str]:
    """Yield the path of everything in ``values``."""
    inside = values.items() if isinstance(values, dict) else enumerate(values)
    for step, value in inside:
        way = f"{path}.{step}" if isinstance(values, dict) else f"{path}[{step}]"
        yield way
        if isinstance(value, dict | list):
            yield from paths(value, way)


BOOKED = booked()
PATHS = tuple(paths(BOOKED))
WORDS = st.sampled_from(
    [
        *("zk-0001", "zk-0006", "azc-gilze", "schiphol-ams", "ua-01", "dc-rotterdam", "NL", "MA"),
        *("yes", "unknown", "placement", "removal", "placement-day", "hearing", "departure"),
        *("facts", "from", "until", "persons", "weight", "slotMinutes", "as_of", "police"),
        *("2026-11-24", "2026-11-24T09:00:00", "2026-11-24T09:00:00Z", "9999-12-31", "1795392000"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-10-25T02:30:00"),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 200)
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | WORDS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(PATHS),
        VALUES | st.sampled_from(PATHS).map(lambda path: get(BOOKED, path)) | st.just(GONE),
    ),
    min_size=1,
    max_size=3,
)
"""Fields taken out, replaced, or put where another was."""


@settings(max_examples=200)
@given(CHANGES)
def test_a_changed_world_is_a_world_that_the_schema_knows_or_is_refused(
    changes: list[tuple[str, object]],
) -> None:
    values = booked()
    for path, value in changes:
        with suppress(LookupError, TypeError):  # an earlier change took away where it was
            put(values, path, value)
    try:
        world = read(values)
    except WorldError as error:
        event("refused")
        problems = error.problems
    else:
        event("a world")
        problems = ()
        assert against_schema(values) == []
        assert read(json.loads(world.model_dump_json())) == world
    assert all(one.path.startswith("$") and one.says for one in problems)
