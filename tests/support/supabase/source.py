"""A Supabase project to leave: a real PostgreSQL server with the platform's schemas, people, a team's tables, and files.

Not a mock: every schema is made by SQL in this folder, and what has no package of Debian's is named at the top of its
file. Columns, constraints, owners and grants are those of a project in mid 2026.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.support import services
from tests.support.supabase import history, objects, passwords

HERE = Path(__file__).parent
LOOPBACK = "127.0.0.1"
PASSWORD = "team:pa/ss'w%rd@1"
Grants = Literal["default", "explicit"]
OPTIONS = (
    "shared_preload_libraries=pg_cron,pg_stat_statements",
    "wal_level=logical",
    "cron.database_name=postgres",
    # Jobs are kept and not run: a job that changes something in the middle of a test helps nobody.
    "cron.launch_active_jobs=off",
    "cron.log_run=off",
    "cron.host=/nowhere",
    "log_statement=none",
    "full_page_writes=off",
    "synchronous_commit=off",
)


class Missing(Exception):
    """This machine has no PostgreSQL that a project can be made with."""


@dataclass(frozen=True)
class Source:
    """`url` connects as postgres, which is no superuser; `admin_url` as supabase_admin, which hosted projects refuse.

    `storage` is what FILE_STORAGE_BACKEND_PATH is for a self-hosted project; `has_attributes` says whether its file
    system keeps the files' types. `programs` are those of the server.
    """

    url: str
    admin_url: str
    storage: Path
    programs: Path
    objects: list[objects.Stored]
    has_attributes: bool

    def connect(self, role: str = "postgres") -> psycopg.Connection:
        """Statement by statement, without a transaction, as one of the project's roles."""
        if role in ("postgres", "authenticator"):
            return psycopg.connect(self.url.replace("//postgres:", f"//{role}:", 1), autocommit=True)
        conn = psycopg.connect(self.admin_url, autocommit=True)
        if role == "supabase_admin":
            return conn
        conn.execute(sql.SQL("set session authorization {}").format(sql.Identifier(role)))
        return conn


def programs() -> Path:
    """The newest of Debian's that has pg_cron. Raises Missing, with what to install."""
    found = {int(path.parent.parent.name): path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")}
    for major in sorted(found, reverse=True):
        if Path(f"/usr/share/postgresql/{major}/extension/pg_cron.control").exists():
            return found[major]
    major = max(found, default=15)
    raise Missing(f"no pg_cron here: apt-get install postgresql-{major} postgresql-{major}-cron")


@contextmanager
def source(
    grants: Grants = "default",
    *,
    rows: int = 1000,
    large: int = 2**20,
    project: bool = True,
    address: str = LOOPBACK,
) -> Iterator[Source]:
    """A project of its own while the block runs, on a port of its own; `url` has the address.

    Without `project` the platform is there alone.
    """
    folder = Path(tempfile.mkdtemp(prefix="slipway-supabase-"))
    try:
        made = services.make_postgres(folder, programs(), f"{LOOPBACK},{address}", "supabase_admin")
        if address != LOOPBACK:
            with (folder / "pgdata" / "pg_hba.conf").open("a") as rules:
                rules.write("host all postgres,authenticator all scram-sha-256\n")
        made.server.signal_to_stop = signal.SIGQUIT  # nobody wants its data afterwards
        made.start(*(word for option in OPTIONS for word in ("-c", option)))
        try:
            services.until(made.ready, "postgres accepts connections")
            given = described(folder, made.port, address, large if project else None)
            install(given, grants)
            if project:
                found_project(given, grants, rows)
            yield given
        finally:
            made.server.stop()
    finally:
        shutil.rmtree(folder)


def described(folder: Path, port: int, address: str, large: int | None) -> Source:
    """Where everything is. The files are laid out; without `large` there are none."""
    storage = folder / "storage"
    storage.mkdir()
    stored = [] if large is None else objects.objects(large)
    kept = objects.lay_out(storage, stored)
    admin = url_of("supabase_admin", services.ADMIN_PASSWORD, LOOPBACK, port)
    return Source(url_of("postgres", PASSWORD, address, port), admin, storage, programs(), stored, kept)


def url_of(role: str, password: str, address: str, port: int) -> str:
    return f"postgresql://{role}:{quote(password, safe='')}@{address}:{port}/postgres"


def install(given: Source, grants: Grants) -> None:
    """Makes the platform."""
    explicit = "on" if grants == "explicit" else "off"
    for name in ("roles", "platform", "auth", "auth_providers", "storage", "event_triggers"):
        run(given, given.admin_url, HERE / f"{name}.sql", password=PASSWORD, explicit=explicit)


def found_project(given: Source, grants: Grants, rows: int) -> None:
    """Makes what the team has: their schema by their migrations, people, objects, and rows."""
    with given.connect() as team, given.connect("supabase_admin") as admin:
        history.migrate(team, admin, grants == "explicit")
    names = {known.email.split("@")[0] for known in passwords.KNOWN}
    run(given, given.admin_url, HERE / "people.sql", **{name: passwords.hash_of(name) for name in names})
    with given.connect("supabase_storage_admin") as server:
        objects.fill(server, given.objects)
    with given.connect() as team:
        is_real = team.execute("select from pg_extension where extname = 'vector'").fetchone()
    run(given, given.url, history.SEED, rows=str(rows), vector="[1,2,0.5]" if is_real else "{1,2,0.5}")


def run(given: Source, url: str, file: Path, **variables: str) -> None:
    """psql, which says file and line of what fails."""
    words = [word for key, value in variables.items() for word in ("-v", f"{key}={value}")]
    ended = subprocess.run(
        [str(given.programs / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", *words, "-f", str(file), url],
        capture_output=True,
        text=True,
        env={**os.environ, "PGOPTIONS": "-c client_min_messages=warning"},
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
