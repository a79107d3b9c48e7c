"""Fixtures on a real server: loaded once for each content, streamed, and never over a row that is there."""

from __future__ import annotations

import pytest

from slipway.errors import MigrationError

SCHEMA = """create table users (id int primary key, name text not null, born date);
create schema sales; create table sales.orders (id bigint generated always as identity primary key, note text);"""


@pytest.fixture
def filled(stack):
    with stack.connect("migrate") as conn:
        conn.execute(SCHEMA)
    return stack


def rows(stack, query: str) -> list[tuple]:
    with stack.connect("admin") as conn:
        return conn.execute(query).fetchall()


def test_sql_and_csv_are_loaded_in_name_order_and_only_once(filled) -> None:
    filled.fixture("002_users.csv", 'name,id\n"Иван ""Ваня""\nПетров",2\nann,1\n')
    filled.fixture("001_demo.sql", "insert into users (id, name) values (1, '100%') on conflict do nothing;")
    found = filled.run("fixtures")
    assert [(each["file"], each["rows"]) for each in found["loaded"]] == [
        ("fixtures/001_demo.sql", 1),
        ("fixtures/002_users.csv", 1),
    ]
    assert rows(filled, "select id, name from users order by id") == [(1, "100%"), (2, 'Иван "Ваня"\nПетров')]
    assert filled.run("fixtures") == {"loaded": [], "kept": 2}


def test_changed_content_is_loaded_again_and_keeps_what_is_there(filled) -> None:
    filled.fixture("1_users.csv", "id,name\n1,first\n")
    filled.run("fixtures")
    filled.fixture("1_users.csv", "id,name\n1,second\n2,new\n")
    assert filled.run("fixtures")["loaded"][0]["rows"] == 1
    assert rows(filled, "select id, name from users order by id") == [(1, "first"), (2, "new")]


def test_a_changed_csv_for_a_table_without_a_key_is_refused_because_rows_would_double(filled) -> None:
    with filled.connect("migrate") as conn:
        conn.execute("create table notes (id int, text text)")
    filled.fixture("1_notes.csv", "id,text\n1,a\n")
    filled.run("fixtures")
    filled.fixture("1_notes.csv", "id,text\n1,a\n2,b\n")
    with pytest.raises(MigrationError, match="no unique key among the columns id, text"):
        filled.run("fixtures")
    assert rows(filled, "select id from notes") == [(1,)]


def test_a_changed_sql_file_is_refused_before_anything_is_loaded_unless_it_is_repeatable(filled) -> None:
    filled.fixture("2_users.sql", "insert into users (id, name) values (1, 'a');")
    filled.run("fixtures")
    filled.fixture("1_first.sql", "insert into users (id, name) values (9, 'z');")
    filled.fixture("2_users.sql", "insert into users (id, name) values (2, 'b');")
    with pytest.raises(MigrationError) as caught:
        filled.run("fixtures")
    assert caught.value.where == "fixtures/2_users.sql" and "slipway: repeatable" in caught.value.expected
    assert rows(filled, "select id from users") == [(1,)]
    filled.fixture("2_users.sql", "-- slipway: repeatable\ninsert into users (id, name) values (2, 'b');")
    loaded = filled.run("fixtures")["loaded"]
    assert [each["file"] for each in loaded] == ["fixtures/1_first.sql", "fixtures/2_users.sql"]
    assert rows(filled, "select id from users order by id") == [(1,), (2,), (9,)]


def test_only_the_named_fixture_is_loaded(filled) -> None:
    filled.fixture("1_a.sql", "insert into users (id, name) values (1, 'a');")
    filled.fixture("2_b.sql", "insert into users (id, name) values (2, 'b');")
    assert [each["file"] for each in filled.run("fixtures", {"only": "2_b"})["loaded"]] == ["fixtures/2_b.sql"]
    assert rows(filled, "select id from users") == [(2,)]
    assert filled.run("fixtures", {"only": "2_b.sql"}) == {"loaded": [], "kept": 1}


DUMP = """-- data
COPY public.users (id, name, born) FROM stdin;
1\tit's "quoted"; -- no comment\t2001-02-03
2\t$$ not a dollar quote\t\\N
\\.

SELECT pg_catalog.setval('sales.orders_id_seq', 5, true);
COPY sales.orders (id, note) FROM stdin;
4\tline\\nbreak
\\.
"""


def test_the_data_of_pg_dump_is_loaded_with_its_copy_blocks(filled) -> None:
    filled.fixture("1_dump.sql", DUMP)
    assert filled.run("fixtures")["loaded"][0]["rows"] == 3
    assert rows(filled, "select id, name, born::text from users order by id") == [
        (1, 'it\'s "quoted"; -- no comment', "2001-02-03"),
        (2, "$$ not a dollar quote", None),
    ]
    assert rows(filled, "select id, note from sales.orders") == [(4, "line\nbreak")]


def test_a_bad_line_of_copy_data_is_named_and_the_whole_file_leaves_nothing(filled) -> None:
    filled.fixture("1_dump.sql", DUMP.replace("4\tline", "four\tline"))
    with pytest.raises(MigrationError) as caught:
        filled.run("fixtures")
    assert caught.value.where == "fixtures/1_dump.sql:9" and "invalid input syntax" in caught.value.found
    assert rows(filled, "select * from users") == [] and rows(filled, "select * from slipway.fixtures") == []


def test_a_large_copy_fixture_is_streamed_with_progress_in_bytes(filled) -> None:
    text = "COPY users (id, name) FROM stdin;\n" + "".join(f"{n}\tname {n}\n" for n in range(80_000)) + "\\.\n"
    filled.fixture("1_users.sql", text)
    assert filled.run("fixtures")["loaded"][0]["rows"] == 80_000
    done = [event["done"] for event in filled.events]
    assert done == sorted(done) and len(done) > 3 and done[-1] == len(text)
    assert {(event["total"], event["unit"]) for event in filled.events} == {(len(text), "bytes")}
    assert rows(filled, "select count(*), sum(id) from users") == [(80_000, 80_000 * 79_999 // 2)]


def test_a_table_of_another_schema_and_an_identity_column(filled) -> None:
    filled.fixture("1_sales.orders.csv", b"\xef\xbb\xbfid,note\r\n7,a\r\n8,\r\n")
    filled.run("fixtures")
    assert rows(filled, "select id, note from sales.orders order by id") == [(7, "a"), (8, None)]


@pytest.mark.parametrize(
    ("name", "text", "where", "says"),
    [
        (
            "2_users.csv",
            "id,name\n5,ok\n6,ok\nx,bad\n",
            "fixtures/2_users.csv:4",
            "invalid input syntax for type integer",
        ),
        ("2_users.csv", "id,name\n5,ok\n6\n", "fixtures/2_users.csv:3", "missing data for column"),
        ("2_users.csv", "id,nome\n5,x\n", "fixtures/2_users.csv", 'column "nome" does not exist'),
        ("2_users.csv", "id,name\n5,ok\n6,\n", "fixtures/2_users.csv:3", "violates not-null constraint"),
        ("2_users.csv", 'id,name\n5,"two\nlines"\n6,\n', "fixtures/2_users.csv:4", "violates not-null constraint"),
        ("2_users.csv", "id\n5\n", "fixtures/2_users.csv", 'null value in column "name"'),
        ("2_nowhere.csv", "id\n5\n", "fixtures/2_nowhere.csv", 'relation "nowhere" does not exist'),
        ("2_more.sql", "insert into users values (5, 'x');\nselec 1;", "fixtures/2_more.sql:2:1", "syntax error"),
        ("2_more.sql", "insert into users values (5, 'x');\ncommit;", "fixtures/2_more.sql:2:1", "COMMIT in the file"),
    ],
)
def test_a_bad_file_is_named_with_its_line_and_leaves_nothing(
    filled, name: str, text: str, where: str, says: str
) -> None:
    filled.fixture(name, text)
    with pytest.raises(MigrationError) as caught:
        filled.run("fixtures")
    assert caught.value.where == where and says in caught.value.found
    assert rows(filled, "select * from users") == [] and rows(filled, "select * from slipway.fixtures") == []


@pytest.mark.parametrize(
    ("domain", "says"),
    [
        ("check (value > 0)", "violates check constraint"),
        ("not null", "does not allow null values"),
    ],
)
def test_what_a_domain_refuses_in_a_csv_is_named_with_its_line(filled, domain: str, says: str) -> None:
    with filled.connect("migrate") as conn:
        conn.execute(f"create domain count as int {domain}; create table stock (id int primary key, n count)")
    filled.fixture("1_stock.csv", "id,n\n1,5\n2," + ("-1" if "check" in domain else "") + "\n")
    with pytest.raises(MigrationError) as caught:
        filled.run("fixtures")
    assert caught.value.where == "fixtures/1_stock.csv:3" and says in caught.value.found


@pytest.mark.parametrize(
    ("table", "line", "says"),
    [
        ("create table stock (id int primary key, n int check (n > 0))", ":3", "violates check constraint"),
        (
            "create table stock (id int primary key, n int) partition by range (id); create table stock_low partition of stock "
            "(constraint positive check (n > 0)) for values from (0) to (9)",
            ":3",
            "violates check constraint",
        ),
        (
            "create table stock (id int, n int) partition by range (id); create table stock_low partition of stock "
            "for values from (1) to (2)",
            "",
            "no partition of relation",
        ),
        # Who needs columns that the file does not have cannot be asked line by line.
        (
            "create table stock (id int primary key, n int, low int default 1, check (n > low))",
            "",
            "violates check constraint",
        ),
    ],
)
def test_what_the_table_refuses_in_a_csv_is_named_with_its_line(filled, table: str, line: str, says: str) -> None:
    with filled.connect("migrate") as conn:
        conn.execute(table)
    filled.fixture("1_stock.csv", "id,n\n1,5\n2,-1\n3,-2\n")
    with pytest.raises(MigrationError) as caught:
        filled.run("fixtures")
    assert caught.value.where == f"fixtures/1_stock.csv{line}" and says in caught.value.found
    assert caught.value.expected == "values that stock takes" and rows(filled, "select * from stock") == []


def test_a_trigger_that_fills_what_the_csv_leaves_empty_is_not_forestalled(filled) -> None:
    with filled.connect("migrate") as conn:
        conn.execute(
            "create function named() returns trigger language plpgsql as $$ begin new.name := "
            "coalesce(new.name, 'nobody'); return new; end $$; create trigger named before insert on users "
            "for each row execute function named()"
        )
    filled.fixture("1_users.csv", "id,name\n1,\n2,ann\n")
    filled.run("fixtures")
    assert rows(filled, "select id, name from users order by id") == [(1, "nobody"), (2, "ann")]


def test_a_large_csv_is_streamed_with_progress_in_rows(filled) -> None:
    """1.4 million bytes in pieces: progress rises to the total, and the pieces join without a seam."""
    filled.fixture("1_users.csv", "id,name\n" + "".join(f"{n},name {n}\n" for n in range(80_000)))
    assert filled.run("fixtures")["loaded"][0]["rows"] == 80_000
    done = [event["done"] for event in filled.events]
    assert done == sorted(done) and len(done) > 3 and done[-1] == 80_000
    assert {(event["total"], event["unit"]) for event in filled.events} == {(80_000, "rows")}
    assert rows(filled, "select count(*), sum(id) from users") == [(80_000, 80_000 * 79_999 // 2)]


def test_fixtures_load_past_row_security_as_the_owner(filled) -> None:
    filled.migration("2_rls.sql", "alter table users enable row level security;")
    filled.run("migrate")
    filled.fixture("1_users.csv", "id,name\n1,a\n")
    assert filled.run("fixtures")["loaded"][0]["rows"] == 1
    assert filled.value("select count(*) from users", "app") == 0
