"""What an answer of the API means: its data, or the error by its status, shape and code; never by its sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from slipway.engine.dokploy.api.failures import (
    DokployError,
    KeyExhausted,
    KeyRefused,
    Missing,
    NotDokploy,
    NotPermitted,
    Refused,
    Unanswered,
)
from slipway.system.redact import Masker, hide_userinfo, mask

# The server quotes in its errors what it ran for these, keys and passwords included (rclone, pg_dump).
UNQUOTABLE = ("destination.", "backup.", "volumeBackups.", "vaultProvider.", "registry.", "sshKey.")
SECRET_FIELDS = ("env", "composeFile", "content", "command", "script", "secretAccessKey", "accessKey", "password")
RENEW = "Dokploy's page, Profile, API/CLI Keys: make a key without a rate limit (rateLimitEnabled: false)"
REDIRECTS = (301, 302, 303, 307, 308)
ON_THE_WAY = (502, 503, 504)  # what a proxy says in the place of a server that is gone or restarts


def data(procedure: str, text: str) -> Any:
    """The value in the body of a success; None for an empty one, which some procedures answer. Raises NotDokploy."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise NotDokploy(
            at(procedure),
            f"200 with {describe(text)}",
            "JSON",
            "check that DOKPLOY_URL is the address of Dokploy itself, without a path",
        ) from None


def failure(procedure: str, status: int, text: str, location: str, secrets: Masker, accepted: bool) -> DokployError:
    """The error for any other status. `accepted` says whether the key was good for an earlier request."""
    if status in REDIRECTS:
        return redirected(procedure, status, location)
    body = parsed(text)
    code = body.get("code") if body is not None else None
    # A proxy without its server may say 404, too; a wrong address would have said so at the first request.
    if code is None and (status in ON_THE_WAY or (body is None and accepted and status >= 404)):
        return Unanswered(
            at(procedure), f"{status} from a proxy", "Dokploy behind it", "wait until Dokploy is up, then type it again"
        )
    if body is None:
        return NotDokploy(
            at(procedure), f"{status} with {describe(text)}", "an answer of Dokploy's API", "check DOKPLOY_URL"
        )
    said = quoted(procedure, body, secrets)
    if status == 401 and code is None:
        return key_refused(procedure, accepted)
    if status in (401, 403):
        found = f"{status} {said}".strip()
        return NotPermitted(
            at(procedure), found, "a key whose user may do this", "have an owner give the rights, or use their key"
        )
    if status == 404:
        return Missing(at(procedure), f"404 {said}".strip(), "an object and an endpoint that exist", "./invoke doctor")
    return Refused(at(procedure), f"{status} {said}".strip(), "a request that it carries out", "see Dokploy's log")


def key_refused(procedure: str, accepted: bool) -> DokployError:
    # The layer before the API refuses keys, and gives no code; the API itself gives one with what it refuses.
    if accepted:
        return KeyExhausted(
            at(procedure),
            "401 to a key that was good before: its requests are used up (5 a day by default), or it was deleted",
            "an API key without a rate limit",
            RENEW,
        )
    return KeyRefused(
        at(procedure), "401: the key is wrong, or its requests of the day are used up", "a key that is good", RENEW
    )


def redirected(procedure: str, status: int, location: str) -> NotDokploy:
    target = hide_userinfo(location.partition("?")[0])[:200] or "nowhere"
    return NotDokploy(
        at(procedure),
        f"{status}, a redirect to {target}",
        "an answer: the key is not sent to where a redirect leads",
        "set DOKPLOY_URL to the address that it redirects to, https:// as a rule, without /api",
    )


def parsed(text: str) -> Mapping[str, Any] | None:
    """The object that an error's body is, if it is one with a message, as all of Dokploy's are."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) and isinstance(body.get("message"), str) else None


def quoted(procedure: str, body: Mapping[str, Any], secrets: Masker) -> str:
    """What the server said, short and without secrets; the names of the fields that it found wrong."""
    if procedure.startswith(UNQUOTABLE):
        return "(its text holds keys, and is not shown)"
    detail = body.get("data") if isinstance(body.get("data"), dict) else {}
    zod = detail.get("zodError") if isinstance(detail, dict) else None
    names = zod.get("fieldErrors") if isinstance(zod, dict) else None
    wrong = f" (fields: {', '.join(sorted(map(str, names))[:8])})" if isinstance(names, dict) and names else ""
    return f"{secrets.text(mask(' '.join(body['message'].split())))[:300]}{wrong}"


def secrets_in(key: str, fields: Mapping[str, Any]) -> Masker:
    """Hides the key, and what the fields of a request hold that is nobody's to read: whole, by line and by value."""
    texts = [value for name, value in fields.items() if name in SECRET_FIELDS and isinstance(value, str)]
    lines = [line for text in texts for line in text.splitlines()]
    values = [line.partition("=")[2].strip("'\"` ") for line in lines]
    return Masker([key, *texts, *lines, *values])


def at(procedure: str) -> str:
    return f"Dokploy: {procedure}"


def describe(text: str) -> str:
    """What a body is, without quoting it: somebody else's page may hold anything."""
    kind = "an HTML page" if text.lstrip()[:1] == "<" else "no JSON object"
    return f"{kind} ({len(text)} characters)" if text.strip() else "an empty body"
