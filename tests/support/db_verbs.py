"""What an operator does with migrations, from a new file to the way back, the same wherever the database is."""

from __future__ import annotations

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
    finally:
        for path in (*folder.glob("90[123]_*"), root / "schema.sql"):
            if not path.name.startswith(("901", "902")):
                path.unlink(missing_ok=True)
        invoke("db.goto", "--version", str(before))
        for path in folder.glob("90[12]_*"):
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


def succeed(invoke: Invoke, *words: str) -> None:
    code, text = invoke(*words)
    assert code == 0, f"invoke {' '.join(words)} ended with {code}:\n{text}"


def absent(value: Value, name: str) -> bool:
    return value(f"SELECT to_regclass('public.{name}') IS NULL") in ("True", "t")


def at(value: Value) -> int:
    return int(value("SELECT version FROM schema_migrations WHERE NOT dirty"))
