"""Whoever is at the keys of this machine: the planner for whom a command asks the service."""

from fastapi import Request

from api.access.person import Person, Role


class AtTheKeys:
    """Takes every request for the planner who gave the command: no other can ask."""

    def person(self, _request: Request) -> Person:
        """Return who gave the command."""
        return Person("local", frozenset({Role.planner}), origin="command-line")
