"""Why a login, or what needs one, is refused: GoTrue's codes, which Supabase's clients know."""

from __future__ import annotations

from enum import StrEnum

from backend.domain.errors import Refused


class Code(StrEnum):
    """The reason, by the name that GoTrue has for it."""

    ANONYMOUS_PROVIDER_DISABLED = "anonymous_provider_disabled"
    BAD_JWT = "bad_jwt"
    EMAIL_NOT_CONFIRMED = "email_not_confirmed"
    INVALID_CREDENTIALS = "invalid_credentials"
    NO_AUTHORIZATION = "no_authorization"
    NOT_IMPLEMENTED = "not_implemented"
    OVER_REQUEST_RATE_LIMIT = "over_request_rate_limit"
    REFRESH_TOKEN_ALREADY_USED = "refresh_token_already_used"  # noqa: S105 a name
    REFRESH_TOKEN_NOT_FOUND = "refresh_token_not_found"  # noqa: S105 a name
    SAME_PASSWORD = "same_password"  # noqa: S105 a name
    SESSION_EXPIRED = "session_expired"
    SESSION_NOT_FOUND = "session_not_found"
    SIGNUP_DISABLED = "signup_disabled"
    USER_ALREADY_EXISTS = "user_already_exists"
    USER_BANNED = "user_banned"
    USER_NOT_FOUND = "user_not_found"
    VALIDATION_FAILED = "validation_failed"
    WEAK_PASSWORD = "weak_password"  # noqa: S105 a name


class AuthRefused(Refused):
    """A login, a refresh or a token is not accepted; `wait` is in seconds, where trying again later can help."""

    def __init__(self, code: Code, sentence: str, wait: int | None = None) -> None:
        super().__init__(sentence)
        self.code, self.wait = code, wait
