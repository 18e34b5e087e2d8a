"""What the store does not do."""


class Refusal(Exception):  # noqa: N818
    """Something that was asked is not done, and nothing has changed."""


class UnknownError(Refusal):
    """There is nothing of the id that was asked for, which therefore no log repeats."""
