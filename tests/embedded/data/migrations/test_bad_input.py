"""Every bad file and bad moment that a team can meet: one sentence with its place, and only whole files behind it."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.data.migrations import lock
from slipway.engine.embedded import account
from slipway.errors import MigrationError
from tests.embedded.data import conftest
from tests.support import asking, services
from tests.support.migrating import failed, mirror, table_exists, tables, versions
from tests.support.waiting import until


@pytest.mark.parametrize("content", [b"", b"-- only a comment\n/* and; another */\n", b"\xef\xbb\xbf", b" ;;\n"])
def test_a_file_with_nothing_in_it_is_recorded_with_a_note(stack, content: bytes) -> None:
    stack.migration("1_a.sql", content)
    assert stack.run("migrate")["applied"][0]["note"] == "nothing in it to run" and versions(stack) == [1]


@pytest.mark.parametrize(
    "content",
    [
        b"-- as a Mac of 1999 saved it\rcreate table made (id int);\r",
        b"-- slipway: compatible\r\rcreate table made (id int); -- and\rselect 1;",
        b"""create table made (id int); create function last() returns int begin atomic
        select max(s.id) as end from made s; select case when true then 1 end as "end"; end; select last();""",
    ],
)
@pytest.mark.parametrize("directive", [b"", b"-- slipway: no-transaction\n"])
def test_a_statement_ends_where_the_server_says(stack, content: bytes, directive: bytes) -> None:
    stack.migration("1_a.sql", directive + content)
    stack.run("migrate")
    assert table_exists(stack, "made")


@pytest.mark.parametrize(
    ("content", "where", "says"),
    [
        (b"select 1;\n select $a$ never;", "2:9", "a dollar quote is opened here and never closed"),
        (b"select 1;\n /* never /* nested */", "2:2", "a comment is opened here and never closed"),
        (b"select 'never;\n", "1:8", "a quote is opened here and never closed"),
        ("select 'ж', 'ё\n".encode(), "1:13", "a quote is opened here"),
        (b"select 1;\nselect '\xff\xfe';", "2", "byte 0xff is not UTF-8"),
        ("create table a (id int);".encode("utf-16"), "1", "byte 0xff is not UTF-8"),
        ("create table a (id int);".encode("utf-16-le"), "1", "zero byte"),
        (b"begin;\ncreate table a (id int);\n", "1:1", "BEGIN without COMMIT"),
        (b"create table a (id int);\nbegin; select 1; commit;", "2:1", "BEGIN in the file"),
        (b"begin; create table a (id int); commit;\nbegin; select 1; commit;", "1:33", "COMMIT in the file"),
        (b"create table a (id int);\n commit;\ncreate table b (id int);", "2:2", "COMMIT in the file"),
    ],
)
def test_text_that_cannot_be_run_is_refused_before_anything_runs(stack, content: bytes, where: str, says: str) -> None:
    stack.migration("1_good.sql", "create table good (id int);")
    stack.migration("2_bad.sql", content)
    error = failed(stack)
    assert error.where == f"migrations/2_bad.sql:{where}" and says in error.found and error.next
    assert versions(stack) == [] and not table_exists(stack, "good")


def good_then(stack, sql: str) -> MigrationError:
    """The error of a second file, after a first one that stays."""
    stack.migration("1_good.sql", "create table good (id int);")
    stack.migration("2_bad.sql", sql)
    error = failed(stack)
    assert (versions(stack), mirror(stack), tables(stack)) == ([1], [(1, False)], ["good"])
    return error


def test_permission_denied_names_the_statement(stack) -> None:
    error = good_then(stack, "create table bad (id int);\n create role somebody;")
    assert error.where == "migrations/2_bad.sql:2:2" and "permission denied" in error.found


def test_a_statement_that_takes_too_long_names_the_setting(stack) -> None:
    stack.migration("1_a.sql", "create table a (id int);\nselect pg_sleep(60);")
    error = failed(stack, STATEMENT_TIMEOUT="200ms")
    assert error.where == "migrations/1_a.sql:2:1" and "MIGRATE_STATEMENT_TIMEOUT" in error.expected
    assert versions(stack) == [] and not table_exists(stack, "a")


def test_a_new_enum_value_needs_a_file_of_its_own(stack) -> None:
    stack.migration("1_a.sql", "create type e as enum ('a');")
    stack.migration("2_b.sql", "alter type e add value 'b';\nselect 'b'::e;")
    error = failed(stack)
    assert error.where == "migrations/2_b.sql:2:8" and "make two files" in error.next and versions(stack) == [1]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    folder = Path("/tmp") / f"slipway-small-{os.getpid()}"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m,mode=777", "tmpfs", folder], capture_output=True, check=False
    )
    if made.returncode:
        folder.rmdir()
        pytest.skip("may not mount a small file system here")
    os.chown(folder, account.owner(services.postgres_bin()), -1)
    yield folder
    subprocess.run(["umount", folder], check=True)
    folder.rmdir()


def test_a_full_disk_leaves_whole_files_only(stack, small_disk: Path) -> None:
    with stack.connect("admin") as conn:
        conn.execute(f"create tablespace {stack.database}_small location '{small_disk}'")
        conn.execute(f"grant create on tablespace {stack.database}_small to public")
    error = good_then(
        stack,
        f"create table bad (t text) tablespace {stack.database}_small;\ninsert into bad select "
        "repeat('x', 1000) from generate_series(1, 20000);",
    )
    assert error.where == "migrations/2_bad.sql:2:1" and "No space left on device" in error.found
    with stack.connect("admin") as conn:
        conn.execute(f"drop tablespace {stack.database}_small")


def test_who_blocks_is_said_without_its_secrets(stack) -> None:
    stack.migration("1_a.sql", "create table a (id int);")
    stack.run("migrate")
    stack.migration("2_b.sql", "alter table a add b int;")
    with stack.connect("migrate") as other, other.transaction():
        other.execute("set application_name = 'nightly report'")
        other.execute("lock table a /* hush */; select 'hush-hush-secret' from a")
        error = failed(stack, LOCK_TIMEOUT="100ms")
        assert f"blocked by process {other.info.backend_pid} (nightly report" in error.found
    assert "lock table a" in error.found and "hush" not in error.found and "5 tries" in error.found
    assert versions(stack) == [1]


def test_a_lock_that_comes_free_in_time_is_waited_for(stack) -> None:
    stack.migration("1_a.sql", "create table a (id int);")
    stack.run("migrate")
    stack.migration("2_b.sql", "alter table a add b int;")
    other = stack.connect("migrate")
    other.execute("begin; lock table a")
    stack.events.clear()

    def let_go() -> None:
        until(lambda: any("trying again" in event["text"] for event in stack.events), "the first try gave way")
        other.execute("rollback")

    thread = threading.Thread(target=let_go)
    thread.start()
    assert stack.run("migrate", LOCK_TIMEOUT="200ms")["version"] == 2
    thread.join()
    other.close()


def test_a_role_without_create_is_told_what_to_grant(stack) -> None:
    url = stack.role_url("readonly")
    error = failed(stack, ADMIN_DATABASE_URL="", DATABASE_OWNER="", MIGRATE_DATABASE_URL=url)
    assert "may not create" in error.found and "GRANT CREATE" in error.next


def test_a_pooler_in_transaction_mode_is_told_from_one_in_session_mode(stack) -> None:
    """The rule of `lock.refuse_pooler`: a foreign process id, and a second client on the same session."""
    from slipway.data import endpoints

    ends = endpoints.read(stack.env)

    class Pooled:
        """A client's side of a pooler: its own idea of the process id, somebody's real session."""

        def __init__(self, conn, sessions) -> None:
            self.conn, self.sessions = conn, iter(sessions)
            self.info = type("info", (), {"backend_pid": 0})

        def execute(self, query: str):
            return next(self.sessions).execute(query)

    with stack.connect("migrate") as one, stack.connect("migrate") as two:
        lock.refuse_pooler(one, ends)
        lock.refuse_pooler(Pooled(one, [one] * 9), ends)
        with pytest.raises(MigrationError, match="transaction mode"):
            lock.refuse_pooler(Pooled(one, [one, two] * 9), ends)


def test_two_runners_at_once_both_succeed(own_postgres, tmp_path) -> None:
    own_postgres.start_and_wait()
    stack = conftest.stack_on(own_postgres, tmp_path)
    stack.run("roles")
    for number in range(1, 20):
        stack.migration(f"{number}_t.sql", f"create table t{number} (id int);")
    argv = asking.argv("migrate")
    runners = [subprocess.Popen(argv, env={**os.environ, **stack.env}, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [runner.wait(60) for runner in runners] == [0, 0] and versions(stack) == list(range(1, 20))
