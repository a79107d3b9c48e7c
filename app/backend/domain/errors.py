"""What can go wrong with a request, whatever way it came in."""

from __future__ import annotations


class Refused(Exception):
    """The request cannot be served; the message is one sentence for the caller."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotFound(Refused):
    """There is no such thing, or it is somebody else's: the caller cannot tell which."""


class Conflict(Refused):
    """What is there already is in the way."""


class Invalid(Refused):
    """What was sent has the right form, and still cannot be accepted."""


class BadQuery(Invalid):
    """A parameter of the query cannot be read."""


class Forbidden(Refused):
    """The caller may not do this."""


class Unavailable(Refused):
    """Something that this needs does not answer; `again` says whether trying again soon can help."""

    def __init__(self, sentence: str, again: bool = True) -> None:
        super().__init__(sentence)
        self.again = again


class Away(Unavailable):
    """The database cannot be reached: what was asked may or may not have been carried out."""
