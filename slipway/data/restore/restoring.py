"""`restore`: a backup into a new database beside the live one, compared with its manifest, then in its place."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.data.backups import lock
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.postgres import connection, copy, extensions, roles, scratch
from slipway.data.progress import progress
from slipway.data.restore import archive, filling, looking, masking, people, place, proof, swap
from slipway.data.restore.interface import Analyzed, Check, Drop, Dropped, Mask, Restore, Restored
from slipway.data.verb import Nothing
from slipway.errors import BackupError, SettingsError, VerificationError

if TYPE_CHECKING:
    import psycopg

# Entries of a dump that only an administrator of the server can restore.
ADMINISTRATORS = ("COMMENT - EXTENSION ", "ACL pg_catalog ")


def restore(ends: Endpoints, wish: Restore, emit: Emit) -> Restored:
    """Restores the database of a backup; until the last moment the live one is untouched.

    Raises VerificationError for files or a database that is not as the manifest says, BackupError for a backup that
    this server cannot take, LockHeld when another restore runs.
    """
    started = time.monotonic()
    refuse_senseless(wish)
    path = looking.choose_backup(ends, wish)
    with lock.hold_for_reading(path):
        progress(emit, f"reading the files of {path.name}", 0, 0, "")
        found = looking.whole(path)
        with place.server(ends) as conn, connection.told(BackupError, f"restore of {path.name}"):
            done = beside(ends, conn, path, found, wish, emit)
    return replace(done, seconds=round(time.monotonic() - started, 3))


def refuse_senseless(wish: Restore) -> None:
    """Raises SettingsError for a part that would take the place of the whole."""
    if wish.partial and not wish.into:
        raise SettingsError(
            "restore",
            "a part of a database in place of the whole one",
            "--into NAME with --tables and --schema-only",
            "./invoke restore ID --tables a --into NAME",
        )
    if len(wish.into.encode()) > place.LONGEST:
        raise SettingsError(
            "--into", f"a name of {len(wish.into.encode())} bytes", f"at most {place.LONGEST}", "choose a shorter name"
        )


def beside(ends: Endpoints, conn: psycopg.Connection, path: Path, found: dict, wish: Restore, emit: Emit) -> Restored:
    """The new database filled, proven and masked; then swapped, or kept under the name that was asked for."""
    live = scratch.database_of(ends)
    refuse_taken(conn, wish.into)
    notes = place.drop_leftovers(conn, live)
    opened = archive.open_archive(ends, path, found, conn.info.server_version // 10000)
    without = archive.refuse_unfit(opened, conn.info.server_version // 10000, archive.available(conn))
    tables = chosen_tables(found, wish.tables)
    with place.beside(conn, ends, live, found) as made:
        notes += [
            *people.ensure(conn, opened.roles, opened.globals),
            *(f"extension {name}: not on this server, left out" for name in without),
        ]
        with scratch.maker(ends, made.name) as inside:
            forbidden = extensions.unmakeable(inside, ends, set(found["extensions"]) - set(without))
        notes += [f"extension {name}: the restoring role may not make it, left out" for name in forbidden]
        without += forbidden
        entries = archive.selection(opened, without, tables, wish.schema_only)
        notes += fill(ends, conn, opened, made, entries, emit)
        if ends.admin_url and ends.database_owner and found["database"] != live:
            with scratch.maker(ends, made.name) as inside:
                notes += people.stand_in(inside, found["database"], live)
        scope = proof.Scope(
            tuple(".".join(people.quote_name(conn, part) for part in each) for each in tables),
            wish.schema_only,
            tuple(without),
        )
        checks = prove(ends, opened, made, scope, emit)
        notes += [f"mask {wish.mask.name}: {mask_data(ends, made, wish.mask):,} rows changed"] if wish.mask else []
        old = finish(ends, conn, opened, made, live, wish, emit)
    return Restored(
        found["id"],
        made.name if wish.into else live,
        old,
        tuple(checks),
        rows=sum(facts["rows"] for facts in found["tables"].values()),
        notes=(*notes, *made.notes),
        seconds=0,
    )


def refuse_taken(conn: psycopg.Connection, name: str) -> None:
    """Raises SettingsError where a database of its own is asked for by a name that one has."""
    if name and place.exists(conn, name):
        raise SettingsError(
            "--into", f"database {name} is there already", "the name of no database", "choose another name"
        )


def chosen_tables(found: dict, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Schema and name of each table that was asked for, with or without its schema. Raises BackupError for others."""
    known = {name: tuple(people.unquote_name(part) for part in filling.parts(name)) for name in found["tables"]}
    chosen = []
    for name in names:
        meant = tuple(people.unquote_name(part) for part in filling.QUOTED.findall(name))
        fits = [pair for pair in known.values() if meant in (pair, pair[1:])]
        if len(fits) != 1:
            raise BackupError(
                f"table {name}",
                "not in this backup" if not fits else "more than one: " + ", ".join(".".join(pair) for pair in fits),
                "a table of the backup, with its schema where the name is not enough",
                f"one of: {', '.join(sorted(known)[:20])}",
            )
        chosen += fits
    return chosen


def fill(
    ends: Endpoints,
    conn: psycopg.Connection,
    opened: archive.Archive,
    made: place.Made,
    entries: list[int] | None,
    emit: Emit,
) -> list[str]:
    """pg_restore as administrator: every owner and grant. Any other role gives away only what it may."""
    words, notes = (), []
    if not ends.admin_url and (strangers := not_ours(conn, people.owners(opened.script))):
        words, notes = ("--no-owner",), [f"owned by the restoring role, which may not act as: {', '.join(strangers)}"]
    if not ends.admin_url:
        entries = [
            number
            for number, text in opened.entries.items()
            if not text.startswith(ADMINISTRATORS) and (entries is None or number in entries)
        ]
    with scratch.maker(ends, made.name) as watch:
        filling.fill(opened, copy.environment(ends, made.name), entries, words, emit, watch)
    return notes


def not_ours(conn: psycopg.Connection, owners: set[str]) -> list[str]:
    rows = conn.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND NOT pg_has_role(oid, 'MEMBER')", (sorted(owners),)
    ).fetchall()
    return sorted(name for (name,) in rows)


def prove(ends: Endpoints, opened: archive.Archive, made: place.Made, scope: proof.Scope, emit: Emit) -> list[Check]:
    """Raises VerificationError with every check that did not hold."""
    checks = proof.checks(lambda: scratch.maker(ends, made.name), opened, scope, emit)
    if failed := proof.failures(checks):
        raise VerificationError(
            f"restore of {opened.path.name}",
            failed[0],
            "a database as its manifest says; the live one was not touched",
            f"./invoke backups.drill {opened.path.name}",
            tuple(failed[1:]),
        )
    return checks


def mask_data(ends: Endpoints, made: place.Made, mask: Mask) -> int:
    with scratch.maker(ends, made.name) as conn:
        return masking.mask(conn, mask.name, mask.text)


def finish(
    ends: Endpoints,
    conn: psycopg.Connection,
    opened: archive.Archive,
    made: place.Made,
    live: str,
    wish: Restore,
    emit: Emit,
) -> str | None:
    """The new database in the place of the live one, whose new name is returned; or kept as it is, for its owner."""
    then, new = people.quote_name(conn, opened.manifest["database"]), people.quote_name(conn, made.name)
    properties = (
        swap.properties(opened.script, then, new)
        if ends.admin_url
        else [f"GRANT CONNECT, TEMPORARY ON DATABASE {new} TO PUBLIC"]
    )
    progress(emit, f"{made.name} takes the {f'name {wish.into}' if wish.into else f'place of {live}'}", 0, 0, "")
    with place.connect_beside(ends, live) as other:
        if wish.into:
            swap.name(conn, other, made, wish.into, opened.manifest["id"])
            return None
        roles.forget(ends)
        return swap.swap(conn, other, live, made, opened.manifest["id"], properties)


def drop_kept(ends: Endpoints, args: Drop, emit: Emit) -> Dropped:
    """Drops what restores have kept of the live database."""
    live, only = scratch.database_of(ends), args.names
    with place.server(ends) as conn, connection.told(BackupError, f"databases kept of {live}"):
        found = [(name, size) for name, size in swap.list_kept(conn, live) if only is None or name in only]
        for name, _ in found:
            scratch.drop(conn, name)
    return Dropped(tuple(name for name, _ in found), sum(size for _, size in found))


def analyze(ends: Endpoints, args: Nothing, emit: Emit) -> Analyzed:
    """Statistics of the restored database, without which the planner guesses."""
    live = scratch.database_of(ends)
    progress(emit, "gathering the planner's statistics", 0, 0, "")
    with scratch.maker(ends, live) as conn, connection.told(BackupError, f"statistics of {live}"):
        conn.execute("ANALYZE")
    return Analyzed(live)
