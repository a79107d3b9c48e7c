"""A copy that has everything is proven to; each planted loss is found, and named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from slipway.data.endpoints import Endpoints, Secret
from slipway.data.supabase import Project
from slipway.supabase.copying import role_settings
from slipway.supabase.interface import SAME, UNKNOWN, Prove, Proven
from slipway.supabase.proving import viewed
from slipway.supabase.proving.claims import differences
from slipway.supabase.proving.prove import prove
from tests.support.supabase.losses import FOLLOWS, LOSSES, RESTRICTING, SEEN
from tests.support.supabase.objects import Stored
from tests.support.supabase.passwords import KNOWN
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
    file, known = tmp_path / "login", next(each for each in KNOWN if each.email == "ada@example.org")
    file.write_text(f"{known.email}\n{known.password}\n")
    words = ("supabase.prove", "--tree", str(project.storage), "--login", str(file))
    done = copied.invoke(*words)
    assert done.returncode == 0 and "✓ claims" in done.stdout, done.stdout + done.stderr
    file.write_text(f"{known.email}\nanother\n")
    done = copied.invoke(*words)
    assert done.returncode == 8 and "no token: HTTP 400" in done.stdout
    assert known.password not in done.stdout + done.stderr


def test_claims_that_differ_are_named() -> None:
    expected = {"sub": "1", "role": "authenticated"}
    own = {"iss": "x", "exp": 1, "iat": 1, "session_id": "y", "amr": []}
    assert list(differences(expected, {**expected, **own})) == []
    found = {**own, "sub": "2", "amr": {}, "extra": 1}
    assert list(differences(expected, found)) == [
        "amr: dict instead of list",
        "extra: there, but not expected",
        "role: missing",
        "sub: not what the project's row says",
    ]


def test_a_database_that_is_not_there_is_said_so(copied: WorkingCopy) -> None:
    done = copied.invoke("supabase.prove", "--database", "nowhere")
    assert done.returncode == 4 and '"nowhere" does not exist' in done.stderr
