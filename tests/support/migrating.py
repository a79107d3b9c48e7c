"""What the tests of migrations ask of a stack."""

from __future__ import annotations

import pytest

from slipway.errors import MigrationError


def pairs(stack, *numbers: int) -> None:
    """Migrations that each make one table, up and down."""
    for number in numbers:
        stack.migration(f"{number:03}_t.up.sql", f"create table t{number} (id int);")
        stack.migration(f"{number}_t.down.sql", f"drop table t{number};")


def failed(stack, **env: str) -> MigrationError:
    return refused(stack, "migrate", **env)


def refused(stack, verb: str, args: dict | None = None, **env: str) -> MigrationError:
    """The error that a verb ends in."""
    with pytest.raises(MigrationError) as caught:
        stack.run(verb, args, **env)
    return caught.value


def versions(stack) -> list[int]:
    """What the history says; nothing where there is none yet."""
    with stack.connect("admin") as conn:
        if conn.execute("select to_regclass('slipway.history')").fetchone() == (None,):
            return []
        return [row[0] for row in conn.execute("select version from slipway.history order by version")]


def mirror(stack) -> list[tuple[int, bool]]:
    """golang-migrate's rows."""
    with stack.connect("admin") as conn:
        return conn.execute("select version, dirty from public.schema_migrations").fetchall()


def tables(stack) -> list[str]:
    """The tables that migrations made in schema public."""
    with stack.connect("admin") as conn:
        return [
            row[0]
            for row in conn.execute(
                "select tablename from pg_tables where schemaname = 'public' and "
                "tablename <> 'schema_migrations' order by 1"
            )
        ]


def table_exists(stack, name: str) -> bool:
    return stack.value(f"select to_regclass('{name}') is not null")
