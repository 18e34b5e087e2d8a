"""Figures of this repository, each made by one command and kept in ``docs/benchmarks.md``."""
