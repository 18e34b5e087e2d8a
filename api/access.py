"""Who acts over HTTP: everyone on this machine alike, until there is a login."""

from typing import Annotated

from fastapi import Depends

from api.store.logs import Actor


def actor() -> Actor:
    """Return who asks."""
    return Actor("local", origin="http")


Acting = Annotated[Actor, Depends(actor)]
