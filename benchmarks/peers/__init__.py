"""Peers: the same worlds, objective and time, given to us and to other solvers."""
