"""Dumps that are not whole, or do not load, are refused, with the file, and with the line where there are lines."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from slipway.data.endpoints import Endpoints
from slipway.errors import SlipwayError
from slipway.supabase.dumps import standing
from slipway.system.redact import Secret
from tests.support.supabase import cli_dump
from tests.support.supabase.source import Source


@pytest.fixture(scope="module")
def dumps(project: Source, tmp_path_factory) -> Path:
    """The texts of the Supabase CLI as it writes them with comments, and an archive in a directory of its own."""
    folder = tmp_path_factory.mktemp("dumps")
    cli_dump.dump(project, folder, keep_comments=True)
    cli_dump.run(project, "pg_dump", "--format=custom", f"--file={folder / 'project.dump'}")
    return folder


def cut(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) * 3 // 4])

    return change


def end(name: str, text: str) -> Callable[[Path], None]:
    """Puts something before the last line."""

    def change(folder: Path) -> None:
        whole = (folder / name).read_text()
        (folder / name).write_text(whole.removesuffix("RESET ALL;\n") + f"{text}\nRESET ALL;\n")

    return change


def pack(folder: Path) -> None:
    (folder / "0.sql.gz").write_bytes(gzip.compress((folder / "0.sql").read_bytes()))


def nothing(folder: Path) -> None:
    for each in folder.iterdir():
        each.unlink()


TEXTS, ARCHIVE = ("0.sql", "1.sql", "2.sql"), ("project.dump",)
FAULTS = {
    "cut rows": (TEXTS, cut("0.sql"), "0.sql", "the file was cut"),
    "cut definitions": (TEXTS, cut("1.sql"), "1.sql", "the file was cut"),
    "cut archive": (ARCHIVE, cut("project.dump"), "project.dump", "an archive that is whole"),
    "packed": (TEXTS, pack, "0.sql.gz", "packed by gzip"),
    "a statement that fails": (TEXTS, end("1.sql", "\nALTER TABLE public.nowhere\n ADD x int;"), "1.sql:{}", "nowhere"),
    "an open quote": (
        TEXTS,
        end("1.sql", "\nCOMMENT ON TABLE public.tasks IS 'open;"),
        "1.sql:{}",
        "a quote is opened",
    ),
    "a command of psql": (TEXTS, end("1.sql", "\n\\! touch /tmp/x"), "1.sql:{}", "a command of psql"),
    "no dumps": (TEXTS, nothing, "", "no dumps in it"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_named(project: Source, dumps: Path, tmp_path: Path, fault: str) -> None:
    names, change, where, what = FAULTS[fault]
    for name in names:
        shutil.copy(dumps / name, tmp_path / name)
    line = (tmp_path / "1.sql").read_text().count("\n") + 1 if "1.sql" in names else 0
    change(tmp_path)
    with pytest.raises(SlipwayError) as refused, stands(project, tmp_path):
        pytest.fail("it stands")
    assert refused.value.where.startswith(where.format(line)), refused.value.fields()
    assert what in f"{refused.value.found} {refused.value.expected}", refused.value.fields()


def test_what_the_filters_of_the_cli_break_is_refused_with_its_line(project: Source, tmp_path: Path) -> None:
    cli_dump.dump(project, tmp_path)
    with pytest.raises(SlipwayError, match=r"1\.sql:\d+:\d+: .*begins in line \d+"), stands(project, tmp_path):
        pytest.fail("it stands")


def test_what_the_tables_of_the_platform_do_not_know_is_text_and_named(
    project: Source, dumps: Path, tmp_path: Path
) -> None:
    for name in TEXTS:
        shutil.copy(dumps / name, tmp_path / name)
    new = 'INSERT INTO "auth"."users" ("id", "favourite") VALUES (\'{}\', \'blue\');'
    end("0.sql", new.format("00000000-0000-4000-8000-00000000fffe"))(tmp_path)
    with stands(project, tmp_path) as found, psycopg.connect(found.ends.supabase.db_url.value) as conn:
        assert "column auth.users.favourite is not known here: it is text" in found.notes
        assert conn.execute("select count(*), count(favourite) from auth.users").fetchone() == (16, 1)


def stands(project: Source, folder: Path):
    """With the project's own server as the stack's."""
    return standing.project(Endpoints(migrate_url=Secret(project.admin_url)), str(folder), lambda event: None)
