"""Postgres's own client programs: which pg_dump fits the server, and how it is told where to connect."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from slipway.data.endpoints import Endpoints, Secret
from slipway.data.postgres import complaints, connection, psql
from slipway.errors import SettingsError

PLACES = ("/usr/lib/postgresql/{}/bin", "/usr/pgsql-{}/bin", "/opt/homebrew/opt/postgresql@{}/bin")


def folder(ends: Endpoints, major: int, *programs: str, wrote: int = 0) -> Path:
    """The directory of programs that can work on a server of this major version: the same one, else a newer one.

    pg_dump refuses servers newer than itself, and pg_restore a dump that a newer pg_dump `wrote`. Raises SettingsError
    that says what is there instead.
    """
    why, major = (f"pg_dump {wrote} wrote the dump", wrote) if wrote > major else (f"the server is {major}", major)
    found = {
        place: version(place / programs[0])
        for place in dict.fromkeys(places(ends, major))
        if all(os.access(place / program, os.X_OK) for program in programs)
    }
    fitting = sorted((number != major, number) for number in found.values() if number >= major)
    if fitting:
        return next(place for place, number in found.items() if number == fitting[0][1])
    there = ", ".join(f"{number} in {place}" for place, number in found.items()) or "none"
    raise SettingsError(
        programs[0],
        f"{there}; {why}",
        f"{' and '.join(programs)} of PostgreSQL {major}",
        f"install postgresql-client-{major}, or set PG_BIN to the directory of its programs",
    )


def places(ends: Endpoints, major: int) -> Iterator[Path]:
    """Where to look: PG_BIN, the distribution's directory of that major, PATH."""
    if ends.pg_bin:
        yield Path(ends.pg_bin)
    yield from (Path(text.format(major)) for text in PLACES)
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent


def version(program: Path) -> int:
    """The major version that a program tells; 0 when it tells none."""
    text = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"\) (\d+)", text)
    return int(match[1]) if match else 0


def environment(url: Secret, where: str, database: str, role: str = "") -> dict[str, str]:
    """The process environment with PG… variables for this database: a URL among the arguments would show its password.

    No timeout of the role's settings may cut a dump short.
    """
    given = nearer(connection.parameters(url, where), os.environ.get("POSTGRES_SOCKET", "")) | {"dbname": database}
    told = {psql.VARIABLES[key]: value for key, value in given.items() if key in psql.VARIABLES}
    options = [
        "-c statement_timeout=0",
        "-c lock_timeout=60s",
        "-c idle_in_transaction_session_timeout=0",
        "-c idle_session_timeout=0",
    ]
    options += [f"-c role={escaped(role)}"] if role else []
    told["PGOPTIONS"] = " ".join(filter(None, (told.get("PGOPTIONS"), *options)))
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")} | told


def nearer(given: dict[str, str], folder: str) -> dict[str, str]:
    """The same server by its socket in `folder`, where it is there: the network of containers costs a quarter more.

    For programs that move rows alone: the server that an image runs while it makes its database answers there, too.
    """
    port = given.get("port", "5432")
    if not folder or given.get("host", "/").startswith("/") or not Path(folder, f".s.PGSQL.{port}").is_socket():
        return given
    return {key: value for key, value in given.items() if key != "hostaddr"} | {"host": folder}


def escaped(value: str) -> str:
    """A value inside PGOPTIONS, where blanks separate and backslashes escape."""
    return re.sub(r"([\\ ])", r"\\\1", value)


def last_words(text: str | bytes, env: Mapping[str, str]) -> str:
    """The error that a program ended with, or else the last line that it said, without the password that it was given."""
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    return complaints.read(said.splitlines(), env).found
