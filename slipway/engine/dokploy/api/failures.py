"""What can go wrong between this program and a Dokploy server, told apart by class and never by words."""

from __future__ import annotations

from slipway.errors import EngineError


class DokployError(EngineError):
    """Any failure of the server, of its API key, or of the way to it."""


class Unreachable(DokployError):
    """The request was not sent: no such host, nobody listens, or no trusted certificate. Nothing has changed."""


class Unanswered(DokployError):
    """The request was sent and no whole answer came back: whether it was carried out is not known."""


class NotDokploy(DokployError):
    """Something answered that is not the API: a page, a redirect, or data of another shape."""


class KeyRefused(DokployError):
    """401 to the first request of a key: it is wrong, disabled, or its requests of the day are used up."""


class KeyExhausted(DokployError):
    """401 to a key that was good a moment ago: Dokploy answers so, and not with 429, when its requests are used up."""


class NotPermitted(DokployError):
    """The key is good, and the rights of its user are not enough."""


class Missing(DokployError):
    """The object asked for does not exist, or a version without this endpoint was asked."""


class Refused(DokployError):
    """The server read the request and would not carry it out."""


class Stripped(DokployError):
    """What was written is not what was kept; `fields_lost` names what was lost."""

    def __init__(self, where: str, fields: tuple[str, ...], found: str, expected: str, next: str):
        super().__init__(where, found, expected, next)
        self.fields_lost = fields


class Ambiguous(DokployError):
    """Two objects have the name by which one is sought."""


class TooOld(DokployError):
    """The version of the server lacks what was asked of it."""
