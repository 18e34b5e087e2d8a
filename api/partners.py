"""Partners by what they are called in a path: organisations, as constraints name their owner."""

import hashlib
import hmac
import re
from collections.abc import Mapping

from api.store.standing import OwnPart, Standing, part_of
from constraints.register import REGISTER
from scheduler.world import World


def id_of(partner: str) -> str:
    """Return what a partner is called in a path: ``DV&O`` is ``dv-o``."""
    return re.sub(r"[^a-z0-9]+", "-", partner.lower()).strip("-")


PARTNERS: Mapping[str, str] = {
    id_of(name): name for name in sorted({one.owner for one in REGISTER.constraints})
}
"""The names of partners by their ids."""


def reference(booking: str, secret: str) -> str:
    """Return what a booking is called where its id would tell which case it is of."""
    return hmac.new(secret.encode(), booking.encode(), hashlib.sha256).hexdigest()[:16]


def told_part(world: World, standing: Standing, partner: str, secret: str) -> OwnPart:
    """Return of a booking what a partner is told, by its reference in the place of its id."""
    part = part_of(world, standing, partner)
    return part.model_copy(update={"id": reference(part.id, secret)})
