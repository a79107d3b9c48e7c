"""What the tests of migrations ask of a stack."""

from __future__ import annotations

import pytest

from slipway.errors import MigrationError


def failed(stack, **env: str) -> MigrationError:
    with pytest.raises(MigrationError) as caught:
        stack.run("migrate", **env)
    return caught.value


def versions(stack) -> list[int]:
    with stack.connect("admin") as conn:
        return [row[0] for row in conn.execute("select version from slipway.history order by version")]


def table_exists(stack, name: str) -> bool:
    return stack.value(f"select to_regclass('{name}') is not null")
