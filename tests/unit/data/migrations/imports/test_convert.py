"""Directories of other tools as files of ours: every byte, every number, and every refusal with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.data.migrations.imports import convert, tools
from slipway.errors import MigrationError, SettingsError

Files = dict[str, str]
NO_TRANSACTION = "-- slipway: no-transaction\n"


def lay(folder: Path, files: Files) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def converted(tool: str, folder: Path) -> Files:
    ours = convert.convert(tool, tools.find(tool).read(folder, "theirs").migrations)
    return {name: content.decode() for each in ours for name, content in each.files.items()}


GOOSE = {
    "the annotations are taken out, and nothing else": (
        {"00001_init.sql": "-- a note\n-- +goose Up\ncreate table a (id int);\r\n\n-- +goose Down\ndrop table a;"},
        {
            "00001_init.up.sql": "-- a note\ncreate table a (id int);\r\n\n",
            "00001_init.down.sql": "drop table a;",
        },
    ),
    "a block of one statement gets the semicolon that its end stood for": (
        {
            "20240101120000_fn.sql": "-- +goose up\n-- +goose StatementBegin\ncreate function f() returns int as $$ "
            "select 1; $$ language sql -- end;\n-- +goose StatementEnd\n-- +goose StatementBegin\nselect 1;\n"
            "-- +goose StatementEnd\n"
        },
        {
            "20240101120000_fn.up.sql": "create function f() returns int as $$ select 1; $$ language sql -- end;\n;\n"
            "select 1;\n"
        },
    ),
    "a file without a transaction says so in both ways": (
        {
            "1_i.sql": "-- +goose NO TRANSACTION\n-- +goose Up\ncreate index concurrently i on a (id);\n"
            "-- +goose Down\ndrop index concurrently i;\n"
        },
        {
            "1_i.up.sql": NO_TRANSACTION + "create index concurrently i on a (id);\n",
            "1_i.down.sql": NO_TRANSACTION + "drop index concurrently i;\n",
        },
    ),
    "an empty way down is none": (
        {"1_a.sql": "-- +goose Up\nselect 1;\n-- +goose Down\n-- nothing to do\n"},
        {"1_a.up.sql": "select 1;\n"},
    ),
    "numbers are kept in their order": (
        {"10_b.sql": "-- +goose Up\nselect 2;\n", "9_a.sql": "-- +goose Up\nselect 1;\n"},
        {"9_a.up.sql": "select 1;\n", "10_b.up.sql": "select 2;\n"},
    ),
}
DBMATE = {
    "the marks are taken out, and each way has its own option": (
        {
            "20240101120000_a.sql": "-- migrate:up transaction:false\ncreate index concurrently i on a (id);\n\n"
            "--migrate:down\ndrop index i;\n"
        },
        {
            "20240101120000_a.up.sql": NO_TRANSACTION + "create index concurrently i on a (id);\n\n",
            "20240101120000_a.down.sql": "drop index i;\n",
        },
    ),
    "a mark with Windows line ends, and none at its end": (
        {"1_a.sql": "-- migrate:up\r\nselect 1;\r\n-- migrate:down"},
        {"1_a.up.sql": "select 1;\r\n"},
    ),
    "several blocks of one file come one after the other": (
        {
            "1_a.sql": "-- migrate:up\nselect 1;\n-- migrate:down\nselect -1;\n-- migrate:up\nselect 2;\n"
            "-- migrate:down\nselect -2;\n"
        },
        {"1_a.up.sql": "select 1;\nselect 2;\n", "1_a.down.sql": "select -1;\nselect -2;\n"},
    ),
    "names without an underscore or without a name": (
        {
            "20240101-a.sql": "-- migrate:up\nselect 1;\n-- migrate:down\n",
            "20240102.sql": "-- migrate:up\nselect 2;\n-- migrate:down\n",
        },
        {"20240101_a.up.sql": "select 1;\n", "20240102_migration.up.sql": "select 2;\n"},
    ),
    "files that dbmate runs in the order of their names are numbered so": (
        {
            "10_b.sql": "-- migrate:up\nselect 1;\n-- migrate:down\n",
            "9_a.sql": "-- migrate:up\nselect 2;\n-- migrate:down\n",
        },
        {"001_b.up.sql": "-- dbmate 10\nselect 1;\n", "002_a.up.sql": "-- dbmate 9\nselect 2;\n"},
    ),
}
FLYWAY = {
    "whole numbers are kept, an undo is the way down": (
        {"V1__init.sql": "select 1;", "sub/V2__more_of_it.sql": "select 2;", "U2__more_of_it.sql": "select -2;"},
        {"1_init.up.sql": "select 1;", "2_more_of_it.up.sql": "select 2;", "2_more_of_it.down.sql": "select -2;"},
    ),
    "other versions are numbered anew, in Flyway's order": (
        {"V1.10__c.sql": "select 3;", "V1_2__b.sql": "select 2;", "V1__a.sql": "select 1;", "U1.2__b.sql": "select 0;"},
        {
            "001_a.up.sql": "-- flyway 1\nselect 1;",
            "002_b.up.sql": "-- flyway 1.2\nselect 2;",
            "002_b.down.sql": "-- flyway 1.2\nselect 0;",
            "003_c.up.sql": "-- flyway 1.10\nselect 3;",
        },
    ),
    "a file that Flyway runs without a transaction, by its settings or by itself": (
        {
            "V1__a.sql": "vacuum a;",
            "V1__a.sql.conf": "# why\nexecuteInTransaction = false\n",
            "V2__b.sql": "create index concurrently i on a (id);\ndrop index concurrently j;",
            "V3__c.sql": "select '${x}';",
            "V3__c.sql.conf": "placeholderReplacement=false",
        },
        {
            "1_a.up.sql": NO_TRANSACTION + "vacuum a;",
            "2_b.up.sql": NO_TRANSACTION + "create index concurrently i on a (id);\ndrop index concurrently j;",
            "3_c.up.sql": "select '${x}';",
        },
    ),
}
SQLX = {
    "pairs and single files are as they are": (
        {"1_a.up.sql": "select 1;", "1_a.down.sql": "select -1;", "20240101120000_b.sql": "select 2;"},
        {"1_a.up.sql": "select 1;", "1_a.down.sql": "select -1;", "20240101120000_b.up.sql": "select 2;"},
    ),
    "its first line stays, and ours comes before it": (
        {"1_a.sql": "-- no-transaction\nvacuum;\n", "2_b.sql": "\n-- no-transaction\nselect 1;\n"},
        {
            "1_a.up.sql": NO_TRANSACTION + "-- no-transaction\nvacuum;\n",
            "2_b.up.sql": "\n-- no-transaction\nselect 1;\n",
        },
    ),
}
PRISMA = {
    "directories are files, down.sql is the way back": (
        {
            "migration_lock.toml": 'provider = "postgresql"\n',
            "0_init/migration.sql": "-- CreateTable\nselect 1;\n",
            "20240101120000_more/migration.sql": "select 2;\n",
            "20240101120000_more/down.sql": "select -2;\n",
        },
        {
            "0_init.up.sql": "-- CreateTable\nselect 1;\n",
            "20240101120000_more.up.sql": "select 2;\n",
            "20240101120000_more.down.sql": "select -2;\n",
        },
    ),
    "two of one moment are numbered anew, with all others": (
        {"20240101120000_a/migration.sql": "select 1;", "20240101120000_b/migration.sql": "select 2;"},
        {
            "001_a.up.sql": "-- prisma 20240101120000_a\nselect 1;",
            "002_b.up.sql": "-- prisma 20240101120000_b\nselect 2;",
        },
    ),
}
SUPABASE = {
    "what the platform's first versions wrote is passed over, as the CLI does": (
        {
            "20211001000000_init.sql": "create schema auth;",
            "20240101120000_a b.sql": "\ufeffselect 1;",
            "20240102120000_c.sql": "select 2;",
        },
        {"20240101120000_a_b.up.sql": "\ufeffselect 1;", "20240102120000_c.up.sql": "select 2;"},
    ),
}
TABLES = {"goose": GOOSE, "dbmate": DBMATE, "flyway": FLYWAY, "sqlx": SQLX, "prisma": PRISMA, "supabase": SUPABASE}
CASES = [
    pytest.param(tool, *case, id=f"{tool}: {what}") for tool, table in TABLES.items() for what, case in table.items()
]


@pytest.mark.parametrize(("tool", "theirs", "ours"), CASES)
def test_a_directory_becomes_files_of_ours(tmp_path: Path, tool: str, theirs: Files, ours: Files) -> None:
    assert converted(tool, lay(tmp_path, theirs)) == ours


UP = "-- +goose Up\n"
REFUSED = [
    ("goose", {"2_a.go": "package x"}, "theirs/2_a.go:1", "in Go"),
    ("goose", {"1_a.sql": "select 1;"}, "theirs/1_a.sql:1", "SQL before"),
    ("goose", {"1_a.sql": "-- a\n"}, "theirs/1_a.sql:1", "no -- +goose Up"),
    ("goose", {"1_a.sql": UP + "\n-- +goose ENVSUB ON\nselect '${A}';"}, "theirs/1_a.sql:3", "variables"),
    ("goose", {"1_a.sql": UP + " -- +goose Down\n"}, "theirs/1_a.sql:2", "no annotation"),
    ("goose", {"1_a.sql": UP + "-- +goose Sideways\n"}, "theirs/1_a.sql:2", "no annotation"),
    ("goose", {"1_a.sql": UP + "-- +goose StatementEnd\n"}, "theirs/1_a.sql:2", "cannot stand here"),
    ("goose", {"1_a.sql": UP + "-- +goose StatementBegin\nselect 1;"}, "theirs/1_a.sql:1", "no -- +goose StatementEnd"),
    ("goose", {"1_a.sql": UP, "01_b.sql": UP}, "theirs/1_a.sql", "already that of"),
    ("goose", {"1_a.sql": UP + "select '\udcff';"}, "theirs/1_a.sql:2", "not UTF-8"),
    ("goose", {"1_a.sql": f"-- a\n{UP}select 1;\n\ncommit;\n-- +goose Down\n"}, "theirs/1_a.sql:5:1", "COMMIT"),
    ("goose", {"1_a.sql": f"{UP}select 1;\n-- +goose Down\nselect 1;\n\\i x\n"}, "theirs/1_a.sql:5:1", "psql"),
    ("dbmate", {"1_a.sql": "-- migrate:up\n-- migrate:down\n\nselect 'a;"}, "theirs/1_a.sql:4:8", "never closed"),
    ("sqlx", {"1_a.up.sql": "", "1_a.down.sql": "select 1;\nrollback;"}, "theirs/1_a.down.sql:2:1", "ROLLBACK"),
    ("flyway", {"V1__a.sql": "", "U1__a.sql": "select 1; rollback;"}, "theirs/U1__a.sql:1:11", "ROLLBACK"),
    ("prisma", {"1_a/migration.sql": "", "1_a/down.sql": "commit;"}, "theirs/1_a/down.sql:1:1", "COMMIT"),
    ("dbmate", {"1_a.sql": "select 1;"}, "theirs/1_a.sql:1", "no -- migrate:up"),
    ("dbmate", {"1_a.sql": "-- migrate:up\nselect 1;"}, "theirs/1_a.sql:1", "no -- migrate:down"),
    ("dbmate", {"1_a.sql": "-- migrate:down\n-- migrate:up\n"}, "theirs/1_a.sql:1", "expects the other"),
    ("dbmate", {"1_a.sql": "\nselect 1;\n-- migrate:up\n-- migrate:down\n"}, "theirs/1_a.sql:2", "SQL before"),
    ("flyway", {"V1__a.java": ""}, "theirs/V1__a.java:1", "no SQL"),
    ("flyway", {"V1__a.sql": "", "R__v.sql": ""}, "theirs/R__v.sql:1", "repeatable"),
    ("flyway", {"B1__a.sql": ""}, "theirs/B1__a.sql:1", "baseline"),
    ("flyway", {"V__a.sql": ""}, "theirs/V__a.sql:1", "no version"),
    ("flyway", {"beforeMigrate.sql": ""}, "theirs/beforeMigrate.sql:1", "callback"),
    ("flyway", {"afterMigrate__x.sql": ""}, "theirs/afterMigrate__x.sql:1", "callback"),
    ("flyway", {"a/V1__a.sql": "select 1;\nset role ${owner};"}, "theirs/a/V1__a.sql:2", "${owner}"),
    ("flyway", {"V1__a.sql": "", "V1__a.sql.conf": "\nshouldExecute=x"}, "theirs/V1__a.sql.conf:2", "shouldExecute"),
    ("flyway", {"V1__a.sql": "", "V1.0__b.sql": ""}, "theirs/V1__a.sql", "there already"),
    ("flyway", {"U1__a.sql": ""}, "theirs/U1__a.sql", "without its migration"),
    ("sqlx", {"x_a.sql": ""}, "theirs/x_a.sql", "not a migration's name"),
    ("sqlx", {"1_a.sql": "", "1_a.up.sql": ""}, "theirs/1_a.up.sql", "there already"),
    ("sqlx", {"1_a.down.sql": ""}, "theirs/1_a.down.sql", "without its way up"),
    ("prisma", {"1_a/migration.ts": ""}, "theirs/1_a/migration.ts:1", "in a program"),
    ("prisma", {"1_a/README": ""}, "theirs/1_a/", "no migration.sql"),
    ("prisma", {"migration_lock.toml": 'provider = "mysql"'}, "theirs/migration_lock.toml", "mysql"),
]


@pytest.mark.parametrize(("tool", "files", "where", "says"), REFUSED)
def test_what_cannot_be_converted_is_refused_with_its_place(
    tmp_path: Path, tool: str, files: Files, where: str, says: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(MigrationError) as caught:
        converted(tool, tmp_path)
    assert caught.value.where == where and says in caught.value.found and caught.value.next


def test_all_that_our_runner_would_not_run_is_told_at_once(tmp_path: Path) -> None:
    files = {f"{number}_a.sql": "select 1;\ncommit;" for number in (1, 2, 3)}
    with pytest.raises(MigrationError) as caught:
        converted("sqlx", lay(tmp_path, files))
    assert caught.value.where == "theirs/1_a.sql:2:1" and [line[:18] for line in caught.value.log] == [
        "theirs/2_a.sql:2:1",
        "theirs/3_a.sql:2:1",
    ]


@pytest.mark.parametrize(
    ("tool", "name"),
    [("goose", "schema.sql"), ("goose", "0_a.sql"), ("dbmate", "a.sql"), ("flyway", "notes.sql"), ("sqlx", "seed.sql")],
)
def test_what_the_tool_passes_over_is_told(tmp_path: Path, tool: str, name: str) -> None:
    read = tools.find(tool).read(lay(tmp_path, {name: "select 1;", "README.md": "", "1_a.sql~": ""}), "theirs")
    assert read.passed == (f"theirs/{name}",) and read.migrations == ()


@pytest.mark.parametrize(("name", "then"), [("golang-migrate", "db.adopt"), ("alembic", "db.import goose DIR")])
def test_a_tool_that_is_not_known_is_refused(name: str, then: str) -> None:
    with pytest.raises(SettingsError) as caught:
        tools.find(name)
    assert then in caught.value.next and "flyway" in caught.value.expected
