"""The gate of Postgres."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.postgres import connection
from slipway.data.progress import teller
from slipway.data.verb import Nothing
from slipway.errors import GateError, SettingsError
from slipway.system.wait import NotYet, Opened, wait

ACCEPTS, REJECTS, SILENT = 0, 1, 2  # pg_isready's exit codes, from its manual page


def gate(ends: Endpoints, args: Nothing, emit: Emit) -> Opened:
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
