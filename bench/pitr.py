"""How long a committed row waits until the archive has it, with the default settings, against the promise of 60 s."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

from bench.harness import Result, copy_of_tree, environment, free_port, invoke, take_down, timed
from slipway.config.envfile import fresh_secrets

LIMIT = 60.0  # seconds
WAIT = 150.0  # seconds after which the row is given up
TIMES = 2
PROJECT = "slipway-bench-pitr"


def measure() -> Iterator[Result]:
    """A row is committed right after a segment was archived, when it has the longest to wait."""
    env = environment(
        ENGINE="docker", IMAGES="debian", PROJECT=PROJECT, HTTP_PORT=free_port(), PITR="true", **fresh_secrets()
    )
    with copy_of_tree() as tree:
        try:
            timed(invoke("up"), tree, env)
            waits = [waited(number) for number in range(TIMES)]
        finally:
            take_down(tree, env)
    yield Result("pitr: commit until archived", max(waits), LIMIT, "s", "the limit of 60 s", 1.0)


def waited(number: int) -> float:
    """Seconds from a commit until the server says that its segment is archived."""
    ask(f"CREATE TABLE waits_{number} (n int)")
    archived(ask("SELECT pg_walfile_name(pg_switch_wal())"))
    ask(f"INSERT INTO waits_{number} VALUES (1)")
    begun = time.monotonic()
    archived(ask("SELECT pg_walfile_name(pg_current_wal_lsn())"))
    return time.monotonic() - begun


def archived(wal: str) -> None:
    """Waits for a segment. Raises TimeoutError."""
    query = f"SELECT coalesce(last_archived_wal, '') >= '{wal}' FROM pg_stat_archiver"
    deadline = time.monotonic() + WAIT
    while ask(query) != "t":
        if time.monotonic() > deadline:
            raise TimeoutError(f"{wal} was not archived within {WAIT:g} s")
        time.sleep(0.5)


def ask(query: str) -> str:
    words = [
        "docker",
        "exec",
        f"{PROJECT}-local-postgres-1",
        "psql",
        "-XqAt",
        "-U",
        "postgres",
        "-d",
        "slipway",
        "-c",
        query,
    ]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
