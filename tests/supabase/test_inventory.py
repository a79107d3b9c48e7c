"""The inventory of a whole project: everything is found, judged, and left as it was; no secret is shown."""

from __future__ import annotations

import json
import re

import psycopg
import pytest

from slipway.data.endpoints import Endpoints
from slipway.data.supabase import Project
from slipway.errors import GateError, SettingsError
from slipway.supabase import report
from slipway.supabase import source as opened
from slipway.supabase.interface import BY_HAND, CHANGES, MOVES, STAYS, Finding, Inventory, Look
from slipway.supabase.inventory import take
from slipway.system.redact import Secret
from tests.support.supabase.source import PASSWORD, Source

SECRETS = ("eyJ", "hooks.example.org/", "$2a$10$", PASSWORD, "sk_live")
# Kind and how the name begins, with the verdict and what the note has to say.
EXPECTED = [
    ("server", "PostgreSQL", MOVES, ""),
    ("extension", "pgcrypto", MOVES, "the target has"),
    ("schema", "auth", CHANGES, ""),
    ("schema", "billing", MOVES, ""),
    ("schema", "vault", STAYS, "Supabase's own"),
    ("table", "public.profiles", MOVES, "policies"),
    ("foreign table", "billing.archive", BY_HAND, ""),
    ("foreign server", "warehouse", BY_HAND, "password"),
    ("publication", "supabase_realtime", STAYS, "public.tasks"),
    ("large objects", "1", MOVES, ""),
    ("function", "public.api_key()", BY_HAND, "vault.decrypted_secrets"),
    ("function", "public.notify_admins()", BY_HAND, "a token of role service_role"),
    ("function", "public.enqueue_letter", BY_HAND, "pgmq.send"),
    ("function", "public.ask_graph", BY_HAND, "graphql"),
    ("webhook", '"tasks webhook"', BY_HAND, "https://hooks.example.org"),
    ("trigger", "on_auth_user_created of auth.users", MOVES, "leave out"),
    ("policy", '"Members hear their organisation"', STAYS, ""),
    ("default", "public.profiles.avatar_url", CHANGES, "supabase.co"),
    ("event trigger", "pgrst_ddl_watch", STAYS, ""),
    ("event trigger", "warn_of_open_tables", CHANGES, "superuser"),
    ("role", "reporting", MOVES, ""),
    ("setting", "app.settings.jwt_secret", BY_HAND, "not shown"),
    ("setting", "default_statistics_target of the database", CHANGES, "set for the copy alone"),
    ("setting", "statement_timeout of role anon", CHANGES, "3s: set for the copy alone"),
    ("setting", "pgrst.db_max_rows of role anon", STAYS, "PostgREST"),
    ("setting", "lock_timeout of role authenticator", STAYS, "8s: of one of Supabase's own"),
    ("default privileges", "public", MOVES, "anon, authenticated"),
    ("users", "1 user, password encrypted", STAYS, ""),
    ("users", "1 of 15 single sign-on", BY_HAND, ""),
    ("identities", "2 by google", BY_HAND, "dashboard"),
    ("second factors", "1 of totp, verified", BY_HAND, ""),
    ("sessions", "3 live sessions", CHANGES, ""),
    ("bucket", "profile_images", CHANGES, "S3 refuses"),
    ("bucket", "documents", MOVES, "private"),
    ("objects", "1 object under the name of another", CHANGES, ""),
    ("scheduled job", "job 2", BY_HAND, "calls net.http_post"),
    ("queue", "letters", BY_HAND, "1 message waiting; 1 message archived"),
    ("vault secret", "partner_api_key", BY_HAND, "APP_ENV_NAME"),
    ("migrations", "1 without their SQL", BY_HAND, ""),
    ("dashboard", "OAuth providers", BY_HAND, ""),
    ("rows", "public.profiles.avatar_url: 15 rows", CHANGES, ""),
]


def inventory(project: Source, url: str = "") -> Inventory:
    """The inventory, with the project's own server as the one that things move to."""
    ends = Endpoints(migrate_url=Secret(project.admin_url), supabase=Project(Secret(url or project.url)))
    return take.take(ends, Look(), lambda event: None)


@pytest.fixture(scope="module")
def found(project: Source) -> Inventory:
    return inventory(project)


@pytest.mark.parametrize("kind,name,verdict,note", EXPECTED)
def test_each_thing_is_found_and_judged(found: Inventory, kind: str, name: str, verdict: str, note: str) -> None:
    fits = [each for each in found.findings if each.kind == kind and each.name.startswith(name)]
    assert [(each.verdict, note in each.note) for each in fits] == [(verdict, True)], fits


def test_no_secret_and_no_path_of_a_webhook_is_shown(found: Inventory) -> None:
    told = "\n".join([*report.lines(found), report.markdown(found), json.dumps([each.note for each in found.findings])])
    assert not [secret for secret in SECRETS if secret in told]


def test_what_is_the_teams_is_all_there(found: Inventory, project: Source) -> None:
    with project.connect() as conn:
        tables = {
            name
            for (name,) in conn.execute(
                "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('public', 'billing')"
            )
        }
        jobs, policies = conn.execute(
            "select (select count(*) from cron.job), (select count(*) from pg_policies "
            "where schemaname in ('public', 'billing', 'storage', 'auth'))"
        ).fetchone()
    kinds = {kind: [each.name for each in each_kind] for kind, each_kind in report.by_kind(found.findings).items()}
    assert set(kinds["table"]) == tables
    assert len(kinds["scheduled job"]) == jobs
    assert len([each for each in kinds["policy"] if not each.endswith(" of realtime.messages")]) == policies


def test_it_writes_nothing(project: Source) -> None:
    with psycopg.connect(project.admin_url, autocommit=True) as conn:
        ask = "select pg_current_xact_id()::text::bigint"
        before = conn.execute(ask).fetchone()[0]
        inventory(project)
        assert conn.execute(ask).fetchone()[0] == before + 1  # the question itself


def test_a_role_that_may_not_read_the_logins_says_so_and_reads_the_rest(project: Source) -> None:
    with project.connect("supabase_admin") as conn:
        conn.execute("create role looker login password 'looks'; grant usage on schema auth, storage to looker")
    try:
        found = inventory(project, re.sub("//[^@]+@", "//looker:looks@", project.url))
    finally:
        with project.connect("supabase_admin") as conn:
            conn.execute("drop owned by looker; drop role looker")
    unread = [each for each in found.findings if "may not read" in each.note]
    assert {each.name for each in unread} >= {"auth.users", "storage.objects"}
    assert all(each.verdict == BY_HAND and "role looker" in each.note for each in unread)
    assert [each for each in found.findings if each.kind == "table"]


@pytest.mark.parametrize(
    ("url", "kind", "says"),
    [
        ("", SettingsError, "not set"),
        ("postgresql://postgres.ref:x@aws-0-eu-central-1.pooler.supabase.com:6543/postgres", SettingsError, "6543"),
        ("postgresql://postgres:wrong@{host}/postgres", GateError, "password authentication failed"),
        ("postgresql://postgres:x@127.0.0.1:1/postgres", GateError, "refused"),
    ],
)
def test_an_address_that_cannot_do_it_is_refused(project: Source, url: str, kind: type, says: str) -> None:
    host = re.search("@(.+)/", project.url)[1]
    ends = Endpoints(migrate_url=Secret(project.admin_url), supabase=Project(Secret(url.format(host=host))))
    with pytest.raises(kind) as raised:
        take.take(ends, Look(), lambda event: None)
    told = raised.value.fields()
    assert says in told["found"] and told["where"] == "SUPABASE_DB_URL" and "SUPABASE_DB_URL" in told["next"]


def test_an_address_of_ipv6_alone_is_explained() -> None:
    direct = Secret("postgresql://postgres:x@db.abcdefghijklmnopqrst.supabase.co:5432/postgres")
    error = psycopg.OperationalError('connection to server at "2a05::1", port 5432 failed: Network is unreachable')
    assert "IPv6" in opened.mend(direct, error)[0] and "Session pooler" in opened.mend(direct, error)[0]


def test_a_server_that_is_newer_than_the_target_is_said(project: Source) -> None:
    with opened.snapshot(Secret(project.url)) as conn:
        told = take.server(take.Project(conn, take.Target(conn.info.server_version // 10000 - 1, {})))
    assert isinstance(told, Finding) and told.verdict == STAYS and "POSTGRES_VERSION=" in told.note
