"""A server of our own that stands for a project while the block runs, filled from its dumps."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.data.backups import folder as backups
from slipway.data.endpoints import Emit, Endpoints, Secret
from slipway.data.postgres import cluster, connection
from slipway.data.postgres import programs as postgres_programs
from slipway.data.progress import teller
from slipway.data.restore import drill, people
from slipway.errors import BackupError
from slipway.supabase import platform
from slipway.supabase.dumps import archives, files, lacking, loading, texts
from slipway.supabase.dumps.archives import Archive
from slipway.supabase.dumps.texts import Text

if TYPE_CHECKING:
    import psycopg

PREFIX, WHERE = ".dumps-", "the server of the dumps"
ROLES, MAINTAIN = (Path(__file__).with_name(name) for name in ("roles.sql", "maintain.sql"))
HAS_MAINTAIN = 17  # major version of the first server that knows it


@dataclass(frozen=True)
class Standing:
    """Endpoints that have the server of the dumps for the project, and what is to be said of the dumps."""

    ends: Endpoints
    notes: tuple[str, ...]


@contextmanager
def project(ends: Endpoints, folder: str, emit: Emit) -> Iterator[Standing]:
    """The project as its dumps in `folder` tell it; without a folder, the one that the settings name.

    Raises SettingsError for a directory without dumps, BackupError for a dump that is not whole or does not load.
    """
    if not folder:
        yield Standing(ends, ())
        return
    found = files.look(Path(folder))
    with connection.connect(ends.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway supabase") as conn:
        major = conn.info.server_version // 10000
    programs = postgres_programs.folder(ends, major, "pg_restore", *cluster.PROGRAMS)
    opened = [archives.read(programs, path, major) for path in found.archives]
    read = sorted((texts.read(path) for path in found.texts), key=lambda text: text.rank)
    for text in read:
        archives.refuse_newer(text.path, text.major, major)
    with cluster.running(programs, parent(ends), PREFIX, refusal) as sockets:
        url = Secret(f"host={sockets} user={cluster.ADMIN} dbname=postgres")
        with connection.connect(url, WHERE, purpose="slipway dumps") as conn, connection.told(BackupError, WHERE):
            notes = fill(conn, url, opened, read, emit)
        yield Standing(replace(ends, supabase=replace(ends.supabase, db_url=url)), tuple(notes))


def parent(ends: Endpoints) -> Path:
    """Where the backups are, since only there is room for a database: a container's temporary directory is memory."""
    if ends.backup_dir and drill.reachable(backups.root(ends)):
        return ends.backup_dir
    return Path(tempfile.gettempdir())


def refusal(said: str) -> BackupError:
    return BackupError(WHERE, said, "a server beside the backups", "make room where the backups are: df -h")


def fill(conn: psycopg.Connection, url: Secret, opened: list[Archive], read: list[Text], emit: Emit) -> list[str]:
    """What dumps count on, then the dumps: roles, definitions, archives, rows; what there is to say of them."""

    def load(rank: int) -> Iterator[str]:
        for text in read:
            if text.rank == rank:
                teller(emit)(f"loading {text.path.name}")
                yield from loading.load(url, text, WHERE)

    conn.execute(ROLES.read_text(encoding="utf-8"))
    conn.execute("ALTER DATABASE postgres OWNER TO postgres")  # whose default privileges are the team's
    notes = [*load(texts.ROLE)]
    archived = {table for each in opened for table in each.tables}
    named = {name for each in opened for name in people.named_roles(each.script)}
    named |= {name for text in read for name in text.named}
    notes += people.ensure(conn, named - {cluster.ADMIN}, "")
    conn.execute(f"CREATE SCHEMA {platform.EXTENSIONS} AUTHORIZATION postgres")
    notes += [*lacking.make(conn, read, archived), *load(texts.MAKES_SOME)]
    teller(emit)("restoring archives")
    notes += archives.restore(conn, url, opened)
    with loading.open_identities(conn):
        notes += load(texts.ROWS_ALONE)
    if conn.info.server_version // 10000 >= HAS_MAINTAIN > max(each.major for each in (*opened, *read)):
        conn.execute(MAINTAIN.read_text(encoding="utf-8"))
    return [*notes, *lacking.lost(conn, read)]
