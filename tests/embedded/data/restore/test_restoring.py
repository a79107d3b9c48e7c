"""Restores on a real server: the live database is whole and old, or whole and new, and never anything else."""

from __future__ import annotations

import contextlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import psycopg
import pytest

from slipway.data.backups import fingerprint, manifest
from slipway.data.postgres import extensions
from slipway.data.restore import looking
from slipway.errors import BackupError, LockHeld, SettingsError, VerificationError
from tests.embedded.data.conftest import stack_on
from tests.support import restoring, services
from tests.support.restoring import backup, contents, databases
from tests.support.waiting import until

CHECKS = {
    "tables",
    "rows",
    "content",
    "sequences",
    "sequences ahead",
    "large objects",
    "schema version",
    "constraints",
    "indexes",
    "extensions",
}


@pytest.fixture
def shop(stack):
    yield restoring.filled(stack)
    restoring.tidy(stack)


def ruin(stack) -> None:
    with stack.connect("admin") as conn:
        conn.execute("drop table posts; delete from users; insert into users (name) values ('new since')")


def test_a_restore_brings_back_every_row_and_keeps_the_database_of_before(shop) -> None:
    before = contents(shop)
    name = backup(shop)
    ruin(shop)
    ruined = contents(shop)
    done = shop.run("restore", {"id": name})
    assert contents(shop) == before
    assert done["database"] == shop.database and contents(shop, done["old"]) == ruined
    assert databases(shop) == sorted([shop.database, done["old"]])
    assert {each["name"] for each in done["checks"]} == CHECKS and all(each["ok"] for each in done["checks"])
    with shop.connect("app") as conn:
        assert conn.execute("select count(*) from users").fetchone() == (3000,)
    assert shop.run("restore.drop")["dropped"] == [done["old"]] and databases(shop) == [shop.database]


def test_everything_about_the_database_comes_back_but_passwords(shop) -> None:
    """Catalog with owners and grants, its settings, who may connect, a role of the team's, sequences, large objects."""
    from slipway.data.postgres import catalog

    role = f"{shop.database} Café"
    with shop.connect_admin() as conn:
        conn.execute(f"alter database {shop.database} set work_mem = '7MB'")
        conn.execute(f"alter role \"{role}\" in database {shop.database} set statement_timeout = '9s'")
        conn.execute(f"comment on database {shop.database} is 'the shop''s own'")
    told = """select (select array_agg(setconfig::text order by setrole) from pg_db_role_setting s where setdatabase = d.oid),
        datacl::text, shobj_description(d.oid, 'pg_database'), pg_get_userbyid(datdba),
        (select array_agg(last_value order by sequencename) from pg_sequences),
        (select array_agg(md5(lo_get(oid)) order by 1) from pg_largeobject_metadata)
        from pg_database d where datname = current_database()"""
    with shop.connect("admin") as conn:
        before, schema = conn.execute(told).fetchone(), catalog.snapshot(conn)
    name = backup(shop)
    ruin(shop)
    with shop.connect("admin") as conn:
        conn.execute(f'revoke all on users from "{role}"; drop role "{role}"')
    done = shop.run("restore", {"id": name})
    assert any(note.startswith(f"role {role}: made, without a password") for note in done["notes"])
    with shop.connect("admin") as conn:
        assert conn.execute(told).fetchone() == before
        assert catalog.difference(schema, catalog.snapshot(conn)) == []
    assert shop.run("restore.drop", {"names": ["no such"]})["dropped"] == []
    assert shop.run("restore.drop", {"names": [done["old"]]})["dropped"] == [done["old"]]
    assert databases(shop) == [shop.database]
    assert shop.run("roles")["changed"] == []


def test_a_database_that_is_gone_is_restored_too(shop) -> None:
    before, name = contents(shop), backup(shop)
    with shop.connect_admin() as conn:
        conn.execute(f"drop database {shop.database} with (force)")
    assert shop.run("restore.look", {"id": name})["live"] is None
    assert shop.run("restore", {"id": name})["old"] is None and contents(shop) == before


def test_what_would_be_lost_is_told_and_nothing_changed(shop) -> None:
    name = backup(shop, label="before")
    shop.migration("2_tags.up.sql", "create table tags (id int)")
    shop.run("migrate")
    with shop.connect("admin") as conn:
        conn.execute("insert into users (name) values ('new'); delete from posts where id <= 5; drop table secrets")
    before = contents(shop)
    found = shop.run("restore.look", {"id": name})
    assert contents(shop) == before and found["exact"] and found["label"] == "before"
    assert {each["table"]: (each["then"], each["now"]) for each in found["tables"]} == {
        "public.users": (3000, 3001),
        "public.posts": (3000, 2995),
        "public.secrets": (10, None),
        "public.tags": (None, 0),
    }
    assert found["migrations"] == [{"version": 2, "name": "tags"}]
    shop.run("restore", {"id": name})
    assert [row["state"] for row in shop.run("status")["rows"]] == ["applied", "pending"]


def test_a_table_is_counted_by_statistics_where_the_database_is_large(shop, monkeypatch) -> None:
    monkeypatch.setattr(looking, "EXACT", 0)
    name = backup(shop)
    with shop.connect("admin") as conn:
        conn.execute("insert into users (name) select 'more ' || n from generate_series(1, 100) n")
        conn.execute("select pg_stat_force_next_flush()")
    found = shop.run("restore.look", {"id": name})
    assert not found["exact"]
    assert {"table": "public.users", "then": 3000, "now": 3100} in found["tables"]


def test_another_name_gets_the_backup_and_the_live_database_stays(shop) -> None:
    before, name = contents(shop), backup(shop)
    ruin(shop)
    ruined, other = contents(shop), f'{shop.database} "x" = Größe'
    done = shop.run("restore", {"id": name, "into": other})
    assert done["database"] == other and done["old"] is None
    assert contents(shop, other) == before and contents(shop) == ruined
    with pytest.raises(SettingsError, match="is there already"):
        shop.run("restore", {"id": name, "into": other})
    assert contents(shop, other) == before


def test_a_live_database_of_any_name_is_replaced_and_kept(bare) -> None:
    """As an external one may be called: quotes, blanks, =, letters of two bytes, and almost as long as a name may be."""
    live = f"{bare.database} \"q\" 'a'=%s é " + "ü" * 16
    with bare.connect_admin() as conn:
        conn.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(live)))
    env = {
        "MIGRATE_DATABASE_URL": bare.url("postgres", services.ADMIN_PASSWORD, live),
        "DATABASE_URL": "",
        "DATABASE_OWNER": "",
        "BACKUP_DIR": str(bare.folder / "backups"),
    }
    with restoring.connected(bare, live) as conn:
        conn.execute("create table t as select n from generate_series(1, 10) n")
    name = bare.run("backup", {"contents": True}, **env)["id"]
    with restoring.connected(bare, live) as conn:
        conn.execute("delete from t where n > 3")
    done = bare.run("restore", {"id": name}, **env)
    assert contents(bare, live)["public.t"][0] == 10 and contents(bare, done["old"])["public.t"][0] == 3
    assert len(done["old"].encode()) <= 63 and bare.run("backups.drill", **env)["ok"]
    assert bare.run("restore.drop", **env)["dropped"] == [done["old"]]
    restoring.tidy(bare)


@pytest.mark.parametrize(
    ("args", "kept"),
    [
        ({"tables": ["users", '"Lager Süd"."teile"']}, {"public.users": 3000, '"Lager Süd".teile': 3}),
        ({"schema_only": True}, {}),
    ],
)
def test_a_part_goes_under_another_name_only(shop, args, kept) -> None:
    name, other = backup(shop), f"{shop.database}_part"
    with pytest.raises(SettingsError, match="a part of a database"):
        shop.run("restore", {"id": name, **args})
    shop.run("restore", {"id": name, "into": other, **args})
    found = contents(shop, other)
    assert {table: rows for table, (rows, _) in found.items() if rows} == kept and found.keys() == contents(shop).keys()


@pytest.mark.parametrize(("table", "found"), [("nosuch", "not in this backup"), ("twice", "more than one")])
def test_a_table_that_is_not_meant_clearly_is_refused(shop, table, found) -> None:
    with shop.connect("admin") as conn:
        conn.execute('create table twice (); create table "Lager Süd".twice ()')
    with pytest.raises(BackupError, match=found):
        shop.run("restore", {"id": backup(shop), "into": f"{shop.database}_part", "tables": [table]})
    assert databases(shop) == [shop.database]


def test_masking_runs_before_anybody_sees_the_rows(shop) -> None:
    name = backup(shop)
    text = "-- no name leaves\nupdate users set name = 'user of staging ' || id;\ndelete from secrets where id > 1;\n"
    done = shop.run("restore", {"id": name, "mask": {"name": "mask.sql", "text": text}})
    assert "mask mask.sql: 3,009 rows changed" in done["notes"]
    assert shop.value("select count(*) from users where name like 'user of staging %'") == 3000


@pytest.mark.parametrize(
    ("text", "where", "found"),
    [
        ("update users set age = 1;\nupdate nosuch set age = 2;", "mask.sql:2", "nosuch"),
        ("update users set age = 1;\ncommit;\nselect 1", "mask.sql:2:1", "commit"),
        ("update users set age = 1;\n\\copy users to x", "mask.sql:2:1", "copy"),
        ("update users set name = 'x", "mask.sql:1:25", "a quote"),
        ("vacuum users", "mask.sql", "transaction"),
    ],
)
def test_a_mask_that_fails_leaves_the_live_database_and_no_other(shop, text, where, found) -> None:
    name = backup(shop)
    ruin(shop)
    ruined = contents(shop)
    with pytest.raises(BackupError) as caught:
        shop.run("restore", {"id": name, "mask": {"name": "mask.sql", "text": text}})
    assert caught.value.where.startswith(where) and found in str(caught.value).lower()
    assert contents(shop) == ruined and databases(shop) == [shop.database]


def damaged_by(shop, name: str, change) -> None:
    """Changes the manifest and its digest, as nobody but a test does."""
    path = restoring.path(shop, name)
    content = manifest.read(path)
    change(content)
    manifest.write(path, content)


@pytest.mark.parametrize(
    ("change", "where", "found"),
    [
        (lambda content: content.update(server_version_num=990001), BackupError, "PostgreSQL 99; this server is"),
        (lambda content: content["extensions"].update(postgis="3.5"), BackupError, "does not have: postgis"),
        (
            lambda content: content["tables"]["public.users"].update(rows=2999),
            VerificationError,
            "rows: public.users has 3,000 rows instead of 2,999",
        ),
        (
            lambda content: content["tables"]["public.posts"].update(hash="0" * 16),
            VerificationError,
            "content: public.posts has another content",
        ),
        (
            lambda content: content["tables"].update({"public.gone": {"rows": 0, "hash": None}}),
            VerificationError,
            "tables: public.gone is missing",
        ),
        (
            lambda content: content["sequences"].update({"public.countdown": 3}),
            VerificationError,
            "sequences: public.countdown is at 9, before 3",
        ),
        (
            lambda content: content["sequences"].update({"public.posts_id_seq": 3001}),
            VerificationError,
            "sequences: public.posts_id_seq is at 3000, before 3001",
        ),
        (lambda content: content.update(large_objects=8), VerificationError, "large objects: 7 instead of 8"),
        (lambda content: content.update(schema_version=7), VerificationError, "schema version: 1 instead of 7"),
    ],
)
def test_a_backup_that_does_not_fit_leaves_the_live_database_and_no_other(shop, change, where, found) -> None:
    name = backup(shop)
    ruin(shop)
    ruined = contents(shop)
    damaged_by(shop, name, change)
    with pytest.raises(where, match=found):
        shop.run("restore", {"id": name})
    assert contents(shop) == ruined and databases(shop) == [shop.database]


def test_a_sequence_may_be_further_than_the_manifest_since_no_snapshot_holds_it(shop) -> None:
    name = backup(shop)
    damaged_by(
        shop, name, lambda content: content["sequences"].update({"public.countdown": 10, "public.posts_id_seq": 9})
    )
    assert shop.run("restore", {"id": name})["old"]


def test_an_extension_without_data_is_left_out_where_the_server_lacks_it(shop, monkeypatch) -> None:
    monkeypatch.setattr(extensions, "OPTIONAL", frozenset({"of_no_server"}))
    name = backup(shop)
    damaged_by(shop, name, lambda content: content["extensions"].update(of_no_server="1.12"))
    assert "extension of_no_server: not on this server, left out" in shop.run("restore", {"id": name})["notes"]


def test_a_truncated_dump_is_found_before_anything_is_made(shop) -> None:
    name = backup(shop)
    dump = restoring.path(shop, name) / manifest.DUMP
    os.truncate(dump, dump.stat().st_size * 2 // 3)
    with pytest.raises(VerificationError, match=r"database\.dump has .* bytes instead of"):
        shop.run("restore", {"id": name})
    assert not any(
        "create database" in line.lower()
        for line in shop.postgres.server.log.read_text().splitlines()
        if shop.database + "_restore" in line
    )


def test_a_dump_that_pg_restore_refuses_in_the_middle_leaves_the_live_database(shop) -> None:
    """Its digests are right and its content is not: the exit code of pg_restore is asked, and its words."""
    name = backup(shop)
    path = restoring.path(shop, name)
    dump = path / manifest.DUMP
    with dump.open("r+b") as file:
        file.seek(dump.stat().st_size // 2)
        file.write(b"\xff" * 2000)
    damaged_by(shop, name, lambda content: content["files"].update({manifest.DUMP: manifest.facts(dump)}))
    ruin(shop)
    ruined = contents(shop)
    with pytest.raises(BackupError, match="pg_restore of"):
        shop.run("restore", {"id": name})
    assert contents(shop) == ruined and databases(shop) == [shop.database]


def test_a_table_with_a_constraint_that_never_held_is_restored_so(shop) -> None:
    with shop.connect("admin") as conn:
        conn.execute("alter table users add constraint young check (age < 50) not valid")
    done = shop.run("restore", {"id": backup(shop)})
    assert (
        "1 constraints not validated, as they were"
        in {each["name"]: each["found"] for each in done["checks"]}["constraints"]
    )


def test_sessions_of_a_pool_are_ended_and_come_back_to_the_new_database(shop) -> None:
    name = backup(shop)
    ruin(shop)
    stop, seen = threading.Event(), []

    def client() -> None:
        while not stop.is_set():
            with contextlib.suppress(psycopg.OperationalError), shop.connect("app") as conn:
                while not stop.is_set():
                    seen.append(conn.execute("select count(*) from users").fetchone()[0])

    with ThreadPoolExecutor(8) as pool:
        clients = [pool.submit(client) for _ in range(8)]
        try:
            until(lambda: 1 in seen, "the clients see the ruined table")
            shop.run("restore", {"id": name})
            until(lambda: 3000 in seen, "the clients see the restored table")
        finally:
            stop.set()
    assert set(seen) == {1, 3000} and [each.exception() for each in clients if each.exception()] == []


def test_a_prepared_transaction_stops_the_swap_and_is_told(folder) -> None:
    """Nobody can end it but its owner; nothing has changed then."""
    with restoring.own_server(folder, "-c", "max_prepared_transactions=2") as shop:
        name = backup(shop)
        with restoring.connected(shop) as conn:
            conn.execute("begin; insert into users (name) values ('prepared'); prepare transaction 'open'")
        before = contents(shop)
        with pytest.raises(BackupError, match="prepared transaction"):
            shop.run("restore", {"id": name})
        assert contents(shop) == before and databases(shop) == [shop.database]
        with restoring.connected(shop) as conn:
            conn.execute("rollback prepared 'open'")
        shop.run("restore", {"id": name})


def test_of_two_restores_at_once_one_is_refused(shop) -> None:
    name = backup(shop)
    with shop.connect_admin() as conn:
        conn.execute("select pg_advisory_lock(%s, hashtext(%s))", (0x72657374, shop.database))
        with pytest.raises(LockHeld, match="another restore"):
            shop.run("restore", {"id": name})
    outcomes = []

    def one() -> None:
        try:
            shop.run("restore", {"id": name})
            outcomes.append("done")
        except LockHeld:
            outcomes.append("refused")

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "done" in outcomes and set(outcomes) <= {"done", "refused"}


def test_a_role_of_the_roles_own_without_power_over_the_server_is_made_from_the_backup(shop) -> None:
    with shop.connect("admin") as conn:
        conn.execute(
            f"create role {shop.database}_boss login superuser createdb; "
            f"grant pg_read_all_data to {shop.database}_boss; "
            f"alter role {shop.database}_boss set work_mem = '8MB'; "
            f"create table owned_by_boss (id int); alter table owned_by_boss owner to {shop.database}_boss"
        )
    name = backup(shop)
    with shop.connect("admin") as conn:
        conn.execute(f"drop owned by {shop.database}_boss; drop role {shop.database}_boss")
    done = shop.run("restore", {"id": name})
    assert (
        f"role {shop.database}_boss: made, without a password, and not CREATEDB, SUPERUSER as it was" in done["notes"]
    )
    assert (
        shop.value(
            f"select (rolsuper, rolcreatedb, rolcanlogin, rolconfig, pg_has_role(oid, 'pg_read_all_data', 'MEMBER'))"
            f"::text from pg_roles where rolname = '{shop.database}_boss'"
        )
        == "(f,f,t,{work_mem=8MB},t)"
    )
    assert shop.value("select tableowner from pg_tables where tablename = 'owned_by_boss'") == f"{shop.database}_boss"


def test_a_backup_of_a_database_of_another_name_is_owned_and_used_by_the_roles_here(shop, postgres, tmp_path) -> None:
    """As when staging is given what production has, where the backup role of before could read passwords."""
    with shop.connect("admin") as conn:
        conn.execute(f"grant pg_read_all_data to {shop.database}_backup")
    before, name = contents(shop), backup(shop)
    shop.run("restore", {"id": name, "into": f"{shop.database}_x"})
    (tmp_path / "staging").mkdir()
    staging = stack_on(postgres, tmp_path / "staging")
    staging.run("roles")
    with shop.connect_admin() as conn:
        conn.execute(f"drop database {shop.database} with (force); ")
        conn.execute(f"drop database {shop.database}_x with (force)")
    done = staging.run("restore", {"folder": str(restoring.path(shop, name))})
    assert f"role {staging.database}_owner: owns and may what {shop.database}_owner did" in done["notes"]
    reads = f"select pg_has_role('{staging.database}_backup', 'pg_read_all_data', 'MEMBER')"
    assert staging.value(reads) is False
    staging.run("roles")
    assert contents(staging) == before
    with staging.connect("app") as conn:
        assert conn.execute("select count(*) from users").fetchone() == (3000,)
        conn.execute("insert into posts (user_id, body) values (1, 'of staging')")
    staging.migration("1_shop.up.sql", restoring.SHOP)
    staging.migration("2_more.up.sql", "alter table users add column nick text; create table tags (id int)")
    assert [each["file"] for each in staging.run("migrate")["applied"]] == ["migrations/2_more.up.sql"]
    assert staging.value("select tableowner from pg_tables where tablename = 'users'") == f"{staging.database}_owner"
    shop.run("roles")
    restoring.tidy(staging)


def test_a_locale_of_another_provider_comes_back(bare) -> None:
    with bare.connect_admin() as conn:
        conn.execute(
            f"create database {bare.database} template template0 locale_provider builtin builtin_locale 'C.UTF-8'"
        )
    bare.run("roles")
    restoring.filled(bare)
    told = "select (datlocprovider, datlocale, datcollate)::text from pg_database where datname = current_database()"
    before, name = bare.value(told), backup(bare)
    with bare.connect_admin() as conn:
        conn.execute(f"drop database {bare.database} with (force)")
    bare.run("restore", {"id": name})
    assert bare.value(told) == before and before.startswith("(b,C.UTF-8")
    restoring.tidy(bare)


def test_a_locale_that_the_server_lacks_is_told(shop) -> None:
    name = backup(shop)
    damaged_by(shop, name, lambda content: content.update(collate="xx_XX.utf8", ctype="xx_XX.utf8"))
    done = shop.run("restore", {"id": name})
    assert any("lacks the locale of then" in note for note in done["notes"])


def test_hashes_of_older_backups_are_compared_in_their_own_form(shop) -> None:
    name, before = backup(shop), contents(shop)
    with shop.connect("admin") as conn:
        fingerprint.settle(conn)
        older = {table: conn.execute(fingerprint.older_query(table)).fetchone()[1] for table in before}
    damaged_by(shop, name, lambda content: [content["tables"][table].update(hash=older[table]) for table in older])
    ruin(shop)
    done = shop.run("restore", {"id": name})
    assert contents(shop) == before and older["public.users"] != before["public.users"][1]
    assert {"name": "content", "ok": True, "found": f"{len(before)} tables have the same content hash"} in done[
        "checks"
    ]


def enter(shop) -> str:
    """On an external server every role may enter the database that is always there."""
    return f"grant connect on database postgres to {shop.database}_migrate"


def test_a_role_that_may_create_databases_restores_without_an_administrator(shop) -> None:
    """As on an external server: what it may not act as becomes its own, and that is told."""
    name, before = backup(shop), None
    with shop.connect("admin") as conn:
        conn.execute(f"alter role {shop.database}_migrate createdb")
        conn.execute(
            "alter table secrets no force row level security; select lo_unlink(oid) from pg_largeobject_metadata"
        )
    shop.run("roles")
    with shop.connect("admin") as conn:
        conn.execute(f"alter role {shop.database}_migrate createdb; {enter(shop)}")
    name, before = backup(shop), contents(shop)
    ruin(shop)
    done = shop.run("restore", {"id": name}, ADMIN_DATABASE_URL="")
    assert contents(shop) == before and done["old"]
    with shop.connect("app") as conn:
        assert conn.execute("select count(*) from users").fetchone() == (3000,)


def test_a_role_that_may_not_is_told_the_statement(shop) -> None:
    with shop.connect("admin") as conn:
        conn.execute(enter(shop))
    with pytest.raises(BackupError, match="may not create a database") as caught:
        shop.run("restore", {"id": backup(shop)}, ADMIN_DATABASE_URL="")
    assert "CREATEDB" in caught.value.next


def test_a_password_of_every_printable_character_works_and_is_never_shown(shop) -> None:
    every = "".join(map(chr, range(33, 127))) + "é€"
    with shop.connect_admin() as conn:
        conn.execute(
            f"create role {shop.database}_root login superuser password {psycopg.sql.Literal(every).as_string(conn)}"
        )
    url = shop.url(f"{shop.database}_root", every, "postgres")
    name = backup(shop)
    shop.run("restore", {"id": name}, ADMIN_DATABASE_URL=url)
    with pytest.raises(BackupError) as caught:
        shop.run(
            "restore",
            {
                "id": name,
                "mask": {"name": "m.sql", "text": f"select {psycopg.sql.Literal(every).as_string(None)}::int"},
            },
            ADMIN_DATABASE_URL=url,
        )
    assert every not in str(caught.value.fields()) and quote(every, safe="") not in str(shop.events)
