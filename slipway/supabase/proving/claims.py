"""The claims of a token that this stack's app has issued, against those that Supabase would issue for the same user."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from slipway.data.endpoints import Emit, Endpoints
from slipway.supabase import source
from slipway.supabase.interface import DIFFERS, SAME, UNKNOWN, Claims, Compared
from slipway.supabase.proving import values
from slipway.supabase.proving.people import person

# Claims that each token has of its own, by their types (supabase/auth, internal/tokens).
OWN: Mapping[str, str] = {"iss": "string", "exp": "number", "iat": "number", "session_id": "string", "amr": "array"}
USER = "SELECT to_jsonb(u) FROM auth.users u WHERE lower(email) = lower(%s) AND NOT is_sso_user"
NOW = ", but as the project's row is now: the old token may be older than that"
ANOTHERS = "the old token is of another user than the login, by its sub: take one of that user's"


def compare(ends: Endpoints, args: Claims, emit: Emit) -> Compared:
    """Compares a token's payload with the user's row in the project, and with an old token where there is one.

    Raises GateError and SettingsError as a proof does.
    """
    with source.snapshot(ends.supabase.db_url) as conn:
        row = conn.execute(USER, (args.email,)).fetchone()
    if row is None:
        return Compared("claims", DIFFERS, "", ("the project has no user of this address",))
    expected, found = person(row[0]).claims, json.loads(args.payload)
    if args.old:
        return beside(json.loads(args.old), found, expected)
    well = f"{len(expected) + len(OWN)} claims by name and type, {len(expected)} of them with the same value"
    return told(tuple(differences(expected, found)), well)


def told(differ: tuple[str, ...], well: str) -> Compared:
    return Compared("claims", DIFFERS if differ else SAME, "" if differ else well, differ)


def differences(expected: Mapping, found: Mapping) -> Iterator[str]:
    """A sentence for each claim that is missing, new, of another type or of another value, which is not shown."""
    for name in sorted(expected.keys() | OWN.keys() | found.keys()):
        if name not in found:
            yield f"{name}: missing"
        elif name not in expected and name not in OWN:
            yield f"{name}: there, but not expected"
        elif name in OWN and values.kind(found[name]) != OWN[name]:
            yield f"{name}: {values.kind(found[name])} instead of {OWN[name]}"
        elif name in expected and not values.same(found[name], expected[name]):
            yield f"{name}: not what the project's row says"


def beside(old: Mapping, found: Mapping, row: Mapping) -> Compared:
    """The new token against an old one, which knows what the row does not: claims that a hook of the project's adds."""
    if old.get("sub") != found.get("sub"):
        return Compared("claims", UNKNOWN, "", (ANOTHERS,))
    alike = len(old.keys() - OWN.keys())
    well = f"{len(old)} claims of the old token by name and type, {alike} of them with the same value"
    return told(tuple(changed(old, found, row)), well)


def changed(old: Mapping, found: Mapping, row: Mapping) -> Iterator[str]:
    """A sentence for each place in which the claims differ. Those that each token has of its own count by their type."""
    for name in sorted(old.keys() | found.keys()):
        one, other = ({name: each[name]} if name in each else {} for each in (old, found))
        if name in OWN and one and other and values.kind(old[name]) == values.kind(found[name]):
            continue
        is_now = one and name in row and name in found and values.same(found[name], row[name])
        yield from (f"{each}{NOW if is_now else ''}" for each in values.differences(one, other, ""))
