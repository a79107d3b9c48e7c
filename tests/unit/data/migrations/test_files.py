"""Migration files as data: names, numbers, the lock key, and what files and history say about each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.data.migrations import files as migration_files
from slipway.data.migrations import status, validate
from slipway.data.migrations.files import Applied


def folder_with(tmp_path: Path, *names: str, content: bytes = b"select 1;\n") -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (("database_name",), 1764327054),
        (("schema_name_1", "database_name"), 2453313553),
        (("schema_name_1", "schema_name_2", "database_name"), 3743845847),
        (("public", "schema_migrations", "/mydb"), 616192132),
        (("public", "schema_migrations", "/postgres"), 3280485947),
    ],
)
def test_lock_number_is_golang_migrates(names: tuple[str, ...], key: int) -> None:
    assert migration_files.lock_number(*names) == key


def test_lock_key_of_a_database_is_that_of_its_url() -> None:
    assert migration_files.lock_key("mydb") == 616192132


@pytest.mark.parametrize(
    "name",
    [
        "1_a.up.sql~",
        "#1_a.up.sql#",
        ".#1_a.up.sql",
        "._1_a.up.sql",
        "1_a.up.sql.BAK",
        ".1_a.up.sql.swp",
        "1_a.sql.orig",
    ],
)
def test_what_an_editor_left_beside_a_file_is_neither_run_nor_complained_about(tmp_path: Path, name: str) -> None:
    assert migration_files.read(folder_with(tmp_path, name)) == ((), ())


@pytest.mark.parametrize(
    ("name", "version", "title"),
    [
        ("1_a.up.sql", 1, "a"),
        ("001_users.sql", 1, "users"),
        ("20240131120000_add-index.up.sql", 20240131120000, "add-index"),
        ("2_.up.sql", 2, ""),
        ("3_два слова.up.sql", 3, "два слова"),
        ("4_a.b.sql", 4, "a.b"),
        ("0_zero.sql", 0, "zero"),
    ],
)
def test_accepted_names(tmp_path: Path, name: str, version: int, title: str) -> None:
    files, problems = migration_files.read(folder_with(tmp_path, name))
    assert [(file.version, file.name) for file in files] == [(version, title)] and problems == ()


@pytest.mark.parametrize(
    "name",
    [
        "users.sql",
        "001-users.sql",
        "001users.up.sql",
        "001_users.Up.SQL",
        "_x.sql",
        "-1_x.up.sql",
        "1_.sql",
        f"{2**63}_big.up.sql",
    ],
)
def test_wrongly_named_sql_is_reported(tmp_path: Path, name: str) -> None:
    files, problems = migration_files.read(folder_with(tmp_path, name))
    assert files == () and [problem.where for problem in problems] == [f"migrations/{name}"]


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    assert migration_files.read(folder_with(tmp_path, "README.md", ".keep", "1_notes.txt")) == ((), ())


# golang-migrate's `^([0-9]+)_(.*)\.(down|up)\.(.*)$`: file name -> its number, name, way and ending; None: not its file.
GOLANG_NAMES = {
    "1_shop.up.sql": (1, "shop", "up", "sql"),
    "1_shop.down.sql": (1, "shop", "down", "sql"),
    "00001_s-h_o+p.up.sql": (1, "s-h_o+p", "up", "sql"),
    "20240131120000_date shop.down.sql": (20240131120000, "date shop", "down", "sql"),
    "7_a.b.up.sql": (7, "a.b", "up", "sql"),
    "7_.up.sql": (7, "", "up", "sql"),
    "7__.up.sql": (7, "_", "up", "sql"),
    "7_8_9.up.sql": (7, "8_9", "up", "sql"),
    "7_shop.up.pgsql": (7, "shop", "up", "pgsql"),
    "7_shop.up.": (7, "shop", "up", ""),
    "7_up.down.sql": (7, "up", "down", "sql"),
    "7_shop.up.down.sql": (7, "shop.up", "down", "sql"),  # the last way counts
    "7_shop.down.sql.up": (7, "shop", "down", "sql.up"),  # but one needs a dot behind it
    f"{2**63 - 1}_last.up.sql": (2**63 - 1, "last", "up", "sql"),
    "-1_shop.up.sql": None,
    "+1_shop.up.sql": None,
    " 1_shop.up.sql": None,
    "v1_shop.up.sql": None,
    "0x1_shop.up.sql": None,
    "1.5_shop.up.sql": None,
    "١_shop.up.sql": None,
    "shop.up.sql": None,
    "_shop.up.sql": None,
    "1.up.sql": None,
    "1shop.up.sql": None,
    "1-shop.up.sql": None,
    "1_shop.sql": None,
    "1_shop.up": None,
    "1_shop.down": None,
    "1_shop.Up.sql": None,
    "1_shopup.sql": None,
    "1_shop.upper.sql": None,
    "1_up.sql": None,
}


@pytest.mark.parametrize(("name", "parts"), GOLANG_NAMES.items(), ids=ascii)
def test_paired_names_are_read_as_golang_migrate_reads_them(tmp_path: Path, name: str, parts: tuple | None) -> None:
    match = migration_files.PAIRED.fullmatch(name)
    assert (match and (int(match["version"]), match["name"], match["way"], match["kind"])) == parts
    (file,) = migration_files.read(folder_with(tmp_path, name))[0] if parts else (None,)
    assert parts is None or (file.version, file.name, bool(file.up)) == (*parts[:2], parts[2] == "up")


@pytest.mark.parametrize(
    ("names", "up", "down"),
    [
        (["1_a.up.sql", "1_a.down.sql"], "1_a.up.sql", "1_a.down.sql"),
        (["1_a.down.sql"], None, "1_a.down.sql"),
        (["1_a.up.sql"], "1_a.up.sql", None),
        (["1_a.sql", "001_b.down.sql"], "1_a.sql", "001_b.down.sql"),
        (["1_a.up.psql", "1_a.down.ddl"], "1_a.up.psql", "1_a.down.ddl"),
    ],
)
def test_halves_of_a_version_are_paired_by_number(
    tmp_path: Path, names: list[str], up: str | None, down: str | None
) -> None:
    (file,), problems = migration_files.read(folder_with(tmp_path, *names))
    assert (file.version, problems) == (1, ())
    assert [half and half.path.name for half in (file.up, file.down)] == [up, down]


def test_order_is_by_number_and_not_by_text(tmp_path: Path) -> None:
    files, _ = migration_files.read(folder_with(tmp_path, "10_b.sql", "9_a.sql", "0011_c.up.sql"))
    assert [file.version for file in files] == [9, 10, 11]


@pytest.mark.parametrize("pair", [("1_a.up.sql", "001_b.up.sql"), ("2_a.up.sql", "2_a.sql")])
def test_one_number_twice_is_a_problem(tmp_path: Path, pair: tuple[str, str]) -> None:
    _, problems = migration_files.read(folder_with(tmp_path, *pair))
    assert len(problems) == 1 and "is already that of migrations/" in problems[0].found


def test_bytes_that_are_not_utf8_are_named_by_line(tmp_path: Path) -> None:
    _, problems = migration_files.read(folder_with(tmp_path, "1_a.sql", content=b"select 1;\nselect '\xff';"))
    assert (problems[0].where, problems[0].found) == ("migrations/1_a.sql:2", "byte 0xff is not UTF-8")


def test_missing_directory_is_a_problem_and_none_is_no_migrations(tmp_path: Path) -> None:
    assert migration_files.read(tmp_path / "nowhere")[1][0].found == "no such directory"
    assert migration_files.read(None) == ((), ())


def test_byte_order_mark_is_not_sql(tmp_path: Path) -> None:
    files, _ = migration_files.read(folder_with(tmp_path, "1_a.sql", content=b"\xef\xbb\xbfselect 1;"))
    assert files[0].sql == "select 1;"


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\r" not in line and b"\n" not in line)))
def test_line_ends_do_not_change_the_fingerprint(lines: list[bytes]) -> None:
    assert migration_files.fingerprint(b"\n".join(lines)) == migration_files.fingerprint(b"\r\n".join(lines))


def applied(*versions: int, sha256: str = "") -> dict[int, Applied]:
    return {
        version: Applied(version, "x", sha256 or migration_files.fingerprint(b"select 1;\n")) for version in versions
    }


@pytest.mark.parametrize(
    ("names", "history", "sentences"),
    [
        (["1_a.sql", "2_b.sql"], applied(1), []),
        (["1_a.sql", "2_b.sql"], {}, []),
        (["1_a.sql"], applied(1, sha256="f" * 64), ["migrations/1_a.sql: was edited after it was applied"]),
        (
            ["1_a.sql"],
            applied(1, 2),
            ["migration 2: the database is newer than this release: the database has 2_x, the directory does not"],
        ),
        (
            ["1_a.sql", "2_b.sql", "3_c.sql"],
            applied(1, 3),
            ["migrations/2_b.sql: comes before 3, which is already applied"],
        ),
    ],
)
def test_what_stands_between_files_and_history(
    tmp_path: Path, names: list[str], history: dict[int, Applied], sentences: list[str]
) -> None:
    files, _ = migration_files.read(folder_with(tmp_path, *names))
    found = [str(problem) for problem in validate.compare(files, history)]
    assert len(found) == len(sentences) and all(map(str.startswith, found, sentences))


@pytest.mark.parametrize(("names", "goto"), [(["1_a.sql"], "./invoke db.goto 1"), ([], None)])
def test_a_newer_database_is_told_to_go_back_only_to_a_file_that_is_there(
    tmp_path: Path, names: list[str], goto: str | None
) -> None:
    files, _ = migration_files.read(folder_with(tmp_path, *names))
    problem = validate.compare(files, applied(*range(1, len(names) + 2)))[-1]
    assert problem.next.startswith("git pull and deploy again")
    assert problem.next.endswith(goto) if goto else "goto" not in problem.next


def test_pending_are_those_that_the_history_lacks_in_order(tmp_path: Path) -> None:
    files, _ = migration_files.read(folder_with(tmp_path, "1_a.sql", "10_c.sql", "2_b.sql"))
    assert [file.version for file in migration_files.find_pending(files, applied(1))] == [2, 10]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["1_a.up.sql", "1_a.down.sql"], ""),
        (["1_a.up.sql"], "no down file"),
        (["1_a.down.sql"], "a down file alone"),
        (["1_a.sql"], "it takes 1_a.up.sql"),
        (["1_a.sql", "1_a.down.sql"], "it takes 1_a.up.sql"),
    ],
)
def test_a_half_of_a_pair_that_is_missing_is_told(tmp_path: Path, names: list[str], says: str) -> None:
    (file,), _ = migration_files.read(folder_with(tmp_path, *names))
    assert says in status.describe_lacking(file) and bool(says) == bool(status.describe_lacking(file))


@pytest.mark.parametrize(
    ("content", "tool"),
    [
        (b"-- +goose Up\ncreate table a (id int);\n-- +goose Down\ndrop table a;\n", "goose"),
        (b"\xef\xbb\xbf-- a note\n  --+goose NO TRANSACTION\n", "goose"),
        (b"-- +migrate Up notransaction\n", "sql-migrate"),
        (b"--migrate:up transaction:false\n", "dbmate"),
        (b"create table a (id int);\r\n-- migrate:down\r\n", "dbmate"),
        (b"--liquibase formatted sql\n--changeset ann:1\n", "Liquibase"),
        (b"-- no-transaction\ncreate index concurrently i on a (id);\n", "sqlx"),
    ],
)
@pytest.mark.parametrize("name", ["001_a.sql", "001_a.up.sql"])
def test_a_file_for_another_tool_is_refused_by_its_marks(tmp_path: Path, name: str, content: bytes, tool: str) -> None:
    files, (problem,) = migration_files.read(folder_with(tmp_path, name, content=content))
    assert files == () and problem.where == f"migrations/{name}" and f"written for {tool}," in problem.found


@pytest.mark.parametrize(
    "content",
    [b"-- migrate: the old rows\n", b"select '+goose Up';\n", b"-- goose Up\n", b"-- a note\n-- no-transaction\n"],
)
def test_what_only_looks_like_the_marks_of_another_tool_is_run(tmp_path: Path, content: bytes) -> None:
    (_,), problems = migration_files.read(folder_with(tmp_path, "001_a.sql", content=content))
    assert problems == ()


def test_a_directory_with_a_migration_in_it_is_named(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "1_a.sql")
    (folder / "20240101120000_init").mkdir()
    (folder / "20240101120000_init" / "migration.sql").write_text("select 1;")
    (folder / "old").mkdir()
    (file,), (problem,) = migration_files.read(folder)
    assert (file.version, problem.where) == (1, "migrations/20240101120000_init/") and "Prisma" in problem.found
    assert problem.next.endswith("./invoke db.import prisma from-prisma")


@pytest.mark.parametrize(
    ("path", "tool"),
    [
        ("V1__init.sql", "flyway"),
        ("V1.1__more.sql", "flyway"),
        ("U1__init.sql", "flyway"),
        ("R__view.sql", "flyway"),
        ("V2__code.java", "flyway"),
        ("V2__idx.sql.conf", "flyway"),
        ("db/V1__init.sql", "flyway"),
        ("migration_lock.toml", "prisma"),
        ("20240101120000_init/migration.ts", "prisma"),
        ("00001_code.go", "goose"),
    ],
)
def test_what_another_tool_would_run_is_not_passed_over(tmp_path: Path, path: str, tool: str) -> None:
    folder = folder_with(tmp_path)
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_text("select 1;")
    files, (problem,) = migration_files.read(folder)
    assert files == () and problem.next.endswith(f"./invoke db.import {tool} from-{tool}")


@pytest.mark.parametrize("name", ["20240101.sql", "1-a.sql"])
def test_a_name_that_only_dbmate_takes_is_told_by_the_marks_in_it(tmp_path: Path, name: str) -> None:
    _, (problem,) = migration_files.read(folder_with(tmp_path, name, content=b"-- migrate:up\n-- migrate:down\n"))
    assert "written for dbmate" in problem.found and "db.import dbmate" in problem.next


@pytest.mark.parametrize("path", ["README.md", "embed.go", "old/001_a.sql", "seed.js", "V1.txt"])
def test_what_no_tool_would_run_is_passed_over(tmp_path: Path, path: str) -> None:
    folder = folder_with(tmp_path)
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_text("x")
    assert migration_files.read(folder) == ((), ())
