"""Output of PostgreSQL's programs, as they wrote it: which line is the reason, and what of it nobody may read."""

from __future__ import annotations

import pytest

from slipway.data.postgres import complaints
from slipway.errors import BackupError

PRIVATE = "a title that is private"
CHECK = f"""pg_restore: error: COPY failed for table "tasks": ERROR:  function clean(text) does not exist
LINE 1: length(clean(t)) > 2
               ^
HINT:  No function matches the given name and argument types. You might need to add explicit type casts.
QUERY:  length(clean(t)) > 2
CONTEXT:  PL/pgSQL function public.fit(text) line 1 at RETURN
COPY tasks, line 1: "1\t{PRIVATE}"
"""
INDEX = """pg_restore: error: could not execute query: ERROR:  relation "words" does not exist
LINE 2:  SELECT count(*) FROM words
                              ^
CONTEXT:  SQL function "rank" during inlining
Command was: CREATE INDEX by_rank ON public.tasks USING btree (public.rank(title));
"""
DOUBLE = f"""pg_restore: error: could not execute query: ERROR:  could not create unique index "tasks_title"
DETAIL:  Key (title)=({PRIVATE}) is duplicated.
Command was: ALTER TABLE ONLY public.tasks ADD CONSTRAINT tasks_title UNIQUE (title);
"""
ROW = f"""psql:<stdin>:12: ERROR:  new row for relation "tasks" violates check constraint "fits"
DETAIL:  Failing row contains (1, {PRIVATE}).
CONTEXT:  COPY tasks, line 3: "1\t{PRIVATE}"
"""
VALUE = f"""ERROR:  invalid input syntax for type integer: "x"
CONTEXT:  COPY tasks, line 3, column id: "{PRIVATE}"
"""


@pytest.mark.parametrize(
    ("text", "found", "caller"),
    [
        (CHECK, 'COPY failed for table "tasks": ERROR:  function clean(text) does not exist', "public.fit(text)"),
        (INDEX, 'could not execute query: ERROR:  relation "words" does not exist', "rank"),
        (DOUBLE, 'ERROR:  could not create unique index "tasks_title"', ""),
        (ROW, 'violates check constraint "fits"', ""),
        (VALUE, 'invalid input syntax for type integer: "x"', ""),
        ("pg_dump: last built-in OID is 16383\npg_dump: error: permission denied for table t\nhint", "denied", ""),
        ("\n \n", "it said nothing", ""),
        ("could not start\nbecause", "because", ""),
    ],
)
def test_the_reason_is_the_error_line_and_no_row_is_shown(text: str, found: str, caller: str):
    told = complaints.read(text.splitlines(), {})
    assert found in told.found and told.caller == caller
    error = told.error(BackupError, "pg_restore", "a dump that can be restored", "./invoke logs", text.splitlines())
    shown = (error.found, error.expected, error.next, *error.log)
    assert not any(PRIVATE in line for line in shown)
    assert (f"in function {caller}" in error.found and "search_path" in error.next) if caller else error.next


def test_an_error_that_is_known_is_followed_by_its_own_context_and_no_other():
    lines = [*DOUBLE.splitlines(), *CHECK.splitlines()]
    known = lines[len(DOUBLE.splitlines())].removeprefix("pg_restore: error: ")
    assert complaints.read(lines, {}, known).caller == "public.fit(text)"
    assert complaints.read(lines, {}).caller == ""


def test_the_password_that_a_program_was_given_is_not_told():
    assert complaints.read(["error: connection to p4ss failed"], {"PGPASSWORD": "p4ss"}).found.count("•••") == 1


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("Key (email, shop)=(ann@example.org, 3) already exists.", "Key (email, shop)=(…) already exists."),
        ('Key (id)=(1) is not present in table "shops".', 'Key (id)=(…) is not present in table "shops".'),
        ("Failing row contains (1, ann, (x)).", "Failing row contains (…)."),
        ('COPY tasks, line 3, column id: "x: y"', "COPY tasks, line 3, column id"),
        ("extended query with parameters: $1 = 'ann'", "extended query with parameters: …"),
        ("Keys are sorted.", "Keys are sorted."),
    ],
)
def test_what_a_row_holds_is_left_out_of_details_and_contexts(line: str, rest: str):
    assert complaints.hide_row(line) == rest


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE USER MAPPING FOR postgres SERVER warehouse OPTIONS (\n    password 's3cret;x',\n    \"user\" 'reader'\n);",
        "CREATE SERVER warehouse FOREIGN DATA WRAPPER postgres_fdw OPTIONS (\n    host 's3cret'\n);",
        "CREATE SUBSCRIPTION s CONNECTION 'host=h password=s3cret' PUBLICATION p WITH (connect = false);",
        "ALTER USER MAPPING FOR PUBLIC SERVER w OPTIONS (SET password 's3cret');",
    ],
)
def test_how_to_log_in_elsewhere_is_not_shown(statement: str) -> None:
    said = [
        'pg_restore: error: could not execute query: ERROR:  server "warehouse" does not exist',
        *f"Command was: {statement}".splitlines(),
        "pg_restore: finished",
    ]
    error = complaints.read(said, {}).error(BackupError, "pg_restore", "", "", said)
    assert "s3cret" not in " ".join(error.log) and "reader" not in " ".join(error.log)
    assert error.log[0] == said[0] and error.log[-1] == "pg_restore: finished" and len(error.log) == 3
