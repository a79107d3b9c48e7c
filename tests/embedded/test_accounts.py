"""Who runs the stack: an ordinary user, root in a directory of its own, and root where namespaces are forbidden."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from slipway.engine.embedded.account import NOBODY
from tests.support.working_copy import WorkingCopy, copy_to

NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
DROP = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")


def works(*argv: str) -> bool:
    try:
        return subprocess.run(argv, check=False, capture_output=True, cwd="/").returncode == 0
    except FileNotFoundError:
        return False


def python_runs(before: tuple[str, ...]) -> bool:
    """Whether this very Python, with its packages, can be run with that before it, and can run itself again."""
    again = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import invoke, psycopg'], check=True)"
    return works(*before, sys.executable, "-c", again)


def server(copy: WorkingCopy) -> psutil.Process:
    return psutil.Process(copy.pids["postgres"])


@pytest.fixture
def inside_namespace() -> Iterator[tuple[str, ...]]:
    """What to put before a command to run it in one user namespace, in which it is an ordinary user."""
    if not works(*NAMESPACE, "true"):
        pytest.skip("nobody may not run this Python, and user namespaces are forbidden")
    with subprocess.Popen([*NAMESPACE, "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdin.write(b"entered\n")
        holder.stdin.flush()
        holder.stdout.readline()
        yield ("nsenter", "--user", f"--target={holder.pid}", "--preserve-credentials", "--")
        holder.stdin.close()


@pytest.fixture
def ordinary_user(request) -> tuple[str, ...]:
    return DROP if python_runs(DROP) else request.getfixturevalue("inside_namespace")


@as_root
def test_an_ordinary_user_runs_postgres_as_that_user(ordinary_user, make_copy):
    copy = make_copy()
    copy.before = ordinary_user
    if ordinary_user == DROP:
        copy.env = {"HOME": str(copy.root)}
        for path in (copy.root.parent, copy.root, *copy.root.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    copy.up()
    # Seen from outside its namespace, the user is who we are.
    assert server(copy).uids().real == (NOBODY if ordinary_user == DROP else os.geteuid())
    assert len(copy.titles()) == 6
    assert "unshare" not in (copy.home / "postgres/spec.json").read_text()
    assert "setpriv" not in (copy.home / "postgres/spec.json").read_text()
    assert "Nothing to do" in copy.up()


@as_root
def test_root_below_a_directory_that_nobody_else_may_enter(make_copy):
    copy = make_copy(mode=0o700)
    if works(*NAMESPACE, "true"):
        copy.up()
        assert len(copy.titles()) == 6
        mapped = Path(f"/proc/{server(copy).pid}/uid_map").read_text().split()
        assert mapped == [str(NOBODY), str(os.geteuid()), "1"]
    else:
        done = copy.invoke("up")
        assert done.returncode == 9 and "others may not enter" in done.stderr


@pytest.fixture
def without_namespaces(tmp_path) -> dict[str, str]:
    """An environment in which unshare fails, as it does in most containers."""
    program = tmp_path / "unshare"
    program.write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n")
    program.chmod(0o755)
    return {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}


@as_root
def test_root_without_namespaces_lets_nobody_do_the_work(make_copy, without_namespaces):
    copy = make_copy()
    copy.env = without_namespaces
    if not works(*DROP, "test", "-x", str(programs())):
        pytest.skip("nobody may not enter the directory with the Postgres programs")
    copy.up()
    assert len(copy.titles()) == 6 and server(copy).uids().real == NOBODY
    assert psutil.Process(copy.pids["redis"]).uids().real == 0
    copy.write_row("kept")
    copy.invoke("down")
    copy.up()
    assert "kept" in copy.titles() and "Nothing to do" in copy.up()
    assert not works(*DROP, "ls", str(copy.home)) and not works(*DROP, "cat", str(copy.home / "redis/auth.conf"))


def programs() -> Path:
    from slipway.engine.embedded import binaries

    return binaries.postgres("18")


@as_root
def test_root_without_namespaces_below_a_closed_directory_says_what_to_do(make_copy, without_namespaces):
    copy = make_copy(mode=0o700)
    copy.env = without_namespaces
    done = copy.invoke("up")
    assert done.returncode == 9 and "others may not enter" in done.stderr and "ordinary user" in done.stderr
    assert copy.processes() == []


def test_a_path_longer_than_a_sockets_may_be_with_blanks_quotes_and_percents(tmp_path):
    copy = copy_to(tmp_path / "Данные 100%s # 'и' \"кавычки\" ; $x" / "and-another-one-below-it-for-good-measure")
    assert len(str(copy.home)) > 108
    try:
        copy.up()
        assert len(copy.titles()) == 6 and "Nothing to do" in copy.up(TMPDIR="/var/tmp")
    finally:
        copy.clean()
