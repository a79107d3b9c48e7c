"""Sessions and limits by the Redis user that a stack's app is: what it may not do, they do not need."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from slipway.stack.stores.redis import RIGHTS

sys.path.insert(0, str(Path(__file__).parents[3] / "app"))

from backend.adapters.redis.limits import Kind, Limits
from backend.adapters.redis.sessions import Sessions

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_the_rights_of_a_stacks_app_are_enough(
    client: Any, run: Callable, runner: asyncio.Runner, redis_port: int, prefix: str
) -> None:
    from redis.asyncio import Redis

    run(client.execute_command("ACL", "SETUSER", "shop", "on", ">hush", *RIGHTS.split()))
    run(client.script_flush())
    app = Redis(port=redis_port, username="shop", password="hush")
    with pytest.raises(redis.exceptions.NoPermissionError):
        run(app.keys("*"))
    sessions, user = Sessions(app, b"k" * 32, prefix=prefix), uuid4()
    session, token = run(sessions.open(user, NOW))
    child = run(sessions.rotate(token, NOW))[1]
    assert run(sessions.listed(user, NOW)) == [run(sessions.get(session.id, NOW))]
    assert run(sessions.rotate(child, NOW)) and run(sessions.revoke(session.id))
    assert run(sessions.revoke_all(user)) == 0
    assert run(Limits(app, prefix=f"{prefix}limits").allow(Kind.ACCOUNT, "a@ex.com")) is None
    runner.run(app.aclose())
