"""What stands between the files and the history, one sentence and one way out each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from slipway.data.migrations.files import Applied, Migration, Problem


def compare(
    files: Iterable[Migration], history: Mapping[int, Applied], may_differ: frozenset[int] = frozenset()
) -> tuple[Problem, ...]:
    """Edited, missing and out-of-order files, in that order; edits of the versions `may_differ` are nobody's harm."""
    known = {each.version: each for each in files}
    newest, last_file = max(history, default=-1), max(known, default=-1)
    edited = [
        edited_file(known[v], row)
        for v, row in sorted(history.items())
        if v in known and v not in may_differ and known[v].sha256 != row.sha256
    ]
    missing = [
        newer_database(row, last_file) if v > last_file else missing_file(row)
        for v, row in sorted(history.items())
        if v not in known
    ]
    late = [late_file(each, newest) for v, each in sorted(known.items()) if v not in history and v < newest]
    return tuple(edited + missing + late)


def edited_file(file: Migration, row: Applied) -> Problem:
    return Problem(
        file.label,
        f"was edited after it was applied (sha256 {file.sha256[:12]}, the database has {row.sha256[:12]})",
        "applied files stay as they were; a change is a new file",
        f"git log -p {file.label}, put it back, and write the change as a new migration",
    )


def down_edited(file: Migration, row: Applied) -> str:
    """A remark and no problem: what is never run again may not change, but a way back may be mended until it is gone."""
    if not (file.down and row.down_sha256) or file.down.sha256 == row.down_sha256:
        return ""
    return f"its down file was edited after it was applied (sha256 {file.down.sha256[:12]}, was {row.down_sha256[:12]})"


def missing_file(row: Applied) -> Problem:
    return Problem(
        f"migration {row.version}",
        f"the database has {row.version}_{row.name}, the directory does not",
        "every applied migration in the directory",
        f"git log -- '*{row.version}_{row.name}*', and put it back",
    )


def newer_database(row: Applied, last: int) -> Problem:
    """An older release meets a newer database, as after going back to an older image."""
    came = f" (it came with release {row.release})" if row.release else ""
    files = f"the files here end at {last}" if last >= 0 else "there are no files here"
    return Problem(
        f"migration {row.version}",
        f"the database is newer than this release: the database has "
        f"{row.version}_{row.name}{came}, the directory does not, {files}",
        "a release at least as new as its database",
        "git pull and deploy again" + (f", or with the newer release: ./invoke db.goto {last}" if last >= 0 else ""),
    )


def late_file(file: Migration, newest: int) -> Problem:
    return Problem(
        file.label,
        f"comes before {newest}, which is already applied; golang-migrate would never run it",
        f"a number above {newest}",
        f"rename {file.label}",
    )
