"""One set of real services for the session, and a fresh database with its role split for each test that asks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support import asking, services
from tests.support.waiting import until

NUMBERS = count(1)
MASTER_PASSWORD = "ma:na/ged@p%ss"
PARTS = ("migrate", "app", "readonly", "backup")


@dataclass
class Stack:
    """The services, one database name, and the environment that the data side is given."""

    postgres: services.Postgres
    database: str
    folder: Path
    env: dict[str, str]
    events: list[dict] = field(default_factory=list)

    def run(self, verb: str, args: dict | None = None, **env: str) -> dict:
        return asking.ask(verb, args, {**self.env, **env}, self.events.append)

    def url(self, role: str, password: str, database: str = "") -> str:
        return (
            f"postgresql://{quote(role, safe='')}:{quote(password, safe='')}@127.0.0.1:{self.postgres.port}/"
            f"{quote(database or self.database, safe='')}"
        )

    def role_url(self, part: str) -> str:
        return self.url(f"{self.database}_{part}", password_of(part))

    def connect(self, part: str):
        import psycopg

        url = self.url("postgres", services.ADMIN_PASSWORD) if part == "admin" else self.role_url(part)
        return psycopg.connect(url, autocommit=True)

    def connect_admin(self):
        """As superuser, to a database that always exists."""
        import psycopg

        return psycopg.connect(self.url("postgres", services.ADMIN_PASSWORD, "postgres"), autocommit=True)

    def value(self, query: str, part: str = "admin"):
        with self.connect(part) as conn:
            return conn.execute(query).fetchone()[0]

    def migration(self, name: str, sql: str | bytes) -> None:
        content = sql if isinstance(sql, bytes) else sql.encode()
        (self.folder / "migrations" / name).write_bytes(content)

    def fixture(self, name: str, text: str | bytes) -> None:
        content = text if isinstance(text, bytes) else text.encode()
        (self.folder / "fixtures" / name).write_bytes(content)


def password_of(part: str) -> str:
    return f"{part} 'p@ss/wörd%'"


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="slipway-data-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def postgres(folder: Path) -> Iterator[services.Postgres]:
    made = fresh_postgres(folder / "shared")
    try:
        made.start_and_wait()
        yield made
    finally:
        made.server.stop()


@pytest.fixture
def own_postgres(folder: Path) -> Iterator[services.Postgres]:
    """A cluster of the test's own, not started, to be started and killed as it likes."""
    made = fresh_postgres(folder / f"own{next(NUMBERS)}")
    yield made
    made.server.stop()
    shutil.rmtree(made.folder)


def fresh_postgres(folder: Path) -> services.Postgres:
    folder.mkdir()
    return services.make_postgres(folder)


@pytest.fixture(scope="session")
def redis_port(folder: Path) -> Iterator[int]:
    yield from serve(services.make_redis, folder)


@pytest.fixture(scope="session")
def s3_port(folder: Path) -> Iterator[int]:
    yield from serve(services.make_objects, folder)


def serve(make: Callable[[Path, int], services.Server], folder: Path) -> Iterator[int]:
    port = services.free_port()
    server = make(folder, port)
    server.start()
    try:
        until(lambda: services.listens(port), f"{server.argv[0]} listens")
        yield port
    finally:
        server.stop()


@pytest.fixture
def bare(postgres: services.Postgres, tmp_path: Path) -> Stack:
    """A database name that nothing was made for yet, in the shared server."""
    return stack_on(postgres, tmp_path)


@pytest.fixture
def stack(bare: Stack) -> Stack:
    """A fresh database with its role split."""
    bare.run("roles")
    return bare


def stack_on(postgres: services.Postgres, folder: Path) -> Stack:
    made = Stack(postgres, f"shop{next(NUMBERS)}", folder, {})
    for name in ("migrations", "fixtures", "state"):
        (folder / name).mkdir()
    made.env.update(
        {
            "ADMIN_DATABASE_URL": made.url("postgres", services.ADMIN_PASSWORD, "postgres"),
            "MIGRATE_DATABASE_URL": made.role_url("migrate"),
            "DATABASE_URL": made.role_url("app"),
            "DATABASE_OWNER": f"{made.database}_owner",
            "GATE_TIMEOUT": "20",
            "PG_BIN": str(services.postgres_bin()),
            "MIGRATIONS_DIR": str(folder / "migrations"),
            "FIXTURES_DIR": str(folder / "fixtures"),
            "STATE_DIR": str(folder / "state"),
            "BACKUP_DIR": str(folder / "backups"),
            "STACK": "shop-local",
            "STACK_ENVIRONMENT": "local",
            "ROLE_PASSWORDS": json.dumps({f"{made.database}_{part}": password_of(part) for part in PARTS}),
        }
    )
    return made


@pytest.fixture(scope="session")
def old_server(folder: Path) -> Iterator[services.Postgres]:
    """A real one. Where SLIPWAY_REQUIRE_ENGINE=1 says that nothing may be left out, it is the system's own."""
    programs = services.older_postgres_bin()
    if os.environ.get("SLIPWAY_REQUIRE_ENGINE") == "1" and "site-packages" in programs.parts:
        pytest.fail(
            "no Postgres before 18 is installed. On Debian: sudo apt-get install postgresql-NN, as .ci/run does"
        )
    place = folder / "older"
    place.mkdir()
    made = services.make_postgres(place, programs)
    try:
        made.start_and_wait()
        yield made
    finally:
        made.server.stop()


@pytest.fixture
def older(old_server, tmp_path) -> Stack:
    """A name on it that nothing was made for yet."""
    place = tmp_path / "older"
    place.mkdir()
    return stack_on(old_server, place)


@pytest.fixture
def apart(monkeypatch) -> Iterator[None]:
    """A temporary directory of the test's own: another test may count the servers that are in the machine's."""
    place = Path(tempfile.mkdtemp(prefix="slipway-older-"))
    place.chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield
    shutil.rmtree(place)


def external(made: Stack, *words: str) -> Stack:
    """As a managed server gives it: one role, no superuser, that owns the database."""
    role = f"{made.database}_master"
    with made.connect_admin() as conn:
        conn.execute(f"create role {role} login {' '.join(words)} password '{MASTER_PASSWORD}'")
        # As everybody may on such a server; here a role set-up may have closed it.
        conn.execute(f"grant connect on database postgres to {role}; grant {role} to postgres")
        conn.execute(f"create database {made.database} owner {role}")
    for key in ("ADMIN_DATABASE_URL", "DATABASE_OWNER", "ROLE_PASSWORDS"):
        del made.env[key]
    made.env["MIGRATE_DATABASE_URL"] = made.env["DATABASE_URL"] = made.url(role, MASTER_PASSWORD)
    return made


@pytest.fixture
def object_env(s3_port: int, tmp_path: Path) -> dict[str, str]:
    return {
        "S3_ENDPOINT": f"http://127.0.0.1:{s3_port}",
        "S3_ACCESS_KEY": services.S3_KEY,
        "S3_SECRET_KEY": services.S3_SECRET,
        "S3_BUCKETS": f"files{next(NUMBERS)},avatars{next(NUMBERS)}",
        "S3_PROVIDER": "rclone",
        "STATE_DIR": str(tmp_path),
        "GATE_TIMEOUT": "20",
    }


@pytest.fixture
def redis_env(redis_port: int) -> dict[str, str]:
    return {
        "REDIS_URL": f"redis://:{quote(services.REDIS_PASSWORD, safe='')}@127.0.0.1:{redis_port}/0",
        "GATE_TIMEOUT": "20",
    }


@pytest.fixture
def s3_client(object_env: dict[str, str]):
    from slipway.data import endpoints
    from slipway.data.objects import client as objects

    return objects.client(endpoints.read(object_env))


@pytest.fixture(scope="session")
def keys() -> tuple[str, str]:
    """A public age key and its private one."""
    from pyrage import x25519

    made = x25519.Identity.generate()
    return str(made.to_public()), str(made)


@pytest.fixture
def copies(object_env: dict[str, str], s3_client, tmp_path: Path):
    """An object store, a place for its backups, and an empty bucket elsewhere for copies of them."""
    from tests.support import offsite_copies

    elsewhere = f"elsewhere{next(NUMBERS)}"
    made = offsite_copies.Copies(offsite_copies.environment(object_env, tmp_path, elsewhere), s3_client)
    for bucket in (*object_env["S3_BUCKETS"].split(","), elsewhere):
        s3_client.create_bucket(Bucket=bucket)
    return made


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], Path]]:
    """Makes file systems of so many megabytes; skips where that may not be done."""
    made: list[Path] = []

    def make(megabytes: int) -> Path:
        place = Path(tempfile.mkdtemp(prefix="slipway-disk-"))
        words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(place)]
        if subprocess.run(words, capture_output=True, check=False).returncode:
            place.rmdir()
            pytest.skip("no file systems may be mounted here")
        made.append(place)
        return place

    yield make
    for place in made:
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()
