"""Lint without a database: squawk's findings in our words, at their place, with the team's configuration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from slipway.data.migrations import lint, lint_rules, result_types
from slipway.errors import MigrationError, SettingsError
from slipway.ops import verbs

Lint = Callable[..., list[dict]]


@pytest.fixture
def linted(tmp_path: Path) -> Lint:
    """Writes migrations and lints them; no database answers."""
    folder = tmp_path / "migrations"
    folder.mkdir()

    def run(files: list[str] | None = None, **contents: str | bytes) -> list[dict]:
        for name, content in contents.items():
            path = folder / f"{name.removeprefix('f')}.sql"
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return verbs.run("lint", {"files": files}, {"MIGRATIONS_DIR": str(folder)}, lambda event: None)["findings"]

    return run


def rules(found: list[dict]) -> list[str]:
    return [each["rule"] for each in found]


@pytest.mark.parametrize(
    ("sql", "rule", "says", "instead"),
    [
        (
            "create index i on users (name);",
            "require-concurrent-index-creation",
            "INSERT, UPDATE and DELETE waits",
            "-- slipway: no-transaction",
        ),
        (
            "create index concurrently i on users (name); drop view v;",
            "ban-concurrent-index-creation-in-transaction",
            "refuses to run inside a transaction",
            "-- slipway: no-transaction",
        ),
        (
            "alter table a add constraint c foreign key (b) references b (id);",
            "adding-foreign-key-constraint",
            "SHARE ROW EXCLUSIVE on both tables",
            "NOT VALID",
        ),
        (
            "alter table users add column age bigint not null;",
            "adding-required-field",
            "breaks every INSERT",
            "DEFAULT",
        ),
        ("alter table users alter column name type text;", "changing-column-type", "ACCESS EXCLUSIVE", "new type"),
        (
            "alter table users rename column a to b;",
            "renaming-column",
            "the release that still runs",
            "add the new column",
        ),
        ("alter table users drop column a;", "ban-drop-column", "data is gone", "squawk-ignore"),
        (
            "alter table users alter column a set not null;",
            "adding-not-nullable-field",
            "reads the whole table",
            "CHECK",
        ),
        (
            "alter table users add constraint u unique (name);",
            "disallowed-unique-constraint",
            "ACCESS EXCLUSIVE",
            "UNIQUE USING INDEX",
        ),
    ],
)
def test_a_finding_says_what_is_locked_and_what_to_write_instead(
    linted: Lint, sql: str, rule: str, says: str, instead: str
) -> None:
    found = [each for each in linted(f1_a=f"-- first\n  {sql}\n") if each["rule"] == rule]
    assert len(found) == 1 and found[0]["file"] == "migrations/1_a.sql" and found[0]["line"] == 2
    assert says in found[0]["message"] and instead in found[0]["help"] and found[0]["level"] == "warning"


def test_a_file_of_its_own_without_a_transaction_is_what_the_index_rule_asks_for(linted: Lint) -> None:
    assert linted(f1_a="-- slipway: no-transaction\ncreate index concurrently i on users (name);\n") == []


def test_what_the_runner_does_itself_is_not_asked_for(linted: Lint) -> None:
    assert linted(f1_a="create table users (id bigint primary key);\nalter table orders add column note text;\n") == []


def test_columns_count_characters_and_the_mark_before_utf8_counts_nothing(linted: Lint) -> None:
    found = linted(f1_a=b"\xef\xbb\xbf" + 'create table "жук" (id bigint); drop table "жуки";'.encode())
    assert [(each["rule"], each["line"], each["column"]) for each in found] == [("ban-drop-table", 1, 33)]


def test_copy_data_is_no_sql_and_lines_after_it_keep_their_numbers(linted: Lint) -> None:
    sql = "COPY public.users (id, name) FROM stdin;\n1\tit's; drop table x;\n2\t\"\n\\.\n\ndrop table users;\n"
    assert [(each["rule"], each["line"]) for each in linted(f1_a=sql)] == [("ban-drop-table", 6)]


def test_broken_sql_is_an_error_at_its_place(linted: Lint) -> None:
    found = linted(f1_a="create tabel users (id bigint);\n")
    assert {each["rule"] for each in found} == {"syntax-error"} and {each["level"] for each in found} == {"error"}


def test_files_and_rules_are_ignored_by_comments(linted: Lint) -> None:
    assert (
        linted(f1_a="-- squawk-ignore ban-drop-table\ndrop table a;\n", f2_b="-- squawk-ignore-file\ndrop table b;\n")
        == []
    )


def test_the_teams_configuration_wins_over_our_defaults(linted: Lint, tmp_path: Path) -> None:
    sql = {"f1_a": "drop table a;\nalter table b add column c text;\n"}
    config = 'excluded_rules = ["ban-drop-table"]\nincluded_rules = ["require-lock-timeout"]\n'
    (tmp_path / ".squawk.toml").write_text(config)
    assert set(rules(linted(**sql))) == {"require-lock-timeout"}
    (tmp_path / ".squawk.toml").unlink()
    assert rules(linted(**sql)) == ["ban-drop-table"]


@pytest.mark.parametrize("config", ['excluded_rules = ["no-such-rule"]', "excluded_rules = ["])
def test_a_configuration_that_cannot_be_read_is_refused(linted: Lint, tmp_path: Path, config: str) -> None:
    (tmp_path / ".squawk.toml").write_text(config)
    with pytest.raises(SettingsError):
        linted(f1_a="select 1;")


def test_only_the_named_files_are_linted_downward_ones_too(linted: Lint) -> None:
    content = {"f1_a.up": "drop table a;", "f1_a.down": "drop table b;", "f2_b.up": "drop table c;"}
    assert [each["file"] for each in linted(**content)] == ["migrations/1_a.up.sql", "migrations/2_b.up.sql"]
    assert [each["file"] for each in linted(["1_a.down.sql"])] == ["migrations/1_a.down.sql"]
    with pytest.raises(MigrationError, match=r"3_c\.sql: cannot be read"):
        linted(["migrations/3_c.sql"])


def test_a_name_that_is_a_pattern_is_one_file(linted: Lint) -> None:
    found = linted(**{"f1_[ab]*?": "drop table a;", "f2_a": "drop table b;"})
    assert [each["file"] for each in found] == ["migrations/1_[ab]*?.sql", "migrations/2_a.sql"]


def test_squawk_missing_is_said(linted: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lint.sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SettingsError) as caught:
        linted(f1_a="select 1;")
    assert caught.value.where == "squawk" and "ops.lock" in caught.value.expected


def test_an_unknown_rule_keeps_squawks_words() -> None:
    told = lint_rules.words("a-new-rule", "Warning", "Something new.", None)
    assert (told.message, told.help, told.level) == ("Something new.", "", "warning")
    assert lint_rules.words("a-new-rule", "Error", "Bad.", "Mend it.").level == "error"


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("alter table tasks add column note text;", True),
        ("alter table tasks add note text default 'a, b';", True),
        (
            'alter table if exists only public."Tasks" add constraint c check (true) not valid, add column note text;',
            True,
        ),
        ("alter table tasks alter column n set data type bigint;", True),
        ("alter table tasks rename n to m;", True),
        ("alter table tasks drop column n;", True),
        ("alter table tasks alter column n set default 1;", False),
        ("alter table tasks add constraint c check (n > 0) not valid;", False),
        ("alter table tasks rename constraint a to b;", False),
        ("alter table tasks drop constraint c;", False),
        ("create table made (id bigint); alter table made add column note text;", False),
        ("create table made (id bigint);", False),
    ],
)
def test_a_compatible_file_that_changes_what_select_star_gives_is_named(linted: Lint, sql: str, named: bool) -> None:
    marked = [each for each in linted(f1_a=f"-- slipway: compatible\n  {sql}\n") if each["rule"] == result_types.RULE]
    assert bool(marked) == named
    if named:
        assert (marked[0]["line"], marked[0]["column"], marked[0]["level"]) == (2, 3, "advice")
        assert "cached plan must not change result type" in marked[0]["message"]
    assert result_types.RULE not in rules(linted(f1_a=f"{sql}\n"))
