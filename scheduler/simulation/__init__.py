"""Capacity simulation: the same constraints and patterns, run over months, many times."""
