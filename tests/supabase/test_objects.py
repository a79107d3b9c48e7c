"""Every object of a project in this stack's store: from its file tree, its S3 endpoint or its API, with the same bytes."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import psycopg
import pytest

from tests.support import services
from tests.support.clone import free_port
from tests.support.supabase.home import assert_at_home, held, key, store, wanted
from tests.support.supabase.passwords import USER
from tests.support.supabase.source import Source
from tests.support.supabase.storage_api import KEY, api
from tests.support.working_copy import WorkingCopy


@pytest.fixture(scope="module")
def copied(stack: WorkingCopy) -> WorkingCopy:
    """The stack, whose database is a copy of the project's."""
    done = stack.invoke("supabase.copy", "--yes")
    assert done.returncode == 0, done.stderr
    return stack


@pytest.fixture
def empty(copied: WorkingCopy) -> WorkingCopy:
    """The stack with nothing in its store, and nothing known of what was."""
    client, bucket = store(copied)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for each in page.get("Contents", ()):
            client.delete_object(Bucket=bucket, Key=each["Key"])
    for path in copied.root.rglob("supabase/objects.sqlite*"):
        path.unlink()
    return copied


def test_a_file_tree_is_moved_whole_and_what_has_no_bytes_is_named(project: Source, empty: WorkingCopy) -> None:
    done = empty.invoke("supabase.objects", "--tree", str(project.storage))
    assert done.returncode == 8 and "Invoices/2024/lost.pdf: the project has no bytes for it" in done.stderr
    assert held(empty) == wanted(project)


def test_users_log_in_and_download_what_policies_let_them_see(project: Source, empty: WorkingCopy) -> None:
    empty.invoke("supabase.objects", "--tree", str(project.storage))
    assert_at_home(empty.url, project)


def test_a_second_run_moves_nothing_and_what_is_gone_comes_again(project: Source, empty: WorkingCopy) -> None:
    words = ("supabase.objects", "--tree", str(project.storage))
    empty.invoke(*words)
    assert empty.invoke("supabase.copy", "--into", "later").returncode == 0, "which keeps what is known of the objects"
    empty.psql("drop database later")
    assert "0 put" in empty.invoke(*words).stdout
    client, bucket = store(empty)
    client.delete_object(Bucket=bucket, Key=sorted(wanted(project))[0])
    assert "1 put" in empty.invoke(*words).stdout
    assert held(empty) == wanted(project)


def test_an_object_that_was_overwritten_comes_again_also_with_as_many_bytes(
    project: Source, empty: WorkingCopy
) -> None:
    words = ("supabase.objects", "--tree", str(project.storage))
    [old] = [each for each in project.objects if not each.version]
    where = f"from storage.objects where name = '{old.name}'"
    file, kept = project.storage / old.path(), empty.psql(f"select metadata::text {where}")
    change = f"update storage.objects set metadata = %s where name = '{old.name}'"
    empty.invoke(*words)
    bytes_ = file.read_bytes()
    try:
        file.write_bytes(bytes_[::-1])
        empty.psql(change % """metadata - 'eTag' || '{"lastModified": "2026-11-30T10:00:00.000Z"}'""")
        assert "1 put" in empty.invoke(*words).stdout
        assert held(empty)[key(old)] == hashlib.sha256(bytes_[::-1]).hexdigest()
        assert "0 put" in empty.invoke(*words).stdout
    finally:
        file.write_bytes(bytes_)
        empty.psql(change % f"$${kept}$$")


def test_type_and_cache_control_are_those_of_the_index(project: Source, empty: WorkingCopy) -> None:
    empty.invoke("supabase.objects", "--tree", str(project.storage))
    client, bucket = store(empty)
    for each in project.objects:
        if each.has_row and each.has_bytes:
            found = client.head_object(Bucket=bucket, Key=key(each))
            assert found["ContentType"].replace(" ", "") == each.kind.replace(" ", ""), each.name


def test_the_api_gives_the_same(project: Source, empty: WorkingCopy) -> None:
    with api(project) as url:
        done = empty.invoke("supabase.objects", SUPABASE_URL=url, SUPABASE_API_KEY=KEY)
    assert done.returncode == 8 and "lost.pdf" in done.stderr and KEY not in done.stdout + done.stderr
    assert held(empty) == wanted(project)


def test_an_s3_endpoint_gives_the_same(project: Source, empty: WorkingCopy, tmp_path: Path) -> None:
    # This server keeps objects as files, and has no place for one below another.
    nested = {f"private files/{USER['ada']}/a/b"}
    server = services.make_objects(tmp_path, port := free_port())
    for each in project.objects:
        if each.has_bytes and f"{each.bucket}/{each.name}" not in nested:
            path = tmp_path / "objects" / each.bucket / each.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(each.chunks()))
    server.start()
    try:
        services.until(lambda: services.listens(port), "the store listens")
        keys = {"SUPABASE_S3_ACCESS_KEY": services.S3_KEY, "SUPABASE_S3_SECRET_KEY": services.S3_SECRET}
        done = empty.invoke("supabase.objects", SUPABASE_S3_ENDPOINT=f"http://127.0.0.1:{port}", **keys)
    finally:
        server.stop()
    assert done.returncode == 8 and "lost.pdf" in done.stderr and "a/b" in done.stderr, done.stderr
    assert services.S3_SECRET not in done.stdout + done.stderr
    left = {name for name in wanted(project) if name.rpartition("/")[0] in nested}
    assert held(empty) == {name: digest for name, digest in wanted(project).items() if name not in left}


def test_no_redirect_is_followed(project: Source, empty: WorkingCopy) -> None:
    with api(project, lambda name, data: 302) as url:
        done = empty.invoke("supabase.objects", SUPABASE_URL=url, SUPABASE_API_KEY=KEY)
    assert done.returncode == 4 and "HTTP 302" in done.stderr


def test_a_key_that_may_not_is_said_at_once(project: Source, empty: WorkingCopy) -> None:
    with api(project) as url:
        done = empty.invoke("supabase.objects", SUPABASE_URL=url, SUPABASE_API_KEY="sb_secret_wrong_wrong_wrong")
    assert done.returncode == 4 and "403" in done.stderr and "service_role" in done.stderr
    assert held(empty) == {}


def test_other_bytes_than_the_index_says_are_not_taken(project: Source, empty: WorkingCopy) -> None:
    def spoil(name: str, data: bytes) -> bytes:
        return {"profile_images/default.png": b"x" * 77, "private files/north/plan.txt": data[:-1]}.get(name, data)

    with api(project, spoil) as url:
        done = empty.invoke("supabase.objects", SUPABASE_URL=url, SUPABASE_API_KEY=KEY)
    assert done.returncode == 8
    assert "profile_images/default.png has other bytes than its ETag says" in done.stderr
    assert "69,999 bytes instead of 70,000" in done.stderr
    spoiled = {name for name in wanted(project) if re.match("profile_images/default|private files/north", name)}
    assert held(empty) == {name: digest for name, digest in wanted(project).items() if name not in spoiled}


def test_without_a_place_to_read_from_it_says_which_there_are(empty: WorkingCopy) -> None:
    done = empty.invoke("supabase.objects")
    assert done.returncode == 2 and "SUPABASE_S3_ENDPOINT" in done.stderr and "--tree" in done.stderr


def test_a_directory_that_is_no_storage_is_refused(empty: WorkingCopy, tmp_path: Path) -> None:
    done = empty.invoke("supabase.objects", "--tree", str(tmp_path))
    assert done.returncode == 2 and "no directory of a bucket in it" in done.stderr


def test_names_that_lead_out_of_the_tree_are_not_followed(project: Source, tmp_path: Path) -> None:
    from slipway.supabase.objects.origins import Tree
    from slipway.supabase.objects.rows import row

    (tmp_path / "secret").write_text("x")
    (tmp_path / "tree" / "bucket").mkdir(parents=True)
    tree = Tree((tmp_path / "tree").resolve())
    assert tree.open(row("bucket", "../../secret", None, {})) is None
    assert tree.open(row("..", "secret", None, {})) is None


def test_the_copied_rows_are_what_the_store_has(project: Source, empty: WorkingCopy) -> None:
    empty.invoke("supabase.objects", "--tree", str(project.storage))
    with psycopg.connect(empty.database_url("postgres"), autocommit=True) as conn:
        keys = {
            "/".join(part for part in each if part)
            for each in conn.execute("select bucket_id, name, version from storage.objects")
        }
    assert keys - set(held(empty)) == {key(each) for each in project.objects if each.has_row and not each.has_bytes}
