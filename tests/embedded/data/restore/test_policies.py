"""Policies, logins and who may act as whom, after a drill, a restore, and on a server that has none of the roles."""

from __future__ import annotations

import pytest

from slipway.data.backups import manifest
from slipway.data.restore import people
from tests.embedded.data.conftest import Stack
from tests.support import restoring
from tests.support.policies import USERS, filled, seen, token

OWN = "create policy own on notes to authenticated using ((select auth.uid()) = user_id)"
ACTS = """
select pg_get_userbyid(roleid), bool_or(inherit_option), bool_or(set_option) from pg_auth_members
where member = to_regrole(%s) group by 1 order by 1
"""


@pytest.fixture
def noted(bare) -> Stack:
    return filled(bare)


def test_a_backup_with_policies_of_supabases_is_proven_and_brings_them_back(noted) -> None:
    with noted.connect("migrate") as conn:
        conn.execute(OWN)
    before = {user: seen(noted, "authenticated", token(user)) for user in USERS}
    name = restoring.backup(noted)
    assert noted.run("backups.drill", {"id": name})["ok"]
    with noted.connect("migrate") as conn:
        conn.execute("drop table notes; delete from auth.users")
    noted.run("restore", {"id": name})
    assert {user: seen(noted, "authenticated", token(user)) for user in USERS} == before
    assert all(before.values()) and seen(noted, "authenticated", {}) == set()
    assert noted.run("roles")["changed"] == []


def test_roles_that_are_made_from_a_backup_inherit_no_more_than_they_did(noted, own_postgres) -> None:
    import psycopg

    from tests.support import services

    definitions = (restoring.path(noted, restoring.backup(noted)) / manifest.GLOBALS).read_text()
    wanted = {"anon", "authenticated", "supabase_auth_admin", "service_role"}
    names = {f"{noted.database}_{part}" for part in ("app", "owner", "migrate")}
    own_postgres.start_and_wait()
    with psycopg.connect(
        host="127.0.0.1", port=own_postgres.port, user="postgres", password=services.ADMIN_PASSWORD, autocommit=True
    ) as conn:
        people.ensure(conn, wanted | names, definitions)
        assert conn.execute(ACTS, [f"{noted.database}_app"]).fetchall() == [
            (name, False, True) for name in ("anon", "authenticated", "supabase_auth_admin")
        ]
        assert conn.execute(ACTS, [f"{noted.database}_migrate"]).fetchall() == [(f"{noted.database}_owner", True, True)]
        bypass = conn.execute("select rolbypassrls from pg_roles where rolname = 'service_role'").fetchone()
        assert bypass == (True,)
