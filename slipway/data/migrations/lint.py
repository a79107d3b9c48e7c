"""Lints migrations before a database sees them: squawk's findings, in our words and at their place."""

from __future__ import annotations

import glob
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from slipway.data.endpoints import Emit, Endpoints, need
from slipway.data.migrations import files as migration_files
from slipway.data.migrations import lint_rules, result_types, search_paths
from slipway.data.migrations.foresight import Finding, Lint, Linted
from slipway.data.postgres import connection
from slipway.data.sql import lexer
from slipway.errors import GateError, MigrationError, SettingsError

CONFIG = ".squawk.toml"
BATCH = 500  # files for one squawk: an argument list has an end
CLEAN, FINDINGS = 0, 1  # squawk's exit codes
COPY_DATA = re.compile(rb"^[ \t]*copy\s[^;]*?\sfrom\s+stdin\b[^;]*;[^\n]*\n(.*?)^\\\.\r?$", re.I | re.M | re.S)


@dataclass(frozen=True)
class Source:
    """A file to lint: what messages call it, and its bytes as squawk gets them."""

    label: str
    content: bytes

    @property
    def in_transaction(self) -> bool:
        return "no-transaction" not in lexer.directives(self.content.decode())


def lint(ends: Endpoints, args: Lint, emit: Emit) -> Linted:
    """Lints the files that are named, else what is pending; every upward migration without a database.

    Raises SettingsError where squawk is missing or its configuration is wrong.
    """
    need(ends.migrations_dir, "MIGRATIONS_DIR", "the directory of the migrations")
    waiting, major = ask(ends, args.all)
    sources = [read(ends.migrations_dir, name) for name in (waiting if args.files is None else args.files)]
    config = find_config(ends.migrations_dir)
    found = [
        finding
        for inside in (True, False)
        for finding in check(
            [each for each in sources if each.in_transaction is inside], options(config, major, inside)
        )
    ]
    found += [finding for each in sources for finding in result_types.find(each.label, each.content.decode())]
    found += search_paths.find([(each.label, each.content.decode()) for each in sources])
    order = {each.label: index for index, each in enumerate(sources)}
    found.sort(key=lambda each: (order[each.file], each.line, each.column))
    return Linted(tuple(found), len(sources))


def ask(ends: Endpoints, everything: bool) -> tuple[list[str], int]:
    """The files that the database has not had, or all, and its major version; all and 0 when it cannot be asked."""
    from psycopg import Error

    from slipway.data.migrations import history

    files, problems = migration_files.read(ends.migrations_dir)
    if problems:
        raise problems[0].error()
    try:
        with connection.connect(ends.migrate_url, "MIGRATE_DATABASE_URL", timeout=2, purpose="slipway lint") as conn:
            made = conn.execute("SELECT to_regclass('slipway.history') IS NOT NULL").fetchone()[0]
            if not everything:
                files = migration_files.find_pending(files, history.read(conn) if made else {})
            return names_of(files), conn.info.server_version // 10000
    except (GateError, SettingsError, Error):
        return names_of(files), 0


def names_of(files: Iterable[migration_files.Migration]) -> list[str]:
    """Their upward files: a downward one drops what the upward one made, which is its purpose."""
    return [each.up.label for each in files if each.up]


def read(folder: Path, name: str) -> Source:
    """A file of the directory by name, path or label. Raises MigrationError when it is not there or not text."""
    path = folder / Path(name).name
    label = f"{folder.name}/{path.name}"
    try:
        content = path.read_bytes()
        content.decode()
    except OSError as error:
        raise MigrationError(
            label, f"cannot be read: {error.strerror}", f"a file in {folder.name}/", "./invoke db.status"
        ) from None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise MigrationError(
            f"{label}:{line}",
            f"byte 0x{content[error.start]:02x} is not UTF-8",
            "SQL in UTF-8",
            f"save {label} as UTF-8",
        ) from None
    return Source(label, COPY_DATA.sub(blank_data, content.removeprefix(b"\xef\xbb\xbf")))


def blank_data(match: re.Match[bytes]) -> bytes:
    """COPY's data lines as empty lines, so that squawk does not take them for SQL and lines keep their numbers."""
    return match[0][: match.start(1) - match.start()] + b"\n" * match[1].count(b"\n")


def find_config(folder: Path) -> Path | None:
    """The team's .squawk.toml: beside the migrations directory, or in it (the ops container sees only that)."""
    return next(((place / CONFIG).resolve() for place in (folder.parent, folder) if (place / CONFIG).is_file()), None)


def options(config: Path | None, major: int, in_transaction: bool) -> list[str]:
    """squawk's options: what the team configured wins, our defaults are added. Raises SettingsError for bad TOML."""
    try:
        told = tomllib.loads(config.read_text()) if config else {}
    except (OSError, ValueError) as error:
        raise SettingsError(str(config), str(error), "a .squawk.toml that squawk can read", f"edit {config}") from None
    included = read_set(told, "included_rules")
    excluded = (set(lint_rules.NOT_FOR_US) | read_set(told, "excluded_rules")) - included
    words = ["--reporter", "json", "--no-error-on-unmatched-pattern"]
    words += ["--config", str(config)] if config else []
    words += [f"--exclude={rule}" for rule in sorted(excluded)]
    words += [f"--include={rule}" for rule in sorted(included - set(lint_rules.NOT_FOR_US))]
    words += [f"--pg-version={major}.0"] if major and "pg_version" not in told else []
    return [*words, "--assume-in-transaction" if in_transaction else "--no-assume-in-transaction"]


def read_set(told: dict, key: str) -> set[str]:
    value = told.get(key, [])
    return {str(each) for each in value} if isinstance(value, list) else set()


def check(sources: list[Source], words: list[str]) -> list[Finding]:
    """squawk's findings in files that are run alike. It gets copies, because COPY's data is no SQL."""
    found: list[Finding] = []
    with tempfile.TemporaryDirectory(prefix="slipway-lint-") as folder:
        for start in range(0, len(sources), BATCH):
            batch = {source.label: source for source in sources[start : start + BATCH]}
            for source in batch.values():
                path = Path(folder) / source.label
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(source.content)
            found += [make_finding(each, batch[each["file"]]) for each in run(words, batch, folder)]
    return found


def run(words: list[str], labels: Iterable[str], folder: str) -> list[dict]:
    """squawk's JSON. Raises SettingsError when it is missing or refuses its configuration."""
    beside = Path(sys.executable).with_name("squawk")
    program = str(beside) if beside.exists() else shutil.which("squawk")
    if not program:
        raise SettingsError(
            "squawk",
            "not installed here",
            "squawk-cli, which comes with requirements/ops.lock and requirements/embedded.lock",
            "./invoke doctor",
        )
    # Its paths are patterns.
    done = subprocess.run(
        [program, *words, "--", *map(glob.escape, labels)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        found = json.loads(done.stdout)
    except ValueError:
        found = None
    if done.returncode not in (CLEAN, FINDINGS) or not isinstance(found, list):
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[0]
        raise SettingsError("squawk", said[:300], f"a {CONFIG} that it can read", f"edit {CONFIG}")
    return found


def make_finding(told: dict, source: Source) -> Finding:
    """One finding of squawk's, whose lines count from 0 and whose columns are bytes from 0, as one of ours."""
    words = lint_rules.words(told["rule_name"], told["level"], told["message"], told["help"])
    lines = source.content.split(b"\n")
    line = lines[told["line"]] if told["line"] < len(lines) else b""
    column = len(line[: told["column"]].decode(errors="ignore"))
    return Finding(
        source.label, told["line"] + 1, column + 1, told["rule_name"], words.level, words.message, words.help
    )
