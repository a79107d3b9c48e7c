"""The gates of a deploy: each store, and the app, proven by use and not by a health flag."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from slipway.data.endpoints import Emit, Endpoints, need
from slipway.data.gates.interface import AppOpened, ObjectsOpened, Ready
from slipway.data.postgres import connection
from slipway.data.progress import progress
from slipway.data.verb import Nothing
from slipway.errors import GateError, SettingsError
from slipway.system.wait import NotYet, Opened, wait

ACCEPTS, REJECTS, SILENT = 0, 1, 2  # pg_isready's exit codes, from its manual page


def teller(emit: Emit) -> Callable[[str], None]:
    return lambda text: progress(emit, text, 0, 0, "files")


def postgres(ends: Endpoints, args: Nothing, emit: Emit) -> Opened:
    """Waits until Postgres answers a query over TCP and is not in recovery.

    Never by socket: the temporary server of the official image's first start answers there and goes away again.
    Raises GateError at the deadline, or at once when the password, role or database is refused.
    """
    bundled = bool(ends.admin_url)
    where = "ADMIN_DATABASE_URL" if bundled else "MIGRATE_DATABASE_URL"
    url = ends.admin_url if bundled else ends.migrate_url
    address = tcp_address(connection.parameters(url, where), where)
    ready = ready_tool(ends.pg_bin)

    def probe() -> None:
        if ready:
            ask_ready(ready, address)
        query(url, where, bundled)

    return wait(
        "postgres",
        probe,
        ends.gate_timeout,
        tell=teller(emit),
        expected=f"SELECT 1 answered at {address['host']}:{address['port']}",
    )


def tcp_address(given: dict[str, str], where: str) -> dict[str, str]:
    """Host, port, user and database as pg_isready takes them. Raises SettingsError for a socket."""
    host = given.get("hostaddr") or given.get("host", "")
    if not host or host.startswith(("/", "@")):
        raise SettingsError(
            where, f"host {host!r}, a socket" if host else "no host", connection.URL_FORM, f"edit {where} in .env"
        )
    user = given.get("user", "postgres")
    return {"host": host, "port": given.get("port", "5432"), "user": user, "dbname": given.get("dbname", user)}


def ready_tool(folder: str) -> str | None:
    """Where pg_isready is: on PATH, else in the folder that PG_BIN names, else nowhere."""
    beside = Path(folder) / "pg_isready" if folder else None
    return shutil.which("pg_isready") or (str(beside) if beside and os.access(beside, os.X_OK) else None)


def ask_ready(tool: str, address: dict[str, str]) -> None:
    """Raises NotYet unless pg_isready says that the server accepts connections."""
    words = [tool, "-q", "-t", "2"]
    for flag, key in (("-h", "host"), ("-p", "port"), ("-U", "user"), ("-d", "dbname")):
        words += [flag, address[key]]
    code = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode
    if code == REJECTS:
        raise NotYet("starting up or recovering, refuses connections for now")
    if code != ACCEPTS:
        raise NotYet(f"nothing answers at {address['host']}:{address['port']}")


def query(url: connection.Secret, where: str, bundled: bool) -> None:
    """SELECT 1. Raises NotYet when more time may help, GateError when it cannot."""
    import psycopg

    try:
        with connection.open_connection(url, where, timeout=3, purpose="slipway gate") as conn:
            _, recovering = conn.execute("SELECT 1, pg_is_in_recovery()").fetchone()
    except psycopg.OperationalError as error:
        if connection.refuses_for_good(error):
            raise refusal_error(connection.reason(error), where, bundled) from None
        raise NotYet(connection.reason(error)) from None
    if recovering:
        raise NotYet("in recovery: it reads but does not write yet")


def refusal_error(reason: str, where: str, bundled: bool) -> GateError:
    """The error where Postgres is up and does not know these credentials: no time will change that."""
    if not bundled:
        return GateError(
            "postgres gate", reason, f"the user, password and database of {where}", f"edit {where} in .env"
        )
    return GateError(
        "postgres gate",
        reason,
        "the password that its volume was made with: only the first start sets it, a later change of .env does not",
        "put the former POSTGRES_PASSWORD back into .env (or ./invoke down --volumes, which deletes the data)",
    )


def redis(ends: Endpoints, args: Nothing, emit: Emit) -> Opened:
    """Waits until Redis lets us in, writes, reads back and deletes a scratch key.

    Raises GateError at the deadline, or at once when the password is wrong or missing.
    """
    need(ends.redis_url, "REDIS_URL", "redis://user:password@host:6379/0")
    store = redis_client(ends)

    def probe() -> None:
        use_redis(store, f"slipway:gate:{secrets.token_hex(8)}", secrets.token_hex(16))

    with store:
        return wait(
            "redis", probe, ends.gate_timeout, expected="PONG, and a key written, read and deleted", tell=teller(emit)
        )


def redis_client(ends: Endpoints, patience: float = 2):
    """A client that tries once and waits `patience` seconds for an answer: the gate does the retrying."""
    import redis as library
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    try:
        return library.Redis.from_url(
            ends.redis_url.value,
            socket_timeout=patience,
            socket_connect_timeout=2,
            retry=Retry(NoBackoff(), 0),
            client_name="slipway",
        )
    except ValueError:
        raise SettingsError(
            "REDIS_URL", "not a Redis URL", "redis://user:password@host:6379/0", "edit REDIS_URL in .env"
        ) from None


def use_redis(store, key: str, value: str) -> None:
    """PING, SET with expiry, GET, DEL. Raises NotYet when more time may help, GateError when it cannot."""
    from redis import exceptions

    try:
        store.ping()
        store.set(key, value, ex=30)
        found = store.get(key)
        store.delete(key)
    except (exceptions.AuthenticationError, exceptions.NoPermissionError) as error:
        raise GateError(
            "redis gate",
            str(error)[:200],
            "the user and password of REDIS_URL, allowed to read and write",
            "./invoke logs -s redis",
        ) from None
    except exceptions.ReadOnlyError as error:
        raise GateError(
            "redis gate",
            f"{str(error)[:200]} A restore of Redis that was killed leaves it so.",
            "a server that takes writes",
            "./invoke restore BACKUP --only redis",
        ) from None
    except exceptions.RedisError as error:
        raise NotYet(str(error)[:200] or type(error).__name__) from None
    if found != value.encode():
        raise NotYet("read back something else than was written")


def objects(ends: Endpoints, args: Nothing, emit: Emit) -> ObjectsOpened:
    """Waits until the object store takes, returns and deletes a scratch object.

    Before any bucket exists, a signed ListBuckets that answers is enough: the buckets come next.
    Raises GateError at the deadline, or at once when the keys are refused.
    """
    from slipway.data.objects import client as store

    client = store.client(ends, attempts=1)
    bucket = ""

    def probe() -> None:
        nonlocal bucket
        bucket = store.prove(client, ends.s3_buckets)

    expected = f"put, get and delete at {ends.s3_endpoint}"
    opened = wait("objects", probe, ends.gate_timeout, tell=teller(emit), expected=expected)
    return ObjectsOpened(opened.gate, opened.ms, opened.tries, bucket)


def app(ends: Endpoints, args: Ready, emit: Emit) -> AppOpened:
    """Waits until the app answers 200 on its ready path.

    Raises GateError at the deadline with the last answer and each dependency that the app itself calls broken.
    """
    from slipway.data.gates import ready

    base = args.url or ends.app_url
    need(base, "APP_URL", "http://app:8000")
    url = base.rstrip("/") + "/" + (ends.app_ready_path or ends.app_health_path).lstrip("/")
    seconds = ends.gate_timeout if args.seconds is None else args.seconds
    opened = wait("app", lambda: ready.ask(url), seconds, expected=f"200 from {url}", tell=teller(emit))
    return AppOpened(opened.gate, opened.ms, opened.tries, url)
