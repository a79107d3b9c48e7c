"""A table with a row of each kind, policies on it, and what somebody sees of it by them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.embedded.data.conftest import Stack

ROOT = Path(__file__).parents[2]
USERS = [f"00000000-0000-4000-8000-00000000000{digit}" for digit in "abc"]
ORGS = ["north", "south"]
ROWS = [
    (number, user, org, is_public)
    for number, (user, org, is_public) in enumerate(
        (user, org, is_public) for user in USERS for org in ORGS for is_public in (False, True)
    )
]
NOTES = """
create table notes (id int primary key, user_id uuid references auth.users (id), org text, is_public boolean not null);
alter table notes enable row level security;
grant select, insert, update, delete on notes to anon, authenticated, service_role;
"""


def with_our_files(made: Stack) -> Stack:
    """The same, with the migrations and fixtures of this bundle as its own."""
    for folder in ("migrations", "fixtures"):
        shutil.copytree(ROOT / folder, made.folder / folder, dirs_exist_ok=True)
    return made


def filled(made: Stack) -> Stack:
    """The database with our migrations, three users, and a table with a row of each kind for each of them."""
    with_our_files(made)
    made.run("roles")
    made.run("migrate")
    with made.connect("migrate") as conn:
        conn.execute(NOTES)
        for user in USERS:
            conn.execute("insert into auth.users (id, email) values (%s, %s)", [user, f"{user}@example.org"])
        for row in ROWS:
            conn.execute("insert into notes values (%s, %s, %s, %s)", row)
    return made


@contextmanager
def policies(made: Stack, *written: str) -> Iterator[None]:
    """These alone, while the block runs."""
    with made.connect("migrate") as conn:
        for each in written:
            conn.execute(each)
        try:
            yield
        finally:
            for (name,) in conn.execute("select policyname from pg_policies where tablename = 'notes'").fetchall():
                conn.execute(f'drop policy "{name}" on notes')


def seen(made: Stack, role: str, claims: dict | None) -> set[int]:
    """The rows that the app sees as that role with these claims."""
    with made.connect("app") as conn, conn.transaction():
        conn.execute("select set_config('role', %s, true)", [role])
        if claims is not None:
            conn.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(claims)])
        return {number for (number,) in conn.execute("select id from notes")}


def token(user: str, **more) -> dict:
    """The claims that Supabase's server puts into a token."""
    return {
        "sub": user,
        "aud": "authenticated",
        "role": "authenticated",
        "email": f"{user}@example.org",
        "app_metadata": {"provider": "email"},
        **more,
    }
