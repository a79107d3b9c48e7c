"""A server of our own for a throwaway database, where the role may not make one on the live server."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.data import client_tools, pg
from slipway.data.endpoints import Endpoints, Secret
from slipway.errors import MigrationError, SettingsError

if TYPE_CHECKING:
    import psycopg

NOBODY = 65534          # Postgres refuses to run as root
PATIENCE = 30
ADMIN = "slipway_rehearsal"
PROGRAMS = ("postgres", "initdb", "pg_isready", "pg_ctl")
PREFIX = "slipway-server-"


def programs(ends: Endpoints, major: int) -> Path | None:
    """Where the server's own programs are, or nowhere."""
    try:
        return client_tools.folder(ends, major, *PROGRAMS)
    except SettingsError:
        return None


@contextmanager
def running(ends: Endpoints, folder: Path, live: psycopg.Connection) -> Iterator[Endpoints]:
    """Endpoints of a fresh server with the live one's roles, on a socket that only this user reaches; then it is gone.

    Nothing in it has to outlast a crash, so it waits for no disk. Raises MigrationError when it does not start.
    """
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    end_orphans(folder, user)
    with tempfile.TemporaryDirectory(prefix=PREFIX) as place:
        (Path(place) / "owner").write_text(str(os.getpid()))
        if user:
            os.chown(place, NOBODY, NOBODY)
        data = str(Path(place) / "data")
        run([str(folder / "initdb"), "-D", data, "-A", "trust", "-U", ADMIN, "-E", "UTF8", "--locale=C.UTF-8",
             "--no-sync"], user)
        with (Path(place) / "log").open("wb") as log:
            child = subprocess.Popen(
                [str(folder / "postgres"), "-D", data, "-k", place, "-c", "listen_addresses=", "-c", "fsync=off",
                 "-c", "full_page_writes=off", "-c", "unix_socket_permissions=0700"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0, **user)
        try:
            wait(folder, place, child)
            beside = at(ends, place)
            copy_roles(live, beside)
            yield beside
        finally:
            child.send_signal(signal.SIGQUIT)
            child.wait()


def end_orphans(folder: Path, user: dict) -> None:
    """Stops and removes the servers of runs that were killed: those whose owner is no process any more."""
    for place in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            os.kill(int((place / "owner").read_text()), 0)
        except ProcessLookupError:
            subprocess.run([str(folder / "pg_ctl"), "stop", "-D", str(place / "data"), "-m", "immediate"],
                           stdin=subprocess.DEVNULL, capture_output=True, check=False, **user)
            shutil.rmtree(place, ignore_errors=True)
        except (OSError, ValueError):
            continue        # another user's, or one that begins or ends at this moment


def run(words: list[str], user: dict) -> None:
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False, **user)
    if done.returncode:
        raise refusal(client_tools.last_words(done.stderr, {}))


def refusal(said: str) -> MigrationError:
    return MigrationError("throwaway server of the rehearsal", said, "a server in a temporary directory",
                          "make room in the temporary directory, or let the role make databases: ALTER ROLE … CREATEDB")


def wait(folder: Path, place: str, child: subprocess.Popen) -> None:
    """Until it answers. Raises MigrationError with the end of its log."""
    deadline = time.monotonic() + PATIENCE
    while subprocess.run([str(folder / "pg_isready"), "-q", "-h", place], check=False).returncode:
        if child.poll() is not None or time.monotonic() > deadline:
            raise refusal(client_tools.last_words((Path(place) / "log").read_bytes(), {}))
        time.sleep(0.05)


def at(ends: Endpoints, place: str) -> Endpoints:
    """The same endpoints on that server: its superuser as administrator, the migrating role under its own name."""
    from psycopg.conninfo import make_conninfo
    given = pg.parameters(ends.migrate_url, "MIGRATE_DATABASE_URL")
    names = {key: given[key] for key in ("user", "dbname") if key in given}
    return dataclasses.replace(ends, admin_url=Secret(make_conninfo(host=place, user=ADMIN, dbname="postgres")),
                               migrate_url=Secret(make_conninfo(host=place, **names)))


def copy_roles(live: psycopg.Connection, beside: Endpoints) -> None:
    """The live server's roles by name, with what they are members of; grants and policies name them."""
    from psycopg import sql
    roles = live.execute("SELECT rolname, rolcanlogin, rolbypassrls, rolinherit FROM pg_roles WHERE rolname !~ '^pg_'"
                         ).fetchall()
    members = live.execute("SELECT pg_get_userbyid(roleid), pg_get_userbyid(member) FROM pg_auth_members "
                           "WHERE pg_get_userbyid(member) !~ '^pg_'").fetchall()
    with pg.connect(beside.admin_url, "throwaway server", purpose="slipway throwaway") as conn:
        for name, *attributes in roles:
            words = [word if on else f"NO{word}" for word, on in zip(("LOGIN", "BYPASSRLS", "INHERIT"), attributes,
                                                                     strict=True)]
            conn.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(name), sql.SQL(" ".join(words))))
        there = {row[0] for row in conn.execute("SELECT rolname FROM pg_roles")}
        for group, member in members:
            if group in there:
                conn.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(member)))
