"""The claims of a token that this stack's app has issued, against those that Supabase would issue for the same user."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from slipway.data.endpoints import Emit, Endpoints
from slipway.supabase import source
from slipway.supabase.interface import DIFFERS, SAME, Claims, Compared
from slipway.supabase.proving.people import person

# Claims that each token has of its own, by their types (supabase/auth, internal/tokens).
OWN: Mapping[str, type] = {"iss": str, "exp": int, "iat": int, "session_id": str, "amr": list}
USER = "SELECT to_jsonb(u) FROM auth.users u WHERE lower(email) = lower(%s) AND NOT is_sso_user"


def compare(ends: Endpoints, args: Claims, emit: Emit) -> Compared:
    """Compares a token's payload with the user's row in the project. Raises GateError and SettingsError as a proof does."""
    with source.snapshot(ends.supabase.db_url) as conn:
        row = conn.execute(USER, (args.email,)).fetchone()
    if row is None:
        return Compared("claims", DIFFERS, "", ("the project has no user of this address",))
    expected = person(row[0]).claims
    differ = tuple(differences(expected, json.loads(args.payload)))
    well = f"{len(expected) + len(OWN)} claims by name and type, {len(expected)} of them with the same value"
    return Compared("claims", DIFFERS if differ else SAME, "" if differ else well, differ)


def differences(expected: Mapping, found: Mapping) -> Iterator[str]:
    """A sentence for each claim that is missing, new, of another type or of another value, which is not shown."""
    for name in sorted(expected.keys() | OWN.keys() | found.keys()):
        if name not in found:
            yield f"{name}: missing"
        elif name not in expected and name not in OWN:
            yield f"{name}: there, but not expected"
        elif name in OWN and not isinstance(found[name], OWN[name]):
            yield f"{name}: {type(found[name]).__name__} instead of {OWN[name].__name__}"
        elif name in expected and found[name] != expected[name]:
            yield f"{name}: not what the project's row says"
