"""`supabase.prove`: whether the copy has everything that the project has, one check after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.postgres import scratch
from slipway.data.progress import progress
from slipway.errors import VerificationError
from slipway.supabase import references
from slipway.supabase.copying import defaults, role_settings
from slipway.supabase.dumps import standing
from slipway.supabase.interface import DIFFERS, SAME, UNKNOWN, Compared, Prove, Proven
from slipway.supabase.objects.move import LEDGER
from slipway.supabase.proving import (
    alike,
    contents,
    left,
    logins,
    materialized,
    members,
    policies,
    schema,
    sides,
    stored,
    wanted,
)
from slipway.supabase.proving.contents import Judged
from slipway.supabase.proving.left import Stays
from slipway.supabase.proving.sides import Side

Found = tuple[list[str], list[str], str]  # what differs, what could not be compared, and what to say when neither is


def prove(ends: Endpoints, args: Prove, emit: Emit) -> Proven:
    """Compares the project with a database and the store of this stack, all as they are now; nothing is written anywhere.

    Raises SettingsError and GateError where one of them cannot be read, and what `standing.project` does of dumps.
    """
    started = time.monotonic()
    with standing.project(ends, args.dumps, emit) as stands:
        proven = prove_project(stands.ends, args, emit)
    return replace(proven, left=(*stands.notes, *proven.left), seconds=round(time.monotonic() - started, 3))


def prove_project(ends: Endpoints, args: Prove, emit: Emit) -> Proven:
    database = args.database or scratch.database_of(ends)
    with wanted.opened() as objects:
        with sides.project(ends) as project, sides.copy(ends, database) as copy:
            stays = left.look(project.conn)
            besides = (materialized.compare(project, copy, stays), members.compare(project, copy))
            found = in_database(ends, database, project, copy, stays, besides, emit)
            checks = [compared(name, *each) for name, each in found]
            kept = role_settings.look(project.conn, schema.kept_roles(project.conn))
            others = defaults.others(project.conn)
            objects.take(project.conn, ends.state_dir / LEDGER)
            of = f"{project.conn.info.dbname} at {project.conn.info.host}"
        bytes_ = stored.compare(ends, objects, args.tree, emit)
    checks.append(compared("objects", bytes_.differ, bytes_.unknown, bytes_.well))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    told = (
        *stays.told,
        *(text for each in besides for text in each.told),
        *others,
        *role_settings.staying(kept),
        *alike.TOLD,
        *bytes_.absent,
    )
    return Proven(database, of, now, tuple(checks), told, 0.0)


def in_database(
    ends: Endpoints, database: str, project: Side, copy: Side, stays: Stays, besides: tuple[Judged, ...], emit: Emit
) -> Iterator[tuple[str, Found]]:
    """Every check of the two databases, by its name."""
    progress(emit, "comparing definitions", 0, 0, "")
    differ = schema.compare(ends, database, project, copy, stays)
    yield "definitions", (differ, [], "schemas, tables, code, policies, grants and roles are the same")
    differ, unread, well = contents.rows(
        project, copy, stays, lambda done, all: progress(emit, "reading rows", done, all, "tables")
    )
    differ += [text for each in besides for text in each.differ]
    yield "rows", (differ, [*unread, *(text for each in besides for text in each.unread)], well)
    yield "sequences", contents.sequences(project, copy, stays)
    yield "large objects", contents.large_objects(project, copy)
    yield "logins", logins.compare(project, copy)
    progress(emit, "trying policies", 0, 0, "")
    yield "policies", policies.compare(project, copy, stays)


def compared(name: str, differ: list[str], unknown: list[str], well: str) -> Compared:
    """What came of one check. One that could not be made whole is never the same."""
    state = DIFFERS if differ else UNKNOWN if unknown else SAME
    return Compared(
        name, state, well if state == SAME else "", tuple(references.masked(each) for each in (*differ, *unknown))
    )


def refuse_losses(proven: Proven) -> None:
    """Raises VerificationError, with every difference by its name, unless each check was made and found nothing."""
    lost = [f"{check.name}: {each}" for check in proven.checks if check.state != SAME for each in check.differences]
    if lost:
        raise VerificationError(
            f"database {proven.database}",
            f"{len(lost)} differences from the project: {lost[0]}" if len(lost) > 1 else lost[0],
            "everything that the project has, as it has it",
            "./invoke supabase.prove --write names all of them; ./invoke supabase.copy copies anew",
            tuple(lost[1:]),
        )
