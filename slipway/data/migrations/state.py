"""Files and database together, under the lock: what every verb of the migrations begins with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.migrations import files as migration_files
from slipway.data.migrations import history, session, validate
from slipway.data.migrations.files import Applied, Migration, Problem
from slipway.data.progress import progress
from slipway.errors import MigrationError, SettingsError

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True)
class Situation:
    """The files by number, the history, golang-migrate's row, and a file that a run stopped in."""

    files: tuple[Migration, ...]
    known: dict[int, Applied]
    row: history.Mirror
    stopped: history.Unfinished | None

    def file(self, version: int) -> Migration:
        """The migration of that number. Raises MigrationError when the directory has none."""
        for each in self.files:
            if each.version == version:
                return each
        near = ", ".join(str(each.version) for each in self.files[-5:]) or "none at all"
        raise MigrationError(
            f"migration {version}", "there is no file with this number", f"one of …{near}", "./invoke db.status"
        )

    def before(self, version: int) -> int:
        """The version before it in the directory, as golang-migrate counts; NIL before the first."""
        return max((each.version for each in self.files if each.version < version), default=history.NIL)

    @property
    def newest(self) -> int | None:
        return max(self.known, default=None)


@contextmanager
def open_state(ends: Endpoints, purpose: str, emit: Emit) -> Iterator[tuple[psycopg.Connection, Situation]]:
    """The locked session and the situation. Raises MigrationError for files that cannot be understood."""
    files = readable(ends)
    with session.open_locked_session(ends, purpose, lambda text: progress(emit, text, 0, 0, "")) as conn:
        session.reset(conn, ends)
        history.establish(conn, ends)
        yield conn, look(conn, files)


def readable(ends: Endpoints) -> tuple[Migration, ...]:
    files, problems = migration_files.read(ends.migrations_dir)
    raise_first(problems)
    return files


def look(conn: psycopg.Connection, files: tuple[Migration, ...]) -> Situation:
    return Situation(files, history.read(conn), history.mirror(conn), history.find_unfinished(conn))


def raise_first(problems: Iterable[Problem]) -> None:
    """Raises the first problem as an error; the rest are its log."""
    found = tuple(problems)
    if found:
        error = found[0].error()
        error.log = tuple(str(problem) for problem in found[1:])
        raise error


def refuse_conflicts(conn: psycopg.Connection, seen: Situation, redone: frozenset[int] = frozenset()) -> None:
    """Raises MigrationError when files, history and golang-migrate's row do not fit together.

    The files of `redone` versions may have been edited: they are about to be rolled back.
    """
    other = history.disagreement(conn, seen.known)
    raise_first((*([other] if other else []), *validate.compare(seen.files, seen.known, redone)))
    if not seen.known:
        from slipway.data.migrations.imports import guard

        untaken = guard.find_untaken(conn, seen.files)
        raise_first([untaken] if untaken else [])


def check_number(name: str, value: int | None, least: int) -> None:
    """Raises SettingsError for a number among a verb's arguments that can be none of a migration."""
    if value is not None and not least <= value <= migration_files.LARGEST:
        raise SettingsError(name, str(value), f"a whole number from {least}", "./invoke db.status")
