"""The Supabase project of the tests is what a project is, as far as a move can notice."""

from __future__ import annotations

import hashlib
import os
import subprocess

import psycopg
import pytest

from tests.support import services
from tests.support.supabase import history, tokens
from tests.support.supabase.asking import ask, claims
from tests.support.supabase.passwords import KNOWN, fits
from tests.support.supabase.source import Source, source

NO_ROW_SECURITY = {
    "custom_oauth_providers",
    "oauth_authorizations",
    "oauth_client_states",
    "oauth_clients",
    "oauth_consents",
    "webauthn_challenges",
    "webauthn_credentials",
}
FACTS = {
    "columns of auth.users": (
        "select count(*) from pg_attribute where attrelid = 'auth.users'::regclass and attnum > 0",
        {35},
    ),
    "tables of auth": ("select count(*) from pg_tables where schemaname = 'auth'", {23}),
    "without row security": (
        "select tablename from pg_tables where schemaname in ('auth', 'storage') and not rowsecurity",
        NO_ROW_SECURITY,
    ),
    "policies of auth": ("select count(*) from pg_policies where schemaname = 'auth'", {0}),
    "generated columns": (
        "select attrelid::regclass || '.' || attname from pg_attribute a join pg_class c on c.oid = attrelid"
        " where attgenerated = 's' and relkind = 'r' and relnamespace::regnamespace::text in ('auth', 'storage')",
        {"auth.users.confirmed_at", "auth.identities.email", "storage.objects.path_tokens"},
    ),
    "owners of auth": ("select tableowner from pg_tables where schemaname = 'auth'", {"supabase_auth_admin"}),
    "owners of storage": ("select tableowner from pg_tables where schemaname = 'storage'", {"supabase_storage_admin"}),
    "owners of public": ("select tableowner from pg_tables where schemaname = 'public'", {"postgres"}),
    "owners of functions": (
        "select distinct proowner::regrole::text from pg_proc where pronamespace = 'public'::regnamespace",
        {"postgres"},
    ),
    "superusers": ("select rolname from pg_roles where rolsuper", {"supabase_admin"}),
    "who bypasses": (
        "select rolname from pg_roles where rolbypassrls",
        {"supabase_admin", "postgres", "service_role", "supabase_read_only_user"},
    ),
    "timeouts": (
        "select rolname || ' ' || setting from pg_roles, unnest(rolconfig) setting where setting like '%_timeout=%s'"
        " and rolname like 'a%'",
        {
            "anon statement_timeout=3s",
            "authenticated statement_timeout=8s",
            "authenticator statement_timeout=8s",
            "authenticator lock_timeout=8s",
        },
    ),
    "two of one address": (
        "select email from auth.users where email is not null group by email having count(*) > 1",
        {"hal@corp.example"},
    ),
    "forms of hashes": (
        "select coalesce(substring(encrypted_password from '^([$][a-z0-9]+[$]|[{]|$)'), 'none') from auth.users",
        {"$2a$", "$argon2id$", "$argon2i$", "$fbscrypt$", "{", "", "none"},
    ),
    "users": ("select count(*) from auth.users", {15}),
    "profiles, by the trigger": ("select count(*) from public.profiles", {15}),
    "readings": ("select count(*) from public.readings", {1002}),
    "jobs": ("select jobname || ' ' || username from cron.job", {"refresh readings postgres", "tell admins postgres"}),
    "runs of jobs": ("select count(*) from cron.job_run_details", {0}),
    "queues": (
        "select relname from pg_class where relnamespace = 'pgmq'::regnamespace and relkind = 'r'",
        {"meta", "q_letters", "a_letters", "q_Mixed Case", "a_Mixed Case"},
    ),
    "secrets": ("select name from vault.decrypted_secrets", {"partner_api_key", "certificate"}),
    "published": (
        "select schemaname || '.' || tablename from pg_publication_tables where pubname = 'supabase_realtime'",
        {"public.tasks", "public.profiles"},
    ),
    "event triggers": (
        "select evtname from pg_event_trigger",
        {
            "issue_graphql_placeholder",
            "issue_pg_cron_access",
            "issue_pg_graphql_access",
            "issue_pg_net_access",
            "pgrst_ddl_watch",
            "pgrst_drop_watch",
            "warn_of_open_tables",
        },
    ),
    "large objects": ("select encode(lo_get(bytes), 'hex') from public.attachments", {"00ff2d2d0a"}),
    "a setting of the database": ("select current_setting('app.settings.jwt_exp')", {"3600"}),
    "a line that is no comment": (
        "select split_part(public.front_matter(), E'\\n', 3)",
        {"-- not a comment, but a line of the letter"},
    ),
    "the default with a line break": ("select distinct body from public.letters", {"a\n-- b"}),
    "upload noted by a trigger of ours": (
        "select (select count(*) from public.uploads) - (select count(*) from storage.objects)",
        {0},
    ),
}
WATER, OIL, PRIVATE, TAB = "Water the plants", "Öl nachfüllen", "Private of Ada", "Tab\there, \\N there"
SEEN = {
    "an admin": (claims("ada", role="admin"), {WATER, OIL, PRIVATE, TAB}),
    "the same without the claim": (claims("ada"), {WATER, PRIVATE, TAB}),
    "one of another organisation": (claims("ben"), {"Two\nlines -- and\n-- dashes", "Private of Ben"}),
    "a member": (claims("cem"), {WATER, TAB}),
    "a user without a task": (claims("dot"), set()),
    "nobody": (None, set()),
}
REFUSED = {
    "a table in auth": "create table auth.mine (id int)",
    "a function in auth": "create function auth.mine() returns int language sql return 1",
    "a table in storage": "create table storage.mine (id int)",
    "a column of auth.users": "alter table auth.users add column mine int",
    "an index of auth.users": "create index on auth.users (created_at)",
    "the platform's history": "delete from storage.migrations",
    "a job by hand": "update cron.job set schedule = '* * * * *'",
    "an object's row": "delete from storage.objects",
    "a bucket's row": "delete from storage.buckets",
    "without triggers, which supautils would let": "set session_replication_role = replica",
    "a policy, which supautils would let": "create policy mine on storage.objects using (true)",
    "an event trigger, likewise": "create event trigger mine on sql_drop execute function public.warn_of_open_tables()",
}
ALLOWED = {
    "a trigger on auth.users": "create trigger mine after update on auth.users"
    " for each row execute function public.handle_new_user()",
    "a trigger on storage.objects": "create trigger mine after update on storage.objects"
    " for each row execute function public.note_upload()",
    "a key to auth.users": "create table public.mine (id uuid references auth.users)",
    "a user": "insert into auth.users (id) values (gen_random_uuid())",
    "a job": "select cron.schedule('mine', '0 0 1 1 *', 'select 1')",
    "a role": "create role mine nologin",
}


@pytest.mark.parametrize("fact", FACTS)
def test_has_what_a_project_has(project: Source, fact: str):
    query, expected = FACTS[fact]

    with project.connect() as conn:
        assert {value for (value,) in conn.execute(query)} == expected


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.form)
def test_a_known_password_fits_the_hash(project: Source, known):
    with project.connect() as conn:
        ((kept,),) = conn.execute(
            "select encrypted_password from auth.users where email = %s and not is_sso_user", [known.email]
        ).fetchall()

    assert fits(known, kept)


def test_sessions_are_those_of_the_known_tokens(project: Source):
    with project.connect() as conn:
        session = conn.execute(
            "select refresh_token_hmac_key, refresh_token_counter from auth.sessions where id = %s",
            [tokens.SIGNED_SESSION],
        ).fetchone()
        chain = conn.execute(
            "select token, parent, revoked from auth.refresh_tokens where user_id like '%01'"
        ).fetchall()

    assert session == (tokens.SIGNING_KEY, tokens.COUNTER)
    first, second, third = tokens.CHAIN
    assert sorted(chain) == [(first, None, True), (second, first, True), (third, second, False)]


@pytest.mark.parametrize("who", SEEN)
def test_policies_hold(project: Source, who: str):
    claimed, expected = SEEN[who]

    assert {title for (title,) in ask(project, "select title from public.tasks", "authenticated", claimed)} == expected
    assert ask(project, "select title from public.tasks", "anon", claimed) == []
    assert len(ask(project, "select title from public.tasks", "service_role", claimed)) == 6


def test_policies_hold_for_changes(project: Source):
    remove = "delete from public.tasks returning title"
    add = "insert into public.tasks (owner_id, title) values ('{}', 'new') returning title"

    assert ask(project, remove, "authenticated", claims("ben")) == []
    assert len(ask(project, remove, "authenticated", claims("cem", role="admin"))) == 3
    assert ask(project, add.format(claims("ben")["sub"]), "authenticated", claims("ben")) == [("new",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        ask(project, add.format(claims("ada")["sub"]), "authenticated", claims("ben"))


def test_policies_of_the_storage_hold(project: Source):
    query = (
        "select split_part(name, '/', 1), count(*) from storage.objects where bucket_id = 'private files' group by 1"
    )

    ada, ben = claims("ada"), claims("ben")
    assert dict(ask(project, query, "authenticated", ada)) == {ada["sub"]: 4, "north": 1}
    assert dict(ask(project, query, "authenticated", ben)) == {ben["sub"]: 3}
    assert ask(project, "select count(*) from storage.objects", "anon") == [(2,)]


def test_grants_have_both_shapes(project: Source, explicit: Source):
    def granted(asked: Source, role: str) -> int:
        with asked.connect() as conn:
            return conn.execute(
                "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
                " and has_table_privilege(%s, oid, 'select')",
                [role],
            ).fetchone()[0]

    assert granted(project, "anon") == granted(project, "postgres")
    assert (granted(explicit, "anon"), granted(explicit, "authenticated")) == (2, 4)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for table tasks"):
        ask(explicit, "select from public.tasks", "anon")
    assert len(ask(explicit, "select from public.tasks", "authenticated", claims("ada"))) == 3


@pytest.mark.parametrize("what", REFUSED)
def test_postgres_may_not(project: Source, what: str):
    with project.connect() as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(REFUSED[what])


@pytest.mark.parametrize("what", ALLOWED)
def test_postgres_may(project: Source, what: str):
    with project.connect() as conn, conn.transaction(force_rollback=True):
        conn.execute(ALLOWED[what])


def test_files_are_where_the_rows_say(project: Source):
    files = {path.relative_to(project.storage).as_posix() for path in project.storage.rglob("*") if path.is_file()}

    assert files == {each.path() for each in project.objects if each.has_bytes}
    with project.connect() as conn:
        rows = set(conn.execute("select bucket_id, name, version, (metadata ->> 'size')::int from storage.objects"))
    assert rows == {(each.bucket, each.name, each.version, each.size) for each in project.objects if each.has_row}
    for each in project.objects:
        if each.has_bytes:
            path = project.storage / each.path()
            assert hashlib.sha256(path.read_bytes()).hexdigest() == each.digest("sha256")
            assert not project.has_attributes or os.getxattr(path, "user.supabase.content-type") == each.kind.encode()
    assert {each.digest("md5") for each in project.objects if not each.has_row or not each.has_bytes}


def dump(dumped: Source, *words: str) -> str:
    """What pg_dump writes as role postgres."""
    ended = subprocess.run(
        [str(dumped.programs / "pg_dump"), *words, dumped.url], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return "\n".join(line for line in ended.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


def test_postgres_dumps_it(project: Source):
    dumped = dump(project, "-n", "public", "-n", "auth", "-n", "storage")

    for part in (
        "COPY auth.users ",
        "CREATE TRIGGER on_auth_user_created ",
        'CREATE POLICY "Own folder: read"',
        "\n-- b'",
    ):
        assert part in dumped


def test_the_history_makes_the_schema_again_and_nothing_is_left(project: Source):
    with project.connect() as conn:
        rows = conn.execute(
            "select version, statements from supabase_migrations.schema_migrations order by version"
        ).fetchall()
    assert [version for version, statements in rows if statements is None] == ["20231201000000"]

    with source(project=False) as bare:
        with bare.connect() as team, bare.connect("supabase_admin") as admin:
            for _, statements in rows:
                for statement in statements or ():
                    history.apply(team, admin, statement)
        schemas = ("--schema-only", "-n", "public", "-n", "billing", "-n", "storage", "-n", "auth", "-n", "realtime")
        assert dump(bare, *schemas) == dump(project, *schemas)

    assert not bare.storage.parent.exists()
    port = int(bare.url.rsplit(":", 1)[1].split("/")[0])
    assert not services.listens(port)
