"""Row level security holds for the role of the app: a user sees and changes only what is theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

TABLES = {"users": "id", "profiles": "user_id", "tasks": "user_id", "storage_objects": "owner_id"}


@contextmanager
def acting_as(stack: Any, user: UUID | None) -> Iterator[psycopg.Connection[Any]]:
    """A transaction of the app's role for `user`, or for nobody."""
    with psycopg.connect(stack.database_url) as connection:
        if user:
            connection.execute("SELECT set_config('app.user_id', %s, true)", [str(user)])
        yield connection


@pytest.fixture
def people(stack: Any) -> Iterator[tuple[UUID, UUID]]:
    """Two users, each with one row in every table."""
    two = uuid4(), uuid4()
    for user in two:
        with acting_as(stack, user) as sql:
            sql.execute("INSERT INTO users (id, email) VALUES (%s, %s)", [user, f"{user}@example.org"])
            sql.execute("INSERT INTO profiles (user_id, display_name) VALUES (%s, 'Someone')", [user])
            sql.execute("INSERT INTO tasks (user_id, title) VALUES (%s, 'Mine')", [user])
            sql.execute(
                "INSERT INTO storage_objects (owner_id, bucket, key, size, etag) VALUES (%s, 'files', %s, 1, 'e')",
                [user, str(user)],
            )
    yield two
    for user in two:
        with acting_as(stack, user) as sql:
            sql.execute("DELETE FROM storage_objects WHERE owner_id = %s", [user])
            sql.execute("DELETE FROM users WHERE id = %s", [user])


def test_the_app_has_a_role_that_row_security_binds(stack: Any) -> None:
    with acting_as(stack, None) as sql:
        bypasses = sql.execute("SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
        owned = sql.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user").fetchone()
    assert (bypasses, owned) == ((False,), (0,))


@pytest.mark.parametrize(("table", "owner"), TABLES.items())
def test_a_user_sees_only_their_rows(stack: Any, people: tuple[UUID, UUID], table: str, owner: str) -> None:
    for user in people:
        with acting_as(stack, user) as sql:
            assert sql.execute(f"SELECT {owner} FROM {table}").fetchall() == [(user,)]


@pytest.mark.parametrize("table", TABLES)
def test_without_a_user_no_row_is_seen(stack: Any, people: tuple[UUID, UUID], table: str) -> None:
    with acting_as(stack, None) as sql:
        assert sql.execute(f"SELECT * FROM {table}").fetchall() == []


def test_the_user_ends_with_the_transaction(stack: Any, people: tuple[UUID, UUID]) -> None:
    with acting_as(stack, people[0]) as sql:
        sql.commit()
        assert sql.execute("SELECT * FROM tasks").fetchall() == []


@pytest.mark.parametrize(("table", "owner"), TABLES.items())
def test_a_user_changes_no_row_of_another(stack: Any, people: tuple[UUID, UUID], table: str, owner: str) -> None:
    mine, theirs = people
    with acting_as(stack, mine) as sql:
        changed = sql.execute(f"UPDATE {table} SET created_at = now() WHERE {owner} = %s", [theirs]).rowcount
        removed = sql.execute(f"DELETE FROM {table} WHERE {owner} = %s", [theirs]).rowcount
    assert (changed, removed) == (0, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO tasks (user_id, title) VALUES (%(theirs)s, 'Forged')",
        "UPDATE tasks SET user_id = %(theirs)s WHERE user_id = %(mine)s",
        "INSERT INTO storage_objects (owner_id, bucket, key, size, etag) VALUES (%(theirs)s, 'files', 'k', 1, 'e')",
        "ALTER TABLE tasks DISABLE ROW LEVEL SECURITY",
        "TRUNCATE tasks",
    ],
)
def test_a_user_cannot_write_for_another(stack: Any, people: tuple[UUID, UUID], statement: str) -> None:
    mine, theirs = people
    with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_as(stack, mine) as sql:
        sql.execute(statement, {"mine": mine, "theirs": theirs})


def test_the_api_does_not_show_another_users_task(
    stack: Any, people: tuple[UUID, UUID], call: Callable[..., Any]
) -> None:
    with acting_as(stack, people[0]) as sql:
        key = sql.execute("SELECT id FROM tasks").fetchall()[0][0]
    statuses = [
        call(method, f"/api/v1/tasks/{key}", body).status
        for method, body in (("GET", None), ("PATCH", {"title": "Taken"}), ("DELETE", None))
    ]
    assert statuses == [404, 404, 404]
