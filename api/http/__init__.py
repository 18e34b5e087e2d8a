"""The HTTP door: one module for each thing under ``/v1``, and what they share."""
