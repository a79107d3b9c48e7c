"""Whom policies are tried as: anonymous callers, the service, and a sample of the project's users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

FIRST = 5
# The first by id, and of those that are special the first too: it is the same sample each time.
SAMPLE = f"""
SELECT to_jsonb(u) FROM auth.users u WHERE u.id IN (
    (SELECT id FROM auth.users ORDER BY id LIMIT {FIRST})
    UNION (SELECT id FROM auth.users WHERE to_jsonb(users) ->> 'is_anonymous' = 'true' ORDER BY id LIMIT 1)
    UNION (SELECT id FROM auth.users WHERE banned_until > now() ORDER BY id LIMIT 1)
    UNION (SELECT id FROM auth.users WHERE raw_app_meta_data ? 'role' ORDER BY id LIMIT 1)
) ORDER BY u.id
"""  # noqa: S608 (a number of this file)
READABLE = "SELECT coalesce(has_table_privilege(to_regclass('auth.users'), 'SELECT'), false)"


@dataclass(frozen=True)
class Person:
    """A role and the claims of a token, and how a sentence calls whoever has them."""

    label: str
    role: str
    claims: Mapping


def sample(conn: psycopg.Connection) -> list[Person]:
    """Nobody, the service, and some users as their access tokens describe them."""
    fixed = [Person(role, role, {"role": role}) for role in ("anon", "service_role")]
    if not conn.execute(READABLE).fetchone()[0]:
        return fixed
    return [*fixed, *(person(row) for (row,) in conn.execute(SAMPLE))]


def person(user: dict) -> Person:
    """What the claims of an access token are (supabase/auth, internal/tokens), as far as policies may ask."""
    role = user.get("role") or "authenticated"
    claims = {
        "sub": user["id"],
        "role": role,
        "aud": user.get("aud") or "authenticated",
        "email": user.get("email") or "",
        "phone": user.get("phone") or "",
        "app_metadata": user.get("raw_app_meta_data") or {},
        "user_metadata": user.get("raw_user_meta_data") or {},
        "aal": "aal1",
        "is_anonymous": bool(user.get("is_anonymous")),
    }
    return Person(f"{role} {user['id']}", role, claims)
