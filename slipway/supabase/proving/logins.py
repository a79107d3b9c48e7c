"""Every user on both sides: whether the same password logs in, and whether a token would say the same of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from slipway.supabase import source
from slipway.supabase.interface import MOVES
from slipway.supabase.inventory.logins import FORMS, JUDGED
from slipway.supabase.proving.sides import Side

if TYPE_CHECKING:
    import psycopg

# What decides whether somebody logs in, and what an access token says of them (supabase/auth, internal/tokens).
DECIDING = (
    "encrypted_password",
    "role",
    "aud",
    "email",
    "phone",
    "raw_app_meta_data",
    "raw_user_meta_data",
    "is_anonymous",
    "email_confirmed_at",
    "phone_confirmed_at",
    "banned_until",
    "deleted_at",
)
# By id, which no collation orders otherwise. A column that one version of the platform lacks is null.
USERS = """
SELECT id, (SELECT array_agg(md5(to_jsonb(u) ->> name) ORDER BY at) FROM unnest(%s::text[]) WITH ORDINALITY d(name, at))
FROM auth.users u ORDER BY id
"""
PAGE = 2_000
User = tuple[object, list[str | None]]


def compare(project: Side, copy: Side) -> tuple[list[str], list[str], str]:
    """Users that are missing, new or described otherwise; nothing of a password or an address is shown."""
    readable = [source.readable(side.conn, "auth.users") for side in (project, copy)]
    if readable == [None, None]:
        return [], [], "the project has no users"
    if not all(readable):
        return [], ["auth.users: not there or not readable on one of the sides"], ""
    differ = list(differences(users(project.conn), users(copy.conn)))
    forms = dict(copy.conn.execute(FORMS).fetchall())
    able = sum(number for form, number in forms.items() if JUDGED[form][0] == MOVES)
    return differ, [], f"{able:,} of {sum(forms.values()):,} users have a password, and it logs in here as there"


def users(conn: psycopg.Connection) -> Iterator[User]:
    """All of them by id, a page in memory at a time."""
    with conn.transaction(), conn.cursor(name="users") as cursor:
        conn.execute("SET LOCAL timezone = 'UTC'")
        cursor.itersize = PAGE
        yield from cursor.execute(USERS, (list(DECIDING),))


def differences(before: Iterator[User], after: Iterator[User]) -> Iterator[str]:
    """A sentence for each user that is not the same in both, which are in the same order."""
    one, other = next(before, None), next(after, None)
    while one or other:
        if other is None or (one and one[0] < other[0]):
            yield f"user {one[0]}: missing"
            one = next(before, None)
        elif one is None or other[0] < one[0]:
            yield f"user {other[0]}: there, but not expected"
            other = next(after, None)
        else:
            if names := [name for name, a, b in zip(DECIDING, one[1], other[1], strict=True) if a != b]:
                yield f"user {one[0]}: another {', '.join(names)}"
            one, other = next(before, None), next(after, None)
