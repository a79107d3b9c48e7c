"""Row level security on the stack's own tables: who acts as whom, and sees and changes only what is theirs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

OWNERS = {
    "profiles": "user_id",
    "tasks": "user_id",
    "storage.objects": "owner_id::uuid",  # text, as on Supabase
    "storage_uploads": "owner_id",
    "idempotency_keys": "user_id",
}
ADD = "INSERT INTO storage.objects (bucket_id, name, owner_id) VALUES ('files', %s, %s)"
LOGINS = ("auth.users", "auth.identities")
Denied = psycopg.errors.InsufficientPrivilege


@contextmanager
def acting(stack: Any, role: str | None, claims: dict[str, Any] | None = None) -> Iterator[psycopg.Connection[Any]]:
    """A transaction of the app's that has taken on a role and claims, or neither."""
    with psycopg.connect(stack.database_url) as connection:
        if role:
            connection.execute("SELECT set_config('role', %s, true)", [role])
        if claims is not None:
            connection.execute("SELECT set_config('request.jwt.claims', %s, true)", [json.dumps(claims)])
        yield connection


def as_user(stack: Any, user: UUID) -> Any:
    """A transaction of somebody who has signed in."""
    return acting(stack, "authenticated", {"sub": str(user), "role": "authenticated"})


@pytest.fixture
def people(stack: Any) -> Iterator[tuple[UUID, UUID]]:
    """Two users, each with one row in every table."""
    two = uuid4(), uuid4()
    for user in two:
        with acting(stack, "supabase_auth_admin") as sql:
            sql.execute("INSERT INTO auth.users (id, email) VALUES (%s, %s)", [user, f"{user}@example.org"])
        with as_user(stack, user) as sql:
            sql.execute("INSERT INTO profiles (user_id, display_name) VALUES (%s, 'Someone')", [user])
            sql.execute("INSERT INTO tasks (user_id, title) VALUES (%s, 'Mine')", [user])
            sql.execute(ADD, [str(user), str(user)])
            sql.execute(
                "INSERT INTO storage_uploads (owner_id, key, bucket_id, name) VALUES (%s, %s, 'files', 'x')",
                [user, f"row-security/{user}"],
            )
            sql.execute(
                "INSERT INTO idempotency_keys (user_id, key, request_hash) VALUES (%s, 'k', sha256('x'))", [user]
            )
    yield two
    for user in two:
        with as_user(stack, user) as sql:
            sql.execute("DELETE FROM storage.objects WHERE owner_id = %s", [str(user)])
            sql.execute("DELETE FROM storage_uploads WHERE owner_id = %s", [user])
        with acting(stack, "supabase_auth_admin") as sql:
            sql.execute("DELETE FROM auth.users WHERE id = %s", [user])


def test_the_app_has_a_role_that_row_security_binds_and_that_owns_nothing(stack: Any) -> None:
    with acting(stack, None) as sql:
        bypasses = sql.execute("SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
        owned = sql.execute("SELECT count(*) FROM pg_class WHERE pg_has_role(relowner, 'USAGE')").fetchone()
    assert (bypasses, owned) == ((False,), (0,))


@pytest.mark.parametrize("role", ["service_role", "slipway_owner", "slipway_migrate"])
def test_the_app_cannot_become_who_passes_row_security_by(stack: Any, role: str) -> None:
    with pytest.raises(Denied), acting(stack, role):
        pass


@pytest.mark.parametrize(("table", "owner"), OWNERS.items())
def test_a_user_sees_only_their_rows(stack: Any, people: tuple[UUID, UUID], table: str, owner: str) -> None:
    for user in people:
        with as_user(stack, user) as sql:
            assert sql.execute(f"SELECT {owner} FROM {table}").fetchall() == [(user,)]


@pytest.mark.parametrize(("table", "owner"), OWNERS.items())
def test_claims_one_by_one_say_the_same(stack: Any, people: tuple[UUID, UUID], table: str, owner: str) -> None:
    with acting(stack, "authenticated") as sql:
        sql.execute("SELECT set_config('request.jwt.claim.sub', %s, true)", [str(people[1])])
        assert sql.execute(f"SELECT {owner} FROM {table}").fetchall() == [(people[1],)]


@pytest.mark.parametrize("claims", [None, {}, {"role": "authenticated"}, {"sub": str(UUID(int=0))}])
@pytest.mark.parametrize("table", OWNERS)
def test_without_a_user_of_ours_no_row_is_seen(
    stack: Any, people: tuple[UUID, UUID], table: str, claims: dict[str, str] | None
) -> None:
    with acting(stack, "authenticated", claims) as sql:
        assert sql.execute(f"SELECT * FROM {table}").fetchall() == []


@pytest.mark.parametrize("table", sorted(OWNERS.keys() - {"storage.objects"}))
def test_who_has_not_signed_in_may_not_even_ask(stack: Any, people: tuple[UUID, UUID], table: str) -> None:
    """Also with somebody's claims: anon is granted nothing."""
    with pytest.raises(Denied), acting(stack, "anon", {"sub": str(people[0])}) as sql:
        sql.execute(f"SELECT * FROM {table}")


@pytest.fixture
def open_object(stack: Any, people: tuple[UUID, UUID]) -> Iterator[str]:
    """The name of an object that is in a public bucket, and in the default one too."""
    key = str(people[0])
    with psycopg.connect(stack.migrate_url) as sql:
        sql.execute("INSERT INTO storage.buckets (id, name, public) VALUES (%s, %s, true)", [key, key])
        sql.execute("INSERT INTO storage.objects (bucket_id, name) VALUES (%s, %s)", [key, key])
    yield key
    with psycopg.connect(stack.migrate_url) as sql:
        sql.execute("DELETE FROM storage.objects WHERE bucket_id = %s", [key])
        sql.execute("DELETE FROM storage.buckets WHERE id = %s", [key])


@pytest.mark.parametrize(
    ("operation", "seen"),
    [("", 0), ("storage.object.list", 0), ("storage.object.get_public", 1), ("storage.object.get_signed", 2)],
)
def test_who_has_not_signed_in_sees_an_object_by_a_public_or_signed_address_alone(
    stack: Any, open_object: str, operation: str, seen: int
) -> None:
    with acting(stack, "anon") as sql:
        sql.execute("SELECT set_config('storage.operation', %s, true)", [operation])
        found = sql.execute("SELECT bucket_id FROM storage.objects WHERE name = %s", [open_object]).fetchall()
    assert sorted(bucket for (bucket,) in found) == sorted([open_object, "files"][:seen])


@pytest.mark.parametrize("table", OWNERS)
def test_the_app_by_itself_sees_no_row_whatever_the_claims_say(
    stack: Any, people: tuple[UUID, UUID], table: str
) -> None:
    with acting(stack, None, {"sub": str(people[0])}) as sql:
        assert sql.execute(f"SELECT * FROM {table}").fetchall() == []


def test_role_and_claims_end_with_the_transaction(stack: Any, people: tuple[UUID, UUID]) -> None:
    with as_user(stack, people[0]) as sql:
        sql.commit()
        assert sql.execute("SELECT current_user = session_user, auth.uid() IS NULL").fetchone() == (True, True)
        assert sql.execute("SELECT * FROM tasks").fetchall() == []


@pytest.mark.parametrize("role", [None, "authenticated", "anon"])
@pytest.mark.parametrize("table", LOGINS)
@pytest.mark.parametrize("words", ["SELECT FROM {}", "UPDATE {} SET updated_at = now()", "DELETE FROM {}"])
def test_logins_are_for_one_role(
    stack: Any, people: tuple[UUID, UUID], role: str | None, table: str, words: str
) -> None:
    with pytest.raises(Denied), acting(stack, role, {"sub": str(people[0]), "role": "authenticated"}) as sql:
        sql.execute(words.format(table))


def test_who_keeps_the_logins_sees_no_row_of_theirs(stack: Any, people: tuple[UUID, UUID]) -> None:
    with acting(stack, "supabase_auth_admin") as sql:
        assert sql.execute("SELECT count(*) FROM auth.users WHERE id = ANY(%s)", [list(people)]).fetchone() == (2,)
        with pytest.raises(Denied):
            sql.execute("SELECT * FROM public.tasks")


@pytest.mark.parametrize(("table", "owner"), OWNERS.items())
def test_a_user_changes_no_row_of_another(stack: Any, people: tuple[UUID, UUID], table: str, owner: str) -> None:
    mine, theirs = people
    with as_user(stack, mine) as sql:
        changed = sql.execute(f"UPDATE {table} SET created_at = now() WHERE {owner} = %s", [theirs]).rowcount
        removed = sql.execute(f"DELETE FROM {table} WHERE {owner} = %s", [theirs]).rowcount
    assert (changed, removed) == (0, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO tasks (user_id, title) VALUES (%(theirs)s, 'Forged')",
        "UPDATE tasks SET user_id = %(theirs)s WHERE user_id = %(mine)s",
        "INSERT INTO storage.objects (bucket_id, name, owner_id) VALUES ('files', 'k', %(theirs)s::text)",
        "INSERT INTO storage.objects (bucket_id, name, owner_id) VALUES ('others', 'k', %(mine)s::text)",
        "INSERT INTO storage.buckets (id, name, public) VALUES ('open', 'open', true)",
        "INSERT INTO storage_uploads (owner_id, key, bucket_id, name) VALUES (%(theirs)s, 'k', 'files', 'k')",
        "INSERT INTO idempotency_keys (user_id, key, request_hash) VALUES (%(theirs)s, 'k2', sha256('x'))",
        "ALTER TABLE tasks DISABLE ROW LEVEL SECURITY",
        "TRUNCATE tasks",
    ],
)
def test_a_user_cannot_write_for_another(stack: Any, people: tuple[UUID, UUID], statement: str) -> None:
    mine, theirs = people
    with pytest.raises(Denied), as_user(stack, mine) as sql:
        sql.execute(statement, {"mine": mine, "theirs": theirs})


def test_the_app_by_itself_removes_the_keys_of_yesterday_and_no_other(stack: Any, people: tuple[UUID, UUID]) -> None:
    with as_user(stack, people[0]) as sql:
        sql.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    with acting(stack, None) as sql:
        assert sql.execute("DELETE FROM idempotency_keys").rowcount == 1
    with as_user(stack, people[1]) as sql:
        assert sql.execute("SELECT key FROM idempotency_keys").fetchall() == [("k",)]


def test_metadata_is_an_object_of_bounded_length_and_found_by_what_it_contains(
    stack: Any, people: tuple[UUID, UUID]
) -> None:
    add = "INSERT INTO tasks (user_id, title, metadata) VALUES (%s, 'Tagged', %s)"
    with as_user(stack, people[0]) as sql:
        sql.execute(add, [people[0], '{"tags": ["a", "b"], "n": 1}'])
        found = sql.execute("SELECT title FROM tasks WHERE metadata @> %s", ['{"tags": ["b"]}']).fetchall()
        assert found == [("Tagged",)]
        for refused in ("[]", json.dumps({"long": "x" * 16384})):
            with pytest.raises(psycopg.errors.CheckViolation), sql.transaction():
                sql.execute(add, [people[0], refused])


def test_the_api_does_not_show_another_users_task(
    stack: Any, people: tuple[UUID, UUID], call: Callable[..., Any]
) -> None:
    with as_user(stack, people[0]) as sql:
        key = sql.execute("SELECT id FROM tasks").fetchall()[0][0]
    statuses = [
        call(method, f"/api/v1/tasks/{key}", body).status
        for method, body in (("GET", None), ("PATCH", {"title": "Taken"}), ("DELETE", None))
    ]
    assert statuses == [404, 404, 404]
