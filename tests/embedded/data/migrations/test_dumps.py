"""What pg_dump and the Supabase CLI write is a migration: COPY data, psql's lines, an emptied search_path."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from slipway.data.migrations import session
from tests.support import services
from tests.support.migrating import failed, table_exists, versions

SCHEMA = """create schema shop; create type shop.mood as enum ('ok', 'so; so');
create table shop.items (id int primary key, name text, mood shop.mood, raw bytea);
insert into shop.items
select n, E'tab\\t back\\\\slash ''q'' ; ' || n, 'so; so', '\\x00ff' from generate_series(1, 2000) n;
create function shop.f() returns int language sql begin atomic select 1; select case when true then 2 end; end;
create function shop.g() returns trigger language plpgsql as $$ begin return new; end; $$;
create trigger t before insert on shop.items for each row execute function shop.g();
create view shop.v as select id from shop.items;"""


def dump(stack, *options: str) -> bytes:
    argv = [services.postgres_bin() / "pg_dump", "--no-owner", *options, "-d", stack.role_url("migrate")]
    return subprocess.run(argv, check=True, capture_output=True).stdout


@pytest.fixture
def dumped(stack) -> bytes:
    """A database's own dump, with that schema dropped afterwards."""
    with stack.connect("migrate") as conn:
        conn.execute(SCHEMA)
        text = dump(stack, "--schema=shop")
        conn.execute("drop schema shop cascade")
    return text


def test_a_dump_is_a_migration_and_the_next_file_finds_a_clean_session(stack, dumped: bytes) -> None:
    assert b"\\restrict" in dumped and b"FROM stdin" in dumped
    stack.migration("1_dump.sql", dumped)
    stack.migration("2_next.sql", "create table items (id int);")
    stack.run("migrate")
    assert stack.value("select count(*) from shop.items where name like E'tab\\t%'") == 2000
    assert table_exists(stack, "public.items") and versions(stack) == [1, 2]


def test_a_dump_with_windows_line_ends_and_a_mark(stack) -> None:
    text = "\ufeffcreate table a (id int, b text);\r\ncopy a from stdin;\r\n1\tx\r\n2\ty\r\n\\.\r\nselect 1;\r\n"
    stack.migration("1_a.sql", text.encode())
    stack.run("migrate")
    assert stack.value("select string_agg(b, '' order by id) from a") == "xy"


def test_supabase_output(stack) -> None:
    stack.migration(
        "20240101000000_remote_schema.sql",
        """
SET statement_timeout = 0;\nSET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;\nSET row_security = off;
CREATE TABLE IF NOT EXISTS "public"."notes" ("id" bigint NOT NULL, "body" "text");
ALTER TABLE "public"."notes" ENABLE ROW LEVEL SECURITY;
CREATE OR REPLACE FUNCTION "public"."f"() RETURNS "trigger" LANGUAGE "plpgsql" AS $$
begin return new; end; $$;
CREATE POLICY "read; all" ON "public"."notes" FOR SELECT USING (true);
RESET ALL;""",
    )
    stack.run("migrate")
    assert table_exists(stack, "notes") and versions(stack) == [20240101000000]


def test_a_bad_value_in_copy_data_is_named_by_its_line(stack) -> None:
    stack.migration("1_a.sql", "create table a (id int);\n\ncopy a from stdin;\n1\n2\nzwei\n\\.\nselect 1;")
    error = failed(stack)
    assert error.where == "migrations/1_a.sql:6" and "zwei" in error.found and not table_exists(stack, "a")


@pytest.mark.parametrize(
    ("line", "where"),
    [("\\i other.sql", "2:1"), ("\\connect elsewhere", "2:1"), ("\\copy a from b", "2:1"), ("\\gexec", "2:1")],
)
def test_commands_of_psql_that_matter_are_refused_with_their_line(stack, line: str, where: str) -> None:
    stack.migration("1_a.sql", f"create table a (id int);\n{line}\nselect 1;")
    assert failed(stack).where == f"migrations/1_a.sql:{where}" and not table_exists(stack, "a")


def test_connect_to_the_same_database_is_nothing(stack) -> None:
    stack.migration("1_a.sql", f"\\connect {stack.database}\n\\set ON_ERROR_STOP on\ncreate table a (id int);")
    assert stack.run("migrate")["version"] == 1


def test_begin_and_commit_around_everything_are_left_out(stack) -> None:
    stack.migration("1_a.sql", "-- as many teams write it\nBEGIN;\ncreate table a (id int);\nCOMMIT;\n-- the end\n")
    stack.migration("2_b.sql", "start transaction; create table b (id int); end;")
    assert stack.run("migrate")["version"] == 2 and versions(stack) == [1, 2] and table_exists(stack, "a")


def write_big(path, megabytes: int) -> int:
    """A file of CREATE TABLE, INSERTs and a COPY block; the number of its rows."""
    row = "x" * 990 + "\n"
    with path.open("w") as file:
        file.write("create table big (t text);\n")
        for _ in range(megabytes * 100):
            file.write(f"insert into big values ('{row[:-1]}');\n")
        file.write("copy big from stdin;\n")
        for _ in range(megabytes * 900):
            file.write(row)
        file.write("\\.\n")
    return megabytes * 1000


def peak_of_migrate(stack) -> int:
    """Kilobytes that the runner's process held at most."""
    code = (
        "import os, resource, sys; from slipway.ops import __main__ as door\n"
        'code = door.main([\'migrate\', \'{"by": "", "release": ""}\'], dict(os.environ))\n'
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(code)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **stack.env}, capture_output=True, text=True, check=True
    ).stdout
    return int(out.splitlines()[-1])


def test_memory_stays_flat_for_a_file_of_200_megabytes(stack) -> None:
    stack.migration("1_small.sql", "select 1;")
    small = peak_of_migrate(stack)
    rows = write_big(stack.folder / "migrations" / "2_big.sql", 200)
    try:
        assert peak_of_migrate(stack) < small + 20_000
        assert stack.value("select count(*) from big") == rows
    finally:
        (stack.folder / "migrations" / "2_big.sql").unlink()
        with stack.connect("admin") as conn:
            conn.execute("drop table if exists big")


def test_a_stream_in_the_smallest_pieces_is_the_same_file(stack) -> None:
    """The seam that fixtures use."""
    text = b"create table a (id int, b text);\ncopy a from stdin;\n1\tx\n\\.\ninsert into a values (2, ';');"
    with stack.connect("migrate") as conn, session.file_transaction(conn, "x.sql"):
        told: list[int] = []
        rows = session.run_stream(conn, (text[at : at + 1] for at in range(len(text))), "x.sql", told.append)
    assert rows == 2 and told[-1] == len(text)
