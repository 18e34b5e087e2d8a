"""Planners at work on a store, until they are killed: ``python -m tests.store.load URL``."""

import random
import sys
from contextlib import suppress
from threading import Thread

from api.office import Office
from api.store.database import open_database
from api.store.life import Failure
from api.store.logs import Actor
from api.store.refusal import Refusal

PLANNERS = 3


def plan(office: Office, seed: int) -> None:
    """Hold, confirm, cancel and release, whatever comes, without end."""
    lots, actor = random.Random(seed), Actor(f"planner-{seed}", "test")
    cases = [one.id for one in office.world().cases]
    while True:
        with suppress(Refusal):
            standing = office.world().bookings
            if standing and lots.random() < 0.2:
                office.release(lots.choice(standing).id, actor)
            offered = office.desk().ask(lots.choice(cases), 3).proposals
            if not offered:
                continue
            held = office.hold(lots.choice(offered).bookings, actor)
            print("at work", flush=True)
            for one in held:
                for partner in one.partners[: lots.randrange(len(one.partners) + 1)]:
                    office.confirm(one.booking.id, partner.partner, actor)
            if lots.random() < 0.5:
                office.cancel(held[0].booking.id, Failure.medical, actor)
            else:
                office.release(held[0].booking.id, actor)


def main(url: str) -> None:
    """Let some planners work at once."""
    office = Office(open_database(url))
    for seed in range(PLANNERS):
        Thread(target=plan, args=(office, seed)).start()


if __name__ == "__main__":
    main(sys.argv[1])
