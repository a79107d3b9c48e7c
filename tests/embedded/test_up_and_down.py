"""`up` on a fresh copy, again, `down`, and up again: what a new user does in the first ten minutes."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from tests.support.clone import free_port
from tests.support.working_copy import is_alive, kill, url_of


def test_a_fresh_copy_is_brought_up_proven_and_its_url_printed_last(fresh):
    output = fresh.up()
    assert fresh.get("/ready").keys() >= set() and url_of(output) == fresh.url
    assert "wrote .env with fresh random secrets (mode 0600)" in output
    assert stat.S_IMODE((fresh.root / ".env").stat().st_mode) == 0o600
    ready = str(fresh.get("/ready"))
    assert all(name in ready for name in ("postgres", "redis", "objects"))
    assert "Bring the stack up" in fresh.titles() and len(fresh.titles()) == 6


def test_a_second_up_does_nothing_and_says_so(running):
    before = running.pids
    output = running.up()
    assert "Nothing to do" in output and url_of(output) == running.url and "✓" not in output
    assert running.pids == before


def test_another_shell_is_no_reason_to_restart_anything(running):
    """Another PATH, home, language and temporary directory, as a cron job or an editor's terminal has."""
    before = running.pids
    output = running.up(PATH="/usr/bin:/bin", HOME="/", LANG="C.UTF-8", TZ="Asia/Tokyo", TMPDIR="/var/tmp")
    assert "Nothing to do" in output and running.pids == before


def test_status_plan_and_logs_change_nothing(running):
    before = running.pids
    status, plan, logs = running.invoke("status"), running.invoke("plan"), running.invoke("logs", "--lines=5")
    assert status.returncode == plan.returncode == logs.returncode == 0
    assert all(name in status.stdout for name in ("postgres", "redis", "objects", "app", running.url))
    assert "Nothing to do" in plan.stdout and "postgres  |" in logs.stdout
    assert running.pids == before


def test_no_secret_is_in_a_process_list_a_log_or_the_output(running):
    from slipway.config import envfile

    secrets = [entry.value for key, entry in envfile.read(running.root / ".env").items() if envfile.secret(key)]
    shown = [" ".join(process.cmdline()) for process in running.processes()]
    shown += [path.read_text(errors="replace") for path in (running.home / "logs").iterdir()]
    shown += [running.invoke("up").stdout, running.invoke("status").stdout, running.invoke("plan", "--json").stdout]
    assert len(secrets) >= 8 and len(shown) > 8
    assert not [secret for secret in secrets for text in shown if secret in text]


def test_what_holds_secrets_is_for_its_owner_alone(running):
    from slipway.config import envfile

    secrets = [entry.value for key, entry in envfile.read(running.root / ".env").items() if envfile.secret(key)]
    holding = []
    for folder, folders, names in os.walk(running.home):
        # A server's own, which it removes while it is read.
        folders[:] = [each for each in folders if each != "data"]
        for path in (Path(folder, name) for name in names):
            text = path.read_text(errors="replace") if path.is_file() else ""
            if any(secret in text for secret in secrets):
                holding.append(path)
    assert holding and not [path for path in holding if stat.S_IMODE(path.stat().st_mode) != 0o600]


def test_down_leaves_no_process_and_up_brings_the_rows_back(running):
    running.write_row("written before down")
    done = running.invoke("down")
    assert done.returncode == 0 and "the data is kept" in done.stdout
    assert running.processes() == []
    assert running.invoke("down").returncode == 0
    running.up()
    assert "written before down" in running.titles()


def test_a_changed_setting_replaces_only_what_it_concerns(running):
    before = running.pids
    running.up(APP_ENV_GREETING="hello")
    after = running.pids
    assert {name for name in before if before[name] != after[name]} == {"app"}


@pytest.mark.parametrize("words", ["up", "status", "db.rollback", "down --volumes --yes"])
def test_data_is_not_touched_in_another_name(running, words: str):
    before = running.pids
    done = running.invoke(*words.split(), PROJECT="other")
    assert done.returncode == 2 and "what is there is that of PROJECT=slipway" in done.stderr, done.stderr
    assert running.pids == before and running.is_well()


def test_deleting_the_data_needs_a_yes(running):
    refused = running.invoke("down", "--volumes")
    assert refused.returncode == 2 and "--yes" in refused.stderr and running.get("/ready")
    assert running.invoke("down", "--volumes", "--yes").returncode == 0
    assert not running.home.exists() and running.processes() == []
    again = running.invoke("down", "--volumes", "--yes")
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("link", [False, True], ids=["beside the checkout", "behind a link"])
def test_an_app_outside_the_checkout_is_known_as_the_stacks_own(fresh, link: bool) -> None:
    outside, port = fresh.root.parent / "my-app", free_port()
    shutil.move(fresh.root / "app", outside)
    if link:
        (fresh.root / "app").symlink_to(outside)
    fresh.env |= {"APP_CONTEXT": "app" if link else "../my-app", "HTTP_PORT": str(port)}
    fresh.up()
    assert "Nothing to do" in fresh.up()
    kill(fresh.pids["supervisor"])
    fresh.up()
    app = fresh.pids["app"]
    kill(fresh.pids["supervisor"])
    assert fresh.invoke("down", "--volumes", "--yes").returncode == 0
    assert not is_alive(app) and fresh.processes() == []
