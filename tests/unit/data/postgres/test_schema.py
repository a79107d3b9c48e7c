"""schema.sql as text: what pg_dump says for its own use is left out, and nothing else."""

from __future__ import annotations

import pytest

from slipway.data.postgres import schema

DUMPED = """--
-- PostgreSQL database dump
--

\\restrict {mark}

-- Dumped from database version {version}
-- Dumped by pg_dump version {version}

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);
SET row_security = off;

--
-- Name: f(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.f() RETURNS void
    LANGUAGE plpgsql
    AS $_$ begin
SET row_security = off;
--


-- Name: of the body
end $_$;


--
-- Name: users; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.users (
    id bigint NOT NULL
);


--
-- PostgreSQL database dump complete
--

\\unrestrict {mark}

"""


def test_marks_and_versions_leave_no_trace() -> None:
    one = schema.normalised(DUMPED.format(mark="abc", version="18.4"))
    assert one == schema.normalised(DUMPED.format(mark="xyz", version="18.9 (Debian)"))
    assert one.startswith("CREATE FUNCTION")
    assert one.endswith("$;\n\nCREATE TABLE public.users (\n    id bigint NOT NULL\n);\n")


def test_bodies_of_functions_stay_whole() -> None:
    assert "begin\nSET row_security = off;\n--\n\n\n-- Name: of the body\nend" in schema.normalised(DUMPED)


def test_line_ends_do_not_matter() -> None:
    assert schema.normalised(DUMPED.replace("\n", "\r\n")) == schema.normalised(DUMPED)


def test_the_applied_migrations_end_the_file() -> None:
    assert schema.listed([(1, "users"), (20, "tasks")]) == "\n-- Migrations applied:\n--   1 users\n--   20 tasks\n"


@pytest.mark.parametrize(("given", "text", "says"), [("a\n", "a\n", ""), ("", "a\n", "+a"), ("a\nb\n", "a\n", "-b")])
def test_a_difference_is_a_diff_from_the_file_to_the_database(given: str, text: str, says: str) -> None:
    diff = schema.compared(given, text)
    assert says in diff.splitlines() if says else diff == ""
