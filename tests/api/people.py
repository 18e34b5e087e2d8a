"""Whoever asks, by what they may do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fastapi import Request
from starlette.testclient import TestClient

from api.access.person import Person, Role
from api.app import create_app
from api.office import Office


@dataclass(frozen=True)
class One:
    """Takes everyone for the same account."""

    account: Person

    def person(self, request: Request) -> Person:
        """Return who asks."""
        return self.account


@contextmanager
def asking(
    office: Office, *roles: Role, organisation: str | None = None, officer: str | None = None
) -> Iterator[TestClient]:
    """Ask the service of an office as somebody with these roles."""
    person = Person("account-1", frozenset(roles), organisation, officer)
    with TestClient(create_app(office, One(person))) as client:
        yield client
