"""The shell around us is about other programs: whatever it has set, the verbs do what the stack's settings say."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.support.hostile import HOSTILE
from tests.support.tree import ROOT
from tests.support.working_copy import WorkingCopy

SMOKE = ROOT / "tests/smoke/postman_collection.json"
FILE = "901_seen.up.sql"


@pytest.fixture
def hostile(running) -> WorkingCopy:
    """The running copy, whose commands come from a shell that has all of this set and a umask of 077."""
    running.env.update(HOSTILE)
    before = os.umask(0o077)
    yield running
    os.umask(before)
    for name in HOSTILE:
        del running.env[name]


def migrate(copy: WorkingCopy) -> None:
    folder = copy.root / "migrations"
    (folder / FILE).write_text("CREATE TABLE seen AS SELECT 'ёлка'::text AS word, now() AS at;")
    (folder / FILE.replace("up", "down")).write_text("DROP TABLE seen;")
    try:
        assert copy.invoke("db.migrate").returncode == 0
        assert copy.psql("SELECT schemaname || word FROM pg_tables, seen WHERE tablename = 'seen'") == "publicёлка"
        assert copy.invoke("db.status", "--exit-code").returncode == 0
        assert copy.invoke("db.rollback").returncode == 0
    finally:
        for path in folder.glob("901_*"):
            path.unlink()


def back_up(copy: WorkingCopy) -> None:
    copy.write_row("before the backup")
    assert copy.invoke("backup").returncode == 0
    done = copy.invoke("restore", "latest", "--yes")
    assert done.returncode == 0 and "before the backup" in copy.titles(), done.stdout + done.stderr


def succeed(*words: str) -> Callable[[WorkingCopy], None]:
    def run(copy: WorkingCopy) -> None:
        done = copy.invoke(*words)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


@pytest.mark.parametrize(
    "verb",
    [
        pytest.param(succeed("up"), id="up with nothing to do"),
        pytest.param(migrate, id="db.migrate"),
        pytest.param(succeed("deploy"), id="deploy"),
        pytest.param(succeed("smoke", "--collection", str(SMOKE)), id="smoke"),
        pytest.param(succeed("status"), id="status"),
        pytest.param(succeed("db.drift"), id="db.drift"),
        pytest.param(succeed("db.rehearse"), id="db.rehearse"),
        pytest.param(back_up, id="backup and restore"),
    ],
)
def test_a_verb_does_what_the_settings_say(hostile, verb: Callable[[WorkingCopy], None]) -> None:
    verb(hostile)


def test_a_first_up_and_a_down_do_what_the_settings_say(fresh) -> None:
    fresh.env.update(HOSTILE)
    fresh.up()
    assert fresh.get("/ready")["ready"] and fresh.psql("SHOW timezone") in ("Etc/UTC", "UTC")
    succeed("down", "--volumes", "--yes")(fresh)
