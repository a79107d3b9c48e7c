"""`psql`: a session on the database, wherever it is."""

from __future__ import annotations

import subprocess

from slipway.world import enter


def run(on: str, reporter) -> None:
    """Opens psql as the owner of the schema, in this terminal."""
    argv, env = enter(on).engine.psql()
    subprocess.run(list(argv), env=env, check=False)
