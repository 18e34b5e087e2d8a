"""ETags of content: nobody replaces what is not as they saw it, or makes what is there already."""

import hashlib
import json
from typing import Annotated

from fastapi import Header
from starlette.exceptions import HTTPException

from api.office.writing import Met
from api.store.change import StaleError
from scheduler.world import Part

TAG = r'(W/)?"[!#-~]{0,64}"'
TAGS = rf"^(\*|{TAG}([ \t]*,[ \t]*{TAG}){{0,19}})$"
"""What may be matched (RFC 9110): anything, or one of these; what is no tag of ours is stale."""
LONGEST_TAGS = 1400
ContentMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=TAGS,
        max_length=LONGEST_TAGS,
        description="The ETag of it as it was read, or several, or `*`: whatever it is now.",
        examples=['"0123456789abcdef0123456789abcdef"'],
    ),
]
NoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        pattern=r"^\*$",
        description="`*`: only where there is none yet.",
        examples=["*"],
    ),
]


def named(if_match: str) -> list[str]:
    """Return the tags that are named; a weak one matches nothing."""
    return [one.strip() for one in if_match.split(",")]


def tag_of(shown: Part) -> str:
    """Return the ETag of what is shown: the same for as long as it is."""
    told = json.dumps(shown.model_dump(mode="json", by_alias=True), sort_keys=True)
    return f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'


def met(if_match: str | None, if_none_match: str | None = None) -> Met:
    """Return what must hold of what there is, before it may be changed.

    Raises
    ------
    HTTPException
        428 when nothing is asked.
    """
    if if_match is None and if_none_match is None:
        raise HTTPException(428, "If-Match is asked for: the ETag of what was read")

    def check(name: str, there: Part | None) -> None:
        if if_none_match is not None and there is not None:
            raise StaleError(name)
        if if_match is not None and (
            there is None or (if_match != "*" and tag_of(there) not in named(if_match))
        ):
            raise StaleError(name)

    return check
