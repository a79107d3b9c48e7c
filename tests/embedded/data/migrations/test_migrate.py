"""The migration runner on a real server: whole files or nothing, exact places, no quarrel with the history."""

from __future__ import annotations

import pytest

from slipway.data.migrations import files, session
from slipway.data.sql import check, split
from slipway.errors import MigrationError
from tests.support.migrating import failed, table_exists, versions


def test_files_run_once_in_order_and_both_histories_agree(stack) -> None:
    stack.migration("2_more.sql", "alter table a add b text; insert into a (b) values ('100% %s {}');")
    stack.migration("001_first.up.sql", "create table a (id bigint generated always as identity);")
    stack.migration("001_first.down.sql", "drop table a;")
    found = stack.run("migrate", {"by": "ann@laptop"})
    assert [each["file"] for each in found["applied"]] == ["migrations/001_first.up.sql", "migrations/2_more.sql"]
    assert stack.run("migrate") == {"applied": [], "version": 2}
    with stack.connect("admin") as conn:
        assert conn.execute("select version, dirty from schema_migrations").fetchall() == [(2, False)]
        rows = conn.execute(
            'select version, name, sha256, "by", milliseconds > 0 from slipway.history order by 1'
        ).fetchall()
    sha = files.fingerprint((stack.folder / "migrations" / "2_more.sql").read_bytes())
    assert rows[1] == (2, "more", sha, "ann@laptop", True)
    assert [(event["text"], event["done"], event["total"]) for event in stack.events] == [
        ("migrations/001_first.up.sql", 1, 2),
        ("migrations/2_more.sql", 2, 2),
    ]


def test_everything_made_belongs_to_the_owner(stack) -> None:
    stack.migration("1_a.sql", "create table a (id int);")
    stack.run("migrate")
    with stack.connect("admin") as conn:
        owners = conn.execute(
            "select distinct tableowner from pg_tables where tablename in "
            "('a', 'history', 'fixtures', 'schema_migrations')"
        ).fetchall()
    assert owners == [(f"{stack.database}_owner",)]


@pytest.mark.parametrize(
    ("sql", "where", "says"),
    [
        (
            "-- жук 😀\ncreate table a (id int);\nselect 'ёлка 😀', nonsense;",
            "3:18",
            'column "nonsense" does not exist',
        ),
        ("create table a (id int);\n\n  selec 1;", "3:3", 'syntax error at or near "selec"'),
        ("create table a (id int);\r\nselect 'х' frm a;", "2:16", 'syntax error at or near "a"'),
        ("select 1;\n  insert into pg_temp.x values (1);\nselect 2;", "2:15", 'relation "pg_temp.x" does not exist'),
        (
            "create table a (id int check (id > 0));\n-- ж\n  insert into a values (0);",
            "3:3",
            "violates check constraint",
        ),
        ("select 1;\ndo $$ begin raise exception 'нет' using hint = 'try else'; end $$;", "2:1", "нет; try else"),
        ("select 1;\ncreate index concurrently i on pg_class (oid);", "2:1", "cannot run inside a transaction block"),
    ],
)
def test_an_error_names_line_and_column_and_leaves_nothing(stack, sql: str, where: str, says: str) -> None:
    stack.migration("1_good.sql", "create table good (id int);")
    stack.migration("2_bad.up.sql", sql)
    error = failed(stack)
    assert error.where == f"migrations/2_bad.up.sql:{where}" and says in error.found and error.code == 5
    assert versions(stack) == [1] and not table_exists(stack, "a") and table_exists(stack, "good")
    assert stack.value("select version from schema_migrations") == 1


def test_a_constraint_that_fails_at_commit_leaves_nothing(stack) -> None:
    stack.migration(
        "1_a.sql",
        "create table p (id int primary key); create table c (id int references p "
        "deferrable initially deferred); insert into c values (1);",
    )
    error = failed(stack)
    assert error.where == "migrations/1_a.sql" and "violates foreign key constraint" in error.found
    assert versions(stack) == [] and not table_exists(stack, "p")


@pytest.mark.parametrize(
    ("word", "sql"),
    [
        ("COMMIT", "create table a (id int);\n  COMMIT; create table b (id int);"),
        ("ROLLBACK", "create table a (id int);\n  rollback; create table b (id int);"),
        ("END", "create table a (id int);\n  end; begin; create table b (id int);"),
    ],
)
def test_a_file_that_ends_its_transaction_is_refused_before_anything_runs(stack, word: str, sql: str) -> None:
    stack.migration("1_good.sql", "create table good (id int);")
    stack.migration("2_bad.sql", sql)
    error = failed(stack)
    assert (error.where, error.found) == ("migrations/2_bad.sql:2:3", f"{word} in the file")
    assert versions(stack) == [] and not table_exists(stack, "a") and not table_exists(stack, "good")


@pytest.mark.parametrize("sql", ["create table a (id int); commit", "commit; begin; select 1", "rollback"])
def test_a_transaction_that_ended_unseen_is_noticed_afterwards(stack, monkeypatch, sql: str) -> None:
    """What the reading of the text would miss is still found by the transaction's own number."""
    monkeypatch.setattr(check, "check_pieces", lambda chunks, label, database, alone=False: split.pieces(chunks))
    with stack.connect("migrate") as conn, pytest.raises(MigrationError, match="ended the transaction"):
        with session.file_transaction(conn, "1_a.sql"):
            session.run_file(conn, sql, "1_a.sql")
    stack.migration("1_b.sql", sql.replace("table a", "table b"))
    assert "ended the transaction" in failed(stack).found and versions(stack) == []
    assert stack.value("select count(*) from schema_migrations") == 0


def test_the_next_file_finds_the_search_path_that_new_sessions_have(stack) -> None:
    says = (
        "do $$ begin execute format('alter database %I set search_path = other, public', current_database()); end $$;"
    )
    stack.migration("1_a.sql", f"create schema other; {says}")
    stack.migration("2_b.sql", "create table b (id int);")
    stack.migration("3_c.sql", says.replace("set search_path = other, public", "reset search_path"))
    stack.migration("4_d.sql", "create table d (id int);")
    assert stack.run("migrate")["version"] == 4
    assert stack.value("select array[to_regclass('other.b')::text, to_regclass('public.d')::text]") == ["other.b", "d"]


def test_search_path_role_and_timeouts_do_not_leak_into_the_next_file(stack) -> None:
    stack.migration(
        "1_a.sql",
        "create schema other; set search_path = other; set statement_timeout = '1s'; "
        "reset role; create temporary table t (id int); create table inside (id int);",
    )
    stack.migration(
        "2_b.sql",
        "create table outside (id int); create table t (id int); create table settings as "
        "select current_setting('statement_timeout') s, current_setting('lock_timeout') l, "
        "current_user::text u;",
    )
    stack.run("migrate", LOCK_TIMEOUT="7s")
    assert table_exists(stack, "other.inside") and table_exists(stack, "public.outside") and versions(stack) == [1, 2]
    with stack.connect("admin") as conn:
        assert conn.execute("select s, l, u from settings").fetchone() == ("0", "7s", f"{stack.database}_owner")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda folder: (folder / "2_b.sql").write_text("select 22;"), "was edited after it was applied"),
        (lambda folder: (folder / "2_b.sql").unlink(), "the directory does not"),
        (lambda folder: (folder / "1_z.sql").write_text("select 1;"), "comes before 2, which is already applied"),
        (lambda folder: (folder / "notes.sql").write_text("select 1;"), "not a migration's name"),
    ],
)
def test_files_that_do_not_fit_the_history_are_refused(stack, change, says: str) -> None:
    stack.migration("2_b.sql", "select 2;")
    stack.run("migrate")
    change(stack.folder / "migrations")
    stack.migration("3_c.sql", "create table c (id int);")
    assert says in failed(stack).found and not table_exists(stack, "c")


@pytest.mark.parametrize(
    ("row", "says"), [((7, False), "says version 7, slipway.history says None"), ((7, True), "version 7 is dirty")]
)
def test_a_database_of_golang_migrate_is_not_run_over(stack, row: tuple[int, bool], says: str) -> None:
    with stack.connect("migrate") as conn:
        conn.execute("create table schema_migrations (version bigint primary key, dirty boolean not null)")
        conn.execute("insert into schema_migrations values (%s, %s)", row)
    stack.migration("1_a.sql", "create table a (id int);")
    assert says in failed(stack).found and not table_exists(stack, "a")


def test_an_external_role_without_create_is_told_what_to_grant(stack) -> None:
    stack.migration("1_a.sql", "select 1;")
    error = failed(stack, ADMIN_DATABASE_URL="", DATABASE_OWNER="", MIGRATE_DATABASE_URL=stack.role_url("app"))
    assert f"role {stack.database}_app may not create" in error.found and "GRANT CREATE ON DATABASE" in error.next


def test_an_external_database_with_one_role_for_all_works(stack) -> None:
    """The normal case of one database shared with Supabase: no admin, no owner to become, app and migrations alike."""
    stack.migration("1_a.sql", "create table a (id int);")
    url = stack.role_url("migrate")
    found = stack.run("migrate", ADMIN_DATABASE_URL="", DATABASE_OWNER="", MIGRATE_DATABASE_URL=url, DATABASE_URL=url)
    assert found["version"] == 1 and versions(stack) == [1]


def test_an_owner_that_does_not_exist_is_one_sentence(stack) -> None:
    error = failed(stack, DATABASE_OWNER="nobody_owner")
    assert 'role "nobody_owner" does not exist' in error.found
