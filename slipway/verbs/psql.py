"""`psql`: a session on the database, wherever it is."""

from __future__ import annotations

from slipway.environment import enter
from slipway.system.process import become


def run(on: str, reporter) -> None:
    """Opens psql as the owner of the schema, in this terminal."""
    argv, env = enter(on).engine.psql()
    become(argv, env)
