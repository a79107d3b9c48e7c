"""What an operator does with migrations, from a new file to the way back, the same wherever the database is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

Invoke = Callable[..., tuple[int, str]]
Value = Callable[[str], str]
UP = "CREATE TABLE labels (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);\n"
INDEX = "-- slipway: no-transaction\nCREATE INDEX CONCURRENTLY labels_name ON labels (name);\n"


def walk(root: Path, invoke: Invoke, value: Value) -> None:
    """Goes through the verbs of `db` in a stack that is up; leaves it as it was. `value` asks the database."""
    folder, before = root / "migrations", int(value("SELECT version FROM schema_migrations"))
    first, second = folder / "901_labels.up.sql", folder / "902_labels_name.up.sql"
    first.write_text(UP)
    (folder / "901_labels.down.sql").write_text("DROP TABLE labels;\n")
    second.write_text(INDEX)
    (folder / "902_labels_name.down.sql").write_text(
        "-- slipway: no-transaction\nDROP INDEX CONCURRENTLY labels_name;\n"
    )
    try:
        assert invoke("db.status", "--exit-code")[0] == 5, "two are pending"
        code, text = invoke("db.migrate", "--dry-run")
        assert code == 0 and "2 would be applied, 1 of them not tried" in text and absent(value, "labels")
        assert (
            "902_labels_name.up.sql  not tried: migrations/902_labels_name.up.sql is run without a transaction" in text
        )
        code, text = invoke("db.rehearse")
        assert code == 0 and "brings back the exact schema" in text and absent(value, "labels")
        assert invoke("db.lint")[0] == 0
        succeed(invoke, "db.migrate", "--to", "901")
        assert not absent(value, "labels") and absent(value, "labels_name") and at(value) == 901
        succeed(invoke, "db.migrate")
        assert not absent(value, "labels_name") and at(value) == 902
        succeed(invoke, "db.status", "--exit-code")
        succeed(invoke, "db.redo")
        succeed(invoke, "db.rollback")
        assert absent(value, "labels_name") and at(value) == 901
        succeed(invoke, "db.schema")
        assert "CREATE TABLE public.labels" in (root / "schema.sql").read_text()
        succeed(invoke, "db.schema", "--check")
        value("CREATE TABLE by_hand (n int)")
        assert "by_hand" in invoke("db.drift")[1]
        value("DROP TABLE by_hand")
        fails_on_the_copy_only(folder, invoke, value)
        takes_over(root, invoke, value)
    finally:
        for path in (*folder.glob("903_*"), root / "schema.sql"):
            path.unlink(missing_ok=True)
        invoke("db.goto", "--version", str(before))
        for path in folder.glob("90[124]_*"):
            path.unlink()
    assert at(value) == before and absent(value, "labels")


def fails_on_the_copy_only(folder: Path, invoke: Invoke, value: Value) -> None:
    """With REHEARSE=true a file that the data do not bear stops `up` before the live database is touched."""
    value("INSERT INTO labels (name) VALUES ('same'), ('same')")
    (folder / "902_labels_name.up.sql").write_text("SELECT 1;\n")
    (folder / "903_unique.up.sql").write_text("CREATE UNIQUE INDEX labels_one ON labels (name);\n")
    code, text = invoke("up", REHEARSE="true")
    assert code == 5 and "migrations/903_unique.up.sql:1:1" in text and "on a copy of the live data" in text, text
    assert at(value) == 901 and absent(value, "labels_one")


def takes_over(root: Path, invoke: Invoke, value: Value) -> None:
    """goose says that it has run 904: its files are written here, and recorded there, and nothing is run."""
    (root / "migrations/902_labels_name.up.sql").write_text(INDEX)
    (root / "migrations/903_unique.up.sql").unlink()
    (root / "theirs").mkdir()
    value("DELETE FROM labels")
    try:
        (root / "theirs/904_shelves.sql").write_text(
            "-- +goose Up\nCREATE TABLE shelves (n int);\n-- +goose Down\nDROP TABLE IF EXISTS shelves;\n"
        )
        value("CREATE TABLE goose_db_version AS SELECT 1 AS id, 904::bigint AS version_id, true AS is_applied")
        value("GRANT SELECT ON goose_db_version TO PUBLIC")
        succeed(invoke, "db.migrate")
        said = invoke("db.import", "goose", "theirs", "--dry-run")[1]
        assert "1 would be recorded" in said and at(value) == 902, said
        succeed(invoke, "db.import", "goose", "theirs")
        assert at(value) == 904 and absent(value, "shelves") and invoke("db.status", "--exit-code")[0] == 0
        assert "0 files written for 1 migrations; 0 recorded" in invoke("db.import", "goose", "theirs")[1]
    finally:
        value("DROP TABLE IF EXISTS goose_db_version")
        shutil.rmtree(root / "theirs")


def succeed(invoke: Invoke, *words: str) -> None:
    code, text = invoke(*words)
    assert code == 0, f"invoke {' '.join(words)} ended with {code}:\n{text}"


def absent(value: Value, name: str) -> bool:
    return value(f"SELECT to_regclass('public.{name}') IS NULL") in ("True", "t")


def at(value: Value) -> int:
    return int(value("SELECT version FROM schema_migrations WHERE NOT dirty"))
