"""Tasks in Postgres.

Each query names the user although row level security does too: on a database where the app has to connect with a role
that bypasses row level security (one role for everything), the queries alone keep users apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC
from typing import Any, cast
from uuid import UUID

from psycopg import AsyncConnection, AsyncCursor, sql
from psycopg.types.json import Jsonb

from backend.domain.paging import Slice
from backend.domain.tasks import NewTask, Status, Task, TaskChanges, TaskFilter

COLUMNS = sql.SQL(", ").join(sql.Identifier(each.name) for each in fields(Task))

LIST = "SELECT {columns} FROM tasks WHERE {which} ORDER BY created_at DESC, id DESC LIMIT %(rows)s"
# Only those that are asked for: a condition that may be absent would keep Postgres from the right index.
WHICH = {
    "user": sql.SQL("user_id = %(user)s"),
    "status": sql.SQL("status = %(status)s"),
    "metadata": sql.SQL("metadata @> %(metadata)s"),
    "id": sql.SQL("(created_at, id) < (%(created_at)s, %(id)s)"),
}

GET = sql.SQL("SELECT {columns} FROM tasks WHERE user_id = %s AND id = %s").format(columns=COLUMNS)

CREATE = sql.SQL("""
    INSERT INTO tasks (id, user_id, title, description, status, due_at, metadata, completed_at)
    VALUES (%(id)s, %(user)s, %(title)s, %(description)s, %(status)s, %(due_at)s, %(metadata)s,
            CASE WHEN %(status)s = 'done' THEN now() END)
    ON CONFLICT (id) DO NOTHING
    RETURNING {columns}
""").format(columns=COLUMNS)

UPDATE = sql.SQL("UPDATE tasks SET {changes} WHERE user_id = %(user)s AND id = %(id)s RETURNING {columns}")

COMPLETED = sql.SQL("completed_at = CASE WHEN %(status)s = 'done' THEN coalesce(completed_at, now()) END")

DELETE = sql.SQL("DELETE FROM tasks WHERE user_id = %s AND id = %s")


@dataclass(frozen=True)
class PostgresTasks:
    """The tasks of `user`, in the transaction of `connection`."""

    connection: AsyncConnection[Any]
    user: UUID

    async def list(self, which: TaskFilter, part: Slice) -> Sequence[Task]:
        """The rows of `part`, and one more when a next page exists."""
        wanted: dict[str, Any] = {"user": self.user}
        if which.status is not None:
            wanted |= {"status": which.status}
        if which.metadata is not None:
            wanted |= {"metadata": Jsonb(which.metadata)}
        if part.after is not None:
            wanted |= {"created_at": part.after.created_at, "id": part.after.id}
        conditions = sql.SQL(" AND ").join(WHICH[name] for name in wanted if name in WHICH)
        query = sql.SQL(LIST).format(columns=COLUMNS, which=conditions)
        return await (await self.execute(query, {**wanted, "rows": part.limit + 1})).fetchall()

    async def get(self, key: UUID) -> Task | None:
        """The task, or None."""
        return await (await self.execute(GET, [self.user, key])).fetchone()

    async def create(self, task: NewTask, key: UUID) -> Task:
        """The task with this id, made if there was none."""
        values = {"id": key, "user": self.user, **adapted(asdict(task))}
        made = await (await self.execute(CREATE, values)).fetchone()
        return made or cast("Task", await self.get(key))

    async def update(self, key: UUID, changes: TaskChanges) -> Task | None:
        """The changed task, or None when there is none."""
        given = adapted(changes.given())
        parts = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in given]
        if "status" in given:
            parts.append(sql.Composed([COMPLETED]))
        query = UPDATE.format(changes=sql.SQL(", ").join(parts), columns=COLUMNS)
        return await (await self.execute(query, {"user": self.user, "id": key, **given})).fetchone()

    async def delete(self, key: UUID) -> bool:
        """Whether there was such a task to delete."""
        return (await self.connection.execute(DELETE, [self.user, key])).rowcount == 1

    async def execute(self, query: sql.Composed, values: Any) -> AsyncCursor[Task]:
        """The cursor of `query`, whose rows are tasks."""
        return await self.connection.cursor(row_factory=task_row).execute(query, values)


def task_row(cursor: AsyncCursor[Any]) -> Any:
    """Make tasks of rows with COLUMNS (a row factory of psycopg)."""
    return task_of


def task_of(row: Sequence[Any]) -> Task:
    """The task in `row`, which has COLUMNS."""
    key, title, description, status, due, completed, metadata, created, updated = row
    return Task(key, title, description, Status(status), utc(due), utc(completed), metadata, utc(created), utc(updated))


def adapted(columns: dict[str, Any]) -> dict[str, Any]:
    """`columns` as psycopg takes them."""
    return {name: Jsonb(value) if name == "metadata" else value for name, value in columns.items()}


def utc(moment: Any) -> Any:
    """`moment` in UTC: Postgres gives it in the zone of the session. None stays None."""
    return moment and moment.astimezone(UTC)
