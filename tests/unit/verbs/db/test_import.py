"""What db.import writes, and what it leaves alone."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from slipway.data.migrations.interface import Import, Imported
from slipway.errors import MigrationError
from slipway.plan import Silent
from slipway.system import inherited
from slipway.verbs.db import import_

FILES = {"migrations/1_a.up.sql": "create table a (id int);\n", "migrations/1_a.down.sql": "drop table a;\n"}
GOOSE = "-- +goose Up\n{}-- +goose Down\n{}".format(*FILES.values())


class Reporter:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.facts: dict = {}

    def header(self, text: str) -> None: ...

    def line(self, text: str) -> None:
        self.said.append(text)

    def done(self, text: str, **facts: object) -> None:
        self.said.append(text)
        self.facts = facts

    def report_start(self, step) -> Silent:
        return Silent()

    def report_finish(self, step, seconds, remark) -> None: ...


class Database:
    """A data side that answers as if the tool had run what it is told to have."""

    def __init__(self, table: str | None = "public.goose_db_version", error: Exception | None = None) -> None:
        self.table, self.error = table, error
        self.asked: list[Import] = []
        self.hold_lock = lambda doing, wait, flag: nullcontext()

    def inside(self, verb, args: Import, progress) -> Imported:
        self.asked.append(args)
        if self.error:
            raise self.error
        return Imported(self.table, (1,) if self.table else (), () if self.table else (1,), 1, None, ())


@pytest.fixture
def root(monkeypatch, tmp_path: Path) -> Path:
    """A repository with one migration of goose in a directory of its own."""
    monkeypatch.setattr(import_, "ROOT", tmp_path)
    monkeypatch.setattr(inherited, "TYPED_IN", tmp_path)
    (tmp_path / "old").mkdir()
    (tmp_path / "old/1_a.sql").write_text(GOOSE)
    return tmp_path


def run(monkeypatch, database: Database, directory: str = "old", **options) -> Reporter:
    settings = SimpleNamespace(gate_timeout=1.0)
    env = SimpleNamespace(header="", flag="", settings=settings, engine=database)
    monkeypatch.setattr(import_, "enter", lambda on: env)
    import_.run("local", reporter := Reporter(), "goose", directory, **options)
    return reporter


def written(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in root.glob("migrations/*")}


def test_the_files_are_written_and_the_history_is_recorded(monkeypatch, root: Path) -> None:
    reporter = run(monkeypatch, database := Database())
    assert written(root) == FILES and reporter.facts["files"] == list(FILES)
    assert [each.keep for each in database.asked] == [False, True]


def test_a_second_time_nothing_is_written(monkeypatch, root: Path) -> None:
    run(monkeypatch, Database())
    assert run(monkeypatch, Database()).facts["files"] == [] and written(root) == FILES


def test_a_dry_run_says_all_of_it_and_changes_nothing(monkeypatch, root: Path) -> None:
    reporter = run(monkeypatch, database := Database(), dry_run=True)
    assert "  would write migrations/1_a.up.sql, from old/1_a.sql" in reporter.said
    assert written(root) == {} and [each.keep for each in database.asked] == [False]


def test_nothing_is_written_where_the_database_refuses(monkeypatch, root: Path) -> None:
    with pytest.raises(MigrationError):
        run(monkeypatch, Database(error=MigrationError("1")))
    assert written(root) == {}


def test_files_alone_ask_no_database(monkeypatch, root: Path) -> None:
    run(monkeypatch, database := Database(), files_only=True)
    assert written(root) == FILES and database.asked == []


def test_where_the_tool_was_never_run_that_is_said_and_the_files_are_written(monkeypatch, root: Path) -> None:
    reporter = run(monkeypatch, database := Database(table=None))
    assert "no table of goose" in reporter.said[-2] and "1 pending" in reporter.said[-1]
    assert written(root) == FILES and [each.keep for each in database.asked] == [False]


@pytest.mark.parametrize("name", ["1_a.up.sql", "001_users.up.sql", "1_b.sql"])
def test_a_file_of_that_number_is_not_overwritten(monkeypatch, root: Path, name: str) -> None:
    (root / "migrations").mkdir()
    (root / "migrations" / name).write_text("create table users (id int);")
    with pytest.raises(MigrationError) as caught:
        run(monkeypatch, database := Database())
    assert caught.value.where == f"migrations/{name}" and "git rm" in caught.value.next
    assert list(written(root)) == [f"migrations/{name}"] and database.asked == []


def test_one_that_has_that_content_already_is_left_under_its_name(monkeypatch, root: Path) -> None:
    (root / "migrations").mkdir()
    (root / "migrations/001_first.sql").write_bytes(FILES["migrations/1_a.up.sql"].encode().replace(b"\n", b"\r\n"))
    assert run(monkeypatch, Database()).facts["files"] == ["migrations/1_a.down.sql"]


def test_migrations_that_lie_beside_are_told_to_the_data_side(monkeypatch, root: Path) -> None:
    (root / "migrations").mkdir()
    (root / "migrations/7_mine.sql").write_text("select 1;")
    run(monkeypatch, database := Database())
    assert database.asked[0].others == (7,)


@pytest.mark.parametrize(
    ("directory", "says"), [("migrations", "is where"), ("none", "cannot be read"), ("empty", "no migration")]
)
def test_a_directory_that_gives_nothing_is_refused(monkeypatch, root: Path, directory: str, says: str) -> None:
    for name in ("migrations", "empty"):
        (root / name).mkdir()
    with pytest.raises(MigrationError) as caught:
        run(monkeypatch, Database(), directory)
    assert says in caught.value.found and caught.value.next
