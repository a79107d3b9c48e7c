"""A shop with everything that a dump may hold, and what the tests of restores ask of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from slipway.data.backups import fingerprint
from tests.embedded.data.conftest import Stack
from tests.support import services
from tests.support.waiting import until

SHOP = """
create table users (id bigint generated always as identity primary key, name text not null unique, age int check (age < 200));
create table posts (id bigserial primary key, user_id bigint not null references users on delete cascade, body text);
create index posts_body on posts (lower(body));
create table "Größe ""x"" y" ("Spalte €" text, n numeric(10, 3), at timestamptz default now(), raw bytea, j jsonb);
create schema "Lager Süd";
create table "Lager Süd"."teile" (id int primary key, parent int references "Lager Süd"."teile");
create table events (at date not null, what text) partition by range (at);
create table events_2025 partition of events for values from ('2025-01-01') to ('2026-01-01');
create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');
create sequence countdown increment -1 minvalue -1000 maxvalue 10 start 10;
create materialized view ages as select age, count(*) from users group by age;
create view grown as select * from users where age >= 18;
create function shout(text) returns text language sql immutable as $$ select upper($1) $$;
create table secrets (id int primary key, owner_name text, what text);
insert into users (name, age) select 'user ' || n, n % 90 from generate_series(1, 3000) n;
insert into posts (user_id, body) select n, repeat('word ', n % 20) from generate_series(1, 3000) n;
insert into "Größe ""x"" y" select 'ü' || n, n / 7.0, '2026-01-01'::timestamptz + n * '1 hour'::interval,
    decode(md5(n::text), 'hex'), jsonb_build_object('n', n) from generate_series(1, 500) n;
insert into "Lager Süd"."teile" values (1, null), (2, 1), (3, 2);
insert into events select '2025-12-01'::date + n, 'e' || n from generate_series(0, 60) n;
select nextval('countdown'), nextval('countdown');
insert into secrets select n, 'somebody', 's' || n from generate_series(1, 10) n;
alter table secrets enable row level security, force row level security;
create policy own on secrets for select to public using (owner_name = current_user);
refresh materialized view ages;
"""


def filled(stack: Stack) -> Stack:
    """The stack with the shop migrated into it, a place for backups, a role of the team's, and large objects."""
    stack.env["BACKUP_DIR"] = str(stack.folder / "backups")
    stack.migration("1_shop.up.sql", SHOP)
    stack.run("migrate")
    with stack.connect("admin") as conn:
        conn.execute(f'create role "{stack.database} Café" login')
        conn.execute(f'grant select on users to "{stack.database} Café"')
        conn.execute("select lo_from_bytea(0, decode(md5(n::text), 'hex')) from generate_series(1, 7) n")
    stack.events.clear()
    return stack


def backup(stack: Stack, **args: object) -> str:
    return stack.run("backup", {"contents": True, **args})["id"]


def contents(stack: Stack, database: str = "") -> dict[str, tuple[int, str]]:
    """Rows and content hash of every table."""
    with connected(stack, database) as conn:
        names = [name for name, *_ in fingerprint.tables(conn)]
        fingerprint.settle(conn)
        return {name: conn.execute(query).fetchone() for name, query in fingerprint.queries(conn, names).items()}


def connected(stack: Stack, database: str = ""):
    return psycopg.connect(stack.url("postgres", services.ADMIN_PASSWORD, database), autocommit=True)


def databases(stack: Stack) -> list[str]:
    """Every database of this stack, of whatever name."""
    with stack.connect_admin() as conn:
        return sorted(
            row[0]
            for row in conn.execute("select datname from pg_database where starts_with(datname, %s)", (stack.database,))
            if not row[0][len(stack.database) :][:1].isdigit()
        )


def path(stack: Stack, identity: str) -> Path:
    return Path(stack.env["BACKUP_DIR"]) / identity


def tidy(stack: Stack) -> None:
    """Drops every database and role that the tests of this stack have made beside its own."""
    with stack.connect_admin() as conn:
        for name in databases(stack):
            conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
        own = {f"{stack.database}_{part}" for part in ("owner", "migrate", "app", "readonly", "backup")}
        for (name,) in conn.execute(
            "select rolname from pg_roles where starts_with(rolname, %s)", (stack.database,)
        ).fetchall():
            if name not in own and not name[len(stack.database) :][:1].isdigit():
                conn.execute(sql.SQL("drop owned by {0}; drop role {0}").format(sql.Identifier(name)))


@contextmanager
def own_server(folder: Path, *options: str) -> Iterator[Stack]:
    """A shop on a server of its own, started with these options."""
    from tests.embedded.data import conftest

    above = Path(tempfile.mkdtemp(prefix="own", dir=folder))
    above.chmod(0o755)
    made = conftest.fresh_postgres(above / "server")
    place = Path(tempfile.mkdtemp(prefix="shop", dir=folder))
    try:
        made.start(*options)
        until(made.ready, "postgres accepts connections")
        stack = conftest.stack_on(made, place)
        stack.run("roles")
        yield filled(stack)
    finally:
        made.server.stop()
        shutil.rmtree(above)
        shutil.rmtree(place)
