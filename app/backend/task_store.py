"""Tasks in Postgres.

Each query names the user although row level security does too: on a database where the app has to connect with a role
that bypasses row level security (one role for everything), the queries alone keep users apart.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg import sql

from backend.db import Connection
from backend.paging import Page

Row = dict[str, Any]

COLUMNS = sql.SQL("id, title, description, status, due_at, completed_at, created_at, updated_at")

LIST = sql.SQL("""
    SELECT {columns} FROM tasks
    WHERE user_id = %(user)s
      AND (%(status)s::text IS NULL OR status = %(status)s)
      AND (%(created_at)s::timestamptz IS NULL OR (created_at, id) < (%(created_at)s, %(id)s::uuid))
    ORDER BY created_at DESC, id DESC LIMIT %(rows)s
""").format(columns=COLUMNS)

GET = sql.SQL("SELECT {columns} FROM tasks WHERE user_id = %s AND id = %s").format(columns=COLUMNS)

CREATE = sql.SQL("""
    INSERT INTO tasks (user_id, title, description, status, due_at, completed_at)
    VALUES (%(user)s, %(title)s, %(description)s, %(status)s, %(due_at)s,
            CASE WHEN %(status)s = 'done' THEN now() END)
    RETURNING {columns}
""").format(columns=COLUMNS)

UPDATE = sql.SQL("UPDATE tasks SET {changes} WHERE user_id = %(user)s AND id = %(id)s RETURNING {columns}")

COMPLETED = sql.SQL("completed_at = CASE WHEN %(status)s = 'done' THEN coalesce(completed_at, now()) END")

DELETE = "DELETE FROM tasks WHERE user_id = %s AND id = %s"


async def listed(connection: Connection, user: UUID, page: Page) -> list[Row]:
    """The rows of `page`, and one more when a next page exists."""
    after = page.after
    cursor = await connection.execute(
        LIST,
        {
            "user": user,
            "status": page.status,
            "rows": page.limit + 1,
            "created_at": after and after.created_at,
            "id": after and after.id,
        },
    )
    return await cursor.fetchall()


async def found(connection: Connection, user: UUID, key: UUID) -> Row | None:
    """One task of `user`, or None."""
    return await (await connection.execute(GET, [user, key])).fetchone()


async def created(connection: Connection, user: UUID, columns: Row) -> Row | None:
    """The new task."""
    return await (await connection.execute(CREATE, {"user": user, **columns})).fetchone()


async def updated(connection: Connection, user: UUID, key: UUID, changes: Row) -> Row | None:
    """The changed task, or None when `user` has no such task."""
    parts = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in changes]
    if "status" in changes:
        parts.append(sql.Composed([COMPLETED]))
    query = UPDATE.format(changes=sql.SQL(", ").join(parts), columns=COLUMNS)
    return await (await connection.execute(query, {"user": user, "id": key, **changes})).fetchone()


async def deleted(connection: Connection, user: UUID, key: UUID) -> bool:
    """Whether there was such a task of `user` to delete."""
    return (await connection.execute(DELETE, [user, key])).rowcount == 1
