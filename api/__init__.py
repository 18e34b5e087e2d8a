"""The doors: command line and HTTP. The only place that composes."""
