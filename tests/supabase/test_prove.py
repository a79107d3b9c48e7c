"""A copy that has everything is proven to; each planted loss is found, and named."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from slipway.data.endpoints import Endpoints, Secret
from slipway.data.supabase import Project
from slipway.errors import SettingsError
from slipway.supabase.copying import role_settings
from slipway.supabase.interface import DIFFERS, SAME, UNKNOWN, Claims, Compared, Prove, Proven
from slipway.supabase.proving import answers, reading, tokens, viewed
from slipway.supabase.proving.claims import NOW, compare, differences
from slipway.supabase.proving.prove import prove
from slipway.supabase.proving.reading import Api
from slipway.verbs.supabase.prove import old_token
from tests.support.clone import free_port
from tests.support.postman import ask, collection
from tests.support.supabase.apis import ADA, QUESTIONS, app_beside, forget_logins, sign_in
from tests.support.supabase.losses import FOLLOWS, LOSSES, RESTRICTING, SEEN
from tests.support.supabase.objects import Stored
from tests.support.supabase.source import PASSWORD, Source
from tests.support.working_copy import WorkingCopy

ROLES = ("anon", "authenticated", "service_role", "reporting")


@pytest.fixture(scope="module")
def copied(stack: WorkingCopy, project: Source) -> WorkingCopy:
    """The stack, with a copy of the project in its place and another under the name whole, and with its objects."""
    for words in (("--yes",), ("--into", "whole")):
        done = stack.invoke("supabase.copy", *words)
        assert done.returncode == 0, done.stdout + done.stderr
    moved = stack.invoke("supabase.objects", "--tree", str(project.storage))
    assert moved.returncode == 8 and "1 of the index" in moved.stderr, (
        moved.stderr
    )  # the one that has no bytes anywhere
    return stack


def address(stack: WorkingCopy, database: str) -> str:
    return stack.database_url("postgres").rpartition("/")[0] + f"/{database}"


@contextmanager
def another(stack: WorkingCopy, name: str = "lost") -> Iterator[psycopg.Connection]:
    """The same copy once more, to be spoilt."""
    with psycopg.connect(address(stack, "postgres"), autocommit=True) as server:
        server.execute(f"create database {name} template whole owner slipway_owner")
        try:
            with psycopg.connect(address(stack, name), autocommit=True) as conn:
                with psycopg.connect(address(stack, "whole")) as whole:  # of no template
                    role_settings.make(conn, role_settings.look(whole, ROLES))
                yield conn
        finally:
            server.execute(f"drop database {name} with (force)")


def proven(stack: WorkingCopy, project: Source, database: str, tree: str | None = None, store: str = "") -> Proven:
    """The proof itself, in this process, with the project's tree or another, and the stack's bucket or another."""
    way, settings, client = Secret(stack.database_url("postgres")), stack.settings(), stack.store()
    ends = Endpoints(
        admin_url=way,
        migrate_url=way,
        supabase=Project(Secret(project.url)),
        s3_endpoint=client.meta.endpoint_url,
        s3_access_key=Secret(settings["S3_ACCESS_KEY"]),
        s3_secret_key=Secret(settings["S3_SECRET_KEY"]),
        s3_buckets=(store or bucket(stack),),
        state_dir=stack.home / "ops",
    )
    return prove(ends, Prove(database, str(project.storage) if tree is None else tree), lambda event: None)


def bucket(stack: WorkingCopy) -> str:
    return stack.store().list_buckets()["Buckets"][0]["Name"]


def told(found: Proven) -> set[str]:
    return {f"{check.name}: {each}" for check in found.checks for each in check.differences}


def test_a_copy_that_has_everything_is_proven_to(project: Source, copied: WorkingCopy) -> None:
    found = proven(copied, project, "whole")
    assert told(found) == set()
    assert {check.state for check in found.checks} == {SAME}
    assert {
        "trigger tasks webhook on table public.tasks",
        "foreign table billing.archive",
        "Invoices/2024/lost.pdf: the project has no bytes for it",
    } <= set(found.left)


def test_each_planted_loss_is_found_and_named_and_nothing_else(project: Source, copied: WorkingCopy) -> None:
    with another(copied) as conn:
        conn.execute("set session_replication_role = replica")  # a loss is to have no triggers' consequences
        for statement, *_ in LOSSES:
            conn.execute(statement)
        found = told(proven(copied, project, "lost"))
    shown = {each for each in found if not each.startswith("policies: ")}
    assert shown - FOLLOWS == {f"{check}: {sentence}" for _, check, sentence in LOSSES}
    assert len(LOSSES) >= 30


def test_whoever_sees_or_may_do_something_else_is_named(project: Source, copied: WorkingCopy) -> None:
    with another(copied) as conn:
        for statement, _ in SEEN:
            conn.execute(statement)
        found = told(proven(copied, project, "lost"))
    assert {f"policies: {sentence}" for _, sentence in SEEN} <= found, "\n".join(sorted(found))


def test_of_materialized_views_an_old_one_is_a_loss_in_the_copy_and_none_in_the_project(
    project: Source, copied: WorkingCopy
) -> None:
    less, anew = "delete from public.readings where sensor = 5", "refresh materialized view public.readings_by_sensor"
    with another(copied) as conn:
        conn.execute("set session_replication_role = replica; create temporary table kept as table public.readings")
        conn.execute(f"{less}; {anew}; delete from public.readings; insert into public.readings select * from kept")
        found = proven(copied, project, "lost")
    assert told(found) == {"rows: public.readings_by_sensor: 97 instead of 98"}
    with another(copied) as conn:
        conn.execute(f"{less}; {anew}")
        found = proven(copied, project, "lost")
    assert not [each for each in told(found) if "readings_by_sensor" in each]
    assert [
        each for each in found.left if each.startswith("materialized view public.readings_by_sensor: 97 instead of")
    ]


def test_a_table_is_named_whose_owner_could_pass_by_what_is_forced_on_it(project: Source, copied: WorkingCopy) -> None:
    force = "alter table public.tasks {} force row level security"
    sentence = "table public.tasks: row level security is forced on its owner, which could pass it by"
    with another(copied) as conn, project.connect() as team:
        team.execute(force.format(""))
        try:
            conn.execute(force.format(""))
            found = told(proven(copied, project, "lost"))
            done = copied.invoke("supabase.copy", "--into", "forced")
        finally:
            team.execute(force.format("no"))
    # The view of its owner's shows nothing any more, which the policies say.
    assert {each for each in found if not each.startswith("policies: public.task_counts:")} == {
        f"definitions: {sentence}"
    }
    assert done.returncode == 0 and sentence in done.stdout, done.stdout + done.stderr


def test_a_restrictive_policy_that_stays_behind_is_a_loss(project: Source, copied: WorkingCopy) -> None:
    with project.connect("supabase_admin") as admin:
        admin.execute(RESTRICTING)
        try:
            found = proven(copied, project, "whole")
        finally:
            admin.execute('drop policy "Not by night" on public.tasks')
    assert 'definitions: policy "Not by night" of public.tasks: missing' in told(found)


def test_of_large_tables_the_first_rows_are_tried(
    project: Source, copied: WorkingCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewed, "LARGE", 1)
    monkeypatch.setattr(viewed, "LOOKED_AT", 2)
    with another(copied) as conn:
        conn.execute("delete from public.readings where id in (2, 900); delete from public.memberships")
        found = told(proven(copied, project, "lost"))
    assert "policies: public.readings: anon sees 2 rows, in the project sees 3 rows" in found
    assert "policies: public.memberships: service_role sees 0 rows, in the project sees 3 rows" in found


def test_where_nobody_may_act_as_a_role_the_proof_is_not_green(project: Source, copied: WorkingCopy) -> None:
    with psycopg.connect(project.admin_url, autocommit=True) as admin:
        admin.execute("revoke service_role from postgres")
        try:
            found = proven(copied, project, "whole")
        finally:
            admin.execute("grant service_role to postgres")
    check = next(check for check in found.checks if check.name == "policies")
    assert (check.state, check.differences) == (
        UNKNOWN,
        ('service_role: permission denied to set role "service_role"',),
    )


def key(each: Stored) -> str:
    return "/".join(part for part in (each.bucket, each.name, each.version) if part)


def test_objects_without_bytes_with_others_and_bytes_without_a_row_are_named(
    project: Source, copied: WorkingCopy
) -> None:
    client, where = copied.store(), bucket(copied)
    one, two, three, *_ = (each for each in project.objects if each.size > 70 and each.has_row and each.has_bytes)
    keys = [key(each) for each in (one, two, three)]
    kept = {name: client.get_object(Bucket=where, Key=name)["Body"].read() for name in keys}
    client.put_object(Bucket=where, Key=keys[0], Body=kept[keys[0]][:-1] + b"!")
    client.put_object(Bucket=where, Key=keys[1], Body=kept[keys[1]][:-1])
    client.delete_object(Bucket=where, Key=keys[2])
    client.put_object(Bucket=where, Key="v1/nobody's", Body=b"?")
    try:
        found = told(proven(copied, project, "whole", tree=""))
    finally:
        client.delete_object(Bucket=where, Key="v1/nobody's")
        for name, content in kept.items():
            client.put_object(Bucket=where, Key=name, Body=content)
    label = "objects: {0.bucket}/{0.name}".format
    assert found == {
        f"{label(one)}: other bytes",
        f"{label(two)}: {two.size - 1:,} bytes instead of {two.size:,}",
        f"{label(three)}: no bytes",
        "objects: Invoices/2024/lost.pdf: no bytes",
        "objects: v1/nobody's: bytes without a row",
    }


def test_where_nobody_has_any_of_the_objects_nothing_is_proven(
    project: Source, copied: WorkingCopy, tmp_path: Path
) -> None:
    (tmp_path / "v1").mkdir()  # a tree, as one looks that was not copied to its end
    copied.store().create_bucket(Bucket="nothing")
    try:
        found = proven(copied, project, "whole", str(tmp_path), "nothing")
    finally:
        copied.store().delete_bucket(Bucket="nothing")
    [objects] = [check for check in found.checks if check.name == "objects"]
    assert objects.state == UNKNOWN and "none of them has bytes" in objects.differences[0]


def test_the_project_was_only_read(project: Source, copied: WorkingCopy) -> None:
    with psycopg.connect(project.admin_url, autocommit=True) as conn:
        ask = "select pg_current_xact_id()::text::bigint"
        before = conn.execute(ask).fetchone()[0]
        proven(copied, project, "whole")
        assert conn.execute(ask).fetchone()[0] == before + 1  # the question itself


def test_the_command_says_it_writes_it_down_and_ends_with_eight_for_a_loss(
    project: Source, copied: WorkingCopy
) -> None:
    tree = ("--tree", str(project.storage))
    done = copied.invoke("supabase.prove", *tree, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {check["state"] for check in json.loads(done.stdout.splitlines()[-1])["proof"]["checks"]} == {SAME}
    with another(copied) as conn:
        conn.execute("""drop policy "Update own tasks" on public.tasks; create table public."<script>" ()""")
        done = copied.invoke("supabase.prove", "--database", "lost", *tree, "--write")
    page = (copied.root / "docs/supabase-proof.html").read_text()
    written = json.loads((copied.root / "docs/supabase-proof.json").read_text())
    assert done.returncode == 8, done.stdout
    sentence = 'policy "Update own tasks" of public.tasks: missing'
    assert sentence in done.stdout and sentence in written["checks"][0]["differences"]
    assert "Update own tasks" in page and "<script" not in page
    for text in (done.stdout, done.stderr, page, json.dumps(written)):
        assert PASSWORD not in text and "eyJ" not in text


def test_a_login_gets_the_claims_that_it_had_and_a_wrong_password_none(
    project: Source, copied: WorkingCopy, tmp_path: Path
) -> None:
    file = tmp_path / "login"
    file.write_text(f"{ADA.email}\n{ADA.password}\n")
    words = ("supabase.prove", "--tree", str(project.storage), "--login", str(file))
    done = copied.invoke(*words)
    assert done.returncode == 0 and "✓ claims" in done.stdout, done.stdout + done.stderr
    file.write_text(f"{ADA.email}\nanother\n")
    done = copied.invoke(*words)
    forget_logins(project, copied)
    assert done.returncode == 8 and "no token: HTTP 400" in done.stdout
    assert ADA.password not in done.stdout + done.stderr


@pytest.fixture
def beside(project: Source, copied: WorkingCopy, tmp_path: Path) -> Iterator[str]:
    with app_beside(project, copied, tmp_path) as url:
        yield url


@pytest.fixture
def old(project: Source, copied: WorkingCopy) -> Iterator[str]:
    yield sign_in(project, copied)
    forget_logins(project, copied)


def test_an_old_token_and_the_answers_of_both_apis_are_part_of_the_proof(
    project: Source, copied: WorkingCopy, beside: str, old: str, tmp_path: Path
) -> None:
    texts = {"login": f"{ADA.email}\n{ADA.password}\n", "token": old, "collection": json.dumps(QUESTIONS)}
    words = ["supabase.prove", "--tree", str(project.storage)]
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        words += [f"--{name}", str(tmp_path / name)]
    done = copied.invoke(*words, SUPABASE_URL=beside)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search("✓ answers +4 requests are answered alike", done.stdout)
    assert re.search("✓ claims +14 claims of the old token", done.stdout)
    assert old not in done.stdout + done.stderr


def test_what_the_stacks_api_answers_otherwise_is_named_and_the_project_is_only_read(
    project: Source, copied: WorkingCopy, beside: str, old: str, tmp_path: Path
) -> None:
    (tmp_path / "collection").write_text(json.dumps(QUESTIONS))
    asked = reading.read(tmp_path / "collection", Secret(""), Secret(old))
    ids = "select pg_current_xact_id()::text::bigint"
    with psycopg.connect(address(copied, "slipway"), autocommit=True) as conn, project.connect() as team:
        conn.execute("set session_replication_role = replica")
        conn.execute("create temp table kept as select * from storage.buckets")
        before = team.execute(ids).fetchone()[0]
        try:
            conn.execute("delete from storage.buckets where id = 'empty'")
            conn.execute("update storage.buckets set file_size_limit = null where id = 'Invoices'")
            found = answers.compare(asked, Api(beside), Api(copied.url), lambda text: None)
        finally:
            conn.execute("delete from storage.buckets; insert into storage.buckets select * from kept")
        assert team.execute(ids).fetchone()[0] == before + 1  # the question itself
    assert found.state == DIFFERS and all(each.startswith("buckets: $") for each in found.differences)
    assert {"buckets: $[2]: missing", "buckets: $[0]: missing"} <= set(found.differences)


def test_a_claim_that_only_the_projects_tokens_have_is_named(project: Source, copied: WorkingCopy, old: str) -> None:
    payload = tokens.claims(old)
    ends = Endpoints(supabase=Project(Secret(project.url)))

    def told(**more: object) -> Compared:
        args = Claims(ADA.email, json.dumps(payload), json.dumps({**payload, **more}))
        return compare(ends, args, lambda event: None)

    assert told(exp=1, session_id="another").state == SAME
    assert told(plan="gold").differences == ("plan: missing",)
    assert told(aal=1).differences == (f"aal: string instead of number{NOW}",)
    assert told(sub="another").state == UNKNOWN


def test_a_check_that_was_asked_for_and_not_made_ends_with_eight(
    project: Source, copied: WorkingCopy, tmp_path: Path
) -> None:
    (tmp_path / "collection").write_text(json.dumps(collection(ask("settings", "/auth/v1/settings"))))
    words = ("--tree", str(project.storage), "--collection", str(tmp_path / "collection"))
    nowhere = f"http://127.0.0.1:{free_port()}"
    done = copied.invoke("supabase.prove", *words, SUPABASE_URL=nowhere)
    assert done.returncode == 8, done.stdout + done.stderr
    assert re.search(r"\? answers +not compared", done.stdout) and f"no answer from {nowhere}" in done.stdout


def test_what_nothing_can_be_compared_with_is_refused_before_anything_is_read(
    copied: WorkingCopy, tmp_path: Path
) -> None:
    (tmp_path / "collection").write_text(json.dumps(QUESTIONS))
    for url, found in (("", "not set"), (copied.url, "the address of this stack")):
        done = copied.invoke("supabase.prove", "--collection", str(tmp_path / "collection"), SUPABASE_URL=url)
        assert done.returncode == 2 and f"SUPABASE_URL\n  found     {found}" in done.stderr, done.stdout + done.stderr
    with pytest.raises(SettingsError, match="a token alone"):
        old_token(str(tmp_path / "token"), has_use=False)


def test_claims_that_differ_are_named() -> None:
    expected = {"sub": "1", "role": "authenticated"}
    own = {"iss": "x", "exp": 1, "iat": 1, "session_id": "y", "amr": []}
    assert list(differences(expected, {**expected, **own})) == []
    found = {**own, "sub": "2", "amr": {}, "extra": 1}
    assert list(differences(expected, found)) == [
        "amr: object instead of array",
        "extra: there, but not expected",
        "role: missing",
        "sub: not what the project's row says",
    ]


def test_a_database_that_is_not_there_is_said_so(copied: WorkingCopy) -> None:
    done = copied.invoke("supabase.prove", "--database", "nowhere")
    assert done.returncode == 4 and '"nowhere" does not exist' in done.stderr
